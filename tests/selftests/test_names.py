# SPDX-License-Identifier: GPL-2.0
"""
Names of recorded addresses, when a module goes and another one comes to where it
was: kobs_gen_swap_a, and kobs_gen_swap_b with the same code.
"""

import shutil
import tempfile

from kobstest import *

N_A, N_B = 40, 7
TRIES = 30
MODS = [f"kobs_gen_swap_{x}" for x in "ab"]
# The functions of both, in each form that a report gives them.
OURS = re.compile(r"(swap_[ab]_\w+)(?:\+0x[0-9a-f]+)?(?: \[(kobs_gen_swap_[ab])\])?$")
ALLOC = "__kmalloc"
# Loading a module allocates a lot.
FREE = ("--budget", 0)


class Swap:
    """A command that loads A, writes to its parameters, unloads it, and the same for B, which stays."""

    def __init__(self, a, b, load="", again=()):
        self.dir = tempfile.mkdtemp()
        self.parts = [self.module(0, a, load), f"rmmod {MODS[0]}"]
        for writes in again:
            self.parts += [self.module(0, writes, load), f"rmmod {MODS[0]}"]
        self.parts.append(self.module(1, b, load))

    def module(self, which, writes, load):
        name = MODS[which]
        at = f"/sys/module/{name}"
        steps = [f"insmod {MODULES}/{name}.ko {load}", f"cat {at}/sections/.text >>{self.dir}/{name}"]
        steps += [f"echo {n} >{at}/parameters/{p}" for p, n in writes]
        return " && ".join(steps)

    def run(self):
        return ["sh", "-c", " && ".join(self.parts)]

    def places(self):
        """The addresses at which A and B were."""
        paths = [f"{self.dir}/{name}" for name in MODS]
        return {line for path in paths if os.path.exists(path) for line in read(path).split()}

    def forget(self):
        for name in MODS:
            path = f"{self.dir}/{name}"
            if os.path.exists(path):
                os.unlink(path)


def swapped(session, *args, **kw):
    """What session(command) returns, if it is anything, of the first run in which B was where A was."""
    s = Swap(*args, **kw)
    try:
        for _ in range(TRIES):
            s.forget()
            try:
                got = session(s.run())
            finally:
                for name in MODS:
                    if loaded(name):
                        equal(rmmod(name), None, "rmmod")
            if got is not None and len(s.places()) == 1:
                return got
        raise AssertionError(f"in {TRIES} runs B was never where A was, the last time at {s.places()}")
    finally:
        shutil.rmtree(s.dir)


def ours(name):
    """Function and module of a name that is one of A's or B's."""
    found = OURS.match(name)
    if not found:
        assert not re.match("swap_[ab]_", name), f"a name of a form that this test does not know: {name!r}"
        return None
    if found[2]:
        equal(found[1][5], found[2][-1], f"the module of {name!r}")
    return found[1]


def tally(pairs):
    """Sums by function, of those of A and B."""
    sums = {}
    for name, n in pairs:
        function = ours(name)
        if function:
            sums[function] = sums.get(function, 0) + n
    return sums


LEAK = ([("leak", N_A)], [("leak", N_B)])
LEAKS = {"swap_a_leak": N_A, "swap_b_leak": N_B}


@test("slab leaks names the site that leaked")
def leaks():
    def session(run):
        return account(json.loads(obsctl("slab", "leaks", *FREE, "--json", "--", *run).out))
    r = swapped(session, *LEAK)
    equal(tally((row["site"], row["live"]) for row in r["rows"]), LEAKS, "live objects")
    equal(tally((row["site"], row["allocated"]) for row in r["rows"]), LEAKS, "allocated objects")


@test("what kobs keeps for names is no leak of the command")
def own_memory():
    s = Swap(*LEAK)
    try:
        # Names of this session's stacks are kept, too, when the command unloads the module.
        obsctl("func", "count", ALLOC, *FREE, "--by", "caller,kstack", "--detach", "swap")
        try:
            r = json.loads(obsctl("slab", "leaks", *FREE, "--json", "--", *s.run()).out)
        finally:
            obsctl("session", "stop", "swap")
    finally:
        for name in MODS:
            if loaded(name):
                equal(rmmod(name), None, "rmmod")
        shutil.rmtree(s.dir)
    equal(tally((row["site"], row["live"]) for row in account(r)["rows"]), LEAKS, "live objects")
    equal([row["site"] for row in r["rows"] if "[kobs]" in row["site"] and row["live"]], [], "objects of kobs")


