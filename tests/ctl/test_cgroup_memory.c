// SPDX-License-Identifier: GPL-2.0
/* Unit tests of what 'obsctl cgroup' reads and judges: run by 'make check'; prints TAP. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cgroup/cgroup.h"
#include "cmd/nouns.h"
#include "lib/buf.h"
#include "lib/cgroup.h"
#include "lib/diag.h"
#include "lib/macros.h"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static void same(uint64_t got, uint64_t want, const char *name)
{
	ok(got == want, name);
	if (got != want)
		printf("# got %llu, want %llu\n", (unsigned long long)got,
		       (unsigned long long)want);
}

#define MIB		(1024 * 1024ull)
#define READINGS	24

/* MiB that are held, and of cache, at each reading, a quarter of a second apart. */
static const struct judged {
	const char	*name;
	uint64_t	limit;			/* MiB; 0 for none */
	uint16_t	held[READINGS];
	uint16_t	cache[READINGS];	/* 0 after the first: as before */
	size_t		n;
	enum cgroup_verdict verdict;
} judged[] = {
	{ "nothing", 64, {}, {}, 0, CGROUP_SHORT },
	{ "two readings", 64, { 1, 60 }, {}, 2, CGROUP_SHORT },
	{ "nothing changes", 64, { 20, 20, 20, 20, 20, 20 }, {}, 6, CGROUP_STEADY },
	{ "it wavers by less than 1 % of much", 1000,
	  { 500, 503, 500, 502, 504, 500, 501 }, {}, 7, CGROUP_STEADY },
	{ "it shrinks", 64, { 30, 28, 26, 20, 12, 10 }, {}, 6, CGROUP_STEADY },
	{ "a steady climb", 64, { 10, 12, 14, 16, 18, 20, 22, 24, 26 }, {}, 9, CGROUP_CLIMB },
	{ "a climb without a limit", 0, { 10, 12, 15, 17, 19, 22, 24 }, {}, 7, CGROUP_CLIMB },
	{ "a climb that was given back", 64,
	  { 10, 18, 26, 34, 42, 50, 58, 63, 2, 2 }, {}, 10, CGROUP_SPIKE },
	{ "a climb of which a little was given back", 64,
	  { 10, 18, 26, 34, 42, 50, 58, 63, 60, 58 }, {}, 10, CGROUP_CLIMB },
	{ "a climb with pauses", 200,
	  { 10, 14, 18, 18, 22, 26, 30, 30, 34, 38, 42, 46 }, {}, 12, CGROUP_CLIMB },
	{ "a climb beside page cache that grows, too", 200,
	  { 10, 14, 18, 22, 26, 30, 34 }, { 5, 10, 15, 20, 25, 30, 35 }, 7, CGROUP_CLIMB },
	{ "one big step", 64, { 10, 10, 10, 10, 60, 60, 60 }, {}, 7, CGROUP_SPIKE },
	{ "up and down again", 100, { 10, 25, 50, 45, 30, 12, 10 }, {}, 7, CGROUP_SPIKE },
	{ "page cache grows", 64,
	  { 8, 8, 8, 8, 8, 8 }, { 4, 14, 24, 34, 44, 54 }, 6, CGROUP_CACHE },
	{ "page cache fills the limit", 64,
	  { 8, 8, 8, 8, 8 }, { 55, 55, 55, 55, 55 }, 5, CGROUP_CACHE },
	{ "what it holds fills the limit", 64, { 62, 62, 62, 62, 62 }, {}, 5, CGROUP_STEADY },
	{ "cache without a limit", 0, { 8, 8, 8, 8 }, { 900, 900, 900, 900 }, 4, CGROUP_STEADY },
	{ "three readings that rise", 64, { 10, 20, 30 }, {}, 3, CGROUP_SPIKE },
	{ "it rises and falls, and rises more", 400,
	  { 10, 60, 15, 70, 20, 80, 25, 90 }, {}, 8, CGROUP_SPIKE },
};

/* Where something was killed, what is gone was not given back. */
static const struct judged judged_killed[] = {
	{ "a climb that ends in a kill", 64,
	  { 10, 18, 26, 34, 42, 50, 58, 63, 2, 2 }, {}, 10, CGROUP_CLIMB },
	{ "a step that ends in a kill", 64, { 5, 5, 5, 63, 3, 3, 3 }, {}, 7, CGROUP_SPIKE },
};

