// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of triage: what it makes of the tables of sessions. Run by 'make check' in ctl/;
 * prints TAP.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/triage/watch.h"
#include "cpuinfo.h"
#include "lib/macros.h"

#define S		1000000000ull
#define WINDOW_NS	(10 * S)

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static void same(const char *got, const char *want, const char *name)
{
	ok(got && !strcmp(got, want), name);
	if (!got || strcmp(got, want))
		printf("# got '%s'\n# not '%s'\n", got, want);
}

static struct mode mode = { .name = (char *)"time", .value = (char *)"wait", .unit = (char *)"ns" };

/* A session that has ended, with columns of texts and, from their number on, of numbers. */
static struct aside *make(struct watch *w, enum watched i, const struct column *columns, size_t n)
{
	struct watch_session *s = &w->v[i];
	struct view *v = &s->aside.view;
	size_t c;

	s->ready = true;
	s->aside.session.duration = WINDOW_NS;
	v->mode = &mode;
	for (c = 0; c < n; c++) {
		v->columns[c] = &columns[c];
		v->types[c] = columns[c].type;
		v->shown[c] = columns[c].type == KOBS_TYPE_TEXT ? SHOWN_TEXT : SHOWN_COUNT;
	}
	v->nr_columns = n;
	model_init_table(&s->aside.table, v->types, n, &mode);
	return &s->aside;
}

static uint64_t text(const char *s)
{
	return (uint64_t)(uintptr_t)s;
}

static void add(struct aside *a, const uint64_t *key, uint64_t count, uint64_t sum, uint64_t max)
{
	const struct bucket b = { max - max / 32, max, count };
	struct row part = { .count = count, .sum = sum, .min = 1, .max = max };
	struct row *row = table_row(&a->table, key);

	table_add(&a->table, row, &part, NULL);
	table_add_bucket(row, &b);
}

static const struct fact *find(const struct facts *f, enum metric m, const char *subject)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->v[i].metric == m && !strcmp(f->v[i].subject, subject))
			return &f->v[i];
	return NULL;
}

static void drop(struct watch *w, struct facts *f)
{
	size_t i;

	for (i = 0; i < NR_WATCHED; i++)
		if (w->v[i].ready)
			model_free_table(&w->v[i].aside.table);
	facts_free(f);
}

static void check(struct watch *w, enum metric m, const char *subject, double value,
		  const char *evidence)
{
	const struct fact *found;
	struct facts f = {};

	watch_facts(w, &f, 2);
	found = find(&f, m, subject);
	ok(found && found->value >= value * 0.999 && found->value <= value * 1.001,
	   triage_rules[m].name);
	if (found && (found->value < value * 0.999 || found->value > value * 1.001))
		printf("# got %f, want %f\n", found->value, value);
	same(found ? found->evidence : NULL, evidence, triage_rules[m].name);
	drop(w, &f);
}

static const struct column lock_columns[] = {
	{ .name = (char *)"lock", .type = KOBS_TYPE_TEXT },
	{ .name = (char *)"kind", .type = KOBS_TYPE_TEXT },
	{ .name = (char *)"owner", .type = KOBS_TYPE_TEXT },
	{ .name = (char *)"owner_pid", .type = KOBS_TYPE_NUMBER },
};

static void add_locks(struct watch *w)
{
	static const char big[] = "big_lock";
	static const char small[] = "small_lock";
	static const char mutex[] = "mutex";
	static const char spin[] = "mutex:spin";
	struct aside *a = make(w, W_LOCKS, lock_columns, ARRAY_SIZE(lock_columns));

	add(a, (const uint64_t[]){ text(big), text(mutex), text("a"), 7 }, 2, 3 * S, 2 * S);
	add(a, (const uint64_t[]){ text(big), text(mutex), text("b"), 8 }, 2, 5 * S, 4 * S);
	add(a, (const uint64_t[]){ text(small), text(spin), text("c"), 9 }, 1, 9 * S, 9 * S);
}

static void test_locks(void)
{
	struct watch w = {};

	add_locks(&w);
	check(&w, M_LOCK_WAIT, "", 80,
	      "threads slept 8.00 s for mutex big_lock, 80 % of the time, at most 4.00 s at once, held most by b (process 8)");
	memset(&w, 0, sizeof(w));
	add_locks(&w);
	check(&w, M_LOCK_SPIN, "", 45,
	      "CPUs spun on locks in 45.0 % of their time, most on small_lock mutex:spin");
	memset(&w, 0, sizeof(w));
	make(&w, W_LOCKS, lock_columns, ARRAY_SIZE(lock_columns));
	check(&w, M_LOCK_WAIT, "", 0, "no thread slept for a lock of the kernel");
}

