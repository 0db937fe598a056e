/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers as people write them. */
#ifndef OBSCTL_PARSE_H
#define OBSCTL_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

/* Units of time, the shortest first; times are shown in those up to seconds. */
struct time_unit {
	const char	*name;
	double		ns;
};

#define NR_TIME_UNITS		6
#define NR_SHOWN_TIME_UNITS	4

extern const struct time_unit time_units[NR_TIME_UNITS];

int parse_number(const char *s, uint64_t min, uint64_t max, uint64_t *value);
int parse_time(const char *s, uint64_t *ns);
int parse_bytes(const char *s, uint64_t *bytes);
int parse_duration(const char *s, uint64_t *ns);
int parse_list(const char *s, uint64_t max, bool ranges, struct numbers *out);

#endif
