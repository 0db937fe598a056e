# SPDX-License-Identifier: GPL-2.0
"""Source pmu without a PMU: software events are counted and sampled exactly, and cycles fall back to the clock."""

import ctypes
import os
import struct

from pmukit import *

CLOCK = event(CPU_CLOCK, 1000000)
# Hundreds of samples of the clock.
BRIEF = spin(6000)
# The first write to a page is a fault.
FAULTS = "python3 -c 'import mmap; m = mmap.mmap(-1, 4096 * 500); [m.write(bytes(4096)) for i in range(500)]'"
KERNEL_LOOP = f"echo call task {20000000 // SLOW} 0 >{GEN}run"


def has_pmu():
    return any(name.startswith(("cpu", "armv8")) for name in os.listdir("/sys/bus/event_source/devices"))


def total(rows):
    return sum(r["count"] for r in rows)


def events_of(s):
    """What the samples of all rows stand for."""
    return sum(r["fields"][EVENTS] for r in s.rows())


@test("page faults are counted as the kernel counts them")
def stat_faults():
    # Without a PMU no other event counts exactly; every write is a fault.
    w = Worker(f"{FAULTS}; {SPIN}")
    with pmu("stat", "event,tid", event(PAGE_FAULTS), event(CPU_CLOCK), tasks=[w.pid]) as s:
        w.go()
    rows = {r["event"]: r for r in s.rows()}
    at_least(rows[0]["count"], 500, "page faults, of a child, too")
    equal({r["tid"] for r in rows.values()}, {w.pid}, "tasks")
    enabled, running = rows[1]["fields"]
    equal(enabled, running, "time enabled and running of an event that needs no counter")
    # The two clocks are read at slightly different times whenever the task is scheduled in.
    at_most(rows[1]["count"], 1.2 * enabled, "cpu-clock, by the time it was enabled")
    at_least(rows[1]["count"], 0.8 * enabled, "cpu-clock, by the time it was enabled")
    equal(s.info()["hits"], 0, "hits of stat")
    s.close()


