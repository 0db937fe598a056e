// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of obsctl show with files of records: what it prints of the JSON must be what the
 * trace printed, to the byte, as text and in the formats of others. Prints TAP.
 */

#include "cmd/lock/stalls.h"
#include "cmd/saved/compare.h"
#include "export/formats.h"
#include "run/stream.h"
#include "show_harness.h"

#define WORDS	(2 + VIEW_COLUMNS)

/* Records of a trace, and how they are printed. */
struct stream {
	struct fixture	f;
	struct trace	trace;		/* has the texts and the stacks */
	uint64_t	rec[8][WORDS];
	uint32_t	cpu[8];
	size_t		n;
	trace_print_fn	print;
	struct stalls	stalls;
	struct opts	opts;
};

static void begin_stream(struct stream *s, const char *source, const char *mode)
{
	memset(&s->trace, 0, sizeof(s->trace));
	memset(&s->opts, 0, sizeof(s->opts));
	s->n = 0;
	s->print = NULL;
	set_up(&s->f, source, mode);
}

/* When the columns are there. */
static void open_stream(struct stream *s)
{
	begin(&s->f);
	s->f.report.table = NULL;
	s->f.report.opts = &s->opts;
	model_init_table(&s->trace.stacks, s->f.view.types, s->f.view.nr_columns, NULL);
}

static uint64_t text_word(struct stream *s, const char *text)
{
	return (uint64_t)(uintptr_t)pool_intern(&s->f.table.texts, text);
}

static void stack_word(struct stream *s, uint32_t id, uint32_t pid, const uint64_t *addr, size_t n)
{
	add_stack(&s->f, id, pid, addr, n);
}

/* Print the records by a trace of their own, which borrows their stacks. */
static char *print_stream(struct stream *s, bool json, const char *format)
{
	struct trace t = {};
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	size_t i;

	memset(&s->stalls, 0, sizeof(s->stalls));
	t.print = s->print;
	t.arg = &s->stalls;
	t.form = trace_form_of(format ? format_find(format) : NULL);
	trace_init(&t, &s->f.view, NULL, 0, file, json);
	map_free(&t.stacks.stacks, NULL);
	t.stacks.stacks = s->f.table.stacks;
	trace_heading(&t);
	for (i = 0; i < s->n; i++)
		trace_print(&t, s->cpu[i], s->rec[i]);
	trace_write(&t);
	s->opts.json = json;
	if (t.form && t.form->end)
		t.form->end(&t, &s->f.report);
	if (json)
		trace_report(&t, &s->f.report, file);
	fclose(file);
	memset(&t.stacks.stacks, 0, sizeof(t.stacks.stacks));
	trace_free(&t);
	return text;
}

/* A file has no addresses. */
static void forget_addresses(char *text)
{
	char *at = text;

	while ((at = strstr(at, "\n\t"))) {
		memset(at + 2, ' ', 15);
		at[17] = '0';
		at += 17;
	}
}

static void same_as(struct stream *s, const char *format, const char *name)
{
	struct opts o = { .format = format ? format_find(format) : NULL };
	char *text = print_stream(s, false, format);
	char *shown;

	o.csv = format && !strcmp(format, "csv");
	o.stacks = format && !strcmp(format, "perf");
	if (o.stacks)
		forget_addresses(text);
	if (o.csv) {
		char *path = path_of("a.json");

		o.json = true;
		o.args = &path;
		o.nr_args = 1;
		o.output = path_of("out");
		ok(!noun_show.verbs[0].fn(&noun_show.verbs[0], &o), "a file is written as CSV");
		shown = read_back("out");
	} else {
		shown = show("a.json", &o);
	}
	is(shown, text, name);
	free(text);
	free(shown);
}

static void same_text(struct stream *s, const char *name)
{
	char *json = print_stream(s, true, NULL);

	write_file("a.json", json);
	free(json);
	same_as(s, NULL, name);
}

static void close_stream(struct stream *s)
{
	model_free_table(&s->trace.stacks);
	tear_down(&s->f);
}

static void add_record(struct stream *s, uint64_t time, uint32_t cpu, uint64_t value,
		       const uint64_t *keys, size_t n)
{
	uint64_t *rec = s->rec[s->n];

	s->cpu[s->n++] = cpu;
	memset(rec, 0, sizeof(s->rec[0]));
	rec[0] = time;
	rec[1] = value;
	memcpy(rec + 2, keys, n * sizeof(*keys));
}

