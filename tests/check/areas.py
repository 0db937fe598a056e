# SPDX-License-Identifier: GPL-2.0
"""Areas of the check other than selftests: lint, compiling, unit tests, flame graphs in a browser, formats read by others, libFuzzer, KUnit."""

import os
import re
import shutil
import subprocess
import time

from check.guest import kdir
from check.matrix import GUESTS, TOP


def run(command, log, **env):
    """Run a command with its output in a file, and with more environment. Returns its status and seconds."""
    begin = time.monotonic()
    with open(log, "w", encoding="utf-8") as f:
        r = subprocess.run(command, cwd=TOP, stdin=subprocess.DEVNULL, stdout=f, stderr=subprocess.STDOUT, check=False,
                           env={**os.environ, **env})
    return r.returncode, time.monotonic() - begin


def one(report, area, name, command, lines=200):
    """Run a command as one test point."""
    log = f"{report.out}/{area}.{name}.log"
    status, seconds = run(command, log)
    report.record(area, name, int(not status), int(bool(status)), 0, seconds)
    if status:
        report.show_file(area, name, log, lines)
    return not status


# Kernels whose modules lint builds, and with which options in "make check": sparse, which takes as long as the compiler, looks at
# one kernel. The guests use these builds. That of debug includes the KUnit suites.
LINTED = {"debug": ["--no-sparse"], "6.1": ["--no-sparse"], "newest": []}
# Kernels whose modules are compiled from the same lines of the sources as those of another.
ALIKE = {"6.12": "debug"}


def lint(report, built=(), short=False):
    """Run all checks, except the builds for these kernels, which were made for the guests already, and for what is like them."""
    left_out = {*built, *(name for name, like in ALIKE.items() if like in built), *(["kunit"] if short and "debug" in built else [])}
    one(report, "lint", "lint", ["scripts/lint", *(part for name in sorted(left_out) for part in ("-x", f"build-{name}"))])


def tap(report, area, name, command):
    """Run a command. Its points are those of its TAP output; without any, it is one point."""
    log = f"{report.out}/{area}.log"
    status, seconds = run(command, log)
    with open(log, encoding="utf-8", errors="replace") as f:
        points = [line for line in f if re.match(r"(not )?ok\b", line)]
    bad = sum(line.startswith("not ") for line in points)
    skipped = sum("# SKIP" in line for line in points) if points else 0
    if not points:
        report.record(area, name, int(not status), int(bool(status)), 0, seconds)
    else:
        report.record(area, name, len(points) - bad - skipped, bad or int(bool(status)), skipped, seconds)
    if status:
        report.show_file(area, " ".join(command), log)


def compiles(report):
    tap(report, "compile", "compile", ["tests/compile"])


def browser(report, short=False):
    tap(report, "browser", "browser", ["tests/browser/run", *(["--short"] if short else [])])


def formats(report):
    tap(report, "formats", "formats", ["tests/formats/run"])


def ctl(report):
    tap(report, "ctl", "unit", ["make", "-C", "ctl", f"O={TOP}/build", "check"])


def fuzz(report):
    tap(report, "fuzz", "fuzz", ["make", "-C", "tests/fuzz", f"O={TOP}/build", "check"])


def kunit(report, *suites):
    """Run the KUnit suites in a guest of the debug kernel; the kernel's kunit.py parses the output."""
    log, err, parsed = (f"{report.out}/kunit.{x}" for x in ("ktap", "err", "log"))
    begin = time.monotonic()
    with open(log, "w", encoding="utf-8") as out, open(err, "w", encoding="utf-8") as errors:
        status = subprocess.run(["scripts/vm", *GUESTS["debug"].vm, "--timeout", "1500", "--", "tests/kunit/run-in-guest", *suites],
                                cwd=TOP, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, check=False).returncode
    run(["timeout", "60", f"{kdir('source')}/tools/testing/kunit/kunit.py", "parse", log], parsed)
    with open(parsed, encoding="utf-8", errors="replace") as f:
        line = (re.findall(r"Ran \d+ tests.*", f.read()) or [""])[-1]
    n = {what: int((re.findall(rf"{what}: (\d+)", line) or ["0"])[0]) for what in ("passed", "failed", "skipped", "crashed", "errors")}
    bad = n["failed"] + n["crashed"] + n["errors"] or int(status != 0 or not n["passed"])
    report.record("kunit", "kunit", n["passed"], bad, n["skipped"], time.monotonic() - begin)
    if bad:
        report.show_file("kunit", "kunit.py", parsed)
        report.show_file("kunit", f"the guest, status {status}", err)
    elif suites:
        with open(log, encoding="utf-8", errors="replace") as f:
            print(f.read(), end="", flush=True)


