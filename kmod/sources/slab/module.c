// SPDX-License-Identifier: GPL-2.0
/*
 * Source slab: following the allocations of one module. The addresses of its
 * code are a parameter, or learned when the module is loaded. Its objects are
 * followed beyond its unload.
 *
 * Locking: ranges change before new code runs and after old code has stopped
 * running; handlers read them without a lock. The notifier takes no lock:
 * release unregisters it under the session's.
 */
#include <linux/module.h>
#include <linux/string.h>

#include "compat/module_text.h"
#include "core/refuse.h"
#include "sources/slab/slab.h"

enum { RANGE_TEXT, RANGE_INIT };

static void range_set(struct kobs_slab_range *r, unsigned long from,
		      unsigned long size)
{
	WRITE_ONCE(r->size, 0);
	smp_wmb(); /* No reader may see the old size with the new start. */
	WRITE_ONCE(r->from, from);
	smp_wmb(); /* Nor the new size with the old start. */
	WRITE_ONCE(r->size, size);
}

static void module_coming(struct kobs_slab *sl, const struct module *mod)
{
	unsigned long from;
	unsigned long size;

	size = kobs_module_text(mod, &from);
	range_set(&sl->ranges[RANGE_TEXT], from, size);
	size = kobs_module_init_text(mod, &from);
	range_set(&sl->ranges[RANGE_INIT], from, size);
	WRITE_ONCE(sl->s->targets, 1);
}

/* Clear the ranges from @first on. */
static void module_forget(struct kobs_slab *sl, unsigned int first)
{
	unsigned int i;

	for (i = first; i < SLAB_RANGES; i++)
		range_set(&sl->ranges[i], 0, 0);
}

static int slab_module(struct notifier_block *nb, unsigned long state,
		       void *data)
{
	struct kobs_slab *sl = container_of(nb, struct kobs_slab, modules);
	const struct module *mod = data;

	if (strcmp(mod->name, sl->module))
		return NOTIFY_DONE;
	switch (state) {
	case MODULE_STATE_COMING:
		module_forget(sl, 0);
		module_coming(sl, mod);
		break;
	case MODULE_STATE_LIVE:
		/* Its initialization code will be freed. */
		module_forget(sl, RANGE_INIT);
		break;
	case MODULE_STATE_GOING:
		module_forget(sl, 0);
		WRITE_ONCE(sl->s->targets, 0);
		break;
	}
	return NOTIFY_DONE;
}

static int module_ranges(struct kobs_slab *sl, const struct kobs_value *text,
			 struct netlink_ext_ack *extack)
{
	const u64 *a = text->addresses;
	unsigned int i;

	for (i = 0; i + 1 < text->number; i += 2) {
		if (a[i] >= a[i + 1])
			break;
		range_set(&sl->ranges[i / 2], a[i], a[i + 1] - a[i]);
	}
	if (i == text->number)
		return 0;
	return kobs_refuse(extack, -EINVAL,
			   "module_text must be pairs of addresses, each from a lower to a higher one");
}

/**
 * kobs_slab_module_init() - follow the module of the parameter, if given
 * @sl: session
 * @extack: says why not
 *
 * Context: task, may sleep; the session's change lock is held.
 * Return: 0, or -EINVAL for parameters that do not fit together.
 */
int kobs_slab_module_init(struct kobs_slab *sl, struct netlink_ext_ack *extack)
{
	const struct kobs_value *p = sl->s->source_params;
	const struct kobs_value *name = &p[SLAB_P_MODULE];
	const struct kobs_value *text = &p[SLAB_P_MODULE_TEXT];
	int err;

	if (!name->given) {
		sl->s->targets = kobs_slab_hooks(sl);
		return text->given ? kobs_refuse(extack, -EINVAL,
						 "module_text needs module") :
				     0;
	}
	strscpy(sl->module, name->text, sizeof(sl->module));
	strreplace(sl->module, '-', '_');
	err = text->given ? module_ranges(sl, text, extack) : 0;
	if (err)
		return err;
	sl->in_module = true;
	sl->s->targets = text->given;
	sl->modules.notifier_call = slab_module;
	register_module_notifier(&sl->modules);
	return 0;
}

/**
 * kobs_slab_module_free() - undo kobs_slab_module_init()
 * @sl: session
 *
 * Context: task, may sleep; the session's change lock is held.
 */
void kobs_slab_module_free(struct kobs_slab *sl)
{
	if (sl->in_module)
		unregister_module_notifier(&sl->modules);
}
