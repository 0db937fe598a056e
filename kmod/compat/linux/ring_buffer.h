/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commit 04aabc32fb20 ("ring_buffer: Remove unused "event" parameter"), first
 * in 6.2, removed an argument of ring_buffer_unlock_commit().
 */
#ifndef KOBS_COMPAT_RING_BUFFER_H
#define KOBS_COMPAT_RING_BUFFER_H

#include_next <linux/ring_buffer.h>

#ifdef KOBS_HAVE_RING_COMMIT_ONE_ARG
#define kobs_ring_commit(ring, event) \
	((void)(event), (void)ring_buffer_unlock_commit(ring))
#else
#define kobs_ring_commit(ring, event) \
	((void)ring_buffer_unlock_commit(ring, event))
#endif

#endif /* KOBS_COMPAT_RING_BUFFER_H */
