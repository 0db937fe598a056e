# SPDX-License-Identifier: GPL-2.0
"""Control groups: the column and the filter, with exact numbers of calls by processes in groups of the test's own."""

import errno

from kobstest import *

LEAF = "kobs_gen_leaf"
ROOT = "/sys/fs/cgroup"
BASE = "/kobs-test"
ID = "0123456789abcdef" * 4


class Groups:
    """Groups below BASE, which are removed with everything in them."""

    def __init__(self, *names):
        if not os.path.exists(f"{ROOT}/cgroup.controllers"):
            skip("no cgroup2 is mounted")
        self.made = []
        self.make("")
        for name in names:
            self.make(name)

    def make(self, name):
        os.mkdir(self.at(name))
        self.made.append(name)

    def remove(self, name):
        def gone():
            try:
                os.rmdir(self.at(name))
            except OSError:
                return False
            return True
        # A process that has ended may still be leaving.
        until(gone, f"{name} to be empty")
        self.made.remove(name)

    @staticmethod
    def path(name):
        return f"{BASE}/{name}" if name else BASE

    def at(self, name):
        return ROOT + self.path(name)

    def number(self, name):
        return os.stat(self.at(name)).st_ino

    def command(self, name, *commands):
        """A process that does something in a group."""
        return ["sh", "-c", f"echo $$ >{self.at(name)}/cgroup.procs || exit; " + "; ".join(commands)]

    def call(self, name, n, kind="task"):
        subprocess.run(self.command(name, f"echo call {kind} {n} >{GEN}run"), check=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        for name in reversed(list(self.made)):
            self.remove(name)


def observe(*options):
    return Background("func", "count", LEAF, "--json", *options)


def counts(r):
    """Counts by path; a group that nobody knows has its name."""
    return {row.get("cgroup_path", row["cgroup"]): row["count"] for row in r["rows"]}


def expect(r, recorded, filtered):
    equal((r["accounting"]["recorded"], r["accounting"]["filtered"]), (recorded, filtered), "recorded, filtered")


@test("calls by control group, nested ones apart, with number and path")
def by_group():
    with Groups("a", "a/b", "c") as g:
        with observe("--by", "cgroup") as b:
            g.call("a", 5)
            g.call("a/b", 7)
            g.call("c", 11)
            g.call("a", 2)
            gen("call task 3")
            r = b.report()
        equal(counts(r), {"/kobs-test/a": 7, "/kobs-test/a/b": 7, "/kobs-test/c": 11, "/": 3}, "counts")
        numbers = {row["cgroup_path"]: row["cgroup_number"] for row in r["rows"]}
        equal(numbers, {g.path(n): g.number(n) for n in ("a", "a/b", "c")} | {"/": os.stat(ROOT).st_ino}, "numbers")


@test("beside other columns, and in a process that moves")
def moves():
    with Groups("a", "b") as g:
        with observe("--by", "comm,cgroup,cpu") as b:
            subprocess.run(g.command("a", f"echo call task 4 1 >{GEN}run", f"echo $$ >{g.at('b')}/cgroup.procs",
                                     f"echo call task 6 0 >{GEN}run", f"echo call task 1 1 >{GEN}run"), check=True)
            r = b.report()
        equal({(row["cgroup"], row["comm"], row["cpu"]): row["count"] for row in r["rows"]},
              {("/kobs-test/a", "sh", 1): 4, ("/kobs-test/b", "sh", 0): 6, ("/kobs-test/b", "sh", 1): 1}, "counts")


@test("hits of interrupts have the group of the task that was interrupted")
def contexts():
    with Groups("a") as g:
        with observe("--by", "cgroup") as b:
            for kind in "task", "softirq", "hardirq":
                gen(f"call {kind} 10")
            r = b.report()
        # Nobody is in the group, so that all of the machine's tasks are in the root.
        equal(counts(r), {"/": 30}, "counts")


@test("--cgroup takes a group and what is below it, also what comes later")
def filter_parent():
    with Groups("a", "a/b", "c") as g:
        with observe("--by", "cgroup", "--cgroup", "/kobs-test/a") as b:
            g.call("a", 5)
            g.call("a/b", 7)
            g.call("c", 11)
            gen("call task 3")
            g.make("a/b/late")
            g.call("a/b/late", 13)
            r = b.report()
        equal(counts(r), {"/kobs-test/a": 5, "/kobs-test/a/b": 7, "/kobs-test/a/b/late": 13}, "counts")
        expect(r, 25, 14)
        equal(r["filter"], {"cgroup": ["/kobs-test/a"]}, "filter")


@test("--cgroup by path, glob, name and number")
def filter_forms():
    with Groups("a", "a/kobs-leaf", "c", "c1", "c2") as g:
        for option, recorded in (("/kobs-test/a/kobs-leaf", 7), (g.at("a"), 12), ("kobs-test/c?", 5), ("/kobs-test/*", 26),
                                 ("kobs-leaf", 7), ("kobs-l*,/kobs-test/c2", 10), (g.number("c"), 9), ("/", 27),
                                 ("/kobs-test/c,/kobs-test/c", 9), ("/kobs-test,/kobs-test/a", 26)):
            with observe("--cgroup", option) as b:
                for name, n in ("a", 5), ("a/kobs-leaf", 7), ("c", 9), ("c1", 2), ("c2", 3):
                    g.call(name, n)
                gen("call task 1")
                r = b.report()
            expect(r, recorded, 27 - recorded)


@test("a filter by group and others must all match")
def filter_both():
    with Groups("a", "b") as g:
        with observe("--cgroup", "/kobs-test/a", "-C", 1) as b:
            for name in "a", "b":
                subprocess.run(g.command(name, f"echo call task 8 0 >{GEN}run", f"echo call task 3 1 >{GEN}run"), check=True)
            r = b.report()
        expect(r, 3, 19)


@test("groups that are removed while it runs")
def removed():
    with Groups("old") as g:
        with observe("--by", "cgroup") as b:
            g.call("old", 9)
            g.remove("old")
            g.make("short")
            number = g.number("short")
            g.call("short", 4)
            g.remove("short")
            r = b.report()
        equal(counts(r), {"/kobs-test/old": 9, f"cgroup {number} (gone)": 4}, "counts")
        # A filter by a group that is gone goes on, and nothing new is taken for it.
        g.make("old")
        with observe("--cgroup", "/kobs-test/old") as b:
            g.call("old", 6)
            g.remove("old")
            g.make("old")
            g.call("old", 5)
            r = b.report()
        expect(r, 6, 5)


@test("containers by their short names")
def containers():
    with Groups(f"docker-{ID}.scope", f"docker-{ID}.scope/in") as g:
        with observe("--by", "cgroup", "--cgroup", "docker:0123456789ab") as b:
            g.call(f"docker-{ID}.scope", 5)
            g.call(f"docker-{ID}.scope/in", 6)
            g.call("", 7)
            r = b.report()
        equal({row["cgroup"]: row["count"] for row in r["rows"]}, {"docker:0123456789ab": 5, "docker:0123456789ab/in": 6}, "names")
        expect(r, 11, 7)


@test("as text, and a saved report shown again")
def shown():
    with Groups("a") as g:
        r = obsctl("func", "count", LEAF, "--by", "cgroup", "--cgroup", "/kobs-test/a", "--json", "-o", "/tmp/cgroup.json", "--",
                   *g.command("a", f"echo call task 5 >{GEN}run"))
        text = obsctl("func", "count", LEAF, "--by", "cgroup", "--cgroup", "/kobs-test/a", "--",
                      *g.command("a", f"echo call task 5 >{GEN}run")).out
    again = obsctl("show", "/tmp/cgroup.json").out
    for out in text, again:
        contains(out, "cgroup /kobs-test/a", "filter")
        assert re.search(r"^ *5 .*/kobs-test/a *$|^/kobs-test/a .* 5\b", out, re.M), f"no row in {out}"
    equal(json.loads(read("/tmp/cgroup.json"))["accounting"]["recorded"], 5, "recorded")


@test("a trace")
def trace():
    with Groups("a") as g:
        got, r, _ = records(LEAF, "--by", "comm,cgroup", "--cgroup", "/kobs-test/a", run=g.command("a", f"echo call task 3 >{GEN}run"))
        equal([(x["comm"], x["cgroup"], x["cgroup_path"], x["cgroup_number"]) for x in got],
              [("sh", "/kobs-test/a", "/kobs-test/a", g.number("a"))] * 3, "records")
    equal(r["accounting"]["recorded"], 3, "recorded")


@test("a detached session, read later")
def detached():
    with Groups("a") as g:
        obsctl("func", "count", LEAF, "--by", "cgroup", "--cgroup", "/kobs-test/a", "--detach", "groups")
        g.call("a", 5)
        g.call("", 6)
        r = balance(json.loads(obsctl("session", "read", "groups", "--json").out))
        obsctl("session", "stop", "groups")
        equal(counts(r), {"/kobs-test/a": 5}, "counts")
        equal(r["filter"], {"cgroup": ["/kobs-test/a"]}, "filter")


GETPPID = "import os; [os.getppid() for _ in range(13)]"


@test("system calls, waits, time and samples by group")
def sources():
    with Groups("a") as g:
        run = g.command("a", f"exec python3 -S -E -c '{GETPPID}'")
        r = json.loads(obsctl("syscall", "count", "getppid", "--by", "cgroup", "--cgroup", "/kobs-test/a", "--json", "--", *run).out)
        equal({row["cgroup"]: row["count"] for row in account(r)["rows"]}, {"/kobs-test/a": 13}, "calls of getppid")
        run = g.command("a", "i=0; while [ $i -lt 20 ]; do sleep 0.01; i=$((i+1)); done")
        for verb in "offcpu", "runq":
            r = json.loads(obsctl("sched", verb, "--by", "cgroup", "--json", "--", *run).out)
            groups = {row["cgroup"]: row["count"] for row in account(r)["rows"]}
            equal(set(groups), {"/", "/kobs-test/a"}, f"groups of {verb}")
            at_least(groups["/kobs-test/a"], 20, f"waits of {verb}")
            for by in "cgroup", "comm":
                r = json.loads(obsctl("sched", verb, "--by", by, "--cgroup", "/kobs-test/a", "--json", "--", *run).out)
                found = [row[by] for row in account(r)["rows"]]
                equal(found if by == "cgroup" else sorted(found), ["/kobs-test/a"] if by == "cgroup" else ["sh", "sleep"], f"{by} of {verb}")
                at_least(sum(row["count"] for row in r["rows"]), 20, f"waits of {verb} by {by}")
                at_least(r["accounting"]["filtered"], 1, f"waits of others, of {verb} by {by}")
        # The shell is created outside, and is in the group only then.
        r = account(json.loads(obsctl("wall", "--by", "comm,cgroup", "--cgroup", "/kobs-test/a", "--json", "--", *run).out))
        equal([(row["comm"], row["cgroup"]) for row in r["rows"]], [("sleep", "/kobs-test/a")], "threads of wall")
        equal(r["notes"]["threads"], 20, "threads of wall")
        busy = g.command("a", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done")
        r = json.loads(obsctl("pmu", "record", "-e", "cpu-clock", "--by", "cgroup", "--cgroup", "/kobs-test/a", "-a", "--json", "--",
                              *busy).out)
        equal([row["cgroup"] for row in account(r)["rows"]], ["/kobs-test/a"], "groups of samples")


CALLS = """
import os, sys
for line in sys.stdin:
    for _ in range(int(line)):
        os.getppid()
    print("done", flush=True)
"""
STAT = ["pmu", "stat", "-e", "syscalls:sys_enter_getppid", "--json"]


def counted(b):
    """Its report: rows are counters, or what samples stand for."""
    return account(json.loads(b.stop().out))


class Caller:
    """A process in a group, which makes a number of system calls when it is told to."""

    def __init__(self, g, name):
        self.p = subprocess.Popen(["python3", "-S", "-E", "-c", CALLS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.move(g, name)

    def move(self, g, name):
        with open(f"{g.at(name)}/cgroup.procs", "w", encoding="ascii") as f:
            f.write(str(self.p.pid))

    def call(self, n):
        self.p.stdin.write(f"{n}\n")
        self.p.stdin.flush()
        equal(self.p.stdout.readline(), "done\n", "answer of a process that calls")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.p.communicate()


@test("counts of tasks by group, with the names of containers")
def stat_of_tasks():
    scope = f"docker-{ID}.scope"
    with Groups("a", scope) as g, Caller(g, "a") as one, Caller(g, "a") as two, Caller(g, scope) as three:
        pids = [c.p.pid for c in (one, two, three)]
        with Background(*STAT, "-p", ",".join(map(str, pids)), "--by", "cgroup") as groups, \
                Background(*STAT, "-p", ",".join(map(str, pids)), "--by", "pid,cgroup") as processes:
            for caller, n in (one, 5), (two, 7), (three, 11):
                caller.call(n)
            r, each = counted(groups), counted(processes)
        equal({row["cgroup"]: row["count"] for row in r["rows"]}, {"/kobs-test/a": 12, "docker:0123456789ab": 11}, "counts")
        equal({row["cgroup_path"]: row["cgroup_number"] for row in r["rows"]}, {g.path(n): g.number(n) for n in ("a", scope)}, "numbers")
        equal((r["of_tasks"], r["sampled"], r.get("notes", {}).get("tasks_moved", 0)), (True, False, 0), "kind of counts")
        equal({(row["pid"], row["cgroup"]): row["count"] for row in each["rows"]},
              {(pids[0], "/kobs-test/a"): 5, (pids[1], "/kobs-test/a"): 7, (pids[2], "docker:0123456789ab"): 11}, "counts of processes")


@test("counts of a task that moves: its first group has them, and it is told; those of CPUs are apart")
def stat_of_task_that_moves():
    with Groups("a", "b") as g, Caller(g, "a") as c:
        with Background(*STAT, "-p", c.p.pid, "--by", "cgroup") as tasks, Background(*STAT, "-a", "--by", "cgroup") as cpus, \
                Background(*STAT, "-a", "--cgroup", "/kobs-test/b") as filtered:
            c.call(5)
            c.move(g, "b")
            c.call(6)
            of_task, of_cpus, of_b = (counted(b) for b in (tasks, cpus, filtered))
        equal((counts(of_task), of_task["notes"].get("tasks_moved")), ({"/kobs-test/a": 11}, 1), "counts of a task, and tasks that moved")
        equal({k: v for k, v in counts(of_cpus).items() if k.startswith(BASE)}, {"/kobs-test/a": 5, "/kobs-test/b": 6}, "counts of CPUs")
        equal([(row["count"], row["samples"]) for row in of_b["rows"]], [(6, 6)], "counts of CPUs, of a group")
        equal(of_b["accounting"]["recorded"], 6, "samples of a group")


@test("kernel threads are in the root")
def kernel_threads():
    with Groups("a") as g:
        r = json.loads(obsctl("sched", "runq", "--by", "comm,cgroup", "-c", "kworker*,rcu*,ksoftirqd*", "--json", "--",
                              *g.command("a", "sync; sleep 0.3; sync")).out)
        at_least(len(account(r)["rows"]), 1, "threads")
        equal({row["cgroup"] for row in r["rows"]}, {"/"}, "their groups")


@test("allocations by group")
def allocations():
    with Groups("a") as g:
        r = json.loads(obsctl("slab", "trace", "--by", "cgroup,comm", "--cgroup", "/kobs-test/a", "--json", "--",
                              *g.command("a", "exec true")).out.splitlines()[-1])
        account(r)
        at_least(r["accounting"]["recorded"], 1, "recorded")
        at_least(r["accounting"]["filtered"], 1, "filtered")


@test("what is refused, and the bound")
def refusals():
    with Groups(*[f"n{i}" for i in range(65)]) as g:
        for option, part in (("/kobs-test/m1", f"there is no control group '/kobs-test/m1' below {ROOT} (near it: /kobs-test/n1"),
                             ("nothing-like-it", "there is no control group 'nothing-like-it'"),
                             ("/kobs-test/n*", "option --cgroup matches 65 control groups, and a filter takes 64: name one above them")):
            r = obsctl("func", "count", LEAF, "--cgroup", option, "-d", "100ms", status=1)
            contains(r.err, part, "refusal")
        g.remove("n64")
        with observe("--cgroup", "/kobs-test/n*") as b:
            g.call("n0", 3)
            g.call("n63", 4)
            g.call("", 5)
            r = b.report()
        expect(r, 7, 5)
        equal(len(r["filter"]["cgroup"]), 64, "groups of the filter")
    r = obsctl("func", "count", LEAF, "--by", "container", status=2)
    contains(r.err, "did you mean 'cgroup'?", "refusal")


@test("the module's own refusals")
def module_refusals():
    import nlkit
    k = nlkit.K
    nl = nlkit.Netlink()
    for number in 0, 12345678, 2**64 - 1:
        nlkit.refused(nl, errno.ENOENT, f"there is no control group {number} in the unified hierarchy", k.CMD_SESSION_NEW,
                      nlkit.attr(k.A_SESSION_SOURCE, "func"), nlkit.attr(k.A_SESSION_MODE, "count"),
                      nlkit.nest(k.A_SESSION_FILTER, nlkit.u64(k.A_FILTER_CGROUP, number)))
    nl.close()


main()
