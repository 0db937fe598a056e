# SPDX-License-Identifier: GPL-2.0
"""
Source pmu on QEMU's arm64 PMU, whose counters are exact when the guest's clock counts instructions: numbers are compared
for equality.
"""

import os
import re
import socket

from pmukit import *

PERIOD = 1000000
ON_EXEC = {"on_exec": 1}
LOOP_CALLS = 4000000
LOOP = f"echo call task {LOOP_CALLS} 0 >{GEN}run"
IN_LOOP = ("kobs_gen_leaf", "count", "kobs_gen_caller_a", "repeat")


def total(rows):
    return sum(r["count"] for r in rows)


def events_of(s):
    """What the samples of all rows stand for."""
    return sum(r["fields"][EVENTS] for r in s.rows())


def overflows(which, period, bits=0):
    w = Worker(SPIN)
    with pmu("record", "pid", event(which, period, bits)) as s:
        w.go()
    i = accounted(s)
    equal(events_of(s), period * i["recorded"], "events of the rows")
    s.close()
    # One that the counter has seen, and the interrupt controller has not yet, can be in flight at the end. Others
    # raise one interrupt for two: seen was 3 of 8,969, beside two other guests.
    missed = i["counted"] // period - i["overflows"]
    assert 0 <= missed <= 1 + i["overflows"] // 1000, f"{i['overflows']} overflows of {i['counted']} by {period}"
    equal(i.get("lost_missed_overflows", 0), missed, "missed")
    equal(i["lost"], missed, "lost")
    at_least(i["recorded"], 50, "samples")


for period in (PERIOD, 123457):
    test(f"overflows of cycles are what they count by the period, {period}")(lambda p=period: overflows(CYCLES, p))


