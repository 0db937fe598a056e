// SPDX-License-Identifier: GPL-2.0
/* Unit tests of the noun pmu: names of events and of filters, and brstacks; prints TAP. */

#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/pmu/brstack.h"
#include "cmd/pmu/edges.h"
#include "cmd/pmu/pmu.h"
#include "cmd/pmu/setup.h"
#include "lib/buf.h"
#include "lib/macros.h"
#include "report/callgraph.h"

static unsigned int test_nr;
static unsigned int failures;
static char sysfs[32];
static char online[48];
static char tracing[48];

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static void put(const char *name, const char *text)
{
	char path[128];
	char *slash;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", sysfs, name);
	for (slash = path + strlen(sysfs) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = 0;
		mkdir(path, 0700);
	}
	f = fopen(path, "w");
	if (!f)
		return;
	fprintf(f, "%s\n", text);
	fclose(f);
}

static void make_sysfs(void)
{
	strcpy(sysfs, "/tmp/obsctl-pmu-XXXXXX");
	if (!mkdtemp(sysfs))
		perror("mkdtemp");
	put("cpu/type", "4");
	put("cpu/format/event", "config:0-7,32-35");
	put("cpu/format/umask", "config:8-15");
	put("cpu/format/offcore", "config1:0-63");
	put("cpu/format/odd", "nothing");
	put("cpu/events/mem-loads", "event=0xcd,umask=0x1,offcore=3");
	put("cpu/events/loop", "loop");
	put("cpu/cpus", "0-3");
	put("uncore/type", "17");
	put("uncore/format/event", "config:0-7");
	put("uncore/cpumask", "0,2");
	put("uncore/events/energy", "event=0x2");
	put("uncore/events/energy.unit", "Joules");
	put("uncore/events/energy.scale", "2.5e-1");
	put("little/type", "18");
	put("little/cpus", "1-2");
	put("ibs_op/type", "11");
	put("ibs_op/format/cnt_ctl", "config:19");
	put("online", "0-3");
	put(".tracing/sched/sched_switch/id", "308");
	put(".tracing/sched/enable", "0");
	pmu_sysfs = sysfs;
	snprintf(tracing, sizeof(tracing), "%s/.tracing", sysfs);
	pmu_tracepoints = tracing;
	snprintf(online, sizeof(online), "%s/online", sysfs);
	pmu_online = online;
}

static void remove_sysfs(void)
{
	static const char *const names[] = {
		"cpu/type", "cpu/format/event", "cpu/format/umask", "cpu/format/offcore",
		"cpu/format/odd", "cpu/format", "cpu/events/mem-loads", "cpu/events/loop",
		"cpu/events/mem-loads-aux", "cpu/events", "cpu/cpus", "cpu", "uncore/events/energy",
		"uncore/events/energy.unit", "uncore/events/energy.scale", "uncore/events",
		"uncore/format/event", "uncore/format", "uncore/type", "uncore/cpumask", "uncore",
		"little/type", "little/cpus", "little", "ibs_op/format/cnt_ctl", "ibs_op/format",
		"ibs_op/type", "ibs_op", "online", ".tracing/sched/sched_switch/id",
		".tracing/sched/sched_switch", ".tracing/sched/enable", ".tracing/sched",
		".tracing", "",
	};
	char path[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", sysfs, names[i]);
		remove(path);
	}
}

#define U	PMU_NO_USER
#define K	PMU_NO_KERNEL
#define H	PMU_NO_HV
#define P	PMU_PRECISE

