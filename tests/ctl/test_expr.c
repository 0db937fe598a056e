// SPDX-License-Identifier: GPL-2.0
/* Expressions: precedence, and each operator, against the compiler's own. */

#include "expr_harness.h"
#include "lib/diag.h"

static const struct name args[] = {
	{ "ret", 4, .type = { EXPR_NUMBER, true, .bytes = 8 } },
	{ "other", 5, .type = { EXPR_NUMBER, true, .bytes = 8 } },
	{ "small", 6, .type = { EXPR_NUMBER, true, .bytes = 4 } },
	{ "byte", 7, .type = { EXPR_NUMBER, .bytes = 1 } },
	{ "here", 8, .type = { EXPR_TEXT, .bytes = 8 } },
	{ "user_address", 9, .type = { EXPR_NUMBER, .user = true, .bytes = 8 } },
	{}
};

static const struct expr_scope scope = {
	.find = find_name,
	.arg = args,
};

struct reference {
	const char	*text;
	uint64_t	value;
};

/* Values whose sums, products and comparisons differ with their sign and width. */
static const uint64_t samples[] = {
	1, 7, 63, 64, 255, 0x80000000, 0xffffffff, 0x7fffffffffffffff, 0x8000000000000000,
	0xfffffffffffffff9, 0xffffffffffffffff, 0x123456789abcdef0,
};

#pragma GCC diagnostic ignored "-Wparentheses"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wtype-limits"
#pragma GCC diagnostic ignored "-Wbool-operation"
#pragma GCC diagnostic ignored "-Wint-in-bool-context"

#define C(x)	{ #x, (uint64_t)(x) }

static void set_args(struct machine *m, uint64_t a, uint64_t b)
{
	memset(m, 0, sizeof(*m));
	m->args[0] = a;
	m->args[1] = b;
	m->args[2] = a ^ b;
	m->args[3] = 3;
	m->args[4] = a;
	m->args[5] = b;
	/* What is above the value is not of it. */
	m->args[6] = a ^ 0xdeadbeef00000000;
	m->args[7] = b;
	m->context[KOBS_PROG_PID] = 1234;
	m->context[KOBS_PROG_TID] = 1235;
	m->context[KOBS_PROG_CPU] = 3;
	m->context[KOBS_PROG_TIME] = 0x1122334455667788;
}

/* Return: how many of them have another value. */
static unsigned int compare(struct machine *m, const struct reference *r, size_t n)
{
	unsigned int wrong = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		enum outcome outcome = run_as(m, r[i].text, &scope, AS_KEY, NULL);

		if (outcome == PASSED && m->keys[0] == r[i].value && !m->key_faults[0])
			continue;
		printf("# %s: %#llx, not %#llx (outcome %d, arg0 %#llx, arg1 %#llx)\n", r[i].text,
		       (unsigned long long)m->keys[0], (unsigned long long)r[i].value, outcome,
		       (unsigned long long)m->args[0], (unsigned long long)m->args[1]);
		wrong++;
	}
	return wrong;
}

