// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of obsctl wall: what threads are blocked by, rows by thread with their details,
 * and what show makes of them. Prints TAP.
 */

#include "cmd/wall/chain.h"
#include "cmd/wall/divide.h"
#include "cmd/wall/reason.h"
#include "cmd/wall/table.h"
#include "kobs_wall.h"
#include "show_harness.h"

/* In the order of the module's fields. */
enum {
	LIFETIME, RUN, SYSTEM, IRQ, WOKEN, PREEMPTED, SLEEP, DISK, IDLE, LOCK, STOPPED, OTHER
};

static const char *const names[] = {
	"lifetime", "run", "system", "irq", "woken", "preempted", "sleep", "disk", "idle", "lock",
	"stopped", "other",
};

static const struct {
	const char *class;
	const char *frames[6];
	const char *reason;
} blocks[] = {
	{ "sleep", { "schedule+0x5a", "futex_wait_queue+0x60", "futex_wait+0x1", "do_futex" },
	  "futex" },
	{ "sleep", { "schedule", "anon_pipe_read+0x1", "vfs_read" }, "pipe" },
	{ "sleep", { "schedule", "pipe_read+0x1", "vfs_read" }, "pipe" },
	{ "sleep", { "schedule_timeout", "sk_wait_data", "tcp_recvmsg_locked" }, "socket" },
	{ "sleep", { "schedule_timeout", "unix_stream_read_generic [unix]" }, "socket" },
	{ "sleep", { "schedule_hrtimeout_range_clock", "do_poll.constprop.0" }, "poll" },
	{ "sleep", { "schedule_hrtimeout_range", "ep_poll" }, "poll" },
	{ "sleep", { "schedule", "do_nanosleep", "hrtimer_nanosleep" }, "timer" },
	{ "sleep", { "schedule", "schedule_timeout", "kobs_gen_block [x]" }, "timer" },
	{ "disk", { "schedule", "p9_client_rpc+0x1 [9pnet]", "v9fs_file_open" }, "disk" },
	{ "disk", { "p9_client_rpc [9pnet]", "unix_find_other", "unix_stream_connect" }, "disk" },
	{ "disk", { "io_schedule", "unix_find_other", "__sys_bind" }, "disk" },
	{ "disk", { "schedule_timeout", "__wait_for_common", "synchronize_rcu" }, "completion" },
	{ "disk", { "schedule_timeout", "__wait_for_common", "wait_for_completion_state",
		    "kernel_clone" }, "child" },
	{ "sleep", { "schedule", "do_wait", "kernel_wait4" }, "child" },
	{ "sleep", { "schedule", "worker_thread", "kthread" }, "work" },
	{ "disk", { "schedule", "io_schedule", "folio_wait_bit_common" }, "disk" },
	{ "disk", { "io_schedule", "filemap_fault", "handle_mm_fault", "exc_page_fault" },
	  "page fault" },
	{ "disk", { "rwsem_down_read_slowpath", "down_read", "exc_page_fault" }, "lock" },
	{ "disk", { "schedule_preempt_disabled", "__mutex_lock.isra.0", "pipe_read" }, "lock" },
	{ "disk", { "schedule", "kobs_gen_sched_block" }, "other" },
	{ "lock", { "schedule_rtlock", "something" }, "lock" },
	{ "idle", { "schedule", "something" }, "work" },
	{ "stopped", { "schedule", "something" }, "signal" },
	{ "sleep", {}, "unknown" },
	/* Whole names, not what begins so. */
	{ "sleep", { "schedule", "pipe_reader" }, "other" },
};

static void test_reasons(void)
{
	size_t i;
	size_t n;

	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		for (n = 0; n < ARRAY_SIZE(blocks[i].frames) && blocks[i].frames[n]; n++)
			;
		is(reason_of(blocks[i].class, blocks[i].frames, n), blocks[i].reason,
		   blocks[i].reason);
	}
	ok(reason_first(blocks[0].frames, 4) == 1, "the function that it is blocked in");
	ok(reason_first(blocks[0].frames, 1) == 1, "or none");
	ok(reason_first(blocks[0].frames, 0) == 0, "or no frame");
}

