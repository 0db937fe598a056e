// SPDX-License-Identifier: GPL-2.0
/*
 * The events there are: the kernel's generic ones, those that PMUs show in
 * sysfs, and libpfm4's.
 */

#include <dirent.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/pmu/event.h"
#include "lib/buf.h"
#include "lib/nearest.h"
#include "lib/lines.h"
#include "lib/macros.h"
#include "lib/map.h"

/* Type and number of an event in one; no generic one has a number above 32 bits. */
#define EVENT(type, n)	((uint64_t)PERF_TYPE_##type << 32 | (n))
#define HW(n)		EVENT(HARDWARE, PERF_COUNT_HW_##n)
#define SW(n)		EVENT(SOFTWARE, PERF_COUNT_SW_##n)
#define CACHE(c, o, r)	EVENT(HW_CACHE, PERF_COUNT_HW_CACHE_##c | \
			      PERF_COUNT_HW_CACHE_OP_##o << 8 | \
			      PERF_COUNT_HW_CACHE_RESULT_##r << 16)

static const struct generic {
	const char	*name;
	const char	*also;
	uint64_t	event;
	const char	*doc;
} generics[] = {
	{ "cycles", "cpu-cycles", HW(CPU_CYCLES), "CPU cycles, at the current frequency" },
	{ "instructions", NULL, HW(INSTRUCTIONS), "instructions that were retired" },
	{ "cache-references", NULL, HW(CACHE_REFERENCES),
	  "accesses of a cache: Intel's last, AMD's second, arm64's first data cache" },
	{ "cache-misses", NULL, HW(CACHE_MISSES),
	  "misses of a cache: Intel's last, AMD's second, arm64's first data cache" },
	{ "branches", "branch-instructions", HW(BRANCH_INSTRUCTIONS),
	  "branches that were retired" },
	{ "branch-misses", NULL, HW(BRANCH_MISSES), "branches that were mispredicted" },
	{ "bus-cycles", NULL, HW(BUS_CYCLES), "cycles of the bus" },
	{ "ref-cycles", NULL, HW(REF_CPU_CYCLES), "cycles at a constant frequency" },
	{ "stalled-cycles-frontend", "idle-cycles-frontend", HW(STALLED_CYCLES_FRONTEND),
	  "cycles without new instructions" },
	{ "stalled-cycles-backend", "idle-cycles-backend", HW(STALLED_CYCLES_BACKEND),
	  "cycles in which no instruction retired" },
	{ "cpu-clock", NULL, SW(CPU_CLOCK), "time of the CPU, in ns" },
	{ "task-clock", NULL, SW(TASK_CLOCK), "time of the task on a CPU, in ns" },
	{ "page-faults", "faults", SW(PAGE_FAULTS), "page faults" },
	{ "minor-faults", NULL, SW(PAGE_FAULTS_MIN), "page faults without input" },
	{ "major-faults", NULL, SW(PAGE_FAULTS_MAJ), "page faults that waited for input" },
	{ "context-switches", "cs", SW(CONTEXT_SWITCHES), "switches from one task to another" },
	{ "cpu-migrations", "migrations", SW(CPU_MIGRATIONS), "tasks that came from another CPU" },
	{ "alignment-faults", NULL, SW(ALIGNMENT_FAULTS), "unaligned accesses that trapped" },
	{ "emulation-faults", NULL, SW(EMULATION_FAULTS), "instructions that were emulated" },
	{ "dummy", NULL, SW(DUMMY), "counts nothing" },
	{ "L1-dcache-loads", NULL, CACHE(L1D, READ, ACCESS), "loads from the first data cache" },
	{ "L1-dcache-load-misses", NULL, CACHE(L1D, READ, MISS), "misses of them" },
	{ "L1-dcache-stores", NULL, CACHE(L1D, WRITE, ACCESS), "stores to the first data cache" },
	{ "L1-icache-load-misses", NULL, CACHE(L1I, READ, MISS),
	  "misses of the instruction cache" },
	{ "LLC-loads", NULL, CACHE(LL, READ, ACCESS), "loads from the last cache" },
	{ "LLC-load-misses", NULL, CACHE(LL, READ, MISS), "misses of them" },
	{ "LLC-stores", NULL, CACHE(LL, WRITE, ACCESS), "stores to the last cache" },
	{ "LLC-store-misses", NULL, CACHE(LL, WRITE, MISS), "misses of them" },
	{ "dTLB-loads", NULL, CACHE(DTLB, READ, ACCESS), "loads that asked the data TLB" },
	{ "dTLB-load-misses", NULL, CACHE(DTLB, READ, MISS), "misses of them" },
	{ "dTLB-stores", NULL, CACHE(DTLB, WRITE, ACCESS), "stores that asked the data TLB" },
	{ "dTLB-store-misses", NULL, CACHE(DTLB, WRITE, MISS), "misses of them" },
	{ "iTLB-loads", NULL, CACHE(ITLB, READ, ACCESS), "fetches that asked the instruction TLB" },
	{ "iTLB-load-misses", NULL, CACHE(ITLB, READ, MISS), "misses of them" },
	{ "branch-loads", NULL, CACHE(BPU, READ, ACCESS), "questions to the branch predictor" },
	{ "branch-load-misses", NULL, CACHE(BPU, READ, MISS), "misses of them" },
	{ "node-loads", NULL, CACHE(NODE, READ, ACCESS), "loads from memory" },
	{ "node-load-misses", NULL, CACHE(NODE, READ, MISS), "those from another node" },
};

static const char *kind_of(uint64_t type)
{
	return type == PERF_TYPE_HARDWARE ? "hardware" : type == PERF_TYPE_SOFTWARE ? "software" :
	       "cache";
}

