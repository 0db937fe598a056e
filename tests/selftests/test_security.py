# SPDX-License-Identifier: GPL-2.0
"""
Access rights, command by command, at the module's interface; and that no kernel address reaches a caller without them. For
obsctl's refusals see test_refusals.py, for lockdown test_lockdown.py.
"""

import errno

from kobstest import *
from nlkit import *

NEEDS = "kobs needs CAP_PERFMON or CAP_SYS_ADMIN in the initial user namespace"
LEAF = "kobs_gen_leaf"

# Tries every command on a socket, its own or an inherited one; prints each result.
CHILD = """
import json, os, socket, struct, sys
import nlkit
from nlkit import *
family = int(sys.argv[1])
passed = int(sys.argv[2])
nl = Netlink.__new__(Netlink)
if passed >= 0:
    nl.s = socket.socket(fileno=passed)
else:
    nl.s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
    nl.s.setsockopt(270, 11, 1)
    nl.s.setsockopt(270, 10, 1)
    nl.s.bind((0, 0))
nl.s.settimeout(WAIT)
nl.seq, nl.family = 1000, family
me = u32(K.A_SESSION_ID, int(sys.argv[3]))
row = u32(K.A_ROW_SESSION, int(sys.argv[3]))
objects = [u32(K.A_OBJECT_SESSION, int(sys.argv[3])), u32(K.A_OBJECT_GROUP, 1), u32(K.A_OBJECT_MOST, 1), u32(K.A_OBJECT_BYTES, 8)]
for name, command, dump, parts in (
        ("source-get", K.CMD_SOURCE_GET, False, [attr(K.A_SOURCE_NAME, "func")]), ("sources", K.CMD_SOURCE_GET, True, []),
        ("session-new", K.CMD_SESSION_NEW, False, [attr(K.A_SESSION_SOURCE, "sched"), attr(K.A_SESSION_MODE, "runq")]),
        ("session-start", K.CMD_SESSION_START, False, [me]), ("session-stop", K.CMD_SESSION_STOP, False, [me]),
        ("session-get", K.CMD_SESSION_GET, False, [me]), ("sessions", K.CMD_SESSION_GET, True, []),
        ("session-del", K.CMD_SESSION_DEL, False, [me]), ("table-get", K.CMD_TABLE_GET, False, [row]),
        ("table", K.CMD_TABLE_GET, True, [row]), ("stack-get", K.CMD_STACK_GET, False, [row, u32(K.A_STACK_ID, 1)]),
        ("stacks", K.CMD_STACK_GET, True, [row]), ("object-get", K.CMD_OBJECT_GET, False, objects), ("objects", K.CMD_OBJECT_GET, True, objects)):
    try:
        n = len(nl.ask(command, *parts, dump=dump))
        print(json.dumps([name, 0, f"{n} answers"]))
    except Refused as r:
        print(json.dumps([name, r.number, r.sentence]))
"""
DROP = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]


def with_caps(*caps):
    plus = ",".join(f"+{c}" for c in caps)
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", f"--inh-caps=-all,{plus}", f"--ambient-caps={plus}",
            f"--bounding-set=-all,{plus}"]


class Victim:
    """A session of root with a row and a stack, as a target for others."""

    def __enter__(self):
        address = symbol(LEAF)
        self.s = Session("func", "count", "func,kstack", words("functions", address))
        with self.s:
            subprocess.run(script("call task 5"), check=True)
        return self.s

    def __exit__(self, *exception):
        self.s.close()


def verdicts(s, *line, fd=-1):
    """The answer to each command of a process started by this line."""
    # The tree may be in a directory that others cannot read.
    os.makedirs("/tmp/nlkit", exist_ok=True)
    for name in ("kobstest.py", "nlkit.py"):
        with open(f"/tmp/nlkit/{name}", "w") as f:
            f.write(read(f"{SRC}/tests/selftests/lib/{name}"))
    os.makedirs("/tmp/nlkit/uapi", exist_ok=True)
    with open("/tmp/nlkit/uapi/kobs.h", "w") as f:
        f.write(read(f"{SRC}/uapi/kobs.h"))
    env = {**os.environ, "PYTHONPATH": "/tmp/nlkit", "KOBS_SRC": "/tmp/nlkit", "PYTHONDONTWRITEBYTECODE": "1"}
    r = subprocess.run([*line, "/usr/bin/python3", "-c", CHILD, str(s.nl.family), str(fd), str(s.id)], capture_output=True,
                       text=True, env=env, pass_fds=[fd] if fd >= 0 else [], cwd="/")
    if "setpriv" in r.stderr or "unshare" in r.stderr:
        skip(r.stderr.strip())
    assert r.returncode == 0, f"{r}"
    got = [json.loads(line) for line in r.stdout.splitlines()]
    equal(len(got), 14, "commands tried")
    return got


