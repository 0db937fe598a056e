# SPDX-License-Identifier: GPL-2.0
"""lock futex: waits of a program that knows which futexes it waits for, for how long, and how that ends."""

from toolkit import *

UFUTEX = f"{SRC}/build/selftests/ufutex"
NR = 202 if os.uname().machine == "x86_64" else 98

# Waits for one futex until a time is over, for another whose value is not what is expected; wakes somebody up who is not there.
PROGRAM = f"""
import ctypes, struct, sys
libc = ctypes.CDLL(None)
place = int(sys.argv[1])
libc.mmap.restype = ctypes.c_void_p
if libc.mmap(ctypes.c_void_p(place), ctypes.c_size_t(4096), 3, 0x100022, -1, ctypes.c_long(0)) != place:
    sys.exit(9)
timeout = struct.pack("qq", 0, 20000000)
for i in range(8):
    libc.syscall({NR}, ctypes.c_void_p(place), 128, 0, timeout, 0, 0)
for i in range(5):
    libc.syscall({NR}, ctypes.c_void_p(place + 64), 0, 77, timeout, 0, 0)
for i in range(11):
    libc.syscall({NR}, ctypes.c_void_p(place), 129, 1, 0, 0, 0)
"""


@test("futex: waits by their futex, and what ends them")
def waits():
    place = 0x600000000000
    r = report("lock", "futex", "--by", "futex,error,comm", "--comm", "python3", run=python(PROGRAM, place))
    found = {k: n for k, n in table(r, "futex", "error", "comm").items() if k[0].startswith("0x6")}
    equal(found, {(f"{place:#x}", "ETIMEDOUT", "python3"): 8, (f"{place + 64:#x}", "EAGAIN", "python3"): 5}, "waits")
    row, = [row for row in r["rows"] if row["error"] == "ETIMEDOUT"]
    at_least(row["min"], 20_000_000, "ns waited")
    at_least(r["accounting"]["filtered"], 11, "calls that do not wait")


@test("futex: neither a timeout nor another value has a waker, the return of what does not wait ends nothing")
def wakerless():
    need_btf()
    place = 0x600000000000
    r = report("lock", "futex", "--by", "futex,pid,waker,waker_pid,via,op", "--comm", "python3", run=python(PROGRAM, place))
    found = {row["futex"]: (row["count"], row["waker"], row["waker_pid"], row.get("via"), row["op"]) for row in r["rows"] if row["futex"].startswith("0x6")}
    equal(found, {f"{place:#x}": (8, "", 0, None, "FUTEX_WAIT"), f"{place + 64:#x}": (5, "", 0, None, "FUTEX_WAIT")}, "waits without a waker")
    equal(r["accounting"].get("unpaired", 0), 0, "ends without a begin")


def known(command, n, ms, *args):
    """What obsctl and ufutex say of n waits: the report, and ns within and around them."""
    r = obsctl("lock", "futex", *args, "--json", "--", UFUTEX, command, n, ms)
    pid, within, around = map(int, re.search(r"^(\d+) (\d+) (\d+)$", r.err, re.M).groups())
    return account(json.loads(r.out)), pid, within, around


@test("futex: a mutex that is held for 200 ms, by its name, and who unlocked it")
def mutex():
    need_btf()
    r, pid, within, around = known("mutex", 3, 200, "--by", "comm,pid,futex,op,waker,waker_pid,error,via")
    row, = [row for row in r["rows"] if row["futex"] == "uf_gate [ufutex]"]
    equal({k: row[k] for k in ("comm", "pid", "op", "waker", "waker_pid", "error", "via", "count")},
          {"comm": "uf_waiter", "pid": pid, "op": "FUTEX_WAIT", "waker": "uf_holder", "waker_pid": pid, "error": "0", "via": "k:__futex_unqueue",
           "count": 3}, "row of the mutex")
    at_least(row["min"], 200_000_000, "shortest")
    assert within <= row["sum"] <= around, f"{within} <= {row['sum']} <= {around}"


