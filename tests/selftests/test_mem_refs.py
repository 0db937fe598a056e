# SPDX-License-Identifier: GPL-2.0
"""mem refs: references to objects of kobs_gen_ref are counted exactly by the stacks that took them, and one that nobody gave back is found."""

import errno
import shlex

from kobstest import *
from nlkit import *

REF = "/sys/kernel/debug/kobs_gen_ref/"
PUTS = "gen_ref_put,gen_ref_put_held=*(u64)(arg0 + 24)"
ALL = ("--get", "gen_ref_get,gen_ref_find=ret", "--put", PUTS, "--new", "gen_ref_make=ret")
MAKE, USE, EARLY, LATE, LEAK = (("gen_ref_make", "gen_owner_make"), ("gen_ref_get", "gen_user"), ("gen_ref_get", "gen_early"),
                                ("gen_ref_find", "gen_later"), ("gen_ref_get", "gen_leak"))


def ref(command):
    fd = os.open(REF + "run", os.O_WRONLY)
    try:
        os.write(fd, command.encode())
    finally:
        os.close(fd)


def truth():
    return {name: int(n) for name, n in (line.split() for line in read(REF + "stats").splitlines())}


def ref_script(*commands):
    return ["sh", "-c", "; ".join(f"echo {shlex.quote(c)} >{REF}run || exit" for c in commands)]


def check(r):
    """The account of all hits, and of every row's references, exactly."""
    account(r)
    for row in r["rows"]:
        live = row["allocated"] - row["freed"] - row["missed_frees"]
        equal(row["live_after"][-1], live, f"the last reading of {row}")
        if not r["params"].get("older"):
            equal(row["live"], live, f"held references of {row}")
        equal(sum(b["count"] for b in row.get("hist", [])), row["live"], f"references in the histogram of {row}")
        at_most(row["certain"], row["live"], f"certain references of {row}")
        at_most(row["objects"], row["live"], f"objects of {row}")
    return r


def refs(*args, run, functions=ALL, status=0):
    """The report of commands of kobs_gen_ref, without the guard, which could end the session on a slow host."""
    try:
        return check(json.loads(obsctl("mem", "refs", *functions, "--budget", 0, *args, "--json", "--", *ref_script(*run), status=status).out))
    finally:
        refs.truth = truth()
        ref("clear")


def names(row):
    return tuple(frame.split("+")[0] for frame in row["kstack"])


def total(r, of, key="live"):
    """The sum of a number over the rows of a function and its caller."""
    return sum(row[key] for row in r["rows"] if names(row)[:2] == of)


def numbers(r, of):
    return tuple(total(r, of, key) for key in ("allocated", "freed", "live", "objects"))


def nothing_lost(r):
    equal(r["accounting"]["lost"], {}, "lost")
    equal(r["unknown_frees"], 0, "puts of references that were not seen taken")


@test("one put that is missing among thousands, in task, softirq and hardirq context")
def planted():
    n = 3000
    r = refs(run=(f"make {n}", "use task 2", "use softirq 1", "use hardirq 1", "early 0", "late", f"early {n}", "drop"))
    nothing_lost(r)
    equal((refs.truth["early"], refs.truth["refs"]), (1, 1), "references that kobs_gen_ref has left")
    equal(numbers(r, EARLY), (2 * n, 2 * n - 1, 1, 1), "the row that leaks")
    for of, taken in ((MAKE, n), (USE, 4 * n), (LATE, n)):
        equal(numbers(r, of), (taken, taken, 0, 0), f"{of}: taken, given back, held, objects")
    equal(r["accounting"]["hits"], refs.truth["make"] + refs.truth["get"] + refs.truth["find"] + refs.truth["put"], "hits")
    # The same function and caller, in three contexts.
    at_least(len([row for row in r["rows"] if names(row)[:2] == USE]), 3, "rows of gen_user()")


