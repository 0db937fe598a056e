// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of obsctl show: a report is printed as text and as JSON, and what show makes
 * of the JSON must be the text, to the byte. Prints TAP.
 */

#include "cmd/sched/blocked.h"
#include "report/rates.h"
#include "show_harness.h"

static void test_count(void)
{
	struct kept_out kept[] = { { (char *)"on the deny list", 0x1000, true } };
	struct fixture f;
	uint64_t key[2];
	size_t i;

	set_up(&f, "func", "count");
	add_column(&f, "func", KOBS_TYPE_FUNCTION);
	add_column(&f, "comm", KOBS_TYPE_TEXT);
	begin(&f);
	key[0] = code(&f, 0xffffffff81000010ull, "vfs_read");
	key[1] = text_key(&f, "a \"b\" \\ <c>");
	add_row(&f, key, 1000, 0, NULL);
	key[1] = text_key(&f, "");
	add_row(&f, key, 3, 0, NULL);
	key[0] = code(&f, 0xffffffffc0000010ull, "f\303\274r [mod]");
	add_row(&f, key, 1ull << 63, 0, NULL);
	same(&f, "rows, texts of all kinds and numbers above 2^63");
	add_loss(&f, "in_flight", "call that had not ended", 2);
	add_loss(&f, "ring_full", "records came too fast: raise ring_kb", 400);
	f.session.stop_reason = (char *)"over budget";
	f.note = (struct session_note){ (char *)"functions_gone", (char *)"went", 2 };
	f.session.notes = &f.note;
	f.session.nr_notes = 1;
	same(&f, "losses, notes and an early stop");
	f.view.user_stacks = 1234;
	f.view.user_stacks_cut = 56;
	same(&f, "user stacks that are cut");
	f.view.user_stacks_unknown = 7;
	same(&f, "and of which code is not known");
	f.view.user_stacks_cut = 0;
	same(&f, "or only that");
	f.session.hits++;
	f.session.stacks_wrong = 1;
	same(&f, "sums that do not hold");
	f.session.state = KOBS_STATE_STARTED;
	f.report.interim = true;
	same(&f, "a session that runs");
	f.report.interim = false;
	f.session.state = KOBS_STATE_STOPPED;
	numbers_add(&f.session.filter.pids, 4194305);
	strings_add(&f.session.filter.comms, "s*");
	f.session.filter.min = 1500;
	same(&f, "a filter, and what it names that is not there");
	f.session.kept_out = zalloc(sizeof(kept));
	memcpy(f.session.kept_out, kept, sizeof(kept));
	f.session.nr_kept_out = 1;
	f.session.denied = 1;
	f.session.untraceable = 2;
	same(&f, "functions that were kept out");
	f.opts.verbose = true;
	same(&f, "and their names");
	for (i = 0; i < 60; i++) {
		key[0] = code(&f, 0xffffffff82000000ull + i * 16, "other");
		add_row(&f, key, i + 1, 0, NULL);
	}
	same(&f, "more rows than text shows");
	f.opts.top.given = true;
	f.opts.top.value = 5;
	free(f.json);
	f.json = print(&f, true);
	write_file("a.json", f.json);
	has(f.json, "\"rows_left_out\": 58, \"weight_left_out\": ", "and says it");
	f.opts.top.given = false;
	f.opts.json = false;
	f.shown = (free(f.shown), show("a.json", &f.opts));
	has(f.shown, "... 58 more rows (the file does not have them)", "without -n, it is said");
	tear_down(&f);
}

static void test_nothing(void)
{
	struct pattern pattern = { .text = "vfs_fsync" };
	struct targets targets = { .patterns = &pattern, .nr_patterns = 1 };
	struct fixture f;

	set_up(&f, "func", "count");
	add_column(&f, "func", KOBS_TYPE_FUNCTION);
	begin(&f);
	f.view.targets = &targets;
	f.session.hits = 0;
	same(&f, "no rows");
	has(f.text, "vfs_fsync (3 targets) was hit 0 times", "and why");
	tear_down(&f);
}

