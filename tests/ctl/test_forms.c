// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of records in the formats of others: slices and marks of Chrome's traces,
 * CSV, events of perf script; prints TAP.
 */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/formats.h"
#include "lib/macros.h"
#include "report/report.h"
#include "run/stream.h"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static void same(const char *got, const char *want, const char *name)
{
	bool good = got && !strcmp(got, want);

	ok(good, name);
	if (!good)
		printf("# '%s' instead of '%s'\n", got ? got : "(null)", want);
}

static void has(const char *text, const char *part, const char *name)
{
	bool good = strstr(text, part);

	ok(good, name);
	if (!good)
		printf("# no '%s' in '%.4000s'\n", part, text);
}

static struct column columns[] = {
	{ .name = (char *)"func", .type = KOBS_TYPE_FUNCTION },
	{ .name = (char *)"comm", .type = KOBS_TYPE_TEXT },
	{ .name = (char *)"pid", .type = KOBS_TYPE_NUMBER },
	{ .name = (char *)"tid", .type = KOBS_TYPE_NUMBER },
	{ .name = (char *)"kstack", .type = KOBS_TYPE_KSTACK },
	{ .name = (char *)"disk", .type = KOBS_TYPE_TEXT },
	{ .name = (char *)"duration_ns", .type = KOBS_TYPE_NUMBER },
};

static struct lost lost[] = { { (char *)"ring_full", NULL, 5 } };

enum { FUNC = 1, COMM = 2, PID = 4, TID = 8, KSTACK = 16, DISK = 32, TOOK = 64 };

/* A trace with some of the columns, and a value or none. */
struct fixture {
	struct view	view;
	struct source	source;
	struct mode	mode;
	struct session	session;
	struct opts	opts;
	struct report	report;
	struct trace	trace;
	char		*text;
	size_t		size;
	uint64_t	func[2];
};

static void set_up(struct fixture *f, const char *format, unsigned int which, bool value)
{
	size_t i;

	memset(f, 0, sizeof(*f));
	f->mode = (struct mode){
		.name = (char *)"trace", .value = value ? (char *)"duration" : NULL,
		.unit = value ? (char *)"ns" : NULL, .stream = true,
	};
	f->source = (struct source){ .name = (char *)"func", .modes = &f->mode, .nr_modes = 1 };
	f->view = (struct view){
		.sources = { .v = &f->source, .n = 1 }, .source = &f->source, .mode = &f->mode,
		.kernel = "6.12.0-test", .version = "9.9",
	};
	ksyms_init(&f->view.ksyms);
	f->view.ksyms.path = "/nonexistent";
	for (i = 0; i < ARRAY_SIZE(columns); i++)
		if (which & 1u << i) {
			f->view.shown[f->view.nr_columns] = SHOWN_COUNT;
			f->view.columns[f->view.nr_columns] = &columns[i];
			f->view.types[f->view.nr_columns++] = columns[i].type;
		}
	f->session = (struct session){
		.source = (char *)"func", .mode = (char *)"trace", .targets = 2, .hits = 12,
		.recorded = 6, .filtered = 1, .lost = lost, .nr_lost = 1, .duration = 1000000000,
		.state = KOBS_STATE_STOPPED,
	};
	f->report = (struct report){ .view = &f->view, .session = &f->session, .opts = &f->opts };
	f->trace.form = trace_form_of(format_find(format));
	ok(f->trace.form, format);
	trace_init(&f->trace, &f->view, NULL, 1, open_memstream(&f->text, &f->size), false);
	f->func[0] = ksyms_tell(&f->view.ksyms, 0xffffffff81000000ull, "vfs_read", false);
	f->func[1] = ksyms_tell(&f->view.ksyms, 0xffffffffc0000000ull, "ext4_<read> [ext4]", false);
	trace_heading(&f->trace);
}

static uint64_t text_key(struct fixture *f, const char *text)
{
	return (uint64_t)(uintptr_t)pool_intern(&f->trace.stacks.texts, text);
}

/* Time and value, then the keys. */
static void add_record(struct fixture *f, uint32_t cpu, const uint64_t *rec)
{
	ok(f->trace.form->record(&f->trace, cpu, rec) == 1, "a record");
}

#define RECORD(cpu, ...)	add_record(&f, cpu, (uint64_t[]){ __VA_ARGS__ })

/* What was written; the records and the end. */
static const char *finish(struct fixture *f)
{
	fwrite(f->trace.line.p, 1, f->trace.line.len, f->trace.file);
	f->trace.line.len = 0;
	if (f->trace.form->end)
		f->trace.form->end(&f->trace, &f->report);
	fflush(f->trace.file);
	return f->text;
}

