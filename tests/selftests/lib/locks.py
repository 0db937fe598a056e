# SPDX-License-Identifier: GPL-2.0
"""
Shared by the tests of the lock source: threads that take locks of
kobs_gen_lock, and their results.
"""

import os
import signal
import time

from kobstest import KERNEL, SLOW, asleep, insmod, loaded, read, rmmod, until

DIR = "/sys/kernel/debug/kobs_gen_lock/"


def load():
    if not loaded("kobs_gen_lock"):
        insmod("kobs_gen_lock")
    do("reset")


def unload():
    assert rmmod("kobs_gen_lock") is None, "kobs_gen_lock does not unload"


def do(command):
    """Run a command of kobs_gen_lock in this thread, synchronously."""
    fd = os.open(DIR + "run", os.O_WRONLY)
    try:
        os.write(fd, command.encode())
    finally:
        os.close(fd)


def stat(name):
    return int(dict(line.split() for line in read(DIR + "stats").splitlines())[name])


def lock(kind, n=0):
    """A glob for obsctl's name of a lock."""
    offset = "" if n == 0 else "+0x*"
    return f"kobs_gen_lock_{kind}{offset} [[]kobs_gen_lock]"


# Kind of a step: the lock's name, and obsctl's name of the wait.
WAITS = {
    "mutex": ("mutex", "mutex"), "rread": ("rwsem", "rwsem:read"), "rwrite": ("rwsem", "rwsem:write"),
    "rt": ("rt", "rtmutex"), "pread": ("percpu", "percpu:read"), "pwrite": ("percpu", "percpu:write"),
    "sem": ("sem", "semaphore"),
}
# On PREEMPT_RT mutexes and rw_semaphores are made of rt_mutexes: a mutex is one, a reader waits for the rw_semaphore and
# within that for its rt_mutex.
RT = KERNEL.endswith("-rt")
if RT:
    WAITS.update(mutex=("mutex", "rtmutex"), rread=("rwsem", "rt:read"), rwrite=("rwsem", "rt:write"))


class Thread:
    """A named process that runs a command."""

    def __init__(self, name, command, cpu=None, times=1, fifo=False):
        self.name = name
        self.status = None
        self.pid = os.fork()
        if self.pid:
            return
        status = 255
        try:
            with open("/proc/self/comm", "w", encoding="ascii") as f:
                f.write(name)
            if cpu is not None:
                os.sched_setaffinity(0, {cpu})
            if fifo:
                os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
            for _ in range(times):
                do(command)
            status = 0
        except OSError as e:
            status = e.errno
        finally:
            os._exit(status)

    def state(self):
        return read(f"/proc/{self.pid}/stat").rsplit(")", 1)[1].split()[0]

    def sleeps(self):
        return self.state() in "DS" and asleep(self.pid)

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)

    def end(self):
        """Wait for the process; its status, negative for a signal."""
        if self.status is None:
            until(self._ended, f"{self.name} to end")
        return self.status

    def _ended(self):
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            self.status = os.waitstatus_to_exitcode(status)
        return pid


class Threads:
    """The threads of one test, killed at its end, even if it failed."""

    def __init__(self):
        self.all = []

    def add(self, name, command, **how):
        t = Thread(name, command, **how)
        self.all.append(t)
        return t

    def waiting(self, n):
        """Wait until n threads wait for a lock."""
        until(lambda: stat("asking") == n, f"{n} threads to ask for locks")
        until(lambda: all(t.status is not None or t.sleeps() for t in self.all), "all threads to sleep")

    def held(self, name, command, n=1, **how):
        """A thread that holds n locks and waits at a gate when this returns."""
        taken = stat("taken") + n
        t = self.add(name, command, **how)
        until(lambda: stat("taken") == taken and t.sleeps(), f"{name} to take its locks")
        return t

    def __enter__(self):
        do("reset")
        return self

    def __exit__(self, *exc):
        if exc[0] is not None:
            for n in range(8):
                do(f"take open:{n}")
            for t in self.all:
                if t.status is None:
                    t.kill()
        for t in self.all:
            t.end()


def pause(seconds):
    time.sleep(seconds * min(SLOW, 2))
    return int(seconds * min(SLOW, 2) * 1e9)
