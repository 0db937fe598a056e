// SPDX-License-Identifier: GPL-2.0
/*
 * From points and expressions to a request. Each point has a program of its own,
 * as its arguments have their own types; points whose programs are the same share
 * one.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/probe/probe.h"
#include "lib/diag.h"
#include "lib/macros.h"

/* Limits of the module's parameters. */
#define PROGRAMS_MAX	256
#define SYSCALLS_MAX	32
#define TEXT_MAX	4095

static const char *const number_columns[KOBS_PROG_KEYS] = {
	"number0", "number1", "number2", "number3", "number4", "number5", "number6",
};

static const char *const text_columns[KOBS_PROG_TEXTS] = { "text0", "text1" };

/* The column of a system call's number, shown by its name. */
#define SYSCALL	"syscall"

static bool is_blank(char c)
{
	return isspace((unsigned char)c);
}

/* Take the blanks around a word off. */
static void trim(char *word)
{
	size_t from = 0;
	size_t to = strlen(word);

	while (is_blank(word[from]))
		from++;
	while (to > from && is_blank(word[to - 1]))
		to--;
	memmove(word, word + from, to - from);
	word[to - from] = 0;
}

/*
 * EXPR=NAME: the last '=' that is none of ==, !=, <= and >=, with a name behind it.
 * Cuts the name off the word and returns it, or NULL.
 */
static char *given_name(char *word)
{
	char *at = strrchr(word, '=');
	const char *c;
	char *name;

	if (!at || at == word || strchr("=!<>", at[-1]))
		return NULL;
	name = at + 1;
	trim(name);
	if (!isalpha((unsigned char)*name) && *name != '_')
		return NULL;
	for (c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '_')
			return NULL;
	*at = 0;
	trim(word);
	return name;
}

/* Numbers of a report that every row has: two columns of one name are one too many. */
static int check_name(const struct probe_run *p, const struct key *k)
{
	static const char *const taken[] = {
		"probe", "cpu", "pid", "tid", "comm", "cgroup", "kstack", "ustack", "count",
		"sum", "min", "max", "p50", "p90", "p99", "p999", "hist", "negative", "per_s", "time_ns",
		"duration_ns", "ptr", "caller", "func", "site", "event",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(taken); i++)
		if (!strcmp(taken[i], k->name))
			return misuse("--by: a report has a column '%s' of its own: give this one another name, as in 'EXPR=NAME'",
				      k->name);
	for (i = 0; &p->keys[i] < k; i++)
		if (p->keys[i].name && !strcmp(p->keys[i].name, k->name))
			return misuse("--by: two columns are called '%s': give one another name, as in 'EXPR=NAME'",
				      k->name);
	return 0;
}

static int add_expression(struct probe_run *p, struct key *k, char *text)
{
	const char *name = given_name(text);
	char *to;
	int err;

	k->is_syscall = !strcmp(text, SYSCALL) || !strcmp(text, "nr");
	err = expr_parse(k->is_syscall ? "nr" : text, &k->expr);
	k->name = copy_string(name ? name : text);
	/* The module keeps the names as words of a text. */
	for (to = k->name; *to; to++)
		if (is_blank(*to))
			*to = '_';
	return err ? err : check_name(p, k);
}

static int add_key(struct probe_run *p, const char *word, const char *const *columns)
{
	struct key *k = &p->keys[p->nr_keys++];
	char *text = copy_string(word);
	int err = 0;

	trim(text);
	for (; *columns && strcmp(*columns, text); columns++)
		;
	k->column = *columns;
	if (!k->column)
		err = add_expression(p, k, text);
	free(text);
	return err;
}

/* The conditions of --where, and that of --over, on a time in ns. */
static int parse_where(struct probe_run *p)
{
	const struct opt_number *over = &p->opts->over;
	struct buf text = {};
	int err = 0;
	size_t i;

	for (i = 0; i < p->opts->where.n; i++)
		strings_add(&p->conditions, p->opts->where.v[i]);
	if (over->given) {
		buf_printf(&text, "duration >= %llu", (unsigned long long)over->value);
		strings_add(&p->conditions, text.p);
		buf_free(&text);
	}
	p->where = zalloc((p->conditions.n + 1) * sizeof(struct expr *));
	for (i = 0; !err && i < p->conditions.n; i++)
		err = expr_parse(p->conditions.v[i], &p->where[p->nr_where++]);
	return err;
}

