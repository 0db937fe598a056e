// SPDX-License-Identifier: GPL-2.0
/*
 * Source func: functions of modules that are loaded while a session runs. The
 * session has patterns, which a module's symbols are compared with when it
 * comes: its code is in place then, and none of it has run.
 *
 * A module can come to another address than before. So a function has an
 * identity: its name, and the address that it had first, which stands for all
 * that follow. An address that belonged to another function in the same session
 * is not taken: their hits could not be told apart.
 *
 * Locking: the patterns are constant but for marks, which the notifier of modules
 * changes; struct kobs_func_wait.lock protects the names.
 */
#include <linux/err.h>
#include <linux/glob.h>
#include <linux/kallsyms.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "compat/module_symbols.h"
#include "hooks/ftrace.h"
#include "sources/func/func.h"

/* Maximum number of functions that a session remembers. */
#define NAMES_MAX	65536
/* An entry behind a function's first instructions: endbr, bti. */
#define ENTRY_SLACK	16

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
 * struct kobs_func_name - a function that was taken, or was there before
 * @ip: its address
 * @first: the address that it had first
 * @text: its name and its module's
 */
struct kobs_func_name {
	unsigned long ip;
	unsigned long first;
	const char *text;
};

/**
 * struct kobs_func_wait - what a session waits for
 * @text: text that @patterns point into
 * @lock: protects the names
 * @names: functions, by address
 * @n_names: number of @names
 * @room: room in @names
 * @n: number of @patterns
 * @patterns: patterns
 */
struct kobs_func_wait {
	char *text;
	struct mutex lock; /* protects the names */
	struct kobs_func_name *names;
	unsigned int n_names;
	unsigned int room;
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
	mutex_init(&w->lock);
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
	unsigned int i;

	for (i = 0; i < w->n_names; i++)
		kfree(w->names[i].text);
	kvfree(w->names);
	kfree(w->text);
	mutex_destroy(&w->lock);
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

static int compare_ips(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a;
	unsigned long y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

/* Keep those that ftrace can trace, each once. Returns their number or -errno. */
static int wait_choose(unsigned long *ips, unsigned int n)
{
	struct ftrace_ops trial = {};
	unsigned long last = 0;
	unsigned int left = 0;
	unsigned int i;

	sort(ips, n, sizeof(*ips), compare_ips, NULL);
	for (i = 0; i < n; i++) {
		int err;

		cond_resched();
		if (ips[i] == last)
			continue;
		last = ips[i];
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

/* The last name at or before an address, or NULL. */
static struct kobs_func_name *name_before(struct kobs_func_wait *w, unsigned long ip)
{
	unsigned int from = 0;
	unsigned int to = w->n_names;

	lockdep_assert_held(&w->lock);
	while (from < to) {
		unsigned int mid = from + (to - from) / 2;

		if (w->names[mid].ip <= ip)
			from = mid + 1;
		else
			to = mid;
	}
	return from ? &w->names[from - 1] : NULL;
}

static int names_grow(struct kobs_func_wait *w)
{
	unsigned int room = w->room ? 2 * w->room : 64;
	struct kobs_func_name *names;

	if (w->n_names < w->room)
		return 0;
	if (w->n_names == NAMES_MAX)
		return -ENOSPC;
	names = kvmalloc_array(room, sizeof(*names), GFP_KERNEL);
	if (!names)
		return -ENOMEM;
	if (w->n_names)
		memcpy(names, w->names, w->n_names * sizeof(*names));
	kvfree(w->names);
	w->names = names;
	w->room = room;
	return 0;
}

static unsigned long name_first(const struct kobs_func_wait *w,
				unsigned long ip, const char *text)
{
	unsigned int i;

	for (i = 0; i < w->n_names; i++) {
		if (!strcmp(w->names[i].text, text))
			return w->names[i].first;
	}
	return ip;
}

static int name_add(struct kobs_func_wait *w, unsigned long ip, const char *text)
{
	struct kobs_func_name *at = name_before(w, ip);
	unsigned long first;
	char *copy;
	int err;

	if (at && at->ip == ip)
		return strcmp(at->text, text) ? -EEXIST : 0;
	err = names_grow(w);
	if (err)
		return err;
	copy = kstrdup(text, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	first = name_first(w, ip, text);
	at = name_before(w, ip);
	at = at ? at + 1 : w->names;
	memmove(at + 1, at, (w->names + w->n_names - at) * sizeof(*at));
	*at = (struct kobs_func_name){ ip, first, copy };
	w->n_names++;
	return 0;
}

/**
 * kobs_func_wait_name() - remember the name of a function of a module
 * @w: what is waited for
 * @ip: its address; the module comes, or is there
 *
 * Context: task, may sleep.
 * Return: 0; -EEXIST when the address belonged to another function; -ENOMEM; or
 * -ENOSPC (too many).
 */
int kobs_func_wait_name(struct kobs_func_wait *w, unsigned long ip)
{
	char *text = kmalloc(KSYM_SYMBOL_LEN, GFP_KERNEL);
	int err;

	if (!text)
		return -ENOMEM;
	sprint_symbol_no_offset(text, ip);
	mutex_lock(&w->lock);
	err = name_add(w, ip, text);
	mutex_unlock(&w->lock);
	kfree(text);
	return err;
}

/**
 * kobs_func_wait_symbol() - the function that an address was of
 * @w: what is waited for
 * @address: recorded address; set to the one that stands for the function
 *
 * Context: task, may sleep.
 * Return: its name and module, valid as long as @w; NULL when none was noted.
 */
const char *kobs_func_wait_symbol(struct kobs_func_wait *w, u64 *address)
{
	const char *text = NULL;
	struct kobs_func_name *name;

	mutex_lock(&w->lock);
	name = name_before(w, *address);
	if (name && *address - name->ip <= ENTRY_SLACK) {
		text = name->text;
		*address += name->first - name->ip;
	}
	mutex_unlock(&w->lock);
	return text;
}
