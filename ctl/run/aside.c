// SPDX-License-Identifier: GPL-2.0
/*
 * A session that runs beside others. run_session() has one from its begin to its report; here
 * each step is the caller's, so that several begin and end together. Each has a socket of its
 * own, and ends with it.
 */

#include <string.h>

#include "lib/diag.h"
#include "run/aside.h"
#include "run/request.h"

/**
 * aside_new() - Have the session made.
 * @spec: as for run_session(); its request is completed
 * @signals: one of them, or the end of @child, ends the wait
 *
 * Return: 0 or an exit status; aside_close() is due in any case.
 */
int aside_new(struct aside *a, struct run_spec *spec, const struct opts *o,
	      struct signals *signals, struct child *child)
{
	int err;

	memset(a, 0, sizeof(*a));
	a->open = true;
	err = nl_open(&a->nl);
	if (!err)
		err = view_init(&a->view, &a->nl);
	if (err)
		return err;
	if (!model_find_mode(model_find_source(&a->view.sources, spec->source), spec->mode))
		return refuse("this module has no '%s %s'", spec->source, spec->mode);
	a->view.targets = spec->targets;
	a->attach = (struct attach){ .nl = &a->nl, .signals = signals, .child = child };
	request_fill(&spec->request, spec->source, spec->mode, NULL, o);
	err = attach_new(&a->attach, spec, &a->view, &a->session);
	return err ? err : view_bind(&a->view, &a->session);
}

/** aside_start() - Turn its probes on. Return: 0 or an exit status. */
int aside_start(struct aside *a)
{
	int err = attach_start(&a->attach, &a->session, NULL, &a->session);

	a->running = !err;
	return err;
}

/** aside_stop() - End it; it can still be read. Return: 0 or an exit status. */
int aside_stop(struct aside *a)
{
	a->running = false;
	return model_session_stop(&a->nl, a->session.id, &a->session);
}

/** aside_read() - Read its table, with the names of what is in it. Return: 0 or an exit status. */
int aside_read(struct aside *a)
{
	struct table *t = &a->table;
	size_t i, c;
	int err;

	model_init_table(t, a->view.types, a->view.nr_columns, a->view.mode);
	view_tell(&a->view, t);
	a->read = true;
	err = model_get_table(&a->nl, a->session.id, t);
	for (i = 0; !err && i < t->nr_rows; i++)
		for (c = 0; c < a->view.nr_columns; c++)
			view_want_key(&a->view, c, t->keys[t->rows[i].key + c]);
	ksyms_resolve(&a->view.ksyms);
	return err;
}

void aside_close(struct aside *a)
{
	if (!a->open)
		return;
	if (a->session.id)
		model_session_drop(&a->nl, &a->session);
	nl_shut(&a->nl);
	if (a->read)
		model_free_table(&a->table);
	model_free_session(&a->session);
	view_free(&a->view);
	memset(a, 0, sizeof(*a));
}
