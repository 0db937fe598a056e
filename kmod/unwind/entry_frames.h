/* SPDX-License-Identifier: GPL-2.0 */
/* Entry frames: functions that are left out at the start of a stack. */
#ifndef KOBS_ENTRY_FRAMES_H
#define KOBS_ENTRY_FRAMES_H

#include <linux/types.h>

bool kobs_entry_frame(unsigned long ip);
unsigned int kobs_entry_frames_skip(const unsigned long *ips, unsigned int n,
				    unsigned int max, unsigned long entry);
unsigned long kobs_entry_frames_add(const void *fn);

#endif /* KOBS_ENTRY_FRAMES_H */
