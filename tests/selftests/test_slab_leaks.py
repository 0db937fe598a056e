# SPDX-License-Identifier: GPL-2.0
"""slab leaks: objects are counted exactly at their sites, in every way of allocating and freeing."""

import ctypes
import struct

from slabtest import *

# Ways in which kobs_gen_slab leaks, with the size to request.
LEAKS = [("kmalloc", 200), ("large", 16384), ("cache", 0), ("bulk", 0), ("krealloc", 100), ("zalloc_node", 300)]
CLEAN = ["kfree", "kfree_rcu", "headless", "kfree_bulk", "cache_free_bulk", "other_cpu", "irq_free", "krealloc",
         "bulk"]


def leak_command(how, context, n, size):
    return f"leak {how} {context} {n} {size}" if size else f"leak {how} {context} {n}"


def grown(before, key):
    return slab_stats()[key] - before[key]


def leak_in(context):
    before = slab_stats()
    # The bulk functions require enabled interrupts.
    ways = [w for w in LEAKS if (w[0], context) != ("bulk", "hardirq")]
    commands = [leak_command(how, context, 100 + 10 * i, size) for i, (how, size) in enumerate(ways)]
    try:
        r = leaks(run=slab_script(*commands))
        for i, (how, _) in enumerate(ways):
            n = 100 + 10 * i
            equal(grown(before, f"leaked_{how}"), n, f"objects that kobs_gen_slab leaked by {how}")
            equal(total(r, f"leak_{how}"), n, f"live objects of {how}")
            # krealloc() allocates a new object each time, and frees the old one.
            old = n if how == "krealloc" else 0
            equal(total(r, f"leak_{how}", "allocated"), n + old, f"allocations of {how}")
            equal(total(r, f"leak_{how}", "freed"), old, f"frees of {how}")
            same_bytes(total(r, f"leak_{how}", "live_bytes"), grown(before, f"leaked_bytes_{how}"), f"bytes of {how}")
        equal(r["accounting"]["lost"], {}, "lost")
    finally:
        gen_slab("drop")


for context in ("task", "softirq", "hardirq"):
    test(f"what is leaked in {context} context")(lambda c=context: leak_in(c))


@test("what is freed, each way of freeing")
def clean():
    r = leaks(run=slab_script(*(f"clean {how} 320" for how in CLEAN)))
    for how in CLEAN:
        name = f"clean_{how}"
        at_least(total(r, name, "allocated"), 320, f"allocations by {how}")
        equal(total(r, name), 0, f"live objects of {how}: {rows(r, site=site(name))}")
        equal(total(r, name, "missed_frees"), 0, f"missed frees of {how}")
    equal(r["accounting"]["lost"], {}, "lost")


@test("stacks of bulk allocations are without kobs's own hook at their return")
def bulk_stacks():
    try:
        r = leaks("--by", "site,kstack", run=slab_script("leak bulk task 40"))
    finally:
        gen_slab("drop")
    found = rows(r, site=site("leak_bulk"))
    equal(sum(row["live"] for row in found), 40, f"live objects of {found}")
    for row in found:
        hooks = [f for f in row["kstack"] if "rethook" in f or "kretprobe" in f or f.endswith(" [kobs]")]
        equal(hooks, [], f"frames of a hook in {row['kstack']}")


@test("allocations that fail are no leak")
def failed():
    r = leaks(*MOD, run=slab_script("clean failed 7"))
    equal(total(r, "clean_failed", "failed"), 7, "failed allocations")
    equal(total(r, "clean_failed", "allocated"), 0, "allocations")
    equal(total(r, "clean_failed"), 0, "live objects")


@test("allocations that the kernel is made to fail")
def injected():
    knobs = "/sys/kernel/debug/failslab/"
    if not os.path.isdir(knobs):
        skip("this kernel has no failslab")
    # The filter first and the probability last: between them, allocations of everybody would fail.
    for name, value in (("task-filter", "Y"), ("interval", 1), ("times", -1), ("verbose", 0), ("ignore-gfp-wait", "N"), ("require-start", 0),
                        ("require-end", 2 ** 64 - 1), ("reject-start", 0), ("reject-end", 0), ("probability", 10)):
        # Without stack traces the kernel cannot choose callers.
        if os.path.exists(knobs + name):
            write(knobs + name, str(value))
    try:
        # Allocations of the shell itself can fail as well and end it: one shell per turn.
        turns = " ".join(map(str, range(60)))
        r = leaks(*MOD, run=["sh", "-c", f"for i in {turns}; do (echo 1 >/proc/self/make-it-fail; "
                             f"echo clean kfree 30 >{GEN_SLAB}run; echo clean kfree_rcu 30 >{GEN_SLAB}run) 2>/dev/null; done"])
    finally:
        write(knobs + "probability", "0")
        write(knobs + "task-filter", "N")
    for name in ("clean_kfree", "clean_kfree_rcu"):
        at_least(total(r, name, "failed"), 1, f"failed allocations of {name}")
        at_least(total(r, name, "allocated"), 30, f"allocations of {name}")
        equal(total(r, name), 0, f"live objects of {name}")


