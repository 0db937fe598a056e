# SPDX-License-Identifier: GPL-2.0
"""Refusals of obsctl: each is a sentence, has its exit status, and leaves nothing behind."""

import shutil

from kobstest import *

LEAF = "kobs_gen_leaf"


def refused(*args, part, status=(1,), **kw):
    """Fails unless obsctl refuses with one line that has the part in it."""
    r = obsctl(*args, status=None, **kw)
    assert r.status in status, f"expected status {status}\n{r}"
    lines = [line for line in r.err.splitlines() if line.strip()]
    assert lines and all(line.startswith("obsctl: ") for line in lines), f"expected a sentence\n{r}"
    contains(r.err.lower(), part.lower(), f"refusal of {' '.join(map(str, args))}")
    equal(r.out, "", f"standard output of {args}")
    equal(references(), 0, f"sessions after {args}")
    equal(hooked(), [], f"hooked functions after {args}")
    return r


# Option, bad value, what the sentence must say, exit status.
COUNT = [
    ("--flame", "-", "needs the path of a file", 2), ("--html", "/nosuch/dir/file", "/nosuch/dir/file", 1),
    ("--format", "xls", "--format", 2), ("--format", "chrome", "--format", 2), ("--format", "ppro", "did you mean 'pprof'?", 2),
    ("--pid", "x", "--pid", 2), ("--pid", "", "--pid", 2), ("--pid", "-5", "--pid", 2),
    ("--pid", "1,,2", "--pid", 2), ("--pid", "4194305", "--pid", 2),
    ("--pid", ",".join(map(str, range(1, 100))), "at most", 1),
    ("--tid", "x", "--tid", 2), ("--tid", "99999999999999999999999", "--tid", 2),
    ("--comm", "", "--comm", 2), ("--comm", "a,,b", "--comm", 2),
    ("--comm", "more-than-15-bytes", "15", (1, 2)),
    ("--cgroup", "", "--cgroup", 2), ("--cgroup", "a,,b", "--cgroup", 2), ("--cgroup", "/nosuch", "no control group '/nosuch'", 1),
    ("--cpu", "x", "--cpu", 2), ("--cpu", "3-1", "--cpu", 2), ("--cpu", "-1", "--cpu", 2),
    ("--cpu", "63", "cpu 63", 1),
    ("--duration", "x", "--duration", 2), ("--duration", "-1", "--duration", 2), ("--duration", "0", "--duration", 2),
    ("--duration", "1e400", "--duration", 2), ("--duration", "nan", "--duration", 2),
    ("--interval", "x", "--interval", 2), ("--interval", "0", "--interval", 2),
    ("--top", "x", "--top", 2), ("--top", "-1", "--top", 2), ("--top", "99999999999", "--top", 2),
    ("--by", "nosuch", "nosuch", 2), ("--by", "stack", "did you mean 'kstack'?", 2), ("--by", "", "--by", 2), ("--by", "func,func", "twice", 1),
    ("--by", "func,", "--by", 2),
    ("--detach", "", "--detach", 2), ("--detach", "1st", "name", 1), ("--detach", "a b", "name", 1),
    ("--detach", "x" * 40, "name", (1, 2)), ("--detach", "a/b", "name", 1),
    ("--output", "/nosuch/dir/file", "/nosuch/dir/file", 1), ("--output", "", "--output", 2),
    ("--output", "/proc/version", "/proc/version", 1),
    ("--rows", "x", "--rows", 2), ("--rows", "1", "rows", 1), ("--rows", "1048577", "rows", 1),
    ("--rows", "-1", "--rows", 2), ("--rows", "18446744073709551616", "--rows", 2),
    ("--stacks", "x", "--stacks", 2), ("--stacks", "0", "stacks", 1), ("--stacks", "1048577", "stacks", 1),
    ("--stack-depth", "x", "--stack-depth", 2), ("--stack-depth", "0", "stack_depth", 1),
    ("--stack-depth", "1000", "stack_depth", 1),
    ("--budget", "x", "--budget", 2), ("--budget", "101", "budget", 1),
    ("--inflight", "1", "--inflight", 2),
    ("--max-lost", "x", "--max-lost", 2), ("--max-lost", "-1", "--max-lost", 2),
    ("--fail-over", "x", "--fail-over", 2), ("--fail-over", "-1", "--fail-over", 2), ("--fail-over", "", "--fail-over", 2),
]
TIME = [
    ("--min", "x", "--min", 2), ("--min", "-1ms", "--min", 2), ("--min", "10", "--min", 2), ("--min", "", "--min", 2),
    ("--min", "1e30s", "--min", 2), ("--fail-over", "10", "--fail-over", 2),
    ("--fail-over", "x", "--fail-over", 2),
    ("--inflight", "x", "--inflight", 2), ("--inflight", "65537", "inflight", 1),
]
TRACE = [
    ("--ring-kb", "x", "--ring-kb", 2), ("--ring-kb", "7", "ring_kb", 1), ("--ring-kb", "262145", "ring_kb", 1),
]


