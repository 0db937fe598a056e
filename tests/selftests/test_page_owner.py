# SPDX-License-Identifier: GPL-2.0
"""mem leaks: live pages by stack are those that the kernel's page_owner knows. Needs a kernel that was booted with page_owner=on."""

import collections

from pagetest import *

OWNER = "/sys/kernel/debug/page_owner"
STACKS = "/sys/kernel/debug/page_owner_stacks/show_stacks"
# page_owner keeps 16 frames, of which the first ones are the page allocator's, and none behind the entry of an exception or interrupt.
FRAMES = 10
ENTRY = ("asm_", "__do_softirq+")
# What one of the two does not follow: pages of the slab allocator, which slab leaks has, and what page_owner takes for itself.
SLAB = ("allocate_slab+", "___kmalloc_large_node+")
TABLES = ("__pte_alloc_kernel+", "__pmd_alloc+", "__pud_alloc+")
OBSERVER = ("__set_page_owner+", "__reset_page_owner+", "register_dummy_stack+")


def callers(frames):
    """The first frames behind the page allocator, or None if the pages are not compared."""
    frames = [re.sub(r"/0x\w+", "", f) for f in frames]
    if any(f.startswith(OBSERVER) for f in frames):
        return None
    inner = next((i + 1 for i, f in enumerate(frames) if f.startswith("__alloc_pages_noprof+")), 0)
    entry = next((i + 1 for i, f in enumerate(frames) if f.startswith(ENTRY)), None)
    frames = frames[inner:entry]
    return None if frames[0].startswith(SLAB) else tuple(frames[:FRAMES])


def frames_of(text):
    return re.findall(r"^ (\S+(?: \[\w+\])?)$", text, re.M)


def known(want):
    """Live pages by stack that page_owner counts, of the stacks that want() takes."""
    pages = collections.Counter()
    for block in read(STACKS).split("\n\n"):
        n = re.search(r"^nr_base_pages: (\d+)$", block, re.M)
        stack = n and callers(frames_of(block))
        if stack and want(stack):
            pages[stack] += int(n[1])
    return pages


def followed(r, want):
    """The same of kobs."""
    pages = collections.Counter()
    for row in r["rows"]:
        stack = callers(row["kstack"])
        if stack and want(stack):
            pages[stack] += row["live"]
    return +pages


def ours(stack):
    """Calls of kobs_gen_page. Page tables of vmalloc() stay, KASAN's shadow of what it gave goes at some later time."""
    return (any(f.endswith(" [kobs_gen_page]") for f in stack) and not stack[0].startswith(TABLES) and
            not any(f.startswith("kasan_populate_vmalloc+") for f in stack))


def by_function(pages):
    """Pages by the innermost function of kobs_gen_page."""
    names = collections.Counter()
    for stack, n in pages.items():
        names[next(f.split("+")[0] for f in stack if f.endswith(" [kobs_gen_page]"))] += n
    return names


def same(live, owned):
    """kobs and page_owner agree on each row."""
    equal({k: (live[k], owned[k]) for k in live | owned if live[k] != owned[k]}, {}, "rows where kobs and page_owner differ")


# Each way of leaking, freeing, splitting and moving to interrupts.
SCRIPT = ("leak task 40 0", "leak task 11 1", "leak softirq 9 3", "leak hardirq 8 2", "leak task 2 6", "part 25", "bulk 500", "area 33",
          "storm 40", *(f"clean {how} 20" for how in ("pages", "get", "exact", "split", "comp", "folios", "frag", "skb", "refs", "bulk", "vmalloc",
                                                      "account", "movable")))
LEFT = {"gen_leak_pages": 40 + 11 * 2 + 9 * 8 + 8 * 4 + 2 * 64, "gen_leak_part": 75, "gen_leak_bulk": 500, "gen_leak_area": 33}


@test("what a module leaves, by stack")
def module():
    equal(known(ours), {}, "pages of the module before")
    try:
        r = leaks("--by", "kstack", "--full-stack", run=page_script(*SCRIPT))
        live, now = followed(r, ours), known(ours)
        equal(by_function(now), LEFT, "live pages by function, of page_owner")
        same(live, now)
        equal(r["accounting"]["lost"], {}, "lost")
        r = leaks("--by", "kstack", "--full-stack", run=page_script("drop", "hold 70"))
        live, now = followed(r, ours), known(ours)
        equal(by_function(now), {"gen_hold_alloc": 70}, "what page_owner knows after the end")
        same(live, now)
        at_least(r["unknown_frees"], sum(LEFT.values()), "frees of older pages")
    finally:
        gen_page("drop")
        gen_page("release")


