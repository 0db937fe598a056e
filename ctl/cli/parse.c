// SPDX-License-Identifier: GPL-2.0
/* What follows the verb: options, other words, and the command. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/suggest.h"
#include "lib/buf.h"
#include "lib/diag.h"

struct parser {
	const struct noun *noun;
	const struct verb *verb;
	struct opts	*o;
	const char	*spaced;	/* between the noun and the verb */
};

typedef const struct opt *(*match_fn)(const struct opt_group *group, const char *name, size_t len);

static const struct opt *match_name(const struct opt_group *group, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < group->n; i++)
		if (strlen(group->v[i].name) == len && !strncmp(group->v[i].name, name, len))
			return &group->v[i];
	return NULL;
}

static const struct opt *match_letter(const struct opt_group *group, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < group->n; i++)
		if (group->v[i].letter == *name)
			return &group->v[i];
	return NULL;
}

/* Of two options with one letter or name, the first one counts. */
static const struct opt *find(const struct verb *verb, match_fn match, const char *name, size_t len,
			      const struct opt_group **in)
{
	const struct opt_group *const *g;
	const struct opt *found;

	for (g = verb->groups; *g; g++) {
		found = match(*g, name, len);
		*in = *g;
		if (found)
			return found;
	}
	*in = &group_help;
	return match(&group_help, name, len);
}

/** verb_option() - Return: the option of a verb by its name of @len bytes, or NULL. */
const struct opt *verb_option(const struct verb *verb, const char *name, size_t len)
{
	const struct opt_group *in;

	return find(verb, match_name, name, len, &in);
}

/** verb_letter() - Return: the option of a verb by its letter, or NULL. */
const struct opt *verb_letter(const struct verb *verb, char letter)
{
	const struct opt_group *in;

	return letter ? find(verb, match_letter, &letter, 1, &in) : NULL;
}

static void *place(struct opts *o, const struct opt_group *group, const struct opt *opt)
{
	return (char *)(group->own ? o->own : o) + opt->offset;
}

static int check_values(const struct opt *opt, const char *value)
{
	struct strings words = {};
	const char *const *v;
	size_t i;
	int err = 0;

	opt_texts.take(opt, value, NULL, &words);
	for (i = 0; !err && i < words.n; i++) {
		for (v = opt->values; *v && strcmp(*v, words.v[i]); v++)
			;
		if (!*v)
			err = opt->unfit ? opt->unfit(opt, words.v[i]) : 0;
		if (!*v && !err)
			err = suggest_value(opt, words.v[i]);
	}
	strings_free(&words);
	return err;
}

static int take(struct parser *p, const struct opt_group *group, const struct opt *opt,
		const char *value)
{
	const char *allowed = opt->allowed ? opt->allowed : opt->type->allowed;

	if (!opt->arg && value)
		return misuse("option --%s takes no value", opt->name);
	if (opt->arg && !value)
		return misuse("option --%s needs %s", opt->name, allowed);
	if (!opt->type->take(opt, value, p->o, place(p->o, group, opt)))
		return misuse("option --%s needs %s, not '%s'", opt->name, allowed, value);
	return opt->values && !opt->type->checks ? check_values(opt, value) : 0;
}

static bool is_numbers(const char *word)
{
	return *word && !word[strspn(word, "0123456789,")];
}

/* Takes the value out of the words that follow. Returns how many it took, or -1. */
static int take_words(struct parser *p, const struct opt_group *group, const struct opt *opt,
		      char **next)
{
	int n = 0;

	do {
		if (take(p, group, opt, next[n]))
			return -1;
		n++;
	} while (opt->type->several && next[n] && is_numbers(next[n]));
	return n;
}

/* Returns how many more words were used, or -1 after a sentence. */
static int parse_long(struct parser *p, char *word, char **next)
{
	char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	const struct opt_group *group;
	const struct opt *opt = find(p->verb, match_name, word, len, &group);

	if (!opt) {
		suggest_option(p->noun, p->verb, "--", word, len);
		return -1;
	}
	if (equals || !opt->arg)
		return take(p, group, opt, equals ? equals + 1 : NULL) ? -1 : 0;
	return take_words(p, group, opt, next);
}

static int parse_short(struct parser *p, char *word, char **next)
{
	for (; *word; word++) {
		const struct opt_group *group;
		const struct opt *opt = find(p->verb, match_letter, word, 1, &group);

		if (!opt) {
			suggest_option(p->noun, p->verb, "-", word, 1);
			return -1;
		}
		if (!opt->arg) {
			if (take(p, group, opt, NULL))
				return -1;
			continue;
		}
		if (word[1])
			return take(p, group, opt, word + 1) ? -1 : 0;
		return take_words(p, group, opt, next);
	}
	return 0;
}

