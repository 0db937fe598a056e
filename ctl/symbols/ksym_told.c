// SPDX-License-Identifier: GPL-2.0
/*
 * Names that the kernel tells with the addresses that it recorded: those of
 * modules, which can be gone, and their addresses another module's. Everything
 * in obsctl goes by numbers, so each name of an address has one: the address
 * itself for the first name, others, which are no addresses, for further ones.
 */

#include <stdlib.h>
#include <string.h>

#include "symbols/ksyms.h"

/* The upper bits of a number in place of an address; those of an address are all set. */
#define UPPER_SHIFT	48
#define UPPER		0x8000ull
#define UPPER_MAX	0x4000

/** ksyms_address() - Return: the address that ksyms_tell() gave a number for. */
uint64_t ksyms_address(uint64_t word)
{
	/* Bit 63 without bit 62: no address of a kernel is so. */
	return word >> 62 == 2 ? word | ~0ull << UPPER_SHIFT : word;
}

static uint64_t word_of(uint64_t address, unsigned int nth)
{
	if (!nth)
		return address;
	return (UPPER + nth - 1) << UPPER_SHIFT | (address & ((1ull << UPPER_SHIFT) - 1));
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

		if (told && !strcmp(told, text))
			return word;
		if (told || map_get(known, word))
			continue;
		map_set(&k->told, word, (void *)pool_intern(&k->names, text));
		learn(k, word, text, object);
		return word;
	}
	return address;
}
