# SPDX-License-Identifier: GPL-2.0
"""
Races: concurrent operations in many repetitions. Numbers of repetitions are those of a long run, multiplied by KOBS_SOAK,
which "make soak" sets to 1. "make check" runs most of them once.
"""

import math
import random
import signal
import socket
import struct
import threading

from kobstest import *
from nlkit import *

LEAF = "kobs_gen_leaf"
SOAK = float(os.environ.get("KOBS_SOAK", 0.002 if SHORT else 0.003 if KERNEL == "debug" else 0.005))
CPU1 = "/sys/devices/system/cpu/cpu1/online"


def times(full):
    return math.ceil(full * SOAK)


def leaf():
    return symbol(LEAF)


FREE = [param("budget", 0)]


def kinds():
    """A session of every source, by the arguments of Session."""
    return {
        "func count": ("func", "count", "caller,cpu", words("functions", leaf()), *FREE),
        "func time": ("func", "time", "caller,kstack", words("functions", leaf()), param("hist", 1), *FREE),
        "func graph": ("func", "graph", "path", words("functions", leaf()), words("roots", symbol("kobs_gen_caller_a")), *FREE),
        "func slow": ("func", "slow", "comm,duration,run,blocked,kstack,ustack", words("functions", symbol("kobs_gen_caller_a")),
                      words("tree", leaf()), param("over", 20000), words("events", 1, 2, 0, 0, 0, 0, 0, 0), *FREE),
        "pmu record": ("pmu", "record", "comm,kstack", words("events", 1, 0, 0, 0, 0, 2000000, 0, 0), *FREE),
        "pmu record_stack": ("pmu", "record_stack", "comm,kstack,ustack", words("events", 1, 0, 0, 0, 0, 2000000, 0, 0), param("stack_bytes", 1024),
                             *FREE),
        "slab leaks": ("slab", "leaks", "site", param("objects", 4096), *FREE),
        "page leaks": ("page", "leaks", "site,kstack", param("objects", 4096), param("tasks", 64), *FREE),
        "vmalloc leaks": ("vmalloc", "leaks", "site,kstack", param("tasks", 64), *FREE),
        "percpu leaks": ("percpu", "leaks", "site", *FREE),
        # The address of an object is the first argument, whatever that is.
        "refs leaks": ("refs", "leaks", "func,kstack", words("points", 0, leaf(), 1 | 0x100, symbol("kobs_gen_caller_a"), 0, symbol("fget"), 1, symbol("fput")),
                       words("code", 1, 41, 0), param("objects", 4096), *FREE),
        # All code is a site: each allocation and free of the kernel is a hit.
        "refs of sites leaks": ("refs", "leaks", "kstack", words("points", 0, leaf(), 1, symbol("fput")), words("code", 1, 41, 0), phrase("site", "all"),
                                words("site_text", 1 << 63, (1 << 64) - 1), param("puts", 1), param("objects", 4096), *FREE),
        "lock contention": ("lock", "contention", "kind,comm", *FREE),
        "lock slow": ("lock", "slow", "lock,kind,caller,comm,owner,kstack", param("over", 1000), *FREE),
        "sched offcpu": ("sched", "offcpu", "comm,kstack", *FREE),
        "sched runq": ("sched", "runq", "comm", *FREE),
        "wall": ("wall", "time", "tid,class,instead,owner,chain,kstack", *FREE),
        # Returns of a function, and all system calls.
        "probe time": ("probe", "time", "probe,kstack", words("targets", 5, leaf(), 4, 0), words("code", 0), phrase("names", "s:*"), *FREE),
        # From a function to a tracepoint, by the thread, with another tracepoint between them.
        "probe time, pairs": ("probe", "time", "from,to,kstack,via,via_ustack",
                              words("targets", 0, leaf(), 1 | 1 << 16, 0, 1 | 2 << 16, 1), words("code", 0),
                              words("joins", 1, 1 << 32, 1 | 0x8000), phrase("names", "t:sched:sched_switch t:sched:sched_waking"), *FREE),
    }


