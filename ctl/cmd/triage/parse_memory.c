// SPDX-License-Identifier: GPL-2.0
/* Files about memory: meminfo, vmstat, pressure, slabinfo, those of control groups. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/slab/slabinfo.h"
#include "cmd/triage/machine.h"

/** parse_meminfo() - "MemTotal:  2015788 kB", in bytes. */
void parse_meminfo(struct named *out, char *text)
{
	char *line;

	while ((line = next_line(&text))) {
		char *colon = strchr(line, ':');
		uint64_t v;

		if (!colon)
			continue;
		*colon++ = 0;
		if (next_number(&colon, &v))
			named_add(out, line, v * (strstr(colon, "kB") ? 1024 : 1));
	}
}

/** parse_pairs() - "pgfault 5123": a name and a number in each line. */
void parse_pairs(struct named *out, char *text)
{
	char *line;

	while ((line = next_line(&text))) {
		char *space = strchr(line, ' ');
		uint64_t v;

		if (!space)
			continue;
		*space++ = 0;
		if (next_number(&space, &v))
			named_add(out, line, v);
	}
}

static uint64_t total_of(const char *line)
{
	const char *at = strstr(line, "total=");

	return at ? strtoull(at + strlen("total="), NULL, 10) : 0;
}

/** parse_pressure() - "some avg10=1.23 avg60=... total=4567", and the same of full. */
void parse_pressure(struct pressure *p, char *text)
{
	char *line;

	while ((line = next_line(&text))) {
		const char *avg = strstr(line, "avg10=");

		if (!avg)
			continue;
		if (!strncmp(line, "some ", 5)) {
			p->avg10 = strtod(avg + strlen("avg10="), NULL);
			p->some = total_of(line);
			p->there = true;
		} else if (!strncmp(line, "full ", 5)) {
			p->full = total_of(line);
			/* Interrupts have no other line: what they take, they take from all. */
			if (!p->there)
				p->avg10 = strtod(avg + strlen("avg10="), NULL);
			p->there = true;
		}
	}
}

/** parse_caches() - /proc/slabinfo: the memory of each cache. */
void parse_caches(struct machine *m, char *text)
{
	char *line;

	while ((line = next_line(&text))) {
		struct slabinfo info;
		struct slab_cache *c;

		if (!slabinfo_parse(line, &info))
			continue;
		m->caches = grow(m->caches, &m->cap_caches, m->nr_caches + 1, sizeof(*m->caches));
		c = &m->caches[m->nr_caches++];
		c->name = copy_string(info.name);
		c->bytes = info.slabs * info.pages * (uint64_t)sysconf(_SC_PAGESIZE);
	}
}

static void take_limit(struct cgroup *g, char *text)
{
	uint64_t v;

	if (next_number(&text, &v) && (!g->limit || v < g->limit))
		g->limit = v;
}

/** parse_cgroup_file() - A file of a control group. Return: whether it is one that counts. */
bool parse_cgroup_file(struct cgroup *g, const char *file, char *text)
{
	if (!strcmp(file, "cpu.stat"))
		parse_pairs(&g->cpu, text);
	else if (!strcmp(file, "memory.events.local"))
		parse_pairs(&g->events, text);
	else if (!strcmp(file, "memory.current"))
		next_number(&text, &g->current);
	else if (!strcmp(file, "memory.high") || !strcmp(file, "memory.max"))
		take_limit(g, text);
	else if (!strcmp(file, "memory.pressure"))
		parse_pressure(&g->memory, text);
	else
		return false;
	return true;
}
