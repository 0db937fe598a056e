# SPDX-License-Identifier: GPL-2.0
"""mem user: objects of a process's heap are counted exactly, by the functions of uheap that allocate them."""

import errno
import fcntl
import struct
import termios

from kobstest import *
from nlkit import *

BIN = f"{SRC}/build/selftests/uheap"
HOWS = ("malloc", "calloc", "realloc", "reallocarray", "memalign", "aligned_alloc", "posix_memalign", "valloc")
READ = "0" if os.uname().machine == "x86_64" else "63"     # number of the system call


def check(r):
    """The account of all hits, and of every row's objects, exactly."""
    account(r)
    for row in r["rows"]:
        live = row["allocated"] - row["freed"] - row["missed_frees"]
        equal(row["live_after"][-1], live, f"the last reading of {row}")
        if not r["params"].get("older"):
            equal(row["live"], live, f"live objects of {row}")
        equal(sum(b["count"] for b in row.get("hist", [])), row["live"], f"objects in the histogram of {row}")
    return r


def user(*args, run=None, program=BIN, status=0):
    """The JSON report of mem user around commands of uheap, without the guard, which could end the session on a slow host."""
    tail = ["--", program, *map(str, run)] if run else []
    return check(json.loads(obsctl("mem", "user", "--budget", 0, *args, "--json", *tail, status=status).out))


def names(row):
    """The functions of a row's stack, the leaf first."""
    return [frame.split()[0].split("+")[0] for frame in row["ustack"]]


def total(r, caller, key="live"):
    """The sum of a number over the rows whose allocator was called by a function."""
    return sum(row[key] for row in r["rows"] if names(row)[1:2] == [caller])


def numbers(r, caller):
    return tuple(total(r, caller, key) for key in ("allocated", "freed", "live", "live_bytes", "failed"))


def noted(r, name):
    return r.get("notes", {}).get(name, 0)


class Waiting:
    """uheap, which waits between its commands for a byte each."""

    def __init__(self, *commands, program=BIN):
        self.p = subprocess.Popen([program, *map(str, commands)], stdin=subprocess.PIPE)
        self.waits()

    def waits(self):
        until(lambda: read(f"/proc/{self.p.pid}/syscall").split()[:2] == [READ, "0x0"], "uheap to wait")

    def go(self, last=False):
        self.p.stdin.write(b"x")
        self.p.stdin.flush()
        until(lambda: not struct.unpack("i", fcntl.ioctl(self.p.stdin, termios.FIONREAD, bytes(4)))[0], "uheap to go on")
        if last:
            self.p.stdin.close()
            equal(self.p.wait(WAIT), 0, "status of uheap")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.p.poll() is None:
            self.p.kill()
            self.p.wait()
        if not self.p.stdin.closed:
            self.p.stdin.close()


@test("each function of the allocator: objects that stay, and those that are freed")
def exact():
    commands = [word for i, how in enumerate(HOWS) for word in ("leak", how, 10 + i, 128 + 64 * i)]
    r = user(run=commands)
    for i, how in enumerate(HOWS):
        n = 10 + i
        # The caller of realloc() is uh_realloc(), which uh_new() calls.
        equal(numbers(r, f"uh_{how}"), (n, 0, n, n * (128 + 64 * i), 0), f"{how}: allocated, freed, live, bytes, failed")
    equal(r["accounting"]["lost"], {}, "lost")
    equal(noted(r, "exec_drops"), 0, "objects of a program before")
    commands = [word for how in HOWS for word in ("clean", how, 7, 96)]
    r = user(run=commands)
    for how in HOWS:
        equal(numbers(r, f"uh_{how}"), (7, 7, 0, 0, 0), f"{how}: all are freed")
    equal(r["accounting"]["lost"], {}, "lost")


