// SPDX-License-Identifier: GPL-2.0
/*
 * Writes a flame graph. The picture is complete without its script: every frame has
 * its place, its text cut to fit, and a title that browsers show. The script adds the
 * window's width, zoom, search and the keyboard; it reads from the picture what it
 * needs, so that nothing is in the file twice.
 */

#include <stdio.h>
#include <string.h>

#include "export/flame.h"
#include "export/flame_style.h"
#include "export/xml.h"
#include "lib/format.h"

#define INNER		(FLAME_WIDTH - 2 * FLAME_MARGIN)
#define LINE		16		/* pixels from one line of text to the next */
#define TITLE_COLUMN	9.7		/* of a character of the title */
#define TEXT_SIDE	3		/* free beside a frame's text */
#define TEXT_COLUMNS	3		/* a shorter text says nothing */

static const char script[] =
#include "flame_js.h"
;

static const char style[] =
#include "flame_css.h"
;

struct drawing {
	const struct flame *f;
	struct flame_tree tree;
	struct buf	*out;
	uint64_t	total;
	unsigned int	y;		/* of what comes next */
};

/* Pixels in hundredths. */
static void add_pixels(struct buf *out, double v)
{
	uint64_t n = (uint64_t)(v * 100 + 0.5);

	buf_u64(out, n / 100);
	if (!(n % 100))
		return;
	buf_putc(out, '.');
	buf_putc(out, (char)('0' + n / 10 % 10));
	if (n % 10)
		buf_putc(out, (char)('0' + n % 10));
}

static double share(const struct drawing *d, uint64_t weight)
{
	return d->total ? (double)weight / (double)d->total : 0;
}

/* A weight with what it counts. */
static void add_weight(const struct drawing *d, uint64_t weight, struct buf *out)
{
	const char *unit = d->f->unit;
	char shown[40];

	format_value(shown, sizeof(shown), (double)weight, unit);
	buf_puts(out, shown);
	if (strcmp(unit, "ns") && strcmp(unit, "bytes")) {
		size_t len = strlen(unit);

		buf_putc(out, ' ');
		xml_text(out, unit, weight == 1 && len && unit[len - 1] == 's' ? len - 1 : len);
	}
}

static void add_amount(const struct drawing *d, uint64_t weight, struct buf *out)
{
	add_weight(d, weight, out);
	buf_printf(out, ", %.2f %%", share(d, weight) * 100);
}

/* Lines that are too long go on below; the script joins them again. */
static void add_line(struct drawing *d, const char *text)
{
	size_t columns = (size_t)(INNER / FLAME_COLUMN);
	struct buf *out = d->out;

	buf_puts(out, "<text class=\"l\">");
	do {
		size_t len = xml_clip(text, columns);
		size_t end = len;

		while (text[len] && end && text[end] != ' ')
			end--;
		len = end ? end : len;
		d->y += LINE;
		buf_printf(out, "<tspan x=\"%d\" y=\"%u\">", FLAME_MARGIN, d->y);
		xml_text(out, text, len);
		buf_puts(out, "</tspan>");
		text += len;
		text += strspn(text, " ");
	} while (*text);
	buf_puts(out, "</text>\n");
}

static void add_lines(struct drawing *d, const struct strings *lines)
{
	size_t i;

	for (i = 0; i < lines->n; i++)
		add_line(d, lines->v[i]);
}

static void add_title(struct drawing *d)
{
	const char *title = d->f->title;
	struct buf *out = d->out;

	d->y = 24;
	buf_printf(out, "<text class=\"l t\" x=\"%d\" y=\"%u\">", FLAME_MARGIN, d->y);
	xml_fitted(out, title, (size_t)(INNER / TITLE_COLUMN));
	buf_puts(out, "<title>");
	xml_text(out, title, strlen(title));
	buf_puts(out, "</title></text>\n");
}

static void add_key(struct drawing *d, double *x, char letter, unsigned int shade,
		    const char *name)
{
	buf_printf(d->out, "<rect class=\"%c%u\" x=\"%.0f\" y=\"%u\" width=\"12\" height=\"12\"/>",
		   letter, shade, *x, d->y);
	buf_printf(d->out, "<text class=\"l\" x=\"%.0f\" y=\"%u\">%s</text>", *x + 16, d->y + 11,
		   name);
	*x += 16 + (double)strlen(name) * FLAME_COLUMN + 14;
}

