// SPDX-License-Identifier: GPL-2.0
/*
 * Names that the kernel tells with the addresses that it recorded: those of
 * modules, which can be gone, and their addresses another module's. Everything
 * in obsctl goes by numbers, so each name of an address has one: the address
 * itself for the first name, others, which are no addresses, for further ones.
 *
 * Of several symbols of data at one address the kernel tells the first, which can
 * be that of a lock's class. While the module is where it was, which the name
 * that was told shows, the best of them is taken.
 */

#include <stdlib.h>
#include <string.h>

#include "symbols/ksyms.h"

/* Data that a symbol of a module begins or contains. */
struct told_object {
	uint64_t	start;		/* of the symbol */
	struct ksym	*sym;		/* in ksyms.objects */
	const char	*best;
	int		rank;
	bool		there;		/* the symbol is */
};

/* The upper bits of a number in place of an address; those of an address are all set. */
#define UPPER_SHIFT	48
#define UPPER		0x8000ull
#define UPPER_MAX	0x4000

/** ksyms_address() - Return: the address that ksyms_tell() gave a number for. */
uint64_t ksyms_address(const struct ksyms *k, uint64_t word)
{
	/* Bit 63 without bit 62: no address of a kernel is so, but hardware says anything. */
	return word >> 62 == 2 && map_get(&k->told, word) ? word | ~0ull << UPPER_SHIFT : word;
}

static uint64_t word_of(uint64_t address, unsigned int nth)
{
	if (!nth)
		return address;
	return (UPPER + nth - 1) << UPPER_SHIFT | (address & ((1ull << UPPER_SHIFT) - 1));
}

static int compare_objects(const void *a, const void *b)
{
	const struct told_object *x = a;
	const struct told_object *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static void add_object(struct ksyms *k, uint64_t word)
{
	struct ksym *sym = map_get(&k->objects, word);
	struct told_object *new;

	if (!sym || !sym->name || !*sym->module)
		return;
	k->told_objects = grow(k->told_objects, &k->cap_told_objects, k->nr_told_objects + 1,
			       sizeof(*k->told_objects));
	new = &k->told_objects[k->nr_told_objects++];
	*new = (struct told_object){
		.start = ksyms_address(k, word) - sym->offset, .sym = sym, .rank = -1,
	};
}

/** ksyms_told_begin() - Begin a pass over all symbols: what was told of data can be improved. */
void ksyms_told_begin(struct ksyms *k)
{
	size_t i;

	if (k->nr_told_objects)
		qsort(k->told_objects, k->nr_told_objects, sizeof(*k->told_objects),
		      compare_objects);
	for (i = 0; i < k->nr_told_objects; i++) {
		k->told_objects[i].rank = -1;
		k->told_objects[i].there = false;
	}
}

static size_t first_object(const struct ksyms *k, uint64_t start)
{
	size_t lo = 0;
	size_t n = k->nr_told_objects;

	while (n) {
		size_t half = n / 2;

		if (k->told_objects[lo + half].start < start) {
			lo += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return lo;
}

/** ksyms_told_offer() - A symbol of data. */
void ksyms_told_offer(struct ksyms *k, const struct ksym_line *sym)
{
	size_t i = first_object(k, sym->address);

	for (; i < k->nr_told_objects && k->told_objects[i].start == sym->address; i++) {
		struct told_object *o = &k->told_objects[i];
		int rank = ksym_rank(sym);

		if (strcmp(o->sym->module, sym->module))
			continue;
		o->there |= !strcmp(o->sym->name, sym->name);
		if (rank <= o->rank)
			continue;
		o->rank = rank;
		o->best = pool_intern(&k->names, sym->name);
	}
}

/** ksyms_told_end() - The pass has ended. */
void ksyms_told_end(struct ksyms *k)
{
	size_t i;

	for (i = 0; i < k->nr_told_objects; i++)
		if (k->told_objects[i].there)
			k->told_objects[i].sym->name = k->told_objects[i].best;
	k->nr_told_objects = 0;
}

/* Take "name+0x1f [module]" apart. What has no name begins with "[". */
static void learn(struct ksyms *k, uint64_t word, const char *text, bool object)
{
	char *name = copy_string(text);
	char *module = strstr(name, " [");
	uint64_t offset = 0;
	char *at;

	if (!strncmp(text, "[unknown]", 9) || (object && *text == '[')) {
		ksyms_know(k, word, NULL, NULL, 0, object);
	} else if (*text == '[' || !module) {
		ksyms_know(k, word, text, NULL, 0, object);
	} else {
		*module = 0;
		module += 2;
		module[strcspn(module, "]")] = 0;
		at = strrchr(name, '+');
		if (at) {
			*at = 0;
			offset = strtoull(at + 1, NULL, 16);
		}
		ksyms_know(k, word, name, module, offset, object);
	}
	free(name);
}

static void learn_told(struct ksyms *k, uint64_t word, const char *text, bool object)
{
	learn(k, word, text, object);
	if (object)
		add_object(k, word);
}

/**
 * ksyms_tell() - Take the name that an address had when it was recorded.
 * @object: it is one of data
 *
 * Return: the number by which all else knows the address with this name.
 */
uint64_t ksyms_tell(struct ksyms *k, uint64_t address, const char *text, bool object)
{
	const struct map *known = object ? &k->objects : &k->known;
	unsigned int nth;

	for (nth = 0; nth <= UPPER_MAX; nth++) {
		uint64_t word = word_of(address, nth);
		const char *told = map_get(&k->told, word);

		if (told && !strcmp(told, text)) {
			/* It can have been told as the other of code and data. */
			if (!map_get(known, word))
				learn_told(k, word, text, object);
			return word;
		}
		if (told || map_get(known, word))
			continue;
		map_set(&k->told, word, (void *)pool_intern(&k->names, text));
		learn_told(k, word, text, object);
		return word;
	}
	return address;
}

/**
 * ksyms_told_object() - Name data whose name was told as that of code, as a stack's frames are.
 *
 * Return: whether one was told.
 */
bool ksyms_told_object(struct ksyms *k, uint64_t word)
{
	const char *told = map_get(&k->told, word);

	if (told && !map_get(&k->objects, word))
		learn_told(k, word, told, true);
	return told;
}
