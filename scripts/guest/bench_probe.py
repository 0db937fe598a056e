# SPDX-License-Identifier: GPL-2.0
"""
Jobs of the probe source: what it adds to a call of a function, an instruction, a tracepoint, a system call, a pair of hits with and without
one on the way, and a call in a program, beside bpftrace; and what all system calls of real work add to it.
"""

import json
import os
import re
import resource

GEN = "/sys/kernel/debug/kobs_gen_probe/"
EVENT = "kobs_gen_probe:kobs_gen_fire"
CALLS = 20000
TRACED = 5 * CALLS
LOOPS = 20000
# A system call that does next to nothing.
SYSCALL = ("/usr/bin/perf", "bench", "syscall", "basic", "-l", str(LOOPS))
# A wait for one of 64 futexes that does not wait: its value is another one already. One second of the guest's clock.
FUTEX = ("/usr/bin/perf", "bench", "futex", "hash", "-t", "1", "-r", "1", "-f", "64")

# A function of a program that begins with an instruction which the kernel emulates: the least of 12 rounds.
CALLER = f"{os.environ['KOBS_SRC']}/build/selftests/ucalls"
USER = ("bench", "1000")
USER_CALLS = 12 * 1000


def fire(b, what="bench"):
    """Instructions of a round that fires the tracepoint, or of one that calls two functions."""
    with open(GEN + "run", "w", encoding="utf-8") as f:
        f.write(f"{what} {CALLS}")
    return int(b.read(GEN + "bench")) / 1000


def script(b, what="bench"):
    name = "/tmp/" + what
    with open(name, "w", encoding="utf-8") as f:
        # A kprobe becomes a jump after a few ticks.
        wait = "sleep 0.5\n" if what == "benchloop" else ""
        f.write(f"#!/bin/sh\n{wait}echo {what} {CALLS} >{GEN}run\n")
    b.os.chmod(name, 0o755)
    return name


def load(b):
    if not b.os.path.isdir(GEN):
        b.run("insmod", f"{b.os.environ['KOBS_MODULES']}/kobs_gen_probe.ko")


def per_op(out):
    return float(re.search(r"([\d.]+) usecs/op", out)[1]) * 1000


def per_futex(out):
    return 1e9 / float(re.search(r"Averaged (\d+) operations/sec", out)[1])


