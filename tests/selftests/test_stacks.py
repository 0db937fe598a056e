# SPDX-License-Identifier: GPL-2.0
"""Stacks: the right frames in the right order, from every context."""

import tempfile

from kobstest import *

LEAF = "kobs_gen_leaf"
PROGRAM = f"{SRC}/build/selftests/ustack"


def names(stack):
    """Function names, without the compiler's suffixes .part.0 or .isra.0."""
    return [frame.split(" ")[0].split("+")[0].split(".")[0] for frame in stack]


def in_order(stack, *wanted):
    """All wanted frames are present, leaf first."""
    at = -1
    found = names(stack)
    for name in wanted:
        assert name in found[at + 1:], f"{name} is not in {found} behind {found[:at + 1]}"
        at = found.index(name, at + 1)


def one_stack(r, n):
    equal(len(r["rows"]), 1, f"rows of {r['rows']}")
    equal(r["rows"][0]["count"], n, "count")
    return r["rows"][0]["kstack"]


OUTER = ("gen_run_write", "vfs_write", "ksys_write", "do_syscall_64")


def check_kernel(mode, context, between):
    run = script(f"call {context} 25 1")
    stack = one_stack(report(mode, LEAF, "--by", "kstack", run=run), 25)
    equal(names(stack)[:2], [LEAF, "kobs_gen_caller_a"], "leaf and its caller")
    in_order(stack, LEAF, "kobs_gen_caller_a", *between)
    if context == "task":
        in_order(stack, *between, *OUTER)
        return
    # An interrupt's stack ends at the interrupt, unless --full-stack is given.
    for name in OUTER:
        assert name not in names(stack), f"{name} is in {stack}"
    stack = one_stack(report(mode, LEAF, "--by", "kstack", "--full-stack", run=run), 25)
    in_order(stack, LEAF, "kobs_gen_caller_a", *between, *OUTER)


for mode in ("count", "time"):
    for context, between in (("task", ["repeat"]), ("softirq", ["burst_softirq"]), ("hardirq", ["burst_hardirq"])):
        test(f"kernel stack in {context} context, func {mode}")(
            lambda m=mode, c=context, b=between: check_kernel(m, c, b))


@test("kernel stack in NMI context")
def nmi():
    if subprocess.run(["vm-nmi", "0"], capture_output=True).returncode:
        skip("NMIs can be injected only in a guest of 'vm --nmi'")
    gen("nmi 10")
    try:
        r = report("count", LEAF, "--by", "kstack", run=["vm-nmi", "8"])
    finally:
        gen("nmi 0")
    s = stats()
    at_least(s["nmis"], 1, "NMIs")
    equal(r["accounting"]["recorded"], s["nmi"], "recorded")
    for row in r["rows"]:
        equal(names(row["kstack"])[:3], [LEAF, "kobs_gen_caller_nmi", "gen_nmi"], "frames")


@test("stacks of different callers are told apart, equal ones merged")
def merged():
    r = report("count", LEAF, "--by", "kstack", run=script("call task 10 0", "callb 7", "call task 20 1", "callb 5"))
    counts = {}
    for row in r["rows"]:
        name = names(row["kstack"])[1]
        equal(name in counts, False, f"{name} has two rows")
        counts[name] = row["count"]
    equal(counts, {"kobs_gen_caller_a": 30, "kobs_gen_caller_b": 12}, "counts")


@test("--stack-depth")
def depth():
    r = report("count", LEAF, "--by", "kstack", "--stack-depth", 3, run=script("call task 4"))
    equal(names(one_stack(r, 4)), [LEAF, "kobs_gen_caller_a", "repeat"], "frames")


@test("recursion has a stack for each depth")
def recursion():
    r = report("count", "kobs_gen_deep", "--by", "kstack", run=script("deep 5 8"))
    equal(sorted((names(row["kstack"]).count("kobs_gen_deep"), row["count"]) for row in r["rows"]),
          [(d, 5) for d in range(1, 9)], "depths and counts")


