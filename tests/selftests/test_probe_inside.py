# SPDX-License-Identifier: GPL-2.0
"""probe: instructions inside functions, registers, and functions that ftrace cannot hook, against what the modules know."""

from kobstest import *
from nlkit import *
from probekit import *

KPROBES = "/sys/kernel/debug/kprobes/"
TRACEFS = "/sys/kernel/tracing/"


def place():
    return f"k:kobs_gen_inside+{int(read(DIR + 'inside')):#x}"


def behind_entry(function):
    """An instruction of a function that ftrace does not use."""
    for offset in (5, 9):
        r = obsctl("probe", "count", f"k:{function}+{offset}", "--json", "--", "true", status=None)
        if not r.status:
            return f"k:{function}+{offset:#x}"
    raise AssertionError(r.err)


def none_left():
    found = [line for line in read(KPROBES + "list").splitlines() if "kobs_gen" in line]
    equal(found, [], "kprobes that are left")


for context in ("task", "softirq", "hardirq"):
    def inside(c):
        r = probe("hist", place(), "--value", "(s64)ax", "--by", "probe,dx=step", run=rounds_of(f"inside {c} 300 -20 3"))
        row, = r["rows"]
        good = [v for v in numbers(300, -20, 3) if v >= 0]
        equal((row["probe"], row["step"], row["count"], row["negative"]), (place(), 3, 300, 300 - len(good)), "the row")
        equal((row["sum"], row["min"], row["max"]), (sum(good), min(good), max(good)), "sum, min and max")
        equal(r["accounting"]["lost"], {}, "lost")
        r = probe("count", place(), "--where", "ax > 10 && dx == 1", run=rounds_of(f"inside {c} 40 0 1"))
        equal((r["accounting"]["hits"], r["accounting"]["filtered"], table(r, "probe")), (40, 11, {(place(),): 29}), "filtered")
        none_left()
    test(f"an instruction in a loop, with its registers, in {context} context")(lambda c=context: inside(c))


@test("hits by a breakpoint count like those by a jump")
def optimized():
    at = place()
    with Background("probe", "count", at, "--by", "ax % 2 = odd", "--json") as b:
        subprocess.run(rounds_of("inside task 50 0 1"), check=True)
        until(lambda: "[OPTIMIZED]" in "".join(x for x in read(KPROBES + "list").splitlines() if "kobs_gen_inside" in x), "a jump")
        subprocess.run(rounds_of("inside task 70 0 1"), check=True)
        r = account(json.loads(b.stop().out.splitlines()[-1]))
    equal((r["accounting"]["hits"], table(r, "odd")), (120, {(0,): 60, (1,): 60}), "hits")
    none_left()


@test("NMI context")
def nmi():
    if subprocess.run(["vm-nmi", "0"], capture_output=True, check=False).returncode:
        skip("NMIs can be injected only in a guest of 'vm --nmi'")
    at = behind_entry("kobs_gen_leaf")
    gen("nmi 50")
    try:
        r = probe("count", at, "--by", "probe,cpu", run=["vm-nmi", "10"])
    finally:
        gen("nmi 0")
    s = stats()
    at_least(s["nmis"], 1, "NMIs that arrived")
    equal(r["accounting"]["hits"], s["nmi"], "hits")
    equal(sum(table(r, "probe", "cpu").values()), s["nmi"], "recorded")


@test("a hit in another kprobe's handler is missed, and counted")
def missed():
    insmod("kobs_gen_hook")
    try:
        at = behind_entry("kobs_gen_hook_timed")
        r = probe("count", at, run=["sh", "-c", "echo 200 >/sys/module/kobs_gen_hook/parameters/step"])
        equal((r["accounting"]["hits"], r["accounting"]["lost"]), (600, {"missed": 400}), "hits and lost")
        equal(table(r, "probe"), {(at,): 200}, "rows")
        r = probe("count", at, "--max-lost", 399, run=["sh", "-c", "echo 200 >/sys/module/kobs_gen_hook/parameters/step"], status=4)
    finally:
        equal(rmmod("kobs_gen_hook"), None, "rmmod's complaint")


