// SPDX-License-Identifier: GPL-2.0
/*
 * Places in programs and libraries: words such as u:libc:malloc, u:FILE:FUNCTION+0x1e
 * and ur:FILE:FUNCTION, and what the module needs to find them.
 *
 * Only what symbols say is a function is hooked, and in it only where an instruction
 * begins: the kernel would put its breakpoint anywhere.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cmd/probe/probe.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "lib/nearest.h"
#include "symbols/code_boundaries.h"

/* Limits of the module's parameters. */
#define PLACES_MAX	512
#define FILES_MAX	64
#define TEXT_MAX	4095
/* Bytes of the longest instruction. */
#define INSTRUCTION_MAX	16

/* What a word asks for. */
struct wish {
	struct points	*p;
	struct user_file *file;
	const char	*symbol;
	bool		returns;
};

/* FILE:FUNCTION, of which FILE can have colons in it if it is a path. */
static const char *split(const char *word)
{
	const char *colon = strchr(word, ':');
	const char *at;

	for (at = colon; at; at = strchr(at + 1, ':')) {
		char *path = strndup(word, (size_t)(at - word));
		bool found = strchr(path, '/') && !access(path, F_OK);

		free(path);
		if (found)
			return at;
	}
	return colon;
}

static void free_file(struct user_file *f)
{
	elf_functions_close(&f->functions);
	program_free_path(&f->at);
	free(f->word);
}

/* A file that was found, unless another word has named it. */
static int take_file(struct user_places *u, struct user_file **out)
{
	struct user_file *f = &u->files[u->n - 1];
	size_t i;

	for (i = 0; i < u->n - 1; i++) {
		if (strcmp(u->files[i].at.path, f->at.path))
			continue;
		*out = &u->files[i];
		free_file(f);
		u->n--;
		return 0;
	}
	if (strchr(f->at.path, '\n'))
		return refuse("u: a file whose path has a line break in it cannot be probed");
	return elf_functions_open(&f->functions, f->at.path);
}

static int open_file(struct user_places *u, const char *word, size_t len, struct user_file **out)
{
	struct user_file *f;
	size_t i;
	int err;

	for (i = 0; i < u->n; i++) {
		*out = &u->files[i];
		if (strlen(u->files[i].word) == len && !strncmp(u->files[i].word, word, len))
			return 0;
	}
	u->files = grow(u->files, &u->cap, u->n + 1, sizeof(*u->files));
	f = &u->files[u->n++];
	memset(f, 0, sizeof(*f));
	f->functions.fd = -1;
	f->word = strndup(word, len);
	*out = f;
	err = program_find(f->word, u->pid, &f->at);
	return err ? err : take_file(u, out);
}

/* The number of a file in the request. */
static uint64_t file_number(struct user_places *u, struct user_file *f)
{
	if (!f->number) {
		buf_printf(&u->paths, "%s%s", u->nr_paths ? "\n" : "", f->at.path);
		f->number = ++u->nr_paths;
	}
	return f->number - 1;
}

/*
 * The kernel looks at an instruction when a process that has it mapped is there; what
 * it cannot execute elsewhere it would leave out in silence, in those that come later.
 */
static void map_place(const struct user_file *f, uint64_t offset)
{
	long page = sysconf(_SC_PAGESIZE);

	/* For as long as obsctl runs. */
	mmap(NULL, (size_t)page, PROT_READ, MAP_PRIVATE, f->functions.fd,
	     (off_t)(offset / (uint64_t)page * (uint64_t)page));
}

/* A name as reports show it: one word, as the module keeps it. */
static void print_name(struct buf *out, const struct wish *w, const char *file,
		       const struct elf_function *fn, uint64_t offset)
{
	size_t i;

	out->len = 0;
	buf_printf(out, "%s:%s:%s", w->returns && !w->p->timed ? "ur" : "u", file, fn->name);
	if (fn->twin)
		buf_printf(out, "@0x%llx", (unsigned long long)fn->address);
	if (offset)
		buf_printf(out, "+0x%llx", (unsigned long long)offset);
	for (i = 0; i < out->len; i++)
		if (out->p[i] == ' ' || out->p[i] == '\n')
			out->p[i] = '_';
}

