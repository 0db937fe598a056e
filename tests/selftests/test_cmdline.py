# SPDX-License-Identifier: GPL-2.0
"""obsctl as a program: termination, output streams, and exit status."""

import re

import nlkit
from kobstest import *
from nlkit import K

LEAF = "kobs_gen_leaf"


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


@test("it ends with its command, whose failure is not its own")
def command():
    r = obsctl("func", "count", LEAF, "--", "sh", "-c", f"echo call task 3 >{GEN}run; exit 7", status=0)
    contains(r.out, LEAF, "report")
    contains(r.err, "7", "note on the command's status")


@test("a command's arguments, output and standard error are its own")
def command_output():
    r = obsctl("func", "count", LEAF, "-o", "/tmp/out", "--", "sh", "-c", 'echo "$1"; echo to-stderr >&2; cat', "x", "-d --json")
    contains(r.out, "-d --json\n", "output of the command")
    contains(r.err, "to-stderr", "standard error of the command")
    contains(read("/tmp/out"), "hits 0 = recorded 0", "report")


@test("a command that can't be run is refused, and nothing observed")
def no_command():
    r = obsctl("func", "count", LEAF, "--", "/nosuch/program", status=1)
    contains(r.err, "/nosuch/program", "refusal")


@test("a command's first instant is observed")
def first_instant():
    # All exec and open calls of the command: the session is armed before it starts.
    r = report("count", "do_sys_openat2", "--by", "comm", run=["cat", "/dev/null"])
    at_least(count_of(r, comm="cat"), 2, "files that cat opens")


@test("SIGINT and SIGTERM end it with its report, status 0")
def signals():
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with Background("func", "count", LEAF, "--json") as b:
            gen("call task 11")
            equal(b.report(sig)["accounting"]["hits"], 11, f"hits until {sig.name}")


# Functions that are hardly ever called.
THOUSANDS = ("func", "count", "acpi_*", "pci_*", "*_show", "*_store", "--all", "--budget", 0)


def interrupt(sig, begun, *args):
    """
    Send a signal as soon as something is true of a session that hooks thousands of functions. It may be quicker, and end
    like any other. Whatever it was, nothing is left: that is asserted after each test, too.
    """
    for n in range(10):
        with Background(*THOUSANDS, *args, started=False) as b:
            until(lambda: begun() or b.p.poll() is not None, "the session to begin")
            b.p.send_signal(sig)
            done = b.finish(status=None)
        if done.status:
            contains(done.err, ": interrupted, nothing was observed", "sentence")
            equal((done.status, done.out), (1, ""), "status and standard output")
            until(lambda: not nlkit.states(), "the session to end")
            return
        # It was told that a detached session is running.
        if "--detach" in args:
            obsctl("session", "stop", "kept")
        until(lambda: not nlkit.states(), "the session to end")
    raise AssertionError(f"{sig.name} never ended the wait, in ten runs")


def being_started():
    return K.STATE_NEW in nlkit.states()


@test("SIGINT and SIGALRM end the wait for thousands of functions to be hooked")
def hooking():
    interrupt(signal.SIGINT, references)
    interrupt(signal.SIGALRM, being_started)


@test("a signal that comes with the answer to the start ends the observation, not the wait")
def signal_with_answer():
    def stop_amid_start():
        """It has asked for the start, and does not see the answer."""
        while True:
            b.p.send_signal(signal.SIGSTOP)
            end = time.monotonic() + 0.3
            while being_started() and time.monotonic() < end:
                pass
            if b.observes():
                return
            b.p.send_signal(signal.SIGCONT)
            time.sleep(0.001)

    with Background("func", "count", LEAF, "--json", started=False) as b:
        in_thread(stop_amid_start)
        gen("call task 11")
        b.p.send_signal(signal.SIGINT)
        b.p.send_signal(signal.SIGCONT)
        r = balance(json.loads(b.finish().out))
    equal(r["accounting"]["hits"], 11, "hits until the signal")


@test("a detached session whose start is interrupted is not left behind")
def hooking_detached():
    interrupt(signal.SIGTERM, being_started, "--detach", "kept")


@test("a detached session whose owner is killed during the start ends")
def hooking_killed():
    with Background(*THOUSANDS, "--detach", "kept", started=False) as b:
        until(lambda: being_started() or b.p.poll() is not None, "the session to begin")
        b.p.kill()
        done = b.finish(status=None)
    if done.out:
        obsctl("session", "stop", "kept")
    until(lambda: not nlkit.states(), "the session to end")


