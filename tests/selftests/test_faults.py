# SPDX-License-Identifier: GPL-2.0
"""
Every allocation on the way to a running session fails once: the n-th for n = 1, 2, ... until none is left, first of the caller, then
of the worker that does its requests. Each time the request is refused with a sentence, nothing is left behind, and the next try
works. The debug kernel takes a second per try: "make check" (KOBS_SHORT) runs one mode per source, in which every sixteenth allocation
fails, make check-all every one, and make soak (KOBS_SOAK) all modes. Tables take a page at a time: of single pages, every 16th fails, or
every 64th.
"""

import atexit
import errno

from kobstest import *
from nlkit import *

FAULTS = "/sys/kernel/debug"
# Maximum allocations of one session, from new to its end.
MOST = 1000
STEP = 16 if SHORT else 1
PAGE_STEP = 64 if SHORT else 16


def put(path, value):
    with open(path, "w") as f:
        f.write(str(value))


def warns():
    """Call sites whose failed allocations the kernel itself warns of: the ring buffer's, per CPU."""
    texts = sorted(int(line.split()[0], 16) for line in read("/proc/kallsyms").splitlines() if line.split()[1] in "tT")
    start = next(int(line.split()[0], 16) for line in read("/proc/kallsyms").splitlines()
                 if line.split()[2] == "trace_rb_cpu_prepare")
    return start, next(t for t in texts if t > start)


def restore():
    """Any caller's allocations can be made to fail again."""
    for kind in ("failslab", "fail_page_alloc"):
        for name, value in (("require-start", 0), ("require-end", 2 ** 64 - 1), ("reject-start", 0), ("reject-end", 0)):
            if os.path.exists(f"{FAULTS}/{kind}/{name}"):
                put(f"{FAULTS}/{kind}/{name}", value)


def prepare():
    """Only allocations requested by kobs fail, including those that may sleep."""
    if not os.path.exists("/proc/self/fail-nth"):
        skip("this kernel cannot inject faults: it has no /proc/self/fail-nth")
    atexit.register(restore)
    loud = warns()
    sections = "/sys/module/kobs/sections"
    start = int(read(f"{sections}/.text"), 16)
    size = int(read("/sys/module/kobs/coresize"))
    for kind in ("failslab", "fail_page_alloc"):
        at = f"{FAULTS}/{kind}"
        put(f"{at}/ignore-gfp-wait", "N")
        put(f"{at}/verbose", 0)
        if os.path.exists(f"{at}/require-start"):
            put(f"{at}/require-start", f"{start:#x}")
            put(f"{at}/require-end", f"{start + size:#x}")
            put(f"{at}/reject-start", f"{loud[0]:#x}")
            put(f"{at}/reject-end", f"{loud[1]:#x}")
            put(f"{at}/stacktrace-depth", 32)
    put(f"{FAULTS}/fail_page_alloc/ignore-gfp-highmem", "N")
    fail_pages(False)


def fail_pages(pages):
    """Only single pages fail, or only all other allocations."""
    put(f"{FAULTS}/failslab/ignore-gfp-wait", "Y" if pages else "N")
    put(f"{FAULTS}/fail_page_alloc/min-order", 0 if pages else 1)


class Nth:
    """The n-th allocation of this thread in the block fails."""

    def __init__(self, n):
        self.n = n

    def threads(self):
        return ["thread-self"]

    def arm(self, thread, n):
        try:
            put(f"/proc/{thread}/fail-nth", n)
        except (FileNotFoundError, ProcessLookupError):
            pass    # a worker that was idle has ended

    def __enter__(self):
        self.armed = self.threads()
        for thread in self.armed:
            self.arm(thread, self.n)
        return self

    def __exit__(self, *exception):
        self.left = []
        for thread in self.armed:
            try:
                self.left.append(int(read(f"/proc/{thread}/fail-nth")))
            except (FileNotFoundError, ProcessLookupError):
                continue
            self.arm(thread, 0)

    def failed(self):
        """Whether the n-th allocation was reached."""
        return 0 in self.left

    def complete(self):
        """Whether no other thread can have done the block's work."""
        return True


class NthOfWorkers(Nth):
    """The n-th allocation of each unbound worker in the block fails: one of them does the jobs of a session."""

    def threads(self):
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if read(f"/proc/{pid}/comm").startswith("kworker/u"):
                    found.append(pid)
            except (FileNotFoundError, ProcessLookupError):
                pass
        return found

    def complete(self):
        return set(self.threads()) <= set(self.armed)


def functions():
    return words("functions", symbol("kobs_gen_leaf"))


