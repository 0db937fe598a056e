# SPDX-License-Identifier: GPL-2.0
"""Start, stop and read sessions while both CPUs cause hits."""

from kobstest import *

LEAF = "kobs_gen_leaf"
# Disabling probes waits for grace periods, which are long under load.
ROUNDS = rounds(2, 6 if KERNEL == "6.1" else 3)


@test(f"starting and stopping func count {ROUNDS} times")
def count():
    with Load():
        for _ in range(ROUNDS):
            r = report("count", LEAF, "--by", "caller,cpu", "--budget", 0, "-d", "0.02")
            equal(r["accounting"]["lost"], {}, "lost")


@test(f"starting and stopping func time {ROUNDS} times")
def timed():
    with Load():
        for _ in range(ROUNDS):
            r = report("time", "kobs_gen_*", "--hist", "--budget", 0, "-d", "0.02")
            # Calls in progress at the stop.
            assert set(r["accounting"]["lost"]) <= {"in_flight"}, f"lost {r['accounting']['lost']}"


# Twenty-five seconds each on 6.1, where a stop takes long: as many records as come meanwhile are printed.
TRACES = rounds(1, ROUNDS)


@test(f"starting and stopping func trace {TRACES} times")
def trace():
    with Load():
        for _ in range(TRACES):
            r = obsctl("func", "trace", LEAF, "--budget", 0, "-d", "0.02", "--ring-kb", 64, "--json")
            lines = r.out.splitlines()
            a = balance(json.loads(lines[-1]))["accounting"]
            equal(len(lines) - 1, a["recorded"], "records")
            assert "undelivered" not in a["lost"], f"lost {a['lost']}"


@test("reading a table that is being written")
def reading():
    obsctl("func", "count", LEAF, "--by", "caller,cpu", "--budget", 0, "--detach", "busy")
    last = 0
    with Load():
        for _ in range(ROUNDS):
            r = json.loads(obsctl("session", "read", "busy", "--json").out)
            total = sum(row["count"] for row in r["rows"])
            at_least(total, last, "count, when read again")
            last = total
    # The killed processes have no calls in progress once they have exited.
    r = balance(json.loads(obsctl("session", "stop", "busy", "--json").out))
    s = stats()
    equal(r["accounting"]["hits"], leafs(s), "hits")
    equal(count_of(r, caller=A), s["a"], "count by kobs_gen_caller_a")


@test("four readers at once")
def readers():
    obsctl("func", "time", "kobs_gen_*", "--hist", "--by", "func,caller,cpu", "--budget", 0, "--detach", "busy")
    with Load():
        ps = [subprocess.Popen(["obsctl", "session", "read", "busy", "--json"], stdout=subprocess.PIPE, text=True)
              for _ in range(4)]
        for p in ps:
            json.loads(p.communicate()[0])
            equal(p.returncode, 0, "status of a reader")
    balance(json.loads(obsctl("session", "stop", "busy", "--json").out))


@test("a reader while the session is stopped and deleted")
def race():
    for i in range(ROUNDS):
        obsctl("func", "count", LEAF, "--by", "caller", "--detach", f"r{i}")
        with Load():
            ps = [subprocess.Popen(["obsctl", "session", "read", f"r{i}"], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL) for _ in range(2)]
            obsctl("session", "stop", f"r{i}")
            for p in ps:
                at_most(p.wait(), 1, "status of a reader")


@test("eight sessions on the same functions")
def many():
    with Load():
        ps = [subprocess.Popen(["obsctl", "func", mode, "kobs_gen_*", "--budget", "0", "-d", "0.3", "--json", "-o",
                                f"/tmp/many-{mode}-{i}"], stderr=subprocess.DEVNULL)
              for mode in ("count", "time") for i in range(4)]
        for p in ps:
            equal(p.wait(), 0, "status")
    for mode in ("count", "time"):
        for i in range(4):
            balance(json.loads(read(f"/tmp/many-{mode}-{i}")))


main()
