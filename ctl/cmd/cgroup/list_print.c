// SPDX-License-Identifier: GPL-2.0
/* Prints the control groups by the memory that they use. */

#include <stdio.h>

#include "cmd/cgroup/report.h"
#include "lib/cgroup_name.h"
#include "lib/format.h"

static double percent(uint64_t part, uint64_t all)
{
	return all ? (double)part * 100 / (double)all : 0;
}

static void print_bytes(struct out *o, const char *key, const char *header, uint64_t bytes)
{
	char shown[40];

	out_cell_shown(o, key, header, bytes, format_bytes(shown, sizeof(shown), bytes));
}

static void print_percent(struct out *o, const char *key, const char *header, double percents)
{
	char shown[40];

	out_json_exact(o, key, percents);
	snprintf(shown, sizeof(shown), "%.1f %%", percents);
	out_cell_aside(o, header, shown, true);
}

static void print_line(const struct cgroup_lines *l, struct out *o, const struct cgroup_line *g)
{
	struct buf name = {};
	char shown[40];

	cgroup_name(g->path, &name);
	out_row_begin(o);
	out_cell_text(o, "cgroup", "CGROUP", name.p);
	out_json_text(o, "cgroup_path", g->path);
	out_json_number(o, "cgroup_number", g->id);
	print_bytes(o, "current", "MEMORY", g->current);
	if (g->limit == NO_LIMIT) {
		out_cell_aside(o, "LIMIT", "-", true);
		out_cell_aside(o, "USED", "-", true);
	} else {
		print_bytes(o, "limit", "LIMIT", g->limit);
		print_percent(o, "used_percent", "USED", percent(g->current, g->limit));
	}
	print_bytes(o, "anon", "ANON", g->anon);
	print_bytes(o, "file", "FILE", g->file);
	print_bytes(o, "slab", "SLAB", g->slab);
	if (l->over)
		cgroup_print_growth(o, &g->growth);
	print_percent(o, "pressure_percent", "PRESSURE", g->pressure);
	print_percent(o, "throttled_percent", "THROTTLED", g->throttled);
	out_json_number(o, "oom_kills", g->kills);
	format_count(shown, sizeof(shown), g->kills);
	out_cell_aside(o, "OOM KILLS", shown, true);
	out_row_end(o);
	buf_free(&name);
}

static void print_foot(const struct cgroup_lines *l, struct out *o, size_t shown)
{
	struct buf path = {};

	if (!l->n) {
		out_line(o, "No control group below %s has the memory controller.", l->root);
		return;
	}
	if (shown < l->all)
		out_line(o, "... and %zu more: see -n", l->all - shown);
	out_line(o, "PRESSURE: time that threads waited for memory, of 10 s. THROTTLED: periods in which its CPU time was used up. OOM KILLS: %s.",
		 l->over ? "in this time" : "since the group was made");
	buf_quote(&path, l->v[0].path);
	out_line(o, "Next: obsctl cgroup %s", path.p);
	buf_free(&path);
}

/** cgroup_lines_print() - The report, in JSON behind its head. */
void cgroup_lines_print(const struct cgroup_lines *l, struct out *o)
{
	char took[32];
	size_t i;

	out_json_text(o, "hierarchy", l->root);
	out_json_number(o, "groups", l->all);
	out_json_bool(o, "observed", l->over);
	if (l->over)
		out_line(o, "cgroup, %s%s, %zu readings: control groups by memory, those below with those above\n",
			 format_ns(took, sizeof(took), (double)l->duration),
			 l->interim ? " so far" : "", l->readings);
	out_table_begin(o, "rows");
	for (i = 0; i < l->n && (!l->most || i < l->most); i++)
		print_line(l, o, &l->v[i]);
	out_table_end(o);
	print_foot(l, o, i);
}
