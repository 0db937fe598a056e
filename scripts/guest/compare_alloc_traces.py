#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What tests/compare-alloc-traces does in the guest: live objects by site, as kobs and as slab_debug=U have them."""

import glob
import json
import os
import re
import subprocess
import sys
import time

MODULES = os.environ["KOBS_MODULES"]
RUN = "/sys/kernel/debug/kobs_gen_slab/run"
LINE = re.compile(r"^\s*(\d+) (\S+?)\+(0x[0-9a-f]+)/0x[0-9a-f]+(?: \[(\w+)\])?.* age=(\d+)(?:/\d+/(\d+))?", re.M)

# Commands for kobs_gen_slab, and the sites that hold objects then. The pages of large objects are no slab's.
COMMANDS = ["leak kmalloc task 70 200", "leak cache softirq 30", "leak zalloc_node hardirq 20 300", "leak krealloc task 15 100",
            "hold 40", "clean kfree_rcu 300", "clean cache_free_bulk 160", "storm 500"]
SITES = {"gen_leak_kmalloc": 70, "gen_leak_cache": 30, "gen_leak_zalloc_node": 20, "gen_leak_krealloc": 15, "gen_hold_alloc": 40}


def gen(command):
    fd = os.open(RUN, os.O_WRONLY)
    try:
        os.write(fd, command.encode())
    finally:
        os.close(fd)


def alloc_traces():
    """{(cache, site): (objects, age of the oldest in ticks)}"""
    found = {}
    for path in glob.glob("/sys/kernel/debug/slab/*/alloc_traces"):
        cache = path.split("/")[-2]
        with open(path, encoding="utf-8", errors="replace") as f:
            for n, name, offset, module, first, last in LINE.findall(f.read()):
                site = f"{name}+{offset}" + (f" [{module}]" if module else "")
                have, oldest = found.get((cache, site), (0, 0))
                found[cache, site] = (have + int(n), max(oldest, int(last or first)))
    return found


def main():
    if not glob.glob("/sys/kernel/debug/slab/*/alloc_traces"):
        sys.exit("this kernel keeps no alloc_traces: is it booted with slab_debug=U, and has it SLUB_DEBUG?")
    for m in ("kobs", "kobs_gen_slab"):
        subprocess.run(["insmod", f"{MODULES}/{m}.ko"], check=True)
    subprocess.run(["obsctl", "slab", "leaks", "--detach", "compare", "--budget", "0"], check=True, capture_output=True)
    begin = time.monotonic()
    for command in COMMANDS:
        gen(command)
    time.sleep(3)
    since = time.monotonic() - begin
    traces = alloc_traces()
    out = subprocess.run(["obsctl", "session", "stop", "compare", "--json"], check=True, capture_output=True, text=True).stdout
    rows = {(r["cache"], r["site"]): r["live"] for r in json.loads(out)["rows"] if r["live"]}

    print(f"{'SITE':44}{'CACHE':24}{'KOBS':>8}{'ALLOC_TRACES':>14}")
    wrong = 0
    for name, n in SITES.items():
        ours = {k: v for k, v in rows.items() if k[1].startswith(name + "+")}
        theirs = {k: v[0] for k, v in traces.items() if k[1].startswith(name + "+")}
        for cache, site in sorted(ours.keys() | theirs.keys()):
            print(f"{site:44}{cache:24}{ours.get((cache, site), 0):8}{theirs.get((cache, site), 0):14}")
        wrong += ours != theirs or sum(ours.values()) != n

    # Of the rest of the kernel: sites all of whose objects are younger than the session, at the same place in both.
    ticks = os.sysconf("SC_CLK_TCK")
    young = {k: v[0] for k, v in traces.items() if v[1] < since * ticks * 0.9 and "[kobs" not in k[1]}
    same = sum(rows.get(k, 0) == n for k, n in young.items())
    print(f"\n{same} of {len(young)} other sites, whose objects are all younger than the session, have the same number; the others are")
    for k, n in sorted(young.items()):
        if rows.get(k, 0) != n:
            print(f"{k[1]:44}{k[0]:24}{rows.get(k, 0):8}{n:14}")
    gen("drop")
    gen("release")
    sys.exit(1 if wrong else 0)


main()