/* Whether a point of this name is at another place. */
static bool is_taken(struct points *p, const char *name, const uint64_t *place)
{
	const struct point *point = points_named(p, name);

	return point && memcmp(&p->user.words.v[(point->place - 1) * PLACE_WORDS], place,
			       2 * sizeof(*place));
}

/*
 * A function of Go begins with a look at how much stack there is; where that is too little,
 * it gets a larger one, and begins anew. Hits are counted behind that, once for each call.
 *
 * Return: bytes of it, of the forms that the compiler has for usual frames; else 0.
 */
static uint64_t go_prologue(const struct wish *w, const struct elf_function *fn)
{
	static const struct {
		uint8_t	bytes[4];
		uint8_t	n;		/* that are the same in all functions */
		uint8_t	at;		/* of what follows: a jump below or equal */
		uint8_t	cmp;		/* a comparison before that, or 0 */
	} forms[] = {
		/* cmp 0x10(%r14),%rsp */
		{ { 0x49, 0x3b, 0x66, 0x10 }, 4, 4, 0 },
		/* lea -X(%rsp),%r12; cmp 0x10(%r14),%r12 */
		{ { 0x4c, 0x8d, 0x64, 0x24 }, 4, 9, 5 }, { { 0x4c, 0x8d, 0xa4, 0x24 }, 4, 12, 8 },
	};
	static const uint8_t cmp[] = { 0x4d, 0x3b, 0x66, 0x10 };
	uint8_t code[32] = {};
	size_t i;

	if (!w->file->functions.is_go || w->file->functions.arm64)
		return 0;
	elf_functions_read(&w->file->functions, fn->address, code, sizeof(code));
	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		size_t at = forms[i].at;

		if (memcmp(code, forms[i].bytes, forms[i].n) ||
		    (forms[i].cmp && memcmp(code + forms[i].cmp, cmp, sizeof(cmp))))
			continue;
		if (code[at] == 0x76)
			return at + 2;
		if (code[at] == 0x0f && code[at + 1] == 0x86)
			return at + 6;
	}
	return 0;
}

static int add_place(const struct wish *w, const struct elf_function *fn, uint64_t offset)
{
	struct user_places *u = &w->p->user;
	struct buf name = {};
	uint64_t place[PLACE_WORDS] = {};
	uint64_t skip = offset ? 0 : go_prologue(w, fn);
	struct point *point;
	size_t i;

	/* That is refused: how many there are is all that is told. */
	if (u->words.n / PLACE_WORDS >= PLACES_MAX && !u->listed) {
		u->beyond++;
		return 0;
	}
	if (!elf_functions_offset(&w->file->functions, fn->address + offset + skip, &place[1]))
		return refuse("%s:%s has no code in the file", w->file->at.shown, fn->name);
	place[0] = file_number(u, w->file);
	elf_functions_read(&w->file->functions, fn->address + offset + skip, &place[2],
			   sizeof(place[2]));
	print_name(&name, w, w->file->at.shown, fn, offset);
	/* A file of the same name elsewhere. */
	if (is_taken(w->p, name.p, place))
		print_name(&name, w, w->file->at.path, fn, offset);
	point = points_add_named(w->p, w->returns ? KOBS_PROBE_USER_RETURN : KOBS_PROBE_USER,
				 name.p, strchr(name.p, ':') + 1);
	buf_free(&name);
	if (!point)
		return 0;
	for (i = 0; i < PLACE_WORDS; i++)
		numbers_add(&u->words, place[i]);
	point->place = u->words.n / PLACE_WORDS;
	point->word |= point->place << 32;
	map_place(w->file, place[1]);
	return 0;
}