static size_t readings_of(const struct judged *j, struct cgroup_reading *v)
{
	size_t i;

	for (i = 0; i < j->n; i++) {
		uint64_t cache = (j->cache[i] ? j->cache[i] : j->cache[0]) * MIB;

		v[i] = (struct cgroup_reading){
			.time = (i + 1) * 250000000ull, .current = j->held[i] * MIB + cache,
			.cache = cache,
		};
	}
	return j->n;
}

static void test_verdicts(const struct judged *rows, size_t nr, bool killed)
{
	struct cgroup_reading v[READINGS];
	struct cgroup_judgement j;
	size_t i;

	for (i = 0; i < nr; i++) {
		size_t n = readings_of(&rows[i], v);

		cgroup_judge(v, n, rows[i].limit * MIB, rows[i].limit * MIB, killed, &j);
		ok(j.verdict == rows[i].verdict, rows[i].name);
		if (j.verdict != rows[i].verdict)
			printf("# got %s, want %s\n", cgroup_verdict_name(j.verdict),
			       cgroup_verdict_name(rows[i].verdict));
	}
}

/* 8 MiB each second, 38 of 64 left, or 12 below the limit of a group above it. */
static void test_numbers(void)
{
	const struct judged climb = {
		.held = { 10, 12, 14, 16, 18, 20, 22, 24, 26 }, .n = 9,
	};
	struct cgroup_reading v[READINGS];
	struct cgroup_judgement j;

	cgroup_judge(v, readings_of(&climb, v), 64 * MIB, 38 * MIB, false, &j);
	same(j.peak, 8, "the peak");
	same((uint64_t)j.rise, 16 * MIB, "how much it rose");
	same(j.step, 2 * MIB, "the largest step");
	same((uint64_t)(j.rate + 0.5), 8 * MIB, "its rate");
	ok(j.sure > 0.99, "which is sure");
	same((uint64_t)(j.left_s * 1000 + 0.5), 4750, "when the limit is reached");
	cgroup_judge(v, climb.n, 64 * MIB, 12 * MIB, false, &j);
	same((uint64_t)(j.left_s * 1000 + 0.5), 1500, "others fill it, too");
	cgroup_judge(v, climb.n, 0, NO_LIMIT, false, &j);
	ok(j.verdict == CGROUP_CLIMB && !j.left_s, "no limit is never reached");
	/* Files are read one after the other. */
	v[0].cache = v[0].current + 1;
	cgroup_judge(v, climb.n, 64 * MIB, 38 * MIB, false, &j);
	same((uint64_t)j.rise, 26 * MIB, "more cache than memory is all of it");
}

static size_t part(const char *name)
{
	size_t i;

	for (i = 0; i < nr_cgroup_parts && strcmp(cgroup_parts[i].name, name); i++)
		;
	return i;
}

/* Page cache is no part of what is held. */
static void test_grown(void)
{
	int64_t from[16] = {}, to[16] = {};
	int64_t by;

	ok(nr_cgroup_parts < ARRAY_SIZE(from), "there is room for the parts");
	same(cgroup_grown_most(from, to, &by), NO_PART, "nothing grew");
	to[part("file")] = 900;
	from[part("anon")] = 50;
	same(cgroup_grown_most(from, to, &by), NO_PART, "page cache, and what shrinks");
	to[part("sock")] = 100;
	same(cgroup_grown_most(from, to, &by), part("sock"), "a part that grew");
	same((uint64_t)by, 100, "by so much");
	from[nr_cgroup_parts] = -60;
	to[nr_cgroup_parts] = 41;
	same(cgroup_grown_most(from, to, &by), nr_cgroup_parts, "the rest grew more");
	same((uint64_t)by, 101, "from below 0");
	ok(!strcmp(cgroup_parts[nr_cgroup_parts].name, "unaccounted"), "which is no part");
}

/* There are the commands that are proposed. */
static void test_next(void)
{
	size_t i;

	for (i = 0; i <= nr_cgroup_parts; i++) {
		char noun[16], verb[16];
		bool two = sscanf(cgroup_parts[i].next, "obsctl %15s %15s", noun, verb) == 2;

		ok(two && noun_find(noun) && verb_find(noun_find(noun), verb),
		   cgroup_parts[i].next);
	}
	ok(!strstr(cgroup_parts[part("sock")].next, "page faults"), "buffers are no page faults");
}

