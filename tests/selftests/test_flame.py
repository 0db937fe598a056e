# SPDX-License-Identifier: GPL-2.0
"""Flame graphs of sessions: every verb that has stacks draws those of its rows, with their weights."""

import re
import tempfile
import xml.etree.ElementTree

from kobstest import *
from slabtest import gen_slab

LEAF = "kobs_gen_leaf"
PROGRAM = f"{SRC}/build/selftests/ustack"
SVG = "{http://www.w3.org/2000/svg}"


def plain(frame):
    """A frame as pictures have it: without its place in the function, or its address."""
    return re.sub(r"( ?\+| )0x[0-9a-f]+(?= |$)", "", frame, count=1)


class Picture:
    """What a file has: a weight for each path of frames from the root, and the lines around them."""

    def __init__(self, path):
        root = xml.etree.ElementTree.parse(path).getroot()
        self.title = root.find(f"{SVG}title").text
        self.lines = [" ".join(span.text for span in text.iter(f"{SVG}tspan")) for g in root.iter(f"{SVG}g")
                      if g.get("id") in ("head", "foot") for text in g.iter(f"{SVG}text")]
        self.weights, self.kinds, self.merged = {}, {}, 0
        at = []
        for g in next(g for g in root.iter(f"{SVG}g") if g.get("id") == "frames"):
            depth, _, weight = map(int, g.get("data-f").split())
            name, about = g.find(f"{SVG}title").text.split("\n")
            at[depth:] = [name]
            self.merged += depth > 0 and g.get("class").startswith("o")
            self.weights[tuple(at[1:])] = weight
            self.kinds[name] = about.split(",")[0]

    def line(self, start):
        found = [line for line in self.lines if line.startswith(start)]
        equal(len(found), 1, f"lines '{start}' of {self.lines}")
        return found[0]


def draw(*args, run, weight, columns=()):
    """The picture and the JSON of one session, which must have the same stacks."""
    with tempfile.TemporaryDirectory() as top:
        r = account(json.loads(obsctl(*args, "--flame", f"{top}/a.svg", "--json", "--", *run).out))
        p = Picture(f"{top}/a.svg")
    equal(p.weights[()], sum(row[weight] for row in r["rows"]), "the weight of all")
    contains(p.line("hits "), f"hits {r['accounting']['hits']:,} = recorded {r['accounting']['recorded']:,} ", "the account")
    wanted = {}
    for row in r["rows"]:
        path = [str(row[c]) for c in columns if row.get(c) not in (None, "")]
        path += [plain(f) for stack in ("ustack", "kstack") for f in reversed(row.get(stack, []))]
        for n in range(len(path) + 1 if row[weight] else 0):
            wanted[tuple(path[:n])] = wanted.get(tuple(path[:n]), 0) + row[weight]
    for path, n in p.weights.items():
        if path and path[-1] not in ("(others)", "[no stack]", "[lost stack]"):
            equal(n, wanted.get(path), f"weight of {path}")
    if not p.merged:
        equal(set(wanted) - set(p.weights), set(), "stacks that are not drawn")
    return p, r


@test("func count: the frames of both stacks, their kinds and counts")
def count():
    p, _ = draw("func", "count", LEAF, "--by", "comm,ustack,kstack", run=[PROGRAM, GEN + "run", "call task 3", "4"], weight="count",
                columns=["comm"])
    equal([p.weights[()], p.merged], [12, 0], "calls, and merged frames")
    equal(p.title, f"func count: {PROGRAM} {GEN}run call task 3 4", "title")
    equal(p.line("width: "), "width: hits; all: 12 in 1 row", "width")
    path = next(path for path in p.weights if path[-1:] == (f"{LEAF} [kobs_gen]",))
    equal([path[0], p.weights[path]], ["ustack", 12], "the stack that ends in the function")
    equal([p.kinds["ustack"], p.kinds["user_leaf [ustack]"], p.kinds["ksys_write"], p.kinds[f"{LEAF} [kobs_gen]"]],
          ["column", "user", "kernel", "module"], "kinds")


@test("func time: ns of calls, without the hook that measures them")
def times():
    p, r = draw("func", "time", LEAF, "--by", "kstack", run=script("call task 10", "callb 7"), weight="sum")
    equal(sum(row["count"] for row in r["rows"]), 17, "calls")
    contains(p.line("width: "), "width: ns of duration; all: ")
    assert not any("rethook" in name or "[kobs]" in name for name in p.kinds), p.kinds


