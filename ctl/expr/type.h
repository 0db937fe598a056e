/* SPDX-License-Identifier: GPL-2.0 */
/* Types of values. */
#ifndef OBSCTL_EXPR_TYPE_H
#define OBSCTL_EXPR_TYPE_H

#include "expr/expr.h"
#include "lib/buf.h"

bool expr_type_target(const struct btf *btf, const struct expr_type *pointer,
		      struct expr_type *out);
struct expr_type expr_type_pointer(const struct btf *btf, const struct expr_type *to);
int64_t expr_type_size(const struct btf *btf, const struct expr_type *type);
void expr_type_describe(const struct btf *btf, const struct expr_type *type, struct buf *out);

#endif
