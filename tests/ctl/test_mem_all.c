// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of 'mem leaks' of all kinds: the order of rows, what is said of a module, the
 * exit status, and that obsctl show prints of the JSON what was printed. Prints TAP.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/mem/all.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "report/outfile.h"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static void is(const char *text, const char *want, const char *name)
{
	bool good = text && !strcmp(text, want);

	ok(good, name);
	if (!good)
		printf("# got '%.3000s'\n# for '%.3000s'\n", text ? text : "", want);
}

static struct lost lost[] = {
	{ (char *)"objects_full", (char *)"no room left: raise objects", 4 },
	{ (char *)"in_flight", (char *)"calls that have not returned", 2 },
	{ (char *)"replaced", (char *)"begun again without an end", 1 },
};

/* What the kernel's advice names. */
static struct param params[] = { { .name = (char *)"objects" } };

static struct source engine = { .name = (char *)"session" };

static struct source slab = {
	.name = (char *)"slab", .params = params, .nr_params = ARRAY_SIZE(params),
};

static const struct view view_of_slab = {
	.sources = { .v = &engine, .n = 1 }, .source = &slab,
};

static struct session sessions[MEM_KINDS] = {
	[MEM_SLAB] = { .hits = 100, .recorded = 80, .filtered = 13, .lost = lost,
		       .nr_lost = ARRAY_SIZE(lost),
		       .hits_timed = 50, .cost = 5000, .duration = 2000000000 },
	[MEM_PAGE] = { .hits = 60, .recorded = 50, .filtered = 10, .duration = 2000000000 },
	[MEM_PERCPU] = { .hits = 5, .recorded = 5, .duration = 2000000000, .calls = 1000000,
			 .calls_timed = 1000, .calls_cost = 100000,
			 .stop_reason = (char *)"above the budget" },
};

static struct all_row *add(struct all_report *a, size_t kind, const char *site, const char *group,
			   enum verdict verdict, uint64_t live, uint64_t bytes)
{
	struct all_row *row = all_row_add(a, kind);

	row->cells[0].text = copy_string(site);
	row->cells[1] = (struct all_cell){ .text = copy_string("42"), .number = true, .value = 42 };
	row->group = group ? copy_string(group) : NULL;
	row->verdict = verdict;
	row->live = live;
	row->live_bytes = bytes;
	row->allocated = live + 3;
	row->allocated_bytes = bytes * 2;
	row->freed = 3;
	row->oldest = live ? 1500000000 : 0;
	row->rate = (double)live / 2;
	row->kept[0] = (double)live;
	row->live_after[VERDICT_PARTS - 1] = live;
	row->confidence = 0.5;
	return row;
}

static void make(struct all_report *a)
{
	struct all_row *row;

	memset(a, 0, sizeof(*a));
	a->version = "1.0";
	a->kernel = "6.12.0";
	a->filter = "pid 42";
	a->duration = 2000000000;
	strings_add(&a->columns, "site");
	strings_add(&a->columns, "pid");
	a->stacks = true;
	a->kinds[MEM_SLAB] = (struct all_kind){
		.session = &sessions[MEM_SLAB], .view = &view_of_slab, .unknown_frees = 12,
		.objects = 3, .bytes = 300,
	};
	a->kinds[MEM_PAGE] = (struct all_kind){
		.session = &sessions[MEM_PAGE], .objects = 8, .bytes = 32768, .elsewhere = 44,
	};
	a->kinds[MEM_VMALLOC].absent = "this kernel has no events of areas";
	a->kinds[MEM_PERCPU] = (struct all_kind){
		.session = &sessions[MEM_PERCPU], .idle = 1, .objects = 1, .bytes = 64,
	};
	add(a, MEM_SLAB, "small+0x1", "kmalloc-96", VERDICT_LEAK, 3, 300);
	add(a, MEM_PERCPU, "idle+0x1", NULL, VERDICT_NONE, 0, 0);
	row = add(a, MEM_PAGE, "large+0x1", "movable", VERDICT_CACHE, 8, 32768);
	row->reclaimable = true;
	strings_add(&row->frames, "large+0x1");
	strings_add(&row->frames, "caller+0x2");
	add(a, MEM_PERCPU, "area+0x1", NULL, VERDICT_CHURN, 1, 64);
	all_rows_sort(a);
}

static char *print(const struct all_report *a, const struct opts *opts, bool json)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	struct out o;

	out_init(&o, file, json);
	all_print(a, opts, &o);
	out_free(&o);
	fclose(file);
	return text;
}

static char *show(const char *json, const struct opts *opts)
{
	struct report_saved saved = { .root = json_loads(json, 0, NULL) };
	struct view view = { .version = "1.0", .kernel = "6.12.0" };
	struct session session = { .duration = 2000000000 };
	struct report r = { .view = &view, .session = &session, .opts = opts, .saved = &saved };
	struct output to = {};
	char *text = NULL;
	size_t size = 0;

	to.file = open_memstream(&text, &size);
	ok(saved.root && !mem_leaks_show(&r, &to), "it is JSON, and is shown");
	fclose(to.file);
	json_decref((json_t *)saved.root);
	return text;
}

