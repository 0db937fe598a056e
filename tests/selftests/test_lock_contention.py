# SPDX-License-Identifier: GPL-2.0
"""lock contention: waits for locks are counted exactly, and attributed to the right lock, caller and owner."""

import os
import re

from kobstest import *

import locks
from locks import Threads, do, lock, pause, stat

WAITERS = 3
CALLER = "kobs_gen_lock_waiter+0x* [[]kobs_gen_lock]"
NONE = "kobs_gen_lock_none [[]kobs_gen_lock]"


def contention(*args, **kw):
    return Background("lock", "contention", "--json", *args, **kw)


def crowd(threads, step, held_by, gate=0):
    """A holder, and WAITERS that wait until the gate opens; the minimum and maximum of their waits, in ns."""
    holder = threads.held("holder", f"take {held_by} gate:{gate}")
    begin = time.monotonic_ns()
    waiters = [threads.add(f"waiter{i}", f"take {step}") for i in range(WAITERS)]
    threads.waiting(WAITERS)
    least = pause(0.2)
    do(f"take open:{gate}")
    for t in (holder, *waiters):
        equal(t.end(), 0, f"status of {t.name}")
    return holder, waiters, least, time.monotonic_ns() - begin


def check_waits(r, kind, holder, waiters, least, most):
    name, what = locks.WAITS[kind]
    found = rows(r, lock=lock(name), comm="waiter*")
    equal(len(found), WAITERS, f"rows of waiters among {r['rows']}")
    for t in waiters:
        row, = rows(r, comm=t.name, lock=lock(name))
        equal((row["pid"], row["kind"], row["count"], row["failed"]), (t.pid, what, 1, 0), f"row of {t.name}")
        equal(len(rows(r, comm=t.name, lock=lock(name), caller=CALLER)), 1, f"caller in {row}")
        at_least(row["min"], least, "wait")
        at_most(row["max"], most, "wait")
        if holder is None:
            assert "owner_pid" not in row, f"a process owns the lock of {row}"
        else:
            equal((row["owner"], row["owner_pid"]), ("holder", holder.pid), "owner")
    return found


BY = "lock,kind,caller,comm,pid,owner,owner_pid"


def one_kind(kind, held, owner_known):
    if locks.RT and kind == "rwrite":
        skip("on PREEMPT_RT one writer waits for the readers, and the others for the rt_mutex that it has")
    with Threads() as threads:
        with contention("--by", BY) as session:
            holder, *rest = crowd(threads, f"{kind}:0", f"{held}:0")
            r = session.report()
    found = check_waits(r, kind, holder if owner_known else None, *rest)
    if kind == "rwrite" and held == "rread":
        equal({row["owner"] for row in found}, {"(readers)"}, "owner")
    elif not owner_known:
        assert all("owner" not in row for row in found), f"owners in {found}"


for kind, held, owner_known in (
        ("mutex", "mutex", True), ("rread", "rwrite", True), ("rwrite", "rwrite", True), ("rwrite", "rread", False),
        ("rt", "rt", True), ("pread", "pwrite", False), ("pwrite", "pwrite", False), ("sem", "sem", False)):
    test(f"{kind} while {held} is held")(lambda k=kind, h=held, o=owner_known: one_kind(k, h, o))


@test("a lock in memory that was allocated has its cache")
def heap():
    # The default columns, and more.
    with Threads() as threads:
        with contention("--by", "lock,cache,kind,caller,comm,owner_pid", "-c", "waiter*") as session:
            holder, *_ = crowd(threads, "heap:1", "heap:1")
            crowd(threads, "mutex:1", "mutex:1", 1)
            r = session.report()
    found = rows(r, cache="kobs_gen_lock_cache")
    equal([(row["kind"], row["count"], row["owner_pid"]) for row in found], [(locks.WAITS["mutex"][1], 1, holder.pid)] * WAITERS, "rows")
    equal(len({row["lock"] for row in found}), 1, "locks")
    assert re.fullmatch("0x[0-9a-f]{16}", found[0]["lock"]), f"lock {found[0]['lock']}"
    found = rows(r, lock=lock("mutex", 1))
    equal(len(found), WAITERS, "rows of the static mutex")
    assert all("cache" not in row for row in found), f"a static lock is in a cache: {found}"


