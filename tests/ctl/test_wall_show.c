// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of what show draws and folds of a saved report of threads, whose stacks are in
 * its details: what obsctl wall makes of the same time by itself. Prints TAP.
 */

#include "cmd/wall/table.h"
#include "kobs_wall.h"
#include "show_harness.h"

static const char *const classes[] = {
	"lifetime", "run", "system", "irq", "woken", "preempted", "sleep", "disk",
};

/* Two threads of one name and one of another, with the time of each class. */
static const struct part {
	uint64_t	tid;
	const char	*comm;
	const char	*class;
	const char	*instead;
	uint64_t	chain;
	uint64_t	stack;
	uint64_t	ns;
} parts[] = {
	{ 100, "work", "run", "", 0, 0, 1000 },
	{ 100, "work", "irq", "", 0, 0, 7 },
	{ 100, "work", "woken", "rival", 0, 0, 30 },
	{ 100, "work", "sleep", "", 0, 1, 500 },
	{ 100, "work", "sleep", "", 0, 2, 60 },
	{ 101, "work", "sleep", "", 0, 1, 4000 },
	{ 101, "work", "preempted", "rival", 0, 0, 5 },
	{ 200, "other", "disk", "", 5, 2, 90000 },
	{ 200, "other", "sleep", "", 0, 0, 3 },
	{ 200, "other", "system", "", 0, 0, 11 },
};

/* The frames of the scheduler are in no file: these stacks have none. */
static void add_stacks(struct fixture *f)
{
	uint64_t words[2 * KOBS_WALL_LINK_WORDS] = {};
	uint64_t at[2];

	at[0] = code(f, 0x1001, "pipe_read+0x33");
	at[1] = code(f, 0x1002, "vfs_read+0x44");
	add_stack(f, 1, 0, at, 2);
	at[0] = code(f, 0x1003, "do_nanosleep+0x55");
	add_stack(f, 2, 0, at, 1);
	memcpy(words, "friend", 6);
	words[KOBS_WALL_LINK_WHO] = 40;
	memcpy(&words[KOBS_WALL_LINK_WORDS], "first", 5);
	words[KOBS_WALL_LINK_WORDS + KOBS_WALL_LINK_WHO] =
		41 | (uint64_t)KOBS_WALL_RAN << 32;
	words[KOBS_WALL_LINK_WORDS + KOBS_WALL_LINK_STACK] = 1;
	add_stack(f, 5, 0, words, ARRAY_SIZE(words));
}

static void begin_wall(struct fixture *f, const char *const *columns, size_t n)
{
	static const struct {
		const char	*name;
		uint32_t	type;
	} types[] = {
		{ "tid", KOBS_TYPE_NUMBER }, { "pid", KOBS_TYPE_NUMBER },
		{ "prio", KOBS_TYPE_NUMBER }, { "owner_pid", KOBS_TYPE_NUMBER },
		{ "blocked_by", KOBS_TYPE_OBJECT }, { "kstack", KOBS_TYPE_KSTACK },
		{ "chain", KOBS_TYPE_KSTACK },
	};
	size_t i;
	size_t k;

	set_up(f, "wall", "time");
	f->mode.value = (char *)"time";
	f->mode.unit = (char *)"ns";
	for (i = 0; i < n; i++) {
		for (k = 0; k < ARRAY_SIZE(types) && strcmp(types[k].name, columns[i]); k++)
			;
		add_column(f, columns[i], k < ARRAY_SIZE(types) ? types[k].type :
			   KOBS_TYPE_TEXT);
	}
	for (i = 0; i < ARRAY_SIZE(classes); i++)
		add_figure(f, classes[i], "ns", KOBS_MERGE_SUM);
	begin(f);
	add_stacks(f);
}

static uint64_t key_of(struct fixture *f, const struct part *p, const char *column)
{
	const struct {
		const char	*column;
		uint64_t	key;
	} keys[] = {
		{ "tid", p->tid }, { "pid", 100 }, { "prio", 120 }, { "owner_pid", 0 },
		{ "blocked_by", 0 }, { "kstack", p->stack }, { "chain", p->chain },
		{ "comm", text_key(f, p->comm) }, { "class", text_key(f, p->class) },
		{ "instead", text_key(f, p->instead) },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strcmp(keys[i].column, column))
			return keys[i].key;
	return text_key(f, "");
}

