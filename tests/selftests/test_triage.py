# SPDX-License-Identifier: GPL-2.0
"""
triage: a problem is planted, far beyond its threshold, and is the first row and the only problem.

A guest is emulated: how long a handler takes, or a thread waits to run, is by the host's load. What is compared with such times
has thresholds here that no host is too slow for.
"""

import contextlib
import shlex

import locks
from kobstest import *

CLOCKS = "runq-p99=100s,irq-longest=100s,softirq-longest=100s"
SECONDS = 4 * SLOW
GROUPS = "/sys/fs/cgroup"


def triage(*args, run=None, status=0, seconds=SECONDS, thresholds=(), **kw):
    """The report, whose sessions are accounted for; and what obsctl printed."""
    tail = ["--", *map(str, run)] if run else ["-d", seconds]
    limits = ",".join([CLOCKS, *thresholds])
    r = obsctl("triage", "--json", "--threshold", limits, *args, *tail, status=status, **kw)
    report = json.loads(r.out)
    for s in report.get("sessions", []):
        equal(s["recorded"] + s["filtered"] + sum(s["lost"].values()), s["hits"], f"account of {s}")
    equal(sum(row["problem"] for row in report["rows"]), report["problems"], "rows that are problems")
    return report, r


def row(report, resource, subject=None):
    return next(r for r in report["rows"] if r["resource"] == resource and r.get("subject") == subject)


def planted(resource, metric, subject=None, words="", seconds=SECONDS, run_next=True, **kw):
    """Triage names the problem, and nothing else; its next command is one that works."""
    report, r = triage("--fail", status=None, seconds=seconds, **kw)
    first = report["rows"][0]
    everything = json.dumps([x for x in report["rows"] if x["verdict"] != "ok"], indent=1)
    equal((first["resource"], first.get("subject"), first["problem"]), (resource, subject, True), f"first row of {everything}")
    equal(report["problems"], 1, f"problems of {everything}")
    assert metric in first["crossed"], f"{metric} is not above its threshold: {first}"
    contains(first["evidence"], words, "evidence")
    equal(r.status, 3, "status with --fail")
    next_of = shlex.split(re.sub(r"-d \d+", "-d 100ms", first["next"]))
    equal(next_of[0], "obsctl", "program of the next command")
    if run_next:
        obsctl(*next_of[1:])
    return report


def put(path, value):
    with open(path, "w", encoding="ascii") as f:
        f.write(str(value))


@contextlib.contextmanager
def busy(n, program, group=None):
    """N processes that do something again and again, in a control group if one is given."""
    def work():
        if group:
            put(f"{group}/cgroup.procs", os.getpid())
        put("/proc/self/comm", "planted")
        while True:
            program()

    pids = [forked(work) for _ in range(n)]
    try:
        yield pids
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for pid in pids:
            os.waitpid(pid, 0)


def compute():
    for _ in range(10000):
        pass


@contextlib.contextmanager
def group(**settings):
    """A control group with these settings."""
    mounted = os.path.exists(f"{GROUPS}/cgroup.controllers")
    if not mounted and subprocess.run(["mount", "-t", "cgroup2", "none", GROUPS], stderr=subprocess.DEVNULL).returncode:
        skip("this machine has no second version of control groups")
    path = f"{GROUPS}/planted"
    try:
        try:
            put(f"{GROUPS}/cgroup.subtree_control", "+memory +cpu")
        except OSError:
            skip("this kernel has no control groups for memory and CPUs")
        os.mkdir(path)
        for name, value in settings.items():
            put(f"{path}/{name.replace('_', '.')}", value)
        yield path
    finally:
        if os.path.isdir(path):
            until(lambda: not read(f"{path}/cgroup.procs"), "the control group to be empty")
            os.rmdir(path)
        if not mounted:
            subprocess.run(["umount", GROUPS], check=True)


@test("a quiet machine has no problem, and is told so")
def quiet():
    report, _ = triage("--fail")
    equal((report["problems"], report["rows"][0]["problem"]), (0, False), f"problems of {report['rows'][0]}")
    assert report["sentence"].startswith("No bottleneck: of what was looked at nothing is saturated"), report["sentence"]
    equal({s["session"] for s in report["sessions"]} >= {"sched runq", "lock contention", "syscall time"}, True, "sessions")
    at_most(row(report, "cpu")["utilisation"]["value"], 50, "percent of the CPUs")
    equal(report["cpus"], os.cpu_count(), "CPUs")
    at_least(report["duration_ns"], SECONDS * 1_000_000_000, "ns observed")


