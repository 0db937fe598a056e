# SPDX-License-Identifier: GPL-2.0
"""func time: each call is measured from entry to return, or counted as lost."""

from kobstest import *


def only_row(r, func):
    found = rows(r, func=func)
    equal(len(found), 1, f"rows of {func}")
    return found[0]


@test("spinning for a known time")
def spin():
    r = report("time", "kobs_gen_spin", "--hist", run=script("spin 50 20000", "spin 5 1000000"))
    s = stats()
    equal((s["spin"], s["spin_ns"]), (55, 6000000), "calls that kobs_gen made")
    row = only_row(r, "kobs_gen_spin")
    equal(row["count"], 55, "count")
    at_least(row["min"], 20000, "min")
    at_least(row["max"], 1000000, "max")
    at_least(row["sum"], s["spin_ns"], "sum")
    at_least(sum(b["count"] for b in row["hist"] if b["hi"] >= 1000000), 5, "calls of 1 ms and more")
    equal(r["accounting"]["lost"], {}, "lost")


@test("percentiles lie in the buckets they come from")
def percentiles():
    # 60 short calls, 40 of at least 50 ms: the tail begins between p50 and p90.
    r = report("time", "kobs_gen_spin", "kobs_gen_sleep", "--hist", "--by", "cpu",
               run=["taskset", "-c", "1", *script("spin 120 1000", "sleep 80 20")])
    row = r["rows"][0]
    equal((len(r["rows"]), row["count"]), (1, 200), "rows, and the first one's count")
    at_least(row["p90"], 20000000, "p90")
    at_least(row["p99"], row["p90"], "p99")
    buckets = row["hist"]
    for name, part in ("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999):
        below = sum(b["count"] for b in buckets if b["hi"] < row[name])
        upto = sum(b["count"] for b in buckets if b["lo"] <= row[name])
        assert below <= part * 200 <= upto, f"{name} {row[name]}: {below} calls below, {upto} up to it"


@test("no histogram unless asked for")
def no_hist():
    row = only_row(report("time", "kobs_gen_spin", run=script("spin 3 1000")), "kobs_gen_spin")
    equal("hist" in row, False, "hist is in the row")
    equal(row["count"], 3, "count")


@test("recursion")
def recursion():
    r = report("time", "kobs_gen_deep", run=script("deep 20 12"))
    equal(stats()["deep"], 240, "calls that kobs_gen made")
    equal(only_row(r, "kobs_gen_deep")["count"], 240, "count")
    equal(r["accounting"]["hits"], 240, "hits")


@test("nested functions: the outer one takes longer")
def nested():
    r = report("time", "kobs_gen_outer", "kobs_gen_inner", run=script("nested 40"))
    outer, inner = only_row(r, "kobs_gen_outer"), only_row(r, "kobs_gen_inner")
    equal((outer["count"], inner["count"]), (40, 80), "counts")
    at_least(outer["sum"], inner["sum"], "time in the outer function")


@test("callers of what is timed")
def callers():
    r = report("time", "kobs_gen_leaf", "kobs_gen_inner", "--by", "func,caller",
               run=script("call task 30", "callb 20", "nested 5"))
    equal(count_of(r, func="kobs_gen_leaf", caller=A), 30, "count by kobs_gen_caller_a")
    equal(count_of(r, func="kobs_gen_leaf", caller=B), 20, "count by kobs_gen_caller_b")
    equal(count_of(r, func="kobs_gen_inner", caller="kobs_gen_outer+0x* [[]kobs_gen]"), 10, "count by kobs_gen_outer")


@test("callers of recursion")
def recursion_callers():
    r = report("time", "kobs_gen_deep", "--by", "func,caller", run=script("deep 10 5"))
    equal(count_of(r, caller="kobs_gen_deep+0x* [[]kobs_gen]"), 40, "calls from itself")
    equal(r["accounting"]["recorded"], 50, "recorded")


@test("softirq and hardirq context")
def interrupts():
    r = report("time", "kobs_gen_leaf", "--by", "caller,cpu",
               run=script("call softirq 60 0", "call hardirq 50 1", "call task 40 0"))
    equal((count_of(r, cpu=0), count_of(r, cpu=1)), (100, 50), "counts by CPU")


@test("sleeping")
def sleep():
    r = report("time", "kobs_gen_sleep", run=script("sleep 3 100"))
    row = only_row(r, "kobs_gen_sleep")
    equal(row["count"], 3, "count")
    at_least(row["min"], 100000000, "min")


def sleeper(ms):
    return subprocess.Popen(script(f"sleep 1 {ms}"))


@test("a call that has not returned is lost, in flight")
def in_flight():
    with Background("func", "time", "kobs_gen_sleep", "--json") as b:
        gen("sleep 2 1")
        child = sleeper(60000)
        try:
            until(lambda: stats()["sleep"] == 3, "the sleeper to sleep")
            r = b.report()
        finally:
            child.kill()
            child.wait()
    equal(r["accounting"]["lost"], {"in_flight": 1}, "lost")
    equal((r["accounting"]["hits"], r["accounting"]["recorded"]), (3, 2), "hits and recorded")


@test("a call returns after kobs was unloaded")
def return_after_unload():
    with Background("func", "time", "kobs_gen_sleep", "--json") as b:
        child = sleeper(60000)
        try:
            until(lambda: stats()["sleep"] == 1, "the sleeper to sleep")
            equal(b.report()["accounting"]["lost"], {"in_flight": 1}, "lost")
            nothing_left()
            equal(rmmod("kobs"), None, "rmmod's complaint")
        finally:
            child.kill()
            child.wait()
            if not loaded("kobs"):
                insmod("kobs")
    equal(report("time", "kobs_gen_spin", run=script("spin 2 1000"))["accounting"]["recorded"], 2, "recorded after")


@test("--inflight: returns that could not be hooked are counted")
def missed():
    with Background("func", "time", "kobs_gen_sleep", "--inflight", 1, "--json") as b:
        children = [sleeper(60000) for _ in range(3)]
        try:
            until(lambda: stats()["sleep"] == 3, "the sleepers to sleep")
        finally:
            for c in children:
                c.kill()
                c.wait()
        r = b.report()
    equal(r["accounting"]["lost"], {"missed_returns": 2}, "lost")
    equal((r["accounting"]["hits"], r["accounting"]["recorded"]), (3, 1), "hits and recorded")


@test("--inflight: misses of two CPUs at a time are counted, all")
def missed_together():
    n = rounds(20000, 100000)
    # The outer call takes the only place; its two inner ones find none. Without, or with another CPU's outer call: it, too.
    both = [sys.executable, "-c", "import os\n"
            f"def nested(cpu):\n os.sched_setaffinity(0, {{cpu}})\n open('{GEN}run', 'w').write('nested {n}')\n"
            "child = os.fork()\nnested(1 if child else 0)\nif child: os.wait()\n"]
    r = report("time", "kobs_gen_outer", "kobs_gen_inner", "--inflight", 1, "--max-lost", 6 * n, "--budget", 0, run=both)
    a = r["accounting"]
    equal(a["hits"], 6 * n, "hits")
    at_least(a["lost"]["missed_returns"], 1, "missed returns")


@test("--inflight with recursion")
def missed_recursion():
    r = report("time", "kobs_gen_deep", "--inflight", 10, run=script("deep 1 50"))
    equal(r["accounting"]["lost"], {"missed_returns": 40}, "lost")
    equal(r["accounting"]["recorded"], 10, "recorded")


@test("both CPUs at once")
def both_cpus():
    loop = "for i in 1 2 3 4 5; do echo call task 400 {0} >{1}run; echo nested 100 >{1}run; done"
    r = report("time", "kobs_gen_leaf", "kobs_gen_outer", "kobs_gen_inner", "--hist", "--budget", 0,
               run=["sh", "-c", f"({loop.format(0, GEN)}) & ({loop.format(1, GEN)}); wait"])
    s = stats()
    equal({row["func"]: row["count"] for row in r["rows"]},
          {"kobs_gen_leaf": 4000, "kobs_gen_outer": 1000, "kobs_gen_inner": 2000}, "rows")
    equal((s["a"], s["outer"], s["inner"]), (4000, 1000, 2000), "calls that kobs_gen made")


TRACING = "/sys/kernel/tracing/"


def tracing(name, text):
    with open(TRACING + name, "w", encoding="ascii") as f:
        f.write(text)


def by_kretprobe():
    return "by kretprobe" in obsctl("status").out


@test("the kernel is asked where no kretprobe can be set, without one for each function")
def asked():
    if "register_kprobe\n" not in read(TRACING + "available_filter_functions"):
        skip("this kernel has no kprobes that can be traced")
    tracing("set_ftrace_filter", "register_kprobe")
    tracing("current_tracer", "function")
    try:
        r = report("time", "vfs_*", run=["true"])
        registered = [line for line in read(TRACING + "trace").splitlines() if ": register_kprobe <-" in line]
    finally:
        tracing("current_tracer", "nop")
        tracing("set_ftrace_filter", "")
    at_least(r["targets"], 50, "functions")
    # That of the calls in progress.
    equal(len(registered), int(by_kretprobe()), "kprobes registered")


@test("a function by which the kernel handles kprobes has no kretprobe, for a reason")
def listed():
    if not by_kretprobe():
        skip("returns are not hooked by kretprobes")
    r = obsctl("func", "time", "atomic_notifier_call_chain", "-d", "100ms", status=1)
    contains(r.err, "no kretprobe can be set on it", "refusal")
    r = report("time", "atomic_notifier_call_*", "kobs_gen_leaf", run=script("call task 3"))
    equal(count_of(r, func="kobs_gen_leaf"), 3, "calls")
    contains([(k["func"], k["reason"]) for k in r["kept_out"]], ("atomic_notifier_call_chain", "no kretprobe can be set on it"), "left out")


main()
