# SPDX-License-Identifier: GPL-2.0
"""func graph: counts are exact for every way from the root down, and times add up to the nanosecond."""

import tempfile

from kobstest import *
from nlkit import *

OUTER, INNER, DEEP = "kobs_gen_outer", "kobs_gen_inner", "kobs_gen_deep"


def name(frame):
    """Of a function, without where in it ftrace is called, and without its module."""
    return frame.split(" ")[0].split("+")[0]


def tree(r):
    """Rows by their paths from the root down; the times of each, and of all, must add up."""
    nodes = {}
    for row in r["rows"]:
        path = tuple(name(f) for f in reversed(row["path"]))
        assert path not in nodes, f"two rows of {path}"
        nodes[path] = row
        at_most(row["longest"], row["total"], f"longest of {path}")
        at_least(row["longest"] * row["count"], row["total"], f"longest of {path}, for each call")
    for path, row in nodes.items():
        below = sum(n["total"] for p, n in nodes.items() if p[:-1] == path)
        equal(row["sum"] + below, row["total"], f"own time of {path} and total of what it calls")
    roots = sum(n["total"] for p, n in nodes.items() if len(p) == 1)
    equal(sum(n["sum"] for n in nodes.values()), roots, "own times of all, and total of the roots")
    return nodes


def counts(nodes):
    return {path: row["count"] for path, row in nodes.items()}


@test("a root and what it calls")
def nested():
    r = report("graph", OUTER, INNER, run=script("nested 40"))
    nodes = tree(r)
    equal(counts(nodes), {(OUTER,): 40, (OUTER, INNER): 80}, "rows")
    equal(stats()["inner"], 80, "calls that kobs_gen made")
    equal((r["accounting"]["hits"], r["accounting"]["lost"]), (120, {}), "hits and lost")
    at_least(nodes[OUTER, INNER]["sum"], 1, "time of its own")
    equal(nodes[OUTER, INNER]["sum"], nodes[OUTER, INNER]["total"], "own time of what calls nothing")
    equal(r["title"].split(" [")[0], f"func graph of {OUTER}", "title")


@test("what the root does not call is no hit")
def elsewhere():
    r = report("graph", "kobs_gen_caller_a", "kobs_gen_leaf", INNER, run=script("call task 30", "callb 20", "nested 10"))
    equal(counts(tree(r)), {("kobs_gen_caller_a",): 30, ("kobs_gen_caller_a", "kobs_gen_leaf"): 30}, "rows")
    equal(r["accounting"]["hits"], 60, "hits")


@test("one function, called in several ways")
def ways():
    r = report("graph", "kobs_gen:gen_run_write", "kobs_gen:kobs_gen_*", run=script("call task 30", "callb 20", "spread 2"))
    equal(counts(tree(r)), {
        ("gen_run_write",): 3,
        ("gen_run_write", "kobs_gen_caller_a"): 30, ("gen_run_write", "kobs_gen_caller_a", "kobs_gen_leaf"): 30,
        ("gen_run_write", "kobs_gen_caller_b"): 20, ("gen_run_write", "kobs_gen_caller_b", "kobs_gen_leaf"): 20,
        ("gen_run_write", "kobs_gen_spread"): 2, ("gen_run_write", "kobs_gen_spread", "kobs_gen_leaf"): 128}, "rows")


@test("recursion has nodes of its own")
def recursion():
    r = report("graph", DEEP, DEEP, run=script("deep 20 12"))
    equal(counts(tree(r)), {(DEEP,) * i: 20 for i in range(1, 13)}, "rows")


@test("--depth: deeper calls are filtered, and their time is their caller's")
def depth():
    r = report("graph", DEEP, DEEP, "--depth", 5, run=script("deep 10 12"))
    equal(counts(tree(r)), {(DEEP,) * i: 10 for i in range(1, 6)}, "rows")
    a = r["accounting"]
    equal((a["hits"], a["recorded"], a["filtered"], a["lost"]), (120, 50, 70, {}), "account")
    full = report("graph", DEEP, DEEP, run=script("deep 1 100"))
    equal(len(tree(full)), 64, "rows by default")
    equal(full["accounting"]["filtered"], 36, "filtered by default")


