/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memo of frames that all sessions share, where there is an ORC unwinder to
 * fill it from.
 */
#ifndef KOBS_COMPAT_UNWIND_LEARN_H
#define KOBS_COMPAT_UNWIND_LEARN_H

#include <linux/atomic.h>
#include "../memo.h"

/**
 * struct kobs_text - code of a function
 * @start: first byte
 * @end: first one behind it
 */
struct kobs_text {
	unsigned long start;
	unsigned long end;
};

extern struct kobs_memo kobs_memo;
/* Changes when something known is not to be relied on any more. */
extern atomic_t kobs_memo_epoch;

int kobs_unwind_learn_init(void);
void kobs_unwind_learn_exit(void);
bool kobs_unwind_is_hook(unsigned long ip);
void kobs_unwind_learn(unsigned long ip);
void kobs_unwind_forget(unsigned long from, unsigned long to);

#endif /* KOBS_COMPAT_UNWIND_LEARN_H */
