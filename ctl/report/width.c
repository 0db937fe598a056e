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

#include "lib/parse.h"
#include "lib/utf8.h"
#include "report/width.h"

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

	*len = utf8_length(s);
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
