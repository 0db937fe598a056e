# SPDX-License-Identifier: GPL-2.0
"""func slow: each slow call has one record, whose time is explained to the nanosecond; fast ones are a count."""

from kobstest import *
from probekit import HAS_BTF

MS = 1000000
CLASSES = ["run", "irq", "woken", "preempted", "blocked"]


def explained(report):
    """All of a call's time is in its classes, blocked time in its parts, and all time of all calls in the rows."""
    account(report)
    for c in report["calls"]:
        equal(sum(c[k] for k in CLASSES), c["duration"], f"classes of {c}")
        equal(sum(p["sum"] for p in c["parts"]) + c["rest"], c["blocked"], f"blocked parts of {c}")
        equal(sum(p["count"] for p in c["parts"]) + c["rest_waits"], c["waits"], f"blocked intervals of {c}")
        for p in c["parts"]:
            at_most(p["max"], p["sum"], f"longest of {p}")
    if not report.get("calls_left_out"):
        # While the session runs, records are on their way.
        (at_most if report.get("interim") else equal)(len(report["calls"]), report["accounting"]["recorded"], "calls")
        equal(sum(r["sum"] for r in report["rows"]), sum(c["duration"] for c in report["calls"]), "time of the rows")
        for r in report["rows"]:
            at_most(r["calls"], min(len(report["calls"]), r["count"]), f"calls of {r}")
    equal(report.get("notes", {}).get("missed", 0), 0, "missed events")
    return report


def slow(*args, run=None, status=0):
    tail = ["--", *run] if run else []
    return explained(json.loads(obsctl("func", "slow", "--budget", 0, *args, "--json", *tail, status=status).out))


def fast(report):
    return report.get("notes", {}).get("fast", 0)


@test("a sleep is explained: blocked by a timer, at its stack, with its argument")
def sleeps():
    r = slow("kobs_gen_sleep", "--over", "10ms", run=script("sleep 5 20"))
    equal(len(r["calls"]), 5, "slow calls")
    for c in r["calls"]:
        at_least(c["duration"], 20 * MS, "duration")
        at_least(c["blocked"], 1, "blocked time")
        equal(c["args"][0], "0x14", "first argument")
        equal(c["func"], "kobs_gen_sleep", "function")
        equal(c["comm"], "sh", "thread's name")
        contains(c["caller"], "[kobs_gen]", "caller")
        for p in c["parts"]:
            equal((p["class"], p["reason"], p["waker"]), ("sleep", "timer", "[interrupt]"), "what it was blocked by")
            contains(p["stack"][-1], "kobs_gen_sleep+", "last frame")
    row = [x for x in r["rows"] if x["class"] == "sleep"]
    equal([(x["func"], x["reason"], x["calls"]) for x in row], [("kobs_gen_sleep", "timer", 5)], "rows of sleeps")
    equal(row[0]["count"], sum(c["waits"] for c in r["calls"]), "intervals")


@test("slow and fast calls are counted exactly")
def counts():
    r = slow("kobs_gen_sleep", "--over", "1s", run=script("reset", "sleep 2 1200", "sleep 20 1"))
    equal(stats()["sleep"], 22, "calls that kobs_gen made")
    equal((len(r["calls"]), fast(r)), (2, 20), "slow and fast calls")
    a = r["accounting"]
    equal((a["hits"], a["recorded"], a["filtered"], a["lost"]), (22, 2, 20, {}), "account")
    equal(r["title"].split(" took ")[0], "func slow of 1 function: 2 of 22 calls", "title")
    r = slow("kobs_gen_sleep", "--over", "1h", run=script("sleep 5 1"))
    equal((r["calls"], r["rows"], fast(r)), ([], [], 5), "calls and rows without a slow call")


@test("of a read that waits for a pipe, who wrote to it is told")
def pipe():
    r = slow("vfs_read", "--over", "200ms", "-c", "cat", "--by", "func,comm", run=["sh", "-c", "(sleep 0.5; echo x) | cat >/dev/null"])
    found = [c for c in r["calls"] if c["parts"] and c["parts"][0]["reason"] == "pipe"]
    at_least(len(found), 1, "reads of the pipe")
    p = found[0]["parts"][0]
    equal((p["class"], p["waker"]), ("sleep", "sh"), "how it was blocked, and who ended that")
    assert p["waker_pid"] not in (0, found[0]["pid"]), p
    assert any("pipe_read" in f for f in p["stack"]), p
    contains(p["stack"][-1], "vfs_read+", "last frame")
    if HAS_BTF:
        equal(found[0]["arg_names"], ["file", "buf", "count", "pos"], "names of the arguments")
        equal(len(found[0]["args"]), 4, "arguments")
    equal({(x["func"], x["comm"]) for x in r["rows"]}, {("vfs_read", "cat")}, "keys of the rows")