# Programs without frame pointers, as distributions build theirs: what to make, of what, with which options.
BARE = (("ucfi", "ucfi", ()), ("ucfi_static", "ucfi", ("-static", "-no-pie", "-DSTATIC")),
        ("libucfi.so", "ucfi_library", ("-shared", "-fPIC")))


def bare(cc, to):
    options = ["-O2", "-g", "-fomit-frame-pointer", "-fno-optimize-sibling-calls", "-Wall", "-Wextra", "-Wno-unused-parameter"]
    return [[*cc, *options, *more, "-o", f"{to}/{name}", f"tests/selftests/{source}.c"] for name, source, more in BARE]


def builds(names, linted):
    """Build commands for these guests, by name. For kernels in "linted", lint builds the modules with these options and keeps them."""
    arm, x86 = "arm64" in names, [n for n in names if n != "arm64"]
    jobs = f"-j{os.cpu_count()}"
    cc = ["gcc", "-O1", "-g", "-fno-omit-frame-pointer", "-Wall", "-Wextra"]
    found = {}
    if "debug" in names and not kdir("debug"):
        found["kernel"] = [["scripts/build-kernel", "debug"]]
    if x86:
        os.makedirs(f"{TOP}/build/selftests", exist_ok=True)
        found["tools"] = [["make", jobs, "ctl"], ["make", "-C", "tests/fuzz", f"O={TOP}/build", "nlfuzz"],
                          [*cc, "-o", "build/selftests/ustack", "tests/selftests/ustack.c"],
                          [*cc, "-O2", "-o", "build/selftests/uframes", "tests/selftests/uframes.c"],
                          *([*cc, "-pthread", "-o", f"build/selftests/{name}", f"tests/selftests/{name}.c"] for name in ("ucalls", "ufutex", "uheap")),
                          [*cc, "-pthread", "-static", "-DSTATIC", "-o", "build/selftests/uheap_static", "tests/selftests/uheap.c"],
                          [*cc, "-shared", "-fPIC", "-o", "build/selftests/libuheap.so", "tests/selftests/uheap_library.c"],
                          *bare(cc[:1], "build/selftests")]
        if shutil.which("go"):
            found["tools"].append(["env", "CGO_ENABLED=0", "go", "build", "-o", "build/selftests/goserver", "tests/selftests/goserver.go"])
    for name in x86:
        found[name] = [["scripts/lint", "--keep", *linted[name], f"build-{name}"] if name in linted else
                       ["make", jobs, f"KERNEL={name}", "modules"]]
    if arm:
        os.makedirs(f"{TOP}/build/arm64", exist_ok=True)
        compiler = [f"{kdir('--arch', 'arm64', 'cross')}{cc[0]}", f"--sysroot={kdir('--arch', 'arm64', 'root')}"]
        cross = [*compiler, *cc[1:]]
        found["arm64"] = [["make", jobs, "ARCH=arm64", "KERNEL=6.12", "modules"], ["make", jobs, "ARCH=arm64", "ctl"],
                          [*cross, "-o", "build/arm64/ustack", "tests/selftests/ustack.c"], *bare(compiler, "build/arm64")]
    return found


def build(report, name, commands):
    """Run the commands of a build and report the result. Returns whether it succeeded."""
    begin = time.monotonic()
    for i, command in enumerate(commands):
        log = f"{report.out}/build.{name}.{i}.log"
        # No test reads the modules' debug information, which is a third of the time.
        status, seconds = run(command, log, DEBUG_INFO="0")
        if status:
            report.record(name, "build", 0, 1, 0, seconds)
            report.show_file(name, " ".join(command), log, 60)
            # The tests can use modules that lint complains about.
            return command[0] == "scripts/lint" and os.path.exists(f"{TOP}/build/{name}/kobs.ko")
    report.say(name, f"built in {time.monotonic() - begin:.0f} s")
    return True
