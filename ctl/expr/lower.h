/* SPDX-License-Identifier: GPL-2.0 */
/* From what was written to what is to be computed: names, types, and what they refuse. */
#ifndef OBSCTL_EXPR_LOWER_H
#define OBSCTL_EXPR_LOWER_H

#include "expr/ast.h"
#include "expr/expr.h"
#include "expr/node.h"
#include "lib/buf.h"

enum place {
	PLACE_VALUE,
	PLACE_MEMORY,		/* read when it is needed */
	PLACE_PART,		/* bits of a value, that of a small struct */
};

/* What a part of an expression is. */
struct operand {
	struct expr_type type;		/* of the value, or of what is in memory */
	enum place	place;
	const struct node *node;	/* the value, or the address */
	bool		user;		/* the memory is of user space */
	unsigned int	bit;		/* of a bit field, and of PLACE_PART */
	unsigned int	bits;		/* of a bit field; or 0 */
	size_t		text_max;	/* characters that a text can have; 0: not known */
	const struct ast *ast;
};

struct lowering {
	const struct expr	*e;
	const struct expr_scope	*scope;
	struct nodes		nodes;
	struct strings		words;	/* of sentences */
};

int lower(struct lowering *l, const struct ast *a, struct operand *out);
int lower_value(struct lowering *l, const struct ast *a, struct operand *out);
int lower_number(struct lowering *l, const struct ast *a, struct operand *out);
int lower_address(struct lowering *l, const struct ast *a, struct operand *out);
int lower_name(struct lowering *l, const struct ast *a, const struct expr_type *like,
	       struct operand *out);
int lower_condition(struct lowering *l, const struct ast *a, const struct node **out);

/* Of memory. */
int lower_member(struct lowering *l, const struct ast *a, struct operand *out);
int lower_index(struct lowering *l, const struct ast *a, struct operand *out);
int lower_target(struct lowering *l, const struct ast *a, struct operand *out);
int lower_address_of(struct lowering *l, const struct ast *a, struct operand *out);
int lower_cast(struct lowering *l, const struct ast *a, struct operand *out);
int lower_load(struct lowering *l, struct operand *o);
int lower_load_number(struct lowering *l, struct operand *o);
int lower_load_text(struct lowering *l, struct operand *o);
int lower_type(struct lowering *l, const struct ast *a, struct expr_type *out);

/* Of operators with two sides. */
int lower_binary(struct lowering *l, const struct ast *a, struct operand *out);
int lower_comparison(struct lowering *l, const struct ast *a, struct operand *out);

void operand_value(struct operand *o, const struct ast *a, const struct node *node,
		   struct expr_type type);
void operand_memory(struct operand *o, const struct ast *a, const struct node *at,
		    struct expr_type type, bool user);
bool operand_is_unsigned(const struct operand *o);
const char *spelt(struct lowering *l, const struct ast *a);
const char *described(struct lowering *l, const struct expr_type *type);
int wrong(const struct lowering *l, const struct ast *at, const char *fmt, ...) PRINTF(3, 4);

#endif
