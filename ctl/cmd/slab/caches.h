/* SPDX-License-Identifier: GPL-2.0 */
/* Which caches there are, for --cache. */
#ifndef OBSCTL_CACHES_H
#define OBSCTL_CACHES_H

#include "cmd/slab/slab.h"

/* Where SLUB describes its caches; tests have another place. */
extern const char *slab_sysfs;

/* Options whose --cache is the name that the kernel goes by. */
struct slab_choice {
	struct opts	opts;
	struct slab_opts own;
	char		*cache;		/* NULL where that is the one that was given */
};

const char *slabinfo_path(void);
int slab_choose(struct slab_choice *c, const struct opts *o);
void slab_choice_free(struct slab_choice *c);

#endif
