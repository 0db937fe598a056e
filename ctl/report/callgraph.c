// SPDX-License-Identifier: GPL-2.0
/*
 * Sampled stacks as functions: how often each was sampled itself and how often
 * below it, by whom it was called and whom it called. Order and shares are by what
 * the samples stand for. A function that is in a stack more than once counts once,
 * so that no part is above the whole.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "lib/map.h"
#include "lib/progress.h"
#include "report/callgraph.h"
#include "report/nothing.h"

#define LINKS_SHOWN	3
#define FRAMES		1024	/* of the kernel's stack and of the user's */

/** graph_function() - Return: a function, a new one if it is not there. */
struct graph_function *graph_function(struct graph *g, const char *name)
{
	struct graph_function *f = map_get(&g->by_name, (uint64_t)(uintptr_t)name);

	if (f)
		return f;
	f = zalloc(sizeof(*f));
	f->name = name;
	map_set(&g->by_name, (uint64_t)(uintptr_t)name, f);
	g->v = grow(g->v, &g->cap, g->n + 1, sizeof(*g->v));
	g->v[g->n++] = f;
	return f;
}

/** graph_link() - Add samples of a stack, by its number, to those that a function passed on. */
void graph_link(struct graph_links *l, const char *name, uint64_t count, uint64_t weight,
		uint64_t stack)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->v[i].name == name)
			break;
	if (i == l->n) {
		l->v = grow(l->v, &l->cap, l->n + 1, sizeof(*l->v));
		l->v[l->n++] = (struct graph_link){ .name = name };
	}
	if (l->v[i].seen != stack) {
		l->v[i].count += count;
		l->v[i].weight += weight;
	}
	l->v[i].seen = stack;
}

/**
 * graph_add() - Add samples of one stack.
 * @frames: names of functions, leaf first; equal names are the same pointer
 * @weight: what the samples stand for
 */
void graph_add(struct graph *g, const char *const *frames, size_t n, uint64_t count,
	       uint64_t weight)
{
	size_t i;

	g->stacks++;
	g->samples += count;
	g->weight += weight;
	for (i = 0; i < n; i++) {
		struct graph_function *f = graph_function(g, frames[i]);

		f->self += i ? 0 : count;
		f->self_weight += i ? 0 : weight;
		if (i)
			graph_link(&f->callees, frames[i - 1], count, weight, g->stacks);
		if (i + 1 < n)
			graph_link(&f->callers, frames[i + 1], count, weight, g->stacks);
		if (f->seen != g->stacks) {
			f->total += count;
			f->total_weight += weight;
		}
		f->seen = g->stacks;
	}
}

static int compare_links(const void *a, const void *b)
{
	const struct graph_link *x = a;
	const struct graph_link *y = b;

	if (x->weight != y->weight)
		return x->weight < y->weight ? 1 : -1;
	return strcmp(x->name, y->name);
}

static int compare_functions(const void *a, const void *b)
{
	const struct graph_function *x = *(struct graph_function *const *)a;
	const struct graph_function *y = *(struct graph_function *const *)b;

	if (x->self_weight != y->self_weight)
		return x->self_weight < y->self_weight ? 1 : -1;
	if (x->total_weight != y->total_weight)
		return x->total_weight < y->total_weight ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void sort_links(struct graph_links *l)
{
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), compare_links);
}

/** graph_sort() - Those with most weight of their own first, and so their links. */
void graph_sort(struct graph *g)
{
	size_t i;

	if (g->n)
		qsort(g->v, g->n, sizeof(*g->v), compare_functions);
	for (i = 0; i < g->n; i++) {
		sort_links(&g->v[i]->callers);
		sort_links(&g->v[i]->callees);
	}
}

void graph_free(struct graph *g)
{
	size_t i;

	for (i = 0; i < g->n; i++) {
		free(g->v[i]->callers.v);
		free(g->v[i]->callees.v);
		free(g->v[i]);
	}
	free(g->v);
	map_free(&g->by_name, NULL);
	memset(g, 0, sizeof(*g));
}

/* Frames of a stack as names without offsets, behind those that are there. */
static size_t name_frames(struct report *r, uint64_t id, const char **frames, size_t n)
{
	const struct stack *s = map_get(&r->table->stacks, id);
	size_t i;
	size_t k;

	if (!s && id)
		frames[n++] = pool_intern(&r->table->texts, "[lost stack]");
	for (i = 0; s && i < s->nr; i++) {
		size_t inside = view_frames(r->view, s, i);

		for (k = 0; k < inside && n < FRAMES; k++) {
			char *name = r->view->frame[k].text.p;

			view_strip(name);
			frames[n++] = pool_intern(&r->table->texts, name);
		}
	}
	return n;
}

