/* SPDX-License-Identifier: GPL-2.0 */
/* Functions and lines of code by its debug information. */
#ifndef OBSCTL_DEBUG_INFO_H
#define OBSCTL_DEBUG_INFO_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/map.h"

/* Functions that were inlined into each other, at most, and the one that has them all. */
#define DEBUG_PLACES	32

/* A function that an address is in. */
struct debug_place {
	const char	*name;		/* NULL: not known */
	const char	*file;		/* where the code is in its source; NULL: not known */
	uint32_t	line;
};

/* What is known of an address: the innermost function first, the last one is not inlined. */
struct debug_code {
	uint64_t	start;		/* of the last one; 0: not known */
	size_t		n;
	struct debug_place v[];
};

struct debug_info;

bool debug_info_has(Elf *elf);
struct debug_info *debug_info_open(Elf *elf, int fd, uint64_t *used, bool *large);
struct debug_info *debug_info_of(void *dwarf);
const struct debug_code *debug_info_find(struct debug_info *d, uint64_t address,
					 struct pool *names, bool raw_names);
void debug_info_free(struct debug_info *d);

#endif
