# SPDX-License-Identifier: GPL-2.0
"""The caches of kernel stacks: every stack from them is compared with the unwinder's, and none is wrong."""

from stackkit import *

for mode in ("count", "time"):
    @test(f"frames of variable size, func {mode}")
    def variable(mode=mode):
        found = stacks(f"alloca {N}", mode=mode)
        equal(by_frames(found, LEAF, "stack_alloca", "stack_alloca_round"), N, "calls from one")
        equal(by_frames(found, LEAF, "stack_alloca", "stack_alloca2", "stack_alloca_round"), N, "calls from one upon another")
        equal(sum(found.values()), 2 * N, "calls")


@test("ways of equal depth are told apart")
def ways():
    found = stacks(f"paths {N}")
    for way in "ab":
        equal(by_frames(found, LEAF, "stack_middle", f"stack_way_{way}", "stack_paths_round"), N, f"calls by way {way}")
    equal(len(found), 2, f"stacks in {found}")


@test("a jump leaves no frame")
def jump():
    found = stacks(f"tail {N}")
    equal(by_frames(found, LEAF, "stack_middle", "stack_tail_round"), N, f"calls in {found}")


@test("the bottom of a kernel thread, and of a work item")
def bottom():
    found = stacks(f"kthread {N}", f"work {N}")
    equal(by_frames(found, LEAF, "job_thread", "kthread"), N, f"calls of the thread in {found}")
    equal(by_frames(found, LEAF, "stack_middle", "stack_way_a", "stack_paths_round", "job_work"), N, "calls of the work")
    for stack in found:
        contains(stack[-1], "ret_from_fork", "outermost frame")
        equal("kthread" in stack, True, f"kthread in {stack}")


@test("interrupts at arbitrary points")
def interrupts():
    n = 100
    found = stacks(f"timer {n}")
    timers = {s: c for s, c in found.items() if "job_timer" in s}
    at_least(sum(timers.values()), 2 * n, "calls from the timer")
    for stack in timers:
        equal("stack_mixed_round" in stack, False, f"what the timer interrupted is in {stack}")


@test("interrupts at arbitrary points, with what they interrupted")
def interrupts_full():
    n = 50
    found = stacks(f"timer {n}", share=None, options=("--full-stack",))
    equal(sum(c for s, c in found.items() if s[:3] == (LEAF, "stack_middle", "job_timer")), n, "calls from the timer")
    # It interrupts the writer, or an interrupt upon that; or, when it comes late, another task.
    assert any("job_timer" in s and "run_write" in s for s in found), "no timer interrupted the writer"


@test("recursion")
def recursion():
    r = checked(report("count", "kobs_gen_deep", *VERIFIED, run=script("deep 100 40")), MOSTLY)
    equal(sorted((names(row["kstack"]).count("kobs_gen_deep"), row["count"]) for row in r["rows"]),
          [(d, 100) for d in range(1, 41)], "depths and counts")


@test("other code at the address of a module that went")
def reload():
    places = []
    for _ in range(rounds(1, 2)):
        for module in ("kobs_gen_stack", "kobs_gen_stack2"):
            insmod(module)
            try:
                places.append(read(f"/sys/module/{module}/sections/.text").strip())
                r = checked(report("count", LEAF, *VERIFIED, run=stack_script("paths 200", "mixed 200")), MOSTLY)
                equal(count_of(r), 200 * 2 + 200 * 6, "calls")
            finally:
                equal(rmmod(module), None, "rmmod")
    print(f"# the modules were at {', '.join(places)}")


@test("a session that outlives a module forgets its code")
def outlive():
    with Background("func", "count", "vfs_write", *VERIFIED, "--json") as b:
        for _ in range(3):
            for module in ("kobs_gen_stack", "kobs_gen_stack2"):
                insmod(module)
                subprocess.run(stack_script("paths 50", "timer 20"), check=True)
                equal(rmmod(module), None, "rmmod")
        r = b.report()
    checked(r)
    at_least(r["accounting"]["recorded"], 12, "writes seen")


