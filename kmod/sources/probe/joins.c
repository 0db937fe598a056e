// SPDX-License-Identifier: GPL-2.0
/*
 * Source probe: from the parameter joins to pairs (join.h).
 *
 * Locking: the session is being prepared, or released; kobs_joins_code() runs beside
 * handlers, see there.
 */
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/slab.h>

#include "core/refuse.h"
#include "lib/replace.h"
#include "sources/probe/probe.h"

/* The key, the cost, and all columns fit an entry, twice where they change. */
static_assert(KOBS_JOIN_MORE + 1 + 2 * KOBS_KEY_WORDS <= KOBS_INFLIGHT_WORDS);

/* A number of an argument, or the processor, as the only one: needs no interpreter. */
static enum kobs_join_how key_how(struct kobs_join_side *side)
{
	const u64 cpu[] = {
		KOBS_INSN(KOBS_OP_CONTEXT, 0, 0, KOBS_PROG_CPU, 0),
		KOBS_INSN(KOBS_OP_KEY, 0, 0, 0, 0),
	};
	struct kobs_quick q = {};

	if (side->key.n == ARRAY_SIZE(cpu) + 1 &&
	    !memcmp(side->key.words, cpu, sizeof(cpu)))
		return KOBS_JOIN_CPU;
	if (!kobs_quick_read(&side->key, &q) || q.n_conditions || q.has_value ||
	    !q.has_key)
		return KOBS_JOIN_PROGRAM;
	side->argument = q.key;
	return KOBS_JOIN_ARGUMENT;
}

/* What the interpreter, or who calls it, must know of several programs. */
static void add_program(struct kobs_program *all, const struct kobs_program *p)
{
	all->n_args = max(all->n_args, p->n_args);
	all->keys |= p->keys;
	all->texts |= p->texts;
	all->reads |= p->reads;
}

static int check_key(const struct kobs_program *key, unsigned int word,
		     struct netlink_ext_ack *extack)
{
	if (key->value || key->keys >= 1 << KOBS_JOIN_NUMBERS ||
	    !(key->keys | key->texts))
		return kobs_refuse(extack, -EINVAL,
				   "parameter joins: word %u: a key is given by 1 to %u numbers, from the first, and texts",
				   word, KOBS_JOIN_NUMBERS);
	return 0;
}

static int set_side(struct kobs_join_side *side, u64 word,
		    const struct kobs_program *code, unsigned int programs,
		    unsigned int number, struct netlink_ext_ack *extack)
{
	unsigned int program = word & U16_MAX;
	unsigned int key = word >> 16 & U16_MAX;

	if (max(program, key) > programs)
		return kobs_refuse(extack, -EINVAL,
				   "parameter joins: word %u: there is no program %u",
				   number, max(program, key) - 1);
	if (!program && key)
		return kobs_refuse(extack, -EINVAL,
				   "parameter joins: word %u: a key without its program",
				   number);
	if (!program)
		return 0;
	side->on = true;
	side->program = code[program - 1];
	if (side->program.value)
		return kobs_refuse(extack, -EINVAL,
				   "parameter joins: word %u: program %u gives a value, which is the time of a pair",
				   number, program - 1);
	if (key) {
		side->key = code[key - 1];
		side->how = key_how(side);
	}
	side->simple = side->how != KOBS_JOIN_PROGRAM &&
		       kobs_quick_read(&side->program, &side->quick) &&
		       !side->quick.has_key && !side->quick.has_value;
	return key ? check_key(&side->key, number, extack) : 0;
}

/* All keys consist of the same parts. */
static int match_keys(struct kobs_joins *j, struct netlink_ext_ack *extack)
{
	const struct kobs_join_side *first = NULL;
	unsigned int sides[3] = {};
	unsigned int i;

	for (i = 0; i < 3 * j->n; i++) {
		const struct kobs_join *join = &j->v[i / 3];
		const struct kobs_join_side *all[] = {
			&join->from, &join->to, &join->via
		};
		const struct kobs_join_side *side = all[i % 3];

		if (!side->on)
			continue;
		sides[i % 3]++;
		first = first ?: side;
		if (side->key.keys != first->key.keys ||
		    side->key.texts != first->key.texts)
			return kobs_refuse(extack, -EINVAL,
					   "parameter joins: word %u: its key has other parts than those before",
					   i / 3);
	}
	if (!sides[0] || !sides[1])
		return kobs_refuse(extack, -EINVAL,
				   "parameter joins: nothing %s a pair",
				   sides[0] ? "ends" : "begins");
	j->key = first->key;
	/* Two words that are the key are looked up as they are. */
	if (first->key.texts)
		j->more = KOBS_JOIN_NUMBERS +
			  hweight8(first->key.texts) * KOBS_PROG_TEXT_WORDS;
	return 0;
}