static const struct {
	const char *frames[6];
	enum on_cpu class;
} places[] = {
	{ {}, ON_RUN },
	{ { "clear_page_erms", "exc_page_fault", "asm_exc_page_fault" }, ON_RUN },
	{ { "vfs_read", "ksys_read+0x1", "do_syscall_64+0x5d" }, ON_SYSTEM },
	{ { "exc_page_fault", "copy_to_user", "do_syscall_64" }, ON_SYSTEM },
	{ { "vfs_read", "el0_svc_common.constprop.0", "do_el0_svc", "el0_svc" }, ON_SYSTEM },
	{ { "net_rx_action", "__do_softirq", "do_syscall_64" }, ON_IRQ },
	{ { "run_timer", "handle_softirqs.isra.0" }, ON_IRQ },
	{ { "net_rx_action", "handle_softirqs", "run_ksoftirqd", "kthread" }, ON_SYSTEM },
	{ { "update_process_times", "__sysvec_apic_timer_interrupt" }, ON_IRQ },
	/* The kernel comes to it after the interrupt. */
	{ { "schedule", "irqentry_exit", "asm_sysvec_apic_timer_interrupt" }, ON_RUN },
	{ { "process_one_work", "worker_thread", "kthread" }, ON_SYSTEM },
};

static void test_places(void)
{
	size_t i;
	size_t n;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		for (n = 0; n < ARRAY_SIZE(places[i].frames) && places[i].frames[n]; n++)
			;
		ok(on_cpu_of(places[i].frames, n) == places[i].class, "what a CPU does");
	}
}

static void add_details_columns(struct fixture *f)
{
	add_column(f, "class", KOBS_TYPE_TEXT);
	add_column(f, "instead", KOBS_TYPE_TEXT);
	add_column(f, "blocked_by", KOBS_TYPE_OBJECT);
	add_column(f, "owner", KOBS_TYPE_TEXT);
	add_column(f, "owner_pid", KOBS_TYPE_NUMBER);
	add_column(f, "kstack", KOBS_TYPE_KSTACK);
}

static void begin_wall(struct fixture *f, const char *first, uint32_t type)
{
	size_t i;

	set_up(f, "wall", "time");
	f->mode.value = (char *)"time";
	f->mode.unit = (char *)"ns";
	add_column(f, first, type);
	add_details_columns(f);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		add_figure(f, names[i], "ns", KOBS_MERGE_SUM);
	begin(f);
}

static void add_time(struct fixture *f, uint64_t whose, size_t class, const char *instead,
		     uint64_t stack, uint64_t count, uint64_t ns, uint64_t lifetime)
{
	const uint64_t key[] = {
		whose, text_key(f, names[class]), text_key(f, instead), 0, text_key(f, ""), 0,
		stack,
	};
	const struct row part = { .count = count, .sum = ns, .min = 1, .max = ns };
	uint64_t figures[ARRAY_SIZE(names)] = { [LIFETIME] = lifetime };

	figures[class] = ns;
	table_add(&f->table, table_row(&f->table, key), &part, figures);
}