static void tear_down(struct fixture *f)
{
	fclose(f->trace.file);
	trace_free(&f->trace);
	ksyms_free(&f->view.ksyms);
	usyms_free(&f->view.usyms);
	free(f->text);
}

static void test_calls(void)
{
	struct fixture f;
	const char *text;
	json_t *other;
	json_t *root;

	set_up(&f, "chrome", FUNC | COMM | PID | TID, true);
	RECORD(1, 5000123456789ull, 1000003, f.func[1], text_key(&f, "c\"p\n"), 812, 813);
	RECORD(1, 5000123456999ull, 2000000, f.func[0], text_key(&f, "c\"p\n"), 812, 813);
	RECORD(0, 5000123457000ull, 7, f.func[0], text_key(&f, "swapper/0"), 0, 0);
	RECORD(0, 5000123457001ull, 0, f.func[0], text_key(&f, "dd"), 900, 900);
	RECORD(0, 5000123457002ull, 1, f.func[0], text_key(&f, "sh"), 900, 900);
	text = finish(&f);
	ok(!strncmp(text, "{\"displayTimeUnit\": \"ns\", \"traceEvents\": [\n{", 44), "an object of events");
	has(text,
	    ",\n{\"ph\": \"M\", \"name\": \"thread_name\", \"pid\": 4194305, \"tid\": 4194307, \"args\": {\"name\": \"CPU 1\"}}",
	    "a CPU has a track");
	has(text,
	    ",\n{\"ph\": \"M\", \"name\": \"thread_name\", \"pid\": 812, \"tid\": 813, \"args\": {\"name\": \"c\\\"p\\u000a\"}}",
	    "a thread has one");
	has(text,
	    ",\n{\"ph\": \"X\", \"name\": \"ext4_<read>\", \"cat\": \"func\", \"pid\": 812, \"tid\": 813, \"ts\": 5000122456.786, \"dur\": 1000.003, \"args\": {\"cpu\": 1, \"func\": \"ext4_<read>\"}}",
	    "a call is a slice of its thread, from its begin, to the ns");
	has(text,
	    ",\n{\"ph\": \"i\", \"name\": \"ext4_<read>\", \"cat\": \"func\", \"pid\": 4194305, \"tid\": 4194307, \"ts\": 5000123456.789, \"s\": \"t\", \"args\": {\"tid\": 813}}",
	    "and a mark of its CPU, at its end");
	has(text,
	    ",\n{\"ph\": \"X\", \"name\": \"vfs_read\", \"cat\": \"func\", \"pid\": 4194305, \"tid\": 4194306, \"ts\": 5000123456.993, \"dur\": 0.007, \"args\": {\"cpu\": 0, \"func\": \"vfs_read\"}}",
	    "the idle task's is a slice of the CPU");
	has(text, "\"ts\": 5000123457.001, \"dur\": 0.000, ", "one that took no time");
	has(text, "\"name\": \"process_name\", \"pid\": 900, \"tid\": 900, \"args\": {\"name\": \"dd\"}",
	    "the first thread names its process");
	has(text, "\"name\": \"thread_name\", \"pid\": 900, \"tid\": 900, \"args\": {\"name\": \"sh\"}",
	    "a new name is told");
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	ok(root, "the whole is JSON");
	ok(json_array_size(json_object_get(root, "traceEvents")) ==
	   3 + (1 + 2) + 2 + (1 + 1) + (2 + 2) + (2 + 2),
	   "slices, marks and names, and nothing else");
	other = json_object_get(root, "otherData");
	same(json_string_value(json_object_get(other, "kernel")), "6.12.0-test", "it has the machine");
	other = json_object_get(other, "accounting");
	ok(json_integer_value(json_object_get(other, "hits")) == 12 &&
	   json_integer_value(json_object_get(json_object_get(other, "lost"), "ring_full")) == 5,
	   "and the account, with the losses");
	json_decref(root);
	tear_down(&f);
}

