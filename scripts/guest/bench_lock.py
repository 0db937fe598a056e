# SPDX-License-Identifier: GPL-2.0
"""
Jobs of the lock source: what a tracer adds to a wait, which is a begin and an
end. kobs_gen_lock calls the tracepoints and waits for nothing.
"""

import json
import os
import re
import subprocess

GEN = "/sys/kernel/debug/kobs_gen_lock/"
PAIRS = 20000           # of one round; the best of 5 counts
NEAR = PAIRS // 100     # a guest's other waits are few


def jobs(b):
    """Jobs by name; b is the module bench."""
    def gen(command):
        with open(GEN + "run", "w", encoding="utf-8") as f:
            f.write(command)

    def cost():
        return int(b.read(GEN + "bench")) / 1000

    def work():
        name = "/tmp/lockwork"
        with open(name, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\necho bench {PAIRS} >{GEN}run\n")
        os.chmod(name, 0o755)
        return name

    def seen(waits, who):
        if not 0 <= waits - 5 * PAIRS <= NEAR:
            raise b.Absent(f"{who} saw {waits} of {5 * PAIRS} waits")

    def kobs(*args):
        def measure():
            out = b.run("obsctl", "lock", "contention", *args, "--budget", "0", "--json", "--", work())
            seen(b.balanced(json.loads(out.splitlines()[-1])), "kobs")
            return cost()
        return measure

    def slow():
        """Waits that are short: each is counted, and has its owner looked for."""
        out = b.run("obsctl", "lock", "contention", "--over", "1h", "--budget", "0", "--json", "--", work())
        report = json.loads(out.splitlines()[-1])
        seen(report.get("notes", {}).get("short", 0), "kobs")
        if report["accounting"]["recorded"]:
            raise SystemExit(f"bench: waits took an hour: {report['accounting']}")
        return cost()

    def stalls():
        b.run("obsctl", "lock", "stalls", "--budget", "0", "--json", "--", work())
        return cost()

    def bpftrace():
        program = ("tracepoint:lock:contention_begin { @t[tid, args->lock_addr] = nsecs; } "
                   "tracepoint:lock:contention_end /@t[tid, args->lock_addr]/ "
                   "{ @w[args->lock_addr] = stats(nsecs - @t[tid, args->lock_addr]); "
                   "delete(@t[tid, args->lock_addr]); @n = count(); }")

        def measure():
            out = b.run("bpftrace", "-e", program, "-c", "/bin/sh " + work())
            seen(int(re.search(r"^@n: (\d+)$", out, re.M)[1]), "bpftrace")
            return cost()
        return measure

    def perf():
        """The tracepoint recording that perf lock contention uses without BPF."""
        out = "/tmp/perf.data"
        b.run("perf", "record", "-q", "-a", "-m", "16M", "-e", "lock:contention_begin", "-e", "lock:contention_end",
              "-o", out, "--", work())
        os.unlink(out)
        return cost()

    def job_lock():
        if not os.path.isdir("/sys/module/kobs_gen_lock"):
            subprocess.run(["insmod", f"{os.environ['KOBS_MODULES']}/kobs_gen_lock.ko"], check=True)
        gen(f"bench {PAIRS}")
        free = cost()

        def added(wait):
            return None if wait is None else wait - free
        peers = [("bpftrace, by lock", added(b.attempt("bpftrace", bpftrace()))),
                 ("perf record of both events", added(b.attempt("perf record", perf)))]
        b.line("lock contention by lock,kind", added(b.own(kobs("--by", "lock,kind"))), 400, peers)
        for by in "lock,kind,owner", "lock,kind,caller", "lock,kind,kstack":
            b.line(f"lock contention by {by}", added(b.own(kobs("--by", by))), None, [])
        b.line("lock contention by lock,cache,kind,caller", added(b.own(kobs())), None, [])
        b.line("lock contention --over, a wait that is short", added(b.own(slow)), 750, [])
        b.line("lock stalls, a wait that is none", added(b.own(stalls)), None, [])
        gen(f"bench {PAIRS}")
        if abs(cost() - free) > 0.5:
            raise SystemExit(f"bench: an untraced wait takes {cost()}, not {free}: something was left behind")
        b.notes.append(f"a wait that nobody observes: {free:.1f}")
        subprocess.run(["rmmod", "kobs_gen_lock"], check=True)

    return {"lock": job_lock}
