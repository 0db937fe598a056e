// SPDX-License-Identifier: GPL-2.0
/* Unit tests of the computations of 'obsctl slab': run by 'make check'; prints TAP. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/slab/caches.h"
#include "cmd/slab/helpers.h"
#include "cmd/slab/slab.h"
#include "cmd/slab/slabinfo.h"
#include "cmd/slab/trend.h"
#include "cmd/slab/verdict.h"
#include "lib/clock.h"
#include "lib/diag.h"
#include "lib/lines.h"
#include "lib/macros.h"
#include "lib/opts.h"
#include "lib/parse.h"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static void near(double got, double want, const char *name)
{
	bool good = fabs(got - want) <= fabs(want) / 1e6 + 1 / 1e9;

	ok(good, name);
	if (!good)
		printf("# got %.9g, want %.9g\n", got, want);
}

static void test_slabinfo(void)
{
	static const struct {
		const char *line;
		bool good;
		struct slabinfo want;
	} cases[] = {
		{ "kmalloc-64         20148  20160 64   64    1 : tunables 0 0 0 : slabdata    315    316      0",
		  true, { "kmalloc-64", 20148, 64, 316, 1 } },
		{ "a_name_longer_than_seventeen_bytes 1 2 312 13 4 : tunables 0 0 0 : slabdata 0 7 0",
		  true, { "a_name_longer_than_seventeen_bytes", 1, 312, 7, 4 } },
		{ "two words 5 6 32 128 1 : tunables 0 0 0 : slabdata 1 1 0", true,
		  { "two words", 5, 32, 1, 1 } },
		{ "123 4 5 6 7 8 : tunables 0 0 0 : slabdata 1 1 0", true, { "123", 4, 6, 1, 8 } },
		{ "max 18446744073709551615 1 1 1 1 : tunables 0 0 0 : slabdata 1 2 0", true,
		  { "max", UINT64_MAX, 1, 2, 1 } },
		{ "slabinfo - version: 2.1", false, {} },
		{ "# name <active_objs> <num_objs> : tunables <limit> : slabdata <active_slabs> <num_slabs>",
		  false, {} },
		{ "x 1 2 3 4 : tunables 0 0 0 : slabdata 1 1 0", false, {} },
		{ "1 2 3 4 5 : tunables 0 0 0 : slabdata 1 1 0", false, {} },
		{ "x 1 -2 3 4 5 : tunables 0 0 0 : slabdata 1 1 0", false, {} },
		{ "x 1 2 3 4 5 : tunables 0 0 0", false, {} },
		{ "x 1 2 3 4 5 : tunables 0 0 0 : slabdata 1", false, {} },
		{ "x 18446744073709551616 2 3 4 5 : tunables 0 0 0 : slabdata 1 1 0", false, {} },
		{ "x 1 2 3 4 5 : tunables 0 0 0 : slabdata 1 99999999999999999999 0", false, {} },
		{ " : slabdata 1 1 0", false, {} },
		{ "", false, {} },
	};
	char line[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct slabinfo *want = &cases[i].want;
		struct slabinfo got = {};
		bool good;

		snprintf(line, sizeof(line), "%s", cases[i].line);
		good = slabinfo_parse(line, &got) == cases[i].good;
		if (good && cases[i].good)
			good = !strcmp(got.name, want->name) && got.objects == want->objects &&
			       got.size == want->size && got.slabs == want->slabs &&
			       got.pages == want->pages;
		snprintf(line, sizeof(line), "slabinfo: '%.40s'", cases[i].line);
		ok(good, line);
	}
}

static void test_student(void)
{
	/* From tables of the distribution, two-sided. */
	static const struct {
		double t;
		size_t freedom;
		double want;
	} cases[] = {
		{ 1, 1, 0.5 }, { 12.706205, 1, 0.95 }, { 4.302653, 2, 0.95 }, { 3.182446, 3, 0.95 },
		{ 2.776445, 4, 0.95 }, { 2.570582, 5, 0.95 }, { 4.032143, 5, 0.99 },
		{ 2.228139, 10, 0.95 }, { 2.042272, 30, 0.95 }, { 1.983972, 100, 0.95 },
		{ 3.391529, 99, 0.999 }, { 0, 7, 0 }, { -2.364624, 7, 0.95 },
	};
	char name[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		double got = student_confidence(cases[i].t, cases[i].freedom);

		snprintf(name, sizeof(name), "Student's t %.3f with %zu degrees", cases[i].t,
			 cases[i].freedom);
		ok(fabs(got - cases[i].want) < 2 / 1e6, name);
		if (fabs(got - cases[i].want) >= 2 / 1e6)
			printf("# got %.9f, want %.9f\n", got, cases[i].want);
	}
}

