/* SPDX-License-Identifier: GPL-2.0 */
/* What words of memory point to: symbols, slab objects, stacks, areas, pages. */
#ifndef KOBS_POINTER_H
#define KOBS_POINTER_H

#include <linux/types.h>
#include <uapi/kobs.h>

/* Maximum bytes of a name, with its NUL; longer ones are cut off. */
#define KOBS_POINTER_TEXT	128

/**
 * struct kobs_pointer - a word that points somewhere
 * @offset: where the word lies, in bytes from the first
 * @kind: enum kobs_pointer_kind
 * @value: the word
 * @start: where the slab object, the page or the stack begins; 0 where that is
 *	unknown
 * @tid: of a stack, thread number of its task
 * @text: name of the symbol, the cache, or the task of a stack; or empty
 */
struct kobs_pointer {
	u32 offset;
	u32 kind;
	u64 value;
	u64 start;
	u32 tid;
	char text[KOBS_POINTER_TEXT];
};

void kobs_pointers_init(void);
unsigned int kobs_pointers_find(const void *data, size_t bytes,
				struct kobs_pointer *p, unsigned int max,
				unsigned int *more);

#endif /* KOBS_POINTER_H */
