// SPDX-License-Identifier: GPL-2.0
/* Expressions that are refused, and the limits of those that are not. */

#include "expr_harness.h"
#include "lib/buf.h"
#include "lib/diag.h"

static const char *const names[] = { "arg0", "arg1", "arg2", "arg3", "ret", "small", "byte", NULL };

static const struct name args[] = {
	{ "ret", 4, .type = { EXPR_NUMBER, true, .bytes = 8 } },
	{ "small", 6, .type = { EXPR_NUMBER, true, .bytes = 4 } },
	{ "byte", 7, .type = { EXPR_NUMBER, .bytes = 1 } },
	{ "here", 8, .type = { EXPR_TEXT, .bytes = 8 } },
	{}
};

static const struct expr_scope scope = {
	.find = find_name,
	.names = names,
	.what = "a test",
	.no_btf = "this kernel has none",
	.arg = args,
};

/* Expressions, and what each is refused with as a condition; "": it is not. */
static const char *const sentences[] = {
	"arg0 > 3",
	"",
	"",
	"the expression '' is empty\n",
	" ",
	"the expression ' ' is empty\n",
	"arg0 >> > 3",
	"the expression 'arg0 >> > 3': a value is missing before '>' (column 9)\n",
	"arg0 >",
	"the expression 'arg0 >': a value is missing at its end\n",
	"(arg0 > 3",
	"': ')' is missing at its end\n",
	"(arg0 > 3 4)",
	"': ')' is missing before '4' (column 11)\n",
	"arg0 > 3)",
	"': there is no '(' for this ')' (column 9)\n",
	"arg0 > 3]",
	"': there is no '[' for this ']' (column 9)\n",
	"arg0[3 > 1",
	"': ']' is missing at its end\n",
	"arg0 3",
	"': an operator is missing before '3' (column 6)\n",
	"arg0 = 3",
	"': '=' is no operator, '==' is (column 6)\n",
	"arg0 ? 1",
	"': there is no operator '?:' (column 6)\n",
	"arg0 @ 3",
	"': '@' means nothing here (column 6)\n",
	"arg0 > \xc2\xa7",
	"': '\xc2\xa7' means nothing here (column 8)\n",
	"arg0 > 10q",
	"': there is no unit 'q': there are k, M, G and T, ns, us, ms and s (column 10)\n",
	"arg0 > 10m",
	"': there is no unit 'm': ",
	"arg0 > 16777216T",
	"': the number '16777216T' is too large (column 8)\n",
	"arg0 > 18446744073709551616",
	"': the number '18446744073709551616' is too large (column 8)\n",
	"arg0 > 0x",
	"': '0x' has no digits (column 8)\n",
	"arg0 > 089",
	"': '089' begins with 0 and is octal: it has digits up to 7 (column 8)\n",
	"arg0 > 1.5MB",
	"': numbers are whole ones (column 8)\n",
	"arg0 == 'ab'",
	"': single quotes are for one character, double ones for a text (column 9)\n",
	"arg0 == ''",
	"': single quotes are for one character",
	"arg0 == '\\xff'",
	"': a character above 127 has to be a number (column 9)\n",
	"arg0 == 'a",
	"': the closing ' is missing (column 9)\n",
	"comm == \"a",
	"': the closing \" is missing (column 9)\n",
	"comm == \"a\\q\"",
	"': a backslash stands before n, t, r, 0, xHH, a quote or a backslash (column 11)\n",
	"comm == \"a\\",
	"': a backslash stands before n",
	"comm == \"a\\0b\"",
	"': a text ends before the first \\0 (column 9)\n",
	"here == \"0123456789012345678901234567890123456789012345678901234567890123\"",
	"': a text has at most 63 characters (column 9)\n",
	"here == \"012345678901234567890123456789012345678901234567890123456789012\"",
	"",
	"comm == \"0123456789abcdef\"",
	"'comm == \"0123456789abcdef\"' is never true: 'comm' has at most 15 characters (column 1)\n",
	"comm != \"0123456789abcdef\"",
	"' is always true: 'comm' has at most 15 characters",
	"comm",
	"': 'comm' is a text: it can be compared with one in quotes by == and != (column 1)\n",
	"comm == here",
	"': 'comm' is a text: it can be compared with one in quotes",
	"comm < \"a\"",
	"': 'comm' is a text: ",
	"\"a\" < comm",
	"': a text in quotes can only stand beside == and != (column 1)\n",
	"\"a\" == \"b\"",
	"': a text in quotes is compared with another one (column 8)\n",
	"arg0 == \"b\"",
	"': 'arg0' is a number: str(arg0) is the text there (column 1)\n",
	"agr0 > 1",
	"': there is no 'agr0' in a test (near it: arg0); there are no names of types and parameters: this kernel has none (column 1)\n",
	"arg4 > 1",
	"': there is no 'arg4' in a test (near it: arg",
	"cmm == \"a\"",
	"': there is no 'cmm' in a test (near it: comm)",
	"usr(arg0) > 1",
	"': there is no 'usr()'; did you mean 'user()'? (column 1)\n",
	"f(arg0) > 1",
	"': there is no 'f()': there are user(), str() and ustr() (column 1)\n",
	"user() > 1",
	"': a value is missing before ')' (column 6)\n",
	"arg0->x > 1",
	"': 'arg0' is a number without members: ((struct NAME *)arg0)-> gives it a type (column 1)\n",
	"arg0-> > 1",
	"': a member is missing before '>' (column 8)\n",
	"arg0. > 1",
	"': a member is missing before '>' (column 7)\n",
	"*arg0 > 1",
	"': 'arg0' is a number, no pointer: *(u64)(arg0) is the number there (column 2)\n",
	"arg0[1] > 1",
	"': 'arg0' is a number, no pointer: ",
	"&arg0 > 1",
	"': 'arg0' has no address (column 1)\n",
	"(struct file *)arg0",
	"': there is no type 'struct file': this kernel has none (column 1)\n",
	"(file_t)(arg0) > 1",
	"': there is no type 'file_t': this kernel has none (column 1)\n",
	"(struct)arg0",
	"': behind 'struct' a name is missing (column 2)\n",
	"(void)arg0",
	"': a value cannot be cast to void, but to a pointer to it (column 1)\n",
	"*(void)(arg0)",
	"': there is no value of type void (column 2)\n",
	"*(void *)arg0 > 1",
	"': '(void *)arg0' is a pointer to void: this kernel has none (column 2)\n",
	"(u32 *)arg0 + 1",
	"': '(u32 *)arg0' is a pointer to u32: (u64)(u32 *)arg0 + 1 counts bytes, &(u32 *)arg0[1] counts elements (column 1)\n",
	"(u32 x)arg0",
	"': ')' is missing before 'x' (column 6)\n",
	"(long char)arg0",
	"': there is no type 'long char' (column 2)\n",
	"(long long long)arg0",
	"': there is no type 'long long long' (column 2)\n",
	"(unsigned int int)arg0",
	"': there is no type 'unsigned int int' (column 2)\n",
	"(u8 *********)arg0",
	"': a type has at most 8 '*' (column 13)\n",
	"(const)arg0",
	"': a cast needs a type, such as (u32) or (struct file *) (column 7)\n",
	"arg0 / 0",
	"': 'arg0 / 0' divides by 0 (column 1)\n",
	"arg0 % (1 - 1)",
	"': 'arg0 % (1 - 1)' divides by 0 (column 1)\n",
	"1",
	"': '1' is always true (column 1)\n",
	"arg0 > 1 || 2",
	"': '2' is always true (column 13)\n",
	"0 && arg0",
	"': '0' is always false (column 1)\n",
	"3 == 3",
	"': '3 == 3' is always true (column 1)\n",
	"3 > 4",
	"': '3 > 4' is never true (column 1)\n",
	"arg0 & 16 == 16",
	"': '16 == 16' is always true (column 8)\n",
	"1 < arg0 < 5",
	"': '1 < arg0 < 5' is always true: '1 < arg0' is from 0 to 1 (column 1)\n",
	"arg0 < 0",
	"': 'arg0 < 0' is never true: 'arg0' is unsigned, and (s64)arg0 is signed (column 1)\n",
	"0 <= arg0",
	"': '0 <= arg0' is always true: 'arg0' is unsigned",
	"arg0 + 1 < 0",
	"and (s64)(arg0 + 1) is signed (column 1)\n",
	"(arg0 + 1) < 0",
	"and (s64)(arg0 + 1) is signed (column 1)\n",
	"arg0 > -5",
	"': 'arg0' is unsigned and compared with a negative number: (s64)arg0 is signed (column 1)\n",
	"arg0 == -5",
	"",
	"arg0 > 0xffffffffffffffff",
	"': 'arg0 > 0xffffffffffffffff' is never true (column 1)\n",
	"ret < 0",
	"",
	"ret > 0x7fffffffffffffff",
	"' is never true (column 1)\n",
	"byte == -1",
	"': 'byte == -1' is never true: 'byte' is unsigned, and (s8)byte is signed (column 1)\n",
	"byte != 256",
	"': 'byte != 256' is always true: 'byte' is from 0 to 255 (column 1)\n",
	"small == 0xffffffff",
	"' is never true: 'small' is from -2147483648 to 2147483647 (column 1)\n",
	"256 <= byte",
	"': '256 <= byte' is never true: 'byte' is from 0 to 255 (column 1)\n",
	"byte <= 255",
	"': 'byte <= 255' is always true: 'byte' is from 0 to 255 (column 1)\n",
	"byte <= 254",
	"",
	"byte > 254",
	"",
	"small >= -2147483647",
	"",
};

