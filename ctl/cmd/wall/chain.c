// SPDX-License-Identifier: GPL-2.0
/*
 * Who woke up whom: a chain of wakers, as the module keeps it, as text, JSON and frames. It
 * tells what a blocked thread waited for in the end: for the thread that woke it up, for the
 * one that woke that up while it was blocked itself, and so on.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/wall/chain.h"
#include "cmd/wall/reason.h"
#include "export/json_file.h"
#include "kobs_wall.h"
#include "lib/buf.h"
#include "lib/macros.h"
#include "lib/map.h"

/* Stacks that are made here, beside those of the module, whose numbers have 32 bits. */
#define FOLDED_STACK	(1ull << 33)

static const struct {
	const char	*word;		/* in JSON */
	const char	*text;		/* as text, below the last link */
} ends[] = {
	[KOBS_WALL_MORE] = { "unknown", "(who woke that up was not seen)" },
	[KOBS_WALL_RAN] = { "ran", "(which was not blocked meanwhile)" },
	[KOBS_WALL_START] = { "start", "(which nobody woke up since the session began)" },
	[KOBS_WALL_INTERRUPT] = { "interrupt", NULL },
	[KOBS_WALL_FOREIGN] = { "not followed", "(which is not followed)" },
	[KOBS_WALL_LIMIT] = { "limit", "(who was before is left out: a chain has 8 links)" },
};

static const struct stack *chain_of(const struct table *t, uint64_t id)
{
	const struct stack *s = id ? map_get(&t->stacks, id) : NULL;

	return s && s->nr && s->nr % KOBS_WALL_LINK_WORDS == 0 ? s : NULL;
}

static size_t links_of(const struct stack *s)
{
	return s ? s->nr / KOBS_WALL_LINK_WORDS : 0;
}

static const uint64_t *link_at(const struct stack *s, size_t i)
{
	return &s->addr[i * KOBS_WALL_LINK_WORDS];
}

static const char *link_name(struct report *r, const uint64_t *link)
{
	char name[2 * sizeof(*link) + 1] = {};
	uint64_t words[2] = {
		link[KOBS_WALL_LINK_NAME] |
		(link[KOBS_WALL_LINK_WHO] >> KOBS_WALL_LINK_TOP & 1) << 63,
		link[KOBS_WALL_LINK_NAME2],
	};

	memcpy(name, words, sizeof(words));
	return pool_intern(&r->table->texts, name);
}

/** chain_want() - Have the names of the functions of a chain found. */
void chain_want(struct report *r, uint64_t id)
{
	const struct stack *chain = chain_of(r->table, id);
	size_t i;
	size_t k;

	for (i = 0; i < links_of(chain); i++) {
		const struct stack *s = map_get(&r->table->stacks,
						link_at(chain, i)[KOBS_WALL_LINK_STACK]);

		for (k = 0; s && k < s->nr; k++)
			ksyms_want(&r->view->ksyms, s->addr[k]);
	}
}

/** chain_names() - The functions of a kernel stack, the leaf first; none for NULL. */
void chain_names(struct report *r, const struct stack *s, const char ***frames, size_t *n)
{
	size_t cap = 0;
	size_t i;
	size_t k;

	*frames = NULL;
	*n = 0;
	for (i = s ? view_first_frame(r->view, s) : 0; s && i < s->nr; i++) {
		size_t more = view_frames(r->view, s, i);

		*frames = grow(*frames, &cap, *n + more, sizeof(**frames));
		for (k = 0; k < more; k++)
			(*frames)[(*n)++] = pool_intern(&r->table->texts,
							r->view->frame[k].text.p);
	}
}

static void drop_scheduler(struct wall_link *l)
{
	size_t first = reason_first((const char *const *)l->frames, l->n);

	l->n -= first;
	if (l->n)
		memmove(l->frames, l->frames + first, l->n * sizeof(*l->frames));
}

