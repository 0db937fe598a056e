// SPDX-License-Identifier: GPL-2.0
/* The kernel's modules: which there are, and where their code is. */

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/lines.h"
#include "symbols/modules.h"

static void add(struct modules *m, char *line)
{
	char *at = strstr(line, " 0x");
	char *size = strchr(line, ' ');
	struct module *new;

	if (!at || !size)
		return;
	*size++ = 0;
	m->v = grow(m->v, &m->cap, m->n + 1, sizeof(*m->v));
	new = &m->v[m->n++];
	new->name = copy_string(line);
	new->live = at - size >= 5 && !strncmp(at - 5, " Live", 5);
	new->start = strtoull(at + 1, NULL, 16);
	new->end = new->start + strtoull(size, NULL, 10);
}

/** modules_path() - Return: the path of the list of modules. */
const char *modules_path(void)
{
	const char *path = getenv("OBSCTL_MODULES");

	return path ? path : "/proc/modules";
}

/** modules_read() - Read the list of modules, in place of an earlier one. */
void modules_read(struct modules *m, const char *path)
{
	struct lines l;
	size_t len;
	char *line;

	modules_free(m);
	if (lines_open(&l, path))
		return;
	while ((line = lines_next(&l, &len)))
		add(m, line);
	lines_close(&l);
}

/** modules_find() - Return: the module of that name, or NULL; fast for the one found last. */
const struct module *modules_find(struct modules *m, const char *name)
{
	size_t i;

	if (m->last < m->n && !strcmp(m->v[m->last].name, name))
		return &m->v[m->last];
	for (i = 0; i < m->n; i++) {
		if (strcmp(m->v[i].name, name))
			continue;
		m->last = i;
		return &m->v[i];
	}
	return NULL;
}

/** modules_came() - Return: whether a module came since the list was read. */
bool modules_came(struct modules *then, const char *path)
{
	struct modules now = {};
	bool came = false;
	size_t i;

	modules_read(&now, path);
	for (i = 0; i < now.n && !came; i++) {
		const struct module *m = modules_find(then, now.v[i].name);

		came = !m || m->start != now.v[i].start;
	}
	modules_free(&now);
	return came;
}

void modules_free(struct modules *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		free(m->v[i].name);
	free(m->v);
	memset(m, 0, sizeof(*m));
}
