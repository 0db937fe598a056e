/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Replacing words in tables that hold code addresses, for code that goes. Pure.
 *
 * Locking: the caller excludes others that replace. Handlers may use the table
 * meanwhile: a word is read and written as a whole, and a row stays where it
 * is. So none that has the old words may be looked up any more: the code in
 * question does not run.
 */
#ifndef KOBS_REPLACE_H
#define KOBS_REPLACE_H

#include <linux/compiler.h>
#include <linux/types.h>

/**
 * struct kobs_replace - what to replace
 * @words: which words of a key, a bit for each; not of a stack, where it is all
 * @fn: returns what a word becomes; itself if it stays
 * @arg: argument of @fn
 */
struct kobs_replace {
	u32 words;
	u64 (*fn)(void *arg, u64 word);
	void *arg;
};

static inline void kobs_replace_word(const struct kobs_replace *r, u64 *word)
{
	u64 old = READ_ONCE(*word);
	u64 new = r->fn(r->arg, old);

	if (new != old)
		WRITE_ONCE(*word, new);
}

static inline void kobs_replace_key(const struct kobs_replace *r, u64 *key)
{
	unsigned int i;

	for (i = 0; r->words >> i; i++) {
		if (r->words >> i & 1)
			kobs_replace_word(r, &key[i]);
	}
}

#endif /* KOBS_REPLACE_H */
