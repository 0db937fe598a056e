/* SPDX-License-Identifier: GPL-2.0 */
/* Reports that replace each other on the terminal, of which there is one. */
#ifndef OBSCTL_SCREEN_H
#define OBSCTL_SCREEN_H

#include "lib/opts.h"

bool reports_live(const struct opts *o);
size_t screen_rows(void);
size_t screen_columns(void);
void screen_show(const char *text);
void screen_end(void);

#endif
