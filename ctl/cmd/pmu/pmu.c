// SPDX-License-Identifier: GPL-2.0
/* The noun pmu: its options and verbs. */

#include <string.h>

#include "cmd/formats.h"
#include "cmd/nouns.h"
#include "cmd/pmu/pmu.h"
#include "cmd/pmu/setup.h"
#include "cmd/pmu/stat_verdict.h"
#include "cmd/pmu/weight.h"
#include "kobs_ustack.h"
#include "lib/parse.h"

#define PMU_AT(member)	OPT_OWN_AT(struct pmu_opts, member)

static const char *const call_graphs[] = { "fp", "lbr", "dwarf", NULL };
static const char *const parts[] = { "edges", "calls", "graph", "blocks", NULL };

/* "dwarf,16KiB": the module takes whole words. */
static bool take_call_graph(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	struct pmu_call_graph *g = to;
	const char *comma = strchrnul(value, ',');
	size_t i;

	g->bytes = 0;
	for (i = 0; call_graphs[i]; i++) {
		g->how = call_graphs[i];
		if (!strncmp(g->how, value, (size_t)(comma - value)) && !g->how[comma - value])
			break;
	}
	if (!call_graphs[i] || !*comma)
		return call_graphs[i];
	if (strcmp(g->how, "dwarf") || parse_bytes(comma + 1, &g->bytes))
		return false;
	g->bytes = (g->bytes + 7) / 8 * 8;
	return g->bytes && g->bytes <= KOBS_USTACK_BYTES_MAX;
}

static const struct opt_type opt_call_graph = {
	.take = take_call_graph, .checks = true,
	.allowed = "fp, lbr or dwarf[,SIZE], with a SIZE of 8 to 65528 bytes",
};

static const struct opt event_options[] = {
	{ "event", 'e', "EVENT[,EVENT]", "events (obsctl pmu list shows them); :u :k :h :p modify one",
	  &opt_whole, PMU_AT(events), .allowed = "names of events with commas between them" },
	{ "all-cpus", 'a', NULL, "observe all CPUs, also while a command runs", &opt_switch,
	  PMU_AT(all_cpus) },
	{ "no-inherit", 0, NULL, "leave out the children of the tasks", &opt_switch,
	  PMU_AT(no_inherit) },
};

static const struct opt sample_options[] = {
	{ "period", 'c', "N", "sample every N events", &opt_number, PMU_AT(period),
	  .allowed = "a number of events, 1 or more", .max = INT64_MAX },
	{ "frequency", 'F', "HZ", "samples per second and CPU (default: 999)", &opt_number,
	  PMU_AT(frequency), .allowed = "a number of samples per second", .max = 1000000 },
};

static const struct opt record_options[] = {
	{ "call-graph", 0, "HOW",
	  "user stacks by frame pointers (fp), as the CPU has them (lbr), or by unwind tables and up to SIZE bytes of each stack (dwarf[,SIZE])",
	  &opt_call_graph, PMU_AT(call_graph), .values = call_graphs },
	{ "graph", 'g', NULL, "functions, each with who calls it and whom it calls", &opt_switch,
	  PMU_AT(graph) },
};

static const struct opt branch_options[] = {
	{ "branches", 'j', "FILTER,...",
	  "which branches: any (default), any_call, any_ret, ind_call, cond, call_stack, u, k, ...",
	  &opt_texts, PMU_AT(branches), .allowed = "names of filters with commas between them",
	  .values = pmu_branch_filters },
	{ "show", 0, "PART[,PART]", "parts of the report: edges, calls, graph, blocks", &opt_texts,
	  PMU_AT(sections), .allowed = "names of parts with commas between them",
	  .values = parts },
	{ "check", 0, NULL, "tell what the CPU records, and how good it is", &opt_switch,
	  PMU_AT(check) },
};

static const struct opt stat_options[] = {
	{ "topdown", 0, NULL, "what became of the CPU's issue slots (top-down analysis, level 1)",
	  &opt_switch, PMU_AT(topdown) },
};

