# SPDX-License-Identifier: GPL-2.0
"""probe: functions, tracepoints and system calls by their arguments, against what kobs_gen_probe and this program do."""

from kobstest import *
from nlkit import *
from probekit import *

FUNC = "k:kobs_gen_probe"
FIRE = "t:kobs_gen_probe:kobs_gen_fire"


for context in ("task", "softirq", "hardirq"):
    def count_in(c):
        r = probe("count", FUNC, "--where", "(s32)arg0 >= 0 && arg1 < 40", run=rounds_of(f"call {c} 100 -10 1"))
        equal(r["accounting"]["hits"], 100, "hits")
        equal(r["accounting"]["filtered"], 60, "filtered")
        equal(table(r, "probe"), {(FUNC,): 40}, "rows")
    test(f"calls are filtered by their arguments in {context} context")(lambda c=context: count_in(c))

    def fire_in(c):
        r = probe("count", FIRE, "--by", "probe,arg6=d", run=rounds_of(f"fire {c} 30 5 10"))
        equal(table(r, "probe", "d"), {(FIRE, n + 4): 1 for n in numbers(30, 5, 10)}, "rows")
    test(f"a tracepoint of a module has all its arguments in {context} context")(lambda c=context: fire_in(c))


@test("a tracepoint keeps its module loaded, a function does not")
def modules():
    with Background("probe", "count", FIRE, "--json") as b:
        contains(rmmod("kobs_gen_probe") or "", "in use", "rmmod's complaint")
        b.stop()
    with Background("probe", "count", FUNC, "--json") as b:
        subprocess.run(rounds_of("call task 3 0 1"), check=True)
        equal(rmmod("kobs_gen_probe"), None, "rmmod's complaint")
        insmod("kobs_gen_probe")
        subprocess.run(rounds_of("call task 5 0 1"), check=True)
        r = account(json.loads(b.stop().out.splitlines()[-1]))
    equal(r["accounting"]["hits"], 3, "hits")
    equal(table(r, "probe"), {(FUNC,): 3}, "rows")
    equal(r["notes"]["functions_gone"], 1, "functions that went")


# Expressions over argument 1 (the number) and 3 (the item), and what Python makes of them.
OPERATORS = {
    "arg1 == 7": lambda n: n == 7, "arg1 != 7": lambda n: n != 7, "arg1 < 7": lambda n: n < 7, "arg1 <= 7": lambda n: n <= 7,
    "arg1 > 7": lambda n: n > 7, "arg1 >= 7": lambda n: n >= 7, "!(arg1 & 1)": lambda n: not n & 1,
    "arg1 % 3 == 2": lambda n: n % 3 == 2, "arg1 / 4 == 2": lambda n: n // 4 == 2, "arg1 << 2 == 20": lambda n: n << 2 == 20,
    "arg1 >> 1 == 3": lambda n: n >> 1 == 3, "(arg1 ^ 5) == 0": lambda n: n == 5, "(arg1 | 8) == 9": lambda n: n | 8 == 9,
    "arg1 * arg1 == 81": lambda n: n == 9, "arg1 - 10 == -3": lambda n: n == 7, "~arg1 == -5": lambda n: n == 4,
    "arg1 == 3 || arg1 == 11 && arg1 > 5": lambda n: n in (3, 11), "*(s64)arg3 == 6": lambda n: n == 6,
    "*(u32)(arg3 + 8) == 8": lambda n: n == 8, "*(s16)(arg3 + 12) < 4": lambda n: n < 4, "*(u8)(arg3 + 14) == 15": lambda n: n == 15,
    "*(s64)(*(u64)(arg3 + 24)) == 18": lambda n: n == 9, 'str(arg2) == "odd"': lambda n: n % 2 == 1,
    'str(arg3 + 32) != "item 4 of the module kobs_gen_probe"': lambda n: n != 4,
}


