# SPDX-License-Identifier: GPL-2.0
"""func slow --tree: what slow calls called, by function: numbers are exact, and times add up to the nanosecond."""

from kobstest import *

MS = 1000000
# What kobs_gen does for a command is in one call of this.
ROOT = "kobs_gen:gen_run_write"
# Functions that a call keeps.
KEPT = 16
KINDS = 20


def tree(*patterns):
    return [word for p in patterns for word in ("--tree", p)]


def explained(report):
    """The time of a call's child calls is in its own; what all slow calls called is the sum of what each did."""
    account(report)
    sums = {}
    for c in report["calls"]:
        if c.get("interrupt"):
            continue
        own = sum(x["self"] for x in c["children"]) + c["children_rest"]
        at_most(own, c["duration"], f"time in child calls of {c}")
        for x in c["children"]:
            at_most(x["max"], c["duration"], f"longest of {x}")
            if not c["children_rest_calls"]:
                at_most(x["self"], x["sum"], f"self time of {x}")
            s = sums.setdefault(x["func"], {"func": x["func"], "calls": 0, "count": 0, "sum": 0, "self": 0, "max": 0})
            s["calls"] += 1
            s["max"] = max(s["max"], x["max"])
            for key in ("count", "sum", "self"):
                s[key] += x[key]
        equal([x["sum"] for x in c["children"]], sorted((x["sum"] for x in c["children"]), reverse=True), "order of the child calls")
    if not report.get("calls_left_out"):
        all_of_them = report["children"]
        equal(sorted(all_of_them["functions"], key=str), sorted(sums.values(), key=str), "child calls of all slow calls")
        equal(all_of_them["duration"], sum(c["duration"] for c in report["calls"]), "time of all slow calls")
        equal(all_of_them["rest"], sum(c.get("children_rest", 0) for c in report["calls"]), "rest of all slow calls")
    return report


def slow(*args, run=None):
    tail = ["--", *run] if run else []
    return explained(json.loads(obsctl("func", "slow", "--budget", 0, *args, "--json", *tail).out))


def children(call):
    return {x["func"]: x for x in call["children"]}


def counts(call):
    return {x["func"]: x["count"] for x in call["children"]}


def note(report, name):
    return report.get("notes", {}).get(name, 0)


def balanced(report, roots, inner):
    """Each call of a root, and each child call, is a hit."""
    a = report["accounting"]
    equal((a["hits"], a["lost"]), (roots + inner, {}), "hits, and lost")
    equal(note(report, "child_calls"), inner, "child calls")
    equal((a["recorded"], note(report, "fast"), a["filtered"]), (len(report["calls"]), 0, inner), "records, fast calls, filtered")


@test("calls in a slow call are counted by function, and their times add up")
def inside():
    r = slow(ROOT, *tree("kobs_gen_outer", "kobs_gen_inner"), "--over", "1ns", run=script("nested 5"))
    equal(len(r["calls"]), 1, "slow calls")
    c = r["calls"][0]
    equal(counts(c), {"kobs_gen_outer": 5, "kobs_gen_inner": 10}, "child calls")
    outer, inner = (children(c)[x] for x in ("kobs_gen_outer", "kobs_gen_inner"))
    equal(outer["sum"] - outer["self"], inner["sum"], "what the inner calls took of the outer ones")
    equal(inner["self"], inner["sum"], "time of the inner calls, which call nothing")
    at_most(outer["sum"], c["duration"], "time of the outer calls")
    balanced(r, 1, 15)
    contains(r["title"], "func slow of 1 function, with 2 in its calls: 1 of 1 calls took 1 ns or longer", "title")


@test("the child call that a slow call was blocked in")
def blocked():
    r = slow(ROOT, *tree("kobs_gen_sleep", "kobs_gen_leaf"), "--over", "60ms", run=script("sleep 4 20", "nested 3", "call task 9"))
    equal((len(r["calls"]), note(r, "fast"), note(r, "child_calls")), (1, 2, 13), "slow, fast and child calls")
    c = r["calls"][0]
    equal(counts(c), {"kobs_gen_sleep": 4}, "child calls")
    x = c["children"][0]
    at_least(x["sum"], 80 * MS, "time of the sleeps")
    at_least(x["max"], 20 * MS, "the longest one")
    at_least(x["sum"], sum(p["sum"] for p in c["parts"] if p["reason"] == "timer"), "time of the sleeps, and blocked time")
    at_most(x["sum"], c["duration"], "time of the sleeps")


@test("recursion: the time of a call in another one of its function is counted once")
def recursion():
    r = slow(ROOT, *tree("kobs_gen_deep"), "--over", "1ns", run=script("deep 3 5"))
    x = r["calls"][0]["children"][0]
    equal((x["func"], x["count"]), ("kobs_gen_deep", 15), "child calls")
    equal(x["self"], x["sum"], "time")
    at_least(x["max"] * 3, x["sum"], "the longest of three")
    balanced(r, 1, 15)


