# SPDX-License-Identifier: GPL-2.0
"""mem leaks --dump and slab leaks --dump: what leaked objects hold, against a module that knows it."""

import struct

import nlkit
from kobstest import *
from nlkit import K, Netlink, attr, attrs, param, refused, text, u32

GEN_HOLD = "/sys/kernel/debug/kobs_gen_hold/"
MOD = ("--module", "kobs_gen_hold")
KINDS = ["slab", "page", "percpu", "area"]
SOURCES = {"slab": "slab", "page": "page", "percpu": "percpu", "area": "vmalloc"}
INTO = 16
NUMBERED = 0x6b6f62736e756d62
# With KASAN an object of kmalloc() takes twice its size, for what KASAN notes.
KASAN = 2 if KERNEL in ("debug", "kmemleak") else 1
# Offsets in struct held.
AT = {name: 24 + 8 * i for i, name in enumerate("number fn next stack area page error user data".split())}


def gen_hold(command):
    """Run a command of kobs_gen_hold, synchronously."""
    fd = os.open(GEN_HOLD + "run", os.O_WRONLY)
    try:
        os.write(fd, command.encode())
    finally:
        os.close(fd)


def truth():
    """The objects planted, as (kind, address, size), and where pointers point to: name to (address, number)."""
    lines = [(name, int(a, 16), int(n)) for name, a, n in (line.split() for line in read(GEN_HOLD + "stats").splitlines())]
    return lines[:-4], {name: (a, n) for name, a, n in lines[-4:]}


def hold_script(*commands):
    """A command line that runs commands of kobs_gen_hold, with ticks between them."""
    return ["sh", "-c", "; ".join(f"echo {c} >{GEN_HOLD}run || exit; sleep 0.1" for c in commands)]


def dumped(*args, run, status=0):
    """The JSON report of a verb of leaks around a command, and its objects."""
    r = json.loads(obsctl(*args, "--budget", 0, "--json", "--", *run, status=status).out)
    return r, [dict(o, kind=s["kind"], site=s["site"]) for s in r["dump"]["sites"] for o in s["objects"]]


def word(o, at):
    return struct.unpack_from("Q", bytes.fromhex(o["data"]), at)[0]


def pointers(o):
    return {p["offset"]: p for p in o["pointers"]}


def check_task(o):
    equal((o["comm"], "interrupt" in o), ("sh", False), f"who allocated #{o['number']}")
    at_least(o["tid"], 2, "thread")
    equal(o["tid"], o["pid"], "process of a shell's thread")


def check_held(o, i, kind, address, size, targets):
    """All that an object planted holds."""
    data = bytes.fromhex(o["data"])
    equal((int(o["address"], 16), o["state"], o["kind"]), (address, "read", SOURCES[kind]), f"object {i}")
    equal(o["size"], size * KASAN if kind == "slab" else size, f"size of {kind}")
    equal(data[:24].rstrip(b"\0").decode(), f"kobs holds {kind} {i}", "text")
    equal(word(o, AT["number"]), 0x1234567890abcdef + i, "number")
    found = pointers(o)
    want = {AT[name] for name in ("fn", "stack", "area", "page", "data")} | ({AT["next"]} if i else set())
    equal({at for at in found if at < size}, want, f"offsets of pointers of {kind}")
    p = found[AT["fn"]]
    equal((p["kind"], p["name"], int(p["value"], 16)), ("symbol", "gen_hold_target+0x3 [kobs_gen_hold]", targets["fn"][0]), "function")
    equal((found[AT["data"]]["kind"], found[AT["data"]]["name"]), ("symbol", "gen_hold_data+0x8 [kobs_gen_hold]"), "data")
    p = found[AT["stack"]]
    equal((p["kind"], p["name"], p["tid"]), ("stack", "gen_hold_stack", targets["stack"][1]), "stack")
    inside = int(p["value"], 16) - int(p["start"], 16)
    assert 0 < inside < 1 << 16, f"place in the stack is {inside:#x}"
    p = found[AT["area"]]
    equal((p["kind"], int(p["value"], 16)), ("vmalloc", targets["area"][0]), "area")
    p = found[AT["page"]]
    equal((p["kind"], int(p["value"], 16) - int(p["start"], 16)), ("page", 64), "page")
    check_task(o)