/* What the colours of the frames stand for. */
static void add_legend(struct drawing *d, const bool *kinds)
{
	double x = FLAME_MARGIN;
	size_t i;

	d->y += 10;
	buf_puts(d->out, "<g id=\"legend\">");
	if (d->f->compared) {
		add_key(d, &x, 'd', FLAME_STEPS - 1, "grew");
		add_key(d, &x, 'd', FLAME_STEPS / 2, "the same");
		add_key(d, &x, 'd', 0, "shrank");
	}
	if (d->f->part) {
		add_key(d, &x, 'p', FLAME_PARTS - 1, d->f->rest);
		add_key(d, &x, 'p', FLAME_PARTS / 2, "both");
		add_key(d, &x, 'p', 0, d->f->part);
	}
	for (i = d->f->compared || d->f->part ? FRAME_MERGED : 0; i < FRAME_KINDS; i++)
		if (kinds[i])
			add_key(d, &x, flame_letter((enum frame_kind)i), FLAME_SHADES / 2,
				flame_kind_name((enum frame_kind)i));
	buf_puts(d->out, "</g>\n");
	d->y += 20;
}

/* How much that was before, and by how much it changed. */
static void add_change(const struct drawing *d, const struct flame_node *n, struct buf *out)
{
	char shown[40];

	buf_printf(out, ", before %s", format_value(shown, sizeof(shown), (double)n->before,
						    d->f->unit));
	if (n->before)
		buf_printf(out, " (%+.1f %%)", ((double)n->weight / (double)n->before - 1) * 100);
	else
		buf_puts(out, " (new)");
}

static void add_frame_title(struct drawing *d, const struct flame_node *n, const struct frame *f)
{
	struct buf *out = d->out;

	buf_puts(out, "<title>");
	xml_text(out, f->name, strlen(f->name));
	buf_putc(out, '\n');
	if (n->merged)
		buf_printf(out, "%llu too narrow to be drawn, ", (unsigned long long)n->merged);
	else if (f->kind != FRAME_MERGED)
		buf_printf(out, "%s, ", flame_kind_name(f->kind));
	add_amount(d, n->weight, out);
	if (d->f->compared)
		add_change(d, n, out);
	if (d->f->part) {
		buf_printf(out, "; %s ", d->f->rest);
		add_weight(d, n->weight - n->before, out);
		buf_printf(out, ", %s ", d->f->part);
		add_weight(d, n->before, out);
	}
	buf_puts(out, "</title>");
}

/* The class that gives a frame its colour. */
static void add_class(struct drawing *d, const struct flame_node *n, const struct frame *f)
{
	bool own = f->kind != FRAME_MERGED;

	if (own && d->f->compared)
		buf_printf(d->out, "d%u", flame_step(n->before, n->weight));
	else if (own && d->f->part)
		buf_printf(d->out, "p%u", flame_part(n->before, n->weight));
	else
		buf_printf(d->out, "%c%u", flame_letter(f->kind), flame_shade(f));
}

static void add_frame(struct drawing *d, const struct flame_node *n)
{
	const struct frame *f = &d->f->set->frames[n->frame];
	double width = share(d, n->weight) * INNER;
	double x = FLAME_MARGIN + share(d, n->at) * INNER;
	uint32_t row = d->f->icicle ? n->depth : d->tree.levels - 1 - n->depth;
	double columns = (width - 2 * TEXT_SIDE) / FLAME_COLUMN;
	struct buf *out = d->out;

	buf_puts(out, "<g class=\"");
	add_class(d, n, f);
	buf_printf(out, "\" data-f=\"%u %llu %llu\">", n->depth, (unsigned long long)n->at,
		   (unsigned long long)n->weight);
	add_frame_title(d, n, f);
	buf_puts(out, "<rect x=\"");
	add_pixels(out, x);
	buf_printf(out, "\" y=\"%u\" width=\"", row * FLAME_FRAME);
	add_pixels(out, width);
	buf_printf(out, "\" height=\"%d\"/>", FLAME_FRAME - 1);
	if (columns >= TEXT_COLUMNS) {
		buf_puts(out, "<text x=\"");
		add_pixels(out, x + TEXT_SIDE);
		buf_printf(out, "\" y=\"%u\">", row * FLAME_FRAME + 11);
		xml_fitted(out, f->name, (size_t)columns);
		buf_puts(out, "</text>");
	}
	buf_puts(out, "</g>\n");
}

