# SPDX-License-Identifier: GPL-2.0
"""func slow -e: what events counted in each slow call, of its own thread alone."""

import errno
import mmap

import nlkit
from kobstest import *

SIM = "/sys/kernel/debug/kobs_simpmu/"
EVENT = "kobs_simpmu//"
WRITE = "kobs_simpmu:replay_write"


def slow(*args, run=None, status=0, **kw):
    tail = ["--", *run] if run else []
    return account(json.loads(obsctl("func", "slow", "--budget", 0, "--over", "1ns", *args, "--json", *tail, status=status, **kw).out))


def simulated(f):
    """A test with the simulated PMU, whose samples are counted by their periods on the CPU that writes them."""
    def run():
        insmod("kobs_simpmu")
        try:
            f()
        finally:
            equal(rmmod("kobs_simpmu"), None, "rmmod")
    return run


def samples(n, period):
    return f"ffffffff81000000 period={period}\n" * n


def write(text):
    with open(SIM + "replay", "w", encoding="ascii") as f:
        f.write(text)


def counts(calls, event=EVENT):
    return [c["counts"][event] for c in calls]


@test("events of a call, and of the call around it, exactly")
@simulated
def exact():
    times = "kobs_simpmu/event=0x30000/"
    program = [f"printf 'ffffffff81000000 period={n}\\n' >{SIM}replay" for n in (1000, 7, 300)]
    r = slow(WRITE, "vfs_write", "-e", f"{EVENT},{times}", "-c", "sh", run=["sh", "-c", "; ".join(program)])
    inner = sorted((c for c in r["calls"] if c["func"].startswith("replay_write")), key=lambda c: c["begin_ns"])
    equal([(c["counts"][EVENT], c["counts"][times]) for c in inner], [(1000, 3000), (7, 21), (300, 900)], "counts")
    outer = [c["counts"][EVENT] for c in sorted(r["calls"], key=lambda c: c["begin_ns"]) if c["func"] == "vfs_write" and c["counts"][EVENT]]
    equal(outer, [1000, 7, 300], "counts of the calls around them")


@test("what others count while a call is blocked, or does not run, is none of its")
@simulated
def others():
    def work(period):
        os.sched_setaffinity(0, {1})
        put = samples(200, period)
        for _ in range(10):
            write(put)
        os._exit(0)

    with Background("func", "slow", "--budget", 0, "--over", "1ns", WRITE, "-e", EVENT, "--by", "func,comm", "--json") as b:
        pids = {forked(lambda: work(1)): 1, forked(lambda: work(1000)): 1000, forked(lambda: work(7)): 7}
        for pid in pids:
            equal(os.waitpid(pid, 0)[1], 0, "end of a writer")
        r = account(json.loads(b.stop().out))
    for pid, period in pids.items():
        mine = [c for c in r["calls"] if c["pid"] == pid]
        equal(sum(counts(mine)), 10 * 200 * period, f"counts of all calls of {pid}")
    waited = [c for c in r["calls"] if c["blocked"] or c["preempted"]]
    at_least(len(waited), 1, "calls that did not run all the time")
    # A write can be taken in parts, each of whole lines.
    for c in r["calls"]:
        equal(c["counts"][EVENT] % pids[c["pid"]], 0, f"counts of {c}")


@test("page faults in a read are those of the buffer's pages")
def faults():
    pages = 100
    program = f"import mmap; open('/dev/zero', 'rb', buffering=0).readinto(mmap.mmap(-1, {pages * mmap.PAGESIZE}))"
    r = slow("vfs_read", "-e", "page-faults", "-c", "python3", "--calls", 10000, run=["python3", "-S", "-E", "-c", program])
    size = hex(pages * mmap.PAGESIZE)
    mine = [c for c in r["calls"] if size in c["args"]]
    equal(counts(mine, "page-faults"), [pages], "page faults of the read")


@test("as text, and a saved report shown again")
@simulated
def shown():
    run = ["sh", "-c", f"printf 'ffffffff81000000 period=12345\\n' >{SIM}replay"]
    text = obsctl("func", "slow", WRITE, "--over", "1ns", "-e", EVENT, "--each", "--", *run).out
    contains(text, "\n    kobs_simpmu// 12,345\n", "line of the counts")
    obsctl("func", "slow", WRITE, "--over", "1ns", "-e", EVENT, "--json", "-o", "/tmp/events.json", "--", *run)
    contains(obsctl("show", "-v", "/tmp/events.json", status=None).out, "kobs_simpmu// 12,345", "line of a saved report")


@test("a CPU that comes back has no counters: its calls say that nothing was counted")
@simulated
def hotplug():
    switch = "/sys/devices/system/cpu/cpu1/online"
    if not os.path.exists(switch):
        skip("no CPU of this kernel can go offline")

    def online(on):
        with open(switch, "w", encoding="ascii") as f:
            f.write(str(on))

    with Background("func", "slow", "--budget", 0, "--over", "1ns", WRITE, "-e", EVENT, "--json") as b:
        online(0)
        online(1)
        for cpu in 0, 1:
            subprocess.run(["taskset", "-c", str(cpu), "sh", "-c", f"printf 'ffffffff81000000 period=5\\n' >{SIM}replay"], check=True)
        r = account(json.loads(b.stop().out))
    calls = sorted(r["calls"], key=lambda c: c["begin_ns"])
    equal([(c.get("counts"), c.get("counted")) for c in calls], [({EVENT: 5}, None), (None, False)], "counts, and whether it was counted")


@test("refusals")
def refusals():
    for events, part, status in (("page-faults,minor-faults,major-faults,cpu-clock,task-clock", "-e takes up to 4 events: 5 are given", 2),
                                 ("cyclse", "there is no event 'cyclse'", 2)):
        contains(obsctl("func", "slow", "vfs_read", "-e", events, "-d", "100ms", status=status).err, part, f"refusal of {events}")
    if not os.path.exists("/sys/bus/event_source/devices/cpu"):
        r = obsctl("func", "slow", "vfs_read", "-e", "page-faults,cycles", "-d", "100ms", status=1)
        contains(r.err, "event 1 cannot be counted on CPU 0: there is no PMU that has it", "refusal of cycles")
    k = nlkit.K
    nl = nlkit.Netlink()
    address = next(int(line.split()[0], 16) for line in read("/proc/kallsyms").splitlines() if line.split()[2] == "vfs_read")
    for mode, words, part in (("count", [1, 2, 0, 0, 0, 0, 0, 0], "parameters over, syscalls, events and tree belong to func slow"),
                              ("slow", [1, 2, 0, 0, 0, 0, 0, 0] * 5, "events"),
                              ("slow", [1, 2, 0, 0, 0, 0, 0, 0, 1], "events"),
                              ("slow", [1, 2, 0, 0, 1 << 6, 0, 0, 0], "event 0: only a type"),
                              ("slow", [1, 2, 0, 0, 0, 1000, 0, 0], "event 0: only a type")):
        nlkit.refused(nl, errno.EINVAL, part, k.CMD_SESSION_NEW, nlkit.attr(k.A_SESSION_SOURCE, "func"),
                      nlkit.attr(k.A_SESSION_MODE, mode), nlkit.words("functions", address), nlkit.words("events", *words))
    nl.close()


main()
