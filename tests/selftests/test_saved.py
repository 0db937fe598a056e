# SPDX-License-Identifier: GPL-2.0
"""Saved reports: show prints what the session's report was, diff finds what changed, and --html is a page of the same numbers."""

import html
import re
import tempfile

from kobstest import *

LEAF = "kobs_gen_leaf"


def without_times(text):
    """A report of a session that goes on: how long it lasted and what it cost differ from one to the next."""
    kept = [line for line in text.splitlines() if not re.match(r"\S+ \S+ (of|for) |kobs used|  about ", line)]
    return [re.sub(r"hits [\d,]+ = .*", "hits", line) for line in kept]


@test("a saved report is shown as the session's was")
def show():
    for verb, options in (("count", ["--by", "func,comm,kstack"]), ("count", ["--by", "comm,pid,cpu"]), ("time", ["--hist", "--by", "func,comm"]),
                          ("time", ["--by", "ustack,kstack"])):
        with tempfile.TemporaryDirectory() as top:
            obsctl("func", verb, LEAF, *options, "--detach", "saved")
            try:
                gen("call task 40")
                for more in ([], ["-n", "0"], ["-n", "1"]):
                    obsctl("session", "read", "saved", "--json", "-o", f"{top}/a.json")
                    text = obsctl("session", "read", "saved", *more).out
                    equal(without_times(obsctl("show", f"{top}/a.json", *more).out), without_times(text), f"func {verb} {options} {more}")
                assert LEAF in text or "kstack" in options[-1] or "pid" in options[-1], text
            finally:
                obsctl("session", "stop", "saved")


@test("verbs with reports of their own are shown from their files")
def forms():
    cases = (["sched", "offcpu"], ["sched", "runq", "--hist"], ["lock", "contention"], ["slab", "leaks"], ["slab", "growth"],
             ["pmu", "stat", "-e", "cpu-clock,context-switches"], ["pmu", "record"], ["pmu", "record", "--graph"])
    with tempfile.TemporaryDirectory() as top:
        for case in cases:
            obsctl(*case, "--json", "-o", f"{top}/a.json", "--html", f"{top}/a.html", "--", "sh", "-c", "ls -R /sys/kernel >/dev/null; sleep 1.1")
            with open(f"{top}/a.json", encoding="utf-8") as f:
                r = json.load(f)
            text = obsctl("show", f"{top}/a.json").out
            page = html.unescape(re.sub("<[^>]*>", "", read(f"{top}/a.html")))
            if r.get("title"):
                contains(text, r["title"], "the title")
                contains(page, r["title"], "the title of the page")
            if "accounting" in r:
                line = f"hits {r['accounting']['hits']:,} = recorded {r['accounting']['recorded']:,} "
                contains(text, line, f"the account of {case}")
                contains(page, line, f"the account of the page of {case}")
            out = obsctl("diff", f"{top}/a.json", f"{top}/a.json").out
            contains(out, "Nothing changed over 5 %", f"{case} compared with itself")


@test("records of a trace are shown from their file as they are printed, and in the formats of records")
def trace():
    run = ["--", "sh", "-c", f"echo call task 20 >{GEN}run"]
    with tempfile.TemporaryDirectory() as top:
        path = f"{top}/a.json"
        printed = obsctl("func", "trace", LEAF, "-c", "sh", *run).out.splitlines()
        obsctl("func", "trace", LEAF, "-c", "sh", "--json", "-o", path, *run)
        with open(path, encoding="utf-8") as f:
            *found, last = map(json.loads, f)
        equal((len(found), last["accounting"]["recorded"]), (20, 20), "records")
        shown = obsctl("show", path)
        contains(shown.err, "recorded 20 ", "the account")
        lines = shown.out.splitlines()
        equal(lines[0], printed[0], "the heading")
        equal(len(lines), 21, "lines")
        # Processes and times differ from one run to the next.
        equal([re.sub(r"[\d.]+", "N", line.replace(" ", "")) for line in lines[1:]],
              [re.sub(r"[\d.]+", "N", line.replace(" ", "")) for line in printed[1:]], "records as text")
        equal([line.split()[0] for line in lines[1:]], [f"{r['time_ns'] // 10**9}.{r['time_ns'] % 10**9 // 1000:06}" for r in found], "times")
        equal(len(obsctl("show", path, "-n", "7").out.splitlines()), 8, "lines of -n 7")
        rows = obsctl("show", path, "--format", "csv").out.splitlines()
        equal((len(rows), rows[0].split(",")[:2], "func" in rows[0].split(",")), (21, ["time_ns", "cpu"], True), "lines of CSV")
        events = json.loads(obsctl("show", path, "--format", "chrome").out)["traceEvents"]
        # A mark on the track of its CPU for each record.
        cpus = next(e["pid"] for e in events if e["name"] == "process_name" and e["args"]["name"] == "CPUs")
        equal(sum(e["name"] == LEAF and e["pid"] == cpus for e in events), 20, "events")
        equal(json.loads(obsctl("show", path, "--format", "json").out.splitlines()[3]), found[3], "the fourth record")
        contains(obsctl("show", path, "--folded", status=1).err, "has single records, whose stacks are not added up")
        contains(obsctl("diff", path, path, status=1).err, "has single records, which have no keys to compare by")


