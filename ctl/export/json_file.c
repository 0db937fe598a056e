// SPDX-License-Identifier: GPL-2.0
/*
 * Reads reports that --json wrote to a file, by a JSON library. Its integers have 63
 * bits and a sign, those of reports 64 without one, and sums up to 128: larger ones are
 * made texts before the library sees them, behind a byte that no text of a report has.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/json_file.h"
#include "export/json_rows.h"
#include "export/json_text.h"
#include "lib/buf.h"
#include "lib/format.h"

#define DIGITS		"0123456789"
#define LARGE		"\\u0001"	/* before the digits of a text that is a number */
#define LARGE_BYTE	1
/* 2^96: no session has such a sum, and those of all rows of a file add up in 127 bits. */
#define WIDEST		"79228162514264337593543950336"

/* Whether a number, of @len digits, is larger than another one. */
static bool exceeds(const char *digits, size_t len, const char *limit)
{
	size_t most = strlen(limit);

	return len > most || (len == most && memcmp(digits, limit, len) > 0);
}

/* Add a number; one that is too large for the library, but not for 128 bits, as a text. */
static void add_number(struct buf *out, const char *digits, size_t len)
{
	if (!exceeds(digits, len, "9223372036854775807") || exceeds(digits, len, WIDEST)) {
		buf_add(out, digits, len);
		return;
	}
	buf_puts(out, "\"" LARGE);
	buf_add(out, digits, len);
	buf_putc(out, '"');
}

/* Bytes of the string that begins at @s, with its quotes. */
static size_t string_length(const char *s, const char *end)
{
	const char *at = s + 1;

	while (at < end && *at != '"')
		at += *at == '\\' && at + 1 < end ? 2 : 1;
	return (size_t)((at < end ? at + 1 : end) - s);
}

/* The text with its large integers as texts. Other numbers, 1e5 or -7, stay as they are. */
static void convert(const char *s, size_t size, struct buf *out)
{
	const char *end = s + size;
	size_t len;

	for (; s < end; s += len) {
		if (*s == '"') {
			len = string_length(s, end);
			buf_add(out, s, len);
		} else if (*s == '-' || (*s >= '0' && *s <= '9')) {
			/* It ends before the text does, which has a NUL behind it. */
			len = 1 + strspn(s + 1, DIGITS);
			if (*s == '-' || !s[len] || strchr(".eE", s[len]))
				buf_add(out, s, len);
			else
				add_number(out, s, len);
			/* The digits of an exponent are no integer. */
			for (; s[len] && strchr(DIGITS ".eE+-", s[len]); len++)
				buf_putc(out, s[len]);
		} else {
			len = 1;
			buf_putc(out, *s);
		}
	}
}

/**
 * json_value_of() - Read one value.
 * @flags: of the library, beside that no key is there twice
 *
 * Return: NULL if it is none; @why tells the reason.
 */
json_t *json_value_of(const char *text, size_t size, size_t flags, json_error_t *why)
{
	json_t *value = json_loadb(text, size, flags | JSON_REJECT_DUPLICATES, why);
	struct buf converted = {};

	if (value || json_error_code(why) != json_error_numeric_overflow)
		return value;
	convert(text, size, &converted);
	value = json_loadb(converted.p, converted.len, flags | JSON_REJECT_DUPLICATES, why);
	buf_free(&converted);
	return value;
}

/**
 * json_file_each() - Read a file of records, one after the other.
 * @take: gets each value; what is not 0 ends it
 *
 * Return: 0, an exit status after a sentence, or what take() returned.
 */
int json_file_each(const char *path, json_take_fn take, void *arg)
{
	struct json_text t;
	int err = json_text_open(&t, path);

	if (!err)
		err = json_text_each(&t, take, arg);
	json_text_close(&t);
	return err;
}

/**
 * json_file_load() - Read a file. With -i it holds a report on each line: the last one counts.
 * Return: 0, or an exit status after a sentence.
 */
int json_file_load(const char *path, json_t **root)
{
	struct json_rows rows = {};
	int err = json_rows_open(&rows, path, root);

	if (!err)
		err = json_rows_load(&rows, *root);
	json_rows_close(&rows);
	return err;
}

