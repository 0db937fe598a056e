// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl func graph: calls of a function, and of what it calls, as a tree. Rows are paths from
 * the function down; their value is the time of their last function's own.
 *
 * obsctl func calls: the same calls one by one (func_calls.c).
 *
 * Which functions are called is not known before. Unless they are named, all of the kernel's are
 * hooked, and the module unhooks those that are not called after a while.
 */

#include <stdio.h>
#include <string.h>

#include "cmd/func_calls.h"
#include "cmd/func_graph.h"
#include "cmd/func_run.h"
#include "cmd/nouns.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "report/calltree.h"
#include "run/run.h"
#include "symbols/ksyms.h"
#include "symbols/patterns.h"

#define ROOTS_MAX	8	/* of the kernel's parameter */
#define FUNCTIONS_MAX	1000	/* without --all */
#define SETTLE_MS	1000
/* As many as there are paths by default: each has a row. */
#define ROWS		8192

static const struct opt graph_options[] = {
	{ "depth", 0, "N", "nested calls to follow (default 64); what is deeper is its caller's own time",
	  &opt_param, .param = "depth" },
	{ "settle", 0, "TIME",
	  "unhook what was not called when nothing new was for so long (0: never; default 1s without a PATTERN)",
	  &opt_param_ms, .param = "settle" },
	{ "tasks", 0, "N", "tasks that can be in FUNC at once", &opt_param, .param = "tasks" },
	{ "inflight", 0, "N", "calls that can be in progress at once (0: as many as fit the machine)",
	  &opt_param, .param = "inflight" },
	{ "all", 0, NULL, "allow PATTERNs of more than 1,000 functions", &opt_param_switch,
	  .param = "all" },
	{ "stacks", 0, "N", "room for N paths from FUNC to a function", &opt_param,
	  .param = "stacks" },
};

static const struct opt over_options[] = {
	{ "over", 0, "TIME", "only calls of FUNC that took longer", &opt_time,
	  OPT_OWN_AT(struct func_opts, over) },
};

static const struct opt top_options[] = {
	{ "top", 'n', "N", "end after N calls of FUNC (0: no maximum)", &opt_number, OPT_AT(top),
	  .max = UINT32_MAX },
};

const struct opt_group func_group_graph = { OPT_OWN(graph_options) };
const struct opt_group func_group_over = { OPT_OWN(over_options) };
const struct opt_group func_group_calls = {
	.section = "What the report shows", OPT_GROUP(top_options)
};

/*
 * All but what interrupts run before and after the kernel says that it is in one: it seems to
 * be called by the function that they interrupt. So do softirqs at the end of an interrupt.
 */
static char *const all_functions[] = {
	"*", "!irq_enter", "!irq_enter_rcu", "!irq_exit", "!irq_exit_rcu", "!__irq_exit_rcu",
	"!tick_irq_enter", "!sysvec_*", "!__sysvec_*", "!common_interrupt", "!__common_interrupt",
	"!do_softirq", "!__do_softirq", "!handle_softirqs", "!do_softirq_own_stack",
};

/** func_graph_edges() - Patterns that exclude these. @v: set to them. Return: their number. */
size_t func_graph_edges(char *const **v)
{
	*v = all_functions + 1;
	return ARRAY_SIZE(all_functions) - 1;
}

/* What a run asks for. */
struct graph_run {
	struct targets	roots;
	struct targets	functions;
	struct numbers	root;
	struct numbers	function;
	bool		rows;		/* calls are added up in rows */
};

/** func_graph_check() - Return: 0, or STATUS_USAGE for options that contradict each other. */
int func_graph_check(const struct verb *verb, const struct opts *o)
{
	if (!o->nr_args)
		return misuse("func %s needs a function that the tree begins with", verb->name);
	if (*o->args[0] == '!')
		return misuse("the first argument is the function that the tree begins with: '%s' excludes some",
			      o->args[0]);
	return 0;
}

static void take_addresses(const struct targets *from, struct numbers *to)
{
	size_t i;

	for (i = 0; i < from->n; i++)
		numbers_add(to, from->v[i].address);
}

