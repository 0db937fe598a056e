// SPDX-License-Identifier: GPL-2.0
/* obsctl show --format json, csv: what the file has, without a report made of it. */

#include "export/json_file.h"
#include "cmd/saved/saved.h"
#include "report/exports.h"
#include "report/outfile.h"

static int write_records(const struct opts *o, struct output *to)
{
	struct saved s;
	int err = saved_open(&s, o->args[0]);

	s.opts = *o;
	s.session.source = (char *)saved_text(&s, "source");
	s.session.mode = (char *)saved_text(&s, "mode");
	if (!err && o->csv && form_of(&s))
		err = saved_no_format(&s, "csv");
	if (!err)
		err = records_export(&s, to);
	saved_close(&s);
	return err;
}

static int write_rows(const struct opts *o, struct output *to)
{
	json_t *root = NULL;
	int err = json_file_load(o->args[0], &root);

	if (!err && json_object_get(root, "widths"))
		err = saved_check_again(o->args[0]);
	if (!err)
		err = output_open(to, o->output);
	if (!err && json_object_get(root, "widths")) {
		err = write_records(o, to);
	} else if (!err && o->csv) {
		err = export_rows(root, to);
	} else if (!err) {
		json_file_dump(root, 0, to->file);
		fputc('\n', to->file);
		err = output_flush(to);
	}
	json_decref(root);
	return err;
}

/** saved_export() - Write the rows of a report. Return: the exit status. */
int saved_export(const struct opts *o)
{
	struct output to = {};
	int err = write_rows(o, &to);
	int closed = output_close(&to);

	return err ? err : closed;
}
