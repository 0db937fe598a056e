// SPDX-License-Identifier: GPL-2.0
/*
 * Source pmu: counters of the CPU and of the kernel, read or sampled. Events
 * are perf's, made inside the kernel on CPUs or of tasks; samples do not go
 * through perf's buffers: the overflow handler aggregates them.
 *
 * stat reads counters; record counts samples by code address, stacks and task;
 * record_stack streams samples with the memory of their user stack;
 * mem counts samples by the data that they accessed; branch folds the branch
 * records that came with a sample, and branch_trace streams them.
 *
 * Locking: see pmu.h. Stopping a session waits for its handlers.
 */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <uapi/kobs_ustack.h>

#include "core/context.h"
#include "core/lacking.h"
#include "core/refuse.h"
#include "sources.h"
#include "sources/pmu/pmu.h"

static int function_compare(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a;
	unsigned long y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

static int prepare_functions(struct kobs_pmu *p)
{
	const struct kobs_value *v = &p->s->source_params[PMU_P_FUNCTIONS];
	unsigned int i;

	if (!(p->want & BIT(PMU_W_FUNC)) || !v->number)
		return 0;
	p->late_from = ULONG_MAX;
	p->functions = kvmalloc_array(v->number, sizeof(*p->functions),
				      GFP_KERNEL_ACCOUNT);
	if (!p->functions)
		return -ENOMEM;
	for (i = 0; i < v->number; i++)
		p->functions[i] = v->addresses[i];
	sort(p->functions, v->number, sizeof(*p->functions), function_compare,
	     NULL);
	p->n_functions = v->number;
	return 0;
}

/* Columns that a mode does not have, by word. */
static u32 words_of_mode(const struct kobs_pmu *p)
{
	const u32 who = KOBS_W_WHO & ~BIT(KOBS_W_CPU);
	const u32 sample = KOBS_W_WHO | KOBS_W_STACKS | BIT(PMU_W_EVENT) |
			   BIT(PMU_W_IP);
	const u32 branch = BIT(PMU_W_FROM) | BIT(PMU_W_TO);
	const u32 mem = BIT(PMU_W_CACHE) | BIT(PMU_W_AREA) | BIT(PMU_W_DATA) |
			BIT(PMU_W_LEVEL) | BIT(PMU_W_OP) | BIT(PMU_W_TLB);
	const struct kobs_mode *mode = p->s->mode;

	if (mode->own_rows)
		return BIT(PMU_W_EVENT) | (p->tasks ? who : BIT(KOBS_W_CPU));
	if (kobs_pmu_traces(mode))
		return sample | branch | BIT(PMU_W_SAMPLE) | BIT(PMU_W_LEFT) |
		       BIT(PMU_W_INFO);
	if (kobs_pmu_is_mem(mode))
		return sample | mem | BIT(PMU_W_FUNC) | BIT(PMU_W_UIP);
	if (mode->value)
		return sample | branch | BIT(PMU_W_END) | BIT(PMU_W_FUNC) |
		       BIT(PMU_W_UIP);
	return sample | BIT(PMU_W_FUNC) | BIT(PMU_W_UIP);
}

/* Two columns can share a word: the mode decides. */
static bool column_fits(const struct kobs_pmu *p, const struct kobs_column *c)
{
	bool trace = !strcmp(c->name, "sample") || !strcmp(c->name, "left") ||
		     !strcmp(c->name, "info");

	if (!(words_of_mode(p) & BIT(c->word)))
		return false;
	if (c->word != PMU_W_SAMPLE && c->word != PMU_W_LEFT &&
	    c->word != PMU_W_INFO)
		return true;
	return trace == kobs_pmu_traces(p->s->mode);
}

static int prepare_columns(struct kobs_pmu *p, struct netlink_ext_ack *extack)
{
	struct kobs_session *s = p->s;
	unsigned int i;

	p->branch_at = (struct kobs_lbr_key){ -1, -1, -1 };
	for (i = 0; i < s->n_columns; i++) {
		if (!column_fits(p, s->columns[i]))
			return kobs_refuse(extack, -EINVAL,
					   "pmu %s%s has no column %s",
					   s->mode->name,
					   !s->mode->own_rows ? "" :
					   p->tasks ? " of tasks" : " of CPUs",
					   s->columns[i]->name);
	}
	if (s->mode->data && !(s->need & BIT(KOBS_W_USTACK)))
		return kobs_refuse(extack, -EINVAL,
				   "pmu %s needs the column ustack",
				   s->mode->name);
	for (i = 0; i < s->n_words; i++) {
		/* Columns of branch records share words with others. */
		if (!kobs_pmu_traces(s->mode))
			p->want |= BIT(s->gather[i]);
		if (s->gather[i] == PMU_W_FROM)
			p->branch_at.from = i;
		else if (s->gather[i] == PMU_W_TO)
			p->branch_at.to = i;
		else if (s->gather[i] == PMU_W_END)
			p->branch_at.end = i;
	}
	return 0;
}

static int prepare_check(const struct kobs_session *s,
			 struct netlink_ext_ack *extack)
{
	const struct kobs_value *v = s->source_params;

	if (v[PMU_P_CPUS].number && v[PMU_P_TASKS].number)
		return kobs_refuse(extack, -EINVAL,
				   "cpus and tasks cannot be combined");
	if (v[PMU_P_ON_EXEC].number && !v[PMU_P_TASKS].number)
		return kobs_refuse(extack, -EINVAL, "on_exec needs tasks");
	if (v[PMU_P_STACK_BYTES].number % sizeof(u64))
		return kobs_refuse(extack, -EINVAL,
				   "stack_bytes must be a multiple of 8");
	if (s->filter.min)
		return kobs_refuse(extack, -EINVAL,
				   "min does not apply to pmu %s",
				   s->mode->name);
	if (s->mode->own_rows && s->filter.task)
		return kobs_refuse(extack, -EINVAL,
				   "stat has no hits to filter: use cpus or tasks");
	return 0;
}

static void pmu_free(struct kobs_pmu *p)
{
	unsigned int i;

	for (i = 0; p->tasks && i < p->n_places; i++) {
		if (p->tasks[i])
			put_task_struct(p->tasks[i]);
	}
	kvfree(p->tasks);
	kvfree(p->who);
	kvfree(p->functions);
	kvfree(p->counters);
	free_percpu(p->cpu);
	free_cpumask_var(p->cpus);
	free_cpumask_var(p->there);
	free_cpumask_var(p->detached);
	mutex_destroy(&p->counters_lock);
	mutex_destroy(&p->lock);
	kfree(p);
}

static int prepare_memory(struct kobs_pmu *p)
{
	p->cpu = alloc_percpu_gfp(struct kobs_pmu_cpu, GFP_KERNEL_ACCOUNT);
	if (!p->cpu || !zalloc_cpumask_var(&p->cpus, GFP_KERNEL_ACCOUNT) ||
	    !zalloc_cpumask_var(&p->there, GFP_KERNEL_ACCOUNT) ||
	    !zalloc_cpumask_var(&p->detached, GFP_KERNEL_ACCOUNT))
		return -ENOMEM;
	return 0;
}

static int prepare_all(struct kobs_pmu *p, struct netlink_ext_ack *extack)
{
	int err = prepare_memory(p);

	if (!err)
		err = p->s->source_params[PMU_P_TASKS].number ?
		      kobs_pmu_tasks_prepare(p, extack) :
		      kobs_pmu_cpus_prepare(p, extack);
	if (!err)
		err = prepare_columns(p, extack);
	if (!err)
		err = kobs_pmu_events_parse(p, extack);
	if (!err)
		err = prepare_functions(p);
	if (err)
		return err;
	p->counters = kvcalloc(array_size(p->n_events, p->n_places),
			       sizeof(*p->counters), GFP_KERNEL_ACCOUNT);
	p->stack_bytes = p->s->source_params[PMU_P_STACK_BYTES].number;
	p->handler = kobs_pmu_handler(p);
	return p->counters ? 0 : -ENOMEM;
}

static int pmu_prepare(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	struct kobs_pmu *p;
	int err = prepare_check(s, extack);

	if (err)
		return err;
	kobs_pmu_look();
	if (kobs_pmu_is_mem(s->mode))
		kobs_cache_where_init();
	p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	if (!p)
		return -ENOMEM;
	p->s = s;
	mutex_init(&p->lock);
	mutex_init(&p->counters_lock);
	err = prepare_all(p, extack);
	if (err) {
		pmu_free(p);
		return err;
	}
	s->priv = p;
	s->targets = p->n_events;
	return 0;
}

static int pmu_start(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	struct kobs_pmu *p = s->priv;
	int err = 0;

	if (!p->tasks)
		err = kobs_pmu_cpus_watch(p);
	if (err)
		return kobs_refuse(extack, err,
				   "CPU hotplug cannot be followed: error %d", -err);
	mutex_lock(&p->lock);
	err = kobs_pmu_counters_start(p, extack);
	mutex_unlock(&p->lock);
	if (err)
		synchronize_rcu();
	if (err && !p->tasks)
		kobs_pmu_cpus_unwatch(p);
	return err;
}

static void pmu_stop(struct kobs_session *s)
{
	struct kobs_pmu *p = s->priv;

	if (!p->tasks)
		kobs_pmu_cpus_unwatch(p);
	mutex_lock(&p->lock);
	kobs_pmu_counters_stop(p);
	mutex_unlock(&p->lock);
	/* For the handlers of software events. */
	synchronize_rcu();
	mutex_lock(&p->lock);
	p->missed = kobs_pmu_count_missed(p);
	mutex_unlock(&p->lock);
}

static void pmu_release(struct kobs_session *s)
{
	struct kobs_pmu *p = s->priv;

	s->priv = NULL;
	pmu_free(p);
}

static u64 pmu_missed(const struct kobs_session *s)
{
	const struct kobs_pmu *p = s->priv;

	return p ? p->missed : 0;
}

static const char *stat_how(bool *ok)
{
	return kobs_pmu_lacking(false);
}

static const char *record_how(bool *ok)
{
	const char *lack = kobs_pmu_lacking(false);

	return lack ? "there is no PMU: cycles are sampled by cpu-clock" : NULL;
}

/* Not refused here: another module's PMU may support it. */
static const char *mem_how(bool *ok)
{
	return kobs_pmu_lacking(false);
}

static const char *branch_how(bool *ok)
{
	return kobs_pmu_lacking(true);
}

static const struct kobs_field stat_fields[] = {
	[PMU_F_ENABLED] = {
		"enabled", "time that the event was enabled",
		KOBS_TYPE_NUMBER, "ns", KOBS_MERGE_SUM
	},
	[PMU_F_RUNNING] = {
		"running", "time that a counter counted it",
		KOBS_TYPE_NUMBER, "ns", KOBS_MERGE_SUM
	},
};

static const struct kobs_field record_fields[] = {
	[PMU_F_THROTTLED] = {
		"throttled",
		"samples at which the kernel stopped the event for a tick",
		KOBS_TYPE_NUMBER, NULL, KOBS_MERGE_SUM
	},
	[PMU_F_EVENTS] = {
		"events", "what the samples stand for: sum of their periods",
		KOBS_TYPE_NUMBER, NULL, KOBS_MERGE_SUM
	},
};

static const struct kobs_field branch_fields[] = {
	[KOBS_LBR_MISPREDICTED] = {
		"mispredicted", "times that the branch was mispredicted",
		KOBS_TYPE_NUMBER, NULL, KOBS_MERGE_SUM
	},
};

static_assert(ARRAY_SIZE(branch_fields) == KOBS_LBR_FIELDS);

static const struct kobs_mode pmu_modes[] = {
	{
		.name = "stat",
		.doc = "count events",
		.own_rows = true,
		.by = "event",
		.fields = stat_fields,
		.n_fields = ARRAY_SIZE(stat_fields),
		.available = stat_how,
	}, {
		.name = "record",
		.doc = "sample code addresses of events",
		.by = "func,uip",
		.fields = record_fields,
		.n_fields = ARRAY_SIZE(record_fields),
		.available = record_how,
	}, {
		.name = "record_stack",
		.doc = "stream samples with the memory of their user stack",
		.stream = true,
		.data = true,
		.by = "func,uip,ustack",
		.fields = record_fields,
		.n_fields = ARRAY_SIZE(record_fields),
		.available = record_how,
	}, {
		.name = "mem",
		.doc = "sample accesses of data, with their addresses",
		.value = "weight",
		.unit = "cycles",
		.by = "area,cache,data",
		.available = mem_how,
	}, {
		.name = "branch",
		.doc = "fold the branches that led to samples",
		.value = "cycles",
		.unit = "cycles",
		.by = "from,to",
		.fields = branch_fields,
		.n_fields = ARRAY_SIZE(branch_fields),
		.available = branch_how,
	}, {
		.name = "branch_trace",
		.doc = "stream a record of each branch that led to a sample",
		.stream = true,
		.by = "pid,ip,sample,left,from,to,info",
		.available = branch_how,
	},
};

static const struct kobs_column pmu_columns[] = {
	{ "event", "place of the event in the parameter events",
	  KOBS_TYPE_NUMBER, NULL, PMU_W_EVENT, 1 },
	{ "ip", "address that was sampled", KOBS_TYPE_ADDRESS, NULL,
	  PMU_W_IP, 1 },
	{ "func", "kernel function that was sampled; 0 in user code",
	  KOBS_TYPE_FUNCTION, NULL, PMU_W_FUNC, 1 },
	{ "uip", "user address that was sampled, as a stack of one frame; 0 in the kernel",
	  KOBS_TYPE_USTACK, NULL, PMU_W_UIP, 1 },
	{ "from", "address of the branch", KOBS_TYPE_ADDRESS, NULL,
	  PMU_W_FROM, 1 },
	{ "to", "target of the branch", KOBS_TYPE_ADDRESS, NULL, PMU_W_TO, 1 },
	{ "end", "last address of the straight run behind the branch; 0 for none",
	  KOBS_TYPE_ADDRESS, NULL, PMU_W_END, 1 },
	{ "sample", "number of the sample on its CPU", KOBS_TYPE_NUMBER, NULL,
	  PMU_W_SAMPLE, 1 },
	{ "left", "records of this sample that follow", KOBS_TYPE_NUMBER, NULL,
	  PMU_W_LEFT, 1 },
	{ "info", "third word of the branch record, as perf has it",
	  KOBS_TYPE_NUMBER, NULL, PMU_W_INFO, 1 },
	{ "area", "kind of memory of the data: slab, page, vmalloc, kernel, stack, user or other",
	  KOBS_TYPE_TEXT, NULL, PMU_W_AREA, 1 },
	{ "cache", "slab cache of the data", KOBS_TYPE_TEXT, NULL,
	  PMU_W_CACHE, KOBS_CACHE_NAME_WORDS },
	{ "data", "line of 64 bytes of the data, if it is the kernel's own",
	  KOBS_TYPE_OBJECT, NULL, PMU_W_DATA, 1 },
	{ "level", "where the data was: L1, LFB, L2, L3, RAM, remote or others",
	  KOBS_TYPE_TEXT, NULL, PMU_W_LEVEL, 1 },
	{ "op", "what was done with the data: load, store, pfetch or exec",
	  KOBS_TYPE_TEXT, NULL, PMU_W_OP, 1 },
	{ "tlb", "what the data TLB had: hit, L2 hit, miss, walk or fault",
	  KOBS_TYPE_TEXT, NULL, PMU_W_TLB, 1 },
};

static const struct kobs_param pmu_params[] = {
	[PMU_P_EVENTS] = {
		"events",
		"8 words per event: type, config, config1, config2, bits, period or frequency, branch types, 0",
		KOBS_TYPE_ADDRESSES, NULL, PMU_E_WORDS,
		PMU_EVENTS * PMU_E_WORDS, 0
	},
	[PMU_P_CPUS] = {
		"cpus", "numbers of the CPUs to observe; default: all",
		KOBS_TYPE_ADDRESSES, NULL, 1, 1 << 16, 0
	},
	[PMU_P_TASKS] = {
		"tasks", "ids of the threads to observe, instead of CPUs",
		KOBS_TYPE_ADDRESSES, NULL, 1, 1 << 16, 0
	},
	[PMU_P_INHERIT] = {
		"inherit", "observe children of the tasks, too",
		KOBS_TYPE_NUMBER, NULL, 0, 1, 1
	},
	[PMU_P_ON_EXEC] = {
		"on_exec", "start when a task executes a program",
		KOBS_TYPE_NUMBER, NULL, 0, 1, 0
	},
	[PMU_P_FALLBACK] = {
		"fallback", "without a PMU, sample cpu-clock instead of cycles",
		KOBS_TYPE_NUMBER, NULL, 0, 1, 1
	},
	[PMU_P_FUNCTIONS] = {
		"functions",
		"entries of the kernel's functions, for the column func",
		KOBS_TYPE_ADDRESSES, NULL, 1, 1 << 20, 0
	},
	[PMU_P_STACK_BYTES] = {
		"stack_bytes",
		"maximum memory of a user stack, a multiple of 8, for record_stack",
		KOBS_TYPE_NUMBER, "bytes", 8, KOBS_USTACK_BYTES_MAX, 8192
	},
};

const struct kobs_source kobs_src_pmu = {
	.name = "pmu",
	.doc = "counters of the CPU and of the kernel, samples and branches",
	.modes = pmu_modes,
	.n_modes = ARRAY_SIZE(pmu_modes),
	.columns = pmu_columns,
	.n_columns = ARRAY_SIZE(pmu_columns),
	.params = pmu_params,
	.n_params = ARRAY_SIZE(pmu_params),
	.init = kobs_pmu_look,
	.reasons = &kobs_pmu_missed_overflows,
	.n_reasons = 1,
	.prepare = pmu_prepare,
	.start = pmu_start,
	.stop = pmu_stop,
	.release = pmu_release,
	.missed = pmu_missed,
	.missed_as = KOBS_N_SOURCE,
	.rows = kobs_pmu_rows,
	.usage = kobs_pmu_usage,
	.note = kobs_pmu_note,
	.code = kobs_pmu_code,
};
