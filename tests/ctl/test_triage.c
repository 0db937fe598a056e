// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of triage: its readers, and what its rules make of recorded machines, the files of
 * tests/ctl/triage. Run by 'make check' in ctl/; prints TAP.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/nouns.h"
#include "cmd/triage/facts.h"
#include "lib/diag.h"
#include "recorded_machine.h"

#define MACHINES	"../tests/ctl/triage/"
#define PAGE		"obsctl.8"
#define WORDS_MAX	32

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *what, const char *name)
{
	failures += !good;
	printf("%sok %u - %s: %s\n", good ? "" : "not ", ++test_nr, what, name);
}

static void same(const char *got, const char *want, const char *what, const char *name)
{
	ok(!strcmp(got, want), what, name);
	if (strcmp(got, want))
		printf("# got '%s'\n# not '%s'\n", got, want);
}

static void same_number(uint64_t got, uint64_t want, const char *what, const char *name)
{
	ok(got == want, what, name);
	if (got != want)
		printf("# got %llu, want %llu\n", (unsigned long long)got,
		       (unsigned long long)want);
}

static char *read_text(const char *path)
{
	FILE *file = fopen(path, "r");
	struct buf text = {};
	char part[4096];
	size_t len;

	while (file && (len = fread(part, 1, sizeof(part), file)))
		buf_add(&text, part, len);
	if (file)
		fclose(file);
	return text.p;
}

static bool load(struct recorded *r, const char *name)
{
	char path[128];
	char *text;

	snprintf(path, sizeof(path), MACHINES "%s", name);
	text = read_text(path);
	if (text)
		ok(!recorded_take(r, text), name, "has files of a machine only");
	free(text);
	return text;
}

/* What the rules have to make of each machine: NULL for no problem. */
static const struct {
	const char	*machine;
	const char	*first;		/* its resource and subject */
	const char	*metric;	/* what is worst of it */
	const char	*follows;	/* resources that follow from it */
	const char	*sentence;	/* how that begins */
} machines[] = {
	{
		"quiet", NULL, NULL, "",
		"No bottleneck: of what was looked at nothing is saturated, and nothing failed. CPUs: busy 2 %",
	},
	{
		"cpu", "cpu ", "cpu-wait", "",
		"CPU-bound: on average 2.10 threads waited for CPU 0, and 4.00 for all 2 CPUs; burn (process 504) ran most, 49 % of a CPU; in 99.0 % of the time",
	},
	{
		"throttled", "cpu /build", "cgroup-throttled", "cpu ",
		"CPU-bound by the quota of a control group: control group /build waited for the next period of its quota in 78.0 % of the time (sum of CPUs). From that follows what is said of cpu.",
	},
	{
		"cgroup", "memory /user/hog", "cgroup-pressure", "memory disk ",
		"Memory-bound in a control group: in 96.0 % of the time a thread of control group /user/hog waited for memory (64 MiB of 64 MiB); control group /user/hog uses 64 MiB of 64 MiB. From that follows what is said of memory, disk.",
	},
	{
		"cgroup_oom", "memory /user/hog", "cgroup-oom-kills", "memory disk ",
		"A control group is out of memory: the kernel killed 2 processes of control group /user/hog, whose limit is 64 MiB",
	},
	{
		"reclaim", "memory ", "reclaim", "disk ",
		"Memory-bound: threads that needed memory looked at 50000 pages a second to free some, in 100 stalls a second; in 60.0 % of the time a thread waited for memory; 29 MiB of 1.9 GiB are available.",
	},
	{
		"disk", "disk nullb0", "io-pressure", "",
		"I/O-bound: in 98.0 % of the time a thread waited for I/O; a request to disk nullb0 takes 200 ms on average",
	},
	{
		"lossy", "tcp ", "retransmits", "",
		"Network-bound: packets are lost: 500 of 2,500 TCP segments were sent again.",
	},
	{
		"listen", "tcp ", "listen-overflows", "",
		"A program accepts connections too slowly: 30.0 connections a second were refused",
	},
	{
		"softirq", "interrupts ", "irq-time", "cpu ",
		"Interrupt-bound: interrupts took 87.9 % of the time of CPU 0; the most frequent soft interrupt is NET_RX, 90000/s.",
	},
	{
		"slab", "slab kmalloc-4k", "slab-growth", "",
		"The kernel's memory grows: slab memory that cannot be reclaimed grew by at least 6.4 MiB/s all the time, from 20 MiB to 100 MiB; cache kmalloc-4k grew most, by 78 MiB.",
	},
	{
		"filling", NULL, NULL, "",
		"No bottleneck: of what was looked at nothing",
	},
	{
		"files", "files ", "files", "",
		"Open files reach their limit: 196,000 open files of 197,000.",
	},
	{
		"blocked", "tasks ", "blocked", "",
		"Off-CPU: processes are stuck in the kernel: 2 processes were blocked in the kernel all the time, stuck602 (process 602) for one.",
	},
	{
		"process_files", "files ", "process-files", "",
		"Open files of a process reach their limit: a b) c (process 77) has 1,000 files open, of 1,024 that it can have.",
	},
	{
		"hot", "cpu ", "cpu-hot", "",
		"CPU-bound by heat: CPU 1 was too hot, and slowed down, in 41.0 % of the time.",
	},
	{
		"slow", "cpu ", "cpu-slow", "",
		"CPU-bound by its frequency: CPU 1, busy for 99 % of the time, ran at 1.20 GHz on average; its base is 2.40 GHz; cpufreq allows 1.20 GHz.",
	},
	{
		"old", NULL, NULL, "",
		"No bottleneck is seen, but cpu is busy: busy 100 %: user 98, system 2, interrupts 0, stolen 0; CPU 0 is the busiest, 100 %. Whether threads wait for it cannot be told here.",
	},
};

