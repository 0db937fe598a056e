/* SPDX-License-Identifier: GPL-2.0 */
/* Names of user addresses. */
#ifndef OBSCTL_USYMS_H
#define OBSCTL_USYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/map.h"
#include "symbols/debug_info.h"

struct usym_jit;

struct usym_symbol {
	uint64_t	start;
	uint64_t	end;
	const char	*name;
	const char	*shown;		/* demangled; NULL until it is needed */
	bool		label;		/* of code that is no function's, up to the next symbol */
};

struct usym_segment {
	uint64_t	offset;
	uint64_t	size;
	uint64_t	address;
	uint64_t	memory;		/* bytes there, of which the file has @size */
};

/* A file that was mapped; read when a name of it is needed. */
struct usym_file {
	const char	*path;		/* "" for memory without a file */
	const char	*label;		/* as reports have it: [libc.so.6] */
	uint64_t	inode;		/* 0: not known */
	uint64_t	time;		/* of the first mapping; 0: not known */
	uint32_t	tried;		/* process as which it could not be opened last */
	bool		read;
	bool		program;	/* no library */
	struct usym_symbol *v;
	size_t		n;
	size_t		cap;
	struct usym_symbol *data;	/* variables, likewise */
	size_t		nr_data;
	size_t		cap_data;
	struct usym_segment *segment;	/* none: it is no program or library */
	size_t		nr_segments;
	size_t		cap_segments;
	struct debug_info *debug;	/* NULL: there is none */
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
	struct usym_jit	*jit;		/* code that it made itself; NULL: not looked for */
	uint64_t	located;	/* when usyms_locate() did so, on CLOCK_MONOTONIC */
};

/* A function that an address is in, or all that is known. */
struct usym_frame {
	const char	*name;		/* NULL: not known */
	const char	*label;		/* of what has it: [libc.so.6], [anon], [unknown] */
	const char	*path;		/* of its file, where there is one; or NULL */
	const char	*file;		/* its source; NULL: not known, or not asked for */
	uint32_t	line;
	uint64_t	offset;		/* in the function, or the file; or an address */
	bool		placed;		/* without a name, the offset is one in the file */
	bool		inlined;	/* into the next one */
};

#define USYM_FRAMES	DEBUG_PLACES

/* Code of the kernel's that every process has. */
#define USYM_VDSO	"[vdso]"

struct usyms {
	struct map	processes;	/* pid to struct usym_process */
	struct map	files;		/* "INODE PATH", from the pool, to struct usym_file */
	struct pool	names;
	uint64_t	begun;		/* when /proc was read; on CLOCK_MONOTONIC */
	uint32_t	report;		/* number of the report that is made */
	size_t		nr_mappings;
	uint64_t	lost;		/* records not told, or not kept */
	int		unfollowed;	/* errno, where the kernel does not tell */
	bool		no_debug;	/* debug information is not needed */
	bool		raw_names;	/* as linkers have them */
	bool		no_inlined;	/* such functions are not frames */
	bool		lines;		/* frames have their line in the source */
	uint64_t	debug_bytes;	/* of memory for debug information */
	size_t		debug_large;	/* files whose information there was no memory for */
};

/**
 * typedef usym_life - Look at what a process mapped in one of its lives.
 * @p: process
 * @from: when the life began, on CLOCK_MONOTONIC
 * @to: when it ended, or was forked from
 * @data: as for usyms_lives()
 *
 * Return: whether the search ends.
 */
typedef bool usym_life(const struct usym_process *p, uint64_t from, uint64_t to, void *data);

void usyms_map(struct usyms *u, uint32_t pid, const struct usym_mapping *at, const char *path,
	       uint64_t inode);
void usyms_begin(struct usyms *u, uint32_t pid, uint32_t parent, uint64_t time);
void usyms_snapshot(struct usyms *u, uint32_t pid, uint64_t time);
bool usyms_lives(struct usyms *u, uint32_t pid, usym_life *visit, void *data);
const struct usym_mapping *usyms_locate(struct usyms *u, uint32_t pid, uint64_t address,
					uint64_t time);
int usyms_open_file(struct usyms *u, uint32_t pid, const struct usym_mapping *m,
		    struct buf *root);

void usym_file_read(struct usyms *u, uint32_t pid, const struct usym_mapping *m);
bool usym_file_address(const struct usym_file *f, uint64_t offset, uint64_t *address);
struct usym_symbol *usym_file_symbol(const struct usym_file *f, uint64_t address);
void usym_file_free(void *file);

const char *usym_jit_find(struct usyms *u, uint32_t pid, uint64_t address, uint64_t *offset);
void usym_jit_free(struct usym_jit *jit);

size_t usyms_find(struct usyms *u, uint32_t pid, uint64_t address, bool returned,
		  struct usym_frame *frame);
void usym_frame_print(const struct usym_frame *f, struct buf *out);

void usyms_print(struct usyms *u, uint32_t pid, uint64_t address, struct buf *out);
void usyms_print_data(struct usyms *u, uint32_t pid, uint64_t address, struct buf *out);
bool usyms_is_code(struct usyms *u, uint32_t pid, uint64_t address);
uint64_t usyms_program_address(struct usyms *u, uint32_t pid, uint64_t address);
void usyms_free(struct usyms *u);

#endif
