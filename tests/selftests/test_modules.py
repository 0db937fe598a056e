# SPDX-License-Identifier: GPL-2.0
"""Traced modules that unload, load again, and load for the first time."""

from kobstest import *

LEAF = "kobs_gen_leaf"
UNLOADS = rounds(2, 10)


def hooked_names():
    # An fprobe lends its trampoline, and is registered for a function that is not called.
    return {line.split()[0] for line in hooked()} - {"kernel_halt"}


def busy():
    """Work in many parts of the kernel, which would hit accidental hooks."""
    subprocess.run("ls -R /sys/module /proc/sys >/dev/null 2>&1; cat /proc/*/stat >/dev/null 2>&1", shell=True)


def reload():
    equal(rmmod("kobs_gen"), None, "rmmod's complaint")
    busy()
    insmod("kobs_gen")


def check(mode):
    with Background("func", mode, "kobs_gen:kobs_gen_*", "--json") as b:
        before = hooked_names()
        assert LEAF in before, f"hooked: {before}"
        gen("call task 100")
        gen("nested 10")
        try:
            equal(rmmod("kobs_gen"), None, "rmmod's complaint")
            equal(hooked_names(), set(), "hooked functions while it is unloaded")
            busy()
            # Another session updates ftrace's filters of all sessions.
            at_least(report("count", "vfs_read", run=["true"])["accounting"]["hits"], 1, "hits of another session")
        finally:
            insmod("kobs_gen")
        equal(hooked_names(), set(), "hooked functions when it is loaded again")
        gen("call task 50")
        busy()
        r = b.report()
    # Names are kept after the functions are unloaded; functions loaded later are not hooked.
    equal({f: count_of(r, func=f) for f in (LEAF, "kobs_gen_caller_a", "kobs_gen_outer", "kobs_gen_inner")},
          {LEAF: 100, "kobs_gen_caller_a": 100, "kobs_gen_outer": 10, "kobs_gen_inner": 20}, "counts")
    equal(r["accounting"]["hits"], 230, "hits")
    at_least(r["notes"]["functions_gone"], 4, "functions that went")


test("func count of a module that unloads and loads")(lambda: check("count"))
test("func time of a module that unloads and loads")(lambda: check("time"))


@test("func trace of a module that unloads and loads")
def trace():
    with Background("func", "trace", "kobs_gen:kobs_gen_*", "--json") as b:
        gen("call task 20")
        reload()
        gen("call task 5")
        lines = [json.loads(line) for line in b.stop().out.splitlines()]
    equal([x["func"] for x in lines[:-1]].count(LEAF), 20, "records")
    balance(lines[-1])


def mixed(mode):
    with Background("func", mode, LEAF, "debugfs_create_dir", "--json") as b:
        gen("call task 10")
        reload()
        r = b.report()
    equal((count_of(r, func=LEAF), count_of(r, func="debugfs_create_dir")), (10, 1), "counts")
    equal(r["accounting"]["lost"], {}, "lost")


test("func count of a module and the kernel: the kernel's part goes on")(lambda: mixed("count"))
test("func time of a module and the kernel: the kernel's part goes on")(lambda: mixed("time"))


@test("functions that go with their module are told, and --max-lost refuses them")
def gone():
    for args, status in (([], 0), (["--max-lost", "0"], 4)):
        done = obsctl("func", "count", "kobs_gen:kobs_gen_outer", "kobs_gen:kobs_gen_inner", "vfs_read", *args, "--", "sh", "-c",
                      f"echo nested 3 >{GEN}run; rmmod kobs_gen; insmod {MODULES}/kobs_gen.ko", status=status)
        assert re.search(r"^functions_gone 2: went with their modules, the first with kobs_gen after \d+\.\d{3} s$",
                         done.out, re.M), done.out
    contains(done.err, "2 functions went with their modules, the first with kobs_gen after ", "sentence")
    # What was unloaded before or after is no loss; nor is init text.
    r = report("count", "vfs_read", "--max-lost", 0, run=["sh", "-c", f"rmmod kobs_gen; insmod {MODULES}/kobs_gen.ko"])
    equal("notes" in r, False, "notes of a session whose functions stay")


