// SPDX-License-Identifier: GPL-2.0
/* Unit tests of pmu stat: what follows from counts, and verdicts; prints TAP. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/pmu/last_cache.h"
#include "cmd/pmu/stat_metrics.h"
#include "cmd/pmu/stat_sampled.h"
#include "cmd/pmu/stat_verdict.h"
#include "cpuinfo.h"
#include "lib/macros.h"

#define S		1000000000ull

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static void same(const char *got, const char *want, const char *name)
{
	ok(got && want && !strcmp(got, want), name);
	if (!got || !want || strcmp(got, want))
		printf("# got '%s'\n# not '%s'\n", got ? got : "(none)", want ? want : "(none)");
}

/* An event that was counted all the time: of a group, and for less of it. */
struct count {
	const char	*event;
	uint64_t	count;
	unsigned int	group;
	unsigned int	percent;	/* of the time; 0: all of it, 255: never */
};

#define COUNTS	12

static struct stat_state state_of(const struct count *c, struct stat_row *rows)
{
	struct stat_state st = { .v = rows, .duration = S, .of_tasks = true };

	for (; st.n < COUNTS && c[st.n].event; st.n++) {
		unsigned int percent = c[st.n].percent ? c[st.n].percent : 100;

		rows[st.n] = (struct stat_row){
			.count = c[st.n].count, .enabled = S, .event = c[st.n].event, .scale = 1,
			.group = c[st.n].group, .running = percent == 255 ? 0 : S / 100 * percent,
		};
		if (c[st.n].group >= st.groups)
			st.groups = c[st.n].group + 1;
	}
	stat_link(&st);
	return st;
}

static const struct stat_metric *metric(const char *key)
{
	size_t i;

	for (i = 0; i < nr_stat_metrics; i++)
		if (!strcmp(stat_metrics[i].key, key))
			return &stat_metrics[i];
	return NULL;
}

static void test_metrics(void)
{
	static const struct count counts[COUNTS] = {
		{ "task-clock", 500000000, 0, 0 }, { "cycles", 1500000000, 0, 0 },
		{ "instructions", 3000000000, 0, 50 }, { "branches", 600000000, 0, 0 },
		{ "branch-misses", 6000000, 0, 0 }, { "cycles:u", 100, 0, 0 },
		{ "instructions:u", 40, 0, 0 }, { "instructions", 9, 0, 0 },
		{ "cycles", 500000000, 1, 0 }, { "instructions", 500000000, 1, 0 },
		{ "cpu-cycles:k", 10, 0, 255 }, { "instructions:k", 10, 0, 0 },
	};
	static const struct {
		const char *key, *mods;
		unsigned int group;
		const char *text;
	} cases[] = {
		{ "cpus_used", "", 0, "0.50 CPUs used" },
		{ "ghz", "", 0, "3.000 GHz" },
		/* Counted for half of the time; the event again does not count. */
		{ "ipc", "", 0, "4.00 insn per cycle, estimated" },
		{ "ipc", "", 1, "1.00 insn per cycle" },
		{ "ipc", "", STAT_ALL, "3.25 insn per cycle, estimated" },
		{ "ipc", "u", 0, "0.40 insn per cycle" },
		{ "branch_miss_rate", "", 0, "1.00 % of branches" },
		{ "branch_misses_per_1000", "", 0, "1.00 per 1,000 insn, estimated" },
		/* No counter was free; not asked for. */
		{ "ipc", "k", 0, "none" },
		{ "branch_miss_rate", "", 1, "none" },
		{ "ghz", "u", 0, "none" },
		{ "cache_miss_rate", "", 0, "none" },
	};
	struct stat_row rows[COUNTS];
	struct stat_state st = state_of(counts, rows);
	char text[100], name[64];
	double value;
	bool shared;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct stat_metric *m = metric(cases[i].key);

		strcpy(text, "none");
		if (stat_metric_of(&st, m, cases[i].mods, cases[i].group, &value, &shared)) {
			stat_metric_text(text, sizeof(text), m, value, m->cell);
			strcat(text, shared ? ", estimated" : "");
		}
		snprintf(name, sizeof(name), "%s:%s of %d", cases[i].key, cases[i].mods,
			 (int)cases[i].group);
		same(text, cases[i].text, name);
	}
	st.of_tasks = false;
	ok(!stat_metric_of(&st, metric("ghz"), "", 0, &value, &shared) &&
	   !stat_metric_of(&st, metric("cpus_used"), "", 0, &value, &shared),
	   "clocks of CPUs go on while these are idle");
	ok(stat_is_event("cpu-cycles:u", "cycles") && stat_is_event("cycles", "cycles") &&
	   !stat_is_event("cycles-ct", "cycles") && !stat_is_event("cpu/cycles/", "cycles") &&
	   stat_is_event("branch-instructions", "branches"), "two names of an event");
	st.v = NULL;
	stat_free(&st);
}