@test("stacks begin with the allocator's function, its caller and that one's callers; --sites has the caller alone")
def stacks():
    r = user("--by", "ustack", run=["leak", "malloc", 5, 40])
    row, = [row for row in r["rows"] if "uh_malloc" in names(row)]
    found = names(row)
    equal(found[1], "uh_malloc", "the allocator's caller")
    assert "malloc" in found[0] and "leak" in found and "main" in found, f"stack {row['ustack']}"
    r = user("--sites", run=["leak", "malloc", 5, 40, "grow", 4, 16, 300])
    for row in r["rows"]:
        at_most(len(row["ustack"]), 2, f"frames of {row['ustack']}")
    equal((total(r, "uh_malloc"), total(r, "uh_malloc", "allocated"), total(r, "uh_realloc")), (5, 9, 4), "objects by site")
    r = user("--by", "comm", run=["leak", "malloc", 5, 40])
    equal([row["comm"] for row in r["rows"]], ["uheap"], "rows by the thread's name")
    at_least(r["rows"][0]["live"], 5, "live objects of all sites")


@test("realloc: what is resized is freed, and allocated by who resizes it, whether or not it moves")
def resized():
    for size in (20, 5000, 600000):     # in place, moved, and mapped
        r = user(run=["grow", 6, 16, size])
        equal(numbers(r, "uh_malloc"), (6, 6, 0, 0, 0), f"16 to {size}: what was there")
        equal(numbers(r, "uh_realloc"), (6, 0, 6, 6 * size, 0), f"16 to {size}: what is there")
        equal(r["accounting"]["lost"], {}, "lost")
    r = user(run=["nothing", 9])
    equal((numbers(r, "uh_malloc"), numbers(r, "uh_nothing")), ((9, 9, 0, 0, 0), (0, 0, 0, 0, 0)), "resized to nothing")


@test("--mmap: memory that the program maps, of which parts are unmapped; what the allocator maps is its own")
def mapped():
    page = os.sysconf("SC_PAGE_SIZE")
    work = ["map", 5, 10 * page, "unmap", 4, 3 * page, "clean", "malloc", 3, 1 << 20]
    r = user("--mmap", run=work)
    equal(numbers(r, "uh_mmap"), (9, 4, 5, 5 * 9 * page, 0), "mapped memory")
    equal(numbers(r, "uh_mremap"), (4, 4, 0, 0, 0), "resized memory")
    equal(numbers(r, "uh_malloc"), (3, 3, 0, 0, 0), "objects that the allocator maps")
    equal(r["accounting"]["lost"], {}, "lost")
    r = user(run=work)
    equal((total(r, "uh_mmap", "allocated"), numbers(r, "uh_malloc")), (0, (3, 3, 0, 0, 0)), "without --mmap")


@test("--mmap: memory that a munmap() does not unmap stays, and is unmapped once")
def stays():
    page = os.sysconf("SC_PAGE_SIZE")
    r = user("--mmap", run=["refused", 30, 4 * page])
    equal(numbers(r, "uh_mmap"), (30, 0, 30, 30 * 4 * page, 0), "mapped memory")
    equal(r["accounting"]["lost"], {}, "lost")
    r = user("--mmap", run=["refused", 30, 4 * page, "unmap", 20, 2 * page])
    equal(numbers(r, "uh_mmap"), (50, 20, 30, 30 * 4 * page, 0), "with some that is unmapped")
    equal(numbers(r, "uh_mremap"), (20, 20, 0, 0, 0), "resized, and unmapped")


@test("what stays and finds no room is a loss of its own, and not freed")
def no_room():
    page = os.sysconf("SC_PAGE_SIZE")
    r = user("--mmap", "--objects", 1024, run=["part", 400, 3 * page, 3000])
    lost = r["accounting"]["lost"]
    at_least(lost["stayed"], 1, f"rests of mappings without room, of {lost}")
    equal(numbers(r, "uh_mmap"), (400, 0, 400 - lost["stayed"], (400 - lost["stayed"]) * 2 * page, 0), "mapped memory")
    equal(total(r, "uh_mmap", "missed_frees"), lost["stayed"], "mappings that are not followed any more")
    equal(total(r, "uh_malloc") + lost["objects_full"], 3000, "live and lost objects")


