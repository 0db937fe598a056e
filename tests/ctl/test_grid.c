// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of reports as data, without the kernel: what a screen gets of rows, numbers, shares
 * and stacks. Run by 'make check'; prints TAP.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/map.h"
#include "report/grid_rows.h"
#include "report/report.h"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static struct figure figures[] = {
	{ .name = (char *)"events", .merge = KOBS_MERGE_SUM },
	{ .name = (char *)"pending", .merge = KOBS_MERGE_SUM },
};

static struct column columns[] = {
	{ .name = (char *)"comm", .type = KOBS_TYPE_TEXT },
	{ .name = (char *)"kstack", .type = KOBS_TYPE_KSTACK },
	{ .name = (char *)"pid", .type = KOBS_TYPE_NUMBER },
	{ .name = (char *)"ustack", .type = KOBS_TYPE_USTACK },
};

/* A session by some of these columns, that measures times. */
struct fixture {
	struct view	view;
	struct source	source;
	struct mode	mode;
	struct session	session;
	struct opts	opts;
	struct table	table;
	struct report	report;
	struct grid	*grid;
};

static void set_up(struct fixture *f, size_t first, size_t n)
{
	size_t i;

	memset(f, 0, sizeof(*f));
	f->mode = (struct mode){
		.name = (char *)"time", .value = (char *)"duration", .unit = (char *)"ns",
		.figures = figures, .nr_figures = ARRAY_SIZE(figures),
	};
	f->source = (struct source){ .name = (char *)"func", .modes = &f->mode, .nr_modes = 1 };
	f->view = (struct view){
		.sources = { .v = &f->source, .n = 1 }, .source = &f->source, .mode = &f->mode,
		.nr_columns = n, .kernel = "6.12.0-test", .version = "9.9",
	};
	for (i = 0; i < n; i++) {
		f->view.columns[i] = &columns[first + i];
		f->view.types[i] = columns[first + i].type;
		f->view.shown[i] = SHOWN_COUNT;
	}
	ksyms_init(&f->view.ksyms);
	f->view.ksyms.path = "/nonexistent";
	f->session = (struct session){
		.source = (char *)"func", .mode = (char *)"time", .targets = 1,
		.state = KOBS_STATE_STARTED, .duration = 2500000000ull, .hits = 12, .recorded = 10,
		.filtered = 2,
	};
	model_init_table(&f->table, f->view.types, n, &f->mode);
	f->opts.top.given = true;
	f->report = (struct report){
		.view = &f->view, .session = &f->session, .opts = &f->opts, .table = &f->table,
		.interim = true,
	};
	f->grid = grid_new();
}

static void tear_down(struct fixture *f)
{
	grid_free(f->grid);
	model_free_table(&f->table);
	ksyms_free(&f->view.ksyms);
	usyms_free(&f->view.usyms);
}

static void add_stack(struct fixture *f, uint32_t id, uint64_t address)
{
	struct stack *s = zalloc(sizeof(*s) + sizeof(address));

	s->id = id;
	s->nr = 1;
	s->addr[0] = ksyms_tell(&f->view.ksyms, address, id == 1 ? "one+0x1" : "two+0x2", false);
	map_set(&f->table.stacks, id, s);
}

static void add_row(struct fixture *f, const uint64_t *key, uint64_t count, uint64_t ns)
{
	const struct row part = { .count = count, .sum = ns, .min = ns / count, .max = ns };
	const uint64_t numbers[] = { count * 2, 1 };

	table_add(&f->table, table_row(&f->table, key), &part, numbers);
}

static void print(struct fixture *f)
{
	const struct output to = { .grid = f->grid };

	report_resolve(&f->report);
	report_print(&f->report, &to);
	grid_account(&f->report, f->grid);
}

/* The number of a cell, by its column. */
static double number(const struct fixture *f, const struct grid_table *t, size_t row,
		     const char *column)
{
	const struct grid_cell *c = grid_at(f->grid, &t->row[row], grid_column(t, column));

	return c && c->known ? c->number : -1;
}

