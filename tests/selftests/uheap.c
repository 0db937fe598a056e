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
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FUNCTION __attribute__((noipa))

/* Something after a call, which is no jump then. */
static inline void *done(void *p)
{
	__asm__ volatile("" : "+r" (p));
	return p;
}

#define KEPT	100000

static void *kept[KEPT];
static long nr_kept;
static char *program;

FUNCTION void *uh_malloc(size_t bytes)
{
	return done(malloc(bytes));
}

FUNCTION void *uh_calloc(size_t bytes)
{
	/* A product: of 1 and all of it, if it is odd. */
	return done(bytes % 2 ? calloc(1, bytes) : calloc(2, bytes / 2));
}

FUNCTION void *uh_realloc(void *old, size_t bytes)
{
	return done(realloc(old, bytes));
}

FUNCTION void *uh_new(size_t bytes)
{
	return uh_realloc(NULL, bytes);
}

FUNCTION void *uh_reallocarray(size_t bytes)
{
	return done(reallocarray(NULL, 2, bytes / 2));
}

FUNCTION void *uh_memalign(size_t bytes)
{
	return done(memalign(256, bytes));
}

FUNCTION void *uh_aligned_alloc(size_t bytes)
{
	return done(aligned_alloc(64, bytes));
}

FUNCTION void *uh_posix_memalign(size_t bytes)
{
	void *p = NULL;

	return posix_memalign(&p, 128, bytes) ? NULL : p;
}

FUNCTION void *uh_valloc(size_t bytes)
{
	return done(valloc(bytes));
}

FUNCTION void uh_free(void *p)
{
	free(p);
	__asm__ volatile("");
}

FUNCTION void *uh_nothing(void *old)
{
	return done(realloc(old, 0));
}

FUNCTION void *uh_mmap(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return done(p == MAP_FAILED ? NULL : p);
}

FUNCTION void *uh_mremap(void *old, size_t from, size_t to)
{
	void *p = mremap(old, from, to, MREMAP_MAYMOVE);

	return done(p == MAP_FAILED ? NULL : p);
}

FUNCTION int uh_munmap(void *p, size_t bytes)
{
	int err = munmap(p, bytes);

	__asm__ volatile("");
	return err;
}

/* C++'s operator new, which calls malloc(); there is none in a static program. */
FUNCTION void *uh_operator_new(size_t bytes)
{
	static void *(*operator_new)(size_t bytes);

#ifndef STATIC
	if (!operator_new)
		operator_new = dlsym(dlopen("libstdc++.so.6", RTLD_NOW), "_Znwm");
#endif
	return done(operator_new ? operator_new(bytes) : NULL);
}

/* More than there is. */
FUNCTION size_t much(void)
{
	return PTRDIFF_MAX;
}

FUNCTION int uh_fail(void *old)
{
	if (done(malloc(much())) || errno != ENOMEM)
		return 1;
	return done(realloc(old, much())) || errno != ENOMEM;
}

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

static int bench(long n)
{
	double best = 0;
	int round;

	for (round = 0; round < 12; round++) {
		struct timespec a, b;
		double took;
		long i;

		clock_gettime(CLOCK_MONOTONIC, &a);
		for (i = 0; i < n; i++)
			uh_free(uh_malloc(64));
		clock_gettime(CLOCK_MONOTONIC, &b);
		took = (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec);
		if (!round || took < best)
			best = took;
	}
	printf("%.1f ns\n", best / (double)n);
	fflush(stdout);
	return 0;
}

static int is(const char *word, const char *command)
{
	return !strcmp(word, command);
}

/* Do one command. Returns the number of its words, or 0 if it failed. */
static int command(char **v, int n)
{
	long a = n > 1 ? atol(v[1]) : 0;
	long b = n > 2 ? atol(v[2]) : 0;
	long c = n > 3 ? atol(v[3]) : 0;
	char byte;

	if (is(v[0], "wait"))
		return read(0, &byte, 1) == 1;
	if (is(v[0], "drop"))
		return !drop();
	if (n < 2)
		return 0;
	if (is(v[0], "nothing"))
		return nothing(a) ? 0 : 2;
	if (is(v[0], "fail"))
		return fail(a) ? 0 : 2;
	if (is(v[0], "null"))
		for (; a; a--)
			uh_free(NULL);
	if (is(v[0], "null"))
		return 2;
	if (is(v[0], "fork"))
		return forks(a) ? 0 : 2;
	if (is(v[0], "spike"))
		return spike((size_t)a) ? 0 : 2;
	if (is(v[0], "bench"))
		return bench(a) ? 0 : 2;
	if (n < 3)
		return 0;
	if (is(v[0], "cross"))
		return cross(a, (size_t)b) ? 0 : 3;
	if (is(v[0], "map"))
		return map(a, (size_t)b, 0) ? 0 : 3;
	if (is(v[0], "unmap"))
		return map(a, (size_t)b, 1) ? 0 : 3;
	if (is(v[0], "exec"))
		return execs(v[1], v[2]) ? 0 : 3;
	if (n < 4)
		return 0;
	if (is(v[0], "leak"))
		return leak(v[1], b, (size_t)c) ? 0 : 4;
	if (is(v[0], "clean"))
		return clean(v[1], b, (size_t)c) ? 0 : 4;
	if (is(v[0], "grow"))
		return grow(a, (size_t)b, (size_t)c) ? 0 : 4;
	if (is(v[0], "threads"))
		return threads(a, b, (size_t)c) ? 0 : 4;
	if (is(v[0], "drip"))
		return drip(a, (size_t)b, c) ? 0 : 4;
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
