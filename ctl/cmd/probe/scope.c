// SPDX-License-Identifier: GPL-2.0
/*
 * The names that an expression can use at a point: arguments by their names and
 * types, where BTF or the format of a system call's event tells them, and by their
 * numbers.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/probe/probe.h"
#include "lib/macros.h"

#define FUNCTION_ARGS	6
#define SYSCALL_ARGS	6

/* The number of "argN", or -1. */
static long arg_number(const char *name)
{
	char *end;
	long n;

	if (strncmp(name, "arg", 3) || name[3] < '0' || name[3] > '9')
		return -1;
	n = strtol(name + 3, &end, 10);
	return *end ? -1 : n;
}

static bool find_syscall(const struct scope *s, const char *name, struct expr_symbol *out)
{
	if (!strcmp(name, "nr"))
		*out = (struct expr_symbol){ EXPR_ARGUMENT, KOBS_PROBE_NR, expr_number(4, true) };
	else if (!strcmp(name, "ret") && s->point->kind != KOBS_PROBE_ENTER)
		*out = (struct expr_symbol){ EXPR_ARGUMENT, KOBS_PROBE_RET, expr_number(8, true) };
	else if (!strcmp(name, "duration") && s->point->kind == KOBS_PROBE_CALL)
		*out = (struct expr_symbol){ EXPR_ARGUMENT, KOBS_PROBE_TOOK, expr_duration() };
	else
		return false;
	return true;
}

static bool find_return(const char *name, struct expr_symbol *out)
{
	struct expr_symbol duration = { EXPR_ARGUMENT, KOBS_PROBE_DURATION, expr_duration() };

	if (strcmp(name, "duration"))
		return false;
	*out = duration;
	return true;
}

static bool is_syscall(const struct point *p)
{
	return p->kind == KOBS_PROBE_ENTER || p->kind == KOBS_PROBE_EXIT ||
	       p->kind == KOBS_PROBE_CALL;
}

/* The entry of a function, or an instruction in it. */
static bool is_entry(const struct point *p)
{
	return p->kind == KOBS_PROBE_FUNCTION || p->kind == KOBS_PROBE_INSTRUCTION;
}

static bool is_user(const struct point *p)
{
	return p->kind == KOBS_PROBE_USER || p->kind == KOBS_PROBE_USER_RETURN;
}

static bool is_return(const struct point *p)
{
	return p->kind == KOBS_PROBE_RETURN || p->kind == KOBS_PROBE_USER_RETURN;
}

static bool find(const struct expr_scope *scope, const char *name, struct expr_symbol *out)
{
	const struct scope *s = scope->arg;
	bool returns = is_return(s->point);
	long number = arg_number(name);
	size_t i;

	/* The time between two hits is known at the second one, when that has found the first. */
	if (s->side && !strcmp(name, "duration")) {
		*out = (struct expr_symbol){ EXPR_CONTEXT, KOBS_PROG_ELAPSED, expr_duration() };
		return s->side == SIDE_TO && !s->finds;
	}
	for (i = 0; i < s->n; i++) {
		const struct kbtf_param *p = &s->params[i];

		/* argN is a number, though a parameter can have such a name. */
		if (p->arg == KBTF_NO_ARG ||
		    (number >= 0 ? p->arg != number : strcmp(p->name, name) != 0))
			continue;
		*out = (struct expr_symbol){ EXPR_ARGUMENT, (uint64_t)p->arg, s->types[i] };
		return true;
	}
	if (returns && !strcmp(name, "ret")) {
		*out = (struct expr_symbol){ EXPR_ARGUMENT, KOBS_PROBE_RESULT, s->result };
		return true;
	}
	if (returns && find_return(name, out))
		return true;
	if (is_syscall(s->point) && find_syscall(s, name, out))
		return true;
	if (s->point->kind == KOBS_PROBE_EVENT) {
		const struct field *f = fields_find(&s->fields, name);

		if (f && f->usable)
			*out = f->symbol;
		return f && f->usable;
	}
	if (is_entry(s->point) && register_find(s->point, name, out))
		return true;
	if (!expr_find_arg(name, (unsigned int)s->nr_args, out))
		return false;
	/* An address that a program passes is one of its own. */
	out->type.user |= is_user(s->point);
	return true;
}

/* Those of a prototype, of which the first @skip are none of the hook's. */
static void take_params(struct scope *s, const struct btf *btf, uint32_t proto, size_t skip)
{
	size_t n = kbtf_params(btf, proto, skip, s->params, ARRAY_SIZE(s->params));
	size_t i;

	/* There can be more than were told. */
	if (n > ARRAY_SIZE(s->params))
		n = ARRAY_SIZE(s->params);
	s->n = 0;
	for (i = 0; i < n; i++) {
		struct kbtf_param *p = &s->params[i];

		if (p->arg == KBTF_NO_ARG || (size_t)p->arg >= s->nr_args ||
		    !expr_type_from_btf(btf, p->type, &s->types[s->n]))
			continue;
		s->params[s->n++] = *p;
	}
}