@test("processes that compute: CPUs")
def cpu():
    with busy(6, compute):
        report = planted("cpu", "cpu-wait", words="planted (process")
    equal({p["comm"] for p in report["processes"][:4]}, {"planted"}, "busiest processes")
    at_least(row(report, "cpu")["utilisation"]["value"], 90, "percent of the CPUs")
    assert report["sentence"].startswith("CPU-bound: "), report["sentence"]


MSR = "/sys/bus/event_source/devices/msr"
SIM = "/sys/kernel/debug/kobs_simpmu"


@contextlib.contextmanager
def clocks(**times):
    """Events of the PMU msr that are a simulated PMU's: each sample counts so many times in each of them."""
    if not os.path.exists(MSR):
        skip("this kernel has no PMU msr")
    insmod("kobs_simpmu")
    base = "/run/msr"
    mounted = False
    try:
        for d in "events", "format":
            os.makedirs(f"{base}/{d}", exist_ok=True)
        put(f"{base}/type", read("/sys/bus/event_source/devices/kobs_simpmu/type"))
        put(f"{base}/format/event", "config:0-63\n")
        for name, n in times.items():
            put(f"{base}/events/{name}", f"event={n << 16:#x}\n")
        subprocess.run(["mount", "--bind", base, os.path.realpath(MSR)], check=True)
        mounted = True
        yield
    finally:
        if mounted:
            subprocess.run(["umount", os.path.realpath(MSR)], check=True)
        shutil.rmtree(base, ignore_errors=True)
        equal(rmmod("kobs_simpmu"), None, "rmmod")


def cycles():
    """A busy CPU, whose counters go on."""
    if os.sched_getaffinity(0) != {1}:
        os.sched_setaffinity(0, {1})
    put(f"{SIM}/replay", "ffffffff81000000 period=20000\n" * 1000)


@test("a busy CPU that runs below its base frequency: that it is slow, not that it is busy")
def slow():
    limits = ["cpu-wait=50", "cpu-pressure=100.1"]
    with clocks(aperf=3, mperf=4, tsc=5), busy(1, cycles):
        report = planted("cpu", "cpu-slow", words="CPU 1, busy for ", thresholds=limits)
        told = row(report, "cpu")["errors"]
        equal((told["name"], round(told["value"], 9), told["limit"]), ("cpu-slow", 25, 20), "what is told of the CPU")
        got = re.search(r"ran at ([\d.]+) GHz on average; its base is ([\d.]+) GHz$", report["rows"][0]["evidence"])
        assert got and abs(float(got[1]) - 0.75 * float(got[2])) <= 0.01, f"frequencies in {report['rows'][0]['evidence']}"
        report, _ = triage(thresholds=[*limits, "cpu-slow=25.1"])
        equal((report["problems"], round(row(report, "cpu")["errors"]["value"], 9)), (0, 25), "problems above it")
    with clocks(aperf=4, mperf=3, tsc=3), busy(1, cycles):
        report, _ = triage(thresholds=limits)
        equal((report["problems"], row(report, "cpu")["errors"]["value"]), (0, 0), "problems of a CPU above its base frequency")


@test("a CPU whose frequency cannot be counted does not keep the others out")
def one_missing():
    """/proc/stat has a CPU that went offline just now."""
    stat = "/run/stat"
    put(stat, re.sub(r"^(cpu1 .*\n)", r"\1cpu77 0 0 0 0 0 0 0 0 0 0\n", read("/proc/stat"), flags=re.M))
    with clocks(aperf=3, mperf=4, tsc=5):
        subprocess.run(["mount", "--bind", stat, "/proc/stat"], check=True)
        try:
            report, _ = triage("--passive", seconds=1)
        finally:
            subprocess.run(["umount", "/proc/stat"], check=True)
    equal([w for w in report["not_seen"] if w.startswith("how fast")],
          ["how fast CPU 77 runs: events msr/aperf/ and msr/mperf/ (Invalid argument)"], "what is not seen")


@test("-v lists what many machines do not have, such as counters of the CPU's frequency")
def verbose():
    if os.path.exists(f"{MSR}/events/aperf"):
        skip("this machine has them")
    words = "how fast CPUs run: not available here: there are no events msr/aperf/ and msr/mperf/"
    for args, seen in (["-v"], True), ([], False):
        report, _ = triage("--passive", *args, seconds=1)
        equal(words in report.get("not_seen", []), seen, f"what is not seen with {args}")
        contains(obsctl("triage", "--passive", "-d", 1, *args).out, words if seen else "triage, ", f"text with {args}")