@test("objects of each kind hold what was put into them, and point to each other")
def each_kind():
    order = KINDS * 2
    try:
        r, objects = dumped("mem", "leaks", *MOD, "--dump", 8, run=hold_script(*(f"plant {k}" for k in order)))
        planted, targets = truth()
        equal([k for k, _, _ in planted], order, "what was planted")
        by_address = {int(o["address"], 16): o for o in objects}
        equal(len(by_address), len(order), "number of objects")
        equal(sorted(by_address), sorted(a for _, a, _ in planted), "addresses")
        for i, (kind, address, size) in enumerate(planted):
            o = by_address[address]
            check_held(o, i, kind, address, size, targets)
            if not i:
                continue
            p = pointers(o)[AT["next"]]
            equal((p["object"], p["at"]), (by_address[planted[i - 1][1]]["number"], INTO), f"what object {i} points to")
            if planted[i - 1][0] == "slab":
                equal((p["kind"], p["name"]), ("slab", "kmalloc-128"), "cache of a pointer")
                equal(int(p["value"], 16) - int(p["start"], 16), INTO, "offset in the slab object")
        # One chain, from the last one planted to the first.
        equal(len(r["dump"]["chains"]), 1, "chains")
        chain = r["dump"]["chains"][0]
        equal([link["to"] for link in chain], [by_address[a]["number"] for _, a, _ in planted[-2::-1]], "chain")
        equal({(link["offset"], link["at"]) for link in chain}, {(AT["next"], INTO)}, "places in the chain")
        last = max(online_possible())
        equal({o.get("cpu") for o in objects if o["kind"] == "percpu"}, {last}, "CPU of percpu areas")
        for s in r["dump"]["sites"]:
            ages = [o["age_ns"] for o in s["objects"]]
            equal(ages, sorted(ages, reverse=True), f"order of ages of {s['site']}")
    finally:
        gen_hold("drop")


def online_possible():
    first, _, last = read("/sys/devices/system/cpu/possible").strip().partition("-")
    return range(int(first), int(last or first) + 1)


@test("the oldest are chosen, and as many bytes are read as were asked for")
def oldest():
    try:
        r, objects = dumped("slab", "leaks", *MOD, "--dump", 5, "--dump-bytes", 20, run=hold_script("leak 30"))
        equal(len(objects), 5, "objects")
        equal({(len(o["data"]), o["size"]) for o in objects}, {(40, 1024 * KASAN)}, "bytes read, and sizes")
        equal([s["site"].split("+")[0] for s in r["dump"]["sites"]], ["gen_plant_many"], "sites")
        equal(r["dump"]["chains"], [], "chains")
        r, objects = dumped("slab", "leaks", *MOD, "--dump", 64, run=hold_script("drop", "leak 10", "leak 90"))
        equal({word(o, 0) for o in objects[:10]}, set(range(10)), "the oldest ten")
        equal(len(objects), 64, "objects")
        equal(all(10 <= word(o, 0) < 100 for o in objects[10:]), True, "the others")
    finally:
        gen_hold("drop")


@test("an interrupt is no task, and what is freed is not shown")
def interrupts():
    try:
        r, objects = dumped("mem", "leaks", "--kind", "slab", *MOD, "--dump", 9, run=hold_script("interrupt 3"))
        # Interrupts that allocate are threads of PREEMPT_RT.
        equal([("interrupt" in o, "comm" in o) for o in objects], [(False, True) if KERNEL.endswith("-rt") else (True, False)] * 3,
              "who allocated them")
        gen_hold("drop")
        r, objects = dumped("mem", "leaks", "--kind", "slab", *MOD, "--dump", 9, run=hold_script("leak 8", "free 6"))
        equal({word(o, 0) for o in objects}, {6, 7}, "what is left")
    finally:
        gen_hold("drop")


