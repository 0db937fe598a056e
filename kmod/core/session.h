/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A session: its configuration, its per-CPU part and its life cycle.
 *
 * Locking
 *
 *   1. kobs_session.change: serialises the transitions of a session, and what
 *      its source does in prepare, start, stop and release. May be held for
 *      seconds, while a grace period passes: taken by workers only.
 *   2. kobs_session.lock, nests inside 1: the state that readers report. They
 *      also hold it while they ask the source. Never held over a grace period.
 *   3. kobs_names.lock, nests inside 1 and 2: words that are addresses, in rows,
 *      stacks and records, and their names; a stream's state (names.c).
 *   4. kobs_sessions_lock (session_list.c), nests inside all: the list of sessions,
 *      their numbers, names and owners. Held briefly.
 *
 * A session is looked up under 4, which takes a reference; the others are only
 * taken after 4 was dropped. What takes long (memory, prepare, start, stop,
 * release) is a job (jobs.c). Handlers take no lock: a session's configuration
 * does not change after its creation, and its memory outlives its handlers
 * because stop waits for them.
 */
#ifndef KOBS_SESSION_H
#define KOBS_SESSION_H

#include <linux/irq_work.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include "core/cpus.h"
#include "core/source.h"
#include "lib/counters.h"
#include "lib/filter.h"
#include "lib/memory.h"
#include "lib/name_table.h"
#include "lib/param.h"
#include "lib/stack_table.h"
#include "lib/table.h"
#include "unwind/unwind.h"

struct kobs_stream;

#define KOBS_NAME_LEN	32

/* Maximum number of targets kept out that a session lists one by one. */
#define KOBS_KEPT_OUT	512

/* Maximum number of sessions. */
#define KOBS_SESSIONS	64

/**
 * enum kobs_life - states of a session's life cycle, see session.c
 * @KOBS_LIFE_NEW: configured and prepared
 * @KOBS_LIFE_STARTED: its probes are on
 * @KOBS_LIFE_STOPPED: its probes are off and no handler runs
 * @KOBS_LIFE_DEAD: deleted; only its memory is left
 */
enum kobs_life {
	KOBS_LIFE_NEW,
	KOBS_LIFE_STARTED,
	KOBS_LIFE_STOPPED,
	KOBS_LIFE_DEAD
};

/**
 * struct kobs_guard - the guard's window on one CPU (guard.c)
 * @start: start of the window, monotonic ns; 0 before the first
 * @calls: hits of this CPU, and calls that were none, when the window began
 * @cost: cost of those timed in the window, ns
 * @worst: highest of these costs, ns
 * @timed: number of those timed in the window
 * @over: number of consecutive windows above the budget, up to the last one
 * @busy: the window is being changed
 */
struct kobs_guard {
	u64 start;
	u64 calls;
	u64 cost;
	u64 worst;
	u32 timed;
	u32 over;
	u32 busy;
};

/**
 * struct kobs_stolen - what interrupts took on one CPU (stolen.c)
 * @ns: in all, ns
 * @start: when the first of those being handled began, ns
 * @depth: number of interrupts that are being handled
 */
struct kobs_stolen {
	u64 ns;
	u64 start;
	u32 depth;
};

/**
 * struct kobs_cpu - the per-CPU part of a session
 * @counters: counters
 * @table: aggregation table, unused by streams; without memory if the CPU has
 *         not been online
 * @unwind: its part of kernel stacks
 * @busy: contexts of the session's active handlers on this CPU, see hit_enter.h
 * @flags: interrupt flags when the outermost of them began
 * @guard: the guard's window
 * @stolen: what interrupts took, where the source measures it
 * @found: what the source's handler found last on this CPU, where it keeps that
 */
struct kobs_cpu {
	struct kobs_counters counters;
	struct kobs_table table;
	struct kobs_unwind_cpu unwind;
	u64 busy;
	unsigned long flags;
	struct kobs_guard guard;
	struct kobs_stolen stolen;
	void *found;
};

/**
 * struct kobs_kept_out - a requested target that is not observed
 * @address: as it was requested
 * @reason: why not
 * @denied: it is on the deny list
 */
struct kobs_kept_out {
	u64 address;
	const char *reason;
	bool denied;
};

/**
 * struct kobs_names - names of the addresses that a session recorded (names.c)
 * @lock: see the head of this file
 * @words: words of a key that are addresses, a bit for each
 * @ended: the source's data is going
 * @table: names
 * @text: the name shown last, if it is not in @table
 */
