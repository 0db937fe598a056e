/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source pmu: what its files share. A session's events, their counters in perf,
 * and data of their overflow handlers.
 *
 * Locking: struct kobs_pmu.lock serialises start, stop, and the work that follows
 * CPU hotplug; perf can wait for a grace period meanwhile. Inside it and inside the
 * session's lock nests struct kobs_pmu.counters_lock, held briefly: a counter
 * changes under both, and is read under either. Handlers take no lock.
 */
#ifndef KOBS_PMU_H
#define KOBS_PMU_H

#include <linux/cpumask.h>
#include <linux/mutex.h>
#include <linux/perf_event.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include "core/kmem_cache.h"
#include "core/session.h"
#include "sources/pmu/lbr.h"

/* Maximum number of events of a session, and words that describe one. */
#define PMU_EVENTS	16

enum kobs_pmu_event_word {
	PMU_E_TYPE,
	PMU_E_CONFIG,
	PMU_E_CONFIG1,
	PMU_E_CONFIG2,
	PMU_E_BITS,
	PMU_E_PERIOD,
	PMU_E_BRANCH,
	PMU_E_RESERVED,
	PMU_E_WORDS
};

/* Bits of PMU_E_BITS. */
#define PMU_B_EXCLUDE_USER	BIT(0)
#define PMU_B_EXCLUDE_KERNEL	BIT(1)
#define PMU_B_EXCLUDE_HV	BIT(2)
#define PMU_B_EXCLUDE_IDLE	BIT(3)
#define PMU_B_PRECISE_SHIFT	4
#define PMU_B_PRECISE		(3 << PMU_B_PRECISE_SHIFT)
#define PMU_B_FREQUENCY		BIT(6)
#define PMU_B_EXCLUDE_GUEST	BIT(7)
#define PMU_B_EXCLUDE_HOST	BIT(8)
#define PMU_B_ALL		(BIT(9) - 1)

/* Words of a hit; some serve two columns, of different modes. */
enum {
	PMU_W_EVENT = KOBS_W_SOURCE,
	PMU_W_IP,
	PMU_W_FUNC,
	PMU_W_SAMPLE = PMU_W_FUNC,
	PMU_W_UIP,
	PMU_W_LEFT = PMU_W_UIP,
	PMU_W_FROM,
	PMU_W_TO,
	PMU_W_END,
	PMU_W_INFO = PMU_W_END,
	PMU_W_CACHE,
	PMU_W_AREA = PMU_W_CACHE + KOBS_CACHE_NAME_WORDS,
	PMU_W_DATA,
	PMU_W_LEVEL,
	PMU_W_OP,
	PMU_W_TLB,
	PMU_WORDS
};

static_assert((int)PMU_WORDS <= (int)KOBS_WORDS);

enum kobs_pmu_param {
	PMU_P_EVENTS,
	PMU_P_CPUS,
	PMU_P_TASKS,
	PMU_P_INHERIT,
	PMU_P_ON_EXEC,
	PMU_P_FALLBACK,
	PMU_P_FUNCTIONS,
	PMU_P_STACK_BYTES,
	PMU_P
};

/* Further numbers of the rows of stat and of record. */
enum { PMU_F_ENABLED, PMU_F_RUNNING };
enum { PMU_F_THROTTLED, PMU_F_EVENTS };

struct kobs_pmu;

/**
 * struct kobs_pmu_event - an event of a session; argument of its handler
 * @p: session of this source
 * @attr: its attributes in perf
 * @index: its index
 * @exact: the number of overflows is the count divided by the period
 * @taken: perf accepted it unchanged
 */
struct kobs_pmu_event {
	struct kobs_pmu *p;
	struct perf_event_attr attr;
	unsigned int index;
	bool exact;
	bool taken;
};

/**
 * struct kobs_pmu_counter - an event on a CPU, or of a task
 * @event: in perf, or NULL while its CPU is offline, and when stopped
 * @count: counts of released events
 * @enabled: ns that these were enabled
 * @running: ns that these were counting
 * @overflows: overflows of these
 */
struct kobs_pmu_counter {
	struct perf_event *event;
	u64 count;
	u64 enabled;
	u64 running;
	u64 overflows;
};

/**
 * struct kobs_pmu_cpu - counters of a CPU besides hits
 * @calls: calls of the handler per event
 * @early: calls before the session was armed or after it was disarmed
 * @throttled: calls at which perf throttled the event for the rest of a tick
 * @samples: samples streamed
 * @no_address: samples without an address of data, in mode mem
 * @lbr: branch stacks folded
 */
struct kobs_pmu_cpu {
	local64_t calls[PMU_EVENTS];
	local64_t early;
	local64_t throttled;
	local64_t samples;
	local64_t no_address;
	struct kobs_lbr_sum lbr;
};

