// SPDX-License-Identifier: GPL-2.0
/* Edges, calls and basic blocks of the kernel's rows. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/pmu/edges.h"
#include "cmd/pmu/setup.h"
#include "lib/buf.h"
#include "lib/map.h"
#include "report/hist.h"

struct places {
	size_t	pid;
	size_t	from;
	size_t	to;
	size_t	end;
};

static int compare_edges(const void *a, const void *b)
{
	const struct edge *x = a;
	const struct edge *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

static int hottest_edges(const void *a, const void *b)
{
	const struct edge *x = a;
	const struct edge *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return compare_edges(a, b);
}

static void add_buckets(struct row *to, const struct row *from)
{
	size_t i;

	if (!to->count || from->min < to->min)
		to->min = from->min;
	if (from->max > to->max)
		to->max = from->max;
	to->count += from->count;
	for (i = 0; i < from->nr_buckets; i++)
		table_add_bucket(to, &from->buckets[i]);
}

static void add_edge(struct edge *to, const struct edge *part)
{
	if (!to->count || part->min < to->min)
		to->min = part->min;
	if (part->max > to->max)
		to->max = part->max;
	to->count += part->count;
	to->mispredicted += part->mispredicted;
	to->sum += part->sum;
	add_buckets(&to->hist, &part->hist);
}

/* Sort, and make those with equal ends one. Returns how many are left. */
static size_t merge_edges(struct edge *e, size_t n)
{
	size_t left = 0;
	size_t i;

	if (!n)
		return 0;
	qsort(e, n, sizeof(*e), compare_edges);
	for (i = 1; i < n; i++) {
		if (compare_edges(&e[left], &e[i])) {
			e[++left] = e[i];
		} else {
			add_edge(&e[left], &e[i]);
			free(e[i].hist.buckets);
		}
	}
	left++;
	qsort(e, left, sizeof(*e), hottest_edges);
	return left;
}

static void take_row(struct edges *e, const struct table *t, const struct row *row,
		     const struct places *at)
{
	const uint64_t *key = t->keys + row->key;
	uint64_t end = at->end == SIZE_MAX ? 0 : key[at->end];
	struct edge *new = &e->edge[e->nr_edges++];

	new->from = key[at->from];
	new->to = key[at->to];
	/* The kernel's addresses are the same in all processes. */
	if (!(new->from >> 63 && new->to >> 63))
		new->pid = (uint32_t)key[at->pid];
	new->count = row->count;
	new->sum = row->sum;
	new->min = row->min;
	new->max = row->max;
	add_buckets(&new->hist, row);
	new->mispredicted = t->nr_figures ? table_figures(t, row)[0] : 0;
	e->entries += row->count;
	e->mispredicted += new->mispredicted;
	e->kernel += new->from >> 63 ? row->count : 0;
	e->timed += row->sum ? row->count : 0;
	if (!end)
		return;
	e->block[e->nr_blocks].pid = new->to >> 63 ? 0 : (uint32_t)key[at->pid];
	e->block[e->nr_blocks].from = new->to;
	e->block[e->nr_blocks].to = end;
	e->block[e->nr_blocks++].count = row->count;
}

static void name_address(struct edges *e, uint32_t pid, uint64_t address, struct buf *out)
{
	out->len = 0;
	if (address >> 63 || !pid)
		ksyms_print_address(&e->view->ksyms, address, out);
	else
		usyms_print(&e->view->usyms, pid, address, out);
}

static const char *function_at(struct edges *e, uint32_t pid, uint64_t address)
{
	struct buf b = {};
	const char *name;

	name_address(e, pid, address, &b);
	view_strip(b.p);
	name = pool_intern(&e->names, b.p);
	buf_free(&b);
	return name;
}

enum crossing { NO_CROSSING, CALL, RETURN };

/*
 * A branch to where another function begins is a call; one into the middle of
 * it, a return. Parts of a function that the compiler put elsewhere have its
 * name with .cold behind; code without a name tells nothing.
 */
static enum crossing crossing_of(struct edges *e, const struct edge *edge, const char **from,
				 const char **to)
{
	struct buf b = {};
	bool begins;
	bool named;

	*from = function_at(e, edge->pid, edge->from);
	*to = function_at(e, edge->pid, edge->to);
	name_address(e, edge->pid, edge->to, &b);
	begins = !strstr(b.p, "+0x");
	named = b.p[0] != '[';
	buf_free(&b);
	if (!named || *from == *to)
		return NO_CROSSING;
	if (begins)
		return CALL;
	return **from == '[' || strstr(*from, ".cold") || strstr(*to, ".cold") ? NO_CROSSING :
										 RETURN;
}

