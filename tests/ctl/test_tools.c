// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of the tools: is each row what 'obsctl probe' takes, with the columns that
 * it says? Run by 'make check' in ctl/; prints TAP.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/nouns.h"
#include "cmd/tools/tool.h"
#include "lib/diag.h"

#define WORDS_MAX	64

/* What test_options() asks for. */
#define WANT	"obsctl probe count 's:open*' s:close " \
		"--where 'ret < 0 && ret > -4096' --where 'pid == '\\''a'\\''' " \
		"--by '(errno)ret=error,cpu,ret + 1=x'"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *noun, const struct verb *verb, const char *what)
{
	failures += !good;
	printf("%sok %u - %s %s: %s\n", good ? "" : "not ", ++test_nr, noun,
	       verb ? verb->name : "", what);
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

/* The command line of a form is one of obsctl, and says the same as the form. */
static bool is_command(const struct verb *verb, const struct tool_form *form)
{
	const struct noun *probe = noun_find("probe");
	const struct probe_opts *own;
	struct tool_options t;
	char *words[WORDS_MAX + 1];
	const struct verb *mode;
	struct buf line = {};
	struct opts o;
	bool good;
	int n;

	tool_options_make(&t, verb, form, &(struct opts){});
	tool_command(verb, &t, " ", &line);
	n = split(line.p, words);
	mode = verb_find(probe, words[2]);
	good = mode && !opts_parse(probe, mode, n - 3, words + 3, &o);
	if (good) {
		own = o.own;
		good = o.nr_args == t.o.nr_args && o.by.n == t.o.by.n &&
		       own->where.n == t.own.where.n && !own->value == !t.own.value &&
		       own->from.n == t.own.from.n && own->to.n == t.own.to.n &&
		       own->on.n == t.own.on.n && own->via.n == t.own.via.n &&
		       (!own->value || !strcmp(own->value, t.own.value)) &&
		       opts_has_param(&o, "hist") == verb->tool->percentiles;
		for (size_t i = 0; good && i < o.by.n; i++)
			good = !strcmp(o.by.v[i], t.o.by.v[i]);
		opts_free(mode, &o);
	}
	if (!good)
		printf("# %s\n", words[0]);
	buf_free(&line);
	tool_options_free(&t);
	return good;
}

/* The expressions of a form, with the columns that can be asked for, can be parsed. */
static bool can_parse(const struct verb *verb, const struct tool_form *form)
{
	static const char *const modules[] = { TOOL_COLUMNS, PAIR_COLUMNS, NULL };
	static const char *const none[] = { NULL };
	const struct opts columns = { .own = NULL };
	struct opts asked = columns;
	const char *const *c;
	struct tool_options t;
	bool good = true;
	int err;
	size_t i;

	for (c = verb->columns; *c; c++)
		strings_add(&asked.by, *c);
	tool_options_make(&t, verb, form, &asked);
	for (i = 0; good && i < t.o.by.n; i++) {
		struct opts one = t.o;
		struct probe_run p = {};

		one.by = (struct strings){ .v = &t.o.by.v[i], .n = 1 };
		err = probe_parse(&p, &one, modules, none);
		good = !err && p.nr_keys &&
		       (p.keys[0].column || !strcmp(p.keys[0].name, asked.by.v[i]));
		if (!good)
			printf("# column '%s' is %s\n", asked.by.v[i], t.o.by.v[i]);
		probe_free(&p);
	}
	tool_options_free(&t);
	strings_free(&asked.by);
	return good;
}

/* Each column of a form has a name that --by takes, too. */
static bool are_listed(const struct verb *verb, const char *columns)
{
	char *copy = copy_string(columns ? columns : "");
	char *save = NULL;
	bool good = true;
	char *word;

	for (word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		const char *equals = strrchr(word, '=');
		const char *const *c = verb->columns;

		while (*c && strcmp(*c, equals ? equals + 1 : word))
			c++;
		if (!*c)
			printf("# '%s' is not among the columns\n", word);
		good &= !!*c;
	}
	free(copy);
	return good;
}

/* What a shell makes of command lines: a line of words each, without their blanks. */
static void ask_shell(const char *lines, struct buf *out)
{
	char path[] = "/tmp/test_tools_XXXXXX";
	int fd = mkstemp(path);
	FILE *script = fd < 0 ? NULL : fdopen(fd, "w");
	struct buf command = {};
	FILE *from;
	int c;

	out->len = 0;
	if (!script)
		return;
	fprintf(script, "obsctl() { printf '%%s|' \"$@\"; }\n%s\n", lines);
	fclose(script);
	buf_printf(&command, "sh %s", path);
	from = popen(command.p, "r");
	while (from && (c = getc(from)) != EOF)
		if (c != ' ' && c != '\n')
			buf_putc(out, (char)c);
	if (from)
		pclose(from);
	unlink(path);
	buf_free(&command);
}

/* A shell takes the lines of the help, broken as they are, for what they stand for. */
static bool can_paste(const struct verb *verb, char *text)
{
	struct buf shown = {};
	struct buf meant = {};
	struct buf lines = {};
	char *save = NULL;
	char *line;
	size_t i;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (*line == ' ')
			buf_printf(&lines, "%s\n", line);
	ask_shell(lines.p, &shown);
	lines.len = 0;
	for (i = 0; tool_has_form(verb, i); i++) {
		struct tool_options t;

		tool_options_make(&t, verb, &verb->tool->forms[i], &(struct opts){});
		tool_command(verb, &t, " ", &lines);
		buf_putc(&lines, '\n');
		tool_options_free(&t);
	}
	ask_shell(lines.p, &meant);
	i = shown.len && shown.len == meant.len && !memcmp(shown.p, meant.p, meant.len);
	buf_free(&shown);
	buf_free(&meant);
	buf_free(&lines);
	return i;
}

static void test_help(const char *noun, const struct verb *verb)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	verb->more(verb, to);
	fclose(to);
	ok(strstr(text, "The same as:\n  obsctl probe "), noun, verb, "help shows what it is");
	ok(can_paste(verb, text), noun, verb, "a shell takes it as it is shown");
	free(text);
}

