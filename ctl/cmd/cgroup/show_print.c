// SPDX-License-Identifier: GPL-2.0
/* The report of one control group. */

#include <stdio.h>
#include <string.h>

#include "cmd/cgroup/show.h"
#include "cmd/slab/slab.h"
#include "lib/cgroup_name.h"
#include "lib/format.h"

static const char *const events[] = { "low", "high", "max", "oom", "oom_kill" };

static bool has_own_limit(const struct show *s)
{
	return !strcmp(s->limit_path, s->path);
}

static void print_use(const struct show *s, struct out *o)
{
	char used[32], limit[32], room[32];

	if (!s->now.has_memory)
		return;
	format_bytes(used, sizeof(used), s->now.current);
	format_bytes(limit, sizeof(limit), s->limit);
	format_bytes(room, sizeof(room), s->room);
	if (s->limit == NO_LIMIT)
		out_line(o, "It uses %s, without a limit\n", used);
	else if (has_own_limit(s))
		out_line(o, "It uses %s of %s, the memory.max of %s\n", used, limit, s->limit_path);
	else
		out_line(o, "It uses %s of %s, the memory.max of %s, which has room for %s\n", used,
			 limit, s->limit_path, room);
}

static void print_head(const struct show *s, struct out *o, bool interim)
{
	char took[32], gone[16] = "";
	struct buf name = {};

	cgroup_print_head(o, "show", interim, s->last - s->from, s->nr_readings);
	cgroup_name(s->path, &name);
	out_json_text(o, "cgroup", name.p);
	out_json_text(o, "cgroup_path", s->path);
	out_json_number(o, "cgroup_number", s->id);
	if (s->removed) {
		out_json_bool(o, "removed", true);
		snprintf(gone, sizeof(gone), ", removed");
	}
	out_line(o, "cgroup %s%s, %s%s, %zu readings", s->path, gone,
		 format_ns(took, sizeof(took), (double)(s->last - s->from)),
		 interim ? " so far" : "", s->nr_readings);
	print_use(s, o);
	buf_free(&name);
}

static void print_part(const struct show *s, struct out *o, size_t i)
{
	bool rest = i == nr_cgroup_parts;
	int64_t bytes = rest ? cgroup_rest(&s->now) : (int64_t)cgroup_part_bytes(&s->now, i);
	char shown[40], number[32];

	if (!o->json && !bytes && !s->trends[i].squares)
		return;
	out_row_begin(o);
	out_json_text(o, "part", cgroup_parts[i].name);
	out_cell_aside(o, "PART", cgroup_parts[i].doc, false);
	format_bytes(number, sizeof(number), (uint64_t)(bytes < 0 ? -bytes : bytes));
	snprintf(shown, sizeof(shown), "%s%s", bytes < 0 ? "-" : "", number);
	out_cell_signed(o, "bytes", "BYTES", bytes, shown);
	snprintf(shown, sizeof(shown), "%.1f %%",
		 s->now.current ? (double)bytes * 100 / (double)s->now.current : 0);
	out_cell_aside(o, "SHARE", shown, true);
	cgroup_print_trend(o, &s->trends[i]);
	out_row_end(o);
}

static void print_parts(const struct show *s, struct out *o)
{
	size_t i;

	if (!s->now.has_memory) {
		out_line(o, "%s", s->path[1] ?
			 "It has no memory controller: nothing is known of its memory." :
			 "The root has no account of its memory: see obsctl mem growth.");
		return;
	}
	out_json_number(o, "current", s->now.current);
	out_table_begin(o, "rows");
	for (i = 0; i <= nr_cgroup_parts; i++)
		print_part(s, o, i);
	out_table_end(o);
}

