/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is to be computed: a tree of instructions, each of which gives one value.
 *
 * Their operations are those of programs, with KOBS_OP_IMM for every constant;
 * KOBS_OP_JUMP_ZERO stands for &&, KOBS_OP_JUMP_SET for ||.
 */
#ifndef OBSCTL_EXPR_NODE_H
#define OBSCTL_EXPR_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "expr/program.h"

struct node {
	unsigned int	op;		/* enum kobs_op */
	unsigned int	arg;		/* number, or type */
	int64_t		imm;		/* constant, or offset */
	const char	*text;		/* of KOBS_OP_SAME */
	const struct node *a;
	const struct node *b;
	unsigned int	need;		/* registers */
	bool		is_bool;	/* 0 or 1 */
	bool		made;		/* && or || that is 0 or 1 without being made so */
	struct node	*next;		/* of all */
};

struct nodes {
	struct node	*all;
};

const struct node *node_const(struct nodes *n, int64_t value);
const struct node *node_leaf(struct nodes *n, unsigned int op, unsigned int arg);
const struct node *node_field(struct nodes *n, unsigned int op, unsigned int arg, uint64_t offset);
const struct node *node_unary(struct nodes *n, unsigned int op, const struct node *a);
const struct node *node_binary(struct nodes *n, unsigned int op, const struct node *a,
			       const struct node *b);
const struct node *node_by(struct nodes *n, unsigned int op, const struct node *a, int64_t value);
const struct node *node_extend(struct nodes *n, const struct node *a, unsigned int type);
const struct node *node_read(struct nodes *n, const struct node *at, unsigned int type);
const struct node *node_same(struct nodes *n, const struct node *at, const char *text, bool user);
const struct node *node_bool(struct nodes *n, const struct node *a);
const struct node *node_both(struct nodes *n, unsigned int op, const struct node *a,
			     const struct node *b);
void nodes_free(struct nodes *n);

bool node_is_const(const struct node *n);
bool node_is_immediate(const struct node *n);
bool op_is_comparison(unsigned int op);

void node_emit_where(struct program *to, const struct node *n);
void node_emit(struct program *to, const struct node *n);

#endif
