# SPDX-License-Identifier: GPL-2.0
"""
Memory of sessions: for online CPUs only, also when CPUs come and go; charged to the client; what does not fit is refused.
"""

import tempfile

from kobstest import *
from nlkit import *

LEAF = "kobs_gen_leaf"
CPU1 = "/sys/devices/system/cpu/cpu1/online"
MIB = 1 << 20

# Every mode with its default sizes: source, mode, key, numbers of the parameter that it requires, others.
CLOCK = ("events", 1, 0, 0, 0, 0, 4000000, 0, 0)
COUNTER = ("events", 1, 0, 0, 0, 0, 0, 0, 0)
LEAFS = ("functions", LEAF)
DEFAULTS = {
    "func count": ("func", "count", "func", LEAFS),
    "func count by kstack": ("func", "count", "kstack", LEAFS),
    "func time": ("func", "time", "func", LEAFS),
    "func time with histograms": ("func", "time", "func", LEAFS, ("hist", 1)),
    "func trace": ("func", "trace", "func,caller", LEAFS),
    "func slow": ("func", "slow", "func,duration,kstack", LEAFS),
    "sched offcpu": ("sched", "offcpu", "comm,kstack"),
    "sched runq with histograms": ("sched", "runq", "comm", ("hist", 1)),
    "lock contention": ("lock", "contention", "lock,kind,caller"),
    "lock slow": ("lock", "slow", "lock,kind,comm,kstack"),
    "lock stalls": ("lock", "stalls", "comm,lock,kind,kstack"),
    "slab leaks": ("slab", "leaks", "site,cache"),
    "slab trace": ("slab", "trace", "event,site,ptr"),
    "pmu record": ("pmu", "record", "ip,kstack", CLOCK),
    "pmu stat": ("pmu", "stat", "event,cpu", COUNTER),
}
STREAMS = ("func trace", "func slow", "lock slow", "lock stalls", "slab trace")


def session(source, mode, by, *params):
    parts = []
    for name, *numbers in params:
        if name in ("functions", "events"):
            parts.append(words(name, *[symbol(n) if isinstance(n, str) else n for n in numbers]))
        else:
            parts.append(param(name, *numbers))
    return Session(source, mode, by, *parts)


def held(s):
    return u64_of(dict(attrs(s.nl.ask(K.CMD_SESSION_GET, s.me)[0]))[K.A_SESSION_MEMORY])


def mapped():
    """Bytes that kobs holds, as the kernel counts them: without those of rings, and what is small."""
    lines = [line for line in read("/proc/vmallocinfo").splitlines() if "[kobs]" in line]
    return sum(int(n) for line in lines for n in re.findall(r"pages=(\d+)", line)) * 4096


