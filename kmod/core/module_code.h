/* SPDX-License-Identifier: GPL-2.0 */
/* The code of one module, for sources that follow what it allocates (module_code.c). */
#ifndef KOBS_MODULE_CODE_H
#define KOBS_MODULE_CODE_H

#include <linux/compiler.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include "core/session.h"

struct netlink_ext_ack;

/* Code ranges of a module, which can be in several parts. */
#define KOBS_MODULE_PARTS	4

/**
 * struct kobs_module_part - a range of code
 * @from: first address
 * @size: bytes; 0 for none
 */
struct kobs_module_part {
	unsigned long from;
	unsigned long size;
};

/**
 * struct kobs_module_code - the code of a module
 * @on: only what this module allocates
 * @parts: its code
 * @s: session, whose number of targets says whether the module is loaded
 * @modules: notifier of modules
 * @name: name of the module
 */
struct kobs_module_code {
	bool on;
	struct kobs_module_part parts[KOBS_MODULE_PARTS];
	struct kobs_session *s;
	struct notifier_block modules;
	char name[MODULE_NAME_LEN];
};

int kobs_module_code_init(struct kobs_module_code *m, struct kobs_session *s,
			  const struct kobs_value *name,
			  const struct kobs_value *text,
			  struct netlink_ext_ack *extack);
void kobs_module_code_free(struct kobs_module_code *m);

/**
 * kobs_module_code_has() - whether an address is in the module's code
 * @m: code of the module
 * @site: address
 *
 * Context: any, NMI included.
 * Return: true when it is.
 */
static __always_inline bool
kobs_module_code_has(const struct kobs_module_code *m, unsigned long site)
{
	unsigned int i;

	for (i = 0; i < KOBS_MODULE_PARTS; i++) {
		if (site - READ_ONCE(m->parts[i].from) <
		    READ_ONCE(m->parts[i].size))
			return true;
	}
	return false;
}

#endif /* KOBS_MODULE_CODE_H */
