// SPDX-License-Identifier: GPL-2.0
/* Unit tests of the words and columns of reports: run by 'make check'; prints TAP. */

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/sched/blocked.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/diag.h"
#include "lib/map.h"
#include "lib/opts.h"
#include "lib/process.h"
#include "report/absent.h"
#include "report/losses.h"
#include "report/rates.h"
#include "report/report.h"
#include "report/width.h"
#include "run/tasks.h"
#include "symbols/kallsyms.h"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static void has(const char *text, const char *part, const char *name)
{
	bool good = strstr(text, part);

	ok(good, name);
	if (!good)
		printf("# no '%s' in '%s'\n", part, text);
}

static void has_not(const char *text, const char *part, const char *name)
{
	bool good = !strstr(text, part);

	ok(good, name);
	if (!good)
		printf("# '%s' in '%s'\n", part, text);
}

/* A report of a source with two parameters, without the kernel. */
struct fixture {
	struct view	view;
	struct source	sources[2];
	struct param	params[2];
	struct mode	mode;
	struct column	column;
	struct session	session;
	struct targets	targets;
	struct opts	opts;
	struct table	table;
	struct report	report;
	char		*text;
};

static void set_up(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->params[0] = (struct param){ .name = (char *)"rows" };
	f->params[1] = (struct param){ .name = (char *)"ring_kb" };
	f->mode = (struct mode){ .name = (char *)"count" };
	f->column = (struct column){ .name = (char *)"comm", .type = KOBS_TYPE_TEXT };
	f->sources[0] = (struct source){
		.name = (char *)"session", .params = f->params, .nr_params = 2,
	};
	f->sources[1] = (struct source){
		.name = (char *)"sched", .modes = &f->mode, .nr_modes = 1, .columns = &f->column,
		.nr_columns = 1,
	};
	f->view = (struct view){
		.sources = { .v = f->sources, .n = 2 }, .source = &f->sources[1],
		.mode = &f->mode, .columns = { &f->column }, .types = { KOBS_TYPE_TEXT },
		.nr_columns = 1,
	};
	f->session = (struct session){
		.source = (char *)"sched", .mode = (char *)"count", .targets = 2,
		.state = KOBS_STATE_STOPPED, .duration = NSEC_PER_SEC,
	};
	model_init_table(&f->table, f->view.types, 1, &f->mode);
	f->report = (struct report){
		.view = &f->view, .session = &f->session, .opts = &f->opts, .table = &f->table,
	};
}

static void tear_down(struct fixture *f)
{
	numbers_free(&f->session.filter.pids);
	numbers_free(&f->session.filter.tids);
	strings_free(&f->session.filter.comms);
	model_free_table(&f->table);
	numbers_free(&f->session.filter.pids);
	free(f->session.lost);
	free(f->text);
}

static void add_row(struct fixture *f, const char *comm, uint64_t count)
{
	uint64_t key = (uint64_t)(uintptr_t)pool_intern(&f->table.texts, comm);
	struct row part = { .count = count, .sum = count * 1000, .min = 1000, .max = 1000 };

	table_add(&f->table, table_row(&f->table, &key), &part, NULL);
}

static void add_loss(struct fixture *f, const char *reason, const char *doc, uint64_t count)
{
	struct session *s = &f->session;

	s->lost = grow(s->lost, &s->cap_lost, s->nr_lost + 1, sizeof(*s->lost));
	s->lost[s->nr_lost++] = (struct lost){ (char *)reason, (char *)doc, count };
}

/* The report as text, or JSON if the options say so. */
static const char *print(struct fixture *f)
{
	struct output to = {};
	size_t size = 0;

	free(f->text);
	f->text = NULL;
	to.file = open_memstream(&f->text, &size);
	report_resolve(&f->report);
	ok(!report_print(&f->report, &to), "a report is printed");
	fclose(to.file);
	report_free(&f->report);
	return f->text;
}

