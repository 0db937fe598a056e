# SPDX-License-Identifier: GPL-2.0
"""
Shared by selftests that speak the family's protocol: a minimal client, which can also send malformed requests.
"""

import errno
import re
import socket
import struct

from kobstest import *

F_REQUEST, F_ACK, F_DUMP, F_NESTED = 1, 4, 0x300, 0x8000


def constants():
    """The enumerators of uapi/kobs.h."""
    values, last = {}, 0
    for line in read(f"{SRC}/uapi/kobs.h").splitlines():
        m = re.match(r"\t(_*KOBS_\w+)( = (\d+))?,", line)
        if "enum" in line:
            last = -1
        elif m:
            last = int(m[3]) if m[3] else last + 1
            values[m[1]] = last
    return values


class Constants:
    pass


K = Constants()
for key, number in constants().items():
    setattr(K, key.removeprefix("KOBS_"), number)


def attr(kind, payload, nested=False):
    if isinstance(payload, str):
        payload = payload.encode() + b"\0"
    n = 4 + len(payload)
    return struct.pack("HH", n, kind | (F_NESTED if nested else 0)) + payload + bytes(-n % 4)


def nest(kind, *attrs):
    return attr(kind, b"".join(attrs), nested=True)


def u32(kind, n):
    return attr(kind, struct.pack("I", n))


def u64(kind, n):
    return attr(kind, struct.pack("Q", n))


def attrs(data):
    at = 0
    while at + 4 <= len(data):
        n, kind = struct.unpack_from("HH", data, at)
        yield kind & 0x3fff, data[at + 4:at + n]
        at += n + 3 & ~3


def text(payload):
    return payload.rstrip(b"\0").decode(errors="replace")


class Refused(Exception):
    def __init__(self, number, sentence):
        super().__init__(f"{errno.errorcode.get(number, number)}: {sentence}")
        self.number, self.sentence = number, sentence


class Netlink:
    def __init__(self):
        self.s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.s.setsockopt(270, 11, 1)   # SOL_NETLINK, NETLINK_EXT_ACK
        self.s.setsockopt(270, 10, 1)   # NETLINK_CAP_ACK
        self.s.setsockopt(socket.SOL_SOCKET, 32, 8 << 20)   # SO_SNDBUFFORCE: requests with long arrays
        self.s.settimeout(WAIT)
        self.s.bind((0, 0))
        self.seq = 0
        self.family = 16
        self.family = next(struct.unpack("H", v)[0] for k, v in attrs(self.ask(3, attr(2, "kobs"))[0]) if k == 1)

    def close(self):
        self.s.close()

    def ask(self, command, *parts, dump=False):
        """Returns the attributes of every answer; a refusal is an exception."""
        self.send(command, *parts, dump=dump)
        return self.answers()

    def send(self, command, *parts, dump=False):
        self.s.send(self.message(command, *parts, dump=dump))

    def message(self, command, *parts, dump=False):
        """A request to be sent; its answers are those of answers()."""
        self.seq += 1
        body = struct.pack("BBH", command, 1, 0) + b"".join(parts)
        flags = F_REQUEST | (F_DUMP if dump else F_ACK)
        return struct.pack("IHHII", 16 + len(body), self.family, flags, self.seq, 0) + body

    def answers(self):
        """What answers the request that was sent last."""
        answers = []
        while True:
            data = self.s.recv(1 << 17)
            while data:
                n, kind, flags, seq, _ = struct.unpack_from("IHHII", data)
                message, data = data[16:n], data[n + 3 & ~3:]
                if seq != self.seq:
                    continue
                if kind in (2, 3):  # error, and end of a dump
                    number = -struct.unpack_from("i", message)[0] if len(message) >= 4 else 0
                    if number:
                        at = 20 if kind == 2 else 4
                        sentence = next((text(v) for k, v in attrs(message[at:]) if k == 1), "")
                        raise Refused(number, sentence)
                    return answers
                answers.append(message[4:])


def received(nl):
    """Commands and payloads of what a socket receives at a time: nothing where it reports an overrun."""
    try:
        data = nl.s.recv(1 << 17)
    except OSError as e:
        equal(errno.errorcode[e.errno], "ENOBUFS", "error of the socket")
        return
    while data:
        size = struct.unpack_from("I", data)[0]
        yield data[16], data[20:size]
        data = data[size + 3 & ~3:]


def refused(nl, number, part, command, *parts, dump=False):
    try:
        nl.ask(command, *parts, dump=dump)
    except Refused as r:
        equal(errno.errorcode[r.number], errno.errorcode[number], f"error of {part!r} ({r.sentence!r})")
        assert r.sentence, f"no sentence where {part!r} was expected"
        contains(r.sentence.lower(), part.lower(), "sentence")
        return r.sentence
    raise AssertionError(f"accepted what should be refused with {part!r}")


def param(name, number):
    return nest(K.A_SESSION_PARAM, attr(K.A_PARAM_NAME, name), u64(K.A_PARAM_NUMBER, number))


def phrase(name, value):
    """A text parameter."""
    return nest(K.A_SESSION_PARAM, attr(K.A_PARAM_NAME, name), attr(K.A_PARAM_TEXT, value))