@test("text: bytes, words for pointers, chains")
def shown():
    try:
        out = obsctl("slab", "leaks", *MOD, "--dump", 2, "--budget", 0, "--", *hold_script("plant slab", "plant slab")).out
        planted, targets = truth()
        for part in ("What the oldest live objects of gen_plant_slab+0x", "(slab):", f"0x{planted[0][1]:x}, {128 * KASAN} bytes, ", " old, allocated by sh (pid ",
                     "0000  6b 6f 62 73 20 68 6f 6c  64 73 20 73 6c 61 62 20  |kobs holds slab |",
                     f"    +0x20   0x{targets['fn'][0]:x}  gen_hold_target+0x3 [kobs_gen_hold]\n", f"stack of gen_hold_stack (tid {targets['stack'][1]}) +0x",
                     "area of vmalloc()", "page +0x40", ", object of slab cache kmalloc-128 +0x10\n", "Objects that others of these point to:\n", " +0x28 -> #"):
            contains(out, part, "report")
        gen_hold("drop")
        out = obsctl("mem", "leaks", *MOD, "--dump", 1, "--budget", 0, "--", *hold_script("plant page")).out
        contains(out, ": the first 256\n", "report of a page")
        contains(out, "|kobs holds page |", "report of a page")
        contains(out, "    *\n", "lines that are the same")
        contains(out, "(page):", "kind")
    finally:
        gen_hold("drop")


@test("a site that leaks is chosen, without a module")
def leaking():
    try:
        turns = " ".join(map(str, range(15)))
        r, objects = dumped("mem", "leaks", "--kind", "slab", "--dump", 3, run=["sh", "-c",
                            f"for i in {turns}; do echo leak 20 >{GEN_HOLD}run; sleep 0.15; done"])
        ours = [o for o in objects if o["site"].startswith("gen_plant_many+")]
        equal([o["state"] for o in ours], ["read"] * 3, "states")
        at_most(max(word(o, 0) for o in ours), 19, "number of the oldest")
        leaking = {row["site"] for row in r["rows"] if row.get("verdict") == "leak"}
        equal({s["site"].split(",")[0] for s in r["dump"]["sites"]} - leaking, set(), "sites that do not leak")
    finally:
        gen_hold("drop")


@test("a saved report shows the same")
def saved():
    def tail(out):
        return out[out.index("What the oldest live"):]
    try:
        for args in ("slab", "leaks"), ("mem", "leaks"), ("mem", "leaks", "--kind", "page"):
            plant = "page" if args[-1] == "page" else "slab"
            obsctl(*args, *MOD, "--dump", 4, "--budget", 0, "--json", "-o", "/tmp/dump.json", "--", *hold_script(f"plant {plant}", f"plant {plant}"))
            r = json.loads(read("/tmp/dump.json"))
            out = obsctl("show", "/tmp/dump.json").out
            equal(len([o for site in r["dump"]["sites"] for o in site["objects"]]), 2, "objects in the file")
            for part in (f"|kobs holds {plant} |", "What the oldest live objects of", " +0x28 -> #", "stack of gen_hold_stack"):
                contains(tail(out), part, f"obsctl show of {args}")
            gen_hold("drop")
    finally:
        gen_hold("drop")
        if os.path.exists("/tmp/dump.json"):
            os.unlink("/tmp/dump.json")


def session(nl, source="slab", *more):
    """A session that follows the module, started."""
    start, end = module_text()
    made = nl.ask(K.CMD_SESSION_NEW, attr(K.A_SESSION_SOURCE, source), attr(K.A_SESSION_MODE, "leaks"), attr(K.A_SESSION_BY, "site"),
                  nlkit.nest(K.A_SESSION_PARAM, attr(K.A_PARAM_NAME, "module"), attr(K.A_PARAM_TEXT, "kobs_gen_hold")),
                  nlkit.nest(K.A_SESSION_PARAM, attr(K.A_PARAM_NAME, "module_text"), attr(K.A_PARAM_ADDRESSES, struct.pack("QQ", start, end))), *more)
    number = next(struct.unpack("I", v)[0] for k, v in attrs(made[0]) if k == K.A_SESSION_ID)
    return number


def module_text():
    found = [line.split() for line in read("/proc/kallsyms").splitlines() if line.endswith("[kobs_gen_hold]")]
    code = [int(a, 16) for a, kind, *_ in found if kind in "tT"]
    return min(code) & ~4095, (max(code) | 4095) + 1


def groups(nl, number):
    """Groups of the rows with live objects, of a session of this module."""
    found = []
    for row in nl.ask(K.CMD_TABLE_GET, u32(K.A_ROW_SESSION, number), dump=True):
        d = dict(attrs(row))
        if K.A_ROW_GROUP in d and struct.unpack("Q", d[K.A_ROW_COUNT])[0]:
            found.append(struct.unpack("I", d[K.A_ROW_GROUP])[0])
    return found


