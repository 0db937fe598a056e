// SPDX-License-Identifier: GPL-2.0
/*
 * Reads a report of a million rows: what it says of itself by the JSON library, as a
 * report with its first row; then its rows, a row at a time. Most of a row are the frames of
 * its stacks, which other rows have, too: lists of texts are read here, so that each frame
 * is one value of the library, and the rest of the row is small.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "export/json_rows.h"
#include "lib/diag.h"
#include "lib/map.h"
#include "lib/progress.h"

#define ROWS	"\"rows\""
/* Rows between two words about how far it is. */
#define OFTEN	4096

static void take(struct json_rows *r, size_t n)
{
	buf_add(&r->rest, json_text_left(&r->text), n);
	r->text.at += n;
}

/* What is next behind spaces, which are taken: they have lines that errors are told by. */
static int next(struct json_rows *r)
{
	size_t at = r->text.at;
	int c;

	for (;;) {
		struct json_text *t = &r->text;

		while (at < t->part.len && strchr(" \t\r\n", t->part.p[at]) && t->part.p[at])
			at++;
		take(r, at - t->at);
		c = t->at < t->part.len ? (unsigned char)t->part.p[t->at] : EOF;
		if (c != EOF || !json_text_fill(t))
			return c;
		at = t->at;
	}
}

/* Leave out all rows but the first one. Return: whether the list has an end. */
static bool skip_rows(struct json_rows *r)
{
	struct json_text *t = &r->text;
	uint64_t from;
	size_t n;
	int c = EOF;

	take(r, 1);
	if (next(r) == ']') {
		take(r, 1);
		return true;
	}
	n = json_text_length(t);
	r->first = json_text_offset(t);
	take(r, n);
	r->gap_at = r->rest.len;
	from = json_text_offset(t);
	while (n && (c = json_text_next(t)) == ',') {
		t->at++;
		json_text_next(t);
		n = json_text_length(t);
		t->at += n;
	}
	r->gap = json_text_offset(t) - from;
	if (n && c == ']') {
		take(r, 1);
		return true;
	}
	/* What is next is no row, and begins where it does: what is wrong is told by its place. */
	if (r->gap) {
		r->gap--;
		buf_putc(&r->rest, n ? ' ' : ',');
	}
	return false;
}

/* Return: whether it has an end. What it has up to where it has none is taken. */
static bool take_report(struct json_rows *r)
{
	struct json_text *t = &r->text;
	bool rows;
	size_t n;
	int c;

	take(r, 1);
	for (;;) {
		c = next(r);
		if (c == ',' || c == '}')
			take(r, 1);
		if (c == '}')
			return true;
		if (c == ',')
			continue;
		n = c == '"' ? json_text_length(t) : 0;
		if (!n)
			return false;
		rows = n == strlen(ROWS) && !memcmp(json_text_left(t), ROWS, n);
		take(r, n);
		if (next(r) != ':')
			return false;
		take(r, 1);
		if (next(r) == '[' && rows) {
			if (!skip_rows(r))
				return false;
			continue;
		}
		n = json_text_length(t);
		if (!n)
			return false;
		take(r, n);
	}
}

/* Take the next value of the file. Return: whether there can be more of them. */
static bool take_value(struct json_rows *r, int c)
{
	struct json_text *t = &r->text;
	size_t n;

	r->rest.len = 0;
	r->first = 0;
	r->gap_at = SIZE_MAX;
	r->gap = 0;
	r->begin = json_text_offset(t);
	r->nr_values++;
	if (c == '{') {
		if (take_report(r))
			return true;
		take(r, t->part.len - t->at);
		return false;
	}
	n = json_text_length(t);
	take(r, n ? n : t->part.len - t->at);
	/* A report is an object, and nothing else is in such a file. */
	return c == '[' && n;
}

/* Read the last report. Return: NULL if it is none, or there is none. */
static json_t *read_report(struct json_rows *r, json_error_t *why)
{
	int c;

	while ((c = json_text_next(&r->text)) != EOF)
		if (!take_value(r, c))
			break;
	return r->rest.len ? json_value_of(r->rest.p, r->rest.len, 0, why) : NULL;
}

/** json_rows_of() - The same of a text in memory. Return: whether it is JSON. */
bool json_rows_of(struct json_rows *r, const char *text, size_t size, json_t **root)
{
	json_error_t why = {};

	*r = (struct json_rows){ .size = size };
	json_text_of(&r->text, text, size);
	*root = read_report(r, &why);
	return *root;
}

