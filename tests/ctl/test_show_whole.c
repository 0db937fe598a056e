// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of obsctl show and diff of reports that are shown as a whole: what was read
 * from files of the machine, and records. What show makes of the JSON must be the text, to
 * the byte. Prints TAP.
 */

#include "cmd/mem/growth_print.h"
#include "cmd/mem/mem.h"
#include "cmd/mem/rss.h"
#include "cmd/saved/compare.h"
#include "cmd/triage/report.h"
#include "cmd/triage/words.h"
#include "recorded_machine.h"
#include "show_harness.h"

/* Begin a report in a file of JSON, or as a text. */
static void begin_out(struct out *o, char **text, size_t *size, bool json, const char *source,
		      const char *mode)
{
	out_init(o, open_memstream(text, size), json);
	out_open(o, NULL, '{');
	out_json_text(o, "kobs", "1.0");
	out_json_text(o, "kernel", "6.12.0");
	out_json_text(o, "source", source);
	out_json_text(o, "mode", mode);
}

static char *end_out(struct out *o, char **text)
{
	FILE *file = o->file;

	out_close(o, '}');
	out_newline(o);
	out_free(o);
	fclose(file);
	return *text;
}

/* Run diff on two files. Return: its exit status; what it printed is in @text. */
static int compare(struct opts *o, const char *a, const char *b, char **text)
{
	char *args[2] = { path_of(a), path_of(b) };
	struct diff_opts own = {};
	int err;

	o->args = args;
	o->nr_args = 2;
	o->own = &own;
	o->output = path_of("out");
	err = noun_diff.verbs[0].check(&noun_diff.verbs[0], o);
	err = err ? err : noun_diff.verbs[0].fn(&noun_diff.verbs[0], o);
	free(*text);
	*text = read_back("out");
	return err;
}

static int show_status(const char *name, struct opts *o)
{
	char *path = path_of(name);

	o->args = &path;
	o->nr_args = 1;
	o->output = path_of("out");
	return noun_show.verbs[0].fn(&noun_show.verbs[0], o);
}

/* Memory. */

static char *print_memory(const struct mem_report *r, bool json)
{
	char *text = NULL;
	size_t size = 0;
	struct out o;

	begin_out(&o, &text, &size, json, "mem", "growth");
	mem_report_print(r, &o);
	return end_out(&o, &text);
}

static void same_memory(const struct mem_report *r, const char *file, const char *name)
{
	char *json = print_memory(r, true);
	char *text = print_memory(r, false);
	char *shown;

	write_file(file, json);
	shown = show(file, &(struct opts){});
	is(shown, text, name);
	free(json);
	free(text);
	free(shown);
}

#define EDITED \
	"{\"kobs\": \"1\", \"source\": \"mem\", \"mode\": \"growth\", \"total\": -1, \"growing\": {}, " \
	"\"rows\": [1, {}, {\"part\": 5, \"bytes\": \"x\", \"change\": -9223372036854775808}], " \
	"\"free_blocks\": [1e99], \"page_size\": 18446744073709551615}"

static void test_memory(void)
{
	struct mem_share parts[] = {
		{ "free", "free", 3 << 20, { -4096, -1.0 / 3, 0.123456789, 0.1, true, true },
		  true, false },
		{ "slab", "slab", 5 << 20, { 1 << 20, 1e6 / 7, 0.9999999, 2.5, true, true },
		  false, false },
		{ "gpu", "graphics", 0, {}, false, false },
		{ "bounce", "bounce buffers, FUSE writeback", 0, { 0, 0, 0, 7.5, true, true },
		  false, false },
		{ "unaccounted", "unaccounted", -8192, { 0, 0, 0, 0, false, false }, false, true },
	};
	struct mem_grower growers[] = {
		{ "vmalloc", "a \"b\"\001 <c>", 7 << 20, { 77, 7.7, 0.99, 0.01, true, true } },
	};
	struct mem_report r = {
		.duration = 2345678901, .readings = 20, .total = 8ull << 20, .parts = parts,
		.nr_parts = ARRAY_SIZE(parts),
	};
	struct opts o = {};
	char *text = NULL;

	same_memory(&r, "a.json", "parts of the memory, and nothing that grows");
	r.growers = growers;
	r.nr_growers = 1;
	r.blocks[0] = 5;
	r.blocks[9] = 3;
	r.page = 4096;
	r.grows = "slab";
	r.grows_doc = "slab";
	r.next = "obsctl slab leaks";
	r.rate = 1e6 / 7;
	r.interim = true;
	parts[1].bytes = 6 << 20;
	parts[4].bytes = -4096;
	same_memory(&r, "b.json", "what grows, free blocks and the next command");
	ok(!compare(&o, "a.json", "b.json", &text), "two are compared");
	has(text, "mem growth, 2.35 s; then mem growth, 2.35 s so far\n", "as a whole");
	has(text, "bytes: before 8.0 MiB, after 9.0 MiB (+12.6 %)\n", "with their sums");
	has(text, "\nslab          5.0 MiB   6.0 MiB  +1.0 MiB   +20.0 %\n", "by the name of the part");
	has(text, "\nunaccounted  -8.0 KiB  -4.0 KiB  +4.0 KiB         -\n", "one below 0");
	ok(!strstr(text, "hits"), "there are no hits");
	o.fail_over.text = "1MiB";
	ok(!compare(&o, "a.json", "b.json", &text), "a limit that is not crossed");
	o.fail_over.text = "1000KiB";
	ok(compare(&o, "a.json", "b.json", &text) == STATUS_CROSSED, "and one that is");
	parts[0].bytes = 64 << 20;
	parts[1].bytes = 5 << 20;
	same_memory(&r, "b.json", "more that is free");
	o.fail_over.text = "5%";
	ok(!compare(&o, "a.json", "b.json", &text), "free memory may grow by a percentage");
	o.fail_over.text = "1MiB";
	ok(!compare(&o, "a.json", "b.json", &text), "and by bytes");
	parts[0].given_back = false;
	same_memory(&r, "b.json", "the same, not given back");
	same_memory(&r, "a.json", "of both");
	parts[0].bytes = 128 << 20;
	same_memory(&r, "b.json", "and more of it");
	ok(compare(&o, "a.json", "b.json", &text) == STATUS_CROSSED, "what is not given back may not");
	o = (struct opts){ .top = { .given = true, .value = 1 }, .html = path_of("x.html") };
	ok(show_status("a.json", &o) == STATUS_REFUSED && access(path_of("x.html"), F_OK),
	   "-n has nothing to choose");
	o = (struct opts){ .html = path_of("x.html") };
	ok(!show_status("a.json", &o), "a page");
	free(text);
	text = read_back("x.html");
	has(text, "<td>unaccounted</td><td class=\"r\" data-v=\"-4096\">-4.0 KiB</td>", "has the parts");
	o = (struct opts){ .folded = true };
	ok(show_status("a.json", &o) == STATUS_REFUSED, "there are no stacks");
	write_file("b.json", EDITED);
	o = (struct opts){};
	ok(!show_status("b.json", &o), "a report that was edited");
	free(text);
}

