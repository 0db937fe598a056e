// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of obsctl show, of reports whose rows are not those of a table: call graphs,
 * branches, counts, caches; and of obsctl diff of these. Prints TAP.
 */

#include "cmd/pmu/edges.h"
#include "cmd/pmu/stat_metrics.h"
#include "cmd/pmu/stat_verdict.h"
#include "cmd/saved/compare.h"
#include "cmd/slab/growth_print.h"
#include "report/callgraph.h"
#include "show_harness.h"

/* A report that is printed by something of its own, as text and as JSON. */
static char *print_by(struct fixture *f, bool json, void (*body)(struct fixture *f, struct out *o))
{
	char *text = NULL;
	size_t size = 0;
	struct out o;

	f->opts.json = json;
	out_init(&o, open_memstream(&text, &size), json);
	out_open(&o, NULL, '{');
	body(f, &o);
	out_close(&o, '}');
	out_newline(&o);
	fclose(o.file);
	out_free(&o);
	return text;
}

static void same_by(struct fixture *f, void (*body)(struct fixture *f, struct out *o),
		    const char *name)
{
	free(f->text);
	free(f->json);
	free(f->shown);
	f->json = print_by(f, true, body);
	f->text = print_by(f, false, body);
	write_file("a.json", f->json);
	f->shown = show("a.json", &f->opts);
	is(f->shown, f->text, name);
}

/* What diff makes of a report and another one, as text. */
static char *diff(const char *before, const char *after)
{
	static struct diff_opts own;
	char *args[2];
	struct opts o = { .own = &own, .output = path_of("out") };

	write_file("b.json", after);
	write_file("a.json", before);
	args[0] = path_of("a.json");
	args[1] = path_of("b.json");
	o.args = args;
	o.nr_args = 2;
	ok(!noun_diff.verbs[0].fn(&noun_diff.verbs[0], &o), "two files are compared");
	return read_back("out");
}

static void print_graph(struct fixture *f, struct out *o)
{
	static const char *const names[] = { "leaf", "middle [mod]", "root" };
	struct graph g = {};
	struct output to = { .file = o->file };

	graph_add(&g, names, 3, 10, 1000);
	graph_add(&g, names + 1, 2, 5, 700);
	graph_add(&g, names + 2, 1, 1, 3);
	graph_sort(&g);
	/* It writes an object of its own. */
	ok(!graph_show(&g, &f->report, &to), "a call graph");
	graph_free(&g);
}

static char *graph_text(struct fixture *f, bool json)
{
	char *text = NULL;
	size_t size = 0;
	struct out o = {};

	f->opts.json = json;
	o.file = open_memstream(&text, &size);
	print_graph(f, &o);
	fclose(o.file);
	return text;
}

static void test_graph(void)
{
	struct fixture f;
	char *changed;

	set_up(&f, "pmu", "record");
	begin(&f);
	f.json = graph_text(&f, true);
	f.text = graph_text(&f, false);
	write_file("a.json", f.json);
	f.shown = show("a.json", &f.opts);
	is(f.shown, f.text, "functions with callers and callees");
	has(f.text, "called by middle [mod]", "they are there");
	changed = diff(f.json, f.json);
	has(changed, "3 rows did not change\nNothing changed over 5 %", "compared by function");
	free(changed);
	free(f.json);
	f.opts.top = (struct opt_number){ .given = true, .value = 1 };
	f.json = graph_text(&f, true);
	write_file("a.json", f.json);
	free(f.shown);
	f.shown = show("a.json", &f.opts);
	has(f.shown, "leaf        10  58.7 %", "shares are those of all functions");
	has(f.shown, "... 2 more functions (the file does not have them)", "of which 2 are missing");
	tear_down(&f);
}

static struct edge edge_of(uint64_t from, uint64_t to, uint64_t count, uint64_t cycles)
{
	return (struct edge){
		.from = from, .to = to, .count = count, .mispredicted = count / 3,
		.sum = count * cycles, .min = cycles / 2, .max = cycles * 2,
	};
}