@test("the owner's stack")
def owner_stack():
    with Threads() as threads:
        with contention("--by", "lock,comm,kstack", "--owner-stack", "-c", "waiter*") as session:
            holder, waiters, least, _ = crowd(threads, "mutex:0", "mutex:0")
            r = session.report()
    found = rows(r, lock=lock("mutex"))
    equal(len(found), WAITERS, "rows")
    for row in found:
        equal((row["owner"], row["owner_pid"], row["count"]), ("holder", holder.pid, 1), "owner, count")
        at_least(row["min"], least, "wait")
        stack = [re.sub(r"\+0x.*", "", f) for f in row["owner_stack"]]
        contains(stack, "kobs_gen_lock_holder", "owner's stack")
        assert stack.index("kobs_gen_lock_gate") < stack.index("kobs_gen_lock_holder"), f"order in {stack}"
        # The waiter's stack begins with the kernel's lock function, without frames of kobs or of the tracepoint.
        stack = [re.sub(r"\+0x.*", "", f) for f in row["kstack"]]
        contains(stack, "kobs_gen_lock_waiter", "waiter's stack")
        if stack[0].startswith("trace_contention_begin"):
            stack.pop(0)    # not inlined into the lock function here
        assert ("rt_mutex_slowlock" if locks.RT else "mutex_lock") in stack[0], f"first frame of {stack}"


@test("waits that fail are a number of their own")
def failed():
    with Threads() as threads:
        with contention("--by", "lock,comm,kind", "-c", "waiter*") as session:
            holder = threads.held("holder", "take mutex:0 rwrite:1 gate:0", 2)
            killed = [threads.add("waiter0", "take mutex:0"), threads.add("waiter1", "take rread:1")]
            patient = threads.add("waiter2", "take mutex:0")
            threads.waiting(3)
            for t in killed:
                t.kill()
                equal(t.end(), -signal.SIGKILL, "status of the killed")
            do("take open:0")
            equal((holder.end(), patient.end()), (0, 0), "statuses")
            r = session.report()
    equal(stat("failed"), 2, "waits that kobs_gen_lock saw fail")
    equal({row["comm"]: (row["count"], row["failed"]) for row in rows(r, lock="kobs_gen_lock_*")},
          {"waiter0": (1, 1), "waiter1": (1, 1), "waiter2": (1, 0)}, "count, failed")


@test("waits that began before the session are unpaired, those that outlive it in flight")
def boundaries():
    with Threads() as threads:
        holder = threads.held("holder", "take mutex:0 gate:0")
        threads.add("waiter0", "take mutex:0")
        threads.add("waiter1", "take mutex:0")
        threads.waiting(2)
        with contention("-c", "waiter*") as session:
            do("take open:0")
            for t in threads.all:
                equal(t.end(), 0, "status")
            r = session.report()
        equal(r["accounting"]["lost"], {"unpaired": 2}, "lost")
        equal((r["accounting"]["pending"], r["accounting"]["unpaired"]), (0, 2), "pending, unpaired")
        equal(rows(r, lock="kobs_gen_lock_*"), [], "rows")
        equal(holder.status, 0, "status of the holder")
        locks.load()
        # Open waits are no losses, neither while it runs nor for --max-lost.
        with contention("-c", "waiter*", "--max-lost", 0) as session:
            threads.held("holder", "take mutex:0 gate:0")
            for i in range(WAITERS):
                threads.add(f"waiter{i}", "take mutex:0")
            threads.waiting(WAITERS)
            equal([(s["pending"], s["lost"]) for s in sessions()], [(WAITERS, 0)], "pending and lost of the session")
            r = session.report()
        do("take open:0")
    # When it stops they are recorded, with the time up to there.
    equal(r["accounting"]["lost"], {}, "lost")
    equal((r["accounting"]["pending"], r["accounting"]["unpaired"]), (0, 0), "pending, unpaired")
    row, = rows(r, lock="kobs_gen_lock_*")
    equal((row["count"], row["pending"], row["failed"]), (WAITERS, WAITERS, 0), "count, pending, failed")
    at_least(row["min"], 1, "shortest wait")


