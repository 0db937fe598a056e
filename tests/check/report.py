# SPDX-License-Identifier: GPL-2.0
"""Results of test files: parse KTAP, count points, print the summary."""

import os
import re
import threading
import time

POINT = re.compile(r"(not )?ok (\d+)")
SLOWEST = 10


class Tally:
    """Points of one file, from its KTAP."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.plan = None
        self.notes, self.failures = [], []
        self.failing = False

    def line(self, line):
        m = POINT.match(line)
        if m:
            self.failing = bool(m[1])
            if m[1]:
                self.failed += 1
            elif "# SKIP" in line:
                self.skipped += 1
                self.notes.append("skipped: " + line.split(" - ", 1)[-1].replace(" # SKIP ", ": "))
            else:
                self.passed += 1
        elif self.plan is None and line.startswith("1.."):
            self.plan = int(line[3:])
            return
        if self.failing or not m and not line.startswith(("TAP version", "# took ")):
            self.failures.append(line)
        if m is None and line.startswith("# took "):
            self.failing = False

    def close(self, status):
        """Check what the counts do not show. The status is an exit status, or "died" when the guest ended."""
        self.failing = False
        points = self.passed + self.failed + self.skipped
        if status in (124, 137):
            self.fail("killed at its time limit")
        elif status == "died":
            self.fail("the guest ended during this file")
        elif self.plan != points:
            self.fail(f"planned {self.plan}, got {points}; status {status}")
        elif not self.failed and status not in (0, 4):
            self.fail(f"status {status} although no test failed")

    def fail(self, why):
        self.failed += 1
        self.failures.append(f"# {why}")


def cpu_ticks():
    """Ticks in which the processors were idle, and all."""
    with open("/proc/stat", encoding="ascii") as f:
        ticks = [int(n) for n in f.readline().split()[1:9]]
    return ticks[3], sum(ticks)


class Report:
    """Prints one line per file, from any thread, and keeps the totals."""

    def __init__(self, out):
        self.out = out
        self.begin = time.monotonic()
        self.ticks = cpu_ticks()
        self.lock = threading.Lock()
        self.passed = self.failed = self.skipped = 0
        self.took = []

    def say(self, area, text):
        passed = int(time.monotonic() - self.begin)
        with self.lock:
            print(f"{passed // 60:3}:{passed % 60:02} {area:<9}{text}", flush=True)

    def record(self, area, name, passed, failed, skipped, seconds):
        text = f"{passed} passed"
        if failed:
            text += f", {failed} FAILED"
        if skipped:
            text += f", {skipped} skipped"
        with self.lock:
            self.passed += passed
            self.failed += failed
            self.skipped += skipped
            self.took.append((seconds, area, name))
        self.say(area, f"{name:<16} {text:<34} {seconds:4.0f} s")

    def show(self, area, title, text, lines=200):
        """Print in one piece, so that the output of parallel jobs does not mix."""
        with self.lock:
            print("\n".join([f"---- {area}: {title}", *text.splitlines()[-lines:], "----"]), flush=True)

    def show_file(self, area, title, path, lines=200):
        text = ""
        if os.path.exists(path):
            with open(path, encoding="utf-8", errors="replace") as f:
                text = f.read()
        self.show(area, title, text, lines)

    def times(self):
        """Write the seconds by file and area, as a table for docs/testing.md."""
        areas = sorted({area for _, area, _ in self.took})
        cells = {(name, area): seconds for seconds, area, name in self.took}
        total = {name: sum(s for s, _, n in self.took if n == name) for _, _, name in self.took}
        with open(f"{self.out}/times.md", "w", encoding="utf-8") as f:
            print("|", " | ".join(["File", *areas]), "|", file=f)
            print("|---" + "|---:" * len(areas) + "|", file=f)
            for name in sorted(total, key=total.get, reverse=True):
                shown = [f"{cells[name, a]:.0f}" if (name, a) in cells else "" for a in areas]
                print("|", " | ".join([name, *shown]), "|", file=f)

    def close(self):
        """Print the slowest files and the totals. Returns the exit status."""
        self.times()
        if len(self.took) > 1:
            idle, everything = (now - then for now, then in zip(cpu_ticks(), self.ticks))
            print(f"processors idle: {100 * idle // max(everything, 1)} %")
            print("slowest:")
            for seconds, area, name in sorted(self.took, reverse=True)[:SLOWEST]:
                print(f"    {seconds:4.0f} s  {area:<9} {name}")
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped", flush=True)
        return int(self.failed > 0 or self.passed == 0)
