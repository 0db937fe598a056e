# SPDX-License-Identifier: GPL-2.0
"""sched switch and migrate, irq and page: against what the kernel counts itself, and programs that do a known amount of work."""

from toolkit import *

NAME = "kobs_worker"


def switches(pid):
    return sum(int(n) for n in re.findall(r"ctxt_switches:\s*(\d+)", read(f"/proc/{pid}/status")))


def migrations(pid):
    return int(re.search(r"nr_migrations\s*:\s*(\d+)", read(f"/proc/{pid}/sched"))[1])


def measured(worker, *args, before, lines=1):
    """A report around a worker's work, and by how much a number of the kernel's grew meanwhile."""
    start = before()
    with Background(*args, "--json") as b:
        for i in range(lines):
            worker.work(str(i))
        end = before()
        return account(json.loads(b.stop().out.splitlines()[-1])), end - start


@test("sched switch: each switch from a task")
def switch():
    need_btf()
    with Worker("def work(line):\n    for i in range(40):\n        time.sleep(0.001)\n", NAME) as w:
        r, n = measured(w, "sched", "switch", before=lambda: switches(w.pid))
        away = sum(row["count"] for row in r["rows"] if row["prev"] == NAME)
        equal(away, n, "switches from the worker")
        at_least(n, 20, "switches of a task that sleeps 40 times, unless that is over at once")
        equal(sum(row["count"] for row in r["rows"] if row["next"] == NAME), n, "switches to the worker")


@test("sched migrate: each move of a task")
def migrate():
    need_btf()
    if (os.cpu_count() or 1) < 2:
        skip("one CPU")
    with Worker("def work(line):\n    os.sched_setaffinity(0, {int(line) % 2})\n", NAME) as w:
        if not os.path.exists(f"/proc/{w.pid}/sched"):
            skip("this kernel does not count migrations")
        w.work("1")
        r, n = measured(w, "sched", "migrate", before=lambda: migrations(w.pid), lines=24)
    found = {(row["from_cpu"], row["to_cpu"]): row["count"] for row in r["rows"] if row["task"] == NAME}
    equal(sum(found.values()), n, f"moves in {found}")
    at_least(n, 20, "moves of a task that is sent to and fro 24 times")
    assert set(found) <= {(0, 1), (1, 0)}, f"from and to: {found}"


def softirqs():
    lines = [line.split() for line in read("/proc/softirqs").splitlines()[1:]]
    return {f"{name.rstrip(':')}_SOFTIRQ": sum(map(int, counts)) for name, *counts in lines}


def interrupts():
    """By the name of the handler, of lines with a number and one handler."""
    cpus = len(read("/proc/interrupts").splitlines()[0].split())
    out = {}
    for line in read("/proc/interrupts").splitlines()[1:]:
        words = line.split()
        if re.fullmatch(r"\d+:", words[0]) and len(words) > cpus + 1 and "," not in line:
            out[(words[-1], int(words[0][:-1]))] = sum(map(int, words[1:cpus + 1]))
    return out


def within(verb, counts, keys, work, env=None):
    """What a report counts is between what the kernel counts from its start to its end, and around it."""
    outer = counts()
    with Background("irq", verb, "--json", env=env) as b:
        inner = counts()
        work()
        inner_end = counts()
        r = account(json.loads(b.stop().out.splitlines()[-1]))
    outer_end = counts()
    found = {}
    for row in r["rows"]:
        key = keys(row)
        found[key] = found.get(key, 0) + row["count"]
    checked = 0
    for key, before in outer.items():
        n = found.get(key, 0)
        at_least(n, inner_end[key] - inner[key], f"{key} in the session")
        at_most(n, outer_end[key] - before, f"{key} around the session")
        checked += n
    at_least(checked, 1, "hits of what the kernel counts, too")
    return found


def disturb():
    for _ in range(20):
        subprocess.run(["true"], check=True)
        time.sleep(0.005)


@test("irq soft: as many as the kernel counts")
def soft():
    need_btf()
    found = within("soft", softirqs, lambda row: row["vector"], disturb)
    assert "TIMER_SOFTIRQ" in found, f"vectors {found}"


@test("irq hard: as many as the kernel counts")
def hard():
    need_btf()
    within("hard", interrupts, lambda row: (row["handler"], row["irq"]), disturb)


