# SPDX-License-Identifier: GPL-2.0
"""The family's refusals, byte by byte: each has its error number and a sentence."""

import errno
import socket
import struct

from kobstest import *
from nlkit import *

LEAF = "kobs_gen_leaf"


def address(name=LEAF):
    return symbol(name)


def functions(*addresses):
    return nest(K.A_SESSION_PARAM, attr(K.A_PARAM_NAME, "functions"),
                attr(K.A_PARAM_ADDRESSES, struct.pack(f"{len(addresses)}Q", *addresses)))


SOURCE = attr(K.A_SESSION_SOURCE, "func")
COUNT = SOURCE + attr(K.A_SESSION_MODE, "count")
TIME = SOURCE + attr(K.A_SESSION_MODE, "time")


def new_session(nl, *parts, mode=COUNT):
    got = dict(attrs(nl.ask(K.CMD_SESSION_NEW, mode, functions(address()), *parts)[0]))
    return struct.unpack("I", got[K.A_SESSION_ID])[0]


nl = Netlink()


@test("sources that do not exist")
def source_get():
    refused(nl, errno.ENOENT, "there is no source nosuch", K.CMD_SOURCE_GET, attr(K.A_SOURCE_NAME, "nosuch"))
    refused(nl, errno.EINVAL, "name", K.CMD_SOURCE_GET)
    equal(len(nl.ask(K.CMD_SOURCE_GET, attr(K.A_SOURCE_NAME, "func"))), 1, "answers")
    at_least(len(nl.ask(K.CMD_SOURCE_GET, dump=True)), 2, "sources")


@test("session-new: what is missing and unknown")
def new():
    ask = K.CMD_SESSION_NEW
    f = functions(address())
    refused(nl, errno.EINVAL, "source and a mode", ask)
    refused(nl, errno.EINVAL, "source and a mode", ask, SOURCE)
    refused(nl, errno.EINVAL, "source and a mode", ask, attr(K.A_SESSION_MODE, "count"))
    refused(nl, errno.ENOENT, "no source nosuch", ask, attr(K.A_SESSION_SOURCE, "nosuch"), attr(K.A_SESSION_MODE, "x"))
    refused(nl, errno.ENOENT, "no source session", ask, attr(K.A_SESSION_SOURCE, "session"),
            attr(K.A_SESSION_MODE, "x"))
    refused(nl, errno.ENOENT, "no mode nosuch", ask, SOURCE, attr(K.A_SESSION_MODE, "nosuch"))
    refused(nl, errno.EINVAL, "no column nosuch", ask, COUNT, f, attr(K.A_SESSION_BY, "nosuch"))
    refused(nl, errno.EINVAL, "named twice", ask, COUNT, f, attr(K.A_SESSION_BY, "cpu"), attr(K.A_SESSION_BY, "cpu"))
    refused(nl, errno.EINVAL, "no column", ask, COUNT, f, attr(K.A_SESSION_BY, ""))
    refused(nl, errno.EINVAL, "too many columns", ask, COUNT, f,
            *[attr(K.A_SESSION_BY, c) for c in ("func", "caller", "cpu", "pid", "tid", "comm", "kstack", "ustack")] * 8)
    refused(nl, errno.EINVAL, "functions is missing", ask, COUNT)
    refused(nl, errno.EINVAL, "min needs a value", ask, COUNT, f,
            nest(K.A_SESSION_FILTER, u64(K.A_FILTER_MIN, 5)))
    refused(nl, errno.EINVAL, "hist needs", ask, COUNT, f, param("hist", 1))