static struct trend readings(const uint64_t *v, size_t n, uint64_t period)
{
	struct trend t = {};
	size_t i;

	for (i = 0; i < n; i++)
		trend_add(&t, 5 * NSEC_PER_SEC + i * period, v[i]);
	return t;
}

#define READINGS(...)	readings((const uint64_t[]){ __VA_ARGS__ },			\
				 sizeof((uint64_t[]){ __VA_ARGS__ }) / 8, NSEC_PER_SEC)

static void test_trend(void)
{
	struct trend t = READINGS(100, 110, 120, 130, 140);

	near(trend_rate(&t), 10, "a straight line has its slope");
	near(trend_error(&t), 0, "a straight line has no error");
	near(trend_confidence(&t), 1, "a straight line is certain");
	t = READINGS(100, 90, 80, 70);
	near(trend_rate(&t), -10, "a falling line");
	near(trend_confidence(&t), 1, "a falling line is certain");
	t = READINGS(7, 7, 7, 7);
	near(trend_rate(&t), 0, "no change");
	near(trend_confidence(&t), 0, "no change is no growth");
	/* One step of 4 among four: mean 1, scatter 4, error 1. */
	t = READINGS(0, 0, 4, 4, 4);
	near(trend_rate(&t), 1, "one big step has a slope");
	near(trend_error(&t), 1, "one big step has as big an error");
	ok(trend_confidence(&t) < 0.7, "one big step is no growth");
	/* Steps 3 and 1: mean 2, variance 2, error 1. */
	t = READINGS(0, 3, 4);
	near(trend_error(&t), 1, "the error of two steps");
	near(trend_confidence(&t), student_confidence(2, 1), "the confidence of two steps");
	t = READINGS(5, 9);
	near(trend_rate(&t), 4, "one step has a slope");
	near(trend_confidence(&t), 0, "one step has no confidence");
	t = READINGS(5);
	near(trend_rate(&t), 0, "one reading has no slope");
	t = READINGS(10, 12, 9, 13, 10, 12, 9, 11);
	ok(trend_confidence(&t) < 0.5, "ups and downs are no growth");
	memset(&t, 0, sizeof(t));
	trend_add(&t, NSEC_PER_SEC, 0);
	trend_add(&t, 2 * NSEC_PER_SEC, 10);
	trend_add(&t, 4 * NSEC_PER_SEC, 30);
	near(trend_error(&t), 0, "steps of unequal length and one slope have no error");
	trend_add(&t, 4 * NSEC_PER_SEC, 99);
	ok(t.steps == 2 && t.last == 30, "a reading at the same time is ignored");
	t = READINGS(0, UINT64_MAX / 2, UINT64_MAX);
	ok(trend_rate(&t) > 9e18 && isfinite(trend_confidence(&t)), "counts as large as they get");
}

/* Objects that are live now by the part they were born in, each part 1 s. */
static struct evidence born(const unsigned int *kept, uint64_t freed)
{
	struct evidence e = { .window = 6 * NSEC_PER_SEC, .freed = freed, .allocated = freed };
	struct bucket b;
	size_t k;

	for (k = 0; k < VERDICT_PARTS; k++) {
		/* Ages in the middle of the part. */
		b.lo = (VERDICT_PARTS - 1 - k) * NSEC_PER_SEC + 400000000;
		b.hi = b.lo + 20000000;
		b.count = kept[k];
		verdict_add_ages(&e, &b, 1);
		e.allocated += kept[k];
		e.live[k + 1] = e.live[k] + kept[k];
	}
	return e;
}

