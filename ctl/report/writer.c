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
#include "lib/json.h"
#include "lib/macros.h"
#include "lib/utf8.h"
#include "report/page.h"
#include "report/width.h"
#include "report/writer.h"

#define TEXT_LEAST	18	/* columns that text keeps where it is cut */
#define CUT		".."

void out_init(struct out *o, FILE *file, bool json)
{
	memset(o, 0, sizeof(*o));
	o->file = file;
	o->json = json;
	o->columns = json || !file ? 0 : width_terminal(file);
}

void out_free(struct out *o)
{
	buf_free(&o->cells);
	free(o->cell);
	strings_free(&o->headers);
	numbers_free(&o->below);
	memset(o, 0, sizeof(*o));
}

static void write_string(struct out *o, const char *s)
{
	struct buf b = {};

	json_escape(&b, s);
	fwrite(b.p, 1, b.len, o->file);
	buf_free(&b);
}

/* Whether a text stands in JSON as it is. */
static bool is_plain(const char *s)
{
	for (; *s; s++)
		if (*s < 0x20 || *s >= 0x7f || *s == '"' || *s == '\\')
			return false;
	return true;
}

/* Histograms have millions of keys and numbers: nothing is allocated for them. */
static void write_key(struct out *o, const char *key)
{
	if (o->items[o->depth])
		fputs_unlocked(", ", o->file);
	o->items[o->depth] = true;
	if (!key)
		return;
	if (is_plain(key)) {
		putc_unlocked('"', o->file);
		fputs_unlocked(key, o->file);
		putc_unlocked('"', o->file);
	} else {
		write_string(o, key);
	}
	fputs_unlocked(": ", o->file);
}

static void write_number(struct out *o, uint64_t value)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	fwrite_unlocked(digits + at, 1, sizeof(digits) - at, o->file);
}

/** out_open() - Begin an object '{' or an array '['. */
void out_open(struct out *o, const char *key, char bracket)
{
	if (!o->json)
		return;
	write_key(o, key);
	putc_unlocked(bracket, o->file);
	if (o->depth + 1 < OUT_DEPTH)
		o->depth++;
	o->items[o->depth] = false;
}

void out_close(struct out *o, char bracket)
{
	if (!o->json)
		return;
	putc_unlocked(bracket, o->file);
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
	write_number(o, value);
}

