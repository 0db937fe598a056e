// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl probe: any function, tracepoint or system call, by any of its arguments.
 */

#include <string.h>

#include "cmd/formats.h"
#include "cmd/nouns.h"
#include "cmd/probe/probe.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "lib/process.h"
#include "report/hist.h"
#include "report/report.h"
#include "report/wide.h"
#include "run/run.h"

/* More are hooked on request only. */
#define MANY	1000

static const struct opt where_options[] = {
	{ "where", 'w', "EXPR", "only hits for which the expression is true", &opt_whole,
	  OPT_OWN_AT(struct probe_opts, where), .allowed = "an expression" },
	{ "all", 0, NULL, "allow more than 1,000 probes", &opt_switch,
	  OPT_OWN_AT(struct probe_opts, all) },
};

static const struct opt value_options[] = {
	{ "value", 0, "EXPR", "the number of each hit to add up", &opt_text,
	  OPT_OWN_AT(struct probe_opts, value), .allowed = "an expression" },
};

static const struct opt join_options[] = {
	{ "from", 0, "PROBE[,PROBE]", "measure the time from a hit of these to one of --to",
	  &opt_texts, OPT_OWN_AT(struct probe_opts, from),
	  .allowed = "probes with commas between them" },
	{ "to", 0, "PROBE[,PROBE]", "where that time ends", &opt_texts,
	  OPT_OWN_AT(struct probe_opts, to), .allowed = "probes with commas between them" },
	{ "via", 0, "PROBE[,PROBE]", "a hit between them that --by can name: via.X",
	  &opt_texts, OPT_OWN_AT(struct probe_opts, via),
	  .allowed = "probes with commas between them" },
	{ "on", 0, "EXPR[:EXPR[:EXPR]][,EXPR...]",
	  "what the hits have in common, such as rq or skb (default: the thread)", &opt_texts,
	  OPT_OWN_AT(struct probe_opts, on),
	  .allowed = "one or two expressions with a comma between them" },
};

static const struct opt slow_options[] = {
	{ "over", 0, "TIME", "only what took TIME or longer: pairs of hits, and returns (kr:, ur:)",
	  &opt_time, OPT_OWN_AT(struct probe_opts, over) },
};

static const struct opt by_options[] = {
	{ "by", 0, "COL[,EXPR[=NAME]]", "columns to tell apart: those below, and expressions",
	  &opt_texts, OPT_AT(by), .allowed = "columns or expressions with commas between them" },
};

static const struct opt over_options[] = {
	{ "fail-over", 0, "N", "exit with status 3 if a row's count (of hist its highest value) is above N",
	  &opt_limit_number, OPT_AT(fail_over) },
};

static const struct opt timing_options[] = {
	{ "inflight", 0, "N", "calls that can be in progress at once (0: as many as fit the machine)",
	  &opt_param, .param = "inflight" },
};

const struct opt_group group_timing = { OPT_OWN(timing_options) };
const struct opt_group group_where = { OPT_OWN(where_options) };
static const struct opt_group group_join = { OPT_OWN(join_options) };
static const struct opt_group group_slow = { OPT_OWN(slow_options) };
static const struct opt_group group_value = { OPT_OWN(value_options) };
const struct opt_group group_keys = {
	.name = "keys", .section = "What the report shows", OPT_GROUP(by_options),
};

const struct opt_group group_over = {
	.name = "over", .section = "Sizes and limits", OPT_GROUP(over_options),
};

#define COLUMNS_OF_MODULE "probe", CONTEXT_COLUMNS, STACK_COLUMNS
#define COLUMNS_OF_PAIRS "from", "to", "via", "via_ustack", CONTEXT_COLUMNS, STACK_COLUMNS

static int check_hist(const struct verb *verb, const struct opts *o)
{
	const struct probe_opts *own = o->own;

	return own->value ? 0 : misuse("probe hist needs --value EXPR: what is to be added up");
}

/* A condition on numbers of processes that mean others to the kernel. */
static int check_namespace(const struct probe_run *p)
{
	static const char *const names[] = { "pid", "tid" };
	size_t i;
	size_t k;

	for (i = 0; i < p->nr_where; i++)
		for (k = 0; k < ARRAY_SIZE(names); k++)
			if (expr_uses(p->where[i], names[k]) && !process_numbers_are_own())
				return refuse("obsctl runs in a PID namespace of its own, where '%s' in --where is another number than to the kernel: run it in the initial one",
					      names[k]);
	return 0;
}

/* Of pairs there is what began and what ended. */
static int parse_pairs(struct probe_run *p, const struct opts *o, bool records)
{
	static const char *const columns[] = { COLUMNS_OF_PAIRS, NULL };
	static const char *const table[] = { "to", "from", NULL };
	static const char *const record[] = { "comm", "pid", "to", "from", NULL };
	static const char *const none[] = { NULL };

	p->join.wanted = true;
	p->join.records = records;
	return probe_parse(p, o, columns, records ? record : o->by.n ? none : table);
}

