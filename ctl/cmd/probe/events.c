// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's tracepoints. Those of modules, too, are in tracefs, with the system
 * that each belongs to. Where tracefs is not mounted, the symbols of the kernel
 * tell the names of its own.
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/probe/probe.h"
#include "lib/macros.h"
#include "symbols/kallsyms.h"

#define SYMBOL		"__tracepoint_"

static const char *const tracefs[] = {
	"/sys/kernel/tracing/events", "/sys/kernel/debug/tracing/events",
};

static void add(struct tracepoints *e, const char *system, const char *name)
{
	e->v = grow(e->v, &e->cap, e->n + 1, sizeof(*e->v));
	e->v[e->n++] = (struct tracepoint){ copy_string(system), copy_string(name) };
}

static int compare(const void *a, const void *b)
{
	const struct tracepoint *x = a;
	const struct tracepoint *y = b;
	int order = strcmp(x->system, y->system);

	return order ? order : strcmp(x->name, y->name);
}

/*
 * Events that are not of a tracepoint: system calls, function traces, those that users
 * defined, and kobs's own.
 */
static bool has_tracepoints(const char *system)
{
	static const char *const others[] = {
		"syscalls", "ftrace", "kprobes", "uprobes", "synthetic", "fprobes", "user_events",
		"kobs",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcmp(system, others[i]))
			return false;
	/* perf probe's groups. */
	return *system != '.' && strcmp(system, "probe") != 0 && strncmp(system, "probe_", 6) != 0;
}

static bool is_directory(const struct dirent *d)
{
	return d->d_type == DT_DIR && *d->d_name != '.';
}

static void read_system(struct tracepoints *e, const char *path, const char *system)
{
	char dir[512];
	struct dirent *d;
	DIR *events;

	snprintf(dir, sizeof(dir), "%s/%s", path, system);
	events = opendir(dir);
	while (events && (d = readdir(events)))
		if (is_directory(d))
			add(e, system, d->d_name);
	if (events)
		closedir(events);
}

static void read_symbols(struct tracepoints *e)
{
	struct ksym_line sym;
	struct kallsyms k;

	if (kallsyms_open(&k, kallsyms_path()))
		return;
	while (kallsyms_next(&k, &sym))
		if (!strncmp(sym.name, SYMBOL, strlen(SYMBOL)) && !*sym.module)
			add(e, "", sym.name + strlen(SYMBOL));
	kallsyms_close(&k);
}

/** events_read() - Find all tracepoints, sorted by system and name. */
void events_read(struct tracepoints *e)
{
	struct dirent *d;
	DIR *systems;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tracefs) && !e->n; i++) {
		systems = opendir(tracefs[i]);
		while (systems && (d = readdir(systems)))
			if (is_directory(d) && has_tracepoints(d->d_name))
				read_system(e, tracefs[i], d->d_name);
		if (systems)
			closedir(systems);
	}
	if (!e->n)
		read_symbols(e);
	if (e->n)
		qsort(e->v, e->n, sizeof(*e->v), compare);
}

void events_free(struct tracepoints *e)
{
	size_t i;

	for (i = 0; i < e->n; i++) {
		free(e->v[i].system);
		free(e->v[i].name);
	}
	free(e->v);
	memset(e, 0, sizeof(*e));
}