static void test_stacks(void)
{
	const uint64_t numbers[][2] = { { 1, 7 }, { 2, UINT64_MAX } };
	char cmd[] = "./work", arg[] = "<b>";
	char *command[3] = { cmd, arg };
	struct bucket b[] = { { 64, 67, 5 }, { 960, 1023, 3 }, { 1024, 1087, 2 } };
	struct fixture f;
	uint64_t key[4];
	uint64_t at[3];
	size_t i;

	set_up(&f, "lock", "contention");
	f.mode.value = (char *)"wait";
	f.mode.unit = (char *)"ns";
	add_column(&f, "lock", KOBS_TYPE_OBJECT);
	add_column(&f, "owner_pid", KOBS_TYPE_NUMBER);
	add_column(&f, "ustack", KOBS_TYPE_USTACK);
	add_column(&f, "owner_stack", KOBS_TYPE_KSTACK);
	add_figure(&f, "waiters", "", KOBS_MERGE_SUM);
	add_figure(&f, "nearest", "ns", KOBS_MERGE_LOWEST);
	begin(&f);
	at[0] = code(&f, 0xffffffff81000010ull, "leaf+0x10");
	at[1] = code(&f, 0xffffffffc0000020ull, "mod_fn+0x20 [mod]");
	at[2] = code(&f, 0xffffffff81000030ull, "root+0x30");
	add_stack(&f, 1, 0, at, 3);
	add_stack(&f, 3, 4194305, (uint64_t[]){ 0x401000, 0x402000 }, 2);
	for (i = 0; i < 2; i++) {
		key[0] = ksyms_tell(&f.view.ksyms, 0xffffffff83000000ull, "a_lock", true);
		key[1] = i * 4711;
		key[2] = i ? 3 : 0;
		key[3] = i ? 9 : 1;
		add_row(&f, key, i + 2, 1500 + i, numbers[i]);
	}
	same(&f, "stacks, one that was lost, a column that does not apply, further numbers");
	has(f.text, "      [the stack was lost]\n", "a lost stack");
	has(f.text, "      -- user, process 4194305\n", "whose stack it is");
	f.opts.command = command;
	f.json = (free(f.json), print(&f, true));
	write_file("a.json", f.json);
	f.opts.folded = true;
	f.text = (free(f.text), print(&f, false));
	f.shown = (free(f.shown), show("a.json", &f.opts));
	is(f.shown, f.text, "folded stacks");
	has(f.shown, "a_lock;4711;", "which have their columns");
	f.opts.folded = false;
	f.table.has_hist = true;
	for (i = 0; i < ARRAY_SIZE(b); i++)
		table_add_bucket(&f.table.rows[0], &b[i]);
	same(&f, "percentiles and bars");
	has(f.text, "P99.9", "they are there");
	tear_down(&f);
}

static void test_labels(void)
{
	struct column own = { .name = (char *)"-" };
	struct fixture f;
	uint64_t key[6] = {};

	set_up(&f, "probe", "count");
	add_column(&f, "text0", KOBS_TYPE_TEXT);
	add_column(&f, "ret", KOBS_TYPE_NUMBER);
	add_column(&f, "flags", KOBS_TYPE_NUMBER);
	add_column(&f, "error", KOBS_TYPE_NUMBER);
	add_column(&f, "faults", KOBS_TYPE_NUMBER);
	own = f.columns[0];
	f.view.own[0] = own;
	f.view.columns[0] = &f.view.own[0];
	f.view.shown[1] = SHOWN_SIGNED;
	f.view.shown[2] = SHOWN_HEX;
	f.view.shown[3] = SHOWN_ERROR;
	f.view.shown[4] = SHOWN_FAULTS;
	f.view.faults = 5;
	f.view.fault[1] = 1;
	add_column(&f, "took", KOBS_TYPE_NUMBER);
	f.view.shown[5] = SHOWN_NS;
	key[5] = 2152248;
	begin(&f);
	key[0] = text_key(&f, "");
	key[1] = (uint64_t)-5;
	key[2] = UINT64_MAX;
	key[3] = (uint64_t)-2;
	add_row(&f, key, 5, 0, NULL);
	key[0] = text_key(&f, "x");
	key[3] = 0;
	key[4] = 1;
	add_row(&f, key, 4, 0, NULL);
	same(&f, "labelled columns: signed, in hex, by name, and one that could not be read");
	has(f.text, "(fault)", "it is said");
	has(f.text, "ENOENT", "a name");
	has(f.text, "2.15 ms", "a time");
	tear_down(&f);
}