/**
 * probe_parse() - Take the expressions of the options apart.
 * @columns: columns of the module, up to NULL
 * @usual: those without --by, or before its expressions, up to NULL
 *
 * Return: 0 or an exit status.
 */
int probe_parse(struct probe_run *p, const struct opts *o, const char *const *columns,
		const char *const *usual)
{
	bool expressions_only = true;
	struct strings by = {};
	int err = 0;
	size_t i;

	p->o = o;
	p->opts = o->own;
	for (i = 0; i < o->by.n; i++)
		macro_expand(o->by.v[i], &by);
	p->keys = zalloc((by.n + 9) * sizeof(*p->keys));
	/* Of all system calls, it is of interest which. */
	if (!o->by.n && o->nr_args == 1 && !strcmp(o->args[0], "s:*"))
		err = add_key(p, SYSCALL, columns);
	for (i = 0; !err && i < by.n; i++)
		err = add_key(p, by.v[i], columns);
	strings_free(&by);
	for (i = 0; i < p->nr_keys; i++)
		expressions_only &= !p->keys[i].column;
	/* Records are of something, and of somebody. */
	for (; !err && expressions_only && *usual; usual++) {
		memmove(p->keys + 1, p->keys, p->nr_keys++ * sizeof(*p->keys));
		p->keys[0] = (struct key){ .column = *usual };
	}
	if (!err)
		err = parse_where(p);
	if (!err && p->opts->value)
		err = expr_parse(p->opts->value, &p->value);
	return err;
}

/** key_is_text() - Whether a column of this type is a text. */
bool key_is_text(const struct expr_type *t)
{
	return t->kind == EXPR_TEXT || (t->kind == EXPR_POINTER && t->to_chars);
}

/* What a column is at all points; one that can be negative at some is shown as such. */
static int merge_type(struct key *k, const struct expr_type *type, const struct point *point)
{
	bool address = type->kind == EXPR_POINTER || type->kind == EXPR_FUNCTION;
	bool was = k->type.kind == EXPR_POINTER || k->type.kind == EXPR_FUNCTION;

	if (!k->typed) {
		k->type = *type;
		k->typed = true;
	} else if (key_is_text(&k->type) != key_is_text(type)) {
		return refuse("--by: '%s' is a text at some probes, and none at %s: give it a cast, or another session",
			      k->name, point->name);
	} else if (address != was) {
		return refuse("--by: '%s' is an address at some probes, and a number at others, such as %s: give it a cast, or another session",
			      k->name, point->name);
	} else {
		k->type.is_signed |= type->is_signed;
	}
	return 0;
}

/** key_learn() - What a column is at a point. Return: 0 or an exit status. */
int key_learn(struct key *k, const struct scope *s)
{
	struct expr_type type;
	int err = expr_type_of(k->expr, &s->expr, &type);

	if (err)
		return err;
	key_take_names(k, s, &type);
	return merge_type(k, &type, s->point);
}

/** key_check_numbers() - Whether there is room for so many columns. Return: 0 or an exit status. */
int key_check_numbers(unsigned int numbers, unsigned int texts)
{
	if (numbers <= KOBS_PROG_KEYS && texts <= KOBS_PROG_TEXTS)
		return 0;
	return misuse("--by has %u numbers and %u texts to compute: there can be %d and %d",
		      numbers, texts, KOBS_PROG_KEYS, KOBS_PROG_TEXTS);
}

/* A number or text of the hit for each expression; its number is the same at all points. */
static int number_keys(struct probe_run *p, const struct scope *s)
{
	unsigned int numbers = 0;
	unsigned int texts = 0;
	size_t i;

	for (i = 0; i < p->nr_keys; i++) {
		struct key *k = &p->keys[i];
		int err;

		if (!k->expr)
			continue;
		err = key_learn(k, s);
		if (err)
			return err;
		k->number = key_is_text(&k->type) ? texts++ : numbers++;
	}
	return key_check_numbers(numbers, texts);
}

