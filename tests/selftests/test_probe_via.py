# SPDX-License-Identifier: GPL-2.0
"""probe: hits on the way of a pair (--via), places of programs as its sides, and returns of system calls."""

from kobstest import *
from nlkit import *
from toolkit import Worker

RUN = "/sys/kernel/debug/kobs_gen_probe/run"
OPEN, CLOSE, FUNC = "k:kobs_gen_open", "k:kobs_gen_close", "k:kobs_gen_probe"
KEY = "(s64)arg0"
BIN = f"{SRC}/build/selftests/ucalls"


def rounds_of(*commands):
    return ["sh", "-c", "; ".join(f"echo {command} >{RUN} || exit" for command in commands)]


def join(*args, run, verb="time"):
    """The JSON report of a session around a command, in which each begin ended in one of the counters."""
    r = account(json.loads(obsctl("probe", verb, *args, "--json", "--", *map(str, run)).out))
    equal(sum(row["count"] for row in r["rows"]), r["accounting"]["recorded"], "sum of the rows' counts")
    return r


def via(*args, run):
    return join("--from", OPEN, "--via", FUNC, "--to", CLOSE, "--on", KEY, *args, run=run)


def fates(r):
    """hits, recorded and filtered, and the reasons that are not 0."""
    a = r["accounting"]
    return a["hits"], a["recorded"], a["filtered"], {k: n for k, n in a["lost"].items() if n}


def table(r, *keys):
    out = {tuple(row.get(k) for k in keys): row["count"] for row in r["rows"]}
    equal(len(out), len(r["rows"]), "rows of different keys")
    return out


for context in ("task", "softirq", "hardirq"):
    def on_the_way(c):
        r = via("--by", "via,via.arg1=n", run=rounds_of("open task 100 5 1", f"call {c} 40 5 1", "close task 100 5 1"))
        # What is not on the way of a pair, before and after, is no hit.
        equal(fates(r), (100, 100, 0, {}), "fates")
        equal(table(r, "via", "n"), {(None, 0): 60} | {(FUNC, n): 1 for n in range(5, 45)}, "rows")
    test(f"a hit on the way, in {context} context, gives columns")(lambda c=context: on_the_way(c))


@test("the last hit before the end counts, and only what comes between begin and end")
def last():
    r = via("--by", "str(via.arg2)=parity,via.arg1=n",
            run=rounds_of("call task 3 7 0", "open task 1 7 0", "call task 1 7 0", "call softirq 2 7 0", "close task 1 7 0", "call task 3 7 0"))
    equal((fates(r), table(r, "parity", "n")), ((1, 1, 0, {}), {("odd", 7): 1}), "fates and row")
    r = via("--by", "via.arg1=n", run=rounds_of("open task 1 7 0", "call task 1 7 0", "open task 1 7 0", "close task 1 7 0"))
    equal((fates(r), table(r, "n")), ((2, 1, 0, {"replaced": 1}), {(0,): 1}), "a begin that takes the place of one has none")


@test("conditions on the way, and columns of all three sides")
def conditions():
    run = rounds_of("open task 20 0 1", "call task 20 0 1", "close task 20 0 1")
    r = via("--where", "via.arg0 < 5", "--by", "via", run=run)
    equal((fates(r), table(r, "via")), ((20, 20, 0, {}), {(FUNC,): 5, (None,): 15}), "a condition on the way")
    r = via("--by", "from.arg0=a,via.arg0=b,to.arg0=c,via.comm=who", "--where", "to.arg0 < 3", run=run)
    equal((fates(r), table(r, "a", "b", "c", "who")), ((20, 3, 17, {}), {(n, n, n, "sh"): 1 for n in range(3)}), "columns")
    r = via("--by", "via.pid=by,pid,via.cpu - via.cpu=z", run=run)
    equal([row["by"] == row["pid"] for row in r["rows"]], [True], "who hit it")


