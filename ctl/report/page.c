// SPDX-License-Identifier: GPL-2.0
/*
 * Makes a page of what a report prints as text: the first line is its title, tables can
 * be sorted, stacks unfold below their rows, bars are drawn. Everything is text that was
 * escaped; nothing of a report is markup.
 */

#include <stdlib.h>
#include <string.h>

#include "export/flame.h"
#include "export/html.h"
#include "export/xml.h"
#include "report/page.h"
#include "report/writer.h"

/* Rows that a page has by itself: more are slow to sort in a browser. */
#define PAGE_ROWS	1000

/** page_open() - Open the file of a page, NULL for none. Return: 0 or an exit status. */
int page_open(struct page *p, const char *path)
{
	memset(p, 0, sizeof(*p));
	return picture_open_as(&p->file, path, "page");
}

/** page_begin() - Choose the options of the report that becomes a page. */
void page_begin(struct page *p, const struct opts *o)
{
	p->opts = *o;
	p->opts.json = false;
	p->opts.folded = false;
	p->opts.stacks = false;
	p->opts.csv = false;
	p->opts.format = NULL;
	p->opts.flame = NULL;
	p->opts.html = NULL;
	if (!o->top.given)
		p->opts.top = (struct opt_number){ .given = true, .value = PAGE_ROWS };
}

static void end_bars(struct page *p)
{
	if (p->bars)
		buf_puts(&p->body, "</table>\n");
	p->bars = false;
}

/** page_save() - Write the page. Return: 0, or an exit status after a sentence. */
int page_save(struct page *p)
{
	struct buf text = {};
	int err;

	end_bars(p);
	html_begin(&text, p->title ? p->title : "report");
	if (p->opts.line) {
		buf_puts(&text, "<p class=\"line\" id=\"command\">");
		xml_text(&text, p->opts.line, strlen(p->opts.line));
		buf_puts(&text, "</p>\n");
	}
	buf_add(&text, p->body.p ? p->body.p : "", p->body.len);
	html_end(&text);
	err = picture_save(&p->file, &text);
	buf_free(&text);
	return err;
}

void page_close(struct page *p)
{
	picture_close(&p->file);
	buf_free(&p->body);
	free(p->title);
}

static void add_line(struct page *p, const char *text, size_t len)
{
	if (!p->title) {
		p->title = copy_string(text);
		p->title[len] = 0;
		return;
	}
	end_bars(p);
	buf_printf(&p->body, "<p class=\"line%s%s\">", p->apart ? " first" : "",
		   strncmp(text, "***", 3) ? "" : " warning");
	xml_text(&p->body, text, len);
	buf_puts(&p->body, "</p>\n");
	p->apart = false;
}

/** page_line() - Add lines of text; empty ones set those behind them apart. */
void page_line(struct page *p, const char *text)
{
	for (;;) {
		size_t len = strcspn(text, "\n");

		if (len)
			add_line(p, text, len);
		else
			p->apart = true;
		if (!text[len])
			return;
		text += len + 1;
	}
}

/** page_bar() - Add a bar, of @count of @most. */
void page_bar(struct page *p, const char *range, uint64_t count, uint64_t most)
{
	double share = most ? (double)count * 100 / (double)most : 0;

	if (!p->bars)
		buf_puts(&p->body, "<table class=\"bars\">\n");
	p->bars = true;
	buf_puts(&p->body, "<tr><td>");
	xml_text(&p->body, range, strlen(range));
	buf_puts(&p->body, "</td><td>");
	buf_u64(&p->body, count);
	buf_puts(&p->body, "</td><td>");
	if (count)
		buf_printf(&p->body, "<div style=\"width:%.2f%%\"></div>", share);
	buf_puts(&p->body, "</td></tr>\n");
}

static void add_cell(struct page *p, const struct out *o, const struct out_cell *c)
{
	const char *shown = o->cells.p + c->at;

	buf_puts(&p->body, c->right ? "<td class=\"r\"" : "<td");
	if (c->known)
		buf_printf(&p->body, c->is_signed ? " data-v=\"%lld\"" : " data-v=\"%llu\"",
			   (unsigned long long)c->value);
	buf_putc(&p->body, '>');
	xml_text(&p->body, shown, strlen(shown));
	buf_puts(&p->body, "</td>");
}

/* The lines below a row: they unfold. */
static void add_below(struct page *p, const struct out *o, size_t from, size_t to)
{
	const char *line;
	size_t i;

	if (from == to)
		return;
	line = o->cells.p + o->below.v[from + 1];
	line += strspn(line, " ");
	buf_printf(&p->body, "<tr><td colspan=\"%zu\"><details><summary>", o->headers.n);
	xml_text(&p->body, line, strlen(line));
	if (to - from > 2)
		buf_printf(&p->body, " and %zu more", (to - from) / 2 - 1);
	buf_puts(&p->body, "</summary><pre>");
	for (i = from; i < to; i += 2) {
		line = o->cells.p + o->below.v[i + 1];
		line += strspn(line, " ");
		xml_text(&p->body, line, strlen(line));
		buf_putc(&p->body, '\n');
	}
	buf_puts(&p->body, "</pre></details></td></tr>");
}

/** page_table() - Add the table that a writer has collected. */
void page_table(struct page *p, const struct out *o)
{
	size_t n = o->headers.n;
	size_t below = 0;
	size_t r;
	size_t c;

	end_bars(p);
	buf_puts(&p->body, "<div class=\"rows\"><table>\n<thead><tr>");
	for (c = 0; c < n; c++) {
		buf_puts(&p->body, o->cell[c].right ? "<th class=\"r\">" : "<th>");
		xml_text(&p->body, o->headers.v[c], strlen(o->headers.v[c]));
		buf_puts(&p->body, "</th>");
	}
	buf_puts(&p->body, "</tr></thead>\n");
	for (r = 0; r < o->nr_rows; r++) {
		size_t first = below;

		buf_puts(&p->body, "<tbody><tr>");
		for (c = 0; c < n; c++)
			add_cell(p, o, &o->cell[r * n + c]);
		buf_puts(&p->body, "</tr>");
		while (below < o->below.n && o->below.v[below] == r)
			below += 2;
		add_below(p, o, first, below);
		buf_puts(&p->body, "</tbody>\n");
	}
	buf_puts(&p->body, "</table></div>\n");
}

/** page_flame() - Add a flame graph. */
void page_flame(struct page *p, const struct flame *f)
{
	end_bars(p);
	buf_puts(&p->body, "<div class=\"graph\">\n");
	flame_write(f, &p->body);
	buf_puts(&p->body, "</div>\n");
}
