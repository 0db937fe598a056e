// SPDX-License-Identifier: GPL-2.0
/* Prints the report of one control group. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cgroup/report.h"
#include "lib/cgroup_name.h"
#include "lib/format.h"

const char *const cgroup_events[CGROUP_EVENTS] = { "low", "high", "max", "oom", "oom_kill" };

static void print_use(const struct cgroup_report *r, struct out *o)
{
	char used[32], limit[32], room[32];

	if (!r->has_memory)
		return;
	format_bytes(used, sizeof(used), r->current);
	format_bytes(limit, sizeof(limit), r->limit);
	format_bytes(room, sizeof(room), r->room);
	if (r->limit == NO_LIMIT)
		out_line(o, "It uses %s, without a limit\n", used);
	else if (!strcmp(r->limit_path, r->path))
		out_line(o, "It uses %s of %s, the memory.max of %s\n", used, limit, r->limit_path);
	else
		out_line(o, "It uses %s of %s, the memory.max of %s, which has room for %s\n", used,
			 limit, r->limit_path, room);
}

static void print_head(const struct cgroup_report *r, struct out *o)
{
	struct buf name = {};
	char took[32];

	cgroup_name(r->path, &name);
	out_json_text(o, "cgroup", name.p);
	out_json_text(o, "cgroup_path", r->path);
	out_json_number(o, "cgroup_number", r->id);
	if (r->removed)
		out_json_bool(o, "removed", true);
	out_line(o, "cgroup %s%s, %s%s, %zu readings", r->path, r->removed ? ", removed" : "",
		 format_ns(took, sizeof(took), (double)r->duration),
		 r->interim ? " so far" : "", r->readings);
	print_use(r, o);
	buf_free(&name);
}

static void print_part(const struct cgroup_report *r, struct out *o, const struct cgroup_share *p)
{
	char shown[40], number[32];

	if (!o->json && !p->bytes && !p->growth.moved)
		return;
	out_row_begin(o);
	out_json_text(o, "part", p->name);
	out_cell_aside(o, "PART", p->doc, false);
	format_bytes(number, sizeof(number), (uint64_t)llabs(p->bytes));
	snprintf(shown, sizeof(shown), "%s%s", p->bytes < 0 ? "-" : "", number);
	out_cell_signed(o, "bytes", "BYTES", p->bytes, shown);
	snprintf(shown, sizeof(shown), "%.1f %%",
		 r->current ? (double)p->bytes * 100 / (double)r->current : 0);
	out_cell_aside(o, "SHARE", shown, true);
	cgroup_print_growth(o, &p->growth);
	out_row_end(o);
}

static void print_parts(const struct cgroup_report *r, struct out *o)
{
	size_t i;

	if (!r->has_memory)
		out_line(o, "%s", r->path[1] ?
			 "It has no memory controller: nothing is known of its memory." :
			 "The root has no account of its memory: see obsctl mem growth.");
	else
		out_json_number(o, "current", r->current);
	out_table_begin(o, "rows");
	for (i = 0; r->has_memory && i < r->nr_parts; i++)
		print_part(r, o, &r->parts[i]);
	out_table_end(o);
}

static void print_limits(const struct cgroup_report *r, struct out *o)
{
	struct buf line = {};
	char shown[32];
	size_t i;

	out_open(o, "limits", '{');
	for (i = 0; i < NR_CGROUP_LIMITS; i++) {
		/* Nothing that is kept for a group is none, too. */
		bool none = r->own[i] == NO_LIMIT ||
			    ((i == LIMIT_LOW || i == LIMIT_MIN) && !r->own[i]);

		if (none)
			continue;
		out_json_number(o, cgroup_limit_files[i], r->own[i]);
		buf_printf(&line, "%s%s %s", line.len ? ", " : "", cgroup_limit_files[i],
			   format_bytes(shown, sizeof(shown), r->own[i]));
	}
	out_close(o, '}');
	if (r->limit != NO_LIMIT) {
		out_json_number(o, "limit", r->limit);
		out_json_text(o, "limit_of", r->limit_path);
		out_json_number(o, "limit_room", r->room);
	}
	out_json_number(o, "swap", r->swap);
	if (r->peak)
		out_json_number(o, "peak", r->peak);
	out_line(o, "\nLimits of its own: %s", line.len ? line.p : "none");
	if (r->peak)
		out_line(o, "The most it ever used: %s",
			 format_bytes(shown, sizeof(shown), r->peak));
	if (r->swap)
		out_line(o, "In swap: %s", format_bytes(shown, sizeof(shown), r->swap));
	buf_free(&line);
}

