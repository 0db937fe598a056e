# SPDX-License-Identifier: GPL-2.0
"""
Jobs of the benchmarks (see bench) for heaps of processes: what following them adds to a pair of malloc() and free().
"""

import json
import os
import re

HEAP = f"{os.environ['KOBS_SRC']}/build/selftests/uheap"
ROUND = 1000
PAIRS = 12 * ROUND      # the best round of 12 counts


def jobs(b):
    """The jobs; b is the module bench."""

    def per_pair(out):
        return float(re.search(r"([\d.]+) ns", out)[1])

    def pair():
        return min(per_pair(b.run(HEAP, "bench", str(ROUND))) for _ in range(3))

    def own(*args):
        def measure():
            out = b.run("obsctl", "mem", "user", *args, "--budget", "0", "--json", "-o", "/tmp/report", "--", HEAP, "bench", str(ROUND))
            report = json.loads(b.read("/tmp/report"))
            b.balanced(report)
            pairs = sum(r["freed"] for r in report["rows"] if "uh_malloc" in json.dumps(r["ustack"]))
            if pairs != PAIRS:
                raise b.Absent(f"kobs saw {pairs} of {PAIRS} pairs")
            return per_pair(out)
        return measure

    def bpftrace(program):
        return lambda: per_pair(b.run("bpftrace", "-e", program, "-c", f"{HEAP} bench {ROUND}"))

    def job_heap():
        plain = pair()
        libc = re.search(r"\S*/libc\.so\.6", b.run("ldd", HEAP))[0]
        probes = (f"uprobe:{libc}:malloc {{ @s[tid] = arg0; }} "
                  f"uretprobe:{libc}:malloc /@s[tid]/ {{ @o[retval] = @s[tid]; @k[retval] = ustack; delete(@s[tid]); }} "
                  f"uprobe:{libc}:free /@o[arg0]/ {{ delete(@o[arg0]); delete(@k[arg0]); }} END {{ clear(@s); clear(@o); clear(@k); }}")
        b.notes.append(f"unfollowed pair of malloc() and free(): {plain:.1f}")
        for what, args, limit, peers in (("mem user by ustack, a pair of malloc() and free()", (), 6000, [
                                              ("bpftrace, live objects by stack", bpftrace(probes))]),
                                         ("mem user --sites, a pair of malloc() and free()", ("--sites",), 5500, [])):
            cost = b.own(own(*args)) - plain
            b.line(what, cost, limit, [(name, (lambda c: None if c is None else c - plain)(b.attempt(name, peer))) for name, peer in peers])

    return {"heap": job_heap}
