// SPDX-License-Identifier: GPL-2.0
/*
 * The reports of 'slab leaks', 'mem leaks' and 'mem user': live objects by call site, worst first,
 * with a verdict and its evidence. The same for a session that has just ended, one that
 * goes on, and one that runs detached: all of it comes from the kernel's rows.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/mem/dump.h"
#include "cmd/slab/judge.h"
#include "cmd/slab/leaks.h"
#include "cmd/slab/slab.h"
#include "cmd/slab/verdict.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "lib/lines.h"
#include "lib/macros.h"
#include "lib/parse.h"

/* What a sample is taken of: pages are followed by blocks of them. */
static bool samples_blocks(const struct leaks_kind *kind)
{
	return !strcmp(kind->source, "page");
}

static const char *sampled_things(const struct leaks_kind *kind)
{
	return samples_blocks(kind) ? "blocks" : "objects";
}

static void describe(struct report *r, struct buf *out)
{
	const struct param *module = leaks_param(r, "module");
	uint64_t sample = leaks_number(r, "sample");

	if (module && module->text && *module->text)
		buf_printf(out, " of module %s", module->text);
	if (sample > 1)
		buf_printf(out, " of one in %llu %s", (unsigned long long)sample,
			   sampled_things(leaks_kind_of(r)));
}

/* Of a number that was estimated from one in so many objects. */
static double standard_error(const struct leaks *l, uint64_t followed)
{
	return sqrt((double)followed * (double)l->sample * (double)(l->sample - 1));
}

static void print_live(const struct leaks *l, struct out *o, const struct judged *j)
{
	/* Pages of a block are followed together. */
	bool has_error = l->sample > 1 && !samples_blocks(l->kind);
	double error = standard_error(l, j->row.count);
	uint64_t live = j->row.count * l->sample;
	char number[32], near[32], shown[80];

	format_count(number, sizeof(number), live);
	if (has_error)
		snprintf(shown, sizeof(shown), "%s +-%s", number,
			 format_count(near, sizeof(near), (uint64_t)(error + 0.5)));
	else
		snprintf(shown, sizeof(shown), "%s", number);
	out_cell_shown(o, "live", "LIVE", live, shown);
	if (has_error)
		out_json_precise(o, "live_error", error);
}

static void print_evidence(struct out *o, const struct evidence *e)
{
	slab_print_evidence(o, e->kept, e->live + 1, e->confidence, e->reclaimable);
	if (e->cache_known) {
		out_json_number(o, "cache_gained", e->cache_gained);
		out_json_number(o, "cache_freed", e->cache_freed);
	}
}

static void print_counts(struct report *r, struct out *o, const struct row *row)
{
	const struct leaks *l = r->judged;
	const struct judged *j = &l->v[row - r->table->rows];
	char shown[40];

	out_cell_number(o, "allocated", "ALLOCATED", leaks_figure(r, row, "allocated") * l->sample);
	out_is_counter(o, (double)(leaks_figure(r, row, "allocated") * l->sample), "");
	out_json_number(o, "allocated_bytes", leaks_figure(r, row, "allocated_bytes") * l->sample);
	out_cell_number(o, "freed", "FREED", leaks_figure(r, row, "freed") * l->sample);
	out_is_counter(o, (double)(leaks_figure(r, row, "freed") * l->sample), "");
	out_json_number(o, "missed_frees", j->missed * l->sample);
	if (l->missed)
		out_cell_aside(o, "MISSED",
			       format_count(shown, sizeof(shown), j->missed * l->sample), true);
	out_json_number(o, "failed", j->failed);
	if (l->failed)
		out_cell_aside(o, "FAILED", format_count(shown, sizeof(shown), j->failed), true);
}

