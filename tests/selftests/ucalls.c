// SPDX-License-Identifier: GPL-2.0
/*
 * ucalls COMMAND...: calls functions a known number of times with known arguments, for
 * the tests of probes in programs. Its commands, in their order:
 *
 *	call N			uc_work(i, "even" or "odd", item i) for i < N; returns 2 * i
 *	recurse DEPTH		uc_recurse(DEPTH), which calls itself down to 1
 *	jump N			uc_thrower() N times, called by uc_thrown(), which a
 *				longjmp() leaves
 *	tail N			uc_tail(i), which jumps to uc_work(), for i < N
 *	threads T N		T threads, each of which does call N
 *	fork N			uc_forks() N times, which returns in a child, too
 *	exec N			uc_execs(), in which the program executes itself with call N
 *	exit			uc_exits(), which does not return
 *	malloc N BYTES		uc_allocates(BYTES) N times, which calls libc's malloc()
 *	gos N			a function with a name of Go's, N times
 *	memory N		call N, with items' texts in memory of which only that of
 *				the odd ones was touched
 *	wait			reads a byte of its standard input
 *	bench N			ns of a call of uc_bench(), the least of 12 rounds of N
 *
 * Built with frame pointers.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "utime.h"

#define FUNCTION __attribute__((noipa))

struct item {
	long		number;
	unsigned int	next;
	const char	*text;
};

static jmp_buf back;
static char *program;

long uc_tail(long i, const char *parity, const struct item *item);
long uc_go(long i) __asm__("\"net/http.(*ServeMux).ServeHTTP\"");
long uc_bench(long i);

FUNCTION long uc_work(long i, const char *parity, const struct item *item)
{
	return item->number == i && *parity ? 2 * i : -1;
}

/*
 * Functions whose instructions are known. The first one jumps, and leaves the return
 * to uc_work(); the second one begins as most do, with what the kernel emulates; and
 * the third one, which nothing calls, with what it refuses on x86.
 */
