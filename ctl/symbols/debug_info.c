// SPDX-License-Identifier: GPL-2.0
/*
 * Functions and lines of code by its debug information (DWARF), as libdw reads it. Each
 * address is looked up once.
 */

#include <dwarf.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/macros.h"
#include "symbols/code_index.h"
#include "symbols/debug_info.h"
#include "symbols/demangle.h"
#include "symbols/elf_debug.h"
#include "symbols/elf_symbols.h"

/* Memory that the information of all files may take. */
#define MOST_BYTES	(1ull << 30)
/* Addresses to remember, some 100 MiB; then all are forgotten. */
#define MOST_KNOWN	(1u << 20)

/* Bytes of a section that has texts. */
struct texts {
	const char	*start;
	size_t		size;
};

struct debug_info {
	struct texts	texts[12];
	size_t		nr_texts;
	Elf		*elf;		/* NULL for information that somebody else owns */
	Dwarf		*dwarf;
	Elf		*shared_elf;	/* what several files have in common; or NULL */
	Dwarf		*shared;
	struct code_index index;
	struct map	known;		/* an address to its struct debug_code */
};

/** debug_info_has() - Whether a file has debug information itself. */
bool debug_info_has(Elf *elf)
{
	return elf_section(elf, ".debug_info");
}

/* Bytes of memory that libdw takes for a file: of what is packed, or cannot be mapped. */
static uint64_t memory_of(Elf *elf, bool mapped)
{
	Elf_Scn *section = NULL;
	uint64_t sum = 0;
	GElf_Shdr header;
	GElf_Chdr packed;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return 0;
	while ((section = elf_nextscn(elf, section))) {
		const char *name = gelf_getshdr(section, &header) ?
				   elf_strptr(elf, names, header.sh_name) : NULL;

		if (!name || strncmp(name, ".debug_", 7) || header.sh_type == SHT_NOBITS)
			continue;
		if (header.sh_flags & SHF_COMPRESSED)
			sum += gelf_getchdr(section, &packed) ? packed.ch_size : 0;
		else if (!mapped)
			sum += header.sh_size;
	}
	return sum;
}

/* libdw has one or the other, which can be the same. */
static void find_texts(struct debug_info *d, Elf *elf)
{
	static const char *const names[] = { ".debug_info", ".debug_str", ".debug_line_str" };
	size_t i;
	size_t k;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		Elf_Scn *section = elf_section(elf, names[i]);
		Elf_Data *data;

		for (k = 0; section && k < 2; k++) {
			data = k ? elf_rawdata(section, NULL) : elf_getdata(section, NULL);
			if (data && d->nr_texts < ARRAY_SIZE(d->texts))
				d->texts[d->nr_texts++] = (struct texts) {
					.start = data->d_buf, .size = data->d_size,
				};
		}
	}
}

/* Whether the file that a file refers to, if any, is there: half of the names are in it. */
static bool open_shared(struct debug_info *d, int fd)
{
	const struct libdw *dw = libdw();
	const char *name = NULL;
	const void *id = NULL;
	ssize_t len = dw->altlink(d->dwarf, &name, &id);
	int shared;

	if (len < 0)
		return false;
	if (!len)
		return true;
	shared = elf_debug_shared(fd, name, id, (size_t)len);
	if (shared < 0)
		return false;
	d->shared_elf = elf_symbols_open(shared);
	d->shared = d->shared_elf ? dw->begin_elf(d->shared_elf, DWARF_C_READ, NULL) : NULL;
	close(shared);
	if (!d->shared)
		return false;
	dw->setalt(d->dwarf, d->shared);
	find_texts(d, d->shared_elf);
	return true;
}

static struct debug_info *begin(Dwarf *dwarf)
{
	struct debug_info *d = zalloc(sizeof(*d));

	d->dwarf = dwarf;
	return d;
}

/**
 * debug_info_open() - Read the debug information of a file.
 * @elf: the file, which is taken over in any case
 * @fd: its descriptor, which is not needed afterwards
 * @used: bytes of memory that such information takes
 * @large: set if it would be too many
 *
 * Return: it, or NULL.
 */
struct debug_info *debug_info_open(Elf *elf, int fd, uint64_t *used, bool *large)
{
	const struct libdw *dw = libdw();
	uint64_t need = memory_of(elf, elf_symbols_mapped(fd));
	struct debug_info *d;
	Dwarf *dwarf = NULL;

	*large = need > MOST_BYTES - *used;
	if (dw && !*large)
		dwarf = dw->begin_elf(elf, DWARF_C_READ, NULL);
	if (!dwarf) {
		elf_end(elf);
		return NULL;
	}
	*used += need;
	d = begin(dwarf);
	d->elf = elf;
	if (!open_shared(d, fd)) {
		debug_info_free(d);
		return NULL;
	}
	find_texts(d, d->elf);
	code_index_begin(&d->index, dwarf);
	return d;
}

/** debug_info_of() - Information that was read, and goes on belonging to somebody else. */
struct debug_info *debug_info_of(void *dwarf)
{
	struct debug_info *d = begin(dwarf);

	code_index_begin(&d->index, dwarf);
	return d;
}

/* libdw does not look for the end of every text. */
static bool has_end(const struct debug_info *d, const char *text)
{
	size_t i;

	for (i = 0; i < d->nr_texts; i++) {
		const struct texts *t = &d->texts[i];
		size_t at = (uintptr_t)text - (uintptr_t)t->start;

		if (at < t->size)
			return memchr(text, 0, t->size - at);
	}
	/* Of somebody else's own, there is no doubt. */
	return !d->elf;
}

