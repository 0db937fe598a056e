# SPDX-License-Identifier: GPL-2.0
"""Where the time of threads goes: every nanosecond is in exactly one class, and in the right one."""

import struct

import nlkit
from kobstest import *
from nlkit import K, Netlink, param, u32

INTERRUPTED = 0x10      # NLM_F_DUMP_INTR
SCHED = "/sys/kernel/debug/kobs_gen_sched/"
MS = 1000000
RUNNABLE = ["woken", "preempted"]
BLOCKED = ["sleep", "disk", "idle", "lock", "stopped", "other"]
CLASSES = ["run", "system", "irq", *RUNNABLE, *BLOCKED]


def named(comm, *commands):
    """A command line that runs commands of kobs_gen_sched in a thread of this name."""
    return ["sh", "-c", f"printf {comm} >/proc/$$/comm; " + "; ".join(f"echo {c} >{SCHED}run || exit" for c in commands)]


def equation(report):
    """All of a row's time is in its classes, and all time of a class that has details is in these."""
    for row in report["rows"]:
        equal(sum(row[c] for c in CLASSES), row["lifetime"], f"sum of the classes of {row}")
        equal(row["sum"], row["lifetime"], f"sum of the rows of {row}")
        for c in RUNNABLE + BLOCKED:
            equal(sum(d["sum"] for d in row["details"] if d["class"] == c), row[c], f"details of class {c} of {row}")
    equal(report["notes"].get("missed", 0), 0, "missed events")
    return report


def wall(*args, work=None, status=0):
    tail = ["--", *work] if work else []
    return equation(balance(json.loads(obsctl("wall", "--budget", 0, *args, "--json", *tail, status=status).out)))


def only(report, **keys):
    found = rows(report, **keys)
    equal(len(found), 1, f"rows of {keys} in {[(r.get('tid'), r.get('comm')) for r in report['rows']]}")
    return found[0]


def through(row, function):
    return [d for d in row["details"] if any(f.startswith(function + "+") for f in d.get("stack", []))]