@test("slow system calls have their names and arguments")
def syscalls():
    for args in (["clock_nanosleep"], [], ["*sleep", "!nanosleep"]):
        r = explained(json.loads(obsctl("syscall", "slow", *args, "--budget", 0, "--over", "300ms", "-c", "sleep", "--json",
                                        "--", "sleep", "0.4").out))
        equal([c["syscall"] for c in r["calls"]], ["clock_nanosleep"], "slow calls")
        c = r["calls"][0]
        assert "func" not in c, c
        equal(c["args"][:2], ["0x0", "0x0"], "clock and flags")
        at_least(c["blocked"], 390 * MS, "blocked time")
        equal({p["reason"] for p in c["parts"]}, {"timer"}, "what it was blocked by")
        equal({x["syscall"] for x in r["rows"]}, {"clock_nanosleep"}, "rows")
    contains(obsctl("syscall", "slow", "raed", "-d", 1, status=1).err, "there is no system call 'raed' (near it: read)", "what it says")


@test("time in which another thread had the CPU is runnable")
def preempted():
    hog = subprocess.Popen(["/usr/bin/python3", "-c", "print(flush=True)\nwhile True: pass"], stdout=subprocess.PIPE)
    try:
        os.sched_setaffinity(hog.pid, {1})
        hog.stdout.readline()
        # Between the spins it can lose its CPU.
        r = slow("kobs_gen:gen_run_write", "--over", "100ms", run=["taskset", "-c", "1", *script("spin 600 1000000")])
    finally:
        hog.kill()
        hog.communicate()
    equal(len(r["calls"]), 1, "slow calls")
    c = r["calls"][0]
    at_least(c["run"] + c["irq"], c["duration"] / 20, "time that it ran")
    at_least(c["preempted"], c["duration"] / 20, "time that the other one ran")
    at_least(c["preempted"] + c["woken"] + c["run"] + c["irq"], c["duration"] * 0.9, "time that it was not blocked")


@test("recursion: each call has its own time, and that of the calls in it")
def recursion():
    r = slow("kobs_gen_deep", "--over", "1ns", run=script("deep 3 5"))
    equal(len(r["calls"]), 15, "calls")
    in_order = sorted(r["calls"], key=lambda c: c["begin_ns"])
    for i, c in enumerate(in_order):
        equal(c["args"][0], hex(5 - i % 5), "argument")
        if i % 5:
            outer = in_order[i - 1]
            at_most(c["begin_ns"] + c["duration"], outer["begin_ns"] + outer["duration"], "end of a call in another one")
            at_most(c["run"] + c["irq"], outer["run"] + outer["irq"], "time that it ran")
    r = slow("kobs_gen_deep", "--over", "1ns", "--depth", 3, run=script("deep 3 5"))
    equal(len(r["calls"]), 9, "calls that are not too deep")
    equal(r["accounting"]["lost"], {"too_deep": 6}, "lost")


@test("what a call is blocked by is that of the call around it, too")
def nested():
    r = slow("kobs_gen_sleep", "kobs_gen:gen_run_write", "--over", "10ms", run=script("sleep 4 20"))
    inner = [c for c in r["calls"] if c["func"] == "kobs_gen_sleep"]
    outer = [c for c in r["calls"] if c["func"] == "gen_run_write"]
    equal((len(inner), len(outer)), (4, 1), "calls")
    outer = outer[0]
    for key in (*CLASSES, "waits"):
        at_least(outer[key], sum(c[key] for c in inner), f"{key} of the outer call")
    part = [p for p in outer["parts"] if p["reason"] == "timer"]
    equal(sum(p["count"] for p in part), sum(c["waits"] for c in inner), "sleeps")
    contains(part[0]["stack"][-1], "gen_run_write+", "last frame")


@test("a call in an interrupt is told, and is no thread's time")
def interrupts():
    r = slow("kobs_gen_leaf", "--over", "1ns", run=script("reset", "call hardirq 10", "call softirq 10", "call task 10"))
    equal(leafs(), 30, "calls that kobs_gen made")
    inside = [c for c in r["calls"] if c.get("interrupt")]
    # Softirqs of PREEMPT_RT are work of threads.
    equal((len(r["calls"]), len(inside)), (30, 10 if KERNEL.endswith("-rt") else 20), "calls, and those in interrupts")
    for c in inside:
        equal((c["run"], c["parts"]), (c["duration"], []), "time that it ran, and parts")


@test("what the scheduler calls to switch a blocked thread out is no part of its time")
def switching():
    there = {line.split()[2] for line in open("/proc/kallsyms")}
    switch = [name for name in ("enter_lazy_tlb", "switch_mm_irqs_off") if name in there]
    r = slow("kobs_gen_sleep", *switch, "--over", "10ms", run=script("sleep 5 20"))
    sleeps = [c for c in r["calls"] if c["func"] == "kobs_gen_sleep"]
    equal([sum(p["count"] for p in c["parts"] if p["reason"] == "timer") for c in sleeps], [1] * 5, "waits for the timer")
    if switch:
        at_least(fast(r), 5, "calls of the scheduler")
    contains(obsctl("func", "slow", "__traceiter_sched_switch", "-d", 1, status=1).err, "calls the probe that follows threads", "refusal")


