# SPDX-License-Identifier: GPL-2.0
"""probe time and trace with --from and --to: pairs of hits with a common key, against what kobs_gen_probe does."""

from kobstest import *
from nlkit import *
from probekit import *

OPEN, CLOSE = "k:kobs_gen_open", "k:kobs_gen_close"
FUNC = "k:kobs_gen_probe"
FIRE = "t:kobs_gen_probe:kobs_gen_fire"
KEY = "(s64)arg0"


def books(r):
    """Every begin ended in one of the counters: those that passed are what hits less unmatched ends are."""
    equal(sum(row["count"] for row in r.get("rows", [])), r["accounting"]["recorded"], "sum of the rows' counts")
    return r


def join(*args, run=None, status=0, verb="time"):
    """The JSON report of a session around a command."""
    return books(probe(verb, *args, run=run, status=status))


def pairs(*args, run, **kw):
    return join("--from", OPEN, "--to", CLOSE, *args, run=run, **kw)


def fates(r):
    """hits, recorded and filtered, and the reasons that are not 0."""
    a = r["accounting"]
    return a["hits"], a["recorded"], a["filtered"], {k: n for k, n in a["lost"].items() if n}


for begin in ("task", "softirq", "hardirq"):
    for end in ("task", "softirq", "hardirq"):
        def contexts(b, e):
            r = pairs("--on", KEY, run=rounds_of(f"open {b} 100 -10 1", f"close {e} 100 89 -1"))
            equal(fates(r), (100, 100, 0, {}), "fates")
            equal(table(r, "from", "to"), {(OPEN, CLOSE): 100}, "rows")
        test(f"begins in {begin} context end in {end} context, by a number")(lambda b=begin, e=end: contexts(b, e))


@test("begins on one CPU end on the other one")
def cpus():
    for a, b in ((0, 1), (1, 0)):
        r = pairs("--on", KEY, "--by", "cpu,to.cpu=end", run=rounds_of(f"{a}:open task 500 0 7", f"{b}:close task 500 0 7"))
        equal(fates(r), (500, 500, 0, {}), "fates")
        equal(table(r, "cpu", "end"), {(a, b): 500}, "rows")


@test("by the thread, and by the CPU")
def thread():
    # Each echo is the shell itself: the thread of open is that of close.
    run = rounds_of("open task 1 0 0", "close task 1 0 0", "0:open task 1 0 0", "1:close task 1 0 0")
    for on in ((), ("--on", "tid"), ("--on", "thread")):
        equal(fates(pairs(*on, run=run)), (3, 1, 0, {"in_flight": 1, "unmatched": 1}), f"fates by the thread, {on}")
    run = rounds_of("0:open task 1 0 0", "0:close task 1 0 0", "1:open task 1 0 0", "0:close task 1 0 0")
    equal(fates(pairs("--on", "cpu", run=run)), (3, 1, 0, {"in_flight": 1, "unmatched": 1}), "fates by the CPU")


@test("a begin of the same key replaces the one before; ends without a begin are unmatched")
def replaced():
    r = pairs("--on", KEY, run=rounds_of("open task 50 7 0", "close task 10 7 0"))
    equal(fates(r), (59, 1, 0, {"replaced": 49, "unmatched": 9}), "fates")
    equal(r["accounting"]["unpaired"], 58, "unpaired")
    r = pairs("--on", KEY, run=rounds_of("open task 30 0 1", "open hardirq 30 0 1", "close softirq 20 10 1"))
    equal(fates(r), (60, 20, 0, {"replaced": 30, "in_flight": 10}), "fates of keys in turn")
    equal(r["accounting"]["pending"], 10, "pending")
    # They are no losses.
    pairs("--on", KEY, "--max-lost", 0, run=rounds_of("open task 50 7 0", "close task 10 7 0"))


@test("the last begin counts: the time is that since it")
def last():
    def sums():
        return [int(n) for n in read(DIR + "pairs").split()]
    before = sums()
    # The pair has the key 0, too, and begins long after the begin that it replaces.
    r = pairs("--on", KEY, run=rounds_of("open task 1 0 0", "pair task 1 1000000"))
    within, around = (b - a for a, b in zip(before, sums()))
    equal(fates(r), (2, 1, 0, {"replaced": 1}), "fates")
    assert within <= r["rows"][0]["sum"] <= around, f"{within} <= {r['rows'][0]['sum']} <= {around}"


