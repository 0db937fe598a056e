/* SPDX-License-Identifier: GPL-2.0 */
/* Where a report goes: a file that the user named, or standard output. */
#ifndef OBSCTL_OUTPUT_H
#define OBSCTL_OUTPUT_H

#include <stdio.h>

struct output {
	FILE		*file;
	const char	*path;		/* NULL for standard output */
};

int output_open(struct output *out, const char *path);
int output_flush(const struct output *out);
int output_close(struct output *out);

#endif