@test(f"{len(OPERATORS)} expressions agree with Python's")
def operators():
    for text, want in OPERATORS.items():
        r = probe("count", FUNC, "--where", text, run=rounds_of("call task 16 0 1"))
        equal(r["accounting"]["hits"], 16, f"hits with {text}")
        equal(r["accounting"]["recorded"], sum(map(bool, map(want, range(16)))), f"recorded with {text}")


@test("keys: numbers, texts, and names for them")
def keys():
    r = probe("count", FUNC, "--by", "(s32)arg0=small,str(arg2)=parity,*(u16)(arg3 + 12)=low",
              run=rounds_of("call task 8 -4 1", "call task 8 -4 1"))
    equal(r["by"], ["small", "parity", "low"], "by")
    equal(table(r, "small", "parity", "low"),
          {(n, "odd" if i % 2 else "even", n & 0xffff): 2 for i, n in enumerate(range(-4, 4))}, "rows")


@test("a text is cut at 31 bytes")
def cut():
    r = probe("count", FUNC, "--by", "str(arg3 + 32)=text", run=rounds_of("call task 1 1234567 1"))
    equal(table(r, "text"), {("item 1234567 of the module kobs_gen_probe"[:31],): 1}, "rows")


@test("what cannot be read is a fault: a value of a key, and a loss of a condition")
def faults():
    run = rounds_of("bad 10", "call task 3 7 0")
    r = probe("count", FUNC, "--by", "*(u32)(arg3 + 8)=low,*(u64)(arg3 + 16)=name", run=run)
    equal(sorted((row["low"], row["count"]) for row in r["rows"] if row["low"] != "(fault)"), [(7, 1), (7, 2)], "rows of two names")
    equal(table(r, "low", "name")[("(fault)", "(fault)")], 10, "faults")
    r = probe("count", FUNC, "--by", "str(arg3 + 32)=text", run=run)
    equal(table(r, "text"), {("(fault)",): 10, ("item 7 of the module kobs_gen_p",): 3}, "rows")
    r = probe("count", FUNC, "--by", 'str(arg3 + 32) == "x" = hit', run=run)
    equal(table(r, "hit"), {("(fault)",): 10, (0,): 3}, "rows of a comparison")
    r = probe("count", FUNC, "--where", "*(u32)(arg3 + 8) == 7", run=run)
    equal(r["accounting"]["recorded"], 3, "recorded")
    equal(r["accounting"]["lost"], {"fault": 10}, "lost")
    # A text of the kernel's, and one of the program's, which is none of the kernel's.
    text = obsctl("probe", "count", "k:do_sys_openat2", "--by", "str(filename)=kernel,ustr(filename)=user", "-n", 0, "--", "cat", "/etc/hostname").out if HAS_BTF else None
    if text:
        contains(text, "/etc/hostname", "a text of the program")
        contains(text, "kernel could not be read at any hit (of k: and t:, str(X) is a text of the kernel, ustr(X) one of the program)", "note")
        assert "user could not be read" not in text, text
    r = probe("hist", FUNC, "--value", "100 / arg1", run=rounds_of("call task 4 0 1"))
    equal(r["accounting"]["lost"], {"fault": 1}, "divided by 0")
    equal((r["rows"][0]["count"], r["rows"][0]["sum"]), (3, 100 + 50 + 33), "the others")


@test("hist: sums, buckets, and values below 0")
def hist():
    r = probe("hist", FUNC, "--value", "(s32)arg0", run=rounds_of("call task 50 -10 1", "call softirq 10 1000 0"))
    row, = r["rows"]
    values = [n for n in numbers(50, -10, 1) + [1000] * 10 if n >= 0]
    equal((row["count"], row["negative"]), (60, 10), "count and negative")
    equal((row["sum"], row["min"], row["max"]), (sum(values), 0, 1000), "sum, min and max")
    buckets = {(b["lo"], b["hi"]): b["count"] for b in row["hist"]}
    equal(sum(buckets.values()), 50, "values in buckets")
    for (lo, hi), n in buckets.items():
        equal(n, sum(lo <= v <= hi for v in values), f"values from {lo} to {hi}")
    r = probe("hist", FUNC, "--value", "(s32)arg0", run=rounds_of("call task 5 -10 1"))
    equal((r["rows"][0]["count"], r["rows"][0]["negative"], r["rows"][0]["sum"]), (5, 5, 0), "negative only")