class Reader:
    """A process that reads a pipe until __exit__()."""

    def __enter__(self):
        self.p = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.write()
        return self

    def write(self):
        self.p.stdin.write(b"x\n")
        self.p.stdin.flush()
        self.p.stdout.readline()
        until(lambda: asleep(self.p.pid), "the reader to sleep")

    def __exit__(self, *exc):
        self.p.kill()
        self.p.communicate()


@test("a call that has not returned at the end is told")
def open_calls():
    with Reader() as reader:
        for over, want in (("10ms", {}), ("1h", {"in_flight": 1})):
            with Background("func", "slow", "--budget", 0, "vfs_read", "--over", over, "-p", reader.p.pid, "--json") as b:
                # It returns from a call that began before the session, and begins another one.
                reader.write()
                time.sleep(0.1)
                r = explained(json.loads(b.stop().out.splitlines()[-1]))
            equal(r["accounting"]["lost"], want, "lost")
            still = [c for c in r["calls"] if c.get("returned") is False]
            equal(len(still), 0 if want else 1, "calls that had not returned")
            for c in still:
                at_least(c["blocked"], 90 * MS, "blocked time")
                equal(c["parts"][0]["reason"], "pipe", "what it was blocked by")
                assert "waker" not in c["parts"][0], c


@test("a thread that ends in a call leaves it in flight")
def no_return():
    r = slow("do_group_exit", "--over", "1ns", "-c", "kobs_exits", run=["sh", "-c", "printf kobs_exits >/proc/$$/comm; exit 3"])
    equal((r["calls"], r["accounting"]["lost"]), ([], {"in_flight": 1}), "calls, and lost")


@test("threads beyond those that there is room for are lost")
def full():
    work = ["sh", "-c", f"for i in $(seq 60); do echo sleep 1 1500 >{GEN}run & done; wait"]
    r = slow("kobs_gen_sleep", "--over", "1s", "--tasks", 16, run=work)
    lost = r["accounting"]["lost"]
    equal(set(lost), {"tasks_full"}, "reasons")
    equal(len(r["calls"]) + lost["tasks_full"], 60, "calls")
    at_least(len(r["calls"]), 16, "slow calls")


@test("the longest calls are kept, and shown on request, also of a saved report")
def kept():
    path = "/tmp/slow.json"
    r = obsctl("func", "slow", "kobs_gen_sleep", "--over", "5ms", "--calls", 2, "--json", "-o", path, "--", *script("sleep 2 10", "sleep 2 60"))
    r = explained(json.loads(read(path)))
    equal((len(r["calls"]), r["calls_left_out"]), (2, 2), "calls, and those left out")
    for c in r["calls"]:
        at_least(c["duration"], 60 * MS, "duration")
    text = obsctl("show", path).out
    contains(text, r["title"], "saved report")
    assert "longest calls" not in text, text
    text = obsctl("show", "-v", path).out
    contains(text, "The longest calls:", "saved report with calls")
    contains(text, "sleep: timer, ended by [interrupt]", "saved report with calls")
    contains(text, "2 shorter ones are in the rows only", "saved report with calls")
    os.unlink(path)
    text = obsctl("func", "slow", "kobs_gen_sleep", "--over", "5ms", "--each", "--", *script("sleep 1 10")).out
    contains(text, "The longest calls:", "report")


@test("reports while it runs go on")
def interim():
    with Background("func", "slow", "kobs_gen_sleep", "--over", "5ms", "-i", 0.2, "--json") as b:
        for _ in range(12):
            gen("sleep 3 10")
            time.sleep(0.3)
        lines = b.stop().out.splitlines()
    reports = [explained(json.loads(line)) for line in lines]
    at_least(len(reports), 2, "reports")
    slow_calls = [len(r["calls"]) for r in reports]
    equal(slow_calls, sorted(slow_calls), "slow calls")
    equal(slow_calls[-1], 36, "slow calls at the end")


@test("limits and refusals")
def refusals():
    for args, status, part in (
            (["nothing_*"], 1, "no function of this kernel matches 'nothing_*'"),
            ([], 2, "no function is named"),
            (["kobs_gen_leaf", "--over", "0"], 1, "over is 0, but must be 1 to"),
            (["kobs_gen_leaf", "--over", "5x"], 2, "option --over needs a time with its unit"),
            (["kobs_gen_leaf", "--over", "2h"], 1, "over is 7200000000000, but must be 1 to"),
            (["kobs_gen_leaf", "--calls", "x"], 2, "option --calls needs"),
            (["kobs_gen_leaf", "--by", "path"], 2, "has no column 'path'"),
            (["kobs_gen_leaf", "--min", "1ms"], 2, "no option --min"),
            (["kobs_gen_leaf", "--detach", "x"], 2, "no option --detach")):
        contains(obsctl("func", "slow", *args, "-d", "1", status=status).err, part, f"what it says of {args}")
    for args, part in ((["--by", "func,duration"], "has no column 'duration'"),):
        contains(obsctl("func", "count", "kobs_gen_leaf", *args, "-d", "1", status=2).err, part, f"what it says of {args}")


if __name__ == "__main__":
    main()
