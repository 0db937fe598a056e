// SPDX-License-Identifier: GPL-2.0
/*
 * Names of addresses of a process' data. What is known of a process is where its code
 * is mapped: a file's data lies as far from its code as the file says, also what is
 * 0 at the start and in no file. What else can be named is a file that a live process
 * shares with others.
 */

#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/lines.h"
#include "lib/map.h"
#include "symbols/usyms.h"

/* A place in a file, by the addresses of the file itself. */
struct place {
	struct usym_file *file;
	uint64_t	address;
};

struct data_search {
	struct usyms	*u;
	uint32_t	pid;
	uint64_t	address;
	struct place	*found;
};

/* Whether an address is in the file of a mapping. */
static bool is_in(const struct data_search *search, const struct usym_mapping *m)
{
	uint64_t address = search->address;
	uint64_t code;
	size_t i;

	if (!*m->file->path)
		return false;
	usym_file_read(search->u, search->pid, m);
	if (!usym_file_address(m->file, m->offset, &code))
		return false;
	address = address - m->start + code;
	for (i = 0; i < m->file->nr_segments; i++) {
		const struct usym_segment *s = &m->file->segment[i];

		if (address - s->address >= s->memory)
			continue;
		*search->found = (struct place){ .file = m->file, .address = address };
		return true;
	}
	return false;
}

/* In what a process mapped from one time to another, the newest first. */
static bool find_between(const struct usym_process *p, uint64_t from, uint64_t to, void *data)
{
	const struct data_search *search = data;
	size_t i;

	for (i = p->n; i--;)
		if (p->v[i].time >= from && p->v[i].time <= to && is_in(search, &p->v[i]))
			return true;
	return false;
}

/* The same, with another look at a process whose code is not known. */
static bool find(struct usyms *u, uint32_t pid, uint64_t address, struct place *found)
{
	struct usym_process *p = map_get(&u->processes, pid);
	struct data_search search = { u, pid, address, found };

	if (usyms_lives(u, pid, find_between, &search))
		return true;
	if (p && p->n)
		return false;
	usyms_snapshot(u, pid, u->begun ? now_ns() : 0);
	return usyms_lives(u, pid, find_between, &search);
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* A file that a live process shares: its mapping, whatever it is of, is in /proc. */
static bool print_shared(uint32_t pid, uint64_t address, struct buf *out)
{
	unsigned long long start, end, offset, inode;
	bool found = false;
	char perm[8];
	struct lines l;
	char path[64];
	size_t len;
	char *line;
	int at;

	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	if (lines_open(&l, path))
		return false;
	while (!found && (line = lines_next(&l, &len))) {
		at = 0;
		if (sscanf(line, "%llx-%llx %7s %llx %*s %llu %n", &start, &end, perm, &offset,
			   &inode, &at) < 5 || !at || address < start || address >= end)
			continue;
		if (line[at] != '/' || !strchr(perm, 's'))
			break;
		found = true;
		buf_printf(out, "[%s] 0x%llx", base_of(line + at),
			   (unsigned long long)(address - start + offset));
	}
	lines_close(&l);
	return found;
}

/* The variable at an address, or NULL. */
static const struct usym_symbol *variable_at(const struct place *place)
{
	const struct usym_file *f = place->file;
	size_t lo = 0;
	size_t hi = f->nr_data;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->data[mid].start <= place->address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && place->address < f->data[lo - 1].end ? &f->data[lo - 1] : NULL;
}

/**
 * usyms_print_data() - name+0x8 [file], or what is known: [file] 0x..., 0x...
 *
 * What is on a heap or a stack has its address only.
 */
void usyms_print_data(struct usyms *u, uint32_t pid, uint64_t address, struct buf *out)
{
	const struct usym_symbol *s;
	struct place place;

	if (!find(u, pid, address, &place)) {
		if (!print_shared(pid, address, out))
			buf_printf(out, "0x%llx", (unsigned long long)address);
		return;
	}
	s = variable_at(&place);
	if (!s) {
		buf_printf(out, "[%s] 0x%llx", base_of(place.file->path),
			   (unsigned long long)place.address);
		return;
	}
	buf_puts(out, s->name);
	if (place.address != s->start)
		buf_printf(out, "+0x%llx", (unsigned long long)(place.address - s->start));
	buf_printf(out, " [%s]", base_of(place.file->path));
}
