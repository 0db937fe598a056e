// SPDX-License-Identifier: GPL-2.0
/*
 * Names of user addresses: the process' mappings say which file an address is
 * in and where in it; the file's program headers turn that into the address its
 * symbols use. So it does not matter where a file was loaded.
 *
 * A process may be gone when its report is made. Its mappings are kept as they
 * were last seen; files are read when a name is needed.
 */

#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/lines.h"
#include "lib/map.h"
#include "symbols/usyms.h"

#define TREE_DEPTH	8

/* "START-END PERM OFFSET DEVICE INODE PATH" */
static bool parse_mapping(struct usyms *u, const char *line, struct usym_mapping *m)
{
	unsigned long long start;
	unsigned long long end;
	unsigned long long offset;
	char perm[8];
	int at = 0;

	if (sscanf(line, "%llx-%llx %7s %llx %*s %*s %n", &start, &end, perm, &offset, &at) < 4)
		return false;
	if (!strchr(perm, 'x') || !at)
		return false;
	m->start = start;
	m->end = end;
	m->offset = offset;
	m->path = pool_intern(&u->names, line + at);
	return true;
}

/** usyms_snapshot() - Keep the mappings of a process, if it still has any. */
void usyms_snapshot(struct usyms *u, uint32_t pid)
{
	struct usym_process *p = map_get(&u->processes, pid);
	struct usym_process fresh = {};
	struct usym_mapping m;
	struct lines l;
	char path[64];
	size_t len;
	char *line;

	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	if (lines_open(&l, path))
		return;
	while ((line = lines_next(&l, &len))) {
		if (!parse_mapping(u, line, &m))
			continue;
		fresh.v = grow(fresh.v, &fresh.cap, fresh.n + 1, sizeof(*fresh.v));
		fresh.v[fresh.n++] = m;
	}
	lines_close(&l);
	if (!fresh.n)
		return;
	if (!p) {
		p = zalloc(sizeof(*p));
		map_set(&u->processes, pid, p);
	}
	free(p->v);
	*p = fresh;
}

static void snapshot_children(struct usyms *u, uint32_t pid, int depth)
{
	char list[4096];
	char path[64];
	char *next = list;
	char *end;

	usyms_snapshot(u, pid);
	snprintf(path, sizeof(path), "/proc/%u/task/%u/children", pid, pid);
	if (depth >= TREE_DEPTH || read_file(path, list, sizeof(list)) <= 0)
		return;
	for (;;) {
		unsigned long child = strtoul(next, &end, 10);

		if (end == next)
			break;
		snapshot_children(u, (uint32_t)child, depth + 1);
		next = end;
	}
}

/** usyms_snapshot_tree() - Keep the mappings of a process and its descendants. */
void usyms_snapshot_tree(struct usyms *u, uint32_t pid)
{
	snapshot_children(u, pid, 0);
}

static int compare_symbols(const void *a, const void *b)
{
	const struct usym_symbol *x = a;
	const struct usym_symbol *y = b;

	if (x->start != y->start)
		return x->start > y->start ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void load_section(struct usyms *u, struct usym_file *f, Elf *elf, Elf_Scn *section,
			 const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t n = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
	size_t i;

	if (!data || n > INT32_MAX)
		return;
	for (i = 0; i < n; i++) {
		struct usym_symbol *s;
		const char *name;
		GElf_Sym sym;

		if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF || !sym.st_value)
			continue;
		if (GELF_ST_TYPE(sym.st_info) != STT_FUNC &&
		    GELF_ST_TYPE(sym.st_info) != STT_GNU_IFUNC)
			continue;
		name = elf_strptr(elf, header->sh_link, sym.st_name);
		if (!name || !*name)
			continue;
		f->v = grow(f->v, &f->cap, f->n + 1, sizeof(*f->v));
		s = &f->v[f->n++];
		s->start = sym.st_value;
		s->end = sym.st_value + sym.st_size;
		s->name = pool_intern(&u->names, name);
	}
}

static void load_elf(struct usyms *u, struct usym_file *f, Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t nr = 0;
	size_t i;

	if (elf_getphdrnum(elf, &nr))
		return;
	for (i = 0; i < nr; i++) {
		struct usym_segment *s;
		GElf_Phdr ph;

		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD)
			continue;
		f->segment = grow(f->segment, &f->cap_segments, f->nr_segments + 1, sizeof(*s));
		s = &f->segment[f->nr_segments++];
		s->offset = ph.p_offset;
		s->size = ph.p_filesz;
		s->address = ph.p_vaddr;
	}
	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) &&
		    (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM))
			load_section(u, f, elf, section, &header);
	if (f->n)
		qsort(f->v, f->n, sizeof(*f->v), compare_symbols);
}