/* Two threads, with all of their time. */
static void add_threads(struct fixture *f, uint64_t a, uint64_t b)
{
	uint64_t at[3];

	at[0] = code(f, 0x1000, "schedule+0x5a");
	at[1] = code(f, 0x1001, "pipe_read+0x33");
	at[2] = code(f, 0x1002, "vfs_read+0x44");
	add_stack(f, 1, 0, at, 3);
	at[1] = code(f, 0x1003, "do_nanosleep+0x55");
	add_stack(f, 2, 0, at, 2);
	/* The scheduler's frame differs, and another caller's. */
	at[0] = code(f, 0x1004, "schedule+0x11");
	at[1] = code(f, 0x1001, "pipe_read+0x33");
	at[2] = code(f, 0x1002, "vfs_read+0x44");
	add_stack(f, 3, 0, at, 3);
	at[2] = code(f, 0x1005, "vfs_read+0x55");
	add_stack(f, 4, 0, at, 3);
	add_time(f, a, RUN, "", 0, 10, 250000000, 1000000000);
	add_time(f, a, IRQ, "", 0, 2, 50000000, 0);
	add_time(f, a, WOKEN, "rival", 0, 4, 40000000, 0);
	add_time(f, a, WOKEN, "swapper/1", 0, 4, 10000000, 0);
	add_time(f, a, PREEMPTED, "rival", 0, 1, 50000000, 0);
	add_time(f, a, SLEEP, "", 1, 1, 250000000, 0);
	add_time(f, a, SLEEP, "", 3, 1, 100000000, 0);
	add_time(f, a, SLEEP, "", 4, 1, 50000000, 0);
	add_time(f, a, SLEEP, "", 2, 2, 200000000, 0);
	add_time(f, b, RUN, "", 0, 1, 100000000, 100000000);
}

static void test_table(void)
{
	struct fixture f;

	begin_wall(&f, "tid", KOBS_TYPE_NUMBER);
	add_threads(&f, 100, 200);
	same(&f, "threads, from a file");
	has(f.text, "TID  LIFETIME             RUN              IRQ        RUNNABLE         BLOC",
	    "classes are columns");
	has(f.text, "100    1.00 s  250 ms  25.0 %  50.0 ms   5.0 %  100 ms  10.0 %  600 ms  60.0",
	    "time and share");
	has(f.text, "      40.0 %     400 ms       3 times  sleep: pipe, in pipe_read < vfs_read\n",
	    "the longest below");
	has(f.text, "       5.0 %    50.0 ms       1 time   preempted by rival\n",
	    "who ran instead");
	has(f.text, "       4.0 %    40.0 ms       4 times  woken up, on a CPU that ran rival\n",
	    "also after a wake-up");
	has(f.text, "       1.0 %    10.0 ms       4 times  woken up, on an idle CPU\n", "or none");
	has(f.json, "\"reason\": \"pipe\", \"count\": 2, \"sum\": 350000000, \"max\": 250000000",
	    "JSON tells callers apart, and not the scheduler's");
	has(f.json, "\"lifetime\": 1000000000", "JSON has the lifetime");
	has(f.json, "\"runnable\": 100000000", "and sums of classes");
	has(f.json, "\"reason\": \"pipe\"", "and reasons");
	has(f.json, "\"stack\": [\"pipe_read+0x33\", \"vfs_read+0x44\"]",
	    "and stacks");
	ok(!strstr(f.text, "SYSTEM"), "system calls are not told apart");
	f.opts.verbose = true;
	same(&f, "with stacks");
	has(f.text, "            vfs_read+0x44\n", "they are below the line");
	tear_down(&f);
}

static uint64_t all_of(const struct table *t, size_t figure)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < t->nr_rows; i++)
		sum += figure < ARRAY_SIZE(names) ? table_figures(t, &t->rows[i])[figure] :
		       t->rows[i].sum;
	return sum;
}

/* A chain as the module has it, of names up to NULL; the second one has a stack. */
static void add_chain(struct fixture *f, uint32_t id, const char *const *links, uint32_t stack,
		      uint64_t end)
{
	uint64_t words[KOBS_WALL_LINKS * KOBS_WALL_LINK_WORDS] = {};
	char name[16];
	size_t n;

	for (n = 0; links[n]; n++) {
		uint64_t *link = &words[n * KOBS_WALL_LINK_WORDS];

		memset(name, 0, sizeof(name));
		snprintf(name, sizeof(name), "%s", links[n]);
		memcpy(link, name, sizeof(name));
		link[KOBS_WALL_LINK_WHO] = (*links[n] == '[' ? 0 : 40 + n) |
					   (link[0] >> 63) << KOBS_WALL_LINK_TOP |
					   (links[n + 1] ? KOBS_WALL_MORE : end) << 32;
		link[0] &= ~(1ull << 63);
		link[KOBS_WALL_LINK_STACK] = n == 1 ? stack : 0;
	}
	add_stack(f, id, 0, words, n * KOBS_WALL_LINK_WORDS);
}

