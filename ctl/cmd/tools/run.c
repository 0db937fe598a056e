// SPDX-License-Identifier: GPL-2.0
/* Runs a tool: the first of its forms that this kernel has. */

#include <string.h>

#include "cmd/formats.h"
#include "cmd/nouns.h"
#include "cmd/tools/tool.h"
#include "lib/diag.h"
#include "report/report.h"
#include "run/run.h"

const struct opt_group *const tool_counts[] = {
	&group_where, &group_filter, &group_keys, &group_top, &group_json, &group_folded,
	&group_flame, &group_html, &group_frames, &group_output, &group_verbose, &group_run,
	&group_interval,
	&group_detach, &group_over_count, &group_max_lost, &group_rows, &group_stacks, NULL
};

const struct opt_group *const tool_times[] = {
	&group_where, &group_timing, &group_filter, &group_min, &group_keys, &group_hist,
	&group_top, &group_json, &group_folded, &group_flame, &group_html, &group_frames,
	&group_output,
	&group_verbose, &group_run, &group_interval, &group_detach, &group_over_time,
	&group_max_lost, &group_rows, &group_stacks, NULL
};

const struct opt_group *const tool_values[] = {
	&group_where, &group_filter, &group_keys, &group_hist, &group_top, &group_json,
	&group_folded, &group_flame, &group_html, &group_frames, &group_output, &group_verbose,
	&group_run,
	&group_interval, &group_detach, &group_over, &group_max_lost, &group_rows, &group_stacks,
	NULL
};

const struct opt_group *const tool_records[] = {
	&group_where, &group_timing, &group_filter, &group_keys, &group_records, &group_json,
	&group_format_records, &group_frames, &group_output, &group_verbose, &group_run,
	&group_max_lost, &group_stacks, &group_ring, NULL
};

/* Charts are drawn with --hist; percentiles are there without. */
static const struct report_kind times = {
	.charts_asked = true,
};

static const struct report_kind values = {
	.charts_asked = true,
	.print_values = probe_print_values,
};

static int prepare(struct tool_run *a, const struct verb *verb, const struct tool_form *form,
		   const struct opts *o)
{
	memset(a, 0, sizeof(*a));
	tool_options_make(&a->options, verb, form, o);
	a->spec.mode = tool_mode(verb);
	a->spec.kind = verb->groups == tool_values ? &values :
		       verb->tool->percentiles ? &times : NULL;
	return probe_prepare(&a->p, &a->spec, &a->options.o);
}

/** tool_release() - Free what tool_find() made. */
void tool_release(struct tool_run *a)
{
	model_free_request(&a->spec.request);
	probe_free(&a->p);
	tool_options_free(&a->options);
}

/* The same without a sentence; @why gets it. */
static int attempt(struct tool_run *a, const struct verb *verb, const struct tool_form *form,
		   const struct opts *o, struct buf *why)
{
	int err;

	why->len = 0;
	sentences_kept = why;
	err = prepare(a, verb, form, o);
	sentences_kept = NULL;
	return err;
}

static const struct noun *noun_of(const struct verb *verb)
{
	size_t i;

	for (i = 0; i < nr_nouns; i++)
		if (verb >= nouns[i]->verbs && verb < nouns[i]->verbs + nouns[i]->nr_verbs)
			return nouns[i];
	return NULL;
}

/**
 * tool_find() - Prepare the first form of a row that this kernel has.
 * @a: is freed by tool_release() where there is one
 * @why: gets what the first form lacks
 *
 * What the user's options have wrong is said at once.
 * Return: 0 or an exit status.
 */
int tool_find(struct tool_run *a, const struct verb *verb, const struct opts *o, struct buf *why)
{
	const struct tool_form *form = verb->tool->forms;
	const struct opts bare = { .args = o->args, .nr_args = o->nr_args };
	struct buf said = {};
	int refused = STATUS_REFUSED;
	bool misused = false;
	size_t i;

	for (i = 0; !misused && tool_has_form(verb, i); i++) {
		if (!attempt(a, verb, &form[i], o, &said)) {
			buf_free(&said);
			return 0;
		}
		tool_release(a);
		misused = !attempt(a, verb, &form[i], &bare, i ? &said : why);
		tool_release(a);
	}
	buf_free(&said);
	if (misused) {
		why->len = 0;
		refused = prepare(a, verb, &form[i - 1], o);
		tool_release(a);
	}
	return refused;
}

static int run_form(struct tool_run *a, const struct verb *verb, const char *title,
		    const struct opts *o)
{
	struct buf same = {};

	if (o->verbose) {
		tool_command(verb, &a->options, " ", &same);
		warn("the same as: %s", same.p);
		buf_free(&same);
	}
	a->spec.title = title;
	return run_session(&a->spec, &a->p.own);
}

/** tool_run() - Run a row of the tools. Return: the exit status. */
int tool_run(const struct verb *verb, const struct opts *o)
{
	struct buf title = {};
	struct buf why = {};
	struct tool_run a;
	int err;

	buf_printf(&title, "%s %s", noun_of(verb)->name, verb->name);
	err = tool_find(&a, verb, o, &why);
	if (!err) {
		err = run_form(&a, verb, title.p, o);
		tool_release(&a);
	} else if (why.len && o->nr_args) {
		warn("%s", why.p);
	} else if (why.len) {
		err = refuse("%s: this kernel does not have what it needs: %s", title.p, why.p);
	}
	buf_free(&title);
	buf_free(&why);
	return err;
}
