# SPDX-License-Identifier: GPL-2.0
"""pmu branch: the folded and printed branches are those that a simulated PMU replayed, branch by branch."""

import collections
import os
import random

from kobstest import *

SIM = "/sys/kernel/debug/kobs_simpmu/"
EVENT = ["-C", 0, "-e", "kobs_simpmu//", "-c", 1, "--budget", 0]
DEPTH, RUN, TOP = 64, 65536, 1 << 64
FILE = "/tmp/kobs-replay"

Entry = collections.namedtuple("Entry", "start to flag tx abort cycles type")
TYPES = ["", "COND", "UNCOND", "IND", "CALL", "IND_CALL", "RET", "SYSCALL", "SYSRET"]


def text_of(e):
    return f" 0x{e.start:x}/0x{e.to:x}/{e.flag}/{e.tx}/{e.abort}/{e.cycles}/{e.type} "


def line_of(ip, entries):
    """A sample as perf script -F ip,brstack prints it."""
    return f" {ip:16x}" + "".join(map(text_of, entries))


def some_samples(seed, n, addresses, deepest=32):
    """Samples with branches between few addresses, so that edges repeat."""
    rnd = random.Random(seed)
    return [(rnd.choice(addresses),
             [Entry(rnd.choice(addresses), rnd.choice(addresses), rnd.choice("MPPP-"), rnd.choice("--X"),
                    rnd.choice("---A"), rnd.choice((0, rnd.randrange(65536))), rnd.choice(TYPES))
              for i in range(rnd.randrange(deepest + 1))])
            for i in range(n)]


# Blocks in both halves of the address space, near each other and far.
PLACES = [base + 16 * i for base in (0x401000, 0x7f0000401000, 0xffffffff81000000) for i in range(12)]
WILD = [0, 1, 0xfff, 1 << 47, (1 << 63) - 1, 1 << 63, TOP - 65536, TOP - 1]


def reference(samples, times=1, claims=None):
    """Reference count of edges and blocks of the samples: {(from, to): [count, mispredicted, sum, min, max]}."""
    edges, blocks = {}, collections.Counter()
    for number, (_, entries) in enumerate(samples):
        if claims:
            nothing = Entry(0, 0, "-", "-", "-", 0, "")
            entries = (entries + [nothing] * DEPTH)[:min(claims[number], DEPTH)]
        for i, e in enumerate(entries[:DEPTH]):
            edge = edges.setdefault((e.start, e.to), [0, 0, 0, e.cycles, e.cycles])
            edge[0] += times
            edge[1] += times * (e.flag == "M")
            edge[2] += times * e.cycles
            edge[3] = min(edge[3], e.cycles)
            edge[4] = max(edge[4], e.cycles)
            if i and entries[i - 1].start and (entries[i - 1].start - e.to) % TOP < RUN:
                blocks[e.to, entries[i - 1].start] += times
    return edges, dict(blocks)


def sim(name, value):
    with open(SIM + name, "w", encoding="ascii") as f:
        f.write(str(value))


def replayed(context="task", times=1):
    sim("context", context)
    sim("repeat", times)
    # One process writes, so that all samples have its PID and the observed CPU.
    return ["taskset", "-c", "0", "dd", "status=none", "bs=8M", f"if={FILE}", f"of={SIM}replay"]


def write_samples(samples, claims=None):
    with open(FILE, "w", encoding="ascii") as f:
        for i, (ip, entries) in enumerate(samples):
            f.write(line_of(ip, entries) + (f" nr={claims[i]}" if claims else "") + "\n")


def branches(*args, run, status=0):
    # A hit is one sample; the rows contain its branches.
    r = obsctl("pmu", "branch", *EVENT, *args, "--json", "--", *run, status=status)
    return account(json.loads(r.out))


def edges_of(report):
    """As reference() counts them; a process' number tells rows apart that are one there."""
    edges = {}
    for r in report["rows"]:
        new = [r["count"], r["mispredicted"], r.get("sum", 0), r.get("min", 0), r.get("max", 0)]
        old = edges.setdefault((r["from_address"], r["to_address"]), new)
        if old is not new:
            old[:] = [old[0] + new[0], old[1] + new[1], old[2] + new[2], min(old[3], new[3]), max(old[4], new[4])]
    return edges


def blocks_of(report):
    blocks = collections.Counter()
    for r in report["blocks"]:
        blocks[r["start_address"], r["end_address"]] += r["count"]
    return dict(blocks)