/* The sentences of a verdict, and what is missing, a line each. */
static void check_verdict(const struct count *counts, const char *absent, const char *want,
			  const char *name)
{
	struct stat_row rows[COUNTS];
	struct stat_state st = state_of(counts, rows);
	struct stat_verdicts v = {};
	struct strings lacks = {};
	struct buf text = {};
	size_t i;

	if (absent)
		strings_add(&lacks, absent);
	stat_verdict_find(&v, &st, &lacks);
	buf_puts(&text, "");
	for (i = 0; i < v.n; i++)
		buf_printf(&text, "%s: %s\n", v.v[i].rule, v.v[i].sentence);
	for (i = 0; i < v.missing.n; i++)
		buf_printf(&text, "no %s\n", v.missing.v[i]);
	same(text.p, want, name);
	for (i = 0; i < v.n; i++)
		ok(!strncmp(v.v[i].next, "obsctl pmu ", 11), v.v[i].next);
	stat_verdict_free(&v);
	strings_free(&lacks);
	buf_free(&text);
	st.v = NULL;
	stat_free(&st);
}

static void test_verdicts(void)
{
	static const struct count memory[COUNTS] = {
		{ "cycles", 100000000, 0, 0 }, { "instructions", 31000000, 0, 0 },
		{ "cache-references", 1000000, 0, 0 }, { "cache-misses", 120000, 0, 0 },
	};
	static const struct count elsewhere[COUNTS] = {
		{ "cycles", 100000000, 0, 0 }, { "instructions", 31000000, 0, 0 },
		{ "cache-references", 1000000, 0, 0 }, { "cache-misses", 99000, 0, 0 },
	};
	static const struct count few[COUNTS] = {
		{ "cycles", 100000000, 0, 0 }, { "instructions", 31000000, 0, 0 },
		{ "LLC-loads", 100000, 0, 0 }, { "LLC-load-misses", 30999, 0, 0 },
	};
	static const struct count unknown[COUNTS] = {
		{ "cycles", 100000000, 0, 0 }, { "instructions", 99000000, 0, 0 },
	};
	static const struct count busy[COUNTS] = {
		{ "cycles", 100000000, 0, 0 }, { "instructions", 100000000, 0, 0 },
		{ "branches", 20000000, 0, 0 }, { "branch-misses", 999999, 0, 0 },
	};
	static const struct count branches[COUNTS] = {
		{ "cycles", 100000000, 0, 0 }, { "instructions", 231000000, 0, 0 },
		{ "branches", 20000000, 0, 0 }, { "branch-misses", 1400000, 0, 0 },
	};
	static const struct count rare[COUNTS] = {
		{ "cycles", 100000000, 0, 0 }, { "instructions", 231000000, 0, 0 },
		{ "branches", 100000, 0, 0 }, { "branch-misses", 90000, 0, 0 },
	};
	static const struct count both[COUNTS] = {
		{ "cycles", 100000000, 0, 0 }, { "instructions", 50000000, 0, 0 },
		{ "cache-references", 4000000, 0, 0 }, { "cache-misses", 1000000, 0, 0 },
		{ "branches", 10000000, 0, 0 }, { "branch-misses", 500000, 0, 0 },
	};
	static const struct count alone[COUNTS] = {
		{ "branches", 10000, 0, 0 }, { "branch-misses", 600, 0, 0 },
	};
	/* Only those of the branches shared counters, or only the cycles. */
	static const struct count some[COUNTS] = {
		{ "cycles", 100000000, 0, 0 }, { "instructions", 50000000, 0, 0 },
		{ "branches", 5000000, 0, 50 }, { "branch-misses", 500000, 0, 0 },
	};
	static const struct count others[COUNTS] = {
		{ "cycles", 50000000, 0, 50 }, { "instructions", 50000000, 0, 0 },
		{ "branches", 10000000, 0, 0 }, { "branch-misses", 500000, 0, 0 },
	};
	static const struct count kinds[COUNTS] = {
		{ "cycles:u", 100000000, 0, 0 }, { "instructions:u", 200000000, 0, 0 },
		{ "cycles:k", 100000000, 0, 0 }, { "instructions:k", 40000000, 0, 50 },
	};

	check_verdict(memory, NULL,
		      "memory-bound: memory-bound: IPC 0.31 and 12.0 % of references miss the LLC, 3.9 per 1,000 instructions\n",
		      "memory");
	check_verdict(elsewhere, NULL,
		      "stalled: stalled, but not on memory: IPC 0.31, and only 9.9 % of references miss the LLC\n",
		      "few references miss");
	check_verdict(few, NULL,
		      "stalled: stalled, but not on memory: IPC 0.31, and 31.0 % of loads miss the LLC, but that is 1.00 per 1,000 instructions\n",
		      "there are few references");
	check_verdict(unknown, NULL,
		      "stalled: stalled: IPC 0.99; whether it is memory, cache-references and cache-misses would tell\n",
		      "caches were not counted");
	check_verdict(busy, NULL,
		      "instruction-bound: bound by instructions: IPC 1.00; fewer instructions make it faster\n",
		      "below all thresholds but one");
	check_verdict(branches, NULL,
		      "mispredicted: slowed down by branches: 7.0 % of them are mispredicted, 6.1 per 1,000 instructions\n",
		      "branches");
	check_verdict(rare, NULL,
		      "instruction-bound: bound by instructions: IPC 2.31; fewer instructions make it faster\n",
		      "few branches");
	check_verdict(both, NULL,
		      "memory-bound: memory-bound: IPC 0.50 and 25.0 % of references miss the LLC, 20.0 per 1,000 instructions\n"
		      "mispredicted: slowed down by branches: 5.0 % of them are mispredicted, 10.0 per 1,000 instructions\n",
		      "memory, and branches");
	check_verdict(alone, NULL,
		      "mispredicted: slowed down by branches: 6.0 % of them are mispredicted\n",
		      "branches alone");
	check_verdict(some, NULL,
		      "stalled: stalled: IPC 0.50; whether it is memory, cache-references and cache-misses would tell\n"
		      "mispredicted: slowed down by branches: 5.0 % of them are mispredicted, 10.0 per 1,000 instructions (estimated: these events shared counters)\n",
		      "an estimate of branches");
	check_verdict(others, NULL,
		      "stalled: stalled: IPC 0.50; whether it is memory, cache-references and cache-misses would tell (estimated: these events shared counters)\n"
		      "mispredicted: slowed down by branches: 5.0 % of them are mispredicted, 10.0 per 1,000 instructions\n",
		      "an estimate of cycles");
	check_verdict(kinds, NULL,
		      "instruction-bound: bound by instructions: IPC 2.00; fewer instructions make it faster, of events with :u\n"
		      "stalled: stalled: IPC 0.80; whether it is memory, cache-references and cache-misses would tell, of events with :k (estimated: these events shared counters)\n",
		      "user code and the kernel, each by itself");
}

