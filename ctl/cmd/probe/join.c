// SPDX-License-Identifier: GPL-2.0
/*
 * Pairs of hits: what --from and --to name, and what --on joins them by.
 *
 * An expression is evaluated at one side: where its names say so (from.X, to.X), else
 * at the usual one, unless only the other has its names.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd/probe/probe.h"
#include "lib/diag.h"
#include "lib/macros.h"

static const char *const side_names[] = { "from", "to", NULL };

static unsigned int other_side(unsigned int side)
{
	return side ^ (SIDE_FROM | SIDE_TO);
}

static int check_words(const char *option, const struct strings *words)
{
	size_t i;

	for (i = 0; i < words->n; i++)
		if (!strncmp(words->v[i], "u:", 2) || !strncmp(words->v[i], "ur:", 3))
			return misuse("%s: '%s' is a place in a program, of which there are no pairs: name k:, kr:, t: and s:, or measure its calls by probe time u:FILE:FUNCTION",
				      option, words->v[i]);
	return 0;
}

static int check_options(const struct probe_run *p)
{
	const struct probe_opts *o = p->opts;
	int err = check_words("--from", &o->from);

	if (!err)
		err = check_words("--to", &o->to);
	if (err)
		return err;
	if (!o->from.n && !o->to.n)
		return misuse("--on joins the hits of --from and --to: name both");
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

/* The stack at a return is that of the kernel's hook: the function has ended. */
static int check_stack(const struct probe_run *p, const struct points *from)
{
	size_t i;

	for (i = 0; from->at_return && i < p->nr_keys; i++)
		if (!p->keys[i].expr && !strcmp(p->keys[i].column, "kstack"))
			return misuse("a pair that begins at a return, kr:, has no kstack: the function has ended; begin at its entry, k:, for one");
	return 0;
}

/** join_wanted() - Whether pairs of hits are asked for. */
bool join_wanted(const struct probe_opts *o)
{
	return o->from.n || o->to.n || o->on.n;
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
	if (sides != (SIDE_FROM | SIDE_TO))
		return 0;
	return misuse("%s: '%s' has names of both sides: an expression is evaluated at one",
		      option, text);
}

static int parse_on(struct probe_run *p, const char *word)
{
	struct expr **on = p->join.on[p->join.nr_on++];
	char *text = copy_string(word);
	char *colon = find_colon(text);
	unsigned int sides[2] = {};
	int err;

	if (colon)
		*colon++ = 0;
	err = expr_parse(text, &on[0]);
	if (!err)
		err = expr_parse(colon ? colon : text, &on[1]);
	if (!err) {
		sides[0] = expr_take_sides(on[0], side_names);
		sides[1] = expr_take_sides(on[1], side_names);
	}
	if (sides[0] & (colon ? SIDE_TO : SIDE_TO | SIDE_FROM) || (colon && sides[1] & SIDE_FROM))
		err = misuse("--on: '%s' is one expression for both sides, or FROM_EXPR:TO_EXPR",
			     word);
	free(text);
	return err;
}

/* The expressions of --by, --where and --on. */
static int parse_expressions(struct probe_run *p)
{
	const struct strings *on = &p->opts->on;
	int err = 0;
	size_t i;

	for (i = 0; !err && i < p->nr_keys; i++) {
		if (!p->keys[i].expr)
			continue;
		p->keys[i].side = expr_take_sides(p->keys[i].expr, side_names);
		err = check_sides("--by", p->keys[i].name, p->keys[i].side);
		if (!err && (!strcmp(p->keys[i].name, side_names[0]) ||
			     !strcmp(p->keys[i].name, side_names[1])))
			err = misuse("--by: the columns 'from' and 'to' are the probes: give this one another name, as in 'EXPR=NAME'");
	}
	p->join.where = zalloc((p->nr_where + 1) * sizeof(*p->join.where));
	for (i = 0; !err && i < p->nr_where; i++) {
		p->join.where[i] = expr_take_sides(p->where[i], side_names);
		err = check_sides("--where", p->opts->where.v[i], p->join.where[i]);
	}
	/* The thread needs no expression. */
	if (on->n == 1 && (!strcmp(on->v[0], "tid") || !strcmp(on->v[0], "thread")))
		return err;
	for (i = 0; !err && i < on->n; i++)
		err = parse_on(p, on->v[i]);
	return err;
}

