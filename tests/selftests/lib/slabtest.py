# SPDX-License-Identifier: GPL-2.0
"""
Shared by the tests of 'obsctl slab': the ground-truth module kobs_gen_slab,
reports of slab leaks, and the invariants of each report.

A file ends with slab_main(), which loads the module and unloads it again.
"""

from kobstest import *

GEN_SLAB = "/sys/kernel/debug/kobs_gen_slab/"
PARTS = 6
MOD = ("--module", "kobs_gen_slab", "--budget", 0)
# With KASAN the tracepoints report an object's size with its red zone, ksize() without.
EXACT_BYTES = KERNEL != "debug"
VERDICTS = {"leak", "steps", "turnover", "cache", "churn", "stable"}


def gen_slab(command):
    """Run a command of kobs_gen_slab, synchronously."""
    fd = os.open(GEN_SLAB + "run", os.O_WRONLY)
    try:
        os.write(fd, command.encode())
    finally:
        os.close(fd)


def slab_stats():
    return {name: int(n) for name, n in (line.split() for line in read(GEN_SLAB + "stats").splitlines())}


def slab_script(*commands):
    """A command line that runs commands of kobs_gen_slab."""
    return ["sh", "-c", "; ".join(f"echo {c} >{GEN_SLAB}run || exit" for c in commands)]


def site(name):
    """A glob of the call sites in one of kobs_gen_slab's functions."""
    return f"gen_{name}+0x* [[]kobs_gen_slab]"


def slab_balance(r):
    """The account of all hits, and of every row's objects, exactly."""
    account(r)
    n = r["params"].get("sample", 1)
    for row in r["rows"]:
        check_slab_row(r, row, n)
    recorded = sum((row["allocated"] + row["freed"]) // n + row["failed"] for row in r["rows"])
    equal(recorded, r["accounting"]["recorded"], "allocations, frees and failures of all rows")
    return r


def check_slab_row(r, row, n):
    live = row["allocated"] - row["freed"] - row["missed_frees"]
    if not r["params"].get("older"):
        equal(row["live"], live, f"live objects of {row}")
    else:
        at_most(row["live"], live, f"live objects of {row}")
    equal(sum(b["count"] for b in row.get("hist", [])) * n, row["live"], f"objects in the histogram of {row}")
    equal(len(row["kept"]), PARTS, f"parts of {row}")
    equal(len(row["live_after"]), PARTS, f"parts of {row}")
    # With --escalate the evidence covers all rows of the site.
    if not r["params"].get("escalate"):
        equal(row["live_after"][-1] * n, live, f"the last reading of {row}")
        assert abs(sum(row["kept"]) * n - row["live"]) < 0.01 * row["live"] + 0.01 * n, f"kept objects of {row}"
    equal("oldest_ns" in row, row["live"] > 0, f"an age in {row}")
    if row["live"]:
        at_most(row["oldest_ns"], r["duration_ns"] + 1000000000 * SLOW, f"age in {row}")
    assert row.get("verdict", "stable") in VERDICTS, f"verdict of {row}"
    if row.get("verdict") == "leak":
        assert not row["reclaimable"], f"a leak of what the kernel takes back: {row}"


def leaks(*args, run=None, status=0, **kw):
    """The JSON report of slab leaks around a command, without the guard, which could end the session on a slow host."""
    tail = ["--", *run] if run else []
    r = obsctl("slab", "leaks", "--budget", 0, *args, "--json", *tail, status=status, **kw)
    return slab_balance(json.loads(r.out))


def read_session(name, verb="read"):
    """The report of a detached session. While it runs, its sums can be off by hits in flight."""
    r = json.loads(obsctl("session", verb, name, "--json").out)
    return slab_balance(r) if verb == "stop" else r


def lasted(done):
    """The duration of a session, from its report, in seconds."""
    if "--json" in done.args:
        return json.loads(done.out)["duration_ns"] / 1e9
    return float(re.search(r", ([\d.]+) s$", done.out.splitlines()[0])[1])


def steady(args, steps, pause, step, before=lambda: None, status=0):
    """
    The result of an obsctl in which step(i) runs for each of the steps, one every so many seconds, and which ends a pause after
    the last. Verdicts look at the sixths of this time. Where the host does not keep it, all is repeated at a slower pace.
    """
    while True:
        part = steps * pause / 6
        before()
        with Background(*args) as b:
            begin, late = time.monotonic(), 0
            for i in range(steps + 1):
                time.sleep(max(begin + i * pause - time.monotonic(), 0))
                late = max(late, time.monotonic() - begin - i * pause)
                if i < steps:
                    step(i)
            done = b.stop(status=None)
        longer = lasted(done) - steps * pause
        if late < part / 3 and longer < part / 2:
            assert done.status == status, f"expected status {status}\n{done}"
            return done
        print(f"# {late:.2f} s late, {longer:.2f} s longer than {steps * pause:.2f} s: repeated more slowly", flush=True)
        at_most(pause, WAIT, "pause between steps")
        pause *= 2


def total(report, name, key="live"):
    """The sum of a number over the rows of one function of the module."""
    return sum(r[key] for r in rows(report, site=site(name)))


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def same_bytes(got, want, what):
    if EXACT_BYTES:
        equal(got, want, what)
    else:
        at_least(got, want, what)


def our_sites(report):
    return {r["site"].split("+")[0] for r in rows(report, site="*[[]kobs_gen_slab]")}


def slab_main():
    insmod("kobs_gen_slab")
    try:
        main()
    finally:
        if loaded("kobs_gen_slab"):
            rmmod("kobs_gen_slab")
