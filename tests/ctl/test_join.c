// SPDX-License-Identifier: GPL-2.0
/* Unit tests of obsctl show with two files: on-CPU and off-CPU time in one graph. Prints TAP. */

#include "show_harness.h"

#define STACK_TYPES \
	"\"columns\": [{\"name\": \"comm\", \"type\": \"text\"}, " \
	"{\"name\": \"ustack\", \"type\": \"ustack\"}, {\"name\": \"kstack\", \"type\": \"kstack\"}]"
#define HEAD(source, mode, more) \
	"{\"kobs\": \"1.0\", \"kernel\": \"6.12.0\", \"source\": \"" source "\", " \
	"\"mode\": \"" mode "\", \"duration_ns\": 2000000000, \"targets\": 1, \"command\": [\"./work\"], " \
	"\"by\": [\"comm\", \"ustack\", \"kstack\"], " more ", \"rows\": ["
#define RECORD(clocks, columns) \
	HEAD("pmu", "record", "\"notes\": {\"clocks\": " clocks "}, " columns \
	     ", \"figures\": [{\"name\": \"events\", \"unit\": \"\"}]")
#define OFFCPU	HEAD("sched", "offcpu", "\"value\": \"time\", \"unit\": \"ns\", " STACK_TYPES)
#define FOOT(hits) \
	"], \"accounting\": {\"hits\": " hits ", \"recorded\": 5, \"filtered\": 0, " \
	"\"lost\": {\"table_full\": 2}}}\n"
#define STACKS(user, kernel) \
	"\"comm\": \"cp\", \"ustack\": [" user "], \"kstack\": [" kernel "]}"
#define NEXT	","

/* cp: 3 ms in read, 1 ms in main; waits 4 ms below read, and 2 ms below write. */
static const char on[] =
	RECORD("1", STACK_TYPES)
	"{\"count\": 3, \"events\": 3000000, " STACKS("\"main+0x4 [cp]\"", "\"vfs_read+0x7\"") NEXT
	"{\"count\": 1, \"events\": 1000000, " STACKS("\"main+0x9 [cp]\"", "") FOOT("7");

static const char off[] =
	OFFCPU
	"{\"count\": 2, \"sum\": 4000000, "
	STACKS("\"main+0x4 [cp]\"", "\"schedule+0x1\", \"vfs_read+0x9\"") NEXT
	"{\"count\": 1, \"sum\": 2000000, "
	STACKS("\"main+0x4 [cp]\"", "\"schedule+0x1\", \"vfs_write+0x9\"") FOOT("7");

static int join(const char *a, const char *b, struct opts *o)
{
	char *args[2];
	int err;

	args[0] = path_of(a);
	args[1] = path_of(b);
	o->args = args;
	o->nr_args = 2;
	o->output = path_of("out");
	err = noun_show.verbs[0].check(&noun_show.verbs[0], o);
	return err ? err : noun_show.verbs[0].fn(&noun_show.verbs[0], o);
}

static void test_graph(const char *a, const char *b)
{
	struct opts o = { .flame = path_of("x.svg") };
	char *text;

	ok(!join(a, b, &o), "two files become a graph");
	text = read_back("x.svg");
	has(text, "<title>pmu record and sched offcpu joined: ./work</title>", "what was joined");
	has(text, ">on-CPU 4.00 ms: pmu record, 2.00 s: samples of a clock, each with its period (",
	    "how");
	has(text, ">off-CPU 6.00 ms: sched offcpu, 2.00 s: the time of each wait (", "both");
	has(text, ">width: ns, on-CPU and off-CPU added; all: 10.0 ms<", "the whole");
	has(text, ">on-CPU: hits 7 = recorded 5 + filtered 0 + lost 2; Linux 6.12.0, kobs 1.0<",
	    "the account of one");
	has(text, ">off-CPU: hits 7 = recorded 5 + filtered 0 + lost 2; Linux 6.12.0, kobs 1.0<",
	    "and of the other");
	has(text, "<g class=\"p2\" data-f=\"2 0 10000000\"><title>main [cp]\nuser, 10.0 ms, 100.00 %; on-CPU 4.00 ms, off-CPU 6.00 ms</title>",
	    "a frame of both");
	has(text, "<title>vfs_read\nkernel, 7.00 ms, 70.00 %; on-CPU 3.00 ms, off-CPU 4.00 ms</title>",
	    "one with more of the one");
	has(text, "<title>schedule\nkernel, 4.00 ms, 40.00 %; on-CPU 0 ns, off-CPU 4.00 ms</title>",
	    "one of waits alone");
	has(text, ">off-CPU</text>", "the legend");
	free(text);
	text = read_back("out");
	has(text, "flame graph of 4 stacks: ", "the picture is named");
	has(text, "\non-CPU: hits 7 = recorded 5", "the accounts are printed, too");
	free(text);
}

