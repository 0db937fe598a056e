# SPDX-License-Identifier: GPL-2.0
"""Off-CPU time: every switch-out is a hit, with its duration, its stack, and its waker."""

import threading

from kobstest import *

SCHED = "/sys/kernel/debug/kobs_gen_sched/"
MS = 1000000


def run(command):
    """Run a command of kobs_gen_sched in this thread."""
    fd = os.open(SCHED + "run", os.O_WRONLY)
    try:
        os.write(fd, command.encode())
    finally:
        os.close(fd)


def named(comm, *commands):
    """A command line that runs commands of kobs_gen_sched in a thread of this name."""
    return ["sh", "-c", f"printf {comm} >/proc/$$/comm; " + "; ".join(f"echo {c} >{SCHED}run || exit" for c in commands)]


def offcpu(*args, work=None, status=0):
    tail = ["--", *work] if work else []
    return balance(json.loads(obsctl("sched", "offcpu", "--budget", 0, *args, "--json", *tail, status=status).out))


def through(report, function, **keys):
    return [r for r in rows(report, **keys) if any(f.startswith(function + "+") for f in r["kstack"])]


def switches(pid):
    """Number of times a thread was switched out."""
    status = dict(line.split(":", 1) for line in read(f"/proc/{pid}/status").splitlines())
    return int(status["voluntary_ctxt_switches"]), int(status["nonvoluntary_ctxt_switches"])


