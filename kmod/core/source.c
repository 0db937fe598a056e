// SPDX-License-Identifier: GPL-2.0
/*
 * The sources, from the rows of sources.h, and what every session has beside
 * its source: the context columns and the engine's parameters, described as
 * a source of the name "session".
 *
 * Locking: none; tables are constant once the module is loaded.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "core/kobs.h"
#include "sources.h"

#define KOBS_ROW(n) &kobs_src_##n,
static const struct kobs_source * const sources[] = {
	&kobs_engine,
	KOBS_SOURCES(KOBS_ROW)
};

static const struct kobs_column context_columns[] = {
	{ "cpu", "CPU of the hit", KOBS_TYPE_NUMBER, NULL, KOBS_W_CPU, 1 },
	{ "pid", "process", KOBS_TYPE_NUMBER, NULL, KOBS_W_PID, 1 },
	{ "tid", "thread", KOBS_TYPE_NUMBER, NULL, KOBS_W_TID, 1 },
	{ "comm", "name of the thread", KOBS_TYPE_TEXT, NULL, KOBS_W_COMM, 2 },
	{ "kstack", "kernel stack", KOBS_TYPE_KSTACK, NULL, KOBS_W_KSTACK, 1 },
	{ "ustack", "user stack, by frame pointers", KOBS_TYPE_USTACK, NULL,
	  KOBS_W_USTACK, 1 },
};

/* Defaults of sizes are set by kobs_source_init(). */
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
 * kobs_source_init() - take over the module parameters
 *
 * A default outside the allowed range is brought to its nearest end.
 *
 * Context: task, at load.
 */
void kobs_source_init(void)
{
	const struct {
		enum kobs_engine_param place;
		unsigned int *def;
	} sizes[] = {
		{ KOBS_P_ROWS, &kobs_default_rows },
		{ KOBS_P_STACKS, &kobs_default_stacks },
		{ KOBS_P_RING_KB, &kobs_default_ring_kb },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct kobs_param *p = &kobs_engine_params[sizes[i].place];

		p->def = clamp_t(u64, *sizes[i].def, p->min, p->max);
		*sizes[i].def = p->def;
	}
}

/**
 * kobs_source_at() - a source by its place
 * @place: from 0; the engine is at 0
 *
 * Context: any.
 * Return: the source, or NULL after the last.
 */
const struct kobs_source *kobs_source_at(unsigned int place)
{
	return place < ARRAY_SIZE(sources) ? sources[place] : NULL;
}

/**
 * kobs_source_find() - a source by its name
 * @name: name
 *
 * Context: any.
 * Return: the source, or NULL.
 */
const struct kobs_source *kobs_source_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sources); i++) {
		if (!strcmp(sources[i]->name, name))
			return sources[i];
	}
	return NULL;
}

/**
 * kobs_source_mode() - a mode by its name
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
 * kobs_source_column() - a column by its name, the source's or the context's
 * @src: source
 * @name: name; ends at a comma or NUL
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
