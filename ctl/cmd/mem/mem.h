/* SPDX-License-Identifier: GPL-2.0 */
/* What the verbs of 'obsctl mem' share. */
#ifndef OBSCTL_MEM_H
#define OBSCTL_MEM_H

#include "cli/noun.h"
#include "cmd/mem/dump.h"
#include "cmd/mem/refs.h"
#include "lib/buf.h"
#include "proto/model.h"

struct output;
struct out;
struct report;
struct rss_series;

/* Options of mem alone. */
struct mem_opts {
	const char	*kind;		/* NULL for all of them */
	const char	*module;
	struct strings	libs;
	bool		maps;
	bool		passive;
	struct dump_opts dump;
	struct refs_opts refs;
};

/* The kinds of memory, by the order in which the report of all of them names them. */
enum { MEM_SLAB, MEM_PAGE, MEM_VMALLOC, MEM_PERCPU, MEM_KINDS };

/* A kind of memory that 'leaks' follows, with a source of the module. */
struct mem_kind {
	const char	*name;
	const char	*group;		/* column that the verdict looks at; or NULL */
	const char	*one;		/* what is counted */
	const char	*many;
	const struct report_kind *report;
	void		(*helpers)(struct numbers *out);
};

/* The code of a request for one. */
struct mem_code {
	struct numbers	helpers;
	struct numbers	owners;
};

/* kinds.c */
extern const struct mem_kind mem_kinds[MEM_KINDS];
const struct mem_kind *mem_kind_find(const char *name);
void mem_give_code(struct request *req, const struct mem_kind *kind, struct mem_code *code,
		   bool areas, bool percpu);
void mem_free_code(struct mem_code *code);

int mem_growth(const struct verb *verb, const struct opts *o);

/* growth_saved.c */
int mem_growth_show(struct report *r, const struct output *to);
/* all.c */
int mem_leaks_all(const struct opts *o);
/* user_saved.c */
void user_print_passive(const struct rss_series *s, const struct numbers *pids, uint64_t duration,
			bool interim, struct out *o);
int mem_user_show(struct report *r, const struct output *to);
/* user.c */
int mem_user(const struct verb *verb, const struct opts *o);
int mem_check_user(const struct verb *verb, const struct opts *o);

/* functions.c */
bool mem_is_page_helper(const char *name);
bool mem_is_page_owner(const char *name);
void mem_find_page_helpers(struct numbers *out);
void mem_find_page_owners(struct numbers *out, bool areas, bool percpu);
void mem_find_percpu_helpers(struct numbers *out);
void mem_find_vmalloc_helpers(struct numbers *out);

#endif
