# SPDX-License-Identifier: GPL-2.0
"""Filters: passed and refused hits are counted exactly."""

import threading

from kobstest import *

LEAF = "kobs_gen_leaf"


def expect(r, recorded, filtered):
    equal(r["accounting"]["recorded"], recorded, "recorded")
    equal(r["accounting"]["filtered"], filtered, "filtered")
    equal(r["accounting"]["hits"], recorded + filtered, "hits")


def observe(*options):
    return Background("func", "count", LEAF, "--json", *options)


def other(*commands):
    """Calls from another process."""
    subprocess.run(script(*commands), check=True)


def set_comm(name):
    with open("/proc/thread-self/comm", "w") as f:
        f.write(name)


@test("--pid")
def pid():
    with observe("-p", os.getpid()) as b:
        gen("call task 100")
        other("call task 40")
        r = b.report()
    expect(r, 100, 40)


@test("--pid with several processes")
def pids():
    child = subprocess.Popen(["sh", "-c", f"read x; echo call task 7 >{GEN}run"], stdin=subprocess.PIPE)
    with observe("--pid", f"{os.getpid()},{child.pid}", "--by", "pid") as b:
        gen("call task 100")
        child.communicate(b"go\n")
        other("call task 40")
        r = b.report()
    expect(r, 107, 40)
    equal(count_of(r, pid=child.pid), 7, "count of the second process")


@test("--tid")
def tid():
    go, called, end = threading.Event(), threading.Event(), threading.Event()
    ids = []

    def work():
        ids.append(threading.get_native_id())
        go.wait()
        gen("call task 30")
        called.set()
        # obsctl ends with the thread: it stays until the other calls are made.
        end.wait()

    t = threading.Thread(target=work)
    t.start()
    try:
        until(lambda: ids, "the thread to run")
        with observe("-t", ids[0]) as b:
            go.set()
            until(called.is_set, "the thread's calls")
            gen("call task 11")
            r = b.report()
    finally:
        go.set()
        end.set()
        t.join()
    expect(r, 30, 11)


@test("--comm, by name and by glob")
def comm():
    for option, recorded in (("kobs-one", 5), ("kobs-one,kobs-two", 12), ("kobs-*", 12), ("kobs-tw?", 7),
                             ("kobs-[a-o]*,nothing", 5), ("kobs", 0)):
        with observe("-c", option, "--by", "comm") as b:
            for name, n in ("kobs-one", 5), ("kobs-two", 7), ("else", 4):
                set_comm(name)
                gen(f"call task {n}")
            r = b.report()
        set_comm("python3")
        expect(r, recorded, 16 - recorded)


@test("a kernel thread's name as ps prints it")
def comm_of_ps():
    with observe("-c", "[kobs-one]", "--by", "comm") as b:
        set_comm("kobs-one")
        gen("call task 5")
        set_comm("python3")
        gen("call task 3")
        r = b.report()
    expect(r, 5, 3)


@test("it ends with the processes and threads that it is limited to")
def ends():
    for options in (["-p"], ["--tid"]):
        children = [subprocess.Popen(["sleep", "1000"]) for _ in range(2)]
        try:
            with observe(*options, ",".join(str(c.pid) for c in children)) as b:
                children[0].kill()
                children[0].wait()
                time.sleep(0.2)
                equal(b.p.poll(), None, f"status of {options} with one of two left")
                children[1].kill()
                children[1].wait()
                r = balance(json.loads(b.finish().out))
            equal(r["accounting"]["recorded"], 0, "recorded")
        finally:
            for c in children:
                c.kill()
                c.wait()


@test("processes, threads and names that nothing had are told")
def absent():
    r = obsctl("func", "count", LEAF, "-p", f"{os.getpid()},4194303", "-c", "python3,nosuch", "--by", "comm", "-d", "100ms")
    contains(r.out, "there is no process 4194303; no thread is named 'nosuch'", "report")
    with observe("-p", f"{os.getpid()},4194303", "--by", "comm") as b:
        gen("call task 5")
        equal(b.report()["absent"], "there is no process 4194303", "absent")
    r = obsctl("func", "count", LEAF, "-C", 65000, status=1)
    contains(r.err, "there is no CPU 65000 online: there are 0", "refusal")