@test("sessions that start and stop in the middle of waits")
def middle():
    rounds = 40
    with Threads() as threads:
        # They wait for each other in turn: a waiter becomes the next holder.
        for i in range(WAITERS):
            threads.add(f"waiter{i}", "take mutex:0 busy:10000", times=rounds)
        for _ in range(5):
            with contention("-c", "waiter*", "--by", "comm") as session:
                time.sleep(0.05)
                session.report()
    equal(stat("taken"), WAITERS * rounds, "locks taken")


# Flags of the tracepoints, and obsctl's names for them, the same on 6.1 and 6.12.
FLAGS = {0: "semaphore", 1: "spinlock", 3: "rwlock:read", 5: "rwlock:write", 2: "rwsem:read", 4: "rwsem:write",
         8: "rtmutex", 10: "rt:read", 12: "rt:write", 18: "percpu:read", 20: "percpu:write", 32: "mutex",
         33: "mutex:spin", 63: "other"}


@test("every kind has its name")
def kinds():
    with contention("--by", "lock,kind") as session:
        for i, flags in enumerate(FLAGS, 1):
            do(f"pair {i} task:{flags}")
        r = session.report()
    equal({row["kind"]: row["count"] for row in rows(r, lock=NONE)},
          {name: i for i, name in enumerate(FLAGS.values(), 1)}, "waits by kind")


@test("a mutex that is spun for and then slept for is one wait")
def spin_then_sleep():
    with contention("--by", "lock,kind") as session:
        for begins in ((33,), (33, 32), (33, 32, 33), (33, 32, 33, 32)):
            for flags in begins:
                do(f"begin {flags}")
            do("end 0")
        r = session.report()
    equal({row["kind"]: row["count"] for row in rows(r, lock=NONE)}, {"mutex:spin": 1, "mutex": 3}, "waits by kind")


@test("ends without begin, begins without end")
def unmatched():
    me = ("-t", str(os.getpid()))
    with contention(*me) as session:
        do("end 0")
        do("end 4")
        do("begin 2")
        do("begin 2")
        do("begin 2")
        do("end 4")
        do("begin 32")
        r = session.report()
    do("end 0")
    equal(r["accounting"]["lost"], {"unpaired": 2, "stale": 2}, "lost")
    equal({row["kind"]: (row["count"], row["failed"], row["pending"]) for row in rows(r, lock=NONE)},
          {"rwsem:read": (1, 1, 0), "mutex": (1, 0, 1)}, "count, failed, pending")


@test("pending waits by their tasks, owners and stacks; not with user stacks")
def pending():
    with Threads() as threads:
        holder = threads.held("holder", "take mutex:0 gate:0")
        with contention("-c", "waiter*", "--by", "lock,comm,pid,tid,owner,kstack") as session, \
             contention("-c", "waiter*", "--by", "lock,ustack") as user:
            waiters = [threads.add(f"waiter{i}", "take mutex:0") for i in range(WAITERS)]
            threads.waiting(WAITERS)
            r, u = session.report(), user.report()
        do("take open:0")
    found = rows(r, lock=lock("mutex"))
    equal({row["comm"]: (row["pid"], row["tid"], row["owner"], row["count"], row["pending"]) for row in found},
          {t.name: (t.pid, t.pid, "holder", 1, 1) for t in waiters}, "rows")
    for row in found:
        contains([re.sub(r"\+0x.*", "", f) for f in row["kstack"]], "kobs_gen_lock_waiter", "waiter's stack")
    equal((rows(u, lock=lock("mutex")), u["accounting"]["pending"]), ([], WAITERS), "rows by user stack, pending")
    equal(holder.status, 0, "status of the holder")