@test("every step of a session that is read meanwhile")
def steps():
    before = slab_stats()
    expected = {how: 0 for how, _ in LEAKS}
    obsctl("slab", "leaks", "--detach", "steps", *MOD)
    try:
        for i, (how, size) in enumerate(LEAKS * rounds(1, 2)):
            gen_slab(leak_command(how, "task", 10 + i, size))
            gen_slab(f"clean {CLEAN[i % len(CLEAN)]} 20")
            expected[how] += 10 + i
            r = read_session("steps")
            for other, n in expected.items():
                equal(total(r, f"leak_{other}"), n, f"live objects of {other} after step {i}")
                same_bytes(total(r, f"leak_{other}", "live_bytes"), grown(before, f"leaked_bytes_{other}"),
                           f"bytes of {other} after step {i}")
            equal(our_sites(dict(r, rows=[row for row in r["rows"] if row["live"]])),
                  {f"gen_leak_{h}" for h, n in expected.items() if n}, f"sites that hold objects after step {i}")
        gen_slab("drop")
        r = read_session("steps")
        for how, n in expected.items():
            equal(total(r, f"leak_{how}"), 0, f"live objects of {how} after they were dropped")
            equal(total(r, f"leak_{how}", "freed"), total(r, f"leak_{how}", "allocated"), f"frees of {how}")
        # There are no verdicts before.
        until(lambda: read_session("steps")["duration_ns"] > 1e9, "a second")
    finally:
        r = read_session("steps", "stop")
        gen_slab("drop")
    equal(sum(row["live"] for row in r["rows"]), 0, "live objects of the module at the end")
    equal([row for row in r["rows"] if "verdict" not in row], [], "rows of a detached session without a verdict")
    equal(r["accounting"]["lost"], {}, "lost")


@test("frees of objects that are older than the session")
def unknown():
    gen_slab("hold 123")
    r = leaks(*MOD, run=slab_script("release"))
    equal(r["unknown_frees"], 123, "unknown frees")
    equal(total(r, "hold_alloc", "freed"), 0, "frees against the site")
    r = leaks(*MOD, run=slab_script("hold 50", "release"))
    equal(r["unknown_frees"], 0, "unknown frees of objects that the session knows")
    equal((total(r, "hold_alloc", "allocated"), total(r, "hold_alloc", "freed")), (50, 50), "allocated and freed")


@test("ftrace is not switched off while frees in bulk are seen by it")
def attempt():
    off = "for i in 0 1; do echo $i 2>/dev/null >/proc/sys/kernel/ftrace_enabled; echo clean cache_free_bulk 160 >%srun; done"
    r = leaks(*MOD, run=["sh", "-c", "exec 2>/dev/null; " + off % GEN_SLAB])
    name = "clean_cache_free_bulk"
    equal((total(r, name, "allocated"), total(r, name, "freed")), (320, 320), "allocated and freed")
    equal(total(r, name, "missed_frees"), 0, "missed frees")


@test("storms on both CPUs leave nothing")
def storms():
    n = 20000 if KERNEL != "debug" else 4000
    for args in MOD, (), ("--by", "site,comm"):
        r = leaks(*args, "--budget", 0, run=slab_script(f"storm {n}"))
        equal(total(r, "storm_alloc", "allocated"), 2 * n, f"allocations with {args}")
        equal(total(r, "storm_alloc"), 0, f"live objects with {args}")
        equal(total(r, "storm_alloc", "missed_frees"), 0, f"missed frees with {args}")
        equal(r["accounting"]["lost"], {}, f"lost with {args}")


@test("a table that is too small loses what it says")
def tiny():
    try:
        r = leaks(*MOD, "--objects", 1024, run=slab_script("leak kmalloc task 3000 64"))
        lost = r["accounting"]["lost"]
        equal(set(lost), {"objects_full"}, "reasons of losses")
        live = total(r, "leak_kmalloc")
        # The capacity at 90 % fill.
        at_most(live, 1500, "live objects")
        at_least(live, 1000, "live objects: the table should fill well")
        equal(live + lost["objects_full"], 3000, "live objects and lost ones")
        gen_slab("drop")
        r = leaks("--rows", 2, "--by", "site,pid", run=["sh", "-c", "ls -R /usr/share/doc/bash >/dev/null"])
        at_least(r["accounting"]["lost"]["table_full"], 1, "hits without a row")
        at_most(len(r["rows"]), 2, "rows")
        r = obsctl("slab", "leaks", "--rows", 2, "--max-lost", 0, "--", "ls", "/", status=4)
        contains(r.err, "--max-lost", "warning")
    finally:
        gen_slab("drop")


