# SPDX-License-Identifier: GPL-2.0
"""
Jobs of the benchmarks (see bench) for samples of data: what finding out what a sample accessed adds to it. Samples come from the
simulated PMU, in the context of the process that has them delivered.
"""

import json
import os
import subprocess

SIM = "/sys/kernel/debug/kobs_simpmu/"
SAMPLES = 5000          # of one round; the best of 5 counts
TRACED = 5 * SAMPLES
WORK = f"""#!/usr/bin/python3
import os, time
os.sched_setaffinity(0, {{0}})
def took():
    begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    os.write(fd, line)
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) - begin
fd = os.open("{SIM}replay", os.O_WRONLY)
line = open("/tmp/sample", "rb").read()
open("/tmp/took", "w").write(str(min(took() for _ in range(5)) / {SAMPLES}))
"""
LOAD_L3 = 1 << 1 | 0x40 << 5


def jobs(b):
    """The jobs; b is the module bench."""

    def replay(verb, address, *args):
        with open("/tmp/sample", "w", encoding="utf-8") as f:
            f.write(f"ffffffff81001000 addr={address} src={LOAD_L3:x} weight=40\n")
        out = b.run("obsctl", "pmu", verb, "-C", "0", "-e", "kobs_simpmu//", *args, "--json", "--", "/tmp/work")
        return float(b.read("/tmp/took")), json.loads(out.splitlines()[-1])

    def own(address, by):
        def measure():
            cost, report = replay("mem", address, "-c", "1", "--budget", "0", "--by", by)
            if b.balanced(report) != TRACED:
                raise b.Absent(f"kobs saw {report['accounting']} of {TRACED} samples")
            return cost
        return measure

    def job_mem():
        if not os.path.isdir(SIM):
            subprocess.run(["insmod", f"{os.environ['KOBS_MODULES']}/kobs_simpmu.ko"], check=True)
        with open(SIM + "repeat", "w", encoding="utf-8") as f:
            f.write(str(SAMPLES))
        with open("/tmp/work", "w", encoding="utf-8") as f:
            f.write(WORK)
        os.chmod("/tmp/work", 0o755)
        places = dict(line.split() for line in b.read(SIM + "objects").splitlines())
        plain, _ = replay("stat", places["slab"])
        b.notes.append(f"simulated sample that is only counted: {plain:.1f}")
        for what, address, by, limit in (
                ("pmu mem, a sample of a slab object", places["slab"], "area,cache,data", 2300),
                ("pmu mem, a sample of a variable", places["kernel"], "area,cache,data", 550),
                ("pmu mem by level,op", places["slab"], "level,op", 500)):
            b.line(what, b.own(own(address, by)) - plain, limit, [])

    return {"mem": job_mem}