static void test_events(void)
{
	static const struct {
		const char *text;
		uint64_t type, config, config1, bits;
	} events[] = {
		{ "cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, 0, 0 },
		{ "cpu-cycles:u", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, 0, K | H },
		{ "instructions:k", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, 0, U | H },
		{ "branches:ukpp", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS, 0,
		  H | 2 * P },
		{ "cycles:h", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, 0, U | K },
		{ "faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS, 0, 0 },
		{ "LLC-load-misses", PERF_TYPE_HW_CACHE, 0x10002, 0, 0 },
		{ "r1a8", PERF_TYPE_RAW, 0x1a8, 0, 0 },
		{ "r003c:u", PERF_TYPE_RAW, 0x3c, 0, K | H },
		{ "cpu/event=0x3c,umask=0/", 4, 0x3c, 0, 0 },
		{ "cpu/event=0x3c,umask=0x41/", 4, 0x413c, 0, 0 },
		{ "cpu/event=0xf3c/", 4, 0xf0000003cull, 0, 0 },
		{ "cpu/umask=1,offcore=0xffffffffffffffff/pp", 4, 0x100, UINT64_MAX, 2 * P },
		{ "cpu/mem-loads/:u", 4, 0x1cd, 3, K | H },
		{ "cpu/mem-loads,umask=2/", 4, 0x2cd, 3, 0 },
		{ "cpu/config=5,config1=6/k", 4, 5, 6, U | H },
		{ "uncore//", 17, 0, 0, 0 },
		/* Its samples have the address of a record, whether it is asked for or not. */
		{ "ibs_op//", 11, 0, 0, P },
		{ "ibs_op//p", 11, 0, 0, P },
		{ "ibs_op/cnt_ctl=1/ppu", 11, 1 << 19, 0, K | H | 2 * P },
	};
	struct pmu_events e = {};
	char name[96];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		const uint64_t *w;
		int err = pmu_events_add(&e, events[i].text);

		snprintf(name, sizeof(name), "event %s", events[i].text);
		w = e.v[e.n - 1].word;
		ok(!err && w[PMU_TYPE] == events[i].type && w[PMU_CONFIG] == events[i].config &&
		   w[PMU_CONFIG1] == events[i].config1 && !w[PMU_CONFIG2] &&
		   w[PMU_BITS] == events[i].bits, name);
	}
	pmu_events_free(&e);
	ok(!pmu_events_add(&e, "cycles,cpu/event=1,umask=2/u,page-faults") && e.n == 3 &&
	   !strcmp(e.v[1].name, "cpu/event=1,umask=2/u") && e.v[1].word[PMU_CONFIG] == 0x201,
	   "a list of events");
	pmu_events_free(&e);
}

/* Events whose samples have addresses. */
static void test_mem(void)
{
	const char *before = pmu_sysfs;
	struct pmu_events e = {};

	ok(!pmu_mem_events(&e) && e.n == 2 && !strcmp(e.v[0].name, "cpu/mem-loads/pp") &&
	   e.v[0].word[PMU_CONFIG] == 0x1cd && e.v[0].word[PMU_BITS] == 2 * P &&
	   !strcmp(e.v[1].name, "ibs_op//"), "events of pmu mem");
	pmu_events_free(&e);
	put("cpu/events/mem-loads-aux", "event=0x03,umask=0x82");
	ok(!pmu_mem_events(&e) && e.n == 1 && !strcmp(e.v[0].name, "ibs_op//"),
	   "loads that need a group");
	pmu_events_free(&e);
	pmu_sysfs = "/nonexistent";
	ok(pmu_mem_events(&e) && !e.n, "a machine without any");
	pmu_sysfs = before;
	pmu_events_free(&e);
}

/* Where the session counts, as text; "all", or "refused". */
static const char *cpus_of(const char *list, uint64_t asked, bool tasks)
{
	static char text[32];
	struct pmu_events e = {};
	struct numbers one = {};
	struct numbers cpus = {};
	size_t i;

	if (asked != UINT64_MAX)
		numbers_add(&one, asked);
	strcpy(text, "refused");
	if (!pmu_events_add(&e, list) && !pmu_events_cpus(&e, &one, tasks, &cpus)) {
		strcpy(text, cpus.n ? "" : "all");
		for (i = 0; i < cpus.n; i++)
			sprintf(text + strlen(text), "%s%u", i ? "," : "", (unsigned int)cpus.v[i]);
	}
	pmu_events_free(&e);
	numbers_free(&one);
	numbers_free(&cpus);
	return text;
}

static void test_cpus(void)
{
	static const struct {
		const char *list;
		uint64_t asked;
		bool tasks;
		const char *cpus;
	} cases[] = {
		{ "cycles", UINT64_MAX, false, "all" },
		{ "cycles", 3, false, "3" },
		{ "cpu/event=1/", UINT64_MAX, false, "all" },
		{ "uncore//", UINT64_MAX, false, "0,2" },
		{ "uncore//", 2, false, "2" },
		{ "uncore//", 1, false, "refused" },
		{ "uncore//", UINT64_MAX, true, "refused" },
		{ "little//u,little//k", UINT64_MAX, false, "1,2" },
		{ "little//", UINT64_MAX, true, "all" },
		{ "little//,uncore//", UINT64_MAX, false, "refused" },
		{ "cycles,uncore//", UINT64_MAX, false, "refused" },
		{ "cycles,cpu/event=1/", 1, false, "1" },
	};
	char name[96];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *got = cpus_of(cases[i].list, cases[i].asked, cases[i].tasks);

		snprintf(name, sizeof(name), "%s counts on %s", cases[i].list, cases[i].cpus);
		ok(!strcmp(got, cases[i].cpus), name);
	}
}

