/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Address range of a module's code. ac3b43283923 ("module: replace module_layout
 * with module_memory"), first in 6.4, gave each kind of memory its own range.
 */
#ifndef KOBS_COMPAT_MODULE_TEXT_H
#define KOBS_COMPAT_MODULE_TEXT_H

#include <linux/module.h>

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

#endif /* KOBS_COMPAT_MODULE_TEXT_H */
