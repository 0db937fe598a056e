// SPDX-License-Identifier: GPL-2.0
/*
 * A call of a root as text, in the form of the kernel's function_graph tracer: a line where a
 * call begins, unless nothing is called in it, and one where it returns, with its times.
 *
 * The calls come in the order of their starts. The number of calls inside each says which of
 * them it ends behind; where numbers are left out, calls are missing, and a caller that is
 * missing itself is known by the path of what it called.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd/func_calls.h"
#include "lib/clock.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "lib/utf8.h"

#define NO_TIMES	41		/* columns before the tree */

/* From when on a time has which mark. */
static const struct {
	uint64_t	above;
	char		mark;
} marks[] = {
	{ 1000000000, '$' }, { 100000000, '@' }, { 10000000, '*' },
	{ 1000000, '#' }, { 100000, '!' }, { 10000, '+' }, { 0, ' ' },
};

/* A call that has begun and not returned, while the tree is printed. */
struct open {
	const uint64_t	*rec;		/* NULL for one that is missing: */
	uint64_t	address;	/* what the path has for it */
	char		*name;
	uint64_t	end;		/* number of the first call behind it */
};

struct walk {
	struct trace	*t;
	const struct calls *c;
	const struct calls_tree *tree;
	struct open	*open;
	size_t		n;
	size_t		cap;
	uint64_t	next;		/* number of the call that would be next */
};

static char mark_of(uint64_t ns)
{
	size_t i = 0;

	while (ns <= marks[i].above && marks[i].above)
		i++;
	return marks[i].mark;
}

static void add_text(struct trace *t, const char *text)
{
	utf8_plain(&t->line, text, strlen(text));
}

static const char *name_of(struct trace *t, const struct calls *c, const uint64_t *rec)
{
	size_t column = c->column[CALLS_FUNC];

	return column < VIEW_COLUMNS ? trace_name(t, column, rec + 2) : "?";
}

static void add_us(struct buf *b, uint64_t ns)
{
	buf_printf(b, "%9llu.%03llu us ", (unsigned long long)(ns / 1000),
		   (unsigned long long)(ns % 1000));
}

/* What is before the tree in a line: the CPU and the times of a call that returns. */
static void begin_line(struct walk *w, const uint64_t *rec, size_t depth)
{
	struct buf *b = &w->t->line;

	if (rec) {
		buf_printf(b, "%4u) %c", (unsigned int)rec[-1], mark_of(rec[1]));
		add_us(b, rec[1]);
		buf_putc(b, ' ');
		add_us(b, calls_word(w->c, rec, CALLS_SELF));
	} else {
		buf_printf(b, "%*s", NO_TIMES, "");
	}
	buf_printf(b, "|  %*s", (int)(2 * depth), "");
}

/* Numbers up to @to are left out. */
static void add_missing(struct walk *w, uint64_t to, uint64_t known)
{
	uint64_t n = to > w->next ? to - w->next : 0;

	w->next = to > w->next ? to : w->next;
	if (n <= known)
		return;
	begin_line(w, NULL, w->n);
	buf_printf(&w->t->line, "/* %llu missing */\n", (unsigned long long)(n - known));
}

static void close_last(struct walk *w)
{
	struct open *o = &w->open[w->n - 1];

	if (o->rec)
		add_missing(w, o->end, 0);
	w->n--;
	begin_line(w, o->rec, w->n);
	buf_puts(&w->t->line, "} /* ");
	add_text(w->t, o->rec ? name_of(w->t, w->c, o->rec) : o->name);
	buf_puts(&w->t->line, o->rec ? " */\n" : ": not seen to return */\n");
	free(o->name);
}

static void open_call(struct walk *w, struct open o)
{
	begin_line(w, NULL, w->n);
	add_text(w->t, o.rec ? name_of(w->t, w->c, o.rec) : o.name);
	buf_puts(&w->t->line, "() {\n");
	w->open = grow(w->open, &w->cap, w->n + 1, sizeof(*w->open));
	w->open[w->n++] = o;
}

static void open_missing(struct walk *w, const struct stack *path, size_t at)
{
	struct buf name = {};

	buf_puts(&name, "");
	view_print_frame(w->t->view, path, at, &name);
	view_strip(name.p);
	/* Without its module, as in the column of functions. */
	name.p[strcspn(name.p, " ")] = '\0';
	open_call(w, (struct open){ .address = path->addr[at], .name = name.p });
}

