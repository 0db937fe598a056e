#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""
What "make bench" runs in an arm64 guest, whose emulated PMU raises real interrupts: what a sample costs kobs and perf record,
with the same event, period and work, one after the other.

The guest's clock advances 2 ns per instruction, and its cycle counter 1 per ns. The work is a loop in the kernel that lasts
longer by what is added to it; samples come once in PERIOD cycles of it.
"""

import os
import re
import subprocess
import sys

sys.path.insert(0, f"{os.environ['KOBS_SRC']}/tests/selftests")

from pmukit import *  # noqa: E402

PERIOD = 100000
CALLS = 5000000
PER_INSTRUCTION = 2     # ns
PROGRAM = "/tmp/loop"

# The loop times itself: starting and ending of programs is left out.
LOOP = f"""#!/usr/bin/python3
import time
run = open("{GEN}run", "w")
begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
run.write("call task {CALLS} 0")
run.flush()
print("took", time.clock_gettime_ns(time.CLOCK_MONOTONIC) - begin, flush=True)
"""


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def took(*line):
    """ns of the loop, run by itself or as the workload of a command."""
    out = subprocess.run([*line, PROGRAM], check=True, capture_output=True, text=True).stdout
    return int(re.search(r"took (\d+)", out)[1])


def per_sample(ns, plain):
    """Instructions that a sample added."""
    return (ns - plain) / PER_INSTRUCTION / (ns / PERIOD)


def best(measure):
    """The least of three: what else the guest does meanwhile only adds."""
    return min(measure() for _ in range(3))


def kobs(by, *parts, functions=()):
    with pmu("record", by, event(CYCLES, PERIOD), functions=functions, budget=0, parts=parts) as s:
        ns = took()
    i = s.info()
    equal(i["hits"], i["recorded"] + i["filtered"] + i["lost"], f"hits of {i}")
    at_most(i["lost"], 10, f"lost of {i}")
    s.close()
    return ns


SIM = "/sys/kernel/debug/kobs_simpmu/"
REPEAT = 20000
REPLAY = f"""
import sys, time
open("{SIM}repeat", "w").write("{REPEAT}")
replay = open("{SIM}replay", "w")
begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
replay.write(sys.argv[1])
replay.flush()
print(time.clock_gettime_ns(time.CLOCK_MONOTONIC) - begin)
"""


def fold(depth):
    """Instructions that a branch stack of 32 takes, of a simulated PMU: those of an empty one subtracted."""
    kind = int(read("/sys/bus/event_source/devices/kobs_simpmu/type"))
    entries = "".join(f" 0x{0x401000 + 32 * i:x}/0x{0x401010 + 32 * i:x}/P/-/-/{i + 1}/" for i in range(depth))
    ns = []
    for line in (f"401000{entries}\n", "401000 nr=0\n"):
        # PERF_SAMPLE_BRANCH_ANY
        with pmu("branch", "from,to", event((kind, 0), 1, branch=8), cpus=[0], budget=0) as s:
            ns.append(int(subprocess.run(["/usr/bin/python3", "-c", REPLAY, line], check=True, capture_output=True,
                                         text=True).stdout))
        i = s.info()
        equal((i["recorded"], i.get("branches", 0)), (REPEAT, REPEAT * depth if s.rows() else 0), f"of {i}")
        s.close()
    return (ns[0] - ns[1]) / PER_INSTRUCTION / REPEAT


def perf(*args):
    # Its file is not read again: -B and -N leave that out.
    return took("perf", "record", "-B", "-N", "-q", "-o", "/tmp/perf.data", "-e", "cycles", "-c", str(PERIOD), *args, "--")


def main():
    with open(PROGRAM, "w", encoding="ascii") as f:
        f.write(LOOP)
    os.chmod(PROGRAM, 0o755)
    say("the loop by itself")
    plain = best(took)
    entries = Functions().entries
    nobody = nest(K.A_SESSION_FILTER, u32(K.A_FILTER_PID, 1))
    cost = {}
    for name, measure in (("interrupt", lambda: kobs("ip", nobody)),
                          ("func", lambda: kobs("func", functions=entries)),
                          ("kstack", lambda: kobs("kstack")),
                          ("perf", perf),
                          ("perf -g", lambda: perf("-g"))):
        say(name)
        cost[name] = per_sample(best(measure), plain)
    say("fold")
    branches = fold(32)
    print(f"{'instructions added per sample (arm64)':<44} {'kobs':>7} {'limit':>7}")
    missed = []
    for what, got, limit, peer in (
            ("the interrupt, perf's core, and a filter", cost["interrupt"], None, ""),
            ("record by func", cost["func"], None, f"perf record {cost['perf']:,.0f}"),
            ("  in the handler", cost["func"] - cost["interrupt"], 0.5 * cost["perf"], ""),
            ("record by kstack", cost["kstack"], 0.8 * cost["perf -g"], f"perf record -g {cost['perf -g']:,.0f}"),
            ("branch: folding 32 entries", branches, 1500, "")):
        ok = "" if limit is None else "ok" if got <= limit else "OVER"
        if ok == "OVER":
            missed.append(what.strip())
        print(f"{what:<44} {got:>7,.0f} {'' if limit is None else format(limit, '7,.0f'):>7} {ok:<4} {peer}".rstrip())
    if missed:
        raise SystemExit(f"bench: over the limit: {'; '.join(missed)}")


main()