def table(verb, cases):
    for option, value, part, status in cases:
        refused("func", verb, LEAF, "-d", "0.1", option, value, part=part,
                status=status if isinstance(status, tuple) else (status,)) \
            if option not in ("--detach", "--duration") else \
            refused("func", verb, LEAF, option, value, part=part,
                    status=status if isinstance(status, tuple) else (status,))


test("bad values of options of func count")(lambda: table("count", COUNT))
test("bad values of options of func time")(lambda: table("time", TIME))
test("bad values of options of func trace")(lambda: table("trace", TRACE))


@test("every option of func is in these tables, or takes no value")
def complete():
    known = {case[0] for case in COUNT + TIME + TRACE}
    for verb in ("count", "time", "trace"):
        for line in obsctl("func", verb, "--help").out.splitlines():
            words = line.replace(",", " ").split()
            option = next((w for w in words[:2] if w.startswith("--")), None)
            if option and words[words.index(option) + 1:words.index(option) + 2] and \
               words[words.index(option) + 1].isupper() and len(words[words.index(option) + 1]) > 1:
                assert option in known, f"no bad value of {option} is tested: {line}"


@test("short options take bad values no better")
def short():
    for option, value, part in (("-p", "x", "pid"), ("-t", "x", "tid"), ("-C", "x", "cpu"), ("-d", "x", "duration"),
                                ("-i", "x", "interval"), ("-n", "x", "top"), ("-o", "/nosuch/x", "/nosuch/x"),
                                ("-c", "", "comm")):
        refused("func", "count", LEAF, option, value, part=part, status=(1, 2))


@test("options without their value, unknown ones, and ones of other verbs")
def misuse():
    for args, part in (
            (("func", "count", LEAF, "--pid"), "--pid"), (("func", "count", LEAF, "-p"), "--pid"),
            (("func", "count", LEAF, "--nosuch"), "--nosuch"), (("func", "count", LEAF, "-Y"), "-Y"),
            (("func", "count", LEAF, "--json=1"), "--json"), (("func", "count", LEAF, "--hist"), "--hist"),
            (("func", "count", LEAF, "--min", "1ms"), "--min"), (("func", "count", LEAF, "--time"), "--time"),
            (("func", "count", LEAF, "--ring-kb", "64"), "--ring-kb"),
            (("func", "trace", LEAF, "--rows", "64"), "--rows"), (("func", "trace", LEAF, "-i", "1"), "--interval"),
            (("func", "trace", LEAF, "--folded"), "--folded"), (("func", "trace", LEAF, "--min", "1ms"), "--time"),
            (("func", "count", LEAF, "--json", "--folded"), "--folded"),
            (("func", "count", LEAF, "--detach", "x", "-d", "1"), "--detach"),
            (("func", "count", LEAF, "--detach", "x", "--", "true"), "--detach"),
            (("func", "count", LEAF, "--"), "--"), (("func", "count"), "function"),
            (("func", "count", "!vfs_read"), "exclude"), (("func", "count", "vfs_[a"), "["),
            (("func", "count", ""), "pattern"), (("func", "count", ":x"), ":"), (("func", "count", "kobs_gen:"), "pattern"),
            (("func", "nosuch", LEAF), "nosuch"), (("nosuch",), "nosuch"), (("session", "nosuch"), "nosuch"),
            (("session", "list", "x"), "list"), (("session", "list", "--pid", "1"), "--pid"),
            (("status", "x"), "status"), (("doctor", "x"), "doctor"), (("status", "--nosuch"), "--nosuch")):
        refused(*args, part=part, status=(2,))