static void test_refused(void)
{
	static const char *const bad[] = {
		"", "cycles,", ",cycles", "cyclse", "r", "rxyz", "r12345678901234567", "cycles:pppp",
		"cycles:x", "cpu/event=0x3c", "cpu/event=0x3c/z", "cpu/event=/", "cpu/event=0x1f000/",
		"cpu/umask=256/", "cpu/none=1/", "cpu/odd=1/", "cpu/loop/", "cpu/../", "none/event=1/",
		"/event=1/", "cpu/mem-loads=1/",
	};
	struct pmu_events e = {};
	char name[96];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(name, sizeof(name), "no event '%s'", bad[i]);
		ok(pmu_events_add(&e, bad[i]), name);
	}
	pmu_events_free(&e);
}

static void test_near(void)
{
	static const struct {
		const char *name;
		const char *near;
	} cases[] = {
		{ "cycle", "cycles" }, { "CYCLES", "cycles" }, { "page_fault", "page-faults" },
		{ "instrctions", "instructions" }, { "l1-dcache-load", "L1-dcache-loads" },
	};
	struct pmu_names all = {};
	const char *near[3];
	char name[96];
	size_t i;

	pmu_names_get(&all);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(name, sizeof(name), "%s is near %s", cases[i].name, cases[i].near);
		ok(pmu_names_near(&all, cases[i].name, near, 3) &&
		   !strcmp(near[0], cases[i].near), name);
	}
	ok(!pmu_names_near(&all, "qqqqqqqqqqqqqqqqqqqq", near, 3), "nothing is near nonsense");
	pmu_names_tracepoints(&all);
	ok(pmu_names_near(&all, "sched:sched_swich", near, 3) == 1 &&
	   !strcmp(near[0], "sched:sched_switch"), "a tracepoint, and no other file of its subsystem");
	pmu_names_free(&all);
}

#if defined(__x86_64__)
static void test_library(void)
{
	uint64_t word[PMU_WORDS] = {};

	ok(pmu_lib_event("skl::INST_RETIRED:ANY_P", word) && word[PMU_TYPE] == PERF_TYPE_RAW &&
	   (word[PMU_CONFIG] & 0xffff) == 0xc0, "a name of libpfm4");
	memset(word, 0, sizeof(word));
	ok(pmu_lib_event("skl::BR_MISP_RETIRED:ALL_BRANCHES", word) &&
	   (word[PMU_CONFIG] & 0xffff) == 0xc5, "another one");
	ok(!pmu_lib_event("skl::NO_SUCH_EVENT", word), "no name of libpfm4");
}
#endif

static void test_filters(void)
{
	static const struct {
		const char *names[4];
		uint64_t bits;
	} cases[] = {
		{ { NULL }, PERF_SAMPLE_BRANCH_ANY },
		{ { "any" }, PERF_SAMPLE_BRANCH_ANY },
		{ { "any_call", "u" }, PERF_SAMPLE_BRANCH_ANY_CALL | PERF_SAMPLE_BRANCH_USER },
		{ { "k" }, PERF_SAMPLE_BRANCH_ANY | PERF_SAMPLE_BRANCH_KERNEL },
		{ { "cond", "ind_call", "any_ret" }, PERF_SAMPLE_BRANCH_COND |
		  PERF_SAMPLE_BRANCH_IND_CALL | PERF_SAMPLE_BRANCH_ANY_RETURN },
		{ { "call_stack", "u" }, PERF_SAMPLE_BRANCH_CALL_STACK | PERF_SAMPLE_BRANCH_USER },
	};
	uint64_t bits;
	size_t i;
	size_t k;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strings names = {};

		for (k = 0; k < ARRAY_SIZE(cases[i].names) && cases[i].names[k]; k++)
			strings_add(&names, cases[i].names[k]);
		ok(!pmu_branch_filter(&names, &bits) && bits == cases[i].bits, "a branch filter");
		strings_free(&names);
	}
}

