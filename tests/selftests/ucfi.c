// SPDX-License-Identifier: GPL-2.0
/*
 * ucfi HOW N [ARG]: takes N page faults in touch(), one by one, with known callers,
 * none of which has a frame pointer. HOW says which:
 *
 *   recurse DEPTH	touch_all(), DEPTH + 1 times recurse(), call_recurse(), main()
 *   bare		bare_touch() in place of touch(), which has no unwind table;
 *			call_bare(), main()
 *   signal		touch_all(), on_signal(), the kernel's trampoline, raise() in
 *			libc, call_signal(), main()
 *   sort		touch_all(), compare(), libc's qsort(), call_sort(), main()
 *   library FILE	touch_all(), library_inner() and library_outer() of the file,
 *			which is opened at run time, call_library(), main()
 *   absent		touch_all(), call_absent(), whose callers' memory is gone
 *   write FILE		libc's write() to the file, in place of faults, by
 *			write_all(), 3 times recurse(), call_write(), main()
 *   spin		N rounds of work in spin_round(), spin_all(), 11 times
 *			recurse(), call_spin(), main()
 */
#define _GNU_SOURCE
#include <alloca.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FRAME __attribute__((noipa))
/* What it points to is used; and a call before is no jump. */
#define USE(memory) ({ asm volatile("" : : "r" (memory) : "memory"); })

#define PAGE 4096

static char *pages;
static int nr_pages;
static const char *argument;

static FRAME void touch(char *page)
{
	*page = 1;
	USE(page);
}

static FRAME void touch_all(void)
{
	int i;

	for (i = 0; i < nr_pages; i++)
		touch(pages + (size_t)i * PAGE);
}

void bare_touch(char *page);

#ifdef __x86_64__
#define TOUCH "movb $1, (%rdi)\n"
#else
#define TOUCH "strb w0, [x0]\n"
#endif

asm(".text\n.type bare_touch, @function\nbare_touch:\n" TOUCH "ret\n"
	".size bare_touch, . - bare_touch\n");

static FRAME void call_bare(void)
{
	int i;

	for (i = 0; i < nr_pages; i++)
		bare_touch(pages + (size_t)i * PAGE);
}

static FRAME int recurse(int depth, void (*last)(void))
{
	char *more = alloca((size_t)depth * 16 + 16);

	USE(more);
	if (depth)
		recurse(depth - 1, last);
	else
		last();
	USE(more);
	return 0;
}

static void call_recurse(void)
{
	recurse(argument ? atoi(argument) : 0, touch_all);
}

static FRAME void on_signal(int sig)
{
	touch_all();
	USE(0);
}

static FRAME void call_signal(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	USE(0);
}

static FRAME int compare(const void *a, const void *b)
{
	touch_all();
	nr_pages = 0;
	return *(const int *)a - *(const int *)b;
}

static FRAME void call_sort(void)
{
	int numbers[] = { 3, 1, 2 };

	qsort(numbers, 3, sizeof(*numbers), compare);
	USE(0);
}

#ifdef STATIC
static void call_library(void)
{
	exit(2);
}
#else
static FRAME void call_library(void)
{
	void *library = dlopen(argument, RTLD_NOW);
	void (*outer)(void (*last)(void));

	if (!library)
		exit(3);
	*(void **)&outer = dlsym(library, "library_outer");
	outer(touch_all);
	USE(0);
}
#endif

/* The page above its own frame, and what is above that, is forgotten: there is no way back. */
static FRAME void call_absent(void)
{
	char room[4 * PAGE];
	uintptr_t from = ((uintptr_t)room + 3 * PAGE) & ~(uintptr_t)(PAGE - 1);

	USE(room);
	/* The stack can end before that does. */
	madvise((void *)from, 3 * PAGE, MADV_DONTNEED);
	touch_all();
	USE(room);
	_exit(0);
}

static FRAME void write_all(void)
{
	int fd = open(argument, O_WRONLY);
	int i;

	for (i = 0; i < nr_pages; i++)
		if (write(fd, "x", 1) != 1)
			exit(5);
}

static void call_write(void)
{
	recurse(2, write_all);
}

static FRAME void spin_round(void)
{
	int i;

	for (i = 0; i < 1000; i++)
		USE(0);
}

static FRAME void spin_all(void)
{
	int i;

	for (i = 0; i < nr_pages; i++)
		spin_round();
}

static void call_spin(void)
{
	recurse(10, spin_all);
}

static const struct {
	const char *name;
	void (*call)(void);
} ways[] = {
	{ "recurse", call_recurse }, { "bare", call_bare }, { "signal", call_signal },
	{ "sort", call_sort }, { "library", call_library }, { "absent", call_absent },
	{ "write", call_write }, { "spin", call_spin },
};

int main(int argc, char **argv)
{
	size_t i;

	if (argc < 3)
		return 2;
	nr_pages = atoi(argv[2]);
	argument = argc > 3 ? argv[3] : NULL;
	pages = mmap(NULL, (size_t)nr_pages * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		return 1;
	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		if (strcmp(argv[1], ways[i].name))
			continue;
		ways[i].call();
		return 0;
	}
	return 2;
}
