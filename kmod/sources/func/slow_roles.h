/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source func, mode slow: whether a function is one whose calls are explained (a root),
 * one whose calls in these are observed (a child), or both. A hit has the address where
 * ftrace is called, which is behind the function's own by a few bytes: what was found for
 * one is kept. Pure: no tracing or netlink headers.
 *
 * Locking: none. What is kept for an address never changes but to another one's, one word
 * at a time.
 */
#ifndef KOBS_FUNC_SLOW_ROLES_H
#define KOBS_FUNC_SLOW_ROLES_H

#include <linux/compiler.h>
#include <linux/types.h>

#include "lib/hash.h"

/* What a function can be: bits. */
#define KOBS_SLOW_ROOT		1
#define KOBS_SLOW_INNER		2

/* Bits of a word of struct kobs_slow_roles: all addresses of code begin alike. */
#define KOBS_SLOW_ROLE_BITS	8

/**
 * struct kobs_slow_roles - functions
 * @v: each, as kobs_slow_role_word(), in order
 * @n: number of @v
 * @shift: bits to shift a hash right to get a place in @kept
 * @kept: what was found last; 0 for none
 */
struct kobs_slow_roles {
	u64 *v;
	unsigned int n;
	unsigned int shift;
	u64 *kept;
};

static __always_inline u64 kobs_slow_role_word(u64 ip, u32 role)
{
	return ip << KOBS_SLOW_ROLE_BITS | role;
}

int kobs_slow_roles_init(struct kobs_slow_roles *r, const u64 *roots,
			 unsigned int n_roots, const u64 *inner,
			 unsigned int n_inner);
void kobs_slow_roles_free(struct kobs_slow_roles *r);
u32 kobs_slow_role_find(const struct kobs_slow_roles *r, u64 ip);

/**
 * kobs_slow_role() - what a function is
 * @r: functions
 * @ip: address of one of them, or where ftrace is called in it
 *
 * Context: any, NMI included.
 * Return: KOBS_SLOW_ROOT and KOBS_SLOW_INNER; 0 for none of them.
 */
static __always_inline u32 kobs_slow_role(const struct kobs_slow_roles *r, u64 ip)
{
	u64 word = READ_ONCE(r->kept[ip * KOBS_HASH_FACTOR >> r->shift]);
	u64 role = word ^ kobs_slow_role_word(ip, 0);

	return likely(role >> KOBS_SLOW_ROLE_BITS == 0) ?
	       role : kobs_slow_role_find(r, ip);
}

#endif /* KOBS_FUNC_SLOW_ROLES_H */
