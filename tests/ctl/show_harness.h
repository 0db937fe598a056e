/* SPDX-License-Identifier: GPL-2.0 */
/* Reports without the kernel, as text and as JSON, and what obsctl show makes of the JSON. */
#ifndef OBSCTL_SHOW_HARNESS_H
#define OBSCTL_SHOW_HARNESS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/nouns.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "lib/map.h"
#include "report/report.h"

static unsigned int test_nr;
static unsigned int failures;
static char dir[32];

static inline void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static inline void is(const char *text, const char *want, const char *name)
{
	bool good = !strcmp(text, want);
	size_t same = 0;

	ok(good, name);
	if (good)
		return;
	while (text[same] && text[same] == want[same])
		same++;
	printf("# from '%.300s'\n# for  '%.300s'\n# all '%.4000s'\n", text + same, want + same,
	       text);
}

/* A report of some columns, without the kernel. */
struct fixture {
	struct view	view;
	struct source	source;
	struct mode	mode;
	struct column	columns[16];
	struct figure	figures[12];
	struct session	session;
	struct session_note note;
	struct param	params[4];
	struct opts	opts;
	struct table	table;
	struct report	report;
	char		*text;
	char		*json;
	char		*shown;
};

static inline void set_up(struct fixture *f, const char *source, const char *mode)
{
	memset(f, 0, sizeof(*f));
	f->mode = (struct mode){ .name = (char *)mode, .figures = f->figures };
	f->source = (struct source){ .name = (char *)source, .modes = &f->mode, .nr_modes = 1 };
	f->view = (struct view){
		.sources = { .v = &f->source, .n = 1 }, .source = &f->source, .mode = &f->mode,
		.version = "1.0", .kernel = "6.12.0",
	};
	ksyms_init(&f->view.ksyms);
	f->view.ksyms.path = "/nonexistent";
	f->session = (struct session){
		.source = (char *)source, .mode = (char *)mode, .targets = 3,
		.state = KOBS_STATE_STOPPED, .duration = 2345678901ull, .hits = 1234,
		.recorded = 1200, .filtered = 30, .own = 2, .hits_timed = 100, .cost = 31313,
		.memory = 5 << 20, .rows = 7, .rows_max = 4096, .stacks = 3, .stacks_max = 1024,
		.stacks_cached = 90, .stacks_unwound = 10, .stacks_checked = 2,
	};
}

static inline void add_column(struct fixture *f, const char *name, uint32_t type)
{
	struct column *c = &f->columns[f->view.nr_columns];

	*c = (struct column){ .name = (char *)name, .type = type };
	f->view.columns[f->view.nr_columns] = c;
	f->view.shown[f->view.nr_columns] = SHOWN_COUNT;
	f->view.types[f->view.nr_columns++] = type;
}

static inline void add_figure(struct fixture *f, const char *name, const char *unit, uint32_t merge)
{
	f->figures[f->mode.nr_figures++] = (struct figure){
		.name = (char *)name, .unit = (char *)unit, .merge = merge,
	};
}

static inline void begin(struct fixture *f)
{
	model_init_table(&f->table, f->view.types, f->view.nr_columns, &f->mode);
	f->report = (struct report){
		.view = &f->view, .session = &f->session, .opts = &f->opts, .table = &f->table,
		.kind = nouns_report_kind(f->session.source, f->session.mode),
	};
}

static inline void tear_down(struct fixture *f)
{
	report_free(&f->report);
	model_free_table(&f->table);
	ksyms_free(&f->view.ksyms);
	usyms_free(&f->view.usyms);
	frames_free(&f->view);
	free(f->session.lost);
	free(f->session.kept_out);
	numbers_free(&f->session.filter.pids);
	strings_free(&f->session.filter.comms);
	free(f->text);
	free(f->json);
	free(f->shown);
}

static inline uint64_t text_key(struct fixture *f, const char *text)
{
	return (uint64_t)(uintptr_t)pool_intern(&f->table.texts, text);
}

static inline uint64_t code(struct fixture *f, uint64_t address, const char *name)
{
	return ksyms_tell(&f->view.ksyms, address, name, false);
}

