# SPDX-License-Identifier: GPL-2.0
"""Run-queue latency: every wake-up is a hit, which ends when the task runs, or is pending."""

from kobstest import *

SCHED = "/sys/kernel/debug/kobs_gen_sched/"
STORM = "kobs_storm/*"


def storm(*commands):
    return ["sh", "-c", "; ".join(f"echo {c} >{SCHED}run || exit" for c in commands)]


def storm_stats():
    return {name: int(n) for name, n in (line.split() for line in read(SCHED + "stats").splitlines())}


def worker(n):
    return int(read(SCHED + "workers").split()[n])


def runq(*args, work=None, status=0):
    tail = ["--", *work] if work else []
    return balance(json.loads(obsctl("sched", "runq", "--budget", 0, *args, "--json", *tail, status=status).out))


@test("a storm: wakes = runs + pending")
def wakes():
    before = storm_stats()
    r = runq("--by", "comm,state", "--hist", "-c", STORM, work=storm("wake 0 400", "wake 1 300", "wake 2 200"))
    after = storm_stats()
    woken = after["wakes"] - before["wakes"]
    equal(woken, 900, "wake-ups")
    for n, count in (0, 400), (1, 300), (2, 200):
        equal(count_of(r, comm=f"kobs_storm/{n}", state="woken"), count, f"wake-ups of worker {n}")
    equal(sum(x["count"] for x in r["rows"]), woken, "hits")
    equal(sum(x["pending"] for x in r["rows"]), 0, "pending")
    equal(after["runs"] - before["runs"], woken, "runs of the workers")
    equal(r["accounting"]["lost"], {}, "lost")


def switches():
    """Of all CPUs, as the kernel counts them."""
    return int(re.search(r"^ctxt (\d+)$", read("/proc/stat"), re.M)[1])


@test("wake-ups that begin, and switches that end no wait, are calls")
def calls():
    with Background("probe", "count", "t:sched:sched_waking", "t:sched:sched_wakeup", "t:sched:sched_switch", "--budget", 0, "--json") as around:
        with Background("sched", "runq", "--budget", 0, "--json") as b:
            inner = switches()
            subprocess.run(storm("wake 0 1500", "wake 1 500"), check=True)
            inner = switches() - inner
            r = b.report()
        outer = around.report()["accounting"]["hits"]
    waits = r["accounting"]["recorded"] + r["accounting"]["filtered"]
    print(f"# {r['cost']}, {waits} waits, {inner} switches, {outer} events around", flush=True)
    # A waking is a call, and so is a switch unless it ends a wait.
    at_least(r["cost"]["calls"] + waits, 2000 + inner, "calls and waits, compared to wake-ups and switches in the session")
    at_most(r["cost"]["calls"] + waits, outer, "calls and waits, compared to events around it")
    at_least(r["cost"]["calls_timed"], 1, "calls that were timed")
    at_least(r["cost"]["hits_timed"], 1, "hits that were timed")


@test("bpftrace counts the same wake-ups")
def bpftrace():
    with Bpftrace(f"tracepoint:sched:sched_wakeup /args->pid == {worker(0)}/ {{ @n = count(); }}") as peer:
        r = runq("--by", "tid", "-t", worker(0), work=storm("wake 0 500"))
        equal(peer.count("n"), 500, "bpftrace's count")
    equal(count_of(r, tid=worker(0)), 500, "count, compared to bpftrace's")


@test("it is told where a task ran, not where it was woken up")
def cpus():
    for cpu in 0, 1:
        os.sched_setaffinity(worker(3), {cpu})
        r = runq("--by", "comm,cpu", "-c", STORM, work=storm("wake 3 50"))
        equal(count_of(r, comm="kobs_storm/3", cpu=cpu), 50, f"runs on CPU {cpu}")
        r = runq("--by", "comm,cpu", "-c", STORM, "-C", 1 - cpu, work=storm("wake 3 20"))
        equal(r["rows"], [], f"rows of CPU {1 - cpu}")
        at_least(r["accounting"]["filtered"], 20, "filtered")


