/* SPDX-License-Identifier: GPL-2.0 */
/* What was measured of a machine in a while, and the rows that the rules make of it. */
#ifndef OBSCTL_TRIAGE_FACTS_H
#define OBSCTL_TRIAGE_FACTS_H

#include "cmd/triage/machine.h"
#include "cmd/triage/rules.h"
#include "lib/map.h"

struct fact {
	enum metric	metric;
	const char	*subject;	/* "" for the whole of the resource */
	const char	*evidence;
	double		value;
};

struct facts {
	struct fact	*v;
	size_t		n;
	size_t		cap;
	struct pool	texts;
};

/* A resource, or one of its kind, with the fact of each aspect that is closest to its limit. */
struct triage_row {
	enum resource	resource;
	const char	*subject;
	const struct fact *fact[NR_ASPECTS];	/* or NULL */
	const struct fact *worst;
	double		excess;		/* of the worst, as a part of its limit */
	unsigned int	rank;		/* of the worst, if it is crossed */
	bool		crossed;
	bool		problem;
	const struct fact *cause;	/* the worst of the row that it follows from; or NULL */
};

struct triage_rows {
	struct triage_row *v;
	size_t		n;
	size_t		cap;
	size_t		problems;
};

/* A process that ran, of those that ran most. */
struct busy {
	uint64_t	pid;
	const char	*comm;
	double		user;		/* percent of a CPU */
	double		system;
	double		faults;		/* major ones, per second */
	uint64_t	threads;
};

/* facts.c */
void facts_add(struct facts *f, enum metric m, const char *subject, double value,
	       const char *fmt, ...) PRINTF(5, 6);
void facts_find(struct facts *f, const struct machine *a, const struct machine *b,
		const struct slab_reading *v, size_t n);
void facts_free(struct facts *f);

/* facts_cpu.c */
void facts_cpu(struct facts *f, const struct machine *a, const struct machine *b);
void facts_hot(struct facts *f, const struct machine *a, const struct machine *b);
void facts_slow(struct facts *f, const struct machine *a, const struct machine *b);
void facts_irq(struct facts *f, const struct machine *a, const struct machine *b);

/* facts_memory.c */
void facts_memory(struct facts *f, const struct machine *a, const struct machine *b);
void facts_cgroups(struct facts *f, const struct machine *a, const struct machine *b);
void facts_slab(struct facts *f, const struct machine *a, const struct machine *b,
		const struct slab_reading *v, size_t n);

/* facts_io.c */
void facts_disks(struct facts *f, const struct machine *a, const struct machine *b);
void facts_net(struct facts *f, const struct machine *a, const struct machine *b);

/* facts_limits.c */
void facts_limits(struct facts *f, const struct machine *b);
void facts_blocked(struct facts *f, const struct machine *a, const struct machine *b);

/* busy.c */
const struct task *task_before(const struct machine *a, const struct task *t, size_t hint);
size_t busy_find(const struct machine *a, const struct machine *b, struct busy *out, size_t max);

/* rows.c */
void rows_make(struct triage_rows *rows, const struct facts *f, const struct limits *l);
void rows_evidence(const struct triage_row *row, const struct facts *f, const struct limits *l,
		   struct buf *out);
void rows_crossed(const struct triage_row *row, const struct facts *f, const struct limits *l,
		  struct strings *names);
void rows_sentence(const struct triage_rows *rows, const struct facts *f, const struct limits *l,
		   struct buf *out);
void rows_free(struct triage_rows *rows);

static inline double percent(double part, double whole)
{
	return whole > 0 ? part * 100 / whole : 0;
}

static inline double seconds_between(const struct machine *a, const struct machine *b)
{
	return (double)grown(a->time, b->time) / 1e9;
}

#endif
