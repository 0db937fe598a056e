// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl func slow: the arguments of a call, which the module keeps as they were passed in
 * registers. What the kernel knows of its types (BTF) tells which of them there are, and their
 * names; without it all registers are shown.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd/func_slow.h"
#include "lib/buf.h"

/* The parameters of a function; none where they are not known. */
struct slow_params {
	struct kbtf_param v[KOBS_SLOW_ARGS];
	size_t		n;
	bool		known;
};

/* A part of a function, which the compiler made, can have other arguments. */
static void find_params(struct view *v, uint64_t func, struct slow_params *p)
{
	const struct target *target = v->targets ? targets_find_entry(v->targets, func) : NULL;
	const struct btf *btf;
	struct buf why = {};
	uint32_t proto = 0;

	if (!target || strchr(target->name, '.'))
		return;
	btf = kbtf_get(&v->btf, target->module, &why);
	if (btf)
		proto = kbtf_function(btf, target->name);
	buf_free(&why);
	if (!proto)
		return;
	p->n = kbtf_params(btf, proto, 0, p->v, KOBS_SLOW_ARGS);
	if (p->n > KOBS_SLOW_ARGS)
		p->n = KOBS_SLOW_ARGS;
	p->known = true;
}

static const struct slow_params *params_of(struct slow *w, struct view *v, uint64_t func)
{
	struct slow_params *p = map_get(&w->params, func);

	if (p)
		return p;
	p = zalloc(sizeof(*p));
	if (!w->syscalls)
		find_params(v, func, p);
	map_set(&w->params, func, p);
	return p;
}

static void add_number(json_t *to, uint64_t number)
{
	struct buf text = {};

	buf_printf(&text, "0x%llx", (unsigned long long)number);
	json_array_append_new(to, json_string_nocheck(text.p));
	buf_free(&text);
}

/** func_slow_set_args() - Add the arguments of a call, and their names, where they are known. */
void func_slow_set_args(struct slow *w, struct view *v, const struct slow_record *rec, json_t *to)
{
	const struct slow_params *p = params_of(w, v, func_slow_column(w, rec, SLOW_FUNC));
	const uint64_t *args = rec->data + KOBS_SLOW_ARG;
	json_t *numbers = json_array();
	json_t *names = json_array();
	size_t i;

	for (i = 0; !p->known && i < KOBS_SLOW_ARGS; i++)
		add_number(numbers, args[i]);
	/* Behind one that is passed elsewhere, none is known. */
	for (i = 0; i < p->n && p->v[i].arg != KBTF_NO_ARG && p->v[i].arg < KOBS_SLOW_ARGS; i++) {
		add_number(numbers, args[p->v[i].arg]);
		json_array_append_new(names, json_string_nocheck(p->v[i].name));
	}
	json_object_set_new(to, "args", numbers);
	if (p->known)
		json_object_set_new(to, "arg_names", names);
	else
		json_decref(names);
}

/** func_slow_print_args() - Those of a call as text, if they have names: "(fd=3, count=4096)". */
void func_slow_print_args(const json_t *call, struct buf *out)
{
	const json_t *names = json_object_get(call, "arg_names");
	const json_t *args = json_object_get(call, "args");
	size_t i;

	if (!names)
		return;
	buf_putc(out, '(');
	for (i = 0; i < json_array_size(names) && i < json_array_size(args); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		const char *text = json_string_value(json_array_get(args, i));
		uint64_t number = text ? strtoull(text, NULL, 16) : 0;

		buf_printf(out, "%s%s=", i ? ", " : "", name ? name : "?");
		/* What is large is an address, or flags. */
		buf_printf(out, number < 1000000 ? "%llu" : "0x%llx", (unsigned long long)number);
	}
	buf_putc(out, ')');
}
