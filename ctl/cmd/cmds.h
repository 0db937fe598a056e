/* SPDX-License-Identifier: GPL-2.0 */
/* One function for each verb, in one file for each noun. */
#ifndef OBSCTL_CMDS_H
#define OBSCTL_CMDS_H

#include "opts.h"
#include "proto/model.h"
#include "report/writer.h"

int cmd_status(const struct verb *verb, const struct opts *o);
int cmd_doctor(const struct verb *verb, const struct opts *o);
int cmd_sched(const struct verb *verb, const struct opts *o);
int cmd_func(const struct verb *verb, const struct opts *o);
int cmd_lock_contention(const struct verb *verb, const struct opts *o);
int cmd_lock_stalls(const struct verb *verb, const struct opts *o);
int cmd_slab(const struct verb *verb, const struct opts *o);
int cmd_pmu(const struct verb *verb, const struct opts *o);
void session_print_list(struct out *o, const struct sessions *all, const struct sources *sources);
int cmd_session_list(const struct verb *verb, const struct opts *o);
int cmd_session_read(const struct verb *verb, const struct opts *o);
int cmd_session_stop(const struct verb *verb, const struct opts *o);

#endif
