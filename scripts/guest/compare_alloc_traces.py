#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The guest's part of tests/compare-alloc-traces: live objects by site, according to kobs and to slab_debug=U."""

import glob
import json
import os
import re
import subprocess
import sys
import time

MODULES = os.environ["KOBS_MODULES"]
RUN = "/sys/kernel/debug/kobs_gen_slab/run"
LINE = re.compile(r"^\s*(\d+) (\S+?)\+(0x[0-9a-f]+)/0x[0-9a-f]+(?: \[(\w+)\])?", re.M)

# Commands for kobs_gen_slab, and the sites that hold objects afterwards. Large objects are pages outside any slab.
COMMANDS = ["leak kmalloc task 70 200", "leak cache softirq 30", "leak zalloc_node softirq 20 300",
            "hold 40", "clean kfree_rcu 300", "clean cache_free_bulk 160", "storm 500"]
SITES = {"gen_leak_kmalloc": 70, "gen_leak_cache": 30, "gen_leak_zalloc_node": 20, "gen_hold_alloc": 40}


def gen(command):
    fd = os.open(RUN, os.O_WRONLY)
    try:
        os.write(fd, command.encode())
    finally:
        os.close(fd)


def alloc_traces():
    """{(cache, site): objects}"""
    found = {}
    for path in glob.glob("/sys/kernel/debug/slab/*/alloc_traces"):
        cache = path.split("/")[-2]
        with open(path, encoding="utf-8", errors="replace") as f:
            for n, name, offset, module in LINE.findall(f.read()):
                site = f"{name}+{offset}" + (f" [{module}]" if module else "")
                found[cache, site] = found.get((cache, site), 0) + int(n)
    return found


def by_kobs(verb):
    out = subprocess.run(["obsctl", "session", verb, "compare", "--json"], check=True, capture_output=True, text=True).stdout
    return {(r["cache"], r["site"]): r for r in json.loads(out)["rows"]}


def main():
    if not glob.glob("/sys/kernel/debug/slab/*/alloc_traces"):
        sys.exit("this kernel keeps no alloc_traces: is it booted with slab_debug=U, and has it SLUB_DEBUG?")
    for m in ("kobs", "kobs_gen_slab"):
        subprocess.run(["insmod", f"{MODULES}/{m}.ko"], check=True)
    subprocess.run(["obsctl", "slab", "leaks", "--detach", "compare", "--budget", "0"], check=True, capture_output=True)
    rows_before = by_kobs("read")
    traces_before = alloc_traces()
    for command in COMMANDS:
        gen(command)
    sleepers = [subprocess.Popen(["sleep", "1000"]) for _ in range(5)]
    time.sleep(3)
    traces = alloc_traces()
    report = by_kobs("stop")
    rows = {k: r["live"] for k, r in report.items() if r["live"]}
    for p in sleepers:
        p.kill()
        p.wait()

    print(f"{'SITE':44}{'CACHE':24}{'KOBS':>8}{'ALLOC_TRACES':>14}")
    wrong = 0
    for name, n in SITES.items():
        ours = {k: v for k, v in rows.items() if k[1].startswith(name + "+")}
        theirs = {k: v for k, v in traces.items() if k[1].startswith(name + "+")}
        for cache, site in sorted(ours.keys() | theirs.keys()):
            print(f"{site:44}{cache:24}{ours.get((cache, site), 0):8}{theirs.get((cache, site), 0):14}")
        wrong += ours != theirs or sum(ours.values()) != n

    # The rest of the kernel: objects that sites allocated meanwhile. Sites that freed objects are excluded, because KASAN
    # keeps freed objects in quarantine and the allocator counts them as live; so are caches for which the allocator records
    # no call sites (SLAB_NOLEAKTRACE).
    none = {"live": 0, "freed": 0}
    compared = same = 0
    print()
    for k, r in sorted(report.items()):
        ours = r["live"] - rows_before.get(k, none)["live"]
        theirs = traces.get(k, 0) - traces_before.get(k, 0)
        if "[kobs" in k[1] or ours <= 0 or r["freed"] or k[0].startswith(("kmemleak_", "debug_objects_")):
            continue
        compared += 1
        same += ours == theirs
        if ours != theirs:
            print(f"{k[1]:44}{k[0]:24}{ours:8}{theirs:14}")
    print(f"{same} of {compared} other sites that took objects and freed none have the same number; the readings are some ms "
          "apart, and making them takes objects, too")
    gen("drop")
    gen("release")
    sys.exit(1 if wrong else 0)


main()
