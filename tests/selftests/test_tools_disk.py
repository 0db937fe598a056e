# SPDX-License-Identifier: GPL-2.0
"""disk: requests to a disk that exists in memory only, whose number and size are known."""

from toolkit import *

DISK = "nullb0"
WHERE = ["--where", f'rq->q->disk->disk_name == "{DISK}"']


def dd(*commands):
    """A command that copies to and from the disk; each is w or r, a block's size and the number of blocks."""
    lines = []
    for direction, size, blocks in commands:
        files = f"if=/dev/zero of=/dev/{DISK} oflag=direct" if direction == "w" else f"if=/dev/{DISK} of=/dev/null iflag=direct"
        lines.append(f"dd {files} bs={size} count={blocks} status=none")
    return ["sh", "-ec", "; ".join(lines)]


@test("size: requests of each size, by disk and operation")
def size():
    r = report("disk", "size", *WHERE, run=dd(("w", 4096, 30), ("r", 65536, 7), ("w", 512, 5)))
    got = {(row["disk"], row["op"], row["op_number"]): (row["count"], row["sum"], row["min"], row["max"]) for row in r["rows"]}
    equal(got, {(DISK, "REQ_OP_WRITE", 1): (35, 30 * 4096 + 5 * 512, 512, 4096), (DISK, "REQ_OP_READ", 0): (7, 7 * 65536, 65536, 65536)},
          "rows")
    equal(r["accounting"]["lost"], {}, "lost")


@test("size: by operation, and as text with percentiles")
def text():
    r = report("disk", "size", *WHERE, "--by", "op", run=dd(("w", 8192, 12)))
    equal(table(r, "op"), {("REQ_OP_WRITE",): 12}, "rows")
    out = obsctl("disk", "size", *WHERE, "--", *dd(("w", 8192, 12))).out
    assert re.search(rf"^disk size of 1 probe, .*\n\nDISK +OP +COUNT .*P99.*\n{DISK} +REQ_OP_WRITE +12 ", out, re.M), out


@test("latency and trace: each request, which takes as long as the disk is told to")
def latency():
    where = ["--where", f'from.rq->q->disk->disk_name == "{DISK}"']
    r = report("disk", "latency", *where, "--by", "disk,op", run=dd(("w", 4096, 25), ("r", 8192, 10)))
    equal(table(r, "disk", "op"), {(DISK, "REQ_OP_WRITE"): 25, (DISK, "REQ_OP_READ"): 10}, "rows")
    for row in r["rows"]:
        at_least(row["min"], 2_000_000, "ns of a request")
        assert row["p50"] <= row["p99"], f"percentiles of {row}"
    r = report("disk", "latency", *where, "--by", "kstack", run=dd(("r", 4096, 5)))
    contains(" ".join(r["rows"][0]["kstack"]), "blk_mq", "stack of who issues")
    equal(sum(row["count"] for row in r["rows"]), 5, "requests by stack")
    out = obsctl("disk", "trace", *where, "--json", "--", *dd(("w", 4096, 6), ("r", 8192, 3))).out
    lines = [json.loads(line) for line in out.splitlines()]
    account(lines[-1])
    equal([(x["disk"], x["op"], x["bytes"]) for x in lines[:-1]],
          [(DISK, "REQ_OP_WRITE", 4096)] * 6 + [(DISK, "REQ_OP_READ", 8192)] * 3, "records")
    assert all(x["duration_ns"] >= 2_000_000 for x in lines[:-1]), f"durations of {lines}"
    out = obsctl("disk", "trace", *where, "--", *dd(("r", 4096, 3))).out
    equal(len(re.findall(r" bytes=4096 duration=\d+(\.\d+)? ms$", out, re.M)), 3, f"durations with their unit in {out}")


@test("numbers of devices are shown as such, in columns of events and of members")
def device_numbers():
    rdev = os.stat(f"/dev/{DISK}").st_rdev
    name, number = f"{os.major(rdev)}:{os.minor(rdev)} ({DISK})", os.major(rdev) << 20 | os.minor(rdev)
    event = "t:block:block_rq_complete"
    run = dd(("w", 4096, 9))
    # Of the event's record, and of an argument.
    for column in ("dev",) + (("rq->q->disk->part0->bd_dev=dev",) if HAS_BTF else ()):
        rows = [row for row in report("probe", "count", event, "--by", column, run=run)["rows"] if row["dev_number"] == number]
        equal([(row["dev"], row["count"]) for row in rows], [(name, 9)], f"rows by {column}")
    out = obsctl("probe", "trace", event, "--where", f"dev == {number}", "--by", "dev", "--", *run).out
    equal(len(re.findall(rf" dev={re.escape(name)}$", out, re.M)), 9, f"records in {out}")
    # A difference is none.
    r = report("probe", "count", event, "--where", f"dev == {number}", "--by", "dev - 1=less", run=run)
    equal(table(r, "less"), {(number - 1,): 9}, "rows by an expression")


