# SPDX-License-Identifier: GPL-2.0
"""lock stalls: waits that last are reported while they last, with their chain; deadlocks are named."""

import ctypes
import os
import re
import threading
import time

from kobstest import *
from nlkit import Session, param

import locks
from locks import Threads, do, lock, stat

WAITERS = 3
OUT = "/tmp/stalls"
OVER = 100000000


def names(stack):
    return [re.sub(r"\+0x.*", "", f) for f in stack]


class Stalls(Background):
    """obsctl lock stalls; its records can be read while it runs."""

    def __init__(self, *args):
        open(OUT, "w").close()
        self.blocked = []
        super().__init__("lock", "stalls", "--json", "-o", OUT, *args)

    def lines(self):
        text = read(OUT)
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]

    def seen(self, what, match):
        """Wait for a matching record; returns all matching ones."""
        return until(lambda: [r for r in self.lines() if "waiter" in r and match(r)], what)

    def result(self, status=0):
        """End the session; returns all records, and the final object."""
        self.stop(status=status)
        *found, last = self.lines()
        balance(last)
        at_least(last["accounting"]["recorded"], len(found), "records")
        self.blocked = [r for r in found if "blocked" in r]
        found = [r for r in found if "blocked" not in r]
        for r in found:
            check(r)
        # A line for each wait, of the file, too.
        text = obsctl("show", OUT).out
        equal(text.count(" waits "), sum("waited_ns" in task for r in found for task in r["chain"]), f"waits of {text}")
        equal(text.count("DEADLOCK"), sum(r["deadlock"] for r in found), f"deadlocks of {text}")
        return found, last


def check(r):
    """Invariants of every record."""
    at_least(r["waited_ns"], OVER, "wait")
    equal((r["chain"][0]["comm"], r["chain"][0]["tid"]), (r["waiter"], r["waiter_tid"]), "begin of the chain")
    equal(r["chain"][0]["waited_ns"], r["waited_ns"], "wait of the chain's begin")
    if "owner" in r:
        equal(r["chain"][1]["comm"], r["owner"], "second of the chain")
    for task in r["chain"][:-1]:
        assert {"lock", "kind", "waited_ns"} <= set(task), f"a link without a wait: {r}"
    tids = [t.get("tid") for t in r["chain"]]
    equal(r["deadlock"], tids[-1] is not None and tids[-1] in tids[:-1], "deadlock")


