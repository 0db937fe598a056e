// SPDX-License-Identifier: GPL-2.0
/*
 * The BTF of the kernel and of its modules. libbpf reads it, whose loading takes
 * as many instructions as that of all other libraries: only what asks for a
 * type loads it.
 */

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/library.h"
#include "symbols/btf.h"
#include "symbols/btf_index.h"

#define LIBBPF		"libbpf.so.1"

/* How deep types are nested: no more in a kernel's, but files can say anything. */
#define DEPTH_MAX	32

static struct {
	typeof(btf__parse_raw)		*parse_raw;
	typeof(btf__parse_raw_split)	*parse_raw_split;
	typeof(btf__free)		*free;
	typeof(btf__type_cnt)		*type_cnt;
	typeof(btf__base_btf)		*base_btf;
	typeof(btf__type_by_id)		*type_by_id;
	typeof(btf__name_by_offset)	*name_by_offset;
	typeof(libbpf_set_print)	*set_print;
} lib;

static const struct library_function functions[] = {
	{ "btf__parse_raw", &lib.parse_raw },
	{ "btf__parse_raw_split", &lib.parse_raw_split },
	{ "btf__free", &lib.free },
	{ "btf__type_cnt", &lib.type_cnt },
	{ "btf__base_btf", &lib.base_btf },
	{ "btf__type_by_id", &lib.type_by_id },
	{ "btf__name_by_offset", &lib.name_by_offset },
	{ "libbpf_set_print", &lib.set_print },
};

/** kbtf_available() - Whether the library is installed, without which there are no types. */
bool kbtf_available(void)
{
	static int state;

	if (!state) {
		state = library_load(LIBBPF, functions, ARRAY_SIZE(functions)) ? 1 : -1;
		/* What it would print is returned as well. */
		if (state > 0)
			lib.set_print(NULL);
	}
	return state > 0;
}

static struct btf *read_file_of(const char *name, struct btf *base, struct buf *why)
{
	const char *dir = getenv("OBSCTL_BTF");
	struct buf path = {};
	struct btf *btf;

	buf_printf(&path, "%s/%s", dir ? dir : KBTF_PATH, name);
	btf = base ? lib.parse_raw_split(path.p, base) : lib.parse_raw(path.p);
	if (!btf)
		buf_printf(why, "%s cannot be read: %s", path.p, strerror(errno));
	buf_free(&path);
	return btf;
}

/**
 * kbtf_get() - The types of a module, with those of the kernel; of the kernel for NULL and "".
 * @why: gets the reason where there are none
 *
 * Return: what kbtf_free() frees, or NULL.
 */
const struct btf *kbtf_get(struct kbtf *k, const char *module, struct buf *why)
{
	struct btf *btf;
	size_t i;

	if (!kbtf_available()) {
		buf_puts(why, LIBBPF " is not installed");
		return NULL;
	}
	if (!k->kernel)
		k->kernel = read_file_of("vmlinux", NULL, why);
	if (!k->kernel || !module || !*module)
		return k->kernel;
	for (i = 0; i < k->n; i++)
		if (!strcmp(k->modules[i].name, module))
			return k->modules[i].btf;
	btf = read_file_of(module, k->kernel, why);
	if (!btf)
		return NULL;
	k->modules = grow(k->modules, &k->cap, k->n + 1, sizeof(*k->modules));
	k->modules[k->n].name = copy_string(module);
	k->modules[k->n++].btf = btf;
	return btf;
}

/** kbtf_free() - Forget all types. */
void kbtf_free(struct kbtf *k)
{
	size_t i;

	btf_index_forget();
	for (i = 0; i < k->n; i++) {
		lib.free(k->modules[i].btf);
		free(k->modules[i].name);
	}
	if (k->kernel)
		lib.free(k->kernel);
	free(k->modules);
	memset(k, 0, sizeof(*k));
}

/** kbtf_type() - Return: a type, which is void for 0; NULL if there is none of that number. */
const struct btf_type *kbtf_type(const struct btf *btf, uint32_t id)
{
	return lib.type_by_id(btf, id);
}

/** kbtf_last() - Return: the number of the last type. */
uint32_t kbtf_last(const struct btf *btf)
{
	return lib.type_cnt(btf) - 1;
}

/** kbtf_string() - Return: a string, by where it is among all of them. */
const char *kbtf_string(const struct btf *btf, uint32_t offset)
{
	const char *name = lib.name_by_offset(btf, offset);

	return name ? name : "";
}

/** kbtf_name() - Return: the name of a type, "" if it has none. */
const char *kbtf_name(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = kbtf_type(btf, id);

	return t ? kbtf_string(btf, t->name_off) : "";
}

/** kbtf_skip() - Return: what const and the like stand before, and what is behind typedefs. */
uint32_t kbtf_skip(const struct btf *btf, uint32_t id, bool typedefs)
{
	const struct btf_type *t = kbtf_type(btf, id);
	int i;

	for (i = 0; i < DEPTH_MAX && t && (btf_is_mod(t) || (typedefs && btf_is_typedef(t))); i++) {
		id = t->type;
		t = kbtf_type(btf, id);
	}
	return id;
}

