// SPDX-License-Identifier: GPL-2.0
/* From the tables of triage's sessions to what was measured. */

#include <stdlib.h>
#include <string.h>

#include "cmd/triage/watch.h"
#include "cmd/triage/words.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "report/hist.h"

/* A percentile of fewer says nothing. */
#define WAITS_LEAST	100
#define REQUESTS_LEAST	10
#define CPUS_MOST	4096

/* The cells of a row, with spaces between them. */
static void print_label(struct aside *a, const struct row *row, size_t columns, struct buf *out)
{
	const uint64_t *keys = a->table.keys + row->key;
	size_t c;

	for (c = 0; c < columns; c++) {
		if (view_is_hidden(&a->view, c) || view_absent(&a->view, c, keys[c]))
			continue;
		if (out->len)
			buf_puts(out, " ");
		view_print_cell(&a->view, c, keys, out);
	}
	if (!out->len)
		buf_puts(out, "all");
}

typedef bool (*row_wanted)(struct aside *a, const struct row *row);

/* The rows of a table, or those that are wanted, merged by its first columns. */
static void merge(struct aside *a, size_t columns, row_wanted wanted, struct table *out)
{
	const struct table *t = &a->table;
	size_t i;

	model_init_table(out, a->view.types, columns, a->view.mode);
	for (i = 0; i < t->nr_rows; i++)
		if (!wanted || wanted(a, &t->rows[i]))
			table_add(out, table_row(out, t->keys + t->rows[i].key), &t->rows[i],
				  table_figures(t, &t->rows[i]));
}

static const struct row *find_most(const struct table *t, uint64_t (*of)(const struct row *row))
{
	const struct row *found = NULL;
	size_t i;

	for (i = 0; i < t->nr_rows; i++)
		if (!found || of(&t->rows[i]) > of(found))
			found = &t->rows[i];
	return found;
}

static uint64_t sum_of(const struct row *row)
{
	return row->sum;
}

static uint64_t count_of(const struct row *row)
{
	return row->count;
}

static uint64_t max_of(const struct row *row)
{
	return row->max;
}

static void add_runq(struct watch_session *s, struct facts *f)
{
	const struct row *most = find_most(&s->aside.table, sum_of);
	char p99[32], max[32];
	struct buf who = {};
	struct table all;
	uint64_t ns;

	merge(&s->aside, 0, NULL, &all);
	if (most && all.rows[0].count >= WAITS_LEAST) {
		ns = hist_percentile(&all.rows[0], 0.99);
		print_label(&s->aside, most, 1, &who);
		facts_add(f, M_RUNQ_P99, "", (double)ns,
			  "99 %% of the waits for a CPU are no longer than %s, the longest is %s; %s waited most",
			  format_ns(p99, sizeof(p99), (double)ns),
			  format_ns(max, sizeof(max), (double)all.rows[0].max), who.p);
	}
	buf_free(&who);
	model_free_table(&all);
}

/* Columns of the session of locks. */
enum { LOCK, KIND, OWNER, OWNER_PID };

/* Who held a lock when the longest waits in all began. */
static void print_owner(struct aside *a, uint64_t lock, struct buf *out)
{
	const struct table *t = &a->table;
	const struct row *found = NULL;
	size_t i;

	for (i = 0; i < t->nr_rows; i++) {
		const struct row *row = &t->rows[i];
		const uint64_t *keys = t->keys + row->key;

		if (keys[LOCK] == lock && !view_absent(&a->view, OWNER, keys[OWNER]) &&
		    (!found || row->sum > found->sum))
			found = row;
	}
	if (!found)
		return;
	buf_puts(out, ", held most by ");
	view_print_cell(&a->view, OWNER, t->keys + found->key, out);
	buf_printf(out, " (process %llu)",
		   (unsigned long long)t->keys[found->key + OWNER_PID]);
}

/* A wait for it keeps the CPU. */
static bool spins(struct aside *a, const struct row *row)
{
	struct buf kind = {};
	bool found;

	view_print_cell(&a->view, KIND, a->table.keys + row->key, &kind);
	found = kind.len && (strstr(kind.p, "spin") || !strncmp(kind.p, "rwlock", 6));
	buf_free(&kind);
	return found;
}

static bool sleeps(struct aside *a, const struct row *row)
{
	return !spins(a, row);
}