def puts(r, of):
    """What gave references back of the objects of a row that holds some: by function and caller, on these and on objects without references."""
    row, = [row for row in r["rows"] if names(row)[:2] == of and row["live"]]
    equal(row.get("puts_forgotten", 0), 0, "objects with puts that are not known")
    found = {}
    for p in row.get("puts", []):
        here, ended = found.get(names(p)[:2], (0, 0))
        found[names(p)[:2]] = (here + p["here"], ended + p["ended"])
    return found


USED, DROPPED, GIVEN, LACKED = (("gen_ref_put", "gen_user"), ("gen_ref_put", "gen_owner_drop"), ("gen_ref_put", "gen_late"),
                                ("gen_ref_put_held", "gen_early"))


@test("beside a leaking get stand the puts of its objects: the one that it lacks is elsewhere only")
def lacking():
    r = refs(run=("make 400", "use task 2", "early 10", "late", "drop"))
    nothing_lost(r)
    equal(puts(r, EARLY), {USED: (80, 360), DROPPED: (40, 360), GIVEN: (40, 360), LACKED: (0, 360)}, "puts of the objects that leak")
    equal([p["here"] for row in r["rows"] if names(row)[:2] == EARLY for p in row["puts"]], [0, 80, 40, 40], "order of the puts")
    equal(sum("puts" in row for row in r["rows"]), 1, "rows with puts")
    r = refs(run=("each 300 1 0",))
    equal(puts(r, EARLY), {USED: (300, 0), DROPPED: (300, 0), GIVEN: (300, 0)}, "puts where all leak")
    r = refs(run=("make 50", "use task 1", "leak 5"))
    equal((puts(r, LEAK), puts(r, MAKE)), ({USED: (10, 0)}, {USED: (50, 0)}), "puts of objects that two rows hold")
    # More stacks than an object has room for: what is forgotten is told.
    r = refs("--by", "tid,kstack", run=("make 40", "early 0", "leak 1"))
    equal(puts(r, LEAK), {LACKED: (40, 0)}, "puts by thread and stack")
    r = refs("--by", "func", run=("make 40", "early 0", "leak 1"))
    equal(sum("puts" in row for row in r["rows"]), 0, "rows with puts, of rows without stacks")


@test("objects one after the other: the first ones leak before anything was learned; or all do")
def early():
    for every in (10, 1):
        r = refs(run=(f"each 300 {every} 0",))
        nothing_lost(r)
        left = 300 // every
        equal(numbers(r, EARLY), (300, 300 - left, left, left), f"every {every}th leaks")
        for of in (MAKE, USE, LATE):
            equal(numbers(r, of), (300, 300, 0, 0), f"{of}, every {every}th leaks")
    r = refs("--sites", run=("each 300 10 0",))
    equal(numbers(r, EARLY), (300, 270, 30, 30), "by the caller alone")
    equal({len(row["kstack"]) for row in r["rows"]}, {2}, "frames")


@test("a stack that only takes references; what is certain; several references to one object")
def only():
    r = refs(run=("make 400", "use task 1", "leak 4", "leak 4", "leak 4", "drop"))
    nothing_lost(r)
    equal(numbers(r, LEAK), (300, 0, 300, 100), "leaks")
    equal((total(r, MAKE), total(r, USE)), (0, 0), "held by others")
    r = refs(run=("make 50", "leak 1"))
    equal((numbers(r, LEAK), numbers(r, MAKE)), ((50, 0, 50, 50), (50, 0, 50, 50)), "without a put")
    equal((total(r, LEAK, "certain"), total(r, MAKE, "certain")), (50, 50), "certain without a put")
    equal(sum(row["chosen"] for row in r["rows"]), 0, "puts that were chosen")


@test("without the function that makes objects, its reference is not seen: told, and what nobody can know")
def unseen():
    functions = ALL[:4]
    r = refs(run=("make 200", "use task 3", "drop"), functions=functions)
    equal(numbers(r, USE), (600, 600, 0, 0), "balanced ones")
    equal(r["unknown_frees"], 200, "puts of references that were not seen")
    equal(r["notes"]["unknown_puts"], 200, "the note of it")
    # The owner's put is the only one, and is taken for that of what leaks.
    r = refs(run=("make 200", "leak 2", "drop"), functions=functions)
    equal((numbers(r, LEAK), r["unknown_frees"]), ((100, 100, 0, 0), 100), "a leak that the owner's put hides")
    r = refs(run=("make 200", "leak 2"), functions=functions)
    equal(numbers(r, LEAK), (100, 0, 100, 100), "before that")


