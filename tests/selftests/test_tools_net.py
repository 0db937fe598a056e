# SPDX-License-Identifier: GPL-2.0
"""net: packets and connections of programs that know what becomes of them, each in a network namespace of its own."""

from toolkit import *

UP = """
import fcntl, json, os, socket, struct, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 0x41))

def counters():
    out = {}
    for path in "/proc/net/snmp", "/proc/net/netstat":
        lines = open(path).read().splitlines()
        for names, numbers in zip(lines[::2], lines[1::2]):
            kind = names.split(":")[0]
            out.update({kind + k: int(v) for k, v in zip(names.split()[1:], numbers.split()[1:])})
    return out
"""

# Nobody listens.
CLOSED = UP + """
for i in range(21):
    s.sendto(b"x" * 40, ("127.0.0.1", 9))
for i in range(13):
    t = socket.socket()
    try:
        t.connect(("127.0.0.1", 7))
    except ConnectionRefusedError:
        pass
    t.close()
"""

# Two that are not accepted fill a queue, whatever follows is refused: it is sent again, after a second.
FULL = UP + """
host, out = sys.argv[1:]
family = socket.AF_INET6 if ":" in host else socket.AF_INET
server = socket.socket(family)
server.bind((host, 4321))
server.listen(0)
first = socket.socket(family)
first.connect((host, 4321))
others = []
for i in range(5):
    t = socket.socket(family)
    t.setblocking(False)
    t.connect_ex((host, 4321))
    others.append(t)
time.sleep(1.6)
for t in others:
    t.close()
json.dump(counters(), open(out, "w"))
"""


def space(program, *args):
    return ["unshare", "-n", *python(program, *args)]


@test("drop: by the kernel's name of the reason, and place")
def drop():
    r = report("net", "drop", run=space(CLOSED))
    none = {row["place"].split("+")[0]: row["count"] for row in r["rows"] if row["reason"] == "SKB_DROP_REASON_NO_SOCKET"}
    udp = {k: n for k, n in none.items() if "udp" in k}
    tcp = {k: n for k, n in none.items() if "tcp" in k}
    equal((sum(udp.values()), sum(tcp.values()), len(none)), (21, 13, len(udp) + len(tcp)), f"drops in {r['rows']}")
    r = report("net", "drop", "--where", "reason == SKB_DROP_REASON_NO_SOCKET", "--by", "reason,dev", run=space(CLOSED))
    equal(table(r, "reason", "dev"), {("SKB_DROP_REASON_NO_SOCKET", "lo"): 34}, "rows by device")
    at_least(r["rows"][0]["reason_number"], 1, "number of the reason")


# Connections that are accepted, and closed by the client first; and some that nobody accepts.
STATES = UP + """
server = socket.create_server(("127.0.0.1", 4322))
for i in range(7):
    t = socket.create_connection(("127.0.0.1", 4322))
    u, _ = server.accept()
    t.close()
    u.close()
for i in range(4):
    try:
        socket.create_connection(("127.0.0.1", 4321))
    except ConnectionRefusedError:
        pass
"""


@test("connect: connections that are established, by peer")
def connect():
    r = report("net", "connect", "--by", "comm,peer,port,local", run=space(STATES))
    equal(table(r, "comm", "peer", "port", "local"), {("python3", "127.0.0.1", 4322, "127.0.0.1"): 7}, "rows")
    at_least(r["rows"][0]["min"], 1, "ns")
    assert "p99" in r["rows"][0], f"percentiles of {r['rows']}"
    text = obsctl("net", "connect", "--", *space(STATES)).out
    assert re.search(r"^python3 +127\.0\.0\.1 +4,?322 +7 ", text, re.M), text


@test("states: connections from their begin to their end")
def states():
    r = report("net", "states", run=space(STATES))
    got = table(r, "old", "new")
    want = {("TCP_CLOSE", "TCP_SYN_SENT"): 11, ("TCP_SYN_SENT", "TCP_ESTABLISHED"): 7, ("TCP_SYN_SENT", "TCP_CLOSE"): 4,
            ("TCP_SYN_RECV", "TCP_ESTABLISHED"): 7, ("TCP_ESTABLISHED", "TCP_FIN_WAIT1"): 7,
            ("TCP_ESTABLISHED", "TCP_CLOSE_WAIT"): 7, ("TCP_CLOSE_WAIT", "TCP_LAST_ACK"): 7, ("TCP_CLOSE", "TCP_LISTEN"): 1}
    equal({k: got.get(k) for k in want}, want, "states")


@test("connect, states and drop without the kernel's types")
def no_types():
    r = report("net", "connect", run=space(STATES), env=NO_TYPES)
    equal(table(r, "comm"), {("python3",): 7}, "connections")
    r = report("net", "states", run=space(STATES), env=NO_TYPES)
    got = table(r, "old", "new")
    equal((got[(7, 2)], got[(2, 1)], got[(2, 7)]), (11, 7, 4), "states")
    r = report("net", "drop", run=space(CLOSED), env=NO_TYPES)
    equal(sum(row["count"] for row in r["rows"] if "udp" in row["place"]), 21, "packets")
    r = obsctl("net", "retransmit", "--", "true", status=1, env=NO_TYPES)
    contains(r.err, "net retransmit: this kernel does not have what it needs: the expression", "sentence")


for host in "127.0.0.1", "::1":
    def refused_by(host):
        path = "/tmp/kobs_net_counters"
        r = report("net", "accept", run=space(FULL, host, path))
        with open(path, encoding="ascii") as f:
            want = json.load(f)
        at_least(want["TcpExtListenOverflows"], 8, "what the kernel counts")
        equal(table(r, "local", "port"), {(host, 4321): want["TcpExtListenOverflows"]}, "rows")
        r = report("net", "retransmit", run=space(FULL, host, path))
        with open(path, encoding="ascii") as f:
            want = json.load(f)
        at_least(want["TcpRetransSegs"], 4, "what the kernel counts")
        equal(table(r, "peer", "port", "state"), {(host, 4321, "TCP_SYN_SENT"): want["TcpRetransSegs"]}, "rows")
    test(f"accept and retransmit: as many as the kernel counts, to {host}")(lambda host=host: refused_by(host))


REFUSALS = {
    ("drops",): (2, "'net' has no verb 'drops', but connect, accept, states, drop or retransmit; did you mean 'obsctl net drop"),
    ("drop", "--where", "reson == 3"): (2, "near it: reason"),
}


@test("refusals name what is wrong")
def refusals():
    refused("net", REFUSALS)


if __name__ == "__main__":
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        print("1..0 # SKIP this kernel has no BTF")
        sys.exit(SKIP_STATUS)
    main()
