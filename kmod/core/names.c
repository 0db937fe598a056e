// SPDX-License-Identifier: GPL-2.0
/*
 * Names of recorded addresses. What is recorded are addresses, and a module's
 * can belong to another one later. So before the memory of a module is freed,
 * its addresses in the rows and stacks of every session are replaced by aliases
 * (lib/name_table.h), which keep their names. It follows that an address which
 * is not an alias belongs to what is there now: a reader gets it with its
 * name, looked up while no module can come or go unseen. The kernel's own code
 * stays, and its names are left to the reader. Code that is generated at run time
 * goes without notice: it has the name of what is there when it is read.
 *
 * A CPU's record of branches (LBR) goes further back than what runs: what it has of
 * a module that went and is taken later has the name of what is there then, or none.
 *
 * When a module is about to go, none of its code runs any more, and no handler
 * that has one of its addresses: no row with such an address is being looked
 * up or made. What is nevertheless found in the memory of a module that comes
 * gets an alias without a name.
 *
 * A replaced row keeps its place in its table, where it is not found any more. When
 * the same module comes back to where it was, its aliases become addresses again,
 * and it goes on with its rows: else each return would take a row of the same
 * few places, and hits would soon be lost. Aliases of what was there with other
 * names stay.
 *
 * The records of a stream are made messages, with their names, before the module
 * goes, and those for which there is no room lose their names (stream.c).
 *
 * Locking: struct kobs_names.lock, which nests inside the notifier chain's and
 * inside the session's two, and is held while addresses are replaced, and while
 * words are read and named. The notifier must not take the session's change
 * lock, under which sources register notifiers of their own.
 */
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "core/names.h"
#include "core/session.h"
#include "core/stream.h"

/* The name of an address whose code is gone, and its name with it. */
#define UNLOADED	"[unloaded] 0x%llx"
/* The name of one that has none. */
#define UNKNOWN		"[unknown] 0x%llx"

/**
 * struct kobs_going - argument of the replacement in one session
 * @s: session
 * @code: what comes or goes
 */
struct kobs_going {
	struct kobs_session *s;
	const struct kobs_code *code;
};

/**
 * kobs_code_extend() - extend the hull of modules by another one
 * @hull: one range, or none
 * @code: the module's memory
 *
 * It can reach over modules between them.
 *
 * Context: any.
 */
void kobs_code_extend(struct kobs_code *hull, const struct kobs_code *code)
{
	struct kobs_module_range *h = hull->range;
	unsigned int i;

	for (i = 0; i < code->n; i++) {
		const struct kobs_module_range *r = &code->range[i];
		unsigned long from = hull->n ? min(h->from, r->from) : r->from;
		unsigned long end = r->from + r->size;

		if (hull->n)
			end = max(end, h->from + h->size);
		*h = (struct kobs_module_range){ from, end - from };
		hull->n = 1;
	}
}

/*
 * Split "name+0x1f/0x40 [module]"; @module is NULL for the kernel's own. The
 * size must be above the offset: else there is no symbol of the address, only
 * one somewhere before it. Returns the length of the name, or -1.
 */
static int name_split(char *symbol, char **offset, char **module)
{
	unsigned long at, size;
	char *slash;

	*module = strstr(symbol, " [");
	if (*module)
		*(*module)++ = '\0';
	*offset = strrchr(symbol, '+');
	slash = *offset ? strchr(*offset, '/') : NULL;
	if (!slash)
		return -1;
	*slash = '\0';
	if (kstrtoul(*offset + 1, 16, &at) || kstrtoul(slash + 1, 16, &size) ||
	    at >= size)
		return -1;
	**offset = '\0';
	return *offset - symbol;
}

/* Code that is generated at run time goes without notice. */
static bool is_generated(const char *module)
{
	return !strcmp(module, "[bpf]") ||
	       !strncmp(module, "[__builtin__", 12);
}

static void name_format(const char *symbol, int len, const char *offset,
			const char *module, char *text, size_t size)
{
	bool at = strcmp(offset + 1, "0x0");

	len = min_t(int, len, size - MODULE_NAME_LEN - 32);
	snprintf(text, size, "%.*s%s%s%s%s", len, symbol, at ? "+" : "",
		 at ? offset + 1 : "", module ? " " : "", module ?: "");
}

/**
 * kobs_names_symbol() - the name of an address now, the kernel's own included
 * @address: any
 * @text: set to "name+0x1f [module]"
 * @size: bytes of @text, more than MODULE_NAME_LEN + 32
 *
 * Context: task.
 * Return: false when it has none.
 */