def same(got, want, what):
    wrong = {k for k in {*got, *want} if got.get(k) != want.get(k)}
    some = [(k, got.get(k), want.get(k)) for k in sorted(wrong)[:3]]
    assert not wrong, f"{len(wrong)} of {len(want)} {what} are wrong, such as (which, got, expected) {some}"


def compare(report, samples, times=1, claims=None):
    edges, blocks = reference(samples, times, claims)
    same(edges_of(report), edges, "edges")
    same(blocks_of(report), blocks, "blocks")
    equal(report["accounting"]["recorded"], times * len(samples), "samples recorded")
    equal(report["accounting"]["lost"], {}, "lost")
    equal(report["notes"].get("branches", 0), sum(e[0] for e in edges.values()), "branches, by the source")


def folded(context):
    samples = some_samples(context, 150, PLACES)
    write_samples(samples)
    compare(branches("--rows", 16384, run=replayed(context)), samples)


for place in ("task", "irq", "nmi"):
    test(f"edges, mispredictions, cycles and blocks are exact, in {place} context")(lambda c=place: folded(c))


@test("100,000 samples, nothing lost")
def many():
    times = 1000 if SLOW == 1 else 100
    samples = some_samples("many", 100, PLACES[:8], deepest=16)
    write_samples(samples)
    compare(branches("--rows", 16384, run=replayed(times=times)), samples, times)


@test("with histograms")
def hist():
    samples = some_samples("hist", 60, PLACES[:6])
    write_samples(samples)
    r = branches("--hist", "--rows", 2048, run=replayed("nmi", 3))
    compare(r, samples, 3)
    for row in r["rows"]:
        check_row(r, row)
    cycles = [e.cycles for s in samples for e in s[1]]
    for n in (0, max(cycles)):
        inside = sum(b["count"] for row in r["rows"] for b in row["hist"] if b["lo"] <= n <= b["hi"])
        at_least(inside, 3 * cycles.count(n), f"branches in buckets of {n} cycles")


@test("other columns")
def columns():
    samples = some_samples("columns", 50, PLACES)
    write_samples(samples)
    r = branches("--by", "comm,cpu", run=replayed())
    equal([(row["comm"], row["cpu"]) for row in r["rows"]], [("dd", 0)], "rows")
    equal(r["rows"][0]["count"], sum(len(s[1]) for s in samples), "branches")
    equal(r["rows"][0]["mispredicted"], sum(e.flag == "M" for s in samples for e in s[1]), "mispredicted")
    equal(r["rows"][0]["sum"], sum(e.cycles for s in samples for e in s[1]), "cycles")


@test("only calls: no blocks are made up")
def calls():
    samples = some_samples("calls", 30, PLACES)
    write_samples(samples)
    r = branches("-j", "any_call", run=replayed())
    same(edges_of(r), reference(samples)[0], "edges")
    equal(r["blocks"], [], "blocks")


@test("what a branch stack says is not trusted")
def fuzz():
    rnd = random.Random("fuzz")
    samples = some_samples("fuzz", 120, WILD + [rnd.randrange(TOP) for i in range(8)], deepest=70)
    claims = [rnd.choice((0, 1, 5, 63, 64, 65, 128, 1000, 1 << 32, TOP - 1)) for s in samples]
    for context in ("task", "nmi"):
        write_samples(samples, claims)
        r = branches("--rows", 16384, run=replayed(context))
        compare(r, samples, claims=claims)
        equal(r["notes"]["truncated"], sum(c > DEPTH for c in claims), "truncated")
        equal(r["notes"]["empty"], sum(c == 0 for c in claims), "empty")


@test("fuzzed stacks as a stream")
def fuzz_stream():
    rnd = random.Random("fuzz2")
    samples = some_samples("fuzz2", 40, WILD, deepest=70)
    write_samples(samples, [rnd.choice((0, 1, 64, 65, TOP - 1)) for s in samples])
    out = obsctl("pmu", "branch", *EVENT, "--format", "brstack", "--ring-kb", 4096, "--", *replayed("nmi")).out
    equal(len(out.splitlines()), len(samples), "stacks")


def brstack(context, samples):
    write_samples(samples)
    r = obsctl("pmu", "branch", *EVENT, "--format", "brstack", "--ring-kb", 8192, "--", *replayed(context))
    contains(r.err, f"recorded {len(samples)} ", "the account")
    return r.out


def brstack_is_input(context):
    samples = some_samples(context, 80, PLACES + WILD)
    # An empty record marks a stack without branches.
    samples = [(ip, [e for e in entries if e.start or e.to]) for ip, entries in samples]
    out = brstack(context, samples)
    for got, want in zip(out.splitlines(), [line_of(*s) for s in samples]):
        equal(got, want, "branch stack")
    equal(len(out.splitlines()), len(samples), "stacks")