static int compare_calls(const void *a, const void *b)
{
	const struct call *x = a;
	const struct call *y = b;
	int c = strcmp(x->callee, y->callee);

	return c || !x->caller ? c : strcmp(x->caller, y->caller);
}

static int hottest_calls(const void *a, const void *b)
{
	const struct call *x = a;
	const struct call *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	if (x->returns != y->returns)
		return x->returns < y->returns ? 1 : -1;
	return compare_calls(a, b);
}

static size_t merge_calls(struct call *c, size_t n)
{
	size_t left = 0;
	size_t i;

	if (!n)
		return 0;
	qsort(c, n, sizeof(*c), compare_calls);
	for (i = 1; i < n; i++) {
		if (compare_calls(&c[left], &c[i])) {
			c[++left] = c[i];
			continue;
		}
		c[left].count += c[i].count;
		c[left].returns += c[i].returns;
	}
	left++;
	qsort(c, left, sizeof(*c), hottest_calls);
	return left;
}

static void find_calls(struct edges *e)
{
	size_t calls = 0;
	size_t n = 0;
	size_t i;

	e->call = zalloc((e->nr_edges + 1) * sizeof(*e->call));
	e->graph = zalloc((e->nr_edges + 1) * sizeof(*e->graph));
	for (i = 0; i < e->nr_edges; i++) {
		const struct edge *edge = &e->edge[i];
		enum crossing crossing;
		const char *from;
		const char *to;

		crossing = crossing_of(e, edge, &from, &to);
		if (crossing == NO_CROSSING)
			continue;
		e->graph[n].caller = crossing == CALL ? from : to;
		e->graph[n].callee = crossing == CALL ? to : from;
		if (crossing == RETURN) {
			e->graph[n++].returns = edge->count;
			continue;
		}
		e->graph[n].count = edge->count;
		e->call[calls] = e->graph[n++];
		e->call[calls++].caller = NULL;
	}
	e->nr_graph = merge_calls(e->graph, n);
	e->nr_calls = merge_calls(e->call, calls);
}

/** edges_make() - Edges, blocks and calls of a table by pid, from, to and perhaps end. */
void edges_make(struct edges *e, struct view *v, const struct session *s, const struct table *t)
{
	struct places at = {
		.pid = view_column(v, "pid"), .from = view_column(v, "from"),
		.to = view_column(v, "to"), .end = view_column(v, "end"),
	};
	size_t i;

	memset(e, 0, sizeof(*e));
	e->view = v;
	e->has_hist = t->has_hist;
	e->predictions = model_note(s, "predictions");
	e->edge = zalloc((t->nr_rows + 1) * sizeof(*e->edge));
	e->block = zalloc((t->nr_rows + 1) * sizeof(*e->block));
	for (i = 0; i < t->nr_rows; i++)
		take_row(e, t, &t->rows[i], &at);
	e->nr_edges = merge_edges(e->edge, e->nr_edges);
	e->nr_blocks = merge_edges(e->block, e->nr_blocks);
	for (i = 0; i < e->nr_edges; i++) {
		ksyms_want(&v->ksyms, e->edge[i].from);
		ksyms_want(&v->ksyms, e->edge[i].to);
	}
	for (i = 0; i < e->nr_blocks; i++) {
		ksyms_want(&v->ksyms, e->block[i].from);
		ksyms_want(&v->ksyms, e->block[i].to);
	}
	ksyms_resolve(&v->ksyms);
	find_calls(e);
}

void edges_free(struct edges *e)
{
	size_t i;

	for (i = 0; i < e->nr_edges; i++)
		free(e->edge[i].hist.buckets);
	free(e->edge);
	free(e->block);
	free(e->call);
	free(e->graph);
	pool_free(&e->names);
	memset(e, 0, sizeof(*e));
}

static void cell_address(struct edges *e, struct out *o, const struct edge *edge, bool to,
			 const char *key, const char *header)
{
	uint64_t address = to ? edge->to : edge->from;
	char plain[32];
	struct buf b = {};

	if (edge->name[to])
		buf_puts(&b, edge->name[to]);
	else
		name_address(e, edge->pid, address, &b);
	out_cell_text(o, key, header, b.p);
	buf_free(&b);
	snprintf(plain, sizeof(plain), "%s_address", key);
	if (o->json)
		out_json_number(o, plain, ksyms_address(&e->view->ksyms, address));
}

/* Rows that -n leaves out, now or when the file was written. */
static void print_more(const struct edges *e, struct out *o, enum edges_part part, size_t more)
{
	static const char *const keys[EDGES_PARTS] = {
		"rows_left_out", "calls_left_out", "graph_left_out", "blocks_left_out",
	};
	size_t before = e->left_out[part];

	if (!more && !before)
		return;
	out_json_number(o, keys[part], more + before);
	out_line(o, "... %zu more rows (%s)", more + before,
		 more ? "-n 0 shows all" : "the file does not have them");
}