@test("the time before a task is on a run queue is told apart")
def activation():
    if KERNEL.endswith("-rt"):
        skip("on PREEMPT_RT the waker puts the task on the run queue itself")
    me, workers_cpus = os.sched_getaffinity(0), os.sched_getaffinity(worker(2))
    try:
        os.sched_setaffinity(0, {0})
        os.sched_setaffinity(worker(2), {1})
        # A task that sleeps moves when it is woken up.
        subprocess.run(storm("wake 2 1"), check=True)
        # An idle CPU puts the task on its run queue when its interrupt, of 20 ms, has ended.
        r = runq("--by", "comm", "-c", STORM, work=storm(*["late 2 20000"] * 10))
        s = runq("--by", "comm,state", "-c", STORM, work=storm(*["late 2 20000"] * 10))
    finally:
        os.sched_setaffinity(0, me)
        os.sched_setaffinity(worker(2), workers_cpus)
    for report in r, s:
        row, = rows(report, comm="kobs_storm/2")
        equal(row["count"], 10, "wake-ups")
        # Another task may run there at some of them.
        at_least(row["activation"], 5000000, "time before activation")
        at_most(row["activation"], row["sum"], "time before activation")
        equal(report["accounting"]["lost"], {}, "lost")


@test("new tasks")
def new():
    work = ["sh", "-c", "printf kobs_fork >/proc/$$/comm; for i in 1 2 3 4 5 6 7; do (:); done"]
    r = runq("--by", "comm,state", "-c", "kobs_fork", work=work)
    equal(count_of(r, comm="kobs_fork", state="new"), 7, "new tasks")
    equal(count_of(r, comm="kobs_fork", state="preempted"), 0, "preempted tasks without --preempted")


@test("--preempted: who has to leave the CPU waits")
def preempted():
    program = "import os\nos.sched_setaffinity(0, {1})\nopen('/proc/self/comm', 'w').write('kobs_spin')\n" \
              "n = 0\n" \
              "def switches():\n" \
              "    return int(open('/proc/self/status').read().split('nonvoluntary_ctxt_switches:')[1].split()[0])\n" \
              "begin = switches()\n" \
              "while switches() < begin + 10: pass"
    both = ["sh", "-c", 'python3 -c "$0" & python3 -c "$0"; wait', program]
    r = runq("--by", "comm,state", "--preempted", "-c", "kobs_spin", work=both)
    at_least(count_of(r, comm="kobs_spin", state="preempted"), 10, "preemptions")
    at_least(max(x["max"] for x in rows(r, state="preempted")), 1000, "longest wait of a preempted task, ns")


@test("a task that does not get to run is pending")
def pending():
    if KERNEL.endswith("-rt"):
        skip("on PREEMPT_RT a session does not end before threads of the busy CPU have run")
    limit = "/proc/sys/kernel/sched_rt_runtime_us"
    if not os.path.exists(limit):
        skip("this kernel has no limit of real-time tasks to lift")
    old = read(limit)
    hog = None
    me = os.sched_getaffinity(0)
    with open(limit, "w") as f:
        f.write("-1")
    try:
        os.sched_setaffinity(0, {0})
        os.sched_setaffinity(worker(3), {1})
        os.sched_setscheduler(worker(3), os.SCHED_FIFO, os.sched_param(2))
        run = f"echo poke 3 >{SCHED}run"
        with Background("sched", "runq", "--by", "comm,tid", "-t", worker(3), "--budget", 0, "--json") as b:
            # It has a time limit, in case this CPU is needed to end the session.
            hog = subprocess.Popen(["/usr/bin/python3", "-c", "import os, time\nos.sched_setaffinity(0, {1})\n"
                                    "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))\n"
                                    "print(flush=True)\nend = time.monotonic() + 15\n"
                                    "while time.monotonic() < end: pass"], stdout=subprocess.PIPE)
            hog.stdout.readline()
            before = storm_stats()
            subprocess.run(["sh", "-c", run], check=True)
            b.p.send_signal(signal.SIGINT)
            r = balance(json.loads(b.finish().out))
        equal(storm_stats()["wakes"] - before["wakes"], 1, "wake-ups")
        equal(count_of(r, tid=worker(3)), 1, "hits")
        equal(sum(x["pending"] for x in r["rows"]), 1, "pending")
    finally:
        if hog:
            hog.kill()
            hog.wait()
        os.sched_setscheduler(worker(3), os.SCHED_OTHER, os.sched_param(0))
        os.sched_setaffinity(0, me)
        with open(limit, "w") as f:
            f.write(old)


@test("detached, it is read while it goes on")
def detached():
    obsctl("sched", "runq", "--detach", "storm", "-c", STORM, "--by", "comm", "--budget", 0)
    try:
        subprocess.run(storm("wake 0 30"), check=True)
        until(lambda: count_of(json.loads(obsctl("session", "read", "storm", "--json").out), comm="kobs_storm/0") == 30,
              "the session's report to hold all wake-ups")
    finally:
        r = balance(json.loads(obsctl("session", "stop", "storm", "--json").out))
    equal(count_of(r, comm="kobs_storm/0"), 30, "wake-ups")


if __name__ == "__main__":
    insmod("kobs_gen_sched")
    try:
        main()
    finally:
        rmmod("kobs_gen_sched")
