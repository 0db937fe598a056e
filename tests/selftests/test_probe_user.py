# SPDX-License-Identifier: GPL-2.0
"""probe: functions and instructions of programs and libraries, against what ucalls does."""

import http.client

from kobstest import *
from nlkit import *
from probekit import *

BIN = f"{SRC}/build/selftests/ucalls"
WORK = f"u:{BIN}:uc_work"
SHOWN = "u:ucalls:uc_work"
X86 = os.uname().machine == "x86_64"
READ = "0" if X86 else "63"     # number of the system call


def probe(verb, *args, run=None, status=0):
    """The JSON report of a session around ucalls."""
    return report("probe", verb, *args, run=run and [BIN, *run], status=status)


def lost(r):
    return r["accounting"]["lost"]


class Waiting:
    """ucalls, which waits before it does its commands."""

    def __init__(self, *commands, program=BIN):
        self.p = subprocess.Popen([program, "wait", *map(str, commands)], stdin=subprocess.PIPE)
        # Not in the loader, which sleeps, too: in read(0, ...).
        until(lambda: read(f"/proc/{self.p.pid}/syscall").split()[:2] == [READ, "0x0"], "ucalls to wait")

    def go(self):
        self.p.communicate(b"x")
        equal(self.p.returncode, 0, "status of ucalls")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.p.poll() is None:
            self.p.kill()
            self.p.wait()


@test("calls are counted and filtered by their arguments, in processes that start later")
def count():
    r = probe("count", WORK, run=["call", 40])
    equal((table(r, "probe"), r["accounting"]["hits"], lost(r)), ({(SHOWN,): 40}, 40, {}), "rows, hits and losses")
    r = probe("count", WORK, "--where", "arg0 >= 10", "--by", "str(arg1)=parity", run=["call", 40])
    equal((table(r, "parity"), r["accounting"]["filtered"]), ({("even",): 15, ("odd",): 15}, 10), "rows and filtered")


@test("arguments that are addresses are of the program's memory; what is not there is not waited for")
def memory():
    r = probe("count", WORK, "--by", "*(u64)arg2=number,*(u32)(arg2 + 8)=next,str(*(u64)(arg2 + 16))=text", run=["call", 5])
    equal(table(r, "number", "next", "text"), {(i, i + 1, "an item of ucalls"): 1 for i in range(5)}, "rows")
    text = "str(*(u64)(arg2 + 16))"
    for prefix in ("u", "ur"):
        r = probe("count", f"{prefix}:{BIN}:uc_work", "--by", f"{text}=text", run=["memory", 20])
        equal((table(r, "text"), lost(r)), ({("an item of ucalls",): 10, ("(fault)",): 10}, {}), "texts, half of which are not there")
        r = probe("count", f"{prefix}:{BIN}:uc_work", "--where", f'{text} == "an item of ucalls"', run=["memory", 20])
        equal((r["accounting"]["recorded"], lost(r)), (10, {"fault": 10}), "a condition on them")
    r = probe("count", WORK, "--where", '*(u8)(arg2 + 16) == 0 && str(*(u64)(arg2 + 16)) == "x" || *(u8)(arg0) == 0', run=["call", 5])
    equal((r["accounting"]["recorded"], lost(r)), (0, {"fault": 5}), "what is not there")


@test("hist adds up an argument, by user stack")
def hist():
    r = probe("hist", WORK, "--value", "arg0", "--by", "ustack", run=["call", 50])
    row, = r["rows"]
    equal((row["count"], row["sum"], row["min"], row["max"]), (50, sum(range(50)), 0, 49), "count, sum, min and max")
    stack = [frame.split()[0].split("+")[0] for frame in row["ustack"]]
    equal(stack[0], "uc_work", "leaf")
    assert "main" in stack, f"stack {stack}"


