// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl func slow: what slow calls have in common. Each record of the stream is taken apart:
 * a row has the time that calls spent in one way, and, of blocked time, at one place. All
 * of a call's time is in rows. Every record is in them, or counted as lost.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd/func_run.h"
#include "cmd/wall/reason.h"
#include "lib/macros.h"

static const char *const states[KOBS_SLOW_STATES] = {
	[KOBS_SLOW_SLEEP] = "sleep", [KOBS_SLOW_DISK] = "disk", [KOBS_SLOW_IDLE] = "idle",
	[KOBS_SLOW_LOCK] = "lock", [KOBS_SLOW_STOPPED] = "stopped", [KOBS_SLOW_OTHER] = "other",
};

static const char *const column_names[SLOW_COLUMNS] = {
	[SLOW_FUNC] = "func", [SLOW_DURATION] = "duration", [SLOW_RUN] = "run",
	[SLOW_IRQ] = "irq", [SLOW_WOKEN] = "woken", [SLOW_PREEMPTED] = "preempted",
	[SLOW_BLOCKED] = "blocked",
};

/* Time of which there are no details: the columns are its classes. */
static const enum slow_column plain[] = { SLOW_RUN, SLOW_IRQ, SLOW_WOKEN, SLOW_PREEMPTED };

/** func_slow_state() - Return: how a thread was blocked, as reports have it. */
const char *func_slow_state(uint64_t state)
{
	return state < KOBS_SLOW_STATES ? states[state] : "other";
}

static struct figure figures[] = {
	{
		.name = (char *)"calls", .doc = (char *)"slow calls that have it",
		.merge = KOBS_MERGE_SUM,
	},
};

static const struct mode mode = {
	.name = (char *)"slow", .value = (char *)"time", .unit = (char *)"ns",
	.figures = figures, .nr_figures = ARRAY_SIZE(figures),
};

/** func_slow_mode() - Return: the mode that rows are of: the kernel's has records. */
const struct mode *func_slow_mode(void)
{
	return &mode;
}

static struct slow *of(const struct trace *t)
{
	return &((struct func_run *)t->arg)->slow;
}

/* Once the session is there. */
static void prepare(struct slow *w, struct view *v)
{
	uint32_t types[SLOW_BY + 5];
	size_t i;

	if (w->ready)
		return;
	for (i = 0; i < SLOW_COLUMNS; i++)
		w->column[i] = view_column(v, column_names[i]);
	for (i = 0; i < w->by_names.n && i < SLOW_BY; i++) {
		const char *name = w->by_names.v[i];

		w->by[i] = view_column(v, strcmp(name, "syscall") ? name : column_names[SLOW_FUNC]);
		types[i] = v->types[w->by[i]];
		if (w->syscalls && w->by[i] == w->column[SLOW_FUNC])
			types[i] = KOBS_TYPE_TEXT;
	}
	w->nr_by = i;
	types[i] = KOBS_TYPE_TEXT;
	types[i + 1] = KOBS_TYPE_TEXT;
	types[i + 2] = KOBS_TYPE_KSTACK;
	types[i + 3] = KOBS_TYPE_TEXT;
	types[i + 4] = KOBS_TYPE_TEXT;
	model_init_table(&w->rows, types, w->nr_by + 5, &mode);
	ksyms_load_all(&v->ksyms);
	w->ready = true;
}

/* What a call called is at the end of its data. Return: the words that it takes there. */
static size_t take_children(struct slow_record *r, const struct event *ev)
{
	const uint64_t *data = ev->data;
	uint64_t n = data[KOBS_SLOW_FUNCS];
	size_t words;

	if (n > KOBS_SLOW_CHILDREN || KOBS_SLOW_HEAD + n * KOBS_SLOW_CHILD > ev->nr_data)
		return 0;
	r->children = (size_t)n;
	words = r->children * KOBS_SLOW_CHILD;
	memcpy(r->child, data + ev->nr_data - words, words * sizeof(*r->child));
	return words;
}

static void take(struct trace *t, const struct event *ev, const uint64_t *rec)
{
	struct slow *w = of(t);
	size_t most = ARRAY_SIZE(w->v->data);
	size_t nr = ev->nr_data;
	struct slow_record *r;

	if (!ev->data || ev->nr_data < KOBS_SLOW_HEAD)
		return;
	w->v = grow(w->v, &w->cap, w->n + 1, sizeof(*w->v));
	r = &w->v[w->n++];
	memset(r, 0, sizeof(*r));
	memcpy(r->keys, rec + 2, t->view->nr_columns * sizeof(*r->keys));
	nr -= take_children(r, ev);
	memcpy(r->data, ev->data, (nr < most ? nr : most) * sizeof(*r->data));
	r->parts = (nr - KOBS_SLOW_HEAD) / KOBS_SLOW_PART;
	if (r->parts > KOBS_SLOW_PARTS)
		r->parts = KOBS_SLOW_PARTS;
}

