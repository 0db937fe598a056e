# SPDX-License-Identifier: GPL-2.0
"""Reports and traces in the formats of others: the numbers of the session, and what became of every hit."""

import csv
import gzip
import tempfile

from kobstest import *

LEAF = "kobs_gen_leaf"
CPUS = 4194305


def plain(frame):
    """A frame without its place in the function."""
    return re.sub(r"\+0x[0-9a-f]+(?= |$)", "", frame, count=1)


# pprof's protocol buffer: fields of a message as (number, value or bytes).

def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7f) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        value, at = varint(data, at)
        if tag & 7 == 2:
            value, at = data[at:at + value], at + value
        yield tag >> 3, value


def packed(data):
    at, found = 0, []
    while at < len(data):
        value, at = varint(data, at)
        found.append(value)
    return found


class Profile:
    """Samples as (values, labels, frames from the root); types; comments."""

    def __init__(self, path):
        with gzip.open(path) as f:
            top = list(fields(f.read()))
        strings = [v.decode() for n, v in top if n == 6]
        names = {d[1]: strings[d[2]] for d in (dict(fields(v)) for n, v in top if n == 5)}
        locations = {d[1]: names[dict(fields(d[4]))[1]] for d in (dict(fields(v)) for n, v in top if n == 4)}
        self.types = [(strings[d[1]], strings[d[2]]) for d in (dict(fields(v)) for n, v in top if n == 1)]
        self.comments = [strings[v] for n, v in top if n == 13]
        self.samples = []
        for n, v in top:
            if n == 2:
                sample = list(fields(v))
                labels = [dict(fields(label)) for k, label in sample if k == 3]
                self.samples.append((tuple(packed(dict(sample)[2])), {strings[d[1]]: strings[d[2]] for d in labels},
                                     [locations[i] for i in reversed(packed(dict(sample)[1]))]))


EVENT = re.compile(r"(\S.*?) +(\d+)/(\d+) +(?:\[(\d+)\] +)?(\d+)\.(\d{9}): +(\d+) (\S+): $")
FRAME = re.compile(r"\t *([0-9a-f]+) (.*) \((\S+)\)$")


def perf_events(text):
    """Events of perf script's form: (comm, pid, tid, cpu, ns, period, name), and the frames from the root with their object."""
    for block in text.split("\n\n"):
        lines = [line for line in block.split("\n") if not line.startswith("#")]
        if any(lines):
            comm, pid, tid, cpu, s, ns, period, name = EVENT.match(lines[0]).groups()
            frames = [FRAME.match(line).groups() for line in reversed(lines[1:])]
            yield (comm, int(pid), int(tid), cpu, int(s + ns), int(period), name), frames


def detached(directory, *formats):
    """A session's report as JSON and in formats: {format: path}."""
    obsctl("func", "time", LEAF, "--by", "comm,kstack", "--detach", "formats")
    try:
        gen("call task 7")
        subprocess.run(script("callb 5"), check=True)
        for name in formats:
            r = obsctl("session", "read", "formats", "--format", name, "-o", f"{directory}/{name}")
            contains(r.err, "hits 12 = recorded 12 + filtered 0 + lost 0", f"account beside {name}")
        saved = balance(json.loads(obsctl("session", "stop", "formats", "--json", "-o", f"{directory}/saved").out or
                                   read(f"{directory}/saved")))
    except BaseException:
        obsctl("session", "stop", "formats", status=None)
        raise
    return saved, {name: f"{directory}/{name}" for name in formats}


def stacks_of(report):
    """{(comm, frames from the root): (ns, hits)}."""
    found = {}
    for row in report["rows"]:
        path = (row["comm"], *(plain(f) for f in reversed(row["kstack"])))
        ns, hits = found.get(path, (0, 0))
        found[path] = ns + row["sum"], hits + row["count"]
    return found


def added(paths):
    """Of equal paths, the sums of their numbers."""
    found = {}
    for path, numbers in paths:
        found[path] = tuple(map(sum, zip(numbers, found.get(path, (0,) * len(numbers)))))
    return found


