#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""
screen.py PLAYER

Tests of the screen of obsctl top in tmux, without a kernel: PLAYER shows recorded reports. Keys are sent, and what is on the
screen is compared. Prints TAP. Nothing here depends on how long something takes: each wait is for a text on the screen.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent / "selftests/lib"))
from terminal import Terminal, first, rows  # noqa: E402 # pylint: disable=wrong-import-position


class Screen(Terminal):
    """A terminal in which a shell runs the player."""

    def __init__(self, arguments="", term=None, **size):
        super().__init__(f"TERM={term or '$TERM'} {PLAYER} {arguments}", **size)

    def next(self, sig=signal.SIGUSR1):
        os.kill(self.child(), sig)

    def report(self, number):
        """The next report, which is this one."""
        self.next()
        self.wait(rf"{number}\.00 s so")

    def quit(self, number):
        """The end, with the report; the lines."""
        self.keys("q")
        return self.wait(f"the report, number {number}$")


def equal(got, want, what):
    assert got == want, f"{what}: {got!r}, expected {want!r}"


tests = []


def test(name):
    def add(fn):
        tests.append((name, fn))
        return fn
    return add


@test("the screen, and the report when it ends")
def whole():
    with Screen() as s:
        s.wait("1.00 s so far")
        s.report(2)
        s.shows(["func time of 12 functions, 2.00 s so far, only comm bash, cat, dd", "hits 2000 = recorded 2000 + filtered 0 + lost 0",
                 "total, every 1 s, 35 rows",
                 "COMM    FUNC                    COUNT   TOTAL   SHARE      AVG      MAX",
                 "bash    vfs_read                  200  200 us  18.2 %  1.00 us  1.00 us",
                 "cat     vfs_read                  100  400 us  36.3 %  4.00 us  4.00 us",
                 "bash    vfs_write                  20  400 us  36.3 %  20.0 us  20.0 us",
                 "dd      vfs_fsync                 200  100 us   9.1 %   500 ns   500 ns",
                 "grüße?  openat2_of_a_long_name      6  600 ns   0.1 %   100 ns   100 ns"], "lines", first(9))
        s.shows("q end  ? help  / filter", "last line", lambda lines: lines[23][:23])
        s.report(3)
        s.shows("  lost 3, table_full: no room for a new row: raise --rows", "losses", lambda lines: lines[2])
        lines = s.quit(3)
        assert lines[0].startswith("$ TERM="), f"the main screen is back: {lines}"


@test("sort, filter, per second, pause, interval")
def keys():
    with Screen() as s:
        s.wait("1.00 s so far")
        s.report(2)
        s.keys(">", ">", ">")
        s.wait("▼COUNT")
        s.shows(["bash vfs_read", "dd vfs_fsync", "cat vfs_read", "bash vfs_write"], "by count", rows(4))
        s.keys("r")
        s.wait("▲COUNT")
        s.shows(["still still_00"], "rising", rows(1))
        s.keys("r", "Left")
        s.wait("▲FUNC")
        s.shows(["grüße? openat2_of_a_long_name", "still still_00"], "by function", rows(2))
        s.keys("/", "v", "f", "s", "_")
        s.wait("filter 'vfs_': 4 of 35 rows")
        s.shows(["dd vfs_fsync", "bash vfs_read", "cat vfs_read", "bash vfs_write", ""], "filtered", rows(5))
        s.keys("Enter", "Left", "Left")
        s.wait("filter 'vfs_'", "by ")
        s.shows(["bash vfs_read"], "the report's order", rows(1))
        s.keys("t")
        s.wait("^per second")
        s.shows(["cat vfs_read 50", "bash vfs_write 10", "bash vfs_read 100", "dd vfs_fsync 200"], "rates", rows(4, 3))
        s.keys("p")
        s.wait("^PAUSED")
        s.next()
        s.keys("t")
        s.wait("^PAUSED, total")
        s.shows(["bash vfs_read 200"], "still the second report", rows(1, 3))
        s.keys("p")
        s.wait("^total")
        s.report(3)
        s.shows(["bash vfs_read 300"], "the third", rows(1, 3))
        s.keys("Escape")
        s.wait(", 35 rows")
        s.keys("+")
        s.wait("every 2 s")
        lines = s.quit(3)
        assert "every 2000 ms" in lines, lines


@test("rows expand to their stacks")
def expand():
    with Screen("-s") as s:
        s.wait("1.00 s so far")
        s.report(2)
        s.keys("Down", "Enter")
        s.shows(["cat     vfs_read                  100  400 us  36.3 %  4.00 us  4.00 us",
                 "  COUNT 50, TOTAL 200 us, SHARE 18.2 %", "      leaf_1+0x1", "      entry_SYSCALL_64_after_hwframe+0x6e",
                 "  COUNT 25, TOTAL 100 us, SHARE 9.1 %", "      leaf_2+0x2", "      entry_SYSCALL_64_after_hwframe+0x6e",
                 "  COUNT 25, TOTAL 100 us, SHARE 9.1 %", "      leaf_3+0x3", "      entry_SYSCALL_64_after_hwframe+0x6e",
                 "bash    vfs_write                  20  400 us  36.3 %  20.0 us  20.0 us"], "stacks",
                lambda lines: lines[5:16])
        s.report(3)
        s.wait("  COUNT 75, TOTAL 300 us, SHARE 17.6 %")
        s.keys("Enter")
        s.wait("COMM", "leaf")
    with Screen() as s:
        s.wait("1.00 s so far")
        s.keys("Enter")
        s.wait("no stacks: none of the session's columns is one")