@test("session-new: parameters")
def parameters():
    ask = K.CMD_SESSION_NEW
    f = functions(address())
    name = attr(K.A_PARAM_NAME, "rows")
    refused(nl, errno.EINVAL, "no parameter nosuch", ask, COUNT, f, param("nosuch", 1))
    refused(nl, errno.EINVAL, "has no name", ask, COUNT, f, nest(K.A_SESSION_PARAM, u64(K.A_PARAM_NUMBER, 1)))
    refused(nl, errno.EINVAL, "rows needs one of", ask, COUNT, f, nest(K.A_SESSION_PARAM, name))
    refused(nl, errno.EINVAL, "rows needs one of", ask, COUNT, f,
            nest(K.A_SESSION_PARAM, name, u64(K.A_PARAM_NUMBER, 4), attr(K.A_PARAM_TEXT, "4")))
    for bad in "module:", ":function", "a  b", "a ", "!", "!module:":
        refused(nl, errno.EINVAL, "parameter wait has patterns", ask, COUNT,
                nest(K.A_SESSION_PARAM, attr(K.A_PARAM_NAME, "wait"), attr(K.A_PARAM_TEXT, bad)))
    refused(nl, errno.EINVAL, "given twice", ask, COUNT, f, param("rows", 4), param("rows", 4))
    refused(nl, errno.EINVAL, "rows takes a number", ask, COUNT, f,
            nest(K.A_SESSION_PARAM, name, attr(K.A_PARAM_TEXT, "4")))
    refused(nl, errno.EINVAL, "functions takes an array", ask, COUNT, param("functions", 1))
    refused(nl, errno.EINVAL, "8 bytes", ask, COUNT,
            nest(K.A_SESSION_PARAM, attr(K.A_PARAM_NAME, "functions"), attr(K.A_PARAM_ADDRESSES, bytes(9))))
    refused(nl, errno.EINVAL, "functions", ask, COUNT, functions())
    refused(nl, errno.EINVAL, "ftrace cannot trace it", ask, COUNT, functions((1 << 64) - 1))
    # Addresses may be split over attributes, repeated, and unordered.
    a = address()
    new_session_id = dict(attrs(nl.ask(ask, COUNT, functions(a, a), functions(a))[0]))
    equal(struct.unpack("I", new_session_id[K.A_SESSION_TARGETS])[0], 1, "targets")
    nl.ask(K.CMD_SESSION_DEL, attr(K.A_SESSION_ID, new_session_id[K.A_SESSION_ID]))


@test("session-new: every number parameter beyond its range")
def ranges():
    tried = 0
    for answer in nl.ask(K.CMD_SOURCE_GET, dump=True):
        parts = dict(attrs(answer))
        source = text(parts[K.A_SOURCE_NAME])
        mode = COUNT if source == "session" else attr(K.A_SESSION_SOURCE, source) + attr(
            K.A_SESSION_MODE, text(dict(attrs(parts[K.A_SOURCE_MODE]))[K.A_MODE_NAME]))
        for kind, payload in attrs(answer):
            if kind != K.A_SOURCE_PARAM:
                continue
            p = dict(attrs(payload))
            name = text(p[K.A_PARAM_NAME])
            if struct.unpack("I", p[K.A_PARAM_TYPE])[0] != K.TYPE_NUMBER:
                continue
            low, high, default = (struct.unpack("Q", p[k])[0] for k in (K.A_PARAM_LOWEST, K.A_PARAM_HIGHEST,
                                                                         K.A_PARAM_DEFAULT))
            assert low <= default <= high, f"default {default} of {name} is not in {low} to {high}"
            for bad in ([low - 1] if low else []) + [high + 1, (1 << 64) - 1]:
                sentence = refused(nl, errno.EINVAL, name, K.CMD_SESSION_NEW, mode, param(name, bad))
                contains(sentence, f"{low} to {high}", f"range of {name}")
                tried += 1
    at_least(tried, 12, "values tried")


@test("session-new: numbers at both ends of their range")
def ends():
    for name, value in (("rows", 2), ("stacks", 1), ("stack_depth", 1), ("budget", 0), ("budget", 100), ("hist", 0),
                        ("all", 1), ("inflight", 0), ("ring_kb", 8)):
        nl.ask(K.CMD_SESSION_DEL, u32(K.A_SESSION_ID, new_session(nl, param(name, value))))


@test("session-new: filters")
def filters():
    def ask(number, part, *inner):
        refused(nl, number, part, K.CMD_SESSION_NEW, COUNT, functions(address()), nest(K.A_SESSION_FILTER, *inner))

    ask(errno.EINVAL, "there is no cpu 4096", u32(K.A_FILTER_CPU, 4096))
    ask(errno.EINVAL, "there is no cpu", u32(K.A_FILTER_CPU, 0xffffffff))
    ask(errno.EINVAL, "comm", attr(K.A_FILTER_COMM, ""))
    ask(errno.EINVAL, "at most", *[u32(K.A_FILTER_PID, i) for i in range(1, 200)])
    ask(errno.EINVAL, "at most", *[attr(K.A_FILTER_COMM, f"c{i}") for i in range(200)])


