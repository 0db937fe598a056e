/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tables that are the same in each source with a census: fields of its rows, and
 * its first parameters. What differs is the word for what is followed.
 */
#ifndef KOBS_CENSUS_TABLES_H
#define KOBS_CENSUS_TABLES_H

#include "core/census.h"
#include "core/module_code.h"
#include "core/site.h"

/* Number of objects. */
#define KOBS_CENSUS_NUMBER(name, text)					\
	{ name, text, KOBS_TYPE_NUMBER, NULL, KOBS_MERGE_SUM }
/* Their size. */
#define KOBS_CENSUS_SIZE(name, text)					\
	{ name, text, KOBS_TYPE_NUMBER, "bytes", KOBS_MERGE_SUM }

/* Fields of a mode, in the order of enum kobs_census_field. */
#define KOBS_CENSUS_FIELDS_OF(things, unknown) {			\
	KOBS_CENSUS_NUMBER("allocated", "allocated " things),		\
	KOBS_CENSUS_SIZE("allocated_bytes",				\
			 "size of the allocated " things),		\
	KOBS_CENSUS_NUMBER("freed", "of these, " things " freed"),	\
	KOBS_CENSUS_SIZE("live_bytes", "size of the live " things),	\
	KOBS_CENSUS_NUMBER("missed_frees", things			\
			   " that were allocated again while they were live"), \
	KOBS_CENSUS_NUMBER("unknown_frees", unknown),			\
	KOBS_CENSUS_NUMBER("failed", "allocations that failed"),	\
	KOBS_CENSUS_NUMBER("live_1", "live " things			\
			   " after 1/6 of the time"),			\
	KOBS_CENSUS_NUMBER("live_2", "live " things			\
			   " after 2/6 of the time"),			\
	KOBS_CENSUS_NUMBER("live_3", "live " things			\
			   " after 3/6 of the time"),			\
	KOBS_CENSUS_NUMBER("live_4", "live " things			\
			   " after 4/6 of the time"),			\
	KOBS_CENSUS_NUMBER("live_5", "live " things			\
			   " after 5/6 of the time"),			\
}

/*
 * Parameters by enum kobs_census_param, of a table that may go on with others:
 * room for @room of @things, each of which consists of @units.
 */
#define KOBS_CENSUS_PARAMS_OF(things, units, room)			\
	[KOBS_CENSUS_P_OBJECTS] = {					\
		"objects", "maximum number of live " things,		\
		KOBS_TYPE_NUMBER, NULL, 1 << 10, 1 << 24, room		\
	},								\
	[KOBS_CENSUS_P_OLDER] = {					\
		"older", "count only live " units " of at least this age", \
		KOBS_TYPE_NUMBER, "ms", 0, 1U << 30, 0			\
	},								\
	[KOBS_CENSUS_P_ESCALATE] = {					\
		"escalate",						\
		"take stacks only at growing sites with at least N live " \
		units "; 0: at every site",				\
		KOBS_TYPE_NUMBER, NULL, 0, 1 << 20, 0			\
	},								\
	[KOBS_CENSUS_P_MODULE] = {					\
		"module", "follow allocations of this module's code",	\
		KOBS_TYPE_TEXT, NULL, 1, MODULE_NAME_LEN - 1, 0		\
	},								\
	[KOBS_CENSUS_P_MODULE_TEXT] = {					\
		"module_text",						\
		"where the module's code lies if it is loaded: pairs of from and to", \
		KOBS_TYPE_ADDRESSES, NULL, 2, 2 * KOBS_MODULE_PARTS, 0	\
	},								\
	[KOBS_CENSUS_P_HELPER_TEXT] = {					\
		"helper_text",						\
		"functions that allocate for their caller: starts and ends by turns", \
		KOBS_TYPE_ADDRESSES, NULL, 0, 2 * KOBS_SITE_RANGES, 0	\
	},								\
	[KOBS_CENSUS_P_TASKS] = {					\
		"tasks",						\
		"number of tasks to tell which of them allocated each of the " \
		things,							\
		KOBS_TYPE_NUMBER, NULL, 0, 1 << 20, 0			\
	}

#endif /* KOBS_CENSUS_TABLES_H */
