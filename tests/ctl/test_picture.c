// SPDX-License-Identifier: GPL-2.0
/* Unit tests of a report's flame graph: its stacks, its words, and its file; prints TAP. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/nouns.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/lines.h"
#include "lib/map.h"
#include "report/picture.h"
#include "report/report.h"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static void has(const char *text, const char *part, bool wanted, const char *name)
{
	bool good = !strstr(text, part) == !wanted;

	ok(good, name);
	if (!good)
		printf("# %s '%s' in '%.3000s'\n", wanted ? "no" : "there is", part, text);
}

static struct figure figures[] = {
	{ .name = (char *)"events", .merge = KOBS_MERGE_SUM },
};

static struct column columns[] = {
	{ .name = (char *)"comm", .type = KOBS_TYPE_TEXT },
	{ .name = (char *)"func", .type = KOBS_TYPE_FUNCTION },
	{ .name = (char *)"ustack", .type = KOBS_TYPE_USTACK },
	{ .name = (char *)"kstack", .type = KOBS_TYPE_KSTACK },
};

#define COLUMNS_USED 4

/* A session by comm, function and both stacks, without the kernel. */
struct fixture {
	struct view	view;
	struct source	source;
	struct mode	mode;
	struct session	session;
	struct opts	opts;
	struct table	table;
	struct report	report;
	struct picture	picture;
	char		dir[32];
	char		path[64];
	char		text[65536];
	char		*said;
};

static void set_up(struct fixture *f, const char *source, const char *mode)
{
	size_t i;

	memset(f, 0, sizeof(*f));
	f->mode = (struct mode){ .name = (char *)mode };
	if (!strcmp(source, "pmu")) {
		f->mode.figures = figures;
		f->mode.nr_figures = ARRAY_SIZE(figures);
	}
	f->source = (struct source){ .name = (char *)source, .modes = &f->mode, .nr_modes = 1 };
	f->view = (struct view){
		.sources = { .v = &f->source, .n = 1 }, .source = &f->source, .mode = &f->mode,
		.nr_columns = COLUMNS_USED, .kernel = "6.12.0-test", .version = "9.9",
	};
	for (i = 0; i < COLUMNS_USED; i++) {
		f->view.columns[i] = &columns[i];
		f->view.types[i] = columns[i].type;
	}
	ksyms_init(&f->view.ksyms);
	f->view.ksyms.path = "/nonexistent";
	f->session = (struct session){
		.source = (char *)source, .mode = (char *)mode, .targets = 1,
		.state = KOBS_STATE_STOPPED, .duration = 1000000000, .hits = 12, .recorded = 10,
		.filtered = 2,
	};
	model_init_table(&f->table, f->view.types, COLUMNS_USED, &f->mode);
	strcpy(f->dir, "/tmp/obsctl-test-XXXXXX");
	ok(mkdtemp(f->dir), "a directory");
	snprintf(f->path, sizeof(f->path), "%s/a.svg", f->dir);
	f->opts.flame = f->path;
	f->report = (struct report){
		.view = &f->view, .session = &f->session, .opts = &f->opts, .table = &f->table,
		.kind = nouns_report_kind(source, mode), .picture = &f->picture,
	};
}

static void tear_down(struct fixture *f)
{
	model_free_table(&f->table);
	ksyms_free(&f->view.ksyms);
	usyms_free(&f->view.usyms);
	unlink(f->path);
	ok(!rmdir(f->dir), "nothing else was left");
	free(f->said);
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
	const struct row part = { .count = count, .sum = count * 1000 };
	const uint64_t events = count * 500;
	const uint64_t key[] = {
		(uint64_t)(uintptr_t)pool_intern(&f->table.texts, comm), 0, ustack, kstack,
	};

	table_add(&f->table, table_row(&f->table, key), &part, &events);
}

