/* SPDX-License-Identifier: GPL-2.0 */
/* Where functions are by their debug information, and what was inlined into them. */
#ifndef OBSCTL_CODE_INDEX_H
#define OBSCTL_CODE_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "symbols/libdw.h"

/* Code that was inlined: ranges of one entry follow each other, of an outer one come first. */
struct code_inlined {
	uint64_t	start;
	uint64_t	end;
	Dwarf_Off	die;
	uint32_t	depth;		/* inlined entries around it */
};

struct code_function {
	Dwarf_Off	die;
	uint64_t	start;		/* of its first range */
	bool		read;		/* what was inlined is known */
	struct code_inlined *v;
	size_t		n;
	size_t		cap;
};

/* Code of a unit of the index, or of a function of a unit. */
struct code_range {
	uint64_t	start;
	uint64_t	end;
	uint32_t	of;
};

struct code_ranges_of {
	struct code_range *v;		/* by their start */
	size_t		n;
	size_t		cap;
};

/* What was compiled at once. */
struct code_unit {
	Dwarf_Off	die;
	bool		read;		/* its functions are known */
	struct code_ranges_of ranges;	/* of functions */
	struct code_function *v;
	size_t		n;
	size_t		cap;
};

struct code_index {
	Dwarf		*dwarf;
	struct code_ranges_of ranges;	/* of units */
	struct code_unit *v;
	size_t		n;
	size_t		cap;
	size_t		entries;	/* in all, which are limited */
};

void code_index_begin(struct code_index *x, Dwarf *dwarf);
struct code_unit *code_index_unit(struct code_index *x, uint64_t address);
struct code_function *code_index_function(struct code_index *x, struct code_unit *unit,
					  uint64_t address);
void code_index_free(struct code_index *x);

#endif