/* What the kernel's events are of: the last cache, or another one. */
static void test_caches(void)
{
	static const struct count generic[COUNTS] = {
		{ "cycles", 100000000, 0, 0 }, { "instructions", 31000000, 0, 0 },
		{ "cache-references", 1000000, 0, 0 }, { "cache-misses", 120000, 0, 0 },
	};
	static const struct count both[COUNTS] = {
		{ "cycles", 100000000, 0, 0 }, { "instructions", 31000000, 0, 0 },
		{ "cache-references", 9000000, 0, 0 }, { "cache-misses", 90000, 0, 0 },
		{ "LLC-loads", 1000000, 0, 0 }, { "LLC-load-misses", 120000, 0, 0 },
	};

	cpuinfo_write(CPUINFO_ARM64);
	check_verdict(generic, NULL,
		      "stalled: stalled: IPC 0.31; whether it is memory, LLC-loads and LLC-load-misses would tell\n"
		      "no memory: cache-misses are of the first cache here\n", "arm64");
	check_verdict(both, NULL,
		      "memory-bound: memory-bound: IPC 0.31 and 12.0 % of loads miss the LLC, 3.9 per 1,000 instructions\n",
		      "arm64, and its last cache");
	same(cache_last()->record, "obsctl pmu record -e LLC-load-misses -g -d 10", "where");
	cpuinfo_write(CPUINFO_AMD);
	check_verdict(both, NULL,
		      "stalled: stalled: IPC 0.31; no event is known to be of the last cache here\n"
		      "no memory: cache-misses are of the second cache here\n", "AMD");
	ok(!cache_last(), "AMD has no event of its last cache");
	cpuinfo_write(CPUINFO_OTHER);
	check_verdict(generic, NULL,
		      "stalled: stalled: IPC 0.31; no event is known to be of the last cache here\n"
		      "no memory: cache-misses are of a cache that is not known here\n", "others");
	cpuinfo_write(CPUINFO_INTEL);
	same(cache_last()->record, "obsctl pmu record -e cache-misses -g -d 10", "Intel's");
}

