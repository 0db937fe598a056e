# SPDX-License-Identifier: GPL-2.0
"""Shared by the tests of tools, the verbs that are rows: their reports, and their rows as a dictionary."""

from kobstest import *
from probekit import *

# As on a kernel that does not tell its types.
NO_TYPES = {**os.environ, "OBSCTL_BTF": "/nonexistent"}


def refused(noun, refusals):
    """Each command line is refused with a status, by one line with these words."""
    for args, (status, words) in refusals.items():
        r = obsctl(noun, *args, "--", "true", status=None)
        equal((r.status, len(r.err.strip().splitlines())), (status, 1), f"status and lines of {args}: {r.err}")
        contains(r.err, words, f"sentence of {args}")


def python(program, *args):
    return ["/usr/bin/python3", "-c", program, *map(str, args)]


class Worker:
    """A program that works at each line it is sent, and waits for the next one in between."""

    def __init__(self, program, name):
        text = f"import os, sys, time\nopen('/proc/self/comm', 'w').write({name!r})\n{program}\nprint('ready', flush=True)\n" \
               "for line in sys.stdin:\n    work(line)\n    print('done', flush=True)\n"
        self.p = subprocess.Popen(python(text), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.p.pid
        self.wait("ready")

    def wait(self, word):
        equal(self.p.stdout.readline().strip(), word, "the worker's answer")
        until(lambda: asleep(self.pid), "the worker to wait")

    def work(self, line=""):
        self.p.stdin.write(f"{line}\n")
        self.p.stdin.flush()
        self.wait("done")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.p.kill()
        self.p.communicate()
