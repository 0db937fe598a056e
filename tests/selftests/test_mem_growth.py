# SPDX-License-Identifier: GPL-2.0
"""mem growth: the parts add up, and pages that a driver forgets are the part that grows."""

from pagetest import *

LEAK = "leak task 512 0"


def growth(*args, run=None, status=0):
    tail = ["--", *run] if run else []
    r = json.loads(obsctl("mem", "growth", *args, "--json", *tail, status=status).out)
    equal(sum(row["bytes"] for row in r["rows"]), r["total"], "bytes of all parts")
    return r


def part(r, name):
    return next(row for row in r["rows"] if row["part"] == name)


def steadily(command, n):
    """A command line that runs a command of kobs_gen_page once every tenth of a second."""
    turns = " ".join(map(str, range(n)))
    return ["sh", "-c", f"for i in {turns}; do echo {command} >{GEN_PAGE}run; sleep 0.1; done"]


@test("the parts add up to all of the memory")
def parts():
    r = growth("-d", "1")
    total = int(re.search(r"^MemTotal: +(\d+) kB$", read("/proc/meminfo"), re.M)[1]) * 1024
    equal(r["total"], total, "the total")
    at_least(r["readings"], 3, "readings")
    equal(r["rows"][-1]["part"], "unaccounted", "the last part")
    # What the kernel has no counter for is little on a machine without drivers.
    at_most(abs(part(r, "unaccounted")["bytes"]), total // 8, "bytes that are unaccounted")
    at_least(part(r, "free")["bytes"], 1, "free bytes")
    at_least(sum(r["free_blocks"]), 1, "free blocks")
    shown = obsctl("mem", "growth", "-d", "0.3").out
    contains(shown, "unaccounted", "text")
    contains(shown, "Free blocks: the largest is of", "text")


@test("pages that are forgotten grow where no counter has them")
def forgotten():
    before = page_stats()["leak"]
    try:
        r = growth(run=steadily(LEAK, 25))
        leaked = (page_stats()["leak"] - before) * 4096
        equal(leaked, 25 * 512 * 4096, "what kobs_gen_page leaked")
        row = part(r, "unaccounted")
        assert 0.8 * leaked <= row["change"] <= 1.2 * leaked, f"{row} for {leaked} bytes leaked"
        at_least(row["confidence"], 0.95, "confidence")
        equal(r["grows"], "unaccounted", "the part that grows most")
        contains(r["next"], "obsctl mem leaks", "the next command")
        done = obsctl("mem", "growth", "--fail-over", "1KiB", "--", *steadily(LEAK, 15), status=3)
        contains(done.err, "unaccounted grows by", "warning")
        contains(done.out, "Next: obsctl mem leaks", "report")
    finally:
        gen_page("drop")


@test("memory of vmalloc() grows by the function that takes it")
def areas():
    try:
        r = growth(run=steadily("area 400", 20))
        row = part(r, "vmalloc")
        assert 0.9 * 20 * 400 * 4096 <= row["change"] <= 1.2 * 20 * 400 * 4096, f"{row}"
        names = [row["name"] for row in r["growing"] if row["from"] == "vmalloc"]
        assert "gen_leak_area" in names, f"what grows: {r['growing']}"
    finally:
        gen_page("drop")


@test("refusals")
def refusals():
    for args, text in ((("--fail-over", "fast"), "--fail-over"), (("--by", "site"), "--by"), (("now",), "now")):
        contains(obsctl("mem", "growth", *args, status=2).err, text, f"refusal of {args}")


page_main()