@test("a pattern that matches nothing")
def no_match():
    refused("func", "count", "no_such_function_at_all", part="'no_such_function_at_all'")
    refused("func", "count", "kobs_gen_leaf", "no_such_*", part="'no_such_*'")
    refused("func", "count", "nosuchmodule:*", part="nosuchmodule")
    refused("func", "count", "kobs_gen:vfs_*", part="vfs_*")
    near = refused("func", "count", "kobs_gen_lea", part="'kobs_gen_lea'").err
    contains(near, "kobs_gen_leaf", "names near it")
    assert "__pfx_" not in near, f"padding of functions among {near}"


@test("a function that ftrace cannot trace is named")
def not_traceable():
    # Part of kobs itself, compiled without the hook.
    refused("func", "count", "kobs_session_new", part="kobs_session_new")
    refused("func", "time", "kobs_session_new", part="kobs_session_new")
    refused("func", "count", LEAF, "kobs_session_new", part="kobs_session_new")


@test("a function on the deny list is refused, with the reason")
def denied():
    for verb in ("count", "time", "trace"):
        refused("func", verb, "_raw_spin_lock", part="_raw_spin_lock")
        contains(refused("func", verb, "_raw_spin_lock", part="_raw_spin_lock").err, "lock", "reason")
    refused("func", "count", LEAF, "irq_work_queue", part="irq_work_queue")


@test("denied functions are left out of a glob, and listed")
def denied_in_glob():
    r = report("count", "_raw_spin_*", "kobs_gen_*", run=script("call task 5"))
    equal(count_of(r, func=LEAF), 5, "count")
    reasons = {k["func"]: k["reason"] for k in r["kept_out"]}
    contains(reasons.get("_raw_spin_lock", "it is not listed"), "lock", "why _raw_spin_lock was kept out")


@test("a module's own function is not denied for a name that begins like the kernel's")
def own_name():
    equal(count_of(report("count", "rcu_kobs_gen", run=script("named 5")), func="rcu_kobs_gen"), 5, "count")


@test("of namesakes, those that can be traced are observed, and the others are told")
def namesakes():
    r = report("count", "kobs_session_duration", run=script("named 5"))
    equal([(x["func"], x["count"]) for x in r["rows"]], [("kobs_session_duration [kobs_gen]", 5)], "rows")
    equal([k["func"] for k in r["kept_out"]], ["kobs_session_duration [kobs]"], "left out")
    r = obsctl("func", "count", "kobs_session_duration", "-d", "100ms")
    contains(r.out, "1 of 2 matches left out: 1 cannot be traced, 0 on the deny list (-v lists them)", "report")


@test("an alias of a system call has the name that other tools use")
def alias():
    names = {}
    for line in read("/proc/kallsyms").splitlines():
        address, _, name = line.split()[:3]
        names.setdefault(address, set()).add(name)
    if not any({"__x64_sys_vfork", "__ia32_sys_vfork"} <= n for n in names.values()):
        skip("no such alias on this kernel")
    r = report("count", "*_sys_vfork", run=["python3", "-c", "import subprocess; subprocess.run(['true'])"])
    equal([x["func"] for x in r["rows"] if "vfork" in x["func"]][:1] or ["none"], ["__x64_sys_vfork"], "name")


@test("a module that is not loaded is refused with one that is like it")
def near_module():
    contains(refused("func", "count", "kobs_gne:*", part="no module 'kobs_gne' is loaded").err, "kobs_gen", "names near it")