static void test_no_verdict(void)
{
	static const struct count software[COUNTS] = { { "task-clock", S, 0, 0 } };
	static const struct count one[COUNTS] = { { "cycles", 100000000, 0, 0 } };
	static const struct count little[COUNTS] = {
		{ "cycles", 999999, 0, 0 }, { "instructions", 500000, 0, 0 },
	};
	static const struct count short_time[COUNTS] = {
		{ "cycles", 100000000, 0, 9 }, { "instructions", 100000000, 0, 0 },
	};
	static const struct count never[COUNTS] = {
		{ "cycles", 100000000, 0, 0 }, { "instructions", 20000000, 0, 0 },
		{ "cache-references", 0, 0, 255 }, { "cache-misses", 120000, 0, 0 },
	};
	static const struct count unsure[COUNTS] = {
		{ "branches", 9999, 0, 0 }, { "branch-misses", 9999, 0, 0 },
	};
	static const struct count uncounted[COUNTS] = {
		{ "cycles", 100000000, 0, 0 }, { "instructions", 200000000, 0, 0 },
	};

	check_verdict(software, NULL, "", "software events");
	check_verdict(software, "cycles", "no IPC: cycles is not counted by this machine\n",
		      "a machine without them");
	check_verdict(one, NULL, "no IPC: instructions is not among the events\n", "one of two");
	check_verdict(little, NULL,
		      "no IPC: cycles counted 999,999, and a verdict needs 1,000,000\n", "too few");
	check_verdict(short_time, NULL,
		      "no IPC: cycles was counted for 9.0 % of the time, and less than 10 % are not scaled up\n",
		      "too short");
	check_verdict(never, NULL,
		      "stalled: stalled: IPC 0.20; whether it is memory, cache-references and cache-misses would tell\n"
		      "no memory: cache-references was not counted: no counter was free\n",
		      "never on a counter");
	check_verdict(unsure, NULL,
		      "no branches: branches counted 9,999, and a verdict needs 10,000\n",
		      "too few branches");
	check_verdict(uncounted, "cache-misses",
		      "instruction-bound: bound by instructions: IPC 2.00; fewer instructions make it faster\n"
		      "no memory: cache-references is not among the events\n",
		      "misses that are not counted");
}

