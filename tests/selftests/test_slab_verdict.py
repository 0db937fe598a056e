# SPDX-License-Identifier: GPL-2.0
"""slab leaks: the verdict names the leaking sites and no other site of the kernel, under load."""

from slabtest import *
import threading

LEAKING = ["kmalloc", "large", "cache", "bulk", "krealloc", "zalloc_node"]
SECONDS = 15 * (2 if KERNEL == "debug" else 1)

# Rounds of ordinary work that leave nothing behind.
WORK = """
d=/tmp/work.$$
trap 'rm -rf $d; exit' TERM
while :; do
	mkdir $d
	tar -C /usr/share -cf $d/t.tar common-licenses doc/bash
	tar -C $d -xf $d/t.tar
	find /usr/share/doc/b* /proc/self /sys/kernel/mm -type f >/dev/null 2>&1
	printf 'int main(void) { return 0; }' >$d/x.c
	! command -v gcc >/dev/null || gcc -o $d/x $d/x.c 2>/dev/null
	rm -rf $d
	echo >>/tmp/rounds
done
"""

LOOPBACK = """
import socket, time
while True:
    a = socket.create_server(("127.0.0.1", 0))
    b = socket.create_connection(a.getsockname())
    c, _ = a.accept()
    for _ in range(20):
        b.sendall(b"x" * 10000)
        got = 0
        while got < 10000:
            got += len(c.recv(65536))
    for s in (a, b, c):
        s.close()
    time.sleep(0.05)
"""


TIME_WAIT = "/proc/sys/net/ipv4/tcp_max_tw_buckets"
ROUNDS = "/tmp/rounds"


class Work:
    """Load until __exit__(), and non-leaking work by kobs_gen_slab."""

    def __enter__(self):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=False)
        # A closed connection is kept for a minute, longer than this test: limit their number.
        self.tw = read(TIME_WAIT)
        write(TIME_WAIT, "8")
        self.ps = [subprocess.Popen(["sh", "-c", WORK], start_new_session=True),
                   subprocess.Popen(["/usr/bin/python3", "-c", LOOPBACK], start_new_session=True)]
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.innocent)
        self.thread.start()
        # Caches of a machine that has just begun to work do grow: a file that is seen for the first time keeps its
        # place in them, and with it whatever its file system needs (9p's p9_fid_create, not marked as reclaimable).
        write(ROUNDS, "")
        until(lambda: len(read(ROUNDS)) >= 2, "two rounds of work")

    def innocent(self):
        ways = ["kfree", "kfree_rcu", "headless", "kfree_bulk", "cache_free_bulk", "other_cpu", "irq_free",
                "krealloc", "bulk"]
        while not self.ended.is_set():
            for how in ways:
                gen_slab(f"clean {how} 50")
            gen_slab("storm 200")
            gen_slab("plateau 300 100")
            self.ended.wait(0.1)

    def __exit__(self, *exc):
        self.ended.set()
        self.thread.join()
        for p in self.ps:
            os.killpg(p.pid, signal.SIGKILL)
            p.wait()
        subprocess.run("rm -rf /tmp/work.*", shell=True, check=False)
        write(TIME_WAIT, self.tw)


# kmemleak, where the kernel has it, allocates a record per object, including the leaked ones.
RECORDS = {"__alloc_object"} if os.path.exists("/sys/kernel/debug/kmemleak") else set()


def accused(report):
    return {r["site"].split("+")[0] for r in report["rows"] if r.get("verdict") == "leak"} - RECORDS


def evidence(report):
    return [{k: r[k] for k in ("site", "cache", "live", "allocated", "freed", "kept", "live_after", "confidence")}
            for r in report["rows"] if r.get("verdict") == "leak"]


@test("the sites that leak and no others, while the machine works")
def leaking():
    leaked = {how: 0 for how in LEAKING}
    before = slab_stats()
    with Work():
        with Background("slab", "leaks", "--json", "--budget", 0) as b:
            end = time.monotonic() + SECONDS
            try:
                # Longer on a slow host: the verdict depends on the steadiness of the leak.
                while time.monotonic() < end or leaked[LEAKING[0]] < 90:
                    for how in LEAKING:
                        gen_slab(f"leak {how} task 3")
                        leaked[how] += 3
                    time.sleep(0.25)
                r = slab_balance(json.loads(b.stop().out))
                stats = slab_stats()
            finally:
                gen_slab("drop")
    for how, n in leaked.items():
        equal(stats[f"leaked_{how}"] - before[f"leaked_{how}"], n, f"objects that were leaked by {how}")
        equal(total(r, f"leak_{how}"), n, f"live objects of {how}")
        same_bytes(total(r, f"leak_{how}", "live_bytes"), stats[f"leaked_bytes_{how}"] - before[f"leaked_bytes_{how}"],
                   f"bytes of {how}")
    at_least(len(r["rows"]), 100, "rows of the whole kernel")
    equal(accused(r), {f"gen_leak_{how}" for how in LEAKING}, f"sites that are said to leak: {evidence(r)}\nsites")
    equal(r["accounting"]["lost"], {}, "lost")


@test("nothing is accused when nothing leaks")
def innocent():
    with Work():
        r = leaks("--budget", 0, "-d", SECONDS, timeout=WAIT + SECONDS)
    equal(accused(r), set(), f"sites that are said to leak: {evidence(r)}\nsites")
    equal([x for x in rows(r, site=site("clean_*")) if x["live"] > 100], [], "sites of kobs_gen_slab that hold objects")