class Child:
    """A process that sleeps until it receives a line to work on."""

    def __init__(self, work):
        program = f"import sys, time, os\nfor line in sys.stdin:\n    {work}\n    print(flush=True)"
        self.p = subprocess.Popen(["/usr/bin/python3", "-c", program], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        self.pid = self.p.pid
        self.tell(0)

    def tell(self, what):
        self.p.stdin.write(f"{what}\n")
        self.p.stdin.flush()
        self.p.stdout.readline()
        until(lambda: read(f"/proc/{self.pid}/stat").rsplit(")", 1)[1].split()[0] == "S" and asleep(self.pid), "the child to sleep")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.p.kill()
        self.p.communicate()


@test("a sleep of T is T at least, N times, in its state, with the function that sleeps on the stack")
def sleeps():
    for state in "sleep", "disk", "idle":
        r = offcpu("--by", "comm,state,kstack", "-c", "kobs_block", work=named("kobs_block", f"block {state} 50 7"))
        found = through(r, "kobs_gen_sched_block", comm="kobs_block", state=state)
        equal(sum(f["count"] for f in found), 7, f"sleeps in {state}")
        # The timer is already running when the task leaves the CPU, possibly after a delay.
        at_least(sum(f["sum"] for f in found), 7 * 40 * MS, "all sleeps")
        at_least(max(f["max"] for f in found), 45 * MS, "longest sleep")
        for f in found:
            equal(f["pending"], 0, "pending")
            contains(f["kstack"][0], "schedule", "leaf")
            assert not any("kobs_" in frame and "kobs_gen" not in frame for frame in f["kstack"]), f["kstack"]


@test("hits of a thread are its context switches, voluntary or not")
def all_switches():
    with Child("[time.sleep(0.001) for _ in range(int(line))]") as c:
        # A competitor that preempts it, on the one CPU that both may use.
        os.sched_setaffinity(c.pid, {1})
        with Background("sched", "offcpu", "--by", "tid,state", "-t", c.pid, "--budget", 0, "--json") as b:
            rival = subprocess.Popen(["/usr/bin/python3", "-c", "while True: pass"])
            os.sched_setaffinity(rival.pid, {1})
            before = switches(c.pid)
            try:
                c.tell(200)
            finally:
                rival.kill()
                rival.wait()
            after = switches(c.pid)
            r = b.report()
    slept = count_of(r, tid=c.pid, state="sleep") + count_of(r, tid=c.pid, state="disk")
    pushed = count_of(r, tid=c.pid, state="preempted")
    # The time of some sleeps is over before they begin.
    at_least(slept, 50, "sleeps")
    # Of every state: on PREEMPT_RT it can also wait for a spinlock.
    equal(count_of(r, tid=c.pid), sum(after) - sum(before), "hits, compared to the kernel's count of switches")
    at_most(abs(pushed - (after[1] - before[1])), 1, "preemptions that the kernel counted otherwise")
    equal(r["accounting"]["lost"].get("unpaired"), 1, "waits that had begun before")
    equal(sum(x["pending"] for x in r["rows"]), 1, "waits that go on")


def machine_switches():
    """Of all CPUs, as the kernel counts them."""
    return int(re.search(r"^ctxt (\d+)$", read("/proc/stat"), re.M)[1])


@test("each switch is a hit, or a call that is none: those from an idle CPU, and of tasks that end")
def calls():
    outer = machine_switches()
    with Background("sched", "offcpu", "--budget", 0, "--json") as b:
        inner = machine_switches()
        subprocess.run(["sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.01; done"], check=True)
        inner = machine_switches() - inner
        r = b.report()
    outer = machine_switches() - outer
    # A begin that was missed is a hit of its own, in the same switch.
    got = r["accounting"]["hits"] - r["accounting"]["lost"].get("unpaired", 0) - r["accounting"].get("unpaired", 0)
    print(f"# {got} hits and {r['cost'].get('calls', 0)} calls of {inner} to {outer} switches", flush=True)
    at_least(got + r["cost"].get("calls", 0), inner, "hits and calls, compared to switches in the session")
    at_most(got + r["cost"].get("calls", 0), outer, "hits and calls, compared to switches around it")
    at_least(r["cost"].get("calls", 0), 20, "calls: sleeps on an idle machine, and processes that end")


@test("bpftrace counts the same switches")
def bpftrace():
    with Child("[time.sleep(0.001) for _ in range(int(line))]") as c:
        with Bpftrace(f"tracepoint:sched:sched_switch /args->prev_pid == {c.pid}/ {{ @n = count(); }}") as peer:
            with Background("sched", "offcpu", "--by", "tid", "-t", c.pid, "--budget", 0, "--json") as b:
                c.tell(300)
                r = b.report()
            equal(count_of(r, tid=c.pid), peer.count("n"), "count, compared to bpftrace's")


@test("the waker is named, with its stack")
def waker():
    pid = read(SCHED + "workers").split()[0]
    until(lambda: asleep(pid), "the worker to sleep")
    r = offcpu("--waker", "-t", pid, work=named("kobs_waker", "wake 0 50"))
    named_rows = rows(r, waker="kobs_waker")
    # The first sleep began before the session.
    equal(sum(x["count"] for x in named_rows), 49, "sleeps ended by kobs_waker")
    at_least(r["cost"].get("calls", 0), 49, "wake-ups, which are no hits")
    for x in named_rows:
        equal(x["comm"], "kobs_storm/0", "comm")
        assert any(f.startswith("kobs_gen_sched_wake+") for f in x["waker_stack"]), x["waker_stack"]
        # A kernel with less inlining has the tracepoint in a separate function.
        assert any("try_to_wake_up" in f for f in x["waker_stack"][:2]), x["waker_stack"]
    r = offcpu("--waker", "--by", "comm", "-c", "kobs_block", work=named("kobs_block", "block sleep 10 5"))
    at_least(count_of(r, comm="kobs_block", waker="[[]interrupt]"), 5, "sleeps ended by a timer")


@test("what still sleeps at the end is listed, with the time so far")
def pending():
    # Longer than the test, and killed at its end.
    sleeper = subprocess.Popen(named("kobs_pend", "block sleep 1000000 1"))
    try:
        with Child("pass") as c:
            until(lambda: "kobs_gen_sched_block" in read(f"/proc/{sleeper.pid}/stack") and asleep(sleeper.pid), "the sleeper to sleep")
            with Background("sched", "offcpu", "--by", "tid,kstack,state", "-t", f"{c.pid},{sleeper.pid}", "--budget", 0,
                            "--json") as b:
                c.tell(1)
                time.sleep(0.3)
                r = b.report()
        going = [x for x in rows(r, tid=c.pid) if x["pending"]]
        equal(sum(x["pending"] for x in going), 1, "pending waits of the child")
        at_least(going[0]["max"], 300 * MS, "time so far")
        assert any("pipe_read" in f for f in going[0]["kstack"]), going[0]["kstack"]
        # Asleep all the while: it never left a CPU in the session, which has nothing to say of it.
        equal(rows(r, tid=sleeper.pid), [], "rows of what slept before the session began and after it ended")
    finally:
        sleeper.kill()
        sleeper.wait()


@test("--min, filters and --folded")
def options():
    r = offcpu("--min", "10ms", "-c", "kobs_block", "--by", "comm,kstack",
               work=named("kobs_block", "block disk 50 3", "block disk 1 20"))
    # A short sleep can take long on a slow machine; a long one is never shortened.
    at_least(sum(x["count"] for x in through(r, "kobs_gen_sched_block")), 3, "sleeps longer than 10 ms")
    at_least(r["accounting"]["filtered"], 1, "filtered")
    assert all(x["min"] >= 10 * MS for x in r["rows"]), r["rows"]
    r = offcpu("--min", "1000s", "-c", "kobs_block", work=named("kobs_block", "block disk 50 3"))
    equal(r["rows"], [], "sleeps longer than 1,000 s")
    out = obsctl("sched", "offcpu", "--budget", 0, "--folded", "--by", "comm,kstack", "-c", "kobs_block", "--", *named(
        "kobs_block", "block disk 30 2")).out
    lines = [line for line in out.splitlines() if ";kobs_gen_sched_block [kobs_gen_sched];" in line]
    equal(len(lines), 1, "folded lines of the function that sleeps")
    assert lines[0].startswith("kobs_block;"), lines[0]
    at_least(int(lines[0].rsplit(" ", 1)[1]), 40 * MS, "ns of the folded line")
    r = offcpu("--by", "comm", "-c", "kobs_storm/0", "-d", "0.3")
    equal(r["rows"], [], "rows of what does not run")
    obsctl("sched", "offcpu", "--budget", 0, "--fail-over", "10ms", "-c", "kobs_block", "--",
           *named("kobs_block", "block sleep 50 1"), status=3)
    obsctl("sched", "offcpu", "--budget", 0, "--fail-over", "30s", "-c", "kobs_block", "--",
           *named("kobs_block", "block sleep 5 1"))


@test("user stacks are those of the task that sleeps")
def ustacks():
    # By state: it can be preempted in the function, too.
    r = offcpu("--by", "comm,state,kstack,ustack", "-c", "kobs_block", work=named("kobs_block", "block sleep 10 3"))
    found = through(r, "kobs_gen_sched_block", comm="kobs_block", state="sleep")
    equal(sum(x["count"] for x in found), 3, "sleeps")
    assert all(x["ustack"] for x in found), found
    r = offcpu("--by", "comm,ustack", "-c", "kobs_storm*", work=named("kobs_block", "wake 0 3"))
    at_least(count_of(r, comm="kobs_storm/0"), 3, "sleeps of a kernel thread")
    assert not any(x["ustack"] for x in r["rows"]), r["rows"]


@test("more threads than there is room for are counted as lost")
def full():
    # All of them sleep at the same time, however long it takes to start them.
    program = "import glob, threading, time\ngo = threading.Event()\n" \
              "ts = [threading.Thread(target=go.wait) for _ in range(120)]\n" \
              "[t.start() for t in ts]\n" \
              "while sum(open(p).read().rsplit(')', 1)[1].split()[0] == 'S' for p in glob.glob('/proc/self/task/*/stat')) < 120:\n" \
              "    time.sleep(0.05)\n" \
              "go.set()\n[t.join() for t in ts]"
    r = offcpu("--inflight", "16", "-c", "python3", work=["/usr/bin/python3", "-c", program])
    at_least(r["accounting"]["lost"].get("inflight_full", 0), 120 - 16, "lost since there was no room")
    r = offcpu("-c", "python3", work=["/usr/bin/python3", "-c", program])
    equal(r["accounting"]["lost"].get("inflight_full", 0), 0, "lost with room")
    at_least(count_of(r, comm="python3"), 120, "sleeps")


@test("by default: the state, and the function that is blocked in; idle kernel threads on request")
def blocked():
    r = offcpu("-c", "kobs_block", work=named("kobs_block", "block disk 50 3"))
    equal(r["by"], ["comm", "state", "kstack"], "columns of the session")
    found = rows(r, comm="kobs_block", state="disk", blocked_in="kobs_gen_sched_block*")
    equal(sum(x["count"] for x in found), 3, "sleeps")
    work = named("kobs_block", "block disk 300 4")
    text = obsctl("sched", "offcpu", "--budget", 0, "--", *work).out
    assert re.search(r"^COMM +STATE +BLOCKED_IN", text, re.M), text
    contains(text, "idle kernel threads hidden (-v shows", "report")
    assert "hidden" not in obsctl("sched", "offcpu", "--budget", 0, "-v", "--", *work).out, "-v hides rows"


@test("a detached session has the function that is blocked in, too")
def detached():
    obsctl("sched", "offcpu", "--budget", 0, "-c", "kobs_block", "--detach", "asleep")
    subprocess.run(named("kobs_block", "block disk 50 3"), check=True)
    r = balance(json.loads(obsctl("session", "stop", "asleep", "--json").out))
    equal(sum(x["count"] for x in rows(r, comm="kobs_block", state="disk", blocked_in="kobs_gen_sched_block*")), 3, "sleeps")


@test("refusals")
def refusals():
    for args, part in (
            (["offcpu", "--inflight", "3"], "inflight"),):
        contains(obsctl("sched", *args, "-d", "1", status=1).err, part, "what it says")
    for args, part in (
            (["offcpu", "something"], "takes no 'something'"),
            (["offcpu", "--by", "nothing"], "has no column 'nothing'"),
            (["runq", "--by", "comm,kstack"], "has no column 'kstack'"),
            (["runq", "--by", "waker"], "has no column 'waker'"),
            (["offcpu", "--preempted"], "no option --preempted"),
            (["runq", "--waker"], "no option --waker"),
            (["offcpu", "--fail-over", "7"], "needs a time")):
        contains(obsctl("sched", *args, "-d", "1", status=2).err, part, "what it says")


@test("sessions that begin and end in the middle of it all balance")
def middle():
    stop = threading.Event()

    def storm(w):
        while not stop.is_set():
            run(f"wake {w} 20")

    threads = [threading.Thread(target=storm, args=(w,)) for w in range(2)]
    for t in threads:
        t.start()
    try:
        for args in (["offcpu", "--waker"], ["runq", "--preempted"], ["offcpu", "--by", "comm,kstack,ustack,state"]) * rounds(1, 2):
            with Background("sched", *args, "--budget", 0, "--json") as a, \
                    Background("sched", "offcpu", "--budget", 0, "--json") as b:
                time.sleep(0.2)
                balance(a.report())
                balance(b.report())
    finally:
        stop.set()
        for t in threads:
            t.join()


if __name__ == "__main__":
    insmod("kobs_gen_sched")
    try:
        main()
    finally:
        rmmod("kobs_gen_sched")
