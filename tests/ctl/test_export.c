// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of the formats of others: speedscope parsed, text compared; prints TAP.
 * tests/formats has them read by their readers.
 */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/csv.h"
#include "export/formats.h"
#include "export/json_rows.h"
#include "sample_export.h"

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

/* The same file each time: nothing depends on the clock. */
static void test_stable(void)
{
	size_t a_len, b_len, i;

	for (i = 0; i < nr_formats; i++) {
		char *a, *b;

		if (formats[i].of != FORMAT_OF_STACKS)
			continue;
		a = sample_make(formats[i].name, sample_times, &a_len);
		b = sample_make(formats[i].name, sample_times, &b_len);
		ok(a_len && a_len == b_len && !memcmp(a, b, a_len), formats[i].name);
		free(a);
		free(b);
	}
}

/* speedscope */

static const json_t *at(const json_t *root, const char *list, size_t i)
{
	return json_array_get(json_object_get(root, list), i);
}

static void check_profile(const json_t *file, const json_t *p, uint64_t want)
{
	size_t frames = json_array_size(json_object_get(json_object_get(file, "shared"), "frames"));
	json_t *samples = json_object_get(p, "samples");
	json_t *weights = json_object_get(p, "weights");
	uint64_t sum = 0;
	bool good = json_array_size(samples) == json_array_size(weights);
	size_t i, k;

	for (i = 0; i < json_array_size(samples); i++) {
		json_t *stack = json_array_get(samples, i);

		for (k = 0; k < json_array_size(stack); k++)
			good &= (size_t)json_integer_value(json_array_get(stack, k)) < frames;
		sum += (uint64_t)json_integer_value(json_array_get(weights, i));
	}
	ok(good && sum == want && !json_integer_value(json_object_get(p, "startValue")) &&
	   (uint64_t)json_integer_value(json_object_get(p, "endValue")) == want,
	   "its stacks are of frames that there are, and its weights add up to its end");
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static json_t *read_speedscope(sample_fn sample)
{
	size_t len;
	char *text = sample_make("speedscope", sample, &len);
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);

	ok(root, "speedscope's file is JSON");
	same(text_of(root, "$schema"), "https://www.speedscope.app/file-format-schema.json",
	     "of its schema");
	free(text);
	return root;
}

static void test_speedscope(void)
{
	json_t *root = read_speedscope(sample_times);
	const json_t *frames = json_object_get(json_object_get(root, "shared"), "frames");
	const json_t *p = at(root, "profiles", 0);

	same(text_of(root, "exporter"), "kobs@9.9", "what wrote it");
	same(text_of(root, "name"),
	     "func time, 2.00 s: hits 25 = recorded 18 + filtered 2 + pending 1 + lost 4; lost by table_full: 4",
	     "the account is in the name");
	ok(json_array_size(json_object_get(root, "profiles")) == 1, "one profile");
	same(text_of(p, "name"), "duration", "called by what is measured");
	same(text_of(p, "unit"), "nanoseconds", "in ns");
	same(text_of(p, "type"), "sampled", "of samples");
	check_profile(root, p, 4000);
	same(text_of(json_array_get(frames, 9), "name"), "<b>;\"x\"", "a column is a frame");
	same(text_of(json_array_get(frames, 14), "name"), "semi;colon", "a name with a separator");
	same(text_of(json_array_get(frames, 15), "name"), "new\nline", "with a line's end");
	same(text_of(json_array_get(frames, 17), "name"), "\xef\xbf\xbd\xef\xbf\xbd!bad",
	     "that is no UTF-8");
	json_decref(root);
	root = read_speedscope(sample_counts);
	ok(json_array_size(json_object_get(root, "profiles")) == 3, "one for each event and thread");
	same(text_of(at(root, "profiles", 0), "name"), "cycles, tid 812", "the first one's name");
	same(text_of(at(root, "profiles", 1), "name"), "faults, tid 812", "the second one's");
	same(text_of(at(root, "profiles", 2), "name"), "cycles, tid 813", "the third one's");
	same(text_of(at(root, "profiles", 0), "unit"), "none", "samples have no unit");
	check_profile(root, at(root, "profiles", 0), 7);
	check_profile(root, at(root, "profiles", 1), 3);
	check_profile(root, at(root, "profiles", 2), 1);
	ok(json_array_size(at(at(root, "profiles", 1), "samples", 0)) == 2,
	   "the event and the thread are no frames: the name and the function are");
	json_decref(root);
	root = read_speedscope(sample_nothing);
	ok(json_array_size(json_object_get(root, "profiles")) == 1, "nothing is an empty profile");
	check_profile(root, at(root, "profiles", 0), 0);
	json_decref(root);
}

