// SPDX-License-Identifier: GPL-2.0
/* Unit tests of what rows of pmu record weigh, in tables, JSON and folded stacks; prints TAP. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/nouns.h"
#include "lib/buf.h"
#include "lib/map.h"
#include "report/report.h"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static void is(const char *text, const char *want, const char *name)
{
	bool good = !strcmp(text, want);

	ok(good, name);
	if (!good)
		printf("# got '%s'\n# for '%s'\n", text, want);
}

static void has(const char *text, const char *part, bool wanted, const char *name)
{
	bool good = !strstr(text, part) == !wanted;

	ok(good, name);
	if (!good)
		printf("# %s '%s' in '%s'\n", wanted ? "no" : "there is", part, text);
}

/* The further numbers of rows, in the order in which the module has them. */
enum { THROTTLED, EVENTS, FIGURES };

static struct figure figures[FIGURES] = {
	{ .name = (char *)"throttled", .merge = KOBS_MERGE_SUM },
	{ .name = (char *)"events", .merge = KOBS_MERGE_SUM },
};

static struct column event_column = { .name = (char *)"event", .type = KOBS_TYPE_NUMBER };
static struct column ip_column = { .name = (char *)"ip", .type = KOBS_TYPE_ADDRESS };
static struct column kstack_column = { .name = (char *)"kstack", .type = KOBS_TYPE_KSTACK };

/* A detached session of pmu record as obsctl session read sees it, without the kernel. */
struct fixture {
	struct view	view;
	struct source	source;
	struct mode	mode;
	struct session	session;
	struct session_note note;
	struct opts	opts;
	struct table	table;
	struct report	report;
	char		*text;
};

static void set_up(struct fixture *f, size_t events, const struct column *a,
		   const struct column *b)
{
	memset(f, 0, sizeof(*f));
	f->mode = (struct mode){ .name = (char *)"record", .figures = figures,
				 .nr_figures = FIGURES };
	f->source = (struct source){ .name = (char *)"pmu", .modes = &f->mode, .nr_modes = 1 };
	f->view = (struct view){
		.sources = { .v = &f->source, .n = 1 }, .source = &f->source, .mode = &f->mode,
		.columns = { a, b }, .types = { a->type, b ? b->type : 0 },
		.nr_columns = b ? 2 : 1,
	};
	ksyms_init(&f->view.ksyms);
	f->view.ksyms.path = "/nonexistent";
	f->session = (struct session){
		.source = (char *)"pmu", .mode = (char *)"record", .targets = (uint32_t)events,
		.state = KOBS_STATE_STOPPED, .duration = 1000000000,
	};
	model_init_table(&f->table, f->view.types, f->view.nr_columns, &f->mode);
	f->report = (struct report){
		.view = &f->view, .session = &f->session, .opts = &f->opts, .table = &f->table,
		.kind = nouns_report_kind("pmu", "record"),
	};
	ok(f->report.kind, "pmu record has a kind of report");
}

static void tear_down(struct fixture *f)
{
	model_free_table(&f->table);
	ksyms_free(&f->view.ksyms);
	free(f->text);
}

static void add_row(struct fixture *f, uint64_t a, uint64_t b, uint64_t count, uint64_t events)
{
	const struct row part = { .count = count };
	const uint64_t numbers[FIGURES] = { [EVENTS] = events };
	const uint64_t key[] = { a, b };

	table_add(&f->table, table_row(&f->table, key), &part, numbers);
}

static uint64_t named(struct fixture *f, uint64_t address, const char *name)
{
	return ksyms_tell(&f->view.ksyms, address, name, false);
}

static void add_stack(struct fixture *f, uint32_t id, const uint64_t *addr, size_t n)
{
	struct stack *s = zalloc(sizeof(*s) + n * sizeof(*addr));

	s->id = id;
	s->nr = (uint32_t)n;
	memcpy(s->addr, addr, n * sizeof(*addr));
	map_set(&f->table.stacks, id, s);
}

static const char *print(struct fixture *f)
{
	FILE *before = stderr;
	struct output to = {};
	size_t size = 0;

	free(f->text);
	f->text = NULL;
	to.file = open_memstream(&f->text, &size);
	/* The account of folded stacks. */
	stderr = fopen("/dev/null", "w");
	report_resolve(&f->report);
	ok(!report_print(&f->report, &to), "a report is printed");
	fclose(stderr);
	stderr = before;
	fclose(to.file);
	report_free(&f->report);
	return f->text;
}