/** pmu_generic() - Find one of the kernel's own names. Return: whether it is one. */
bool pmu_generic(const char *name, uint64_t *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(generics); i++) {
		const struct generic *g = &generics[i];

		if (strcmp(g->name, name) && (!g->also || strcmp(g->also, name)))
			continue;
		word[PMU_TYPE] = g->event >> 32;
		word[PMU_CONFIG] = (uint32_t)g->event;
		return true;
	}
	return false;
}

void pmu_names_add(struct pmu_names *n, const char *name, const char *kind, const char *doc)
{
	n->v = grow(n->v, &n->cap, n->n + 1, sizeof(*n->v));
	n->v[n->n++] = (struct pmu_name){
		.name = pool_intern(&n->pool, name),
		.kind = pool_intern(&n->pool, kind),
		.doc = pool_intern(&n->pool, doc ? doc : ""),
	};
}

static int compare_names(const void *a, const void *b)
{
	const struct pmu_name *x = a;
	const struct pmu_name *y = b;
	int c = strcmp(x->kind, y->kind);

	return c ? c : strcmp(x->name, y->name);
}

/* The named events of one PMU, or how its events are written. */
static void add_pmu(struct pmu_names *n, const char *pmu)
{
	char path[300];
	char name[300];
	char terms[256];
	struct dirent *d;
	size_t begin = n->n;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%.64s/events", pmu_sysfs, pmu);
	dir = opendir(path);
	while (dir && (d = readdir(dir))) {
		/* Scales and units have names with a dot. */
		if (strchr(d->d_name, '.'))
			continue;
		snprintf(path, sizeof(path), "%s/%.64s/events/%.64s", pmu_sysfs, pmu, d->d_name);
		if (read_file(path, terms, sizeof(terms)) < 0)
			continue;
		terms[strcspn(terms, "\n")] = 0;
		snprintf(name, sizeof(name), "%.64s/%.64s/", pmu, d->d_name);
		pmu_names_add(n, name, pmu, terms);
	}
	if (dir)
		closedir(dir);
	if (n->n > begin) {
		qsort(n->v + begin, n->n - begin, sizeof(*n->v), compare_names);
		return;
	}
	snprintf(name, sizeof(name), "%.64s//", pmu);
	pmu_names_add(n, name, pmu, "PMU without named events");
}

static void add_sysfs(struct pmu_names *n)
{
	/* Their events are no names: software, and what other tools make. */
	static const char *const skipped[] = { "software", "tracepoint", "breakpoint", "kprobe",
					       "uprobe" };
	struct dirent *d;
	DIR *dir = opendir(pmu_sysfs);
	size_t i;

	while (dir && (d = readdir(dir))) {
		for (i = 0; i < ARRAY_SIZE(skipped); i++)
			if (!strcmp(d->d_name, skipped[i]))
				break;
		if (d->d_name[0] != '.' && i == ARRAY_SIZE(skipped))
			add_pmu(n, d->d_name);
	}
	if (dir)
		closedir(dir);
}

/** pmu_names_get() - All events that can be asked for by name. */
void pmu_names_get(struct pmu_names *n)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(generics); i++)
		pmu_names_add(n, generics[i].name, kind_of(generics[i].event >> 32),
			      generics[i].doc);
	add_sysfs(n);
	pmu_lib_names(n);
}

const char *pmu_tracepoints = "/sys/kernel/tracing/events";

static void add_system(struct pmu_names *n, const char *system)
{
	char path[300];
	char name[300];
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%.64s", pmu_tracepoints, system);
	dir = opendir(path);
	while (dir && (d = readdir(dir))) {
		if (*d->d_name == '.' || d->d_type != DT_DIR)
			continue;
		snprintf(name, sizeof(name), "%.64s:%.128s", system, d->d_name);
		pmu_names_add(n, name, "tracepoint", NULL);
	}
	if (dir)
		closedir(dir);
}

/** pmu_names_tracepoints() - Add the kernel's tracepoints, as far as they can be read. */
void pmu_names_tracepoints(struct pmu_names *n)
{
	DIR *dir = opendir(pmu_tracepoints);
	struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (*d->d_name != '.' && d->d_type == DT_DIR)
			add_system(n, d->d_name);
	if (dir)
		closedir(dir);
}

void pmu_names_free(struct pmu_names *n)
{
	free(n->v);
	pool_free(&n->pool);
	memset(n, 0, sizeof(*n));
}

static char fold_case(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c == '_' || c == '.' ? '-' : c;
}

/* Names differ in the case of letters and in '_', '-' and '.' without meaning anything by it. */
static void fold(char *out, size_t size, const char *name)
{
	size_t i;

	for (i = 0; i + 1 < size && name[i]; i++)
		out[i] = fold_case(name[i]);
	out[i] = 0;
}

static unsigned int distance(const char *a, const char *b)
{
	char x[66], y[66];

	fold(x, sizeof(x), a);
	fold(y, sizeof(y), b);
	return nearest_distance(x, y);
}

/**
 * pmu_names_near() - Names that are like another, the nearest first.
 * Return: how many, up to @max.
 */
size_t pmu_names_near(const struct pmu_names *n, const char *name, const char **near, size_t max)
{
	size_t limit = strlen(name) / 2 < 1 ? 1 : strlen(name) / 2;
	size_t count = 0;
	size_t d;
	size_t i;

	for (d = 0; d <= limit && d < 64; d++)
		for (i = 0; i < n->n && count < max; i++)
			if (distance(name, n->v[i].name) == d)
				near[count++] = n->v[i].name;
	return count;
}
