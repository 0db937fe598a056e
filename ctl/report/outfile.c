// SPDX-License-Identifier: GPL-2.0
/* Opens what -o names; a failed write is refused with the name of the file. */

#include <stdio.h>

#include "lib/diag.h"
#include "report/outfile.h"

/** output_open() - Open @path, standard output if NULL. Return: 0 or an exit status. */
int output_open(struct output *out, const char *path)
{
	out->path = path;
	out->columns = 0;
	out->file = path ? fopen(path, "we") : stdout;
	return out->file ? 0 : refuse("cannot write to %s: %m", path);
}

/** output_begin() - Make a writer of a report that goes to @out. */
void output_begin(const struct output *out, struct out *o, bool json)
{
	out_init(o, out->file, json);
	if (out->columns && !json)
		o->columns = out->columns;
}

/** output_flush() - Write what is buffered. Return: 0 or an exit status. */
int output_flush(const struct output *out)
{
	if (!fflush(out->file) && !ferror(out->file))
		return 0;
	return refuse("writing to %s failed: %m", out->path ? out->path : "standard output");
}

/** output_close() - Close a file; standard output stays. Return: 0 or an exit status. */
int output_close(struct output *out)
{
	int err = 0;

	if (out->path && out->file && fclose(out->file))
		err = refuse("writing to %s failed: %m", out->path);
	out->file = NULL;
	return err;
}
