# SPDX-License-Identifier: GPL-2.0
"""func calls: every call of a root is a tree whose calls, places and times are exact, or says what is missing."""

from kobstest import *
from nlkit import *

OUTER, INNER, DEEP = "kobs_gen_outer", "kobs_gen_inner", "kobs_gen_deep"
WRITE = "gen_run_write"


def name(frame):
    """Of a function, without where in it ftrace is called, and without its module."""
    return frame.split(" ")[0].split("+")[0]


def path(x):
    return tuple(name(f) for f in reversed(x["path"]))


def calls(*args, run, more=()):
    """The calls of the root, each a list of records, and the final object."""
    r = obsctl("func", "calls", *args, "--json", *more, "--", *run)
    lines = [json.loads(line) for line in r.out.splitlines()]
    return trees(lines[:-1]), balance(lines[-1])


def trees(got):
    """Records of one call of the root follow each other, in the order of the starts."""
    out = {}
    last = None
    for x in got:
        assert x["root"] == last or x["root"] not in out, f"records of {x['root']} are apart"
        last = x["root"]
        out.setdefault(last, []).append(x)
    for tree in out.values():
        numbers = [x["call"] for x in tree]
        equal(numbers, sorted(set(numbers)), "numbers of calls")
    return list(out.values())


def complete(tree):
    """All calls are there, each is in those of its path, and the times add up."""
    equal([x["call"] for x in tree], list(range(tree[0]["inside"] + 1)), "numbers of calls")
    for i, x in enumerate(tree):
        inside = tree[i + 1:i + 1 + x["inside"]]
        for y in inside:
            equal(path(y)[:len(path(x))], path(x), "path of a call inside another")
        for y in tree[i + 1 + x["inside"]:i + 2 + x["inside"]]:
            at_most(len(path(y)), len(path(x)), f"depth of what comes after {path(x)}")
        below = sum(y["duration_ns"] for y in inside if len(path(y)) == len(path(x)) + 1)
        equal(x["self_ns"] + below, x["duration_ns"], f"own time of {path(x)}, and total of what it calls")
        at_most(x["time_ns"] - x["duration_ns"], x["time_ns"], "begin")
        equal(name(x["func"]), path(x)[-1], "function")
    equal(len(path(tree[0])), 1, "depth of the root")
    equal(sum(x["self_ns"] for x in tree), tree[0]["duration_ns"], "own times of all, and total of the root")
    return [path(x) for x in tree]


def none_missing(r):
    equal((r["calls_incomplete"], r["calls_missing"], r["accounting"]["lost"]), (0, 0, {}), "incomplete, missing and lost")


@test("a root and what it calls, in order")
def nested():
    got, r = calls(OUTER, INNER, run=script("nested 40"))
    equal([complete(t) for t in got], [[(OUTER,), (OUTER, INNER), (OUTER, INNER)]] * 40, "calls")
    equal((stats()["outer"], r["calls_shown"], r["accounting"]["hits"]), (40, 40, 120), "calls that kobs_gen made, shown, and hits")
    none_missing(r)
    for t in got:
        equal({(x["tid"], x["comm"], x["context"]) for x in t}, {(t[0]["tid"], "sh", "task")}, "who called")


@test("one function, called in several ways")
def ways():
    got, r = calls("kobs_gen:" + WRITE, "kobs_gen:kobs_gen_*", run=script("call task 30", "callb 20", "nested 1"))
    top = (WRITE,)
    equal([complete(t) for t in got], [
        [top] + [top + ("kobs_gen_caller_a",), top + ("kobs_gen_caller_a", "kobs_gen_leaf")] * 30,
        [top] + [top + ("kobs_gen_caller_b",), top + ("kobs_gen_caller_b", "kobs_gen_leaf")] * 20,
        [top, top + (OUTER,), top + (OUTER, INNER), top + (OUTER, INNER)]], "calls")
    none_missing(r)


