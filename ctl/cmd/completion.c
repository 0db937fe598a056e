// SPDX-License-Identifier: GPL-2.0
/* obsctl completion: scripts that complete words in a shell, from the tables of nouns. */

#include <stdio.h>
#include <string.h>

#include "cmd/nouns.h"
#include "lib/buf.h"
#include "lib/diag.h"

/*
 * bash and zsh share a function that prints the words for a key: nothing, a noun,
 * a noun and its verb, or these and an option. The words of an option are its
 * values; "<file>" stands for a file, "<value>" for what cannot be known.
 */
static const char bash_script[] =
	"_obsctl()\n"
	"{\n"
	"	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} key= i words head=\n"
	"	local from=1\n"
	/* bash splits --by=cpu into three words. */
	"	[ \"$prev\" != = ] || prev=${COMP_WORDS[COMP_CWORD-2]}\n"
	"	[ \"$cur\" != = ] || cur=\n"
	"	for ((i = 1; i < COMP_CWORD; i++)); do\n"
	"		if [ \"${COMP_WORDS[i]}\" = -- ]; then\n"
	"			words=-f\n"
	"			((i + 1 < COMP_CWORD)) || words=-c\n"
	"			COMPREPLY=($(compgen $words -- \"$cur\"))\n"
	"			return\n"
	"		fi\n"
	"	done\n"
	/* A noun and its verb follow top. */
	"	((COMP_CWORD < 2)) || [ \"${COMP_WORDS[1]}\" != top ] || from=2\n"
	"	for ((i = from; i < COMP_CWORD && i < from + 2; i++)); do\n"
	"		[ -n \"$(_obsctl_words \"$key${key:+ }${COMP_WORDS[i]}\")\" ] || break\n"
	"		key=$key${key:+ }${COMP_WORDS[i]}\n"
	"	done\n"
	"	[ $from = 1 ] || [ -n \"$key\" ] || key=top\n"
	"	words=$(_obsctl_words \"$key $prev\")\n"
	"	if [[ $prev == -* && -n $words ]]; then\n"
	"		case $words in\n"
	"		'<file>') COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n"
	"		'<value>') COMPREPLY=(); return ;;\n"
	"		esac\n"
	"		case $cur in *,*) head=${cur%,*}, cur=${cur##*,} ;; esac\n"
	"		COMPREPLY=($(compgen -P \"$head\" -W \"$words\" -- \"$cur\"))\n"
	"		return\n"
	"	fi\n"
	"	words=$(_obsctl_words \"$key\")\n"
	"	[ \"$key\" != top ] || ((COMP_CWORD > 2)) || words=\"$(_obsctl_words '') $words\"\n"
	"	COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	"	[[ $words != --* || $cur == -* ]] || COMPREPLY=($(compgen -f -- \"$cur\"))\n"
	"}\n"
	"complete -F _obsctl obsctl\n";

static const char zsh_script[] =
	"_obsctl()\n"
	"{\n"
	"	local prev=${words[CURRENT-1]} key= i list from=2\n"
	"	for ((i = 2; i < CURRENT; i++)); do\n"
	"		[[ ${words[i]} == -- ]] && { _normal -p obsctl; return }\n"
	"	done\n"
	"	((CURRENT < 3)) || [[ ${words[2]} != top ]] || from=3\n"
	"	for ((i = from; i < CURRENT && i < from + 2; i++)); do\n"
	"		[[ -n $(_obsctl_words \"$key${key:+ }${words[i]}\") ]] || break\n"
	"		key=$key${key:+ }${words[i]}\n"
	"	done\n"
	"	((from == 2)) || [[ -n $key ]] || key=top\n"
	"	list=$(_obsctl_words \"$key $prev\")\n"
	"	if [[ $prev == -* && -n $list ]]; then\n"
	"		case $list in\n"
	"		'<file>') _files ;;\n"
	"		'<value>') _message value ;;\n"
	"		*) compset -P '*,'; compadd -- ${=list} ;;\n"
	"		esac\n"
	"		return\n"
	"	fi\n"
	"	list=$(_obsctl_words \"$key\")\n"
	"	[[ $key != top ]] || ((CURRENT > 3)) || list=\"$(_obsctl_words '') $list\"\n"
	"	if [[ $list == --* && $PREFIX != -* ]]; then\n"
	"		_files\n"
	"	else\n"
	"		compadd -- ${=list}\n"
	"	fi\n"
	"}\n"
	"compdef _obsctl obsctl\n";

typedef void (*option_fn)(const struct noun *noun, const struct verb *verb, const struct opt *opt);

static void each_option(const struct noun *noun, const struct verb *verb, option_fn fn)
{
	const struct opt_group *const *g;
	size_t i;

	for (g = verb->groups; *g; g++)
		for (i = 0; i < (*g)->n; i++)
			fn(noun, verb, &(*g)->v[i]);
}

static const char *space(const struct verb *verb)
{
	return *verb->name ? " " : "";
}

static bool is_file(const struct opt *opt)
{
	return opt->type == &opt_file || opt->type == &opt_path;
}

/* The words that an option takes, up to NULL; or NULL, if these cannot be known. */
static const char *const *values_of(const struct verb *verb, const struct opt *opt)
{
	return !strcmp(opt->name, "by") ? verb->columns : opt->values;
}

static void print_name(const struct noun *noun, const struct verb *verb, const struct opt *opt)
{
	printf(" --%s", opt->name);
}

static void print_values(const struct noun *noun, const struct verb *verb, const struct opt *opt)
{
	const char *const *v = values_of(verb, opt);

	if (!opt->arg)
		return;
	printf("	'%s%s%s --%s'", noun->name, space(verb), verb->name, opt->name);
	if (opt->letter && verb_letter(verb, opt->letter) == opt)
		printf("|'%s%s%s -%c'", noun->name, space(verb), verb->name, opt->letter);
	fputs(") echo '", stdout);
	if (is_file(opt))
		fputs("<file>", stdout);
	else if (!v)
		fputs("<value>", stdout);
	for (; v && *v; v++)
		printf("%s%s", *v, v[1] ? " " : "");
	fputs("' ;;\n", stdout);
}

static void print_words(void)
{
	size_t i, k;

	fputs("_obsctl_words()\n{\n	case $1 in\n	'') echo '", stdout);
	for (i = 0; i < nr_nouns; i++)
		printf("%s ", nouns[i]->name);
	fputs("help' ;;\n", stdout);
	for (i = 0; i < nr_nouns; i++) {
		const struct noun *n = nouns[i];

		if (*n->verbs[0].name) {
			printf("	'%s') echo '", n->name);
			for (k = 0; k < n->nr_verbs; k++)
				printf("%s%s", k ? " " : "", n->verbs[k].name);
			fputs("' ;;\n", stdout);
		}
		for (k = 0; k < n->nr_verbs; k++) {
			const struct verb *v = &n->verbs[k];

			printf("	'%s%s%s') echo '--help", n->name, space(v), v->name);
			each_option(n, v, print_name);
			fputs("' ;;\n", stdout);
			each_option(n, v, print_values);
		}
	}
	fputs("	esac\n}\n\n", stdout);
}

/* In single quotes for fish. */
static void print_quoted(const char *text)
{
	putchar('\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('\'');
}

static void print_fish_place(const struct noun *noun, const struct verb *verb)
{
	printf("complete -c obsctl -n '__fish_seen_subcommand_from %s", noun->name);
	if (*verb->name)
		printf("; and __fish_seen_subcommand_from %s", verb->name);
	putchar('\'');
}

static void print_fish_option(const struct noun *noun, const struct verb *verb,
			      const struct opt *opt)
{
	const char *const *v = values_of(verb, opt);

	print_fish_place(noun, verb);
	printf(" -l %s", opt->name);
	if (opt->letter && verb_letter(verb, opt->letter) == opt)
		printf(" -s %c", opt->letter);
	if (opt->arg)
		printf(" %s", is_file(opt) ? "-r" : "-x");
	if (v) {
		fputs(" -a '", stdout);
		for (; *v; v++)
			printf("%s%s", *v, v[1] ? " " : "");
		putchar('\'');
	}
	fputs(" -d ", stdout);
	print_quoted(opt->doc);
	putchar('\n');
}

static void print_fish_verbs(const struct noun *noun)
{
	size_t i, k;

	for (i = 0; i < noun->nr_verbs && *noun->verbs[i].name; i++) {
		printf("complete -c obsctl -f -n '__fish_seen_subcommand_from %s; and not __fish_seen_subcommand_from",
		       noun->name);
		for (k = 0; k < noun->nr_verbs; k++)
			printf(" %s", noun->verbs[k].name);
		printf("' -a %s -d ", noun->verbs[i].name);
		print_quoted(noun->verbs[i].doc);
		putchar('\n');
	}
}

static int run_fish(const struct verb *verb, const struct opts *o)
{
	size_t i, k;

	fputs("complete -c obsctl -l help -s h\n", stdout);
	for (i = 0; i < nr_nouns; i++) {
		/* A noun follows top, too. */
		printf("complete -c obsctl -f -n '__fish_use_subcommand%s' -a %s -d ",
		       nouns[i]->screen ? "" :
		       "; or test (count (commandline -opc)) -eq 2; and __fish_seen_subcommand_from top",
		       nouns[i]->name);
		print_quoted(nouns[i]->doc);
		putchar('\n');
		print_fish_verbs(nouns[i]);
		for (k = 0; k < nouns[i]->nr_verbs; k++)
			each_option(nouns[i], &nouns[i]->verbs[k], print_fish_option);
	}
	return STATUS_DONE;
}

static int run_bash(const struct verb *verb, const struct opts *o)
{
	print_words();
	fputs(bash_script, stdout);
	return STATUS_DONE;
}

static int run_zsh(const struct verb *verb, const struct opts *o)
{
	fputs("#compdef obsctl\n\n", stdout);
	print_words();
	fputs(zsh_script, stdout);
	return STATUS_DONE;
}

static const struct verb verbs[] = {
	{
		.name = "bash",
		.doc = "completion of words for bash",
		.groups = GROUPS(NULL),
		.fn = run_bash,
	},
	{
		.name = "zsh",
		.doc = "completion of words for zsh",
		.groups = GROUPS(NULL),
		.fn = run_zsh,
	},
	{
		.name = "fish",
		.doc = "completion of words for fish",
		.groups = GROUPS(NULL),
		.fn = run_fish,
	},
};

const struct noun noun_completion = {
	.name = "completion",
	.doc = "completion of words in a shell",
	.more = "bash: source <(obsctl completion bash)\nzsh:  source <(obsctl completion zsh)\nfish: obsctl completion fish | source",
	NOUN_VERBS(verbs),
};