/* The number of frames among the stacks of rows. */
static uint64_t intern(struct slow *w, const uint64_t *frames, size_t n)
{
	uint64_t hash = hash_bytes(frames, n * sizeof(*frames), 0) | 1;
	struct stack *s;

	for (; (s = map_get(&w->by_hash, hash)); hash += 2)
		if (s->nr == n && !memcmp(s->addr, frames, n * sizeof(*frames)))
			return s->id;
	s = zalloc(sizeof(*s) + n * sizeof(*frames));
	s->id = (uint32_t)w->rows.stacks.n + 1;
	s->nr = (uint32_t)n;
	memcpy(s->addr, frames, n * sizeof(*frames));
	map_set(&w->by_hash, hash, s);
	map_set(&w->rows.stacks, s->id, s);
	return s->id;
}

/* Whether a frame is in a function, whose text may have more behind its name. */
static bool is_in(const char *frame, const char *func)
{
	size_t len = strcspn(func, " ");

	return strcspn(frame, "+ ") == len && !strncmp(frame, func, len);
}

/* How many frames there are up to the function that begins the call; all without it. */
static size_t up_to(const struct slow_place *p, const char *func)
{
	size_t i;

	for (i = p->n; i; i--)
		if (is_in(p->frames[i - 1], func))
			return i;
	return p->n;
}

/*
 * Frames of the scheduler are in all stacks, and those above the function in all of a caller; the
 * owner of a lock is in no call.
 */
static void make_place(struct slow *w, struct view *v, const struct stack *s, struct slow_place *p)
{
	struct buf text = {};
	size_t first;
	size_t i;

	p->frames = zalloc((s->nr + 1) * sizeof(*p->frames));
	for (i = 0; i < s->nr; i++) {
		text.len = 0;
		ksyms_print_address(&v->ksyms, s->addr[i], &text);
		p->frames[p->n++] = pool_intern(&w->names, text.p);
	}
	text.len = 0;
	if (p->func) {
		view_print_key(v, w->column[SLOW_FUNC], p->func, &text);
		p->n = up_to(p, text.p);
	}
	buf_free(&text);
	first = view_first_frame(v, s);
	first += reason_first(p->frames + first, p->n > first ? p->n - first : 0);
	if (first >= p->n)
		first = 0;
	if (p->func)
		p->id = intern(w, s->addr + first, p->n - first);
	p->reason = reason_of(func_slow_state(p->state), p->frames, p->n);
	p->n -= first;
	memmove(p->frames, p->frames + first, p->n * sizeof(*p->frames));
}

/* Where a part of a call's time was blocked. */
static const struct slow_place *place_of(struct trace *t, uint64_t func, uint64_t word)
{
	struct slow *w = of(t);
	struct slow_place *first = map_get(&w->places, word >> 32);
	const struct stack *s;
	struct slow_place *p;

	for (p = first; p; p = p->next)
		if (p->func == func && p->state == (uint32_t)word)
			return p;
	p = zalloc(sizeof(*p));
	p->next = first;
	p->func = func;
	p->state = (uint32_t)word;
	map_set(&w->places, word >> 32, p);
	s = trace_stack(t, word >> 32);
	if (s)
		make_place(w, t->view, s, p);
	else
		p->reason = reason_of(func_slow_state(p->state), NULL, 0);
	return p;
}

static uint64_t text_key(struct slow *w, const char *text)
{
	return (uint64_t)(uintptr_t)pool_intern(&w->names, text);
}

/** func_slow_column() - Return: what a record has in a column; 0 for one that is not there. */
uint64_t func_slow_column(const struct slow *w, const struct slow_record *rec, enum slow_column c)
{
	return w->column[c] < VIEW_COLUMNS ? rec->keys[w->column[c]] : 0;
}

/* What a row has in a column that it is by: system calls have their names. */
static uint64_t by_key(struct slow *w, struct view *v, const struct slow_record *rec, size_t i)
{
	uint64_t key = rec->keys[w->by[i]];
	struct buf text = {};

	if (!w->syscalls || w->by[i] != w->column[SLOW_FUNC])
		return key;
	view_print_key(v, w->by[i], key, &text);
	key = text_key(w, func_slow_syscall(text.p));
	buf_free(&text);
	return key;
}