@test("SIGINT ends a trace with its last records")
def signal_trace():
    with Background("func", "trace", LEAF, "--json") as b:
        gen("call task 11")
        lines = objects(b.stop().out)
    equal(len(lines), 12, "lines")
    equal(lines[-1]["accounting"]["recorded"], 11, "recorded")


@test("--duration")
def duration():
    r = report("count", LEAF, "-d", "0.3")
    at_least(r["duration_ns"], 300000000, "duration")
    at_least(report("count", LEAF, "-d1")["duration_ns"], 1000000000, "duration of -d1")


@test("--duration ends a command that takes longer")
def duration_command():
    with Background("func", "count", LEAF, "-d", "0.2", "--json", started=False,
                    tail=["--", "sh", "-c", "echo $$ >/tmp/lasting; exec sleep 1000 >/dev/null 2>&1"]) as b:
        r = objects(b.finish().out)[-1]
    at_least(r["duration_ns"], 200000000, "duration")
    # The command may have begun just before obsctl ended.
    until(lambda: os.path.exists("/tmp/lasting") and read("/tmp/lasting"), "the command to tell its number")
    os.kill(int(read("/tmp/lasting")), signal.SIGKILL)


@test("--interval reports again and again, as JSON")
def interval_json():
    out = "/tmp/interval.json"
    with Background("func", "count", LEAF, "-i", "0.1", "--json", "-o", out) as b:
        gen("call task 5")
        until(lambda: read(out).count("\n") >= 2, "two reports")
        b.stop()
    reports = objects(read(out))
    at_least(len(reports), 3, "reports")
    counts = [count_of(r, func=LEAF) for r in reports]
    equal(counts, sorted(counts), "counts in order")
    equal(counts[-1], 5, "last count")
    balance(reports[-1])


@test("--interval reports again and again, as text into a file")
def interval_file():
    out = "/tmp/interval"
    # It ends with its command, which waits for a report.
    obsctl("func", "count", LEAF, "-i", "0.1", "-o", out, "--", "sh", "-c",
           f"echo call task 5 >{GEN}run; until grep -q FUNC {out}; do sleep 0.1; done")
    at_least(read(out).count("FUNC"), 2, "reports")
    equal("\x1b" in read(out), False, "control sequences in a file")


