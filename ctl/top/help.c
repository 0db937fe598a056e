// SPDX-License-Identifier: GPL-2.0
/* The page of keys. */

#include "lib/macros.h"
#include "top/top.h"

static const struct {
	const char	*key;
	const char	*does;
} keys[] = {
	{ "q", "end, and print the report" },
	{ "Ctrl-C", "the same" },
	{ "Ctrl-Z", "leave the screen for a while; fg comes back" },
	{ "up down", "select a line; also j k, Page Up, Page Down, Home, End" },
	{ "Enter", "the stacks of the row, or its other details; again: hide them" },
	{ "left right", "sort by the column before or behind; also < >" },
	{ "r", "sort in the other direction" },
	{ "/", "show only rows with this text; Enter keeps it, Esc shows all" },
	{ "t", "numbers per second since the report before, or since the start" },
	{ "p", "pause: the screen stays, the session goes on; also space" },
	{ "+ -", "longer, shorter interval" },
	{ "Tab", "the next table, where the report has several" },
	{ "i", "head and foot of the report: account, cost, sizes" },
	{ "? h", "this page" },
};

/* Words of @text in lines of @columns, indented. */
static void add_words(struct strings *lines, const char *text, size_t columns)
{
	struct buf line = {};

	while (*text) {
		size_t len = strcspn(text, " ");

		if (line.len > 4 && line.len + 1 + len > columns) {
			strings_add(lines, line.p);
			line.len = 0;
		}
		if (!line.len)
			buf_puts(&line, "   ");
		buf_putc(&line, ' ');
		buf_add(&line, text, len);
		text += len + strspn(text + len, " ");
	}
	strings_add(lines, line.p);
	buf_free(&line);
}

/** top_help() - What keys do, in lines of @columns. */
void top_help(struct strings *lines, size_t columns)
{
	struct buf line = {};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		line.len = 0;
		buf_printf(&line, "%-11s %s", keys[i].key, keys[i].does);
		if (line.len <= columns) {
			strings_add(lines, line.p);
			continue;
		}
		strings_add(lines, keys[i].key);
		add_words(lines, keys[i].does, columns);
	}
	buf_free(&line);
}
