/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Address ranges of a module. ac3b43283923 ("module: replace module_layout
 * with module_memory"), first in 6.4, gave each kind of memory its own range.
 */
#ifndef KOBS_COMPAT_MODULE_TEXT_H
#define KOBS_COMPAT_MODULE_TEXT_H

#include <linux/module.h>
#include <linux/pgtable.h>

static inline unsigned long kobs_module_text(const struct module *mod,
					     unsigned long *from)
{
#ifdef KOBS_HAVE_MODULE_MEMORY
	*from = (unsigned long)mod->mem[MOD_TEXT].base;
	return mod->mem[MOD_TEXT].size;
#else
	*from = (unsigned long)mod->core_layout.base;
	return mod->core_layout.text_size;
#endif
}

static inline unsigned long kobs_module_init_text(const struct module *mod,
						  unsigned long *from)
{
#ifdef KOBS_HAVE_MODULE_MEMORY
	*from = (unsigned long)mod->mem[MOD_INIT_TEXT].base;
	return mod->mem[MOD_INIT_TEXT].size;
#else
	*from = (unsigned long)mod->init_layout.base;
	return mod->init_layout.text_size;
#endif
}

/**
 * struct kobs_module_range - memory of a module
 * @from: first address
 * @size: bytes
 */
struct kobs_module_range {
	unsigned long from;
	unsigned long size;
};

/* Ranges of a module: as many as there are kinds of memory. */
#define KOBS_MODULE_RANGES	8

#ifdef KOBS_HAVE_MODULE_MEMORY
static_assert((int)MOD_MEM_NUM_TYPES <= KOBS_MODULE_RANGES);
#endif

/* All of a module's memory, code and data, or only what is freed after its init. */
static inline unsigned int kobs_module_ranges(const struct module *mod, bool init,
					      struct kobs_module_range *range)
{
	unsigned int n = 0;
#ifdef KOBS_HAVE_MODULE_MEMORY
	unsigned int i;

	for (i = init ? MOD_INIT_TEXT : 0; i < MOD_MEM_NUM_TYPES; i++) {
		if (mod->mem[i].size)
			range[n++] = (struct kobs_module_range){
				(unsigned long)mod->mem[i].base, mod->mem[i].size
			};
	}
#else
	if (mod->init_layout.size)
		range[n++] = (struct kobs_module_range){
			(unsigned long)mod->init_layout.base, mod->init_layout.size
		};
	if (init)
		return n;
	range[n++] = (struct kobs_module_range){
		(unsigned long)mod->core_layout.base, mod->core_layout.size
	};
#endif
	return n;
}

/*
 * Whether an address can be one of a module. Where modules share a part of the
 * address space with the kernel, any of the kernel's can.
 */
static inline bool kobs_module_space(u64 address)
{
#ifdef CONFIG_X86_64
	return address >= MODULES_VADDR && address < MODULES_END;
#else
	return address >> 63;
#endif
}

#endif /* KOBS_COMPAT_MODULE_TEXT_H */
