/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Late frees: objects whose address was allocated again before their free was
 * reported. What reports them does so after the address is free for others. Pure.
 *
 * Locking: the caller's, which also covers its object table: of an address, one
 * free and one allocation can be reported at the same time.
 */
#ifndef KOBS_LATE_FREES_H
#define KOBS_LATE_FREES_H

#include <linux/types.h>

/* Maximum number of them: as many as there are CPUs that are about to report one. */
#define KOBS_LATE_FREES	32

/**
 * struct kobs_late_frees - frees that are yet to be reported; all zero at first
 * @key: keys of the objects
 * @group: their groups
 * @since: when that was found
 * @n: number of them
 */
struct kobs_late_frees {
	u64 key[KOBS_LATE_FREES];
	u32 group[KOBS_LATE_FREES];
	u32 since[KOBS_LATE_FREES];
	u32 n;
};

bool kobs_late_frees_add(struct kobs_late_frees *l, u64 key, u32 group,
			 u32 now);
bool kobs_late_frees_take(struct kobs_late_frees *l, u64 key, u32 *group,
			  u32 now, u32 most);

#endif /* KOBS_LATE_FREES_H */