static int find_roots(struct graph_run *g, const struct opts *o)
{
	int err = targets_parse(&g->roots, o->args, 1);

	if (!err)
		err = targets_resolve(&g->roots, kallsyms_path());
	if (!err && g->roots.n > ROOTS_MAX)
		err = refuse("'%s' matches %zu functions: a tree can begin with %d at most",
			     o->args[0], g->roots.n, ROOTS_MAX);
	if (!err)
		take_addresses(&g->roots, &g->root);
	return err;
}

static int find_functions(struct graph_run *g, const struct opts *o)
{
	bool named = o->nr_args > 1;
	int err;

	/* The root is one of those that reports name. */
	if (named)
		err = targets_parse(&g->functions, o->args, o->nr_args);
	else
		err = targets_parse(&g->functions, (char **)all_functions,
				    ARRAY_SIZE(all_functions));
	if (!err)
		err = targets_resolve(&g->functions, kallsyms_path());
	if (!err && named && g->functions.n > FUNCTIONS_MAX && !opts_has_param(o, "all"))
		err = refuse("the patterns match %zu functions, more than %d: use narrower ones, or --all",
			     g->functions.n, FUNCTIONS_MAX);
	if (!err)
		take_addresses(&g->functions, &g->function);
	return err;
}

static void set_default(struct request *req, const struct opts *o, const char *param,
			uint64_t value)
{
	if (!opts_has_param(o, param))
		model_set_number(req, param, value);
}

static void fill_request(struct graph_run *g, const struct opts *o, struct request *req)
{
	model_set_addresses(req, "roots", &g->root);
	if (g->function.n)
		model_set_addresses(req, "functions", &g->function);
	if (g->rows) {
		strings_add(&req->by, "path");
		set_default(req, o, "rows", ROWS);
	}
	if (o->nr_args > 1)
		return;
	set_default(req, o, "all", 1);
	set_default(req, o, "settle", SETTLE_MS);
}

static int run_graph(struct run_spec *spec, const struct opts *o, bool rows)
{
	struct graph_run g = { .rows = rows };
	int err = find_roots(&g, o);

	if (!err)
		err = find_functions(&g, o);
	if (!err) {
		fill_request(&g, o, &spec->request);
		spec->targets = o->nr_args > 1 ? &g.functions : &g.roots;
		err = run_session(spec, o);
	}
	model_free_request(&spec->request);
	numbers_free(&g.function);
	numbers_free(&g.root);
	targets_free(&g.functions);
	targets_free(&g.roots);
	return err;
}

/** func_graph() - Return: the exit status. */
int func_graph(const struct verb *verb, const struct opts *o)
{
	struct run_spec spec = { .source = "func", .mode = verb->name, .kind = verb->report };

	return run_graph(&spec, o, true);
}

/** func_calls() - Return: the exit status. */
int func_calls(const struct verb *verb, const struct opts *o)
{
	const struct func_opts *own = o->own;
	struct calls *calls = calls_new(o->top.value);
	struct run_spec spec = {
		.source = "func", .mode = verb->name,
		.usual = COLUMNS("func", "path", "root", "call", "inside", "self_ns", "context",
				 "pid", "tid", "comm"),
		.gather = &calls_gather, .arg = calls,
	};
	int err;

	calls->limit = own->over.value;
	err = run_graph(&spec, o, false);
	calls_free(calls);
	return err;
}

/* The report. */

static size_t figure(const struct mode *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->nr_figures; i++)
		if (!strcmp(m->figures[i].name, name))
			return i;
	return SIZE_MAX;
}

static uint64_t figure_of(struct report *r, const struct row *row, const char *name)
{
	size_t i = figure(r->view->mode, name);

	return i < r->table->nr_figures ? table_figures(r->table, row)[i] : 0;
}

/* A session of a client's own can have other columns than the path. */
static bool is_tree(const struct report *r)
{
	return r->view->nr_columns == 1 && view_column(r->view, "path") == 0 &&
	       figure(r->view->mode, "total") < r->table->nr_figures;
}

