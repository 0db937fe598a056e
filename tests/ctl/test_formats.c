// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of --format: which formats a verb takes, and that a report has the same file
 * in each of them, live or from what --json wrote; prints TAP.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/nouns.h"
#include "export/formats.h"
#include "lib/diag.h"
#include "lib/lines.h"
#include "report/report.h"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

/* What standard error gets from here to unhear(). */
static char said[4096];
static FILE *heard;
static int old_stderr;

static void hear(void)
{
	heard = tmpfile();
	fflush(stderr);
	old_stderr = dup(STDERR_FILENO);
	dup2(fileno(heard), STDERR_FILENO);
}

static void unhear(void)
{
	size_t len;

	fflush(stderr);
	dup2(old_stderr, STDERR_FILENO);
	close(old_stderr);
	rewind(heard);
	len = fread(said, 1, sizeof(said) - 1, heard);
	said[len] = 0;
	fclose(heard);
}

static int parse(struct opts *o, const struct verb **verb, const char *line)
{
	char copy[256];
	char *words[17];
	char *rest;
	char *word;
	int status;
	int n = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		words[n++] = word;
	words[n] = NULL;
	*verb = verb_find(noun_find(words[0]), words[1]);
	hear();
	status = opts_parse(noun_find(words[0]), *verb, n - 2, words + 2, o);
	unhear();
	return status;
}

static const struct {
	const char	*line;
	const char	*sentence;
} refusals[] = {
	{
		"func count x --format pprf",
		"option --format needs json, csv, folded, pprof, speedscope or perf, not 'pprf'; did you mean 'pprof'?",
	},
	{ "sched runq --format cvs",
	  "option --format needs json or csv, not 'cvs'; did you mean 'csv'?" },
	{ "func trace x --format chrom",
	  "option --format needs json, csv, chrome or perf, not 'chrom'; did you mean 'chrome'?" },
	{ "pmu branch --format xml",
	  "option --format needs json, csv, brstack or bolt, not 'xml'\n" },
	{
		"sched runq --format pprof",
		"--format pprof is made of rows with stacks, which this report does not have: here it is json or csv",
	},
	{ "pmu stat --format speedscope", "is made of rows with stacks" },
	{ "slab growth --format folded", "is made of rows with stacks" },
	{ "func trace x --format pprof", "here it is json, csv, chrome or perf" },
	{
		"func count x --format chrome",
		"--format chrome is made of single records, which the verbs called trace have: here it is json, csv, folded, pprof, speedscope or perf",
	},
	{ "pmu record --format bolt",
	  "--format bolt is made of branch records, which pmu branch has: " },
	{ "func count x --json --format pprof",
	  "--json and --format pprof are two forms of one report" },
	{ "func count x --format csv --json",
	  "--json and --format csv are two forms of one report" },
	{ "func count x --folded --format perf", "--folded and --format perf are two forms" },
	{
		"func count x -i 1 --format speedscope",
		"--format speedscope makes one report, at the end: it cannot be combined with --interval",
	},
	{ "pmu stat -i 1 --format csv", "--format csv makes one report, at the end" },
	{ "func count x --detach y --format csv",
	  "--detach makes no report: give --format to 'obsctl session read'" },
	{ "pmu record -g --format perf", "--graph and --format are two forms of one report" },
	{ "pmu branch --by from --format bolt", "--format bolt has its own columns" },
	{
		"func count x --format folded --format csv",
		"a run makes one report, and --format folded was given beside --format csv: keep it by --json -o FILE.json, of which obsctl show FILE.json --format FORMAT makes any",
	},
	{ "func trace x --format csv --format json",
	  "--format csv was given beside --format json" },
	{ "func count x --format", "option --format needs the name of a format" },
};

static void test_refusals(void)
{
	const struct verb *verb;
	struct opts o;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		bool good = parse(&o, &verb, refusals[i].line) == STATUS_USAGE &&
			    strstr(said, refusals[i].sentence) &&
			    strchr(said, '\n') == said + strlen(said) - 1;

		ok(good, refusals[i].line);
		if (!good)
			printf("# %s", said);
		opts_free(verb, &o);
	}
}

