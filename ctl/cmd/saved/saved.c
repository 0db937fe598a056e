// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the stacks of a report that --json wrote to a file. The file has names, so that
 * it can be read on another machine; and nothing in it is taken for granted: whoever
 * sent it may have edited it.
 */

#include <stdio.h>
#include <string.h>

#include "cmd/json_file.h"
#include "cmd/saved/saved.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "report/losses.h"
#include "report/view.h"

/* Columns of a report, and frames of a stack: the module has no more. */
#define COLUMNS_MAX	VIEW_COLUMNS
#define FRAMES_MAX	4096

struct saved_kind {
	const char	*source;
	const char	*mode;
	const char	*weight;	/* key of a row */
	const char	*unit;
	enum flame_palette palette;
	const char	*in_stack;	/* column that is a frame of the stack, too; or NULL */
	const char	*weighs;	/* what formats call the weight; NULL for the unit */
	const char	*count;		/* key of a row: how many there were */
	const char	*hit;		/* of these; NULL for hits */
};

#define WEIGHT(key, unit_, name)	.weight = (key), .unit = (unit_), .weighs = (name)
#define COUNT(key, name)		.count = (key), .hit = (name)
#define HITS				COUNT("count", NULL)

static const struct saved_kind kinds[] = {
	{ "func", "count", WEIGHT("count", "hits", NULL), HITS, .in_stack = "func" },
	{ "func", "time", WEIGHT("sum", "ns", "duration"), HITS, .in_stack = "func" },
	{ "probe", "count", WEIGHT("count", "hits", NULL), HITS },
	{ "probe", "hist", WEIGHT("sum", "value", NULL), HITS },
	{ "probe", "time", WEIGHT("sum", "ns", "duration"), HITS },
	{ "lock", "contention", WEIGHT("sum", "ns", "wait"), HITS, .palette = FLAME_WAITS },
	{ "sched", "offcpu", WEIGHT("sum", "ns", "offcpu"), HITS, .palette = FLAME_WAITS },
	{ "slab", "leaks", WEIGHT("live_bytes", "bytes", "live_bytes"), COUNT("live", "objects"),
	  .palette = FLAME_MEMORY, .in_stack = "site" },
	{ "pmu", "record", WEIGHT("events", "events", NULL), COUNT("count", "samples"),
	  .palette = FLAME_CPU },
};

static int no_report(const struct saved *s, const char *why)
{
	return refuse("%s is no report of obsctl --json: %s", s->path, why);
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* A number that is not negative. */
static uint64_t number_of(const json_t *object, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(object, key));

	return n > 0 ? (uint64_t)n : 0;
}

/** saved_number() - Return: a number of the report's own, or 0. */
uint64_t saved_number(const struct saved *s, const char *key)
{
	return number_of(s->root, key);
}

/* Samples weigh their events only where these are of one kind. */
static void choose_weight(struct saved *s)
{
	uint64_t targets = saved_number(s, "targets");
	uint64_t clocks = number_of(json_object_get(s->root, "notes"), "clocks");

	s->weight = s->kind->weight;
	s->unit = s->kind->unit;
	if (strcmp(s->weight, "events"))
		return;
	if (targets > 1) {
		s->weight = "count";
		s->unit = "samples";
	} else if (clocks) {
		s->unit = "ns";
	}
}

/** saved_open() - Read a file. Return: 0, or an exit status after a sentence. */
int saved_open(struct saved *s, const char *path)
{
	const char *source;
	const char *mode;
	size_t i;
	int err;

	memset(s, 0, sizeof(*s));
	s->path = path;
	err = json_file_load(path, &s->root);
	if (err)
		return err;
	source = text_of(s->root, "source");
	mode = text_of(s->root, "mode");
	if (!text_of(s->root, "kobs") || !source || !mode)
		return no_report(s, "it has no \"kobs\", \"source\" or \"mode\"");
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].source, source) && !strcmp(kinds[i].mode, mode))
			s->kind = &kinds[i];
	if (!s->kind)
		return refuse("%s is a report of '%.32s %.32s', whose rows have no stacks", path,
			      source, mode);
	if (!json_is_array(json_object_get(s->root, "rows")))
		return no_report(s, "it has no \"rows\"");
	choose_weight(s);
	return 0;
}

/** saved_same() - Can two reports be compared? Return: 0, or an exit status. */
int saved_same(const struct saved *a, const struct saved *b)
{
	if (a->kind != b->kind)
		return refuse("%s is a report of '%s %s', %s of '%s %s': these cannot be compared",
			      a->path, a->kind->source, a->kind->mode, b->path, b->kind->source,
			      b->kind->mode);
	if (strcmp(a->unit, b->unit))
		return refuse("%s counts %s, %s %s: these cannot be compared", a->path, a->unit,
			      b->path, b->unit);
	return 0;
}

static bool ends_in_stack(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && !strcmp(name + len - 5, "stack");
}

/* Frames are in the file from the leaf. Return: 0 or an exit status. */
static int add_stack(const struct saved *s, struct stack_set *set, const json_t *stack, bool user)
{
	size_t n = json_array_size(stack);
	struct buf name = {};
	size_t i;

	if (!json_is_array(stack) || n > FRAMES_MAX)
		return no_report(s, "a stack is no list of names");
	for (i = n; i; i--) {
		const char *frame = json_string_value(json_array_get(stack, i - 1));

		if (!frame)
			break;
		name.len = 0;
		buf_puts(&name, frame);
		view_strip(name.p);
		stack_set_add(set, stack_set_frame(set, name.p, frame_kind_of(name.p, user)));
	}
	buf_free(&name);
	return i ? no_report(s, "a stack is no list of names") : 0;
}

