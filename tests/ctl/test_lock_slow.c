// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of obsctl lock contention --over: records of slow waits become rows, the longest are
 * kept one by one, and show prints what was printed. Prints TAP.
 */

#include "cmd/lock/slow.h"
#include "slow_harness.h"

enum { LOCK, CACHE, KIND, CALLER, COMM, OWNER, KSTACK };

struct lock_fixture {
	struct fixture	f;
	struct run_spec	spec;
	struct lock_slow slow;
	struct trace	trace;
	uint64_t	caller;
};

static void add_trace_stack(struct lock_fixture *l, uint32_t id)
{
	struct stack *s = zalloc(sizeof(*s) + 3 * sizeof(*s->addr));

	s->id = id;
	s->nr = 3;
	s->addr[0] = code(&l->f, 0x1000, "__mutex_lock.constprop.0+0x39d");
	s->addr[1] = l->caller;
	s->addr[2] = code(&l->f, 0x1200 + id, id == 1 ? "vfs_read+0x4" : "vfs_write+0x4");
	map_set(&l->trace.stacks.stacks, id, s);
}

static void begin_waits(struct lock_fixture *l, bool by_stack)
{
	const struct lock_slow_asks asks = { .waits = 2 };
	struct fixture *f = &l->f;

	memset(l, 0, sizeof(*l));
	set_up_slow(f, "lock", "short", "waits that took less than over");
	f->session.targets = 2;
	add_column(f, "lock", KOBS_TYPE_OBJECT);
	add_column(f, "cache", KOBS_TYPE_TEXT);
	add_column(f, "kind", KOBS_TYPE_TEXT);
	add_column(f, "caller", KOBS_TYPE_ADDRESS);
	add_column(f, "comm", KOBS_TYPE_TEXT);
	add_column(f, "owner", KOBS_TYPE_TEXT);
	add_column(f, "kstack", KOBS_TYPE_KSTACK);
	begin(f);
	if (by_stack)
		strings_add(&f->opts.by, "kstack");
	lock_slow_ask(&l->slow, &l->spec, &f->opts, &asks);
	l->trace = (struct trace){ .view = &f->view, .arg = &l->slow, .rows = l->spec.rows };
	model_init_table(&l->trace.stacks, f->view.types, f->view.nr_columns, NULL);
	l->caller = code(f, 0x1100, "do_work+0x10 [mod]");
	add_trace_stack(l, 1);
	add_trace_stack(l, 2);
	f->report.title = "lock contention";
	f->report.kind = &lock_slow_report;
}

static void end_waits(struct lock_fixture *l)
{
	lock_slow_free(&l->slow);
	model_free_table(&l->trace.stacks);
	model_free_request(&l->spec.request);
	strings_free(&l->f.opts.by);
	l->f.report.kind = NULL;
	tear_down(&l->f);
}

static void add_wait(struct lock_fixture *l, uint64_t ns, uint64_t flags, const char *owner,
		     uint32_t stack)
{
	struct fixture *f = &l->f;
	uint64_t data[KOBS_LOCK_WAIT_WORDS] = {
		[KOBS_LOCK_WAIT_FLAGS] = flags, [KOBS_LOCK_WAIT_BEGIN] = 12345678901ull,
		[KOBS_LOCK_WAIT_NS] = ns, [KOBS_LOCK_WAIT_CPU] = 3,
		[KOBS_LOCK_WAIT_ID] = 321ull << 32 | 322,
		[KOBS_LOCK_WAIT_OWNER_ID] = *owner && *owner != '(' ? 70ull << 32 | 70 : 0,
	};
	uint64_t rec[2 + KSTACK + 1] = {
		[2 + LOCK] = ksyms_tell(&f->view.ksyms, 0x5000, "big_lock [mod]", true),
		[2 + CACHE] = text_key(f, ""), [2 + KIND] = text_key(f, "mutex"),
		[2 + CALLER] = l->caller, [2 + COMM] = text_key(f, "reader"),
		[2 + OWNER] = text_key(f, owner), [2 + KSTACK] = stack,
	};
	struct event ev = { .data = data, .nr_data = ARRAY_SIZE(data) };

	f->session.recorded++;
	l->spec.rows->take(&l->trace, &ev, rec);
}

static void finish(struct lock_fixture *l, const char *name)
{
	finish_slow(&l->f, &l->spec, &l->trace, l->spec.report, name);
}

