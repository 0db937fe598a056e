/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's modules, as /proc/modules lists them. */
#ifndef OBSCTL_MODULES_H
#define OBSCTL_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct module {
	char		*name;
	uint64_t	start;
	uint64_t	end;
	bool		live;		/* neither being loaded nor unloaded */
};

struct modules {
	struct module	*v;
	size_t		n;
	size_t		cap;
	size_t		last;		/* looked up last */
};

const char *modules_path(void);
void modules_read(struct modules *m, const char *path);
bool modules_came(struct modules *then, const char *path);
const struct module *modules_find(struct modules *m, const char *name);
void modules_free(struct modules *m);

#endif