@test("a kernel thread that was not hit is there, by the name that ps shows and by the one that the kernel keeps")
def kernel_threads():
    """/proc shows a worker's name with what it works on, and names of more than 15 bytes."""
    shown = [read(f"/proc/{pid}/comm").strip() for pid in os.listdir("/proc")
             if pid.isdigit() and os.path.exists(f"/proc/{pid}/comm") and not read(f"/proc/{pid}/cmdline")]
    workers = [name for name in shown if re.match(r"kworker/u?\d+:\d+\w*[-+]", name)]
    long = [name for name in shown if len(name) > 15 and not name.startswith("kworker/")]
    at_least(len(workers), 1, f"workers among {shown}")
    for name in workers[:2] + long[:2]:
        kept = re.split("[-+]", name)[0] if name in workers else name[:15]
        for given in (f"[{name}]", kept):
            r = report("count", LEAF, "--by", "comm", "-c", f"sh,{given}", run=script("call task 2"))
            equal((r["accounting"]["recorded"], r.get("absent")), (2, None), f"recorded, and absent, of {given}")


@test("in another PID namespace, numbers that would mean other processes are refused")
def namespace():
    inside = ["unshare", "-pf", "--mount-proc", "obsctl"]
    for args, part in ((["func", "count", LEAF, "-p", "1"], "process 1 is another one"),
                       (["func", "count", LEAF, "--by", "ustack"], "would name user code"),
                       (["probe", "count", f"k:{LEAF}", "--where", "cpu == 0 && tid == 1"], "'tid' in --where is another number"),
                       (["pmu", "record", "-e", "cpu-clock", "--", "true"], "to the kernel: run it in the initial one\n"),
                       (["pmu", "record", "-e", "cpu-clock", "--by", "ip,kstack", "--", "true"], "observe CPUs with -a"),
                       (["pmu", "record", "-e", "cpu-clock", "-a"], "would name user code"),
                       (["pmu", "stat", "-e", "page-faults", "-t", "1"], "observe CPUs with -a")):
        r = subprocess.run([*inside, *args, "-d", "100ms"] if "--" not in args else [*inside, *args], capture_output=True, text=True)
        equal(r.returncode, 1, f"status of {r}")
        contains(r.stderr, part, "refusal")
    equal(references(), 0, "sessions")
    r = subprocess.run([*inside, "func", "count", LEAF, "--by", "pid", "--", *script("call task 3")], capture_output=True, text=True)
    equal(r.returncode, 0, f"status of {r}")
    contains(r.stdout, "numbers of the initial PID namespace", "report")


@test("--cpu, one, a list and a range")
def cpu():
    for option, recorded in (("0", 10), ("1", 6), ("0,1", 16), ("0-1", 16)):
        r = report("count", LEAF, "-C", option, "--by", "cpu",
                   run=script("call task 10 0", "call task 4 1", "call hardirq 2 1"))
        expect(r, recorded, 16 - recorded)


@test("filters of different kinds must all match")
def both():
    with observe("-p", os.getpid(), "-C", "1") as b:
        gen("call task 100 1")
        gen("call task 20 0")
        other("call task 3 1")
        r = b.report()
    expect(r, 100, 23)


@test("--min")
def minimum():
    r = report("time", "kobs_gen_sleep", "kobs_gen_spin", "--min", "400ms", run=script("sleep 2 500", "spin 30 1000"))
    expect(r, 2, 30)
    equal(count_of(r, func="kobs_gen_sleep"), 2, "count of the slow function")
    at_least(r["rows"][0]["min"], 400000000, "shortest call")


@test("--min of a trace")
def minimum_trace():
    got, r, _ = records("kobs_gen_sleep", "kobs_gen_spin", "--time", "--min", "400ms",
                        run=script("sleep 2 500", "spin 30 1000"))
    expect(r, 2, 30)
    equal([x["func"] for x in got], ["kobs_gen_sleep"] * 2, "functions of the records")


@test("the observer's own calls are excluded, and counted so")
def own():
    # obsctl reads and polls; so does its command, whose calls count, also before it is executed.
    r = report("count", "vfs_read", "--by", "comm,pid", run=["sh", "-c", "cat /proc/version >/dev/null; :"])
    at_least(r["accounting"]["own"], 0, "own")
    at_least(r["accounting"]["filtered"], r["accounting"]["own"], "filtered")
    command = {row["pid"] for row in rows(r, comm="sh") + rows(r, comm="cat")}
    equal([row for row in rows(r, comm="obsctl") if row["pid"] not in command], [], "rows of obsctl")
    at_least(count_of(r, comm="cat"), 1, "calls by the command")


main()