@test("a full table is a loss, and everything else is exact")
def full():
    r = pairs("--on", KEY, "--inflight", 16, run=rounds_of("open task 1000 0 1", "close task 1000 0 1"))
    hits, recorded, filtered, lost = fates(r)
    equal((filtered, set(lost)), (0, {"inflight_full", "unmatched"}), "what there is")
    # At least as many as asked for, and no more than the slots that makes.
    assert 16 <= recorded <= 32, f"{recorded} recorded"
    equal((hits, lost["inflight_full"]), (2000 - recorded, 1000 - recorded), "hits, and begins without room")
    equal(lost["unmatched"], 1000 - recorded, "ends of those")
    # A begin of a key that is there needs no further room.
    r = pairs("--on", KEY, "--inflight", 16, run=rounds_of("open task 1000 5 0", "close task 1 5 0"))
    equal(fates(r), (1000, 1, 0, {"replaced": 999}), "fates")


@test("times are between what the caller measured within and around")
def durations():
    def sums():
        return [int(n) for n in read(DIR + "pairs").split()]
    for context in ("task", "softirq", "hardirq"):
        before = sums()
        r = pairs("--on", KEY, "--hist", run=rounds_of(f"pair {context} 200 20000"))
        within, around = (b - a for a, b in zip(before, sums()))
        equal(fates(r), (200, 200, 0, {}), "fates")
        row, = r["rows"]
        assert within <= row["sum"] <= around, f"{within} <= {row['sum']} <= {around} in {context} context"
        at_least(row["min"], 20000, "shortest")
        check_row(r, row)


@test("one probe on both sides: from each hit to the next")
def itself():
    r = join("--from", FUNC, "--to", FUNC, "--on", "arg1", run=rounds_of("call task 10 3 0", "call hardirq 5 4 0"))
    # The first of each key ends nothing; the last of each stays.
    equal(fates(r), (17, 13, 0, {"unmatched": 2, "in_flight": 2}), "fates")
    equal(table(r, "from", "to"), {(FUNC, FUNC): 13}, "rows")
    r = join("--from", FIRE, "--to", FIRE, run=rounds_of("fire task 100 0 1"))
    equal(fates(r), (101, 99, 0, {"unmatched": 1, "in_flight": 1}), "fates of a tracepoint")


@test("functions, returns, tracepoints and system calls at either side")
def kinds():
    run = rounds_of("call task 20 0 1", "fire softirq 20 0 1")
    r = join("--from", "kr:kobs_gen_probe", "--to", FIRE, "--on", "ret:(s32)arg0", run=run)
    equal((fates(r), table(r, "from", "to")), ((20, 20, 0, {}), {("kr:kobs_gen_probe", FIRE): 20}), "from a return to a tracepoint")
    r = join("--from", FUNC, "--to", "kr:kobs_gen_probe", run=run)
    equal((fates(r), table(r, "from", "to")), ((20, 20, 0, {}), {(FUNC, "kr:kobs_gen_probe"): 20}), "from entry to return")
    r = join("--from", "s:write", "--to", FIRE, "--where", "fd == 1", run=rounds_of("fire task 3 0 1", "fire task 1 0 1"))
    equal((r["accounting"]["recorded"], table(r, "from", "to")), (2, {("s:write", FIRE): 2}), "from a system call to a tracepoint")
    # All arguments of a tracepoint are there, those on the stack, too.
    r = join("--from", FUNC, "--to", FIRE, "--on", "arg1:arg6 - 4", "--by", "arg5=e", run=rounds_of("call task 5 0 1", "fire task 5 0 1"))
    equal((fates(r), table(r, "e")), ((5, 5, 0, {}), {(n + 3,): 1 for n in range(5)}), "by the last argument")


@test("several probes at a side, and patterns")
def several():
    run = rounds_of("open task 10 0 1", "call task 10 100 1", "close task 10 0 1", "fire task 10 100 1")
    r = join("--from", f"{OPEN},{FUNC}", "--to", CLOSE, "--to", FIRE, "--on", KEY, run=run)
    equal((fates(r), table(r, "from", "to")), ((20, 20, 0, {}), {(OPEN, CLOSE): 10, (FUNC, FIRE): 10}), "rows")
    r = join("--from", "k:kobs_gen_op*", "--to", "k:kobs_gen_clo?e", "--on", KEY, run=run)
    equal(table(r, "from", "to"), {(OPEN, CLOSE): 10}, "rows of patterns")


