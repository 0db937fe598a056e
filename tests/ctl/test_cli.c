// SPDX-License-Identifier: GPL-2.0
/* Unit tests of the command line and its tables: run by 'make check'; prints TAP. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/suggest.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/nearest.h"
#include "lib/parse.h"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

/* Standard error goes to a file while a sentence is made. */
static char said[2048];

static FILE *listen_begin(int *old)
{
	FILE *file = tmpfile();

	fflush(stderr);
	*old = dup(STDERR_FILENO);
	dup2(fileno(file), STDERR_FILENO);
	return file;
}

static void listen_end(FILE *file, int old)
{
	size_t len;

	fflush(stderr);
	dup2(old, STDERR_FILENO);
	close(old);
	rewind(file);
	len = fread(said, 1, sizeof(said) - 1, file);
	said[len] = 0;
	fclose(file);
}

#define WORDS_MAX	16

/* Take a line apart at its spaces; '_' stands for one inside of a word, "''" for an empty word. */
static int split(char *line, char **words)
{
	char *rest;
	char *word;
	char *c;
	int n = 0;

	for (word = strtok_r(line, " ", &rest); word && n < WORDS_MAX;
	     word = strtok_r(NULL, " ", &rest)) {
		for (c = word; *c; c++)
			*c = *c == '_' ? ' ' : *c;
		words[n++] = strcmp(word, "''") ? word : c;
	}
	words[n] = NULL;
	return n;
}

/* Parse a line that begins with a noun, as main() does, and hold what was said. */
static int parse(struct opts *o, const struct verb **verb, const char *line)
{
	char copy[256];
	char *words[WORDS_MAX + 1];
	const struct noun *noun;
	int status;
	FILE *file;
	int old;
	int n;

	snprintf(copy, sizeof(copy), "%s", line);
	memset(o, 0, sizeof(*o));
	*verb = NULL;
	n = split(copy, words);
	file = listen_begin(&old);
	noun = noun_find(words[0]);
	if (noun)
		*verb = verb_find(noun, n > 1 ? words[1] : "");
	if (!noun)
		status = suggest_noun(n, words);
	else if (!*verb)
		status = suggest_verb(noun, n - 1, words + 1);
	else
		status = opts_parse(noun, *verb, n - 2, words + 2, o);
	listen_end(file, old);
	return status;
}