static void resolve_frames(struct report *r)
{
	const struct table *t = r->table;
	size_t i;
	size_t c;
	size_t k;

	for (i = 0; i < t->nr_rows; i++)
		for (c = 0; c < t->nr_keys; c++) {
			const struct stack *s = NULL;

			if (t->types[c] == KOBS_TYPE_KSTACK)
				s = map_get(&t->stacks, t->keys[t->rows[i].key + c]);
			for (k = 0; s && k < s->nr; k++)
				ksyms_want(&r->view->ksyms, s->addr[k]);
		}
	ksyms_resolve(&r->view->ksyms);
}

static void add_rows(struct graph *g, struct report *r)
{
	const char *frames[FRAMES + 2];
	const struct table *t = r->table;
	uint32_t types[] = { KOBS_TYPE_KSTACK, KOBS_TYPE_USTACK };
	size_t i;
	size_t k;
	size_t c;
	size_t n;

	progress_begin("Naming stacks");
	for (i = 0; i < t->nr_rows; i++) {
		const uint64_t *key = t->keys + t->rows[i].key;

		/* The kernel runs on top of the code that called it. */
		for (n = k = 0; k < ARRAY_SIZE(types); k++)
			for (c = 0; c < t->nr_keys; c++)
				if (t->types[c] == types[k])
					n = name_frames(r, key[c], frames, n);
		if (!n)
			frames[n++] = pool_intern(&r->table->texts, "[no stack]");
		graph_add(g, frames, n, t->rows[i].count, report_weight(r, &t->rows[i]));
		progress_at(i, t->nr_rows);
	}
	progress_end();
}

static double percent(uint64_t part, uint64_t all)
{
	return all ? (double)part * 100 / (double)all : 0;
}

static void print_links(struct out *o, const char *key, const char *arrow,
			const struct graph_links *l, uint64_t all)
{
	char line[512];
	char count[32];
	size_t i;

	out_open(o, key, '[');
	for (i = 0; i < l->n; i++) {
		out_open(o, NULL, '{');
		out_json_text(o, "func", l->v[i].name);
		out_json_number(o, "count", l->v[i].count);
		out_json_number(o, "events", l->v[i].weight);
		out_close(o, '}');
		if (o->json || i > LINKS_SHOWN)
			continue;
		if (i == LINKS_SHOWN)
			snprintf(line, sizeof(line), "      %-9s ... %zu more", arrow, l->n - i);
		else
			snprintf(line, sizeof(line), "      %-9s %-40s %10s %6.1f %%", arrow,
				 l->v[i].name, format_count(count, sizeof(count), l->v[i].count),
				 percent(l->v[i].weight, all));
		out_below(o, line);
	}
	out_close(o, ']');
}

static void print_function(const struct graph *g, struct out *o, const struct graph_function *f)
{
	char share[16];

	out_row_begin(o);
	out_cell_text(o, "func", "FUNCTION", f->name);
	out_cell_number(o, "self", "SELF", f->self);
	out_is_counter(o, (double)f->self, "");
	out_json_number(o, "self_events", f->self_weight);
	snprintf(share, sizeof(share), "%.1f %%", percent(f->self_weight, g->weight));
	out_cell_aside(o, "SHARE", share, true);
	out_is_share(o, (double)f->self_weight, (double)g->weight);
	out_cell_number(o, "total", "TOTAL", f->total);
	out_is_counter(o, (double)f->total, "");
	out_json_number(o, "total_events", f->total_weight);
	snprintf(share, sizeof(share), "%.1f %%", percent(f->total_weight, g->weight));
	out_cell_aside(o, "SHARE", share, true);
	out_is_share(o, (double)f->total_weight, (double)g->weight);
	print_links(o, "callers", "called by", &f->callers, f->total_weight);
	print_links(o, "callees", "calls", &f->callees, f->total_weight);
	out_row_end(o);
}

/** graph_show() - Print functions in their order. Return: 0 or an exit status. */
int graph_show(struct graph *g, struct report *r, const struct output *to)
{
	size_t top = r->opts->top.given ? r->opts->top.value : r->opts->json ? 0 : 20;
	struct out o;
	size_t more;
	size_t i;

	if (!top || top > g->n)
		top = g->n;
	more = g->n - top + g->left_out;
	output_begin(to, &o, r->opts->json);
	out_open(&o, NULL, '{');
	report_header(r, &o);
	out_table_begin(&o, "rows");
	for (i = 0; i < top; i++)
		print_function(g, &o, g->v[i]);
	out_table_end(&o);
	out_json_number(&o, "events", g->weight);
	if (more)
		out_json_number(&o, "rows_left_out", more);
	if (!g->n)
		nothing_print(r, &o);
	if (more)
		out_line(&o, "... %zu more functions (%s)", more, more == g->left_out ?
			 "the file does not have them" : "-n 0 shows all");
	report_footer(r, &o);
	out_close(&o, '}');
	out_newline(&o);
	out_free(&o);
	return output_flush(to);
}

/** graph_print() - The report of record --graph. Return: 0 or an exit status. */
int graph_print(struct report *r, const struct output *to)
{
	struct graph g = {};
	int err;

	resolve_frames(r);
	add_rows(&g, r);
	graph_sort(&g);
	err = graph_show(&g, r, to);
	graph_free(&g);
	return err;
}
