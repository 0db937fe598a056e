// SPDX-License-Identifier: GPL-2.0
/* What both reports of 'obsctl cgroup' print. */

#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "cmd/cgroup/cgroup.h"
#include "cmd/slab/slab.h"
#include "lib/format.h"
#include "version.h"

/** cgroup_print_head() - What JSON begins with. */
void cgroup_print_head(struct out *o, const char *mode, bool interim, uint64_t took,
		       size_t readings)
{
	struct utsname name = {};

	uname(&name);
	out_json_text(o, "kobs", program_version);
	out_json_text(o, "kernel", name.release);
	out_json_text(o, "source", "cgroup");
	out_json_text(o, "mode", mode);
	if (interim)
		out_json_bool(o, "interim", true);
	out_json_number(o, "duration_ns", took);
	out_json_number(o, "readings", readings);
}

/** cgroup_growth_of() - Return: how an amount grows, by its readings. */
struct cgroup_growth cgroup_growth_of(const struct trend *t)
{
	return (struct cgroup_growth){
		.any = t->steps, .known = t->steps >= 2, .moved = t->squares > 0,
		.rate = trend_rate(t), .confidence = trend_confidence(t),
		.change = (int64_t)(t->last - t->first),
	};
}

/** cgroup_print_growth() - Cells of how an amount grows; dashes without enough readings. */
void cgroup_print_growth(struct out *o, const struct cgroup_growth *g)
{
	char shown[40], bytes[32];

	if (g->any)
		out_json_exact(o, "bytes_per_s", g->rate);
	slab_format_bytes_rate(shown, sizeof(shown), g->rate);
	out_cell_aside(o, "BYTES/S", g->any ? shown : "-", true);
	if (g->known)
		out_json_exact(o, "confidence", g->confidence);
	slab_format_confidence(shown, sizeof(shown), g->confidence, g->known);
	out_cell_aside(o, "SURE", shown, true);
	if (g->any)
		out_json_signed(o, "change", g->change);
	format_bytes(bytes, sizeof(bytes), (uint64_t)llabs(g->change));
	snprintf(shown, sizeof(shown), "%s%s", g->change < 0 ? "-" : g->change ? "+" : "", bytes);
	out_cell_aside(o, "CHANGE", g->any ? shown : "-", true);
	if (!g->moved)
		out_json_bool(o, "unchanged", true);
}

/** cgroup_print_killed() - A row of the table of kills. */
void cgroup_print_killed(struct out *o, const struct cgroup_killed *k)
{
	out_row_begin(o);
	if (k->victim)
		out_cell_text(o, "victim", "VICTIM", k->victim);
	else
		out_cell_aside(o, "VICTIM", "-", false);
	out_cell_number(o, "victim_pid", "PID", k->victim_pid);
	out_cell_text(o, "comm", "WANTED BY", k->comm);
	out_cell_number(o, "pid", "PID", k->pid);
	out_cell_text(o, "cgroup", "IN", k->group);
	out_cell_number(o, "count", "KILLS", k->count);
	out_row_end(o);
}

/** cgroup_print_unseen() - Nobody saw @seen kills. @why: or NULL */
void cgroup_print_unseen(struct out *o, const char *why, uint64_t seen)
{
	if (why)
		out_json_text(o, "kills_unseen", why);
	if (seen)
		out_line(o, "Who was killed is not known: %s",
			 why ? why : "the session could not be read");
}
