// SPDX-License-Identifier: GPL-2.0
/* Options that mean the same for every verb that takes them. */

#include <string.h>

#include "cli/option.h"
#include "lib/cgroup.h"
#include "lib/diag.h"
#include "lib/lines.h"
#include "lib/parse.h"

#define WHICH	"Which hits count"
#define SHOW	"What the report shows"
#define WHEN	"When it ends and reports"
#define LIMITS	"Sizes and limits"

#define PID_MAX	4194304

static const struct opt filter[] = {
	{ "pid", 'p', "PID[,PID]", "only these processes", &opt_list, OPT_AT(pids),
	  .max = PID_MAX },
	{ "tid", 't', "TID[,TID]", "only these threads", &opt_list, OPT_AT(tids),
	  .max = PID_MAX },
	{ "comm", 'c', "COMM[,COMM]", "only threads of these names; * ? and [] match", &opt_comms,
	  OPT_AT(comms) },
	{ "cgroup", 0, "PATH[,PATH]", "only in these control groups and below; * ? and [] match",
	  &opt_cgroups, OPT_AT(cgroups) },
	{ "cpu", 'C', "CPULIST", "only on these CPUs, 0,2-3 for instance", &opt_ranges,
	  OPT_AT(cpus), .max = 65535 },
};

static const struct opt min[] = {
	{ "min", 0, "TIME", "only what took at least this long", &opt_time, OPT_AT(min) },
};

static const struct opt by[] = {
	{ "by", 0, "COL[,COL]", "columns to tell apart, of those below", &opt_texts, OPT_AT(by),
	  .allowed = "names of columns with commas between them" },
};

static const struct opt hist[] = {
	{ "hist", 0, NULL, "histograms and percentiles (slab leaks: of ages)", &opt_hist,
	  .param = "hist" },
};

static const struct opt run[] = {
	{ "duration", 'd', "TIME", "end after this time (default: at Ctrl-C)", &opt_duration,
	  OPT_AT(duration) },
	{ "budget", 0, "PCT", "stop a session that takes more of a CPU (0: never; default 25)",
	  &opt_param, .param = "budget" },
};

static const struct opt max_lost[] = {
	{ "max-lost", 0, "N", "exit with status 4 if more than N hits were lost", &opt_number,
	  OPT_AT(max_lost) },
};

static const struct opt interval[] = {
	{ "interval", 'i', "TIME", "report at this interval as well: on a terminal as a screen with keys, see top",
	  &opt_duration, OPT_AT(interval) },
};

static const struct opt detach[] = {
	{ "detach", 0, "NAME", "leave the session running under a name", &opt_text, OPT_AT(detach),
	  .allowed = "a name" },
};

static const struct opt top[] = {
	{ "top", 'n', "N", "maximum number of rows (0: all; default: 40 as text, all as JSON)",
	  &opt_number, OPT_AT(top), .max = UINT32_MAX },
};

static const struct opt records[] = {
	{ "top", 'n', "N", "end after N records (0: no maximum)", &opt_number, OPT_AT(top),
	  .max = UINT32_MAX },
};

static const struct opt json[] = {
	{ "json", 'j', NULL, "print JSON", &opt_switch, OPT_AT(json) },
};

static const struct opt flame[] = {
	{ "flame", 0, "FILE", "write a flame graph of the stacks to FILE, as SVG", &opt_path,
	  OPT_AT(flame) },
	{ "icicle", 0, NULL, "turn the flame graph: its root is at the top", &opt_switch,
	  OPT_AT(icicle) },
};

static const struct opt frames[] = {
	{ "lines", 0, NULL, "show the source line of each frame, where debug symbols are installed",
	  &opt_switch, OPT_AT(lines) },
	{ "no-inline", 0, NULL, "show no frames of inlined functions", &opt_switch,
	  OPT_AT(no_inline) },
	{ "no-demangle", 0, NULL, "show names of C++ and Rust as symbol tables have them",
	  &opt_switch, OPT_AT(no_demangle) },
};

static const struct opt html[] = {
	{ "html", 0, "FILE", "write the report to FILE, too, as a page: tables, histograms, a flame graph",
	  &opt_path, OPT_AT(html) },
};

