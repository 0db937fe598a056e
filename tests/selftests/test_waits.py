# SPDX-License-Identifier: GPL-2.0
"""Requests that wait for a grace period: nobody else waits, and a client may die meanwhile."""

import errno
import select
import socket
import struct

from kobstest import *
from nlkit import *

LEAF = "kobs_gen_leaf"


class Reader:
    """A task in the kernel that does not sleep: RCU-tasks grace periods wait for it. With "hold", all of RCU's do."""

    def __init__(self, verb="spin"):
        self.verb = verb

    def __enter__(self):
        gen("reset")
        # Not for ever: what waits for it, and should not, goes on some time, and the test fails.
        self.p = subprocess.Popen(["sh", "-c", f"exec 3>{GEN}run; echo {self.verb} 100000 1000000 >&3"])
        until(lambda: stats()["spin"], "the reader to run")
        return self

    def runs(self):
        return self.p.poll() is None

    def end(self):
        self.p.kill()
        self.p.wait()

    def __exit__(self, *exc):
        self.end()


def leaf():
    return words("functions", next(int(line.split()[0], 16) for line in open("/proc/kallsyms") if line.split()[2] == LEAF))


def made(nl, source="func", mode="count", *parts):
    """A session of the client, by number."""
    s = dict(attrs(nl.ask(K.CMD_SESSION_NEW, attr(K.A_SESSION_SOURCE, source), attr(K.A_SESSION_MODE, mode),
                          *(parts or [leaf()]))[0]))
    return struct.unpack("I", s[K.A_SESSION_ID])[0]


def seen(number):
    """State and duration of a session, from a list."""
    nl = Netlink()
    try:
        for answer in nl.ask(K.CMD_SESSION_GET, dump=True):
            s = dict(attrs(answer))
            if struct.unpack("I", s[K.A_SESSION_ID])[0] == number:
                return struct.unpack("I", s[K.A_SESSION_STATE])[0], u64_of(s[K.A_SESSION_DURATION])
    finally:
        nl.close()
    return None


def stopping(number):
    """The session counts no more, but its probes are still on: its duration is final."""
    one, two = seen(number), seen(number)
    return one is not None and one == two and one[0] == K.STATE_STARTED


def answered(nl):
    return bool(select.select([nl.s], [], [], 0)[0])


@test("while a stop waits, sessions are listed and read, and modules register netlink families")
def others():
    nl = Netlink()
    number = made(nl)
    nl.ask(K.CMD_SESSION_START, u32(K.A_SESSION_ID, number))
    # By another process: the owner's own calls are filtered.
    subprocess.run(["sh", "-c", f"echo call task 7 >{GEN}run"], check=True)
    with Reader() as reader:
        nl.send(K.CMD_SESSION_STOP, u32(K.A_SESSION_ID, number))
        until(lambda: stopping(number), "the stop to begin")
        gen("family")
        equal([s["id"] for s in sessions()], [number], "sessions listed by obsctl")
        r = json.loads(obsctl("session", "read", number, "--json").out)
        equal(count_of(r, func=LEAF), 7, "count that was read")
        obsctl("status")
        # None of this waited for the reader; the stop does.
        assert reader.runs(), "the reader has ended"
        assert not answered(nl), "the stop was answered before the grace period ended"
        reader.end()
        s = dict(attrs(nl.answers()[0]))
    equal(struct.unpack("I", s[K.A_SESSION_STATE])[0], K.STATE_STOPPED, "state in the answer")
    nl.ask(K.CMD_SESSION_DEL, u32(K.A_SESSION_ID, number))
    nl.close()
    equal(sessions(), [], "sessions")


@test("requests of a client are done in their order")
def order():
    nl = Netlink()
    number = made(nl)
    for command in K.CMD_SESSION_START, K.CMD_SESSION_STOP, K.CMD_SESSION_DEL, K.CMD_SESSION_STOP:
        nl.send(command, u32(K.A_SESSION_ID, number))
    try:
        raise AssertionError(f"a deleted session was stopped: {nl.answers()}")
    except Refused as r:
        contains("ENOENT EBUSY", errno.errorcode[r.number], "error")
    nl.close()
    equal(sessions(), [], "sessions")
    equal(hooked(), [], "hooked functions")


@test("a client that dies while its request waits leaves nothing behind")
def dies():
    for command in K.CMD_SESSION_STOP, K.CMD_SESSION_DEL:
        nl = Netlink()
        number = made(nl)
        nl.ask(K.CMD_SESSION_START, u32(K.A_SESSION_ID, number))
        with Reader() as reader:
            nl.send(command, u32(K.A_SESSION_ID, number))
            until(lambda: not seen(number) or stopping(number), "the request to begin")
            nl.close()
            assert reader.runs(), "the reader has ended"
        until(lambda: not references() and not hooked(), "the session to end")
    equal(sessions(), [], "sessions")


