# SPDX-License-Identifier: GPL-2.0
"""slab growth and slab diff, and the refusals of obsctl slab."""

import glob
import tempfile

from slabtest import *

NO_SLABINFO = {**os.environ, "OBSCTL_SLABINFO": "/nonexistent"}


def drop():
    """Free the leaked objects, and flush KASAN's quarantine, which slabinfo counts as used."""
    gen_slab("drop")
    for cache in glob.glob("/sys/kernel/slab/kobs_gen_slab_*/shrink"):
        write(cache, "1")


def growth(*args, run=None, status=0, **kw):
    tail = ["--", *run] if run else []
    return json.loads(obsctl("slab", "growth", *args, "--json", *tail, status=status, **kw).out)


def the_cache(report, name):
    found = [r for r in report["rows"] if r["cache"] == name]
    equal(len(found), 1, f"rows of {name}")
    return found[0]


def leak_steadily(n, times, pause=0.2):
    return ["sh", "-c", f"for i in $(seq {times}); do echo leak cache task {n} >{GEN_SLAB}run || exit; sleep {pause}; done"]


@test("a cache that grows is at the top, surely")
def grows():
    try:
        r = growth("--cache", "kobs_gen*", run=leak_steadily(300, 12))
        row = r["rows"][0]
        assert row["cache"].startswith("kobs_gen"), f"first row {row}"
        # slabinfo counts the free objects of a CPU's slab as used: an error of up to one slab per CPU.
        at_least(row["change"], 3100, "change")
        at_most(row["change"], 4100, "change")
        at_least(row["confidence"], 0.95, "confidence")
        equal(row["bytes"], row["objects"] * row["size"], "bytes")
        at_least(row["memory"], row["bytes"], "memory")
        rate = row["change"] * 1e9 / r["duration_ns"]
        assert abs(row["growth_per_s"] - rate) < 0.15 * rate, f"slope {row['growth_per_s']}, expected about {rate}"
    finally:
        drop()


def of_kobs(r):
    equal(r["from"], "kobs", "where the counts are from")
    return account(r)


@test("without slabinfo, by what kobs counts")
def by_kobs():
    try:
        r = of_kobs(growth("--cache", "kobs_gen*", "--budget", "0", run=leak_steadily(250, 8), env=NO_SLABINFO))
        assert "stopped" not in r, f"it was stopped: {r.get('stopped')}"
        equal(r["accounting"]["lost"], {}, "lost")
        row = the_cache(r, "kobs_gen_slab_cache")
        equal(row["change"], 2000, "change")
        equal(row["objects"], 2000, "objects")
        equal(row["bytes"], 2000 * row["size"], "bytes")
    finally:
        drop()


class Flood:
    """Allocations and frees, with pauses: disabling hooks waits until every task has slept or run in user mode."""

    def __enter__(self):
        self.p = subprocess.Popen(["sh", "-c", f"while :; do echo clean kfree 5000 64 >{GEN_SLAB}run || exit; sleep 0.01; done"])

    def __exit__(self, *exc):
        self.p.kill()
        self.p.wait()


@test("the guard ends what kobs counts, and the report says it")
def guarded():
    with Flood():
        r = of_kobs(growth("--budget", "1", env=NO_SLABINFO))
        text = obsctl("slab", "growth", "--budget", "1", env=NO_SLABINFO).out
    contains(r["stopped"], "disarmed by the guard", "reason")
    equal(r["accounting"]["lost"], {}, "lost")
    contains(text, "disarmed by the guard", "text")
    contains(text, "hits ", "the account in the text")


@test("what kobs has no room for is in the report, and --max-lost counts it")
def lost():
    try:
        r = obsctl("slab", "growth", "--objects", "1024", "--budget", "0", "--max-lost", "1", "--json", "--",
                   *slab_script("leak cache task 4000"), env=NO_SLABINFO, status=4)
        contains(r.err, "--max-lost", "sentence")
        r = of_kobs(json.loads(r.out))
        lost = r["accounting"]["lost"]
        equal(list(lost), ["objects_full"], "what is lost")
        # Other processes may have lost some as well.
        at_least(lost["objects_full"] + the_cache(r, "kobs_gen_slab_cache")["objects"], 4000, "objects with and without room")
    finally:
        drop()


@test("a cache that does not change is none that grows")
def idle():
    r = growth("--cache", "kobs_gen*", "-d", "1")
    for row in r["rows"]:
        equal((row["change"], row["growth_per_s"], row["confidence"]), (0, 0, 0), f"growth of {row}")


@test("--fail-over")
def fail_over():
    try:
        r = obsctl("slab", "growth", "--cache", "kobs_gen*", "--fail-over", "1KiB", "--", *leak_steadily(200, 9), status=3)
        contains(r.err, "--fail-over", "sentence")
        contains(r.out, "kobs_gen", "report")
        obsctl("slab", "growth", "--cache", "kobs_gen*", "--fail-over", "1G", "--", *leak_steadily(50, 4))
    finally:
        drop()