def jobs(b):
    def report(*args, work, noun="probe"):
        out = b.run("obsctl", noun, *args, "--budget", "0", "--json", "-o", "/tmp/report", "--", *work)
        r = json.loads(b.read("/tmp/report"))
        if sum(n for why, n in r["accounting"]["lost"].items() if why not in ("in_flight", "unpaired", "unmatched")):
            raise SystemExit(f"bench: kobs lost hits: {r['accounting']}")
        return r["accounting"]["hits"], out

    def call(*args):
        def measure():
            hits, _ = report(*args, work=[b.work(f"bench call {b.CALLS}")])
            b.seen(hits, "kobs")
            return b.result()
        return measure

    def event(*args, what="bench"):
        def measure():
            hits, _ = report(*args, work=[script(b, what)])
            if hits != TRACED:
                raise b.Absent(f"kobs saw {hits} of {TRACED}")
            return int(b.read(GEN + "bench")) / 1000
        return measure

    def measure_pairs(start, end, *args, what, pairs):
        def measure():
            report("time", "--from", start, "--to", end, *args, work=[script(b, what)])
            recorded = json.loads(b.read("/tmp/report"))["accounting"]["recorded"]
            if recorded != pairs:
                raise b.Absent(f"kobs saw {recorded} of {pairs}")
            return int(b.read(GEN + "bench")) / 1000
        return measure

    def pair(*args):
        return measure_pairs("k:kobs_gen_open", "k:kobs_gen_close", *args, what="benchpair", pairs=TRACED)

    def way(*args):
        return measure_pairs("k:kobs_gen_open", "k:kobs_gen_close", "--via", "k:kobs_gen_probe", *args, what="benchway", pairs=TRACED)

    def peer_event(program, what="bench"):
        def measure():
            out = b.run("bpftrace", "-e", program, "-c", "/bin/sh " + script(b, what))
            if not re.search(r"^@", out, re.M):
                raise b.Absent("bpftrace printed nothing")
            return int(b.read(GEN + "bench")) / 1000
        return measure

    def syscall(*args):
        return lambda: per_op(report(*args, work=SYSCALL)[1])

    def peer_syscall(program):
        return lambda: per_op(b.run("bpftrace", "-e", program, "-c", " ".join(SYSCALL)))

    def per_user_call(out):
        return float(re.search(r"([\d.]+) ns", out)[1])

    def user(verb, kind, *args):
        def measure():
            hits, out = report(verb, f"{kind}:{CALLER}:uc_bench", *args, work=[CALLER, *USER])
            if hits != USER_CALLS:
                raise b.Absent(f"kobs saw {hits} of {USER_CALLS}")
            return per_user_call(out)
        return measure

    def peer_user(program):
        return lambda: per_user_call(b.run("bpftrace", "-e", program, "-c", " ".join((CALLER, *USER))))

    def rows(plain, table):
        for what, limit, own, peers in table:
            cost = b.own(own) - plain
            b.line(what, cost, limit, [(name, (lambda c: None if c is None else c - plain)(b.attempt(name, peer)))
                                       for name, peer in peers])

    def job_probe():
        b.per_call("probe count of a function", 120, call("count", f"k:{b.FUNC}"), [])
        b.per_call("probe count --where 'arg0 < 10000'", 130, call("count", f"k:{b.FUNC}", "--where", "arg0 < 10000"), [
            ("bpftrace /arg0 < 10000/", lambda: bpf_where())])
        b.per_call("probe hist --value arg1", 140, call("hist", f"k:{b.FUNC}", "--value", "arg1"), [
            ("bpftrace hist(arg1)", b.bpftrace(f"kprobe:{b.FUNC} {{ @h = hist(arg1); @n = count(); }}", pattern=r"^@n: (\d+)$"))])

    def bpf_where():
        b.run("bpftrace", "-e", f"kprobe:{b.FUNC} /arg0 < 10000/ {{ @ = count(); }}", "-c",
              "/bin/sh " + b.work(f"bench call {b.CALLS}"))
        return b.result()

    def job_event():
        load(b)
        rows(fire(b), [
            ("tracepoint, count", 95, event("count", f"t:{EVENT}"), [
                ("bpftrace count()", peer_event(f"tracepoint:{EVENT} {{ @ = count(); }}"))]),
            ("tracepoint, histogram of an argument", 120, event("hist", f"t:{EVENT}", "--value", "arg3"), [
                ("bpftrace hist()", peer_event(f"tracepoint:{EVENT} {{ @ = hist(args->number); }}"))]),
            ("tracepoint, histogram of a field of its record", 620, event("hist", f"t:{EVENT}", "--value", "record_number"), [
                ("bpftrace hist()", peer_event(f"tracepoint:{EVENT} {{ @ = hist(args->number); }}"))]),
        ])

    def job_inside():
        load(b)
        at = f"kobs_gen_inside+{int(b.read(GEN + 'inside')):#x}"
        rows(fire(b, "benchloop"), [
            ("instruction inside a function, count", 190, event("count", f"k:{at}", what="benchloop"), [
                ("bpftrace count()", peer_event(f"kprobe:{at} {{ @ = count(); }}", "benchloop"))]),
            ("instruction inside a function, histogram of a register", 260, event("hist", f"k:{at}", "--value", "ax", what="benchloop"), []),
        ])

    def job_syscall():
        plain = min(per_op(b.run(*SYSCALL)) for _ in range(3))
        rows(plain, [
            ("system call, count by number", 125, syscall("count", "s:*"), [
                ("bpftrace @[id] = count()", peer_syscall("tracepoint:raw_syscalls:sys_enter { @[args->id] = count(); }"))]),
            ("system call, errors by number", 130, syscall("count", "s:*", "--where", "ret < 0", "--by", "nr"), [
                ("bpftrace /ret < 0/", peer_syscall("tracepoint:raw_syscalls:sys_exit /args->ret < 0/ { @[args->id] = count(); }"))]),
            ("system call, duration by number", 355, syscall("time", "s:*", "--hist"), [
                ("bpftrace hist()", peer_syscall(
                    "tracepoint:raw_syscalls:sys_enter { @t[tid] = nsecs; } tracepoint:raw_syscalls:sys_exit /@t[tid]/ "
                    "{ @[args->id] = hist(nsecs - @t[tid]); delete(@t[tid]); }"))]),
            ("system call beside one that is counted", 90, syscall("count", "s:gettid"), [
                ("bpftrace count()", peer_syscall("tracepoint:syscalls:sys_enter_gettid { @ = count(); }"))]),
        ])

    def job_load():
        """Work of a fixed size, in memory: its instructions with all system calls observed, in percent more than without."""
        tree = "/tmp/load"
        b.run("cp", "-r", f"{b.os.environ['KOBS_SRC']}/ctl", tree)
        with open(f"{tree}/lib/Makefile", "w", encoding="utf-8") as f:
            f.write("all: buf.o format.o map.o nearest.o parse.o\n%.o: %.c\n\tgcc -O1 -std=gnu11 -I.. -c -o $@ $<\n")
        works = {"make": ("make", "-sB", "-C", f"{tree}/lib"), "tar": ("tar", "-cf", "/tmp/load.tar", "-C", tree, "."),
                 "grep": ("grep", "-rc", "obsctl", tree)}

        def own_time():
            """What the work itself took: other tasks of the guest take as much as system calls cost here."""
            r = resource.getrusage(resource.RUSAGE_CHILDREN)
            return round((r.ru_utime + r.ru_stime) * 1e9)

        def took(line):
            # A compiler's tables depend on where its memory is.
            return min(b.timed(own_time, "setarch", "-R", *line)[0] for _ in range(3))

        def observed(line, verb, *args):
            def measure():
                b.run("obsctl", "probe", verb, "s:*", *args, "--budget", "0", "--detach", "load")
                try:
                    return took(line)
                finally:
                    calls.append(json.loads(b.run("obsctl", "session", "stop", "load", "--json"))["accounting"]["recorded"] / 3)
            return measure
        for name, line in works.items():
            # What it reads is in memory then.
            b.run(*line)
            plain = took(line)
            calls = []
            # A call of grep's is 8,000 instructions with all that is between two: 5 % are 400.
            for what, limit, args in ("count", 5, ("count",)), ("duration histogram", 5, ("time", "--hist")):
                more = b.own(observed(line, *args)) - plain
                b.line(f"{name}, all system calls: {what}, %", 100 * more / plain, limit, [])
            b.notes.append(f"{name}: {plain / 1e6:,.0f} million instructions, {calls[0]:,.0f} system calls")

    def job_join():
        load(b)
        kprobes = "kprobe:kobs_gen_open {{ @t[{0}] = nsecs; }} kprobe:kobs_gen_close /@t[{0}]/ {{ @ = {1}; delete(@t[{0}]); }}"
        rows(fire(b, "benchpair"), [
            ("pair of functions, by an argument", 490, pair("--on", "arg0"), [
                ("bpftrace stats()", peer_event(kprobes.format("arg0", "stats(nsecs - @t[arg0])"), "benchpair"))]),
            ("pair of functions, by an argument, histogram", 510, pair("--on", "arg0", "--hist"), [
                ("bpftrace hist()", peer_event(kprobes.format("arg0", "hist(nsecs - @t[arg0])"), "benchpair"))]),
            ("pair of functions, by the thread", 480, pair(), [
                ("bpftrace stats()", peer_event(kprobes.format("tid", "stats(nsecs - @t[tid])"), "benchpair"))]),
            ("pair of functions, by a text", 1900, pair("--on", "str(arg2)"), [
                ("bpftrace stats()", peer_event(kprobes.format("str(arg2)", "stats(nsecs - @t[str(arg2)])"), "benchpair"))]),
            ("pair of functions, with pid, comm and a column of the end", 880, pair("--on", "arg0", "--by", "pid,comm,to.cpu=end"), []),
        ])
        # Each hit ends a pair, and begins the next one: all have the same argument.
        rows(fire(b), [
            ("tracepoint, from each hit to the next, by an argument", 500,
             measure_pairs(f"t:{EVENT}", f"t:{EVENT}", "--on", "arg3", what="bench", pairs=TRACED - 1), [
                 ("bpftrace stats()", peer_event(f"tracepoint:{EVENT} {{ $n = args->number; if (@t[1]) {{ @ = stats(nsecs - @t[1]); }} "
                                                 "@t[1] = nsecs; }"))]),
        ])

    def job_way():
        load(b)
        by = ("--on", "(s64)arg0")
        rows(fire(b, "benchway"), [
            ("pair with a hit on the way, by an argument", 1000, way(*by, "--by", "via"), [
                ("bpftrace stats()", peer_event(
                    "kprobe:kobs_gen_open { @t[arg0] = nsecs; } kprobe:kobs_gen_probe /@t[arg0]/ { @v[arg0] = arg1; } "
                    "kprobe:kobs_gen_close /@t[arg0]/ { @ = stats(nsecs - @t[arg0]); delete(@t[arg0]); delete(@v[arg0]); }", "benchway"))]),
            ("pair with a hit on the way, and its comm and number", 1850, way(*by, "--by", "via.comm,via.arg1 % 8=n"), []),
        ])

    def job_futex():
        plain = min(per_futex(b.run(*FUTEX)) for _ in range(3))
        enter, leave = "tracepoint:syscalls:sys_enter_futex", "tracepoint:syscalls:sys_exit_futex"
        rows(plain, [
            ("lock futex, a wait that is none", 2300, lambda: per_futex(report("futex", noun="lock", work=FUTEX)[1]), [
                ("bpftrace stats()", lambda: per_futex(b.run(
                    "bpftrace", "-e", f"{enter} {{ @t[tid] = nsecs; }} {leave} /@t[tid]/ {{ @ = stats(nsecs - @t[tid]); delete(@t[tid]); }}",
                    "-c", " ".join(FUTEX))))]),
        ])

    def job_user():
        plain = min(per_user_call(b.run(CALLER, *USER)) for _ in range(3))
        place = f"uprobe:{CALLER}:uc_bench"
        rows(plain, [
            ("user function, count", 1060, user("count", "u"), [
                ("bpftrace count()", peer_user(f"{place} {{ @ = count(); }}"))]),
            ("user function, count --where 'arg0 < 100'", 1080, user("count", "u", "--where", "arg0 < 100"), [
                ("bpftrace /arg0 < 100/", peer_user(f"{place} /arg0 < 100/ {{ @ = count(); }}"))]),
            ("user function, histogram of an argument", 1130, user("hist", "u", "--value", "arg0"), [
                ("bpftrace hist()", peer_user(f"{place} {{ @ = hist(arg0); }}"))]),
            ("user function, duration", 2900, user("time", "u"), [
                ("bpftrace hist()", peer_user(f"{place} {{ @t[tid] = nsecs; }} uretprobe:{CALLER}:uc_bench /@t[tid]/ "
                                              "{ @ = hist(nsecs - @t[tid]); delete(@t[tid]); }"))]),
        ])

    return {"probe": job_probe, "inside": job_inside, "join": job_join, "way": job_way, "event": job_event, "syscall": job_syscall, "load": job_load,
            "futex": job_futex, "user": job_user}
