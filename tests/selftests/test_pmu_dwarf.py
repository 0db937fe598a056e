# SPDX-License-Identifier: GPL-2.0
"""
pmu record --call-graph dwarf: stacks of programs without frame pointers. A page fault is a sample, so that their number is
known, and each stack of them.
"""

import os

from kobstest import *

BUILD = f"{SRC}/build/{'arm64' if os.uname().machine == 'aarch64' else 'selftests'}"
PROGRAM = f"{BUILD}/ucfi"
N = 40
SIM = "/sys/kernel/debug/kobs_simpmu/"
OUTER = ["call_recurse", "main"]


def names(stack):
    """Function names, without offsets, files, and the compiler's suffixes."""
    return [frame.split(" ")[0].split("+")[0].split(".")[0] for frame in stack]


def record(*options, run, how="dwarf", event="page-faults:u", period=1, by="ustack,comm", status=0):
    r = obsctl("pmu", "record", "-e", event, "-c", period, "--call-graph", how, "--by", by, "--budget", 0, "--json", *options,
               "--", *run, status=status)
    report = balance(json.loads(r.out))
    equal(report["mode"], "record", "mode")
    stacks_account(report)
    return report


def stacks_account(report):
    """Each sample has a stack that is complete, or is counted by why not."""
    notes = {name: n for name, n in report.get("notes", {}).items() if name.startswith("stacks_")}
    equal(sum(notes.values()), report["accounting"]["recorded"] + report["accounting"]["lost"].get("stack_full", 0) +
          report["accounting"]["lost"].get("table_full", 0), f"stacks by their ends, {notes}")


def faults(report, leaf="touch"):
    """Stacks that end in the function that takes the faults, and how many."""
    found = {}
    for row in report["rows"]:
        stack = tuple(names(row["ustack"]))
        # A sample between two programs, or before the registers are saved, has no stack.
        if stack[:1] == (leaf,):
            found[stack] = found.get(stack, 0) + row["count"]
    return found


def one(report, leaf="touch", n=N):
    found = faults(report, leaf)
    equal(list(found.values()), [n], f"counts of {found}")
    return list(list(found)[0])


def begins(stack, *want):
    equal(stack[:len(want)], list(want), f"frames of {stack}")


@test("a recursion of each depth, to the first function of the program")
def recursion():
    for depth in (0, 3, 20):
        r = record(run=[PROGRAM, "recurse", N, depth])
        begins(one(r), "touch", "touch_all", *["recurse"] * (depth + 1), *OUTER)
        equal(r["notes"].get("stacks_cut"), None, "stacks that were cut")


@test("frame pointers show less")
def compared():
    r = obsctl("pmu", "record", "-e", "page-faults:u", "-c", 1, "--call-graph", "fp", "--by", "ustack,comm", "--json", "--", PROGRAM,
               "recurse", N, 3)
    for stack in faults(balance(json.loads(r.out))):
        assert "main" not in stack, f"{stack} by frame pointers"


@test("a static program that has one place")
def static():
    begins(one(record(run=[f"{BUILD}/ucfi_static", "recurse", N, 4])), "touch", "touch_all", *["recurse"] * 5, *OUTER)


@test("a leaf without unwind tables")
def leaf():
    begins(one(record(run=[PROGRAM, "bare", N]), "bare_touch"), "bare_touch", "call_bare", "main")


@test("through a signal's handler")
def signals():
    stack = one(record(run=[PROGRAM, "signal", N]))
    begins(stack, "touch", "touch_all", "on_signal")
    equal([f for f in stack if f in ("call_signal", "main")], ["call_signal", "main"], f"callers in {stack}")


@test("through libc")
def libc():
    stack = one(record(run=[PROGRAM, "sort", N]))
    begins(stack, "touch", "touch_all", "compare")
    at_least(stack.index("call_sort"), 4, f"frames of libc in {stack}")
    equal(stack[stack.index("call_sort") + 1], "main", f"caller in {stack}")