/* The module's columns of the numbers and texts. */
static void name_columns(struct probe_run *p)
{
	size_t i;

	for (i = 0; i < p->nr_keys; i++)
		if (p->keys[i].expr)
			p->keys[i].column = key_is_text(&p->keys[i].type) ?
					    text_columns[p->keys[i].number] :
					    number_columns[p->keys[i].number];
}

/** probe_uses() - Whether an expression has a name in it. */
bool probe_uses(const struct probe_run *p, const char *name)
{
	size_t i;

	if (expr_uses(p->value, name))
		return true;
	for (i = 0; i < p->nr_where; i++)
		if (expr_uses(p->where[i], name))
			return true;
	for (i = 0; i < p->nr_keys; i++)
		if (expr_uses(p->keys[i].expr, name))
			return true;
	return false;
}

/* Points that have a duration: returns, and what probe time measures. */
static bool has_duration(const struct point *point)
{
	return point->kind == KOBS_PROBE_RETURN || point->kind == KOBS_PROBE_USER_RETURN ||
	       point->kind == KOBS_PROBE_CALL;
}

/* What a return has, and nothing else. */
static int check_returns(const struct probe_run *p, const struct point *point)
{
	if (p->opts->over.given && !p->join.wanted && !has_duration(point))
		return misuse("--over TIME is for what has a duration, and %s has none: returns (kr:FUNCTION, ur:FILE:FUNCTION) and pairs (--from, --to) have; probe time measures system calls",
			      point->name);
	if ((point->kind == KOBS_PROBE_FUNCTION || point->kind == KOBS_PROBE_INSTRUCTION ||
	     point->kind == KOBS_PROBE_USER) &&
	    (probe_uses(p, "ret") || probe_uses(p, "duration")))
		return misuse("%s is the entry of a function: what it returns, and its duration, are known at %cr:%s",
			      point->name, *point->name, point->bare);
	if ((point->kind == KOBS_PROBE_ENTER || point->kind == KOBS_PROBE_EXIT) &&
	    probe_uses(p, "duration"))
		return misuse("the duration of a system call, %s, is measured by probe time",
			      point->name);
	return 0;
}

static int compile_point(struct probe_run *p, struct point *point)
{
	bool expressions = p->nr_where || p->value;
	struct scope s = {};
	int err = 0;
	size_t i;

	for (i = 0; i < p->nr_keys; i++)
		expressions |= !!p->keys[i].expr;
	if (expressions)
		err = check_returns(p, point);
	/* Types are read where there is something to look up. */
	if (expressions && !err) {
		scope_open(&s, p, point);
		err = inside_check(p, &s);
		if (!err)
			err = fields_choose(p, &s, point);
	}
	if (expressions && !err)
		err = number_keys(p, &s);
	for (i = 0; !err && i < p->nr_where; i++)
		err = expr_compile_where(&p->code, p->where[i], &s.expr);
	for (i = 0; !err && i < p->nr_keys; i++)
		if (p->keys[i].expr)
			err = expr_compile_key(&p->code, p->keys[i].expr, &s.expr,
					       p->keys[i].number, &(struct expr_type){});
	if (!err && p->value)
		err = expr_compile_value(&p->code, p->value, &s.expr, &(struct expr_type){});
	scope_close(&s);
	program_end(&p->code);
	return err;
}

static void add_label(struct probe_run *p, const char *column, char style, const char *of,
		      const char *name)
{
	buf_printf(&p->labels, "%s%s=%c%s:%s", p->labels.len ? " " : "", column, style,
		   of ? of : "", name);
}

static int make_columns(struct probe_run *p)
{
	bool numbers = false;
	size_t i;

	p->own = *p->o;
	memset(&p->own.by, 0, sizeof(p->own.by));
	for (i = 0; i < p->nr_keys; i++) {
		const struct key *k = &p->keys[i];

		if (strings_have(&p->own.by, k->column))
			return misuse("--by names the column '%s' twice", k->column);
		strings_add(&p->own.by, k->column);
		if (!k->expr)
			continue;
		add_label(p, k->column, key_style(k), k->constants, k->name);
		numbers |= !key_is_text(&k->type);
	}
	if (p->join.wanted)
		join_label(p, &p->labels);
	else if (p->points.at_return && !p->points.timed)
		add_label(p, "probe", 'r', NULL, "probe");
	if (numbers && probe_can_fault(p)) {
		strings_add(&p->own.by, "faults");
		add_label(p, "faults", 'z', NULL, "faults");
	}
	return 0;
}

