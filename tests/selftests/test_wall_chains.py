# SPDX-License-Identifier: GPL-2.0
"""wall --waker: who ended blocked time, who woke that up, and so on, in relays of known threads."""

import os
import signal
import time

from kobstest import *

MS = 1000000
PAUSE = 0.05
LINKS = 8


class Relay:
    """N processes in a row: each waits for the one before, the first of all for a timer. All of them do it ROUNDS times."""

    def __init__(self, n, rounds=3):
        self.pipes = [os.pipe() for _ in range(n)]
        self.done = os.pipe()
        self.pids = [0] * n
        # The last one first: they are asleep when the first one begins.
        for i in reversed(range(n)):
            self.pids[i] = os.fork()
            if not self.pids[i]:
                self.child(i, n, rounds)
            if i:
                until(lambda pid=self.pids[i]: asleep(pid), f"relay{i} to wait")

    def child(self, i, n, rounds):
        try:
            with open("/proc/self/comm", "w", encoding="ascii") as f:
                f.write(f"relay{i}")
            for _ in range(rounds):
                if i:
                    os.read(self.pipes[i - 1][0], 1)
                else:
                    time.sleep(PAUSE)
                if i + 1 < n:
                    os.write(self.pipes[i][1], b"x")
                else:
                    os.write(self.done[1], b"x")
            os._exit(0)
        finally:
            os._exit(1)

    def wait(self):
        for pid in self.pids:
            equal(os.waitpid(pid, 0)[1], 0, "status of a process")
        for end in [end for pipe in [*self.pipes, self.done] for end in pipe]:
            os.close(end)


def wall(*args):
    return Background("wall", "--budget", 0, "--waker", "--json", *args)


def waits(report, pid, least=PAUSE * 0.8):
    """The long waits of a thread, with all that ended them."""
    row, = rows(report, tid=pid)
    for c in ("sleep", "disk", "idle", "lock", "stopped", "other"):
        equal(sum(d["sum"] for d in row["details"] if d["class"] == c), row[c], f"details of class {c}")
    for d in row["details"]:
        equal("waker" in d, bool(d.get("chain")), f"that a wait has a waker, or nobody ended it: {d}")
        assert "waker" not in d or d["waker"] == d["chain"][0]["comm"], f"first link of {d}"
        at_most(len(d.get("chain", [])), LINKS, "links")
    return [d for d in row["details"] if d["class"] == "sleep" and d["max"] >= least * 1e9]


def chain_of(d):
    return [(link["comm"], link.get("tid", 0)) for link in d["chain"]], d["chain_end"]


@test("each thread of a relay is woken by the one before, which was by the one before it")
def relay():
    with wall() as session:
        r = Relay(10)
        r.wait()
        report = balance(session.report())
    for i in range(1, 10):
        links = [(f"relay{k}", r.pids[k]) for k in reversed(range(i))] + [("[interrupt]", 0)]
        wanted = (links[:LINKS], "interrupt" if len(links) <= LINKS else "limit")
        found = [d for d in waits(report, r.pids[i]) if "chain" in d and chain_of(d) == wanted]
        assert found, f"no chain {wanted} among those of relay{i}: {[chain_of(d) for d in waits(report, r.pids[i]) if 'chain' in d]}"
        at_least(sum(d["sum"] for d in found), PAUSE * 1e9 * 0.8, "time that the chain has ended")
        for d in found:
            # Where each of them was blocked before, except for what ends the chain.
            for link in d["chain"]:
                stack = " ".join(link.get("stack", []))
                if link["comm"] == "relay0":
                    contains(stack, "nanosleep", f"where {link['comm']} was blocked")
                elif link["comm"] != "[interrupt]":
                    contains(stack, "pipe_read", f"where {link['comm']} was blocked")


