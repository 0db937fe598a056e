/* SPDX-License-Identifier: GPL-2.0 */
/* Names of kernel addresses. */
#ifndef OBSCTL_KSYMS_H
#define OBSCTL_KSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/map.h"
#include "symbols/ksym_all.h"
#include "symbols/modules.h"

struct ksym {
	const char	*name;		/* NULL when unknown */
	const char	*module;
	uint64_t	offset;
	bool		namesake;	/* another function that is known has its name */
	bool		twin;		/* in the same module */
};

struct ksyms {
	const char	*path;		/* of kallsyms */
	const char	*modules_path;
	struct map	known;		/* address to struct ksym */
	struct map	by_name;	/* the first of a name, and of a name in a module */
	struct numbers	wanted;
	struct map	objects;	/* the same for data */
	struct numbers	wanted_objects;
	struct pool	names;
	struct ksym_all	all;
	bool		all_cached;	/* without code generated at run time */
	struct map	told;		/* address to name, of those that the kernel named */
	struct told_object *told_objects;	/* those of data, to be looked up */
	size_t		nr_told_objects;
	size_t		cap_told_objects;
	struct modules	modules;
	uint64_t	kernel_end;
	bool		hidden;		/* kallsyms shows no addresses */
	bool		unknown;	/* an address was printed without a name */
};

void ksyms_init(struct ksyms *k);
void ksyms_free(struct ksyms *k);
void ksyms_want(struct ksyms *k, uint64_t address);
void ksyms_want_object(struct ksyms *k, uint64_t address);
void ksyms_resolve(struct ksyms *k);
void ksyms_load_all(struct ksyms *k);
void ksyms_load_live(struct ksyms *k);
bool ksyms_are_old(struct ksyms *k);
void ksyms_load_from(struct ksyms *k, struct kallsyms *from);
void ksyms_know(struct ksyms *k, uint64_t address, const char *name, const char *module,
		uint64_t offset, bool object);
uint64_t ksyms_tell(struct ksyms *k, uint64_t address, const char *text, bool object);
bool ksyms_told_object(struct ksyms *k, uint64_t word);
uint64_t ksyms_address(const struct ksyms *k, uint64_t word);
void ksyms_told_begin(struct ksyms *k);
void ksyms_told_offer(struct ksyms *k, const struct ksym_line *sym);
void ksyms_told_end(struct ksyms *k);
const struct ksym *ksyms_find(struct ksyms *k, uint64_t address);
void ksyms_print_function(struct ksyms *k, uint64_t address, struct buf *out);
void ksyms_print_address(struct ksyms *k, uint64_t address, struct buf *out);
void ksyms_print_object(struct ksyms *k, uint64_t address, struct buf *out);

#endif