static void release(struct report *r)
{
	calltree_free(r->judged);
	r->judged = NULL;
}

static void arrange(struct report *r)
{
	release(r);
	if (is_tree(r))
		r->judged = calltree_arrange(r, 0, figure(r->view->mode, "total"));
	else
		report_sort(r);
}

/* The functions that the trees begin with, the largest first. */
static void describe(struct report *r, struct buf *out)
{
	const struct targets *targets = r->view->targets;
	const struct calltree *t = r->judged;
	size_t n = 0;
	size_t i;

	if (!r->table->nr_rows && targets && targets->nr_patterns)
		buf_printf(out, " of %s", targets->patterns[0].text);
	for (i = 0; t && i < t->order.n && n < ROOTS_MAX; i++) {
		const struct row *row = &r->table->rows[i];

		if (t->v[t->of_row[i]].parent != CALLTREE_NONE || !t->v[t->of_row[i]].shown)
			continue;
		buf_puts(out, n++ ? ", " : " of ");
		calltree_name(t, r, 0, row, out);
	}
}

static void print_time(struct report *r, struct out *o, const char *key, const char *header,
		       uint64_t ns)
{
	char shown[40];

	format_value(shown, sizeof(shown), (double)ns, view_unit(r->view));
	if (key)
		out_cell_shown(o, key, header, ns, shown);
	else
		out_cell_aside(o, header, shown, true);
}

static void print_values(struct report *r, struct out *o, const struct row *row)
{
	uint64_t total = figure_of(r, row, "total");
	const struct calltree *t = r->judged;
	struct buf name = {};
	char share[16];

	out_cell_number(o, "count", "COUNT", row->count);
	out_is_counter(o, (double)row->count, "");
	report_print_rate(r, o, row);
	print_time(r, o, "total", "TOTAL", total);
	out_is_counter(o, (double)total, view_unit(r->view));
	if (t) {
		snprintf(share, sizeof(share), "%.1f %%",
			 t->total ? (double)total * 100 / (double)t->total : 0);
		out_cell_aside(o, "SHARE", share, true);
		out_is_share(o, (double)total, (double)t->total);
	}
	print_time(r, o, "sum", "SELF", row->sum);
	out_is_counter(o, (double)row->sum, view_unit(r->view));
	out_json_number(o, "min", row->min);
	out_json_number(o, "max", row->max);
	print_time(r, o, NULL, "AVG", row->count ? total / row->count : 0);
	print_time(r, o, "longest", "LONGEST", figure_of(r, row, "longest"));
	if (t) {
		calltree_name(t, r, 0, row, &name);
		out_cell_aside(o, "FUNCTION", name.p, false);
		buf_free(&name);
	}
}

/**
 * func_graph_advise() - What to do where the guard stopped a session with all functions.
 *
 * Until those that are not called are unhooked, every call in the kernel has a cost.
 */
void func_graph_advise(const struct session *s, struct out *o)
{
	if (s->stop_reason && strstr(s->stop_reason, "guard") && s->targets > FUNCTIONS_MAX &&
	    !model_note_number(s, "functions_called"))
		out_line(o, "All functions were hooked, and each call of one costs: name PATTERNs of those to follow, or raise --budget.");
}

static void print_foot(struct report *r, struct out *o)
{
	func_graph_advise(r->session, o);
}

/* The limit is one of a whole call. */
static int verdict(struct report *r)
{
	const struct opt_limit *limit = &r->opts->fail_over;
	size_t i;

	for (i = 0; limit->text && i < r->table->nr_rows; i++)
		if (figure_of(r, &r->table->rows[i], "longest") > limit->value) {
			warn("a call is above the limit %s of --fail-over", limit->text);
			return STATUS_CROSSED;
		}
	return 0;
}

const struct report_kind func_graph_report = {
	.source = "func",
	.mode = "graph",
	.own_stacks = true,
	.arrange = arrange,
	.release = release,
	.describe = describe,
	.print_values = print_values,
	.print_foot = print_foot,
	.verdict = verdict,
	.hit = "calls",
};
