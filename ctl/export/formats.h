/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The formats of a report, a row each: its name, the ending of its files, whether these
 * are binary, what writes it, and what reads it. They are in groups by what a report must
 * have: rows, stacks, records one by one, or branches. A new one is a file in export/
 * and a row here.
 */
#ifndef OBSCTL_FORMATS_H
#define OBSCTL_FORMATS_H

#include <stdbool.h>
#include <stddef.h>

#include "export/export.h"

#define FORMATS_OF_ROWS(X) \
	X("json", ".json", false, NULL, "programs, and 'obsctl show'") \
	X("csv", ".csv", false, NULL, "spreadsheets: RFC 4180, a line for each row")

#define FORMATS_OF_STACKS(X) \
	X("folded", ".folded", false, folded_export, "flamegraph.pl") \
	X("pprof", ".pb.gz", true, pprof_write, "go tool pprof") \
	X("speedscope", ".speedscope.json", false, speedscope_write, "speedscope") \
	X("perf", ".perf", false, perf_write, "what reads the output of perf script")

#define FORMATS_OF_RECORDS(X) \
	X("chrome", ".json", false, NULL, "Perfetto and chrome://tracing: slices by thread and CPU")

#define FORMATS_OF_BRANCHES(X) \
	X("brstack", ".brstack", false, NULL, "AutoFDO, llvm-profgen: perf script -F ip,brstack") \
	X("bolt", ".fdata", false, NULL, "perf2bolt -pa")

enum format_of { FORMAT_OF_ROWS, FORMAT_OF_STACKS, FORMAT_OF_RECORDS, FORMAT_OF_BRANCHES };

struct format {
	const char	*name;
	const char	*ending;
	bool		binary;
	/* NULL for what writes itself: rows, and streams. */
	void		(*write)(const struct export *e, FILE *to);
	const char	*doc;
	enum format_of	of;
};

extern const struct format formats[];
extern const size_t nr_formats;

const struct format *format_find(const char *name);

#endif