/* Whether a word of a hit is one of the numbers and texts that a program gives. */
static bool gives(const struct kobs_program *p, unsigned int word)
{
	if (word >= PROBE_W_TEXT && word < PROBE_W_TO)
		return p->texts >> (word - PROBE_W_TEXT) / KOBS_PROG_TEXT_WORDS & 1;
	return word >= PROBE_W_NUMBER && word < PROBE_W_TEXT &&
	       (p->keys >> (word - PROBE_W_NUMBER) & 1);
}

/* Whether a hit on the way changes a word. */
static bool changes(const struct kobs_joins *j, const struct kobs_program *via,
		    unsigned int word)
{
	return j->vias && (word == PROBE_W_FAULTS || word == PROBE_W_VIA ||
			   word == PROBE_W_VIA_USTACK || gives(via, word));
}

/* Which words of the session's key come from the begin: first those that stay. */
static void keep_words(struct kobs_joins *j, const struct kobs_session *s,
		       const struct kobs_program *via,
		       const struct kobs_program *to, bool changing)
{
	unsigned int i;

	for (i = 0; i < s->n_words; i++) {
		u8 word = s->gather[i];

		if (gives(to, word) || word == PROBE_W_TO ||
		    changes(j, via, word) != changing)
			continue;
		if (s->names.words & BIT(i))
			j->named |= BIT(j->n_keep);
		j->keep[j->n_keep++] = word;
	}
}

/* Which side gives which words of the session's key. */
static int share_words(struct kobs_joins *j, const struct kobs_session *s,
		       struct netlink_ext_ack *extack)
{
	struct kobs_program from = {}, via = {}, to = {};
	unsigned int i;

	for (i = 0; i < j->n; i++) {
		add_program(&from, &j->v[i].from.program);
		add_program(&via, &j->v[i].via.program);
		add_program(&to, &j->v[i].to.program);
		j->vias |= j->v[i].via.on;
	}
	if ((from.keys & to.keys) || (from.texts & to.texts))
		return kobs_refuse(extack, -EINVAL,
				   "parameter joins: a number or text is given by begins and by ends");
	if (((from.keys | to.keys) & via.keys) ||
	    ((from.texts | to.texts) & via.texts))
		return kobs_refuse(extack, -EINVAL,
				   "parameter joins: a number or text is given on the way and at an end of it");
	for (i = 0; i < s->n_words; i++) {
		u8 word = s->gather[i];

		if (gives(&to, word))
			j->to[j->n_to++] = word;
		if (word >= PROBE_W_NUMBER && word < PROBE_W_TO &&
		    !gives(&to, word))
			j->from[j->n_from++] = word;
		if (word == PROBE_W_VIA || word == PROBE_W_VIA_USTACK)
			j->from[j->n_from++] = word;
		if (gives(&via, word))
			j->via[j->n_via++] = word;
		j->via_ustack |= word == PROBE_W_VIA_USTACK;
	}
	j->via_keys = via.keys;
	keep_words(j, s, &via, &to, false);
	j->n_fixed = j->n_keep;
	keep_words(j, s, &via, &to, true);
	return 0;
}

static void set_common(struct kobs_join *join, const struct kobs_session *s)
{
	const struct kobs_join_side *from = &join->from, *to = &join->to;

	add_program(&join->both, &from->program);
	add_program(&join->both, &from->key);
	add_program(&join->both, &join->via.program);
	add_program(&join->both, &join->via.key);
	add_program(&join->both, &to->program);
	add_program(&join->both, &to->key);
	join->simple = !join->via.on && (!from->on || from->simple) &&
		       (!to->on || to->simple) &&
		       !(s->need & KOBS_W_STACKS);
}

/* Whether the columns are what began and what ended. */
static void set_plain(struct kobs_joins *j, const struct kobs_session *s)
{
	unsigned int i;

	j->words = s->n_words;
	j->plain = !s->stream && !j->vias && j->words <= 2;
	for (i = 0; i < j->words; i++)
		if (s->gather[i] != PROBE_W_PROBE && s->gather[i] != PROBE_W_TO)
			j->plain = false;
	j->to_first = j->words && s->gather[0] == PROBE_W_TO;
}

static int joins_fill(struct kobs_joins *j, const struct kobs_session *s,
		      const struct kobs_program *code, unsigned int programs,
		      struct netlink_ext_ack *extack)
{
	const u64 *words = s->source_params[PROBE_P_JOINS].addresses;
	unsigned int i;
	int err = 0;

	for (i = 0; i < j->n && !err; i++) {
		struct kobs_join *join = &j->v[i];
		bool via = words[i] & KOBS_JOIN_VIA;
		u64 to = words[i] >> 32;

		join->to.own = to & KOBS_JOIN_OWN;
		err = set_side(via ? &join->via : &join->from,
			       words[i] & ~KOBS_JOIN_VIA, code, programs, i,
			       extack) ?:
		      set_side(&join->to, to & ~KOBS_JOIN_OWN, code, programs,
			       i, extack);
		if (!err && !join->from.on && !join->via.on && !join->to.on)
			err = kobs_refuse(extack, -EINVAL,
					  "parameter joins: word %u: it neither begins nor ends a pair",
					  i);
		if (!err && ((via && (!join->via.on || join->to.on)) ||
			     (join->to.own && !join->to.on)))
			err = kobs_refuse(extack, -EINVAL,
					  "parameter joins: word %u: what it is of a pair contradicts itself",
					  i);
		set_common(join, s);
	}
	err = err ?: match_keys(j, extack) ?: share_words(j, s, extack);
	set_plain(j, s);
	return err;
}