/* Calls with a duration, a caller and stacks. */
static void test_calls(void)
{
	static struct stream s;
	uint64_t at[2];
	uint64_t key[5];
	struct opts o = {};

	begin_stream(&s, "func", "trace");
	s.f.mode.value = (char *)"duration";
	s.f.mode.unit = (char *)"ns";
	add_column(&s.f, "func", KOBS_TYPE_FUNCTION);
	add_column(&s.f, "caller", KOBS_TYPE_ADDRESS);
	add_column(&s.f, "comm", KOBS_TYPE_TEXT);
	add_column(&s.f, "ustack", KOBS_TYPE_USTACK);
	add_column(&s.f, "kstack", KOBS_TYPE_KSTACK);
	open_stream(&s);
	key[0] = code(&s.f, 0xffffffff81000010ull, "vfs_read");
	key[1] = code(&s.f, 0xffffffff81000333ull, "ksys_read+0x33");
	key[2] = text_word(&s, "a \"b\" \\ \033[31m\302\233<c>");
	at[0] = code(&s.f, 0xffffffff81000010ull, "vfs_read+0x1");
	at[1] = code(&s.f, 0xffffffff81000333ull, "ksys_read+0x33");
	stack_word(&s, 1, 0, at, 2);
	key[3] = 0;
	key[4] = 1;
	add_record(&s, 1234567890123ull, 1, 1500, key, 5);
	key[2] = text_word(&s, "cp");
	key[4] = 0;
	add_record(&s, 1234567891123ull, 0, UINT64_MAX, key, 5);
	same_text(&s, "calls with their duration, stacks, and names that control terminals");
	same_as(&s, "csv", "as CSV");
	same_as(&s, "chrome", "as a trace of Chrome's");
	same_as(&s, "perf", "as perf script prints them, but for addresses");
	o.top = (struct opt_number){ .given = true, .value = 1 };
	s.f.shown = show("a.json", &o);
	has(s.f.shown, "vfs_read", "with -n, the first one");
	ok(!strstr(s.f.shown, "cp "), "and no other");
	ok(!strchr(s.f.shown, '\033') && !strstr(s.f.shown, "\302\233"), "nothing controls a terminal");
	close_stream(&s);
}

/* Columns that are shown by names, signed, pointers, and what could not be read. */
static void test_labels(void)
{
	static struct stream s;
	uint64_t key[6] = {};

	begin_stream(&s, "probe", "trace");
	add_column(&s.f, "ret", KOBS_TYPE_NUMBER);
	add_column(&s.f, "error", KOBS_TYPE_NUMBER);
	add_column(&s.f, "flags", KOBS_TYPE_NUMBER);
	add_column(&s.f, "ptr", KOBS_TYPE_NUMBER);
	add_column(&s.f, "faults", KOBS_TYPE_NUMBER);
	s.f.view.shown[0] = SHOWN_SIGNED;
	s.f.view.shown[1] = SHOWN_ERROR;
	s.f.view.shown[2] = SHOWN_HEX;
	s.f.view.shown[4] = SHOWN_FAULTS;
	s.f.view.faults = 5;
	s.f.view.fault[0] = 1;
	s.f.view.fault[1] = 2;
	add_column(&s.f, "took_ns", KOBS_TYPE_NUMBER);
	s.f.view.shown[5] = SHOWN_NS;
	open_stream(&s);
	key[0] = (uint64_t)-5;
	key[1] = (uint64_t)-2;
	key[2] = UINT64_MAX;
	key[3] = 0xffff888000001000ull;
	key[5] = 2152248;
	add_record(&s, 1000000001, 3, 0, key, 6);
	key[4] = 3;
	add_record(&s, 1000000002, 3, 0, key, 6);
	key[0] = 7;
	key[1] = 0;
	key[4] = 0;
	add_record(&s, 1000000003, 3, 0, key, 6);
	same_text(&s, "numbers by names, signed ones, pointers, faults");
	same_as(&s, "csv", "as CSV, which has the numbers");
	s.f.shown = read_back("out");
	has(s.f.shown, "time_ns,cpu,ret,error,error_number,flags,ptr,took_ns\r\n",
	    "in columns of their own");
	has(s.f.shown,
	    "1000000001,3,-5,ENOENT,-2,0xffffffffffffffff,0xffff888000001000,2152248\r\n", "a line");
	close_stream(&s);
}