static void print_edges(struct fixture *f, struct out *o)
{
	struct edge edges[] = {
		edge_of(0xffffffff81000010ull, 0xffffffff81000040ull, 100, 7),
		edge_of(0xffffffff81000050ull, 0xffffffff81000010ull, 30, 9),
	};
	struct call calls[] = { { NULL, "callee", 100, 0 } };
	struct call graph[] = { { "caller", "callee", 100, 99 } };
	struct edges e = {
		.view = &f->view, .edge = edges, .nr_edges = 2, .block = edges, .nr_blocks = 1,
		.call = calls, .nr_calls = 1, .graph = graph, .nr_graph = 1, .entries = 130,
		.timed = 130, .predictions = f->session.nr_notes,
	};

	report_header(&f->report, o);
	edges_print(&e, o, &f->opts, true, true, o->json, true);
	report_footer(&f->report, o);
}

static void test_edges(void)
{
	struct fixture f;

	set_up(&f, "pmu", "branch");
	begin(&f);
	code(&f, 0xffffffff81000010ull, "caller+0x10");
	code(&f, 0xffffffff81000040ull, "callee");
	same_by(&f, print_edges, "branches, calls and blocks");
	f.note = (struct session_note){ (char *)"predictions", (char *)"", 1 };
	f.session.notes = &f.note;
	f.session.nr_notes = 1;
	same_by(&f, print_edges, "the same of a CPU that predicts");
	has(f.text, "MISPREDICTED", "it says so");
	f.opts.top = (struct opt_number){ .given = true, .value = 1 };
	free(f.json);
	f.json = print_by(&f, true, print_edges);
	write_file("a.json", f.json);
	free(f.shown);
	f.shown = show("a.json", &f.opts);
	has(f.shown, "100  76.9 %", "shares are those of all branches");
	has(f.shown, "... 1 more rows (the file does not have them)\n", "of which one is missing");
	tear_down(&f);
}

static struct stat_row counts[] = {
	{ { 0 }, 1500000000, 2000, 2000, "cpu-clock", "ns", 1, 0, NULL, 0, 0, false },
	{ { 1 }, 3000000000000000000ull, 2000, 1000, "cycles", "", 1, 1, NULL, 0, 0, false },
	{ { 2 }, 12345678901234567890ull, 2000, 2000, "instructions", "", 1, 1, "another",
	  0, 0, false },
	{ { 3 }, 70000, 2000, 0, "joules", "J", 0.00000000023283064365386963, 1, "a role",
	  0, 0, false },
};

static void print_counts(struct fixture *f, struct out *o)
{
	struct stat_state all = {
		.v = counts, .n = ARRAY_SIZE(counts), .groups = 2,
		.duration = f->session.duration,
	};
	const struct topdown slots = {
		.method = "amd-zen4", .unit = "slots", .tenths = { 21, 20, 149, 810 }, .has = 15,
		.shared = true,
	};
	struct stat_verdicts verdicts = {};
	size_t top = f->opts.top.value;
	size_t i;

	stat_link(&all);
	report_header(&f->report, o);
	out_table_begin(o, "rows");
	for (i = 0; i < all.n; i++) {
		if (top && all.v[i].group >= top)
			continue;
		out_row_begin(o);
		out_cell_shown(o, "cpu", "CPU", i, i ? "1" : "0");
		stat_print_count(o, &all, i);
		out_row_end(o);
	}
	out_row_begin(o);
	out_cell_aside(o, "CPU", "-", true);
	stat_print_absent(o, &all, "no-such");
	out_row_end(o);
	out_table_end(o);
	stat_print_more(o, &all, top, 0);
	stat_print_ratios(o, &all);
	stat_print_topdown(o, &slots);
	stat_verdict_topdown(&verdicts, &slots);
	stat_verdict_find(&verdicts, &all, &f->opts.by);
	stat_print_verdicts(o, &verdicts);
	stat_verdict_free(&verdicts);
	all.v = NULL;
	stat_free(&all);
	report_footer(&f->report, o);
}

