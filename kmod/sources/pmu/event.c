// SPDX-License-Identifier: GPL-2.0
/*
 * Source pmu: events and counters. The words of a parameter become perf's
 * attributes, and those become counters on CPUs or of tasks, all or none.
 *
 * Locking: see pmu.h.
 */
#include <linux/err.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "core/lacking.h"
#include "core/refuse.h"
#include "sources/pmu/pmu.h"
#include "sources/pmu/precise.h"

/* Minimum period of the kernel's software clock. */
#define PMU_CLOCK_PERIOD	10000ULL
#define PMU_FREQUENCY		100000ULL

static bool is_clock(const struct perf_event_attr *attr)
{
	return attr->type == PERF_TYPE_SOFTWARE &&
	       (attr->config == PERF_COUNT_SW_CPU_CLOCK ||
		attr->config == PERF_COUNT_SW_TASK_CLOCK);
}

static bool is_cycles(const struct perf_event_attr *attr)
{
	return attr->type == PERF_TYPE_HARDWARE &&
	       attr->config == PERF_COUNT_HW_CPU_CYCLES;
}

/* Is a mode about branches? In others they are user stacks. */
static bool is_branch(const struct kobs_mode *mode)
{
	return (mode->value && !kobs_pmu_is_mem(mode)) || kobs_pmu_traces(mode);
}

/* Default privilege level of branch records. */
static u64 branch_privilege(const struct perf_event_attr *attr, u64 branch)
{
	if (!branch || (branch & PERF_SAMPLE_BRANCH_PLM_ALL))
		return branch;
	if (!attr->exclude_user)
		branch |= PERF_SAMPLE_BRANCH_USER;
	if (!attr->exclude_kernel)
		branch |= PERF_SAMPLE_BRANCH_KERNEL;
	if (!attr->exclude_hv)
		branch |= PERF_SAMPLE_BRANCH_HV;
	return branch;
}

static const char *event_check(const struct kobs_pmu *p, const u64 *w)
{
	const struct kobs_mode *mode = p->s->mode;

	if (w[PMU_E_TYPE] > U32_MAX)
		return "its type is no 32-bit number";
	if ((w[PMU_E_BITS] & ~(u64)PMU_B_ALL) || w[PMU_E_RESERVED])
		return "it has bits that mean nothing";
	if (mode->own_rows)
		return w[PMU_E_PERIOD] || w[PMU_E_BRANCH] ||
		       (w[PMU_E_BITS] & PMU_B_FREQUENCY) ?
		       "stat takes no period and no branches" : NULL;
	if (!w[PMU_E_PERIOD])
		return "it needs a period or a frequency";
	if ((w[PMU_E_BITS] & PMU_B_FREQUENCY) ?
	    w[PMU_E_PERIOD] > PMU_FREQUENCY : w[PMU_E_PERIOD] > S64_MAX)
		return "its period, or its frequency (at most 100000 Hz), is too large";
	if (is_branch(mode) && !w[PMU_E_BRANCH])
		return "it does not say which branches";
	if (w[PMU_E_BRANCH] >= PERF_SAMPLE_BRANCH_MAX)
		return "it asks for kinds of branches that this kernel does not know";
	return NULL;
}

static void event_attr(const struct kobs_pmu *p, const u64 *w,
		       struct perf_event_attr *attr)
{
	u64 bits = w[PMU_E_BITS];

	*attr = (struct perf_event_attr){
		.type = w[PMU_E_TYPE],
		.size = sizeof(*attr),
		.config = w[PMU_E_CONFIG],
		.config1 = w[PMU_E_CONFIG1],
		.config2 = w[PMU_E_CONFIG2],
		.sample_period = w[PMU_E_PERIOD],
		.freq = !!(bits & PMU_B_FREQUENCY),
		.precise_ip = (bits & PMU_B_PRECISE) >> PMU_B_PRECISE_SHIFT,
		.exclude_user = !!(bits & PMU_B_EXCLUDE_USER),
		.exclude_kernel = !!(bits & PMU_B_EXCLUDE_KERNEL),
		.exclude_hv = !!(bits & PMU_B_EXCLUDE_HV),
		.exclude_idle = !!(bits & PMU_B_EXCLUDE_IDLE),
		.exclude_guest = !!(bits & PMU_B_EXCLUDE_GUEST),
		.exclude_host = !!(bits & PMU_B_EXCLUDE_HOST),
		.disabled = 1,
	};
	if (p->tasks) {
		attr->inherit =
			p->s->source_params[PMU_P_INHERIT].number;
		attr->enable_on_exec =
			p->s->source_params[PMU_P_ON_EXEC].number;
	}
	attr->branch_sample_type = branch_privilege(attr, w[PMU_E_BRANCH]);
	if (attr->branch_sample_type) {
		attr->sample_type = PERF_SAMPLE_BRANCH_STACK;
		/* Newer kernels limit branch stacks by it, too. */
		attr->sample_max_stack = is_branch(p->s->mode) ?
					 KOBS_LBR_DEPTH : p->s->unwind.depth;
	}
	if (kobs_pmu_is_mem(p->s->mode))
		attr->sample_type |= PERF_SAMPLE_ADDR | PERF_SAMPLE_DATA_SRC |
				     PERF_SAMPLE_WEIGHT;
	kobs_precise_attr(attr, p->s->need & BIT(KOBS_W_KSTACK) ?
				p->s->unwind.depth : 0);
}