for place in ("task", "irq", "nmi"):
    test(f"brstack is what was replayed, in {place} context")(lambda c=place: brstack_is_input(c))


@test("brstack is what perf script prints")
def like_perf():
    samples = some_samples("perf", 40, PLACES)
    out = brstack("task", samples)
    data = "/tmp/kobs-perf.data"
    done = subprocess.run(["perf", "record", "-q", "-o", data, "-e", "kobs_simpmu//", "-c", "1", "-b", "-C", "0", "--",
                           *replayed()], capture_output=True, text=True)
    if done.returncode:
        skip(f"perf does not record: {done.stderr.strip()[:100]}")
    theirs = subprocess.run(["perf", "script", "-i", data, "-F", "ip,brstack"], capture_output=True, text=True).stdout
    equal(len(theirs.splitlines()), len(samples), "perf's stacks")
    for got, want in zip(out.splitlines(), theirs.splitlines()):
        equal(got, want, "branch stack")


@test("a stream that cannot keep up loses whole samples, counted")
def stream_lost():
    samples = some_samples("lost", 50, PLACES[:6])
    write_samples(samples)
    r = obsctl("pmu", "branch", *EVENT, "--format", "brstack", "--ring-kb", 16, "--", *replayed("task", 40))
    lines = r.out.splitlines()
    equal({*lines} - {line_of(*s) for s in samples}, set(), "stacks that are none of those replayed")
    hits = next(line for line in r.err.splitlines() if line.startswith("hits "))
    n = [int(word.replace(",", "")) for word in hits.split() if word[0].isdigit()]
    equal(n[0], 40 * len(samples), "hits")
    equal(n[1], len(lines), "stacks printed")
    equal(n[0], n[1] + n[2] + n[3], hits)


@test("bolt: the pre-aggregated form")
def bolt():
    samples = some_samples("bolt", 60, PLACES)
    write_samples(samples)
    out = obsctl("pmu", "branch", *EVENT, "--rows", 8192, "--format", "bolt", "--", *replayed()).out
    edges, blocks = reference(samples)
    got = collections.Counter(out.splitlines())
    want = collections.Counter([f"B {a:x} {b:x} {e[0]} {e[1]}" for (a, b), e in edges.items()] +
                               [f"F {a:x} {b:x} {n}" for (a, b), n in blocks.items()])
    same(got, want, "lines")


@test("bolt: addresses of a program are its file's, wherever it was loaded")
def bolt_program():
    # The entry of bash is in its file where ELF's header says; with its usual layout it is loaded where it was before.
    with open("/usr/bin/bash", "rb") as f:
        entry = int.from_bytes(f.read(32)[24:32], "little")
    fixed = ["taskset", "-c", "0", "setarch", "-R", "bash", "-c"]
    maps = subprocess.run([*fixed, "cat /proc/$$/maps; :"], capture_output=True, text=True, check=True).stdout
    base = int(maps.split("-")[0], 16)
    at_least(base, 1 << 40, "where bash is loaded")
    twice = [Entry(base + entry + 16, base + entry, "P", "-", "-", 1, "")] * 2
    write_samples([(base + entry, twice)])
    replayed(times=30)
    # By itself, for the process is part of the key.
    run = [*fixed, f"IFS= read -r line <{FILE}; echo \"$line\" >{SIM}replay; :"]
    r = branches(run=run)
    equal([(row["from_address"], row["count"]) for row in r["rows"]], [(base + entry + 16, 60)], "edges")
    contains(r["rows"][0]["from"], "[bash]", "name of an address in bash")
    out = obsctl("pmu", "branch", *EVENT, "--format", "bolt", "--", *run).out
    equal(sorted(out.splitlines()), [f"B {entry + 16:x} {entry:x} 60 0", f"F {entry:x} {entry + 16:x} 30"], "lines")


@test("a full table: the lost branches are counted, and their samples")
def full():
    samples = some_samples("full", 100, PLACES)
    write_samples(samples)
    r = branches("--rows", 16, run=replayed())
    a = r["accounting"]
    equal(a["hits"], len(samples), "hits")
    at_least(a["lost"].get("table_full", 0), 1, "samples that lost a branch")
    all_branches = sum(len(s[1]) for s in samples)
    equal(sum(e[0] for e in edges_of(r).values()) + r["notes"]["branches_lost"], all_branches, "branches")


