// SPDX-License-Identifier: GPL-2.0
/* Unit tests of 'obsctl mem user': functions of allocators, and what is resident. Prints TAP. */

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/mem/allocator.h"
#include "cmd/mem/rss.h"
#include "kobs_umem.h"
#include "lib/clock.h"
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

static void test_names(void)
{
	static const struct {
		const char *name;
		enum allocator_kind kind;
		int call;		/* -1: it is none */
	} cases[] = {
		{ "malloc", ALLOCATOR_C, KOBS_UMEM_MALLOC },
		{ "valloc", ALLOCATOR_C, KOBS_UMEM_MALLOC },
		{ "calloc", ALLOCATOR_C, KOBS_UMEM_CALLOC },
		{ "realloc", ALLOCATOR_C, KOBS_UMEM_REALLOC },
		{ "reallocarray", ALLOCATOR_C, KOBS_UMEM_REALLOCARRAY },
		{ "aligned_alloc", ALLOCATOR_C, KOBS_UMEM_ALIGNED },
		{ "posix_memalign", ALLOCATOR_C, KOBS_UMEM_POSIX },
		{ "free", ALLOCATOR_C, KOBS_UMEM_FREE },
		{ "sdallocx", ALLOCATOR_NEW, KOBS_UMEM_FREE },
		{ "je_malloc", ALLOCATOR_C, KOBS_UMEM_MALLOC },
		{ "_rjem_sdallocx", ALLOCATOR_C, KOBS_UMEM_FREE },
		{ "tc_free", ALLOCATOR_C, KOBS_UMEM_FREE },
		{ "mi_calloc", ALLOCATOR_C, KOBS_UMEM_CALLOC },
		{ "je_", ALLOCATOR_C, -1 },
		{ "my_malloc", ALLOCATOR_C, -1 },
		{ "mallopt", ALLOCATOR_C, -1 },
		{ "__libc_malloc", ALLOCATOR_C, -1 },
		{ "freeaddrinfo", ALLOCATOR_C, -1 },
		{ "_Znwm", ALLOCATOR_C, -1 },
		{ "_Znwm", ALLOCATOR_NEW, KOBS_UMEM_MALLOC },
		{ "_Znam", ALLOCATOR_NEW, KOBS_UMEM_MALLOC },
		{ "_ZnwmSt11align_val_t", ALLOCATOR_NEW, KOBS_UMEM_MALLOC },
		{ "_ZnamRKSt9nothrow_t", ALLOCATOR_ALL, KOBS_UMEM_MALLOC },
		{ "_ZnwmPv", ALLOCATOR_NEW, -1 },
		{ "_ZdlPv", ALLOCATOR_NEW, -1 },
		{ "_ZdlPv", ALLOCATOR_ALL, KOBS_UMEM_FREE },
		{ "_ZdaPvm", ALLOCATOR_ALL, KOBS_UMEM_FREE },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned int call = KOBS_UMEM_CALLS;
		bool found = allocator_call(cases[i].name, cases[i].kind, &call);

		ok(found == (cases[i].call >= 0) && (!found || (int)call == cases[i].call),
		   cases[i].name);
	}
}

static void test_maps(void)
{
	unsigned int call = 0;

	ok(allocator_maps("mmap64", &call) && call == KOBS_UMEM_MMAP, "mmap()");
	ok(allocator_maps("mremap", &call) && call == KOBS_UMEM_MREMAP, "mremap()");
	ok(allocator_maps("munmap", &call) && call == KOBS_UMEM_MUNMAP, "munmap()");
	ok(allocator_maps("brk", &call) && call == KOBS_UMEM_BRK, "brk()");
	ok(allocator_maps("sbrk", &call) && call == KOBS_UMEM_SBRK, "sbrk()");
	ok(!allocator_maps("mmap_min_addr", &call), "what maps nothing");
}

