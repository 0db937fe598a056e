// SPDX-License-Identifier: GPL-2.0
/* Words for what objects hold: bytes as hexdump -C has them, and what pointers point to. */

#include <stdio.h>
#include <string.h>

#include "cmd/mem/dump.h"
#include "lib/buf.h"
#include "lib/macros.h"

#define LINE		16	/* bytes in a line */

static const char *const states[] = {
	[KOBS_CONTENTS_READ] = "read",
	[KOBS_CONTENTS_GONE] = "gone",
	[KOBS_CONTENTS_UNREADABLE] = "unreadable",
};

static const char *const kinds[] = {
	[KOBS_POINTER_SYMBOL] = "symbol",
	[KOBS_POINTER_SLAB] = "slab",
	[KOBS_POINTER_STACK] = "stack",
	[KOBS_POINTER_VMALLOC] = "vmalloc",
	[KOBS_POINTER_PAGE] = "page",
};

/** dump_state_name() - Return: what became of reading an object, in a word. */
const char *dump_state_name(uint32_t state)
{
	return state < ARRAY_SIZE(states) && states[state] ? states[state] : "unreadable";
}

/** dump_pointer_name() - Return: what a pointer points to, in a word. */
const char *dump_pointer_name(uint32_t kind)
{
	return kind < ARRAY_SIZE(kinds) && kinds[kind] ? kinds[kind] : "unknown";
}

static void add_line(const uint8_t *data, size_t at, size_t n, struct buf *out)
{
	size_t i;

	buf_printf(out, "%04zx ", at);
	for (i = 0; i < LINE; i++) {
		if (i % 8 == 0)
			buf_putc(out, ' ');
		if (i < n)
			buf_printf(out, "%02x ", data[i]);
		else
			buf_puts(out, "   ");
	}
	buf_puts(out, " |");
	for (i = 0; i < n; i++)
		buf_putc(out, data[i] >= ' ' && data[i] <= '~' ? (char)data[i] : '.');
	buf_putc(out, '|');
}

/**
 * dump_add_bytes() - Add the lines of a hex dump, with the text beside it.
 *
 * Of lines that are the same, "*" stands for all but the first; the last is always there.
 */
void dump_add_bytes(const uint8_t *data, size_t len, struct strings *lines)
{
	struct buf line = {};
	bool same = false;
	size_t at;

	for (at = 0; at < len; at += LINE) {
		size_t n = len - at < LINE ? len - at : LINE;

		if (at && at + LINE < len && !memcmp(data + at, data + at - LINE, LINE)) {
			if (!same)
				strings_add(lines, "*");
			same = true;
			continue;
		}
		same = false;
		line.len = 0;
		add_line(data + at, at, n, &line);
		strings_add(lines, line.p);
	}
	buf_free(&line);
}

static void add_place(uint64_t at, struct buf *out)
{
	if (at)
		buf_printf(out, " +0x%llx", (unsigned long long)at);
}

/** dump_add_pointer() - Add what a word of an object points to. @object: its number */
void dump_add_pointer(const struct dump *d, size_t object, const struct object_pointer *p,
		      struct buf *out)
{
	const char *text = p->text ? p->text : "?";
	uint64_t at = 0;
	size_t to = dump_target(d, p->value, &at);

	if (to == object)
		buf_puts(out, "itself");
	else if (to != SIZE_MAX)
		buf_printf(out, "#%zu", to + 1);
	if (to != SIZE_MAX) {
		add_place(at, out);
		buf_puts(out, ", ");
	}
	switch (p->kind) {
	case KOBS_POINTER_SYMBOL:
		buf_puts(out, text);
		return;
	case KOBS_POINTER_SLAB:
		buf_printf(out, "object of slab cache %s", text);
		break;
	case KOBS_POINTER_STACK:
		buf_printf(out, "stack of %s (tid %u)", text, p->tid);
		break;
	case KOBS_POINTER_VMALLOC:
		buf_puts(out, "area of vmalloc()");
		break;
	case KOBS_POINTER_PAGE:
		buf_puts(out, "page");
		break;
	default:
		buf_puts(out, "unknown");
	}
	if (p->start)
		add_place(p->value - p->start, out);
}