@test("40 columns, and another size while it runs")
def narrow():
    with Screen(columns=40, rows=16) as s:
        s.wait("1.00 s so")
        s.report(2)
        s.report(3)
        s.shows(["func time of 12 functions, 3.00 s so", "far, only comm bash, cat, dd",
                 "hits 3003 = recorded 3000 + filtered 0 +", "lost 3", "  lost 3, table_full: no room for a new",
                 "row: raise --rows", "total, every 1 s, 35 rows", "COMM    FUNC               COUNT   SHARE",
                 "bash    vfs_read             300  17.6 %"], "lines", first(9))
        s.resize(100, 30)
        s.shows(["func time of 12 functions, 3.00 s so far, only comm bash, cat, dd",
                 "hits 3003 = recorded 3000 + filtered 0 + lost 3"], "wide", first(2))
        s.shows("q end", "last line", lambda lines: lines[29][:5])
        s.resize(60, 12)
        s.wait("AVG$")
        s.shows("q end", "last line", lambda lines: lines[11][:5])
        s.quit(3)


@test("a locale without UTF-8")
def ascii_only():
    with Screen(locale="C") as s:
        s.wait("1.00 s so far")
        s.keys(">", ">", ">")
        s.wait("vCOUNT")
        s.wait(r"^gr\?\?e\?  openat2_of")
        assert all(line.isascii() for line in s.lines()), s.lines()
        s.quit(1)


@test("help, and the report's head and foot")
def pages():
    with Screen() as s:
        s.wait("1.00 s so far")
        s.keys("?")
        s.wait("^q           end, and print the report")
        s.shows("hits 1000 = recorded 1000 + filtered 0 + lost 0", "account", lambda lines: lines[1])
        s.keys("i")
        s.wait("^kobs used 120 ns per hit", "^Keys")
        s.keys("i")
        s.wait("COMM", "^kobs used")


@test("Ctrl-C ends it with the report, as SIGTERM does")
def interrupt():
    for end in ("key", "signal"):
        with Screen() as s:
            s.wait("1.00 s so far")
            if end == "key":
                s.keys("C-c")
            else:
                s.next(signal.SIGTERM)
            lines = s.wait("the report, number 1$")
            assert not any("COMM" in line for line in lines), lines


@test("Ctrl-Z, and fg")
def stop():
    with Screen() as s:
        s.wait("1.00 s so far")
        s.report(2)
        s.keys("C-z")
        s.wait(r"Stopped", "COMM")
        # The shell has the terminal as it was: what is typed is seen.
        s.type("echo on'e' line")
        s.wait("^one line")
        s.type("fg")
        s.wait("COMM")
        s.shows(["func time of 12 functions, 2.00 s so far, only comm bash, cat, dd"], "title", first(1))
        s.keys("t")
        s.wait("^per second")
        s.report(3)
        s.quit(3)


@test("a sentence is on the main screen, and the screen goes on")
def sentence():
    with Screen() as s:
        s.wait("1.00 s so far")
        s.next(signal.SIGUSR2)
        s.wait("2.00 s so far")
        lines = s.quit(2)
        assert "obsctl: a sentence" in lines, lines


@test("a crash leaves the terminal as it was")
def crash():
    for sig in (signal.SIGSEGV, signal.SIGQUIT, signal.SIGABRT):
        with Screen() as s:
            s.wait("1.00 s so far")
            s.next(sig)
            s.wait(r"^\$ *$|dumped|Segm|Quit|Abor", "COMM")
            s.type("stty -a")
            lines = s.wait("icanon")
            assert any(re.search(r"(^| )echo( |$|;)", line) for line in lines) and \
                any(re.search(r"(^| )icanon( |$|;)", line) for line in lines), lines


@test("terminals that cannot have a screen are refused")
def refused():
    for term, part in (("nosuch-terminal", "top does not know the terminal 'nosuch-terminal'"),
                       ("dumb", "and 'dumb' (TERM) is none: -i without top")):
        with Screen(term=term, columns=200) as s:
            s.wait(re.escape(part))
    for args, part in (({"stdin": subprocess.DEVNULL}, "standard output is no terminal"), ):
        r = subprocess.run([PLAYER], capture_output=True, text=True, check=False, **args)
        equal((r.returncode, r.stdout), (1, ""), "status and standard output")
        assert part in r.stderr and r.stderr.count("\n") == 1, r.stderr


def main():
    if not shutil.which("tmux"):
        print("1..0 # SKIP there is no tmux")
        return 0
    failures = 0
    for i, (name, fn) in enumerate(tests, 1):
        try:
            fn()
            print(f"ok {i} - {name}", flush=True)
        except Exception as e:
            failures += 1
            print(f"not ok {i} - {name}")
            print("\n".join(f"# {line}" for line in f"{type(e).__name__}: {e}".split("\n")), flush=True)
    print(f"1..{len(tests)}")
    return bool(failures)


if len(sys.argv) != 2:
    sys.exit(__doc__)
PLAYER = os.path.abspath(sys.argv[1])
sys.exit(main())
