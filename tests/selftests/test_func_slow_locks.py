# SPDX-License-Identifier: GPL-2.0
"""func slow and syscall slow: the lock that a slow call was blocked by, who held it, and where that thread was."""

import fnmatch
import re

from kobstest import *

import locks
from locks import Threads, do, lock, pause

WAITERS = 3
# Of /proc/sys/kernel/tainted.
TAINT_WARN = 1 << 9


def slow(*args):
    return Background(*args, "--over", "100ms", "-c", "waiter*", "--budget", 0, "--json")


def of_waiters():
    # The holder's call is filtered: some locks are not taken fast.
    return slow("func", "slow", "kobs_gen_lock_waiter")


def ended(session):
    # A row counts intervals, not records.
    return json.loads(session.stop().out.splitlines()[-1])


def crowd(threads, step, held_by):
    """A holder, WAITERS that are blocked until the gate opens, and for how long they all are, in ns, at least."""
    holder = threads.held("holder", f"take {held_by} gate:0")
    waiters = [threads.add(f"waiter{i}", f"take {step}") for i in range(WAITERS)]
    threads.waiting(WAITERS)
    least = pause(0.3)
    do("take open:0")
    for t in (holder, *waiters):
        equal(t.end(), 0, f"status of {t.name}")
    return holder, waiters, least


def calls_of(r, waiters):
    """A slow call of each waiter, whose blocked time is in its parts, and in the rows."""
    account(r)
    a = r["accounting"]
    equal((a["recorded"], a["lost"]), (WAITERS, {}), "account")
    by_pid = {c["pid"]: c for c in r["calls"]}
    equal(sorted(by_pid), sorted(t.pid for t in waiters), "threads of the slow calls")
    for c in r["calls"]:
        equal(sum(p["sum"] for p in c["parts"]) + c["rest"], c["blocked"], f"blocked parts of {c}")
        equal(sum(p["count"] for p in c["parts"]) + c["rest_waits"], c["waits"], f"blocked intervals of {c}")
    equal(sum(row["sum"] for row in r["rows"]), sum(c["duration"] for c in r["calls"]), "time of the rows")
    parts = {}
    for p in (p for c in r["calls"] for p in c["parts"]):
        key = p.get("lock"), p.get("owner")
        parts[key] = parts.get(key, 0) + p["sum"]
    for (name, owner), ns in parts.items():
        if name:
            equal(sum(row["sum"] for row in rows(r, lock=re.sub(r"\[", "[[]", name)) if row.get("owner") == owner), ns, f"rows of {name} held by {owner}")
    return [by_pid[t.pid] for t in waiters]


def is_lock(name, wanted):
    # On PREEMPT_RT some locks are within others.
    return fnmatch.fnmatch(name, wanted.replace(" ", "* ") if locks.RT else wanted)


def longest(c, wanted, least):
    """The longest part of a call that was blocked by a lock."""
    found = [p for p in c["parts"] if is_lock(p.get("lock", ""), wanted)]
    at_least(sum(p["sum"] for p in found), least, f"time blocked by the lock, of {c['parts']}")
    equal({p["reason"] for p in found}, {"lock"}, "reason")
    return max(found, key=lambda p: p["sum"])


def one_kind(kind, held, owner):
    if locks.RT and kind == "rwrite":
        skip("on PREEMPT_RT one writer waits for the readers, and the others for the rt_mutex that it has")
    with Threads() as threads:
        with of_waiters() as session:
            holder, waiters, least = crowd(threads, f"{kind}:0", f"{held}:0")
            r = ended(session)
    for c in calls_of(r, waiters):
        p = longest(c, lock(locks.WAITS[kind][0]), least)
        at_least(p["max"], least, "time for which the lock was held")
        expected = (holder.name, holder.pid, holder.pid) if owner is True else (owner, None, None)
        equal((p.get("owner"), p.get("owner_pid"), p.get("owner_tid")), expected, f"who held the lock of {p}")
        if owner is not True:
            assert "owner_stack" not in p, p
            continue
        stack = [re.sub(r"\+0x.*", "", f) for f in p["owner_stack"]]
        contains(stack, "kobs_gen_lock_gate", "where the owner was")
        assert stack.index("kobs_gen_lock_gate") < stack.index("kobs_gen_lock_holder"), stack