/* leaf <- mod_fn [mod] <- root; the same with the frames of a hook at a return. */
static void add_rows(struct fixture *f)
{
	static const struct {
		uint64_t	address;
		const char	*name;
	} code[] = {
		{ 0xffffffff81000010ull, "leaf+0x10" },
		{ 0xffffffffc0000020ull, "mod_fn+0x20 [mod]" },
		{ 0xffffffff81000030ull, "root+0x30" },
		{ 0xffffffff81000014ull, "leaf+0x14" },
		{ 0xffffffff81000040ull, "arch_rethook_trampoline" },
	};
	uint64_t at[ARRAY_SIZE(code)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(code); i++)
		at[i] = ksyms_tell(&f->view.ksyms, code[i].address, code[i].name, false);
	add_stack(f, 1, 0, (uint64_t[]){ at[0], at[1], at[2] }, 3);
	add_stack(f, 2, 0, (uint64_t[]){ at[4], at[3], at[1], at[2] }, 4);
	add_stack(f, 3, 4194305, (uint64_t[]){ 0x401000, 0x402000 }, 2);
	add_row(f, "sh", 3, 1, 4);
	add_row(f, "sh", 3, 2, 3);
	add_row(f, "cat", 0, 9, 2);
	add_row(f, "cat", 0, 0, 1);
}

/* Print the report; f->text is the picture, f->said what was printed. */
static void print(struct fixture *f)
{
	struct output to = {};
	size_t size = 0;

	free(f->said);
	f->said = NULL;
	to.file = open_memstream(&f->said, &size);
	ok(!picture_open(&f->picture, f->path), "the picture's file is opened");
	report_resolve(&f->report);
	ok(!report_print(&f->report, &to), "a report is printed");
	fclose(to.file);
	report_free(&f->report);
	picture_close(&f->picture);
	f->text[0] = 0;
	read_file(f->path, f->text, sizeof(f->text));
	ok(strstr(f->text, "</svg>"), "the picture is complete");
}

/* The same as folded stacks, whose account goes elsewhere. */
static void fold(struct fixture *f)
{
	FILE *before = stderr;
	struct output to = {};
	size_t size = 0;

	free(f->said);
	f->said = NULL;
	to.file = open_memstream(&f->said, &size);
	stderr = fopen("/dev/null", "w");
	report_resolve(&f->report);
	ok(!report_print(&f->report, &to), "folded stacks are printed");
	fclose(stderr);
	stderr = before;
	fclose(to.file);
	report_free(&f->report);
}

static void test_stacks(void)
{
	char work[] = "./work", word[] = "<b>";
	char *command[3] = { work, word };
	struct fixture f;

	set_up(&f, "func", "count");
	add_rows(&f);
	f.opts.command = command;
	print(&f);
	has(f.text, "<title>func count: ./work &lt;b&gt;</title>", true, "the title is verb and command");
	has(f.text, "data-f=\"1 3 7\"><title>sh\ncolumn, 7 hits, 70.00 %</title>", true,
	    "a column is the first frame, the function none");
	has(f.text, "data-f=\"2 3 7\"><title>[unknown]\nuser, 7 hits, 70.00 %</title>", true,
	    "then the user's stack, whose addresses without a name are one frame");
	has(f.text, "data-f=\"4 3 7\"><title>root\nkernel, ", true, "the kernel's stands on it");
	has(f.text, "data-f=\"5 3 7\"><title>mod_fn [mod]\nmodule, ", true, "a frame of a module");
	has(f.text, "data-f=\"6 3 7\"><title>leaf\nkernel, 7 hits, ", true,
	    "frames of one function are one, without a hook on it");
	has(f.text, "rethook", false, "the hook is not drawn");
	has(f.text, "data-f=\"2 0 2\"><title>[lost stack]\ncolumn, 2 hits, 20.00 %</title>", true,
	    "a stack that was lost");
	has(f.text, ">func count of 1 target, 1.00 s<", true, "what was observed");
	has(f.text, ">width: hits; all: 10 in 4 rows<", true, "what the width is");
	has(f.text, ">hits 12 = recorded 10 + filtered 2 + lost 0<", true, "the account");
	has(f.text, ">Linux 6.12.0-test, kobs 9.9<", true, "the machine");
	has(f.said, "flame graph of 4 rows: ", true, "the report names the file");
	has(f.said, "\nhits 12 = recorded 10", true, "and has the account");
	has(f.said, "COMM", false, "and no rows");
	f.opts.json = true;
	print(&f);
	has(f.said, "\"rows\": [{\"comm\": \"sh\"", true, "JSON has them beside a picture");
	f.opts.json = false;
	f.opts.top.given = true;
	f.opts.top.value = 1;
	print(&f);
	has(f.text, ">width: hits; all: 4 in 1 row, the biggest of 4 (-n)<", true,
	    "rows that are left out are told");
	tear_down(&f);
}