# Has memory of many kinds: its own, page tables, files, pipes, sockets, huge pages, of which some are split and in part given back, a
# child's copies, and pages that were moved. Says who it is, and how many of the pages that it keeps were moved.
KEEPER = """
import ctypes, mmap, os, socket, struct, sys, tempfile

PAGE = 4096
HUGE = 2 << 20

def area(size, huge=False):
    m = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    m.madvise(14 if huge else 15)
    return m

def touch(m, step=PAGE):
    for at in range(0, len(m), step):
        m[at] = 1

def address(m):
    return ctypes.addressof(ctypes.c_char.from_buffer(m))

def frames(m):
    with open("/proc/self/pagemap", "rb") as f:
        f.seek(address(m) // PAGE * 8)
        return [n & (1 << 55) - 1 for n in struct.unpack(f"{len(m) // PAGE}Q", f.read(len(m) // PAGE * 8))]

def moved():
    for size in 16 << 20, 64 << 20, 192 << 20, 384 << 20:
        m = area(size)
        touch(m)
        for at in range(0, size, 2 * PAGE):
            m.madvise(4, at, PAGE)
        before = frames(m)
        open("/proc/sys/vm/compact_memory", "w").write("1")
        pages = [i for i, (a, b) in enumerate(zip(before, frames(m))) if a and b and a != b][:400]
        if len(pages) >= 100:
            kept = set(pages)
            for i in range(1, size // PAGE, 2):
                if i not in kept:
                    m.madvise(4, i * PAGE, PAGE)
            return m, len(pages)
    return m, 0

private, sparse = area(4 << 20), area(64 << 20)
touch(private)
touch(sparse, HUGE)
file = tempfile.TemporaryFile()
file.write(bytes(1 << 20))
file.flush()
pipe = os.pipe()
os.write(pipe[1], bytes(60000))
sockets = socket.socketpair()
sockets[0].send(bytes(100000))
huge = area(8 << 20, True)
touch(huge)
huge.madvise(15) # Nobody makes huge pages of the rest.
start = -(-address(huge) // HUGE) * HUGE
with open("/sys/kernel/debug/split_huge_pages", "w") as f:
    f.write(f"{os.getpid()},{start:#x},{start + 2 * HUGE:#x}")
for at in range(start - address(huge), start - address(huge) + 2 * HUGE, 2 * PAGE):
    huge.madvise(4, at, PAGE)
ready = os.pipe()
child = os.fork()
if not child:
    touch(private, 4 * PAGE)
    os.write(ready[1], b"!")
    sys.stdin.readline()
    os._exit(0)
os.read(ready[0], 1)
place, n = moved()
print(os.getpid(), child, n, flush=True)
sys.stdin.readline()
os.kill(child, 9)
os.wait()
"""


def kept(pids):
    """Live pages by process, order and stack that page_owner knows of some processes, and how many of them compaction moved."""
    pages, moved = collections.Counter(), 0
    fd = os.open(OWNER, os.O_RDONLY)
    try:
        while True:
            page = os.read(fd, 4096).decode()
            if not page:
                return pages, moved
            order, tgid = map(int, re.match(r"Page allocated via order (\d+), .*, tgid (\d+) \(", page).groups())
            stack = tgid in pids and callers(frames_of(page))
            if stack:
                pages[tgid, order, stack] += 1 << order
                moved += "last migrate reason: compaction" in page
    finally:
        os.close(fd)


def is_huge(stack):
    return [f.split("+")[0] for f in stack[:2]] == ["__folio_alloc_noprof", "do_huge_pmd_anonymous_page"]


def unsplit(pages):
    """The same where a huge page that was split has its order still."""
    merged = collections.Counter()
    for (pid, order, stack), n in pages.items():
        merged[pid, 9 if is_huge(stack) else order, stack] += n
    return merged


@test("what a program has, page by page: of each kind, split, shared with a child and moved")
def program():
    obsctl("mem", "leaks", "--kind", "page", "--detach", "kept", "--budget", 0, "--by", "kstack,pid,order", "--full-stack")
    try:
        with subprocess.Popen([sys.executable, "-c", KEEPER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as p:
            *pids, n = map(int, p.stdout.readline().split())
            r = check_pages(json.loads(obsctl("session", "read", "kept", "--json").out))
            pages, moved = kept(pids)
            p.communicate("\n")
        equal(p.returncode, 0, "the status of the program")
    finally:
        after = check_pages(json.loads(obsctl("session", "stop", "kept", "--json").out))
    live = collections.Counter()
    for row in r["rows"]:
        stack = row["pid"] in pids and callers(row["kstack"])
        if stack:
            live[row["pid"], row["order"], stack] += row["live"]
    same(live, unsplit(pages))
    equal(r["accounting"]["lost"], {}, "lost")
    # That there is something of each kind to compare.
    at_least(n, 100, "pages that moved")
    at_least(moved, n, "those that page_owner saw move")
    equal({order for _, order, stack in pages if is_huge(stack)}, {0, 9}, "orders of huge pages")
    at_least(pages.total(), 1024 + 256 + 32 + 256 + 15 + 1024, "pages")
    at_most(sum(row["live"] for row in after["rows"] if row["pid"] in pids), 16, "pages after its end")


page_main()
