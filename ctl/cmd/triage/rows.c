// SPDX-License-Identifier: GPL-2.0
/*
 * From facts to a ranked table: a row for each resource, or each of its kind. Pure: the rules
 * are in rules.c.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd/triage/facts.h"

/* How far a value is on its way to its limit; from 1 on it is crossed. */
static double excess_of(const struct fact *f, const struct limits *l)
{
	double limit = l->v[f->metric];

	if (limit > 0)
		return f->value / limit;
	return f->value > 0 ? 1e9 : 1;
}

static bool is_of(const struct fact *f, const struct triage_row *r)
{
	return triage_rules[f->metric].resource == r->resource && !strcmp(f->subject, r->subject);
}

static struct triage_row *find_row(struct triage_rows *rows, const struct fact *f)
{
	struct triage_row *r;
	size_t i;

	for (i = 0; i < rows->n; i++)
		if (is_of(f, &rows->v[i]))
			return &rows->v[i];
	rows->v = grow(rows->v, &rows->cap, rows->n + 1, sizeof(*rows->v));
	r = &rows->v[rows->n++];
	memset(r, 0, sizeof(*r));
	r->resource = triage_rules[f->metric].resource;
	r->subject = f->subject;
	return r;
}

/* Of two facts, a crossed one is worse, then one that is a problem, then the one of lower rank. */
static bool is_worse(const struct fact *f, const struct triage_row *r, const struct limits *l)
{
	const struct rule *rule = &triage_rules[f->metric];
	double excess = excess_of(f, l);
	bool crossed = excess >= 1;

	if (!r->worst || crossed != r->crossed)
		return !r->worst || crossed;
	if (r->crossed && rule->rank != r->rank)
		return rule->rank < r->rank;
	return excess > r->excess;
}

static void take_fact(struct triage_row *r, const struct fact *f, const struct limits *l)
{
	const struct rule *rule = &triage_rules[f->metric];
	const struct fact **of = &r->fact[rule->aspect];
	double excess = excess_of(f, l);

	if (!*of || excess > excess_of(*of, l))
		*of = f;
	if (is_worse(f, r, l)) {
		r->worst = f;
		r->excess = excess;
		r->rank = rule->rank;
		r->crossed = excess >= 1;
	}
	r->problem |= excess >= 1 && rule->type;
}

/* Whether a row's problem is one that problems of another resource, or its whole, follow from. */
static bool causes(const struct triage_row *cause, const struct triage_row *r)
{
	uint32_t bit = 1u << r->resource;

	if (cause == r || !cause->problem || !(triage_rules[cause->worst->metric].causes & bit))
		return false;
	return cause->resource != r->resource || !*r->subject;
}

/* What a row follows from that follows from another one. */
static const struct fact *cause_of(const struct triage_rows *rows, const struct fact *worst)
{
	size_t i;

	for (i = 0; i < rows->n; i++)
		if (rows->v[i].worst == worst)
			return rows->v[i].cause;
	return NULL;
}

/* The table of rules has no circles. */
static void find_causes(struct triage_rows *rows)
{
	const struct fact *further;
	size_t i, k;

	for (i = 0; i < rows->n; i++)
		for (k = 0; rows->v[i].problem && !rows->v[i].cause && k < rows->n; k++)
			if (causes(&rows->v[k], &rows->v[i]))
				rows->v[i].cause = rows->v[k].worst;
	for (i = 0; i < rows->n; i++)
		while (rows->v[i].cause && (further = cause_of(rows, rows->v[i].cause)))
			rows->v[i].cause = further;
	for (i = 0; i < rows->n; i++)
		rows->problems += rows->v[i].problem && !rows->v[i].cause;
}

/* Problems, what follows from them, what is busy, and all others. */
static unsigned int class_of(const struct triage_row *r)
{
	return r->problem ? (r->cause ? 1 : 0) : r->crossed ? 2 : 3;
}