@test("irq soft and hard without the kernel's types")
def no_types():
    order = list(softirqs())
    within("soft", softirqs, lambda row: order[row["vector"]], disturb, env=NO_TYPES)
    within("hard", lambda: {irq: n for (_, irq), n in interrupts().items()}, lambda row: row["irq"], disturb, env=NO_TYPES)


STACK_GEN = "/sys/kernel/debug/kobs_gen_stack/run"

# Each receives nothing until its time is over, by a timer of the wheel.
TIMEOUTS = """
import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("qq", 0, 4000))
for i in range(9):
    try:
        s.recv(1)
    except BlockingIOError:
        pass
"""


def calls(r, name):
    """How often a function was called, whose name can have a suffix of the compiler's."""
    return sum(row["count"] for row in r["rows"] if re.split(r"[+. ]", row["function"])[0] == name)


@test("irq timer and hrtimer: each call of a timer's function")
def timers():
    need_btf()
    if not loaded("kobs_gen_stack"):
        insmod("kobs_gen_stack")
    r = report("irq", "hrtimer", run=["sh", "-c", f"echo timer 25 >{STACK_GEN}"])
    equal(calls(r, "job_timer"), 25, f"calls in {r['rows']}")
    at_least(min(row["min"] for row in r["rows"]), 1, "ns")
    with Background("probe", "count", "k:process_timeout", "--json") as b:
        r = report("irq", "timer", run=python(TIMEOUTS))
        around = sum(row["count"] for row in b.report()["rows"])
    at_least(calls(r, "process_timeout"), 9, "timeouts")
    at_most(calls(r, "process_timeout"), around, "timeouts around the session")


# Each socket of a family that does not exist has the kernel ask for a module, by a work item.
FAMILIES = "import socket\nfor i in range(6):\n    try:\n        socket.socket(12, socket.SOCK_STREAM)\n    except OSError:\n        pass\n"


@test("irq work and delay: by the function that works")
def work():
    need_btf()
    path = "/proc/sys/kernel/modprobe"
    old = read(path)
    try:
        with open(path, "w", encoding="ascii") as f:
            f.write("/bin/true")
        reports = [report("irq", verb, run=python(FAMILIES), env=env) for verb, env in
                   (("work", None), ("delay", None), ("work", NO_TYPES))]
    finally:
        with open(path, "w", encoding="ascii") as f:
            f.write(old)
    for r in reports:
        found = {row["function"].split("+")[0]: row["count"] for row in r["rows"]}
        equal(found.get("call_usermodehelper_exec_work"), 6, f"in {found}")
        at_least(min(row["min"] for row in r["rows"]), 1, "ns")


FAULTS = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
user, kernel, place = map(int, sys.argv[1:])
# Private, anonymous, at that place and nowhere else.
if libc.mmap(ctypes.c_void_p(place), ctypes.c_size_t(4096 * (user + kernel)), 3, 0x100022, -1, ctypes.c_long(0)) != place:
    sys.exit(9)
libc.madvise(ctypes.c_void_p(place), ctypes.c_size_t(4096 * (user + kernel)), 15)
for i in range(user):
    ctypes.memset(place + 4096 * i, 1, 1)
fd = os.open("/dev/zero", os.O_RDONLY)
for i in range(kernel):
    if libc.read(fd, ctypes.c_void_p(place + 4096 * (user + i)), 100) != 100:
        sys.exit(8)
"""


@test("page faults: each page of a program, and of the kernel in it")
def faults():
    user, kernel, place = 60, 25, 0x600000000000
    where = f"address >= {place:#x} && address < {place + 4096 * (user + kernel):#x}"
    r = report("page", "faults", "--where", where, run=python(FAULTS, user, kernel, place))
    if os.path.isdir("/sys/kernel/tracing/events/exceptions/page_fault_user"):
        want = {("t:exceptions:page_fault_user", "python3"): user, ("t:exceptions:page_fault_kernel", "python3"): kernel}
    else:
        want = {("k:handle_mm_fault", "python3"): user + kernel}
    equal(table(r, "probe", "comm"), want, "rows")


REFUSALS = {
    ("hard", "x"): (2, "'irq hard' takes no 'x'"),
    ("hrd",): (2, "'irq' has no verb 'hrd', but hard, soft, timer, hrtimer, work or delay"),
    ("soft", "--by", "vectr"): (2, "'vectr'"),
}


@test("refusals name what is wrong")
def refusals():
    refused("irq", REFUSALS)


if __name__ == "__main__":
    main()
