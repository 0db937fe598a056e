// SPDX-License-Identifier: GPL-2.0
/* The files of a control group, and the parts that its memory is made of. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cgroup/files.h"
#include "lib/cgroup.h"
#include "lib/lines.h"

/* memory.stat has some sixty lines, and one for each kind of event of each NUMA node. */
#define FILE_BYTES	16384

const char *const cgroup_limit_files[NR_CGROUP_LIMITS] = {
	[LIMIT_MAX] = "memory.max", [LIMIT_HIGH] = "memory.high", [LIMIT_LOW] = "memory.low",
	[LIMIT_MIN] = "memory.min", [LIMIT_SWAP] = "memory.swap.max",
};

#define PAGES	"obsctl page faults --by comm,ustack"
#define SLAB	"obsctl slab leaks --by site,cache"
#define SITES	"obsctl mem leaks --kind page --by site"
#define SENT	"obsctl syscall count sendto sendmsg recvfrom recvmsg --by comm"

const struct cgroup_part cgroup_parts[] = {
	{ "anon", "memory of programs", { "anon" }, NULL, false, PAGES },
	{ "shmem", "tmpfs and shared memory", { "shmem" }, NULL, false, PAGES },
	{ "file", "page cache of files", { "file" }, "shmem", true,
	  "obsctl syscall count read write --by comm" },
	{ "slab_reclaimable", "slab, reclaimable", { "slab_reclaimable" }, NULL, true, SLAB },
	{ "slab_unreclaimable", "slab, in use", { "slab_unreclaimable" }, NULL, false, SLAB },
	{ "kernel_stack", "kernel stacks of threads", { "kernel_stack" }, NULL, false,
	  "obsctl syscall count clone clone3 --by comm" },
	{ "pagetables", "page tables", { "pagetables", "sec_pagetables" }, NULL, false, SITES },
	{ "percpu", "percpu memory", { "percpu" }, NULL, false,
	  "obsctl mem leaks --kind percpu --by site" },
	{ "sock", "buffers of sockets", { "sock" }, NULL, false, SENT },
	{ "vmalloc", "vmalloc()", { "vmalloc" }, NULL, false,
	  "obsctl mem leaks --kind vmalloc --by site" },
	/* Last, and no part of memory.stat. */
	{ "unaccounted", "unaccounted", {}, NULL, false, SITES },
};

const size_t nr_cgroup_parts = ARRAY_SIZE(cgroup_parts) - 1;

/* A file of the group as a text, in memory that the next one uses, too; NULL: not there. */
static char *text_of(const char *path, const char *file)
{
	static char text[FILE_BYTES];
	char name[1024];

	if ((size_t)snprintf(name, sizeof(name), "%s%s/%s", cgroup_root(), path, file) >=
	    sizeof(name))
		return NULL;
	return read_file(name, text, sizeof(text)) > 0 ? text : NULL;
}

/* "max" is no limit. */
static uint64_t number_of(char *text)
{
	uint64_t v;

	return text && next_number(&text, &v) ? v : NO_LIMIT;
}

static void read_cpu(struct cgroup_files *f, const char *path)
{
	char *text = text_of(path, "cpu.stat");

	if (text)
		parse_pairs(&f->cpu, text);
	text = text_of(path, "cpu.max");
	f->has_quota = text;
	f->quota = NO_LIMIT;
	if (!text)
		return;
	f->quota = number_of(text);
	text += strcspn(text, " ");
	next_number(&text, &f->period);
}

static void read_pressure(struct cgroup_files *f, const char *path)
{
	char name[32];
	size_t i;

	for (i = 0; i < NR_PRESSURES; i++) {
		char *text;

		snprintf(name, sizeof(name), "%s.pressure", pressure_names[i]);
		text = text_of(path, name);
		if (text)
			parse_pressure(&f->pressure[i], text);
	}
}

static void read_memory(struct cgroup_files *f, const char *path)
{
	char *text = text_of(path, "memory.current");
	size_t i;

	f->has_memory = text;
	f->current = text ? number_of(text) : 0;
	text = text_of(path, "memory.stat");
	if (text)
		parse_pairs(&f->memory, text);
	text = text_of(path, "memory.swap.current");
	f->swap = text ? number_of(text) : 0;
	text = text_of(path, "memory.peak");
	f->peak = text ? number_of(text) : 0;
	for (i = 0; i < NR_CGROUP_LIMITS; i++)
		f->limit[i] = number_of(text_of(path, cgroup_limit_files[i]));
	text = text_of(path, "memory.events");
	if (text)
		parse_pairs(&f->events, text);
	text = text_of(path, "memory.events.local");
	if (text)
		parse_pairs(&f->local, text);
}

/**
 * cgroup_files_read() - Read the files of a group.
 * @path: below the root of the hierarchy
 *
 * Return: whether there is such a group; @f is to be freed if so.
 */
