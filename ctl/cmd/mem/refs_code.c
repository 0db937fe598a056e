// SPDX-License-Identifier: GPL-2.0
/*
 * The code of functions that 'mem refs' is about: from where they begin to ranges, which
 * the module takes as starts and ends by turns.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd/mem/refs.h"
#include "lib/diag.h"
#include "symbols/kallsyms.h"
#include "symbols/modules.h"

/** refs_code_add() - Add a function of a module, "" for the kernel itself. */
void refs_code_add(struct refs_code *c, uint64_t start, const char *module)
{
	c->v = grow(c->v, &c->cap, c->n + 1, sizeof(*c->v));
	c->v[c->n++] = (struct refs_range){
		.start = start, .module = pool_intern(&c->modules, module),
	};
}

/* A function ends where the next symbol of the same module is. */
static void consider(struct refs_code *c, const struct ksym_line *sym)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		struct refs_range *r = &c->v[i];

		if (sym->address > r->start && (!r->end || sym->address < r->end) &&
		    !strcmp(sym->module, r->module))
			r->end = sym->address;
	}
}

/** refs_code_end() - Find where the functions end. Return: 0 or an exit status. */
int refs_code_end(struct refs_code *c)
{
	struct modules modules = {};
	struct ksym_line sym;
	struct kallsyms k;
	size_t i;
	int err = kallsyms_open(&k, kallsyms_path());

	if (err)
		return refuse("cannot read %s: %s", kallsyms_path(), strerror(-err));
	while (kallsyms_next(&k, &sym))
		consider(c, &sym);
	kallsyms_close(&k);
	modules_read(&modules, modules_path());
	for (i = 0; i < c->n; i++) {
		struct refs_range *r = &c->v[i];
		const struct module *m = modules_find(&modules, r->module);

		/* The last one of a module. */
		if (!r->end)
			r->end = m && m->end > r->start ? m->end : r->start + 1;
	}
	modules_free(&modules);
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct refs_range *x = a;
	const struct refs_range *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/** refs_code_put() - Add the ranges that have code in order, those that overlap as one. */
void refs_code_put(struct refs_code *c, struct numbers *out)
{
	size_t i;

	if (c->n)
		qsort(c->v, c->n, sizeof(*c->v), compare);
	for (i = 0; i < c->n; i++) {
		const struct refs_range *r = &c->v[i];

		if (r->end <= r->start)
			continue;
		if (out->n && r->start <= out->v[out->n - 1]) {
			if (r->end > out->v[out->n - 1])
				out->v[out->n - 1] = r->end;
			continue;
		}
		numbers_add(out, r->start);
		numbers_add(out, r->end);
	}
}

/** refs_code_free() - Free the ranges. */
void refs_code_free(struct refs_code *c)
{
	free(c->v);
	pool_free(&c->modules);
	memset(c, 0, sizeof(*c));
}