static void test_libraries(void)
{
	same(allocator_kind_of("libc.so.6"), ALLOCATOR_C, "the C library");
	same(allocator_kind_of("libc-2.31.so"), ALLOCATOR_C, "an older one");
	same(allocator_kind_of("ld-musl-x86_64.so.1"), ALLOCATOR_C, "another one");
	same(allocator_kind_of("libstdc++.so.6.0.30"), ALLOCATOR_NEW, "that of C++");
	same(allocator_kind_of("libjemalloc.so.2"), ALLOCATOR_ALL, "jemalloc");
	same(allocator_kind_of("libtcmalloc_minimal.so.4"), ALLOCATOR_ALL, "tcmalloc");
	same(allocator_kind_of("libcap.so.2"), ALLOCATOR_NONE, "no allocator");
	same(allocator_kind_of("ld-linux-x86-64.so.2"), ALLOCATOR_NONE, "the loader");
}

/* Whether a place has the first bytes of a function that is in memory here. */
static bool has_function(const struct allocator *a, unsigned int call, const void *function)
{
	size_t i;

	for (i = 0; i < a->words.n; i += KOBS_UMEM_WORDS)
		if (a->words.v[i] >> 32 == call &&
		    !memcmp(&a->words.v[i + 2], function, sizeof(uint64_t)))
			return true;
	return false;
}

static void check_own(const struct allocator *a, const char *name)
{
	ok(a->allocates && a->frees && !(a->words.n % KOBS_UMEM_WORDS) &&
	   a->words.n / KOBS_UMEM_WORDS >= 8 && !allocator_check(a, "it"), name);
#ifndef __SANITIZE_ADDRESS__
	ok(has_function(a, KOBS_UMEM_MALLOC, (const void *)malloc), "malloc()");
	ok(has_function(a, KOBS_UMEM_CALLOC, (const void *)calloc), "calloc()");
	ok(has_function(a, KOBS_UMEM_REALLOC, (const void *)realloc), "realloc()");
	ok(has_function(a, KOBS_UMEM_POSIX, (const void *)posix_memalign), "posix_memalign()");
	ok(has_function(a, KOBS_UMEM_FREE, (const void *)free), "free()");
#endif
}

static void test_files(void)
{
	struct allocator own = {}, command = {}, none = {}, maps = { .maps = true };
	struct buf said = {};
	size_t i, k;
	bool twice = false;
	uint64_t places;

	same(allocator_of_process(&own, (uint32_t)getpid()), 0, "a process");
	check_own(&own, "functions of this process");
	for (i = 0; i < own.words.n; i += KOBS_UMEM_WORDS)
		for (k = 0; k < i; k += KOBS_UMEM_WORDS)
			twice |= (uint32_t)own.words.v[i] == (uint32_t)own.words.v[k] &&
				 own.words.v[i + 1] == own.words.v[k + 1];
	ok(!twice, "no place is there twice");
	places = own.words.n;
	allocator_of_process(&own, (uint32_t)getpid());
	same(own.words.n, places, "a file is taken once");
	allocator_add_file(&own, "/proc/self/exe", ALLOCATOR_C);
	same(own.words.n, places, "also by another path");
	allocator_of_command(&command, "sh");
	check_own(&command, "functions of a command");
	sentences_kept = &said;
	allocator_add_file(&none, "/dev/null", ALLOCATOR_C);
	allocator_add_file(&none, "/etc/passwd", ALLOCATOR_C);
	allocator_add_file(&none, "/nonexistent", ALLOCATOR_C);
	ok(!none.words.n && !none.nr_paths, "files that are no programs");
	ok(allocator_check(&none, "it") == STATUS_REFUSED && strstr(said.p, "has no allocator"),
	   "no functions are refused");
	ok(allocator_add_named(&none, "/etc/passwd", 0) == STATUS_REFUSED,
	   "a library without functions is refused");
	ok(allocator_add_named(&none, "/nonexistent", 0) == STATUS_REFUSED,
	   "a library that is not there is refused");
	ok(!allocator_add_named(&none, "libc", 0) && none.allocates, "a library by its name");
	sentences_kept = NULL;
	buf_free(&said);
	allocator_of_command(&maps, "sh");
	ok(maps.words.n == command.words.n + 5 * KOBS_UMEM_WORDS, "functions that map are five more");
	allocator_free(&maps);
	allocator_free(&own);
	allocator_free(&command);
	allocator_free(&none);
}

