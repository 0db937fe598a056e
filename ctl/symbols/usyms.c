// SPDX-License-Identifier: GPL-2.0
/*
 * Names of user addresses: the process' mappings say which file an address is
 * in and where in it, and the file has the symbols.
 *
 * An address comes without its time. Where a process had more than one file at
 * it, before and after an exec for instance, it has no name: it could be that of
 * another file. A process that was forked also had what its parent has mapped.
 */

#include <string.h>

#include "lib/buf.h"
#include "lib/map.h"
#include "symbols/usyms.h"

/* Processes to look at for one address: an own one, and those that it was forked from. */
#define ANCESTORS	32

/* A place in a file. */
struct place {
	struct usym_file *file;
	uint64_t	offset;
	bool		ambiguous;
	int		processes;	/* that were looked at */
};

/* What a process had mapped at an address up to a time. */
static void find_in(struct usyms *u, uint32_t pid, uint64_t address, uint64_t time,
		    struct place *found)
{
	const struct usym_process *p = map_get(&u->processes, pid);
	size_t i;

	for (i = 0; p && i < p->n; i++) {
		const struct usym_mapping *m = &p->v[i];
		uint64_t offset = address - m->start + m->offset;

		if (address < m->start || address >= m->end || m->time > time)
			continue;
		if (found->file && (found->file != m->file || found->offset != offset))
			found->ambiguous = true;
		found->file = m->file;
		found->offset = offset;
	}
	for (i = 0; p && i < p->nr_parents && found->processes < ANCESTORS; i++) {
		found->processes++;
		if (p->parent[i].time <= time)
			find_in(u, p->parent[i].pid, address, p->parent[i].time, found);
	}
}

/* Return: whether the file is known, and it can be read. */
static bool find_place(struct usyms *u, uint32_t pid, uint64_t address, struct place *found)
{
	memset(found, 0, sizeof(*found));
	if (!map_get(&u->processes, pid))
		usyms_snapshot(u, pid);
	find_in(u, pid, address, UINT64_MAX, found);
	if (!found->file || found->ambiguous || !*found->file->path)
		return false;
	usym_file_read(u, pid, found->file);
	return true;
}

/**
 * usyms_program_address() - The address that a process' program has in its file.
 *
 * Addresses of libraries stay what they are: theirs would be among the program's.
 */
uint64_t usyms_program_address(struct usyms *u, uint32_t pid, uint64_t address)
{
	struct place at;
	uint64_t inside;

	if (!find_place(u, pid, address, &at) || !at.file->program ||
	    !usym_file_address(at.file, at.offset, &inside))
		return address;
	return inside;
}

/** usyms_print() - name+0x1f [file], or what is known: [file] 0x..., [unknown] 0x... */
void usyms_print(struct usyms *u, uint32_t pid, uint64_t address, struct buf *out)
{
	const struct usym_symbol *s;
	struct place place;
	uint64_t at = 0;
	const char *base;

	if (!find_place(u, pid, address, &place)) {
		buf_printf(out, "[unknown] 0x%llx", (unsigned long long)address);
		return;
	}
	base = strrchr(place.file->path, '/');
	base = base ? base + 1 : place.file->path;
	s = usym_file_symbol(place.file, place.offset, &at);
	if (!s) {
		buf_printf(out, *base == '[' ? "%s 0x%llx" : "[%s] 0x%llx", base,
			   (unsigned long long)place.offset);
		return;
	}
	buf_puts(out, s->name);
	if (at != s->start)
		buf_printf(out, "+0x%llx", (unsigned long long)(at - s->start));
	buf_printf(out, " [%s]", base);
}