@test("stacks of a trace")
def trace():
    got, _, _ = records(LEAF, "--by", "func,kstack", run=script("callb 6"))
    equal(len(got), 6, "records")
    for x in got:
        equal(names(x["kstack"])[:2], [LEAF, "kobs_gen_caller_b"], "frames")


# One fsync by io_uring, left to a worker.
URING = """
import ctypes, mmap, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
params = ctypes.create_string_buffer(120)
ring = libc.syscall(425, 4, params)     # io_uring_setup
if ring < 0:
    sys.exit(77)
head, tail, mask, entries, flags, dropped, array = struct.unpack_from("7I", params, 40)
sq = mmap.mmap(ring, array + 16, offset=0)
sqes = mmap.mmap(ring, 4 * 64, offset=0x10000000)
for n in range(int(sys.argv[1])):
    sqes[0:64] = struct.pack("=BBHi", 3, 16, 0, os.open("/tmp/uring", os.O_RDWR | os.O_CREAT)).ljust(64, bytes(1))
    struct.pack_into("I", sq, array + n % 4 * 4, 0)
    struct.pack_into("I", sq, tail, n + 1)
    if libc.syscall(426, ring, 1, 1, 1, None, 0) != 1:      # io_uring_enter
        sys.exit(1)
"""


@test("a worker of io_uring has a kernel stack and no user stack")
def uring():
    if os.uname().machine != "x86_64":
        skip("the program maps the rings as x86_64 does")
    with Background("func", "count", "vfs_fsync_range", "--by", "comm,ustack,kstack", "-c", "iou-wrk-*", "--json") as b:
        done = subprocess.run(["/usr/bin/python3", "-c", URING, "3"])
        if done.returncode == 77:
            skip("this kernel has no io_uring")
        equal(done.returncode, 0, "status of the program")
        found = b.report()["rows"]
    equal(sum(row["count"] for row in found), 3, f"calls by workers of {found}")
    for row in found:
        equal(row.get("ustack", []), [], "user stack")
        in_order(row["kstack"], "vfs_fsync_range", "io_wq_submit_work")


def need_program():
    if not os.path.exists(PROGRAM):
        skip(f"{PROGRAM} was not built: tests/run does it")


@test("user stack of a program with frame pointers")
def user():
    need_program()
    r = report("count", LEAF, "--by", "ustack", run=[PROGRAM, GEN + "run", "call task 3", "4"])
    equal(stats()["a"], 12, "calls that kobs_gen made")
    equal(len(r["rows"]), 1, f"rows of {r['rows']}")
    equal(r["rows"][0]["count"], 12, "count")
    in_order(r["rows"][0]["ustack"], "user_leaf", "user_middle", "user_outer", "main")
    equal(names(r["rows"][0]["ustack"])[0], "user_leaf", "leaf")


@test("user stack from libc's system call, which has no frame: its caller is there")
def user_libc():
    need_program()
    if os.uname().machine != "x86_64":
        skip("the caller of such a leaf is found on x86_64 only")
    r = report("count", LEAF, "--by", "ustack", run=[PROGRAM, GEN + "run", "call task 3", "4", "libc"])
    equal([row["count"] for row in r["rows"]], [12], "counts")
    stack = names(r["rows"][0]["ustack"])
    equal(stack[1:5], ["user_leaf", "user_middle", "user_outer", "main"], f"callers in {stack}")
    assert stack[0] != "user_leaf", f"{stack}: it is its own caller"


@test("user and kernel stack in one key")
def both():
    need_program()
    r = report("count", LEAF, "--by", "kstack,ustack", run=[PROGRAM, GEN + "run", "callb 2", "5"])
    equal(len(r["rows"]), 1, f"rows of {r['rows']}")
    in_order(r["rows"][0]["ustack"], "user_leaf", "user_middle", "user_outer", "main")
    equal(names(r["rows"][0]["kstack"])[:2], [LEAF, "kobs_gen_caller_b"], "kernel frames")


def user_rows(r):
    """Rows by the name of their user stack's leaf: their counts."""
    found = {}
    for row in r["rows"]:
        leaf = (names(row["ustack"]) or [""])[0]
        found[leaf] = found.get(leaf, 0) + row["count"]
    return found