@test("--mmap: the end of the heap that the program itself moves; what the allocator moves is its own")
def heap():
    work = ["heap", 5, 8192, "shrink", 4, 4096, "clean", "malloc", 3, 100]
    # The C library's brk() has functions that the compiler inlined.
    r = user("--mmap", "--no-inline", run=work)
    equal(numbers(r, "uh_sbrk"), (9, 4, 5, 5 * 8192, 0), "moved by a number of bytes")
    equal(numbers(r, "uh_brk"), (2, 1, 1, 8192, 0), "moved to a place")
    equal(numbers(r, "uh_malloc"), (3, 3, 0, 0, 0), "objects of the allocator")
    equal(r["accounting"]["lost"], {}, "lost")
    equal(total(user(run=work), "uh_sbrk", "allocated"), 0, "without --mmap")
    r = user("--mmap", "--no-inline", run=["shrink", 600, 64])
    equal((numbers(r, "uh_sbrk"), numbers(r, "uh_brk")), ((600, 600, 0, 0, 0), (1, 1, 0, 0, 0)), "many that one call gives back")


def other(library):
    """The numbers of each function with another allocator, which uheap is linked with as it begins."""
    env = {**os.environ, "LD_PRELOAD": library}
    hows = [how for how in HOWS if how != "reallocarray"]   # the C library's, which calls realloc()
    work = [word for i, how in enumerate(hows) for word in ("leak", how, 10 + i, 128 + 64 * i, "clean", how, 5, 72)]
    work += ["leak", "new", 14, 72, "clean", "new", 6, 24, "sized", 9, 40, "grow", 6, 16, 5000, "threads", 4, 100, 48]
    r = check(json.loads(obsctl("mem", "user", "--budget", 0, "--json", "--", BIN, *map(str, work), env=env).out))
    equal(r["accounting"]["lost"], {}, f"lost with {library}")
    for i, how in enumerate(hows):
        n, size = 10 + i, 128 + 64 * i
        more = {"malloc": (806, 406, 400, 400 * 48), "realloc": (6, 0, 6, 6 * 5000)}.get(how, (0, 0, 0, 0))
        want = tuple(a + b for a, b in zip((n + 5, 5, n, n * size), more))
        equal(numbers(r, f"uh_{how}"), (*want, 0), f"{how} of {library}: allocated, freed, live, bytes, failed")
    equal(numbers(r, "uh_operator_new"), (29, 15, 14, 14 * 72, 0), f"new of {library}")
    # What is resized by jemalloc's or tcmalloc's realloc() is as with any other.
    assert all(row["missed_frees"] == 0 for row in r["rows"]), f"missed frees with {library}"


for library in ("libjemalloc.so.2", "libtcmalloc_minimal.so.4"):
    test(f"another allocator: {library.split('.')[0]}")(lambda name=library: other(name))


@test("allocations that fail count as such, and an object that is not resized stays")
def failed():
    r = user(run=["fail", 4])
    equal(numbers(r, "uh_malloc"), (4, 0, 4, 4 * 48, 0), "objects")
    equal(numbers(r, "uh_fail"), (0, 0, 0, 0, 8), "failed allocations")
    equal(r["accounting"]["lost"], {}, "lost")
    # free(NULL) is no hit.
    few, many = (user(run=["null", n])["accounting"]["hits"] for n in (1, 5000))
    at_most(many, few + 1000, "hits of free(NULL)")


@test("threads allocate at once, and free what others allocated")
def threads():
    r = user(run=["threads", 8, 200, 72])
    equal(numbers(r, "uh_malloc"), (3200, 1600, 1600, 1600 * 72, 0), "objects of 8 threads")
    equal(r["accounting"]["lost"], {}, "lost")
    r = user(run=["cross", 300, 56])
    equal(numbers(r, "uh_malloc"), (300, 300, 0, 0, 0), "freed by another thread")


@test("a child that is forked has copies, which are its own")
def forked():
    r = user(run=["fork", 25])
    equal(numbers(r, "uh_malloc"), (25, 0, 25, 25 * 64, 0), "objects of the parent")
    # It frees 25, and allocates and frees 25.
    at_least(r["accounting"]["filtered"], 75, "hits of the child")
    equal(r["accounting"]["lost"], {}, "lost")