/* Counts by process: sums of the periods of samples. */
static void test_sampled(void)
{
	static const char *const order[] = { "b 0", "b 1", "a 0", "a 1", "c 1" };
	struct stat_row rows[] = {
		{ .key = { 0, 1 }, .count = 60000000, .samples = 99, .event = "cycles" },
		{ .key = { 1, 1 }, .count = 90000000, .samples = 9, .event = "instructions" },
		{ .key = { 1, 3 }, .count = 99, .samples = 1, .event = "instructions", .group = 2 },
		{ .key = { 0, 2 }, .count = 70000000, .samples = 70, .event = "cycles",
		  .group = 1 },
		{ .key = { 1, 2 }, .count = 30000000, .samples = 300, .event = "instructions",
		  .group = 1 },
	};
	struct stat_state st = {
		.v = rows, .n = ARRAY_SIZE(rows), .groups = 3, .duration = S, .sampled = true,
		.of_tasks = true,
	};
	struct stat_verdicts v = {};
	struct strings none = {};
	char name[8];
	size_t i;

	stat_sort_sampled(&st, 0);
	for (i = 0; i < st.n; i++) {
		snprintf(name, sizeof(name), "%c %d", (char)('a' + rows[i].key[1] - 1),
			 (int)rows[i].key[0]);
		same(name, order[i], "the process with most of the first event comes first");
		rows[i].scale = 1;
	}
	stat_link(&st);
	stat_verdict_find(&v, &st, &none);
	same(v.n ? v.v[0].sentence : NULL,
	     "stalled: IPC 0.92; whether it is memory, cache-references and cache-misses would tell",
	     "a verdict on all");
	stat_verdict_free(&v);
	rows[0].samples = 0;
	stat_verdict_find(&v, &st, &none);
	same(v.missing.n ? v.missing.v[0] : NULL,
	     "IPC: cycles has 99 samples, and a verdict needs 100", "too few samples");
	stat_verdict_free(&v);
	st.v = NULL;
	stat_free(&st);
}

static void test_slots(void)
{
	static const struct {
		unsigned int tenths[NR_TOPDOWN_PARTS];	/* in the order of the enum */
		const char *rule;
		const char *sentence;
	} cases[] = {
		{ { 123, 45, 543, 289 }, "backend-bound",
		  "bound by the back end: 54.3 % of the slots waited for data or for execution units"
		},
		{ { 600, 0, 150, 250 }, "frontend-bound",
		  "bound by the front end: 60.0 % of the slots got no instructions in time" },
		{ { 149, 300, 199, 352 }, "bad-speculation",
		  "slowed down by bad speculation: 30.0 % of the slots were for work that was thrown away"
		},
		/* The largest of those that reach their thresholds. */
		{ { 250, 165, 200, 385 }, "frontend-bound",
		  "bound by the front end: 25.0 % of the slots got no instructions in time" },
		{ { 149, 149, 2, 700 }, "instruction-bound",
		  "bound by instructions: 70.0 % of the slots did work that counted" },
		{ { 149, 149, 199, 503 }, NULL, NULL },
		{ { 0, 0, 0, 0, 0, 1000 }, NULL, NULL },
	};
	const struct topdown shared = { .unit = "slots", .tenths = { 1000 }, .shared = true };
	struct stat_verdicts v = {};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct topdown t = { .unit = "slots" };

		memcpy(t.tenths, cases[i].tenths, sizeof(t.tenths));
		stat_verdict_topdown(&v, &t);
		ok(v.n == !!cases[i].rule, "a verdict on slots, or none");
		if (v.n && cases[i].rule) {
			same(v.v[0].rule, cases[i].rule, "its rule");
			same(v.v[0].sentence, cases[i].sentence, "its sentence");
		}
		stat_verdict_free(&v);
	}
	stat_verdict_topdown(&v, &shared);
	same(v.v[0].sentence,
	     "bound by the front end: 100.0 % of the slots got no instructions in time (estimated: these events shared counters)",
	     "of events that shared counters");
	stat_verdict_free(&v);
}