static void print_values(struct report *r, struct out *o, const struct row *row)
{
	const struct leaks *l = r->judged;
	const struct judged *j = &l->v[row - r->table->rows];
	char shown[40];

	if (strcmp(l->kind->source, "slab"))
		out_json_text(o, "kind", l->kind->source);
	if (j->verdict != VERDICT_NONE)
		out_json_text(o, "verdict", verdict_name(j->verdict));
	out_cell_aside(o, "VERDICT", verdict_name(j->verdict), false);
	print_live(l, o, j);
	out_cell_shown(o, "live_bytes", "BYTES", j->live_bytes * l->sample,
		       format_bytes(shown, sizeof(shown), j->live_bytes * l->sample));
	out_json_exact(o, "growth_per_s", j->rate);
	out_cell_aside(o, "GROWTH/S", slab_format_rate(shown, sizeof(shown), j->rate), true);
	out_is_number(o, j->rate);
	if (row->count)
		out_json_number(o, "oldest_ns", row->max);
	out_cell_aside(o, "OLDEST",
		       row->count ? format_ns(shown, sizeof(shown), (double)row->max) : "-", true);
	if (row->count)
		out_is_number(o, (double)row->max);
	print_counts(r, o, row);
	print_evidence(o, &j->evidence);
}

static void print_module(struct report *r, struct out *o)
{
	const struct leaks *l = r->judged;
	bool loaded = r->session->targets;
	char objects[32], bytes[32];

	if (!l->module)
		return;
	out_open(o, "module", '{');
	out_json_text(o, "name", l->module);
	out_json_bool(o, "loaded", loaded);
	out_json_number(o, "objects", l->objects);
	out_json_number(o, "bytes", l->bytes);
	out_close(o, '}');
	format_count(objects, sizeof(objects), l->objects);
	format_bytes(bytes, sizeof(bytes), l->bytes);
	if (loaded)
		out_line(o, "\nModule %s is loaded, and holds %s %s, %s.", l->module, objects,
			 l->kind->things, bytes);
	else if (l->objects)
		out_line(o, "\n*** Module %s is not loaded any more, and left %s %s behind, %s. ***",
			 l->module, objects, l->kind->things, bytes);
	else
		out_line(o, "\nModule %s is not loaded, and left no %s behind; %s.", l->module,
			 l->kind->things, l->kind->unfollowed);
}

/* What the verdicts that are neither leak nor innocent need to become one of them. */
static void print_advice(struct report *r, struct out *o)
{
	const struct leaks *l = r->judged;
	struct buf site = {};
	char number[32], freed[32];
	bool any = false;
	size_t i;
	size_t k;

	if (l->longer) {
		out_json_number(o, "steps_need_ns", l->longer);
		out_line(o, "steps: came in bursts; a session of %s (-d) sees one in each sixth, and tells a leak from a cache",
			 format_ns(number, sizeof(number), (double)l->longer));
	}
	for (i = 0; i < l->flows.n; i++) {
		const struct flow *f = &l->flows.v[i];

		for (k = 0; k < r->table->nr_rows; k++)
			if (l->v[k].verdict == VERDICT_TURNOVER &&
			    leaks_key(r, &l->v[k].row, l->kind->group) == f->cache)
				break;
		if (k == r->table->nr_rows)
			continue;
		site.len = 0;
		view_print_key(r->view, view_column(r->view, "site"), f->site, &site);
		if (!any)
			out_open(o, "turnover", '[');
		any = true;
		out_open(o, NULL, '{');
		out_json_text(o, "cache", (const char *)(uintptr_t)f->cache);
		out_json_number(o, "gained", f->gained);
		out_json_number(o, "freed", f->freed);
		out_json_text(o, "site", site.p ? site.p : "");
		out_close(o, '}');
		out_line(o, "turnover: %s gained %s objects, and %s from before the session were freed, most of them by %s: its objects may live longer than the session",
			 (const char *)(uintptr_t)f->cache,
			 format_count(number, sizeof(number), f->gained * l->sample),
			 format_count(freed, sizeof(freed), f->freed * l->sample), site.p);
	}
	if (any)
		out_close(o, ']');
	buf_free(&site);
}