@test("sizes, caches, processes and CPUs")
def filters():
    commands = slab_script("leak kmalloc task 10 64", "leak kmalloc task 20 1000", "leak kmalloc task 40 4000",
                           "leak cache task 5")
    everything = "leak_kmalloc", "leak_cache"
    try:
        for args, want in ((("-z", 600), (60, 0)), (("-Z", "150"), (10, 0)), (("-z", "150", "-Z", "3KiB"), (20, 5)),
                           (("--cache", "kmalloc-1k"), (20, 0)), (("--cache", "kmalloc-*"), (70, 0)),
                           (("-c", "sh"), (70, 5)), (("-c", "nosuch"), (0, 0)),
                           (("-p", 1), (0, 0)), (("-C", "0-1"), (70, 5))):
            r = leaks(*args, run=commands)
            equal(tuple(total(r, name) for name in everything), want, f"live objects with {args}")
            if args[0] == "--cache":
                equal([x["cache"] for x in r["rows"] if not fnmatch.fnmatchcase(x["cache"], args[1])], [], "other caches")
    finally:
        gen_slab("drop")


@test("a cache or a module that is not there is refused, and an alias stands for the cache it is merged with")
def absent():
    for verb in ("leaks", "trace", "growth"):
        r = obsctl("slab", verb, "--cache", "kmaloc-512", "-d", "100ms", status=1)
        contains(r.err, "there is no slab cache 'kmaloc-512' (near it: kmalloc-512", f"refusal of {verb}")
    obsctl("slab", "leaks", "--cache", "nosuch*", "--fail-over", 1, "-d", "100ms", status=1)
    r = obsctl("slab", "leaks", "--module", "kobs_gen_slba", "--", "true", status=1)
    contains(r.err, "module kobs_gen_slba was not loaded before or during the session (near it: kobs_gen_slab", "refusal")
    listed = {line.split()[0] for line in read("/proc/slabinfo").splitlines()[2:]}
    place = "/sys/kernel/slab"
    links = {n: os.readlink(f"{place}/{n}") for n in os.listdir(place) if os.path.islink(f"{place}/{n}")} if os.path.isdir(place) else {}
    for name, to in links.items():
        real = [n for n in links if links[n] == to and n in listed]
        if name not in listed and len(real) == 1:
            r = obsctl("slab", "leaks", "--cache", name, "-d", "100ms", "--json")
            contains(r.err, f"the cache '{name}' is merged with others: all of '{real[0]}' is observed", "note")
            equal(json.loads(r.out)["params"]["cache"], real[0], "cache of the session")
            return
    skip("no cache of this kernel is merged")


@test("ages, and --older")
def older():
    with Background("slab", "leaks", "--json", "--older", "1", *MOD) as b:
        try:
            gen_slab("leak kmalloc task 30 64")
            time.sleep(2.5)
            gen_slab("leak cache task 50")
            r = slab_balance(json.loads(b.stop().out))
        finally:
            gen_slab("drop")
    equal(total(r, "leak_kmalloc"), 30, "objects that are older")
    old = rows(r, site=site("leak_kmalloc"))[0]
    at_least(old["oldest_ns"], 2400000000, "age of the oldest")
    # The younger ones count once the host lets obsctl stand still for a second.
    at_most(total(r, "leak_cache"), 50, "objects that may be younger")
    equal(total(r, "leak_cache", "allocated"), 50, "allocations, of any age")


@test("one in so many objects")
def sample():
    n = 20000 if KERNEL != "debug" else 5000
    try:
        r = leaks(*MOD, "--sample", 8, run=slab_script(f"leak kmalloc task {n} 64", "hold 4000 100", "clean kfree_rcu 4000", "release"))
        row = rows(r, site=site("leak_kmalloc"))[0]
        equal(row["live"] % 8, 0, "an estimate from one in eight")
        at_least(row["live_error"], 1, "standard error")
        at_most(abs(row["live"] - n), 6 * row["live_error"], "deviation from the truth")
        for name in ("hold_alloc", "clean_kfree_rcu"):
            equal(total(r, name), 0, f"live objects of {name}: allocation and free must agree on what is followed")
            at_least(total(r, name, "allocated"), 2000, f"allocations of {name}")
    finally:
        gen_slab("drop")


