# SPDX-License-Identifier: GPL-2.0
"""obsctl pmu list, stat and record, with events available on every machine."""

import nlkit
from kobstest import *

SPIN = ["bash", "-c", "for ((i = 0; i < 40000; i++)); do :; done"]
# The first write to a page is a fault.
FAULTS = ["python3", "-c", "import mmap; m = mmap.mmap(-1, 4096 * 500); [m.write(bytes(4096)) for i in range(500)]"]
# By a child of a shell, which causes further faults itself.
CHILD = ["sh", "-c", f"{' '.join(FAULTS[:2])} '{FAULTS[2]}'; :"]
KERNEL_LOOP = script(f"call task {24000000 // SLOW} 0")


def pmu(*args, run=None, status=0):
    # Without the guard, which could end a session on a slow host.
    budget = ["--budget", 0] if args[0] == "record" else []
    r = obsctl("pmu", *args, *budget, "--json", *(["--", *run] if run else []), status=status)
    reports = [json.loads(line) for line in r.out.splitlines()]
    for one in reports:
        account(one)
    return reports[-1] if "-i" not in args else reports


def has_pmu():
    return json.loads(obsctl("pmu", "list", "--json").out)["hardware"]


@test("list shows the kernel's events, and those of PMUs, by pattern")
def listing():
    every = json.loads(obsctl("pmu", "list", "--json").out)["events"]
    names = {e["name"] for e in every}
    for name in ("cycles", "instructions", "cache-misses", "branch-misses", "cpu-clock", "page-faults"):
        assert name in names, f"there is no {name}"
    here = {e["name"] for e in every if e["available"]}
    for name in ("cpu-clock", "page-faults", "context-switches"):
        assert name in here, f"{name} is said not to be counted here"
    equal("cycles" in here, has_pmu(), "whether cycles are said to be counted here")
    clocks = json.loads(obsctl("pmu", "list", "clock", "--json").out)["events"]
    equal({e["name"] for e in clocks}, {n for n in names if "clock" in n}, "events of the pattern 'clock'")
    contains(obsctl("pmu", "list", "page*").out, "page-faults", "list")
    contains(obsctl("pmu", "list", "nosuchevent", status=1).err, "no event's name matches", "refusal")
    contains(obsctl("pmu", "stat", "-e", "sched:sched_swich", "--", "true", status=2).err, "is it 'sched:sched_switch'", "refusal")
    insmod("kobs_simpmu")
    try:
        contains(obsctl("pmu", "list", "simpmu").out, "kobs_simpmu//", "list with another PMU")
    finally:
        equal(rmmod("kobs_simpmu"), None, "rmmod")


@test("names of libpfm4 are listed with what they count, and near ones are offered")
def library():
    # Event names of another CPU.
    os.environ["LIBPFM_FORCE_PMU"] = "skl"
    try:
        events = {e["name"]: e["doc"] for e in json.loads(obsctl("pmu", "list", "RETIRED", "--json").out)["events"]}
        contains(events["INST_RETIRED:ANY_P"], "instructions retired", "what the event counts")
        r = obsctl("pmu", "stat", "-e", "INST_RETIRED:ANYP:u", "--", "true", status=2)
        contains(r.err, "there is no event 'INST_RETIRED:ANYP': is it 'INST_RETIRED:ANY_P'", "refusal")
    finally:
        del os.environ["LIBPFM_FORCE_PMU"]


@test("stat counts a command's events, children included")
def stat():
    r = pmu("stat", "-e", "page-faults,task-clock", run=CHILD)
    rows = {row["event"]: row for row in r["rows"]}
    at_least(rows["page-faults"]["count"], 500, "page faults")
    equal(rows["page-faults"]["scaled"], rows["page-faults"]["count"], "an event that needs no counter, scaled")
    at_least(rows["task-clock"]["count"], 1, "task-clock")
    without = pmu("stat", "-e", "page-faults", "--no-inherit", run=CHILD)
    at_most(without["rows"][0]["count"], rows["page-faults"]["count"] - 500, "page faults without the child's")