class Stream(Session):
    """A session whose records a thread reads as they come, up to the last one."""

    def __enter__(self):
        super().__enter__()
        self.records = 0
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *exception):
        # The thread reads the answer, too.
        self.nl.send(K.CMD_SESSION_STOP, self.me)
        self.thread.join(2 * WAIT)
        equal(self.thread.is_alive(), False, "whether the stream goes on")
        if exception[0]:
            self.close()

    def read(self):
        self.records = read_stream(self.nl)

    def rows(self):
        return []


STREAMS = ("pmu record_stack", "func slow", "lock slow")


def session(what):
    return (Stream if what in STREAMS else Session)(*kinds()[what])


def settled(s, what):
    """The equation of a stopped session, and the sum of its rows against the recorded hits."""
    i = s.info()
    equal(i["recorded"] + i["filtered"] + i["lost"], i["hits"], f"hits of {what}: {i}")
    if what in STREAMS:
        # A sample is one record or more.
        at_least(s.records, i["recorded"], f"records of {what}: {i}")
    elif not what.endswith(" leaks"):
        equal(sum(r["count"] for r in s.rows()), i["recorded"], f"rows of {what}: {i}")
    return i


class AllSources:
    """A running session of every source."""

    def __enter__(self):
        self.all = {what: session(what) for what in kinds()}
        for s in self.all.values():
            s.__enter__()
        return self.all

    def __exit__(self, *exception):
        try:
            for s in self.all.values():
                s.__exit__(None)
            if not exception[0]:
                for what, s in self.all.items():
                    settled(s, what)
        finally:
            for s in self.all.values():
                s.close()


@test(f"loading, running all sources under load and unloading {times(500)} times")
def cycles():
    with Load():
        for _ in range(times(500)):
            with AllSources() as every:
                gen("call task 50")
                for s in every.values():
                    s.rows()
            until(lambda: not references(), "the sessions to end")
            equal(rmmod("kobs"), None, "rmmod's complaint")
            insmod("kobs")


def start_stop(what):
    with Load():
        for _ in range(times(1000)):
            with session(what) as s:
                gen("call task 5")
            settled(s, what)
            s.close()


for kind in ("func count", "func time", "func graph", "func slow", "pmu record", "pmu record_stack", "slab leaks", "page leaks", "vmalloc leaks", "refs leaks",
             "refs of sites leaks", "lock contention", "lock slow", "sched offcpu", "sched runq", "probe time", "probe time, pairs"):
    test(f"{kind}: started and stopped {times(1000)} times under load")(lambda kind=kind: start_stop(kind))


@test(f"a CPU that goes and comes {times(200)} times under all sources")
def hotplug():
    if not os.path.exists(CPU1):
        skip("this kernel cannot take a CPU away")
    # Calls on every online CPU.
    calls = subprocess.Popen(["sh", "-c", f"while :; do echo call task 200 >{GEN}run; echo nested 20 >{GEN}run; done"])
    try:
        with AllSources():
            for _ in range(times(200)):
                for state in "01":
                    with open(CPU1, "w") as f:
                        f.write(state)
                    gen("call task 20")
    finally:
        calls.kill()
        calls.wait()
    equal(read(CPU1).strip(), "1", "state of CPU 1")


# Starts and reads sessions of all sources until it is killed.
OWNER = """
import sys
sys.path.insert(0, sys.argv[1])
import test_races
while True:
    with test_races.AllSources() as every:
        print("on", flush=True)
        for s in every.values():
            s.rows()
"""


@test(f"an owner of all sources is killed at {times(500)} random moments")
def killed():
    rng = random.Random(1)
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with Load():
        for n in range(times(500)):
            with open("/tmp/owner.err", "w") as err:
                p = subprocess.Popen(["/usr/bin/python3", "-c", OWNER, os.path.dirname(os.path.abspath(__file__))],
                                     stdout=subprocess.PIPE, stderr=err, env=env)
            try:
                # Half of them while they start their first sessions, the rest later.
                if n % 2:
                    p.stdout.readline()
                else:
                    until(lambda: references() or p.poll() is not None, "its first session")
                time.sleep(rng.random() * 0.2 * SLOW)
                assert p.poll() is None, f"it ended by itself: {read('/tmp/owner.err')}"
            finally:
                p.kill()
                p.wait()
                p.stdout.close()
            until(lambda: not references() and not hooked(), "the sessions to end")


