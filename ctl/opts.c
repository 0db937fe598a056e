// SPDX-License-Identifier: GPL-2.0
/*
 * The options of all verbs in one table, which help is printed from, too. An
 * option means the same wherever it is taken.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "lib/parse.h"
#include "opts.h"

/* Live objects that make a site worth its stacks. */
#define ESCALATE_FROM	16

struct opt {
	const char	*name;
	char		letter;
	const char	*arg;		/* NULL for a switch */
	const char	*doc;
	unsigned int	kinds;
	/* Takes the value; says in what "allowed" is false. */
	bool		(*take)(const struct opt *opt, const char *value, void *to);
	size_t		offset;
	const char	*allowed;
	uint64_t	max;
	const char	*param;		/* name of the kernel's parameter */
};

static bool take_switch(const struct opt *opt, const char *value, void *to)
{
	*(bool *)to = true;
	return true;
}

static bool take_text(const struct opt *opt, const char *value, void *to)
{
	*(const char **)to = value;
	return *value != 0;
}

static bool take_texts(const struct opt *opt, const char *value, void *to)
{
	const char *comma;

	do {
		char *item;

		comma = strchrnul(value, ',');
		if (comma == value)
			return false;
		item = strndup(value, (size_t)(comma - value));
		if (item)
			strings_add(to, item);
		free(item);
		value = comma + 1;
	} while (*comma);
	return true;
}

static bool take_whole(const struct opt *opt, const char *value, void *to)
{
	strings_add(to, value);
	return *value != 0;
}

static bool take_list(const struct opt *opt, const char *value, void *to)
{
	return !parse_list(value, opt->max, false, to);
}

static bool take_ranges(const struct opt *opt, const char *value, void *to)
{
	return !parse_list(value, opt->max, true, to);
}

static bool take_number(const struct opt *opt, const char *value, void *to)
{
	struct opt_number *n = to;

	n->given = true;
	return !parse_number(value, 0, opt->max, &n->value);
}

static bool take_seconds(const struct opt *opt, const char *value, void *to)
{
	struct opt_number *n = to;

	n->given = true;
	return !parse_seconds(value, &n->value);
}

static bool take_time(const struct opt *opt, const char *value, void *to)
{
	struct opt_number *n = to;

	n->given = true;
	return !parse_time(value, &n->value);
}

static bool set_param(struct opts *o, const char *name, uint64_t value)
{
	size_t i;

	for (i = 0; i < o->nr_params; i++)
		if (!strcmp(o->params[i].name, name))
			break;
	if (i == ARRAY_SIZE(o->params))
		return false;
	if (i == o->nr_params)
		o->nr_params++;
	o->params[i].name = name;
	o->params[i].value = value;
	return true;
}

/* The kernel knows the range, and says it. */
static bool take_param(const struct opt *opt, const char *value, void *to)
{
	uint64_t v;

	return !parse_number(value, 0, UINT64_MAX, &v) && set_param(to, opt->param, v);
}

static bool take_param_time(const struct opt *opt, const char *value, void *to)
{
	uint64_t v;

	return !parse_time(value, &v) && set_param(to, opt->param, v);
}

static bool take_param_switch(const struct opt *opt, const char *value, void *to)
{
	return set_param(to, opt->param, 1);
}

/* Bytes, with or without a unit. */
static bool take_param_bytes(const struct opt *opt, const char *value, void *to)
{
	uint64_t v;

	return !parse_bytes(value, &v) && set_param(to, opt->param, v);
}

/* The kernel counts milliseconds. */
static bool take_param_seconds(const struct opt *opt, const char *value, void *to)
{
	uint64_t v;

	return !parse_seconds(value, &v) && set_param(to, opt->param, (v + 999999) / 1000000);
}

static bool take_escalate(const struct opt *opt, const char *value, void *to)
{
	return set_param(to, opt->param, ESCALATE_FROM);
}

/* Reports want to know, too. */
static bool take_hist(const struct opt *opt, const char *value, void *to)
{
	struct opts *o = to;

	o->hist = true;
	return set_param(o, opt->param, 1);
}

#define AT(member)	.offset = offsetof(struct opts, member)
#define A_LIST		"numbers with commas between them, 12,345 for instance"
#define A_NUMBER	"a number, 0 or more"
#define A_TIME		"a time with its unit, 10us or 1.5ms for instance"
#define A_SIZE		"a number of bytes such as 4096 or 10KiB"
#define A_DURATION	"a number of seconds from 0.001, such as 2 or 0.5"

