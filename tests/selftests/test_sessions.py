# SPDX-License-Identifier: GPL-2.0
"""Sessions: ownership, termination, and the module's use count while one exists."""

from kobstest import *

LEAF = "kobs_gen_leaf"


def detach(name, *args):
    return obsctl("func", "count", LEAF, "--detach", name, *args)


def stop(name, *args):
    return balance(json.loads(obsctl("session", "stop", name, "--json", *args).out))


@test("kill -9 of the owner ends the session")
def killed():
    with Background("func", "count", LEAF) as b:
        equal(len(hooked()), 1, "hooked functions")
        b.p.kill()
        b.p.communicate()
        b.done = True
        until(lambda: not references() and not hooked(), "the session to end")
    equal(sessions(), [], "sessions")


@test("kill -9 of the owner under load ends the session")
def killed_under_load():
    with Load():
        for mode in ("count", "time", "trace"):
            with Background("func", mode, LEAF, "--budget", 0) as b:
                b.p.kill()
                b.p.communicate()
                b.done = True
                until(lambda: not references() and not hooked(), "the session to end")


@test("a detached session survives, and is read later")
def detached():
    before = sessions()
    detach("later", "--by", "caller")
    equal(before, [], "sessions before")
    one = sessions()
    equal([(s["name"], s["state"], s["targets"]) for s in one], [("later", "started", 1)], "sessions")
    gen("call task 100")
    r = json.loads(obsctl("session", "read", "later", "--json").out)
    equal(count_of(r, caller=A), 100, "count when read first")
    gen("callb 20")
    by_id = json.loads(obsctl("session", "read", one[0]["id"], "--json").out)
    equal((count_of(by_id, caller=A), count_of(by_id, caller=B)), (100, 20), "counts when read by its number")
    gen("call task 1")
    r = stop("later")
    equal((count_of(r, caller=A), count_of(r, caller=B)), (101, 20), "counts at the stop")
    equal(r["accounting"]["hits"], 121, "hits")
    equal(sessions(), [], "sessions after the stop")


@test("a detached session counts the calls of whoever made it")
def detached_own():
    # The process that made it is not excluded, unlike a session's owner.
    detach("mine")
    gen("call task 5")
    equal(stop("mine")["accounting"], {"hits": 5, "recorded": 5, "filtered": 0, "own": 0, "pending": 0, "unpaired": 0, "lost": {}, "reasons": {}}, "accounting")


@test("rmmod is refused while a session lives, and clean afterwards")
def unload():
    detach("holder")
    why = rmmod("kobs")
    contains(why or "it was unloaded", "in use", "rmmod's complaint")
    gen("call task 10")
    equal(stop("holder")["accounting"]["hits"], 10, "hits after the refused rmmod")
    nothing_left()
    equal(rmmod("kobs"), None, "rmmod's complaint afterwards")
    r = obsctl("session", "list", status=1)
    assert r.err.strip(), "obsctl does not say that the module is missing"
    insmod("kobs")
    equal(report("count", LEAF, run=script("call task 3"))["accounting"]["hits"], 3, "hits after loading again")


@test("rmmod is refused while an owned session lives")
def unload_owned():
    with Background("func", "time", LEAF, "--json") as b:
        contains(rmmod("kobs") or "it was unloaded", "in use", "rmmod's complaint")
        gen("call task 10")
        equal(b.report()["accounting"]["hits"], 10, "hits")


LOADS = rounds(2, 10)


@test(f"loading and unloading {LOADS} times")
def reload():
    for _ in range(LOADS):
        equal(rmmod("kobs"), None, "rmmod's complaint")
        insmod("kobs")
    equal(sessions(), [], "sessions")


@test("two sessions at once on one function, with filters of their own")
def two():
    with Background("func", "count", LEAF, "-C", "0", "--by", "caller", "--json") as first, \
         Background("func", "count", LEAF, "-C", "1", "--by", "cpu", "--json") as second:
        equal(len(sessions()), 2, "sessions")
        gen("call task 10 0")
        gen("call task 20 1")
        a = first.report()
        gen("call task 5 1")
        b = second.report()
    equal((a["accounting"]["recorded"], a["accounting"]["filtered"]), (10, 20), "first session")
    equal((b["accounting"]["recorded"], b["accounting"]["filtered"]), (25, 10), "second session")


@test("count, time and trace of one function at once")
def three():
    with Background("func", "count", LEAF, "--json") as count, \
         Background("func", "time", LEAF, "--json") as timed, \
         Background("func", "trace", LEAF, "--json") as trace:
        gen("call task 40")
        gen("call hardirq 5")
        for b in (count, timed, trace):
            equal(b.report()["accounting"]["recorded"], 45, f"recorded by {b.args[2]}")


DETACHED = rounds(4, 10)


@test(f"{DETACHED} detached sessions")
def many():
    for i in range(DETACHED):
        detach(f"s{i}")
        gen("call task 1")
    equal(len(sessions()), DETACHED, "sessions")
    for i in range(DETACHED):
        equal(stop(f"s{i}")["accounting"]["hits"], DETACHED - i, f"hits of session {i}")


@test("a name that is taken is refused")
def taken():
    detach("once")
    r = obsctl("func", "count", LEAF, "--detach", "once", status=1)
    contains(r.err, "there is a session once already", "refusal")
    equal(len(sessions()), 1, "sessions")
    stop("once")
    detach("once")
    stop("once")


@test("a session that is owned can't be stopped by others, but read")
def owned():
    with Background("func", "count", LEAF, "--json") as b:
        gen("call task 4")
        number = sessions()[0]["id"]
        contains(obsctl("session", "stop", number, status=1).err, "belongs to another socket", "refusal")
        r = json.loads(obsctl("session", "read", number, "--json").out)
        equal(count_of(r, func=LEAF), 4, "count as others read it")
        gen("call task 3")
        equal(b.report()["accounting"]["hits"], 7, "hits")


@test("sessions that do not exist")
def unknown():
    for verb in ("read", "stop"):
        contains(obsctl("session", verb, "nobody", status=1).err, "there is no session nobody", "refusal")
        contains(obsctl("session", verb, 4000000000, status=1).err, "there is no session 4000000000", "refusal")
        obsctl("session", verb, status=2)


@test("a stream can't be detached")
def stream():
    r = obsctl("func", "trace", LEAF, "--detach", "x", status=2)
    assert r.err.strip(), "no sentence"


main()
