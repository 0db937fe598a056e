// SPDX-License-Identifier: GPL-2.0
/* Unit tests of top-down analysis: its formulas, and which machine has which; prints TAP. */

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/pmu/topdown.h"
#include "lib/macros.h"

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

static const struct topdown_method *method(const char *name)
{
	size_t i;

	for (i = 0; i < nr_topdown_methods; i++)
		if (!strcmp(topdown_methods[i].name, name))
			return &topdown_methods[i];
	return NULL;
}

/* A plan of the first events of a method, and what its counts give. */
static bool work_out(const char *name, double width, const double *n, size_t events,
		     struct topdown *t, const char **why)
{
	struct topdown_count count[TOPDOWN_EVENTS];
	struct topdown_plan p = { .method = method(name), .width = width, .n = events };
	size_t i;

	for (i = 0; i < events; i++) {
		p.event[i] = (unsigned int)i;
		count[i] = (struct topdown_count){ n[i] < 0 ? 0 : n[i], false, n[i] >= 0 };
	}
	return topdown_work_out(&p, count, t, why);
}

static void test_topdown(void)
{
	static const struct {
		const char *name;
		double width;
		double n[TOPDOWN_EVENTS];
		size_t events;
		unsigned int tenths[NR_TOPDOWN_PARTS];	/* in the order of the enum */
	} cases[] = {
		/* slots, front end, back end, retired: the rest is bad speculation. */
		{ "intel-slots", 0, { 1000, 100, 500, 300 }, 4, { 100, 100, 500, 300 } },
		/* total, fetch bubbles, issued, retired, recovery bubbles */
		{ "intel-bubbles", 0, { 4000, 800, 2000, 1600, 200 }, 5, { 200, 150, 250, 400 } },
		{ "intel-bubbles", 0, { 4000, 2400, 1000, 1000 }, 4, { 600, 0, 150, 250 } },
		/* Retired beyond what was issued, by counters that took turns. */
		{ "intel-bubbles", 0, { 1000, 50, 900, 950, 0 }, 5, { 50, 0, 0, 950 } },
		/* The parts are the whole. */
		{ "intel-atom", 0, { 10, 20, 30, 40 }, 4, { 100, 200, 300, 400 } },
		{ "intel-atom", 0, { 1, 1, 1, 0 }, 4, { 334, 333, 333, 0 } },
		/* As perf stat -M PipelineL1 shows them for a Zen 4: 2.1, 2.0, 14.9, 81.0 %. */
		{ "amd-zen4", 6, { 44116386583, 5543991665, 39403115284, 0, 219730483625,
				   214351198437 }, 6, { 21, 20, 149, 810 } },
		{ "amd-zen5", 8, { 1000, 800, 1600, 2400, 2000, 800 }, 6,
		  { 100, 150, 200, 100, 300, 0, 150 } },
		/* cycles, front end, back end, operations retired and issued */
		{ "arm64-slots", 8, { 1000, 2000, 1600, 700, 1000 }, 5, { 250, 165, 200, 385 } },
		{ "arm64-slots", 8, { 1000, 0, 0, 1200, 1000 }, 5, { 0, 0, 0, 1000 } },
		{ "arm64-cycles", 1, { 1000, 125, 500 }, 3, { 125, 0, 500, 0, 0, 375 } },
		{ "arm64-cycles", 1, { 1000, 0, 0 }, 3, { 0, 0, 0, 0, 0, 1000 } },
	};
	const char *why = NULL;
	struct topdown t;
	char name[64];
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned int all = 0;
		bool done = work_out(cases[i].name, cases[i].width, cases[i].n, cases[i].events, &t,
				     &why);

		snprintf(name, sizeof(name), "%s, case %zu", cases[i].name, i);
		ok(done && !memcmp(t.tenths, cases[i].tenths, sizeof(t.tenths)), name);
		for (k = 0; done && k < NR_TOPDOWN_PARTS; k++) {
			all += t.tenths[k];
			if (t.tenths[k] != cases[i].tenths[k])
				printf("# %s: got %u, not %u\n", topdown_names[k].key, t.tenths[k],
				       cases[i].tenths[k]);
		}
		ok(all == 1000, "100.0 % in all");
	}
	ok(!work_out("intel-slots", 0, (const double[]){ 1000, 1, -1, 1 }, 4, &t, &why) &&
	   !strcmp(why, "back-end bound"), "an event that was not counted");
	ok(!work_out("arm64-slots", 8, (const double[]){ 9, 1, 1, 1, 0 }, 5, &t, &why) &&
	   !strcmp(why, "operations issued"), "one that counted nothing");
}