@test("returns have the arguments, the result and the duration")
def returns():
    r = probe("hist", f"ur:{BIN}:uc_work", "--value", "ret", "--where", "arg0 % 2 == 0", "--by", "probe,str(arg1)=parity",
              run=["call", 20])
    equal((table(r, "probe", "parity"), r["rows"][0]["sum"]), ({("ur:ucalls:uc_work", "even"): 10}, 2 * sum(range(0, 20, 2))), "rows")
    equal((r["accounting"]["filtered"], lost(r)), (10, {}), "filtered and losses")
    begin = time.monotonic_ns()
    r = probe("time", WORK, "--where", "ret >= 6", "--hist", run=["call", 20])
    row, = r["rows"]
    equal((row["probe"], row["count"], r["accounting"]["filtered"]), (SHOWN, 17, 3), "probe, count and filtered")
    at_least(row["min"], 1, "shortest")
    at_most(row["sum"], time.monotonic_ns() - begin, "all of them")
    r = probe("count", f"ur:{BIN}:uc_work", "--where", "duration > 3600s", run=["call", 20])
    equal(r["accounting"]["filtered"], 20, "calls that took no hour")


@test("trace: a record of each return")
def trace():
    r = obsctl("probe", "trace", f"ur:{BIN}:uc_work", "--by", "arg0=i,ret", "--json", "--", BIN, "call", "4")
    lines = [json.loads(line) for line in r.out.splitlines()]
    equal([(x["probe"], x["i"], x["ret"], x["comm"]) for x in lines[:-1]],
          [("ur:ucalls:uc_work", i, 2 * i, "ucalls") for i in range(4)], "records")
    account(lines[-1])


@test("recursion: 64 nested returns are the kernel's limit, and the deeper ones are counted")
def recursion():
    r = probe("time", f"u:{BIN}:uc_recurse", "--by", "arg0=depth,ret", run=["recurse", 50])
    equal((table(r, "depth", "ret"), lost(r)), ({(i, i): 1 for i in range(1, 51)}, {}), "rows within the limit")
    times = {row["depth"]: row["sum"] for row in r["rows"]}
    assert all(times[i] < times[i + 1] for i in range(1, 50)), f"an inner call takes longer than the outer one: {times}"
    r = probe("time", f"u:{BIN}:uc_recurse", "--by", "arg0=depth,ret", run=["recurse", 100, "recurse", 3])
    want = {(i, i): 1 for i in range(37, 101)} | {(i, i): 1 for i in range(1, 4)}
    equal((table(r, "depth", "ret"), lost(r)), (want, {"stale": 36}), "rows beyond it")


@test("user stacks do not show that returns are hooked")
def hooked_stacks():
    r = probe("time", f"u:{BIN}:uc_recurse", f"u:{BIN}:main", "--by", "ustack,arg0=depth", "--where", "arg0 <= 5 && ret == arg0",
              run=["recurse", 5])
    stacks = {row["depth"]: [frame.split()[0].split("+")[0] for frame in row["ustack"]] for row in r["rows"] if row["depth"]}
    equal({depth: names.count("uc_recurse") for depth, names in stacks.items()}, {5 - i: i + 1 for i in range(5)}, "frames of it")
    # Where an address lies that has no place in the program is known on x86.
    assert not X86 or all("main" in names and not any("uprobes" in n for n in names) for names in stacks.values()), stacks


@test("longjmp: calls that it leaves do not return, and pair with no other")
def jumps():
    r = probe("time", f"u:{BIN}:uc_thrown", f"u:{BIN}:uc_thrower", WORK, run=["jump", 10, "call", 6])
    equal((table(r, "probe"), r["accounting"]["hits"]), ({(SHOWN,): 6}, 26), "rows and hits")
    equal(sum(lost(r).values()), 20, f"losses {lost(r)}")
    at_most(lost(r)["in_flight"], 2, "those that could still return")


@test("a jump at a function's end: both return at once")
def tails():
    r = probe("count", f"ur:{BIN}:uc_tail", f"ur:{BIN}:uc_work", "--by", "probe,arg0=i,ret", run=["tail", 6])
    want = {(f"ur:ucalls:{name}", i, 2 * i): 1 for name in ("uc_tail", "uc_work") for i in range(6)}
    equal((table(r, "probe", "i", "ret"), lost(r)), (want, {}), "rows")


@test("threads, each with its own calls")
def threads():
    r = probe("count", f"ur:{BIN}:uc_work", "--by", "tid", run=["threads", 8, 50])
    equal((sorted(row["count"] for row in r["rows"]), lost(r)), ([50] * 8, {}), "rows")


