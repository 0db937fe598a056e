/* SPDX-License-Identifier: GPL-2.0 */
/* Functions by which a program allocates and frees memory, and where they are in files. */
#ifndef OBSCTL_ALLOCATOR_H
#define OBSCTL_ALLOCATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "proto/model.h"

/* What the module is told of them; all zero at first. */
struct allocator {
	struct strings	files;		/* that were looked into, by device and inode */
	struct strings	used;		/* those of them with functions */
	struct buf	paths;		/* of those with functions, a line each */
	uint64_t	nr_paths;
	struct numbers	words;		/* of the places, as kobs_umem.h has them */
	bool		maps;		/* mmap() is wanted, too */
	bool		allocates;	/* there is a function that does */
	bool		frees;
	bool		python;		/* it has arenas of its own */
};

/* Where a file's functions count that C++ has beside those of C. */
enum allocator_kind {
	ALLOCATOR_NONE,		/* no library of an allocator */
	ALLOCATOR_C,		/* none of these: new and delete may do what they like */
	ALLOCATOR_NEW,		/* new; delete calls free() */
	ALLOCATOR_ALL,
};

enum allocator_kind allocator_kind_of(const char *base);
bool allocator_call(const char *name, enum allocator_kind kind, unsigned int *call);
bool allocator_maps(const char *name, unsigned int *call);
void allocator_add_file(struct allocator *a, const char *path, enum allocator_kind kind);
int allocator_of_process(struct allocator *a, uint32_t pid);
void allocator_of_command(struct allocator *a, const char *command);
int allocator_add_named(struct allocator *a, const char *word, uint32_t pid);
int allocator_check(const struct allocator *a, const char *whose);
void allocator_request(const struct allocator *a, struct request *req);
void allocator_free(struct allocator *a);

#endif
