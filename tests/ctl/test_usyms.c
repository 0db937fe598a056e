// SPDX-License-Identifier: GPL-2.0
/* Which file a user address is in, by what the kernel told of processes. */

#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "symbols/sideband.h"
#include "symbols/usyms.h"

static int tests;
static int failures;

static void ok(bool good, const char *name)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++tests, name);
	failures += !good;
}

static void names(struct usyms *u, uint32_t pid, uint64_t address, const char *want,
		  const char *what)
{
	struct buf out = {};

	usyms_print(u, pid, address, &out);
	ok(!strcmp(out.p, want), what);
	if (strcmp(out.p, want))
		printf("# it is '%s', not '%s'\n", out.p, want);
	buf_free(&out);
}

static void add(struct buf *b, uint64_t v, size_t size)
{
	buf_add(b, &v, size);
}

static void begin(struct buf *b, uint32_t type, uint32_t first, uint32_t second)
{
	add(b, type, 4);
	add(b, type == PERF_RECORD_COMM ? PERF_RECORD_MISC_COMM_EXEC : 0, 2);
	add(b, 0, 2);	/* the size, which is given */
	add(b, first, 4);
	add(b, second, 4);
}

static void mmap2(struct usyms *u, uint32_t pid, uint64_t start, uint64_t time, const char *path)
{
	struct buf b = {};

	begin(&b, PERF_RECORD_MMAP2, pid, pid);
	add(&b, start, 8);
	add(&b, 0x1000, 8);
	add(&b, 0x3000, 8);
	add(&b, 0, 8);
	add(&b, 0, 8);
	add(&b, 0, 8);
	add(&b, 0, 8);
	buf_add(&b, path, strlen(path));
	do {
		add(&b, 0, 1);
	} while (b.len % 8);
	add(&b, time, 8);
	sideband_record(u, b.p, b.len);
	/* Pieces of it say nothing, and nothing behind them is read. */
	if (!time)
		sideband_record(u, b.p, b.len - 16);
	buf_free(&b);
}

static void forked(struct usyms *u, uint32_t pid, uint32_t parent, uint64_t time)
{
	struct buf b = {};

	begin(&b, PERF_RECORD_FORK, pid, parent);
	add(&b, pid, 4);
	add(&b, parent, 4);
	add(&b, time, 8);
	add(&b, time, 8);
	sideband_record(u, b.p, b.len);
	buf_free(&b);
}

static void executed(struct usyms *u, uint32_t pid, uint64_t time)
{
	struct buf b = {};

	begin(&b, PERF_RECORD_COMM, pid, pid);
	buf_add(&b, "name\0\0\0", 8);
	add(&b, time, 8);
	sideband_record(u, b.p, b.len);
	buf_free(&b);
}

/* Numbers of processes that no machine has, so that /proc is not asked. */
#define A	0x7fffff01
#define B	0x7fffff02
#define C	0x7fffff03

static void test_places(void)
{
	struct usyms u = {};

	mmap2(&u, A, 0x10000, 1, "/nosuch/one");
	names(&u, A, 0x10234, "[one] +0x3234", "a mapping");
	names(&u, A, 0x11000, "[unknown] 0x11000", "behind it");
	names(&u, B, 0x10234, "[unknown] 0x10234", "of another process");
	mmap2(&u, A, 0x10000, 5, "/nosuch/one");
	names(&u, A, 0x10234, "[one] +0x3234", "the same file again");
	mmap2(&u, A, 0x10800, 6, "/nosuch/two");
	names(&u, A, 0x10234, "[one] +0x3234", "below one that covers a part");
	names(&u, A, 0x10800, "[one|two] 0x10800", "two files at an address");
	mmap2(&u, A, 0x20000, 6, "//anon");
	names(&u, A, 0x20000, "[anon] 0x20000", "memory without a file");
	mmap2(&u, A, 0x20800, 7, "//anon");
	names(&u, A, 0x20900, "[anon] 0x20900", "more of it, in the same place");
	mmap2(&u, A, 0x30000, 6, "[heap]");
	names(&u, A, 0x30010, "[heap] 0x30010", "memory that the kernel has a name for");
	mmap2(&u, A, 0x40000, 6, "/nosuch/four (deleted)");
	names(&u, A, 0x40010, "[four] +0x3010", "a file that was deleted");
	mmap2(&u, A, 0x50000, 6, "/memfd:code (deleted)");
	names(&u, A, 0x50010, "[memfd:code] +0x3010", "memory that looks like a file");
	mmap2(&u, A, 0x60000, 6, "[vdso]");
	names(&u, A, 0x60010, "[vdso] +0x3010", "code of the kernel's for 32-bit programs");
	usyms_free(&u);
}