static void follow(const struct triage_rows *rows, struct buf *out)
{
	size_t i;

	buf_puts(out, "");
	for (i = 0; i < rows->n; i++)
		if (rows->v[i].cause)
			buf_printf(out, "%s%s%s ", resource_names[rows->v[i].resource],
				   *rows->v[i].subject ? " " : "", rows->v[i].subject);
}

static void judge(size_t i, const struct triage_rows *rows, const struct facts *f,
		  const struct limits *l)
{
	const char *name = machines[i].machine;
	const char *want = machines[i].sentence;
	struct buf first = {};
	struct buf text = {};

	same_number(rows->problems, machines[i].first ? 1 : 0, name, "problems");
	if (machines[i].first) {
		buf_printf(&first, "%s %s", resource_names[rows->v[0].resource],
			   rows->v[0].subject);
		same(first.p, machines[i].first, name, "the first row");
		same(triage_rules[rows->v[0].worst->metric].name, machines[i].metric, name,
		     "what is worst of it");
	}
	follow(rows, &text);
	same(text.p, machines[i].follows, name, "what follows");
	text.len = 0;
	rows_sentence(rows, f, l, &text);
	ok(!strncmp(text.p, want, strlen(want)), name, "the sentence");
	if (strncmp(text.p, want, strlen(want)))
		printf("# %s\n", text.p);
	buf_free(&first);
	buf_free(&text);
}

static void test_machines(void)
{
	const struct strings none = {};
	struct triage_rows rows;
	struct recorded r;
	struct limits l;
	size_t i;

	limits_take(&l, &none);
	for (i = 0; i < ARRAY_SIZE(machines); i++) {
		struct facts f = {};

		if (!load(&r, machines[i].machine)) {
			ok(false, machines[i].machine, "can be read");
			continue;
		}
		facts_find(&f, &r.begin, &r.end, r.v, r.n);
		rows_make(&rows, &f, &l);
		judge(i, &rows, &f, &l);
		rows_free(&rows);
		facts_free(&f);
		recorded_free(&r);
	}
}