static void test_rates(void)
{
	struct rates rates = {};
	struct fixture f;
	uint64_t key;

	set_up(&f, "sched", "runq");
	f.mode.value = (char *)"wait";
	f.mode.unit = (char *)"ns";
	add_column(&f, "comm", KOBS_TYPE_TEXT);
	begin(&f);
	key = text_key(&f, "sh");
	add_row(&f, &key, 10, 5, NULL);
	key = text_key(&f, "dd");
	add_row(&f, &key, 3, 50, NULL);
	f.report.rates = &rates;
	same(&f, "rates of a session with --interval");
	has(f.text, "PER SECOND", "they are there");
	f.report.interim = true;
	f.session.state = KOBS_STATE_STARTED;
	f.session.duration = 2000000000;
	rates_free(&rates);
	rates = (struct rates){};
	f.json = (free(f.json), print(&f, true));
	write_file("a.json", f.json);
	has(f.json, "\"count\": 3, \"per_s\": 1.5, ", "a report between others");
	f.shown = (free(f.shown), show("a.json", &f.opts));
	has(f.shown, "dd        3         1.5  150 ns", "has the rate since the one before");
	rates_free(&rates);
	tear_down(&f);
}

static void test_record(void)
{
	struct session_note note = { (char *)"clocks", (char *)"", 1 };
	struct fixture f;
	uint64_t key[2];

	set_up(&f, "pmu", "record");
	f.session.targets = 1;
	f.session.notes = &note;
	f.session.nr_notes = 1;
	add_column(&f, "func", KOBS_TYPE_TEXT);
	add_column(&f, "event", KOBS_TYPE_TEXT);
	add_figure(&f, "throttled", "", KOBS_MERGE_SUM);
	add_figure(&f, "events", "", KOBS_MERGE_SUM);
	begin(&f);
	key[0] = text_key(&f, "vfs_read");
	key[1] = text_key(&f, "cpu-clock");
	add_row(&f, key, 7, 0, (uint64_t[]){ 0, 7000000 });
	key[0] = text_key(&f, "main [cp]");
	add_row(&f, key, 3, 0, (uint64_t[]){ 0, 4000000 });
	same(&f, "a profile by a clock");
	has(f.text, "7.00 ms", "its events are times");
	f.table.keys[f.table.rows[0].key + 2] = 1;
	same(&f, "one that was throttled");
	f.opts.top = (struct opt_number){ .given = true, .value = 1 };
	f.json = (free(f.json), print(&f, true));
	write_file("a.json", f.json);
	f.shown = (free(f.shown), show("a.json", &f.opts));
	has(f.shown, "1  7.00 ms  63.6 %", "with -n, the share is that of all");
	f.opts.top.given = false;
	f.session.targets = 2;
	note.number = 0;
	same(&f, "one of two events");
	tear_down(&f);
}

static void test_blocked(void)
{
	static const char *const names[] = { "kthread+0x1", "worker+0x2", "do_wait+0x3", "x+0x4" };
	struct fixture f;
	uint64_t key[3];
	uint64_t at[4];
	size_t i;

	set_up(&f, "sched", "offcpu");
	f.mode.value = (char *)"time";
	f.mode.unit = (char *)"ns";
	add_column(&f, "comm", KOBS_TYPE_TEXT);
	add_column(&f, "state", KOBS_TYPE_TEXT);
	add_column(&f, "kstack", KOBS_TYPE_KSTACK);
	begin(&f);
	for (i = 0; i < ARRAY_SIZE(at); i++)
		at[i] = code(&f, 0x1000 + i, names[i]);
	add_stack(&f, 1, 0, (uint64_t[]){ at[1], at[0] }, 2);
	add_stack(&f, 2, 0, (uint64_t[]){ at[2], at[3] }, 2);
	add_stack(&f, 3, 0, (uint64_t[]){ at[1], at[3] }, 2);
	for (i = 0; i < 4; i++) {
		key[0] = text_key(&f, i == 1 ? "sh" : "kworker");
		key[1] = text_key(&f, i == 3 ? "" : "sleeping");
		key[2] = i;
		add_row(&f, key, i + 1, 1000, NULL);
	}
	same(&f, "the functions that tasks are blocked in, without idle threads");
	has(f.text, "1 row of idle kernel threads hidden (-v shows it)", "which are counted");
	f.opts.verbose = true;
	same(&f, "the same with idle threads");
	tear_down(&f);
}