bool kobs_names_symbol(u64 address, char *text, size_t size)
{
	char symbol[KSYM_SYMBOL_LEN];
	char *offset, *module;
	int len;

	sprint_symbol(symbol, address);
	len = name_split(symbol, &offset, &module);
	if (len < 0)
		return false;
	name_format(symbol, len, offset, module, text, size);
	return true;
}

/*
 * The name of an address, as reports show it; empty for the kernel's own.
 * Returns whether it is valid until a module comes or goes.
 */
static noinline bool name_read(u64 address, char *text)
{
	char symbol[KSYM_SYMBOL_LEN];
	char *offset, *module;
	int len;

	sprint_symbol(symbol, address);
	len = name_split(symbol, &offset, &module);
	if (len < 0) {
		snprintf(text, KOBS_NAME_LEN_MAX, UNKNOWN, address);
		return false;
	}
	*text = '\0';
	if (!module)
		return true;
	name_format(symbol, len, offset, module, text, KOBS_NAME_LEN_MAX);
	return !is_generated(module);
}

/*
 * The name of an address now. Returns the text, valid until the next call;
 * *name: where it is kept, or NULL.
 */
static const char *name_now(struct kobs_session *s, u64 address,
			    struct kobs_name **name)
{
	struct kobs_names *names = &s->names;

	*name = kobs_name_table_find(&names->table, address);
	if (*name)
		return (*name)->text;
	if (name_read(address, names->text))
		*name = kobs_name_table_add(&names->table, address, names->text);
	return names->text;
}

static const char *name_unloaded(struct kobs_session *s, u64 address)
{
	snprintf(s->names.text, sizeof(s->names.text), UNLOADED, address);
	return s->names.text;
}

/**
 * kobs_names_show() - the address and the name of a recorded word
 * @s: session; its names' lock is held
 * @word: address of code or data, or its alias
 * @text: set to the name of an address that the kernel's own symbols do not
 *	name, else to NULL; valid until the next call
 *
 * Context: task, may sleep.
 * Return: the address.
 */
u64 kobs_names_show(struct kobs_session *s, u64 word, const char **text)
{
	struct kobs_name *name;
	u64 address;

	lockdep_assert_held(&s->names.lock);
	*text = NULL;
	if (kobs_is_alias(&s->names.table, word)) {
		address = kobs_alias_address(&s->names.table, word, text);
		if (!*text)
			*text = name_unloaded(s, address);
		return address;
	}
	if (kobs_module_space(word)) {
		*text = name_now(s, word, &name);
		if (!**text)
			*text = NULL;
	}
	return word;
}

/**
 * kobs_names_untold() - the name that a stream's reader has to be told
 * @s: session; its names' lock is held
 * @word: address in a record that is about to be sent
 * @lost: NULL, or code that is not what the record is about: of a module that
 *	came after it, or whose names were lost
 *
 * Context: task, may sleep.
 * Return: the name of the address in this record and those after it; valid
 * until the next call. NULL if the reader knows, or if the kernel's own symbols
 * name it.
 */
const char *kobs_names_untold(struct kobs_session *s, u64 word,
			      const struct kobs_code *lost)
{
	struct kobs_name *name;
	const char *text;

	lockdep_assert_held(&s->names.lock);
	if (!kobs_module_space(word))
		return NULL;
	text = name_now(s, word, &name);
	if (!*text)
		return NULL;
	if (lost && kobs_code_has(lost, word)) {
		if (name)
			name->told = false;
		return name_unloaded(s, word);
	}
	if (name && name->told)
		return NULL;
	if (name)
		name->told = true;
	return text;
}

/* What a recorded word becomes when a module comes. */
static u64 coming_word(void *arg, u64 word)
{
	struct kobs_going *g = arg;
	struct kobs_name_table *t = &g->s->names.table;
	struct kobs_name *name;
	const char *text;
	u64 address;

	if (!kobs_is_alias(t, word))
		return kobs_code_has(g->code, word) ?
		       kobs_name_table_alias(t, word, "") : word;
	address = kobs_alias_address(t, word, &text);
	if (!text || !kobs_code_has(g->code, address) ||
	    strcmp(name_now(g->s, address, &name), text))
		return word;
	return address;
}

/* What a recorded word becomes when a module goes. */
static u64 going_word(void *arg, u64 word)
{
	struct kobs_going *g = arg;
	struct kobs_name *name;
	const char *text;
	u64 alias;

	if (!kobs_code_has(g->code, word))
		return word;
	text = name_now(g->s, word, &name);
	if (name && name->alias)
		return name->alias;
	/* No name begins so. */
	if (*text == '[')
		text = "";
	alias = kobs_name_table_alias(&g->s->names.table, word, text);
	if (name)
		name->alias = alias;
	return alias;
}