static void refuse_join(const char *name, const char *a, const char *b)
{
	struct opts o = { .flame = path_of("y.svg") };

	write_file("c.json", a);
	write_file("d.json", b);
	ok(join("c.json", "d.json", &o) == STATUS_REFUSED && access(path_of("y.svg"), F_OK), name);
}

#define PARTIAL \
	"\"notes\": {\"clocks\": 1}, \"interim\": true, \"stopped\": \"too dear\", " STACK_TYPES \
	", \"figures\": [{\"name\": \"events\", \"unit\": \"\"}]"

static void test_incomplete(void)
{
	struct opts o = { .flame = path_of("x.svg") };
	char *text;

	write_file("c.json", HEAD("pmu", "record", PARTIAL)
		   "{\"count\": 3, \"events\": 300, " STACKS("", "\"x\"") FOOT("7"));
	ok(!join("c.json", "b.json", &o), "a report that is not all");
	text = read_back("out");
	has(text, "\non-CPU 300 ns: pmu record, 2.00 s so far, stopped early: too dear: samples of",
	    "it stopped early");
	has(text, "\n*** on-CPU: 29 % of the hits were lost: its stacks are incomplete. ***\noff-CPU",
	    "its hits were lost");
	free(text);
	text = read_back("x.svg");
	has(text, "stopped early: too dear", "the picture says so");
	has(text, "*** off-CPU: 29 % of the hits were lost", "of both");
	free(text);
}

static void test_refusals(void)
{
	struct opts o = {};

	ok(join("a.json", "b.json", &o) == STATUS_USAGE, "two files without a picture");
	o = (struct opts){ .flame = path_of("y.svg"), .folded = true };
	ok(join("a.json", "b.json", &o) == STATUS_USAGE, "and folded");
	o = (struct opts){ .flame = path_of("y.svg"), .hist = true };
	ok(join("a.json", "b.json", &o) == STATUS_USAGE, "and with histograms");
	o = (struct opts){ .flame = path_of("y.svg"), .verbose = true };
	ok(join("a.json", "b.json", &o) == STATUS_USAGE, "and with more words");
	refuse_join("cycles are no time",
		    RECORD("0", STACK_TYPES)
		    "{\"count\": 3, \"events\": 300, " STACKS("", "\"x\"") FOOT("5"), off);
	refuse_join("other columns",
		    RECORD("1", "\"columns\": [{\"name\": \"kstack\", \"type\": \"kstack\"}]")
		    "{\"count\": 3, \"events\": 300, \"kstack\": [\"x\"]}" FOOT("5"), off);
	refuse_join("no stacks",
		    RECORD("1", "\"columns\": [{\"name\": \"comm\", \"type\": \"text\"}]")
		    "{\"count\": 3, \"events\": 300, \"comm\": \"x\"}" FOOT("5"), off);
	refuse_join("two of one verb", off, off);
	refuse_join("a file that is none", on, "{}");
	refuse_join("another verb", on,
		    HEAD("func", "time", "\"value\": \"time\", \"unit\": \"ns\"") FOOT("5"));
}

int main(void)
{
	static const char *const files[] = {
		"a.json", "b.json", "c.json", "d.json", "out", "x.svg",
	};
	size_t i;

	strcpy(dir, "/tmp/obsctl-test-XXXXXX");
	ok(mkdtemp(dir), "a directory");
	write_file("a.json", on);
	write_file("b.json", off);
	test_graph("a.json", "b.json");
	test_graph("b.json", "a.json");
	test_incomplete();
	test_refusals();
	for (i = 0; i < ARRAY_SIZE(files); i++)
		unlink(path_of(files[i]));
	ok(!rmdir(dir), "nothing else was left");
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