@test("waits in interrupts nest in those of the task below")
def nested():
    n = 1000 // SLOW
    with contention("--by", "lock,kind") as session:
        do(f"pair {n} task:32 hardirq:1")
        do(f"pair {n} task:33 task:2")
        r = session.report()
    equal({(row["lock"], row["kind"]): row["count"] for row in r["rows"] if "gen_lock_none" in row["lock"]},
          {("kobs_gen_lock_none+0x8 [kobs_gen_lock]", "mutex"): n,
           ("kobs_gen_lock_none [kobs_gen_lock]", "spinlock"): n,
           ("kobs_gen_lock_none+0x8 [kobs_gen_lock]", "mutex:spin"): n,
           ("kobs_gen_lock_none [kobs_gen_lock]", "rwsem:read"): n}, "waits")


@test("more waits at once than there is room for")
def full():
    me = ("-t", str(os.getpid()))
    with contention(*me, "--by", "kind", "--inflight", 64) as session:
        do("crowd 1000")
        r = session.report()
    # This thread may also wait for other locks.
    equal(count_of(r, kind="semaphore") + r["accounting"]["lost"]["inflight_full"], 1000, "recorded and lost")
    at_least(count_of(r, kind="semaphore"), 64, "recorded")
    with contention(*me, "--by", "kind", "--inflight", 1024) as session:
        do("crowd 1000")
        r = session.report()
    equal((count_of(r, kind="semaphore"), r["accounting"]["lost"]), (1000, {}), "recorded, lost")


@test("a mutex that is spun and slept for in turn without room is lost once")
def phases_full():
    me = ("-t", str(os.getpid()))
    for room in 64, 4096:
        with contention(*me, "--by", "lock,kind", "-n", 0, "--inflight", room) as session:
            do("phases 1000")
            # Nothing is left over that would take this end for that of a wait without room.
            do("end 0")
            r = session.report()
        lost = r["accounting"]["lost"]
        mutex = count_of(r, lock="kobs_gen_lock_none+0x8 *")
        equal((count_of(r, kind="semaphore") + mutex + lost.get("inflight_full", 0), lost["unpaired"]), (1001, 1),
              f"waits, and ends without one, with room for {room}")
        equal(mutex, 0 if room == 64 else 1, f"waits for the mutex recorded with room for {room}")


@test("histogram, --min and the filter")
def values():
    me = ("-t", str(os.getpid()))
    with contention(*me, "--by", "kind", "--hist") as session:
        do("pair 500 task:1")
        r = session.report()
    equal(count_of(r, kind="spinlock"), 500, "count")
    assert "hist" in rows(r, kind="spinlock")[0], "no histogram"
    with contention(*me, "--by", "kind", "--min", "100s") as session:
        do("pair 500 task:1")
        r = session.report()
    at_least(r["accounting"]["filtered"], 500, "filtered")
    equal(r["rows"], [], "rows")
    with contention("-t", "1", "--by", "kind") as session:
        do("pair 500 task:1")
        r = session.report()
    equal((r["rows"], r["accounting"]["lost"]), ([], {}), "rows, lost")
    at_least(r["accounting"]["filtered"], 500, "filtered")


@test("spin and rw spinlocks of two processors")
def spinning():
    if locks.RT:
        skip("on PREEMPT_RT those who wait for such locks sleep")
    with Threads() as threads:
        with contention("--by", "lock,kind,comm,caller") as session:
            for kind in ("qread", "qwrite"):
                do("reset")
                b = threads.add(kind, f"take gate:1 {kind}:0", cpu=1)
                until(b.sleeps, f"{kind} to wait at the gate")
                a = threads.add("holder", "take qwrite:0 open:1 met:0", cpu=0)
                equal((a.end(), b.end()), (0, 0), "statuses")
            r = session.report()
    for kind, what in ("qread", "rwlock:read"), ("qwrite", "rwlock:write"):
        row, = rows(r, comm=kind, lock=lock("rwlock"))
        equal((row["kind"], row["count"]), (what, 1), "kind, count")
        equal(len(rows(r, comm=kind, lock=lock("rwlock"), caller=CALLER)), 1, f"caller in {row}")


