// SPDX-License-Identifier: GPL-2.0
/*
 * The lines of a screen: what is observed, what became of the hits, what is shown and how; then
 * the table, and at the bottom what keys there are, or a sentence. The account and losses are on
 * every page.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/format.h"
#include "lib/macros.h"
#include "lib/utf8.h"
#include "report/width.h"
#include "top/top.h"

#define BODY_LEAST	3	/* lines that the head leaves */

void top_page_free(struct top_screen *s)
{
	buf_free(&s->text);
	free(s->line);
	memset(s, 0, sizeof(*s));
}

/*
 * Text for a terminal: control characters, bytes that are no character and, in a locale without
 * them, characters that are not ASCII become '?'.
 */
static void add_clean(const struct top *t, const char *text, size_t len, struct buf *out)
{
	size_t i;
	size_t n;

	for (i = 0; i < len; i += n) {
		bool harmless;

		n = utf8_step(text + i, len - i, &harmless);
		if (!harmless || (n > 1 && !t->utf8))
			buf_putc(out, '?');
		else
			buf_add(out, text + i, n);
	}
}

static void add_line(const struct top *t, struct top_screen *s, enum top_style style,
		     const char *text, size_t len)
{
	struct top_page_line *line;

	s->line = grow(s->line, &s->cap, s->n + 1, sizeof(*s->line));
	line = &s->line[s->n++];
	line->style = style;
	line->text = s->text.len;
	add_clean(t, text, width_clip(text, len, t->columns), &s->text);
	line->len = s->text.len - line->text;
	buf_putc(&s->text, 0);
}

static void add_text(const struct top *t, struct top_screen *s, enum top_style style,
		     const char *text)
{
	add_line(t, s, style, text, strlen(text));
}

/* How much of @text fits into a line, up to a space if there is one. */
static size_t line_length(const char *text, size_t columns)
{
	size_t len = width_clip(text, strlen(text), columns);
	size_t at = len;

	if (!text[len])
		return len;
	while (at && text[at] != ' ')
		at--;
	return at && text[strspn(text, " ")] && at > strspn(text, " ") ? at : len ? len : 1;
}

