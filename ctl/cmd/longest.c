// SPDX-License-Identifier: GPL-2.0
/* The longest of what a report has one by one: calls, or waits. */

#include <stdlib.h>

#include "cmd/longest.h"
#include "export/json_file.h"
#include "lib/buf.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "report/view.h"
#include "report/writer.h"

void longest_set_number(json_t *to, const char *key, uint64_t value)
{
	json_object_set_new(to, key, json_integer((json_int_t)value));
}

void longest_set_text(json_t *to, const char *key, const char *text)
{
	json_object_set_new(to, key, json_string_nocheck(text));
}

/** longest_set_thread() - A process in the upper half and a thread; nothing for 0. */
void longest_set_thread(json_t *to, const char *pid, const char *tid, uint64_t id)
{
	if (!id)
		return;
	longest_set_number(to, pid, id >> 32);
	longest_set_number(to, tid, (uint32_t)id);
}

/** longest_set_column() - A column of the session that is no stack, if it is there. */
void longest_set_column(json_t *to, struct view *v, size_t c, const uint64_t *keys)
{
	const char *name = v->columns[c]->name;
	struct buf text = {};

	if (view_absent(v, c, keys[c]))
		return;
	if (v->types[c] == KOBS_TYPE_NUMBER && !view_is_named(v, c)) {
		longest_set_number(to, name, keys[c]);
		return;
	}
	view_print_cell(v, c, keys, &text);
	longest_set_text(to, name, text.p ? text.p : "");
	buf_free(&text);
}

/** longest_text() - Return: a text; "" where it is not there. */
const char *longest_text(const json_t *from, const char *key)
{
	const char *text = json_text(json_object_get(from, key));

	return text ? text : "";
}

uint64_t longest_number(const json_t *from, const char *key)
{
	return json_unsigned(json_object_get(from, key));
}

/** longest_print_thread() - " (process N)", with the thread where that is another; or nothing. */
void longest_print_thread(const json_t *from, const char *pid, const char *tid, struct buf *to)
{
	uint64_t process = longest_number(from, pid);
	uint64_t thread = longest_number(from, tid);

	if (!process)
		return;
	buf_printf(to, " (process %llu", (unsigned long long)process);
	if (thread && thread != process)
		buf_printf(to, ", thread %llu", (unsigned long long)thread);
	buf_putc(to, ')');
}

/** longest_print_stack() - The frames of a stack as text, a line each. */
void longest_print_stack(const json_t *stack, struct out *o)
{
	json_t *frame;
	size_t i;

	json_array_foreach(stack, i, frame)
		out_line(o, "                 %s", json_text(frame) ? json_text(frame) : "?");
}

static int compare(const void *a, const void *b)
{
	const struct longest_item *x = a;
	const struct longest_item *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? 1 : -1;
	return 0;
}

/* The longest first, and no more than are to be kept. */
static void sort(struct longest *l)
{
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), compare);
	for (; l->n > l->most; l->n--, l->left_out++)
		json_decref(l->v[l->n - 1].json);
	l->sorted = l->n;
}

/**
 * longest_wants() - Ask before one is made for longest_keep().
 *
 * Return: whether it can be one of the longest; if not, it is left out.
 */
bool longest_wants(struct longest *l, uint64_t ns)
{
	if (l->sorted < l->most || (l->most && ns > l->v[l->most - 1].ns))
		return true;
	l->left_out++;
	return false;
}

static void keep(struct longest *l, uint64_t ns, json_t *json)
{
	l->v = grow(l->v, &l->cap, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = (struct longest_item){ ns, json };
}

/** longest_keep() - Keep one, if it is one of the longest. @json: is released */
void longest_keep(struct longest *l, uint64_t ns, json_t *json)
{
	keep(l, ns, json);
	if (l->n >= 2 * l->most + 1)
		sort(l);
}

/** longest_load() - Take those of a report that was saved. */
void longest_load(struct longest *l, const struct longest_kind *kind, const json_t *root)
{
	struct buf left_out = {};
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(root, kind->key), i, item)
		keep(l, longest_number(item, kind->ns), json_incref(item));
	l->most = l->n;
	buf_printf(&left_out, "%s_left_out", kind->key);
	l->left_out = longest_number(root, left_out.p);
	buf_free(&left_out);
}

/** longest_free() - Free them. */
void longest_free(struct longest *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		json_decref(l->v[i].json);
	free(l->v);
}

/** longest_print_json() - Print JSON as it is. */
void longest_print_json(struct out *o, const char *key, json_t *value)
{
	const char *name;
	json_t *item;
	size_t i;

	if (json_is_object(value)) {
		out_open(o, key, '{');
		json_object_foreach(value, name, item)
			longest_print_json(o, name, item);
		out_close(o, '}');
	} else if (json_is_array(value)) {
		out_open(o, key, '[');
		json_array_foreach(value, i, item)
			longest_print_json(o, NULL, item);
		out_close(o, ']');
	} else if (json_is_string(value)) {
		out_json_text(o, key, json_string_value(value));
	} else if (json_is_boolean(value)) {
		out_json_bool(o, key, json_is_true(value));
	} else {
		out_json_number(o, key, json_unsigned(value));
	}
}

static void print_left_out(const struct longest *l, const struct longest_kind *kind, struct out *o)
{
	struct buf key = {};
	char count[32];

	if (!l->left_out)
		return;
	buf_printf(&key, "%s_left_out", kind->key);
	out_json_number(o, key.p, l->left_out);
	buf_free(&key);
	out_line(o, "... %s shorter one%s in the rows only (%s keeps more)",
		 format_count(count, sizeof(count), l->left_out),
		 l->left_out == 1 ? " is" : "s are", kind->option);
}

/** longest_print() - Those below the rows. @shown: in text, too */
void longest_print(struct longest *l, const struct longest_kind *kind, struct out *o, bool shown)
{
	size_t i;

	sort(l);
	if (!o->json && (!shown || !l->n))
		return;
	out_open(o, kind->key, '[');
	out_line(o, "\n%s:", kind->title);
	for (i = 0; i < l->n; i++) {
		if (o->json)
			longest_print_json(o, NULL, l->v[i].json);
		else
			kind->print(l->v[i].json, o);
	}
	out_close(o, ']');
	print_left_out(l, kind, o);
}