static const struct opt options[] = {
	{ "event", 'e', "EVENT[,EVENT]", "events (obsctl pmu list shows them); :u :k :h :p modify one",
	  FOR_PMU, take_whole, AT(events), .allowed = "names of events with commas between them" },
	{ "period", 'c', "N", "a sample each N events", FOR_SAMPLES, take_number, AT(period),
	  .allowed = "a number of events, 1 or more", .max = INT64_MAX },
	{ "frequency", 'F', "HZ", "samples in a second on each CPU (default: 999)", FOR_SAMPLES,
	  take_number, AT(frequency), .allowed = "a number of samples in a second",
	  .max = 1000000 },
	{ "all-cpus", 'a', NULL, "observe all CPUs, also while a command runs", FOR_PMU,
	  take_switch, AT(all_cpus) },
	{ "no-inherit", 0, NULL, "leave out the children of the tasks", FOR_PMU, take_switch,
	  AT(no_inherit) },
	{ "call-graph", 0, "HOW", "user stacks by frame pointers (fp) or as the CPU has them (lbr)",
	  FOR_RECORD, take_text, AT(call_graph), .allowed = "fp or lbr" },
	{ "graph", 'g', NULL, "functions, each with who calls it and whom it calls", FOR_RECORD,
	  take_switch, AT(graph) },
	{ "branches", 'j', "FILTER,...",
	  "which branches: any (default), any_call, any_ret, ind_call, cond, call_stack, u, k, ...",
	  FOR_BRANCH, take_texts, AT(branches),
	  .allowed = "names of filters with commas between them" },
	{ "show", 0, "PART[,PART]", "parts of the report: edges, calls, graph, blocks", FOR_BRANCH,
	  take_texts, AT(sections), .allowed = "names of parts with commas between them" },
	{ "format", 0, "FORMAT",
	  "brstack: each stack as perf script prints it; bolt: edges for perf2bolt -pa",
	  FOR_BRANCH, take_text, AT(format), .allowed = "brstack or bolt" },
	{ "check", 0, NULL, "tell what the CPU records, and how good it is", FOR_BRANCH,
	  take_switch, AT(check) },
	{ "pid", 'p', "PID[,PID]", "only these processes", FOR_RUN, take_list, AT(pids),
	  .allowed = A_LIST, .max = 4194304 },
	{ "tid", 't', "TID[,TID]", "only these threads", FOR_RUN, take_list, AT(tids),
	  .allowed = A_LIST, .max = 4194304 },
	{ "comm", 'c', "COMM[,COMM]", "only threads of these names; * ? and [] match", FOR_RUN,
	  take_texts, AT(comms), .allowed = "names with commas between them" },
	{ "cpu", 'C', "CPULIST", "only on these CPUs, 0,2-3 for instance", FOR_RUN, take_ranges,
	  AT(cpus), .allowed = "a list of CPUs such as 0,2-3", .max = 65535 },
	{ "min", 0, "TIME", "only what took at least this long (ns, us, ms, s)",
	  FOR_VALUE | FOR_TRACE, take_time, AT(min), .allowed = A_TIME },
	{ "by", 0, "COL[,COL]",
	  "columns to tell apart: those of the source, and cpu pid tid comm kstack ustack",
	  FOR_TABLE | FOR_TRACE | FOR_SLAB_TRACE, take_texts, AT(by),
	  .allowed = "names of columns with commas between them" },
	{ "hist", 0, NULL, "histograms and percentiles (slab leaks: of ages)",
	  FOR_VALUE | FOR_LEAKS | FOR_BRANCH, take_hist,
	  .param = "hist" },
	{ "time", 0, NULL, "trace returns, with the duration of each call", FOR_TRACE, take_switch,
	  AT(time) },
	{ "min-size", 'z', "BYTES", "only objects of at least this size", FOR_SLAB,
	  take_param_bytes, 0, .allowed = A_SIZE, .param = "min_size" },
	{ "max-size", 'Z', "BYTES", "only objects of at most this size", FOR_SLAB,
	  take_param_bytes, 0, .allowed = A_SIZE, .param = "max_size" },
	{ "cache", 0, "PATTERN", "only caches of this name; * ? and [] match",
	  FOR_SLAB | FOR_GROWTH, take_text, AT(cache), .allowed = "the name of a cache or a glob" },
	{ "module", 0, "NAME", "only what this module allocates; ends when it is unloaded, and exits with status 3 if something is left",
	  FOR_LEAKS, take_text, AT(module), .allowed = "the name of a module" },
	{ "older", 0, "SEC", "only objects older than this", FOR_LEAKS, take_param_seconds, 0,
	  .allowed = A_DURATION, .param = "older" },
	{ "sample", 0, "N", "follow one in N objects, and estimate", FOR_LEAKS, take_param, 0,
	  .allowed = A_NUMBER, .param = "sample" },
	{ "escalate", 0, NULL, "with --by site,kstack: take stacks only of sites that grow",
	  FOR_LEAKS, take_escalate, 0, .param = "escalate" },
	{ "duration", 'd', "SEC", "end after so many seconds (default: at Ctrl-C)", FOR_COMMAND,
	  take_seconds, AT(duration), .allowed = A_DURATION },
	{ "interval", 'i', "SEC", "report every so many seconds as well",
	  FOR_TABLE | FOR_GROWTH, take_seconds, AT(interval), .allowed = A_DURATION },
	{ "detach", 0, "NAME", "leave the session running under a name", FOR_TABLE & ~FOR_STAT,
	  take_text, AT(detach), .allowed = "a name" },
	{ "top", 'n', "N", "show no more than N rows (0: all; default: 40 as text, all as JSON)",
	  (FOR_REPORT & ~FOR_STAT) | FOR_GROWTH | FOR_DIFF, take_number, AT(top),
	  .allowed = A_NUMBER, .max = UINT32_MAX },
	{ "json", 'j', NULL, "print JSON", FOR_FILE | FOR_STATUS | FOR_LIST | FOR_NAMES,
	  take_switch, AT(json) },
	{ "folded", 0, NULL, "print folded stacks, for flame graphs",
	  FOR_REPORT & ~(FOR_STAT | FOR_BRANCH), take_switch, AT(folded) },
	{ "output", 'o', "FILE", "write the report to FILE", FOR_FILE, take_text, AT(output),
	  .allowed = "a path" },
	{ "fail-over", 0, "LIMIT",
	  "exit with status 3 if a row's count (of times: the longest) is above LIMIT",
	  FOR_COUNT | FOR_VALUE, take_text, AT(fail_over),
	  .allowed = "a number, or where times are measured a time such as 10ms" },
	{ "fail-over", 0, "RATE", "exit with status 3 if something surely grows by more bytes per second",
	  FOR_LEAKS | FOR_GROWTH, take_text, AT(fail_over), .allowed = A_SIZE " (per second)" },
	{ "fail-over", 0, "BYTES", "exit with status 3 if a row grew by more", FOR_DIFF, take_text,
	  AT(fail_over), .allowed = A_SIZE },
	{ "max-lost", 0, "N", "exit with status 4 if more than N hits were lost",
	  FOR_COMMAND | FOR_READ | FOR_STOP, take_number, AT(max_lost), .allowed = A_NUMBER,
	  .max = UINT64_MAX },
	{ "all", 0, NULL, "allow more than 1,000 functions", FOR_FUNC, take_param_switch, 0,
	  .param = "all" },
	{ "inflight", 0, "N", "calls that can be in progress at once (0: as many as fit the machine)",
	  FOR_TIME | FOR_TRACE, take_param, 0, .allowed = A_NUMBER, .param = "inflight" },
	{ "waker", 0, NULL, "tell apart who woke the task up: adds columns waker and waker_stack",
	  FOR_OFFCPU, take_switch, AT(waker) },
	{ "preempted", 0, NULL, "count tasks that are preempted as waiting, too", FOR_RUNQ,
	  take_param_switch, 0, .param = "preempted" },
	{ "owner-stack", 0, NULL, "the stack of the lock's owner, too, as it was when the wait began",
	  FOR_WAIT, take_switch, AT(owner_stack) },
	{ "over", 0, "TIME", "a wait is a stall when it lasts this long (default 100ms)",
	  FOR_STALLS, take_param_time, 0, .allowed = A_TIME, .param = "over" },
	{ "fail", 0, NULL, "exit with status 3 if there was a stall", FOR_STALLS, take_switch,
	  AT(fail) },
	{ "inflight", 0, "N", "room for N waits in progress at once",
	  FOR_WAIT | FOR_STALLS | FOR_SCHED, take_param, 0, .allowed = A_NUMBER, .param = "inflight" },
	{ "objects", 0, "N", "room for N live objects", FOR_LEAKS | FOR_GROWTH, take_param, 0,
	  .allowed = A_NUMBER, .param = "objects" },
	{ "rows", 0, "N", "room for N rows (on each CPU where these are counted)",
	  (FOR_TABLE & ~FOR_STAT) | FOR_GROWTH, take_param, 0, .allowed = A_NUMBER,
	  .param = "rows" },
	{ "stacks", 0, "N", "room for N stacks", FOR_RUN, take_param, 0, .allowed = A_NUMBER,
	  .param = "stacks" },
	{ "stack-depth", 0, "N", "frames to keep of a stack", FOR_RUN, take_param, 0,
	  .allowed = A_NUMBER, .param = "stack_depth" },
	{ "full-stack", 0, NULL, "keep what an interrupt interrupted in its kernel stacks", FOR_RUN,
	  take_param_switch, 0, .param = "full_stack" },
	{ "verify-stacks", 0, "N",
	  "compare every Nth cached kernel stack with the unwinder (0: no caches; default 1024)",
	  FOR_RUN, take_param, 0, .allowed = A_NUMBER, .param = "verify_stacks" },
	{ "ring-kb", 0, "N", "KiB of ring buffer on each CPU", FOR_STREAM | FOR_BRANCH,
	  take_param, 0,
	  .allowed = A_NUMBER, .param = "ring_kb" },
	{ "budget", 0, "PCT", "stop a session that takes more of a CPU (0: never; default 25)",
	  FOR_COMMAND, take_param, 0, .allowed = A_NUMBER, .param = "budget" },
	{ "verbose", 'v', NULL, "list what cannot be observed, and why", FOR_RUN, take_switch,
	  AT(verbose) },
	{ "help", 'h', NULL, "this text", ~0u, take_switch, AT(help) },
};

