/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Expressions over the values of a hit, compiled to the programs that the
 * module runs (kobs_program.h).
 *
 * Syntax and precedence are those of C: || && | ^ & == != < <= > >= << >> + -
 * * / % ! ~ - * & [] . -> () and casts. && and || leave out what they need not
 * know.
 *
 *	10 0x1f 017 'c'			numbers
 *	4k 1MB 2GiB 10ms 5us		bytes by 1024, times in ns
 *	"text"				beside == and !=, at most 63 characters
 *	arg0 ret file pid		names of the scope; pid tid cpu comm task time
 *	TCP_ESTABLISHED			constants of the kernel's enums
 *	file->f_path.dentry		members; . and -> are the same
 *	*(u32)(arg0 + 8)		a number in memory
 *	(u32)arg1			cut to a type
 *	(errno)ret			a number whose name is shown: ENOENT for -2;
 *					(symbol), (dev), (blk_status), (futex_op),
 *					(user_data), (ipv4) likewise
 *	(enum TCP_ESTABLISHED)state	likewise: the enum of that name, or without one
 *					and with that constant
 *	((struct file *)arg0)->f_flags	a type for an address
 *	user(X)				X is an address of user space
 *	str(X) ustr(X)			the text there, in the kernel and in user space
 *
 * Arrays of char, and as columns pointers to char, are texts, too.
 *
 * All numbers have 64 bits. What is smaller is extended by its own sign before
 * anything is done with it, so that a number compares as what it is. An
 * operation is unsigned if one side is unsigned with 64 bits, or an address;
 * else it is signed. Constants are signed as far as they fit. >> is as its left
 * side is. Arguments without a type are unsigned with 64 bits.
 *
 * To an address of anything longer than a byte no number is added: C counts
 * elements, *(u32)(X + 8) means bytes. A cast to u64 makes it bytes, &X[1] is
 * for elements.
 *
 * Where there are several scopes, a name of one can be told by that scope's name:
 * from.pid, to.rq->tag. -> is no such sign: to->x is a member.
 *
 * A comparison that its types decide alone is refused, as are conditions that
 * are constants: it is another one that was meant.
 */
#ifndef OBSCTL_EXPR_H
#define OBSCTL_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "expr/program.h"

struct btf;
struct expr;

enum expr_kind {
	EXPR_NUMBER,
	EXPR_BOOL,
	EXPR_ENUM,
	EXPR_POINTER,		/* of columns that point to char it is EXPR_TEXT */
	EXPR_FUNCTION,		/* address of code */
	EXPR_TEXT,		/* address of a text */
	/* No values: what memory can have. */
	EXPR_STRUCT,
	EXPR_ARRAY,
	EXPR_VOID,
};

/* How a number is shown, where its type alone does not tell. */
enum expr_shown {
	EXPR_SHOWN_PLAIN,
	EXPR_SHOWN_ERROR,	/* as an error, ENOENT for -2 */
	EXPR_SHOWN_SYMBOL,	/* as an address of code */
	EXPR_SHOWN_DEVICE,	/* as a block device */
	EXPR_SHOWN_DEV_T,	/* as a device of any kind: its type is dev_t */
	EXPR_SHOWN_NS,		/* as a time, ns */
	EXPR_SHOWN_BLK_STATUS,	/* as what became of a request to one */
	EXPR_SHOWN_FUTEX_OP,	/* as what a system call does with a futex */
	EXPR_SHOWN_DATA,	/* as an address of a program's data */
	EXPR_SHOWN_IPV4,	/* as an address, as it is in memory */
	EXPR_SHOWN_IPV6,	/* likewise, the first half of one; the column after it */
	EXPR_SHOWN_IPV6_END,	/* is the second */
};

/* What a value is, and so how it is shown. */
struct expr_type {
	enum expr_kind	kind;
	bool		is_signed;
	bool		user;		/* an address is one of user space */
	uint8_t		bytes;		/* 1, 2, 4 or 8; other sizes are in BTF */
	uint8_t		bits;		/* of a bit field's value; or 0 */
	/* BTF: the type itself, or what a pointer points to; 0 without one */
	uint32_t	id;
	/* Of pointers: how many there are before the type @id, or the number of @to_bytes */
	uint8_t		levels;
	uint8_t		to_bytes;	/* 0: void */
	bool		to_signed;
	bool		to_chars;	/* points to char: is shown as the text there */
	enum expr_shown	shown;
};

enum expr_source {
	EXPR_ARGUMENT,		/* number: of the argument */
	EXPR_CONTEXT,		/* number: enum kobs_prog_context */
	EXPR_CONSTANT,		/* number: its value */
	EXPR_FIELD,		/* number: byte of the hit's record */
	EXPR_FIELD_TEXT,	/* likewise, with its bytes shifted left by 32; 0: it says them */
};

/* What a name stands for. */
struct expr_symbol {
	enum expr_source source;
	uint64_t	number;
	struct expr_type type;
};

/* The names that an expression can use, beside those of the context. */
struct expr_scope {
	bool (*find)(const struct expr_scope *scope, const char *name, struct expr_symbol *out);
	const char *const *names;	/* up to NULL, to propose them */
	const char	*what;		/* what they are of, for sentences: "vfs_read" */
	const struct btf *btf;		/* NULL without; from kbtf_get() */
	const char	*no_btf;	/* why there is none, or NULL */
	const void	*arg;		/* of find() */
};

int expr_parse(const char *text, struct expr **out);
void expr_free(struct expr *e);
bool expr_uses(const struct expr *e, const char *name);
unsigned int expr_take_sides(struct expr *e, const char *const *sides);
const char *expr_lacks(const struct expr *e, const struct expr_scope *scope);

int expr_type_of(const struct expr *e, const struct expr_scope *scope, struct expr_type *type);
int expr_compile_where(struct program *to, const struct expr *e, const struct expr_scope *scope);
int expr_compile_key(struct program *to, const struct expr *e, const struct expr_scope *scope,
		     unsigned int number, struct expr_type *type);
int expr_compile_value(struct program *to, const struct expr *e, const struct expr_scope *scope,
		       struct expr_type *type);

/* For the scopes' own types. */
struct expr_type expr_number(unsigned int bytes, bool is_signed);
struct expr_type expr_duration(void);
bool expr_type_from_btf(const struct btf *btf, uint32_t id, struct expr_type *out);
bool expr_is_context(const char *name);
bool expr_find_arg(const char *name, unsigned int nr_args, struct expr_symbol *out);

#endif
