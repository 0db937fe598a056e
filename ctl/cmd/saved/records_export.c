// SPDX-License-Identifier: GPL-2.0
/* The records of a file as they are, or as lines of CSV: what a trace writes to begin with. */

#include <stdlib.h>
#include <string.h>

#include "cmd/saved/saved.h"
#include "export/csv.h"
#include "lib/macros.h"
#include "report/exports.h"
#include "report/outfile.h"

#define NUMBER	"_number"	/* what is shown by a name has its number in a column of its own */

struct copy {
	struct saved	*s;
	struct output	*to;
	struct strings	keys;
	struct strings	numbers;	/* keys that some record has */
	struct buf	cell;
	struct buf	line;
};

static int write_value(json_t *value, void *arg)
{
	const struct copy *x = arg;

	json_file_dump(value, 0, x->to->file);
	fputc('\n', x->to->file);
	return 0;
}

static int find_numbers(json_t *record, void *arg)
{
	struct copy *x = arg;
	const char *key;
	json_t *value;

	json_object_foreach(record, key, value) {
		size_t len = strlen(key), end = strlen(NUMBER);

		if (len > end && !strcmp(key + len - end, NUMBER) &&
		    !strings_have(&x->numbers, key))
			strings_add(&x->numbers, key);
	}
	return 0;
}

/* The columns of the file, as a trace that runs has them. */
static void find_keys(struct copy *x)
{
	const char *value = saved_text(x->s, "value");
	const char *unit = saved_text(x->s, "unit");
	struct buf name = {};
	json_t *column;
	size_t i;

	strings_add(&x->keys, "time_ns");
	strings_add(&x->keys, "cpu");
	json_array_foreach(json_object_get(x->s->root, "columns"), i, column) {
		const char *text = json_text(json_object_get(column, "name"));

		if (!text || !strcmp(text, "cpu"))
			continue;
		strings_add(&x->keys, text);
		name.len = 0;
		buf_printf(&name, "%s" NUMBER, text);
		if (strings_have(&x->numbers, name.p))
			strings_add(&x->keys, name.p);
	}
	name.len = 0;
	buf_printf(&name, "%s%s%s", value ? value : "", unit && *unit ? "_" : "",
		   unit ? unit : "");
	if (value)
		strings_add(&x->keys, name.p);
	buf_free(&name);
}

static void end_line(struct copy *x)
{
	csv_end_line(&x->line);
	fwrite(x->line.p, 1, x->line.len, x->to->file);
	x->line.len = 0;
}

static bool is_hook(const json_t *frame)
{
	return json_text(frame) && view_is_hook(json_text(frame));
}

/* Without the frames of a hook at a return, as reports have stacks. */
static void drop_hook(json_t *stack)
{
	size_t n = json_array_size(stack);
	size_t i = 0;

	while (i < n && is_hook(json_array_get(stack, i)))
		i++;
	/* A stack of nothing else is shown as it is. */
	while (i < n && i)
		json_array_remove(stack, --i);
}

static int write_line(json_t *record, void *arg)
{
	struct copy *x = arg;
	size_t i;

	if (!json_object_get(record, "time_ns") || json_object_get(record, "accounting"))
		return 0;
	for (i = 0; i < x->keys.n; i++) {
		json_t *value = json_object_get(record, x->keys.v[i]);

		if (json_is_array(value))
			drop_hook(value);
		csv_value(value, &x->cell);
		csv_add_cell(&x->line, !i, x->cell.p);
	}
	end_line(x);
	return 0;
}

static int write_csv(struct copy *x)
{
	struct export account = {};
	size_t i;
	int err = json_file_each(x->s->path, find_numbers, x);

	if (err)
		return err;
	find_keys(x);
	for (i = 0; i < x->keys.n; i++)
		csv_add_cell(&x->line, !i, x->keys.v[i]);
	end_line(x);
	err = json_file_each(x->s->path, write_line, x);
	export_read(&account, x->s->root);
	export_tell(&account);
	export_free(&account);
	return err;
}

/** records_export() - Write them as CSV or JSON. Return: 0, or an exit status after a sentence. */
int records_export(struct saved *s, struct output *to)
{
	struct copy x = { .s = s, .to = to };
	int err = s->opts.csv ? write_csv(&x) : json_file_each(s->path, write_value, &x);

	strings_free(&x.keys);
	strings_free(&x.numbers);
	buf_free(&x.cell);
	buf_free(&x.line);
	return err ? err : output_flush(to);
}
