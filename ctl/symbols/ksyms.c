// SPDX-License-Identifier: GPL-2.0
/*
 * Names of kernel addresses from /proc/kallsyms.
 *
 * A report knows the addresses it needs: they are sorted, and one pass over the
 * file keeps, for each, the last symbol at or before it; nothing else is kept.
 * A stream does not know them before, so it loads all text symbols once.
 *
 * Data has names, too, where it is static: an address belongs to the symbol
 * before it up to the next one. All other data has none.
 *
 * A name that was found is kept, so that it outlives its module. An address
 * that belongs to no module and not to the kernel has no name, however close
 * the symbol before it is.
 */

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/lines.h"
#include "lib/map.h"
#include "symbols/ksyms.h"

void ksyms_init(struct ksyms *k)
{
	const char *path = getenv("OBSCTL_KALLSYMS");
	const char *modules = getenv("OBSCTL_MODULES");

	memset(k, 0, sizeof(*k));
	k->path = path ? path : "/proc/kallsyms";
	k->modules_path = modules ? modules : "/proc/modules";
}

static void free_all(struct ksym_all *all)
{
	free(all->address);
	free(all->text);
	buf_free(&all->blob);
}

void ksyms_free(struct ksyms *k)
{
	map_free(&k->known, free);
	numbers_free(&k->wanted);
	map_free(&k->objects, free);
	numbers_free(&k->wanted_objects);
	pool_free(&k->names);
	free_all(&k->all);
	free(k->modules);
	memset(k, 0, sizeof(*k));
}