@test("one session in each format of stacks: the same stacks, times and hits")
def stacks():
    with tempfile.TemporaryDirectory() as top:
        saved, paths = detached(top, "folded", "pprof", "speedscope", "perf", "csv")
        want = stacks_of(saved)
        equal(sum(hits for _, hits in want.values()), 12, "calls")
        times = {path: (ns,) for path, (ns, _) in want.items()}
        p = Profile(paths["pprof"])
        equal(p.types, [("hits", "count"), ("duration", "nanoseconds")], "types of pprof's samples")
        equal(added(((labels["comm"], *frames), (ns, hits)) for (hits, ns), labels, frames in p.samples), want, "pprof's samples")
        contains(p.comments[1], "hits 12 = recorded 12 + filtered 0 + lost 0", "account in pprof's comment")
        s = json.loads(read(paths["speedscope"]))
        names = [f["name"] for f in s["shared"]["frames"]]
        equal(len(s["profiles"]), 1, "profiles of speedscope")
        equal(added((tuple(names[i] for i in stack), (w,)) for stack, w in zip(s["profiles"][0]["samples"], s["profiles"][0]["weights"])),
              times, "speedscope's samples")
        contains(s["name"], "hits 12 = recorded 12", "account in speedscope's title")
        equal(added(((comm, *(f"{f} {o}" if o[0] == "[" and o != "[kernel.kallsyms]" else f for _, f, o in frames)), (period,))
                    for (comm, _, _, _, _, period, _), frames in perf_events(read(paths["perf"]))), times, "events of perf's text")
        folded = (line.rsplit(" ", 1) for line in read(paths["folded"]).splitlines())
        equal(added((tuple(frames.split(";")), (int(n),)) for frames, n in folded), times, "folded stacks")
        with open(paths["csv"], encoding="utf-8", newline="") as f:
            rows = list(csv.DictReader(f, strict=True))
        equal(added(((r["comm"], *(plain(f) for f in reversed(r["kstack"].split(";")))), (int(r["sum"]), int(r["count"]))) for r in rows),
              want, "rows of CSV")


@test("a saved report gives what the session gave")
def saved():
    with tempfile.TemporaryDirectory() as top:
        _, paths = detached(top, "folded", "csv", "perf")
        for name, path in paths.items():
            obsctl("show", f"{top}/saved", "--format", name, "-o", f"{top}/again")
            # How long the session has lasted is in a comment.
            texts = [re.sub(r"^# kobs.*$", "", read(p), count=1, flags=re.M) for p in (path, f"{top}/again")]
            equal(*texts, f"{name} of the saved report")


@test("CSV of reports that have no stacks")
def tables():
    run = script("call task 30", "callb 12")
    rows = list(csv.DictReader(obsctl("func", "count", LEAF, "--by", "func,caller", "--format", "csv", "--", *run).out.splitlines()))
    equal(sorted((r["func"], plain(r["caller"]), r["count"]) for r in rows),
          [(LEAF, "kobs_gen_caller_a [kobs_gen]", "30"), (LEAF, "kobs_gen_caller_b [kobs_gen]", "12")], "rows")
    r = obsctl("func", "count", LEAF, "--format", "csv", "--", *run)
    equal((r.out, "hits 42 = recorded 42 + filtered 0 + lost 0" in r.err), (f"func,count\n{LEAF},42\n", True), "a row, and the account")
    rows = list(csv.DictReader(obsctl("pmu", "stat", "-e", "task-clock", "--format", "csv", "--", "true").out.splitlines()))
    equal([r["event"] for r in rows], ["task-clock"], "events")
    rows = list(csv.DictReader(obsctl("slab", "growth", "-n", 3, "--format", "csv", "-d", "100ms").out.splitlines()))
    equal(len(rows) <= 3 and all(r["cache"] for r in rows), True, f"caches of {rows}")