@test("a slow call in another one: each has what was called in it")
def nested():
    r = slow(ROOT, "kobs_gen_outer", *tree("kobs_gen_inner", "kobs_gen_outer"), "--over", "1ns", run=script("nested 5"))
    outer = [c for c in r["calls"] if c["func"] == "kobs_gen_outer"]
    root = [c for c in r["calls"] if c["func"] == "gen_run_write"]
    equal((len(outer), len(root)), (5, 1), "slow calls")
    for c in outer:
        equal(counts(c), {"kobs_gen_inner": 2}, "child calls of an outer call")
    equal(counts(root[0]), {"kobs_gen_outer": 5, "kobs_gen_inner": 10}, "child calls of the root")
    of_root = children(root[0])
    equal(of_root["kobs_gen_outer"]["sum"], sum(c["duration"] for c in outer), "time of the outer calls")
    equal(of_root["kobs_gen_inner"]["sum"], sum(c["children"][0]["sum"] for c in outer), "time of the inner calls")
    # An outer call is a hit once: it has a record.
    balanced(r, 6, 10)


@test("a function that is slow itself, and in itself")
def itself():
    r = slow("kobs_gen_deep", *tree("kobs_gen_deep"), "--over", "1ns", run=script("deep 2 5"))
    equal(len(r["calls"]), 10, "slow calls")
    in_order = sorted(r["calls"], key=lambda c: c["begin_ns"])
    for i, c in enumerate(in_order):
        below = 4 - i % 5
        equal(counts(c), {"kobs_gen_deep": below} if below else {}, f"child calls of {c}")
        if below:
            x = c["children"][0]
            equal((x["sum"], x["self"], x["max"]), (in_order[i + 1]["duration"],) * 3, "time of the next one")
    balanced(r, 10, 0)


@test("what an interrupt calls is no child call, nor what is called elsewhere")
def elsewhere():
    # Softirqs of PREEMPT_RT are work of threads.
    softirq = [] if KERNEL.endswith("-rt") else ["call softirq 10"]
    r = slow(ROOT, *tree("kobs_gen_leaf"), "--over", "1ns", run=script("call hardirq 10", *softirq, "call task 10"))
    equal([counts(c) for c in sorted(r["calls"], key=lambda c: c["begin_ns"])], [{}] * (1 + len(softirq)) + [{"kobs_gen_leaf": 10}], "child calls")
    balanced(r, 2 + len(softirq), 10)
    r = slow("kobs_gen_outer", *tree("kobs_gen_leaf", "kobs_gen_inner"), "--over", "1ns", run=script("reset", "call task 2000", "nested 2", "call task 2000"))
    equal(leafs(), 4000, "calls that kobs_gen made")
    equal([counts(c) for c in r["calls"]], [{"kobs_gen_inner": 2}] * 2, "child calls")
    balanced(r, 2, 4)


@test("of more functions than are kept, the longest are there, and the rest adds up")
def rest():
    r = slow("kobs_gen_kinds", *tree("kobs_gen_kind_*"), "--over", "1ns", run=script("kinds 3 5000"))
    equal(len(r["calls"]), 3, "slow calls")
    for c in r["calls"]:
        equal((len(c["children"]), sum(counts(c).values()), c["children_rest_calls"]), (KEPT, KEPT, KINDS - KEPT), "child calls")
        # None of the rest took longer than one that is there.
        at_most(c["children_rest"], (KINDS - KEPT) * c["children"][-1]["sum"], "time of the rest")
        at_least(c["children_rest"], sum((i + 1) * 5000 for i in range(KINDS - KEPT)), "time of the rest")
        at_least(sum(x["self"] for x in c["children"]) + c["children_rest"], sum(range(1, KINDS + 1)) * 5000, "time of all")
    balanced(r, 3, 3 * KINDS)


@test("child calls that find no room are lost, and counted")
def full():
    r = slow(ROOT, *tree("kobs_gen_deep"), "--over", "1ns", "--depth", 1, run=script("deep 1 20"))
    equal((counts(r["calls"][0]), r["accounting"]["lost"]), ({"kobs_gen_deep": 8}, {"too_deep": 12}), "child calls, and lost")
    r = slow(ROOT, *tree("kobs_gen_deep"), "--over", "1ns", "--inflight", 8, run=script("deep 1 20"))
    equal((counts(r["calls"][0]), r["accounting"]["lost"]), ({"kobs_gen_deep": 7}, {"missed_returns": 13}), "child calls, and lost")
    equal(r["accounting"]["hits"], 21, "hits")