static void take_btf(struct scope *s, struct probe_run *p)
{
	const struct point *point = s->point;
	const struct btf *btf = kbtf_get(&p->btf, point->module, &s->why);
	struct buf why = {};
	uint32_t proto;

	/* Casts need the kernel's types, which a module without its own has not. */
	s->expr.btf = btf ? btf : kbtf_get(&p->btf, "", &why);
	buf_free(&why);
	if (!btf)
		return;
	if (point->kind != KOBS_PROBE_TRACEPOINT) {
		proto = kbtf_function(btf, point->bare);
		if (proto)
			take_params(s, btf, proto, 0);
		if (proto)
			expr_type_from_btf(btf, kbtf_type(btf, proto)->type, &s->result);
		/* A struct of one word, as struct fd, is what the register has. */
		if (s->result.kind == EXPR_STRUCT && kbtf_size(btf, s->result.id) == 8)
			s->result = expr_number(8, false);
	} else {
		proto = kbtf_tracepoint(btf, point->bare);
		if (proto)
			take_params(s, btf, proto, 1);
		/* What a tracepoint does not have is not there to be read. */
		if (proto)
			s->nr_args = s->n;
	}
	if (!proto)
		buf_printf(&s->why, "BTF does not describe %s", point->bare);
}

static void take_syscall(struct scope *s)
{
	struct strings names = {};
	size_t i;

	s->n = syscall_params(s->point->bare, &names, s->types, SYSCALL_ARGS);
	for (i = 0; i < s->n; i++) {
		s->params[i].arg = (int)i;
		/* As long as the scope. */
		strings_add(&s->names, names.v[i]);
		s->params[i].name = s->names.v[i];
	}
	strings_free(&names);
	strings_add(&s->names, "nr");
	if (s->point->kind != KOBS_PROBE_ENTER)
		strings_add(&s->names, "ret");
	if (s->point->kind == KOBS_PROBE_CALL)
		strings_add(&s->names, "duration");
}

/** scope_propose() - Let sentences propose the names that there are now. */
void scope_propose(struct scope *s)
{
	size_t i;

	free(s->list);
	s->list = zalloc((s->names.n + 1) * sizeof(*s->list));
	for (i = 0; i < s->names.n; i++)
		s->list[i] = s->names.v[i];
	s->expr.names = s->list;
}

static void list_names(struct scope *s)
{
	static const char *const columns[] = { "probe", "kstack", "ustack" };
	char arg[24];
	size_t i;

	/* A word of --by that is none of these is taken for an expression. */
	for (i = 0; i < ARRAY_SIZE(columns); i++)
		strings_add(&s->names, columns[i]);

	for (i = 0; !is_syscall(s->point) && i < s->n; i++)
		if (*s->params[i].name)
			strings_add(&s->names, s->params[i].name);
	if (is_return(s->point)) {
		strings_add(&s->names, "ret");
		strings_add(&s->names, "duration");
	}
	for (i = 0; i < s->nr_args; i++) {
		snprintf(arg, sizeof(arg), "arg%zu", i);
		strings_add(&s->names, arg);
	}
	if (is_entry(s->point))
		register_names(s->point, &s->names);
	scope_propose(s);
}

/** scope_open() - Find the names at a point. */
void scope_open(struct scope *s, struct probe_run *p, const struct point *point)
{
	memset(s, 0, sizeof(*s));
	s->point = point;
	s->result = expr_number(8, true);
	s->result.user = is_user(point);
	s->nr_args = is_entry(point) || is_return(point) || is_user(point) ?
		     FUNCTION_ARGS : is_syscall(point) ? SYSCALL_ARGS : KOBS_PROG_ARGS;
	if (is_syscall(point))
		take_syscall(s);
	/* Casts and constants need the kernel's types, too. */
	if (is_syscall(point) || is_user(point))
		s->expr.btf = kbtf_get(&p->btf, "", &s->why);
	else
		take_btf(s, p);
	/* The registers may have changed by then. */
	if (point->offset) {
		s->nr_gone = s->n;
		s->nr_args = 0;
		s->n = 0;
	}
	list_names(s);
	s->expr.find = find;
	s->expr.what = point->name;
	s->expr.no_btf = s->why.len ? s->why.p : NULL;
	s->expr.arg = s;
}

void scope_close(struct scope *s)
{
	strings_free(&s->names);
	fields_free(&s->fields);
	buf_free(&s->why);
	free(s->list);
	memset(s, 0, sizeof(*s));
}