static void begin_chains(struct fixture *f)
{
	static const char *const three[] = { "friend", "of a fri\xc3\xa9nd", "[interrupt]", NULL };
	static const char *const one[] = { "friend", NULL };
	static const char *const many[] = { "a", "b", "c", "d", "e", "f", "g", "h", NULL };
	uint64_t at[2];
	size_t i;

	set_up(f, "wall", "time");
	f->mode.value = (char *)"time";
	f->mode.unit = (char *)"ns";
	add_column(f, "tid", KOBS_TYPE_NUMBER);
	add_column(f, "chain", KOBS_TYPE_KSTACK);
	add_details_columns(f);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		add_figure(f, names[i], "ns", KOBS_MERGE_SUM);
	begin(f);
	at[0] = code(f, 0x1000, "schedule+0x5a");
	at[1] = code(f, 0x1003, "do_nanosleep+0x55");
	add_stack(f, 1, 0, at, 2);
	at[1] = code(f, 0x1001, "pipe_read+0x33");
	add_stack(f, 2, 0, at, 2);
	add_chain(f, 5, three, 1, KOBS_WALL_INTERRUPT);
	add_chain(f, 6, one, 0, KOBS_WALL_RAN);
	add_chain(f, 7, many, 0, KOBS_WALL_LIMIT);
}

static void add_woken(struct fixture *f, uint64_t chain, uint64_t ns, uint64_t lifetime)
{
	const uint64_t key[] = {
		100, chain, text_key(f, "sleep"), text_key(f, ""), 0, text_key(f, ""), 0, 2,
	};
	uint64_t figures[ARRAY_SIZE(names)] = { [LIFETIME] = lifetime, [SLEEP] = ns };
	const struct row part = { .count = 1, .sum = ns, .min = ns, .max = ns };

	table_add(&f->table, table_row(&f->table, key), &part, figures);
}

static void test_chains(void)
{
	struct fixture f;

	begin_chains(&f);
	add_woken(&f, 5, 1000, 1700);
	add_woken(&f, 6, 400, 0);
	add_woken(&f, 7, 200, 0);
	add_woken(&f, 0, 100, 0);
	same(&f, "with wakers, from a file");
	has(f.text, "in pipe_read, ended by friend < of a fri\xc3\xa9nd < [interrupt]\n",
	    "who woke whom is told");
	has(f.text, "in pipe_read, ended by friend\n", "or who alone");
	has(f.text, "in pipe_read, ended by a < b < c < d < e < f < g < h < ...\n",
	    "and that there are more");
	has(f.text, "in pipe_read\n", "or nobody");
	has(f.text, "100   1.70 us", "and is no column");
	ok(!strstr(f.text, "CHAIN"), "of the table");
	has(f.json, "\"waker\": \"friend\", \"chain\": [{\"comm\": \"friend\", \"tid\": 40}, {\"comm\": \"of a fri\xc3\xa9nd\", \"tid\": 41, \"stack\": [\"do_nanosleep+0x55\"]}, {\"comm\": \"[interrupt]\"}], \"chain_end\": \"interrupt\"",
	    "JSON has all of it");
	f.opts.verbose = true;
	same(&f, "with their stacks, from a file");
	has(f.text, "          ended by friend (40)\n          woken up by of a fri\xc3\xa9nd (41), which was blocked in\n            do_nanosleep+0x55\n          woken up by [interrupt]\n",
	    "below the stack");
	has(f.text, "          ended by friend (40)\n          (which was not blocked meanwhile)\n",
	    "with why it ends");
	has(f.text, "(who was before is left out: a chain has 8 links)\n", "also at the limit");
	tear_down(&f);
}

