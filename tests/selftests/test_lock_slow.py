# SPDX-License-Identifier: GPL-2.0
"""lock contention --over: each slow wait has one record, which tells lock, waiter and owner; short ones are a count."""

import os
import re

from kobstest import *

import locks
from locks import Threads, do, lock, pause, stat

WAITERS = 3
MS = 1000000
CALLER = "kobs_gen_lock_waiter+0x* [[]kobs_gen_lock]"
NONE = "kobs_gen_lock_none [[]kobs_gen_lock]"
ME = ("-t", str(os.getpid()))


def slow(*args, over="100ms"):
    return Background("lock", "contention", "--over", over, "--budget", 0, "--json", *args)


def explained(r):
    """Every record is a wait, and the rows are of all waits."""
    account(r)
    kept = r["waits"]
    equal(len(kept) + r.get("waits_left_out", 0), r["accounting"]["recorded"], "waits")
    equal(sum(row["count"] for row in r["rows"]), r["accounting"]["recorded"], "waits of the rows")
    if not r.get("waits_left_out"):
        equal(sum(row["sum"] for row in r["rows"]), sum(w["wait"] for w in kept), "time of the rows")
        equal(sum(row["failed"] for row in r["rows"]), sum(w.get("failed", False) for w in kept), "waits that failed")
        equal(sum(row["pending"] for row in r["rows"]), sum(not w.get("ended", True) for w in kept), "waits that had not ended")
    equal([w["wait"] for w in kept], sorted((w["wait"] for w in kept), reverse=True), "order of the waits")
    return r


def short(r):
    return r.get("notes", {}).get("short", 0)


def waits_for(r, name):
    return rows({"rows": r["waits"]}, lock=name)


def functions(stack):
    return [re.sub(r"\+0x.*", "", f) for f in stack]


def crowd(threads, step, held_by, gate=0):
    """A holder, and WAITERS that wait until the gate opens; the minimum and maximum of their waits, in ns."""
    holder = threads.held("holder", f"take {held_by} gate:{gate}")
    begin = time.monotonic_ns()
    waiters = [threads.add(f"waiter{i}", f"take {step}") for i in range(WAITERS)]
    threads.waiting(WAITERS)
    least = pause(0.3)
    do(f"take open:{gate}")
    for t in (holder, *waiters):
        equal(t.end(), 0, f"status of {t.name}")
    return holder, waiters, least, begin, time.monotonic_ns()


def one_kind(kind, held, owner):
    if locks.RT and kind == "rwrite":
        skip("on PREEMPT_RT one writer waits for the readers, and the others for the rt_mutex that it has")
    name, what = locks.WAITS[kind]
    with Threads() as threads:
        with slow("-c", "waiter*") as session:
            holder, waiters, least, begin, end = crowd(threads, f"{kind}:0", f"{held}:0")
            r = explained(session.report())
    equal(r["accounting"]["lost"], {}, "lost")
    found = waits_for(r, lock(name))
    equal(sorted(w["pid"] for w in found), sorted(t.pid for t in waiters), "threads that waited")
    for w in found:
        equal((w["comm"], w["tid"], w["kind"]), (next(t.name for t in waiters if t.pid == w["pid"]), w["pid"], what), "waiter, kind")
        at_least(w["wait"], least, "wait")
        at_least(w["begin_ns"], begin, "begin")
        at_most(w["begin_ns"] + w["wait"], end, "end")
        at_most(w["cpu"], os.cpu_count() - 1, "CPU")
        contains(functions(w["stack"]), "kobs_gen_lock_waiter", "stack")
        assert "failed" not in w and "ended" not in w, w
        expected = (holder.name, holder.pid, holder.pid) if owner is True else (owner, None, None)
        equal((w.get("owner"), w.get("owner_pid"), w.get("owner_tid")), expected, f"who held the lock of {w}")
    row, = rows(r, lock=lock(name), caller=CALLER)
    equal((row["count"], row["sum"], row["max"]), (WAITERS, sum(w["wait"] for w in found), max(w["wait"] for w in found)), "row")


