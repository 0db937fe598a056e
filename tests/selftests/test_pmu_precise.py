# SPDX-License-Identifier: GPL-2.0
"""
Source pmu: what a sample stands for, and where a precise one was taken. A simulated PMU delivers samples as Intel's PEBS does:
with the registers of the interrupt, of which only the IP is the record's, and with the call chain of these registers.
"""

from pmukit import *

SIM = "/sys/kernel/debug/kobs_simpmu/"
FILE = "/tmp/kobs-replay"
PRECISE = 2 << 4
# With a frequency no record is collected.
ONE_BY_ONE = (1000, PRECISE | FREQUENCY)
ANY = 8     # PERF_SAMPLE_BRANCH_ANY
CALL_STACK = 1 << 11 | 1    # and PERF_SAMPLE_BRANCH_USER
KERNEL_IP, USER_IP = 0xffffffff81001000, 0x401000
CHAIN = [0xffffffff81002010, 0xffffffff81003020, 0xffffffff81004030]
USER_CHAIN = [0x402010, 0x403020]
OBSCTL = ["-C", 0, "-e", "kobs_simpmu//", "--budget", 0]


def sim(name, value):
    with open(SIM + name, "w", encoding="ascii") as f:
        f.write(str(value))


def collected():
    """Overflows whose records a PEBS driver would have collected, so that no handler sees them."""
    return int(re.search(r"collected (\d+)", read(SIM + "stats"))[1])


def line(ip, period=0, chain=(), branches=""):
    return (f"{ip:x}" + (f" period={period}" if period else "") +
            (" chain=" + ",".join(f"{a:x}" for a in chain) if chain else "") + branches + "\n")


def replay(*lines, context="task"):
    """The command that delivers samples on CPU 0: another process, since those of the session's owner are left out."""
    sim("context", context)
    with open(FILE, "w", encoding="ascii") as f:
        f.writelines(lines)
    return ["taskset", "-c", "0", "dd", "status=none", "bs=8M", f"if={FILE}", f"of={SIM}replay"]


def simulated(period, bits=0, branch=0):
    return event((int(read("/sys/bus/event_source/devices/kobs_simpmu/type")), 0), period, bits, branch)


def sampled(mode, by, *events, lines, context="task"):
    """A stopped session whose events had these samples."""
    command = replay(*lines, context=context)
    with pmu(mode, by, *events, cpus=[0]) as s:
        subprocess.run(command, check=True, timeout=WAIT)
    return s


def kstack(s, row):
    return s.stack(row["kstack"]) if row["kstack"] else []


def collects(mode, by, branch):
    before = collected()
    lines = [line(KERNEL_IP + i, chain=CHAIN, branches=" 0x401000/0x402000/P/-/-/1/" if branch else "") for i in range(100)]
    s = sampled(mode, by, simulated(7, PRECISE, branch), lines=lines)
    i = accounted(s)
    equal((i["recorded"], i["lost"]), (100, 0), f"samples recorded and lost, of {i}")
    equal(collected() - before, 0, "records that were collected")
    s.close()


# A call chain, which no record has, would keep records from being collected by itself.
for what in (("record", "ip", 0), ("record", "ip,ustack", 0), ("branch", "cpu", ANY)):
    test(f"every record of a precise event with a period reaches the handler: {what[0]} by {what[1]}")(
        lambda w=what: collects(*w))


def stacks(context):
    """Samples by the kernel stacks that they must have."""
    deep = [CHAIN[0] + 16 * i for i in range(60)]
    want = [((KERNEL_IP, [*CHAIN, *USER_CHAIN]), CHAIN),
            ((KERNEL_IP + 1, [CHAIN[0]]), CHAIN[:1]),
            # The interrupt came in user code, or its stack could not be had: only the record is known.
            ((KERNEL_IP + 2, USER_CHAIN), [KERNEL_IP + 2]),
            ((KERNEL_IP + 3, []), [KERNEL_IP + 3]),
            # It came in the kernel, but the record is of user code.
            ((USER_IP, [*CHAIN, *USER_CHAIN]), []),
            ((USER_IP + 1, USER_CHAIN), []),
            ((KERNEL_IP + 4, deep), deep)]
    s = sampled("record", "ip,kstack", simulated(*ONE_BY_ONE), lines=[line(ip, chain=chain) for (ip, chain), _ in want],
                context=context)
    i = accounted(s)
    equal(i["recorded"], len(want), f"samples of {i}")
    got = {r["ip"]: kstack(s, r) for r in s.rows()}
    for (ip, _), stack in want:
        equal(got[ip], stack, f"kernel stack of {ip:#x}")
    s.close()


