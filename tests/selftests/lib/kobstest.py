# SPDX-License-Identifier: GPL-2.0
"""
Shared by the selftests: KTAP output, the ground-truth module kobs_gen, running
obsctl, and checks of its reports.

A test file defines functions with @test("name") and ends with main(). Each is
one KTAP test point; it fails by an assertion, skips by skip(reason), and must
clean up: afterwards no session exists and no function is hooked.
"""

import fnmatch
import functools
import gc
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback

GEN = "/sys/kernel/debug/kobs_gen/"
HOOKED = "/sys/kernel/tracing/enabled_functions"
SRC = os.environ["KOBS_SRC"]
MODULES = os.environ["KOBS_MODULES"]
KERNEL = os.environ["KOBS_KERNEL"]
# Approximate slow-down factor of processes on this kernel.
SLOW = 4 if KERNEL == "debug" else 1
# "make check" has half an hour: what is repeated to find races, or to be thorough, is repeated less.
SHORT = "KOBS_SHORT" in os.environ


def rounds(short, full):
    """Number of repetitions."""
    return short if SHORT else full


# Limit of every wait, in seconds, far above any expected duration. (The arm64 guest's clock counts instructions: it leaps
# while the guest waits for the host's disk. That guest is limited by the host's clock.)
WAIT = 120 * SLOW if os.uname().machine != "aarch64" else 100000

SKIP_STATUS = 4


class Skip(Exception):
    pass


def skip(reason):
    raise Skip(reason)


tests = []


def test(name):
    def add(fn):
        tests.append((name, fn))
        return fn
    return add


# Checks. A failure states the value.

def equal(got, want, what=""):
    assert got == want, f"{what or 'value'} is {got!r}, expected {want!r}"


def at_least(got, least, what=""):
    assert got >= least, f"{what or 'value'} is {got!r}, expected at least {least!r}"


def at_most(got, most, what=""):
    assert got <= most, f"{what or 'value'} is {got!r}, expected at most {most!r}"


def contains(text, part, what=""):
    assert part in text, f"{what or 'text'} is {text!r}, expected {part!r} in it"


def until(fn, what):
    """Wait until fn() is true; returns what it returned."""
    begin = time.monotonic()
    while True:
        value = fn()
        if value:
            return value
        waited = time.monotonic() - begin
        assert waited < WAIT, f"waited {WAIT} s in vain for: {what}"
        # All CPUs of a guest share one thread of the host: who asks often delays what it waits for.
        time.sleep(min(0.01 + waited / 10, 0.1))


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def asleep(pid):
    """Whether a thread sleeps and is off its CPU: in /proc/PID/stat it already sleeps when it is about to switch."""
    return not read(f"/proc/{pid}/syscall").startswith("running")


def slept(pid):
    """How often a thread went to sleep."""
    return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", read(f"/proc/{pid}/status"), re.M)[1])


@functools.lru_cache
def symbols(loaded_at):
    """Addresses of all functions, by name; the first of namesakes. Reading them takes seconds on the debug kernel."""
    found = {}
    for line in read("/proc/kallsyms").splitlines():
        address, kind, name = line.split()[:3]
        if kind in "tTwW":
            found.setdefault(name, int(address, 16))
    return found


def symbol(name):
    """Address of a function of the kernel or of kobs_gen, wherever that was loaded to."""
    text = "/sys/module/kobs_gen/sections/.text"
    return symbols(read(text) if os.path.exists(text) else "")[name]


# The ground truth.

def gen(command):
    """Run a command of kobs_gen, synchronously."""
    fd = os.open(GEN + "run", os.O_WRONLY)
    try:
        os.write(fd, command.encode())
    finally:
        os.close(fd)


def stats():
    return {name: int(n) for name, n in (line.split() for line in read(GEN + "stats").splitlines())}


def leafs(s=None):
    """Calls of kobs_gen_leaf(), from all contexts."""
    s = s or stats()
    return s["task"] + s["softirq"] + s["hardirq"] + s["nmi"]


def script(*commands):
    """A command line that runs commands of kobs_gen in a separate process."""
    return ["sh", "-c", "; ".join(f"echo {c} >{GEN}run || exit" for c in commands)]


# obsctl.

