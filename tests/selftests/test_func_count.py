# SPDX-License-Identifier: GPL-2.0
"""func count: calls are counted exactly, in every context and by every key."""

import os

from kobstest import *

LEAF = "kobs_gen_leaf"


def count_in(context, cpu, n):
    r = report("count", LEAF, "--by", "func,caller,cpu", run=script(f"call {context} {n} {cpu}"))
    equal(stats()[context], n, f"calls that kobs_gen made in {context}")
    equal(r["accounting"]["hits"], n, "hits")
    equal(r["accounting"]["recorded"], n, "recorded")
    equal(len(r["rows"]), 1, "rows")
    equal(count_of(r, func=LEAF, caller=A, cpu=cpu), n, f"count in {context} on CPU {cpu}")


for context in ("task", "softirq", "hardirq"):
    for cpu in (0, 1):
        test(f"{context} context on CPU {cpu}")(lambda c=context, n=cpu: count_in(c, n, 1000 + 100 * n))


@test("NMI context")
def nmi():
    if not os.path.exists("/dev/ttyS1") or KERNEL_HAS_NO_NMI():
        skip("NMIs can be injected only in a guest of 'vm --nmi'")
    gen("nmi 50")
    try:
        r = report("count", LEAF, "--by", "func,caller,cpu", run=["vm-nmi", "20"])
    finally:
        gen("nmi 0")
    s = stats()
    at_least(s["nmis"], 1, "NMIs that arrived")
    equal(s["nmi"], 50 * s["nmis"], "calls that kobs_gen made")
    equal(r["accounting"]["hits"], s["nmi"], "hits")
    equal(count_of(r, func=LEAF, caller=NMI), s["nmi"], "count by kobs_gen_caller_nmi")
    equal(r["accounting"]["lost"], {}, "lost")


def KERNEL_HAS_NO_NMI():
    return subprocess.run(["vm-nmi", "0"], capture_output=True).returncode != 0


@test("NMIs that interrupt a burst of calls")
def nmi_in_burst():
    if KERNEL_HAS_NO_NMI():
        skip("NMIs can be injected only in a guest of 'vm --nmi'")
    gen("nmi 50")
    try:
        # By kstack, so that NMIs also hit the handler while it writes stacks.
        r = report("count", LEAF, "--by", "func,caller,kstack", "--budget", 0,
                   run=["sh", "-c", f"while :; do echo call task 2000 0 >{GEN}run; done & vm-nmi 20; kill $!; wait"])
    finally:
        gen("nmi 0")
    s = stats()
    at_least(s["nmis"], 1, "NMIs that arrived")
    equal(s["nmi"], 50 * s["nmis"], "calls that kobs_gen made")
    equal(r["accounting"]["hits"], leafs(s), "hits")
    # A hit inside the handler of another context is none in the handler itself.
    equal(r["accounting"]["lost"], {}, "lost")
    equal(count_of(r, caller=A), s["a"], "count by kobs_gen_caller_a")
    equal(count_of(r, caller=NMI), s["nmi"], "count by kobs_gen_caller_nmi")


@test("all contexts at once, by caller")
def contexts():
    r = report("count", LEAF, "--by", "caller",
               run=script("call task 300", "callb 200", "call softirq 70", "call hardirq 30", "call hardirq 5 1"))
    s = stats()
    equal(r["accounting"]["hits"], leafs(s), "hits")
    equal(count_of(r, caller=A), s["a"], "count by kobs_gen_caller_a")
    equal(count_of(r, caller=B), s["b"], "count by kobs_gen_caller_b")
    equal((s["a"], s["b"]), (405, 200), "calls that kobs_gen made")


@test("both CPUs at once")
def both_cpus():
    loop = "for i in 1 2 3 4 5 6 7 8 9 10; do echo call task 1000 {0} >{1}run; echo call hardirq 100 {0} >{1}run; done"
    r = report("count", LEAF, "--by", "cpu", "--budget", 0,
               run=["sh", "-c", f"({loop.format(0, GEN)}) & ({loop.format(1, GEN)}); wait"])
    equal(leafs(), 22000, "calls that kobs_gen made")
    equal(r["accounting"]["hits"], 22000, "hits")
    equal((count_of(r, cpu=0), count_of(r, cpu=1)), (11000, 11000), "counts by CPU")


