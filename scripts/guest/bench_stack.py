# SPDX-License-Identifier: GPL-2.0
"""
Jobs of "bench" on kernel stacks: a stack that the memo recalls, one that is
unwound, and the mixture that real work makes.
"""

import json

# Files, pipes and processes.
WORK = ("for i in 1 2 3; do t=/tmp/bench.$i; mkdir $t; cp -r /etc/default $t; ls -lR $t | sort | wc >/dev/null; "
        "grep -r xyzzy /etc/default; rm -r $t; done; true")
MIXED = "kmem_cache_free"


def mixed(b, *options):
    """What a hit took in the handler, on the average of those that were timed; and how its stacks came about."""
    out = b.run("obsctl", "func", "count", MIXED, "--by", "kstack", "--budget", "0", "--rows", "16384", "--json", *options,
                "--", "sh", "-c", WORK)
    r = json.loads(out.splitlines()[-1])
    b.balanced(r)
    return r["cost"]["ns_per_hit"], r["kernel_stacks"]


def measure(b):
    kind, base = "calldeep", ("count", b.FUNC, "--by", "kstack")
    peers = [("stack_trace_save()", lambda: b.bench("stack")),
             ("bpftrace @[kstack]", b.bpftrace(f"kprobe:{b.FUNC} {{ @[kstack] = count(); }}", kind, pattern=r"^\]: (\d+)$"))]
    costs = [(name, b.attempt(name, peer)) for name, peer in peers]
    costs = [(name, cost and cost - b.plain[kind]) for name, cost in costs]

    def row(what, limit, *options):
        cost = b.own(b.obsctl(*base, *options, kind=kind)) - b.plain[kind]
        b.line(what, cost, limit, costs)
    row("count by kstack, 33 deep: recalled", 1000)
    # The unwinder's cost is not ours to better.
    row("count by kstack, 33 deep: unwound", (costs[0][1] or 25000) * 1.1, "--memo-check", "0")

    mixed(b)    # learns
    cost, k = b.own(lambda: mixed(b))
    unwound, _ = b.own(lambda: mixed(b, "--memo-check", "0"))
    b.line(f"{MIXED} by kstack, real work: in the handler", cost, None, [("(unwound each time)", unwound)])
    b.notes.append(f"{k['memo'] * 100 / (k['memo'] + k['unwound']):.1f} % of the stacks of real work by the memo")