/** kbtf_is_typedef() - Whether a type is the typedef of this name, or one that stands for it. */
bool kbtf_is_typedef(const struct btf *btf, uint32_t id, const char *name)
{
	const struct btf_type *t = kbtf_type(btf, id);
	int i;

	for (i = 0; i < DEPTH_MAX && t && (btf_is_mod(t) || btf_is_typedef(t)); i++) {
		if (btf_is_typedef(t) && !strcmp(kbtf_string(btf, t->name_off), name))
			return true;
		t = kbtf_type(btf, t->type);
	}
	return false;
}

/** kbtf_complete() - Return: the struct or union that is only declared as @id, if it is. */
uint32_t kbtf_complete(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = kbtf_type(btf, id);
	uint32_t found;

	if (!t || !btf_is_fwd(t))
		return id;
	found = kbtf_find(btf, kbtf_string(btf, t->name_off),
			  1u << (btf_kflag(t) ? BTF_KIND_UNION : BTF_KIND_STRUCT));
	return found ? found : id;
}

/** kbtf_size() - Return: bytes of a type; -1 if it has no size. */
int64_t kbtf_size(const struct btf *btf, uint32_t id)
{
	uint64_t count = 1;
	int i;

	for (i = 0; i < DEPTH_MAX && count < 1u << 31; i++) {
		const struct btf_type *t;

		id = kbtf_complete(btf, kbtf_skip(btf, id, true));
		t = kbtf_type(btf, id);
		if (!t)
			return -1;
		if (btf_is_ptr(t))
			return (int64_t)(count * 8);
		if (btf_is_int(t) || btf_is_composite(t) || btf_is_any_enum(t) || btf_is_float(t))
			return (int64_t)(count * t->size);
		if (!btf_is_array(t))
			return -1;
		count *= btf_array(t)->nelems;
		id = btf_array(t)->type;
	}
	return -1;
}

static void describe_named(const struct btf *btf, const struct btf_type *t, struct buf *out)
{
	const char *name = kbtf_string(btf, t->name_off);
	const char *what = "";

	if (btf_is_struct(t) || (btf_is_fwd(t) && !btf_kflag(t)))
		what = "struct ";
	else if (btf_is_union(t) || btf_is_fwd(t))
		what = "union ";
	else if (btf_is_any_enum(t))
		what = "enum ";
	buf_printf(out, "%s%s", what, *name ? name : "without a name");
}

/** kbtf_describe() - Add a type as C has it, more or less. */
void kbtf_describe(const struct btf *btf, uint32_t id, struct buf *out)
{
	struct buf end = {};
	int i;

	for (i = 0; i < DEPTH_MAX; i++) {
		const struct btf_type *t;

		id = kbtf_skip(btf, id, false);
		t = kbtf_type(btf, id);
		if (t && btf_is_ptr(t)) {
			buf_putc(&end, '*');
			id = t->type;
		} else if (t && btf_is_array(t)) {
			buf_printf(&end, "[%u]", btf_array(t)->nelems);
			id = btf_array(t)->type;
		} else {
			if (!t || btf_is_void(t))
				buf_puts(out, "void");
			else if (btf_is_func_proto(t))
				buf_puts(out, "function");
			else
				describe_named(btf, t, out);
			break;
		}
	}
	if (end.len)
		buf_printf(out, " %s", end.p);
	buf_free(&end);
}

/**
 * kbtf_place() - The order in which types are searched: those of a module itself come first.
 * @n: from 1 to kbtf_last()
 *
 * Return: the number of a type.
 */
uint32_t kbtf_place(const struct btf *btf, uint32_t n)
{
	const struct btf *base = lib.base_btf(btf);
	uint32_t own = base ? lib.type_cnt(base) : 1;

	return (own + n - 2) % kbtf_last(btf) + 1;
}

static bool is_kind(const struct btf_type *t, uint32_t kinds)
{
	return t && kinds & 1u << btf_kind(t);
}

/**
 * kbtf_find() - A type by its name.
 * @kinds: a bit for each BTF_KIND_ that it can be of
 *
 * Return: 0 if there is none.
 */
uint32_t kbtf_find(const struct btf *btf, const char *name, uint32_t kinds)
{
	uint32_t n;

	for (n = btf_index_first(btf, name); n; n = btf_index_next(btf, n)) {
		uint32_t id = kbtf_place(btf, n);
		const struct btf_type *t = kbtf_type(btf, id);

		if (is_kind(t, kinds) && !strcmp(kbtf_string(btf, t->name_off), name))
			return id;
	}
	return 0;
}

/** kbtf_offer() - Propose names of types for one that is misspelt. */
void kbtf_offer(const struct btf *btf, uint32_t kinds, const char *word, struct nearest *near)
{
	uint32_t last = kbtf_last(btf);
	uint32_t n;

	for (n = 1; n <= last; n++) {
		const struct btf_type *t = kbtf_type(btf, kbtf_place(btf, n));
		const char *name = t ? kbtf_string(btf, t->name_off) : "";

		if (is_kind(t, kinds) && *name)
			nearest_take(near, name, nearest_score(word, name));
	}
}
