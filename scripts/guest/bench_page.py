# SPDX-License-Identifier: GPL-2.0
"""
Jobs of the benchmarks (see bench) for pages and percpu areas: what following them adds to a pair of an allocation and a free.
"""

import json
import os
import re

GEN = "/sys/kernel/debug/kobs_gen_page/"
PAIRS = 5000            # of one round; the best of 5 counts
TRACED = 5 * PAIRS      # pairs a tracker must see


def jobs(b):
    """The jobs; b is the module bench."""

    def pair(command="bench"):
        with open(GEN + "run", "w", encoding="utf-8") as f:
            f.write(f"{command} {PAIRS}")
        return int(b.read(GEN + "bench")) / 1000

    def work(command="bench"):
        name = "/tmp/work"
        with open(name, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\nexec echo {command} {PAIRS} >{GEN}run\n")
        os.chmod(name, 0o755)
        return name

    def own(*args, kind="page", command="bench"):
        def measure():
            out = b.run("obsctl", "mem", "leaks", "--kind", kind, *args, "--budget", "0", "--json", "-n", "0", "--", work(command))
            report = json.loads(out.splitlines()[-1])
            b.balanced(report)
            rows = [r for r in report["rows"] if "gen_bench" in json.dumps(r.get("site", r.get("kstack")))]
            freed = sum(r["freed"] for r in rows)
            if freed != TRACED:
                raise b.Absent(f"kobs saw {freed} of {TRACED} pairs")
            return int(b.read(GEN + "bench")) / 1000
        return measure

    def bpftrace(program, command="bench"):
        def measure():
            out = b.run("bpftrace", "-e", program, "-c", "/bin/sh " + work(command))
            if sum(map(int, re.findall(r"^@n: (\d+)$", out, re.M))) < TRACED:
                raise b.Absent(f"bpftrace saw too few pairs: {out[-200:]}")
            return int(b.read(GEN + "bench")) / 1000
        return measure

    def cost(name, measure, plain):
        b.say(f"  {name}")
        try:
            return measure() - plain
        except (b.Absent, OSError) as e:
            if name == "kobs":
                raise SystemExit(f"bench: {e}") from e
            b.notes.append(f"{name}: {e}")
            return None

    def memory():
        y = b.netlink()

        def of(blocks):
            s = y.do("session-new", {"source": "page", "mode": "leaks", "param": [{"name": "objects", "number": blocks}]})
            y.do("session-del", {"id": s["id"]})
            return s["memory"]
        few, many = 1 << 10, 1 << 18
        return (of(many) - of(few)) / (many - few)

    def job_page():
        plain = pair()
        b.notes.append(f"unfollowed pair of a page: {plain:.1f}")
        for what, args, limit, peers in (
                ("mem leaks by site, a pair of a page", ("--by", "site"), 260, [
                    ("(empty probes)", lambda: pair("probes")),
                    ("bpftrace, count alone", bpftrace(
                        "tracepoint:kmem:mm_page_alloc { @a = count(); } tracepoint:kmem:mm_page_free { @n = @n + 1; } END { clear(@a); }")),
                    ("bpftrace, live pages by stack", bpftrace(
                        "tracepoint:kmem:mm_page_alloc { @s[args->pfn] = kstack; @o[args->pfn] = 1; } "
                        "tracepoint:kmem:mm_page_free /@o[args->pfn]/ { @n = @n + 1; delete(@s[args->pfn]); delete(@o[args->pfn]); } "
                        "END { clear(@s); clear(@o); }"))]),
                ("mem leaks by kstack, a pair of a page", ("--by", "kstack"), 800, []),
                ("mem leaks --dump, a pair of a page", ("--by", "site", "--dump", "1"), None, [])):
            got = cost("kobs", own(*args), plain)
            b.line(what, got, limit, [(name, cost(name, peer, plain)) for name, peer in peers])
        b.line("page: memory of a block at 90 % fill, bytes", memory(), 32, [])

    def job_percpu():
        command = "bench percpu"
        plain = min(pair(command) for _ in range(3))
        b.notes.append(f"unfollowed pair of a percpu area: {plain:.1f}")
        for what, args, limit, peers in (
                ("mem leaks by site, a pair of a percpu area", ("--by", "site"), 250, [
                    ("bpftrace, live areas by site", bpftrace(
                        "tracepoint:percpu:percpu_alloc_percpu { @s[args->ptr] = args->call_site; } "
                        "tracepoint:percpu:percpu_free_percpu /@s[args->ptr]/ { @n = @n + 1; delete(@s[args->ptr]); } END { clear(@s); }",
                        command))]),
                ("mem leaks by kstack, a pair of a percpu area", ("--by", "kstack"), None, [])):
            got = cost("kobs", own(*args, kind="percpu", command=command), plain)
            b.line(what, got, limit, [(name, cost(name, peer, plain)) for name, peer in peers])

    return {"page": job_page, "percpu": job_percpu}