#ifdef __x86_64__
#define TAIL	"nop\n\tjmp uc_work"
#define BENCH	"push %rbp\n\tmov %rdi, %rax\n\tpop %rbp\n\tret"
#define HALT	"hlt"
#else
#define TAIL	"nop\n\tb uc_work"
#define BENCH	"nop\n\tret"
#define HALT	"nop"
#endif
#define CODE(name, code)						\
	__asm__(".globl " #name "\n\t.type " #name ", %function\n"	\
		#name ":\n\t" code "\n\t.size " #name ", . - " #name "\n")

CODE(uc_tail, TAIL);
CODE(uc_bench, BENCH);
CODE(halts, HALT);

FUNCTION long uc_recurse(long depth)
{
	return depth > 1 ? uc_recurse(depth - 1) + 1 : 1;
}

FUNCTION void uc_thrower(void)
{
	longjmp(back, 1);
}

FUNCTION long uc_thrown(long i)
{
	uc_thrower();
	return i;
}

FUNCTION long uc_forks(void)
{
	return fork();
}

FUNCTION void uc_execs(const char *n)
{
	execl(program, "ucalls", "call", n, NULL);
}

FUNCTION void uc_exits(void)
{
	_exit(0);
}

FUNCTION void *uc_allocates(size_t bytes)
{
	void *p = malloc(bytes);

	/* Something after the call, which is no jump then. */
	__asm__ volatile("" : "+r" (p));
	return p;
}

FUNCTION long uc_go(long i)
{
	return i + 1;
}

/* Bring memory in: what is not there cannot be read. */
static void touch(const char *text)
{
	char c = *text;

	__asm__ volatile("" : : "r" (c));
}

static int call(long n)
{
	struct item item = { .text = "an item of ucalls" };
	int bad = 0;
	long i;

	touch("odd");
	touch("even");
	touch(item.text);
	for (i = 0; i < n; i++) {
		item.number = i;
		item.next = (unsigned int)i + 1;
		bad |= uc_work(i, i % 2 ? "odd" : "even", &item) != 2 * i;
	}
	return bad;
}

/* So far apart that no fault brings in the next one, too. */
#define APART	65536L

static int memory(long n)
{
	int fd = memfd_create("ucalls", MFD_CLOEXEC);
	static const char text[] = "an item of ucalls";
	struct item item = {};
	int bad = 0;
	char *all;

	for (item.number = 0; item.number < n; item.number++)
		bad |= pwrite(fd, text, sizeof(text), item.number * APART) != sizeof(text);
	all = mmap(NULL, (size_t)(n * APART), PROT_READ, MAP_PRIVATE, fd, 0);
	if (bad || all == MAP_FAILED)
		return 1;
	for (item.number = 0; item.number < n; item.number++) {
		item.text = all + item.number * APART;
		if (item.number % 2)
			touch(item.text);
		bad |= uc_work(item.number, "memory", &item) != 2 * item.number;
	}
	return bad;
}

static int tail(long n)
{
	struct item item = {};
	int bad = 0;

	for (item.number = 0; item.number < n; item.number++)
		bad |= uc_tail(item.number, "tail", &item) != 2 * item.number;
	return bad;
}

static int jump(long n)
{
	/* In no register, which would be set back. */
	static long i;

	for (i = 0; i < n; i++)
		if (!setjmp(back))
			uc_thrown(i);
	return 0;
}

static void *thread(void *n)
{
	return (void *)(long)call((long)n);
}

static int threads(long t, long n)
{
	pthread_t all[64];
	int bad = 0;
	void *got;
	long i;

	for (i = 0; i < t && i < 64; i++)
		bad |= pthread_create(&all[i], NULL, thread, (void *)n);
	for (i = 0; i < t && i < 64 && !bad; i++)
		bad |= pthread_join(all[i], &got) || got;
	return bad;
}

static int forks(long n)
{
	while (n--) {
		long pid = uc_forks();

		if (!pid)
			_exit(0);
		if (pid < 0 || waitpid((pid_t)pid, NULL, 0) != pid)
			return 1;
	}
	return 0;
}

static int allocate(long n, size_t bytes)
{
	int bad = 0;

	while (n--) {
		void *p = uc_allocates(bytes);

		bad |= !p;
		free(p);
	}
	return bad;
}

static int gos(long n)
{
	int bad = 0;
	long i;

	for (i = 0; i < n; i++)
		bad |= uc_go(i) != i + 1;
	return bad;
}

static void calls(long n)
{
	long i;

	for (i = 0; i < n; i++)
		uc_bench(i);
}

static int bench(long n)
{
	print_fastest(calls, n);
	return 0;
}

static int is(const char *word, const char *command)
{
	return !strcmp(word, command);
}

/* Do one command. Returns the number of its words, or 0 if it failed. */
static int command(char **v, int n)
{
	long number = n > 1 ? atol(v[1]) : 0;
	char byte;

	if (is(v[0], "wait"))
		return read(0, &byte, 1) == 1;
	if (is(v[0], "exit"))
		uc_exits();
	if (n < 2)
		return 0;
	if (is(v[0], "call"))
		return call(number) ? 0 : 2;
	if (is(v[0], "recurse"))
		return uc_recurse(number) == number ? 2 : 0;
	if (is(v[0], "jump"))
		return jump(number) ? 0 : 2;
	if (is(v[0], "tail"))
		return tail(number) ? 0 : 2;
	if (is(v[0], "fork"))
		return forks(number) ? 0 : 2;
	if (is(v[0], "exec"))
		uc_execs(v[1]);
	if (is(v[0], "memory"))
		return memory(number) ? 0 : 2;
	if (is(v[0], "gos"))
		return gos(number) ? 0 : 2;
	if (is(v[0], "bench"))
		return bench(number) ? 0 : 2;
	if (n < 3)
		return 0;
	if (is(v[0], "threads"))
		return threads(number, atol(v[2])) ? 0 : 3;
	if (is(v[0], "malloc"))
		return allocate(number, (size_t)atol(v[2])) ? 0 : 3;
	return 0;
}

int main(int argc, char **argv)
{
	int at = 1;

	program = realpath("/proc/self/exe", NULL);
	while (at < argc) {
		int words = command(argv + at, argc - at);

		if (!words) {
			fprintf(stderr, "ucalls: %s failed\n", argv[at]);
			return 1;
		}
		at += words;
	}
	return 0;
}
