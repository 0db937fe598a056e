/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel says, as plain structures. */
#ifndef OBSCTL_MODEL_H
#define OBSCTL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kobs.h"
#include "lib/buf.h"
#include "lib/map.h"

struct nl;

/* A further number of each row of a mode. */
struct figure {
	char		*name;
	char		*doc;
	char		*unit;
	uint32_t	type;
	uint32_t	merge;
};

struct mode {
	char		*name;
	char		*doc;
	char		*value;		/* NULL when hits are only counted */
	char		*unit;
	char		*reason;
	bool		stream;
	bool		available;
	struct figure	*figures;
	size_t		nr_figures;
	size_t		cap_figures;
};

struct column {
	char		*name;
	char		*doc;
	char		*unit;
	uint32_t	type;
};

struct param {
	char		*name;
	char		*doc;
	char		*unit;
	char		*text;
	uint64_t	number;
	uint64_t	min;
	uint64_t	max;
	uint64_t	def;
	uint32_t	type;
	size_t		addresses;	/* how many */
};

struct source {
	char		*name;
	char		*doc;
	char		*reason;
	char		*version;
	bool		available;
	struct mode	*modes;
	size_t		nr_modes;
	size_t		cap_modes;
	struct column	*columns;
	size_t		nr_columns;
	size_t		cap_columns;
	struct param	*params;
	size_t		nr_params;
	size_t		cap_params;
};

struct sources {
	struct source	*v;
	size_t		n;
	size_t		cap;
};

struct lost {
	char		*reason;
	char		*doc;
	uint64_t	count;
};

/* A number of the source's own that tells how a session went. */
struct session_note {
	char		*name;
	char		*doc;
	uint64_t	number;
};

struct kept_out {
	char		*reason;
	uint64_t	address;
	bool		denied;
};

/* Which hits count; a kind without items lets all of them through. */
struct filter {
	struct numbers	pids;
	struct numbers	tids;
	struct numbers	cpus;
	struct strings	comms;
	struct numbers	cgroups;
	struct strings	cgroup_names;	/* of a saved report, which has no numbers */
	uint64_t	min;		/* in the unit of the mode's value; 0 for none */
};

struct session {
	uint32_t	id;
	uint32_t	state;
	uint32_t	owner;
	uint32_t	owner_pid;
	uint32_t	targets;
	uint32_t	rows;
	uint32_t	rows_max;
	uint32_t	stacks;
	uint32_t	stacks_max;
	uint64_t	stacks_cached;
	uint64_t	stacks_unwound;
	uint64_t	stacks_checked;
	uint64_t	stacks_wrong;
	char		*source;
	char		*mode;
	char		*name;		/* NULL unless detached */
	char		*stop_reason;
	uint64_t	created;
	uint64_t	duration;
	uint64_t	hits;
	uint64_t	recorded;
	uint64_t	filtered;
	uint64_t	own;
	uint64_t	hits_timed;
	uint64_t	cost;
	uint64_t	calls;		/* of handlers that were no hits */
	uint64_t	calls_timed;
	uint64_t	calls_cost;
	uint64_t	memory;
	struct strings	by;
	struct filter	filter;
	struct param	*params;
	size_t		nr_params;
	size_t		cap_params;
	struct lost	*lost;
	size_t		nr_lost;
	size_t		cap_lost;
	struct session_note *notes;
	size_t		nr_notes;
	size_t		cap_notes;
	uint32_t	untraceable;
	uint32_t	denied;
	struct kept_out	*kept_out;
	size_t		nr_kept_out;
	size_t		cap_kept_out;
};

struct sessions {
	struct session	*v;
	size_t		n;
	size_t		cap;
};

/* A parameter to set: addresses if there are any, else text, else number. */
struct setting {
	const char	*name;
	const char	*text;
	uint64_t	number;
	const struct numbers *addresses;
};

/* What session-new is asked for. */
struct request {
	const char	*source;
	const char	*mode;
	struct strings	by;
	struct filter	filter;
	struct setting	*settings;
	size_t		nr_settings;
	size_t		cap_settings;
};

