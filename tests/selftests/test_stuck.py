# SPDX-License-Identifier: GPL-2.0
"""
ftrace refuses to remove hooks, as it does when it has disabled itself: what they call stays. The module stays loaded after
these tests, the last of a guest.
"""

from kobstest import *

LEAF = "kobs_gen_leaf"
REFUSE = "/sys/module/kobs_gen_hook/parameters/refuse"


def refuse(value):
    with open(REFUSE, "w", encoding="utf-8") as f:
        f.write(value)


def kept(*args, run):
    """The report of a session whose hooks ftrace refuses to remove; they are called when it has long been deleted."""
    insmod("kobs_gen_hook")
    try:
        if not os.path.exists(REFUSE):
            skip("ftrace cannot be made to refuse on this machine")
        refuse("1")
        with Background(*args, "--json") as b:
            run()
            with open(PINNED, "a", encoding="utf-8") as f:
                f.write(f"{args}\n")
            r = json.loads(b.stop().out.splitlines()[-1])
        until(lambda: references() == 0, "the session to end")
        gen("call task 1000")
        gen("nested 1000")
        subprocess.run("ls -R /sys/module >/dev/null; cat /proc/*/stat >/dev/null 2>&1", shell=True)
        contains(r.get("stopped", ""), "ftrace has disabled itself", "why it stopped")
        contains(rmmod("kobs") or "", "in use", "rmmod's complaint")
    finally:
        if os.path.exists(REFUSE):
            refuse("0")
        rmmod("kobs_gen_hook")
    return r


@test("func count")
def count():
    r = kept("func", "count", LEAF, "kobs_gen_inner", run=lambda: (gen("call task 20"), gen("nested 5")))
    equal((count_of(r, func=LEAF), count_of(r, func="kobs_gen_inner")), (20, 10), "counts")


@test("func time, and calls that return afterwards")
def time_():
    sleepers = []

    def sleep():
        sleepers.extend(subprocess.Popen(script("sleep 1 60000")) for _ in range(3))
        until(lambda: stats()["sleep"] == 3, "the sleepers to sleep")
        gen("call task 20")
    try:
        r = kept("func", "time", LEAF, "kobs_gen_sleep", run=sleep)
    finally:
        for child in sleepers:
            child.kill()
            child.wait()
    equal(count_of(r, func=LEAF), 20, "count")
    equal(r["accounting"]["lost"], {"in_flight": 3}, "lost")


@test("func trace")
def trace():
    r = kept("func", "trace", LEAF, run=lambda: gen("call task 20"))
    equal(r["accounting"]["recorded"], 20, "recorded")


@test("slab leaks")
def slab():
    kept("slab", "leaks", run=lambda: None)


@test("other sessions go on")
def others():
    equal(report("count", LEAF, run=script("call task 3"))["accounting"]["hits"], 3, "hits of count")
    equal(report("time", LEAF, run=script("call task 3"))["accounting"]["hits"], 3, "hits of time")


main()