static void add_parts(struct fixture *f)
{
	size_t i;
	size_t c;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		const struct part *p = &parts[i];
		const struct row part = { .count = 1, .sum = p->ns, .min = p->ns, .max = p->ns };
		uint64_t figures[ARRAY_SIZE(classes)] = { p->ns };
		uint64_t key[VIEW_COLUMNS] = {};

		for (c = 1; c < ARRAY_SIZE(classes); c++)
			figures[c] = strcmp(classes[c], p->class) ? 0 : p->ns;
		for (c = 0; c < f->view.nr_columns; c++)
			key[c] = key_of(f, p, f->view.columns[c]->name);
		table_add(&f->table, table_row(&f->table, key), &part, figures);
	}
}

/* What the verb folds of such columns. */
static char *folded(const char *const *columns, size_t n)
{
	struct fixture f;
	char *text;

	begin_wall(&f, columns, n);
	add_parts(&f);
	f.opts.folded = true;
	text = print(&f, false);
	tear_down(&f);
	return text;
}

/* A report of threads in a.json. */
static void save(const char *const *columns, size_t n)
{
	struct fixture f;

	begin_wall(&f, columns, n);
	add_parts(&f);
	f.json = print(&f, true);
	write_file("a.json", f.json);
	tear_down(&f);
}

#define DETAILS	"class", "instead", "blocked_by", "owner", "owner_pid", "kstack"

static void test_threads(void)
{
	static const char *const usual[] = {
		"tid", "pid", "comm", "policy", "prio", "chain", DETAILS,
	};
	static const char *const live[] = { "comm", "class", "instead", "chain", "kstack" };
	struct opts o = { .folded = true };
	char *want = folded(live, ARRAY_SIZE(live));
	char *shown;

	save(usual, ARRAY_SIZE(usual));
	shown = show("a.json", &o);
	is(shown, want, "a report of threads is folded as the verb does it");
	has(shown, "other;disk;do_nanosleep;woken by friend;woken by first;vfs_read;pipe_read 90000\n",
	    "with who woke them up");
	has(shown, "work;sleep;vfs_read;pipe_read 4500\n", "threads of a name are one");
	has(shown, "work;woken;rival 30\n", "with who ran instead");
	has(shown, "work;run 1000\n", "and time on a CPU");
	free(shown);
	o = (struct opts){ .flame = path_of("x.html") };
	shown = show("a.json", &o);
	has(shown, "flame graph of 9 rows: ", "and drawn");
	free(shown);
	shown = read_back("x.html");
	has(shown, "width: ns of time; all: 95.6 us in 9 rows", "with all of the time");
	has(shown, "woken by first", "and frames");
	free(shown);
	free(want);
}

/* Of other columns, these tell stacks apart. */
static void test_columns(void)
{
	static const char *const by_tid[] = { "tid", DETAILS };
	static const char *const live[] = { "tid", "class", "instead", "kstack" };
	struct opts o = { .folded = true };
	char *want = folded(live, ARRAY_SIZE(live));
	char *shown;

	save(by_tid, ARRAY_SIZE(by_tid));
	shown = show("a.json", &o);
	is(shown, want, "by thread");
	has(shown, "101;sleep;vfs_read;pipe_read 4000\n", "each has its own");
	free(shown);
	free(want);
}

/* By class there are none to be found. */
static void test_without(void)
{
	static const char *const by_class[] = { "class" };
	char *path = path_of("a.json");
	struct opts o = {
		.folded = true, .args = &path, .nr_args = 1, .output = path_of("out"),
	};

	save(by_class, ARRAY_SIZE(by_class));
	ok(noun_show.verbs[0].fn(&noun_show.verbs[0], &o) == STATUS_REFUSED,
	   "a report without details is refused");
}

int main(void)
{
	static const test_fn tests[] = { test_threads, test_columns, test_without };

	return run_tests(tests, ARRAY_SIZE(tests));
}
