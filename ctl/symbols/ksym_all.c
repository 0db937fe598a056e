// SPDX-License-Identifier: GPL-2.0
/* All text symbols of the kernel or of a module, in memory, sorted by address. */

#include <stdlib.h>
#include <string.h>

#include "lib/macros.h"
#include "symbols/ksym_all.h"

/* "name.13": a static variable of a function, such as a lock's class, which can have no size. */
static bool is_local(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && dot[1] && dot[1 + strspn(dot + 1, "0123456789")] == 0;
}

/* Entries of system calls for processes of another word size, at the address of the usual one. */
static bool is_compat(const char *name)
{
	static const char *const prefixes[] = { "__ia32_", "__x32_", "compat_", "__se_compat_" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (*name == *prefixes[i] && !strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

/** ksym_rank() - Of symbols at one address, the global one with the plainest name is best. */
int ksym_rank(const struct ksym_line *sym)
{
	int rank = (sym->type == 'T' ? 8 : 0) + (is_compat(sym->name) ? 0 : 4);

	if (is_local(sym->name))
		return rank;
	rank++;
	if (*sym->name != '_')
		rank += 2;
	else if (sym->name[1] != '_')
		rank++;
	return rank;
}

/** ksym_lower_bound() - Return: the index of the first sorted address not below @address. */
size_t ksym_lower_bound(const uint64_t *v, size_t n, uint64_t address)
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

/** ksym_names_text() - Whether a symbol is one of code, and its address is shown. */
bool ksym_names_text(const struct ksym_line *sym)
{
	return ksym_is_text(sym->type) && sym->address;
}

/**
 * ksym_is_stale() - Whether a module's symbol lies outside of the module.
 *
 * ftrace goes on listing what was in its init code, whose memory another module
 * can have by now. A module that is being loaded has that code. Who may see symbols
 * but not where modules are sees them at 0.
 */
bool ksym_is_stale(const struct ksym_line *sym, struct modules *modules)
{
	const struct module *m = *sym->module ? modules_find(modules, sym->module) : NULL;

	return m && m->start && m->live && (sym->address < m->start || sym->address >= m->end);
}

/* Of symbols at one address the first one read comes first, as in a report. */
static int compare_all(const void *a, const void *b, void *arg)
{
	const uint64_t *address = arg;
	uint32_t i = *(const uint32_t *)a;
	uint32_t k = *(const uint32_t *)b;

	if (address[i] != address[k])
		return address[i] > address[k] ? 1 : -1;
	return i > k ? 1 : -1;
}

static void sort_all(struct ksym_all *all)
{
	uint32_t *order = zalloc(all->n * sizeof(*order));
	uint64_t *address = zalloc(all->n * sizeof(*address));
	uint32_t *text = zalloc(all->n * sizeof(*text));
	size_t i;

	for (i = 0; i < all->n; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, all->n, sizeof(*order), compare_all, all->address);
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

/** ksym_all_read() - Read all text symbols. */
void ksym_all_read(struct ksym_all *all, struct kallsyms *from, struct modules *modules)
{
	struct ksym_line sym;

	while (kallsyms_next(from, &sym))
		if (ksym_names_text(&sym) && !ksym_is_stale(&sym, modules))
			add_to_all(all, &sym);
	sort_all(all);
}

/** ksym_all_next_module() - Return: the module of the next symbol after an address, or NULL. */
const char *ksym_all_next_module(const struct ksym_all *all, uint64_t address)
{
	size_t i = ksym_lower_bound(all->address, all->n, address + 1);
	const char *name;

	if (i == all->n)
		return NULL;
	name = all->blob.p + all->text[i] + 1;
	return name + strlen(name) + 1;
}

void ksym_all_free(struct ksym_all *all)
{
	free(all->address);
	free(all->text);
	buf_free(&all->blob);
	memset(all, 0, sizeof(*all));
}

/**
 * ksym_all_find() - Find the best symbol at or before an address.
 * @at: set to its address
 *
 * Return: its name, with that of its module after the NUL; NULL if there is none.
 */
const char *ksym_all_find(const struct ksym_all *all, uint64_t address, uint64_t *at)
{
	size_t i = ksym_lower_bound(all->address, all->n, address + 1);
	const char *best = NULL;
	int most = -1;

	*at = i ? all->address[i - 1] : 0;
	for (; i && all->address[i - 1] == *at; i--) {
		const char *text = all->blob.p + all->text[i - 1];
		struct ksym_line sym = { .type = *text, .name = text + 1 };
		int rank = ksym_rank(&sym);

		if (rank >= most) {
			most = rank;
			best = sym.name;
		}
	}
	return best;
}

/**
 * ksyms_find_module() - Find the pages that have a module's code.
 * Return: whether it is loaded and has any.
 */
bool ksyms_find_module(const char *module, uint64_t *start, uint64_t *end)
{
	const uint64_t page = 4096;
	struct ksym_line sym;
	struct kallsyms k;

	*start = UINT64_MAX;
	*end = 0;
	if (kallsyms_open_live(&k, kallsyms_path()))
		return false;
	while (kallsyms_next(&k, &sym)) {
		if (!ksym_names_text(&sym) || strcmp(sym.module, module))
			continue;
		if (sym.address < *start)
			*start = sym.address & ~(page - 1);
		if (sym.address >= *end)
			*end = (sym.address | (page - 1)) + 1;
	}
	kallsyms_close(&k);
	return *end;
}
