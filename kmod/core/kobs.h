/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of kobs share: sources, sessions, and how locks nest.
 *
 * Locking
 *
 *   1. kobs_session.lock: a session's state and everything its source does in
 *      prepare, start, stop and release. May be held for seconds, while a
 *      grace period passes.
 *   2. kobs_sessions_lock (session.c), which nests inside: the list of
 *      sessions, their numbers, names and owners. Held for a moment.
 *
 * A session is looked up under 2, which takes a reference; 1 is only taken
 * after 2 was dropped. Handlers of hits take no lock: a session's
 * configuration does not change from the time it exists, and its memory
 * outlives its handlers because stop waits for them.
 */
#ifndef KOBS_KOBS_H
#define KOBS_KOBS_H

#include <linux/bits.h>
#include <linux/irq_work.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/percpu.h>
#include <linux/workqueue.h>
#include <uapi/kobs.h>
#include "lib/counters.h"
#include "lib/filter.h"
#include "lib/param.h"
#include "lib/stack_table.h"
#include "lib/table.h"
#include "unwind/unwind.h"

struct kobs_session;
struct kobs_stream;

#define KOBS_NAME_LEN	32

/* Targets not observed that a session remembers one by one. */
#define KOBS_KEPT_OUT	512

/* Sessions at most. */
#define KOBS_SESSIONS	64

/*
 * A hit is described by an array of words. The first belong to the context
 * columns, those from KOBS_W_SOURCE on to the source.
 */
enum kobs_word {
	KOBS_W_CPU,
	KOBS_W_PID,
	KOBS_W_TID,
	KOBS_W_COMM,
	KOBS_W_KSTACK = KOBS_W_COMM + 2,
	KOBS_W_USTACK,
	KOBS_W_SOURCE,
	/* Of which a key can hold KOBS_KEY_WORDS. */
	KOBS_WORDS = 24
};

/* The words that are the same in any handler of one hit. */
#define KOBS_W_WHO	(BIT(KOBS_W_CPU) | BIT(KOBS_W_PID) | \
			 BIT(KOBS_W_TID) | BIT(KOBS_W_COMM))
#define KOBS_W_STACKS	(BIT(KOBS_W_KSTACK) | BIT(KOBS_W_USTACK))

/* Words of a column at most. */
#define KOBS_TEXT_WORDS	4

/**
 * struct kobs_column - something to key by
 * @name: its name
 * @doc: one line that says what it holds
 * @type: how to read it
 * @unit: unit of a number, or NULL
 * @word: its first word in a hit
 * @words: number of words; only texts have more than one, up to
 *         KOBS_TEXT_WORDS
 * @by_stack: it is found in the kernel stack
 */
struct kobs_column {
	const char *name;
	const char *doc;
	enum kobs_type type;
	const char *unit;
	u8 word;
	u8 words;
	bool by_stack;
};

/**
 * struct kobs_field - a further number of each row of a mode
 * @name: its name
 * @doc: one line that says what it holds
 * @type: KOBS_TYPE_NUMBER, or KOBS_TYPE_ADDRESS
 * @unit: unit of a number, or NULL
 * @merge: how the parts of a row make it up
 */
struct kobs_field {
	const char *name;
	const char *doc;
	enum kobs_type type;
	const char *unit;
	enum kobs_merge merge;
};

/**
 * struct kobs_mode - one way to run a source
 * @name: its name
 * @doc: one line that says what it does
 * @value: what its value is, or NULL when hits are only counted
 * @unit: unit of the value
 * @stream: hits become records; otherwise rows of a table
 * @own_rows: the source keeps the rows itself and has an operation rows
 * @by: columns when none are asked for, separated by commas
 * @fields: further numbers of each row
 * @n_fields: how many, at most KOBS_FIELDS
 * @available: NULL, or tells why the mode cannot run here (then *ok is
 *             cleared) or which fallback it takes; may return NULL
 */
struct kobs_mode {
	const char *name;
	const char *doc;
	const char *value;
	const char *unit;
	bool stream;
	bool own_rows;
	const char *by;
	const struct kobs_field *fields;
	unsigned int n_fields;
	const char *(*available)(bool *ok);
};