/* The module has room for so many; the points alone say it, before any is compiled. */
static int check_points(const struct probe_run *p)
{
	size_t syscalls = 0;
	size_t i;

	if (p->points.n > PROBES_MAX)
		return refuse("%zu probes match, more than the %d of a session: use narrower patterns",
			      p->points.n, PROBES_MAX);
	for (i = 0; i < p->points.n; i++)
		syscalls += p->points.v[i].kind == KOBS_PROBE_ENTER ||
			    p->points.v[i].kind == KOBS_PROBE_EXIT ||
			    p->points.v[i].kind == KOBS_PROBE_CALL;
	if (syscalls > SYSCALLS_MAX)
		return refuse("%zu system calls match, more than the %d of a session that are told apart: use 's:*', which is one probe, with --where",
			      syscalls, SYSCALLS_MAX);
	return 0;
}

/* And for so much of what was compiled. */
static int check_sizes(const struct probe_run *p)
{
	if (p->names.len > TEXT_MAX)
		return refuse("the names of %zu probes have %zu bytes, more than the %d of a session: use narrower patterns",
			      p->points.names.n, p->names.len, TEXT_MAX);
	if (p->labels.len > TEXT_MAX)
		return refuse("the columns' names have %zu bytes, more than the %d of a session",
			      p->labels.len, TEXT_MAX);
	if (p->nr_programs > PROGRAMS_MAX)
		return refuse("the probes need %zu different programs, more than the %d of a session: their arguments have different types; use argN and casts, or fewer probes",
			      p->nr_programs, PROGRAMS_MAX);
	return 0;
}

static int make_request(struct probe_run *p, struct request *req)
{
	size_t i;

	for (i = 0; i < p->points.n; i++) {
		const struct point *point = &p->points.v[i];

		numbers_add(&p->targets, point->kind | (uint64_t)point->program << 16 |
			    (uint64_t)point->label << 32);
		numbers_add(&p->targets, point->word);
	}
	for (i = 0; i < p->points.names.n; i++)
		buf_printf(&p->names, "%s%s", i ? " " : "", p->points.names.v[i]);
	model_set_addresses(req, "targets", &p->targets);
	model_set_addresses(req, "code", &p->code.words);
	if (p->join.wanted)
		model_set_addresses(req, "joins", &p->join.words);
	if (p->names.len)
		model_set_text(req, "names", p->names.p);
	if (p->labels.len)
		model_set_text(req, "labels", p->labels.p);
	user_request(&p->points.user, req);
	return check_sizes(p);
}

/**
 * probe_compile() - Compile the expressions for all points into a request.
 * Return: 0 or an exit status.
 */
int probe_compile(struct probe_run *p, struct request *req)
{
	int err = check_points(p);
	size_t i;

	if (!err)
		err = user_check(p);
	if (!err && p->join.wanted)
		join_choose(p);
	for (i = 0; !err && i < p->points.n; i++) {
		size_t start = p->code.words.n;

		if (p->join.wanted) {
			err = join_compile(p, &p->points.v[i]);
			continue;
		}
		err = compile_point(p, &p->points.v[i]);
		if (!err)
			p->points.v[i].program = probe_share_program(p, start);
	}
	if (!err) {
		name_columns(p);
		err = make_columns(p);
	}
	if (!err)
		err = make_request(p, req);
	return err;
}

void probe_free(struct probe_run *p)
{
	size_t i;

	for (i = 0; i < p->nr_keys; i++) {
		expr_free(p->keys[i].expr);
		free(p->keys[i].name);
		free(p->keys[i].constants);
	}
	for (i = 0; i < p->nr_where; i++)
		expr_free(p->where[i]);
	expr_free(p->value);
	free(p->keys);
	free(p->where);
	strings_free(&p->conditions);
	free(p->starts);
	program_free(&p->code);
	numbers_free(&p->targets);
	buf_free(&p->names);
	buf_free(&p->labels);
	strings_free(&p->own.by);
	kbtf_free(&p->btf);
	join_free(p);
	points_free(&p->points);
}