static void test_folded(void)
{
	struct fixture f;
	uint64_t leaf, root;

	set_up(&f, 1, &ip_column, &kstack_column);
	leaf = named(&f, 0xffffffff81000010ull, "leaf+0x10");
	root = named(&f, 0xffffffff81000020ull, "root+0x20");
	add_stack(&f, 7, (uint64_t[]){ leaf, root }, 2);
	add_row(&f, leaf, 7, 2, 2000);
	add_row(&f, 0x401000, 0, 1, 5000);
	f.opts.folded = true;
	is(print(&f), "[unknown] 0x401000 5000\nleaf+0x10;root;leaf 2000\n",
	   "a folded stack has the column ip, and weighs its events");
	tear_down(&f);
}

/* Rows of two events, one of which counts faults and the other ns. */
static void add_two(struct fixture *f)
{
	add_row(f, 0, 0xffffffff81000010ull, 4, 4);
	add_row(f, 1, 0xffffffff81000020ull, 1, 3000000);
	add_row(f, 1, 0xffffffff81000030ull, 3, 9000000);
}

static void test_one_event(void)
{
	struct fixture f;

	set_up(&f, 1, &ip_column, NULL);
	add_row(&f, 0xffffffff81000010ull, 0, 3, 1000000);
	add_row(&f, 0xffffffff81000020ull, 0, 1, 3000000);
	has(print(&f), " COUNT     EVENTS   SHARE\n", true, "events of a row, and its share of them");
	has(f.text, " 1  3,000,000  75.0 %\n", true, "shares are by events");
	f.note = (struct session_note){ .name = (char *)"clocks", .number = 1 };
	f.session.notes = &f.note;
	f.session.nr_notes = 1;
	has(print(&f), " 1  3.00 ms  75.0 %\n", true, "those of a clock are times");
	has(f.text, "THROTTLED", false, "zeros of throttling are not shown");
	f.opts.json = true;
	has(print(&f), "\"count\": 1, \"throttled\": 0, \"events\": 3000000", true,
	    "JSON has all numbers, and no units");
	table_figures(&f.table, &f.table.rows[0])[THROTTLED] = 5;
	f.opts.json = false;
	has(print(&f), " THROTTLED ", true, "throttling is shown where there was some");
	tear_down(&f);
}

static void test_mixed(void)
{
	struct fixture f;

	set_up(&f, 2, &ip_column, NULL);
	add_row(&f, 0xffffffff81000010ull, 0, 3, 3000004);
	add_row(&f, 0xffffffff81000020ull, 0, 1, 9000000);
	has(print(&f), "EVENTS", false, "events of several kinds do not add up");
	has(f.text, " 3  75.0 %\n", true, "shares are by samples");
	f.opts.json = true;
	has(print(&f), "\"events\": ", false, "nor do they in JSON");
	tear_down(&f);
}

static void test_by_event(void)
{
	struct fixture f;

	set_up(&f, 2, &event_column, &ip_column);
	add_two(&f);
	f.note = (struct session_note){ .name = (char *)"clocks", .number = 1 };
	f.session.notes = &f.note;
	f.session.nr_notes = 1;
	has(print(&f), " 4          4  100.0 %\n", true, "an event's rows are a whole");
	has(f.text, " 3  9,000,000   75.0 %\n", true, "another one's are another");
	f.note.number = 2;
	has(print(&f), " 3  9.00 ms   75.0 %\n", true, "times where all events are clocks");
	tear_down(&f);
}

static void test_folded_events(void)
{
	struct fixture f;

	set_up(&f, 2, &event_column, &kstack_column);
	add_stack(&f, 7, (uint64_t[]){ named(&f, 0xffffffff81000010ull, "leaf+0x10") }, 1);
	add_row(&f, 0, 7, 4, 4);
	add_row(&f, 1, 7, 3, 9000000);
	f.opts.folded = true;
	is(print(&f), "0;leaf 4\n1;leaf 3\n", "stacks of several events weigh their samples");
	tear_down(&f);
}

int main(void)
{
	printf("TAP version 13\n");
	test_folded();
	test_folded_events();
	test_one_event();
	test_mixed();
	test_by_event();
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
