// SPDX-License-Identifier: GPL-2.0
/* Help, from the tables of nouns, verbs and options. */

#include <string.h>

#include "cli/noun.h"
#include "lib/buf.h"

#define WIDTH	80	/* of help, whatever the terminal has */

/**
 * help_words() - Words of @text, in lines that begin with @indent spaces.
 * @at: column of the first one
 *
 * A word that fits in no line has one for itself.
 */
void help_words(FILE *to, const char *text, size_t at, size_t indent)
{
	bool first = true;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (!first && at + 1 + len >= WIDTH) {
			fprintf(to, "\n%*s", (int)indent, "");
			at = indent;
		} else if (!first) {
			fputc(' ', to);
			at++;
		}
		fwrite(text, 1, len, to);
		at += len;
		first = false;
		text += len + strspn(text + len, " ");
	}
	fputc('\n', to);
}

static void print_verbs(const struct noun *noun, FILE *to)
{
	char left[32];
	size_t i;

	for (i = 0; i < noun->nr_verbs; i++) {
		const struct verb *v = &noun->verbs[i];

		snprintf(left, sizeof(left), "%s %s", noun->name, v->name);
		fprintf(to, "  obsctl %-15s ", left);
		help_words(to, v->doc, 25, 25);
	}
}

static void print_top(FILE *to)
{
	fputs("Usage: obsctl NOUN [VERB] [OPTION...]\n\n", to);
}

static void print_bottom(FILE *to)
{
	fputs("\n  obsctl NOUN VERB --help lists the options, obsctl --version prints the\n"
	      "  version; obsctl(8) explains all.\n", to);
}

/** help_print() - All nouns and verbs. */
void help_print(FILE *to)
{
	size_t i;

	print_top(to);
	for (i = 0; i < nr_nouns; i++)
		print_verbs(nouns[i], to);
	print_bottom(to);
}

/** help_print_noun() - The verbs of a noun, and what it says of them. */
void help_print_noun(const struct noun *noun, FILE *to)
{
	print_top(to);
	print_verbs(noun, to);
	print_bottom(to);
	if (noun->more) {
		fputc('\n', to);
		help_words(to, noun->more, 0, 0);
	}
}

static void print_options(const struct verb *verb, const struct opt_group *group, FILE *to)
{
	char left[64];
	size_t i;

	for (i = 0; i < group->n; i++) {
		const struct opt *opt = &group->v[i];
		bool brief = verb_letter(verb, opt->letter) == opt;

		if (verb_option(verb, opt->name, strlen(opt->name)) != opt)
			continue;
		snprintf(left, sizeof(left), "%c%c%c --%s%s%s", brief ? '-' : ' ',
			 brief ? opt->letter : ' ', brief ? ',' : ' ', opt->name,
			 opt->arg ? " " : "", opt->arg ? opt->arg : "");
		/* A long form has a line for itself. */
		if (strlen(left) > 26)
			fprintf(to, "  %s\n%29s", left, "");
		else
			fprintf(to, "  %-26s ", left);
		help_words(to, opt->doc, 29, 29);
	}
}

static void print_columns(const struct verb *verb, FILE *to)
{
	struct buf names = {};
	const char *const *c;

	if (!verb->columns)
		return;
	for (c = verb->columns; *c; c++)
		buf_printf(&names, "%s%s", names.len ? " " : "", *c);
	fputs("\nColumns of --by:\n  ", to);
	help_words(to, names.p, 2, 2);
	buf_free(&names);
}

/** help_print_verb() - Usage of a verb, its options, and its columns. */
void help_print_verb(const struct noun *noun, const struct verb *verb, FILE *to)
{
	const struct opt_group *const *g;
	const char *section = NULL;
	bool own = false;

	fprintf(to, "Usage: obsctl %s%s%s [OPTION...]%s%s%s\n\n%c%s.\n", noun->name,
		*verb->name ? " " : "", verb->name, verb->args ? " " : "",
		verb->args ? verb->args : "", verb->command ? " [-- COMMAND...]" : "",
		verb->doc[0] & ~0x20, verb->doc + 1);
	for (g = verb->groups; *g; g++) {
		if ((*g)->section && (!section || strcmp(section, (*g)->section)))
			fprintf(to, "\n%s:\n", (*g)->section);
		else if (!(*g)->section && !own)
			fprintf(to, "\nOf 'obsctl %s%s%s':\n", noun->name, *verb->name ? " " : "",
				verb->name);
		section = (*g)->section;
		own = !section;
		print_options(verb, *g, to);
	}
	print_columns(verb, to);
	fputs("\n", to);
	print_options(verb, &group_help, to);
	if (verb->more)
		verb->more(verb, to);
}
