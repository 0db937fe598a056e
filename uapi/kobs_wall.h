/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Chains of wakers: what the numbers of the source wall's column chain stand for.
 *
 * A chain is kept as a stack is, and read in the same way; in place of addresses
 * it has KOBS_WALL_LINK_WORDS words for each link. The first link is who ended the
 * blocked interval, the next one who ended the last blocked interval of that
 * thread, and so on; the last one says why the chain ends there.
 */
#ifndef _UAPI_LINUX_KOBS_WALL_H
#define _UAPI_LINUX_KOBS_WALL_H

#include <linux/types.h>

/* Maximum number of links. */
#define KOBS_WALL_LINKS		8

/* Bit of KOBS_WALL_LINK_WHO that is the highest one of KOBS_WALL_LINK_NAME. */
#define KOBS_WALL_LINK_TOP	40

/**
 * enum kobs_wall_link - words of a link
 * @KOBS_WALL_LINK_NAME: first half of the thread's name, without its highest bit, so
 *	that it is no address
 * @KOBS_WALL_LINK_NAME2: second half of the name
 * @KOBS_WALL_LINK_WHO: number of the thread in 32 bits, then enum kobs_wall_end in 8
 * @KOBS_WALL_LINK_STACK: number of the kernel stack that the thread was last blocked
 *	with, or 0
 * @KOBS_WALL_LINK_WORDS: number of words
 */
enum kobs_wall_link {
	KOBS_WALL_LINK_NAME,
	KOBS_WALL_LINK_NAME2,
	KOBS_WALL_LINK_WHO,
	KOBS_WALL_LINK_STACK,
	KOBS_WALL_LINK_WORDS
};

/**
 * enum kobs_wall_end - what comes after a link
 * @KOBS_WALL_MORE: another link; after the last one something that was not seen
 * @KOBS_WALL_RAN: nothing: the thread was not blocked since the interval began that it
 *	ended
 * @KOBS_WALL_START: nothing: nobody woke the thread up since the session began
 * @KOBS_WALL_INTERRUPT: nothing: the link is an interrupt
 * @KOBS_WALL_FOREIGN: nothing: the thread is not followed
 * @KOBS_WALL_LIMIT: links that found no room
 */
enum kobs_wall_end {
	KOBS_WALL_MORE,
	KOBS_WALL_RAN,
	KOBS_WALL_START,
	KOBS_WALL_INTERRUPT,
	KOBS_WALL_FOREIGN,
	KOBS_WALL_LIMIT
};

#endif /* _UAPI_LINUX_KOBS_WALL_H */
