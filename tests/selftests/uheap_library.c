// SPDX-License-Identifier: GPL-2.0
/*
 * libuheap.so: functions of an allocator, each of which calls that of the C library, for
 * the tests of 'mem user': preloaded, they make each call of a program two, one in the
 * other.
 */
#include <stdlib.h>

__typeof__(malloc) __libc_malloc;
__typeof__(calloc) __libc_calloc;
__typeof__(realloc) __libc_realloc;
__typeof__(free) __libc_free;

/* Something after a call, which is no jump then. */
static inline void *done(void *p)
{
	__asm__ volatile("" : "+r" (p));
	return p;
}

void *malloc(size_t bytes)
{
	return done(__libc_malloc(bytes));
}

void *calloc(size_t n, size_t bytes)
{
	return done(__libc_calloc(n, bytes));
}

void *realloc(void *old, size_t bytes)
{
	return done(__libc_realloc(old, bytes));
}

void free(void *old)
{
	__libc_free(old);
	__asm__ volatile("");
}
