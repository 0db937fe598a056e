// SPDX-License-Identifier: GPL-2.0
/*
 * Parameters: checking values against a table of descriptions. Pure.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "lib/param.h"

/**
 * kobs_param_find() - look up a parameter by name
 * @table: descriptions
 * @n: number of descriptions
 * @name: name
 *
 * Context: any.
 * Return: its index in @table, or -ENOENT.
 */
int kobs_param_find(const struct kobs_param *table, unsigned int n,
		    const char *name)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (!strcmp(table[i].name, name))
			return i;
	}
	return -ENOENT;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_param_find);

/**
 * kobs_param_ok() - check a value
 * @p: description
 * @v: value
 * @why: set to a sentence with the parameter and its range, if refused
 * @len: size of @why
 *
 * Context: any.
 * Return: true when the value is allowed.
 */
bool kobs_param_ok(const struct kobs_param *p, const struct kobs_value *v,
		   char *why, size_t len)
{
	static const char * const what[] = {
		[KOBS_TYPE_NUMBER] = "a number",
		[KOBS_TYPE_TEXT] = "a text",
		[KOBS_TYPE_ADDRESSES] = "an array of addresses",
	};
	static const char * const unit[] = {
		[KOBS_TYPE_TEXT] = "characters",
		[KOBS_TYPE_ADDRESSES] = "addresses",
	};

	if (v->type != p->type) {
		snprintf(why, len, "%s takes %s", p->name, what[p->type]);
		return false;
	}
	if (v->number >= p->min && v->number <= p->max)
		return true;
	if (p->type == KOBS_TYPE_NUMBER)
		snprintf(why, len, "%s is %llu, but must be %llu to %llu%s%s",
			 p->name, v->number, p->min, p->max,
			 p->unit ? " " : "", p->unit ?: "");
	else
		snprintf(why, len, "%s has %llu %s, but must have %llu to %llu",
			 p->name, v->number, unit[p->type], p->min, p->max);
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_param_ok);

/**
 * kobs_param_defaults() - set all values to the defaults
 * @table: descriptions
 * @n: number of descriptions, maximum KOBS_PARAMS
 * @values: as many values
 *
 * Context: any.
 */
void kobs_param_defaults(const struct kobs_param *table, unsigned int n,
			 struct kobs_value *values)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		memset(&values[i], 0, sizeof(values[i]));
		values[i].type = table[i].type;
		if (table[i].type == KOBS_TYPE_NUMBER)
			values[i].number = table[i].def;
	}
}
EXPORT_SYMBOL_IF_KUNIT(kobs_param_defaults);
