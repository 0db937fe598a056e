// SPDX-License-Identifier: GPL-2.0
/*
 * Where functions are by their debug information (DWARF), and what was inlined into
 * them. Nothing is read that was not asked for: of all units their ranges, of a unit that
 * has an address its functions, of a function that has one what was inlined into it.
 *
 * Whoever made the file chose what is in it: entries are walked towards the file's end
 * only, and their number is limited.
 */

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "symbols/code_index.h"

/* Ranges and entries of a file: a few hundred MiB. What is beyond has no inlined functions. */
#define MOST_ENTRIES	(8u << 20)
#define DEEPEST		64

static int compare_ranges(const void *a, const void *b)
{
	const struct code_range *x = a;
	const struct code_range *y = b;

	if (x->start != y->start)
		return x->start > y->start ? 1 : -1;
	return (x->end < y->end) - (x->end > y->end);
}

static void sort_ranges(struct code_ranges_of *r)
{
	if (r->n)
		qsort(r->v, r->n, sizeof(*r->v), compare_ranges);
}

/* Code that a linker has thrown away is at address 0. */
static void add_ranges(struct code_index *x, Dwarf_Die *die, struct code_ranges_of *to, uint32_t of)
{
	const struct libdw *dw = libdw();
	Dwarf_Addr base, start, end;
	ptrdiff_t at = 0;

	while (x->entries < MOST_ENTRIES &&
	       (at = dw->ranges(die, at, &base, &start, &end)) > 0) {
		x->entries++;
		if (!start || end <= start)
			continue;
		to->v = grow(to->v, &to->cap, to->n + 1, sizeof(*to->v));
		to->v[to->n++] = (struct code_range){ .start = start, .end = end, .of = of };
	}
}

/* The range that has an address; of ranges within each other, the one that begins last. */
static const struct code_range *find_range(const struct code_ranges_of *r, uint64_t address)
{
	size_t lo = 0;
	size_t hi = r->n;
	int back;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r->v[mid].start <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (back = 0; lo && back < DEEPEST; back++)
		if (address < r->v[--lo].end)
			return &r->v[lo];
	return NULL;
}

/** code_index_begin() - Find the units of a file. */
void code_index_begin(struct code_index *x, Dwarf *dwarf)
{
	const struct libdw *dw = libdw();
	Dwarf_CU *cu = NULL;
	uint8_t type = 0;
	Dwarf_Die die;

	*x = (struct code_index){ .dwarf = dwarf };
	while (x->entries < MOST_ENTRIES &&
	       !dw->get_units(dwarf, cu, &cu, NULL, &type, &die, NULL)) {
		x->entries++;
		/* What a skeleton stands for is in a file elsewhere. */
		if (type == DW_UT_skeleton || dw->tag(&die) != DW_TAG_compile_unit)
			continue;
		x->v = grow(x->v, &x->cap, x->n + 1, sizeof(*x->v));
		x->v[x->n] = (struct code_unit){ .die = dw->dieoffset(&die) };
		add_ranges(x, &die, &x->ranges, (uint32_t)x->n++);
	}
	sort_ranges(&x->ranges);
}

/* The first entry within another one, if it is behind it. */
static bool first_inside(const struct libdw *dw, Dwarf_Die *die, Dwarf_Die *child)
{
	return !dw->child(die, child) && dw->dieoffset(child) > dw->dieoffset(die);
}

/* The next one, in place. */
static bool next_beside(const struct libdw *dw, Dwarf_Die *die)
{
	Dwarf_Off at = dw->dieoffset(die);
	Dwarf_Die next;

	if (dw->siblingof(die, &next) || dw->dieoffset(&next) <= at)
		return false;
	*die = next;
	return true;
}

