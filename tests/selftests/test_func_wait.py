# SPDX-License-Identifier: GPL-2.0
"""func --wait: functions of modules that are loaded while a session runs."""

from contextlib import contextmanager

from kobstest import *

LEAF = "kobs_gen_leaf"
HOOK = "kobs_gen_hook"
INIT, TIMED = f"{HOOK}_init", f"{HOOK}_timed"


@contextmanager
def gen_hook(calls):
    """The module, whose init calls INIT and TIMED."""
    insmod(HOOK, f"calls={calls}")
    try:
        yield
    finally:
        equal(rmmod(HOOK), None, "rmmod's complaint")


def two_loads():
    for calls in (5, 7):
        with gen_hook(calls):
            pass


def init_calls(verb, *args):
    with Background("func", verb, f"{HOOK}:{HOOK}_[it]*", *args, "--wait", "--max-lost", "0", "--json") as b:
        two_loads()
        # Another session updates ftrace's filters of all sessions.
        at_least(report("count", "vfs_read", run=["true"])["accounting"]["hits"], 1, "hits of another session")
        with gen_hook(1):
            r = b.report()
    equal({f: count_of(r, func=f) for f in (INIT, TIMED)}, {INIT: 13, TIMED: 13}, "calls in init")
    # A function is one row, however often it was loaded, and has its name though its code is gone.
    if not args:
        equal(sorted(row["func"] for row in r["rows"]), [INIT, TIMED], "rows")
    equal((r["accounting"]["hits"], r["accounting"]["lost"]), (26, {}), "hits and lost")
    equal(r["notes"], {"functions_came": 6}, "notes")


test("func count --wait: calls in a module's init, loaded three times")(lambda: init_calls("count"))
test("func time --wait: calls in a module's init, loaded three times")(lambda: init_calls("time"))
test("func count --wait --by kstack")(lambda: init_calls("count", "--by", "func,kstack"))
test("func count --wait --by func,caller")(lambda: init_calls("count", "--by", "func,caller"))
test("func time --wait --hist --by func,comm")(lambda: init_calls("time", "--hist", "--by", "func,comm"))


def trace(*args):
    with Background("func", "trace", f"{HOOK}:{HOOK}_[it]*", *args, "--wait", "--json") as b:
        two_loads()
        lines = [json.loads(line) for line in b.stop().out.splitlines()]
    equal(len(lines) - 1, 24, "records")
    equal(balance(lines[-1])["accounting"]["hits"], 24, "hits")


test("func trace --wait: calls in a module's init")(trace)
test("func trace --time --wait: calls in a module's init")(lambda: trace("--time"))


@test("a pattern without wildcard, and one that excludes")
def patterns():
    with Background("func", "count", f"{HOOK}:{INIT}", f"{HOOK}:{HOOK}_*", f"!{TIMED}", "--wait", "--json") as b:
        two_loads()
        r = b.report()
    equal({row["func"]: row["count"] for row in r["rows"] if row["func"] in (INIT, TIMED)}, {INIT: 12}, "rows")
    # A name without module is one of any module; not of those that are not asked for.
    with Background("func", "count", "vfs_read", f"nothing:{HOOK}_*", "--wait", "--json") as b:
        two_loads()
        r = b.report()
    equal(rows(r, func=f"{HOOK}*"), [], f"rows of {HOOK}")
    equal("notes" in r, False, "notes")


def again(verb):
    with Background("func", verb, LEAF, "debugfs_create_dir", "--wait", "--max-lost", "0", "--json") as b:
        gen("call task 10")
        for _ in range(2):
            equal(rmmod("kobs_gen"), None, "rmmod's complaint")
            insmod("kobs_gen")
            gen("call task 5")
        r = b.report()
    equal((count_of(r, func=LEAF), count_of(r, func="debugfs_create_dir")), (20, 2), "counts")
    equal([row["func"] for row in r["rows"]].count(LEAF), 1, f"rows of {LEAF}")
    equal(r["notes"], {"functions_came": 2}, "notes")
    equal(r["accounting"]["lost"], {}, "lost")


test("func count --wait of a module and the kernel: both go on")(lambda: again("count"))
test("func time --wait of a module and the kernel: both go on")(lambda: again("time"))


def place():
    return read(f"/sys/module/{HOOK}/sections/.text")


@test("a module that is loaded to another place: its functions stay one row each")
def elsewhere():
    others = ("kobs_gen_sched", "kobs_gen_stack", "kobs_gen_lock")
    before = [name for name in others if loaded(name)]
    for name in before:
        equal(rmmod(name), None, "rmmod's complaint")
    with Background("func", "count", f"{HOOK}:{HOOK}_[it]*", "--wait", "--json") as b:
        with gen_hook(3):
            first = place()
        # They take its place.
        for name in others:
            insmod(name)
        try:
            with gen_hook(4):
                second = place()
            r = b.report()
        finally:
            for name in others:
                if name not in before:
                    equal(rmmod(name), None, "rmmod's complaint")
    if first == second:
        skip("it was loaded to the same place")
    equal({row["func"]: row["count"] for row in r["rows"]}, {INIT: 7, TIMED: 7}, "rows")


@test("a detached session waits, too")
def detached():
    obsctl("func", "count", f"{HOOK}:{HOOK}_[it]*", "--wait", "--detach", "waits")
    two_loads()
    r = json.loads(obsctl("session", "read", "waits", "--json").out)
    equal({row["func"]: row["count"] for row in r["rows"]}, {INIT: 12, TIMED: 12}, "rows while it runs")
    with gen_hook(2):
        r = balance(json.loads(obsctl("session", "stop", "waits", "--json").out))
    equal({row["func"]: row["count"] for row in r["rows"]}, {INIT: 14, TIMED: 14}, "rows")


@test("without --wait a module that is not loaded is refused; with it nothing is hooked before")
def refused():
    contains(obsctl("func", "count", f"{HOOK}:*", "-d", "0.1", status=1).err, f"no module '{HOOK}' is loaded", "refusal")
    contains(obsctl("func", "count", "nosuchfunction", "--wait", "-d", "0.1", status=1).err, "no function of", "refusal")
    with Background("func", "time", f"{HOOK}:*", "--wait", "--json") as b:
        equal([line for line in hooked() if not line.startswith("kernel_halt")], [], "hooked functions")
        r = b.report()
    equal((r["rows"], r["accounting"]["hits"]), ([], 0), "rows and hits")


@test(f"loading {rounds(5, 30)} times under load of the same function")
def races():
    n = rounds(5, 30)
    with Background("func", "count", f"{HOOK}:{HOOK}_[it]*", LEAF, "--wait", "--json") as b:
        with Load():
            for _ in range(n):
                with gen_hook(10):
                    pass
        r = b.report()
    equal({f: count_of(r, func=f) for f in (INIT, TIMED)}, {INIT: 10 * n, TIMED: 10 * n}, "calls in init")
    equal(count_of(r, func=LEAF), leafs(), "calls of the load")


main()
