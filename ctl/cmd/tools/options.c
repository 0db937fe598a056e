// SPDX-License-Identifier: GPL-2.0
/* The options of 'obsctl probe' for a tool: those of its row, with the user's. */

#include <stdlib.h>
#include <string.h>

#include "cmd/tools/tool.h"

/** tool_mode() - Return: the verb of probe that a row stands for. */
const char *tool_mode(const struct verb *verb)
{
	return verb->groups == tool_times ? "time" : verb->groups == tool_values ? "hist" :
	       verb->groups == tool_records ? "trace" : "count";
}

/** tool_has_form() - Whether there is a form of this number. */
bool tool_has_form(const struct verb *verb, size_t i)
{
	return i < TOOL_FORMS && (verb->tool->forms[i].probes || verb->tool->forms[i].from);
}

static void split(const char *text, const char *between, struct strings *out)
{
	char *copy = copy_string(text ? text : "");
	char *save = NULL;
	char *word;

	for (word = strtok_r(copy, between, &save); word; word = strtok_r(NULL, between, &save))
		strings_add(out, word);
	free(copy);
}

/* What the row calls by a name: EXPR=NAME; or the name itself. */
static const char *column_of(const struct strings *columns, const char *name)
{
	size_t i;

	for (i = 0; i < columns->n; i++) {
		const char *equals = strrchr(columns->v[i], '=');

		if (equals && !strcmp(equals + 1, name))
			return columns->v[i];
	}
	return name;
}

static void make_columns(struct tool_options *t, const struct tool_form *form,
			 const struct strings *asked)
{
	struct strings columns = {};
	size_t i;

	if (!asked->n) {
		split(form->by, ",", &t->o.by);
		return;
	}
	split(form->by, ",", &columns);
	split(form->also, ",", &columns);
	for (i = 0; i < asked->n; i++)
		strings_add(&t->o.by, column_of(&columns, asked->v[i]));
	strings_free(&columns);
}

/* The user's words, or all that the row is about. */
static void make_args(struct tool_options *t, const struct tool *tool,
		      const struct tool_form *form, const struct opts *asked)
{
	size_t i;

	for (i = 0; i < asked->nr_args; i++) {
		bool whole = !strncmp(asked->args[i], tool->word, strlen(tool->word));
		struct buf word = {};

		buf_printf(&word, "%s%s", whole ? "" : tool->word, asked->args[i]);
		strings_add(&t->args, word.p);
		buf_free(&word);
	}
	if (!asked->nr_args)
		split(form->probes, " ", &t->args);
	t->o.args = t->args.v;
	t->o.nr_args = t->args.n;
}

/**
 * tool_options_make() - The options of 'obsctl probe' for a form of a tool.
 * @asked: the user's options
 * @t: is freed by tool_options_free()
 */
void tool_options_make(struct tool_options *t, const struct verb *verb,
		       const struct tool_form *form, const struct opts *asked)
{
	const struct probe_opts *own = asked->own;
	size_t i;

	memset(t, 0, sizeof(*t));
	t->o = *asked;
	memset(&t->o.by, 0, sizeof(t->o.by));
	make_args(t, verb->tool, form, asked);
	make_columns(t, form, &asked->by);
	t->own = (struct probe_opts){ .value = form->value, .all = own && own->all };
	split(form->from, " ", &t->own.from);
	split(form->to, " ", &t->own.to);
	split(form->via, " ", &t->own.via);
	split(form->on, ",", &t->own.on);
	split(form->where, ";", &t->own.where);
	for (i = 0; own && i < own->where.n; i++)
		strings_add(&t->own.where, own->where.v[i]);
	t->o.own = &t->own;
}

void tool_options_free(struct tool_options *t)
{
	strings_free(&t->args);
	strings_free(&t->o.by);
	strings_free(&t->own.where);
	strings_free(&t->own.from);
	strings_free(&t->own.to);
	strings_free(&t->own.via);
	strings_free(&t->own.on);
}