@test("a program that executes another one leaves nothing of itself")
def executed():
    r = user(run=["exec", 40, 15])
    equal(total(r, "uh_malloc"), 15, "live objects")
    equal(total(r, "uh_malloc", "allocated") - total(r, "uh_malloc", "freed"), 15, "allocated and not freed")
    at_least(noted(r, "exec_drops"), 40, "objects that went")
    r = user(program="/bin/sh", run=["-c", f"exec {BIN} leak malloc 12 80"])
    equal(numbers(r, "uh_malloc"), (12, 0, 12, 960, 0), "a program that a shell becomes")


@test("a process that runs: objects from before the session are unknown, and its end ends the session")
def attached():
    with Waiting("leak", "malloc", 30, 64, "wait", "drop", "leak", "malloc", 8, 100, "wait") as w:
        with Background("mem", "user", "--budget", "0", "-p", w.p.pid, "--json") as b:
            w.go()
            w.waits()
            w.go(last=True)
            r = check(json.loads(b.finish().out.splitlines()[-1]))
    equal(numbers(r, "uh_malloc"), (8, 0, 8, 800, 0), "objects of the session")
    at_least(r["unknown_frees"], 30, "frees of older objects")
    equal(noted(r, "unknown_frees"), r["unknown_frees"], "the note and the report")
    equal(r["filter"]["pid"], [w.p.pid], "the filter")


@test("a program that is linked statically has its allocator in itself")
def static():
    r = user(program=f"{BIN}_static", run=["leak", "malloc", 11, 32, "clean", "calloc", 3, 99])
    equal(numbers(r, "uh_malloc"), (11, 0, 11, 352, 0), "objects")
    equal(numbers(r, "uh_calloc"), (3, 3, 0, 0, 0), "freed objects")


@test("operator new of C++ counts once, at its caller, and is freed by free()")
def cxx():
    r = user(run=["leak", "new", 14, 72, "clean", "new", 6, 24])
    equal(numbers(r, "uh_operator_new"), (20, 6, 14, 14 * 72, 0), "objects")
    row = next(row for row in r["rows"] if names(row)[1:2] == ["uh_operator_new"])
    contains(names(row)[0], "operator", "the allocator's function")
    equal(r["accounting"]["lost"], {}, "lost")
    r = user(run=["sized", 12, 56])
    equal(numbers(r, "uh_operator_new"), (12, 12, 0, 0, 0), "objects freed by the delete that knows their size")


@test("Python is told of its arenas")
def python():
    def said(**env):
        r = obsctl("mem", "user", "--budget", 0, "-d", "0.1", "--", "/usr/bin/python3", "-c", "0", env={**os.environ, **env})
        return "PYTHONMALLOC=malloc" in r.err
    equal((said(), said(PYTHONMALLOC="malloc")), (True, False), "what is said with and without it")


@test("a wrapper of the allocator that is preloaded counts once")
def preloaded():
    env = {**os.environ, "LD_PRELOAD": f"{SRC}/build/selftests/libuheap.so"}
    r = check(json.loads(obsctl("mem", "user", "--budget", 0, "--json", "--", BIN, "leak", "malloc", "9", "64", "clean", "calloc", "50", "64",
                                env=env).out))
    equal(numbers(r, "uh_malloc"), (9, 0, 9, 576, 0), "objects")
    equal(numbers(r, "uh_calloc"), (50, 50, 0, 0, 0), "freed objects")
    # Each free() is two as well: the second one is of nothing that was not known.
    at_most(r["unknown_frees"], 20, "unknown frees")
    equal(r["accounting"]["lost"], {}, "lost")


@test("tables that are too small: losses are counted")
def full():
    r = user("--objects", 1024, run=["leak", "malloc", 3000, 24])
    lost = r["accounting"]["lost"]["objects_full"]
    equal(total(r, "uh_malloc") + lost, 3000, "live and lost objects")
    at_least(lost, 1000, "lost objects")