static unsigned int compare_operators(uint64_t arg0, uint64_t arg1)
{
	int64_t ret = (int64_t)arg0;
	int64_t other = (int64_t)arg1;
	int64_t small = (int32_t)arg0;
	int64_t byte = (uint8_t)arg1;
	bool wraps = ret == INT64_MIN && other == -1;
	const struct reference all[] = {
		C(arg0 + arg1), C(arg0 - arg1), C(arg0 * arg1), C(arg0 / arg1), C(arg0 % arg1),
		C(arg0 & arg1), C(arg0 | arg1), C(arg0 ^ arg1), C(arg0 << (arg1 & 63)),
		C(arg0 >> (arg1 & 63)), C(arg0 == arg1), C(arg0 != arg1), C(arg0 < arg1),
		C(arg0 <= arg1), C(arg0 > arg1), C(arg0 >= arg1), C(arg0 && arg1), C(arg0 || arg1),
		C(-arg0), C(~arg0), C(!arg0), C(!!arg0), C(arg0 == 255),
		{ "255 < arg0", arg0 > 255 }, C(arg0 + 0), { "ret + other", arg0 + arg1 },
		{ "ret - other", arg0 - arg1 }, { "ret * other", arg0 * arg1 },
		{ "ret / other", wraps ? arg0 : (uint64_t)(ret / (wraps ? 1 : other)) },
		{ "ret % other", wraps ? 0 : (uint64_t)(ret % (wraps ? 1 : other)) },
		C(ret >> (other & 63)), C(ret == other), C(ret != other), C(ret < other),
		C(ret <= other), C(ret > other), C(ret >= other), C(ret < 0), C(-1 < ret),
		C(ret >= -7), { "-7 <= ret", ret >= -7 }, { "-7 > ret", ret < -7 },
		{ "-7 >= ret", ret <= -7 }, { "-7 == ret", ret == -7 }, { "-7 != ret", ret != -7 },
		{ "255 <= arg0", arg0 >= 255 }, { "255 > arg0", arg0 < 255 },
		{ "255 >= arg0", arg0 <= 255 }, { "255 != arg0", arg0 != 255 }, C(ret && !other),
		{ "-ret", 0 - arg0 }, C(~ret),
		/* One side of 64 bits without sign decides. */
		C(ret < arg1), C(arg0 / other), C(arg0 % other), C(other >= arg0),
		C(ret + arg1 > arg0),
		/* Smaller ones are extended. */
		C(small), C(byte), C(small < byte), C(small > -1), C(byte - 256 < 0),
		C(small + byte), C(small / (byte | 1)), C(small >> 3), C(byte >> 3),
		C(small * byte), C(small < other), { "small < arg1", (uint64_t)small < arg1 },
		{ "(u8)arg0", (uint8_t)arg0 }, { "(s8)arg0", (uint64_t)(int8_t)arg0 },
		{ "(u16)ret", (uint16_t)arg0 }, { "(short)ret", (uint64_t)(int16_t)arg0 },
		{ "(unsigned)arg0", (uint32_t)arg0 }, { "(int)arg0", (uint64_t)(int32_t)arg0 },
		{ "(unsigned long)ret < arg1", arg0 < arg1 }, { "(s64)arg0 < other", ret < other },
		{ "(long)arg0 < 0", ret < 0 }, { "(bool)arg0", !!arg0 },
		{ "(signed char)arg1 == (s8)arg1", 1 },
		{ "(u32)(arg0 + arg1)", (uint32_t)(arg0 + arg1) },
		/* Constants of more than 32 bits. */
		C(arg0 + 0x123456789a), C(arg0 & 0xffffffff), C(arg0 ^ 0xfedcba9876543210),
		C(0x8000000000000000 - arg0), C(arg0 - 0x80000000), C(100 - arg0),
		C(ret - 5 - 6 + 20),
	};
	struct machine m;

	set_args(&m, arg0, arg1);
	return compare(&m, all, ARRAY_SIZE(all));
}

/* The compiler of this file knows what goes with what. */
static unsigned int compare_precedence(uint64_t arg0, uint64_t arg1)
{
	uint64_t arg2 = arg0 ^ arg1;
	uint64_t arg3 = 3;
	const struct reference all[] = {
		C(arg0 + arg1 * arg2), C(arg0 * arg1 + arg2), C(arg0 - arg1 - arg2),
		C(arg0 / arg3 / 2), C(arg0 - arg1 + arg2), C(arg0 * arg1 / arg3),
		C(arg0 % arg3 * arg1), C(arg0 / arg3 % 5), C(arg0 << arg3 + 1), C(arg0 >> arg3 - 1),
		C(arg0 + 1 << arg3), C(arg0 << arg3 >> 1), C(arg0 < arg1 << arg3),
		C(arg0 >> arg3 <= arg1), C(arg0 < arg1 == arg2 < arg1), C(arg0 == arg1 < arg2),
		C(arg0 & arg1 == arg2), C(arg0 ^ arg1 & arg2), C(arg0 | arg1 ^ arg2),
		C(arg0 | arg1 & arg2), C(arg0 & arg1 ^ arg2), C(arg0 ^ arg1 | arg2),
		C(arg0 && arg1 | arg2), C(arg0 < arg1 && arg1 < arg2), C(arg0 || arg1 && arg2),
		C(arg0 > 9 && arg1 > 9 || arg2 > 9), C(arg0 > 9 || arg1 > 9 && arg2 < 9),
		C(!arg0 + arg1), C(~arg0 & arg1), C(-arg0 + arg1), C(-arg0 * -arg1),
		C(!arg0 * arg1), C(-(-arg0)), C(~~arg0), C(!-arg0), C((arg0 + arg1) * arg2),
		C(arg0 - (arg1 - arg2)), C((arg0 | arg1) & arg2), C((arg0 || arg1) && arg2),
		C(arg0 != arg1 & arg2 != arg3), C(arg0 >= arg1 ^ arg2 <= arg3),
		C((arg0 > arg1) + (arg1 > arg2) * 2), C(1 + (arg0 && arg1) * 2 + (arg2 || arg3)),
		C(!(arg0 < arg1) + !(arg1 == arg2)),
	};
	struct machine m;

	set_args(&m, arg0, arg1);
	return compare(&m, all, ARRAY_SIZE(all));
}

