// SPDX-License-Identifier: GPL-2.0
/*
 * Rows whose stacks are the ways from a root to a function, as a tree. A function that is
 * called in two ways has two nodes. One that has not returned yet, or was lost, has no row: it
 * is a node all the same, when something below it has one.
 */

#include <stdlib.h>
#include <string.h>

#include "lib/macros.h"
#include "lib/map.h"
#include "report/calltree.h"

/* What is looked up while the tree is made. */
struct build {
	struct calltree	*t;
	struct report	*r;
	size_t		column;
	size_t		figure;
	struct map	words;		/* an address to its number */
	struct map	nodes;		/* a parent and such a number to a node plus 1 */
};

static const struct stack *path_of(const struct report *r, size_t column, const struct row *row)
{
	return map_get(&r->table->stacks, r->table->keys[row->key + column]);
}

static uint64_t number_of_word(struct build *b, uint64_t word)
{
	uint64_t number = (uintptr_t)map_get(&b->words, word);

	if (!number) {
		number = b->words.n + 1;
		map_set(&b->words, word, (void *)(uintptr_t)number);
	}
	return number;
}

static size_t add_node(struct calltree *t, size_t parent)
{
	t->v = grow(t->v, &t->cap, t->n + 1, sizeof(*t->v));
	t->v[t->n++] = (struct calltree_node){
		.parent = parent, .child = CALLTREE_NONE, .next = CALLTREE_NONE,
		.row = CALLTREE_NONE,
	};
	return t->n - 1;
}

static size_t child_of(struct build *b, size_t parent, uint64_t word)
{
	uint64_t key = (uint64_t)(parent + 1) << 32 | number_of_word(b, word);
	size_t found = (uintptr_t)map_get(&b->nodes, key);

	if (found)
		return found - 1;
	found = add_node(b->t, parent);
	map_set(&b->nodes, key, (void *)(uintptr_t)(found + 1));
	return found;
}

static void add_row(struct build *b, size_t row)
{
	const struct row *from = &b->r->table->rows[row];
	const struct stack *s = path_of(b->r, b->column, from);
	size_t node = CALLTREE_NONE;
	size_t i;

	for (i = s ? s->nr : 0; i; i--)
		node = child_of(b, node, s->addr[i - 1]);
	/* A path that was lost is no other's; nor does any have two rows. */
	if (node == CALLTREE_NONE)
		node = add_node(b->t, CALLTREE_NONE);
	else if (b->t->v[node].row != CALLTREE_NONE)
		node = add_node(b->t, b->t->v[node].parent);
	b->t->v[node].row = row;
	b->t->v[node].total = table_figures(b->r->table, from)[b->figure];
}

/* A child has a higher number than its parent: each is complete when its parent's turn is. */
static void add_up(struct calltree *t)
{
	size_t i;

	for (i = t->n; i--;) {
		const struct calltree_node *node = &t->v[i];

		if (node->parent == CALLTREE_NONE)
			t->total += node->total;
		else if (t->v[node->parent].row == CALLTREE_NONE)
			t->v[node->parent].total += node->total;
	}
}

/* Larger ones first; of equals, the one that came first. */
static int compare_nodes(const void *a, const void *b, void *arg)
{
	const struct calltree *t = arg;
	size_t x = *(const size_t *)a;
	size_t y = *(const size_t *)b;

	if (t->v[x].total != t->v[y].total)
		return t->v[x].total < t->v[y].total ? 1 : -1;
	return (x > y) - (x < y);
}

/* Link children with their parents, in order. */
static void link_nodes(struct calltree *t)
{
	size_t *order = zalloc((t->n + 1) * sizeof(*order));
	size_t i;

	for (i = 0; i < t->n; i++)
		order[i] = i;
	if (t->n)
		qsort_r(order, t->n, sizeof(*order), compare_nodes, t);
	t->roots = CALLTREE_NONE;
	/* The last one that is put in front is the first. */
	for (i = t->n; i--;) {
		struct calltree_node *node = &t->v[order[i]];
		size_t *first = node->parent == CALLTREE_NONE ? &t->roots :
				&t->v[node->parent].child;

		node->next = *first;
		*first = order[i];
	}
	free(order);
}