@test("a function that ftrace cannot hook goes by a kprobe, with its arguments")
def hidden():
    r = probe("hist", "k:kobs_gen_hidden", "--value", "arg1", "--where", "(s32)arg0 < 25", run=rounds_of("hidden softirq 60 0 1"))
    equal((table(r, *r["by"]), r["rows"][0]["sum"]), ({("k:kobs_gen_hidden",): 25}, sum(range(25))), "rows and sum")
    # Not by a pattern: there is a reason why ftrace cannot.
    r = probe("count", "k:kobs_gen_hidde?", "k:kobs_gen_probe", run=rounds_of("hidden task 5 0 1", "call task 7 0 1"))
    equal(table(r, "probe"), {("k:kobs_gen_probe",): 7}, "rows of a pattern")
    r = probe("count", "k:kobs_gen_hidden", "k:kobs_gen_probe", run=rounds_of("hidden task 5 0 1", "call task 7 0 1"))
    equal(table(r, "probe"), {("k:kobs_gen_hidden",): 5, ("k:kobs_gen_probe",): 7}, "rows of both")
    none_left()


@test("registers at the entry")
def entry():
    for function, command in (("kobs_gen_probe", "call"), ("kobs_gen_hidden", "hidden")):
        r = probe("count", f"k:{function}", "--by", "(s32)di=di,(s64)si=si",
                  "--where", "*(u64)sp > 0 && si == arg1", run=rounds_of(f"{command} task 10 -5 1"))
        equal(table(r, "di", "si"), {(n, n): 1 for n in range(-5, 5)}, f"rows of {function}")


@test("stacks begin with the instruction")
def stack():
    r = probe("count", place(), "--by", "kstack", run=rounds_of("inside task 9 0 1", "sleep 0.3", "inside task 9 0 1"))
    row, = r["rows"]
    equal(row["count"], 18, "count")
    contains(row["kstack"][0], place()[2:], "the first frame")
    contains(" ".join(row["kstack"][1:3]), "burst_rounds", "its caller")


@test("trace: records, with where they are")
def trace():
    r = obsctl("probe", "trace", place(), "--by", "ax,ip=at", "--json", "--", *rounds_of("inside task 4 5 2"))
    lines = [json.loads(line) for line in r.out.splitlines()]
    equal([(x["probe"], x["ax"]) for x in lines[:-1]], [(place(), n) for n in (5, 7, 9, 11)], "records")
    for x in lines[:-1]:
        contains(x["at"], place()[2:], "where")
    account(lines[-1])


@test("several places of a function, and the entry, are told apart")
def several():
    at = place()
    words = [at, "k:kobs_gen_inside", "k:kobs_gen_probe:kobs_gen_inside+0", at.replace("k:", "k:kobs_gen_probe:")]
    r = probe("count", *words, run=rounds_of("inside task 30 0 1"))
    equal(table(r, "probe"), {(at,): 30, ("k:kobs_gen_inside",): 1}, "rows")


@test("a module's instruction goes with it")
def unload():
    at = place()
    with Background("probe", "count", at, "--json") as b:
        subprocess.run(rounds_of("inside task 3 0 1"), check=True)
        equal(rmmod("kobs_gen_probe"), None, "rmmod's complaint")
        insmod("kobs_gen_probe")
        subprocess.run(rounds_of("inside task 5 0 1"), check=True)
        r = account(json.loads(b.stop().out.splitlines()[-1]))
    equal((table(r, "probe"), r["notes"]["functions_gone"]), ({(at,): 3}, 1), "rows, and what went")
    none_left()


@test("a detached session has the names, too")
def detached():
    at = place()
    obsctl("probe", "count", at, "k:kobs_gen_hidden", "--by", "probe,cpu", "--detach", "inside")
    try:
        subprocess.run(rounds_of("inside task 4 0 1", "hidden task 2 0 1"), check=True)
        r = json.loads(obsctl("session", "read", "inside", "--json").out)
        total = {}
        for row in r["rows"]:
            total[row["probe"]] = total.get(row["probe"], 0) + row["count"]
        equal(total, {at: 4, "k:kobs_gen_hidden": 2}, "rows")
    finally:
        obsctl("session", "stop", "inside")


@test("ftrace's kprobe event at the same place counts the same")
def peer():
    where = place()[2:]

    def tell(name, line):
        fd = os.open(TRACEFS + name, os.O_WRONLY | os.O_APPEND)
        os.write(fd, f"{line}\n".encode())
        os.close(fd)
    tell("kprobe_events", f"p:kobs/peer {where}")
    try:
        tell("events/kobs/peer/enable", "1")
        r = probe("count", place(), run=rounds_of("inside task 40 0 1", "inside hardirq 20 0 1"))
        tell("events/kobs/peer/enable", "0")
        equal(read(TRACEFS + "kprobe_profile").split()[-2:], ["60", "0"], "hits of the peer, and what it missed")
        equal(table(r, "probe"), {(place(),): 60}, "rows")
    finally:
        tell("kprobe_events", "-:kobs/peer")