static const char *text_of(const struct debug_info *d, Dwarf_Die *die, unsigned int attribute)
{
	const struct libdw *dw = libdw();
	Dwarf_Attribute attr;
	const char *text;

	if (!dw->attr_integrate(die, attribute, &attr))
		return NULL;
	text = dw->formstring(&attr);
	return text && has_end(d, text) ? text : NULL;
}

/* As the symbol table has it; a compiler leaves that name out where it is the plain one. */
static const char *name_of(const struct debug_info *d, Dwarf_Die *die, struct pool *names,
			   bool raw)
{
	const char *mangled = text_of(d, die, DW_AT_linkage_name);
	struct buf text = {};
	const char *name;

	if (!mangled)
		mangled = text_of(d, die, DW_AT_MIPS_linkage_name);
	name = mangled ? mangled : text_of(d, die, DW_AT_name);
	if (mangled && !raw && demangle(mangled, &text))
		name = text.p;
	name = name ? pool_intern(names, name) : NULL;
	buf_free(&text);
	return name;
}

/* Code that the compiler made up has line 0. */
static void set_line(struct debug_place *p, struct pool *names, const char *file, uint64_t line)
{
	if (!file || !line || line > UINT32_MAX)
		return;
	p->file = pool_intern(names, file);
	p->line = (uint32_t)line;
}

static void line_of_address(Dwarf_Die *unit, uint64_t address, struct debug_place *p,
			    struct pool *names)
{
	const struct libdw *dw = libdw();
	Dwarf_Line *line = dw->getsrc_die(unit, address);
	int number = 0;

	if (line && !dw->lineno(line, &number) && number > 0)
		set_line(p, names, dw->linesrc(line, NULL, NULL), (uint64_t)number);
}

static bool number_of(Dwarf_Die *die, unsigned int attribute, Dwarf_Word *value)
{
	const struct libdw *dw = libdw();
	Dwarf_Attribute attr;

	return !dw->formudata(dw->attr(die, attribute, &attr), value);
}

/* Where an inlined function was called. */
static void line_of_call(Dwarf_Die *unit, Dwarf_Die *inlined, struct debug_place *p,
			 struct pool *names)
{
	const struct libdw *dw = libdw();
	Dwarf_Word file, line;
	Dwarf_Files *files;
	size_t n;

	if (number_of(inlined, DW_AT_call_file, &file) &&
	    number_of(inlined, DW_AT_call_line, &line) &&
	    !dw->getsrcfiles(unit, &files, &n) && file < n)
		set_line(p, names, dw->filesrc(files, file, NULL, NULL), line);
}

/* The entries of an address, the outermost first. Return: how many. */
static size_t find_entries(const struct code_function *f, uint64_t address, Dwarf_Off *entry)
{
	uint32_t depth = 0;
	size_t n = 0;
	size_t i;

	for (i = 0; i < f->n && n < DEBUG_PLACES - 1; i++) {
		const struct code_inlined *c = &f->v[i];

		if (address < c->start || address >= c->end || c->depth < depth)
			continue;
		entry[n++] = c->die;
		depth = c->depth + 1;
	}
	return n;
}

static struct debug_code *look_up(struct debug_info *d, uint64_t address, struct pool *names,
				  bool raw)
{
	struct code_unit *unit = code_index_unit(&d->index, address);
	const struct libdw *dw = libdw();
	Dwarf_Off entry[DEBUG_PLACES];
	struct debug_code *code;
	struct code_function *f;
	Dwarf_Die unit_die, die;
	size_t n, i;

	f = unit ? code_index_function(&d->index, unit, address) : NULL;
	n = f ? find_entries(f, address, entry) : 0;
	code = zalloc(sizeof(*code) + (n + 1) * sizeof(code->v[0]));
	if (!unit || !dw->offdie(d->dwarf, unit->die, &unit_die))
		return code;
	code->n = n + 1;
	line_of_address(&unit_die, address, &code->v[0], names);
	for (i = 0; i < n; i++) {
		/* The outermost one was called by the function itself. */
		if (!dw->offdie(d->dwarf, entry[i], &die))
			continue;
		code->v[n - 1 - i].name = name_of(d, &die, names, raw);
		line_of_call(&unit_die, &die, &code->v[n - i], names);
	}
	if (f && dw->offdie(d->dwarf, f->die, &die)) {
		code->v[n].name = name_of(d, &die, names, raw);
		code->start = f->start;
	}
	return code;
}

/**
 * debug_info_find() - Find the functions that an address is in.
 * @address: as the file's symbols have it
 * @names: where texts are put
 * @raw_names: as the linker has them
 *
 * Return: what is known, until the next call.
 */
const struct debug_code *debug_info_find(struct debug_info *d, uint64_t address,
					 struct pool *names, bool raw_names)
{
	struct debug_code *code = map_get(&d->known, address);

	if (code)
		return code;
	if (d->known.n >= MOST_KNOWN)
		map_free(&d->known, free);
	code = look_up(d, address, names, raw_names);
	map_set(&d->known, address, code);
	return code;
}

void debug_info_free(struct debug_info *d)
{
	const struct libdw *dw = libdw();

	if (!d)
		return;
	map_free(&d->known, free);
	code_index_free(&d->index);
	if (d->elf)
		dw->end(d->dwarf);
	if (d->shared)
		dw->end(d->shared);
	elf_end(d->shared_elf);
	elf_end(d->elf);
	free(d);
}