@test("hist: a sum above 2^64 is exact, or said to be too large")
def wide():
    run = rounds_of("call task 700 -1 0", "call hardirq 300 -3 -1")
    values = [2**64 - 1] * 700 + [2**64 - 3 - i for i in range(300)]
    r = probe("hist", FUNC, "--value", "(u64)arg1", run=run)
    row, = r["rows"]
    equal((row["count"], row["sum"], row["min"], row["max"]), (1000, sum(values), min(values), max(values)), "count, sum, min and max")
    out = obsctl("probe", "hist", FUNC, "--value", "(u64)arg1", "--", *run).out
    contains(out, f" {sum(values):,} ", "the sum as text")
    # Two values in one bucket, so far apart and so many that the sum can be one of several.
    r = probe("hist", FUNC, "--value", "(u64)arg1 | ((u64)arg1 & 1) << 59", run=rounds_of(f"call task 2000 {2**62} 1"))
    row, = r["rows"]
    equal(("sum" in row, row["sum_too_large"], row["count"]), (False, True, 2000), "a sum that is not known")


@test("hist of an argument as it is: of usual hits, of those that are timed, and of those that a filter looks at")
def plain():
    for name, argument, verb, first in ((FUNC, "arg0", "call", 5), (FUNC, "arg1", "call", 5), (FIRE, "arg0", "fire", 5),
                                        (FIRE, "arg3", "fire", 6), (FIRE, "arg4", "fire", 7)):
        values = numbers(3000, first, 1)
        for context, options in ("task", []), ("hardirq", []), ("task", ["-c", "sh"]):
            r = probe("hist", name, "--value", argument, *options, run=rounds_of(f"{verb} {context} 3000 5 1"))
            row, = r["rows"]
            equal((row["count"], row["sum"], row["min"], row["max"]), (3000, sum(values), first, first + 2999),
                  f"count, sum, min and max of {argument} in {context} with {options}")
            equal(r["accounting"]["hits"], 3000, "hits")


@test("returns have the arguments, the result and the duration")
def returns():
    r = probe("hist", "kr:kobs_gen_probe", "--value", "ret", "--where", "arg1 % 2 == 0", "--by", "probe,str(arg2)=parity",
              run=rounds_of("call task 20 0 1"))
    equal(table(r, "probe", "parity"), {("kr:kobs_gen_probe", "even"): 10}, "rows")
    equal(r["rows"][0]["sum"], sum(range(0, 20, 2)), "sum of what it returns")
    r = probe("time", FUNC, "--where", "ret > 3", run=rounds_of("call hardirq 20 0 1"))
    equal((table(r, "probe"), r["accounting"]["filtered"]), ({(FUNC,): 16}, 4), "rows and filtered")
    r = probe("count", "kr:kobs_gen_probe", "--where", "duration > 3600s", run=rounds_of("call task 20 0 1"))
    equal(r["accounting"]["filtered"], 20, "calls that took no hour")


# A process that makes a known number of system calls, with known results.
CALLS = """
import os
r, w = os.pipe()
for i in range(40):
    os.write(w, b"x" * (i + 1))
    os.read(r, i + 1)
for i in range(7):
    try:
        os.read(12345, 77)
    except OSError:
        pass
"""


def calls(verb, *args):
    return probe(verb, *args, run=["/usr/bin/python3", "-c", CALLS])


