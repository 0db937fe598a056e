# SPDX-License-Identifier: GPL-2.0
"""mem leaks --kind percpu and vmalloc: areas are counted exactly at their sites."""

from collections import Counter

from pagetest import *

KIND = ("--kind", "percpu")


@test("areas that stay, and those that are freed")
def exact():
    try:
        r = leaks(*KIND, run=page_script("percpu task 20 64", "percpu task 5 1024"))
        equal(total(r, "leak_percpu"), 25, "live areas")
        # Of all possible CPUs; where control groups account for them, with their pointers.
        at_least(total(r, "leak_percpu", "live_bytes"), 20 * 64 + 5 * 1024, "bytes")
        for key, n in (("allocated", 25), ("freed", 25), ("live", 0)):
            equal(total(r, "clean_percpu", key), n, f"areas that are freed: {key}")
        equal(r["accounting"]["lost"], {}, "lost")
        r = leaks(*KIND, *MOD, "--by", "site,kstack", run=page_script("percpu task 7 8"))
        found = [row for row in r["rows"] if row["site"].startswith("gen_leak_percpu+")]
        equal(sum(row["live"] for row in found), 7, "live areas by stack")
        for row in found:
            assert any(f.startswith("gen_leak_percpu+") for f in row["kstack"]), f"stack of {row}"
        equal([row for row in r["rows"] if not row["site"].endswith("[kobs_gen_page]")], [], "rows of other code")
    finally:
        gen_page("drop")


@test("allocations that fail")
def failed():
    before = page_stats()["percpu_failed"]
    r = leaks(*KIND, *MOD, run=page_script("percpu fail 5 4096"))
    equal(page_stats()["percpu_failed"] - before, 5, "attempts that failed, by the module")
    equal(total(r, "fail_percpu", "failed"), 5, "attempts that failed")
    equal(total(r, "fail_percpu", "allocated"), total(r, "fail_percpu", "freed"), "those that did not fail")
    equal(total(r, "fail_percpu"), 0, "live areas")
    equal(r["accounting"]["lost"], {}, "lost")


@test("frees of areas that are older than the session")
def unknown():
    gen_page("percpu task 9 64")
    r = leaks(*KIND, run=page_script("drop"))
    at_least(r["unknown_frees"], 9, "unknown frees")
    equal(noted(r, "unknown_frees"), r["unknown_frees"], "the note and the report")
    equal(total(r, "leak_percpu", "freed"), 0, "frees against the site")


@test("areas of vmalloc()")
def areas():
    try:
        r = leaks("--kind", "vmalloc", run=page_script("area 33", "area 7", "clean vmalloc 12"))
        equal(total(r, "leak_area"), 2, "live areas")
        # With their guard pages.
        equal(total(r, "leak_area", "live_bytes"), (34 + 8) * 4096, "bytes")
        for key, n in (("allocated", 12), ("freed", 12), ("live", 0)):
            equal(total(r, "clean_vmalloc", key), n, f"areas that are freed: {key}")
        equal(r["accounting"]["lost"], {}, "lost")
        equal([row for row in r["rows"] if row["failed"] or row["missed_frees"]], [], "areas that failed, and frees that were missed")
    finally:
        gen_page("drop")


def listed(function):
    """Sizes of the areas that a function of kobs_gen_page has, by /proc/vmallocinfo, with their guard pages."""
    return sorted(int(line.split()[1]) for line in read("/proc/vmallocinfo").splitlines()
                  if line.split()[2].startswith(f"gen_{function}+0x") and "[kobs_gen_page]" in line)


@test("live areas of vmalloc() are those of /proc/vmallocinfo")
def vmallocinfo():
    # A module of this name that was unloaded can have left some.
    before = listed("leak_area")
    try:
        r = leaks("--kind", "vmalloc", *MOD, "--dump", 8, run=page_script("area 33", "area 7", "clean vmalloc 12", "area 1", "area 400"))
        known = sorted((Counter(listed("leak_area")) - Counter(before)).elements())
        equal(known, [n * 4096 for n in (2, 8, 34, 401)], "what the kernel lists")
        equal((total(r, "leak_area"), total(r, "leak_area", "live_bytes")), (len(known), sum(known)), "live areas and bytes")
        equal(sorted(o["size"] for s in r["dump"]["sites"] for o in s["objects"]), known, "sizes of areas")
        gen_page("drop")
        equal(listed("leak_area"), before, "what the kernel lists at the end")
    finally:
        gen_page("drop")


@test("refusals")
def refusals():
    for args, part in ((("--kind", "pages"), "page"), (("--kind", "percpu", "--by", "mobility"), "mobility"),
                       (("--kind", "percpu", "--escalate"), "--escalate needs")):
        r = obsctl("mem", "leaks", *args, "-d", "1", status=None)
        assert r.status in (1, 2), r
        contains(r.err, part, f"refusal of {args}")


page_main()
