# SPDX-License-Identifier: GPL-2.0
"""Tens of thousands of hostile requests: refused as documented, nothing left behind, the machine unharmed."""

from kobstest import *

FUZZER = f"{SRC}/build/fuzz/nlfuzz"
MESSAGES = int(os.environ.get("KOBS_FUZZ_MESSAGES", 10000 if SHORT else 200000 if KERNEL == "debug" else 20000))
# A session on the debug kernel takes about a second.
RARE = 10 if KERNEL == "debug" else 1
SEED = int(os.environ.get("KOBS_FUZZ_SEED", 1))
# Requests that the kernel refuses before the family sees them, in part without a sentence.
MUTE = {"EOPNOTSUPP", "EINVAL", "EBUSY", "ENOBUFS", "EAGAIN"}


def end_detached():
    """Stops detached sessions: the fuzzer detaches them under random names."""
    for s in sessions():
        obsctl("session", "stop", s["id"])


@test(f"{MESSAGES} messages from two threads, seed {SEED}")
def fuzz():
    r = subprocess.run([FUZZER, "-n", str(MESSAGES), "-s", str(SEED), "-r", str(RARE)], capture_output=True, text=True, errors="replace")
    assert r.returncode == 0, f"status {r.returncode}\n{r.stdout[-2000:]}\n{r.stderr[-8000:]}"
    print(f"# {r.stdout.strip()}", flush=True)
    did = json.loads(r.stdout)
    equal(did["messages"], MESSAGES, "messages")
    # The fuzzer reached its targets: sessions were made, ran, and lost their socket.
    at_least(did["sessions"], max(MESSAGES // RARE // 1000, 1), "sessions made")
    at_least(did["started"], max(MESSAGES // RARE // 20000, 1), "sessions started")
    at_least(did["closed"], MESSAGES // 1000, "sockets closed")
    at_least(sum(did["refused"].values()), MESSAGES // 4, "refusals")
    assert set(did["mute"]) <= MUTE, f"refusals without a sentence: {did['mute']}"
    end_detached()
    # Sessions end asynchronously after their sockets were closed.
    until(lambda: not references(), "the sessions to end")
    equal(sessions(), [], "sessions")


@test("the module works afterwards, unloads and loads again")
def alive():
    equal(report("count", "kobs_gen_leaf", run=script("call task 7"))["accounting"]["hits"], 7, "hits")
    equal(rmmod("kobs"), None, "rmmod's complaint")
    insmod("kobs")
    equal(report("count", "kobs_gen_leaf", run=script("call task 7"))["accounting"]["hits"], 7, "hits after loading again")


main()
