# SPDX-License-Identifier: GPL-2.0
"""Shared by the tests of probes: what kobs_gen_probe is told to do, reports, and their rows as a dictionary."""

import json

from kobstest import *

DIR = "/sys/kernel/debug/kobs_gen_probe/"
RUN = DIR + "run"
HAS_BTF = os.path.exists("/sys/kernel/btf/vmlinux")


def need_btf():
    if not HAS_BTF:
        skip("this kernel has no BTF")


def rounds_of(*commands):
    """A command line that runs commands of kobs_gen_probe in a separate process; cpu:COMMAND in another, on that CPU; "sleep N" waits."""
    def one(command):
        cpu, _, rest = command.partition(":")
        if rest:
            return f"taskset -c {cpu} sh -c 'echo {rest} >{RUN}' || exit"
        return command if command.startswith("sleep") else f"echo {command} >{RUN} || exit"
    return ["sh", "-c", "; ".join(map(one, commands))]


def report(noun, verb, *args, run=None, status=0, env=None):
    """The JSON report of a session around a command."""
    tail = ["--", *map(str, run)] if run else []
    return account(json.loads(obsctl(noun, verb, *args, "--json", *tail, status=status, env=env).out))


def probe(verb, *args, **kw):
    return report("probe", verb, *args, **kw)


def table(r, *keys):
    """Rows as a dictionary: the values of these columns to the count."""
    out = {tuple(row[k] for k in keys): row["count"] for row in r["rows"]}
    equal(len(out), len(r["rows"]), "rows of different keys")
    return out


def numbers(n, start, step):
    return [start + i * step for i in range(n)]
