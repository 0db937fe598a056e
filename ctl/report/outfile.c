// SPDX-License-Identifier: GPL-2.0
/*
 * Opens what -o names; a failed write is refused with the name of the file. CSV is made of
 * a report's JSON, whoever prints that, so that both have the same rows.
 */

#include <jansson.h>
#include <stdio.h>

#include "export/json_rows.h"
#include "lib/diag.h"
#include "report/exports.h"
#include "report/outfile.h"

/** output_open() - Open @path, standard output if NULL. Return: 0 or an exit status. */
int output_open(struct output *out, const char *path)
{
	*out = (struct output){ .path = path, .file = path ? fopen(path, "we") : stdout };
	return out->file ? 0 : refuse("cannot write to %s: %m", path);
}

/** output_for() - Open what the options ask for. Return: 0 or an exit status. */
int output_for(struct output *out, const struct opts *o)
{
	int err = output_open(out, o->output);

	if (err || !o->csv)
		return err;
	out->csv = out->file;
	out->file = open_memstream(&out->text, &out->size);
	return out->file ? 0 : refuse("out of memory");
}

/** output_begin() - Make a writer of a report that goes to @out. */
void output_begin(const struct output *out, struct out *o, bool json)
{
	if (out->grid)
		*o = (struct out){ .grid = out->grid };
	else
		out_init(o, out->file, json && !out->page);
	o->page = out->page;
}

/** output_flush() - Write what is buffered. Return: 0 or an exit status. */
int output_flush(const struct output *out)
{
	if (out->grid || out->page)
		return 0;
	if (!fflush(out->file) && !ferror(out->file))
		return 0;
	return refuse("writing to %s failed: %m", out->path ? out->path : "standard output");
}

/* Nothing was printed where the report was refused. */
static int convert(struct output *out)
{
	struct json_rows rows = {};
	json_t *report = NULL;
	int err = 0;

	fclose(out->file);
	out->file = out->csv;
	out->csv = NULL;
	if (out->size && json_rows_of(&rows, out->text, out->size, &report))
		err = export_rows(report, &rows, out);
	else if (out->size)
		err = refuse("the report is no JSON that CSV could be made of: this is a bug in obsctl");
	json_decref(report);
	json_rows_close(&rows);
	free(out->text);
	return err;
}

/** output_close() - Close a file; standard output stays. Return: 0 or an exit status. */
int output_close(struct output *out)
{
	int err = out->csv ? convert(out) : 0;

	if (out->path && out->file && fclose(out->file) && !err)
		err = refuse("writing to %s failed: %m", out->path);
	out->file = NULL;
	return err;
}
