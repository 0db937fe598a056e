// SPDX-License-Identifier: GPL-2.0
/*
 * Names of kernel addresses from /proc/kallsyms.
 *
 * A report knows the addresses it needs: they are sorted, and one pass over the
 * file keeps, for each, the last symbol at or before it; nothing else is kept.
 * A stream does not know them before, so it loads all text symbols once.
 *
 * Symbols come from the cache (symbol_cache.c), which has none of code generated
 * at run time. So an address is named from there only if no such code can lie
 * between it and the symbol before it; otherwise /proc/kallsyms is read.
 *
 * Data has names, too, where it is static: an address belongs to the symbol
 * before it up to the next one. All other data has none.
 *
 * A name that was found is kept. An address that belongs to no module and not to
 * the kernel has no name, however close the symbol before it is. What a session
 * recorded of modules comes with its names (ksym_told.c).
 */

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/map.h"
#include "symbols/kallsyms.h"
#include "symbols/ksyms.h"

/* Memory is given to modules and to generated code in pages of at least this size. */
#define PAGE	4096

void ksyms_init(struct ksyms *k)
{
	const char *modules = getenv("OBSCTL_MODULES");

	memset(k, 0, sizeof(*k));
	k->path = kallsyms_path();
	k->modules_path = modules ? modules : "/proc/modules";
}

void ksyms_free(struct ksyms *k)
{
	map_free(&k->by_name, free);
	map_free(&k->known, free);
	numbers_free(&k->wanted);
	map_free(&k->objects, free);
	numbers_free(&k->wanted_objects);
	map_free(&k->told, NULL);
	free(k->told_objects);
	pool_free(&k->names);
	ksym_all_free(&k->all);
	modules_free(&k->modules);
	memset(k, 0, sizeof(*k));
}

static struct ksym *new_symbol(struct ksyms *k, const char *name, const char *module,
			       uint64_t offset)
{
	struct ksym *sym = zalloc(sizeof(*sym));

	sym->name = name ? pool_intern(&k->names, name) : NULL;
	sym->module = pool_intern(&k->names, module ? module : "");
	sym->offset = offset;
	return sym;
}

/*
 * Whether the symbol's owner reaches as far as the address. Trampolines and BPF
 * programs have symbols, but no entry in /proc/modules: they fit in a page.
 */
static bool reaches(struct ksyms *k, const struct ksym *sym, uint64_t address)
{
	const struct module *m;

	if (!*sym->module)
		return !k->kernel_end || address < k->kernel_end;
	m = modules_find(&k->modules, sym->module);
	if (m)
		return address >= m->start && address < m->end;
	return sym->offset < PAGE;
}

/* The first function of a name: others of it are told apart. */
struct namesake {
	uint64_t	start;
	struct ksym	*sym;
};

/* Return: whether another function was the first one. */
static bool meet(struct ksyms *k, uint64_t key, uint64_t start, struct ksym *sym,
		 struct ksym **other)
{
	struct namesake *first = map_get(&k->by_name, key);

	if (!first) {
		first = zalloc(sizeof(*first));
		*first = (struct namesake){ .start = start, .sym = sym };
		map_set(&k->by_name, key, first);
	}
	*other = first->sym;
	return first->start != start;
}

/* Make a name known; names and modules are of one pool. */
static void know(struct ksyms *k, uint64_t address, struct ksym *sym)
{
	uint64_t name = (uintptr_t)sym->name;
	struct ksym *other;

	map_set(&k->known, address, sym);
	/* Only entries are named by no more than their name. */
	if (!name || sym->offset)
		return;
	if (meet(k, name, address, sym, &other)) {
		sym->namesake = true;
		other->namesake = true;
	}
	if (meet(k, hash_number(name) ^ (uintptr_t)sym->module, address, sym, &other)) {
		sym->twin = true;
		other->twin = true;
	}
}

/** ksyms_know() - Make the name of an address known; @name is NULL if it has none. */
void ksyms_know(struct ksyms *k, uint64_t address, const char *name, const char *module,
		uint64_t offset, bool object)
{
	struct ksym *sym = new_symbol(k, name, module, offset);

	if (object)
		map_set(&k->objects, address, sym);
	else
		know(k, address, sym);
}

static void learn(struct ksyms *k, uint64_t address, const char *name, const char *module,
		  uint64_t at)
{
	struct ksym *sym = new_symbol(k, name, module, address - at);

	if (!name || !reaches(k, sym, address)) {
		sym->name = NULL;
		sym->offset = 0;
	}
	know(k, address, sym);
}

/* For a wanted address: the best symbol so far at or before it, and the next one. */
struct place {
	uint64_t	address;
	struct buf	name;		/* "name\0module\0"; empty for none */
	const char	*module;
	int		rank;
	uint64_t	next;
	const char	*next_module;
};

struct places {
	struct place	*v;
	const struct numbers *wanted;
};

