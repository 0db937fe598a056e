# SPDX-License-Identifier: GPL-2.0
"""
Jobs of the benchmarks (see bench) for slab: what following objects adds to a pair of an allocation and a free.
"""

import json
import os
import re
import signal
import subprocess
import time

GEN = "/sys/kernel/debug/kobs_gen_slab/"
PAIRS = 5000            # of one round; the best of 5 counts
TRACED = 5 * PAIRS      # pairs a tracker must see
plain = {}              # by kind: a pair that nobody follows


def jobs(b):
    """The jobs; b is the module bench."""

    def gen(command):
        with open(GEN + "run", "w", encoding="utf-8") as f:
            f.write(command)

    def pair(kind):
        gen(f"bench {kind} {PAIRS}")
        return int(b.read(GEN + "bench")) / 1000

    def work(kind):
        name = "/tmp/work"
        with open(name, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\nexec echo bench {kind} {PAIRS} >{GEN}run\n")
        os.chmod(name, 0o755)
        return name

    def result():
        return int(b.read(GEN + "bench")) / 1000

    def seen(pairs, who):
        if pairs != TRACED:
            raise b.Absent(f"{who} saw {pairs} of {TRACED} pairs")

    def own(kind, *args, follows=True):
        """Best of several runs: the sampled addresses are random."""
        def measure():
            least = None
            for _ in range(1 if follows else 4):
                out = b.run("obsctl", "slab", "leaks", *args, "--budget", "0", "--json", "-n", "0", "--", work(kind))
                report = json.loads(out.splitlines()[-1])
                b.balanced(report)
                rows = [r for r in report["rows"] if "gen_bench" in json.dumps(r.get("site", r.get("kstack")))]
                freed = sum(r["freed"] for r in rows)
                if follows:
                    seen(freed, "kobs")
                elif freed:
                    continue
                least = min(result(), least or 1e9)
            if least is None:
                raise b.Absent("the pairs' address was followed each time")
            return least
        return measure

    def bpftrace(program):
        def measure():
            out = b.run("bpftrace", "-e", program, "-c", "/bin/sh " + work("kmalloc"))
            # Other code allocates objects of this size as well.
            if sum(map(int, re.findall(r"^@n: (\d+)$", out, re.M))) < TRACED:
                raise b.Absent(f"bpftrace saw too few pairs: {out[-200:]}")
            return result()
        return measure

    def memleak():
        p = subprocess.Popen(["python3", "-u", b.shutil.which("memleak-bpfcc") or "", "-o", "0", "1000"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True)
        try:
            while "Attaching" not in (line := p.stdout.readline()):
                if not line:
                    raise b.Absent("memleak-bpfcc did not start")
            # It prints this before it has attached.
            cost = 0
            for _ in range(60):
                time.sleep(1)
                last, cost = cost, pair("kmalloc")
                if cost > 2 * plain["kmalloc"] and cost == last:
                    break
            else:
                raise b.Absent("memleak-bpfcc attached to nothing")
            return cost
        finally:
            p.send_signal(signal.SIGINT)
            p.communicate()

    def events(trigger=None):
        def measure():
            names = ["kmalloc"] if trigger else ["kmalloc", "kfree"]
            b.tracing("buffer_size_kb", "65536")
            try:
                for name in names:
                    if trigger:
                        b.tracing(f"events/kmem/{name}/trigger", trigger)
                    else:
                        b.tracing(f"events/kmem/{name}/enable", "1")
                return pair("kmalloc")
            finally:
                for name in names:
                    if trigger:
                        b.tracing(f"events/kmem/{name}/trigger", "!" + trigger, os.O_APPEND)
                    else:
                        b.tracing(f"events/kmem/{name}/enable", "0")
                b.tracing("trace", "")
                b.tracing("buffer_size_kb", "16")
        return measure

    def let_go(name):
        for _ in range(50):
            if all(abs(pair(kind) - cost) < 0.5 for kind, cost in plain.items()):
                return
            time.sleep(0.1)
        raise SystemExit(f"bench: {name} left something behind: a pair takes {pair('kmalloc')}, not {plain['kmalloc']}")

    def cost(name, measure, kind):
        b.say(f"  {name}")
        try:
            got = measure() - plain[kind]
        except (b.Absent, OSError) as e:
            if name == "kobs":
                raise SystemExit(f"bench: {e}") from e
            b.notes.append(f"{name}: {e}")
            got = None
        let_go(name)
        return got

    def row(what, kind, limit, measure, peers=()):
        got = cost("kobs", measure, kind)
        b.line(what, got, limit, [(name, cost(name, peer, kind)) for name, peer in peers])

    def memory():
        y = b.netlink()

        def of(objects):
            s = y.do("session-new", {"source": "slab", "mode": "leaks", "param": [{"name": "objects", "number": objects}]})
            y.do("session-del", {"id": s["id"]})
            return s["memory"]
        few, many = 1 << 10, 1 << 18
        return (of(many) - of(few)) / (many - few)

    def stack():
        """Cost of stack_trace_save() at this depth; the limit of kobs is 400 above it."""
        if "calldeep" not in b.plain:
            b.plain["calldeep"] = b.bench("calldeep")
        return b.bench("stack") - b.plain["calldeep"]

    def unfollowed():
        for kind in ("kmalloc", "cache", "helper", "deep"):
            plain[kind] = pair(kind)

    def job_memleak():
        """A separate job, since the tool takes long to start."""
        unfollowed()
        row("slab leaks by kstack, a kmalloc pair", "kmalloc", None, own("kmalloc", "--by", "kstack"),
            [("bcc memleak", memleak)])

    def job_slab():
        unfollowed()
        b.notes.append(f"unfollowed pair: kmalloc {plain['kmalloc']:.1f}, kmem_cache {plain['cache']:.1f}")
        row("slab leaks by site, a kmalloc pair", "kmalloc", 300, own("kmalloc", "--by", "site"), [
            ("(empty probes)", lambda: pair("probes")),
            ("hist trigger, allocations only", events("hist:keys=call_site:values=bytes_alloc")),
            ("kmem events", events()),
            ("bpftrace, outstanding by site", bpftrace(
                "tracepoint:kmem:kmalloc { @site[args->ptr] = args->call_site; @size[args->ptr] = args->bytes_alloc; "
                "@live[args->call_site] = @live[args->call_site] + args->bytes_alloc; } "
                "tracepoint:kmem:kfree /@site[args->ptr]/ { "
                "@live[@site[args->ptr]] = @live[@site[args->ptr]] - @size[args->ptr]; "
                "if (@size[args->ptr] == 64) { @n = @n + 1; } delete(@site[args->ptr]); delete(@size[args->ptr]); } "
                "END { clear(@site); clear(@size); clear(@live); }"))])
        row("slab leaks by site, a kmem_cache pair", "cache", 300, own("cache", "--by", "site"))
        row("slab leaks by site, a kasprintf pair", "helper", 1600, own("helper", "--by", "site"))
        row("slab leaks --sample 100, a pair not followed", "kmalloc", 120, own("kmalloc", "--by", "site", "--sample", "100", follows=False))
        row("slab leaks by kstack, a kmalloc pair", "kmalloc", 800, own("kmalloc", "--by", "kstack"))
        save = stack()
        row("slab leaks by kstack, 20 deep", "deep", save + 400, own("deep", "--by", "kstack"),
            [("(stack_trace_save(), once)", lambda: save + plain["deep"])])
        b.line("slab: memory of an object at 90 % fill, bytes", memory(), 64, [])

    return {"slab": job_slab, "memleak": job_memleak}
