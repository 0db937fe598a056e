/* SPDX-License-Identifier: GPL-2.0 */
/* Reports that replace each other on a terminal. */
#ifndef OBSCTL_SCREEN_H
#define OBSCTL_SCREEN_H

#include "util.h"

struct screen {
	bool	on;
};

void screen_show(struct screen *s, const char *text);
void screen_end(struct screen *s);

#endif