struct bucket {
	uint64_t	lo;
	uint64_t	hi;
	uint64_t	count;
};

/*
 * A row; its key is nr_keys numbers of the table's keys: a number, an address,
 * the identifier of a stack, or the pointer of a text in the table's pool. The
 * mode's further numbers follow its key.
 */
struct row {
	uint64_t	count;
	uint64_t	sum;
	uint64_t	min;
	uint64_t	max;
	size_t		key;		/* index into table.keys */
	struct bucket	*buckets;
	size_t		nr_buckets;
	size_t		cap_buckets;
};

struct stack {
	uint32_t	id;
	uint32_t	pid;		/* 0 for a kernel stack */
	uint32_t	nr;
	uint64_t	addr[];		/* leaf first */
};

/*
 * Takes the name that an address had when it was recorded, of a column of a
 * type. Returns the number that stands for both.
 */
typedef uint64_t (*tell_fn)(void *arg, uint32_t type, uint64_t address, const char *text);

/* A row of the kernel's, whose live objects can be asked for. */
struct row_group {
	uint32_t	group;
	size_t		key;		/* index into table.keys */
};

/* What it says further of a row: of a kernel stack that has to do with it. */
struct row_more {
	uint64_t	stack;
	uint64_t	count;
	size_t		key;		/* index into table.keys: the row's, and further numbers */
};

struct table {
	size_t		nr_keys;
	uint32_t	*types;		/* of each key column */
	size_t		nr_figures;
	uint32_t	*merges;	/* of each further number */
	struct row	*rows;
	size_t		nr_rows;
	size_t		cap_rows;
	uint64_t	*keys;
	size_t		nr_key_words;
	size_t		cap_key_words;
	struct row_group *groups;
	size_t		nr_groups;
	size_t		cap_groups;
	struct row_more	*more;
	size_t		nr_more;
	size_t		cap_more;
	uint32_t	*index;		/* hash of keys to row + 1 */
	size_t		index_size;
	struct map	stacks;		/* id to struct stack */
	struct pool	texts;
	bool		has_hist;
	tell_fn		tell;		/* NULL when names do not matter */
	void		*tell_arg;
};

/* A word of an object that points somewhere. */
struct object_pointer {
	uint32_t	offset;
	uint32_t	kind;		/* KOBS_POINTER_SYMBOL and so on */
	uint64_t	value;
	uint64_t	start;		/* of what it points to; 0 where that is unknown */
	uint32_t	tid;		/* of a stack's task */
	char		*text;		/* NULL without a name */
};

/* A live object, and what it holds. */
struct object {
	uint64_t	address;
	uint64_t	size;
	uint64_t	age;
	uint32_t	state;		/* KOBS_CONTENTS_READ and so on */
	uint32_t	cpu;
	bool		each_cpu;	/* it is what @cpu has of it */
	bool		interrupt;	/* allocated it */
	uint32_t	pid;
	uint32_t	tid;
	char		*comm;		/* of the task that allocated it; or NULL */
	uint8_t		*data;
	size_t		len;
	struct object_pointer *pointers;
	size_t		nr_pointers;
	size_t		cap_pointers;
	uint32_t	more;		/* pointers beyond these */
};

struct objects {
	struct object	*v;
	size_t		n;
	size_t		cap;
};

/* One record; valid during the call that hands it over. */
struct event {
	uint64_t	time;
	uint64_t	value;
	uint32_t	cpu;
	bool		has_value;
	const uint64_t	*numbers;
	size_t		nr_numbers;
	const char	*const *texts;
	size_t		nr_texts;
	const void	*data;		/* words that may lie anywhere; NULL without */
	size_t		nr_data;
};

/* What a stream's message said, beside its events. */
struct batch {
	uint32_t	session;
	uint32_t	cpu;
	uint64_t	lost;
	uint64_t	until;
	bool		has_cpu;
	bool		has_until;
};