@test("a process whose control group has a quota: the quota, not the CPUs")
def quota():
    with group(cpu_max="5000 100000") as path, busy(1, compute, group=path):
        planted("cpu", "cgroup-throttled", "/planted", "quota")


def hog():
    memory = bytearray(48 << 20)
    while True:
        for at in range(0, len(memory), 4096):
            memory[at] = 1


@test("a process that needs more than memory.high of its control group: the group, not the machine")
def memory():
    with group(memory_high=16 << 20) as path, busy(1, hog, group=path):
        time.sleep(2)
        planted("memory", "cgroup-pressure", "/planted", "control group /planted waited for memory")


@test("processes that a control group's limit kills")
def oom():
    def die():
        pid = forked(lambda: (put("/proc/self/oom_score_adj", 1000), hog()))
        os.waitpid(pid, 0)

    with group(memory_max=16 << 20) as path, busy(1, die, group=path):
        planted("memory", "cgroup-oom-kills", "/planted", "killed", seconds=2 * SECONDS)


@test("a disk that takes long: that disk")
def disk():
    need = subprocess.run(["modprobe", "null_blk", "nr_devices=1", "gb=1", "queue_mode=2", "irqmode=2",
                           "completion_nsec=200000000"], capture_output=True, text=True, check=False)
    if need.returncode:
        skip(f"no null_blk: {need.stderr.strip()}")
    try:
        def write():
            subprocess.run(["dd", "if=/dev/zero", "of=/dev/nullb0", "bs=4k", "count=50", "oflag=direct", "status=none"], check=True)

        with busy(3, write):
            time.sleep(1)
            report = planted("disk", "disk-wait", "nullb0", "to disk nullb0 takes 20")
        if os.path.exists("/sys/kernel/btf/vmlinux"):
            contains(report["rows"][0]["evidence"], "disk nullb0 takes up to", "the disk's own time")
    finally:
        until(lambda: not subprocess.run(["rmmod", "null_blk"], capture_output=True, check=False).returncode, "null_blk to unload")


NETWORK = """
import socket, sys, threading
if sys.argv[1] == "serve":
    server = socket.create_server(("10.9.0.2", 4000), backlog=64)
    def drain(s):
        while s.recv(65536):
            pass
    print("ready", flush=True)
    while True:
        threading.Thread(target=drain, args=(server.accept()[0],), daemon=True).start()
def send():
    while True:
        try:
            s = socket.create_connection(("10.9.0.2", 4000))
            while True:
                s.send(bytes(4096))
        except OSError:
            pass
for i in range(24):
    threading.Thread(target=send).start()
"""


@contextlib.contextmanager
def network():
    """Two ends of a cable, one in a network of its own, and a program that listens there."""
    lines = ["ip netns add planted", "ip link add planted0 type veth peer name planted1 netns planted",
             "ip addr add 10.9.0.1/24 dev planted0", "ip link set planted0 up", "ip netns exec planted ip addr add 10.9.0.2/24 dev planted1",
             "ip netns exec planted ip link set planted1 up"]
    for m in "veth", "sch_netem":
        need = subprocess.run(["modprobe", m], capture_output=True, text=True, check=False)
        if need.returncode:
            skip(f"no {m}: {need.stderr.strip()}")
    if not shutil.which("tc"):
        skip("no iproute2")
    server = None
    try:
        for line in lines:
            done = subprocess.run(line.split(), capture_output=True, text=True, check=False)
            assert not done.returncode, f"{line}: {done.stderr}"
        server = subprocess.Popen(["ip", "netns", "exec", "planted", "python3", "-c", NETWORK, "serve"], stdout=subprocess.PIPE)
        equal(server.stdout.readline(), b"ready\n", "the server")
        yield
    finally:
        if server:
            server.kill()
            server.communicate()
        subprocess.run(["ip", "link", "del", "planted0"], capture_output=True, check=False)
        subprocess.run(["ip", "netns", "del", "planted"], capture_output=True, check=False)


