/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of 'obsctl cgroup' share. */
#ifndef OBSCTL_CGROUP_CMD_H
#define OBSCTL_CGROUP_CMD_H

#include "cmd/cgroup/files.h"
#include "cmd/cgroup/report.h"
#include "cmd/cgroup/verdict.h"
#include "cmd/slab/trend.h"
#include "cmd/tools/tool.h"
#include "report/outfile.h"
#include "run/aside.h"
#include "run/readings.h"

/* Options of cgroup alone. */
struct cgroup_opts {
	bool	fail;
	bool	passive;
};

/* Kills, as the module sees them. */
struct cgroup_kills {
	bool		open;		/* the session is there */
	bool		is_tool;
	struct tool_run	tool;
	struct aside	aside;
	struct buf	why;		/* why there is no session */
};

/* list.c */
int cgroup_list(const struct opts *o);

/* show.c */
int cgroup_show(const struct opts *o, const char *pattern);

/* kills.c */
int kills_open(struct cgroup_kills *k, struct signals *signals, struct child *child);
int kills_stop(struct cgroup_kills *k);
int kills_read(struct cgroup_kills *k);
void kills_print(struct cgroup_kills *k, const char *path, uint64_t seen, struct out *o);
void kills_close(struct cgroup_kills *k);

/* print.c */
void cgroup_print_head(struct out *o, const char *mode, bool interim, uint64_t took,
		       size_t readings);
struct cgroup_growth cgroup_growth_of(const struct trend *t);

#endif