@test("stat without a PMU counts software events, and says so")
def stat_default():
    if has_pmu():
        skip("this machine has a PMU")
    text = obsctl("pmu", "stat", "--", "true").out
    contains(text, "Only software events: the CPU's PMU is not there.", "report")
    contains(text, "context-switches", "report")
    r = pmu("stat", "-e", "cycles,task-clock", run=["true"])
    equal([(x["event"], x.get("supported", True), x.get("unit")) for x in r["rows"]],
          [("task-clock", True, "ns"), ("cycles", False, None)], "rows of an event that is there and one that is not")
    text = obsctl("pmu", "stat", "-e", "cycles,task-clock", "--", "true").out
    contains(text, "<not supported>  cycles", "report")
    assert re.search(r"\d (us|ms|s)  task-clock +[\d.]+ CPUs", text), text
    contains(obsctl("pmu", "stat", "-e", "cycles", "--", "true", status=1).err, "there is no PMU", "refusal of cycles")
    contains(text, "\nNo verdict on IPC: cycles is not counted by this machine.\n", "what there is no verdict on")
    # Of the default events it was not asked for.
    report = json.loads(obsctl("pmu", "stat", "--json", "--", "true").out)
    equal((report["verdict"], report.get("verdict_missing", []), report["of_tasks"]), ([], [], True), "verdict")
    contains(obsctl("pmu", "stat", "--topdown", "--", "true", status=1).err, "--topdown needs the CPU's PMU, which is not there", "refusal")


@test("stat by CPU, and in intervals that add up")
def stat_intervals():
    out = "/tmp/intervals"
    # It ends with its command, which waits for reports.
    obsctl("pmu", "stat", "-a", "-e", "cpu-clock", "--by", "cpu", "-i", 0.3, "--json", "-o", out, "--", "sh", "-c",
           f"until [ $(wc -l <{out}) -ge 2 ]; do sleep 0.1; done")
    r = [account(json.loads(line)) for line in read(out).splitlines()]
    total = r[-1]
    equal(sorted(row["cpu"] for row in total["rows"]), list(range(os.cpu_count())), "CPUs")
    equal([one["interval"] for one in r], [True] * (len(r) - 1) + [False], "kinds of reports")
    at_least(len(r), 3, "reports")
    for cpu in range(os.cpu_count()):
        parts = [row["count"] for one in r[:-1] for row in one["rows"] if row["cpu"] == cpu]
        whole = next(row["count"] for row in total["rows"] if row["cpu"] == cpu)
        at_most(sum(parts), whole, "sum of the intervals")
        assert all(part > 0 for part in parts), f"intervals {parts}"


@test("stat of a process that runs already")
def stat_process():
    p = subprocess.Popen(["bash", "-c", "while :; do :; done"])
    try:
        r = pmu("stat", "-e", "task-clock", "-p", p.pid, "-d", 0.5)
        at_least(r["rows"][0]["count"], 1, "task-clock")
    finally:
        p.kill()
        p.wait()
    contains(obsctl("pmu", "stat", "-p", p.pid, "-d", 0.5, status=1).err, f"there is no process {p.pid}", "refusal")


@test("stat by process, of all CPUs: sums of what samples stand for")
def stat_by_process():
    p = subprocess.Popen(["bash", "-c", "while :; do :; done"])
    try:
        r = pmu("stat", "-a", "-e", "task-clock,page-faults", "--by", "pid,comm", "--budget", 0, run=CHILD)
    finally:
        p.kill()
        p.wait()
    equal((r["sampled"], r["of_tasks"], r["mode"], r["by"]), (True, True, "record", ["event", "pid", "comm"]), "kind of counts")
    rows = {(row["pid"], row["event"]): row for row in r["rows"]}
    spin = rows[p.pid, "task-clock"]
    assert 0.2 * r["interval_ns"] <= spin["scaled"] <= 1.05 * r["interval_ns"], f"time of a loop: {spin}, of {r['interval_ns']}"
    assert abs(spin["cpus_used"] - spin["scaled"] / r["interval_ns"]) < 1e-6, f"CPUs of {spin}"
    # Idle CPUs count for nobody.
    assert (0, "task-clock") not in rows, f"time of idle CPUs: {rows[0, 'task-clock']}"
    # Each fault is a sample: there is nothing to estimate.
    faults = [row for row in r["rows"] if row["event"] == "page-faults"]
    equal([row["count"] for row in faults], [row["samples"] for row in faults], "faults and their samples")
    at_least(max(row["count"] for row in faults if row["comm"] == "python3"), 500, "faults of the child")
    equal(sum(row["samples"] for row in r["rows"]), r["accounting"]["recorded"], "samples of all rows")
    # A process that executes another program has a row for each name.
    order = list(dict.fromkeys((row["pid"], row["comm"]) for row in r["rows"]))
    clock = {(row["pid"], row["comm"]): row["count"] for row in r["rows"] if row["event"] == "task-clock"}
    weights = [clock.get(who, 0) for who in order]
    equal(weights, sorted(weights, reverse=True), "order of processes")
    text = obsctl("pmu", "stat", "-a", "-e", "page-faults", "--by", "comm", "-n", 1, "--budget", 0, "--", *CHILD).out
    contains(text, "Counts are the sums of what samples stand for", "report")
    contains(text, " more (-n 0 shows all)\n", "report")
    assert re.search(r"^python3 +[\d,]+ +page-faults ", text, re.M), text


