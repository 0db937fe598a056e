// SPDX-License-Identifier: GPL-2.0
/*
 * Compares two saved reports: whether they can be, by what, and how they are scaled.
 * Reports that differ in what was observed are compared as far as they go, and it is said.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/saved/compare.h"
#include "lib/diag.h"
#include "report/stacks.h"

static int check_kinds(const struct diff *d)
{
	const struct session *a = &d->file[0].session;
	const struct session *b = &d->file[1].session;
	size_t i;

	for (i = 0; i < 2; i++)
		if (d->file[i].records)
			return refuse("%s has single records, which have no keys to compare by: count or time the same events in both cases",
				      d->file[i].path);
	for (i = 0; i < 2; i++)
		if (d->file[i].form && d->file[i].form->no_diff)
			return refuse("%s cannot be compared: %s; obsctl show prints it",
				      d->file[i].path, d->file[i].form->no_diff);
	if (!strcmp(a->source, b->source) && !strcmp(a->mode, b->mode) &&
	    d->file[0].form == d->file[1].form)
		return 0;
	return refuse("%s is a report of '%.32s %.32s', %s of '%.32s %.32s': these cannot be compared",
		      d->file[0].path, a->source, a->mode, d->file[1].path, b->source, b->mode);
}

/* Samples weigh their events only where these are of one kind. */
static const char *weight_of(const struct saved *s, const char **unit)
{
	uint64_t clocks = json_unsigned(json_object_get(json_object_get(s->root, "notes"),
							"clocks"));
	const char *named = saved_text(s, "unit");

	*unit = s->kind->unit;
	if (s->form && s->form->weight)
		return s->form->weight;
	/* Modes that are not known are compared by their value. */
	if (saved_text(s, "value") && (!s->kind->source || !strcmp(s->kind->weight, "sum"))) {
		*unit = named && *named ? named : saved_text(s, "value");
		return "sum";
	}
	if (strcmp(s->kind->weight, "events"))
		return s->kind->weight;
	if (s->session.targets > 1) {
		*unit = "samples";
		return "count";
	}
	if (clocks)
		*unit = "ns";
	return "events";
}

static int find_weight(struct diff *d)
{
	const char *before;
	const char *weight = weight_of(&d->file[0], &before);

	d->weight = weight_of(&d->file[1], &d->unit);
	if (!strcmp(d->weight, weight) && !strcmp(d->unit, before))
		return 0;
	return refuse("%s counts %s, %s %s: these cannot be compared", d->file[0].path, before,
		      d->file[1].path, d->unit);
}

static int find_scale(struct diff *d)
{
	const struct session *a = &d->file[0].session;
	const struct session *b = &d->file[1].session;
	uint64_t before = d->own->per_hit ? a->recorded : a->duration;
	uint64_t after = d->own->per_hit ? b->recorded : b->duration;

	d->scale = 1;
	if (!d->own->per_second && !d->own->per_hit)
		return 0;
	if (!before || !after)
		return refuse("%s has no %s: --%s cannot compare",
			      d->file[before != 0].path, d->own->per_hit ? "hits" : "duration",
			      d->own->per_hit ? "per-hit" : "per-second");
	d->scale = (double)after / (double)before;
	return 0;
}

static void name_differences(json_t *a, json_t *b, struct strings *names)
{
	const char *name;
	json_t *value;

	json_object_foreach(a, name, value) {
		const json_t *other = json_object_get(b, name);

		if ((!other || !json_equal(value, other)) && !strings_have(names, name))
			strings_add(names, name);
	}
}

/* Parameters and filters that are not the same in both. */
static void find_differences(struct diff *d)
{
	json_t *filter[2], *params[2];
	struct strings names = {};
	struct buf line = {};
	size_t i;

	for (i = 0; i < 2; i++) {
		params[i] = json_object_get(d->file[i].root, "params");
		filter[i] = json_object_get(d->file[i].root, "filter");
	}
	for (i = 0; i < 2; i++)
		name_differences(params[i], params[!i], &names);
	if ((filter[0] || filter[1]) && !json_equal(filter[0], filter[1]))
		strings_add(&names, "filter");
	for (i = 0; i < names.n; i++)
		buf_printf(&line, "%s%s", i ? ", " : "The reports were made with another ",
			   names.v[i]);
	if (line.len)
		strings_add(&d->notes, line.p);
	strings_free(&names);
	buf_free(&line);
}

static int choose_form(struct diff *d)
{
	bool before = view_has_stacks(&d->file[0].view);
	bool stacks = before && view_has_stacks(&d->file[1].view);

	if (!stacks && (d->o->flame || (d->own->by && !strcmp(d->own->by, "end"))))
		return saved_no_stacks(&d->file[before]);
	d->stacks = stacks && (d->o->flame || d->o->html);
	d->by_end = d->own->by ? !strcmp(d->own->by, "end") : stacks;
	return 0;
}

/** compare_scaled() - Return: a number of the first report, scaled. */
__int128 compare_scaled(const struct diff *d, __int128 before)
{
	const long double most = 0x1p96L;	/* no file has more */
	long double scaled = (long double)before * (long double)d->scale;

	if (!d->own->per_second && !d->own->per_hit)
		return before;
	return (__int128)roundl(fminl(fmaxl(scaled, -most), most));
}

static void collect(struct diff *d, size_t side)
{
	report_resolve(&d->file[side].report);
	stacks_collect(&d->file[side].report, &d->set);
}

static uint64_t whole(__int128 v)
{
	return v < UINT64_MAX ? (uint64_t)v : UINT64_MAX;
}

/* The stacks of both; those of the first one have their weight as what was before. */
static void collect_stacks(struct diff *d)
{
	size_t i;

	collect(d, 0);
	for (i = 0; i < d->set.n; i++) {
		d->set.v[i].before = whole(compare_scaled(d, d->set.v[i].weight));
		d->set.v[i].weight = 0;
	}
	collect(d, 1);
}

/** compare_files() - Read and compare both. Return: 0, or an exit status after a sentence. */
int compare_files(struct diff *d)
{
	/* All stacks, as a picture has them. */
	const struct opts whole = { .flame = "" };
	int err = 0;
	size_t i;

	for (i = 0; !err && i < 2; i++)
		err = saved_open(&d->file[i], d->o->args[i]);
	for (i = 0; !err && i < 2; i++)
		err = saved_restore(&d->file[i], &whole);
	if (!err)
		err = check_kinds(d);
	if (!err)
		compare_level_lines(d);
	if (!err)
		err = find_weight(d);
	if (!err)
		err = find_scale(d);
	if (!err)
		err = choose_form(d);
	if (err)
		return err;
	find_differences(d);
	if (d->by_end || d->stacks)
		collect_stacks(d);
	if (d->by_end) {
		compare_ends(d);
		return 0;
	}
	err = compare_columns(d);
	return err ? err : compare_rows(d);
}

void compare_free(struct diff *d)
{
	size_t i;

	for (i = 0; i < d->n; i++) {
		free(d->v[i].hist[0].buckets);
		free(d->v[i].hist[1].buckets);
	}
	free(d->v);
	map_free(&d->by_key, NULL);
	pool_free(&d->keys);
	strings_free(&d->notes);
	stack_set_free(&d->set);
	saved_close(&d->file[0]);
	saved_close(&d->file[1]);
}
