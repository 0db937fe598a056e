// SPDX-License-Identifier: GPL-2.0
/*
 * The functions of a program's allocator: those of the C library, or of one that takes
 * their place (jemalloc, tcmalloc, mimalloc), in the libraries that a process has mapped,
 * or in the program itself, if it is linked statically. C++ allocates by operator new,
 * which calls malloc(): it is hooked as well, so that the caller is the program's code.
 *
 * A library that is hooked and not called costs nothing: all that are there are hooked.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/mem/allocator.h"
#include "kobs_umem.h"
#include "lib/diag.h"
#include "lib/lines.h"
#include "lib/macros.h"
#include "symbols/elf_code.h"
#include "symbols/ld_cache.h"
#include "symbols/program_path.h"

/* Limits of the module's parameters. */
#define TEXT_MAX	4095

static const struct {
	const char	*name;
	unsigned int	call;
} functions[] = {
	{ "malloc", KOBS_UMEM_MALLOC }, { "valloc", KOBS_UMEM_MALLOC },
	{ "pvalloc", KOBS_UMEM_MALLOC }, { "mallocx", KOBS_UMEM_MALLOC },
	{ "calloc", KOBS_UMEM_CALLOC },
	{ "realloc", KOBS_UMEM_REALLOC }, { "rallocx", KOBS_UMEM_REALLOC },
	{ "reallocarray", KOBS_UMEM_REALLOCARRAY },
	{ "memalign", KOBS_UMEM_ALIGNED }, { "aligned_alloc", KOBS_UMEM_ALIGNED },
	{ "posix_memalign", KOBS_UMEM_POSIX },
	{ "free", KOBS_UMEM_FREE }, { "cfree", KOBS_UMEM_FREE },
	{ "free_sized", KOBS_UMEM_FREE }, { "free_aligned_sized", KOBS_UMEM_FREE },
	{ "dallocx", KOBS_UMEM_FREE }, { "sdallocx", KOBS_UMEM_FREE },
};

static const struct {
	const char	*name;
	unsigned int	call;
} maps[] = {
	{ "mmap", KOBS_UMEM_MMAP }, { "mmap64", KOBS_UMEM_MMAP }, { "mremap", KOBS_UMEM_MREMAP },
	{ "munmap", KOBS_UMEM_MUNMAP },
};

/* Names of files begin with it. */
static const struct {
	const char	*prefix;
	enum allocator_kind kind;
} libraries[] = {
	{ "libc.so", ALLOCATOR_C }, { "libc-", ALLOCATOR_C }, { "libc.musl", ALLOCATOR_C },
	{ "ld-musl", ALLOCATOR_C },
	{ "libstdc++.so", ALLOCATOR_NEW }, { "libc++.so", ALLOCATOR_NEW },
	{ "libc++abi.so", ALLOCATOR_NEW }, { "libjemalloc", ALLOCATOR_NEW },
	{ "libmimalloc", ALLOCATOR_NEW },
	/* Its delete frees by itself. */
	{ "libtcmalloc", ALLOCATOR_ALL },
};

/* Of those that the loader may take for a command that has not begun. */
static const char *const usual[] = {
	"libc", "libstdc++", "libc++", "libjemalloc", "libtcmalloc", "libtcmalloc_minimal",
	"libmimalloc",
};

/** allocator_kind_of() - Return: what a file is, by its name without folders. */
enum allocator_kind allocator_kind_of(const char *base)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(libraries); i++)
		if (!strncmp(base, libraries[i].prefix, strlen(libraries[i].prefix)))
			return libraries[i].kind;
	return ALLOCATOR_NONE;
}

static bool begins(const char *name, const char *prefix)
{
	return !strncmp(name, prefix, strlen(prefix));
}

/**
 * allocator_call() - What a function does, by its name as linkers have it.
 * @call: set to it, enum kobs_umem_call
 *
 * Return: false if it is none of the allocator's.
 */
bool allocator_call(const char *name, enum allocator_kind kind, unsigned int *call)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(functions); i++) {
		if (strcmp(functions[i].name, name))
			continue;
		*call = functions[i].call;
		return true;
	}
	*call = KOBS_UMEM_MALLOC;
	/* Placement new gets its memory. */
	if (kind >= ALLOCATOR_NEW && (begins(name, "_Znwm") || begins(name, "_Znam")) &&
	    strcmp(name + 5, "Pv"))
		return true;
	*call = KOBS_UMEM_FREE;
	return kind == ALLOCATOR_ALL && (begins(name, "_ZdlPv") || begins(name, "_ZdaPv"));
}

/** allocator_maps() - The same of functions by which a program maps memory itself. */
bool allocator_maps(const char *name, unsigned int *call)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(maps); i++) {
		if (strcmp(maps[i].name, name))
			continue;
		*call = maps[i].call;
		return true;
	}
	return false;
}

/* A file that is read. */
struct reader {
	struct allocator *a;
	enum allocator_kind kind;
	bool		used;		/* a function of it was added */
};

/* Several names can be of the same function, and a name in two tables. */
static bool has_place(const struct allocator *a, uint64_t file, uint64_t offset)
{
	size_t i;

	for (i = 0; i < a->words.n; i += KOBS_UMEM_WORDS)
		if ((uint32_t)a->words.v[i] == file && a->words.v[i + 1] == offset)
			return true;
	return false;
}

