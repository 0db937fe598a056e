// SPDX-License-Identifier: GPL-2.0
/* What live objects held, of a file; nothing in it is taken for granted. */

#include <stdlib.h>
#include <string.h>

#include "cmd/mem/dump.h"
#include "export/json_file.h"
#include "lib/buf.h"

static uint64_t number_of(const json_t *object, const char *key)
{
	return json_unsigned(json_object_get(object, key));
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_text(json_object_get(object, key));
}

static uint64_t address_of(const json_t *object, const char *key)
{
	const char *text = text_of(object, key);

	return text ? strtoull(text, NULL, 16) : 0;
}

static uint32_t find_name(const char *(*name)(uint32_t), uint32_t last, const char *text)
{
	uint32_t i;

	for (i = 1; text && i <= last; i++)
		if (!strcmp(name(i), text))
			return i;
	return last;
}

static void restore_data(struct object *o, const char *hex)
{
	size_t n = hex ? strlen(hex) / 2 : 0;
	char digits[3] = {};

	o->data = zalloc(n + 1);
	for (o->len = 0; o->len < n; o->len++) {
		memcpy(digits, hex + 2 * o->len, 2);
		o->data[o->len] = (uint8_t)strtoul(digits, NULL, 16);
	}
}

static void restore_pointers(struct object *o, const json_t *list)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		const char *name = text_of(item, "name");

		o->pointers = grow(o->pointers, &o->cap_pointers, o->nr_pointers + 1,
				   sizeof(*o->pointers));
		o->pointers[o->nr_pointers++] = (struct object_pointer){
			.offset = (uint32_t)number_of(item, "offset"),
			.kind = find_name(dump_pointer_name, KOBS_POINTER_PAGE,
					  text_of(item, "kind")),
			.value = address_of(item, "value"), .start = address_of(item, "start"),
			.tid = (uint32_t)number_of(item, "tid"),
			.text = name ? copy_string(name) : NULL,
		};
	}
}

static void restore_object(struct dump *d, const json_t *from)
{
	const char *comm = text_of(from, "comm");
	struct object *o;

	d->all.v = grow(d->all.v, &d->all.cap, d->all.n + 1, sizeof(*o));
	o = &d->all.v[d->all.n++];
	*o = (struct object){
		.address = address_of(from, "address"), .size = number_of(from, "size"),
		.age = number_of(from, "age_ns"),
		.state = find_name(dump_state_name, KOBS_CONTENTS_UNREADABLE,
				   text_of(from, "state")),
		.each_cpu = json_object_get(from, "cpu"),
		.cpu = (uint32_t)number_of(from, "cpu"),
		.interrupt = json_is_true(json_object_get(from, "interrupt")),
		.pid = (uint32_t)number_of(from, "pid"), .tid = (uint32_t)number_of(from, "tid"),
		.comm = comm ? copy_string(comm) : NULL,
		.more = (uint32_t)number_of(from, "pointers_left_out"),
	};
	restore_data(o, text_of(from, "data"));
	restore_pointers(o, json_object_get(from, "pointers"));
}

/** dump_restore() - Return: what a report has of it, for dump_free() and free(); or NULL. */
struct dump *dump_restore(const json_t *root)
{
	const json_t *from = json_object_get(root, "dump");
	const char *refused = text_of(from, "refused");
	struct dump *d;
	json_t *site, *object;
	size_t i, k;

	if (!from)
		return NULL;
	d = zalloc(sizeof(*d));
	d->refused = refused ? copy_string(refused) : NULL;
	json_array_foreach(json_object_get(from, "sites"), i, site) {
		const char *kind = text_of(site, "kind");
		const char *name = text_of(site, "site");
		struct dump_site *to = dump_add_site(d, kind ? kind : "?", name ? name : "?");

		json_array_foreach(json_object_get(site, "objects"), k, object)
			restore_object(d, object);
		to->n = d->all.n - to->first;
	}
	return d;
}