for kind, held, owner in (
        ("mutex", "mutex", True), ("rread", "rwrite", True), ("rwrite", "rwrite", True), ("rwrite", "rread", "(readers)"),
        ("rt", "rt", True), ("pread", "pwrite", None), ("pwrite", "pwrite", None), ("sem", "sem", None)):
    test(f"{kind} while {held} is held")(lambda k=kind, h=held, o=owner: one_kind(k, h, o))


@test("as many records as waits above the limit, and all others are a count")
def counts():
    with slow(*ME, "--by", "lock,kind") as session:
        for flags in (32, 0, 2):
            do(f"begin {flags}")
            time.sleep(0.2)
            do("end 0")
            do("pair 200 task:32")
        # Phases of a mutex are one wait.
        for flags in (33, 32, 33):
            do(f"begin {flags}")
        time.sleep(0.2)
        do("end 4")
        r = explained(session.report())
    found = waits_for(r, NONE)
    equal(sorted((w["kind"], w.get("failed", False)) for w in found),
          [("mutex", False), ("mutex", True), ("rwsem:read", False), ("semaphore", False)], "slow waits, and those that failed")
    for w in found:
        at_least(w["wait"], 200 * MS, "wait")
    equal({row["kind"]: (row["count"], row["failed"]) for row in rows(r, lock=NONE)},
          {"mutex": (2, 1), "rwsem:read": (1, 0), "semaphore": (1, 0)}, "rows")
    # This thread may also wait for other locks.
    at_least(short(r), 600, "short waits")
    a = r["accounting"]
    equal(a["hits"], a["recorded"] + a["filtered"], "hits")
    n = a["recorded"] + short(r)
    equal(r["title"].split(" took ")[0], f"lock contention: {a['recorded']} of {n:,} waits", "title")
    with slow(*ME, over="1h") as session:
        do("pair 500 task:32")
        r = explained(session.report())
    equal((r["waits"], r["rows"]), ([], []), "waits and rows without a slow wait")
    at_least(short(r), 500, "short waits")


@test("a limit of 1 ns makes every wait slow")
def all_slow():
    n = 300 // SLOW
    with slow(*ME, over="1ns") as session:
        do(f"pair {n} task:32")
        r = explained(session.report())
    equal(sum(row["count"] for row in rows(r, lock=NONE)), n, "waits")
    equal(r["accounting"]["lost"], {}, "lost")
    equal(len(r["waits"]), min(100, r["accounting"]["recorded"]), "waits that are kept")


@test("where the owner was, and a lock in memory that was allocated")
def owner_stack():
    with Threads() as threads:
        with slow("-c", "waiter*", "--owner-stack") as session:
            holder, *_ = crowd(threads, "heap:1", "heap:1")
            r = explained(session.report())
    found = rows({"rows": r["waits"]}, cache="kobs_gen_lock_cache")
    equal([(w["owner"], w["owner_tid"]) for w in found], [("holder", holder.pid)] * WAITERS, "owner")
    for w in found:
        stack = functions(w["owner_stack"])
        assert stack.index("kobs_gen_lock_gate") < stack.index("kobs_gen_lock_holder"), stack
        stack = functions(w["stack"])
        if stack[0].startswith("trace_contention_end"):
            stack.pop(0)    # not inlined into the lock function here
        assert ("rt_mutex_slowlock" if locks.RT else "mutex_lock") in stack[0], f"first frame of {stack}"
    row, = rows(r, cache="kobs_gen_lock_cache")
    equal((row["count"], row["owner"], row["owner_pid"]), (WAITERS, "holder", holder.pid), "row")


@test("a full table of stacks loses slow waits alone")
def full():
    # The first owner's stack is all that there is room for; the second one's is deeper.
    args = "-c", "waiter*", "--owner-stack", "--stacks", 1
    with Threads() as threads, slow(*args, over="1h") as every, slow(*args) as session:
        for held in "mutex:0", "mutex:1 mutex:0":
            do("reset")
            holder = threads.held("holder", f"take {held} gate:0", held.count(":"))
            waiters = [threads.add(f"waiter{i}", "take mutex:0") for i in range(WAITERS)]
            threads.waiting(WAITERS)
            pause(0.12)
            do("take open:0")
            for t in (holder, *waiters):
                equal(t.end(), 0, f"status of {t.name}")
        r, r_every = account(session.report()), account(every.report())
    equal((r["accounting"]["lost"], r_every["accounting"]["lost"]), ({"stack_full": 2 * WAITERS}, {}), "lost above 100 ms, and above 1 h")
    equal((r["accounting"]["recorded"], r_every["accounting"]["recorded"]), (0, 0), "records")
    # The threads may also wait for other locks, in both sessions.
    at_least(short(r_every), 2 * WAITERS, "waits")
    equal(short(r), short(r_every) - 2 * WAITERS, "short waits")


