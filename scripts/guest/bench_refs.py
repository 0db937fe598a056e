# SPDX-License-Identifier: GPL-2.0
"""
Jobs of the benchmarks (see bench) for references: what following them adds to a pair of a get and a put.
"""

import json
import os

GEN = "/sys/kernel/debug/kobs_gen_ref/"
SLAB = "/sys/kernel/debug/kobs_gen_slab/"
PAIRS = 5000            # of one round; the best of 5 counts
TRACED = 5 * PAIRS


def jobs(b):
    """The jobs; b is the module bench."""

    def pair():
        with open(GEN + "run", "w", encoding="utf-8") as f:
            f.write(f"bench {PAIRS}")
        return int(b.read(GEN + "bench")) / 1000

    def work():
        name = "/tmp/work"
        with open(name, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\nexec echo bench {PAIRS} >{GEN}run\n")
        os.chmod(name, 0o755)
        return name

    def slab(command):
        with open(SLAB + "run", "w", encoding="utf-8") as f:
            f.write(command)
        return int(b.read(SLAB + "bench")) / 1000

    def slab_own():
        """A pair of kmalloc() and kfree() at another site than the one that is followed."""
        out = b.run("obsctl", "mem", "refs", "--get", "gen_ref_get", "--put", "gen_ref_put", "--site", "gen_ref_make", "--budget", "0", "--json",
                    "--", "/bin/sh", "-c", f"exec echo bench kmalloc {PAIRS} >{SLAB}run")
        b.balanced(json.loads(out.splitlines()[-1]))
        return int(b.read(SLAB + "bench")) / 1000

    def own(*args, follows=True):
        def measure():
            out = b.run("obsctl", "mem", "refs", "--get", "gen_ref_get", "--put", "gen_ref_put", *args, "--budget", "0", "--json", "-n", "0",
                        "--", work())
            report = json.loads(out.splitlines()[-1])
            b.balanced(report)
            freed = sum(r["freed"] for r in report["rows"] if "gen_user" in json.dumps(r["kstack"]))
            if not follows and freed + report["accounting"]["filtered"] < 2 * TRACED:
                raise b.Absent(f"kobs saw too few of {TRACED} pairs")
            if follows and freed != TRACED:
                raise b.Absent(f"kobs saw {freed} of {TRACED} pairs")
            return int(b.read(GEN + "bench")) / 1000
        return measure

    def bpftrace():
        out = b.run("bpftrace", "-e", "kprobe:gen_ref_get { @[arg0, kstack] = count(); } kprobe:gen_ref_put { @[arg0, kstack] = count(); } "
                    "END { clear(@); }", "-c", "/bin/sh " + work())
        if not out:
            raise b.Absent("bpftrace said nothing")
        return int(b.read(GEN + "bench")) / 1000

    def job_refs():
        plain = pair()
        b.notes.append(f"unfollowed pair of a get and a put: {plain:.1f}")
        peer = b.attempt("bpftrace, counts by object and stack", bpftrace)
        for what, args, limit, peers in (
                ("mem refs by kstack, a get and a put", (), 1800, [("bpftrace, counts by object and stack", peer)]),
                ("mem refs --sites, a get and a put", ("--sites",), 1700, []),
                ("mem refs, an object that has another reference", ("--new", "gen_ref_make=ret"), 2000, [])):
            cost = b.own(own(*args)) - plain
            b.line(what, cost, limit, [(name, None if c is None else c - plain) for name, c in peers])
        for what, site, limit in (("mem refs --site, an object of the site", "gen_ref_make", 2300),
                                  ("mem refs --site, an object of another site", "gen_ref_other", 1300)):
            b.line(what, b.own(own("--site", site, follows=site == "gen_ref_make")) - plain, limit, [])
        pairs = slab(f"bench kmalloc {PAIRS}")
        b.line("mem refs --site, a kmalloc pair of another site", b.own(slab_own) - pairs, 800, [])

    return {"refs": job_refs}