@test("what was read from files of the machine is shown from its file")
def machine():
    with tempfile.TemporaryDirectory() as top:
        path = f"{top}/a.json"
        obsctl("mem", "growth", "-d", "1", "--json", "-o", path)
        contains(obsctl("show", path).out, "mem growth, ", "the title")
        contains(obsctl("diff", path, path).out, "Nothing changed over 5 %", "the same twice")
        obsctl("triage", "-d", "1", "--json", "-o", path)
        with open(path, encoding="utf-8") as f:
            r = json.load(f)
        text = obsctl("show", path).out
        contains(text, r["sentence"], "the sentence")
        for s in r["sessions"]:
            contains(text, s["session"], "a session")
        contains(obsctl("diff", path, path, status=1).err, "cannot be compared")


@test("on-CPU and off-CPU time become one graph, whose width is both")
def joined():
    work = ["--", "sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; sleep 0.2"]
    with tempfile.TemporaryDirectory() as top:
        columns = ["--by", "comm,ustack,kstack"]
        obsctl("sched", "offcpu", "-c", "sh,sleep", *columns, "--detach", "waits")
        obsctl("pmu", "record", "-e", "cpu-clock", *columns, "--json", "-o", f"{top}/on.json", *work)
        obsctl("session", "stop", "waits", "--json", "-o", f"{top}/off.json")
        out = obsctl("show", f"{top}/on.json", f"{top}/off.json", "--flame", f"{top}/x.svg").out
        with open(f"{top}/on.json", encoding="utf-8") as f:
            on = sum(row["events"] for row in json.load(f)["rows"])
        with open(f"{top}/off.json", encoding="utf-8") as f:
            off = sum(row["sum"] for row in json.load(f)["rows"] if not row.get("idle"))
        at_least(on, 1, "time on a CPU")
        at_least(off, 200000000, "time off it")
        total = re.search(r'<g class="\w+" data-f="0 0 (\d+)">', read(f"{top}/x.svg"))
        equal(int(total[1]), on + off, "the whole width")
        contains(out, "on-CPU: hits ", "the account of samples")
        contains(out, "off-CPU: hits ", "the account of waits")
        contains(obsctl("show", f"{top}/on.json", f"{top}/on.json", "--flame", f"{top}/y.svg", status=1).err, "two of one verb are compared")


@test("what grew between two reports is found, and crosses a limit")
def grew():
    with tempfile.TemporaryDirectory() as top:
        for name, calls in ("a", 100), ("b", 150):
            obsctl("func", "count", LEAF, "--by", "func", "--detach", "saved")
            gen(f"call task {calls}")
            obsctl("session", "stop", "saved", "--json", "-o", f"{top}/{name}.json")
        r = json.loads(obsctl("diff", f"{top}/a.json", f"{top}/b.json", "--json").out)
        equal([(x["func"].split()[0], x["before"], x["after"], x["change"]) for x in r["rows"]], [(LEAF, 100, 150, 50)], "rows")
        equal([r["unit"], r["before"], r["after"], r["scale"]], ["hits", 100, 150, 1], "the whole")
        obsctl("diff", f"{top}/a.json", f"{top}/b.json", "--fail-over", "50%")
        contains(obsctl("diff", f"{top}/a.json", f"{top}/b.json", "--fail-over", "49%", status=3).err,
                 " grew by 50.0 %, more than the limit 49% of --fail-over")
        obsctl("diff", f"{top}/a.json", f"{top}/b.json", "--fail-over", "49", status=3)
        obsctl("diff", f"{top}/b.json", f"{top}/a.json", "--fail-over", "1%")


@test("a page has the graph of its stacks, and asks for nothing")
def page():
    with tempfile.TemporaryDirectory() as top:
        obsctl("func", "count", LEAF, "--by", "comm,kstack", "--detach", "saved")
        gen("call task 7")
        contains(obsctl("session", "stop", "saved", "--html", f"{top}/a.html").out, f"page: {top}/a.html\n", "the report says where")
        text = read(f"{top}/a.html")
        equal(len(re.findall(rf"<title>{LEAF}[^<]*\nmodule, 7 hits, 100.00 %</title>", text)), 1, "frames of the function")
        contains(text, '<td class="r" data-v="7">7</td>', "the row")
        equal(re.findall(r'(?:src|href)="?[^ >]*', text), [], "addresses")
        obsctl("func", "count", LEAF, "--html", f"{top}/none/a.html", "-d", "1", status=1)
        equal(os.listdir(top), ["a.html"], "files")


main()
