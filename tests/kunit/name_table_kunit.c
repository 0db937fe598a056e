// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the name table, and of what its aliases replace in the other tables: a
 * replaced key or stack keeps its numbers and its place, and the old one is new
 * when it comes again, unless the words are put back.
 */
#include <kunit/test.h>
#include <linux/numa.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "lib/group_table.h"
#include "lib/name_table.h"
#include "lib/stack_table.h"
#include "lib/table.h"
#include "rig.h"

#define CODE	0xffffffffc0001000ULL
#define PAGE	0x1000ULL

static int names_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct kobs_name_table),
				   GFP_KERNEL);
	if (!test->priv)
		return -ENOMEM;
	kobs_name_table_init(test->priv, &rig_memory);
	return 0;
}

static void names_exit(struct kunit *test)
{
	if (test->priv)
		kobs_name_table_free(test->priv);
}

static void valid_names(struct kunit *test)
{
	struct kobs_name_table *t = test->priv;
	struct kobs_name *name;

	KUNIT_EXPECT_NULL(test, kobs_name_table_find(t, CODE));
	name = kobs_name_table_add(t, CODE, "one [a]");
	KUNIT_ASSERT_NOT_NULL(test, name);
	KUNIT_EXPECT_STREQ(test, name->text, "one [a]");
	KUNIT_ASSERT_NOT_NULL(test, kobs_name_table_add(t, CODE + PAGE, "two [b]"));
	KUNIT_EXPECT_PTR_EQ(test, kobs_name_table_find(t, CODE), name);
	kobs_name_table_drop(t, CODE, PAGE);
	KUNIT_EXPECT_NULL(test, kobs_name_table_find(t, CODE));
	KUNIT_EXPECT_NOT_NULL(test, kobs_name_table_find(t, CODE + PAGE));
	KUNIT_EXPECT_EQ(test, t->n_valid, 1);
}

/* The kernel's own addresses must not take the room of modules'. */
static void empty_names(struct kunit *test)
{
	struct kobs_name_table *t = test->priv;
	u32 i;

	for (i = 0; i < KOBS_NAMES / 2; i++)
		KUNIT_ASSERT_NOT_NULL(test, kobs_name_table_add(t, CODE + i, ""));
	KUNIT_EXPECT_NULL(test, kobs_name_table_add(t, CODE + i, ""));
	for (; i < KOBS_NAMES; i++)
		KUNIT_ASSERT_NOT_NULL(test, kobs_name_table_add(t, CODE + i, "x"));
	KUNIT_EXPECT_NULL(test, kobs_name_table_add(t, CODE + i, "x"));
	kobs_name_table_drop(t, CODE, 1);
	KUNIT_EXPECT_NOT_NULL(test, kobs_name_table_add(t, CODE, ""));
	kobs_name_table_drop(t, CODE, KOBS_NAMES);
	KUNIT_EXPECT_EQ(test, t->n_valid, 0);
	KUNIT_EXPECT_EQ(test, t->n_empty, 0);
}

static void is_named(struct kunit *test, u64 alias, const char *want)
{
	const char *text;

	KUNIT_EXPECT_TRUE(test, kobs_is_alias(test->priv, alias));
	KUNIT_EXPECT_EQ(test, kobs_alias_address(test->priv, alias, &text), CODE);
	if (!want)
		KUNIT_EXPECT_NULL(test, text);
	else
		KUNIT_EXPECT_STREQ(test, text, want);
}

static void aliases(struct kunit *test)
{
	struct kobs_name_table *t = test->priv;
	u64 a, b;

	KUNIT_EXPECT_FALSE(test, kobs_is_alias(t, CODE));
	KUNIT_EXPECT_FALSE(test, kobs_is_alias(t, 0));
	KUNIT_EXPECT_FALSE(test, kobs_is_alias(t, 0x00007fffffffffffULL));
	/* Words of hardware that no table gave. */
	KUNIT_EXPECT_FALSE(test, kobs_is_alias(t, KOBS_ALIAS_NAMED << KOBS_ALIAS_SHIFT));
	KUNIT_EXPECT_FALSE(test, kobs_is_alias(t, KOBS_ALIAS_LOST << KOBS_ALIAS_SHIFT));
	a = kobs_name_table_alias(t, CODE, "one [a]");
	b = kobs_name_table_alias(t, CODE, "two [b]");
	KUNIT_EXPECT_NE(test, a, b);
	is_named(test, a, "one [a]");
	is_named(test, b, "two [b]");
	is_named(test, kobs_name_table_alias(t, CODE, ""), NULL);
	/* A module that comes back gets the same. */
	KUNIT_EXPECT_EQ(test, kobs_name_table_alias(t, CODE, "one [a]"), a);
	KUNIT_EXPECT_EQ(test, t->n_gone, 2);
	KUNIT_EXPECT_FALSE(test, kobs_is_alias(t, (KOBS_ALIAS_NAMED << KOBS_ALIAS_SHIFT) + 2));
	/* They are no valid names, and stay. */
	KUNIT_EXPECT_NULL(test, kobs_name_table_find(t, CODE));
	kobs_name_table_drop(t, CODE, PAGE);
	is_named(test, a, "one [a]");
}

