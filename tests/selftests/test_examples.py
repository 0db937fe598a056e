# SPDX-License-Identifier: GPL-2.0
"""
Examples of README.md, docs/reports.md and obsctl(8): each command runs as printed, succeeds and prints something sensible.

An example is a line "obsctl ..." or "$ obsctl ..." in a block of code, or a .Dl line in the man page's section EXAMPLES.
A block is one test point. CHANGED lists the differences from the printed form; an example that only Ctrl-C ends gets a
duration. Files and commands that examples need, such as ./work, are created beforehand.
"""

import contextlib
import re
import shlex
import stat

from kobstest import *
from slabtest import slab_script

PLACE = "/tmp/examples"
BIN = f"{PLACE}/bin"
# Time for examples that only a duration ends; longer when nothing happened in it, as on a machine that is busy with something else.
SECONDS = ["0.5", "2", "8"]
SESSIONS = ["func", "probe", "wall", "syscall", "disk", "net", "irq", "page", "slab", "mem", "lock", "sched", "pmu"]
NOUNS = "|".join(["status", "doctor", "triage", "cgroup", "session", "show", "diff", *SESSIONS])

# Substitutions in the printed commands, with the reason.
CHANGED = [
    (r"\bmydriver\b", "kobs_gen_slab", "a driver of the reader's"),
    (r"(-d) [0-9.]+", r"\1 SECONDS", "no example needs longer to have something to show"),
    (r"\bobsctl triage(?= +#|$)", "obsctl triage -d SECONDS", "ten seconds by default"),
]

# A network of its own, with an interface.
NETWORK = r"""#!/bin/sh
exec unshare -n python3 - <<'END'
import fcntl, socket, struct, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 0x41))
"""