@test("system calls by their arguments and results")
def syscalls():
    r = calls("count", "s:read", "--where", "fd == 12345 && count == 77", "--by", "ret")
    equal(table(r, "ret"), {(-9,): 7}, "reads of a bad descriptor")
    r = calls("hist", "s:write", "--value", "ret", "--where", "count <= 40 && *(u8)user(buf) == 'x'", "--by", "comm")
    equal(table(r, "comm"), {("python3",): 40}, "writes")
    equal(r["rows"][0]["sum"], sum(range(1, 41)), "bytes written")
    r = calls("count", "s:pipe2", "s:write")
    equal(table(r, "probe")[("s:pipe2",)], 1, "pipe2")
    at_least(table(r, "probe")[("s:write",)], 40, "write")
    r = calls("count", "s:*")
    equal(table(r, "syscall")[("pipe2",)], 1, "pipe2 of all")
    for verb in "count", "time":
        equal(table(calls(verb, "s:*", "--where", "ret == -9"), "syscall"), {("read",): 7}, f"{verb} of what fails")


@test("system calls take time, from their entry to their return")
def syscall_time():
    r = calls("time", "s:read", "--where", "fd == 12345", "--by", "ret,count=asked")
    equal(table(r, "ret", "asked"), {(-9, 77): 7}, "rows")
    r = probe("time", "s:clock_nanosleep", "s:nanosleep", run=["sleep", "0.05"])
    row, = r["rows"]
    equal(row["count"], 1, "sleeps")
    at_least(row["min"], 50_000_000, "ns slept")
    # exit_group() does not return, nor had the reader's read() begun here.
    r = probe("time", "s:exit_group", run=["true"])
    equal((r["rows"], r["accounting"]["lost"]), ([], {"in_flight": 1}), "a call that does not return")


# Calls that end otherwise than they began: 25 signals, 4 children, and a program that a thread starts while the first one waits for it.
OTHERWISE = """
import os, signal, threading
signal.signal(signal.SIGUSR1, lambda *args: None)
for i in range(25):
    os.kill(os.getpid(), signal.SIGUSR1)
for i in range(4):
    if not os.fork():
        os._exit(0)
    os.wait()
t = threading.Thread(target=os.execv, args=("/usr/bin/true", ["true"]))
t.start()
t.join()
"""


@test("system calls that end otherwise than they began are measured once, and those that do not return are none")
def otherwise():
    want = {"kill": 25, "rt_sigreturn": 25, "wait4": 4}
    run = ["/usr/bin/python3", "-c", OTHERWISE]
    one_by_one = [f"s:{name}" for name in (*want, "execve", "exit_group")]
    r = probe("time", *one_by_one, run=run)
    got = {name[2:]: n for (name,), n in table(r, "probe").items()}
    # The child of obsctl that becomes Python may have begun to before the session.
    assert got.pop("execve") in (1, 2), f"execve in {r['rows']}"
    equal((got, r["accounting"]["lost"]), (want, {"in_flight": 5}), "rows, and exits of all processes")
    for args in (), ("--hist",), ("--where", "duration < 3600s"), ("--by", "syscall,cpu"):
        r = probe("time", "s:*", *args, run=run)
        got = {name: sum(row["count"] for row in r["rows"] if row["syscall"] == name) for name in (*want, "exit_group", "exit")}
        equal(got, {**want, "exit_group": 0, "exit": 0}, f"rows of all with {args}")
        equal(set(r["accounting"]["lost"]), {"in_flight"}, f"losses with {args}")
        # Those who wait while it runs are in a call, too.
        at_least(r["accounting"]["lost"]["in_flight"], 5, "exits of all processes")


