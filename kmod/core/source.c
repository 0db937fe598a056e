// SPDX-License-Identifier: GPL-2.0
/*
 * The table of sources, and the columns and parameters common to all sessions,
 * which are described as a source named "session".
 *
 * Locking: none; the tables are constant after the module was loaded.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>

#include "core/source.h"
#include "lib/stack_table.h"

static unsigned int default_rows = 4096;
module_param_named(rows, default_rows, uint, 0444);
MODULE_PARM_DESC(rows, "default for the rows of each CPU's table");

static unsigned int default_stacks = 8192;
module_param_named(stacks, default_stacks, uint, 0444);
MODULE_PARM_DESC(stacks, "default for the stacks that a session keeps");

static unsigned int default_ring_kb = 1024;
module_param_named(ring_kb, default_ring_kb, uint, 0444);
MODULE_PARM_DESC(ring_kb, "default for the ring buffer of each CPU, in KiB");

/* The sources that main.c was built with. */
static const struct kobs_source * const *sources;
static unsigned int n_sources;

static const struct kobs_column context_columns[] = {
	{ "cpu", "CPU of the hit", KOBS_TYPE_NUMBER, NULL, KOBS_W_CPU, 1 },
	{ "pid", "process", KOBS_TYPE_NUMBER, NULL, KOBS_W_PID, 1 },
	{ "tid", "thread", KOBS_TYPE_NUMBER, NULL, KOBS_W_TID, 1 },
	{ "comm", "name of the thread", KOBS_TYPE_TEXT, NULL, KOBS_W_COMM, 2 },
	{ "cgroup", "control group of the thread, by its number",
	  KOBS_TYPE_NUMBER, NULL, KOBS_W_CGROUP, 1 },
	{ "kstack", "kernel stack", KOBS_TYPE_KSTACK, NULL, KOBS_W_KSTACK, 1 },
	{ "ustack", "user stack, by frame pointers", KOBS_TYPE_USTACK, NULL,
	  KOBS_W_USTACK, 1 },
};

/* kobs_source_init() sets the defaults of sizes. */
struct kobs_param kobs_engine_params[KOBS_P_ENGINE] = {
	[KOBS_P_ROWS] = {
		"rows", "rows of each CPU's table", KOBS_TYPE_NUMBER, NULL,
		2, 1 << 20, 0
	},
	[KOBS_P_HIST] = {
		"hist", "keep a histogram of the value in each row",
		KOBS_TYPE_NUMBER, NULL, 0, 1, 0
	},
	[KOBS_P_STACKS] = {
		"stacks", "stacks to keep", KOBS_TYPE_NUMBER, NULL,
		1, 1 << 20, 0
	},
	[KOBS_P_STACK_DEPTH] = {
		"stack_depth", "frames of a stack", KOBS_TYPE_NUMBER, "frames",
		1, KOBS_STACK_DEPTH, 64
	},
	[KOBS_P_RING_KB] = {
		"ring_kb", "ring buffer of each CPU, for streams",
		KOBS_TYPE_NUMBER, "KiB", 8, 1 << 18, 0
	},
	[KOBS_P_BUDGET] = {
		"budget", "cost at which the session is disarmed; 0 for never",
		KOBS_TYPE_NUMBER, "% of a CPU", 0, 100, 25
	},
	[KOBS_P_FULL_STACK] = {
		"full_stack",
		"keep what an interrupt interrupted in its kernel stacks",
		KOBS_TYPE_NUMBER, NULL, 0, 1, 0
	},
	[KOBS_P_VERIFY_STACKS] = {
		"verify_stacks",
		"compare every Nth cached kernel stack with the unwinder; 0 for no caches",
		KOBS_TYPE_NUMBER, "stacks", 0, 1 << 30, 1024
	},
};

const struct kobs_source kobs_engine = {
	.name = "session",
	.doc = "what every session has beside its source",
	.columns = context_columns,
	.n_columns = ARRAY_SIZE(context_columns),
	.params = kobs_engine_params,
	.n_params = ARRAY_SIZE(kobs_engine_params),
};

/**
 * kobs_source_init() - take the table of sources, apply the module parameters
 * @table: the sources; has to live as long as the module
 * @n: number of sources
 *
 * A default outside the allowed range is clamped to it.
 *
 * Context: task, at load; may sleep.
 */
void kobs_source_init(const struct kobs_source * const *table, unsigned int n)
{
	const struct {
		enum kobs_engine_param place;
		unsigned int *def;
	} sizes[] = {
		{ KOBS_P_ROWS, &default_rows },
		{ KOBS_P_STACKS, &default_stacks },
		{ KOBS_P_RING_KB, &default_ring_kb },
	};
	unsigned int i;

	sources = table;
	n_sources = n;
	for (i = 0; i < n; i++) {
		if (table[i]->init)
			table[i]->init();
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct kobs_param *p = &kobs_engine_params[sizes[i].place];

		p->def = clamp_t(u64, *sizes[i].def, p->min, p->max);
		*sizes[i].def = p->def;
	}
}

/**
 * kobs_source_at() - get a source by its index
 * @place: index; 0 is the engine, the sources follow
 *
 * Context: any.
 * Return: the source, or NULL after the last.
 */
const struct kobs_source *kobs_source_at(unsigned int place)
{
	if (!place)
		return &kobs_engine;
	return place <= n_sources ? sources[place - 1] : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_source_at);

/**
 * kobs_source_find() - find a source by its name
 * @name: name
 *
 * Context: any.
 * Return: the source, or NULL.
 */
const struct kobs_source *kobs_source_find(const char *name)
{
	const struct kobs_source *src;
	unsigned int place;

	for (place = 0; (src = kobs_source_at(place)); place++) {
		if (!strcmp(src->name, name))
			return src;
	}
	return NULL;
}

/**
 * kobs_source_mode() - find a mode by its name
 * @src: source
 * @name: name
 *
 * Context: any.
 * Return: the mode, or NULL.
 */
const struct kobs_mode *kobs_source_mode(const struct kobs_source *src,
					 const char *name)
{
	unsigned int i;

	for (i = 0; i < src->n_modes; i++) {
		if (!strcmp(src->modes[i].name, name))
			return &src->modes[i];
	}
	return NULL;
}

static const struct kobs_column *column_of(const struct kobs_source *src,
					   const char *name, size_t len)
{
	unsigned int i;

	for (i = 0; i < src->n_columns; i++) {
		if (strlen(src->columns[i].name) == len &&
		    !memcmp(src->columns[i].name, name, len))
			return &src->columns[i];
	}
	return NULL;
}

/**
 * kobs_source_column() - find a column, of the source or the context, by its name
 * @src: source
 * @name: name, terminated by a comma or NUL
 *
 * Context: any.
 * Return: the column, or NULL.
 */
const struct kobs_column *kobs_source_column(const struct kobs_source *src,
					     const char *name)
{
	size_t len = strcspn(name, ",");

	return column_of(src, name, len) ?: column_of(&kobs_engine, name, len);
}

/**
 * kobs_source_reason() - the description of a reason of loss
 * @src: source
 * @c: counter, from KOBS_N_LOST
 *
 * Context: any.
 * Return: the reason, of the engine or the source, or NULL for an unused one.
 */
const struct kobs_reason *kobs_source_reason(const struct kobs_source *src,
					     enum kobs_counter c)
{
	unsigned int i = c - KOBS_N_SOURCE;

	if (c < KOBS_N_SOURCE)
		return kobs_counters_reason(c);
	return i < src->n_reasons ? &src->reasons[i] : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_source_reason);
