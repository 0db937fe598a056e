/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parameters: the engine and each source describe theirs by a table, against
 * which requested values are checked. Pure.
 */
#ifndef KOBS_PARAM_H
#define KOBS_PARAM_H

#include <linux/types.h>
#include <uapi/kobs.h>

/* Maximum number of parameters per table. */
#define KOBS_PARAMS	16

/**
 * struct kobs_param - description of a parameter
 * @name: its name
 * @doc: one line that says what it does
 * @type: KOBS_TYPE_NUMBER, KOBS_TYPE_TEXT or KOBS_TYPE_ADDRESSES
 * @unit: unit of a number, or NULL
 * @min: smallest number, shortest text, or fewest addresses
 * @max: largest number, longest text, or most addresses
 * @def: default of a number
 */
struct kobs_param {
	const char *name;
	const char *doc;
	enum kobs_type type;
	const char *unit;
	u64 min;
	u64 max;
	u64 def;
};

/**
 * struct kobs_value - value of a parameter
 * @type: type of the value that was given
 * @given: it was given, and is not the default
 * @number: the number; for others the length of the text or array
 * @text: the text
 * @addresses: the addresses
 */
struct kobs_value {
	enum kobs_type type;
	bool given;
	u64 number;
	const char *text;
	const u64 *addresses;
};

int kobs_param_find(const struct kobs_param *table, unsigned int n,
		    const char *name);
bool kobs_param_ok(const struct kobs_param *p, const struct kobs_value *v,
		   char *why, size_t len);
void kobs_param_defaults(const struct kobs_param *table, unsigned int n,
			 struct kobs_value *values);

#endif /* KOBS_PARAM_H */
