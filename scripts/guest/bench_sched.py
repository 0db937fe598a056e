# SPDX-License-Identifier: GPL-2.0
"""
Jobs of the sched source: what a tracer adds to a context switch, of which the
ping-pong of two processes over pipes on one CPU (perf bench sched pipe) makes
two in each round.
"""

import json
import os
import pty
import re
import resource
import select
import signal
import subprocess

ROUNDS = 20000
SWITCHES = 2 * ROUNDS
# By its path: bpftrace requires a name that is unique.
WORK = ("/usr/bin/perf", "bench", "sched", "pipe", "-l", str(ROUNDS))


def per_switch(out):
    """Instructions per switch, from the time reported by the ping-pong."""
    return float(re.search(r"([\d.]+) usecs/op", out)[1]) * 1000 / 2


class Tool:
    """A program that says when it has begun, on a terminal: into a pipe it would say so when its buffer is full."""

    # By the host's clock, since the guest's leaps while the tool waits for the host's disk.
    SECONDS = 120

    def __init__(self, b, *line):
        self.b, self.name, self.text = b, line[0], ""
        self.terminal, end = pty.openpty()
        try:
            self.p = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=end, stderr=end, start_new_session=True)
        except OSError as e:
            os.close(self.terminal)
            raise b.Absent(f"{line[0]} is not installed") from e
        finally:
            os.close(end)

    def read(self):
        """Returns False when the tool is gone."""
        if not select.select([self.terminal], [], [], 0.1)[0]:
            return True
        try:
            self.text += os.read(self.terminal, 65536).decode(errors="replace")
        except OSError:
            return False
        return True

    def until(self, ready):
        end = self.b.host_clock() + self.SECONDS
        while ready not in self.text:
            if not self.read():
                raise self.b.Absent(f"{self.name} ended: {self.text[-200:]}")
            if self.b.host_clock() > end:
                raise self.b.Absent(f"{self.name} did not start within {self.SECONDS} s")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.p.send_signal(signal.SIGINT)
        end = self.b.host_clock() + self.SECONDS
        while self.p.poll() is None:
            # What it prints at its end must find room.
            self.read()
            if self.b.host_clock() > end:
                self.p.kill()
        os.close(self.terminal)