@test("--interval on a terminal: a screen that ends cleanly")
def live():
    end = "/tmp/live"
    line = f"obsctl func count {LEAF} -i 0.1 -- sh -c 'until test -e {end}; do sleep 0.1; done'"
    p = subprocess.Popen(["script", "-qefc", line, "/dev/null"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         env={**os.environ, "TERM": "xterm"})
    try:
        shown = b""
        while b"recorded 0" not in shown:
            part = os.read(p.stdout.fileno(), 4096)
            assert part, f"it ended without a report: {shown!r}"
            shown += part
        # The command ends, and obsctl with it.
        open(end, "w").close()
        shown = (shown + p.communicate(timeout=WAIT)[0]).decode(errors="replace")
    finally:
        p.kill()
        p.wait()
    equal(p.returncode, 0, f"status with {shown!r}")
    contains(shown[-3000:], "hits 0 = recorded 0", "last report")
    # The terminal is restored: cursor visible, main screen.
    for on, off in (("\x1b[?25h", "\x1b[?25l"), ("\x1b[?1049l", "\x1b[?1049h")):
        if off in shown:
            assert shown.rindex(on) > shown.rindex(off), f"{off!r} is not undone by {on!r}"


@test("--output writes the report to a file, and nothing to standard output")
def output():
    r = obsctl("func", "count", LEAF, "--json", "-o", "/tmp/report.json", "--", *script("call task 8"))
    equal(r.out, "", "standard output")
    equal(count_of(balance(json.loads(read("/tmp/report.json"))), func=LEAF), 8, "count")


@test("a full disk is an error")
def full():
    r = subprocess.run(f"obsctl func count {LEAF} -d 0.1 >/dev/full", shell=True, capture_output=True, text=True)
    equal(r.returncode, 1, f"status of {r}")
    assert r.stderr.strip(), "no sentence"
    obsctl("func", "count", LEAF, "-d", "0.1", "-o", "/dev/full", status=1)


@test("a reader that goes away ends a trace")
def pipe():
    p = subprocess.run(f"obsctl func trace {LEAF} -- sh -c 'for i in 1 2 3 4 5 6 7 8; do echo call task 2000 >{GEN}run; done' | "
                       "head -n 3", shell=True, capture_output=True, text=True, timeout=WAIT)
    equal(len(p.stdout.splitlines()), 3, "lines")


@test("--fail-over: status 3 above the limit")
def fail_over():
    run = ["--", *script("call task 100", "spin 3 2000000")]
    contains(obsctl("func", "count", LEAF, "--fail-over", 99, *run, status=3).err, "--fail-over", "sentence")
    obsctl("func", "count", LEAF, "--fail-over", 100, *run, status=0)
    obsctl("func", "time", "kobs_gen_spin", "--fail-over", "1ms", *run, status=3)
    obsctl("func", "time", "kobs_gen_spin", "--fail-over", "100s", *run, status=0)


@test("--top limits what is shown, not what is counted")
def top():
    r = obsctl("func", "count", LEAF, "--by", "caller", "-n", 3, "--json", "--", *script("spread 2", "call task 9"))
    r = json.loads(r.out)
    equal(len(r["rows"]), 3, "rows")
    equal(r["rows"][0]["count"], 9, "count of the first row")
    equal(r["accounting"]["recorded"], 137, "recorded")


@test("rows are in order, largest first")
def order():
    r = report("count", "kobs_gen_*", run=script("nested 5", "call task 100", "deep 3 3"))
    counts = [row["count"] for row in r["rows"]]
    equal(counts, sorted(counts, reverse=True), "counts")


@test("JSON has the promised shape")
def shape():
    r = report("time", "kobs_gen_spin", "--hist", "-p", os.getpid(), "--min", "1us", run=["true"])
    for key, kind in (("kobs", str), ("kernel", str), ("source", str), ("mode", str), ("duration_ns", int),
                      ("params", dict), ("by", list), ("rows", list), ("accounting", dict), ("cost", dict)):
        assert isinstance(r[key], kind), f"{key} is {r[key]!r}"
    equal((r["source"], r["mode"], r["by"], r["rows"]), ("func", "time", ["func"], []), "source, mode, by and rows")
    equal(r["kernel"], os.uname().release, "kernel")
    equal(r["kobs"], read(f"{SRC}/VERSION").strip(), "version")
    for key in ("hits", "recorded", "filtered"):
        assert isinstance(r["accounting"][key], int), f"{key} is {r['accounting'][key]!r}"


@test("text has the account at its foot")
def text():
    r = obsctl("func", "time", "kobs_gen_spin", "--hist", "--", *script("spin 20 10000"))
    contains(r.out, "hits 20 = recorded 20 + filtered 0 + lost 0", "report")
    for part in ("kobs_gen_spin", "P50", "P99.9", "20"):
        contains(r.out, part, "report")
    equal("\x1b" in r.out, False, "control sequences")


@test("status")
def status():
    contains(obsctl("status").out, "func", "status")
    obsctl("func", "count", LEAF, "--detach", "shown")
    s = json.loads(obsctl("status", "--json").out)
    equal([x["name"] for x in s["sessions"]], ["shown"], "sessions")
    equal([x["name"] for x in s["sources"]], re.findall(r"\bX\((\w+)\)", read(f"{SRC}/kmod/sources.h")), "sources")
    at_least(s["memory"], 1, "memory")
    contains(obsctl("status").out, "shown", "status")
    obsctl("session", "stop", "shown")


@test("doctor")
def doctor():
    obsctl("doctor", status=None)
    checks = {c["check"]: c for c in json.loads(obsctl("doctor", "--json", status=None).out)["checks"]}
    for check in ("privilege", "module", "func", "ftrace", "symbols"):
        equal(checks[check]["state"], "ok", f"state of {checks[check]}")


@test("-o - is standard output")
def output_dash():
    r = obsctl("func", "count", LEAF, "-o", "-", "--json", "-d", "300ms")
    at_least(json.loads(r.out)["duration_ns"], 300000000, "duration")
    equal(os.path.exists("-"), False, "a file of that name")


@test("--json and --folded: what the command prints goes to standard error")
def json_alone():
    for form in ("--json", "--folded"):
        r = obsctl("func", "count", LEAF, form, "--", "sh", "-c", f"echo words of the command; echo call task 3 >{GEN}run")
        equal("words of the command" in r.out.splitlines(), False, f"the command's words in {r.out}")
        contains(r.err, "words of the command", "standard error")
    r = obsctl("func", "count", LEAF, "--json", "-o", "/tmp/out", "--", "echo", "words of the command")
    equal(r.out, "words of the command\n", "standard output beside a file")
    equal(json.loads(read("/tmp/out"))["source"], "func", "report")


@test("func trace -n ends after as many records")
def records():
    r = obsctl("func", "trace", LEAF, "-n", 5, "--json", "--", *script("call task 40"))
    lines = objects(r.out)
    equal(len(lines), 6, "lines")
    equal(lines[-1]["shown"], 5, "records shown")
    at_least(lines[-1]["accounting"]["recorded"], 5, "recorded")
    with Background("func", "trace", LEAF, "-n", 2, "--json", started=True) as b:
        gen("call task 11")
        equal(len(objects(b.finish().out)), 3, "lines of a trace that ends by itself")


@test("a word that is misspelt or left out is refused with the one that was meant")
def meant():
    for args, part in (
            (("func", "vfs_read"), "did you mean 'obsctl func count vfs_read'?"), (("fnc",), "did you mean 'obsctl func'?"),
            (("count", "vfs_read"), "did you mean 'obsctl func count vfs_read' or 'obsctl probe count vfs_read' or 'obsctl syscall count vfs_read'?"),
            (("",), "there is no '': there are status, "), (("--versoin",), "did you mean --version?"),
            (("help", "func", "count", "extra"), "unexpected argument 'extra' after 'count'"),
            (("func", "help", "count", "extra"), "unexpected argument 'extra' after 'count'"),
            (("help", "status", "extra"), "unexpected argument 'extra' after 'status'"),
            (("session", "stop", "a", "b"), "unexpected argument 'b'"),
            (("func", "count", LEAF, "--durtion", "1"), "did you mean --duration?"),
            (("func", "count", LEAF, "--by", "process"), "did you mean 'comm' or 'pid'? Its columns: comm, pid, func, "),
            (("func", "time", LEAF, "--min", "5"), "a time with its unit (ns, us, ms, s, m or h)")):
        contains(obsctl(*args, status=2).err, part, f"refusal of {args}")


@test("-p takes the numbers that pidof prints, in one word or in several")
def pids():
    for given in (["1 2"], ["1", "2"], ["1,2"]):
        r = json.loads(obsctl("func", "count", LEAF, "--json", "-d", "100ms", "-p", *given).out)
        equal(r["filter"], {"pid": [1, 2]}, f"filter of {given}")


@test("the columns of the verbs are those of the module's sources")
def columns():
    sources = {s["name"]: s for s in json.loads(obsctl("status", "--json").out)["sources"]}
    context = {"cpu", "pid", "tid", "comm", "cgroup", "kstack", "ustack"}
    verbs = {"func": ("count", "time", "trace"), "lock": ("contention",), "sched": ("offcpu", "runq"),
             "slab": ("leaks", "trace"), "pmu": ("stat", "record", "mem", "branch"), "wall": (None,)}
    # Of trees, and of streams that obsctl puts together.
    own = {"func": {"path", "root", "call", "inside", "self_ns", "context", "duration", "run", "irq", "woken", "preempted", "blocked"},
           "lock": {"link", "links"}, "pmu": {"sample", "left", "info"}, "wall": {"chain"}}
    for noun, names in verbs.items():
        listed = set()
        for verb in names:
            text = obsctl("help", noun, *([verb] if verb else [])).out
            listed |= set(text.split("Columns of --by:\n")[1].split("\n\n")[0].split())
        equal(listed - context, set(sources[noun]["columns"]) - own.get(noun, set()), f"columns of {noun}")


@test("help and version")
def usage():
    contains(obsctl("--version").out, read(f"{SRC}/VERSION").strip(), "version")
    for args in (["--help"], ["help"], ["func", "--help"], ["func", "count", "--help"], ["session", "read", "-h"]):
        contains(obsctl(*args).out, "Usage: obsctl", f"output of {args}")
    contains(obsctl(status=2).err, "Usage: obsctl", "standard error without arguments")


@test("the README's first example works as it is printed")
def readme():
    with Background("func", "time", "vfs_read", "--hist", "-d", "5", started=False) as b:
        until(lambda: read("/proc/version") and b.p.poll() is not None, "the example to end")
        contains(b.finish().out, "vfs_read", "report")


main()