@test("probe count draws an expression as a column")
def probe():
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        skip("no BTF")
    p, _ = draw("probe", "count", f"k:{LEAF}", "--by", "cpu=on,kstack", run=script("call task 10"), weight="count", columns=["on"])
    equal(p.weights[()], 10, "calls")


@test("sched offcpu, pmu record and slab leaks draw")
def others():
    p, _ = draw("sched", "offcpu", "--budget", 0, "--by", "comm,kstack", "-c", "sleep", run=["sleep", "0.2"], weight="sum", columns=["comm"])
    at_least(p.weights[("sleep",)], 200_000_000, "ns that a sleep of 200 ms takes")
    p, r = draw("pmu", "record", "-e", "cpu-clock", "-F", 500, "--budget", 0, "--by", "comm,kstack",
                run=["sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done"], weight="events", columns=["comm"])
    at_least(r["accounting"]["recorded"], 1, "samples")
    contains(p.line("width: "), "width: ns; all: ")
    insmod("kobs_gen_slab")
    try:
        run = "/sys/kernel/debug/kobs_gen_slab/run"
        p, _ = draw("slab", "leaks", "--by", "cache,kstack", "--module", "kobs_gen_slab", "-d", "3",
                    run=["sh", "-c", f"echo leak kmalloc task 25 64 >{run}"], weight="live_bytes", columns=["cache"])
        contains(p.line("width: "), "width: bytes; all: ")
        assert ("kmalloc-64",) in p.weights, p.weights
    finally:
        gen_slab("drop")
        rmmod("kobs_gen_slab")


@test("lock contention draws, also where there is nothing")
def nothing():
    with tempfile.TemporaryDirectory() as top:
        r = obsctl("lock", "contention", "--flame", f"{top}/a.svg", "-c", "no_such_task", "--", "true")
        contains(r.out, f"flame graph of 0 rows: {top}/a.svg\n", "the report")
        p = Picture(f"{top}/a.svg")
        equal(p.weights, {(): 0}, "frames")
        p.line("Nothing was ")


@test("a detached session is drawn, and saved reports are")
def detached():
    with tempfile.TemporaryDirectory() as top:
        obsctl("func", "count", LEAF, "--by", "kstack", "--detach", "drawn")
        gen("call task 5")
        obsctl("session", "read", "drawn", "--flame", f"{top}/a.svg")
        gen("call task 4")
        obsctl("session", "read", "drawn", "--json", "-o", f"{top}/b.json")
        obsctl("session", "stop", "drawn", "--flame", f"{top}/b.svg", "--icicle")
        obsctl("show", f"{top}/b.json", "--flame", f"{top}/c.svg")
        a, b, c = (Picture(f"{top}/{x}.svg") for x in "abc")
        equal([a.weights[()], b.weights[()]], [5, 9], "calls")
        equal(b.title, "func count, session drawn", "title")
        equal(c.weights, b.weights, "the same from the saved report")
        equal(obsctl("diff", f"{top}/b.json", f"{top}/b.json", "--flame", f"{top}/d.svg").out.splitlines()[1],
              "hits: before 9, after 9 (+0.0 %)", "a report compared with itself")
        obsctl("func", "count", LEAF, "--by", "comm", "--detach", "plain")
        r = obsctl("session", "read", "plain", "--flame", f"{top}/e.svg", status=1)
        contains(r.err, "has no stacks to draw: start it with --by kstack")
        obsctl("session", "stop", "plain")
        equal(os.path.exists(f"{top}/e.svg"), False, "a file of a refused picture")


@test("what cannot be drawn is refused, and leaves nothing")
def refused():
    with tempfile.TemporaryDirectory() as top:
        r = obsctl("func", "count", LEAF, "--flame", f"{top}/none/a.svg", "-d", "1", status=1)
        contains(r.err, f"cannot write the flame graph to {top}/none/a.svg: No such file or directory")
        obsctl("func", "count", "no_such_function", "--flame", f"{top}/a.svg", "-d", "1", status=1)
        obsctl("func", "count", LEAF, "--by", "comm", "--flame", f"{top}/a.svg", "-d", "1", status=2)
        equal(os.listdir(top), [], "files")


main()