@test("conditions and columns of both sides")
def sides():
    run = rounds_of("open task 40 0 1", "close task 40 0 1")
    r = pairs("--on", KEY, "--where", "arg0 < 30", run=run)
    equal(fates(r), (50, 30, 10, {"unmatched": 10}), "a condition of the begin")
    r = pairs("--on", KEY, "--where", "to.arg0 < 30", run=run)
    equal(fates(r), (40, 30, 10, {}), "a condition of the end")
    r = pairs("--on", KEY, "--where", "from.arg0 >= 10 && from.arg1 != 20", "--where", "to.arg0 < 30", run=run)
    equal(fates(r), (40 + 11, 19, 11 + 10, {"unmatched": 11}), "both")
    r = pairs("--on", KEY, "--by", "from.arg0=a,arg1=b,str(to.arg2)=c", run=rounds_of("open task 3 5 10", "close task 3 5 10"))
    equal(table(r, "a", "b", "c"), {(5 + 10 * i, i, f"key {5 + 10 * i}"): 1 for i in range(3)}, "rows")
    r = pairs("--on", KEY, "--by", "*(u32)(from.arg0)=a,to.arg0=b,*(u32)(to.arg0 + 8)=c", run=rounds_of("open task 1 16 0", "close task 1 16 0"))
    equal(table(r, "a", "b", "c"), {("(fault)", 16, "(fault)"): 1}, "rows of what cannot be read at either side")
    # A name that only one side has is of that one.
    r = pairs("--on", KEY, "--where", "duration < 3600s", run=run)
    equal(fates(r), (40, 40, 0, {}), "duration in a condition")
    r = pairs("--on", KEY, "--where", "duration > 3600s", run=run)
    equal(fates(r), (40, 0, 40, {}), "of what took no hour")
    r = pairs("--on", KEY, "--by", "from.comm,comm", "--min", "3600s", run=run)
    equal(fates(r), (40, 0, 40, {}), "--min")
    r = join("--from", "s:write", "--to", FIRE, "--where", "fd == 1", "--by", "count=bytes", run=rounds_of("fire task 3 0 1"))
    equal(table(r, "bytes"), {(len("fire task 3 0 1\n"),): 1}, "an argument that the begin has")


@test("texts, and two parts, as keys")
def texts():
    r = pairs("--on", "str(arg2)", run=rounds_of("open task 100 0 1", "close softirq 100 50 1"))
    equal(fates(r), (150, 50, 0, {"in_flight": 50, "unmatched": 50}), "by a text")
    # Argument 1 is the number of the round.
    r = pairs("--on", "arg0,(u32)arg1", run=rounds_of("open task 10 5 0", "close task 10 5 0", "close task 2 6 0"))
    equal(fates(r), (12, 10, 0, {"unmatched": 2}), "by two numbers")
    r = pairs("--on", "str(arg2),(u32)arg1", run=rounds_of("open task 10 5 0", "close task 10 5 0", "close task 2 6 0"))
    equal(fates(r), (12, 10, 0, {"unmatched": 2}), "by a text and a number")
    r = pairs("--on", 'str(arg2):str(arg2),arg1 + 1:arg1 + 1', run=rounds_of("open task 10 5 0", "close task 10 5 0"))
    equal(fates(r), (10, 10, 0, {}), "by expressions for each side")
    r = pairs("--on", "str(arg0)", run=rounds_of("open task 7 16 0", "close task 3 16 0"))
    equal(fates(r), (10, 0, 0, {"fault": 10}), "by what cannot be read")
    r = pairs("--on", "10 / arg0", run=rounds_of("open task 1 0 0", "open task 2 5 0", "close task 2 5 0"))
    equal(fates(r), (4, 1, 0, {"fault": 1, "replaced": 1, "unmatched": 1}), "by a division by 0")


