// SPDX-License-Identifier: GPL-2.0
/* obsctl show --format json, csv: what the file has, without a report made of it. */

#include <string.h>

#include "cmd/saved/saved.h"
#include "report/exports.h"
#include "report/outfile.h"

struct copy {
	FILE		*to;
	size_t		rows;
};

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

static int check_row(json_t *row, void *arg)
{
	return 0;
}

static int copy_row(json_t *row, void *arg)
{
	struct copy *x = arg;

	if (x->rows++)
		fputs(", ", x->to);
	json_file_dump(row, JSON_ENCODE_ANY, x->to);
	return 0;
}

/* What json_file_dump() writes of the whole, of which only a row is in memory at a time. */
static int copy_report(json_t *root, struct json_rows *rows, FILE *to)
{
	struct copy x = { .to = to };
	const char *end = "{";
	const char *key;
	json_t *value;
	int err = 0;

	json_object_foreach(root, key, value) {
		json_t *member = json_pack("{sO}", key, value);

		fputs(end, to);
		end = ", ";
		if (strcmp(key, "rows")) {
			json_file_dump(member, JSON_EMBED, to);
		} else {
			fputs("\"rows\": [", to);
			err = json_rows_each(rows, copy_row, &x);
			fputs("]", to);
		}
		json_decref(member);
	}
	fputs("}", to);
	return err;
}

static int write_report(json_t *root, struct json_rows *rows, struct output *to)
{
	int err = 0;

	if (json_rows_are_more(rows))
		err = copy_report(root, rows, to->file);
	else
		json_file_dump(root, 0, to->file);
	fputc('\n', to->file);
	return err ? err : output_flush(to);
}

static int write_rows(const struct opts *o, struct output *to)
{
	struct json_rows rows = {};
	json_t *root = NULL;
	bool records;
	int err = json_rows_open(&rows, o->args[0], &root);

	records = json_object_get(root, "widths");
	if (!err && records)
		err = saved_check_again(o->args[0]);
	/* A file that is none leaves nothing behind. */
	if (!err && json_rows_are_more(&rows))
		err = json_rows_each(&rows, check_row, NULL);
	if (!err)
		err = output_open(to, o->output);
	if (!err && records)
		err = write_records(o, to);
	else if (!err && o->csv)
		err = export_rows(root, &rows, to);
	else if (!err)
		err = write_report(root, &rows, to);
	json_decref(root);
	json_rows_close(&rows);
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