@test("events of pmu record are profiles of their own")
def events():
    loop = "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done"
    r = obsctl("pmu", "record", "-e", "cpu-clock,page-faults", "-F", 500, "--budget", 0, "--by", "event,comm,kstack",
               "--format", "speedscope", "--", "sh", "-c", loop)
    s = json.loads(r.out)
    assert {p["name"] for p in s["profiles"]} <= {"cpu-clock", "page-faults"}, s["profiles"]
    recorded = int(re.search(r"= recorded ([0-9,]+)", r.err)[1].replace(",", ""))
    equal(sum(p["endValue"] for p in s["profiles"]), recorded, "samples")
    at_least(recorded, 1, "samples")


def trace(*args, run, form="chrome"):
    """What a trace printed, and what it said."""
    r = obsctl(*args, "--format", form, "--", *run)
    return (json.loads(r.out) if form == "chrome" else r.out), r.err


def ns(us):
    """Exact: the text has three digits behind the point."""
    whole, _, part = f"{us:.3f}".partition(".")
    return int(whole) * 1000 + int(part)


def slices(t, phase="X"):
    return [e for e in t["traceEvents"] if e["ph"] == phase]


def check_tracks(t, report):
    """Slices of a track are in each other or apart; all tracks have names."""
    named = {(e["pid"], e["tid"]) for e in slices(t, "M") if e["name"] == "thread_name"}
    tracks = {}
    for e in t["traceEvents"]:
        if e["ph"] != "M":
            tracks.setdefault((e["pid"], e["tid"]), []).append(e)
    equal(set(tracks) - named, set(), "tracks without a name")
    for track, found in tracks.items():
        stack = []
        for e in sorted((e for e in found if e["ph"] == "X"), key=lambda e: (ns(e["ts"]), -ns(e["dur"]))):
            begin, end = ns(e["ts"]), ns(e["ts"]) + ns(e["dur"])
            while stack and stack[-1] <= begin:
                stack.pop()
            assert not stack or end <= stack[-1], f"{e} reaches out of the slice that it is in, on {track}"
            stack.append(end)
    account(t["otherData"])
    equal(t["otherData"]["source"], report, "source")


@test("calls are slices of their thread, exact to the ns")
def calls():
    t, err = trace("func", "trace", "--time", "kobs_gen_spin", "kobs_gen_outer", "kobs_gen_inner",
                   run=["sh", "-c", f"echo $$ >/tmp/pid; echo spin 20 50000 >{GEN}run; echo nested 2 >{GEN}run"])
    pid = int(read("/tmp/pid"))
    check_tracks(t, "func")
    found = slices(t)
    equal(len(found), 26, "slices")
    equal({(e["pid"], e["tid"]) for e in found}, {(pid, pid)}, "tracks")
    spins = [e for e in found if e["name"] == "kobs_gen_spin"]
    equal(len(spins), 20, "slices of one function")
    for e in spins:
        at_least(ns(e["dur"]), 50000, "duration")
        equal(e["args"]["duration_ns"] if "duration_ns" in e["args"] else ns(e["dur"]), ns(e["dur"]), "duration")
    outer, *inner = sorted((e for e in found[20:]), key=lambda e: ns(e["ts"]))[:3]
    equal((outer["name"], [e["name"] for e in inner]), ("kobs_gen_outer", ["kobs_gen_inner"] * 2), "nested calls")
    assert ns(outer["ts"]) <= ns(inner[0]["ts"]) and ns(inner[1]["ts"]) + ns(inner[1]["dur"]) <= ns(outer["ts"]) + ns(outer["dur"])
    marks = slices(t, "i")
    equal([ns(m["ts"]) for m in marks], [ns(e["ts"]) + ns(e["dur"]) for e in found], "marks of the CPUs")
    equal({m["pid"] for m in marks}, {CPUS}, "process of the CPUs")
    equal([m["tid"] - CPUS - 1 for m in marks], [e["args"]["cpu"] for e in found], "CPUs")
    equal({m["args"]["tid"] for m in marks}, {pid}, "threads of the marks")
    equal(t["otherData"]["accounting"]["hits"], 26, "hits")
    contains(err, "hits 26 = recorded 26 + filtered 0 + lost 0", "account")


