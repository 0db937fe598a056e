/* SPDX-License-Identifier: GPL-2.0 */
/* The longest of what a report has one by one, below its rows. */
#ifndef OBSCTL_LONGEST_H
#define OBSCTL_LONGEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct out;
struct view;

/* Each is kept as JSON has it, which is also what a saved report has, and what text is made of. */
struct longest {
	struct longest_item {
		uint64_t	ns;
		json_t		*json;
	} *v;
	size_t		n;
	size_t		cap;
	size_t		most;		/* that are kept */
	size_t		sorted;		/* how many of the first are; the rest came later */
	uint64_t	left_out;
};

/* What they are in a report. */
struct longest_kind {
	const char	*key;		/* in JSON; with _left_out, how many are not there */
	const char	*ns;		/* their time */
	const char	*title;		/* above them, as text */
	const char	*option;	/* that keeps more */
	void		(*print)(const json_t *item, struct out *o);
};

bool longest_wants(struct longest *l, uint64_t ns);
void longest_keep(struct longest *l, uint64_t ns, json_t *json);
void longest_load(struct longest *l, const struct longest_kind *kind, const json_t *root);
void longest_print(struct longest *l, const struct longest_kind *kind, struct out *o, bool shown);
void longest_free(struct longest *l);

/* What makes them, and what is read of them. */
void longest_set_number(json_t *to, const char *key, uint64_t value);
void longest_set_text(json_t *to, const char *key, const char *text);
void longest_set_thread(json_t *to, const char *pid, const char *tid, uint64_t id);
void longest_set_column(json_t *to, struct view *v, size_t c, const uint64_t *keys);
const char *longest_text(const json_t *from, const char *key);
uint64_t longest_number(const json_t *from, const char *key);
void longest_print_thread(const json_t *from, const char *pid, const char *tid, struct buf *to);
void longest_print_json(struct out *o, const char *key, json_t *value);
void longest_print_stack(const json_t *stack, struct out *o);

#endif
