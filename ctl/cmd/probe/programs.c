// SPDX-License-Identifier: GPL-2.0
/* The programs of a session, one after the other: equal ones are one. */

#include <string.h>

#include "cmd/probe/probe.h"
#include "lib/macros.h"

/**
 * probe_share_program() - Drop the program that was compiled last if there is one like it.
 * @start: its first word
 *
 * Return: the number of the one that is left.
 */
uint32_t probe_share_program(struct probe_run *p, size_t start)
{
	struct numbers *w = &p->code.words;
	size_t length = w->n - start;
	size_t i;

	for (i = 0; i < p->nr_programs; i++) {
		size_t old = i + 1 < p->nr_programs ? p->starts[i + 1] - p->starts[i] :
						      start - p->starts[i];

		if (old != length ||
		    memcmp(w->v + p->starts[i], w->v + start, length * sizeof(*w->v)))
			continue;
		w->n = start;
		p->code.start = start;
		return (uint32_t)i;
	}
	p->starts = grow(p->starts, &p->cap_starts, p->nr_programs + 1, sizeof(*p->starts));
	p->starts[p->nr_programs] = start;
	return (uint32_t)p->nr_programs++;
}

/** probe_can_fault() - Whether a number can be a fault. */
bool probe_can_fault(const struct probe_run *p)
{
	size_t i;

	for (i = 0; i < p->code.words.n; i++) {
		unsigned int op = p->code.words.v[i] & 0x7f;

		/* A literal may look like one: that costs a column. */
		if (op == KOBS_OP_READ || op == KOBS_OP_SAME ||
		    (op >= KOBS_OP_DIV && op <= KOBS_OP_SMOD))
			return true;
	}
	return false;
}
