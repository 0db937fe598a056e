/* SPDX-License-Identifier: GPL-2.0 */
/* All text symbols of the kernel or of a module, in memory. */
#ifndef OBSCTL_KSYM_ALL_H
#define OBSCTL_KSYM_ALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "symbols/kallsyms.h"
#include "symbols/modules.h"

/* Sorted by address; for streams, whose addresses are not known before. */
struct ksym_all {
	uint64_t	*address;
	uint32_t	*text;		/* offset of type, "name\0module\0" */
	size_t		n;
	size_t		cap;
	size_t		cap_text;
	struct buf	blob;
};

void ksym_all_read(struct ksym_all *all, struct kallsyms *from, struct modules *modules);
const char *ksym_all_find(const struct ksym_all *all, uint64_t address, uint64_t *at);
const char *ksym_all_next_module(const struct ksym_all *all, uint64_t address);
void ksym_all_free(struct ksym_all *all);

bool ksyms_find_module(const char *module, uint64_t *start, uint64_t *end);

size_t ksym_lower_bound(const uint64_t *v, size_t n, uint64_t address);
int ksym_rank(const struct ksym_line *sym);
bool ksym_names_text(const struct ksym_line *sym);
bool ksym_is_stale(const struct ksym_line *sym, struct modules *modules);

#endif