/* Rows are groups of events, which are all shown, but of many tasks. */
static const struct opt stat_top[] = {
	{ "top", 'n', "N",
	  "maximum number of groups of rows, one for each task or CPU (0: all; default: 20 as text for CPUs by task, otherwise all)",
	  &opt_number, OPT_AT(top), .max = UINT32_MAX },
};

static const struct opt_group group_event = { OPT_OWN(event_options) };
static const struct opt_group group_sample = { OPT_OWN(sample_options) };
static const struct opt_group group_stat = { OPT_OWN(stat_options) };
static const struct opt_group group_stat_top = {
	.name = "top", .section = "What the report shows", OPT_GROUP(stat_top),
};

static const struct opt_group group_record = { OPT_OWN(record_options) };
static const struct opt_group group_branch = { OPT_OWN(branch_options) };

const struct opt_group *const pmu_record_groups[] = {
	&group_event, &group_sample, &group_record, &group_filter, &group_by, &group_top,
	&group_json, &group_folded, &group_flame, &group_html, &group_frames, &group_output,
	&group_verbose, &group_run, &group_interval, &group_detach, &group_max_lost, &group_rows,
	&group_stacks, &group_ring, NULL
};

const char *const pmu_record_columns[] = {
	"func", "event", "ip", "uip", CONTEXT_COLUMNS, STACK_COLUMNS, NULL
};

static void print_limits(const struct verb *verb, FILE *to)
{
	stat_verdict_help(to);
}

#define NO_ARGS "-e chooses events"

static const struct verb verbs[] = {
	{
		.name = "list",
		.doc = "events there are",
		.args = "[PATTERN...]",
		.groups = GROUPS(&group_json),
		.fn = pmu_list,
	},
	{
		.name = "stat",
		.doc = "count events",
		.args_hint = NO_ARGS,
		.command = true,
		.groups = GROUPS(&group_event, &group_stat, &group_filter, &group_by,
				 &group_stat_top, &group_json,
				 &group_format_rows, &group_html, &group_output, &group_verbose,
				 &group_run, &group_interval, &group_max_lost, &group_stacks),
		.columns = COLUMNS("event", CONTEXT_COLUMNS),
		.more = print_limits,
		.check = pmu_check_stat,
		.fn = pmu_stat,
	},
	{
		.name = "record",
		.doc = "sample where events happen",
		.args_hint = NO_ARGS,
		.command = true,
		.groups = pmu_record_groups,
		.columns = pmu_record_columns,
		.report = &pmu_record_report,
		.check = pmu_check_record,
		.fn = pmu_record,
	},
	{
		.name = "mem",
		.doc = "sample data that is accessed, by slab cache and variable",
		.args_hint = NO_ARGS,
		.command = true,
		.groups = GROUPS(&group_event, &group_sample, &group_filter, &group_by, &group_hist,
				 &group_top, &group_json, &group_folded, &group_flame, &group_html,
				 &group_frames, &group_output, &group_verbose, &group_run,
				 &group_interval, &group_detach, &group_max_lost, &group_rows,
				 &group_stacks),
		.columns = COLUMNS("area", "cache", "data", "level", "op", "tlb", "ip",
				   CONTEXT_COLUMNS, STACK_COLUMNS),
		.check = pmu_check_mem,
		.fn = pmu_mem,
	},
	{
		.name = "branch",
		.doc = "record the branches that led to samples",
		.args_hint = NO_ARGS,
		.command = true,
		.groups = GROUPS(&group_event, &group_sample, &group_branch, &group_filter,
				 &group_by, &group_hist, &group_top, &group_json,
				 &group_format_branches, &group_html, &group_frames, &group_output,
				 &group_verbose, &group_run, &group_interval, &group_detach,
				 &group_max_lost, &group_rows, &group_stacks, &group_ring),
		.columns = COLUMNS("from", "to", "end", "func", "event", "ip", "uip",
				   CONTEXT_COLUMNS, STACK_COLUMNS),
		.check = pmu_check_branch,
		.fn = pmu_branch,
	},
};

const struct noun noun_pmu = {
	.name = "pmu",
	.doc = "events of the CPU's performance counters",
	.guess = "list",
	NOUN_VERBS(verbs),
	.own_size = sizeof(struct pmu_opts),
};
