# SPDX-License-Identifier: GPL-2.0
"""
names.py TEST...: prints the names of the points of test files, as a JSON object with a list per file.

A file is executed up to main(), when all its points are registered but none has run. This needs no guest.
"""

import json
import os
import runpy
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TESTS = f"{TOP}/tests/selftests"


def stop(*args):
    sys.exit(0)


def main():
    sys.dont_write_bytecode = True
    sys.path[:0] = [TESTS, f"{TESTS}/lib"]
    os.environ.update(KOBS_SRC=TOP, KOBS_MODULES="", KOBS_KERNEL="debug")
    import kobstest
    kobstest.main = kobstest.insmod = stop
    found = {}
    for name in sys.argv[1:]:
        kobstest.tests.clear()
        try:
            runpy.run_path(f"{TESTS}/test_{name}.py", run_name="__main__")
        except SystemExit:
            pass
        found[name] = [point for point, _ in kobstest.tests]
    json.dump(found, sys.stdout)


main()
