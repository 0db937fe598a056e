// SPDX-License-Identifier: GPL-2.0
/*
 * Patterns to addresses, by one pass over /proc/kallsyms.
 *
 * A compiler may leave nothing of "foo" but "foo.isra.0" or, with ThinLTO,
 * "foo.llvm.123", and the kernel's profiling of allocations nothing but
 * "foo_noprof": such a clone answers for an exact name when there is no symbol of
 * that very name.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/lines.h"
#include "lib/macros.h"
#include "lib/nearest.h"
#include "lib/map.h"
#include "symbols/ksym_all.h"
#include "symbols/modules.h"
#include "symbols/patterns.h"

static bool in_class(const char **glob, char c)
{
	const char *p = *glob + 1;
	bool negate = *p == '!' || *p == '^';
	bool hit = false;

	p += negate;
	do {
		char from = *p++;
		char to = from;

		if (*p == '-' && p[1] && p[1] != ']') {
			to = p[1];
			p += 2;
		}
		hit |= c >= from && c <= to;
	} while (*p && *p != ']');
	*glob = p;
	return hit != negate;
}

/** glob_match() - Match all of @s; * ? and [] are special. */
bool glob_match(const char *glob, const char *s)
{
	const char *star = NULL;
	const char *retry = NULL;

	while (*s) {
		const char *at = glob;

		if (*glob == '*') {
			star = ++glob;
			retry = s;
			continue;
		}
		if (*glob == '?' || (*glob == '[' && in_class(&at, *s)) ||
		    (*glob && *glob != '[' && *glob == *s)) {
			glob = at + (*at != 0);
			s++;
			continue;
		}
		if (!star)
			return false;
		glob = star;
		s = ++retry;
	}
	while (*glob == '*')
		glob++;
	return !*glob;
}

static int check_pattern(const struct pattern *p)
{
	const char *open = strchr(p->glob, '[');

	if (!*p->glob)
		return misuse("the pattern '%s' has no function name", p->text);
	if (open && (!open[1] || !strchr(open + 2, ']')))
		return misuse("the pattern '%s' has a '[' without ']'", p->text);
	if (p->module && !*p->module)
		return misuse("the pattern '%s' has no module name before ':'", p->text);
	return 0;
}

/** targets_parse() - Take the patterns of a command line. Return: 0 or an exit status. */
int targets_parse(struct targets *t, char **argv, size_t n)
{
	bool positive = false;
	size_t i;
	int err;

	for (i = 0; i < n; i++) {
		struct pattern *p;
		const char *text = argv[i];
		const char *colon;

		t->patterns = grow(t->patterns, &t->cap_patterns, t->nr_patterns + 1, sizeof(*p));
		p = &t->patterns[t->nr_patterns++];
		memset(p, 0, sizeof(*p));
		p->text = text;
		p->exclude = *text == '!';
		text += p->exclude;
		colon = strchr(text, ':');
		if (colon)
			p->module = strndup(text, (size_t)(colon - text));
		p->glob = colon ? colon + 1 : text;
		p->fixed = strcspn(p->glob, "*?[");
		p->exact = !p->glob[p->fixed];
		positive |= !p->exclude;
		err = check_pattern(p);
		if (err)
			return err;
	}
	if (!positive)
		return misuse("%s: give a function name or a pattern, 'vfs_*' for instance",
			      n ? "there are only patterns that exclude" : "no function is named");
	return 0;
}