@test("what cannot be read on the way is a fault in its column, and a loss in a condition or key")
def faults():
    run = rounds_of("open task 4 16 0", "call task 1 16 0", "close task 1 16 0")
    r = via("--by", "*(u32)(via.arg1)=x,from.arg0=a", run=run)
    equal((fates(r), table(r, "x", "a")), ((4, 1, 0, {"replaced": 3}), {("(fault)", 16): 1}), "a column")
    r = via("--where", "*(u32)(via.arg1) == 1", "--by", "via", run=run)
    equal((fates(r), table(r, "via")), ((5, 1, 0, {"replaced": 3, "fault": 1}), {(None,): 1}), "a condition")
    r = join("--from", OPEN, "--via", FUNC, "--to", CLOSE, "--on", f"{KEY}:{KEY}:*(u64)(arg1)", "--by", "via", run=run)
    equal((fates(r), table(r, "via")), ((5, 1, 0, {"replaced": 3, "fault": 1}), {(None,): 1}), "a key")
    # A later hit that can be read takes the fault back.
    r = via("--by", "*(s64)(via.arg3)=x", run=rounds_of("open task 1 16 0", "bad 1", "call task 1 16 0", "close task 1 16 0"))
    equal(table(r, "x"), {(16,): 1}, "a number after all")


@test("keys of two parts, and texts")
def keys():
    run = rounds_of("open task 10 0 1", "call task 10 0 1", "close task 10 0 1")
    r = join("--from", OPEN, "--via", FUNC, "--to", CLOSE, "--on", "arg0:arg0:arg1,cpu - cpu", "--by", "via", run=run)
    equal((fates(r), table(r, "via")), ((10, 10, 0, {}), {(FUNC,): 10}), "two numbers")
    run = rounds_of("open task 2 0 1", "call task 2 0 1", "close task 2 0 1")
    r = join("--from", OPEN, "--via", FUNC, "--to", CLOSE, "--on", 'arg0 % 2:arg0 % 2:str(arg2) != "even"', "--by", "via.arg1=n", run=run)
    equal((fates(r), table(r, "n")), ((2, 2, 0, {}), {(0,): 1, (1,): 1}), "a comparison")
    r = join("--from", OPEN, "--via", FUNC, "--to", CLOSE, "--by", "via.arg1=n", run=rounds_of("open task 1 0 1", "call task 3 5 1", "close task 1 0 1"))
    equal((fates(r), table(r, "n")), ((1, 1, 0, {}), {(7,): 1}), "the thread: the shell that writes")


@test("hits on the way, begins and ends of few keys race on all CPUs: the books are exact")
def race():
    r = join("--from", OPEN, "--via", "kr:kobs_gen_open", "--to", CLOSE, "--on", KEY, "--by", "via,via.arg0=a,to.arg0=b", run=rounds_of("race 20000 2"))
    equal([row for row in r["rows"] if row.get("via") and row["a"] != row["b"]], [], "pairs with a hit of another key")
    a = r["accounting"]
    at_least(sum(row["count"] for row in r["rows"] if row.get("via")), 1, "pairs with a hit on the way")
    # Each begin, of which there is one per end, is in one of the counters.
    begins = a["recorded"] + a["lost"].get("replaced", 0) + a["lost"].get("in_flight", 0) + a["lost"].get("inflight_full", 0)
    ends = a["recorded"] + a["lost"].get("unmatched", 0)
    equal(begins, ends, "begins and ends")


def calls_of(r):
    return r["cost"].get("calls", 0)


@test("calls of handlers that are no hits are counted beside them")
def calls():
    run = rounds_of("open task 100 5 1", "call task 40 5 1", "close task 100 5 1")
    r = via("--by", "via", run=run)
    equal((fates(r), calls_of(r)), ((100, 100, 0, {}), 40), "hits on the way")
    r = via("--by", "via", "--where", "via.arg0 < 10", run=run)
    equal((fates(r), calls_of(r)), ((100, 100, 0, {}), 40), "those that a condition leaves out, too")
    r = join("--from", OPEN, "--to", CLOSE, "--on", KEY, run=run)
    equal((fates(r), calls_of(r)), ((100, 100, 0, {}), 0), "without such hits")
    # The entry of a function that is hooked at its return.
    r = join("--from", "kr:kobs_gen_probe", "--to", CLOSE, "--on", "ret:" + KEY, run=run)
    equal((fates(r), calls_of(r)), ((100, 40, 0, {"unmatched": 60}), 40), "entries")
    # The return of a system call whose begin a condition left out.
    r = join("--from", "s:getpgid", "--to", "sr:getpgid", "--where", "from.arg0 == 1", "--comm", "python3",
             run=["python3", "-c", "import os\nfor i in (0, 1, 0, 0, 1, 1, 0, 0): os.getpgid(i)"])
    equal((fates(r), calls_of(r)), ((8, 3, 5, {}), 5), "returns")


