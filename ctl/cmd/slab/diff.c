// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl slab diff: what changed between two reports of 'slab leaks --json' or
 * 'slab growth --json'. A file is read by a JSON library, and nothing in it is
 * taken for granted: whoever sent it may have edited it.
 */

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/json_file.h"
#include "cmd/slab/slab.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "lib/map.h"
#include "lib/parse.h"
#include "report/outfile.h"
#include "version.h"

#define TEXT_ROWS	40
#define COLUMNS_MAX	16

/* A mode of 'slab', and where its rows keep what is compared. */
struct kind {
	const char	*mode;
	const char	*count;
	const char	*bytes;
};

static const struct kind kinds[] = {
	{ "leaks", "live", "live_bytes" },
	{ "growth", "objects", "bytes" },
};

struct report_file {
	const char	*path;
	json_t		*root;
	json_t		*rows;
	const struct kind *kind;
	const char	*by[COLUMNS_MAX];
	size_t		nr_by;
	bool		stacked[COLUMNS_MAX];	/* a row has a list there */
};

/* A row of either report, or of both. */
struct pair {
	json_t		*row;		/* for its key */
	uint64_t	count[2];
	uint64_t	bytes[2];
	const char	*verdict;	/* of the second report, NULL if it has none */
};

struct diff {
	const struct opts *o;
	struct report_file file[2];
	struct pool	keys;
	struct map	by_key;		/* interned key to index + 1 */
	struct pair	*v;
	size_t		n;
	size_t		cap;
};

static int not_a_report(const struct report_file *f, const char *why)
{
	return refuse("%s is no report of 'slab leaks --json' or 'slab growth --json': %s", f->path,
		      why);
}

static int check_by(struct report_file *f)
{
	json_t *by = json_object_get(f->root, "by");
	json_t *item;
	size_t i;

	if (!by) {
		f->by[f->nr_by++] = "cache";
		return 0;
	}
	if (!json_is_array(by) || !json_array_size(by) || json_array_size(by) > COLUMNS_MAX)
		return not_a_report(f, "\"by\" is not a list of columns");
	json_array_foreach(by, i, item) {
		if (!json_is_string(item))
			return not_a_report(f, "\"by\" is not a list of columns");
		f->by[f->nr_by++] = json_string_value(item);
	}
	return 0;
}

static int check_file(struct report_file *f)
{
	const char *source = json_string_value(json_object_get(f->root, "source"));
	const char *mode = json_string_value(json_object_get(f->root, "mode"));
	size_t i;

	if (!json_is_string(json_object_get(f->root, "kobs")) || !source || !mode)
		return not_a_report(f, "it has no \"kobs\", \"source\" or \"mode\"");
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(source, "slab") && !strcmp(mode, kinds[i].mode))
			f->kind = &kinds[i];
	if (!f->kind)
		return refuse("%s is a report of '%.32s %.32s': slab diff compares those of 'slab leaks' and 'slab growth'",
			      f->path, source, mode);
	f->rows = json_object_get(f->root, "rows");
	if (!json_is_array(f->rows))
		return not_a_report(f, "it has no \"rows\"");
	return check_by(f);
}

static int check_pair(const struct report_file *a, const struct report_file *b)
{
	size_t i;

	if (a->kind != b->kind)
		return refuse("%s is a report of 'slab %s', %s of 'slab %s': these cannot be compared",
			      a->path, a->kind->mode, b->path, b->kind->mode);
	for (i = 0; i < a->nr_by && i < b->nr_by; i++)
		if (strcmp(a->by[i], b->by[i]))
			break;
	if (i < a->nr_by || i < b->nr_by)
		return refuse("%s and %s have different columns (--by)", a->path,
			      b->path);
	return 0;
}

static bool number_of(const json_t *row, const char *key, uint64_t *value)
{
	json_t *n = json_object_get(row, key);

	*value = (uint64_t)json_integer_value(n);
	return json_is_integer(n) && json_integer_value(n) >= 0;
}

/* Columns as compact JSON, with a byte between that JSON does not have. */
static bool make_key(const struct report_file *f, const json_t *row, struct buf *key)
{
	size_t i;

	key->len = 0;
	for (i = 0; i < f->nr_by; i++) {
		json_t *value = json_object_get(row, f->by[i]);
		char *text;

		buf_putc(key, '\1');
		/* A key that does not apply is absent. */
		if (!value)
			continue;
		text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		if (!text)
			return false;
		buf_puts(key, text);
		free(text);
	}
	return true;
}

