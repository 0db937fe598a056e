/* SPDX-License-Identifier: GPL-2.0 */
/* Names of user addresses. */
#ifndef OBSCTL_USYMS_H
#define OBSCTL_USYMS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "lib/map.h"

struct usym_mapping {
	uint64_t	start;
	uint64_t	end;
	uint64_t	offset;
	const char	*path;
};

/* The mappings of one process, as they were last seen. */
struct usym_process {
	struct usym_mapping *v;
	size_t		n;
	size_t		cap;
};

struct usym_symbol {
	uint64_t	start;
	uint64_t	end;
	const char	*name;
};

struct usym_segment {
	uint64_t	offset;
	uint64_t	size;
	uint64_t	address;
};

/* The symbols of one file. */
struct usym_file {
	struct usym_symbol *v;
	size_t		n;
	size_t		cap;
	struct usym_segment *segment;
	size_t		nr_segments;
	size_t		cap_segments;
};

struct usyms {
	struct map	processes;	/* pid to struct usym_process */
	struct map	files;		/* path, from the pool, to struct usym_file */
	struct pool	names;
};

void usyms_snapshot(struct usyms *u, uint32_t pid);
void usyms_snapshot_tree(struct usyms *u, uint32_t pid);
void usyms_print(struct usyms *u, uint32_t pid, uint64_t address, struct buf *out);
uint64_t usyms_program_address(struct usyms *u, uint32_t pid, uint64_t address);
void usyms_free(struct usyms *u);

#endif