class Result:
    def __init__(self, args, done, status):
        self.out, self.err, self.status = done[0], done[1], status
        self.args = args

    def __str__(self):
        return f"{' '.join(self.args)}: status {self.status}\nstdout: {self.out[-2000:]}\nstderr: {self.err[-2000:]}"


def obsctl(*args, status=0, timeout=None, **kw):
    """Run obsctl to completion; status None accepts any."""
    line = ["obsctl", *map(str, args)]
    done = subprocess.run(line, capture_output=True, text=True, errors="replace", timeout=timeout or WAIT,
                          stdin=subprocess.DEVNULL, **kw)
    r = Result(line, (done.stdout, done.stderr), done.returncode)
    assert status is None or r.status == status, f"expected status {status}\n{r}"
    return r


def account(report):
    """hits = recorded + filtered + lost must hold exactly."""
    a = report["accounting"]
    equal(a["recorded"] + a["filtered"] + sum(a["lost"].values()), a["hits"], f"recorded + filtered + lost of {a}")
    return report


def balance(report):
    """The account, and that of the rows."""
    account(report)
    rows = report.get("rows")
    if rows is not None:
        equal(sum(r["count"] for r in rows), report["accounting"]["recorded"], "sum of the rows' counts")
    for row in rows or []:
        check_row(report, row)
    return report


def check_row(report, row):
    if "sum" in row and row["count"]:
        at_most(row["min"], row["max"], "min")
        at_least(row["sum"], row["min"] * row["count"], "sum")
        at_most(row["sum"], row["max"] * row["count"], "sum")
    if "hist" not in row:
        return
    last = -1
    for b in row["hist"]:
        assert last < b["lo"] <= b["hi"], f"bucket {b} is out of order"
        assert b["hi"] - b["lo"] <= b["lo"] / 16, f"bucket {b} is wider than 1/16"
        assert b["count"] > 0, f"bucket {b} is empty"
        last = b["hi"]
    equal(sum(b["count"] for b in row["hist"]), row["count"], "sum of the buckets")
    first, last = row["hist"][0], row["hist"][-1]
    assert first["lo"] <= row["min"] <= first["hi"], f"min {row['min']} is not in {first}"
    assert last["lo"] <= row["max"] <= last["hi"], f"max {row['max']} is not in {last}"
    chain = [row[k] for k in ("min", "p50", "p90", "p99", "p999", "max")]
    assert chain == sorted(chain), f"percentiles are not in order: {chain}"


def report(*args, run=None, status=0, **kw):
    """The JSON report of a session around a command."""
    tail = ["--", *run] if run else []
    r = obsctl("func", *args, "--json", *tail, status=status, **kw)
    return balance(json.loads(r.out))


def records(*args, run):
    """The records and the final object of func trace around a command."""
    r = obsctl("func", "trace", *args, "--json", "--", *run)
    lines = [json.loads(line) for line in r.out.splitlines()]
    return lines[:-1], balance(lines[-1]), r


def rows(report, **keys):
    """Rows whose keys match; a value is a glob, or a number."""
    def matches(row, key, want):
        if key not in row:
            return False
        return fnmatch.fnmatchcase(row[key], want) if isinstance(want, str) else row[key] == want
    return [r for r in report["rows"] if all(matches(r, k, w) for k, w in keys.items())]


def count_of(report, **keys):
    return sum(r["count"] for r in rows(report, **keys))


# Code addresses as obsctl prints them: name+0x1f [module].
A, B, NMI = (f"kobs_gen_caller_{c}+0x* [[]kobs_gen]" for c in ("a", "b", "nmi"))


def sessions():
    return json.loads(obsctl("session", "list", "--json").out)["sessions"]


def in_thread(fn):
    """fn() in a thread of its own, so that its waits in the kernel are not those of this thread, which a test may trace."""
    got = {}

    def work():
        try:
            got["value"] = fn()
        except BaseException as e:
            got["error"] = e

    t = threading.Thread(target=work)
    t.start()
    t.join()
    if "error" in got:
        raise got["error"]
    return got["value"]


