/* SPDX-License-Identifier: GPL-2.0 */
/* Reports of what was slow, made of a stream's records without the kernel, and shown again. */
#ifndef OBSCTL_SLOW_HARNESS_H
#define OBSCTL_SLOW_HARNESS_H

#include "run/run.h"
#include "run/stream.h"
#include "show_harness.h"

typedef int print_slow(struct run_spec *spec, struct report *r, const struct output *to);

/* A session of records, of what took 5 us or longer. @note: how many were faster */
static inline void set_up_slow(struct fixture *f, const char *source, const char *note,
			       const char *doc)
{
	set_up(f, source, "slow");
	f->session.rows_max = 0;
	f->session.recorded = 0;
	f->params[0] = (struct param){ .name = (char *)"over", .number = 5000 };
	f->session.params = f->params;
	f->session.nr_params = 1;
	f->note = (struct session_note){ (char *)note, (char *)doc, 30 };
	f->session.notes = &f->note;
	f->session.nr_notes = 1;
}

static inline char *slow_text(struct fixture *f, struct run_spec *spec, print_slow *form, bool json)
{
	struct output to = {};
	char *text = NULL;
	size_t size = 0;

	f->opts.json = json;
	to.file = open_memstream(&text, &size);
	ok(!form(spec, &f->report, &to), "the report has a form");
	fclose(to.file);
	return text;
}

/* The report is made, and show prints it as it was. */
static inline void finish_slow(struct fixture *f, struct run_spec *spec, struct trace *t,
			       print_slow *form, const char *name)
{
	f->session.hits = f->session.recorded + f->session.filtered;
	ok(!t->rows->fill(t, &f->session, false, &f->table), "rows are made");
	f->json = slow_text(f, spec, form, true);
	f->text = slow_text(f, spec, form, false);
	write_file("a.json", f->json);
	f->shown = show("a.json", &f->opts);
	is(f->shown, f->text, name);
}

#endif