@test("a client that waits for a grace period can be killed")
def killed():
    with Background("func", "count", LEAF) as b, Reader() as reader:
        number = sessions()[0]["id"]
        b.p.send_signal(signal.SIGINT)
        until(lambda: stopping(number), "the stop to begin")
        b.p.kill()
        b.p.communicate(timeout=WAIT)
        b.done = True
        assert reader.runs(), "the reader has ended"
    until(lambda: not references() and not hooked(), "the session to end")


@test("a client that dies with requests on the way leaves nothing behind")
def dies_early():
    for n in range(5):
        nl = Netlink()
        nl.send(K.CMD_SESSION_NEW, attr(K.A_SESSION_SOURCE, "func"), attr(K.A_SESSION_MODE, "count"), leaf())
        nl.close()
    until(lambda: not references() and not hooked(), "the sessions to end")
    equal(sessions(), [], "sessions")


@test("while pmu waits for its handlers, the session is listed and read")
def pmu():
    nl = Netlink()
    # Software event cpu-clock, a sample every 4 ms.
    number = made(nl, "pmu", "record", words("events", 1, 0, 0, 0, 0, 4000000, 0, 0), param("budget", 0))
    nl.ask(K.CMD_SESSION_START, u32(K.A_SESSION_ID, number))
    with Reader("hold") as reader:
        nl.send(K.CMD_SESSION_STOP, u32(K.A_SESSION_ID, number))
        until(lambda: stopping(number), "the stop to begin")
        equal([s["id"] for s in sessions()], [number], "sessions listed by obsctl")
        assert reader.runs(), "the reader has ended"
        assert not answered(nl), "the stop was answered before the grace period ended"
        reader.end()
        nl.answers()
    nl.ask(K.CMD_SESSION_DEL, u32(K.A_SESSION_ID, number))
    nl.close()


@test("requests in one message are done in their order")
def batch():
    nl = Netlink()
    number = u32(K.A_SESSION_ID, made(nl))
    nl.s.send(b"".join(nl.message(c, number) for c in (K.CMD_SESSION_START, K.CMD_SESSION_STOP, K.CMD_SESSION_DEL)))
    equal(nl.answers(), [], "answer to the deletion, the last one")
    equal(sessions(), [], "sessions")
    nl.close()


@test("a client has a bounded number of requests in progress, others go on")
def flood():
    nl, other = Netlink(), Netlink()
    me = u32(K.A_SESSION_ID, made(nl))
    nl.ask(K.CMD_SESSION_START, me)
    with Reader() as reader:
        for n in range(16):
            nl.send(K.CMD_SESSION_STOP, me)
        refused(nl, errno.ENOSPC, "too many requests", K.CMD_SESSION_STOP, me)
        # Nothing of this waits for what holds the first session up.
        sched = u32(K.A_SESSION_ID, made(other, "sched", "runq", param("rows", 4), param("inflight", 16)))
        other.ask(K.CMD_SESSION_DEL, sched)
        assert reader.runs(), "the reader has ended"
    nl.close()
    other.close()
    until(lambda: not references() and not hooked(), "the session to end")


def stuffed():
    """A client whose socket is full, and marked as overrun."""
    nl = Netlink()
    nl.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    for n in range(3):
        nl.send(K.CMD_SOURCE_GET, attr(K.A_SOURCE_NAME, "func"))
    return nl


@test("a client that does not read holds nobody up, and has its answer when it reads")
def mute():
    nl, other = stuffed(), Netlink()
    number = made(other)
    me = u32(K.A_SESSION_ID, number)
    # Detached, it obeys everybody.
    other.ask(K.CMD_SESSION_START, me, attr(K.A_SESSION_NAME, "shared"))
    nl.send(K.CMD_SESSION_STOP, me)
    until(lambda: seen(number)[0] == K.STATE_STOPPED, "the stop")
    other.ask(K.CMD_SESSION_DEL, me)
    equal(sessions(), [], "sessions")
    try:
        got = nl.answers()
    except OSError as e:
        equal(errno.errorcode[e.errno], "ENOBUFS", "error of the socket")
        got = nl.answers()
    equal(struct.unpack("I", dict(attrs(got[0]))[K.A_SESSION_STATE])[0], K.STATE_STOPPED, "state in the answer")
    nl.close()
    other.close()


@test("kobs is unloaded although an answer finds no room")
def unread():
    nl, other = stuffed(), Netlink()
    me = u32(K.A_SESSION_ID, made(other))
    other.ask(K.CMD_SESSION_START, me, attr(K.A_SESSION_NAME, "shared"))
    nl.send(K.CMD_SESSION_DEL, me)
    until(lambda: not sessions() and not references(), "the session to end")
    other.close()
    equal(rmmod("kobs"), None, "rmmod's complaint")
    insmod("kobs")
    nl.close()
    equal(report("count", LEAF, run=script("call task 7"))["accounting"]["hits"], 7, "hits after loading again")


main()