#define BORN(freed, ...)	born((const unsigned int[]){ __VA_ARGS__ }, freed)

static void is_verdict(struct evidence e, enum verdict want, const char *name)
{
	enum verdict got = verdict_judge(&e);

	ok(got == want, name);
	if (got != want)
		printf("# got %s, want %s; confidence %.4f\n", verdict_name(got),
		       verdict_name(want), e.confidence);
}

static void test_leaks(void)
{
	struct evidence e;

	is_verdict(BORN(0, 17, 17, 16, 17, 16, 17), VERDICT_LEAK, "a steady leak");
	is_verdict(BORN(0, 4, 4, 4, 4, 4, 4), VERDICT_LEAK, "a slow leak");
	is_verdict(BORN(0, 10, 30, 10, 30, 10, 20), VERDICT_LEAK, "an uneven leak");
	is_verdict(BORN(0, 10, 14, 18, 22, 26, 30), VERDICT_LEAK, "a leak that gets faster");
	is_verdict(BORN(0, 30, 26, 22, 18, 14, 10), VERDICT_LEAK, "a leak that gets slower");
	is_verdict(BORN(0, 17, 17, 16, 17, 16, 0), VERDICT_LEAK, "a leak that ended a moment ago");
	is_verdict(BORN(100000, 17, 17, 16, 17, 16, 900), VERDICT_LEAK, "a leak amid churn");
	e = BORN(100000, 17, 17, 16, 17, 16, 900);
	e.live[3] = 1100;
	is_verdict(e, VERDICT_LEAK, "a leak amid churn that was livelier before");
	e = BORN(0, 17, 17, 16, 17, 16, 17);
	e.reclaimable = true;
	is_verdict(e, VERDICT_CACHE, "a leak is not said of memory that the kernel takes back");
	e = BORN(0, 17, 17, 16, 0, 0, 0);
	e.older = 3 * NSEC_PER_SEC;
	e.live[6] = 100;
	is_verdict(e, VERDICT_LEAK, "a leak of which --older shows the first half");
	e = BORN(0, 17, 17, 0, 0, 0, 0);
	e.older = 4 * NSEC_PER_SEC;
	is_verdict(e, VERDICT_CACHE, "a third of the window is too little for a leak");
}

static void test_steps(void)
{
	struct evidence e = BORN(0, 20, 0, 20, 0, 20, 0);

	is_verdict(e, VERDICT_STEPS, "a step each third of the window");
	near((double)verdict_longer(&e), 18e9, "each sixth of three windows sees a step");
	e = BORN(0, 0, 30, 0, 0, 30, 0);
	is_verdict(e, VERDICT_STEPS, "two steps");
	near((double)verdict_longer(&e), 24e9, "each sixth of four windows sees a step");
	is_verdict(BORN(0, 0, 0, 30, 0, 30, 30), VERDICT_STEPS, "steps that begin late");
	is_verdict(BORN(0, 20, 1, 19, 2, 21, 0), VERDICT_STEPS, "steps amid single objects");
	is_verdict(BORN(100000, 20, 0, 20, 0, 20, 900), VERDICT_STEPS, "steps amid churn");
	is_verdict(BORN(0, 100, 0, 0, 0, 20, 0), VERDICT_CACHE, "a burst, and a small one");
	is_verdict(BORN(0, 3, 0, 3, 0, 3, 3), VERDICT_STABLE, "small steps");
	e = BORN(0, 20, 0, 20, 0, 20, 0);
	e.live[3] = 60;
	is_verdict(e, VERDICT_CACHE, "steps of which none remains");
	e = BORN(0, 20, 0, 20, 0, 20, 0);
	e.reclaimable = true;
	is_verdict(e, VERDICT_CACHE, "steps of what the kernel takes back");
}

/* A cache that gained objects, and freed older ones evenly in the first @parts of the window. */
static struct evidence of_cache(struct evidence e, uint64_t gained, uint64_t freed, size_t parts)
{
	size_t k;

	e.cache_known = true;
	e.cache_gained = gained;
	e.cache_freed = freed;
	for (k = 0; k <= VERDICT_PARTS; k++)
		e.cache_freed_by[k] = k < parts ? freed * k / parts : freed;
	return e;
}