/* The stack of a row as frames, the leaf first. */
static void stack_text(struct fixture *f, uint64_t id, struct buf *out)
{
	const struct stack *s = map_get(&f->table.stacks, id);
	size_t i;

	out->len = 0;
	buf_puts(out, "");
	for (i = 0; s && i < s->nr; i++) {
		view_print_frame(&f->view, s, i, out);
		buf_puts(out, ";");
	}
}

static void test_folded_chains(void)
{
	struct buf text = {};
	struct divided done;
	struct table to;
	struct fixture f;

	begin_chains(&f);
	add_woken(&f, 5, 1000, 1400);
	add_woken(&f, 0, 400, 0);
	chains_fold(&f.report, 1);
	stack_text(&f, f.table.keys[f.table.rows[0].key + 7], &text);
	is(text.p, "woken by [interrupt];schedule+0x5a;do_nanosleep+0x55;woken by of a fri\xc3\xa9nd;woken by friend;schedule+0x5a;pipe_read+0x33;",
	   "wakers are on the stack that they end");
	ok(f.table.keys[f.table.rows[1].key + 7] == 2, "a stack without any stays");
	ok(!f.table.keys[f.table.rows[0].key + 1], "the chain is gone");
	divide_rows(&f.report, NULL, 0, &to, &done);
	ok(to.nr_rows == 2 && all_of(&to, SIZE_MAX) == 1400, "all of the time is there");
	model_free_table(&to);
	buf_free(&text);
	tear_down(&f);
}

static void test_owner(void)
{
	struct fixture f;
	uint64_t figures[ARRAY_SIZE(names)] = { [LIFETIME] = 1000, [DISK] = 1000 };
	uint64_t key[7];
	size_t i;

	begin_wall(&f, "tid", KOBS_TYPE_NUMBER);
	key[0] = 100;
	key[1] = text_key(&f, "disk");
	key[2] = text_key(&f, "");
	key[3] = ksyms_tell(&f.view.ksyms, 0x2000, "my_lock [my_module]", true);
	key[4] = text_key(&f, "holder");
	key[5] = 77;
	key[6] = 0;
	/* Of one thread, of another, and of who is not known. */
	for (i = 0; i < 3; i++) {
		if (i == 2)
			key[4] = text_key(&f, "");
		add_row(&f, key, 1, 1000 - i, figures);
		figures[LIFETIME] = 0;
		key[5] = i ? 0 : 78;
	}
	same(&f, "with owners, from a file");
	has(f.text, "disk: lock my_lock [my_module] held by holder (77)\n", "the lock and its owner");
	has(f.text, "disk: lock my_lock [my_module] held by holder (78)\n", "another one's");
	has(f.text, "disk: lock my_lock [my_module]\n", "or the lock alone");
	has(f.json, "\"reason\": \"lock\", \"lock\": \"my_lock [my_module]\", \"owner\": \"holder\", \"owner_pid\": 77,",
	    "JSON has them as well");
	tear_down(&f);
}

static void test_merged(void)
{
	struct fixture f;

	begin_wall(&f, "comm", KOBS_TYPE_TEXT);
	add_threads(&f, text_key(&f, "work"), text_key(&f, "work"));
	same(&f, "by name, from a file");
	has(f.text, "work    1.10 s  350 ms  31.8 %", "threads of a name are one row");
	tear_down(&f);
}

static void test_split(void)
{
	struct fixture f;

	begin_wall(&f, "tid", KOBS_TYPE_NUMBER);
	add_threads(&f, 100, 200);
	add_time(&f, 300, RUN, "", 0, 10, 250000000, 1000000000);
	add_time(&f, 300, SYSTEM, "", 0, 10, 750000000, 0);
	same(&f, "system calls told apart, from a file");
	has(f.text, "300    1.00 s  250 ms  25.0 %  750 ms  75.0 %", "they have a column");
	tear_down(&f);
}

