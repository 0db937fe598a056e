// SPDX-License-Identifier: GPL-2.0
/* Unit tests of obsctl diff, and of stacks that obsctl show draws; prints TAP. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/nouns.h"
#include "cmd/saved/compare.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/lines.h"

static unsigned int test_nr;
static unsigned int failures;
static char dir[32];
static char text[65536];

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static void has(const char *part, bool wanted, const char *name)
{
	bool good = !strstr(text, part) == !wanted;

	ok(good, name);
	if (!good)
		printf("# %s '%s' in '%.3000s'\n", wanted ? "no" : "there is", part, text);
}

#define HEAD(source, mode, by) \
	"{\"kobs\": \"1.0\", \"kernel\": \"6.12.0\", \"source\": \"" source "\", " \
	"\"mode\": \"" mode "\", \"duration_ns\": 2000000000, \"targets\": 1, " \
	"\"by\": [" by "], \"rows\": ["
#define ROW(comm, sum, ustack, kstack) \
	"{\"func\": \"vfs_read\", \"comm\": \"" comm "\", \"count\": 1, \"sum\": " #sum ", " \
	"\"ustack\": [" ustack "], \"kstack\": [" kstack "]}"
#define FOOT \
	"], \"accounting\": {\"hits\": 20, \"recorded\": 15, \"filtered\": 1, \"pending\": 1, " \
	"\"unpaired\": 0, \"lost\": {\"in_flight\": 1, \"table_full\": 3}}}\n"
#define NEXT	","

static const char before[] =
	HEAD("func", "time", "\"func\", \"comm\", \"ustack\", \"kstack\"")
	ROW("cp", 1000, "\"main+0x1 [cp]\"", "\"vfs_read+0x0\", \"ksys_read+0x10\"") NEXT
	ROW("dd", 500, "", "\"gone+0x1 [mod]\"") FOOT;

static const char after[] =
	HEAD("func", "time", "\"func\", \"comm\", \"ustack\", \"kstack\"")
	ROW("cp", 2500, "\"main+0x7 [cp]\"", "\"vfs_read+0x3\", \"ksys_read+0x14\"") NEXT
	ROW("cp", 500, "\"main+0x7 [cp]\"", "\"came+0x3\"") FOOT;

static char *path_of(const char *name)
{
	static char paths[8][64];
	static size_t n;
	char *path = paths[n++ % ARRAY_SIZE(paths)];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static void write_file(const char *name, const char *content)
{
	FILE *file = fopen(path_of(name), "w");

	if (file) {
		fputs(content, file);
		fclose(file);
	}
}

static void read_back(const char *name)
{
	text[0] = 0;
	read_file(path_of(name), text, sizeof(text));
}

/* Run a noun with files, and options that are set already. Return: its exit status. */
static int run(const struct noun *noun, struct opts *o, const char *a, const char *b)
{
	static struct diff_opts own;
	char *args[2];
	int err;

	args[0] = path_of(a);
	args[1] = b ? path_of(b) : NULL;
	o->args = args;
	o->nr_args = b ? 2 : 1;
	o->own = o->own ? o->own : &own;
	o->output = path_of("out");
	err = noun->verbs[0].check(&noun->verbs[0], o);
	return err ? err : noun->verbs[0].fn(&noun->verbs[0], o);
}

static void test_show(void)
{
	struct opts o = { .folded = true };

	ok(!run(&noun_show, &o, "a.json", NULL), "a saved report folded");
	read_back("out");
	ok(!strcmp(text, "cp;main [cp];ksys_read;vfs_read 1000\ndd;gone [mod] 500"),
	   "its stacks, without the function that they have");
	o = (struct opts){ .flame = path_of("a.svg") };
	ok(!run(&noun_show, &o, "a.json", NULL), "the same as a flame graph");
	read_back("a.svg");
	has("<title>gone [mod]\nmodule, 500 ns, 33.33 %</title>", true, "a frame");
	has("<title>main [cp]\nuser, 1.00 us, 66.67 %</title>", true, "one of the user's");
	has(">func time, 2.00 s<", true, "what was observed");
	has(">width: ns of time; all: 1.50 us in 2 rows<", true, "what the width is");
	has(">hits 20 = recorded 15 + filtered 1 + pending 1 + lost 3<", true, "the account");
	has(">Linux 6.12.0, kobs 1.0<", true, "the machine that it comes from");
	o = (struct opts){ .flame = path_of("b.svg") };
	ok(run(&noun_show, &o, "none.json", NULL) == STATUS_REFUSED &&
	   access(path_of("b.svg"), F_OK), "a file that is not there makes no picture");
}