/*
 * The kernel's timer has a minimum period. It is applied where the timer is set:
 * the samples would stand for less time than passes between them.
 */
static void raise_period(struct kobs_pmu *p, struct perf_event_attr *attr)
{
	if (!is_clock(attr) || attr->freq || !attr->sample_period ||
	    attr->sample_period >= PMU_CLOCK_PERIOD)
		return;
	attr->sample_period = PMU_CLOCK_PERIOD;
	p->raised++;
}

/*
 * Late timers of a clock skip periods, and each child of a task has a period in
 * progress.
 */
static bool event_exact(const struct kobs_pmu *p, const struct perf_event_attr *attr)
{
	return attr->sample_period && !attr->freq && !p->tasks &&
	       !is_clock(attr);
}

/**
 * kobs_pmu_events_parse() - parse the events of a session
 * @p: session; its tasks are known
 * @extack: says what is wrong
 *
 * Context: task.
 * Return: 0, or -EINVAL.
 */
int kobs_pmu_events_parse(struct kobs_pmu *p, struct netlink_ext_ack *extack)
{
	const struct kobs_value *v = &p->s->source_params[PMU_P_EVENTS];
	unsigned int i;

	if (!v->number || v->number % PMU_E_WORDS)
		return kobs_refuse(extack, -EINVAL,
				   "events has %llu words, but needs %d per event",
				   v->number, PMU_E_WORDS);
	p->n_events = v->number / PMU_E_WORDS;
	for (i = 0; i < p->n_events; i++) {
		const u64 *w = &v->addresses[i * PMU_E_WORDS];
		struct kobs_pmu_event *e = &p->events[i];
		const char *why = event_check(p, w);

		if (why)
			return kobs_refuse(extack, -EINVAL, "event %u: %s", i,
					   why);
		e->p = p;
		e->index = i;
		event_attr(p, w, &e->attr);
		raise_period(p, &e->attr);
		e->exact = event_exact(p, &e->attr);
	}
	return 0;
}

static struct perf_event *counter_create(struct kobs_pmu *p, struct kobs_pmu_event *e,
					 unsigned int place)
{
	return perf_event_create_kernel_counter(&e->attr,
						p->tasks ? -1 : (int)place,
						p->tasks ? p->tasks[place] :
						NULL, p->handler, e);
}

/* Errors of a PMU that is missing, or does not support this. */
static bool is_lacking(int err)
{
	return err == -ENOENT || err == -ENODEV || err == -EOPNOTSUPP ||
	       err == -ENXIO;
}

/* Why perf refused an event, according to its error; stacks have @depth frames. */
static const char *refusal(const struct perf_event_attr *attr, u32 depth, int err)
{
	const char *lack = NULL;

	if (err == -EINVAL)
		return "the PMU does not take this event, or not with these modifiers";
	if (err == -ENOSPC)
		return "no counter is free";
	if (err == -EOVERFLOW)
		return attr->sample_max_stack > depth ?
		       "kernel.perf_event_max_stack is lower than 64, the branches of a sample" :
		       "kernel.perf_event_max_stack is lower than stack_depth";
	/* Intel's loads do, with mem-loads-aux. */
	if (err == -ENODATA)
		return "the PMU wants a group for this event, which a kernel module cannot open";
	if (!is_lacking(err))
		return "perf refused it";
	/* The CPU's own PMU says nothing about others. */
	if (attr->type < PERF_TYPE_MAX)
		lack = kobs_pmu_lacking(attr->branch_sample_type);
	if (lack)
		return lack;
	return attr->branch_sample_type ?
	       "the PMU records no branches, or not with this filter" :
	       "the PMU does not have this event";
}