static struct pair *get_pair(struct diff *d, const char *text, json_t *row)
{
	const char *key = pool_intern(&d->keys, text);
	uintptr_t index = (uintptr_t)map_get(&d->by_key, (uint64_t)(uintptr_t)key);
	struct pair *p;

	if (index)
		return &d->v[index - 1];
	d->v = grow(d->v, &d->cap, d->n + 1, sizeof(*d->v));
	p = &d->v[d->n++];
	memset(p, 0, sizeof(*p));
	p->row = row;
	map_set(&d->by_key, (uint64_t)(uintptr_t)key, (void *)(uintptr_t)d->n);
	return p;
}

static int add_rows(struct diff *d, int side)
{
	struct report_file *f = &d->file[side];
	struct buf key = {};
	json_t *row;
	size_t i;
	size_t c;
	int err = 0;

	json_array_foreach(f->rows, i, row) {
		uint64_t count;
		uint64_t bytes;
		struct pair *p;

		if (!number_of(row, f->kind->count, &count) ||
		    !number_of(row, f->kind->bytes, &bytes) || !make_key(f, row, &key)) {
			err = not_a_report(f, "a row has no numbers");
			break;
		}
		/* All rows have the same cells, whatever a file says. */
		for (c = 0; c < f->nr_by; c++)
			d->file[0].stacked[c] |= json_is_array(json_object_get(row, f->by[c]));
		p = get_pair(d, key.p, row);
		p->count[side] += count;
		p->bytes[side] += bytes;
		if (side)
			p->verdict = json_string_value(json_object_get(row, "verdict"));
	}
	buf_free(&key);
	return err;
}

static int64_t change_of(const struct pair *p)
{
	return (int64_t)(p->bytes[1] - p->bytes[0]);
}

static int compare(const void *a, const void *b)
{
	const struct pair *x = a;
	const struct pair *y = b;
	int64_t p = change_of(x);
	int64_t q = change_of(y);

	if (p != q)
		return p < q ? 1 : -1;
	return (x->count[1] < y->count[1]) - (x->count[1] > y->count[1]);
}

static void print_stack(struct out *o, const char *name, const json_t *stack)
{
	struct buf line = {};
	json_t *frame;
	size_t i;

	out_open(o, name, '[');
	json_array_foreach(stack, i, frame) {
		const char *text = json_string_value(frame);

		line.len = 0;
		buf_printf(&line, "      %s", text ? text : "?");
		out_json_text(o, NULL, text ? text : "?");
		out_below(o, line.p);
	}
	out_close(o, ']');
	buf_free(&line);
}

static void print_keys(const struct report_file *f, struct out *o, const struct pair *p)
{
	size_t i;

	for (i = 0; i < f->nr_by; i++) {
		json_t *value = json_object_get(p->row, f->by[i]);
		char header[40];
		char number[32];
		size_t c;

		if (f->stacked[i])
			continue;
		for (c = 0; c + 1 < sizeof(header) && f->by[i][c]; c++)
			header[c] = f->by[i][c] >= 'a' && f->by[i][c] <= 'z' ?
				    (char)(f->by[i][c] - 32) : f->by[i][c];
		header[c] = 0;
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
		if (json_is_integer(value))
			out_cell_shown(o, f->by[i], header, (uint64_t)json_integer_value(value),
				       number);
		else if (json_is_string(value))
			out_cell_text(o, f->by[i], header, json_string_value(value));
		else
			out_cell_aside(o, header, "-", false);
	}
}

static void print_pair(const struct report_file *f, struct out *o, const struct pair *p)
{
	int64_t count = (int64_t)(p->count[1] - p->count[0]);
	int64_t bytes = change_of(p);
	char shown[40];
	char size[40];
	size_t i;

	out_row_begin(o);
	print_keys(f, o, p);
	if (!strcmp(f->kind->mode, "leaks"))
		out_cell_aside(o, "VERDICT", p->verdict ? p->verdict : "-", false);
	out_json_number(o, "bytes_before", p->bytes[0]);
	out_json_number(o, "bytes_after", p->bytes[1]);
	out_json_signed(o, "bytes_change", bytes);
	format_bytes(size, sizeof(size), bytes < 0 ? 0 - (uint64_t)bytes : (uint64_t)bytes);
	snprintf(shown, sizeof(shown), "%s%.30s", bytes > 0 ? "+" : bytes < 0 ? "-" : "", size);
	out_cell_aside(o, "BYTES", shown, true);
	out_json_signed(o, "change", count);
	out_cell_aside(o, "CHANGE", slab_format_change(shown, sizeof(shown), count), true);
	out_cell_number(o, "before", "BEFORE", p->count[0]);
	out_cell_number(o, "after", "AFTER", p->count[1]);
	out_json_text(o, "verdict", p->verdict);
	for (i = 0; i < f->nr_by; i++) {
		const json_t *value = json_object_get(p->row, f->by[i]);

		if (json_is_array(value))
			print_stack(o, f->by[i], value);
	}
	out_row_end(o);
}