@test("the guard sees hits on the way that are of no pair")
def guard():
    p = subprocess.Popen(["sh", "-c", f"while :; do echo call task 20000 0 1 >{RUN}; done"])
    try:
        with Background("probe", "time", "--from", OPEN, "--via", FUNC, "--to", CLOSE, "--on", KEY, "--by", "via", "--budget", 1, "--json",
                        started=False) as b:
            r = account(json.loads(b.finish().out.splitlines()[-1]))
    finally:
        p.kill()
        p.wait()
    contains(r["stopped"], "disarmed by the guard", "reason")
    equal(fates(r), (0, 0, 0, {}), "fates")
    at_least(calls_of(r), 4096, "calls")
    at_least(r["cost"]["calls_timed"], 4, "of which were timed")
    at_least(r["cost"]["calls_ns"], 1, "their cost")


@test("hits on the way race with begins and ends: no end misses its begin")
def way():
    r = join("--from", OPEN, "--via", FUNC, "--to", CLOSE, "--on", KEY, "--by", "via,via.arg0=a,to.arg0=b,via.arg1 % 16=n,via.arg1 % 16 * 3=m", "--budget", 0,
             run=rounds_of("way 20000 1", "way 20000 3"))
    equal(fates(r), (40000, 40000, 0, {}), "fates")
    rows = [row for row in r["rows"] if row.get("via")]
    print(f"# {sum(row['count'] for row in rows)} pairs with a hit on the way", flush=True)
    equal([row for row in rows if row["a"] != row["b"] or row["m"] != 3 * row["n"]], [], "pairs with words of two hits on the way")
    equal(r["cost"]["calls"], 40000 * (os.cpu_count() - 1), "hits on the way")


@test("two on the way: what the last one gives holds, and its faults")
def two():
    def insn(op, arg=0, imm=0):
        return op | arg << 16 | imm << 32
    END, IMM, READ, NUMBER, VIA = 0, 3, 33, 39, 0x8000
    # One gives number 0, which is a fault, the other one number 1.
    code = words("code", END, insn(IMM, imm=16), insn(READ, arg=8), insn(NUMBER, arg=0), END, insn(IMM, imm=7), insn(NUMBER, arg=1), END)
    s = Session("probe", "time", "faults,number0,number1", code, words("joins", 1, 1 << 32, 2 | VIA, 3 | VIA), param("budget", 0),
                words("targets", 0, symbol("kobs_gen_open"), 1 << 16, symbol("kobs_gen_close"), 2 << 16, symbol("kobs_gen_probe"), 1 | 3 << 16, 0),
                phrase("names", "t:kobs_gen_probe:kobs_gen_fire"))
    one, other = "call task 1 5 0", "fire task 1 5 0"
    with s:
        for on_the_way in (), (one,), (other,), (one, other), (other, one):
            subprocess.run(rounds_of("open task 1 1 0", *on_the_way, "close task 1 1 0"), check=True)
    rows = {(row["faults"], row["number0"], row["number1"]): row["count"] for row in s.rows()}
    s.close()
    equal(rows, {(0, 0, 0): 1, (1, 0, 0): 2, (0, 0, 7): 2}, "rows")


@test("trace shows what was on the way")
def trace():
    r = obsctl("probe", "trace", "--from", OPEN, "--via", FUNC, "--to", CLOSE, "--on", KEY, "--by", "from.arg0=a,via.arg1=n,via", "--json", "--",
               *rounds_of("open task 3 0 1", "call task 2 0 1", "close task 3 0 1"))
    lines = [json.loads(line) for line in r.out.splitlines()]
    equal([(x["a"], x["n"], x.get("via")) for x in lines[:-1]], [(0, 0, FUNC), (1, 1, FUNC), (2, 0, "-")], "records")
    account(lines[-1])


