// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of obsctl func slow: records become rows whose times add up, calls are kept one by
 * one, and show prints what was printed. Prints TAP.
 */

#include <sys/stat.h>

#include "cmd/func_run.h"
#include "kobs_held.h"
#include "slow_harness.h"

/* Columns of the session. */
enum { FUNC, COMM, PID, DURATION, RUN, IRQ, WOKEN, BLOCKED };

#define OPEN		99000
#define EACH		KOBS_SLOW_PART

struct slow_fixture {
	struct fixture	f;
	struct func_run	run;
	struct run_spec	spec;
	struct trace	trace;
	uint64_t	func;
	uint64_t	held;	/* by what the parts of a call are blocked; 0 for no lock */
	const uint64_t	*child;	/* what a call called: entries, and their number */
	size_t		children;
};

static void add_trace_stack(struct slow_fixture *s, uint32_t id, const char *leaf,
			    const char *caller)
{
	const char *const names[] = { "schedule+0x5a", leaf, "vfs_read+0x44", caller };
	struct stack *stack = zalloc(sizeof(*stack) + 4 * sizeof(*stack->addr));
	size_t i;

	stack->id = id;
	stack->nr = ARRAY_SIZE(names);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		stack->addr[i] = code(&s->f, 0x1000 + id * 16 + i, names[i]);
	/* The scheduler's frame and the function's are the same code. */
	stack->addr[0] = code(&s->f, 0x9000, names[0]);
	stack->addr[2] = code(&s->f, 0x9001, names[2]);
	if (id == 3)
		stack->addr[1] = code(&s->f, 0x1000 + 2 * 16 + 1, leaf);
	map_set(&s->trace.stacks.stacks, id, stack);
}

/* A lock that the kernel has among its stacks, and its owner. */
static void add_lock(struct slow_fixture *s, uint32_t id, uint64_t lock, const char *owner,
		     uint64_t who)
{
	struct stack *stack = zalloc(sizeof(*stack) + KOBS_HELD_WORDS * sizeof(*stack->addr));

	stack->id = id;
	stack->nr = KOBS_HELD_WORDS;
	stack->addr[KOBS_HELD_LOCK] = lock;
	memcpy(&stack->addr[KOBS_HELD_OWNER], owner, strlen(owner));
	stack->addr[KOBS_HELD_ID] = who;
	map_set(&s->trace.stacks.stacks, id, stack);
}

static void begin_slow(struct slow_fixture *s, bool syscalls)
{
	struct fixture *f = &s->f;

	memset(s, 0, sizeof(*s));
	set_up_slow(f, "func", "fast", "calls that took less than over");
	f->session.targets = 1;
	add_column(f, "func", KOBS_TYPE_FUNCTION);
	add_column(f, "comm", KOBS_TYPE_TEXT);
	add_column(f, "pid", KOBS_TYPE_NUMBER);
	add_column(f, "duration", KOBS_TYPE_NUMBER);
	add_column(f, "run", KOBS_TYPE_NUMBER);
	add_column(f, "irq", KOBS_TYPE_NUMBER);
	add_column(f, "woken", KOBS_TYPE_NUMBER);
	add_column(f, "blocked", KOBS_TYPE_NUMBER);
	begin(f);
	s->run.slow.calls.most = 2;
	s->run.slow.syscalls = syscalls;
	strings_add(&s->run.slow.by_names, syscalls ? "syscall" : "func");
	s->spec.arg = &s->run;
	s->trace = (struct trace){ .view = &f->view, .arg = &s->run, .rows = &func_slow_rows };
	model_init_table(&s->trace.stacks, f->view.types, f->view.nr_columns, NULL);
	s->func = code(f, 0x8000, syscalls ? "__x64_sys_read" : "vfs_read");
	add_trace_stack(s, 1, "pipe_read+0x33", "ksys_read+0x1");
	add_trace_stack(s, 2, "do_nanosleep+0x55", "ksys_read+0x1");
	/* What is above the function makes no difference. */
	add_trace_stack(s, 3, "do_nanosleep+0x55", "io_read+0x2");
	/* What the harness made is another's. */
	f->report.kind = &func_slow_report;
}

