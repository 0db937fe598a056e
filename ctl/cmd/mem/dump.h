/* SPDX-License-Identifier: GPL-2.0 */
/* What the oldest live objects of a site hold: --dump of the verbs 'leaks'. */
#ifndef OBSCTL_DUMP_H
#define OBSCTL_DUMP_H

#include <jansson.h>

#include "proto/model.h"
#include "report/report.h"
#include "run/run.h"

#define DUMP_MOST	64		/* objects of a site */
#define DUMP_BYTES	256		/* of an object, unless others are asked for */
#define DUMP_BYTES_MOST	4096

/* The options. */
struct dump_opts {
	struct opt_number most;
	struct opt_number bytes;
};

/* What their rows say, in the tables of the two nouns. */
#define DUMP_DOC	"what the N oldest live objects of each site that leaks hold: bytes, and what they point to"
#define DUMP_ALLOWED	"a number from 1 to 64"
#define DUMP_BYTES_DOC	"with --dump, the first N bytes of each object (default: 256)"
#define DUMP_BYTES_ALLOWED "a number of bytes from 1 to 4096"

/* A site, and which of the objects are its own. */
struct dump_site {
	char		*kind;		/* of memory */
	char		*site;		/* what the row says of it */
	size_t		first;
	size_t		n;
};

struct dump {
	const struct dump_opts *asked;
	const struct opts *opts;
	struct objects	all;
	struct dump_site *sites;
	size_t		nr_sites;
	size_t		cap_sites;
	char		*refused;	/* why some, or all, are not known; or NULL */
};

/* An object that points to another one of the list. */
struct dump_link {
	size_t		from;
	uint32_t	offset;		/* of the pointer */
	size_t		to;
	uint64_t	at;		/* where it points, from the other's begin */
	bool		begins;		/* a chain begins with it */
	bool		known;		/* the other one is in a chain before */
};

struct dump_links {
	struct dump_link *v;
	size_t		n;
	size_t		cap;
};

enum dump_rows {
	DUMP_LEAKS,			/* those with the verdict leak */
	DUMP_LIVE,			/* those with live objects */
	DUMP_FIRST,			/* the first of these */
};

/* dump.c */
int dump_misuse(const struct dump_opts *d, const struct opts *o);
void dump_ask(const struct dump_opts *d, struct request *req);
void dump_follow(struct dump *d, struct run_spec *spec, const struct dump_opts *asked,
		 const struct opts *o);
bool dump_has_leaks(const struct report *r);
int dump_take(struct dump *d, struct nl *nl, struct report *r, enum dump_rows which);
struct dump_site *dump_add_site(struct dump *d, const char *kind, const char *site);
void dump_free(struct dump *d);

/* dump_chain.c */
size_t dump_target(const struct dump *d, uint64_t value, uint64_t *at);
void dump_find_links(const struct dump *d, struct dump_links *links);

/* dump_text.c */
const char *dump_state_name(uint32_t state);
const char *dump_pointer_name(uint32_t kind);
void dump_add_bytes(const uint8_t *data, size_t len, struct strings *lines);
void dump_add_pointer(const struct dump *d, size_t object, const struct object_pointer *p,
		      struct buf *out);

/* dump_print.c */
void dump_print(const struct dump *d, struct out *o);

/* dump_saved.c */
struct dump *dump_restore(const json_t *root);

#endif
