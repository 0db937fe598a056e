/* SPDX-License-Identifier: GPL-2.0 */
/* What /proc says of memory. */
#ifndef OBSCTL_PROCMEM_H
#define OBSCTL_PROCMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers by name, in bytes. */
struct mem_values {
	struct mem_value {
		char		name[32];
		uint64_t	bytes;
	} *v;
	size_t	n;
	size_t	cap;
};

#define MEM_ORDERS	20

/* An area of vmalloc(), or a tag of allocation profiling. */
struct mem_part {
	const char	*name;		/* in the line */
	uint64_t	bytes;
};

uint64_t mem_value(const struct mem_values *m, const char *name);
bool mem_has_value(const struct mem_values *m, const char *name);
void mem_add_value(struct mem_values *m, const char *name, uint64_t bytes);
int mem_read_meminfo(struct mem_values *m, const char *path);
void mem_read_vmstat(struct mem_values *m, const char *path, uint64_t page);
void mem_read_zoneinfo(struct mem_values *m, const char *path, uint64_t page);
bool mem_read_buddyinfo(const char *path, uint64_t *blocks);
bool mem_parse_area(char *line, uint64_t page, struct mem_part *part);
bool mem_parse_tag(char *line, struct mem_part *part);
bool mem_is_stack_area(const char *caller);
void mem_free_values(struct mem_values *m);

#endif