static bool takes(const struct verb *verb, const struct opt *opt)
{
	return verb->kind & opt->kinds;
}

/* Of options with the same name, the one that the verb takes. */
static const struct opt *find_long(const struct verb *verb, const char *name, size_t len)
{
	const struct opt *found = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (strlen(options[i].name) == len && !strncmp(options[i].name, name, len) &&
		    (!found || takes(verb, &options[i])))
			found = &options[i];
	return found;
}

/* -c and -j are other options of pmu record and branch, as in perf: the first one counts. */
static const struct opt *find_short(const struct verb *verb, char letter)
{
	const struct opt *other = NULL;
	size_t i;

	for (i = 0; letter && i < ARRAY_SIZE(options); i++) {
		if (options[i].letter != letter)
			continue;
		if (takes(verb, &options[i]))
			return &options[i];
		other = &options[i];
	}
	return other;
}

static int take(const struct verb *verb, const struct opt *opt, const char *value, struct opts *o)
{
	if (!takes(verb, opt))
		return misuse("'%s%s%s' has no option --%s", verb->noun, *verb->name ? " " : "",
			      verb->name, opt->name);
	if (!opt->arg && value)
		return misuse("option --%s takes no value", opt->name);
	if (opt->arg && !value)
		return misuse("option --%s needs %s", opt->name, opt->allowed);
	if (!opt->take(opt, value, (char *)o + opt->offset))
		return misuse("option --%s needs %s, not '%s'", opt->name, opt->allowed, value);
	return 0;
}

