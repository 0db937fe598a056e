/* SPDX-License-Identifier: GPL-2.0 */
/* A line about long work, on a terminal. */
#ifndef OBSCTL_PROGRESS_H
#define OBSCTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* The clock, in ns; tests have another one. */
extern uint64_t (*progress_clock)(void);

void progress_allow(bool on);
void progress_begin(const char *what);
void progress_at(uint64_t done, uint64_t all);
void progress_end(void);

#endif