/* What a line is refused with. */
static const struct {
	const char	*line;
	const char	*said;
} refusals[] = {
	{ "fnc", "there is no 'fnc'; did you mean 'obsctl func'?" },
	{ "fnc count x", "did you mean 'obsctl func count x'?" },
	{ "count vfs*",
	  "there is no 'count'; did you mean 'obsctl func count \"vfs*\"' or 'obsctl probe count" },
	{ "count vfs* !vfs*",
	  "did you mean 'obsctl func count \"vfs*\" '!vfs*'' or 'obsctl probe count" },
	{ "count $(x)'y", "did you mean 'obsctl func count '$(x)'\\''y'' or 'obsctl probe" },
	{ "cuont x",
	  "'obsctl func count x' or 'obsctl probe count x' or 'obsctl syscall count x'?" },
	{ "trace x",
	  "'obsctl syscall trace x' or 'obsctl disk trace x' or 'obsctl slab trace x'?" },
	{ "xyzzy", "there is no 'xyzzy': there are status, doctor, triage, func, " },
	{ "''", "there is no '': there are status, doctor, triage, func, " },
	{ "--versoin", "there is no option --versoin; did you mean --version?" },
	{ "--json status",
	  "there is no option --json in front of a noun: options follow the verb" },
	{ "func latency x",
	  "but count, time, trace, graph, calls or slow; did you mean 'obsctl func time x'?" },
	{ "func latency", "did you mean 'obsctl func count latency'?" },
	{
		"func ''",
		"'func' has no verb '', but count, time, trace, graph, calls or slow (see obsctl func --help)",
	},
	{ "pmu profile -d 1", "did you mean 'obsctl pmu record -d 1'?" },
	{ "session read", "'session read' needs a session's name or number" },
	{ "session read ''", "'session read' needs a session's name or number" },
	{ "session stop a b", "unexpected argument 'b': 'session stop' takes one session" },
	{ "\033[31mx\r", "there is no '\\e[31mx\\r': there are" },
	{ "func count x --by \xff\x1b]0;t\x07", "has no column '\\xff\\e]0;t\\x07'. Its columns" },
	{
		"func vread",
		"'func' has no verb 'vread', but count, time, trace, graph, calls or slow; did you mean 'obsctl func count vread'?",
	},
	{ "func cuont x", "did you mean 'obsctl func count x'?" },
	{
		"func -d 2 x",
		"'func' needs a verb: count, time, trace, graph, calls or slow; did you mean 'obsctl func count -d 2 x'?",
	},
	{ "lock x",
	  "'lock' has no verb 'x', but contention, stalls or futex (see obsctl lock --help)" },
	{ "lock", "'lock' needs a verb: contention, stalls or futex (see obsctl lock --help)" },
	{ "func count x --jsn", "'func count' has no option --jsn; did you mean --json?" },
	{ "func count x --hist",
	  "'func count' has no option --hist, which can be used with func time" },
	{
		"func trace x -i 1",
		"'func trace' has no option -i (--interval), which can be used with func count, func time, func graph and func slow",
	},
	{ "func count x --nosuch",
	  "'func count' has no option --nosuch (see obsctl func count --help)" },
	{ "func count x -Y", "'func count' has no option -Y (see obsctl func count --help)" },
	{ "func count x --json=1", "option --json takes no value" },
	{
		"func count x -d",
		"option --duration needs a time from 1ms such as 500ms, 2s or 1m; a number alone is seconds",
	},
	{
		"func time x --min 5",
		"option --min needs a time with its unit (ns, us, ms, s, m or h) such as 10us or 1.5ms, not '5'",
	},
	{ "func time x --fail-over 5", "option --fail-over needs a time with its unit" },
	{ "func count x --fail-over 5ms", "option --fail-over needs a number" },
	{ "slab growth --fail-over x",
	  "option --fail-over needs bytes per second such as 4096 or 10KiB, not 'x'" },
	{
		"func count x --by stack",
		"'func count' has no column 'stack'; did you mean 'kstack'? Its columns: kstack, func, caller, cpu, pid, tid, comm, cgroup, ustack",
	},
	{ "func count x --by process",
	  "did you mean 'comm' or 'pid'? Its columns: comm, pid, func, " },
	{ "func count x --by symbol", "did you mean 'func'? Its columns: func, caller, " },
	{ "slab leaks --by symbol", "did you mean 'site'? Its columns: site, cache, " },
	{ "sched offcpu --by task",
	  "did you mean 'comm' or 'tid'? Its columns: comm, tid, state, " },
	{ "sched runq --by kstack", "'sched runq' has no column 'kstack'. Its columns: state, " },
	{ "func count x --by cmom", "did you mean 'comm'?" },
	{ "pmu branch --show egdes",
	  "option --show needs edges, calls, graph or blocks, not 'egdes'; did you mean 'edges'?" },
	{ "pmu branch -j any_cal", "did you mean 'any_call'?" },
	{ "pmu record --call-graph x",
	  "needs fp, lbr or dwarf[,SIZE], with a SIZE of 8 to 65528 bytes, not 'x'" },
	{ "pmu record --call-graph dwarf,65529", "of 8 to 65528 bytes, not 'dwarf,65529'" },
	{ "pmu record --call-graph lbr,64", "needs fp, lbr or dwarf[,SIZE]" },
	{ "pmu record --ring-kb 64", "it needs --call-graph dwarf" },
	{ "pmu record --call-graph dwarf --detach x", "it cannot be combined with --detach" },
	{ "pmu record -c 5 -F 5", "--period and --frequency exclude each other" },
	{
		"lock contention x",
		"'lock contention' takes no 'x': choose tasks by --pid, --tid or --comm; a command follows --",
	},
	{ "session list x", "'session list' takes no 'x'" },
	{ "session list -- true", "'session list' runs no command" },
	{ "func count x --", "there is no command after '--'" },
	{ "func count x --json --folded", "--json and --folded are two forms of one report" },
	{ "func count x --folded -i 1", "--folded makes one report, at the end" },
	{ "func count x --flame a.svg -i 1", "--flame makes one picture, at the end" },
	{ "func count x --flame a.svg --detach y",
	  "--detach makes no report: give --flame to 'obsctl session read'" },
	{ "sched offcpu --flame a.svg --by comm,state",
	  "--flame needs stacks: add kstack, ustack or both to --by, as in --by comm,kstack" },
	{ "func count x --icicle", "--icicle turns a flame graph: it needs --flame FILE" },
	{ "func count x --flame -", "option --flame needs the path of a file, not '-'" },
	{ "pmu record -g --flame a.svg", "--graph and --flame are two forms of one report" },
	{ "sched runq --flame a.svg",
	  "'sched runq' has no option --flame, which can be used with sched offcpu" },
	{ "func count x --detach y -d 1", "--detach leaves the session running" },
	{ "func trace x --min 1us", "--min needs --time" },
	{ "func count x -p y",
	  "needs numbers with commas or spaces between them such as 812,4077, not 'y'" },
	{ "func count x -p _", "option --pid needs numbers" },
};