static void test_readers(void)
{
	struct recorded r;
	struct busy busy[2];
	uint64_t v = 0;
	size_t n;

	load(&r, "quiet");
	same_number(r.begin.nr_cpus, 2, "stat", "CPUs");
	same_number(r.begin.cpus[1].ticks[CPU_IDLE], 90000, "stat", "idle ticks of a CPU");
	same_number(r.begin.ticks[CPU_SOFTIRQ], 60, "stat", "ticks of all CPUs in soft interrupts");
	same_number(r.end.cpus[1].waited, 26000000, "schedstat", "time waited");
	same_number(r.end.pressure[PRESSURE_IO].some, 21000, "pressure", "some");
	same_number(r.end.pressure[PRESSURE_IO].full, 500, "pressure", "full");
	ok(named_get(&r.begin.memory, "MemTotal", &v) && v == 2015788ull * 1024, "meminfo", "bytes");
	same_number(r.begin.nr_disks, 2, "diskstats", "disks without their parts");
	same_number(r.begin.disks[1].requests, 1210, "diskstats", "requests, with flushes");
	same_number(r.begin.disks[1].took_ms, 805, "diskstats", "their time");
	same_number(r.begin.nets[1].bytes[1], 400000, "net/dev", "bytes sent");
	same_number(r.begin.nets[1].megabits, 1000, "net/dev", "speed of a link");
	ok(named_get(&r.begin.net, "Tcp.RetransSegs", &v) && v == 3, "net/snmp",
	   "a number behind one below 0");
	same_number(r.begin.irqs.v[1].counts.v[0], 1000, "interrupts", "of a CPU");
	same(r.begin.irqs.v[1].what, "PCI-MSI 49152-edge      virtio1-req.0", "interrupts", "handler");
	ok(named_get(&r.begin.limits, "threads", &v) && v == 90, "loadavg", "threads");
	ok(named_get(&r.begin.limits, "proc/sys/fs/file-max", &v) && v == 197000, "file-nr",
	   "the limit");
	same(r.begin.tasks[1].comm, "a b) c", "PID/stat", "a name with a parenthesis");
	same_number(r.begin.tasks[1].threads, 3, "PID/stat", "threads");
	n = busy_find(&r.begin, &r.end, busy, ARRAY_SIZE(busy));
	same_number(n, 1, "busiest processes", "how many ran");
	same_number(busy[0].pid, 1, "busiest processes", "the first one");
	recorded_free(&r);
}

/* The fact about the frequency of a machine like "slow", which is changed. */
static void check_speed(const char *name, void (*change)(struct recorded *r), double want)
{
	const struct fact *found = NULL;
	struct facts f = {};
	struct recorded r;
	size_t i;

	load(&r, "slow");
	change(&r);
	facts_slow(&f, &r.begin, &r.end);
	for (i = 0; i < f.n; i++)
		if (f.v[i].metric == M_CPU_SLOW)
			found = &f.v[i];
	ok(want < 0 ? !found : found && found->value > want - 0.01 && found->value < want + 0.01,
	   "frequency", name);
	if (found)
		printf("# %f: %s\n", found->value, found->evidence);
	facts_free(&f);
	recorded_free(&r);
}

static void no_change(struct recorded *r)
{
}

static void make_fast(struct recorded *r)
{
	r->end.cpus[1].aperf *= 3;
}

static void make_idle(struct recorded *r)
{
	r->end.cpus[1].ticks[CPU_IDLE] += 1000;
}

static void make_uncounted(struct recorded *r)
{
	r->begin.cpus[1].counted = 0;
}

/* The counter of a CPU that was away begins anew. */
static void make_away(struct recorded *r)
{
	r->end.cpus[1].mperf = 0;
}

static void make_small(struct recorded *r)
{
	r->end.cpus[1].base_khz = 1500000;
}

static void test_speed(void)
{
	check_speed("of a busy CPU", no_change, 50);
	check_speed("above the base", make_fast, 0);
	check_speed("of an idle CPU", make_idle, -1);
	check_speed("that was not counted", make_uncounted, -1);
	check_speed("of a CPU that was away", make_away, -1);
	check_speed("of a core with another base", make_small, 20);
}

