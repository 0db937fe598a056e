# SPDX-License-Identifier: GPL-2.0
"""obsctl top in a terminal of tmux: exact rows, whatever the keys make of them."""

import re
import shutil

from kobstest import *
from terminal import Terminal, rows

COUNT = "obsctl top func count kobs_gen_leaf kobs_gen_deep -i 100ms"


class Top(Terminal):
    """A screen of obsctl, which observes."""

    def __init__(self, line, title, **size):
        if not shutil.which("tmux"):
            skip("there is no tmux")
        super().__init__(line, wait=WAIT, **size)
        self.wait(title)

    def quit(self):
        """The end with the report; the lines."""
        self.keys("q")
        self.wait(r"^hits .*lost 0$", "^q end")
        self.type("echo status $?")
        return self.wait("^status 0$")


@test("counts, sorted and filtered, and the report at the end")
def whole():
    with Top(COUNT, "^func count of 2 functions") as t:
        t.wait(r"^\(no rows yet\)")
        gen("call task 100")
        gen("deep 3 4")
        t.shows(["kobs_gen_leaf 100 89.3 %", "kobs_gen_deep 12 10.7 %", ""], "rows", rows(3, 4))
        t.wait("^hits 112 = recorded 112 \\+ filtered 0 \\+ lost 0$")
        t.keys(">", "r")
        t.wait("▼FUNC")
        t.shows(["kobs_gen_leaf", "kobs_gen_deep"], "by function, falling", rows(2, 1))
        t.keys("r")
        t.wait("▲FUNC")
        t.shows(["kobs_gen_deep", "kobs_gen_leaf"], "by function", rows(2, 1))
        t.keys("/", "l", "e", "a", "f", "Enter")
        t.wait("filter 'leaf': 1 of 2 rows")
        t.shows(["kobs_gen_leaf 100 89.3 %", ""], "filtered", rows(2, 4))
        # Nothing of what is recorded is filtered.
        gen("deep 3 4")
        t.wait("^hits 124 = recorded 124 \\+ filtered 0 \\+ lost 0$")
        t.shows(["kobs_gen_leaf 100 80.6 %", ""], "its share", rows(2, 4))
        lines = t.quit()
        for part in (r"^kobs_gen_leaf +100 +.* 80\.6 %$", r"^kobs_gen_deep +24 +.* 19\.4 %$",
                     r"^hits 124 = recorded 124 \+ filtered 0 \+ lost 0$"):
            assert any(re.search(part, line) for line in lines), f"no '{part}' in {lines}"


@test("pause, per second, and another interval")
def rates():
    with Top(COUNT, "^func count of 2 functions") as t:
        gen("call task 100")
        t.shows(["kobs_gen_leaf 100 100.0 %"], "a row", rows(1, 4))
        t.keys("p")
        t.wait("^PAUSED, total, every 100 ms")
        gen("call task 50")
        t.keys("?")
        t.wait("^Keys")
        t.keys("?")
        t.wait("COUNT", "^Keys")
        t.shows(["kobs_gen_leaf 100 100.0 %"], "a row while it pauses", rows(1, 4))
        t.keys("p")
        t.wait("^total, every 100 ms")
        t.shows(["kobs_gen_leaf 150 100.0 %"], "what came meanwhile", rows(1, 4))
        t.keys("t")
        t.wait("COUNT/S")
        # Nothing is called any more.
        t.shows(["kobs_gen_leaf 0 -"], "per second", rows(1, 3))
        with Load():
            t.until(lambda lines: True if re.match(r"kobs_gen_leaf [1-9][\d,.]* 100.0", rows(1, 3)(lines)[0] or "") else None,
                    "no calls per second")
        t.shows(["kobs_gen_leaf 0 -"], "per second without load", rows(1, 3))
        t.keys("+", "+")
        t.wait("^per second, every 500 ms")
        t.quit()


@test("a row expands to its kernel stacks")
def expand():
    with Top("obsctl top func count kobs_gen_leaf --by func,kstack -i 100ms", "^func count of 1 function") as t:
        gen("call task 7")
        gen("call task 3")
        t.shows(["kobs_gen_leaf 10 100.0 %", ""], "one row of all stacks", rows(2, 4))
        t.keys("Enter")
        lines = t.wait("^      kobs_gen_caller_[ab]\\+0x")
        stacks = [int(m[1]) for m in (re.match(r"  COUNT (\d+), SHARE", line) for line in lines) if m]
        equal(sum(stacks), 10, "calls of the stacks")
        t.keys("Enter")
        t.wait("kobs_gen_leaf", "kobs_gen_caller")
        t.quit()


