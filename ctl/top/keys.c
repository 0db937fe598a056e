// SPDX-License-Identifier: GPL-2.0
/* What keys do. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/macros.h"
#include "lib/utf8.h"
#include "top/top.h"

#define ESCAPE	27

/* Intervals that + and - choose from, in ms. */
static const uint64_t intervals[] = { 100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000 };

static void select_line(struct top *t, size_t at)
{
	const struct grid_table *table = top_table(t);

	if (!table || !t->nr_lines)
		return;
	if (at >= t->nr_lines)
		at = t->nr_lines - 1;
	t->cursor.at = at;
	t->cursor.row = table->row[t->line[at].row].id;
	t->cursor.below = t->line[at].below;
}

/* Up by @n lines if @back, else down. */
static void move(struct top *t, size_t n, bool back)
{
	size_t at = t->page == TOP_ROWS ? t->cursor.at : t->scrolled;

	at = !back ? at + n : at > n ? at - n : 0;
	if (t->page == TOP_ROWS)
		select_line(t, at);
	else
		t->scrolled = at;
}

static bool go(struct top *t, unsigned int key)
{
	size_t page = t->body > 1 ? t->body - 1 : 1;

	switch (key) {
	case TOP_KEY_UP: case 'k':
		move(t, 1, true);
		return true;
	case TOP_KEY_DOWN: case 'j':
		move(t, 1, false);
		return true;
	case TOP_KEY_PAGE_UP:
		move(t, page, true);
		return true;
	case TOP_KEY_PAGE_DOWN:
		move(t, page, false);
		return true;
	case TOP_KEY_HOME: case 'g':
		move(t, SIZE_MAX / 2, true);
		return true;
	case TOP_KEY_END: case 'G':
		move(t, t->page == TOP_ROWS ? t->nr_lines : SIZE_MAX / 2, false);
		return true;
	}
	return false;
}

/* The place of the column that rows are sorted by, of those that are shown; 0 for none of them. */
static size_t sort_place(const struct top *t, size_t *n)
{
	const struct grid_table *table = top_table(t);
	size_t at = 0;
	size_t c;

	*n = 0;
	for (c = 0; table && c < table->nr_columns; c++) {
		if (!top_shows(t, c))
			continue;
		(*n)++;
		if (t->sort && !strcmp(table->column[c].name, t->sort))
			at = *n;
	}
	return at;
}

/* The report's own order comes before the first column, and behind the last. */
static void sort_by_next(struct top *t, bool back)
{
	const struct grid_table *table = top_table(t);
	size_t n;
	size_t at = sort_place(t, &n);
	size_t c;

	at = back ? (at ? at - 1 : n) : at < n ? at + 1 : 0;
	free(t->sort);
	t->sort = NULL;
	t->reversed = false;
	for (c = 0; at && c < table->nr_columns; c++)
		if (top_shows(t, c) && !--at)
			t->sort = copy_string(table->column[c].name);
	top_arrange(t);
}

static void expand(struct top *t)
{
	const struct grid_table *table = top_table(t);
	size_t row;
	uint64_t id;

	if (!table || !t->nr_lines)
		return;
	row = t->line[t->cursor.at].row;
	id = table->row[row].id;
	if (!top_can_expand(t, row)) {
		top_say(t, "no stacks: none of the session's columns is one; --by COL,kstack,ustack adds them");
		return;
	}
	t->cursor.row = id;
	t->cursor.below = 0;
	map_set(&t->expanded, id, top_is_expanded(t, id) ? NULL : (void *)1);
	top_arrange(t);
}

static unsigned int change_interval(struct top *t, bool longer)
{
	size_t n = ARRAY_SIZE(intervals);
	uint64_t to = t->every;
	size_t i;

	for (i = 0; i < n; i++) {
		uint64_t ns = intervals[longer ? i : n - 1 - i] * 1000000;

		if (longer ? ns > t->every : ns < t->every) {
			to = ns;
			break;
		}
	}
	if (to == t->every)
		return TOP_DRAW;
	t->every = to;
	return TOP_DRAW | TOP_PACE;
}