def off(by):
    return f"k:kobs_gen_inside+{int(read(DIR + 'inside')) + by}"


REFUSALS = {
    ("count", lambda: off(1)): (1, "is inside an instruction"),
    ("count", lambda: off(3)): (1, "the nearest that can be are kobs_gen_inside+0x"),
    ("count", "k:kobs_gen_inside+0x1000"): (1, "is behind the end of kobs_gen_inside, which has 0x"),
    ("count", "k:kobs_gen_inside+"): (2, "'' is no offset: it is a number of bytes, such as 31 or 0x1f"),
    ("count", "k:kobs_gen_insid*+4"): (2, "an offset is of one function, not of a pattern"),
    ("count", "k:kobs_gen_insidee+4"): (1, "near it: kobs_gen_inside"),
    ("count", "kr:kobs_gen_inside+4"): (2, "is passed once: it is written as k:FUNCTION+OFFSET"),
    ("time", lambda: off(0)): (2, "has no duration"),
    ("count", lambda: off(0), "--where", "arg1 > 1"): (2, "'arg1' is known at the entry, k:kobs_gen_inside: at k:kobs_gen_inside+0x"),
    ("count", lambda: off(0), "--where", "eax > 1"): (2, "there is no 'eax'"),
    ("count", lambda: off(0), "--where", "ret > 1"): (2, "are known at kr:kobs_gen_inside"),
    ("count", "kr:kobs_gen_probe", "--where", "ax > 1"): (2, "there is no 'ax'"),
    ("count", "k:exc_int3"): (1, "it is in code that has no kprobes"),
    ("count", "k:exc_int3+4"): (1, "the kernel allows no kprobes in exc_int3"),
    ("count", "k:kobs:kobs_program_run"): (1, "it is part of kobs"),
    ("count", "k:kobs:kobs_program_run+4"): (1, "it is part of kobs"),
    ("count", "k:_raw_spin_lock+6"): (1, "a spinlock's fast path"),
}


@test("refusals name what is wrong, and leave nothing behind")
def refusals():
    for args, (status, part) in REFUSALS.items():
        args = [a() if callable(a) else a for a in args]
        r = obsctl("probe", *args, "--", "true", status=None)
        equal((r.status, len(r.err.strip().splitlines())), (status, 1), f"status and lines of {args}: {r.err}")
        contains(r.err, part, f"sentence of {args}")
    none_left()


@test("kprobes that are switched off are told")
def switched_off():
    with open(KPROBES + "enabled", "w", encoding="ascii") as f:
        f.write("0")
    try:
        r = obsctl("probe", "count", place(), "--", "true", status=1)
        contains(r.err, "kprobes are switched off", "sentence")
    finally:
        with open(KPROBES + "enabled", "w", encoding="ascii") as f:
            f.write("1")


@test("the module checks what an instruction's target says")
def hostile():
    nl = Netlink()
    field = 42 | 8 << 16
    address = symbol("kobs_gen_inside") + int(read(DIR + "inside"))

    def new(kind, word, *code):
        return [attr(K.A_SESSION_SOURCE, "probe"), attr(K.A_SESSION_MODE, "count"), words("targets", kind, word),
                words("code", *code, 0), phrase("names", "k:somewhere"), param("budget", 0)]
    refused(nl, 22, "it has a record of 0 bytes, and its program needs 8", K.CMD_SESSION_NEW, *new(1, 0, field))
    refused(nl, 22, "there is no name 1", K.CMD_SESSION_NEW, *new(6 | 2 << 32, address, field))
    refused(nl, 22, "there is no program 1", K.CMD_SESSION_NEW, *new(6 | 1 << 16, address, field))
    refused(nl, 22, "a record has at most 8192 bytes", K.CMD_SESSION_NEW, *new(6, address, field | 8185 << 32))
    refused(nl, 22, "its program needs 1008", K.CMD_SESSION_NEW, *new(6, address, field | 1000 << 32))
    refused(nl, 22, "cannot be", K.CMD_SESSION_NEW, *new(6, 4096, field))
    nl.close()


if __name__ == "__main__":
    insmod("kobs_gen_probe")
    try:
        main()
    finally:
        rmmod("kobs_gen_probe")