@test("overflows that raise no interrupt are counted as lost")
def late():
    # QEMU 7.2 looks at its event counters, unlike at the cycle counter, only when the guest enters or leaves the kernel.
    w = Worker(SPIN)
    with pmu("record", "pid", event(INSTRUCTIONS, 123457)) as s:
        w.go()
    i = accounted(s)
    equal(i["hits"], i["counted"] // 123457 - i.get("early", 0), f"hits of {i}")
    at_least(i["lost_missed_overflows"], 1, "lost")
    s.close()


@test("samples of a loop in the kernel land in it, as many as it has cycles")
def kernel_loop():
    functions = Functions()
    counted = {}
    for calls in (LOOP_CALLS, 2 * LOOP_CALLS):
        w = Worker(f"echo call task {calls} 0 >{GEN}run")
        with pmu("record", "func,uip,pid", event(CYCLES, 100000), functions=functions.entries) as s:
            w.go()
        accounted(s)
        mine = [r for r in s.rows() if r["pid"] == w.pid]
        for r in mine:
            assert not r["func"] or r["func"] in functions.names, f"{r['func']:#x} is no function's entry"
        counted[calls] = total([r for r in mine if r["func"] and functions.names[r["func"]].split(".")[0] in IN_LOOP])
        s.close()
    # Only the loop grows.
    more = counted[2 * LOOP_CALLS] - counted[LOOP_CALLS]
    per_call = more * 100000 / LOOP_CALLS
    want = counted[LOOP_CALLS] * 100000 / LOOP_CALLS
    assert abs(per_call - want) <= 0.005 * want, f"{per_call} cycles a call, by all samples {want}; {counted}"
    # 2 cycles per instruction.
    assert 10 <= per_call <= 120, f"{per_call} cycles a call"


@test("the instructions of two kinds of code add up")
def privileges():
    w = Worker(SPIN)
    with pmu("stat", "event", event(INSTRUCTIONS), event(INSTRUCTIONS, bits=EXCLUDE_USER),
             event(INSTRUCTIONS, bits=EXCLUDE_KERNEL), event(CYCLES), tasks=[w.pid]) as s:
        w.go()
    rows = {r["event"]: r for r in s.rows()}
    both, kernel, user, cycles = (rows[i]["count"] for i in range(4))
    # The counters are enabled and disabled one after the other.
    assert abs(both - kernel - user) <= 0.002 * both, f"{both} instructions, {kernel} and {user}"
    # A guest's cycle is 1 ns, an instruction takes 2.
    assert abs(cycles - 2 * both) <= 0.002 * cycles, f"{cycles} cycles, {both} instructions"
    for r in rows.values():
        equal(r["fields"][0], r["fields"][1], "time enabled and running")
    s.close()


def perf_stat(program, *more):
    done = subprocess.run(["perf", "stat", "-x,", "-e", "cycles:u,instructions:u", *more, "--", *program],
                          capture_output=True, text=True, timeout=WAIT, check=True)
    return {name.split(":")[0]: int(n) for n, name in re.findall(r"^(\d+),,(\S+?),", done.stderr, re.M)}


@test("cycles and instructions agree with perf stat")
def perf():
    # bash executes the same instructions every time when its addresses do not change.
    program = ["setarch", "-R", "bash", "-c", SPIN]
    theirs = perf_stat(program)
    w = Worker("exec " + " ".join(program[:-1]) + f" '{SPIN}'")
    with pmu("stat", "event", event(CYCLES, bits=EXCLUDE_KERNEL), event(INSTRUCTIONS, bits=EXCLUDE_KERNEL),
             tasks=[w.pid], **ON_EXEC) as s:
        w.go()
    ours = {r["event"]: r["count"] for r in s.rows()}
    s.close()
    for name, got in (("instructions", ours[1]), ("cycles", ours[0])):
        assert abs(got - theirs[name]) <= 0.005 * got, f"{name}: {got}, perf stat has {theirs[name]}"


@test("as perf stat counts it meanwhile")
def perf_meanwhile():
    # Both count the same process at the same time, perf for slightly longer: its events exist before they are enabled, which it
    # acknowledges.
    w = Worker(f"{SPIN}")
    control, end = socket.socketpair()
    with control, end:
        perf = subprocess.Popen(["perf", "stat", "-x,", "-e", "cycles:u,instructions:u", "-D", "-1", "--control",
                                 f"fd:{end.fileno()},{end.fileno()}", "-p", str(w.pid)],
                                stderr=subprocess.PIPE, text=True, pass_fds=[end.fileno()])
        # Without perf, nothing is received.
        end.close()
        control.sendall(b"enable\n")
        assert control.recv(100).startswith(b"ack"), f"perf does not count: {perf.communicate(timeout=WAIT)[1]}"
        with pmu("stat", "event", event(CYCLES, bits=EXCLUDE_KERNEL), event(INSTRUCTIONS, bits=EXCLUDE_KERNEL),
                 tasks=[w.pid]) as s:
            w.go()
        err = perf.communicate(timeout=WAIT)[1]
    theirs = {name.split(":")[0]: int(n) for n, name in re.findall(r"^(\d+),,(\S+?),", err, re.M)}
    ours = {r["event"]: r["count"] for r in s.rows()}
    s.close()
    equal(ours[1], theirs["instructions"], "instructions in user mode")
    assert abs(ours[0] - theirs["cycles"]) <= 0.0001 * ours[0], f"cycles: {ours[0]}, perf stat has {theirs['cycles']}"


def obsctl_stat(*events, run):
    r = obsctl("pmu", "stat", "-e", ",".join(events), "--json", "--", *run)
    report = json.loads(r.out)
    return {row["event"]: row for row in report["rows"]}, report["derived"]


@test("obsctl stat: what follows from two events is their quotient")
def derived():
    rows, ratios = obsctl_stat("cycles", "instructions", run=["bash", "-c", SPIN])
    n = {name: row["count"] for name, row in rows.items()}
    assert abs(ratios["ipc"] - n["instructions"] / n["cycles"]) <= 1e-3, f"{ratios}, of {n}"
    # An instruction of the guest takes two of its cycles.
    assert abs(ratios["ipc"] - 0.5) <= 0.005, f"{ratios}"
    text = obsctl("pmu", "stat", "-e", "cycles,instructions", "--", "bash", "-c", SPIN).out
    contains(text, "100.0 %  0.50 insn per cycle\n", "report")
    contains(text, "\nVerdict: stalled: IPC 0.50; whether it is memory, LLC-loads and LLC-load-misses would tell.\n", "verdict")
    contains(text, "\n  next: obsctl pmu stat -e cycles,instructions,LLC-loads,LLC-load-misses -d 10\n", "next command")


@test("obsctl stat: verdicts, and what is missing for one")
def verdicts():
    def verdict(*args, run):
        r = json.loads(obsctl("pmu", "stat", *args, "--json", "--", *run).out)
        return [v["rule"] for v in r["verdict"]], r.get("verdict_missing", []), r

    rules, missing, r = verdict(run=["bash", "-c", SPIN])
    # QEMU's PMU has neither branches nor caches: the default events have none of them.
    equal((rules, missing), (["stalled"], []), "verdict on the default events")
    rows = {row["event"]: row for row in r["rows"]}
    n = {name: row["count"] for name, row in rows.items()}
    for event, key, want in (("instructions", "ipc", n["instructions"] / n["cycles"]),
                             ("cycles", "ghz", n["cycles"] / n["task-clock"]),
                             ("task-clock", "cpus_used", n["task-clock"] / r["interval_ns"])):
        assert abs(rows[event][key] - want) <= 1e-6 * want, f"{key}: {rows[event]}, not {want}"
        equal(rows[event][key], r["derived"][key], f"{key} of all rows")
    rules, missing, r = verdict("-e", "cycles,instructions,cache-misses", run=["bash", "-c", SPIN])
    equal((rules, missing), (["stalled"], ["memory: cache-misses are of the first cache here"]), "verdict without the last cache")
    rules, missing, r = verdict("-e", "cycles:u,instructions:u", "--no-inherit", run=["true"])
    equal(rules, [], "verdict on a short program")
    assert re.fullmatch(r"IPC: cycles:u counted [\d,]+, and a verdict needs 1,000,000", missing[0]), f"{missing}"
    equal(verdict("-e", "page-faults", run=["true"])[:2], ([], []), "verdict on page faults")


@test("obsctl stat: the shares of slots are 100.0 % in all")
def topdown():
    # QEMU's PMU counts cycles with stalls, and finds none.
    r = json.loads(obsctl("pmu", "stat", "--topdown", "--json", "--", "bash", "-c", SPIN).out)
    equal([(p["part"], p["percent"]) for p in r["topdown"]],
          [("frontend_bound", 0), ("backend_bound", 0), ("busy", 100)], "parts")
    equal((r["topdown_method"], r["topdown_unit"], r["topdown_estimated"]), ("arm64-cycles", "cycles", False), "method")
    rows = {row["role"]: row["count"] for row in r["rows"]}
    equal(sum(p["slots"] for p in r["topdown"]), rows["cycles"], "cycles of all parts")
    equal(r["verdict"], [], "verdict")
    text = obsctl("pmu", "stat", "--topdown", "--", "bash", "-c", SPIN).out
    contains(text, "100.0 %  busy ", "report")
    contains(text, "shares of the cycles, by arm64-cycles\n", "report")
    contains(obsctl("pmu", "stat", "--topdown", "-e", "cycles", "--", "true", status=2).err, "cannot be combined with -e", "refusal")


@test("obsctl stat: events that share counters are scaled up, and said to be")
def multiplexed():
    # More events than counters: each event counts for a part of the time.
    events = [f"armv8_pmuv3/inst_retired/{mods}" for mods in ("", "u", "k")] + ["r8"] + ["cycles"] + ["instructions"] * 8
    r = obsctl("pmu", "stat", "-e", ",".join(events), "--json", "--", "bash", "-c", f"{SPIN}; {SPIN}; {SPIN}")
    equal(json.loads(r.out)["derived_estimated"], ["ipc"], "ratios of events that shared counters")
    text = obsctl("pmu", "stat", "-e", ",".join(events), "--", "bash", "-c", f"{SPIN}; {SPIN}; {SPIN}").out
    contains(text, " insn per cycle (estimated)\n", "report")
    rows = [row for row in json.loads(r.out)["rows"] if row["event"] in ("r8", "instructions")]
    at_least(sum(row["running_ns"] < row["enabled_ns"] for row in rows), 1, f"events that shared a counter, of {rows}")
    for row in rows:
        want = row["count"] * row["enabled_ns"] / row["running_ns"] if row["running_ns"] else 0
        assert abs(row["scaled"] - want) <= 1 + 1e-9 * want, f"{row}: scaled should be {want}"
        assert row["running_ns"] <= row["enabled_ns"], f"{row}"


@test("obsctl list says what this PMU counts, and its own events")
def listing():
    r = json.loads(obsctl("pmu", "list", "--json").out)
    equal(r["hardware"], True, "hardware")
    events = {e["name"]: e for e in r["events"]}
    # QEMU's PMU has no branches.
    for name, here in (("cycles", True), ("instructions", True), ("page-faults", True), ("branch-misses", False)):
        equal(events[name]["available"], here, f"whether {name} are counted here")
    # The default events are those that the machine has.
    report = json.loads(obsctl("pmu", "stat", "--json", "--", "true").out)
    equal({row["event"] for row in report["rows"]}, {"task-clock", "context-switches", "cpu-migrations", "page-faults",
                                                     "cycles", "instructions"}, "events")
    contains(events["armv8_pmuv3/cpu_cycles/"]["doc"], "event=0x0011", "terms of cpu_cycles")


@test("obsctl record: user functions, their callers and callees, of a program with frame pointers")
def graph():
    program = f"{SRC}/build/arm64/ustack"
    r = obsctl("pmu", "record", "-g", "-c", 50000, "--budget", 0, "--json", "--", program, "/dev/null", "x", 60000)
    report = json.loads(r.out)
    rows = {row["func"]: row for row in report["rows"]}
    equal(sum(row["self"] for row in rows.values()), report["accounting"]["recorded"], "samples of all functions")
    name = "{} [ustack]".format
    for caller, callee in (("user_middle", "user_leaf"), ("user_outer", "user_middle"), ("main", "user_outer")):
        row = rows[name(callee)]
        at_least(row["total"], 50, f"samples below {callee}")
        equal(row["callers"][0]["func"], name(caller), f"caller of {callee}")
        # The caller is missing where a function has not set up its frame yet.
        at_least(row["callers"][0]["count"], 0.8 * row["total"], f"samples of {callee} by way of {caller}")


@test("kernel stacks begin where the sample was taken and end in the system call")
def kernel_stacks():
    functions = Functions()
    w = Worker(LOOP)
    with pmu("record", "ip,kstack,pid", event(CYCLES, 200000)) as s:
        w.go()
    i = accounted(s)
    equal(i["lost"], i.get("lost_missed_overflows", 0), "lost")
    equal(i["cached"] + i["unwound"], sum(r["count"] for r in s.rows() if r["ip"] >= KERNEL_HALF), "kernel stacks taken")
    seen = 0
    for r in s.rows():
        if r["ip"] < KERNEL_HALF:
            equal(r["kstack"], 0, "kernel stack of a sample in user code")
            continue
        stack = s.stack(r["kstack"])
        equal(stack[0], r["ip"], "leaf")
        names = [functions.name(ip) for ip in stack]
        if r["pid"] == w.pid and names[0] in IN_LOOP:
            seen += r["count"]
            for name in ("vfs_write", "ksys_write", "el0_svc"):
                assert name in names, f"no {name} in {names}"
            # A leaf has no frame: its caller's return address can be missing, as in perf's stacks.
            assert names[1] in ("kobs_gen_leaf", "kobs_gen_caller_a", "repeat", "gen_run_write"), f"no caller in {names}"
    at_least(seen, 30, "samples in the loop")
    s.close()


@test("user stacks of a program with frame pointers")
def user_stacks():
    program = f"{SRC}/build/arm64/ustack"
    w = Worker(f"exec {program} /dev/null x 100000")
    with pmu("record", "uip,ustack,pid", event(CYCLES, 100000), tasks=[w.pid]) as s:
        w.go()
    accounted(s)
    deep = 0
    for r in s.rows():
        if not r["ustack"]:
            continue
        stack = s.stack(r["ustack"])
        if r["uip"]:
            equal(s.stack(r["uip"]), stack[:1], "leaf")
        assert all(ip < KERNEL_HALF for ip in stack), f"kernel addresses in {stack}"
        # user_leaf, user_middle, user_outer, main, and libc below it.
        deep += r["count"] if len(stack) >= 5 else 0
    at_least(deep, 0.8 * total(s.rows()), "samples with a whole stack")
    s.close()


@test("an event that comes too often is throttled, and that is counted")
def throttled():
    limit = "/proc/sys/kernel/perf_event_max_sample_rate"
    before = read(limit)
    try:
        with open(limit, "w", encoding="ascii") as f:
            f.write("2000")
        w = Worker(SPIN)
        with pmu("record", "func", event(CYCLES, 50000), budget=0) as s:
            w.go()
    finally:
        with open(limit, "w", encoding="ascii") as f:
            f.write(before)
    i = accounted(s)
    at_least(i.get("throttled", 0), 5, f"times throttled, of {i}")
    # Filtered and lost hits are in no row.
    rows = sum(r["fields"][THROTTLED] for r in s.rows())
    at_most(rows, i["throttled"], "throttled samples of all rows")
    at_least(rows, i["throttled"] - i["filtered"] - i["lost"] - i.get("early", 0), f"throttled samples of all rows, of {i}")
    s.close()


@test("a frequency is kept")
def frequency():
    w = Worker(f"{SPIN}; {SPIN}; {SPIN}")
    # A task's clock stops while it waits for the host's disk.
    with pmu("record", "cpu", event(CYCLES, 1000, bits=FREQUENCY), tasks=[w.pid]) as s, \
            pmu("stat", "event", event(CPU_CLOCK), tasks=[w.pid]) as clock:
        w.go()
    i = accounted(s)
    seconds = clock.rows()[0]["count"] / 1e9
    rate = i["recorded"] / seconds
    assert 700 <= rate <= 1400, f"{rate} samples a second, in {seconds} s: {i}"
    s.close()
    clock.close()


@test("with a frequency, the periods of the samples add up to the cycles")
def frequency_events():
    w = Worker(f"exec bash -c '{SPIN}; {SPIN}; {SPIN}'")
    with pmu("record", "pid", event(CYCLES, 2000, bits=FREQUENCY), tasks=[w.pid]) as s, \
            pmu("stat", "event", event(CYCLES), tasks=[w.pid]) as stat:
        w.go()
    i = accounted(s)
    events, counted = events_of(s), i["counted"]
    at_least(i["recorded"], 100, "samples")
    # What follows the last sample is in none; nor is what the first ones, of one cycle and a few, were late by.
    assert 0 <= counted - events <= 0.05 * counted, f"{events} cycles in {i['recorded']} samples, of {counted}"
    both = stat.rows()[0]["count"]
    assert abs(both - counted) <= 0.002 * both, f"{counted} cycles, by pmu stat {both}"
    s.close()
    stat.close()


@test("obsctl record: events of rows are those of the event, and shares are by them")
def record_events():
    r = json.loads(obsctl("pmu", "record", "-F", 2000, "--budget", 0, "--json", "--", "bash", "-c", SPIN).out)
    events, counted = sum(row["events"] for row in r["rows"]), r["notes"]["counted"]
    assert 0 <= counted - events <= 0.1 * counted, f"{events} of {counted} cycles"
    equal([row["events"] for row in r["rows"]], sorted((row["events"] for row in r["rows"]), reverse=True), "order")
    r = json.loads(obsctl("pmu", "record", "-c", 100000, "--budget", 0, "--json", "--", "bash", "-c", SPIN).out)
    equal([row["events"] for row in r["rows"]], [100000 * row["count"] for row in r["rows"]], "events with a period")


@test("the PMU records no branches, and the refusal says so")
def branches():
    s = pmu("branch", "from,to", event(CYCLES, PERIOD, branch=8))
    refused(s.nl, errno.EOPNOTSUPP, "the PMU records no branches", K.CMD_SESSION_START, s.me)
    s.close()
    refused_event = pmu("stat", "event", event((4, 0xffff)))
    try:
        refused_event.nl.ask(K.CMD_SESSION_START, refused_event.me)
    except Refused as r:
        contains(r.sentence, "event 0 (type 4, config 0xffff) on CPU 0", "sentence")
    refused_event.close()


main()