static bool reads(const struct fixture *f, const struct grid_table *t, size_t row,
		  const char *column, const char *want)
{
	const char *text = grid_text(f->grid, &t->row[row], grid_column(t, column));
	bool good = !strcmp(text, want);

	if (!good)
		printf("# %s is '%s', wanted '%s'\n", column, text, want);
	return good;
}

static enum grid_role role(const struct grid_table *t, const char *column)
{
	return t->column[grid_column(t, column)].role;
}

/* cat is in two stacks, dd in one. */
static void fill(struct fixture *f)
{
	const uint64_t cat = (uint64_t)(uintptr_t)pool_intern(&f->table.texts, "cat");
	const uint64_t dd = (uint64_t)(uintptr_t)pool_intern(&f->table.texts, "dd");

	add_stack(f, 1, 0xffffffff81000001ull);
	add_stack(f, 2, 0xffffffff81000002ull);
	add_row(f, (const uint64_t[]){ cat, 1, 77 }, 3, 3000);
	add_row(f, (const uint64_t[]){ cat, 2, 77 }, 1, 5000);
	add_row(f, (const uint64_t[]){ dd, 1, 78 }, 6, 2000);
}

static void test_rows(void)
{
	const struct grid_table *t;
	struct fixture f;

	set_up(&f, 0, 3);
	fill(&f);
	print(&f);
	ok(f.grid->nr_tables == 2 && f.grid->table[0].stacks && !f.grid->table[1].stacks,
	   "stacks are in a table of their own");
	t = &f.grid->table[1];
	ok(t->nr_rows == 2 && reads(&f, t, 0, "COMM", "cat") && reads(&f, t, 0, "PID", "77") &&
	   reads(&f, t, 1, "COMM", "dd"), "rows that differ in their stacks are one, in their order");
	ok(reads(&f, t, 0, "COUNT", "4") && reads(&f, t, 0, "TOTAL", "8.00 us") &&
	   reads(&f, t, 0, "SHARE", "80.0 %") && reads(&f, t, 0, "AVG", "2.00 us") &&
	   reads(&f, t, 0, "MIN", "1.00 us") && reads(&f, t, 0, "MAX", "5.00 us"),
	   "their numbers are those of all");
	ok(number(&f, t, 0, "COUNT") == 4 && number(&f, t, 0, "TOTAL") == 8000 &&
	   number(&f, t, 0, "EVENTS") == 8 && number(&f, t, 0, "PID") == 77,
	   "and are numbers");
	ok(number(&f, t, 0, "SHARE") == 8000 &&
	   grid_at(f.grid, &t->row[0], grid_column(t, "SHARE"))->of == 10000 &&
	   grid_at(f.grid, &t->row[0], grid_column(t, "AVG"))->of == 4, "so are parts and wholes");
	ok(role(t, "COMM") == GRID_KEY && role(t, "PID") == GRID_KEY &&
	   role(t, "COUNT") == GRID_COUNTER && role(t, "TOTAL") == GRID_COUNTER &&
	   role(t, "EVENTS") == GRID_COUNTER && role(t, "AVG") == GRID_RATIO &&
	   role(t, "SHARE") == GRID_SHARE && role(t, "MIN") == GRID_LEVEL &&
	   role(t, "PENDING") == GRID_LEVEL, "what grows, and what does not");
	ok(!strcmp(f.grid->lines.v[0], "func time of 1 target, 2.50 s so far"), "the title");
	ok(!strcmp(f.grid->account.v[0], "hits 12 = recorded 10 + filtered 2 + lost 0") &&
	   f.grid->duration == 2500000000ull, "account and duration");
	ok(f.view.nr_columns == 3 && f.view.columns[1] == &columns[1] &&
	   f.report.table == &f.table, "the view is as it was");
	tear_down(&f);
}