static void print_side(struct out *o, const char *key, const struct report_file *f)
{
	json_t *kernel = json_object_get(f->root, "kernel");
	json_t *took = json_object_get(f->root, "duration_ns");

	out_open(o, key, '{');
	out_json_text(o, "file", f->path);
	out_json_text(o, "kernel", json_string_value(kernel));
	if (json_is_integer(took) && json_integer_value(took) >= 0)
		out_json_number(o, "duration_ns", (uint64_t)json_integer_value(took));
	out_close(o, '}');
}

static void print_head(struct diff *d, struct out *o)
{
	const struct report_file *f = d->file;
	size_t i;

	out_json_text(o, "kobs", program_version);
	out_json_text(o, "source", "slab");
	out_json_text(o, "mode", "diff");
	out_json_text(o, "of", f->kind->mode);
	print_side(o, "before", &f[0]);
	print_side(o, "after", &f[1]);
	out_open(o, "by", '[');
	for (i = 0; i < f->nr_by; i++)
		out_json_text(o, NULL, f->by[i]);
	out_close(o, ']');
	out_line(o, "slab %s from %s to %s\n", f->kind->mode, f[0].path, f[1].path);
}

static void print_rows(struct diff *d, struct out *o)
{
	size_t most = d->o->top.given ? d->o->top.value : o->json ? 0 : TEXT_ROWS;
	size_t changed = 0;
	size_t shown = 0;
	size_t i;

	out_table_begin(o, "rows");
	for (i = 0; i < d->n; i++) {
		const struct pair *p = &d->v[i];

		if (p->count[0] == p->count[1] && p->bytes[0] == p->bytes[1])
			continue;
		changed++;
		if (most && shown == most)
			continue;
		print_pair(&d->file[0], o, p);
		shown++;
	}
	out_table_end(o);
	if (!changed)
		out_line(o, "Nothing changed in %zu rows.", d->n);
	else if (changed > shown)
		out_line(o, "... %zu more changed rows (-n 0 shows all)", changed - shown);
	if (changed && changed < d->n)
		out_line(o, "%zu rows did not change", d->n - changed);
}

static int print_diff(struct diff *d)
{
	struct output to = {};
	struct out o;
	int closed;
	int err = output_for(&to, d->o);

	if (err)
		return err;
	if (d->n)
		qsort(d->v, d->n, sizeof(*d->v), compare);
	output_begin(&to, &o, d->o->json);
	out_open(&o, NULL, '{');
	print_head(d, &o);
	print_rows(d, &o);
	out_close(&o, '}');
	out_newline(&o);
	out_free(&o);
	err = output_flush(&to);
	closed = output_close(&to);
	return err ? err : closed;
}

/* Sorted by then: the row that grew most is the first. */
static int judge(const struct diff *d)
{
	const struct opt_limit *limit = &d->o->fail_over;
	char size[40];

	if (!limit->text || !d->n || change_of(&d->v[0]) <= 0)
		return 0;
	if ((uint64_t)change_of(&d->v[0]) <= limit->value)
		return 0;
	warn("a row grew by %s, more than the limit %s of --fail-over",
	     format_bytes(size, sizeof(size), (uint64_t)change_of(&d->v[0])), limit->text);
	return STATUS_CROSSED;
}

/** slab_diff() - slab diff. Return: the exit status. */
int slab_diff(const struct verb *verb, const struct opts *o)
{
	struct diff d = { .o = o };
	int err = 0;
	int i;

	if (o->nr_args != 2)
		return misuse("'slab diff' needs two files, made with 'slab leaks --json' or 'slab growth --json'");
	for (i = 0; !err && i < 2; i++) {
		d.file[i].path = o->args[i];
		err = json_file_load(d.file[i].path, &d.file[i].root);
		if (!err)
			err = check_file(&d.file[i]);
	}
	if (!err)
		err = check_pair(&d.file[0], &d.file[1]);
	for (i = 0; !err && i < 2; i++)
		err = add_rows(&d, i);
	if (!err)
		err = print_diff(&d);
	if (!err)
		err = judge(&d);
	map_free(&d.by_key, NULL);
	pool_free(&d.keys);
	free(d.v);
	for (i = 0; i < 2; i++)
		json_decref(d.file[i].root);
	return err;
}
