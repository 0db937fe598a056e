// SPDX-License-Identifier: GPL-2.0
/*
 * The functions of 'mem refs': from words FUNCTION or FUNCTION=EXPR to the points and
 * programs of a request. EXPR is the address of the object, arg0 without it.
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/mem/refs.h"
#include "cmd/probe/probe.h"
#include "kobs_refs.h"
#include "lib/diag.h"
#include "lib/macros.h"

static const char *const role_options[REFS_ROLES] = {
	[KOBS_REFS_GET] = "--get", [KOBS_REFS_PUT] = "--put",
	[KOBS_REFS_NEW] = "--new", [KOBS_REFS_END] = "--end",
};

/**
 * refs_split() - Take a word apart.
 * @function: set to the function, with k: in front, for points_find(); to be freed
 * @expression: set to the expression, in @word
 *
 * Return: 0 or an exit status; *function is NULL then.
 */
int refs_split(const char *word, char **function, const char **expression)
{
	size_t len = strcspn(word, "=");
	size_t skip = !strncmp(word, "k:", 2) ? 2 : 0;
	struct buf name = {};

	*function = NULL;
	*expression = word[len] ? word + len + 1 : "arg0";
	while (len > skip && isspace((unsigned char)word[len - 1]))
		len--;
	if (len <= skip || !**expression)
		return misuse("'%s' names no function: write FUNCTION, or FUNCTION=EXPR where EXPR is the object's address, such as fget=ret",
			      word);
	buf_puts(&name, "k:");
	buf_add(&name, word + skip, len - skip);
	*function = name.p;
	return 0;
}

/* The number of the program that was added last; of one that is the same, if there is. */
static size_t share_program(struct refs_functions *f, struct program *p)
{
	size_t n = p->words.n;
	size_t number = 0;
	size_t at = 0;
	size_t i;

	while (at + n <= f->code.n) {
		size_t end = at;

		while ((f->code.v[end] & 0xff) != KOBS_OP_END)
			end++;
		if (end + 1 - at == n && !memcmp(&f->code.v[at], p->words.v, n * sizeof(uint64_t)))
			return number;
		at = end + 1;
		number++;
	}
	for (i = 0; i < n; i++)
		numbers_add(&f->code, p->words.v[i]);
	return f->programs++;
}

static int add_point(struct refs_functions *f, unsigned int role, struct probe_run *p,
		     struct point *point, const struct expr *e)
{
	bool returns = expr_uses(e, "ret");
	struct program code = {};
	struct expr_type type;
	struct scope s;
	size_t number;
	int err;

	point->kind = returns ? KOBS_PROBE_RETURN : KOBS_PROBE_FUNCTION;
	scope_open(&s, p, point);
	err = expr_compile_value(&code, e, &s.expr, &type);
	scope_close(&s);
	if (!err) {
		program_end(&code);
		number = share_program(f, &code);
		numbers_add(&f->points, role | (returns ? KOBS_REFS_RETURN : 0) |
			    (uint64_t)number << 32);
		numbers_add(&f->points, point->word);
		f->takes |= role == KOBS_REFS_GET || role == KOBS_REFS_NEW;
		f->gives |= role == KOBS_REFS_PUT;
	}
	program_free(&code);
	return err;
}

static int add_word(struct refs_functions *f, unsigned int role, const char *word,
		    const char *outer)
{
	struct probe_run p = {};
	struct buf number = {};
	const char *expression;
	struct expr *e = NULL;
	char *function;
	size_t i;
	int err = refs_split(word, &function, &expression);

	/* An address of any type. */
	buf_printf(&number, "(u64)(%s)", err ? "" : expression);
	if (!err)
		err = expr_parse(number.p, &e);
	if (!err && expr_uses(e, "duration"))
		err = misuse("%s %s: a duration is no object", role_options[role], word);
	if (!err)
		err = points_find(&p.points, &function, 1);
	for (i = 0; i < p.points.n && !err; i++)
		err = add_point(f, role, &p, &p.points.v[i], e);
	for (i = 0; i < p.points.n && !err; i++)
		if (outer && !strcmp(p.points.v[i].bare, outer))
			refs_code_add(&f->outer, p.points.v[i].word, p.points.v[i].module);
	if (!err && f->points.n > KOBS_REFS_WORDS * KOBS_REFS_POINTS)
		err = refuse("%zu functions match, more than the %d of a session: use narrower patterns",
			     f->points.n / KOBS_REFS_WORDS, KOBS_REFS_POINTS);
	kbtf_free(&p.btf);
	points_free(&p.points);
	expr_free(e);
	buf_free(&number);
	free(function);
	return err;
}

/** refs_add() - Add functions of a role. Return: 0 or an exit status. */
int refs_add(struct refs_functions *f, unsigned int role, const struct strings *words)
{
	size_t i;
	int err = 0;

	for (i = 0; i < words->n && !err; i++)
		err = add_word(f, role, words->v[i], NULL);
	return err;
}

/* Whether this kernel has the function of a word. */
static bool is_there(const char *word)
{
	struct points points = {};
	const char *expression;
	struct buf said = {};
	char *function;
	bool found;

	sentences_kept = &said;
	found = !refs_split(word, &function, &expression) && !points_find(&points, &function, 1);
	sentences_kept = NULL;
	points_free(&points);
	buf_free(&said);
	free(function);
	return found;
}

/* Add those of a preset that this kernel has. */
static int add_known(struct refs_functions *f, unsigned int role, const char *words,
		     const char *outer)
{
	char *copy = copy_string(words);
	char *save = NULL;
	char *word;
	int err = 0;

	for (word = strtok_r(copy, " ", &save); word && !err; word = strtok_r(NULL, " ", &save))
		if (is_there(word))
			err = add_word(f, role, word, outer);
	free(copy);
	return err;
}

/** refs_add_preset() - Add the functions of a preset. Return: 0 or an exit status. */
int refs_add_preset(struct refs_functions *f, const struct refs_preset *preset)
{
	unsigned int role;
	int err = 0;

	for (role = 0; role < REFS_ROLES && !err; role++)
		if (preset->functions[role])
			err = add_known(f, role, preset->functions[role], preset->outer);
	if (err || (f->takes && f->gives))
		return err;
	return refuse("this kernel has no function that %s such references: %s inlined in the code of the callers; name functions of the subsystem by --get and --put",
		      f->takes ? "gives back" : "takes", preset->inlined);
}

/** refs_functions_free() - Free the functions of a session. */
void refs_functions_free(struct refs_functions *f)
{
	numbers_free(&f->points);
	numbers_free(&f->code);
	refs_code_free(&f->outer);
}