@test("call graph: who calls whom, by the names of functions")
def graph():
    a, b, leaf = (symbol(name) for name in ("kobs_gen_caller_a", "kobs_gen_caller_b", "kobs_gen_leaf"))
    call = Entry(a + 8, leaf, "P", "-", "-", 3, "CALL")
    other = Entry(b + 8, leaf, "P", "-", "-", 3, "CALL")
    loop = Entry(leaf + 12, leaf + 4, "P", "-", "-", 3, "COND")
    back = Entry(leaf + 20, b + 13, "P", "-", "-", 3, "RET")
    samples = [(leaf, [loop, call])] * 3 + [(leaf, [other])] * 2 + [(b + 16, [back])] * 4
    write_samples(samples)
    r = branches(run=replayed())
    fn = "kobs_gen_{} [kobs_gen]".format
    # A call and its return are the same edge of the graph.
    equal({(g["caller"], g["func"]): (g["count"], g["returns"]) for g in r["graph"]},
          {(fn("caller_a"), fn("leaf")): (3, 0), (fn("caller_b"), fn("leaf")): (2, 4)}, "graph")
    equal({g["func"]: g["count"] for g in r["calls"]}, {fn("leaf"): 5}, "calls")
    # The branch after the call precedes it in the list.
    equal(blocks_of(r), {(leaf, leaf + 12): 3}, "blocks")


@test("call chains as the CPU has them")
def callchain():
    samples = [(0x401000 + i % 2, [Entry(0x402000, 0x401000, "P", "-", "-", 0, ""),
                                   Entry(0x403000, 0x402000, "P", "-", "-", 0, "")]) for i in range(10)]
    write_samples(samples)
    r = obsctl("pmu", "record", *EVENT, "--call-graph", "lbr", "--by", "ustack", "--json", "--", *replayed())
    r = account(json.loads(r.out))
    frames = [([f.split("0x")[-1] for f in row["ustack"]], row["count"]) for row in r["rows"]]
    equal(sorted(frames), [(["401000", "402000", "403000"], 5), (["401001", "402000", "403000"], 5)], "chains")


@test("--check tells depth and shares")
def check():
    e = Entry(0x401000, 0x402000, "M", "-", "-", 9, "")
    k = Entry(TOP - 4096, TOP - 8192, "P", "-", "-", 9, "")
    write_samples([(1, [e, e, e, k])] * 5)
    r = branches("--check", run=replayed())["check"]
    equal(r["entries"], 20, "entries")
    equal((r["entries_per_sample"], r["depth"]), (4, 4), "depth")
    equal((r["truncated_share"], r["empty_share"]), (0, 0), "truncated and empty samples")
    equal(r["kernel_share"], 0.25, "share of the kernel")
    equal(r["mispredicted_share"], 0.75, "share that was mispredicted")
    text = obsctl("pmu", "branch", *EVENT, "--check", "--", *replayed()).out
    contains(text, "4.0 branches per sample, maximum 4", "report")
    contains(text, "25.0 % of the branches in the kernel", "report")
    # Of 8 samples, 2 claim more entries than are evaluated, and 1 is empty.
    write_samples([(1, [e] * 3)] * 8, [3] * 5 + [65, 1000, 0])
    r = branches("--check", run=replayed())["check"]
    equal((r["truncated_share"], r["empty_share"], r["depth"]), (0.25, 0.125, DEPTH), "truncated, empty, depth")


@test("refusals say what is missing")
def refusals():
    sim("refuse", 0x800)
    try:
        r = obsctl("pmu", "branch", *EVENT, "-j", "call_stack", "-d", 0.1, status=1)
        contains(r.err, "filter", "refusal of a filter that the PMU does not have")
    finally:
        sim("refuse", 0)
    if not any(n.startswith(("cpu", "armv8")) for n in os.listdir("/sys/bus/event_source/devices")):
        contains(obsctl("pmu", "branch", "-d", 0.1, status=1).err, "there is no PMU", "refusal without a PMU")
    for args, part in ((["-j", "anny"], "did you mean 'any'?"), (["--format", "xml"], "brstack or bolt"),
                       (["--show", "nothing"], "edges, calls, graph or blocks"), (["-c", 0], "above 0"),
                       (["-c", 5, "-F", 5], "exclude each other"), (["-e", "kobs_simpmu/bogus=1/"], "no term 'bogus'"),
                       (["-e", "kobs_simpu//"], "there is no PMU 'kobs_simpu'")):
        contains(obsctl("pmu", "branch", *args, "-d", 0.1, status=2).err, part, f"refusal of {args}")


@test("the simulated PMU can go when nobody uses it")
def unload():
    equal(rmmod("kobs_simpmu"), None, "rmmod")


if __name__ == "__main__":
    insmod("kobs_simpmu")
    main()
