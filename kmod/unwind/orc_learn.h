/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The frame cache that all sessions share, where there is an ORC unwinder to
 * fill it from: what the files of that have in common.
 */
#ifndef KOBS_COMPAT_UNWIND_LEARN_H
#define KOBS_COMPAT_UNWIND_LEARN_H

#include <linux/atomic.h>
#include "unwind/frame_cache.h"

struct kobs_session;

extern struct kobs_frame_cache kobs_frames;
/* Changes when something known is not to be relied on any more. */
extern atomic_t kobs_frame_cache_epoch;

int kobs_unwind_learn_init(void);
void kobs_unwind_learn_exit(void);
void kobs_unwind_learn(unsigned long ip);
unsigned int kobs_unwind_full(struct kobs_session *s, const struct kobs_walk *w,
			      bool here, unsigned long entry,
			      unsigned long *ips);
bool kobs_unwind_is_right(struct kobs_session *s, const struct kobs_walk *w,
			  unsigned long entry, u32 id, const unsigned long *ips,
			  unsigned int nr);
void kobs_unwind_check_exit(void);

#endif /* KOBS_COMPAT_UNWIND_LEARN_H */