@test("stat by name, in intervals: each has its own counts")
def stat_by_name():
    p = subprocess.Popen(["bash", "-c", "while :; do :; done"])
    try:
        r = pmu("stat", "-p", p.pid, "-e", "task-clock", "--by", "comm", "-i", 0.3, "-d", 1)
    finally:
        p.kill()
        p.wait()
    parts = [row["count"] for one in r if one["interval"] for row in one["rows"]]
    at_least(len(parts), 2, "intervals")
    at_most(sum(parts), r[-1]["rows"][0]["count"], "sum of the intervals")


@test("record finds the function of a loop in the kernel")
def record_kernel():
    r = pmu("record", "-F", 1000, run=KERNEL_LOOP)
    loop = sum(row["count"] for row in r["rows"] if "kobs_gen" in row["func"])
    at_least(loop, 20, "samples in the loop")
    # On the debug kernel the sanitizer's checks, called by the loop, come first.
    if KERNEL != "debug":
        assert "kobs_gen" in r["rows"][0]["func"], f"the first row is {r['rows'][0]}"
    equal(sum(row["count"] for row in r["rows"]), r["accounting"]["recorded"], "sum of the rows")
    if not has_pmu():
        equal([row["events"] for row in r["rows"]], [1000000 * row["count"] for row in r["rows"]], "ns")
        equal(r["notes"]["fallback"], 1, "note that cycles became cpu-clock")
        text = obsctl("pmu", "record", "--", *KERNEL_LOOP).out
        contains(text, "cycles became cpu-clock", "report")
        assert re.search(r"COUNT +EVENTS +SHARE\n", text) and re.search(r" \d+ +[\d.]+ [mun]s +[\d.]+ %", text), text
        contains(text, "pmu record of cycles (there is no PMU: cpu-clock in place of cycles)", "title")


@test("record of user code: rows are functions, one each")
def record_user():
    r = pmu("record", "-e", "cpu-clock:u", "-F", 2000, run=SPIN)
    at_least(r["accounting"]["recorded"], 10, "samples")
    names = [row["func"] for row in r["rows"]]
    equal(len(names), len({*names}), f"functions of {names}")
    equal(sum(row["count"] for row in r["rows"]), r["accounting"]["recorded"], "sum of the rows")
    at_least(sum(row["count"] for row in r["rows"] if "bash" in row["func"]), 1, f"samples of bash in {names}")