@test("a cable that loses packets: TCP")
def lossy():
    with network():
        subprocess.run("tc qdisc add dev planted0 root netem loss 40%".split(), check=True)
        client = subprocess.Popen(["python3", "-c", NETWORK, "send"])
        try:
            time.sleep(1)
            # Threads of one program: they can be as many as they like, on a machine that is as slow as this.
            planted("tcp", "retransmits", words="TCP segments were sent again", seconds=2 * SECONDS,
                    thresholds=["cpu-wait=50", "cpu-pressure=100.1"])
        finally:
            client.kill()
            client.communicate()


# A thread holds a mutex while it sleeps, and three wait for it.
HELD = """
import locks, sys, time
with locks.Threads() as t:
    t.held("holder", "take mutex:0 open:1 gate:2")
    for i in range(3):
        t.add(f"waiter{i}", "take mutex:0")
    t.waiting(3)
    time.sleep(int(sys.argv[1]))
    locks.do("take open:2")
    for x in t.all:
        x.end()
"""


@test("processes that are stuck since before: that they are")
def stuck():
    locks.load()
    try:
        with locks.Threads() as t:
            t.held("holder", "take mutex:0 open:1 gate:2")
            for i in range(3):
                t.add(f"waiter{i}", "take mutex:0")
            t.waiting(3)
            planted("tasks", "blocked", words="blocked in the kernel all the time")
            locks.do("take open:2")
            for x in t.all:
                x.end()
    finally:
        locks.unload()


@contextlib.contextmanager
def taking(command, cpus):
    """Threads that run a command of kobs_gen_lock again and again, each on its CPU."""
    threads = [locks.Thread(f"taker{i}", command, cpu=cpu, times=10**9) for i, cpu in enumerate(cpus)]
    try:
        yield
    finally:
        for t in threads:
            t.kill()
            t.end()


@test("a mutex that is held: the mutex, and who holds it")
def mutex():
    locks.load()
    try:
        report = planted("locks", "lock-wait", words="mutex kobs_gen_lock_mutex", run=["python3", "-c", HELD, SECONDS])
        contains(report["rows"][0]["evidence"], "held most by holder (process ", "evidence")
        equal(report["rows"][0]["saturation"]["name"], "lock-wait", "what is worst of it")
        value = report["rows"][0]["saturation"]["value"] * report["duration_ns"] / 100
        # The session began before the time observed, and ended after it.
        at_least(value, 2 * SECONDS * 1_000_000_000, "ns that three threads waited")
        at_most(value, 3 * report["duration_ns"] * 1.001, "ns that three threads waited")
    finally:
        locks.unload()


@test("a lock that two CPUs spin for: that they spin, not that they are busy")
def spin():
    locks.load()
    try:
        # The slow path of a spinlock begins with the third CPU, that of an rwlock with the second.
        with taking("take qwrite:0 busy:20000", cpus=[0, 1]):
            report = planted("locks", "lock-spin", words="CPUs spun on locks in ")
        contains(report["rows"][0]["evidence"], "rwlock:write", "evidence")
        at_most(report["rows"][0]["saturation"]["value"], 100, "percent of the CPUs")
    finally:
        locks.unload()


@test("a storm of soft interrupts: interrupts, not the CPU that they are on")
def storm():
    with busy(1, lambda: gen("call softirq 1000000 1")):
        planted("interrupts", "irq-time", words="of CPU 1")


@test("memory that is full: memory, not the disk that is read for it")
def reclaim():
    need = subprocess.run(["modprobe", "null_blk", "nr_devices=1", "gb=8", "queue_mode=2"], capture_output=True, text=True, check=False)
    if need.returncode:
        skip(f"no null_blk: {need.stderr.strip()}")
    full = "/run/full"
    os.mkdir(full)
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100%", "none", full], check=True)

        def available():
            return int(re.search(r"^MemAvailable: +(\d+) kB", read("/proc/meminfo"), re.M)[1]) << 10

        with open(f"{full}/memory", "wb") as f:
            os.posix_fallocate(f.fileno(), 0, max(available() - (48 << 20), 1))

        def consume():
            with open("/dev/nullb0", "rb", buffering=0) as f:
                while f.read(1 << 20):
                    pass

        with busy(4, consume):
            time.sleep(1)
            # kobs takes no memory where so little is left: the next command is refused.
            planted("memory", "memory-pressure", words="waited for memory", run_next=False,
                    thresholds=["cpu-wait=50", "cpu-pressure=100.1", "memory-pressure=3"])
    finally:
        subprocess.run(["umount", full], check=True)
        os.rmdir(full)
        until(lambda: not subprocess.run(["rmmod", "null_blk"], capture_output=True, check=False).returncode, "null_blk to unload")