static int open_file(uint32_t pid, const char *path)
{
	struct buf inside = {};
	int fd;

	/* As the process sees it: it may live in a container. */
	buf_printf(&inside, "/proc/%u/root%s", pid, path);
	fd = open(inside.p, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	buf_free(&inside);
	return fd >= 0 ? fd : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

static struct usym_file *get_file(struct usyms *u, uint32_t pid, const char *path)
{
	struct usym_file *f = map_get(&u->files, (uint64_t)(uintptr_t)path);
	Elf *elf;
	int fd;

	if (f)
		return f;
	f = zalloc(sizeof(*f));
	map_set(&u->files, (uint64_t)(uintptr_t)path, f);
	if (*path != '/' || elf_version(EV_CURRENT) == EV_NONE)
		return f;
	fd = open_file(pid, path);
	if (fd < 0)
		return f;
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		load_elf(u, f, elf);
	elf_end(elf);
	close(fd);
	return f;
}

/* The address that the file itself has for a place in it. */
static bool find_address(const struct usym_file *f, uint64_t file_offset, uint64_t *address)
{
	size_t i;

	for (i = 0; i < f->nr_segments; i++) {
		if (file_offset - f->segment[i].offset >= f->segment[i].size)
			continue;
		*address = file_offset - f->segment[i].offset + f->segment[i].address;
		return true;
	}
	return false;
}

static const struct usym_symbol *find_symbol(const struct usym_file *f, uint64_t file_offset,
					     uint64_t *address)
{
	const struct usym_symbol *s;
	size_t lo = 0;
	size_t hi = f->n;

	if (!find_address(f, file_offset, address))
		return NULL;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->v[mid].start <= *address)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return NULL;
	s = &f->v[lo - 1];
	/* Hand-written code often has no size; it reaches to the next symbol. */
	return *address < s->end || s->end == s->start ? s : NULL;
}

static const struct usym_mapping *find_mapping(struct usyms *u, uint32_t pid, uint64_t address,
					       const struct usym_process **process)
{
	struct usym_process *p;
	size_t i;

	if (!map_get(&u->processes, pid))
		usyms_snapshot(u, pid);
	p = map_get(&u->processes, pid);
	*process = p;
	for (i = 0; p && i < p->n; i++)
		if (address >= p->v[i].start && address < p->v[i].end)
			return &p->v[i];
	return NULL;
}

/**
 * usyms_program_address() - The address that a process' program has in its file.
 *
 * The program is what is mapped lowest. Addresses of other files stay what they
 * are: theirs would be among the program's.
 */
uint64_t usyms_program_address(struct usyms *u, uint32_t pid, uint64_t address)
{
	const struct usym_process *p;
	const struct usym_mapping *m = find_mapping(u, pid, address, &p);
	uint64_t inside;

	if (!m || m->path != p->v[0].path ||
	    !find_address(get_file(u, pid, m->path), address - m->start + m->offset, &inside))
		return address;
	return inside;
}

/** usyms_print() - name+0x1f [file], or what is known: [file] 0x..., [unknown] 0x... */
void usyms_print(struct usyms *u, uint32_t pid, uint64_t address, struct buf *out)
{
	const struct usym_process *p;
	const struct usym_mapping *m = find_mapping(u, pid, address, &p);
	const struct usym_symbol *s;
	uint64_t at = 0;
	const char *base;

	if (!m || !*m->path) {
		buf_printf(out, "[unknown] 0x%llx", (unsigned long long)address);
		return;
	}
	base = strrchr(m->path, '/');
	base = base ? base + 1 : m->path;
	s = find_symbol(get_file(u, pid, m->path), address - m->start + m->offset, &at);
	if (!s) {
		buf_printf(out, *base == '[' ? "%s 0x%llx" : "[%s] 0x%llx", base,
			   (unsigned long long)(address - m->start + m->offset));
		return;
	}
	buf_puts(out, s->name);
	if (at != s->start)
		buf_printf(out, "+0x%llx", (unsigned long long)(at - s->start));
	buf_printf(out, " [%s]", base);
}

static void free_process(void *item)
{
	struct usym_process *p = item;

	free(p->v);
	free(p);
}

static void free_file(void *item)
{
	struct usym_file *f = item;

	free(f->v);
	free(f->segment);
	free(f);
}

void usyms_free(struct usyms *u)
{
	map_free(&u->processes, free_process);
	map_free(&u->files, free_file);
	pool_free(&u->names);
}