static void end_slow(struct slow_fixture *s)
{
	func_slow_free(&s->run.slow);
	model_free_table(&s->trace.stacks);
	s->f.report.kind = NULL;
	tear_down(&s->f);
}

/* A record of some parts: pairs of a stack and a time. */
static void add_call(struct slow_fixture *s, const uint64_t *parts, size_t n, uint64_t flags,
		     uint64_t rest)
{
	uint64_t data[KOBS_SLOW_HEAD + KOBS_SLOW_PARTS * EACH + 2 * KOBS_SLOW_CHILD] = {
		[KOBS_SLOW_FLAGS] = flags, [KOBS_SLOW_BEGIN] = 12345678901ull,
		[KOBS_SLOW_WAITS] = n + !!rest, [KOBS_SLOW_REST] = rest,
		[KOBS_SLOW_REST_WAITS] = !!rest, [KOBS_SLOW_ARG] = 77,
		[KOBS_SLOW_FUNCS] = s->children, [KOBS_SLOW_FUNCS_REST] = s->children ? 1500 : 0,
		[KOBS_SLOW_FUNCS_REST_CALLS] = s->children ? 4 : 0,
	};
	uint64_t rec[2 + BLOCKED + 1] = {
		[2 + FUNC] = s->func, [2 + COMM] = text_key(&s->f, "reader"), [2 + PID] = 321,
		[2 + RUN] = 1000, [2 + IRQ] = 30, [2 + WOKEN] = 500, [2 + BLOCKED] = rest,
	};
	struct event ev = { .data = data, .nr_data = KOBS_SLOW_HEAD + n * EACH };
	size_t i;

	for (i = 0; i < n; i++) {
		uint64_t *word = data + KOBS_SLOW_HEAD + i * EACH;

		word[KOBS_SLOW_NS] = parts[2 * i + 1];
		word[KOBS_SLOW_COUNT] = 1;
		word[KOBS_SLOW_LONGEST] = parts[2 * i + 1];
		word[KOBS_SLOW_STATE] = parts[2 * i] << 32 | KOBS_SLOW_SLEEP;
		word[KOBS_SLOW_WAKER] = 55ull << 32 | 56;
		memcpy(&word[KOBS_SLOW_WAKER_COMM], "writer", 6);
		word[KOBS_SLOW_HELD] = s->held;
		word[KOBS_SLOW_OWNER_STACK] = s->held ? 2 : 0;
		rec[2 + BLOCKED] += parts[2 * i + 1];
	}
	for (i = 0; i < s->children * KOBS_SLOW_CHILD; i++)
		data[ev.nr_data++] = s->child[i];
	rec[2 + DURATION] = rec[2 + RUN] + rec[2 + IRQ] + rec[2 + WOKEN] + rec[2 + BLOCKED];
	s->f.session.recorded++;
	func_slow_rows.take(&s->trace, &ev, rec);
}

static void finish(struct slow_fixture *s, const char *name)
{
	finish_slow(&s->f, &s->spec, &s->trace, func_slow_print, name);
}

static void add_three(struct slow_fixture *s)
{
	add_call(s, (const uint64_t []){ 1, 70000, 2, 4000 }, 2, 0, 0);
	add_call(s, (const uint64_t []){ 3, 6000 }, 1, 0, 900);
	add_call(s, (const uint64_t []){ 1, OPEN }, 1, KOBS_SLOW_OPEN, 0);
}