/* The same chains have one text. */
static void set_text(struct report *r, struct wall_chain *c)
{
	struct buf text = {};
	size_t i;
	size_t k;

	for (i = 0; i < c->n; i++) {
		buf_printf(&text, "%s %llu\n", c->links[i].name,
			   (unsigned long long)c->links[i].tid);
		for (k = 0; k < c->links[i].n; k++)
			buf_printf(&text, " %s\n", c->links[i].frames[k]);
	}
	if (c->n)
		buf_puts(&text, c->end);
	c->text = pool_intern(&r->table->texts, text.len ? text.p : "");
	buf_free(&text);
}

/** chain_name() - Make a chain of the module's number. */
void chain_name(struct report *r, uint64_t id, struct wall_chain *out)
{
	const struct stack *chain = chain_of(r->table, id);
	uint64_t end = KOBS_WALL_MORE;
	size_t i;

	memset(out, 0, sizeof(*out));
	out->n = links_of(chain);
	out->links = zalloc((out->n + 1) * sizeof(*out->links));
	for (i = 0; i < out->n; i++) {
		const uint64_t *link = link_at(chain, i);
		struct wall_link *l = &out->links[i];

		l->name = link_name(r, link);
		l->tid = (uint32_t)link[KOBS_WALL_LINK_WHO];
		end = link[KOBS_WALL_LINK_WHO] >> 32 & 0xff;
		chain_names(r, map_get(&r->table->stacks, link[KOBS_WALL_LINK_STACK]), &l->frames,
			    &l->n);
		drop_scheduler(l);
	}
	out->end = ends[end < ARRAY_SIZE(ends) ? end : KOBS_WALL_MORE].word;
	set_text(r, out);
}

/** chain_line() - Add the names of a chain to a line. */
void chain_line(const struct wall_chain *c, struct buf *line)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		buf_printf(line, "%s%s", i ? " < " : ", ended by ", c->links[i].name);
	if (c->n && !strcmp(c->end, ends[KOBS_WALL_LIMIT].word))
		buf_puts(line, " < ...");
}

/** chain_print() - Below a stack: who ended it, each with where it was blocked before. */
void chain_print(const struct wall_chain *c, struct out *o)
{
	struct buf line = {};
	size_t i;
	size_t k;

	for (i = 0; i < c->n; i++) {
		const struct wall_link *l = &c->links[i];

		line.len = 0;
		buf_printf(&line, "          %s by %s", i ? "woken up" : "ended", l->name);
		if (l->tid)
			buf_printf(&line, " (%llu)", (unsigned long long)l->tid);
		if (l->n)
			buf_puts(&line, ", which was blocked in");
		out_below(o, line.p);
		for (k = 0; k < l->n; k++) {
			line.len = 0;
			buf_printf(&line, "            %s", l->frames[k]);
			out_below(o, line.p);
		}
	}
	for (i = 0; c->n && i < ARRAY_SIZE(ends); i++) {
		if (!ends[i].text || strcmp(ends[i].word, c->end))
			continue;
		line.len = 0;
		buf_printf(&line, "          %s", ends[i].text);
		out_below(o, line.p);
	}
	buf_free(&line);
}

/** chain_json() - The same for programs. */
void chain_json(const struct wall_chain *c, struct out *o)
{
	size_t i;
	size_t k;

	if (!c->n)
		return;
	out_json_text(o, "waker", c->links[0].name);
	out_open(o, "chain", '[');
	for (i = 0; i < c->n; i++) {
		const struct wall_link *l = &c->links[i];

		out_open(o, NULL, '{');
		out_json_text(o, "comm", l->name);
		if (l->tid)
			out_json_number(o, "tid", l->tid);
		if (l->n) {
			out_open(o, "stack", '[');
			for (k = 0; k < l->n; k++)
				out_json_text(o, NULL, l->frames[k]);
			out_close(o, ']');
		}
		out_close(o, '}');
	}
	out_close(o, ']');
	out_json_text(o, "chain_end", c->end);
}