@test("addresses that the kernel hides are told wherever a name is missing")
def hidden():
    path = "/proc/sys/kernel/kptr_restrict"
    before = read(path)
    try:
        with open(path, "w", encoding="ascii") as f:
            f.write("2")
        refused("func", "count", LEAF, part="kernel.kptr_restrict=1")
        r = obsctl("slab", "leaks", "--", "cat", "/proc/slabinfo")
        contains(r.out, "[unknown]", "report")
        contains(r.out, "hides addresses: sysctl kernel.kptr_restrict=1 shows them", "report")
        r = obsctl("slab", "trace", "-n", 3, "--", "cat", "/proc/slabinfo")
        contains(r.err, "hides addresses", "end of a stream")
    finally:
        with open(path, "w", encoding="ascii") as f:
            f.write(before)


@test("more than 1,000 functions need --all")
def too_many():
    r = refused("func", "count", "s*", part="--all")
    contains(r.err, "1000", "refusal")


def copy_for_nobody():
    shutil.copy(shutil.which("obsctl"), "/tmp/obsctl-nobody")
    os.chmod("/tmp/obsctl-nobody", 0o755)
    with open("/tmp/kallsyms", "w") as f:
        f.write(read("/proc/kallsyms"))
    os.chmod("/tmp/kallsyms", 0o644)


def run_nobody(*line):
    copy_for_nobody()
    return subprocess.run([*line, "/tmp/obsctl-nobody", "func", "count", LEAF, "-d", "0.1"], capture_output=True,
                          text=True, env={"OBSCTL_KALLSYMS": "/tmp/kallsyms", **os.environ})


def without_rights(*line, part):
    r = run_nobody(*line)
    equal(r.returncode, 1, f"status of {r}")
    contains(r.stderr, part, "refusal")
    equal(references(), 0, "sessions")


NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all")


@test("a user without privileges is refused")
def nobody():
    without_rights(*NOBODY, part="CAP_PERFMON")
    copy_for_nobody()
    for verb in (["status"], ["session", "list"], ["session", "stop", "x"]):
        r = subprocess.run([*NOBODY, "/tmp/obsctl-nobody", *verb], capture_output=True, text=True)
        equal(r.returncode, 1, f"status of {r}")
        contains(r.stderr, "CAP_PERFMON", "refusal")


@test("CAP_PERFMON alone suffices")
def perfmon():
    r = run_nobody("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all,+perfmon",
                   "--ambient-caps=+perfmon", "--bounding-set=-all,+perfmon")
    if "setpriv" in r.stderr:
        skip(f"setpriv: {r.stderr.strip()}")
    equal(r.returncode, 0, f"status of {r}")


@test("root of another user namespace is refused")
def user_namespace():
    r = subprocess.run(["unshare", "-U", "-r", "true"], capture_output=True, text=True)
    if r.returncode:
        skip(f"no user namespaces here: {r.stderr.strip()}")
    without_rights("unshare", "-U", "-r", part="CAP_PERFMON")


@test("another network namespace does not have the family")
def net_namespace():
    without_rights("unshare", "-n", part="namespace")


@test("root of a user namespace that has its network namespace")
def both_namespaces():
    r = subprocess.run(["unshare", "-U", "-r", "-n", "true"], capture_output=True, text=True)
    if r.returncode:
        skip(f"no user namespaces here: {r.stderr.strip()}")
    without_rights("unshare", "-U", "-r", "-n", part="namespace")


@test("without the module")
def no_module():
    equal(rmmod("kobs"), None, "rmmod's complaint")
    try:
        r = obsctl("func", "count", LEAF, "-d", "0.1", status=1)
        contains(r.err, "module", "refusal")
        obsctl("status", status=1)
        r = obsctl("doctor", "--json", status=None)
        states = {c["check"]: c["state"] for c in json.loads(r.out)["checks"]}
        equal(states["module"], "missing", "the doctor's finding")
    finally:
        insmod("kobs")


main()