/* What is asked for. */
static void test_choice(void)
{
	const struct verb *verb;
	struct opts o;

	ok(!parse(&o, &verb, "func count x --format pprof -o a") && o.stacks && !o.json &&
	   o.format == format_find("pprof") && opts_wants_stacks(&o), "stacks are asked for");
	opts_free(verb, &o);
	ok(!parse(&o, &verb, "func count x --format csv") && o.csv && o.json && !o.stacks &&
	   !opts_wants_stacks(&o), "CSV is made of JSON");
	opts_free(verb, &o);
	ok(!parse(&o, &verb, "func count x --format json") && o.json && !o.csv && !o.format,
	   "JSON is that of --json");
	opts_free(verb, &o);
	ok(!parse(&o, &verb, "func count x --format folded") && o.folded && o.stacks,
	   "folded stacks are those of --folded");
	opts_free(verb, &o);
	ok(!parse(&o, &verb, "func count x --format csv --format csv") && o.csv,
	   "the same one twice is one");
	opts_free(verb, &o);
	ok(!parse(&o, &verb, "func trace x --format chrome") && o.columns && !o.json &&
	   !strcmp(o.columns[0], "comm") && !strcmp(o.columns[2], "tid"),
	   "tracks are of threads: their columns are added");
	opts_free(verb, &o);
	ok(!parse(&o, &verb, "func trace x --format csv") && !o.columns && !o.csv && !o.json,
	   "records are written as they come");
	opts_free(verb, &o);
	ok(!parse(&o, &verb, "func trace x --format perf") && o.columns && opts_wants_stacks(&o),
	   "events of perf have stacks");
	opts_free(verb, &o);
}

/* A report without a kernel, with a stack of each kind. */

static struct column columns[] = {
	{ .name = (char *)"comm", .type = KOBS_TYPE_TEXT },
	{ .name = (char *)"ustack", .type = KOBS_TYPE_USTACK },
	{ .name = (char *)"kstack", .type = KOBS_TYPE_KSTACK },
};

static struct lost lost[] = {
	{ (char *)"in_flight", NULL, 1 }, { (char *)"table_full", NULL, 3 },
	{ (char *)"ring_full", NULL, 0 },
};

struct fixture {
	struct view	view;
	struct source	source;
	struct mode	mode;
	struct session	session;
	struct table	table;
};

static void set_up(struct fixture *f)
{
	size_t i;

	memset(f, 0, sizeof(*f));
	f->mode = (struct mode){ .name = (char *)"time", .value = (char *)"duration",
				 .unit = (char *)"ns" };
	f->source = (struct source){ .name = (char *)"func", .modes = &f->mode, .nr_modes = 1 };
	f->view = (struct view){
		.sources = { .v = &f->source, .n = 1 }, .source = &f->source, .mode = &f->mode,
		.nr_columns = ARRAY_SIZE(columns), .kernel = "6.12.0-test", .version = "9.9",
	};
	ksyms_init(&f->view.ksyms);
	f->view.ksyms.path = "/nonexistent";
	f->session = (struct session){
		.source = (char *)"func", .mode = (char *)"time", .targets = 1,
		.state = KOBS_STATE_STOPPED, .duration = 1000000000, .hits = 16, .recorded = 10,
		.filtered = 2, .lost = lost, .nr_lost = ARRAY_SIZE(lost),
	};
	for (i = 0; i < ARRAY_SIZE(columns); i++) {
		f->view.columns[i] = &columns[i];
		f->view.types[i] = columns[i].type;
		strings_add(&f->session.by, columns[i].name);
	}
	model_init_table(&f->table, f->view.types, ARRAY_SIZE(columns), &f->mode);
}

static void add_stack(struct fixture *f, uint32_t id, uint32_t pid, const uint64_t *addr, size_t n)
{
	struct stack *s = zalloc(sizeof(*s) + n * sizeof(*addr));

	s->id = id;
	s->pid = pid;
	s->nr = (uint32_t)n;
	memcpy(s->addr, addr, n * sizeof(*addr));
	map_set(&f->table.stacks, id, s);
}

static void add_row(struct fixture *f, const char *comm, uint64_t ustack, uint64_t kstack,
		    uint64_t count)
{
	const struct row part = {
		.count = count, .sum = count * 1000 + 1, .min = 900, .max = 1200,
	};
	const uint64_t key[] = {
		(uint64_t)(uintptr_t)pool_intern(&f->table.texts, comm), ustack, kstack,
	};

	table_add(&f->table, table_row(&f->table, key), &part, NULL);
}

