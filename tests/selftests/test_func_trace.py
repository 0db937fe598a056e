# SPDX-License-Identifier: GPL-2.0
"""func trace: a record per call, in order, or a counted loss."""

import socket
import struct

from kobstest import *
from nlkit import K, Session, attrs, param, received, words

LEAF = "kobs_gen_leaf"
SOL_NETLINK, NETLINK_NO_ENOBUFS = 270, 5


def ordered(got):
    times = [r["time_ns"] for r in got]
    for i in range(1, len(times)):
        assert times[i - 1] <= times[i], f"record {i} of time {times[i]} comes after one of {times[i - 1]}"


@test("as many records as calls")
def count():
    got, r, _ = records(LEAF, run=script("call task 500", "callb 300", "call softirq 20", "call hardirq 10 1"))
    equal(len(got), 830, "records")
    equal(r["accounting"]["hits"], leafs(), "hits")
    equal(r["accounting"]["recorded"], 830, "recorded")
    ordered(got)
    equal(sum(fnmatch.fnmatchcase(x["caller"], B) for x in got), 300, "records by kobs_gen_caller_b")


@test("fields of a record")
def fields():
    got, _, _ = records(LEAF, run=["sh", "-c", f"echo $$ >/tmp/pid; echo call task 5 1 >{GEN}run"])
    pid = int(read("/tmp/pid"))
    equal(len(got), 5, "records")
    for x in got:
        equal((x["func"], x["pid"], x["comm"], x["cpu"]), (LEAF, pid, "sh", 1), "func, pid, comm and cpu")
        assert fnmatch.fnmatchcase(x["caller"], A), f"caller is {x['caller']}"
        at_least(x["time_ns"], 1, "time")


@test("order of calls across functions")
def order():
    got, _, _ = records("kobs_gen_outer", "kobs_gen_inner", run=script("nested 20"))
    equal([x["func"] for x in got], ["kobs_gen_outer", "kobs_gen_inner", "kobs_gen_inner"] * 20, "functions")
    ordered(got)


@test("--by chooses the columns")
def by():
    got, _, _ = records(LEAF, "--by", "tid,func", run=script("call task 3"))
    for x in got:
        equal({"tid", "func"} <= set(x), True, f"tid and func are in {x}")
        equal({"caller", "comm"} & set(x), set(), f"columns nobody asked for in {x}")
    equal(len(got), 3, "records")


@test("--time: returns with their duration")
def durations():
    got, r, _ = records("kobs_gen_spin", "kobs_gen_outer", "kobs_gen_inner", "--time",
                        run=script("spin 20 50000", "nested 2"))
    spins = [x for x in got if x["func"] == "kobs_gen_spin"]
    equal((len(spins), len(got)), (20, 26), "records")
    key = [k for k in spins[0] if k.startswith("duration")]
    equal(len(key), 1, f"durations in {spins[0]}")
    for x in spins:
        at_least(x[key[0]], 50000, "duration")
    equal([x["func"] for x in got[20:]], ["kobs_gen_inner", "kobs_gen_inner", "kobs_gen_outer"] * 2, "order of returns")
    ordered(got)
    equal(r["accounting"]["hits"], 26, "hits")


@test("both CPUs at once, in order")
def both_cpus():
    loop = "for i in 1 2 3 4 5 6 7 8 9 10; do echo call task 100 {0} >{1}run; done"
    got, r, _ = records(LEAF, run=["sh", "-c", f"({loop.format(0, GEN)}) & ({loop.format(1, GEN)}); wait"])
    equal(len(got) + sum(r["accounting"]["lost"].values()), 2000, "records and losses")
    equal(r["accounting"]["lost"], {}, "lost")
    ordered(got)
    equal([sum(x["cpu"] == c for x in got) for c in (0, 1)], [1000, 1000], "records by CPU")


@test("a flood over a tiny ring: records and losses add up")
def flood():
    n = 20000 // SLOW
    got, r, done = records(LEAF, "--ring-kb", 8, "--budget", 0,
                           run=script(f"call hardirq {n} 0", f"call task {n}", f"call softirq {n} 1"))
    a = r["accounting"]
    equal(leafs(), 3 * n, "calls that kobs_gen made")
    equal(a["hits"], 3 * n, "hits")
    equal(len(got), a["recorded"], "records")
    equal(set(a["lost"]), {"ring_full"}, "reasons")
    equal(len(got) + a["lost"]["ring_full"], 3 * n, "records and losses")
    at_least(len(got), 1, "records")
    ordered(got)
    assert "warning" not in done.err and "not received" not in done.err, f"obsctl says {done.err}"