def spins_and_wakes(pause, ends):
    with wall() as session:
        ready, go = os.pipe()
        running, runs = os.pipe()
        reader = os.fork()
        if not reader:
            # The other one runs by then, and is not blocked any more.
            os.read(running, 1)
            os.read(ready, 1)
            os._exit(0)
        spinner = os.fork()
        if not spinner:
            if pause:
                time.sleep(pause)
            os.write(runs, b"x")
            end = time.monotonic() + 0.5
            while time.monotonic() < end:
                pass
            os.write(go, b"x")
            os._exit(0)
        for pid in reader, spinner:
            equal(os.waitpid(pid, 0)[1], 0, "status of a process")
        for end in ready, go, running, runs:
            os.close(end)
        report = balance(session.report())
    found = [d for d in waits(report, reader) if any("pipe_read" in f for f in d["stack"])]
    longest = max(found, key=lambda d: d["max"])
    equal([link["tid"] for link in longest["chain"]], [spinner], "who ended it")
    assert longest["chain_end"] in ends, f"end of {longest}"


@test("a waker that was not blocked meanwhile ends the chain")
def ran():
    spins_and_wakes(0.01, ["ran"])


@test("a waker that nobody woke up ends the chain")
def start():
    # On a busy machine it may wait for a page of its program.
    spins_and_wakes(0, ["start", "ran"])


@test("a waker that is not followed ends the chain")
def foreign():
    read_end, write_end = os.pipe()
    reader = os.fork()
    if not reader:
        for _ in range(2):
            os.read(read_end, 1)
        os._exit(0)
    until(lambda: asleep(reader), "the reader to wait")
    with wall("-t", reader, "--alone") as session:
        time.sleep(PAUSE)
        os.write(write_end, b"x")
        until(lambda: asleep(reader), "the reader to wait again")
        report = balance(session.report())
    os.kill(reader, signal.SIGKILL)
    os.waitpid(reader, 0)
    found = [d for d in waits(report, reader, 0) if "chain" in d and d["waker"] != "[interrupt]"]
    equal([chain_of(d) for d in found], [([(read("/proc/self/comm").strip(), os.getpid())], "not followed")], "chains")


@test("wakers are on the stacks that they end, and a column where there are no stacks")
def folded():
    with Background("wall", "--budget", 0, "--waker", "--folded", "--no-samples") as session:
        r = Relay(3)
        r.wait()
        lines = session.stop().out.splitlines()
    last = [line for line in lines if line.startswith("relay2;sleep;") and
            [f for f in line.rsplit(" ", 1)[0].split(";") if f.startswith("woken by ")] ==
            ["woken by relay1", "woken by relay0", "woken by [interrupt]"]]
    assert last, f"no stack of all wakers among {[line for line in lines if line.startswith('relay2')]}"
    at_least(sum(int(line.rsplit(" ", 1)[1]) for line in last), PAUSE * 1e9 * 0.8, "its time")
    for line in last:
        frames = line.rsplit(" ", 1)[0].split(";")
        order = [next(i for i, f in enumerate(frames) if f.endswith(name)) for name in ("by relay1", "by relay0", "by [interrupt]")]
        equal(order, sorted(order), "order of the wakers")
        assert any("pipe_read" in f for f in frames[:order[0]]) and any("pipe_read" in f for f in frames[order[0]:order[1]]), line
        assert any("nanosleep" in f for f in frames[order[1]:order[2]]), line
    with wall("--by", "comm,class") as session:
        Relay(3).wait()
        report = balance(session.report())
    assert rows(report, comm="relay2", waker="relay1"), "rows by who ended the time"
    assert all("chain" not in row for row in report["rows"]), "chains of rows by columns"


@test("chains that find no room are lost, and their time is not")
def lost():
    with wall("--stacks", 1) as session:
        r = Relay(3)
        r.wait()
        report = account(json.loads(session.stop().out))
    at_least(report["accounting"]["lost"].get("stack_full", 0), 1, f"lost of {report['accounting']}")
    equal(set(report["accounting"]["lost"]), {"stack_full"}, "reasons")
    row, = rows(report, tid=r.pids[2])
    at_least(row["sleep"], PAUSE * 1e9 * 2, "time asleep")


if __name__ == "__main__":
    main()