/** json_file_parse() - The same of a text with a NUL at its end. Return: NULL if it is no JSON. */
json_t *json_file_parse(const char *text, size_t size)
{
	struct json_rows rows;
	json_t *root;

	if (json_rows_of(&rows, text, size, &root) && json_rows_load(&rows, root)) {
		json_decref(root);
		root = NULL;
	}
	json_rows_close(&rows);
	return root;
}

/* Controls of a terminal that the file is printed to, which the library does not escape. */
static void write_escaped(const char *s, size_t len, FILE *to)
{
	size_t i;

	for (i = 0; i < len; i++) {
		const unsigned char *c = (const unsigned char *)s + i;
		bool wide = *c == 0xc2 && i + 1 < len && c[1] >= 0x80 && c[1] < 0xa0;

		if (*c == 0x7f || wide)
			fprintf(to, "\\u%04x", wide ? c[1] : *c);
		else
			putc_unlocked(*c, to);
		i += wide;
	}
}

/* @key: of an object, which is no number */
static void write_text(const char *s, size_t len, bool key, FILE *to)
{
	const size_t before = strlen("\"" LARGE);

	if (!key && len > before + 1 && !strncmp(s, "\"" LARGE, before) &&
	    strspn(s + before, DIGITS) == len - before - 1)
		fwrite(s + before, 1, len - before - 1, to);
	else
		write_escaped(s, len, to);
}

static void write_number(const char *s, size_t len, FILE *to)
{
	char shown[40];

	if (strspn(s, "-" DIGITS) == len)
		fwrite(s, 1, len, to);
	else
		fputs(format_exact(shown, sizeof(shown), strtod(s, NULL)), to);
}

/**
 * json_file_dump() - Write it, large integers as the integers that they were, and reals
 * with the digits that make them the same when they are read.
 * @flags: of the library
 */
void json_file_dump(const json_t *root, size_t flags, FILE *to)
{
	char *text = json_dumps(root, flags | JSON_REAL_PRECISION(17));
	const char *end = text ? text + strlen(text) : NULL;
	const char *s;
	size_t len;

	for (s = text; s < end; s += len) {
		if (*s == '"') {
			len = string_length(s, end);
			write_text(s, len, s[len] == ':', to);
		} else if (*s == '-' || (*s >= '0' && *s <= '9')) {
			len = strspn(s, "+-.eE" DIGITS);
			write_number(s, len, to);
		} else {
			len = strcspn(s, "\"-" DIGITS);
			fwrite(s, 1, len, to);
		}
	}
	free(text);
}

/** json_large() - Return: the digits of an integer that is too large for the library, or NULL. */
const char *json_large(const json_t *value)
{
	const char *text = json_string_value(value);
	size_t len;

	/* Whoever wrote the file can have put the byte there. */
	if (!text || *text++ != LARGE_BYTE)
		return NULL;
	len = strspn(text, DIGITS);
	return len && !text[len] && !exceeds(text, len, WIDEST) ? text : NULL;
}

/** json_wide() - Set @number to an integer of any size and sign. Return: whether it is one. */
bool json_wide(const json_t *value, __int128 *number)
{
	const char *large = json_large(value);

	*number = json_integer_value(value);
	for (; large && *large; large++)
		*number = *number * 10 + (*large - '0');
	return large || json_is_integer(value);
}

/** json_is_unsigned() - Whether a value is an integer from 0 on that 64 bits have. */
bool json_is_unsigned(const json_t *value)
{
	__int128 number;

	return json_wide(value, &number) && number >= 0 && number <= UINT64_MAX;
}

/** json_unsigned() - Return: such a value; 0 of any other. */
uint64_t json_unsigned(const json_t *value)
{
	__int128 number;

	return json_is_unsigned(value) && json_wide(value, &number) ? (uint64_t)number : 0;
}

/** json_text() - Return: a value that is a text and no large integer, or NULL. */
const char *json_text(const json_t *value)
{
	const char *text = json_string_value(value);

	return text && *text == LARGE_BYTE ? NULL : text;
}