def default(what):
    before = mapped()
    s = session(*DEFAULTS[what])
    try:
        found = mapped() - before
        at_most(held(s), 64 * MIB, f"bytes on a machine with the possible CPUs {read('/sys/devices/system/cpu/possible').strip()}")
        # The kernel counts lists of pages as well, once they are too large for the slab allocator.
        at_least(held(s), max(found - found // 256 - MIB // 16, 1024), "bytes, of what the kernel counts")
        at_most(held(s), found + (4 if what in STREAMS else 0.5) * MIB, "bytes, of what the kernel counts")
        print(f"# {what} holds {held(s) / MIB:.1f} MiB", flush=True)
    finally:
        s.close()
    until(lambda: mapped() == before, "the memory to be given back")


@test("calls in progress count while there is room for them: the kernel holds it")
def calls():
    def pool(inflight):
        s = session("func", "time", "func", LEAFS, ("inflight", inflight))
        before = held(s)
        with s:
            took = held(s) - before
        s.close()
        return took
    one, three, some, most = pool(1000), pool(3000), pool(2049), pool(4096)
    # An instance of the kernel and the data of the source; a ring of pointers per CPU on some kernels.
    assert 1000 * 48 <= one <= 1000 * 1024, f"{one} bytes for 1,000 calls"
    assert 2 * one <= three <= 4 * one, f"{three} bytes for 3,000 calls, and {one} for 1,000"
    # Those rings have room for a power of two, the same one for 2,049 and 4,096. Held are whole pages.
    each = round((most - some) / 2047 / 8) * 8
    ring = most - 4096 * each
    cpus = int(read("/sys/devices/system/cpu/possible").strip().rsplit("-")[-1]) + 1
    assert min(abs(ring), abs(ring - 4096 * 8 * cpus)) <= 4096, f"{ring} bytes of rings of {cpus} CPUs beside {each} for each call"


for kind in DEFAULTS:
    test(f"{kind} at its defaults takes at most 64 MiB")(lambda kind=kind: default(kind))


def switch(on):
    if not os.path.exists(CPU1):
        skip("this kernel cannot take a CPU away")
    with open(CPU1, "w", encoding="ascii") as f:
        f.write(str(int(on)))


class Away:
    """CPU 1 is offline in the block, unless it is brought back, and online after it."""

    def __enter__(self):
        switch(False)

    def __exit__(self, *exception):
        switch(True)


def call(n, cpu):
    subprocess.run(["taskset", "-c", str(cpu), *script(f"call task {n}")], check=True, timeout=WAIT)


def by_cpu(s):
    return {r["cpu"]: r["count"] for r in s.rows()}


@test("a CPU that comes online during a session has a table, and keeps its rows when it goes")
def comes():
    with Away():
        with session("func", "count", "cpu", LEAFS) as s, \
             session("func", "time", "cpu", LEAFS, ("hist", 1)) as timed, \
             session("func", "count", "cpu,kstack", LEAFS) as stacks:
            all_ = (s, timed, stacks)
            before = [held(x) for x in all_]
            call(10, 0)
            switch(True)
            for x, was in zip(all_, before):
                at_least(held(x), was + 4096, "bytes with the second CPU's table")
            call(30, 1)
            switch(False)
            call(5, 0)
            switch(True)
            call(7, 1)
            switch(False)
        for x in all_:
            i = x.info()
            equal((i["hits"], i["recorded"], i["lost"]), (52, 52, 0), "hits, recorded, lost")
        equal(by_cpu(s), {0: 15, 1: 37}, "counts per CPU")
        equal(by_cpu(timed), {0: 15, 1: 37}, "counts per CPU, timed")
        for x in all_:
            x.close()


@test("slab leaks and a CPU that comes online")
def slab_comes():
    with Away():
        with session("slab", "leaks", "site", ("objects", 4096), ("budget", 0)) as s:
            before = held(s)
            switch(True)
            at_least(held(s), before + 4096, "bytes with the second CPU's counters")
            call(1, 1)
            until(lambda: s.info()["recorded"] > 0, "allocations")
        i = s.info()
        equal(i.get("lost_no_table", 0), 0, "hits on a CPU without counters")
        equal(i["hits"], i["recorded"] + i["filtered"] + i["lost"], "hits")
        s.close()


BIG = ("func", "time", "cpu,func,caller,pid,tid,comm", LEAFS, ("rows", 1 << 20))


def fill():
    """Sessions until no more fits. Returns them, and the refusal of the next one."""
    made = []
    while True:
        try:
            made.append(session(*BIG))
        except Refused as r:
            return made, r
        at_most(len(made), 64, "sessions of 100 MiB each")


@test("what does not fit is refused with a sentence, and hits of a CPU without memory are lost")
def full():
    with Away():
        made, refusal = fill()
        try:
            equal(refusal.number, errno.ENOMEM, "error")
            contains(refusal.sentence, "no memory for the session: it needs", "sentence")
            contains(refusal.sentence, "lower rows, stacks or ring_kb", "sentence")
            at_least(len(made), 1, "sessions that fit")
            total = int(re.search(r"MemTotal: *(\d+)", read("/proc/meminfo")).group(1)) * 1024
            at_most(sum(held(s) for s in made), total / 4 + MIB, "bytes of all sessions")
            # The table of a second CPU is as large again: the last session, at least, has no room for it.
            was = [held(s) for s in made]
            switch(True)
            lacking = [s for s, w in zip(made, was) if held(s) == w]
            at_least(len(lacking), 1, "sessions without a table for the CPU")
            with lacking[0] as s:
                call(10, 0)
                call(30, 1)
                i = s.info()
                equal((i["hits"], i["recorded"], i.get("lost_no_table")), (40, 10, 30), "hits, recorded, lost")
                equal({r["cpu"] for r in s.rows()}, {0}, "CPUs with rows")
        finally:
            for s in made:
                s.close()
    until(lambda: not references(), "the sessions to end")
    session(*BIG).close()


class Group:
    """In the block this process is in a control group of its own."""

    def __enter__(self):
        self.root = tempfile.mkdtemp()
        if subprocess.run(["mount", "-t", "cgroup2", "none", self.root], stderr=subprocess.DEVNULL).returncode:
            skip("this machine has no second version of control groups")
        if "memory" not in read(f"{self.root}/cgroup.controllers").split():
            subprocess.run(["umount", self.root], check=True)
            skip("this kernel has no control groups for memory")
        self.put("cgroup.subtree_control", "+memory")
        os.mkdir(f"{self.root}/client")
        self.put("client/cgroup.procs", os.getpid())
        return self

    def __exit__(self, *exception):
        self.put("cgroup.procs", os.getpid())
        os.rmdir(f"{self.root}/client")
        subprocess.run(["umount", self.root], check=True)
        os.rmdir(self.root)

    def put(self, name, value):
        with open(f"{self.root}/{name}", "w", encoding="ascii") as f:
            f.write(str(value))

    def bytes(self):
        return int(read(f"{self.root}/client/memory.current"))

    def killed(self):
        return int(re.search(r"^oom_kill (\d+)", read(f"{self.root}/client/memory.events"), re.M).group(1))

    def others_switch(self, on):
        """Somebody who is not in the group takes CPU 1 away, or brings it back."""
        subprocess.run(["sh", "-c", f"echo $$ >{self.root}/cgroup.procs; echo {int(on)} >{CPU1}"], check=True, timeout=WAIT)


LARGE = ("func", "time", "cpu,func,caller,pid,tid,comm", LEAFS, ("rows", 1 << 17))


@test("a session is charged to the control group of its client, not of who brings a CPU online")
def charged():
    with Group() as group, Away():
        before = group.bytes()
        s = session(*LARGE)
        try:
            was = held(s)
            at_least(was, 8 * MIB, "bytes of the session")
            at_least(group.bytes() - before, was - MIB, "bytes charged for it")
            before = group.bytes()
            group.others_switch(True)
            at_least(held(s), was + 8 * MIB, "bytes with the second CPU's table")
            at_least(group.bytes() - before, held(s) - was - MIB, "bytes charged for the CPU")
        finally:
            s.close()
        until(lambda: not references(), "the session to end")


@test("what the client's control group does not allow is refused, and nobody is killed")
def limited():
    with Group() as group:
        group.put("client/memory.max", group.bytes() + 8 * MIB)
        try:
            session(*LARGE).close()
            refusal = None
        except Refused as r:
            refusal = r
        assert refusal, "the session was made"
        equal(refusal.number, errno.ENOMEM, "error")
        contains(refusal.sentence, "no memory for the session: lower rows, stacks or ring_kb", "sentence")
        equal(group.killed(), 0, "processes killed")
        group.put("client/memory.max", "max")
        session(*LARGE).close()
        until(lambda: not references(), "the session to end")


main()