for kind, held, owner in (
        ("mutex", "mutex", True), ("rread", "rwrite", True), ("rwrite", "rwrite", True), ("rwrite", "rread", "(readers)"),
        ("rt", "rt", True), ("pread", "pwrite", None), ("sem", "sem", None)):
    test(f"{kind} while {held} is held")(lambda k=kind, h=held, o=owner: one_kind(k, h, o))


@test("two locks, one after the other, are two parts")
def two():
    with Threads() as threads:
        with slow("func", "slow", "kobs_gen_lock:gen_run_write") as session:
            holders = [threads.held(f"holder{i}", f"take mutex:{i} gate:{i}") for i in range(2)]
            t = threads.add("waiter", "take mutex:0 mutex:1")
            threads.waiting(1)
            least = [pause(0.2)]
            do("take open:0")
            # It has the first, and asks for the second.
            until(lambda: locks.stat("taken") == 3 and t.sleeps(), "the waiter to wait for the second lock")
            least.append(pause(0.2))
            do("take open:1")
            for x in (*holders, t):
                equal(x.end(), 0, f"status of {x.name}")
            r = ended(session)
    equal(len(r["calls"]), 1, "calls of the waiter")
    for i, h in enumerate(holders):
        c = r["calls"][0]
        # On PREEMPT_RT the pattern of the first lock is that of the second, too: they are told apart by who held them.
        p = longest(dict(c, parts=[p for p in c["parts"] if not locks.RT or p.get("owner") == h.name]), lock("mutex", i), least[i])
        equal((p["owner"], p["owner_pid"]), (h.name, h.pid), "owner")
        at_least(p["max"], least[i], "time")


@test("an owner that waits for a CPU has no stack: it may begin to run while that is read")
def runnable():
    """
    The waiter, which keeps the CPU that both may run on, wakes the owner and asks for its lock. A kernel warned when it read
    that stack: the owner's calls are hooked.
    """
    with Threads() as threads:
        with Background("func", "slow", "kobs_gen_lock_holder", "--over", "1ns", "--budget", 0, "--json") as session:
            holder = threads.held("holder", "take mutex:0 gate:0", cpu=1)
            waiter = threads.add("waiter", "take open:0 mutex:0", cpu=1, fifo=True)
            for t in (holder, waiter):
                equal(t.end(), 0, f"status of {t.name}")
            r = ended(session)
    account(r)
    parts = [p for c in r["calls"] if c["pid"] == waiter.pid for p in c["parts"] if is_lock(p.get("lock", ""), lock("mutex"))]
    assert parts, r["calls"]
    for p in parts:
        equal((p["owner"], p["owner_pid"]), ("holder", holder.pid), "owner")
        assert "owner_stack" not in p, p
    equal(int(read("/proc/sys/kernel/tainted")) & TAINT_WARN, 0, "warnings of the kernel")


@test("system calls, and what a saved report says")
def syscalls():
    path = "/tmp/slow_locks.json"
    with Threads() as threads:
        with slow("syscall", "slow", "write") as session:
            holder, waiters, least = crowd(threads, "mutex:0", "mutex:0")
            r = ended(session)
    for c in calls_of(r, waiters):
        equal(c["syscall"], "write", "system call")
        p = longest(c, lock("mutex"), least)
        equal((p["owner"], p["owner_pid"]), ("holder", holder.pid), "owner")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(r, f)
    text = obsctl("show", "-v", path).out
    contains(text, "LOCK", "saved report")
    held = [line for line in text.splitlines() if f" held by holder (process {holder.pid})" in line]
    at_least(len(held), WAITERS, f"lines with the holder in {text}")
    contains(text, "-- its owner", "saved report")
    os.unlink(path)


if __name__ == "__main__":
    locks.load()
    try:
        main()
    finally:
        locks.unload()
