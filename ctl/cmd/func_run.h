/* SPDX-License-Identifier: GPL-2.0 */
/* What a run of obsctl func asks for, for the files that are about its verbs. */
#ifndef OBSCTL_FUNC_RUN_H
#define OBSCTL_FUNC_RUN_H

#include "cmd/func_slow.h"
#include "lib/buf.h"
#include "symbols/modules.h"
#include "symbols/patterns.h"

/* Options of func alone. */
struct func_opts {
	bool	time;
	bool	wait;
	bool	each;
	struct opt_number calls;
	struct strings events;
	struct strings tree;
	struct opt_number over;		/* ns; of the verb calls */
	bool	syscalls;	/* set by the verb of system calls */
};

struct func_run {
	struct targets	targets;
	struct numbers	addresses;
	struct modules	modules;	/* that were there before @targets were found */
	struct buf	wait;		/* the kernel's patterns */
	struct slow	slow;		/* of the verb slow */
	struct targets	tree;		/* of its --tree, as are the next two */
	struct strings	tree_patterns;
	struct numbers	tree_addresses;
};

/* func.c */
int func_run(const struct verb *verb, const struct opts *o);

#endif