static void add_three(struct lock_fixture *l)
{
	add_wait(l, 70000, 0, "holder", 1);
	add_wait(l, 6000, KOBS_LOCK_WAIT_FAILED, "(readers)", 1);
	add_wait(l, 99000, KOBS_LOCK_WAIT_OPEN, "", 2);
}

static void test_rows(void)
{
	struct lock_fixture l;

	begin_waits(&l, false);
	add_three(&l);
	finish(&l, "rows, from a file");
	has(l.f.text, "lock contention: 3 of 33 waits took 5.00 us or longer, 175 us in all, ",
	    "the title has slow and short waits");
	has(l.f.text, "LOCK            CACHE  KIND   CALLER              COUNT   TOTAL    SHARE      AVG      MIN      MAX  FAILED  PENDING",
	    "the columns of lock contention");
	has(l.f.text, "big_lock [mod]  -      mutex  do_work+0x10 [mod]      3  175 us  100.0 %  58.3 us  6.00 us  99.0 us       1        1",
	    "a row");
	ok(!strstr(l.f.text, "longest waits"), "waits are not asked for");
	has(l.f.json, "\"count\": 3, \"sum\": 175000, \"min\": 6000, \"max\": 99000, \"failed\": 1, \"pending\": 1",
	    "JSON has the row");
	has(l.f.json, "\"waits_left_out\": 1", "JSON has as many waits as are kept");
	has(l.f.json, "{\"begin_ns\": 12345678901, \"wait\": 70000, \"pid\": 321, \"tid\": 322, \"cpu\": 3, \"lock\": \"big_lock [mod]\", \"kind\": \"mutex\", \"caller\": \"do_work+0x10 [mod]\", \"comm\": \"reader\", \"owner\": \"holder\", \"stack\": [\"__mutex_lock.constprop.0+0x39d\", \"do_work+0x10 [mod]\", \"vfs_read+0x4\"], \"owner_pid\": 70, \"owner_tid\": 70}",
	    "a wait");
	has(l.f.json, "\"ended\": false", "and whether it had ended");
	end_waits(&l);
}

static void test_waits(void)
{
	struct lock_fixture l;

	begin_waits(&l, false);
	l.f.opts.verbose = true;
	l.slow.waits.most = 3;
	add_three(&l);
	finish(&l, "waits, from a file");
	has(l.f.text, "\nThe longest waits:\n99.0 us  mutex big_lock [mod] by reader (process 321, thread 322), not ended, on CPU 3, at 12.345678\n                 __mutex_lock.constprop.0+0x39d\n",
	    "the longest is first");
	has(l.f.text, "\n70.0 us  mutex big_lock [mod] by reader (process 321, thread 322), held by holder (process 70), on CPU 3, at",
	    "who held the lock");
	has(l.f.text, ", held by (readers), ended without the lock, on CPU 3", "one that failed");
	end_waits(&l);
}

static void test_stacks(void)
{
	struct lock_fixture l;

	begin_waits(&l, true);
	add_three(&l);
	finish(&l, "rows by stack, from a file");
	has(l.f.text, "    1  99.0 us  56.6 %  99.0 us  99.0 us  99.0 us       0        1\n      __mutex_lock.constprop.0+0x39d\n      do_work+0x10 [mod]\n      vfs_write+0x4\n",
	    "a row with its stack");
	has(l.f.text, "    2  76.0 us  43.4 %  38.0 us  6.00 us  70.0 us       1        0\n",
	    "and that of two waits");
	end_waits(&l);
}

/* Records that make no sense do no harm. */
static void test_broken(void)
{
	struct lock_fixture l;
	uint64_t rec[2 + KSTACK + 1] = {};
	uint64_t data[KOBS_LOCK_WAIT_WORDS] = {};
	struct event ev = { .data = data, .nr_data = KOBS_LOCK_WAIT_WORDS - 1 };

	begin_waits(&l, false);
	l.spec.rows->take(&l.trace, &ev, rec);
	ok(!l.slow.n, "a record without its data is none");
	finish(&l, "no record, from a file");
	end_waits(&l);
}

int main(void)
{
	strcpy(dir, "/tmp/obsctl-test-XXXXXX");
	ok(mkdtemp(dir), "a directory");
	test_rows();
	test_waits();
	test_stacks();
	test_broken();
	unlink(path_of("a.json"));
	unlink(path_of("out"));
	ok(!rmdir(dir), "nothing else was left");
	printf("1..%u\n", test_nr);
	return failures != 0;
}
