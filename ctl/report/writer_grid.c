// SPDX-License-Identifier: GPL-2.0
/* What terminals need beside a report: of a screen's cells, and how far a long report is. */

#include <unistd.h>

#include "lib/progress.h"
#include "report/writer.h"

/** out_progress() - So many rows are done; not told in the middle of JSON's line. */
void out_progress(const struct out *o, size_t done, size_t all)
{
	if (!o->json || !isatty(fileno(o->file)))
		progress_at(done, all);
}

/** out_is_number() - The cell that was made last, of a text, is this number. */
void out_is_number(struct out *o, double number)
{
	if (o->grid)
		grid_number(o->grid, number);
}

/** out_is_counter() - It only grows: a screen can show it per second. */
void out_is_counter(struct out *o, double number, const char *unit)
{
	if (o->grid)
		grid_counter(o->grid, number, unit);
}

/** out_is_ratio() - It is the quotient of two numbers that only grow. */
void out_is_ratio(struct out *o, double number, double of, const char *unit)
{
	if (o->grid)
		grid_ratio(o->grid, GRID_RATIO, number, of, unit);
}

/** out_is_share() - It is the part of something that other rows are parts of, too. */
void out_is_share(struct out *o, double part, double all)
{
	if (o->grid)
		grid_ratio(o->grid, GRID_SHARE, part, all, "%");
}

/** out_are_keys() - From here on, numbers tell rows apart, or do so no more. */
void out_are_keys(struct out *o, bool keys)
{
	if (o->grid)
		o->grid->keys = keys;
}