static int counter_refuse(const struct kobs_pmu *p, const struct kobs_pmu_event *e,
			  unsigned int place, int err,
			  struct netlink_ext_ack *extack)
{
	return kobs_refuse(extack, is_lacking(err) ? -EOPNOTSUPP :
				   err == -EOVERFLOW ? -EINVAL : err,
			   "%s: event %u (type %u, config 0x%llx) on %s %u, error %d",
			   refusal(&e->attr, p->s->unwind.depth, err), e->index, e->attr.type,
			   e->attr.config, p->tasks ? "task" : "CPU",
			   p->tasks ? p->tasks[place]->pid : place, -err);
}

/* Without a PMU, cycles are sampled by the clock. */
static bool fall_back(struct kobs_pmu *p, struct kobs_pmu_event *e, int err)
{
	const struct kobs_mode *mode = p->s->mode;

	if (e->taken || !is_lacking(err) || !is_cycles(&e->attr) || mode->own_rows ||
	    mode->value || is_branch(mode) || e->attr.branch_sample_type ||
	    !p->s->source_params[PMU_P_FALLBACK].number)
		return false;
	e->attr.type = PERF_TYPE_SOFTWARE;
	e->attr.config = PERF_COUNT_SW_CPU_CLOCK;
	kobs_precise_drop(&e->attr);
	e->exact = false;
	raise_period(p, &e->attr);
	p->fell_back = true;
	return true;
}

static int counter_start(struct kobs_pmu *p, struct kobs_pmu_event *e,
			 unsigned int place, struct netlink_ext_ack *extack)
{
	struct perf_event *event;

	event = counter_create(p, e, place);
	if (IS_ERR(event) && fall_back(p, e, PTR_ERR(event)))
		event = counter_create(p, e, place);
	if (!IS_ERR(event)) {
		mutex_lock(&p->counters_lock);
		pmu_counter(p, e->index, place)->event = event;
		mutex_unlock(&p->counters_lock);
		e->taken = true;
		return 0;
	}
	/* The CPU or task went away in between. */
	if (p->tasks ? PTR_ERR(event) == -ESRCH : !kobs_pmu_cpu_there(p, place))
		return -ESRCH;
	return counter_refuse(p, e, place, PTR_ERR(event), extack);
}

/* Release a counter, and keep its counts. */
static void counter_stop(struct kobs_pmu *p, struct kobs_pmu_event *e,
			 unsigned int place)
{
	struct kobs_pmu_counter *c = pmu_counter(p, e->index, place);
	struct perf_event *event = c->event;
	struct kobs_pmu_counter sum;

	if (!event)
		return;
	perf_event_disable(event);
	mutex_lock(&p->counters_lock);
	kobs_pmu_counter_read(c, &sum);
	if (e->exact)
		sum.overflows += (sum.count - c->count) /
				 e->attr.sample_period;
	*c = sum;
	c->event = NULL;
	mutex_unlock(&p->counters_lock);
	perf_event_release_kernel(event);
}

/**
 * kobs_pmu_place_stop() - stop all events of a CPU or task
 * @p: session; its lock is held
 * @place: CPU, or index of the task
 *
 * Context: task, may sleep.
 */
void kobs_pmu_place_stop(struct kobs_pmu *p, unsigned int place)
{
	unsigned int i;

	lockdep_assert_held(&p->lock);
	for (i = 0; i < p->n_events; i++)
		counter_stop(p, &p->events[i], place);
}

/**
 * kobs_pmu_place_start() - create all events of a CPU or task
 * @p: session; its lock is held
 * @place: CPU, or index of the task
 * @extack: says why not; may be NULL
 *
 * They are not enabled yet.
 *
 * Context: task, may sleep.
 * Return: 0, -ESRCH when the CPU or task is gone, or another error of perf.
 */
int kobs_pmu_place_start(struct kobs_pmu *p, unsigned int place,
			 struct netlink_ext_ack *extack)
{
	unsigned int i;
	int err = 0;

	lockdep_assert_held(&p->lock);
	for (i = 0; !err && i < p->n_events; i++)
		err = counter_start(p, &p->events[i], place, extack);
	if (err)
		kobs_pmu_place_stop(p, place);
	return err;
}

/**
 * kobs_pmu_place_enable() - enable all events of a CPU or task
 * @p: session; its lock is held
 * @place: CPU, or index of the task
 *
 * Context: task, may sleep.
 */
