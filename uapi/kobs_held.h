/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * A lock of the kernel that a thread is blocked by, and the thread that held it then:
 * an array of 64-bit words, which is kept in a session's stack table, and read as a
 * stack is, by its number.
 */
#ifndef _UAPI_LINUX_KOBS_HELD_H
#define _UAPI_LINUX_KOBS_HELD_H

#include <linux/types.h>

/**
 * enum kobs_held_word - words of the array
 * @KOBS_HELD_LOCK: address of the lock
 * @KOBS_HELD_OWNER: name of the thread that held it, in three words; "(readers)" for
 *	an rw_semaphore that is held for reading, "(exited)" and "(exited, not reaped)"
 *	for a thread that has ended; empty when it is not known
 * @KOBS_HELD_ID: that thread, and in the upper half its process; 0 without one
 * @KOBS_HELD_WORDS: number of words
 */
enum kobs_held_word {
	KOBS_HELD_LOCK,
	KOBS_HELD_OWNER,
	KOBS_HELD_ID = KOBS_HELD_OWNER + 3,
	KOBS_HELD_WORDS
};

#endif /* _UAPI_LINUX_KOBS_HELD_H */