@test("many records through a ring that is large enough")
def many():
    n = 20000 // SLOW
    got, r, _ = records(LEAF, "--ring-kb", 4096, "--budget", 0, run=script(f"call task {n}"))
    equal(len(got), n, "records")
    equal(r["accounting"]["lost"], {}, "lost")


@test("as text, one line for each record")
def text():
    r = obsctl("func", "trace", LEAF, "--", *script("call task 12"))
    equal(sum(LEAF in line and "kobs_gen_caller_a" in line for line in r.out.splitlines()), 12, "lines")
    contains(r.err, "hits 12 = recorded 12 + filtered 0 + lost 0", "account")


def batches(nl, n):
    """The CPU and the number of records of the next n batches that a socket receives, read slowly."""
    got = []
    while len(got) < n:
        # The worker fills the socket meanwhile.
        time.sleep(0.05)
        for command, payload in received(nl):
            found = list(attrs(payload))
            records = sum(1 for kind, _ in found if kind == K.A_RECORD_EVENT)
            if command == K.CMD_RECORD_NTF and records:
                got.append((struct.unpack("I", dict(found)[K.A_RECORD_CPU])[0], records))
    return got


@test("a busy CPU does not starve the others")
def starving():
    leaf = symbol(LEAF)
    s = Session("func", "trace", "caller", words("functions", leaf), param("ring_kb", 4096), param("budget", 0))
    s.nl.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    s.nl.ask(K.CMD_SESSION_START, s.me)
    # Some 30 batches of CPU 0, more than the socket holds, then a record of CPU 1.
    subprocess.run(script("call task 30000 0", "call task 1 1"), check=True)
    got = batches(s.nl, 8)
    s.close()
    at_least(sum(records for _, records in got), 2000, "records in eight batches")
    contains([cpu for cpu, _ in got], 1, "CPUs of the first eight batches")


@test("no record: why")
def nothing():
    r = obsctl("func", "trace", "kobs_gen_outer", "--", "true")
    contains(r.err, "Nothing was hit: kobs_gen_outer (1 function) was hit 0 times.", "standard error")


@test("text columns stand below their headings")
def columns():
    lines = obsctl("func", "trace", LEAF, "kobs_gen_outer", "--by", "comm,pid,func,caller", "--", *script("call task 2", "nested 2")).out
    heading, *rest = lines.splitlines()
    assert rest and all(line[heading.index("FUNC"):].startswith("kobs_gen_") for line in rest), lines
    assert all(line[heading.index("<- CALLER"):].startswith("<- ") for line in rest), lines
    assert all(line[heading.index("TIME(s)") + len("TIME(s)")] == " " for line in rest), lines


@test("each record is shown soon, though none follows")
def shown():
    out = "/tmp/shown"
    with Background("func", "trace", LEAF, "--json", "-o", out) as b:
        for n in range(1, 13):
            gen("call task 1")
            until(lambda: read(out).count("\n") == n, f"record {n}")
        b.stop()


@test("a stop is answered although records fill the socket")
def answered():
    address = next(int(line.split()[0], 16) for line in read("/proc/kallsyms").splitlines() if line.split()[2] == LEAF)
    s = Session("func", "trace", "caller", words("functions", address), param("budget", 0))
    # Without ENOBUFS for each record that is kept back, as obsctl.
    s.nl.s.setsockopt(SOL_NETLINK, NETLINK_NO_ENOBUFS, 1)
    s.nl.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    s.nl.ask(K.CMD_SESSION_START, s.me)
    subprocess.run(script("call task 8000 0", "call task 8000 1"), check=True)
    s.nl.send(K.CMD_SESSION_STOP, s.me)
    # Nobody reads until the session is stopped.
    until(lambda: LEAF not in read(HOOKED), "the stop")
    got = dict(attrs(s.nl.answers()[0]))
    equal(struct.unpack("I", got[K.A_SESSION_STATE])[0], K.STATE_STOPPED, "state in the answer")
    s.close()


@test("a stream ends with its reader, kill -9 included")
def killed():
    with Background("func", "trace", LEAF, "--budget", 0) as b:
        gen("call task 100000")
        b.p.kill()
        b.p.communicate()
        b.done = True
        gen("call task 1000")
        until(lambda: references() == 0, "the session to end")
    equal(sessions(), [], "sessions")


main()
