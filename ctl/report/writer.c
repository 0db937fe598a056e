// SPDX-License-Identifier: GPL-2.0
/*
 * The writer. A table's row is a list of cells, each given once with its JSON
 * key and its heading: as JSON it is written at once, as text it is kept until
 * the table ends and the widths of its columns are known.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "report/writer.h"

void out_init(struct out *o, FILE *file, bool json)
{
	memset(o, 0, sizeof(*o));
	o->file = file;
	o->json = json;
}

void out_free(struct out *o)
{
	buf_free(&o->cells);
	free(o->cell);
	strings_free(&o->headers);
	numbers_free(&o->below);
	memset(o, 0, sizeof(*o));
}

/* How many bytes of valid UTF-8 begin at @s; 0 if none do. */
static size_t utf8_length(const unsigned char *s)
{
	static const struct {
		unsigned char from, to, low, high;
		size_t len;
	} lead[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	size_t i;
	size_t k;

	for (i = 0; i < ARRAY_SIZE(lead); i++) {
		if (*s < lead[i].from || *s > lead[i].to)
			continue;
		if (s[1] < lead[i].low || s[1] > lead[i].high)
			return 0;
		for (k = 2; k < lead[i].len; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return lead[i].len;
	}
	return 0;
}

/**
 * json_escape() - Add @s as a JSON string. A byte that is not UTF-8 (a thread
 * can have any name) becomes the replacement character.
 */
void json_escape(struct buf *b, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	buf_putc(b, '"');
	while (*p) {
		size_t len = 1;

		if (*p == '"' || *p == '\\') {
			buf_putc(b, '\\');
			buf_putc(b, (char)*p);
		} else if (*p < 0x20 || *p == 0x7f) {
			buf_printf(b, "\\u%04x", *p);
		} else if (*p < 0x80) {
			buf_putc(b, (char)*p);
		} else {
			len = utf8_length(p);
			if (len)
				buf_add(b, p, len);
			else
				buf_puts(b, "\xef\xbf\xbd");
			len = len ? len : 1;
		}
		p += len;
	}
	buf_putc(b, '"');
}

static void write_string(struct out *o, const char *s)
{
	struct buf b = {};

	json_escape(&b, s);
	fwrite(b.p, 1, b.len, o->file);
	buf_free(&b);
}

static void write_key(struct out *o, const char *key)
{
	if (o->items[o->depth])
		fputs(", ", o->file);
	o->items[o->depth] = true;
	if (key) {
		write_string(o, key);
		fputs(": ", o->file);
	}
}

/** out_open() - Begin an object '{' or an array '['. */
void out_open(struct out *o, const char *key, char bracket)
{
	if (!o->json)
		return;
	write_key(o, key);
	fputc(bracket, o->file);
	if (o->depth + 1 < OUT_DEPTH)
		o->depth++;
	o->items[o->depth] = false;
}

void out_close(struct out *o, char bracket)
{
	if (!o->json)
		return;
	fputc(bracket, o->file);
	if (o->depth)
		o->depth--;
}

void out_json_text(struct out *o, const char *key, const char *value)
{
	if (!o->json || !value)
		return;
	write_key(o, key);
	write_string(o, value);
}

void out_json_number(struct out *o, const char *key, uint64_t value)
{
	if (!o->json)
		return;
	write_key(o, key);
	fprintf(o->file, "%llu", (unsigned long long)value);
}

void out_json_real(struct out *o, const char *key, double value)
{
	if (!o->json)
		return;
	write_key(o, key);
	fprintf(o->file, "%.10g", value);
}

void out_json_signed(struct out *o, const char *key, int64_t value)
{
	if (!o->json)
		return;
	write_key(o, key);
	fprintf(o->file, "%lld", (long long)value);
}

/** out_json_precise() - A finite number, to six digits. */
void out_json_precise(struct out *o, const char *key, double value)
{
	if (!o->json)
		return;
	write_key(o, key);
	fprintf(o->file, "%.6g", value);
}

/** out_json_texts() - An array of strings; nothing when it is empty. */
void out_json_texts(struct out *o, const char *key, const struct strings *list)
{
	size_t i;

	if (!list->n)
		return;
	out_open(o, key, '[');
	for (i = 0; i < list->n; i++)
		out_json_text(o, NULL, list->v[i]);
	out_close(o, ']');
}

void out_json_bool(struct out *o, const char *key, bool value)
{
	if (!o->json)
		return;
	write_key(o, key);
	fputs(value ? "true" : "false", o->file);
}

/** out_newline() - End a line of JSON that is complete. */
void out_newline(struct out *o)
{
	if (o->json)
		fputc('\n', o->file);
	o->items[0] = false;
}

/** out_line() - A line of text that JSON says in another way. */
void out_line(struct out *o, const char *fmt, ...)
{
	va_list ap;

	if (o->json)
		return;
	va_start(ap, fmt);
	vfprintf(o->file, fmt, ap);
	va_end(ap);
	fputc('\n', o->file);
}

void out_table_begin(struct out *o, const char *key)
{
	out_open(o, key, '[');
	o->cells.len = 0;
	o->nr_cells = 0;
	o->nr_rows = 0;
	o->below.n = 0;
	strings_free(&o->headers);
}

void out_row_begin(struct out *o)
{
	out_open(o, NULL, '{');
	o->column = 0;
}

static void add_cell(struct out *o, const char *header, const char *shown, bool right)
{
	struct out_cell *c;

	if (!o->nr_rows)
		strings_add(&o->headers, header);
	o->cell = grow(o->cell, &o->cap_cells, o->nr_cells + 1, sizeof(*o->cell));
	c = &o->cell[o->nr_cells++];
	c->at = o->cells.len;
	c->right = right;
	buf_add(&o->cells, shown, strlen(shown) + 1);
	o->column++;
}

void out_cell_text(struct out *o, const char *key, const char *header, const char *value)
{
	out_json_text(o, key, value);
	if (!o->json)
		add_cell(o, header, value, false);
}

void out_cell_number(struct out *o, const char *key, const char *header, uint64_t value)
{
	char shown[32];

	out_cell_shown(o, key, header, value, format_count(shown, sizeof(shown), value));
}

/** out_cell_shown() - A number that text shows as @shown. */
void out_cell_shown(struct out *o, const char *key, const char *header, uint64_t value,
		    const char *shown)
{
	out_json_number(o, key, value);
	if (!o->json)
		add_cell(o, header, shown, true);
}

/** out_cell_aside() - A cell that only text has: it follows from others. */
void out_cell_aside(struct out *o, const char *header, const char *shown, bool right)
{
	if (!o->json)
		add_cell(o, header, shown, right);
}

/** out_below() - A line of text beneath the row that is being made. */
void out_below(struct out *o, const char *line)
{
	if (o->json)
		return;
	numbers_add(&o->below, o->nr_rows);
	numbers_add(&o->below, o->cells.len);
	buf_add(&o->cells, line, strlen(line) + 1);
}

void out_row_end(struct out *o)
{
	out_close(o, '}');
	o->nr_rows++;
}

/* Control characters of a name, from a thread or a file, must not reach a terminal. */
static void put_padded(struct out *o, const char *s, size_t width, bool right, bool last)
{
	size_t own = text_width(s);
	size_t pad = own < width ? width - own : 0;

	if (right)
		fprintf(o->file, "%*s", (int)pad, "");
	for (; *s; s++)
		fputc((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s, o->file);
	if (!right && !last)
		fprintf(o->file, "%*s", (int)pad, "");
	fputs(last ? "\n" : "  ", o->file);
}

void out_table_end(struct out *o)
{
	size_t n = o->headers.n;
	size_t *width;
	size_t below = 0;
	size_t r;
	size_t c;

	out_close(o, ']');
	if (o->json || !n || !o->nr_rows)
		return;
	width = zalloc(n * sizeof(*width));
	for (c = 0; c < n; c++)
		width[c] = text_width(o->headers.v[c]);
	for (c = 0; c < o->nr_cells; c++) {
		size_t w = text_width(o->cells.p + o->cell[c].at);

		if (w > width[c % n])
			width[c % n] = w;
	}
	for (c = 0; c < n; c++)
		put_padded(o, o->headers.v[c], width[c], o->cell[c].right, c + 1 == n);
	for (r = 0; r < o->nr_rows; r++) {
		for (c = 0; c < n; c++) {
			struct out_cell *cell = &o->cell[r * n + c];

			put_padded(o, o->cells.p + cell->at, width[c], cell->right, c + 1 == n);
		}
		for (; below < o->below.n && o->below.v[below] == r; below += 2)
			put_padded(o, o->cells.p + o->below.v[below + 1], 0, false, true);
	}
	free(width);
}