@test("text, -n, -o and -i")
def forms():
    try:
        out = "/tmp/growth"
        # It ends with its command, which waits for a report.
        obsctl("slab", "growth", "-i", "0.5", "-n", "3", "-o", out, "--", "sh", "-c",
               f"{leak_steadily(100, 7)[2]}; until grep -q 'so far' {out}; do sleep 0.1; done")
        contains(read(out), "so far", "an interim report")
        contains(read(out), "OBJECTS/S", "heading")
        with tempfile.TemporaryDirectory() as d:
            obsctl("slab", "growth", "-d", "0.3", "--json", "-o", f"{d}/x")
            equal(json.loads(read(f"{d}/x"))["mode"], "growth", "mode of the report in the file")
    finally:
        drop()


@test("two reports are compared")
def diff():
    with tempfile.TemporaryDirectory() as d:
        obsctl("slab", "leaks", "--detach", "cmp", "--module", "kobs_gen_slab", "--budget", 0)
        try:
            gen_slab("leak kmalloc task 10 64")
            gen_slab("hold 7 64")
            obsctl("session", "read", "cmp", "--json", "-o", f"{d}/a")
            gen_slab("leak kmalloc task 5 64")
            gen_slab("leak cache task 3")
            gen_slab("release")
            obsctl("session", "read", "cmp", "--json", "-o", f"{d}/b")
            r = json.loads(obsctl("slab", "diff", f"{d}/a", f"{d}/b", "--json").out)
        finally:
            obsctl("session", "stop", "cmp")
            drop()
        changes = {row["site"].split("+")[0]: (row["before"], row["after"], row["change"], row["bytes_change"])
                   for row in r["rows"]}
        size = changes["gen_leak_cache"][3] // 3
        small = 64 if EXACT_BYTES else changes["gen_leak_kmalloc"][3] // 5
        equal(changes, {"gen_leak_kmalloc": (10, 15, 5, 5 * small), "gen_leak_cache": (0, 3, 3, 3 * size),
                        "gen_hold_alloc": (7, 0, -7, -7 * small)}, "changes")
        text = obsctl("slab", "diff", f"{d}/a", f"{d}/b").out
        contains(text, "gen_leak_kmalloc", "text")
        contains(text, f"-{7 * small} B", "text")
        obsctl("slab", "diff", f"{d}/a", f"{d}/b", "--fail-over", "100", status=3)
        obsctl("slab", "diff", f"{d}/a", f"{d}/b", "--fail-over", "4KiB")
        contains(obsctl("slab", "diff", f"{d}/a", f"{d}/a").out, "Nothing changed", "a report compared to itself")
        contains(obsctl("slab", "diff", f"{d}/a", "/proc/version", status=1).err, "not JSON", "refusal")


def refused(*args, part, status, **kw):
    r = obsctl("slab", *args, status=status, **kw)
    lines = [line for line in r.err.splitlines() if line.strip()]
    assert lines and all(line.startswith("obsctl: ") for line in lines), f"expected a sentence\n{r}"
    contains(r.err.lower(), part.lower(), f"refusal of {args}")
    equal(r.out, "", f"standard output of {args}")
    equal(references(), 0, f"sessions after {args}")


LEAKS = [
    ("--min-size", "x", "--min-size", 2), ("-z", "-1", "--min-size", 2), ("-z", "1.5", "--min-size", 2),
    ("-z", "1XB", "--min-size", 2), ("-Z", "", "--max-size", 2), ("-Z", "x", "--max-size", 2),
    ("-z", "4096G", "min_size", 1), ("-Z", "4096G", "max_size", 1),
    ("--cache", "", "--cache", 2), ("--cache", "x" * 32, "--cache", 2),
    ("--older", "x", "--older", 2), ("--older", "-1", "--older", 2), ("--older", "0", "--older", 2),
    ("--older", "99999999", "older", 1),
    ("--sample", "x", "--sample", 2), ("--sample", "0", "sample", 1), ("--sample", "1048577", "sample", 1),
    ("--objects", "x", "--objects", 2), ("--objects", "1", "objects", 1), ("--objects", "99999999", "objects", 1),
    ("--rows", "1", "rows", 1), ("--stacks", "0", "stacks", 1), ("--stack-depth", "1000", "stack_depth", 1),
    ("--budget", "101", "budget", 1),
    ("--module", "", "--module", 2), ("--module", "x" * 60, "--module", 2),
    ("--fail-over", "x", "--fail-over", 2), ("--fail-over", "-1", "--fail-over", 2), ("--fail-over", "", "--fail-over", 2),
    ("--max-lost", "x", "--max-lost", 2), ("--top", "x", "--top", 2),
    ("--by", "nosuch", "nosuch", 2), ("--by", "", "--by", 2), ("--by", "site,site", "twice", 1), ("--by", "ptr", "ptr", 2),
    ("--by", "event", "event", 2),
    ("--pid", "x", "--pid", 2), ("--tid", "x", "--tid", 2), ("--comm", "", "--comm", 2), ("--cpu", "x", "--cpu", 2),
    ("--cgroup", "", "--cgroup", 2), ("--cgroup", "/nosuch", "no control group '/nosuch'", 1),
    ("--interval", "0", "--interval", 2), ("--output", "/nosuch/file", "/nosuch/file", 1),
    ("--flame", "-", "needs the path of a file", 2), ("--html", "/nosuch/dir/file", "/nosuch/dir/file", 1),
    ("--format", "xls", "--format", 2),
]


