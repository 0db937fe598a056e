# SPDX-License-Identifier: GPL-2.0
"""Kernel stacks of arm64: every stack from the stack cache is compared with stack_trace_save(), and none is wrong."""

from stackkit import *

OUTER = ("gen_run_write", "vfs_write", "ksys_write", "el0_svc")


@test("frames of variable size, and ways of equal depth")
def shapes():
    found = stacks(f"alloca {N}", f"paths {N}")
    equal(by_frames(found, LEAF, "stack_alloca", "stack_alloca_round"), N, "calls from one")
    equal(by_frames(found, LEAF, "stack_alloca", "stack_alloca2", "stack_alloca_round"), N, "calls from one upon another")
    for way in "ab":
        equal(by_frames(found, LEAF, "stack_middle", f"stack_way_{way}", "stack_paths_round"), N, f"calls by way {way}")


@test("recursion")
def recursion():
    r = checked(report("count", "kobs_gen_deep", *VERIFIED, run=script("deep 100 40")), 0.9)
    equal(sorted((names(row["kstack"]).count("kobs_gen_deep"), row["count"]) for row in r["rows"]),
          [(d, 100) for d in range(1, 41)], "depths and counts")


@test("--stack-depth")
def depth():
    r = checked(report("count", LEAF_GEN, *VERIFIED, "--stack-depth", 3, run=script(f"callb {N}")), 0.9)
    equal([(names(row["kstack"]), row["count"]) for row in r["rows"]], [([LEAF_GEN, "kobs_gen_caller_b", "repeat"], N)], "rows")


@test("the bottom of a kernel thread")
def bottom():
    found = stacks(f"kthread {N}")
    equal(by_frames(found, LEAF, "job_thread", "kthread", "ret_from_fork"), N, f"calls of the thread in {found}")


@test("a stack of an interrupt ends where that began, unless all is asked for")
def interrupt():
    for context, name in ("softirq", "burst_softirq"), ("hardirq", "burst_hardirq"):
        run = script(f"call {context} 25 0")
        for options, whole in ((), False), (("--full-stack",), True):
            r = checked(report("count", LEAF_GEN, *VERIFIED, *options, run=run))
            equal(count_of(r), 25, "calls")
            for row in r["rows"]:
                found = names(row["kstack"])
                equal(found[:3], [LEAF_GEN, "kobs_gen_caller_a", name], "frames")
                equal([f in found for f in OUTER], [whole] * len(OUTER), f"what was interrupted in {found}")


@test("interrupts at arbitrary points")
def arbitrary():
    found = stacks("timer 50")
    timers = {s: c for s, c in found.items() if "job_timer" in s}
    at_least(sum(timers.values()), 100, "calls from the timer")
    assert not any("stack_mixed_round" in s for s in timers), f"what the timer interrupted is in {timers}"


@test("a stack of a tracepoint begins with what that is in")
def tracepoint():
    args = ("sched", "offcpu", *VERIFIED, "--json")
    with Background(*args) as b:
        for r in (json.loads(obsctl(*args, "--", *WORK).out.splitlines()[-1]), json.loads(b.stop().out.splitlines()[-1])):
            checked(r)
            at_least(r["kernel_stacks"]["cached"], 100, "stacks from the cache")
            equal({names(row["kstack"])[0] for row in r["rows"]}, {"__schedule"}, "first frames")


test("--verify-stacks 0: no caches, the same stacks")(same_without)


main()
