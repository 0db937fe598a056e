// SPDX-License-Identifier: GPL-2.0
/*
 * Memo of frames: changing it, and walking a stack by it. Learning facts is
 * the work of compat/unwind_orc.c. Pure.
 *
 * Locking: see memo.h.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "memo.h"

/**
 * kobs_memo_init() - allocate an empty memo
 * @m: memo
 * @nr: facts to keep at most; a power of two, at least 2 * KOBS_MEMO_WAYS
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kobs_memo_init(struct kobs_memo *m, unsigned int nr)
{
	m->facts = vzalloc(nr * sizeof(*m->facts));
	if (!m->facts)
		return -ENOMEM;
	m->nr = nr;
	m->shift = 64 - ilog2(nr / KOBS_MEMO_WAYS);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_memo_init);

/**
 * kobs_memo_free() - free a memo that nobody uses any more
 * @m: memo; may be zeroed memory
 *
 * Context: task, may sleep.
 */
void kobs_memo_free(struct kobs_memo *m)
{
	vfree(m->facts);
	m->facts = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_memo_free);

/**
 * kobs_memo_put() - remember a fact
 * @m: memo
 * @ip: return address; one below the uppermost 2 GiB is not remembered
 * @fact: from kobs_fact()
 *
 * Takes the place of a fact of the same address, or a free one, or that of
 * another fact.
 *
 * Context: any, NMI included.
 */
void kobs_memo_put(struct kobs_memo *m, unsigned long ip, u64 fact)
{
	u64 *set = kobs_memo_set(m, ip);
	/* Which one goes is as good as random. */
	unsigned int place = (ip >> 2) % KOBS_MEMO_WAYS;
	unsigned int i;

	if ((unsigned long)(s64)(s32)ip != ip)
		return;
	for (i = 0; i < KOBS_MEMO_WAYS; i++) {
		u64 old = READ_ONCE(set[i]);

		if (!old || (u32)old == (u32)ip) {
			place = i;
			break;
		}
	}
	WRITE_ONCE(set[place], fact | (u32)ip);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_memo_put);

/**
 * kobs_memo_forget() - drop what is known of code that may go
 * @m: memo
 * @from: lowest address of such code
 *
 * Context: any.
 */
void kobs_memo_forget(struct kobs_memo *m, unsigned long from)
{
	unsigned int i;

	for (i = 0; i < m->nr; i++) {
		u64 fact = READ_ONCE(m->facts[i]);

		if (fact && (unsigned long)(s64)(s32)fact >= from)
			WRITE_ONCE(m->facts[i], 0);
	}
}
EXPORT_SYMBOL_IF_KUNIT(kobs_memo_forget);

/* A stack has padding and left-overs that KASAN guards: they are not read. */
static __always_inline unsigned long word_at(unsigned long sp, int words)
{
	return READ_ONCE_NOCHECK(((unsigned long *)sp)[words]);
}

/*
 * The stack pointer one frame out, from a frame that is not based on the
 * stack pointer. 0 is the end; 1 means that the memo does not help.
 */
static unsigned long walk_special(const struct kobs_walk *w, u64 fact,
				  unsigned long sp, unsigned long bp)
{
	unsigned long words = kobs_fact_words(fact);

	switch (kobs_fact_kind(fact)) {
	case KOBS_FACT_BP:
		if (bp < sp || bp >= w->top || bp % sizeof(long) ||
		    words > (w->top - bp) / sizeof(long))
			return 1;
		return bp + words * sizeof(long);
	case KOBS_FACT_REGS:
		if (words >= (w->top - sp) / sizeof(long))
			return 1;
		/* The lowest bits of CS: 0 is the kernel. */
		return !(word_at(sp, words) & 3) && !w->cut;
	case KOBS_FACT_END:
		return 0;
	default:
		return 1;
	}
}

/**
 * kobs_memo_walk() - walk a stack, if all that it takes is known
 * @m: memo
 * @w: where to begin and to end
 * @ips: set to the return addresses, leaf first
 * @max: how many at most, at least 1
 *
 * Reads words from @w->sp on, minus the one below it, to below @w->top.
 *
 * Context: any, NMI included.
 * Return: the number of return addresses, or -ENOENT.
 */
int kobs_memo_walk(const struct kobs_memo *m, const struct kobs_walk *w,
		   unsigned long *ips, unsigned int max)
{
	unsigned long sp = w->sp;
	unsigned long bp = w->bp;
	unsigned long room = (w->top - sp) / sizeof(long);
	unsigned int n = 0;

	for (;;) {
		unsigned long ip = word_at(sp, -1);
		u64 fact = kobs_memo_get(m, ip);
		unsigned long words = kobs_fact_words(fact);

		if (unlikely(!fact))
			return -ENOENT;
		if (likely(n || !(fact & KOBS_FACT_HOOK))) {
			ips[n++] = ip;
			if (unlikely(n == max))
				return n;
		}
		if (unlikely(!room))
			return w->cut ? n : -ENOENT;
		if (likely(kobs_fact_kind(fact) == KOBS_FACT_SP)) {
			if (unlikely(words > room))
				return -ENOENT;
			sp += words * sizeof(long);
			room -= words;
		} else {
			unsigned long out = walk_special(w, fact, sp, bp);

			if (out <= 1)
				return out ? -ENOENT : n;
			sp = out;
			room = (w->top - sp) / sizeof(long);
		}
		if (kobs_fact_saved(fact))
			bp = word_at(sp, -kobs_fact_saved(fact));
	}
}
EXPORT_SYMBOL_IF_KUNIT(kobs_memo_walk);