/*
 * What kernels show of the PMUs of machines, as far as it matters here: paths below the PMUs'
 * directory and what files have.
 */
struct machine_file {
	const char	*path;
	const char	*text;
};

#define MACHINE_FILES	20
static const struct pmu_machine {
	const char	*name;
	const char	*cpuinfo;
	struct machine_file file[MACHINE_FILES];
	uint64_t	cpu;		/* asked for; UINT64_MAX: none */
	const char	*plan;		/* method, PMU, width, events; NULL: refused */
	const char	*first;		/* event */
	uint64_t	type, config;	/* of its last one */
	double		scale;		/* of its first one */
} machines[] = {
	{ "Skylake, with two threads to a core",
	  "vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 94\n", {
		{ "cpu/type", "4" },
		{ "cpu/events/topdown-total-slots", "event=0x3c,umask=0x0,any=1" },
		{ "cpu/events/topdown-total-slots.scale", "2" },
		{ "cpu/events/topdown-fetch-bubbles", "event=0x9c,umask=0x1" },
		{ "cpu/events/topdown-slots-issued", "event=0xe,umask=0x1" },
		{ "cpu/events/topdown-slots-retired", "event=0xc2,umask=0x2" },
		{ "cpu/events/topdown-recovery-bubbles", "event=0xd,umask=0x3,cmask=1,any=1" },
		{ "cpu/events/topdown-recovery-bubbles.scale", "2" },
	  }, UINT64_MAX, "intel-bubbles cpu 0 5", "cpu/topdown-total-slots/", 4, 0x120030d, 2 },
	{ "Silvermont, which does not count recovery",
	  "vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 55\n", {
		{ "cpu/type", "4" },
		{ "cpu/events/topdown-total-slots", "event=0x3c" },
		{ "cpu/events/topdown-total-slots.scale", "2" },
		{ "cpu/events/topdown-fetch-bubbles", "event=0xca,umask=0x50" },
		{ "cpu/events/topdown-fetch-bubbles.scale", "2" },
		{ "cpu/events/topdown-slots-issued", "event=0xc2,umask=0x10" },
		{ "cpu/events/topdown-slots-retired", "event=0xc2,umask=0x10" },
	  }, UINT64_MAX, "intel-bubbles cpu 0 4", "cpu/topdown-total-slots/", 4, 0x10c2, 2 },
	{ "Ice Lake",
	  "vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 126\n", {
		{ "cpu/type", "4" },
		{ "cpu/events/slots", "event=0x00,umask=0x4" },
		{ "cpu/events/topdown-retiring", "event=0x00,umask=0x80" },
		{ "cpu/events/topdown-bad-spec", "event=0x00,umask=0x81" },
		{ "cpu/events/topdown-fe-bound", "event=0x00,umask=0x82" },
		{ "cpu/events/topdown-be-bound", "event=0x00,umask=0x83" },
	  }, UINT64_MAX, "intel-slots cpu 0 4", "cpu/event=0xa4,umask=0x1/", 4, 0x2c2, 1 },
	{ "Alder Lake, with two kinds of cores",
	  "vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 151\n", {
		{ "cpu_core/type", "4" }, { "cpu_core/cpus", "0-1" },
		{ "cpu_core/events/slots", "event=0x00,umask=0x4" },
		{ "cpu_core/events/topdown-retiring", "event=0x00,umask=0x80" },
		{ "cpu_atom/type", "10" }, { "cpu_atom/cpus", "2-3" },
		{ "cpu_atom/events/topdown-retiring", "event=0xc2,umask=0x0" },
		{ "cpu_atom/events/topdown-bad-spec", "event=0x73,umask=0x0" },
		{ "cpu_atom/events/topdown-fe-bound", "event=0x71,umask=0x0" },
		{ "cpu_atom/events/topdown-be-bound", "event=0x74,umask=0x0" },
	  }, UINT64_MAX,
	  "intel-slots cpu_core 0 4", "cpu_core/event=0xa4,umask=0x1/", 4, 0x2c2, 1 },
	{ "its small cores",
	  "vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 151\n", {
		{ "cpu_core/type", "4" }, { "cpu_core/cpus", "0-1" },
		{ "cpu_core/events/slots", "event=0x00,umask=0x4" },
		{ "cpu_core/events/topdown-retiring", "event=0x00,umask=0x80" },
		{ "cpu_atom/type", "10" }, { "cpu_atom/cpus", "2-3" },
		{ "cpu_atom/events/topdown-retiring", "event=0xc2,umask=0x0" },
		{ "cpu_atom/events/topdown-bad-spec", "event=0x73,umask=0x0" },
		{ "cpu_atom/events/topdown-fe-bound", "event=0x71,umask=0x0" },
		{ "cpu_atom/events/topdown-be-bound", "event=0x74,umask=0x0" },
	  }, 3, "intel-atom cpu_atom 0 4", "cpu_atom/topdown-fe-bound/", 10, 0xc2, 1 },
	{ "Zen 4",
	  "vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: AMD\n", {
		{ "cpu/type", "4" },
	  }, UINT64_MAX, "amd-zen4 cpu 6 6", "cpu/event=0x76/", 4, 0xc1, 1 },
	{ "Zen 5", "vendor_id\t: AuthenticAMD\ncpu family\t: 26\nmodel\t\t: 68\n", {
		{ "cpu/type", "4" },
	  }, UINT64_MAX, "amd-zen5 cpu 8 6", "cpu/event=0x76/", 4, 0xc1, 1 },
	{ "Zen 3", "vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 33\n", {
		{ "cpu/type", "4" },
	  }, UINT64_MAX, NULL, NULL, 0, 0, 0 },
	{ "Neoverse N2", "CPU implementer\t: 0x41\n", {
		{ "armv8_pmuv3_0/type", "8" }, { "armv8_pmuv3_0/format/event", "config:0-15" },
		{ "armv8_pmuv3_0/caps/slots", "0x00000005" },
		{ "armv8_pmuv3_0/events/cpu_cycles", "event=0x0011" },
		{ "armv8_pmuv3_0/events/stall_frontend", "event=0x0023" },
		{ "armv8_pmuv3_0/events/stall_backend", "event=0x0024" },
		{ "armv8_pmuv3_0/events/op_retired", "event=0x003a" },
		{ "armv8_pmuv3_0/events/op_spec", "event=0x003b" },
		{ "armv8_pmuv3_0/events/stall_slot_backend", "event=0x003d" },
		{ "armv8_pmuv3_0/events/stall_slot_frontend", "event=0x003e" },
	  }, UINT64_MAX, "arm64-slots armv8_pmuv3_0 5 5", "armv8_pmuv3_0/cpu_cycles/", 8, 0x3b, 1 },
	{ "an Arm core that does not say how many slots it has", "CPU implementer\t: 0x41\n", {
		{ "armv8_pmuv3_0/type", "8" }, { "armv8_pmuv3_0/format/event", "config:0-15" },
		{ "armv8_pmuv3_0/caps/slots", "0x00000000" },
		{ "armv8_pmuv3_0/events/cpu_cycles", "event=0x0011" },
		{ "armv8_pmuv3_0/events/stall_frontend", "event=0x0023" },
		{ "armv8_pmuv3_0/events/stall_backend", "event=0x0024" },
		{ "armv8_pmuv3_0/events/op_retired", "event=0x003a" },
		{ "armv8_pmuv3_0/events/op_spec", "event=0x003b" },
		{ "armv8_pmuv3_0/events/stall_slot_backend", "event=0x003d" },
		{ "armv8_pmuv3_0/events/stall_slot_frontend", "event=0x003e" },
	  }, UINT64_MAX,
	  "arm64-cycles armv8_pmuv3_0 1 3", "armv8_pmuv3_0/cpu_cycles/", 8, 0x24, 1 },
	{ "Cortex-A53, which counts no stalls", "CPU implementer\t: 0x41\n", {
		{ "armv8_cortex_a53/type", "8" }, { "armv8_cortex_a53/format/event", "config:0-9" },
		{ "armv8_cortex_a53/events/cpu_cycles", "event=0x0011" },
	  }, UINT64_MAX, NULL, NULL, 0, 0, 0 },
	{ "a machine without a PMU", "vendor_id\t: GenuineIntel\n", {
		{ "software/type", "1" },
	  }, UINT64_MAX, NULL, NULL, 0, 0, 0 },
};