static int check_args(const struct parser *p)
{
	const struct verb *verb = p->verb;
	const struct opts *o = p->o;

	if (verb->args || !o->nr_args)
		return 0;
	return misuse("'%s%s%s' takes no '%s'%s%s%s", p->noun->name, p->spaced, verb->name,
		      o->args[0], verb->args_hint ? ": " : "", verb->args_hint ? verb->args_hint : "",
		      verb->command ? "; a command follows --" : "");
}

static int check_columns(const struct parser *p)
{
	const struct strings *by = &p->o->by;
	const char *const *c;
	size_t i;

	for (i = 0; p->verb->columns && !p->verb->expressions && i < by->n; i++) {
		for (c = p->verb->columns; *c && strcmp(*c, by->v[i]); c++)
			;
		if (!*c)
			return suggest_column(p->noun, p->verb, by->v[i]);
	}
	return 0;
}

/* What the options are, unless they contradict each other. */
static int check(const struct parser *p)
{
	const struct opt_group *const *g;
	int err = check_args(p);

	if (!err)
		err = check_columns(p);
	for (g = p->verb->groups; !err && *g; g++)
		if ((*g)->check)
			err = (*g)->check(p->o);
	if (!err && p->verb->check)
		err = p->verb->check(p->verb, p->o);
	p->o->json |= p->o->csv;
	return err;
}

static int take_command(const struct parser *p, char **command)
{
	if (!p->verb->command)
		return misuse("'%s%s%s' runs no command", p->noun->name, p->spaced, p->verb->name);
	if (!*command)
		return misuse("there is no command after '--'");
	p->o->command = command;
	return 0;
}

/* A word as a shell reads it. */
static void add_word(struct buf *line, const char *word)
{
	const char *at = word;

	buf_puts(line, line->len ? " " : "");
	while (isalnum((unsigned char)*at) || (*at && strchr("%+,-./:=@_", *at)))
		at++;
	if (*word && !*at) {
		buf_puts(line, word);
		return;
	}
	buf_putc(line, '\'');
	for (; *word; word++)
		if (*word == '\'')
			buf_puts(line, "'\\''");
		else
			buf_putc(line, *word);
	buf_putc(line, '\'');
}

static char *make_line(const struct noun *noun, const struct verb *verb, char **argv)
{
	struct buf line = {};

	buf_puts(&line, "obsctl");
	add_word(&line, noun->name);
	if (*verb->name)
		add_word(&line, verb->name);
	for (; *argv; argv++)
		add_word(&line, *argv);
	return line.p;
}

/**
 * opts_parse() - Parse what follows the verb.
 * @argv: ends with NULL
 *
 * Options and other words may be mixed; all that follows "--" is the command.
 * Return: 0, or STATUS_USAGE after a sentence.
 */
int opts_parse(const struct noun *noun, const struct verb *verb, int argc, char **argv,
	       struct opts *o)
{
	struct parser p = {
		.noun = noun, .verb = verb, .o = o, .spaced = *verb->name ? " " : "",
	};
	int i;

	memset(o, 0, sizeof(*o));
	o->args = zalloc(((size_t)argc + 1) * sizeof(*o->args));
	o->own = zalloc(noun->own_size + 1);
	o->line = make_line(noun, verb, argv);
	for (i = 0; i < argc; i++) {
		char *word = argv[i];
		int used = 0;

		if (!strcmp(word, "--")) {
			if (take_command(&p, argv + i + 1))
				return STATUS_USAGE;
			break;
		}
		if (!strncmp(word, "--", 2))
			used = parse_long(&p, word + 2, argv + i + 1);
		else if (word[0] == '-' && word[1])
			used = parse_short(&p, word + 1, argv + i + 1);
		else
			o->args[o->nr_args++] = word;
		if (used < 0)
			return STATUS_USAGE;
		if (o->help)
			return 0;
		i += used;
	}
	return check(&p);
}

/** opts_free() - Free what opts_parse() made for a verb. */
void opts_free(const struct verb *verb, struct opts *o)
{
	const struct opt_group *const *g;
	size_t i;

	for (g = verb->groups; *g; g++)
		for (i = 0; i < (*g)->n; i++)
			if ((*g)->v[i].type->release)
				(*g)->v[i].type->release(place(o, *g, &(*g)->v[i]));
	free(o->line);
	free(o->args);
	free(o->own);
}
