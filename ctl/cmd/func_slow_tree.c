// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl func slow --tree: what slow calls called. The module adds up the calls of each function
 * in each slow call; here they are added up over all slow calls, too.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd/func_graph.h"
#include "cmd/func_run.h"
#include "export/json_file.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "lib/macros.h"

#define FUNCTIONS_MAX	1000	/* without --all */
/* Functions that text has without -n. */
#define TEXT_ROWS	20

/* Calls of one function, over all slow calls. */
struct slow_callee {
	const char	*name;
	uint64_t	calls;		/* slow calls that have some */
	uint64_t	count;
	uint64_t	sum;
	uint64_t	self;
	uint64_t	max;
};

static bool names(const struct strings *given, const char *function)
{
	size_t i;

	for (i = 0; i < given->n; i++)
		if (!strcmp(given->v[i], function))
			return true;
	return false;
}

/* What interrupts run before they are told is called by nobody, unless it is named. */
static void make_patterns(const struct strings *given, struct strings *all)
{
	char *const *edges;
	size_t n = func_graph_edges(&edges);
	bool wild = false;
	size_t i;

	for (i = 0; i < given->n; i++) {
		wild |= *given->v[i] != '!' && strpbrk(given->v[i], "*?[");
		strings_add(all, given->v[i]);
	}
	for (i = 0; wild && i < n; i++)
		if (!names(given, edges[i] + 1))
			strings_add(all, edges[i]);
}

/* There are not more system calls than functions that are allowed. */
static int check_number(const struct func_run *f, const struct opts *o)
{
	const struct func_opts *own = o->own;

	if (own->syscalls && f->tree.n > FUNCTIONS_MAX)
		return refuse("the patterns of --tree match %zu functions, more than %d: use narrower ones",
			      f->tree.n, FUNCTIONS_MAX);
	if (own->syscalls || f->targets.n + f->tree.n <= FUNCTIONS_MAX || opts_has_param(o, "all"))
		return 0;
	return refuse("the patterns match %zu functions, and those of --tree %zu, more than %d: use narrower ones, or --all",
		      f->targets.n, f->tree.n, FUNCTIONS_MAX);
}

/** func_slow_ask_tree() - Find the functions of --tree. Return: 0 or an exit status. */
int func_slow_ask_tree(struct func_run *f, struct run_spec *spec, const struct opts *o)
{
	const struct func_opts *own = o->own;
	size_t i;
	int err;

	if (!own->tree.n)
		return 0;
	if (own->wait)
		return misuse("--tree needs functions that are there: it does not go with --wait");
	make_patterns(&own->tree, &f->tree_patterns);
	err = targets_parse(&f->tree, f->tree_patterns.v, f->tree_patterns.n);
	if (!err)
		err = targets_resolve(&f->tree, kallsyms_path());
	if (!err)
		err = check_number(f, o);
	if (err)
		return err;
	for (i = 0; i < f->tree.n; i++)
		numbers_add(&f->tree_addresses, f->tree.v[i].address);
	model_set_addresses(&spec->request, "tree", &f->tree_addresses);
	spec->more_targets = &f->tree;
	f->slow.roots = &f->targets;
	f->slow.tree = &f->tree;
	return 0;
}

/* How many of the functions that are hooked are of the patterns themselves. */
static size_t count_roots(const struct targets *roots, const struct session *s)
{
	size_t n = roots->n;
	size_t i;

	for (i = 0; i < s->nr_kept_out; i++)
		n -= !!targets_find(roots, s->kept_out[i].address);
	return n < s->targets ? n : s->targets;
}

/** func_slow_describe_tree() - " of 1 function, with 12 in its calls", or the first part. */
void func_slow_describe_tree(const struct slow *w, const struct session *s, struct buf *out)
{
	size_t n = w->tree ? count_roots(w->roots, s) : s->targets;

	buf_printf(out, " of %zu %s%s", n, w->syscalls ? "system call" : "function",
		   n == 1 ? "" : "s");
	if (w->tree)
		buf_printf(out, ", with %zu in %s calls", s->targets - n,
			   n == 1 ? "its" : "their");
}

static const char *name_of(struct slow *w, struct view *v, uint64_t func)
{
	const struct target *t = targets_find_entry(w->tree, func);
	struct buf name = {};
	const char *text;

	if (t)
		target_print(t, &name);
	else
		ksyms_print_function(&v->ksyms, func, &name);
	text = pool_intern(&w->names, name.p ? name.p : "?");
	buf_free(&name);
	return text;
}