/* A machine. */

static const char *const machines[] = {
	"quiet", "cpu", "hot", "disk", "reclaim", "slab", "listen", "lossy", "cgroup",
	"cgroup_oom", "throttled", "softirq", "blocked", "filling", "files", "process_files",
	"old",
};

static char *print_finding(const struct finding *f, bool json)
{
	struct output to = {};
	char *text = NULL;
	size_t size = 0;

	to.file = open_memstream(&text, &size);
	ok(!finding_print(f, &to, json), "a machine is printed");
	fclose(to.file);
	return text;
}

static void same_machine(const struct finding *f, const char *name)
{
	char *json = print_finding(f, true);
	char *text = print_finding(f, false);
	char *shown;

	write_file("a.json", json);
	shown = show("a.json", &(struct opts){});
	is(shown, text, name);
	free(json);
	free(text);
	free(shown);
}

static void test_machine(const char *name)
{
	char path[64];
	struct strings missing = {};
	struct triage_rows rows;
	struct facts facts = {};
	struct limits limits;
	struct recorded r;
	char *text;
	struct finding f = {
		.begin = &r.begin, .end = &r.end, .facts = &facts, .limits = &limits,
		.rows = &rows, .missing = &missing,
	};

	snprintf(path, sizeof(path), "../tests/ctl/triage/%s", name);
	text = read_path(path);
	ok(!recorded_take(&r, text), "a recorded machine");
	ok(!limits_take(&limits, &(struct strings){}), "the limits");
	facts_find(&facts, &r.begin, &r.end, r.v, r.n);
	rows_make(&rows, &facts, &limits);
	same_machine(&f, name);
	strings_add(&missing, "a file: \"why\"");
	f.all = true;
	same_machine(&f, "all rows, and what was not seen");
	strings_free(&missing);
	rows_free(&rows);
	facts_free(&facts);
	machine_free(&r.begin);
	machine_free(&r.end);
	free(text);
}

#define EDITED_MACHINE \
	"{\"kobs\": \"1\", \"source\": \"triage\", \"mode\": \"machine\", \"pressure\": [1], \"rows\": " \
	"[1, {\"utilisation\": {\"value\": 1e308, \"unit\": \"count\"}, \"saturation\": 1, \"errors\": " \
	"{\"value\": -5, \"unit\": \"bytes_per_s\"}}], \"processes\": [{\"syscalls_per_s\": 1}, 2], " \
	"\"sessions\": [{\"lost\": {\"x\": \"y\"}, \"cost_percent\": 1e308}], \"not_seen\": [5]}"

