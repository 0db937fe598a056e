/* SPDX-License-Identifier: GPL-2.0 */
/* Lines and inlined functions of kernel code. */
#ifndef OBSCTL_KERNEL_LINES_H
#define OBSCTL_KERNEL_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/map.h"
#include "symbols/debug_info.h"

struct kernel_file;

struct kernel_lines {
	struct map	files;		/* a module's name, from the pool, to struct kernel_file */
	struct pool	names;
	uint64_t	bytes;		/* of memory for debug information */
	size_t		large;		/* files whose information there was no memory for */
};

const struct debug_code *kernel_lines_find(struct kernel_lines *k, const char *module,
					   uint64_t address);
void kernel_lines_free(struct kernel_lines *k);

#endif