@test("the same records as CSV, JSON and events of perf")
def forms():
    run = script("call task 15 1")
    out, err = trace("func", "trace", LEAF, "--by", "func,comm,cpu,kstack", run=run, form="csv")
    rows = list(csv.DictReader(out.splitlines(), strict=True))
    equal([(r["func"], r["comm"], r["cpu"]) for r in rows], [(LEAF, "sh", "1")] * 15, "lines of CSV")
    equal([int(r["time_ns"]) for r in rows], sorted(int(r["time_ns"]) for r in rows), "times")
    for r in rows:
        contains(r["kstack"].split(";")[0], f"{LEAF}+0x", "leaf of a stack")
    contains(err, "hits 15 = recorded 15", "account")
    out, err = trace("func", "trace", LEAF, run=run, form="perf")
    found = list(perf_events(out))
    equal([(e[0], e[3], e[5], e[6]) for e, _ in found], [("sh", "001", 1, LEAF)] * 15, "events of perf")
    for e, frames in found:
        assert e[1] == e[2] > 1, e
        equal((frames[-1][1].split("+")[0], frames[-1][2]), (LEAF, "[kobs_gen]"), "leaf")
        equal(int(frames[-1][0], 16) - symbol(LEAF) < 64, True, f"address of the leaf {frames[-1]}")
    contains(err, "hits 15 = recorded 15", "account")
    t, _ = trace("func", "trace", LEAF, run=run)
    check_tracks(t, "func")
    equal([len(slices(t)), len(slices(t, "i"))], [0, 30], "without durations there are marks, of the thread and the CPU")


@test("pairs are asynchronous slices, system calls are marks")
def probes():
    t, _ = trace("probe", "trace", "--from", "k:kobs_gen_outer", "--to", "k:kobs_gen_inner", run=script("nested 6"))
    begins, ends = slices(t, "b"), slices(t, "e")
    equal([len(begins), [e["id"] for e in begins]], [6, [e["id"] for e in ends]], "pairs")
    for b, e in zip(begins, ends):
        equal(ns(e["ts"]) - ns(b["ts"]), b["args"]["duration_ns"], "duration")
        equal((b["pid"], b["tid"]), (e["pid"], e["tid"]), "track")
    t, _ = trace("syscall", "trace", "mkdir", "rmdir", run=["sh", "-c", "mkdir /tmp/made && rmdir /tmp/made"])
    check_tracks(t, "probe")
    equal([e["name"] for e in slices(t, "i") if e["pid"] != CPUS], ["mkdir", "rmdir"], "system calls")


@test("what was lost is in the file, and said beside it")
def losses():
    n = 20000 // SLOW
    t, err = trace("func", "trace", LEAF, "--ring-kb", 8, "--budget", 0, run=script(f"call task {n}", f"call hardirq {n} 0"))
    a = account(t["otherData"])["accounting"]
    equal(a["hits"], 2 * n, "hits")
    at_least(a["lost"]["ring_full"], 1, "lost records")
    equal(sum(e["ph"] == "i" and e["pid"] == CPUS for e in t["traceEvents"]), a["recorded"], "marks of the CPUs")
    contains(err, f"lost {a['lost']['ring_full']:,}", "account")
    r = obsctl("func", "count", LEAF, "--by", "tid", "--rows", 64, "--format", "csv", "--", *script("call task 5"))
    contains(r.err, "hits 5 = recorded 5", "account of a table")


@test("a format that a report cannot have is refused before anything is hooked")
def refused():
    for args, words in ((["func", "trace", LEAF, "--format", "pprof"], "is made of rows with stacks"),
                        (["func", "count", LEAF, "--format", "chrome"], "is made of single records"),
                        (["func", "count", LEAF, "--format", "pporf"], "did you mean 'pprof'?")):
        r = obsctl(*args, "--", *script("call task 1"), status=2)
        equal((r.out, len(r.err.splitlines())), ("", 1), f"output of {args}")
        contains(r.err, words, f"sentence of {args}")
    equal(leafs(), 0, "calls")
    with tempfile.TemporaryDirectory() as top:
        obsctl("func", "count", "no_such_function", "--format", "csv", "-o", f"{top}/a.csv", "-d", "1", status=1)
        equal(os.listdir(top), [], "files")


main()
