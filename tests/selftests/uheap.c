// SPDX-License-Identifier: GPL-2.0
/*
 * uheap COMMAND...: allocates and frees memory a known number of times, of known sizes, by
 * known functions, for the tests of 'mem user'. Each function of the allocator has a caller
 * of its own, uh_malloc() and so on. Its commands, in their order:
 *
 *	leak HOW N BYTES	N objects that stay; HOW is malloc, calloc, realloc,
 *				reallocarray, memalign, aligned_alloc, posix_memalign, valloc,
 *				or C++'s new
 *	clean HOW N BYTES	likewise, each of which is freed
 *	grow N FROM TO		N objects by uh_malloc(FROM), resized by uh_realloc(TO)
 *	nothing N		N objects by uh_malloc(32), resized to 0 by uh_nothing()
 *	fail N			N objects by uh_malloc(48), and uh_fail() that asks for more
 *				than there is, once by malloc() and once by realloc() of each
 *	null N			free(NULL), N times
 *	threads T N BYTES	T threads, each of which leaks N and cleans N, by malloc
 *	cross N BYTES		N objects by uh_malloc() in a thread, freed by another one
 *	fork N			N objects by uh_malloc(64), which a child frees, too, as well as
 *				N of its own
 *	exec N M		N objects by uh_malloc(64), and the program executes itself
 *				with leak malloc M 64
 *	map N BYTES		N mappings by uh_mmap() that stay, but for the first page of
 *				each, by uh_munmap()
 *	unmap N BYTES		likewise, of a size that uh_mremap() doubles, all of which goes
 *	refused N BYTES		N mappings by uh_mmap() that stay, each after three calls of
 *				uh_munmap() that fail
 *	part N BYTES M		N mappings by uh_mmap() and M objects by uh_malloc(16) that
 *				stay, then the first page of each mapping goes by uh_munmap()
 *	sized N BYTES		N objects of C++'s new, freed by the delete that is told their size
 *	heap N BYTES		the end of the heap moved up N times by uh_sbrk(), and once by
 *				uh_brk()
 *	shrink N BYTES		likewise, and all of it down again at once
 *	drip N BYTES MS		leaks an object by uh_malloc() every MS milliseconds, N times
 *	spike BYTES		memory of so many bytes in objects of 1 KiB by uh_malloc(), of
 *				which every 16th stays
 *	drop			frees what leak has left
 *	wait			reads a byte of its standard input
 *	bench N			ns of a pair of malloc() and free(), the least of 12 rounds of N
 *
 * Built with frame pointers, and with -static -DSTATIC as well.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "uheap_calls.h"
#include "utime.h"

#define KEPT	100000

static void *kept[KEPT];
static long nr_kept;
static char *program;

static const struct how {
	const char	*name;
	void		*(*make)(size_t bytes);
} hows[] = {
	{ "malloc", uh_malloc }, { "calloc", uh_calloc }, { "realloc", uh_new },
	{ "reallocarray", uh_reallocarray }, { "memalign", uh_memalign },
	{ "aligned_alloc", uh_aligned_alloc }, { "posix_memalign", uh_posix_memalign },
	{ "valloc", uh_valloc }, { "new", uh_operator_new }, { NULL, NULL }
};

static const struct how *how_of(const char *name)
{
	const struct how *how = hows;

	while (how->name && strcmp(how->name, name))
		how++;
	return how->name ? how : NULL;
}

static int keep(void *p)
{
	if (!p || nr_kept == KEPT)
		return 1;
	kept[nr_kept++] = p;
	return 0;
}

static int leak(const char *name, long n, size_t bytes)
{
	const struct how *how = how_of(name);
	int bad = !how;

	while (!bad && n--)
		bad = keep(how->make(bytes));
	return bad;
}

static int clean(const char *name, long n, size_t bytes)
{
	const struct how *how = how_of(name);
	int bad = !how;

	while (!bad && n--) {
		void *p = how->make(bytes);

		bad = !p;
		uh_free(p);
	}
	return bad;
}

static int grow(long n, size_t from, size_t to)
{
	int bad = 0;

	while (!bad && n--)
		bad = keep(uh_realloc(uh_malloc(from), to));
	return bad;
}

static int nothing(long n)
{
	int bad = 0;

	while (n--)
		bad |= !!uh_nothing(uh_malloc(32));
	return bad;
}

static int fail(long n)
{
	int bad = 0;

	while (!bad && n--) {
		bad = keep(uh_malloc(48));
		if (!bad)
			bad = uh_fail(kept[nr_kept - 1]);
	}
	return bad;
}

/* What a thread does; some of its objects are in no list. */
struct work {
	long	n;
	size_t	bytes;
	void	**made;
	int	bad;
};