@test("what grew and stopped is a cache, what comes and goes is churn")
def words():
    try:
        with Background("slab", "leaks", "--json", *MOD) as b:
            end = time.monotonic() + 4
            gen_slab("hold 200")
            while time.monotonic() < end:
                gen_slab("clean kfree 50")
                time.sleep(0.1)
            r = slab_balance(json.loads(b.stop().out))
    finally:
        gen_slab("release")
    equal({x["verdict"] for x in rows(r, site=site("hold_alloc"))}, {"cache"}, "verdict on what is held")
    equal({x["verdict"] for x in rows(r, site=site("clean_kfree"))}, {"churn"}, "verdict on what comes and goes")


@test("a population that outlives the session is turnover")
def turnover():
    args = ("slab", "leaks", "--cache", "kobs_gen_slab_plateau", "--budget", 0)

    def filled(n):
        gen_slab("drop")
        gen_slab(f"plateau {n} 0")

    def numbers(before, step):
        r = slab_balance(json.loads(steady([*args, "--json"], 20, 0.12, step, before).out))
        return [(x["allocated"], x["freed"], x["cache_gained"], x["cache_freed"], x["verdict"])
                for x in rows(r, site=site("plateau_alloc"))]

    try:
        equal(numbers(lambda: filled(400), lambda i: gen_slab("plateau 400 5")), [(100, 0, 100, 100, "turnover")],
              "the site, and its cache")
        # The same with half of the frees is a leak: what is gained exceeds what is freed by more than chance.
        equal(numbers(lambda: filled(400), lambda i: gen_slab(f"plateau {405 + 5 * i} 5")), [(200, 0, 200, 100, "leak")],
              "the site, and its cache, when it grows")
        text = steady(args, 16, 0.12, lambda i: gen_slab("plateau 500 5"), lambda: filled(500)).out
        contains(text, "turnover: kobs_gen_slab_plateau gained 80 objects, and 80 from before the session were freed, most of them by ",
                 "the report's foot")
        contains(text, "allocated before the session, or of other caches\n", "what frees of other objects are")
    finally:
        gen_slab("drop")


@test("a leak in steps")
def stepped():
    def step(i):
        # Each in the middle of a sixth.
        if i % 4 == 1:
            gen_slab("leak kmalloc task 30")

    try:
        r = slab_balance(json.loads(steady(["slab", "leaks", "--json", *MOD], 12, 0.3, step).out))
    finally:
        gen_slab("drop")
    equal([(x["live"], x["verdict"]) for x in rows(r, site=site("leak_kmalloc"))], [(90, "steps")], f"verdict on {r['rows']}")
    at_least(r["steps_need_ns"], r["duration_ns"], "how long to watch")


@test("--fail-over is for leaks")
def fail_over():
    def leak(i):
        gen_slab("leak kmalloc task 5 1000")

    try:
        r = steady(["slab", "leaks", *MOD, "--fail-over", "1KiB"], 16, 0.12, leak, status=3)
        contains(r.err, "--fail-over", "sentence")
        contains(r.out, "leak", "report")
        steady(["slab", "leaks", *MOD, "--fail-over", "1G"], 16, 0.12, leak)
        obsctl("slab", "leaks", *MOD, "--fail-over", "0", "--", *slab_script("hold 500", "release"))
    finally:
        gen_slab("drop")


def left_over(leave, load_first):
    """Observe kobs_gen_slab until another process unloads it."""
    if load_first:
        insmod("kobs_gen_slab", f"leave={leave}")
    with Background("slab", "leaks", "--json", "--module", "kobs-gen-slab", "--budget", 0) as b:
        if not load_first:
            insmod("kobs_gen_slab", f"leave={leave}")
            # obsctl reads a module's names while it is loaded, when it has seen so between two sleeps of 20 ms.
            before = slept(b.p.pid)
            until(lambda: slept(b.p.pid) >= before + 10, "obsctl to look for the module")
        gen_slab("leak kmalloc task 17 100")
        gen_slab("clean kfree_rcu 50")
        gen_slab("hold 20")
        equal(rmmod("kobs_gen_slab"), None, "rmmod's complaint")
        r = b.finish(status=3 if leave else 0)
    return r, slab_balance(json.loads(r.out))


def check_left_over(leave, load_first):
    equal(rmmod("kobs_gen_slab"), None, "rmmod's complaint")
    try:
        r, report = left_over(leave, load_first)
    finally:
        if not loaded("kobs_gen_slab"):
            insmod("kobs_gen_slab")
    # A session started before the module is loaded sees the allocations of its initialisation.
    n = leave if load_first else 2 * leave
    equal({k: report["module"][k] for k in ("name", "loaded", "objects")},
          {"name": "kobs_gen_slab", "loaded": False, "objects": n}, "the module")
    equal(sum(row["live"] for row in report["rows"]), n, f"live objects of {report['rows']}")
    equal(total(report, "exit_leave"), leave, f"objects left by the module's exit: {report['rows']}")
    for name in ("leak_kmalloc", "clean_kfree_rcu", "hold_alloc"):
        equal(total(report, name), 0, f"live objects of {name}")
    at_least(total(report, "clean_kfree_rcu", "allocated"), 50, "allocations of kfree_rcu, by name")
    if leave:
        contains(r.err, f"left {n} slab objects behind", "sentence")
    else:
        equal(r.err, "", "standard error")


@test("what a module leaves behind is named when it is gone")
def module_left():
    check_left_over(23, True)


@test("what a module leaves behind that is loaded later")
def module_later():
    check_left_over(9, False)


@test("a module that leaves nothing")
def module_clean():
    check_left_over(0, True)


slab_main()