@test("a module that leaks: the cache")
def leak():
    if not loaded("kobs_gen_slab"):
        insmod("kobs_gen_slab")
    run = "/sys/kernel/debug/kobs_gen_slab/run"

    def leak_some():
        put(run, "leak kmalloc task 300 4000")
        time.sleep(0.1)

    try:
        with busy(1, leak_some):
            time.sleep(0.5)
            report = planted("slab", "slab-growth", "kmalloc-4k", "cache kmalloc-4k grew most")
        equal(report["rows"][0]["next"], "obsctl slab leaks -d 30 --cache kmalloc-4k", "next command")
    finally:
        put(run, "drop")
        equal(rmmod("kobs_gen_slab"), None, "rmmod")


@test("--passive, and without the module's sessions: the files alone, and what is not seen")
def passive():
    report, _ = triage("--passive", seconds=1)
    equal(report.get("sessions"), None, "sessions")
    equal("locks" in {r["resource"] for r in report["rows"]}, False, "a row of locks")
    at_least(len(report["rows"]), 8, "rows")


@test("without rights: fewer rows, and the report says which")
def nobody():
    report, r = triage(seconds=1, preexec_fn=as_nobody)
    text = "\n".join(report["not_seen"])
    contains(text, "which slab cache grows: /proc/slabinfo (Permission denied)", "what is not seen")
    contains(text, "system calls of processes, locks, how long threads wait for CPUs: kobs needs CAP_PERFMON or CAP_SYS_ADMIN",
             "what is not seen")
    equal(report.get("sessions", []), [], "sessions")
    equal(r.err, "", "sentences")


@test("a command: observed while it runs, and its output is kept apart from JSON")
def command():
    report, r = triage(run=["sh", "-c", "echo hello; sleep 1"])
    contains(r.err, "hello", "the command's output")
    at_least(report["duration_ns"], 1_000_000_000, "ns observed")
    equal([s["hits"] > 0 for s in report["sessions"] if s["session"] == "syscall time"], [True], "system calls seen")
    obsctl("triage", "--", "/nonexistent/program", status=1)


@test("system calls of a process: rate, errors")
def service():
    def call():
        for _ in range(200):
            try:
                os.close(-1)
            except OSError:
                pass
        time.sleep(0.02)

    with busy(1, call) as pids:
        report, _ = triage()
    p = next(x for x in report["processes"] if x["pid"] == pids[0])
    at_least(p["errors_per_s"], 50, "errors per second")
    at_least(p["syscalls_per_s"], p["errors_per_s"] * 0.99, "calls per second")
    at_least(p["syscall_p99_ns"], 1, "p99")


@test("as text: pressure, the table with what to do next, and the sentence")
def text():
    with busy(5, compute):
        out = obsctl("triage", "-d", 2).out
    for words in (r"^triage, .* s, \d CPUs?, \d+ threads$", r"^PRESSURE +SOME +FULL +AVG10$", r"^RESOURCE +U +S +E +VERDICT$",
                  r"^cpu +\d+ % .* saturated$", r"^      next: obsctl sched runq --preempted -d 10$", r"^CPU-bound: on average ",
                  r"^PROCESS +PID +USER .*SYSCALLS +ERRORS +P99$", r"^SESSION +HITS +RECORDED .*LOST +COST$"):
        assert re.search(words, out, re.M), f"no line {words!r} in {out}"


@test("Ctrl-C ends it early, with a report; nothing is left")
def interrupted():
    with Background("triage", "-d", 1000, "--json") as b:
        until(lambda: len(sessions()) == 8, "all sessions")
        time.sleep(1)
        report = json.loads(b.stop().out)
    at_most(report["duration_ns"], 500_000_000_000, "ns observed")


@test("refusals")
def refusals():
    for args, words in ((("--threshold", "cpu-weit=3"), "there is no threshold 'cpu-weit'; did you mean 'cpu-wait'?"),
                        (("--threshold", "disk-wait=3"), "option --threshold needs disk-wait=a time such as 20ms, not 'disk-wait=3'"),
                        (("x",), "'triage' takes no 'x': it looks at the whole machine; a command follows --"),
                        (("-d", "0"), "option --duration needs a time from 1ms")):
        r = obsctl("triage", *args, status=2)
        contains(r.err, words, f"sentence of {args}")
        equal(len(r.err.strip().splitlines()), 1, "lines")


if __name__ == "__main__":
    main()
