# SPDX-License-Identifier: GPL-2.0
"""tests/matrix: which test runs on which kernel."""

import collections
import fnmatch
import json
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PATH = "tests/matrix"

# Guests: what is built for them (a kernel, or arm64); arguments of scripts/vm; seconds that a test file and the whole guest may
# take. The limits detect hangs; they allow for a busy host. (The arm64 guest's clock jumps while it waits for the host's disk, so
# only the whole guest has a limit. It has one processor that counts instructions, so that the PMU's counts are exact.) kmemleak
# makes the debug kernel two to three times as slow: it has a guest of its own. 255cpus has two CPUs, and could get 253 more.
# owner is debug, where the kernel itself knows who has each page.
# Guests have no cmpxchg16b (scripts/vm): kmalloc_nolock() succeeds for caches that are checked only.
CHECKED = "kmalloc-8k"
Guest = collections.namedtuple("Guest", "build vm file_limit limit")
GUESTS = {
    "debug": Guest("debug", ["--kernel", "debug", "--nmi", "--append", "kmemleak=off"], 1200, 4800),
    "kmemleak": Guest("debug", ["--kernel", "debug", "--nmi"], 1200, 7200),
    "6.1": Guest("6.1", ["--kernel", "6.1", "--nmi"], 600, 3600),
    "newest": Guest("newest", ["--kernel", "newest", "--nmi", "--append", f"slab_debug=F,{CHECKED}"], 600, 3600),
    "6.12": Guest("6.12", ["--kernel", "6.12", "--nmi"], 600, 3600),
    "6.12-rt": Guest("6.12-rt", ["--kernel", "6.12-rt", "--nmi"], 600, 3600),
    "6.1-rt": Guest("6.1-rt", ["--kernel", "6.1-rt", "--nmi"], 600, 3600),
    "owner": Guest("debug", ["--kernel", "debug", "--nmi", "--append", "kmemleak=off page_owner=on"], 1200, 2400),
    "255cpus": Guest("6.1", ["--kernel", "6.1", "--smp", "2,maxcpus=255"], 600, 1200),
    "arm64": Guest("arm64", ["--arch", "arm64", "--icount"], 100000, 3600),
}
BUILDS = list(dict.fromkeys(g.build for g in GUESTS.values()))

# In check-all, kmemleak may have a test of debug, as it is the same kernel.
STANDS_FOR = {"debug": "kmemleak"}

# Kernels that run on request only, with the tests of another kernel.
ALIASES = {"6.1-rt": "6.12-rt"}


class Row:
    """A line of the table: a file, or points of it whose names match a glob."""

    def __init__(self, line, number):
        fields = [f.strip() for f in line.split("|", 3)]
        self.number = number
        self.complaint = None if len(fields) == 4 else "four columns expected"
        what, check, every, self.reason = (fields + [""] * 4)[:4]
        self.file, _, glob = what.partition(":")
        self.glob = glob.strip()
        self.check, self.every = check.split(), every.split()

    def complaints(self):
        if self.complaint:
            yield self.complaint
        for k in self.check + self.every:
            if k not in GUESTS:
                yield f"there is no kernel '{k}'"
        if not self.reason:
            yield "no reason"
        if self.glob and self.every:
            yield "points run on all kernels of their file in check-all: leave the column empty"


class Matrix:
    def __init__(self, path=None):
        with open(path or f"{TOP}/{PATH}", encoding="utf-8") as f:
            lines = [(n, line.strip()) for n, line in enumerate(f, 1)]
        rows = [Row(line, n) for n, line in lines if line and not line.startswith("#")]
        self.files = {r.file: r for r in rows if not r.glob}
        self.points = [r for r in rows if r.glob]
        self.twice = [r for r in rows if not r.glob and self.files[r.file] is not r]

    def complaints(self):
        """Errors in the table, one line each."""
        there = {f[5:-3] for f in os.listdir(f"{TOP}/tests/selftests") if f.startswith("test_") and f.endswith(".py")}
        for r in [*self.files.values(), *self.points]:
            for c in r.complaints():
                yield f"{PATH}:{r.number}: {r.file}: {c}"
            if r.file not in there:
                yield f"{PATH}:{r.number}: there is no tests/selftests/test_{r.file}.py"
        for r in self.files.values():
            for k in {STANDS_FOR.get(k, k) for k in r.check} - {STANDS_FOR.get(k, k) for k in r.every}:
                yield f"{PATH}:{r.number}: {r.file}: {k} is among the kernels of check, but not of check-all"
        for r in self.points:
            for k in set(r.check) - set(self.files[r.file].check if r.file in self.files else ()):
                yield f"{PATH}:{r.number}: {r.file}: {k} is not among the kernels of its file"
        for r in self.twice:
            yield f"{PATH}:{r.number}: {r.file} has two rows"
        for name in sorted(there - set(self.files)):
            yield f"{PATH}: tests/selftests/test_{name}.py has no row"
        yield from self.useless({r.file for r in self.points} & there)

    def useless(self, files):
        """Rows whose glob matches no point of their file."""
        r = subprocess.run([sys.executable, f"{TOP}/tests/check/names.py", *sorted(files)], capture_output=True, text=True, check=False)
        if r.returncode:
            yield f"{PATH}: the names of points cannot be found: {r.stderr.strip()[-500:]}"
            return
        names = json.loads(r.stdout)
        for r in self.points:
            if r.file in names and not fnmatch.filter(names[r.file], r.glob):
                yield f"{PATH}:{r.number}: {r.file}: no point matches '{r.glob}'"

    def tests(self, kernel, everything):
        """The files of a guest, in order, each with the globs of the points to leave out."""
        kernel = ALIASES.get(kernel, kernel)
        chosen = []
        for r in self.files.values():
            if kernel not in (r.every if everything else r.check):
                continue
            out = [p.glob for p in self.points if p.file == r.file and kernel not in p.check]
            chosen.append({"name": r.file, "except": [] if everything else out})
        return chosen
