# SPDX-License-Identifier: GPL-2.0
"""Scheduling: builds, guests and other jobs, run in parallel."""

import threading


class Work:
    """A job that can start when the jobs it needs have succeeded. Its function returns False on failure."""

    def __init__(self, name, do, needs=()):
        self.name, self.do, self.needs = name, do, set(needs)


class Crew:
    """Worker threads. Each takes the first job that can start; without one, it starts a second guest for a kernel with tests left."""

    def __init__(self, works, kernels, size):
        self.works, self.kernels, self.size = list(works), kernels, size
        self.known = {w.name for w in works}
        self.good, self.bad = set(), set()
        self.busy = 0
        self.change = threading.Condition()

    def next(self):
        """The next job, or None when no job can start now. The lock is held."""
        for w in [w for w in self.works if w.needs & self.bad]:
            self.works.remove(w)
            self.bad.add(w.name)
        for w in self.works:
            if w.needs & self.known <= self.good:
                self.works.remove(w)
                return w
        for k in self.kernels:
            # A single remaining test is left to the running guest.
            if k.running == k.guests == 1 and len(k.left()) > 1:
                return Work(f"second guest of {k.name}", k.run)
        return None

    def worker(self):
        while True:
            with self.change:
                w = self.next()
                while not w and self.busy:
                    self.change.wait(5)
                    w = self.next()
                if not w:
                    return
                self.busy += 1
            good = False
            try:
                good = w.do() is not False
            finally:
                with self.change:
                    (self.good if good else self.bad).add(w.name)
                    self.busy -= 1
                    self.change.notify_all()

    def run(self):
        threads = [threading.Thread(target=self.worker) for _ in range(self.size)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