@test("stacks")
def stacks():
    try:
        r = leaks("--by", "site,kstack", *MOD, run=slab_script("leak kmalloc task 25 64", "leak cache hardirq 5"))
        row = rows(r, site=site("leak_kmalloc"))[0]
        equal(row["live"], 25, "live objects")
        assert any(f.startswith("gen_leak_kmalloc+") for f in row["kstack"]), f"stack {row['kstack']}"
        assert any("ksys_write" in f for f in row["kstack"]), f"stack {row['kstack']}"
        gen_slab("drop")
        r = obsctl("slab", "leaks", "--folded", *MOD, "--", *slab_script("leak kmalloc task 25 64"))
        lines = [line for line in r.out.splitlines() if "gen_leak_kmalloc" in line]
        equal([line.rsplit(" ", 1)[1] for line in lines], ["1600" if EXACT_BYTES else lines[0].rsplit(" ", 1)[1]], "bytes of the folded stack")
        assert lines[0].startswith("kmalloc-64;"), f"first frame of {lines[0]}"
    finally:
        gen_slab("drop")


@test("stacks of sites that grow, and of no others")
def escalate():
    obsctl("slab", "leaks", "--by", "site,kstack", "--escalate", "--detach", "grow", *MOD)
    try:
        gen_slab("hold 5")
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            gen_slab("leak kmalloc task 20 64")
            time.sleep(0.2)
            r = read_session("grow")
            with_stack = [x for x in rows(r, site=site("leak_kmalloc")) if x["kstack"]]
            if with_stack:
                break
        assert with_stack, f"no stacks were taken of a site that grows: {rows(r, site=site('leak_kmalloc'))}"
        equal([x for x in rows(r, site=site("hold_alloc")) if x["kstack"]], [], "stacks of a site that does not grow")
    finally:
        read_session("grow", "stop")
        gen_slab("drop")
        gen_slab("release")


@test("a cache that comes to lie where another one lay")
def recache():
    before = slab_stats()
    r = leaks(run=slab_script("recache 50 8"))
    if grown(before, "recached_same") == 0:
        skip("no cache came to lie where another one had lain")
    equal({row["cache"]: (row["allocated"], row["freed"], row["allocated_bytes"]) for row in rows(r, site=site("recache_alloc"))},
          {"kobs_gen_slab_a": (200, 200, 200 * 104), "kobs_gen_slab_b": (200, 200, 200 * 232)}, "what each cache had")


@test("two sessions see the same")
def two():
    try:
        with Background("slab", "leaks", "--json", *MOD) as a, \
             Background("slab", "leaks", "--json", "--by", "cache", *MOD) as b:
            gen_slab("leak cache task 33")
            gen_slab("clean kfree_rcu 40")
            first = slab_balance(json.loads(a.stop().out))
            second = slab_balance(json.loads(b.stop().out))
        equal(total(first, "leak_cache"), 33, "live objects by site")
        equal(sum(r["live"] for r in second["rows"]), 33, "live objects by cache")
        equal(sum(r["allocated"] for r in second["rows"]), sum(r["allocated"] for r in first["rows"]), "allocations")
    finally:
        gen_slab("drop")


@test("kmalloc_nolock and kfree_nolock")
def nolock():
    try:
        gen_slab("leak nolock task 0")
    except OSError:
        skip("this kernel has no kmalloc_nolock()")
    # CHECKED of tests/check/matrix.py, and a cache for which it fails always.
    try:
        done = ["sh", "-c", " ".join(slab_script("leak nolock task 30 8000", "leak nolock hardirq 20 8000", "clean nolock 40 8000")[2:]) +
                f"; echo leak nolock task 1 200 >{GEN_SLAB}run; true"]
        r = leaks(run=done)
        equal([(x["allocated"], x["freed"], x["live"], x["live_bytes"], x["cache"]) for x in rows(r, site=site("leak_nolock")) if x["live"]],
              [(50, 0, 50, 50 * 8192, "kmalloc-8k")], "what it leaks")
        equal([(x["failed"], x["live"]) for x in rows(r, site=site("leak_nolock"), cache="kmalloc-256")], [(1, 0)], "what it fails")
        equal([(x["allocated"], x["freed"], x["live"]) for x in rows(r, site=site("clean_nolock"))], [(40, 40, 0)], "what it frees")
        equal(r["accounting"]["lost"], {}, "lost")
    finally:
        gen_slab("drop")
    trace = obsctl("slab", "trace", "--json", "-c", "sh", "--budget", 0, "--", *slab_script("clean nolock 3 8000"))
    got = [(e["event"], e["cache"]) for e in map(json.loads, trace.out.splitlines()) if fnmatch.fnmatchcase(e.get("site", ""), site("clean_nolock"))]
    equal(got, [("alloc", "kmalloc-8k"), ("free", "kmalloc-8k")] * 3, "events")