# Commands that examples name. ./work does what the examples look for: files, a pipe, a sleep.
COMMANDS = {
    "work": r"""#!/bin/sh
mkdir tree.$$
cp /etc/passwd tree.$$
tar -cf - tree.$$ | gzip >tree.$$/gz
sleep 0.05
rm -r tree.$$
""",
    "leak": r"""#!/bin/sh
run=/sys/kernel/debug/kobs_gen_slab/run
for i in 1 2 3 4 5 6; do
	echo leak kmalloc task 4 200 >$run
	echo clean kfree_rcu 100 >$run
	sleep 0.1
done
""",
    "locks": r"""#!/bin/bash
locks=/sys/kernel/debug/kobs_gen_lock/run
echo reset >$locks
thread() { # NAME STEP...
	sh -c 'printf %s "$0" >/proc/$$/comm; echo "take $2" >"$1"' "$1" "$locks" "${*:2}" 2>/dev/null &
}
waiting() { # N: for a time in which waits become stalls
	until grep -qx "asking $1" ${locks%run}stats; do sleep 0.1; done
	sleep 1
}
""",
    "stuck": r"""#!/bin/bash
. ./locks
thread holder mutex:0 open:1 gate:2
for i in 1 2 3; do thread waiter$i gate:1 mutex:0; done
waiting 3
echo 'take open:2' >$locks
wait
""",
    "deadlock": r"""#!/bin/bash
. ./locks
thread left mutex:0 open:1 gate:2 mutex:1
left=$!
thread right mutex:1 open:2 gate:1 mutex:0
waiting 2
kill -9 $left
wait 2>/dev/null
""",
    # 400 samples of the CPU that is observed, with three branches each.
    "replay": r"""#!/usr/bin/python3
import os
os.sched_setaffinity(0, {0})
at = {}
for line in open("/proc/kallsyms"):
    address, _, name = line.split()[:3]
    at.setdefault(name, int(address, 16))
branches = [("vfs_read", 0x21, "rw_verify_area", 0, "P", 5), ("vfs_read", 0x52, "vfs_read", 0x30, "M", 11),
            ("ksys_read", 0x60, "vfs_read", 0, "P", 23)]
line = f" {at['rw_verify_area']:x}" + "".join(f" {at[f] + o:#x}/{at[t] + p:#x}/{flag}/-/-/{cycles}/ "
                                              for f, o, t, p, flag, cycles in branches) + "\n"
fd = os.open("/sys/kernel/debug/kobs_simpmu/replay", os.O_WRONLY)
for i in range(400):
    os.write(fd, line.encode())
""",
    "load-test-unload": r"""#!/bin/sh
insmod $KOBS_MODULES/kobs_gen_slab.ko
echo clean kfree 100 >/sys/kernel/debug/kobs_gen_slab/run
rmmod kobs_gen_slab
""",
    # A disk that takes 2 ms for a request, and one with bad sectors.
    "disk": r"""#!/bin/sh
modprobe null_blk nr_devices=1 gb=1 queue_mode=2 irqmode=2 completion_nsec=2000000
echo mq-deadline >/sys/block/nullb0/queue/scheduler
dd if=/dev/zero of=/dev/nullb0 bs=64k count=40 oflag=direct status=none
dd if=/dev/nullb0 of=/dev/null bs=4k count=60 iflag=direct status=none
dd if=/dev/zero of=/dev/nullb0 bs=4k count=500 conv=fsync status=none
bad=/sys/kernel/config/nullb/bad
[ -d ${bad%/*} ] || mount -t configfs none /sys/kernel/config
mkdir $bad
for set in size=16 memory_backed=1 badblocks=+80-87 power=1; do echo ${set#*=} >$bad/${set%=*}; done
[ -b /dev/bad ] && disk=/dev/bad || disk=/dev/nullb$(cat $bad/index)
dd if=$disk of=/dev/null bs=4k skip=10 count=1 iflag=direct 2>/dev/null
rmdir $bad
""",
    # Connections that are accepted, and some that nobody listens for, as are the packets.
    "talk": NETWORK + r"""
server = socket.create_server(("127.0.0.1", 4322))
for i in range(20):
    t = socket.create_connection(("127.0.0.1", 4322))
    server.accept()[0].close()
    t.close()
    try:
        socket.create_connection(("127.0.0.1", 7))
    except ConnectionRefusedError:
        s.sendto(b"x", ("127.0.0.1", 9))
END
""",
    # Connections that nobody accepts.
    "crowd": NETWORK + r"""
server = socket.create_server(("127.0.0.1", 4321), backlog=0)
all = [socket.socket() for i in range(6)]
for t in all:
    t.setblocking(False)
    t.connect_ex(("127.0.0.1", 4321))
time.sleep(1.6)
END
""",
    "threads": r"""#!/usr/bin/python3
import threading, time
lock = threading.Lock()
def work():
    for i in range(10):
        with lock:
            time.sleep(0.002)
all = [threading.Thread(target=work) for i in range(3)]
for t in all:
    t.start()
for t in all:
    t.join()
""",
    "bin/make": "#!/bin/sh\nexec ./work\n",
    "bin/sudo": "#!/bin/sh\nexec \"$@\"\n",
    # Accepts folded stacks only.
    "bin/flamegraph.pl": r"""#!/bin/sh
awk '!/^[^ ].* [0-9]+$/ { bad = 1 } END { print "<svg>", NR, "</svg>"; exit bad || !NR }'
""",
}