static const char perf_text[] =
	"# kobs 9.9: func time, 2.00 s\n"
	"# hits 25 = recorded 18 + filtered 2 + pending 1 + lost 4; lost by table_full: 4\n"
	"#\n"
	"cp   812/812       0.000000000:       1000 duration:\040\n"
	"\t               0 vfs_read ([kernel.kallsyms])\n"
	"\t               0 ksys_read ([kernel.kallsyms])\n"
	"\t               0 main (cp)\n"
	"\n"
	"cp   812/812       0.000001000:       2500 duration:\040\n"
	"\t               0 ext4_read ([ext4])\n"
	"\t               0 ksys_read ([kernel.kallsyms])\n"
	"\t               0 main (cp)\n"
	"\n"
	"a b     7/7         0.000003500:        400 duration:\040\n"
	"\t               0 vfs_read ([kernel.kallsyms])\n"
	"\t               0 walk (find)\n"
	"\t               0 walk (find)\n"
	"\n"
	"<b>;\"x\"     9/9         0.000003900:         70 duration:\040\n"
	"\t               0 =1+1,2 ([kernel.kallsyms])\n"
	"\t               0 \xef\xbf\xbd\xef\xbf\xbd!bad ([kernel.kallsyms])\n"
	"\t               0 caf\xc3\xa9 ([kernel.kallsyms])\n"
	"\t               0 new?line ([kernel.kallsyms])\n"
	"\t               0 semi;colon ([kernel.kallsyms])\n"
	"\t               0 two words (int) ([kernel.kallsyms])\n"
	"\t               0 a\"b'c ([kernel.kallsyms])\n"
	"\t               0 <script>alert(1)</script> ([kernel.kallsyms])\n"
	"\n"
	"idle     0/0         0.000003970:         20 duration:\040\n"
	"\n"
	"func     0/0         0.000003990:         10 duration:\040\n"
	"\t               0 [no stack] ([unknown])\n"
	"\n";

static const char folded_text[] =
	"cp;812;main [cp];ksys_read;vfs_read 1000\n"
	"cp;812;main [cp];ksys_read;ext4_read [ext4] 2500\n"
	"a b;7;walk [find];walk [find];vfs_read 400\n"
	"<b>:\"x\";9;<script>alert(1)</script>;a\"b'c;two words (int);semi:colon;new?line;caf\xc3\xa9;?\?!bad;=1+1,2 70\n"
	"idle;0 20\n"
	"[no stack] 10\n";

static void test_text(void)
{
	size_t len;
	char *text = sample_make("perf", sample_times, &len);

	same(text, perf_text, "what perf script prints");
	free(text);
	text = sample_make("perf", sample_counts, &len);
	ok(strstr(text, "\ncp     0/812       0.000000000:          5 cycles:\040\n"),
	   "columns that perf has are its own");
	free(text);
	text = sample_make("folded", sample_times, &len);
	same(text, folded_text, "folded stacks");
	free(text);
}

static void csv_is(const char *json, const char *want, const char *name)
{
	struct json_rows rows;
	json_t *root;
	struct export e = {};
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	/* One row is in memory, more are read one by one. */
	e.rows = json_rows_of(&rows, json, strlen(json), &root) ? &rows : NULL;
	e.report = root;
	ok(!csv_write(&e, file), "rows as CSV");
	fclose(file);
	same(text, want, name);
	free(text);
	json_decref(root);
	json_rows_close(&rows);
}

static void test_csv(void)
{
	csv_is("{\"rows\": [{\"comm\": \"cp\", \"count\": 3}, {\"comm\": \"dd\", \"count\": -1, \"p50\": 1.5}]}",
	       "comm,count,p50\r\ncp,3,\r\ndd,-1,1.5\r\n", "a column for each key that a row has");
	csv_is("{\"rows\": [{\"a,b\": \"x\\\"y\", \"c\": \"1\\n2\", \"d\": \" <b> \", \"e\": \"\\u00e9;\"}]}",
	       "\"a,b\",c,d,e\r\n\"x\"\"y\",\"1\n2\", <b> ,\xc3\xa9;\r\n",
	       "commas, quotes and lines' ends are in quotes");
	csv_is("{\"rows\": [{\"kstack\": [\"leaf\", \"semi;colon\", \"root\"], \"ustack\": []}]}",
	       "kstack,ustack\r\nleaf;semi:colon;root,\r\n", "a stack is one cell, from its leaf");
	csv_is("{\"rows\": [{\"hist\": [{\"lo\": 1, \"count\": 2}], \"leak\": true}]}",
	       "hist,leak\r\n\"[{\"\"lo\"\":1,\"\"count\"\":2}]\",true\r\n",
	       "what has parts is JSON");
	csv_is("{\"rows\": [{\"comm\": \"\"}, {\"comm\": \"x\"}]}", "comm\r\n\"\"\r\nx\r\n",
	       "a cell alone is no empty line");
	csv_is("{\"rows\": [{\"max\": 9223372036854775807}]}", "max\r\n9223372036854775807\r\n",
	       "large numbers are exact");
	csv_is("{\"rows\": []}", "", "no rows are no lines");
	csv_is("{\"by\": [\"x\"], \"graph\": [{\"from\": \"a\"}], \"kept_out\": [{\"func\": \"b\"}]}",
	       "from\r\na\r\n", "a report without rows has the first of its tables");
}