def points(*kinds):
    """Targets of probe, by enum kobs_probe_kind, with a program that gives register 0 as the value."""
    value, end = 41, 0
    address = {0: symbol("kobs_gen_leaf"), 1: 0, 4: 1, 5: symbol("kobs_gen_leaf"), 8: 2 | 1 << 32, 9: 2 | 1 << 32}
    program, offset = f"{SRC}/build/selftests/ucalls", 0x1000
    with open(program, "rb") as f:
        f.seek(offset)
        place = int.from_bytes(f.read(8), "little")
    return [words("targets", *(word for kind in kinds for word in (kind, address[kind]))), words("code", value, end),
            phrase("names", "t:sched:sched_switch s:read u:ucalls"), param("inflight", 16),
            phrase("files", program), words("places", 0, offset, place)]


def pairs():
    """From the function to the tracepoint, with the return of a program's function between them, by register 0, which is a number."""
    key, end, via = 39, 0, 0x8000
    _, _, *rest = points(9)
    return [words("targets", 0, symbol("kobs_gen_leaf"), 1 | 1 << 16, 0, 9 | 2 << 16, 2 | 1 << 32), words("code", end, key, end),
            words("joins", 1 | 2 << 16, (1 | 2 << 16) << 32, 1 | via | 2 << 16), *rest]


def heap():
    """A function of an allocator, in a program that this process does not run."""
    program, offset = f"{SRC}/build/selftests/uheap", 0x1000
    with open(program, "rb") as f:
        f.seek(offset)
        place = int.from_bytes(f.read(8), "little")
    return [nest(K.A_SESSION_FILTER, u32(K.A_FILTER_PID, os.getpid())), param("objects", 1024), param("inflight", 16),
            phrase("files", program), words("places", 0, offset, place)]


def references_of():
    """A get at its return and a put at its entry, of the same function."""
    leaf = symbol("kobs_gen_leaf")
    return [words("points", 0x100, leaf, 1, leaf), words("code", 41, 0), param("objects", 1024), param("inflight", 16), phrase("site", "leaf"),
            words("site_text", leaf, leaf + 1), words("outer_text", leaf, leaf + 1), param("puts", 1)]


# Required parameters of a source or mode, and those that make it allocate everything it can.
NEEDS = {
    "pmu stat": lambda: [words("events", 1, 0, 0, 0, 0, 0, 0, 0)],
    "func": lambda: [functions(), param("inflight", 16)],
    **{kind: lambda: [functions(), words("roots", symbol("kobs_gen_leaf")), param("inflight", 16), param("tasks", 16), param("settle", 1000)]
       for kind in ("func graph", "func calls")},
    "func slow": lambda: [functions(), words("tree", symbol("kobs_gen_leaf")), param("inflight", 16), param("tasks", 16),
                          words("events", 1, 2, 0, 0, 0, 0, 0, 0)],
    "probe time": lambda: points(4, 5, 9),
    "probe time, pairs": pairs,
    "probe": lambda: points(0, 1, 8),
    "pmu": lambda: [words("events", 1, 0, 0, 0, 0, 4000000, 0, 0)],
    "slab": lambda: [param("objects", 1024)],
    **{kind: lambda: [param("objects", 1024), param("tasks", 16)] for kind in ("page", "percpu", "vmalloc")},
    "umem": heap,
    "refs": references_of,
    "lock": lambda: [param("inflight", 64)],
    "sched": lambda: [param("inflight", 16)],
    "wall": lambda: [param("threads", 16)],
}
# Columns, where they differ from the command and its stack.
BY = {"func graph": ["path"], "func calls": ["path", "root", "call"], "pmu": [], "pmu record_stack": ["ustack", "kstack"],
      "pmu mem": ["area", "cache", "kstack"], "sched runq": ["comm"],
      "probe time, pairs": ["from", "via", "ustack", "via_ustack"], "umem": ["comm", "ustack"], "refs": ["func", "kstack"],
      "wall": ["tid", "class", "instead", "owner", "chain", "kstack"],
      **{kind: ["site", "kstack"] for kind in ("slab", "page", "percpu", "vmalloc")}}
SMALL = [param("rows", 4), param("stacks", 4), param("ring_kb", 8)]


def of(table, source, mode, default=None):
    """The table's entry for a mode, or else for its source."""
    return table.get(f"{source} {mode}", table.get(source, default))


def modes():
    """All sources, with their available modes and columns."""
    nl = Netlink()
    for answer in nl.ask(K.CMD_SOURCE_GET, dump=True):
        source = text(dict(attrs(answer))[K.A_SOURCE_NAME])
        for kind, payload in attrs(answer):
            mode = dict(attrs(payload)) if kind == K.A_SOURCE_MODE else {}
            if mode and struct.unpack("I", mode[K.A_MODE_AVAILABLE])[0]:
                yield source, text(mode[K.A_MODE_NAME])
    nl.close()