static void add_child(struct slow *w, struct view *v, const uint64_t *word)
{
	const char *name = name_of(w, v, word[KOBS_SLOW_CHILD_FUNC]);
	struct slow_callee *c = map_get(&w->callees, (uintptr_t)name);

	if (!c) {
		c = zalloc(sizeof(*c));
		c->name = name;
		map_set(&w->callees, (uintptr_t)name, c);
	}
	c->calls++;
	c->count += word[KOBS_SLOW_CHILD_CALLS];
	c->sum += word[KOBS_SLOW_CHILD_NS];
	c->self += word[KOBS_SLOW_CHILD_SELF];
	if (c->max < word[KOBS_SLOW_CHILD_LONGEST])
		c->max = word[KOBS_SLOW_CHILD_LONGEST];
}

/** func_slow_add_children() - Add what a slow call called to what all of them did. */
void func_slow_add_children(struct slow *w, struct view *v, const struct slow_record *rec)
{
	size_t i;

	for (i = 0; w->tree && i < rec->children; i++)
		add_child(w, v, rec->child + i * KOBS_SLOW_CHILD);
	w->rest += rec->data[KOBS_SLOW_FUNCS_REST];
	w->rest_calls += rec->data[KOBS_SLOW_FUNCS_REST_CALLS];
}

/* The longest first; of equal ones that with more calls. */
static int compare(const void *a, const void *b)
{
	const struct slow_callee *x = *(const struct slow_callee *const *)a;
	const struct slow_callee *y = *(const struct slow_callee *const *)b;

	if (x->sum != y->sum)
		return x->sum < y->sum ? 1 : -1;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->name, y->name);
}

static json_t *callee_json(const struct slow_callee *c)
{
	json_t *to = json_object();

	longest_set_text(to, "func", c->name);
	if (c->calls)
		longest_set_number(to, "calls", c->calls);
	longest_set_number(to, "count", c->count);
	longest_set_number(to, "sum", c->sum);
	longest_set_number(to, "self", c->self);
	longest_set_number(to, "max", c->max);
	return to;
}

static json_t *in_order(const struct slow_callee **v, size_t n)
{
	json_t *all = json_array();
	size_t i;

	if (n)
		qsort(v, n, sizeof(*v), compare);
	for (i = 0; i < n; i++)
		json_array_append_new(all, callee_json(v[i]));
	return all;
}

/** func_slow_set_children() - Add what a call called, in a session that observes that. */
void func_slow_set_children(struct slow *w, struct view *v, const struct slow_record *rec,
			    json_t *to)
{
	const struct slow_callee *sorted[KOBS_SLOW_CHILDREN];
	struct slow_callee c[KOBS_SLOW_CHILDREN] = {};
	size_t i;

	if (!w->tree || rec->data[KOBS_SLOW_FLAGS] & KOBS_SLOW_INTERRUPT)
		return;
	for (i = 0; i < rec->children; i++) {
		const uint64_t *word = rec->child + i * KOBS_SLOW_CHILD;

		sorted[i] = &c[i];
		c[i].name = name_of(w, v, word[KOBS_SLOW_CHILD_FUNC]);
		c[i].count = word[KOBS_SLOW_CHILD_CALLS];
		c[i].sum = word[KOBS_SLOW_CHILD_NS];
		c[i].self = word[KOBS_SLOW_CHILD_SELF];
		c[i].max = word[KOBS_SLOW_CHILD_LONGEST];
	}
	json_object_set_new(to, "children", in_order(sorted, rec->children));
	longest_set_number(to, "children_rest", rec->data[KOBS_SLOW_FUNCS_REST]);
	longest_set_number(to, "children_rest_calls", rec->data[KOBS_SLOW_FUNCS_REST_CALLS]);
}

static void print_rest(uint64_t rest, uint64_t calls, struct out *o)
{
	char shown[32], count[32];

	if (calls)
		out_line(o, "    %9s  in %s call%s of others or of these, without what they call",
			 format_ns(shown, sizeof(shown), (double)rest),
			 format_count(count, sizeof(count), calls), calls == 1 ? "" : "s");
}