/* How many of the open calls a call is in. */
static size_t still_open(const struct walk *w, const struct stack *path, uint64_t call)
{
	size_t i;

	for (i = 0; i < w->n; i++) {
		const struct open *o = &w->open[i];

		if (path && i + 1 >= path->nr)
			break;
		if (o->rec ? call >= o->end :
			     !path || path->addr[path->nr - 1 - i] != o->address)
			break;
	}
	return i;
}

static void add_call(struct walk *w, size_t i)
{
	const struct calls *c = w->c;
	const uint64_t *rec = calls_record(c, w->tree, i);
	uint64_t call = calls_word(c, rec, CALLS_CALL);
	uint64_t inside = calls_word(c, rec, CALLS_INSIDE);
	const struct stack *path = trace_stack(w->t, calls_word(c, rec, CALLS_PATH));
	size_t depth;

	if (path && !path->nr)
		path = NULL;
	depth = still_open(w, path, call);
	while (w->n > depth)
		close_last(w);
	add_missing(w, call, path ? path->nr - 1 - w->n : 0);
	while (path && w->n + 1 < path->nr)
		open_missing(w, path, path->nr - 1 - w->n);
	w->next = call + 1;
	if (inside) {
		open_call(w, (struct open){ .rec = rec, .end = call + inside + 1 });
		return;
	}
	begin_line(w, rec, w->n);
	add_text(w->t, name_of(w->t, c, rec));
	buf_puts(&w->t->line, "();\n");
}

static void add_incomplete(struct trace *t, const struct calls_tree *tree, uint64_t missing)
{
	struct buf *b = &t->line;

	if (!missing)
		return;
	if (tree->calls)
		buf_printf(b, "  incomplete: %llu of its %llu calls %s missing\n",
			   (unsigned long long)missing, (unsigned long long)tree->calls,
			   missing == 1 ? "is" : "are");
	else
		buf_printf(b, "  incomplete: it had not returned, or its record was lost; %llu call%s missing at least\n",
			   (unsigned long long)missing, missing == 1 ? " is" : "s are");
}

/* Who called, where and when. */
static void add_heading(struct trace *t, const struct calls *c, const struct calls_tree *tree,
			uint64_t missing)
{
	const uint64_t *rec = calls_record(c, tree, 0);
	const char *context = (const char *)(uintptr_t)calls_word(c, rec, CALLS_CONTEXT);
	const char *comm = (const char *)(uintptr_t)calls_word(c, rec, CALLS_COMM);
	uint64_t begin = rec[0] - rec[1];
	struct buf *b = &t->line;
	char shown[40];

	if (c->shown == 1)
		buf_puts(b, " CPU          TOTAL             SELF      CALL\n");
	buf_printf(b, "\n[%llu.%06llu] ", (unsigned long long)(begin / NSEC_PER_SEC),
		   (unsigned long long)(begin % NSEC_PER_SEC / 1000));
	add_text(t, comm ? comm : "");
	buf_printf(b, "-%llu", (unsigned long long)calls_word(c, rec, CALLS_TID));
	if (context && *context && strcmp(context, "task") != 0) {
		buf_puts(b, " (");
		add_text(t, context);
		buf_putc(b, ')');
	}
	buf_printf(b, ", CPU %u: ", (unsigned int)rec[-1]);
	if (tree->calls) {
		format_value(shown, sizeof(shown), (double)rec[1], view_unit(t->view));
		buf_printf(b, "%s, ", shown);
	}
	buf_printf(b, "%llu call%s\n", (unsigned long long)tree->n, tree->n == 1 ? "" : "s");
	add_incomplete(t, tree, missing);
}

/** calls_print() - Print a call of a root, whose records are in order, into the trace's line. */
void calls_print(struct trace *t, const struct calls *c, const struct calls_tree *tree,
		 uint64_t missing)
{
	struct walk w = { .t = t, .c = c, .tree = tree };
	size_t i;

	add_heading(t, c, tree, missing);
	for (i = 0; i < tree->n; i++)
		add_call(&w, i);
	while (w.n)
		close_last(&w);
	free(w.open);
}
