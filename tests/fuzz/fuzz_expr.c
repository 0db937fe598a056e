// SPDX-License-Identifier: GPL-2.0
/*
 * Expressions, as conditions, columns and values, with types of the kernel and
 * without; the programs have to keep the module's rules.
 */
#include <stdlib.h>
#include <string.h>

#include "../ctl/program_check.h"
#include "../ctl/sample_btf.h"
#include "expr/expr.h"
#include "fuzz.h"
#include "symbols/btf.h"

static bool find(const struct expr_scope *scope, const char *name,
		 struct expr_symbol *out)
{
	static struct kbtf_param params[8];
	static size_t n;
	size_t i;

	if (scope->btf && !n)
		n = kbtf_params(scope->btf,
				kbtf_function(scope->btf, "sample_call"), 0,
				params, 8);
	for (i = 0; scope->btf && i < n; i++) {
		if (strcmp(params[i].name, name))
			continue;
		out->source = EXPR_ARGUMENT;
		out->number = (uint64_t)params[i].arg;
		return expr_type_from_btf(scope->btf, params[i].type,
					  &out->type);
	}
	if (!strcmp(name, "ret")) {
		out->source = EXPR_ARGUMENT;
		out->number = 11;
		out->type = expr_number(8, true);
		return true;
	}
	/* Of the record: f and a number of bytes, t and that of a text. */
	if ((*name == 'f' || *name == 't') && name[1] > '0' && name[1] < '9' &&
	    !name[2]) {
		unsigned int bytes = name[1] - '0';

		out->source = *name == 'f' ? EXPR_FIELD : EXPR_FIELD_TEXT;
		out->number = *name == 'f' ? 8 : 16 | (bytes - 1ull) << 32;
		out->type = expr_number(bytes & (bytes - 1) ? 8 : bytes,
					bytes & 1);
		if (*name == 't')
			out->type.kind = EXPR_TEXT;
		return true;
	}
	return expr_find_arg(name, 12, out);
}

/* The program of all that compiles, and of each of it alone. */
static void compile(const struct expr *e, const struct expr_scope *scope)
{
	struct program all = {};
	struct program one = {};
	struct expr_type type;
	size_t start;

	expr_compile_where(&all, e, scope);
	expr_compile_key(&one, e, scope, 0, &type);
	expr_compile_key(&all, e, scope, 1, &type);
	expr_compile_value(&all, e, scope, &type);
	program_end(&all);
	program_end(&one);
	start = all.words.n;
	expr_compile_where(&all, e, scope);
	program_end(&all);
	if (!program_is_sound(all.words.v, start) ||
	    !program_is_sound(all.words.v + start, all.words.n - start) ||
	    !program_is_sound(one.words.v, one.words.n))
		abort();
	program_free(&all);
	program_free(&one);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "item", "arg0", "ret", NULL };
	static struct btf *btf;
	struct expr_scope scope = { .find = find, .names = names };
	struct expr *e;
	char *text;

	if (!btf && kbtf_available())
		btf = sample_btf();
	text = malloc(size + 1);
	memcpy(text, data, size);
	text[size] = 0;
	if (!expr_parse(text, &e)) {
		compile(e, &scope);
		scope.btf = btf;
		compile(e, &scope);
		expr_free(e);
	}
	free(text);
	return 0;
}
