// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl pmu record --call-graph dwarf: rows of samples that come one by one. User stacks are
 * unwound here, while the session runs, and kept once each, as the kernel does with others.
 * Every sample is in a row, or counted as lost; every stack that ends early is counted by why.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd/pmu/samples.h"
#include "cmd/pmu/setup.h"
#include "cmd/pmu/unwound.h"
#include "lib/buf.h"
#include "lib/map.h"
#include "symbols/unwind.h"

/* Numbers of stacks that are made here; the kernel's are smaller. */
#define FIRST_STACK	0x80000000u
#define DEPTH_MAX	256

/* Stacks that end early, beside those that unwind() tells. */
enum { END_NO_USER = UNWIND_ENDS, END_NO_REGS, END_COMPAT, ENDS };

static const struct {
	const char *name;
	const char *doc;
} end_notes[ENDS] = {
	[UNWIND_COMPLETE] = {
		"stacks_complete", "user stacks that were followed to their first function"
	},
	[UNWIND_SIZE] = {
		"stacks_cut", "user stacks deeper than the bytes that were taken: --call-graph dwarf,SIZE takes more"
	},
	[UNWIND_ABSENT] = {
		"stacks_absent", "user stacks that go on in memory that was not there to be read"
	},
	[UNWIND_DEPTH] = {
		"stacks_deep", "user stacks with more frames than are kept: --stack-depth raises that"
	},
	[UNWIND_UNMAPPED] = {
		"stacks_unmapped", "user stacks that end in code of no file that could be read"
	},
	[UNWIND_NO_TABLE] = {
		"stacks_no_table", "user stacks that end in code without unwind tables"
	},
	[UNWIND_BROKEN] = {
		"stacks_broken", "user stacks that end where memory and unwind tables do not agree"
	},
	[END_NO_USER] = {
		"stacks_none", "samples of tasks that have no user code, or are about to end"
	},
	[END_NO_REGS] = {
		"stacks_no_regs", "samples without user stack: the kernel was saving the registers"
	},
	[END_COMPAT] = {
		"stacks_32bit", "user stacks of 32-bit processes, of which only the leaf is shown"
	},
};

struct unwound {
	struct samples	samples;
	struct unwinder	unwinder;
	struct table	rows;		/* of all samples; stacks by their number */
	struct map	by_hash;	/* hash of a stack to it */
	size_t		most_rows;
	size_t		most_stacks;
	size_t		depth;
	size_t		ustack;		/* column */
	uint64_t	taken;
	uint64_t	no_row;
	uint64_t	no_stack;
	uint64_t	ends[ENDS];
	bool		ready;
};

/** unwound_new() - Return: an empty one, for so many rows, stacks, and frames of a stack. */
struct unwound *unwound_new(size_t most_rows, size_t most_stacks, size_t depth)
{
	struct unwound *w = zalloc(sizeof(*w));

	w->most_rows = most_rows;
	w->most_stacks = most_stacks;
	w->depth = depth && depth < DEPTH_MAX ? depth : DEPTH_MAX;
	return w;
}

void unwound_free(struct unwound *w)
{
	if (w->ready) {
		model_free_table(&w->rows);
		unwinder_free(&w->unwinder);
	}
	map_free(&w->by_hash, NULL);
	samples_free(&w->samples);
	free(w);
}

static struct unwound *of(const struct trace *t)
{
	return ((struct pmu_run *)t->arg)->verb;
}

static void take(struct trace *t, const struct event *ev, const uint64_t *rec)
{
	struct samples *s = &of(t)->samples;

	s->words = t->view->nr_columns;
	if (ev->data)
		samples_take(s, ev->cpu, rec + 2, ev->data, ev->nr_data);
}

static bool same_stack(const struct stack *a, uint32_t pid, const uint64_t *frames, size_t n)
{
	return a->pid == pid && a->nr == n && !memcmp(a->addr, frames, n * sizeof(*frames));
}

/* The number of a stack, 0 when there is no room for it. */
static uint64_t intern(struct unwound *w, uint32_t pid, const uint64_t *frames, size_t n)
{
	uint64_t hash = hash_bytes(frames, n * sizeof(*frames), pid) | 1;
	struct stack *s;

	for (; (s = map_get(&w->by_hash, hash)); hash += 2)
		if (same_stack(s, pid, frames, n))
			return s->id;
	if (w->rows.stacks.n >= w->most_stacks)
		return 0;
	s = zalloc(sizeof(*s) + n * sizeof(*frames));
	s->id = FIRST_STACK + (uint32_t)w->rows.stacks.n;
	s->pid = pid;
	s->nr = (uint32_t)n;
	memcpy(s->addr, frames, n * sizeof(*frames));
	map_set(&w->by_hash, hash, s);
	map_set(&w->rows.stacks, s->id, s);
	return s->id;
}