struct nlmsghdr;
/* What a message of records is handed to, in its order. */
struct event_ops {
	void		(*event)(const struct event *ev, void *arg);
	/* The name of an address in the records after it. */
	void		(*name)(uint64_t address, const char *text, void *arg);
	void		*arg;
};

int model_get_sources(struct nl *nl, struct sources *out);
const struct source *model_find_source(const struct sources *s, const char *name);
const struct mode *model_find_mode(const struct source *s, const char *name);
const char *model_unit(const struct mode *m);
bool model_has_filter(const struct filter *f);
void model_free_filter(struct filter *f);
const struct column *model_find_column(const struct source *s, const char *name);
void model_free_sources(struct sources *s);

int model_session_new(struct nl *nl, const struct request *req, struct session *out);
int model_session_start(struct nl *nl, uint32_t id, const char *name, struct session *out);
int model_session_stop(struct nl *nl, uint32_t id, struct session *out);
int model_session_get(struct nl *nl, uint32_t id, const char *name, struct session *out);
int model_session_del(struct nl *nl, struct session *s);
void model_session_drop(struct nl *nl, struct session *s);
int model_get_sessions(struct nl *nl, struct sessions *out);
void model_add_loss(struct session *s, const char *reason, const char *doc, uint64_t count);
void model_lose_undelivered(struct session *s, uint64_t came);
const struct session_note *model_note(const struct session *s, const char *name);
uint64_t model_note_number(const struct session *s, const char *name);
void model_add_note(struct session *s, const char *name, const char *doc, uint64_t number);
void model_free_session(struct session *s);
void model_free_sessions(struct sessions *s);
void model_free_request(struct request *req);
void model_set_number(struct request *req, const char *name, uint64_t number);
void model_set_text(struct request *req, const char *name, const char *text);
void model_set_addresses(struct request *req, const char *name, const struct numbers *addresses);

int model_get_table(struct nl *nl, uint32_t session, struct table *t);
int model_get_objects(struct nl *nl, uint32_t session, uint32_t group, uint32_t most,
		      uint32_t bytes, struct objects *out);
void model_free_objects(struct objects *o);
int model_get_stacks(struct nl *nl, uint32_t session, struct table *t);
int model_get_stack(struct nl *nl, uint32_t session, uint32_t id, struct table *t);
void model_init_table(struct table *t, const uint32_t *types, size_t nr_keys,
		      const struct mode *mode);
void model_empty_table(struct table *t);
void model_free_table(struct table *t);

int model_message_command(struct nlmsghdr *msg);
void model_parse_batch(struct nlmsghdr *msg, struct batch *b);
const char *model_parse_events(struct nlmsghdr *msg, const struct batch *b,
			       const struct event_ops *ops);
const char *model_parse_session(struct nlmsghdr *msg, struct session *out);

static inline bool type_is_stack(uint32_t type)
{
	return type == KOBS_TYPE_KSTACK || type == KOBS_TYPE_USTACK;
}

/* Whether an address of this type can have a name. */
static inline bool type_has_name(uint32_t type)
{
	return type == KOBS_TYPE_FUNCTION || type == KOBS_TYPE_ADDRESS ||
	       type == KOBS_TYPE_OBJECT;
}

/* table.c: rows, merged by key */
struct row *table_find(const struct table *t, const uint64_t *key);
struct row *table_append(struct table *t, const uint64_t *key);
struct row *table_row(struct table *t, const uint64_t *key);
uint64_t *table_figures(const struct table *t, const struct row *row);
void table_add(struct table *t, struct row *row, const struct row *part, const uint64_t *figures);
void table_note_group(struct table *t, const struct row *row, uint32_t group);
void table_add_more(struct table *t, const uint64_t *key, const struct row_more *more,
		    const uint64_t *figures);
void table_add_bucket(struct row *row, const struct bucket *b);
void table_merge_stacks(struct table *t);
void table_swap_rows(struct table *a, struct table *b);

#endif
