/* SPDX-License-Identifier: GPL-2.0 */
/* The lines of /proc/kallsyms, one by one. */
#ifndef OBSCTL_KALLSYMS_H
#define OBSCTL_KALLSYMS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/lines.h"
#include "symbols/symbol_cache.h"

#define KALLSYMS_PATH	"/proc/kallsyms"

/* A line of kallsyms; the strings are valid until the next line. */
struct ksym_line {
	uint64_t	address;
	char		type;
	const char	*name;
	const char	*module;	/* "" for the kernel itself */
};

struct kallsyms {
	struct lines	lines;
	struct symbol_cache cache;
	bool		cached;		/* without code that is generated at run time */
	bool		shown;		/* some address was not 0 */
	uint64_t	kernel_end;	/* 0 until it was read */
};

int kallsyms_open(struct kallsyms *k, const char *path);
int kallsyms_open_live(struct kallsyms *k, const char *path);
bool kallsyms_next(struct kallsyms *k, struct ksym_line *out);
void kallsyms_close(struct kallsyms *k);
const char *kallsyms_path(void);

const char *kallsyms_advice(char *buf, size_t size);
const char *kallsyms_advice_for(long long restrict_to, long long paranoid, char *buf, size_t size);

bool ksym_is_text(char type);
bool ksym_is_generated(const struct ksym_line *sym);

#endif
