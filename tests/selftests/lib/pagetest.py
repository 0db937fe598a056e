# SPDX-License-Identifier: GPL-2.0
"""
Shared by the tests of 'obsctl mem leaks': the ground-truth module kobs_gen_page and reports.

A file ends with page_main(), which loads the module and unloads it again.
"""

from kobstest import *

GEN_PAGE = "/sys/kernel/debug/kobs_gen_page/"
MOD = ("--module", "kobs_gen_page")


def gen_page(command):
    """Run a command of kobs_gen_page, synchronously."""
    fd = os.open(GEN_PAGE + "run", os.O_WRONLY)
    try:
        os.write(fd, command.encode())
    finally:
        os.close(fd)


def page_stats():
    return {name: int(n) for name, n in (line.split() for line in read(GEN_PAGE + "stats").splitlines())}


def page_script(*commands):
    """A command line that runs commands of kobs_gen_page."""
    return ["sh", "-c", "; ".join(f"echo {c} >{GEN_PAGE}run || exit" for c in commands)]


def check_pages(r):
    """The account of all hits, and of every row's pages, exactly."""
    account(r)
    for row in r["rows"]:
        live = row["allocated"] - row["freed"] - row["missed_frees"]
        if not r["params"].get("older"):
            equal(row["live"], live, f"live pages of {row}")
        if row["kind"] == "page":
            equal(row["live_bytes"], row["live"] * 4096, f"bytes of {row}")
            equal(row["allocated_bytes"], row["allocated"] * 4096, f"allocated bytes of {row}")
        equal(sum(b["count"] for b in row.get("hist", [])), row["live"], f"pages in the histogram of {row}")
        equal(row["live_after"][-1], live, f"the last reading of {row}")
    return r


def leaks(*args, run=None, status=0, **kw):
    """The JSON report of mem leaks of one kind around a command, without the guard, which could end the session on a slow host."""
    tail = ["--", *run] if run else []
    args = args if "--kind" in args else ("--kind", "page", *args)
    r = obsctl("mem", "leaks", "--budget", 0, *args, "--json", *tail, status=status, **kw)
    return check_pages(json.loads(r.out))


def total(report, name, key="live", **keys):
    """The sum of a number over the rows of one function of the module."""
    return sum(r[key] for r in rows(report, site=f"gen_{name}+0x* [[]kobs_gen_page]", **keys))


def our_sites(report):
    return {r["site"].split("+")[0] for r in rows(report, site="*[[]kobs_gen_page]")}


def noted(report, name):
    return report["notes"][name]


def page_main():
    insmod("kobs_gen_page")
    try:
        main()
    finally:
        if loaded("kobs_gen_page"):
            rmmod("kobs_gen_page")
