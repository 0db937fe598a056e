// SPDX-License-Identifier: GPL-2.0
/* obsctl cgroup: what control groups use, of what they may, and what becomes of it. */

#include "cmd/cgroup/cgroup.h"
#include "cmd/nouns.h"
#include "lib/cgroup.h"
#include "lib/diag.h"

static const struct opt own_options[] = {
	{ "fail", 0, NULL, "exit with status 3 if memory of the group climbs, or something was killed for want of it",
	  &opt_switch, OPT_OWN_AT(struct cgroup_opts, fail) },
	{ "passive", 0, NULL, "read files only, and start no session where the module is loaded",
	  &opt_switch, OPT_OWN_AT(struct cgroup_opts, passive) },
};

static const struct opt time_options[] = {
	{ "duration", 'd', "TIME",
	  "observe for this long (default of a group 10s; with a command: until it ends)",
	  &opt_duration, OPT_AT(duration) },
};

static const struct opt_group group_own = { OPT_OWN(own_options) };
static const struct opt_group group_time = {
	.name = "time", .section = "When it ends and reports", OPT_GROUP(time_options),
};

static int check_cgroup(const struct verb *verb, const struct opts *o)
{
	const struct cgroup_opts *own = o->own;

	if (o->nr_args > 1)
		return misuse("'cgroup' shows one group, and there are %zu: '%s' and '%s'",
			      o->nr_args, o->args[0], o->args[1]);
	if (!o->nr_args && (own->fail || own->passive))
		return misuse("--%s is about one group: name it, as in 'obsctl cgroup /system.slice'",
			      own->fail ? "fail" : "passive");
	if (o->nr_args && o->top.given)
		return misuse("-n is about the table of all groups: leave it out, or '%s'",
			      o->args[0]);
	return 0;
}

static int run_cgroup(const struct verb *verb, const struct opts *o)
{
	if (!cgroup_root())
		return refuse("the unified hierarchy of control groups (cgroup2) is not mounted at /sys/fs/cgroup");
	return o->nr_args ? cgroup_show(o, o->args[0]) : cgroup_list(o);
}

static const struct verb verbs[] = {
	{
		.name = "",
		.doc = "control groups by memory, or one of them: limits, growth, pressure, kills",
		.args = "[PATH]",
		.command = true,
		.groups = GROUPS(&group_own, &group_top, &group_json, &group_output, &group_time,
				 &group_interval),
		.check = check_cgroup,
		.fn = run_cgroup,
	},
};

const struct noun noun_cgroup = {
	.name = "cgroup",
	.doc = "memory and CPU time of control groups",
	NOUN_VERBS(verbs),
	.own_size = sizeof(struct cgroup_opts),
};
