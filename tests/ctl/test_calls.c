// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of func calls: what is made of records that come late, are missing or have no root,
 * the form that they are printed in, and what obsctl show makes of their JSON. Prints TAP.
 */

#include "cmd/func_calls.h"
#include "show_harness.h"

#define BASE	0xffffffff81000000ull
#define SLOT	65536ull
#define PAD	"                                         |  "

static const struct {
	const char	*name;
	uint32_t	type;
} columns[] = {
	{ "func", KOBS_TYPE_FUNCTION }, { "path", KOBS_TYPE_KSTACK },
	{ "root", KOBS_TYPE_NUMBER }, { "call", KOBS_TYPE_NUMBER },
	{ "inside", KOBS_TYPE_NUMBER }, { "self_ns", KOBS_TYPE_NUMBER },
	{ "context", KOBS_TYPE_TEXT }, { "tid", KOBS_TYPE_NUMBER }, { "comm", KOBS_TYPE_TEXT },
};

/* A session whose records a test makes. */
struct run {
	struct fixture	f;
	struct trace	t;
	struct opts	opts;
	struct calls	*calls;
	char		*text;
	size_t		size;
	uint64_t	time;
	const char	*context;
};

static void begin_run(struct run *r, bool json, uint64_t limit, uint64_t max)
{
	size_t i;

	memset(r, 0, sizeof(*r));
	set_up(&r->f, "func", "calls");
	r->f.mode.value = (char *)"duration";
	r->f.mode.unit = (char *)"ns";
	for (i = 0; i < ARRAY_SIZE(columns); i++)
		add_column(&r->f, columns[i].name, columns[i].type);
	begin(&r->f);
	r->f.report.table = NULL;
	r->f.report.opts = &r->opts;
	r->opts.json = json;
	r->calls = calls_new(max);
	r->calls->limit = limit;
	r->t.gather = &calls_gather;
	r->t.arg = r->calls;
	r->time = 1000000000;
	r->context = "task";
	trace_init(&r->t, &r->f.view, NULL, 0, open_memstream(&r->text, &r->size), json);
	trace_heading(&r->t);
}

/* The path of functions that are single letters, from the root down. */
static uint64_t add_path(struct run *r, const char *way)
{
	size_t n = strlen(way);
	struct stack *s = zalloc(sizeof(*s) + n * sizeof(*s->addr));
	size_t i;

	for (i = 0; i < n; i++) {
		char name[16];

		snprintf(name, sizeof(name), "fn_%c+0x4", way[n - 1 - i]);
		s->addr[i] = code(&r->f, BASE + 64 * (uint64_t)way[n - 1 - i] + 4, name);
	}
	s->nr = (uint32_t)n;
	s->id = (uint32_t)r->t.stacks.stacks.n + 1;
	map_set(&r->t.stacks.stacks, s->id, s);
	return s->id;
}

/* A call returns, 100 ns after the one before: the last letter of @way. */
static void call(struct run *r, const char *way, uint64_t root, uint64_t number, uint64_t inside,
		 uint64_t total, uint64_t self)
{
	char name[16];
	uint64_t rec[2 + VIEW_COLUMNS] = { r->time += 100, total };
	uint64_t at = BASE + 64 * (uint64_t)way[strlen(way) - 1];

	snprintf(name, sizeof(name), "fn_%c", way[strlen(way) - 1]);
	rec[2] = code(&r->f, at, name);
	rec[3] = add_path(r, way);
	rec[4] = root;
	rec[5] = number;
	rec[6] = inside;
	rec[7] = self;
	rec[8] = (uint64_t)(uintptr_t)pool_intern(&r->t.stacks.texts, r->context);
	rec[9] = 42;
	rec[10] = (uint64_t)(uintptr_t)pool_intern(&r->t.stacks.texts, "cat");
	trace_print(&r->t, 1, rec);
}

static const char *end_run(struct run *r)
{
	trace_finish(&r->t);
	trace_write(&r->t);
	if (r->opts.json)
		trace_report(&r->t, &r->f.report, r->t.file);
	fflush(r->t.file);
	return r->text;
}