def words(name, *numbers):
    """An array parameter."""
    return nest(K.A_SESSION_PARAM, attr(K.A_PARAM_NAME, name),
                attr(K.A_PARAM_ADDRESSES, struct.pack(f"{len(numbers)}Q", *[n & (1 << 64) - 1 for n in numbers])))


def u64_of(payload):
    return struct.unpack("Q", payload)[0]


def all_sessions():
    """Attributes of each session."""
    nl = Netlink()
    try:
        return [list(attrs(a)) for a in nl.ask(K.CMD_SESSION_GET, dump=True)]
    finally:
        nl.close()


def sessions_of(pid):
    """Attributes of the sessions that a process owns."""
    return [s for s in all_sessions() if (K.A_SESSION_OWNER_PID, struct.pack("I", pid)) in s]


def states():
    """The state of each session."""
    return [struct.unpack("I", dict(s)[K.A_SESSION_STATE])[0] for s in all_sessions()]


def observes(pid):
    """Whether a process has a session that is started."""
    return any((K.A_SESSION_STATE, struct.pack("I", K.STATE_STARTED)) in s for s in sessions_of(pid))


def note(pid, name):
    """The number of a note of the sessions that a process owns; 0 when there is none."""
    notes = [dict(attrs(v)) for s in sessions_of(pid) for kind, v in s if kind == K.A_SESSION_NOTE]
    return sum(u64_of(n[K.A_NOTE_NUMBER]) for n in notes if text(n[K.A_NOTE_NAME]) == name)


class Session:
    """A session of any aggregating source: with Session(source, mode, by, *parts) as s: ..., then examine s."""

    def __init__(self, source, mode, by, *parts):
        self.nl = Netlink()
        self.by = by.split(",")
        new = [attr(K.A_SESSION_SOURCE, source), attr(K.A_SESSION_MODE, mode), *[attr(K.A_SESSION_BY, c) for c in self.by]]
        got = dict(attrs(self.nl.ask(K.CMD_SESSION_NEW, *new, *parts)[0]))
        self.id = struct.unpack("I", got[K.A_SESSION_ID])[0]
        self.me = u32(K.A_SESSION_ID, self.id)

    def __enter__(self):
        self.nl.ask(K.CMD_SESSION_START, self.me)
        return self

    def __exit__(self, *exception):
        self.nl.ask(K.CMD_SESSION_STOP, self.me)
        if exception[0]:
            self.close()

    def close(self):
        self.nl.close()

    def info(self):
        """The accounting, as numbers by name; notes among them, and lost the sum of all reasons."""
        sizes = {"hits": K.A_SESSION_HITS, "recorded": K.A_SESSION_RECORDED, "filtered": K.A_SESSION_FILTERED,
                 "own": K.A_SESSION_OWN, "cached": K.A_SESSION_STACKS_CACHED, "unwound": K.A_SESSION_STACKS_UNWOUND}
        got = {"lost": 0}
        for kind, v in attrs(self.nl.ask(K.CMD_SESSION_GET, self.me)[0]):
            if kind == K.A_SESSION_LOST:
                lost = dict(attrs(v))
                got["lost"] += u64_of(lost[K.A_LOST_COUNT])
                got["lost_" + text(lost[K.A_LOST_REASON])] = u64_of(lost[K.A_LOST_COUNT])
            elif kind == K.A_SESSION_NOTE:
                note = dict(attrs(v))
                got[text(note[K.A_NOTE_NAME])] = u64_of(note[K.A_NOTE_NUMBER])
            else:
                got.update({name: u64_of(v) for name, k in sizes.items() if k == kind})
        return got

    def rows(self):
        """Rows of equal keys added up: {"count": N, "fields": [...], column: value, ...}. All fields are taken for sums."""
        merged = {}
        for answer in self.nl.ask(K.CMD_TABLE_GET, u32(K.A_ROW_SESSION, self.id), dump=True):
            key, count, fields = {}, 0, []
            for kind, v in attrs(answer):
                if kind == K.A_ROW_KEY:
                    k = dict(attrs(v))
                    key[self.by[struct.unpack("I", k[K.A_KEY_COLUMN])[0]]] = (u64_of(k[K.A_KEY_NUMBER]) if K.A_KEY_NUMBER in k else
                                                                              text(k[K.A_KEY_TEXT]))
                elif kind == K.A_ROW_COUNT:
                    count = u64_of(v)
                elif kind == K.A_ROW_FIELD:
                    fields.append(u64_of(v))
            row = merged.setdefault(tuple(key.items()), {**key, "count": 0, "fields": [0] * len(fields)})
            row["count"] += count
            row["fields"] = [a + b for a, b in zip(row["fields"], fields)]
        return list(merged.values())

    def stack(self, number):
        answer = self.nl.ask(K.CMD_STACK_GET, u32(K.A_STACK_SESSION, self.id), u32(K.A_STACK_ID, number))[0]
        data = next(v for k, v in attrs(answer) if k == K.A_STACK_ADDRESSES)
        return list(struct.unpack(f"{len(data) // 8}Q", data))
