// SPDX-License-Identifier: GPL-2.0
/* Random expressions: their programs against an evaluation of their trees. */

#include "expr/ast.h"
#include "expr_harness.h"
#include "lib/buf.h"
#include "lib/diag.h"

#define EXPRESSIONS	20000
#define TRIES		6	/* of each, with other arguments */

static const struct name args[] = {
	{ "ret", 4, .type = { EXPR_NUMBER, true, .bytes = 8 } },
	{ "small", 5, .type = { EXPR_NUMBER, true, .bytes = 4 } },
	{ "byte", 6, .type = { EXPR_NUMBER, .bytes = 1 } },
	{ "base", 7, .type = { EXPR_NUMBER, .bytes = 8 } },
	{}
};

static const struct expr_scope scope = { .find = find_name, .arg = args };

static uint64_t seed = 0x9e3779b97f4a7c15;

static uint64_t random_number(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static unsigned int below(unsigned int n)
{
	return (unsigned int)(random_number() >> 33) % n;
}

/* Numbers near the ends of types. */
static uint64_t interesting(void)
{
	static const uint64_t ends[] = {
		0, 1, 2, 7, 63, 64, 127, 255, 256, 0x7fff, 0x8000, 0xffff, INT32_MAX, 1u << 31,
		UINT32_MAX, 1ull << 32, INT64_MAX, 1ull << 63, UINT64_MAX,
	};
	uint64_t v = ends[below(ARRAY_SIZE(ends))];

	switch (below(4)) {
	case 0:
		return random_number();
	case 1:
		return v + below(5) - 2;
	default:
		return v;
	}
}

static const char *pick(const char *const *words, unsigned int n)
{
	return words[below(n)];
}

static const char *const names[] = { "arg0", "arg1", "arg2", "ret", "small", "byte", "pid" };
static const char *const types[] = {
	"u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64", "int", "unsigned long", "bool",
};

static const char *const arithmetic[] = {
	"+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>",
};

static const char *const comparisons[] = { "==", "!=", "<", "<=", ">", ">=" };

static bool make(struct buf *out, unsigned int depth);

/* A part that is not a constant, which comparisons and && would refuse. */
static void make_variable(struct buf *out, unsigned int depth)
{
	struct buf part = {};
	bool variable = make(&part, depth);

	buf_printf(out, variable ? "(%s)" : "(%s + arg1)", part.p);
	buf_free(&part);
}

/* Reads of numbers, most of which are there. */
static void make_read(struct buf *out, unsigned int depth)
{
	buf_printf(out, "*(%s)(base + %u", pick(types, ARRAY_SIZE(types)), below(72));
	if (depth && below(2)) {
		buf_puts(out, " + (");
		make_variable(out, depth - 1);
		buf_puts(out, " & 31)");
	}
	buf_putc(out, ')');
}

static bool make_binary(struct buf *out, unsigned int depth)
{
	const char *op = pick(arithmetic, ARRAY_SIZE(arithmetic));
	bool left;
	bool right;

	buf_putc(out, '(');
	left = make(out, depth);
	buf_printf(out, ") %s (", op);
	right = make(out, depth);
	/* To divide by a constant that is 0 is refused. */
	buf_puts(out, *op == '/' || *op == '%' ? right ? "" : " | 1" : "");
	buf_putc(out, ')');
	return left || right;
}

/* Return: whether it is more than constants. */
static bool make(struct buf *out, unsigned int depth)
{
	unsigned int what = below(depth ? 12 : 3);

	switch (what) {
	case 0:
		buf_printf(out, below(2) ? "%llu" : "0x%llx", (unsigned long long)interesting());
		return false;
	case 1:
	case 2:
		buf_puts(out, pick(names, ARRAY_SIZE(names)));
		return true;
	case 3:
		buf_putc(out, "-~!"[below(3)]);
		buf_putc(out, '(');
		what = make(out, depth - 1);
		buf_putc(out, ')');
		return what;
	case 4:
		buf_printf(out, "(%s)(", pick(types, ARRAY_SIZE(types)));
		what = make(out, depth - 1);
		buf_putc(out, ')');
		return what;
	case 5:
		make_read(out, depth - 1);
		return true;
	case 6:
		make_variable(out, depth - 1);
		buf_printf(out, " %s ", below(2) ? "&&" : "||");
		make_variable(out, depth - 1);
		return true;
	case 7:
	case 8:
		make_variable(out, depth - 1);
		buf_printf(out, " %s ", pick(comparisons, ARRAY_SIZE(comparisons)));
		make_variable(out, depth - 1);
		return true;
	default:
		return make_binary(out, depth - 1);
	}
}

/* What a part of the tree is. */
struct value {
	uint64_t	v;
	bool		wide;		/* unsigned with 64 bits */
	bool		fault;
};

struct evaluation {
	const struct machine *m;
	bool		lost;		/* a condition was a fault */
};

static struct value value_of(uint64_t v, bool wide)
{
	return (struct value){ .v = v, .wide = wide };
}

static struct value evaluate(struct evaluation *e, const struct ast *a);

static struct value evaluate_name(const struct evaluation *e, const char *name)
{
	const uint64_t *arg = e->m->args;

	if (!strncmp(name, "arg", 3))
		return value_of(arg[name[3] - '0'], true);
	if (!strcmp(name, "ret"))
		return value_of(arg[4], false);
	if (!strcmp(name, "small"))
		return value_of((uint64_t)(int32_t)arg[5], false);
	if (!strcmp(name, "byte"))
		return value_of((uint8_t)arg[6], false);
	if (!strcmp(name, "base"))
		return value_of(arg[7], true);
	return value_of(e->m->context[KOBS_PROG_PID], false);
}

static struct value cast(struct value x, const struct type_name *type)
{
	uint64_t v = x.v;

	switch (type->bytes) {
	case 1:
		v = type->is_signed ? (uint64_t)(int8_t)v : (uint8_t)v;
		break;
	case 2:
		v = type->is_signed ? (uint64_t)(int16_t)v : (uint16_t)v;
		break;
	case 4:
		v = type->is_signed ? (uint64_t)(int32_t)v : (uint32_t)v;
		break;
	}
	if (type->kind == TYPE_BOOL)
		v = !!x.v;
	return (struct value){ x.fault ? 0 : v, type->bytes == 8 && !type->is_signed, x.fault };
}

/* *(TYPE)(ADDRESS) */
static struct value evaluate_read(struct evaluation *e, const struct ast *a)
{
	const struct type_name *type = &a->a->type;
	struct value at = evaluate(e, a->a->a);
	uint64_t start = (uintptr_t)e->m->kernel[0].start;
	uint64_t v = 0;

	if (at.fault || at.v < start || at.v - start > e->m->kernel[0].size - type->bytes)
		return cast((struct value){ .fault = true }, type);
	memcpy(&v, (const void *)(uintptr_t)at.v, type->bytes);
	/* In memory a bool is what it is. */
	return cast(value_of(v, false), &(struct type_name){ .bytes = type->bytes,
							     .is_signed = type->is_signed });
}

static struct value evaluate_unary(struct evaluation *e, const struct ast *a)
{
	struct value x;

	if (a->op == TOKEN_STAR)
		return evaluate_read(e, a);
	x = evaluate(e, a->a);
	x.v = a->op == TOKEN_NOT ? !x.v : a->op == TOKEN_MINUS ? 0 - x.v : ~x.v;
	if (a->op == TOKEN_NOT)
		x.wide = false;
	if (x.fault)
		x.v = 0;
	return x;
}

static uint64_t divide(enum token_kind op, struct value x, struct value y, bool wide)
{
	if (wide)
		return op == TOKEN_SLASH ? x.v / y.v : x.v % y.v;
	if ((int64_t)y.v == -1)
		return op == TOKEN_SLASH ? 0 - x.v : 0;
	return (uint64_t)(op == TOKEN_SLASH ? (int64_t)x.v / (int64_t)y.v :
			  (int64_t)x.v % (int64_t)y.v);
}

static bool holds(enum token_kind op, struct value x, struct value y)
{
	bool wide = x.wide || y.wide;
	int order = wide ? (x.v > y.v) - (x.v < y.v) :
		    ((int64_t)x.v > (int64_t)y.v) - ((int64_t)x.v < (int64_t)y.v);

	switch (op) {
	case TOKEN_EQ:
		return !order;
	case TOKEN_NE:
		return order;
	case TOKEN_LT:
		return order < 0;
	case TOKEN_LE:
		return order <= 0;
	case TOKEN_GT:
		return order > 0;
	default:
		return order >= 0;
	}
}

static struct value combine(enum token_kind op, struct value x, struct value y)
{
	bool wide = x.wide || y.wide;

	switch (op) {
	case TOKEN_PLUS:
		return value_of(x.v + y.v, wide);
	case TOKEN_MINUS:
		return value_of(x.v - y.v, wide);
	case TOKEN_STAR:
		return value_of(x.v * y.v, wide);
	case TOKEN_SLASH:
	case TOKEN_PERCENT:
		return value_of(divide(op, x, y, wide), wide);
	case TOKEN_AND:
		return value_of(x.v & y.v, wide);
	case TOKEN_OR:
		return value_of(x.v | y.v, wide);
	case TOKEN_XOR:
		return value_of(x.v ^ y.v, wide);
	case TOKEN_SHL:
		return value_of(y.v > 63 ? 0 : x.v << y.v, x.wide);
	case TOKEN_SHR:
		if (x.wide)
			return value_of(y.v > 63 ? 0 : x.v >> y.v, true);
		return value_of((uint64_t)((int64_t)x.v >> (y.v > 63 ? 63 : y.v)), false);
	default:
		return value_of(holds(op, x, y), false);
	}
}

static struct value evaluate_binary(struct evaluation *e, const struct ast *a)
{
	bool logical = a->op == TOKEN_AND_AND || a->op == TOKEN_OR_OR;
	struct value x = evaluate(e, a->a);
	struct value y;

	if (logical) {
		e->lost |= x.fault;
		if (e->lost || (a->op == TOKEN_AND_AND ? !x.v : x.v))
			return value_of(!!x.v, false);
	}
	y = evaluate(e, a->b);
	if (logical)
		return (struct value){ !!y.v, false, y.fault };
	if (x.fault || y.fault || ((a->op == TOKEN_SLASH || a->op == TOKEN_PERCENT) && !y.v)) {
		/* What it would be, of another divisor. */
		y.v = 1;
		return (struct value){ 0, combine(a->op, x, y).wide, true };
	}
	return combine(a->op, x, y);
}

static struct value evaluate(struct evaluation *e, const struct ast *a)
{
	switch (a->kind) {
	case AST_NUMBER:
		return value_of(a->number, a->number > INT64_MAX);
	case AST_NAME:
		return evaluate_name(e, a->text);
	case AST_CAST:
		return cast(evaluate(e, a->a), &a->type);
	case AST_UNARY:
		return evaluate_unary(e, a);
	default:
		return evaluate_binary(e, a);
	}
}

static uint8_t memory[80];

static void set_machine(struct machine *m)
{
	size_t i;

	memset(m, 0, sizeof(*m));
	for (i = 0; i < KOBS_PROG_ARGS; i++)
		m->args[i] = interesting();
	for (i = 0; i < sizeof(memory); i++)
		memory[i] = (uint8_t)(below(2) ? 0 : random_number());
	m->args[7] = (uintptr_t)memory;
	m->context[KOBS_PROG_PID] = below(1 << 22);
	m->kernel[0] = (struct memory){ memory, sizeof(memory) };
}

struct programs {
	struct program	p[3];		/* by form */
	struct expr_type type;
};

/* Return: whether the programs say what the tree does. */
static bool agree(const struct programs *all, const struct ast *root)
{
	enum outcome outcome[3];
	struct evaluation e = {};
	struct machine m[3];
	struct value v;
	size_t i;

	set_machine(&m[0]);
	m[1] = m[0];
	m[2] = m[0];
	for (i = 0; i < 3; i++)
		outcome[i] = machine_run(&m[i], all->p[i].words.v, all->p[i].words.n);
	e.m = &m[0];
	v = evaluate(&e, root);
	if (e.lost)
		return outcome[AS_WHERE] == LOST && outcome[AS_KEY] == LOST &&
		       outcome[AS_VALUE] == LOST;
	if (v.wide != (all->type.bytes == 8 && !all->type.is_signed))
		return false;
	if (v.fault)
		return outcome[AS_WHERE] == LOST && outcome[AS_KEY] == PASSED &&
		       m[AS_KEY].key_faults[0] && !m[AS_KEY].keys[0] && outcome[AS_VALUE] == LOST;
	return outcome[AS_WHERE] == (v.v ? PASSED : FILTERED) &&
	       outcome[AS_KEY] == PASSED && m[AS_KEY].keys[0] == v.v &&
	       !m[AS_KEY].key_faults[0] &&
	       outcome[AS_VALUE] == PASSED && m[AS_VALUE].value == v.v;
}

static void free_programs(struct programs *all)
{
	size_t i;

	for (i = 0; i < 3; i++)
		program_free(&all->p[i]);
}

/* Return: whether an expression does what its tree does; it may need too much. */
static bool test(const char *text, unsigned int *compiled)
{
	struct programs all = {};
	struct expr *e = NULL;
	unsigned int try;
	bool good = true;
	int err;

	if (expr_parse(text, &e))
		return false;
	err = compile_as(&all.p[AS_WHERE], text, &scope, AS_WHERE, NULL) ||
	      compile_as(&all.p[AS_KEY], text, &scope, AS_KEY, NULL) ||
	      compile_as(&all.p[AS_VALUE], text, &scope, AS_VALUE, &all.type);
	if (err)
		good = strstr(heard(), "than 512 words\n") || strstr(heard(), "than 64 instructions\n");
	for (try = 0; !err && good && try < TRIES; try++)
		good = agree(&all, e->root);
	*compiled += !err;
	free_programs(&all);
	expr_free(e);
	return good;
}

int main(void)
{
	unsigned int compiled = 0;
	unsigned int wrong = 0;
	unsigned int i;

	listen_begin();
	for (i = 0; i < EXPRESSIONS; i++) {
		struct buf text = {};

		make_variable(&text, 1 + below(8));
		if (!test(text.p, &compiled)) {
			printf("# %s\n# %s", text.p, heard());
			wrong++;
		}
		buf_free(&text);
	}
	printf("# %u of %u compiled\n", compiled, EXPRESSIONS);
	ok(!wrong, "programs do what the expressions say");
	ok(compiled > EXPRESSIONS / 2, "most of them are none that need too much");
	return finish();
}
