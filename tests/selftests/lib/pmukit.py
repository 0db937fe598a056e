# SPDX-License-Identifier: GPL-2.0
"""Shared by the tests of the source pmu: events, sessions, and workloads."""

import bisect
import subprocess

from nlkit import *

HARDWARE, SOFTWARE = 0, 1
CYCLES, INSTRUCTIONS = (HARDWARE, 0), (HARDWARE, 1)
CPU_CLOCK, TASK_CLOCK, PAGE_FAULTS, CONTEXT_SWITCHES = (SOFTWARE, 0), (SOFTWARE, 1), (SOFTWARE, 2), (SOFTWARE, 3)
EXCLUDE_USER, EXCLUDE_KERNEL, FREQUENCY = 1, 2, 64
KERNEL_HALF = 1 << 63
# Further numbers of the rows of mode record.
THROTTLED, EVENTS = 0, 1


def event(which, period=0, bits=0, branch=0):
    """The words of an event."""
    return [*which, *[0] * (4 - len(which)), bits, period, branch, 0]


def pmu(mode, by, *events, cpus=(), tasks=(), functions=(), parts=(), **numbers):
    """A session without the guard, which could end it on a slow host."""
    numbers.setdefault("budget", 0)
    arrays = {"cpus": cpus, "tasks": tasks, "functions": functions}
    return Session("pmu", mode, by, *[words("events", *e) for e in events],
                   # An attribute holds 64 KiB; longer arrays continue in the next.
                   *[words(name, *a[i:i + 8000]) for name, a in arrays.items() for i in range(0, len(a), 8000)],
                   *[param(name, n) for name, n in numbers.items()], *parts)


def accounted(s):
    """The accounting equations of a stopped sampling session."""
    i = s.info()
    equal(i["hits"], i["recorded"] + i["filtered"] + i["lost"], f"hits of {i}")
    equal(sum(r["count"] for r in s.rows()), i["recorded"], f"rows of {i}")
    # An overflow that reached no handler is a hit as well; one that reached it before the start is not.
    equal(i["hits"], i.get("overflows", 0) - i.get("early", 0) + i.get("lost_missed_overflows", 0), f"hits by overflows of {i}")
    return i


class Functions:
    """Kernel functions by their addresses."""

    def __init__(self):
        self.names = {}
        for line in read("/proc/kallsyms").splitlines():
            address, kind, name = line.split()[:3]
            if kind in "tT":
                self.names.setdefault(int(address, 16), name)
        self.entries = sorted(self.names)

    def name(self, ip):
        at = bisect.bisect_right(self.entries, ip)
        return self.names[self.entries[at - 1]].split(".")[0] if at else hex(ip)


class Worker:
    """A process that waits for "go", runs a shell's commands, and ends."""

    def __init__(self, commands):
        self.p = subprocess.Popen(["bash", "-c", f"echo; exec >/dev/null; read x; {commands}"], stdin=subprocess.PIPE, text=True,
                                  stdout=subprocess.PIPE)
        self.pid = self.p.pid
        # Until it waits, it is the shell's start that would be observed.
        self.p.stdout.readline()
        until(lambda: read(f"/proc/{self.pid}/stat").rsplit(")", 1)[1].split()[0] == "S", "the workload to wait")

    def go(self):
        self.p.communicate("go\n", timeout=2 * WAIT)
        equal(self.p.returncode, 0, "status of the workload")


# A loop of the shell, which runs in user space.
def spin(n):
    """A loop of bash."""
    return f"for ((i = 0; i < {n}; i++)); do :; done"


SPIN = spin(30000)
