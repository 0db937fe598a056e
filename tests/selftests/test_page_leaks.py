# SPDX-License-Identifier: GPL-2.0
"""mem leaks: pages are counted exactly at their sites, in every way of allocating and freeing."""

import shutil
import tempfile

from pagetest import *

CLEAN = {"pages": 8, "get": 2, "zeroed": 1, "exact": 8, "split": 16, "comp": 4, "folios": 64, "frag": 8, "skb": 5, "refs": 8,
         "bulk": 64, "vmalloc": 20, "account": 2, "movable": 1}


def leak_in(context):
    before = page_stats()["leak"]
    try:
        r = leaks("--by", "site,order", run=page_script(f"leak {context} 40 0", f"leak {context} 30 1", f"leak {context} 20 3",
                                                        f"leak {context} 2 6"))
        for order, n in ((0, 40), (1, 30), (3, 20), (6, 2)):
            equal(total(r, "leak_pages", order=order), n << order, f"live pages of order {order}")
            equal(total(r, "leak_pages", "freed", order=order), 0, f"frees of order {order}")
        equal(total(r, "leak_pages"), page_stats()["leak"] - before, "live pages")
        equal(r["accounting"]["lost"], {}, "lost")
    finally:
        gen_page("drop")


for context in ("task", "softirq", "hardirq"):
    test(f"what is leaked in {context} context")(lambda c=context: leak_in(c))


@test("what is freed, each way of freeing")
def clean():
    r = leaks(run=page_script(*(f"clean {how} 50" for how in CLEAN)))
    for how, n in CLEAN.items():
        name = f"clean_{how}"
        equal(total(r, name, "allocated"), 50 * n, f"allocations by {how}")
        equal(total(r, name, "freed"), 50 * n, f"frees by {how}")
        equal(total(r, name), 0, f"live pages of {how}")
        equal(total(r, name, "missed_frees"), 0, f"missed frees of {how}")
    equal(r["accounting"]["lost"], {}, "lost")


@test("parts of blocks, pages allocated at once, and vmalloc()")
def parts():
    try:
        r = leaks(run=page_script("part 25", "bulk 500", "area 33"))
        equal(total(r, "leak_part", "allocated"), 200, "allocations of blocks that are split")
        equal(total(r, "leak_part", "freed"), 125, "pages of them that are freed")
        equal(total(r, "leak_part"), 75, "pages of them that stay")
        equal(total(r, "leak_bulk", "allocated"), 500, "pages allocated at once")
        equal(total(r, "leak_bulk"), 500, "those that stay")
        equal(total(r, "leak_area"), 33, "pages behind vmalloc()")
        equal(r["accounting"]["lost"], {}, "lost")
        equal(page_stats()["bulk"] % 500, 0, "what kobs_gen_page says")
    finally:
        gen_page("drop")


