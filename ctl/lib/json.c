// SPDX-License-Identifier: GPL-2.0
/* JSON that is written by hand: there can be millions of it. */

#include "lib/json.h"
#include "lib/utf8.h"

/**
 * json_escape() - Add @s as a JSON string. A byte that is not UTF-8 (a thread
 * can have any name) becomes the replacement character, and so does a first byte that
 * obsctl puts before numbers when it reads the file.
 */
void json_escape(struct buf *b, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	buf_putc(b, '"');
	if (*p == 1) {
		buf_puts(b, "\xef\xbf\xbd");
		p++;
	}
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
			len = utf8_length((const char *)p);
			/* C1 controls a terminal that the file is printed to. */
			if (len == 2 && *p == 0xc2 && p[1] < 0xa0)
				buf_printf(b, "\\u%04x", p[1]);
			else if (len)
				buf_add(b, p, len);
			else
				buf_puts(b, "\xef\xbf\xbd");
			len = len ? len : 1;
		}
		p += len;
	}
	buf_putc(b, '"');
}