@test("attributes of a wrong type, length or number")
def wrong():
    ask = K.CMD_SESSION_NEW
    f = functions(address())
    for number, parts in (
            (errno.EINVAL, (COUNT, f, u32(60, 1))),                                         # unknown
            (errno.EINVAL, (COUNT, f, u32(K.A_SESSION_ID, 1) + u32(K.A_SESSION_STATE, 1))),  # not of this command
            (errno.EINVAL, (COUNT, f, attr(K.A_SESSION_FILTER, b""), attr(K.A_SESSION_PARAM, b"\1\2\3"))),
            (errno.EINVAL, (COUNT, f, nest(K.A_SESSION_FILTER, attr(K.A_FILTER_PID, b"\1\2")))),
            (errno.EINVAL, (COUNT, f, nest(K.A_SESSION_FILTER, attr(K.A_FILTER_PID, bytes(8))))),
            (errno.EINVAL, (COUNT, f, nest(K.A_SESSION_FILTER, u32(50, 1)))),
            (errno.EINVAL, (COUNT, f, nest(K.A_SESSION_PARAM, attr(K.A_PARAM_NAME, "rows"), u32(K.A_PARAM_NUMBER, 4)))),
            (errno.EINVAL, (COUNT, f, nest(K.A_SESSION_FILTER, attr(K.A_FILTER_COMM, "longer-than-15-bytes")))),
            (errno.ERANGE, (COUNT, f, nest(K.A_SESSION_FILTER, attr(K.A_FILTER_COMM, "c" * 300)))),
            (errno.EINVAL, (COUNT, f, nest(K.A_SESSION_PARAM, attr(K.A_PARAM_NAME, "r" * 40), u64(K.A_PARAM_NUMBER, 4)))),
            (errno.EINVAL, (COUNT, f, attr(K.A_SESSION_BY, "b" * 40))),
            (errno.EINVAL, (COUNT, f, attr(K.A_SESSION_BY, "b" * 300))),
            (errno.ENOENT, (attr(K.A_SESSION_SOURCE, "s" * 40), attr(K.A_SESSION_MODE, "count"))),
            (errno.EINVAL, (attr(K.A_SESSION_SOURCE, "s" * 300), attr(K.A_SESSION_MODE, "count"))),
            (errno.EINVAL, (attr(K.A_SESSION_SOURCE, b"func"), attr(K.A_SESSION_MODE, "count"))),    # no NUL
            (errno.EINVAL, (attr(K.A_SESSION_SOURCE, b""), attr(K.A_SESSION_MODE, "count")))):
        try:
            refused(nl, number, "", ask, *parts)
        except AssertionError as e:
            # A policy refuses with either of the two error numbers.
            if "ERANGE" not in str(e) or "EINVAL" not in str(e):
                raise AssertionError(f"{parts}: {e}") from e
    equal(references(), 0, "sessions")


@test("commands that do not exist")
def unknown_command():
    for command in (0, 99, 255):
        try:
            nl.ask(command)
        except Refused as r:
            equal(r.number, errno.EOPNOTSUPP, f"error of command {command}")
        else:
            raise AssertionError(f"command {command} was accepted")


@test("sessions that do not exist")
def no_session():
    for command in (K.CMD_SESSION_START, K.CMD_SESSION_STOP, K.CMD_SESSION_GET, K.CMD_SESSION_DEL):
        refused(nl, errno.ENOENT, "there is no session 4000000000", command, u32(K.A_SESSION_ID, 4000000000))
        refused(nl, errno.ENOENT, "there is no session 0", command, u32(K.A_SESSION_ID, 0))
        refused(nl, errno.EINVAL, "missing", command)
    for command in (K.CMD_SESSION_STOP, K.CMD_SESSION_GET, K.CMD_SESSION_DEL):
        refused(nl, errno.ENOENT, "there is no session nobody", command, attr(K.A_SESSION_NAME, "nobody"))
    for command, kind in (K.CMD_TABLE_GET, K.A_ROW_SESSION), (K.CMD_STACK_GET, K.A_STACK_SESSION), (K.CMD_OBJECT_GET, K.A_OBJECT_SESSION):
        for dump in (False, True):
            refused(nl, errno.EINVAL, "missing", command, dump=dump)
            rest = () if dump or command == K.CMD_TABLE_GET else (u32(K.A_STACK_ID, 1),)
            refused(nl, errno.ENOENT, "there is no session", command, u32(kind, 4000000000), *rest, dump=dump)
            refused(nl, errno.ENOENT, "there is no session", command, u32(kind, 0), *rest, dump=dump)


