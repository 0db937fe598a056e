// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of obsctl show of reports of obsctl cgroup: what it makes of the JSON must be the
 * text, to the byte. Prints TAP.
 */

#include "cmd/cgroup/show.h"
#include "lib/cgroup.h"
#include "show_harness.h"

#define MIB	(1024 * 1024ull)

static void begin_out(struct out *o, bool json, size_t *size, char **text)
{
	out_init(o, open_memstream(text, size), json);
	out_open(o, NULL, '{');
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

static char *print_lines(const struct cgroup_lines *l, bool json)
{
	struct cgroup_lines some = *l;
	char *text = NULL;
	size_t size = 0;
	struct out o;

	if (json)
		some.most = 0;
	begin_out(&o, json, &size, &text);
	cgroup_print_head(&o, "list", l->interim, l->duration, l->readings);
	cgroup_lines_print(&some, &o);
	return end_out(&o, &text);
}

/* Return: the text, which is to be freed. */
static char *same_lines(const struct cgroup_lines *l, const struct opts *with, const char *name)
{
	char *json = print_lines(l, true);
	char *text = print_lines(l, false);
	char *shown;

	write_file("a.json", json);
	shown = show("a.json", with);
	is(shown, text, name);
	free(json);
	free(text);
	return shown;
}

static int show_status(struct opts *o)
{
	char *path = path_of("a.json");

	o->args = &path;
	o->nr_args = 1;
	o->output = path_of("out");
	return noun_show.verbs[0].fn(&noun_show.verbs[0], o);
}

static void test_list(void)
{
	struct cgroup_line lines[] = {
		{ "/system.slice", 77, 300 * MIB, NO_LIMIT, 100 * MIB, 90 * MIB, 12345, 3, 1.0 / 3,
		  12.25, { true, true, true, 1e6 / 7, 0.123456789, -4096 } },
		{ "/it's \"a\" <b>.service", 1ull << 40, 5 * MIB, 7 * MIB, 1, 2, 3, 12345, 0, 0,
		  { true, false, false, 0, 0, 0 } },
		{ "/new", 3, 4096, 0, 0, 0, 0, 0, 0, 100, {} },
	};
	struct cgroup_lines l = {
		.root = "/sys/fs/cgroup", .readings = 1, .v = lines, .n = 3, .all = 3,
		.most = CGROUP_ROWS,
	};
	struct opts o = {};
	char *text = same_lines(&l, &o, "groups, at once");

	ok(!strstr(text, "BYTES/S"), "without their growth");
	has(text, "OOM KILLS: since the group was made.\nNext: obsctl cgroup '/system.slice'\n",
	    "and what to ask next");
	free(text);
	l.over = true;
	l.duration = 1234567890;
	l.readings = 5;
	l.interim = true;
	text = same_lines(&l, &o, "over some time");
	has(text, "cgroup, 1.23 s so far, 5 readings: ", "which is told");
	free(text);
	l.most = 2;
	o.top = (struct opt_number){ .given = true, .value = 2 };
	text = same_lines(&l, &o, "the largest of them");
	has(text, "\n... and 1 more: see -n\n", "the others are counted");
	free(text);
	l.n = 2;
	text = same_lines(&l, &o, "of a file that has no more of them");
	has(text, "\n... and 1 more: see -n\n", "they are counted as well");
	free(text);
	l.n = 0;
	l.all = 0;
	text = same_lines(&l, &o, "none");
	has(text, "No control group below /sys/fs/cgroup has the memory controller.\n",
	    "is told with the place");
	free(text);
}

#define READINGS	6

/* A group whose anonymous memory grows, that has a limit, and of which two were killed. */
static void set_group(struct show *s, struct opts *o, bool memory)
{
	static struct cgroup_reading v[READINGS];
	size_t i;

	*s = (struct show){
		.o = o, .path = copy_string("/jobs/a b"), .id = 4711,
		.limit_path = copy_string("/jobs"), .limit = 64 * MIB,
		.room = 20 * MIB, .from = 1000000000, .last = 2234567891,
		.nr_readings = READINGS, .v = v, .n = READINGS,
	};
	s->now.has_memory = memory;
	s->now.quota = NO_LIMIT;
	for (i = 0; i < NR_CGROUP_LIMITS; i++)
		s->now.limit[i] = i == LIMIT_HIGH ? 50 * MIB : i == LIMIT_LOW ? 0 : NO_LIMIT;
	for (i = 0; memory && i < READINGS; i++) {
		v[i] = (struct cgroup_reading){
			.time = (i + 1) * 250000000, .current = (10 + 4 * i) * MIB,
			.cache = 5 * MIB,
		};
		trend_add(&s->trends[0], v[i].time, (10 + 4 * i + i % 2) * MIB);
	}
	if (!memory)
		return;
	s->at_peak[0] = 20 * MIB;
	s->now.current = 30 * MIB;
	s->now.swap = 3 * MIB;
	s->now.peak = 44 * MIB;
	named_add(&s->now.memory, "anon", 25 * MIB);
	named_add(&s->now.memory, "file", 6 * MIB);
	named_add(&s->first.events, "oom_kill", 1);
	named_add(&s->now.events, "oom_kill", 3);
	named_add(&s->now.events, "max", 7);
	cgroup_judge(v, READINGS, s->limit, s->room, true, &s->found);
}

static void free_group(struct show *s)
{
	cgroup_files_free(&s->first);
	cgroup_files_free(&s->now);
	buf_free(&s->kills.why);
	free(s->limit_path);
	free(s->path);
}

static char *print_group(struct show *s, struct opts *o, bool json, bool interim)
{
	struct output to = {};
	char *text = NULL;
	size_t size = 0;

	o->json = json;
	to.file = open_memstream(&text, &size);
	ok(!show_print(s, &to, interim), "a group is printed");
	fclose(to.file);
	return text;
}

static char *same_group(struct show *s, const char *name)
{
	struct opts *o = (struct opts *)s->o;
	char *json = print_group(s, o, true, false);
	char *text = print_group(s, o, false, false);
	char *shown;

	write_file("a.json", json);
	shown = show("a.json", &(struct opts){});
	is(shown, text, name);
	free(json);
	free(text);
	return shown;
}

static void test_group(void)
{
	struct opts o = {};
	struct show s;
	char *text;

	set_group(&s, &o, true);
	text = same_group(&s, "a group that climbs");
	has(text, "It uses 30 MiB of 64 MiB, the memory.max of /jobs, which has room for 20 MiB\n",
	    "its limit");
	has(text, "\nunaccounted          -1.0 MiB  -3.3 %", "what is below 0");
	has(text, "Limits of its own: memory.high 50 MiB\n", "its own");
	has(text, "max 7, oom 0, oom_kill 2 (ever 3)\n", "events, and those before");
	has(text, "\nKilled for want of memory: 2 processes, since the machine, ", "kills");
	has(text, "Who was killed is not known: the session could not be read\n", "of whom");
	has(text, "\nA steady climb: what it holds grew by 20 MiB, ", "the verdict");
	has(text, "Next: obsctl page faults --by comm,ustack --cgroup '/jobs/a b'\n",
	    "and what to ask next");
	free(text);
	s.removed = true;
	s.now.quota = 150000;
	s.now.period = 100000;
	named_add(&s.first.cpu, "usage_usec", 1);
	named_add(&s.now.cpu, "usage_usec", 1000001);
	named_add(&s.first.cpu, "nr_periods", 0);
	named_add(&s.now.cpu, "nr_periods", 12);
	named_add(&s.first.cpu, "nr_throttled", 0);
	named_add(&s.now.cpu, "nr_throttled", 7);
	s.first.pressure[PRESSURE_MEMORY].there = true;
	s.now.pressure[PRESSURE_MEMORY] = (struct pressure){
		.there = true, .some = 100001, .full = 77,
	};
	s.levels[s.nr_levels++] = (struct show_level){ s.path, 0, 2 };
	buf_puts(&s.kills.why, "--passive starts no session");
	free(s.limit_path);
	s.limit_path = copy_string(s.path);
	text = same_group(&s, "one that is gone, with a quota");
	has(text, "cgroup /jobs/a b, removed, 1.23 s, 6 readings\n", "which is told");
	has(text, "memory 8.1 % (all of its threads 0.0 %)\n", "how long threads waited");
	has(text, "CPU: 0.81 CPUs of 1.50 (cpu.max); throttled in 7 of 12 periods\n", "CPU time");
	has(text, "no more below the limit of /jobs/a b\n", "whose limit was the reason");
	has(text, "Who was killed is not known: --passive starts no session\n", "and why");
	free(text);
	o = (struct opts){ .top = { .given = true, .value = 1 } };
	ok(show_status(&o) == STATUS_REFUSED, "-n has nothing to choose");
	o = (struct opts){ .folded = true };
	ok(show_status(&o) == STATUS_REFUSED, "there are no stacks");
	o = (struct opts){ .html = path_of("x.html") };
	ok(!show_status(&o), "a page");
	free_group(&s);
}

static void test_no_memory(void)
{
	struct opts o = {};
	struct show s;
	char *text;

	set_group(&s, &o, false);
	s.limit = NO_LIMIT;
	text = same_group(&s, "a group without the memory controller");
	has(text, "It has no memory controller: nothing is known of its memory.\n", "is told");
	free(text);
	free_group(&s);
}

/* Who was killed, as the module saw it. */
static char *print_killed(const struct cgroup_report *r, bool json)
{
	char *text = NULL;
	size_t size = 0;
	struct out o;

	begin_out(&o, json, &size, &text);
	cgroup_print_head(&o, "show", false, r->duration, r->readings);
	cgroup_report_begin(r, &o);
	out_line(&o, "%s", "");
	out_table_begin(&o, "killed");
	cgroup_print_killed(&o, &(struct cgroup_killed){ "eater", 12, "wants", 13, "jobs", 1 });
	cgroup_print_killed(&o, &(struct cgroup_killed){ NULL, 14, "other", 15, "/", 2 });
	out_table_end(&o);
	cgroup_report_end(r, &o);
	return end_out(&o, &text);
}

static void test_killed(void)
{
	const struct cgroup_report r = {
		.path = "/jobs", .duration = 5, .readings = 2, .has_memory = true,
		.limit = NO_LIMIT, .kills = 3, .verdict = "steady", .says = "Steady",
	};
	char *json = print_killed(&r, true);
	char *text = print_killed(&r, false);
	char *shown;

	write_file("a.json", json);
	shown = show("a.json", &(struct opts){});
	is(shown, text, "who was killed, and who wanted the memory");
	has(shown, "eater    12  wants       13  jobs      1\n", "by name");
	free(json);
	free(text);
	free(shown);
}

#define EDITED(mode, rows) \
	"{\"kobs\": \"1\", \"source\": \"cgroup\", \"mode\": \"" mode "\", \"readings\": -1, " \
	"\"groups\": \"x\", \"current\": [], \"limits\": [1], \"events\": 5, \"limit\": {}, " \
	"\"cpu\": {\"used\": 1e308, \"quota\": -1}, \"pressure\": {\"memory\": 1}, " \
	"\"killed\": [1, {}], \"rows\": [1, {}, " rows "]}"

static void test_edited(void)
{
	struct opts o = {};

	write_file("a.json",
		   EDITED("list", "{\"cgroup_path\": 5, \"current\": -1, \"limit\": 1e9}"));
	ok(!show_status(&o), "a list that was edited");
	write_file("a.json", EDITED("show", "{\"part\": 5, \"change\": -9223372036854775808}"));
	ok(!show_status(&o), "a report that was edited");
}

int main(void)
{
	static const test_fn tests[] = {
		test_list, test_group, test_no_memory, test_killed, test_edited,
	};

	return run_tests(tests, ARRAY_SIZE(tests));
}