def session(nl, source, mode, fault):
    """One life cycle of a session. Returns the refusal, if any."""
    parts = [attr(K.A_SESSION_SOURCE, source), attr(K.A_SESSION_MODE, mode.partition(",")[0]), *SMALL, *of(NEEDS, source, mode)()]
    parts += [attr(K.A_SESSION_BY, c) for c in of(BY, source, mode, ["comm", "kstack"])]
    me = None
    with fault:
        try:
            me = dict(attrs(nl.ask(K.CMD_SESSION_NEW, *parts)[0]))[K.A_SESSION_ID]
            nl.ask(K.CMD_SESSION_START, attr(K.A_SESSION_ID, me))
            refusal = None
        except Refused as r:
            refusal = r
    if me:
        nl.ask(K.CMD_SESSION_DEL, attr(K.A_SESSION_ID, me))
    return refusal


def attempt(source, mode, kind, nth):
    """Returns whether the fault was reached, and the refusal, if any."""
    nl = Netlink()
    fault = kind(nth)
    try:
        refusal = session(nl, source, mode, fault)
        equal(nl.ask(K.CMD_SESSION_GET, dump=True), [], f"sessions after allocation {nth} failed")
    finally:
        nl.close()
    until(lambda: not references(), f"the session to end after allocation {nth} failed")
    if not fault.failed() and not refusal and not fault.complete():
        return attempt(source, mode, kind, nth)
    return fault.failed(), refusal


def every_allocation(source, mode):
    prepare()
    for kind in Nth, NthOfWorkers:
        refusals = 0
        for pages in (False, True):
            fail_pages(pages)
            refusals += every_nth(source, mode, kind, PAGE_STEP if pages else STEP)
        at_least(refusals, 1 if SHORT else 3, f"refusals, {kind.__name__}")


def every_nth(source, mode, kind, step):
    refusals = survived = 0
    for nth in range(1, MOST, step):
        failed, refusal = attempt(source, mode, kind, nth)
        if not failed:
            assert not refusal, f"refused without a fault: {refusal}"
            break
        if refusal:
            equal(errno.errorcode[refusal.number], "ENOMEM", f"error number of {refusal.sentence!r}, allocation {nth}")
            assert refusal.sentence, f"no sentence when allocation {nth} failed"
            refusals += 1
        else:
            survived += 1
    else:
        raise AssertionError(f"{source} {mode} goes on allocating after {MOST} faults")
    print(f"# {source} {mode}, {kind.__name__}: {refusals} refusals, {survived} done without an allocation, up to {nth - 1}", flush=True)
    return refusals


# A fixed list, so that the plan is the same on every kernel; the last test detects a missing mode.
CHECKED = [("func", "count"), ("pmu", "record"), ("slab", "leaks"), ("page", "leaks"), ("refs", "leaks"), ("lock", "stalls"), ("sched", "offcpu"),
           ("probe", "time"), ("probe", "time, pairs")]
MODES = CHECKED + [("func", "time"), ("func", "trace"), ("func", "trace_time"), ("func", "graph"), ("func", "calls"), ("func", "slow"),
                   ("pmu", "stat"),
                   ("pmu", "record_stack"), ("pmu", "mem"), ("slab", "trace"),
                   ("percpu", "leaks"), ("vmalloc", "leaks"), ("umem", "leaks"), ("lock", "contention"), ("lock", "slow"), ("sched", "runq"), ("probe", "count"),
                   ("probe", "hist"), ("probe", "trace"), ("wall", "time")]
for pair in MODES if "KOBS_SOAK" in os.environ else CHECKED:
    test(f"allocations of {pair[0]} {pair[1]} fail, {'one in ' + str(STEP) if SHORT else 'each of them'}")(lambda pair=pair: every_allocation(*pair))


@test("each allocation of reading and listing fails once")
def reading():
    prepare()
    nl = Netlink()
    parts = [attr(K.A_SESSION_SOURCE, "sched"), attr(K.A_SESSION_MODE, "runq"), *SMALL, *NEEDS["sched"]()]
    me = dict(attrs(nl.ask(K.CMD_SESSION_NEW, *parts)[0]))[K.A_SESSION_ID]
    for command, dump, part in ((K.CMD_SESSION_GET, False, attr(K.A_SESSION_ID, me)), (K.CMD_SESSION_GET, True, b""),
                                (K.CMD_SOURCE_GET, True, b""), (K.CMD_SOURCE_GET, False, attr(K.A_SOURCE_NAME, "slab")),
                                (K.CMD_TABLE_GET, False, attr(K.A_ROW_SESSION, me)), (K.CMD_TABLE_GET, True, attr(K.A_ROW_SESSION, me))):
        for nth in range(1, 100):
            with Nth(nth) as fault:
                try:
                    nl.ask(command, part, dump=dump)
                except Refused as r:
                    equal(errno.errorcode[r.number], "ENOMEM", f"error number of command {command}")
            if not fault.failed():
                break
        else:
            raise AssertionError(f"command {command} goes on allocating")
    nl.close()


@test("every mode that there is was tried")
def complete():
    prepare()
    tried = set(MODES)
    missed = {m for m in modes() if m not in tried and m[1] not in ("branch", "branch_trace")}
    equal(missed, set(), "modes that no fault was injected into")


main()
