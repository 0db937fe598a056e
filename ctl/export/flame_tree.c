// SPDX-License-Identifier: GPL-2.0
/*
 * Builds the tree from its root: the stacks of a frame are grouped by their next
 * frame, and groups that are too narrow to be seen are merged before anybody looks
 * at what is above them. So most of a million different stacks is never sorted, and
 * the tree has the size of the picture.
 */

#include <stdlib.h>
#include <string.h>

#include "export/flame_tree.h"
#include "lib/buf.h"

struct group {
	uint32_t	frame;
	size_t		from;		/* its stacks in the order */
	size_t		n;
	uint64_t	weight;
	uint64_t	before;
};

/* A stack, and the group that it is sorted into. */
struct sorted {
	uint32_t	line;
	uint32_t	group;
};

struct builder {
	struct flame_tree *t;
	struct stack_set *s;
	uint32_t	*order;		/* stacks, those of one frame side by side */
	struct sorted	*scratch;
	size_t		*slot;		/* a frame's group plus 1, while there are groups */
	struct group	*groups;	/* of all levels that are being built */
	size_t		nr_groups;
	size_t		cap_groups;
	size_t		most;
	uint32_t	others;
	uint32_t	deeper;
};

static void add_node(struct builder *b, const struct group *g, uint32_t depth, uint64_t at,
		     uint64_t merged)
{
	struct flame_tree *t = b->t;

	t->v = grow(t->v, &t->cap, t->n + 1, sizeof(*t->v));
	t->v[t->n++] = (struct flame_node){
		.at = at, .weight = g->weight, .before = g->before, .frame = g->frame,
		.depth = depth, .merged = merged,
	};
	if (depth >= t->levels)
		t->levels = depth + 1;
}

/* Where the stacks of each group begin. */
static void place_groups(struct builder *b, size_t base, size_t lo)
{
	size_t i;

	for (i = base; i < b->nr_groups; i++) {
		b->groups[i].from = lo;
		lo += b->groups[i].n;
		b->groups[i].n = 0;
	}
}

/*
 * Group stacks by their frame at a level; those that end below it are none. Stacks stay
 * in their order, in which their frames are in memory.
 */
static void make_groups(struct builder *b, size_t base, size_t lo, size_t hi, uint32_t level)
{
	const struct stack_set *s = b->s;
	size_t n = 0;
	size_t i;

	for (i = lo; i < hi; i++) {
		const struct stack_line *line = &s->v[b->order[i]];
		uint32_t frame;
		size_t *slot;

		if (line->n <= level)
			continue;
		frame = s->ids[line->at + level];
		slot = &b->slot[frame];
		if (!*slot) {
			b->groups = grow(b->groups, &b->cap_groups, b->nr_groups + 1,
					 sizeof(*b->groups));
			b->groups[b->nr_groups++] = (struct group){ .frame = frame };
			*slot = b->nr_groups;
		}
		b->groups[*slot - 1].n++;
		b->groups[*slot - 1].weight += line->weight;
		b->groups[*slot - 1].before += line->before;
		b->scratch[n++] = (struct sorted){
			.line = b->order[i], .group = (uint32_t)(*slot - 1),
		};
	}
	place_groups(b, base, lo);
	for (i = 0; i < n; i++) {
		struct group *g = &b->groups[b->scratch[i].group];

		b->order[g->from + g->n++] = b->scratch[i].line;
	}
	for (i = base; i < b->nr_groups; i++)
		b->slot[b->groups[i].frame] = 0;
}

static int compare_groups(const void *a, const void *b, void *arg)
{
	const struct stack_set *s = arg;
	const struct frame *x = &s->frames[((const struct group *)a)->frame];
	const struct frame *y = &s->frames[((const struct group *)b)->frame];
	int order = strcmp(x->name, y->name);

	return order ? order : (int)x->kind - (int)y->kind;
}

/* Take out the groups that are too narrow. Return: what they were, as one. */
static struct group merge_narrow(struct builder *b, size_t base, size_t *merged)
{
	struct group others = { .frame = b->others };
	size_t n = base;
	size_t i;

	*merged = 0;
	for (i = base; i < b->nr_groups; i++) {
		if (b->groups[i].weight && (double)b->groups[i].weight >= b->t->least) {
			b->groups[n++] = b->groups[i];
			continue;
		}
		if (!b->groups[i].weight) {
			b->t->gone += b->groups[i].before;
			continue;
		}
		others.weight += b->groups[i].weight;
		others.before += b->groups[i].before;
		++*merged;
	}
	b->nr_groups = n;
	return others;
}

/* The last level that is drawn has all that goes on above it. */
static void cut(struct builder *b, size_t lo, size_t hi, uint32_t depth, uint64_t at)
{
	struct group deeper = { .frame = b->deeper };
	size_t i;

	for (i = lo; i < hi; i++) {
		const struct stack_line *line = &b->s->v[b->order[i]];

		if (line->n < depth)
			continue;
		deeper.weight += line->weight;
		deeper.before += line->before;
		deeper.n++;
	}
	if (!deeper.n)
		return;
	add_node(b, &deeper, depth, at, deeper.n);
	b->t->deeper += deeper.weight;
}