/* Whether a verdict can rely on a plan's events, and why not. */
static void check_slots(const struct topdown_method *m, const struct count *counts, bool sampled,
			const char *want, const char *name)
{
	struct topdown_plan plan = { .method = m, .n = 4, .event = { 0, 1, 2, 3 } };
	const char *const names[] = { "a", "b", "c", "d" };
	struct stat_row rows[COUNTS];
	struct stat_state st = state_of(counts, rows);
	struct strings missing = {};
	size_t i;
	bool good;

	st.sampled = sampled;
	for (i = 0; sampled && i < st.n; i++) {
		rows[i].enabled = 0;
		rows[i].running = 0;
		rows[i].samples = counts[i].percent;
	}
	good = stat_verdict_slots(&st, &plan, names, &missing);
	ok(good == !want && missing.n == !!want, name);
	if (want)
		same(missing.n ? missing.v[0] : NULL, want, name);
	strings_free(&missing);
	st.v = NULL;
	stat_free(&st);
}

static void test_slots_counted(void)
{
	static const struct topdown_event events[TOPDOWN_EVENTS] = {
		{ .role = "slots" }, { .role = "front" }, { .role = "back" },
		{ .role = "retiring" },
	};
	static const struct topdown_method whole = { .unit = "slots", .event = events };
	static const struct topdown_method parts = {
		.unit = "slots", .event = events, .of_parts = true,
	};
	static const struct count enough[COUNTS] = {
		{ "a", 1000000, 0, 0 }, { "b", 0, 0, 10 }, { "c", 1, 0, 0 }, { "d", 1, 0, 0 },
	};
	static const struct count few[COUNTS] = {
		{ "a", 999997, 0, 0 }, { "b", 1, 0, 0 }, { "c", 1, 0, 0 }, { "d", 1, 0, 0 },
	};
	static const struct count brief[COUNTS] = {
		{ "a", 1000000, 0, 0 }, { "b", 9, 0, 9 }, { "c", 1, 0, 0 }, { "d", 1, 0, 0 },
	};
	static const struct count samples[COUNTS] = {
		{ "a", 1000000, 0, 99 }, { "b", 1, 0, 1 }, { "c", 1, 0, 1 }, { "d", 1, 0, 1 },
	};

	check_slots(&whole, enough, false, NULL, "enough slots, and a small part");
	check_slots(&whole, few, false,
		    "slots: the event of 'slots' counted 999,997, and a verdict needs 1,000,000",
		    "too few slots");
	check_slots(&parts, few, false, NULL, "slots of which the parts are the whole");
	check_slots(&whole, brief, false,
		    "slots: the event of 'front' was counted for 9.0 % of the time, and less than 10 % are not scaled up",
		    "a part that was counted too short");
	check_slots(&whole, samples, true,
		    "slots: the event of 'slots' has 99 samples, and a verdict needs 100",
		    "slots with too few samples");
	check_slots(&parts, samples, true, NULL, "parts with samples enough");
}

int main(void)
{
	printf("TAP version 13\n");
	cpuinfo_write(CPUINFO_INTEL);
	test_metrics();
	test_verdicts();
	test_caches();
	test_no_verdict();
	test_sampled();
	test_slots();
	test_slots_counted();
	cpuinfo_remove();
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