/* Kernel threads as ps prints them. */
static void test_comms(void)
{
	static const struct {
		const char	*line;
		const char	*comm;
	} comms[] = {
		{ "func count x -c [kcompactd0]", "kcompactd0" },
		{ "func count x -c [kworker/0:1-events]", "kworker/0:1" },
		{ "func count x -c kworker/u8:2+flush", "kworker/u8:2" },
		{ "func count x -c [kworker/R-writeback]", "kworker/R-write" },
		{ "func count x -c kworker/R-write", "kworker/R-write" },
		{ "func count x -c [irq/27-0000:00:02.0]", "irq/27-0000:00:" },
		{ "func count x -c [ab]*", "[ab]*" }, { "func count x -c [a]", "[a]" },
		{ "func count x -c k[a-c]", "k[a-c]" },
	};
	const struct verb *verb;
	struct opts o;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(comms); i++) {
		ok(!parse(&o, &verb, comms[i].line) && o.comms.n == 1 &&
		   !strcmp(o.comms.v[0], comms[i].comm), comms[i].line);
		opts_free(verb, &o);
	}
}

static void test_cpus(void)
{
	const struct verb *verb;
	struct opts o;

	ok(parse(&o, &verb, "func count x -C 65000") == STATUS_REFUSED &&
	   strstr(said, "there is no CPU 65000 online: there are 0"), "a CPU that is not there");
	opts_free(verb, &o);
	ok(!parse(&o, &verb, "func count x -C 0"), "a CPU that is");
	opts_free(verb, &o);
}

static void test_refusals(void)
{
	const struct verb *verb;
	struct opts o;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		int status = parse(&o, &verb, refusals[i].line);
		bool good = status == STATUS_USAGE && strstr(said, refusals[i].said) &&
			    strchr(said, '\n') == said + strlen(said) - 1;

		ok(good, refusals[i].line);
		if (!good)
			printf("# status %d, '%s' instead of '%s'\n", status, said,
			       refusals[i].said);
		if (verb)
			opts_free(verb, &o);
	}
}

static bool accepts(struct opts *o, const struct verb **verb, const char *line)
{
	int status = parse(o, verb, line);

	if (status)
		printf("# %s", said);
	return !status;
}

static bool is_list(const struct numbers *n, uint64_t a, uint64_t b, uint64_t c)
{
	return n->n == 3 && n->v[0] == a && n->v[1] == b && n->v[2] == c;
}

static void test_lists(void)
{
	static const char *const lines[] = {
		"func count x -p 1,2,3", "func count x -p 1_2_3", "func count -p 1 2 3 x",
		"func count x -p 1,2 3", "func count x --pid _1,2__3_", "func count x --pid=1_2,3",
		"func count x -p1_2_3",
	};
	const struct verb *verb;
	struct opts o;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		ok(accepts(&o, &verb, lines[i]) && is_list(&o.pids, 1, 2, 3) && o.nr_args == 1 &&
		   !strcmp(o.args[0], "x"), lines[i]);
		opts_free(verb, &o);
	}
}

static void test_options(void)
{
	const struct verb *verb;
	struct opts o;

	ok(accepts(&o, &verb, "func count a -d2 b --top=3 -p 1,2 -jv") && o.nr_args == 2 &&
	   o.duration.value == 2000000000 && o.top.value == 3 && o.pids.n == 2 && o.json &&
	   o.verbose, "options and words mixed");
	opts_free(verb, &o);
	ok(accepts(&o, &verb, "func count a -- -x --y") && o.command &&
	   !strcmp(o.command[0], "-x") && o.nr_args == 1, "a command keeps its options");
	opts_free(verb, &o);
	ok(accepts(&o, &verb, "func time --rows 10 --hist --rows=20 a") && o.nr_params == 2 &&
	   o.params[0].value == 20 && o.hist, "the last value of a parameter counts");
	opts_free(verb, &o);
	ok(accepts(&o, &verb, "pmu branch -c 7 -j u --json --comm sh") && o.json &&
	   o.comms.n == 1, "a noun's own letters come before those of all");
	opts_free(verb, &o);
	ok(accepts(&o, &verb, "slab leaks --by site,kstack --escalate") &&
	   opts_has_param(&o, "escalate") && !opts_has_param(&o, "sample"),
	   "a switch that is a number");
	opts_free(verb, &o);
	ok(accepts(&o, &verb, "func time x --fail-over 10ms") && o.fail_over.value == 10000000 &&
	   !strcmp(o.fail_over.text, "10ms"), "a limit is read with its unit");
	opts_free(verb, &o);
	ok(accepts(&o, &verb, "status"), "a noun that is a verb");
	opts_free(verb, &o);
}

