# SPDX-License-Identifier: GPL-2.0
"""Scheduling: builds, guests and other jobs, run in parallel."""

import os
import threading

# Priority of the jobs that fill the time in which the guests leave a processor idle: they wait for grace periods, and tests sleep.
NICE = 15


class Work:
    """
    A job that can start when the jobs it needs have succeeded, and when none runs that writes the same directories. Its function
    returns False on failure. One that fills may take whatever time it does.
    """

    def __init__(self, name, do, needs=(), fills=False, writes=()):
        self.name, self.do, self.needs, self.fills, self.writes = name, do, set(needs), fills, set(writes)


class Crew:
    """
    Worker threads. Each takes the first job that can start, those that fill last; without one, it starts a second guest for a
    kernel with tests left. Where there is more than one of them, another thread does those that fill beside them, from the end of
    the list: what is needed first is not done at a low priority.
    """

    def __init__(self, works, kernels, size):
        self.works, self.kernels, self.size = list(works), kernels, size
        self.known = {w.name for w in works}
        self.good, self.bad = set(), set()
        self.busy = []
        self.change = threading.Condition()

    def next(self, fills):
        """The next job, or None when no job can start now. The lock is held."""
        for w in [w for w in self.works if w.needs & self.bad]:
            self.works.remove(w)
            self.bad.add(w.name)
        written = {directory for w in self.busy for directory in w.writes}
        ready = [w for w in self.works if w.needs & self.known <= self.good and w.fills >= fills and not w.writes & written]
        if ready:
            w = ready[-1] if fills else min(ready, key=lambda w: w.fills)
            self.works.remove(w)
            return w
        for k in self.kernels if not fills else ():
            # A single remaining test is left to the running guest.
            if k.running == k.guests == 1 and len(k.left()) > 1:
                return Work(f"second guest of {k.name}", k.run)
        return None

    def worker(self, fills=False):
        if fills:
            # Of this thread, and so of all that it starts.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        while True:
            with self.change:
                w = self.next(fills)
                while not w and self.busy:
                    self.change.wait(5)
                    w = self.next(fills)
                if not w:
                    return
                self.busy.append(w)
            good = False
            try:
                good = w.do() is not False
            finally:
                with self.change:
                    (self.good if good else self.bad).add(w.name)
                    self.busy.remove(w)
                    self.change.notify_all()

    def run(self):
        threads = [threading.Thread(target=self.worker, args=(n == self.size,)) for n in range(self.size + (self.size > 1))]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
