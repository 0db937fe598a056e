// SPDX-License-Identifier: GPL-2.0
/* The report of one control group, of its readings. */

#include <stdio.h>
#include <string.h>

#include "cmd/cgroup/show.h"
#include "cmd/slab/slab.h"
#include "lib/format.h"

static bool has_own_limit(const struct show *s)
{
	return !strcmp(s->limit_path, s->path);
}

static void take_memory(const struct show *s, struct cgroup_report *r)
{
	size_t i;

	r->has_memory = s->now.has_memory;
	r->current = s->now.current;
	r->swap = s->now.swap;
	r->peak = s->now.peak;
	memcpy(r->own, s->now.limit, sizeof(r->own));
	r->limit = s->limit;
	r->limit_path = s->limit_path;
	r->room = s->room;
	for (i = 0; i <= nr_cgroup_parts; i++)
		r->parts[r->nr_parts++] = (struct cgroup_share){
			.name = cgroup_parts[i].name, .doc = cgroup_parts[i].doc,
			.bytes = i == nr_cgroup_parts ? cgroup_rest(&s->now) :
				 (int64_t)cgroup_part_bytes(&s->now, i),
			.growth = cgroup_growth_of(&s->trends[i]),
		};
	for (i = 0; i < CGROUP_EVENTS; i++) {
		r->ever[i] = cgroup_value(&s->now.events, cgroup_events[i]);
		r->events[i] = grown(cgroup_value(&s->first.events, cgroup_events[i]), r->ever[i]);
	}
}

static double share(uint64_t a, uint64_t b, double us)
{
	return us > 0 ? (double)grown(a, b) * 100 / us : 0;
}

static void take_pressure(const struct show *s, struct cgroup_report *r)
{
	double us = (double)(s->last - s->from) / 1000;
	size_t i;

	for (i = 0; i < NR_PRESSURES; i++) {
		const struct pressure *a = &s->first.pressure[i];
		const struct pressure *b = &s->now.pressure[i];

		r->pressure[i].there = a->there && b->there;
		r->pressure[i].some = share(a->some, b->some, us);
		r->pressure[i].full = share(a->full, b->full, us);
	}
}

static uint64_t cpu_grown(const struct show *s, const char *name)
{
	return named_grown(&s->first.cpu, &s->now.cpu, name);
}

static void take_cpu(const struct show *s, struct cgroup_report *r)
{
	double us = (double)(s->last - s->from) / 1000;

	r->cpus = us > 0 ? (double)cpu_grown(s, "usage_usec") / us : 0;
	r->periods = cpu_grown(s, "nr_periods");
	r->throttled = cpu_grown(s, "nr_throttled");
	r->throttled_us = cpu_grown(s, "throttled_usec");
	if (s->now.quota != NO_LIMIT && s->now.period)
		r->quota = (double)s->now.quota / (double)s->now.period;
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

static void take_verdict(const struct show *s, struct cgroup_report *r, struct buf *text,
			 struct buf *command)
{
	const char *next = next_of(s);

	if (!s->now.has_memory)
		return;
	describe(s, text);
	r->verdict = cgroup_verdict_name(s->found.verdict);
	r->rate = s->found.rate;
	r->sure = s->found.sure;
	r->says = text->p;
	if (!next)
		return;
	buf_printf(command, "%s --cgroup ", next);
	buf_quote(command, s->path);
	r->next = command->p;
}

/** show_print() - The report. Return: 0 or an exit status. */
int show_print(struct show *s, const struct output *to, bool interim)
{
	struct cgroup_report r = {
		.path = s->path, .id = s->id, .duration = s->last - s->from, .interim = interim,
		.readings = s->nr_readings, .removed = s->removed, .kills = show_kills(s),
		.cause = show_cause(s),
	};
	struct buf text = {}, command = {};
	struct out o;

	take_memory(s, &r);
	take_pressure(s, &r);
	take_cpu(s, &r);
	take_verdict(s, &r, &text, &command);
	output_begin(to, &o, s->o->json);
	out_open(&o, NULL, '{');
	cgroup_print_head(&o, "show", interim, r.duration, r.readings);
	cgroup_report_begin(&r, &o);
	kills_print(&s->kills, s->path, r.kills, &o);
	cgroup_report_end(&r, &o);
	out_close(&o, '}');
	out_newline(&o);
	out_free(&o);
	buf_free(&text);
	buf_free(&command);
	if (to->grid)
		return 0;
	if (interim && !s->o->json)
		fputs("\n", to->file);
	return output_flush(to);
}