static void test_losses(void)
{
	struct fixture f;

	set_up(&f);
	add_row(&f, "sh", 5);
	f.session.hits = 20;
	f.session.recorded = 5;
	f.session.filtered = 1;
	f.session.own = 1;
	add_loss(&f, "in_flight", "call or wait that had not ended", 3);
	add_loss(&f, "unpaired", "wait that had begun before", 7);
	add_loss(&f, "ring_full", "records came too fast: raise ring_kb", 4);
	has(print(&f), "\nhits 20 = recorded 5 + filtered 1 + pending 3 + unpaired 7 + lost 4\n",
	    "open and unpaired waits stand beside the losses");
	has(f.text, "\n  1 filtered hit came from obsctl itself\n", "hits of obsctl itself");
	has(f.text, "\n  pending 3, call or wait that had not ended\n", "what is pending");
	has(f.text, "\n  unpaired 7, wait that had begun before\n", "what is unpaired");
	has(f.text, "\n  lost 4, ring_full: records came too fast: raise --ring-kb\n",
	    "advice names the option");
	has(f.text, "\n\n*** 44 % of the hits were lost: the rows are incomplete. The reasons are below. ***\n",
	    "a loss above 1 % is said first");
	has_not(f.text, "SUM DOES NOT HOLD", "the sum holds with all three");
	f.opts.json = true;
	has(print(&f), "\"pending\": 3, \"unpaired\": 7, \"lost\": {\"in_flight\": 3, \"unpaired\": 7, \"ring_full\": 4}",
	    "JSON has them beside the losses as well");
	f.opts.max_lost.given = true;
	f.opts.max_lost.value = 4;
	ok(!report_lost(&f.session, &f.opts), "--max-lost does not count what is no loss");
	f.opts.max_lost.value = 3;
	ok(report_lost(&f.session, &f.opts) == STATUS_LOST, "--max-lost counts losses");
	f.session.hits++;
	f.opts.json = false;
	has(print(&f), "SUM DOES NOT HOLD", "a sum that does not hold is said");
	f.session.recorded = 396;
	has_not(print(&f), "were lost:", "a loss of 1 % is not said first");
	f.session.recorded = 395;
	has(print(&f), "*** 1.0 % of the hits were lost", "more is");
	tear_down(&f);
}

static void *wait_for_end(void *end)
{
	char byte;

	return read(*(int *)end, &byte, 1) == 1 ? end : NULL;
}

/* /proc has a directory for each thread, which only --tid can mean. */
static void test_thread_as_process(struct fixture *f)
{
	pthread_t thread;
	char want[128];
	int ends[2];
	DIR *dir;
	struct dirent *d;
	uint64_t tid = 0;

	if (pipe(ends) || pthread_create(&thread, NULL, wait_for_end, &ends[0])) {
		ok(false, "a thread");
		return;
	}
	dir = opendir("/proc/self/task");
	while (dir && (d = readdir(dir)))
		if (atoi(d->d_name) > getpid())
			tid = strtoull(d->d_name, NULL, 10);
	if (dir)
		closedir(dir);
	numbers_add(&f->session.filter.pids, tid);
	numbers_add(&f->session.filter.tids, tid);
	snprintf(want, sizeof(want), "Nothing was recorded: %llu is a thread of process %d: give --tid.\n",
		 (unsigned long long)tid, (int)getpid());
	has(print(f), want, "a thread given as a process");
	f->session.filter.pids.n = 0;
	f->session.filter.tids.n = 0;
	if (write(ends[1], "", 1) == 1)
		pthread_join(thread, NULL);
	close(ends[0]);
	close(ends[1]);
}

