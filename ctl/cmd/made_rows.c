// SPDX-License-Identifier: GPL-2.0
/*
 * A report of rows that were made of a stream's records: while it is printed, the session's
 * columns are those of the rows.
 */

#include <string.h>

#include "cmd/made_rows.h"

/* The report sorts them. */
static void copy_rows(const struct made_rows *m, struct table *to)
{
	const struct table *from = m->rows;
	size_t i;

	model_init_table(to, from->types, from->nr_keys, m->mode);
	for (i = 0; i < from->nr_rows; i++) {
		const struct row *row = &from->rows[i];

		table_add(to, table_row(to, from->keys + row->key), row,
			  table_figures(from, row));
	}
	to->stacks = *m->stacks;
}

/** made_rows_print() - The report. Return: 0 or an exit status. */
int made_rows_print(const struct made_rows *m, struct report *r, const struct output *to)
{
	const struct session *session = r->session;
	struct session of_rows = *session;
	struct table *records = r->table;
	struct view saved = *r->view;
	struct table rows;
	int err;

	copy_rows(m, &rows);
	m->set_columns(m->judged, r->view);
	r->view->mode = m->mode;
	of_rows.by = *m->by;
	r->session = &of_rows;
	r->table = &rows;
	r->judged = m->judged;
	report_resolve(r);
	err = report_print(r, to);
	r->judged = NULL;
	r->table = records;
	r->session = session;
	memcpy(r->view->columns, saved.columns, sizeof(saved.columns));
	memcpy(r->view->types, saved.types, sizeof(saved.types));
	memcpy(r->view->shown, saved.shown, sizeof(saved.shown));
	r->view->nr_columns = saved.nr_columns;
	r->view->mode = saved.mode;
	/* They are the other table's. */
	memset(&rows.stacks, 0, sizeof(rows.stacks));
	model_free_table(&rows);
	return err;
}
