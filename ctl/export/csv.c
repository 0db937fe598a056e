// SPDX-License-Identifier: GPL-2.0
/*
 * The rows of a report as CSV (RFC 4180), of what JSON has: a column for each key that a
 * row has, in the order in which they come. A stack is one cell, from its leaf on.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/csv.h"
#include "export/export.h"
#include "export/json_rows.h"
#include "lib/format.h"
#include "lib/map.h"
#include "lib/utf8.h"

#define SPECIAL	",\"\r\n"

/* The keys of all rows. */
struct keys {
	struct pool	pool;
	struct map	known;
	struct strings	names;
	FILE		*to;
	struct buf	line;
	struct buf	cell;
};

/* Lines and tabs are a part of a cell; nothing else may control a terminal. */
static void add_text(struct buf *line, const char *text)
{
	bool harmless;
	size_t n;

	for (; *text; text += n) {
		n = utf8_step(text, SIZE_MAX, &harmless);
		if (*text == '"')
			buf_putc(line, '"');
		if (harmless || strchr("\t\r\n", *text))
			buf_add(line, text, n);
		else
			buf_putc(line, '?');
	}
}

/** csv_add_cell() - Add a cell to a line, behind those that are not @first. */
void csv_add_cell(struct buf *line, bool first, const char *text)
{
	/* A line of one empty cell must not be an empty line. */
	bool quoted = text[strcspn(text, SPECIAL)] || (!*text && first);

	if (!first)
		buf_putc(line, ',');
	if (quoted)
		buf_putc(line, '"');
	add_text(line, text);
	if (quoted)
		buf_putc(line, '"');
}

/** csv_add_frame() - Add a frame to those of a cell; ';' is between them, and in none. */
void csv_add_frame(struct buf *frames, const char *frame)
{
	if (frames->len)
		buf_putc(frames, ';');
	for (; *frame; frame++)
		buf_putc(frames, *frame == ';' ? ':' : *frame);
}

/** csv_end_line() - End a line of cells. */
void csv_end_line(struct buf *line)
{
	buf_puts(line, "\r\n");
}

static bool is_texts(const json_t *list)
{
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		if (!json_is_string(json_array_get(list, i)))
			return false;
	return json_is_array(list);
}

static void add_texts(const json_t *list, struct buf *out)
{
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		csv_add_frame(out, json_string_value(json_array_get(list, i)));
}

/** csv_value() - Make a cell of a value. What has parts that are no texts stays JSON. */
void csv_value(const json_t *value, struct buf *out)
{
	const char *large = json_large(value);
	char number[40];
	char *text = NULL;
	size_t size = 0;
	FILE *file;

	out->len = 0;
	buf_puts(out, "");
	if (large) {
		buf_puts(out, large);
	} else if (json_is_string(value)) {
		buf_puts(out, json_string_value(value));
	} else if (json_is_integer(value)) {
		buf_printf(out, "%lld", (long long)json_integer_value(value));
	} else if (json_is_real(value)) {
		buf_puts(out, format_exact(number, sizeof(number), json_real_value(value)));
	} else if (is_texts(value)) {
		add_texts(value, out);
	} else if (value) {
		file = open_memstream(&text, &size);
		json_file_dump(value, JSON_COMPACT | JSON_ENCODE_ANY, file);
		fclose(file);
		buf_puts(out, text);
		free(text);
	}
}

static int find_keys(json_t *row, void *arg)
{
	struct keys *k = arg;
	const char *key;
	json_t *value;

	json_object_foreach(row, key, value) {
		const char *kept = pool_intern(&k->pool, key);

		if (map_get(&k->known, (uint64_t)(uintptr_t)kept))
			continue;
		map_set(&k->known, (uint64_t)(uintptr_t)kept, k);
		strings_add(&k->names, kept);
	}
	return 0;
}

static int write_row(json_t *row, void *arg)
{
	struct keys *k = arg;
	size_t i;

	k->line.len = 0;
	for (i = 0; i < k->names.n; i++) {
		csv_value(json_object_get(row, k->names.v[i]), &k->cell);
		csv_add_cell(&k->line, !i, k->cell.p);
	}
	csv_end_line(&k->line);
	fwrite(k->line.p, 1, k->line.len, k->to);
	return 0;
}

/* The report's rows, or the first table that it has. */
static json_t *rows_of(const struct export *e)
{
	json_t *rows = json_object_get(e->report, "rows");
	const char *key;
	json_t *value;

	if (rows)
		return rows;
	json_object_foreach((json_t *)e->report, key, value)
		if (json_is_object(json_array_get(value, 0)))
			return value;
	return NULL;
}

static int each_row(const struct export *e, json_t *rows, json_take_fn take, void *arg)
{
	json_t *row;
	size_t i;

	if (e->rows && json_rows_are_more(e->rows))
		return json_rows_each(e->rows, take, arg);
	json_array_foreach(rows, i, row)
		take(row, arg);
	return 0;
}

/** csv_write() - Write the rows of a report. Return: 0, or an exit status after a sentence. */
int csv_write(const struct export *e, FILE *to)
{
	json_t *rows = rows_of(e);
	struct keys k = { .to = to };
	size_t i;
	int err = each_row(e, rows, find_keys, &k);

	for (i = 0; !err && i < k.names.n; i++)
		csv_add_cell(&k.line, !i, k.names.v[i]);
	if (!err && k.names.n) {
		csv_end_line(&k.line);
		fwrite(k.line.p, 1, k.line.len, to);
	}
	if (!err)
		err = each_row(e, rows, write_row, &k);
	buf_free(&k.line);
	buf_free(&k.cell);
	strings_free(&k.names);
	map_free(&k.known, NULL);
	pool_free(&k.pool);
	return err;
}