#define SIGNS \
	"{\"time_ns\": 1, \"cpu\": 0, \"n\": -1}\n" \
	"{\"time_ns\": 2, \"cpu\": 0, \"n\": 18446744073709551615}\n" \
	"{\"kobs\": \"1\", \"source\": \"probe\", \"mode\": \"trace\", \"widths\": [0], " \
	"\"columns\": [{\"name\": \"n\", \"type\": \"number\"}], \"accounting\": {}}"

/* Numbers above 2^63, behind one below 0. */
static void test_numbers(void)
{
	static struct stream s;

	begin_stream(&s, "probe", "trace");
	add_column(&s.f, "n", KOBS_TYPE_NUMBER);
	open_stream(&s);
	write_file("a.json", SIGNS);
	s.f.shown = show("a.json", &(struct opts){});
	has(s.f.shown, "0.000000   0 n=-1\n     0.000000   0 n=18446744073709551615\n",
	    "each number has its own sign");
	close_stream(&s);
}

/* Chains of waits for locks. */
static const char *const chain_columns[] = {
	"link", "links", "comm", "pid", "tid", "kstack", "lock", "kind", "owner", "owner_pid",
	"owner_tid", "owner_stack", "cache",
};

static const uint32_t chain_types[] = {
	KOBS_TYPE_NUMBER, KOBS_TYPE_NUMBER, KOBS_TYPE_TEXT, KOBS_TYPE_NUMBER, KOBS_TYPE_NUMBER,
	KOBS_TYPE_KSTACK, KOBS_TYPE_OBJECT, KOBS_TYPE_TEXT, KOBS_TYPE_TEXT, KOBS_TYPE_NUMBER,
	KOBS_TYPE_NUMBER, KOBS_TYPE_KSTACK, KOBS_TYPE_TEXT,
};

struct wait {
	uint64_t	link, links;
	const char	*comm;
	uint64_t	tid;
	uint64_t	stack;
	const char	*lock;
	const char	*kind;
	const char	*owner;
	uint64_t	owner_tid;
	uint64_t	owner_stack;
	const char	*cache;
};

static void add_wait(struct stream *s, const struct wait *w)
{
	const uint64_t key[] = {
		w->link, w->links, text_word(s, w->comm), w->tid, w->tid + w->link, w->stack,
		w->lock ? ksyms_tell(&s->f.view.ksyms, 0xffffffff83000000ull + w->tid, w->lock,
				     true) : 0,
		text_word(s, w->kind), text_word(s, w->owner), w->owner_tid, w->owner_tid,
		w->owner_stack, text_word(s, w->cache),
	};

	add_record(s, 5123456789ull, 0, 150000000 + w->tid, key, ARRAY_SIZE(key));
}

static void open_chains(struct stream *s)
{
	uint64_t at[2];
	size_t i;

	begin_stream(s, "lock", "stalls");
	s->f.mode.value = (char *)"wait";
	s->f.mode.unit = (char *)"ns";
	for (i = 0; i < ARRAY_SIZE(chain_columns); i++) {
		static struct column columns[ARRAY_SIZE(chain_columns)];

		columns[i] = (struct column){
			.name = (char *)chain_columns[i], .type = chain_types[i],
		};
		s->f.view.columns[i] = &columns[i];
		s->f.view.shown[i] = SHOWN_COUNT;
		s->f.view.types[i] = chain_types[i];
		s->f.view.nr_columns++;
	}
	s->print = stalls_record;
	open_stream(s);
	at[0] = code(&s->f, 0xffffffff81000010ull, "f\033[1m+0x1");
	at[1] = code(&s->f, 0xffffffff81000333ull, "g+0x33 [mod]");
	stack_word(s, 1, 0, at, 2);
	at[0] = code(&s->f, 0xffffffff81000555ull, "holds+0x5");
	stack_word(s, 2, 0, at, 1);
}