@test("latency without the kernel's types")
def no_types():
    r = report("disk", "latency", "--min", "2ms", run=dd(("w", 4096, 25), ("r", 8192, 10)), env=NO_TYPES)
    equal((sum(row["count"] for row in r["rows"]), r["by"]), (35, ["comm"]), "requests that take long")


@test("queue: with a scheduler, each request that it queues")
def queue():
    with open(f"/sys/block/{DISK}/queue/scheduler", "w", encoding="ascii") as f:
        f.write("mq-deadline")
    where = ["--where", f'from.rq->q->disk->disk_name == "{DISK}"']
    r = report("disk", "queue", *where, run=dd(("w", 4096, 20)))
    equal(table(r, "disk", "op"), {(DISK, "REQ_OP_WRITE"): 20}, "rows")


BAD = "/sys/kernel/config/nullb/kobs"


@test("errors: requests that fail, by what the driver says")
def errors():
    # A disk that cannot read a few of its sectors.
    if not os.path.isdir(os.path.dirname(BAD)):
        subprocess.run(["mount", "-t", "configfs", "none", "/sys/kernel/config"], check=True)
    os.mkdir(BAD)
    try:
        for name, value in ("size", 16), ("memory_backed", 1), ("badblocks", "+80-87"), ("power", 1):
            with open(f"{BAD}/{name}", "w", encoding="ascii") as f:
                f.write(str(value))
        # Some kernels call it as its directory is called.
        disk = next(d for d in ("kobs", f"nullb{read(f'{BAD}/index').strip()}") if os.path.exists(f"/dev/{d}"))
        bad, good = (f"dd if=/dev/{disk} of=/dev/null iflag=direct bs=4096 skip={n} count={m}" for n, m in ((10, 1), (20, 9)))
        run = ["sh", "-c", f"for i in 1 2 3 4 5 6; do {bad} 2>/dev/null; done; {good} status=none"]
        r = report("disk", "errors", run=run)
        equal(table(r, "disk", "op", "status"), {(disk, "REQ_OP_READ", "BLK_STS_IOERR"): 6}, "rows")
        equal(r["rows"][0]["status_number"], 10, "number of the status")
    finally:
        os.rmdir(BAD)


def merged():
    """Merges that the disk counts, of bios and of requests."""
    words = read(f"/sys/block/{DISK}/stat").split()
    return int(words[1]) + int(words[5])


@test("merges: with those of requests, as many as the disk counts")
def merges():
    with open(f"/sys/block/{DISK}/queue/scheduler", "w", encoding="ascii") as f:
        f.write("mq-deadline")
    write = ["sh", "-ec", f"dd if=/dev/zero of=/dev/{DISK} bs=4096 count=600 conv=fsync status=none"]
    with Background("probe", "count", "t:block:block_rq_merge", "--where", f'rq->q->disk->disk_name == "{DISK}"', "--json") as b:
        before = merged()
        r = report("disk", "merges", "--where", f'bio->bi_bdev->bd_disk->disk_name == "{DISK}"', run=write)
        n = merged() - before
        of_requests = sum(row["count"] for row in json.loads(b.stop().out.splitlines()[-1])["rows"])
    equal({(row["disk"], row["op"]) for row in r["rows"]}, {(DISK, "REQ_OP_WRITE")} if n else set(), "disk and operation")
    equal(sum(row["count"] for row in r["rows"]) + of_requests, n, "merges")


if __name__ == "__main__":
    need = subprocess.run(["modprobe", "null_blk", "nr_devices=1", "gb=1", "bs=512", "queue_mode=2", "irqmode=2",
                           "completion_nsec=2000000"], capture_output=True, text=True, check=False)
    if need.returncode or not os.path.exists("/sys/kernel/btf/vmlinux"):
        print(f"1..0 # SKIP no null_blk, or no BTF: {need.stderr.strip()}")
        sys.exit(SKIP_STATUS)
    try:
        main()
    finally:
        subprocess.run(["rmmod", "null_blk"], check=True)