/* The nodes with rows, each before its children. */
static void read_tree(struct calltree *t)
{
	size_t at = t->roots;

	while (at != CALLTREE_NONE) {
		const struct calltree_node *node = &t->v[at];

		if (node->row != CALLTREE_NONE)
			numbers_add(&t->order, at);
		if (node->child != CALLTREE_NONE) {
			at = node->child;
			continue;
		}
		while (at != CALLTREE_NONE && t->v[at].next == CALLTREE_NONE)
			at = t->v[at].parent;
		if (at != CALLTREE_NONE)
			at = t->v[at].next;
	}
}

static int compare_ranks(const void *a, const void *b, void *arg)
{
	const struct calltree *t = arg;
	size_t x = *(const size_t *)a;
	size_t y = *(const size_t *)b;
	uint64_t p = t->v[t->order.v[x]].total;
	uint64_t q = t->v[t->order.v[y]].total;

	if (p != q)
		return p < q ? 1 : -1;
	/* A parent that is no larger than its child is before it. */
	return (x > y) - (x < y);
}

/* Mark the nodes that are shown. */
static void choose(struct calltree *t, size_t most)
{
	size_t *rank = zalloc((t->order.n + 1) * sizeof(*rank));
	size_t i;

	for (i = 0; i < t->order.n; i++)
		rank[i] = i;
	if (t->order.n)
		qsort_r(rank, t->order.n, sizeof(*rank), compare_ranks, t);
	for (i = 0; i < t->order.n && i < most; i++)
		t->v[t->order.v[rank[i]]].shown = true;
	free(rank);
}

/* Bring the rows in that order, those that are shown before the others. */
static void order_rows(struct calltree *t, struct table *table)
{
	struct row *rows = zalloc((t->order.n + 1) * sizeof(*rows));
	size_t n = 0;
	size_t pass;
	size_t i;

	t->of_row = zalloc((t->order.n + 1) * sizeof(*t->of_row));
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < t->order.n; i++) {
			struct calltree_node *node = &t->v[t->order.v[i]];

			if (node->shown != !pass)
				continue;
			rows[n] = table->rows[node->row];
			t->of_row[n++] = t->order.v[i];
		}
	if (n)
		memcpy(table->rows, rows, n * sizeof(*rows));
	free(rows);
}

struct calltree *calltree_arrange(struct report *r, size_t column, size_t total)
{
	struct calltree *t = zalloc(sizeof(*t));
	struct build b = { .t = t, .r = r, .column = column, .figure = total };
	size_t i;

	for (i = 0; i < r->table->nr_rows; i++)
		add_row(&b, i);
	map_free(&b.words, NULL);
	map_free(&b.nodes, NULL);
	add_up(t);
	link_nodes(t);
	read_tree(t);
	choose(t, report_rows_to_show(r));
	order_rows(t, r->table);
	return t;
}

static void add_name(struct report *r, const struct stack *s, size_t i, struct buf *out)
{
	struct buf name = {};

	/* Those that were inlined are no calls. */
	view_print_frame(r->view, s, i, &name);
	view_strip(name.p);
	buf_puts(out, name.p);
	buf_free(&name);
}

/**
 * calltree_name() - The function of a row, below those that call it.
 *
 * Of those that are not shown themselves, the names are before it.
 */
void calltree_name(const struct calltree *t, struct report *r, size_t column,
		   const struct row *row, struct buf *out)
{
	const struct stack *s = path_of(r, column, row);
	size_t at = t->of_row[row - r->table->rows];
	size_t unseen = 0;

	for (at = t->v[at].parent; at != CALLTREE_NONE && !t->v[at].shown; at = t->v[at].parent)
		unseen++;
	for (; at != CALLTREE_NONE; at = t->v[at].parent)
		if (t->v[at].shown)
			buf_puts(out, "  ");
	if (!s) {
		buf_puts(out, "[lost path]");
		return;
	}
	for (; unseen; unseen--) {
		add_name(r, s, unseen, out);
		buf_puts(out, " > ");
	}
	add_name(r, s, 0, out);
}

void calltree_free(struct calltree *t)
{
	if (!t)
		return;
	free(t->v);
	free(t->of_row);
	numbers_free(&t->order);
	free(t);
}
