// SPDX-License-Identifier: GPL-2.0
/*
 * Late frees: objects whose address was allocated again before their free was
 * reported. Pure.
 *
 * Locking: see late_frees.h.
 */
#include <kunit/visibility.h>
#include <linux/export.h>

#include "lib/late_frees.h"

static void drop(struct kobs_late_frees *l, u32 i)
{
	for (l->n--; i < l->n; i++) {
		l->key[i] = l->key[i + 1];
		l->group[i] = l->group[i + 1];
		l->since[i] = l->since[i + 1];
	}
}

/**
 * kobs_late_frees_add() - expect the free of an object
 * @l: late frees
 * @key: key of the object, which another one has now
 * @group: group of the object
 * @now: time, in the caller's unit
 *
 * Context: any; the caller's lock is held.
 * Return: false when there is no room: the free is missed.
 */
bool kobs_late_frees_add(struct kobs_late_frees *l, u64 key, u32 group, u32 now)
{
	if (l->n == KOBS_LATE_FREES)
		return false;
	l->key[l->n] = key;
	l->since[l->n] = now;
	l->group[l->n++] = group;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_late_frees_add);

/**
 * kobs_late_frees_take() - whether a free that is reported was expected
 * @l: late frees
 * @key: key of the object
 * @group: set to the group of the object that was freed, the oldest of this key
 * @now: time
 * @most: how long a free can take to be reported: others were never reported, and
 *	are forgotten
 *
 * Context: any; the caller's lock is held.
 * Return: false when the free is that of the object that has the key now.
 */
bool kobs_late_frees_take(struct kobs_late_frees *l, u64 key, u32 *group,
			  u32 now, u32 most)
{
	u32 i;

	/* The oldest ones are the first. */
	while (l->n && now - l->since[0] > most)
		drop(l, 0);
	for (i = 0; i < l->n; i++) {
		if (l->key[i] != key)
			continue;
		*group = l->group[i];
		drop(l, i);
		return true;
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_late_frees_take);
