/* SPDX-License-Identifier: GPL-2.0 */
/* The table of sessions, which 'status' shows, too. */
#ifndef OBSCTL_SESSION_LIST_H
#define OBSCTL_SESSION_LIST_H

#include "proto/model.h"
#include "report/writer.h"

int session_read_all(struct sources *sources, struct sessions *all);
void session_print_list(struct out *o, const struct sessions *all, const struct sources *sources);

#endif