static void *work(void *arg)
{
	struct work *w = arg;
	long i;

	for (i = 0; i < w->n; i++)
		w->bad |= !uh_malloc(w->bytes);
	w->bad |= clean("malloc", w->n, w->bytes);
	return NULL;
}

static int threads(long t, long n, size_t bytes)
{
	struct work all[32];
	pthread_t id[32];
	int bad = t > 32;
	long i;

	for (i = 0; i < t && !bad; i++) {
		all[i] = (struct work){ .n = n, .bytes = bytes };
		bad = pthread_create(&id[i], NULL, work, &all[i]);
	}
	for (i = 0; i < t && !bad; i++)
		bad = pthread_join(id[i], NULL) || all[i].bad;
	return bad;
}

static void *make(void *arg)
{
	struct work *w = arg;
	long i;

	for (i = 0; i < w->n; i++)
		w->made[i] = uh_malloc(w->bytes);
	return NULL;
}

static void *drop_made(void *arg)
{
	struct work *w = arg;
	long i;

	for (i = 0; i < w->n; i++)
		uh_free(w->made[i]);
	return NULL;
}

static int cross(long n, size_t bytes)
{
	struct work w = { .n = n, .bytes = bytes, .made = kept + nr_kept };
	pthread_t id;

	if (n > KEPT - nr_kept || pthread_create(&id, NULL, make, &w) || pthread_join(id, NULL))
		return 1;
	return pthread_create(&id, NULL, drop_made, &w) || pthread_join(id, NULL);
}