static void test_forks(void)
{
	struct usyms u = {};

	mmap2(&u, A, 0x10000, 10, "/nosuch/one");
	forked(&u, B, A, 20);
	mmap2(&u, A, 0x20000, 30, "/nosuch/later");
	mmap2(&u, B, 0x40000, 40, "/nosuch/own");
	forked(&u, C, B, 35);
	names(&u, B, 0x10001, "[one] +0x3001", "what the parent has mapped");
	names(&u, B, 0x20001, "[unknown] 0x20001", "not what it mapped after the fork");
	names(&u, A, 0x20001, "[later] +0x3001", "the parent's own");
	names(&u, B, 0x40001, "[own] +0x3001", "the child's own");
	names(&u, C, 0x10001, "[one] +0x3001", "what the parent's parent had mapped");
	names(&u, C, 0x40001, "[unknown] 0x40001", "not what the parent mapped after the fork");
	/* Numbers of processes come again. */
	forked(&u, A, C, 50);
	forked(&u, A, B, 60);
	forked(&u, B, C, 70);
	names(&u, C, 0x50000, "[unknown] 0x50000", "processes that are each other's parents");
	usyms_free(&u);
}

static void test_execs(void)
{
	struct usyms u = {};

	mmap2(&u, A, 0x10000, 10, "/nosuch/shell");
	mmap2(&u, A, 0x20000, 10, "/nosuch/library");
	forked(&u, B, A, 20);
	mmap2(&u, B, 0x10000, 31, "/nosuch/program");
	executed(&u, B, 30);
	names(&u, B, 0x10001, "[program] +0x3001", "an exec, at the same addresses");
	names(&u, B, 0x20001, "[library] +0x3001", "code that was there before the exec only");
	names(&u, A, 0x10001, "[shell] +0x3001", "the parent has not changed");
	executed(&u, B, 40);
	mmap2(&u, B, 0x10000, 41, "/nosuch/next");
	names(&u, B, 0x10001, "[next] +0x3001", "another exec");
	/* The number goes to another process. */
	forked(&u, B, A, 50);
	names(&u, B, 0x10001, "[shell] +0x3001", "the number's new process");
	mmap2(&u, A, 0x30000, 55, "/nosuch/old");
	executed(&u, A, 60);
	mmap2(&u, A, 0x10000, 61, "/nosuch/new");
	forked(&u, C, A, 70);
	names(&u, C, 0x10001, "[new] +0x3001", "what the parent has since its exec");
	names(&u, C, 0x30001, "[unknown] 0x30001", "not what it had before, which the child never had");
	names(&u, A, 0x30001, "[old] +0x3001", "and which the parent itself had");
	usyms_free(&u);
}

static void test_pieces(void)
{
	struct usyms u = {};

	mmap2(&u, A, 0x10000, 0, "/nosuch/one");
	names(&u, A, 0x10000, "[one] +0x3000", "a record that is followed by a part of it");
	usyms_free(&u);
}

/* Numbers of processes come again, with programs at the same addresses. */
static void test_lives(void)
{
	struct usyms u = {};
	uint32_t pid;
	int life;

	mmap2(&u, A, 0x10000, 1, "/nosuch/shell");
	for (life = 1; life < 40; life++) {
		uint64_t at = (uint64_t)life * 100;

		for (pid = 100; pid < 120; pid++) {
			forked(&u, pid + B, pid == 100 ? A : pid + B - 1, at + pid - 100);
			executed(&u, pid + B, at + pid - 99);
			mmap2(&u, pid + B, 0x10000, at + pid - 99, life % 2 ? "/nosuch/odd" : "/nosuch/even");
		}
	}
	names(&u, 110 + B, 0x10001, "[odd] +0x3001", "the last life of a number, a program again");
	/* In 2^16 or more steps, if each life of each ancestor counted. */
	names(&u, 119 + B, 0x90000, "[unknown] 0x90000", "an address that none of 760 had");
	usyms_free(&u);
}

int main(void)
{
	test_places();
	test_forks();
	test_execs();
	test_pieces();
	test_lives();
	printf("1..%d\n", tests);
	return failures != 0;
}
