// SPDX-License-Identifier: GPL-2.0
/* obsctl show --format: a saved report in the formats of others, as a live one is. */

#include "cmd/json_file.h"
#include "cmd/saved/saved.h"
#include "export/formats.h"
#include "report/exports.h"
#include "report/outfile.h"

/* Of any report. */
static int write_rows(const struct opts *o, struct output *to)
{
	json_t *root = NULL;
	int err = json_file_load(o->args[0], &root);

	if (!err)
		err = output_open(to, o->output);
	if (!err && o->csv) {
		err = export_rows(root, to);
	} else if (!err) {
		json_dumpf(root, to->file, JSON_REAL_PRECISION(10));
		fputc('\n', to->file);
		err = output_flush(to);
	}
	json_decref(root);
	return err;
}

static int write_stacks(const struct opts *o, struct output *to)
{
	struct stack_set set = {};
	struct export e = { .set = &set };
	struct saved s;
	int err = saved_open(&s, o->args[0]);

	if (!err)
		err = saved_stacks(&s, &set);
	if (!err)
		err = output_for(to, o);
	if (!err) {
		export_read(&e, s.root);
		saved_weigh(&s, &e);
		o->format->write(&e, to->file);
		err = output_flush(to);
		export_tell(&e);
	}
	export_free(&e);
	stack_set_free(&set);
	saved_close(&s);
	return err;
}

/** saved_export() - Write a report in the format that is asked for. Return: the exit status. */
int saved_export(const struct opts *o)
{
	struct output to = {};
	int err = o->stacks ? write_stacks(o, &to) : write_rows(o, &to);
	int closed = output_close(&to);

	return err ? err : closed;
}