static const struct opt output[] = {
	{ "output", 'o', "FILE", "write the report to FILE (-: standard output)", &opt_file,
	  OPT_AT(output) },
};

static const struct opt over_count[] = {
	{ "fail-over", 0, "N", "exit with status 3 if the count of a row is above N",
	  &opt_limit_number, OPT_AT(fail_over) },
};

static const struct opt over_time[] = {
	{ "fail-over", 0, "TIME", "exit with status 3 if the longest time of a row is above TIME",
	  &opt_limit_time, OPT_AT(fail_over) },
};

static const struct opt waits[] = {
	{ "inflight", 0, "N", "room for N waits in progress at once", &opt_param,
	  .param = "inflight" },
};

static const struct opt rows[] = {
	{ "rows", 0, "N", "room for N rows (per CPU where these are counted)", &opt_param,
	  .param = "rows" },
};

static const struct opt stacks[] = {
	{ "stacks", 0, "N", "room for N stacks", &opt_param, .param = "stacks" },
	{ "stack-depth", 0, "N", "frames to keep of a stack", &opt_param, .param = "stack_depth" },
	{ "full-stack", 0, NULL, "keep what an interrupt interrupted in its kernel stacks",
	  &opt_param_switch, .param = "full_stack" },
	{ "verify-stacks", 0, "N",
	  "compare every Nth cached kernel stack with the unwinder (0: no caches; default 1024)",
	  &opt_param, .param = "verify_stacks" },
};

static const struct opt ring[] = {
	{ "ring-kb", 0, "N", "KiB of ring buffer per CPU", &opt_param, .param = "ring_kb" },
};

static const struct opt verbose[] = {
	{ "verbose", 'v', NULL, "list what cannot be observed, and why", &opt_switch,
	  OPT_AT(verbose) },
};

static const struct opt help[] = {
	{ "help", 'h', NULL, "this text", &opt_switch, OPT_AT(help) },
};

/* The kernel has room for so much; its own words would not say which name. */
static int check_comms(const struct opts *o)
{
	size_t i;

	for (i = 0; i < o->comms.n; i++)
		if (strlen(o->comms.v[i]) > 15)
			return misuse("the kernel keeps 15 bytes of a thread's name: '%s' is longer (a glob such as '%.14s*' matches)",
				      o->comms.v[i], o->comms.v[i]);
	return 0;
}

#define CPUS	"/sys/devices/system/cpu/online"

/* One that is not there, or offline, has no hits. */
static int check_cpus(const struct opts *o)
{
	struct numbers online = {};
	char list[512];
	size_t i;
	size_t k;
	int err = 0;

	if (!o->cpus.n || read_file(CPUS, list, sizeof(list)) <= 0 ||
	    parse_list(list, UINT32_MAX, true, &online))
		return 0;
	for (i = 0; !err && i < o->cpus.n; i++) {
		for (k = 0; k < online.n && online.v[k] != o->cpus.v[i]; k++)
			;
		if (k == online.n)
			err = refuse("there is no CPU %llu online: there are %s",
				     (unsigned long long)o->cpus.v[i], list);
	}
	numbers_free(&online);
	return err;
}

/* The kernel's room for them. */
#define CGROUPS	64

/* A group that is not there has no hits, and nothing that a later one could be told by. */
static int check_cgroups(const struct opts *o)
{
	const struct opt_cgroups *c = &o->cgroups;
	struct buf near = {};
	int err = 0;

	if ((c->ids.n || c->missing.n) && !cgroup_root())
		return refuse("option --cgroup needs the unified hierarchy (cgroup2), which is not mounted at /sys/fs/cgroup");
	if (c->missing.n) {
		cgroup_nearest(c->missing.v[0], &near);
		err = refuse("there is no control group '%s' below %s%s", c->missing.v[0],
			     cgroup_root(), near.len ? near.p : "");
	} else if (c->ids.n > CGROUPS) {
		err = refuse("option --cgroup matches %zu control groups, and a filter takes %d: name one above them",
			     c->ids.n, CGROUPS);
	}
	buf_free(&near);
	return err;
}

static int check_filter(const struct opts *o)
{
	int err = check_comms(o);

	if (!err)
		err = check_cgroups(o);
	return err ? err : check_cpus(o);
}

