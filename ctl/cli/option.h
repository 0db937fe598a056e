/* SPDX-License-Identifier: GPL-2.0 */
/* Options as tables: what one is called, what it takes, and where that goes. */
#ifndef OBSCTL_OPTION_H
#define OBSCTL_OPTION_H

#include "lib/macros.h"
#include "lib/opts.h"

struct opt;

/* How a value is read. */
struct opt_type {
	/* Returns whether the value is what "allowed" says; @to is where it goes. */
	bool		(*take)(const struct opt *opt, const char *value, struct opts *o, void *to);
	void		(*release)(void *to);	/* frees what take() made; may be NULL */
	const char	*allowed;
	/* Numbers that follow as words of their own belong to it, as in -p $(pidof sh). */
	bool		several;
	bool		checks;	/* take() checks words, too: an option's values are examples */
};

extern const struct opt_type opt_switch;
extern const struct opt_type opt_text;
extern const struct opt_type opt_file;
extern const struct opt_type opt_path;		/* a file, and never standard output */
extern const struct opt_type opt_texts;		/* with commas between them */
extern const struct opt_type opt_comms;		/* the same, also as ps prints them */
extern const struct opt_type opt_cgroups;	/* control groups, which are looked up */
extern const struct opt_type opt_whole;		/* a list that something else takes apart */
extern const struct opt_type opt_list;
extern const struct opt_type opt_ranges;
extern const struct opt_type opt_number;
extern const struct opt_type opt_time;
extern const struct opt_type opt_duration;
extern const struct opt_type opt_limit_number;
extern const struct opt_type opt_limit_time;
extern const struct opt_type opt_limit_bytes;
extern const struct opt_type opt_limit_change;
extern const struct opt_type opt_param;
extern const struct opt_type opt_param_switch;
extern const struct opt_type opt_param_time;
extern const struct opt_type opt_param_bytes;
extern const struct opt_type opt_param_ms;
extern const struct opt_type opt_hist;

struct opt {
	const char	*name;
	char		letter;			/* 0 without a short form */
	const char	*arg;			/* NULL for a switch */
	const char	*doc;
	const struct opt_type *type;
	size_t		offset;			/* of where the value goes */
	const char	*allowed;		/* NULL for what the type says */
	uint64_t	max;
	const char	*param;			/* name of the kernel's parameter */
	uint64_t	value;			/* of a parameter that is a switch; 0 for 1 */
	const char *const *values;		/* all there are, up to NULL; or NULL */
	/* Refuses a word that others take; returns 0 for what nobody does. May be NULL. */
	int		(*unfit)(const struct opt *opt, const char *word);
};

/* Options that a verb takes together. */
struct opt_group {
	const char	*name;			/* NULL for a noun's own */
	const char	*section;		/* title that help prints above them */
	const struct opt *v;
	size_t		n;
	bool		own;			/* offsets are in the noun's own struct */
	/* Combinations that contradict each other; may be NULL. */
	int		(*check)(const struct opts *o);
};

#define OPT_GROUP(options)	.v = (options), .n = ARRAY_SIZE(options)
#define OPT_OWN(options)	.own = true, .section = NULL, OPT_GROUP(options)
#define OPT_AT(member)		.offset = offsetof(struct opts, member)
#define OPT_OWN_AT(type, member) .offset = offsetof(type, member)

/* Options that mean the same for every verb that takes them. */
extern const struct opt_group group_filter;
extern const struct opt_group group_min;
extern const struct opt_group group_by;
extern const struct opt_group group_hist;
extern const struct opt_group group_run;
extern const struct opt_group group_max_lost;
extern const struct opt_group group_interval;
extern const struct opt_group group_detach;
extern const struct opt_group group_top;
extern const struct opt_group group_records;
extern const struct opt_group group_json;
extern const struct opt_group group_folded;	/* with the formats of stacks: cmd/formats.c */
extern const struct opt_group group_flame;
extern const struct opt_group group_frames;
extern const struct opt_group group_html;
extern const struct opt_group group_output;
extern const struct opt_group group_over_count;
extern const struct opt_group group_over_time;
extern const struct opt_group group_waits;
extern const struct opt_group group_rows;
extern const struct opt_group group_stacks;
extern const struct opt_group group_ring;
extern const struct opt_group group_verbose;
extern const struct opt_group group_help;	/* of every verb, without being named */

#endif