@test("columns of the begin: who it was, and stacks")
def who():
    run = rounds_of("0:open task 9 0 1", "1:close task 9 0 1")
    r = pairs("--on", KEY, "--by", "pid,comm,cpu,from.pid=a,to.pid=b", run=run)
    row, = r["rows"]
    equal((row["count"], row["comm"], row["cpu"]), (9, "sh", 0), "count, comm and cpu")
    equal(row["pid"], row["a"], "process of the begin")
    assert row["a"] != row["b"], f"processes {row['a']} and {row['b']} are the same"
    r = pairs("--on", KEY, "--by", "kstack", run=run)
    row, = r["rows"]
    contains(row["kstack"][0], "kobs_gen_open", "first frame")
    r = join("--from", FIRE, "--to", CLOSE, "--on", KEY, "--by", "kstack", run=rounds_of("fire task 4 0 1", "close task 4 0 1"))
    contains(" ".join(r["rows"][0]["kstack"][:2]), "burst_round", "first frames of a tracepoint")


@test("filters are those of the begin; an end that finds none is filtered by its own")
def filters():
    run = rounds_of("0:open task 10 0 1", "1:close task 15 0 1")
    equal(fates(pairs("--on", KEY, "-C", 0, run=run)), (15, 10, 5, {}), "on the CPU of the begins")
    equal(fates(pairs("--on", KEY, "-C", 1, run=run)), (25, 0, 10, {"unmatched": 15}), "on the CPU of the ends")
    equal(fates(pairs("--on", KEY, "-c", "nobody", run=run)), (25, 0, 25, {}), "of nobody")


@test("on all CPUs at once, each begin and each end counts once")
def race():
    n = os.cpu_count()
    for keys, on in ((1, KEY), (2, KEY), (3, "str(arg2)"), (64, KEY)):
        each = rounds(2000, 20000)
        r = pairs("--on", on, "--budget", 0, run=rounds_of(f"race {each} {keys}"))
        hits, recorded, filtered, lost = fates(r)
        equal((filtered, set(lost) - {"replaced", "unmatched", "in_flight"}), (0, set()), "what there is")
        lost = {k: lost.get(k, 0) for k in ("replaced", "unmatched", "in_flight")}
        equal(recorded + lost["replaced"] + lost["in_flight"], n * each, "begins")
        equal(recorded + lost["unmatched"], n * each, "ends")
        equal(hits, n * each + lost["unmatched"], "hits")
        at_most(lost["in_flight"], keys, "keys that are left")


@test("NMIs")
def nmi():
    if subprocess.run(["vm-nmi", "0"], capture_output=True).returncode:
        skip("NMIs can be injected only in a guest of 'vm --nmi'")
    try:
        gen("nmi 50")
        r = join("--from", "k:kobs_gen_caller_nmi", "--to", "k:kobs_gen_leaf", "--on", "cpu", run=["vm-nmi", "20"])
        gen("nmi 0")
        s = stats()
        at_least(s["nmis"], 1, "NMIs")
        equal(fates(r), (s["nmi"], s["nmi"], 0, {}), "fates of pairs within NMIs")
        # Begins and ends in tasks, which NMIs interrupt.
        gen("reset")
        gen("nmi 50")
        r = join("--from", "k:kobs_gen_leaf", "--to", "k:kobs_gen_leaf", "--on", "cpu", "--budget", 0,
                 run=["sh", "-c", f"while :; do echo call task 2000 >{GEN}run; done & vm-nmi 20; kill $!; wait"])
        gen("nmi 0")
        hits, recorded, filtered, lost = fates(r)
        equal(recorded + lost.get("replaced", 0) + lost.get("in_flight", 0), hits - lost.get("unmatched", 0) - lost.get("recursion", 0),
              "begins")
        equal(recorded + lost.get("unmatched", 0) + lost.get("recursion", 0), leafs(), "ends of every call, but for recursions")
    finally:
        gen("nmi 0")


