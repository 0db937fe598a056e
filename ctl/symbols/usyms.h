/* SPDX-License-Identifier: GPL-2.0 */
/* Names of user addresses. */
#ifndef OBSCTL_USYMS_H
#define OBSCTL_USYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/map.h"

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

/* A file that was mapped; read when a name of it is needed. */
struct usym_file {
	const char	*path;
	uint64_t	inode;		/* 0: not known */
	uint64_t	time;		/* of the first mapping; 0: not known */
	uint32_t	tried;		/* process as which it could not be opened last */
	bool		read;
	bool		program;	/* no library */
	struct usym_symbol *v;
	size_t		n;
	size_t		cap;
	struct usym_segment *segment;
	size_t		nr_segments;
	size_t		cap_segments;
};

struct usym_mapping {
	uint64_t	start;
	uint64_t	end;
	uint64_t	offset;
	uint64_t	time;		/* since when; 0: always */
	struct usym_file *file;
};

/* All code that a process has had mapped, and when it began anew: the oldest first. */
struct usym_process {
	struct usym_mapping *v;
	size_t		n;
	size_t		cap;
	struct usym_begin {
		uint64_t	time;
		uint32_t	parent;	/* forked from that process; 0: an exec */
	} *begin;
	size_t		nr_begins;
	size_t		cap_begins;
	uint32_t	looked;		/* report for which /proc was asked again */
};

struct usyms {
	struct map	processes;	/* pid to struct usym_process */
	struct map	files;		/* "INODE PATH", from the pool, to struct usym_file */
	struct pool	names;
	uint64_t	begun;		/* when /proc was read; on CLOCK_MONOTONIC */
	uint32_t	report;		/* number of the report that is made */
	size_t		nr_mappings;
	uint64_t	lost;		/* records not told, or not kept */
	int		unfollowed;	/* errno, where the kernel does not tell */
};

void usyms_map(struct usyms *u, uint32_t pid, const struct usym_mapping *at, const char *path,
	       uint64_t inode);
void usyms_begin(struct usyms *u, uint32_t pid, uint32_t parent, uint64_t time);
void usyms_snapshot(struct usyms *u, uint32_t pid, uint64_t time);
int usyms_open_file(struct usyms *u, uint32_t pid, const struct usym_file *f);

void usym_file_read(struct usyms *u, uint32_t pid, struct usym_file *f);
bool usym_file_address(const struct usym_file *f, uint64_t offset, uint64_t *address);
const struct usym_symbol *usym_file_symbol(const struct usym_file *f, uint64_t offset,
					   uint64_t *address);
void usym_file_free(void *file);

void usyms_print(struct usyms *u, uint32_t pid, uint64_t address, struct buf *out);
uint64_t usyms_program_address(struct usyms *u, uint32_t pid, uint64_t address);
void usyms_free(struct usyms *u);

#endif
