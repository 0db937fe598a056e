// SPDX-License-Identifier: GPL-2.0
/*
 * User stacks from registers and memory. Each step looks the code's file up and asks it how
 * the caller's registers are found (cfi.c); where it does not tell, the code itself is looked
 * at (unwind_guess.c). Nothing is assumed: a stack that ends early says why.
 */

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "symbols/unwind.h"

/* Rules that are kept, of all files: 20 MiB or so. More, and they are made anew. */
#define MOST_RULES	65536
/* Files that are kept open. */
#define MOST_FILES	512

struct unwind_file {
	struct cfi_file	*cfi;		/* NULL when it cannot be read */
	uint32_t	tried;		/* process as which it could not be opened last */
};

void unwinder_init(struct unwinder *w, struct usyms *u)
{
	*w = (struct unwinder){
		.usyms = u, .places = zalloc(UNWIND_PLACES * sizeof(*w->places)),
	};
}

static void free_file(void *item)
{
	struct unwind_file *f = item;

	if (f->cfi)
		cfi_close(f->cfi);
	free(f);
}

/* Nothing is kept that points to the files. */
static void forget(struct unwinder *w)
{
	map_free(&w->files, free_file);
	memset(&w->files, 0, sizeof(w->files));
	memset(w->places, 0, UNWIND_PLACES * sizeof(*w->places));
}

void unwinder_free(struct unwinder *w)
{
	if (!w->places)
		return;
	forget(w);
	free(w->places);
	w->places = NULL;
}

/* Between two samples: what was kept can have become too much. */
static void limit(struct unwinder *w)
{
	size_t rules = 0;
	size_t i;

	for (i = 0; i < w->files.size; i++) {
		const struct unwind_file *f = w->files.slot[i].value;

		if (f && f->cfi)
			rules += cfi_rules(f->cfi);
	}
	if (rules > MOST_RULES || w->files.n > MOST_FILES)
		forget(w);
}

static struct cfi_file *get_file(struct unwinder *w, uint32_t pid, const struct usym_mapping *m)
{
	const struct usym_file *from = m->file;
	struct buf root = {};
	struct unwind_file *f = map_get(&w->files, (uint64_t)(uintptr_t)from);
	int fd;

	if (!f) {
		f = zalloc(sizeof(*f));
		map_set(&w->files, (uint64_t)(uintptr_t)from, f);
	}
	if (f->cfi || f->tried == pid)
		return f->cfi;
	f->tried = pid;
	if (!strcmp(from->path, USYM_VDSO)) {
		f->cfi = cfi_open_vdso();
	} else if (*from->path == '/') {
		fd = usyms_open_file(w->usyms, pid, m, &root);
		f->cfi = fd < 0 ? NULL : cfi_open(fd);
		buf_free(&root);
	}
	return f->cfi;
}

/* Of the last mapping, and of the last fork or exec: before these the code was another one. */
static uint64_t last_change(const struct usym_process *p)
{
	uint64_t mapped = p->n ? p->v[p->n - 1].time : 0;
	uint64_t begun = p->nr_begins ? p->begin[p->nr_begins - 1].time : 0;

	return mapped > begun ? mapped : begun;
}

static bool is_kept(const struct unwind_place *at, const struct usym_process *p,
		    const struct unwind_sample *s, uint64_t address)
{
	return at->pid == s->pid && at->address == address && p && at->mappings == p->n &&
	       at->begins == p->nr_begins && s->time >= at->since;
}

/** unwind_locate() - Return: where the code of a sample's address is, until the next call. */
const struct unwind_place *unwind_locate(struct unwinder *w, const struct unwind_sample *s,
					 uint64_t address)
{
	struct unwind_place *at = &w->places[hash_number(address ^ (uint64_t)s->pid << 40) %
					     UNWIND_PLACES];
	const struct usym_process *p = map_get(&w->usyms->processes, s->pid);
	const struct usym_mapping *m;

	if (is_kept(at, p, s, address))
		return at;
	memset(at, 0, sizeof(*at));
	m = usyms_locate(w->usyms, s->pid, address, s->time);
	p = map_get(&w->usyms->processes, s->pid);
	at->address = address;
	at->mapped = m;
	if (m) {
		at->offset = address - m->start + m->offset;
		at->file = get_file(w, s->pid, m);
	}
	if (at->file && !cfi_address(at->file, at->offset, &at->inside))
		at->file = NULL;
	/* What is not known may be, later; and an older sample may be of other code. */
	if (at->file && s->time >= last_change(p)) {
		at->pid = s->pid;
		at->begins = (uint32_t)p->nr_begins;
		at->mappings = p->n;
		at->since = last_change(p);
	}
	return at;
}

/* An address of code: arm64 can have signed it. */
static uint64_t plain(uint64_t address)
{
#ifdef __aarch64__
	return address & ((1ull << 55) - 1) & ((1ull << 48) - 1);
#else
	return address;
#endif
}

static enum unwind_end end_of_memory(const struct unwind_sample *s)
{
	return s->absent ? UNWIND_ABSENT : UNWIND_SIZE;
}

/* One step to the caller. Returns UNWIND_ENDS when there is one. */
static enum unwind_end step(struct unwinder *w, struct unwind_sample *s, bool called, bool *signal)
{
	const struct unwind_place *at;
	uint64_t pc = s->regs.v[CFI_REG_PC];
	uint64_t sp = s->regs.v[CFI_REG_SP];
	enum cfi_step how = CFI_NO_RULE;
	bool known;

	/* A return address is behind the call, and can be behind the function that called. */
	at = unwind_locate(w, s, pc - called);
	if (!at->mapped)
		return UNWIND_UNMAPPED;
	known = at->file;
	if (known)
		how = cfi_step(at->file, at->inside, &s->memory, &s->regs, signal);
	switch (how) {
	case CFI_OUTERMOST:
		return UNWIND_COMPLETE;
	case CFI_NO_MEMORY:
		return end_of_memory(s);
	case CFI_BROKEN:
		return UNWIND_BROKEN;
	case CFI_NO_RULE:
		*signal = false;
		if (!unwind_guess(w, s, at, called))
			return known ? UNWIND_NO_TABLE : UNWIND_UNMAPPED;
		break;
	case CFI_STEPPED:
		break;
	}
	s->regs.v[CFI_REG_PC] = plain(s->regs.v[CFI_REG_PC]);
	if (!s->regs.v[CFI_REG_PC])
		return UNWIND_COMPLETE;
	/* Callers are further up, unless a signal came on a stack of its own. */
	if (!*signal && (s->regs.v[CFI_REG_SP] < sp ||
			 (s->regs.v[CFI_REG_SP] == sp && s->regs.v[CFI_REG_PC] == pc)))
		return UNWIND_BROKEN;
	return UNWIND_ENDS;
}

/**
 * unwind() - The frames of a sample's stack, leaf first.
 * @s: changed to its last frame
 * @max: room in @frames, at least 1
 * @end: set to why there are no more
 *
 * Return: how many.
 */
size_t unwind(struct unwinder *w, struct unwind_sample *s, uint64_t *frames, size_t max,
	      enum unwind_end *end)
{
	bool signal = true;
	size_t n = 0;

	limit(w);
	s->regs.v[CFI_REG_PC] = plain(s->regs.v[CFI_REG_PC]);
	for (;;) {
		frames[n++] = s->regs.v[CFI_REG_PC];
		*end = step(w, s, !signal, &signal);
		if (*end != UNWIND_ENDS)
			return n;
		if (n == max)
			break;
	}
	*end = UNWIND_DEPTH;
	return n;
}