static void offer(struct place *p, const struct ksym_line *sym)
{
	size_t len;
	int rank;

	if (p->name.len && sym->address < p->address)
		return;
	rank = ksym_rank(sym);
	if (p->name.len && sym->address == p->address && rank <= p->rank)
		return;
	p->address = sym->address;
	p->rank = rank;
	p->name.len = 0;
	len = strlen(sym->name) + 1;
	buf_add(&p->name, sym->name, len);
	buf_add(&p->name, sym->module, strlen(sym->module) + 1);
	p->module = p->name.p + len;
}

/* @named: whether the symbol can be the name of such an address; if not, it ends the one before. */
static void offer_place(struct ksyms *k, const struct places *places, const struct ksym_line *sym,
			bool named)
{
	const struct numbers *wanted = places->wanted;
	size_t i = ksym_lower_bound(wanted->v, wanted->n, sym->address);
	struct place *before = i ? &places->v[i - 1] : NULL;

	if (i < wanted->n && named)
		offer(&places->v[i], sym);
	if (before && (!before->next || sym->address < before->next)) {
		before->next = sym->address;
		before->next_module = pool_intern(&k->names, sym->module);
	}
}

/* A symbol is the next one for addresses before, until a nearer one. */
static void spread_next(const struct places *places)
{
	struct place *v = places->v;
	size_t i;

	for (i = places->wanted->n; i > 1; i--) {
		if (v[i - 2].next)
			continue;
		v[i - 2].next = v[i - 1].next;
		v[i - 2].next_module = v[i - 1].next_module;
	}
}

/* Those of per-CPU variables are offsets: addresses are in the upper half. */
static bool names_object(const struct ksym_line *sym)
{
	return strchr("dDbBrR", sym->type) && (int64_t)sym->address < 0;
}

static bool same_page(uint64_t a, uint64_t b)
{
	return a / PAGE == b / PAGE;
}

/*
 * Whether the symbols of the kernel and its modules are all that matter for an
 * address. The kernel's image has no others in it, and neither has the memory
 * of a module's code: between two symbols of one module, and up to the end of
 * the page of its last one. The lower half has no code of the kernel: 0 is said
 * of what is nowhere, and small numbers of what is no function.
 */
static bool is_settled(const struct ksyms *k, uint64_t address, uint64_t at, const char *module,
		       const char *next_module)
{
	if ((int64_t)address >= 0)
		return true;
	/* Per-CPU symbols are offsets, far below the image. */
	if (!*module && (address < k->kernel_end || (int64_t)at >= 0))
		return (int64_t)at < 0;
	return same_page(at, address) || (next_module && !strcmp(next_module, module));
}

/*
 * The same for data. Code generated at run time names none; but where it lies
 * between two symbols of a module, the first one ends earlier.
 */
static bool is_object_settled(const struct place *sym, const struct place *p, uint64_t address)
{
	return !sym || !*sym->module || address - sym->address < PAGE || !p->next ||
	       strcmp(p->next_module, sym->module);
}

static bool all_settled(const struct ksyms *k, const struct places *text,
			const struct places *data)
{
	const struct place *sym = NULL;
	size_t i;

	for (i = 0; i < text->wanted->n; i++) {
		if (text->v[i].name.len)
			sym = &text->v[i];
		if (!is_settled(k, text->wanted->v[i], sym ? sym->address : 0,
				sym ? sym->module : "", text->v[i].next_module))
			return false;
	}
	for (sym = NULL, i = 0; i < data->wanted->n; i++) {
		if (data->v[i].name.len)
			sym = &data->v[i];
		if (!is_object_settled(sym, &data->v[i], data->wanted->v[i]))
			return false;
	}
	return true;
}

/*
 * Whether an object reaches as far as the address. What the last symbol of a
 * module names ends with its page, for all that is known.
 */
static bool object_reaches(const struct ksyms *k, const struct place *sym, const struct place *p,
			   uint64_t address)
{
	if (!sym)
		return false;
	if (!*sym->module)
		return !k->kernel_end || address < k->kernel_end;
	return (p->next && !strcmp(p->next_module, sym->module)) || address - sym->address < PAGE;
}

static void learn_objects(struct ksyms *k, const struct places *data)
{
	const struct numbers *wanted = data->wanted;
	const struct place *last = NULL;
	struct ksym *sym;
	size_t i;

	for (i = 0; i < wanted->n; i++) {
		if (data->v[i].name.len)
			last = &data->v[i];
		if (object_reaches(k, last, &data->v[i], wanted->v[i]))
			sym = new_symbol(k, last->name.p, last->module,
					 wanted->v[i] - last->address);
		else
			sym = new_symbol(k, NULL, NULL, 0);
		map_set(&k->objects, wanted->v[i], sym);
	}
}

static void learn_text(struct ksyms *k, const struct places *text)
{
	const struct numbers *wanted = text->wanted;
	const struct place *last = NULL;
	size_t i;

	/* A symbol is the best for later addresses too, until a better one. */
	for (i = 0; i < wanted->n; i++) {
		if (text->v[i].name.len)
			last = &text->v[i];
		if (last)
			learn(k, wanted->v[i], last->name.p, last->module, last->address);
		else
			learn(k, wanted->v[i], NULL, NULL, 0);
	}
}