static void test_brstack(void)
{
	static const struct {
		uint64_t info;
		const char *text;
	} cases[] = {
		{ 0, " 0x401000/0xffffffff81000000/-/-/-/0/ " },
		{ 1, " 0x401000/0xffffffff81000000/M/-/-/0/ " },
		{ 2 | 5 << 4, " 0x401000/0xffffffff81000000/P/-/-/5/ " },
		{ 3, " 0x401000/0xffffffff81000000/P/-/-/0/ " },
		{ 1 | 4 | 8 | 0xffff << 4, " 0x401000/0xffffffff81000000/M/X/A/65535/ " },
		{ 2 | 4ull << 20, " 0x401000/0xffffffff81000000/P/-/-/0/CALL " },
		{ 2 | 6ull << 20 | 3ull << 24, " 0x401000/0xffffffff81000000/P/-/-/0/RET " },
	};
	struct buf b = {};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		b.len = 0;
		pmu_brstack_entry(&b, 0x401000, 0xffffffff81000000ull, cases[i].info);
		ok(!strcmp(b.p, cases[i].text), cases[i].text);
	}
	buf_free(&b);
}

/* Edges of two modules that were at one place, one after the other. */
static void test_edges(void)
{
	static const char *const names[] = { "pid", "from", "to", "end" };
	const uint64_t at = 0xffffffffc0001010ull;
	struct column column[ARRAY_SIZE(names)] = {};
	const struct row part = { .count = 1 };
	struct view v = { .nr_columns = ARRAY_SIZE(names) };
	uint64_t key[ARRAY_SIZE(names)] = {};
	struct session s = {};
	struct opts opts = {};
	struct table t;
	struct edges e;
	struct out o;
	char *found;
	char *text;
	size_t size;
	size_t i;
	FILE *f = open_memstream(&text, &size);

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		column[i].name = (char *)names[i];
		v.columns[i] = &column[i];
	}
	ksyms_init(&v.ksyms);
	v.ksyms.path = "/nonexistent";
	model_init_table(&t, v.types, v.nr_columns, NULL);
	for (i = 0; i < 2; i++) {
		key[1] = ksyms_tell(&v.ksyms, at, i ? "one+0x10 [moda]" : "two [modb]", false);
		key[2] = key[1];
		key[3] = key[1];
		table_add(&t, table_row(&t, key), &part, NULL);
	}
	edges_make(&e, &v, &s, &t);
	out_init(&o, f, true);
	out_open(&o, NULL, '{');
	edges_print(&e, &o, &opts, true, false, false, true);
	out_close(&o, '}');
	out_free(&o);
	fclose(f);
	ok(e.nr_edges == 2 && strstr(text, "\"one+0x10 [moda]\"") && strstr(text, "\"two [modb]\""),
	   "one edge for each");
	for (i = 0; (found = strstr(text, "18446744072635813904")); i++)
		memset(found, ' ', 20);
	ok(i == 8 && !strstr(text, "_address\": 9"), "addresses are numbers of the kernel's");
	free(text);
	edges_free(&e);
	model_free_table(&t);
	ksyms_free(&v.ksyms);
}

static void test_strip(void)
{
	static const char *const cases[][2] = {
		{ "vfs_read", "vfs_read" }, { "vfs_read+0x1f", "vfs_read" },
		{ "leaf+0x4 [kobs_gen]", "leaf [kobs_gen]" }, { "[unknown] 0x12", "[unknown]" },
		{ "[anon] 0x1234", "[anon]" }, { "[cp] +0x4eda", "[cp]" },
		{ "f(int, char)+0x4 [a] f.cc:3", "f(int, char) [a] f.cc:3" },
		{ "[cp] +0x4eda cp.c:7", "[cp] cp.c:7" }, { "g (inlined)", "g (inlined)" },
	};
	char name[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		strcpy(name, cases[i][0]);
		view_strip(name);
		ok(!strcmp(name, cases[i][1]), cases[i][0]);
	}
}

