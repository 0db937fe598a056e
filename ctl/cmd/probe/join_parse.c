// SPDX-License-Identifier: GPL-2.0
/* The options of pairs of hits: --from, --to, --via and --on, and expressions with them. */

#include <stdlib.h>
#include <string.h>

#include "cmd/probe/probe.h"
#include "lib/diag.h"

const char *const join_side_names[] = { "from", "to", "via", NULL };

static int check_options(const struct probe_run *p)
{
	const struct probe_opts *o = p->opts;

	if (!o->from.n && !o->to.n)
		return o->via.n ?
		       misuse("--via is between the hits of --from and --to: name both") :
		       misuse("--on joins the hits of --from and --to: name both");
	if (!o->from.n)
		return misuse("--to is where a time ends: say where it begins by --from PROBE");
	if (!o->to.n)
		return misuse("--from is where a time begins: say where it ends by --to PROBE");
	if (p->o->nr_args)
		return misuse("'%s' is neither --from nor --to: a session has these, or other probes",
			      p->o->args[0]);
	if (o->on.n > JOIN_PARTS)
		return misuse("--on has %zu expressions: there can be %d", o->on.n, JOIN_PARTS);
	return 0;
}

/** join_wanted() - Whether pairs of hits are asked for. */
bool join_wanted(const struct probe_opts *o)
{
	return o->from.n || o->to.n || o->via.n || o->on.n;
}

/* Where FROM:TO is divided; not by what is in quotes. */
static char *find_colon(char *text)
{
	char quote = 0;

	for (; *text; text++) {
		if (quote && *text == '\\' && text[1])
			text++;
		else if (quote)
			quote = *text == quote ? 0 : quote;
		else if (*text == '"' || *text == '\'')
			quote = *text;
		else if (*text == ':')
			return text;
	}
	return NULL;
}

/* An expression has names of one side only. */
static int check_sides(const char *option, const char *text, unsigned int sides)
{
	if (!(sides & (sides - 1)))
		return 0;
	return misuse("%s: '%s' has names of several sides: an expression is evaluated at one",
		      option, text);
}

/* Of a hit on the way there is something only where --via names one. */
static int check_via(const struct probe_run *p, const char *option, const char *text,
		     unsigned int sides)
{
	if (!(sides & SIDE_VIA) || p->opts->via.n)
		return check_sides(option, text, sides);
	return misuse("%s: '%s' is of a hit between begin and end: say which by --via PROBE",
		      option, text);
}

/* EXPR for all sides, FROM:TO or FROM:TO:VIA; without the last one, a via is as a from. */
static int parse_on(struct probe_run *p, const char *word)
{
	static const unsigned int own[JOIN_SIDES] = { SIDE_FROM, SIDE_TO, SIDE_VIA };
	struct expr **on = p->join.on[p->join.nr_on++];
	char *text = copy_string(word);
	char *parts[JOIN_SIDES] = { text };
	unsigned int wrong = 0;
	char *rest = text;
	size_t n = 0;
	int err = 0;
	size_t i;

	while (rest && n < JOIN_SIDES) {
		parts[n++] = rest;
		rest = find_colon(rest);
		if (rest)
			*rest++ = 0;
	}
	for (i = 0; !err && i < JOIN_SIDES; i++) {
		err = expr_parse(parts[i < n ? i : 0], &on[i]);
		if (!err)
			wrong |= expr_take_sides(on[i], join_side_names) &
				 ~(n > 1 ? own[i < n ? i : 0] : 0);
	}
	if (!err && (rest || wrong || (n == JOIN_SIDES && !p->opts->via.n)))
		err = misuse("--on: '%s' is one expression for both sides, or FROM_EXPR:TO_EXPR%s",
			     word, p->opts->via.n ? ", or FROM_EXPR:TO_EXPR:VIA_EXPR" : "");
	free(text);
	return err;
}

/* The expressions of --by, --where and --on. */
static int parse_expressions(struct probe_run *p)
{
	const struct strings *on = &p->opts->on;
	int err = 0;
	size_t i;
	size_t k;

	for (i = 0; !err && i < p->nr_keys; i++) {
		if (!p->keys[i].expr)
			continue;
		p->keys[i].side = expr_take_sides(p->keys[i].expr, join_side_names);
		err = check_via(p, "--by", p->keys[i].name, p->keys[i].side);
		for (k = 0; !err && join_side_names[k]; k++)
			if (!strcmp(p->keys[i].name, join_side_names[k]))
				err = misuse("--by: the column '%s' is a probe: give this one another name, as in 'EXPR=NAME'",
					     join_side_names[k]);
	}
	p->join.where = zalloc((p->nr_where + 1) * sizeof(*p->join.where));
	for (i = 0; !err && i < p->nr_where; i++) {
		p->join.where[i] = expr_take_sides(p->where[i], join_side_names);
		err = check_via(p, "--where", p->conditions.v[i], p->join.where[i]);
	}
	/* The thread needs no expression. */
	if (on->n == 1 && (!strcmp(on->v[0], "tid") || !strcmp(on->v[0], "thread")))
		return err;
	for (i = 0; !err && i < on->n; i++)
		err = parse_on(p, on->v[i]);
	return err;
}

/* The module's columns of hits between begin and end. */
static int check_columns(const struct probe_run *p)
{
	size_t i;

	for (i = 0; !p->opts->via.n && i < p->nr_keys; i++)
		if (!p->keys[i].expr && !strncmp(p->keys[i].column, "via", 3))
			return misuse("--by: '%s' is of a hit between begin and end: say which by --via PROBE",
				      p->keys[i].column);
	return 0;
}

/** join_parse() - Take the options of pairs. Return: 0 or an exit status. */
int join_parse(struct probe_run *p)
{
	int err = check_options(p);

	if (!err)
		err = check_columns(p);
	return err ? err : parse_expressions(p);
}