@test("a tracepoint that passes less than is asked for, at the end of a stack")
def stack_end():
    # arm64 and a kernel with BTF would not let it be asked for.
    count, end = 41, 0
    name = "irq_vectors:local_timer_entry"
    if not os.path.exists(f"/sys/kernel/tracing/events/{name.replace(':', '/')}"):
        skip(f"this kernel has no {name}")
    arg11 = 1 | 11 << 16
    nl = Netlink()
    parts = [attr(K.A_SESSION_SOURCE, "probe"), attr(K.A_SESSION_MODE, "hist"), words("targets", 1, 0),
             words("code", arg11, count, end), phrase("names", f"t:{name}"), param("budget", 0)]
    me = dict(attrs(nl.ask(K.CMD_SESSION_NEW, *parts)[0]))[K.A_SESSION_ID]
    nl.ask(K.CMD_SESSION_START, attr(K.A_SESSION_ID, me))
    time.sleep(0.3)
    nl.ask(K.CMD_SESSION_STOP, attr(K.A_SESSION_ID, me))
    r = {kind: u64_of(payload) for kind, payload in attrs(nl.ask(K.CMD_SESSION_GET, attr(K.A_SESSION_ID, me))[0])
         if kind in (K.A_SESSION_HITS, K.A_SESSION_RECORDED)}
    nl.close()
    at_least(r[K.A_SESSION_HITS], 1, "timer interrupts")


@test("functions that cannot be traced do not take a tracepoint with them")
def beside():
    with Background("probe", "count", "k:_raw_spin_loc?", FIRE, "--json") as b:
        subprocess.run(rounds_of("fire task 4 0 1"), check=True)
        r = account(json.loads(b.stop().out.splitlines()[-1]))
    equal(table(r, "probe"), {(FIRE,): 4}, "rows")


@test("new tasks and refused calls are no calls that had begun before")
def unpaired():
    r = probe("time", "s:*", run=["sh", "-c", "/usr/bin/true; /usr/bin/true; /usr/bin/true"])
    assert not {"unpaired", "stale"} & set(r["accounting"]["lost"]), f"lost {r['accounting']['lost']}"
    at_least(table(r, "syscall")[("execve",)], 3, "execve")


@test("trace: records with numbers and texts")
def trace():
    r = obsctl("probe", "trace", FUNC, "--by", "arg1=n,str(arg2)=parity", "--json", "--", *rounds_of("call task 5 3 2"))
    lines = [json.loads(line) for line in r.out.splitlines()]
    equal([(x["probe"], x["n"], x["parity"]) for x in lines[:-1]],
          [(FUNC, 3 + 2 * i, "odd" if i % 2 else "even") for i in range(5)], "records")
    account(lines[-1])


@test("trace and count: what a call took has its unit, and is a number in JSON")
def took():
    run = rounds_of("call task 5 3 2")
    out = obsctl("probe", "trace", "kr:kobs_gen_probe", "--by", "ret,duration", "--", *run).out
    equal(len(re.findall(r" ret=\d+ duration=\d+(?:\.\d+)? [num]s$", out, re.M)), 5, f"records in {out}")
    r = obsctl("probe", "trace", "kr:kobs_gen_probe", "--by", "duration", "--json", "--", *run)
    assert all(isinstance(json.loads(line)["duration"], int) for line in r.out.splitlines()[:-1]), r.out
    r = probe("count", "kr:kobs_gen_probe", "--by", "duration", run=run)
    equal((r["columns"][0], sum(row["count"] for row in r["rows"])), ({"name": "duration", "type": "ns"}, 5), "column and calls")
    equal({type(row["duration"]) for row in r["rows"]}, {int}, "types of durations")


@test("stacks begin with the function")
def stacks():
    r = probe("count", FUNC, "--by", "kstack", run=rounds_of("call task 9 0 1"))
    row, = r["rows"]
    equal(row["count"], 9, "count")
    contains(row["kstack"][0], "kobs_gen_probe", "the first frame")
    r = probe("count", FIRE, "--by", "kstack", run=rounds_of("fire task 9 0 1"))
    # On debug, the function that fires it is not in line.
    contains(" ".join(r["rows"][0]["kstack"][:2]), "burst_round", "the first frames of a tracepoint")


