# SPDX-License-Identifier: GPL-2.0
"""probe: fields of events' records, against what kobs_gen_probe fires, beside others that use the same events."""

import ctypes
import struct

from kobstest import *
from nlkit import *
from probekit import *

EVENTS = "/sys/kernel/tracing/events/"
EVENT = "t:kobs_gen_probe:kobs_gen_fields"
CLONE = EVENTS + "kobs/kobs_gen_fields"
LABELS = ("even", "oddly long text")


def gone():
    until(lambda: not os.path.exists(CLONE), "the end of the clone")


def cut(n, bits, signed):
    n &= (1 << bits) - 1
    return n - (1 << bits) if signed and n >> (bits - 1) else n


for context in ("task", "softirq", "hardirq"):
    def sizes(c):
        r = probe("count", EVENT, "--by", "small,half,word,wide,usmall,uhalf,uword", run=rounds_of(f"record {c} 40 -100000 54321"))
        want = {(cut(n, 8, True), cut(n, 16, True), n, n, cut(n, 8, False), cut(n, 16, False), cut(n, 32, False)): 1
                for n in numbers(40, -100000, 54321)}
        equal(table(r, "small", "half", "word", "wide", "usmall", "uhalf", "uword"), want, "rows")
        equal(r["accounting"]["lost"], {}, "lost")
        r = probe("hist", EVENT, "--value", "word", "--where", "half != 6", run=rounds_of(f"record {c} 90 -10 1"))
        row, = r["rows"]
        good = [n for n in numbers(90, -10, 1) if n >= 0 and n != 6]
        equal((row["count"], row["negative"], row["sum"], row["max"]), (89, 10, sum(good), 79), "count, negative, sum and max")
        equal((r["accounting"]["hits"], r["accounting"]["filtered"]), (90, 1), "hits and filtered")
        gone()
    test(f"numbers of all sizes in {context} context")(lambda c=context: sizes(c))


@test("texts: arrays, and those whose length the record says, with an end or not")
def texts():
    r = probe("count", EVENT, "--by", "text,name", run=rounds_of("record task 10 0 1"))
    equal(table(r, "text", "name"), {("even", "even"): 5, (LABELS[1], LABELS[1][:8]): 5}, "rows")
    r = probe("count", EVENT, "--by", "bare,str(where)=where", run=rounds_of("record task 10 0 1"))
    equal(table(r, "bare", "where"), {(label, label): 5 for label in LABELS}, "rows without an end")
    for text, want in (('text == "even"', 5), ('bare == "even"', 5), ('name == "oddly lo"', 5), ('name != "oddly"', 10),
                       ('bare == "oddly long tex"', 0), ("name[0] == 'o' && text[4] == 0", 0), ("text[1] == 'v'", 5)):
        r = probe("count", EVENT, "--where", text, run=rounds_of("record task 10 0 1"))
        equal(r["accounting"]["recorded"], want, f"recorded with {text}")


@test("what every hit has is not hidden by a field of its name")
def context_names():
    r = probe("count", EVENT, "--where", "pid > 5 && word == 3", "--by", "record_pid=of_record", run=rounds_of("record task 6 0 1"))
    equal(table(r, "of_record"), {(3,): 1}, "rows")


@test("stacks begin with the function that fires the event")
def stacks():
    r = probe("count", EVENT, "--by", "kstack", "--where", "word >= 0", run=rounds_of("record task 8 0 1"))
    row, = r["rows"]
    equal(row["count"], 8, "count")
    contains(" ".join(row["kstack"][:2]), "burst_rounds", "the first frames")


@test("trace: records in their order")
def trace():
    r = obsctl("probe", "trace", EVENT, "--by", "word,name", "--json", "--", *rounds_of("record task 4 7 2"))
    lines = [json.loads(line) for line in r.out.splitlines()]
    equal([(x["word"], x["name"]) for x in lines[:-1]], [(7 + 2 * i, LABELS[i % 2][:8]) for i in range(4)], "records")
    account(lines[-1])


