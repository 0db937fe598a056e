// SPDX-License-Identifier: GPL-2.0
/* 6.4, ac3b43283923 "module: replace module_layout with module_memory" */
#include <linux/module.h>

void *probe(const struct module *mod);
void *probe(const struct module *mod)
{
	return mod->mem[MOD_INIT_TEXT].base;
}
