// SPDX-License-Identifier: GPL-2.0
/* Files about CPUs and those who use them: stat, schedstat, interrupts, PID/stat. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/triage/machine.h"
#include "lib/macros.h"

/** find_cpu() - Return: a CPU by its number, which is added if @add; or NULL. */
struct cpu *find_cpu(struct machine *m, uint32_t id, bool add)
{
	struct cpu *c;
	size_t i;

	for (i = 0; i < m->nr_cpus; i++)
		if (m->cpus[i].id == id)
			return &m->cpus[i];
	if (!add)
		return NULL;
	m->cpus = grow(m->cpus, &m->cap_cpus, m->nr_cpus + 1, sizeof(*m->cpus));
	c = &m->cpus[m->nr_cpus++];
	memset(c, 0, sizeof(*c));
	c->id = id;
	return c;
}

static void take_ticks(char *at, uint64_t *ticks)
{
	size_t i;

	for (i = 0; i < NR_CPU_TIMES && next_number(&at, &ticks[i]); i++)
		;
}

/** parse_stat() - /proc/stat: ticks of each CPU. */
void parse_stat(struct machine *m, char *text)
{
	char *line;

	while ((line = next_line(&text))) {
		uint64_t id;

		if (strncmp(line, "cpu", 3))
			continue;
		line += 3;
		if (*line == ' ') {
			take_ticks(line, m->ticks);
			m->has_stat = true;
		} else if (next_number(&line, &id)) {
			take_ticks(line, find_cpu(m, (uint32_t)id, true)->ticks);
		}
	}
}

/* Numbers of a CPU's line before the time that threads waited: since version 14. */
#define BEFORE_WAITED	7

/** parse_schedstat() - /proc/schedstat: how long threads waited for each CPU. */
void parse_schedstat(struct machine *m, char *text)
{
	char *line;

	while ((line = next_line(&text))) {
		struct cpu *c;
		uint64_t v;
		size_t i;

		if (strncmp(line, "cpu", 3))
			continue;
		line += 3;
		if (!next_number(&line, &v))
			continue;
		c = find_cpu(m, (uint32_t)v, false);
		for (i = 0; c && i <= BEFORE_WAITED; i++)
			if (!next_number(&line, &v))
				break;
		if (!c || i <= BEFORE_WAITED)
			continue;
		c->waited = v;
		c->has_waited = true;
	}
}

/** parse_interrupts() - /proc/interrupts and /proc/softirqs: a line each, a column for a CPU. */
void parse_interrupts(struct irqs *out, char *text)
{
	char *line = next_line(&text);	/* names of the CPUs */

	while ((line = next_line(&text))) {
		char *colon = strchr(line, ':');
		struct irq *irq;
		uint64_t v;

		if (!colon)
			continue;
		*colon = 0;
		out->v = grow(out->v, &out->cap, out->n + 1, sizeof(*out->v));
		irq = &out->v[out->n++];
		memset(irq, 0, sizeof(*irq));
		irq->name = copy_string(line + strspn(line, " "));
		line = colon + 1;
		while (next_number(&line, &v))
			numbers_add(&irq->counts, v);
		irq->what = copy_string(line + strspn(line, " "));
	}
}

/** parse_clocks() - What clocks_read() writes: "cpu0 APERF MPERF TSC NS", a line for each CPU. */
void parse_clocks(struct machine *m, char *text)
{
	char *line;

	while ((line = next_line(&text))) {
		uint64_t v[4], id;
		struct cpu *c;
		size_t i;

		if (strncmp(line, "cpu", 3))
			continue;
		line += 3;
		if (!next_number(&line, &id))
			continue;
		for (i = 0; i < ARRAY_SIZE(v) && next_number(&line, &v[i]); i++)
			;
		c = find_cpu(m, (uint32_t)id, false);
		if (!c || i < ARRAY_SIZE(v))
			continue;
		c->aperf = v[0];
		c->mperf = v[1];
		c->tsc = v[2];
		c->counted = v[3];
	}
}

/* Numbers of /proc/PID/stat, counted from the state, which is number 3 in proc(5). */
enum { STAT_MAJFLT = 12, STAT_UTIME = 14, STAT_STIME = 15, STAT_THREADS = 20, STAT_BEGAN = 22 };

/**
 * parse_task() - /proc/PID/stat of a process.
 *
 * A name can have spaces and parentheses; the last of these ends it.
 * Return: false when it is not complete.
 */
bool parse_task(struct task *t, char *text)
{
	char *open = strchr(text, '(');
	char *close = strrchr(text, ')');
	uint64_t v[STAT_BEGAN + 1] = {};
	char *at;
	size_t i;

	if (!open || !close || close < open || !close[1] || !close[2])
		return false;
	memset(t, 0, sizeof(*t));
	t->pid = strtoull(text, NULL, 10);
	*close = 0;
	for (i = 4, at = close + 3; i <= STAT_BEGAN; i++) {
		at += strspn(at, " ");
		if (*at != '-' && !isdigit((unsigned char)*at))
			return false;
		v[i] = (uint64_t)strtoll(at, &at, 10);
	}
	t->comm = copy_string(open + 1);
	t->state = close[2];
	t->major = v[STAT_MAJFLT];
	t->user = v[STAT_UTIME];
	t->system = v[STAT_STIME];
	t->threads = v[STAT_THREADS];
	t->began = v[STAT_BEGAN];
	return true;
}

/** parse_process_limits() - /proc/PID/limits: "Max open files  1024  524288  files". */
void parse_process_limits(struct task *t, char *text)
{
	static const char files[] = "Max open files";
	char *line;

	while ((line = next_line(&text))) {
		if (strncmp(line, files, strlen(files)))
			continue;
		line += strlen(files);
		next_number(&line, &t->files_max);
	}
}