@test("sched offcpu expands to where threads block")
def offcpu():
    with subprocess.Popen(["sh", "-c", "while :; do sleep 0.05; done"]) as loop:
        try:
            with Top("obsctl top sched offcpu -c sleep -i 100ms", "^sched offcpu of .*only comm sleep") as t:
                t.wait("^sleep +sleep +")
                t.keys("Enter")
                t.wait(r"^      schedule\+0x")
                t.quit()
        finally:
            loop.kill()


@test("40 columns, another size, and a locale without UTF-8")
def narrow():
    line = "obsctl top func count kobs_gen_leaf kobs_gen_deep --by func,caller -i 100ms"
    with Top(line, "^func count of 2", columns=40, rows=16, locale="C") as t:
        gen("call task 100")
        lines = t.wait(r"^kobs_\.\.leaf +\S+ +100 +100\.0 %$")
        assert all(len(line) <= 40 and line.isascii() for line in lines), lines
        t.resize(120, 24)
        t.wait(r"^kobs_gen_leaf +kobs_gen_caller_a\+0x\w+ \[kobs_gen\] +100 +100\.0 %$")
        t.shows("q end", "last line", lambda lines: lines[23][:5])
        t.quit()


@test("top alone samples by thread and function")
def alone():
    with Top("obsctl top -i 100ms", "^pmu record of cycles") as t:
        with Load():
            t.wait(r"^COMM +FUNC +COUNT")
            t.wait(r"^\S+ +\S+ .* %$")
        t.keys("q")
        t.wait("^hits .*recorded", "^q end")


@test("a command: it ends the screen, and what it printed is seen then")
def command():
    with Top(None, r"\$") as t:
        t.type(f"obsctl top func count kobs_gen_leaf -- sh -c 'cat; echo some words; echo call task 5 >{GEN}run'; echo status $?")
        lines = t.wait("^status 0$")
        assert lines.index("some words") < next(i for i, line in enumerate(lines) if re.match("kobs_gen_leaf +5 ", line)), lines


@test("-i is the same screen; without standard input it prints reports")
def interval():
    with Top("obsctl func count kobs_gen_leaf -i 100ms", "^total, every 100 ms") as t:
        t.quit()
    with Top(None, r"\$") as t:
        t.type("obsctl func count kobs_gen_leaf -i 100ms -- sh -c 'sleep 0.3; echo some words' </dev/null; echo status $?")
        lines = t.wait("^status 0$")
        at_least(sum("func count of 1 function" in line for line in lines), 2, "reports")


@test("slab growth has a screen, too")
def growth():
    with Top("obsctl top slab growth -i 100ms", "^slab growth of") as t:
        t.wait("^total, every 100 ms")
        t.keys("t")
        t.wait("this table has no counts")
        t.keys("C-c")
        t.wait("readings of", "^q end")


@test("a filter of the session is in sight, and losses are")
def losses():
    with Top("obsctl top func count kobs_gen_leaf --by func,caller --rows 2 -c python3 -i 100ms",
             "^func count of 1 function.*, only comm python3$") as t:
        gen("spread 2")
        t.wait("^  lost .*, table_full")
        t.wait(r"^\*\*\* .*of the hits were lost")
        t.keys("q")
        t.wait("^hits .*lost [1-9]", "^q end")


@test("Ctrl-Z and fg")
def stop():
    with Top(COUNT, "^func count of 2 functions") as t:
        t.keys("C-z")
        t.wait("Stopped", "^q end")
        gen("call task 9")
        t.type("fg")
        t.shows(["kobs_gen_leaf 9 100.0 %"], "what came meanwhile", rows(1, 4))
        t.quit()


@test("the session ends with a screen that is killed")
def killed():
    with Top(COUNT, "^func count of 2 functions") as t:
        os.kill(t.child(), signal.SIGKILL)
        until(lambda: not sessions(), "the session to end")


@test("what can't have a screen is refused in a sentence")
def refusals():
    for args, status, part in (
            (("func", "count", "kobs_gen_leaf"), 1, "top shows a screen and takes keys: standard output is no terminal"),
            (("func", "trace", "kobs_gen_leaf"), 2, "'func trace' makes none: it has no --interval"),
            (("func", "count", "kobs_gen_leaf", "--detach", "x"), 2, "--detach leaves the session running"),
            (("fnc", "count", "x"), 2, "did you mean 'obsctl func count x'?"),
            (("-i", "1", "func", "count"), 2, "options follow the noun and the verb: obsctl top func count ..."),
            (("func",), 2, "'func' needs a verb"), (("--top", "x"), 2, "option --top needs")):
        r = obsctl("top", *args, status=status)
        contains(r.err, part, f"refusal of {args}")
        equal((r.out, r.err.count("\n")), ("", 1), "nothing else")
    with Top(None, r"\$", columns=200) as t:
        t.type("TERM=dumb obsctl top func count kobs_gen_leaf; echo status $?")
        t.wait(r"needs a terminal whose cursor can be moved, and 'dumb' \(TERM\) is none")
        t.wait("^status 1$")


main()