@test("record has room for a profile, unless sizes are given")
def record_sizes():
    # With the module's 4,096 rows and 8,192 stacks a third of 15 s of compiling on two CPUs was lost.
    for options, rows, stacks in ([], 65536 // os.cpu_count(), 65536), (["--rows", 512, "--stacks", 128], 512, 128):
        for columns in ["-g"], ["--by", "comm,ustack"]:
            out = obsctl("pmu", "record", "-e", "page-faults", "-c", 1, *columns, *options, "--", "true").out
            contains(out, f" of {rows} on the fullest CPU", "rows")
            contains(out, f" of {stacks}; the session held", "stacks")


@test("record by period takes each fault, with its stack")
def record_period():
    r = pmu("record", "-e", "page-faults", "-c", 1, "--by", "comm,kstack", run=FAULTS)
    n = sum(row["count"] for row in r["rows"] if row["comm"] == "python3")
    at_least(n, 500, "faults")
    equal(r["notes"]["overflows"], r["notes"]["counted"], "samples of each event")
    at_least(r["accounting"]["recorded"], 500, "recorded")


def graph_adds_up(r):
    """Every sample counts in one function, and once below each of its callers."""
    rows = {row["func"]: row for row in r["rows"]}
    equal(len(rows), len(r["rows"]), "functions, each once")
    equal(sum(row["self"] for row in rows.values()), r["accounting"]["recorded"], "samples of all functions")
    for row in rows.values():
        assert row["self"] <= row["total"] <= r["accounting"]["recorded"], f"{row}"
        for link in row["callers"]:
            back = {c["func"]: c["count"] for c in rows[link["func"]]["callees"]}
            equal(back[row["func"]], link["count"], f"{row['func']} as callee of {link['func']}")
        # Except for recursion, a sample below a function is in it or in one of its callees.
        if not any(link["func"] == row["func"] for link in row["callees"]):
            at_least(row["self"] + sum(link["count"] for link in row["callees"]), row["total"], f"parts of {row}")
    return rows


@test("graph: who calls the functions that were sampled, and whom they call")
def graph():
    rows = graph_adds_up(pmu("record", "-g", "-F", 1000, run=KERNEL_LOOP))
    top = rows["kobs_gen_caller_a [kobs_gen]"]
    called = {link["func"]: link["count"] for link in top["callees"]}
    at_least(called["kobs_gen_leaf [kobs_gen]"], 10, "samples of the leaf, below its caller")
    leaf = rows["kobs_gen_leaf [kobs_gen]"]
    assert leaf["callers"][0]["func"].startswith(("kobs_gen_caller_a", "repeat", "run_call")), f"callers of {leaf}"
    at_least(rows["ksys_write"]["total"], top["total"], "samples below the system call")
    text = obsctl("pmu", "record", "-g", "-n", 1, "-F", 1000, "--budget", 0, "--", *KERNEL_LOOP).out
    contains(text, "called by", "report")
    contains(text, "more functions (-n 0 shows all)", "report")


@test("graph of user code with frame pointers, from main() on")
def graph_user():
    program = f"{SRC}/build/selftests/ustack"
    rows = graph_adds_up(pmu("record", "--graph", "-F", 2000, run=[program, "/dev/null", "x", 100000]))
    name = "{} [ustack]".format
    at_least(rows[name("user_leaf")]["total"], 20, "samples of the program")
    for caller, callee in (("user_middle", "user_leaf"), ("user_outer", "user_middle"), ("main", "user_outer")):
        row = rows[name(callee)]
        equal(row["callers"][0]["func"], name(caller), f"caller of {callee}")
        # The caller is missing where a function has not set up its frame yet.
        at_least(row["callers"][0]["count"], 0.8 * row["total"], f"samples of {callee} by way of {caller}")


@test("several events are told apart by their names")
def several():
    r = pmu("record", "-e", "page-faults,cpu-clock", "-c", 1000, run=FAULTS)
    equal({row["event"] for row in r["rows"]} - {"page-faults", "cpu-clock"}, set(), "events")
    r = pmu("record", "-e", "page-faults,minor-faults", "-c", 1, "--by", "event,comm", run=FAULTS)
    n = {row["event"]: row["count"] for row in r["rows"] if row["comm"] == "python3"}
    equal({*n}, {"page-faults", "minor-faults"}, "events")
    at_least(n["minor-faults"], 500, "faults without input")
    at_least(n["page-faults"], n["minor-faults"], "faults")
    contains(obsctl("pmu", "record", "-e", "page-faults", "-c", 1, "--", "true").out, "pmu record of page-faults, ", "title")


@test("a detached session is read as its owner would have shown it")
def detached():
    def read_by(verb, *args):
        return obsctl("session", verb, "profile", *args).out

    for events, columns, unit in (("cpu-clock", ["--by", "comm"], "ns"), ("cpu-clock,page-faults", ["--by", "comm"], None),
                                  ("cpu-clock,page-faults", ["--by", "event,comm"], "")):
        obsctl("pmu", "record", "-a", "-e", events, "-c", 1000000, *columns, "--budget", 0, "--detach", "profile")
        subprocess.run(SPIN, check=True)
        text = read_by("read")
        rows = account(json.loads(read_by("stop", "--json")))["rows"]
        equal("EVENTS" in text, unit is not None, f"events of {events} by {columns}")
        equal(all("events" in row for row in rows), unit is not None, f"events in JSON of {events} by {columns}")
        # A column THROTTLED is between, where there was some of it.
        equal(bool(re.search(r"\bbash +[\d,]+ +(\d+ +)?[\d.]+ m?s +[\d.]+ %", text)), unit == "ns", f"times in {text}")


@test("a clock's period that is too short is told with the option's name")
def short_period():
    out = obsctl("pmu", "record", "-e", "cpu-clock", "-c", 1000, "--budget", 0, "--", "true").out
    contains(out, "clocks_raised 1: clocks sampled every 10000 ns, the minimum: the period (-c) was below it", "report")


@test("a CPU that leaves and comes while samples are taken is reported")
def hotplug():
    switch = "/sys/devices/system/cpu/cpu1/online"
    if not os.path.exists(switch):
        skip("no CPU of this kernel can go offline")
    args = ["pmu", "record", "-a", "-e", "cpu-clock", "-F", 500, "--budget", 0]

    def toggle(b):
        # The module follows in a worker.
        for state, note in ("0", "cpus_left"), ("1", "cpus_came"):
            with open(switch, "w", encoding="ascii") as f:
                f.write(state)
            until(lambda: nlkit.note(b.p.pid, note) == 1, note)

    with Background(*args, "--by", "cpu", "--json") as b:
        toggle(b)
        subprocess.run(["taskset", "2", *SPIN], check=True)
        r = account(json.loads(b.stop().out))
    equal((r["notes"]["cpus_left"], r["notes"]["cpus_came"]), (1, 1), "CPUs that left and came")
    equal({row["cpu"] for row in r["rows"]}, {0, 1}, "CPUs with samples")
    with Background(*args) as b:
        toggle(b)
        text = b.stop().out
    contains(text, "cpus_left 1: CPUs that went offline during the session", "report")
    contains(text, "cpus_came 1: CPUs that came online during the session, and were observed", "report")


@test("folded stacks count every sample")
def folded():
    done = obsctl("pmu", "record", "-F", 500, "--budget", 0, "--folded", "--", *KERNEL_LOOP)
    lines = done.out.splitlines()
    at_least(len(lines), 1, "lines")
    n = sum(int(line.rsplit(" ", 1)[1]) for line in lines)
    # A stack weighs what its samples stand for: of the clock, ns.
    if not has_pmu():
        contains(done.err, f"= recorded {n // 2000000:,} ", "the account")
        equal(n % 2000000, 0, "parts of a sample")
    loop = sum(int(line.rsplit(" ", 1)[1]) for line in lines if "kobs_gen_" in line)
    at_least(loop, 1, f"samples of the loop in {lines[:3]}")


@test("events that there are not are refused, with those that are near")
def unknown():
    for name, part in (("cyclse", "'cycles'"), ("page-fault", "'page-faults'"), ("CPU-CLOK", "'cpu-clock'"),
                       ("cycles:ppppp", "the maximum precision is ppp"), ("nopmu/event=1/", "there is no PMU 'nopmu'"),
                       ("msr/event=1", "PMU/TERM=VALUE"), ("cycles,,branches", "missing")):
        contains(obsctl("pmu", "stat", "-e", name, "--", "true", status=2).err, part, f"refusal of {name}")
    contains(obsctl("pmu", "stat", "-C", 0, "-p", 1, status=2).err, "not for both", "refusal")
    for args in (["-g", "--by", "func"], ["-g", "--folded"], ["-g", "-e", "cpu-clock,page-faults"]):
        contains(obsctl("pmu", "record", *args, "--", "true", status=2).err, "--graph", f"refusal of {args}")
    for args in ["--by", "cpu"], ["-c", "sh"], ["--cgroup", "/"]:
        contains(obsctl("pmu", "stat", *args, "--", "true", status=2).err, "add -a or -C", f"refusal of {args}")
    r = obsctl("pmu", "record", "-e", "cpu-clock", "--call-graph", "orc", "--", "true", status=2)
    contains(r.err, "fp, lbr or dwarf", "refusal")


if __name__ == "__main__":
    main()