static void switch_rates(struct top *t)
{
	if (!t->per_second && !top_has_rates(t)) {
		top_say(t, "this table has no counts that could be shown per second");
		return;
	}
	t->per_second = !t->per_second;
	top_forget_below(t);
	memset(t->width, 0, sizeof(t->width));
	top_arrange(t);
}

static void next_table(struct top *t)
{
	size_t n = top_nr_tables(t);

	if (n < 2)
		return;
	t->table = (t->table + 1) % n;
	t->cursor = (struct top_cursor){};
	t->per_second &= top_has_rates(t);
	top_forget_below(t);
	memset(t->width, 0, sizeof(t->width));
	top_arrange(t);
}

static void set_filter(struct top *t, size_t len)
{
	t->filter[len] = 0;
	memset(t->width, 0, sizeof(t->width));
	top_arrange(t);
}

/* Add a character, as UTF-8. */
static void type(struct top *t, unsigned int c)
{
	size_t len = strlen(t->filter);
	char bytes[5] = {};
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t i;

	for (i = n; i > 1; i--, c >>= 6)
		bytes[i - 1] = (char)(0x80 | (c & 0x3f));
	bytes[0] = (char)(n == 1 ? c : lead[n] | c);
	if ((n > 1 && !utf8_length(bytes)) || len + n >= sizeof(t->filter))
		return;
	memcpy(t->filter + len, bytes, n);
	set_filter(t, len + n);
}

/* Take the last character away. */
static void erase(struct top *t)
{
	size_t len = strlen(t->filter);

	while (len && ((unsigned char)t->filter[len - 1] & 0xc0) == 0x80)
		len--;
	set_filter(t, len ? len - 1 : 0);
}

static void edit(struct top *t, unsigned int key)
{
	if (key == '\n' || key == '\r')
		t->typing = false;
	else if (key == TOP_KEY_BACKSPACE || key == 127 || key == 8)
		erase(t);
	else if (key == 21)
		set_filter(t, 0);
	else if (key >= ' ' && key < TOP_KEY_UP)
		type(t, key);
	if (key != ESCAPE)
		return;
	t->typing = false;
	set_filter(t, 0);
}

static void turn_page(struct top *t, enum top_page page)
{
	t->page = t->page == page ? TOP_ROWS : page;
	t->scrolled = 0;
}

static void leave(struct top *t)
{
	if (t->page != TOP_ROWS)
		t->page = TOP_ROWS;
	else
		set_filter(t, 0);
}

/* Keys that are the same on every page. */
static bool common(struct top *t, unsigned int key)
{
	switch (key) {
	case '?': case 'h':
		turn_page(t, TOP_HELP);
		return true;
	case 'i':
		turn_page(t, TOP_REPORT);
		return true;
	case ESCAPE:
		leave(t);
		return true;
	}
	return go(t, key);
}

/** top_key() - A key, or a character. Return: enum top_action. */
unsigned int top_key(struct top *t, unsigned int key)
{
	*t->message = 0;
	if (t->typing) {
		edit(t, key);
		return TOP_DRAW;
	}
	if (key == 'q')
		return TOP_QUIT;
	if (common(t, key))
		return TOP_DRAW;
	t->page = TOP_ROWS;
	switch (key) {
	case TOP_KEY_LEFT: case '<':
		sort_by_next(t, true);
		break;
	case TOP_KEY_RIGHT: case '>':
		sort_by_next(t, false);
		break;
	case 'r':
		t->reversed = !t->reversed;
		top_arrange(t);
		break;
	case '/':
		t->typing = true;
		break;
	case 't':
		switch_rates(t);
		break;
	case '\t':
		next_table(t);
		break;
	case '\n': case '\r': case 'e':
		expand(t);
		break;
	case 'p': case ' ':
		t->paused = !t->paused;
		return TOP_DRAW | TOP_PACE;
	case '+': case '=':
		return change_interval(t, true);
	case '-':
		return change_interval(t, false);
	}
	return TOP_DRAW;
}
