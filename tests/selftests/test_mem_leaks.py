# SPDX-License-Identifier: GPL-2.0
"""mem leaks of all kinds: each object is a row of its kind, once, with a balance for each kind."""

import collections

from pagetest import *

KINDS = ["slab", "page", "vmalloc", "percpu"]
SCRIPT = ("object 30", "leak task 10 1", "area 33", "percpu task 5 64", "clean pages 20", "clean vmalloc 3")


def all_kinds(*args, run=None, status=0):
    """The JSON report around a command, with the balance of each kind."""
    r = json.loads(obsctl("mem", "leaks", "--budget", 0, *args, "--json", "--", *run, status=status).out)
    equal([k["kind"] for k in r["kinds"]], KINDS, "kinds")
    sums = {"hits": 0, "recorded": 0, "filtered": 0}
    for k in r["kinds"]:
        assert "absent" not in k, f"absence of {k}"
        a = k["accounting"]
        equal(a["recorded"] + a["filtered"] + sum(a["lost"].values()), a["hits"], f"the balance of {k['kind']}")
        for name in sums:
            sums[name] += a[name]
        equal(k["live"], sum(row["live"] for row in r["rows"] if row["kind"] == k["kind"]), f"live objects of {k['kind']}")
    for name, n in sums.items():
        equal(r["accounting"][name], n, f"{name} of all kinds")
    for row in r["rows"]:
        live = row["allocated"] - row["freed"] - row["missed_frees"]
        equal((row["live"], row["live_after"][-1]), (live, live), f"live objects of {row}")
    return r


def of(r, kind, name, key="live"):
    return sum(row[key] for row in rows(r, kind=kind, site=f"gen_{name}+0x* [[]kobs_gen_page]"))


def lost(r):
    return {k["kind"]: k["accounting"]["lost"] for k in r["kinds"] if k.get("accounting", {}).get("lost")}


@test("each kind has its objects, and none has another's")
def exact():
    try:
        r = all_kinds(run=page_script(*SCRIPT))
    finally:
        gen_page("drop")
    equal(lost(r), {}, "lost")
    found = collections.Counter()
    for row in rows(r, site="gen_leak_*[[]kobs_gen_page]"):
        found[row["kind"], row["site"].split("+")[0]] += row["live"]
    equal(found, {("slab", "gen_leak_object"): 30, ("page", "gen_leak_pages"): 20, ("percpu", "gen_leak_percpu"): 5,
                  ("vmalloc", "gen_leak_area"): 1}, "rows of what is leaked")
    equal(of(r, "page", "clean_pages", "allocated"), 160, "pages that are freed")
    equal(of(r, "page", "clean_pages", "freed"), 160, "pages that are freed")
    equal(of(r, "vmalloc", "clean_vmalloc", "freed"), 3, "areas that are freed")
    equal(of(r, "page", "clean_vmalloc", "allocated"), 0, "pages of areas")
    # Of slabs, there are as many as the caches lacked room: none, perhaps.
    elsewhere = next(k["counted_elsewhere"] for k in r["kinds"] if k["kind"] == "page")
    at_least(elsewhere, 33 + 3 * 20, "pages that count in other kinds")
    weights = [(row.get("verdict") != "leak", -row["live_bytes"]) for row in r["rows"]]
    equal(weights, sorted(weights), "the order of the rows")


@test("by stack, and by task")
def columns():
    try:
        r = all_kinds("--by", "site,comm,kstack", run=page_script("object 5", "leak task 3 0", "percpu task 2 64"))
    finally:
        gen_page("drop")
    equal(r["by"], ["kind", "site", "comm", "group", "kstack"], "columns")
    for kind, name, n in ("slab", "object", 5), ("page", "pages", 3), ("percpu", "percpu", 2):
        # kmemleak keeps objects of its own, whose stacks lead through the same functions.
        of = rows(r, kind=kind, comm="sh", site=f"gen_leak_{name}+*")
        found = [row for row in of if any(f.startswith(f"gen_leak_{name}+") for f in row["kstack"])]
        equal(sum(row["live"] for row in found), n, f"live objects of {kind} by stack")
    shown = obsctl("mem", "leaks", "--budget", 0, "-n", 3, "-i", "0.3", "-d", "1").out
    contains(shown, " so far", "interim reports")
    contains(shown, "KIND ", "text")
    contains(shown, "vmalloc  hits ", "what is said of vmalloc")