static void test_shown(const char *module, uint64_t top, const char *name)
{
	struct opts opts = { .top = { top, top > 0 } };
	struct all_report a;
	char *text, *json, *shown;

	make(&a);
	a.module = module;
	a.kinds[MEM_PAGE].orders = module ? 1 << 1 : 0;
	text = print(&a, &opts, false);
	json = print(&a, &(struct opts){ .json = true }, true);
	shown = show(json, &opts);
	is(shown, text, name);
	ok(strstr(text, "mem leaks of all kinds") && strstr(text, "vmalloc  absent: this kernel") &&
	   strstr(text, "hits 165 = recorded 135 + filtered 23 + pending 2 + unpaired 1 + ") &&
	   strstr(text, "lost 4, objects_full: no room left: raise --objects\n") &&
	   strstr(text, " pending 2, calls that have not returned\n") &&
	   strstr(text, " unpaired 1, begun again without an end\n") &&
	   strstr(text, "12 were freed that were allocated before") &&
	   strstr(text, "Stopped early: above the budget") && !strstr(text, "idle+0x1"),
	   "it has the balances of all kinds");
	ok(strstr(json, "idle+0x1"), "programs get all rows");
	ok(strstr(shown, "percpu   hits 5") &&
	   strstr(strstr(shown, "percpu   hits 5"), "cost 5.00 %"),
	   "calls without a hit cost, too, and the file has them");
	free(text);
	free(json);
	free(shown);
	all_report_free(&a);
}

static void test_left_out(void)
{
	struct opts opts = { .top = { 0, true } };
	struct all_report a;
	char *json, *shown;

	make(&a);
	a.left_out = 5;
	json = print(&a, &(struct opts){ .json = true }, true);
	shown = show(json, &opts);
	ok(strstr(json, "\"rows_left_out\": 5") && strstr(shown, "area+0x1") &&
	   strstr(shown, "\n... 5 more rows (the file does not have them)\n") &&
	   !strstr(shown, "-n 0"),
	   "rows that -n 0 does not show");
	free(shown);
	opts.top.value = 1;
	shown = show(json, &opts);
	ok(strstr(shown, "\n... 2 more rows (-n 0 shows all)\n") &&
	   strstr(shown, "\n... 5 more rows (the file does not have them)\n"),
	   "beside those that it does");
	free(json);
	free(shown);
	all_report_free(&a);
}

static void test_order(void)
{
	struct all_report a;

	make(&a);
	ok(!strcmp(a.rows[0].cells[0].text, "small+0x1") &&
	   !strcmp(a.rows[1].cells[0].text, "large+0x1") &&
	   !strcmp(a.rows[2].cells[0].text, "area+0x1") &&
	   !strcmp(a.rows[3].cells[0].text, "idle+0x1"), "leaks come first, then by bytes");
	all_report_free(&a);
}

static void test_left(void)
{
	struct buf said = {}, left = {};
	struct opts opts = {};
	struct all_report a;

	make(&a);
	a.module = "driver";
	a.kinds[MEM_PAGE].orders = 1 << 0 | 1 << 3;
	ok(all_left(&a, &left), "something is left");
	is(left.p, "3 slab objects, 8 pages (orders 0, 3), 1 percpu area", "what is left");
	sentences_kept = &said;
	ok(all_verdict(&a, &opts) == STATUS_CROSSED, "the status for what is left");
	a.loaded = true;
	ok(!all_verdict(&a, &opts), "the status while the module is loaded");
	a.module = NULL;
	opts.fail_over = (struct opt_limit){ "1KiB", 1024 };
	ok(!all_verdict(&a, &opts), "a large site that is no leak is below the limit");
	opts.fail_over = (struct opt_limit){ "100", 100 };
	ok(all_verdict(&a, &opts) == STATUS_CROSSED, "a leak above the limit");
	opts.fail_over = (struct opt_limit){};
	opts.max_lost = (struct opt_number){ 3, true };
	ok(all_verdict(&a, &opts) == STATUS_LOST, "losses of one kind above --max-lost");
	sentences_kept = NULL;
	ok(said.len && strstr(said.p, "module driver left 3 slab objects"), "what is warned of");
	ok(said.len && strstr(said.p, "small+0x1 leaks +150 B/s of slab objects, more than "),
	   "which site leaks");
	buf_free(&said);
	buf_free(&left);
	all_report_free(&a);
}

static void test_edited(void)
{
	static const char *const files[] = {
		"{}", "{\"kinds\": 3, \"rows\": [1, {\"kind\": 5}, {\"kind\": \"tape\"}]}",
		"{\"by\": [1, \"kind\", \"site\"], \"rows\": [{\"kind\": \"slab\", \"site\": [], \"kept\": 1}]}",
		"{\"kinds\": [{\"kind\": \"slab\"}, {\"kind\": \"slab\", \"accounting\": {\"lost\": {\"x\": -1}}}]}",
		"{\"by\": [\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\"], \"rows\": [{\"kind\": \"page\", \"j\": 1}]}",
		"{\"module\": {\"name\": \"m\", \"left\": [{\"kind\": \"page\", \"orders\": [64, -1, 3]}]}}",
	};
	struct opts opts = {};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		free(show(files[i], &opts));
}

int main(void)
{
	test_order();
	test_shown(NULL, 0, "as it was printed");
	test_shown("driver", 0, "as it was printed, of a module");
	test_shown(NULL, 1, "as it was printed, the first row alone");
	test_left_out();
	test_left();
	test_edited();
	printf("1..%u\n", test_nr);
	return failures > 0;
}