/** func_slow_print_children() - What a call called, as text. */
void func_slow_print_children(const json_t *call, struct out *o)
{
	uint64_t rest = longest_number(call, "children_rest_calls");
	const json_t *children = json_object_get(call, "children");
	char sum[32], max[32], self[32], count[32];
	json_t *c;
	size_t i;

	if (json_array_size(children) || rest)
		out_line(o, "    child calls:");
	json_array_foreach(children, i, c) {
		struct buf line = {};

		buf_printf(&line, "    %9s  %s",
			   format_ns(sum, sizeof(sum), (double)longest_number(c, "sum")),
			   longest_text(c, "func"));
		if (longest_number(c, "count") > 1)
			buf_printf(&line, ", %s times, the longest %s",
				   format_count(count, sizeof(count), longest_number(c, "count")),
				   format_ns(max, sizeof(max), (double)longest_number(c, "max")));
		if (longest_number(c, "self") != longest_number(c, "sum"))
			buf_printf(&line, ", self %s",
				   format_ns(self, sizeof(self),
					     (double)longest_number(c, "self")));
		out_line(o, "%s", line.p);
		buf_free(&line);
	}
	print_rest(longest_number(call, "children_rest"), rest, o);
}

/* What all slow calls called, as JSON has it, which is also what text is made of. */
static json_t *sum_up(struct slow *w)
{
	const struct slow_callee **v = zalloc((w->callees.n + 1) * sizeof(*v));
	json_t *all = json_object();
	size_t n = 0;
	size_t i;

	for (i = 0; i < w->callees.size; i++)
		if (w->callees.slot[i].value)
			v[n++] = w->callees.slot[i].value;
	longest_set_number(all, "duration", w->sum);
	json_object_set_new(all, "functions", in_order(v, n));
	longest_set_number(all, "rest", w->rest);
	longest_set_number(all, "rest_calls", w->rest_calls);
	free(v);
	return all;
}

static void print_function(const json_t *c, int width, uint64_t all, struct out *o)
{
	uint64_t sum = longest_number(c, "sum");
	char calls[32], count[32], time[32], self[32], max[32], share[16];

	format_count(calls, sizeof(calls), longest_number(c, "calls"));
	format_count(count, sizeof(count), longest_number(c, "count"));
	snprintf(share, sizeof(share), "%.1f %%", all ? (double)sum * 100 / (double)all : 0);
	out_line(o, "%-*s  %7s  %9s  %9s  %7s  %9s  %9s", width, longest_text(c, "func"), calls,
		 count, format_ns(time, sizeof(time), (double)sum), share,
		 format_ns(self, sizeof(self), (double)longest_number(c, "self")),
		 format_ns(max, sizeof(max), (double)longest_number(c, "max")));
}

static void print_text(const json_t *all, size_t most, struct out *o)
{
	const json_t *functions = json_object_get(all, "functions");
	uint64_t rest = longest_number(all, "rest_calls");
	int width = 4;
	json_t *c;
	size_t i;

	if (!json_array_size(functions))
		return;
	json_array_foreach(functions, i, c)
		if (i < most && (int)strlen(longest_text(c, "func")) > width)
			width = (int)strlen(longest_text(c, "func"));
	out_line(o, "\nChild calls in the slow calls:");
	out_line(o, "%-*s  %7s  %9s  %9s  %7s  %9s  %9s", width, "FUNC", "CALLS", "TIMES", "TIME",
		 "SHARE", "SELF", "LONGEST");
	json_array_foreach(functions, i, c)
		if (i < most)
			print_function(c, width, longest_number(all, "duration"), o);
	if (json_array_size(functions) > most)
		out_line(o, "... %zu more (-n 0 shows all)", json_array_size(functions) - most);
	print_rest(longest_number(all, "rest"), rest, o);
}

/** func_slow_print_tree() - What all slow calls called, below the rows. */
void func_slow_print_tree(struct slow *w, struct out *o, const struct opts *opts)
{
	size_t most = opts->top.given ? (size_t)opts->top.value : TEXT_ROWS;
	json_t *all = w->tree ? sum_up(w) : json_incref(w->tree_saved);

	if (all && o->json)
		longest_print_json(o, "children", all);
	else if (all)
		print_text(all, most ? most : SIZE_MAX, o);
	json_decref(all);
}

/** func_slow_load_tree() - Take it from a report that was saved. */
void func_slow_load_tree(struct slow *w, const json_t *root)
{
	w->tree_saved = json_incref(json_object_get(root, "children"));
}

/** func_slow_free_tree() - Free it. */
void func_slow_free_tree(struct slow *w)
{
	map_free(&w->callees, free);
	json_decref(w->tree_saved);
}