@test("a detached session on a module that is gone is readable")
def detached():
    obsctl("func", "count", LEAF, "--by", "func,caller,kstack", "--detach", "gone")
    gen("call task 30")
    reload()
    r = json.loads(obsctl("session", "read", "gone", "--json").out)
    equal(sum(row["count"] for row in r["rows"]), 30, "count")
    equal(balance(json.loads(obsctl("session", "stop", "gone", "--json").out))["accounting"]["hits"], 30, "hits")


@test("a glob does not reach a module that loads later")
def later():
    equal(rmmod("kobs_gen"), None, "rmmod's complaint")
    try:
        with Background("func", "count", "v9fs_*", "p9_client_[a-d]*", "--json") as b:
            insmod("kobs_gen")
            equal({n for n in hooked_names() if n.startswith("kobs_gen")}, set(), "hooked functions of kobs_gen")
            gen("call task 10")
            r = b.report()
        equal(rows(r, func="kobs_gen*"), [], "rows of kobs_gen")
    finally:
        if not loaded("kobs_gen"):
            insmod("kobs_gen")


@test(f"unloading {UNLOADS} times under a live session")
def again():
    with Background("func", "count", "kobs_gen:*", "vfs_read", "--json") as b:
        for _ in range(UNLOADS):
            gen("call task 1")
            reload()
        r = b.report()
    equal(count_of(r, func=LEAF), 1, "count")


CACHE = "/run/obsctl/kallsyms"


@test("without a session, modules load and unload without waiting for kobs")
def no_wait():
    tracing = "/sys/kernel/tracing/"

    def write(name, text):
        with open(tracing + name, "w", encoding="ascii") as f:
            f.write(text)

    def waits():
        """Calls of synchronize_rcu() by kobs while a module was loaded again."""
        write("trace", "")
        reload()
        return [line for line in read(tracing + "trace").splitlines() if "<-module_changes" in line]

    write("set_ftrace_filter", "synchronize_rcu")
    write("current_tracer", "function")
    try:
        equal(waits(), [], "waits without a session")
        obsctl("func", "count", "vfs_read", "--by", "kstack", "--detach", "holder")
        at_least(len(waits()), 1, "waits beside a session with kernel stacks")
        obsctl("session", "stop", "holder")
    finally:
        write("current_tracer", "nop")
        write("set_ftrace_filter", "")


@test("symbols are kept for later runs until a module is loaded or unloaded")
def cache():
    def run():
        r = report("count", LEAF, "--by", "caller", run=script("call task 3"))
        equal(count_of(r, caller=A), 3, "hits by caller")
        return os.stat(CACHE).st_ino
    first = run()
    equal(oct(os.stat(CACHE).st_mode), "0o100600", "mode of the cache")
    equal(run(), first, "the cache of the same modules")
    reload()
    second = run()
    assert second != first, "the cache is of the module that is gone"
    equal(os.listdir("/run/obsctl"), ["kallsyms"], "files")
    os.chmod(CACHE, 0o666)
    assert run() != second, "a cache that anyone can write is trusted"


def put(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


@test("a cache does not show what kptr_restrict hides")
def hidden():
    report("count", LEAF, run=["true"])
    restrict = "/proc/sys/kernel/kptr_restrict"
    before = read(restrict).strip()
    put(restrict, "2")
    try:
        contains(obsctl("func", "count", LEAF, "--", "true", status=1).err, "shows no addresses", "refusal")
    finally:
        put(restrict, before)


@test("names from the cache are those of /proc/kallsyms")
def same():
    def found(**env):
        r = json.loads(obsctl("func", "count", "kobs_gen:*", "vfs_*", "*_lock", "--all", "--json", "-v", "--", "true",
                              env={**os.environ, **env}).out)
        return {k: v for k, v in r.items() if k in ("targets", "untraceable", "denied", "kept_out")}
    # Any other path is read as it is.
    live = found(OBSCTL_KALLSYMS="/proc/../proc/kallsyms")
    at_least(live["targets"], 100, "functions")
    equal(found(), live, "functions with a cache")


main()
