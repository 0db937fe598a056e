# SPDX-License-Identifier: GPL-2.0
"""Requests that wait for a grace period: nobody else waits, and a client may die meanwhile."""

import errno
import select
import socket
import struct

from kobstest import *
from nlkit import *

LEAF = "kobs_gen_leaf"
SOFTWARE, TRACEPOINT = 1, 2    # types of perf's events


class Reader:
    """
    A task in the kernel that does not sleep: RCU-tasks grace periods wait for it. It outlives every wait of a test: what waits for
    it, and should not, fails. With "hold", all of RCU's grace periods wait for it, for ten seconds: see held().
    """

    def __init__(self, verb="spin", cpu=None):
        self.command = f"{verb} {10000 if verb == 'hold' else int(2 * WAIT) * 1000} 1000000"
        self.pin = [] if cpu is None else ["taskset", "-c", str(cpu)]

    def __enter__(self):
        gen("reset")
        self.p = subprocess.Popen([*self.pin, "sh", "-c", f"exec 3>{GEN}run; echo {self.command} >&3"])
        until(lambda: stats()["spin"], "the reader to run")
        return self

    def runs(self):
        return self.p.poll() is None

    def end(self):
        self.p.kill()
        self.p.wait()

    def __exit__(self, *exc):
        self.end()


def held(begin, check, undo=lambda: None, cpu=None):
    """check() while begin() waits for a grace period; both again, after undo(), when the machine was too slow for it."""
    for n in range(10):
        with Reader("hold", cpu) as reader:
            begin(reader)
            got = check()
            in_time = reader.runs()
        undo()
        if in_time:
            return got
    raise AssertionError("what should not wait for a grace period takes as long as one, ten times")


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


def read_while_pmu_stops(mode, *event):
    nl, other = Netlink(), Netlink()
    numbers = []

    def begin(reader):
        number = made(nl, "pmu", mode, words("events", *event), param("budget", 0))
        me = u32(K.A_SESSION_ID, number)
        numbers.append(number)
        nl.ask(K.CMD_SESSION_START, me)
        nl.send(K.CMD_SESSION_STOP, me)
        until(lambda: stopping(number) or not reader.runs(), "the stop to begin")

    def check():
        other.ask(K.CMD_TABLE_GET, u32(K.A_ROW_SESSION, numbers[-1]), dump=True)
        contains([s["id"] for s in sessions()], numbers[-1], "sessions listed by obsctl")
        return answered(nl)

    equal(held(begin, check), False, "whether the stop was answered before the grace period ended")
    nl.answers()
    for number in numbers:
        nl.ask(K.CMD_SESSION_DEL, u32(K.A_SESSION_ID, number))
    nl.close()
    other.close()


@test("while pmu waits for its handlers, the session is listed and read")
def pmu():
    # Software event cpu-clock, a sample every 4 ms.
    read_while_pmu_stops("record", SOFTWARE, 0, 0, 0, 0, 4000000, 0, 0)


@test("while perf waits for a tracepoint's handlers, the session is listed and read")
def pmu_tracepoint():
    number = int(read("/sys/kernel/tracing/events/syscalls/sys_enter_mkdir/id"))
    read_while_pmu_stops("stat", TRACEPOINT, number, 0, 0, 0, 0, 0, 0)


@test("while CPU hotplug waits, a session that is made holds up nobody")
def hotplug():
    online = "/sys/devices/system/cpu/cpu1/online"
    if not os.path.exists(online):
        skip("no CPU can be taken offline")
    nl = Netlink()
    unplug = []

    def plug():
        unplug.pop().wait()
        subprocess.run(["sh", "-c", f"echo 1 >{online}"], check=True)

    def begin(reader):
        unplug.append(subprocess.Popen(["sh", "-c", f"echo 0 >{online}"]))
        at = f"/proc/{unplug[-1].pid}/stack"
        until(lambda: "cpu_down" in read(at) or not reader.runs(), "CPU 1 to go")
        # A ring buffer is allocated under the lock of CPU hotplug.
        nl.send(K.CMD_SESSION_NEW, attr(K.A_SESSION_SOURCE, "func"), attr(K.A_SESSION_MODE, "trace"), leaf())

    def check():
        gen("family")
        obsctl("status")

    try:
        held(begin, check, plug, cpu=0)
    finally:
        if unplug:
            plug()
    nl.answers()
    nl.close()
    until(lambda: not references(), "the sessions to end")


@test("who is told that a session was deleted can unload the module")
def gone():
    nl = Netlink()
    for n in range(rounds(20, 100)):
        nl.ask(K.CMD_SESSION_DEL, u32(K.A_SESSION_ID, made(nl, "sched", "runq", param("rows", 4), param("inflight", 16))))
        equal(references(), 0, "references to the module")
    nl.close()


@test("what a worker does for the session's own requests is no hit")
def own():
    r = report("count", "netlink_unicast", "--by", "comm", run=["true"])
    equal([x for x in r["rows"] if x["comm"].startswith("kworker")], [], "hits of workers")
    at_least(r["accounting"]["filtered"], 1, "the answer to the start, filtered")


