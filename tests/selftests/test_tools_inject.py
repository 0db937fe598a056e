# SPDX-License-Identifier: GPL-2.0
"""Tools of disk, net and page where something goes wrong on purpose: scsi_debug's errors and busy host, netem's loss and delay, a cgroup that is full."""

import glob

from toolkit import *

OPTS = "/sys/bus/pseudo/drivers/scsi_debug/opts"
EVERY = "/sys/bus/pseudo/drivers/scsi_debug/every_nth"
# BLK_STS_RESOURCE and BLK_STS_DEV_RESOURCE: the driver cannot take a request now.
NOT_NOW = "ret == 9 || ret == 13"
# Sectors that cannot be read, from drivers/scsi/scsi_debug.c.
BAD = 0x1234


def put(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(str(text))


class ScsiDebug:
    """A disk in memory, and what it does wrong."""

    def __init__(self, opts, every=0):
        # Nobody loads what drives a disk that comes.
        r = subprocess.run(["modprobe", "sd_mod"], capture_output=True, text=True, check=False)
        if not r.returncode:
            r = subprocess.run(["modprobe", "scsi_debug", "dev_size_mb=16", "delay=0"], capture_output=True, text=True, check=False)
        if r.returncode:
            skip(f"no scsi_debug: {r.stderr.strip()}")
        self.disk = until(lambda: next((os.path.basename(p) for p in glob.glob("/sys/bus/pseudo/drivers/scsi_debug/adapter*/host*/target*/*:*/block/*")), None),
                          "its disk")
        until(lambda: os.path.exists(f"/dev/{self.disk}"), "its device")
        subprocess.run(["dd", f"if=/dev/{self.disk}", "of=/dev/null", "bs=64k", "count=4", "status=none"], check=True)
        put(EVERY, every)
        put(OPTS, opts)

    def __enter__(self):
        return self.disk

    def __exit__(self, *exc):
        put(OPTS, 0)
        put(EVERY, 0)
        until(lambda: subprocess.run(["rmmod", "scsi_debug"], capture_output=True, check=False).returncode == 0, "scsi_debug to go")


def of_disk(disk):
    return ["--where", f'rq->q->disk->disk_name == "{disk}"']


@test("disk errors: sectors that a disk cannot read")
def errors():
    with ScsiDebug(2) as disk:
        read_at = f"dd if=/dev/{disk} of=/dev/null iflag=direct bs=512 count=1 status=none skip="
        run = ["sh", "-c", f"for i in 0 1 2; do {read_at}$(({BAD} + i)) 2>/dev/null; done; for i in 1 2 3 4; do {read_at}$i; done"]
        r = report("disk", "errors", *of_disk(disk), run=run)
        equal(table(r, "disk", "op", "status"), {(disk, "REQ_OP_READ", "BLK_STS_MEDIUM"): 3}, "rows")
        # Without the kernel's types, too, of all disks.
        r = report("disk", "errors", run=run, env=NO_TYPES)
        equal(table(r, "status"), {("BLK_STS_MEDIUM",): 3}, "rows without types")


@test("disk requeues: what the driver did not take, as often as it said so")
def requeues():
    with ScsiDebug(0x8000, 5) as disk:
        run = ["sh", "-ec", f"dd if=/dev/{disk} of=/dev/null iflag=direct bs=4096 count=300 status=none"]
        # A host that was busy once is left alone for a while.
        with Background("probe", "count", "kr:scsi_queue_rq", "--where", NOT_NOW, "--json") as b:
            r = report("disk", "requeues", *of_disk(disk), run=run)
            busy = sum(row["count"] for row in b.report()["rows"])
        equal({(row["disk"], row["op"]) for row in r["rows"]}, {(disk, "REQ_OP_READ")}, "disk and operation")
        at_least(busy, 50, "times that the driver is busy")
        equal(sum(row["count"] for row in r["rows"]), busy, "requeues")


# A network of its own, in which something happens to what is sent.
NETEM = """
import json, select, socket, subprocess, sys
def run(*words):
    subprocess.run(words, check=True)
# A segment each, as the kernel counts them.
run("ip", "link", "set", "lo", "up", "gso_max_segs", "1")
run("tc", "qdisc", "add", "dev", "lo", "root", "netem", *sys.argv[3].split())
n, size = int(sys.argv[2]), 200000
server = socket.create_server(("127.0.0.1", 4321))
for i in range(n):
    t = socket.create_connection(("127.0.0.1", 4321))
    u, _ = server.accept()
    if "loss" in sys.argv[3]:
        t.setblocking(False)
        left, sent = size, 0
        while left:
            r, w, _ = select.select([u], [t] if sent < size else [], [], 60)
            if w:
                sent += t.send(bytes(min(4096, size - sent)))
            if r:
                left -= len(u.recv(65536))
    t.close()
    u.close()
lines = open("/proc/net/snmp").read().splitlines()
tcp = [line.split()[1:] for line in lines if line.startswith("Tcp:")]
json.dump(dict(zip(tcp[0], map(int, tcp[1]))), open(sys.argv[1], "w"))
"""
COUNTERS = "/tmp/kobs_netem_counters"


def netem(n, what):
    if subprocess.run(["modprobe", "sch_netem"], capture_output=True, check=False).returncode or not shutil.which("tc"):
        skip("no sch_netem, or no tc")
    return ["unshare", "-n", *python(NETEM, COUNTERS, n, what)]


@test("net connect: connections take twice the delay of a packet")
def delay():
    r = report("net", "connect", "--by", "peer,port", run=netem(5, "delay 50ms"))
    row, = r["rows"]
    equal((row["peer"], row["port"], row["count"]), ("127.0.0.1", 4321, 5), "row")
    at_least(row["min"], 100_000_000, "ns of there and back")
    at_most(row["p50"], 1_000_000_000, "ns, without one that is sent again")


@test("net retransmit: as many segments as the kernel counts, where packets are lost")
def loss():
    with Background("probe", "count", "t:tcp:tcp_retransmit_synack", "--json") as b:
        r = report("net", "retransmit", run=netem(2, "loss 10%"))
        answers = sum(row["count"] for row in b.report()["rows"])
    with open(COUNTERS, encoding="ascii") as f:
        want = json.load(f)["RetransSegs"] - answers
    at_least(want, 1, "segments that the kernel sends again")
    at_least(sum(row["count"] for row in r["rows"]), 1, "rows")
    equal(sum(row["count"] for row in r["rows"]), want, "segments")
    equal({row["peer"] for row in r["rows"]}, {"127.0.0.1"}, "peer")


CGROUP = "/tmp/kobs_cgroup"


@test("page reclaim: a program whose cgroup is full reclaims as often as that is counted")
def reclaim():
    os.makedirs(CGROUP, exist_ok=True)
    subprocess.run(["mount", "-t", "cgroup2", "none", CGROUP], check=True)
    try:
        try:
            put(f"{CGROUP}/cgroup.subtree_control", "+memory")
        except OSError:
            skip("no cgroup of memory")
        os.mkdir(f"{CGROUP}/kobs")
        put(f"{CGROUP}/kobs/memory.max", 16 << 20)
        with ScsiDebug(0) as disk:
            # Pages of the disk, which can be dropped: no swap is needed.
            r = report("page", "reclaim", "--by", "comm,from", "--comm", "dd", run=[
                "sh", "-ec", f"echo $$ >{CGROUP}/kobs/cgroup.procs; for i in 1 2 3; do dd if=/dev/{disk} of=/dev/null bs=64k status=none; done"])
            again = report("page", "reclaim", "--by", "from", "--comm", "dd", run=["dd", f"if=/dev/{disk}", "of=/dev/null", "bs=64k", "status=none"])
        events = dict(line.split() for line in read(f"{CGROUP}/kobs/memory.events").splitlines())
    finally:
        if os.path.isdir(f"{CGROUP}/kobs"):
            until(lambda: not read(f"{CGROUP}/kobs/cgroup.procs").strip(), "the cgroup to be empty")
            os.rmdir(f"{CGROUP}/kobs")
        subprocess.run(["umount", CGROUP], check=True)
    found = table(r, "comm", "from")
    equal(set(found), {("dd", "t:vmscan:mm_vmscan_memcg_reclaim_begin")}, "who, and where")
    at_least(int(events["max"]), 1, "times that the cgroup was full")
    equal(sum(found.values()), int(events["max"]), "reclaims")
    at_least(min(row["min"] for row in r["rows"]), 1, "ns")
    equal(again["rows"], [], "reclaims outside of the cgroup")


if __name__ == "__main__":
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        print("1..0 # SKIP this kernel has no BTF")
        sys.exit(SKIP_STATUS)
    main()
