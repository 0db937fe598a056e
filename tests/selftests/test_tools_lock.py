# SPDX-License-Identifier: GPL-2.0
"""lock futex: waits of a program that knows which futexes it waits for, for how long, and how that ends."""

from toolkit import *

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
    found = {k: n for k, n in table(r, "futex", "error", "comm").items() if int(k[0], 16) in (place, place + 64)}
    equal(found, {(f"{place:#x}", "ETIMEDOUT", "python3"): 8, (f"{place + 64:#x}", "EAGAIN", "python3"): 5}, "waits")
    row, = [row for row in r["rows"] if row["error"] == "ETIMEDOUT"]
    at_least(row["min"], 20_000_000, "ns waited")
    at_least(r["accounting"]["filtered"], 11, "calls that do not wait")


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
