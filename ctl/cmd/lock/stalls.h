/* SPDX-License-Identifier: GPL-2.0 */
/* Stalls: chains of waits, out of a stream's records. */
#ifndef OBSCTL_STALLS_H
#define OBSCTL_STALLS_H

#include "run/stream.h"

#define STALLS_LINKS	8	/* of a chain, as the kernel follows them */

/* What a record's columns are to a chain. */
enum stalls_column {
	STALLS_LINK, STALLS_N_LINKS, STALLS_COMM, STALLS_PID, STALLS_TID, STALLS_STACK,
	STALLS_LOCK, STALLS_KIND, STALLS_OWNER, STALLS_OWNER_PID, STALLS_OWNER_TID,
	STALLS_OWNER_STACK, STALLS_CACHE, STALLS_COLUMNS
};

/* A record: a wait of a chain. */
struct stalls_link {
	uint64_t	time;
	uint64_t	waited;
	uint64_t	v[STALLS_COLUMNS];
};

struct stalls {
	size_t		column[STALLS_COLUMNS];	/* of a record, plus one */
	struct stalls_link link[STALLS_LINKS];
	size_t		n;		/* links of the chain that is being read */
	uint64_t	seen;		/* chains printed */
};

/* stalls.c */
void stalls_print_chain(struct trace *t, struct stalls *s);
void stalls_print_blocked(struct trace *t, const struct stalls_link *l);
size_t stalls_record(struct trace *t, uint32_t cpu, const uint64_t *rec);

#endif
