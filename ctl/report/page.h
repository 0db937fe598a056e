/* SPDX-License-Identifier: GPL-2.0 */
/* A report as a page: what a writer prints becomes lines, tables and bars of it. */
#ifndef OBSCTL_PAGE_H
#define OBSCTL_PAGE_H

#include <stdint.h>

#include "lib/buf.h"
#include "lib/opts.h"
#include "report/picture.h"

struct flame;
struct out;
struct report;

struct page {
	struct picture	file;
	struct buf	body;
	struct opts	opts;		/* of the report that is printed into it */
	char		*title;		/* the first line */
	bool		apart;		/* the next line begins something else */
	bool		bars;		/* a table of bars is open */
};

int page_open(struct page *p, const char *path);
void page_begin(struct page *p, const struct opts *o);
int page_save(struct page *p);
void page_close(struct page *p);

/* What a writer calls in place of printing. */
void page_line(struct page *p, const char *text);
void page_table(struct page *p, const struct out *o);
void page_bar(struct page *p, const char *range, uint64_t count, uint64_t most);
void page_flame(struct page *p, const struct flame *f);

#endif