@test("kmalloc_nolock in NMIs")
def nolock_nmi():
    try:
        gen_slab("nmi 0")
    except OSError:
        skip("this kernel has no kmalloc_nolock()")
    if subprocess.run(["vm-nmi", "0"], capture_output=True).returncode:
        skip("NMIs can be injected only in a guest of 'vm --nmi'")
    before = slab_stats()
    gen_slab("nmi 40")
    try:
        # Beside work of the same kind, which the NMIs interrupt in the handlers, too.
        r = leaks(run=["sh", "-c", f"while :; do echo clean nolock 500 8000; done >{GEN_SLAB}run & vm-nmi 15; kill $!; wait"])
    finally:
        gen_slab("nmi 0")
    made, failed, done = (grown(before, n) for n in ("nmi_cleaned", "nmi_failed", "cleaned_nolock"))
    at_least(made, 1, "objects that were allocated in NMIs")
    mine = rows(r, site=site("clean_nolock"))
    # An NMI that interrupts the kernel's own handler of a kprobe cannot be hooked; it is counted.
    missed = r["accounting"]["lost"].pop("missed_returns", 0)
    equal(r["accounting"]["lost"], {}, "lost otherwise")
    equal(sum(x["allocated"] + x["failed"] for x in mine) + missed, made + failed + done, f"calls, of which {missed} were missed, in {mine}")
    equal([total(r, "clean_nolock", n) for n in ("live", "missed_frees")], [0, 0], f"left in {mine}")
    at_most(missed, made + failed, "missed, as none in task context is")


@test("caches of a bucket set have their names")
def buckets():
    # A message in a queue is an object of its own set, where the kernel has them; its frees are those of this cache, too.
    libc = ctypes.CDLL(None, use_errno=True)
    size = 200
    named = "msg_msg-256" if os.path.exists("/sys/kernel/slab/msg_msg-256") else "kmalloc-cg-256"
    message = ctypes.create_string_buffer(struct.pack("l", 1) + b"x" * size)
    queue = libc.msgget(0, 0o600)
    at_least(queue, 0, "a queue of messages")
    try:
        for _ in range(7):
            equal(libc.msgsnd(queue, message, size, 0), 0, "sent")
        with Background("slab", "leaks", "--json", "--cache", named, "--budget", 0) as b:
            for _ in range(20):
                equal(libc.msgsnd(queue, message, size, 0), 0, "sent")
            for _ in range(11):
                equal(libc.msgrcv(queue, message, size, 0, 0), size, "received")
            r = slab_balance(json.loads(b.stop().out))
    finally:
        libc.msgctl(queue, 0, None)
    # The first seven are older than the session.
    mine = rows(r, site="load_msg+0x*") + rows(r, site="alloc_msg+0x*") + rows(r, site="ksys_msgsnd*") + rows(r, site="do_msgsnd*")
    equal([(x["allocated"], x["freed"], x["live"], x["cache"]) for x in mine], [(20, 4, 16, named)], f"messages of {r['rows']}")
    equal([x["cache_freed"] for x in mine], [7], "older messages of this cache")


@test("events one by one")
def trace():
    r = obsctl("slab", "trace", "--json", "-c", "sh", "--budget", 0, "--", *slab_script("leak kmalloc task 5 1000", "drop"))
    lines = [json.loads(line) for line in r.out.splitlines()]
    equal(len(lines) - 1, account(lines[-1])["accounting"]["recorded"], "records")
    allocs = [e for e in lines[:-1] if e["event"] == "alloc" and fnmatch.fnmatchcase(e["site"], site("leak_kmalloc"))]
    equal(len(allocs), 5, "allocations")
    ptrs = {e["ptr"] for e in allocs}
    equal(len(ptrs), 5, "objects")
    assert all(p.startswith("0x") for p in ptrs), f"addresses {ptrs}"
    equal({(e["size"], e["cache"], e["comm"]) for e in allocs}, {(1024 if EXACT_BYTES else allocs[0]["size"], "kmalloc-1k", "sh")}, "size, cache and comm")
    # Other code may have allocated and freed them since.
    equal({e["ptr"] for e in lines[:-1] if e["event"] == "free"} & ptrs, ptrs, "frees of these")


slab_main()
