# SPDX-License-Identifier: GPL-2.0
"""
pmu mem: the data that samples accessed, by slab cache and variable. A simulated PMU delivers samples with the addresses of data whose
place is known: an object of a cache of its own, a page, vmalloc, a variable, and the kernel stack.
"""

from pmukit import *

SIM = "/sys/kernel/debug/kobs_simpmu/"
FILE = "/tmp/kobs-replay"
KERNEL_IP = 0xffffffff81001000
# Bits of perf's data source.
LOAD, STORE = 0x2, 0x4
HIT, MISS, L1, L3, RAM, REMOTE_RAM = (bit << 5 for bit in (0x02, 0x04, 0x08, 0x40, 0x80, 0x100))
TLB_HIT, TLB_MISS, TLB_L1, TLB_L2 = (bit << 26 for bit in (0x02, 0x04, 0x08, 0x10))
REMOTE = 1 << 37
COLUMNS = "area,cache,data,level,op,tlb"


def number(n):
    """A level's number."""
    return n << 33


def replay(*lines, context="task"):
    """The command that delivers samples on CPU 0: another process, since those of the session's owner are left out."""
    for name, value in ("context", context), ("repeat", "1"):
        with open(SIM + name, "w", encoding="ascii") as f:
            f.write(value)
    with open(FILE, "w", encoding="ascii") as f:
        f.writelines(line + "\n" for line in lines)
    return ["taskset", "-c", "0", "dd", "status=none", "bs=8M", f"if={FILE}", f"of={SIM}replay"]


def objects():
    return {kind: int(address, 16) for kind, address in (line.split() for line in read(SIM + "objects").splitlines())}


def line(address, src, weight, ip=KERNEL_IP):
    return f"{ip:x} addr={address if address == 'stack' else format(address, 'x')} src={src:x} weight={weight}"


def mem(*args, lines, context="task", events="kobs_simpmu//"):
    r = obsctl("pmu", "mem", "-C", 0, "-e", events, "-c", 1, "--budget", 0, "--json", *args, "--", *replay(*lines, context=context))
    return account(json.loads(r.out))


def by_key(r, *columns):
    """Rows by their columns: (count, sum, min, max)."""
    return {tuple(row.get(c, "").split(" ")[0] if c == "data" else row.get(c, "") for c in columns):
            (row["count"], row["sum"], row["min"], row["max"]) for row in r["rows"]}

def places(context):
    at = objects()
    lines = [line(at["slab"], LOAD | HIT | L3 | number(3) | TLB_HIT | TLB_L1, 40),
             line(at["slab"] + 128, LOAD | HIT | L3 | number(3) | TLB_HIT | TLB_L1, 60),
             line(at["slab"], STORE | MISS | L1 | TLB_MISS | TLB_L2, 0),
             line(at["page"] + 4095, LOAD | HIT | RAM | number(0xd) | TLB_MISS | TLB_L2, 300),
             line(at["vmalloc"], LOAD | HIT | REMOTE_RAM | number(0xd) | REMOTE | TLB_HIT | TLB_L2, 700),
             line(at["kernel"] + 8, LOAD | HIT | L1 | number(1) | TLB_HIT | TLB_L1 | TLB_L2, 4),
             line(at["kernel"] + 63, LOAD | HIT | L1 | number(1) | TLB_HIT | TLB_L1 | TLB_L2, 6),
             line(at["kernel"] + 64, LOAD | HIT | L1 | number(1) | TLB_HIT | TLB_L1 | TLB_L2, 5),
             line("stack", STORE | HIT | L1, 1),
             line(0x401000, LOAD | HIT | L1 | number(1), 2),
             # Without an address, and without anything.
             f"{KERNEL_IP:x} src={LOAD:x} weight=9", f"{KERNEL_IP:x}"]
    r = mem("--by", COLUMNS, lines=lines, context=context)
    equal(by_key(r, *COLUMNS.split(",")), {
        ("slab", "kobs_simpmu_objects", "", "L3", "load", "hit"): (2, 100, 40, 60),
        ("slab", "kobs_simpmu_objects", "", "L1 miss", "store", "miss"): (1, 0, 0, 0),
        ("page", "", "", "RAM", "load", "miss"): (1, 300, 300, 300),
        ("vmalloc", "", "", "remote", "load", "L2 hit"): (1, 700, 700, 700),
        ("kernel", "", "kobs_simpmu_variable", "L1", "load", "hit"): (2, 10, 4, 6),
        ("kernel", "", "kobs_simpmu_variable+0x40", "L1", "load", "hit"): (1, 5, 5, 5),
        ("stack", "", "", "L1", "store", ""): (1, 1, 1, 1),
        ("user", "", "", "L1", "load", ""): (1, 2, 2, 2),
        ("", "", "", "", "load", ""): (1, 9, 9, 9),
        ("", "", "", "", "", ""): (1, 0, 0, 0),
    }, "rows")
    equal((r["accounting"]["recorded"], r["notes"]["no_address"]), (len(lines), 2), "samples, and those without an address")