static void take_function(void *arg, const char *name, uint64_t offset, uint64_t bytes)
{
	struct reader *r = arg;
	struct allocator *a = r->a;
	bool mapped = a->maps && r->kind == ALLOCATOR_C;
	unsigned int call;

	if (!allocator_call(name, r->kind, &call) && !(mapped && allocator_maps(name, &call)))
		return;
	if (has_place(a, a->nr_paths, offset) ||
	    a->words.n / KOBS_UMEM_WORDS >= KOBS_UMEM_PLACES)
		return;
	numbers_add(&a->words, a->nr_paths | (uint64_t)call << 32);
	numbers_add(&a->words, offset);
	numbers_add(&a->words, bytes);
	a->allocates |= call < KOBS_UMEM_FREE;
	a->frees |= call == KOBS_UMEM_FREE;
	r->used = true;
}

/** allocator_add_file() - Take the functions of a file that are the allocator's, if it has any. */
void allocator_add_file(struct allocator *a, const char *path, enum allocator_kind kind)
{
	struct reader r = { .a = a, .kind = kind };

	if (strings_have(&a->files, path) || strchr(path, '\n') ||
	    a->nr_paths >= KOBS_UMEM_FILES || a->paths.len + strlen(path) >= TEXT_MAX)
		return;
	strings_add(&a->files, path);
	elf_code_each(path, take_function, &r);
	if (r.used)
		buf_printf(&a->paths, "%s%s", a->nr_paths++ ? "\n" : "", path);
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/**
 * allocator_add_named() - Take those of a library or program that the user names.
 * @pid: process that has it mapped; 0 for none
 *
 * Return: 0, or an exit status.
 */
int allocator_add_named(struct allocator *a, const char *word, uint32_t pid)
{
	enum allocator_kind kind;
	struct program_path at;
	uint64_t before = a->nr_paths;
	int err = program_find(word, pid, &at);

	if (!err) {
		kind = allocator_kind_of(base_of(at.path));
		allocator_add_file(a, at.path, kind ? kind : ALLOCATOR_NEW);
		if (a->nr_paths == before && !strings_have(&a->files, at.path))
			err = refuse("--lib %s: there is no room for it", word);
		else if (a->nr_paths == before && !strstr(a->paths.p ? a->paths.p : "", at.path))
			err = refuse("--lib %s: %s has no function malloc, calloc, realloc or free",
				     word, at.path);
	}
	program_free_path(&at);
	return err;
}

/* A library, by the name that it is mapped with. */
static void add_mapped(struct allocator *a, char *base, uint32_t pid)
{
	static const char deleted[] = " (deleted)";
	enum allocator_kind kind = allocator_kind_of(base);
	size_t len = strlen(base);
	struct program_path at;

	if (!kind)
		return;
	if (len > strlen(deleted) && !strcmp(base + len - strlen(deleted), deleted))
		base[len - strlen(deleted)] = 0;
	if (!program_find(base, pid, &at))
		allocator_add_file(a, at.path, kind);
	program_free_path(&at);
}

/**
 * allocator_of_process() - Take those of a process: of its program, and of its libraries.
 *
 * Return: 0, or an exit status.
 */
int allocator_of_process(struct allocator *a, uint32_t pid)
{
	struct program_path program;
	struct lines l;
	char path[32];
	char *line;
	size_t len;
	int err;

	snprintf(path, sizeof(path), "%u", pid);
	err = program_find(path, 0, &program);
	if (!err)
		allocator_add_file(a, program.path, ALLOCATOR_C);
	program_free_path(&program);
	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	if (err || lines_open(&l, path))
		return err ? err : refuse("cannot read %s: %m", path);
	while ((line = lines_next(&l, &len))) {
		char *slash = strrchr(line, '/');

		/* ADDRESS-ADDRESS r-xp ... /PATH */
		if (slash && strstr(line, " r-xp "))
			add_mapped(a, slash + 1, pid);
	}
	lines_close(&l);
	return 0;
}

/* What the loader is told to take first, by the environment. */
static void add_preloaded(struct allocator *a)
{
	const char *list = getenv("LD_PRELOAD");
	char *copy = copy_string(list ? list : "");
	char *save = NULL;
	char *word;

	for (word = strtok_r(copy, " :", &save); word; word = strtok_r(NULL, " :", &save)) {
		char *found = strchr(word, '/') ? realpath(word, NULL) : library_find(word);
		enum allocator_kind kind = found ? allocator_kind_of(base_of(found)) : 0;

		if (found)
			allocator_add_file(a, found, kind ? kind : ALLOCATOR_NEW);
		free(found);
	}
	free(copy);
}

/** allocator_of_command() - Take those that a command will have, before it begins. */
void allocator_of_command(struct allocator *a, const char *command)
{
	struct program_path program;
	struct buf quiet = {};
	size_t i;

	/* Of one that is not there, it is said when it is to begin. */
	sentences_kept = &quiet;
	if (!program_find(command, 0, &program))
		allocator_add_file(a, program.path, ALLOCATOR_C);
	sentences_kept = NULL;
	buf_free(&quiet);
	program_free_path(&program);
	add_preloaded(a);
	for (i = 0; i < ARRAY_SIZE(usual); i++) {
		char *found = library_find(usual[i]);
		char *path = found ? realpath(found, NULL) : NULL;

		if (path)
			allocator_add_file(a, path, allocator_kind_of(base_of(found)));
		free(path);
		free(found);
	}
}

/** allocator_check() - Refuse one without functions. Return: 0 or an exit status. */
int allocator_check(const struct allocator *a, const char *whose)
{
	if (a->allocates && a->frees)
		return 0;
	return refuse("%s has no allocator that obsctl finds: neither its program nor its libraries have the functions malloc and free; name the library by --lib, if it has another name",
		      whose);
}

/** allocator_request() - Put it into a request, as which it must live as long. */
void allocator_request(const struct allocator *a, struct request *req)
{
	model_set_text(req, "files", a->paths.p);
	model_set_addresses(req, "places", &a->words);
}

void allocator_free(struct allocator *a)
{
	strings_free(&a->files);
	buf_free(&a->paths);
	numbers_free(&a->words);
}