static void test_diff(void)
{
	struct opts o = { .flame = path_of("d.svg") };

	ok(!run(&noun_diff, &o, "a.json", "b.json"), "two reports compared");
	read_back("out");
	has("ns: before 1.50 us, after 3.00 us (+100.0 %)\n", true, "the whole of both");
	has("ENDS IN      BEFORE    AFTER    CHANGE  RELATIVE\n"
	    "vfs_read    1.00 us  2.50 us  +1.50 us  +150.0 %\n"
	    "came           0 ns   500 ns   +500 ns       new\n"
	    "gone [mod]   500 ns     0 ns   -500 ns  -100.0 %", true,
	    "the greatest change first");
	read_back("d.svg");
	has("<g class=\"d7\" data-f=\"3 500 2500\"><title>ksys_read\nkernel, 2.50 us, 83.33 %, before 1.00 us (+150.0 %)</title>",
	    true, "what grew is red");
	has("<g class=\"d8\" data-f=\"3 0 500\"><title>came\nkernel, 500 ns, 16.67 %, before 0 ns (new)</title>",
	    true, "what came is redder");
	has("<title>gone", false, "what went has no width");
	has(">gone: frames that had 500 ns before and have no width any more<", true, "and is told");
	has(">before: hits 20 = ", true, "the account before");
	o = (struct opts){ .flame = path_of("d.svg") };
	ok(!run(&noun_diff, &o, "b.json", "a.json"), "the other way round");
	read_back("d.svg");
	has("<g class=\"d1\" data-f=\"3 0 1000\"><title>ksys_read\n", true, "what shrank is blue");
	o = (struct opts){ .json = true };
	ok(!run(&noun_diff, &o, "a.json", "b.json"), "the change as JSON");
	read_back("out");
	has("{\"unit\": \"ns\", \"before\": 1500, \"after\": 3000, \"lost_before\": 3, \"lost_after\": 3, \"per_second\": false, \"per_hit\": false, \"scale\": 1, \"rows\": [{\"frame\": \"vfs_read\", \"before\": 1000, \"after\": 2500, \"change\": 1500}",
	    true, "its numbers");
}

static void test_rates(void)
{
	struct diff_opts own = { .per_second = true };
	struct opts o = { .own = &own };
	char *longer = strdup(before);
	char *at = strstr(longer, "2000000000");

	memcpy(at, "1000000000", 10);
	write_file("c.json", longer);
	ok(!run(&noun_diff, &o, "c.json", "b.json"), "rates compared");
	read_back("out");
	has("ns: before 3.00 us in the same time, after 3.00 us (+0.0 %)\n", true,
	    "half of the time counts twice");
	free(longer);
}

/* Rows without stacks: a key with two columns, histograms, numbers above 2^63. */
#define TABLE_HEAD(by, params) \
	"{\"kobs\": \"1.0\", \"kernel\": \"6.12.0\", \"source\": \"func\", \"mode\": \"time\", " \
	"\"duration_ns\": 2000000000, \"targets\": 1, \"params\": {" params "}, \"by\": [" by "], " \
	"\"rows\": ["
#define TABLE_ROW(func, pid, sum, bucket) \
	"{\"func\": \"" func "\", \"pid\": " #pid ", \"count\": 10, \"sum\": " #sum ", \"min\": 1, " \
	"\"max\": 900, \"hist\": [{\"lo\": " #bucket ", \"hi\": " #bucket ", \"count\": 10}]}"

