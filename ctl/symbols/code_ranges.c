// SPDX-License-Identifier: GPL-2.0
/*
 * Where the kernel's lock functions are: whoever called the first that is none
 * of them asked for the lock. Most are in two sections of their own; some, and
 * on older kernels more, are among all others.
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

static bool is_function(const char *name)
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

static void add(struct numbers *out, uint64_t start, uint64_t end)
{
	if (!start || end <= start || out->n >= 2 * RANGES)
		return;
	numbers_add(out, start);
	numbers_add(out, end);
}

/** lock_text_find() - Add starts and ends by turns. */
void lock_text_find(struct numbers *out)
{
	uint64_t section[ARRAY_SIZE(sections)] = {};
	uint64_t function = 0;	/* start of one whose end is not known yet */
	struct ksym_line sym;
	struct kallsyms k;
	size_t i;

	if (kallsyms_open(&k, kallsyms_path()))
		return;
	/* Symbols of the kernel come in the order of their addresses. */
	while (kallsyms_next(&k, &sym) && !*sym.module) {
		if (function && sym.address > function) {
			add(out, function, sym.address);
			function = 0;
		}
		for (i = 0; *sym.name == '_' && i < ARRAY_SIZE(sections); i++) {
			if (!strcmp(sym.name, sections[i].start))
				section[i] = sym.address;
			else if (!strcmp(sym.name, sections[i].end))
				add(out, section[i], sym.address);
		}
		if (ksym_is_text(sym.type) && is_function(sym.name))
			function = sym.address;
	}
	kallsyms_close(&k);
}