@test("futex: a condition variable that is signalled")
def condition():
    need_btf()
    r, pid, within, around = known("cond", 5, 20, "--by", "comm,pid,futex,op,waker")
    rows = [row for row in r["rows"] if row["futex"].startswith("uf_cond")]
    equal({(row["comm"], row["op"], row["waker"]) for row in rows}, {("uf_waiter", "FUTEX_WAIT_BITSET", "uf_holder")}, "who, and what")
    equal(sum(row["count"] for row in rows), 5, "waits")
    total = sum(row["sum"] for row in rows)
    assert within <= total <= around, f"{within} <= {total} <= {around}"


@test("futex: the stacks of who waited and of who woke it up")
def stacks():
    need_btf()
    r, *_ = known("word", 4, 5, "--by", "futex,pid,ustack,via_ustack")
    row, = [row for row in r["rows"] if row["futex"] == "uf_word [ufutex]"]
    equal(row["count"], 4, "waits")
    for column, functions in ("ustack", ("uf_wait", "wait_rounds")), ("via_ustack", ("uf_wake", "uf_round", "main")):
        text = " ".join(row[column])
        for name in functions:
            contains(text, f"{name}+", f"column {column}")


@test("futex: one in a shared file, whose waiter another process wakes up")
def shared():
    need_btf()
    path = "/dev/shm/kobs_futex"
    with open(path, "wb") as f:
        f.write(bytes(4096))
    wait = f"import ctypes, mmap\nf = open({path!r}, 'r+b')\nm = mmap.mmap(f.fileno(), 4096)\n" \
           "a = ctypes.addressof(ctypes.c_char.from_buffer(m, 64))\nlibc = ctypes.CDLL(None)\n"
    with Background("lock", "futex", "--by", "pid,futex,waker,waker_pid,waker_tid", "--json") as b:
        p = subprocess.Popen(python(wait + f"libc.syscall({NR}, ctypes.c_void_p(a), 0, 0, None, 0, 0)\ninput()\n"), stdin=subprocess.PIPE)
        until(lambda: read(f"/proc/{p.pid}/syscall").startswith(f"{NR} "), "a wait")
        q = subprocess.Popen(python(wait + f"open('/proc/self/comm', 'w').write('alarm')\nlibc.syscall({NR}, ctypes.c_void_p(a), 1, 1, None, 0, 0)\n"))
        q.wait()
        until(lambda: not read(f"/proc/{p.pid}/syscall").startswith(f"{NR} "), "its end")
        # It lives while its mappings are read.
        r = b.report()
        p.communicate(b"\n")
    found = [row for row in r["rows"] if row["pid"] == p.pid]
    equal([(row["futex"], row["waker"], row["waker_pid"], row["waker_tid"], row["count"]) for row in found],
          [("[kobs_futex] 0x40", "alarm", q.pid, q.pid, 1)], "row")
    os.unlink(path)


@test("futex: where the kernel tells no types, the waker is not known")
def no_types():
    r = report("lock", "futex", "--by", "comm,pid,futex,op,error", run=[UFUTEX, "mutex", 2, 1], env=NO_TYPES)
    equal([row["count"] for row in r["rows"] if row["futex"] == "uf_gate [ufutex]"], [2], "waits")
    r = obsctl("lock", "futex", "--by", "waker", "--", "true", status=None, env=NO_TYPES)
    assert r.status, "refused"


@test("futex: a wait that goes on is pending")
def pending():
    with Background("lock", "futex", "--where", "arg2 == 77", "--json") as b:
        p = subprocess.Popen(python(f"import ctypes\nx = ctypes.c_int(77)\nctypes.CDLL(None).syscall({NR}, ctypes.byref(x), 128, 77, None, 0, 0)\n"))
        until(lambda: read(f"/proc/{p.pid}/syscall").startswith(f"{NR} "), "a wait")
        r = b.report()
        p.kill()
        p.wait()
    equal(r["accounting"]["pending"], 1, "waits that go on")


if __name__ == "__main__":
    main()