static void scan(struct ksyms *k, struct kallsyms *from, const struct places *text,
		 const struct places *data)
{
	struct ksym_line sym;

	ksyms_told_begin(k);
	while (kallsyms_next(from, &sym)) {
		if (k->nr_told_objects && names_object(&sym))
			ksyms_told_offer(k, &sym);
		if (data->wanted->n)
			offer_place(k, data, &sym, names_object(&sym));
		if (text->wanted->n && ksym_names_text(&sym) && !ksym_is_stale(&sym, &k->modules))
			offer_place(k, text, &sym, true);
	}
	k->kernel_end = from->kernel_end;
	k->hidden = !from->shown;
	spread_next(text);
	spread_next(data);
}

static void make_places(struct places *places, const struct numbers *wanted)
{
	places->wanted = wanted;
	places->v = zalloc(wanted->n * sizeof(*places->v));
}

static void free_places(struct places *places)
{
	size_t i;

	for (i = 0; i < places->wanted->n; i++)
		buf_free(&places->v[i].name);
	free(places->v);
}

/* Return: whether that is the end of it; if not, the cache was not enough. */
static bool resolve_from(struct ksyms *k, struct kallsyms *from)
{
	struct places text;
	struct places data;
	bool done;

	make_places(&text, &k->wanted);
	make_places(&data, &k->wanted_objects);
	modules_read(&k->modules, k->modules_path);
	scan(k, from, &text, &data);
	done = !from->cached || all_settled(k, &text, &data);
	if (done) {
		learn_text(k, &text);
		learn_objects(k, &data);
	}
	free_places(&text);
	free_places(&data);
	kallsyms_close(from);
	return done;
}

/**
 * ksyms_resolve() - Name all wanted addresses by one pass over kallsyms.
 *
 * Memory: 100 bytes and a name for each address.
 */
void ksyms_resolve(struct ksyms *k)
{
	struct kallsyms from;

	numbers_sort_unique(&k->wanted);
	numbers_sort_unique(&k->wanted_objects);
	if ((!k->wanted.n && !k->wanted_objects.n && !k->nr_told_objects) ||
	    kallsyms_open(&from, k->path))
		return;
	if (!resolve_from(k, &from) && !kallsyms_open_live(&from, k->path))
		resolve_from(k, &from);
	ksyms_told_end(k);
	k->wanted.n = 0;
	k->wanted_objects.n = 0;
}

/** ksyms_load_from() - Load every text symbol of an open file, and close it. */
void ksyms_load_from(struct ksyms *k, struct kallsyms *from)
{
	ksym_all_free(&k->all);
	modules_read(&k->modules, k->modules_path);
	ksym_all_read(&k->all, from, &k->modules);
	k->kernel_end = from->kernel_end;
	k->all_cached = from->cached;
	k->hidden = !from->shown;
	kallsyms_close(from);
}

/**
 * ksyms_load_all() - Load every text symbol: some 40 bytes for each.
 *
 * Those of code generated at run time follow when ksyms_find() needs them.
 */
void ksyms_load_all(struct ksyms *k)
{
	struct kallsyms from;

	if (!k->all.n && !kallsyms_open(&from, k->path))
		ksyms_load_from(k, &from);
}

/** ksyms_load_live() - Load every text symbol, those of code generated at run time included. */
void ksyms_load_live(struct ksyms *k)
{
	struct kallsyms from;

	if ((!k->all.n || k->all_cached || ksyms_are_old(k)) && !kallsyms_open_live(&from, k->path))
		ksyms_load_from(k, &from);
}

/** ksyms_are_old() - Return: whether a module came since all symbols were loaded. */
bool ksyms_are_old(struct ksyms *k)
{
	return modules_came(&k->modules, k->modules_path);
}

/** ksyms_want() - Have @address named by the next ksyms_resolve(). */
void ksyms_want(struct ksyms *k, uint64_t address)
{
	if (!map_get(&k->known, address))
		numbers_add(&k->wanted, address);
}

/** ksyms_want_object() - The same for the address of data. */
void ksyms_want_object(struct ksyms *k, uint64_t address)
{
	if (!map_get(&k->objects, address))
		numbers_add(&k->wanted_objects, address);
}

static void find_in_all(struct ksyms *k, uint64_t address)
{
	const char *name;
	const char *module;
	uint64_t at;

	name = ksym_all_find(&k->all, address, &at);
	module = name ? name + strlen(name) + 1 : NULL;
	if (k->all_cached && !is_settled(k, address, name ? at : 0, name ? module : "",
					 ksym_all_next_module(&k->all, address))) {
		ksyms_load_live(k);
		name = ksym_all_find(&k->all, address, &at);
		module = name ? name + strlen(name) + 1 : NULL;
	}
	learn(k, address, name, module, at);
}

/** ksyms_find() - Return: what is known of an address, or NULL. */
const struct ksym *ksyms_find(struct ksyms *k, uint64_t address)
{
	const struct ksym *sym = map_get(&k->known, address);

	if (sym)
		return sym;
	if (k->all.n)
		find_in_all(k, address);
	return map_get(&k->known, address);
}