/* Returns how many more words were used, or -1 after a sentence. */
static int parse_long(const struct verb *verb, char *word, char *next, struct opts *o)
{
	char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	const struct opt *opt = find_long(verb, word, len);

	if (!opt) {
		misuse("there is no option --%.*s (see obsctl %s%s%s --help)", (int)len, word,
		       verb->noun, *verb->name ? " " : "", verb->name);
		return -1;
	}
	if (equals || !opt->arg)
		return take(verb, opt, equals ? equals + 1 : NULL, o) ? -1 : 0;
	return take(verb, opt, next, o) ? -1 : 1;
}

static int parse_short(const struct verb *verb, char *word, char *next, struct opts *o)
{
	for (; *word; word++) {
		const struct opt *opt = find_short(verb, *word);

		if (!opt) {
			misuse("there is no option -%c (see obsctl %s%s%s --help)", *word,
			       verb->noun, *verb->name ? " " : "", verb->name);
			return -1;
		}
		if (!opt->arg) {
			if (take(verb, opt, NULL, o))
				return -1;
			continue;
		}
		if (word[1])
			return take(verb, opt, word + 1, o) ? -1 : 0;
		return take(verb, opt, next, o) ? -1 : 1;
	}
	return 0;
}

/* The kernel has room for so much; its own words would not say which name. */
static int check_names(const struct opts *o)
{
	size_t i;

	for (i = 0; i < o->comms.n; i++)
		if (strlen(o->comms.v[i]) > 15)
			return misuse("the kernel keeps 15 bytes of a thread's name: '%s' is longer (a glob such as '%.14s*' matches)",
				      o->comms.v[i], o->comms.v[i]);
	for (i = 0; i < o->by.n; i++)
		if (strlen(o->by.v[i]) > 31)
			return misuse("there is no column '%s'", o->by.v[i]);
	if (o->detach && strlen(o->detach) > 31)
		return misuse("option --detach needs a name of at most 31 bytes, not '%s'",
			      o->detach);
	if (o->detach && !parse_number(o->detach, 0, UINT64_MAX, &(uint64_t){ 0 }))
		return misuse("option --detach needs a name, not the number '%s'", o->detach);
	return 0;
}