static void print_limits(const struct show *s, struct out *o)
{
	struct buf line = {};
	char shown[32];
	size_t i;

	out_open(o, "limits", '{');
	for (i = 0; i < NR_CGROUP_LIMITS; i++) {
		/* Nothing that is kept for a group is none, too. */
		bool none = s->now.limit[i] == NO_LIMIT ||
			    ((i == LIMIT_LOW || i == LIMIT_MIN) && !s->now.limit[i]);

		if (none)
			continue;
		out_json_number(o, cgroup_limit_files[i], s->now.limit[i]);
		buf_printf(&line, "%s%s %s", line.len ? ", " : "", cgroup_limit_files[i],
			   cgroup_limit_text(shown, sizeof(shown), s->now.limit[i]));
	}
	out_close(o, '}');
	if (s->limit != NO_LIMIT) {
		out_json_number(o, "limit", s->limit);
		out_json_text(o, "limit_of", s->limit_path);
		out_json_number(o, "limit_room", s->room);
	}
	out_json_number(o, "swap", s->now.swap);
	if (s->now.peak)
		out_json_number(o, "peak", s->now.peak);
	out_line(o, "\nLimits of its own: %s", line.len ? line.p : "none");
	if (s->now.peak)
		out_line(o, "The most it ever used: %s",
			 format_bytes(shown, sizeof(shown), s->now.peak));
	if (s->now.swap)
		out_line(o, "In swap: %s", format_bytes(shown, sizeof(shown), s->now.swap));
	buf_free(&line);
}

static void print_events(const struct show *s, struct out *o)
{
	struct buf line = {};
	size_t i;

	out_open(o, "events", '{');
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		uint64_t ever = cgroup_value(&s->now.events, events[i]);
		uint64_t n = grown(cgroup_value(&s->first.events, events[i]), ever);

		out_json_number(o, events[i], n);
		buf_printf(&line, "%s%s %llu", i ? ", " : "", events[i], (unsigned long long)n);
		if (ever > n)
			buf_printf(&line, " (ever %llu)", (unsigned long long)ever);
	}
	out_close(o, '}');
	out_line(o, "Events: %s", line.p);
	buf_free(&line);
}

static double share(uint64_t a, uint64_t b, double us)
{
	return us > 0 ? (double)grown(a, b) * 100 / us : 0;
}

static void print_pressure(const struct show *s, struct out *o)
{
	double us = (double)(s->last - s->from) / 1000;
	struct buf line = {};
	size_t i;

	out_open(o, "pressure", '{');
	for (i = 0; i < NR_PRESSURES; i++) {
		const struct pressure *a = &s->first.pressure[i];
		const struct pressure *b = &s->now.pressure[i];

		if (!a->there || !b->there)
			continue;
		out_open(o, pressure_names[i], '{');
		out_json_precise(o, "some_percent", share(a->some, b->some, us));
		out_json_precise(o, "full_percent", share(a->full, b->full, us));
		out_close(o, '}');
		buf_printf(&line, "%s%s %.1f %% (all of its threads %.1f %%)",
			   line.len ? ", " : "", pressure_names[i], share(a->some, b->some, us),
			   share(a->full, b->full, us));
	}
	out_close(o, '}');
	if (line.len)
		out_line(o, "Time that threads waited: %s", line.p);
	buf_free(&line);
}

static uint64_t cpu_grown(const struct show *s, const char *name)
{
	return named_grown(&s->first.cpu, &s->now.cpu, name);
}

static void print_cpu(const struct show *s, struct out *o)
{
	double us = (double)(s->last - s->from) / 1000;
	double used = us > 0 ? (double)cpu_grown(s, "usage_usec") / us : 0;
	uint64_t periods = cpu_grown(s, "nr_periods");
	uint64_t throttled = cpu_grown(s, "nr_throttled");
	bool limited = s->now.quota != NO_LIMIT && s->now.period;

	out_open(o, "cpu", '{');
	out_json_precise(o, "used", used);
	if (limited)
		out_json_precise(o, "quota", (double)s->now.quota / (double)s->now.period);
	out_json_number(o, "periods", periods);
	out_json_number(o, "throttled", throttled);
	out_json_number(o, "throttled_us", cpu_grown(s, "throttled_usec"));
	out_close(o, '}');
	if (limited)
		out_line(o, "CPU: %.2f CPUs of %.2f (cpu.max); throttled in %llu of %llu periods",
			 used, (double)s->now.quota / (double)s->now.period,
			 (unsigned long long)throttled, (unsigned long long)periods);
	else
		out_line(o, "CPU: %.2f CPUs, without a quota", used);
}

/* The part that grew most up to where most was held. */
static size_t grown_most(const struct show *s, int64_t *by)
{
	return cgroup_grown_most(s->at_first, s->at_peak, by);
}

static void describe_most(const struct show *s, struct buf *out)
{
	int64_t by;
	size_t part = grown_most(s, &by);

	if (part != NO_PART)
		buf_printf(out, ", %s of it %s", by > s->found.rise / 2 ? "most" : "the largest part",
			   cgroup_parts[part].doc);
}