static void print_events(const struct cgroup_report *r, struct out *o)
{
	struct buf line = {};
	size_t i;

	out_open(o, "events", '{');
	for (i = 0; i < CGROUP_EVENTS; i++)
		out_json_number(o, cgroup_events[i], r->events[i]);
	out_close(o, '}');
	out_open(o, "events_ever", '{');
	for (i = 0; i < CGROUP_EVENTS; i++) {
		out_json_number(o, cgroup_events[i], r->ever[i]);
		buf_printf(&line, "%s%s %llu", i ? ", " : "", cgroup_events[i],
			   (unsigned long long)r->events[i]);
		if (r->ever[i] > r->events[i])
			buf_printf(&line, " (ever %llu)", (unsigned long long)r->ever[i]);
	}
	out_close(o, '}');
	out_line(o, "Events: %s", line.p);
	buf_free(&line);
}

static void print_pressure(const struct cgroup_report *r, struct out *o)
{
	struct buf line = {};
	size_t i;

	out_open(o, "pressure", '{');
	for (i = 0; i < NR_PRESSURES; i++) {
		if (!r->pressure[i].there)
			continue;
		out_open(o, pressure_names[i], '{');
		out_json_exact(o, "some_percent", r->pressure[i].some);
		out_json_exact(o, "full_percent", r->pressure[i].full);
		out_close(o, '}');
		buf_printf(&line, "%s%s %.1f %% (all of its threads %.1f %%)",
			   line.len ? ", " : "", pressure_names[i], r->pressure[i].some,
			   r->pressure[i].full);
	}
	out_close(o, '}');
	if (line.len)
		out_line(o, "Time that threads waited: %s", line.p);
	buf_free(&line);
}

static void print_cpu(const struct cgroup_report *r, struct out *o)
{
	bool limited = r->quota > 0;

	out_open(o, "cpu", '{');
	out_json_exact(o, "used", r->cpus);
	if (limited)
		out_json_exact(o, "quota", r->quota);
	out_json_number(o, "periods", r->periods);
	out_json_number(o, "throttled", r->throttled);
	out_json_number(o, "throttled_us", r->throttled_us);
	out_close(o, '}');
	if (limited)
		out_line(o, "CPU: %.2f CPUs of %.2f (cpu.max); throttled in %llu of %llu periods",
			 r->cpus, r->quota, (unsigned long long)r->throttled,
			 (unsigned long long)r->periods);
	else
		out_line(o, "CPU: %.2f CPUs, without a quota", r->cpus);
}

static void print_kills(const struct cgroup_report *r, struct out *o)
{
	out_json_number(o, "oom_kills", r->kills);
	if (r->kills && r->cause)
		out_json_text(o, "oom_limit_of", r->cause);
	if (r->kills)
		out_line(o, "\nKilled for want of memory: %llu process%s, since %s%s",
			 (unsigned long long)r->kills, r->kills == 1 ? "" : "es",
			 r->cause ? "there was no more below the limit of " :
			 "the machine, or the nodes that it may use, had no more",
			 r->cause ? r->cause : "");
}

/** cgroup_report_begin() - The report, in JSON behind its head, up to who was killed. */
void cgroup_report_begin(const struct cgroup_report *r, struct out *o)
{
	print_head(r, o);
	print_parts(r, o);
	if (r->has_memory) {
		print_limits(r, o);
		print_events(r, o);
	}
	print_pressure(r, o);
	print_cpu(r, o);
	print_kills(r, o);
}

/** cgroup_report_end() - The verdict. */
void cgroup_report_end(const struct cgroup_report *r, struct out *o)
{
	if (!r->has_memory)
		return;
	out_json_text(o, "verdict", r->verdict);
	out_json_exact(o, "held_bytes_per_s", r->rate);
	out_json_exact(o, "held_confidence", r->sure);
	out_json_text(o, "verdict_text", r->says);
	out_line(o, "\n%s.", r->says);
	if (r->next) {
		out_json_text(o, "next", r->next);
		out_line(o, "Next: %s", r->next);
	}
}