@test("a session's states")
def states():
    number = new_session(nl)
    me = u32(K.A_SESSION_ID, number)
    refused(nl, errno.EBUSY, "was not started", K.CMD_SESSION_STOP, me)
    nl.ask(K.CMD_SESSION_START, me)
    refused(nl, errno.EBUSY, "was started before", K.CMD_SESSION_START, me)
    gen("call task 5")
    nl.ask(K.CMD_SESSION_STOP, me)
    nl.ask(K.CMD_SESSION_STOP, me)
    refused(nl, errno.EBUSY, "was started before", K.CMD_SESSION_START, me)
    refused(nl, errno.ENOENT, "stack", K.CMD_STACK_GET, u32(K.A_STACK_SESSION, number), u32(K.A_STACK_ID, 77))
    nl.ask(K.CMD_SESSION_DEL, me)
    refused(nl, errno.ENOENT, "there is no session", K.CMD_SESSION_GET, me)


@test("sessions of other sockets")
def others():
    other = Netlink()
    me = u32(K.A_SESSION_ID, new_session(nl))
    for command in (K.CMD_SESSION_START, K.CMD_SESSION_STOP, K.CMD_SESSION_DEL):
        refused(other, errno.EPERM, "belongs to another socket", command, me)
    other.ask(K.CMD_SESSION_GET, me)
    other.close()
    nl.ask(K.CMD_SESSION_DEL, me)


@test("names of detached sessions")
def names():
    me = u32(K.A_SESSION_ID, new_session(nl))
    for bad in ("", "1a", "a b", "a/b", "\x01"):
        refused(nl, errno.EINVAL, "name", K.CMD_SESSION_START, me, attr(K.A_SESSION_NAME, bad))
    nl.ask(K.CMD_SESSION_START, me, attr(K.A_SESSION_NAME, "raw.name_1-x"))
    second = u32(K.A_SESSION_ID, new_session(nl))
    refused(nl, errno.EEXIST, "already", K.CMD_SESSION_START, second, attr(K.A_SESSION_NAME, "raw.name_1-x"))
    # The session can still be started, under another name or without one.
    nl.ask(K.CMD_SESSION_START, second)
    nl.ask(K.CMD_SESSION_DEL, second)
    nl.ask(K.CMD_SESSION_DEL, attr(K.A_SESSION_NAME, "raw.name_1-x"))
    stream = u32(K.A_SESSION_ID, new_session(nl, mode=SOURCE + attr(K.A_SESSION_MODE, "trace")))
    refused(nl, errno.EINVAL, "cannot be detached", K.CMD_SESSION_START, stream, attr(K.A_SESSION_NAME, "s"))
    nl.ask(K.CMD_SESSION_DEL, stream)


@test("the limit on sessions, and that it is lifted when they end")
def most():
    other = Netlink()
    n = 0
    try:
        while n < 1000:
            new_session(other, param("rows", 2))
            n += 1
    except Refused as r:
        equal(r.number, errno.ENOSPC, f"error of session {n + 1}")
        contains(r.sentence, f"{n} sessions", "sentence")
    other.close()
    at_most(n, 999, "sessions")
    at_least(n, 8, "sessions")
    until(lambda: not references(), "the sessions to end")
    nl.ask(K.CMD_SESSION_DEL, u32(K.A_SESSION_ID, new_session(nl)))


@test("too much memory is refused, and nothing is left")
def memory():
    everything = [attr(K.A_SESSION_BY, c) for c in ("func", "caller", "pid", "tid", "comm", "cpu")]
    refused(nl, errno.ENOMEM, "no memory", K.CMD_SESSION_NEW, TIME, functions(address()), *everything,
            param("rows", 1 << 20), param("hist", 1))


