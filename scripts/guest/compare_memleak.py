#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The guest's part of tests/compare-memleak: one staged run, observed by kobs and by bcc's memleak."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

MODULES = os.environ["KOBS_MODULES"]
RUN = "/sys/kernel/debug/kobs_gen_slab/run"
MEMLEAK = "memleak-bpfcc"
WAIT = 300

# Commands for kobs_gen_slab, their site, and the number of objects left.
STAGES = [
    ("clean kfree 1000 200", "gen_clean_kfree", 0),
    ("clean kfree_rcu 1000 200", "gen_clean_kfree_rcu", 0),
    ("clean headless 1000 200", "gen_clean_headless", 0),
    ("clean kfree_bulk 1024 200", "gen_clean_kfree_bulk", 0),
    ("clean cache_free_bulk 1024", "gen_clean_cache_free_bulk", 0),
    ("clean other_cpu 1000 200", "gen_clean_other_cpu", 0),
    ("clean irq_free 1000 200", "gen_clean_irq_free", 0),
    ("clean krealloc 1000 200", "gen_clean_krealloc", 0),
    ("clean bulk 1024", "gen_clean_bulk", 0),
    ("storm 2000", "gen_storm_alloc", 0),
    ("leak kmalloc task 100 200", "gen_leak_kmalloc", 100),
    ("leak bulk task 100", "gen_leak_bulk", 100),
]


def gen(command):
    fd = os.open(RUN, os.O_WRONLY)
    try:
        os.write(fd, command.encode())
    finally:
        os.close(fd)


def stage():
    """The run; objects that RCU holds back are freed when this returns."""
    for command, _, _ in STAGES:
        gen(command)
    time.sleep(3)


def wait_for(fn, what):
    end = time.monotonic() + WAIT
    while not fn():
        if time.monotonic() > end:
            sys.exit(f"waited {WAIT} s in vain for {what}")
        time.sleep(0.2)


def sessions():
    out = subprocess.run(["obsctl", "session", "list", "--json"], capture_output=True, text=True, check=True).stdout
    return json.loads(out)["sessions"]


def by_kobs():
    p = subprocess.Popen(["obsctl", "slab", "leaks", "--json", "--budget", "0"], stdout=subprocess.PIPE, text=True)
    wait_for(lambda: any(s["state"] == "started" for s in sessions()), "kobs to observe")
    stage()
    p.send_signal(signal.SIGTERM)
    report = json.loads(p.communicate()[0])
    gen("drop")
    live = {}
    for row in report["rows"]:
        site = row["site"].split("+")[0]
        live[site] = live.get(site, 0) + row["live"]
    return live


def attached(pid):
    """memleak's enabled tracepoints."""
    try:
        links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    except OSError:
        return 0
    return sum("bpf-prog" in link or "perf_event" in link for link in links)


def by_memleak():
    p = subprocess.Popen([MEMLEAK, "-T", "100000", "10"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         env={**os.environ, "PYTHONUNBUFFERED": "1"})
    counts = []
    lines = []

    def collect():
        for line in p.stdout:
            lines.append(line)

    def steady():
        if p.poll() is not None:
            sys.exit(f"memleak ended at once:\n{''.join(lines)}")
        counts.append(attached(p.pid))
        # No new attachment for four seconds.
        return counts[-1] and len(counts) > 20 and len(set(counts[-20:])) == 1
    threading.Thread(target=collect, daemon=True).start()
    wait_for(steady, "memleak to attach")
    stage()
    # The next complete report.
    begin = len(lines)

    def headings():
        return [i for i in range(begin, len(lines)) if re.match(r"\[\d\d:\d\d:\d\d\]", lines[i])]
    wait_for(lambda: len(headings()) >= 2, "memleak's report")
    p.kill()
    p.wait()
    gen("drop")
    live = {}
    others = 0
    first, last = headings()[:2]
    for block in re.split(r"(?=^\t\d+ bytes in \d+ allocations from stack)", "".join(lines[first:last]), flags=re.M)[1:]:
        n = int(re.match(r"\t\d+ bytes in (\d+) allocations", block)[1])
        frame = re.search(r"\b(gen_\w+)", block)
        if frame:
            live[frame[1]] = live.get(frame[1], 0) + n
        else:
            others += n
    return live, others, "".join(lines)


def main():
    for m in ("kobs", "kobs_gen_slab"):
        subprocess.run(["insmod", f"{MODULES}/{m}.ko"], check=True)
    kobs = by_kobs()
    memleak, others, raw = by_memleak()
    if not memleak and not others:
        sys.exit(f"memleak reported nothing:\n{raw[-3000:]}")
    print(f"{'SITE':28}{'TRUTH':>8}{'KOBS':>8}{'MEMLEAK':>9}")
    wrong = false = 0
    for _, site, truth in STAGES:
        print(f"{site:28}{truth:8}{kobs.get(site, 0):8}{memleak.get(site, 0):9}")
        wrong += kobs.get(site, 0) != truth
        false += abs(memleak.get(site, 0) - truth)
    leaks = sum(truth for _, _, truth in STAGES)
    print(f"\nkobs: {sum(kobs.get(site, 0) for _, site, _ in STAGES)} live objects at these sites, {leaks} are there")
    print(f"memleak: {sum(memleak.get(site, 0) for _, site, _ in STAGES)}, off by {false} in all; "
          f"{others} more of the kernel's own")
    sys.exit(1 if wrong else 0)


main()