/* User code whose mapping is known, but no name in it. */
static void test_mapped(void)
{
	const struct usym_mapping file = { .start = 0x401000, .end = 0x401800, .offset = 0x3000 };
	const struct usym_mapping memory = { .start = 0x401800, .end = 0x403000 };
	struct fixture f;

	set_up(&f, "func", "count");
	usyms_map(&f.view.usyms, 4194305, &file, "/nosuch/cp", 0);
	usyms_map(&f.view.usyms, 4194305, &memory, "//anon", 0);
	add_rows(&f);
	f.opts.json = true;
	print(&f);
	has(f.said, "\"ustack\": [\"[cp] +0x3000\", \"[anon] 0x402000\"]", true,
	    "JSON has the place in the file, and the address in memory");
	has(f.text, "<title>[cp]\nuser, 7 hits, 70.00 %</title>", true, "a picture has the file");
	has(f.text, "<title>[anon]\nuser, 7 hits, 70.00 %</title>", true, "and memory");
	has(f.text, "[unknown]", false, "and nothing is [unknown]");
	f.opts.json = false;
	f.opts.flame = NULL;
	f.opts.folded = true;
	fold(&f);
	has(f.said, "sh;[anon] 0x402000;[cp] +0x3000;root;mod_fn [mod];leaf 7\n", true,
	    "folded stacks keep places and addresses");
	tear_down(&f);
}

static void test_units(void)
{
	struct fixture f;

	set_up(&f, "sched", "offcpu");
	f.mode.value = (char *)"offcpu";
	f.mode.unit = (char *)"ns";
	add_rows(&f);
	print(&f);
	has(f.text, ">width: ns of offcpu; all: 10.0 us in 4 rows<", true, "times");
	has(f.text, "<title>sh\ncolumn, 7.00 us, 70.00 %</title>", true, "of a frame");
	has(f.text, ".k0{fill:#5e9fe8}", true, "waits are blue");
	tear_down(&f);
	set_up(&f, "pmu", "record");
	add_rows(&f);
	print(&f);
	has(f.text, ">width: events; all: 5,000 in 4 rows<", true, "events of a counter");
	f.session.targets = 2;
	print(&f);
	has(f.text, ">width: samples; all: 10 in 4 rows<", true, "samples of several");
	tear_down(&f);
}

static void test_nothing(void)
{
	struct fixture f;

	set_up(&f, "func", "count");
	f.session.hits = 0;
	f.session.recorded = 0;
	f.session.filtered = 0;
	print(&f);
	has(f.text, ">Nothing was hit: 1 target was hit 0 times.<", true, "a picture of nothing says so");
	has(f.said, "Nothing was hit: ", true, "so does the report");
	tear_down(&f);
}

/* A file is what it was until a picture is there. */
static void test_file(void)
{
	char bad[64], text[16];
	struct picture p;
	struct fixture f;
	FILE *file;

	set_up(&f, "func", "count");
	snprintf(bad, sizeof(bad), "%s/none/a.svg", f.dir);
	ok(picture_open(&p, bad) == STATUS_REFUSED, "a file that cannot be written is refused");
	picture_close(&p);
	ok(picture_open(&p, f.dir) == STATUS_REFUSED, "so is a directory");
	picture_close(&p);
	ok(!picture_open(&p, f.path) && !access(f.path, F_OK), "a new file");
	picture_close(&p);
	ok(access(f.path, F_OK), "without a picture it goes");
	file = fopen(f.path, "w");
	fputs("before", file);
	fclose(file);
	ok(!picture_open(&p, f.path), "a file that was there");
	picture_close(&p);
	ok(read_file(f.path, text, sizeof(text)) == 6 && !strcmp(text, "before"),
	   "without a picture it stays as it was");
	ok(!picture_open(&p, NULL), "no picture is asked for");
	picture_close(&p);
	add_rows(&f);
	print(&f);
	has(f.text, "before", false, "a picture replaces it");
	tear_down(&f);
}

int main(void)
{
	test_stacks();
	test_mapped();
	test_units();
	test_nothing();
	test_file();
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