/* What a filter names and nothing has is told, also where there are rows. */
static void test_absent(void)
{
	struct absent at_start = {};
	struct fixture f;

	set_up(&f);
	add_row(&f, "sh", 3);
	f.session.hits = 3;
	f.session.recorded = 3;
	numbers_add(&f.session.filter.pids, 4194305);
	numbers_add(&f.session.filter.tids, 4194306);
	strings_add(&f.session.filter.comms, "s*");
	strings_add(&f.session.filter.comms, "no such task");
	has(print(&f), "*** The filter names what is not there: there is no process 4194305; "
	    "there is no thread 4194306; no thread is named 'no such task'. ***\n",
	    "processes, threads and names that nothing had");
	f.report.absent = &at_start;
	has_not(print(&f), "not there", "those that were there at the start had their chance");
	f.opts.json = true;
	f.report.absent = NULL;
	has(print(&f), "\"absent\": \"there is no process 4194305; ", "the same as JSON");
	tear_down(&f);
}

/* Where the kernel hides addresses, no report leaves its reader without a reason. */
static void test_hidden(void)
{
	struct buf name = {};
	struct fixture f;

	set_up(&f);
	f.view.ksyms.hidden = true;
	f.view.ksyms.path = "/proc/kallsyms";
	has_not(print(&f), "hides addresses", "no name was missing");
	ksyms_print_address(&f.view.ksyms, 0xffffffff81000000ull, &name);
	has(print(&f),
	    "*** Functions of the kernel are [unknown], since /proc/kallsyms hides addresses: ",
	    "names are missing, and the report says why");
	f.opts.json = true;
	has(print(&f), "\"symbols_hidden\": true", "so does JSON");
	buf_free(&name);
	tear_down(&f);
}

static void test_namespace(void)
{
	struct column column = { .name = (char *)"owner_pid", .type = KOBS_TYPE_NUMBER };
	struct opts asked = {};
	struct fixture f;
	char path[] = "/tmp/obsctl-ns-XXXXXX";

	ok(mkdtemp(path) && !rmdir(path) && !symlink("pid:[4026531836]", path), "a link");
	process_namespace = path;
	numbers_add(&asked.pids, 7);
	ok(process_numbers_are_own() && !tasks_check(&asked, true), "the initial PID namespace");
	ok(!unlink(path) && !symlink("pid:[4026532999]", path), "another link");
	ok(!process_numbers_are_own() && tasks_check(&asked, false) == STATUS_REFUSED,
	   "in another one, no process is chosen by its number");
	asked.pids.n = 0;
	ok(!tasks_check(&asked, false) && tasks_check(&asked, true) == STATUS_REFUSED,
	   "nor is user code named");
	set_up(&f);
	f.view.columns[0] = &column;
	has(print(&f), "have their numbers of the initial PID namespace", "the report tells it");
	tear_down(&f);
	unlink(path);
	process_namespace = "/proc/self/ns/pid";
	numbers_free(&asked.pids);
}

static void test_nothing(void)
{
	struct pattern pattern = { .text = "vfs_fsync" };
	struct fixture f;

	set_up(&f);
	has(print(&f), "Nothing was hit: 2 tracepoints were hit 0 times.\n", "no hit at all");
	f.targets = (struct targets){ .patterns = &pattern, .nr_patterns = 1 };
	f.view.targets = &f.targets;
	f.session.targets = 1;
	has(print(&f), "Nothing was hit: vfs_fsync (1 tracepoint) was hit 0 times.\n",
	    "no hit of a pattern");
	numbers_add(&f.session.filter.pids, 4194305);
	f.session.hits = 16;
	f.session.filtered = 16;
	f.session.own = 1;
	has(print(&f), "Nothing was recorded: there is no process 4194305; "
	    "15 hits were refused by the filter; 1 hit came from obsctl itself.\n",
	    "the filter refused all hits");
	model_add_note(&f.session, "fast", "calls that took less than over", 12);
	has(print(&f), "; 12 calls took less than --over; 3 hits were refused by the filter; 1 hit came from obsctl itself.\n",
	    "calls that are not slow are not refused by the filter");
	f.session.filtered = 8;
	has(print(&f), "; 7 calls took less than --over; 1 hit came from obsctl itself.\n",
	    "a session that runs has counted some of them late");
	f.session.nr_notes = 0;
	f.session.filtered = 0;
	has(print(&f), "there is no process 4194305; 1 hit came from obsctl itself.\n",
	    "a session that runs has counted obsctl's own hit late");
	f.session.filtered = 0;
	f.session.own = 0;
	f.session.filter.pids.n = 0;
	test_thread_as_process(&f);
	f.session.hits = 3;
	add_loss(&f, "in_flight", NULL, 2);
	add_loss(&f, "unpaired", NULL, 1);
	has(print(&f), "Nothing was recorded: 2 calls or waits are still going on; "
	    "1 wait had begun before the session.\n", "waits go on");
	f.opts.json = true;
	has(print(&f), "\"nothing\": \"Nothing was recorded: 2 calls or waits are still going on; 1 wait had begun before the session.\"",
	    "JSON says the same");
	tear_down(&f);
}