static int refuse_indirect(const struct wish *w, const char *name)
{
	const struct elf_functions *f = &w->file->functions;
	struct nearest near = {};
	struct buf hint = {};
	size_t i;

	for (i = 0; i < f->n; i++) {
		const char *at = strstr(f->v[i].name, name);

		/* __memcpy_avx_unaligned */
		if (!f->v[i].indirect && at && at[strlen(name)] == '_')
			nearest_take(&near, f->v[i].name, (unsigned int)strlen(f->v[i].name));
	}
	nearest_describe(&near, &hint);
	refuse("%s:%s chooses one of several functions when a program starts (IFUNC), and does nothing else: probe the one that it chooses%s",
	       w->file->at.shown, name, hint.len ? hint.p : ", whose name is in the debug symbols");
	buf_free(&hint);
	return STATUS_REFUSED;
}

static int refuse_symbol(const struct wish *w)
{
	const struct elf_functions *f = &w->file->functions;
	struct nearest near = {};
	const char *why = "";
	struct buf hint = {};
	size_t i;

	if (elf_functions_import(f, w->symbol)) {
		refuse("%s has no function '%s' of its own: it calls that of a library: write u:LIBRARY:%s, as u:libc:%s",
		       w->file->at.path, w->symbol, w->symbol, w->symbol);
		return STATUS_REFUSED;
	}
	if (f->stripped)
		why = "; it has only the symbols that others use: no debug symbols are installed";
	for (i = 0; i < f->n; i++)
		nearest_offer(&near, w->symbol, f->v[i].name);
	nearest_describe(&near, &hint);
	refuse("%s has no function '%s'%s%s", w->file->at.path, w->symbol, hint.len ? hint.p : "",
	       why);
	buf_free(&hint);
	return STATUS_REFUSED;
}

/* All functions of a name. Sets @found. */
static int add_name(const struct wish *w, const char *name, bool *found)
{
	const struct elf_function *fn;
	size_t at = 0;
	int err = 0;

	*found = false;
	while (!err && (fn = elf_functions_next(&w->file->functions, name, &at))) {
		*found = true;
		err = fn->indirect ? refuse_indirect(w, name) : add_place(w, fn, 0);
	}
	return err;
}

static int check_offset(const struct wish *w, const struct elf_function *fn, uint64_t offset)
{
	const struct elf_functions *f = &w->file->functions;
	uint64_t size = elf_functions_end(f, fn) - fn->address;
	struct buf why = {};
	uint64_t place;
	uint8_t *code;
	size_t n;
	int err = 0;

	if (offset >= size)
		return refuse("%s has 0x%llx bytes: there is no %s", fn->name,
			      (unsigned long long)size, w->symbol);
	if (!elf_functions_offset(f, fn->address + offset, &place))
		return refuse("%s:%s has no code in the file", w->file->at.shown, w->symbol);
	/* With the longest instruction that could begin before and end behind it. */
	code = zalloc(offset + INSTRUCTION_MAX);
	n = elf_functions_read(f, fn->address, code, offset + INSTRUCTION_MAX);
	if (n <= offset)
		err = refuse("%s:%s has no code in the file", w->file->at.shown, w->symbol);
	else if (!code_boundary(code, n, offset, f->arm64, &why))
		err = refuse("%s:%s cannot be probed: %s", w->file->at.shown, w->symbol, why.p);
	buf_free(&why);
	free(code);
	return err;
}

/* FUNCTION+OFFSET. Sets @found to whether there is the function. */
static int add_offset(const struct wish *w, bool *found)
{
	const char *plus = strrchr(w->symbol, '+');
	const struct elf_function *fn;
	unsigned long long offset;
	size_t at = 0;
	char *name;
	char *end;
	int err;

	*found = false;
	if (!plus || plus == w->symbol || plus[1] < '0' || plus[1] > '9')
		return 0;
	offset = strtoull(plus + 1, &end, 0);
	name = strndup(w->symbol, (size_t)(plus - w->symbol));
	fn = *end ? NULL : elf_functions_next(&w->file->functions, name, &at);
	*found = fn;
	if (!fn)
		err = 0;
	else if (w->returns)
		err = misuse("%s:%s is an instruction: functions return, and take time",
			     w->file->at.shown, w->symbol);
	else if (fn->indirect)
		err = refuse_indirect(w, name);
	else if (elf_functions_next(&w->file->functions, name, &at))
		err = refuse("%s has several functions '%s': which of them is meant is not known",
			     w->file->at.path, name);
	else
		err = check_offset(w, fn, offset);
	if (fn && !err)
		err = add_place(w, fn, offset);
	free(name);
	return err;
}

