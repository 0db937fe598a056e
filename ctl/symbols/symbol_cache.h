/* SPDX-License-Identifier: GPL-2.0 */
/* A copy of the symbols of the kernel and its modules, for later runs of obsctl. */
#ifndef OBSCTL_SYMBOL_CACHE_H
#define OBSCTL_SYMBOL_CACHE_H

#include <stdbool.h>

#include "lib/buf.h"
#include "symbols/modules.h"

/* Where things are; tests have others. */
struct symbol_cache_paths {
	const char	*dir;		/* of the cache, made when it is not there */
	const char	*kallsyms;
	const char	*modules;
	const char	*sysfs;		/* directory of modules */
	const char	*boot_id;
};

/* A cache that is being filled. */
struct symbol_cache {
	const struct symbol_cache_paths *paths;
	int		fd;		/* -1 for none */
	int		dir;
	struct buf	key;
	struct modules	modules;	/* of the key */
	bool		torn;		/* a module came or went meanwhile */
};

int symbol_cache_open(const struct symbol_cache_paths *paths);
int symbol_cache_create(struct symbol_cache *c, const struct symbol_cache_paths *paths);
void symbol_cache_saw(struct symbol_cache *c, const char *module);
void symbol_cache_finish(struct symbol_cache *c, bool complete);

#endif
