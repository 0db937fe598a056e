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
#include "export/json_file.h"
#include "lib/format.h"
#include "lib/map.h"
#include "lib/utf8.h"

#define SPECIAL	",\"\r\n"

/* The keys of all rows. */
struct keys {
	struct pool	pool;
	struct map	known;
	struct strings	names;
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

static void find_keys(struct keys *k, json_t *rows)
{
	const char *key;
	json_t *value;
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		json_object_foreach(row, key, value) {
			const char *kept = pool_intern(&k->pool, key);

			if (map_get(&k->known, (uint64_t)(uintptr_t)kept))
				continue;
			map_set(&k->known, (uint64_t)(uintptr_t)kept, k);
			strings_add(&k->names, kept);
		}
}

static void add_row(const struct keys *k, const json_t *row, struct buf *cell, struct buf *line)
{
	size_t i;

	for (i = 0; i < k->names.n; i++) {
		csv_value(json_object_get(row, k->names.v[i]), cell);
		csv_add_cell(line, !i, cell->p);
	}
	csv_end_line(line);
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

/** csv_write() - Write the rows of a report. */
void csv_write(const struct export *e, FILE *to)
{
	json_t *rows = rows_of(e);
	struct keys keys = {};
	struct buf line = {};
	struct buf cell = {};
	json_t *row;
	size_t i;

	find_keys(&keys, rows);
	for (i = 0; i < keys.names.n; i++)
		csv_add_cell(&line, !i, keys.names.v[i]);
	if (keys.names.n)
		csv_end_line(&line);
	json_array_foreach(rows, i, row) {
		if (line.len)
			fwrite(line.p, 1, line.len, to);
		line.len = 0;
		add_row(&keys, row, &cell, &line);
	}
	if (line.len)
		fwrite(line.p, 1, line.len, to);
	buf_free(&line);
	buf_free(&cell);
	strings_free(&keys.names);
	map_free(&keys.known, NULL);
	pool_free(&keys.pool);
}
