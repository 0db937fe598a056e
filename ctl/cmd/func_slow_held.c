// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl func slow: the locks of the kernel that calls were blocked by, and who held them. The
 * module has each pair of these among its stacks, with a number (kobs_held.h).
 */

#include <string.h>

#include "cmd/func_slow.h"
#include "kobs_held.h"
#include "lib/buf.h"
#include "lib/macros.h"

static void want_lock(struct slow *w, struct trace *t, uint64_t number)
{
	const uint64_t *word;
	const struct stack *s;
	struct slow_held *h;
	char owner[3 * sizeof(*word) + 1] = "";

	if (!number || map_get(&w->held, number))
		return;
	s = trace_stack(t, number);
	if (!s || s->nr != KOBS_HELD_WORDS)
		return;
	word = s->addr;
	memcpy(owner, &word[KOBS_HELD_OWNER], sizeof(owner) - 1);
	h = zalloc(sizeof(*h));
	h->word = word[KOBS_HELD_LOCK];
	h->owner = pool_intern(&w->names, owner);
	h->id = word[KOBS_HELD_ID];
	map_set(&w->held, number, h);
	/* The kernel tells the name of what a module has, as that of a frame. */
	if (!ksyms_told_object(&t->view->ksyms, h->word))
		ksyms_want_object(&t->view->ksyms, h->word);
}

/** func_slow_want_locks() - Find the names of the locks of all records that came. */
void func_slow_want_locks(struct slow *w, struct trace *t)
{
	size_t i;
	size_t k;

	for (i = 0; i < w->n; i++) {
		const uint64_t *word = w->v[i].data + KOBS_SLOW_HEAD;

		for (k = 0; k < w->v[i].parts; k++)
			want_lock(w, t, word[k * KOBS_SLOW_PART + KOBS_SLOW_HELD]);
	}
	ksyms_resolve(&t->view->ksyms);
}

/** func_slow_held() - Return: the lock of a number, and its owner; NULL for none. */
const struct slow_held *func_slow_held(struct slow *w, struct view *v, uint64_t number)
{
	struct slow_held *h = number ? map_get(&w->held, number) : NULL;
	struct buf name = {};

	if (!h || h->lock)
		return h;
	ksyms_print_object(&v->ksyms, h->word, &name);
	h->lock = pool_intern(&w->names, name.p);
	buf_free(&name);
	return h;
}