@test("fork, exec and exit in a call")
def ends():
    r = probe("count", f"ur:{BIN}:uc_forks", run=["fork", 5])
    equal((table(r, "probe"), r["accounting"]["hits"], lost(r)), ({("ur:ucalls:uc_forks",): 5}, 5, {}), "returns of the parent")
    r = probe("time", f"u:{BIN}:uc_execs", WORK, run=["exec", 3])
    equal((table(r, "probe"), lost(r)), ({(SHOWN,): 3}, {"in_flight": 1}), "after exec")
    r = probe("time", f"u:{BIN}:uc_exits", WORK, run=["call", 2, "exit"])
    equal((table(r, "probe"), lost(r)), ({(SHOWN,): 2}, {"in_flight": 1}), "after exit")


@test("more calls in progress than there is room for are counted")
def room():
    r = probe("count", f"ur:{BIN}:uc_recurse", "--inflight", 1, run=["recurse", 60])
    a = r["accounting"]
    equal(a["hits"], 60, "hits")
    at_least(lost(r)["inflight_full"], 30, "calls without room")
    equal(a["recorded"] + lost(r)["inflight_full"], 60, "the others")


@test("malloc of libc: large ones by user stack")
def malloc():
    run = ["malloc", 7, 2_000_000, "malloc", 5, 100]
    r = probe("count", "u:libc:malloc", "--where", "arg0 > 1MB", "--by", "ustack", run=run)
    row, = r["rows"]
    equal((row["count"], lost(r)), (7, {}), "large allocations")
    names = [frame.split()[0].split("+")[0] for frame in row["ustack"]]
    assert "uc_allocates" in names, f"stack {names}"
    r = probe("hist", "u:libc.so.6:malloc", "--value", "arg0", "--where", "arg0 == 2000000", "--by", "probe", run=run)
    equal((r["rows"][0]["probe"], r["rows"][0]["sum"]), ("u:libc.so.6:malloc", 14_000_000), "bytes")
    r = probe("hist", "u:libc:malloc", "--value", "arg0", "--by", "ustack", run=run)
    found = [(row["count"], row["sum"]) for row in r["rows"] if "uc_allocates" in " ".join(row["ustack"])]
    equal(found, [(12, 14_000_500)], "bytes by user stack")
    r = probe("time", "u:libc:malloc", "--where", "arg0 == 2000000 && ret > 0", run=run)
    equal(table(r, "probe"), {("u:libc.so.6:malloc",): 7}, "calls that returned memory")


@test("a name as Go writes it is taken as it is")
def gos():
    name = "net/http.(*ServeMux).ServeHTTP"
    r = probe("count", f"u:{BIN}:{name}", run=["gos", 9])
    equal(table(r, "probe"), {(f"u:ucalls:{name}",): 9}, "rows")


GO = f"{SRC}/build/selftests/goserver"


class GoServer:
    """A server of HTTP in Go, which knows how many requests it had."""

    def __init__(self):
        if not os.path.exists(GO):
            skip("no program of Go was built: there was no compiler (scripts/setup go)")
        self.p = subprocess.Popen([GO], stdout=subprocess.PIPE, text=True)
        self.port = int(self.p.stdout.readline())

    def get(self, path, n=1):
        """n requests, each by a connection of its own but for every third one; returns the last answer."""
        for i in range(n):
            c = c if i % 3 == 2 else http.client.HTTPConnection("127.0.0.1", self.port)
            c.request("GET", path)
            text = c.getresponse().read()
        return text.decode()

    def stop(self):
        n = int(self.get("/stop"))
        equal(self.p.wait(), 0, "status of the server")
        return n


@test("a server in Go: requests are counted by the function that handles them, whose name has brackets and a star")
def go_server():
    server = GoServer()
    with Background("probe", "count", f"u:{GO}:net/http.(*ServeMux).ServeHTTP", "--by", "probe,pid", "--json") as b:
        server.get("/", 250)
        r = b.report()
    equal(table(r, "probe", "pid"), {("u:goserver:net/http.(*ServeMux).ServeHTTP", server.p.pid): 250}, "rows")
    equal((r["accounting"]["hits"], lost(r)), (250, {}), "hits and losses")
    with Background("probe", "count", f"u:{GO}:net/http.(*conn).serve", f"u:{GO}:net/http.(*Serve*).ServeHTTP", "--json") as b:
        server.get("/", 30)
        r = b.report()
    # Two of three requests come by a connection of their own.
    equal({k[0].split(":")[2]: n for k, n in table(r, "probe").items()},
          {"net/http.(*conn).serve": 20, "net/http.(*ServeMux).ServeHTTP": 30}, "connections and requests")
    equal(server.stop(), 280, "requests that the server had")


