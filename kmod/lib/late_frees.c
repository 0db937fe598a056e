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

/**
 * kobs_late_frees_add() - expect the free of an object
 * @l: late frees
 * @key: key of the object, which another one has now
 * @group: group of the object
 *
 * Context: any; the caller's lock is held.
 * Return: false when there is no room: the free is missed.
 */
bool kobs_late_frees_add(struct kobs_late_frees *l, u64 key, u32 group)
{
	if (l->n == KOBS_LATE_FREES)
		return false;
	l->key[l->n] = key;
	l->group[l->n++] = group;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_late_frees_add);

/**
 * kobs_late_frees_take() - whether a free that is reported was expected
 * @l: late frees
 * @key: key of the object
 * @group: set to the group of the object that was freed, the oldest of this key
 *
 * Context: any; the caller's lock is held.
 * Return: false when the free is that of the object that has the key now.
 */
bool kobs_late_frees_take(struct kobs_late_frees *l, u64 key, u32 *group)
{
	u32 i = 0;

	while (i < l->n && l->key[i] != key)
		i++;
	if (i == l->n)
		return false;
	*group = l->group[i];
	for (l->n--; i < l->n; i++) {
		l->key[i] = l->key[i + 1];
		l->group[i] = l->group[i + 1];
	}
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_late_frees_take);