@test("trace: a record for each pair, with its time")
def trace():
    r = obsctl("probe", "trace", "--from", OPEN, "--to", CLOSE, "--on", KEY, "--by", "from.arg0=key", "--json", "--",
               *rounds_of("open task 5 3 2", "close task 5 3 2"))
    lines = [json.loads(line) for line in r.out.splitlines()]
    equal([(x["from"], x["to"], x["comm"], x["key"]) for x in lines[:-1]], [(OPEN, CLOSE, "sh", 3 + 2 * i) for i in range(5)], "records")
    for x in lines[:-1]:
        at_least(x["duration_ns"], 1, "duration")
    equal(fates(account(lines[-1])), (5, 5, 0, {}), "fates")
    r = obsctl("probe", "trace", "--from", OPEN, "--to", CLOSE, "--on", KEY, "--where", "duration > 3600s", "--json", "--",
               *rounds_of("open task 5 3 2", "close task 5 3 2"))
    equal(fates(account(json.loads(r.out.splitlines()[-1]))), (5, 0, 5, {}), "fates of what took no hour")
    for over, recorded in (("1h", 0), ("1ns", 5)):
        r = obsctl("probe", "trace", "--from", OPEN, "--to", CLOSE, "--on", KEY, "--over", over, "--by", "from.arg0=key,to.time=end", "--json", "--",
                   *rounds_of("open task 5 3 2", "close task 5 3 2"))
        lines = [json.loads(line) for line in r.out.splitlines()]
        equal(fates(account(lines[-1])), (5, recorded, 5 - recorded, {}), f"fates of what took {over}")
        equal([x["key"] for x in lines[:-1]], [3 + 2 * i for i in range(recorded)], "keys")
        for x in lines[:-1]:
            at_least(x["end"], x["duration_ns"], "end, on the monotonic clock")


@test("a detached session is read by another obsctl")
def detached():
    obsctl("probe", "time", "--from", OPEN, "--to", FIRE, "--on", KEY, "--by", "from,to,arg5=n", "--detach", "pairs")
    try:
        subprocess.run(rounds_of("open task 3 0 0", "fire task 3 0 0"), check=True)
        r = json.loads(obsctl("session", "read", "pairs", "--json").out)
        equal(table(r, "from", "to", "n"), {(OPEN, FIRE, 3): 1}, "rows")
    finally:
        obsctl("session", "stop", "pairs")


@test("a module that goes between begin and end leaves its name")
def gone():
    with Background("probe", "time", "--from", OPEN, "--to", "s:getpgid", "--on", "arg0", "--json") as b:
        subprocess.run(rounds_of("open task 1 0 0"), check=True)
        equal(rmmod("kobs_gen_probe"), None, "rmmod's complaint")
        insmod("kobs_gen_probe")
        subprocess.run(["python3", "-c", "import os; os.getpgid(0)"], check=True)
        r = books(account(json.loads(b.stop().out.splitlines()[-1])))
    equal(table(r, "from", "to"), {("k:kobs_gen_open", "s:getpgid"): 1}, "rows")


@test("--fail-over judges the longest pair")
def limits():
    run = rounds_of("pair task 3 2000000")
    pairs("--on", KEY, "--fail-over", "1ms", run=run, status=3)
    pairs("--on", KEY, "--fail-over", "3600s", run=run)


REFUSALS = {
    ("--from", OPEN): (2, "say where it ends by --to PROBE"),
    ("--to", OPEN): (2, "say where it begins by --from PROBE"),
    ("--on", "arg0"): (2, "name both"),
    ("--from", OPEN, "--to", CLOSE, FIRE): (2, "is neither --from nor --to"),
    ("--from", OPEN, "--to", "x:y"): (2, "is nothing to probe"),
    ("--from", OPEN, "--to", "k:kobs_gen_clse"): (1, "kobs_gen_close"),
    ("--from", f"{OPEN},kr:kobs_gen_open", "--to", CLOSE): (2, "k: and kr: cannot be combined"),
    ("--from", OPEN, "--to", CLOSE, "--on", "arg0,arg1,arg2"): (2, "there can be 2"),
    ("--from", OPEN, "--to", CLOSE, "--on", "str(arg2):arg0"): (1, "is a text at"),
    ("--from", OPEN, "--to", CLOSE, "--on", "from.arg0"): (2, "one expression for both sides, or FROM_EXPR:TO_EXPR"),
    ("--from", OPEN, "--to", CLOSE, "--where", "from.arg0 == to.arg0"): (2, "names of several sides"),
    ("--from", OPEN, "--to", CLOSE, "--by", "from.arg0 + to.arg0=n"): (2, "names of several sides"),
    ("--from", OPEN, "--to", CLOSE, "--where", "from.duration > 1ms"): (2, "there is no 'duration' in k:kobs_gen_open"),
    ("--from", OPEN, "--to", CLOSE, "--on", "pid:duration"): (2, "there is no 'duration' in k:kobs_gen_close"),
    ("--from", "kr:kobs_gen_open", "--to", CLOSE, "--by", "kstack"): (2, "begin at its entry, k:, for one"),
    ("--from", OPEN, "--to", CLOSE, "--where", "nothing > 1"): (2, "there is no 'nothing' in k:kobs_gen_open"),
    ("--from", OPEN, "--to", CLOSE, "--by", "arg9"): (2, "arg9"),
    ("--from", OPEN, "--to", "k:_raw_spin_loc?"): (1, "cannot be traced"),
}