static void going_tables(struct kobs_session *s, const struct kobs_replace *r)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		kobs_table_replace(&per_cpu_ptr(s->cpu, cpu)->table, r);
		cond_resched();
	}
}

static void names_drop(struct kobs_session *s, const struct kobs_code *code)
{
	unsigned int i;

	for (i = 0; i < code->n; i++)
		kobs_name_table_drop(&s->names.table, code->range[i].from,
				     code->range[i].size);
}

/*
 * What a source keeps gets aliases before the rows do: until then, a handler can make
 * a row of it. Returns whether there can be such handlers, which are to be waited for.
 */
static bool source_code(struct kobs_session *s, const struct kobs_code *code)
{
	struct kobs_going g = { s, code };
	struct kobs_replace r = {
		.words = s->names.words, .arg = &g, .fn = going_word,
	};
	bool some = s->source->code && !s->stream;

	mutex_lock(&s->names.lock);
	if (some && !s->names.ended)
		s->source->code(s, code, &r);
	mutex_unlock(&s->names.lock);
	return some;
}

/* A module comes, or is about to go, in one session. */
static void session_code(struct kobs_session *s, const struct kobs_code *code)
{
	struct kobs_going g = { s, code };
	struct kobs_replace r = {
		.words = s->names.words, .arg = &g,
		.fn = code->comes ? coming_word : going_word,
	};

	mutex_lock(&s->names.lock);
	if (s->names.ended)
		goto out;
	/* What was there before has no valid names. */
	if (code->comes)
		names_drop(s, code);
	if (s->stream && r.words)
		kobs_stream_code(s, code);
	else if (!s->stream && !s->mode->own_rows && r.words)
		going_tables(s, &r);
	kobs_stack_table_replace(&s->stacks, &r);
	/* Stacks of equal addresses are no longer equal. */
	kobs_unwind_code(&s->unwind);
	if (s->source->code)
		s->source->code(s, code, &r);
	if (!code->comes)
		names_drop(s, code);
out:
	mutex_unlock(&s->names.lock);
}

/* The sources of all sessions. Returns whether handlers were waited for. */
static bool sources_code(const struct kobs_code *code)
{
	struct kobs_session *s = kobs_session_after(0);
	bool some = false;

	while (s) {
		u32 id = s->id;

		some |= source_code(s, code);
		kobs_session_put(s);
		s = kobs_session_after(id);
	}
	if (some)
		synchronize_rcu();
	return some;
}

static int names_module(struct notifier_block *nb, unsigned long state,
			void *data)
{
	struct kobs_code code = { .comes = state == MODULE_STATE_COMING };
	bool waited = code.comes;
	struct kobs_session *s;

	/* What is only there for its init is freed when it is live. */
	code.n = kobs_module_ranges(data, state == MODULE_STATE_LIVE,
				    code.range);
	if (code.n && !code.comes)
		waited = sources_code(&code);
	s = code.n ? kobs_session_after(0) : NULL;
	while (s) {
		u32 id = s->id;

		/*
		 * Handlers may not have completed what they interrupted; where
		 * they take the stacks of others, those may have left the module
		 * meanwhile.
		 */
		if ((s->stream || s->has_stacks) && !waited) {
			synchronize_rcu();
			waited = true;
		}
		session_code(s, &code);
		kobs_session_put(s);
		s = kobs_session_after(id);
	}
	return NOTIFY_DONE;
}

static struct notifier_block names_nb = { .notifier_call = names_module };

/**
 * kobs_names_new() - prepare the names of a session
 * @s: session that is being created, with its columns
 *
 * Context: task, may sleep.
 */
void kobs_names_new(struct kobs_session *s)
{
	unsigned int word = 0;
	unsigned int i;

	kobs_name_table_init(&s->names.table, &s->memory);
	for (i = 0; i < s->n_columns; i++) {
		if (kobs_column_has_name(s->columns[i]))
			s->names.words |= BIT(word);
		word += s->columns[i]->words;
	}
}

/**
 * kobs_names_end() - end the names of a session before its source's release
 * @s: session
 *
 * Context: task, may sleep; the session's change lock is held.
 */
void kobs_names_end(struct kobs_session *s)
{
	mutex_lock(&s->names.lock);
	s->names.ended = true;
	mutex_unlock(&s->names.lock);
}

/**
 * kobs_names_init() - follow modules
 *
 * Context: task, at load.
 * Return: 0, or an error of register_module_notifier().
 */
int kobs_names_init(void)
{
	return register_module_notifier(&names_nb);
}

/**
 * kobs_names_exit() - undo kobs_names_init()
 *
 * Context: task, at unload; there is no session any more.
 */
void kobs_names_exit(void)
{
	unregister_module_notifier(&names_nb);
}