static void test_rows(void)
{
	struct slow_fixture s;

	begin_slow(&s, false);
	add_three(&s);
	finish(&s, "rows, from a file");
	has(s.f.text, "func slow of 1 function: 3 of 33 calls took 5.00 us or longer, 184 us in all, ",
	    "the title has slow and fast calls");
	has(s.f.text, "vfs_read  sleep    pipe               2      2   169 us",
	    "where calls were blocked");
	has(s.f.text, "      pipe_read+0x33\n      vfs_read+0x44\nvfs_read",
	    "the stack ends with the function, and has no frame of the scheduler");
	has(s.f.text, "vfs_read  sleep    timer              2      2  10.0 us",
	    "callers of the function make no difference");
	has(s.f.text, "vfs_read  run      -                  3      3  3.00 us",
	    "time that was not blocked");
	has(s.f.text, "vfs_read  blocked  shorter waits      1      1   900 ns",
	    "what is in no part");
	ok(!strstr(s.f.text, "preempted"), "nothing that there was not");
	ok(!strstr(s.f.text, "longest calls"), "calls are not asked for");
	has(s.f.json, "\"class\": \"sleep\", \"reason\": \"pipe\", \"calls\": 2, \"count\": 2, \"sum\": 169000, \"max\": 99000, \"kstack\": [\"pipe_read+0x33\", \"vfs_read+0x44\"]",
	    "JSON has the row");
	has(s.f.json, "\"calls_left_out\": 1", "JSON has as many calls as are kept");
	has(s.f.json, "\"waker\": \"writer\", \"waker_pid\": 55, \"waker_tid\": 56",
	    "and who ended an interval");
	has(s.f.json, "\"returned\": false", "and whether it returned");
	has(s.f.json, "\"args\": [\"0x4d\", \"0x0\"", "and arguments");
	end_slow(&s);
}

static void test_calls(void)
{
	struct slow_fixture s;

	begin_slow(&s, false);
	s.f.opts.verbose = true;
	add_three(&s);
	finish(&s, "calls, from a file");
	has(s.f.text, "\nThe longest calls:\n101 us  vfs_read by reader (process 321), not returned, at 12.345678\n",
	    "the longest is first");
	has(s.f.text, "    on CPU 1.00 us (1.0 %), interrupts 30 ns (0.0 %), runnable 500 ns (0.5 %), blocked 99.0 us (98.5 %)\n",
	    "what its time went to");
	has(s.f.text, "      70.0 us  sleep: pipe, ended by writer (process 55)\n                 pipe_read+0x33\n",
	    "what it was blocked by");
	has(s.f.text, "... 1 shorter one is in the rows only (--calls keeps more)\n",
	    "how many are left out");
	end_slow(&s);
}

static void test_syscalls(void)
{
	struct slow_fixture s;

	begin_slow(&s, true);
	s.f.report.title = "syscall slow";
	add_three(&s);
	finish(&s, "system calls, from a file");
	has(s.f.text, "syscall slow of 1 system call: 3 of 33 calls", "the title");
	has(s.f.text, "SYSCALL  CLASS", "they have a column");
	has(s.f.text, "read     sleep    pipe", "and their names");
	has(s.f.json, "\"syscall\": \"read\", \"comm\": \"reader\"", "calls, too");
	end_slow(&s);
}

/* Calls that are blocked by locks: who holds these, and what the owner does. */
static void test_locks(void)
{
	struct slow_fixture s;

	begin_slow(&s, false);
	s.f.opts.verbose = true;
	add_lock(&s, 7, code(&s.f, 0xffffffffc0001000, "big_lock [mod]"), "owner",
		 70ull << 32 | 71);
	add_lock(&s, 8, 0xffff888001234560, "(readers)", 0);
	s.held = 7;
	add_call(&s, (const uint64_t []){ 1, 70000 }, 1, 0, 0);
	s.held = 8;
	add_call(&s, (const uint64_t []){ 1, 50000 }, 1, 0, 0);
	s.held = 0;
	add_call(&s, (const uint64_t []){ 1, 500 }, 1, 0, 0);
	s.run.slow.calls.most = 3;
	finish(&s, "locks, from a file");
	has(s.f.text, "FUNC      CLASS  REASON  LOCK                OWNER      CALLS  TIMES     TIME",
	    "rows have columns for them");
	has(s.f.text, "vfs_read  sleep  lock    big_lock [mod]      owner          1      1  70.0 us",
	    "one with its owner");
	has(s.f.text, "vfs_read  sleep  lock    0xffff888001234560  (readers)      1      1  50.0 us",
	    "one without a name, that readers hold");
	has(s.f.text, "vfs_read  sleep  pipe    -                   -              1      1   500 ns",
	    "and what is no lock");
	has(s.f.text, "      70.0 us  sleep: lock big_lock [mod] held by owner (process 70, thread 71), ended by writer (process 55)\n",
	    "the owner's process and thread");
	has(s.f.text, "                 vfs_read+0x44\n                 -- its owner\n                 do_nanosleep+0x55\n                 vfs_read+0x44\n                 ksys_read+0x1\n",
	    "where it was");
	has(s.f.text, " lock 0xffff888001234560 held by (readers), ended by", "no thread");
	has(s.f.json, "\"reason\": \"lock\", \"lock\": \"big_lock [mod]\", \"owner\": \"owner\", \"owner_pid\": 70, \"owner_tid\": 71, \"count\": 1",
	    "JSON of a part");
	has(s.f.json, "\"owner_stack\": [\"do_nanosleep+0x55\", \"vfs_read+0x44\", \"ksys_read+0x1\"]",
	    "with the owner's stack");
	end_slow(&s);
}

