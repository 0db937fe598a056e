// SPDX-License-Identifier: GPL-2.0
/*
 * Width of text in columns of a terminal: wcwidth() of each character, whatever
 * the locale is, since names are UTF-8 or bytes.
 */

#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "lib/macros.h"
#include "lib/parse.h"
#include "report/width.h"

/** width_utf8() - Return: how many bytes of valid UTF-8 begin at @text; 0 if none do. */
size_t width_utf8(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
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

/* The character that begins at @s, of @len bytes. */
static wchar_t decode(const char *s, size_t len)
{
	static const unsigned char lead[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	wchar_t c = (unsigned char)*s & lead[len];
	size_t i;

	for (i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	return c;
}

/* Columns of the character at @s, and its bytes; one that is not UTF-8 takes one. */
static size_t step(const char *s, size_t *len)
{
	static locale_t utf8;
	locale_t before;
	int columns;

	*len = width_utf8(s);
	if (!*len) {
		*len = 1;
		return 1;
	}
	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	if (!utf8)
		return 1;
	before = uselocale(utf8);
	columns = wcwidth(decode(s, *len));
	uselocale(before);
	return columns < 0 ? 1 : (size_t)columns;
}

/** width_of() - Return: columns that @s takes. */
size_t width_of(const char *s)
{
	size_t columns = 0;
	size_t len;

	for (; *s; s += len) {
		/* Most text is ASCII. */
		if ((unsigned char)*s < 0x80) {
			columns++;
			len = 1;
		} else {
			columns += step(s, &len);
		}
	}
	return columns;
}

/** width_clip() - Return: how many of the @len bytes of @s fit into @columns. */
size_t width_clip(const char *s, size_t len, size_t columns)
{
	size_t used = 0;
	size_t bytes;
	size_t i;

	for (i = 0; i < len; i += bytes) {
		used += step(s + i, &bytes);
		if (used > columns)
			break;
	}
	return i < len ? i : len;
}

/**
 * width_terminal() - Columns of the terminal that @file writes to.
 * Return: what COLUMNS or the terminal says; 0 if it is no terminal.
 */
size_t width_terminal(FILE *file)
{
	const char *columns = getenv("COLUMNS");
	struct winsize w = {};
	uint64_t n;

	if (!isatty(fileno(file)))
		return 0;
	if (columns && !parse_number(columns, 1, 65535, &n))
		return (size_t)n;
	return ioctl(fileno(file), TIOCGWINSZ, &w) ? 0 : w.ws_col;
}
