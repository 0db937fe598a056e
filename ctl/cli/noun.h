/* SPDX-License-Identifier: GPL-2.0 */
/* Nouns and verbs as tables; a noun is defined by its file below cmd/. */
#ifndef OBSCTL_NOUN_H
#define OBSCTL_NOUN_H

#include <stdio.h>

#include "cli/option.h"

struct report_kind;
struct tool;

struct verb {
	const char	*name;			/* "" where the noun is the verb */
	const char	*doc;
	const char	*args;			/* as usage shows them; NULL for none */
	const char	*args_hint;		/* what to use in place of arguments; or NULL */
	bool		command;		/* runs a command that follows "--" */
	const struct opt_group *const *groups;	/* up to NULL */
	const char *const *columns;		/* those of --by, up to NULL */
	bool		expressions;		/* what is no column of --by is an expression */
	const struct report_kind *report;	/* what its report does in its own way; or NULL */
	const struct tool *tool;		/* which probes it is about; or NULL */
	/* Prints what its help ends with; may be NULL. */
	void		(*more)(const struct verb *verb, FILE *to);
	/* Combinations of options that contradict each other; may be NULL. */
	int		(*check)(const struct verb *verb, const struct opts *o);
	int		(*fn)(const struct verb *verb, const struct opts *o);
};

struct noun {
	const char	*name;
	const char	*doc;
	const char	*more;			/* text below the list of its verbs; or NULL */
	const struct verb *verbs;
	size_t		nr_verbs;
	size_t		own_size;		/* of the struct of its own options */
	const char	*guess;			/* verb that a word may be meant for; or NULL */
	bool		screen;			/* shows the reports of a noun that follows */
};

#define NOUN_VERBS(table)	.verbs = (table), .nr_verbs = ARRAY_SIZE(table)
#define GROUPS(...)		((const struct opt_group *const []){ __VA_ARGS__, NULL })
#define COLUMNS(...)		((const char *const []){ __VA_ARGS__, NULL })

/* Columns that every source has, and those that need stacks. */
#define CONTEXT_COLUMNS		"cpu", "pid", "tid", "comm", "cgroup"
#define STACK_COLUMNS		"kstack", "ustack"

/* All nouns, in the order of help. */
extern const struct noun *const nouns[];
extern const size_t nr_nouns;

const struct noun *noun_find(const char *name);
const struct verb *verb_find(const struct noun *noun, const char *name);

/* parse.c */
int opts_parse(const struct noun *noun, const struct verb *verb, int argc, char **argv,
	       struct opts *o);
void opts_free(const struct verb *verb, struct opts *o);
const struct opt *verb_option(const struct verb *verb, const char *name, size_t len);
const struct opt *verb_letter(const struct verb *verb, char letter);

/* help.c */
void help_print(FILE *to);
void help_print_noun(const struct noun *noun, FILE *to);
void help_words(FILE *to, const char *text, size_t at, size_t indent);
void help_print_verb(const struct noun *noun, const struct verb *verb, FILE *to);

#endif