/** json_rows_are_more() - Whether the report that was read lacks some. */
bool json_rows_are_more(const struct json_rows *r)
{
	return r->gap;
}

static json_t **slot_of(json_t **slot, size_t size, const char *s, size_t len)
{
	size_t i = hash_bytes(s, len, 0) & (size - 1);

	while (slot[i] && (json_string_length(slot[i]) != len ||
			   memcmp(json_string_value(slot[i]), s, len)))
		i = (i + 1) & (size - 1);
	return &slot[i];
}

static void make_room(struct json_rows *r)
{
	size_t size = r->nr_slots ? r->nr_slots * 2 : 1024;
	json_t **slot;
	size_t i;

	if (r->nr_frames * 2 < r->nr_slots)
		return;
	slot = zalloc(size * sizeof(*slot));
	for (i = 0; i < r->nr_slots; i++)
		if (r->frame[i])
			*slot_of(slot, size, json_string_value(r->frame[i]),
				 json_string_length(r->frame[i])) = r->frame[i];
	free(r->frame);
	r->frame = slot;
	r->nr_slots = size;
}

static bool is_plain(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == '\\')
			return false;
	return true;
}

/* The value of a text that is as it is written. Return: NULL of any other. */
static json_t *frame_of(struct json_rows *r, const char *s, size_t len)
{
	json_t **slot;

	make_room(r);
	slot = slot_of(r->frame, r->nr_slots, s, len);
	if (!*slot && is_plain(s, len)) {
		/* NULL where it is no UTF-8. */
		*slot = json_stringn(s, len);
		r->nr_frames += *slot ? 1 : 0;
	}
	return *slot;
}

static const char *skip_spaces(const char *s)
{
	while (*s == ' ' || *s == '\t' || *s == '\r' || *s == '\n')
		s++;
	return s;
}

/*
 * Read the list of texts that is at @s, in a text with a NUL at its end.
 * Return: where it ends; NULL if it is another one, or has a text that the library must read.
 */
static const char *read_list(struct json_rows *r, const char *s, json_t *list)
{
	do {
		const char *text = skip_spaces(s + 1) + 1;
		const char *end = text[-1] == '"' ? strchr(text, '"') : NULL;
		json_t *frame = end ? frame_of(r, text, (size_t)(end - text)) : NULL;

		if (!frame || json_array_append(list, frame))
			return NULL;
		s = skip_spaces(end + 1);
	} while (*s == ',');
	return *s == ']' ? s + 1 : NULL;
}

/* Take a list out of the row. Return: where it ends, or NULL if it stays. */
static const char *take_list(struct json_rows *r, const char *s, size_t key, size_t len)
{
	json_t *list = json_array();
	const char *end = is_plain(r->row.p + key, len) ? read_list(r, s, list) : NULL;

	if (!end) {
		json_decref(list);
		return NULL;
	}
	r->lists = grow(r->lists, &r->cap_lists, r->nr_lists + 1, sizeof(*r->lists));
	r->lists[r->nr_lists++] = (struct json_list){ key, len, list };
	buf_puts(&r->row, "null");
	return end;
}

/* The end of the text behind the quote at @s. */
static const char *skip_text(const char *s, const char *end)
{
	for (s++; s < end && *s != '"'; s++)
		s += *s == '\\';
	return s < end ? s + 1 : end;
}

/* Write the row at @s without its lists of texts. */
static void take_lists(struct json_rows *r, const char *s, const char *end)
{
	const bool object = *s == '{';
	const char *from = s;
	size_t depth = 0;
	size_t key = 0;
	size_t len = 0;

	r->row.len = 0;
	r->nr_lists = 0;
	while (s < end) {
		const char *behind = NULL;

		if (*s == '"') {
			key = r->row.len + (size_t)(s - from) + 1;
			len = (size_t)(skip_text(s, end) - s) - 2;
			s += len + 2;
			continue;
		}
		if (*s == '[' && depth == 1 && object) {
			buf_add(&r->row, from, (size_t)(s - from));
			from = s;
			behind = take_list(r, s, key, len);
		}
		if (behind) {
			from = behind;
			s = behind;
			continue;
		}
		depth += *s == '{' || *s == '[';
		depth -= *s == '}' || *s == ']';
		s++;
	}
	buf_add(&r->row, from, (size_t)(end - from));
}