def all_refused(*line, fd=-1):
    with Victim() as s:
        for name, number, sentence in verdicts(s, *line, fd=fd):
            equal((number, sentence), (errno.EPERM, NEEDS), f"answer to {name}")
        # It still works.
        equal(sum(row["count"] for row in s.rows()), 5, "count of the session that others reached for")


test("a user without rights: every command is refused")(lambda: all_refused(*DROP))
test("CAP_NET_ADMIN alone: every command is refused")(lambda: all_refused(*with_caps("net_admin")))
test("CAP_SYS_PTRACE and CAP_SYSLOG: every command is refused")(lambda: all_refused(*with_caps("sys_ptrace", "syslog")))
test("root of a user namespace: every command is refused")(lambda: all_refused("unshare", "-U", "-r"))


@test("a descriptor passed from root to a user without rights is of no use")
def passed():
    nl = Netlink()
    os.set_inheritable(nl.s.fileno(), True)
    all_refused(*DROP, fd=nl.s.fileno())
    nl.close()


@test("the owner's own descriptor, passed on, neither reads nor ends its session")
def passed_owner():
    with Victim() as s:
        for name, number, sentence in verdicts(s, *DROP, fd=s.nl.s.fileno()):
            equal((number, sentence), (errno.EPERM, NEEDS), f"answer to {name}")
        equal(sum(row["count"] for row in s.rows()), 5, "count")


@test("a descriptor opened without rights and passed to root is of no use")
def passed_up():
    with Victim() as s:
        a, b = socket.socketpair()
        pid = os.fork()
        if not pid:
            as_nobody()
            mine = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
            mine.setsockopt(270, 11, 1)
            mine.setsockopt(270, 10, 1)
            mine.bind((0, 0))
            socket.send_fds(b, [b"x"], [mine.fileno()])
            os._exit(0)
        fd = socket.recv_fds(a, 1, 1)[1][0]
        os.waitpid(pid, 0)
        for name, number, sentence in verdicts(s, fd=fd):
            equal((number, sentence), (errno.EPERM, NEEDS), f"answer to {name}")
        os.close(fd)


@test("CAP_PERFMON alone: every command is allowed, and others' sessions stay theirs")
def perfmon():
    with Victim() as s:
        got = {name: (number, sentence) for name, number, sentence in verdicts(s, *with_caps("perfmon"))}
        for name in ("source-get", "sources", "session-new", "session-get", "sessions", "table-get", "table", "stacks"):
            equal(got[name][0], 0, f"answer to {name}: {got[name]}")
        for name in ("session-start", "session-stop", "session-del"):
            equal(got[name][0], errno.EPERM, f"answer to {name}")
            contains(got[name][1], f"session {s.id} belongs to another socket", f"answer to {name}")


@test("a dump that root began is not continued for a user without rights")
def half_dump():
    # Enough rows for several messages, and a buffer for one.
    address = symbol(LEAF)
    s = Session("func", "count", "caller,cpu,comm,pid,tid", words("functions", address), param("budget", 0))
    with s:
        for name in range(20):
            subprocess.run(script("spread 1"), check=True)
    s.nl.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    body = struct.pack("BBH", K.CMD_TABLE_GET, 1, 0) + u32(K.A_ROW_SESSION, s.id)
    s.nl.s.send(struct.pack("IHHII", 16 + len(body), s.nl.family, F_REQUEST | F_DUMP, 77, 0) + body)
    first = s.nl.s.recv(1 << 17)
    pid = os.fork()
    if not pid:
        as_nobody()
        status = 99
        try:
            while True:
                data = s.nl.s.recv(1 << 17)
                n, kind, _, _, _ = struct.unpack_from("IHHII", data)
                if kind == 3:
                    status = -struct.unpack_from("i", data, 16)[0]
                    break
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    s.close()
    at_least(len(first), 1000, "bytes of the first message")
    equal(errno.errorcode.get(status), "EPERM", "end of the dump")


@test("what everybody may read of the module has no kernel address in it")
def world_readable():
    base = "/sys/module/kobs"
    texts = {"status of obsctl": subprocess.run([*DROP, "cat", f"{base}/parameters/rows", f"{base}/parameters/stacks",
                                                 f"{base}/parameters/ring_kb", f"{base}/version", f"{base}/refcnt"],
                                                capture_output=True, text=True).stdout,
             "the kernel's log": "\n".join(line for line in kernel_log().splitlines() if "kobs" in line)}
    for name, content in texts.items():
        equal(re.findall(r"\bffff[0-9a-f]{12}\b", content), [], f"addresses in {name}")


main()
