# SPDX-License-Identifier: GPL-2.0
"""A terminal of tmux, for tests of what obsctl shows on one: keys are sent, and what is on the screen is compared."""

import os
import re
import shutil
import subprocess
import tempfile
import time

# The terminals' names and sizes are the tests'.
UNWANTED = ("TMUX", "COLUMNS", "LINES", "LC_ALL", "LC_CTYPE", "NO_COLOR")


class Terminal:
    """
    A shell runs a command line in it, unless that is None. Nothing depends on how long something takes: each wait, of limited
    seconds far above any expected duration, is for what the screen shows.
    """

    def __init__(self, line, columns=100, rows=24, locale="C.UTF-8", wait=60):
        self.limit = wait
        self.dir = tempfile.mkdtemp(prefix="obsctl-terminal-")
        self.socket = f"{self.dir}/tmux"
        env = {k: v for k, v in os.environ.items() if k not in UNWANTED}
        env.update(LANG=locale, TERM="xterm-256color", PS1="$ ", LC_ALL="C.UTF-8")
        try:
            # The server draws as UTF-8 whatever the locale of what runs in it is.
            self.tmux("-u", "-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), "env",
                      f"LC_ALL={locale}", "sh", env=env)
            self.tmux("set-option", "-g", "status", "off")
            self.wait(r"\$")
            if line:
                self.type(line)
        except BaseException:
            self.__exit__()
            raise

    def tmux(self, *args, env=None):
        r = subprocess.run(["tmux", "-S", self.socket, *args], env=env, capture_output=True, text=True, check=False)
        assert r.returncode == 0, f"tmux {args}: {r.stderr}"
        return r.stdout

    def type(self, text):
        """A line for the shell."""
        self.tmux("send-keys", "-l", text)
        self.keys("Enter")

    def keys(self, *names):
        self.tmux("send-keys", *names)

    def lines(self):
        return [line.rstrip() for line in self.tmux("capture-pane", "-p").split("\n")]

    def until(self, fn, what):
        """Until fn() of the screen's lines is not None; what it returns."""
        begin = time.monotonic()
        while True:
            lines = self.lines()
            found = fn(lines)
            if found is not None:
                return found
            waited = time.monotonic() - begin
            if waited > self.limit:
                raise AssertionError(f"{what() if callable(what) else what}, on the screen:\n" + "\n".join(lines))
            time.sleep(min(0.02 + waited / 10, 0.2))

    def wait(self, pattern, but=None):
        """Until a line of the screen has this in it, and none has the other pattern; the lines."""
        def has(lines):
            good = any(re.search(pattern, line) for line in lines) and not (but and any(re.search(but, line) for line in lines))
            return lines if good else None
        return self.until(has, f"no '{pattern}'{f' without {but!r}' if but else ''}")

    def shows(self, want, what, part=lambda lines: lines):
        """Until the screen, or a part of it, is this."""
        got = []

        def same(lines):
            got[:] = [part(lines)]
            return True if got[0] == want else None
        self.until(same, lambda: f"{what}: {got[0]!r}, expected {want!r}")

    def child(self):
        """The number of the process that the shell runs."""
        def find(_):
            shell = self.tmux("display-message", "-p", "#{pane_pid}").strip()
            with open(f"/proc/{shell}/task/{shell}/children", encoding="ascii") as f:
                children = f.read().split()
            return int(children[0]) if children else None
        return self.until(find, "the shell runs nothing")

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], check=False, capture_output=True)
        shutil.rmtree(self.dir, ignore_errors=True)


def rows(number, words=2):
    """A part of the screen of top: the first words of so many rows below the heading."""
    def part(lines):
        at = next((i for i, line in enumerate(lines) if re.match(r"\W?[A-Z]+ +.*(COUNT|SHARE)", line)), len(lines))
        return [" ".join(line.split()[:words]) for line in lines[at + 1:at + 1 + number]]
    return part


def first(number):
    """A part of the screen: so many lines."""
    return lambda lines: lines[:number]
