# SPDX-License-Identifier: GPL-2.0
"""func --wait: functions of modules that are loaded while a session runs."""

import struct
import tempfile
import threading
from contextlib import contextmanager

import nlkit
from kobstest import *
from nlkit import K

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


def calls(r, *names):
    """Calls by function, wherever it was: of several places at which a function was, each has a row."""
    return {name: sum(row["count"] for row in r["rows"] if row["func"].split()[0] == name) for name in names}


def init_calls(verb, *args):
    with Background("func", verb, f"{HOOK}:{HOOK}_[it]*", *args, "--wait", "--max-lost", "0", "--json") as b:
        two_loads()
        # Another session updates ftrace's filters of all sessions.
        at_least(report("count", "vfs_read", run=["true"])["accounting"]["hits"], 1, "hits of another session")
        with gen_hook(1):
            r = b.report()
    equal(calls(r, INIT, TIMED), {INIT: 13, TIMED: 13}, "calls in init")
    # Each has its name, though its code is gone.
    equal({row["func"].split()[0] for row in r["rows"]}, {INIT, TIMED}, "functions")
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
    names = [line["func"].split()[0] for line in lines[:-1]]
    equal({f: names.count(f) for f in set(names)}, {INIT: 12, TIMED: 12}, "records by function")
    equal(balance(lines[-1])["accounting"]["hits"], 24, "hits")


test("func trace --wait: calls in a module's init")(trace)
test("func trace --time --wait: calls in a module's init")(lambda: trace("--time"))


@test("a pattern without wildcard, and one that excludes")
def patterns():
    with Background("func", "count", f"{HOOK}:{INIT}", f"{HOOK}:{HOOK}_*", f"!{TIMED}", "--wait", "--json") as b:
        two_loads()
        r = b.report()
    equal(calls(r, INIT, TIMED), {INIT: 12, TIMED: 0}, "calls")
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
    equal(calls(r, LEAF, "debugfs_create_dir"), {LEAF: 20, "debugfs_create_dir": 2}, "calls")
    equal(r["notes"], {"functions_came": 2}, "notes")
    equal(r["accounting"]["lost"], {}, "lost")


test("func count --wait of a module and the kernel: both go on")(lambda: again("count"))
test("func time --wait of a module and the kernel: both go on")(lambda: again("time"))


def place():
    return read(f"/sys/module/{HOOK}/sections/.text")


@test("a module that is loaded to another place: its functions have a row for each")
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
    equal(calls(r, INIT, TIMED), {INIT: 7, TIMED: 7}, "calls")
    equal(sorted(row["count"] for row in r["rows"] if row["func"].startswith(TIMED + " 0x")), [3, 4], f"rows of {TIMED}")


SWAP = [f"kobs_gen_swap_{x}" for x in "ab"]


def write_to(module, n):
    """Call the function swap_set(), which both modules have, N times."""
    for _ in range(n):
        with open(f"/sys/module/{module}/parameters/call", "w", encoding="ascii") as f:
            f.write("1")


def namesakes(together):
    with Background("func", "count", "kobs_gen_swap_*:swap_set", "--wait", "--json") as b:
        insmod(SWAP[0])
        write_to(SWAP[0], 3)
        if not together:
            equal(rmmod(SWAP[0]), None, "rmmod's complaint")
        insmod(SWAP[1])
        try:
            write_to(SWAP[1], 5)
            r = b.report()
        finally:
            for name in SWAP:
                if loaded(name):
                    equal(rmmod(name), None, "rmmod's complaint")
    equal(sorted((row["func"], row["count"]) for row in r["rows"]),
          [(f"swap_set [{SWAP[0]}]", 3), (f"swap_set [{SWAP[1]}]", 5)], "rows")


test("functions of the same name of two modules that come have a row each")(lambda: namesakes(True))
test("functions of the same name of two modules, one of which goes before, have a row each")(lambda: namesakes(False))


class Fifo:
    """/proc/kallsyms as a file that obsctl waits at the end of; between(nth) is called before that comes for the nth time."""

    def __init__(self, between):
        self.path = tempfile.mktemp()
        self.between = between
        os.mkfifo(self.path)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        nth = 0
        while True:
            with open(self.path, "w", encoding="utf-8") as f:
                # Who opens it next is served by another one.
                os.unlink(self.path)
                os.mkfifo(self.path)
                f.write(read("/proc/kallsyms"))
                f.flush()
                self.between(nth)
            nth += 1


@test("a module that is loaded after the functions were looked for, and before the session is made")
def gap():
    fifo = Fifo(lambda nth: nth or insmod(SWAP[0]))
    env = dict(os.environ, OBSCTL_KALLSYMS=fifo.path)
    try:
        with Background("func", "count", f"{SWAP[0]}:swap_set", LEAF, "--wait", "--json", env=env) as b:
            write_to(SWAP[0], 6)
            r = b.report()
    finally:
        equal(rmmod(SWAP[0]), None, "rmmod's complaint")
    equal(calls(r, "swap_set"), {"swap_set": 6}, "calls")
    equal("notes" in r, False, "notes")


@test("functions that come before the start and cannot be hooked are told")
def missed():
    traceable = {line.split()[0] for line in read("/sys/kernel/debug/tracing/available_filter_functions").splitlines()
                 if " [" not in line and re.match("(blk|dev|inet|ip6?|security|skb|sk|sock|tcp|udp|vfs)_", line)}
    found = sorted({symbol(name) for name in traceable})[:1000]
    equal(len(found), 1000, "functions to choose from")
    wait = nlkit.nest(K.A_SESSION_PARAM, nlkit.attr(K.A_PARAM_NAME, "wait"),
                      nlkit.attr(K.A_PARAM_TEXT, f"{HOOK}:{HOOK}_[it]*"))
    # More than 1,000 need "all".
    session = nlkit.Session("func", "count", "func", nlkit.words("functions", *found), wait)
    try:
        got = dict(nlkit.attrs(session.nl.ask(K.CMD_SESSION_GET, session.me)[0]))
        at_least(struct.unpack("I", got[K.A_SESSION_TARGETS])[0], 999, "functions hooked")
        two_loads()
        with session:
            two_loads()
        told = session.info()
    finally:
        session.close()
    equal((told["functions_missed"], told.get("functions_came", 0)), (8, 0), "functions missed, and taken")


@test("a detached session waits, too")
def detached():
    obsctl("func", "count", f"{HOOK}:{HOOK}_[it]*", "--wait", "--detach", "waits")
    two_loads()
    r = json.loads(obsctl("session", "read", "waits", "--json").out)
    equal(calls(r, INIT, TIMED), {INIT: 12, TIMED: 12}, "calls while it runs")
    with gen_hook(2):
        r = balance(json.loads(obsctl("session", "stop", "waits", "--json").out))
    equal(calls(r, INIT, TIMED), {INIT: 14, TIMED: 14}, "calls")


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
    equal(calls(r, INIT, TIMED, LEAF), {INIT: 10 * n, TIMED: 10 * n, LEAF: leafs()}, "calls")


main()
