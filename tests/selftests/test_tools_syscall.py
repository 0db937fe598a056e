# SPDX-License-Identifier: GPL-2.0
"""syscall: calls, their times and their errors by name, against programs that make a known number of calls."""

import platform

from toolkit import *

X86 = platform.machine() == "x86_64"
# Numbers of calls that neither Python nor the C library makes by itself.
NR = {"getpgid": 121, "getsid": 124, "getpriority": 140, "clock_nanosleep": 230} if X86 else \
     {"getpgid": 155, "getsid": 156, "getpriority": 141, "clock_nanosleep": 115}

PROGRAM = """
import ctypes, sys
libc = ctypes.CDLL(None)
for word in sys.argv[1:]:
    times, nr, *args = map(int, word.split(":"))
    for i in range(times):
        libc.syscall(nr, *args)
"""

# The interface of 32 bits, from a process of 64: nr and the first argument are its own.
COMPAT = """
import ctypes, mmap, os, sys
# mov eax, edi; mov ebx, esi (kept); int 0x80; cdqe; ret
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex("53 89f8 89f3 cd80 4898 5b c3"))
call = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_long, ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
for word in sys.argv[1:]:
    times, nr, arg = map(int, word.split(":"))
    for i in range(times):
        got = call(nr, arg)
    if nr == 20 and got != os.getpid():
        sys.exit(9)
"""


# A filter of seccomp that refuses one call with EPERM and kills who makes another one; how often the first is tried. A child tries the other.
SECCOMP = """
import ctypes, os, resource, struct, sys
libc = ctypes.CDLL(None)
refused, fatal, times = map(int, sys.argv[1:])
code = b"".join(struct.pack("=HBBI", *line) for line in (
    (0x20, 0, 0, 0), (0x15, 0, 1, refused), (0x06, 0, 0, 0x00050001), (0x15, 0, 1, fatal), (0x06, 0, 0, 0x80000000), (0x06, 0, 0, 0x7fff0000)))
room = ctypes.create_string_buffer(code, len(code))
program = ctypes.create_string_buffer(struct.pack("@HP", len(code) // 8, ctypes.addressof(room)))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
    sys.exit(9)
for i in range(times):
    if libc.syscall(refused, 0) != -1:
        sys.exit(9)
child = os.fork()
if not child:
    libc.syscall(fatal, 0)
    os._exit(0)
if os.WTERMSIG(os.waitpid(child, 0)[1]) != 31:
    sys.exit(9)
"""


def calls(*words, program=PROGRAM):
    """A command that makes calls, each TIMES:NR:ARGUMENT:..."""
    return python(program, *words)


def syscall(verb, *args, run=None):
    return report("syscall", verb, *args, run=run)


def made(name, times, *args):
    return ":".join(map(str, (times, NR[name], *args)))


@test("count: calls by name, of some and of all")
def count():
    run = calls(made("getpgid", 40, 0), made("getsid", 30, 0))
    r = syscall("count", "getpgid", "getsid", run=run)
    equal((r["source"], r["mode"], r["by"]), ("probe", "count", ["syscall", "comm"]), "source, mode and columns")
    equal(table(r, "syscall", "comm"), {("getpgid", "python3"): 40, ("getsid", "python3"): 30}, "rows")
    equal({row["syscall"]: row["syscall_number"] for row in r["rows"]}, {k: NR[k] for k in ("getpgid", "getsid")}, "numbers")
    r = table(syscall("count", "--comm", "python3", run=run), "syscall", "comm")
    equal((r[("getpgid", "python3")], r[("getsid", "python3")]), (40, 30), "of all")
    r = syscall("count", "get[ps]*d", "--where", "arg0 == 77", "--by", "syscall", run=calls(made("getpgid", 9, 77), made("getsid", 3, 0)))
    equal(table(r, "syscall"), {("getpgid",): 9}, "of a pattern, with a condition")


@test("errors: by their names")
def errors():
    run = calls(made("getpgid", 25, -1), made("getpgid", 5, 0), made("getpriority", 12, 99, 0), made("getsid", 8, -1))
    r = syscall("errors", *("getpgid", "getpriority", "getsid"), run=run)
    equal(table(r, "syscall", "error"), {("getpgid", "ESRCH"): 25, ("getpriority", "EINVAL"): 12, ("getsid", "ESRCH"): 8}, "rows")
    equal({row["error"]: row["error_number"] for row in r["rows"]}, {"ESRCH": -3, "EINVAL": -22}, "numbers")
    equal(r["accounting"]["filtered"], 5, "calls that did not fail")
    r = syscall("errors", "--by", "error", "--where", "nr == %d" % NR["getpriority"], run=run)
    equal(table(r, "error"), {("EINVAL",): 12}, "rows of all calls")
    r = obsctl("syscall", "errors", "getpgid", "--", *run)
    assert re.search(r"^syscall errors of 1 probe, ", r.out), r.out
    assert re.search(r"^getpgid +ESRCH +python3 +25 ", r.out, re.M), r.out


@test("time: durations with percentiles, and calls that have not ended")
def times():
    r = syscall("time", "clock_nanosleep", "nanosleep", run=["sh", "-c", "sleep 0.05; sleep 0.05; sleep 0.05"])
    row, = r["rows"]
    equal((row["count"], row["comm"], row["syscall"]), (3, "sleep", "clock_nanosleep"), "row")
    at_least(row["min"], 50_000_000, "ns slept")
    assert row["min"] <= row["p50"] <= row["p99"] <= row["max"] * 1.0625, f"percentiles of {row}"
    text = obsctl("syscall", "time", "clock_nanosleep", "--", "sleep", "0.01").out
    assert "P99.9" in text and ".." not in text, f"percentiles without a chart: {text}"
    contains(obsctl("syscall", "time", "clock_nanosleep", "--hist", "--", "sleep", "0.01").out, " .. ", "chart")
    with Background("syscall", "time", "clock_nanosleep", "--comm", "sleep", "--json") as b:
        before = subprocess.Popen(["sleep", "100"])
        until(lambda: read(f"/proc/{before.pid}/syscall").startswith(f"{NR['clock_nanosleep']} "), "a sleep")
        r = b.report()
        before.kill()
        before.wait()
    equal((r["rows"], r["accounting"]["pending"]), ([], 1), "a call that goes on")


