/* SPDX-License-Identifier: GPL-2.0 */
/* Function patterns: names, globs, MODULE:PATTERN and !PATTERN. */
#ifndef OBSCTL_PATTERNS_H
#define OBSCTL_PATTERNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/map.h"
#include "symbols/kallsyms.h"

struct pattern {
	const char	*text;		/* as it was given */
	char		*module;	/* glob, or NULL for any */
	const char	*glob;
	size_t		fixed;		/* leading bytes without wildcard */
	bool		exclude;
	bool		exact;		/* no wildcard at all */
	bool		matched;
};

/* A function to observe. */
struct target {
	uint64_t	address;
	const char	*name;
	const char	*module;
	uint32_t	pattern;	/* which one asked for it first */
	uint32_t	asked;		/* which pattern without wildcard did, plus 1; or 0 */
	int		rank;		/* of its names, the highest is the best */
	bool		exact;		/* a pattern named it without wildcard */
	bool		clone;		/* only "NAME.isra.0" or such was there */
	bool		namesake;	/* another one has its name */
	bool		twin;		/* in the same module */
};

struct targets {
	struct target	*v;
	size_t		n;
	size_t		cap;
	struct pattern	*patterns;
	size_t		nr_patterns;
	size_t		cap_patterns;
	bool		excluded;	/* some function was */
	bool		wait;		/* modules that are not there are waited for */
	struct pool	names;
};

bool glob_match(const char *glob, const char *s);
int targets_parse(struct targets *t, char **argv, size_t n);
int targets_resolve(struct targets *t, const char *kallsyms);
void targets_find_namesakes(struct targets *t);
void target_print(const struct target *t, struct buf *out);
const struct target *targets_find(const struct targets *t, uint64_t address);
const struct target *targets_find_entry(const struct targets *t, uint64_t address);
void targets_free(struct targets *t);

#endif