# The simulated PMU raises NMIs on x86 only.
for place in ("task", "irq", *(("nmi",) if os.uname().machine == "x86_64" else ())):
    test(f"each kind of data, in {place} context")(lambda c=place: places(c))


@test("cache misses by slab cache, and their weights as a histogram")
def caches():
    at = objects()
    lines = [line(at["slab"] + 8 * (i % 8), LOAD | HIT | RAM | number(0xd), 100 + i) for i in range(100)]
    r = mem("--by", "cache", "--hist", lines=lines)
    row = r["rows"][0]
    equal((len(r["rows"]), row["cache"], row["count"], row["sum"]), (1, "kobs_simpmu_objects", 100, sum(range(100, 200))), "row")
    equal(sum(b["count"] for b in row["hist"]), 100, "samples of the histogram")
    assert 183 <= row["p90"] <= 204, f"90th percentile: {row['p90']}"
    text = obsctl("pmu", "mem", "-C", 0, "-e", "kobs_simpmu//", "-c", 1, "--budget", 0, "--", *replay(*lines)).out
    contains(text, "pmu mem of kobs_simpmu//, weights in cycles, ", "title")
    assert "no_address" not in text, text
    assert re.search(r"^slab +kobs_simpmu_objects .*\b100\b", text, re.M), text


@test("a precise event: its records reach the handler, and its stacks are the driver's")
def precise():
    at = objects()
    # Addresses of functions that obsctl shows: on some kernel a fixed one is that of a tracer.
    chain = f"{symbol('vfs_read') + 16:x},{symbol('ksys_read') + 16:x}"
    lines = [f"{line(at['slab'], LOAD, 7)} chain={chain}" for _ in range(50)]
    r = mem("--by", "cache,ip,kstack", lines=lines, events="kobs_simpmu//pp")
    equal([(row["cache"], row["count"], row["sum"]) for row in r["rows"]], [("kobs_simpmu_objects", 50, 350)], "rows")
    equal([frame.split("+")[0] for frame in r["rows"][0]["kstack"]], ["vfs_read", "ksys_read"], "frames of the stack")
    equal(int(re.search(r"collected (\d+)", read(SIM + "stats"))[1]), 0, "records that were collected")


@test("an event without addresses has neither areas nor weights")
def without():
    r = json.loads(obsctl("pmu", "mem", "-e", "cpu-clock", "--budget", 0, "--json", "--by", "area,level", "--", "bash", "-c",
                          "for ((i = 0; i < 20000; i++)); do :; done").out)
    account(r)
    equal([(row.get("area"), row.get("level"), row["sum"]) for row in r["rows"]], [(None, None, 0)], "rows")
    equal(r["notes"]["no_address"], r["accounting"]["recorded"], "samples without an address")


@test("page faults: where they were, of user code")
def faults():
    program = "import mmap; m = mmap.mmap(-1, 4096 * 500); [m.write(bytes(4096)) for i in range(500)]"
    r = account(json.loads(obsctl("pmu", "mem", "-e", "page-faults", "-c", 1, "--budget", 0, "--json", "--by", "area,comm", "--",
                                  "python3", "-c", program).out))
    at_least(sum(row["count"] for row in r["rows"] if row.get("area") == "user" and row["comm"] == "python3"), 500, "faults")


@test("refusals")
def refusals():
    for mode, column in ("mem", "from"), ("mem", "end"), ("record", "cache"), ("branch", "level"):
        try:
            pmu(mode, column, event(CPU_CLOCK, 1000000, branch=8 if mode == "branch" else 0))
        except Refused as r:
            contains(r.sentence, f"pmu {mode} has no column {column}", "sentence")
        else:
            raise AssertionError(f"{mode} by {column} was accepted")
    err = obsctl("pmu", "mem", "-C", 0, "-e", "kobs_simpmu/config=0x8000/", "--", "true", status=1).err
    contains(err, "the PMU wants a group for this event, which a kernel module cannot open", "refusal")
    if not os.path.exists("/sys/bus/event_source/devices/cpu/events/mem-loads"):
        contains(obsctl("pmu", "mem", "--", "true", status=1).err, "pmu mem needs an event whose samples have addresses", "refusal")


@test("the simulated PMU can go")
def unload():
    equal(rmmod("kobs_simpmu"), None, "rmmod")


insmod("kobs_simpmu")
main()
