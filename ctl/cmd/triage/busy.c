// SPDX-License-Identifier: GPL-2.0
/* The processes that ran most between two states of a machine. */

#include <unistd.h>

#include "cmd/triage/facts.h"

/** task_before() - Return: the same process; its number could have been another's. NULL: none. */
const struct task *task_before(const struct machine *a, const struct task *t, size_t hint)
{
	size_t i;

	/* Both lists are in the order of numbers: it is close to where it was. */
	if (hint < a->nr_tasks && a->tasks[hint].pid == t->pid)
		return a->tasks[hint].began == t->began ? &a->tasks[hint] : NULL;
	for (i = 0; i < a->nr_tasks; i++)
		if (a->tasks[i].pid == t->pid && a->tasks[i].began == t->began)
			return &a->tasks[i];
	return NULL;
}

static double ran(const struct busy *b)
{
	return b->user + b->system;
}

/* Keep the list sorted; what falls off its end ran least. */
static size_t insert(struct busy *out, size_t n, size_t max, const struct busy *b)
{
	size_t i = n < max ? n++ : max;

	for (; i > 0 && ran(&out[i - 1]) < ran(b); i--)
		if (i < max)
			out[i] = out[i - 1];
	if (i < max)
		out[i] = *b;
	return n;
}

/**
 * busy_find() - The processes that ran most.
 * @out: room for @max of them; their names are those of @b
 *
 * Return: how many ran at all, up to @max. What ended in between is not among them.
 */
size_t busy_find(const struct machine *a, const struct machine *b, struct busy *out, size_t max)
{
	double hz = (double)sysconf(_SC_CLK_TCK);
	double seconds = seconds_between(a, b);
	size_t n = 0;
	size_t i;

	for (i = 0; seconds > 0 && i < b->nr_tasks; i++) {
		const struct task *t = &b->tasks[i];
		const struct task none = {};
		const struct task *before = task_before(a, t, i);
		struct busy busy = { .pid = t->pid, .comm = t->comm, .threads = t->threads };

		if (!before)
			before = &none;
		busy.user = (double)grown(before->user, t->user) / hz / seconds * 100;
		busy.system = (double)grown(before->system, t->system) / hz / seconds * 100;
		busy.faults = (double)grown(before->major, t->major) / seconds;
		if (ran(&busy) > 0)
			n = insert(out, n, max, &busy);
	}
	return n;
}