static void test_stacks(void)
{
	const struct grid_table *s;
	const struct grid_table *t;
	struct strings lines = {};
	struct fixture f;
	size_t i;
	size_t n = 0;

	set_up(&f, 0, 3);
	fill(&f);
	print(&f);
	s = &f.grid->table[0];
	t = &f.grid->table[1];
	ok(s->nr_rows == 3 && reads(&f, s, 0, "TOTAL", "5.00 us") &&
	   reads(&f, s, 1, "TOTAL", "3.00 us"),
	   "each stack has its numbers");
	for (i = 0; i < s->nr_rows; i++)
		n += s->row[i].group == t->row[0].group;
	ok(n == 2 && s->row[0].id != s->row[1].id && s->row[0].group == s->row[1].group,
	   "two of them are of the first row");
	ok(s->row[0].nr_stacks == 1 && !strcmp(f.grid->stack[s->row[0].stack].column, "kstack"),
	   "a stack has its column");
	f.grid->frames(f.grid->arg, &f.grid->stack[s->row[0].stack], &lines);
	ok(lines.n == 1 && !strcmp(lines.v[0], "two+0x2"), "and frames");
	strings_free(&lines);
	tear_down(&f);
}

/* Of reports that follow each other, rows are told by what is in them. */
static void test_identity(void)
{
	const uint64_t key[] = { 3, 1 };
	struct fixture a, b;

	set_up(&a, 2, 2);
	set_up(&b, 2, 2);
	add_row(&a, key, 1, 10);
	add_row(&b, (const uint64_t[]){ 3, 0 }, 1, 10);
	add_row(&b, key, 5, 90);
	print(&a);
	print(&b);
	ok(a.grid->table[1].row[0].id == b.grid->table[1].row[0].id &&
	   a.grid->table[1].row[0].id != a.grid->table[0].row[0].id,
	   "a row is the same in the next report, and not that of its stack");
	ok(a.grid->table[0].row[0].id == b.grid->table[0].row[0].id &&
	   b.grid->table[0].row[0].id != b.grid->table[0].row[1].id, "stacks are told apart");
	tear_down(&a);
	tear_down(&b);
}

static void test_leafs(void)
{
	const struct grid_table *t;
	struct fixture f;

	set_up(&f, 1, 1);
	add_stack(&f, 1, 0xffffffff81000001ull);
	add_stack(&f, 2, 0xffffffff81000002ull);
	add_row(&f, (const uint64_t[]){ 1 }, 3, 3000);
	add_row(&f, (const uint64_t[]){ 2 }, 1, 5000);
	add_row(&f, (const uint64_t[]){ 0 }, 1, 100);
	print(&f);
	t = &f.grid->table[1];
	ok(t->nr_rows == 3 && reads(&f, t, 0, "FUNCTION", "two") &&
	   reads(&f, t, 1, "FUNCTION", "one") && reads(&f, t, 2, "FUNCTION", "[no stack]"), "by the function that stacks end in");
	ok(f.grid->table[0].row[0].group == t->row[0].group, "to which they expand");
	ok(f.view.nr_columns == 1 && f.view.columns[0] == &columns[1] &&
	   f.view.types[0] == KOBS_TYPE_KSTACK, "the view is as it was");
	tear_down(&f);
}

static void test_plain(void)
{
	struct fixture f;

	set_up(&f, 0, 1);
	add_row(&f, (const uint64_t[]){
		(uint64_t)(uintptr_t)pool_intern(&f.table.texts, "cat"),
	}, 3, 3000);
	print(&f);
	ok(f.grid->nr_tables == 1 && f.grid->table[0].nr_rows == 1 && !f.grid->frames,
	   "without stacks there is one table");
	tear_down(&f);
}

int main(void)
{
	test_rows();
	test_stacks();
	test_identity();
	test_leafs();
	test_plain();
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
