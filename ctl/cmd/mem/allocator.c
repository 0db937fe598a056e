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
#include <sys/stat.h>

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

/* What allocators that are built into a program put before these names. */
static const char *const prefixes[] = { "", "je_", "_rjem_", "tc_", "mi_" };

static const struct {
	const char	*name;
	unsigned int	call;
} maps[] = {
	{ "mmap", KOBS_UMEM_MMAP }, { "mmap64", KOBS_UMEM_MMAP }, { "mremap", KOBS_UMEM_MREMAP },
	{ "munmap", KOBS_UMEM_MUNMAP }, { "brk", KOBS_UMEM_BRK }, { "sbrk", KOBS_UMEM_SBRK },
};

/* Names of files begin with it. */
static const struct {
	const char	*prefix;
	enum allocator_kind kind;
} libraries[] = {
	{ "libc.so", ALLOCATOR_C }, { "libc-", ALLOCATOR_C }, { "libc.musl", ALLOCATOR_C },
	{ "ld-musl", ALLOCATOR_C },
	{ "libstdc++.so", ALLOCATOR_NEW }, { "libc++.so", ALLOCATOR_NEW },
	{ "libc++abi.so", ALLOCATOR_NEW },
	/* Their delete, or that of a known size, frees by itself. */
	{ "libjemalloc", ALLOCATOR_ALL }, { "libmimalloc", ALLOCATOR_ALL },
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

static bool find_function(const char *name, unsigned int *call)
{
	size_t i, k;

	for (k = 0; k < ARRAY_SIZE(prefixes); k++) {
		if (!begins(name, prefixes[k]))
			continue;
		for (i = 0; i < ARRAY_SIZE(functions); i++) {
			if (strcmp(functions[i].name, name + strlen(prefixes[k])))
				continue;
			*call = functions[i].call;
			return true;
		}
	}
	return false;
}

/**
 * allocator_call() - What a function does, by its name as linkers have it.
 * @call: set to it, enum kobs_umem_call
 *
 * Return: false if it is none of the allocator's.
 */
bool allocator_call(const char *name, enum allocator_kind kind, unsigned int *call)
{
	if (find_function(name, call))
		return true;
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
	bool		own;		/* it has an allocator with new and delete in itself */
};

/* What such a one has, and no other. */
static void look_for_own(void *arg, const char *name, uint64_t offset, uint64_t bytes)
{
	static const char *const marks[] = { "mallocx", "tc_malloc", "mi_malloc" };
	struct reader *r = arg;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(marks); i++)
		r->own |= !strcmp(name, marks[i]);
}

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
	bool mapped = a->maps && (r->kind == ALLOCATOR_C || r->own);
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

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_python(const char *base)
{
	return begins(base, "python") || begins(base, "libpython");
}

#define ID_SIZE	48

/* A file has several paths, and its functions are to be hooked once. */
static const char *id_of(const char *path, char id[ID_SIZE])
{
	struct stat st;

	if (stat(path, &st))
		return path;
	snprintf(id, ID_SIZE, "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	return id;
}

/** allocator_add_file() - Take the functions of a file that are the allocator's, if it has any. */
void allocator_add_file(struct allocator *a, const char *path, enum allocator_kind kind)
{
	struct reader r = { .a = a, .kind = kind };
	char buf[ID_SIZE];
	const char *id = id_of(path, buf);

	if (strings_have(&a->files, id) || strchr(path, '\n') ||
	    a->nr_paths >= KOBS_UMEM_FILES || a->paths.len + strlen(path) >= TEXT_MAX)
		return;
	strings_add(&a->files, id);
	a->python |= is_python(base_of(path));
	if (kind == ALLOCATOR_C)
		elf_code_each(path, look_for_own, &r);
	if (r.own)
		r.kind = ALLOCATOR_ALL;
	elf_code_each(path, take_function, &r);
	if (!r.used)
		return;
	strings_add(&a->used, id);
	buf_printf(&a->paths, "%s%s", a->nr_paths++ ? "\n" : "", path);
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
	char buf[ID_SIZE];
	const char *id;
	int err = program_find(word, pid, &at);

	if (!err) {
		kind = allocator_kind_of(base_of(at.path));
		allocator_add_file(a, at.path, kind ? kind : ALLOCATOR_NEW);
		id = id_of(at.path, buf);
		if (!strings_have(&a->files, id))
			err = refuse("--lib %s: there is no room for it", word);
		else if (!strings_have(&a->used, id))
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

	a->python |= is_python(base);
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
	strings_free(&a->used);
	buf_free(&a->paths);
	numbers_free(&a->words);
}