/* By other columns the rows are the module's. */
static void test_rows(void)
{
	struct fixture f;
	uint64_t figures[ARRAY_SIZE(names)] = { [RUN] = 1000 };
	uint64_t key[1];
	size_t i;

	set_up(&f, "wall", "time");
	f.mode.value = (char *)"time";
	f.mode.unit = (char *)"ns";
	add_column(&f, "class", KOBS_TYPE_TEXT);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		add_figure(&f, names[i], "ns", KOBS_MERGE_SUM);
	begin(&f);
	key[0] = text_key(&f, "run");
	add_row(&f, key, 1, 1000, figures);
	same(&f, "by class, from a file");
	has(f.text, "run        1  1.00 us  100.0 %", "counts and times");
	tear_down(&f);
}

/* Rows of threads, which are shown by their names, and samples of them. */
static void begin_samples(struct fixture *f, struct table *samples)
{
	static const uint32_t types[SAMPLED_COLUMNS] = {
		KOBS_TYPE_NUMBER, KOBS_TYPE_USTACK, KOBS_TYPE_KSTACK,
	};
	uint64_t at[2];

	begin_wall(f, "comm", KOBS_TYPE_TEXT);
	model_free_table(&f->table);
	add_column(f, "tid", KOBS_TYPE_NUMBER);
	begin(f);
	model_init_table(samples, types, SAMPLED_COLUMNS, NULL);
	at[0] = code(f, 0x1000, "vfs_read+0x5a");
	at[1] = code(f, 0x1001, "do_syscall_64+0x33");
	add_stack(f, 5, 0, at, 2);
	at[0] = code(f, 0x1002, "handle_softirqs+0x5a");
	add_stack(f, 6, 0, at, 2);
	map_set(&samples->stacks, 5, map_get(&f->table.stacks, 5));
	map_set(&samples->stacks, 6, map_get(&f->table.stacks, 6));
}

static void add_thread_time(struct fixture *f, uint64_t tid, size_t class, uint64_t stack,
			    uint64_t ns, uint64_t lifetime)
{
	const uint64_t key[] = {
		text_key(f, "work"), text_key(f, names[class]), text_key(f, ""), 0,
		text_key(f, ""), 0, stack, tid,
	};
	const struct row part = { .count = 1, .sum = ns, .min = ns, .max = ns };
	uint64_t figures[ARRAY_SIZE(names)] = { [LIFETIME] = lifetime };

	figures[class] = ns;
	table_add(&f->table, table_row(&f->table, key), &part, figures);
}

static void add_sample(struct table *samples, uint64_t tid, uint64_t ustack, uint64_t kstack,
		       uint64_t count, uint64_t weight)
{
	const uint64_t key[SAMPLED_COLUMNS] = { tid, ustack, kstack };
	const struct row part = { .count = count, .sum = weight };

	table_add(samples, table_row(samples, key), &part, NULL);
}

/* The time of the rows that have these keys behind the columns of wall. */
static uint64_t time_of(const struct fixture *f, const struct table *t, size_t class,
			const char *without, uint64_t ustack, uint64_t kstack)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < t->nr_rows; i++) {
		const uint64_t *key = t->keys + t->rows[i].key;

		if (!strcmp((const char *)(uintptr_t)key[1], names[class]) &&
		    !strcmp((const char *)(uintptr_t)key[view_column(&f->view, "oncpu")],
			    without) &&
		    key[view_column(&f->view, "ustack")] == ustack &&
		    key[view_column(&f->view, "kstack")] == kstack) {
			sum += t->rows[i].sum;
			ok(table_figures(t, &t->rows[i])[class] == t->rows[i].sum,
			   "it is in its class");
		}
	}
	return sum;
}

