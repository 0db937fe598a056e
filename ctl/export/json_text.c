// SPDX-License-Identifier: GPL-2.0
/*
 * Finds where the JSON values of a file begin and end, in pieces: a report can have a
 * million rows. Only brackets and quotes are looked at; whether a value is one is what the
 * library says of it. A file that another one can cut off is not mapped, but read.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "export/json_text.h"
#include "lib/diag.h"

#define PIECE	(256 * 1024)
#define SPACE	" \t\r\n"

/* What comes from a pipe is kept, to be read again. */
static int copy_pipe(struct json_text *t)
{
	FILE *kept = NULL;
	char part[65536];
	size_t n;
	int fd;

	if (!fseeko(t->file, 0, SEEK_SET))
		return 0;
	fd = memfd_create("report", MFD_CLOEXEC);
	if (fd >= 0)
		kept = fdopen(fd, "w+");
	if (!kept)
		return refuse("cannot keep what %s has: %m", t->path);
	while ((n = fread(part, 1, sizeof(part), t->file)))
		if (fwrite(part, 1, n, kept) != n)
			break;
	if (ferror(t->file) || fflush(kept)) {
		fclose(kept);
		return refuse("cannot read %s: %m", t->path);
	}
	fclose(t->file);
	t->file = kept;
	rewind(kept);
	return 0;
}

/** json_text_open() - Open a file. Return: 0, or an exit status after a sentence. */
int json_text_open(struct json_text *t, const char *path)
{
	*t = (struct json_text){ .path = path, .file = fopen(path, "re") };
	if (!t->file)
		return refuse("cannot read %s: %m", path);
	return copy_pipe(t);
}

/** json_text_of() - The values of a text in memory, which stays, and has a NUL at its end. */
void json_text_of(struct json_text *t, const char *text, size_t size)
{
	*t = (struct json_text){ .lent = true, .part = { .p = (char *)text, .len = size } };
}

/** json_text_close() - Free it; one that was never opened is all zero. */
void json_text_close(struct json_text *t)
{
	if (t->file)
		fclose(t->file);
	if (!t->lent)
		buf_free(&t->part);
	*t = (struct json_text){};
}

/** json_text_seek() - Go on from a place in the file. Return: 0, or an exit status. */
int json_text_seek(struct json_text *t, uint64_t offset)
{
	if (t->lent) {
		t->at = (size_t)offset;
		return 0;
	}
	if (fseeko(t->file, (off_t)offset, SEEK_SET))
		return refuse("cannot read %s: %m", t->path);
	t->begin = offset;
	t->part.len = 0;
	t->at = 0;
	return 0;
}

/** json_text_fill() - Read more. Return: whether there was more. */
bool json_text_fill(struct json_text *t)
{
	size_t left = t->part.len - t->at;
	size_t n;

	if (t->lent)
		return false;
	if (t->at) {
		memmove(t->part.p, t->part.p + t->at, left);
		t->begin += t->at;
		t->at = 0;
		t->part.len = left;
	}
	t->part.p = grow(t->part.p, &t->part.cap, left + PIECE + 1, 1);
	n = fread(t->part.p + left, 1, PIECE, t->file);
	t->part.len += n;
	t->part.p[t->part.len] = 0;
	return n;
}

/** json_text_next() - Skip spaces. Return: the byte that a value begins with, or EOF. */
int json_text_next(struct json_text *t)
{
	for (;;) {
		for (; t->at < t->part.len; t->at++) {
			char c = t->part.p[t->at];

			if (!c || !strchr(SPACE, c))
				return (unsigned char)c;
		}
		if (!json_text_fill(t))
			return EOF;
	}
}

/* How far a value was looked at. */
struct scan {
	size_t		at;
	size_t		quote;		/* where the text that is looked at begins, plus 1 */
	size_t		depth;
};

/* Whether the quote at @at is a part of the text that begins behind @from. */
static bool is_escaped(const char *s, size_t from, size_t at)
{
	size_t n = 0;

	while (at - n > from && s[at - n - 1] == '\\')
		n++;
	return n & 1;
}

static bool in_text(struct scan *at, const char *s, size_t n)
{
	const char *quote;

	while ((quote = memchr(s + at->at, '"', n - at->at))) {
		size_t found = (size_t)(quote - s);

		at->at = found + 1;
		if (is_escaped(s, at->quote, found))
			continue;
		at->quote = 0;
		return true;
	}
	at->at = n;
	return false;
}

/* Whether the value at @s, of which @n bytes are there, ends with what was looked at. */
static bool ends(struct scan *at, const char *s, size_t n)
{
	while (at->at < n) {
		char c = s[at->at];

		if (at->quote) {
			if (in_text(at, s, n) && !at->depth)
				return true;
			continue;
		}
		if (!at->depth && at->at && (!c || strchr(SPACE ",:[]{}\"", c)))
			return true;
		at->at++;
		if (c == '"')
			at->quote = at->at;
		else if (c == '{' || c == '[')
			at->depth++;
		else if ((c == '}' || c == ']') && (!at->depth || !--at->depth))
			return true;
	}
	return false;
}

/**
 * json_text_length() - Find the end of the value that is next, and have all of it read.
 *
 * Return: its bytes; 0 where it does not end, when all that the file has is read.
 */
size_t json_text_length(struct json_text *t)
{
	struct scan scan = {};

	do {
		if (ends(&scan, json_text_left(t), t->part.len - t->at))
			return scan.at;
	} while (json_text_fill(t));
	return scan.quote || scan.depth ? 0 : scan.at;
}

static int line_of(struct json_text *t, uint64_t offset, int *column)
{
	int line = 1;
	int c;

	*column = 0;
	rewind(t->file);
	while (offset-- && (c = getc_unlocked(t->file)) != EOF) {
		/* A character can have several bytes. */
		*column = c == '\n' ? 0 : *column + ((c & 0xc0) != 0x80);
		line += c == '\n';
	}
	return line;
}

/**
 * json_text_refuse() - Say why a value is none, and where.
 * @offset: of the value, in the file
 * @why: of the library
 *
 * Return: the exit status.
 */
int json_text_refuse(struct json_text *t, uint64_t offset, const json_error_t *why)
{
	int column;
	int line;

	if (t->lent)
		return refuse("a report in memory is not JSON: %s", why->text);
	if (ferror(t->file))
		return refuse("cannot read %s: %m", t->path);
	line = line_of(t, offset + (uint64_t)why->position, &column);
	return refuse("%s is not JSON: %s (line %d, column %d)", t->path, why->text, line,
		      column);
}

/**
 * json_text_each() - Read all values, one after the other.
 * @take: gets each; what is not 0 ends it
 *
 * Return: 0, an exit status after a sentence, or what take() returned.
 */
int json_text_each(struct json_text *t, json_take_fn take, void *arg)
{
	json_error_t why = {};
	int err = json_text_seek(t, 0);

	while (!err && json_text_next(t) != EOF) {
		size_t n = json_text_length(t);
		json_t *value;

		/* One that does not end is none. */
		n = n ? n : t->part.len - t->at;
		value = json_value_of(json_text_left(t), n, 0, &why);
		if (!value)
			return json_text_refuse(t, json_text_offset(t), &why);
		t->at += n;
		err = take(value, arg);
		json_decref(value);
	}
	if (!err && !t->lent && ferror(t->file))
		err = json_text_refuse(t, 0, &why);
	return err;
}
