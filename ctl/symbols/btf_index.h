/* SPDX-License-Identifier: GPL-2.0 */
/* Types of BTF by their names. */
#ifndef OBSCTL_BTF_INDEX_H
#define OBSCTL_BTF_INDEX_H

#include "symbols/btf.h"

uint32_t btf_index_first(const struct btf *btf, const char *name);
uint32_t btf_index_next(const struct btf *btf, uint32_t place);
void btf_index_forget(void);

#endif