@test("spinlocks of three processors")
def queued():
    if os.cpu_count() < 3:
        skip("a queued spinlock tells of its third processor only, and there are two")
    if "hypervisor" in read("/proc/cpuinfo").split():
        skip("in a virtual machine spinlocks are not queued, and tell nothing")
    with Threads() as threads:
        with contention("--by", "lock,kind,comm,caller") as session:
            holder = threads.add("holder", f"take spin:0 open:1 busy:{500000 * SLOW}", cpu=0)
            spinners = [threads.add("spinner", "take gate:1 spin:0", cpu=i) for i in (1, 2)]
            equal([t.end() for t in (holder, *spinners)], [0, 0, 0], "statuses")
            r = session.report()
    row, = rows(r, comm="spinner", lock=lock("spin"), caller=CALLER)
    equal((row["kind"], row["count"]), ("spinlock", 1), "kind, count")


@test("bpftrace counts the same")
def bpftrace():
    # LCB_F_READ, and LCB_F_RT with it.
    flags = 10 if locks.RT else 2
    program = ('tracepoint:lock:contention_end /strncmp(comm, "waiter", 6) == 0/ { @ends[comm] = count(); } '
               f'tracepoint:lock:contention_begin /strncmp(comm, "waiter", 6) == 0 && args->flags == {flags}/ '
               '{ @begins[comm] = count(); }')
    with Bpftrace(program) as peer:
        with Threads() as threads, contention("--by", "comm,kind", "-c", "waiter*") as session:
            crowd(threads, "rread:0", "rwrite:0")
            r = session.report()
        ends, begins = peer.counts("ends"), peer.counts("begins")
    # Waits of these threads for other locks count as well.
    for what, got, kind in ("ends", ends, "*"), ("begins", begins, locks.WAITS["rread"][1]):
        equal(got, {f"waiter{i}": count_of(r, comm=f"waiter{i}", kind=kind) for i in range(WAITERS)}, f"bpftrace's {what}")
        at_least(min(got.values()), 1, "waits")


@test("refusals")
def refusals():
    for args, part, status in (
            (("contention", "vfs_*"), "takes no 'vfs_*'", 2),
            (("contention", "--by", "nosuch"), "no column 'nosuch'", 2),
            (("contention", "--by", "link"), "no column 'link'", 2),
            (("contention", "--inflight", "1"), "inflight", 1),
            (("contention", "--fail-over", "10"), "--fail-over", 2),
            (("contention", "--objects", "10"), "--objects", 2),
            (("contention", "--over", "0"), "over is 0, but must be 1 to", 1),
            (("contention", "--over", "1s", "--hist"), "--hist does not go with --over", 2),
            (("contention", "--over", "1s", "--min", "1ms"), "--min does not go with --over", 2),
            (("contention", "--over", "1s", "--fail-over", "1ms"), "--fail-over does not go with --over", 2),
            (("contention", "--each"), "--each needs --over TIME", 2),
            (("contention", "--waits", "5"), "--waits needs --over TIME", 2),
            (("stalls", "--over", "1ns"), "over", 1),
            (("stalls", "--over", "10"), "--over", 2),
            (("stalls", "--by", "lock"), "--by", 2),
            (("stalls", "--detach", "x"), "--detach", 2),
            (("stalls", "--hist"), "--hist", 2)):
        contains(obsctl("lock", *args, "-d", "0.1", status=status).err, part, f"sentence for {args}")


locks.load()
try:
    main()
finally:
    locks.unload()
