/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared by the libFuzzer targets of obsctl's parsers: a file in memory that a
 * parser opens by its path.
 */
#ifndef KOBS_FUZZ_H
#define KOBS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct memory_file {
	int fd;
	char path[32];
};

/* Gives the file new content; makes it the first time. */
static inline void memory_file_set(struct memory_file *f, const void *data,
				   size_t size)
{
	if (!f->path[0]) {
		f->fd = memfd_create("fuzz", MFD_CLOEXEC);
		if (f->fd < 0)
			abort();
		snprintf(f->path, sizeof(f->path), "/proc/self/fd/%d", f->fd);
	}
	if (ftruncate(f->fd, 0) || pwrite(f->fd, data, size, 0) != (ssize_t)size)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif /* KOBS_FUZZ_H */
