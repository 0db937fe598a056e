# SPDX-License-Identifier: GPL-2.0
"""Names of user code, against a program that knows which functions are inlined, and on which lines they are."""

import tempfile
import xml.etree.ElementTree

from kobstest import *

LEAF = "kobs_gen_leaf"
PROGRAM = f"{SRC}/build/selftests/uframes"
SOURCE = f"{SRC}/tests/selftests/uframes.c"
RUN = (GEN + "run", "call task 3", "4")
CALLS = 12


def need_program():
    if not os.path.exists(PROGRAM):
        skip(f"{PROGRAM} was not built: tests/run does it")


def line_of(mark):
    """The line of the source with this comment, of this architecture."""
    part = "#ifdef __x86_64__" if os.uname().machine == "x86_64" else "#elif defined(__aarch64__)"
    lines = read(SOURCE).split("\n")
    first = lines.index(part)
    return next(n for n, text in enumerate(lines, 1) if f"/* {mark} */" in text and (mark != "leaf" or n > first))


def sh(line, **env):
    return subprocess.run(line, shell=True, check=True, capture_output=True, text=True, env={**os.environ, **env}).stdout


def place(symbol):
    """Start and end of a function in the address space of the file."""
    at, size = next(f[:2] for f in map(str.split, sh(f"nm -S {PROGRAM}").splitlines()) if f[-1] == symbol)
    return int(at, 16), int(at, 16) + int(size, 16)


def ustack(*options, program=PROGRAM, env=None):
    """The user stack of the program's calls, from the leaf to main."""
    r = obsctl("func", "count", LEAF, "--by", "ustack", *options, "--json", "--", program, *RUN, env={**os.environ, **(env or {})})
    found = account(json.loads(r.out))["rows"]
    equal([row["count"] for row in found], [CALLS], f"counts of {found}")
    stack = found[0]["ustack"]
    equal([f for f in stack if f.startswith("[unknown]")], [], f"frames without a mapping of {stack}")
    return stack


def shape(stack, n=4):
    """The first frames without offsets."""
    return [re.sub(r"\+0x[0-9a-f]+", "", f) for f in stack[:n]]


@test("inlined functions are frames, in the order of their calls")
def inlined():
    need_program()
    stack = ustack()
    equal(shape(stack), ["in_leaf (inlined)", "in_middle (inlined)", "outer [uframes]", "main [uframes]"], "frames")
    start, end = place("outer")
    offset = int(re.search(r"\+0x([0-9a-f]+)", stack[2])[1], 16)
    at_most(start + offset, end, "the place in outer")
    equal(shape(ustack("--no-inline"), 2), ["outer [uframes]", "main [uframes]"], "frames with --no-inline")


@test("--lines: of the code and of each call")
def lines():
    need_program()
    want = [f"{name} uframes.c:{line_of(mark)}" for name, mark in (("in_leaf (inlined)", "leaf"), ("in_middle (inlined)", "middle"),
                                                                  ("outer [uframes]", "outer"), ("main [uframes]", "main"))]
    stack = shape(ustack("--lines"))
    # The kernel has the address behind the system call, which is a line of the same function.
    equal(re.sub(r":\d+$", "", stack[0]), re.sub(r":\d+$", "", want[0]), "leaf")
    at_least(int(stack[0].rsplit(":")[1]), line_of("leaf"), "line of the leaf")
    equal(stack[1:], want[1:], "callers")


@test("inlined functions in folded stacks, in a flame graph and in a call graph")
def formats():
    need_program()
    want = ["main [uframes]", "outer [uframes]", "in_middle (inlined)", "in_leaf (inlined)"]
    with tempfile.TemporaryDirectory() as top:
        folded = obsctl("func", "count", LEAF, "--by", "ustack", "--folded", "-o", f"{top}/a", "--flame", f"{top}/a.svg", "--", PROGRAM, *RUN)
        del folded
        line, = read(f"{top}/a").splitlines()
        root = xml.etree.ElementTree.parse(f"{top}/a.svg").getroot()
    stack, n = line.rsplit(" ", 1)
    equal((stack.split(";")[-4:], int(n)), (want, CALLS), "folded stack")
    titles = [t.text.split("\n") for t in root.iter("{http://www.w3.org/2000/svg}title") if "\n" in t.text]
    kinds = {name: about.split(",")[0] for name, about in titles}
    equal([kinds.get(name) for name in want], ["user", "user", "inlined", "inlined"], "kinds of frames")


