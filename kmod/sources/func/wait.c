// SPDX-License-Identifier: GPL-2.0
/*
 * Source func: functions of modules that are loaded while a session runs. The
 * session has patterns, which a module's symbols are compared with when it
 * comes: its code is in place then, and none of it has run.
 *
 * Locking: the patterns are constant but for marks, which the notifier of modules
 * changes, under struct kobs_func.lock.
 */
#include <linux/err.h>
#include <linux/glob.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat/module_symbols.h"
#include "hooks/deny.h"
#include "hooks/ftrace.h"
#include "sources/func/func.h"

/**
 * struct kobs_func_pattern - which functions to take
 * @module: pattern of the module's name, or NULL for any
 * @glob: pattern of the function's name
 * @exclude: do not take those that match
 * @exact: @glob has no wildcard
 * @found: the module has a function of just this name
 */
struct kobs_func_pattern {
	const char *module;
	const char *glob;
	bool exclude;
	bool exact;
	bool found;
};

/**
 * struct kobs_func_wait - what a session waits for
 * @text: text that @patterns point into
 * @n: number of @patterns
 * @patterns: patterns
 */
struct kobs_func_wait {
	char *text;
	unsigned int n;
	struct kobs_func_pattern patterns[];
};

static bool pattern_parse(struct kobs_func_pattern *p, char *word)
{
	char *colon;

	p->exclude = *word == '!';
	word += p->exclude;
	colon = strchr(word, ':');
	if (colon) {
		*colon = '\0';
		p->module = word;
		word = colon + 1;
	}
	p->glob = word;
	p->exact = !strpbrk(word, "*?[");
	return *word && (!colon || *p->module);
}

/**
 * kobs_func_wait_new() - prepare to wait
 * @text: patterns, separated by single spaces
 *
 * Context: task, may sleep.
 * Return: for the functions below; ERR_PTR of -ENOMEM or -EINVAL (a pattern).
 */
struct kobs_func_wait *kobs_func_wait_new(const char *text)
{
	struct kobs_func_wait *w;
	unsigned int n = 1;
	const char *c;
	char *rest;
	char *word;

	for (c = text; *c; c++)
		n += *c == ' ';
	w = kvzalloc(struct_size(w, patterns, n), GFP_KERNEL);
	if (!w)
		return ERR_PTR(-ENOMEM);
	w->text = kstrdup(text, GFP_KERNEL);
	rest = w->text;
	while ((word = strsep(&rest, " "))) {
		if (pattern_parse(&w->patterns[w->n++], word))
			continue;
		kobs_func_wait_free(w);
		return ERR_PTR(-EINVAL);
	}
	if (w->text)
		return w;
	kobs_func_wait_free(w);
	return ERR_PTR(-ENOMEM);
}

/**
 * kobs_func_wait_free() - undo kobs_func_wait_new()
 * @w: its result
 *
 * Context: task.
 */
void kobs_func_wait_free(struct kobs_func_wait *w)
{
	kfree(w->text);
	kvfree(w);
}

/* Whether a symbol is what the compiler made of a function of this name. */
static bool is_clone(const char *name, const char *function)
{
	static const char * const suffixes[] = {
		".isra.", ".constprop.", ".part.", ".llvm."
	};
	size_t len = strlen(function);
	unsigned int i;

	if (strncmp(name, function, len))
		return false;
	/* Since 6.10 an allocation function is a macro around this one. */
	if (!strcmp(name + len, "_noprof"))
		return true;
	for (i = 0; i < ARRAY_SIZE(suffixes); i++) {
		if (strstarts(name + len, suffixes[i]))
			return true;
	}
	return false;
}

/* Whether a function is wanted; @clones: by the name that it is a clone of. */
static bool wait_wants(struct kobs_func_wait *w, const struct module *mod,
		       const char *name, bool clones)
{
	bool wanted = false;
	unsigned int i;

	for (i = 0; i < w->n; i++) {
		struct kobs_func_pattern *p = &w->patterns[i];
		bool match = glob_match(p->glob, name);
		bool clone = p->exact && !match && is_clone(name, p->glob);

		if ((p->module && !glob_match(p->module, mod->name)) ||
		    (!match && !clone))
			continue;
		if (p->exclude)
			return false;
		p->found |= match && p->exact;
		wanted |= clones ? clone && !p->found : match;
	}
	return wanted;
}

/* Padding in front of a function is a symbol, but no function. */
static bool is_padding(const char *name)
{
	return strstarts(name, "__pfx_") || strstarts(name, "__cfi_") ||
	       *name == '.' || *name == '$';
}

static unsigned int wait_match(struct kobs_func_wait *w,
			       const struct module *mod, unsigned long *ips,
			       unsigned int n, bool clones)
{
	unsigned int all = kobs_module_symbols(mod);
	unsigned int i;

	for (i = 0; i < all; i++) {
		unsigned long ip;
		const char *name = kobs_module_symbol(mod, i, &ip);

		if (name && !is_padding(name) && wait_wants(w, mod, name, clones))
			ips[n++] = ip;
		cond_resched();
	}
	return n;
}

/* Keep those that ftrace can trace, each once. Returns their number or -errno. */
static int wait_choose(unsigned long *ips, unsigned int n)
{
	struct ftrace_ops trial = {};
	unsigned long last = 0;
	unsigned int left = 0;
	unsigned int i;

	kobs_func_sort(ips, n);
	for (i = 0; i < n; i++) {
		int err;

		cond_resched();
		if (ips[i] == last)
			continue;
		last = ips[i];
		if (kobs_func_denied(last))
			continue;
		err = kobs_ftrace_check(&trial, last);
		if (!err)
			ips[left++] = last;
		else if (err != -EINVAL)
			return err;
	}
	return left;
}

/**
 * kobs_func_wait_find() - functions that a module brings
 * @w: what is waited for
 * @mod: module in state MODULE_STATE_COMING
 * @ips: set to the addresses of those that ftrace can trace, in rising order, to
 *       be freed by kvfree()
 *
 * Context: task, in the notifier of modules.
 * Return: their number, or -ENOMEM or -ENODEV (ftrace has disabled itself).
 */
int kobs_func_wait_find(struct kobs_func_wait *w, const struct module *mod,
			unsigned long **ips)
{
	unsigned int n;
	int left;

	/* A function can be found by its name and as a clone. */
	*ips = kvmalloc_array(kobs_module_symbols(mod), 2 * sizeof(**ips),
			      GFP_KERNEL);
	if (!*ips)
		return -ENOMEM;
	for (n = 0; n < w->n; n++)
		w->patterns[n].found = false;
	n = wait_match(w, mod, *ips, 0, false);
	n = wait_match(w, mod, *ips, n, true);
	left = wait_choose(*ips, n);
	if (left > 0)
		return left;
	kvfree(*ips);
	*ips = NULL;
	return left;
}
