/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * A slow wait for a lock of the kernel: what the records of lock's mode slow have in the
 * attribute data of an event, beside their columns: an array of 64-bit words.
 */
#ifndef _UAPI_LINUX_KOBS_LOCK_WAIT_H
#define _UAPI_LINUX_KOBS_LOCK_WAIT_H

#include <linux/types.h>

/**
 * enum kobs_lock_wait_word - words of the data
 * @KOBS_LOCK_WAIT_FLAGS: bits of enum kobs_lock_wait_flag
 * @KOBS_LOCK_WAIT_BEGIN: monotonic time of its begin, ns
 * @KOBS_LOCK_WAIT_NS: how long it took, ns
 * @KOBS_LOCK_WAIT_CPU: CPU that the waiter was on when the wait ended
 * @KOBS_LOCK_WAIT_ID: thread that waited, and in the upper half its process
 * @KOBS_LOCK_WAIT_OWNER_ID: likewise, thread that held the lock when the wait began; 0
 *	where that is not known
 * @KOBS_LOCK_WAIT_WORDS: number of words
 */
enum kobs_lock_wait_word {
	KOBS_LOCK_WAIT_FLAGS,
	KOBS_LOCK_WAIT_BEGIN,
	KOBS_LOCK_WAIT_NS,
	KOBS_LOCK_WAIT_CPU,
	KOBS_LOCK_WAIT_ID,
	KOBS_LOCK_WAIT_OWNER_ID,
	KOBS_LOCK_WAIT_WORDS
};

/**
 * enum kobs_lock_wait_flag - what is said of a wait
 * @KOBS_LOCK_WAIT_FAILED: it ended without the lock
 * @KOBS_LOCK_WAIT_OPEN: it had not ended when the session did
 */
enum kobs_lock_wait_flag {
	KOBS_LOCK_WAIT_FAILED = 1,
	KOBS_LOCK_WAIT_OPEN = 2
};

#endif /* _UAPI_LINUX_KOBS_LOCK_WAIT_H */