/* A text in up to @most lines; the last one is cut. */
static void add_wrapped(const struct top *t, struct top_screen *s, enum top_style style,
			const char *text, size_t most)
{
	while (*text && most--) {
		size_t len = most ? line_length(text, t->columns) : strlen(text);

		add_line(t, s, style, text, len);
		text += len + strspn(text + len, " ");
	}
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static void add_account(const struct top *t, struct top_screen *s)
{
	size_t i;

	for (i = 1; i < t->now->lines.n; i++)
		if (begins(t->now->lines.v[i], "***"))
			add_wrapped(t, s, TOP_LOSS, t->now->lines.v[i], 2);
	for (i = 0; i < t->now->account.n; i++) {
		const char *line = t->now->account.v[i];

		/* Said in each interval, or in none. */
		if (!begins(line, "  ("))
			add_wrapped(t, s, begins(line, "  lost") || begins(line, "***") ? TOP_LOSS :
				    TOP_PLAIN, line, 2);
	}
}

static void describe_rows(const struct top *t, struct buf *out)
{
	const struct grid_table *table = top_table(t);
	char all[32], some[32];

	if (!table)
		return;
	format_count(all, sizeof(all), table->nr_rows);
	format_count(some, sizeof(some), t->nr_order);
	if (*t->filter)
		buf_printf(out, ", filter '%s': %s of %s rows", t->filter, some, all);
	else
		buf_printf(out, ", %s row%s", all, table->nr_rows == 1 ? "" : "s");
	if (top_nr_tables(t) > 1)
		buf_printf(out, ", table %zu of %zu: %s", t->table + 1, top_nr_tables(t),
			   table->name);
}

/* Intervals are round. */
static char *format_interval(char *buf, size_t size, uint64_t ns)
{
	if (ns < 1000000000)
		snprintf(buf, size, "%.4g ms", (double)ns / 1e6);
	else
		snprintf(buf, size, "%.4g s", (double)ns / 1e9);
	return buf;
}

/* What is shown, and how. */
static void add_state(const struct top *t, struct top_screen *s)
{
	char every[32], slow[32];
	struct buf line = {};

	buf_printf(&line, "%s%s, every %s", t->paused ? "PAUSED, " : "",
		   t->per_second ? "per second" : "total",
		   format_interval(every, sizeof(every), t->every));
	if (t->slow)
		buf_printf(&line, " (now %s: reports take long)",
			   format_ns(slow, sizeof(slow), (double)t->slow));
	if (t->sort)
		buf_printf(&line, ", by %s", t->sort);
	if (t->reversed)
		buf_puts(&line, ", reversed");
	describe_rows(t, &line);
	add_wrapped(t, s, *t->filter || t->paused ? TOP_TITLE : TOP_PLAIN, line.p, 2);
	buf_free(&line);
}

static void add_head(struct top *t, size_t rows, struct top_screen *s)
{
	size_t most = rows > BODY_LEAST + 2 ? rows - BODY_LEAST - 2 : 1;

	if (t->now && t->now->lines.n)
		add_wrapped(t, s, TOP_TITLE, t->now->lines.v[0], 2);
	if (t->now)
		add_account(t, s);
	/* What is shown is said in any case. */
	if (s->n + 2 > most)
		s->n = most > 2 ? most - 2 : 0;
	add_state(t, s);
	if (s->n > most)
		s->n = most;
	/* Lines of losses come and go: the table stays where it is. */
	if (s->n > t->head)
		t->head = s->n;
	if (t->head > most)
		t->head = most;
	while (s->n < t->head)
		add_text(t, s, TOP_PLAIN, "");
}

static void scroll(struct top *t, size_t body)
{
	size_t at = t->cursor.at;

	t->body = body;
	if (at < t->first)
		t->first = at;
	if (body && at >= t->first + body)
		t->first = at - body + 1;
	if (t->first + body > t->nr_lines)
		t->first = t->nr_lines > body ? t->nr_lines - body : 0;
}

static void add_rows(struct top *t, size_t body, struct top_screen *s)
{
	bool shown[TOP_COLUMNS] = {};
	struct buf line = {};
	size_t to;
	size_t i;

	scroll(t, body);
	to = t->first + body < t->nr_lines ? t->first + body : t->nr_lines;
	top_fit(t, t->first, to, t->columns, shown);
	top_print_header(t, shown, &line);
	add_text(t, s, TOP_HEADER, line.len ? line.p : "");
	if (!t->nr_lines)
		add_text(t, s, TOP_BELOW, *t->filter ? "(no row has this text)" : "(no rows yet)");
	for (i = t->first; i < to; i++) {
		const struct top_line *l = &t->line[i];
		bool selected = i == t->cursor.at;

		line.len = 0;
		if (l->below)
			buf_puts(&line, top_below(t, l->row)->v[l->below - 1]);
		else
			top_print_row(t, l->row, shown, &line);
		add_text(t, s, selected ? TOP_SELECTED : l->below ? TOP_BELOW : TOP_PLAIN,
			 line.len ? line.p : "");
	}
	buf_free(&line);
}

static void collect_lines(const struct top *t, struct strings *lines)
{
	size_t i;

	if (t->page == TOP_HELP) {
		top_help(lines, t->columns);
		return;
	}
	for (i = 0; t->now && i < t->now->lines.n; i++)
		strings_add(lines, t->now->lines.v[i]);
}

/* A page of text, in place of the table. */
static void add_lines(struct top *t, size_t body, struct top_screen *s)
{
	struct top_screen all = {};
	struct strings lines = {};
	size_t i;

	collect_lines(t, &lines);
	for (i = 0; i < lines.n; i++)
		add_wrapped(t, &all, TOP_PLAIN, lines.v[i], 100);
	if (t->scrolled + body > all.n)
		t->scrolled = all.n > body ? all.n - body : 0;
	t->body = body;
	add_text(t, s, TOP_HEADER, t->page == TOP_HELP ? "Keys" : "The report's head and foot");
	for (i = t->scrolled; i < all.n && i < t->scrolled + body; i++)
		add_line(t, s, TOP_PLAIN, all.text.p + all.line[i].text, all.line[i].len);
	strings_free(&lines);
	top_page_free(&all);
}

/* As many of the hints as there is room for. */
static void add_hints(const struct top *t, struct top_screen *s)
{
	static const char *const hints[] = {
		"q end", "? help", "/ filter", "< > sort", "Enter stacks", "t per second",
		"p pause", "r reverse", "i report",
	};
	struct buf line = {};
	char left_out[48] = "";
	size_t room;
	size_t i;

	if (t->left_out && t->page == TOP_ROWS)
		snprintf(left_out, sizeof(left_out), "%zu column%s left out", t->left_out,
			 t->left_out == 1 ? "" : "s");
	room = t->columns > strlen(left_out) + 2 ? t->columns - strlen(left_out) - 2 : 0;
	for (i = 0; i < ARRAY_SIZE(hints); i++)
		if (line.len + 2 + strlen(hints[i]) <= room)
			buf_printf(&line, "%s%s", line.len ? "  " : "", hints[i]);
	if (*left_out)
		buf_printf(&line, "%s%s", line.len ? "  " : "", left_out);
	add_text(t, s, TOP_HINT, line.len ? line.p : "");
	buf_free(&line);
}

static void add_foot(const struct top *t, struct top_screen *s)
{
	struct buf line = {};

	if (t->typing) {
		buf_printf(&line, "filter: %s", t->filter);
		s->cursor_row = s->n;
		s->cursor_column = width_of(line.p);
		if (s->cursor_column >= t->columns)
			s->cursor_column = t->columns - 1;
		add_text(t, s, TOP_TITLE, line.p);
	} else if (*t->message) {
		add_text(t, s, TOP_TITLE, t->message);
	} else {
		add_hints(t, s);
	}
	buf_free(&line);
}

/** top_page() - Make the lines of a screen of so many rows and columns. */
void top_page(struct top *t, size_t rows, size_t columns, struct top_screen *s)
{
	size_t body;

	s->n = 0;
	s->text.len = 0;
	s->cursor_row = SIZE_MAX;
	if (columns != t->columns) {
		memset(t->width, 0, sizeof(t->width));
		t->head = 0;
	}
	t->columns = columns;
	add_head(t, rows, s);
	body = rows > s->n + 2 ? rows - s->n - 2 : 1;
	if (t->page == TOP_ROWS && top_table(t))
		add_rows(t, body, s);
	else
		add_lines(t, body, s);
	while (s->n + 1 < rows)
		add_text(t, s, TOP_PLAIN, "");
	if (s->n + 1 > rows)
		s->n = rows ? rows - 1 : 0;
	if (rows)
		add_foot(t, s);
}