static void test_turnover(void)
{
	struct evidence leak = BORN(0, 17, 17, 16, 17, 16, 17);

	is_verdict(of_cache(leak, 100, 100, 6), VERDICT_TURNOVER, "as many older objects are freed");
	is_verdict(of_cache(leak, 100, 82, 6), VERDICT_TURNOVER, "nearly as many");
	is_verdict(of_cache(leak, 100, 81, 6), VERDICT_LEAK, "fewer, by more than chance");
	is_verdict(of_cache(leak, 100, 100, 5), VERDICT_LEAK, "none at the end");
	is_verdict(of_cache(leak, 100, 0, 6), VERDICT_LEAK, "none");
	is_verdict(of_cache(leak, 10000, 100, 6), VERDICT_LEAK, "fewer than other sites gained");
	is_verdict(of_cache(BORN(0, 20, 0, 20, 0, 20, 0), 60, 60, 6), VERDICT_TURNOVER, "steps, too");
	is_verdict(of_cache(BORN(0, 100, 0, 0, 0, 0, 0), 100, 100, 6), VERDICT_CACHE,
		   "a burst is a cache all the same");
	leak.cache_gained = 0;
	is_verdict(leak, VERDICT_LEAK, "nothing is known of the cache");
}

static void test_innocent(void)
{
	struct evidence e;

	is_verdict(BORN(0, 0, 0, 0, 0, 0, 0), VERDICT_STABLE, "nothing");
	is_verdict(BORN(0, 2, 1, 3, 2, 1, 2), VERDICT_STABLE, "too few to tell");
	is_verdict(BORN(0, 100, 0, 0, 0, 0, 0), VERDICT_CACHE, "a burst at the start");
	is_verdict(BORN(0, 0, 0, 0, 100, 0, 0), VERDICT_CACHE, "a burst later");
	is_verdict(BORN(0, 50, 30, 10, 2, 1, 0), VERDICT_CACHE, "a cache that fills");
	is_verdict(BORN(0, 50, 50, 50, 0, 0, 0), VERDICT_CACHE, "growth that stopped at half-time");
	is_verdict(BORN(0, 0, 0, 50, 50, 50, 50), VERDICT_CACHE, "growth that began late");
	is_verdict(BORN(400, 2, 4, 8, 16, 32, 64), VERDICT_CACHE, "a cache with turnover");
	e = BORN(100, 40, 40, 20, 20, 20, 20);
	e.live[3] = 160;
	is_verdict(e, VERDICT_CACHE, "a cache that is full and replaces slowly");
	is_verdict(BORN(100000, 0, 0, 0, 0, 0, 900), VERDICT_CHURN, "churn");
	is_verdict(BORN(900, 0, 0, 0, 0, 30, 30), VERDICT_CHURN, "churn of longer lives");
	is_verdict(BORN(1000, 0, 0, 1, 0, 0, 0), VERDICT_CHURN, "all freed");
	is_verdict(BORN(0, 0, 0, 0, 0, 0, 200), VERDICT_STABLE, "new ones only");
	e = BORN(0, 17, 17, 16, 17, 16, 17);
	e.window = NSEC_PER_SEC / 2;
	is_verdict(e, VERDICT_NONE, "no verdict on half a second");
}

static void test_ages(void)
{
	struct evidence e = { .window = 6 * NSEC_PER_SEC };
	struct bucket half = { .lo = 500000000, .hi = 1499999999, .count = 10 };
	struct bucket over = { .lo = 6 * NSEC_PER_SEC, .hi = 6 * NSEC_PER_SEC + 99, .count = 3 };
	struct bucket now = { .lo = 0, .hi = 0, .count = 2 };

	verdict_add_ages(&e, &half, 1);
	verdict_add_ages(&e, &over, 1);
	verdict_add_ages(&e, &now, 1);
	near(e.kept[5], 7, "a bucket across a border is divided, age 0 belongs to the last part");
	near(e.kept[4], 5, "the other half of it");
	near(e.kept[0], 3, "ages beyond the window belong to the first part");
	near(e.kept[1] + e.kept[2] + e.kept[3], 0, "nothing elsewhere");
}

