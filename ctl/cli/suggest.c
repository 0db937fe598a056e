// SPDX-License-Identifier: GPL-2.0
/* Refusals of misspelt words, with the nearest one that there is. */

#include <string.h>

#include "cli/suggest.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/nearest.h"

/* What columns are called elsewhere, with those that come closest, best first. */
static const struct {
	const char	*word;
	const char	*columns[4];
} other_names[] = {
	{ "stack", { "kstack", "waiter_stack" } },
	{ "process", { "comm", "pid" } },
	{ "task", { "comm", "tid" } },
	{ "thread", { "tid", "comm" } },
	{ "command", { "comm" } },
	{ "container", { "cgroup" } },
	{ "pod", { "cgroup" } },
	{ "name", { "comm" } },
	{ "symbol", { "func", "site", "lock" } },
	{ "function", { "func", "caller", "site" } },
	{ "address", { "ip", "ptr", "site" } },
	{ "callsite", { "site", "caller" } },
};

/* What verbs are called elsewhere, with those that come closest, best first. */
static const struct {
	const char	*word;
	const char	*verbs[2];
} other_verbs[] = {
	{ "latency", { "time", "contention" } },
	{ "duration", { "time" } },
	{ "slower", { "time" } },
	{ "histogram", { "time" } },
	{ "calls", { "count" } },
	{ "profile", { "record" } },
	{ "sample", { "record" } },
	{ "events", { "list" } },
	{ "wait", { "contention", "offcpu" } },
	{ "blocked", { "stalls", "offcpu" } },
	{ "runqueue", { "runq" } },
	{ "show", { "read", "list" } },
	{ "report", { "read" } },
	{ "delete", { "stop" } },
	{ "kill", { "stop" } },
	{ "compare", { "diff" } },
};

static void add_listed(struct buf *out, const char *name, size_t i, size_t n, const char *last)
{
	buf_printf(out, "%s%s", !i ? "" : i + 1 == n ? last : ", ", name);
}

/*
 * A word of a command line, in quotes that a shell takes away if it has to have
 * some: single ones where it would expand what stands between double ones.
 */
static void add_word(struct buf *line, const char *word)
{
	bool plain = *word && !word[strcspn(word, " \t\n*?[]{}()<>|&;!$`\\\"'~#")];

	if (plain || !word[strcspn(word, "!$`\\\"")]) {
		buf_printf(line, plain ? " %s" : " \"%s\"", word);
		return;
	}
	buf_putc(line, ' ');
	buf_quote(line, word);
}

static void add_proposal(struct buf *hint, const char *noun, const char *verb, int argc,
			 char **argv)
{
	int i;

	buf_printf(hint, "%s'obsctl %s%s%s", hint->len ? " or " : "; did you mean ", noun,
		   verb && *verb ? " " : "", verb ? verb : "");
	for (i = 0; i < argc; i++)
		add_word(hint, argv[i]);
	buf_putc(hint, '\'');
}

static void list_nouns(struct buf *out)
{
	size_t i;

	for (i = 0; i < nr_nouns; i++)
		add_listed(out, nouns[i]->name, i, nr_nouns, " and ");
}

static void list_verbs(struct buf *out, const struct noun *noun, const char *last)
{
	size_t i;

	for (i = 0; i < noun->nr_verbs; i++)
		add_listed(out, noun->verbs[i].name, i, noun->nr_verbs, last);
}

/* Verbs without their noun; misspelt ones, too, unless @exact. */
static void propose_verbs(struct buf *hint, bool exact, int argc, char **argv)
{
	size_t i;
	size_t k;

	for (i = 0; i < nr_nouns; i++)
		for (k = 0; k < nouns[i]->nr_verbs; k++) {
			const char *name = nouns[i]->verbs[k].name;

			if (*name && (exact ? !strcmp(name, argv[0]) :
				      nearest_score(argv[0], name) < NEAREST_FAR))
				add_proposal(hint, nouns[i]->name, name, argc - 1, argv + 1);
		}
}

/* Options that stand in front of a noun. */
static int suggest_top_option(const char *word)
{
	static const char *const names[] = { "--help", "--version", NULL };
	const char *near = nearest_of(word, names);

	if (near)
		return misuse("there is no option %s; did you mean %s?", word, near);
	return misuse("there is no option %s in front of a noun: options follow the verb, as in 'obsctl NOUN VERB --json' (see obsctl help)",
		      word);
}

