// SPDX-License-Identifier: GPL-2.0
/*
 * What is to be hooked: words of a command line, such as k:vfs_read,
 * t:sched:sched_switch, s:openat or u:libc:malloc, each of which can be a pattern.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/probe/probe.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "lib/nearest.h"
#include "symbols/syscalls.h"

#define KINDS	"k:FUNCTION, k:FUNCTION+OFFSET, kr:FUNCTION (its return), t:SYSTEM:EVENT, s:SYSCALL, sr:SYSCALL (its return), u:FILE:FUNCTION and ur:FILE:FUNCTION"

/** points_add() - Add a point. Return: the point, until the next one is added. */
struct point *points_add(struct points *p, enum kobs_probe_kind kind)
{
	struct point *point;

	p->v = grow(p->v, &p->cap, p->n + 1, sizeof(*p->v));
	point = &p->v[p->n++];
	memset(point, 0, sizeof(*point));
	point->kind = kind;
	point->nr = -1;
	point->module = "";
	return point;
}

/** points_named() - Return: the point of a name, or NULL. */
const struct point *points_named(struct points *p, const char *name)
{
	const char *text = pool_intern(&p->texts, name);
	uintptr_t number = (uintptr_t)map_get(&p->named, (uint64_t)(uintptr_t)text);

	return number ? &p->v[number - 1] : NULL;
}

/**
 * points_add_named() - Add a point that is told by a name.
 *
 * Return: the point, or NULL if another word has named it.
 */
struct point *points_add_named(struct points *p, enum kobs_probe_kind kind, const char *name,
			       const char *bare)
{
	struct point *point;

	if (points_named(p, name))
		return NULL;
	point = points_add(p, kind);
	point->word = p->names.n;
	point->name = pool_intern(&p->texts, name);
	map_set(&p->named, (uint64_t)(uintptr_t)point->name, (void *)(uintptr_t)p->n);
	point->bare = pool_intern(&p->texts, bare);
	strings_add(&p->names, name);
	return point;
}

static void add_event(struct points *p, const struct tracepoint *e)
{
	struct buf name = {};

	buf_printf(&name, "t:%s%s%s", e->system, *e->system ? ":" : "", e->name);
	points_add_named(p, KOBS_PROBE_TRACEPOINT, name.p, e->name);
	buf_free(&name);
}

static int refuse_event(const struct points *p, const char *word)
{
	const char *colon = strrchr(word, ':');
	struct nearest near = {};
	struct buf hint = {};
	struct buf name = {};
	size_t i;

	for (i = 0; i < p->events.n; i++) {
		const struct tracepoint *e = &p->events.v[i];

		name.len = 0;
		buf_printf(&name, "%s:%s", e->system, e->name);
		nearest_take(&near, name.p, nearest_score(colon ? colon + 1 : word, e->name));
	}
	if (!strncmp(word, "syscalls:", 9))
		buf_puts(&hint, "; system calls are s:NAME");
	nearest_describe(&near, &hint);
	refuse("no tracepoint of this kernel matches 't:%s'%s", word, hint.len ? hint.p : "");
	buf_free(&name);
	buf_free(&hint);
	return STATUS_REFUSED;
}

/* SYSTEM:EVENT, or EVENT of any system; each can be a pattern. */
static int find_events(struct points *p, const char *word)
{
	const char *colon = strchr(word, ':');
	char *system = colon ? strndup(word, (size_t)(colon - word)) : copy_string("*");
	bool found = false;
	size_t i;

	if (!p->events.n)
		events_read(&p->events);
	/* Any system would do: other events than those that were asked for. */
	if (p->events.n && !*p->events.v[0].system && strcmp(system, "*") != 0) {
		refuse("'t:%s': which system a tracepoint is of is not known, as /sys/kernel/tracing cannot be read: write t:%s",
		       word, colon + 1);
		free(system);
		return STATUS_REFUSED;
	}
	for (i = 0; i < p->events.n; i++) {
		const struct tracepoint *e = &p->events.v[i];

		if (!glob_match(colon ? colon + 1 : word, e->name) ||
		    (*e->system && !glob_match(system, e->system)))
			continue;
		found = true;
		add_event(p, e);
	}
	free(system);
	return found ? 0 : refuse_event(p, word);
}

static void add_syscall(struct points *p, const char *name, long nr, bool returns)
{
	enum kobs_probe_kind kind = p->timed ? KOBS_PROBE_CALL :
				    returns || p->returns ? KOBS_PROBE_EXIT : KOBS_PROBE_ENTER;
	struct buf shown = {};
	struct point *point;

	buf_printf(&shown, "%s:%s", returns && !p->timed ? "sr" : "s", name);
	point = points_add_named(p, kind, shown.p, name);
	if (point) {
		point->nr = nr;
		point->word |= (uint64_t)(nr + 1) << 32;
	}
	buf_free(&shown);
}

/** points_refuse_syscall() - Refuse a name that no system call has. Return: the exit status. */
int points_refuse_syscall(const char *word)
{
	struct nearest near = {};
	struct buf hint = {};
	long nr;

	for (nr = syscall_next(-1); nr >= 0; nr = syscall_next(nr))
		if (!strchr(word, ':') == !strchr(syscall_name(nr), ':'))
			nearest_offer(&near, word, syscall_name(nr));
	nearest_describe(&near, &hint);
	refuse("there is no system call '%s'%s", word, hint.len ? hint.p : "");
	buf_free(&hint);
	return STATUS_REFUSED;
}