FIGHT = """
set -f
i=0
while [ $i -lt $1 ]; do
    i=$((i + 1))
    for s in 'func count kobs_gen_*' 'func time kobs_gen_leaf' 'sched runq' 'lock contention' 'slab leaks' 'mem leaks --kind page'; do
        obsctl $s --detach fight >/dev/null 2>&1
        obsctl session read fight >/dev/null 2>&1
        obsctl session stop fight >/dev/null 2>&1
    done
done
# The other process may have won.
true
"""


@test(f"two of obsctl fight over one name {times(200)} times")
def fight():
    with Load():
        ps = [subprocess.Popen(["sh", "-c", FIGHT, "fight", str(times(200))]) for _ in range(2)]
        for p in ps:
            equal(p.wait(), 0, "status")
    for s in sessions():
        balance(json.loads(obsctl("session", "stop", s["id"], "--json").out))


def read_stream(nl):
    """Number of records that a socket has received, up to the session's last notification."""
    n = 0
    while True:
        for command, payload in received(nl):
            if command == K.CMD_RECORD_NTF:
                n += sum(1 for kind, _ in attrs(payload) if kind == K.A_RECORD_EVENT)
            elif command == K.CMD_SESSION_NTF:
                return n


@test("a reader that stops reading: what finds no room is lost, to the unit")
def deaf():
    s = Session("func", "trace", "caller", words("functions", leaf()), param("ring_kb", 8), *FREE)
    s.nl.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    s.nl.ask(K.CMD_SESSION_START, s.me)
    for _ in range(times(1000)):
        subprocess.run(script("call task 5000 0", "call task 5000 1"), check=True)
    stop = struct.pack("BBH", K.CMD_SESSION_STOP, 1, 0) + s.me
    s.nl.s.send(struct.pack("IHHII", 16 + len(stop), s.nl.family, F_REQUEST, 99, 0) + stop)
    got = read_stream(s.nl)
    i = s.info()
    s.close()
    equal(i["hits"], times(1000) * 10000, "hits")
    equal(i["recorded"], got, "recorded, by what was received")
    equal(i["recorded"] + i["filtered"] + i["lost"], i["hits"], f"hits of {i}")
    at_least(i["lost"], 1, "lost")


@test("obsctl that is suspended for seconds, at full speed: hits = records + lost")
def suspended():
    with Background("func", "trace", LEAF, "--budget", 0, "--ring-kb", 64, "--json", "-o", "/tmp/suspended") as b:
        for _ in range(times(200)):
            subprocess.run(script("call task 2000 0"), check=True)
            b.p.send_signal(signal.SIGSTOP)
            subprocess.run(script("call task 20000 0", "call hardirq 2000 1", "call softirq 2000 1"), check=True)
            time.sleep(2)
            b.p.send_signal(signal.SIGCONT)
        calls = leafs()
        b.stop()
    lines = read("/tmp/suspended").splitlines()
    a = balance(json.loads(lines[-1]))["accounting"]
    equal(a["hits"], calls, "hits")
    equal(len(lines) - 1, a["recorded"], "records")


@test("tables of two rows overrun on both CPUs, from all contexts: hits = calls")
def overrun():
    with Background("func", "count", LEAF, "--by", "caller,cpu,comm", "--rows", 2, "--budget", 0, "--json") as count, \
         Background("func", "time", LEAF, "--by", "kstack", "--stacks", 2, "--rows", 2, "--budget", 0, "--json") as timed:
        for _ in range(times(500)):
            ps = [subprocess.Popen(script(f"call task 2000 {cpu}", "spread 10", f"call hardirq 200 {cpu}", f"call softirq 200 {cpu}"))
                  for cpu in (0, 1)]
            for p in ps:
                equal(p.wait(), 0, "status of the load")
        calls = leafs()
        equal(count.report()["accounting"]["hits"], calls, "hits counted")
        equal(timed.report()["accounting"]["hits"], calls, "hits timed")


if __name__ == "__main__":
    main()