@test("sampling an event of the kernel's takes each period of it")
def periods():
    for period in (1, 7):
        w = Worker(f"taskset -p 1 $$; {FAULTS}")
        with pmu("record", "pid", event(PAGE_FAULTS, period), cpus=[0]) as s:
            w.go()
        i = accounted(s)
        at_least(i["counted"], 100, "page faults")
        equal(i["overflows"], i["counted"] // period, f"overflows of {i['counted']} faults")
        equal(events_of(s), period * i["recorded"], "events")
        equal(i["lost"], 0, "lost")
        s.close()


@test("cycles fall back to the clock, and say so")
def fallback():
    if has_pmu():
        skip("this machine has a PMU")
    w = Worker(BRIEF)
    with pmu("record", "func,uip", event(CYCLES, 1000000)) as s:
        w.go()
    i = accounted(s)
    equal(i["fallback"], 1, f"note of {i}")
    at_least(i["recorded"], 5, "samples")
    s.close()
    nl = Netlink()
    source = nl.ask(K.CMD_SOURCE_GET, attr(K.A_SOURCE_NAME, "pmu"))[0]
    reasons = {text(m[K.A_MODE_NAME]): text(m[K.A_MODE_REASON]) for k, v in attrs(source) if k == K.A_SOURCE_MODE
               for m in [dict(attrs(v))]}
    contains(reasons["record"], "cpu-clock", "reason of record")
    contains(reasons["branch"], "there is no PMU", "reason of branch")
    for mode, by, which, part in (("record", "ip", event(INSTRUCTIONS, 1000), "there is no PMU"),
                                  ("stat", "event", event(CYCLES), "there is no PMU"),
                                  ("branch", "from,to", event(CYCLES, 1000, branch=8), "there is no PMU")):
        refused_start(part, mode, by, which)
    refused_start("there is no PMU", "record", "ip", event(CYCLES, 1000), fallback=0)
    nl.close()


def perf_with_stacks(which, frames):
    """perf's own event on CPU 0, each of whose samples has a call chain of a few frames. Returns its descriptor."""
    open_event, callchain = 298, 1 << 5
    start = struct.pack("IIQQQ", which[0], 128, which[1], 1, callchain)
    attr_of = ctypes.create_string_buffer(start.ljust(108, b"\0") + struct.pack("H", frames), 128)
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall(open_event, attr_of, -1, 0, -1, 0)
    assert fd >= 0, f"perf_event_open: {os.strerror(ctypes.get_errno())}"
    return fd


@test("kernel stacks are not cut short by an event of perf's beside")
def beside_perf():
    for bits in (0, 2 << 4):
        # What is mapped in is below 2 MiB: no huge pages. The kernel faults on all of it, while it clears the buffer.
        command = ["taskset", "-c", "0", "dd", "status=none", "if=/dev/zero", "of=/dev/null", "bs=1M", "count=1"]
        with pmu("record", "comm,ip,kstack", event(PAGE_FAULTS, 1, bits), cpus=[0]) as s:
            # The last one that was opened is the first that sees a fault.
            fd = perf_with_stacks(PAGE_FAULTS, 2)
            subprocess.run(command, check=True, timeout=WAIT)
            os.close(fd)
        accounted(s)
        rows = [r for r in s.rows() if r["comm"] == "dd" and r["kstack"]]
        at_least(total(rows), 50, "faults of dd in the kernel")
        for r in rows:
            stack = s.stack(r["kstack"])
            equal(stack[0], r["ip"], "leaf")
            at_least(len(stack), 4, f"frames of {[hex(ip) for ip in stack]}")
        s.close()


def refused_start(part, *args, **kw):
    s = None
    try:
        s = pmu(*args, **kw)
        s.nl.ask(K.CMD_SESSION_START, s.me)
    except Refused as r:
        contains(r.sentence, part, "sentence")
        if s:
            s.close()
        return
    raise AssertionError(f"{args} {kw} was accepted")


@test("samples of a loop in the kernel land in it")
def kernel_loop():
    functions = Functions()
    w = Worker(KERNEL_LOOP)
    with pmu("record", "func,uip,pid", CLOCK, functions=functions.entries) as s:
        w.go()
    accounted(s)
    mine = [r for r in s.rows() if r["pid"] == w.pid and not r["uip"]]
    inside = total([r for r in mine if functions.names[r["func"]].split(".")[0] in LOOP])
    at_least(total(mine), 20, "samples of the loop's process in the kernel")
    # On the debug kernel most of the loop's time is spent in the sanitizer's checks.
    part = 0.1 if KERNEL == "debug" else 0.7
    at_least(inside, total(mine) * part, f"of {total(mine)}, those in the loop; all {mine}")
    for r in mine:
        assert r["func"] in functions.names, f"{r['func']:#x} is no function's entry"
    s.close()


# Its functions return through the return thunk where the kernel has one.
LOOP = ("kobs_gen_leaf", "kobs_gen_caller_a", "repeat", "run_call", "call_loop", "__x86_return_thunk")


@test("kernel stacks begin where the sample was taken and end in the system call")
def kernel_stacks():
    functions = Functions()
    w = Worker(KERNEL_LOOP)
    with pmu("record", "ip,kstack", CLOCK, tasks=[w.pid]) as s:
        w.go()
    accounted(s)
    seen = 0
    for r in s.rows():
        if r["ip"] < KERNEL_HALF:
            equal(r["kstack"], 0, "kernel stack of a sample in user code")
            continue
        stack = s.stack(r["kstack"])
        equal(stack[0], r["ip"], "leaf")
        names = [functions.name(ip) for ip in stack]
        if names[0] in ("kobs_gen_leaf", "kobs_gen_caller_a"):
            seen += r["count"]
            assert "vfs_write" in names and "ksys_write" in names, f"no system call in {names}"
            assert names.index("kobs_gen_caller_a") <= 1, f"no caller in {names}"
    at_least(seen, 10, "samples in the loop")
    s.close()


@test("user stacks and addresses")
def user_stacks():
    w = Worker(BRIEF)
    with pmu("record", "ip,uip,ustack,pid", CLOCK, tasks=[w.pid]) as s:
        w.go()
    accounted(s)
    user = [r for r in s.rows() if r["ip"] < KERNEL_HALF]
    at_least(total(user), 5, "samples in user code")
    for r in user:
        equal(s.stack(r["uip"]), [r["ip"]], "the one frame of uip")
        equal(s.stack(r["ustack"])[0], r["ip"], "leaf of the user stack")
        equal(r["pid"], w.pid, "process")
    for r in s.rows():
        if r["ip"] >= KERNEL_HALF:
            equal(r["uip"], 0, "uip of a sample in the kernel")
    s.close()


@test("what a task forks is observed, unless that is not wanted")
def inherit():
    for inherit in (1, 0):
        w = Worker(f"({BRIEF}); ({BRIEF}); {BRIEF}")
        with pmu("record", "pid", CLOCK, tasks=[w.pid], inherit=inherit) as s:
            w.go()
        accounted(s)
        pids = {r["pid"] for r in s.rows()}
        assert w.pid in pids, f"{w.pid} is not in {pids}"
        equal(len(pids), 3 if inherit else 1, f"processes with inherit {inherit}")
        s.close()


@test("counting begins with a program that is executed")
def on_exec():
    counts = []
    for on_exec in (0, 1):
        # A string of 2 MiB before it: 512 pages.
        w = Worker("x=x; for ((i = 0; i < 21; i++)); do x=$x$x; done; exec true")
        with pmu("stat", "event", event(PAGE_FAULTS), tasks=[w.pid], on_exec=on_exec) as s:
            w.go()
        counts.append(s.rows()[0]["count"])
        s.close()
    at_least(counts[1], 1, "page faults of true")
    at_least(counts[0], counts[1] + 512, "page faults with the string before it")


@test("the filter, and the session's owner, are accounted for")
def filters():
    w = Worker(SPIN)
    with pmu("record", "pid", CLOCK, parts=[nest(K.A_SESSION_FILTER, u32(K.A_FILTER_PID, w.pid))]) as s:
        w.go()
        sum(range(1000000))
    i = accounted(s)
    equal({r["pid"] for r in s.rows()}, {w.pid}, "processes")
    at_least(i["own"], 1, "own samples")
    at_least(i["filtered"], i["own"], "filtered")
    s.close()


@test("a full table loses samples and counts them")
def full():
    w = Worker(BRIEF)
    with pmu("record", "ip", event(CPU_CLOCK, 200000), tasks=[w.pid], rows=2) as s:
        w.go()
    i = accounted(s)
    at_least(i["lost_table_full"], 1, "lost")
    s.close()


@test("several events at once are told apart")
def several():
    w = Worker(BRIEF)
    with pmu("record", "event", CLOCK, event(PAGE_FAULTS, 1), tasks=[w.pid]) as s:
        w.go()
    accounted(s)
    equal({r["event"] for r in s.rows()}, {0, 1}, "events")
    s.close()


@test("frequencies")
def frequency():
    w = Worker(f"{BRIEF}; {BRIEF}")
    with pmu("record", "cpu", event(CPU_CLOCK, 1000, bits=FREQUENCY)) as s:
        w.go()
    i = accounted(s)
    at_least(i["recorded"], 20, "samples")
    # A clock is one with a fixed period.
    equal(events_of(s), 1000000 * i["recorded"], "ns")
    s.close()


@test("with a frequency, the periods of the samples add up to what the event counted")
def frequency_events():
    program = FAULTS.replace("4096 * 500", "4096 * 5000").replace("range(500)", "range(5000)")
    w = Worker(f"exec {program}")
    with pmu("record", "pid", event(PAGE_FAULTS, 1000, bits=FREQUENCY), tasks=[w.pid], inherit=0) as s, \
            pmu("stat", "event", event(PAGE_FAULTS), tasks=[w.pid], inherit=0) as stat:
        w.go()
    i = accounted(s)
    equal(i["lost"], 0, "lost")
    at_least(i["counted"], 5000, "faults")
    # The last period is not over, or has begun too early.
    off = abs(events_of(s) - i["counted"])
    assert off <= 0.05 * i["counted"], f"{events_of(s)} faults in {i['recorded']} samples, of {i['counted']}"
    at_most(abs(stat.rows()[0]["count"] - i["counted"]), 20, "faults beside, by pmu stat")
    s.close()
    stat.close()


@test("a clock's period below the minimum is raised to it, and told")
def short_period():
    for which, period, raised in ((CPU_CLOCK, 1000, 1), (TASK_CLOCK, 9999, 1), (CYCLES, 1000, 1), (CPU_CLOCK, 10000, None)):
        if which == CYCLES and has_pmu():
            continue
        w = Worker(spin(3000))
        with pmu("record", "pid", event(which, period), tasks=[w.pid]) as s:
            w.go()
        i = accounted(s)
        at_least(i["recorded"], 1, "samples")
        equal(events_of(s), 10000 * i["recorded"], f"ns of a period of {period}")
        equal((i["clocks"], i.get("clocks_raised")), (1, raised), f"notes on a period of {period}")
        s.close()


def need_hotplug():
    if not os.path.exists("/sys/devices/system/cpu/cpu1/online"):
        skip("no CPU of this kernel can go offline")


def online(cpu, on):
    with open(f"/sys/devices/system/cpu/cpu{cpu}/online", "w", encoding="ascii") as f:
        f.write(str(on))


@test("a CPU that leaves and comes is followed")
def hotplug():
    need_hotplug()
    spin = ["taskset", "1", "bash", "-c", SPIN]
    with pmu("record", "cpu", CLOCK) as s, pmu("stat", "event,cpu", event(CPU_CLOCK)) as c:
        until(lambda: {r["cpu"] for r in s.rows()} == {0, 1}, "samples on both CPUs")
        online(1, 0)
        try:
            until(lambda: s.info().get("cpus_left") == 1, "the CPU to be missed")
            gone = {r["cpu"]: r["count"] for r in c.rows()}[1]
            at_least(gone, 1, "what the CPU had counted")
            subprocess.run(spin, check=True, timeout=WAIT)
            equal({r["cpu"]: r["count"] for r in c.rows()}[1], gone, "count of a CPU that is away")
            before = {r["cpu"]: r["count"] for r in s.rows()}[1]
        finally:
            online(1, 1)
        until(lambda: s.info().get("cpus_came") == 1, "the CPU to be followed")
        until(lambda: {r["cpu"]: r["count"] for r in s.rows()}[1] > before, "samples on the CPU that came")
        until(lambda: {r["cpu"]: r["count"] for r in c.rows()}[1] > gone, "the counter to go on")
    for session in (s, c):
        i = session.info()
        equal((i["cpus_left"], i["cpus_came"], i.get("cpus_failed", 0)), (1, 1, 0), "CPUs that left, came, failed")
    accounted(s)
    s.close()
    c.close()


@test("CPUs that leave and come in a hurry")
def hotplug_storm():
    need_hotplug()
    with pmu("record", "cpu", CLOCK) as s:
        for _ in range(5):
            online(1, 0)
            online(1, 1)
        before = {r["cpu"]: r["count"] for r in s.rows()}.get(1, 0)
        until(lambda: {r["cpu"]: r["count"] for r in s.rows()}.get(1, 0) > before, "samples on the CPU that came")
    i = accounted(s)
    equal(i.get("cpus_came", 0), i.get("cpus_left", 0), "CPUs that came and left")
    s.close()


@test("a session whose owner dies takes its counters along")
def dies():
    s = pmu("record", "cpu", CLOCK)
    s.nl.ask(K.CMD_SESSION_START, s.me)
    s.close()
    until(lambda: references() == 0, "the session to end")


@test("refusals")
def refusals():
    for part, args, kw in (
            ("must have 8", ("record", "ip", [0, 0, 0]), {}),
            ("events has 0 words", ("record", "ip"), {}),
            ("needs a period", ("record", "ip", event(CPU_CLOCK)), {}),
            ("too large", ("record", "ip", event(CPU_CLOCK, 1000000, bits=FREQUENCY)), {}),
            ("bits that mean nothing", ("record", "ip", event(CPU_CLOCK, 1000, bits=1 << 20)), {}),
            ("stat takes no period", ("stat", "event", event(CPU_CLOCK, 1000)), {}),
            ("which branches", ("branch", "from,to", event(CPU_CLOCK, 1000)), {}),
            ("does not know", ("branch", "from,to", event(CPU_CLOCK, 1000, branch=1 << 40)), {}),
            ("cannot be combined", ("stat", "event", event(CPU_CLOCK)), {"cpus": [0], "tasks": [1]}),
            ("there is no cpu 4096", ("stat", "event", event(CPU_CLOCK)), {"cpus": [4096]}),
            ("there is no task 4000000", ("stat", "event", event(CPU_CLOCK)), {"tasks": [4000000]}),
            ("on_exec needs tasks", ("stat", "event", event(CPU_CLOCK)), {"on_exec": 1}),
            ("no column kstack", ("stat", "kstack", event(CPU_CLOCK)), {}),
            ("no column cpu", ("stat", "cpu", event(CPU_CLOCK)), {"tasks": [1]}),
            ("no column from", ("record", "from", event(CPU_CLOCK, 1000)), {}),
            ("no column sample", ("record", "sample", event(CPU_CLOCK, 1000)), {}),
            ("no column end", ("branch_trace", "end", event(CPU_CLOCK, 1000, branch=8)), {}),
            ("hits to filter", ("stat", "event", event(CPU_CLOCK)),
             {"parts": [nest(K.A_SESSION_FILTER, u32(K.A_FILTER_PID, 1))]}),
            ("error 2", ("stat", "event", event((4000, 0))), {})):
        refused_start(part, *args, **kw)


main()
