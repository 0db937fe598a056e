# SPDX-License-Identifier: GPL-2.0
"""A kernel locked down for confidentiality. This cannot be undone: the last test of a guest."""

import errno

from kobstest import *

LOCKDOWN = "/sys/kernel/security/lockdown"
LEAF = "kobs_gen_leaf"


@test("lockdown for integrity is no obstacle")
def integrity():
    lock("integrity")
    obsctl("session", "list")


@test("lockdown for confidentiality: refused, with the reason")
def confidentiality():
    lock("confidentiality")
    for args in (["status"], ["session", "list"], ["session", "read", "x"], ["func", "count", LEAF, "-d", "0.1"]):
        contains(obsctl(*args, status=1).err, "locked down", f"refusal of {args}")


def lock(level):
    if not os.path.exists(LOCKDOWN):
        skip("this kernel has no lockdown")
    try:
        with open(LOCKDOWN, "w") as f:
            f.write(level)
    except OSError as e:
        skip(f"it cannot be locked down: {errno.errorcode[e.errno]}")
    contains(read(LOCKDOWN), f"[{level}]", "lockdown")


main()