static void test_counts(void)
{
	struct fixture f;
	char *changed, *other, *at;

	set_up(&f, "pmu", "stat");
	begin(&f);
	strings_add(&f.session.by, "event");
	strings_add(&f.session.by, "cpu");
	f.json = print_by(&f, true, print_counts);
	at = f.json;
	while ((at = strstr(at, "\"cpu\": 2"))) {
		memcpy(at, "\"cpu\": 1", 8);
		at++;
	}
	at = strstr(f.json, "\"cpu\": 3");
	memcpy(at, "\"cpu\": 1", 8);
	f.text = print_by(&f, false, print_counts);
	write_file("a.json", f.json);
	f.shown = show("a.json", &f.opts);
	is(f.shown, f.text, "counts, their rates and what follows from them");
	has(f.text, "<not counted>", "one that was not counted");
	has(f.text, "100.0 %  2.06 insn per cycle (estimated), another\n", "a ratio, and a role");
	has(f.text, "\nIn all:\n2.06 instructions per cycle (estimated: these events shared", "of all");
	has(f.text, "0.0 %  a role\n", "what an event is for");
	has(f.text, " 2.0 %  bad speculation  were for work that was thrown away\n", "a part of the slots");
	has(f.text, "shares of the slots, by amd-zen4 (estimated: these events shared counters)\n",
	    "of which slots");
	has(f.text, "\nVerdict: bound by instructions: 81.0 % of the slots did work that counted (est",
	    "a verdict");
	has(f.text, "\n  next: obsctl pmu record -g -d 10\n", "the next command");
	other = strdup(f.json);
	at = strstr(other, "\"scaled\": 1500000000");
	memcpy(at, "\"scaled\": 1800000000", 20);
	changed = diff(f.json, other);
	has(changed, "cpu-clock  0    1,500,000,000  1,800,000,000  +300,000,000   +20.0 %\n",
	    "compared by event and CPU");
	ok(!strstr(changed, "Nothing changed"), "each event counts");
	free(changed);
	free(other);
	ok(!strstr(f.json, "rows_left_out"), "no row is left out");
	f.opts.top = (struct opt_number){ .given = true, .value = 1 };
	free(f.json);
	f.json = print_by(&f, true, print_counts);
	has(f.json, "\"rows_left_out\": 3", "those of one group are");
	has(f.json, "\"ipc\": 2.05", "ratios are of all rows");
	write_file("a.json", f.json);
	free(f.shown);
	f.shown = show("a.json", &f.opts);
	has(f.shown, "\n... 3 more rows (the file does not have them)\n", "what a file does not have");
	ok(!strstr(f.shown, "In all:"), "rows that are not there are in no ratio");
	strings_free(&f.session.by);
	tear_down(&f);
}

static void print_caches(struct fixture *f, struct out *o)
{
	const struct growth_row rows[] = {
		{ "kmalloc-64", true, true, 1234567.891, 0.99991, 12345, 12345.678, 0.12345, 99999,
		  64, 6399936, 8192 },
		{ "dentry", false, true, -1.5, 0, -7, -0.1, 0, 5, 192, 960, 4096 },
		{ "quiet", true, false, 0, 0, 0, 0, 0, 5, 8, 40, 4096 },
	};
	bool all = o->json || (f->opts.top.given && !f->opts.top.value);
	size_t shown = 0;
	size_t i;

	out_json_text(o, "kobs", "1.0");
	out_json_text(o, "source", "slab");
	out_json_text(o, "mode", "growth");
	out_json_text(o, "from", "/proc/slabinfo");
	out_json_number(o, "duration_ns", 5000000000ull);
	out_json_number(o, "readings", 21);
	out_json_number(o, "caches", 3);
	growth_print_title(o, 3, 5000000000ull, false, 21, "/proc/slabinfo", NULL);
	out_table_begin(o, "rows");
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].changed || all) {
			growth_print_row(o, &rows[i]);
			shown++;
		}
	out_table_end(o);
	growth_print_foot(o, 3, 2, shown, all);
}

static void test_caches(void)
{
	struct fixture f;
	char *changed;

	set_up(&f, "slab", "growth");
	same_by(&f, print_caches, "caches that grow");
	f.opts.top.given = true;
	same_by(&f, print_caches, "and those that do not");
	changed = diff(f.json, f.json);
	has(changed, "3 rows did not change", "compared by cache");
	free(changed);
	tear_down(&f);
}

int main(void)
{
	static const test_fn tests[] = {
		test_graph, test_edges, test_counts, test_caches,
	};

	return run_tests(tests, ARRAY_SIZE(tests));
}
