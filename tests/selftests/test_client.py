# SPDX-License-Identifier: GPL-2.0
"""The kernel's own YNL client drives the module from uapi/kobs.yaml alone."""

import struct

from kobstest import *

LEAF = "kobs_gen_leaf"


def addresses(*names):
    return [symbol(name) for name in names]


def functions(*names):
    return {"name": "functions", "addresses": struct.pack(f"{len(names)}Q", *addresses(*names))}


def balanced(session):
    lost = sum(x["count"] for x in session.get("lost", []))
    equal(session["recorded"] + session["filtered"] + lost, session["hits"], "recorded + filtered + lost")


@test("source-get, one and all")
def sources():
    y = ynl()
    func = y.do("source-get", {"name": "func"})
    equal([m["name"] for m in func["mode"]], ["count", "time", "trace", "trace_time", "graph", "calls", "slow"], "modes")
    equal([m["available"] for m in func["mode"]], [1] * 7, "modes available")
    equal([c["name"] for c in func["column"]], ["func", "caller", "path", "root", "call", "inside", "self_ns", "context",
                                                  "duration", "run", "irq", "woken", "preempted", "blocked"], "columns")
    equal({p["name"] for p in func["param"]}, {"functions", "all", "inflight", "wait", "roots", "tree", "depth", "tasks", "settle", "over", "syscalls",
                                               "events"}, "parameters")
    every = y.dump("source-get", {})
    equal([s["name"] for s in every][0], "session", "first source")
    equal(next(s for s in every if s["name"] == "func"), func, "func in the dump")
    engine = every[0]
    equal(engine["version"], read(f"{SRC}/VERSION").strip(), "version")
    equal({c["name"] for c in engine["column"]}, {"cpu", "pid", "tid", "comm", "cgroup", "kstack", "ustack"}, "columns")
    for p in engine["param"]:
        at_most(p["lowest"], p["default"], f"lowest of {p['name']}")
        at_most(p["default"], p["highest"], f"default of {p['name']}")
    for item in (*every, *engine["param"], *func["param"], *func["mode"], *func["column"], *engine["column"]):
        assert item["doc"], f"{item['name']} has no doc"


@test("a whole session of func count")
def count():
    y = ynl()
    leaf, outer = addresses(LEAF, "kobs_gen_outer")
    s = y.do("session-new", {"source": "func", "mode": "count", "by": ["func", "caller", "comm", "cpu", "kstack"],
                             "param": [functions(LEAF, "kobs_gen_outer")]})
    equal((s["source"], s["mode"], s["state"], s["targets"], s["hits"]), ("func", "count", "new", 2, 0), "new session")
    equal(s["by"], ["func", "caller", "comm", "cpu", "kstack"], "by")
    number = s["id"]
    equal(y.do("session-start", {"id": number})["state"], "started", "state")
    # This process owns the session: only calls of others count.
    gen("call task 9")
    subprocess.run(script("call task 70 1", "callb 30", "call hardirq 5 0", "nested 8"), check=True)
    s = y.do("session-stop", {"id": number})
    equal(s["state"], "stopped", "state")
    equal((s["hits"], s["recorded"], s["own"]), (122, 113, 9), "hits, recorded and own")
    balanced(s)
    assert "lost" not in s, f"lost {s}"
    rows = y.dump("table-get", {"session": number})
    equal(sum(r["count"] for r in rows), 113, "sum of the rows")
    equal({r["session"] for r in rows}, {number}, "session of the rows")
    by_func = {}
    stacks = {x["id"]: x for x in y.dump("stack-get", {"session": number})}
    for r in rows:
        key = {k["column"]: k.get("number", k.get("text")) for k in r["key"]}
        equal(sorted(key), [0, 1, 2, 3, 4], "columns of the key")
        equal(key[2], "sh", "comm")
        base = leaf if 0 <= key[0] - leaf <= 8 else outer
        by_func[base] = by_func.get(base, 0) + r["count"]
        stack = stacks[key[4]]
        ips = stack["addresses"]
        if isinstance(ips, bytes):
            ips = struct.unpack(f"{len(ips) // 8}Q", ips)
        assert 0 < ips[0] - base <= 16, f"stack begins with {ips[0]:#x}, the function is at {base:#x}"
        equal("pid" in stack, False, "a kernel stack has a pid")
        equal(y.do("stack-get", {"session": number, "id": key[4]}), stack, "one stack")
    equal(by_func, {leaf: 105, outer: 8}, "counts by function")
    equal(y.do("table-get", {"session": number})["count"], 113, "sum of all rows")
    equal(y.do("session-get", {"id": number})["hits"], 122, "hits")
    equal([x["id"] for x in y.dump("session-get", {})], [number], "sessions")
    y.do("session-del", {"id": number})
    equal(y.dump("session-get", {}), [], "sessions after the end")


@test("a whole session of func time, detached, with a histogram")
def timed():
    y = ynl()
    s = y.do("session-new", {"source": "func", "mode": "time", "filter": {"cpu": [1], "min": 20000},
                             "param": [functions("kobs_gen_spin"), {"name": "hist", "number": 1}]})
    s = y.do("session-start", {"id": s["id"], "name": "ynl"})
    equal((s["name"], "owner" in s), ("ynl", False), "name, and whether there is an owner")
    subprocess.run(["taskset", "-c", "1", *script("spin 30 50000")], check=True)
    subprocess.run(["taskset", "-c", "0", *script("spin 7 50000")], check=True)
    del y
    y = ynl()
    s = y.do("session-stop", {"name": "ynl"})
    equal((s["hits"], s["recorded"], s["filtered"]), (37, 30, 7), "hits, recorded and filtered")
    rows = y.dump("table-get", {"session": s["id"]})
    equal(sum(r["count"] for r in rows), 30, "count")
    equal(sum(b["count"] for r in rows for b in r["bucket"]), 30, "sum of the buckets")
    at_least(min(r["lowest"] for r in rows if "lowest" in r), 50000, "lowest")
    for b in (b for r in rows for b in r["bucket"]):
        at_most(b["hi"] - b["lo"], b["lo"] / 16, "width of a bucket")
    one = y.do("table-get", {"session": s["id"]})
    equal(one["count"], 30, "count of all rows")
    at_least(one["sum"], 1500000, "sum of all rows")
    y.do("session-del", {"name": "ynl"})


@test("refusals come with their sentence")
def refusals():
    y = ynl()
    for command, request, part in (
            ("source-get", {"name": "nosuch"}, "there is no source nosuch"),
            ("session-new", {"source": "func", "mode": "count"}, "functions is missing"),
            ("session-new", {"source": "func", "mode": "count", "param": [functions(LEAF), {"name": "rows", "number": 1}]},
             "rows is 1, but must be 2 to"),
            ("session-start", {"id": 4000000000}, "there is no session 4000000000")):
        try:
            y.do(command, request)
        except Exception as e:
            contains(str(getattr(e, "nl_msg", e).extack if hasattr(e, "nl_msg") else e), part, f"refusal of {command}")
        else:
            raise AssertionError(f"{command} {request} was accepted")


main()
