// SPDX-License-Identifier: GPL-2.0
/* The stacks of a row, a frame a line. */

#include <string.h>

#include "report/row_stack.h"

/** stack_hash() - Return: a hash of what is in it; identifiers differ from report to report. */
uint64_t stack_hash(const struct stack *s)
{
	/* Two processes can have the same addresses. */
	return hash_bytes(s->addr, s->nr * sizeof(*s->addr), s->pid);
}

/* In place of a stack that is not there. */
static const char *absent_text(const struct view *v, size_t column, uint64_t id)
{
	if (id)
		return "      [the stack was lost]";
	return v->types[column] == KOBS_TYPE_KSTACK ? "      [no kernel stack]" :
						      "      [no user stack]";
}

/** row_stack_print() - The stack that a row has in a column. @id: 0 for none */
void row_stack_print(struct report *r, struct out *o, size_t column, uint64_t id)
{
	const char *name = r->view->columns[column]->name;
	const struct stack *s = map_get(&r->table->stacks, id);
	struct buf line = {};
	size_t i;

	if (o->grid) {
		grid_stack(o->grid, name, id, s ? stack_hash(s) : id);
		return;
	}
	if (!o->json && strcmp(name, "kstack") && strcmp(name, "ustack")) {
		buf_printf(&line, "      -- %s", name);
		out_below(o, line.p);
	}
	if (!s && !id && r->no_stack)
		out_below(o, r->no_stack);
	else if (!s)
		out_below(o, absent_text(r->view, column, id));
	out_open(o, name, '[');
	if (s && s->pid && !o->json) {
		line.len = 0;
		buf_puts(&line, "      -- user");
		/* Older files do not say it. */
		if (s->pid != UINT32_MAX)
			buf_printf(&line, ", process %u", s->pid);
		out_below(o, line.p);
	}
	for (i = s ? view_first_frame(r->view, s) : 0; s && i < s->nr; i++) {
		size_t n = view_frames(r->view, s, i);
		size_t k;

		for (k = 0; k < n; k++) {
			line.len = 0;
			buf_printf(&line, "%s%s", o->json ? "" : "      ",
				   r->view->frame[k].text.p);
			out_json_text(o, NULL, line.p);
			out_below(o, line.p);
		}
	}
	out_close(o, ']');
	line.len = 0;
	buf_printf(&line, s ? "%s_pid" : "%s_lost", name);
	if (s && s->pid)
		out_json_number(o, line.p, s->pid);
	else if (!s && id)
		out_json_bool(o, line.p, true);
	buf_free(&line);
}