@test("parameters by their names, and members of structs")
def btf():
    need_btf()
    with open("/tmp/kobs_probe_file", "w", encoding="ascii") as f:
        f.write("x" * 5000)
    run = ["dd", "if=/tmp/kobs_probe_file", "of=/dev/null", "bs=1000", "status=none"]
    r = probe("hist", "k:vfs_read", "--value", "count", "--where", 'str(file->f_path.dentry->d_name.name) == "kobs_probe_file"',
              run=run)
    equal((r["rows"][0]["count"], r["rows"][0]["sum"]), (6, 6000), "reads of the file")
    r = probe("count", "t:sched:sched_process_exec", "--by", "str(bprm->filename)=file,(p->tgid == pid) = same",
              run=["sh", "-c", "/usr/bin/true; /usr/bin/true; /usr/bin/true"])
    equal(table(r, "file", "same")[("/usr/bin/true", 1)], 3, "programs")


# Reads a file that two descriptors share, for which the kernel takes the mutex of its position; and a pipe, of known lengths.
READS = """
import os
os.close(os.open("/tmp/kobs_probe_reads", os.O_CREAT))
fd = os.open("/tmp/kobs_probe_reads", os.O_RDONLY)
other = os.dup(fd)
for i in range(30):
    os.read(fd, 1)
r, w = os.pipe()
os.dup2(r, 77)
for i in range(40):
    os.write(w, b"x" * (i + 1))
    os.read(77, i + 1)
"""


@test("reads of a pipe: how much they return, and how long they take")
def reads():
    run = ["/usr/bin/python3", "-c", READS]
    r = probe("hist", "s:read", "--value", "ret", "--by", "fd", run=run)
    row, = [row for row in r["rows"] if row["fd"] == 77]
    equal((row["count"], row["sum"], row["min"], row["max"]), (40, sum(range(1, 41)), 1, 40), "what was read")
    r = probe("time", "s:read", "--by", "fd", "--hist", run=run)
    row, = [row for row in r["rows"] if row["fd"] == 77]
    equal((row["count"], sum(b["count"] for b in row["hist"])), (40, 40), "reads that take time")


@test("mutex_lock() by the kernel stack of who takes it")
def mutexes():
    lock = "mutex_lock"
    # With lockdep it is a macro: obsctl names the function that there is.
    if lock not in symbols(""):
        lock = "mutex_lock_nested"
        contains(obsctl("probe", "count", "k:mutex_lock", "--", "true", status=1).err, lock, "the nearest function")
    r = probe("count", f"k:{lock}", "--by", "kstack", "--comm", "python3", run=["/usr/bin/python3", "-c", READS])
    found = {row["count"] for row in r["rows"] if "ksys_read+" in " ".join(row["kstack"][1:3])}
    contains(r["rows"][0]["kstack"][0], lock, "the first frame")
    assert 30 in found, f"reads of a shared file in {[(row['count'], row['kstack'][:4]) for row in r['rows']]}"


@test("finish_task_switch() by kernel stack, as often as the kernel switches to a process")
def switches():
    from toolkit import Worker
    def made(pid):
        return sum(int(n) for n in re.findall(r"ctxt_switches:\s*(\d+)", read(f"/proc/{pid}/status")))
    with Worker("def work(line):\n    for i in range(40):\n        time.sleep(0.001)\n", "kobs_sleeps") as w:
        with Background("probe", "count", "k:finish_task_switch", "--by", "kstack", "-p", w.pid, "--json") as b:
            before = made(w.pid)
            w.work()
            n = made(w.pid) - before
            r = b.report()
    # It is switched to once for each time that it was switched away from.
    equal(sum(row["count"] for row in r["rows"]), n, "switches")
    at_least(n, 20, "switches of a process that sleeps 40 times")
    for row in r["rows"]:
        contains(row["kstack"][0], "finish_task_switch", "the first frame")
    assert any("nanosleep" in " ".join(row["kstack"]) for row in r["rows"]), "stacks"