static void test_samples(void)
{
	struct table samples, to;
	struct divided done;
	struct fixture f;
	size_t i;
	uint64_t intervals = 0;
	uint64_t taken = 0;

	begin_samples(&f, &samples);
	add_thread_time(&f, 100, RUN, 0, 1000003, 0);
	add_thread_time(&f, 100, SYSTEM, 0, 100, 0);
	add_thread_time(&f, 100, IRQ, 0, 7, 0);
	add_thread_time(&f, 100, SLEEP, 5, 500, 1000610);
	add_thread_time(&f, 200, RUN, 0, 11, 11);
	add_thread_time(&f, 400, RUN, 0, 13, 13);
	add_thread_time(&f, 500, SLEEP, 5, 17, 17);
	add_sample(&samples, 100, 8, 0, 1, 1000);
	add_sample(&samples, 100, 9, 0, 3, 2000);
	add_sample(&samples, 100, 8, 5, 1, 9);
	add_sample(&samples, 100, 8, 6, 2, 3);
	/* Its interrupts are not told apart; the next ones were not on the CPU, or are none. */
	add_sample(&samples, 400, 0, 6, 1, 1);
	add_sample(&samples, 500, 0, 5, 4, 1);
	add_sample(&samples, 600, 0, 5, 5, 1);
	divide_rows(&f.report, &samples, 1, &to, &done);
	ok(view_column(&f.view, "tid") == SIZE_MAX, "threads are told apart by names again");
	ok(all_of(&to, SIZE_MAX) == 1000651 && all_of(&to, LIFETIME) == 1000651,
	   "all of the time is there");
	ok(all_of(&to, RUN) == 1000027 && all_of(&to, SYSTEM) == 100 && all_of(&to, IRQ) == 7,
	   "also of each class");
	ok(time_of(&f, &to, RUN, "", 8 | DIVIDED_STACK, 0) +
	   time_of(&f, &to, RUN, "", 9 | DIVIDED_STACK, 0) == 1000003, "samples have a thread's");
	ok(time_of(&f, &to, RUN, "", 8 | DIVIDED_STACK, 0) / 10 == 33333, "by their weight");
	ok(time_of(&f, &to, SYSTEM, "", 8 | DIVIDED_STACK, 5 | DIVIDED_STACK) == 100,
	   "in system calls");
	ok(time_of(&f, &to, IRQ, "", 8 | DIVIDED_STACK, 6 | DIVIDED_STACK) == 7, "in interrupts");
	ok(time_of(&f, &to, RUN, "", 0, 6 | DIVIDED_STACK) == 13, "or in what there is");
	ok(time_of(&f, &to, RUN, "not sampled", 0, 0) == 11, "a thread without samples");
	ok(time_of(&f, &to, SLEEP, "", 0, 5) == 517, "blocked time keeps its stacks");
	for (i = 0; i < to.nr_rows; i++) {
		intervals += to.rows[i].count;
		taken += table_figures(&to, &to.rows[i])[ARRAY_SIZE(names)];
	}
	ok(intervals == 7, "intervals are counted once");
	ok(taken == 8, "as are samples");
	ok(done.samples == 8 && done.others == 9 && done.without == 11, "and all are counted");
	divide_end(&f.view, &f.mode);
	map_free(&samples.stacks, NULL);
	model_free_table(&samples);
	model_free_table(&to);
	tear_down(&f);
}

static void test_limit(void)
{
	struct fixture f;

	begin_wall(&f, "tid", KOBS_TYPE_NUMBER);
	add_threads(&f, 100, 200);
	f.opts.fail_over.text = "60ms";
	f.opts.fail_over.value = 60000000;
	ok(!wall_report.verdict(&f.report), "no wait for a CPU is above the limit, but sleeps are");
	f.opts.fail_over.value = 45000000;
	f.opts.fail_over.text = "45ms";
	ok(wall_report.verdict(&f.report) == STATUS_CROSSED, "one is");
	f.opts.fail_over.text = NULL;
	ok(!wall_report.verdict(&f.report), "there is no limit");
	tear_down(&f);
}

int main(void)
{
	static const test_fn tests[] = {
		test_reasons, test_places, test_table, test_chains, test_owner, test_merged,
		test_split, test_rows, test_samples, test_folded_chains, test_limit,
	};

	return run_tests(tests, ARRAY_SIZE(tests));
}