static void fill(struct fixture *f)
{
	uint64_t leaf = ksyms_tell(&f->view.ksyms, 0xffffffff81000010ull, "leaf+0x10", false);
	uint64_t again = ksyms_tell(&f->view.ksyms, 0xffffffff81000014ull, "leaf+0x14", false);
	uint64_t module = ksyms_tell(&f->view.ksyms, 0xffffffffc0000020ull, "<m> \"f\"+0x20 [mod]",
				     false);
	uint64_t hook = ksyms_tell(&f->view.ksyms, 0xffffffff81000040ull,
				   "arch_rethook_trampoline", false);

	add_stack(f, 1, 0, (uint64_t[]){ leaf, module }, 2);
	add_stack(f, 2, 0, (uint64_t[]){ hook, again, module }, 3);
	add_stack(f, 3, 4194305, (uint64_t[]){ 0x401000, 0x402000 }, 2);
	add_row(f, "sh", 3, 1, 4);
	add_row(f, "a\"b,\n\xc3\xa9", 3, 2, 3);
	add_row(f, "cat", 0, 0, 1);
}

static void print(struct fixture *f, struct opts *o)
{
	struct output to = {};
	struct report r = {
		.view = &f->view, .session = &f->session, .opts = o, .table = &f->table,
		.kind = nouns_report_kind("func", "time"),
	};

	hear();
	ok(!output_for(&to, o), "a file is opened");
	report_resolve(&r);
	ok(!report_print(&r, &to) && !output_close(&to), "a report is printed");
	report_free(&r);
	unhear();
}

#define JSON	"report.json"
#define ACCOUNT	"hits 16 = recorded 10 + filtered 2 + pending 1 + lost 3"

static char report_file[] = JSON;

static void show(struct opts *o)
{
	char *args[1];

	args[0] = report_file;
	o->args = args;
	o->nr_args = 1;
	hear();
	ok(!noun_show.verbs[0].check(&noun_show.verbs[0], o) &&
	   !noun_show.verbs[0].fn(&noun_show.verbs[0], o), "the saved one is shown");
	unhear();
}

static bool same_files(const char *a, const char *b)
{
	static char text[2][65536];
	ssize_t n[2];

	n[0] = read_file(a, text[0], sizeof(text[0]));
	n[1] = read_file(b, text[1], sizeof(text[1]));
	return n[0] > 0 && n[0] == n[1] && !memcmp(text[0], text[1], (size_t)n[0]);
}

static void test_format(struct fixture *f, const struct format *format)
{
	bool stacks = format->of == FORMAT_OF_STACKS;
	bool csv = !strcmp(format->name, "csv");
	struct opts o = {
		.output = "live", .stacks = stacks, .csv = csv, .json = csv,
		.format = format,
	};

	printf("# %s\n", format->name);
	print(f, &o);
	ok(strstr(said, ACCOUNT "\n") && strstr(said, "\n  lost 3, table_full\n"),
	   "losses are said");
	o.output = "saved";
	show(&o);
	ok(strstr(said, ACCOUNT "\n") && strstr(said, "\n  lost 3, table_full\n"),
	   "so are those of the file");
	ok(same_files("live", "saved"), "both have the same bytes");
	unlink("live");
	unlink("saved");
}

static void test_same(void)
{
	struct opts json = { .output = JSON, .json = true };
	struct fixture f;
	size_t i;

	set_up(&f);
	fill(&f);
	print(&f, &json);
	for (i = 0; i < nr_formats; i++)
		if (formats[i].of == FORMAT_OF_STACKS || !strcmp(formats[i].name, "csv"))
			test_format(&f, &formats[i]);
	strings_free(&f.session.by);
	model_free_table(&f.table);
	ksyms_free(&f.view.ksyms);
	usyms_free(&f.view.usyms);
	unlink(JSON);
}

/* A report that is refused leaves no lines of CSV behind. */
static void test_nothing(void)
{
	struct opts o = { .output = "empty", .csv = true, .json = true };
	struct output to = {};
	struct stat st;

	ok(!output_for(&to, &o) && !output_close(&to) && !stat("empty", &st) && !st.st_size,
	   "without a report there is no CSV");
	unlink("empty");
	o.output = "none/a.csv";
	hear();
	ok(output_for(&to, &o) == STATUS_REFUSED, "a file that cannot be written is refused");
	output_close(&to);
	unhear();
}

int main(void)
{
	char dir[] = "/tmp/obsctl-test-XXXXXX";

	ok(mkdtemp(dir) && !chdir(dir), "a directory");
	test_refusals();
	test_choice();
	test_same();
	test_nothing();
	ok(!chdir("/") && !rmdir(dir), "nothing else was left");
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