@test("a detached session is read with its names by another obsctl")
def detached():
    obsctl("probe", "count", FIRE, FUNC, "--by", "probe,(s32)arg0=n", "--detach", "probes")
    try:
        subprocess.run(rounds_of("fire task 2 -1 0", "call task 3 -1 0"), check=True)
        r = json.loads(obsctl("session", "read", "probes", "--json").out)
        equal(table(r, "probe", "n"), {(FIRE, -1): 2, (FUNC, -1): 3}, "rows")
    finally:
        obsctl("session", "stop", "probes")


@test("--fail-over and --max-lost judge the report")
def limits():
    run = rounds_of("call task 9 0 1")
    probe("count", FUNC, "--fail-over", 8, run=run, status=3)
    probe("count", FUNC, "--fail-over", 9, run=run)
    probe("hist", FUNC, "--value", "arg1", "--fail-over", 7, run=run, status=3)
    probe("hist", FUNC, "--value", "arg1", "--fail-over", 8, run=run)
    probe("count", FUNC, "--where", "8 / arg1 > 0", "--max-lost", 0, run=run, status=4)


REFUSALS = {
    ("count", "vfs_read"): (2, "'vfs_read' does not say what it is: write k:vfs_read for a function"),
    ("count",): (2, "nothing to probe is named"),
    ("count", "x:vfs_read"): (2, "'x:vfs_read' is nothing to probe: there are k:FUNCTION"),
    ("count", "s:raed"): (1, "there is no system call 'raed' (near it: read"),
    ("count", "t:sched:sched_swich"): (1, "(near it: sched:sched_switch"),
    ("count", "k:vfs_raed"): (1, "vfs_read"),
    ("hist", FUNC): (2, "probe hist needs --value EXPR"),
    ("time", FIRE): (2, "has no duration: probe time measures functions, k:FUNCTION, and system calls"),
    ("count", FUNC, "kr:kobs_gen_probe"): (2, "k: and kr: cannot be combined"),
    ("count", "kprobe:vfs_read"): (2, "'kprobe:vfs_read' is written as k:vfs_read here"),
    ("count", "s:read,s:write"): (2, "several probes are several words, with spaces between them"),
    ("count", FUNC, "--by", "arg1=comm"): (2, "as in 'EXPR=NAME'"),
    ("count", "openat"): (2, "write s:openat for the system call"),
    ("count", FUNC, "--where", "ret < 0"): (2, "are known at kr:kobs_gen_probe"),
    ("count", "s:read", "--where", "duration > 1ms"): (2, "is measured by probe time"),
    ("trace", FUNC, "--over", "1ms"): (2, "--over TIME is for what has a duration, and "),
    ("trace", FIRE, "--over", "1ms"): (2, "--over TIME is for what has a duration, and "),
    ("trace", "sr:read", "--over", "1ms"): (2, "--over TIME is for what has a duration, and "),
    ("count", FUNC, "--by", "arg1=count"): (2, "a report has a column 'count' of its own"),
    ("count", FUNC, "--by", "arg1=x,arg2=x"): (2, "two columns are called 'x'"),
    ("count", "s:?*"): (1, "more than the 32 of a session that are told apart: use 's:*'"),
    ("count", FUNC, "--where", "arg1 >"): (2, "the expression 'arg1 >'"),
    ("count", FUNC, "--where", "agr1 > 3"): (2, "near it: arg1"),
    ("count", FUNC, "--where", "arg6 > 3"): (2, "there is no 'arg6'"),
    ("count", FUNC, "--by", "kstak"): (2, "near it: kstack"),
    ("count", FUNC, "--by", "str(arg2),str(arg2)=b,str(arg2)=c"): (2, "there can be 7 and 2"),
    ("count", FUNC, "--by", "probe,probe"): (2, "--by names the column 'probe' twice"),
}


@test("refusals name what is wrong")
def refusals():
    for args, (status, words) in REFUSALS.items():
        r = obsctl("probe", *args, "--", "true", status=None)
        equal((r.status, len(r.err.strip().splitlines())), (status, 1), f"status and lines of {args}: {r.err}")
        contains(r.err, words, f"sentence of {args}")