/* What the module's sessions add. */
static char *print_sessions(bool json)
{
	struct lost lost[] = {
		{ (char *)"in_flight", (char *)"had not ended", 3 },
		{ (char *)"table_full", (char *)"no room: raise \"rows\"", 7 },
	};
	struct session s = {
		.hits = 1000, .recorded = 900, .filtered = 90, .lost = lost, .nr_lost = 2,
		.stop_reason = (char *)"over budget",
	};
	const struct triage_process p = { "a <b>", 4194305, 12.3456789, 1.0 / 3, 5, 0.7 };
	const double cost = 0.123456789;
	char *text = NULL;
	size_t size = 0;
	struct out o;

	begin_out(&o, &text, &size, json, "triage", "machine");
	triage_print_head(&o, &(struct triage_head){ .duration = 1, .cpus = 1 });
	out_table_begin(&o, "pressure");
	out_table_end(&o);
	out_line(&o, "%s", "");
	out_table_begin(&o, "rows");
	out_table_end(&o);
	triage_print_sentence(&o, "It is idle.");
	out_table_begin(&o, "processes");
	out_row_begin(&o);
	triage_print_process(&o, &p);
	triage_print_service(&o, &(struct triage_service){ 1e6 / 3, 0.1, 4711, true });
	out_row_end(&o);
	out_row_begin(&o);
	triage_print_process(&o, &p);
	triage_print_service(&o, &(struct triage_service){});
	out_row_end(&o);
	out_table_end(&o);
	out_line(&o, "%s", "");
	out_table_begin(&o, "sessions");
	triage_print_session(&o, "sched runq", &s, &cost);
	s.nr_lost = 0;
	s.stop_reason = NULL;
	triage_print_session(&o, "irq hard", &s, NULL);
	out_table_end(&o);
	triage_print_equation(&o);
	return end_out(&o, &text);
}

static void test_sessions(void)
{
	char *json = print_sessions(true);
	char *text = print_sessions(false);
	struct opts o = {};
	char *shown;

	write_file("a.json", json);
	shown = show("a.json", &o);
	is(shown, text, "sessions, and the system calls of processes");
	has(shown, "      lost 7, table_full: no room: raise \"rows\"\n", "what was lost");
	ok(compare(&o, "a.json", "a.json", &shown) == STATUS_REFUSED, "there is nothing to compare");
	o = (struct opts){ .html = path_of("x.html") };
	ok(!show_status("a.json", &o), "a page");
	free(shown);
	shown = read_back("x.html");
	has(shown, "<td>a &lt;b&gt;</td><td class=\"r\" data-v=\"4194305\">", "names are no markup");
	free(json);
	free(text);
	free(shown);
	write_file("a.json", EDITED_MACHINE);
	o = (struct opts){};
	ok(!show_status("a.json", &o), "a report that was edited");
}

static char *print_resident(const struct rss_series *s, const struct numbers *pids, bool json)
{
	char *text = NULL;
	size_t size = 0;
	struct out o;

	begin_out(&o, &text, &size, json, "mem", "user");
	user_print_passive(s, pids, 2345678901, false, &o);
	return end_out(&o, &text);
}

static void same_resident(struct rss_series *s, const struct numbers *pids, const char *file,
			  const char *name)
{
	char *json = print_resident(s, pids, true);
	char *text = print_resident(s, pids, false);
	char *shown;

	write_file(file, json);
	shown = show(file, &(struct opts){});
	is(shown, text, name);
	free(json);
	free(text);
	free(shown);
}

#define STRANGE \
	"{\"kobs\": \"1\", \"source\": \"mem\", \"mode\": \"user\", \"pids\": {}, \"readings\": -1, " \
	"\"rows\": [1, {}, {\"kind\": \"heap\", \"bytes\": \"x\", \"change\": -9223372036854775808}]}"

/* mem user --passive. */
static void test_resident(void)
{
	struct rss_series s = {
		.readings = 4,
		.first = { .bytes = { [RSS_HEAP] = 5 << 20, [RSS_FILE] = 3 << 20 } },
		.last = { .bytes = { [RSS_HEAP] = 9 << 20, [RSS_FILE] = 2 << 20,
				     [RSS_SWAP] = 4096 } },
	};
	struct opts o = { .flame = path_of("x.html") };
	struct numbers pids = {};
	char *text = NULL;
	size_t i;

	numbers_add(&pids, 812);
	same_resident(&s, &pids, "a.json", "what a process has resident, read once");
	for (i = 0; i < 4; i++)
		trend_add(&s.trends[RSS_HEAP], (i + 1) * 1000000000, (5 + i) << 20);
	numbers_add(&pids, 4194304);
	same_resident(&s, &pids, "b.json", "what two have, and how it grows");
	ok(show_status("a.json", &o) == STATUS_REFUSED, "there are no stacks");
	o = (struct opts){ .fail_over.text = "1MiB" };
	s.last.bytes[RSS_HEAP] += (1 << 20) + 1;
	same_resident(&s, &pids, "b.json", "a heap that has grown");
	ok(compare(&o, "a.json", "b.json", &text) == STATUS_CROSSED, "two are compared");
	has(text, "\nheap  9.0 MiB  10 MiB  +1.0 MiB   +11.1 %\n6 rows did not change", "by what is mapped");
	write_file("a.json", STRANGE);
	ok(!show_status("a.json", &o), "a report that was edited");
	free(text);
	numbers_free(&pids);
}

static void test_machines(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(machines); i++)
		test_machine(machines[i]);
}

int main(void)
{
	static const test_fn tests[] = {
		test_memory, test_resident, test_machines, test_sessions,
	};

	return run_tests(tests, ARRAY_SIZE(tests));
}
