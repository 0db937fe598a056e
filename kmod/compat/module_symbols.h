/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Symbols of a module that is being loaded, those of its init text included:
 * the kernel keeps all of them until its init has run.
 */
#ifndef KOBS_COMPAT_MODULE_SYMBOLS_H
#define KOBS_COMPAT_MODULE_SYMBOLS_H

#include <linux/elf.h>
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

/**
 * kobs_module_symbols() - number of symbols of a module
 * @mod: module in state MODULE_STATE_COMING, in its notifier
 *
 * Context: task.
 * Return: the number; 0 on a kernel without CONFIG_KALLSYMS.
 */
static inline unsigned int kobs_module_symbols(const struct module *mod)
{
#ifdef CONFIG_KALLSYMS
	return rcu_dereference_protected(mod->kallsyms, true)->num_symtab;
#else
	return 0;
#endif
}

/**
 * kobs_module_symbol() - a symbol of a module that may be a function
 * @mod: module as above
 * @i: its number
 * @address: set to its address
 *
 * Context: task.
 * Return: its name; NULL for a symbol that is not of code.
 */
static inline const char *kobs_module_symbol(const struct module *mod,
					     unsigned int i,
					     unsigned long *address)
{
#ifdef CONFIG_KALLSYMS
	const struct mod_kallsyms *k = rcu_dereference_protected(mod->kallsyms,
								 true);
	const Elf_Sym *sym = &k->symtab[i];
	const char *name = k->strtab + sym->st_name;

	*address = sym->st_value;
	if (sym->st_shndx == SHN_UNDEF || !*name ||
	    !strchr("tTwW", k->typetab[i]))
		return NULL;
	return name;
#else
	return NULL;
#endif
}

#endif /* KOBS_COMPAT_MODULE_SYMBOLS_H */
