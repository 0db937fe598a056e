# SPDX-License-Identifier: GPL-2.0
"""The guard: a session above its budget is disarmed, says so, and has lost nothing silently."""

from kobstest import *

LEAF = "kobs_gen_leaf"
FLOOD = ["sh", "-c", f"while :; do echo call task 20000 >{GEN}run; done"]


class Flood:
    def __enter__(self):
        self.p = subprocess.Popen(FLOOD)

    def __exit__(self, *exc):
        self.p.kill()
        self.p.wait()


def check_disarmed(r, budget):
    contains(r["stopped"], "disarmed by the guard", "reason")
    contains(r["stopped"], f"budget of {budget} %", "reason")
    at_least(r["accounting"]["hits"], 4096, "hits")
    equal(r["accounting"]["lost"], {}, "lost")


def disarmed(mode, *options):
    with Flood(), Background("func", mode, LEAF, "--budget", 1, "--json", *options, started=False) as b:
        done = b.finish()
    check_disarmed(balance(json.loads(done.out.splitlines()[-1])), 1)


test("func count above its budget")(lambda: disarmed("count"))
test("func count by kstack above its budget")(lambda: disarmed("count", "--by", "kstack"))
test("func time above its budget")(lambda: disarmed("time", "--hist"))


@test("func trace above its budget")
def trace():
    with Flood(), Background("func", "trace", LEAF, "--budget", 1, "--json", started=False) as b:
        lines = b.finish().out.splitlines()
    r = balance(json.loads(lines[-1]))
    contains(r["stopped"], "disarmed by the guard", "reason")
    equal(len(lines) - 1, r["accounting"]["recorded"], "records")


@test("text reports say it, too")
def text():
    with Flood(), Background("func", "count", LEAF, "--budget", 1, started=False) as b:
        contains(b.finish().out, "disarmed by the guard", "report")


@test("a detached session is stopped, and stays readable")
def detached():
    obsctl("func", "count", LEAF, "--budget", 1, "--detach", "hot")
    with Flood():
        until(lambda: sessions()[0]["state"] == "stopped", "the guard to stop the session")
    contains(sessions()[0]["stopped"], "disarmed by the guard", "reason in the list")
    equal(hooked(), [], "hooked functions")
    hits = balance(json.loads(obsctl("session", "read", "hot", "--json").out))["accounting"]["hits"]
    gen("call task 1000")
    r = balance(json.loads(obsctl("session", "stop", "hot", "--json").out))
    check_disarmed(r, 1)
    equal(r["accounting"]["hits"], hits, "hits after it was disarmed")


@test("only the session above its budget is stopped")
def other():
    with Background("func", "count", LEAF, "--budget", 0, "--json") as calm, Flood():
        with Background("func", "count", LEAF, "--budget", 1, "--json", started=False) as hot:
            check_disarmed(balance(json.loads(hot.finish().out)), 1)
        r = calm.report()
    assert "stopped" not in r, f"the other session was stopped: {r['stopped']}"


@test("budget 0 never disarms")
def never():
    with Background("func", "count", LEAF, "--budget", 0, "--json") as b:
        # Longer than two windows of the guard, half a second.
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            gen("call task 20000")
        r = b.report()
    assert "stopped" not in r, f"it was stopped: {r.get('stopped')}"
    equal(r["accounting"]["hits"], leafs(), "hits")


@test("a calm session is not disarmed")
def calm():
    with Background("func", "count", LEAF, "--budget", 25, "--json") as b:
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            gen("call task 5")
            time.sleep(0.05)
        r = b.report()
    assert "stopped" not in r, f"it was stopped: {r.get('stopped')}"
    equal(r["accounting"]["hits"], leafs(), "hits")


# Sessions that would hang a busy machine without the guard.
BUSY = "while :; do ls -R /sys/module /proc/sys /proc/self >/dev/null 2>&1; cat /proc/*/stat >/dev/null 2>&1; done"


class Busy:
    def __enter__(self):
        self.ps = [subprocess.Popen(["taskset", "-c", cpu, "sh", "-c", BUSY], start_new_session=True) for cpu in "01"]

    def __exit__(self, *exc):
        for p in self.ps:
            os.killpg(p.pid, signal.SIGKILL)
            p.wait()


def still_alive():
    """The machine still works, and kobs accepts a new session."""
    equal(hooked(), [], "hooked functions")
    gen("call task 1")
    with Background("func", "count", LEAF, "--json") as b:
        gen("call hardirq 9 1")
        gen("call hardirq 9 0")
        equal(b.report()["accounting"]["recorded"], 18, "recorded by the next session")


def everything(*options):
    if KERNEL == "debug":
        skip("not tried on the debug kernel, where each memory access and lock is a call")
    begin = time.monotonic()
    with Busy(), Background("func", "count", "*", "--all", "--budget", 5, "--json", *options, started=False) as b:
        # Most of the time is spent on patching the functions.
        out, err = b.p.communicate(timeout=8 * WAIT)
        print(f"# over after {time.monotonic() - begin:.0f} s, of which it observed {json.loads(out)['duration_ns'] / 1e9:.1f} s", flush=True)
        b.done = equal(b.p.returncode, 0, f"status, with {err[-500:]!r}") or True
    r = balance(json.loads(out))
    contains(r["stopped"], "disarmed by the guard", "reason")
    contains(r["stopped"], "budget of 5 %", "reason")
    at_least(r["targets"] if "targets" in r else 10000, 10000, "functions")
    still_alive()


test("every function of the kernel at once, of a busy machine")(lambda: everything())
test("every function of the kernel at once, with stacks")(lambda: everything("--by", "kstack"))


@test("the slow path of spinlocks is not hooked, for a reason")
def slowpath():
    # The last ones run while a lock is held, which can be one of kobs: some kernels have them, the debug one does.
    for name in ("native_queued_spin_lock_slowpath", "queued_read_lock_slowpath", "__pv_queued_spin_unlock_slowpath",
                 "do_raw_spin_unlock", "do_raw_write_unlock"):
        if name not in symbols(""):
            continue
        r = obsctl("func", "count", name, "-d", "1", status=1)
        contains(r.err, name, "refusal")
        assert any(why in r.err for why in ("prolongs every contended lock", "slow down every lock", "cannot trace")), f"refusal is {r.err!r}"


@test("a sample each microsecond: the kernel holds it back, and the guard ends it")
def microsecond():
    # The minimum period of the kernel's clock is 10 us, and much longer on an emulated machine: hence the budget.
    with Busy():
        r = balance(json.loads(obsctl("pmu", "record", "-e", "cpu-clock", "-c", 1000, "--by", "kstack", "--budget", 1, "-d", 30,
                                      "--json").out.splitlines()[-1]))
    contains(r.get("stopped", f"it ran on: {r['accounting']}"), "disarmed by the guard", "reason")
    contains(r["stopped"], "budget of 1 %", "reason")
    still_alive()


@test("a million samples a second are refused")
def million():
    contains(obsctl("pmu", "record", "-e", "cpu-clock", "-F", 1000000, "-d", 1, status=1).err, "its frequency (at most 100000 Hz), is too large",
             "refusal")


main()
