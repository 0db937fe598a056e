// SPDX-License-Identifier: GPL-2.0
/* Readers of /proc/meminfo, vmstat, zoneinfo, buddyinfo, vmallocinfo and allocinfo. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/mem/procmem.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/lines.h"
#include "lib/macros.h"

static struct mem_value *find(const struct mem_values *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (!strcmp(m->v[i].name, name))
			return &m->v[i];
	return NULL;
}

/** mem_value() - Return: a number by its name; 0 when there is none. */
uint64_t mem_value(const struct mem_values *m, const char *name)
{
	const struct mem_value *v = find(m, name);

	return v ? v->bytes : 0;
}

/** mem_has_value() - Whether there is a number of this name. */
bool mem_has_value(const struct mem_values *m, const char *name)
{
	return find(m, name);
}

/** mem_add_value() - Add to a number, which is 0 at first. */
void mem_add_value(struct mem_values *m, const char *name, uint64_t bytes)
{
	struct mem_value *v = find(m, name);

	if (!v) {
		m->v = grow(m->v, &m->cap, m->n + 1, sizeof(*m->v));
		v = &m->v[m->n++];
		snprintf(v->name, sizeof(v->name), "%s", name);
		v->bytes = 0;
	}
	v->bytes += bytes;
}

/** mem_free_values() - Free numbers. */
void mem_free_values(struct mem_values *m)
{
	free(m->v);
	memset(m, 0, sizeof(*m));
}

/** mem_read_meminfo() - Read "Name: N kB" lines. Return: 0 or an exit status. */
int mem_read_meminfo(struct mem_values *m, const char *path)
{
	unsigned long long kb;
	struct lines l;
	char name[32];
	char *line;
	size_t len;

	if (lines_open(&l, path))
		return refuse("cannot read %s: %m", path);
	while ((line = lines_next(&l, &len)))
		/* What is no size (HugePages_Total) has no unit. */
		if (sscanf(line, "%31[^:]: %llu kB", name, &kb) == 2 && strstr(line, " kB"))
			mem_add_value(m, name, kb * 1024);
	lines_close(&l);
	if (!mem_value(m, "MemTotal"))
		return refuse("%s has no MemTotal", path);
	return 0;
}

/** mem_read_vmstat() - Read the "nr_..." lines, which count pages. */
void mem_read_vmstat(struct mem_values *m, const char *path, uint64_t page)
{
	unsigned long long pages;
	struct lines l;
	char name[32];
	char *line;
	size_t len;

	if (lines_open(&l, path))
		return;
	while ((line = lines_next(&l, &len)))
		if (sscanf(line, "%31s %llu", name, &pages) == 2 && !strncmp(name, "nr_", 3))
			mem_add_value(m, name, pages * page);
	lines_close(&l);
}

/** mem_read_zoneinfo() - Add up the free pages in the lists of CPUs, as "pcp_free". */
void mem_read_zoneinfo(struct mem_values *m, const char *path, uint64_t page)
{
	unsigned long long pages;
	struct lines l;
	char *line;
	size_t len;

	if (lines_open(&l, path))
		return;
	while ((line = lines_next(&l, &len)))
		if (sscanf(line, " count: %llu", &pages) == 1)
			mem_add_value(m, "pcp_free", pages * page);
	lines_close(&l);
}

/**
 * mem_read_buddyinfo() - Free blocks of all zones, by order.
 * @blocks: MEM_ORDERS numbers
 *
 * Return: false when there are none.
 */
bool mem_read_buddyinfo(const char *path, uint64_t *blocks)
{
	bool found = false;
	struct lines l;
	char *line;
	size_t len;

	memset(blocks, 0, MEM_ORDERS * sizeof(*blocks));
	if (lines_open(&l, path))
		return false;
	while ((line = lines_next(&l, &len))) {
		char *at = strstr(line, "zone");
		size_t order;

		if (!at)
			continue;
		at += strcspn(at, " ");
		at += strspn(at, " ");
		at += strcspn(at, " ");
		for (order = 0; order < MEM_ORDERS; order++) {
			char *end;
			uint64_t n = strtoull(at, &end, 10);

			if (end == at)
				break;
			blocks[order] += n;
			at = end;
			found = true;
		}
	}
	lines_close(&l);
	return found;
}

/**
 * mem_parse_area() - Take a line of vmallocinfo apart.
 *
 * Return: false for one without pages of its own: of ioremap(), or vmap().
 */
bool mem_parse_area(char *line, uint64_t page, struct mem_part *part)
{
	char *caller = strchr(line, ' ');
	char *pages = strstr(line, " pages=");
	char *end;

	if (!caller || !pages || !strstr(pages, " vmalloc"))
		return false;
	caller += strspn(caller, " ");
	caller += strspn(caller, "0123456789");
	if (*caller++ != ' ' || caller >= pages)
		return false;
	part->bytes = strtoull(pages + 7, &end, 10) * page;
	/* Without the place in the function. */
	end = caller + strcspn(caller, "+ ");
	*end = '\0';
	part->name = caller;
	return *caller;
}

/** mem_is_stack_area() - Whether a caller of vmalloc() takes stacks of threads by it. */
bool mem_is_stack_area(const char *caller)
{
	static const char *const callers[] = {
		"dup_task_struct", "alloc_thread_stack_node", "copy_process",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(callers); i++)
		if (!strcmp(caller, callers[i]))
			return true;
	return false;
}

/** mem_parse_tag() - Take a line of allocinfo apart. Return: false for a heading. */
bool mem_parse_tag(char *line, struct mem_part *part)
{
	char *end;
	char *at;

	part->bytes = strtoull(line, &end, 10);
	if (end == line || *end != ' ')
		return false;
	/* Then the number of calls, and the tag. */
	strtoull(end, &at, 10);
	if (at == end || *at != ' ')
		return false;
	part->name = at + strspn(at, " ");
	return *part->name;
}
