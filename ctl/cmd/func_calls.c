// SPDX-License-Identifier: GPL-2.0
/*
 * Records of calls, put together as calls of a root. Each call has a record when it returns, so
 * that the last one of a root's call is the root's: it says how many there are. A call has the
 * number of its root's call, which has the slot of the kernel's that this was in, and a number
 * in it by the order of the starts.
 *
 * A record can be late, where CPUs' clocks differ, or lost: a call of a root that is over and
 * not complete is given up after a while, and shown as far as it is known.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd/func_calls.h"
#include "cmd/func_graph.h"
#include "lib/clock.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "report/writer.h"

#define SLOTS		65536		/* the number of a root's call, modulo this, is its slot */
#define LATE_NS		(10 * 1000 * 1000)

static const char *const names[CALLS_COLUMNS] = {
	"func", "path", "root", "call", "inside", "self_ns", "context", "tid", "comm",
};

static void find_columns(struct calls *c, const struct trace *t)
{
	size_t i;

	/* A file can be without some. */
	for (i = 0; i < CALLS_COLUMNS; i++)
		c->column[i] = view_column(t->view, names[i]);
	c->words = 1 + t->words;
}

/** calls_record() - Return: a record, as the trace has it; its CPU is before it. */
const uint64_t *calls_record(const struct calls *c, const struct calls_tree *tree, size_t i)
{
	return tree->v + i * c->words + 1;
}

/** calls_word() - Return: what a record has in a column; 0 for none. */
uint64_t calls_word(const struct calls *c, const uint64_t *rec, enum calls_column column)
{
	return c->column[column] < VIEW_COLUMNS ? rec[2 + c->column[column]] : 0;
}

static struct calls_tree **slot_of(struct calls *c, uint64_t number)
{
	size_t slot = number % SLOTS;

	if (slot >= c->nr_slots) {
		c->slots = grow(c->slots, &c->cap_slots, slot + 1, sizeof(*c->slots));
		memset(c->slots + c->nr_slots, 0, (slot + 1 - c->nr_slots) * sizeof(*c->slots));
		c->nr_slots = slot + 1;
	}
	return &c->slots[slot];
}

static struct calls_tree *add_tree(struct calls *c, uint64_t number, uint64_t time)
{
	struct calls_tree *tree = zalloc(sizeof(*tree));
	struct calls_tree **newest = slot_of(c, number);
	struct calls_tree *other = *newest;

	tree->number = number;
	tree->other = other;
	*newest = tree;
	tree->before = c->last;
	if (c->last)
		c->last->after = tree;
	else
		c->first = tree;
	c->last = tree;
	/* A slot has one call at a time: the record of the older one's root is missing. */
	if (other && !other->over) {
		other->over = time;
		c->nr_over++;
	}
	return tree;
}

static struct calls_tree *tree_of(struct calls *c, uint64_t number, uint64_t time)
{
	struct calls_tree *tree = *slot_of(c, number);

	while (tree && tree->number != number)
		tree = tree->other;
	return tree ? tree : add_tree(c, number, time);
}

static void drop_tree(struct calls *c, struct calls_tree *tree)
{
	struct calls_tree **at = slot_of(c, tree->number);

	while (*at != tree)
		at = &(*at)->other;
	*at = tree->other;
	if (tree->before)
		tree->before->after = tree->after;
	else
		c->first = tree->after;
	if (tree->after)
		tree->after->before = tree->before;
	else
		c->last = tree->before;
	c->nr_over -= !!tree->over;
	free(tree->v);
	free(tree);
}

static int compare_calls(const void *a, const void *b, void *arg)
{
	const struct calls *c = arg;
	uint64_t x = calls_word(c, (const uint64_t *)a + 1, CALLS_CALL);
	uint64_t y = calls_word(c, (const uint64_t *)b + 1, CALLS_CALL);

	return (x > y) - (x < y);
}

/* How many calls it has that did not come, as far as is known. */
static uint64_t count_missing(const struct calls *c, const struct calls_tree *tree)
{
	uint64_t all = tree->calls;
	size_t i;

	for (i = 0; !tree->calls && i < tree->n; i++) {
		const uint64_t *rec = calls_record(c, tree, i);
		uint64_t end = calls_word(c, rec, CALLS_CALL) +
			       calls_word(c, rec, CALLS_INSIDE) + 1;

		all = end > all ? end : all;
	}
	return all > tree->n ? all - tree->n : 0;
}