/* One name of each address: others are of the same function. */
static int add_pattern(const struct wish *w, bool *found)
{
	const struct elf_functions *f = &w->file->functions;
	uint64_t last = 0;
	int err = 0;
	size_t i;

	*found = false;
	for (i = 0; i < f->n && !err; i++) {
		if (f->v[i].indirect || !glob_match(w->symbol, f->v[i].name) ||
		    (*found && f->v[i].address == last))
			continue;
		*found = true;
		last = f->v[i].address;
		err = add_place(w, &f->v[i], 0);
	}
	return err;
}

/**
 * user_find() - Find what a word of a command line names in a program or library.
 * @word: without u: and ur:
 * @returns: it was ur:
 *
 * A name is taken as it is first: those of some languages have brackets and stars.
 *
 * Return: 0 or an exit status.
 */
int user_find(struct points *p, const char *word, bool returns)
{
	struct wish w = { .p = p, .returns = returns || p->timed };
	const char *colon = split(word);
	bool found;
	int err;

	if (!colon || colon == word || !colon[1])
		return misuse("'%s' does not say which function: write u:FILE:FUNCTION, as in u:libc:malloc; FILE is a program, a library, or a process",
			      word);
	w.symbol = colon + 1;
	err = open_file(&p->user, word, (size_t)(colon - word), &w.file);
	if (err)
		return err;
	if (w.returns && w.file->functions.is_go)
		return refuse("%s is a Go program, which moves its stacks: to hook returns would crash it",
			      w.file->at.path);
	err = add_name(&w, w.symbol, &found);
	if (!err && !found)
		err = add_offset(&w, &found);
	if (!err && !found && strpbrk(w.symbol, "*?["))
		err = add_pattern(&w, &found);
	return err || found ? err : refuse_symbol(&w);
}

static bool is_user(const struct point *point)
{
	return point->kind == KOBS_PROBE_USER || point->kind == KOBS_PROBE_USER_RETURN;
}

/** user_check() - Check that the module has room for the places. Return: 0 or an exit status. */
int user_check(const struct probe_run *p)
{
	const struct user_places *u = &p->points.user;
	bool only = p->points.n;
	size_t i;

	if (u->beyond)
		return refuse("%zu functions of programs match, more than the %d of a session: use narrower patterns",
			      PLACES_MAX + u->beyond, PLACES_MAX);
	if (u->nr_paths > FILES_MAX || u->paths.len > TEXT_MAX)
		return refuse("%zu programs and libraries are too many for a session: it has room for %d, and %d bytes of their paths",
			      u->nr_paths, FILES_MAX, TEXT_MAX);
	for (i = 0; i < p->points.n; i++)
		only &= is_user(&p->points.v[i]) ||
			(p->join.wanted && !(p->points.v[i].sides & SIDE_FROM));
	for (i = 0; i < p->nr_keys; i++)
		if (only && p->keys[i].column && !strcmp(p->keys[i].column, "kstack"))
			return misuse("--by: a place in a program has no kernel stack: use ustack");
	return 0;
}

/** user_request() - Put the places into a request, as which they must live as long. */
void user_request(const struct user_places *u, struct request *req)
{
	if (!u->nr_paths)
		return;
	model_set_text(req, "files", u->paths.p);
	model_set_addresses(req, "places", &u->words);
}

void user_free(struct user_places *u)
{
	size_t i;

	for (i = 0; i < u->n; i++)
		free_file(&u->files[i]);
	free(u->files);
	buf_free(&u->paths);
	numbers_free(&u->words);
}
