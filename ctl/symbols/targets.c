// SPDX-License-Identifier: GPL-2.0
/* Functions to observe, once the patterns are resolved: by address, and their names. */

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "symbols/patterns.h"

/* An entry in the middle of a function's prologue: endbr, bti, patchable nops. */
#define ENTRY_SLACK	16

/* Names and modules are of one pool: equal ones have equal addresses. */
static int compare_names(const void *a, const void *b)
{
	const struct target *x = *(const struct target *const *)a;
	const struct target *y = *(const struct target *const *)b;

	if (x->name != y->name)
		return x->name > y->name ? 1 : -1;
	return (x->module > y->module) - (x->module < y->module);
}

static void mark(struct target *x, struct target *y)
{
	if (x->name != y->name)
		return;
	x->namesake = true;
	y->namesake = true;
	if (x->module == y->module) {
		x->twin = true;
		y->twin = true;
	}
}

/** targets_find_namesakes() - Mark the functions that a name alone does not tell apart. */
void targets_find_namesakes(struct targets *t)
{
	struct target **order = zalloc((t->n + 1) * sizeof(struct target *));
	size_t i;

	for (i = 0; i < t->n; i++)
		order[i] = &t->v[i];
	if (t->n)
		qsort(order, t->n, sizeof(*order), compare_names);
	for (i = 1; i < t->n; i++)
		mark(order[i - 1], order[i]);
	free(order);
}

/** target_print() - The name of a function, with what tells it from its namesakes. */
void target_print(const struct target *t, struct buf *out)
{
	buf_puts(out, t->name);
	if (t->twin)
		buf_printf(out, " 0x%llx", (unsigned long long)t->address);
	if (t->namesake && *t->module)
		buf_printf(out, " [%s]", t->module);
}

/* The last target at or before @address. */
static const struct target *find_last(const struct targets *t, uint64_t address)
{
	size_t lo = 0;
	size_t n = t->n;

	while (n) {
		size_t half = n / 2;

		if (t->v[lo + half].address <= address) {
			lo += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return lo ? &t->v[lo - 1] : NULL;
}

/** targets_find() - Return: the target at @address, or NULL. */
const struct target *targets_find(const struct targets *t, uint64_t address)
{
	const struct target *last = find_last(t, address);

	return last && last->address == address ? last : NULL;
}

/** targets_find_entry() - Return: the target that is entered at @address, or NULL. */
const struct target *targets_find_entry(const struct targets *t, uint64_t address)
{
	const struct target *last = find_last(t, address);

	return last && address - last->address <= ENTRY_SLACK ? last : NULL;
}

void targets_free(struct targets *t)
{
	size_t i;

	for (i = 0; i < t->nr_patterns; i++)
		free(t->patterns[i].module);
	free(t->patterns);
	free(t->v);
	pool_free(&t->names);
	memset(t, 0, sizeof(*t));
}