def request(number, group, most=64, size=4096):
    return (u32(K.A_OBJECT_SESSION, number), u32(K.A_OBJECT_GROUP, group), u32(K.A_OBJECT_MOST, most), u32(K.A_OBJECT_BYTES, size))


@test("what is freed between choosing and reading is told as gone")
def gone():
    nl = Netlink()
    number = session(nl)
    nl.ask(K.CMD_SESSION_START, u32(K.A_SESSION_ID, number))
    try:
        subprocess.run(hold_script("leak 64"), check=True)
        group, = groups(nl, number)
        # The first messages are made with the request, the others when there is room in the socket.
        nl.send(K.CMD_OBJECT_GET, *request(number, group), dump=True)
        gen_hold("free 64")
        # The same addresses, with other numbers.
        subprocess.run(hold_script("leak 200"), check=True)
        answers = [dict(attrs(a)) for a in nl.answers()]
        equal(len(answers), 64, "answers")
        states = [struct.unpack("I", a[K.A_OBJECT_STATE])[0] for a in answers]
        equal(set(states), {K.CONTENTS_READ, K.CONTENTS_GONE}, "states")
        for a, state in zip(answers, states):
            equal(K.A_OBJECT_DATA in a, state == K.CONTENTS_READ, "data of an object")
            if K.A_OBJECT_DATA in a:
                at_most(struct.unpack_from("Q", a[K.A_OBJECT_DATA])[0], 63, "number of an object that was chosen")
        equal(states, sorted(states), "those that were read come first")
    finally:
        nl.ask(K.CMD_SESSION_DEL, u32(K.A_SESSION_ID, number))
        nl.close()
        gen_hold("drop")


@test("objects that come and go while they are read are never another's")
def churn():
    nl = Netlink()
    number = session(nl)
    nl.ask(K.CMD_SESSION_START, u32(K.A_SESSION_ID, number))
    turn = f"while :; do echo leak 60 >{GEN_HOLD}run; echo drop >{GEN_HOLD}run; echo leak 30 >{GEN_HOLD}run; sleep 0.03; echo drop >{GEN_HOLD}run; done"
    load = subprocess.Popen(["sh", "-c", turn])
    states = {K.CONTENTS_READ: 0, K.CONTENTS_GONE: 0}
    whole = 0
    try:
        end = time.monotonic() + 4 * SLOW
        while time.monotonic() < end:
            for group in groups(nl, number):
                latest = 0
                for a in nl.ask(K.CMD_OBJECT_GET, *request(number, group), dump=True):
                    d = dict(attrs(a))
                    state, = struct.unpack("I", d[K.A_OBJECT_STATE])
                    states[state] += 1
                    if state != K.CONTENTS_READ:
                        continue
                    words = struct.unpack_from("128Q", d[K.A_OBJECT_DATA])
                    # One that is not complete, or on its way to be freed.
                    if words[-1] != NUMBERED:
                        continue
                    equal(set(words[3:-1]), {words[0]}, "words of an object")
                    # They come by their age: the bytes of one that took an address later would be out of order.
                    latest = max(latest, words[2])
                    at_least(words[1], latest, "time of birth of an object behind others")
                    whole += 1
        at_least(whole, 20, "objects that were read")
    finally:
        load.kill()
        load.wait()
        nl.ask(K.CMD_SESSION_DEL, u32(K.A_SESSION_ID, number))
        nl.close()
        gen_hold("drop")


