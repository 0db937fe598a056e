/* SPDX-License-Identifier: GPL-2.0 */
/* Expressions of call frame information. */
#ifndef OBSCTL_CFI_VALUE_H
#define OBSCTL_CFI_VALUE_H

#include <elfutils/libdw.h>

#include "symbols/cfi.h"

/* Operations, as libdw hands them over. */
struct cfi_expression {
	size_t		n;
	Dwarf_Op	op[];
};

#endif