@test("calls of the 32-bit interface have names of their own")
def compat():
    run = calls("17:20:0", "6:6:-1", program=COMPAT)
    if not X86 or subprocess.run(run, check=False).returncode:
        skip("this kernel does not have the interface")
    r = syscall("count", run=run)
    equal({k: n for k, n in table(r, "syscall", "comm").items() if k[0].startswith("i386:")},
          {("i386:getpid", "python3"): 17, ("i386:close", "python3"): 6}, "rows of all")
    r = syscall("errors", "--comm", "python3", run=run)
    equal({k: n for k, n in table(r, "syscall", "error").items() if k[0].startswith("i386:")}, {("i386:close", "EBADF"): 6}, "errors")
    r = syscall("count", "i386:getp*d", "i386:close", run=run)
    equal(table(r, "syscall"), {("i386:getpid",): 17, ("i386:close",): 6}, "rows of some")
    r = syscall("time", "i386:close", "--where", "ret == -9 && (s32)arg0 == -1", run=run)
    equal(table(r, "syscall"), {("i386:close",): 6}, "times")
    # writev and lstat have these numbers.
    r = syscall("count", "writev", "lstat", run=run)
    equal((r["rows"], r["accounting"]["hits"]), ([], 0), "calls of 64 bits with the same numbers")


@test("calls that seccomp refuses have no entry: they are errors, and neither counted nor measured")
def refused_by_seccomp():
    if not os.path.exists("/proc/sys/kernel/seccomp"):
        skip("this kernel has no seccomp filters")
    run = python(SECCOMP, NR["getpgid"], NR["getsid"], 20)
    for verb in "count", "time":
        r = syscall(verb, "getpgid", "getsid", run=run)
        equal((r["rows"], r["accounting"]["hits"], r["accounting"]["lost"]), ([], 0, {}), f"{verb} of two")
        r = syscall(verb, run=run)
        equal({row["syscall"] for row in r["rows"]} & {"getpgid", "getsid"}, set(), f"{verb} of all")
    r = syscall("errors", "getpgid", "getsid", run=run)
    equal(table(r, "syscall", "error"), {("getpgid", "EPERM"): 20}, "errors")
    # Of the call that kills, the kernel tells a return: with its number, as the call was not made.
    r = report("probe", "count", "sr:getpgid", "sr:getsid", "--by", "probe,ret", run=run)
    equal(table(r, "probe", "ret"), {("sr:getpgid", -1): 20, ("sr:getsid", NR["getsid"]): 1}, "returns")


@test("-v shows the command line of probe, which does the same")
def same():
    run = calls(made("getpgid", 6, -1))
    r = obsctl("syscall", "errors", "getpgid", "--where", "arg0 != 0", "-v", "--json", "--", *run)
    line = re.search(r"the same as: obsctl (.*)", r.err)[1]
    equal(line, "probe count s:getpgid --where 'ret < 0 && ret > -4096' --where 'arg0 != 0' --by 'syscall,(errno)ret=error,comm'", "line")
    import shlex
    again = json.loads(obsctl(*shlex.split(line), "--json", "--", *run).out)
    equal(again["rows"], json.loads(r.out)["rows"], "rows")


@test("a detached session shows the names, too")
def detached():
    obsctl("syscall", "errors", "getpgid", "--detach", "errors")
    try:
        subprocess.run(calls(made("getpgid", 4, -1)), check=True)
        r = json.loads(obsctl("session", "read", "errors", "--json").out)
        equal(table(r, "syscall", "error", "comm"), {("getpgid", "ESRCH", "python3"): 4}, "rows")
    finally:
        obsctl("session", "stop", "errors")


@test("trace: calls one by one, with what they return")
def trace():
    run = calls(made("getpgid", 3, -1), made("getsid", 2, 0))
    r = obsctl("syscall", "trace", "getpgid", "getsid", "--json", "--", *run)
    lines = [json.loads(line) for line in r.out.splitlines()]
    account(lines[-1])
    equal([(x["syscall"], x["result"], x["result_number"], x["comm"]) for x in lines[:3]], [("getpgid", "ESRCH", -3, "python3")] * 3,
          "records that fail")
    equal([(x["syscall"], x["result"]) for x in lines[3:-1]], [("getsid", str(x["result_number"])) for x in lines[3:-1]], "others")
    equal(len(lines), 6, "records")
    text = obsctl("syscall", "trace", "getpgid", "-n", 1, "--", *run).out
    assert re.search(r"python3 .*syscall=getpgid result=ESRCH", text), text


REFUSALS = {
    ("errors", "getpgdi"): (1, "there is no system call 'getpgdi' (near it: getpgid"),
    ("errors", "i386:getpdi"): (1, "there is no system call 'i386:getpdi'"),
    ("count", "*?"): (1, "more than the 32 of a session that are told apart"),
    ("errors", "--where", "ret <"): (2, "the expression 'ret <'"),
    ("errors", "--by", "eror"): (2, "there is no 'eror' in s:*"),
    ("eror",): (2, "'syscall' has no verb 'eror', but count, time, errors, trace or slow"),
}


@test("refusals name what is wrong")
def refusals():
    refused("syscall", REFUSALS)


if __name__ == "__main__":
    main()
