// SPDX-License-Identifier: GPL-2.0
/*
 * The two files of 'diff', the first of which is that of 'show' in every format,
 * separated by a byte that JSON does not contain.
 */
#include <string.h>

#include "cmd/nouns.h"
#include "cmd/saved/compare.h"
#include "export/formats.h"
#include "fuzz.h"
#include "lib/opts.h"

/* Those of rows, of stacks and of records. */
static void show_formats(char **args)
{
	size_t i;

	for (i = 0; i < nr_formats; i++) {
		const struct format *f = &formats[i];
		struct opts o = {
			.output = "/dev/null", .args = args, .nr_args = 1, .format = f,
			.stacks = f->of == FORMAT_OF_STACKS,
			.csv = f->of == FORMAT_OF_ROWS, .json = f->of == FORMAT_OF_ROWS,
		};

		if (f->of != FORMAT_OF_BRANCHES)
			noun_show.verbs[0].fn(&noun_show.verbs[0], &o);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct memory_file a;
	static struct memory_file b;
	const uint8_t *mark = memchr(data, 0xff, size);
	size_t first = mark ? (size_t)(mark - data) : size;
	struct diff_opts own = { .per_second = true };
	struct opts o = {
		.output = "/dev/null", .flame = "/dev/null", .folded = true,
		.own = &own,
	};
	char *args[2];

	memory_file_set(&a, data, first);
	memory_file_set(&b, mark ? mark + 1 : data,
			mark ? size - first - 1 : size);
	args[0] = a.path;
	args[1] = b.path;
	o.args = args;
	o.nr_args = 1;
	noun_show.verbs[0].fn(&noun_show.verbs[0], &o);
	show_formats(args);
	o.folded = false;
	o.flame = NULL;
	noun_show.verbs[0].fn(&noun_show.verbs[0], &o);
	o.html = "/dev/null";
	noun_show.verbs[0].fn(&noun_show.verbs[0], &o);
	o.nr_args = 2;
	noun_diff.verbs[0].fn(&noun_diff.verbs[0], &o);
	own.by = "end";
	o.flame = "/dev/null";
	noun_diff.verbs[0].fn(&noun_diff.verbs[0], &o);
	o.html = NULL;
	noun_show.verbs[0].fn(&noun_show.verbs[0], &o);
	return 0;
}
