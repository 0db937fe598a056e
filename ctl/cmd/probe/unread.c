// SPDX-License-Identifier: GPL-2.0
/*
 * What is said below the rows of 'obsctl probe' where a column could be read at no hit:
 * most often its address is one of a program, and was read as one of the kernel.
 */

#include <string.h>

#include "cmd/probe/probe.h"
#include "report/report.h"

static bool is_fault(struct report *r, size_t column, const struct row *row)
{
	struct buf text = {};
	bool fault;

	view_print_cell(r->view, column, r->table->keys + row->key, &text);
	fault = text.p && !strcmp(text.p, "(fault)");
	buf_free(&text);
	return fault;
}

/** probe_print_unread() - Say which columns are a fault in every row. */
void probe_print_unread(struct report *r, struct out *o)
{
	const struct table *t = r->table;
	struct view *v = r->view;
	size_t c;
	size_t i;

	for (c = 0; c < v->nr_columns; c++) {
		if (type_is_stack(v->types[c]) || view_is_hidden(v, c))
			continue;
		for (i = 0; i < t->nr_rows && is_fault(r, c, &t->rows[i]); i++)
			;
		if (i && i == t->nr_rows)
			out_line(o, "%s could not be read at any hit (of k: and t:, str(X) is a text of the kernel, ustr(X) one of the program)",
				 v->columns[c]->name);
	}
}
