// SPDX-License-Identifier: GPL-2.0
/*
 * What a process had mapped at an address at a time, for stacks that are unwound: each
 * sample has its time, so that the newest mapping up to then is the one that counts.
 */

#include "lib/clock.h"
#include "lib/map.h"
#include "symbols/usyms.h"

/* Forks between an address' process and the one that mapped the code, at most. */
#define ANCESTORS	16
/* A process whose code is not known is looked at again after so long. */
#define AGAIN_NS	(100 * 1000 * 1000)

/* The newest mapping of an address itself, from one time to another. */
static const struct usym_mapping *newest(const struct usym_process *p, uint64_t address,
					 uint64_t from, uint64_t to)
{
	const struct usym_mapping *found = NULL;
	size_t i;

	for (i = p->n; i--;) {
		const struct usym_mapping *m = &p->v[i];

		if (address < m->start || address >= m->end || m->time < from || m->time > to)
			continue;
		if (!found || m->time > found->time)
			found = m;
	}
	return found;
}

/* In the life of the process at that time, or in those that it was forked from. */
static const struct usym_mapping *find_at(const struct usyms *u, uint32_t pid, uint64_t address,
					  uint64_t to, int depth)
{
	const struct usym_process *p = map_get(&u->processes, pid);
	const struct usym_mapping *m;
	size_t i;

	if (!p || depth > ANCESTORS)
		return NULL;
	for (i = p->nr_begins; i-- && p->begin[i].time > to;)
		;
	if (i == SIZE_MAX)
		return newest(p, address, 0, to);
	m = newest(p, address, p->begin[i].time, to);
	if (m || !p->begin[i].parent)
		return m;
	return find_at(u, p->begin[i].parent, address, p->begin[i].time - 1, depth + 1);
}

/* Whenever it was: what was told can be incomplete. */
static const struct usym_mapping *find_any(const struct usyms *u, uint32_t pid, uint64_t address)
{
	const struct usym_process *p = map_get(&u->processes, pid);

	return p ? newest(p, address, 0, UINT64_MAX) : NULL;
}

static const struct usym_mapping *find_again(struct usyms *u, uint32_t pid, uint64_t address)
{
	const struct usym_mapping *m = find_any(u, pid, address);
	struct usym_process *p = map_get(&u->processes, pid);
	uint64_t now = now_ns();

	if (m || (p && p->located && now - p->located < AGAIN_NS))
		return m;
	usyms_snapshot(u, pid, u->begun ? now : 0);
	p = map_get(&u->processes, pid);
	p->located = now;
	return find_any(u, pid, address);
}

/**
 * usyms_locate() - The mapping that a process had at an address.
 * @time: when, on CLOCK_MONOTONIC
 *
 * Return: it, until something more is mapped; or NULL.
 */
const struct usym_mapping *usyms_locate(struct usyms *u, uint32_t pid, uint64_t address,
					uint64_t time)
{
	const struct usym_mapping *m = find_at(u, pid, address, time, 0);

	return m ? m : find_again(u, pid, address);
}
