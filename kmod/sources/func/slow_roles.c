// SPDX-License-Identifier: GPL-2.0
/*
 * Source func, mode slow: roots and children. Pure; see slow_roles.h.
 *
 * Locking: see slow_roles.h.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "sources/func/slow_roles.h"

/*
 * Where ftrace is called is so near to a function's start: behind an endbr, or
 * what else a prologue has. The next function does not begin there.
 */
#define ROLES_PROLOGUE	16

/* Places in which something is kept, for each function. */
#define ROLES_ROOM	4

static u64 roles_func(u64 word)
{
	return word >> KOBS_SLOW_ROLE_BITS;
}

static int roles_compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a;
	u64 y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* In order, and a function that has two roles once. */
static void roles_sort(struct kobs_slow_roles *r)
{
	unsigned int n = 0;
	unsigned int i;

	sort(r->v, r->n, sizeof(*r->v), roles_compare, NULL);
	for (i = 0; i < r->n; i++) {
		if (n && roles_func(r->v[n - 1]) == roles_func(r->v[i]))
			r->v[n - 1] |= r->v[i];
		else
			r->v[n++] = r->v[i];
	}
	r->n = n;
}

/**
 * kobs_slow_roles_init() - take the functions of a session
 * @r: functions, all zero
 * @roots: addresses of those whose calls are explained
 * @n_roots: number of them
 * @inner: addresses of those whose calls in these are observed
 * @n_inner: number of them, at least 1
 *
 * Context: task, may sleep.
 * Return: 0 or -ENOMEM; kobs_slow_roles_free() is to be called anyway.
 */
int kobs_slow_roles_init(struct kobs_slow_roles *r, const u64 *roots,
			 unsigned int n_roots, const u64 *inner,
			 unsigned int n_inner)
{
	unsigned int bits = order_base_2(n_roots + n_inner) + ilog2(ROLES_ROOM);
	unsigned int i;

	r->v = kvmalloc_array(n_roots + n_inner, sizeof(*r->v),
			      GFP_KERNEL_ACCOUNT);
	r->kept = kvcalloc(1ULL << bits, sizeof(*r->kept), GFP_KERNEL_ACCOUNT);
	if (!r->v || !r->kept)
		return -ENOMEM;
	r->shift = 64 - bits;
	for (i = 0; i < n_roots; i++)
		r->v[r->n++] = kobs_slow_role_word(roots[i], KOBS_SLOW_ROOT);
	for (i = 0; i < n_inner; i++)
		r->v[r->n++] = kobs_slow_role_word(inner[i], KOBS_SLOW_INNER);
	roles_sort(r);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_slow_roles_init);

/**
 * kobs_slow_roles_free() - undo kobs_slow_roles_init()
 * @r: functions; all zero if it was not called
 *
 * Context: task, may sleep.
 */
void kobs_slow_roles_free(struct kobs_slow_roles *r)
{
	kvfree(r->v);
	kvfree(r->kept);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_slow_roles_free);

/**
 * kobs_slow_role_find() - kobs_slow_role() of what is not kept
 * @r: functions
 * @ip: likewise
 *
 * Context: any, NMI included.
 * Return: likewise.
 */
u32 kobs_slow_role_find(const struct kobs_slow_roles *r, u64 ip)
{
	u64 word = kobs_slow_role_word(ip, 0);
	unsigned int from = 0;
	unsigned int to = r->n;
	u32 role;

	/* The last one that does not begin behind the address. */
	while (from < to) {
		unsigned int mid = from + (to - from) / 2;

		if (roles_func(r->v[mid]) <= roles_func(word))
			from = mid + 1;
		else
			to = mid;
	}
	if (!from ||
	    roles_func(word) - roles_func(r->v[from - 1]) >= ROLES_PROLOGUE)
		return 0;
	role = r->v[from - 1] & (KOBS_SLOW_ROOT | KOBS_SLOW_INNER);
	WRITE_ONCE(r->kept[ip * KOBS_HASH_FACTOR >> r->shift], word | role);
	return role;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_slow_role_find);