static void test_chains(void)
{
	static const struct wait waits[] = {
		{ 0, 3, "\302\233a", 100, 1, "lock_a", "mutex", "b", 201, 0, "cache_a" },
		{ 1, 3, "b", 200, 2, "lock_b", "rwsem:read", "c", 302, 0, "" },
		{ 2, 3, "c", 300, 1, "lock_c", "mutex", "owner <d>", 400, 2, "" },
		{ 0, 1, "x", 500, 1, "lock_x", "mutex", "", 0, 0, "" },
		{ 0, 1, "y", 600, 0, "lock_y", "rwsem:write", "(readers)", 0, 0, "" },
		{ 0, 2, "z", 700, 1, "lock_z", "mutex", "gone", 800, 0, "" },
	};
	static struct stream s;
	struct opts o = { .format = format_find("csv"), .csv = true, .json = true };
	char *path = path_of("a.json");
	size_t i;

	open_chains(&s);
	for (i = 0; i < ARRAY_SIZE(waits); i++)
		add_wait(&s, &waits[i]);
	/* What does not go on with the chain before it shows that this one was cut. */
	add_wait(&s, &(struct wait){ 0, 2, "one", 900, 1, NULL, "blocked", "", 0, 0, "" });
	add_wait(&s, &(struct wait){ 1, 2, "two", 901, 0, NULL, "blocked", "", 0, 0, "" });
	same_text(&s, "chains: of three, without an owner, of readers, cut; and blocked tasks");
	s.f.shown = show("a.json", &(struct opts){});
	has(s.f.shown, "] ?a (process 100) waits 150 ms for mutex lock_a in cache_a\n      f?[1m+0x1\n",
	    "nothing in a name or a frame controls a terminal");
	has(s.f.shown, "  held by b (process 200, thread 201), which waits 150 ms for rwsem:read lock_b\n      holds+0x5\n",
	    "the stack of the second one");
	has(s.f.shown, "  the rest of the chain was lost\n", "what was cut");
	has(s.f.shown, "2 tasks have been blocked since before; their stacks:\n", "blocked tasks");
	o.args = &path;
	o.nr_args = 1;
	o.output = path_of("out");
	ok(noun_show.verbs[0].fn(&noun_show.verbs[0], &o) == STATUS_REFUSED, "chains are no lines");
	close_stream(&s);
}

static void test_deadlock(void)
{
	static const struct wait waits[] = {
		{ 0, 2, "a", 100, 1, "lock_a", "mutex", "b", 201, 0, "" },
		{ 1, 2, "b", 200, 2, "lock_b", "mutex", "a", 100, 0, "" },
	};
	static struct stream s;
	size_t i;

	open_chains(&s);
	for (i = 0; i < ARRAY_SIZE(waits); i++)
		add_wait(&s, &waits[i]);
	same_text(&s, "a deadlock");
	s.f.shown = show("a.json", &(struct opts){});
	has(s.f.shown, "  DEADLOCK: a -> b -> a\n", "it is named");
	close_stream(&s);
}

static int refused(const char *name, struct opts *o)
{
	char *path = path_of(name);

	o->args = &path;
	o->nr_args = 1;
	o->output = path_of("out");
	return noun_show.verbs[0].fn(&noun_show.verbs[0], o);
}

#define FOOT \
	"{\"kobs\": \"1\", \"source\": \"func\", \"mode\": \"trace\", \"accounting\": {}, " \
	"\"widths\": [1e9, \"x\", 18446744073709551615], \"called\": [5, \"none\"], " \
	"\"columns\": [{\"name\": \"a\", \"type\": \"kstack\"}, {\"name\": \"b\", \"type\": \"number\"}]}"

static void test_refusals(void)
{
	struct diff_opts own = {};
	char *args[2];
	struct opts o = { .args = args, .nr_args = 2, .own = &own };

	write_file("a.json", "{\"time_ns\": 5, \"a\": [\"x\"], \"b\": \"7\"}\n[1]\n"
		   "{\"time_ns\": 7, \"a\": [], \"b\": {}}\n" FOOT);
	ok(!refused("a.json", &(struct opts){}), "a file that was edited");
	ok(refused("a.json", &(struct opts){ .folded = true }) == STATUS_REFUSED, "no folded stacks");
	ok(refused("a.json", &(struct opts){ .flame = path_of("x.svg") }) == STATUS_REFUSED &&
	   access(path_of("x.svg"), F_OK), "no picture");
	ok(refused("a.json", &(struct opts){ .format = format_find("pprof"), .stacks = true }) ==
	   STATUS_REFUSED, "no profile");
	ok(refused("a.json", &(struct opts){ .html = path_of("x.html") }) == STATUS_REFUSED &&
	   access(path_of("x.html"), F_OK), "no page");
	args[0] = path_of("a.json");
	args[1] = path_of("a.json");
	ok(noun_diff.verbs[0].fn(&noun_diff.verbs[0], &o) == STATUS_REFUSED, "no comparison");
	write_file("a.json", "{\"time_ns\": 5, \"a\": 5}\n" FOOT);
	ok(refused("a.json", &(struct opts){}) == STATUS_REFUSED, "a stack that is none");
	write_file("a.json", "{\"time_ns\":\n" FOOT);
	ok(refused("a.json", &(struct opts){}) == STATUS_REFUSED, "a line that is no JSON");
	write_file("a.json", "{\"kobs\": \"1\", \"source\": \"func\", \"mode\": \"trace\", \"accounting\": {}}");
	ok(refused("a.json", &(struct opts){}) == STATUS_REFUSED, "a file of an older obsctl");
}

