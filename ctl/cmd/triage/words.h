/* SPDX-License-Identifier: GPL-2.0 */
/* The words of triage's report, of a machine or a file. */
#ifndef OBSCTL_TRIAGE_WORDS_H
#define OBSCTL_TRIAGE_WORDS_H

#include "cmd/triage/rules.h"
#include "proto/model.h"
#include "report/writer.h"

struct triage_head {
	const char	*kernel;
	uint64_t	duration;
	uint64_t	cpus;
	uint64_t	threads;
	uint64_t	problems;
	bool		all;		/* rows of all resources of a kind are shown */
};

/* In percent of the time, and the times themselves. */
struct triage_pressure {
	const char	*resource;
	double		some;
	double		full;
	double		avg10;
	uint64_t	some_us;
	uint64_t	full_us;
};

struct triage_value {
	const char	*name;		/* of the threshold; NULL where there is no value */
	double		value;
	double		limit;
	enum triage_unit unit;
};

struct triage_line {
	const char	*resource;
	const char	*subject;	/* "" for the whole of the resource */
	struct triage_value value[NR_ASPECTS];
	const char	*verdict;
	bool		problem;
	const char	*follows;	/* resource that it follows from; or NULL */
	const struct strings *crossed;	/* thresholds; NULL in text */
	const char	*evidence;
	const char	*next;		/* NULL unless something is crossed */
};

struct triage_process {
	const char	*comm;
	uint64_t	pid;
	double		user;
	double		system;
	uint64_t	threads;
	double		faults;
};

/* System calls of a process. */
struct triage_service {
	double		calls;		/* per second */
	double		errors;
	uint64_t	p99;
	bool		any;		/* there were some */
};

void triage_print_head(struct out *o, const struct triage_head *h);
void triage_print_pressure(struct out *o, const struct triage_pressure *p);
bool triage_shows(const struct triage_line *l, bool all, struct strings *told);
void triage_print_line(struct out *o, const struct triage_line *l);
void triage_print_left(struct out *o, size_t rows);
void triage_print_sentence(struct out *o, const char *text);
void triage_print_process(struct out *o, const struct triage_process *p);
void triage_print_service(struct out *o, const struct triage_service *s);
void triage_print_session(struct out *o, const char *name, const struct session *s,
			  const double *cost);
void triage_print_equation(struct out *o);
void triage_print_missing(struct out *o, const struct strings *missing);
enum triage_unit triage_unit_of(const char *name);

#endif
