/* SPDX-License-Identifier: GPL-2.0 */
/* The screen of reports that follow each other, of which there is one. */
#ifndef OBSCTL_LIVE_H
#define OBSCTL_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/opts.h"
#include "top/top.h"

#define LIVE_EVERY_NS	1000000000ull	/* between reports, unless the user says more */

bool live_wanted(const struct opts *o);
int live_check(const struct opts *o, bool *on);
bool live_open(uint64_t every);
void live_show(struct grid *g, uint64_t slow);
void live_say(const char *sentence);
unsigned int live_keys(void);
int live_fd(void);
bool live_paused(void);
uint64_t live_every(void);
void live_hide(void);
void live_again(void);
void live_resize(void);
void live_close(void);

#endif
