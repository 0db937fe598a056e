// SPDX-License-Identifier: GPL-2.0
/* Text that somebody else wrote: which bytes are characters, and how a terminal gets them. */

#include <string.h>

#include "lib/macros.h"
#include "lib/utf8.h"

/* A run without a space that is longer is shortened to its ends. */
#define RUN_MAX		160
#define RUN_HEAD	100
#define RUN_TAIL	40
/* So is a whole text. */
#define TEXT_MAX	2000
#define SHORT		"[...]"

/** utf8_length() - Return: how many bytes of valid UTF-8 begin at @text; 0 if none do. */
size_t utf8_length(const char *text)
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

/* Whether a character, of @len bytes, controls a terminal: C0, DEL, and C1. */
static bool is_control(const unsigned char *s, size_t len)
{
	return *s < 0x20 || *s == 0x7f || (len == 2 && *s == 0xc2 && s[1] < 0xa0);
}

/**
 * utf8_step() - Look at the character that begins at @text, of at most @max bytes.
 * @harmless: whether a terminal can have it: it is one, and controls nothing
 *
 * This is what every text with names of others goes through. Return: its bytes, 1 of what is no
 * character.
 */
size_t utf8_step(const char *text, size_t max, bool *harmless)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t len = *s < 0x80 ? 1 : utf8_length(text);

	if (len > max)
		len = 0;
	*harmless = len && !is_control(s, len);
	return len ? len : 1;
}

/** utf8_plain() - Add text on one line, with '?' in place of what is not harmless. */
void utf8_plain(struct buf *out, const char *text, size_t len)
{
	const char *end = text + len;
	bool harmless;
	size_t n;

	for (; text < end; text += n) {
		n = utf8_step(text, (size_t)(end - text), &harmless);
		if (harmless)
			buf_add(out, text, n);
		else
			buf_putc(out, '?');
	}
}

static void add_escaped(struct buf *out, const unsigned char *s, size_t len)
{
	static const char plain[] = "\nn\tt\rr\033e";
	const char *name = len == 1 ? memchr(plain, *s, sizeof(plain) - 1) : NULL;
	size_t i;

	if (name && !((name - plain) & 1)) {
		buf_printf(out, "\\%c", name[1]);
		return;
	}
	for (i = 0; i < len; i++)
		buf_printf(out, "\\x%02x", s[i]);
}

/**
 * utf8_escape() - Add text, with escapes in place of what controls a terminal or is not UTF-8.
 * @len: bytes of it
 */
void utf8_escape(struct buf *out, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	const unsigned char *end = s + len;

	while (s < end) {
		size_t bytes = *s < 0x80 ? 1 : utf8_length((const char *)s);

		if (!bytes || is_control(s, bytes))
			add_escaped(out, s, bytes ? bytes : 1);
		else
			buf_add(out, s, bytes);
		s += bytes ? bytes : 1;
	}
}

/* Not inside of a character. */
static size_t align(const char *text, size_t at)
{
	while (at && ((unsigned char)text[at] & 0xc0) == 0x80)
		at--;
	return at;
}

static void add_run(struct buf *out, const char *run, size_t len)
{
	size_t tail;

	if (len <= RUN_MAX) {
		buf_add(out, run, len);
		return;
	}
	tail = align(run, len - RUN_TAIL);
	buf_add(out, run, align(run, RUN_HEAD));
	buf_puts(out, SHORT);
	buf_add(out, run + tail, len - tail);
}

/**
 * utf8_sentence() - Add a sentence that quotes words of others, fit for a terminal.
 *
 * Control characters are escaped, very long words and sentences are shortened.
 */
void utf8_sentence(struct buf *out, const char *text)
{
	struct buf clean = {};
	size_t start = out->len;
	const char *s;
	size_t end;

	utf8_escape(&clean, text, strlen(text));
	for (s = clean.p ? clean.p : ""; *s;) {
		size_t run = strcspn(s, " ");
		size_t gap = strspn(s + run, " ");

		add_run(out, s, run);
		buf_add(out, s + run, gap);
		s += run + gap;
	}
	buf_free(&clean);
	if (out->len - start <= TEXT_MAX)
		return;
	end = align(out->p, start + TEXT_MAX);
	out->len = end;
	buf_puts(out, SHORT);
}