@test("places of programs, and returns of their functions, at either side")
def places():
    work, ret = f"u:{BIN}:uc_work", f"ur:{BIN}:uc_work"
    r = join("--from", work, "--to", ret, "--by", "from,to,str(from.arg1)=parity", run=[BIN, "call", 10])
    equal((fates(r), table(r, "from", "to", "parity")),
          ((10, 10, 0, {}), {("u:ucalls:uc_work", "ur:ucalls:uc_work", p): 5 for p in ("even", "odd")}), "a function")
    r = join("--from", ret, "--to", work, "--on", "ret / 2 + 1:arg0", "--by", "from.arg0=a,to.arg0=b,from.ret=r", run=[BIN, "call", 4])
    equal((fates(r), table(r, "a", "b", "r")), ((5, 3, 0, {"unmatched": 1, "in_flight": 1}), {(n, n + 1, 2 * n): 1 for n in range(3)}), "calls in turn")
    r = join("--from", work, "--to", "s:exit_group", "--by", "from,to", run=[BIN, "call", 3])
    equal((fates(r)[1], table(r, "from", "to")), (1, {("u:ucalls:uc_work", "s:exit_group"): 1}), "to a system call")
    r = join("--from", work, "--to", ret, "--by", "ustack", run=[BIN, "call", 3])
    contains(" ".join(r["rows"][0]["ustack"]), "main", "stack of the begin")
    r = join("--from", f"u:{BIN}:uc_tail+1" if os.uname().machine == "x86_64" else f"u:{BIN}:uc_tail+4", "--to", work, "--by", "to.arg0=i",
             run=[BIN, "tail", 4])
    equal((fates(r), table(r, "i")), ((4, 4, 0, {}), {(n,): 1 for n in range(4)}), "from an instruction")


@test("a function that calls itself: by depth, and beyond the kernel's limit of returns")
def recursion():
    function = f"u:{BIN}:uc_recurse", f"ur:{BIN}:uc_recurse"
    r = join("--from", function[0], "--to", function[1], "--on", "arg0", "--by", "to.arg0=depth,ret", run=[BIN, "recurse", 50])
    equal((fates(r), table(r, "depth", "ret")), ((50, 50, 0, {}), {(n, n): 1 for n in range(1, 51)}), "50 calls")
    r = join("--from", function[0], "--to", function[1], "--on", "arg0", "--by", "to.arg0=depth", run=[BIN, "recurse", 100, "recurse", 1])
    equal(table(r, "depth"), {(n,): 1 for n in (1, *range(37, 101))}, "rows beyond it")
    # Depth 1 of the first call has no return; the second one takes its place.
    equal(fates(r), (101 + 36, 65, 0, {"stale": 36, "in_flight": 35, "replaced": 1}), "fates")
    r = join("--from", function[0], "--to", function[1], run=[BIN, "recurse", 10])
    equal(fates(r), (19, 1, 0, {"replaced": 9, "unmatched": 9}), "by the thread")


@test("a place of a program on the way")
def place_via():
    r = join("--from", "s:execve", "--via", f"u:{BIN}:uc_work", "--to", "s:exit_group", "--by", "via,via.arg0=i,via_ustack",
             "--comm", "ucalls,obsctl", run=[BIN, "call", 5])
    rows = [row for row in r["rows"] if row.get("via")]
    equal([(row["via"], row["i"], row["count"]) for row in rows], [("u:ucalls:uc_work", 4, 1)], "row")
    contains(" ".join(rows[0]["via_ustack"]), "main", "its stack")


@test("-p is of the begin: a place in another process ends it")
def other_process():
    with Worker("def work(line):\n    os.getpgid(0)\n", "kobs_via") as w:
        with Background("probe", "time", "--from", "s:getpgid", "--to", f"u:{BIN}:uc_work", "--on", "cpu - cpu", "-p", w.pid, "--by", "comm,to.comm=by",
                        "--json") as b:
            w.work()
            subprocess.run([BIN, "call", "1"], check=True)
            r = b.report()
    equal(table(r, "comm", "by"), {("kobs_via", "ucalls"): 1}, "rows")


@test("returns of system calls: counted, and as sides")
def syscall_returns():
    run = ["python3", "-c", "import os\nr, w = os.pipe()\nfor i in range(7):\n  os.write(w, bytes(i + 100)); os.read(r, 1000)"]
    r = join("sr:read", "--where", "ret >= 100 && ret < 107", "--by", "probe,ret", verb="count", run=run)
    equal({k[1] for k in table(r, "probe", "ret") if k[0] == "sr:read"}, {*range(100, 107)}, "results")
    r = join("--from", "s:write", "--to", "sr:write", "--where", "count >= 100 && count < 107", "--by", "count=asked,to.ret=done", "--comm", "python3",
             run=run)
    equal(table(r, "asked", "done"), {(n, n): 1 for n in range(100, 107)}, "calls")
    equal(r["accounting"].get("unpaired", 0), 0, "returns of what a condition left out")
    r = join("--from", "sr:write", "--to", "s:read", "--where", "from.ret >= 100 && from.ret < 107", "--by", "from,to", "--comm", "python3", run=run)
    equal(table(r, "from", "to"), {("sr:write", "s:read"): 7}, "from one call to the next")
    r = join("s:getpgid", "sr:getpgid", verb="count", run=["python3", "-c", "import os\nfor i in range(5): os.getpgid(0)"])
    equal(table(r, "probe"), {("s:getpgid",): 5, ("sr:getpgid",): 5}, "both")
    r = join("sr:getpgid", "--by", "probe", run=["python3", "-c", "import os\nfor i in range(5): os.getpgid(0)"])
    equal(table(r, "probe"), {("s:getpgid",): 5}, "the time of a call")