bool cgroup_files_read(struct cgroup_files *f, const char *path)
{
	char name[1024];

	memset(f, 0, sizeof(*f));
	read_memory(f, path);
	read_cpu(f, path);
	read_pressure(f, path);
	/* Last: a group that is there now was there before. */
	snprintf(name, sizeof(name), "%s%s/cgroup.procs", cgroup_root(), path);
	if (!access(name, F_OK))
		return true;
	cgroup_files_free(f);
	return false;
}

void cgroup_files_free(struct cgroup_files *f)
{
	named_free(&f->memory);
	named_free(&f->events);
	named_free(&f->local);
	named_free(&f->cpu);
	memset(f, 0, sizeof(*f));
}

/** cgroup_value() - Return: a number by its name; 0 where there is none. */
uint64_t cgroup_value(const struct named *n, const char *name)
{
	uint64_t v;

	return named_get(n, name, &v) ? v : 0;
}

/** cgroup_part_bytes() - Return: bytes of a part of cgroup_parts. */
uint64_t cgroup_part_bytes(const struct cgroup_files *f, size_t part)
{
	const struct cgroup_part *p = &cgroup_parts[part];
	uint64_t bytes = 0;
	uint64_t less = p->less ? cgroup_value(&f->memory, p->less) : 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(p->more) && p->more[i]; i++)
		bytes += cgroup_value(&f->memory, p->more[i]);
	/* They are read one after the other. */
	return bytes > less ? bytes - less : 0;
}

/** cgroup_rest() - Return: what is used beyond all parts; below 0 where these are ahead. */
int64_t cgroup_rest(const struct cgroup_files *f)
{
	int64_t rest = (int64_t)f->current;
	size_t i;

	for (i = 0; i < nr_cgroup_parts; i++)
		rest -= (int64_t)cgroup_part_bytes(f, i);
	return rest;
}

/** cgroup_all_parts() - Bytes of all parts, and of the rest behind them. */
void cgroup_all_parts(const struct cgroup_files *f, int64_t *bytes)
{
	size_t i;

	for (i = 0; i < nr_cgroup_parts; i++)
		bytes[i] = (int64_t)cgroup_part_bytes(f, i);
	bytes[i] = cgroup_rest(f);
}

/**
 * cgroup_grown_most() - Which part that is held grew most, the rest included.
 * @from: bytes of all parts and of the rest
 * @to: the same later
 * @by: set to the bytes that it grew by
 *
 * Return: its index in cgroup_parts, or NO_PART if none grew.
 */
size_t cgroup_grown_most(const int64_t *from, const int64_t *to, int64_t *by)
{
	size_t found = NO_PART;
	size_t i;

	*by = 0;
	for (i = 0; i <= nr_cgroup_parts; i++) {
		if (!cgroup_parts[i].cache && to[i] - from[i] > *by) {
			*by = to[i] - from[i];
			found = i;
		}
	}
	return found;
}

/** cgroup_cache() - Return: bytes that are given back when the kernel needs them. */
uint64_t cgroup_cache(const struct cgroup_files *f)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < nr_cgroup_parts; i++)
		if (cgroup_parts[i].cache)
			bytes += cgroup_part_bytes(f, i);
	return bytes;
}

/* Of what is held: page cache goes before a limit kills. */
static uint64_t room_of(const char *path, uint64_t *limit)
{
	struct cgroup_files f = {};
	uint64_t cache, held;

	read_memory(&f, path);
	*limit = f.limit[LIMIT_MAX];
	cache = cgroup_cache(&f);
	held = f.current > cache ? f.current - cache : 0;
	cgroup_files_free(&f);
	if (*limit == NO_LIMIT)
		return NO_LIMIT;
	return *limit > held ? *limit - held : 0;
}

/**
 * cgroup_limit_of() - The limit that a group reaches first, its own or of one above it: the
 * one with the least room, as others fill those above, too.
 * @path: below the root of the hierarchy
 * @whose: set to the path of the group that has it, valid until the next call
 * @room: set to the bytes that are left below it, or NO_LIMIT
 *
 * Return: bytes, or NO_LIMIT.
 */
uint64_t cgroup_limit_of(const char *path, const char **whose, uint64_t *room)
{
	static char at[1024];
	char up[1024];
	uint64_t found = NO_LIMIT;
	char *slash;

	*whose = at;
	*room = NO_LIMIT;
	snprintf(up, sizeof(up), "%s", path);
	while ((slash = strrchr(up, '/')) && up[1]) {
		uint64_t limit;
		uint64_t left = room_of(up, &limit);

		if (left < *room) {
			*room = left;
			found = limit;
			snprintf(at, sizeof(at), "%s", up);
		}
		slash[slash == up] = 0;
	}
	return found;
}