/* What slow calls called. */
static void test_tree(void)
{
	const uint64_t child[] = {
		0x7004, 1, 5000, 4000, 5000,
		0x7100, 3, 60000, 60000, 30000,
	};
	struct target inner[] = {
		{ .address = 0x7000, .name = "rw_verify_area", .module = "" },
		{ .address = 0x7100, .name = "pipe_read", .module = "" },
	};
	const struct targets roots = { .n = 1 };
	struct targets tree = { .v = inner, .n = 2 };
	struct slow_fixture s;

	begin_slow(&s, false);
	s.f.opts.verbose = true;
	s.f.session.targets = 3;
	s.run.slow.roots = &roots;
	s.run.slow.tree = &tree;
	s.child = child;
	s.children = 2;
	add_call(&s, (const uint64_t []){ 1, 70000 }, 1, 0, 0);
	add_call(&s, (const uint64_t []){ 1, 80000, 2, 500 }, 2, 0, 0);
	s.children = 0;
	add_call(&s, (const uint64_t []){ 1, 6000 }, 1, 0, 0);
	s.run.slow.calls.most = 3;
	finish(&s, "child calls, from a file");
	has(s.f.text, "func slow of 1 function, with 2 in its calls: 3 of 33 calls took", "the title");
	has(s.f.text, "\nChild calls in the slow calls:\n"
	    "FUNC              CALLS      TIMES       TIME    SHARE       SELF    LONGEST\n"
	    "pipe_read             2          6     120 us   74.5 %     120 us    30.0 us\n"
	    "rw_verify_area        2          2    10.0 us    6.2 %    8.00 us    5.00 us\n"
	    "      3.00 us  in 8 calls of others or of these, without what they call\n",
	    "all slow calls, the longest first");
	has(s.f.text, "    child calls:\n"
	    "      60.0 us  pipe_read, 3 times, the longest 30.0 us\n"
	    "      5.00 us  rw_verify_area, self 4.00 us\n"
	    "      1.50 us  in 4 calls of others or of these, without what they call\n",
	    "one of them");
	has(s.f.json, "\"children\": {\"duration\": 161090, \"functions\": [{\"func\": \"pipe_read\", \"calls\": 2, \"count\": 6, \"sum\": 120000, \"self\": 120000, \"max\": 30000}, ",
	    "JSON of all");
	has(s.f.json, "\"rest\": 3000, \"rest_calls\": 8}", "and their rest");
	has(s.f.json, "\"children\": [{\"func\": \"pipe_read\", \"count\": 3, \"sum\": 60000, \"self\": 60000, \"max\": 30000}, {\"func\": \"rw_verify_area\", \"count\": 1, \"sum\": 5000, \"self\": 4000, \"max\": 5000}], \"children_rest\": 1500, \"children_rest_calls\": 4",
	    "JSON of one");
	has(s.f.json, "\"children\": [], \"children_rest\": 0", "and of one that called nothing");
	end_slow(&s);
}

