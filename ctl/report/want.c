// SPDX-License-Identifier: GPL-2.0
/*
 * Which addresses of a report are to be named. A picture is made of a million stacks:
 * where all are shown, each is looked at once, and an address that was wanted a moment
 * ago, as most are, is not looked for again.
 */

#include <stdlib.h>

#include "lib/macros.h"
#include "lib/map.h"
#include "report/report.h"

/* Stacks that are fetched from memory while others are looked at, by their cache lines. */
#define AHEAD	16
#define LINE	64

struct recent {
	uint64_t	address[4096];
};

static void want_stack(struct ksyms *k, const struct stack *s, struct recent *recent)
{
	size_t i;

	for (i = 0; i < s->nr; i++) {
		uint64_t *seen = &recent->address[hash_number(s->addr[i]) %
						  ARRAY_SIZE(recent->address)];

		if (*seen == s->addr[i])
			continue;
		ksyms_want(k, s->addr[i]);
		*seen = s->addr[i];
	}
}

static void want_row(struct report *r, const struct row *row, struct recent *recent)
{
	struct view *v = r->view;
	size_t c;

	for (c = 0; c < v->nr_columns; c++) {
		uint64_t key = r->table->keys[row->key + c];
		const struct stack *s = NULL;

		view_want_key(v, c, key);
		if (recent && v->types[c] == KOBS_TYPE_KSTACK)
			s = map_get(&r->table->stacks, key);
		if (s)
			want_stack(&v->ksyms, s, recent);
	}
}

static void want_all_stacks(struct report *r, struct recent *recent)
{
	const struct map *stacks = &r->table->stacks;
	size_t i;

	for (i = 0; i < stacks->size; i++) {
		const struct stack *s = stacks->slot[i].value;
		const char *next = i + AHEAD < stacks->size ? stacks->slot[i + AHEAD].value : NULL;

		if (next) {
			__builtin_prefetch(next);
			__builtin_prefetch((const char *)next + LINE);
		}
		if (s && !s->pid)
			want_stack(&r->view->ksyms, s, recent);
	}
}

/** report_want() - Have ksyms_resolve() find the names that the report needs. */
void report_want(struct report *r)
{
	/* While the session runs, all are named: a module may go away later. */
	bool all = r->interim || r->page || r->rows_shown == r->table->nr_rows;
	size_t n = all ? r->table->nr_rows : r->rows_shown;
	struct recent *recent;
	size_t i;

	if (r->view->saved)
		return;
	recent = zalloc(sizeof(*recent));
	if (all && view_has_type(r->view, KOBS_TYPE_KSTACK))
		want_all_stacks(r, recent);
	for (i = 0; i < n; i++)
		want_row(r, &r->table->rows[i], all ? NULL : recent);
	free(recent);
}