static int check_detach(const struct opts *o)
{
	if (!o->detach)
		return 0;
	if (strlen(o->detach) > 31)
		return misuse("option --detach needs a name of at most 31 bytes, not '%s'",
			      o->detach);
	if (!parse_number(o->detach, 0, UINT64_MAX, &(uint64_t){ 0 }))
		return misuse("option --detach needs a name, not the number '%s'", o->detach);
	if (o->duration.given || o->interval.given || o->command)
		return misuse("--detach leaves the session running: it cannot be combined with %s",
			      o->duration.given ? "--duration" :
			      o->interval.given ? "--interval" : "a command");
	if (o->fail_over.text)
		return misuse("--detach makes no report that --fail-over could judge");
	if (o->json || o->folded || o->format || o->flame || o->html || o->output ||
	    o->max_lost.given || o->top.given)
		return misuse("--detach makes no report: give --%s to 'obsctl session read'",
			      o->format ? "format" : o->json ? "json" : o->folded ? "folded" :
			      o->flame ? "flame" : o->html ? "html" : o->output ? "output" :
			      o->top.given ? "top" : "max-lost");
	return 0;
}

static int check_flame(const struct opts *o)
{
	if (!o->flame)
		return o->icicle && !o->html ?
		       misuse("--icicle turns a flame graph: it needs --flame FILE") : 0;
	if (o->interval.given)
		return misuse("--flame makes one picture, at the end: it cannot be combined with --interval");
	if (o->by.n && !opts_by_stack(o))
		return misuse("--flame needs stacks: add kstack, ustack or both to --by, as in --by %s,kstack",
			      o->by.v[0]);
	return 0;
}

static int check_frames(const struct opts *o)
{
	if (o->detach && (o->lines || o->no_inline || o->no_demangle))
		return misuse("--detach makes no report: give --%s to 'obsctl session read'",
			      o->lines ? "lines" : o->no_inline ? "no-inline" : "no-demangle");
	if (o->lines && o->by.n && !opts_by_stack(o))
		return misuse("--lines shows lines behind the frames of stacks: add kstack, ustack or both to --by, as in --by %s,ustack",
			      o->by.v[0]);
	return 0;
}

static int check_html(const struct opts *o)
{
	if (o->html && o->interval.given)
		return misuse("--html makes one page, at the end: it cannot be combined with --interval");
	return 0;
}

#define GROUP(title, table)	.name = #table, .section = (title), OPT_GROUP(table)

const struct opt_group group_filter = { GROUP(WHICH, filter), .check = check_filter };
const struct opt_group group_min = { GROUP(WHICH, min) };
const struct opt_group group_by = { GROUP(SHOW, by) };
const struct opt_group group_hist = { GROUP(SHOW, hist) };
const struct opt_group group_top = { GROUP(SHOW, top) };
const struct opt_group group_records = { GROUP(SHOW, records) };
const struct opt_group group_json = { GROUP(SHOW, json) };
const struct opt_group group_flame = { GROUP(SHOW, flame), .check = check_flame };
const struct opt_group group_frames = { GROUP(SHOW, frames), .check = check_frames };
const struct opt_group group_html = { GROUP(SHOW, html), .check = check_html };
const struct opt_group group_output = { GROUP(SHOW, output) };
const struct opt_group group_verbose = { GROUP(SHOW, verbose) };
const struct opt_group group_run = { GROUP(WHEN, run) };
const struct opt_group group_interval = { GROUP(WHEN, interval) };
const struct opt_group group_detach = { GROUP(WHEN, detach), .check = check_detach };
const struct opt_group group_over_count = { GROUP(LIMITS, over_count) };
const struct opt_group group_over_time = { GROUP(LIMITS, over_time) };
const struct opt_group group_max_lost = { GROUP(LIMITS, max_lost) };
const struct opt_group group_waits = { GROUP(LIMITS, waits) };
const struct opt_group group_rows = { GROUP(LIMITS, rows) };
const struct opt_group group_stacks = { GROUP(LIMITS, stacks) };
const struct opt_group group_ring = { GROUP(LIMITS, ring) };
const struct opt_group group_help = { GROUP("Help", help) };