@test("a refused session-new whose answer finds no room takes no session with it")
def refused_unread():
    nl = Netlink()
    number = made(nl)
    nl.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    for n in range(3):
        nl.send(K.CMD_SOURCE_GET, attr(K.A_SOURCE_NAME, "func"))
    before = in_progress(nl)
    # Refused by the worker: all rows do not fit.
    nl.send(K.CMD_SESSION_NEW, attr(K.A_SESSION_SOURCE, "func"), attr(K.A_SESSION_MODE, "count"), words("functions", 1))
    at_least(in_progress(nl, before), 1, "requests without an answer")
    until(lambda: len(sessions()) == 1, "the refusal")
    nl.s.connect((12345, 0))
    drain(nl)
    until(lambda: not in_progress(nl, before), "the attempt to answer")
    equal([s["id"] for s in sessions()], [number], "sessions")
    nl.close()
    until(lambda: not references() and not hooked(), "the session to end")


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


def in_progress(nl, before=0):
    """Requests of a client that are not answered: each has a reference to its socket."""
    port = str(nl.s.getsockname()[0])
    lines = [line.split() for line in read("/proc/net/netlink").splitlines()]
    return next(int(line[lines[0].index("Locks")]) for line in lines if line[1:3] == ["16", port]) - before


def shared(nl):
    """A session that obeys everybody: detached."""
    number = made(nl)
    nl.ask(K.CMD_SESSION_START, u32(K.A_SESSION_ID, number), attr(K.A_SESSION_NAME, "shared"))
    return number


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
    number = shared(other)
    me = u32(K.A_SESSION_ID, number)
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


def drain(nl):
    """Errors, or 0, of the messages that a client has now, by number of the request."""
    got = {}
    nl.s.setblocking(False)
    while True:
        try:
            data = nl.s.recv(1 << 17)
        except BlockingIOError:
            break
        except OSError as e:
            equal(errno.errorcode[e.errno], "ENOBUFS", "error of the socket")
            continue
        while data:
            n, kind, flags, seq, _ = struct.unpack_from("IHHII", data)
            if kind == 2:
                got[seq] = -struct.unpack_from("i", data, 16)[0]
            data = data[n + 3 & ~3:]
    nl.s.settimeout(WAIT)
    return got


@test("many clients that do not read lock nobody out; too many answers push out the oldest")
def mutes():
    other = Netlink()
    me = u32(K.A_SESSION_ID, shared(other))
    mute = [stuffed() for n in range(17)]
    first = [nl.seq + 1 for nl in mute]
    for nl in mute:
        for n in range(16):
            nl.send(K.CMD_SESSION_STOP, me)
        # Those of a session are done in their order: all of the above are.
        other.ask(K.CMD_SESSION_STOP, me)
    for nl, n in zip(mute[1:], first[1:]):
        got = {}
        until(lambda: got.update(drain(nl)) or nl.seq in got, "the answers")
        equal({seq: error for seq, error in got.items() if seq >= n}, {seq: 0 for seq in range(n, n + 16)}, "answers to a client")
    equal([n for n in drain(mute[0]) if n >= first[0]], [], "answers to the client that asked first")
    other.ask(K.CMD_SESSION_DEL, me)
    equal(sessions(), [], "sessions")
    for nl in mute + [other]:
        nl.close()


@test("a session whose creation cannot be reported ends, but not one that was detached meanwhile")
def unreported():
    for name in None, "kept":
        nl, other = stuffed(), Netlink()
        before = in_progress(nl)
        nl.send(K.CMD_SESSION_NEW, attr(K.A_SESSION_SOURCE, "func"), attr(K.A_SESSION_MODE, "count"), leaf())
        number = until(lambda: next((s["id"] for s in sessions()), None), "the session")
        if name:
            nl.send(K.CMD_SESSION_START, u32(K.A_SESSION_ID, number), attr(K.A_SESSION_NAME, name))
            until(lambda: seen(number)[0] == K.STATE_STARTED, "the start")
        at_least(in_progress(nl, before), 1, "requests without an answer")
        # From now on the socket takes messages of that port only.
        nl.s.connect((12345, 0))
        drain(nl)
        until(lambda: not in_progress(nl, before), "the attempt to answer")
        if name:
            equal([s["name"] for s in sessions()], [name], "sessions")
            other.ask(K.CMD_SESSION_DEL, u32(K.A_SESSION_ID, number))
        until(lambda: not references(), "the session to end")
        nl.close()
        other.close()


@test("kobs is unloaded although an answer finds no room")
def unread():
    nl, other = stuffed(), Netlink()
    nl.send(K.CMD_SESSION_DEL, u32(K.A_SESSION_ID, shared(other)))
    until(lambda: not sessions() and not references(), "the session to end")
    other.close()
    equal(rmmod("kobs"), None, "rmmod's complaint")
    insmod("kobs")
    nl.close()
    equal(report("count", LEAF, run=script("call task 7"))["accounting"]["hits"], 7, "hits after loading again")


main()
