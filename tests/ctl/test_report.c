// SPDX-License-Identifier: GPL-2.0
/* Unit tests of the words and columns of reports: run by 'make check'; prints TAP. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/diag.h"
#include "lib/map.h"
#include "lib/opts.h"
#include "report/losses.h"
#include "report/report.h"
#include "report/width.h"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static void has(const char *text, const char *part, const char *name)
{
	bool good = strstr(text, part);

	ok(good, name);
	if (!good)
		printf("# no '%s' in '%s'\n", part, text);
}

static void has_not(const char *text, const char *part, const char *name)
{
	bool good = !strstr(text, part);

	ok(good, name);
	if (!good)
		printf("# '%s' in '%s'\n", part, text);
}

/* A report of a source with two parameters, without the kernel. */
struct fixture {
	struct view	view;
	struct source	sources[2];
	struct param	params[2];
	struct mode	mode;
	struct column	column;
	struct session	session;
	struct targets	targets;
	struct opts	opts;
	struct table	table;
	struct report	report;
	char		*text;
};

static void set_up(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->params[0] = (struct param){ .name = (char *)"rows" };
	f->params[1] = (struct param){ .name = (char *)"ring_kb" };
	f->mode = (struct mode){ .name = (char *)"count" };
	f->column = (struct column){ .name = (char *)"comm", .type = KOBS_TYPE_TEXT };
	f->sources[0] = (struct source){
		.name = (char *)"session", .params = f->params, .nr_params = 2,
	};
	f->sources[1] = (struct source){
		.name = (char *)"sched", .modes = &f->mode, .nr_modes = 1, .columns = &f->column,
		.nr_columns = 1,
	};
	f->view = (struct view){
		.sources = { .v = f->sources, .n = 2 }, .source = &f->sources[1],
		.mode = &f->mode, .columns = { &f->column }, .types = { KOBS_TYPE_TEXT },
		.nr_columns = 1,
	};
	f->session = (struct session){
		.source = (char *)"sched", .mode = (char *)"count", .targets = 2,
		.state = KOBS_STATE_STOPPED, .duration = NSEC_PER_SEC,
	};
	model_init_table(&f->table, f->view.types, 1, &f->mode);
	f->report = (struct report){
		.view = &f->view, .session = &f->session, .opts = &f->opts, .table = &f->table,
	};
}

static void tear_down(struct fixture *f)
{
	model_free_table(&f->table);
	numbers_free(&f->session.filter.pids);
	free(f->session.lost);
	free(f->text);
}

static void add_row(struct fixture *f, const char *comm, uint64_t count)
{
	uint64_t key = (uint64_t)(uintptr_t)pool_intern(&f->table.texts, comm);
	struct row part = { .count = count, .sum = count * 1000, .min = 1000, .max = 1000 };

	table_add(&f->table, table_row(&f->table, &key), &part, NULL);
}

static void add_loss(struct fixture *f, const char *reason, const char *doc, uint64_t count)
{
	struct session *s = &f->session;

	s->lost = grow(s->lost, &s->cap_lost, s->nr_lost + 1, sizeof(*s->lost));
	s->lost[s->nr_lost++] = (struct lost){ (char *)reason, (char *)doc, count };
}

/* The report as text, or JSON if the options say so. */
static const char *print(struct fixture *f)
{
	struct output to = {};
	size_t size = 0;

	free(f->text);
	f->text = NULL;
	to.file = open_memstream(&f->text, &size);
	report_resolve(&f->report);
	ok(!report_print(&f->report, &to), "a report is printed");
	fclose(to.file);
	report_free(&f->report);
	return f->text;
}

static void test_losses(void)
{
	struct fixture f;

	set_up(&f);
	add_row(&f, "sh", 5);
	f.session.hits = 20;
	f.session.recorded = 5;
	f.session.filtered = 1;
	f.session.own = 1;
	add_loss(&f, "in_flight", "call or wait that had not ended", 3);
	add_loss(&f, "unpaired", "wait that had begun before", 7);
	add_loss(&f, "ring_full", "records came too fast: raise ring_kb", 4);
	has(print(&f), "\nhits 20 = recorded 5 + filtered 1 + pending 3 + unpaired 7 + lost 4\n",
	    "open and unpaired waits stand beside the losses");
	has(f.text, "\n  1 filtered hit came from obsctl itself\n", "hits of obsctl itself");
	has(f.text, "\n  pending 3, call or wait that had not ended\n", "what is pending");
	has(f.text, "\n  unpaired 7, wait that had begun before\n", "what is unpaired");
	has(f.text, "\n  lost 4, ring_full: records came too fast: raise --ring-kb\n",
	    "advice names the option");
	has_not(f.text, "SUM DOES NOT HOLD", "the sum holds with all three");
	f.opts.json = true;
	has(print(&f), "\"pending\": 3, \"unpaired\": 7, \"lost\": {\"in_flight\": 3, \"unpaired\": 7, \"ring_full\": 4}",
	    "JSON has them beside the losses as well");
	f.opts.max_lost.given = true;
	f.opts.max_lost.value = 4;
	ok(!report_lost(&f.session, &f.opts), "--max-lost does not count what is no loss");
	f.opts.max_lost.value = 3;
	ok(report_lost(&f.session, &f.opts) == STATUS_LOST, "--max-lost counts losses");
	f.session.hits++;
	f.opts.json = false;
	has(print(&f), "SUM DOES NOT HOLD", "a sum that does not hold is said");
	tear_down(&f);
}