@test("by pid, tid and comm")
def context_columns():
    # A program of two threads with different names and shares.
    program = f"""
import os, threading
def work(name, n):
    open('/proc/thread-self/comm', 'w').write(name)
    fd = os.open('{GEN}run', os.O_WRONLY)
    os.write(fd, b'call task %d' % n)
    print(name, os.getpid(), threading.get_native_id(), flush=True)
t = threading.Thread(target=work, args=('second', 25))
t.start(); t.join()
work('first', 10)
"""
    r = obsctl("func", "count", LEAF, "--by", "pid,tid,comm", "--json", "-o", "/tmp/report",
               "--", "/usr/bin/python3", "-c", program)
    threads = {name: (int(pid), int(tid)) for name, pid, tid in (line.split() for line in r.out.splitlines())}
    r = balance(json.loads(read("/tmp/report")))
    equal(r["by"], ["pid", "tid", "comm"], "by")
    for name, n in ("second", 25), ("first", 10):
        pid, tid = threads[name]
        equal(count_of(r, pid=pid, tid=tid, comm=name), n, f"count of thread {name}")
    equal(len(r["rows"]), 2, "rows")
    equal(threads["first"][0], threads["first"][1], "tid of the first thread")
    equal(threads["first"][0], threads["second"][0], "pid")


@test("several functions, globs, modules and exclusions")
def patterns():
    run = script("nested 10", "deep 3 4", "call task 7")
    r = report("count", "kobs_gen_*", "!kobs_gen_in*", run=run)
    equal({row["func"]: row["count"] for row in r["rows"]},
          {"kobs_gen_outer": 10, "kobs_gen_deep": 12, "kobs_gen_leaf": 7, "kobs_gen_caller_a": 7}, "rows")
    r = report("count", "kobs_gen:*", run=run)
    equal({f: count_of(r, func=f"kobs_gen_{f}") for f in ("outer", "inner", "deep", "leaf")},
          {"outer": 10, "inner": 20, "deep": 12, "leaf": 7}, "rows of one module")
    r = report("count", "kobs_gen_outer", "kobs_gen_inne?", run=run)
    equal({row["func"]: row["count"] for row in r["rows"]}, {"kobs_gen_outer": 10, "kobs_gen_inner": 20}, "rows")
    equal(r["accounting"]["hits"], 30, "hits")


@test("recursion and nesting")
def recursion():
    r = report("count", "kobs_gen_deep", "kobs_gen_outer", "kobs_gen_inner", "--by", "func,caller",
               run=script("deep 100 10", "nested 50"))
    s = stats()
    equal((s["deep"], s["outer"], s["inner"]), (1000, 50, 100), "calls that kobs_gen made")
    equal(count_of(r, func="kobs_gen_deep", caller="kobs_gen_deep+0x*"), 900, "calls from itself")
    equal(count_of(r, func="kobs_gen_deep"), 1000, "calls")
    equal(count_of(r, func="kobs_gen_inner", caller="kobs_gen_outer+0x*"), 100, "calls of the inner function")
    equal(len(rows(r, func="kobs_gen_inner")), 2, "places that the inner function is called from")


@test("a handler that hits its own hook")
def own_hook():
    if not any(line.split()[0] == "__bad_area_nosemaphore" for line in open("/sys/kernel/tracing/available_filter_functions")):
        skip("this kernel has no such function")
    # The stack's first frame is at an address that is not mapped: reading it faults, inside the handler.
    r = report("count", "__bad_area_nosemaphore", "--by", "func,ustack", run=[f"{SRC}/build/selftests/ustack", "fault", "100"])
    equal(r["accounting"]["recorded"], 100, "faults of the program")
    # One or two for each: some kernels try again byte by byte.
    equal(set(r["accounting"]["lost"]), {"recursion"}, "reasons of loss")
    contains((100, 200), r["accounting"]["lost"]["recursion"], "faults of the handler")


@test("functions that handlers call are refused")
def taken_by_stacks():
    there = {line.split()[2] for line in open("/proc/kallsyms")}
    for name in ("__kernel_text_address", "kernel_text_address", "get_stack_info", "__module_address", "is_bpf_text_address",
                 "fixup_exception"):
        if name in there:
            r = obsctl("func", "count", name, "--by", "kstack", status=1)
            contains(r.err, "called by the probe itself", f"refusal of {name}")


@test("a million calls")
def million():
    n = 1000000 if KERNEL != "debug" else 100000
    r = report("count", LEAF, "--budget", 0, run=script(f"call task {n}"))
    equal(count_of(r, func=LEAF), n, "count")
    at_least(r["cost"]["hits_timed"], n // 1024, "hits whose cost was measured")


main()