@test("a leak is told from what is reused, with the command that shows it again")
def verdict():
    r = user(run=["drip", 120, 4096, 20])
    row, = [row for row in r["rows"] if names(row)[1:2] == ["uh_malloc"]]
    equal((row["verdict"], row["live"]), ("leak", 120), "verdict and live objects")
    equal(obsctl("mem", "user", "--budget", 0, "--fail-over", "1KiB", "-o", "/tmp/user.json", "--json", "--", BIN, "drip", "120", "4096", "20",
                 status=3).out, "", "output")
    shown = obsctl("show", "/tmp/user.json").out
    for part in ("mem user", "uh_malloc", "leak", "Resident: "):
        contains(shown, part, "the saved report")
    os.unlink("/tmp/user.json")


@test("what is resident, by what is mapped: a heap in use, and one in pieces")
def resident():
    with Waiting("wait", "spike", 40 << 20, "wait") as w:
        with Background("mem", "user", "--budget", "0", "-p", w.p.pid, "--json") as b:
            w.go()
            w.waits()
            time.sleep(2)
            r = check(json.loads(b.stop().out.splitlines()[-1]))
    rss = r["rss"]
    live = (40 << 20) // 16
    equal(total(r, "uh_malloc", "live_bytes"), live, "live bytes")
    at_least(rss["live_bytes"], live, "live bytes of the report")
    heap = {k["kind"]: k["last"] - k["first"] for k in rss["kinds"]}
    at_least(heap["heap"], 30 << 20, f"growth of the heap, of {heap}")
    equal(rss["verdict"], "fragmented", "verdict")
    r = json.loads(obsctl("mem", "user", "-p", os.getpid(), "--passive", "-d", "1", "--json").out)
    equal((r["mode"], r["pids"], len(r["rows"])), ("user", [os.getpid()], 7), "the passive report")
    at_least(r["resident"], 1 << 20, "resident bytes")


@test("a detached session, and a screenful of reports")
def detached():
    with Waiting("wait", "leak", "malloc", 21, 64, "wait") as w:
        obsctl("mem", "user", "-p", w.p.pid, "--budget", 0, "--detach", "heap")
        try:
            w.go()
            w.waits()
            r = json.loads(obsctl("session", "read", "heap", "--json").out)
        finally:
            obsctl("session", "stop", "heap")
        equal(numbers(r, "uh_malloc"), (21, 0, 21, 21 * 64, 0), "objects")


@test("refusals")
def refusals():
    for args, part, status in (((), "needs a process", 2), (("-p", "4000000"), "there is no process 4000000", 1),
                               (("-p", "2", "-d", "1"), "gone, or a kernel thread", 1),
                               (("-p", os.getpid(), "--by", "kstack"), "kstack", 2),
                               (("--lib", "/etc/passwd", "-p", os.getpid()), "no function malloc", 1),
                               (("--passive", "--", "true"), "--passive", 2)):
        r = obsctl("mem", "user", *args, status=status)
        contains(r.err, part, f"refusal of {args}")
    me = nest(K.A_SESSION_FILTER, u32(K.A_FILTER_PID, os.getpid()))
    places = words("places", 0, 0x1000, 0)
    with open(BIN, "rb") as f:
        first = int.from_bytes(os.pread(f.fileno(), 8, 0x1000), "little")
    nl = Netlink()
    for parts, number, part in (((phrase("files", BIN), places), errno.EINVAL, "must have a pid"),
                                ((me, places), errno.EINVAL, "files and places"),
                                ((me, phrase("files", f"{BIN}\n{BIN}"), words("places", 0, 0x1000, first, 1, 0x1000, first)), errno.EINVAL,
                                 "places 0 and 1 are the same"),
                                ((me, phrase("files", BIN), words("places", 0, 0x1000, 0, 0)), errno.EINVAL, "3 words"),
                                ((me, phrase("files", "/nonexistent"), places), errno.ENOENT, "no such file"),
                                ((me, phrase("files", BIN), words("places", 1, 0x1000, 0)), errno.EINVAL, "no file 1"),
                                ((me, phrase("files", BIN), words("places", 12 << 32, 0x1000, 0)), errno.EINVAL, "no kind of function 12, only 0 to 11"),
                                ((me, phrase("files", BIN), places), errno.EINVAL, "it was replaced")):
        refused(nl, number, part, K.CMD_SESSION_NEW, attr(K.A_SESSION_SOURCE, "umem"), attr(K.A_SESSION_MODE, "leaks"), *parts)
    nl.close()


main()