for place in ("task", "irq", "nmi"):
    test(f"kernel stacks of a precise event are its driver's call chains, in {place} context")(lambda c=place: stacks(c))


@test("a stack has as many frames as the session allows")
def depth():
    deep = [CHAIN[0] + 16 * i for i in range(60)]
    command = replay(line(KERNEL_IP, chain=deep))
    with pmu("record", "ip,kstack", simulated(*ONE_BY_ONE), cpus=[0], stack_depth=16) as s:
        subprocess.run(command, check=True, timeout=WAIT)
    equal(kstack(s, s.rows()[0]), deep[:16], "kernel stack")
    s.close()


@test("a depth that the administrator does not allow is refused")
def too_deep():
    limit = "/proc/sys/kernel/perf_event_max_stack"
    before = read(limit)
    with open(limit, "w", encoding="ascii") as f:
        f.write("32")
    try:
        s = pmu("record", "kstack", simulated(1, PRECISE), cpus=[0], stack_depth=33)
        refused(s.nl, errno.EINVAL, "kernel.perf_event_max_stack is lower than stack_depth", K.CMD_SESSION_START, s.me)
        s.close()
        # Without the driver's call chain there is no limit.
        for by, bits, depth, branch in (("kstack", PRECISE, 32, 0), ("kstack", 0, 64, 0), ("ustack", PRECISE, 64, 0),
                                        ("kstack,ustack", PRECISE, 32, CALL_STACK)):
            with pmu("record", by, simulated(1, bits, branch), cpus=[0], stack_depth=depth) as s:
                pass
            s.close()
        s = pmu("branch", "kstack", simulated(1, PRECISE, ANY), cpus=[0], stack_depth=32)
        refused(s.nl, errno.EINVAL, "kernel.perf_event_max_stack is lower than 64, the branches of a sample",
                K.CMD_SESSION_START, s.me)
        s.close()
        # The clock that takes the place of cycles has no driver.
        if not os.path.exists("/sys/bus/event_source/devices/cpu"):
            with pmu("record", "kstack", event(CYCLES, 10 ** 7, PRECISE), cpus=[0], stack_depth=64) as s:
                pass
            equal(s.info()["fallback"], 1, "cycles that fell back")
            s.close()
    finally:
        with open(limit, "w", encoding="ascii") as f:
            f.write(before)


@test("an event that is not precise has the kernel stack of its registers")
def not_precise():
    s = sampled("record", "ip,kstack", simulated(1), lines=[line(KERNEL_IP, chain=CHAIN)])
    accounted(s)
    equal(kstack(s, s.rows()[0]), [KERNEL_IP], "kernel stack of registers without a stack")
    s.close()


@test("user stacks of a precise event are of the registers of the interrupt")
def user_stacks():
    s = sampled("record", "ip,ustack", simulated(*ONE_BY_ONE),
                lines=[line(KERNEL_IP), line(USER_IP, chain=CHAIN), line(USER_IP + 1)])
    accounted(s)
    rows = {r["ip"]: s.stack(r["ustack"]) for r in s.rows()}
    equal(set(rows), {KERNEL_IP, USER_IP, USER_IP + 1}, "samples")
    # All of them came while dd called write().
    assert 0 < rows[KERNEL_IP][0] < KERNEL_HALF and rows[KERNEL_IP][0] not in (USER_IP, USER_IP + 1), f"{rows}"
    equal(rows[USER_IP], rows[KERNEL_IP], "user stack of a record of user code")
    equal(rows[USER_IP + 1], rows[KERNEL_IP], "user stack of another")
    s.close()


def weights(n):
    """Samples of three addresses whose order by samples is the reverse of that by events."""
    return ([(KERNEL_IP, 3 * 10 ** 6 + i) for i in range(n)] + [(KERNEL_IP + 1, 7 * 10 ** 5 + i) for i in range(3 * n)] +
            [(KERNEL_IP + 2, 10 ** 4 + i) for i in range(9 * n)])