static void test_keys(void)
{
	struct diff_opts own = {};
	struct opts o = { .own = &own };

	write_file("k.json", TABLE_HEAD("\"func\", \"pid\"", "\"rows\": 1")
		   TABLE_ROW("vfs_read", 7, 1000, 100) NEXT TABLE_ROW("vfs_read", 8, 1000, 10) NEXT
		   TABLE_ROW("same", 9, 500000, 10) NEXT TABLE_ROW("went", 9, 6000, 10) FOOT);
	write_file("l.json", TABLE_HEAD("\"func\", \"pid\"", "\"rows\": 2")
		   TABLE_ROW("vfs_read", 7, 1500, 200) NEXT TABLE_ROW("came", 8, 2000, 10) NEXT
		   TABLE_ROW("vfs_read", 8, 1000, 10) NEXT TABLE_ROW("same", 9, 500000, 10) FOOT);
	ok(!run(&noun_diff, &o, "k.json", "l.json"), "reports without stacks compared");
	read_back("out");
	has("The reports were made with another rows\n", true, "in what they differ");
	has("FUNC      PID   BEFORE    AFTER    CHANGE  RELATIVE  P50 BEFORE  P50 AFTER  P99 BEFORE  P99 AFTER\n"
	    "went      9    6.00 us     0 ns  -6.00 us  -100.0 %       10 ns          -       10 ns          -\n"
	    "came      8       0 ns  2.00 us  +2.00 us       new           -      10 ns           -      10 ns\n"
	    "vfs_read  7    1.00 us  1.50 us   +500 ns   +50.0 %      100 ns     200 ns      100 ns     200 ns\n"
	    "2 rows did not change", true, "rows by both columns, new and gone ones, percentiles");
	has("Nothing changed over", false, "one in a hundred went");
	o = (struct opts){ .own = &own, .fail_over = { .text = "5%" } };
	ok(!run(&noun_diff, &o, "k.json", "l.json"), "what grew is a small part: no limit is crossed");
	o.fail_over.text = "600ns";
	ok(run(&noun_diff, &o, "k.json", "l.json") == STATUS_CROSSED, "an absolute one is");
	o.fail_over.text = "2us";
	ok(!run(&noun_diff, &o, "k.json", "l.json"), "a higher one is not");
	o.fail_over.text = "2KiB";
	ok(run(&noun_diff, &o, "k.json", "l.json") == STATUS_USAGE, "times have no sizes");
	o.fail_over.text = "5%";
	ok(run(&noun_diff, &o, "l.json", "k.json") == STATUS_CROSSED,
	   "a new row with 1 % of all crosses");
	o = (struct opts){ .own = &own };
	ok(!run(&noun_diff, &o, "k.json", "k.json"), "a report compared with itself");
	read_back("out");
	has("Nothing changed over 5 %, of rows with 1 % of all or more.", true, "nothing changed");
	write_file("m.json", TABLE_HEAD("\"pid\"", "") TABLE_ROW("x", 7, 1000, 10) NEXT
		   TABLE_ROW("x", 8, 1000, 10) NEXT TABLE_ROW("x", 9, 506000, 10) FOOT);
	ok(!run(&noun_diff, &o, "k.json", "m.json"), "reports of other columns");
	read_back("out");
	has("The reports have other columns; compared by those of both: pid\n", true, "it is said");
	has("3 rows did not change", true, "rows that become one are added");
	write_file("m.json", TABLE_HEAD("\"comm\"", "") FOOT);
	ok(run(&noun_diff, &o, "k.json", "m.json") == STATUS_REFUSED, "no column in common");
	own.by = "end";
	ok(run(&noun_diff, &o, "k.json", "l.json") == STATUS_REFUSED, "stacks that are not there");
	own.by = "key";
	ok(!run(&noun_diff, &o, "a.json", "b.json"), "stacks by all columns");
	read_back("out");
	has("vfs_read  cp    1.00 us  2.50 us  +1.50 us  +150.0 %\n      main [cp]\n      vfs_read\n      ksys_read\n",
	    true, "which stand below their rows");
}

static void test_scales(void)
{
	struct diff_opts own = { .per_hit = true };
	struct opts o = { .own = &own, .json = true };

	write_file("k.json", HEAD("func", "count", "\"func\"")
		   "{\"func\": \"f\", \"count\": 10}], \"accounting\": {\"recorded\": 10}}");
	write_file("l.json", HEAD("func", "count", "\"func\"")
		   "{\"func\": \"f\", \"count\": 30}], \"accounting\": {\"recorded\": 20}}");
	ok(!run(&noun_diff, &o, "k.json", "l.json"), "reports compared by hits");
	read_back("out");
	has("\"per_second\": false, \"per_hit\": true, \"scale\": 2, \"rows\": [{\"func\": \"f\", \"before\": 20, \"after\": 30, \"change\": 10}]",
	    true, "the scale, and what it makes");
	own.per_second = true;
	ok(run(&noun_diff, &o, "k.json", "l.json") == STATUS_USAGE, "two scales");
}