static void add_spins(struct watch_session *s, struct facts *f, size_t cpus)
{
	double window = (double)s->aside.session.duration * (double)cpus;
	const struct table *t = &s->aside.table;
	const struct row *most = NULL;
	struct buf name = {};
	double sum = 0;
	size_t i;

	for (i = 0; i < t->nr_rows; i++) {
		if (!spins(&s->aside, &t->rows[i]))
			continue;
		sum += (double)t->rows[i].sum;
		if (!most || t->rows[i].sum > most->sum)
			most = &t->rows[i];
	}
	if (most)
		print_label(&s->aside, most, OWNER, &name);
	if (most && window > 0)
		facts_add(f, M_LOCK_SPIN, "", percent(sum, window),
			  "CPUs spun on locks in %.1f %% of their time, most on %s",
			  percent(sum, window), name.p);
	buf_free(&name);
}

static void add_locks(struct watch_session *s, struct facts *f)
{
	double window = (double)s->aside.session.duration;
	const struct row *worst;
	struct buf owner = {};
	struct buf name = {};
	char waited[32], longest[32];
	struct table by_lock;
	double share;

	merge(&s->aside, OWNER, sleeps, &by_lock);
	worst = find_most(&by_lock, sum_of);
	if (worst && window > 0) {
		const uint64_t *keys = by_lock.keys + worst->key;

		share = percent((double)worst->sum, window);
		view_print_cell(&s->aside.view, KIND, keys, &name);
		buf_puts(&name, " ");
		view_print_cell(&s->aside.view, LOCK, keys, &name);
		print_owner(&s->aside, keys[LOCK], &owner);
		facts_add(f, M_LOCK_WAIT, "", share,
			  "threads slept %s for %s, %.0f %% of the time, at most %s at once%s",
			  format_ns(waited, sizeof(waited), (double)worst->sum), name.p, share,
			  format_ns(longest, sizeof(longest), (double)worst->max),
			  owner.len ? owner.p : "");
	} else {
		facts_add(f, M_LOCK_WAIT, "", 0, "no thread slept for a lock of the kernel");
	}
	buf_free(&owner);
	buf_free(&name);
	model_free_table(&by_lock);
}

static void add_longest(struct watch_session *s, struct facts *f, enum metric m, const char *what)
{
	const struct row *longest = find_most(&s->aside.table, max_of);
	struct buf who = {};
	char took[32];

	if (!longest)
		return;
	print_label(&s->aside, longest, s->aside.view.nr_columns, &who);
	facts_add(f, m, "", (double)longest->max, "the longest %s took %s (%s)", what,
		  format_ns(took, sizeof(took), (double)longest->max), who.p);
	buf_free(&who);
}

/* Time of each CPU, by a session whose rows tell CPUs apart. */
static void add_up(const struct watch_session *s, double *ns)
{
	const struct table *t = &s->aside.table;
	size_t c = view_column(&s->aside.view, "cpu");
	size_t i;

	for (i = 0; c != SIZE_MAX && i < t->nr_rows; i++)
		if (t->keys[t->rows[i].key + c] < CPUS_MOST)
			ns[t->keys[t->rows[i].key + c]] += (double)t->rows[i].sum;
}

/*
 * Exact, where the kernel's tick only samples. What a hard interrupt takes amid a soft one is in
 * both: the larger of the two counts.
 */
static void add_irq_time(struct watch *w, struct facts *f)
{
	double window = (double)w->v[W_IRQ_SOFT].aside.session.duration;
	double *ns[2];
	size_t worst = 0;
	double most = 0;
	size_t i, k;

	if (!w->v[W_IRQ_SOFT].ready || window <= 0)
		return;
	for (k = 0; k < ARRAY_SIZE(ns); k++) {
		ns[k] = zalloc(CPUS_MOST * sizeof(*ns[k]));
		if (w->v[W_IRQ_HARD + k].ready)
			add_up(&w->v[W_IRQ_HARD + k], ns[k]);
		for (i = 0; i < CPUS_MOST; i++)
			if (ns[k][i] > most) {
				most = ns[k][i];
				worst = i;
			}
		free(ns[k]);
	}
	facts_add(f, M_IRQ_TIME, "", percent(most, window),
		  "handlers of interrupts took %.1f %% of the time of CPU %zu, as kobs measured",
		  percent(most, window), worst);
}

