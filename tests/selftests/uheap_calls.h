/* SPDX-License-Identifier: GPL-2.0 */
/* The functions of uheap that call the allocator, one each, whose names tests know. */
#ifndef UHEAP_CALLS_H
#define UHEAP_CALLS_H

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define FUNCTION __attribute__((noipa))

/* Something after a call, which is no jump then. */
static inline void *done(void *p)
{
	__asm__ volatile("" : "+r" (p));
	return p;
}

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

FUNCTION void *uh_sbrk(intptr_t bytes)
{
	void *p = sbrk(bytes);

	return done(p == (void *)-1 ? NULL : p);
}

FUNCTION int uh_brk(void *end)
{
	int err = brk(end);

	__asm__ volatile("");
	return err;
}

/* A function of C++: the allocator's, or its library's, of which a static program has none. */
#ifndef STATIC
static void *cxx(const char *name)
{
	void *found = dlsym(RTLD_DEFAULT, name);

	return found ? found : dlsym(dlopen("libstdc++.so.6", RTLD_NOW), name);
}
#else
#define cxx(name)	((void)(name), NULL)
#endif

/* C++'s operator new, which calls malloc(), or is the allocator's own. */
FUNCTION void *uh_operator_new(size_t bytes)
{
	static void *(*operator_new)(size_t bytes);

	if (!operator_new)
		operator_new = cxx("_Znwm");
	return done(operator_new ? operator_new(bytes) : NULL);
}

FUNCTION int uh_sized_delete(void *p, size_t bytes)
{
	static void (*sized_delete)(void *p, size_t bytes);

	if (!sized_delete)
		sized_delete = cxx("_ZdlPvm");
	if (sized_delete)
		sized_delete(p, bytes);
	return !sized_delete;
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

#endif