/**
 * struct kobs_row_out - a row, or a CPU's part of one, to be reported
 * @key: words of the key, in the order of the session's columns
 * @count: hits
 * @sum: sum of the values, where the mode has a value
 * @min: lowest value
 * @max: highest value
 * @fields: further numbers, in the mode's order
 * @buckets: KOBS_HIST_BUCKETS buckets of a histogram, or NULL
 */
struct kobs_row_out {
	u64 key[KOBS_KEY_WORDS];
	u64 count;
	u64 sum;
	u64 min;
	u64 max;
	u64 fields[KOBS_FIELDS];
	const local64_t *buckets;
};

/**
 * struct kobs_usage - memory
 * @bytes: how much
 * @rows: rows used
 * @rows_max: rows there is room for
 */
struct kobs_usage {
	size_t bytes;
	u32 rows;
	u32 rows_max;
};

/**
 * struct kobs_note - a number that tells how a session went
 * @name: short name
 * @doc: one line that says what it counts
 * @number: the number
 */
struct kobs_note {
	const char *name;
	const char *doc;
	u64 number;
};

/**
 * struct kobs_source - something that produces hits
 * @name: its name
 * @doc: one line that says what it observes
 * @modes: ways to run it
 * @n_modes: how many
 * @columns: its columns, whose words start at KOBS_W_SOURCE
 * @n_columns: how many
 * @params: its parameters
 * @n_params: how many, at most KOBS_PARAMS
 * @prepare: allocate what start needs and decide on the targets. Undoes
 *           itself on failure. May sleep.
 * @start: turn the probes on, all or none, and set extack if not. May sleep.
 * @stop: turn the probes off and wait until no handler runs. Cannot fail.
 *        May sleep.
 * @release: undo prepare
 * @missed: NULL, or hits that were missed before a handler ran
 * @skipped: NULL, or hits that were filtered at so little cost that they are
 *           in no counter and are not the guard's concern
 * @missed_as: the reason that those are lost for
 * @rows: in modes with own_rows: the row at *at, which starts at 0 and means
 *        what the source likes, and moves *at behind it; false after the
 *        last. What it meets in *at again must give the same row again. May
 *        sleep.
 * @symbol: NULL, or in modes with own_rows: name of a code address in a key
 *          whose code has gone, or NULL
 * @usage: NULL, or what the source holds itself: bytes, and for own_rows the
 *         rows used and the rows there is room for
 * @note: NULL, or gives the i-th note of a session; false when there are no
 *        more. May sleep.
 *
 * All but @missed and @skipped are called with the session's lock held, and @rows and
 * @symbol only between prepare and release.
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
	int (*prepare)(struct kobs_session *s, struct netlink_ext_ack *extack);
	int (*start)(struct kobs_session *s, struct netlink_ext_ack *extack);
	void (*stop)(struct kobs_session *s);
	void (*release)(struct kobs_session *s);
	u64 (*missed)(const struct kobs_session *s);
	u64 (*skipped)(const struct kobs_session *s);
	enum kobs_counter missed_as;
	bool (*rows)(struct kobs_session *s, unsigned long *at,
		     struct kobs_row_out *out);
	const char *(*symbol)(struct kobs_session *s, u64 address);
	void (*usage)(const struct kobs_session *s, struct kobs_usage *u);
	bool (*note)(const struct kobs_session *s, unsigned int i,
		     struct kobs_note *note);
};

/* Parameters that every session has; places in kobs_engine.params. */
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

/**
 * struct kobs_cpu - what one CPU of a session writes to
 * @counters: counters
 * @table: aggregation table, unused by streams
 * @unwind: its part of kernel stacks
 * @nest: handlers running on this CPU, one above the other
 * @window: start of the guard's window, monotonic ns; 0 for none
 * @window_hits: hits of this CPU when the window began
 * @window_cost: cost of the hits timed in the window, ns
 * @window_worst: dearest of them, ns
 * @window_timed: how many were timed
 * @windows_over: the last windows in a row that were above the budget
 * @window_busy: the window is being changed
 */