/* One grammar: a number and its unit; where seconds are meant, a number alone is seconds. */
static void test_times(void)
{
	static const struct {
		const char	*text;
		uint64_t	time;		/* 0: refused */
		uint64_t	duration;
	} times[] = {
		{ "500ms", 500000000, 500000000 }, { "1m", 60000000000, 60000000000 },
		{ "2", 0, 2000000000 }, { "0.25", 0, 250000000 }, { "1.5ms", 1500000, 1500000 },
		{ "250us", 250000, 0 }, { "2s", 2000000000, 2000000000 },
		{ "0.5h", 1800000000000, 1800000000000 }, { "1e3", 0, 0 }, { "nan", 0, 0 },
		{ "1.2.3", 0, 0 }, { "-1s", 0, 0 }, { "", 0, 0 }, { "5 s", 0, 0 },
		{ "5d", 0, 0 }, { "99999999999h", 0, 0 },
	};
	uint64_t v;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(times); i++) {
		ok(times[i].time ? !parse_time(times[i].text, &v) && v == times[i].time :
		   parse_time(times[i].text, &v) != 0, times[i].text);
		ok(times[i].duration ?
		   !parse_duration(times[i].text, &v) && v == times[i].duration :
		   parse_duration(times[i].text, &v) != 0, times[i].text);
	}
	ok(!parse_time("0", &v) && !v, "no time needs no unit");
	ok(parse_duration("0", &v), "a duration is not 0");
}

static void test_nearest(void)
{
	static const char *const names[] = { "count", "time", "trace", NULL };

	ok(nearest_distance("func", "fnc") == 1 && nearest_distance("cuont", "count") == 1 &&
	   nearest_distance("", "abc") == 3 && nearest_distance("abc", "abc") == 0 &&
	   nearest_distance("kitten", "sitting") == 3, "distances");
	ok(nearest_of("tiem", names) == names[1] && nearest_of("traec", names) == names[2] &&
	   nearest_of("tr", names) == names[2] && !nearest_of("x", names) &&
	   !nearest_of("contention", names), "the nearest of some names, or none");
}

/* Lets a shell read some lines, what 'obsctl completion' prints for it, and more lines. */
static bool shell(const char *name, const char *before, const char *lines, char *out, size_t size)
{
	const struct noun *noun = noun_find("completion");
	char path[] = "/tmp/obsctl-test-XXXXXX";
	int fd = mkstemp(path);
	char line[64];
	size_t len = 0;
	FILE *run;
	int old;

	fflush(stdout);
	old = dup(STDOUT_FILENO);
	dup2(fd, STDOUT_FILENO);
	close(fd);
	fputs(before, stdout);
	verb_find(noun, name)->fn(verb_find(noun, name), NULL);
	fputs(lines, stdout);
	fflush(stdout);
	dup2(old, STDOUT_FILENO);
	close(old);
	snprintf(line, sizeof(line), "%s %s 2>&1", name, path);
	run = popen(line, "r");
	if (run)
		len = fread(out, 1, size - 1, run);
	out[len] = 0;
	unlink(path);
	return run && !pclose(run);
}

