/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The contract of a source: what it offers (modes, columns, fields, parameters,
 * reasons of loss) and the operations that a session calls. A source is one
 * constant struct kobs_source; netlink reports its tables, so that a client
 * needs to know no source by name.
 */
#ifndef KOBS_SOURCE_H
#define KOBS_SOURCE_H

#include <linux/bits.h>
#include <linux/types.h>
#include <uapi/kobs.h>
#include "lib/counters.h"
#include "lib/param.h"
#include "lib/table.h"

struct kobs_census;
struct kobs_code;
struct kobs_replace;
struct kobs_session;
struct netlink_ext_ack;

/*
 * A hit is described by an array of words: the first hold the context columns,
 * those from KOBS_W_SOURCE on the columns of the source.
 */
enum kobs_word {
	KOBS_W_CPU,
	KOBS_W_PID,
	KOBS_W_TID,
	KOBS_W_COMM,
	KOBS_W_CGROUP = KOBS_W_COMM + 2,
	KOBS_W_KSTACK,
	KOBS_W_USTACK,
	KOBS_W_SOURCE,
	/* A key holds up to KOBS_KEY_WORDS of them. */
	KOBS_WORDS = 28
};

/* The words that have the same value in every handler of a hit. */
#define KOBS_W_WHO	(BIT(KOBS_W_CPU) | BIT(KOBS_W_PID) | \
			 BIT(KOBS_W_TID) | BIT(KOBS_W_COMM) | \
			 BIT(KOBS_W_CGROUP))
#define KOBS_W_STACKS	(BIT(KOBS_W_KSTACK) | BIT(KOBS_W_USTACK))

/* Maximum number of words of a column. */
#define KOBS_TEXT_WORDS	4

/**
 * struct kobs_column - a column, of which a session chooses some for its key
 * @name: its name
 * @doc: its meaning, in one line
 * @type: type of its value
 * @unit: unit of a number, or NULL
 * @word: its first word in a hit
 * @words: number of words; 1, for texts up to KOBS_TEXT_WORDS
 * @by_stack: the source derives it from the kernel stack
 * @interned: the source keeps it in the stack table
 */
struct kobs_column {
	const char *name;
	const char *doc;
	enum kobs_type type;
	const char *unit;
	u8 word;
	u8 words;
	bool by_stack;
	bool interned;
};

/* Whether the column's value is an address that can have a name. */
static inline bool kobs_column_has_name(const struct kobs_column *c)
{
	return c->type == KOBS_TYPE_FUNCTION || c->type == KOBS_TYPE_ADDRESS ||
	       c->type == KOBS_TYPE_OBJECT;
}

/**
 * struct kobs_field - an additional number of each row of a mode
 * @name: its name
 * @doc: its meaning, in one line
 * @type: KOBS_TYPE_NUMBER, or KOBS_TYPE_ADDRESS
 * @unit: unit of a number, or NULL
 * @merge: how to combine the per-CPU parts of a row
 */
struct kobs_field {
	const char *name;
	const char *doc;
	enum kobs_type type;
	const char *unit;
	enum kobs_merge merge;
};

/**
 * struct kobs_mode - a mode of operation of a source
 * @name: its name
 * @doc: its purpose, in one line
 * @value: name of the value, or NULL when hits are only counted
 * @unit: unit of the value
 * @stream: hits become records; otherwise rows of a table
 * @data: records have data beside their columns, and no value
 * @own_rows: the source keeps the rows itself and has an operation rows
 * @by: default columns of the key, separated by commas
 * @fields: additional numbers of each row
 * @n_fields: number of @fields, maximum KOBS_FIELDS
 * @available: NULL, or returns why the mode cannot run on this machine (and
 *             clears *ok), which fallback it uses, or NULL; must not wait for a grace period
 */
struct kobs_mode {
	const char *name;
	const char *doc;
	const char *value;
	const char *unit;
	bool stream;
	bool data;
	bool own_rows;
	const char *by;
	const struct kobs_field *fields;
	unsigned int n_fields;
	const char *(*available)(bool *ok);
};

/**
 * struct kobs_row_out - a row, or the part of one CPU, to be reported
 * @key: words of the key, in the order of the session's columns
 * @count: hits
 * @sum: sum of the values, where the mode has a value
 * @min: lowest value
 * @max: highest value
 * @fields: additional numbers, in the mode's order
 * @group: number of a group with live objects, plus 1; 0: it has none
 * @stack: a kernel stack: this tells more of the row with this key; 0: it is a row
 * @buckets: KOBS_HIST_BUCKETS buckets of a histogram, or NULL
 * @table: table with the histogram of its @row, or NULL; not for own_rows
 * @row: row
 */
struct kobs_row_out {
	u64 key[KOBS_KEY_WORDS];
	u64 count;
	u64 sum;
	u64 min;
	u64 max;
	u64 fields[KOBS_FIELDS];
	u32 group;
	u32 stack;
	const local64_t *buckets;
	const struct kobs_table *table;
	const struct kobs_row *row;
};