@test("NMI context")
def nmi():
    if subprocess.run(["vm-nmi", "0"], capture_output=True, check=False).returncode:
        skip("NMIs can be injected only in a guest of 'vm --nmi'")
    with Background("probe", "count", "t:nmi:nmi_handler", "--by", "record_handled", "--json") as b:
        subprocess.run(["vm-nmi", "0"], check=True)
        r = probe("count", "t:nmi:nmi_handler", "--by", "cpu", run=["vm-nmi", "10"])
        with_record = account(json.loads(b.stop().out.splitlines()[-1]))
    at_least(r["accounting"]["hits"], 1, "NMIs")
    at_least(with_record["accounting"]["hits"], r["accounting"]["hits"], "NMIs with their record")
    equal(with_record["accounting"]["lost"], {}, "lost")


# bpf(2) and perf_event_open(2) without a library.
LIBC = ctypes.CDLL(None, use_errno=True)
NR = {"x86_64": (321, 298), "aarch64": (280, 241)}[os.uname().machine]


def perf_open(event_id, cpu=-1, pid=0):
    """A perf counter of an event: of this process, or of a CPU."""
    attr_bytes = bytearray(128)
    # PERF_TYPE_TRACEPOINT; a period of 1.
    struct.pack_into("<IIQQ", attr_bytes, 0, 2, 128, event_id, 1)
    buf = (ctypes.c_char * 128).from_buffer(attr_bytes)
    fd = LIBC.syscall(NR[1], buf, pid, cpu, -1, 0)
    assert fd >= 0, f"perf_event_open: {os.strerror(ctypes.get_errno())}"
    return fd


def bpf_drop(event_id):
    """Attaches a BPF program that returns 0 to an event; returns the descriptors that keep it."""
    code = ctypes.create_string_buffer(struct.pack("<BBhi", 0xb7, 0, 0, 0) + struct.pack("<BBhi", 0x95, 0, 0, 0), 16)
    licence = ctypes.create_string_buffer(b"GPL")
    what = ctypes.create_string_buffer(120)
    # BPF_PROG_TYPE_TRACEPOINT.
    struct.pack_into("<IIQQIIQ", what, 0, 5, 2, ctypes.addressof(code), ctypes.addressof(licence), 0, 0, 0)
    prog = LIBC.syscall(NR[0], 5, what, 120)
    assert prog >= 0, f"bpf: {os.strerror(ctypes.get_errno())}"
    fd = perf_open(event_id, cpu=0, pid=-1)
    # PERF_EVENT_IOC_SET_BPF
    assert LIBC.ioctl(fd, 0x40042408, prog) == 0, f"ioctl: {os.strerror(ctypes.get_errno())}"
    return [fd, prog]


def id_of(path):
    return int(read(path + "/id"))


def count_of_perf(fd):
    return struct.unpack("<Q", os.read(fd, 8))[0]


@test("a BPF program that drops the event's records drops none here")
def immune():
    fds = bpf_drop(id_of(EVENTS + "kobs_gen_probe/kobs_gen_fields"))
    peer = perf_open(id_of(EVENTS + "kobs_gen_probe/kobs_gen_fields"))
    try:
        # perf's counter is of this process, which therefore fires the event itself.
        with Background("probe", "count", EVENT, "--by", "half", "--json") as b:
            with open(RUN, "w", encoding="ascii") as f:
                f.write("record task 100 0 0")
            r = account(json.loads(b.stop().out.splitlines()[-1]))
        equal(count_of_perf(peer), 0, "hits of perf's own counter")
        equal((table(r, "half"), r["accounting"]["lost"]), ({(0,): 100}, {}), "hits here")
    finally:
        for fd in [*fds, peer]:
            os.close(fd)