static void test_sizes(void)
{
	static const struct {
		const char *text;
		int err;
		uint64_t value;
	} cases[] = {
		{ "0", 0, 0 }, { "4096", 0, 4096 }, { "10KiB", 0, 10240 }, { "1.5MiB", 0, 1572864 },
		{ "2G", 0, 2ull << 30 }, { "7B", 0, 7 }, { "3k", 0, 3072 },
		{ "", 1, 0 }, { "x", 1, 0 }, { "-1", 1, 0 }, { "1.5", 1, 0 }, { "10 KiB", 1, 0 },
		{ "1e3", 1, 0 }, { "1XiB", 1, 0 },
		{ "99999999999999G", 1, 0 }, { "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", 1, 0 }, { "1..5K", 1, 0 }, { "K", 1, 0 },
	};
	char name[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t value = 0;
		int err = parse_bytes(cases[i].text, &value);

		snprintf(name, sizeof(name), "size '%s'", cases[i].text);
		ok(!err == !cases[i].err && value == cases[i].value, name);
	}
}

static void put(char *path, const char *text)
{
	int fd;

	strcpy(path, "/tmp/obsctl-test-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		perror("test file");
	close(fd);
}

static bool as_text;

/* Run slab diff on two texts. Returns its status; what it printed is in @out. */
static int diff(const char *before, const char *after, const char *fail_over, char *out,
		size_t size)
{
	char a[32], b[32], c[32];
	char *args[2] = { a, b };
	struct opts o = { .args = args, .nr_args = 2, .json = !as_text, .output = c,
			  .fail_over = { .text = fail_over } };
	int status;
	int len;

	put(a, before);
	put(b, after);
	put(c, "");
	if (fail_over)
		parse_bytes(fail_over, &o.fail_over.value);
	status = slab_diff(NULL, &o);
	len = read_file(c, out, size);
	if (len < 0)
		*out = 0;
	unlink(a);
	unlink(b);
	unlink(c);
	return status;
}

#define HEAD(mode, by)	"{\"kobs\": \"1\", \"kernel\": \"k\", \"source\": \"slab\","		\
			" \"mode\": \"" mode "\", \"duration_ns\": 5, " by " \"rows\": "
#define BY		"\"by\": [\"site\", \"cache\"],"
#define LEAK		", \"verdict\": \"leak\"}"
#define SITE(s, n, b)	"{\"site\": \"" s "\", \"cache\": \"c\", \"live\": " #n			\
			", \"live_bytes\": " #b LEAK
/* A row of the comparison, but for its brackets. */
#define CHANGE(s, before, after, change, from, to, bytes)				\
			"\"site\": \"" s "\", \"cache\": \"c\", \"bytes_before\": " #from	\
			", \"bytes_after\": " #to ", \"bytes_change\": " #bytes		\
			", \"change\": " #change ", \"before\": " #before			\
			", \"after\": " #after

static void test_diff(void)
{
	char out[4096];
	int status;

	status = diff(HEAD("leaks", BY) "[" SITE("x+0x1", 5, 320) "," SITE("gone", 2, 16) ","
		      SITE("same", 1, 8) "]}",
		      HEAD("leaks", BY) "[" SITE("same", 1, 8) "," SITE("x+0x1", 9, 576) ","
		      SITE("new", 1, 64) "]}", NULL, out, sizeof(out));
	ok(!status && strstr(out, CHANGE("x+0x1", 5, 9, 4, 320, 576, 256) LEAK ", {"
			     CHANGE("new", 0, 1, 1, 0, 64, 64) LEAK ", {"
			     CHANGE("gone", 2, 0, -2, 16, 0, -16) "}]}"),
	   "rows are matched by their columns, and sorted by what they gained");
	status = diff(HEAD("leaks", BY) "[" SITE("x", 5, 320) "]}",
		      HEAD("leaks", BY) "[" SITE("x", 9, 576) "]}", "255", out, sizeof(out));
	ok(status == STATUS_CROSSED, "--fail-over below the growth");
	status = diff(HEAD("leaks", BY) "[" SITE("x", 5, 320) "]}",
		      HEAD("leaks", BY) "[" SITE("x", 9, 576) "]}", "256", out, sizeof(out));
	ok(!status, "--fail-over that is reached");
	status = diff(HEAD("leaks", BY) "[" SITE("x", 1, 1) "]}\n" HEAD("leaks", BY) "["
		      SITE("x", 5, 320) "]}\n", HEAD("leaks", BY) "[" SITE("x", 5, 320) "]}", NULL,
		      out, sizeof(out));
	ok(!status && strstr(out, "\"rows\": []"), "of several reports the last counts");
	status = diff(HEAD("growth", "") "[{\"cache\": \"a\", \"objects\": 5, \"bytes\": 50}]}",
		      HEAD("growth", "") "[{\"cache\": \"a\", \"objects\": 3, \"bytes\": 30}]}",
		      NULL, out, sizeof(out));
	ok(!status && strstr(out, "\"bytes_change\": -20"), "reports of growth");
}

#define STACKED		"\"by\": [\"site\", \"kstack\"],"
#define ODD(s, more)	"{\"site\": \"" s "\", " more "\"live\": 1, \"live_bytes\": 8}"

/* What fuzzing found: rows whose cells were not as many as those of the first. */
static void test_odd_diffs(void)
{
	static const char mixed[] = HEAD("leaks", STACKED) "["
		ODD("a", "\"kstack\": [\"b\\u001b[2J\"],") "," ODD("b", "") ","
		ODD("c", "\"kstack\": 3,") "]}";
	static const char none[] = HEAD("leaks", STACKED) "[]}";
	char out[4096];

	as_text = true;
	ok(!diff(none, mixed, NULL, out, sizeof(out)) && strstr(out, "SITE") && strstr(out, "+8 B"),
	   "rows with a stack, without one, and with something else");
	ok(strstr(out, "b?[2J") && !strchr(out, 27), "control characters in a stack");
	as_text = false;
}

static void test_bad_diffs(void)
{
	static const char good[] = HEAD("leaks", BY) "[]}";
	static const struct {
		const char *text;
		const char *name;
	} bad[] = {
		{ "", "an empty file" }, { "{", "half an object" }, { "[]", "a list" },
		{ "{}", "an empty object" }, { "17", "a number" },
		{ HEAD("leaks", BY) "[]", "an object that does not end" },
		{ HEAD("leaks", BY) "{}}", "rows that are no list" },
		{ HEAD("leaks", BY) "[7]}", "a row that is no object" },
		{ HEAD("leaks", BY) "[{}]}", "a row without numbers" },
		{ HEAD("leaks", BY) "[" SITE("x", -1, 8) "]}", "a negative number" },
		{ HEAD("leaks", BY) "[" SITE("x", 1.5, 8) "]}", "a broken number" },
		{ HEAD("leaks", BY) "[" SITE("x", 99999999999999999999, 8) "]}", "a huge number" },
		{ HEAD("leaks", "\"by\": [],") "[]}", "no columns" },
		{ HEAD("leaks", "\"by\": 3,") "[]}", "columns that are no list" },
		{ HEAD("leaks", "\"by\": [3],") "[]}", "columns that are no texts" },
		{ HEAD("leaks", "\"by\": [\"kstack\"],") "[]}", "other columns" },
		{ HEAD("growth", "") "[]}", "another mode" },
		{ HEAD("diff", "") "[]}", "a mode that cannot be compared" },
		{ HEAD("leaks", BY) "[" SITE("\xff", 1, 8) "]}", "bytes that are not UTF-8" },
	};
	char out[4096];
	char name[96];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(name, sizeof(name), "diff refuses %s", bad[i].name);
		ok(diff(good, bad[i].text, NULL, out, sizeof(out)) == STATUS_REFUSED && !*out,
		   name);
	}
}