/* Combinations that contradict each other. */
static int check(const struct verb *verb, const struct opts *o)
{
	int err = check_names(o);

	if (err)
		return err;
	if (o->json && o->folded)
		return misuse("--json and --folded are two forms of one report: give one of them");
	if (o->interval.given && o->folded)
		return misuse("--folded makes one report, at the end: it does not go with --interval");
	if (o->detach && (o->duration.given || o->interval.given || o->command))
		return misuse("--detach leaves the session running: it does not go with %s",
			      o->duration.given ? "--duration" :
			      o->interval.given ? "--interval" : "a command");
	if (o->detach && o->fail_over)
		return misuse("--detach makes no report that --fail-over could judge");
	if (o->detach && (o->json || o->folded || o->output || o->max_lost.given || o->top.given))
		return misuse("--detach makes no report: give --%s to 'obsctl session read'",
			      o->json ? "json" : o->folded ? "folded" : o->output ? "output" :
			      o->top.given ? "top" : "max-lost");
	if (o->period.given && o->frequency.given)
		return misuse("--period and --frequency exclude each other");
	if ((o->period.given && !o->period.value) || (o->frequency.given && !o->frequency.value))
		return misuse("--%s needs a number above 0",
			      o->period.given ? "period" : "frequency");
	if (o->min.given && verb->kind & FOR_TRACE && !o->time)
		return misuse("--min needs --time: without it, trace records no durations");
	return 0;
}

/**
 * opts_parse() - Parse what follows the verb.
 *
 * Options and other words may be mixed; all behind "--" is the command.
 * Return: 0, or STATUS_USAGE after a sentence.
 */
int opts_parse(const struct verb *verb, int argc, char **argv, struct opts *o)
{
	int i;

	memset(o, 0, sizeof(*o));
	o->args = zalloc(((size_t)argc + 1) * sizeof(*o->args));
	for (i = 0; i < argc; i++) {
		char *word = argv[i];
		char *next = i + 1 < argc ? argv[i + 1] : NULL;
		int used = 0;

		if (!strcmp(word, "--")) {
			if (!(verb->kind & FOR_COMMAND))
				return misuse("'%s%s%s' runs no command", verb->noun,
					      *verb->name ? " " : "", verb->name);
			if (!next)
				return misuse("there is no command behind '--'");
			o->command = argv + i + 1;
			break;
		}
		if (!strncmp(word, "--", 2))
			used = parse_long(verb, word + 2, next, o);
		else if (word[0] == '-' && word[1])
			used = parse_short(verb, word + 1, next, o);
		else
			o->args[o->nr_args++] = word;
		if (used < 0)
			return STATUS_USAGE;
		if (o->help)
			return 0;
		i += used;
	}
	return check(verb, o);
}

/** opts_print_help() - Print a verb's usage and its options. */
void opts_print_help(const struct verb *verb, FILE *to)
{
	char left[64];
	size_t i;

	fprintf(to, "Usage: obsctl %s%s%s%s%s\n\n%c%s.\n\n", verb->noun, *verb->name ? " " : "",
		verb->name, *verb->args ? " " : "", verb->args, verb->doc[0] & ~0x20,
		verb->doc + 1);
	for (i = 0; i < ARRAY_SIZE(options); i++) {
		const struct opt *opt = &options[i];
		bool brief = opt->letter && find_short(verb, opt->letter) == opt;

		if (!takes(verb, opt))
			continue;
		snprintf(left, sizeof(left), "%c%c%c --%s%s%s", brief ? '-' : ' ',
			 brief ? opt->letter : ' ', brief ? ',' : ' ', opt->name,
			 opt->arg ? " " : "", opt->arg ? opt->arg : "");
		fprintf(to, "  %-26s %s\n", left, opt->doc);
	}
}

void opts_free(struct opts *o)
{
	numbers_free(&o->pids);
	numbers_free(&o->tids);
	numbers_free(&o->cpus);
	strings_free(&o->comms);
	strings_free(&o->by);
	strings_free(&o->events);
	strings_free(&o->branches);
	strings_free(&o->sections);
	free(o->args);
}