static void write_wide(size_t n, const char *last)
{
	struct buf file = {};
	size_t i;

	buf_puts(&file, "{\"time_ns\": 5");
	for (i = 0; i < n; i++)
		buf_printf(&file, ", \"c%zu\": %s", i, i + 1 < n ? "1" : last);
	buf_puts(&file, "}\n{\"kobs\": \"1\", \"source\": \"func\", \"mode\": \"trace\", ");
	buf_puts(&file, "\"accounting\": {}, \"widths\": [], \"columns\": [");
	for (i = 0; i < n; i++)
		buf_printf(&file, "%s{\"name\": \"c%zu\", \"type\": \"number\"}", i ? ", " : "", i);
	buf_puts(&file, "]}");
	write_file("a.json", file.p);
	buf_free(&file);
}

static void test_columns(void)
{
	char *text;

	write_wide(VIEW_COLUMNS, "7");
	ok(!refused("a.json", &(struct opts){}), "as many columns as there can be");
	text = read_back("out");
	has(text, " c14=1 c15=7\n", "all of them");
	free(text);
	write_wide(VIEW_COLUMNS, "\"(fault)\"");
	ok(refused("a.json", &(struct opts){}) == STATUS_REFUSED, "a fault, which has no place beside them");
	write_wide(VIEW_COLUMNS - 1, "\"(fault)\"");
	ok(!refused("a.json", &(struct opts){}), "and has beside one less");
	text = read_back("out");
	has(text, " c14=(fault)\n", "it is shown");
	free(text);
	write_wide(VIEW_COLUMNS + 1, "7");
	ok(refused("a.json", &(struct opts){}) == STATUS_REFUSED, "more columns than there can be");
}

/* Return: the status of what a pipe has. */
static int show_pipe(const char *content, struct opts *o)
{
	char path[32];
	char *args[1] = { path };
	int fds[2];
	int err;

	if (pipe(fds))
		return -1;
	err = write(fds[1], content, strlen(content)) < 0;
	close(fds[1]);
	snprintf(path, sizeof(path), "/dev/fd/%d", fds[0]);
	o->args = args;
	o->nr_args = 1;
	o->output = path_of("piped");
	err = err ? -1 : noun_show.verbs[0].fn(&noun_show.verbs[0], o);
	close(fds[0]);
	return err;
}

static void test_pipes(void)
{
	static const char records[] = "{\"time_ns\": 5, \"a\": [\"x\"], \"b\": 7}\n" FOOT;
	static const char rows[] =
		"{\"kobs\": \"1\", \"source\": \"func\", \"mode\": \"count\", \"rows\": []}";
	struct buf said = {};

	sentences_kept = &said;
	ok(show_pipe(records, &(struct opts){}) == STATUS_REFUSED, "records in a pipe");
	sentences_kept = NULL;
	ok(said.len && strstr(said.p, "has to be read twice"), "and why not");
	ok(show_pipe(records, &(struct opts){ .json = true }) == STATUS_REFUSED, "as JSON");
	ok(show_pipe(rows, &(struct opts){ .html = path_of("x.html") }) == STATUS_REFUSED &&
	   access(path_of("x.html"), F_OK), "a page and a report");
	ok(access(path_of("piped"), F_OK), "nothing was made of them");
	ok(!show_pipe(rows, &(struct opts){}), "a report of rows is read once");
	unlink(path_of("piped"));
	buf_free(&said);
}

int main(void)
{
	static const test_fn tests[] = {
		test_calls, test_labels, test_numbers, test_chains, test_deadlock,
		test_refusals, test_columns, test_pipes,
	};

	return run_tests(tests, ARRAY_SIZE(tests));
}