static void close_run(struct run *r)
{
	fclose(r->t.file);
	free(r->text);
	calls_free(r->calls);
	trace_free(&r->t);
	tear_down(&r->f);
}

/* a calls b, which calls c twice, and d. */
static void add_tree(struct run *r, uint64_t root)
{
	call(r, "abc", root, 2, 0, 500, 500);
	call(r, "abc", root, 3, 0, 12345678, 12345678);
	call(r, "ab", root, 1, 2, 12400000, 53822);
	call(r, "ad", root, 4, 0, 100000, 100000);
	call(r, "a", root, 0, 4, 12510000, 10000);
}

static const char tree[] =
	PAD "fn_a() {\n"
	PAD "  fn_b() {\n"
	"   1)          0.500 us          0.500 us |      fn_c();\n"
	"   1) *    12345.678 us      12345.678 us |      fn_c();\n"
	"   1) *    12400.000 us         53.822 us |    } /* fn_b */\n"
	"   1) +      100.000 us        100.000 us |    fn_d();\n"
	"   1) *    12510.000 us         10.000 us |  } /* fn_a */\n";

static void test_tree(void)
{
	struct buf want = {};
	struct run r;

	begin_run(&r, false, 0, 0);
	add_tree(&r, SLOT);
	r.context = "hardirq";
	add_tree(&r, 2 * SLOT);
	buf_puts(&want, " CPU          TOTAL             SELF      CALL\n\n");
	buf_puts(&want, "[0.987490] cat-42, CPU 1: 12.5 ms, 5 calls\n");
	buf_puts(&want, tree);
	buf_puts(&want, "\n[0.987491] cat-42 (hardirq), CPU 1: 12.5 ms, 5 calls\n");
	buf_puts(&want, tree);
	is(end_run(&r), want.p, "two calls, as text");
	ok(r.t.printed == 10 && !r.t.held, "all records");
	ok(r.calls->shown == 2 && !r.calls->incomplete && !r.calls->missing, "both complete");
	close_run(&r);
	buf_free(&want);
}

static void test_shown(void)
{
	struct run text, json;

	begin_run(&text, false, 0, 0);
	add_tree(&text, SLOT);
	add_tree(&text, 2 * SLOT);
	call(&text, "abc", 3 * SLOT, 2, 0, 500, 500);
	end_run(&text);
	begin_run(&json, true, 0, 0);
	add_tree(&json, SLOT);
	add_tree(&json, 2 * SLOT);
	call(&json, "abc", 3 * SLOT, 2, 0, 500, 500);
	write_file("a.json", end_run(&json));
	has(json.text, "{\"time_ns\": 1000000500, \"cpu\": 1, \"func\": \"fn_a\", \"path\": [\"fn_a+0x4\"], \"root\": 65536, \"call\": 0, \"inside\": 4, \"self_ns\": 10000, \"context\": \"task\", \"tid\": 42, \"comm\": \"cat\", \"duration_ns\": 12510000}\n{\"time_ns\": 1000000300, ",
	    "records in the order of the starts, as JSON");
	has(json.text, "\"calls_shown\": 3, \"calls_incomplete\": 1, \"calls_missing\": 2", "its account");
	text.f.shown = show("a.json", &(struct opts){});
	is(text.f.shown, text.text, "a file is shown as it was printed");
	json.f.shown = show("a.json", &(struct opts){ .top = { .given = true, .value = 1 } });
	has(json.f.shown, "[0.987490]", "-n 1: the first call");
	ok(!strstr(json.f.shown, "[0.987491]"), "and no other");
	close_run(&text);
	close_run(&json);
}