static void many_aliases(struct kunit *test)
{
	struct kobs_name_table *t = test->priv;
	const char *got;
	char text[32];
	u64 alias;
	u32 i;

	for (i = 0; i < KOBS_NAMES; i++) {
		snprintf(text, sizeof(text), "f%u [a]", i);
		alias = kobs_name_table_alias(t, CODE + i, text);
		KUNIT_ASSERT_EQ(test, alias,
				KOBS_ALIAS_NAMED << KOBS_ALIAS_SHIFT | i);
	}
	is_named(test, kobs_name_table_alias(t, CODE, "more [a]"), NULL);
	alias = KOBS_ALIAS_NAMED << KOBS_ALIAS_SHIFT | 7;
	KUNIT_EXPECT_EQ(test, kobs_alias_address(t, alias, &got), CODE + 7);
	KUNIT_EXPECT_STREQ(test, got, "f7 [a]");
}

/* Names that come and go take no more and more memory, and it is given back. */
static void memory(struct kunit *test)
{
	u64 before = kobs_memory_bytes(&rig_memory);
	struct kobs_name_table *t = test->priv;
	char text[KOBS_NAME_LEN_MAX + 10];
	u64 most = 0;
	u32 i, k;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (k = 0; k < 3; k++) {
		for (i = 0; i < 300; i++) {
			struct kobs_name *name;
			size_t at = sizeof(text) - 1 - i;

			name = kobs_name_table_add(t, CODE + i, text + at);
			KUNIT_ASSERT_NOT_NULL(test, name);
			KUNIT_EXPECT_EQ(test, strlen(name->text),
					min(i, KOBS_NAME_LEN_MAX - 1U));
			KUNIT_EXPECT_EQ(test, strspn(name->text, "x"),
					strlen(name->text));
			if (i == sizeof(text) - 1)
				break;
		}
		most = most ?: kobs_memory_bytes(&rig_memory);
		KUNIT_EXPECT_EQ(test, kobs_memory_bytes(&rig_memory), most);
		kobs_name_table_drop(t, CODE, PAGE);
		KUNIT_EXPECT_EQ(test, t->n_valid, 0);
	}
	KUNIT_EXPECT_GT(test, most, before);
	KUNIT_EXPECT_EQ(test, most - before, kobs_memory_bytes(&t->memory));
	kobs_name_table_free(t);
	KUNIT_EXPECT_EQ(test, kobs_memory_bytes(&rig_memory), before);
	kobs_name_table_init(t, &rig_memory);
}

/* Replaces the words of one page. */
static u64 page_word(void *arg, u64 word)
{
	return word - CODE < PAGE ? kobs_name_table_alias(arg, word, "one [a]") :
				    word;
}

/* The opposite: the code of that page is there again. */
static u64 back_word(void *arg, u64 word)
{
	const char *text;

	return kobs_is_alias(arg, word) ? kobs_alias_address(arg, word, &text) : word;
}

static struct kobs_replace page_of(struct kunit *test, u32 words)
{
	return (struct kobs_replace){ words, page_word, test->priv };
}

