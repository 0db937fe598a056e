// SPDX-License-Identifier: GPL-2.0
/* Which hits of a session count, as a person would say it and as JSON. */

#include "lib/buf.h"
#include "lib/cgroup.h"
#include "lib/format.h"
#include "report/filter_text.h"

static void describe_numbers(const struct numbers *list, const char *what, struct buf *out)
{
	size_t last;
	size_t i;

	for (i = 0; i < list->n; i = last + 1) {
		for (last = i; last + 1 < list->n && list->v[last + 1] == list->v[last] + 1; last++)
			;
		/* Two neighbours read better as a list. */
		if (last == i + 1)
			last = i;
		buf_printf(out, "%s%s%llu", i ? ", " : out->len ? "; " : "", i ? "" : what,
			   (unsigned long long)list->v[i]);
		if (last > i)
			buf_printf(out, "-%llu", (unsigned long long)list->v[last]);
	}
}

/* A glob can stand for many. */
#define CGROUPS_TOLD	4

/* Of a filter of the kernel's by their numbers, of a saved report as it has them. */
static void cgroup_names(const struct filter *f, struct strings *out)
{
	struct buf name = {};
	size_t i;

	for (i = 0; i < f->cgroup_names.n; i++)
		strings_add(out, f->cgroup_names.v[i]);
	for (i = 0; i < f->cgroups.n; i++) {
		name.len = 0;
		cgroup_print(f->cgroups.v[i], &name);
		strings_add(out, name.p);
	}
	buf_free(&name);
}

static void describe_cgroups(const struct filter *f, struct buf *out)
{
	struct strings names = {};
	size_t i;

	cgroup_names(f, &names);
	for (i = 0; i < names.n && i < CGROUPS_TOLD; i++)
		buf_printf(out, "%s%s%s", i ? ", " : out->len ? "; " : "", i ? "" : "cgroup ",
			   names.v[i]);
	if (i < names.n)
		buf_printf(out, " and %zu more", names.n - i);
	strings_free(&names);
}

/** filter_describe() - Add "pid 12, 14; comm sh*" for instance; nothing without a filter. */
void filter_describe(const struct filter *f, const char *unit, struct buf *out)
{
	char least[40];
	size_t i;

	describe_numbers(&f->pids, "pid ", out);
	describe_numbers(&f->tids, "tid ", out);
	for (i = 0; i < f->comms.n; i++)
		buf_printf(out, "%s%s%s", i ? ", " : out->len ? "; " : "", i ? "" : "comm ",
			   f->comms.v[i]);
	describe_cgroups(f, out);
	describe_numbers(&f->cpus, "cpu ", out);
	if (f->min)
		buf_printf(out, "%sat least %s", out->len ? "; " : "",
			   format_value(least, sizeof(least), (double)f->min, unit));
}

static void print_numbers(const struct numbers *list, const char *key, struct out *o)
{
	size_t i;

	if (!list->n)
		return;
	out_open(o, key, '[');
	for (i = 0; i < list->n; i++)
		out_json_number(o, NULL, list->v[i]);
	out_close(o, ']');
}

/** filter_print_json() - The same as "filter": {...}; nothing without a filter. */
void filter_print_json(const struct filter *f, struct out *o)
{
	struct strings cgroups = {};

	if (!model_has_filter(f))
		return;
	cgroup_names(f, &cgroups);
	out_open(o, "filter", '{');
	print_numbers(&f->pids, "pid", o);
	print_numbers(&f->tids, "tid", o);
	print_numbers(&f->cpus, "cpu", o);
	out_json_texts(o, "comm", &f->comms);
	out_json_texts(o, "cgroup", &cgroups);
	if (f->min)
		out_json_number(o, "min", f->min);
	out_close(o, '}');
	strings_free(&cgroups);
}