static void take(struct rss_reading *r, const char *text)
{
	enum rss_kind kind = RSS_FILE;
	char *copy = copy_string(text);
	char *save = NULL;
	char *line;

	for (line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		rss_parse_line(r, &kind, line);
	free(copy);
}

static void test_mappings(void)
{
	static const uint64_t want[RSS_KINDS] = {
		[RSS_HEAP] = 100, [RSS_ANONYMOUS] = 7 + 11, [RSS_STACK] = 20, [RSS_DATA] = 3,
		[RSS_FILE] = 40 - 3 + 1, [RSS_SHARED] = 50 + 60 + 70, [RSS_SWAP] = 8 + 9,
	};
	struct rss_reading r = {};
	size_t i;

	take(&r, "55d0c0a00000-55d0c0a21000 rw-p 00000000 00:00 0                    [heap]\n"
		 "Size:  132 kB\nRss:                 100 kB\nPss: 90 kB\nAnonymous:  100 kB\n"
		 "Swap:                  8 kB\nSwapPss:               8 kB\n"
		 "VmFlags: rd wr mr mw me ac\n"
		 "7f0000000000-7f0000100000 rw-p 00000000 00:00 0\nRss: 7 kB\nAnonymous: 7 kB\n"
		 "7f0000100000-7f0000200000 rw-p 00000000 00:00 0    [anon:glibc: malloc]\n"
		 "Rss: 11 kB\nAnonymous: 11 kB\nSwap: 9 kB\n"
		 "7f0000200000-7f0000300000 r-xp 00001000 fe:01 1234  /usr/lib/libc.so.6\n"
		 "Rss: 40 kB\nAnonymous: 3 kB\n"
		 "7f0000300000-7f0000400000 rw-s 00000000 00:01 77    /memfd:x (deleted)\n"
		 "Rss: 50 kB\nAnonymous: 0 kB\n"
		 "7f0000400000-7f0000500000 rw-s 00000000 00:05 78    /dev/shm/a b\nRss: 60 kB\n"
		 "7f0000500000-7f0000600000 rw-s 00000000 00:01 9     /SYSV00000000 (deleted)\n"
		 "Rss: 70 kB\n"
		 "7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0     [stack]\nRss: 20 kB\n"
		 "7ffc00100000-7ffc00102000 r-xp 00000000 00:00 0     [vdso]\nRss: 1 kB\n");
	for (i = 0; i < RSS_KINDS; i++)
		same(r.bytes[i], want[i] * 1024, rss_names[i]);
	same(rss_heap(&r), (100 + 18 + 17) * 1024, "what allocators can have");
	same(rss_resident(&r), (100 + 18 + 20 + 3 + 38 + 180) * 1024, "what is resident");
	r = (struct rss_reading){};
	ok(rss_read(&r, "/proc/self/smaps") && r.processes == 1 && r.bytes[RSS_FILE] &&
	   rss_heap(&r), "this process");
	ok(!rss_read(&r, "/proc/nonexistent/smaps") && r.processes == 1, "one that is not there");
}

#define MIB	1048576ull

static void test_verdicts(void)
{
	static const struct {
		const char *name;
		bool whole;
		uint64_t first, last, live;
		enum rss_verdict want;
	} cases[] = {
		{ "it did not grow", false, 50 * MIB, 50 * MIB, 0, RSS_STEADY },
		{ "it shrank", false, 50 * MIB, 20 * MIB, 9 * MIB, RSS_STEADY },
		{ "a little growth", false, 50 * MIB, 51 * MIB - 1, 0, RSS_STEADY },
		{ "growth by live objects", false, 50 * MIB, 60 * MIB, 9 * MIB, RSS_USED },
		{ "half of the growth", false, 50 * MIB, 60 * MIB, 5 * MIB, RSS_USED },
		{ "growth by something else", false, 50 * MIB, 60 * MIB, 5 * MIB - 1,
		  RSS_FRAGMENTED },
		{ "all of a small program", true, MIB / 2, MIB / 2, 0, RSS_STEADY },
		{ "all of a program, in use", true, MIB, 10 * MIB, 6 * MIB, RSS_USED },
		{ "all of a program, in pieces", true, MIB, 10 * MIB, 2 * MIB, RSS_FRAGMENTED },
	};
	struct rss_series s = {};
	size_t i;

	same(rss_judge(&s, 0), RSS_UNKNOWN, "no readings");
	rss_add(&s, &(struct rss_reading){}, 1);
	same(rss_judge(&s, 0), RSS_UNKNOWN, "one reading");
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		s = (struct rss_series){ .whole = cases[i].whole };
		rss_add(&s, &(struct rss_reading){ .bytes[RSS_HEAP] = cases[i].first },
			NSEC_PER_SEC);
		rss_add(&s, &(struct rss_reading){ .bytes[RSS_ANONYMOUS] = cases[i].last },
			2 * NSEC_PER_SEC);
		same(rss_judge(&s, cases[i].live), cases[i].want, cases[i].name);
		ok(s.most >= cases[i].first && s.most >= cases[i].last &&
		   (s.most == cases[i].first || s.most == cases[i].last), "the most of it");
	}
}