/* Objects that were allocated in each sixth, and live. */
static void add_site(struct fixture *f, uint64_t site, const char *cache, uint64_t each,
		     uint64_t freed, uint64_t older)
{
	uint64_t numbers[12] = { each * 6 + freed, freed, each * 6 * 64, 3 * !!freed, 0, older };
	uint64_t key[2] = { site, text_key(f, cache) };
	struct row part = { .count = each * 6, .max = 5900000000ull };
	uint64_t k;

	for (k = 1; k < 6; k++)
		numbers[5 + k] = each * k;
	table_add(&f->table, table_row(&f->table, key), &part, numbers);
	for (k = 0; each && k < 6; k++) {
		struct bucket b = { k * 1000000000 + 400000000, k * 1000000000 + 500000000, each };

		table_add_bucket(&f->table.rows[f->table.nr_rows - 1], &b);
	}
}

static void add_leaks(struct fixture *f)
{
	static const char *const names[] = {
		"allocated", "freed", "live_bytes", "missed_frees", "failed", "unknown_frees",
		"live_1", "live_2", "live_3", "live_4", "live_5",
	};
	size_t i;

	set_up(f, "slab", "leaks");
	f->session.duration = 6000000000ull;
	f->mode.value = (char *)"age";
	f->mode.unit = (char *)"ns";
	add_column(f, "site", KOBS_TYPE_ADDRESS);
	add_column(f, "cache", KOBS_TYPE_TEXT);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		add_figure(f, names[i], "", KOBS_MERGE_SUM);
	begin(f);
	f->table.has_hist = true;
	add_site(f, code(f, 0xffffffffc0000010ull, "leaky+0x10 [mod]"), "kmalloc-64", 17, 3, 0);
	add_site(f, code(f, 0xffffffff81000010ull, "quiet+0x20"), "dentry", 0, 50, 0);
	add_site(f, code(f, 0xffffffff81000020ull, "turns+0x8"), "anon_vma", 20, 0, 0);
	add_site(f, code(f, 0xffffffff81000030ull, "frees+0x8"), "anon_vma", 0, 1, 200);
}

static void test_leaks(void)
{
	struct fixture f;
	size_t i;

	for (i = 0; i < 3; i++) {
		add_leaks(&f);
		f.session.params = f.params;
		f.params[0] = (struct param){ .name = (char *)"sample",
					      .number = 1 + 6 * (i == 1) };
		f.params[1] = (struct param){ .name = (char *)"module", .text = (char *)"mod",
					      .type = KOBS_TYPE_TEXT };
		f.session.nr_params = i + 1 < 3 ? i + 1 : 2;
		f.opts.hist = i == 2;
		f.json = print(&f, true);
		write_file("a.json", f.json);
		tear_down(&f);
		/* Judging takes rows out of the table. */
		add_leaks(&f);
		f.session.params = f.params;
		f.params[0] = (struct param){ .name = (char *)"sample",
					      .number = 1 + 6 * (i == 1) };
		f.params[1] = (struct param){ .name = (char *)"module", .text = (char *)"mod",
					      .type = KOBS_TYPE_TEXT };
		f.session.nr_params = i + 1 < 3 ? i + 1 : 2;
		f.opts.hist = i == 2;
		f.text = print(&f, false);
		f.shown = show("a.json", &f.opts);
		is(f.shown, f.text, i ? i == 1 ? "verdicts of a module's objects, one in seven" :
		   "verdicts with bars of ages" : "verdicts on sites, and their evidence");
		has(f.text, "leaky+0x10 [mod]  kmalloc-64  leak", "a leak");
		has(f.text, i == 1 ? "+-" : "200 frees of objects that were not followed",
		    "what was not followed");
		tear_down(&f);
	}
}

int main(void)
{
	static const test_fn tests[] = {
		test_count, test_nothing, test_stacks, test_labels, test_rates, test_record,
		test_blocked, test_leaks,
	};

	return run_tests(tests, ARRAY_SIZE(tests));
}