/* What would not be kept is not made. */
static void test_longest(void)
{
	struct longest l = { .most = 2 };
	uint64_t ns;

	for (ns = 10; ns < 15; ns++) {
		ok(longest_wants(&l, ns), "anything, as long as the longest are not known");
		longest_keep(&l, ns, json_object());
	}
	ok(!longest_wants(&l, 13) && l.n == 2 && l.left_out == 4,
	   "none that is no longer than the longest are");
	ok(longest_wants(&l, 14) && l.left_out == 4, "but one that is");
	longest_free(&l);
	l = (struct longest){};
	longest_keep(&l, 1, json_object());
	ok(!longest_wants(&l, 9) && l.left_out == 2, "none at all, if none are kept");
	longest_free(&l);
}

/* Events that calls cannot count are refused before there is a session. */
static void refused(const char *name, const char *sentence)
{
	struct strings names = {};
	struct request req = {};
	struct slow w = {};
	char said[512] = "";
	FILE *file = tmpfile();
	int old = dup(STDERR_FILENO);

	strings_add(&names, name);
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	ok(func_slow_ask_events(&w, &req, &names) == STATUS_USAGE, name);
	fflush(stderr);
	dup2(old, STDERR_FILENO);
	close(old);
	rewind(file);
	said[fread(said, 1, sizeof(said) - 1, file)] = 0;
	fclose(file);
	has(said, sentence, "and why");
	ok(!req.nr_settings, "and nothing is asked for");
	func_slow_free(&w);
	strings_free(&names);
}

static void test_events(void)
{
	const char *sysfs = pmu_sysfs;

	ok(!mkdir(path_of("power"), 0700), "a PMU that counts for a package");
	write_file("power/type", "9\n");
	write_file("power/cpumask", "0\n");
	pmu_sysfs = dir;
	refused("power/config=1/",
		"event 'power/config=1/' counts for several CPUs, not for the one that a call runs on: pmu stat -a counts it");
	pmu_sysfs = sysfs;
	refused("page-faults,cpu-clock,page-faults", "event 'page-faults' is named twice");
	refused("page-faults,minor-faults,major-faults,cpu-clock,task-clock",
		"-e takes up to 4 events: 5 are given");
	unlink(path_of("power/type"));
	unlink(path_of("power/cpumask"));
	rmdir(path_of("power"));
}

/* Records that make no sense do no harm. */
static void test_broken(void)
{
	struct slow_fixture s;
	uint64_t rec[2 + BLOCKED + 1] = {};
	uint64_t data[KOBS_SLOW_HEAD + 20 * EACH];
	struct event ev = { .data = data, .nr_data = KOBS_SLOW_HEAD - 1 };

	begin_slow(&s, false);
	rec[2 + COMM] = text_key(&s.f, "");
	memset(data, 0xff, sizeof(data));
	func_slow_rows.take(&s.trace, &ev, rec);
	ok(!s.run.slow.n, "a record without its head is none");
	ev.nr_data = ARRAY_SIZE(data);
	/* Stacks are asked for by the socket, unless they are known. */
	data[KOBS_SLOW_HEAD + KOBS_SLOW_STATE] = 1ull << 32;
	func_slow_rows.take(&s.trace, &ev, rec);
	ok(s.run.slow.v[0].parts == KOBS_SLOW_PARTS, "no more parts than there can be");
	ok(!s.run.slow.v[0].children, "and no more functions that it called");
	s.run.slow.n = 0;
	finish(&s, "no record, from a file");
	end_slow(&s);
}

int main(void)
{
	strcpy(dir, "/tmp/obsctl-test-XXXXXX");
	ok(mkdtemp(dir), "a directory");
	test_rows();
	test_calls();
	test_syscalls();
	test_locks();
	test_tree();
	test_longest();
	test_events();
	test_broken();
	unlink(path_of("a.json"));
	unlink(path_of("out"));
	ok(!rmdir(dir), "nothing else was left");
	printf("1..%u\n", test_nr);
	return failures != 0;
}