@test("what interrupts call is not below the function that they interrupt")
def interrupts():
    r = report("graph", "kobs_gen:gen_run_write", "kobs_gen:kobs_gen_*",
               run=["taskset", "-c", "0", *script("call task 30", "call hardirq 50 0", "call softirq 20 0")])
    equal(counts(tree(r)), {("gen_run_write",): 3, ("gen_run_write", "kobs_gen_caller_a"): 30,
                            ("gen_run_write", "kobs_gen_caller_a", "kobs_gen_leaf"): 30}, "rows")
    s = stats()
    equal((s["hardirq"], s["softirq"]), (50, 20), "calls in interrupts")


def timer_ticks():
    return sum(map(int, re.search(r"^ *LOC:((?: +\d+)+)", read("/proc/interrupts"), re.M).group(1).split()))


@test("nor is what they call before and after the kernel says that they are there")
def edges():
    before = timer_ticks()
    r = report("graph", "kobs_gen_spin", "irq_enter_rcu", "irq_exit_rcu", "idle_cpu", "tick_irq_enter", run=script("spin 2 300000000"))
    at_least(timer_ticks() - before, 20, "interrupts of the timer")
    equal(counts(tree(r)), {("kobs_gen_spin",): 2}, "rows")
    equal(r["accounting"]["hits"], 2, "hits")


@test("a root in each context")
def contexts():
    r = report("graph", "kobs_gen_caller_a", "kobs_gen_leaf",
               run=script("call task 30 0", "call hardirq 50 1", "call softirq 20 0"))
    equal(counts(tree(r)), {("kobs_gen_caller_a",): 100, ("kobs_gen_caller_a", "kobs_gen_leaf"): 100}, "rows")
    equal(r["accounting"]["lost"], {}, "lost")


@test("a root that sleeps, and is preempted")
def sleep():
    nodes = tree(report("graph", "kobs_gen_sleep", "schedule", run=script("sleep 3 100")))
    root, below = nodes["kobs_gen_sleep",], nodes["kobs_gen_sleep", "schedule"]
    equal(root["count"], 3, "count")
    at_least(root["total"], 300000000, "total")
    at_least(below["count"], 3, "sleeps")
    at_least(below["total"], 250000000, "time asleep")


@test("both CPUs at once")
def both_cpus():
    loop = "for i in 1 2 3 4 5; do echo call task 400 {0} >{1}run; echo nested 100 >{1}run; echo call hardirq 50 {0} >{1}run; done"
    r = report("graph", "kobs_gen:gen_run_write", "kobs_gen:kobs_gen_*", "--budget", 0,
               run=["sh", "-c", f"({loop.format(0, GEN)}) & ({loop.format(1, GEN)}); wait"])
    equal(counts(tree(r)), {
        ("gen_run_write",): 30, ("gen_run_write", "kobs_gen_caller_a"): 4000, ("gen_run_write", "kobs_gen_caller_a", "kobs_gen_leaf"): 4000,
        ("gen_run_write", OUTER): 1000, ("gen_run_write", OUTER, INNER): 2000}, "rows")


@test("filters are those of the root")
def filters():
    r = report("graph", "kobs_gen_caller_a", "kobs_gen_leaf", "-C", 1, run=script("call task 10 0", "call task 20 1"))
    equal(counts(tree(r)), {("kobs_gen_caller_a",): 20, ("kobs_gen_caller_a", "kobs_gen_leaf"): 20}, "rows")
    equal((r["accounting"]["hits"], r["accounting"]["filtered"]), (50, 10), "hits and filtered")
    r = report("graph", OUTER, INNER, "-c", "other", run=script("nested 5"))
    equal((r["rows"], r["accounting"]["filtered"]), ([], 5), "rows and filtered, of another name")


@test("a root that has not returned is lost, in flight")
def in_flight():
    with Background("func", "graph", "kobs_gen_sleep", "kobs_gen_sleep", "--json") as b:
        gen("sleep 2 1")
        child = subprocess.Popen(script("sleep 1 60000"))
        try:
            until(lambda: stats()["sleep"] == 3, "the sleeper to sleep")
            r = b.report()
        finally:
            child.kill()
            child.wait()
    equal(counts(tree(r)), {("kobs_gen_sleep",): 2}, "rows")
    equal((r["accounting"]["hits"], r["accounting"]["lost"]), (3, {"in_flight": 1}), "hits and lost")


