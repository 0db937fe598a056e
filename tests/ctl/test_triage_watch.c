// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of triage: what it makes of the tables of sessions. Run by 'make check' in ctl/;
 * prints TAP.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/triage/watch.h"
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

int main(void)
{
	test_locks();
	test_runq();
	test_irqs();
	test_disks();
	test_service();
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