static const struct graph_function *in_graph(const struct graph *g, const char *name)
{
	size_t i;

	for (i = 0; i < g->n; i++)
		if (!strcmp(g->v[i]->name, name))
			return g->v[i];
	return NULL;
}

static uint64_t linked(const struct graph_links *l, const char *name)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (!strcmp(l->v[i].name, name))
			return l->v[i].count;
	return 0;
}

static void test_graph(void)
{
	static const char *const main_fn = "main";
	static const char *const work = "work";
	static const char *const read_fn = "read";
	const char *const direct[] = { read_fn, main_fn };
	const char *const through[] = { read_fn, work, main_fn };
	const char *const recursive[] = { work, read_fn, work, read_fn, main_fn };
	const char *const leaf[] = { main_fn };
	struct graph g = {};
	const struct graph_function *f;

	graph_add(&g, direct, 2, 10, 100);
	graph_add(&g, through, 3, 5, 50);
	graph_add(&g, recursive, 5, 2, 900);
	graph_add(&g, leaf, 1, 1, 8);
	graph_sort(&g);
	ok(g.samples == 18 && g.weight == 1058 && g.n == 3, "samples of a graph, and functions");
	f = in_graph(&g, "read");
	ok(f == g.v[1] && f->self == 15 && f->total == 17, "a leaf counts once");
	ok(f->self_weight == 150 && f->total_weight == 1050, "what its samples stand for");
	ok(f->callers.n == 2 && linked(&f->callers, "main") == 12 &&
	   linked(&f->callers, "work") == 7, "its callers");
	ok(!strcmp(f->callers.v[0].name, "main") && f->callers.v[0].weight == 1000 &&
	   f->callers.v[1].weight == 950, "the heavier caller comes first");
	ok(f->callees.n == 1 && linked(&f->callees, "work") == 2, "its callee, recursive");
	f = in_graph(&g, "work");
	ok(f == g.v[0] && f->self_weight == 900, "the heaviest comes first, though its samples are few");
	ok(f->self == 2 && f->total == 7 && linked(&f->callees, "read") == 7 &&
	   linked(&f->callers, "main") == 5 && linked(&f->callers, "read") == 2, "one in the middle");
	f = in_graph(&g, "main");
	ok(f->self == 1 && f->total == 18 && !f->callers.n && linked(&f->callees, "read") == 12 &&
	   linked(&f->callees, "work") == 5, "the root has all");
	graph_free(&g);
}

static void test_units(void)
{
	static const struct {
		const char *event;
		const char *unit;
		double scale;
	} units[] = {
		{ "task-clock", "ns", 1 }, { "cpu-clock:u", "ns", 1 }, { "page-faults", "", 1 },
		{ "uncore/energy/", "Joules", 0.25 }, { "uncore/event=2/", "", 1 },
	};
	char name[64];
	char unit[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(units); i++) {
		struct pmu_events e = {};
		double scale = 0;

		if (!pmu_events_add(&e, units[i].event))
			scale = pmu_event_unit(&e.v[0], unit, sizeof(unit));
		snprintf(name, sizeof(name), "the unit of %s", units[i].event);
		ok(!strcmp(unit, units[i].unit) && fabs(scale - units[i].scale) * 1e9 < 1, name);
		pmu_events_free(&e);
	}
}

int main(void)
{
	/* Which CPU this is does not matter: the library shall encode for any. */
	setenv("LIBPFM_ENCODE_INACTIVE", "1", 1);
	/* Sentences of refusals are for people. */
	if (!freopen("/dev/null", "w", stderr))
		perror("/dev/null");
	make_sysfs();
	printf("TAP version 13\n");
	test_events();
	test_cpus();
	test_mem();
	test_units();
	test_near();
#if defined(__x86_64__)
	test_library();
#endif
	test_filters();
	test_brstack();
	test_edges();
	test_strip();
	test_graph();
	test_refused();
	remove_sysfs();
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