@test("names of a stripped program: none, by the build ID, and by what it has inside")
def stripped():
    need_program()
    start, end = place("outer")
    with tempfile.TemporaryDirectory() as top:
        sh(f"cd {top} && objcopy --only-keep-debug {PROGRAM} x.debug && strip -s -o uframes {PROGRAM}")
        stack = ustack("--lines", program=f"{top}/uframes", env={"OBSCTL_DEBUG_DIR": f"{top}/none"})
        offset = int(re.fullmatch(r"\[uframes\] \+0x([0-9a-f]+)", stack[0])[1], 16)
        assert start <= offset <= end, f"{stack[0]}: outer is at {start:#x} to {end:#x}"
        build_id = re.search("Build ID: (..)(.*)", sh(f"readelf -n {top}/uframes"))
        sh(f"mkdir -p {top}/d/.build-id/{build_id[1]} && cp {top}/x.debug {top}/d/.build-id/{build_id[1]}/{build_id[2]}.debug")
        stack = ustack("--lines", program=f"{top}/uframes", env={"OBSCTL_DEBUG_DIR": f"{top}/d"})
        equal([f.rsplit(":")[0] for f in shape(stack)], ["in_leaf (inlined) uframes.c", "in_middle (inlined) uframes.c",
              "outer [uframes] uframes.c", "main [uframes] uframes.c"], "by the build ID")
        sh(f"""cd {top} && nm {PROGRAM} | awk '$2 ~ /[tT]/ {{ print $3 }}' >keep && objcopy -S --keep-symbols=keep x.debug mini && xz mini &&
           objcopy --add-section .gnu_debugdata=mini.xz uframes inside""")
        equal(shape(ustack(program=f"{top}/inside", env={"OBSCTL_DEBUG_DIR": f"{top}/none"}), 2),
              ["outer [inside]", "main [inside]"], "by .gnu_debugdata")