static char root[40] = "/tmp/test_cgroup_memory.XXXXXX";

static const struct {
	const char	*file;		/* without a text: a directory */
	const char	*text;
} made[] = {
	{ "a", NULL },
	{ "a/b", NULL },
	{ "a/bare", NULL },
	{ "cgroup.procs", "1\n" },
	{ "a/cgroup.procs", "" },
	{ "a/memory.max", "67108864\n" },
	{ "a/memory.current", "0\n" },
	{ "a/memory.stat", "" },
	{ "a/b/cgroup.procs", "" },
	{ "a/b/memory.current", "1000000\n" },
	{ "a/b/memory.stat",
	  "anon 300000\nfile 250000\nkernel 200000\nkernel_stack 16384\npagetables 20000\n"
	  "sec_pagetables 100\npercpu 1000\nsock 4096\nvmalloc 0\nshmem 50000\n"
	  "slab_reclaimable 30000\nslab_unreclaimable 60000\nslab 90000\npgfault 12\n" },
	{ "a/b/memory.max", "max\n" },
	{ "a/b/memory.high", "5000000\n" },
	{ "a/b/memory.low", "0\n" },
	{ "a/b/memory.peak", "1200000\n" },
	{ "a/b/memory.swap.current", "8192\n" },
	{ "a/b/memory.events", "low 0\nhigh 3\nmax 4\noom 2\noom_kill 1\n" },
	{ "a/b/memory.events.local", "low 0\nhigh 3\nmax 0\noom 0\noom_kill 1\n" },
	{ "a/b/memory.pressure",
	  "some avg10=12.50 avg60=1.00 avg300=0.00 total=1234\n"
	  "full avg10=1.00 avg60=0.00 avg300=0.00 total=99\n" },
	{ "a/b/cpu.stat", "usage_usec 777\nnr_periods 10\nnr_throttled 4\nthrottled_usec 55\n" },
	{ "a/b/cpu.max", "50000 100000\n" },
	{ "a/bare/cgroup.procs", "" },
	{ "a/bare/cpu.max", "max 100000\n" },
};

static const char *at(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return path;
}

static bool make_file(const char *name, const char *text)
{
	FILE *f;

	if (!text)
		return !mkdir(at(name), 0700);
	f = fopen(at(name), "w");
	return f && fputs(text, f) >= 0 && !fclose(f);
}

static void test_parts(const struct cgroup_files *f)
{
	static const struct {
		const char	*name;
		uint64_t	bytes;
	} want[] = {
		{ "anon", 300000 }, { "shmem", 50000 }, { "file", 200000 },
		{ "slab_reclaimable", 30000 }, { "slab_unreclaimable", 60000 },
		{ "kernel_stack", 16384 }, { "pagetables", 20100 }, { "percpu", 1000 },
		{ "sock", 4096 }, { "vmalloc", 0 },
	};
	int64_t sum = cgroup_rest(f);
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(want); i++) {
		for (k = 0; k < nr_cgroup_parts && strcmp(cgroup_parts[k].name, want[i].name); k++)
			;
		same(k < nr_cgroup_parts ? cgroup_part_bytes(f, k) : 1, want[i].bytes,
		     want[i].name);
	}
	for (i = 0; i < nr_cgroup_parts; i++)
		sum += (int64_t)cgroup_part_bytes(f, i);
	same(nr_cgroup_parts, ARRAY_SIZE(want), "there are no other parts");
	same((uint64_t)sum, f->current, "the parts are all of it");
	same(cgroup_cache(f), 230000, "what is given back");
}

/* What a limit has, and whose it is; 1,000,000 bytes of b are 230,000 of cache. */
static void limit_is(const char *path, uint64_t limit, uint64_t room, const char *of,
		     const char *name)
{
	const char *whose;
	uint64_t left;

	same(cgroup_limit_of(path, &whose, &left), limit, name);
	same(left, room, "how much is left");
	ok(limit == NO_LIMIT || !strcmp(whose, of), of);
}

