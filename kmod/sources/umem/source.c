// SPDX-License-Identifier: GPL-2.0
/*
 * Source umem: memory that processes allocate in user space, followed from its
 * allocation to its free by uprobes on the functions of their allocator. Which these
 * are comes from the controller (uapi/kobs_umem.h).
 *
 * A hit is a call that allocates, resizes or frees. Each ends in one counter:
 *
 *	recorded	the group's allocated, freed or failed counts it; what resizes
 *			is one hit, that frees and allocates
 *	filtered	allocations excluded by the filter; frees of objects that are
 *			not followed, or that another function is freeing; those of
 *			kobs and its controller, and of other processes that come by
 *			the hooks, as forked ones do
 *	lost		the call's return was not seen, or the object could not be
 *			followed
 *
 * Locking: prepare, start, stop and release run under the session's change lock. The
 * handlers take no lock; stop waits for them, and for the worker of lives.c.
 */
#include <linux/percpu.h>
#include <linux/slab.h>
#include <trace/events/sched.h>

#include "core/follow.h"
#include "core/refuse.h"
#include "sources.h"
#include "sources/umem/umem.h"

static void umem_exit(void *data, struct task_struct *task)
{
	kobs_umem_leave_call(data);
}

static void umem_exec(void *data, struct task_struct *task, pid_t old_pid,
		      struct linux_binprm *bprm)
{
	struct kobs_umem *u = data;

	kobs_umem_leave_call(u);
	kobs_umem_exec(u);
}

KOBS_PROBE_TYPE(umem_exec, sched_process_exec);

/* The census takes its parameters from the same places. */
static_assert(KOBS_CENSUS_P_OLDER == (int)UMEM_P_OLDER);
static_assert((int)UMEM_PARAMS <= KOBS_CENSUS_P_TASKS);

static int prepare_cpu(struct kobs_cpus *c, unsigned int cpu)
{
	struct kobs_umem *u = container_of(c, struct kobs_umem, cpus);

	return kobs_group_table_prepare(&u->groups, &u->s->memory, cpu);
}

static int umem_memory(struct kobs_umem *u)
{
	const struct kobs_value *p = u->s->source_params;
	struct kobs_memory *m = &u->s->memory;
	int err;

	u->cpu = alloc_percpu_gfp(struct kobs_umem_cpu, GFP_KERNEL_ACCOUNT);
	if (!u->cpu)
		return -ENOMEM;
	err = kobs_object_table_init(&u->live, m, p[UMEM_P_OBJECTS].number);
	if (!err)
		err = kobs_group_table_init(&u->groups, m,
					    u->s->params[KOBS_P_ROWS].number,
					    u->s->n_words);
	if (!err)
		err = kobs_inflight_table_init(&u->calls, m,
					       p[UMEM_P_INFLIGHT].number,
					       UMEM_D_WORDS);
	if (!err && !kobs_memory_fits(m, num_online_cpus() *
					 kobs_group_table_bytes(&u->groups)))
		err = -ENOMEM;
	u->cpus.prepare = prepare_cpu;
	u->census.s = u->s;
	u->census.objects = &u->live;
	u->census.groups = &u->groups;
	u->census.least_ms = p[UMEM_P_OLDER].number;
	return err ?: kobs_cpus_add(&u->cpus) ?: kobs_census_init(&u->census);
}

static int umem_check(const struct kobs_session *s,
		      struct netlink_ext_ack *extack)
{
	if (!s->filter.n_pid)
		return kobs_refuse(extack, -EINVAL,
				   "umem follows processes: the filter must have a pid");
	if (s->filter.min)
		return kobs_refuse(extack, -EINVAL,
				   "min does not apply to umem: use older for the age of objects");
	if (s->need & BIT(KOBS_W_KSTACK))
		return kobs_refuse(extack, -EINVAL,
				   "umem has no kernel stacks: use ustack");
	return 0;
}

static void umem_free(struct kobs_umem *u)
{
	kobs_cpus_remove(&u->cpus);
	kobs_census_free(&u->census);
	kobs_inflight_table_free(&u->calls);
	kobs_group_table_free(&u->groups);
	kobs_object_table_free(&u->live);
	free_percpu(u->cpu);
	kobs_umem_places_free(u);
	kfree(u);
}