@test("pages allocated at once into an array that is filled in part")
def holes():
    # Of the entries 1 to 1,024 it is known which were empty, of those behind just how many.
    for n, known in (900, 600), (3000, 683):
        gen_page(f"fill {n}")
        before = page_stats()
        try:
            r = leaks(run=page_script("holes 9"))
            calls = page_stats()["hole_calls"] - before["hole_calls"]
            new = page_stats()["holes"] - before["holes"]
            lost = r["accounting"]["lost"].get("missed_returns", 0)
            equal(new, n - (n + 2) // 3, f"pages that kobs_gen_page got for {n}")
            equal(total(r, "leak_holes") + lost, new, f"live and lost pages of {n}")
            equal(total(r, "leak_holes", "freed"), 0, f"frees of {n}")
            # A call that goes on begins behind what the one before has filled.
            if calls == 1:
                equal(total(r, "leak_holes"), known, f"live pages of {n}")
        finally:
            gen_page("drop")


@test("by stack, and with more columns")
def stacks():
    for by in ("kstack", "site,kstack", "site,comm,mobility"):
        try:
            r = leaks("--by", by, run=page_script("leak task 10 2", "bulk 64", "clean split 5", "part 10"))
        finally:
            gen_page("drop")
        for name, live in (("leak_pages", 40), ("leak_bulk", 64), ("clean_split", 0), ("leak_part", 30)):
            def ours(row):
                return any(f.startswith(f"gen_{name}+") for f in row.get("kstack", [row.get("site", "")]))
            found = [row for row in r["rows"] if ours(row)]
            assert found, f"no row of {name} by {by}"
            equal(sum(row["live"] for row in found), live, f"live pages of {name} by {by}")
            for row in found:
                hooks = [f for f in row.get("kstack", []) if "rethook" in f or "kretprobe" in f or f.endswith(" [kobs]")]
                equal(hooks, [], f"frames of a hook in {row.get('kstack')}")
                equal(row["mobility"], "unmovable", f"mobility of {name}")
        equal(r["accounting"]["lost"], {}, f"lost by {by}")


@test("what belongs to the slab allocator is left to slab leaks")
def owners():
    r = leaks(run=page_script("clean large 60"))
    equal(total(r, "clean_large", "allocated"), 0, "pages of large kmalloc() objects")
    at_least(noted(r, "owner_pages"), 60 * 4, "pages of the slab allocator")
    for name in ("allocate_slab*", "new_slab*", "alloc_slab_page*", "___kmalloc_large_node*", "__kmalloc_large_node*"):
        equal(rows(r, site=name), [], f"rows of {name}")


@test("allocations that fail are no leak")
def failed():
    r = leaks(*MOD, run=page_script("clean failed 7"))
    got, bad = total(r, "clean_failed", "allocated") >> 10, total(r, "clean_failed", "failed")
    equal(got + bad, 7, "allocations that succeeded or failed")
    equal(total(r, "clean_failed"), 0, "live pages")


@test("frees of pages that are older than the session")
def unknown():
    gen_page("hold 123")
    r = leaks(run=page_script("release"))
    at_least(noted(r, "unknown_pages"), 123, "unknown frees")
    equal(noted(r, "unknown_pages"), r["unknown_frees"], "the note and the report")
    equal(total(r, "hold_alloc", "freed"), 0, "frees against the site")
    r = leaks(run=page_script("hold 50", "release"))
    equal((total(r, "hold_alloc", "allocated"), total(r, "hold_alloc", "freed")), (50, 50), "allocated and freed")


@test("--module follows the module beyond its unload")
def module():
    r = leaks(*MOD, run=page_script("leak task 30 1", "clean pages 10"))
    equal(r["module"]["pages"] if "pages" in r["module"] else r["module"]["objects"], 60, "pages that the loaded module holds")
    equal(our_sites(r) - {"gen_leak_pages", "gen_clean_pages"}, set(), "sites")
    equal([row for row in r["rows"] if not row["site"].endswith("[kobs_gen_page]")], [], "rows of other code")
    gen_page("drop")
    gen_page("leak task 5 0")
    done = obsctl("mem", "leaks", "--kind", "page", *MOD, "--budget", 0, "--", "rmmod", "kobs_gen_page")
    contains(done.out, "left no pages behind", "report")
    insmod("kobs_gen_page")


@test("--sample: one in so many blocks is followed, with all of its parts")
def sample():
    def estimate(*commands):
        r = account(json.loads(obsctl("mem", "leaks", "--kind", "page", *MOD, "--sample", 10, "--budget", 0, "--json", "--",
                                      *page_script(*commands)).out))
        equal((r["accounting"]["lost"], r["unknown_frees"]), ({}, 0), "lost, and unknown frees")
        for row in r["rows"]:
            equal((row["allocated"] % 10, "live_error" in row), (0, False), f"estimates in {row}")
            equal(row["live"], row["allocated"] - row["freed"] - row["missed_frees"], f"live pages of {row}")
        return r
    try:
        r = estimate("leak task 4000 0", "leak task 1000 2", "clean pages 500", "part 1500", "bulk 3000")
        # Six times the standard error of one in ten of so many blocks.
        for name, pages, blocks, each in (("leak_pages", 8000, 5000, 4), ("leak_bulk", 3000, 3000, 1)):
            error = 6 * (blocks * 9) ** 0.5 * each
            assert abs(total(r, name) - pages) <= error, f"{total(r, name)} live pages of {name}, of {pages} +- {error}"
        equal((total(r, "clean_pages"), total(r, "clean_pages", "missed_frees")), (0, 0), "pages that are freed")
        at_least(total(r, "leak_part", "allocated"), 8 * 1000, "pages of blocks that are split")
        equal(total(r, "leak_part") * 8, total(r, "leak_part", "allocated") * 3, "those that stay")
        shown = obsctl("mem", "leaks", "--kind", "page", *MOD, "--sample", 10, "--budget", 0, "--", *page_script("leak task 200 0")).out
        contains(shown, "of one in 10 blocks", "title")
        contains(shown, "estimates from one in 10 blocks. KEPT", "foot")
    finally:
        gen_page("drop")
    for args in (), ("--kind", "percpu"):
        contains(obsctl("mem", "leaks", *args, "--sample", 2, "-d", "1", status=2).err, "--sample needs --kind slab or page", f"refusal of {args}")


@test("by stack of sites that grow: --escalate")
def escalated():
    turns = " ".join(map(str, range(12)))
    try:
        # The rows of a site share what its verdict looked at.
        r = account(json.loads(obsctl("mem", "leaks", "--kind", "page", "--by", "site,kstack", "--escalate", "--budget", 0, "--json", "--", "sh", "-c",
                    f"for i in {turns}; do echo leak task 8 0 >{GEN_PAGE}run; sleep 0.15; done; echo clean pages 5 >{GEN_PAGE}run").out))
        equal(total(r, "leak_pages"), 12 * 8, "live pages")
        found = rows(r, site="gen_leak_pages+0x*")
        stacks = [row for row in found if row["kstack"]]
        equal(any(f.startswith("gen_leak_pages+") for row in stacks for f in row["kstack"]), True, "a stack of what grows")
        equal([row["kstack"] for row in rows(r, site="gen_clean_pages+0x*")], [[]], "stacks of what does not")
        equal({row["verdict"] for row in found}, {"leak"}, "verdicts of the site")
    finally:
        gen_page("drop")


@test("two CPUs that free parts of the same block at the same time")
def storm():
    n = 150 if KERNEL != "debug" else 60
    for args in (), ("--by", "site,comm"):
        r = leaks(*args, run=page_script(f"storm {n}"))
        equal(total(r, "storm_alloc", "allocated"), 8 * n, f"pages allocated with {args}")
        equal(total(r, "storm_alloc", "freed"), 8 * n, f"pages freed with {args}")
        equal(total(r, "storm_alloc", "missed_frees"), 0, f"missed frees with {args}")
        equal(r["accounting"]["lost"], {}, f"lost with {args}")


@test("a table that is too small loses what it says")
def tiny():
    try:
        r = leaks(*MOD, "--objects", 1024, run=page_script("leak task 3000 0"))
        lost = r["accounting"]["lost"]
        equal(set(lost), {"objects_full"}, "reasons of losses")
        equal(total(r, "leak_pages") + lost["objects_full"], 3000, "live pages and lost ones")
    finally:
        gen_page("drop")


# Packets over the loopback device, huge pages that come and go, and compaction.
BUSY = """
import mmap, socket, time

server = socket.create_server(("127.0.0.1", 0))
one = socket.create_connection(server.getsockname())
other, _ = server.accept()
for i in range(100):
    one.sendall(bytes(60000))
    left = 60000
    while left:
        left -= len(other.recv(left))
    m = mmap.mmap(-1, 6 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    try:
        m.madvise(14)
    except OSError:
        pass # a kernel without huge pages
    m[0] = m[2 << 20] = m[4 << 20] = 1
    m.close()
    if i % 20 == 19:
        open("/proc/sys/vm/compact_memory", "w").write("1")
    time.sleep(0.03)
"""


@test("work that packs files, starts processes, sends packets and moves pages is no leak, what a module forgets is")
def verdicts():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    turn = f"echo leak task 8 0 >{GEN_PAGE}run; cp /etc/passwd keep.$i; tar -cf - /etc/apt 2>/dev/null | gzip >packed; ls -R /etc >listed; sleep 0.15"
    place = tempfile.mkdtemp()
    try:
        r = leaks(run=["sh", "-c", f"cd {place}; python3 -c '{BUSY}' & for i in $(seq 25); do {turn}; done; wait $!"])
        equal(total(r, "leak_pages"), 200, "live pages")
        equal({row["verdict"] for row in rows(r, site="gen_leak_pages+0x*")}, {"leak"}, "verdict of what a module forgets")
        # The shadow that KASAN has of the stacks of processes stays, and grows from process to process.
        known = ("gen_leak_pages+", "kasan_populate_vmalloc+")
        accused = [row for row in r["rows"] if row["verdict"] == "leak" and not row["site"].startswith(known)]
        equal(accused, [], "what is accused beside it")
        equal(r["accounting"]["lost"], {}, "lost")
        done = obsctl("mem", "leaks", "--kind", "page", "--budget", 0, "--fail-over", "1KiB", "--", "sh", "-c",
                      f"for i in $(seq 15); do echo leak task 8 0 >{GEN_PAGE}run; sleep 0.15; done", status=3)
        contains(done.err, "a site leaks", "warning")
        contains(done.out, "KEPT BY SIXTH: live pages", "report")
    finally:
        gen_page("drop")
        shutil.rmtree(place)


# Fills memory, gives every other page back, and has the rest moved together. Says how many bytes it holds then.
MOVED = """
import mmap, re, sys

def migrated():
    return int(re.search(r"^pgmigrate_success (\\d+)$", open("/proc/vmstat").read(), re.M)[1])

held = []
for size in 16 << 20, 64 << 20, 192 << 20:
    before = migrated()
    m = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    try:
        m.madvise(15)
    except OSError:
        pass # a kernel without huge pages
    for at in range(0, size, 4096):
        m[at] = 1
    for at in range(0, size, 8192):
        m.madvise(4, at, 4096)
    held.append(m)
    open("/proc/sys/vm/compact_memory", "w").write("1")
    if migrated() - before >= 100:
        print(sum(len(m) // 2 for m in held), flush=True)
        break
else:
    print(0, flush=True)
sys.stdin.readline()
assert all(m[at] == 1 for m in held for at in range(4096, len(m), 8192))
"""


@test("pages that the kernel moves stay with their site")
def migration():
    if not os.path.exists("/proc/sys/vm/compact_memory"):
        skip("this kernel has no compaction")
    obsctl("mem", "leaks", "--kind", "page", "--detach", "moved", "--budget", 0, "--by", "site,comm")
    try:
        with subprocess.Popen([sys.executable, "-c", MOVED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as p:
            size = int(p.stdout.readline())
            during = json.loads(obsctl("session", "read", "moved", "--json").out)
            p.communicate("\n")
        equal(p.returncode, 0, "the status of the program")
    finally:
        after = check_pages(json.loads(obsctl("session", "stop", "moved", "--json").out))
    if not size:
        skip("compaction moved nothing")

    def anonymous(r):
        found = rows(r, comm="python3*", mobility="movable")
        # Not the page cache. Where do_anonymous_page() is inlined, the site is a function around it; without huge pages, one below.
        return sum(row["live"] for row in found if re.search("anon|fault|wp_page|folio_prealloc", row["site"]))
    at_least(anonymous(during), size // 4096, "pages of the process after the moves")
    at_most(anonymous(after), 1024, "pages of the process after its end")
    equal(after["accounting"]["lost"], {}, "lost")


page_main()
