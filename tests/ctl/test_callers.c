// SPDX-License-Identifier: GPL-2.0
/* Unit tests of callers in user stacks that are no code; prints TAP. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/macros.h"
#include "report/callers.h"

/* A number of a process that no machine has, so that /proc is not asked. */
#define PROCESS	0x7fffff01
#define CODE	0x10000
#define DATA	0x90000

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

struct fixture {
	struct view	view;
	struct table	table;
};

static void set_up(struct fixture *f)
{
	static const uint32_t types[] = { KOBS_TYPE_USTACK };
	const struct usym_mapping code = { .start = CODE, .end = CODE + 0x1000 };

	memset(f, 0, sizeof(*f));
	usyms_map(&f->view.usyms, PROCESS, &code, "/nosuch/program", 0);
	f->view.types[0] = types[0];
	f->view.nr_columns = 1;
	model_init_table(&f->table, types, ARRAY_SIZE(types), NULL);
}

static struct stack *add(struct fixture *f, uint32_t pid, const uint64_t *addr, size_t n)
{
	struct stack *s = zalloc(sizeof(*s) + n * sizeof(*addr));
	const struct row part = { .count = 1 };
	uint64_t id = f->table.stacks.n + 1;

	s->id = (uint32_t)id;
	s->pid = pid;
	s->nr = (uint32_t)n;
	memcpy(s->addr, addr, n * sizeof(*addr));
	map_set(&f->table.stacks, id, s);
	table_add(&f->table, table_row(&f->table, &id), &part, NULL);
	return s;
}

static void tear_down(struct fixture *f)
{
	model_free_table(&f->table);
	usyms_free(&f->view.usyms);
}

static void test_cut(void)
{
	static const uint64_t good[] = { CODE + 8, CODE + 16, CODE + 0x1000 };
	static const uint64_t one[] = { CODE + 8, CODE + 16, DATA, CODE + 24 };
	static const uint64_t other[] = { CODE + 8, CODE + 16, 0x6f6d6d6f632f6572 };
	static const uint64_t begin[] = { CODE + 8, CODE };
	struct stack *s[4];
	struct fixture f;

	set_up(&f);
	s[0] = add(&f, PROCESS, good, ARRAY_SIZE(good));
	s[1] = add(&f, PROCESS, one, ARRAY_SIZE(one));
	s[2] = add(&f, PROCESS, other, ARRAY_SIZE(other));
	s[3] = add(&f, PROCESS, begin, ARRAY_SIZE(begin));
	view_cut_callers(&f.view, &f.table);
	ok(s[0]->nr == 3, "a call that is the last thing in a mapping is code");
	ok(s[1]->nr == 2 && s[2]->nr == 2, "a stack ends before a caller that is no code");
	ok(s[3]->nr == 1, "no call returns to where code begins");
	ok(f.table.nr_rows == 3 && table_find(&f.table, &(uint64_t){ 2 })->count == 2,
	   "rows of stacks that have become the same are one");
	ok(f.view.user_stacks == 4 && f.view.user_stacks_cut == 3, "they are counted");
	view_cut_callers(&f.view, &f.table);
	ok(f.view.user_stacks_cut == 0 && f.table.nr_rows == 3, "nothing is cut twice");
	tear_down(&f);
}

static void test_left(void)
{
	static const uint64_t bad[] = { CODE + 8, DATA };
	static const uint64_t strange[] = { DATA, DATA + 8, CODE + 8 };
	struct stack *s[4];
	struct fixture f;

	set_up(&f);
	s[0] = add(&f, PROCESS, strange, ARRAY_SIZE(strange));
	s[1] = add(&f, PROCESS, strange, 1);
	s[2] = add(&f, 0, bad, ARRAY_SIZE(bad));
	s[3] = add(&f, PROCESS + 1, bad, ARRAY_SIZE(bad));
	view_cut_callers(&f.view, &f.table);
	ok(s[0]->nr == 3 && s[1]->nr == 1, "where the leaf is not known, callers stay");
	ok(s[2]->nr == 2, "the kernel's stacks are its unwinder's");
	ok(s[3]->nr == 2, "of a process of which nothing is known, nothing that can be code is cut");
	ok(f.view.user_stacks == 2 && !f.view.user_stacks_cut, "user stacks are those with callers");
	ok(f.view.user_stacks_unknown == 2, "and it is told of how many code is not known");
	f.view.usyms.lost = 1;
	s[0] = add(&f, PROCESS, bad, ARRAY_SIZE(bad));
	view_cut_stack(&f.view, s[0]);
	ok(s[0]->nr == 2, "nor where mappings were lost");
	f.view.usyms.lost = 0;
	f.view.usyms.unfollowed = 1;
	view_cut_stack(&f.view, s[0]);
	ok(s[0]->nr == 2, "or are not followed");
	f.view.usyms.unfollowed = 0;
	view_cut_stack(&f.view, s[0]);
	ok(s[0]->nr == 1 && f.view.user_stacks_cut == 1, "as they are here");
	tear_down(&f);
}

/* What is no code of any process: a text, a small number. */
static void test_impossible(void)
{
	static const uint64_t text[] = { DATA, DATA + 8, 0x6f6d6d6f632f6572, DATA };
	static const uint64_t number[] = { DATA, 4096, DATA };
	static const uint64_t edge[] = { DATA, 4097, 1ull << 56, (1ull << 56) + 1, DATA };
	struct stack *s[4];
	struct fixture f;

	set_up(&f);
	s[0] = add(&f, PROCESS + 1, text, ARRAY_SIZE(text));
	s[1] = add(&f, PROCESS + 1, number, ARRAY_SIZE(number));
	s[2] = add(&f, PROCESS + 1, edge, ARRAY_SIZE(edge));
	f.view.usyms.lost = 1;
	view_cut_callers(&f.view, &f.table);
	ok(s[0]->nr == 2 && s[1]->nr == 1, "what is no code of any process is cut of all");
	ok(s[2]->nr == 3, "from the second page up to 2^56 there can be some");
	ok(f.view.user_stacks_cut == 3 && f.view.user_stacks_unknown == 3, "both are told");
	tear_down(&f);
}

/* As a detached session has it: a process that was not followed, but lives. */
static void test_later(void)
{
	const uint64_t code = (uint64_t)(uintptr_t)test_cut;
	const uint64_t bad[] = { code, code + 1, (uint64_t)(uintptr_t)&test_nr, code };
	const uint64_t good[] = { code, (uint64_t)(uintptr_t)test_left + 8 };
	struct stack *s[2];
	struct fixture f;

	set_up(&f);
	s[0] = add(&f, (uint32_t)getpid(), bad, ARRAY_SIZE(bad));
	s[1] = add(&f, (uint32_t)getpid(), good, ARRAY_SIZE(good));
	view_cut_callers(&f.view, &f.table);
	ok(s[0]->nr == 2 && s[1]->nr == 2, "what a process has mapped now is its code");
	ok(f.view.user_stacks_cut == 1 && !f.view.user_stacks_unknown, "and is known");
	tear_down(&f);
}

int main(void)
{
	test_cut();
	test_left();
	test_impossible();
	test_later();
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