static void test_operators(void)
{
	unsigned int precedence = 0;
	unsigned int wrong = 0;
	size_t i;
	size_t k;

	for (i = 0; i < ARRAY_SIZE(samples); i++)
		for (k = 0; k < ARRAY_SIZE(samples); k++) {
			wrong += compare_operators(samples[i], samples[k]);
			precedence += compare_precedence(samples[i], samples[k]);
		}
	ok(!wrong, "operators are those of C");
	ok(!precedence, "their precedence is that of C");
}

static void test_numbers(void)
{
	static const struct reference all[] = {
		{ "0", 0 }, { "10", 10 }, { "0x1F", 31 }, { "017", 15 }, { "0x1B", 27 },
		{ "4k", 4096 }, { "4K", 4096 }, { "4kB", 4096 }, { "4KB", 4096 }, { "4KiB", 4096 },
		{ "0x10k", 16384 }, { "1MB", 1 << 20 }, { "3MiB", 3 << 20 }, { "1M", 1 << 20 },
		{ "2GiB", 2ull << 30 }, { "1T", 1ull << 40 }, { "7B", 7 }, { "200ns", 200 },
		{ "5us", 5000 }, { "10ms", 10000000 }, { "3s", 3000000000 }, { "'a'", 'a' },
		{ "'\\n'", '\n' }, { "'\\''", '\'' }, { "'\\\\'", '\\' }, { "'\\0'", 0 },
		{ "'\\x41'", 0x41 }, { "'\"'", '"' }, { "18446744073709551615", UINT64_MAX },
		{ "-1", UINT64_MAX }, { "- 1", UINT64_MAX }, { "0x7fffffff", 0x7fffffff },
		{ "0x80000000", 0x80000000 }, { "-2147483648", (uint64_t)INT32_MIN },
		{ "-2147483649", (uint64_t)INT32_MIN - 1 },
		{ "0xffffffff81000000", 0xffffffff81000000 }, { "(u8)0x1ff", 255 },
		{ "(s8)0x1ff", UINT64_MAX }, { "(bool)5", 1 }, { "(u64)-1", UINT64_MAX },
		{ "-7 / 2", (uint64_t)-3 }, { "-7 % 2", (uint64_t)-1 }, { "-8 >> 1", (uint64_t)-4 },
		{ "0xffffffffffffffff >> 60", 15 }, { "1 << 40", 1ull << 40 }, { "1 << 64", 0 },
		{ "-1 >> 64", UINT64_MAX }, { "0xffffffffffffffff / 2", INT64_MAX },
		{ "(0 - 0x7fffffffffffffff - 1) / -1", 1ull << 63 }, { "!5", 0 },
		{ "~0", UINT64_MAX }, { "pid", 1234 }, { "tid", 1235 }, { "cpu", 3 },
		{ "time", 0x1122334455667788 }, { "pid+1==tid", 1 }, { "pid * 1", 1234 },
		{ "1 * pid * (tid - pid)", 1234 },
	};
	struct machine m;

	set_args(&m, 5, 6);
	ok(!compare(&m, all, ARRAY_SIZE(all)), "numbers and names of the context");
}

/* What is an expression in every register, and what it takes. */
static void test_cost(const char *text, enum form form, size_t words)
{
	struct program p = {};
	int err = compile_as(&p, text, &scope, form, NULL);

	ok(!err && p.words.n == words, text);
	if (err || p.words.n != words)
		printf("# %zu words, not %zu\n", p.words.n, words);
	program_free(&p);
}