class Background:
    """obsctl in the background, observing when the constructor returns."""

    def __init__(self, *args, tail=(), started=True, **kw):
        self.args = ["obsctl", *map(str, args), *tail]
        self.done = None
        self.p = subprocess.Popen(self.args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, errors="replace", **kw)
        try:
            if started:
                # A question waits for the session's mutex while the session starts.
                in_thread(lambda: until(self.observes, f"{self.args} to observe"))
        except BaseException:
            self.p.kill()
            self.p.communicate()
            raise

    def observes(self):
        if self.p.poll() is not None:
            raise AssertionError(f"it ended at once\n{self.finish(status=None)}")
        # Asked directly, and often: obsctl itself takes long to start in a guest.
        import nlkit
        return nlkit.observes(self.p.pid)

    def finish(self, status=0):
        out, err = self.p.communicate(timeout=WAIT)
        self.done = Result(self.args, (out, err), self.p.returncode)
        assert status is None or self.done.status == status, f"expected status {status}\n{self.done}"
        return self.done

    def stop(self, sig=signal.SIGINT, status=0):
        self.p.send_signal(sig)
        return self.finish(status)

    def report(self, sig=signal.SIGINT, status=0):
        """End the session, which was started with --json; its report."""
        return balance(json.loads(self.stop(sig, status).out.splitlines()[-1]))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.p.poll() is None:
            self.p.kill()
        if self.done is None:
            self.p.communicate()


class Bpftrace:
    """bpftrace in the background, attached when the constructor returns."""

    def __init__(self, program):
        if KERNEL == "debug" or not shutil.which("bpftrace"):
            skip("no bpftrace, or a kernel it is not meant for")
        self.out = self.err = None
        # BEGIN runs before the rest is attached; the command of -c is executed afterwards.
        self.p = subprocess.Popen(["bpftrace", "-c", "/usr/bin/sleep 100000", "-e", program], text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            until(self.attached, "bpftrace to attach")
        except BaseException:
            self.__exit__()
            raise
        if self.p.poll() is not None:
            skip(f"bpftrace does not work here: {self.p.communicate()[1].strip()[-200:]}")

    def attached(self):
        if self.p.poll() is not None:
            return True
        try:
            children = read(f"/proc/{self.p.pid}/task/{self.p.pid}/children").split()
            return any(read(f"/proc/{c}/comm").strip() == "sleep" for c in children)
        except OSError:
            return False

    def counts(self, name):
        """End bpftrace, once; the numbers of a map, by key."""
        end = time.monotonic() + WAIT
        while self.out is None:
            # bpftrace 0.17 goes on waiting for events after one signal in ten or so.
            if self.p.poll() is None:
                self.p.send_signal(signal.SIGINT)
            try:
                self.out, self.err = self.p.communicate(timeout=WAIT / 6)
            except subprocess.TimeoutExpired:
                assert time.monotonic() < end, f"bpftrace did not end within {WAIT} s"
        found = dict(re.findall(rf"@{name}(?:\[(.*?)\])?: (\d+)", self.out))
        assert found, f"bpftrace prints {self.out!r} {self.err!r}"
        return {k: int(n) for k, n in found.items()}

    def count(self, name):
        return self.counts(name)[""]

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.p.poll() is None:
            self.p.kill()
            self.p.communicate()


def forked(program):
    """Run a function in a process of its own, which costs less than another interpreter; returns its number."""
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        try:
            # Sessions end when their sockets are closed.
            os.closerange(3, 1 << 16)
            program()
        finally:
            os._exit(1)
    return pid


class Load:
    """Calls on both CPUs, from task and interrupt context, until __exit__()."""

    @staticmethod
    def program(cpu):
        fd = os.open(GEN + "run", os.O_WRONLY)
        commands = [c.encode() for c in (f"call task 200 {cpu}", f"call hardirq 20 {cpu}", f"call softirq 20 {cpu}", "nested 50")]
        while True:
            begin = time.monotonic()
            for command in commands:
                os.write(fd, command)
            # A constant duty cycle, independent of the host's speed: otherwise it delays obsctl and its grace periods.
            time.sleep((time.monotonic() - begin) * rounds(3, 1))

    def __enter__(self):
        before = stats()["hardirq"]
        self.pids = [forked(lambda cpu=cpu: self.program(cpu)) for cpu in (0, 1)]
        until(lambda: stats()["hardirq"] >= before + 100, "the load to begin")

    def __exit__(self, *exc):
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)
        for pid in self.pids:
            os.waitpid(pid, 0)


# The machine.

# A line for each session that test_stuck.py made stay for good.
PINNED = "/run/kobs-pinned"