static void add_function(struct code_index *x, struct code_unit *unit, Dwarf_Die *die)
{
	size_t before = unit->ranges.n;

	add_ranges(x, die, &unit->ranges, (uint32_t)unit->n);
	/* One without code is a declaration, or was always inlined. */
	if (unit->ranges.n == before)
		return;
	unit->v = grow(unit->v, &unit->cap, unit->n + 1, sizeof(*unit->v));
	unit->v[unit->n++] = (struct code_function) {
		.die = libdw()->dieoffset(die), .start = unit->ranges.v[before].start,
	};
}

/* Functions are in namespaces; those of Rust are in types, too. */
static bool can_have_functions(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_class_type ||
	       tag == DW_TAG_structure_type || tag == DW_TAG_union_type ||
	       tag == DW_TAG_enumeration_type;
}

static void find_functions(struct code_index *x, struct code_unit *unit, Dwarf_Die *parent,
			   int depth)
{
	const struct libdw *dw = libdw();
	Dwarf_Die die;
	int tag;

	if (depth > DEEPEST || !first_inside(dw, parent, &die))
		return;
	do {
		tag = dw->tag(&die);
		if (tag == DW_TAG_subprogram)
			add_function(x, unit, &die);
		else if (can_have_functions(tag))
			find_functions(x, unit, &die, depth + 1);
	} while (x->entries++ < MOST_ENTRIES && next_beside(dw, &die));
}

/** code_index_unit() - Return: the unit that an address is in, or NULL. */
struct code_unit *code_index_unit(struct code_index *x, uint64_t address)
{
	const struct code_range *r = find_range(&x->ranges, address);

	return r ? &x->v[r->of] : NULL;
}

static void add_inlined(struct code_index *x, struct code_function *f, Dwarf_Die *die,
			uint32_t depth)
{
	struct code_ranges_of r = {};
	Dwarf_Off at = libdw()->dieoffset(die);
	size_t i;

	add_ranges(x, die, &r, 0);
	f->v = grow(f->v, &f->cap, f->n + r.n, sizeof(*f->v));
	for (i = 0; i < r.n; i++)
		f->v[f->n++] = (struct code_inlined) {
			.start = r.v[i].start, .end = r.v[i].end, .die = at, .depth = depth,
		};
	free(r.v);
}

static void find_inlined(struct code_index *x, struct code_function *f, Dwarf_Die *parent,
			 uint32_t depth, int level)
{
	const struct libdw *dw = libdw();
	Dwarf_Die die;
	int tag;

	if (level > DEEPEST || !first_inside(dw, parent, &die))
		return;
	do {
		tag = dw->tag(&die);
		if (tag == DW_TAG_inlined_subroutine)
			add_inlined(x, f, &die, depth);
		if (tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block)
			find_inlined(x, f, &die, depth + (tag == DW_TAG_inlined_subroutine),
				     level + 1);
	} while (x->entries++ < MOST_ENTRIES && next_beside(dw, &die));
}

/** code_index_function() - Return: the function that an address of a unit is in, or NULL. */
struct code_function *code_index_function(struct code_index *x, struct code_unit *unit,
					  uint64_t address)
{
	const struct libdw *dw = libdw();
	const struct code_range *r;
	struct code_function *f;
	Dwarf_Die die;

	if (!unit->read && dw->offdie(x->dwarf, unit->die, &die)) {
		find_functions(x, unit, &die, 0);
		sort_ranges(&unit->ranges);
	}
	unit->read = true;
	r = find_range(&unit->ranges, address);
	if (!r)
		return NULL;
	f = &unit->v[r->of];
	if (!f->read && dw->offdie(x->dwarf, f->die, &die))
		find_inlined(x, f, &die, 0, 0);
	f->read = true;
	return f;
}

void code_index_free(struct code_index *x)
{
	size_t i;
	size_t k;

	for (i = 0; i < x->n; i++) {
		for (k = 0; k < x->v[i].n; k++)
			free(x->v[i].v[k].v);
		free(x->v[i].v);
		free(x->v[i].ranges.v);
	}
	free(x->v);
	free(x->ranges.v);
	memset(x, 0, sizeof(*x));
}