@test("bad values of options")
def bad_values():
    for option, value, part, status in LEAKS:
        refused("leaks", "-d", "0.1", option, value, part=part, status=status)
    for option, value, part, status in LEAKS:
        if option in ("--fail-over", "--interval", "--output", "--top", "--html", "--format") or (option == "--cache" and not value):
            refused("growth", "-d", "0.1", option, value, part=part, status=status)
        # These options need counts by kobs.
        if option in ("--objects", "--rows", "--budget", "--max-lost"):
            refused("growth", "-d", "0.1", option, value, part=part, status=status, env=NO_SLABINFO)
    for value in ("0", "x", "-1"):
        refused("leaks", "-d", value, part="--duration", status=2)
        refused("growth", "-d", value, part="--duration", status=2)
    refused("trace", "-d", "0.1", "--ring-kb", "7", part="ring_kb", status=1)
    refused("leaks", "--detach", "", part="--detach", status=2)
    refused("leaks", "--detach", "a b", part="name", status=1)


@test("every option with a value is in the table of bad ones")
def complete():
    tested = {o for o, *_ in LEAKS} | {"--min-size", "--max-size", "--duration", "--detach", "--ring-kb"}
    for verb in ("growth", "leaks", "trace", "diff"):
        for line in obsctl("slab", verb, "--help").out.splitlines():
            words = line.replace(",", " ").split()
            option = next((w for w in words[:2] if w.startswith("--")), None)
            after = words[words.index(option) + 1] if option and len(words) > words.index(option) + 1 else ""
            if after and (after.isupper() or after.startswith(("PID[", "COL["))) and len(after.strip(".")) > 1:
                assert option in tested, f"no bad value of {option} is tested: {line}"


@test("words and options that do not go together")
def misuse():
    for args, part in (
            (("leaks", "x"), "'x'"), (("growth", "x"), "'x'"), (("trace", "x"), "'x'"), (("diff",), "two files"),
            (("diff", "a"), "two files"), (("diff", "a", "b", "c"), "two files"), (("nosuch",), "nosuch"),
            (("leaks", "--escalate"), "--by site,kstack"), (("leaks", "--escalate", "--by", "site"), "kstack"),
            (("leaks", "--escalate", "--by", "kstack"), "site"), (("leaks", "--escalate=3"), "--escalate"),
            (("leaks", "--min", "1ms"), "--min"), (("leaks", "--ring-kb", "64"), "--ring-kb"),
            (("leaks", "--json", "--folded"), "--folded"), (("leaks", "--detach", "x", "-d", "1"), "--detach"),
            (("leaks", "--detach", "x", "--fail-over", "1"), "--detach"),
            (("trace", "--older", "1"), "--older"), (("trace", "--hist"), "--hist"), (("trace", "-i", "1"), "--interval"),
            (("trace", "--module", "x"), "--module"), (("growth", "-p", "1"), "--pid"), (("growth", "--by", "site"), "--by"),
            (("growth", "--detach", "x"), "--detach"), (("diff", "a", "b", "-d", "1"), "--duration"),
            (("diff", "a", "b", "--", "true"), "command"), (("leaks", "--"), "--"), (("leaks", "-z"), "--min-size")):
        refused(*args, part=part, status=2)
    refused("diff", "/nonexistent", "/nonexistent", part="/nonexistent", status=1)


@test("the slab source says what it has")
def status():
    r = json.loads(obsctl("status", "--json").out)
    source = next(s for s in r["sources"] if s["source"] == "slab") if "source" in r["sources"][0] else \
        next(s for s in r["sources"] if "slab" in s.values())
    assert source["available"], f"slab is not available: {source}"
    for verb in ("growth", "leaks", "trace", "diff"):
        contains(obsctl("slab", "--help").out, f"slab {verb}", "help")
        contains(read(f"{SRC}/ctl/obsctl.8"), f"slab {verb}", "manual page")


slab_main()