static int forks(long n)
{
	long from = nr_kept;
	int status;
	pid_t pid;
	long i;

	if (leak("malloc", n, 64))
		return 1;
	pid = fork();
	if (!pid) {
		for (i = from; i < nr_kept; i++)
			uh_free(kept[i]);
		_exit(clean("malloc", n, 64));
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid || status;
}

static int execs(const char *n, const char *m)
{
	if (leak("malloc", atol(n), 64))
		return 1;
	execl(program, "uheap", "leak", "malloc", m, "64", NULL);
	return 1;
}

static int map(long n, size_t bytes, int all)
{
	int bad = 0;

	while (!bad && n--) {
		void *p = uh_mmap(bytes);

		if (p && all)
			p = uh_mremap(p, bytes, 2 * bytes);
		bad = !p || uh_munmap(p, all ? 2 * bytes : 1);
	}
	return bad;
}

/* No length, more than there is, and no begin of a page. */
static int refused(long n, size_t bytes)
{
	int bad = 0;

	while (!bad && n--) {
		char *p = uh_mmap(bytes);

		bad = !p || !uh_munmap(p, 0) || !uh_munmap(p, SIZE_MAX / 2) ||
		      !uh_munmap(p + 1, bytes);
	}
	return bad;
}

static int part(long n, size_t bytes, long m)
{
	int bad = n > KEPT - nr_kept;
	long i;

	for (i = 0; i < n && !bad; i++) {
		kept[nr_kept + i] = uh_mmap(bytes);
		bad = !kept[nr_kept + i];
	}
	while (!bad && m--)
		bad = !uh_malloc(16);
	for (i = 0; i < n && !bad; i++)
		bad = uh_munmap(kept[nr_kept + i], 1);
	return bad;
}

static int drip(long n, size_t bytes, long ms)
{
	int bad = 0;

	while (!bad && n--) {
		struct timespec pause = { .tv_nsec = ms * 1000000 };

		bad = keep(uh_malloc(bytes));
		nanosleep(&pause, NULL);
	}
	return bad;
}

static int spike(size_t bytes)
{
	long n = (long)(bytes / 1024);
	int bad = n > KEPT - nr_kept;
	long i;

	for (i = 0; i < n && !bad; i++) {
		void *p = uh_malloc(1024);

		bad = !p;
		if (p)
			memset(p, 1, 1024);
		kept[nr_kept + i] = p;
	}
	for (i = 0; i < n && !bad; i++)
		if (i % 16)
			uh_free(kept[nr_kept + i]);
	return bad;
}

static int drop(void)
{
	while (nr_kept)
		uh_free(kept[--nr_kept]);
	return 0;
}

static void pairs(long n)
{
	while (n--)
		uh_free(uh_malloc(64));
}

static int bench(long n)
{
	print_fastest(pairs, n);
	return 0;
}

static int sized(long n, size_t bytes)
{
	int bad = 0;

	while (!bad && n--) {
		void *p = uh_operator_new(bytes);

		bad = !p || uh_sized_delete(p, bytes);
	}
	return bad;
}

static int heap(long n, size_t bytes, int all)
{
	char *begin = sbrk(0);
	int bad = 0;
	long i;

	for (i = 0; i < n && !bad; i++)
		bad = !uh_sbrk((intptr_t)bytes);
	if (!bad)
		bad = uh_brk(begin + (size_t)(n + 1) * bytes);
	return bad || (all && !uh_sbrk(-(intptr_t)((size_t)(n + 1) * bytes)));
}

static int pause_here(void)
{
	char byte;

	return read(0, &byte, 1) != 1;
}

static int nulls(long n)
{
	while (n--)
		uh_free(NULL);
	return 0;
}

/* Numbers of a command: the words behind its name, from 1. */
#define RUN(name, call)							\
	static int run_##name(char **v, long a, long b, long c)		\
	{								\
		(void)v;						\
		(void)a;						\
		(void)b;						\
		(void)c;						\
		return call;						\
	}

RUN(wait, pause_here())
RUN(drop, drop())
RUN(nothing, nothing(a))
RUN(fail, fail(a))
RUN(null, nulls(a))
RUN(fork, forks(a))
RUN(spike, spike((size_t)a))
RUN(bench, bench(a))
RUN(cross, cross(a, (size_t)b))
RUN(map, map(a, (size_t)b, 0))
RUN(unmap, map(a, (size_t)b, 1))
RUN(refused, refused(a, (size_t)b))
RUN(part, part(a, (size_t)b, c))
RUN(sized, sized(a, (size_t)b))
RUN(heap, heap(a, (size_t)b, 0))
RUN(shrink, heap(a, (size_t)b, 1))
RUN(exec, execs(v[1], v[2]))
RUN(leak, leak(v[1], b, (size_t)c))
RUN(clean, clean(v[1], b, (size_t)c))
RUN(grow, grow(a, (size_t)b, (size_t)c))
RUN(threads, threads(a, b, (size_t)c))
RUN(drip, drip(a, (size_t)b, c))

static const struct {
	const char	*name;
	int		words;
	int		(*run)(char **v, long a, long b, long c);
} commands[] = {
	{ "wait", 1, run_wait }, { "drop", 1, run_drop }, { "nothing", 2, run_nothing },
	{ "fail", 2, run_fail }, { "null", 2, run_null }, { "fork", 2, run_fork },
	{ "spike", 2, run_spike }, { "bench", 2, run_bench }, { "cross", 3, run_cross },
	{ "map", 3, run_map }, { "unmap", 3, run_unmap }, { "sized", 3, run_sized },
	{ "heap", 3, run_heap }, { "shrink", 3, run_shrink }, { "exec", 3, run_exec },
	{ "leak", 4, run_leak }, { "clean", 4, run_clean }, { "grow", 4, run_grow },
	{ "threads", 4, run_threads }, { "drip", 4, run_drip }, { "part", 4, run_part },
	{ "refused", 3, run_refused },
};

/* Do one command. Returns the number of its words, or 0 if it failed. */
static int command(char **v, int n)
{
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		int words = commands[i].words;

		if (strcmp(v[0], commands[i].name) || n < words)
			continue;
		return commands[i].run(v, words > 1 ? atol(v[1]) : 0, words > 2 ? atol(v[2]) : 0,
				       words > 3 ? atol(v[3]) : 0) ? 0 : words;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int at = 1;

	program = realpath("/proc/self/exe", NULL);
	while (at < argc) {
		int words = command(argv + at, argc - at);

		if (!words) {
			fprintf(stderr, "uheap: %s failed\n", argv[at]);
			return 1;
		}
		at += words;
	}
	return 0;
}