/**
 * probe_prepare() - From options to the request of a session.
 * @spec: has the mode, and the kind of a report with percentiles
 * @o: options, with those of probe as their own
 *
 * Return: 0 or an exit status.
 */
int probe_prepare(struct probe_run *p, struct run_spec *spec, const struct opts *o)
{
	static const char *const columns[] = { COLUMNS_OF_MODULE, NULL };
	static const char *const table[] = { NULL };
	static const char *const record[] = { "comm", "pid", "probe", NULL };
	bool records = !strcmp(spec->mode, "trace");
	int err;

	p->points.user.pid = o->pids.n == 1 ? (uint32_t)o->pids.v[0] : 0;
	if (join_wanted(o->own))
		err = parse_pairs(p, o, records);
	else
		err = probe_parse(p, o, columns, records ? record : table);
	if (!err && p->join.wanted) {
		err = join_find(p);
	} else if (!err) {
		/* System calls are hooked at their return where an expression needs it. */
		p->points.returns = probe_uses(p, "ret");
		p->points.timed = !strcmp(spec->mode, "time");
		err = points_find(&p->points, o->args, o->nr_args);
	}
	if (!err)
		err = check_namespace(p);
	/* What no session takes is refused as such below. */
	if (!err && p->points.n > MANY && p->points.n <= PROBES_MAX && !p->opts->all)
		err = refuse("%zu probes match, more than %d: use narrower patterns, or --all",
			     p->points.n, MANY);
	if (!err)
		err = probe_compile(p, &spec->request);
	if (!err && spec->kind && (spec->kind->print_values || spec->kind->charts_asked) &&
	    !opts_has_param(o, "hist"))
		model_set_number(&spec->request, "hist", 1);
	spec->source = "probe";
	spec->targets = p->points.patterns.n ? &p->points.functions : NULL;
	return err;
}

static int run_probe(const struct verb *verb, const struct opts *o)
{
	struct run_spec spec = { .mode = verb->name, .kind = verb->report };
	struct probe_run p = {};
	int err;

	err = probe_prepare(&p, &spec, o);
	if (!err)
		err = run_session(&spec, &p.own);
	model_free_request(&spec.request);
	probe_free(&p);
	return err;
}

static int run_list(const struct verb *verb, const struct opts *o)
{
	return probe_list(o);
}

/* The sum of @n values, which need not fit 64 bits, and their average. */
static void print_sum(struct out *o, const struct row *row, uint64_t n)
{
	char text[WIDE_DIGITS];
	enum wide wide;
	uint64_t high;
	double sum;

	wide = wide_sum(row, &high);
	sum = wide_double(high, row->sum);
	if (wide == WIDE_NOT) {
		out_cell_number(o, "sum", "SUM", row->sum);
	} else if (wide == WIDE_KNOWN) {
		out_json_digits(o, "sum", wide_format(text, sizeof(text), high, row->sum, false));
		out_cell_aside(o, "SUM", wide_format(text, sizeof(text), high, row->sum, true),
			       true);
	} else {
		out_json_bool(o, "sum_too_large", true);
		out_cell_aside(o, "SUM", "(too large)", true);
	}
	if (wide != WIDE_UNKNOWN)
		out_is_counter(o, sum, "");
	format_value(text, sizeof(text), n ? sum / (double)n : 0, "");
	out_cell_aside(o, "AVG", n && wide != WIDE_UNKNOWN ? text : "-", true);
	if (wide != WIDE_UNKNOWN)
		out_is_ratio(o, sum, (double)n, "");
}

/** probe_print_values() - The numbers of a row: what is below 0 is in its count only. */
void probe_print_values(struct report *r, struct out *o, const struct row *row)
{
	static const char *const percentiles[] = { "P50", "P90", "P99", "P99.9" };
	/* A file of somebody else's may lack it. */
	uint64_t negative = r->table->nr_figures ? table_figures(r->table, row)[0] : 0;
	/* While the session runs, one can be ahead of the other. */
	uint64_t n = row->count > negative ? row->count - negative : 0;
	char shown[40];
	size_t i;

	out_cell_number(o, "count", "COUNT", row->count);
	out_is_counter(o, (double)row->count, "");
	report_print_rate(r, o, row);
	print_sum(o, row, n);
	if (n)
		out_cell_number(o, "min", "MIN", row->min);
	else
		out_cell_aside(o, "MIN", "-", true);
	if (n && r->table->has_hist)
		hist_print_percentiles(row, o, "");
	for (i = 0; !n && r->table->has_hist && i < ARRAY_SIZE(percentiles); i++)
		out_cell_aside(o, percentiles[i], "-", true);
	if (n)
		out_cell_number(o, "max", "MAX", row->max);
	else
		out_cell_aside(o, "MAX", "-", true);
	out_json_number(o, "negative", negative);
	out_cell_aside(o, "NEGATIVE", format_count(shown, sizeof(shown), negative), true);
	out_is_counter(o, (double)negative, "");
}