static void test_limits(void)
{
	limit_is("/a/b", 64 * MIB, 64 * MIB, "/a", "the limit of a group above");
	make_file("a/b/memory.max", "4096\n");
	limit_is("/a/b", 4096, 0, "/a/b", "a limit of its own, which is passed");
	make_file("a/b/memory.max", "20000000\n");
	limit_is("/a/b", 20000000, 19230000, "/a/b", "a limit of its own");
	make_file("a/memory.current", "60000000\n");
	limit_is("/a/b", 64 * MIB, 64 * MIB - 60000000, "/a", "a larger one with less room");
	make_file("a/memory.stat", "file 50000000\nshmem 0\n");
	limit_is("/a/b", 20000000, 19230000, "/a/b", "page cache leaves room");
	limit_is("/a/bare/none", 64 * MIB, 64 * MIB - 10000000, "/a", "of one that went");
	limit_is("/", NO_LIMIT, NO_LIMIT, "", "the root has none");
}

/* A test for CI must not pass where nothing can be judged. */
static void test_fail(void)
{
	static const struct {
		const char	*group;
		const char	*why;
	} cases[] = {
		{ "/a/bare", "of that of /a/bare: it has no memory controller" },
		{ "/", "of that of /: it is the root" },
	};
	struct cgroup_opts own = { .fail = true, .passive = true };
	struct opts o = { .own = &own };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf said = {};

		sentences_kept = &said;
		same((uint64_t)cgroup_show(&o, cases[i].group), STATUS_REFUSED, cases[i].group);
		sentences_kept = NULL;
		ok(said.len && strstr(said.p, cases[i].why), cases[i].why);
		buf_free(&said);
	}
	cgroups_forget();
}

static void test_files(void)
{
	struct cgroup_files f;
	size_t i;

	ok(mkdtemp(root), "a tree is made");
	for (i = 0; i < ARRAY_SIZE(made); i++)
		if (!make_file(made[i].file, made[i].text))
			ok(false, made[i].file);
	cgroup_hierarchy = root;
	ok(cgroup_files_read(&f, "/a/b"), "a group is read");
	ok(f.has_memory, "it has the memory controller");
	same(f.current, 1000000, "memory.current");
	same(f.swap, 8192, "memory.swap.current");
	same(f.peak, 1200000, "memory.peak");
	ok(f.limit[LIMIT_MAX] == NO_LIMIT, "'max' is no limit");
	same(f.limit[LIMIT_HIGH], 5000000, "memory.high");
	same(f.limit[LIMIT_LOW], 0, "memory.low");
	ok(f.limit[LIMIT_SWAP] == NO_LIMIT, "a file that is not there is no limit");
	same(cgroup_value(&f.events, "oom_kill"), 1, "memory.events");
	same(cgroup_value(&f.events, "oom"), 2, "of what is below it, too");
	same(cgroup_value(&f.local, "oom"), 0, "memory.events.local");
	same(cgroup_value(&f.local, "nothing"), 0, "what is not there");
	same(f.pressure[PRESSURE_MEMORY].some, 1234, "memory.pressure");
	ok(!f.pressure[PRESSURE_IO].there, "io.pressure is not there");
	same(cgroup_value(&f.cpu, "nr_throttled"), 4, "cpu.stat");
	ok(f.has_quota && f.quota == 50000 && f.period == 100000, "cpu.max");
	test_parts(&f);
	cgroup_files_free(&f);
	ok(cgroup_files_read(&f, "/a/bare") && !f.has_memory, "one without the memory controller");
	ok(f.has_quota && f.quota == NO_LIMIT && f.period == 100000, "and without a quota");
	cgroup_files_free(&f);
	ok(cgroup_files_read(&f, "/"), "the root");
	cgroup_files_free(&f);
	ok(!cgroup_files_read(&f, "/a/none"), "one that is not there");
	test_limits();
	test_fail();
	for (i = ARRAY_SIZE(made); i; i--)
		if (made[i - 1].text)
			unlink(at(made[i - 1].file));
	for (i = ARRAY_SIZE(made); i; i--)
		if (!made[i - 1].text)
			rmdir(at(made[i - 1].file));
	ok(!rmdir(root), "the tree is gone");
}

int main(void)
{
	test_verdicts(judged, ARRAY_SIZE(judged), false);
	test_verdicts(judged_killed, ARRAY_SIZE(judged_killed), true);
	test_numbers();
	test_grown();
	test_next();
	test_files();
	printf("1..%u\n", test_nr);
	return failures != 0;
}
