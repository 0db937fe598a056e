# SPDX-License-Identifier: GPL-2.0
"""
Jobs of "bench" on kernel stacks: a stack from the stack cache, one that is
unwound, and the mixture that real work makes.
"""

import json
import os
import re

# Files, pipes and processes.
WORK = ("for i in 1 2 3; do t=/tmp/bench.$i; mkdir $t; cp -r /etc/default $t; ls -lR $t | sort | wc >/dev/null; "
        "grep -r xyzzy /etc/default; rm -r $t; done; true")
MIXED = "kmem_cache_free"


# The clock samples a loop in the kernel, which times itself.
PERIOD = 20000
LOOP = "/tmp/sampled"
LOOP_CALLS = 1000000


def mixed(b, *options):
    """Mean cost of timed hits in the handler, and the origin of their stacks."""
    out = b.run("obsctl", "func", "count", MIXED, "--by", "kstack", "--budget", "0", "--rows", "16384", "--json", *options,
                "--", "sh", "-c", WORK)
    r = json.loads(out.splitlines()[-1])
    b.balanced(r)
    return r["cost"]["ns_per_hit"], r["kernel_stacks"]


def jobs(b):
    """The jobs; b is the module bench."""

    def bpftrace(kind):
        return b.bpftrace(f"kprobe:{b.FUNC} {{ @[kstack] = count(); }}", kind, pattern=r"^\]: (\d+)$")

    def row(what, depth, limit, kind, peers, *options):
        def measure():
            out = b.run("obsctl", "func", "count", b.FUNC, "--by", "kstack", "--budget", "0", "--json", *options, "--",
                        b.work(f"bench {kind} {b.CALLS}"))
            r = json.loads(out.splitlines()[-1])
            b.seen(b.balanced(r), "kobs")
            if [len(row["kstack"]) for row in r["rows"]] != [depth]:
                raise b.Absent(f"there is not one stack of {depth} frames: {r['rows']}")
            return b.result()
        b.line(what.format(depth), b.own(measure) - b.plain[kind], limit, peers)

    def others(kind, save=None):
        if kind not in b.plain:
            b.plain[kind] = b.bench(kind)
        found = [(name, b.attempt(name, peer)) for name, peer in (
            ("stack_trace_save()", save and (lambda: b.bench(save))), ("bpftrace @[kstack]", bpftrace(kind))) if peer]
        return [(name, cost and cost - b.plain[kind]) for name, cost in found]

    def job_kstack():
        row("count by kstack, {} deep: cached", 20, 450, "call20", others("call20", "stack20"))
        peers = others("calldeep", "stack")
        row("count by kstack, {} deep: cached", 31, 1000, "calldeep", peers)
        # The cost of the unwinder is the kernel's.
        row("count by kstack, {} deep: unwound", 31, (peers[0][1] or 25000) * 1.1, "calldeep", peers, "--verify-stacks", "0")

        mixed(b)    # learns
        cost, k = b.own(lambda: mixed(b))
        unwound, _ = b.own(lambda: mixed(b, "--verify-stacks", "0"))
        b.line(f"{MIXED} by kstack, real work: in the handler", cost, None, [("(unwound each time)", unwound)])
        b.notes.append(f"{k['cached'] * 100 / (k['cached'] + k['unwound']):.1f} % of the stacks of real work from the caches")

    def job_samples():
        with open(LOOP, "w", encoding="ascii") as f:
            f.write(f"""#!/usr/bin/python3
import time
run = open("{b.GEN}run", "w")
begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
run.write("call task {LOOP_CALLS} 0")
run.flush()
print("took", time.clock_gettime_ns(time.CLOCK_MONOTONIC) - begin, flush=True)
""")
        os.chmod(LOOP, 0o755)

        def took(*line):
            return int(re.search(r"took (\d+)", b.run(*line, LOOP))[1])

        plain = min(took() for _ in range(3))

        def sample(*line):
            ns = min(took(*line) for _ in range(3))
            return (ns - plain) / (ns / PERIOD)

        def kobs(*options):
            return b.own(lambda: sample("obsctl", "pmu", "record", "-e", "cpu-clock", "-c", str(PERIOD), "--budget", "0",
                                        "-o", "/tmp/samples", *options, "--"))

        def perf(*options):
            return lambda: sample("perf", "record", "-B", "-N", "-q", "-o", "/tmp/perf.data", "-e", "cpu-clock", "-c",
                                  str(PERIOD), *options, "--")

        b.line("a sample of cpu-clock by cpu", kobs("--by", "cpu"), None, [("perf record", b.attempt("perf", perf()))])
        b.line("a sample of cpu-clock by kstack", kobs("--by", "kstack"), None,
               [("perf record -g", b.attempt("perf -g", perf("-g"))),
                ("(unwound each time)", kobs("--by", "kstack", "--verify-stacks", "0"))])

    return {"kstack": job_kstack, "samples": job_samples}