@test("records that perf drops are hits that are lost")
def dropped():
    with Background("probe", "count", EVENT, "--by", "half", "--json") as b:
        subprocess.run(rounds_of("record task 30 1 0"), check=True)
        fds = bpf_drop(id_of(CLONE))
        subprocess.run(rounds_of("record task 50 1 0", "record hardirq 20 1 0"), check=True)
        for fd in fds:
            os.close(fd)
        subprocess.run(rounds_of("record task 7 1 0"), check=True)
        r = account(json.loads(b.stop().out.splitlines()[-1]))
    equal((r["accounting"]["hits"], r["accounting"]["lost"]), (107, {"dropped": 70}), "hits and lost")
    equal(table(r, "half"), {(1,): 37}, "rows")


@test("the clone can be used by perf while it lives, and stays as long as that has it open; tracefs cannot use it")
def others():
    with Background("probe", "count", EVENT, "--by", "half", "--json") as b:
        fd = perf_open(id_of(CLONE))
        equal([f for f in ("enable", "filter", "trigger") if os.path.exists(f"{CLONE}/{f}")], [], "files to use it by")
        with open(RUN, "w", encoding="ascii") as f:
            f.write("record task 9 0 0")
        r = account(json.loads(b.stop().out.splitlines()[-1]))
    equal((table(r, "half"), count_of_perf(fd)), ({(0,): 9}, 9), "hits here, and of perf")
    assert os.path.exists(CLONE), "the clone went while perf had it open"
    # A second session shares it, and leaves it alone.
    r = probe("count", EVENT, "--by", "half", run=rounds_of("record task 3 0 0"))
    equal(table(r, "half"), {(0,): 3}, "hits of the second")
    with open(RUN, "w", encoding="ascii") as f:
        f.write("record task 5 0 0")
    equal(count_of_perf(fd), 14, "hits of perf")
    os.close(fd)
    gone()


@test("sessions share a clone, and a module stays as long as its event is hooked")
def shared():
    with Background("probe", "count", EVENT, "--by", "half", "--json") as a:
        with Background("probe", "hist", EVENT, "--value", "word", "--json") as b:
            subprocess.run(rounds_of("record task 12 1 0"), check=True)
            r = account(json.loads(b.stop().out.splitlines()[-1]))
            equal(r["rows"][0]["sum"], 12, "sum")
        contains(rmmod("kobs_gen_probe") or "", "in use", "rmmod's complaint")
        subprocess.run(rounds_of("record task 4 1 0"), check=True)
        r = account(json.loads(a.stop().out.splitlines()[-1]))
    equal(table(r, "half"), {(1,): 16}, "rows")
    gone()
    equal(rmmod("kobs_gen_probe"), None, "rmmod's complaint")
    insmod("kobs_gen_probe")


@test("a CPU that goes and comes back has its records again")
def hotplug():
    online = "/sys/devices/system/cpu/cpu1/online"
    if not os.path.exists(online):
        skip("this machine has one CPU, or cannot take one offline")
    on_it = ["taskset", "-c", "1", *rounds_of("record task 25 2 0")]
    with Background("probe", "count", EVENT, "--by", "half,cpu", "--json") as b:
        subprocess.run(on_it, check=True)
        for state in ("0", "1"):
            with open(online, "w", encoding="ascii") as f:
                f.write(state)
        # A worker makes the counter; until then its hits are lost.
        before = 25
        for _ in range(10):
            subprocess.run(["taskset", "-c", "1", *rounds_of("record task 1 2 0")], check=True)
            time.sleep(0.1)
            before += 1
        subprocess.run(on_it, check=True)
        r = account(json.loads(b.stop().out.splitlines()[-1]))
        lost = r["accounting"]["lost"].get("dropped", 0)
    equal(r["accounting"]["hits"], before + 25, "hits")
    equal(sum(table(r, "half", "cpu").values()), before + 25 - lost, "recorded")
    at_most(lost, 9, "lost until the counter was there")


def has_btf(event):
    r = json.loads(obsctl("probe", "list", event, "--json").out)
    return bool(r["probes"][0]["args"])