@test("recursion, and --depth")
def recursion():
    got, r = calls(DEEP, DEEP, run=script("deep 20 12"))
    equal([complete(t) for t in got], [[(DEEP,) * i for i in range(1, 13)]] * 20, "calls")
    none_missing(r)
    got, r = calls(DEEP, DEEP, "--depth", 5, run=script("deep 10 12"))
    equal([complete(t) for t in got], [[(DEEP,) * i for i in range(1, 6)]] * 10, "calls")
    a = r["accounting"]
    equal((a["hits"], a["recorded"], a["filtered"], a["lost"]), (120, 50, 70, {}), "account")


@test("what interrupts call is apart, and can be a root's call of its own")
def interrupts():
    got, r = calls("kobs_gen:" + WRITE, "kobs_gen:kobs_gen_*", run=["taskset", "-c", "0", *script("call hardirq 50 0", "call softirq 20 0")])
    equal([complete(t) for t in got], [[(WRITE,)]] * 2, "calls")
    none_missing(r)
    got, r = calls("kobs_gen_caller_a", "kobs_gen_leaf", run=script("call task 30 0", "call hardirq 50 1", "call softirq 20 0"))
    equal([complete(t) for t in got], [[("kobs_gen_caller_a",), ("kobs_gen_caller_a", "kobs_gen_leaf")]] * 100, "calls")
    seen = [t[0]["context"] for t in got]
    equal({c: seen.count(c) for c in seen}, {"task": 30, "hardirq": 50, "softirq": 20}, "contexts")
    none_missing(r)


@test("a root that sleeps, and returns on another CPU")
def migrates():
    move = (f"taskset -p 1 $$ >/dev/null; echo sleep 1 60000 >{GEN}run & p=$!; "
            f"while [ \"$(sed -n 's/^sleep //p' {GEN}stats)\" = 0 ]; do :; done; sleep 0.2; "
            "taskset -p 2 $p >/dev/null; kill -USR1 $p; wait; :")
    got, r = calls("kobs_gen_sleep", "schedule", run=["sh", "-c", move])
    equal(len(got), 1, "calls of the root")
    complete(got[0])
    at_least(len(got[0]), 2, "calls")
    equal(got[0][0]["cpu"], 1, "CPU of the return")


@test("several tasks on a CPU, and both CPUs, at once")
def at_once():
    loop = "for i in 1 2 3 4 5; do echo call task 400 {0} >{1}run; echo nested 100 >{1}run; echo call hardirq 50 {0} >{1}run; done"
    got, r = calls("kobs_gen:" + WRITE, "kobs_gen:kobs_gen_*", "--budget", 0, "--ring-kb", 8192,
                   run=["sh", "-c", f"({loop.format(0, GEN)}) & ({loop.format(1, GEN)}) & ({loop.format(1, GEN)}); wait"])
    sizes = sorted(len(complete(t)) for t in got)
    equal(sizes, [1] * 15 + [301] * 15 + [801] * 15, "calls in each call of the root")
    none_missing(r)


@test("a root that never returns: what it called, and its number of calls is not known")
def noreturn():
    got, r = calls("do_exit", "exit_files", "exit_fs", run=["sh", "-c", "(:); (:); exit 0"], more=("-c", "sh"))
    equal([[path(x) for x in t] for t in got], [[("do_exit", "exit_files"), ("do_exit", "exit_fs")]] * 3, "calls")
    equal([x["call"] for t in got for x in t], [1, 2] * 3, "numbers")
    equal((r["calls_incomplete"], r["calls_missing"], r["accounting"]["lost"]), (3, 3, {"in_flight": 3}), "incomplete, missing and lost")
    text = obsctl("func", "calls", "do_exit", "exit_files", "exit_fs", "-c", "sh", "--", "sh", "-c", "exit 0").out
    contains(text, "  incomplete: it had not returned, or its record was lost; 1 call is missing at least\n", "text")
    contains(text, "} /* do_exit: not seen to return */\n", "text")


