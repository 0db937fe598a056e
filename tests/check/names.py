# SPDX-License-Identifier: GPL-2.0
"""
names.py TEST...: prints the names of the points of test files, a JSON object of lists by file.

A file is executed without what makes its points run: they have their names by then. Nothing of a guest is needed or touched.
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