/* What is said below the rows. */
static void test_sentences(void)
{
	static const struct {
		bool whole;
		uint64_t first, last, live;
		const char *want;
	} cases[] = {
		{
			false, 5 * MIB, 5 * MIB, 1 * MIB,
			"steady: heap and anonymous mappings changed by 0 B, live objects of the session have 1.0 MiB\n",
		},
		{ false, 5 * MIB, 5 * MIB, 1 * MIB + 1, "in memory that was there before" },
		{ true, 0, MIB / 2, MIB,
		  "steady: heap and anonymous mappings have 512 KiB, live objects 1.0 MiB\n" },
		{ true, 0, MIB / 2, 2 * MIB, "the program has not touched all of it" },
		{
			false, MIB, 4 * MIB, 2 * MIB,
			"used: heap and anonymous mappings grew by 3.0 MiB, live objects of the session 2.0 MiB: it is theirs\n",
		},
		{
			true, MIB, 4 * MIB, MIB,
			"fragmented: heap and anonymous mappings have 4.0 MiB, live objects of the session only 1.0 MiB: ",
		},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rss_series s = { .whole = cases[i].whole };
		char *text = NULL;
		size_t size = 0;
		FILE *f = open_memstream(&text, &size);
		struct out o;

		rss_add(&s, &(struct rss_reading){ .bytes[RSS_HEAP] = cases[i].first }, 1);
		rss_add(&s, &(struct rss_reading){ .bytes[RSS_HEAP] = cases[i].last }, 2);
		out_init(&o, f, false);
		rss_print_foot(&s, cases[i].live, &o);
		out_free(&o);
		fclose(f);
		ok(strstr(text, cases[i].want), cases[i].want);
		free(text);
	}
}

/* What is printed as JSON is what is restored. */
static void test_saved(void)
{
	struct rss_series s = { .whole = true }, back = {};
	char *text = NULL;
	size_t size = 0;
	struct out o;
	json_t *root;
	FILE *f;

	rss_add(&s, &(struct rss_reading){ .bytes = { 1 * MIB, 2, 3, 4, 5, 6, 7 } }, 1);
	rss_add(&s, &(struct rss_reading){ .bytes = { 11, 9 * MIB, 13, 14, 15, 16, 17 } }, 2);
	f = open_memstream(&text, &size);
	out_init(&o, f, true);
	out_open(&o, NULL, '{');
	rss_print_foot(&s, 2 * MIB, &o);
	out_close(&o, '}');
	out_free(&o);
	fclose(f);
	root = json_file_parse(text, size);
	ok(root, "it is JSON");
	rss_restore(&back, json_object_get(root, "rss"));
	ok(!memcmp(back.first.bytes, s.first.bytes, sizeof(s.first.bytes)) &&
	   !memcmp(back.last.bytes, s.last.bytes, sizeof(s.last.bytes)), "the bytes");
	ok(back.readings == 2 && back.most == s.most && back.whole, "what belongs to them");
	same(rss_judge(&back, 2 * MIB), RSS_FRAGMENTED, "the verdict");
	json_decref(root);
	free(text);
}

int main(void)
{
	test_names();
	test_maps();
	test_libraries();
	test_files();
	test_mappings();
	test_verdicts();
	test_sentences();
	test_saved();
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