static void test_limits(void)
{
	static const struct {
		const char	*given;
		enum metric	metric;
		double		value;
		int		status;
	} given[] = {
		{ "cpu-wait=2.5", M_CPU_WAIT, 2.5, 0 },
		{ "cpu-pressure=70%", M_CPU_PRESSURE, 70, 0 },
		{ "disk-wait=7ms", M_DISK_WAIT, 7e6, 0 },
		{ "slab-growth=64KiB", M_SLAB_GROWTH, 65536, 0 },
		{ "reclaim=5", M_RECLAIM, 5, 0 },
		{ "cpu-slow=35%", M_CPU_SLOW, 35, 0 },
		{ "cpu-wait", M_CPU_WAIT, 0.5, STATUS_USAGE },
		{ "cpu-wait=", M_CPU_WAIT, 0.5, STATUS_USAGE },
		{ "cpu-wait=-1", M_CPU_WAIT, 0.5, STATUS_USAGE },
		{ "cpu-wait=2x", M_CPU_WAIT, 0.5, STATUS_USAGE },
		{ "disk-wait=7", M_DISK_WAIT, 50e6, STATUS_USAGE },
		{ "cpu-weight=7", M_CPU_WAIT, 0.5, STATUS_USAGE },
	};
	struct buf said = {};
	size_t i;

	sentences_kept = &said;
	for (i = 0; i < ARRAY_SIZE(given); i++) {
		struct strings s = {};
		struct limits l;
		int status;

		strings_add(&s, given[i].given);
		status = limits_take(&l, &s);
		ok(status == given[i].status && l.v[given[i].metric] == given[i].value,
		   "threshold", given[i].given);
		strings_free(&s);
	}
	sentences_kept = NULL;
	ok(said.len && strstr(said.p, "did you mean 'cpu-wait'?"), "threshold",
	   "the nearest name is proposed");
	buf_free(&said);
}

/* Take a line apart as a shell does that knows spaces and single quotes. */
static int split(char *line, char **words)
{
	char *to = line;
	int n = 0;

	while (*line && n < WORDS_MAX) {
		bool quoted = false;

		words[n++] = to;
		for (; *line && (quoted || *line != ' '); line++) {
			if (*line == '\'')
				quoted = !quoted;
			else
				*to++ = *line;
		}
		if (*line)
			line++;
		*to++ = 0;
	}
	words[n] = NULL;
	return n;
}

static bool is_command(char *line)
{
	char *words[WORDS_MAX + 1];
	int n = split(line, words);
	const struct noun *noun = n > 2 ? noun_find(words[1]) : NULL;
	const struct verb *verb = noun ? verb_find(noun, words[2]) : NULL;
	struct opts o;
	bool good;

	if (!verb || strcmp(words[0], "obsctl"))
		return false;
	good = !opts_parse(noun, verb, n - 3, words + 3, &o) && o.duration.given;
	opts_free(verb, &o);
	return good;
}

/* Resources whose problems follow from those of a resource, at however many steps. */
static uint32_t follows_from(enum resource resource, uint32_t seen)
{
	size_t i, k;

	for (i = 0; i < NR_METRICS; i++)
		for (k = 0; triage_rules[i].resource == resource && k < NR_RESOURCES; k++)
			if (k != resource && triage_rules[i].causes & ~seen & 1u << k)
				seen |= follows_from((enum resource)k, seen | 1u << k);
	return seen;
}

static void test_next(void)
{
	static const char *const next[][2] = {
		{ "", "obsctl slab leaks -d 30" },
		{ "kmalloc-64", "obsctl slab leaks -d 30 --cache kmalloc-64" },
		{ "a (b)", "obsctl slab leaks -d 30 --cache 'a (b)'" },
		{ "it's", "obsctl slab leaks -d 30" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(next); i++) {
		struct buf text = {};

		triage_next(M_SLAB_GROWTH, next[i][0], &text);
		same(text.p, next[i][1], "the next command about", next[i][0]);
		buf_free(&text);
	}
}

static void test_rules(void)
{
	char *page = read_text(PAGE);
	char tag[64];
	size_t i;

	for (i = 0; i < NR_METRICS; i++) {
		const struct rule *r = &triage_rules[i];
		struct buf next = {};

		ok(r->name && r->doc && r->verdict && r->limit > 0, r->name, "is complete");
		triage_next((enum metric)i, "sda", &next);
		ok(is_command(next.p), r->name, "the next command is one of obsctl");
		snprintf(tag, sizeof(tag), ".It Li %s\n", r->name);
		ok(page && strstr(page, tag), r->name, "is explained in the manual page");
		buf_free(&next);
	}
	for (i = 0; i < NR_RESOURCES; i++)
		ok(!(follows_from((enum resource)i, 0) & 1u << i), resource_names[i],
		   "is not its own cause");
	free(page);
}

int main(void)
{
	test_readers();
	test_machines();
	test_speed();
	test_limits();
	test_next();
	test_rules();
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