static void cost(struct fixture *f, uint64_t timed, uint64_t ns, uint64_t hits)
{
	f->session.hits_timed = timed;
	f->session.cost = timed * ns;
	f->session.hits = hits;
	f->session.recorded = hits;
	print(f);
}

static void test_cost(void)
{
	struct fixture f;

	set_up(&f);
	cost(&f, 29, 1000, 29000);
	has_not(f.text, "kobs used", "below 30 timed hits no cost is told");
	cost(&f, 30, 1000, 30000);
	has(f.text, "kobs used 1.00 us per hit in its handler (measured on 30 of 30,000 hits)\n"
	    "  about 3.0 % of one CPU\n", "from 30 on it is");
	cost(&f, 100, 1000, 1100000);
	has(f.text, "  about 110 % of one CPU\n", "more than a CPU has no exponent");
	cost(&f, 100, 10, 1000);
	has(f.text, "  about 0.0010 % of one CPU\n", "a thousandth of a percent");
	f.session.calls = 2000;
	f.session.calls_timed = 30;
	f.session.calls_cost = 30 * 100;
	print(&f);
	has(f.text, "kobs used 10 ns per hit in its handler (measured on 100 of 1,000 hits)\n"
	    "  and 100 ns per call of a handler that was no hit (measured on 30 of 2,000 such calls)\n"
	    "  about 0.021 % of one CPU\n", "calls that were no hits");
	f.opts.json = true;
	has(print(&f), "\"timed_ns\": 1000, \"calls\": 2000, \"calls_timed\": 30, \"calls_ns\": 3000}",
	    "JSON has them, too");
	f.opts.json = false;
	cost(&f, 3, 10, 3000);
	has(f.text, "kobs used 100 ns per call of a handler that was no hit (measured on 30 of 2,000 such calls)\n"
	    "  about 0.023 % of one CPU\n", "few hits are in the sum all the same");
	tear_down(&f);
}

static void table(size_t columns, const char *want, const char *name)
{
	char *text = NULL;
	size_t size = 0;
	struct out o;

	out_init(&o, open_memstream(&text, &size), false);
	o.columns = columns;
	out_table_begin(&o, "rows");
	out_row_begin(&o);
	out_cell_text(&o, "site", "SITE", "kobs_gen_slab_alloc+0x1f [kobs_gen_slab]");
	out_cell_text(&o, "verdict", "VERDICT", "leak");
	out_cell_number(&o, "live", "LIVE", 1234);
	out_cell_text(&o, "kept", "KEPT", "17 17 16 17 16 17");
	out_below(&o, "      a frame that is longer than the terminal is wide is left as it is");
	out_row_end(&o);
	out_table_end(&o);
	fclose(o.file);
	ok(!strcmp(text, want), name);
	if (strcmp(text, want))
		printf("# got\n%s# want\n%s", text, want);
	out_free(&o);
	free(text);
}

