# SPDX-License-Identifier: GPL-2.0
"""Full tables: hits that find no room are lost, and counted exactly."""

from kobstest import *

LEAF = "kobs_gen_leaf"
# All on one CPU, hence in one table.
PINNED = ["taskset", "-c", "1"]


@test("a table of two rows")
def tiny_table():
    r = report("count", LEAF, "--by", "caller", "--rows", 2, run=[*PINNED, *script("spread 5")])
    a = r["accounting"]
    equal(leafs(), 320, "calls that kobs_gen made")
    equal(a["hits"], 320, "hits")
    equal(len(r["rows"]), 2, "rows")
    equal(a["recorded"], 10, "recorded")
    equal(a["lost"], {"table_full": 310}, "lost")


@test("a full table goes on counting the keys it has")
def full_goes_on():
    r = report("count", LEAF, "--by", "caller", "--rows", 2,
               run=[*PINNED, *script("call task 3", "callb 4", "spread 1", "call task 5", "callb 6")])
    equal((count_of(r, caller=A), count_of(r, caller=B)), (8, 10), "counts of the two callers")
    equal(r["accounting"]["lost"], {"table_full": 64}, "lost")


@test("a table of 64 rows holds 64")
def exact_fit():
    r = report("count", LEAF, "--by", "caller", "--rows", 64, run=[*PINNED, *script("spread 3")])
    equal(len(r["rows"]), 64, "rows")
    equal({row["count"] for row in r["rows"]}, {3}, "counts")
    equal(r["accounting"]["lost"], {}, "lost")


@test("a table of two rows, timed, from interrupts")
def tiny_time():
    r = report("time", LEAF, "--by", "caller", "--rows", 2, "--hist",
               run=[*PINNED, *script("call hardirq 9 1", "callb 4", "spread 2", "call softirq 7 1")])
    a = r["accounting"]
    equal(a["lost"], {"table_full": 128}, "lost")
    equal((count_of(r, caller=A), count_of(r, caller=B)), (16, 4), "counts of the two callers")


@test("room for one stack")
def tiny_stacks():
    r = report("count", LEAF, "--by", "kstack", "--stacks", 1, run=script("call task 10", "callb 20", "call task 5"))
    # The second command's stack is another one: run() calls repeat() from another place.
    equal(r["accounting"]["hits"], 35, "hits")
    equal(len(r["rows"]), 1, "rows")
    equal(r["rows"][0]["count"], 15, "count")
    contains(r["rows"][0]["kstack"][1], "kobs_gen_caller_a", "caller")
    equal(r["accounting"]["lost"], {"stack_full": 20}, "lost")


@test("room for one stack, timed")
def tiny_stacks_time():
    r = report("time", LEAF, "--by", "kstack", "--stacks", 1, run=script("call task 10", "callb 20"))
    equal(r["accounting"]["recorded"], 10, "recorded")
    equal(r["accounting"]["lost"], {"stack_full": 20}, "lost")


@test("interrupts into a table being filled")
def interrupts():
    # Rows are claimed in all contexts concurrently: duplicates merge, nothing is lost.
    run = ["sh", "-c", f"for i in 1 2 3 4 5 6; do taskset -c 0 sh -c 'echo spread 20 >{GEN}run' & "
                       f"echo call hardirq 500 0 >{GEN}run; echo call softirq 500 0 >{GEN}run; done; wait"]
    r = report("count", LEAF, "--by", "caller,cpu,comm", "--budget", 0, run=run)
    s = stats()
    equal(s["spread"], 120, "calls that kobs_gen made")
    equal(r["accounting"]["hits"], leafs(s), "hits")
    equal(r["accounting"]["lost"], {}, "lost")
    equal(count_of(r, caller=A), s["a"], "count by kobs_gen_caller_a")
    equal(count_of(r, caller="kobs_gen_spread+0x*"), 120 * 64, "count by kobs_gen_spread")


@test("--max-lost: status 4 above it, 0 up to it")
def max_lost():
    args = ("func", "count", LEAF, "--by", "caller", "--rows", 2)
    run = ["--", *PINNED, *script("spread 1")]
    contains(obsctl(*args, "--max-lost", 61, *run, status=4).err, "62 hits were lost", "standard error")
    obsctl(*args, "--max-lost", 62, *run, status=0)
    obsctl(*args, "--max-lost", 0, *run, status=4)


main()