static int umem_prepare(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	const struct kobs_filter *f = &s->filter;
	struct kobs_umem *u;
	int err = umem_check(s, extack);

	if (err)
		return err;
	u = kzalloc(sizeof(*u), GFP_KERNEL_ACCOUNT);
	if (!u)
		return -ENOMEM;
	u->s = s;
	u->limited = f->n_tid || f->n_cpu || f->n_comm || f->n_cgroup;
	u->ends[0] = (struct kobs_probe){
		.name = "sched_process_exit", .probe = umem_exit, .plain = true,
	};
	u->ends[1] = (struct kobs_probe){
		.name = "sched_process_exec", .probe = umem_exec, .plain = true,
	};
	kobs_umem_lives_init(u);
	err = kobs_umem_places_init(u, extack);
	if (!err && umem_memory(u))
		err = kobs_session_no_memory(s, extack, "objects, rows or inflight");
	if (err) {
		umem_free(u);
		return err;
	}
	s->targets = u->n_places;
	s->priv = u;
	return 0;
}

static void umem_unhook(struct kobs_umem *u)
{
	unsigned int i;

	/* The end of a task ends its call, until no place begins any. */
	for (i = 0; i < u->n_places; i++)
		if (u->places[i].hooked)
			kobs_uprobe_drop(&u->places[i].place);
	kobs_uprobe_sync();
	for (i = 0; i < u->n_places; i++)
		u->places[i].hooked = false;
	kobs_tracepoint_detach(u->ends, ARRAY_SIZE(u->ends), u);
	kobs_umem_lives_sync(u);
}

static int umem_start(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	struct kobs_umem *u = s->priv;
	const char *failed, *why;
	unsigned int i;
	int err = kobs_tracepoint_attach(u->ends, ARRAY_SIZE(u->ends), u,
					 &failed);

	if (err)
		return kobs_refuse(extack, err,
				   "cannot attach to the tracepoint %s: error %d",
				   failed, -err);
	for (i = 0; i < u->n_places && !err; i++) {
		struct kobs_umem_place *p = &u->places[i];

		if (kobs_session_unwanted(s))
			err = -ECONNREFUSED;
		else
			err = kobs_uprobe_hook(&p->place, &why);
		p->hooked = !err;
		if (err && err != -ECONNREFUSED)
			err = kobs_refuse(extack, err,
					  "a function of the allocator, offset 0x%llx: %s",
					  p->place.offset, why);
	}
	if (err)
		umem_unhook(u);
	else
		kobs_census_start(&u->census);
	return err;
}

static void umem_stop(struct kobs_session *s)
{
	struct kobs_umem *u = s->priv;

	umem_unhook(u);
	kobs_census_stop(&u->census);
}

static void umem_release(struct kobs_session *s)
{
	umem_free(s->priv);
	s->priv = NULL;
}

/* Frees of objects that are not followed, and those that went with their program. */
static struct kobs_umem_cpu umem_sum(const struct kobs_umem *u)
{
	struct kobs_umem_cpu sum = {};
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		const struct kobs_umem_cpu *c = per_cpu_ptr(u->cpu, cpu);

		local64_add(local64_read(&c->unknown), &sum.unknown);
		local64_add(local64_read(&c->dropped), &sum.dropped);
	}
	return sum;
}

static bool umem_rows(struct kobs_session *s, unsigned long *at,
		      struct kobs_row_out *out)
{
	struct kobs_umem *u = s->priv;
	struct kobs_umem_cpu sum;

	if (s->life == KOBS_LIFE_NEW)
		return false;
	if (!*at) {
		kobs_umem_lives_sync(u);
		kobs_census_fill(&u->census);
		sum = umem_sum(u);
		*at = 1;
		*out = (struct kobs_row_out){
			.min = U64_MAX,
			.fields[KOBS_FIELD_UNKNOWN] = local64_read(&sum.unknown),
		};
		return true;
	}
	while (*at <= u->groups.mask + 1UL) {
		if (kobs_census_row(&u->census, (*at)++ - 1, out))
			return true;
		cond_resched();
	}
	return false;
}

static bool umem_note(const struct kobs_session *s, unsigned int i,
		      struct kobs_note *note)
{
	const struct kobs_umem *u = s->priv;
	struct kobs_umem_cpu sum;

