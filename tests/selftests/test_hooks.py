# SPDX-License-Identifier: GPL-2.0
"""Hooks of functions: what switches ftrace off, kprobes, and code that goes."""

from contextlib import contextmanager

from kobstest import *

LEAF = "kobs_gen_leaf"
TIMED = "kobs_gen_hook_timed"
ENABLED = "/proc/sys/kernel/ftrace_enabled"
PARAMETERS = "/sys/module/kobs_gen_hook/parameters/"
# Elsewhere returns are hooked by kretprobes.
FPROBE = KERNEL in ("6.12", "6.12-rt", "debug")


def put(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def parameter(name):
    return int(read(PARAMETERS + name))


def hooked_names():
    # An fprobe lends its trampoline, and is registered for a function that is not called.
    return {line.split()[0] for line in hooked()} - {"kernel_halt"}


# 5 calls, 7 while somebody tries to switch ftrace off, 11 when it is on again.
ATTEMPT = ["sh", "-c", f"exec 2>/dev/null; run={GEN}run; echo call task 5 >$run; echo 0 >{ENABLED}; echo call task 7 >$run;"
           f"echo 1 >{ENABLED}; echo call task 11 >$run"]


@test("ftrace is not switched off while a session needs it: 23 calls of 23")
def attempt():
    for verb, *args in ("count",), ("count", "--by", "kstack"), ("time",):
        r = report(verb, LEAF, *args, run=ATTEMPT)
        equal(r["accounting"]["hits"], 23, f"hits of {verb} {args}")
        equal(sum(row["count"] for row in r["rows"]), 23, f"count of {verb} {args}")
    for args in (), ("--time",):
        lines, r, _ = records(LEAF, *args, run=ATTEMPT)
        equal((len(lines), r["accounting"]["hits"]), (23, 23), f"records and hits of trace {args}")
    equal(read(ENABLED).strip(), "1", "kernel.ftrace_enabled")


@contextmanager
def switched_off():
    try:
        put(ENABLED, "0")
    except OSError:
        skip("this kernel does not switch ftrace off")
    try:
        yield
    finally:
        put(ENABLED, "1")


@test("ftrace that is switched off: refused with a sentence")
def off():
    with switched_off():
        for args in ("func", "count", LEAF), ("func", "time", LEAF), ("func", "trace", LEAF), ("slab", "leaks"):
            r = obsctl(*args, "-d", "0.1", status=1)
            contains(r.err, "kernel.ftrace_enabled=1", f"refusal of {args}")
            equal((r.out, len(r.err.splitlines())), ("", 1), f"output of {args}, and lines of its refusal")
    # A hook that was set meanwhile made the next removal end in a warning, and disabled ftrace.
    for verb in "time", "count":
        equal(report(verb, LEAF, run=script("call task 3"))["accounting"]["hits"], 3, f"hits of {verb} afterwards")


@contextmanager
def gen_hook():
    insmod("kobs_gen_hook")
    try:
        yield
    finally:
        equal(rmmod("kobs_gen_hook"), None, "rmmod's complaint")


@test("calls in a kprobe's handlers, around its single step")
def kprobe():
    with gen_hook():
        if not os.path.exists(PARAMETERS + "step"):
            skip("no kprobes that single-step")
        r = report("time", TIMED, run=["sh", "-c", f"echo 10 >{PARAMETERS}step"])
        equal((parameter("timed"), parameter("in_probe")), (30, 20), "calls that kobs_gen_hook made, and of these in handlers")
        equal(r["accounting"]["hits"], 30, "hits")
        equal(r["accounting"]["lost"], {} if FPROBE else {"missed_returns": 20}, "lost")
        equal(count_of(r, func=TIMED), 30 if FPROBE else 10, "count")


def init_text(verb):
    loading = subprocess.Popen(["insmod", f"{MODULES}/kobs_gen_hook.ko", "hold=1"])
    try:
        until(lambda: os.path.exists(PARAMETERS + "inits") and parameter("inits"), "init to run")
        with Background("func", verb, "kobs_gen_hook_init", LEAF, "debugfs_create_dir", "--json") as b:
            before = parameter("inits")
            # One may have begun before the session.
            until(lambda: parameter("inits") > before + 4, "calls in init text")
            put(PARAMETERS + "hold", "0")
            equal(loading.wait(), 0, "insmod's status")
            calls = parameter("inits")
            gen("call task 10")
            try:
                equal(rmmod("kobs_gen"), None, "rmmod's complaint")
                equal(hooked_names(), {"debugfs_create_dir"}, "hooked functions while kobs_gen is unloaded")
            finally:
                insmod("kobs_gen")
            equal(hooked_names(), {"debugfs_create_dir"}, "hooked functions when it is loaded again")
            gen("call task 5")
            r = b.report()
    finally:
        if os.path.exists(PARAMETERS + "hold"):
            put(PARAMETERS + "hold", "0")
        loading.wait()
        rmmod("kobs_gen_hook")
    equal((count_of(r, func=LEAF), count_of(r, func="debugfs_create_dir")), (10, 1), "counts")
    hits = r["accounting"]["hits"] - 11
    at_least(hits, 4, "calls in init text")
    at_most(hits, calls, "calls in init text")
    equal(r["accounting"]["lost"], {}, "lost")


test("func count of init text, which goes when its module is loaded")(lambda: init_text("count"))
test("func time of init text, which goes when its module is loaded")(lambda: init_text("time"))


main()