static void show(struct trace *t, struct calls *c, const struct calls_tree *tree)
{
	uint64_t missing = count_missing(c, tree);
	size_t i;

	c->shown++;
	c->incomplete += missing > 0;
	c->missing += missing;
	if (!t->json && !t->form)
		calls_print(t, c, tree, missing);
	for (i = 0; (t->json || t->form) && i < tree->n; i++) {
		const uint64_t *rec = calls_record(c, tree, i);

		if (t->form)
			t->form->record(t, (uint32_t)rec[-1], rec);
		else
			trace_record(t, (uint32_t)rec[-1], rec);
	}
}

/* A call of a root comes to its end here. Returns the number of its records. */
static size_t finish_tree(struct trace *t, struct calls_tree *tree)
{
	struct calls *c = t->arg;
	size_t n = tree->n;

	qsort_r(tree->v, n, c->words * sizeof(*tree->v), compare_calls, c);
	if (c->limit && !tree->calls)
		c->unknown++;
	else if (c->limit && calls_record(c, tree, 0)[1] <= c->limit)
		c->fast++;
	else
		show(t, c, tree);
	t->full = c->max && c->shown >= c->max;
	t->held -= n;
	drop_tree(c, tree);
	return n;
}

/* Give up what has been over for a while. Returns the number of the records. */
static size_t finish_over(struct trace *t, uint64_t time)
{
	struct calls *c = t->arg;
	struct calls_tree *tree;
	struct calls_tree *after;
	size_t n = 0;

	for (tree = c->first; tree && c->nr_over && !t->full; tree = after) {
		after = tree->after;
		if (tree->over && time > tree->over + LATE_NS)
			n += finish_tree(t, tree);
	}
	return n;
}

static size_t take_record(struct trace *t, uint32_t cpu, const uint64_t *rec)
{
	struct calls *c = t->arg;
	struct calls_tree *tree;
	size_t n = 0;

	if (!c->words)
		find_columns(c, t);
	if (c->nr_over)
		n = finish_over(t, rec[0]);
	tree = tree_of(c, calls_word(c, rec, CALLS_ROOT), rec[0]);
	tree->v = grow(tree->v, &tree->cap, (tree->n + 1) * c->words, sizeof(*tree->v));
	tree->v[tree->n * c->words] = cpu;
	memcpy(tree->v + tree->n * c->words + 1, rec, t->words * sizeof(*rec));
	tree->n++;
	t->held++;
	if (!calls_word(c, rec, CALLS_CALL) && !tree->calls) {
		tree->calls = calls_word(c, rec, CALLS_INSIDE) + 1;
		c->nr_over += !tree->over;
		tree->over = rec[0];
	}
	if (tree->calls && tree->n >= tree->calls && !t->full)
		n += finish_tree(t, tree);
	return n;
}

/* What is not complete when the last record has come. */
static size_t finish(struct trace *t)
{
	struct calls *c = t->arg;
	size_t n = 0;

	while (c->first && !t->full)
		n += finish_tree(t, c->first);
	return n;
}

static void tell(const struct trace *t, const struct session *s, struct out *o)
{
	const struct calls *c = t->arg;
	char shown[32], fast[32], unknown[32], missing[32];

	func_graph_advise(s, o);
	out_json_number(o, "calls_shown", c->shown);
	out_json_number(o, "calls_incomplete", c->incomplete);
	out_json_number(o, "calls_missing", c->missing);
	if (c->incomplete)
		out_line(o, "incomplete: %s of the %s shown; calls missing in %s: %s",
			 format_count(fast, sizeof(fast), c->incomplete),
			 format_count(shown, sizeof(shown), c->shown),
			 c->incomplete == 1 ? "it" : "them",
			 format_count(missing, sizeof(missing), c->missing));
	if (!c->limit)
		return;
	out_json_number(o, "calls_fast", c->fast);
	out_json_number(o, "calls_unknown", c->unknown);
	out_line(o, "took longer than --over: %s, not longer: %s%s%s%s",
		 format_count(shown, sizeof(shown), c->shown),
		 format_count(fast, sizeof(fast), c->fast), c->unknown ? ", not known: " : "",
		 c->unknown ? format_count(unknown, sizeof(unknown), c->unknown) : "",
		 c->unknown ? " (not returned, or the record was lost)" : "");
}

const struct trace_gather calls_gather = {
	.record = take_record,
	.finish = finish,
	.tell = tell,
};

/** calls_new() - Return: what takes records, as a trace's argument. @max: calls to show; 0: all */
void *calls_new(uint64_t max)
{
	struct calls *c = zalloc(sizeof(*c));

	c->max = max;
	return c;
}

/** calls_free() - Free it, with what it has kept. */
void calls_free(void *calls)
{
	struct calls *c = calls;

	while (c->first)
		drop_tree(c, c->first);
	free(c->slots);
	free(c);
}