/* Rows of a count, with all that 64 bits have, and what two of them add up to. */
static void test_amounts(void)
{
	static const char most[] = "18446744073709551615";
	struct diff_opts own = {};
	struct opts o = { .own = &own, .json = true };
	char content[512];

	write_file("k.json", HEAD("func", "count", "\"func\"")
		   "{\"func\": \"f\", \"count\": 0}" NEXT
		   "{\"func\": \"g\", \"count\": 9007199254740993}" FOOT);
	snprintf(content, sizeof(content), HEAD("func", "count", "\"func\"")
		 "{\"func\": \"f\", \"count\": %s}" NEXT "{\"func\": \"f\", \"count\": %s}" NEXT
		 "{\"func\": \"g\", \"count\": 9007199254740994}" FOOT, most, most);
	write_file("l.json", content);
	ok(!run(&noun_diff, &o, "k.json", "l.json"), "counts above 2^63");
	read_back("out");
	has("\"before\": 9007199254740993, \"after\": 36902495346673844224, ", true, "their sums");
	has("{\"func\": \"f\", \"before\": 0, \"after\": 36893488147419103230, \"change\": 36893488147419103230}",
	    true, "a change of more than 64 bits");
	has("{\"func\": \"g\", \"before\": 9007199254740993, \"after\": 9007199254740994, \"change\": 1}",
	    true, "a change by one");
	ok(!run(&noun_diff, &o, "l.json", "k.json"), "the other way round");
	read_back("out");
	has("\"after\": 0, \"change\": -36893488147419103230}", true, "below 0");
	o.json = false;
	ok(!run(&noun_diff, &o, "k.json", "l.json"), "the same as text");
	read_back("out");
	has("0  36,893,488,147,419,103,230  +36,893,488,147,419,103,230  ", true,
	    "with all digits");
	has("g     9,007,199,254,740,993       9,007,199,254,740,994   ", true, "of the other one, too");
	o.fail_over.text = "1";
	ok(run(&noun_diff, &o, "k.json", "l.json") == STATUS_CROSSED, "a limit is crossed");
}

/* Source lines that one of two reports has. */
static void test_lines(void)
{
	static const char plain[] = HEAD("func", "count", "\"ustack\", \"kstack\"")
		"{\"count\": 5, \"ustack\": [\"add (inlined)\", \"main+0x4 [cp]\"]" NEXT
		"\"kstack\": [\"vfs_read+0x0\", \"ksys_read+0x10\"]}" FOOT;
	static const char lined[] = HEAD("func", "count", "\"ustack\", \"kstack\"")
		"{\"count\": 7, \"ustack\": [\"add (inlined) cp.c:7\"" NEXT
		"\"main+0x8 [cp] cp.c:90\"]" NEXT
		"\"kstack\": [\"check (inlined) fs.h:2\", \"vfs_read+0x0 read_write.c:462\"" NEXT
		"\"ksys_read+0x10 read_write.c:11\"]}" FOOT;
	static const char key[] =
		"      add (inlined)\n      main [cp]\n      vfs_read\n      ksys_read";
	struct diff_opts own = { .by = "key" };
	struct opts o = { .own = &own };

	write_file("k.json", plain);
	write_file("l.json", lined);
	ok(!run(&noun_diff, &o, "k.json", "l.json"), "one report with lines");
	read_back("out");
	has("One report was made with --lines: compared by function, without lines\n", true, "it is said");
	has(key, true, "functions are the key");
	has("     5      7      +2   +40.0 %", true, "one row");
	ok(!run(&noun_diff, &o, "l.json", "k.json"), "the other one");
	read_back("out");
	has(key, true, "has the same key");
	own.by = "end";
	ok(!run(&noun_diff, &o, "k.json", "l.json"), "by the function that stacks end in");
	read_back("out");
	has("vfs_read       5      7      +2   +40.0 %", true, "a row");
	own.by = "key";
	ok(!run(&noun_diff, &o, "l.json", "l.json"), "both with lines");
	read_back("out");
	has("made with --lines", false, "nothing is taken out");
	write_file("k.json", HEAD("func", "count", "\"ustack\", \"kstack\"")
		   "{\"count\": 9, \"ustack\": []" NEXT
		   "\"kstack\": [\"vfs_read+0x4 read_write.c:470\"]}" FOOT);
	ok(!run(&noun_diff, &o, "l.json", "k.json"), "two reports with lines");
	read_back("out");
	has("      vfs_read read_write.c:470\n", true, "lines are a part of the key");
	has("      check (inlined) fs.h:2\n      vfs_read read_write.c:462\n", true, "of both");
}

#define NUMBERS \
	"{\"func\": \"f 1.50\", \"count\": 36893488147419103230, \"a\": 0.1, " \
	"\"b\": 0.30000000000000004, \"c\": [18446744073709551615, -1.25e-30, 123456789.125]}"