/* What --cache becomes, with a fake /proc/slabinfo and directory of caches. */
static void choose(const char *pattern, int status, const char *want, const char *words)
{
	struct slab_opts own = { .cache = pattern };
	struct opts o = { .own = &own };
	struct slab_choice c;
	char said[512] = "";
	FILE *err = tmpfile();
	int old = dup(STDERR_FILENO);
	size_t len;
	int got;

	fflush(stderr);
	dup2(fileno(err), STDERR_FILENO);
	got = slab_choose(&c, &o);
	fflush(stderr);
	dup2(old, STDERR_FILENO);
	close(old);
	rewind(err);
	len = fread(said, 1, sizeof(said) - 1, err);
	said[len] = 0;
	fclose(err);
	ok(got == status && (got || !strcmp(c.own.cache, want)) && strstr(said, words), pattern);
	if (got != status || !strstr(said, words))
		printf("# status %d, '%s'\n", got, said);
	slab_choice_free(&c);
}

static void test_caches(void)
{
	char dir[] = "/tmp/obsctl-caches-XXXXXX";
	char command[512];
	char path[64];

	put(path, "slabinfo - version: 2.1\n# name <active_objs>\n"
	    "kmalloc-512 10 20 512 8 1 : tunables 0 0 0 : slabdata 2 2 0\n"
	    "pool_workqueue 10 20 256 8 1 : tunables 0 0 0 : slabdata 2 2 0\n"
	    "dentry 10 20 192 8 1 : tunables 0 0 0 : slabdata 2 2 0\n");
	ok(mkdtemp(dir), "a directory of caches");
	snprintf(command, sizeof(command),
		 "cd %s && mkdir dentry :512 :256 && ln -s :512 kmalloc-512 && ln -s :512 biovec-32 && ln -s :256 pool_workqueue && ln -s :256 biovec-16",
		 dir);
	ok(!system(command), "with links");
	setenv("OBSCTL_SLABINFO", path, 1);
	slab_sysfs = dir;
	choose("kmalloc-512", 0, "kmalloc-512", "");
	choose("den*", 0, "den*", "");
	choose("kmalloc-large", 0, "kmalloc-large", "");
	choose("biovec-16", 0, "pool_workqueue",
	       "the cache 'biovec-16' is merged with others: all of 'pool_workqueue' is observed");
	choose("biovec-*", STATUS_REFUSED, "", "merged into several caches, name one: '");
	choose("kmaloc-512", STATUS_REFUSED, "",
	       "there is no slab cache 'kmaloc-512' (near it: kmalloc-512)");
	choose("nosuch*", STATUS_REFUSED, "", "there is no slab cache 'nosuch*'");
	setenv("OBSCTL_SLABINFO", "/nonexistent", 1);
	choose("biovec-16", 0, "biovec-16", "");
	snprintf(command, sizeof(command), "rm -r %s %s", dir, path);
	ok(!system(command), "removed");
	slab_sysfs = "/nonexistent";
	choose("anything", 0, "anything", "");
	unsetenv("OBSCTL_SLABINFO");
}

