// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions: their memory. That of a CPU is allocated when the session is
 * created, or when the CPU comes online. All sessions together hold a limited
 * part of the machine's memory.
 *
 * Locking: memory of a CPU changes under the hotplug lock (cpus.c), which nests
 * inside the session's change lock, before handlers run on that CPU; all else
 * before the session is in the list, or after it was.
 */
#include <linux/cpumask.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/topology.h>

#include "core/refuse.h"
#include "core/session.h"
#include "core/stream.h"

/* Maximum part of the machine's memory that sessions hold: 1/N. */
#define SESSIONS_SHARE	4

/* Default for rows with a histogram, which are large. */
#define HIST_ROWS	1024

/* What all sessions hold. */
static struct kobs_memory sessions_memory;

/**
 * kobs_session_no_memory() - refuse a request for lack of memory
 * @s: session being created
 * @extack: takes the sentence
 * @lower: which parameters need less
 *
 * Context: task.
 * Return: -ENOMEM.
 */
int kobs_session_no_memory(const struct kobs_session *s,
			   struct netlink_ext_ack *extack, const char *lower)
{
	u64 wanted = DIV_ROUND_UP_ULL(s->memory.wanted, SZ_1M);

	switch (s->memory.lack) {
	case KOBS_MEMORY_ABOVE:
		return kobs_refuse(extack, -ENOMEM,
				   "no memory for the session: it needs %llu MiB more, of %llu MiB that sessions may hold, a quarter of the machine's: lower %s",
				   wanted, (u64)sessions_memory.max >> (20 - PAGE_SHIFT),
				   lower);
	case KOBS_MEMORY_UNAVAILABLE:
		return kobs_refuse(extack, -ENOMEM,
				   "no memory for the session: it needs %llu MiB more, and %llu MiB are available, of which %llu must remain: lower %s",
				   wanted, (u64)si_mem_available() >> (20 - PAGE_SHIFT),
				   (u64)kobs_memory_rest() >> (20 - PAGE_SHIFT),
				   lower);
	default:
		return kobs_refuse(extack, -ENOMEM,
				   "no memory for the session: lower %s", lower);
	}
}

static bool has_table(const struct kobs_session *s)
{
	return !s->stream && !s->mode->own_rows;
}

static int prepare_cpu(struct kobs_cpus *c, unsigned int cpu)
{
	struct kobs_session *s = container_of(c, struct kobs_session, cpus);
	int err = 0;

	if (s->stream)
		err = kobs_stream_prepare(s, cpu);
	else if (has_table(s))
		err = kobs_table_prepare(&per_cpu_ptr(s->cpu, cpu)->table,
					 &s->memory, cpu_to_node(cpu),
					 s->params[KOBS_P_ROWS].number);
	return kobs_unwind_prepare(&s->unwind, &s->memory, cpu) ?: err;
}

static struct kobs_shape shape_of(const struct kobs_session *s)
{
	struct kobs_shape shape = {
		.words = s->n_words,
		.fields = s->mode->n_fields,
		.values = s->mode->value,
		.hist = s->params[KOBS_P_HIST].number,
	};
	unsigned int i;

	for (i = 0; i < shape.fields; i++) {
		if (s->mode->fields[i].merge == KOBS_MERGE_LOWEST)
			shape.lowest |= BIT(i);
	}
	return shape;
}

/* Initialise the tables. Returns the memory that one takes. */
static u64 init_tables(struct kobs_session *s)
{
	struct kobs_shape shape = shape_of(s);
	unsigned int cpu;

	if (shape.hist && !s->params[KOBS_P_ROWS].given)
		s->params[KOBS_P_ROWS].number = HIST_ROWS;
	for_each_possible_cpu(cpu)
		kobs_table_init(&per_cpu_ptr(s->cpu, cpu)->table, &shape);
	return kobs_table_bytes(&raw_cpu_ptr(s->cpu)->table,
				s->params[KOBS_P_ROWS].number);
}

static int alloc_all(struct kobs_session *s)
{
	u64 each;
	int err = 0;

	s->cpu = alloc_percpu_gfp(struct kobs_cpu, GFP_KERNEL_ACCOUNT);
	if (!s->cpu)
		return -ENOMEM;
	s->unwind.cpu = &s->cpu->unwind;
	s->unwind.stacks = &s->stacks;
	each = kobs_unwind_configure(&s->unwind, s->need & BIT(KOBS_W_KSTACK));
	if (s->mode->stream)
		each += s->params[KOBS_P_RING_KB].number * SZ_1K;
	else if (!s->mode->own_rows)
		each += init_tables(s);
	if (!kobs_memory_fits(&s->memory, each * num_online_cpus()))
		return -ENOMEM;
	if (s->mode->stream)
		err = kobs_stream_new(s);
	if (!err && s->has_stacks)
		err = kobs_stack_table_init(&s->stacks, &s->memory,
					    s->params[KOBS_P_STACKS].number);
	s->cpus.prepare = prepare_cpu;
	return err ?: kobs_cpus_add(&s->cpus);
}

/**
 * kobs_session_alloc() - allocate the memory of a session
 * @s: from kobs_session_create()
 * @extack: takes the reason of a failure
 *
 * Context: task, may sleep; it waits for CPU hotplug.
 * Return: 0, or -ENOMEM, after which kobs_session_free_memory() is to be called.
 */
int kobs_session_alloc(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	int err;

	s->memory.part_of = &sessions_memory;
	err = alloc_all(s);
	if (err)
		kobs_session_no_memory(s, extack, "rows, stacks or ring_kb");
	return err;
}

/**
 * kobs_session_free_memory() - undo kobs_session_alloc(), complete or not
 * @s: session
 *
 * Context: task, may sleep.
 */
void kobs_session_free_memory(struct kobs_session *s)
{
	unsigned int cpu;

	kobs_cpus_remove(&s->cpus);
	kobs_stream_free(s);
	if (s->cpu) {
		for_each_possible_cpu(cpu)
			kobs_table_free(&per_cpu_ptr(s->cpu, cpu)->table);
		kobs_unwind_free(&s->unwind);
		free_percpu(s->cpu);
	}
	kobs_stack_table_free(&s->stacks);
	kobs_name_table_free(&s->names.table);
	kobs_memory_close(&s->memory);
}

static void table_usage(const struct kobs_session *s, struct kobs_usage *u)
{
	unsigned int cpu;

	u->rows_max = roundup_pow_of_two(s->params[KOBS_P_ROWS].number);
	for_each_possible_cpu(cpu) {
		struct kobs_table *t = &per_cpu_ptr(s->cpu, cpu)->table;

		u->rows = max_t(u32, u->rows, local64_read(&t->used));
	}
}

/**
 * kobs_session_usage() - memory use of a session
 * @s: session
 * @u: bytes, with the kernel's memory for calls in progress, and without its own
 *     for its probes; unless it is a stream, rows in use of the fullest table, and
 *     capacity of each table
 *
 * Context: task; the session's lock is held.
 */
void kobs_session_usage(const struct kobs_session *s, struct kobs_usage *u)
{
	*u = (struct kobs_usage){
		.bytes = sizeof(*s) + kobs_memory_bytes(&s->memory) +
			 sizeof(struct kobs_cpu) * num_possible_cpus(),
	};
	if (has_table(s))
		table_usage(s, u);
	if (s->source->usage && !kobs_session_dead(s))
		s->source->usage(s, u);
}

/**
 * kobs_session_memory_init() - set the limit on the memory of sessions
 *
 * Context: task, at load.
 */
void kobs_session_memory_init(void)
{
	sessions_memory.max = totalram_pages() / SESSIONS_SHARE;
}