@test("slab leaks --module, of a module that another one follows")
def leaks_of_module():
    def session(run):
        # Status 3: something is left.
        r = obsctl("slab", "leaks", "--module", MODS[0], *FREE, "--json", "--", *run, status=3)
        return account(json.loads(r.out))
    r = swapped(session, *LEAK)
    equal(tally((row["site"], row["live"]) for row in r["rows"]), {"swap_a_leak": N_A}, "live objects")


@test("slab leaks by stacks")
def leaks_stacks():
    def session(run):
        # With kmemleak, each object comes with one of kmemleak's own, allocated below the same functions.
        return account(json.loads(obsctl("slab", "leaks", "--by", "kstack", "--cache", "kmalloc-*", *FREE, "--json", "--", *run).out))
    r = swapped(session, *LEAK)
    equal(tally((name, row["live"]) for row in r["rows"] for name in row.get("kstack", [])), LEAKS, "live objects")


@test("func count by caller")
def count_caller():
    r = swapped(lambda run: report("count", ALLOC, *FREE, "--by", "caller", run=run), *LEAK)
    equal(tally((row["caller"], row["count"]) for row in r["rows"]), LEAKS, "calls")


@test("func time by caller and stack")
def time_stacks():
    r = swapped(lambda run: report("time", ALLOC, *FREE, "--by", "caller,kstack", run=run), *LEAK)
    equal(tally((row["caller"], row["count"]) for row in r["rows"]), LEAKS, "calls")
    equal(tally((name, row["count"]) for row in r["rows"] for name in row["kstack"]), LEAKS, "calls by stack")
    for row in r["rows"]:
        inside = tally((name, 1) for name in row["kstack"])
        if ours(row["caller"]):
            equal(list(inside), [ours(row["caller"])], "the stack of a caller")


@test("func trace")
def trace():
    got, _, _ = swapped(lambda run: records(ALLOC, *FREE, "--by", "caller,tid", run=run), *LEAK)
    equal(tally((x["caller"], 1) for x in got), LEAKS, "records")
    order = [ours(x["caller"]) for x in got if ours(x["caller"])]
    equal(order, ["swap_a_leak"] * N_A + ["swap_b_leak"] * N_B, "their order")


@test("func trace with stacks")
def trace_stacks():
    got, _, _ = swapped(lambda run: records(ALLOC, *FREE, "--by", "kstack", run=run), *LEAK)
    equal(tally((name, 1) for x in got for name in x["kstack"]), LEAKS, "records")


@test("func trace whose reader does not read until another module has come")
def trace_late():
    def session(run):
        with Background("func", "trace", ALLOC, *FREE, "--by", "caller", "--json") as b:
            b.p.send_signal(signal.SIGSTOP)
            try:
                subprocess.run(run, check=True)
            finally:
                b.p.send_signal(signal.SIGCONT)
            lines = [json.loads(line) for line in b.stop().out.splitlines()]
        balance(lines[-1])
        return lines[:-1]
    got = swapped(session, *LEAK)
    equal(tally((x["caller"], 1) for x in got), LEAKS, "records")


@test("func trace whose reader does not read until there is no room for names")
def trace_full():
    # More than the socket and the messages that are kept for it take.
    n = 40000
    insmod(MODS[0])
    try:
        with Background("func", "trace", f"{MODS[0]}:swap_a_leaf", "--by", "caller", "--ring-kb", 4096, *FREE, "--json") as b:
            b.p.send_signal(signal.SIGSTOP)
            try:
                subprocess.run(["sh", "-c", f"echo {n} >/sys/module/{MODS[0]}/parameters/call"], check=True)
                insmod(MODS[1])
                equal(rmmod(MODS[1]), None, "rmmod")
            finally:
                b.p.send_signal(signal.SIGCONT)
            lines = [json.loads(line) for line in b.stop().out.splitlines()]
    finally:
        for name in MODS:
            if loaded(name):
                equal(rmmod(name), None, "rmmod")
    balance(lines[-1])
    # The other one that came and went was not between them.
    equal({line["caller"].split("+")[0] for line in lines[:-1]}, {"swap_a_caller"}, "callers")
    equal(len(lines) - 1, n, "records")


@test("functions of a module that another one follows")
def functions():
    def session(run):
        insmod(MODS[0])
        place = read(f"/sys/module/{MODS[0]}/sections/.text")
        with Background("func", "count", f"{MODS[0]}:swap_a_leaf", "--json") as b:
            subprocess.run(["sh", "-c", f"echo {N_A} >/sys/module/{MODS[0]}/parameters/call"], check=True)
            equal(rmmod(MODS[0]), None, "rmmod")
            subprocess.run(run, check=True)
            r = b.report()
        return r if read(f"/sys/module/{MODS[1]}/sections/.text") == place else None
    r = swapped(session, [], [("call", N_B)])
    equal([(row["func"], row["count"]) for row in r["rows"]], [("swap_a_leaf", N_A)], "rows")


