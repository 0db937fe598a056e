// SPDX-License-Identifier: GPL-2.0
/* What live objects hold, for people and for programs. */

#include <stdio.h>
#include <stdlib.h>

#include "cmd/mem/dump.h"
#include "lib/buf.h"
#include "lib/format.h"

static void json_address(struct out *o, const char *key, uint64_t address)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)address);
	out_json_text(o, key, text);
}

static void add_who(const struct object *object, struct buf *out)
{
	if (object->interrupt)
		buf_puts(out, "allocated in an interrupt");
	else if (object->comm)
		buf_printf(out, "allocated by %s (pid %u, tid %u)", object->comm, object->pid,
			   object->tid);
	else
		buf_puts(out, "allocated by a task that is not known");
}

static void print_who(const struct object *object, struct out *o)
{
	if (object->interrupt)
		out_json_bool(o, "interrupt", true);
	if (!object->comm)
		return;
	out_json_text(o, "comm", object->comm);
	out_json_number(o, "pid", object->pid);
	out_json_number(o, "tid", object->tid);
}

static void add_head(const struct object *object, size_t number, struct buf *out)
{
	char age[32], size[32], len[32];

	buf_printf(out, "#%zu  0x%llx, %s bytes", number, (unsigned long long)object->address,
		   format_count(size, sizeof(size), object->size));
	if (object->each_cpu)
		buf_printf(out, " of CPU %u", object->cpu);
	buf_printf(out, ", %s old, ", format_ns(age, sizeof(age), (double)object->age));
	add_who(object, out);
	if (object->state == KOBS_CONTENTS_GONE)
		buf_puts(out, ": freed or moved meanwhile");
	else if (object->state != KOBS_CONTENTS_READ)
		buf_puts(out, ": cannot be read");
	else if (object->len < object->size)
		buf_printf(out, ": the first %s", format_count(len, sizeof(len), object->len));
}

static void print_bytes(const struct object *object, struct out *o)
{
	struct strings lines = {};
	struct buf hex = {};
	size_t i;

	if (object->state != KOBS_CONTENTS_READ)
		return;
	for (i = 0; i < object->len; i++)
		buf_printf(&hex, "%02x", object->data[i]);
	out_json_text(o, "data", hex.len ? hex.p : "");
	buf_free(&hex);
	dump_add_bytes(object->data, object->len, &lines);
	for (i = 0; i < lines.n; i++)
		out_line(o, "    %s", lines.v[i]);
	strings_free(&lines);
}

static void print_pointer(const struct dump *d, size_t number, const struct object_pointer *p,
			  struct out *o)
{
	struct buf text = {};
	uint64_t at = 0;
	size_t to = dump_target(d, p->value, &at);

	dump_add_pointer(d, number, p, &text);
	out_line(o, "    +0x%-4x 0x%llx  %s", p->offset, (unsigned long long)p->value, text.p);
	buf_free(&text);
	out_open(o, NULL, '{');
	out_json_number(o, "offset", p->offset);
	json_address(o, "value", p->value);
	out_json_text(o, "kind", dump_pointer_name(p->kind));
	out_json_text(o, "name", p->text);
	if (p->start)
		json_address(o, "start", p->start);
	if (p->kind == KOBS_POINTER_STACK)
		out_json_number(o, "tid", p->tid);
	if (to != SIZE_MAX) {
		out_json_number(o, "object", to + 1);
		out_json_number(o, "at", at);
	}
	out_close(o, '}');
}

static void print_object(const struct dump *d, size_t number, struct out *o)
{
	const struct object *object = &d->all.v[number];
	struct buf head = {};
	size_t i;

	add_head(object, number + 1, &head);
	out_line(o, "\n  %s", head.p);
	buf_free(&head);
	out_open(o, NULL, '{');
	out_json_number(o, "number", number + 1);
	json_address(o, "address", object->address);
	out_json_number(o, "size", object->size);
	out_json_number(o, "age_ns", object->age);
	out_json_text(o, "state", dump_state_name(object->state));
	if (object->each_cpu)
		out_json_number(o, "cpu", object->cpu);
	print_who(object, o);
	print_bytes(object, o);
	out_open(o, "pointers", '[');
	for (i = 0; i < object->nr_pointers; i++)
		print_pointer(d, number, &object->pointers[i], o);
	out_close(o, ']');
	if (object->more) {
		out_json_number(o, "pointers_left_out", object->more);
		out_line(o, "    ... %u more pointers", object->more);
	}
	out_close(o, '}');
}

static void print_site(const struct dump *d, const struct dump_site *site, struct out *o)
{
	size_t i;

	out_line(o, "\nWhat the oldest live objects of %s hold (%s):", site->site, site->kind);
	if (!site->n)
		out_line(o, "  none was there any more");
	out_open(o, NULL, '{');
	out_json_text(o, "kind", site->kind);
	out_json_text(o, "site", site->site);
	out_open(o, "objects", '[');
	for (i = site->first; i < site->first + site->n; i++)
		print_object(d, i, o);
	out_close(o, ']');
	out_close(o, '}');
}

static void print_chains(const struct dump *d, struct out *o)
{
	struct dump_links links = {};
	struct buf line = {};
	size_t i;

	dump_find_links(d, &links);
	if (links.n)
		out_line(o, "\nObjects that others of these point to:");
	out_open(o, "chains", '[');
	for (i = 0; i < links.n; i++) {
		const struct dump_link *l = &links.v[i];

		if (l->begins) {
			out_open(o, NULL, '[');
			line.len = 0;
			buf_printf(&line, "  #%zu", l->from + 1);
		}
		buf_printf(&line, " +0x%x -> #%zu", l->offset, l->to + 1);
		if (l->at)
			buf_printf(&line, " +0x%llx", (unsigned long long)l->at);
		if (l->known)
			buf_puts(&line, " (above)");
		out_open(o, NULL, '{');
		out_json_number(o, "object", l->from + 1);
		out_json_number(o, "offset", l->offset);
		out_json_number(o, "to", l->to + 1);
		out_json_number(o, "at", l->at);
		out_close(o, '}');
		if (i + 1 == links.n || links.v[i + 1].begins) {
			out_line(o, "%s", line.p);
			out_close(o, ']');
		}
	}
	out_close(o, ']');
	buf_free(&line);
	free(links.v);
}

/** dump_print() - Print it. @d: NULL, or without sites: nothing was asked for */
void dump_print(const struct dump *d, struct out *o)
{
	size_t i;

	if (!d || (!d->nr_sites && !d->refused))
		return;
	out_open(o, "dump", '{');
	out_open(o, "sites", '[');
	for (i = 0; i < d->nr_sites; i++)
		print_site(d, &d->sites[i], o);
	out_close(o, ']');
	print_chains(d, o);
	out_json_text(o, "refused", d->refused);
	if (d->refused)
		out_line(o, "\nWhat live objects hold is not known: %s", d->refused);
	out_close(o, '}');
}