def jobs(b):
    """Jobs by name; b is the module bench."""
    plain = []

    def ping_pong():
        return per_switch(b.run(*WORK))

    def seen(switches, who):
        # The pair, and tasks that run while it starts and ends.
        if not 0.99 * SWITCHES <= switches <= 1.2 * SWITCHES:
            raise b.Absent(f"{who} saw {switches} of {SWITCHES} switches")

    def sleeps():
        """Number of voluntary switches of programs that have exited."""
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_nvcsw

    def kobs(mode, *args):
        def measure():
            slept = sleeps()
            out = b.run("obsctl", "sched", mode, *args, "--budget", "0", "--json", "-o", "/tmp/report", "--", *WORK)
            slept = sleeps() - slept
            report = json.loads(b.read("/tmp/report"))
            a = report["accounting"]
            lost = sum(n for why, n in a["lost"].items() if why != "unpaired")
            if lost or a["hits"] != a["recorded"] + a["filtered"] + sum(a["lost"].values()):
                raise SystemExit(f"bench: kobs lost hits: {a}")
            if mode == "offcpu":
                seen(a["recorded"], "kobs")
            # The writer of the pipe can be preempted by the reader it wakes, and then needs no wake-up.
            elif not 0.9 * SWITCHES <= slept <= a["recorded"] + a["filtered"]:
                raise b.Absent(f"kobs saw {a['recorded']} + {a['filtered']} wake-ups for {slept} sleeps")
            return per_switch(out)
        return measure

    def wall(*args):
        def measure():
            out = b.run("obsctl", "wall", *args, "--budget", "0", "--json", "-o", "/tmp/report", "--", *WORK)
            report = json.loads(b.read("/tmp/report"))
            a = report["accounting"]
            if a["lost"] or a["hits"] != a["recorded"] + a["filtered"]:
                raise SystemExit(f"bench: kobs lost hits: {a}")
            # A switch ends an interval of two threads, a wake-up one.
            if a["recorded"] < 2 * SWITCHES:
                raise b.Absent(f"kobs saw {a['recorded']} intervals in {SWITCHES} switches")
            return per_switch(out)
        return measure

    def slow(function):
        def measure():
            out = b.run("obsctl", "func", "slow", function, "--over", "1h", "--budget", "0", "--json", "-o", "/tmp/report", "--", *WORK)
            a = json.loads(b.read("/tmp/report"))["accounting"]
            if a["recorded"] or set(a["lost"]) - {"in_flight"}:
                raise SystemExit(f"bench: kobs lost hits: {a}")
            return per_switch(out)
        return measure

    def bpftrace(program):
        def measure():
            out = b.run("bpftrace", "-e", program, "-c", " ".join(WORK))
            seen(int(re.search(r"^@n: (\d+)$", out, re.M)[1]), "bpftrace")
            return per_switch(out)
        return measure

    def beside(ready, *line):
        """A tool that runs until it is terminated."""
        def measure():
            with Tool(b, *line) as tool:
                tool.until(ready)
                return ping_pong()
        return measure

    def event():
        b.tracing("buffer_size_kb", "32768")
        b.tracing("trace", "")
        b.tracing("events/sched/sched_switch/enable", "1")
        try:
            cost = ping_pong()
            stats = dict(text.split(": ") for text in b.read(b.TRACING + "per_cpu/cpu0/stats").splitlines())
        finally:
            b.tracing("events/sched/sched_switch/enable", "0")
            b.tracing("trace", "")
            b.tracing("buffer_size_kb", "16")
        seen(int(stats["entries"]), "ftrace")
        return cost

    def stack_trace_save():
        return b.bench("stack")

    def job(what, limit, measure, *peers):
        if not plain:
            ping_pong()
            plain.append(min(ping_pong() for _ in range(2)))
            b.notes.append(f"untraced switch of a ping-pong over pipes: {plain[0]:,.0f}")
        got = b.own(measure) - plain[0]
        costs = [(name, b.attempt(name, peer)) for name, peer in peers]
        b.line(what, got, limit, [(name, cost and cost - plain[0]) for name, cost in costs])

    off = "tracepoint:sched:sched_switch { @s[args->prev_pid] = nsecs; $t = @s[args->next_pid]; " \
          "if ($t) { @h[%s] = hist(nsecs - $t); } @n = count(); }"

    def offcpu():
        job("off-CPU by comm, per switch", 350, kobs("offcpu", "--by", "comm"),
            ("sched_switch event", event),
            ("bpftrace hist by comm", bpftrace(off % "args->next_comm")))

    def offcpu_stacks():
        job("off-CPU by kstack, per switch", 700, kobs("offcpu", "--by", "comm,kstack"),
            ("bpftrace @[kstack]", bpftrace(off % "kstack")),
            ("offcputime", beside("Tracing", "offcputime")))

    def offcpu_unwound():
        save = b.attempt("(stack_trace_save(), 20 deep)", stack_trace_save) - b.plain["calldeep"]
        job("the same, no caches, per switch", save + 400,
            kobs("offcpu", "--by", "comm,kstack", "--verify-stacks", "0"))

    def runq():
        job("run-queue latency by comm, per switch", 500, kobs("runq", "--hist"),
            ("runqlat", beside("Tracing", "runqlat")),
            ("bpftrace hist", bpftrace(
                "tracepoint:sched:sched_wakeup { @q[args->pid] = nsecs; } tracepoint:sched:sched_switch "
                "{ $t = @q[args->next_pid]; if ($t) { @h = hist(nsecs - $t); delete(@q[args->next_pid]); } "
                "@n = count(); }")))

    def wall_time():
        job("wall, all classes with stacks, per switch", 1060, wall())
        job("wall --waker, a chain of 8 links, per switch", 1270, wall("--waker"))
        job("wall by comm,class, without stacks", 650, wall("--by", "comm,class"))
        job("func slow, a switch of threads in no call", 300, slow("kobs_gen_leaf"))
        job("func slow of vfs_read, which blocks, per switch", None, slow("vfs_read"))

    return {"offcpu": offcpu, "offcpu-stacks": offcpu_stacks, "offcpu-unwound": offcpu_unwound, "runq": runq, "wall": wall_time}
