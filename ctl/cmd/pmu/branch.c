// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl pmu branch: the branches that led to samples. A row of the kernel's is
 * a branch and the straight run behind it; adding up over the ends of the runs
 * gives edges, over the branches gives basic blocks.
 */

#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>

#include "cmd/pmu/brstack.h"
#include "cmd/pmu/edges.h"
#include "cmd/pmu/pmu.h"
#include "cmd/pmu/setup.h"
#include "export/formats.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/macros.h"

static bool is_format(const struct opts *o, const char *name)
{
	return o->format && !strcmp(o->format->name, name);
}

/* Branches of one kind only: no run between them is known. */
static bool has_runs(uint64_t branches)
{
	return branches & PERF_SAMPLE_BRANCH_ANY;
}

/* As the program's file has it: perf2bolt does not know where that was loaded. */
static unsigned long long bolt_address(struct report *r, uint32_t pid, uint64_t address)
{
	return address >> 63 || !pid ? ksyms_address(&r->view->ksyms, address) :
	       usyms_program_address(&r->view->usyms, pid, address);
}

static int print_bolt(struct report *r, const struct edges *e, const struct output *to)
{
	struct out o;
	size_t i;

	for (i = 0; i < e->nr_edges; i++) {
		const struct edge *b = &e->edge[i];

		fprintf(to->file, "B %llx %llx %llu %llu\n", bolt_address(r, b->pid, b->from),
			bolt_address(r, b->pid, b->to), (unsigned long long)b->count,
			(unsigned long long)b->mispredicted);
	}
	for (i = 0; i < e->nr_blocks; i++) {
		const struct edge *b = &e->block[i];

		fprintf(to->file, "F %llx %llx %llu\n", bolt_address(r, b->pid, b->from),
			bolt_address(r, b->pid, b->to), (unsigned long long)b->count);
	}
	/* Standard output is for a program; losses are said all the same. */
	out_init(&o, stderr, false);
	report_footer(r, &o);
	out_free(&o);
	return output_flush(to);
}

static bool shows(const struct pmu_run *p, const struct report *r, const char *part)
{
	if (!p->opts->sections.n)
		return r->opts->json || strcmp(part, "graph");
	return strings_have(&p->opts->sections, part);
}

static int print_branches(struct run_spec *spec, struct report *r, const struct output *to)
{
	struct pmu_run *p = spec->arg;
	struct buf title = {};
	struct edges e;
	struct out o;

	edges_make(&e, r->view, r->session, r->table);
	if (is_format(r->opts, "bolt")) {
		print_bolt(r, &e, to);
		edges_free(&e);
		return output_flush(to);
	}
	output_begin(to, &o, r->opts->json);
	out_open(&o, NULL, '{');
	r->what = pmu_title(p, r->session, &title);
	report_header(r, &o);
	if (p->opts->check)
		edges_print_check(&e, r->session, &o);
	else
		edges_print(&e, &o, r->opts, shows(p, r, "edges"), shows(p, r, "calls"),
			    shows(p, r, "graph"), shows(p, r, "blocks"));
	report_footer(r, &o);
	out_close(&o, '}');
	out_newline(&o);
	out_free(&o);
	buf_free(&title);
	edges_free(&e);
	return output_flush(to);
}

/** pmu_check_branch() - Return: 0, or STATUS_USAGE for options that contradict each other. */
int pmu_check_branch(const struct verb *verb, const struct opts *o)
{
	if (o->by.n && o->format && o->format->of == FORMAT_OF_BRANCHES)
		return misuse("--format %s has its own columns: it cannot be combined with --by",
			      o->format->name);
	if (o->html && is_format(o, "brstack"))
		return misuse("--format brstack is made of single records, and --html of rows: give one of them");
	return pmu_check_samples(o->own);
}

static int run_branches(struct pmu_run *p, uint64_t branches)
{
	static const char *const runs[] = { "pid", "from", "to", "end" };
	static const char *const entries[] = { "ip", "sample", "left", "from", "to", "info" };
	const struct opts *o = p->o;
	int err;

	if (o->live && is_format(o, "brstack"))
		return misuse("--format brstack is made of single records: top has no rows of them to show");
	pmu_sample(p, branches);
	if (is_format(o, "brstack")) {
		pmu_by(p, entries, ARRAY_SIZE(entries));
		p->spec.mode = "branch_trace";
		p->spec.record = pmu_brstack_record;
		p->verb = pmu_brstack_new();
		err = run_session(&p->spec, &p->own);
		pmu_brstack_free(p->verb);
		return err;
	}
	/* Other columns are the user's: rows as they are. */
	if (!o->by.n) {
		pmu_by(p, runs, has_runs(branches) ? 4 : 3);
		p->spec.report = print_branches;
		p->spec.user_code = true;
	}
	return run_session(&p->spec, &p->own);
}

/** pmu_branch() - Return: the exit status. */
int pmu_branch(const struct verb *verb, const struct opts *o)
{
	uint64_t branches;
	struct pmu_run p;
	int err = pmu_begin(&p, o, "branch");

	if (!err && !p.events.n)
		err = pmu_events_add(&p.events, "cycles");
	if (!err)
		err = pmu_branch_filter(&p.opts->branches, &branches);
	if (!err)
		err = run_branches(&p, branches);
	pmu_end(&p);
	return err;
}