static void test_costs(void)
{
	test_cost("arg0 > 1MB", AS_WHERE, 4);
	test_cost("1MB < arg0", AS_WHERE, 4);
	test_cost("arg0 > 1MB && ret < 0", AS_WHERE, 7);
	test_cost("arg0 > 1MB || ret < 0", AS_WHERE, 7);
	test_cost("!(arg0 > 1MB)", AS_WHERE, 4);
	test_cost("arg0 && arg1", AS_WHERE, 5);
	test_cost("arg0 && arg1", AS_KEY, 6);
	test_cost("(arg0 > 1) && (arg1 > 1)", AS_KEY, 7);
	test_cost("arg0 + 1 + 2 - 3", AS_KEY, 3);
	test_cost("*(u32)(arg0 + 8)", AS_KEY, 4);
	test_cost("*(u32)(arg0 + 4 + 4 - 1)", AS_KEY, 4);
	test_cost("(u32)*(u32)(arg0)", AS_KEY, 4);
	test_cost("(s64)arg0", AS_KEY, 3);
	test_cost("small", AS_KEY, 4);
	test_cost("(u8)(arg0 > 1)", AS_KEY, 4);
	test_cost("arg0 + 0x123456789", AS_KEY, 6);
	test_cost("comm == \"sh\"", AS_WHERE, 5);
	test_cost("comm == \"1234567\"", AS_WHERE, 5);
	test_cost("comm == \"12345678\"", AS_WHERE, 6);
	test_cost("comm != \"sh\"", AS_WHERE, 6);
}

/* Texts and numbers in memory of the kernel, and of user space. */
static struct {
	uint32_t	number;
	int16_t		low;
	int16_t		lower;
	char		text[72];
} kernel = {
	.number = 0xfffffff0, .low = -2, .lower = 77,
	.text = "012345678901234567890123456789012345678901234567890123456789012",
}, user = { .number = 5, .low = 1, .text = "user" };

static void test_memory(void)
{
	static const struct reference all[] = {
		{ "*(u32)(arg0)", 0xfffffff0 }, { "*(s32)(arg0)", (uint64_t)-16 },
		{ "*(int)arg0", (uint64_t)-16 }, { "*(int *)arg0", (uint64_t)-16 },
		{ "*(s16)(arg0 + 4)", (uint64_t)-2 }, { "*(u16)(arg0 + 4)", 0xfffe },
		{ "*(u8)(arg0 + 4)", 0xfe }, { "*(char)(arg0 + 4)", (uint64_t)-2 },
		{ "*(u64)(arg0)", 0x004dfffefffffff0 }, { "((s16 *)arg0)[3]", 77 },
		{ "((u16 *)arg0)[arg3]", 77 }, { "((u16 *)arg0)[arg3 - 1]", 0xfffe },
		{ "*(u32)(user(arg1))", 5 }, { "*(u32)(user(arg1 - 2) + 2)", 5 },
		{ "*(u32)((u64)2 + user(arg1) - 2)", 5 }, { "((u16 *)user(arg1))[2]", 1 },
		{ "*(u32)(user_address)", 5 }, { "*(u32)(user_address + 0 * arg0)", 5 },
		{ "*&*(u32 *)arg0", 0xfffffff0 }, { "*(&*(u8 *)arg0 + 1)", 0xff },
		{ "*(bool)(arg0)", 0xf0 }, { "here[1] + here[2]", '1' + '2' }, { "*here", '0' },
		{ "&here[3] - &here[1]", 2 }, { "(u64)here - arg0", 8 },
		{ "str(arg0 + 8) == \"01\"", 0 }, { "str(arg0 + 69) == \"12\"", 1 },
		{ "\"12\" == str(arg0 + 69)", 1 }, { "str(arg0 + 69) != \"12\"", 0 },
		{ "str(arg0 + 69) == \"123\"", 0 }, { "str(arg0 + 69) == \"1\"", 0 },
		{ "here == \"012345678901234567890123456789012345678901234567890123456789012\"",
		  1 },
		{ "here == \"01234567890123456789012345678901234567890123456789012345678901\"", 0 },
		{ "ustr(arg1 + 8) == \"user\"", 1 }, { "str(user(arg1 + 8)) == \"user\"", 1 },
		{ "(char *)(arg0 + 69) == \"12\"", 1 }, { "(u8 *)(arg0 + 69) == \"12\"", 1 },
		{ "str(arg0 + 71) == \"\"", 1 }, { "comm == \"sh\" && pid == 1234", 1 },
		{ "comm == \"s\\x68\"", 1 },
	};
	struct machine m;

	set_args(&m, (uintptr_t)&kernel, (uintptr_t)&user);
	m.args[8] = (uintptr_t)&kernel.text;
	m.args[9] = (uintptr_t)&user;
	m.context[KOBS_PROG_COMM] = (uintptr_t)"sh";
	m.kernel[0] = (struct memory){ &kernel, sizeof(kernel) };
	m.kernel[1] = (struct memory){ (void *)(uintptr_t)m.context[KOBS_PROG_COMM], 3 };
	m.user = (struct memory){ &user, sizeof(user) };
	ok(!compare(&m, all, ARRAY_SIZE(all)), "memory");

	ok(run_as(&m, "*(u8)(arg1)", &scope, AS_KEY, NULL) == PASSED && m.key_faults[0],
	   "user space is not read as the kernel");
	ok(run_as(&m, "*(u8)(user(arg0))", &scope, AS_KEY, NULL) == PASSED && m.key_faults[0],
	   "nor the kernel as user space");
	ok(run_as(&m, "*(u8)(arg1) == 1 || pid", &scope, AS_WHERE, NULL) == LOST,
	   "a fault in a condition is a lost hit");
	ok(run_as(&m, "pid || *(u8)(arg1) == 1", &scope, AS_WHERE, NULL) == PASSED &&
	   run_as(&m, "!pid && *(u8)(arg1) == 1", &scope, AS_WHERE, NULL) == FILTERED,
	   "what is left out is not read");
	ok(run_as(&m, "arg0 / (pid - 1234)", &scope, AS_VALUE, NULL) == LOST,
	   "a division by 0 is a fault");
	ok(run_as(&m, "here", &scope, AS_KEY, NULL) == PASSED &&
	   !strcmp(m.texts[0], "0123456789012345678901234567890"), "a text is a column");
	ok(run_as(&m, "ustr(arg1 + 8)", &scope, AS_KEY, NULL) == PASSED &&
	   !strcmp(m.texts[0], "user"), "so is one of user space");
	ok(run_as(&m, "(char *)user(arg1 + 8)", &scope, AS_KEY, NULL) == PASSED &&
	   !strcmp(m.texts[0], "user"), "and what a pointer to char points to");
	ok(run_as(&m, "str(arg1)", &scope, AS_KEY, NULL) == PASSED &&
	   !strcmp(m.texts[0], "(fault)"), "or it cannot be read");
}