# Examples with another status or other output than a report with an account: PATTERN, STATUSES, WORDS, REASON.
NO_PMU = "no guest of this kernel has a PMU with branch records"
SPECIAL = [
    (r"obsctl top", {1}, r"^obsctl: top shows a screen and takes keys", "test_top has a terminal"),
    (r"^obsctl mem growth", {0}, r"^unaccounted", "it reads /proc, and has no account"),
    (r"^obsctl mem user .*--passive", {0}, r"^KIND +BYTES", "it reads /proc, and has no account"),
    (r"^obsctl cgroup", {0}, r"^cgroup|^CGROUP|^No control group", "it reads /sys, and has no account"),
    (r"^obsctl pmu branch (?!.*kobs_simpmu)", {1}, r"^obsctl: there is no PMU", NO_PMU),
    (r"rmmod kobs_gen_slab'", {3}, r"not loaded any more, and left 25 slab objects behind", "the example shows that"),
    (r"slab growth .*--fail-over", {0, 3}, r"^slab growth of", "a cache of this guest may grow"),
    (r"^obsctl slab diff", {0}, r"^slab leaks from a\.json to b\.json", "a report of two reports has no account"),
    (r"^obsctl show", {0}, r"", "the picture of a saved report"),
    (r"^obsctl diff", {0}, r"^ns: before .*, after ", "a report of two reports has no account"),
    (r"--json -o ", {0}, r"", "the report is in the file"),
    (r"^obsctl slab growth", {0}, r"^slab growth of", "a report of /proc/slabinfo has no account"),
    (r"^obsctl probe list", {0}, r"^PROBE +ARGUMENTS", "no report of a session"),
    (r"^obsctl status", {0}, r"^kobs .* on Linux ", "no report of a session"),
    (r"obsctl triage", {0, 3}, r"^triage, ", "whatever this guest is short of, and a report without an account"),
    (r"^obsctl doctor", {0}, r"\w", "no report of a session"),
    (r"^obsctl session list", {0}, r"^ *ID +NAME", "no report of a session"),
    (r"--detach", {0}, r"^session 'opens' is running", "no report of a session"),
    (r"^obsctl pmu mem", {1}, r"pmu mem needs an event", "no guest here has one"),
    (r"^obsctl pmu stat --topdown", {1}, r"--topdown needs the CPU's PMU", "no guest here has one"),
    (r"^obsctl pmu stat -e cycles,instructions --", {1}, r"there is no PMU", "all of its events need a PMU, which no guest here has"),
    (r"^obsctl pmu stat -a .* --by (cgroup,)?comm", {0}, r"^hits ", "it samples events of software"),
    (r"^obsctl pmu stat", {0}, r"<not supported>", "no guest of this architecture has a PMU"),
    (r"--check", {0}, r"^3\.0 branches per sample", "its own form of report"),
    (r"flamegraph\.pl > a\.svg", {0}, r"^hits ", "the account stands on standard error"),
]


def blocks_of(path):
    """Blocks of a document's code: lists of examples."""
    block, found = [], []
    for line in read(path).splitlines() + [""]:
        if line.startswith("    ") or not line:
            m = re.match(rf"    (?:\$ )?((?:sudo )?obsctl (?:{NOUNS})\b.*)", line)
            if m:
                block.append(m[1])
        elif block:
            found.append(block)
            block = []
    return found + [block] if block else found


def examples_of_man(path):
    section = read(path).partition(".Sh EXAMPLES")[2].partition("\n.Sh ")[0]
    return [[line[4:].replace("\\-", "-")] for line in section.splitlines() if line.startswith(".Dl obsctl ")]


def typed(example):
    for pattern, new, _ in CHANGED:
        example = re.sub(pattern, new, example)
    # Where only Ctrl-C would end it.
    words = shlex.split(example, comments=True)
    if words[1] in SESSIONS and words[2] not in ("list", "diff") and not {"-d", "--", "--detach"} & set(words):
        example += " -d SECONDS"
    return example


