// SPDX-License-Identifier: GPL-2.0
/* From two states of a machine to what was measured in between. */

#include <stdlib.h>
#include <string.h>

#include "cmd/triage/facts.h"

/**
 * facts_add() - Add what was measured.
 * @subject: which disk, for one; "" for the whole of the resource
 * @fmt: the same as part of a sentence
 */
void facts_add(struct facts *f, enum metric m, const char *subject, double value,
	       const char *fmt, ...)
{
	struct buf text = {};
	struct fact *fact;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	f->v = grow(f->v, &f->cap, f->n + 1, sizeof(*f->v));
	fact = &f->v[f->n++];
	fact->metric = m;
	fact->subject = pool_intern(&f->texts, subject);
	fact->value = value;
	fact->evidence = pool_intern(&f->texts, text.p);
	buf_free(&text);
}

/**
 * facts_find() - What was measured between two states.
 * @v: sizes of slab memory in between, @n of them
 */
void facts_find(struct facts *f, const struct machine *a, const struct machine *b,
		const struct slab_reading *v, size_t n)
{
	facts_cpu(f, a, b);
	facts_hot(f, a, b);
	facts_slow(f, a, b);
	facts_irq(f, a, b);
	facts_memory(f, a, b);
	facts_cgroups(f, a, b);
	facts_slab(f, a, b, v, n);
	facts_disks(f, a, b);
	facts_net(f, a, b);
	facts_limits(f, b);
	facts_blocked(f, a, b);
}

void facts_free(struct facts *f)
{
	pool_free(&f->texts);
	free(f->v);
	memset(f, 0, sizeof(*f));
}
