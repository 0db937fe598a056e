/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Functions of allocators in user space, as the source umem follows them: what its
 * parameter places consists of. A client finds the functions; KOBS_UMEM_WORDS words
 * tell the module of each:
 *
 *	0	bits 0-31: number of its file, from 0: a line of the parameter files;
 *		bits 32-63: what the function does, enum kobs_umem_call
 *	1	offset of its first instruction in the file
 *	2	the 8 bytes there, by which the file is known again
 */
#ifndef _UAPI_LINUX_KOBS_UMEM_H
#define _UAPI_LINUX_KOBS_UMEM_H

#define KOBS_UMEM_WORDS		3
/* Maximum number of files, and of functions. */
#define KOBS_UMEM_FILES		32
#define KOBS_UMEM_PLACES	512

/**
 * enum kobs_umem_call - what a function of an allocator does, and takes
 * @KOBS_UMEM_MALLOC: (size) allocates
 * @KOBS_UMEM_CALLOC: (n, size) allocates n * size bytes
 * @KOBS_UMEM_REALLOC: (old, size) resizes; size 0 can free, a null pointer allocates
 * @KOBS_UMEM_REALLOCARRAY: (old, n, size) likewise, n * size bytes
 * @KOBS_UMEM_ALIGNED: (alignment, size) allocates
 * @KOBS_UMEM_POSIX: (where, alignment, size) allocates, stores the address there, and
 *	returns 0 or an error
 * @KOBS_UMEM_FREE: (old) frees
 * @KOBS_UMEM_MMAP: (where, size, protection, flags) maps memory; what is mapped of a
 *	file is no hit
 * @KOBS_UMEM_MREMAP: (old, old size, size) resizes what is mapped
 * @KOBS_UMEM_MUNMAP: (old, size) unmaps, from its begin on
 * @KOBS_UMEM_BRK: (end) moves the end of the heap, and returns 0 or an error
 * @KOBS_UMEM_SBRK: (bytes) moves it by so many, and returns where it was
 * @KOBS_UMEM_CALLS: number of them
 */
enum kobs_umem_call {
	KOBS_UMEM_MALLOC,
	KOBS_UMEM_CALLOC,
	KOBS_UMEM_REALLOC,
	KOBS_UMEM_REALLOCARRAY,
	KOBS_UMEM_ALIGNED,
	KOBS_UMEM_POSIX,
	KOBS_UMEM_FREE,
	KOBS_UMEM_MMAP,
	KOBS_UMEM_MREMAP,
	KOBS_UMEM_MUNMAP,
	KOBS_UMEM_BRK,
	KOBS_UMEM_SBRK,
	KOBS_UMEM_CALLS
};

#endif /* _UAPI_LINUX_KOBS_UMEM_H */
