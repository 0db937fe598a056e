// SPDX-License-Identifier: GPL-2.0
/* Numbers as people read them: times, sizes, thousands. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/format.h"
#include "lib/macros.h"
#include "lib/parse.h"

/** format_whole() - Return: the whole number that is nearest to @v, of those that 64 bits have. */
uint64_t format_whole(double v)
{
	if (!(v > 0))
		return 0;
	return v >= (double)UINT64_MAX ? UINT64_MAX : (uint64_t)(v + 0.5);
}

/** format_exact() - A finite number, to the digits that make it the same when it is read. */
char *format_exact(char *buf, size_t size, double v)
{
	int n;

	for (n = 6; n < 17; n++) {
		snprintf(buf, size, "%.*g", n, v);
		if (!(strtod(buf, NULL) < v) && !(strtod(buf, NULL) > v))
			return buf;
	}
	snprintf(buf, size, "%.*g", n, v);
	return buf;
}

/** format_count() - A number with commas between thousands. */
char *format_count(char *buf, size_t size, uint64_t v)
{
	char *p = buf + size;
	int digits = 0;

	*--p = 0;
	do {
		if (digits && digits % 3 == 0)
			*--p = ',';
		*--p = (char)('0' + v % 10);
		v /= 10;
		digits++;
	} while (v && p > buf + 2);
	return memmove(buf, p, (size_t)(buf + size - p));
}

/** format_ns() - A time in the unit that leaves three or four digits. */
char *format_ns(char *buf, size_t size, double ns)
{
	size_t i = 0;
	double v = ns;
	int decimals;

	while (i + 1 < NR_SHOWN_TIME_UNITS && v >= 999.5) {
		v /= 1000;
		i++;
	}
	decimals = v >= 99.95 || (!i && v == (double)(uint64_t)v) ? 0 : v >= 9.995 ? 1 : 2;
	snprintf(buf, size, "%.*f %s", decimals, v, time_units[i].name);
	return buf;
}

/** format_bytes() - A size in the largest unit that leaves no more than four digits. */
char *format_bytes(char *buf, size_t size, uint64_t v)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double d = (double)v;
	size_t i = 0;

	while (i + 1 < ARRAY_SIZE(units) && d >= 1024) {
		d /= 1024;
		i++;
	}
	snprintf(buf, size, "%.*f %s", i && d < 10 ? 1 : 0, d, units[i]);
	return buf;
}

/** format_value() - A value in its unit: "ns", "bytes" or another, "" for none. */
char *format_value(char *buf, size_t size, double v, const char *unit)
{
	if (!strcmp(unit, "ns"))
		return format_ns(buf, size, v);
	if (!strcmp(unit, "bytes"))
		return format_bytes(buf, size, v >= (double)UINT64_MAX ? UINT64_MAX : (uint64_t)v);
	return format_count(buf, size, format_whole(v));
}

/** format_rate() - A rate in four digits, without an exponent. */
char *format_rate(char *buf, size_t size, double rate)
{
	snprintf(buf, size, "%.4g", rate);
	if (rate >= 1000)
		format_count(buf, size, format_whole(strtod(buf, NULL)));
	else if (rate < 0.001)
		snprintf(buf, size, "%.*f", rate > 0 ? 4 : 0, rate);
	return buf;
}