static const struct report_kind count_kind = {
	.source = "probe",
	.mode = "count",
	.print_foot = probe_print_unread,
};

static const struct report_kind time_kind = {
	.source = "probe",
	.mode = "time",
	.print_foot = probe_print_unread,
};

static const struct report_kind hist_kind = {
	.source = "probe",
	.mode = "hist",
	.print_values = probe_print_values,
	.print_foot = probe_print_unread,
};

static const struct verb verbs[] = {
	{
		.name = "count",
		.doc = "count hits",
		.args = "PROBE...",
		.command = true,
		.groups = GROUPS(&group_where, &group_timing, &group_filter, &group_keys,
				 &group_top, &group_json, &group_folded, &group_flame, &group_html,
				 &group_frames, &group_output, &group_verbose, &group_run,
				 &group_interval, &group_detach, &group_over, &group_max_lost,
				 &group_rows, &group_stacks),
		.columns = COLUMNS(COLUMNS_OF_MODULE),
		.expressions = true,
		.report = &count_kind,
		.fn = run_probe,
	},
	{
		.name = "hist",
		.doc = "add up a number of each hit, with percentiles",
		.args = "PROBE...",
		.command = true,
		.groups = GROUPS(&group_value, &group_where, &group_timing, &group_filter,
				 &group_keys, &group_top, &group_json, &group_folded, &group_flame,
				 &group_html, &group_frames, &group_output, &group_verbose,
				 &group_run,
				 &group_interval, &group_detach, &group_over, &group_max_lost,
				 &group_rows, &group_stacks),
		.columns = COLUMNS(COLUMNS_OF_MODULE),
		.expressions = true,
		.report = &hist_kind,
		.check = check_hist,
		.fn = run_probe,
	},
	{
		.name = "time",
		.doc = "how long calls take, or what is between two hits",
		.args = "[PROBE...]",
		.command = true,
		.groups = GROUPS(&group_join, &group_where, &group_timing, &group_filter,
				 &group_min, &group_keys, &group_hist, &group_top, &group_json,
				 &group_folded, &group_flame, &group_html, &group_frames,
				 &group_output, &group_verbose, &group_run, &group_interval,
				 &group_detach, &group_over_time, &group_max_lost, &group_rows,
				 &group_stacks),
		.columns = COLUMNS(COLUMNS_OF_MODULE, "from", "to", "via", "via_ustack"),
		.expressions = true,
		.report = &time_kind,
		.fn = run_probe,
	},
	{
		.name = "trace",
		.doc = "hits, or pairs of hits, one by one",
		.args = "[PROBE...]",
		.command = true,
		.groups = GROUPS(&group_join, &group_slow, &group_where, &group_timing,
				 &group_filter, &group_keys, &group_records, &group_json,
				 &group_format_records, &group_frames, &group_output,
				 &group_verbose, &group_run, &group_max_lost, &group_stacks,
				 &group_ring),
		.columns = COLUMNS(COLUMNS_OF_MODULE, "from", "to", "via", "via_ustack"),
		.expressions = true,
		.fn = run_probe,
	},
	{
		.name = "list",
		.doc = "what can be probed here, with its arguments",
		.args = "[PROBE...]",
		.groups = GROUPS(&group_json),
		.fn = run_list,
	},
};

const struct noun noun_probe = {
	.name = "probe",
	.doc = "any function, instruction, tracepoint, system call or place in a program, by its arguments",
	.more = "A probe is k:[MODULE:]FUNCTION, k:FUNCTION+OFFSET (an instruction), kr:FUNCTION (its return), t:SYSTEM:EVENT, s:SYSCALL, sr:SYSCALL (its return), or u:FILE:FUNCTION and ur:FILE:FUNCTION of a program or library; each name can be a pattern, such as 'k:vfs_*'. An expression is one of C, over arg0, arg1 ..., the names of parameters, ret (of kr:, ur:, sr: and s:), duration (of kr:, ur: and probe time), pid, tid, cpu, comm; with members as in file->f_path.dentry, str(X), *(u32)(X + 8), 1MB, 10ms. probe time --from PROBE --to PROBE [--on EXPR] measures from one hit to another: from.X and to.X are names of either side, via.X of a hit of --via between them. See obsctl(8).",
	.guess = "count",
	NOUN_VERBS(verbs),
	.own_size = sizeof(struct probe_opts),
};