/* Put the lists where they were. Without a row, they are freed. */
static void put_lists(struct json_rows *r, json_t *row)
{
	size_t i;

	for (i = 0; i < r->nr_lists; i++) {
		const struct json_list *list = &r->lists[i];

		/* The text was read, and is not needed any more. */
		r->row.p[list->key + list->len] = 0;
		json_object_set_new(row, r->row.p + list->key, list->value);
	}
}

static json_t *read_row(struct json_rows *r, size_t n, json_error_t *why)
{
	const char *s = json_text_left(&r->text);
	json_t *row;

	take_lists(r, s, s + n);
	row = json_value_of(r->row.p, r->row.len, JSON_DECODE_ANY, why);
	put_lists(r, row);
	/* What is wrong with it is told by where it is. */
	return row ? row : json_value_of(s, n, JSON_DECODE_ANY, why);
}

/**
 * json_rows_each() - Read the rows of the report.
 * @take: gets each; what is not 0 ends it
 *
 * Return: 0, an exit status after a sentence, or what take() returned.
 */
int json_rows_each(struct json_rows *r, json_take_fn take_row, void *arg)
{
	struct json_text *t = &r->text;
	json_error_t why = {};
	uint64_t nr = 0;
	int err;

	if (!r->first)
		return 0;
	err = json_text_seek(t, r->first);
	progress_begin("Reading rows");
	while (!err) {
		json_t *row;
		size_t n;

		json_text_next(t);
		n = json_text_length(t);
		/* One that does not end is none. */
		row = read_row(r, n ? n : t->part.len - t->at, &why);
		if (!row) {
			err = json_text_refuse(t, json_text_offset(t), &why);
			break;
		}
		t->at += n;
		err = take_row(row, arg);
		json_decref(row);
		if (nr++ % OFTEN == 0)
			progress_at(json_text_offset(t), r->size);
		if (json_text_next(t) != ',')
			break;
		t->at++;
	}
	progress_end();
	return err;
}

static int ignore(json_t *value, void *arg)
{
	return 0;
}

/* The first thing that is wrong with a file of which the last value is none. */
static int refuse_file(struct json_rows *r, const json_error_t *why)
{
	bool behind = (size_t)why->position > r->gap_at;
	int err = 0;

	if (r->nr_values > 1)
		err = json_text_each(&r->text, ignore, NULL);
	else if (behind)
		err = json_rows_each(r, ignore, NULL);
	return err ? err : json_text_refuse(&r->text, r->begin + (behind ? r->gap : 0), why);
}

/**
 * json_rows_open() - Read a file. With -i it holds a report on each line: the last one counts.
 * @root: gets the report, whose rows are the first one alone, if it is an object
 *
 * Return: 0, or an exit status after a sentence.
 */
int json_rows_open(struct json_rows *r, const char *path, json_t **root)
{
	json_error_t why = {};
	struct stat st;
	int err;

	*root = NULL;
	*r = (struct json_rows){};
	err = json_text_open(&r->text, path);
	if (err)
		return err;
	if (!fstat(fileno(r->text.file), &st))
		r->size = (uint64_t)st.st_size;
	*root = read_report(r, &why);
	if (*root)
		return 0;
	if (!r->rest.len && !ferror(r->text.file))
		return refuse("%s is empty", path);
	return refuse_file(r, &why);
}

static int append(json_t *row, void *list)
{
	json_array_append(list, row);
	return 0;
}

/** json_rows_load() - Have all rows in the report. Return: 0, or an exit status. */
int json_rows_load(struct json_rows *r, json_t *root)
{
	json_t *list = json_object_get(root, "rows");

	if (!json_rows_are_more(r))
		return 0;
	json_array_clear(list);
	return json_rows_each(r, append, list);
}

/** json_rows_close() - Free it; one that was never opened is all zero. */
void json_rows_close(struct json_rows *r)
{
	size_t i;

	for (i = 0; i < r->nr_slots; i++)
		json_decref(r->frame[i]);
	free(r->frame);
	free(r->lists);
	buf_free(&r->rest);
	buf_free(&r->row);
	json_text_close(&r->text);
	*r = (struct json_rows){};
}