@test("--end: objects that are over with references held, whose puts are not seen; --new begins anew")
def ended():
    seen = ("--get", "gen_ref_get", "--new", "gen_ref_make=ret", "--put", "gen_ref_put")
    run = "make 100", "early 4", "drop"
    r = refs(run=run, functions=seen)
    held = [total(r, of) for of in (MAKE, EARLY)]
    equal((sum(held), sum(row["certain"] for row in r["rows"])), (100, 0), "held, though 75 puts were by another function")
    r = refs(run=run, functions=(*seen, "--end", "gen_ref_end"))
    nothing_lost(r)
    # Which of the two references an object has is not known: none has taught it.
    for key, n in (("live", 25), ("objects", 25), ("missed_frees", 75), ("freed", 100), ("allocated", 200)):
        equal(total(r, MAKE, key) + total(r, EARLY, key), n, f"{key} of what the objects' puts can be of")
    r = refs(run=("make 100", "early 0", "drop", "make 100", "early 4", "drop"), functions=(*seen, "--put", PUTS, "--end", "gen_ref_end"))
    equal((numbers(r, EARLY), total(r, EARLY, "missed_frees")), ((200, 175, 25, 25), 0), "with all puts")


@test("--cache: objects of a slab cache alone")
def cached():
    r = refs("--cache", "kobs_gen_ref", run=("make 60", "leak 2", "drop"))
    nothing_lost(r)
    equal((numbers(r, LEAK), numbers(r, MAKE)), ((30, 0, 30, 30), (60, 60, 0, 0)), "objects of the cache")
    r = refs("--cache", "kobs_gen_re", run=("make 60", "leak 2", "drop"))
    equal((r["rows"], r["accounting"]["filtered"]), ([], r["accounting"]["hits"]), "objects of another one")


def of_site(*args, run, functions=("--get", "gen_ref_get,gen_ref_find=ret", "--put", PUTS)):
    """The report of what some site allocates, whose allocations are gets, too."""
    r = refs(*args, run=run, functions=functions)
    nothing_lost(r)
    return r


def made(r, by, key=None):
    """The number of a row of allocations, whose stack begins in the allocator."""
    rows = [row for row in r["rows"] if names(row)[1:2] == (by,)]
    return sum(row[key] for row in rows) if key else [sum(row[k] for row in rows) for k in ("allocated", "freed", "live", "objects")]


