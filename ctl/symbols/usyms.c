// SPDX-License-Identifier: GPL-2.0
/*
 * Names of user addresses: the process' mappings say which file an address is
 * in and where in it, and the file has the symbols.
 *
 * An address comes without its time. It is looked for in what the process has had
 * mapped since its last exec or fork, then before that; a forked process began
 * with what its parent had mapped. Where it had more than one file at the address
 * between two of these, the address has no name: it could be that of another file.
 */

#include <string.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/map.h"
#include "symbols/usyms.h"

/* Forks between an address' process and the one that mapped the code, at most. */
#define ANCESTORS	16

/* A place in a file. */
struct place {
	struct usym_file *file;
	uint64_t	offset;
	bool		ambiguous;
};

/* What a process has mapped at an address itself, from one time to another. */
static bool find_between(const struct usym_process *p, uint64_t address, uint64_t from, uint64_t to,
			 struct place *found)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		const struct usym_mapping *m = &p->v[i];
		uint64_t offset = address - m->start + m->offset;

		if (address < m->start || address >= m->end || m->time < from || m->time > to)
			continue;
		if (found->file && (found->file != m->file || found->offset != offset))
			found->ambiguous = true;
		found->file = m->file;
		found->offset = offset;
	}
	return found->file;
}

/*
 * What a process had mapped at an address, the last time up to then. The number of an
 * address' own process may have had other lives before; of an ancestor, only the one that
 * it forked in counts.
 */
static bool find_in(struct usyms *u, uint32_t pid, uint64_t address, uint64_t to, int depth,
		    struct place *found)
{
	const struct usym_process *p = map_get(&u->processes, pid);
	size_t i;

	if (!p || depth > ANCESTORS)
		return false;
	for (i = p->nr_begins; i--;) {
		const struct usym_begin *b = &p->begin[i];

		if (b->time > to)
			continue;
		if (find_between(p, address, b->time, to, found))
			return true;
		to = b->time - 1;
		if (!b->parent)
			continue;
		if (find_in(u, b->parent, address, to, depth + 1, found))
			return true;
		if (depth)
			return false;
	}
	return find_between(p, address, 0, to, found);
}

/* The same, with another look at a process whose code is not known. */
static bool find(struct usyms *u, uint32_t pid, uint64_t address, struct place *found)
{
	struct usym_process *p;

	if (find_in(u, pid, address, UINT64_MAX, 0, found))
		return true;
	p = map_get(&u->processes, pid);
	if (p && p->looked == u->report)
		return false;
	usyms_snapshot(u, pid, u->begun ? now_ns() : 0);
	p = map_get(&u->processes, pid);
	p->looked = u->report;
	return find_in(u, pid, address, UINT64_MAX, 0, found);
}

/* Return: whether the file is known, and it can be read. */
static bool find_place(struct usyms *u, uint32_t pid, uint64_t address, struct place *found)
{
	memset(found, 0, sizeof(*found));
	if (!find(u, pid, address, found) || found->ambiguous || !*found->file->path)
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
