// SPDX-License-Identifier: GPL-2.0
/* Numbers as people write them: times, sizes, lists. */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/macros.h"
#include "lib/parse.h"

const struct time_unit time_units[NR_TIME_UNITS] = {
	{ "ns", 1 },
	{ "us", 1e3 },
	{ "ms", 1e6 },
	{ "s", 1e9 },
	{ "m", 60e9 },
	{ "h", 3600e9 },
};

/** parse_number() - A plain number from @min to @max. Return: 0 or -EINVAL. */
int parse_number(const char *s, uint64_t min, uint64_t max, uint64_t *value)
{
	unsigned long long v;
	char *end;

	if (!isdigit((unsigned char)*s))
		return -EINVAL;
	errno = 0;
	v = strtoull(s, &end, 10);
	if (errno || *end || v < min || v > max)
		return -EINVAL;
	*value = v;
	return 0;
}

/* Digits and one point only: strtod() would take "inf", "0x1p3" and "1e9". */
static int parse_decimal(const char *s, double *value, const char **rest)
{
	size_t len = strspn(s, "0123456789.");
	char copy[32];
	char *end;

	if (!len || len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, s, len);
	copy[len] = 0;
	*value = strtod(copy, &end);
	if (*end || end == copy)
		return -EINVAL;
	*rest = s + len;
	return 0;
}

/* A number and its unit; without one, in units of @bare ns, if that is not 0. */
static int parse_time_unit(const char *s, double bare, uint64_t *ns)
{
	const char *unit;
	double v;
	size_t i;

	if (parse_decimal(s, &v, &unit))
		return -EINVAL;
	if (!*unit && (v == 0 || bare > 0)) {
		if (v * bare > 9e18)
			return -EINVAL;
		*ns = (uint64_t)(v * bare + 0.5);
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(time_units); i++) {
		if (strcmp(unit, time_units[i].name))
			continue;
		v *= time_units[i].ns;
		if (v > 9e18)
			return -EINVAL;
		*ns = (uint64_t)(v + 0.5);
		return 0;
	}
	return -EINVAL;
}

/** parse_time() - A time with its unit; 0 needs none. Return: 0 or -EINVAL. */
int parse_time(const char *s, uint64_t *ns)
{
	return parse_time_unit(s, 0, ns);
}

/** parse_duration() - A time from 1 ms, in seconds without a unit. Return: 0 or -EINVAL. */
int parse_duration(const char *s, uint64_t *ns)
{
	int err = parse_time_unit(s, 1e9, ns);

	return err || *ns < 1000000 || *ns > NSEC_PER_SEC * NSEC_PER_SEC ? -EINVAL : 0;
}

/** parse_bytes() - Bytes; a unit such as KiB allows a fraction. Return: 0 or -EINVAL. */
int parse_bytes(const char *s, uint64_t *bytes)
{
	static const char units[] = "kmgt";
	const char *rest;
	const char *unit;
	double v;

	if (!parse_number(s, 0, UINT64_MAX, bytes))
		return 0;
	if (parse_decimal(s, &v, &rest) || !*rest)
		return -EINVAL;
	unit = strchr(units, tolower((unsigned char)*rest));
	if (unit) {
		for (; unit >= units; unit--)
			v *= 1024;
		rest++;
		if (*rest == 'i')
			rest++;
		else if (*rest)
			return -EINVAL;
	} else if (v != (double)(uint64_t)v) {
		return -EINVAL;
	}
	if ((*rest && strcmp(rest, "B")) || v > 9e18)
		return -EINVAL;
	*bytes = (uint64_t)(v + 0.5);
	return 0;
}

/**
 * parse_list() - Numbers with commas between, and ranges if @ranges.
 * Return: 0 or -EINVAL.
 */
int parse_list(const char *s, uint64_t max, bool ranges, struct numbers *out)
{
	do {
		unsigned long long from;
		unsigned long long to;
		char *end;

		if (!isdigit((unsigned char)*s))
			return -EINVAL;
		errno = 0;
		from = strtoull(s, &end, 10);
		to = from;
		if (ranges && *end == '-') {
			s = end + 1;
			if (!isdigit((unsigned char)*s))
				return -EINVAL;
			to = strtoull(s, &end, 10);
		}
		if (errno || to < from || to > max || to - from > 65535)
			return -EINVAL;
		for (; from <= to; from++)
			numbers_add(out, from);
		s = end;
	} while (*s++ == ',');
	return s[-1] ? -EINVAL : 0;
}