@test("calls whose return could not be hooked have a place, and are counted")
def missed():
    got, r = calls(OUTER, INNER, "--inflight", 1, run=script("nested 10"))
    equal([[(path(x), x["call"], x["inside"]) for x in t] for t in got], [[((OUTER,), 0, 2)]] * 10, "calls")
    equal((r["calls_incomplete"], r["calls_missing"], r["accounting"]["lost"]), (10, 20, {"missed_returns": 20}), "incomplete, missing, lost")
    text = obsctl("func", "calls", OUTER, INNER, "--inflight", 1, "--", *script("nested 1")).out
    contains(text, "  incomplete: 2 of its 3 calls are missing\n", "text")
    contains(text, "/* 2 missing */\n", "text")


@test("--stacks: so are those without room for their path")
def no_room():
    got, r = calls(DEEP, DEEP, "--stacks", 4, run=script("deep 10 12"))
    equal([[(len(path(x)), x["inside"]) for x in t] for t in got], [[(i, 12 - i) for i in range(1, 5)]] * 10, "calls")
    equal((r["calls_incomplete"], r["calls_missing"], r["accounting"]["lost"]), (10, 80, {"stack_full": 80}), "incomplete, missing, lost")


@test("records for which the ring has no room")
def ring_full():
    got, r = calls("kobs_gen:" + WRITE, "kobs_gen:kobs_gen_*", "--ring-kb", 8, "--budget", 0, run=script("call task 20000", "call task 1"))
    flat = [x for t in got for x in t]
    lost = r["accounting"]["lost"]
    equal(list(lost), ["ring_full"], "reasons of loss")
    equal(len(flat) + lost["ring_full"], 40001 + 3, "records and losses")
    whole = [t for t in got if t[0]["call"] == 0]
    part = [t for t in got if t[0]["call"] != 0]
    missing = sum(t[0]["inside"] + 1 - len(t) for t in whole) + sum(max(x["call"] + x["inside"] + 1 for x in t) - len(t) for t in part)
    equal(r["calls_missing"], missing, "calls missing")
    for t in whole:
        equal(sum(x["self_ns"] for x in t), t[0]["duration_ns"], "own times of all, and total of the root")


@test("-n: as many calls of the root")
def top():
    r = obsctl("func", "calls", OUTER, INNER, "-n", 2, "--", *script("nested 40"))
    equal(r.out.count(f"}} /* {OUTER} */\n"), 2, "calls shown")
    equal(r.out.count(f"{INNER}();\n"), 4, "calls in them")


@test("--over: calls of the root that took longer")
def over():
    got, r = calls("kobs_gen_spin", "kobs_gen_leaf", "--over", "50ms", run=script("spin 20 1000", "spin 2 60000000"))
    equal([complete(t) for t in got], [[("kobs_gen_spin",)]] * 2, "calls")
    for t in got:
        at_least(t[0]["duration_ns"], 60000000, "duration")
    equal((r["calls_shown"], r["calls_fast"], r["calls_unknown"], r["accounting"]["recorded"]), (2, 20, 0, 22), "shown, fast, unknown, recorded")


@test("filters are those of the root")
def filters():
    got, r = calls("kobs_gen_caller_a", "kobs_gen_leaf", run=script("call task 10 0", "call task 20 1"), more=("-C", 1))
    equal([len(complete(t)) for t in got], [2] * 20, "calls")
    equal((r["accounting"]["hits"], r["accounting"]["filtered"]), (50, 10), "hits and filtered")


def masked(text):
    """Without times, CPUs and threads."""
    text = re.sub(r"\[\d+\.\d{6}\] sh-\d+, CPU \d+: [^,]+, ", "[T] sh-N, CPU N: D, ", text)
    return re.sub(r" +\d+\) [ +!#*@$] *\d+\.\d{3} us  +\d+\.\d{3} us ", "T ", text)


@test("the form of function_graph")
def text():
    r = obsctl("func", "calls", "kobs_gen:" + WRITE, "kobs_gen:kobs_gen_*", "--", *script("nested 1", "call task 1"))
    pad = " " * 41
    equal(masked(r.out), f""" CPU          TOTAL             SELF      CALL

[T] sh-N, CPU N: D, 4 calls
{pad}|  {WRITE}() {{
{pad}|    {OUTER}() {{
T |      {INNER}();
T |      {INNER}();
T |    }} /* {OUTER} */
T |  }} /* {WRITE} */

[T] sh-N, CPU N: D, 3 calls
{pad}|  {WRITE}() {{
{pad}|    kobs_gen_caller_a() {{
T |      kobs_gen_leaf();
T |    }} /* kobs_gen_caller_a */
T |  }} /* {WRITE} */
""", "text")
    contains(r.err, "hits 7 = recorded 7 + filtered 0 + lost 0", "account")