void kobs_pmu_place_enable(struct kobs_pmu *p, unsigned int place)
{
	unsigned int i;

	lockdep_assert_held(&p->lock);
	for (i = 0; i < p->n_events; i++) {
		struct kobs_pmu_counter *c = pmu_counter(p, i, place);

		if (c->event && !p->events[i].attr.enable_on_exec)
			perf_event_enable(c->event);
	}
}

static bool place_wanted(const struct kobs_pmu *p, unsigned int place)
{
	return p->tasks ? !!p->tasks[place] :
			  cpumask_test_cpu(place, p->cpus) &&
			  kobs_pmu_cpu_there(p, place);
}

static int start_all(struct kobs_pmu *p, struct netlink_ext_ack *extack)
{
	unsigned int place;
	unsigned int n = 0;
	int err;

	for (place = 0; place < p->n_places; place++) {
		if (!place_wanted(p, place))
			continue;
		err = kobs_pmu_place_start(p, place, extack);
		if (err && err != -ESRCH)
			return err;
		p->gone += err && p->tasks;
		n += !err;
		cond_resched();
	}
	if (!n)
		return kobs_refuse(extack, -ESRCH,
				   p->tasks ? "all tasks have exited" :
					      "none of the CPUs is online");
	for (place = 0; place < p->n_places; place++)
		kobs_pmu_place_enable(p, place);
	return 0;
}

/**
 * kobs_pmu_counters_start() - create and enable all counters, or none
 * @p: session; its lock is held
 * @extack: says why not
 *
 * Context: task, may sleep.
 * Return: 0, -ESRCH, -EOPNOTSUPP, or another error of perf.
 */
int kobs_pmu_counters_start(struct kobs_pmu *p, struct netlink_ext_ack *extack)
{
	int err;

	lockdep_assert_held(&p->lock);
	err = start_all(p, extack);
	if (err)
		kobs_pmu_counters_stop(p);
	else
		p->running = true;
	return err;
}

/**
 * kobs_pmu_counters_stop() - stop all counters
 * @p: session; its lock is held
 *
 * perf removes a counter by a call to its CPU, but software events are looked up
 * under RCU: their handlers have ended after a grace period, for which the caller
 * waits.
 *
 * Context: task, may sleep.
 */
void kobs_pmu_counters_stop(struct kobs_pmu *p)
{
	unsigned int place;

	lockdep_assert_held(&p->lock);
	p->moved = kobs_pmu_tasks_moved(p);
	WRITE_ONCE(p->running, false);
	for (place = 0; place < p->n_places; place++)
		kobs_pmu_place_stop(p, place);
}

/**
 * kobs_pmu_count_missed() - overflows without a call of the handler
 * @p: session whose counters are stopped; its lock is held
 *
 * Context: task.
 * Return: their number, of events where it is known.
 */
u64 kobs_pmu_count_missed(const struct kobs_pmu *p)
{
	u64 missed = 0;
	unsigned int place;
	unsigned int cpu;
	unsigned int i;

	for (i = 0; i < p->n_events; i++) {
		s64 n = 0;

		if (!p->events[i].exact)
			continue;
		for (place = 0; place < p->n_places; place++)
			n += pmu_counter(p, i, place)->overflows;
		for_each_possible_cpu(cpu)
			n -= local64_read(&per_cpu_ptr(p->cpu, cpu)->calls[i]);
		missed += max_t(s64, n, 0);
	}
	return missed;
}

/**
 * kobs_pmu_clocks() - events that count nanoseconds
 * @p: session; its lock is held
 *
 * Context: task.
 * Return: their number, with what fell back.
 */
unsigned int kobs_pmu_clocks(const struct kobs_pmu *p)
{
	unsigned int n = 0;
	unsigned int i;

	for (i = 0; i < p->n_events; i++)
		n += is_clock(&p->events[i].attr);
	return n;
}

/**
 * kobs_pmu_counter_read() - read a counter
 * @c: counter; counters_lock of the session is held
 * @sum: set to its counts, including those of released events
 *
 * Context: task, may sleep.
 */
void kobs_pmu_counter_read(const struct kobs_pmu_counter *c, struct kobs_pmu_counter *sum)
{
	u64 enabled;
	u64 running;

	*sum = *c;
	if (!c->event)
		return;
	sum->count += perf_event_read_value(c->event, &enabled, &running);
	sum->enabled += enabled;
	sum->running += running;
}