static void test_nothing(void)
{
	struct pattern pattern = { .text = "vfs_fsync" };
	struct fixture f;

	set_up(&f);
	has(print(&f), "Nothing was hit: 2 tracepoints were hit 0 times.\n", "no hit at all");
	f.targets = (struct targets){ .patterns = &pattern, .nr_patterns = 1 };
	f.view.targets = &f.targets;
	f.session.targets = 1;
	has(print(&f), "Nothing was hit: vfs_fsync (1 tracepoint) was hit 0 times.\n",
	    "no hit of a pattern");
	numbers_add(&f.session.filter.pids, 4194305);
	f.session.hits = 16;
	f.session.filtered = 16;
	f.session.own = 1;
	has(print(&f), "Nothing was recorded: there is no process 4194305; "
	    "15 hits were refused by the filter; 1 hit came from obsctl itself.\n",
	    "the filter refused all hits");
	f.session.filtered = 0;
	f.session.own = 0;
	f.session.filter.pids.n = 0;
	f.session.hits = 3;
	add_loss(&f, "in_flight", NULL, 2);
	add_loss(&f, "unpaired", NULL, 1);
	has(print(&f), "Nothing was recorded: 2 calls or waits are still going on; "
	    "1 wait had begun before the session.\n", "waits go on");
	f.opts.json = true;
	has_not(print(&f), "Nothing", "JSON says it by its numbers");
	tear_down(&f);
}

static void cost(struct fixture *f, uint64_t timed, uint64_t ns, uint64_t hits)
{
	f->session.hits_timed = timed;
	f->session.cost = timed * ns;
	f->session.hits = hits;
	f->session.recorded = hits;
	print(f);
}

static void test_cost(void)
{
	struct fixture f;

	set_up(&f);
	cost(&f, 29, 1000, 29000);
	has_not(f.text, "kobs used", "below 30 timed hits no cost is told");
	cost(&f, 30, 1000, 30000);
	has(f.text, "kobs used 1.00 us per hit in its handler (measured on 30 of 30,000 hits)\n"
	    "  about 3.0 % of one CPU\n", "from 30 on it is");
	cost(&f, 100, 1000, 1100000);
	has(f.text, "  about 110 % of one CPU\n", "more than a CPU has no exponent");
	cost(&f, 100, 10, 1000);
	has(f.text, "  about 0.0010 % of one CPU\n", "a thousandth of a percent");
	tear_down(&f);
}

static void table(size_t columns, const char *want, const char *name)
{
	char *text = NULL;
	size_t size = 0;
	struct out o;

	out_init(&o, open_memstream(&text, &size), false);
	o.columns = columns;
	out_table_begin(&o, "rows");
	out_row_begin(&o);
	out_cell_text(&o, "site", "SITE", "kobs_gen_slab_alloc+0x1f [kobs_gen_slab]");
	out_cell_text(&o, "verdict", "VERDICT", "leak");
	out_cell_number(&o, "live", "LIVE", 1234);
	out_cell_text(&o, "kept", "KEPT", "17 17 16 17 16 17");
	out_below(&o, "      a frame that is longer than the terminal is wide is left as it is");
	out_row_end(&o);
	out_table_end(&o);
	fclose(o.file);
	ok(!strcmp(text, want), name);
	if (strcmp(text, want))
		printf("# got\n%s# want\n%s", text, want);
	out_free(&o);
	free(text);
}

#define FRAME "      a frame that is longer than the terminal is wide is left as it is\n"

static void test_widths(void)
{
	table(0, "SITE                                      VERDICT   LIVE  KEPT\n"
	      "kobs_gen_slab_alloc+0x1f [kobs_gen_slab]  leak     1,234  17 17 16 17 16 17\n" FRAME,
	      "no terminal, no limit");
	table(60, "SITE                       VERDICT   LIVE  KEPT\n"
	      "kobs_gen_sla..s_gen_slab]  leak     1,234  17 17 16 17 16 17\n" FRAME,
	      "the widest text is cut in its middle");
	table(34, "SITE                VERDICT   LIVE\n"
	      "kobs_gen..en_slab]  leak     1,234\n" FRAME
	      "(too narrow for KEPT: -o FILE or a pipe shows all columns)\n",
	      "the last columns are left out, and named");
	ok(width_of("abc") == 3 && width_of("\xc3\xa9") == 1 && width_of("\xe4\xbd\xa0") == 2 &&
	   width_of("e\xcc\x81") == 1 && width_of("\xff") == 1,
	   "wide, combining and invalid characters");
	ok(width_clip("a\xe4\xbd\xa0""b", 5, 2) == 1 && width_clip("a\xe4\xbd\xa0""b", 5, 3) == 4,
	   "a wide character is not cut in half");
}

int main(void)
{
	test_widths();
	test_losses();
	test_nothing();
	test_cost();
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
