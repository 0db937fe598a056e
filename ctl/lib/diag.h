/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages to the user and exit statuses.
 *
 * The names poisoned below are not for this program: nothing below main() ends
 * it, so that a session is always stopped properly; integers have the names of
 * stdint.h.
 */
#ifndef OBSCTL_DIAG_H
#define OBSCTL_DIAG_H

#include <stdlib.h>

#include "lib/buf.h"
#include "lib/macros.h"

/* The exit status of obsctl. Functions that print a sentence return one. */
enum status {
	STATUS_DONE	= 0,
	STATUS_REFUSED	= 1,
	STATUS_USAGE	= 2,
	STATUS_CROSSED	= 3,
	STATUS_LOST	= 4,
};

/* Called before a sentence is printed, to make room for it on the terminal. */
extern void (*before_sentence)(void);

/* Where sentences go, of an attempt that can fail; NULL to print them. */
extern struct buf *sentences_kept;

int refuse(const char *fmt, ...) PRINTF(1, 2);
int misuse(const char *fmt, ...) PRINTF(1, 2);
void warn(const char *fmt, ...) PRINTF(1, 2);
void note(const char *fmt, ...) PRINTF(1, 2);

#pragma GCC poison exit u8 u16 u32 u64 s32 s64

#endif