/* The frames of a sample; 0 when it has none. Counts why there are no more. */
static size_t frames_of(struct unwound *w, const struct sample *from, uint64_t *frames)
{
	uint64_t flags = from->head[KOBS_USTACK_FLAGS];
	struct unwind_sample s = {
		.pid = (uint32_t)from->head[KOBS_USTACK_PID],
		.time = from->head[KOBS_USTACK_TIME],
		.absent = flags & KOBS_USTACK_FAULT,
		.memory = { .bytes = from->memory.len, .data = from->memory.p },
	};
	enum unwind_end end = UNWIND_BROKEN;
	size_t n;

	if (flags & KOBS_USTACK_NO_USER) {
		w->ends[END_NO_USER]++;
		return 0;
	}
	if (flags & KOBS_USTACK_NO_REGS || from->nr_regs != CFI_REGS) {
		w->ends[END_NO_REGS]++;
		return 0;
	}
	memcpy(s.regs.v, from->regs, sizeof(s.regs.v));
	s.regs.known = (1ull << (CFI_REGS - 1) << 1) - 1;
	s.memory.start = s.regs.v[CFI_REG_SP];
	if (flags & KOBS_USTACK_COMPAT) {
		w->ends[END_COMPAT]++;
		frames[0] = s.regs.v[CFI_REG_PC];
		return 1;
	}
	n = unwind(&w->unwinder, &s, frames, w->depth, &end);
	w->ends[end]++;
	return n;
}

static void set_figure(struct unwound *w, const struct mode *m, uint64_t *figures,
		       const char *name, uint64_t value)
{
	size_t i;

	for (i = 0; i < m->nr_figures; i++)
		if (!strcmp(m->figures[i].name, name))
			figures[i] = value;
}

static void add(struct unwound *w, const struct mode *m, struct sample *s)
{
	struct row one = { .count = 1 };
	uint64_t figures[16] = {};
	uint64_t frames[DEPTH_MAX];
	size_t n = frames_of(w, s, frames);
	uint64_t id = n ? intern(w, (uint32_t)s->head[KOBS_USTACK_PID], frames, n) : 0;

	w->taken++;
	if (n && !id) {
		w->no_stack++;
		return;
	}
	s->key[w->ustack] = id;
	if (w->rows.nr_rows >= w->most_rows && !table_find(&w->rows, s->key)) {
		w->no_row++;
		return;
	}
	set_figure(w, m, figures, "events", s->head[KOBS_USTACK_PERIOD]);
	set_figure(w, m, figures, "throttled",
		   !!(s->head[KOBS_USTACK_FLAGS] & KOBS_USTACK_THROTTLED));
	table_add(&w->rows, table_row(&w->rows, s->key), &one, figures);
}

/* Once the session is there. */
static void prepare(struct unwound *w, struct view *v)
{
	if (w->ready)
		return;
	model_init_table(&w->rows, v->types, v->nr_columns, v->mode);
	unwinder_init(&w->unwinder, &v->usyms);
	w->ustack = view_column(v, "ustack");
	w->ready = true;
}

static void digest(struct trace *t)
{
	struct unwound *w = of(t);
	size_t i;

	prepare(w, t->view);
	for (i = 0; i < w->samples.nr_done; i++)
		add(w, t->view->mode, &w->samples.done[i]);
	samples_empty(&w->samples);
}

static void copy_rows(const struct unwound *w, struct table *out)
{
	size_t i;

	for (i = 0; i < w->rows.nr_rows; i++) {
		const struct row *row = &w->rows.rows[i];

		table_add(out, table_row(out, w->rows.keys + row->key), row,
			  table_figures(&w->rows, row));
	}
	for (i = 0; i < w->rows.stacks.size; i++) {
		const struct stack *from = w->rows.stacks.slot[i].value;
		size_t bytes;
		struct stack *s;

		if (!from)
			continue;
		bytes = sizeof(*s) + from->nr * sizeof(*s->addr);
		s = zalloc(bytes);
		memcpy(s, from, bytes);
		map_set(&out->stacks, s->id, s);
	}
}

/* To whoever reads the report it is one of the mode record. */
static void rename_mode(struct session *s)
{
	free(s->mode);
	s->mode = copy_string("record");
}

static int fill(struct trace *t, struct session *s, bool interim, struct table *out)
{
	struct unwound *w = of(t);
	size_t i;

	prepare(w, t->view);
	copy_rows(w, out);
	rename_mode(s);
	if (!interim)
		model_lose_undelivered(s, w->taken);
	s->recorded = w->taken - w->no_row - w->no_stack;
	if (w->no_row)
		model_add_loss(s, "table_full", "no room left for a new key: raise rows, or key by less",
			       w->no_row);
	if (w->no_stack)
		model_add_loss(s, "stack_full", "no room left for a new stack: raise stacks",
			       w->no_stack);
	for (i = 0; i < ENDS; i++)
		model_add_note(s, end_notes[i].name, end_notes[i].doc, w->ends[i]);
	return model_get_stacks(t->data, t->session, out);
}

const struct trace_rows unwound_rows = {
	.take = take,
	.digest = digest,
	.fill = fill,
};
