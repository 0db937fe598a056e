// SPDX-License-Identifier: GPL-2.0
/*
 * Where functions of the kernel are, for the module to look through. Lock
 * functions: whoever called the first that is none of them asked for the lock.
 * Most are in two sections of their own; some, and on older kernels more, are
 * among all others.
 */

#include <fnmatch.h>
#include <stdlib.h>
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
	"trace_contention_begin*", "trace_contention_end*",
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

/* The longest name that is looked for. */
#define NAME_MOST	63

/* Without what the compiler and allocation profiling append to it. */
static size_t plain_length(const char *name)
{
	static const char profiled[] = "_noprof";
	size_t len = strcspn(name, ".");
	size_t tail = sizeof(profiled) - 1;

	if (len > tail && !memcmp(name + len - tail, profiled, tail))
		len -= tail;
	return len;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names in order. */
struct names {
	const char	**v;
	size_t		n;
};

static bool is_named(const char *name, const void *arg)
{
	const struct names *names = arg;
	size_t len = plain_length(name);
	char plain[NAME_MOST + 1];
	const char *key = plain;

	if (!len || len > NAME_MOST)
		return false;
	memcpy(plain, name, len);
	plain[len] = '\0';
	return bsearch(&key, names->v, names->n, sizeof(*names->v), by_name);
}

static void sort_names(struct names *to, const char *const *names, size_t n)
{
	to->n = n;
	to->v = zalloc((n + 1) * sizeof(*to->v));
	memcpy(to->v, names, n * sizeof(*to->v));
	qsort(to->v, n, sizeof(*to->v), by_name);
}

/** code_is_named() - Whether a symbol is of one of the functions, or of a part of it. */
bool code_is_named(const char *name, const char *const *names, size_t n)
{
	struct names sorted;
	bool found;

	sort_names(&sorted, names, n);
	found = is_named(name, &sorted);
	free(sorted.v);
	return found;
}

/** code_find_named() - code_find_functions() of those of the given names. */
void code_find_named(struct numbers *out, const char *const *names, size_t n, size_t max)
{
	struct names sorted;

	sort_names(&sorted, names, n);
	code_find_functions(out, is_named, &sorted, max);
	free(sorted.v);
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