@test("a function that is traced twice")
def twice():
    with Background("func", "time", LEAF_GEN, *VERIFIED, "--json") as b:
        r = checked(report("time", LEAF_GEN, *VERIFIED, run=script(f"callb {N}")))
        equal(names(r["rows"][0]["kstack"])[:2], [LEAF_GEN, "kobs_gen_caller_b"], "frames")
        equal(count_of(r), N, "calls")
        other = checked(b.report())
    equal(count_of(other), N, "calls seen by the other session")


@test("a timed function on the way: its return address is replaced")
def timed_on_the_way():
    with Background("func", "time", "kobs_gen_caller_b", *VERIFIED, "--json") as b:
        r = checked(report("count", LEAF_GEN, *VERIFIED, run=script(f"callb {N}")))
        equal([names(row["kstack"])[:3] for row in r["rows"]], [[LEAF_GEN, "kobs_gen_caller_b", "repeat"]], "frames")
        equal(count_of(r), N, "calls")
        checked(b.report())


KPROBES = "/sys/kernel/tracing/kprobe_events"


def probe(line):
    fd = os.open(KPROBES, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(fd, line.encode())
    finally:
        os.close(fd)


class Kprobe:
    """An enabled probe of the kernel's own tracer."""

    def __init__(self, definition):
        if not os.path.exists(KPROBES):
            skip("this kernel has no kprobe events")
        self.definition = definition

    def enable(self, on):
        with open("/sys/kernel/tracing/events/kprobes/kobs_stack_probe/enable", "w") as f:
            f.write(on)

    def __enter__(self):
        probe(self.definition)
        self.enable("1")

    def __exit__(self, *exc):
        self.enable("0")
        probe("-:kobs_stack_probe")


@test("a kprobe on the way: the stack leads through its trampoline")
def kprobe():
    # Its handler reads a word of the stack, by a function that can be traced.
    with Kprobe(f"p:kobs_stack_probe {LEAF_GEN} word=+8($stack)"):
        r = checked(report("count", "copy_from_kernel_nofault", *VERIFIED, run=script(f"callb {N}")))
    found = [(names(row["kstack"]), row["count"]) for row in r["rows"]]
    through = sum(n for stack, n in found if LEAF_GEN in stack and stack[stack.index(LEAF_GEN) + 1] == "kobs_gen_caller_b")
    at_least(through, N, f"calls by the probe in {found}")
    equal(through % N, 0, "calls by the probe beyond so many for each hit")


@test("a kretprobe on the way: its trampoline takes the place of a return address")
def kretprobe():
    with Kprobe("r:kobs_stack_probe kobs_gen_caller_b"):
        r = checked(report("count", LEAF_GEN, *VERIFIED, run=script(f"callb {N}")))
    equal([names(row["kstack"])[:3] for row in r["rows"]], [[LEAF_GEN, "kobs_gen_caller_b", "repeat"]], "frames")
    equal(count_of(r), N, "calls")


@test("NMIs at arbitrary points")
def nmi():
    if subprocess.run(["vm-nmi", "0"], capture_output=True).returncode:
        skip("NMIs can be injected only in a guest of 'vm --nmi'")
    gen("nmi 20")
    try:
        with Load():
            r = checked(report("count", "kobs_gen_*", *VERIFIED, run=["vm-nmi", "20"]))
    finally:
        gen("nmi 0")
    at_least(count_of(r), 1, "calls")
    for row in r["rows"]:
        found = names(row["kstack"])
        if "kobs_gen_caller_nmi" in found:
            equal("gen_run_write" in found, False, f"what the NMI interrupted is in {found}")


@test("a session ends while it is hit")
def ends():
    # With pauses: a grace period of tasks, of which a session's end takes some, waits for the end of a write.
    calls = """
import os, sys, time
fd = os.open(sys.argv[1], os.O_WRONLY)
while True:
    os.write(fd, b"call task 500 1")
    time.sleep(0.01)
"""
    before = leafs()
    p = subprocess.Popen(["/usr/bin/python3", "-c", calls, GEN + "run"])
    try:
        until(lambda: leafs() >= before + 500, "the calls to begin")
        # The unwinder knows a hook's trampoline as long as the hook is on: a stack that is compared must not be later.
        for _ in range(rounds(4, 10)):
            r = checked(report("count", LEAF_GEN, *VERIFIED,
                               run=["sh", "-c", f"sleep 0.1; echo call task 500 >{GEN}run"]))
            at_least(count_of(r), 500, "calls")
            for row in r["rows"]:
                equal(names(row["kstack"])[:2], [LEAF_GEN, "kobs_gen_caller_a"], "frames")
    finally:
        p.kill()
        p.wait()


@test("the whole kernel's work, both CPUs, all compared")
def mixed():
    for pattern in (("kmem_cache_free",), ("vfs_*", "do_fil[ep]_open"), ("try_to_wake_up", "handle_mm_fault", "kfree"))[-rounds(2, 3):]:
        with Load():
            r = report("count", *pattern, *VERIFIED, "--stacks", 65536,
                       "--rows", 65536, run=WORK)
        checked(r, 0.8)


@test("stacks of tracepoints begin with what they are in")
def tracepoint():
    # Two sessions: the second probe makes the tracepoint call its iterator.
    args = ("sched", "offcpu", *VERIFIED, "--json")
    with Background(*args) as b:
        for r in (json.loads(obsctl(*args, "--", *WORK).out.splitlines()[-1]), json.loads(b.stop().out.splitlines()[-1])):
            k = r["kernel_stacks"]
            equal(k["wrong"], 0, f"wrong stacks of {k}")
            equal(k["checked"], k["cached"], "stacks compared")
            at_least(k["cached"] / (k["cached"] + k["unwound"]), 0.8, f"share from the caches in {k}")
            at_least(len(r["rows"]), 1, "rows")
            for row in r["rows"]:
                equal(names(row["kstack"])[0], "__schedule", f"first frame of {row['kstack']}")


@test("stacks of samples, of whatever the clock interrupts")
def samples():
    # Each is unwound, too: that must not take longer than a period.
    period = 200000 if KERNEL != "debug" else 5000000
    for run in WORK, script(f"call task {200000 // SLOW}"):
        with Load():
            done = obsctl("pmu", "record", "-e", "cpu-clock", "-c", period, "--by", "kstack", "--verify-stacks", 1,
                          "--rows", 65536, "--stacks", 65536, "--budget", 0, "--json", "--", *run)
        r = balance(json.loads(done.out.splitlines()[-1]))
        k = r["kernel_stacks"]
        equal(k["wrong"], 0, f"wrong stacks of {k}")
        equal(k["checked"], k["cached"], "stacks compared")
        at_least(k["cached"], 1, "stacks from the caches")
        inside = sum(row["count"] for row in r["rows"] if row["kstack"])
        at_least(k["cached"] + k["unwound"], inside, "stacks taken in the kernel")
        at_most(k["cached"] + k["unwound"], inside + sum(r["accounting"]["lost"].values()), "stacks taken in the kernel")


@test("stacks of events that make up registers: none comes from a cache, every one is counted")
def made_up():
    done = obsctl("pmu", "record", "-e", "context-switches", "-c", 1, "--by", "kstack", "--budget", 0, "--json", "--",
                  "sh", "-c", "for i in $(seq 20); do sleep 0.001; done")
    r = balance(json.loads(done.out.splitlines()[-1]))
    taken = r["accounting"]["recorded"] + r["accounting"]["lost"].get("stack_full", 0)
    at_least(taken, 20, "context switches")
    equal(r["kernel_stacks"], {"cached": 0, "unwound": taken, "checked": 0, "wrong": 0}, "kernel stacks")


@test("the hit rate of a session that is not checked")
def rate():
    for _ in range(2):
        r = report("count", "vfs_*", "--by", "kstack", "--budget", 0, run=WORK)
    k = r["kernel_stacks"]
    equal(k["wrong"], 0, "wrong stacks")
    equal(k["cached"] + k["unwound"], r["accounting"]["recorded"], "stacks taken")
    at_least(k["cached"] / (k["cached"] + k["unwound"]), MOSTLY, f"share from the caches in {k}")


test("--verify-stacks 0: no caches, the same stacks")(same_without)


main()