struct kobs_names {
	struct mutex lock; /* see the head of this file */
	u32 words;
	bool ended;
	struct kobs_name_table table;
	char text[KOBS_NAME_LEN_MAX];
};

/**
 * struct kobs_session - a session
 *
 * Read by handlers, constant while started:
 * @armed: hits count; cleared by stop and by the guard
 * @n_words: words of a key or record
 * @gather: indices of these words in a hit
 * @need: context words that the key needs, a bit for each
 * @own_tgid: the owner's process, excluded; -1 for none (0 is the idle task)
 * @worker_tgid: the module's worker, excluded
 * @job_tgid: the worker that does the session's jobs, excluded; -1 when there is
 *	none to do
 * @own_bits: bits of these three, by number modulo 64
 * @cpu: per-CPU part
 * @filter: the filter
 * @budget: cost in percent of a CPU above which the guard stops it; 0: none
 * @has_stacks: a key column is a stack, the context's or the source's
 * @unwind: how kernel stacks are captured; its depth applies to user stacks, too
 * @stacks: interned stacks
 * @stream: stream of a streaming mode, or NULL
 * @record_bytes: size of a record in the stream, without data
 * @memory: account of its memory
 * @cpus: memory of the CPUs that have been online
 *
 * Constant from creation:
 * @id: number
 * @source: source
 * @mode: mode of the source
 * @columns: key columns
 * @n_columns: number of @columns
 * @params: engine parameters
 * @source_params: parameters of the source
 * @blob: memory of the texts and addresses in parameters
 * @owner_pid: process that created it
 * @created: monotonic ns
 *
 * Written under @change and @lock, read under either:
 * @change: see above
 * @lock: see above
 * @life: state of its life cycle (session.c)
 * @started: monotonic ns of the start
 * @stopped: monotonic ns of the stop
 * @stop_reason: why it stopped by itself, or empty
 * @pinned: its probes cannot be removed: it is never freed
 *
 * Under @lock:
 * @picture: pictures of all rows that its source has taken, for readers; 0: the
 *	source makes each row when it is read
 *
 * Constant once prepared:
 * @priv: private data of the source, until the session is dead
 * @targets: number of targets observed
 * @kept_out: targets not observed, the first KOBS_KEPT_OUT of them
 * @untraceable: number of targets that cannot be observed
 * @denied: number of targets on the deny list
 *
 * Under kobs_sessions_lock:
 * @node: in the list of sessions
 * @name: name of a detached session, or empty
 * @owner: netlink port of the owner; 0 when detached or dead
 * @counted: counts as one of KOBS_SESSIONS
 *
 * @names: names of recorded addresses
 * @ref: references; the last put frees
 * @jobs_lock: protects @jobs
 * @jobs: jobs to do (jobs.c)
 * @jobs_work: does them
 * @guard_cost: percent of a CPU when the guard fired, else 0
 * @disarmed: monotonic ns when the guard fired
 * @guard_work: queues @stop_work from any context
 * @stop_work: stops the session after the guard fired
 * @del_work: deletes the session after its owner died
 * @free_work: frees it
 */
struct kobs_session {
	bool armed;
	u8 n_words;
	u8 gather[KOBS_KEY_WORDS];
	u32 need;
	pid_t own_tgid;
	pid_t worker_tgid;
	pid_t job_tgid;
	u64 own_bits;
	struct kobs_cpu __percpu *cpu;
	struct kobs_filter filter;
	u32 budget;
	bool has_stacks;
	struct kobs_unwind unwind;
	struct kobs_stack_table stacks;
	struct kobs_stream *stream;
	u32 record_bytes;
	struct kobs_memory memory;
	struct kobs_cpus cpus;

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

	struct mutex change; /* see the head of this file */
	struct mutex lock; /* see the head of this file */
	enum kobs_life life;
	u64 started;
	u64 stopped;
	char stop_reason[160];
	bool pinned;
	u32 picture;
	void *priv;
	u32 targets;
	struct kobs_kept_out *kept_out;
	u32 untraceable;
	u32 denied;

	struct list_head node;
	char name[KOBS_NAME_LEN];
	u32 owner;
	bool counted;

	struct kobs_names names;

	struct kref ref;
	spinlock_t jobs_lock; /* protects jobs */
	struct list_head jobs;
	struct work_struct jobs_work;
	u32 guard_cost;
	u64 disarmed;
	struct irq_work guard_work;
	struct work_struct stop_work;
	struct work_struct del_work;
	struct work_struct free_work;
};