static void rows(struct kunit *test)
{
	const struct kobs_shape shape = { .words = 2 };
	const u64 key[] = { CODE, CODE };
	const u64 other[] = { CODE + PAGE, CODE };
	struct kobs_replace r = page_of(test, BIT(0));
	struct kobs_row *row, *found;
	struct kobs_table t;
	u32 place = 0;
	u64 sum = 0;

	kobs_table_init(&t, &shape);
	/* Without memory there is nothing to replace. */
	kobs_table_replace(&t, &r);
	KUNIT_ASSERT_EQ(test, kobs_table_prepare(&t, &rig_memory, NUMA_NO_NODE,
						 16), 0);
	preempt_disable();
	kobs_table_count(&t, key);
	kobs_table_count(&t, key);
	kobs_table_count(&t, other);
	row = kobs_table_find(&t, key);
	preempt_enable();
	kobs_table_replace(&t, &r);
	KUNIT_EXPECT_TRUE(test, kobs_is_alias(test->priv, row->data[0]));
	/* The other word is a number. */
	KUNIT_EXPECT_EQ(test, row->data[1], CODE);
	KUNIT_EXPECT_EQ(test, local64_read(&row->count), 2);
	preempt_disable();
	found = kobs_table_find(&t, key);
	kobs_table_count(&t, key);
	kobs_table_count(&t, other);
	preempt_enable();
	KUNIT_EXPECT_PTR_NE(test, found, row);
	KUNIT_EXPECT_EQ(test, local64_read(&found->count), 1);
	while ((found = kobs_table_next(&t, &place)))
		sum += local64_read(&found->count);
	KUNIT_EXPECT_EQ(test, sum, 5);
	KUNIT_EXPECT_EQ(test, local64_read(&t.used), 3);
	r.fn = back_word;
	kobs_table_replace(&t, &r);
	KUNIT_EXPECT_EQ(test, row->data[0], CODE);
	preempt_disable();
	KUNIT_EXPECT_PTR_EQ(test, kobs_table_find(&t, key), row);
	preempt_enable();
	kobs_table_free(&t);
}

static void stacks(struct kunit *test)
{
	const unsigned long ips[] = { CODE + PAGE, CODE, CODE };
	struct kobs_replace r = page_of(test, 0);
	struct kobs_stack_table st = {};
	const struct kobs_stack *s;
	u32 kernel, user;

	kobs_stack_table_replace(&st, &r);
	KUNIT_ASSERT_EQ(test, kobs_stack_table_init(&st, &rig_memory, 16), 0);
	kernel = kobs_stack_table_intern(&st, 0, ips, 3);
	user = kobs_stack_table_intern(&st, 7, ips, 3);
	kobs_stack_table_replace(&st, &r);
	s = kobs_stack_table_get(&st, kernel);
	KUNIT_EXPECT_EQ(test, st.words[s->start], CODE + PAGE);
	KUNIT_EXPECT_TRUE(test, kobs_is_alias(test->priv, st.words[s->start + 1]));
	KUNIT_EXPECT_EQ(test, st.words[s->start + 1], st.words[s->start + 2]);
	s = kobs_stack_table_get(&st, user);
	KUNIT_EXPECT_EQ(test, st.words[s->start + 1], CODE);
	KUNIT_EXPECT_NE(test, kobs_stack_table_intern(&st, 0, ips, 3), kernel);
	KUNIT_EXPECT_EQ(test, kobs_stack_table_intern(&st, 7, ips, 3), user);
	r.fn = back_word;
	kobs_stack_table_replace(&st, &r);
	KUNIT_EXPECT_EQ(test, kobs_stack_table_intern(&st, 0, ips, 3), kernel);
	kobs_stack_table_free(&st);
}

static void groups(struct kunit *test)
{
	struct kobs_replace r = page_of(test, BIT(1));
	const u64 key[] = { CODE, CODE };
	struct kobs_group_table g = {};
	u32 group;

	kobs_group_table_replace(&g, &r);
	KUNIT_ASSERT_EQ(test, kobs_group_table_init(&g, &rig_memory, 16, 2), 0);
	group = kobs_group_table_find(&g, key);
	kobs_group_table_replace(&g, &r);
	KUNIT_EXPECT_EQ(test, kobs_group_table_key(&g, group)[0], CODE);
	KUNIT_EXPECT_TRUE(test, kobs_is_alias(test->priv, kobs_group_table_key(&g, group)[1]));
	KUNIT_EXPECT_NE(test, kobs_group_table_find(&g, key), group);
	r.fn = back_word;
	kobs_group_table_replace(&g, &r);
	KUNIT_EXPECT_EQ(test, kobs_group_table_find(&g, key), group);
	kobs_group_table_free(&g);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(valid_names),
	KUNIT_CASE(empty_names),
	KUNIT_CASE(aliases),
	KUNIT_CASE(many_aliases),
	KUNIT_CASE(memory),
	KUNIT_CASE(rows),
	KUNIT_CASE(stacks),
	KUNIT_CASE(groups),
	{}
};

static struct kunit_suite suite = {
	.name = "kobs_name_table",
	.init = names_init,
	.exit = names_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
