# SPDX-License-Identifier: GPL-2.0
"""wall: the lock that a thread is blocked by, and who held it when it was blocked."""

import fnmatch

from kobstest import *

import locks
from locks import Threads, do, lock, pause

WAITERS = 3
BLOCKED = ["sleep", "disk", "idle", "lock", "stopped", "other"]


def wall(*args):
    return Background("wall", "--budget", 0, "--json", *args)


def crowd(threads, step, held_by, gate=0):
    """A holder, WAITERS that are blocked until the gate opens, and for how long they all are, in ns, at least."""
    holder = threads.held("holder", f"take {held_by} gate:{gate}")
    waiters = [threads.add(f"waiter{i}", f"take {step}") for i in range(WAITERS)]
    threads.waiting(WAITERS)
    least = pause(0.2)
    do(f"take open:{gate}")
    for t in (holder, *waiters):
        equal(t.end(), 0, f"status of {t.name}")
    return holder, waiters, least


def is_lock(name, wanted):
    # On PREEMPT_RT some locks are within others.
    return fnmatch.fnmatch(name, wanted.replace(" ", "* ") if locks.RT else wanted)


def one_kind(kind, held, owner):
    if locks.RT and kind == "rwrite":
        skip("on PREEMPT_RT one writer waits for the readers, and the others for the rt_mutex that it has")
    with Threads() as threads:
        with wall() as session:
            holder, waiters, least = crowd(threads, f"{kind}:0", f"{held}:0")
            r = balance(session.report())
    wanted = lock(locks.WAITS[kind][0])
    for t in waiters:
        row, = rows(r, tid=t.pid)
        found = [d for d in row["details"] if is_lock(d.get("lock", ""), wanted)]
        at_least(sum(d["sum"] for d in found), least, f"time that {t.name} is blocked by the lock, of {row['details']}")
        equal({d["reason"] for d in found}, {"lock"}, "reason")
        longest = max(found, key=lambda d: d["sum"])
        at_least(longest["sum"], least, "time of the block in which the lock is held all the time")
        equal(longest["count"], 1, "blocks of this kind")
        expected = (holder.name, holder.pid) if owner is True else (owner, None)
        equal((longest.get("owner"), longest.get("owner_pid")), expected, f"who holds the lock of {longest}")
        for c in BLOCKED:
            equal(sum(d["sum"] for d in row["details"] if d["class"] == c), row[c], f"details of class {c}")
    row, = rows(r, tid=holder.pid)
    # Who takes a percpu rw_semaphore for writing waits for its readers.
    assert held == "pwrite" or not any(is_lock(d.get("lock", ""), wanted) for d in row["details"]), f"the holder waits for its own lock: {row}"


for kind, held, owner in (
        ("mutex", "mutex", True), ("rread", "rwrite", True), ("rwrite", "rwrite", True), ("rwrite", "rread", "(readers)"),
        ("rt", "rt", True), ("pread", "pwrite", None), ("pwrite", "pwrite", None), ("sem", "sem", None)):
    test(f"{kind} while {held} is held")(lambda k=kind, h=held, o=owner: one_kind(k, h, o))


@test("locks and owners as columns, without stacks")
def columns():
    with Threads() as threads:
        with wall("--by", "comm,class,blocked_by,owner,owner_pid") as session:
            holder, waiters, least = crowd(threads, "mutex:0", "mutex:0")
            r = balance(session.report())
    for t in waiters:
        # The holder may keep them from another lock of the kernel's, too.
        held = [row for row in rows(r, comm=t.name) if row.get("owner_pid") == holder.pid]
        found = [row for row in held if is_lock(row["blocked_by"], lock("mutex"))]
        equal([(row["owner"], row["count"]) for row in found], [("holder", 1)], f"rows of {t.name} by the lock's owner, of {held}")
        at_least(found[0]["sum"], least, "time")
        equal(sum(row["sum"] for row in rows(r, comm=t.name)), sum(row["lifetime"] for row in rows(r, comm=t.name)), "all of the time")


@test("spinlocks that are spun on block nobody")
def spun():
    if locks.RT:
        skip("on PREEMPT_RT threads are blocked by spinlocks")
    with Threads() as threads:
        with wall() as session:
            for t in [threads.add(f"spin{i}", "take spin:0 busy:20000", cpu=i) for i in range(2)]:
                equal(t.end(), 0, f"status of {t.name}")
            r = balance(session.report())
    found = rows(r, comm="spin*")
    equal(len(found), 2, "threads")
    for row in found:
        assert not any("spin" in d.get("lock", "") for d in row["details"]), f"blocked by a spinlock: {row}"


if __name__ == "__main__":
    locks.load()
    try:
        main()
    finally:
        locks.unload()