/* A fact of each disk, or of all where the kernel does not tell them apart. */
static void add_disks(struct watch_session *s, struct facts *f, enum metric m, const char *fmt)
{
	size_t columns = view_column(&s->aside.view, "disk") ? 0 : 1;
	struct table by_disk;
	char p99[32];
	size_t i;

	merge(&s->aside, columns, NULL, &by_disk);
	for (i = 0; i < by_disk.nr_rows; i++) {
		const struct row *row = &by_disk.rows[i];
		double ns = (double)hist_percentile(row, 0.99);
		struct buf name = {};

		if (columns)
			view_print_cell(&s->aside.view, 0, by_disk.keys + row->key, &name);
		else
			buf_puts(&name, "");
		format_ns(p99, sizeof(p99), ns);
		if (row->count >= REQUESTS_LEAST)
			facts_add(f, m, name.p, ns, fmt, name.p, p99);
		buf_free(&name);
	}
	model_free_table(&by_disk);
}

static void add_disk_errors(struct watch_session *s, struct facts *f)
{
	size_t columns = view_column(&s->aside.view, "disk") ? 0 : 1;
	struct table by_disk;
	char n[32];
	size_t i;

	merge(&s->aside, columns, NULL, &by_disk);
	for (i = 0; i < by_disk.nr_rows; i++) {
		const struct row *row = &by_disk.rows[i];
		struct buf name = {};
		struct buf what = {};

		if (columns)
			view_print_cell(&s->aside.view, 0, by_disk.keys + row->key, &name);
		else
			buf_puts(&name, "");
		print_label(&s->aside, find_most(&s->aside.table, count_of),
			    s->aside.view.nr_columns, &what);
		facts_add(f, M_DISK_ERRORS, name.p, (double)row->count,
			  "%s requests to disk %s failed (%s)",
			  format_count(n, sizeof(n), row->count), name.p, what.p);
		buf_free(&name);
		buf_free(&what);
	}
	model_free_table(&by_disk);
}

/** watch_facts() - Add what the sessions measured, on so many CPUs. */
void watch_facts(struct watch *w, struct facts *f, size_t cpus)
{
	if (w->v[W_RUNQ].ready)
		add_runq(&w->v[W_RUNQ], f);
	if (w->v[W_LOCKS].ready) {
		add_spins(&w->v[W_LOCKS], f, cpus);
		add_locks(&w->v[W_LOCKS], f);
	}
	if (w->v[W_IRQ_HARD].ready)
		add_longest(&w->v[W_IRQ_HARD], f, M_IRQ_LONGEST, "handler of an interrupt");
	if (w->v[W_IRQ_SOFT].ready)
		add_longest(&w->v[W_IRQ_SOFT], f, M_SOFTIRQ_LONGEST, "soft interrupt");
	add_irq_time(w, f);
	if (w->v[W_DISK_LATENCY].ready)
		add_disks(&w->v[W_DISK_LATENCY], f, M_DISK_DEVICE,
			  "disk %s takes up to %s for 99 %% of its requests");
	if (w->v[W_DISK_QUEUE].ready)
		add_disks(&w->v[W_DISK_QUEUE], f, M_DISK_QUEUED,
			  "99 %% of the requests to disk %s are queued up to %s");
	if (w->v[W_DISK_ERRORS].ready)
		add_disk_errors(&w->v[W_DISK_ERRORS], f);
	watch_pmu_facts(w, f);
}

/** watch_print_service() - Rate, errors and duration of a process's system calls, as cells. */
void watch_print_service(struct watch *w, uint64_t pid, struct out *o)
{
	struct watch_session *s = &w->v[W_SYSCALLS];
	const struct table *t = &s->aside.table;
	size_t c = s->ready ? view_column(&s->aside.view, "pid") : 0;
	size_t e = s->ready ? view_column(&s->aside.view, "error") : 0;
	double seconds = (double)s->aside.session.duration / 1e9;
	struct row all = {};
	uint64_t errors = 0;
	size_t i, k;

	if (!s->ready || seconds <= 0 || c == SIZE_MAX || e == SIZE_MAX)
		return;
	for (i = 0; i < t->nr_rows; i++) {
		const struct row *row = &t->rows[i];

		if (t->keys[row->key + c] != pid)
			continue;
		all.count += row->count;
		all.max = row->max > all.max ? row->max : all.max;
		errors += t->keys[row->key + e] ? row->count : 0;
		for (k = 0; k < row->nr_buckets; k++)
			table_add_bucket(&all, &row->buckets[k]);
	}
	triage_print_service(o, &(struct triage_service){
		.calls = (double)all.count / seconds, .errors = (double)errors / seconds,
		.any = all.count, .p99 = hist_percentile(&all, 0.99),
	});
	free(all.buckets);
}