static void test_runq(void)
{
	static const struct column columns[] = {
		{ .name = (char *)"comm", .type = KOBS_TYPE_TEXT },
	};
	struct watch w = {};
	struct facts f = {};
	struct aside *a = make(&w, W_RUNQ, columns, 1);

	add(a, (const uint64_t[]){ text("few") }, 50, 50000, 1000);
	watch_facts(&w, &f, 2);
	ok(!find(&f, M_RUNQ_P99, ""), "99 % of 50 waits say nothing");
	facts_free(&f);
	add(a, (const uint64_t[]){ text("many") }, 950, 950000000, 1000000);
	check(&w, M_RUNQ_P99, "", 1000000,
	      "99 % of the waits for a CPU are no longer than 1.00 ms, the longest is 1.00 ms; many waited most");
}

static const struct column irq_columns[] = {
	{ .name = (char *)"handler", .type = KOBS_TYPE_TEXT },
	{ .name = (char *)"cpu", .type = KOBS_TYPE_NUMBER },
};

static void test_irqs(void)
{
	static const char eth[] = "eth0";
	struct watch w = {};
	struct aside *a = make(&w, W_IRQ_HARD, irq_columns, 2);

	add(a, (const uint64_t[]){ text(eth), 0 }, 10, 1000000000, 300000000);
	add(a, (const uint64_t[]){ text(eth), 1 }, 10, 2000000000, 200000000);
	a = make(&w, W_IRQ_SOFT, irq_columns, 2);
	add(a, (const uint64_t[]){ text("NET_RX"), 1 }, 5, 4000000000, 900000000);
	add(a, (const uint64_t[]){ text("TIMER"), 1 }, 5, 1000000000, 100000000);
	check(&w, M_IRQ_TIME, "", 50,
	      "handlers of interrupts took 50.0 % of the time of CPU 1, as kobs measured");
	memset(&w, 0, sizeof(w));
	a = make(&w, W_IRQ_HARD, irq_columns, 2);
	add(a, (const uint64_t[]){ text(eth), 0 }, 10, 1000000000, 300000000);
	check(&w, M_IRQ_LONGEST, "", 300000000,
	      "the longest handler of an interrupt took 300 ms (eth0 0)");
}

static void test_disks(void)
{
	static const struct column columns[] = {
		{ .name = (char *)"disk", .type = KOBS_TYPE_TEXT },
		{ .name = (char *)"op", .type = KOBS_TYPE_TEXT },
	};
	static const char sda[] = "sda";
	struct watch w = {};
	struct aside *a = make(&w, W_DISK_LATENCY, columns, 2);

	add(a, (const uint64_t[]){ text(sda), text("read") }, 6, 60, 10000000);
	add(a, (const uint64_t[]){ text(sda), text("write") }, 6, 60, 20000000);
	add(a, (const uint64_t[]){ text("sdb"), text("read") }, 9, 60, 20000000);
	check(&w, M_DISK_DEVICE, sda, 20000000,
	      "disk sda takes up to 20.0 ms for 99 % of its requests");
	memset(&w, 0, sizeof(w));
	a = make(&w, W_DISK_ERRORS, columns, 2);
	add(a, (const uint64_t[]){ text(sda), text("read") }, 6, 0, 1);
	add(a, (const uint64_t[]){ text(sda), text("write") }, 1, 0, 1);
	check(&w, M_DISK_ERRORS, sda, 7, "7 requests to disk sda failed (sda read)");
}

static void test_service(void)
{
	static const struct column columns[] = {
		{ .name = (char *)"comm", .type = KOBS_TYPE_TEXT },
		{ .name = (char *)"pid", .type = KOBS_TYPE_NUMBER },
		{ .name = (char *)"error", .type = KOBS_TYPE_NUMBER },
	};
	struct watch w = {};
	struct facts f = {};
	struct aside *a = make(&w, W_SYSCALLS, columns, 3);
	char *json = NULL;
	size_t size;
	struct out o;
	FILE *file;

	add(a, (const uint64_t[]){ text("x"), 7, 0 }, 990, 990, 1000);
	add(a, (const uint64_t[]){ text("x"), 7, (uint64_t)-2 }, 10, 10, 500000);
	add(a, (const uint64_t[]){ text("y"), 8, 0 }, 4000, 10, 900000);
	file = open_memstream(&json, &size);
	out_init(&o, file, true);
	out_open(&o, NULL, '{');
	watch_print_service(&w, 7, &o);
	out_close(&o, '}');
	out_free(&o);
	fclose(file);
	same(json, "{\"syscalls_per_s\": 100, \"errors_per_s\": 1, \"syscall_p99_ns\": 1000}",
	     "system calls of a process");
	free(json);
	drop(&w, &f);
}