/** suggest_noun() - Refuse a word that is no noun. Return: STATUS_USAGE. */
int suggest_noun(int argc, char **argv)
{
	unsigned int best = NEAREST_FAR;
	const char *noun = NULL;
	struct buf hint = {};
	size_t i;
	int err;

	if (argv[0][0] == '-')
		return suggest_top_option(argv[0]);
	propose_verbs(&hint, true, argc, argv);
	for (i = 0; i < nr_nouns; i++) {
		unsigned int score = nearest_score(argv[0], nouns[i]->name);

		if (score < best) {
			best = score;
			noun = nouns[i]->name;
		}
	}
	if (!hint.len && noun)
		add_proposal(&hint, noun, NULL, argc - 1, argv + 1);
	if (!hint.len)
		propose_verbs(&hint, false, argc, argv);
	if (hint.len) {
		err = misuse("there is no '%s'%s?", argv[0], hint.p);
	} else {
		list_nouns(&hint);
		err = misuse("there is no '%s': there are %s (see obsctl help)", argv[0], hint.p);
	}
	buf_free(&hint);
	return err;
}

static const char *nearest_verb(const struct noun *noun, const char *word)
{
	unsigned int best = NEAREST_FAR;
	const char *verb = NULL;
	size_t i;

	for (i = 0; i < noun->nr_verbs; i++) {
		unsigned int score = nearest_score(word, noun->verbs[i].name);

		if (score < best) {
			best = score;
			verb = noun->verbs[i].name;
		}
	}
	return verb;
}

/* The verb of a noun that a word of other tools stands for, or NULL. */
static const char *other_verb(const struct noun *noun, const char *word)
{
	size_t i;
	size_t k;

	for (i = 0; i < ARRAY_SIZE(other_verbs); i++) {
		if (nearest_score(word, other_verbs[i].word) == NEAREST_FAR)
			continue;
		for (k = 0; k < ARRAY_SIZE(other_verbs[i].verbs); k++) {
			const char *verb = other_verbs[i].verbs[k];

			if (verb && verb_find(noun, verb))
				return verb;
		}
	}
	return NULL;
}

/** suggest_verb() - Refuse a noun without a verb, or with a word that is none of its. */
int suggest_verb(const struct noun *noun, int argc, char **argv)
{
	const char *verb = argc ? nearest_verb(noun, argv[0]) : NULL;
	struct buf verbs = {};
	struct buf hint = {};
	int err;

	list_verbs(&verbs, noun, " or ");
	/* What stands for a verb elsewhere is one if something follows that it can be for. */
	if (argc > 1 && !verb)
		verb = other_verb(noun, argv[0]);
	if (verb)
		add_proposal(&hint, noun->name, verb, argc - 1, argv + 1);
	else if (argc && *argv[0] && noun->guess)
		add_proposal(&hint, noun->name, noun->guess, argc, argv);
	if (hint.len)
		buf_putc(&hint, '?');
	else
		buf_printf(&hint, " (see obsctl %s --help)", noun->name);
	if (argc && argv[0][0] != '-')
		err = misuse("'%s' has no verb '%s', but %s%s", noun->name, argv[0], verbs.p,
			     hint.p);
	else
		err = misuse("'%s' needs a verb: %s%s", noun->name, verbs.p, hint.p);
	buf_free(&verbs);
	buf_free(&hint);
	return err;
}

static const char *spaced(const struct verb *verb)
{
	return *verb->name ? " " : "";
}

static const struct opt *taken(const struct verb *v, const char *word, size_t len, bool letter)
{
	return letter ? verb_letter(v, *word) : verb_option(v, word, len);
}

/* Other verbs of the noun that take an option. */
static void list_takers(struct buf *out, const struct noun *noun, const char *word, size_t len,
			bool letter)
{
	const struct opt *opt = NULL;
	size_t found = 0;
	size_t n = 0;
	size_t i;

	for (i = 0; i < noun->nr_verbs; i++) {
		const struct opt *o = taken(&noun->verbs[i], word, len, letter);

		opt = opt ? opt : o;
		n += !!o;
	}
	if (!n)
		return;
	if (letter)
		buf_printf(out, " (--%s)", opt->name);
	buf_puts(out, ", which can be used with ");
	for (i = 0; i < noun->nr_verbs; i++) {
		const struct verb *v = &noun->verbs[i];

		if (!taken(v, word, len, letter))
			continue;
		buf_puts(out, !found ? "" : found + 1 == n ? " and " : ", ");
		buf_printf(out, "%s %s", noun->name, v->name);
		found++;
	}
}