@test("a child call that has not returned at the end is in its slow call")
def open_calls():
    for over, lost in (("10ms", {}), ("1h", {"in_flight": 2})):
        gen("reset")
        with Background("func", "slow", "--budget", 0, ROOT, *tree("kobs_gen_sleep"), "--over", over, "--json") as b:
            p = subprocess.Popen(["sh", "-c", f"echo sleep 1 60000 >{GEN}run"])
            until(lambda: stats()["sleep"] and asleep(p.pid), "the thread to sleep")
            time.sleep(0.1)
            r = explained(json.loads(b.stop().out.splitlines()[-1]))
        p.kill()
        p.wait()
        equal(r["accounting"]["lost"], lost, "lost")
        equal(note(r, "child_calls"), 0 if lost else 1, "child calls")
        for c in r["calls"]:
            equal((c["returned"], counts(c)), (False, {"kobs_gen_sleep": 1}), "child calls")
            at_least(c["children"][0]["sum"], 90 * MS, "time of the sleep")
            at_most(c["children"][0]["sum"], c["duration"], "time of the sleep")
    r = slow("do_group_exit", *tree("do_exit"), "--over", "1ns", "-c", "kobs_exits", run=["sh", "-c", "printf kobs_exits >/proc/$$/comm; exit 3"])
    equal((r["calls"], r["accounting"]["lost"]), ([], {"in_flight": 2}), "calls of a thread that ends, and lost")


@test("many threads at once")
def threads():
    work = ["sh", "-c", f"for i in 1 2 3 4 5 6 7 8; do for k in 1 2 3; do echo nested 200 >{GEN}run; done & done; wait"]
    r = slow(ROOT, *tree("kobs_gen_outer", "kobs_gen_inner"), "--over", "1ns", run=work)
    equal([counts(c) for c in r["calls"]], [{"kobs_gen_outer": 200, "kobs_gen_inner": 400}] * 24, "child calls")
    for c in r["calls"]:
        equal(children(c)["kobs_gen_outer"]["sum"] - children(c)["kobs_gen_outer"]["self"], children(c)["kobs_gen_inner"]["sum"], "times")
    balanced(r, 24, 24 * 600)


@test("as text, in a saved report, while it runs, and of system calls")
def shown():
    path = "/tmp/tree.json"
    obsctl("func", "slow", ROOT, *tree("kobs_gen_sleep"), "--over", "10ms", "--json", "-o", path, "--", *script("sleep 2 20"))
    explained(json.loads(read(path)))
    text = obsctl("show", "-v", path).out
    contains(text, "\nChild calls in the slow calls:\nFUNC              CALLS      TIMES       TIME    SHARE       SELF    LONGEST\nkobs_gen_sleep        1          2  ", "text")
    contains(text, "\n    child calls:\n", "text of a call")
    contains(text, "  kobs_gen_sleep, 2 times, the longest 2", "text of a call")
    os.unlink(path)
    with Background("func", "slow", ROOT, *tree("kobs_gen_sleep"), "--over", "5ms", "-i", 0.2, "--json") as b:
        for _ in range(6):
            gen("sleep 1 10")
            time.sleep(0.1)
        reports = [explained(json.loads(line)) for line in b.stop().out.splitlines()]
    equal(sum(x["count"] for x in reports[-1]["children"]["functions"]), 6, "child calls at the end")
    r = explained(json.loads(obsctl("syscall", "slow", "clock_nanosleep", *tree("do_nanosleep"), "--budget", 0, "--over", "300ms", "-c", "sleep", "--json",
                                    "--", "sleep", "0.4").out))
    equal([(c["syscall"], counts(c)) for c in r["calls"]], [("clock_nanosleep", {"do_nanosleep": 1})], "child calls of a system call")


@test("refusals")
def refusals():
    for args, status, part in (
            (["kobs_gen_outer", *tree("kobs_gen_leef")], 1, "no function of this kernel matches 'kobs_gen_leef' (near it: kobs_gen_leaf"),
            (["kobs_gen_outer", *tree("nothing_*")], 1, "no function of this kernel matches 'nothing_*'\n"),
            # What interrupts run before they are told is left out of patterns.
            (["kobs_gen_outer", *tree("irq_ente[r]")], 1, "matches 'irq_ente[r]', or all that do are excluded"),
            (["kobs_gen_outer", *tree("!kobs_gen_*")], 2, "there are only patterns that exclude"),
            (["kobs_gen_outer", *tree("kobs_gen_leaf"), "--wait"], 2, "--tree needs functions that are there: it does not go with --wait"),
            (["kobs_gen_outer", *tree("*")], 1, "more than 1000: use narrower ones, or --all"),
            (["kobs_gen_outer", "--tree", ""], 2, "option --tree needs the name of a function or a pattern")):
        contains(obsctl("func", "slow", *args, "-d", "1", status=status).err, part, f"what it says of {args}")
    # One of these that is named is not left out.
    slow("kobs_gen_outer", *tree("irq_enter_rcu", "kobs_gen_*"), "--over", "1ns", run=["true"])
    contains(obsctl("syscall", "slow", *tree("*"), "-d", "1", status=1).err, "functions, more than 1000: use narrower ones\n", "what it says")
    contains(obsctl("func", "count", "kobs_gen_leaf", *tree("kobs_gen_leaf"), "-d", "1", status=2).err, "no option --tree", "what it says")


if __name__ == "__main__":
    main()