def prepare():
    os.makedirs(BIN, exist_ok=True)
    for name, text in COMMANDS.items():
        with open(f"{PLACE}/{name}", "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(f"{PLACE}/{name}", stat.S_IRWXU)
    os.chdir(PLACE)
    os.environ["PATH"] = f"{BIN}:{os.environ['PATH']}"


def needs(command):
    """Load the modules and write the files that an example needs."""
    if "load-test-unload" in command:
        forget("kobs_gen_slab")
    elif re.search(r"kobs_gen_slab|\./leak|slab diff", command) and not loaded("kobs_gen_slab"):
        insmod("kobs_gen_slab", "leave=25")
    for module, pattern in ("kobs_gen_lock", r"\./stuck|\./deadlock"), ("kobs_simpmu", "kobs_simpmu//"):
        if re.search(pattern, command) and not loaded(module):
            insmod(module)
    if "slab diff" in command:
        for name in "ab":
            obsctl("slab", "leaks", "-j", "-o", f"{name}.json", "--budget", 0, "--", *slab_script("hold 10 200"))


def forget(*modules):
    for m in modules:
        if loaded(m):
            equal(rmmod(m), None, f"rmmod {m}")


def run(command):
    """Status, standard output and standard error."""
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, errors="replace",
                          timeout=WAIT, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


def sensible(command, status, out, err):
    """
    Check the status and the words of an example's output, and the equation of its account. Returns the recorded hits where
    there have to be some.
    """
    all_of = f"{command}: status {status}\n{out[-3000:]}\n{err[-2000:]}"
    wanted = next((s for s in SPECIAL if re.search(s[0], command)), None)
    statuses, words = wanted[1:3] if wanted else ({0}, r"^hits ")
    assert status in statuses, f"expected status {statuses}\n{all_of}"
    assert re.search(words, f"{out}\n{err}", re.M), f"expected {words!r}\n{all_of}"
    account_of = re.search(r"^hits ([\d,]+) = (recorded .*)", f"{out}\n{err}", re.M)
    if account_of:
        hits, recorded, *others = [int(n.replace(",", "")) for n in re.findall(r"[\d,]+", account_of[0])]
        equal(recorded + sum(others), hits, f"hits of {all_of}")
        # Nothing may cross a threshold, or allocate in a guest without work.
        if words == r"^hits " and not re.search(r"--min|--over|slab leaks .*-d |mem refs .*-d |mem leaks .*(-d |--kind|--module)", command):
            return recorded
    return 1


def lacks_btf(status, err):
    """The command was refused for types that this kernel does not tell."""
    return status in (1, 2) and not os.path.exists("/sys/kernel/btf/vmlinux") and "there are no names of types and parameters" in err


def lacks_disk(command):
    """./disk has no disk: kernels of tests can be without the driver."""
    return "./disk" in command and subprocess.run(["modprobe", "-qn", "null_blk"], check=False).returncode != 0


def try_example(command):
    """Run a command until it records something. Returns False when it needs BTF, and there is none."""
    for seconds in SECONDS if "SECONDS" in command else [""]:
        status, out, err = run(command.replace("SECONDS", seconds))
        if lacks_btf(status, err):
            return False
        if sensible(command, status, out, err):
            return True
    raise AssertionError(f"{command} records nothing")


def add(document, block):
    @test(f"{document}: {block[0]}")
    def run_block():
        done = []
        commands = [typed(example) for example in block]
        if any(map(lacks_disk, commands)):
            skip("this kernel has no null_blk, the disk of the example")
        for command in commands:
            needs(command)
            # Background work for examples without a command of their own, where one looks for it.
            with Work() if re.search(r"(func|sched|irq|pmu) .* -d ", command) else contextlib.nullcontext():
                done.append(try_example(command))
        if not all(done):
            skip("a command needs the kernel's types, and this kernel has no BTF")


class Work:
    """./work in a loop."""

    def __enter__(self):
        self.p = subprocess.Popen(["sh", "-c", "while :; do ./work; sleep 0.2; done"], stderr=subprocess.DEVNULL,
                                  start_new_session=True)

    def __exit__(self, *exc):
        os.killpg(self.p.pid, signal.SIGKILL)
        self.p.wait()


seen = set()
for document, found in (("README.md", blocks_of(f"{SRC}/README.md")), ("reports.md", blocks_of(f"{SRC}/docs/reports.md")),
                        ("obsctl.8", examples_of_man(f"{SRC}/ctl/obsctl.8"))):
    assert found, f"no example in {document}"
    for b in found:
        # The same command in two documents is one example.
        key = tuple(typed(e).removeprefix("sudo ").partition("  #")[0].rstrip() for e in b)
        if key not in seen:
            add(document, b)
        seen.add(key)
prepare()
try:
    main()
finally:
    forget("kobs_gen_slab", "kobs_gen_lock", "kobs_simpmu", "null_blk")