/**
 * kobs_joins_init() - the pairs that a session's parameters ask for
 * @p: its hooks, of which there are none yet
 * @code: programs, checked
 * @programs: number of @code
 * @extack: takes the reason of a failure
 *
 * Context: task, may sleep.
 * Return: 0, which a session without pairs gets too; or -EINVAL or -ENOMEM, where
 * kobs_joins_free() is left to do.
 */
int kobs_joins_init(struct kobs_probes *p, const struct kobs_program *code,
		    unsigned int programs, struct netlink_ext_ack *extack)
{
	struct kobs_session *s = p->s;
	struct kobs_joins *j;
	int err;

	if (!s->source_params[PROBE_P_JOINS].number)
		return 0;
	if (s->mode->n_fields || (!s->mode->value && !s->stream))
		return kobs_refuse(extack, -EINVAL,
				   "parameter joins: mode %s has none: modes time and trace have",
				   s->mode->name);
	j = kzalloc(sizeof(*j), GFP_KERNEL_ACCOUNT);
	p->joins = j;
	if (!j)
		return -ENOMEM;
	j->n = s->source_params[PROBE_P_JOINS].number;
	j->v = kvcalloc(j->n, sizeof(*j->v), GFP_KERNEL_ACCOUNT);
	if (!j->v)
		return -ENOMEM;
	err = joins_fill(j, s, code, programs, extack);
	if (err)
		return err;
	if (kobs_inflight_table_init(&j->inflight, &s->memory,
				     s->source_params[PROBE_P_INFLIGHT].number ?:
				     KOBS_JOIN_INFLIGHT,
				     j->more + 1 + max(1, 2 * j->n_keep - j->n_fixed)))
		return kobs_session_no_memory(s, extack, "inflight");
	return 0;
}

/**
 * kobs_joins_hooked() - whether there are hooks at both sides
 * @p: hooks of a session with pairs; functions that cannot be hooked are none of them
 *
 * Context: task.
 * Return: false if nothing would begin a pair, or nothing end one.
 */
bool kobs_joins_hooked(const struct kobs_probes *p)
{
	bool from = false, to = false;
	unsigned int i;

	for (i = 0; i < p->n; i++) {
		const struct kobs_probe_point *point = &p->points[i];

		if (point->is_function && !point->n)
			continue;
		from |= point->join->from.on;
		to |= point->join->to.on;
	}
	return from && to;
}

/**
 * kobs_joins_free() - undo kobs_joins_init()
 * @p: its hooks, none of which is on
 *
 * Context: task, may sleep.
 */
void kobs_joins_free(struct kobs_probes *p)
{
	if (!p->joins)
		return;
	kobs_inflight_table_free(&p->joins->inflight);
	kvfree(p->joins->v);
	kfree(p->joins);
	p->joins = NULL;
}

/* A word of an entry, which may be ended, and begun anew, meanwhile. */
static void replace_word(const struct kobs_replace *r, u64 *word)
{
	u64 old = READ_ONCE(*word);
	u64 new = r->fn(r->arg, old);

	if (new != old)
		cmpxchg(word, old, new);
}

/**
 * kobs_joins_code() - follow the code that goes, see struct kobs_source
 * @s: session
 * @code: memory of the module
 * @replace: what its addresses become
 *
 * A function that began a pair can be gone at its end. No handler comes upon such
 * an address any more; where its entry has ended, another's word is no address of it.
 * A stream's records have no place for what replaces it.
 *
 * Context: task.
 */
void kobs_joins_code(struct kobs_session *s, const struct kobs_code *code,
		     const struct kobs_replace *replace)
{
	const struct kobs_probes *p = s->priv;
	const struct kobs_joins *j = p ? p->joins : NULL;
	u32 slots, slot;
	unsigned int i;

	if (!j || !j->inflight.entries || s->stream)
		return;
	slots = (j->inflight.mask + 1) * KOBS_INFLIGHT_BUCKET;
	for (i = 0; i < j->n_keep; i++) {
		if (!(j->named & BIT(i)))
			continue;
		for (slot = 0; slot < slots; slot++) {
			u64 *word = kobs_inflight_at(&j->inflight, slot)->data +
				    j->more + 1 + i;

			replace_word(replace, word);
			if (i >= j->n_fixed)
				replace_word(replace, word + j->n_keep - j->n_fixed);
			if (!(slot % 1024))
				cond_resched();
		}
	}
}
