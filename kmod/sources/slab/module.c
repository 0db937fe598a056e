// SPDX-License-Identifier: GPL-2.0
/*
 * Source slab: following the allocations of one module. The addresses of its
 * code are a parameter, or learned when the module is loaded. Its objects are
 * followed beyond its unload; names of sites are saved before it.
 *
 * Locking: ranges change before new code runs and after old code has stopped
 * running; handlers read them without a lock. kobs_slab.symbol_lock protects
 * the names, which are kept until the session is released. The notifier takes
 * no other lock: release unregisters it under the session's.
 */
#include <linux/kallsyms.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat/module_text.h"
#include "core/refuse.h"
#include "sources/slab/slab.h"

/**
 * struct kobs_slab_symbol - name of an address whose code has gone
 * @node: in kobs_slab.symbols
 * @address: the address
 * @name: name+offset [module]
 */
struct kobs_slab_symbol {
	struct list_head node;
	u64 address;
	char name[];
};

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

static struct kobs_slab_symbol *symbol_find(struct kobs_slab *sl, u64 address)
{
	struct kobs_slab_symbol *sym;

	lockdep_assert_held(&sl->symbol_lock);
	list_for_each_entry(sym, &sl->symbols, node) {
		if (sym->address == address)
			return sym;
	}
	return NULL;
}

static void symbol_note(struct kobs_slab *sl, u64 address)
{
	struct kobs_slab_symbol *sym;
	size_t len;
	char *name;
	char *size;

	lockdep_assert_held(&sl->symbol_lock);
	if (symbol_find(sl, address))
		return;
	name = kmalloc(KSYM_SYMBOL_LEN, GFP_KERNEL);
	if (!name)
		return;
	sprint_symbol(name, address);
	/* In obsctl's form: without the size of the function. */
	size = strchr(name, '/');
	if (size)
		memmove(size, size + strcspn(size, " "),
			strlen(size + strcspn(size, " ")) + 1);
	len = strlen(name) + 1;
	sym = kmalloc(struct_size(sym, name, len), GFP_KERNEL);
	if (sym) {
		sym->address = address;
		memcpy(sym->name, name, len);
		list_add_tail(&sym->node, &sl->symbols);
	}
	kfree(name);
}

/* Index of the site in a key, or -1. */
static int site_word(const struct kobs_slab *sl)
{
	unsigned int i;

	for (i = 0; i < sl->s->n_words; i++) {
		if (sl->s->gather[i] == SLAB_W_SITE)
			return i;
	}
	return -1;
}

/* Code is unloaded: save the names of sites in it. */
static void range_names(struct kobs_slab *sl, const struct kobs_slab_range *r)
{
	int word = site_word(sl);
	u32 group;

	if (!sl->groups.slots || word < 0 || !r->size)
		return;
	mutex_lock(&sl->symbol_lock);
	for (group = 0; group <= sl->groups.mask; group++) {
		const u64 *key = kobs_group_table_key(&sl->groups, group);

		if (key && key[word] - r->from < r->size)
			symbol_note(sl, key[word]);
		cond_resched();
	}
	mutex_unlock(&sl->symbol_lock);
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

	for (i = first; i < SLAB_RANGES; i++) {
		range_names(sl, &sl->ranges[i]);
		range_set(&sl->ranges[i], 0, 0);
	}
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
 * Context: task, may sleep; the session's lock is held.
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
 * Context: task, may sleep; the session's lock is held.
 */
void kobs_slab_module_free(struct kobs_slab *sl)
{
	struct kobs_slab_symbol *next;
	struct kobs_slab_symbol *sym;

	if (sl->in_module)
		unregister_module_notifier(&sl->modules);
	list_for_each_entry_safe(sym, next, &sl->symbols, node)
		kfree(sym);
}

/**
 * kobs_slab_symbol() - name of an address whose code has gone
 * @s: session
 * @address: address
 *
 * Context: task, may sleep; the session's lock is held.
 * Return: the name, or NULL when there is none.
 */
const char *kobs_slab_symbol(struct kobs_session *s, u64 *address)
{
	struct kobs_slab *sl = s->priv;
	struct kobs_slab_symbol *sym;

	if (!sl->in_module)
		return NULL;
	mutex_lock(&sl->symbol_lock);
	sym = symbol_find(sl, *address);
	mutex_unlock(&sl->symbol_lock);
	return sym ? sym->name : NULL;
}