static void cell_share(struct out *o, const char *header, uint64_t part, uint64_t all)
{
	char shown[16];

	snprintf(shown, sizeof(shown), "%.1f %%", all ? (double)part * 100 / (double)all : 0);
	out_cell_aside(o, header, shown, true);
	out_is_share(o, (double)part, (double)all);
}

static void print_edge(struct edges *e, struct out *o, const struct edge *edge)
{
	char shown[32];

	out_row_begin(o);
	cell_address(e, o, edge, false, "from", "FROM");
	cell_address(e, o, edge, true, "to", "TO");
	if (o->json && edge->pid)
		out_json_number(o, "pid", edge->pid);
	out_cell_number(o, "count", "COUNT", edge->count);
	out_is_counter(o, (double)edge->count, "");
	cell_share(o, "SHARE", edge->count, e->entries);
	if (o->json)
		out_json_number(o, "mispredicted", edge->mispredicted);
	else if (e->predictions)
		cell_share(o, "MISPREDICTED", edge->mispredicted, edge->count);
	if (e->timed) {
		snprintf(shown, sizeof(shown), "%.1f", (double)edge->sum / (double)edge->count);
		out_cell_aside(o, "CYCLES", shown, true);
		out_is_ratio(o, (double)edge->sum, (double)edge->count, "");
		if (o->json)
			out_json_number(o, "sum", edge->sum);
		out_cell_number(o, "min", "MIN", edge->min);
		out_cell_number(o, "max", "MAX", edge->max);
		if (e->has_hist) {
			hist_print_percentiles(&edge->hist, o, "");
			hist_print_json(&edge->hist, o);
		}
	}
	out_row_end(o);
}

static size_t shown_of(const struct out *o, const struct opts *opts, size_t n)
{
	size_t top = opts->top.given ? opts->top.value : o->json ? 0 : 20;

	return top && top < n ? top : n;
}

static void print_calls(struct out *o, const struct call *c, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		out_row_begin(o);
		if (c[i].caller)
			out_cell_text(o, "caller", "CALLER", c[i].caller);
		out_cell_text(o, "func", c[i].caller ? "CALLS" : "FUNCTION", c[i].callee);
		out_cell_number(o, "count", "COUNT", c[i].count);
		out_is_counter(o, (double)c[i].count, "");
		if (c[i].caller)
			out_cell_number(o, "returns", "RETURNS", c[i].returns);
		out_row_end(o);
	}
	out_table_end(o);
}

static void print_blocks(struct edges *e, struct out *o, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const struct edge *b = &e->block[i];

		out_row_begin(o);
		cell_address(e, o, b, false, "start", "BLOCK");
		cell_address(e, o, b, true, "end", "ENDS WITH");
		if (o->json && b->pid)
			out_json_number(o, "pid", b->pid);
		out_cell_number(o, "count", "EXECUTIONS", b->count);
		out_is_counter(o, (double)b->count, "");
		out_row_end(o);
	}
	out_table_end(o);
	print_more(e, o, EDGES_BLOCKS, e->nr_blocks - n);
}

/** edges_print() - The parts of the report. */
void edges_print(struct edges *e, struct out *o, const struct opts *opts, bool edges, bool calls,
		 bool graph, bool blocks)
{
	size_t n = shown_of(o, opts, e->nr_edges);
	size_t i;

	if (!e->nr_edges)
		out_line(o, "No branch was recorded.");
	if (edges) {
		out_table_begin(o, "rows");
		for (i = 0; i < n; i++)
			print_edge(e, o, &e->edge[i]);
		out_table_end(o);
		print_more(e, o, EDGES_ROWS, e->nr_edges - n);
		out_json_number(o, "entries", e->entries);
	}
	if (calls && (o->json || e->nr_calls)) {
		out_line(o, "\nFunctions by number of calls:\n");
		out_table_begin(o, "calls");
		n = shown_of(o, opts, e->nr_calls);
		print_calls(o, e->call, n);
		print_more(e, o, EDGES_CALLS, e->nr_calls - n);
	}
	if (graph && (o->json || e->nr_graph)) {
		out_line(o, "\nCall graph:\n");
		out_table_begin(o, "graph");
		n = shown_of(o, opts, e->nr_graph);
		print_calls(o, e->graph, n);
		print_more(e, o, EDGES_GRAPH, e->nr_graph - n);
	}
	if (blocks && (o->json || e->nr_blocks)) {
		out_line(o, "\nBasic blocks, executed from the first to the last address:\n");
		out_table_begin(o, "blocks");
		print_blocks(e, o, shown_of(o, opts, e->nr_blocks));
	}
}
