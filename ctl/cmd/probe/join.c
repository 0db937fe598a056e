// SPDX-License-Identifier: GPL-2.0
/*
 * Pairs of hits: what --from, --to and --via name, and what --on joins them by.
 *
 * An expression is evaluated at one side: where its names say so (from.X, to.X, via.X),
 * else at the usual one, unless only the other end has its names.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd/probe/probe.h"
#include "lib/diag.h"
#include "lib/macros.h"

static unsigned int other_side(unsigned int side)
{
	return side ^ (SIDE_FROM | SIDE_TO);
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

static bool is_same(const struct points *p, const struct point *a, const struct point *b)
{
	const uint64_t *places = p->user.words.v;

	/* A function is of one kind by its name, and of another by a pattern. */
	if (point_has_address(a) && point_has_address(b))
		return a->word == b->word &&
		       (a->kind == KOBS_PROBE_RETURN) == (b->kind == KOBS_PROBE_RETURN);
	if (a->kind != b->kind || strcmp(a->name, b->name) != 0)
		return false;
	/* Files of one name can be several. */
	return !a->place || !memcmp(&places[(a->place - 1) * PLACE_WORDS],
				    &places[(b->place - 1) * PLACE_WORDS],
				    2 * sizeof(*places));
}

/* The points of another side join those before: one that is both is one point. */
static void add_side(struct points *all, const struct points *ends, unsigned int side)
{
	size_t begins = all->n;
	size_t i;
	size_t k;

	for (i = 0; i < ends->n; i++) {
		struct point point = ends->v[i];

		for (k = 0; k < begins; k++)
			if (is_same(all, &all->v[k], &point))
				break;
		if (k < begins) {
			all->v[k].sides |= side;
			continue;
		}
		point.sides = side;
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

/* The points of a side, with places of programs beside those that were found before. */
static int find_side(struct points *all, struct points *found, const struct strings *words)
{
	int err;

	found->user = all->user;
	memset(&all->user, 0, sizeof(all->user));
	err = points_find(found, words->v, words->n);
	all->user = found->user;
	memset(&found->user, 0, sizeof(found->user));
	return err;
}

/* A point is on the way, or at an end of it. */
static int check_sides(const struct points *all)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (all->v[i].sides & SIDE_VIA && all->v[i].sides != SIDE_VIA)
			return misuse("--via: %s is where a time begins or ends, too: a hit between them is another one",
				      all->v[i].name);
	return 0;
}

static int add_found(struct probe_run *p, struct points *found, const struct strings *words,
		     unsigned int side)
{
	struct points *all = &p->points;
	int err = find_side(all, found, words);
	size_t i;

	if (err)
		return err;
	add_side(all, found, side);
	if (found->patterns.n)
		unite_functions(&all->functions, &found->functions);
	for (i = 0; i < found->patterns.n; i++)
		strings_add(&all->patterns, found->patterns.v[i]);
	return 0;
}

/**
 * join_find() - Find what --from, --to and --via name.
 *
 * Return: 0 or an exit status.
 */
int join_find(struct probe_run *p)
{
	struct points *from = &p->points;
	struct join *j = &p->join;
	size_t i;
	int err;

	err = join_parse(p);
	if (!err && j->records)
		err = add_duration(p);
	if (!err)
		err = points_find(from, p->opts->from.v, p->opts->from.n);
	for (i = 0; !err && i < from->n; i++)
		from->v[i].sides = SIDE_FROM;
	j->at_return[0] = from->at_return;
	if (!err)
		err = check_stack(p, from);
	if (!err)
		err = add_found(p, &j->to, &p->opts->to, SIDE_TO);
	if (!err && p->opts->via.n)
		err = add_found(p, &j->via, &p->opts->via, SIDE_VIA);
	j->at_return[1] = j->to.at_return;
	j->at_return[2] = j->via.at_return;
	return err ? err : check_sides(from);
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
		const struct expr *e = j->on[i][s->side >> 1];

		err = expr_type_of(e, &s->expr, &type);
		if (!err)
			err = check_on(p, i, s, key_is_text(&type));
		if (!err)
			err = expr_compile_key(&p->code, e, &s->expr, j->part[i].number, &type);
	}
	program_end(&p->code);
	return err ? -err : (int)probe_share_program(p, start) + 1;
}

/*
 * The return of a system call whose entry began no pair, as a condition left it out, is
 * no end that lacks its begin.
 */
static bool is_own_return(const struct probe_run *p, const struct point *point)
{
	size_t i;

	for (i = 0; point->kind == KOBS_PROBE_EXIT && i < p->points.n; i++)
		if (p->points.v[i].kind == KOBS_PROBE_ENTER && p->points.v[i].nr == point->nr &&
		    p->points.v[i].sides & SIDE_FROM)
			return true;
	return false;
}

static bool has_result(const struct probe_run *p, unsigned int side)
{
	size_t i;

	for (i = 0; i < p->nr_keys; i++)
		if (p->keys[i].side == side && expr_uses(p->keys[i].expr, "ret"))
			return true;
	for (i = 0; i < p->nr_where; i++)
		if (p->join.where[i] == side && expr_uses(p->where[i], "ret"))
			return true;
	for (i = 0; i < p->join.nr_on; i++)
		if (expr_uses(p->join.on[i][side >> 1], "ret"))
			return true;
	return false;
}

/* A result is known at the return. */
static int check_result(const struct probe_run *p, const struct point *point, unsigned int side)
{
	const char *colon = strchr(point->name, ':');

	if ((point->kind != KOBS_PROBE_ENTER && point->kind != KOBS_PROBE_FUNCTION &&
	     point->kind != KOBS_PROBE_INSTRUCTION && point->kind != KOBS_PROBE_USER) ||
	    !has_result(p, side))
		return 0;
	return misuse("%s is an entry, at which 'ret' is not known yet: it is at %.*sr%s",
		      point->name, (int)(colon - point->name), point->name, colon);
}

/* What a point does on a side: the numbers of its programs. */
static int compile_both(struct probe_run *p, const struct point *point, unsigned int side,
			uint64_t *word)
{
	unsigned int flags = side == SIDE_VIA ? KOBS_JOIN_VIA : 0;
	int program = check_result(p, point, side);
	struct scope s;
	int on = 0;

	if (program)
		return program;
	scope_open(&s, p, point);
	s.side = side;
	program = compile_side(p, &s);
	s.finds = true;
	if (program > 0)
		on = compile_on(p, &s);
	scope_close(&s);
	if (program < 0 || on < 0)
		return program < 0 ? -program : -on;
	if (side == SIDE_TO && is_own_return(p, point))
		flags = KOBS_JOIN_OWN;
	*word |= ((uint64_t)program | flags | (uint64_t)on << 16) << (side == SIDE_TO ? 32 : 0);
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

	for (side = SIDE_FROM; side < SIDES; side <<= 1) {
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
			if (!p->keys[i].expr && !strcmp(p->keys[i].column, join_side_names[k]))
				buf_printf(labels, "%s%s=%c:%s", labels->len ? " " : "",
					   join_side_names[k], p->join.at_return[k] ? 'r' : 'k',
					   join_side_names[k]);
}

void join_free(struct probe_run *p)
{
	size_t i;
	size_t k;

	for (i = 0; i < p->join.nr_on; i++)
		for (k = 0; k < JOIN_SIDES; k++)
			expr_free(p->join.on[i][k]);
	free(p->join.where);
	numbers_free(&p->join.words);
	points_free(&p->join.to);
	points_free(&p->join.via);
}