static void test_helpers(void)
{
	static const struct {
		const char *name;
		bool want;
	} cases[] = {
		{ "kasprintf", true }, { "kvmalloc_node", true },
		{ "__kvmalloc_node_noprof", true },
		{ "kmalloc_reserve.constprop.0", true }, { "kstrdup.part.0", true },
		{ "alloc_netdev_mqs.cold", true }, { "xas_alloc.llvm.1234567890", true },
		{ "kmemdup_noprof.isra.0.cold", true },
		/* The allocator, and what has objects of its own. */
		{ "__kmalloc", false }, { "kmem_cache_alloc", false },
		{ "get_unbound_pool", false },
		{ "kasprint", false }, { "kasprintf2", false }, { "_noprof", false }, { "", false },
		{ ".cold", false }, { "__pfx_kasprintf", false },
	};
	char longer[200];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		ok(slab_is_helper(cases[i].name) == cases[i].want, cases[i].name);
	memset(longer, 'k', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	ok(!slab_is_helper(longer), "a very long name");
}

int main(void)
{
	test_caches();
	test_helpers();
	test_slabinfo();
	test_student();
	test_trend();
	test_leaks();
	test_steps();
	test_turnover();
	test_innocent();
	test_ages();
	test_sizes();
	test_diff();
	test_odd_diffs();
	test_bad_diffs();
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