@test("returns in programs of Go, whose stacks move, are refused")
def go_returns():
    GoServer().stop()
    for args in (("count", f"ur:{GO}:main.main"), ("time", f"u:{GO}:main.main"), ("time", "--from", f"u:{GO}:main.main", "--to", f"ur:{GO}:main.main")):
        contains(obsctl("probe", *args, "--", "true", status=1).err, "is a Go program, which moves its stacks", "sentence")


@test("an instruction in a function")
def instruction():
    at = 1 if X86 else 4
    r = probe("count", f"u:{BIN}:uc_tail+{at}", "--by", "probe,arg0=i", run=["tail", 5])
    equal(table(r, "probe", "i"), {(f"u:ucalls:uc_tail+{at:#x}", i): 1 for i in range(5)}, "rows")


@test("patterns, and several kinds in a session")
def patterns():
    r = probe("count", f"u:{BIN}:uc_t*", "t:sched:sched_process_exec", run=["tail", 5, "jump", 2])
    got = table(r, "probe")
    equal({k[0]: n for k, n in got.items() if k[0].startswith("u:")},
          {"u:ucalls:uc_tail": 5, "u:ucalls:uc_thrown": 2, "u:ucalls:uc_thrower": 2}, "rows of functions")
    at_least(got[("t:sched:sched_process_exec",)], 1, "programs")
    listed = json.loads(obsctl("probe", "list", f"u:{BIN}:uc_t*", "--json").out)
    equal(sorted(p["probe"] for p in listed["probes"]), ["u:ucalls:uc_tail", "u:ucalls:uc_thrower", "u:ucalls:uc_thrown"], "list")


@test("one file by two words is one file, and one place")
def twice():
    os.makedirs("/tmp/kobs_links", exist_ok=True)
    link = "/tmp/kobs_links/other"
    if not os.path.islink(link):
        os.symlink(BIN, link)
    r = probe("count", WORK, f"u:{link}:uc_work", f"u:{link}:uc_tail", run=["call", 4, "tail", 2])
    equal((table(r, "probe"), r["accounting"]["hits"]), ({(SHOWN,): 6, ("u:ucalls:uc_tail",): 2}, 8), "rows and hits")


@test("a process that runs already; one process of two; and what it executes")
def processes():
    with Waiting("call", 7) as one, Waiting("call", 9) as other, Background("probe", "count", WORK, "--json", "-p", one.p.pid) as b:
        one.go()
        other.go()
        r = account(json.loads(b.stop().out.splitlines()[-1]))
    # The other one does not come upon the breakpoint.
    equal((table(r, "probe"), r["accounting"]["hits"]), ({(SHOWN,): 7}, 7), "rows and hits of one process")
    with Waiting("call", 2, "exec", 4) as one, Background("probe", "count", WORK, "--json", "-p", one.p.pid) as b:
        one.go()
        r = account(json.loads(b.stop().out.splitlines()[-1]))
    equal(table(r, "probe"), {(SHOWN,): 6}, "before and after exec")
    with Waiting("call", 3) as one, Waiting("call", 5) as other:
        with Background("probe", "count", f"u:{one.p.pid}:uc_work", "--by", "pid", "--json") as b:
            one.go()
            other.go()
            r = account(json.loads(b.stop().out.splitlines()[-1]))
        equal(table(r, "pid"), {(one.p.pid,): 3, (other.p.pid,): 5}, "the program of a process, in all")
    with Waiting("fork", 3, "call", 2) as one, Background("probe", "count", f"u:{BIN}:uc_*", "--json", "-p", one.p.pid) as b:
        one.go()
        r = account(json.loads(b.stop().out.splitlines()[-1]))
    equal(table(r, "probe"), {(SHOWN,): 2, ("u:ucalls:uc_forks",): 3}, "a process that forks")


