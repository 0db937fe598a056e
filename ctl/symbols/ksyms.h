/* SPDX-License-Identifier: GPL-2.0 */
/* Names of kernel addresses. */
#ifndef OBSCTL_KSYMS_H
#define OBSCTL_KSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/lines.h"
#include "lib/map.h"

/* A line of kallsyms; the strings are valid until the next line. */
struct ksym_line {
	uint64_t	address;
	char		type;
	const char	*name;
	const char	*module;	/* "" for the kernel itself */
};

struct ksym {
	const char	*name;		/* NULL when unknown */
	const char	*module;
	uint64_t	offset;
};

/* All text symbols, sorted; for streams, whose addresses are not known before. */
struct ksym_all {
	uint64_t	*address;
	uint32_t	*text;		/* offset of type, "name\0module\0" */
	size_t		n;
	size_t		cap;
	size_t		cap_text;
	struct buf	blob;
};

/* The text symbols of one module, for when it is gone. */
struct ksym_kept {
	const char	*module;
	uint64_t	start;		/* whole pages */
	uint64_t	end;
	struct ksym_all	all;
	struct ksym_kept *next;
};

struct module_range {
	const char	*name;
	uint64_t	start;
	uint64_t	end;
};

struct ksyms {
	const char	*path;		/* of kallsyms */
	const char	*modules_path;
	struct map	known;		/* address to struct ksym */
	struct numbers	wanted;
	struct map	objects;	/* the same for data */
	struct numbers	wanted_objects;
	struct pool	names;
	struct ksym_all	all;
	const struct ksym_kept *kept;	/* of whoever set it */
	struct module_range *modules;
	size_t		nr_modules;
	size_t		last_module;	/* looked up last */
	size_t		cap_modules;
	uint64_t	kernel_end;
};

void ksyms_init(struct ksyms *k);
void ksyms_free(struct ksyms *k);
void ksyms_want(struct ksyms *k, uint64_t address);
void ksyms_want_object(struct ksyms *k, uint64_t address);
void ksyms_resolve(struct ksyms *k);
void ksyms_load_all(struct ksyms *k);
struct ksym_kept *ksyms_keep_module(const char *module);
void ksyms_free_kept(struct ksym_kept *kept);
const struct ksym *ksyms_find(struct ksyms *k, uint64_t address);
void ksyms_print_function(struct ksyms *k, uint64_t address, struct buf *out);
void ksyms_print_address(struct ksyms *k, uint64_t address, struct buf *out);
void ksyms_print_object(struct ksyms *k, uint64_t address, struct buf *out);

bool ksym_next(struct lines *l, struct ksym_line *out);
bool ksym_is_text(char type);

#endif