def made(*words, before=(), program=PROGRAM):
    """The leaf frames of code that the program makes, which runs until the report is there."""
    with Background("func", "count", LEAF, "--by", "ustack", "--json") as b:
        p = subprocess.Popen([*before, program, "made", *RUN, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            equal(p.stdout.readline(), "done\n", "what the program says")
            r = b.report()
        finally:
            p.communicate()
    equal([row["count"] for row in r["rows"]], [CALLS], f"counts of {r['rows']}")
    return r["rows"][0]["ustack"]


@test("code that a process made itself, which it names or not, also in namespaces of its own")
def jit():
    need_program()
    if os.uname().machine != "x86_64":
        skip("the program makes code of x86_64")
    stack = made()
    equal([stack[0], shape(stack, 3)[2]], ["Lmade;::write(I)V+0xb [JIT]", "main [uframes]"], f"frames of {stack}")
    assert re.fullmatch(r"\[anon\] 0x[0-9a-f]+", made("unnamed")[0]), "a frame without a name"
    # Its /tmp is another one, in which the tree may be.
    shutil.copy(PROGRAM, "/run/uframes")
    inside = made(program="/run/uframes", before=("unshare", "--pid", "--fork", "--mount", "--mount-proc", "sh", "-c",
                                                  'mount -t tmpfs none /tmp && exec "$@"', "sh"))
    os.unlink("/run/uframes")
    equal(inside[0], "Lmade;::write(I)V+0xb [JIT]", "in namespaces")


# Debug symbols of a function that is nothing but another one, which is inlined.
KERNEL_SOURCE = """
__asm__(".text\\n.skip SKIP\\n");
static inline __attribute__((always_inline)) void inside(void)
{
	__asm__ volatile(".skip SIZE");
}

void holder(void);
void holder(void)
{
	inside();
}
"""


def debug_file(top, id_bytes, *flags, size=0x400, skip=0, note=False):
    """Compile these symbols, with a build ID of the kernel or of a module."""
    name = id_bytes.hex()
    source = KERNEL_SOURCE.replace("SKIP", str(skip)).replace("SIZE", str(size))
    if note:
        source += f"""__asm__(".section .note.gnu.build-id,\\"a\\",@note\\n.long 4, {len(id_bytes)}, 3\\n.asciz \\"GNU\\"\\n"
            ".byte {', '.join(map(str, id_bytes))}\\n.previous\\n");"""
    os.makedirs(f"{top}/.build-id/{name[:2]}")
    with open(f"{top}/k.c", "w", encoding="ascii") as f:
        f.write(source)
    subprocess.run(["gcc", "-g", "-O2", "-nostdlib", "-static", "-fno-pic", "-fno-toplevel-reorder", "-falign-functions=1",
                    "-fno-asynchronous-unwind-tables", "-o", f"{top}/.build-id/{name[:2]}/{name[2:]}.debug", *flags, f"{top}/k.c"], check=True)


def build_id(path):
    """The build ID among notes that all are aligned to 4 bytes."""
    with open(path, "rb") as f:
        notes = f.read()
    at = notes.index(b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0")
    return notes[at + 16:at + 36]


def with_lines(top):
    r = obsctl("func", "count", LEAF, "--by", "kstack", "--lines", "--json", "--", *script("call task 3"), env={**os.environ, "OBSCTL_DEBUG_DIR": top})
    stack, = [row["kstack"] for row in account(json.loads(r.out))["rows"]]
    return stack


@test("--lines of the kernel, moved by KASLR, with functions inlined into it")
def kernel_lines():
    begin = 0xffffffff81000000
    text = begin + symbol("vfs_write") - symbol("_stext")
    # The next function is another one's.
    known = symbols(read("/sys/module/kobs_gen/sections/.text"))
    size = min(at for at in known.values() if at > symbol("vfs_write")) - symbol("vfs_write") - 1
    with tempfile.TemporaryDirectory() as top:
        debug_file(top, build_id("/sys/kernel/notes"), f"-Wl,--build-id=0x{build_id('/sys/kernel/notes').hex()}", f"-Wl,-Ttext={text:#x}",
                   f"-Wl,--defsym=_stext={begin:#x}", "-Wl,-e,0", size=size)
        stack = with_lines(top)
    at = next(i for i, f in enumerate(stack) if f.startswith("vfs_write+"))
    equal([stack[at - 1], re.sub(r"\+0x\w+", "", stack[at])], ["inside (inlined) k.c:5", "vfs_write k.c:11"], f"frames of {stack}")
    equal([f for f in stack[at + 1:] if "(inlined)" in f], [], "frames of other functions")


@test("--lines of a module, whose sections are where it was loaded")
def module_lines():
    offset = symbol("kobs_gen_caller_a") - int(read("/sys/module/kobs_gen/sections/.text"), 16)
    with tempfile.TemporaryDirectory() as top:
        debug_file(top, build_id("/sys/module/kobs_gen/notes/.note.gnu.build-id"), "-c", skip=offset, note=True)
        stack = with_lines(top)
    at = next(i for i, f in enumerate(stack) if f.startswith("kobs_gen_caller_a+"))
    equal([stack[at - 1], re.sub(r"\+0x\w+", "", stack[at])], ["inside (inlined) k.c:5", "kobs_gen_caller_a [kobs_gen] k.c:11"], f"frames of {stack}")


@test("user stacks end where a caller is no code, and that is told")
def strays():
    if os.uname().machine != "x86_64":
        skip("the program knows the frames of x86_64")
    program = f"{SRC}/build/selftests/ustack"
    for what, above in (("code", ["user_outer [ustack]"] * 2), ("data", []), ("re/commo", [])):
        r = account(json.loads(obsctl("func", "count", LEAF, "--by", "ustack", "--json", "--", program, *RUN, "stray", what).out))
        row, = r["rows"]
        equal((shape(row["ustack"], 9), row["count"]), (["user_stray [ustack]", *above], CALLS), f"frames below a caller that is {what!r}")
        equal(r["user_stacks"], {"all": 1, "cut": 0 if above else 1, "unknown": 0}, f"stacks with a caller that is {what!r}")
    # As text, and in records.
    r = obsctl("func", "count", LEAF, "--by", "ustack", "--", program, *RUN, "stray", "data")
    contains(r.out, "user stacks with callers 1: 1 are cut where one is no code", "the report")
    found, _, _ = records(LEAF, "--by", "ustack", run=[program, *RUN, "stray", "data"])
    equal([shape(rec["ustack"], 9) for rec in found], [["user_stray [ustack]"]] * CALLS, "stacks of records")


@test("a detached session knows the code of processes that live, and tells of how many it does not")
def strays_later():
    if os.uname().machine != "x86_64":
        skip("the program knows the frames of x86_64")
    words = [f"{SRC}/build/selftests/ustack", *RUN, "stray"]
    obsctl("func", "count", LEAF, "--by", "ustack", "--detach", "strays")
    try:
        # Of one that has ended, what can be no code is known.
        subprocess.run([*words, "re/commo"], check=True)
        subprocess.run([*words, "data"], check=True)
        p = subprocess.Popen([*words, "data", "live"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            equal(p.stdout.readline(), "done\n", "what the program says")
            r = account(json.loads(obsctl("session", "read", "strays", "--json").out))
            text = obsctl("session", "read", "strays").out
        finally:
            p.communicate()
    finally:
        obsctl("session", "stop", "strays")
    equal(sorted((len(row["ustack"]), row["count"]) for row in r["rows"]), [(1, CALLS), (1, CALLS), (3, CALLS)], f"stacks of {r['rows']}")
    equal([shape(row["ustack"], 1) for row in r["rows"] if "user_stray" in row["ustack"][0]], [["user_stray [ustack]"]], "the one that lives")
    equal(r["user_stacks"], {"all": 3, "cut": 2, "unknown": 2}, "user stacks")
    contains(text, "user stacks with callers 3: 2 are cut where one is no code, as in programs without frame pointers; "
             "of 2 the process has ended, or its code is not known: callers can be none", "the report")


def work(top, **env):
    """A profile of the demo's work, with few frames that are [unknown]: the rows with frames of cp itself."""
    shutil.copy(f"{SRC}/scripts/guest/work", f"{top}/work")
    r = obsctl("pmu", "record", "-e", "cpu-clock", "-F", 1000, "--by", "comm,ustack,kstack", "--json", "--", f"{top}/work",
               env={**os.environ, **env})
    found = balance(json.loads(r.out))["rows"]
    samples = sum(row["count"] for row in found)
    at_least(samples, 50, "samples")
    for row in found:
        for frame in row.get("ustack", []):
            assert re.match(r"\S.* \[\S+\]$|.* \(inlined\)$|\[\S+\] (\+)?0x[0-9a-f]+$", frame), f"a frame of a form that is not known: {frame!r}"
    bare = [row for row in found if any(f.startswith("[unknown]") for f in row.get("ustack", []) + row.get("kstack", []))]
    at_most(sum(row["count"] for row in bare) / samples, 0.02, f"share of samples with [unknown]: {bare[:5]}")
    return [row for row in found if row["comm"] == "cp" and any("[cp]" in f for f in row.get("ustack", []))]


@test("no frame of the demo's work is [unknown]: without a symbol it is the place in its file")
def demo():
    with tempfile.TemporaryDirectory() as top:
        found = work(top, OBSCTL_DEBUG_DIR=f"{top}/none")
    frames = {f for row in found for f in row["ustack"] if "[cp]" in f}
    at_least(len(frames), 5, "frames of cp")
    equal([f for f in frames if not re.fullmatch(r"\[cp\] \+0x[0-9a-f]+", f)], [], "frames of cp, which has no symbols")


def debug_path(top, path):
    """Where the debug symbols of a program are looked for."""
    build_id = re.search("Build ID: (..)(.*)", sh(f"readelf -n {path}"))
    return f"{top}/.build-id/{build_id[1]}/{build_id[2]}.debug"


def section_text(path):
    """Start and end of the functions of a program, but for its linkage table."""
    at, size = re.search(r" \.text +PROGBITS +(\w+) \w+ (\w+)", sh(f"readelf -SW {path}")).groups()
    return int(at, 16), int(at, 16) + int(size, 16)


@test("the demo's work, with debug symbols of its cp and of libc")
def demo_symbols():
    cp = shutil.which("cp")
    libc = re.search(r"libc\.so\.6 => (\S+)", sh(f"ldd {cp}"))[1]
    if not os.path.exists(debug_path("/usr/lib/debug", libc)):
        skip("there are no debug symbols of libc: scripts/setup installs them")
    # Its functions are where its tables for exceptions have them: each gets a symbol of that name.
    base, _ = section_text(cp)
    places = {int(at, 16) for at in re.findall(r" FDE .* pc=(\w+)\.\.", sh(f"readelf --debug-dump=frames {cp}"))}
    at_least(len(places), 100, "functions of cp")
    with tempfile.TemporaryDirectory() as top:
        for path in (cp, libc):
            os.makedirs(os.path.dirname(debug_path(top, path)), exist_ok=True)
        os.symlink(debug_path("/usr/lib/debug", libc), debug_path(top, libc))
        with open(f"{top}/symbols", "w", encoding="ascii") as f:
            f.writelines(f"--add-symbol=at_{at:x}=.text:{at - base:#x},function,local\n" for at in sorted(places) if at >= base)
        sh(f"objcopy --only-keep-debug @{top}/symbols {cp} {debug_path(top, cp)}")
        found = work(top, OBSCTL_DEBUG_DIR=top)
    samples = sum(row["count"] for row in found)
    at_least(samples, 5, "samples with frames of cp")
    # The linkage table of a file has no symbols.
    for path, label in ((cp, "[cp] +"), (libc, "[libc.so.6] +")):
        begin, end = section_text(path)
        bare = {int(f[len(label):], 16) for row in found for f in row["ustack"] if f.startswith(label)}
        equal([hex(at) for at in bare if begin <= at < end], [], f"places in functions of {path} without a name")
    starts = {int(re.match("at_([0-9a-f]+)", f)[1], 16) for row in found for f in row["ustack"] if f.startswith("at_")}
    at_least(len(starts), 5, "functions of cp in stacks")
    equal(starts - places, set(), "functions that are none")


main()
