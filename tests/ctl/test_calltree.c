// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of the report of func graph: the tree that its rows are, in which order and with
 * which names it is printed, and what obsctl show makes of its JSON. Prints TAP.
 */

#include "report/calltree.h"
#include "show_harness.h"

#define BASE	0xffffffff81000000ull

static void set_up_graph(struct fixture *f)
{
	set_up(f, "func", "graph");
	f->mode.value = (char *)"self";
	f->mode.unit = (char *)"ns";
	add_column(f, "path", KOBS_TYPE_KSTACK);
	add_figure(f, "total", "ns", KOBS_MERGE_SUM);
	add_figure(f, "longest", "ns", KOBS_MERGE_HIGHEST);
	begin(f);
}

/* A way of functions that are single letters, from the root down, and its row. */
static void add_path(struct fixture *f, const char *way, uint64_t count, uint64_t self,
		     uint64_t total)
{
	uint64_t figures[] = { total * count, total * 2 };
	size_t n = strlen(way);
	uint64_t addr[8];
	uint64_t key;
	size_t i;

	for (i = 0; i < n; i++) {
		char name[16];

		/* Where ftrace is called is behind the function's first instruction. */
		snprintf(name, sizeof(name), "fn_%c+0x4", way[n - 1 - i]);
		addr[i] = code(f, BASE + 64 * (uint64_t)way[n - 1 - i] + 4, name);
	}
	key = f->table.stacks.n + 1;
	add_stack(f, (uint32_t)key, 0, addr, n);
	add_row(f, &key, count, self, figures);
}

/* a calls b (which calls d) and c; c calls d, too. */
static void add_tree(struct fixture *f)
{
	add_path(f, "abd", 20, 5, 5);
	add_path(f, "acd", 6, 5, 5);
	add_path(f, "a", 2, 100, 400);
	add_path(f, "ac", 3, 90, 100);
	add_path(f, "ab", 10, 20, 30);
}

/* The last cells of the report's rows, each on a line. */
static char *names_of(const char *text)
{
	struct buf out = {};
	const char *line = strstr(text, "FUNCTION\n");

	buf_puts(&out, "");
	while (line && (line = strchr(line, '\n')) && *++line && *line != '\n' && *line != '.') {
		const char *end = strchr(line, '\n');
		const char *at = strstr(line, "  fn_");

		if (!end || !at || at > end)
			break;
		while (at > line && at[-1] == ' ')
			at--;
		buf_add(&out, at, (size_t)(end - at + 1));
	}
	return out.p;
}

static void names_are(const char *text, const char *want, const char *what)
{
	char *names = names_of(text);

	is(names, want, what);
	free(names);
}

static void test_tree(void)
{
	struct fixture f;

	set_up_graph(&f);
	add_tree(&f);
	same(&f, "a tree");
	names_are(f.text, "  fn_a\n    fn_b\n      fn_d\n    fn_c\n      fn_d\n",
		  "the larger one of siblings first, a callee below its caller");
	has(f.text, "func graph of fn_a, ", "the root is in the title");
	has(f.text, "100.0 %", "the root's share");
	has(f.text, "37.5 %", "that of what it calls");
	has(f.json, "\"count\": 20, \"total\": 100, \"sum\": 100, \"min\": 2, \"max\": 10, \"longest\": 10,",
	    "numbers of a row");
	has(f.json, "\"path\": [\"fn_d+0x4\", \"fn_b+0x4\", \"fn_a+0x4\"]", "and its path");
	tear_down(&f);
}

static void test_top(void)
{
	struct fixture f;

	set_up_graph(&f);
	add_tree(&f);
	f.opts.top = (struct opt_number){ .given = true, .value = 3 };
	f.text = print(&f, false);
	names_are(f.text, "  fn_a\n    fn_b\n    fn_c\n", "the largest ones");
	has(f.text, "... 2 more rows (-n 0 shows all)", "of others the number");
	tear_down(&f);
}

/* The guard stopped a session of all functions: with those that are not called, or after. */
static void test_advice(void)
{
	static const char advice[] = "All functions were hooked, and each call of one costs:";
	struct session_note note = { .name = (char *)"functions_called", .number = 12 };
	struct fixture f;

	set_up_graph(&f);
	add_tree(&f);
	f.session.stop_reason = (char *)"disarmed by the guard: it took 45 % of a CPU";
	f.text = print(&f, false);
	ok(!strstr(f.text, advice), "few functions");
	free(f.text);
	f.session.targets = 38000;
	f.text = print(&f, false);
	has(f.text, advice, "all functions");
	free(f.text);
	f.session.notes = &note;
	f.session.nr_notes = 1;
	f.text = print(&f, false);
	ok(!strstr(f.text, advice), "only those that are called");
	f.session.notes = NULL;
	f.session.nr_notes = 0;
	f.session.stop_reason = NULL;
	tear_down(&f);
}

/* A call that has not returned has no row, and those below it have. */
static void test_without_parents(void)
{
	struct fixture f;

	set_up_graph(&f);
	add_path(&f, "abcd", 1, 7, 7);
	add_path(&f, "abce", 1, 9, 9);
	add_path(&f, "x", 1, 3, 3);
	same(&f, "functions that have not returned");
	names_are(f.text, "  fn_a > fn_b > fn_c > fn_e\n  fn_a > fn_b > fn_c > fn_d\n  fn_x\n",
		  "are before those below them");
	add_path(&f, "ab", 1, 0, 16);
	same(&f, "one of them returns");
	names_are(f.text, "  fn_a > fn_b\n    fn_c > fn_e\n    fn_c > fn_d\n  fn_x\n",
		  "and is their parent");
	tear_down(&f);
}

/* Two roots; recursion; a path whose stack was lost. */
static void test_roots(void)
{
	struct fixture f;
	uint64_t lost = 77;
	uint64_t figures[] = { 1, 1 };

	set_up_graph(&f);
	add_path(&f, "a", 1, 10, 30);
	add_path(&f, "aa", 1, 5, 20);
	add_path(&f, "aaa", 1, 15, 15);
	add_path(&f, "b", 1, 70, 70);
	same(&f, "two roots");
	names_are(f.text, "  fn_b\n  fn_a\n    fn_a\n      fn_a\n", "and recursion");
	has(f.text, "func graph of fn_b, fn_a, ", "both are in the title");
	add_row(&f, &lost, 1, 1, figures);
	free(f.text);
	f.text = print(&f, false);
	has(f.text, "[lost path]", "a path that was lost");
	tear_down(&f);
}

static void test_folded(void)
{
	struct fixture f;

	set_up_graph(&f);
	add_tree(&f);
	f.opts.folded = true;
	f.text = print(&f, false);
	has(f.text, "fn_a 200\n", "own time of the root");
	has(f.text, "fn_a;fn_b 200\n", "of what it calls");
	has(f.text, "fn_a;fn_b;fn_d 100\n", "and of what that calls");
	tear_down(&f);
}

static void test_nothing(void)
{
	struct fixture f;

	set_up_graph(&f);
	f.session.hits = 30;
	f.session.recorded = 0;
	same(&f, "no calls");
	tear_down(&f);
}

int main(void)
{
	static const test_fn tests[] = {
		test_tree, test_top, test_advice, test_without_parents, test_roots,
		test_folded, test_nothing,
	};

	return run_tests(tests, ARRAY_SIZE(tests));
}
