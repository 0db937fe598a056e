/* SPDX-License-Identifier: GPL-2.0 */
/* Where a report goes: a file that the user named, or standard output. */
#ifndef OBSCTL_OUTPUT_H
#define OBSCTL_OUTPUT_H

#include "lib/opts.h"
#include "report/writer.h"

struct page;

struct output {
	FILE		*file;
	FILE		*csv;		/* what JSON in file is turned into; or NULL */
	char		*text;		/* of file, then */
	size_t		size;
	struct grid	*grid;		/* of a screen, in place of the file; or NULL */
	const char	*path;		/* NULL for standard output */
	struct page	*page;		/* in place of the file; or NULL */
};

int output_open(struct output *out, const char *path);
int output_for(struct output *out, const struct opts *o);
void output_begin(const struct output *out, struct out *o, bool json);
int output_flush(const struct output *out);
int output_close(struct output *out);

#endif
