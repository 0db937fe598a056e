# SPDX-License-Identifier: GPL-2.0
"""
Selftests in guests. The guests of one kernel share a directory with the host: its file queue.json lists the tests, and a guest
claims a test by creating the directory claimed/NAME, so that a second guest of a kernel can join while the first one runs.
"""

import json
import os
import shutil
import subprocess
import threading
import time

from check.matrix import GUESTS, TOP
from check.report import Tally


def kdir(*args):
    r = subprocess.run([f"{TOP}/scripts/kdir", *args], capture_output=True, text=True, check=False)
    return r.stdout.strip()


class Kernel:
    """The tests of one kernel and the guests that run them."""

    def __init__(self, name, tests, report, only="*", live=False, env=()):
        self.name, self.tests, self.report, self.live, self.env = name, tests, report, live, env
        self.share = f"{report.out}/{name}.share"
        self.lock = threading.Lock()
        self.guests = 0
        self.running = 0
        self.done = set()
        shutil.rmtree(self.share, ignore_errors=True)
        os.makedirs(f"{self.share}/claimed")
        with open(f"{self.share}/queue.json", "w", encoding="utf-8") as f:
            json.dump({"limit": GUESTS[name].file_limit, "only": only, "tests": tests}, f)

    def left(self):
        """Tests that no guest has claimed."""
        taken = set(os.listdir(f"{self.share}/claimed"))
        return [t["name"] for t in self.tests if t["name"] not in taken]

    def run(self):
        with self.lock:
            self.guests += 1
            self.running += 1
            number = self.guests
        status = Guest(self, number).run()
        with self.lock:
            self.running -= 1
            last = not self.running
        if last and self.left():
            self.report.record(self.name, "guest", 0, 1, 0, 0)
            self.report.show(self.name, f"the guest, status {status}", f"not run: {' '.join(self.left())}")


class Guest:
    def __init__(self, kernel, number):
        self.kernel, self.report = kernel, kernel.report
        self.area = kernel.name
        self.files = f"{self.report.out}/{self.area}" + (f".{number}" if number > 1 else "")
        self.begin = time.monotonic()
        self.name = self.tally = self.log = None

    def run(self):
        guest = GUESTS[self.area]
        env = {**os.environ, "KOBS_VM_LOG": self.files + ".console"}
        line = [f"{TOP}/scripts/vm", *guest.vm, "--timeout", str(guest.limit), "--share", self.kernel.share, "--",
                "env", f"KOBS_KERNEL_SOURCE={kdir('source')}", *self.kernel.env, "tests/selftests/guest-run", "-q", "/share"]
        with open(self.files + ".err", "w", encoding="utf-8") as err:
            p = subprocess.Popen(line, cwd=TOP, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err, text=True,
                                 errors="replace")
            for text in p.stdout:
                self.read(text.rstrip("\n"))
            status = p.wait()
        if self.name:
            self.end("died", time.monotonic() - self.begin)
        if status:
            self.report.record(self.area, "guest", 0, 1, 0, time.monotonic() - self.begin)
            self.report.show_file(self.area, f"the guest, status {status}", self.files + ".err", 100)
            self.report.show_file(self.area, "end of its console", self.files + ".console", 60)
        return status

    def read(self, line):
        """Process a line of guest-run's output. The KTAP of each file is saved in AREA.TEST."""
        if line.startswith("@@ begin "):
            self.name, self.tally = line.split()[2], Tally()
            self.log = open(f"{self.report.out}/{self.area}.{self.name}", "w", encoding="utf-8")
        elif line.startswith("@@ end "):
            status, ms = line.split()[3:5]
            self.end(int(status), int(ms) / 1000)
        elif self.name:
            self.tally.line(line)
            print(line, file=self.log)
            if self.kernel.live:
                print(line, flush=True)

    def end(self, status, seconds):
        name, tally = self.name, self.tally
        self.name = None
        self.log.close()
        tally.close(status)
        self.report.record(self.area, name, tally.passed, tally.failed, tally.skipped, seconds)
        if self.kernel.live:
            return
        for note in tally.notes:
            self.report.say(self.area, f"       {note}")
        if tally.failed:
            self.report.show(self.area, name, "\n".join(tally.failures))