static bool is_clone(const char *rest)
{
	static const char *const suffixes[] = { ".isra.", ".constprop.", ".part.", ".llvm." };
	size_t i;

	/* Since 6.10 an allocation function is a macro around this one. */
	if (!strcmp(rest, "_noprof"))
		return true;

	for (i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (!strncmp(rest, suffixes[i], strlen(suffixes[i])))
			return true;
	return false;
}

/* The padding in front of a function: a symbol, but no function. */
static bool is_padding(const char *name)
{
	return !strncmp(name, "__pfx_", 6) || !strncmp(name, "__cfi_", 6);
}

enum match { NO_MATCH, MATCH, MATCH_CLONE };

static enum match match_pattern(const struct pattern *p, const struct ksym_line *sym)
{
	if ((p->fixed && *sym->name != *p->glob) || strncmp(sym->name, p->glob, p->fixed))
		return NO_MATCH;
	if (!p->exact && is_padding(sym->name))
		return NO_MATCH;
	/* Nor can code that is generated at run time be traced, whose names change all the time. */
	if (!p->exact && !p->module && *sym->module && ksym_is_generated(sym))
		return NO_MATCH;
	if (p->module && (!*sym->module || !glob_match(p->module, sym->module)))
		return NO_MATCH;
	if (!p->exact)
		return glob_match(p->glob + p->fixed, sym->name + p->fixed) ? MATCH : NO_MATCH;
	if (!sym->name[p->fixed])
		return MATCH;
	return is_clone(sym->name + p->fixed) ? MATCH_CLONE : NO_MATCH;
}

static void consider(struct targets *t, const struct ksym_line *sym)
{
	enum match best = NO_MATCH;
	struct target target = {};
	bool excluded = false;
	size_t i;

	for (i = 0; i < t->nr_patterns; i++) {
		struct pattern *p = &t->patterns[i];
		enum match m = match_pattern(p, sym);

		if (m == NO_MATCH)
			continue;
		if (p->exclude) {
			excluded = true;
			continue;
		}
		if (best == NO_MATCH || (best == MATCH_CLONE && m == MATCH)) {
			target.pattern = (uint32_t)i;
			best = m;
		}
		if (p->exact && !target.asked)
			target.asked = (uint32_t)i + 1;
		target.exact |= m == MATCH && p->exact;
	}
	if (best == NO_MATCH)
		return;
	if (excluded) {
		t->excluded = true;
		return;
	}
	target.address = sym->address;
	target.clone = best == MATCH_CLONE;
	target.rank = ksym_rank(sym);
	target.name = pool_intern(&t->names, sym->name);
	target.module = pool_intern(&t->names, sym->module);
	t->v = grow(t->v, &t->cap, t->n + 1, sizeof(*t->v));
	t->v[t->n++] = target;
}

static int compare_targets(const void *a, const void *b)
{
	const struct target *x = a;
	const struct target *y = b;

	if (x->address != y->address)
		return x->address > y->address ? 1 : -1;
	/* Of two names of one function, the one that was asked for, or the one that reports use. */
	if (x->exact != y->exact)
		return y->exact - x->exact;
	if (x->rank != y->rank)
		return y->rank - x->rank;
	return strcmp(x->name, y->name);
}

/* Mark patterns that matched; excluded names do not count as no match. */
static void settle(struct targets *t)
{
	size_t kept = 0;
	size_t i;

	for (i = 0; i < t->n; i++)
		if (!t->v[i].clone)
			t->patterns[t->v[i].pattern].matched = true;
	for (i = 0; i < t->n; i++) {
		struct pattern *p = &t->patterns[t->v[i].pattern];

		if (t->v[i].clone && p->matched)
			continue;
		t->v[kept++] = t->v[i];
	}
	t->n = kept;
	for (i = 0; i < t->n; i++) {
		t->patterns[t->v[i].pattern].matched = true;
		t->v[i].exact |= t->v[i].clone;
	}
	if (t->n)
		qsort(t->v, t->n, sizeof(*t->v), compare_targets);
	for (kept = 0, i = 0; i < t->n; i++)
		if (!kept || t->v[kept - 1].address != t->v[i].address)
			t->v[kept++] = t->v[i];
	t->n = kept;
	targets_find_namesakes(t);
}

/* What a pattern matches may count for an earlier one. */
static bool matches_any(const struct targets *t, const struct pattern *p)
{
	size_t i;

	for (i = 0; !p->matched && i < t->n; i++) {
		struct ksym_line sym = { .name = t->v[i].name, .module = t->v[i].module };

		if (match_pattern(p, &sym) != NO_MATCH)
			return true;
	}
	return p->matched;
}

/* Scores are in parts of an edit: of names that begin with the pattern the shortest is nearest. */
#define EDIT	16

/*
 * How far a name is from a pattern. One that begins with it is as far as two to three edits, one
 * that has it inside as four.
 */
static unsigned int score_name(const struct pattern *p, const char *name)
{
	const char *part = p->fixed > 3 ? strstr(name, p->glob) : NULL;
	unsigned int edits = NEAREST_FAR;

	if (strlen(name) + 3 > p->fixed)
		edits = nearest_distance(p->glob, name);
	if (edits <= 2)
		return edits * EDIT;
	if (part == name) {
		size_t more = strlen(name) - p->fixed;

		return 2 * EDIT + (unsigned int)(more < EDIT ? more : EDIT);
	}
	if (part)
		return 4 * EDIT;
	return edits == 3 && p->fixed > 3 ? edits * EDIT : NEAREST_FAR;
}

static void find_near(const struct pattern *p, const char *kallsyms, struct nearest *near)
{
	struct ksym_line sym;
	struct kallsyms k;

	if (kallsyms_open(&k, kallsyms))
		return;
	while (kallsyms_next(&k, &sym))
		if (ksym_is_text(sym.type) && !is_padding(sym.name))
			nearest_take(near, sym.name, score_name(p, sym.name));
	kallsyms_close(&k);
}

/* Whether a pattern is of a module that is not loaded; @hint is of those that are. */
static bool lacks_module(const struct pattern *p, struct buf *hint)
{
	struct modules modules = {};
	struct nearest near = {};
	bool found = !p->module;
	size_t i;

	modules_read(&modules, modules_path());
	for (i = 0; !found && i < modules.n; i++) {
		found = glob_match(p->module, modules.v[i].name);
		nearest_offer(&near, p->module, modules.v[i].name);
	}
	if (!found)
		nearest_describe(&near, hint);
	modules_free(&modules);
	return !found;
}

static int refuse_unmatched(const struct targets *t, const struct pattern *p, const char *kallsyms)
{
	struct nearest near = {};
	struct buf hint = {};

	if (lacks_module(p, &hint)) {
		refuse("no module '%s' is loaded, which '%s' asks for%s", p->module, p->text,
		       hint.len ? hint.p : "");
		buf_free(&hint);
		return STATUS_REFUSED;
	}
	if (p->exact)
		find_near(p, kallsyms, &near);
	nearest_describe(&near, &hint);
	if (!hint.len && t->excluded)
		buf_puts(&hint, ", or all that do are excluded");
	refuse("no function of %s%s matches '%s'%s", p->module ? "a module " : "this kernel",
	       p->module ? p->module : "", p->text, hint.len ? hint.p : "");
	buf_free(&hint);
	return STATUS_REFUSED;
}

static void consider_all(struct targets *t, struct kallsyms *from)
{
	struct modules modules = {};
	struct ksym_line sym;
	size_t i;

	for (i = 0; i < t->nr_patterns; i++)
		t->patterns[i].matched = false;
	t->n = 0;
	t->excluded = false;
	modules_read(&modules, modules_path());
	while (kallsyms_next(from, &sym))
		if (ksym_is_text(sym.type) && !ksym_is_stale(&sym, &modules))
			consider(t, &sym);
	kallsyms_close(from);
	modules_free(&modules);
	settle(t);
}

/* Return: a pattern that matches nothing, or NULL. */
static const struct pattern *find_unmatched(const struct targets *t)
{
	size_t i;

	for (i = 0; i < t->nr_patterns; i++)
		if (!t->patterns[i].exclude && !(t->wait && t->patterns[i].module) &&
		    !matches_any(t, &t->patterns[i]))
			return &t->patterns[i];
	return NULL;
}

/**
 * targets_resolve() - Find the functions that the patterns ask for.
 * @kallsyms: path of the kernel's symbols
 *
 * Return: 0 or an exit status; every pattern that matches nothing is refused, unless it names a
 * module and is waited for.
 */
int targets_resolve(struct targets *t, const char *kallsyms)
{
	const struct pattern *unmatched;
	struct kallsyms from;
	char advice[160];
	int err;

	err = kallsyms_open(&from, kallsyms);
	if (!err)
		consider_all(t, &from);
	unmatched = find_unmatched(t);
	/* The cache has not all symbols. */
	if (!err && from.cached && unmatched) {
		err = kallsyms_open_live(&from, kallsyms);
		if (!err)
			consider_all(t, &from);
		unmatched = find_unmatched(t);
	}
	if (err)
		return refuse("cannot read %s: %s", kallsyms, strerror(-err));
	if (!from.shown)
		return refuse("%s shows no addresses: %s", kallsyms,
			      kallsyms_advice(advice, sizeof(advice)));
	return unmatched ? refuse_unmatched(t, unmatched, kallsyms) : 0;
}