static const char *text_of(struct report *r, const json_t *from, const char *key)
{
	const char *text = json_text(json_object_get(from, key));

	return pool_intern(&r->table->texts, text ? text : "");
}

/** chain_load() - Take a chain from a report that was saved. @from: what it belongs to */
void chain_load(struct report *r, const json_t *from, struct wall_chain *out)
{
	const json_t *list = json_object_get(from, "chain");
	json_t *item, *frame;
	size_t i;
	size_t k;

	memset(out, 0, sizeof(*out));
	out->links = zalloc((json_array_size(list) + 1) * sizeof(*out->links));
	json_array_foreach(list, i, item) {
		const json_t *stack = json_object_get(item, "stack");
		struct wall_link *l = &out->links[out->n++];

		l->name = text_of(r, item, "comm");
		l->tid = json_unsigned(json_object_get(item, "tid"));
		l->frames = zalloc((json_array_size(stack) + 1) * sizeof(*l->frames));
		json_array_foreach(stack, k, frame) {
			const char *text = json_text(frame);

			l->frames[l->n++] = pool_intern(&r->table->texts, text ? text : "");
		}
	}
	out->end = text_of(r, from, "chain_end");
	set_text(r, out);
}

void chain_free(struct wall_chain *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		free(c->links[i].frames);
	free(c->links);
	memset(c, 0, sizeof(*c));
}

/* A frame that is no code, but has a name as an address has. */
static uint64_t frame_of(struct report *r, const char *name)
{
	uint64_t address = (uintptr_t)name;
	struct buf text = {};

	buf_printf(&text, "woken by %s", name);
	address = ksyms_tell(&r->view->ksyms, address, text.p, false);
	buf_free(&text);
	return address;
}

/* The blocked thread's stack, and on it its waker's, and so on: the leaf of all is first. */
static uint64_t fold(struct report *r, uint64_t kstack, uint64_t id)
{
	const struct stack *below = kstack ? map_get(&r->table->stacks, kstack) : NULL;
	const struct stack *chain = chain_of(r->table, id);
	uint64_t number = FOLDED_STACK | id << 34 | kstack;
	size_t nr = below ? below->nr : 0;
	struct stack *s;
	size_t i;

	if (map_get(&r->table->stacks, number))
		return number;
	for (i = 0; i < links_of(chain); i++) {
		s = map_get(&r->table->stacks, link_at(chain, i)[KOBS_WALL_LINK_STACK]);
		nr += 1 + (s ? s->nr : 0);
	}
	s = zalloc(sizeof(*s) + nr * sizeof(*s->addr));
	for (i = links_of(chain); i--;) {
		const uint64_t *link = link_at(chain, i);
		const struct stack *on = map_get(&r->table->stacks, link[KOBS_WALL_LINK_STACK]);

		if (on)
			memcpy(s->addr + s->nr, on->addr, on->nr * sizeof(*s->addr));
		s->nr += on ? on->nr : 0;
		s->addr[s->nr++] = frame_of(r, link_name(r, link));
	}
	if (below)
		memcpy(s->addr + s->nr, below->addr, below->nr * sizeof(*s->addr));
	s->nr += below ? below->nr : 0;
	map_set(&r->table->stacks, number, s);
	return number;
}

/**
 * chains_fold() - Put the wakers of blocked time on its stacks.
 * @chain: the column, which is empty then
 */
void chains_fold(struct report *r, size_t chain)
{
	size_t kstack = view_column(r->view, "kstack");
	struct table *t = r->table;
	size_t i;

	for (i = 0; i < t->nr_rows && kstack != SIZE_MAX; i++) {
		uint64_t *key = t->keys + t->rows[i].key;

		if (chain_of(t, key[chain]))
			key[kstack] = fold(r, key[kstack], key[chain]);
		key[chain] = 0;
	}
}
