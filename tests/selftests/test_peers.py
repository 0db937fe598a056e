# SPDX-License-Identifier: GPL-2.0
"""Other tracers that count the same function at the same time see the same number."""

import shutil

from kobstest import *

LEAF = "kobs_gen_leaf"
WORK = ("call task 3000", "callb 1000", "call hardirq 200 0", "call softirq 100 1")
CALLS = 4300
TRACING = "/sys/kernel/tracing/"


def write(name, text, how=os.O_TRUNC):
    # Not by open(): its append mode seeks to the end, which fails on this file.
    fd = os.open(TRACING + name, os.O_WRONLY | how)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def bpftrace_count(program):
    with Bpftrace(program) as peer:
        with Background("func", "count", LEAF, "--json") as b:
            subprocess.run(script(*WORK), check=True)
            r = b.report()
        found = peer.count("n")
    equal(found, CALLS, "bpftrace's count")
    equal(r["accounting"]["hits"], CALLS, "hits")
    equal(count_of(r, func=LEAF), found, "count, compared to bpftrace's")


@test("bpftrace, by kprobe")
def kprobe():
    bpftrace_count(f"kprobe:{LEAF} {{ @n = count(); }}")


@test("bpftrace, by kretprobe, while func time is on")
def kretprobe():
    with Background("func", "time", LEAF, "--json") as b:
        bpftrace_count(f"kretprobe:{LEAF} {{ @n = count(); }}")
        equal(b.report()["accounting"]["recorded"], CALLS, "recorded by func time")


@test("ftrace's function tracer")
def function_tracer():
    if "function" not in read(TRACING + "available_tracers").split():
        skip("this kernel has no function tracer")
    write("buffer_size_kb", "4096")
    write("set_ftrace_filter", f"{LEAF}\n")
    try:
        write("current_tracer", "function")
        with Background("func", "count", LEAF, "--by", "caller", "--json") as b:
            subprocess.run(script(*WORK), check=True)
            r = b.report()
        write("tracing_on", "0")
        lines = [line for line in read(TRACING + "trace").splitlines() if f": {LEAF} " in line]
    finally:
        write("current_tracer", "nop")
        write("set_ftrace_filter", "\n")
        write("tracing_on", "1")
        write("buffer_size_kb", "8")
    equal(len(lines), CALLS, "lines of the function tracer")
    equal(r["accounting"]["hits"], CALLS, "hits")
    for name, caller in ("kobs_gen_caller_a", A), ("kobs_gen_caller_b", B):
        equal(count_of(r, caller=caller), sum(f"<-{name}" in line for line in lines), f"count by {name}")


@test("perf, by a probe of its own")
def perf():
    perf = shutil.which("perf")
    if not perf:
        skip("no perf")
    try:
        write("kprobe_events", f"p:kobstest/leaf kobs_gen:{LEAF}\n", os.O_APPEND)
    except OSError as e:
        skip(f"no probe events here: {e}")
    try:
        with Background("func", "count", LEAF, "--json") as b:
            done = subprocess.run([perf, "stat", "-x,", "-e", "kobstest:leaf", "-a", "--", *script(*WORK)],
                                  capture_output=True, text=True)
            r = b.report()
    finally:
        write("kprobe_events", "-:kobstest/leaf\n", os.O_APPEND)
    if done.returncode:
        skip(f"perf does not work here: {done.stderr.strip()[-200:]}")
    counted = [line.split(",")[0] for line in done.stderr.splitlines() if "kobstest:leaf" in line]
    equal(counted, [str(CALLS)], "perf's count")
    equal(r["accounting"]["hits"], CALLS, "hits")


main()