@test("refusals say what is wrong")
def refusals():
    for args, (status, sentence) in REFUSALS.items():
        r = obsctl("probe", "time", *args, "--", "true", status=status)
        contains(r.err, sentence, f"sentence about {args}")


@test("the module refuses what makes no pairs")
def protocol():
    end, key0 = 0, 39 | 0 << 12
    arg0 = 1
    nl = Netlink()

    def refused(sentence, *parts, mode="time", targets=(1, 0)):
        try:
            nl.ask(K.CMD_SESSION_NEW, attr(K.A_SESSION_SOURCE, "probe"), attr(K.A_SESSION_MODE, mode), words("targets", *targets),
                   phrase("names", "t:sched_switch"), *parts)
            raise AssertionError(f"{sentence}: not refused")
        except Refused as e:
            contains(e.sentence, sentence, "sentence")

    code = words("code", end, arg0, key0, end)
    refused("mode count has none", code, words("joins", 1 | 1 << 32), mode="count")
    refused("there is no program 2", code, words("joins", 3 | 1 << 32))
    refused("a key without its program", code, words("joins", 1 << 16 | 1 << 32))
    refused("neither begins nor ends a pair", code, words("joins", 0))
    refused("nothing ends a pair", code, words("joins", 1))
    refused("nothing begins a pair", code, words("joins", 1 << 32))
    refused("its key has other parts", code, words("joins", 1 | 2 << 16 | 1 << 32))
    refused("a key is given by 1 to 2 numbers", code, words("joins", 1 | 1 << 16 | 1 << 32))
    refused("there is no program 1", code, words("joins", 1 | 1 << 32), targets=(1 | 1 << 16, 0))
    refused("none of them begins a pair, or none ends one", code, words("joins", 1, 1 << 32))
    refused("is given by begins and by ends", code, words("joins", 2 | 2 << 32))
    refused("a call that takes time is no part of a pair", code, words("joins", 1 | 1 << 32), targets=(4, 0))
    nl.close()


@test("a number and a text that no program gives are 0 and empty")
def not_given():
    end = 0
    address = {line.split()[2]: int(line.split()[0], 16) for line in open("/proc/kallsyms") if "kobs_gen_" in line}
    begins, ends = 0, 1 << 16
    with Session("probe", "time", "number0,text0", words("targets", begins, address["kobs_gen_open"], ends, address["kobs_gen_close"]),
                 words("code", end), words("joins", 1, 1 << 32)) as s:
        subprocess.run(rounds_of("open task 1 0 1", "close task 1 0 1"), check=True)
        subprocess.run(rounds_of("pair task 20 0"), check=True)
    row, = s.rows()
    equal((row["number0"], row["text0"]), (0, ""), "number and text")
    s.close()


@test("bpftrace pairs the same")
def peer():
    with Bpftrace("kprobe:kobs_gen_open { @b[arg0] = nsecs; } "
                  "kprobe:kobs_gen_close /@b[arg0]/ { @n = count(); @s = sum(nsecs - @b[arg0]); delete(@b[arg0]); }") as b:
        r = pairs("--on", "arg0", run=rounds_of("open task 300 0 1", "open hardirq 50 0 1", "close softirq 200 100 1"))
        equal(fates(r), (350 + 0, 200, 0, {"replaced": 50, "in_flight": 100}), "fates")
        equal(b.count("n"), 200, "bpftrace's pairs")
        # Each sees its own part of the other's cost.
        assert 0.5 < r["rows"][0]["sum"] / b.count("s") < 2, f"sums {r['rows'][0]['sum']} and {b.count('s')}"


if __name__ == "__main__":
    insmod("kobs_gen_probe")
    try:
        main()
    finally:
        rmmod("kobs_gen_probe")