struct kobs_cpu {
	struct kobs_counters counters;
	struct kobs_table table;
	struct kobs_unwind_cpu unwind;
	u32 nest;
	u64 window;
	u64 window_hits;
	u64 window_cost;
	u64 window_worst;
	u32 window_timed;
	u32 windows_over;
	u32 window_busy;
};

/**
 * struct kobs_kept_out - a requested target that is not observed
 * @address: as it was requested
 * @reason: why
 * @denied: it is on the deny list
 */
struct kobs_kept_out {
	u64 address;
	const char *reason;
	bool denied;
};

/**
 * struct kobs_session - a session
 *
 * Read by handlers, constant while started:
 * @armed: hits count; cleared by stop and by the guard
 * @n_words: words of a key or record
 * @gather: which words of a hit they are
 * @need: context words that the key needs, a bit for each
 * @own_tgid: the owner's process, excluded; -1 for none, 0 is the idle task
 * @worker_tgid: the module's worker, excluded
 * @cpu: per-CPU part
 * @filter: which hits count
 * @budget: cost in percent of a CPU at which the guard stops it; 0 for none
 * @has_stacks: a key column is a stack, the context's or the source's
 * @unwind: how kernel stacks are taken; its depth holds for user stacks, too
 * @stacks: interned stacks
 * @stream: stream of a streaming mode, or NULL
 * @record_bytes: of a record in it
 *
 * Constant from creation:
 * @id: number
 * @source: source
 * @mode: mode of the source
 * @columns: key columns
 * @n_columns: how many
 * @params: engine parameters
 * @source_params: parameters of the source
 * @blob: memory that texts and addresses of parameters live in
 * @owner_pid: process that made it
 * @created: monotonic ns
 *
 * Under @lock:
 * @lock: see above
 * @state: where it is in its life
 * @dead: deleted; only its memory is left
 * @started: monotonic ns of the start
 * @stopped: monotonic ns of the stop
 * @stop_reason: why it stopped by itself, or empty
 * @priv: the source's own
 * @targets: how many things it observes
 * @kept_out: targets not observed, the first KOBS_KEPT_OUT of them
 * @untraceable: how many cannot be observed
 * @denied: how many are on the deny list
 *
 * Under kobs_sessions_lock:
 * @node: in the list of sessions
 * @name: name of a detached session, or empty
 * @owner: netlink port of the owner; 0 when detached or dead
 *
 * @ref: references; the last put frees
 * @guard_cost: percent of a CPU that the guard saw, once it fired; else 0
 * @disarmed: monotonic ns when it fired
 * @guard_work: from any context to task context, when the guard fires
 * @stop_work: stops the session after the guard fired
 * @del_work: deletes the session after its owner died
 */
struct kobs_session {
	bool armed;
	u8 n_words;
	u8 gather[KOBS_KEY_WORDS];
	u32 need;
	pid_t own_tgid;
	pid_t worker_tgid;
	struct kobs_cpu __percpu *cpu;
	struct kobs_filter filter;
	u32 budget;
	bool has_stacks;
	struct kobs_unwind unwind;
	struct kobs_stack_table stacks;
	struct kobs_stream *stream;
	u32 record_bytes;

	u32 id;
	const struct kobs_source *source;
	const struct kobs_mode *mode;
	const struct kobs_column *columns[KOBS_KEY_WORDS];
	unsigned int n_columns;
	struct kobs_value params[KOBS_P_ENGINE];
	struct kobs_value source_params[KOBS_PARAMS];
	void *blob;
	pid_t owner_pid;
	u64 created;

	struct mutex lock; /* see the head of this file */
	enum kobs_state state;
	bool dead;
	u64 started;
	u64 stopped;
	char stop_reason[160];
	void *priv;
	u32 targets;
	struct kobs_kept_out *kept_out;
	u32 untraceable;
	u32 denied;

	struct list_head node;
	char name[KOBS_NAME_LEN];
	u32 owner;

	struct kref ref;
	u32 guard_cost;
	u64 disarmed;
	struct irq_work guard_work;
	struct work_struct stop_work;
	struct work_struct del_work;
};