static void test_pairs(void)
{
	struct fixture f;
	const char *text;

	set_up(&f, "chrome", COMM | PID | TID | DISK | TOOK, false);
	RECORD(2, 3000, 0, text_key(&f, "dd"), 5, 6, text_key(&f, "sda"), 1001);
	RECORD(2, 3500, 0, text_key(&f, "dd"), 5, 6, text_key(&f, "sda"), 9000);
	text = finish(&f);
	has(text,
	    ",\n{\"ph\": \"b\", \"name\": \"sda\", \"cat\": \"func\", \"id\": \"0x1\", \"pid\": 5, \"tid\": 6, \"ts\": 1.999, \"args\": {\"cpu\": 2, \"disk\": \"sda\", \"duration_ns\": 1001}}",
	    "a pair begins");
	has(text,
	    ",\n{\"ph\": \"e\", \"name\": \"sda\", \"cat\": \"func\", \"id\": \"0x1\", \"pid\": 5, \"tid\": 6, \"ts\": 3.000}",
	    "and ends");
	has(text, "\"id\": \"0x2\", \"pid\": 5, \"tid\": 6, \"ts\": 0.000, ",
	    "another one overlaps it; none begins before the machine");
	ok(!strstr(text, "\"X\""), "they are no calls");
	tear_down(&f);
}

static void test_marks(void)
{
	struct fixture f;
	const char *text;
	json_t *root;

	set_up(&f, "chrome", FUNC | COMM | PID | TID, false);
	RECORD(0, 1001, 0, f.func[0], text_key(&f, "dd"), 5, 6);
	text = finish(&f);
	has(text,
	    ",\n{\"ph\": \"i\", \"name\": \"vfs_read\", \"cat\": \"func\", \"pid\": 5, \"tid\": 6, \"ts\": 1.001, \"s\": \"t\", \"args\": {\"cpu\": 0, \"func\": \"vfs_read\"}}",
	    "what has no duration is a mark");
	tear_down(&f);
	set_up(&f, "chrome", FUNC, true);
	text = finish(&f);
	root = json_loads(text, 0, NULL);
	ok(root && !json_array_size(json_object_get(root, "traceEvents")), "a trace without records");
	json_decref(root);
	tear_down(&f);
}

static void add_stack(struct fixture *f)
{
	struct stack *s = zalloc(sizeof(*s) + 3 * sizeof(s->addr[0]));

	s->id = 7;
	s->nr = 3;
	s->addr[0] = ksyms_tell(&f->view.ksyms, 0xffffffff81000030ull, "arch_rethook_trampoline",
				false);
	s->addr[1] = ksyms_tell(&f->view.ksyms, 0xffffffff81000010ull, "a;b+0x10", false);
	s->addr[2] = ksyms_tell(&f->view.ksyms, 0xffffffffc0000020ull, "root+0x20 [mod]", false);
	map_set(&f->trace.stacks.stacks, 7, s);
}

static void test_text(void)
{
	struct fixture f;

	set_up(&f, "csv", FUNC | COMM | PID | TID | KSTACK, true);
	add_stack(&f);
	RECORD(3, 5000123456789ull, 17, f.func[0], text_key(&f, "c\"p,"), 812, 813, 7);
	RECORD(3, 18446744073709551615ull, 0, f.func[1], text_key(&f, ""), 0, 0, 0);
	same(finish(&f),
	     "time_ns,cpu,func,comm,pid,tid,kstack,duration_ns\r\n"
	     "5000123456789,3,vfs_read,\"c\"\"p,\",812,813,a:b+0x10;root+0x20 [mod],17\r\n"
	     "18446744073709551615,3,ext4_<read>,,0,0,,0\r\n", "records as CSV");
	tear_down(&f);
	set_up(&f, "perf", FUNC | COMM | PID | TID | KSTACK, true);
	add_stack(&f);
	RECORD(3, 5000123456789ull, 17, f.func[0], text_key(&f, "#cp"), 812, 813, 7);
	RECORD(0, 5000123456790ull, 1, f.func[1], text_key(&f, "\t \t"), 1, 1, 0);
	same(finish(&f),
	     "?cp   812/813   [003]  5000.123456789:         17 vfs_read:\040\n"
	     "\tffffffff81000010 a;b+0x10 ([kernel.kallsyms])\n"
	     "\tffffffffc0000020 root+0x20 ([mod])\n"
	     "\n"
	     "?     1/1     [000]  5000.123456790:          1 ext4_<read>:\040\n"
	     "\n", "records as events of perf script");
	tear_down(&f);
	set_up(&f, "perf", COMM | PID | TID, false);
	RECORD(3, 1, 0, text_key(&f, "cp"), 812, 813);
	same(finish(&f), "cp   812/813   [003]     0.000000001:          1 func_trace:\040\n\n",
	     "a hit without a duration stands for itself");
	tear_down(&f);
}

int main(void)
{
	test_calls();
	test_pairs();
	test_marks();
	test_text();
	ok(!trace_form_of(format_find("bolt")) && !trace_form_of(NULL), "others are no forms of records");
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
