// SPDX-License-Identifier: GPL-2.0
/* Unit tests of a session's life, without a kernel: run by 'make check'; prints TAP. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/diag.h"
#include "lib/macros.h"
#include "run/kept_out.h"
#include "run/pace.h"
#include "run/tasks.h"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static const char kallsyms[] =
	"ffffffff81001000 t twice\n"
	"ffffffff81002000 t twice\n"
	"ffffffff81003000 T once\n"
	"ffffffff81004000 T once_more\n";

/* The refusal of functions that were asked for, of which some are left out. */
static int check(const char *path, const char *pattern, const uint64_t *out, size_t n)
{
	struct kept_out kept[4] = {};
	struct session s = { .kept_out = kept, .nr_kept_out = n };
	struct targets t = {};
	size_t i;
	int err;

	for (i = 0; i < n; i++)
		kept[i].address = out[i];
	err = targets_parse(&t, (char **)&pattern, 1);
	if (!err)
		err = targets_resolve(&t, path);
	if (!err)
		err = kept_out_check(&t, &s);
	targets_free(&t);
	return err;
}

static void test_kept_out(void)
{
	static const uint64_t twice[] = { 0xffffffff81001000ull, 0xffffffff81002000ull };
	static const uint64_t once[] = { 0xffffffff81003000ull };
	char path[] = "/tmp/obsctl-test-XXXXXX";
	int fd = mkstemp(path);

	ok(write(fd, kallsyms, strlen(kallsyms)) > 0, "symbols");
	close(fd);
	ok(!check(path, "twice", twice, 1), "one of two namesakes is left out");
	ok(check(path, "twice", twice, 2) == STATUS_REFUSED, "both of them are");
	ok(check(path, "once", once, 1) == STATUS_REFUSED, "the only one is");
	ok(!check(path, "once*", once, 1), "one of a glob is");
	unlink(path);
}

/* What a pattern finds, and another one or NULL: the number of functions, or -1. */
static int found(const char *path, const char *a, const char *b, bool wait)
{
	const char *patterns[2];
	struct targets t = { .wait = wait };
	int nr = -1;

	patterns[0] = a;
	patterns[1] = b;
	if (!targets_parse(&t, (char **)patterns, b ? 2 : 1) && !targets_resolve(&t, path))
		nr = (int)t.n;
	targets_free(&t);
	return nr;
}

static void test_wait(void)
{
	char path[] = "/tmp/obsctl-test-XXXXXX";
	int fd = mkstemp(path);

	ok(write(fd, kallsyms, strlen(kallsyms)) > 0, "symbols");
	close(fd);
	ok(found(path, "nothing:once", "once", false) == -1, "a module that is not loaded is refused");
	ok(found(path, "nothing:once", "once", true) == 1, "with --wait it is waited for");
	ok(!found(path, "nothing:once", NULL, true), "and nothing else need be there");
	ok(found(path, "nothing:once", "onec", true) == -1,
	   "a function without module must be there");
	unlink(path);
}

static pid_t start(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (;;)
		pause();
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static bool ends(struct tasks *t)
{
	int i;

	for (i = 0; i < 1000 && !tasks_ended(t); i++)
		usleep(10000);
	return i < 1000;
}

static void test_tasks(void)
{
	char *command = NULL;
	struct tasks t = {};
	struct opts o = {};
	pid_t a = start();
	pid_t b = start();

	ok(!tasks_open(&t, &o), "a session of all processes does not end with any");
	numbers_add(&o.pids, (uint64_t)a);
	numbers_add(&o.tids, (uint64_t)b);
	o.command = &command;
	ok(!tasks_open(&t, &o), "a command ends it instead");
	o.command = NULL;
	ok(tasks_open(&t, &o) && !tasks_ended(&t), "a process and a thread live");
	end(a);
	ok(!tasks_ended(&t), "the thread lives on");
	end(b);
	ok(ends(&t), "both have ended");
	tasks_close(&t);
	memset(&t, 0, sizeof(t));
	ok(tasks_open(&t, &o) && tasks_ended(&t), "those that were never there have ended");
	tasks_close(&t);
	numbers_free(&o.pids);
	numbers_free(&o.tids);
}

static void test_pace_change(void)
{
	struct pace p;

	pace_start(&p, 1000, 50);
	pace_change(&p, 200, 300);
	ok(p.asked == 200 && p.every == 200 && p.next == 500, "another interval counts from now on");
	p.next = 0;
	pace_change(&p, 400, 700);
	ok(p.asked == 400 && !p.next, "it does not end a pause");
}

static void test_pace(void)
{
	struct pace p;

	pace_start(&p, 1000, 5000);
	ok(p.next == 6000, "the first report is due after an interval");
	pace_begin(&p, 100);
	pace_end(&p, 5000, 6100);
	ok(p.next == 7000, "the first one may take long: it reads symbols");
	pace_begin(&p, 5000);
	pace_end(&p, 5500, 7550);
	ok(p.next == 8000, "half of an interval does not matter");
	pace_begin(&p, 5500);
	pace_end(&p, 5600, 9400);
	ok(p.next == 10400, "no report is made up for");
	pace_begin(&p, 5600);
	pace_end(&p, 7600, 12400);
	ok(p.every == 4000 && p.next == 14400,
	   "a report that takes two intervals: half of a CPU is left free");
	pace_begin(&p, 7600);
	pace_end(&p, 9600, 16400);
	ok(p.next == 18400, "the same again is in time");
	pace_begin(&p, 9600);
	pace_end(&p, 9700, 18500);
	ok(p.every == 1000 && p.next == 19400, "the interval is what was asked for when reports are quick again");
}

int main(void)
{
	test_pace();
	test_pace_change();
	test_kept_out();
	test_wait();
	test_tasks();
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
