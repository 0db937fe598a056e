#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""
compare_memleak.py [user]

The guest's part of tests/compare-memleak: one staged run, observed by kobs and by bcc's memleak; of a module, or of a process.
"""

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
UHEAP = f"{os.environ['KOBS_SRC']}/build/selftests/uheap"
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

# Commands for uheap, the function that calls the allocator, and the number of objects left. What is resized is another object.
USER_STAGES = [
    ("clean calloc 1000 200", "uh_calloc", 0),
    ("clean posix_memalign 1000 200", "uh_posix_memalign", 0),
    ("clean aligned_alloc 1000 200", "uh_aligned_alloc", 0),
    ("cross 300 56", "uh_malloc", 0),
    ("nothing 200", "uh_nothing", 0),
    ("grow 120 16 5000", "uh_realloc", 120),
    ("leak memalign 100 200", "uh_memalign", 100),
    ("leak reallocarray 80 64", "uh_reallocarray", 80),
    ("sized 500 40", "uh_operator_new", 0),
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


class OfModule:
    """What kobs_gen_slab does."""
    name, stages, frame = "the kernel's", STAGES, r"\b(gen_\w+)"
    kobs, memleak = ("slab", "leaks"), ()

    @staticmethod
    def run():
        stage()

    @staticmethod
    def end():
        gen("drop")


class OfProcess:
    """What uheap does, which waits until it is observed, and again before it ends."""
    name, stages, frame = "the process's", USER_STAGES, r"\b(uh_\w+)"

    def __init__(self):
        words = " ".join(command for command, _, _ in USER_STAGES).split()
        self.p = subprocess.Popen([UHEAP, "wait", *words, "wait"], stdin=subprocess.PIPE)
        self.kobs, self.memleak = ("mem", "user", "-p", str(self.p.pid)), ("-p", str(self.p.pid))

    def run(self):
        self.p.stdin.write(b"x")
        self.p.stdin.flush()
        time.sleep(5)

    def end(self):
        self.p.stdin.close()
        self.p.wait()


def site_of(row):
    """The function that called the allocator."""
    return row["site"].split("+")[0] if "site" in row else row["ustack"][1].split("+")[0] if len(row["ustack"]) > 1 else ""


def by_kobs(subject):
    p = subprocess.Popen(["obsctl", *subject.kobs, "--json", "--budget", "0"], stdout=subprocess.PIPE, text=True)
    wait_for(lambda: any(s["state"] == "started" for s in sessions()), "kobs to observe")
    subject.run()
    p.send_signal(signal.SIGTERM)
    report = json.loads(p.communicate()[0])
    subject.end()
    live = {}
    for row in report["rows"]:
        live[site_of(row)] = live.get(site_of(row), 0) + row["live"]
    return live


def attached(pid):
    """memleak's enabled tracepoints."""
    try:
        links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    except OSError:
        return 0
    return sum("bpf-prog" in link or "perf_event" in link for link in links)


def by_memleak(subject):
    p = subprocess.Popen([MEMLEAK, *subject.memleak, "-T", "100000", "10"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
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
    subject.run()
    # The next complete report.
    begin = len(lines)

    def headings():
        return [i for i in range(begin, len(lines)) if re.match(r"\[\d\d:\d\d:\d\d\]", lines[i])]
    wait_for(lambda: len(headings()) >= 2, "memleak's report")
    p.kill()
    p.wait()
    subject.end()
    live = {}
    others = 0
    first, last = headings()[:2]
    for block in re.split(r"(?=^\t\d+ bytes in \d+ allocations from stack)", "".join(lines[first:last]), flags=re.M)[1:]:
        n = int(re.match(r"\t\d+ bytes in (\d+) allocations", block)[1])
        frame = re.search(subject.frame, block)
        if frame:
            live[frame[1]] = live.get(frame[1], 0) + n
        else:
            others += n
    return live, others, "".join(lines)


def main():
    user = sys.argv[1:] == ["user"]
    for m in ("kobs",) if user else ("kobs", "kobs_gen_slab"):
        subprocess.run(["insmod", f"{MODULES}/{m}.ko"], check=True)
    kind = OfProcess if user else OfModule
    kobs = by_kobs(kind())
    memleak, others, raw = by_memleak(kind())
    if not memleak and not others:
        sys.exit(f"memleak reported nothing:\n{raw[-3000:]}")
    print(f"{'SITE':28}{'TRUTH':>8}{'KOBS':>8}{'MEMLEAK':>9}")
    wrong = false = 0
    for _, site, truth in kind.stages:
        print(f"{site:28}{truth:8}{kobs.get(site, 0):8}{memleak.get(site, 0):9}")
        wrong += kobs.get(site, 0) != truth
        false += abs(memleak.get(site, 0) - truth)
    leaks = sum(truth for _, _, truth in kind.stages)
    print(f"\nkobs: {sum(kobs.get(site, 0) for _, site, _ in kind.stages)} live objects at these sites, {leaks} are there")
    print(f"memleak: {sum(memleak.get(site, 0) for _, site, _ in kind.stages)}, off by {false} in all; "
          f"{others} more of {kind.name} own")
    sys.exit(1 if wrong else 0)


main()