def references():
    """The module's use count: 0 without sessions."""
    pinned = len(read(PINNED).splitlines()) if os.path.exists(PINNED) else 0
    return int(read("/sys/module/kobs/refcnt")) - pinned


def hooked():
    try:
        lines = read(HOOKED).splitlines()
    except PermissionError:
        return []   # in lockdown
    # An fprobe lends its trampoline, and is registered for a function that is not called; with a session that stays, it does.
    return [line for line in lines if not os.path.exists(PINNED) or not line.startswith("kernel_halt ")]


def insmod(name, *params):
    subprocess.run(["insmod", f"{MODULES}/{name}.ko", *params], check=True)


def rmmod(name):
    """Returns None, or the error message."""
    r = subprocess.run(["rmmod", name], capture_output=True, text=True)
    return None if r.returncode == 0 else r.stderr.strip()


def loaded(name):
    return os.path.isdir(f"/sys/module/{name}")


def kernel_log():
    return subprocess.run(["dmesg"], capture_output=True, text=True, errors="replace").stdout


def as_nobody():
    """For preexec_fn: drop all privileges."""
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)


def ynl():
    """The kernel's own netlink client, driven by uapi/kobs.yaml alone."""
    tree = os.environ.get("KOBS_KERNEL_SOURCE") or skip("no kernel source tree with tools/net/ynl")
    sys.path.insert(0, f"{tree}/tools/net/ynl")
    try:
        from lib import YnlFamily
    except ImportError as e:
        skip(f"the kernel's YNL client does not load: {e}")
    return YnlFamily(f"{SRC}/uapi/kobs.yaml", f"{tree}/Documentation/netlink/genetlink-legacy.yaml")


# Running.

def nothing_left():
    """No session and no hook is left; a session whose owner exited ends asynchronously."""
    if not loaded("kobs"):
        return
    # Closes the sockets of a failed test.
    gc.collect()
    end = time.monotonic() + WAIT
    while references() or hooked():
        if time.monotonic() > end:
            left = [s for s in sessions() if references()]
            for s in left:
                obsctl("session", "stop", s.get("name") or s["id"], status=None)
            raise AssertionError(f"left behind: sessions {left}, hooked functions {hooked()}")
        time.sleep(0.02)


def run_one(fn):
    """Returns the reason of a skip, and diagnostics of a failure."""
    skipped = failed = None
    try:
        gen("reset")
    except PermissionError:
        pass    # in lockdown
    try:
        fn()
    except Skip as e:
        skipped = str(e)
    except Exception as e:
        failed = traceback.format_exc() if not isinstance(e, AssertionError) else "".join(
            [f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno} {f.line}\n" for f in traceback.extract_tb(e.__traceback__)
             if "/selftests/" in f.filename]) + str(e)
    try:
        nothing_left()
    except Exception as e:
        failed = f"{failed or ''}\n{e}"
    return skipped, failed


def choose():
    """Test points selected by arguments or the environment: those that match KOBS_ONLY, except KOBS_EXCEPT (one glob per line)."""
    wanted = sys.argv[1:] or [os.environ.get("KOBS_ONLY", "*")]
    unwanted = os.environ.get("KOBS_EXCEPT", "").splitlines()
    for glob in unwanted:
        if not any(fnmatch.fnmatch(name, glob) for name, _ in tests):
            sys.exit(f"no point matches '{glob}', which is to be left out: see tests/matrix")
    return [t for t in tests if any(fnmatch.fnmatch(t[0], a) for a in wanted) and
            not any(fnmatch.fnmatch(t[0], a) for a in unwanted)]


def main():
    # A background job of a shell ignores SIGINT, and its children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    chosen = choose()
    print("TAP version 13")
    print(f"1..{len(chosen)}", flush=True)
    bad = skips = 0
    for number, (name, fn) in enumerate(chosen, 1):
        begin = time.monotonic()
        skipped, failed = run_one(fn)
        if failed:
            bad += 1
            print(f"not ok {number} - {name}")
            for line in failed.strip().splitlines():
                print(f"# {line}")
        elif skipped:
            skips += 1
            print(f"ok {number} - {name} # SKIP {skipped}")
        else:
            print(f"ok {number} - {name}")
        print(f"# took {time.monotonic() - begin:.1f} s", flush=True)
    sys.exit(1 if bad else SKIP_STATUS if skips == len(chosen) else 0)