REFUSALS = {
    ("--via", FUNC): (2, "between the hits of --from and --to: name both"),
    ("--from", OPEN, "--to", CLOSE, "--by", "via"): (2, "say which by --via PROBE"),
    ("--from", OPEN, "--to", CLOSE, "--by", "via_ustack"): (2, "say which by --via PROBE"),
    ("--from", OPEN, "--to", CLOSE, "--by", "via.arg0=x"): (2, "say which by --via PROBE"),
    ("--from", OPEN, "--to", CLOSE, "--where", "via.pid == 1"): (2, "say which by --via PROBE"),
    ("--from", OPEN, "--to", CLOSE, "--on", "arg0:arg0:arg0"): (2, "one expression for both sides, or FROM_EXPR:TO_EXPR"),
    ("--from", OPEN, "--to", CLOSE, "--via", FUNC, "--on", "arg0:arg0:arg0:arg0"): (2, "or FROM_EXPR:TO_EXPR:VIA_EXPR"),
    ("--from", OPEN, "--to", CLOSE, "--via", FUNC, "--on", "via.arg0"): (2, "or FROM_EXPR:TO_EXPR:VIA_EXPR"),
    ("--from", OPEN, "--to", CLOSE, "--via", OPEN, "--on", "arg0"): (2, "is where a time begins or ends, too"),
    ("--from", OPEN, "--to", CLOSE, "--via", FUNC, "--by", "from.arg0 + via.arg0=n"): (2, "names of several sides"),
    ("--from", OPEN, "--to", CLOSE, "--via", FUNC, "--by", "arg0=via"): (2, "the column 'via' is a probe"),
    ("--from", OPEN, "--to", CLOSE, "--via", "k:kobs_gen_prob"): (1, "kobs_gen_probe"),
    ("--from", "s:read", "--to", "s:write", "--where", "ret > 0"): (2, "at which 'ret' is not known yet: it is at sr:read"),
    ("--from", "sr:rea", "--to", "s:write"): (1, "there is no system call 'rea'"),
    ("--from", f"u:{BIN}:uc_work", "--to", f"ur:{BIN}:uc_work", "--by", "kstack"): (2, "has no kernel stack"),
}


@test("refusals say what is wrong")
def refusals():
    for args, (status, sentence) in REFUSALS.items():
        r = obsctl("probe", "time", *args, "--", "true", status=status)
        contains(r.err, sentence, f"sentence about {args}")


@test("the module refuses what contradicts itself")
def protocol():
    end, key0, arg0 = 0, 39, 1
    VIA = OWN = 0x8000
    code = words("code", end, arg0, key0, end)
    nl = Netlink()
    for sentence, joins in (("contradicts itself", (1 | VIA | 1 << 32, 1)), ("contradicts itself", (1 | OWN << 32, 1 << 32)),
                            ("neither begins nor ends", (1, 1 << 32, VIA)), ("neither begins nor ends", (1, 1 << 32, OWN << 32)),
                            ("nothing ends a pair", (1, 1 | VIA)), ("nothing begins a pair", (1 | VIA, 1 << 32)),
                            ("its key has other parts", (1, 1 << 32, 1 | VIA | 2 << 16)), ("on the way and at an end", (2, 1 << 32, 2 | VIA)),
                            ("there is no program 3", (1, 1 << 32, 4 | VIA))):
        try:
            nl.ask(K.CMD_SESSION_NEW, attr(K.A_SESSION_SOURCE, "probe"), attr(K.A_SESSION_MODE, "time"), words("targets", 1, 0),
                   phrase("names", "t:sched_switch"), code, words("joins", *joins))
            raise AssertionError(f"{sentence}: not refused")
        except Refused as e:
            contains(e.sentence, sentence, f"sentence of {joins}")
    nl.close()


if __name__ == "__main__":
    insmod("kobs_gen_probe")
    try:
        main()
    finally:
        rmmod("kobs_gen_probe")