@test("truncated and garbled requests")
def garbage():
    whole = COUNT + functions(address()) + nest(K.A_SESSION_FILTER, u32(K.A_FILTER_PID, 1)) + param("rows", 4)
    for n in range(0, len(whole), 3):
        try:
            for answer in nl.ask(K.CMD_SESSION_NEW, whole[:n]):
                nl.ask(K.CMD_SESSION_DEL, attr(K.A_SESSION_ID, dict(attrs(answer))[K.A_SESSION_ID]))
        except Refused:
            pass
    for n in range(len(whole)):
        for flip in (0x81,):
            bad = whole[:n] + bytes([whole[n] ^ flip]) + whole[n + 1:]
            try:
                for answer in nl.ask(K.CMD_SESSION_NEW, bad):
                    nl.ask(K.CMD_SESSION_DEL, attr(K.A_SESSION_ID, dict(attrs(answer))[K.A_SESSION_ID]))
            except Refused:
                pass
    equal(references(), 0, "sessions")


@test("address 0")
def zero():
    refused(nl, errno.EINVAL, "ftrace cannot trace it", K.CMD_SESSION_NEW, COUNT, functions(0))
    refused(nl, errno.EINVAL, "ftrace cannot trace it", K.CMD_SESSION_NEW, TIME, functions(0, 0))


def told(source, mode, columns, *parts):
    full = [u32(K.A_FILTER_PID, i) for i in range(1, 33)] + [u32(K.A_FILTER_TID, i) for i in range(1, 33)] + \
           [u32(K.A_FILTER_CPU, i) for i in (0, 1)] + [attr(K.A_FILTER_COMM, f"comm-{i:010}") for i in range(32)]
    name = "n" * 31
    new = nl.ask(K.CMD_SESSION_NEW, attr(K.A_SESSION_SOURCE, source), attr(K.A_SESSION_MODE, mode),
                 *[attr(K.A_SESSION_BY, c) for c in columns], nest(K.A_SESSION_FILTER, *full), *parts)
    me = attr(K.A_SESSION_ID, dict(attrs(new[0]))[K.A_SESSION_ID])
    nl.ask(K.CMD_SESSION_START, me, attr(K.A_SESSION_NAME, name))
    # A socket that has not read anything yet: the kernel begins its dumps with small messages.
    fresh = Netlink.__new__(Netlink)
    fresh.s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
    fresh.s.settimeout(WAIT)
    fresh.seq, fresh.family = 0, nl.family
    found = fresh.ask(K.CMD_SESSION_GET, dump=True)
    fresh.close()
    nl.ask(K.CMD_SESSION_DEL, me)
    equal(len(found), 1, "sessions in the dump")
    filters = [k for k, _ in attrs(dict(attrs(found[0]))[K.A_SESSION_FILTER])]
    equal(len(filters), len(full), "items of the filter")


def text_param(name, text):
    return nest(K.A_SESSION_PARAM, attr(K.A_PARAM_NAME, name), attr(K.A_PARAM_TEXT, text))


@test("a session of which there is all to tell is told of as a whole")
def large():
    told("slab", "leaks", ("site", "cache", "size", "kstack"), text_param("cache", "c" * 31), param("objects", 1024))
    told("func", "count", ("func", "caller", "kstack"), functions(address()), text_param("wait", "a:b " * 1023 + "a:b"))


@test("a refusal's sentence is that of its request, whoever else is refused")
def sentences():
    pids = []
    for i in range(16):
        pid = os.fork()
        if not pid:
            mine = Netlink()
            for n in range(rounds(40, 300)):
                name = f"p{i}-{n}-" + "x" * (n % 32)
                try:
                    mine.ask(K.CMD_SOURCE_GET, attr(K.A_SOURCE_NAME, name))
                except Refused as r:
                    if r.sentence not in (f"there is no source {name}",
                                          "request refused; too many concurrent errors to say why"):
                        os._exit(1)
            os._exit(0)
        pids.append(pid)
    equal([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids], [0] * 16, "statuses")


main()
