// SPDX-License-Identifier: GPL-2.0
/*
 * Makes of a saved report what it was printed from, so that it is printed by the same
 * code, and as it was.
 */

#include <stdio.h>

#include "cmd/nouns.h"
#include "cmd/saved/saved.h"
#include "lib/buf.h"

static void restore_view(struct saved *s)
{
	const char *kernel = saved_text(s, "kernel");
	const char *value = saved_text(s, "value");
	const char *unit = saved_text(s, "unit");
	struct view *v = &s->view;

	/* Older files have neither. */
	if (!json_object_get(s->root, "columns")) {
		value = s->kind->value;
		unit = value ? s->kind->unit : NULL;
	}
	s->mode.name = s->session.mode;
	s->mode.value = (char *)value;
	s->mode.unit = (char *)unit;
	s->source = (struct source){
		.name = s->session.source, .modes = &s->mode, .nr_modes = 1,
	};
	ksyms_init(&v->ksyms);
	v->saved = true;
	v->source = &s->source;
	v->mode = &s->mode;
	v->version = saved_text(s, "kobs");
	snprintf(v->kernel, sizeof(v->kernel), "%s", kernel ? kernel : "unknown");
}

/* The command that was observed, for titles. */
static void restore_command(struct saved *s)
{
	json_t *list = json_object_get(s->root, "command");
	size_t n = json_array_size(list);
	size_t i;

	if (!n)
		return;
	s->command = zalloc((n + 1) * sizeof(*s->command));
	for (i = 0; i < n; i++) {
		const char *word = json_text(json_array_get(list, i));

		s->command[i] = (char *)(word ? word : "?");
	}
	s->opts.command = s->command;
}

/** saved_restore() - Make the report. Return: 0, or an exit status after a sentence. */
int saved_restore(struct saved *s, const struct opts *o)
{
	int err;

	s->opts = *o;
	restore_command(s);
	restore_session(s);
	restore_view(s);
	s->says.root = s->root;
	s->report = (struct report){
		.view = &s->view, .session = &s->session, .opts = &s->opts, .table = &s->table,
		.kind = nouns_report_kind(s->session.source, s->session.mode),
		.interim = json_is_true(json_object_get(s->root, "interim")), .saved = &s->says,
	};
	s->form = form_of(s);
	if (s->form && !s->records)
		return json_rows_load(&s->list, s->root);
	err = restore_rows(s);
	if (s->row_rates)
		s->report.rates = &s->rates;
	s->says.rates = s->row_rates;
	return err;
}

/** saved_print() - Print the report. Return: 0, or an exit status after a sentence. */
int saved_print(struct saved *s, const struct output *to)
{
	if (s->records)
		return records_show(s, to);
	if (s->form)
		return s->form->print(&s->report, to);
	report_resolve(&s->report);
	return report_print(&s->report, to);
}