static void add_column(struct stack_set *set, const char *name, const json_t *value)
{
	char number[32];
	const char *text = json_string_value(value);

	if (json_is_integer(value)) {
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
		text = number;
	}
	if (text && *text)
		stack_set_add(set, stack_set_column(set, name, text));
}

struct columns {
	const char	*v[COLUMNS_MAX];
	size_t		n;
	bool		stacks;
};

static int find_columns(const struct saved *s, struct columns *c)
{
	json_t *by = json_object_get(s->root, "by");
	json_t *item;
	size_t i;

	if (by && (!json_is_array(by) || json_array_size(by) > COLUMNS_MAX))
		return no_report(s, "\"by\" is not a list of columns");
	json_array_foreach(by, i, item) {
		const char *name = json_string_value(item);

		if (!name)
			return no_report(s, "\"by\" is not a list of columns");
		c->v[c->n++] = name;
		c->stacks |= ends_in_stack(name);
	}
	if (!c->stacks)
		return refuse("%s has no stacks: make it with --by kstack, ustack or both",
			      s->path);
	return 0;
}

/* As of a session: columns, then the user's stack, then the others. */
static int add_row(const struct saved *s, const struct columns *c, struct stack_set *set,
		   const json_t *row)
{
	int err = 0;
	int user;
	size_t i;

	stack_set_begin(set, number_of(row, s->weight), number_of(row, s->kind->count));
	for (i = 0; i < c->n; i++) {
		bool known = s->kind->in_stack && !strcmp(c->v[i], s->kind->in_stack);

		if (!ends_in_stack(c->v[i]) && !known)
			add_column(set, c->v[i], json_object_get(row, c->v[i]));
	}
	for (user = 1; user >= 0; user--)
		for (i = 0; !err && i < c->n; i++)
			if (ends_in_stack(c->v[i]) && !strcmp(c->v[i], "ustack") == !!user)
				err = add_stack(s, set, json_object_get(row, c->v[i]), user);
	if (!err && !set->v[set->n - 1].n)
		stack_set_add(set, stack_set_frame(set, "[no stack]", FRAME_COLUMN));
	return err;
}

/** saved_stacks() - Add the stacks of all rows. Return: 0, or an exit status after a sentence. */
int saved_stacks(const struct saved *s, struct stack_set *set)
{
	json_t *rows = json_object_get(s->root, "rows");
	struct columns c = {};
	int err = find_columns(s, &c);
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		if (err)
			break;
		if (!json_is_integer(json_object_get(row, s->weight)))
			err = no_report(s, "a row has no numbers");
		else if (number_of(row, s->weight))
			err = add_row(s, &c, set, row);
	}
	return err;
}

enum flame_palette saved_palette(const struct saved *s)
{
	return s->kind->palette;
}

/** saved_weigh() - Say what the numbers of the stacks are. */
void saved_weigh(const struct saved *s, struct export *e)
{
	export_weigh(e, s->kind->hit, s->kind->weighs, s->unit);
}

/** saved_describe() - What was observed, and for how long. */
void saved_describe(const struct saved *s, struct buf *out)
{
	char took[32];

	buf_printf(out, "%s %s, %s", s->kind->source, s->kind->mode,
		   format_ns(took, sizeof(took), (double)saved_number(s, "duration_ns")));
	if (text_of(s->root, "stopped"))
		buf_printf(out, ", stopped early: %s", text_of(s->root, "stopped"));
}

/** saved_lost() - Return: the number of hits that were lost. */
uint64_t saved_lost(const struct saved *s)
{
	json_t *lost = json_object_get(json_object_get(s->root, "accounting"), "lost");
	const char *reason;
	uint64_t sum = 0;
	json_t *value;

	json_object_foreach(lost, reason, value)
		if (loss_of(reason) == LOSS && json_integer_value(value) > 0)
			sum += (uint64_t)json_integer_value(value);
	return sum;
}

/** saved_account() - What became of every hit. */
void saved_account(const struct saved *s, struct buf *out)
{
	const json_t *account = json_object_get(s->root, "accounting");
	uint64_t sum = saved_lost(s);
	char n[32];

	buf_printf(out, "hits %s", format_count(n, sizeof(n), number_of(account, "hits")));
	buf_printf(out, " = recorded %s",
		   format_count(n, sizeof(n), number_of(account, "recorded")));
	buf_printf(out, " + filtered %s",
		   format_count(n, sizeof(n), number_of(account, "filtered")));
	if (number_of(account, "pending"))
		buf_printf(out, " + pending %s",
			   format_count(n, sizeof(n), number_of(account, "pending")));
	if (number_of(account, "unpaired"))
		buf_printf(out, " + unpaired %s",
			   format_count(n, sizeof(n), number_of(account, "unpaired")));
	buf_printf(out, " + lost %s", format_count(n, sizeof(n), sum));
}

void saved_machine(const struct saved *s, struct buf *out)
{
	const char *kernel = text_of(s->root, "kernel");

	buf_printf(out, "Linux %s, kobs %s", kernel ? kernel : "unknown", text_of(s->root, "kobs"));
}

void saved_close(struct saved *s)
{
	json_decref(s->root);
	memset(s, 0, sizeof(*s));
}