static void test_table(void)
{
	bool good = true;
	size_t i, k;

	for (i = 0; i < nr_formats; i++) {
		good &= *formats[i].ending == '.' && *formats[i].doc &&
			(formats[i].of == FORMAT_OF_STACKS) <= !!formats[i].write;
		for (k = 0; k < i; k++)
			good &= strcmp(formats[i].name, formats[k].name) != 0;
		good &= format_find(formats[i].name) == &formats[i];
	}
	ok(good, "each format has its name, ending, writer and reader");
	ok(!format_find("pprf"), "others are none");
}

/* What a frame's name says. */
static void test_parts(void)
{
	static const struct {
		struct frame	frame;
		const char	*object;
		size_t		symbol;
		size_t		shown;
		const char	*file;
		uint64_t	line;
	} v[] = {
		{ { .name = "vfs_read", .kind = FRAME_KERNEL }, "[kernel.kallsyms]", 8, 8, "", 0 },
		{ { .name = "ext4_read [ext4]", .kind = FRAME_MODULE }, "[ext4]", 9, 16, "", 0 },
		{ { .name = "[unknown]", .kind = FRAME_KERNEL }, "[kernel.kallsyms]", 9, 9, "", 0 },
		{ { .name = "main [cp]", .kind = FRAME_USER }, "cp", 4, 9, "", 0 },
		{ { .name = "operator[] [lib.so.6]", .kind = FRAME_USER },
		  "lib.so.6", 10, 21, "", 0 },
		{ { .name = "operator[]", .kind = FRAME_USER }, "[unknown]", 10, 10, "", 0 },
		{ { .name = "[unknown]", .kind = FRAME_USER }, "[unknown]", 9, 9, "", 0 },
		{ { .name = "[cp]", .kind = FRAME_USER }, "cp", 0, 4, "", 0 },
		{ { .name = "", .kind = FRAME_USER }, "[unknown]", 0, 0, "", 0 },
		{ { .name = "sh 1:2", .column = "comm", .kind = FRAME_COLUMN }, "", 6, 6, "", 0 },
		{ { .name = "main [cp] cp.c:120", .kind = FRAME_USER }, "cp", 4, 9, "cp.c", 120 },
		{ { .name = "vfs_read read_write.c:7", .kind = FRAME_KERNEL },
		  "[kernel.kallsyms]", 8, 8,
		  "read_write.c", 7 },
		{ { .name = "step (inlined) a.h:3", .kind = FRAME_INLINED },
		  "inlined", 4, 14, "a.h", 3 },
		{ { .name = "std::a<b, c>::d (inlined)", .kind = FRAME_INLINED },
		  "inlined", 15, 25, "", 0 },
		{ { .name = "f(int, a::1) [x]", .kind = FRAME_USER }, "x", 12, 16, "", 0 },
		{ { .name = "a ::1", .kind = FRAME_KERNEL }, "[kernel.kallsyms]", 5, 5, "", 0 },
		{ { .name = "a b:", .kind = FRAME_KERNEL }, "[kernel.kallsyms]", 4, 4, "", 0 },
	};
	struct frame_parts p = {};
	bool good = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		frame_parts(&v[i].frame, &p);
		if (p.symbol == v[i].symbol && p.shown == v[i].shown &&
		    !strcmp(p.object.p, v[i].object) && !p.file == !*v[i].file &&
		    (!p.file || (p.line == v[i].line && p.file_len == strlen(v[i].file) &&
				 !strncmp(p.file, v[i].file, p.file_len))))
			continue;
		printf("# %s: %s, %zu, %zu\n", v[i].frame.name, p.object.p, p.symbol, p.shown);
		good = false;
	}
	ok(good, "names tell the function, what its code belongs to, and its line");
	buf_free(&p.object);
}

/* Frames with lines, as a report has them that was asked for them. */
static void test_lines(void)
{
	struct stack_set set = {};
	struct export e = { .source = "func", .mode = "count", .version = "9.9", .set = &set };
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	export_weigh(&e, NULL, NULL, "hits");
	stack_set_begin(&set, 2, 2);
	stack_set_add(&set, stack_set_frame(&set, "main [cp] cp.c:12", FRAME_USER));
	stack_set_add(&set, stack_set_frame(&set, "step (inlined) a.h:3", FRAME_INLINED));
	stack_set_add(&set, stack_set_frame(&set, "[cp]", FRAME_USER));
	speedscope_write(&e, file);
	perf_write(&e, file);
	fclose(file);
	ok(strstr(text, "\n{\"name\": \"main [cp]\", \"file\": \"cp.c\", \"line\": 12},"),
	   "speedscope has the line");
	ok(strstr(text, "\n\t               0 [unknown] (cp)\n"
		  "\t               0 step (inlined)\n\t               0 main (cp)\n"),
	   "perf tells an inlined function, and where what has no name is");
	free(text);
	stack_set_free(&set);
}

int main(void)
{
	test_table();
	test_parts();
	test_lines();
	test_stable();
	test_speedscope();
	test_text();
	test_csv();
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