@test("without tracefs, a tracepoint's system is not known, and none is guessed")
def no_tracefs():
    hidden = ["unshare", "-m", "sh", "-c", "umount -l /sys/kernel/tracing; umount -l /sys/kernel/debug; exec \"$0\" \"$@\"", "obsctl"]
    r = subprocess.run([*hidden, "probe", "count", "t:nosuch:sched_switch", "--", "true"], capture_output=True, text=True)
    equal(r.returncode, 1, f"status of {r.stderr}")
    contains(r.stderr, "write t:sched_switch", "sentence")
    r = subprocess.run([*hidden, "probe", "count", "t:sched_switch", "--json", "--", "sleep", "0.01"], capture_output=True, text=True)
    equal(r.returncode, 0, f"status of {r.stderr}")
    equal(set(table(account(json.loads(r.stdout)), "probe")), {("t:sched_switch",)}, "rows")


@test("list shows what there is, with arguments")
def listing():
    r = json.loads(obsctl("probe", "list", "s:read", FIRE, "--json").out)
    equal([p["probe"] for p in r["probes"]], ["s:read", FIRE], "probes")
    equal([a["name"] for a in r["probes"][0]["args"]], ["fd", "buf", "count"], "arguments of read")
    if HAS_BTF:
        r = json.loads(obsctl("probe", "list", "t:sched:sched_switch", "k:vfs_read", "--json").out)
        equal([[a["name"] for a in p["args"]][:3] for p in r["probes"]], [["preempt", "prev", "next"], ["file", "buf", "count"]],
              "arguments by BTF")
    names = [p["probe"] for p in json.loads(obsctl("probe", "list", "--json").out)["probes"]]
    assert "t:sched:sched_switch" in names and "s:openat" in names, f"{len(names)} probes"


def on_terminal(columns, *args):
    """What obsctl prints on a terminal of so many columns."""
    master, slave = os.openpty()
    with os.fdopen(master, "rb", buffering=0) as f:
        try:
            subprocess.run(["obsctl", *args], stdin=subprocess.DEVNULL, stdout=slave, check=True, timeout=WAIT,
                           env={**os.environ, "COLUMNS": str(columns)})
        finally:
            os.close(slave)
        text = b""
        try:
            while part := f.read(65536):
                text += part
        except OSError:
            pass                # the other end is closed
    return text.decode().replace("\r\n", "\n").splitlines()


@test("list puts what does not fit on a terminal beneath each probe")
def listing_folded():
    what = ["probe", "list", "t:sched:sched_switch", "s:openat"]
    fields = [f["name"] for f in json.loads(obsctl(*what, "--json").out)["probes"][0]["fields"]]
    lines = on_terminal(50, *what)
    equal((lines[:2], lines[-2:]), (["PROBE", "t:sched:sched_switch"], ["s:openat", "    arguments: dfd, filename, flags, mode"]), "ends")
    assert max(map(len, lines)) <= 50, lines
    folded = " ".join(line.strip() for line in lines)
    contains(folded, f"fields of its record: {', '.join(fields)} s:openat", "fields, none of which is left out")
    lines = on_terminal(400, *what)
    equal(len(lines), 3, f"lines of {lines}")
    assert re.match(r"PROBE +ARGUMENTS +FIELDS OF ITS RECORD$", lines[0]), lines[0]


@test("bpftrace counts the same")
def peer():
    with Bpftrace("kprobe:kobs_gen_probe /arg1 > 4/ { @k = sum(arg1); }") as b:
        r = probe("hist", FUNC, "--where", "arg1 > 4", "--value", "arg1", run=rounds_of("call task 30 0 1"))
        equal(r["rows"][0]["sum"], sum(range(5, 30)), "sum of kobs")
        equal(b.count("k"), sum(range(5, 30)), "sum of bpftrace")


if __name__ == "__main__":
    insmod("kobs_gen_probe")
    try:
        main()
    finally:
        rmmod("kobs_gen_probe")