@test("a library that is opened at run time")
def library():
    begins(one(record(run=[PROGRAM, "library", N, f"{BUILD}/libucfi.so"])), "touch", "touch_all", "library_inner", "library_outer",
           "call_library", "main")


@test("programs that a shell runs, and that have ended")
def ended():
    r = record(run=["sh", "-c", f"for i in 1 2 3; do {PROGRAM} recurse {N} $i; done; exec {PROGRAM} bare {N}"])
    for depth in (1, 2, 3):
        equal(faults(r)[tuple(s for s in faults(r) if s.count("recurse") == depth + 1)[0]], N, f"faults at depth {depth}")
    begins(one(r, "bare_touch"), "bare_touch", "call_bare", "main")


@test("a stack deeper than the bytes is told")
def cut():
    r = record(how="dwarf,256", run=[PROGRAM, "recurse", N, 30])
    stack = one(r)
    begins(stack, "touch", "touch_all", "recurse", "recurse")
    assert "main" not in stack, f"{stack} in 256 bytes"
    at_least(r["notes"]["stacks_cut"], N, "stacks that were cut")
    equal(r["params"]["stack_bytes"], 256, "bytes")
    # 31 frames of 72 to 550 bytes, and what libc has.
    r = record(how="dwarf,32KiB", run=[PROGRAM, "recurse", N, 30])
    begins(one(r), "touch", "touch_all", *["recurse"] * 31, *OUTER)


@test("memory that is not there is told")
def absent():
    r = record(run=[PROGRAM, "absent", N])
    stack = one(r)
    # arm64 saves registers below a function's own memory, where they are still there.
    more = ["main"] if os.uname().machine == "aarch64" else []
    equal(stack, ["touch", "touch_all", "call_absent", *more], "frames")
    at_least(r["notes"]["stacks_absent"], N, "stacks whose memory is gone")


@test("--stack-depth")
def depth():
    r = record("--stack-depth", 4, run=[PROGRAM, "recurse", N, 30])
    equal(one(r), ["touch", "touch_all", "recurse", "recurse"], "frames")
    at_least(r["notes"]["stacks_deep"], N, "stacks that are deeper")


@test("the kernel's part of a sample in a system call, in each context")
def contexts():
    if not os.path.exists(f"{MODULES}/kobs_simpmu.ko"):
        skip("there is no simulated PMU")
    insmod("kobs_simpmu")
    try:
        with open("/tmp/ucfi-sample", "w", encoding="ascii") as f:
            f.write(f"{symbol('kobs_gen_leaf'):#x} below=4096\n")
        for context in ("task", "irq", "nmi"):
            if context == "nmi" and os.uname().machine != "x86_64":
                continue
            with open(SIM + "context", "w", encoding="ascii") as f:
                f.write(context)
            r = record("-C", 0, event="kobs_simpmu//", by="ustack,comm",
                       run=["taskset", "1", "dd", "if=/tmp/ucfi-sample", f"of={SIM}replay", "bs=4096", "status=none"])
            equal(r["accounting"]["hits"], 1, f"hits in context {context}")
            stack = names(r["rows"][0]["ustack"])
            at_least(len(stack), 3, f"frames of {stack} in context {context}")
            equal(r["notes"].get("stacks_complete"), 1, f"complete stacks in context {context}")
        if os.uname().machine == "x86_64":
            with open("/tmp/ucfi-sample", "w", encoding="ascii") as f:
                f.write(f"{symbol('kobs_gen_leaf'):#x}\n")
            r = record("-C", 0, event="kobs_simpmu//", by="ustack,comm",
                       run=["taskset", "1", "dd", "if=/tmp/ucfi-sample", f"of={SIM}replay", "bs=4096", "status=none"])
            equal(r["notes"], dict(r["notes"], stacks_no_regs=1), "registers that are not saved yet")
            equal(r["rows"][0].get("ustack", []), [], "user stack")
    finally:
        equal(rmmod("kobs_simpmu"), None, "rmmod")