/* What --format json and csv make of a file's numbers. */
static void test_numbers(void)
{
	static const char content[] = HEAD("func", "count", "\"func\"") NUMBERS FOOT;
	struct opts o = { .json = true };

	write_file("k.json", content);
	ok(!run(&noun_show, &o, "k.json", NULL), "a file as JSON");
	read_back("out");
	has(NUMBERS, true, "numbers are what they were");
	o.csv = true;
	ok(!run(&noun_show, &o, "k.json", NULL), "its rows as CSV");
	read_back("out");
	has("f 1.50,36893488147419103230,0.1,0.30000000000000004,\"[18446744073709551615,-1.25e-30,123456789.125]\"",
	    true, "the same numbers");
	write_file("k.json", HEAD("func", "count", "\"func\"")
		   "{\"func\": \"\\u0001x\", \"count\": \"\\u0001\"}" FOOT);
	ok(run(&noun_show, &(struct opts){}, "k.json", NULL) == STATUS_REFUSED,
	   "texts that begin as large numbers do");
	write_file("k.json", "{\"\\u000142\": 1, \"rows\": [], \"a\": \"x\\u007f\xc2\x9b\xc2\xa0\xc3\x9b\"}");
	o = (struct opts){ .json = true };
	ok(!run(&noun_show, &o, "k.json", NULL), "controls of a terminal");
	read_back("out");
	has("{\"\\u000142\": 1, ", true, "a key is no number");
	has("\"a\": \"x\\u007f\\u009b\xc2\xa0\xc3\x9b\"}", true, "they are escaped, and nothing else");
}

static void write_sums(const char *name, const char *sum)
{
	char content[512];

	snprintf(content, sizeof(content), HEAD("func", "time", "\"func\"")
		 "{\"func\": \"a\", \"count\": 1, \"sum\": %s}" NEXT
		 "{\"func\": \"b\", \"count\": 1, \"sum\": %s}" FOOT, sum, sum);
	write_file(name, content);
}

/* What two of them add up to has 128 bits, and its difference, too. */
static void test_widest(void)
{
	struct diff_opts own = {};
	struct opts o = { .own = &own, .json = true };

	write_sums("k.json", "79228162514264337593543950336");
	write_sums("l.json", "1");
	ok(!run(&noun_diff, &o, "l.json", "k.json"), "the largest sums");
	read_back("out");
	has("\"before\": 2, \"after\": 158456325028528675187087900672, ", true, "add up");
	write_sums("k.json", "79228162514264337593543950337");
	ok(run(&noun_diff, &o, "l.json", "k.json") == STATUS_REFUSED, "one that is larger");
	write_sums("k.json", "170141183460469231731687303715884105727");
	ok(run(&noun_diff, &o, "l.json", "k.json") == STATUS_REFUSED, "two that overflow");
}

static void test_large(void)
{
	static const char *const files[][2] = {
		{ "18446744073709551615", "max      18,446,744,073,709,551,615" },
		{ "9223372036854775808", "max      9,223,372,036,854,775,808" },
		{ "9223372036854775807", "max      9,223,372,036,854,775,807" },
	};
	char content[512];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		struct opts o = {};

		snprintf(content, sizeof(content), "%s%s%s}" FOOT,
			 HEAD("func", "count", "\"func\""),
			 "{\"func\": \"max \\\"1, 99999999999999999999\", \"x\": 1e400, \"count\": ",
			 files[i][0]);
		/* What is too large for everybody is no report. */
		write_file("k.json", content);
		ok(run(&noun_show, &o, "k.json", NULL) == STATUS_REFUSED, "a real without an end");
		memcpy(strstr(content, "1e400"), "1e2  ", 5);
		write_file("k.json", content);
		ok(!run(&noun_show, &o, "k.json", NULL), "a large number");
		read_back("out");
		has(strchr(files[i][1], ' ') + 6, true, "to the last digit");
		has("max \"1, 99999999999999999999  ", true, "but not in a text");
	}
	snprintf(content, sizeof(content), HEAD("func", "count", "\"func\"")
		 "{\"func\": \"f\", \"count\": 18446744073709551616}" FOOT);
	write_file("k.json", content);
	ok(run(&noun_show, &(struct opts){}, "k.json", NULL) == STATUS_REFUSED, "one above 64 bits");
}