@test("a root that never returns does not take the place of others")
def noreturn():
    r = report("graph", "do_exit", "kobs_gen_leaf", run=["sh", "-c", "i=0; while [ $i -lt 600 ]; do (:); i=$((i+1)); done"])
    equal(r["rows"], [], "rows")
    lost = r["accounting"]["lost"]
    equal(list(lost), ["in_flight"], "reasons of loss")
    at_least(lost["in_flight"], 600, "lost")


@test("--inflight: calls whose return could not be hooked are counted, and their time is their caller's")
def missed():
    r = report("graph", OUTER, INNER, "--inflight", 1, run=script("nested 10"))
    equal(counts(tree(r)), {(OUTER,): 10}, "rows")
    equal((r["accounting"]["hits"], r["accounting"]["lost"]), (30, {"missed_returns": 20}), "hits and lost")


@test("--stacks and --rows: what has no room is counted, and the times add up")
def no_room():
    r = report("graph", DEEP, DEEP, "--stacks", 4, run=script("deep 10 12"))
    equal(counts(tree(r)), {(DEEP,) * i: 10 for i in range(1, 5)}, "rows")
    equal(r["accounting"]["lost"], {"stack_full": 80}, "lost")
    # The last one to return, and to need a row, is the root.
    r = report("graph", DEEP, DEEP, "--rows", 2, run=["taskset", "-c", "0", *script("deep 10 3")])
    equal(sorted((len(row["path"]), row["count"]) for row in r["rows"]), [(2, 10), (3, 10)], "rows")
    equal(r["accounting"]["lost"], {"table_full": 10}, "lost")


@test("the tree as text")
def text():
    r = obsctl("func", "graph", OUTER, INNER, "--", *script("nested 40"))
    lines = [line for line in r.out.splitlines() if OUTER in line or INNER in line][1:]
    equal([re.sub(r".*?( *kobs_gen\w+)", r"\1", line) for line in lines], [f"  {OUTER} [kobs_gen]", f"    {INNER} [kobs_gen]"], "tree")
    equal([line.split()[0] for line in lines], ["40", "80"], "counts")
    contains(r.out, "100.0 %", "share of the root")
    r = obsctl("func", "graph", OUTER, INNER, "-n", 1, "--", *script("nested 40"))
    contains(r.out, "... 1 more row", "what -n leaves out")


@test("a detached session, its stacks, and its flame graph")
def detached():
    try:
        obsctl("func", "graph", OUTER, INNER, "--detach", "graph")
        gen("nested 7")
        r = balance(json.loads(obsctl("session", "read", "graph", "--json").out))
        nodes = tree(r)
        equal(counts(nodes), {(OUTER,): 7, (OUTER, INNER): 14}, "rows")
        folded = obsctl("session", "read", "graph", "--folded").out.splitlines()
        got = {tuple(name(f) for f in line.rsplit(" ", 1)[0].split(";")): int(line.rsplit(" ", 1)[1]) for line in folded if line}
        equal(got, {path: row["sum"] for path, row in nodes.items()}, "folded stacks")
        svg = "/tmp/graph.svg"
        obsctl("session", "read", "graph", "--flame", svg)
        contains(read(svg), INNER, "picture")
        os.unlink(svg)
    finally:
        obsctl("session", "stop", "graph", status=None)


@test("folded stacks, a flame graph and a page of a command's calls")
def pictures():
    with tempfile.TemporaryDirectory() as top:
        folded = obsctl("func", "graph", OUTER, INNER, "--folded", "--flame", f"{top}/a.svg", "--", *script("nested 3")).out
        paths = [tuple(name(f) for f in line.rsplit(" ", 1)[0].split(";")) for line in folded.splitlines() if line.startswith(OUTER)]
        equal(sorted(paths), [(OUTER,), (OUTER, INNER)], "folded stacks")
        contains(read(f"{top}/a.svg"), INNER, "the picture")
        obsctl("func", "graph", OUTER, INNER, "--json", "-o", f"{top}/a.json", "--html", f"{top}/a.html", "--", *script("nested 3"))
        contains(read(f"{top}/a.html"), "<svg", "the page")
        obsctl("show", f"{top}/a.json", "--flame", f"{top}/b.svg")
        contains(read(f"{top}/b.svg"), INNER, "the picture of a saved report")


