// SPDX-License-Identifier: GPL-2.0
/* Shows a tool as the command line of 'obsctl probe' that does the same. */

#include <stdio.h>
#include <string.h>

#include "cmd/tools/tool.h"

#define WIDTH	79

/* A word in quotes, if a shell needs them. */
static void add_word(struct buf *out, const char *word)
{
	bool plain = *word && !word[strcspn(word, " \t\n*?[]{}()<>|&;!$`\\\"'~#")];

	if (plain) {
		buf_puts(out, word);
		return;
	}
	buf_putc(out, '\'');
	for (; *word; word++) {
		/* The quotes end before one, which has its own. */
		if (*word == '\'')
			buf_puts(out, "'\\'");
		buf_putc(out, *word);
	}
	buf_putc(out, '\'');
}

/* An option, if it has a value: words with commas between them. */
static void add_option(struct buf *out, const char *between, const char *option,
		       const struct strings *words)
{
	struct buf value = {};
	size_t i;

	for (i = 0; i < words->n; i++)
		buf_printf(&value, "%s%s", i ? "," : "", words->v[i]);
	if (value.len) {
		buf_printf(out, "%s--%s ", between, option);
		add_word(out, value.p);
	}
	buf_free(&value);
}

/* An option for each of some words. */
static void add_options(struct buf *out, const char *between, const char *option,
			const struct strings *words)
{
	size_t i;

	for (i = 0; i < words->n; i++)
		add_option(out, between, option, &(struct strings){ .v = &words->v[i], .n = 1 });
}

/**
 * tool_command() - Add the command line of 'obsctl probe' that does the same.
 * @between: what stands between its options
 */
void tool_command(const struct verb *verb, const struct tool_options *t, const char *between,
		  struct buf *out)
{
	size_t i;

	buf_printf(out, "obsctl probe %s", tool_mode(verb));
	for (i = 0; i < t->o.nr_args; i++) {
		buf_putc(out, ' ');
		add_word(out, t->o.args[i]);
	}
	add_options(out, between, "from", &t->own.from);
	add_options(out, between, "to", &t->own.to);
	add_options(out, between, "via", &t->own.via);
	add_option(out, between, "on", &t->own.on);
	if (t->own.value) {
		buf_printf(out, "%s--value ", between);
		add_word(out, t->own.value);
	}
	for (i = 0; i < t->own.where.n; i++) {
		buf_printf(out, "%s--where ", between);
		add_word(out, t->own.where.v[i]);
	}
	add_option(out, between, "by", &t->o.by);
	if (verb->tool->percentiles)
		buf_printf(out, "%s--hist", between);
}

/*
 * The last place where a shell lets a line go on below: after a comma in quotes, where
 * obsctl ignores blanks, or before a space outside of them, behind a backslash. 0 for none.
 */
static size_t find_break(const char *line, size_t room, bool *quoted)
{
	bool inside = *quoted;
	size_t found = 0;
	size_t i;

	for (i = 0; i < room && line[i]; i++) {
		if (line[i] == '\'') {
			inside = !inside;
		} else if (inside ? line[i] == ',' : line[i] == ' ' && i + 2 < room) {
			found = inside ? i + 1 : i;
			*quoted = inside;
		}
	}
	return found;
}

/* A line that is too long goes on below, with what a shell needs for that. */
static void print_line(FILE *to, const char *line)
{
	size_t indent = 2;
	bool quoted = false;

	while (strlen(line) + indent > WIDTH) {
		size_t len = find_break(line, WIDTH - indent, &quoted);

		if (!len)
			break;
		fprintf(to, "%*s%.*s%s\n", (int)indent, "", (int)len, line, quoted ? "" : " \\");
		line += len + strspn(line + len, " ");
		indent = 6;
	}
	fprintf(to, "%*s%s\n", (int)indent, "", line);
}

static void print_form(const struct verb *verb, const struct tool_form *form, FILE *to)
{
	struct tool_options t;
	struct buf text = {};
	char *save = NULL;
	char *line;

	tool_options_make(&t, verb, form, &(struct opts){});
	tool_command(verb, &t, " \\\n  ", &text);
	for (line = strtok_r(text.p, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		print_line(to, line);
	buf_free(&text);
	tool_options_free(&t);
}

/** tool_more() - Print what a tool stands for, at the end of its help. */
void tool_more(const struct verb *verb, FILE *to)
{
	size_t i;

	for (i = 0; tool_has_form(verb, i); i++) {
		fputs(i ? "or, where that is not there:\n" : "\nThe same as:\n", to);
		print_form(verb, &verb->tool->forms[i], to);
	}
}