#define FRAME "      a frame that is longer than the terminal is wide is left as it is\n"

static void test_widths(void)
{
	table(0, "SITE                                      VERDICT   LIVE  KEPT\n"
	      "kobs_gen_slab_alloc+0x1f [kobs_gen_slab]  leak     1,234  17 17 16 17 16 17\n" FRAME,
	      "no terminal, no limit");
	table(60, "SITE                       VERDICT   LIVE  KEPT\n"
	      "kobs_gen_sla..s_gen_slab]  leak     1,234  17 17 16 17 16 17\n" FRAME,
	      "the widest text is cut in its middle");
	table(34, "SITE                VERDICT   LIVE\n"
	      "kobs_gen..en_slab]  leak     1,234\n" FRAME
	      "(terminal too narrow for KEPT; -o FILE or a pipe shows all columns)\n",
	      "the last columns are left out, and named");
	ok(width_of("abc") == 3 && width_of("\xc3\xa9") == 1 && width_of("\xe4\xbd\xa0") == 2 &&
	   width_of("e\xcc\x81") == 1 && width_of("\xff") == 1,
	   "wide, combining and invalid characters");
	ok(width_clip("a\xe4\xbd\xa0!", 5, 2) == 1 && width_clip("a\xe4\xbd\xa0!", 5, 3) == 4,
	   "a wide character is not cut in half");
}

static void test_shares(void)
{
	struct rates rates = {};
	struct fixture f;

	set_up(&f);
	add_row(&f, "sh", 3);
	add_row(&f, "cat", 1);
	has(print(&f), "COMM  COUNT   SHARE\nsh        3  75.0 %\ncat       1  25.0 %\n",
	    "a share of the count");
	f.mode.value = (char *)"offcpu";
	f.mode.unit = (char *)"ns";
	has(print(&f), "COMM  COUNT    TOTAL   SHARE      AVG      MIN      MAX\n"
	    "sh        3  3.00 us  75.0 %  1.00 us  1.00 us  1.00 us\n",
	    "a share of the time where there is one");
	f.mode.value = NULL;
	f.report.rates = &rates;
	f.report.interim = true;
	has(print(&f), "sh        3           3  75.0 %", "hits per second since the start");
	f.session.duration = 3 * NSEC_PER_SEC;
	add_row(&f, "sh", 7);
	has(print(&f), "COMM  COUNT  PER SECOND   SHARE\nsh       10         3.5  90.9 %\n"
	    "cat       1           0   9.1 %\n", "hits per second since the report before");
	f.opts.json = true;
	f.session.duration = 4 * NSEC_PER_SEC;
	add_row(&f, "cat", 5);
	has(print(&f), "\"count\": 6, \"per_s\": 5", "the same as JSON");
	f.report.interim = false;
	has(print(&f), "\"count\": 6, \"per_s\": 1.5", "at the end, over the whole session");
	rates_free(&rates);
	tear_down(&f);
}

static const char fake_kallsyms[] =
	"ffffffff81000000 T _text\n"
	"ffffffff81001000 T kthread\n"
	"ffffffff81002000 T worker_thread\n"
	"ffffffff81003000 T pipe_read\n"
	"ffffffff81004000 t ext4_wait\n"
	"ffffffff81005000 T arch_rethook_trampoline\n"
	"ffffffff81006000 T __sched_text_start\n"
	"ffffffff81006000 T __schedule\n"
	"ffffffff81006100 T schedule\n"
	"ffffffff81007000 T __sched_text_end\n"
	"ffffffff81008000 T _etext\n";

static void add_stack(struct table *t, uint32_t id, const uint64_t *addr, size_t n)
{
	struct stack *s = zalloc(sizeof(*s) + n * sizeof(*addr));

	s->id = id;
	s->nr = (uint32_t)n;
	memcpy(s->addr, addr, n * sizeof(*addr));
	map_set(&t->stacks, id, s);
}