/* What other verbs print as JSON is told by its keys. */
static void test_others(void)
{
	static const struct {
		const char	*content;
		const char	*sentence;
	} other[] = {
		{ "{\"checks\": []}", "is of 'obsctl doctor', and not a report" },
		{ "{\"kobs\": \"1\", \"sources\": []}", "is of 'obsctl status'" },
		{ "{\"sessions\": []}", "is of 'obsctl session list'" },
		{ "{\"probes\": []}", "is of 'obsctl probe list'" },
		{ "{\"hardware\": true, \"events\": []}", "is of 'obsctl pmu list'" },
		{ "{\"unit\": \"ns\", \"per_hit\": false, \"rows\": []}", "is of 'obsctl diff'" },
		{ "{\"kobs\": \"1\", \"source\": \"slab\", \"mode\": \"diff\", \"of\": \"x\"}",
		  "is of 'obsctl slab diff'" },
		{ "{\"sessions\": [], \"sentence\": \"x\"}", "is of 'obsctl triage'" },
		{ "{\"time_ns\": 1}\n{\"time_ns\": 2}", "ends with a record, and not with" },
		{ "{\"kobs\": \"1\"}", "it has no \"kobs\", \"source\" or \"mode\"" },
	};
	struct buf said = {};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(other); i++) {
		struct opts o = {};

		write_file("bad.json", other[i].content);
		said.len = 0;
		sentences_kept = &said;
		ok(run(&noun_show, &o, "bad.json", NULL) == STATUS_REFUSED &&
		   strstr(said.p, other[i].sentence), other[i].sentence);
		sentences_kept = NULL;
	}
	buf_free(&said);
}

/* What may control a terminal, of one byte and of two. */
static void test_controls(void)
{
	struct opts o = {};

	write_file("k.json", HEAD("func", "count", "\"func\"")
		   "{\"func\": \"a\\u001b[1m\\u009b31m\\u007f\303\274\", \"count\": 1}" FOOT);
	ok(!run(&noun_show, &o, "k.json", NULL), "a name with controls");
	read_back("out");
	has("a?[1m?31m?\303\274  ", true, "which are none any more");
	o = (struct opts){ .csv = true, .json = true };
	ok(!run(&noun_show, &o, "k.json", NULL), "as CSV");
	read_back("out");
	has("a?[1m?31m?\303\274,1", true, "neither");
}

static void test_refusals(void)
{
	static const struct {
		const char	*name;
		const char	*content;
	} bad[] = {
		{ "no JSON", "{\"kobs\"" },
		{ "no report", "{\"kobs\": \"1\"}" },
		{ "no stacks", HEAD("func", "count", "\"func\"") "{\"count\": 1}" FOOT },
		{ "no numbers", HEAD("func", "count", "\"kstack\"") "{\"kstack\": []}" FOOT },
		{ "a stack of numbers",
		  HEAD("func", "count", "\"kstack\"") "{\"count\": 1, \"kstack\": [1]}" FOOT },
		{ "no stack",
		  HEAD("func", "count", "\"kstack\"") "{\"count\": 1, \"kstack\": 1}" FOOT },
		{ "columns that are none", HEAD("func", "count", "1") FOOT },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct opts o = { .flame = path_of("x.svg") };

		write_file("bad.json", bad[i].content);
		ok(run(&noun_show, &o, "bad.json", NULL) == STATUS_REFUSED &&
		   access(path_of("x.svg"), F_OK), bad[i].name);
	}
	write_file("bad.json", HEAD("func", "count", "\"kstack\"") FOOT);
	ok(run(&noun_diff, &(struct opts){ }, "a.json", "bad.json") == STATUS_REFUSED,
	   "reports of two kinds");
	ok(run(&noun_diff, &(struct opts){ }, "a.json", NULL) == STATUS_USAGE, "a file alone");
}

int main(void)
{
	static const char *const files[] = {
		"a.json", "b.json", "c.json", "k.json", "l.json", "m.json", "bad.json", "out",
		"a.svg", "d.svg",
	};
	size_t i;

	strcpy(dir, "/tmp/obsctl-test-XXXXXX");
	ok(mkdtemp(dir), "a directory");
	write_file("a.json", before);
	write_file("b.json", after);
	test_show();
	test_diff();
	test_rates();
	test_keys();
	test_scales();
	test_amounts();
	test_lines();
	test_numbers();
	test_large();
	test_widest();
	test_others();
	test_controls();
	test_refusals();
	for (i = 0; i < ARRAY_SIZE(files); i++)
		unlink(path_of(files[i]));
	ok(!rmdir(dir), "nothing else was left");
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