/**
 * struct kobs_usage - memory use of a session
 * @bytes: bytes
 * @rows: number of rows in use
 * @rows_max: capacity in rows
 */
struct kobs_usage {
	size_t bytes;
	u32 rows;
	u32 rows_max;
};

/**
 * struct kobs_note - a number about the course of a session
 * @name: short name
 * @doc: what it counts, in one line; empty: only programs need it
 * @number: the number
 */
struct kobs_note {
	const char *name;
	const char *doc;
	u64 number;
};

/**
 * struct kobs_source - a source of hits
 * @name: its name
 * @doc: what it observes, in one line
 * @modes: its modes
 * @n_modes: number of @modes
 * @columns: its columns, whose words start at KOBS_W_SOURCE
 * @n_columns: number of @columns
 * @params: its parameters
 * @n_params: number of @params, maximum KOBS_PARAMS
 * @init: NULL, or finds out what this machine can do. At load, may sleep.
 * @reasons: its own reasons of loss: counters KOBS_N_SOURCE + i
 * @n_reasons: number of @reasons, maximum KOBS_SOURCE_REASONS
 * @prepare: allocate what start needs and decide on the targets. Undoes
 *           itself on failure. May sleep.
 * @start: turn the probes on, all or none, and set extack if not. May sleep.
 * @stop: turn the probes off and wait until no handler runs. Cannot fail; when
 *        the kernel does not remove a probe, it calls kobs_session_pin().
 *        May sleep.
 * @release: undo prepare
 * @missed: NULL, or returns the number of hits lost before a handler ran
 * @skipped: NULL, or returns the number of hits filtered before a handler ran:
 *           in no counter, and outside the guard's budget
 * @missed_as: reason of loss of the @missed
 * @rows: in modes with own_rows: stores the row at the cursor *at, which starts
 *        at 0 and has a meaning of the source's own, and advances *at; false
 *        after the last row. The same *at gives the same row again. May sleep.
 * @census: NULL, or returns the census of a session's live objects; NULL: the mode
 *         has none
 * @code: NULL, or called when a module comes, or is about to go: replaces
 *        addresses in what the source keeps itself. May sleep.
 * @usage: NULL, or adds bytes that the source holds beside the session's account
 *         (kobs_memory_get()), and for own_rows the rows in use and the capacity
 *         in rows
 * @note: NULL, or stores note number i of a session; false after the last. May
 *        sleep.
 *
 * A session's prepare, start, stop and release are called one after the other,
 * by a worker. All others are called between prepare and release, @code with the
 * lock of the session's names held, the rest but @missed and @skipped with the
 * session's; they must not wait for a grace period, and can run beside start and
 * stop.
 */
struct kobs_source {
	const char *name;
	const char *doc;
	const struct kobs_mode *modes;
	unsigned int n_modes;
	const struct kobs_column *columns;
	unsigned int n_columns;
	const struct kobs_param *params;
	unsigned int n_params;
	void (*init)(void);
	const struct kobs_reason *reasons;
	unsigned int n_reasons;
	int (*prepare)(struct kobs_session *s, struct netlink_ext_ack *extack);
	int (*start)(struct kobs_session *s, struct netlink_ext_ack *extack);
	void (*stop)(struct kobs_session *s);
	void (*release)(struct kobs_session *s);
	u64 (*missed)(const struct kobs_session *s);
	u64 (*skipped)(const struct kobs_session *s);
	enum kobs_counter missed_as;
	bool (*rows)(struct kobs_session *s, unsigned long *at,
		     struct kobs_row_out *out);
	struct kobs_census *(*census)(const struct kobs_session *s);
	void (*code)(struct kobs_session *s, const struct kobs_code *code,
		     const struct kobs_replace *replace);
	void (*usage)(const struct kobs_session *s, struct kobs_usage *u);
	bool (*note)(const struct kobs_session *s, unsigned int i,
		     struct kobs_note *note);
};

/* Parameters of every session: indices into kobs_engine_params. */
enum kobs_engine_param {
	KOBS_P_ROWS,
	KOBS_P_HIST,
	KOBS_P_STACKS,
	KOBS_P_STACK_DEPTH,
	KOBS_P_RING_KB,
	KOBS_P_BUDGET,
	KOBS_P_FULL_STACK,
	KOBS_P_VERIFY_STACKS,
	KOBS_P_ENGINE
};

extern struct kobs_param kobs_engine_params[KOBS_P_ENGINE];
extern const struct kobs_source kobs_engine;
const struct kobs_source *kobs_source_at(unsigned int place);
const struct kobs_source *kobs_source_find(const char *name);
const struct kobs_mode *kobs_source_mode(const struct kobs_source *src,
					 const char *name);
const struct kobs_column *kobs_source_column(const struct kobs_source *src,
					     const char *name);
const struct kobs_reason *kobs_source_reason(const struct kobs_source *src,
					     enum kobs_counter c);
void kobs_source_init(const struct kobs_source * const *table, unsigned int n);

#endif /* KOBS_SOURCE_H */