/* Counts of cycles, instructions, references and misses, of CPUs that are busy. */
static void check_pmu(const uint64_t *count, size_t n, double busy, const char *evidence,
		      const char *name)
{
	static const struct column column = {
		.name = (char *)"event", .type = KOBS_TYPE_NUMBER,
	};
	static struct figure figures[] = {
		{ .name = (char *)"enabled", .merge = KOBS_MERGE_SUM },
		{ .name = (char *)"running", .merge = KOBS_MERGE_SUM },
	};
	static struct mode stat = {
		.name = (char *)"stat", .figures = figures, .nr_figures = ARRAY_SIZE(figures),
	};
	const uint64_t times[] = { 2 * WINDOW_NS, 2 * WINDOW_NS };
	struct watch w = {};
	struct facts f = {};
	const struct fact *found;
	struct aside *a = make(&w, W_PMU, &column, 1);
	uint64_t i;

	model_free_table(&a->table);
	model_init_table(&a->table, a->view.types, 1, &stat);
	for (i = 0; i < n; i++) {
		const struct row part = { .count = count[i] };

		table_add(&a->table, table_row(&a->table, &i), &part, times);
	}
	facts_add(&f, M_CPU_BUSY, "", busy, "busy");
	watch_facts(&w, &f, 2);
	found = find(&f, M_LLC_MISSES, "");
	ok(!found == !evidence, name);
	if (found && evidence)
		same(found->evidence, evidence, name);
	drop(&w, &f);
}

static void check_next(const char *want)
{
	struct buf next = {};

	triage_next(M_LLC_MISSES, "", &next);
	same(next.p, want, "the next command, by the CPU");
	buf_free(&next);
}

static void test_pmu(void)
{
	const uint64_t memory[] = { 100000000, 31000000, 1000000, 120000 };
	const uint64_t fast[] = { 100000000, 100000000, 1000000, 120000 };
	const uint64_t few[] = { 100000000, 31000000, 100000, 12000 };
	const uint64_t little[] = { 999999, 310000, 100000, 12000 };

	cpuinfo_write(CPUINFO_INTEL);
	check_next("obsctl pmu record -e cache-misses -g -d 10");
	check_pmu(memory, 4, 90, "IPC 0.31 and 12.0 % of references miss the LLC",
		  "busy CPUs that wait for memory");
	check_pmu(memory, 4, 49, NULL, "idle ones");
	check_pmu(fast, 4, 90, NULL, "that get on");
	check_pmu(few, 4, 90, NULL, "that have few references");
	check_pmu(little, 4, 90, NULL, "that were counted too little");
	check_pmu(memory, 3, 90, NULL, "whose misses were not counted");
	cpuinfo_write(CPUINFO_ARM64);
	check_pmu(memory, 4, 90, "IPC 0.31 and 12.0 % of loads miss the LLC",
		  "arm64: loads of the last cache");
	check_next("obsctl pmu record -e LLC-load-misses -g -d 10");
	cpuinfo_write(CPUINFO_AMD);
	check_pmu(memory, 4, 90, NULL, "AMD: no events of the last cache");
	check_next("obsctl pmu record -g -d 10");
}

/* What all hits took is told by thirty, and not by one. */
static void test_cost(void)
{
	static const struct {
		uint64_t timed;
		bool told;
	} cases[] = { { 1, false }, { 29, false }, { 30, true } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct watch w = {};
		struct facts f = {};
		struct session *s = &make(&w, W_IRQ_HARD, irq_columns, 2)->session;
		char *json = NULL;
		size_t size;
		struct out o;
		FILE *file;

		s->hits = 1000;
		s->hits_timed = cases[i].timed;
		s->cost = cases[i].timed * 1000;
		file = open_memstream(&json, &size);
		out_init(&o, file, true);
		out_open(&o, NULL, '{');
		watch_print(&w, &o);
		out_close(&o, '}');
		out_free(&o);
		fclose(file);
		ok(!!strstr(json, "\"cost_percent\": 0.01") == cases[i].told &&
		   !!strstr(json, "cost_percent") == cases[i].told, "a cost, where it is known");
		free(json);
		drop(&w, &f);
	}
}

int main(void)
{
	test_locks();
	test_runq();
	test_pmu();
	test_irqs();
	test_disks();
	test_service();
	test_cost();
	cpuinfo_remove();
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