static int compare_addresses(const void *a, const void *b)
{
	const struct target *x = a;
	const struct target *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* Functions of both sides, for the report. */
static void unite_functions(struct targets *all, const struct targets *more)
{
	uint32_t first = (uint32_t)all->nr_patterns;
	size_t n = 0;
	size_t i;

	all->patterns = grow(all->patterns, &all->cap_patterns,
			     all->nr_patterns + more->nr_patterns + 1, sizeof(*all->patterns));
	for (i = 0; i < more->nr_patterns; i++) {
		struct pattern *pattern = &all->patterns[all->nr_patterns++];

		*pattern = more->patterns[i];
		pattern->module = pattern->module ? copy_string(pattern->module) : NULL;
	}
	all->v = grow(all->v, &all->cap, all->n + more->n + 1, sizeof(*all->v));
	for (i = 0; i < more->n; i++) {
		struct target *t = &all->v[all->n++];

		*t = more->v[i];
		t->pattern += first;
		t->asked += t->asked ? first : 0;
	}
	all->excluded |= more->excluded;
	qsort(all->v, all->n, sizeof(*all->v), compare_addresses);
	for (i = 0; i < all->n; i++)
		if (!n || all->v[n - 1].address != all->v[i].address)
			all->v[n++] = all->v[i];
	all->n = n;
}

static bool is_same(const struct point *a, const struct point *b)
{
	/* A function is of one kind by its name, and of another by a pattern. */
	if (point_has_address(a) && point_has_address(b))
		return a->word == b->word &&
		       (a->kind == KOBS_PROBE_RETURN) == (b->kind == KOBS_PROBE_RETURN);
	return a->kind == b->kind && !strcmp(a->name, b->name);
}

/* The points of the end join those of the begin: one that is both is one point. */
static void add_ends(struct points *all, const struct points *ends)
{
	size_t begins = all->n;
	size_t i;
	size_t k;

	for (i = 0; i < ends->n; i++) {
		struct point point = ends->v[i];

		for (k = 0; k < begins; k++)
			if (is_same(&all->v[k], &point))
				break;
		if (k < begins) {
			all->v[k].sides |= SIDE_TO;
			continue;
		}
		point.sides = SIDE_TO;
		if (!point_has_address(&point))
			point.word = (point.word >> 32 << 32) | all->names.n;
		else if (point.label)
			point.label = (uint32_t)all->names.n + 1;
		if (!point_has_address(&point) || point.label)
			strings_add(&all->names, point.name);
		all->v = grow(all->v, &all->cap, all->n + 1, sizeof(*all->v));
		all->v[all->n++] = point;
	}
}

/* A record tells how long it took. */
static int add_duration(struct probe_run *p)
{
	struct key *k = &p->keys[p->nr_keys++];

	k->name = copy_string("duration_ns");
	k->side = SIDE_TO;
	return expr_parse("duration", &k->expr);
}

/**
 * join_find() - Find what --from and --to name.
 *
 * Return: 0 or an exit status.
 */
int join_find(struct probe_run *p)
{
	struct points *from = &p->points;
	struct points *to = &p->join.to;
	size_t i;
	int err;

	err = check_options(p);
	if (!err)
		err = parse_expressions(p);
	if (!err && p->join.records)
		err = add_duration(p);
	if (!err)
		err = points_find(from, p->opts->from.v, p->opts->from.n);
	if (!err)
		err = points_find(to, p->opts->to.v, p->opts->to.n);
	if (err)
		return err;
	err = check_stack(p, from);
	if (err)
		return err;
	p->join.at_return[0] = from->at_return;
	p->join.at_return[1] = to->at_return;
	for (i = 0; i < from->n; i++)
		from->v[i].sides = SIDE_FROM;
	add_ends(from, to);
	if (to->patterns.n)
		unite_functions(&from->functions, &to->functions);
	for (i = 0; i < to->patterns.n; i++)
		strings_add(&from->patterns, to->patterns.v[i]);
	return 0;
}

static const struct point *first_of(const struct probe_run *p, unsigned int side)
{
	size_t i;

	for (i = 0; i < p->points.n; i++)
		if (p->points.v[i].sides & side)
			return &p->points.v[i];
	return NULL;
}

/* Where an expression is evaluated whose names do not say it. */
static unsigned int choose_side(struct probe_run *p, const struct expr *e, unsigned int usual)
{
	unsigned int side = usual;
	struct scope s;

	scope_open(&s, p, first_of(p, usual));
	s.side = usual;
	if (expr_lacks(e, &s.expr))
		side = other_side(usual);
	scope_close(&s);
	if (side == usual)
		return usual;
	scope_open(&s, p, first_of(p, side));
	s.side = side;
	/* Where it is at neither, that is said of the usual one. */
	if (expr_lacks(e, &s.expr))
		side = usual;
	scope_close(&s);
	return side;
}

/** join_choose() - Decide where each expression is evaluated. */
void join_choose(struct probe_run *p)
{
	size_t i;

	for (i = 0; i < p->nr_keys; i++)
		if (p->keys[i].expr && !p->keys[i].side)
			p->keys[i].side = choose_side(p, p->keys[i].expr, SIDE_TO);
	for (i = 0; i < p->nr_where; i++)
		if (!p->join.where[i])
			p->join.where[i] = choose_side(p, p->where[i], SIDE_FROM);
}

/* The columns that a side gives: the number of each is the same at all points. */
static int number_keys(struct probe_run *p, const struct scope *s)
{
	struct join *j = &p->join;
	size_t i;

	for (i = 0; i < p->nr_keys; i++) {
		struct key *k = &p->keys[i];
		bool typed = k->typed;
		int err;

		if (!k->expr || k->side != s->side)
			continue;
		err = key_learn(k, s);
		if (err)
			return err;
		if (!typed)
			k->number = key_is_text(&k->type) ? j->texts++ : j->numbers++;
	}
	return key_check_numbers(j->numbers, j->texts);
}

/* The program of a side. Returns its number plus 1, or an error below 0. */
static int compile_side(struct probe_run *p, const struct scope *s)
{
	size_t start = p->code.words.n;
	int err = number_keys(p, s);
	size_t i;

	for (i = 0; !err && i < p->nr_where; i++)
		if (p->join.where[i] == s->side)
			err = expr_compile_where(&p->code, p->where[i], &s->expr);
	for (i = 0; !err && i < p->nr_keys; i++)
		if (p->keys[i].expr && p->keys[i].side == s->side)
			err = expr_compile_key(&p->code, p->keys[i].expr, &s->expr,
					       p->keys[i].number, &(struct expr_type){});
	program_end(&p->code);
	return err ? -err : (int)probe_share_program(p, start) + 1;
}

/* The parts of a key are of the same kinds on both sides. */
static int check_on(struct probe_run *p, size_t i, const struct scope *s, bool text)
{
	struct join *j = &p->join;
	struct join_part *part = &j->part[i];

	if (!part->point) {
		part->point = s->point;
		part->text = text;
		part->number = text ? j->on_texts++ : j->on_numbers++;
	}
	if (part->text == text)
		return 0;
	return refuse("--on: '%s' is a text at %s, and none at %s: give it a cast",
		      p->opts->on.v[i],
		      text ? s->point->name : part->point->name,
		      text ? part->point->name : s->point->name);
}

/* The program of a side's key, likewise; 0 for that of the thread. */
static int compile_on(struct probe_run *p, const struct scope *s)
{
	struct join *j = &p->join;
	size_t start = p->code.words.n;
	struct expr_type type;
	int err = 0;
	size_t i;

	if (!j->nr_on)
		return 0;
	for (i = 0; !err && i < j->nr_on; i++) {
		const struct expr *e = j->on[i][s->side == SIDE_TO];

		err = expr_type_of(e, &s->expr, &type);
		if (!err)
			err = check_on(p, i, s, key_is_text(&type));
		if (!err)
			err = expr_compile_key(&p->code, e, &s->expr, j->part[i].number, &type);
	}
	program_end(&p->code);
	return err ? -err : (int)probe_share_program(p, start) + 1;
}

/* What a point does on a side: the numbers of its programs. */
static int compile_both(struct probe_run *p, const struct point *point, unsigned int side,
			uint64_t *word)
{
	struct scope s;
	int program;
	int on = 0;

	scope_open(&s, p, point);
	s.side = side;
	program = compile_side(p, &s);
	s.finds = true;
	if (program > 0)
		on = compile_on(p, &s);
	scope_close(&s);
	if (program < 0 || on < 0)
		return program < 0 ? -program : -on;
	*word |= ((uint64_t)program | (uint64_t)on << 16) << (side == SIDE_TO ? 32 : 0);
	return 0;
}

/**
 * join_compile() - Compile what a point does.
 *
 * Return: 0 or an exit status.
 */
int join_compile(struct probe_run *p, struct point *point)
{
	struct numbers *words = &p->join.words;
	unsigned int side;
	uint64_t word = 0;
	size_t i;
	int err;

	for (side = SIDE_FROM; side <= SIDE_TO; side <<= 1) {
		if (!(point->sides & side))
			continue;
		err = compile_both(p, point, side, &word);
		if (err)
			return err;
	}
	for (i = 0; i < words->n && words->v[i] != word; i++)
		;
	if (i == words->n)
		numbers_add(words, word);
	point->program = (uint32_t)i;
	return 0;
}

/** join_label() - Say how the names of functions are shown, of which each side is one kind. */
void join_label(const struct probe_run *p, struct buf *labels)
{
	size_t i;
	size_t k;

	for (i = 0; i < p->nr_keys; i++)
		for (k = 0; k < ARRAY_SIZE(p->join.at_return); k++)
			if (!p->keys[i].expr && !strcmp(p->keys[i].column, side_names[k]))
				buf_printf(labels, "%s%s=%c:%s", labels->len ? " " : "",
					   side_names[k], p->join.at_return[k] ? 'r' : 'k',
					   side_names[k]);
}

void join_free(struct probe_run *p)
{
	size_t i;

	for (i = 0; i < p->join.nr_on; i++) {
		expr_free(p->join.on[i][0]);
		expr_free(p->join.on[i][1]);
	}
	free(p->join.where);
	numbers_free(&p->join.words);
	points_free(&p->join.to);
}