static inline void add_stack(struct fixture *f, uint32_t id, uint32_t pid, const uint64_t *addr,
			     size_t n)
{
	struct stack *s = zalloc(sizeof(*s) + n * sizeof(*addr));

	s->id = id;
	s->pid = pid;
	s->nr = (uint32_t)n;
	memcpy(s->addr, addr, n * sizeof(*addr));
	map_set(&f->table.stacks, id, s);
}

static inline void add_loss(struct fixture *f, const char *reason, const char *doc, uint64_t count)
{
	struct session *s = &f->session;

	s->lost = grow(s->lost, &s->cap_lost, s->nr_lost + 1, sizeof(*s->lost));
	s->lost[s->nr_lost++] = (struct lost){ (char *)reason, (char *)doc, count };
	s->hits += count;
}

static inline char *print(struct fixture *f, bool json)
{
	struct output to = {};
	char *text = NULL;
	size_t size = 0;
	int err;

	f->opts.json = json;
	to.file = open_memstream(&text, &size);
	if (f->report.kind && f->report.kind->print) {
		err = f->report.kind->print(&f->report, &to);
	} else {
		report_resolve(&f->report);
		err = report_print(&f->report, &to);
	}
	ok(!err, "a report is printed");
	fclose(to.file);
	return text;
}

static inline char *path_of(const char *name)
{
	static char paths[16][64];
	static size_t n;
	char *path = paths[n++ % ARRAY_SIZE(paths)];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static inline void write_file(const char *name, const char *content)
{
	FILE *file = fopen(path_of(name), "w");

	if (file) {
		fputs(content, file);
		fclose(file);
	}
}

static inline char *read_path(const char *path)
{
	FILE *file = fopen(path, "r");
	struct buf text = {};
	char part[4096];
	size_t n;

	buf_puts(&text, "");
	while (file && (n = fread(part, 1, sizeof(part), file)))
		buf_add(&text, part, n);
	if (file)
		fclose(file);
	return text.p;
}

static inline char *read_back(const char *name)
{
	return read_path(path_of(name));
}

/* What show makes of a file, with the options of the report. */
static inline char *show(const char *name, const struct opts *with)
{
	char *path = path_of(name);
	struct opts o = *with;

	o.json = false;
	o.args = &path;
	o.nr_args = 1;
	o.output = path_of("out");
	o.command = NULL;
	ok(!noun_show.verbs[0].check(&noun_show.verbs[0], &o) &&
	   !noun_show.verbs[0].fn(&noun_show.verbs[0], &o), "a file is shown");
	return read_back("out");
}

/* The report as text, and what becomes of its JSON: both must be the same. */
static inline void same(struct fixture *f, const char *name)
{
	free(f->text);
	free(f->json);
	free(f->shown);
	/* JSON first: some kinds take rows out of the table. */
	f->json = print(f, true);
	f->text = print(f, false);
	write_file("a.json", f->json);
	f->shown = show("a.json", &f->opts);
	is(f->shown, f->text, name);
}

static inline void has(const char *text, const char *part, const char *name)
{
	bool good = strstr(text, part);

	ok(good, name);
	if (!good)
		printf("# no '%s' in '%.3000s'\n", part, text);
}

static inline void add_row(struct fixture *f, const uint64_t *key, uint64_t count, uint64_t value,
			   const uint64_t *figures)
{
	struct row part = {
		.count = count, .sum = count * value, .min = value / 2, .max = value * 2,
	};

	table_add(&f->table, table_row(&f->table, key), &part, figures);
}

typedef void (*test_fn)(void);

/* Run tests in a directory of their own, of which the files of a test are taken away. */
static inline int run_tests(const test_fn *tests, size_t n)
{
	static const char *const files[] = { "a.json", "b.json", "out", "x.html" };
	size_t i;

	snprintf(dir, sizeof(dir), "/tmp/obsctl-test-XXXXXX");
	ok(mkdtemp(dir), "a directory");
	for (i = 0; i < n; i++)
		tests[i]();
	for (i = 0; i < ARRAY_SIZE(files); i++)
		unlink(path_of(files[i]));
	ok(!rmdir(dir), "nothing else was left");
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}

#endif