@test("each waiter, its lock, and the owner with its stack")
def waiters():
    with Threads() as threads, Stalls("-c", "waiter*") as s:
        holder = threads.held("holder", "take mutex:0 gate:0")
        all_of = [threads.add(f"waiter{i}", "take mutex:0") for i in range(WAITERS)]
        for t in all_of:
            # When it becomes a stall, and again a second later.
            until(lambda: len([r for r in s.lines() if r.get("waiter") == t.name]) >= 2, f"two reports of {t.name}")
        # During a hand-over the lock may have no owner.
        found, last = s.result()
        do("take open:0")
        for t in threads.all:
            equal(t.end(), 0, "status")
    equal(last["accounting"]["recorded"], len(found), "records of one link each")
    equal(last["accounting"]["lost"], {}, "lost")
    at_least(last["cost"].get("calls", 0), WAITERS, "waits, which are no hits")
    equal({r["waiter"] for r in found}, {t.name for t in all_of}, "waiters")
    for t in all_of:
        mine = [r for r in found if r["waiter"] == t.name]
        for r in mine:
            equal((r["waiter_pid"], r["kind"], r["owner"], r["owner_pid"], r["deadlock"]),
                  (t.pid, locks.WAITS["mutex"][1], "holder", holder.pid, False), "record")
            equal(r["lock"], "kobs_gen_lock_mutex [kobs_gen_lock]", "lock")
            contains(names(r["waiter_stack"]), "kobs_gen_lock_waiter", "waiter's stack")
            contains(names(r["owner_stack"]), "kobs_gen_lock_gate", "owner's stack")
            contains(names(r["owner_stack"]), "kobs_gen_lock_holder", "owner's stack")
            equal([x["comm"] for x in r["chain"]], [t.name, "holder"], "chain")
        # One report per second begun.
        waits = [r["waited_ns"] for r in mine]
        equal(waits, sorted(waits), "order")
        seconds = [(w - OVER) // 1000000000 for w in waits]
        equal(len(set(seconds)), len(seconds), f"reports in one second: {waits}")


def kind_of(step, held, name, what, owner):
    if locks.RT and step == "rwrite":
        skip("on PREEMPT_RT nothing tells that readers hold an rw_semaphore")
    with Threads() as threads, Stalls("-c", "waiter") as s:
        threads.held("holder", f"take {held}:1 gate:0")
        threads.add("waiter", f"take {step}:1")
        record = s.seen("the stall", lambda r: True)[0]
        do("take open:0")
        s.result()
    equal(record["kind"], what, "kind")
    equal(record.get("owner"), owner, "owner")
    assert record["lock"].startswith(f"kobs_gen_lock_{name}+0x"), f"lock {record['lock']}"
    contains(names(record["waiter_stack"]), "kobs_gen_lock_waiter", "waiter's stack")


for step, held, owner in (("rread", "rwrite", "holder"), ("rwrite", "rread", "(readers)"), ("rt", "rt", "holder"),
                          ("pread", "pwrite", None), ("pwrite", "pwrite", None), ("sem", "sem", None)):
    # A reader is blocked by its innermost wait.
    kind = "rtmutex" if locks.RT and step == "rread" else locks.WAITS[step][1]
    test(f"{step} while {held} is held")(
        lambda s=step, h=held, k=kind, o=owner: kind_of(s, h, locks.WAITS[s][0], k, o))


@test("a lock in memory that was allocated has its cache")
def heap():
    with Threads() as threads, Stalls("-c", "waiter") as s:
        holder = threads.held("holder", "take heap:2 gate:0")
        threads.add("waiter", "take heap:2")
        record = s.seen("the stall", lambda r: True)[0]
        do("take open:0")
        s.result()
    equal((record["cache"], record["kind"], record["owner_pid"]), ("kobs_gen_lock_cache", locks.WAITS["mutex"][1], holder.pid),
          "cache, kind, owner")
    equal(record["chain"][0]["cache"], "kobs_gen_lock_cache", "cache of the chain's begin")
    assert re.fullmatch("0x[0-9a-f]{16}", record["lock"]), f"lock {record['lock']}"


@test("a chain of three")
def chain():
    with Threads() as threads, Stalls("-c", "a") as s:
        threads.held("c", "take rwrite:2 gate:0")
        threads.add("b", "take mutex:1 open:1 rread:2")
        threads.add("a", "take gate:1 mutex:1")
        record = s.seen("the whole chain", lambda r: len(r["chain"]) == 3)[0]
        # During a hand-over a lock may have no owner.
        found, last = s.result()
        do("take open:0")
    equal([t["comm"] for t in record["chain"]], ["a", "b", "c"], "chain")
    equal([t.get("kind") for t in record["chain"]], ["rtmutex", "rtmutex", None] if locks.RT else ["mutex", "rwsem:read", None], "kinds")
    equal([t.get("lock", "").startswith(f"kobs_gen_lock_{n}") for t, n in zip(record["chain"], ("mutex+", "rwsem+"))],
          [True, True], f"locks of {record['chain']}")
    equal((record["owner"], record["deadlock"]), ("b", False), "owner, deadlock")
    contains(names(record["owner_stack"]), "kobs_gen_lock_waiter", "owner's stack: it waits itself")
    equal(last["accounting"]["recorded"], sum(len(r["chain"]) - 1 for r in found), "a record for each wait of a chain")


@test("a deadlock of two is named, and broken")
def deadlock():
    with Threads() as threads, Stalls("-c", "left,right") as s:
        left = threads.add("left", "take mutex:0 open:1 gate:2 mutex:1")
        right = threads.add("right", "take mutex:1 open:2 gate:1 mutex:0")
        for name in "left", "right":
            record = s.seen(f"the deadlock of {name}", lambda r: r["waiter"] == name and r["deadlock"])[0]
            other = "right" if name == "left" else "left"
            equal([t["comm"] for t in record["chain"]], [name, other, name], "chain")
            contains(names(record["owner_stack"]), "kobs_gen_lock_waiter", "owner's stack")
        left.kill()
        equal((left.end(), right.end()), (-signal.SIGKILL, 0), "statuses")
        equal((stat("taken"), stat("failed")), (3, 1), "locks taken, waits failed")
        s.result()
    # As text.
    with Threads() as threads:
        with Background("lock", "stalls", "-o", OUT, "-c", "left") as b:
            left = threads.add("left", "take mutex:0 open:1 gate:2 mutex:1")
            threads.add("right", "take mutex:1 open:2 gate:1 mutex:0")
            until(lambda: "DEADLOCK" in read(OUT), "the deadlock")
            b.stop()
        out = read(OUT)
        left.kill()
    contains(out, "DEADLOCK: left -> right -> left", "text")
    contains(out, "held by right (process ", "text")


@test("a mutex whose owner has exited")
def orphan():
    with Threads() as threads:
        do("orphan 3")
        with Stalls("-c", "waiter") as s:
            waiter = threads.add("waiter", "take mutex:3")
            record = s.seen("the stall", lambda r: True)[0]
            waiter.kill()
            equal(waiter.end(), -signal.SIGKILL, "status")
            s.result()
        do("mend 3")
    equal((record["owner"], record["deadlock"]), ("(exited)", False), "owner, deadlock")
    assert "owner_pid" not in record and "owner_stack" not in record, f"an owner in {record}"


def leader_exits(n):
    """A process whose leader has exited with mutex n held, unreaped: another thread lives. Returns its pid."""
    if os.uname().machine != "x86_64":
        skip("the number of the system call is that of x86_64")
    pid = os.fork()
    if pid:
        until(lambda: read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[0] == "Z", "the leader to be a zombie")
        return pid
    try:
        threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
        do(f"keep {n}")
        ctypes.CDLL(None).syscall(60, 0)    # exit of this thread alone
    finally:
        os._exit(1)
    return None


def reap_leader(pid, n):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    do(f"mend {n}")


@test("a mutex whose owner has exited and was not reaped: its stack is gone")
def zombie():
    with Threads() as threads:
        pid = leader_exits(3)
        try:
            # Tasks that come and go reuse and free the leader's stack.
            for t in [threads.add(f"churn{i}", "take busy:1000") for i in range(4)]:
                t.end()
            with Stalls("-c", "waiter") as s, Background("lock", "contention", "--json", "--owner-stack", "-c", "waiter") as c:
                waiter = threads.add("waiter", "take mutex:3")
                record = s.seen("the stall", lambda r: True)[0]
                waiter.kill()
                equal(waiter.end(), -signal.SIGKILL, "status")
                s.result()
                row, = rows(c.report(), lock=lock("mutex", 3))
        finally:
            reap_leader(pid, 3)
    equal((record["owner"], record["owner_pid"], record["owner_tid"], record["owner_stack"], record["deadlock"]),
          ("(exited, not reaped)", pid, pid, [], False), "owner of the stall")
    equal((row["owner"], row["owner_pid"], row.get("owner_stack", [])), ("(exited, not reaped)", pid, []), "owner of the wait")


@test("--fail, --over and short waits")
def verdict():
    with Threads() as threads:
        with Background("lock", "stalls", "--over", "3600s", "--fail", "-c", "waiter") as b:
            threads.held("holder", "take mutex:0 gate:0")
            threads.add("waiter", "take mutex:0")
            threads.waiting(1)
            time.sleep(0.5)
            do("take open:0")
            contains(b.stop(status=0).err, " = recorded 0 + ", "account")
        for t in threads.all:
            equal(t.end(), 0, "status")
        do("reset")
        with Background("lock", "stalls", "--over", "10ms", "--fail", "-c", "waiter", "-o", OUT) as b:
            threads.held("holder", "take mutex:0 gate:0")
            threads.add("waiter", "take mutex:0")
            until(lambda: "waiter" in read(OUT), "the stall")
            do("take open:0")
            contains(b.stop(status=3).err, "--fail", "sentence")


@test("waits that began before are unpaired, those that outlive the session do no harm")
def boundaries():
    with Threads() as threads:
        threads.held("holder", "take pwrite:0 gate:0")
        threads.add("waiter0", "take pread:0")
        threads.waiting(1)
        with Stalls("-c", "waiter*") as s:
            threads.add("waiter1", "take pread:0")
            s.seen("the stall that began in the session", lambda r: r["waiter"] == "waiter1")
            do("take open:0")
            for t in threads.all:
                equal(t.end(), 0, "status")
            found, last = s.result()
        equal(last["accounting"]["lost"], {"unpaired": 1}, "lost")
        equal({r["waiter"] for r in found}, {"waiter1"}, "waiters")
        equal([r["blocked"] for r in s.blocked], ["waiter0"], "blocked before")
        do("reset")
        threads.held("holder", "take mutex:0 gate:0")
        with Stalls("-c", "waiter*") as s:
            threads.add("waiter2", "take mutex:0")
            s.seen("the stall", lambda r: r["waiter"] == "waiter2")
            _, last = s.result()
        equal(last["accounting"]["lost"], {}, "lost")
        do("take open:0")


@test("tasks that were blocked before are listed once, with their stacks")
def blocked():
    with Threads() as threads:
        threads.held("holder", "take mutex:0 gate:0")
        for i in range(2):
            threads.add(f"waiter{i}", "take mutex:0")
        threads.waiting(2)
        with Stalls("-c", "waiter*,holder") as s:
            until(lambda: sum("blocked" in r for r in s.lines()) == 3, "three blocked tasks")
            # One that is seen to wait is not among them, and they are not repeated.
            threads.add("waiter2", "take mutex:0")
            until(lambda: len(s.seen("the stall", lambda r: r["waiter"] == "waiter2")) >= 2, "two reports of waiter2")
            found, last = s.result()
        do("take open:0")
    tasks = {t.name: t.pid for t in threads.all[:3]}
    equal({r["blocked"]: r["blocked_pid"] for r in s.blocked}, tasks, "blocked tasks")
    equal(len(s.blocked), 3, "records of them")
    equal({r["waiter"] for r in found}, {"waiter2"}, "waiters")
    equal(last["accounting"]["recorded"], 3 + len(found), "records")
    for r in s.blocked:
        equal(r["blocked_tid"], r["blocked_pid"], "thread")
        at_least(r["blocked_at_least_ns"], OVER, "time that it has been blocked for")
        contains(names(r["blocked_stack"]), "kobs_gen_lock_gate" if r["blocked"] == "holder" else "kobs_gen_lock_waiter", "stack")


@test("as text: an owner that was not reaped, and tasks that were blocked before")
def as_text():
    with Threads() as threads:
        pid = leader_exits(3)
        try:
            with Background("lock", "stalls", "-o", OUT, "-c", "waiter*") as b:
                waiters = [threads.add(f"waiter{i}", "take mutex:3") for i in range(2)]
                until(lambda: "held by" in read(OUT), "the stall")
                b.stop()
            contains(read(OUT), f"held by a thread that has exited and was not reaped (process {pid})\n\n", "text")
            with Background("lock", "stalls", "-o", OUT, "-c", "waiter*", "--fail") as b:
                until(lambda: "waiter1" in read(OUT) and read(OUT).endswith("\n\n"), "the blocked tasks")
                b.stop(status=0)
            for t in waiters:
                t.kill()
                t.end()
        finally:
            reap_leader(pid, 3)
    out = read(OUT)
    contains(out, "2 tasks have been blocked since before; their stacks:\n  waiter", "text")
    for t in waiters:
        contains(out, f"  {t.name} (process {t.pid})\n      ", "text")


@test("filters")
def filters():
    with Threads() as threads, Stalls("-p", "1") as s:
        threads.held("holder", "take mutex:0 gate:0")
        threads.add("waiter", "take mutex:0")
        until(lambda: [x for x in sessions() if x["owner_pid"] == s.p.pid and x["hits"] > 0], "a filtered hit")
        do("take open:0")
        found, last = s.result()
    equal(found, [], "records")
    at_least(last["accounting"]["filtered"], 1, "filtered")


@test("killed while there are stalls")
def killed():
    with Threads() as threads:
        threads.held("holder", "take mutex:0 gate:0")
        with Stalls() as s:
            threads.add("waiter", "take mutex:0")
            s.seen("the stall", lambda r: r["waiter"] == "waiter")
            s.p.kill()
            s.finish(status=None)
        until(lambda: not sessions(), "the session to end")
        do("take open:0")


@test("columns of which none is a stack")
def no_stack():
    with Threads() as threads:
        s = Session("lock", "stalls", "comm,lock", param("over", 1000000))
        with s:
            holder = threads.held("holder", "take mutex:0 gate:0")
            waiter = threads.add("waiter", "take mutex:0")
            until(lambda: s.info()["recorded"], "a stall")
            do("take open:0")
            equal((holder.end(), waiter.end()), (0, 0), "statuses")
        s.close()


locks.load()
try:
    main()
finally:
    locks.unload()
