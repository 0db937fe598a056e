// SPDX-License-Identifier: GPL-2.0
/* What both reports of 'obsctl cgroup' print. */

#include <stdio.h>
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

/** cgroup_print_trend() - Cells of how an amount grows; dashes without enough readings. */
void cgroup_print_trend(struct out *o, const struct trend *t)
{
	int64_t change = (int64_t)(t->last - t->first);
	bool known = t->steps >= 2;
	char shown[40], bytes[32];

	if (t->steps)
		out_json_precise(o, "bytes_per_s", trend_rate(t));
	slab_format_bytes_rate(shown, sizeof(shown), trend_rate(t));
	out_cell_aside(o, "BYTES/S", t->steps ? shown : "-", true);
	if (known)
		out_json_precise(o, "confidence", trend_confidence(t));
	slab_format_confidence(shown, sizeof(shown), trend_confidence(t), known);
	out_cell_aside(o, "SURE", shown, true);
	if (t->steps)
		out_json_signed(o, "change", change);
	format_bytes(bytes, sizeof(bytes), (uint64_t)(change < 0 ? -change : change));
	snprintf(shown, sizeof(shown), "%s%s", change < 0 ? "-" : change ? "+" : "", bytes);
	out_cell_aside(o, "CHANGE", t->steps ? shown : "-", true);
}

/** cgroup_limit_text() - A limit for people. Return: @buf. */
char *cgroup_limit_text(char *buf, size_t size, uint64_t limit)
{
	if (limit == NO_LIMIT)
		snprintf(buf, size, "none");
	else
		format_bytes(buf, size, limit);
	return buf;
}