static void test_sentences(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sentences); i += 2)
		test_sentence(sentences[i], sentences[i + 1], &scope, AS_WHERE);
}

/* A part that is repeated @n times between two others. Return: to be freed. */
static char *repeat(const char *before, const char *part, size_t n, const char *after)
{
	struct buf b = {};

	buf_puts(&b, before);
	while (n--)
		buf_puts(&b, part);
	buf_puts(&b, after);
	return b.p;
}

static void test_limit(const char *name, char *text, const char *said)
{
	struct program p = {};
	int status = compile_as(&p, text, &scope, AS_WHERE, NULL);
	const char *heard_now = heard();

	ok(said ? status == STATUS_USAGE && strstr(heard_now, said) :
	   !status && program_is_sound(p.words.v, p.words.n), name);
	if (!!status != !!said || (said && !strstr(heard_now, said)))
		printf("# %s, %zu words\n", heard_now, p.words.n);
	program_free(&p);
	free(text);
}

static void test_limits(void)
{
	static const char deep[] = "it is nested too deeply, by more than 256 levels (column ";
	char *half = repeat("((arg0+arg1)*(arg2+arg3)-(arg0*arg1)*(arg2*arg3))", "", 0, "");
	struct buf balanced = {};
	struct buf more = {};

	test_limit("255 parentheses", repeat("", "(", 255, "arg0"), "')' is missing at its end");
	test_limit("256 parentheses", repeat("", "(", 256, "arg0"), deep);
	test_limit("255 operators in front", repeat("", "!", 255, "arg0"), NULL);
	test_limit("256 operators in front", repeat("", "!", 256, "arg0"), deep);
	test_limit("a chain of 256", repeat("arg0", "+1", 255, ""), NULL);
	test_limit("a chain of 257", repeat("arg0", "+1", 256, ""), deep);
	test_limit("calls", repeat("", "str(", 300, ""), deep);
	test_limit("indices", repeat("", "arg0[", 300, ""), deep);
	test_limit("169 conditions", repeat("arg0 == 1", " || arg0 == 2", 169, ""), NULL);
	test_limit("171 conditions", repeat("arg0 == 1", " || arg0 == 2", 171, ""),
		   "with it the program has more than 512 words\n");
	test_limit("64 reads", repeat("*(u8)(arg0)", "+*(u8)(arg1)", 63, ""), NULL);
	test_limit("65 reads", repeat("*(u8)(arg0)", "+*(u8)(arg1)", 64, ""),
		   "with it memory is read by more than 64 instructions\n");
	/* 128 values in a balanced tree need 8 registers, 256 need 9. */
	buf_printf(&balanced, "((%s^%s)|(%s^%s))", half, half, half, half);
	buf_printf(&balanced, "+((%s^%s)|(%s^%s))", half, half, half, half);
	buf_printf(&more, "((%s)-(%s))", balanced.p, balanced.p);
	test_limit("8 intermediate values", repeat(more.p, "", 0, ""), NULL);
	buf_printf(&more, "*((%s)-(%s))", balanced.p, balanced.p);
	test_limit("9 intermediate values", more.p,
		   "it is too complex, with more than 8 intermediate values\n");
	buf_free(&balanced);
	free(half);
}

int main(void)
{
	listen_begin();
	test_sentences();
	test_limits();
	return finish();
}