static const char *nearest_option(const struct verb *verb, const char *word, size_t len)
{
	const struct opt_group *const *g;
	unsigned int best = NEAREST_FAR;
	const char *found = NULL;
	char name[64];
	size_t i;

	snprintf(name, sizeof(name), "%.*s", (int)len, word);
	for (g = verb->groups; *g; g++)
		for (i = 0; i < (*g)->n; i++) {
			unsigned int score = nearest_score(name, (*g)->v[i].name);

			if (score < best) {
				best = score;
				found = (*g)->v[i].name;
			}
		}
	return found;
}

/**
 * suggest_option() - Refuse an option that a verb has not.
 * @dashes: those that it was written with
 * @len: of the name
 *
 * Return: STATUS_USAGE.
 */
int suggest_option(const struct noun *noun, const struct verb *verb, const char *dashes,
		   const char *word, size_t len)
{
	bool letter = !dashes[1];
	struct buf hint = {};
	const char *near;
	int err;

	list_takers(&hint, noun, word, len, letter);
	near = hint.len || letter ? NULL : nearest_option(verb, word, len);
	if (near)
		buf_printf(&hint, "; did you mean --%s?", near);
	else if (!hint.len)
		buf_printf(&hint, " (see obsctl %s%s%s --help)", noun->name, spaced(verb),
			   verb->name);
	err = misuse("'%s%s%s' has no option %s%.*s%s", noun->name, spaced(verb), verb->name,
		     dashes, (int)len, word, hint.p);
	buf_free(&hint);
	return err;
}

/** suggest_value() - Refuse a word that is none of an option's. Return: STATUS_USAGE. */
int suggest_value(const struct opt *opt, const char *word)
{
	const char *near = nearest_of(word, opt->values);
	struct buf all = {};
	size_t n = 0;
	size_t i;
	int err;

	while (opt->values[n])
		n++;
	for (i = 0; i < n; i++)
		add_listed(&all, opt->values[i], i, n, " or ");
	err = misuse("option --%s needs %s, not '%s'%s%s%s", opt->name, all.p, word,
		     near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	buf_free(&all);
	return err;
}

static bool has(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

/* The columns that a word may stand for, as far as the verb has them. */
static size_t near_columns(const char *word, const char *const *columns, const char **near,
			   size_t max)
{
	const char *spelt = nearest_of(word, columns);
	unsigned int best = NEAREST_FAR;
	size_t found = 0;
	size_t n = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(other_names); i++) {
		unsigned int score = nearest_score(word, other_names[i].word);

		if (score < best) {
			best = score;
			found = i;
		}
	}
	for (i = 0; best < NEAREST_FAR && i < ARRAY_SIZE(other_names[0].columns) && n < max; i++) {
		const char *name = other_names[found].columns[i];

		if (name && has(columns, name))
			near[n++] = name;
	}
	/* A name that is misspelt comes closer than one that stands for another. */
	if (spelt && (!n || nearest_score(word, spelt) < best)) {
		near[0] = spelt;
		n = 1;
	}
	return n;
}

/** suggest_column() - Refuse a column that a verb has not, and list those it has. */
int suggest_column(const struct noun *noun, const struct verb *verb, const char *word)
{
	const char *near[2] = {};
	size_t n = near_columns(word, verb->columns, near, ARRAY_SIZE(near));
	struct buf hint = {};
	struct buf all = {};
	const char *const *c;
	size_t i;
	int err;

	for (i = 0; i < n; i++) {
		buf_printf(&hint, "%s'%s'", i ? " or " : "; did you mean ", near[i]);
		buf_printf(&all, "%s%s", i ? ", " : "", near[i]);
	}
	for (c = verb->columns; *c; c++)
		if ((!n || strcmp(*c, near[0])) && (n < 2 || strcmp(*c, near[1])))
			buf_printf(&all, "%s%s", all.len ? ", " : "", *c);
	err = misuse("'%s%s%s' has no column '%s'%s%s Its columns: %s", noun->name, spaced(verb),
		     verb->name, word, hint.len ? hint.p : "", n ? "?" : ".", all.p);
	buf_free(&hint);
	buf_free(&all);
	return err;
}
