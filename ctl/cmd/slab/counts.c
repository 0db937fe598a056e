// SPDX-License-Identifier: GPL-2.0
/* A session of kobs that counts live objects by cache, for 'slab growth'. */

#include <stdlib.h>
#include <string.h>

#include "cmd/slab/counts.h"
#include "cmd/slab/leaks.h"
#include "lib/buf.h"
#include "run/request.h"

/** slab_counts_open() - Start the session. Return: 0 or an exit status. */
int slab_counts_open(struct slab_counts *c, const struct opts *o)
{
	struct request req = {};
	int err;

	c->open = true;
	strings_add(&req.by, "cache");
	request_fill(&req, "slab", "leaks", NULL, o);
	err = nl_open(&c->nl);
	if (!err)
		err = view_init(&c->view, &c->nl);
	if (!err)
		err = model_session_new(&c->nl, &req, &c->session);
	if (!err)
		err = view_bind(&c->view, &c->session);
	if (!err)
		err = model_session_start(&c->nl, c->session.id, NULL, &c->session);
	if (!err) {
		model_init_table(&c->table, c->view.types, c->view.nr_columns, c->view.mode);
		c->has_table = true;
	}
	model_free_request(&req);
	return err;
}

/**
 * slab_counts_read() - Read how many objects are live, and how the session is.
 * Return: 0 or an exit status.
 */
int slab_counts_read(struct slab_counts *c)
{
	size_t bytes = slab_figure(c->view.mode, "live_bytes");
	size_t i;
	int err;

	c->n = 0;
	model_empty_table(&c->table);
	/* The session first: one that has stopped has no newer rows. */
	err = model_session_get(&c->nl, c->session.id, NULL, &c->session);
	if (!err)
		err = model_get_table(&c->nl, c->session.id, &c->table);
	for (i = 0; !err && i < c->table.nr_rows; i++) {
		const struct row *row = &c->table.rows[i];
		struct slab_count *out;

		c->v = grow(c->v, &c->cap, c->n + 1, sizeof(*c->v));
		out = &c->v[c->n];
		out->cache = (const char *)(uintptr_t)c->table.keys[row->key];
		out->live = row->count;
		out->bytes = table_figures(&c->table, row)[bytes];
		/* Without a name it is what was freed, but never allocated here. */
		c->n += *out->cache != 0;
	}
	return err;
}

/** slab_counts_stop() - End the counting; it can still be read. Return: 0 or an exit status. */
int slab_counts_stop(struct slab_counts *c)
{
	return model_session_stop(&c->nl, c->session.id, &c->session);
}

void slab_counts_close(struct slab_counts *c)
{
	if (!c->open)
		return;
	model_session_drop(&c->nl, &c->session);
	nl_shut(&c->nl);
	if (c->has_table)
		model_free_table(&c->table);
	model_free_session(&c->session);
	view_free(&c->view);
	free(c->v);
}
