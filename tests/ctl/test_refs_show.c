// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of the report of 'obsctl mem refs', and of what show makes of its JSON: puts
 * beside the rows that hold references. Prints TAP.
 */

#include "show_harness.h"

/* What a table has further of the row of a stack. */
static void add_put(struct fixture *f, uint64_t get, uint64_t put, uint64_t here, uint64_t ended,
		    uint64_t forgot)
{
	struct row_more more = { .stack = put, .count = here };
	uint64_t numbers[12] = { ended, 0, 0, 0, 0, 0, forgot };

	table_add_more(&f->table, &get, &more, numbers);
}

static void add_get(struct fixture *f, uint64_t stack, uint64_t each, uint64_t freed)
{
	uint64_t numbers[12] = { each * 6 + freed, freed, each * 6, 0, 0, 0, each * 6 };
	struct row part = { .count = each * 6, .max = 5900000000ull };
	uint64_t k;

	for (k = 1; k < 6; k++)
		numbers[6 + k] = each * k;
	table_add(&f->table, table_row(&f->table, &stack), &part, numbers);
	for (k = 0; each && k < 6; k++) {
		struct bucket b = { k * 1000000000 + 400000000, k * 1000000000 + 500000000, each };

		table_add_bucket(&f->table.rows[f->table.nr_rows - 1], &b);
	}
}

/* A get whose error path lacks its put, of objects that others use. */
static void add_refs(struct fixture *f)
{
	static const char *const names[] = {
		"allocated", "freed", "certain", "missed_frees", "chosen", "unknown_frees",
		"objects", "live_1", "live_2", "live_3", "live_4", "live_5",
	};
	size_t i;

	set_up(f, "refs", "leaks");
	f->session.duration = 6000000000ull;
	f->mode.value = (char *)"age";
	f->mode.unit = (char *)"ns";
	add_column(f, "kstack", KOBS_TYPE_KSTACK);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		add_figure(f, names[i], "", KOBS_MERGE_SUM);
	begin(f);
	f->table.has_hist = true;
}

static void add_rows(struct fixture *f)
{
	uint64_t run = code(f, 0xffffffff81000400ull, "run+0x40");
	uint64_t leaky = code(f, 0xffffffff81000110ull, "leaky+0x10");
	uint64_t get = code(f, 0xffffffff81000204ull, "get+0x4");
	uint64_t put = code(f, 0xffffffff81000304ull, "put+0x4");
	const uint64_t gets[] = { get, leaky, run };
	const uint64_t quiet[] = { get, code(f, 0xffffffff81000508ull, "quiet+0x8"), run };
	const uint64_t lacked[] = { put, code(f, 0xffffffff81000120ull, "leaky+0x20"), run };
	const uint64_t user[] = { put, code(f, 0xffffffff81000604ull, "user+0x4"), run };
	const uint64_t deep[] = { put, leaky + 1, leaky + 2, leaky + 3, leaky + 4, leaky + 5 };

	add_stack(f, 11, 0, gets, 3);
	add_stack(f, 12, 0, quiet, 3);
	add_stack(f, 13, 0, lacked, 3);
	add_stack(f, 14, 0, user, 3);
	add_stack(f, 15, 0, deep, 6);
	/* Another identifier of the same stack. */
	add_stack(f, 16, 0, user, 3);
	add_get(f, 11, 7, 360);
	add_get(f, 12, 0, 500);
	add_put(f, 11, 14, 30, 300, 2);
	add_put(f, 11, 13, 0, 360, 2);
	add_put(f, 11, 15, 5, 0, 2);
	add_put(f, 11, 16, 12, 60, 0);
	table_merge_stacks(&f->table);
}

static void test_puts(void)
{
	struct fixture f;

	add_refs(&f);
	add_rows(&f);
	f.json = print(&f, true);
	write_file("a.json", f.json);
	has(f.json,
	    "\"puts\": [{\"here\": 0, \"ended\": 360, \"kstack\": [\"put+0x4\", \"leaky+0x20\", \"run+0x40\"]}",
	    "first the put that is lacked");
	has(f.json,
	    "{\"here\": 42, \"ended\": 360, \"kstack\": [\"put+0x4\", \"user+0x4\", \"run+0x40\"]}",
	    "two identifiers of one stack");
	has(f.json, "\"puts_forgotten\": 2", "objects with puts that are forgotten");
	tear_down(&f);
	add_refs(&f);
	add_rows(&f);
	f.text = print(&f, false);
	has(f.text, "  get+0x4 <- leaky+0x10 <- run+0x40\n          HERE  ELSEWHERE  BY\n"
	    "             0        360  put+0x4 <- leaky+0x20\n"
	    "            42        360  put+0x4 <- user+0x4\n", "text has what differs from the get");
	has(f.text, "<- ...\n", "a long stack is cut");
	has(f.text, "some puts of 2 of these objects are not known", "what is forgotten is told");
	f.shown = show("a.json", &f.opts);
	is(f.shown, f.text, "a saved report");
	tear_down(&f);
}

static void test_without(void)
{
	struct fixture f;

	add_refs(&f);
	add_get(&f, 11, 7, 360);
	f.text = print(&f, false);
	ok(!strstr(f.text, "HERE"), "a report without puts");
	tear_down(&f);
}

int main(void)
{
	static const test_fn tests[] = { test_puts, test_without };

	return run_tests(tests, ARRAY_SIZE(tests));
}