@test("--site: of two sites of one cache, the objects of one alone; by function, place, module and pattern")
def sites():
    run = "make 300", "other 200", "use task 1", "early 10", "late", "drop"
    for site, by, n in (("gen_ref_make", "gen_ref_make", 300), ("gen_ref_other", "gen_ref_other", 200),
                        ("gen_ref_other [kobs_gen_ref]", "gen_ref_other", 200)):
        r = of_site("--site", site, run=run)
        equal(r["params"]["site"], site, "the site of the report")
        equal(r["notes"]["site_objects"], n, f"objects of {site}")
        equal(numbers(r, EARLY), (n, n - n // 10, n // 10, n // 10), f"{site}: the row that leaks")
        equal((numbers(r, USE), numbers(r, LATE)), ((n, n, 0, 0), (n, n, 0, 0)), f"{site}: balanced rows")
        equal(made(r, by), [n, n, 0, 0], f"{site}: references of the allocations")
        equal(sum(row["allocated"] for row in r["rows"]), 4 * n, f"{site}: all references")
        # Allocations and frees of the site, and all calls of the functions.
        t = refs.truth
        equal(r["accounting"]["hits"], n + (n - n // 10) + t["get"] + t["find"] + t["put"], f"{site}: hits")
    r = of_site("--site", "gen_ref_make,gen_ref_other", run=run)
    equal((numbers(r, EARLY), r["notes"]["site_objects"]), ((500, 450, 50, 50), 500), "of two sites")
    r = of_site("--site", "kobs_gen_ref:gen_ref_[mo]*", run=run)
    equal((numbers(r, EARLY), r["notes"]["site_objects"]), ((500, 450, 50, 50), 500), "of a pattern")


@test("--site: a place as slab leaks names it; addresses inside of the object; --new; objects from before")
def places():
    leaks = json.loads(obsctl("slab", "leaks", "--cache", "kobs_gen_ref", "--budget", 0, "--json", "--", *ref_script("make 5", "other 7")).out)
    ref("clear")
    place, = [row["site"] for row in leaks["rows"] if row["live"] == 7]
    contains(place, "gen_ref_other+0x", "the site of slab leaks")
    run = "make 30", "other 20", "early 2", "drop"
    r = of_site("--site", place, run=run)
    equal((numbers(r, EARLY), made(r, "gen_ref_other")), ((20, 10, 10, 10), [20, 20, 0, 0]), "of a place")
    function, offset = place.split(" ")[0].split("+")
    wrong = obsctl("mem", "refs", *ALL, "--site", f"{function}+0xfffff", status=1)
    contains(wrong.err, "is no place where a call of gen_ref_other() returns to", "a place behind the function")
    r = refs("--site", f"{function}+{int(offset, 16) - 1:#x}", run=run)
    equal((r["rows"], r.get("notes", {}).get("site_objects", 0)), ([], 0), "of a place that allocates nothing")
    # The counter is 32 bytes behind the begin.
    r = of_site("--site", place, run=run, functions=("--get", "gen_ref_get=arg0+32", "--put", "gen_ref_put=arg0+32",
                                                     "--put", "gen_ref_put_held=*(u64)(arg0 + 24)"))
    equal((numbers(r, EARLY), made(r, "gen_ref_other")), ((20, 10, 10, 10), [20, 20, 0, 0]), "by the addresses of counters")
    r = of_site("--site", place, run=run, functions=("--get", "gen_ref_get", "--put", PUTS, "--new", "gen_ref_other=ret"))
    equal((numbers(r, EARLY), made(r, "gen_ref_other")), ((20, 10, 10, 10), [0, 0, 0, 0]), "with a function that makes objects")
    equal(total(r, ("gen_ref_other", "gen_other_make"), "allocated"), 20, "references that it took")
    ref("other 40")
    r = of_site("--site", place, run=("early 2", "other 10", "leak 10"))
    equal((numbers(r, EARLY), numbers(r, LEAK), made(r, "gen_ref_other", "live")), ((0, 0, 0, 0), (1, 0, 1, 1), 10), "objects from before")


@test("--site: an object that is freed with references held takes them along; one that is allocated again begins anew")
def site_frees():
    get = "--get", "gen_ref_get", "--put", "gen_ref_put_held=*(u64)(arg0 + 24)"
    r = refs("--site", "gen_ref_other", run=("other 50", "early 0", "drop", "other 50", "drop"), functions=get)
    equal((r["accounting"]["lost"], r["unknown_frees"], r["notes"]["site_objects"]), ({}, 0, 100), "lost, unknown puts, objects")
    equal(sum(row["missed_frees"] for row in r["rows"]), 100, "references that were held when their object was freed")
    equal(sum(row["live"] for row in r["rows"]), 0, "held references")
    r = refs("--site", "gen_ref_other", "--objects", 1024, run=("other 4000", "early 0"), functions=get)
    lost = r["accounting"]["lost"]["objects_full"]
    followed = r["notes"]["site_objects"]
    at_least(followed, 1024, "objects that there was room for")
    equal(r["accounting"]["hits"], 4000 + 8000, "allocations, gets and puts")
    # An object that has no room is not followed; one without room for its first reference can have it later.
    at_most(4000 - followed, lost, "allocations without room")
    equal(r["accounting"]["recorded"] + r["accounting"]["filtered"] + lost, 12000, "all hits")


@test("a filter: what others take is not counted, and their puts are not taken for others'")
def filtered():
    r = refs("--comm", "nobody", run=("make 50", "early 0", "drop"))
    equal((r["rows"], r["accounting"]["filtered"], r["unknown_frees"]), ([], 200, 0), "rows, filtered hits, unknown puts")
    # Puts by a worker, of what this process takes.
    r = refs("--comm", "sh", run=("make 50", "late", "leak 5", "drop"))
    nothing_lost(r)
    equal((numbers(r, LATE), numbers(r, LEAK)), ((50, 50, 0, 0), (10, 0, 10, 10)), "given back by others")


@test("columns: by command, by function; a histogram; --older")
def columns():
    r = refs("--by", "comm,func", run=("make 40", "leak 2", "drop"))
    equal({(row["comm"], row["func"].split(" ")[0]): row["live"] for row in r["rows"]},
          {("sh", "gen_ref_make"): 0, ("sh", "gen_ref_get"): 20}, "by command and function")
    r = refs("--older", "1h", run=("make 40", "leak 2", "drop"))
    equal((total(r, LEAK), total(r, LEAK, "allocated")), (0, 20), "older than the session")


@test("losses: no room for objects")
def losses():
    r = refs("--objects", 1024, run=("make 4000",))
    lost = r["accounting"]["lost"]["objects_full"]
    equal(numbers(r, MAKE), (4000 - lost, 0, 4000 - lost, 4000 - lost), "objects that there was room for")
    at_least(4000 - lost, 1024, "objects")
    # A reference of others that is not followed makes what is held wrong, too.
    r = refs("--objects", 1024, "--comm", "nobody", run=("make 4000",))
    lost = r["accounting"]["lost"]["objects_full"]
    equal(r["accounting"]["filtered"], 4000 - lost, "references of others that there was room for")
    at_least(4000 - lost, 1024, "objects of others")


@test("a leak is told from what is held for a moment, and from what is balanced; --fail-over; show")
def verdict():
    r = refs(run=("each 90 3 30",))
    equal({names(row)[1]: row.get("verdict") for row in r["rows"] if row["live"]}, {"gen_early": "leak"}, "verdicts of rows that hold some")
    equal({row.get("verdict") for row in r["rows"] if not row["live"]}, {"churn"}, "verdicts of others")
    refs("--fail-over", 29, run=("each 90 3 30",), status=3)
    obsctl("mem", "refs", *ALL, "--budget", 0, "--json", "-o", "/tmp/refs.json", "--fail-over", 30, "--", *ref_script("each 90 3 30"))
    ref("clear")
    r = check(json.loads(read("/tmp/refs.json")))
    equal(puts(r, EARLY), {USED: (30, 60), DROPPED: (30, 60), GIVEN: (30, 60), LACKED: (0, 60)}, "puts in the file")
    shown = obsctl("show", "/tmp/refs.json").out
    lines = [line.split() for line in shown.splitlines() if "gen_ref_put" in line]
    equal(lines[0][:2], ["0", "60"], f"the put that is lacked, of {shown}")
    contains(shown, "gen_ref_put_held", "its name")
    contains(shown, "leak       30", "the verdict and held references of a saved report")
    at_least(len(lines), 4, "puts of the row that leaks")


OPENS = """
import os, signal, sys
sys.stdin.read(1)
old = [os.open("/etc/passwd", os.O_RDONLY) for i in range(60)]
[os.close(fd) for fd in old[:40]]
with open("/proc/self/comm", "w") as f:
    f.write("kobsfiles")
new = [os.open("/etc/group", os.O_RDONLY) for i in range(30)]
[os.pread(fd, 10, 0) for fd in new for i in range(50)]
[os.close(fd) for fd in new[:15]]
signal.pause()
"""


@test("files: those that a process has open, and those it closed")
def files():
    p = subprocess.Popen([sys.executable, "-c", OPENS], stdin=subprocess.PIPE)
    try:
        with Background("mem", "refs", "file", "--budget", 0, "--comm", "kobsfiles", "--json") as b:
            p.stdin.write(b"x")
            p.stdin.flush()
            until(lambda: read(f"/proc/{p.pid}/comm") == "kobsfiles\n" and asleep(p.pid) and len(os.listdir(f"/proc/{p.pid}/fd")) == 38,
                  "the process to have its files open")
            r = check(json.loads(b.stop().out))
    finally:
        p.kill()
        p.wait()
        p.stdin.close()
    opened = [row for row in r["rows"] if names(row)[0] == "alloc_empty_file" and row["live"]]
    equal([(row["allocated"], row["freed"], row["live"]) for row in opened], [(30, 15, 15)], f"files that stay open, of {r}")


LIGHT = """
import os, sys, threading
sys.stdin.read(1)
fd = os.open("/etc/group", os.O_RDONLY)
def work():
    with open("/proc/thread-self/comm", "w") as f:
        f.write("kobslight")
    for i in range(400):
        os.fstat(fd)            # takes a reference by fdget(), as threads share the table
        os.lseek(fd, 0, 0)      # likewise, by fdget_pos()
    os.dup(fd)                  # and by fget_raw() or its like
    ready.set()
    stop.wait()
ready, stop = threading.Event(), threading.Event()
threading.Thread(target=work, daemon=True).start()
ready.wait()
print("done", flush=True)
sys.stdin.read(1)
"""


@test("files of a process with threads: the references of its system calls are taken and given back")
def light():
    p = subprocess.Popen([sys.executable, "-c", LIGHT], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        with Background("mem", "refs", "file", "--budget", 0, "--comm", "kobslight", "--json") as b:
            p.stdin.write(b"x")
            p.stdin.flush()
            equal(p.stdout.readline(), b"done\n", "the process")
            r = check(json.loads(b.stop().out))
    finally:
        p.kill()
        p.wait()
        p.stdin.close()
        p.stdout.close()
    equal(r["accounting"]["lost"], {}, "lost")
    for call in ("newfstat", "lseek"):
        rows = [row for row in r["rows"] if any(frame.startswith(("__x64_sys_" + call, "__do_sys_" + call, "ksys_" + call)) for frame in names(row)) and
                names(row)[0] in ("__fget_light", "fdget", "fdget_pos", "fdget_raw")]
        equal(sum(row["allocated"] for row in rows), 400, f"references that {call}() took, of {sorted(set(n for row in r['rows'] for n in names(row)[:4]))}")
        equal((sum(row["freed"] for row in rows), sum(row["live"] for row in rows)), (400, 0), f"given back, and held, of {call}()")


@test("other presets: references to a module by open files; functions of others are found")
def presets():
    with Background("mem", "refs", "module", "--budget", 0, "--pid", os.getpid(), "--json") as b:
        fds = [os.open(REF + "stats", os.O_RDONLY) for i in range(12)]
        [os.close(fd) for fd in fds[:5]]
        r = check(json.loads(b.stop().out))
        [os.close(fd) for fd in fds[5:]]
    opened = [row for row in r["rows"] if any(frame.startswith("full_proxy_open") for frame in names(row))]
    equal([sum(row[key] for row in opened) for key in ("allocated", "freed", "live")], [12, 5, 7], "by opening files of a module")
    for preset in ("device", "mm"):
        obsctl("mem", "refs", preset, "--budget", 0, "--json", "-o", "/tmp/refs.json", "--", "sh", "-c", "cat /proc/$$/maps")
        r = check(json.loads(read("/tmp/refs.json")))
        equal((r["accounting"]["lost"], sum(row["live"] for row in r["rows"])), ({}, 0), f"lost and held references of {preset}")


@test("a module that goes takes its functions along")
def gone():
    with Background("mem", "refs", *ALL, "--json") as b:
        ref("make 5")
        ref("clear")
        equal(rmmod("kobs_gen_ref"), None, "unloading")
        insmod("kobs_gen_ref")
        ref("make 7")
        r = check(json.loads(b.stop().out))
    ref("clear")
    equal(numbers(r, MAKE)[0], 5, "objects that were seen")
    equal(r["notes"]["functions_gone"], 5, "functions that went")
    with Background("mem", "refs", *ALL[:4], "--site", "gen_ref_make", "--json") as b:
        ref("make 5")
        ref("clear")
        equal(rmmod("kobs_gen_ref"), None, "unloading")
        insmod("kobs_gen_ref")
        ref("make 7")
        r = check(json.loads(b.stop().out))
    ref("clear")
    equal((r["notes"]["site_objects"], made(r, "gen_ref_make")), (5, [5, 0, 0, 0]), "objects of a site that went")
    equal(sum(row["missed_frees"] for row in r["rows"]), 5, "freed with their references")
    equal(r["notes"]["functions_gone"], 5, "functions and sites that went")


@test("refusals: by options, presets, functions and expressions")
def refusals():
    for args, words_of in (
            ((), "mem refs needs a kind of objects"),
            (("files",), "there are no objects called 'files'"),
            (("file", "kobject"), "unexpected argument 'kobject'"),
            (("--get", "gen_ref_get"), "mem refs needs --put FUNCTION"),
            (("--put", "gen_ref_put"), "mem refs needs a kind of objects"),
            (("--get", "=arg0", "--put", "gen_ref_put"), "'=arg0' names no function"),
            (("--get", "gen_ref_gett", "--put", "gen_ref_put"), "gen_ref_get"),
            (("--get", "gen_ref_get=arg9", "--put", "gen_ref_put"), "arg9"),
            (("--get", "gen_ref_get=duration+ret", "--put", "gen_ref_put"), "a duration is no object"),
            (("netdev",), "dev_hold() and dev_put() are inlined"),
            (("dentry",), "dget() is inlined"),
            (("--cache", "x" * 32, "file"), "a name of 31 bytes or less"),
            (("--site", "gen_ref_makee", *ALL), "no function of this kernel matches 'gen_ref_makee' (near it: gen_ref_make"),
            (("--site", "gen_ref_make+2x", *ALL), "'gen_ref_make+2x' names no site"),
            (("--site", "gen_ref_make+0x2a [", *ALL), "names no site"),
            (("--site", "gen_ref_*+0x2a", *ALL), "an offset is of one function, not of a pattern"),
            (("--site", "kstrdup", *ALL), "kstrdup() allocates for its callers"),
            (("--site", "gen_ref_make [kobs_gen]", *ALL), "no function of a module kobs_gen matches"),
            (("file", "--older", "x"), "--older")):
        r = obsctl("mem", "refs", *args, status=None)
        assert r.status in (1, 2), f"status of {r}"
        contains(r.err, words_of, f"sentence about {args}")
        at_most(r.err.count("\n"), 2, f"lines of {r.err}")
    nl, ok, leaf = Netlink(), words("code", 41, 0), symbol("kobs_gen_leaf")
    for sentence, *parts in (
            ("must be there, with 2 words for each point", words("points", 0, leaf, 1), ok),
            ("must be there, with 2 words for each point", ok),
            ("0x9 is nothing that it does", words("points", 9, leaf), ok),
            ("there is no program 1", words("points", 1 << 32, leaf), ok),
            ("one that gives it back", words("points", 0, leaf), ok),
            ("it must give a value", words("points", 0, leaf, 1, leaf), words("code", 0)),
            ("it has 6 arguments only", words("points", 0, leaf, 1, leaf), words("code", 1 | 6 << 16, 41, 0)),
            ("cannot be traced", words("points", 0, 0, 1, leaf), ok),
            ("site and site_text belong together", words("points", 0, leaf, 1, leaf), words("site_text", leaf, leaf + 1), ok),
            ("site_text must be pairs of addresses", words("points", 0, leaf, 1, leaf), phrase("site", "leaf"),
             words("site_text", leaf, leaf), ok),
            ("min does not apply to refs", words("points", 0, leaf, 1, leaf), ok, nest(K.A_SESSION_FILTER, u64(K.A_FILTER_MIN, 5)))):
        refused(nl, errno.EINVAL, sentence, K.CMD_SESSION_NEW, attr(K.A_SESSION_SOURCE, "refs"), attr(K.A_SESSION_MODE, "leaks"), *parts)
    nl.close()


insmod("kobs_gen_ref")
main()