/* How many frames from a level on the stacks have in common. */
static uint32_t common(const struct builder *b, size_t lo, size_t hi, uint32_t level)
{
	const struct stack_line *first = &b->s->v[b->order[lo]];
	const uint32_t *frames = b->s->ids + first->at + level;
	size_t n = first->n - level;
	size_t i, k;

	for (i = lo + 1; i < hi && n; i++) {
		const struct stack_line *line = &b->s->v[b->order[i]];
		const uint32_t *other = b->s->ids + line->at + level;

		n = line->n - level < n ? line->n - level : n;
		for (k = 0; k < n && frames[k] == other[k]; k++)
			;
		n = k;
	}
	return (uint32_t)n;
}

/*
 * All stacks of a frame have frames in common above it: they are looked at once, not once
 * for each of these levels. Return: how many levels that are.
 */
static uint32_t add_chain(struct builder *b, const struct group *g, uint32_t depth, uint64_t at)
{
	const struct stack_line *first = &b->s->v[b->order[g->from]];
	uint32_t n = common(b, g->from, g->from + g->n, depth);
	struct group above = *g;
	uint32_t i;

	for (i = 0; i < n && depth + i + 2 < FLAME_LEVELS && b->t->n < b->most; i++) {
		above.frame = b->s->ids[first->at + depth + i];
		add_node(b, &above, depth + i + 1, at, 0);
	}
	return i;
}

/*
 * What stands on a frame of @depth - 1, whose stacks are @lo to @hi of the order.
 * Return: false if there are too many frames.
 */
static bool build(struct builder *b, size_t lo, size_t hi, uint32_t depth, uint64_t at)
{
	size_t base = b->nr_groups;
	struct group others;
	uint32_t chain;
	size_t merged;
	size_t i;

	if (depth + 1 == FLAME_LEVELS) {
		cut(b, lo, hi, depth, at);
		return true;
	}
	make_groups(b, base, lo, hi, depth - 1);
	others = merge_narrow(b, base, &merged);
	if (b->nr_groups > base)
		qsort_r(b->groups + base, b->nr_groups - base, sizeof(*b->groups), compare_groups,
			b->s);
	for (i = base; i < b->nr_groups; i++) {
		/* The array of groups moves when it grows. */
		struct group g = b->groups[i];

		if (b->t->n >= b->most)
			return false;
		add_node(b, &g, depth, at, 0);
		chain = add_chain(b, &g, depth, at);
		if (!build(b, g.from, g.from + g.n, depth + 1 + chain, at))
			return false;
		at += g.weight;
	}
	b->nr_groups = base;
	if (!merged)
		return true;
	add_node(b, &others, depth, at, merged);
	b->t->merged += merged;
	b->t->merged_weight += others.weight;
	b->t->merged_frames++;
	return true;
}

static bool try_build(struct builder *b, double least)
{
	struct flame_tree *t = b->t;
	struct group all = {
		.frame = stack_set_frame(b->s, "all", FRAME_MERGED),
		.weight = stack_set_total(b->s), .before = stack_set_before(b->s),
	};
	size_t i;

	memset(b->slot, 0, b->s->nr_frames * sizeof(*b->slot));
	for (i = 0; i < b->s->n; i++)
		b->order[i] = (uint32_t)i;
	b->nr_groups = 0;
	flame_tree_free(t);
	t->least = least;
	add_node(b, &all, 0, 0, 0);
	return build(b, 0, b->s->n, 1, 0);
}

/**
 * flame_tree_build() - Build the tree of some stacks.
 * @least: siblings of a lower weight are merged
 * @most: frames; if there are more, wider ones are merged, too
 *
 * Siblings are in the order of their names, what was merged is the last one.
 */
void flame_tree_build(struct flame_tree *t, struct stack_set *s, double least, size_t most)
{
	struct builder b = {
		.t = t, .s = s, .most = most,
		.others = stack_set_frame(s, "(others)", FRAME_MERGED),
		.deeper = stack_set_frame(s, "(deeper)", FRAME_MERGED),
	};

	stack_set_frame(s, "all", FRAME_MERGED);
	b.order = zalloc(s->n * sizeof(*b.order));
	b.scratch = zalloc(s->n * sizeof(*b.scratch));
	b.slot = zalloc(s->nr_frames * sizeof(*b.slot));
	while (!try_build(&b, least))
		least = least > 0 ? least * 2 : 1;
	free(b.order);
	free(b.scratch);
	free(b.slot);
	free(b.groups);
}

void flame_tree_free(struct flame_tree *t)
{
	free(t->v);
	memset(t, 0, sizeof(*t));
}