/* Records of other calls in between, and one that comes behind the root's. */
static void test_order(void)
{
	struct run r;

	begin_run(&r, false, 0, 0);
	call(&r, "ab", SLOT, 1, 0, 10, 10);
	call(&r, "ab", SLOT + 1, 1, 0, 20, 20);
	call(&r, "a", SLOT, 0, 2, 50, 20);
	call(&r, "a", SLOT + 1, 0, 1, 60, 40);
	ok(r.calls->shown == 1 && r.t.held == 2, "one waits for a call");
	call(&r, "ac", SLOT, 2, 0, 20, 20);
	ok(r.calls->shown == 2 && !r.t.held, "which comes");
	ok(!r.calls->incomplete, "nothing is missing");
	close_run(&r);
}

static void test_missing(void)
{
	struct run r;

	begin_run(&r, false, 0, 0);
	/* b is lost, of the two c's below it the first is; so is e at the end. */
	call(&r, "abc", SLOT, 3, 0, 10, 10);
	call(&r, "ad", SLOT, 4, 0, 10, 10);
	call(&r, "a", SLOT, 0, 5, 100, 80);
	ok(!r.calls->shown, "what is missing is waited for");
	r.time += 20000000;
	/* Another call of the slot, whose root's record is lost; then a third one. */
	call(&r, "ab", 2 * SLOT, 1, 3, 10, 10);
	ok(r.calls->shown == 1, "but not for long");
	call(&r, "a", 3 * SLOT, 0, 0, 1000, 1000);
	has(end_run(&r),
	    "  incomplete: 3 of its 6 calls are missing\n"
	    PAD "fn_a() {\n"
	    PAD "  /* 1 missing */\n"
	    PAD "  fn_b() {\n"
	    "   1)          0.010 us          0.010 us |      fn_c();\n"
	    PAD "  } /* fn_b: not seen to return */\n"
	    "   1)          0.010 us          0.010 us |    fn_d();\n"
	    PAD "  /* 1 missing */\n"
	    "   1)          0.100 us          0.080 us |  } /* fn_a */\n", "where they are missing");
	has(r.text, "cat-42, CPU 1: 1 call\n"
	    "  incomplete: it had not returned, or its record was lost; 4 calls are missing at least\n"
	    PAD "fn_a() {\n"
	    PAD "  fn_b() {\n"
	    PAD "    /* 3 missing */\n"
	    "   1)          0.010 us          0.010 us |    } /* fn_b */\n"
	    PAD "} /* fn_a: not seen to return */\n", "a call without its root");
	ok(r.calls->shown == 3 && r.calls->incomplete == 2 && r.calls->missing == 7, "their numbers");
	ok(r.t.printed == 5 && !r.t.held, "all records");
	close_run(&r);
}

static void test_limits(void)
{
	struct run r;

	begin_run(&r, false, 100, 1);
	call(&r, "a", SLOT, 0, 0, 100, 100);
	call(&r, "ab", SLOT + 1, 1, 0, 500, 500);
	call(&r, "a", SLOT + 2, 0, 0, 101, 101);
	ok(trace_is_full(&r.t), "-n 1: the first above --over is enough");
	call(&r, "a", SLOT + 3, 0, 0, 102, 102);
	end_run(&r);
	ok(r.calls->shown == 1 && r.calls->fast == 1, "shown, and not above");
	ok(r.t.printed == 2 && r.t.withheld == 2, "what came after, and what was not complete");
	has(r.text, "0.101 us", "it");
	close_run(&r);
	begin_run(&r, false, 100, 0);
	call(&r, "ab", SLOT + 1, 1, 0, 500, 500);
	end_run(&r);
	ok(!r.calls->shown && r.calls->unknown == 1 && !*r.text, "without its root it is not known");
	close_run(&r);
}

int main(void)
{
	static const char *const files[] = { "a.json", "out" };
	size_t i;

	strcpy(dir, "/tmp/obsctl-test-XXXXXX");
	ok(mkdtemp(dir), "a directory");
	test_tree();
	test_shown();
	test_order();
	test_missing();
	test_limits();
	for (i = 0; i < ARRAY_SIZE(files); i++)
		unlink(path_of(files[i]));
	ok(!rmdir(dir), "nothing else was left");
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