static void add_blocked(struct fixture *f, const char *comm, const char *state, uint64_t stack)
{
	const uint64_t key[] = {
		(uint64_t)(uintptr_t)pool_intern(&f->table.texts, comm),
		(uint64_t)(uintptr_t)pool_intern(&f->table.texts, state), stack,
	};
	const struct row part = { .count = 1, .sum = 1000, .min = 1000, .max = 1000 };

	table_add(&f->table, table_row(&f->table, key), &part, NULL);
}

/* The fixture as a session by comm, state and kernel stack. */
static void set_stacks(struct fixture *f, const char *kallsyms, struct column *columns)
{
	static const uint32_t types[] = { KOBS_TYPE_TEXT, KOBS_TYPE_TEXT, KOBS_TYPE_KSTACK };
	static const uint64_t pipe[] = {
		0xffffffff81006010, 0xffffffff81006110, 0xffffffff81003042,
	};
	static const uint64_t other[] = { 0xffffffff81006010, 0xffffffff81003077 };
	static const uint64_t work[] = {
		0xffffffff81006010, 0xffffffff81002010, 0xffffffff81001010,
	};
	static const uint64_t hook[] = { 0xffffffff81005010, 0xffffffff81004010 };
	size_t i;

	for (i = 0; i < 3; i++) {
		columns[i] = (struct column){
			.name = (char *)blocked_columns[i], .type = types[i],
		};
		f->view.columns[i] = &columns[i];
		f->view.types[i] = types[i];
	}
	f->view.nr_columns = 3;
	ksyms_init(&f->view.ksyms);
	f->view.ksyms.path = kallsyms;
	f->view.ksyms.modules_path = "/dev/null";
	model_free_table(&f->table);
	model_init_table(&f->table, types, 3, &f->mode);
	add_stack(&f->table, 1, pipe, 3);
	add_stack(&f->table, 2, other, 2);
	add_stack(&f->table, 3, work, 3);
	add_stack(&f->table, 4, hook, 2);
}

static const char *print_blocked(struct fixture *f, struct run_spec *spec)
{
	struct output to = {};
	size_t size = 0;

	free(f->text);
	f->text = NULL;
	f->report.rows_hidden = 0;
	to.file = open_memstream(&f->text, &size);
	ok(!blocked_print(spec, &f->report, &to), "a table of blocked tasks is printed");
	fclose(to.file);
	return f->text;
}

static void test_detached(struct fixture *f)
{
	struct output to = {};
	size_t size;

	free(f->text);
	f->text = NULL;
	to.file = open_memstream(&f->text, &size);
	ok(!blocked_report.print(&f->report, &to), "a detached session's report is printed");
	fclose(to.file);
	has(f->text, "COMM  STATE  BLOCKED_IN", "and has the function that is blocked");
}

