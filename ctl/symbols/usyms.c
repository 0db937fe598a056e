// SPDX-License-Identifier: GPL-2.0
/*
 * Names of user addresses: the process' mappings say which file an address is
 * in and where in it, and the file has the symbols.
 *
 * An address comes without its time. It is looked for in what the process has had
 * mapped since its last exec or fork, then before that; a forked process began
 * with what its parent had mapped. Where it had more than one file at the address
 * between two of these, the address has no name: it could be that of either.
 */

#include <string.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/map.h"
#include "symbols/demangle.h"
#include "symbols/usyms.h"

/* A place in a file. */
struct place {
	const struct usym_mapping *mapping;	/* NULL: none is known */
	const struct usym_mapping *other;	/* which may be it as well; or NULL */
	uint64_t	offset;
};

/* Whether two mappings have the same at an address. Memory without a file is one. */
static bool is_same(const struct usym_mapping *a, const struct usym_mapping *b)
{
	return a->file == b->file &&
	       (!*a->file->path || a->start - a->offset == b->start - b->offset);
}

struct code_search {
	uint64_t	address;
	struct place	*found;
};

/* What a process has mapped at an address itself, from one time to another. */
static bool find_between(const struct usym_process *p, uint64_t from, uint64_t to, void *data)
{
	const struct code_search *search = data;
	struct place *found = search->found;
	size_t i;

	for (i = 0; i < p->n; i++) {
		const struct usym_mapping *m = &p->v[i];

		if (search->address < m->start || search->address >= m->end || m->time < from ||
		    m->time > to)
			continue;
		if (found->mapping && !is_same(found->mapping, m))
			found->other = found->mapping;
		found->mapping = m;
		found->offset = search->address - m->start + m->offset;
	}
	return found->mapping;
}

/* The same, with another look at a process whose code is not known. */
static bool find(struct usyms *u, uint32_t pid, uint64_t address, struct place *found)
{
	struct code_search search = { address, found };
	struct usym_process *p;

	if (usyms_lives(u, pid, find_between, &search))
		return true;
	p = map_get(&u->processes, pid);
	if (p && p->looked == u->report)
		return false;
	usyms_snapshot(u, pid, u->begun ? now_ns() : 0);
	p = map_get(&u->processes, pid);
	p->looked = u->report;
	return usyms_lives(u, pid, find_between, &search);
}

/** usyms_is_code() - Whether a process is known to have, or to have had, code at an address. */
bool usyms_is_code(struct usyms *u, uint32_t pid, uint64_t address)
{
	struct place found = {};

	return find(u, pid, address, &found);
}

/* Return: whether one file is known to be there; what can be read of it was read. */
static bool find_place(struct usyms *u, uint32_t pid, uint64_t address, struct place *found)
{
	*found = (struct place){};
	if (!find(u, pid, address, found) || found->other)
		return false;
	usym_file_read(u, pid, found->mapping);
	return true;
}

/* Code of a process of another word size is not that of the file that was read. */
static bool is_foreign(const struct usym_mapping *m)
{
	return m->end <= UINT32_MAX && !strcmp(m->file->path, USYM_VDSO);
}

/* The address that a file itself has for a place in it. */
static bool file_address(const struct place *at, uint64_t *inside)
{
	return !is_foreign(at->mapping) &&
	       usym_file_address(at->mapping->file, at->offset, inside);
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

	if (!find_place(u, pid, address, &at) || !at.mapping->file->program ||
	    !file_address(&at, &inside))
		return address;
	return inside;
}

/* An address of which no more is known than what may be there. */
static void set_unknown(struct usyms *u, const struct place *at, struct usym_frame *f)
{
	const char *labels[2];
	struct buf text = {};

	f->label = "[unknown]";
	if (!at->mapping || !at->other)
		return;
	labels[0] = at->other->file->label;
	labels[1] = at->mapping->file->label;
	if (labels[0] != labels[1]) {
		buf_printf(&text, "%.*s|%s", (int)strlen(labels[0]) - 1, labels[0], labels[1] + 1);
		f->label = pool_intern(&u->names, text.p);
		buf_free(&text);
	} else {
		f->label = labels[0];
	}
}

static const char *shown_name(struct usyms *u, struct usym_symbol *s)
{
	struct buf text = {};

	if (u->raw_names)
		return s->name;
	if (!s->shown)
		s->shown = demangle(s->name, &text) ? pool_intern(&u->names, text.p) : s->name;
	buf_free(&text);
	return s->shown;
}