@test("an instruction that the kernel cannot execute elsewhere, in the memory of no process that is wanted")
def odd_instruction():
    X86 or skip("arm64 executes what is refused on x86")
    for of in ((), ("-p", os.getpid())):
        r = obsctl("probe", "count", f"u:{BIN}:halts", *of, "-d", "0.1", status=1)
        contains(r.err, "the kernel cannot execute the instruction there elsewhere", f"sentence with {of}")


@test("two sessions at one place, one of which ends first")
def two():
    with Background("probe", "count", WORK, "--json") as first:
        with Background("probe", "time", WORK, "--json") as second:
            subprocess.run([BIN, "call", "5"], check=True)
            r = account(json.loads(second.stop().out.splitlines()[-1]))
        equal((table(r, "probe"), lost(r)), ({(SHOWN,): 5}, {}), "the second one")
        subprocess.run([BIN, "call", "6"], check=True)
        r = account(json.loads(first.stop().out.splitlines()[-1]))
    equal(table(r, "probe"), {(SHOWN,): 11}, "the first one")


@test("calls in progress when a session begins and ends")
def in_progress():
    with Waiting("call", 3) as w:
        with Background("probe", "time", f"u:{BIN}:main", "--json") as b:
            w.go()
            with Waiting("call", 1) as inside:
                r = account(json.loads(b.stop().out.splitlines()[-1]))
                equal((r["rows"], lost(r)), ([], {"in_flight": 1}), "main")
                inside.go()


@test("a file that is replaced while it is hooked")
def replaced():
    path, new = "/tmp/kobs_ucalls", "/tmp/kobs_ucalls.new"
    shutil.copy(BIN, path)
    shutil.copy(BIN, new)
    with Background("probe", "count", f"u:{path}:uc_work", "--json") as b:
        subprocess.run([path, "call", "3"], check=True)
        with Waiting("call", 4, program=path) as old:
            os.replace(new, path)
            subprocess.run([path, "call", "5"], check=True)
            os.unlink(path)
            old.go()
        r = account(json.loads(b.stop().out.splitlines()[-1]))
    equal(table(r, "probe"), {("u:kobs_ucalls:uc_work",): 7}, "calls of the file that was hooked")


@test("a process goes on when the owner of a session is killed")
def killed():
    with Waiting("call", 3, "recurse", 40) as w:
        b = Background("probe", "time", f"u:{BIN}:uc_*", f"u:{BIN}:main", "--json")
        b.p.kill()
        b.p.communicate()
        nothing_left()
        w.go()
    with Background("probe", "count", WORK, "--json") as b:
        contains(rmmod("kobs") or "", "in use", "rmmod's complaint")


@test("sessions come and go while calls are in progress")
def races():
    loop = f"while {BIN} threads 4 200 fork 2 recurse 70 jump 5 tail 5; do :; done"
    load = subprocess.Popen(["sh", "-c", loop], stdin=subprocess.DEVNULL)
    try:
        for _ in range(rounds(3, 10)):
            for verb in ("time", "count"):
                r = account(json.loads(obsctl("probe", verb, f"u:{BIN}:uc_*", "--json", "-d", "0.3").out))
                at_least(r["accounting"]["recorded"], 1, "recorded")
        equal(load.poll(), None, "status of what was observed")
    finally:
        load.kill()
        load.wait()


def session(path, offset, data, number=0):
    """Ask for a session that hooks a place."""
    nl = Netlink()
    try:
        parts = [attr(K.A_SESSION_SOURCE, "probe"), attr(K.A_SESSION_MODE, "count"), words("targets", 8, number + 1 << 32),
                 words("code", 0), phrase("names", "u:it"), phrase("files", path),
                 words("places", 0, offset, int.from_bytes(data.ljust(8, b"\0"), "little"))]
        me = dict(attrs(nl.ask(K.CMD_SESSION_NEW, *parts)[0]))[K.A_SESSION_ID]
        nl.ask(K.CMD_SESSION_START, attr(K.A_SESSION_ID, me))
    finally:
        nl.close()


