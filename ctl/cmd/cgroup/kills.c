// SPDX-License-Identifier: GPL-2.0
/*
 * Kills for want of memory, as they happen: a session of 'page oom' beside the readings,
 * where the module is loaded. Who was killed, and who wanted the memory.
 */

#include <string.h>
#include <unistd.h>

#include "cmd/cgroup/cgroup.h"
#include "cmd/nouns.h"
#include "lib/cgroup.h"
#include "lib/diag.h"

/**
 * kills_open() - Start the session, if there can be one.
 *
 * Return: 0, also without a session, or an exit status after a signal.
 */
int kills_open(struct cgroup_kills *k, struct signals *signals, struct child *child)
{
	const struct verb *verb = verb_find(noun_find("page"), "oom");
	struct opts o = {};
	int err;

	if (access("/sys/module/kobs", F_OK)) {
		buf_puts(&k->why, "kobs is not loaded");
		return 0;
	}
	err = tool_find(&k->tool, verb, &o, &k->why);
	k->is_tool = !err;
	sentences_kept = &k->why;
	if (!err)
		err = aside_new(&k->aside, &k->tool.spec, &k->tool.p.own, signals, child);
	if (!err)
		err = aside_start(&k->aside);
	sentences_kept = NULL;
	k->open = !err;
	if (signals->asked)
		return refuse("interrupted before anything was observed");
	return 0;
}

/** kills_stop() - End the session; it can still be read. Return: 0 or an exit status. */
int kills_stop(struct cgroup_kills *k)
{
	return k->open ? aside_stop(&k->aside) : 0;
}

/** kills_read() - Read what it has, again. Return: 0 or an exit status. */
int kills_read(struct cgroup_kills *k)
{
	if (!k->open)
		return 0;
	if (k->aside.read)
		model_free_table(&k->aside.table);
	k->aside.read = false;
	return aside_read(&k->aside);
}

static uint64_t key_of(struct cgroup_kills *k, const struct row *row, const char *column)
{
	size_t c = view_column(&k->aside.view, column);

	return c == SIZE_MAX ? 0 : k->aside.table.keys[row->key + c];
}

/* Whether the memory was wanted in a group, or below it. */
static bool is_within(struct cgroup_kills *k, const struct row *row, const char *path)
{
	const char *of = cgroup_path(key_of(k, row, "cgroup"));
	size_t len = strlen(path);

	if (!path[1])
		return true;
	return of && !strncmp(of, path, len) && (!of[len] || of[len] == '/');
}

static uint64_t count_within(struct cgroup_kills *k, const char *path)
{
	const struct table *t = &k->aside.table;
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < t->nr_rows; i++)
		if (is_within(k, &t->rows[i], path))
			n += t->rows[i].count;
	return n;
}

/* Older kernels tell the number only: whoever wanted the memory is often the victim. */
static const char *victim_of(struct cgroup_kills *k, const struct row *row)
{
	bool named = view_column(&k->aside.view, "victim") != SIZE_MAX;

	if (!named && key_of(k, row, "victim_pid") != key_of(k, row, "pid"))
		return NULL;
	return (const char *)(uintptr_t)key_of(k, row, named ? "victim" : "comm");
}

static void print_row(struct cgroup_kills *k, const struct row *row, struct out *o)
{
	struct buf group = {};

	cgroup_print(key_of(k, row, "cgroup"), &group);
	cgroup_print_killed(o, &(struct cgroup_killed){
		.victim = victim_of(k, row), .victim_pid = key_of(k, row, "victim_pid"),
		.comm = (const char *)(uintptr_t)key_of(k, row, "comm"),
		.pid = key_of(k, row, "pid"), .group = group.p, .count = row->count,
	});
	buf_free(&group);
}

/**
 * kills_print() - The table of kills; of others, too, if some of the group are missing.
 * @path: of the group
 * @seen: how many there were by its files
 */
void kills_print(struct cgroup_kills *k, const char *path, uint64_t seen, struct out *o)
{
	const struct table *t = &k->aside.table;
	bool all;
	size_t i;

	if (!k->open || !k->aside.read) {
		cgroup_print_unseen(o, k->why.len ? k->why.p : NULL, seen);
		return;
	}
	/* A victim can be in the group, and who wanted the memory elsewhere. */
	all = count_within(k, path) < seen;
	if (t->nr_rows && (all || count_within(k, path)))
		out_line(o, "%s", "");
	out_table_begin(o, "killed");
	for (i = 0; i < t->nr_rows; i++)
		if (all || is_within(k, &t->rows[i], path))
			print_row(k, &t->rows[i], o);
	out_table_end(o);
}

void kills_close(struct cgroup_kills *k)
{
	aside_close(&k->aside);
	if (k->is_tool)
		tool_release(&k->tool);
	buf_free(&k->why);
}
