/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reports that follow each other, for tests of the screen: the Nth of a session that has run for
 * N seconds. What they have is known: see the comment above each function.
 */
#ifndef SAMPLE_REPORTS_H
#define SAMPLE_REPORTS_H

#include <stdio.h>

#include "lib/format.h"
#include "lib/macros.h"
#include "report/writer.h"

/* Rows that are there in each report, and do not change. */
#define SAMPLE_STILL	30

/* Calls up to the Nth report: a row of the first one grows by 100 in each second. */
struct sample_row {
	const char	*comm;
	const char	*func;
	unsigned int	begins;		/* number of the report before its first */
	unsigned int	calls;		/* in each second since */
	unsigned int	ns;		/* of each call */
};

static const struct sample_row sample_rows[] = {
	{ "bash", "vfs_read", 0, 100, 1000 },
	{ "cat", "vfs_read", 0, 50, 4000 },
	{ "bash", "vfs_write", 0, 10, 20000 },
	{ "dd", "vfs_fsync", 1, 200, 500 },
	{ "gr\303\274\303\237e\001", "openat2_of_a_long_name", 0, 3, 100 },
};

static inline uint64_t sample_calls(const struct sample_row *r, unsigned int n)
{
	return n > r->begins ? (uint64_t)r->calls * (n - r->begins) : 0;
}

static inline uint64_t sample_total(unsigned int n)
{
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sample_rows); i++)
		total += sample_calls(&sample_rows[i], n) * sample_rows[i].ns;
	return total;
}

static inline void sample_cells(struct out *o, const char *comm, const char *func, uint64_t calls,
				uint64_t ns, uint64_t total)
{
	char shown[32];
	uint64_t sum = calls * ns;

	out_cell_text(o, "comm", "COMM", comm);
	out_cell_text(o, "func", "FUNC", func);
	out_cell_number(o, "count", "COUNT", calls);
	out_is_counter(o, (double)calls, "");
	out_cell_shown(o, "sum", "TOTAL", sum, format_ns(shown, sizeof(shown), (double)sum));
	out_is_counter(o, (double)sum, "ns");
	snprintf(shown, sizeof(shown), "%.1f %%", total ? (double)sum * 100 / (double)total : 0);
	out_cell_aside(o, "SHARE", shown, true);
	out_is_share(o, (double)sum, (double)total);
	out_cell_aside(o, "AVG", calls ? format_ns(shown, sizeof(shown), (double)ns) : "-", true);
	out_is_ratio(o, (double)sum, (double)calls, "ns");
	out_cell_shown(o, "max", "MAX", ns, format_ns(shown, sizeof(shown), (double)ns));
}

static inline void sample_frames(void *arg, const struct grid_stack *s, struct strings *lines)
{
	char line[32];

	(void)arg;
	snprintf(line, sizeof(line), "leaf_%llu+0x%llx", (unsigned long long)s->id,
		 (unsigned long long)s->id);
	strings_add(lines, line);
	strings_add(lines, "entry_SYSCALL_64_after_hwframe+0x6e");
}

/* The calls of a row came from stacks 1, 2 and 3: a half, a quarter, a quarter. */
static inline void sample_stacks(struct out *o, unsigned int n)
{
	static const unsigned int parts[] = { 2, 4, 4 };
	size_t i;
	size_t k;

	out_table_begin(o, "stacks");
	o->grid->table[o->grid->nr_tables - 1].stacks = true;
	for (i = 0; i < ARRAY_SIZE(sample_rows); i++)
		for (k = 0; k < 3; k++) {
			const struct sample_row *r = &sample_rows[i];

			out_row_begin(o);
			sample_cells(o, r->comm, r->func, sample_calls(r, n) / parts[k], r->ns,
				     sample_total(n));
			grid_stack(o->grid, "kstack", k + 1, k + 1);
			out_row_end(o);
		}
	out_table_end(o);
	o->grid->frames = sample_frames;
}

/**
 * sample_report() - The Nth report. Three hits are lost from the third on.
 * @n: its number, from 0
 * @stacks: the session's columns have one
 * @still: rows that do not change are there, too
 *
 * Return: the report, which is the caller's.
 */
static inline struct grid *sample_report(unsigned int n, bool stacks, bool still)
{
	struct grid *g = grid_new();
	struct out o = { .grid = g };
	char func[32];
	size_t i;

	out_line(&o, "func time of 12 functions, %u.00 s so far, only comm bash, cat, dd\n", n);
	if (stacks)
		sample_stacks(&o, n);
	out_table_begin(&o, "rows");
	for (i = 0; i < ARRAY_SIZE(sample_rows); i++) {
		const struct sample_row *r = &sample_rows[i];

		if (n <= r->begins)
			continue;
		out_row_begin(&o);
		sample_cells(&o, r->comm, r->func, sample_calls(r, n), r->ns, sample_total(n));
		out_row_end(&o);
	}
	for (i = 0; still && i < SAMPLE_STILL; i++) {
		snprintf(func, sizeof(func), "still_%02zu", i);
		out_row_begin(&o);
		sample_cells(&o, "still", func, 1, 0, sample_total(n));
		out_row_end(&o);
	}
	out_table_end(&o);
	out_line(&o, "kobs used 120 ns per hit in its handler (measured on 40 of 40,000 hits)");
	g->duration = n * 1000000000ull;
	g->accounting = true;
	out_line(&o, "\nhits %u = recorded %u + filtered 0 + lost %u", n * 1000 + (n > 2 ? 3 : 0),
		 n * 1000, n > 2 ? 3 : 0);
	if (n > 2)
		out_line(&o, "  lost 3, table_full: no room for a new row: raise --rows");
	g->accounting = false;
	return g;
}

#endif