@test("names of user code of processes that end before the report")
def ended():
    need_program()
    with Background("func", "count", LEAF, "--by", "ustack", "--json") as b:
        # Neither is obsctl's child; the second one is another program before, in the same process.
        subprocess.run([PROGRAM, f"{GEN}run", "call task 3", "4"], check=True)
        subprocess.run(["sh", "-c", f"exec {PROGRAM} {GEN}run 'call task 5' 1"], check=True)
        r = b.report()
    equal(user_rows(r), {"user_leaf": 17}, "calls by leaf")
    for row in r["rows"]:
        in_order(row["ustack"], "user_leaf", "user_middle", "user_outer", "main")


@test("names of user code of a process forked by one that was there before")
def forked_before():
    need_program()
    # It forks one that writes without an exec: what it has mapped is its parent's.
    line = f"read x; (echo call task 7 >{GEN}run); exec sleep 0"
    p = subprocess.Popen(["sh", "-c", line], stdin=subprocess.PIPE)
    with Background("func", "count", LEAF, "--by", "ustack", "--json") as b:
        p.communicate(b"go\n")
        r = b.report()
    equal([(leaf.strip("_"), n) for leaf, n in user_rows(r).items()], [("write", 7)], "calls by leaf")


@test("names of user code without address space randomization")
def fixed_addresses():
    need_program()
    # obsctl's own program was there before, in the process that executes the command.
    r = subprocess.run(["setarch", "-R", "obsctl", "func", "count", LEAF, "--by", "ustack", "--json", "--", PROGRAM, f"{GEN}run",
                        "call task 3", "4"], capture_output=True, text=True, check=True)
    equal(user_rows(balance(json.loads(r.stdout))), {"user_leaf": 12}, "calls by leaf")


@test("a file that was replaced or changed gives no names")
def replaced():
    need_program()
    # A new file of that name; another content in the same file.
    for change in ("cp /bin/true {0}.new; mv {0}.new {0}", "cat /bin/true >{0}"):
        with tempfile.TemporaryDirectory() as top:
            shutil.copy(PROGRAM, f"{top}/program")
            with Background("func", "count", LEAF, "--by", "ustack", "--json") as b:
                subprocess.run([f"{top}/program", f"{GEN}run", "call task 3", "4"], check=True)
                subprocess.run(["sh", "-c", change.format(f"{top}/program")], check=True)
                r = b.report()
        equal(sum(row["count"] for row in r["rows"]), 12, "calls")
        for row in r["rows"]:
            assert row["ustack"][0].startswith("[program] +0x"), (change, row["ustack"])


@test("--folded: root first, one count in each line")
def folded():
    r = obsctl("func", "count", LEAF, "--by", "kstack", "--folded", "--full-stack", "--",
               *script("call task 10", "callb 7", "call hardirq 3 0"))
    counts = {}
    for line in r.out.splitlines():
        frames, n = line.rsplit(" ", 1)
        plain = [f.split(" ")[0] for f in frames.split(";")]
        equal(plain[-1], LEAF, "last frame")
        counts.setdefault(plain[-2], []).append(int(n))
        at_most(plain.index("ksys_write"), plain.index("gen_run_write"), "place of ksys_write")
    equal({k: sorted(v) for k, v in counts.items()}, {"kobs_gen_caller_a": [3, 10], "kobs_gen_caller_b": [7]}, "counts")


@test("--folded with user and kernel frames")
def folded_both():
    need_program()
    r = obsctl("func", "count", LEAF, "--by", "comm,ustack,kstack", "--folded", "--",
               PROGRAM, GEN + "run", "call task 3", "4")
    lines = r.out.splitlines()
    equal(len(lines), 1, f"lines of {r.out}")
    frames, n = lines[0].rsplit(" ", 1)
    equal(int(n), 12, "count")
    plain = [f.split(" ")[0] for f in frames.split(";")]
    in_order(plain, "ustack", "main", "user_outer", "user_middle", "user_leaf", "ksys_write", "kobs_gen_caller_a", LEAF)


main()