/* What a thread did for a time, and what it was blocked by. */
struct doing {
	const char	*class;
	const char	*reason;
	uint64_t	stack;
	const char	*lock;		/* NULL for none, as is the next */
	const char	*owner;
};

/* Add time to the row that it belongs to. */
static void add(struct slow *w, struct view *v, const struct slow_record *rec,
		const struct doing *d, struct row *part)
{
	uint64_t key[SLOW_BY + 5];
	uint64_t calls;
	struct row *row;
	size_t i;

	if (!part->sum && !part->count)
		return;
	for (i = 0; i < w->nr_by; i++)
		key[i] = by_key(w, v, rec, i);
	key[i] = text_key(w, d->class);
	key[i + 1] = text_key(w, d->reason);
	key[i + 2] = d->stack;
	key[i + 3] = text_key(w, d->lock ? d->lock : "");
	key[i + 4] = text_key(w, d->owner ? d->owner : "");
	row = table_row(&w->rows, key);
	i = (size_t)(row - w->rows.rows);
	if (i >= w->cap_seen)
		w->seen = grow(w->seen, &w->cap_seen, i + 1, sizeof(*w->seen));
	calls = !row->count || w->seen[i] != w->taken;
	w->seen[i] = w->taken;
	table_add(&w->rows, row, part, &calls);
}

/* Of time in which it ran or waited for a CPU, the number of intervals is not known. */
static void add_plain(struct slow *w, struct view *v, const struct slow_record *rec)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(plain); i++) {
		uint64_t ns = func_slow_column(w, rec, plain[i]);
		struct row part = { .count = 1, .sum = ns, .min = ns, .max = ns };
		struct doing d = { .class = column_names[plain[i]], .reason = "" };

		if (ns)
			add(w, v, rec, &d, &part);
	}
}

/* What a part was blocked by. */
static void find_part(struct trace *t, uint64_t func, const uint64_t *word, struct slow_part *p)
{
	p->place = place_of(t, func, word[KOBS_SLOW_STATE]);
	p->held = func_slow_held(of(t), t->view, word[KOBS_SLOW_HELD]);
	p->owner = word[KOBS_SLOW_OWNER_STACK] ?
		   place_of(t, 0, word[KOBS_SLOW_OWNER_STACK] << 32) : NULL;
}

static void add_part(struct trace *t, const struct slow_record *rec, const struct slow_part *p,
		     struct row *part)
{
	struct doing d = {
		.class = func_slow_state(p->place->state), .reason = p->place->reason,
		.stack = p->place->id,
	};

	if (p->held) {
		of(t)->locks = true;
		d.reason = "lock";
		d.lock = p->held->lock;
		d.owner = p->held->owner;
	}
	add(of(t), t->view, rec, &d, part);
}

static void add_record(struct trace *t, const struct slow_record *rec)
{
	uint64_t func = func_slow_column(of(t), rec, SLOW_FUNC);
	struct doing shorter = { .class = "blocked", .reason = "shorter waits" };
	struct slow_part parts[KOBS_SLOW_PARTS];
	struct slow *w = of(t);
	struct row rest = {
		.count = rec->data[KOBS_SLOW_REST_WAITS], .sum = rec->data[KOBS_SLOW_REST],
		.max = rec->data[KOBS_SLOW_REST],
	};
	size_t i;

	w->taken++;
	w->sum += func_slow_column(w, rec, SLOW_DURATION);
	add_plain(w, t->view, rec);
	for (i = 0; i < rec->parts; i++) {
		const uint64_t *word = rec->data + KOBS_SLOW_HEAD + i * KOBS_SLOW_PART;
		struct row part = {
			.count = word[KOBS_SLOW_COUNT], .sum = word[KOBS_SLOW_NS],
			.max = word[KOBS_SLOW_LONGEST],
		};

		find_part(t, func, word, &parts[i]);
		add_part(t, rec, &parts[i], &part);
	}
	add(w, t->view, rec, &shorter, &rest);
	func_slow_add_children(w, t->view, rec);
	func_slow_keep(w, t->view, rec, parts);
}

static void digest(struct trace *t)
{
	struct slow *w = of(t);
	size_t i;

	prepare(w, t->view);
	func_slow_want_locks(w, t);
	for (i = 0; i < w->n; i++)
		add_record(t, &w->v[i]);
	w->n = 0;
}

static int fill(struct trace *t, struct session *s, bool interim, struct table *out)
{
	struct slow *w = of(t);

	digest(t);
	/* While the session runs, some are on their way. */
	if (!interim)
		model_lose_undelivered(s, w->taken);
	return 0;
}

const struct trace_rows func_slow_rows = {
	.take = take,
	.digest = digest,
	.fill = fill,
};
