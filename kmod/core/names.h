/* SPDX-License-Identifier: GPL-2.0 */
/* Names of recorded addresses, across the coming and going of modules (names.c). */
#ifndef KOBS_NAMES_H
#define KOBS_NAMES_H

#include <linux/types.h>
#include "compat/module_text.h"
#include "lib/replace.h"

struct kobs_session;

/**
 * struct kobs_code - memory of a module that comes, or that is about to go
 * @range: where it is
 * @n: number of @range
 * @comes: it comes: what was recorded there is of code whose end was not seen
 */
struct kobs_code {
	struct kobs_module_range range[KOBS_MODULE_RANGES];
	unsigned int n;
	bool comes;
};

int kobs_names_init(void);
void kobs_names_exit(void);
void kobs_names_new(struct kobs_session *s);
void kobs_names_end(struct kobs_session *s);
bool kobs_names_symbol(u64 address, char *text, size_t size);
u64 kobs_names_show(struct kobs_session *s, u64 word, const char **text);
const char *kobs_names_untold(struct kobs_session *s, u64 word,
			      const struct kobs_code *lost);
void kobs_code_extend(struct kobs_code *hull, const struct kobs_code *code);

/**
 * kobs_code_has() - is an address in the memory of a module
 * @code: that memory
 * @address: address
 *
 * Context: any.
 * Return: true if it is.
 */
static inline bool kobs_code_has(const struct kobs_code *code, u64 address)
{
	unsigned int i;

	for (i = 0; i < code->n; i++) {
		if (address - code->range[i].from < code->range[i].size)
			return true;
	}
	return false;
}

#endif /* KOBS_NAMES_H */