@test("samples of the clock, at any instruction")
def clock():
    rounds_of = 300000 // SLOW
    r = record(event="cpu-clock", period=1000000, run=[PROGRAM, "spin", rounds_of], by="ustack,comm,func")
    found = faults(r, "spin_round")
    for stack in found:
        begins(list(stack), "spin_round", "spin_all", *["recurse"] * 11, "call_spin", "main")
    mine = sum(row["count"] for row in r["rows"] if row["comm"] == "ucfi")
    # On the debug kernel the program's start takes longer than its loop; in execve() the stack is not there.
    at_least(sum(found.values()), (0.4 if KERNEL == "debug" else 0.8) * mine, f"of {mine} samples, those of the loop")
    at_least(r["notes"]["stacks_complete"], (0.4 if KERNEL == "debug" else 0.9) * mine, f"of {mine} stacks, those that are complete")


@test("rows that find no room are lost, and so are stacks")
def full():
    r = record("--rows", 2, "--stacks", 3, run=["sh", "-c", f"for i in 1 2 3 4 5 6; do {PROGRAM} recurse 5 $i; done"])
    at_least(r["accounting"]["lost"]["stack_full"], 1, "lost")


@test("a ring that is too small loses samples, and says so")
def ring():
    r = record("--ring-kb", 8, how="dwarf,65528", run=[PROGRAM, "recurse", 500, 3])
    at_least(r["accounting"]["lost"]["ring_full"], 1, "lost")


@test("interim reports")
def interim():
    r = obsctl("pmu", "record", "-e", "cpu-clock", "-c", 1000000, "--call-graph", "dwarf", "-i", "0.2", "--by", "ustack", "--json",
               "--", PROGRAM, "spin", 300000 // SLOW)
    reports = [json.loads(line) for line in r.out.splitlines()]
    at_least(len(reports), 2, "reports")
    balance(reports[-1])
    assert all(x["mode"] == "record" for x in reports), "modes"


@test("folded stacks and graphs are made of them, too")
def forms():
    r = obsctl("pmu", "record", "-e", "page-faults:u", "-c", 1, "--call-graph", "dwarf", "--folded", "--", PROGRAM, "recurse", N, 2)
    lines = [line for line in r.out.splitlines() if ";touch_all" in line]
    equal(sum(int(line.rsplit(" ", 1)[1]) for line in lines if line.rsplit(" ", 1)[0].split(";")[-1].startswith("touch [")), N,
          f"weight of {lines}")
    r = obsctl("pmu", "record", "-e", "page-faults:u", "-c", 1, "--call-graph", "dwarf", "-g", "--json", "--", PROGRAM, "recurse", N, 2)
    graph = {g["func"].split(" ")[0]: g for g in json.loads(r.out)["rows"]}
    equal(graph["touch"]["self"], N, "samples in the leaf")


@test("refusals")
def refusals():
    for args, part, status in ((["--call-graph", "dwarf,4"], None, 0), (["--call-graph", "dwarf,70000"], "8 to 65528 bytes", 2),
                               (["--call-graph", "dwarf,"], "8 to 65528 bytes", 2), (["--call-graph", "fp,8"], "fp, lbr or dwarf", 2),
                               (["--call-graph", "dwraf"], "fp, lbr or dwarf", 2),
                               (["--call-graph", "dwarf", "--detach", "x"], "--detach", 2),
                               (["--ring-kb", 64], "needs --call-graph dwarf", 2)):
        r = obsctl("pmu", "record", "-e", "cpu-clock", *args, *(() if "--detach" in args else ("--", "true")), status=status)
        if part:
            contains(r.err, part, f"refusal of {args}")


@test("a session that is killed, or unloaded after, leaves nothing behind")
def killed():
    with Background("pmu", "record", "-e", "cpu-clock", "-c", 100000, "--call-graph", "dwarf", "--by", "ustack") as b:
        subprocess.run([PROGRAM, "spin", str(50000 // SLOW)], check=True, timeout=WAIT)
        b.p.kill()
    until(lambda: not sessions(), "the session to end")


if __name__ == "__main__":
    main()