def by_address(samples):
    """Samples and events by address."""
    sums = {}
    for ip, period in samples:
        old = sums.get(ip, (0, 0))
        sums[ip] = (old[0] + 1, old[1] + period)
    return sums


@test("with a frequency, events are the periods of the samples")
def frequency():
    samples = weights(10)
    s = sampled("record", "ip", simulated(1000, FREQUENCY), lines=[line(ip, period) for ip, period in samples])
    i = accounted(s)
    equal({r["ip"]: (r["count"], r["fields"][EVENTS]) for r in s.rows()}, by_address(samples), "samples and events")
    equal(sum(r["fields"][EVENTS] for r in s.rows()), i["counted"], "events of all rows")
    s.close()


@test("with a period, events are samples times it")
def period():
    for n in (1, 7, 100003):
        s = sampled("record", "ip", simulated(n), lines=[line(ip) for ip, _ in weights(3)])
        i = accounted(s)
        equal([r["fields"][EVENTS] for r in s.rows()], [n * r["count"] for r in s.rows()], "events")
        equal(sum(r["fields"][EVENTS] for r in s.rows()), i["counted"], "events of all rows")
        s.close()


def record(*args, lines, status=0):
    return obsctl("pmu", "record", *OBSCTL, *args, "--", *replay(*lines), status=status)


@test("obsctl: rows weigh what their samples stand for")
def reports():
    samples = weights(4)
    lines = [line(ip, n) for ip, n in samples]
    want = by_address(samples)
    whole = sum(n for _, n in samples)
    report = account(json.loads(record("-F", 1000, "--by", "ip", "--json", lines=lines).out))
    # The one with the fewest samples is first.
    equal([(r["count"], r["events"]) for r in report["rows"]], [want[KERNEL_IP + i] for i in range(3)], "samples and events")
    text = record("-F", 1000, "--by", "ip", lines=lines).out
    for count, events in want.values():
        assert re.search(rf"\b{count} +{events:,} +{events * 100 / whole:.1f} %", text), f"no {count} {events:,} in {text}"
    folded = record("-F", 1000, "--folded", "--by", "ip,kstack", lines=lines).out
    equal(sum(int(one.rsplit(" ", 1)[1]) for one in folded.splitlines()), whole, f"events of {folded}")
    # User code has no kernel stack: the column alone tells such samples apart.
    lines_of = [line(USER_IP, 5000), line(USER_IP + 16, 70000), line(USER_IP, 1), line(KERNEL_IP, 3)]
    folded = record("-F", 1000, "--folded", "--by", "ip", lines=lines_of).out.splitlines()
    equal(folded[:2], [f"[unknown] {USER_IP + 16:#x} 70000", f"[unknown] {USER_IP:#x} 5001"], "folded samples of user code")
    graph = account(json.loads(record("-F", 1000, "-g", "--json", lines=lines).out))
    equal(sum(r["self_events"] for r in graph["rows"]), whole, "events of all functions")
    equal(sum(r["self"] for r in graph["rows"]), len(samples), "samples of all functions")
    equal([r["self_events"] for r in graph["rows"]], sorted((r["self_events"] for r in graph["rows"]), reverse=True), "order")


@test("obsctl: events of different kinds do not add up")
def kinds():
    lines = [line(ip, n) for ip, n in weights(2)]
    text = obsctl("pmu", "record", "-C", 0, "-e", "kobs_simpmu/event=1/,kobs_simpmu/event=2/", "-F", 1000, "--budget", 0, "--by",
                  "event,ip", "--", *replay(*lines)).out
    mixed = obsctl("pmu", "record", "-C", 0, "-e", "kobs_simpmu/event=1/,kobs_simpmu/event=2/", "-F", 1000, "--budget", 0, "--by",
                   "ip", "--json", "--", *replay(*lines)).out
    equal([("events" in row, row["count"]) for row in json.loads(mixed)["rows"]], [(False, n) for n in (36, 12, 4)], "rows that mix")
    # Each event's rows are a whole.
    shares = [float(n) for n in re.findall(r"([\d.]+) %", text.split("\n\n")[1])]
    assert abs(sum(shares) - 200) < 1, f"shares {shares} of {text}"


@test("the simulated PMU can go")
def unload():
    equal(rmmod("kobs_simpmu"), None, "rmmod")


insmod("kobs_simpmu")
main()