class Child:
    """A process that sleeps until it receives a line to work on."""

    def __init__(self, work="pass"):
        program = f"import sys, time, os\nfor line in sys.stdin:\n    {work}\n    print(flush=True)"
        self.p = subprocess.Popen(["/usr/bin/python3", "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.p.pid
        self.tell(0)

    def ask(self, what):
        self.p.stdin.write(f"{what}\n")
        self.p.stdin.flush()

    def tell(self, what):
        self.ask(what)
        self.p.stdout.readline()
        until(lambda: read(f"/proc/{self.pid}/stat").rsplit(")", 1)[1].split()[0] == "S" and asleep(self.pid), "the child to sleep")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.p.kill()
        self.p.communicate()


@test("every nanosecond of every thread of the machine is in one class")
def machine():
    with Child("[time.sleep(0.001) for _ in range(int(line))]") as c, Background("wall", "--budget", 0, "--json") as b:
        c.tell(50)
        subprocess.run(["sh", "-c", "sleep 0.05 & sleep 0.05 & wait"], check=True)
        time.sleep(0.2)
        r = equation(b.report())
    longest = max(x["lifetime"] for x in r["rows"])
    at_most(longest, r["duration_ns"] + 100 * MS, "lifetime, compared to the session's")
    # Those that are there from the begin to the end all have the same time.
    at_least(sum(x["lifetime"] == longest for x in r["rows"]), 10, "threads that are there all the time")
    at_least(only(r, tid=c.pid)["count"], 100, "intervals of the child")
    at_least(len(rows(r, comm="sleep")), 2, "threads that were created")
    assert not rows(r, comm="obsctl"), "obsctl follows itself"


@test("a sleep of T is T at least, N times, in its class, with its stack")
def sleeps():
    for state in "sleep", "disk", "idle":
        r = wall(work=named("kobs_block", f"block {state} 50 7"))
        row = only(r, comm="kobs_block")
        found = [d for d in through(row, "kobs_gen_sched_block") if d["class"] == state]
        equal(sum(d["count"] for d in found), 7, f"sleeps in {state}")
        at_least(sum(d["sum"] for d in found), 7 * 40 * MS, "all sleeps")
        at_least(max(d["max"] for d in found), 45 * MS, "longest sleep")
        equal({d["reason"] for d in found}, {"work" if state == "idle" else "timer"}, "reason")


@test("with --waker, who ends a sleep is told")
def waker():
    pid = int(read(SCHED + "workers").split()[0])
    until(lambda: asleep(pid), "the worker to sleep")
    row = only(wall("--waker", "-t", pid, work=named("kobs_waker", "wake 0 50")), tid=pid)
    # Also the sleep that began before the session; that which goes on at its end has not been ended.
    equal(sum(d["count"] for d in row["details"] if d.get("waker") == "kobs_waker"), 50, "sleeps ended by kobs_waker")
    equal(sum(d["count"] for d in row["details"] if d["class"] == "sleep"), 51, "sleeps")
    row = only(wall("--waker", work=named("kobs_block", "block sleep 10 5")), comm="kobs_block")
    equal(sum(d["count"] for d in through(row, "kobs_gen_sched_block") if d.get("waker") == "[interrupt]"), 5, "sleeps ended by a timer")


@test("a thread that sleeps all the time has a stack, and nothing else")
def asleep_before():
    with Child() as c:
        r = wall("-p", c.pid, "-d", 0.3)
    row = only(r, tid=c.pid)
    equal(row["sleep"], row["lifetime"], "time asleep")
    at_least(row["lifetime"], 250 * MS, "lifetime")
    equal(row["count"], 1, "intervals")
    equal([d["reason"] for d in row["details"]], ["pipe"], "reason")
    assert any("pipe_read" in f for f in row["details"][0]["stack"]), row["details"]


@test("what a command creates is followed, unless it is alone")
def children():
    # The shell waits for the second one itself.
    work = ["sh", "-c", "sleep 0.1 & sleep 0.1; wait"]
    r = wall(work=work)
    equal(len(rows(r, comm="sleep")), 2, "children")
    equal(len(r["rows"]), 3, f"threads: {[(x['tid'], x['comm']) for x in r['rows']]}")
    for row in rows(r, comm="sleep"):
        at_least(sum(d["sum"] for d in row["details"] if d.get("reason") == "timer"), 80 * MS, "time that sleep sleeps")
    at_least(sum(d["sum"] for d in only(r, comm="sh")["details"] if d.get("reason") == "child"), 80 * MS, "time that the shell waits")
    equal(len(wall("--alone", work=work)["rows"]), 1, "threads without children")


@test("by process and by name, threads become one row")
def merged():
    work = ["/usr/bin/python3", "-c", "import threading, time; t = [threading.Thread(target=time.sleep, args=(0.1,)) for _ in range(4)]\n"
            "for x in t: x.start()\nfor x in t: x.join()"]
    r = wall("--by", "pid", work=work)
    row = only(r)
    at_least(row["sleep"], 4 * 80 * MS, "time asleep of all threads")
    at_least(len(wall(work=work)["rows"]), 5, "threads")
    r = wall("--by", "comm,policy", work=work)
    equal(only(r)["policy"], "other", "policy")


@test("a thread that loses its CPU waits for it, and who runs instead is told")
def preempted():
    spin = "import sys\nopen('/proc/self/comm', 'w').write(sys.argv[1])\nprint(flush=True)\nwhile True: pass"
    both = [subprocess.Popen(["/usr/bin/python3", "-c", spin, name], stdout=subprocess.PIPE) for name in ("kobs_one", "kobs_two")]
    try:
        for p in both:
            os.sched_setaffinity(p.pid, {1})
            p.stdout.readline()
            halt(p)
        # The session begins and ends while both are stopped: it sees what the kernel counts.
        before = switches(both[0].pid)
        with Background("wall", "-p", both[0].pid, "--budget", 0, "--json") as b:
            for p in both:
                p.send_signal(signal.SIGCONT)
            time.sleep(1)
            for p in both:
                halt(p)
            r = equation(b.report())
        after = switches(both[0].pid)
    finally:
        for p in both:
            p.kill()
            p.wait()
    row = only(r, tid=both[0].pid)
    lost = [d for d in row["details"] if d["class"] == "preempted"]
    equal(sum(d["count"] for d in lost), after - before, "how often it lost its CPU")
    at_least(row["preempted"], row["lifetime"] / 20, "time that it waits")
    at_least(row["run"] + row["irq"], row["lifetime"] / 20, "time that it runs")
    at_least(sum(d["sum"] for d in lost if d["instead"] == "kobs_two"), row["preempted"] / 2, "time that kobs_two ran instead")
    equal({d["reason"] for d in row["details"] if d["class"] == "stopped"}, {"signal"}, "reasons of being stopped")


def halt(p):
    p.send_signal(signal.SIGSTOP)
    until(lambda: read(f"/proc/{p.pid}/stat").rsplit(")", 1)[1].split()[0] == "T" and asleep(p.pid), "the process to stop")


def switches(pid):
    """How often a thread lost its CPU."""
    return int(re.search(r"^nonvoluntary_ctxt_switches:\s*(\d+)", read(f"/proc/{pid}/status"), re.M)[1])


@test("with --split, running in system calls is told apart")
def split():
    # Reading zeroes takes its time in the kernel.
    reads = ["dd", "if=/dev/zero", "of=/dev/null", "bs=4M", "count=50"]
    spins = ["/usr/bin/python3", "-c", "for _ in range(3000000): pass"]
    r = only(wall("--split", work=reads))
    at_least(r["system"], 2 * r["run"], "time of dd in the kernel, compared to that outside")
    r = only(wall("--split", work=spins))
    at_least(r["run"], r["system"], "time of a loop outside the kernel, compared to that in it")
    equal(only(wall(work=reads))["system"], 0, "time in system calls without --split")
    with Background("wall", "--split", "--budget", 0, "--json") as b:
        time.sleep(0.3)
        r = equation(b.report())
    for row in r["rows"]:
        if row["comm"].startswith(("kworker/", "ksoftirqd/", "rcu_")):
            equal(row["run"], 0, f"time of a kernel thread outside the kernel: {row}")


@test("policies and priorities")
def policies():
    with Child() as c:
        os.sched_setscheduler(c.pid, os.SCHED_FIFO, os.sched_param(10))
        c.tell(1)
        row = only(wall("-p", c.pid, "-d", 0.2), tid=c.pid)
    equal(row["policy"], "fifo", "policy")
    equal(row["prio"], 89, "priority")


@test("a program is followed from its exec on by its name")
def by_name():
    r = wall("-c", "sleep", work=["sh", "-c", "sleep 0.1; true"])
    row = only(r)
    equal(row["comm"], "sleep", "name")
    at_least(row["sleep"], 80 * MS, "time asleep")


@test("the equation holds in each report of a session that goes on")
def interim():
    with Child("[time.sleep(0.001) for _ in range(int(line))]") as c:
        with Background("wall", "-i", 0.2, "--budget", 0, "--json") as b:
            c.tell(300)
            lines = b.stop().out.splitlines()
    at_least(len(lines), 2, "reports")
    reports = [equation(json.loads(line)) for line in lines]
    lifetimes = [only(r, tid=c.pid)["lifetime"] for r in reports]
    equal(lifetimes, sorted(lifetimes), "lifetimes of the child")
    balance(reports[-1])


def dump_flags(nl):
    """The flags of all messages of a dump that was asked for."""
    flags = 0
    while True:
        data = nl.s.recv(1 << 17)
        while data:
            n, kind, more, *_ = struct.unpack_from("IHHII", data)
            flags |= more
            data = data[n + 3 & ~3:]
            if kind == 3:
                return flags


# Threads for the rows of several messages.
MANY = """
import threading, time
for _ in range(60):
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
print(flush=True)
time.sleep(600)
"""


@test("a reader of whose rows some are of another reader's time is told so")
def readers():
    with subprocess.Popen([sys.executable, "-c", MANY], stdout=subprocess.PIPE) as many:
        try:
            many.stdout.readline()
            two_readers()
        finally:
            many.kill()


def two_readers():
    with nlkit.Session("wall", "time", "tid,pid,comm,class,instead,kstack", param("budget", 0)) as s:
        slow, rows_of = Netlink(), u32(K.A_ROW_SESSION, s.id)
        time.sleep(0.2)
        # The kernel prepares a message before the first one is received.
        slow.send(K.CMD_TABLE_GET, rows_of, dump=True)
        equal(dump_flags(slow) & INTERRUPTED, 0, "flag of a reader that is alone")
        slow.send(K.CMD_TABLE_GET, rows_of, dump=True)
        time.sleep(0.2)
        at_least(len(s.rows()), 60, "rows of the other reader")
        equal(dump_flags(slow) & INTERRUPTED, INTERRUPTED, "flag of a reader that another one outran")
    # What has ended does not change.
    slow.send(K.CMD_TABLE_GET, rows_of, dump=True)
    time.sleep(0.2)
    one, other = s.rows(), s.rows()
    equal(dump_flags(slow) & INTERRUPTED, 0, "flag after the session's end")
    equal(one, other, "rows of two readers")
    slow.close()
    s.close()


@test("a detached session has the same rows")
def detached():
    obsctl("wall", "--budget", 0, "-c", "sleep", "--detach", "where")
    subprocess.run(["sh", "-c", "sleep 0.1; true"], check=True)
    for command in "read", "stop":
        row = only(equation(balance(json.loads(obsctl("session", command, "where", "--json").out))))
        equal(row["comm"], "sleep", "name")
        at_least(row["sleep"], 80 * MS, "time asleep")


@test("what has no room is lost, and its time is not")
def lost():
    def unbalanced(*args, work):
        return equation(account(json.loads(obsctl("wall", "--budget", 0, *args, "--json", "--", *work).out)))

    r = unbalanced("--threads", 2, work=["sh", "-c", "sleep 0.05 & sleep 0.05 & wait"])
    equal(r["accounting"]["lost"], {"threads_full": 1}, "lost")
    equal(len(r["rows"]), 2, "threads")
    for args, reason in (("--rows", 2), "table_full"), (("--stacks", 1), "stack_full"):
        r = unbalanced(*args, work=named("kobs_block", "block sleep 10 5", "block disk 10 5"))
        at_least(r["accounting"]["lost"].get(reason, 0), 1, f"lost of {r['accounting']}")
        equal(set(r["accounting"]["lost"]), {reason}, "reasons")
        row = only(r, comm="kobs_block")
        at_least(row["sleep"], 5 * 8 * MS, "time in sleep")
        at_least(row["disk"], 5 * 8 * MS, "time in disk")


@test("stacks as a flame graph: all of the time")
def flame():
    picture = "/tmp/wall.svg"
    obsctl("wall", "--budget", 0, "--flame", picture, "--", *named("kobs_block", "block sleep 50 5"))
    text = read(picture)
    os.unlink(picture)
    for part in "kobs_gen_sched_block", "sleep", "run":
        contains(text, part, "picture")


def depth_one(picture):
    """Of a flame graph: the width of its root, and of all that stands on it."""
    frames = re.findall(r'data-f="(\d+) \d+ (\d+)"', picture)
    roots = [int(width) for depth, width in frames if depth == "0"]
    equal(len(roots), 1, "roots")
    return roots[0], sum(int(width) for depth, width in frames if depth == "1")


def sampled(*args, work):
    """Time on CPU has stacks: all parts add up to each class, and the picture's width to all of the time."""
    picture = "/tmp/wall.svg"
    r = balance(json.loads(obsctl("wall", "--budget", 0, *args, "--flame", picture, "--json", "--", *work).out))
    total, parts = depth_one(read(picture))
    os.unlink(picture)
    lifetime = sum(row["lifetime"] for row in r["rows"])
    equal(total, lifetime, "width of the flame graph, compared to the lifetime of the threads")
    equal(parts, total, "what stands on the root")
    equal(sum(row["sum"] for row in r["rows"]), lifetime, "sum of the rows")
    equal(sum(row[c] for row in r["rows"] for c in CLASSES), lifetime, "sum of the classes")
    for row in r["rows"]:
        equal(row[row["class"]], row["sum"], f"time of the class of {row}")
    on_cpu = [row for row in r["rows"] if row["class"] in ("run", "system", "irq")]
    equal(sum(row["sum"] for row in on_cpu if row.get("oncpu") == "not sampled"), r["notes"]["not_sampled_ns"], "time without samples")
    equal(sum(row["samples"] for row in r["rows"]), r["notes"]["samples"], "samples")
    for row in on_cpu:
        equal("oncpu" in row, not row["samples"], f"that a row has samples, or none: {row}")
        equal("oncpu" in row, not row["kstack"] and not row["ustack"], f"that a row has a stack, or none: {row}")
    at_least(r["notes"]["sampling_ns"], r["duration_ns"] * 9 // 10, "time that was sampled")
    return on_cpu


def within(found, function):
    return sum(row["sum"] for row in found if any(f.startswith(function + "+") for f in row["kstack"]))


@test("with --flame, time on CPU has stacks, and all of the graph is all of the time")
def on_cpu():
    # Reading zeroes takes its time in the kernel.
    reads = ["dd", "if=/dev/zero", "of=/dev/null", "bs=4M", "count=50", "status=none"]
    both = ["sh", "-c", " ".join(reads) + " & " + " ".join(reads) + "; wait; sleep 0.05"]
    found = sampled(work=both)
    assert {row["class"] for row in found} <= {"run", "irq"}, "system calls are told apart"
    all_of = sum(row["sum"] for row in found if row["class"] == "run" and row["comm"] == "dd")
    at_least(within([row for row in found if row["comm"] == "dd"], "vfs_read"), all_of / 2, "time of dd where it reads")
    found = sampled("--split", work=both)
    at_least(within([row for row in found if row["class"] == "system"], "vfs_read"),
             sum(row["sum"] for row in found if row["class"] == "system") / 2, "time in system calls that reads")
    equal(within([row for row in found if row["class"] == "run"], "vfs_read"), 0, "time outside of system calls that reads")
    sampled("--waker", work=both)
    found = sampled("--by", "comm,class,kstack,ustack,tid", work=reads)
    assert all("tid" in row for row in found), "rows have the columns that were asked for"
    r = balance(json.loads(obsctl("wall", "--budget", 0, "--flame", "/tmp/wall.svg", "--no-samples", "--json", "--", *reads).out))
    assert "samples" not in r["notes"] and all("oncpu" not in row for row in r["rows"]), "samples with --no-samples"
    os.unlink("/tmp/wall.svg")
    lines = obsctl("wall", "--budget", 0, "--folded", "--", *reads).out.splitlines()
    assert any(";vfs_read;" in line for line in lines), "folded stacks of time on CPU"


@test("limits and refusals")
def refusals():
    work = named("kobs_block", "block sleep 10 5")
    contains(obsctl("wall", "--budget", 0, "--fail-over", "1ns", "--", *work, status=3).err, "waited", "what it says")
    obsctl("wall", "--budget", 0, "--fail-over", "1h", "--", *work)
    for args, part in (
            (["-C", "0"], "has no option -C"),
            (["--hist"], "no option --hist"),
            (["--by", "nothing"], "has no column 'nothing'"),
            (["--no-samples"], "it needs --flame"),
            (["something"], "something")):
        contains(obsctl("wall", *args, "-d", "1", status=2).err, part, "what it says")
    contains(obsctl("wall", "--threads", 0, "-d", "1", status=1).err, "threads", "what it says")


if __name__ == "__main__":
    insmod("kobs_gen_sched")
    try:
        main()
    finally:
        rmmod("kobs_gen_sched")
