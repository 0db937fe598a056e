// SPDX-License-Identifier: GPL-2.0
/*
 * Text in XML: names of threads and functions can hold any byte. What means something to
 * XML is escaped; what it does not allow, and what controls, becomes a question mark or
 * the replacement character.
 */

#include <string.h>

#include "export/xml.h"
#include "lib/macros.h"
#include "lib/utf8.h"

#define CUT		".."

/* Characters that XML gives a meaning. */
static const char *escape_of(char c)
{
	static const struct {
		char	c;
		const char *text;
	} escapes[] = {
		{ '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" },
		{ '\'', "&#39;" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(escapes); i++)
		if (escapes[i].c == c)
			return escapes[i].text;
	return NULL;
}

/* Bytes of the character at @s, and what it is in XML; NULL for itself. */
static size_t step(const char *s, const char **shown)
{
	size_t len = utf8_length(s);

	*shown = NULL;
	if ((unsigned char)*s < 0x80) {
		*shown = (unsigned char)*s < 0x20 || *s == 0x7f ? "?" : escape_of(*s);
		return 1;
	}
	if (!len) {
		*shown = "\xef\xbf\xbd";
		return 1;
	}
	/* C1 controls; and the two that no character has. */
	if (len == 2 && !memcmp(s, "\xc2", 1) && (unsigned char)s[1] < 0xa0)
		*shown = "?";
	else if (!memcmp(s, "\xef\xbf\xbe", 3) || !memcmp(s, "\xef\xbf\xbf", 3))
		*shown = "\xef\xbf\xbd";
	return len;
}

/** xml_text() - Add @len bytes of a text as the content of an element or an attribute. */
void xml_text(struct buf *out, const char *text, size_t len)
{
	const char *end = text + len;
	const char *shown;
	size_t n;

	for (; text < end; text += n) {
		n = step(text, &shown);
		if (shown)
			buf_puts(out, shown);
		else
			buf_add(out, text, n);
	}
}

/** xml_columns() - Return: columns that a text takes at most; others than ASCII can be wide. */
size_t xml_columns(const char *text)
{
	const char *shown;
	size_t columns = 0;

	while (*text) {
		columns += (unsigned char)*text < 0x80 ? 1 : 2;
		text += step(text, &shown);
	}
	return columns;
}

/** xml_clip() - Return: how many bytes of a text take no more than @columns. */
size_t xml_clip(const char *text, size_t columns)
{
	const char *at = text;
	const char *shown;
	size_t used = 0;

	while (*at) {
		used += (unsigned char)*at < 0x80 ? 1 : 2;
		if (used > columns)
			break;
		at += step(at, &shown);
	}
	return (size_t)(at - text);
}

/** xml_fitted() - Add a text, cut where it is longer than @columns. */
void xml_fitted(struct buf *out, const char *text, size_t columns)
{
	if (xml_columns(text) <= columns) {
		xml_text(out, text, strlen(text));
		return;
	}
	xml_text(out, text, xml_clip(text, columns - strlen(CUT)));
	buf_puts(out, CUT);
}