@test("a saved report is shown as it was printed")
def saved():
    path = "/tmp/graph.json"
    r = obsctl("func", "graph", OUTER, INNER, "--json", "-o", path, "--", *script("nested 3"))
    shown = obsctl("show", path).out
    contains(shown, f"  {INNER} [kobs_gen]", "tree")
    contains(shown, f"func graph of {OUTER} [kobs_gen]", "title")
    equal(r.out, "", "standard output")
    os.unlink(path)


@test("a module that goes: its functions keep their names")
def module_goes():
    with Background("func", "graph", OUTER, INNER, "--json") as b:
        gen("nested 5")
        equal(rmmod("kobs_gen"), None, "rmmod's complaint")
        insmod("kobs_gen")
        gen("nested 5")
        r = b.report()
    equal(counts(tree(r)), {(OUTER,): 5, (OUTER, INNER): 10}, "rows")
    equal(r["notes"]["functions_gone"], 2, "functions that went")


READS = """
import os, time
fd = os.open("/dev/zero", os.O_RDONLY)
end = time.monotonic() + {seconds}
n = 0
while n < 4000 or time.monotonic() < end:
    os.read(fd, 1)
    n += 1
"""


@test("without patterns: all functions, and after a while only those that are called")
def all_functions():
    r = report("graph", "vfs_read", "--settle", "200ms", "--budget", 0, "-c", "python3*",
               run=[sys.executable, "-c", READS.format(seconds=3)])
    nodes = tree(r)
    at_least(nodes["vfs_read",]["count"], 4000, "calls of the root")
    at_least(max(n["count"] for p, n in nodes.items() if p[0] == "vfs_read" and "read_iter_zero" in p[-1] or "read_zero" in p[-1]), 4000,
             "calls of what reads /dev/zero")
    at_least(r["targets"], 10000, "functions")
    called = r["notes"]["functions_called"]
    at_least(called, 2, "functions that were followed to the end")
    at_most(called, 1000, "functions that were followed to the end")


@test("refusals")
def refusals():
    for args, words in (
            (("_raw_spin_lock", INNER), "_raw_spin_lock cannot be traced: a spinlock's fast path"),
            (("vfs_*", INNER), "functions: a tree can begin with 8 at most"),
            (("kobs_gen_outr", INNER), "no function of this kernel matches 'kobs_gen_outr'"),
            ((OUTER, INNER, "--depth", 97), "depth")):
        r = obsctl("func", "graph", *args, "-d", "100ms", status=None)
        contains((1, 2), r.status, f"status of {args}")
        contains(r.err, words, "refusal")
    contains(obsctl("func", "graph", status=2).err, "needs a function", "refusal")
    contains(obsctl("func", "graph", f"!{OUTER}", status=2).err, "excludes", "refusal")


@test("the module refuses what the mode has not")
def module_refuses():
    nl = Netlink()
    root, other = words("roots", symbol(OUTER)), words("functions", symbol(INNER))
    for mode, words_, parts in (
            ("graph", "parameter roots is missing", (other,)),
            ("graph", "func graph needs its column path", (root, attr(K.A_SESSION_BY, "func"))),
            ("graph", "func graph has no stacks", (root, attr(K.A_SESSION_BY, "path"), attr(K.A_SESSION_BY, "kstack"))),
            ("graph", "parameter wait does not belong to func graph", (root, phrase("wait", "x*"))),
            ("count", "func count has no column path", (other, attr(K.A_SESSION_BY, "path"))),
            ("time", "parameter depth belongs to func graph", (other, param("depth", 3))),
            ("time", "parameter roots belongs to func graph", (other, root))):
        refused(nl, errno.EINVAL, words_, K.CMD_SESSION_NEW, attr(K.A_SESSION_SOURCE, "func"), attr(K.A_SESSION_MODE, mode), *parts)
    nl.close()


@test("--fail-over: a call that took too long")
def fail_over():
    r = obsctl("func", "graph", "kobs_gen_spin", "kobs_gen_leaf", "--fail-over", "1ms", "--", *script("spin 1 2000000"), status=3)
    contains(r.err, "a call is above the limit 1ms of --fail-over", "verdict")
    obsctl("func", "graph", "kobs_gen_spin", "kobs_gen_leaf", "--fail-over", "100s", "--", *script("spin 1 2000000"))


main()