@test("the module refuses a place that is not what its client read")
def places():
    def refusal(*args, **kw):
        try:
            session(*args, **kw)
        except Refused as r:
            return r.sentence
        raise AssertionError(f"{args} was not refused")

    with open(BIN, "rb") as f:
        data = f.read()
    session(BIN, 0x1000, data[0x1000:0x1008])
    session(BIN, len(data) - 3, data[-3:])
    contains(refusal(BIN, 0x1000, b"\xcc" * 8), "it was replaced", "sentence")
    contains(refusal(BIN, len(data), b""), "behind its end", "sentence")
    contains(refusal(BIN, (1 << 64) - 8, b""), "behind its end", "sentence")
    contains(refusal(BIN, 0x1000, data[0x1000:0x1008], number=1), "there is no place 1", "sentence")
    contains(refusal("/nosuch", 0, b""), "/nosuch: there is no such file", "sentence")
    contains(refusal("/no" * 100, 0, b""), "/no/...: there is no such file", "sentence of a long path")
    contains(refusal("/tmp", 0, b""), "it is no regular file", "sentence")
    contains(refusal("/proc/version", 0, b"Linux ve"), "cannot have uprobes", "sentence")


BROKEN = "/tmp/kobs_a\nb/ucalls"

REFUSALS = {
    ("count", f"u:{BROKEN}:uc_work"): (1, "u: a file whose path has a line break in it cannot be probed"),
    ("count", f"u:{BIN}"): (2, "does not say which function: write u:FILE:FUNCTION"),
    ("count", "u:libc:maloc"): (1, "has no function 'maloc' (near it: malloc"),
    ("hist", f"u:{BIN}:malloc", "--value", "arg0"): (1, "has no function 'malloc' of its own: it calls that of a library: write u:LIBRARY:malloc, as u:libc:malloc"),
    ("count", "u:libc:*", "--all"): (1, "functions of programs match, more than the 512 of a session"),
    ("count", "u:libc:memcpy"): (1, "chooses one of several functions when a program starts (IFUNC)"),
    ("count", "u:nosuch:f"): (1, "there is no program or library 'nosuch'"),
    ("count", "u:/etc/passwd:f"): (1, "/etc/passwd is no program or library (ELF)"),
    ("count", "u:/etc:f"): (1, "/etc is no regular file"),
    ("count", f"u:{BIN}:uc_tail+0x100"): (1, "there is no uc_tail+0x100"),
    ("count", f"ur:{BIN}:uc_tail+{1 if X86 else 4}"): (2, "is an instruction: functions return"),
    ("count", f"u:{BIN}:uc_tail+2"): (1, "the next ones begin at +0x1 and +0x6" if X86 else "the next ones begin at +0x0 and +0x4"),
    ("count", WORK, "--where", "ret > 0"): (2, "are known at ur:ucalls:uc_work"),
    ("count", WORK, "--where", "arg6 > 0"): (2, "there is no 'arg6'"),
    ("time", "--from", WORK, "--to", "s:read", "--where", "ret > 0"): (2, "is an entry, at which 'ret' is not known yet: it is at ur:ucalls:uc_work"),
    ("count", WORK, "--by", "kstack"): (2, "a place in a program has no kernel stack: use ustack"),
    ("count", f"uprobe:{BIN}:uc_work"): (2, f"is written as u:{BIN}:uc_work here"),
}


@test("refusals name what is wrong")
def refusals():
    os.makedirs("/tmp/kobs_a\nb", exist_ok=True)
    shutil.copy(BIN, BROKEN)
    for args, (status, sentence) in REFUSALS.items():
        r = obsctl("probe", *args, "--", "true", status=None)
        equal((r.status, len(r.err.strip().splitlines())), (status, 1), f"status and lines of {args}: {r.err}")
        contains(r.err, sentence, f"sentence of {args}")


@test("bpftrace counts the same")
def peer():
    with Bpftrace(f"uprobe:{BIN}:uc_work /arg0 > 4/ {{ @k = sum(arg0); }}") as b:
        r = probe("hist", WORK, "--where", "arg0 > 4", "--value", "arg0", run=["call", 30])
        equal(r["rows"][0]["sum"], sum(range(5, 30)), "sum of kobs")
        equal(b.count("k"), sum(range(5, 30)), "sum of bpftrace")


if __name__ == "__main__":
    main()