/**
 * struct kobs_config - configuration of a new session
 * @source: source
 * @mode: mode of @source
 * @by: names of key columns
 * @n_by: number of @by; 0 for the mode's default
 * @filter: the filter
 * @params: engine parameters, checked
 * @source_params: parameters of the source, checked
 * @blob: memory of their texts and addresses; the session takes it over
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

/**
 * struct kobs_job - something to do with a session that takes long
 * @node: in the session's jobs
 * @run: does it, in a worker
 * @done: frees the job, when the worker has no reference to the session any more
 */
struct kobs_job {
	struct list_head node;
	void (*run)(struct kobs_session *s, struct kobs_job *job);
	void (*done)(struct kobs_job *job);
};

/* jobs.c */
extern struct workqueue_struct *kobs_wq;
int kobs_jobs_init(void);
void kobs_jobs_exit(void);
void kobs_jobs_new(struct kobs_session *s);
void kobs_session_queue(struct kobs_session *s, struct kobs_job *job);

/* session_list.c */
int kobs_session_enter(struct kobs_session *s, struct netlink_ext_ack *extack);
void kobs_session_leave(struct kobs_session *s);
void kobs_session_list(struct kobs_session *s);
bool kobs_session_unlist(struct kobs_session *s);
struct kobs_session *kobs_session_get(u32 id, const char *name);
struct kobs_session *kobs_session_after(u32 id);
int kobs_session_set_name(struct kobs_session *s, const char *name,
			  struct netlink_ext_ack *extack);
void kobs_session_settle_name(struct kobs_session *s, bool detach);
void kobs_session_abandon(u32 port, u32 id);
u32 kobs_session_owner(const struct kobs_session *s);
void kobs_session_name(const struct kobs_session *s, char *name);

/* session.c */
int kobs_session_publish(struct kobs_session *s,
			 struct netlink_ext_ack *extack);
void kobs_session_put(struct kobs_session *s);
void kobs_session_put_now(struct kobs_session *s);
int kobs_session_start(struct kobs_session *s, u32 port, const char *name,
		       struct netlink_ext_ack *extack);
int kobs_session_stop(struct kobs_session *s, u32 port,
		      struct netlink_ext_ack *extack);
int kobs_session_del(struct kobs_session *s, u32 port,
		     struct netlink_ext_ack *extack);
void kobs_session_guarded(struct kobs_session *s);

/* session_setup.c */
struct kobs_session *kobs_session_create(struct kobs_config *cfg,
					 struct netlink_ext_ack *extack);
void kobs_session_set_own(struct kobs_session *s);
bool kobs_session_name_ok(const char *name);
void kobs_session_pin(struct kobs_session *s);
void kobs_session_free(struct kobs_session *s);

/**
 * kobs_session_unwanted() - whether a session's client died while it is made
 * @s: session
 *
 * Context: any.
 * Return: true when what takes long may be given up.
 */
static inline bool kobs_session_unwanted(const struct kobs_session *s)
{
	return READ_ONCE(s->memory.unwanted);
}

/* session_memory.c */
int kobs_session_no_memory(const struct kobs_session *s,
			   struct netlink_ext_ack *extack, const char *lower);
int kobs_session_alloc(struct kobs_session *s, struct netlink_ext_ack *extack);
void kobs_session_free_memory(struct kobs_session *s);
void kobs_session_usage(const struct kobs_session *s, struct kobs_usage *u);
void kobs_session_memory_init(void);

/* session_stats.c */
bool kobs_session_dead(const struct kobs_session *s);
enum kobs_state kobs_session_state(const struct kobs_session *s);
void kobs_session_counts(const struct kobs_session *s, struct kobs_counts *sum);
u64 kobs_session_duration(const struct kobs_session *s);
int kobs_session_keep_out(struct kobs_session *s, u64 address,
			  const char *reason, bool denied);
unsigned int kobs_session_kept_out(const struct kobs_session *s);

/* guard.c */
void kobs_guard_check(struct kobs_session *s, struct kobs_cpu *pc, u64 now,
		      u64 cost);
void kobs_guard_more(struct kobs_session *s, struct kobs_cpu *pc, u64 cost);
void kobs_guard_check_call(struct kobs_session *s, struct kobs_cpu *pc,
			   u64 now, u64 cost);
void kobs_guard_init(struct kobs_session *s);
void kobs_guard_sync(struct kobs_session *s);

#endif /* KOBS_SESSION_H */
