// SPDX-License-Identifier: GPL-2.0
/*
 * The flame graph of a report: the stacks of its rows, and around them what was
 * observed, what the width stands for, and what became of every hit.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export/flame.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "report/nothing.h"
#include "report/page.h"
#include "report/picture.h"
#include "report/report.h"
#include "report/stacks.h"

/** picture_open_as() - Open a file, NULL for none. Return: 0 or an exit status. */
int picture_open_as(struct picture *p, const char *path, const char *what)
{
	*p = (struct picture){ .path = path, .fd = -1, .what = what };
	if (!path)
		return 0;
	p->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	p->made = p->fd >= 0;
	if (p->fd < 0 && errno == EEXIST)
		p->fd = open(path, O_WRONLY | O_CLOEXEC);
	return p->fd >= 0 ? 0 : refuse("cannot write the %s to %s: %m", what, path);
}

/** picture_open() - Open the file of a flame graph, NULL for none. Return: 0 or an exit status. */
int picture_open(struct picture *p, const char *path)
{
	return picture_open_as(p, path, "flame graph");
}

/** picture_close() - Close the file; one that was made for nothing goes. */
void picture_close(struct picture *p)
{
	if (!p->path || p->fd < 0)
		return;
	close(p->fd);
	if (p->made && !p->written)
		unlink(p->path);
	p->fd = -1;
}

/** picture_save() - Write the whole file. Return: 0, or an exit status after a sentence. */
int picture_save(struct picture *p, const struct buf *text)
{
	struct stat st;
	size_t done = 0;

	p->written = true;
	/* Others than files, /dev/stdout for one, have no length. */
	if (!fstat(p->fd, &st) && S_ISREG(st.st_mode) && ftruncate(p->fd, 0))
		return refuse("cannot write the %s to %s: %m", p->what, p->path);
	while (done < text->len) {
		ssize_t n = write(p->fd, text->p + done, text->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return refuse("writing the %s to %s failed: %m", p->what, p->path);
		done += (size_t)n;
	}
	return 0;
}

/** report_unit() - Return: what one of the weight is. */
const char *report_unit(struct report *r)
{
	const struct mode *m = r->view->mode;

	if (r->kind && r->kind->unit)
		return r->kind->unit(r);
	if (!m->value)
		return "hits";
	return *model_unit(m) ? model_unit(m) : m->value;
}

/* What a part of the report says as text, a line each. */
static void add_text(struct strings *lines, struct report *r,
		     void (*print)(struct report *r, struct out *o))
{
	char *text = NULL;
	char *save = NULL;
	size_t size = 0;
	struct out o;
	char *line;

	out_init(&o, open_memstream(&text, &size), false);
	print(r, &o);
	fclose(o.file);
	out_free(&o);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		strings_add(lines, line + strspn(line, " "));
	free(text);
}

static void add_title(const struct report *r, struct buf *title)
{
	const struct session *s = r->session;
	size_t i;

	buf_printf(title, "%s %s", s->source, s->mode);
	if (s->name)
		buf_printf(title, ", session %s", s->name);
	for (i = 0; r->opts->command && r->opts->command[i]; i++)
		buf_printf(title, "%s%s", i ? " " : ": ", r->opts->command[i]);
}

static void describe_width(struct report *r, const struct flame *f, struct buf *line)
{
	const struct mode *m = r->view->mode;
	bool measured = m->value && !(r->kind && r->kind->unit);
	char all[40];

	buf_printf(line, "width: %s", f->unit);
	if (measured && strcmp(f->unit, m->value))
		buf_printf(line, " of %s", m->value);
	format_value(all, sizeof(all), (double)stack_set_total(f->set), f->unit);
	buf_printf(line, "; all: %s", all);
	format_count(all, sizeof(all), r->rows_shown);
	buf_printf(line, " in %s row%s", all, r->rows_shown == 1 ? "" : "s");
	if (r->rows_shown < r->rows_worth)
		buf_printf(line, ", the biggest of %s (-n)",
			   format_count(all, sizeof(all), r->rows_worth));
}

static void add_machine(struct report *r, struct buf *line)
{
	buf_printf(line, "Linux %s, kobs %s", *r->view->kernel ? r->view->kernel : "unknown",
		   r->view->version ? r->view->version : "unknown");
}

static void fill(struct report *r, struct flame *f, struct buf *title)
{
	struct buf line = {};

	add_title(r, title);
	f->title = title->p;
	f->palette = r->kind ? r->kind->palette : FLAME_CALLS;
	f->icicle = r->opts->icicle;
	f->unit = report_unit(r);
	add_text(&f->head, r, report_header);
	describe_width(r, f, &line);
	strings_add(&f->head, line.p);
	if (!r->table->nr_rows)
		add_text(&f->foot, r, nothing_print);
	add_text(&f->foot, r, report_balance);
	line.len = 0;
	add_machine(r, &line);
	strings_add(&f->foot, line.p);
	buf_free(&line);
}

/** picture_write() - Write the flame graph. Return: 0, or an exit status after a sentence. */
int picture_write(struct report *r)
{
	struct stack_set set = {};
	struct flame f = { .set = &set };
	struct buf title = {};
	struct buf text = {};
	int err;

	stacks_collect(r, &set);
	fill(r, &f, &title);
	flame_write(&f, &text);
	err = picture_save(r->picture, &text);
	strings_free(&f.head);
	strings_free(&f.foot);
	stack_set_free(&set);
	buf_free(&title);
	buf_free(&text);
	return err;
}

/** picture_embed() - Add the flame graph of all rows to the page that is printed. */
void picture_embed(struct report *r, struct out *o)
{
	struct stack_set set = {};
	struct flame f = { .set = &set, .title = "Flame graph" };
	const struct opts *shown = r->opts;
	size_t rows = r->rows_shown;
	struct opts whole = *shown;
	struct buf line = {};

	/* It is made of the rows that a picture has. */
	whole.flame = "";
	r->opts = &whole;
	r->rows_shown = r->table->nr_rows;
	stacks_collect(r, &set);
	f.palette = r->kind ? r->kind->palette : FLAME_CALLS;
	f.icicle = shown->icicle;
	f.unit = report_unit(r);
	describe_width(r, &f, &line);
	strings_add(&f.head, line.p);
	if (set.n)
		page_flame(o->page, &f);
	r->opts = shown;
	r->rows_shown = rows;
	strings_free(&f.head);
	stack_set_free(&set);
	buf_free(&line);
}

/** picture_tell() - Say what the picture has, in place of the rows. */
void picture_tell(struct report *r, struct out *o)
{
	char rows[32];

	out_line(o, "flame graph of %s row%s: %s", format_count(rows, sizeof(rows), r->rows_shown),
		 r->rows_shown == 1 ? "" : "s", r->picture->path);
	if (!r->table->nr_rows)
		nothing_print(r, o);
}