@test("a saved report is shown and compared")
def saved():
    try:
        for name, n in ("/tmp/before.json", 10), ("/tmp/after.json", 25):
            obsctl("mem", "leaks", "--budget", 0, "--json", "-o", name, "--", *page_script(f"object {n}", f"leak task {n} 1"))
            gen_page("drop")
        shown = obsctl("show", "/tmp/after.json").out
        for part in ("mem leaks of all kinds", "KIND ", "gen_leak_pages+", "gen_leak_object+", "slab     hits "):
            contains(shown, part, "obsctl show")
        r = json.loads(obsctl("diff", "/tmp/before.json", "/tmp/after.json", "--json").out)
        changes = {(row["kind"], row["site"].split("+")[0]): row for row in r["rows"] if row["site"].startswith("gen_leak_")}
        row = changes["page", "gen_leak_pages"]
        equal((row["before"], row["after"]), (10 * 2 * 4096, 25 * 2 * 4096), f"bytes of {row}")
        row = changes["slab", "gen_leak_object"]
        equal(row["after"] * 10, row["before"] * 25, f"bytes of {row}")
    finally:
        for name in "before", "after":
            if os.path.exists(f"/tmp/{name}.json"):
                os.unlink(f"/tmp/{name}.json")
        gen_page("drop")


@test("--fail-over names the kind")
def fails():
    turns = " ".join(map(str, range(15)))
    try:
        done = obsctl("mem", "leaks", "--budget", 0, "--fail-over", "1KiB", "--", "sh", "-c",
                      f"for i in {turns}; do echo leak task 8 0 >{GEN_PAGE}run; sleep 0.15; done", status=3)
        contains(done.err, "of pages, more than the limit 1KiB of --fail-over", "warning")
    finally:
        gen_page("drop")


@test("--module says what is left of each kind")
def module():
    try:
        r = all_kinds(*MOD, run=page_script("object 3", "leak task 2 2"))
        equal(r["module"], {"name": "kobs_gen_page", "loaded": True, "left": [
            {"kind": "slab", "objects": 3, "bytes": r["module"]["left"][0]["bytes"]},
            {"kind": "page", "objects": 8, "bytes": 8 * 4096, "orders": [2]}]}, "what the loaded module holds")
        equal([row for row in r["rows"] if not row["site"].endswith("[kobs_gen_page]")], [], "rows of other code")
    finally:
        gen_page("drop")
    leave = page_script("object 3", "leak task 1 1", "area 7", "leave")
    done = obsctl("mem", "leaks", *MOD, "--budget", 0, "--", *leave[:2], f"{leave[2]}; rmmod kobs_gen_page", status=3)
    pages = "2 pages (order 1), 1 vmalloc area"
    contains(done.err, f"module kobs_gen_page left 3 slab objects, {pages} behind", "warning")
    contains(done.out, f"and left 3 slab objects, {pages} behind. ***", "report")
    insmod("kobs_gen_page")
    done = obsctl("mem", "leaks", *MOD, "--budget", 0, "--", "sh", "-c", f"{page_script('object 4', 'drop')[2]}; rmmod kobs_gen_page")
    contains(done.out, "is not loaded, and left nothing behind.", "report")
    insmod("kobs_gen_page")


@test("refusals")
def refusals():
    for args, part in ((("--by", "order"), "--by order needs --kind page"), (("--by", "cache"), "--by cache needs --kind slab"),
                       (("--detach", "x"), "--detach needs --kind"), (("--flame", "/tmp/x.svg"), "--flame needs --kind"),
                       (("--folded", "--by", "kstack"), "--folded needs --kind"), (("--hist",), "--hist needs --kind"),
                       (("--kind", "areas"), "slab, page, vmalloc or percpu")):
        done = obsctl("mem", "leaks", *args, *(() if "--detach" in args else ("-d", "1")), status=2)
        contains(done.err, part, f"refusal of {args}")
    done = obsctl("mem", "leaks", "--module", "kobs_gen_pag", "-d", "0.2", status=1)
    contains(done.err, "was not loaded before or during the session", "refusal of a module")


page_main()