static int compare(const void *a, const void *b)
{
	const struct triage_row *x = a;
	const struct triage_row *y = b;

	if (class_of(x) != class_of(y))
		return class_of(x) < class_of(y) ? -1 : 1;
	if (class_of(x) < 3 && x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (class_of(x) == 3 && x->resource != y->resource)
		return x->resource < y->resource ? -1 : 1;
	if (x->excess != y->excess)
		return x->excess > y->excess ? -1 : 1;
	return strcmp(x->subject, y->subject);
}

/** rows_make() - The table of @f by the limits @l, the first problem first. */
void rows_make(struct triage_rows *rows, const struct facts *f, const struct limits *l)
{
	size_t i;

	memset(rows, 0, sizeof(*rows));
	for (i = 0; i < f->n; i++)
		take_fact(find_row(rows, &f->v[i]), &f->v[i], l);
	find_causes(rows);
	if (rows->n)
		qsort(rows->v, rows->n, sizeof(*rows->v), compare);
}

/* What is crossed: the worst, other problems, and what is only in use. */
static unsigned int evidence_class(const struct triage_row *row, const struct fact *f,
				   const struct limits *l)
{
	if (!is_of(f, row) || excess_of(f, l) < 1)
		return 3;
	return f == row->worst ? 0 : triage_rules[f->metric].type ? 1 : 2;
}

/** rows_evidence() - Add what the verdict of a row is based on. */
void rows_evidence(const struct triage_row *row, const struct facts *f, const struct limits *l,
		   struct buf *out)
{
	size_t begin = out->len;
	unsigned int class;
	size_t i;

	for (class = 0; row->crossed && class < 3; class++)
		for (i = 0; i < f->n; i++)
			if (evidence_class(row, &f->v[i], l) == class)
				buf_printf(out, "%s%s", out->len > begin ? "; " : "",
					   f->v[i].evidence);
	if (!row->crossed)
		buf_puts(out, row->worst->evidence);
}

/** rows_crossed() - Add the names of the thresholds that a row has crossed, the worst first. */
void rows_crossed(const struct triage_row *row, const struct facts *f, const struct limits *l,
		  struct strings *names)
{
	unsigned int class;
	size_t i;

	for (class = 0; class < 3; class++)
		for (i = 0; i < f->n; i++)
			if (evidence_class(row, &f->v[i], l) == class &&
			    !strings_have(names, triage_rules[f->v[i].metric].name))
				strings_add(names, triage_rules[f->v[i].metric].name);
}

static void add_followers(const struct triage_rows *rows, struct buf *out)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < rows->n; i++) {
		if (rows->v[i].cause != rows->v[0].worst)
			continue;
		buf_printf(out, "%s%s%s%s", n++ ? ", " : " From that follows what is said of ",
			   resource_names[rows->v[i].resource], *rows->v[i].subject ? " " : "",
			   rows->v[i].subject);
	}
	if (n)
		buf_puts(out, ".");
}

/** rows_sentence() - Add what the machine is bound by, with the reason; or that it is not. */
void rows_sentence(const struct triage_rows *rows, const struct facts *f, const struct limits *l,
		   struct buf *out)
{
	const struct triage_row *first = rows->v;
	size_t i;

	if (rows->problems) {
		buf_printf(out, "%s: ", triage_rules[first->worst->metric].type);
		rows_evidence(first, f, l, out);
		buf_puts(out, ".");
		add_followers(rows, out);
		if (rows->problems > 1)
			buf_printf(out, " %zu more problem%s below.", rows->problems - 1,
				   rows->problems == 2 ? "" : "s");
		return;
	}
	if (rows->n && first->crossed) {
		buf_printf(out, "No bottleneck is seen, but %s%s%s is %s: ",
			   resource_names[first->resource], *first->subject ? " " : "",
			   first->subject, triage_rules[first->worst->metric].verdict);
		rows_evidence(first, f, l, out);
		buf_puts(out, first->fact[SATURATION] ? "." :
			 ". Whether threads wait for it cannot be told here.");
		return;
	}
	buf_puts(out, "No bottleneck: of what was looked at nothing is saturated, and nothing failed.");
	for (i = 0; i < rows->n; i++) {
		const struct triage_row *r = &rows->v[i];

		if (r->resource == R_CPU && !*r->subject && r->fact[UTILISATION])
			buf_printf(out, " CPUs: %s.", r->fact[UTILISATION]->evidence);
	}
}

void rows_free(struct triage_rows *rows)
{
	free(rows->v);
	memset(rows, 0, sizeof(*rows));
}
