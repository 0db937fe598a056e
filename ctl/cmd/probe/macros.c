// SPDX-License-Identifier: GPL-2.0
/*
 * Columns that are written as a call, and stand for expressions: of a socket, the
 * addresses and ports, whose type depends on it.
 */

#include <string.h>

#include "cmd/probe/probe.h"
#include "lib/macros.h"

/* Families of addresses, as every kernel numbers them. */
#define IPV4	"(@->__sk_common.skc_family == 2)"
#define IPV6	"(@->__sk_common.skc_family == 10)"

/* The halves of an address of 16 bytes, as they are in memory; of IPv4, as mapped there. */
#define ADDRESS_BEGIN(six) \
	"(ipv6)(" IPV6 " * *(u64)(&@->__sk_common." six "))"
#define ADDRESS_END(four, six) \
	"(ipv6_end)(" IPV6 " * *(u64)((u64)&@->__sk_common." six " + 8) + " \
	IPV4 " * ((u64)(u32)@->__sk_common." four " << 32 | 0xffff0000))"

/* What is in parentheses is @. */
static const struct {
	const char	*name;
	const char	*expr;
	const char	*end;		/* a column after it, which it goes on in; or NULL */
} macros[] = {
	{ "peer", ADDRESS_BEGIN("skc_v6_daddr"), ADDRESS_END("skc_daddr", "skc_v6_daddr") },
	{ "local", ADDRESS_BEGIN("skc_v6_rcv_saddr"),
	  ADDRESS_END("skc_rcv_saddr", "skc_v6_rcv_saddr") },
	/* Its bytes are in the order of the network. */
	{ "peer_port",
	  "((@->__sk_common.skc_dport >> 8 | @->__sk_common.skc_dport << 8) & 0xffff)", NULL },
	{ "local_port", "@->__sk_common.skc_num", NULL },
};

/* The text with what the macro is of, and a name. */
static void add(struct strings *out, const char *text, const char *of, size_t len,
		const char *name, const char *suffix)
{
	struct buf b = {};

	for (; *text; text++) {
		if (*text == '@')
			buf_printf(&b, "(%.*s)", (int)len, of);
		else
			buf_putc(&b, *text);
	}
	buf_printf(&b, "=%s%s", name, suffix);
	strings_add(out, b.p);
	buf_free(&b);
}

/* The end of what begins with a parenthesis; NULL if it has none. */
static const char *closing(const char *text)
{
	unsigned int depth = 0;

	for (; *text; text++) {
		depth += *text == '(';
		depth -= *text == ')';
		if (!depth)
			return text;
	}
	return NULL;
}

/**
 * macro_expand() - Add what a word of --by stands for.
 * @word: expression, with a name or without
 * @out: gets expressions; the word itself where it is no macro
 */
void macro_expand(const char *word, struct strings *out)
{
	size_t len = strcspn(word, "(");
	const char *end = word[len] ? closing(word + len) : NULL;
	const char *of = word + len + 1;
	const char *name;
	size_t i;

	for (i = 0; end && i < ARRAY_SIZE(macros); i++) {
		if (strlen(macros[i].name) != len || strncmp(macros[i].name, word, len) ||
		    (end[1] && end[1] != '='))
			continue;
		name = end[1] ? end + 2 : macros[i].name;
		add(out, macros[i].expr, of, (size_t)(end - of), name, "");
		if (macros[i].end)
			add(out, macros[i].end, of, (size_t)(end - of), name, "_end");
		return;
	}
	strings_add(out, word);
}
