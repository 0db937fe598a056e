# SPDX-License-Identifier: GPL-2.0
"""Requests that wait for a grace period: nobody else waits, and a client may die meanwhile."""

import select

from kobstest import *
from nlkit import *

LEAF = "kobs_gen_leaf"


class Reader:
    """A task in the kernel that does not sleep: RCU-tasks grace periods wait for it."""

    def __enter__(self):
        gen("reset")
        # Not for ever: what waits for it, and should not, goes on some time, and the test fails.
        self.p = subprocess.Popen(["sh", "-c", f"exec 3>{GEN}run; echo spin 100000 1000000 >&3"])
        until(lambda: stats()["spin"], "the reader to run")
        return self

    def runs(self):
        return self.p.poll() is None

    def end(self):
        self.p.kill()
        self.p.wait()

    def __exit__(self, *exc):
        self.end()


def made(nl):
    """A session of the client, by number."""
    address = next(int(line.split()[0], 16) for line in open("/proc/kallsyms") if line.split()[2] == LEAF)
    s = dict(attrs(nl.ask(K.CMD_SESSION_NEW, attr(K.A_SESSION_SOURCE, "func"), attr(K.A_SESSION_MODE, "count"),
                          words("functions", address))[0]))
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
    return one == two and one[0] == K.STATE_STARTED


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
        address = next(int(line.split()[0], 16) for line in open("/proc/kallsyms") if line.split()[2] == LEAF)
        nl.send(K.CMD_SESSION_NEW, attr(K.A_SESSION_SOURCE, "func"), attr(K.A_SESSION_MODE, "count"),
                words("functions", address))
        nl.close()
    until(lambda: not references() and not hooked(), "the sessions to end")
    equal(sessions(), [], "sessions")


main()
