/* SPDX-License-Identifier: GPL-2.0 */
/* obsctl mem refs: what its files share. */
#ifndef OBSCTL_MEM_REFS_H
#define OBSCTL_MEM_REFS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/buf.h"
#include "lib/map.h"
#include "lib/opts.h"
#include "proto/model.h"

struct out;
struct ref_puts;
struct report;
struct report_kind;
struct row;
struct verb;

/* Functions by what they do (enum kobs_refs_role). */
#define REFS_ROLES	4

/* Options of mem refs alone. */
struct refs_opts {
	struct strings	functions[REFS_ROLES];
	const char	*cache;
	struct strings	sites;
};

/* Objects whose functions are known: words of the options, with spaces between them. */
struct refs_preset {
	const char	*name;
	const char	*doc;
	const char	*functions[REFS_ROLES];
	const char	*inlined;	/* what is not there, with its verb */
	const char	*outer;		/* function that may call another one for what it takes */
};

/* Code of a function, or of one place in it. */
struct refs_range {
	uint64_t	start;
	uint64_t	end;		/* 0: not found yet; at the start: there is none */
	const char	*module;
};

struct refs_code {
	struct refs_range *v;
	size_t		n;
	size_t		cap;
	struct pool	modules;	/* memory of their names */
};

/* The functions of a session. */
struct refs_functions {
	struct numbers	points;
	struct numbers	code;
	size_t		programs;
	struct refs_code outer;		/* those that call others for what they take */
	bool		takes;
	bool		gives;
};

/* refs_presets.c */
extern const struct refs_preset refs_presets[];
extern const size_t nr_refs_presets;
const struct refs_preset *refs_preset_find(const char *name);
int refs_preset_refuse(const char *name);
void refs_presets_help(const struct verb *verb, FILE *to);

/* refs_functions.c */
int refs_split(const char *word, char **function, const char **expression);
int refs_add(struct refs_functions *f, unsigned int role, const struct strings *words);
int refs_add_preset(struct refs_functions *f, const struct refs_preset *preset);
void refs_functions_free(struct refs_functions *f);

/* refs_code.c */
void refs_code_add(struct refs_code *c, uint64_t start, const char *module);
int refs_code_end(struct refs_code *c);
void refs_code_put(struct refs_code *c, struct numbers *out);
void refs_code_free(struct refs_code *c);

/* refs_sites.c */
int refs_site_split(const char *word, char **pattern, bool *has_offset, uint64_t *offset);
int refs_find_sites(const struct strings *words, struct numbers *text);
void refs_name_sites(const struct strings *words, struct buf *out);

/* refs_puts.c */
void refs_puts_take(struct report *r);
void refs_puts_restore(struct report *r);
void refs_puts_json(struct report *r, struct out *o, const struct row *row);
void refs_puts_print(struct report *r, struct out *o);
void refs_puts_free(struct ref_puts *p);

/* refs_report.c */
extern const struct report_kind mem_refs_report;

/* refs.c */
int mem_refs(const struct verb *verb, const struct opts *o);
int mem_check_refs(const struct verb *verb, const struct opts *o);

#endif