/**
 * struct kobs_config - what a new session shall be
 * @source: source
 * @mode: mode of it
 * @by: names of columns
 * @n_by: how many; none for the mode's own
 * @filter: which hits count
 * @params: engine parameters, checked
 * @source_params: parameters of the source, checked
 * @blob: memory that their texts and addresses live in; the session takes it
 * @owner: netlink port of the caller
 */
struct kobs_config {
	const struct kobs_source *source;
	const struct kobs_mode *mode;
	char by[KOBS_KEY_WORDS][KOBS_NAME_LEN];
	unsigned int n_by;
	struct kobs_filter filter;
	struct kobs_value params[KOBS_P_ENGINE];
	struct kobs_value source_params[KOBS_PARAMS];
	void *blob;
	u32 owner;
};

/* main.c */
__printf(3, 4) int kobs_refuse(struct netlink_ext_ack *extack, int err,
			       const char *fmt, ...);
extern struct workqueue_struct *kobs_wq;
extern unsigned int kobs_default_rows;
extern unsigned int kobs_default_stacks;
extern unsigned int kobs_default_ring_kb;

/* source.c */
extern struct kobs_param kobs_engine_params[KOBS_P_ENGINE];
extern const struct kobs_source kobs_engine;
const struct kobs_source *kobs_source_at(unsigned int place);
const struct kobs_source *kobs_source_find(const char *name);
const struct kobs_mode *kobs_source_mode(const struct kobs_source *src,
					 const char *name);
const struct kobs_column *kobs_source_column(const struct kobs_source *src,
					     const char *name);
void kobs_source_init(void);

/* session.c */
struct kobs_session *kobs_session_new(struct kobs_config *cfg,
				      struct netlink_ext_ack *extack);
struct kobs_session *kobs_session_get(u32 id, const char *name);
struct kobs_session *kobs_session_after(u32 id);
void kobs_session_put(struct kobs_session *s);
int kobs_session_start(struct kobs_session *s, u32 port, const char *name,
		       struct netlink_ext_ack *extack);
int kobs_session_stop(struct kobs_session *s, u32 port,
		      struct netlink_ext_ack *extack);
int kobs_session_del(struct kobs_session *s, u32 port,
		     struct netlink_ext_ack *extack);
u32 kobs_session_owner(const struct kobs_session *s);
void kobs_session_owner_died(u32 port);
void kobs_session_guarded(struct kobs_session *s);

/* session_stats.c */
void kobs_session_counts(const struct kobs_session *s, struct kobs_counts *sum);
struct kobs_shape kobs_session_shape(const struct kobs_session *s);
void kobs_session_usage(const struct kobs_session *s, struct kobs_usage *u);
u64 kobs_session_duration(const struct kobs_session *s);
int kobs_session_keep_out(struct kobs_session *s, u64 address,
			  const char *reason, bool denied);
unsigned int kobs_session_kept_out(const struct kobs_session *s);

/* guard.c */
void kobs_guard_check(struct kobs_session *s, struct kobs_cpu *pc, u64 now,
		      u64 cost);
void kobs_guard_init(struct kobs_session *s);
void kobs_guard_sync(struct kobs_session *s);

/* stream.c */
int kobs_stream_init(void);
void kobs_stream_exit(void);
pid_t kobs_stream_worker(void);
int kobs_stream_new(struct kobs_session *s);
void kobs_stream_free(struct kobs_session *s);
void kobs_stream_start(struct kobs_session *s);
void kobs_stream_finish(struct kobs_session *s);
size_t kobs_stream_bytes(const struct kobs_session *s);
bool kobs_stream_write(struct kobs_session *s, const u64 *v, u64 value);

/* netlink.c */
int kobs_netlink_init(void);
void kobs_netlink_exit(void);
struct sk_buff *kobs_netlink_state(struct kobs_session *s);
void kobs_netlink_notify(struct kobs_session *s);
struct sk_buff *kobs_netlink_record(u8 cmd, size_t size, void **hdr);
int kobs_netlink_send(struct sk_buff *skb, u32 port);

#endif /* KOBS_KOBS_H */