@test("one object without a dump, and refusals of the protocol")
def protocol():
    nl = Netlink()
    number = session(nl)
    busy = "does not run"
    try:
        refused(nl, 16, busy, K.CMD_OBJECT_GET, *request(number, 1), dump=True)
        nl.ask(K.CMD_SESSION_START, u32(K.A_SESSION_ID, number))
        subprocess.run(hold_script("leak 3"), check=True)
        group, = groups(nl, number)
        one, = nl.ask(K.CMD_OBJECT_GET, *request(number, group, 1, 8))
        d = dict(attrs(one))
        equal((struct.unpack("I", d[K.A_OBJECT_STATE])[0], len(d[K.A_OBJECT_DATA])), (K.CONTENTS_READ, 8), "state and bytes")
        equal({K.A_OBJECT_COMM, K.A_OBJECT_TID, K.A_OBJECT_INTERRUPT} & set(d), set(), "who allocated it, without the parameter tasks")
        for dump in False, True:
            for most, size, part in ((0, 8, "most is 0, but must be 1 to"), (65, 8, "most is 65, but must be 1 to 64"), (1, 0, "bytes is 0"),
                                     (1, 4097, "bytes is 4097, but must be 1 to 4096")):
                refused(nl, 22, part, K.CMD_OBJECT_GET, *request(number, group, most, size), dump=dump)
            for bad in 0, 1 << 31, group + 1:
                refused(nl, 2, f"session {number} has no group {bad}", K.CMD_OBJECT_GET, *request(number, bad, 1), dump=dump)
            refused(nl, 2, "there is no session 99999", K.CMD_OBJECT_GET, *request(99999, 1, 1), dump=dump)
            refused(nl, 22, "group missing", K.CMD_OBJECT_GET, u32(K.A_OBJECT_SESSION, number), dump=dump)
            refused(nl, 22, "most missing", K.CMD_OBJECT_GET, *request(number, group)[:2], dump=dump)
            refused(nl, 22, "bytes missing", K.CMD_OBJECT_GET, *request(number, group)[:3], dump=dump)
            refused(nl, 22, "session missing", K.CMD_OBJECT_GET, dump=dump)
        refused(nl, 22, "most is 2, but must be 1 to 1", K.CMD_OBJECT_GET, *request(number, group, 2))
        nl.ask(K.CMD_SESSION_STOP, u32(K.A_SESSION_ID, number))
        refused(nl, 16, busy, K.CMD_OBJECT_GET, *request(number, group, 1))
        refused(nl, 16, busy, K.CMD_OBJECT_GET, *request(number, group, 1), dump=True)
        other = nl.ask(K.CMD_SESSION_NEW, attr(K.A_SESSION_SOURCE, "sched"), attr(K.A_SESSION_MODE, "offcpu"))
        other = next(struct.unpack("I", v)[0] for k, v in attrs(other[0]) if k == K.A_SESSION_ID)
        refused(nl, 95, "source sched has no live objects to read in mode offcpu", K.CMD_OBJECT_GET, *request(other, 1, 1))
        nl.ask(K.CMD_SESSION_DEL, u32(K.A_SESSION_ID, other))
    finally:
        nl.ask(K.CMD_SESSION_DEL, u32(K.A_SESSION_ID, number))
        nl.close()
        gen_hold("drop")


@test("a session without room for tasks says that they are not known")
def tasks():
    nl = Netlink()
    number = session(nl, "slab", param("tasks", 2))
    nl.ask(K.CMD_SESSION_START, u32(K.A_SESSION_ID, number))
    try:
        for _ in range(4):
            subprocess.run(hold_script("leak 1"), check=True)
        group, = groups(nl, number)
        answers = [dict(attrs(a)) for a in nl.ask(K.CMD_OBJECT_GET, *request(number, group), dump=True)]
        equal([text(a[K.A_OBJECT_COMM]) if K.A_OBJECT_COMM in a else None for a in answers], ["sh", "sh", None, None], "tasks")
    finally:
        nl.ask(K.CMD_SESSION_DEL, u32(K.A_SESSION_ID, number))
        nl.close()
        gen_hold("drop")


@test("refusals")
def refusals():
    for verb in ("slab", "leaks"), ("mem", "leaks"), ("mem", "leaks", "--kind", "page"):
        for args, part in ((("--dump", "0"), "--dump needs a number from 1 to 64, not '0'"), (("--dump", "65"), "a number from 1 to 64, not '65'"),
                           (("--dump", "2", "--dump-bytes", "0"), "--dump-bytes needs a number of bytes from 1 to 4096, not '0'"),
                           (("--dump", "2", "--dump-bytes", "5000"), "a number of bytes from 1 to 4096, not '5000'"),
                           (("--dump-bytes", "64"), "--dump-bytes needs --dump"),
                           (("--dump", "2", "--folded", "--by", "kstack"), "--dump and --folded exclude each other"),
                           (("--dump", "2", "--format", "csv"), "--dump and --format exclude each other")):
            done = obsctl(*verb, *args, "-d", "1", status=2)
            contains(done.err, part, f"refusal of {verb} {args}")
        done = obsctl(*verb, "--dump", 2, "--detach", "x", status=2)
        contains(done.err, "--dump and --detach exclude each other", f"refusal of {verb}")


insmod("kobs_gen_hold")
try:
    main()
finally:
    rmmod("kobs_gen_hold")
