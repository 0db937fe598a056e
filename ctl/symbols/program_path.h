/* SPDX-License-Identifier: GPL-2.0 */
/* The file of a program or library, as people name it. */
#ifndef OBSCTL_PROGRAM_PATH_H
#define OBSCTL_PROGRAM_PATH_H

#include <stdint.h>

struct program_path {
	char		*path;		/* absolute; to be opened by anybody */
	char		*shown;		/* its name without folders */
};

int program_find(const char *word, uint32_t pid, struct program_path *out);
void program_free_path(struct program_path *p);

#endif