static void print_kills(struct show *s, struct out *o)
{
	uint64_t n = show_kills(s);
	const char *cause = show_cause(s);

	out_json_number(o, "oom_kills", n);
	if (n && cause)
		out_json_text(o, "oom_limit_of", cause);
	if (n)
		out_line(o, "\nKilled for want of memory: %llu process%s, since %s%s",
			 (unsigned long long)n, n == 1 ? "" : "es",
			 cause ? "there was no more below the limit of " :
			 "the machine, or the nodes that it may use, had no more",
			 cause ? cause : "");
	kills_print(&s->kills, s->path, n, o);
}

static void describe(const struct show *s, struct buf *out)
{
	const struct cgroup_judgement *j = &s->found;
	char rise[32], step[40], left[32];

	format_bytes(rise, sizeof(rise), (uint64_t)(j->rise < 0 ? -j->rise : j->rise));
	switch (j->verdict) {
	case CGROUP_CLIMB:
		slab_format_bytes_rate(step, sizeof(step), j->rate);
		buf_printf(out, "A steady climb: what it holds grew by %s, %s", rise,
			   step);
		describe_most(s, out);
		if (j->left_s > 0 && !show_kills(s))
			buf_printf(out, "; %s%s is reached in %s",
				   has_own_limit(s) ? "its limit" : "the limit of ",
				   has_own_limit(s) ? "" : s->limit_path,
				   format_ns(left, sizeof(left), j->left_s * 1e9));
		break;
	case CGROUP_SPIKE:
		format_bytes(step, sizeof(step), j->step);
		buf_printf(out, "A spike: it took %s more, %s of that between two readings", rise,
			   step);
		describe_most(s, out);
		break;
	case CGROUP_CACHE:
		buf_puts(out, "Page cache: what it holds does not grow; files that were read or written fill it, and the kernel takes that back when it needs memory");
		break;
	case CGROUP_UNSURE:
		buf_printf(out, "It grew by %s", rise);
		describe_most(s, out);
		buf_puts(out, "; how is not clear: observe it for longer");
		break;
	case CGROUP_STEADY:
		buf_puts(out, "Steady: what it holds did not grow");
		break;
	default:
		buf_puts(out, "Too few readings for a trend: observe it for longer (-d)");
	}
}

/* What to ask next about what grows. */
static const char *next_of(const struct show *s)
{
	size_t part = 0;
	int64_t by;

	if (s->found.verdict == CGROUP_CACHE) {
		while (!cgroup_parts[part].cache)
			part++;
		return cgroup_parts[part].next;
	}
	if (s->found.verdict != CGROUP_CLIMB && s->found.verdict != CGROUP_SPIKE)
		return NULL;
	part = grown_most(s, &by);
	return part == NO_PART ? NULL : cgroup_parts[part].next;
}

static void print_verdict(const struct show *s, struct out *o)
{
	const char *next = next_of(s);
	struct buf text = {};

	if (!s->now.has_memory)
		return;
	describe(s, &text);
	out_json_text(o, "verdict", cgroup_verdict_name(s->found.verdict));
	out_json_precise(o, "held_bytes_per_s", s->found.rate);
	out_json_precise(o, "held_confidence", s->found.sure);
	out_json_text(o, "verdict_text", text.p);
	out_line(o, "\n%s.", text.p);
	if (next) {
		text.len = 0;
		buf_printf(&text, "%s --cgroup ", next);
		buf_quote(&text, s->path);
		out_json_text(o, "next", text.p);
		out_line(o, "Next: %s", text.p);
	}
	buf_free(&text);
}

/** show_print() - The report. Return: 0 or an exit status. */
int show_print(struct show *s, const struct output *to, bool interim)
{
	struct out o;

	output_begin(to, &o, s->o->json);
	out_open(&o, NULL, '{');
	print_head(s, &o, interim);
	print_parts(s, &o);
	if (s->now.has_memory) {
		print_limits(s, &o);
		print_events(s, &o);
	}
	print_pressure(s, &o);
	print_cpu(s, &o);
	print_kills(s, &o);
	print_verdict(s, &o);
	out_close(&o, '}');
	out_newline(&o);
	out_free(&o);
	if (to->grid)
		return 0;
	if (interim && !s->o->json)
		fputs("\n", to->file);
	return output_flush(to);
}