bool ksym_is_text(char type)
{
	return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

/* Split "ADDRESS TYPE NAME\t[MODULE]" in place. */
static bool parse_line(char *line, size_t len, struct ksym_line *out)
{
	uint64_t address = 0;
	char *end = line + len;
	char *p = line;
	char *tab;

	for (; p < end && *p != ' '; p++) {
		unsigned int c = (unsigned char)*p;
		unsigned int digit = c <= '9' ? c - '0' : (c | 32) - 'a' + 10;

		if (digit > 15)
			return false;
		address = address << 4 | digit;
	}
	if (p == line || end - p < 4 || p[2] != ' ')
		return false;
	out->address = address;
	out->type = p[1];
	out->name = p + 3;
	out->module = "";
	tab = memchr(p + 3, '\t', (size_t)(end - p - 3));
	if (tab) {
		*tab = 0;
		if (tab[1] == '[' && end[-1] == ']') {
			end[-1] = 0;
			out->module = tab + 2;
		}
	}
	return true;
}

/** ksym_next() - Read the next line of kallsyms that is one. Return: false at the end. */
bool ksym_next(struct lines *l, struct ksym_line *out)
{
	size_t len;
	char *line;

	while ((line = lines_next(l, &len)))
		if (parse_line(line, len, out))
			return true;
	return false;
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

static void load_modules(struct ksyms *k)
{
	struct lines l;
	size_t len;
	char *line;

	k->nr_modules = 0;
	if (lines_open(&l, k->modules_path))
		return;
	while ((line = lines_next(&l, &len))) {
		struct module_range *m;
		char *at = strstr(line, " 0x");
		char *name = line;
		char *size = strchr(line, ' ');

		if (!at || !size)
			continue;
		*size++ = 0;
		k->modules = grow(k->modules, &k->cap_modules, k->nr_modules + 1, sizeof(*m));
		m = &k->modules[k->nr_modules++];
		m->name = pool_intern(&k->names, name);
		m->start = strtoull(at + 1, NULL, 16);
		m->end = m->start + strtoull(size, NULL, 10);
	}
	lines_close(&l);
}

/*
 * Whether the symbol's owner reaches as far as the address. Trampolines and BPF
 * programs have symbols, but no entry in /proc/modules: they fit in a page.
 */
static bool reaches(const struct ksyms *k, const struct ksym *sym, uint64_t address)
{
	size_t i;

	if (!*sym->module)
		return !k->kernel_end || address < k->kernel_end;
	for (i = 0; i < k->nr_modules; i++)
		if (!strcmp(k->modules[i].name, sym->module))
			return address >= k->modules[i].start && address < k->modules[i].end;
	return sym->offset < 4096;
}

/* The best symbol so far for one wanted address. */
struct candidate {
	uint64_t	address;
	const char	*name;
	const char	*module;
	int		rank;
};

/* "name.13": a static variable of a function, such as a lock's class, which can have no size. */
static bool is_local(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && dot[1] && dot[1 + strspn(dot + 1, "0123456789")] == 0;
}

/* Of symbols at one address, the global one with the plainest name. */
static int rank_symbol(const struct ksym_line *sym)
{
	int rank = sym->type == 'T' ? 4 : 0;

	if (is_local(sym->name))
		return rank;
	rank++;
	if (*sym->name != '_')
		rank += 2;
	else if (sym->name[1] != '_')
		rank++;
	return rank;
}

static void offer(struct ksyms *k, struct candidate *c, const struct ksym_line *sym)
{
	int rank = rank_symbol(sym);

	if (c->name && sym->address < c->address)
		return;
	if (c->name && sym->address == c->address && rank <= c->rank)
		return;
	c->address = sym->address;
	c->name = pool_intern(&k->names, sym->name);
	c->module = pool_intern(&k->names, sym->module);
	c->rank = rank;
}

static size_t lower_bound(const uint64_t *v, size_t n, uint64_t address)
{
	size_t lo = 0;

	while (n) {
		size_t half = n / 2;

		if (v[lo + half] < address) {
			lo += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return lo;
}

static void learn(struct ksyms *k, uint64_t address, const char *name, const char *module,
		  uint64_t at)
{
	struct ksym *sym = new_symbol(k, name, module, address - at);

	if (!name || !reaches(k, sym, address)) {
		sym->name = NULL;
		sym->offset = 0;
	}
	map_set(&k->known, address, sym);
}

/* The next symbol; takes note of where the kernel ends. */
static bool next_symbol(struct ksyms *k, struct lines *l, struct ksym_line *sym)
{
	if (!ksym_next(l, sym))
		return false;
	if (sym->name[0] == '_' && !*sym->module && !strcmp(sym->name, "_end"))
		k->kernel_end = sym->address;
	return true;
}

/*
 * Whether a module's symbol lies outside of the module: ftrace goes on listing
 * what was in its init code, whose memory another module can have by now.
 */
static bool is_stale(struct ksyms *k, const struct ksym_line *sym)
{
	const struct module_range *m = k->modules;
	size_t i;

	if (!*sym->module)
		return false;
	/* Symbols of a module stand together. */
	if (k->last_module < k->nr_modules && !strcmp(m[k->last_module].name, sym->module))
		i = k->last_module;
	else
		for (i = 0; i < k->nr_modules && strcmp(m[i].name, sym->module); i++)
			;
	k->last_module = i;
	return i < k->nr_modules && (sym->address < m[i].start || sym->address >= m[i].end);
}

static bool names_text(const struct ksym_line *sym)
{
	return ksym_is_text(sym->type) && sym->address;
}

/* Those of per-CPU variables are offsets: addresses are in the upper half. */
static bool names_object(const struct ksym_line *sym)
{
	return strchr("dDbBrR", sym->type) && (int64_t)sym->address < 0;
}

/* The best symbol for the address of data, and the next one of any kind. */
struct object {
	struct candidate sym;
	uint64_t	next;
	const char	*next_module;
};

static void offer_object(struct ksyms *k, struct object *best, const struct ksym_line *sym)
{
	const struct numbers *wanted = &k->wanted_objects;
	size_t i = lower_bound(wanted->v, wanted->n, sym->address);

	if (i < wanted->n && names_object(sym))
		offer(k, &best[i].sym, sym);
	if (i && (!best[i - 1].next || sym->address < best[i - 1].next)) {
		best[i - 1].next = sym->address;
		best[i - 1].next_module = pool_intern(&k->names, sym->module);
	}
}

/*
 * Whether an object reaches as far as the address. What the last symbol of a
 * module names ends with its page, for all that is known.
 */
static bool object_reaches(const struct ksyms *k, const struct object *o, uint64_t address)
{
	if (!o->sym.name)
		return false;
	if (!*o->sym.module)
		return !k->kernel_end || address < k->kernel_end;
	return (o->next && !strcmp(o->next_module, o->sym.module)) ||
	       address - o->sym.address < 4096;
}

static void learn_objects(struct ksyms *k, struct object *best)
{
	const struct numbers *wanted = &k->wanted_objects;
	struct candidate last = {};
	size_t i;

	/* A symbol is the next one for addresses before, until a nearer one. */
	for (i = wanted->n; i > 1; i--) {
		if (best[i - 2].next)
			continue;
		best[i - 2].next = best[i - 1].next;
		best[i - 2].next_module = best[i - 1].next_module;
	}
	for (i = 0; i < wanted->n; i++) {
		uint64_t address = wanted->v[i];
		struct ksym *sym;

		if (best[i].sym.name)
			last = best[i].sym;
		best[i].sym = last;
		if (object_reaches(k, &best[i], address))
			sym = new_symbol(k, last.name, last.module, address - last.address);
		else
			sym = new_symbol(k, NULL, NULL, 0);
		map_set(&k->objects, address, sym);
	}
	k->wanted_objects.n = 0;
}

/**
 * ksyms_resolve() - Name all wanted addresses by one pass over kallsyms.
 *
 * Memory: 40 bytes and a name for each address.
 */
void ksyms_resolve(struct ksyms *k)
{
	struct candidate *best;
	struct candidate last = {};
	struct object *objects;
	struct ksym_line sym;
	struct lines l;
	size_t i;

	numbers_sort_unique(&k->wanted);
	numbers_sort_unique(&k->wanted_objects);
	if ((!k->wanted.n && !k->wanted_objects.n) || lines_open(&l, k->path))
		return;
	load_modules(k);
	best = zalloc(k->wanted.n * sizeof(*best));
	objects = zalloc(k->wanted_objects.n * sizeof(*objects));
	while (next_symbol(k, &l, &sym)) {
		if (k->wanted_objects.n)
			offer_object(k, objects, &sym);
		if (!names_text(&sym) || is_stale(k, &sym))
			continue;
		i = lower_bound(k->wanted.v, k->wanted.n, sym.address);
		if (i < k->wanted.n)
			offer(k, &best[i], &sym);
	}
	lines_close(&l);
	learn_objects(k, objects);
	free(objects);
	/* A symbol is the best for later addresses too, until a better one. */
	for (i = 0; i < k->wanted.n; i++) {
		if (best[i].name)
			last = best[i];
		learn(k, k->wanted.v[i], last.name, last.module, last.address);
	}
	free(best);
	k->wanted.n = 0;
}

static const struct ksym_all *sorting;

static int compare_all(const void *a, const void *b)
{
	uint64_t x = sorting->address[*(const uint32_t *)a];
	uint64_t y = sorting->address[*(const uint32_t *)b];

	return (x > y) - (x < y);
}

static void sort_all(struct ksym_all *all)
{
	uint32_t *order = zalloc(all->n * sizeof(*order));
	uint64_t *address = zalloc(all->n * sizeof(*address));
	uint32_t *text = zalloc(all->n * sizeof(*text));
	size_t i;

	for (i = 0; i < all->n; i++)
		order[i] = (uint32_t)i;
	sorting = all;
	qsort(order, all->n, sizeof(*order), compare_all);
	for (i = 0; i < all->n; i++) {
		address[i] = all->address[order[i]];
		text[i] = all->text[order[i]];
	}
	free(order);
	free(all->address);
	free(all->text);
	all->address = address;
	all->text = text;
	all->cap = all->n;
	all->cap_text = all->n;
}

static void add_to_all(struct ksym_all *all, const struct ksym_line *sym)
{
	all->address = grow(all->address, &all->cap, all->n + 1, sizeof(*all->address));
	all->text = grow(all->text, &all->cap_text, all->n + 1, sizeof(*all->text));
	all->address[all->n] = sym->address;
	all->text[all->n++] = (uint32_t)all->blob.len;
	buf_putc(&all->blob, sym->type);
	buf_add(&all->blob, sym->name, strlen(sym->name) + 1);
	buf_add(&all->blob, sym->module, strlen(sym->module) + 1);
}

/** ksyms_load_all() - Load every text symbol: some 40 bytes for each. */
void ksyms_load_all(struct ksyms *k)
{
	struct ksym_all *all = &k->all;
	struct ksym_line sym;
	struct lines l;

	if (all->n || lines_open(&l, k->path))
		return;
	load_modules(k);
	while (next_symbol(k, &l, &sym))
		if (names_text(&sym) && !is_stale(k, &sym))
			add_to_all(all, &sym);
	lines_close(&l);
	sort_all(all);
}

/* The best symbol at or before an address, its module behind it; NULL if there is none. */
static const char *find_in_all(const struct ksym_all *all, uint64_t address, uint64_t *at)
{
	size_t i = lower_bound(all->address, all->n, address + 1);
	const char *best = NULL;
	int most = -1;

	*at = i ? all->address[i - 1] : 0;
	for (; i && all->address[i - 1] == *at; i--) {
		const char *text = all->blob.p + all->text[i - 1];
		struct ksym_line sym = { .type = *text, .name = text + 1 };
		int rank = rank_symbol(&sym);

		if (rank > most) {
			most = rank;
			best = sym.name;
		}
	}
	return best;
}

/**
 * ksyms_keep_module() - Read the text symbols of a module, while it is loaded.
 * Return: them, for ksyms.kept and ksyms_free_kept(); NULL when it has none.
 */
struct ksym_kept *ksyms_keep_module(const char *module)
{
	const uint64_t page = 4096;
	struct ksym_kept *kept;
	struct ksym_line sym;
	struct ksyms k;
	struct lines l;

	ksyms_init(&k);
	if (lines_open(&l, k.path))
		return NULL;
	kept = zalloc(sizeof(*kept));
	kept->module = module;
	while (next_symbol(&k, &l, &sym))
		if (names_text(&sym) && !strcmp(sym.module, module))
			add_to_all(&kept->all, &sym);
	lines_close(&l);
	if (!kept->all.n) {
		ksyms_free_kept(kept);
		return NULL;
	}
	sort_all(&kept->all);
	kept->start = kept->all.address[0] & ~(page - 1);
	kept->end = (kept->all.address[kept->all.n - 1] | (page - 1)) + 1;
	return kept;
}

void ksyms_free_kept(struct ksym_kept *kept)
{
	while (kept) {
		struct ksym_kept *next = kept->next;

		free_all(&kept->all);
		free(kept);
		kept = next;
	}
}

/* Whether a module that may be gone by now has the address. */
static bool find_kept(struct ksyms *k, uint64_t address)
{
	const struct ksym_kept *kept;
	const char *name;
	uint64_t at;

	for (kept = k->kept; kept; kept = kept->next) {
		if (address < kept->start || address >= kept->end)
			continue;
		name = find_in_all(&kept->all, address, &at);
		if (!name)
			continue;
		map_set(&k->known, address, new_symbol(k, name, kept->module, address - at));
		return true;
	}
	return false;
}

/** ksyms_want() - Have @address named by the next ksyms_resolve(). */
void ksyms_want(struct ksyms *k, uint64_t address)
{
	if (!map_get(&k->known, address) && !find_kept(k, address))
		numbers_add(&k->wanted, address);
}

/** ksyms_want_object() - The same for the address of data. */
void ksyms_want_object(struct ksyms *k, uint64_t address)
{
	if (!map_get(&k->objects, address))
		numbers_add(&k->wanted_objects, address);
}

/** ksyms_find() - Return: what is known of an address, or NULL. */
const struct ksym *ksyms_find(struct ksyms *k, uint64_t address)
{
	const struct ksym *sym = map_get(&k->known, address);
	const char *name;
	uint64_t at;

	if (sym)
		return sym;
	if (!find_kept(k, address) && k->all.n) {
		name = find_in_all(&k->all, address, &at);
		learn(k, address, name, name ? name + strlen(name) + 1 : NULL, at);
	}
	return map_get(&k->known, address);
}

static void print_unknown(uint64_t address, struct buf *out)
{
	buf_printf(out, "[unknown] 0x%llx", (unsigned long long)address);
}

/** ksyms_print_function() - The name of the function that is entered at @address. */
void ksyms_print_function(struct ksyms *k, uint64_t address, struct buf *out)
{
	const struct ksym *sym = ksyms_find(k, address);

	if (!sym || !sym->name)
		print_unknown(address, out);
	else
		buf_puts(out, sym->name);
}

/** ksyms_print_address() - name+0x1f [module] */
void ksyms_print_address(struct ksyms *k, uint64_t address, struct buf *out)
{
	const struct ksym *sym = ksyms_find(k, address);

	if (!sym || !sym->name) {
		print_unknown(address, out);
		return;
	}
	buf_puts(out, sym->name);
	if (sym->offset)
		buf_printf(out, "+0x%llx", (unsigned long long)sym->offset);
	if (*sym->module)
		buf_printf(out, " [%s]", sym->module);
}

/** ksyms_print_object() - name+0x1f [module], or the address of what has no name */
void ksyms_print_object(struct ksyms *k, uint64_t address, struct buf *out)
{
	const struct ksym *sym = map_get(&k->objects, address);

	if (!sym || !sym->name) {
		buf_printf(out, "0x%llx", (unsigned long long)address);
		return;
	}
	buf_puts(out, sym->name);
	if (sym->offset)
		buf_printf(out, "+0x%llx", (unsigned long long)sym->offset);
	if (*sym->module)
		buf_printf(out, " [%s]", sym->module);
}