@test("overhead marks")
def marks():
    out = ""
    for root, commands in (("kobs_gen_spin", ("spin 1 1000", "spin 1 20000000", "spin 1 200000000")), ("kobs_gen_sleep", ("sleep 1 1100",))):
        out += obsctl("func", "calls", root, "kobs_gen_leaf", "--", *script(*commands)).out
    found = re.findall(r"^ +\d+\) (.) *(\d+)\.\d{3} us", out, re.M)
    equal(len(found), 4, "calls")
    for mark, us in found:
        us = int(us)
        want = "$" if us >= 1000000 else "@" if us >= 100000 else "*" if us >= 10000 else "#" if us >= 1000 else "!" if us >= 100 else \
            "+" if us >= 10 else " "
        equal(mark, want, f"mark of {us} us")
    equal([mark for mark, _ in found][1:], ["*", "@", "$"], "marks")


@test("a saved file is shown as it was printed, and in the formats of others")
def saved():
    file = "/tmp/calls.json"
    obsctl("func", "calls", OUTER, INNER, "--json", "-o", file, "--", *script("nested 3"))
    shown = obsctl("show", file).out
    equal(shown.count(f"{INNER}();\n"), 6, "calls")
    equal(obsctl("show", file, "-n", 1).out.count(f"{INNER}();\n"), 2, "calls with -n 1")
    chrome = json.loads(obsctl("show", file, "--format", "chrome").out)
    slices = [e for e in chrome["traceEvents"] if e["ph"] == "X"]
    equal(sorted(name(e["name"]) for e in slices), [INNER] * 6 + [OUTER] * 3, "slices")
    live = json.loads(obsctl("func", "calls", OUTER, INNER, "--format", "chrome", "--", *script("nested 3")).out)
    equal(len([e for e in live["traceEvents"] if e["ph"] == "X"]), 9, "slices of a session")
    os.unlink(file)


@test("without patterns: all functions, from the first call on")
def all_functions():
    got, r = calls("vfs_read", "-n", 1, "--budget", 0, "-c", "cat", run=["cat", "/etc/hostname"])
    equal(len(got), 1, "calls of the root")
    at_least(len(got[0]), 3, "calls")
    at_least(r["targets"], 10000, "functions")
    if r["calls_missing"] == 0:
        complete(got[0])


@test("refusals")
def refusals():
    contains(obsctl("func", "calls", status=2).err, "func calls needs a function", "refusal")
    for args, words_ in ((("--rows", 5), "--rows"), (("--over", "x"), "--over"), (("--flame", "/tmp/x"), "--flame")):
        contains(obsctl("func", "calls", OUTER, *args, status=2).err, words_, "refusal")
    nl = Netlink()
    root, other = words("roots", symbol(OUTER)), words("functions", symbol(INNER))
    for mode, words_, parts in (
            ("calls", "parameter roots is missing", (other,)),
            ("calls", "func calls needs its column path", (root, attr(K.A_SESSION_BY, "func"))),
            ("calls", "func calls has no stacks", (root, attr(K.A_SESSION_BY, "path"), attr(K.A_SESSION_BY, "kstack"))),
            ("graph", "func graph has no column inside: func calls has", (root, attr(K.A_SESSION_BY, "path"), attr(K.A_SESSION_BY, "inside"))),
            ("trace", "func trace has no column root: func calls has", (other, attr(K.A_SESSION_BY, "root")))):
        refused(nl, errno.EINVAL, words_, K.CMD_SESSION_NEW, attr(K.A_SESSION_SOURCE, "func"), attr(K.A_SESSION_MODE, mode), *parts)
    nl.close()


main()