static void test_tool(const struct noun *noun, const struct verb *verb)
{
	const struct tool_form *form = verb->tool->forms;
	size_t i;

	ok(!form->probes != !form->from && !form->from == !form->to && form->by &&
	   noun->own_size >= sizeof(struct probe_opts), noun->name, verb, "it is complete");
	ok(!verb->tool->word == !verb->args, noun->name, verb, "arguments are said to be there");
	for (i = 0; tool_has_form(verb, i); i++) {
		ok(is_command(verb, &form[i]), noun->name, verb, "it is a command line");
		ok(can_parse(verb, &form[i]), noun->name, verb, "all columns are expressions");
		ok(are_listed(verb, form[i].by) && are_listed(verb, form[i].also), noun->name, verb,
		   "all columns are listed");
	}
	test_help(noun->name, verb);
}

/* What the user asks for is added to the row's, or replaces it. */
static void test_options(void)
{
	const struct noun *noun = noun_find("syscall");
	const struct verb *verb = verb_find(noun, "errors");
	static const char *const given[] = {
		"open*", "s:close", "--where", "pid == 'a'", "--by", "error,cpu,ret + 1=x",
	};
	char *words[ARRAY_SIZE(given) + 1] = {};
	struct buf line = {};
	struct tool_options t;
	struct opts o;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(given); i++)
		words[i] = (char *)given[i];
	ok(!opts_parse(noun, verb, ARRAY_SIZE(given), words, &o), "syscall", verb,
	   "options are parsed");
	tool_options_make(&t, verb, verb->tool->forms, &o);
	tool_command(verb, &t, " ", &line);
	ok(!strcmp(line.p, WANT), "syscall", verb, "they are added");
	buf_free(&line);
	tool_options_free(&t);
	opts_free(verb, &o);
}

/* Columns of a socket. */
static void test_macros(void)
{
	static const char *const words[] = {
		"peer(sk)", "local((struct sock *)arg0)=own", "peer_port(sk)=port", "peer",
		"peer(sk) + 1=x", "str(arg0)=peer", "peer(sk",
	};
	static const char *const names[] = {
		"peer peer_end", "own own_end", "port", "", "", "", "",
	};
	struct strings out = {};
	struct expr *e;
	size_t from = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		struct buf got = {};
		bool good = true;

		macro_expand(words[i], &out);
		for (; from < out.n; from++) {
			char *equals = strrchr(out.v[from], '=');

			if (!*names[i]) {
				good = !strcmp(out.v[from], words[i]);
				continue;
			}
			buf_printf(&got, "%s%s", got.len ? " " : "", equals + 1);
			*equals = 0;
			e = NULL;
			good &= !expr_parse(out.v[from], &e);
			expr_free(e);
		}
		ok(good && !strcmp(got.p ? got.p : "", names[i]), words[i], NULL, "as a column");
		buf_free(&got);
	}
	strings_free(&out);
}

int main(void)
{
	size_t i;
	size_t k;

	for (i = 0; i < nr_nouns; i++)
		for (k = 0; k < nouns[i]->nr_verbs; k++)
			if (nouns[i]->verbs[k].tool)
				test_tool(nouns[i], &nouns[i]->verbs[k]);
	test_options();
	test_macros();
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
