/* SPDX-License-Identifier: GPL-2.0 */
/* Reports that replace each other on the terminal, of which there is one. */
#ifndef OBSCTL_SCREEN_H
#define OBSCTL_SCREEN_H

#include "util.h"

void screen_show(const char *text);
void screen_end(void);

#endif