/* Code without a file that says more: the process may have made it. */
static void set_made(struct usyms *u, uint32_t pid, uint64_t address, const struct place *at,
		     struct usym_frame *f)
{
	const struct usym_file *file = at->mapping->file;

	f->name = usym_jit_find(u, pid, address, &f->offset);
	if (f->name) {
		f->label = "[JIT]";
		return;
	}
	/* Of the kernel's own and of files that cannot be read, the place is known. */
	f->placed = *file->path == '/' || !strcmp(file->path, USYM_VDSO);
	f->offset = f->placed ? at->offset : address;
}

/* Lines, and functions that were inlined: frames before the one that is there. */
static size_t add_debug(struct usyms *u, struct debug_info *debug, uint64_t inside,
			struct usym_frame *frame)
{
	const struct debug_code *c = debug_info_find(debug, inside, &u->names, u->raw_names);
	size_t n = c->n && !u->no_inlined ? c->n - 1 : 0;
	struct usym_frame last = frame[0];
	size_t i;

	if (!c->n)
		return 1;
	if (!last.name && c->v[c->n - 1].name && c->start && inside >= c->start) {
		last.name = c->v[c->n - 1].name;
		last.offset = inside - c->start;
		last.placed = false;
	}
	for (i = 0; i <= n; i++) {
		frame[i] = last;
		if (i < n) {
			frame[i].name = c->v[i].name ? c->v[i].name : "[unknown]";
			frame[i].inlined = true;
		}
		if (u->lines) {
			frame[i].file = c->v[i].file;
			frame[i].line = c->v[i].line;
		}
	}
	return n + 1;
}

/* The function that is there; what can be told of it further is told if @debug is set. */
static size_t find_frames(struct usyms *u, uint32_t pid, uint64_t address, bool returned,
			  bool debug, struct usym_frame *frame)
{
	/* The call can be the last thing that a function does. */
	uint64_t at = address - (returned && address ? 1 : 0);
	struct usym_symbol *s;
	struct place place;
	uint64_t inside;
	size_t n = 1;

	frame[0] = (struct usym_frame){ .offset = at };
	if (!find_place(u, pid, at, &place)) {
		set_unknown(u, &place, frame);
		frame[0].offset = address;
		return 1;
	}
	frame[0].label = place.mapping->file->label;
	frame[0].path = *place.mapping->file->path == '/' ? place.mapping->file->path : NULL;
	if (file_address(&place, &inside)) {
		s = usym_file_symbol(place.mapping->file, inside);
		frame[0].name = s ? shown_name(u, s) : NULL;
		frame[0].offset = s ? inside - s->start : inside;
		frame[0].placed = !s;
		if (place.mapping->file->debug && (debug || !s))
			n = add_debug(u, place.mapping->file->debug, inside, frame);
	} else {
		set_made(u, pid, at, &place, frame);
	}
	frame[n - 1].offset += address - at;
	return n;
}

/**
 * usyms_find() - Find the functions that an address is in.
 * @returned: the address is behind a call, and stands for that
 * @frame: USYM_FRAMES, of which the innermost function is first; each but the last one is
 *	inlined into the next one
 *
 * Return: how many there are, at least one.
 */
size_t usyms_find(struct usyms *u, uint32_t pid, uint64_t address, bool returned,
		  struct usym_frame *frame)
{
	return find_frames(u, pid, address, returned, true, frame);
}

/** usym_frame_print() - name+0x1f [file], name (inlined), [file] +0x1f, [anon] 0x1f00. */
void usym_frame_print(const struct usym_frame *f, struct buf *out)
{
	const char *base;

	if (f->inlined)
		buf_printf(out, "%s (inlined)", f->name);
	else if (f->name && f->offset)
		buf_printf(out, "%s+0x%llx %s", f->name, (unsigned long long)f->offset, f->label);
	else if (f->name)
		buf_printf(out, "%s %s", f->name, f->label);
	else
		buf_printf(out, "%s %s0x%llx", f->label, f->placed ? "+" : "",
			   (unsigned long long)f->offset);
	if (!f->file)
		return;
	base = strrchr(f->file, '/');
	buf_printf(out, " %s:%u", base ? base + 1 : f->file, f->line);
}

/** usyms_print() - The function that an address is in, whatever was inlined into it. */
void usyms_print(struct usyms *u, uint32_t pid, uint64_t address, struct buf *out)
{
	struct usym_frame frame[USYM_FRAMES];
	size_t n = find_frames(u, pid, address, false, false, frame);

	usym_frame_print(&frame[n - 1], out);
}