static void test_completion(void)
{
	static const char lines[] =
		"t() { COMP_WORDS=(obsctl \"$@\"); COMP_CWORD=$#; COMPREPLY=(); _obsctl; echo \"${COMPREPLY[*]}\"\n"
		"}\n"
		"t s; t func ''; t func count --d; t func count x --by func,c; t pmu branch -j any\n"
		"t func count x -d ''; t slab diff /dev/nul; t func trace x -o /dev/nul\n"
		"t status --; t func count x --by = k; t pmu branch --show =\n"
		"t disk l; t net drop --by re\n"
		"t top fu; t top func c; t top func count --d; t top --per\n"
		"t top func time x --by func,c; t top --by c\n";
	static const char want[] =
		"status syscall sched slab session show\ncount time trace graph calls slow\n--duration --detach\n"
		"func,caller func,cpu func,comm func,cgroup\nany any_call any_ret\n\n/dev/null\n/dev/null\n"
		"--help --json\nkstack\nedges calls graph blocks\nlatency\nreason\n"
		"func\ncount calls\n--duration --detach\n--period\n"
		"func,caller func,cpu func,comm func,cgroup\n"
		"cpu comm cgroup\n";
	char out[4096];
	bool good = shell("bash", "", lines, out, sizeof(out)) && !strcmp(out, want);

	ok(good, "bash completes nouns, verbs, options, values and files");
	if (!good)
		printf("# got '%s'\n", out);
	if (!system("command -v zsh >/dev/null"))
		ok(shell("zsh", "compdef() { }; compset() { }; compadd() { print -- $@ }\n",
			 "words=(obsctl func c) CURRENT=3 PREFIX=c; _obsctl\n"
			 "words=(obsctl sched runq --by '') CURRENT=5 PREFIX=; _obsctl\n"
			 "words=(obsctl top func c) CURRENT=4 PREFIX=c; _obsctl\n",
			 out, sizeof(out)) &&
		   !strcmp(out,
			   "-- count time trace graph calls slow\n-- state cpu pid tid comm cgroup\n"
			   "-- count time trace graph calls slow\n"),
		   "zsh completes a verb and a column, also behind top");
	if (!system("command -v fish >/dev/null"))
		ok(shell("fish", "", "complete -C 'obsctl func c'\n", out, sizeof(out)) &&
		   strstr(out, "count\t"), "fish completes a verb");
}

/* Very long words are shortened wherever they are quoted. */
static void test_long_words(void)
{
	const struct verb *verb;
	char word[201] = "";
	char line[256];
	struct opts o;

	memset(word, 'a', sizeof(word) - 1);
	snprintf(line, sizeof(line), "func count x --by %s", word);
	ok(parse(&o, &verb, line) == STATUS_USAGE && !strstr(said, word) &&
	   strstr(said, "aaa[...]aaa") && strstr(said, "Its columns: func, "),
	   "a very long word is shortened");
	opts_free(verb, &o);
}

static bool is_narrow(const char *text)
{
	const char *end;

	for (; *text; text = end + (*end != 0)) {
		end = strchrnul(text, '\n');
		if (end - text > 79 || (end > text && end[-1] == ' '))
			return false;
	}
	return true;
}

static void test_help(void)
{
	bool good = true;
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	size_t i, k;

	help_print(to);
	for (i = 0; i < nr_nouns; i++) {
		help_print_noun(nouns[i], to);
		for (k = 0; k < nouns[i]->nr_verbs; k++)
			help_print_verb(nouns[i], &nouns[i]->verbs[k], to);
	}
	fclose(to);
	good = is_narrow(text);
	ok(good, "no line of help is wider than a terminal");
	ok(strstr(text, "--module NAME          only what this module allocates; ends when it is\n"
		  "                             unloaded, and exits"), "the text of an option is broken into lines");
	free(text);
}

/* The command line as pages and files have it, for a shell. */
static void test_line(void)
{
	static const char *const lines[][2] = {
		{ "func count do* -n 5 -- ./work a_b ''",
		  "obsctl func count 'do*' -n 5 -- ./work 'a b' ''" },
		{ "func count it's;rm", "obsctl func count 'it'\\''s;rm'" },
		{ "func count --by=comm,kstack a:b", "obsctl func count --by=comm,kstack a:b" },
	};
	const struct verb *verb;
	struct opts o;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		parse(&o, &verb, lines[i][0]);
		ok(o.line && !strcmp(o.line, lines[i][1]), lines[i][1]);
		opts_free(verb, &o);
	}
}

/* Tables that contradict themselves would show only to a user. */
static void test_tables(void)
{
	const struct opt_group *const *g;
	const struct opt *opt;
	size_t i, k, n;

	for (i = 0; i < nr_nouns; i++)
		for (k = 0; k < nouns[i]->nr_verbs; k++) {
			const struct verb *v = &nouns[i]->verbs[k];
			const struct opt *by = verb_option(v, "by", 2);
			/* Those of diff are no columns. */
			bool columns = by && !by->values;
			bool good = v->doc && v->fn && columns == !!v->columns;

			for (g = v->groups; *g; g++)
				for (n = 0; n < (*g)->n; n++) {
					opt = &(*g)->v[n];
					good &= opt->doc && opt->type && opt->type->take;
					good &= !opt->arg || opt->allowed || opt->type->allowed;
					good &= verb_option(v, opt->name, strlen(opt->name)) == opt;
				}
			ok(good, v->doc);
		}
}

int main(void)
{
	test_refusals();
	test_comms();
	test_cpus();
	test_lists();
	test_options();
	test_times();
	test_nearest();
	test_completion();
	test_long_words();
	test_help();
	test_tables();
	test_line();
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