	if (!u || i > 1)
		return false;
	sum = umem_sum(u);
	if (i)
		*note = (struct kobs_note){
			.name = "exec_drops",
			.doc = "objects that went when their process executed another program",
			.number = local64_read(&sum.dropped),
		};
	else
		*note = (struct kobs_note){
			.name = "unknown_frees",
			.doc = "frees of objects whose allocation was not seen",
			.number = local64_read(&sum.unknown),
		};
	return true;
}

static void umem_usage(const struct kobs_session *s, struct kobs_usage *usage)
{
	const struct kobs_umem *u = s->priv;

	usage->bytes += sizeof(*u) + u->n_places * sizeof(*u->places) +
			sizeof(struct kobs_umem_cpu) * num_possible_cpus();
	usage->rows = atomic_read(&u->groups.used);
	usage->rows_max = u->groups.mask + 1;
}

/* A probe of any type is called by the type of the tracepoint. */
static const char *umem_how(bool *ok)
{
	*ok = false;
	if (!IS_ENABLED(CONFIG_UPROBES))
		return "this kernel has no uprobes (CONFIG_UPROBES)";
	if (IS_ENABLED(CONFIG_CFI_CLANG) || IS_ENABLED(CONFIG_CFI))
		return "the kernel checks the types of indirect calls (kCFI)";
	*ok = true;
	return NULL;
}

static const struct kobs_param umem_params[UMEM_PARAMS] = {
	[UMEM_P_OBJECTS] = {
		"objects", "maximum number of live objects",
		KOBS_TYPE_NUMBER, NULL, 1 << 10, 1 << 24, 1 << 18
	},
	[UMEM_P_OLDER] = {
		"older", "count only live objects of at least this age",
		KOBS_TYPE_NUMBER, "ms", 0, 1U << 30, 0
	},
	[UMEM_P_INFLIGHT] = {
		"inflight",
		"maximum number of threads that are in the allocator at once",
		KOBS_TYPE_NUMBER, "calls", 1, 1 << 16, 1 << 10
	},
	[UMEM_P_FILES] = {
		"files",
		"programs and libraries with functions of the allocator: the client's paths, a line each",
		KOBS_TYPE_TEXT, NULL, 1, 4095, 0
	},
	[UMEM_P_PLACES] = {
		"places", "these functions: three words each, kobs_umem.h",
		KOBS_TYPE_ADDRESSES, NULL, KOBS_UMEM_WORDS,
		KOBS_UMEM_WORDS * KOBS_UMEM_PLACES, 0
	},
};

static const struct kobs_reason umem_reasons[UMEM_REASONS] = {
	[KOBS_N_IN_FLIGHT - KOBS_N_SOURCE] = {
		"in_flight",
		"call or wait that had not ended",
	},
	[KOBS_N_INFLIGHT_FULL - KOBS_N_SOURCE] = {
		"inflight_full",
		"more calls at a time than there is room for: raise inflight",
	},
	[UMEM_N_STALE - KOBS_N_SOURCE] = {
		"stale",
		"call whose return was not seen, or cannot be",
	},
	[UMEM_N_FAULT - KOBS_N_SOURCE] = {
		"fault",
		"allocation whose address could not be read",
	},
	[UMEM_N_FULL - KOBS_N_SOURCE] = {
		"objects_full",
		"no room left for a live object: raise objects",
	},
	[UMEM_N_STAYED - KOBS_N_SOURCE] = {
		"stayed",
		"no room left for an object that stays after a realloc() or munmap() that failed, or freed a part: raise objects",
	},
};

static const struct kobs_mode umem_modes[] = {
	{
		.name = "leaks",
		.doc = "count live, allocated and freed objects of processes",
		.value = "age",
		.unit = "ns",
		.own_rows = true,
		.by = "ustack",
		.fields = kobs_follow_fields,
		.n_fields = ARRAY_SIZE(kobs_follow_fields),
		.available = umem_how,
	},
};

const struct kobs_source kobs_src_umem = {
	.name = "umem",
	.doc = "memory that processes allocate in user space",
	.modes = umem_modes,
	.n_modes = ARRAY_SIZE(umem_modes),
	.params = umem_params,
	.n_params = ARRAY_SIZE(umem_params),
	.reasons = umem_reasons,
	.n_reasons = ARRAY_SIZE(umem_reasons),
	.prepare = umem_prepare,
	.start = umem_start,
	.stop = umem_stop,
	.release = umem_release,
	.rows = umem_rows,
	.usage = umem_usage,
	.note = umem_note,
};