static char sysfs[40];

static void put(const char *name, const char *text)
{
	char path[160];
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

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	return remove(path);
}

/* Terms of events: AMD's have more bits, and Arm's are files of the machine. */
static void put_formats(void)
{
	static const char *const pmus[] = { "cpu", "cpu_core", "cpu_atom" };
	char path[160];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pmus); i++) {
		snprintf(path, sizeof(path), "%s/%s/type", sysfs, pmus[i]);
		if (access(path, F_OK))
			continue;
		snprintf(path, sizeof(path), "%s/format/event", pmus[i]);
		put(path, "config:0-7,32-35");
		snprintf(path, sizeof(path), "%s/format/umask", pmus[i]);
		put(path, "config:8-15");
		snprintf(path, sizeof(path), "%s/format/cmask", pmus[i]);
		put(path, "config:24-31");
		snprintf(path, sizeof(path), "%s/format/any", pmus[i]);
		put(path, "config:21");
	}
}

static void test_machine(const struct pmu_machine *m)
{
	static char cpuinfo[64], online[64];
	struct pmu_events e = {};
	struct numbers cpus = {};
	struct topdown_plan p;
	char plan[200] = "";
	char unit[32];
	size_t i;

	strcpy(sysfs, "/tmp/obsctl-stat-XXXXXX");
	if (!mkdtemp(sysfs))
		perror("mkdtemp");
	for (i = 0; i < MACHINE_FILES && m->file[i].path; i++)
		put(m->file[i].path, m->file[i].text);
	put_formats();
	put(".cpuinfo", m->cpuinfo);
	put(".online", "0-3");
	snprintf(cpuinfo, sizeof(cpuinfo), "%s/.cpuinfo", sysfs);
	snprintf(online, sizeof(online), "%s/.online", sysfs);
	topdown_cpuinfo = cpuinfo;
	pmu_online = online;
	pmu_sysfs = sysfs;
	if (m->cpu != UINT64_MAX)
		numbers_add(&cpus, m->cpu);
	if (!topdown_find(&p, &cpus, &e))
		snprintf(plan, sizeof(plan), "%s %s %.0f %zu", p.method->name, p.pmu, p.width, e.n);
	same(*plan ? plan : "refused", m->plan ? m->plan : "refused", m->name);
	if (m->plan && *plan) {
		same(e.v[0].name, m->first, "its first event");
		ok(e.v[e.n - 1].word[PMU_TYPE] == m->type &&
		   e.v[e.n - 1].word[PMU_CONFIG] == m->config, "its last event");
		ok(pmu_event_unit(&e.v[0], unit, sizeof(unit)) * 10 == m->scale * 10 && !*unit,
		   "slots of a cycle");
	}
	pmu_events_free(&e);
	numbers_free(&cpus);
	nftw(sysfs, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void test_machines(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(machines); i++)
		test_machine(&machines[i]);
}

int main(void)
{
	/* Refusals are sentences. */
	if (!freopen("/dev/null", "w", stderr))
		perror("/dev/null");
	printf("TAP version 13\n");
	test_topdown();
	test_machines();
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
