# SPDX-License-Identifier: GPL-2.0
"""What the tests of kernel stacks share: kobs_gen_stack, and comparing cached stacks with the unwinder."""

from kobstest import *

LEAF = "kobs_gen_stack_leaf"
LEAF_GEN = "kobs_gen_leaf"
RUN = "/sys/kernel/debug/kobs_gen_stack/run"
N = 500
# The caches take some work to fill: minimum share of stacks from them.
MOSTLY = 0.9
# Each stack is unwound as well: without a guard, which could end the session on a slow host.
VERIFIED = ("--by", "kstack", "--verify-stacks", 1, "--budget", 0)


def stack_script(*commands):
    return ["sh", "-c", "; ".join(f"echo {c} >{RUN} || exit" for c in commands)]


def names(stack):
    return [frame.split(" ")[0].split("+")[0].split(".")[0] for frame in stack]


def checked(r, share=None):
    """Every stack from the caches was compared, and none was wrong; returns the report."""
    k, a = r["kernel_stacks"], r["accounting"]
    equal(k["wrong"], 0, f"wrong stacks of {k}")
    equal(k["checked"], k["cached"], "stacks compared")
    equal(k["cached"] + k["unwound"], a["recorded"] + a["lost"].get("stack_full", 0), "stacks taken")
    if share is not None:
        at_least(k["cached"] / (k["cached"] + k["unwound"]), share, f"share from the caches in {k}")
    return r


def stacks(*commands, mode="count", share=MOSTLY, options=()):
    insmod("kobs_gen_stack")
    try:
        r = report(mode, LEAF, *VERIFIED, *options, run=stack_script(*commands))
    finally:
        equal(rmmod("kobs_gen_stack"), None, "rmmod")
    checked(r, share)
    # Stacks that differ in offsets only are added up.
    found = {}
    for row in r["rows"]:
        stack = tuple(names(row["kstack"]))
        found[stack] = found.get(stack, 0) + row["count"]
    return found


def by_frames(found, *wanted):
    """The calls whose stack begins so."""
    return sum(n for stack, n in found.items() if stack[:len(wanted)] == wanted)


# Work of all kinds: files, pipes, processes, page faults.
ROUNDS = "1" if KERNEL == "debug" else "1 2 3"
WORK = ["sh", "-c", f"for i in {ROUNDS}; do t=/tmp/stacks.$i; mkdir $t; cp -r /etc/default $t; ls -lR $t | sort | wc >/dev/null; "
        "grep -r xyzzy /etc/default; rm -r $t; done; true"]


def same_without():
    """The test that --verify-stacks 0 gives the same stacks as the caches."""
    def one(check):
        r = report("count", LEAF_GEN, "--by", "kstack", "--verify-stacks", check, run=script("call task 50 0", "callb 7"))
        return r["kernel_stacks"], sorted((row["count"], row["kstack"]) for row in r["rows"])
    none, plain = one(0)
    every, cached = one(1)
    equal(none, {"cached": 0, "unwound": 57, "checked": 0, "wrong": 0}, "kernel stacks without the caches")
    equal(every["wrong"], 0, "wrong stacks")
    equal(plain, cached, "stacks without and with the caches")