/* All of them are one point: a pattern that leaves some out is a point for each. */
static int find_syscalls(struct points *p, const char *word, bool returns)
{
	bool found = false;
	long nr;

	if (!strcmp(word, "*") && !p->each) {
		add_syscall(p, "*", -1, returns);
		return 0;
	}
	for (nr = syscall_next(-1); nr >= 0; nr = syscall_next(nr)) {
		if (!syscall_matches(word, syscall_name(nr)))
			continue;
		found = true;
		add_syscall(p, syscall_name(nr), nr, returns);
	}
	return found ? 0 : points_refuse_syscall(word);
}

static int take_function(struct points *p, const char *name, bool returns)
{
	if (p->patterns.n && p->at_return != returns)
		return misuse("k: and kr: cannot be combined in a session: kr: has the arguments of the call, too");
	p->at_return = returns;
	strings_add(&p->patterns, name);
	return 0;
}

/** points_take_entry() - Take FUNCTION+0, the entry. Return: 0 or an exit status. */
int points_take_entry(struct points *p, const char *name, size_t len)
{
	char *function = strndup(name, len);
	int err = take_function(p, function, false);

	free(function);
	return err;
}

/* What others call them. */
static int refuse_word(const char *word)
{
	static const struct {
		const char	*theirs;
		const char	*ours;
	} kinds[] = {
		{ "kprobe:", "k:" }, { "kfunc:", "k:" }, { "fentry:", "k:" },
		{ "kretprobe:", "kr:" }, { "kretfunc:", "kr:" }, { "fexit:", "kr:" },
		{ "tracepoint:syscalls:sys_enter_", "s:" },
		{ "tracepoint:syscalls:sys_exit_", "sr:" }, { "tracepoint:", "t:" },
		{ "uprobe:", "u:" }, { "uretprobe:", "ur:" },
		{ "rawtracepoint:", "t:" }, { "syscall:", "s:" }, { "syscalls:sys_enter_", "s:" },
		{ "syscalls:sys_exit_", "sr:" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strncmp(word, kinds[i].theirs, strlen(kinds[i].theirs)))
			return misuse("'%s' is written as %s%s here; there are " KINDS, word,
				      kinds[i].ours, word + strlen(kinds[i].theirs));
	if (*word == '!')
		return misuse("'%s': functions are left out by k:!PATTERN, and nothing else can be",
			      word);
	if (syscall_number(word) >= 0)
		return misuse("'%s' does not say what it is: write s:%s for the system call; there are "
			      KINDS, word, word);
	if (*word && !strchr(word, ':'))
		return misuse("'%s' does not say what it is: write k:%s for a function, or t:%s for a tracepoint; there are "
			      KINDS, word, word, word);
	return misuse("'%s' is nothing to probe: there are " KINDS, word);
}

static int take_word(struct points *p, const char *word)
{
	size_t len = strcspn(word, ":");
	const char *name = word[len] ? word + len + 1 : "";

	if (*name && (!strncmp(word, "u:", 2) || !strncmp(word, "ur:", 3)))
		return user_find(p, name, len == 2);
	if (strchr(word, ','))
		return misuse("'%s': several probes are several words, with spaces between them",
			      word);
	if (!*name)
		return refuse_word(word);
	if ((!strncmp(word, "k:", 2) || !strncmp(word, "kr:", 3)) && strchr(name, '+'))
		return inside_take(p, word, name);
	if (len == 1 && *word == 'k')
		return take_function(p, name, p->timed);
	if (len == 2 && !strncmp(word, "kr", 2))
		return take_function(p, name, true);
	if (len == 1 && *word == 't' && !p->timed)
		return find_events(p, name);
	if ((len == 1 && *word == 's') || (len == 2 && !strncmp(word, "sr", 2)))
		return find_syscalls(p, name, len == 2);
	if (len == 1 && *word == 't')
		return misuse("'%s' has no duration: probe time measures functions, k:FUNCTION, and system calls, s:SYSCALL",
			      word);
	return refuse_word(word);
}

static void add_functions(struct points *p)
{
	struct buf name = {};
	size_t i;

	for (i = 0; i < p->functions.n; i++) {
		const struct target *t = &p->functions.v[i];
		/* What was named in full is hooked by a kprobe where ftrace cannot. */
		struct point *point = points_add(p, p->at_return ? KOBS_PROBE_RETURN :
						 t->exact ? KOBS_PROBE_INSTRUCTION :
						 KOBS_PROBE_FUNCTION);

		name.len = 0;
		buf_printf(&name, "%s:%s", p->at_return && !p->timed ? "kr" : "k", t->name);
		point->word = t->address;
		point->name = pool_intern(&p->texts, name.p);
		point->bare = t->name;
		point->module = t->module;
	}
	buf_free(&name);
}

/**
 * points_find() - Find all that the words of a command line name.
 * Return: 0 or an exit status.
 */
int points_find(struct points *p, char **words, size_t n)
{
	int err = 0;
	size_t i;

	if (!n)
		return misuse("nothing to probe is named: there are " KINDS
			      " (see obsctl probe list)");
	for (i = 0; i < n && !err; i++)
		err = take_word(p, words[i]);
	if (!err && p->patterns.n)
		err = targets_parse(&p->functions, p->patterns.v, p->patterns.n);
	if (!err && p->patterns.n)
		err = targets_resolve(&p->functions, kallsyms_path());
	if (!err)
		add_functions(p);
	return err ? err : inside_find(p);
}

void points_free(struct points *p)
{
	user_free(&p->user);
	targets_free(&p->functions);
	inside_free(p);
	strings_free(&p->patterns);
	strings_free(&p->names);
	map_free(&p->named, NULL);
	events_free(&p->events);
	pool_free(&p->texts);
	free(p->v);
	memset(p, 0, sizeof(*p));
}