/* What the parts of one program do together. */
static void test_together(void)
{
	static const char *const texts[] = { "arg0 > 1", "arg0 * 2", "comm", "ret", "-ret" };
	struct expr_type types[5] = {};
	struct expr *e[5];
	struct program p = {};
	struct machine m;
	size_t first;
	int err = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		err |= expr_parse(texts[i], &e[i]);
	err |= expr_compile_where(&p, e[0], &scope);
	err |= expr_compile_key(&p, e[1], &scope, 0, &types[1]);
	err |= expr_compile_key(&p, e[2], &scope, 1, &types[2]);
	err |= expr_compile_key(&p, e[3], &scope, 6, &types[3]);
	err |= expr_compile_value(&p, e[4], &scope, &types[4]);
	program_end(&p);
	first = p.words.n;
	err |= expr_compile_where(&p, e[0], &scope);
	program_end(&p);
	set_args(&m, 5, 9);
	m.context[KOBS_PROG_COMM] = (uintptr_t)"sh";
	m.kernel[0] = (struct memory){ (void *)(uintptr_t)m.context[KOBS_PROG_COMM], 3 };
	ok(!err && machine_run(&m, p.words.v, first) == PASSED && m.keys[0] == 10 &&
	   !strcmp(m.texts[1], "sh") && m.keys[6] == 5 && m.value == (uint64_t)-5 &&
	   m.value_signed, "a condition, columns and a value");
	ok(types[1].kind == EXPR_NUMBER && !types[1].is_signed && types[2].kind == EXPR_TEXT &&
	   types[3].is_signed && types[4].is_signed, "their types");
	ok(machine_run(&m, p.words.v + first, p.words.n - first) == PASSED && m.steps == 4,
	   "another program follows");
	m.args[0] = 1;
	ok(machine_run(&m, p.words.v, first) == FILTERED && m.steps == 3,
	   "what follows a condition is not run");

	ok(expr_compile_value(&p, e[2], &scope, NULL) == STATUS_USAGE &&
	   strstr(heard(), "': a value is a number, and it is a text\n"), "a text is no value");
	ok(!expr_type_of(e[2], &scope, &types[0]) && types[0].kind == EXPR_TEXT,
	   "a type can be asked for");
	ok(p.words.n == first + 4, "and changes no program");
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		expr_free(e[i]);
	program_free(&p);
}

int main(void)
{
	listen_begin();
	test_numbers();
	test_operators();
	test_costs();
	test_memory();
	test_together();
	return finish();
}
