# SPDX-License-Identifier: GPL-2.0
"""slab: the site of what the kernel's helpers allocate is the helper's caller."""

from slabtest import *

MODULE = "kobs_gen_helper"
PARAM = f"/sys/module/{MODULE}/parameters/"
N = 30
# Objects per call, where that is the same on all kernels.
EXACT = {"kasprintf": 1, "kstrdup": 1, "kmemdup": 1, "krealloc": 1, "kvmalloc": 1, "skb": 2, "mempool": 3, "mempool_alloc": 1, "vmalloc": 0, "pages": 0}
OTHERS = ["workqueue", "netdev", "idr"]
# Helpers that were sites, on some kernel.
HELPERS = {"mempool_alloc_slab", "mempool_kmalloc", "kvmalloc_node", "__kvmalloc_node", "kmalloc_reserve", "__alloc_skb", "kvasprintf", "kstrdup", "kmemdup",
           "radix_tree_node_alloc", "xas_alloc", "alloc_workqueue", "alloc_netdev_mqs", "bio_alloc_bioset"}
# The allocator's own.
ALLOCATOR = {"memcg_alloc_slab_cgroups", "alloc_slab_obj_exts", "__pcs_replace_empty_main", "alloc_empty_sheaf", "__alloc_empty_sheaf"}


def make(*ways):
    return "; ".join(f"echo {how} {N} >{PARAM}make || exit" for how in ways)


def script(*commands):
    return ["sh", "-c", "; ".join(commands)]


def made_by(how):
    return f"gen_make_{how}+0x* [[]{MODULE}]"


def live_of(report, how):
    return sum(r["live"] for r in rows(report, site=made_by(how)))


def loaded_module(fn):
    def wrapped():
        insmod(MODULE)
        try:
            fn()
        finally:
            if loaded(MODULE):
                rmmod(MODULE)
    return wrapped


def function_of(address):
    return address.split("+")[0].split(".")[0].removesuffix("_noprof")


@test("what helpers allocate for a module counts against the call of the helper")
@loaded_module
def module():
    ways = [*EXACT, *OTHERS]
    # By the whole stack, all that was allocated beneath a function of the module.
    obsctl("slab", "leaks", "--detach", "oracle", "--budget", 0, "--by", "site,kstack", "--stacks", 16384)
    try:
        r = leaks("--module", MODULE, run=script(make(*ways)))
    finally:
        oracle = read_session("oracle", "stop")
    for how, each in EXACT.items():
        equal(live_of(r, how), N * each, f"live objects of {how}: {rows(r, site=made_by(how))}")
    for how in ways:
        beneath = [x for x in oracle["rows"] if any(fnmatch.fnmatchcase(f, made_by(how)) for f in x["kstack"])]
        ours = [x for x in beneath if fnmatch.fnmatchcase(x["site"], made_by(how))]
        equal(sum(x["live"] for x in ours), live_of(r, how), f"live objects of {how} by the stack")
        others = {(x["site"], x["cache"]) for x in beneath if x["live"] and x not in ours}
        others = {x for x in others if function_of(x[0]) not in ALLOCATOR}
        # These have the areas of vmalloc().
        if how not in ("vmalloc", "pages"):
            equal(others, set(), f"sites beneath {how}")
    # 6.1 has the rest of a workqueue in per-CPU memory.
    at_least(live_of(r, "workqueue"), N, "workqueues, and on most kernels for each CPU their part of its pool")
    at_least(live_of(r, "netdev"), 3 * N, "devices, their queues, and addresses")
    at_least(live_of(r, "idr"), N, "nodes of an IDR")
    equal(r["accounting"]["lost"], {}, "lost")


@test("what helpers allocated is freed at once, or by RCU")
@loaded_module
def dropped():
    obsctl("slab", "leaks", "--detach", "drop", "--budget", 0, "--module", MODULE)
    try:
        subprocess.run(script(make(*EXACT, *OTHERS)), check=True)
        at_least(sum(x["live"] for x in read_session("drop")["rows"]), 12 * N, "live objects")
        write(PARAM + "drop", "1")
        # Some of it goes by RCU.
        until(lambda: sum(x["live"] for x in read_session("drop")["rows"]) == 0, "all objects are freed")
    finally:
        r = read_session("drop", "stop")
    equal([x["missed_frees"] for x in r["rows"] if x["missed_frees"]], [], "missed frees")


def left(leave, *ways):
    """The report of a session that ends with the command that unloads the module."""
    insmod(MODULE)
    try:
        write(PARAM + "leave", str(leave))
        r = obsctl("slab", "leaks", "--module", MODULE, "--budget", 0, "--", *script(make(*ways), f"rmmod {MODULE}"), status=3 if leave == "Y" else 0)
    finally:
        if loaded(MODULE):
            rmmod(MODULE)
    return r


@test("what a module leaves behind that helpers allocated for it")
def left_behind():
    r = left("Y", "kasprintf", "skb")
    contains(r.out, f"*** Module {MODULE} is not loaded any more, and left {3 * N} slab objects behind", "report")
    contains(r.err, f"module {MODULE} left {3 * N} slab objects behind", "warning")


@test("a module whose workqueues and devices are freed leaves nothing behind")
def nothing_left():
    # The kernel frees parts of them later, by RCU.
    r = left("N", "workqueue", "netdev", "kvmalloc", "vmalloc", "pages")
    contains(r.out, f"Module {MODULE} is not loaded, and left no slab objects behind; pages and vmalloc() are not followed.", "report")


@test("what a module frees by kfree_rcu() is waited for, some seconds")
def kfree_rcu_left():
    r = left("N", "kfree_rcu")
    contains(r.out, f"Module {MODULE} is not loaded, and left no slab objects behind", "report")


@test("helpers are no sites")
def no_sites():
    work = "ls -R /sys/module >/dev/null; for i in 1 2 3 4 5; do cat /proc/slabinfo /proc/self/maps | gzip >/tmp/helpers.gz; done; ps ax >/dev/null; rm /tmp/helpers.gz"
    r = leaks(run=["sh", "-c", work])
    equal({x["site"] for x in r["rows"] if "[" not in x["site"] and function_of(x["site"]) in HELPERS}, set(), "sites in helpers")
    insmod(MODULE)
    try:
        r = obsctl("slab", "trace", "--json", "-c", "sh", "--budget", 0, "--", *script(make("mempool_alloc", "kasprintf"), f"echo 1 >{PARAM}drop"))
    finally:
        rmmod(MODULE)
    events = [(e["event"], e["site"].split("+")[0]) for e in map(json.loads, r.out.splitlines()) if MODULE in e.get("site", "")]
    want = [(event, f"gen_{'make' if event == 'alloc' else 'drop'}_{how}") for event, hows in (("alloc", ("mempool_alloc", "kasprintf")),
            ("free", ("kasprintf", "mempool_alloc"))) for how in hows for _ in range(N)]
    equal(events, want, "allocations and frees")


main()