static void test_stacks(void)
{
	char kallsyms[] = "/tmp/obsctl-test-XXXXXX";
	struct blocked blocked = {};
	struct run_spec spec = { .arg = &blocked };
	struct column columns[3];
	struct fixture f;
	int fd = mkstemp(kallsyms);

	ok(write(fd, fake_kallsyms, strlen(fake_kallsyms)) > 0, "symbols");
	close(fd);
	setenv("OBSCTL_KALLSYMS", kallsyms, 1);
	set_up(&f);
	set_stacks(&f, kallsyms, columns);
	add_blocked(&f, "cat", "sleep", 1);
	add_blocked(&f, "cat", "sleep", 2);
	add_blocked(&f, "jbd2", "disk", 4);
	add_blocked(&f, "kworker/0:1", "sleep", 3);
	add_blocked(&f, "rcu_gp", "idle", 1);
	test_detached(&f);
	has(print_blocked(&f, &spec), "COMM  STATE  BLOCKED_IN               COUNT   SHARE\n"
	    "cat   sleep  pipe_read                    2  66.7 %\n"
	    "jbd2  disk   arch_rethook_trampoline      1  33.3 %\n"
	    "2 rows of idle kernel threads hidden (-v shows them)\n",
	    "the function that is blocked, and idle kernel threads");
	f.opts.verbose = true;
	has(print_blocked(&f, &spec), "kworker/0:1  sleep  worker_thread", "-v shows them");
	has_not(f.text, "hidden", "and then none is hidden");
	f.opts.verbose = false;
	f.opts.json = true;
	has(print_blocked(&f, &spec), "{\"comm\": \"rcu_gp\", \"state\": \"idle\", \"blocked_in\": \"pipe_read\"",
	    "so does JSON");
	f.opts.json = false;
	f.report.rows_hidden = 0;
	f.report.no_stack = "      (not taken)";
	add_blocked(&f, "late", "disk", 0);
	has(print(&f), "\njbd2         disk       1  16.7 %\n      ext4_wait+0x10\n",
	    "a stack begins below kobs's own hook");
	has(f.text, "\n      (not taken)\n", "a stack that was not taken");
	f.opts.folded = true;
	has(print(&f), "jbd2;disk;ext4_wait 1\n", "a folded stack is without the hook, too");
	ok(view_is_hook("kobs_hit+0x1 [kobs]") && view_is_hook("arch_rethook_trampoline") &&
	   !view_is_hook("arch_rethook_trampoline_x+0x1") && !view_is_hook("kobs_gen [kobs_gen]"),
	   "frames of hooks");
	numbers_free(&blocked.sched);
	tear_down(&f);
	ksyms_free(&f.view.ksyms);
	unlink(kallsyms);
}

/* Stacks of two processes with the same addresses, as after a fork. */
static void test_rates(void)
{
	static const uint64_t addr[] = { 0x401000, 0x402000 };
	struct column column = { .name = (char *)"ustack", .type = KOBS_TYPE_USTACK };
	struct rates rates = {};
	struct fixture f;
	uint32_t id;

	set_up(&f);
	model_free_table(&f.table);
	f.view.columns[0] = &column;
	f.view.types[0] = KOBS_TYPE_USTACK;
	model_init_table(&f.table, f.view.types, 1, &f.mode);
	for (id = 1; id <= 2; id++) {
		struct row part = { .count = id * 10 };

		add_stack(&f.table, id, addr, ARRAY_SIZE(addr));
		((struct stack *)map_get(&f.table.stacks, id))->pid = 100 + id;
		table_add(&f.table, table_row(&f.table, &(uint64_t){ id }), &part, NULL);
	}
	table_merge_stacks(&f.table);
	f.report.interim = true;
	rates_take(&rates, &f.report);
	f.session.duration = 2 * NSEC_PER_SEC;
	f.table.rows[0].count += 3;
	f.table.rows[1].count += 5;
	ok(f.table.nr_rows == 2 && rates_of(&rates, &f.report, &f.table.rows[0]) == 3 &&
	   rates_of(&rates, &f.report, &f.table.rows[1]) == 5,
	   "equal user stacks of two processes have rates of their own");
	rates_free(&rates);
	tear_down(&f);
}

static void test_advice(void)
{
	char b[160];

	has(kallsyms_advice_for(2, 1, b, sizeof(b)), "kptr_restrict=1", "2 hides them from all");
	has_not(kallsyms_advice_for(1, 3, b, sizeof(b)), "sysctl", "1 shows them to CAP_SYSLOG");
	has(kallsyms_advice_for(0, 3, b, sizeof(b)), "perf_event_paranoid=1, which is 3",
	    "0 depends on perf_event_paranoid");
}

int main(void)
{
	test_shares();
	test_stacks();
	test_rates();
	test_advice();
	test_widths();
	test_losses();
	test_nothing();
	test_absent();
	test_hidden();
	test_namespace();
	test_cost();
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