@test("more columns than fit")
def columns():
    by = "lock,cache,kind,caller,owner,owner_pid,owner_tid,cpu,pid,tid,ustack"
    r = obsctl("lock", "contention", "--over", "1s", "--owner-stack", "--by", by, "-d", "100ms", status=1)
    assert re.search(r"too many columns: up to \w+ they take \d+ words, names several each, and the maximum is 20$", r.err.strip()), r.err


@test("waits that fail, and waits that have not ended")
def not_taken():
    with Threads() as threads:
        for over, slow_ones in ("100ms", True), ("1h", False):
            do("reset")
            with slow("-c", "waiter*", over=over) as session:
                holder = threads.held("holder", "take mutex:0 gate:0")
                killed = threads.add("waiter0", "take mutex:0")
                patient = threads.add("waiter1", "take mutex:0")
                threads.waiting(2)
                least = pause(0.3)
                killed.kill()
                equal(killed.end(), -signal.SIGKILL, "status of the killed")
                r = explained(session.report())
            do("take open:0")
            equal((holder.end(), patient.end()), (0, 0), "statuses")
            found = waits_for(r, lock("mutex"))
            if not slow_ones:
                equal((found, r["accounting"]["lost"]), ([], {"in_flight": 1}), "waits, and lost")
                continue
            equal(r["accounting"]["lost"], {}, "lost")
            equal({w["comm"]: (w.get("failed"), w.get("ended"), w["owner_pid"]) for w in found},
                  {"waiter0": (True, None, holder.pid), "waiter1": (None, False, holder.pid)}, "waits")
            for w in found:
                at_least(w["wait"], least, "wait")
                contains(functions(w["stack"]), "kobs_gen_lock_waiter", "stack")


@test("the longest waits are kept, and shown on request, also of a saved report")
def kept():
    path = "/tmp/lock_slow.json"
    with Threads() as threads:
        with slow("-c", "waiter*", "--waits", 2) as session:
            holder, *_ = crowd(threads, "mutex:0", "mutex:0")
            r = explained(session.report())
    equal((len(r["waits"]), r["waits_left_out"]), (2, 1), "waits, and those left out")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(r, f)
    text = obsctl("show", path).out
    contains(text, r["title"], "saved report")
    assert "longest waits" not in text, text
    text = obsctl("show", "-v", path).out
    contains(text, "The longest waits:", "saved report with waits")
    contains(text, f", held by holder (process {holder.pid}), on CPU ", "saved report with waits")
    contains(text, "1 shorter one is in the rows only (--waits keeps more)", "saved report with waits")
    os.unlink(path)
    with Threads() as threads:
        with Background("lock", "contention", "--over", "100ms", "--each", "-c", "waiter*", "--by", "comm,kstack") as session:
            crowd(threads, "mutex:0", "mutex:0")
            text = session.stop().out
    contains(text, "The longest waits:", "report")
    contains(text, "kobs_gen_lock_waiter+", "stacks of the rows")


@test("reports while it runs go on")
def interim():
    with slow("-i", 0.3, *ME, "--by", "lock") as session:
        for _ in range(5):
            do("begin 32")
            time.sleep(0.2)
            do("end 0")
        lines = session.stop().out.splitlines()
    reports = [json.loads(line) for line in lines]
    n = [count_of(r, lock=NONE) for r in reports]
    equal(n, sorted(n), "slow waits")
    equal(n[-1], 5, "slow waits at the end")
    explained(reports[-1])


locks.load()
try:
    main()
finally:
    locks.unload()
