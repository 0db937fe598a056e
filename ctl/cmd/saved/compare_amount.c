// SPDX-License-Identifier: GPL-2.0
/* Amounts that are compared: of any size that 64 bits add up to, and of either sign. */

#include <stdio.h>
#include <string.h>

#include "cmd/saved/compare.h"
#include "lib/format.h"
#include "report/wide.h"

/** amount_size() - Return: an amount without its sign. */
__int128 amount_size(__int128 v)
{
	return v < 0 ? -v : v;
}

static void add_digits(char *buf, size_t size, __int128 v, bool commas)
{
	__int128 n = amount_size(v);
	char digits[WIDE_DIGITS];

	wide_format(digits, sizeof(digits), (uint64_t)(n >> 64), (uint64_t)n, commas);
	snprintf(buf, size, "%s%s", v < 0 ? "-" : "", digits);
}

/** amount_digits() - An amount as JSON has it. */
void amount_digits(char *buf, size_t size, __int128 v)
{
	add_digits(buf, size, v, false);
}

/** amount_format() - An amount in its unit; numbers without one have all of their digits. */
char *amount_format(char *buf, size_t size, __int128 v, const char *unit)
{
	char shown[40];

	if (strcmp(unit, "ns") && strcmp(unit, "bytes")) {
		add_digits(buf, size, v, true);
		return buf;
	}
	format_value(shown, sizeof(shown), (double)amount_size(v), unit);
	snprintf(buf, size, "%s%s", v < 0 ? "-" : "", shown);
	return buf;
}

/** amount_format_relative() - A change as a part of what was before. */
void amount_format_relative(char *buf, size_t size, __int128 before, __int128 after)
{
	if (before > 0)
		snprintf(buf, size, "%+.1f %%", ((double)after / (double)before - 1) * 100);
	else
		snprintf(buf, size, !before && after ? "new" : "-");
}
