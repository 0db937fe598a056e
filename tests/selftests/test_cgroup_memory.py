# SPDX-License-Identifier: GPL-2.0
"""obsctl cgroup: what a group uses, what its memory does, and who is killed for want of memory."""

from kobstest import *

ROOT = "/sys/fs/cgroup"
BASE = f"{ROOT}/kobs-mem"
MIB = 1 << 20
# Takes memory as it is told on its input: "take MIB", "creep MIB" (a quarter of it each 50 ms), "drop".
HOG = """
import sys, time
kept = []
def take(size):
    kept.append(bytearray(b"x" * size))
for line in sys.stdin:
    verb, *n = line.split()
    if verb == "drop":
        kept.clear()
    elif verb == "take":
        take(int(n[0]) << 20)
    elif verb == "creep":
        for _ in range(4 * int(n[0])):
            take(1 << 18)
            time.sleep(0.05)
    print("done", flush=True)
"""


def put(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(str(text))


class Group:
    """A group with limits, below one that may have some, too."""

    def __init__(self, *controllers, above=None, **limits):
        if not os.path.exists(f"{ROOT}/cgroup.controllers"):
            skip("no cgroup2 is mounted")
        missing = set(controllers) - set(read(f"{ROOT}/cgroup.controllers").split())
        if missing:
            skip(f"no controller {missing}")
        self.on = " ".join(f"+{c}" for c in controllers)
        put(f"{ROOT}/cgroup.subtree_control", self.on)
        os.mkdir(BASE)
        for name, value in (above or {}).items():
            put(f"{BASE}/{name}", value)
        put(f"{BASE}/cgroup.subtree_control", self.on)
        self.path = "/kobs-mem/hog"
        self.dir = f"{BASE}/hog"
        os.mkdir(self.dir)
        for name, value in limits.items():
            put(f"{self.dir}/{name.replace('_', '.')}", value)
        self.hogs = []

    def hog(self):
        p = subprocess.Popen(["sh", "-c", f'echo $$ >{self.dir}/cgroup.procs; exec python3 -S -E -c "$0"', HOG], text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.hogs.append(p)
        self.tell(p, "drop")
        return p

    @staticmethod
    def tell(p, what, wait=True):
        p.stdin.write(what + "\n")
        p.stdin.flush()
        if wait:
            equal(p.stdout.readline(), "done\n", f"answer to {what}")

    def events(self):
        return {k: int(v) for k, v in (line.split() for line in read(f"{self.dir}/memory.events").splitlines())}

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        for p in self.hogs:
            p.kill()
            p.communicate()
        for d in self.dir, BASE:
            if os.path.isdir(d):
                until(lambda d=d: not read(f"{d}/cgroup.procs").strip(), "the group to be empty")
                os.rmdir(d)
        put(f"{ROOT}/cgroup.subtree_control", self.on.replace("+", "-"))


def parsed(text):
    """The report, whose parts must add up."""
    r = json.loads(text.splitlines()[-1])
    if "current" in r:
        equal(sum(row["bytes"] for row in r["rows"]), r["current"], "bytes of all parts")
    return r


def part(r, name):
    return next(row for row in r["rows"] if row["part"] == name)


@test("memory that creeps up is a steady climb")
def climb():
    with Group("memory", memory_max=256 * MIB) as g:
        p = g.hog()
        g.tell(p, "creep 1000", wait=False)
        r = parsed(obsctl("cgroup", g.path, "-d", "3", "--json").out)
        equal((r["verdict"], r["cgroup_path"], r["limit"], r["limit_of"]), ("climb", g.path, 256 * MIB, g.path), "verdict")
        equal(r["cgroup_number"], os.stat(g.dir).st_ino, "number")
        at_least(r["held_confidence"], 0.95, "confidence")
        at_least(part(r, "anon")["change"], MIB, "growth of anon")
        assert part(r, "anon")["bytes"] > r["current"] / 2, f"anon is not most of {r}"
        equal(r["oom_kills"], 0, "kills")
        contains(r["next"], f"--cgroup '{g.path}'", "the next command")
        done = obsctl("cgroup", g.path, "-d", "2", "--fail", status=3)
        contains(done.out, "A steady climb: what it holds grew by", "text")
        contains(done.out, f"of 256 MiB, the memory.max of {g.path}", "text")
        contains(done.err, "climbs, and --fail was given", "warning")


@test("memory that is taken at once, and given back, is a spike")
def spike():
    with Group("memory", memory_max=256 * MIB) as g:
        p = g.hog()
        with Background("cgroup", g.path, "-i", "100", "--json") as b:
            time.sleep(1)
            g.tell(p, "take 40")
            time.sleep(1)
            g.tell(p, "drop")
            time.sleep(0.7)
            r = parsed(b.stop().out)
        equal(r["verdict"], "spike", f"verdict of {r}")
        contains(r["verdict_text"], "memory of programs", "text")


@test("page cache is no leak")
def cache():
    if subprocess.run(["modprobe", "brd", "rd_nr=1", "rd_size=32768"], check=False, stderr=subprocess.DEVNULL).returncode:
        skip("no brd")
    try:
        # Its cache goes when nobody has the disk open.
        with Group("memory", memory_max=512 * MIB) as g, open("/dev/ram0", "rb"):
            steps = " ".join(map(str, range(16)))
            r = parsed(obsctl("cgroup", g.path, "--json", "--", "sh", "-c",
                              f"echo $$ >{g.dir}/cgroup.procs; sleep 0.5; for i in {steps}; do dd if=/dev/ram0 of=/dev/null bs=1M "
                              "skip=$((2*i)) count=2 status=none; sleep 0.1; done").out)
            equal(r["verdict"], "cache", f"verdict of {r}")
            assert 28 * MIB <= part(r, "file")["change"] <= 36 * MIB, f"growth of page cache: {part(r, 'file')}"
    finally:
        subprocess.run(["rmmod", "brd"], check=False)


def killed(g, p, cause):
    with Background("cgroup", g.path, "-i", "100", "--json") as b:
        time.sleep(0.6)
        g.tell(p, "take 100", wait=False)
        equal(p.wait(timeout=WAIT), -signal.SIGKILL, "end of the hog")
        time.sleep(0.6)
        r = parsed(b.stop().out)
    equal((r["oom_kills"], r["events"]["oom_kill"], g.events()["oom_kill"]), (1, 1, 1), "kills")
    equal((r["oom_limit_of"], r["limit_of"]), (cause, cause), "whose limit it was")
    row, = r["killed"]
    equal((row["victim"], row["victim_pid"], row["comm"], row["pid"], row["cgroup"], row["count"]),
          ("python3", p.pid, "python3", p.pid, g.path, 1), "who was killed, and who wanted the memory")


@test("a process that is killed for want of memory: who, and by whose limit")
def kill():
    with Group("memory", memory_max=32 * MIB) as g:
        killed(g, g.hog(), g.path)


@test("the limit of a group above it")
def kill_above():
    with Group("memory", above={"memory.max": 32 * MIB}) as g:
        killed(g, g.hog(), "/kobs-mem")


@test("page oom counts kills, and --fail tells")
def kill_command():
    with Group("memory", memory_max=32 * MIB) as g:
        r = json.loads(obsctl("page", "oom", "--json", "--", "sh", "-c",
                              f"echo $$ >{g.dir}/cgroup.procs; python3 -S -E -c \"bytearray(b'x' * (100 << 20))\"").out)
        account(r)
        equal([(row["comm"], row["cgroup"], row["count"]) for row in r["rows"]], [("python3", g.path, 1)], "rows")
        equal(r["rows"][0]["victim_pid"], r["rows"][0]["pid"], "the victim")
        p = g.hog()
        with Background("cgroup", g.path, "-i", "100", "--fail") as b:
            time.sleep(0.6)
            g.tell(p, "take 100", wait=False)
            p.wait(timeout=WAIT)
            time.sleep(0.3)
            done = b.stop(status=3)
        contains(done.out, f"Killed for want of memory: 1 process, since there was no more below the limit of {g.path}", "text")
        contains(done.out, "oom_kill 1 (ever 2)", "events")
        contains(done.err, "had processes killed for want of memory, and --fail was given", "warning")


@test("all groups by memory")
def table():
    with Group("memory", memory_max=256 * MIB) as g:
        p = g.hog()
        g.tell(p, "take 20")
        r = json.loads(obsctl("cgroup", "--json").out)
        sizes = [row["current"] for row in r["rows"]]
        equal(sizes, sorted(sizes, reverse=True), "order")
        hog = next(row for row in r["rows"] if row["cgroup_path"] == g.path)
        above = next(row for row in r["rows"] if row["cgroup_path"] == "/kobs-mem")
        at_least(hog["anon"], 20 * MIB, "anon")
        at_least(above["current"], hog["current"], "memory of the group above")
        equal((hog["limit"], "limit" in above, hog["oom_kills"]), (256 * MIB, False, 0), "limits")
        equal(len(json.loads(obsctl("cgroup", "-n", 1, "--json").out)["rows"]), 1, "rows of -n 1")
        shown = obsctl("cgroup", "-d", "500ms").out
        assert re.search(r"^CGROUP +MEMORY +LIMIT +USED +ANON +FILE +SLAB +BYTES/S", shown, re.M), shown
        contains(shown, g.path, "text")
        contains(shown, "Next: obsctl cgroup '", "text")
        r = json.loads(obsctl("cgroup", g.path, "-d", "500ms", "--json").out)
        equal(r["verdict"], "steady", "verdict")


@test("CPU time that is used up")
def throttled():
    with Group("cpu", cpu_max="10000 100000") as g:
        r = json.loads(obsctl("cgroup", g.path, "--passive", "--json", "--", "sh", "-c",
                              f"echo $$ >{g.dir}/cgroup.procs; timeout 2 sh -c 'while :; do :; done'; :").out)
        equal(r["cpu"]["quota"], 0.1, "quota")
        at_least(r["cpu"]["throttled"], 3, "periods throttled")
        at_least(r["cpu"]["periods"], r["cpu"]["throttled"], "periods")
        at_least(r["cpu"]["throttled_us"], 1, "time throttled")
        contains(obsctl("cgroup", g.path, "--fail", "-d", "1", status=1).err, "it has no memory controller", "refusal")
        assert "current" not in r and "verdict" not in r, f"memory of a group without its controller: {r}"


@test("a group that is removed, and those that are not there")
def removed():
    with Group("memory") as g:
        with Background("cgroup", g.path, "-i", "100", "--json") as b:
            time.sleep(0.5)
            os.rmdir(g.dir)
            r = parsed(b.finish().out)
        equal((r["removed"], r["cgroup_path"]), (True, g.path), "removed")
        for name, part_of in (("/kobs-mem/nothing", "there is no control group '/kobs-mem/nothing'"),
                              ("kobs-memo", "(near it: kobs-mem)")):
            contains(obsctl("cgroup", name, "-d", "1", status=1).err, part_of, "refusal")
    contains(obsctl("cgroup", "/", "--fail", "-d", "1", status=1).err, "nothing is known of that of /: it is the root", "refusal")
    for args, part_of in ((("/", "/"), "shows one group, and there are 2"), (("--fail",), "--fail is about one group"),
                          (("/", "-n", "3"), "-n is about the table of all groups")):
        contains(obsctl("cgroup", *args, status=2).err, part_of, "refusal")


main()