@test("list shows the fields")
def listing():
    r = json.loads(obsctl("probe", "list", EVENT, "--json").out)
    equal([f["name"] for f in r["probes"][0]["fields"]],
          ["small", "half", "word", "wide", "usmall", "uhalf", "uword", "uwide", "where", "name", "text", "bare", "pid"], "fields")
    contains(obsctl("probe", "list", "t:sched:sched_switch").out, "prev_comm", "fields of sched_switch")


REFUSALS = {
    ("count", EVENT, "--by", "halves"): (2, "the field 'halves' is 'u16[3]': fields that are numbers and texts can be used"),
    ("count", EVENT, "--by", "wrod"): (2, "near it: word"),
    ("count", EVENT, "--where", 'word == "x"'): (2, "str("),
    ("hist", EVENT, "--value", "text"): (2, "a value is a number, and it is a text"),
    ("count", EVENT, "--where", "arg0 == 1 && word == 1"): (2, "'arg0' is an argument, and 'word' a field of the record"),
    ("count", EVENT, "--where", 'name == "123456789"'): (2, "'name' has at most 8 characters"),
    ("time", EVENT): (2, "has no duration"),
}


@test("refusals name what is wrong, and leave nothing behind")
def refusals():
    for args, (status, part) in REFUSALS.items():
        r = obsctl("probe", *args, "--", "true", status=None)
        equal((r.status, len(r.err.strip().splitlines())), (status, 1), f"status and lines of {args}: {r.err}")
        contains(r.err, part, f"sentence of {args}")
    gone()


@test("the module checks what an event's target says")
def hostile():
    nl = Netlink()
    field, field_text = 42, 43

    def new(name, *code):
        return [attr(K.A_SESSION_SOURCE, "probe"), attr(K.A_SESSION_MODE, "count"), words("targets", 7, 0),
                words("code", *code, 0), phrase("names", name), param("budget", 0)]
    refused(nl, 2, "there is no event nosuch:event", K.CMD_SESSION_NEW, *new("t:nosuch:event", field | 4 << 16))
    refused(nl, 2, "there is no event kobs:clones", K.CMD_SESSION_NEW, *new("t:kobs:clones", field | 4 << 16))
    refused(nl, 95, "its fields are not available", K.CMD_SESSION_NEW, *new("t:syscalls:sys_enter_read", field | 4 << 16))
    refused(nl, 22, "it has 0 arguments only", K.CMD_SESSION_NEW, *new(EVENT, 1))
    # A program that wants more than a record has loses its hits, as does a place beyond it.
    at = int(re.search(r" uword;\toffset:(\d+);", read(EVENTS + "kobs_gen_probe/kobs_gen_fields/format"))[1])
    for code in ((field | 8 << 16 | 4000 << 32,), (field_text | 1 << 8 | at << 32, 38 | 1 << 8)):
        me = dict(attrs(nl.ask(K.CMD_SESSION_NEW, *new(EVENT, *code))[0]))[K.A_SESSION_ID]
        nl.ask(K.CMD_SESSION_START, attr(K.A_SESSION_ID, me))
        subprocess.run(rounds_of(f"record task 6 {255 << 16 | 5} 0"), check=True)
        nl.ask(K.CMD_SESSION_STOP, attr(K.A_SESSION_ID, me))
        r = {kind: payload for kind, payload in attrs(nl.ask(K.CMD_SESSION_GET, attr(K.A_SESSION_ID, me))[0])}
        equal((u64_of(r[K.A_SESSION_HITS]), u64_of(r[K.A_SESSION_RECORDED])), (6, 0), f"hits and recorded with {code}")
        nl.ask(K.CMD_SESSION_DEL, attr(K.A_SESSION_ID, me))
    nl.close()


if __name__ == "__main__":
    insmod("kobs_gen_probe")
    try:
        main()
    finally:
        rmmod("kobs_gen_probe")