static void print_foot(struct report *r, struct out *o)
{
	const struct leaks *l = r->judged;
	bool mem = strcmp(l->kind->source, "slab");
	char count[32];

	out_json_number(o, "unknown_frees", l->unknown_frees * l->sample);
	out_json_number(o, "rows_without_live", l->idle);
	out_open(o, "not_followed", '[');
	if (l->other_caches)
		out_json_text(o, NULL, "caches");
	if (l->other_sizes)
		out_json_text(o, NULL, "sizes");
	out_close(o, ']');
	if (l->idle)
		out_line(o, "%s more rows have no live objects",
			 format_count(count, sizeof(count), l->idle));
	if (r->rows_worth)
		out_line(o, "\nKEPT BY SIXTH: live %s by the sixth of the session in which they were allocated",
			 mem ? l->kind->things : "objects");
	if (l->sample > 1)
		out_line(o, "Numbers are estimates from one in %llu %s%s. KEPT is not scaled.",
			 (unsigned long long)l->sample, sampled_things(l->kind),
			 samples_blocks(l->kind) ? "" : "; +- is the standard error");
	if (l->unknown_frees && mem)
		out_line(o, "%s %s were freed that were not followed, and count against no site: allocated before the session, or unseen",
			 format_count(count, sizeof(count), l->unknown_frees), l->kind->things);
	else if (l->unknown_frees)
		out_line(o, "%s frees of objects that were not followed count against no site: allocated before the session%s%s",
			 format_count(count, sizeof(count), l->unknown_frees * l->sample),
			 l->other_caches ? ", or of other caches" : "",
			 l->other_sizes ? ", or of other sizes" : "");
	print_advice(r, o);
	dump_print(r->dump ? r->dump : l->dump, o);
	print_module(r, o);
	if (l->rss)
		rss_print_foot(l->rss, l->rss_live, o);
}

static uint64_t weight(struct report *r, const struct row *row)
{
	const struct leaks *l = r->judged;

	return leaks_figure(r, row, "live_bytes") * l->sample;
}

static uint64_t live(struct report *r, const struct row *row)
{
	const struct leaks *l = r->judged;

	return row->count * l->sample;
}

static const char *unit_of(struct report *r)
{
	return "bytes";
}

static int crossed(struct report *r, const struct leaks *l)
{
	double seconds = (double)r->session->duration / 1e9;
	const struct opt_limit *limit = &r->opts->fail_over;
	char rate[40];
	size_t i;

	if (!limit->text || seconds <= 0)
		return 0;
	for (i = 0; i < r->table->nr_rows && l->v[i].verdict == VERDICT_LEAK; i++) {
		double grows = (double)(l->v[i].live_bytes * l->sample) / seconds;

		if (grows <= (double)limit->value)
			continue;
		warn("a site leaks %s, more than the limit %s of --fail-over",
		     slab_format_bytes_rate(rate, sizeof(rate), grows), limit->text);
		return STATUS_CROSSED;
	}
	return 0;
}

static int verdict(struct report *r)
{
	const struct leaks *l = r->judged;
	char objects[32], bytes[32];

	if (l->module && !r->session->targets && l->objects) {
		warn("module %s left %s %s behind, %s", l->module,
		     format_count(objects, sizeof(objects), l->objects), l->kind->things,
		     format_bytes(bytes, sizeof(bytes), l->bytes));
		return STATUS_CROSSED;
	}
	return crossed(r, l);
}

/* The same for all sources. */
#define LEAKS_REPORT(name)			\
	.source = (name),			\
	.mode = "leaks",			\
	.shared_rows = true,			\
	.charts_asked = true,			\
	.site_in_stack = true,			\
	.arrange = leaks_arrange,		\
	.restore = leaks_restore,		\
	.file_rows = true,			\
	.describe = describe,			\
	.print_values = print_values,		\
	.print_foot = print_foot,		\
	.palette = FLAME_MEMORY,		\
	.unit = unit_of,			\
	.weight = weight,			\
	.weighs = "live_bytes",			\
	.count = live,				\
	.hit = "objects",			\
	.verdict = verdict,			\
	.release = leaks_release

const struct report_kind slab_leaks_report = { LEAKS_REPORT("slab") };
const struct report_kind mem_user_report = { LEAKS_REPORT("umem") };
const struct report_kind mem_vmalloc_report = { LEAKS_REPORT("vmalloc") };

const struct report_kind mem_percpu_report = {
	LEAKS_REPORT("percpu"), .also = &mem_vmalloc_report,
};

const struct report_kind mem_page_report = { LEAKS_REPORT("page"), .also = &mem_percpu_report };