/**
 * struct kobs_pmu - a session of this source
 *
 * Constant once it is prepared:
 * @s: the session
 * @n_events: number of events
 * @events: the events
 * @cpu: per-CPU counters
 * @want: source's words that the key needs, one bit per word
 * @branch_at: indices of from, to and end in the key
 * @n_functions: number of @functions
 * @functions: entries of kernel functions, sorted
 * @cpus: CPUs to observe
 * @n_places: number of counters per event: CPUs or tasks
 * @tasks: the tasks, or NULL
 * @who: words per task for the keys of stat
 * @stack_bytes: maximum memory of a user stack, in mode record_stack
 * @handler: overflow handler; NULL for stat
 *
 * @counters_lock: see the head of this file
 * @counters: @n_places per event
 *
 * Under @lock:
 * @lock: see the head of this file
 * @running: between start and stop
 * @fell_back: cycles were replaced by cpu-clock
 * @raised: clocks whose period was below the minimum
 * @left: CPUs that went offline
 * @came: CPUs that came online
 * @failed: CPUs that came online and could not be observed
 * @gone: tasks that had exited before they could be observed
 * @moved: tasks whose control group was another one at the end; set by stop
 * @missed: hits that reached no handler; set by stop
 *
 * @late_from: first address of modules that were loaded after @functions was
 *	read, ULONG_MAX for none; what is sampled there stands for itself
 * @late_to: end of them
 * @there: CPUs that are online, atomic bits
 * @detached: CPUs that went offline since the last run of @follow, atomic bits
 * @node: instance of the hotplug state
 * @follow: adapts the counters to the CPUs that are online
 */
struct kobs_pmu {
	struct kobs_session *s;
	unsigned int n_events;
	struct kobs_pmu_event events[PMU_EVENTS];
	struct kobs_pmu_cpu __percpu *cpu;
	u32 want;
	struct kobs_lbr_key branch_at;
	unsigned int n_functions;
	unsigned long *functions;
	cpumask_var_t cpus;
	unsigned int n_places;
	struct task_struct **tasks;
	u64 (*who)[KOBS_W_KSTACK];
	size_t stack_bytes;
	perf_overflow_handler_t handler;

	struct mutex counters_lock; /* see the head of this file */
	struct kobs_pmu_counter *counters;
	struct mutex lock; /* protects the members below */
	bool running;
	bool fell_back;
	unsigned int raised;
	unsigned int left;
	unsigned int came;
	unsigned int failed;
	unsigned int gone;
	unsigned int moved;
	u64 missed;

	unsigned long late_from;
	unsigned long late_to;
	cpumask_var_t there;
	cpumask_var_t detached;
	struct hlist_node node;
	struct work_struct follow;
};

/* Does a mode stream branch records? What another one streams are stacks. */
static inline bool kobs_pmu_traces(const struct kobs_mode *mode)
{
	return mode->stream && !mode->data;
}

/* Is a mode about data that instructions access? */
static inline bool kobs_pmu_is_mem(const struct kobs_mode *mode)
{
	return mode->value && !strcmp(mode->value, "weight");
}

static inline struct kobs_pmu_counter *pmu_counter(const struct kobs_pmu *p,
						   unsigned int event,
						   unsigned int place)
{
	return &p->counters[event * p->n_places + place];
}

/* Can a CPU have counters: online, and not going offline? */
static inline bool kobs_pmu_cpu_there(const struct kobs_pmu *p, unsigned int cpu)
{
	return cpu_online(cpu) && cpumask_test_cpu(cpu, p->there);
}

/* places.c */
int kobs_pmu_tasks_prepare(struct kobs_pmu *p, struct netlink_ext_ack *extack);
unsigned int kobs_pmu_tasks_moved(const struct kobs_pmu *p);
int kobs_pmu_cpus_prepare(struct kobs_pmu *p, struct netlink_ext_ack *extack);

/* event.c */
int kobs_pmu_events_parse(struct kobs_pmu *p, struct netlink_ext_ack *extack);
int kobs_pmu_counters_start(struct kobs_pmu *p, struct netlink_ext_ack *extack);
void kobs_pmu_counters_stop(struct kobs_pmu *p);
void kobs_pmu_place_stop(struct kobs_pmu *p, unsigned int place);
int kobs_pmu_place_start(struct kobs_pmu *p, unsigned int place,
			 struct netlink_ext_ack *extack);
void kobs_pmu_place_enable(struct kobs_pmu *p, unsigned int place);
u64 kobs_pmu_count_missed(const struct kobs_pmu *p);
unsigned int kobs_pmu_clocks(const struct kobs_pmu *p);
void kobs_pmu_counter_read(const struct kobs_pmu_counter *c,
			   struct kobs_pmu_counter *sum);

/* hotplug.c */
int kobs_pmu_cpus_watch(struct kobs_pmu *p);
void kobs_pmu_cpus_unwatch(struct kobs_pmu *p);

/* overflow.c */
perf_overflow_handler_t kobs_pmu_handler(const struct kobs_pmu *p);
void kobs_pmu_code(struct kobs_session *s, const struct kobs_code *code,
		   const struct kobs_replace *replace);

/* mem.c */
void kobs_pmu_mem_words(const struct kobs_pmu *p,
			const struct perf_sample_data *data, u64 *v);
u64 kobs_pmu_mem_weight(const struct perf_sample_data *data);

/* stack.c */
bool kobs_pmu_stack_write(const struct kobs_pmu_event *e, const u64 *v,
			  u64 period, struct pt_regs *regs, bool throttled);

/* rows.c */
extern const struct kobs_reason kobs_pmu_missed_overflows;
bool kobs_pmu_rows(struct kobs_session *s, unsigned long *at,
		   struct kobs_row_out *out);
void kobs_pmu_usage(const struct kobs_session *s, struct kobs_usage *u);
bool kobs_pmu_note(const struct kobs_session *s, unsigned int i,
		   struct kobs_note *note);

#endif /* KOBS_PMU_H */
