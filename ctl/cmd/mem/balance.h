/* SPDX-License-Identifier: GPL-2.0 */
/* Where all of the machine's memory is. */
#ifndef OBSCTL_MEM_BALANCE_H
#define OBSCTL_MEM_BALANCE_H

#include "cmd/mem/procmem.h"

/* A part of MemTotal. */
struct balance_item {
	const char	*name;
	const char	*doc;
	const char	*plus[3];	/* names of numbers, up to NULL */
	const char	*minus[2];
	bool		given_back;	/* free, or the kernel takes it back when it needs it */
	const char	*next;		/* command that says more; NULL for none */
};

extern const struct balance_item balance_items[];
extern const size_t nr_balance_items;

/* The last of the items: what is in none of the others. */
#define BALANCE_REST	(nr_balance_items - 1)

int64_t balance_bytes(const struct mem_values *m, size_t item);

#endif
