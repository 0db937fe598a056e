// SPDX-License-Identifier: GPL-2.0
/*
 * Where functions of the kernel are, for the module to look through. Lock
 * functions: whoever called the first that is none of them asked for the lock.
 * Most are in two sections of their own; some, and on older kernels more, are
 * among all others.
 */

#include <fnmatch.h>
#include <string.h>

#include "symbols/code_ranges.h"
#include "lib/buf.h"
#include "lib/macros.h"
#include "symbols/kallsyms.h"

/* As many ranges as the kernel takes. */
#define RANGES	128

static const struct {
	const char	*start;
	const char	*end;
} sections[] = {
	{ "__sched_text_start", "__sched_text_end" },
	{ "__lock_text_start", "__lock_text_end" },
};

static const char *const functions[] = {
	"*queued_spin_lock_slowpath", "queued_read_lock_slowpath", "queued_write_lock_slowpath",
	"do_raw_spin_lock", "do_raw_read_lock", "do_raw_write_lock", "*rt_mutex_slowlock*",
	"*rtlock_slowlock*", "*rwbase_read_lock*", "*rwbase_write_lock*",
	/* A function of its own where the compiler does not inline it. */
	"trace_contention_begin*",
};

static bool is_lock_function(const char *name, const void *arg)
{
	size_t i;

	/* Most names are none of them. */
	if (!strstr(name, "lock") && strncmp(name, "trace_", 6))
		return false;
	for (i = 0; i < ARRAY_SIZE(functions); i++)
		if (!fnmatch(functions[i], name, 0))
			return true;
	return false;
}

static void add(struct numbers *out, uint64_t start, uint64_t end, size_t max)
{
	if (!start || end <= start || out->n >= 2 * max)
		return;
	numbers_add(out, start);
	numbers_add(out, end);
}

/** struct finder - ranges that are being found */
struct finder {
	struct numbers	*out;
	code_wanted	wanted;
	const void	*arg;
	size_t		max;
	uint64_t	function;	/* start of one whose end is not known yet */
};

static void find_function(struct finder *f, const struct ksym_line *sym)
{
	if (f->function && sym->address > f->function) {
		add(f->out, f->function, sym->address, f->max);
		f->function = 0;
	}
	/* Two names of one address begin it once. */
	if (!f->function && ksym_is_text(sym->type) && f->wanted(sym->name, f->arg))
		f->function = sym->address;
}

/**
 * code_find_functions() - Add starts and ends of functions of the kernel by turns, in the order
 * of their addresses, as long as there are no more than @max.
 */
void code_find_functions(struct numbers *out, code_wanted wanted, const void *arg, size_t max)
{
	struct finder f = { out, wanted, arg, max, 0 };
	struct ksym_line sym;
	struct kallsyms k;

	if (kallsyms_open(&k, kallsyms_path()))
		return;
	/* Symbols of the kernel come in the order of their addresses. */
	while (kallsyms_next(&k, &sym) && !*sym.module)
		find_function(&f, &sym);
	kallsyms_close(&k);
}

/** lock_text_find() - Add starts and ends by turns. */
void lock_text_find(struct numbers *out)
{
	struct finder f = { out, is_lock_function, NULL, RANGES, 0 };
	uint64_t section[ARRAY_SIZE(sections)] = {};
	struct ksym_line sym;
	struct kallsyms k;
	size_t i;

	if (kallsyms_open(&k, kallsyms_path()))
		return;
	while (kallsyms_next(&k, &sym) && !*sym.module) {
		find_function(&f, &sym);
		for (i = 0; *sym.name == '_' && i < ARRAY_SIZE(sections); i++) {
			if (!strcmp(sym.name, sections[i].start))
				section[i] = sym.address;
			else if (!strcmp(sym.name, sections[i].end))
				add(out, section[i], sym.address, RANGES);
		}
	}
	kallsyms_close(&k);
}
