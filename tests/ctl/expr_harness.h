/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the tests of expressions: a scope, what is said, and one run of a program. */
#ifndef KOBS_EXPR_HARNESS_H
#define KOBS_EXPR_HARNESS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "expr/expr.h"
#include "lib/diag.h"
#include "machine.h"
#include "sample_btf.h"
#include "symbols/btf.h"

static unsigned int test_nr;
static unsigned int failures;

static inline void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static inline int finish(void)
{
	printf("1..%u\n", test_nr);
	return failures > 0;
}

/* Standard error is a file: what was said since the last call. */
static inline const char *heard(void)
{
	static char said[65536];
	ssize_t len;

	fflush(stderr);
	len = pread(STDERR_FILENO, said, sizeof(said) - 1, 0);
	said[len > 0 ? len : 0] = 0;
	if (ftruncate(STDERR_FILENO, 0) || lseek(STDERR_FILENO, 0, SEEK_SET))
		perror("stderr");
	return said;
}

static inline void listen_begin(void)
{
	FILE *file = tmpfile();

	if (!file || dup2(fileno(file), STDERR_FILENO) < 0)
		abort();
}

/* What a scope's names stand for: arguments and their types. */
struct name {
	const char	*name;
	unsigned int	arg;
	struct expr_type type;
	uint32_t	id;	/* its type in BTF, in place of @type */
};

static inline bool find_name(const struct expr_scope *scope, const char *name,
			     struct expr_symbol *out)
{
	const struct name *n = scope->arg;

	for (; n && n->name; n++) {
		if (strcmp(n->name, name))
			continue;
		out->source = EXPR_ARGUMENT;
		out->number = n->arg;
		out->type = n->type;
		return !n->id || expr_type_from_btf(scope->btf, n->id, &out->type);
	}
	return expr_find_arg(name, 4, out);
}

enum form {
	AS_WHERE,
	AS_KEY,
	AS_VALUE,
};

/* Compiles one expression as a program of its own. Return: the status. */
static inline int compile_as(struct program *p, const char *text, const struct expr_scope *scope,
			     enum form form, struct expr_type *type)
{
	struct expr *e;
	int err = expr_parse(text, &e);

	if (err)
		return err;
	memset(p, 0, sizeof(*p));
	if (form == AS_WHERE)
		err = expr_compile_where(p, e, scope);
	else if (form == AS_KEY)
		err = expr_compile_key(p, e, scope, 0, type);
	else
		err = expr_compile_value(p, e, scope, type);
	expr_free(e);
	if (!err)
		program_end(p);
	return err;
}

/* One expression, and what is said of it; "": it is not refused. */
static inline void test_sentence(const char *text, const char *said,
				 const struct expr_scope *scope, enum form form)
{
	struct program p = {};
	int status = compile_as(&p, text, scope, form, NULL);
	const char *now = heard();
	bool good = *said ? status == STATUS_USAGE && strstr(now, said) : !status && !*now;

	ok(good, text);
	if (!good)
		printf("# %s", *now ? now : "nothing was said\n");
	program_free(&p);
}

/* Runs one expression. Return: what became of the hit; BROKEN if it was refused, too. */
static inline enum outcome run_as(struct machine *m, const char *text,
				  const struct expr_scope *scope, enum form form,
				  struct expr_type *type)
{
	struct program p = {};
	enum outcome outcome;

	if (compile_as(&p, text, scope, form, type)) {
		printf("# %s", heard());
		return BROKEN;
	}
	outcome = machine_run(m, p.words.v, p.words.n);
	program_free(&p);
	return outcome;
}

#endif /* KOBS_EXPR_HARNESS_H */
