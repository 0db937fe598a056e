/* SPDX-License-Identifier: GPL-2.0 */
/* What the verbs of 'obsctl mem' share. */
#ifndef OBSCTL_MEM_H
#define OBSCTL_MEM_H

#include "cli/noun.h"
#include "lib/buf.h"

struct output;
struct report;

/* Options of mem alone. */
struct mem_opts {
	const char	*kind;		/* NULL for the first one */
	const char	*module;
};

int mem_growth(const struct verb *verb, const struct opts *o);

/* growth_saved.c */
int mem_growth_show(struct report *r, const struct output *to);

/* functions.c */
bool mem_is_page_helper(const char *name);
bool mem_is_page_owner(const char *name);
void mem_find_page_helpers(struct numbers *out);
void mem_find_page_owners(struct numbers *out);
void mem_find_percpu_helpers(struct numbers *out);
void mem_find_vmalloc_helpers(struct numbers *out);

#endif