/** out_json_digits() - A number of any size. */
void out_json_digits(struct out *o, const char *key, const char *digits)
{
	if (!o->json)
		return;
	write_key(o, key);
	fputs_unlocked(digits, o->file);
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

/** out_json_exact() - A finite number, to the digits that make it the same when it is read. */
void out_json_exact(struct out *o, const char *key, double value)
{
	char digits[40];

	if (!o->json)
		return;
	write_key(o, key);
	fputs(format_exact(digits, sizeof(digits), value), o->file);
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

/* Control characters of a name, from a thread or a file, must not reach a terminal. */
static void put_text(struct out *o, const char *s, size_t bytes)
{
	bool harmless;
	size_t n;

	for (; bytes && *s; s += n, bytes -= n) {
		n = utf8_step(s, bytes, &harmless);
		if (harmless)
			fwrite(s, 1, n, o->file);
		else
			fputc('?', o->file);
	}
}

/**
 * out_line() - A line of text that JSON says in another way.
 *
 * It can quote names of threads and words of the command line.
 */
void out_line(struct out *o, const char *fmt, ...)
{
	struct buf text = {};
	va_list ap;
	char *s;

	if (o->json)
		return;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	if (o->grid || o->page) {
		if (o->grid)
			grid_line(o->grid, text.p ? text.p : "");
		else
			page_line(o->page, text.p);
		buf_free(&text);
		return;
	}
	for (s = text.p; s && *s; s += strcspn(s, "\n")) {
		size_t lines = strspn(s, "\n");

		fwrite(s, 1, lines, o->file);
		s += lines;
		put_text(o, s, strcspn(s, "\n"));
	}
	fputc('\n', o->file);
	buf_free(&text);
}

void out_table_begin(struct out *o, const char *key)
{
	out_open(o, key, '[');
	if (o->grid)
		grid_table_begin(o->grid, key);
	o->cells.len = 0;
	o->nr_cells = 0;
	o->nr_rows = 0;
	o->below.n = 0;
	strings_free(&o->headers);
}

void out_row_begin(struct out *o)
{
	out_open(o, NULL, '{');
	if (o->grid)
		grid_row_begin(o->grid);
	o->column = 0;
}

static void add_cell(struct out *o, const char *header, const char *shown, bool right)
{
	struct out_cell *c;

	if (o->grid) {
		grid_cell(o->grid, header, shown, right ? GRID_LEVEL : GRID_TEXT, right);
		return;
	}
	if (!o->nr_rows)
		strings_add(&o->headers, header);
	o->cell = grow(o->cell, &o->cap_cells, o->nr_cells + 1, sizeof(*o->cell));
	c = &o->cell[o->nr_cells++];
	c->at = o->cells.len;
	c->right = right;
	c->known = false;
	c->is_signed = false;
	buf_add(&o->cells, shown, strlen(shown) + 1);
	o->column++;
}

void out_cell_text(struct out *o, const char *key, const char *header, const char *value)
{
	out_json_text(o, key, value);
	if (o->grid)
		grid_cell(o->grid, header, value, GRID_KEY, false);
	else if (!o->json)
		add_cell(o, header, value, false);
}

void out_cell_number(struct out *o, const char *key, const char *header, uint64_t value)
{
	char shown[32];

	out_cell_shown(o, key, header, value, format_count(shown, sizeof(shown), value));
}

/* The last cell's, for a page; a screen has its own cells. */
static void keep_number(struct out *o, uint64_t value, bool is_signed)
{
	struct out_cell *c;

	if (o->grid)
		return;
	c = &o->cell[o->nr_cells - 1];
	c->known = true;
	c->is_signed = is_signed;
	c->value = value;
}

/** out_cell_shown() - A number that text shows as @shown. */
void out_cell_shown(struct out *o, const char *key, const char *header, uint64_t value,
		    const char *shown)
{
	out_json_number(o, key, value);
	if (o->json)
		return;
	add_cell(o, header, shown, true);
	keep_number(o, value, false);
	out_is_number(o, (double)value);
}

/** out_cell_signed() - Likewise, of a number that can be negative. */
void out_cell_signed(struct out *o, const char *key, const char *header, int64_t value,
		     const char *shown)
{
	out_json_signed(o, key, value);
	if (o->json)
		return;
	add_cell(o, header, shown, true);
	keep_number(o, (uint64_t)value, true);
	out_is_number(o, (double)value);
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
	if (o->grid) {
		grid_below(o->grid, line);
		return;
	}
	numbers_add(&o->below, o->nr_rows);
	numbers_add(&o->below, o->cells.len);
	buf_add(&o->cells, line, strlen(line) + 1);
}

void out_row_end(struct out *o)
{
	out_close(o, '}');
	if (o->grid)
		grid_row_end(o->grid);
	o->nr_rows++;
}

/* What does not fit is cut in its middle: both ends of a symbol's name tell something. */
static void put_cell(struct out *o, const char *s, size_t width, bool right, bool last)
{
	size_t own = width_of(s);
	size_t pad = own < width ? width - own : 0;

	if (right)
		fprintf(o->file, "%*s", (int)pad, "");
	if (own > width) {
		size_t tail = (width - strlen(CUT)) / 2;
		const char *end = s + width_clip(s, strlen(s), own - tail);

		put_text(o, s, width_clip(s, strlen(s), width - strlen(CUT) - width_of(end)));
		put_text(o, CUT, SIZE_MAX);
		put_text(o, end, SIZE_MAX);
	} else {
		put_text(o, s, SIZE_MAX);
	}
	if (!right && !last)
		fprintf(o->file, "%*s", (int)pad, "");
	fputs(last ? "\n" : "  ", o->file);
}

/* The least width of a column: text can be cut, numbers cannot. */
static size_t least_width(const struct out *o, size_t column, size_t width)
{
	return o->cell[column].right || width < TEXT_LEAST ? width : TEXT_LEAST;
}

/*
 * Fit columns to the terminal: cut the widest text, then leave out the last
 * columns, which decide least. Returns how many columns are left.
 */
static size_t fit_columns(const struct out *o, size_t *width)
{
	size_t n = o->headers.n;
	size_t sum = 0;
	size_t c;

	if (!o->columns)
		return n;
	for (c = 0; c < n; c++)
		sum += least_width(o, c, width[c]) + 2;
	while (n > 1 && sum - 2 > o->columns) {
		n--;
		sum -= least_width(o, n, width[n]) + 2;
	}
	for (sum = 0, c = 0; c < n; c++)
		sum += width[c] + 2;
	while (sum - 2 > o->columns) {
		size_t widest = n;

		for (c = 0; c < n; c++)
			if (width[c] > least_width(o, c, width[c]) &&
			    (widest == n || width[c] > width[widest]))
				widest = c;
		if (widest == n)
			break;
		width[widest]--;
		sum--;
	}
	return n;
}

static void say_left_out(struct out *o, size_t shown)
{
	struct buf names = {};
	size_t c;

	for (c = shown; c < o->headers.n; c++)
		buf_printf(&names, "%s%s", c > shown ? ", " : "", o->headers.v[c]);
	if (names.len)
		out_line(o, "(terminal too narrow for %s; -o FILE or a pipe shows all columns)",
			 names.p);
	buf_free(&names);
}

static size_t *find_widths(const struct out *o)
{
	size_t n = o->headers.n;
	size_t *width = zalloc(n * sizeof(*width));
	size_t c;

	for (c = 0; c < n; c++)
		width[c] = width_of(o->headers.v[c]);
	for (c = 0; c < o->nr_cells; c++) {
		size_t w = width_of(o->cells.p + o->cell[c].at);

		if (w > width[c % n])
			width[c % n] = w;
	}
	return width;
}

void out_table_end(struct out *o)
{
	size_t n = o->headers.n;
	size_t *width;
	size_t below = 0;
	size_t shown;
	size_t r;
	size_t c;

	out_close(o, ']');
	if (o->json || o->grid || !n || !o->nr_rows)
		return;
	if (o->page) {
		page_table(o->page, o);
		return;
	}
	width = find_widths(o);
	shown = fit_columns(o, width);
	for (c = 0; c < shown; c++)
		put_cell(o, o->headers.v[c], width[c], o->cell[c].right, c + 1 == shown);
	for (r = 0; r < o->nr_rows; r++) {
		for (c = 0; c < shown; c++) {
			struct out_cell *cell = &o->cell[r * n + c];

			put_cell(o, o->cells.p + cell->at, width[c], cell->right, c + 1 == shown);
		}
		for (; below < o->below.n && o->below.v[below] == r; below += 2) {
			put_text(o, o->cells.p + o->below.v[below + 1], SIZE_MAX);
			fputc('\n', o->file);
		}
	}
	say_left_out(o, shown);
	free(width);
}
