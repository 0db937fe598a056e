// SPDX-License-Identifier: GPL-2.0
/* Reports whose rows are made of a session's, and that have a way of their own to be shown. */

#include <string.h>

#include "cmd/cgroup/report.h"
#include "cmd/func_calls.h"
#include "cmd/lock/stalls_saved.h"
#include "cmd/mem/all.h"
#include "cmd/mem/mem.h"
#include "cmd/pmu/pmu.h"
#include "cmd/saved/saved.h"
#include "cmd/slab/slab.h"
#include "cmd/triage/saved.h"
#include "lib/macros.h"

static const struct saved_form forms[] = {
	{
		.source = "pmu", .mode = "record", .key = "self", .print = form_graph,
		.compared = "func", .weight = "self_events",
	},
	{ .source = "pmu", .mode = "record", .key = "scaled", .print = pmu_stat_show },
	{
		.source = "pmu", .mode = "branch", .key = "from_address", .print = pmu_edges_show,
		.no_stacks = "branches are jumps from one place to another",
	},
	{
		.source = "pmu", .mode = "stat", .print = pmu_stat_show,
		.no_stacks = "counters are read as a whole: pmu record samples them with stacks",
	},
	{ .source = "lock", .mode = "stalls", .record = stalls_show },
	{
		.source = "func", .mode = "calls", .gather = &calls_gather,
		.gather_new = calls_new, .gather_free = calls_free,
	},
	{ .source = "slab", .mode = "growth", .print = slab_growth_show },
	{
		.source = "triage", .mode = "machine", .print = triage_show, .whole = true,
		.no_diff = "its rows are shares, rates and times, which have no common sum",
		.no_stacks = "it is about the machine as a whole",
	},
	{
		.source = "mem", .mode = "growth", .print = mem_growth_show, .whole = true,
		.no_stacks = "its rows are parts of the machine's memory; mem leaks --kind KIND has stacks",
	},
	{
		.source = "mem", .mode = "leaks", .print = mem_leaks_show,
		.no_stacks = "it is of all kinds of memory; one of a kind (--kind KIND) has them with --by kstack",
	},
	{
		.source = "mem", .mode = "user", .print = mem_user_show, .whole = true,
		.no_stacks = "it was made with --passive, which follows no objects",
	},
	{
		.source = "cgroup", .mode = "list", .print = cgroup_list_show,
		.no_diff = "what groups use has no common sum, as those below are with those above",
		.no_stacks = "it is of files of control groups",
	},
	{
		.source = "cgroup", .mode = "show", .print = cgroup_report_show, .whole = true,
		.no_diff = "it tells by itself how the group's memory grows",
		.no_stacks = "it is of files of a control group",
	},
};

/** form_of() - Return: the form of a saved report, or NULL. */
const struct saved_form *form_of(const struct saved *s)
{
	const json_t *first = json_array_get(s->rows, 0);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(forms); i++)
		if (!strcmp(forms[i].source, s->session.source) &&
		    !strcmp(forms[i].mode, s->session.mode) &&
		    (!forms[i].key || json_object_get(first, forms[i].key)))
			return &forms[i];
	return NULL;
}
