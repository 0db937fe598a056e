// SPDX-License-Identifier: GPL-2.0
/* The life of triage's sessions: made, started and stopped together, and accounted for. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/nouns.h"
#include "cmd/triage/watch.h"
#include "cmd/triage/words.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "report/report.h"

static const struct {
	const char	*noun;
	const char	*verb;
	const char	*by;		/* columns; NULL for the usual ones */
	const char	*sees;		/* what is not seen without it */
} watched[NR_WATCHED] = {
	[W_SYSCALLS] = { "syscall", "time", "comm,pid,error", "system calls of processes" },
	[W_DISK_ERRORS] = { "disk", "errors", NULL, "errors of disks" },
	[W_DISK_QUEUE] = { "disk", "queue", NULL, "queues of disks" },
	[W_DISK_LATENCY] = { "disk", "latency", NULL, "how long disks take" },
	[W_IRQ_HARD] = { "irq", "hard", NULL, "handlers of interrupts" },
	[W_IRQ_SOFT] = { "irq", "soft", NULL, "soft interrupts" },
	[W_LOCKS] = { "lock", "contention", "lock,kind,owner,owner_pid", "locks" },
	[W_RUNQ] = { "sched", "runq", "comm", "how long threads wait for CPUs" },
	[W_PMU] = { "pmu", "stat", "event", "what CPUs wait for" },
};

static void add_columns(struct opts *o, const char *by)
{
	char *copy = copy_string(by ? by : "");
	char *save = NULL;
	char *word;

	for (word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save))
		strings_add(&o->by, word);
	free(copy);
}

/* A verb of the module's, or one that stands for probes. */
static int make(struct watch *w, enum watched i, struct buf *why)
{
	const struct verb *verb = verb_find(noun_find(watched[i].noun), watched[i].verb);
	struct watch_session *s = &w->v[i];
	struct run_spec plain = { .source = watched[i].noun, .mode = watched[i].verb };
	struct run_spec *spec = &plain;
	struct numbers words = {};
	struct opts o = {};
	int err = 0;

	add_columns(&o, watched[i].by);
	if (i == W_PMU)
		err = !watch_pmu_request(&plain.request, &words, why);
	else
		opts_set_param(&o, "hist", 1);
	if (verb->tool) {
		memset(&o.params, 0, sizeof(o.params));
		o.nr_params = 0;
		err = tool_find(&s->tool, verb, &o, why);
		s->is_tool = !err;
		spec = &s->tool.spec;
	}
	sentences_kept = why;
	if (!err)
		err = aside_new(&s->aside, spec, s->is_tool ? &s->tool.p.own : &o, w->signals,
				w->child);
	sentences_kept = NULL;
	model_free_request(&plain.request);
	numbers_free(&words);
	strings_free(&o.by);
	return err;
}

static int start(struct watch *w, enum watched i, struct buf *why)
{
	int err;

	sentences_kept = why;
	err = aside_start(&w->v[i].aside);
	sentences_kept = NULL;
	return err;
}

/* All are made before the first one starts, which would see how the others are made. */
static void each(struct watch *w, int (*step)(struct watch *w, enum watched i, struct buf *why))
{
	struct buf why = {};
	size_t i;

	for (i = 0; i < NR_WATCHED && !w->signals->asked; i++) {
		struct watch_session *s = &w->v[i];

		if (s->why)
			continue;
		why.len = 0;
		s->ready = !step(w, (enum watched)i, &why);
		if (!s->ready)
			s->why = copy_string(why.len ? why.p : "the kernel does not say why");
	}
	buf_free(&why);
}

/* A line for each reason, with all that is not seen for it. */
static void tell_missing(const struct watch *w, struct strings *missing)
{
	struct buf line = {};
	size_t i, k;

	for (i = 0; i < NR_WATCHED; i++) {
		const char *why = w->v[i].why;

		for (k = 0; why && k < i && (!w->v[k].why || strcmp(w->v[k].why, why)); k++)
			;
		if (!why || k < i)
			continue;
		line.len = 0;
		buf_puts(&line, watched[i].sees);
		for (k = i + 1; k < NR_WATCHED; k++)
			if (w->v[k].why && !strcmp(w->v[k].why, why))
				buf_printf(&line, ", %s", watched[k].sees);
		buf_printf(&line, ": %s", why);
		strings_add(missing, line.p);
	}
	buf_free(&line);
}

/**
 * watch_open() - Start the sessions, where the module is loaded.
 * @missing: gets what is not seen, as a session cannot be had, and why
 *
 * Return: 0, or an exit status after a signal.
 */
int watch_open(struct watch *w, struct strings *missing)
{
	if (access("/sys/module/kobs", F_OK)) {
		strings_add(missing,
			    "run queues, locks, handlers of interrupts, queues and errors of disks, system calls, what CPUs wait for: kobs is not loaded");
		return 0;
	}
	w->open = true;
	each(w, make);
	each(w, start);
	tell_missing(w, missing);
	return w->signals->asked ? refuse("interrupted before anything was observed") : 0;
}

/** watch_stop() - End the sessions, and read them. Return: 0 or an exit status. */
int watch_stop(struct watch *w)
{
	int err = 0;
	size_t i;

	/* The last one first: it would see how the others are stopped. */
	for (i = NR_WATCHED; !err && i; i--)
		if (w->v[i - 1].ready)
			err = aside_stop(&w->v[i - 1].aside);
	for (i = 0; !err && i < NR_WATCHED; i++)
		if (w->v[i].ready)
			err = aside_read(&w->v[i].aside);
	return err;
}

/** watch_print() - What became of every hit of the sessions. */
void watch_print(struct watch *w, struct out *o)
{
	char name[64];
	size_t i;

	out_line(o, "%s", "");
	out_table_begin(o, "sessions");
	for (i = 0; i < NR_WATCHED; i++) {
		const struct session *s = &w->v[i].aside.session;
		double cost = cost_percent(s);

		if (!w->v[i].ready)
			continue;
		snprintf(name, sizeof(name), "%s %s", watched[i].noun, watched[i].verb);
		triage_print_session(o, name, s, cost_is_told(s) ? &cost : NULL);
	}
	out_table_end(o);
	triage_print_equation(o);
}

void watch_close(struct watch *w)
{
	size_t i;

	for (i = 0; i < NR_WATCHED; i++) {
		aside_close(&w->v[i].aside);
		if (w->v[i].is_tool)
			tool_release(&w->v[i].tool);
		free(w->v[i].why);
	}
}
