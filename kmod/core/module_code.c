// SPDX-License-Identifier: GPL-2.0
/*
 * Following the allocations of one module. The addresses of its code are a
 * parameter, or learned when the module is loaded. Its objects are followed
 * beyond its unload.
 *
 * Locking: parts change before new code runs and after old code has stopped
 * running; handlers read them without a lock. The notifier takes no lock:
 * a source's release unregisters it under the session's.
 */
#include <linux/module.h>
#include <linux/string.h>

#include "compat/module_text.h"
#include "core/module_code.h"
#include "core/refuse.h"

enum { PART_TEXT, PART_INIT };

static void part_set(struct kobs_module_part *r, unsigned long from,
		     unsigned long size)
{
	WRITE_ONCE(r->size, 0);
	smp_wmb(); /* No reader may see the old size with the new start. */
	WRITE_ONCE(r->from, from);
	smp_wmb(); /* Nor the new size with the old start. */
	WRITE_ONCE(r->size, size);
}

static void module_coming(struct kobs_module_code *m, const struct module *mod)
{
	unsigned long from;
	unsigned long size;

	size = kobs_module_text(mod, &from);
	part_set(&m->parts[PART_TEXT], from, size);
	size = kobs_module_init_text(mod, &from);
	part_set(&m->parts[PART_INIT], from, size);
	WRITE_ONCE(m->s->targets, 1);
}

/* Clear the parts from @first on. */
static void module_forget(struct kobs_module_code *m, unsigned int first)
{
	unsigned int i;

	for (i = first; i < KOBS_MODULE_PARTS; i++)
		part_set(&m->parts[i], 0, 0);
}

static int module_changes(struct notifier_block *nb, unsigned long state,
			  void *data)
{
	struct kobs_module_code *m = container_of(nb, struct kobs_module_code,
						  modules);
	const struct module *mod = data;

	if (strcmp(mod->name, m->name))
		return NOTIFY_DONE;
	switch (state) {
	case MODULE_STATE_COMING:
		module_forget(m, 0);
		module_coming(m, mod);
		break;
	case MODULE_STATE_LIVE:
		/* Its initialization code will be freed. */
		module_forget(m, PART_INIT);
		break;
	case MODULE_STATE_GOING:
		module_forget(m, 0);
		WRITE_ONCE(m->s->targets, 0);
		break;
	}
	return NOTIFY_DONE;
}

static int module_parts(struct kobs_module_code *m, const struct kobs_value *text,
			struct netlink_ext_ack *extack)
{
	const u64 *a = text->addresses;
	unsigned int i;

	for (i = 0; i + 1 < text->number; i += 2) {
		if (a[i] >= a[i + 1])
			break;
		part_set(&m->parts[i / 2], a[i], a[i + 1] - a[i]);
	}
	if (i == text->number)
		return 0;
	return kobs_refuse(extack, -EINVAL,
			   "module_text must be pairs of addresses, each from a lower to a higher one");
}

/**
 * kobs_module_code_init() - follow the module of a parameter, if given
 * @m: code of the module, zeroed
 * @s: session, whose targets are set if a module is given
 * @name: parameter module
 * @text: parameter module_text, KOBS_MODULE_PARTS pairs at most
 * @extack: says why not
 *
 * Context: task, may sleep; the session's change lock is held.
 * Return: 0, or -EINVAL for parameters that do not fit together.
 */
int kobs_module_code_init(struct kobs_module_code *m, struct kobs_session *s,
			  const struct kobs_value *name,
			  const struct kobs_value *text,
			  struct netlink_ext_ack *extack)
{
	int err;

	if (!name->given)
		return text->given ? kobs_refuse(extack, -EINVAL,
						 "module_text needs module") :
				     0;
	m->s = s;
	strscpy(m->name, name->text, sizeof(m->name));
	strreplace(m->name, '-', '_');
	err = text->given ? module_parts(m, text, extack) : 0;
	if (err)
		return err;
	m->on = true;
	s->targets = text->given;
	m->modules.notifier_call = module_changes;
	register_module_notifier(&m->modules);
	return 0;
}

/**
 * kobs_module_code_free() - undo kobs_module_code_init()
 * @m: code of the module
 *
 * Context: task, may sleep; the session's change lock is held.
 */
void kobs_module_code_free(struct kobs_module_code *m)
{
	if (m->on)
		unregister_module_notifier(&m->modules);
}