@test("init code, which is freed when its module is live")
def init_code():
    def session(run):
        return report("count", ALLOC, *FREE, "--by", "caller,kstack", run=run)
    r = swapped(session, [], [], load=f"early={N_A}")
    want = {f"swap_{x}_init": N_A for x in "ab"}
    equal(tally((row["caller"], row["count"]) for row in r["rows"]), want, "calls")
    equal(tally((name, row["count"]) for row in r["rows"] for name in row["kstack"]), want, "calls by stack")


@test("a module that comes back has one row")
def back():
    r = swapped(lambda run: report("count", ALLOC, *FREE, "--by", "caller", run=run), *LEAK, again=[[("leak", 3)], [("leak", 2)]])
    equal(tally((row["caller"], row["count"]) for row in r["rows"]), {"swap_a_leak": N_A + 5, "swap_b_leak": N_B}, "calls")
    equal(sorted(ours(row["caller"]) for row in r["rows"] if ours(row["caller"])), sorted(LEAKS), "rows")


@test("a module that is loaded again and again")
def again_and_again():
    # Only the module's parameters call it, at one place. The tables have room for a few returns, were each a row or a stack.
    called, room, times = "param_set_uint", 4, 10
    s = Swap([("call", 1)], [], again=[[("call", 1)]] * (times - 1))
    parts = s.parts[:-1]
    try:
        for _ in range(TRIES):
            s.forget()
            r = report("count", called, *FREE, "--rows", room, "--stacks", room, "--by", "caller,kstack",
                       run=["taskset", "-c", "0", "sh", "-c", " && ".join(parts)])
            if len(s.places()) == 1:
                break
        else:
            raise AssertionError(f"in {TRIES} runs the module was never at one place, the last time at {s.places()}")
    finally:
        shutil.rmtree(s.dir)
    equal(sum(r["accounting"]["lost"].values()), 0, "lost hits")
    got = [row for row in r["rows"] if MODS[0] in row["caller"]]
    equal([row["count"] for row in got], [times], f"calls by row of {got}")


@test("a detached session that is read later")
def detached():
    def session(run):
        obsctl("func", "count", ALLOC, *FREE, "--by", "caller,kstack", "--detach", "swap")
        try:
            subprocess.run(run, check=True)
            # It counts on while it is read.
            first = json.loads(obsctl("session", "read", "swap", "--json").out)
        finally:
            last = balance(json.loads(obsctl("session", "stop", "swap", "--json").out))
        return first, last
    for r in swapped(session, *LEAK):
        equal(tally((row["caller"], row["count"]) for row in r["rows"]), LEAKS, "calls")
        equal(tally((name, row["count"]) for row in r["rows"] for name in row["kstack"]), LEAKS, "calls by stack")


@test("samples by function, of modules that come after the start")
def samples():
    def session(run):
        r = obsctl("pmu", "record", "-e", "cpu-clock", "-F", 1000, "-a", *FREE, "--by", "func,comm", "--json", "--", *run)
        return balance(json.loads(r.out))
    r = swapped(session, [("spin", 300)], [("spin", 200)])
    got = tally((row["func"], row["count"]) for row in r["rows"])
    # Both modules came after the list of functions was read: the samples of one would be the other's, or nobody's.
    for function in ("swap_a_spin", "swap_b_spin"):
        at_least(got.get(function, 0), 1, f"samples of {function} among {got}")


@test("samples by function in a detached session, of a module that comes after the start")
def samples_detached():
    obsctl("pmu", "record", "-e", "cpu-clock", "-F", 1000, "-a", *FREE, "--by", "func", "--detach", "late")
    try:
        insmod(MODS[0])
        subprocess.run(["sh", "-c", f"echo 300 >/sys/module/{MODS[0]}/parameters/spin"], check=True)
        first = json.loads(obsctl("session", "read", "late", "--json").out)
        equal(rmmod(MODS[0]), None, "rmmod")
    finally:
        last = balance(json.loads(obsctl("session", "stop", "late", "--json").out))
    # Samples are at many places in it.
    for r in first, last:
        # Those of user code have none.
        equal([ours(row["func"]) for row in r["rows"] if "func" in row].count("swap_a_spin"), 1, "rows of swap_a_spin")


main()
