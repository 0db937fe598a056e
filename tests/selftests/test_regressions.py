# SPDX-License-Identifier: GPL-2.0
"""
Reproducers of fixed bugs that fit no other file.
"""

import json

from kobstest import *


@test("calls of the idle task count in a detached session")
def idle_task():
    # Its PID, 0, once meant "no owner to exclude".
    obsctl("func", "count", "tick_nohz_idle_enter", "--by", "pid", "--budget", "0", "--detach", "idle")
    until(lambda: sessions()[0]["hits"], "a CPU to be idle")
    report = json.loads(obsctl("session", "stop", "idle", "--json").out)
    equal(report["accounting"]["own"], 0, "own")
    equal(report["accounting"]["filtered"], 0, "filtered")
    equal([row["pid"] for row in report["rows"]], [0], "processes")
    equal(report["rows"][0]["count"], report["accounting"]["hits"], "calls of the idle task")


main()