static void add_frames(struct drawing *d)
{
	size_t i;

	buf_printf(d->out, "<g id=\"frames\" transform=\"translate(0,%u)\">\n", d->y);
	for (i = 0; i < d->tree.n; i++)
		add_frame(d, &d->tree.v[i]);
	buf_puts(d->out, "</g>\n");
	d->y += d->tree.levels * FLAME_FRAME + 4;
}

/* Nothing is left out without a word. */
static void add_merged(struct drawing *d)
{
	const struct flame_tree *t = &d->tree;
	struct buf line = {};
	char n[32], into[32];

	if (t->merged) {
		buf_printf(&line, "merged: %s branches narrower than %.3g px, %.2f %% of all, are %s frames \"(others)\"",
			   format_count(n, sizeof(n), t->merged), t->least * INNER /
			   (double)(d->total ? d->total : 1), share(d, t->merged_weight) * 100,
			   format_count(into, sizeof(into), t->merged_frames));
		add_line(d, line.p);
	}
	line.len = 0;
	if (t->gone) {
		buf_puts(&line, "gone: frames that had ");
		add_weight(d, t->gone, &line);
		buf_puts(&line, " before and have no width any more");
		add_line(d, line.p);
	}
	line.len = 0;
	if (t->deeper) {
		buf_printf(&line, "merged: what has more than %d levels, %.2f %% of all, ends in frames \"(deeper)\"",
			   FLAME_LEVELS - 1, share(d, t->deeper) * 100);
		add_line(d, line.p);
	}
	buf_free(&line);
}

static void find_kinds(const struct drawing *d, bool *kinds)
{
	size_t i;

	for (i = 1; i < d->tree.n; i++)
		kinds[d->f->set->frames[d->tree.v[i].frame].kind] = true;
}

/* What depends on the height is known last. */
static void add_head(const struct drawing *d, struct buf *out, const bool *kinds)
{
	buf_printf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\" viewBox=\"0 0 %d %u\"",
		   FLAME_WIDTH, d->y, FLAME_WIDTH, d->y);
	buf_printf(out, " data-order=\"%s\" data-unit=\"", d->f->icicle ? "icicle" : "flame");
	xml_text(out, d->f->unit, strlen(d->f->unit));
	buf_puts(out, "\">\n<title>");
	xml_text(out, d->f->title, strlen(d->f->title));
	buf_puts(out, "</title>\n<style>\n");
	buf_puts(out, style);
	if (d->f->compared)
		flame_style_steps(out);
	else if (d->f->part)
		flame_style_parts(out);
	else
		flame_style(out, d->f->palette, kinds);
	buf_puts(out, "</style>\n");
	buf_puts(out, "<rect id=\"back\" width=\"100%\" height=\"100%\"/>\n");
}

/** flame_write() - Add a flame graph as SVG. */
void flame_write(const struct flame *f, struct buf *out)
{
	struct buf body = {};
	struct drawing d = { .f = f, .out = &body, .total = stack_set_total(f->set) };
	bool kinds[FRAME_KINDS] = {};

	flame_tree_build(&d.tree, f->set, (double)d.total * FLAME_LEAST / INNER, FLAME_FRAMES);
	find_kinds(&d, kinds);
	add_title(&d);
	buf_puts(&body, "<g id=\"head\">\n");
	add_lines(&d, &f->head);
	buf_puts(&body, "</g>\n");
	add_legend(&d, kinds);
	add_frames(&d);
	buf_puts(&body, "<g id=\"foot\">\n");
	add_merged(&d);
	add_lines(&d, &f->foot);
	buf_puts(&body, "</g>\n");
	d.y += 10;
	add_head(&d, out, kinds);
	buf_add(out, body.p, body.len);
	buf_puts(out, "<script><![CDATA[\n");
	buf_puts(out, script);
	buf_puts(out, "]]></script>\n</svg>\n");
	buf_free(&body);
	flame_tree_free(&d.tree);
}
