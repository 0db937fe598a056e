// SPDX-License-Identifier: GPL-2.0
/*
 * Call frame information of a file (.eh_frame, or .debug_frame), read by libdw and kept
 * as rules: one for each address that was asked for, since samples come from few places.
 */

#include <dwarf.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/lines.h"
#include "lib/macros.h"
#include "lib/map.h"
#include "symbols/cfi.h"
#include "symbols/cfi_value.h"
#include "symbols/elf_symbols.h"
#include "symbols/libdw.h"

/* libdw, which is loaded when it is needed. */
static const struct libdw *dw;

/* Where the caller's value of a register is. One without any is not known in the caller. */
enum how {
	HOW_SAME,		/* in the register */
	HOW_SAVED,		/* in memory, at the CFA and an offset */
	HOW_OFFSET,		/* it is the CFA and an offset */
	HOW_AT,			/* in memory, where an expression says */
	HOW_IS,			/* what an expression says */
};

struct value {
	enum how	how;
	uint8_t		reg;		/* whose value this is */
	int64_t		offset;
	struct cfi_expression *e;
};

struct rule {
	/* The CFA, the caller's stack pointer: a register and an offset, or an expression. */
	uint8_t		cfa_reg;
	int64_t		cfa_offset;
	struct cfi_expression *cfa;
	bool		signal;
	bool		outermost;
	uint8_t		ra;		/* the register that has the return address */
	uint8_t		n;
	struct value	v[];
};

struct segment {
	uint64_t	offset;
	uint64_t	size;
	uint64_t	address;
};

struct cfi_file {
	Elf		*elf;
	int		fd;
	char		*image;		/* of the vdso */
	const char	*raw;		/* NULL for what is not mapped: it is read */
	size_t		size;
	uint8_t		code[16];
	Dwarf_CFI	*eh;
	Dwarf		*dwarf;
	Dwarf_CFI	*debug;
	struct segment	*segment;
	size_t		nr_segments;
	size_t		cap_segments;
	struct map	rules;		/* address to struct rule, or to no_rule */
};

static struct rule no_rule;

/** cfi_load() - Load libdw. Return: whether it is installed. */
bool cfi_load(void)
{
	dw = libdw();
	return dw;
}

static bool open_elf(struct cfi_file *f)
{
	size_t nr = 0;
	size_t i;

	if (!f->elf || elf_kind(f->elf) != ELF_K_ELF || gelf_getclass(f->elf) != ELFCLASS64 ||
	    elf_getphdrnum(f->elf, &nr))
		return false;
	for (i = 0; i < nr; i++) {
		struct segment *s;
		GElf_Phdr ph;

		if (!gelf_getphdr(f->elf, (int)i, &ph) || ph.p_type != PT_LOAD)
			continue;
		f->segment = grow(f->segment, &f->cap_segments, f->nr_segments + 1, sizeof(*s));
		s = &f->segment[f->nr_segments++];
		*s = (struct segment){ ph.p_offset, ph.p_filesz, ph.p_vaddr };
	}
	if (f->fd < 0 || elf_symbols_mapped(f->fd))
		f->raw = elf_rawfile(f->elf, &f->size);
	f->eh = dw->getcfi_elf(f->elf);
	return true;
}

/**
 * cfi_open() - Open a file's call frame information.
 * @fd: of the file; is taken over
 *
 * Return: it, or NULL for what is no ELF file of this machine.
 */
struct cfi_file *cfi_open(int fd)
{
	struct cfi_file *f = zalloc(sizeof(*f));

	f->fd = fd;
	if (elf_version(EV_CURRENT) != EV_NONE)
		f->elf = elf_begin(fd, elf_symbols_mapped(fd) ? ELF_C_READ_MMAP : ELF_C_READ, NULL);
	if (open_elf(f))
		return f;
	cfi_close(f);
	return NULL;
}

/* Bytes of the kernel's object in this process, which is the same in all others. */
static size_t vdso_size(uint64_t start)
{
	unsigned long long from, to;
	struct lines l;
	size_t size = 0;
	size_t len;
	char *line;

	if (lines_open(&l, "/proc/self/maps"))
		return 0;
	while (!size && (line = lines_next(&l, &len)))
		if (sscanf(line, "%llx-%llx", &from, &to) == 2 && from == start)
			size = (size_t)(to - from);
	lines_close(&l);
	return size;
}

/** cfi_open_vdso() - Open that of the kernel's own object in processes. Return: it, or NULL. */
struct cfi_file *cfi_open_vdso(void)
{
	uint64_t start = getauxval(AT_SYSINFO_EHDR);
	size_t size = start ? vdso_size(start) : 0;
	struct cfi_file *f;

	if (!size || elf_version(EV_CURRENT) == EV_NONE)
		return NULL;
	f = zalloc(sizeof(*f));
	f->fd = -1;
	f->image = zalloc(size);
	memcpy(f->image, (const void *)(uintptr_t)start, size);
	f->elf = elf_memory(f->image, size);
	if (open_elf(f))
		return f;
	cfi_close(f);
	return NULL;
}

static void free_rule(void *item)
{
	struct rule *r = item;
	size_t i;

	if (r == &no_rule)
		return;
	for (i = 0; i < r->n; i++)
		free(r->v[i].e);
	free(r->cfa);
	free(r);
}

void cfi_close(struct cfi_file *f)
{
	map_free(&f->rules, free_rule);
	if (f->eh)
		dw->cfi_end(f->eh);
	if (f->dwarf)
		dw->end(f->dwarf);
	if (f->elf)
		elf_end(f->elf);
	if (f->fd >= 0)
		close(f->fd);
	free(f->image);
	free(f->segment);
	free(f);
}

/** cfi_rules() - Return: how many rules are kept. */
size_t cfi_rules(const struct cfi_file *f)
{
	return f->rules.n;
}

/** cfi_address() - The address that the file itself has for a place in it. */
bool cfi_address(const struct cfi_file *f, uint64_t offset, uint64_t *address)
{
	size_t i;

	for (i = 0; i < f->nr_segments; i++) {
		const struct segment *s = &f->segment[i];

		if (offset - s->offset >= s->size)
			continue;
		*address = offset - s->offset + s->address;
		return true;
	}
	return false;
}

/**
 * cfi_bytes() - Return: bytes of the file, until the next call; NULL: there are not as many.
 */
const uint8_t *cfi_bytes(struct cfi_file *f, uint64_t offset, size_t bytes)
{
	if (!f->raw)
		return f->fd >= 0 && bytes <= sizeof(f->code) &&
		       pread(f->fd, f->code, bytes, (off_t)offset) == (ssize_t)bytes ?
		       f->code : NULL;
	if (offset > f->size || bytes > f->size - offset)
		return NULL;
	return (const uint8_t *)f->raw + offset;
}

static struct cfi_expression *keep(const Dwarf_Op *ops, size_t n)
{
	struct cfi_expression *e = zalloc(sizeof(*e) + n * sizeof(*ops));

	e->n = n;
	memcpy(e->op, ops, n * sizeof(*ops));
	return e;
}

static bool take_cfa(struct rule *r, Dwarf_Frame *frame)
{
	Dwarf_Op *ops;
	size_t n;

	if (dw->frame_cfa(frame, &ops, &n) || !n)
		return false;
	if (n == 1 && ops->atom == DW_OP_bregx && ops->number < CFI_REGS) {
		r->cfa_reg = (uint8_t)ops->number;
		r->cfa_offset = (int64_t)ops->number2;
	} else if (n == 1 && ops->atom >= DW_OP_breg0 && ops->atom < DW_OP_breg0 + CFI_REGS &&
		   ops->atom <= DW_OP_breg31) {
		r->cfa_reg = (uint8_t)(ops->atom - DW_OP_breg0);
		r->cfa_offset = (int64_t)ops->number;
	} else {
		r->cfa = keep(ops, n);
	}
	return true;
}

/* A location is an expression; the usual ones are no more than the CFA and an offset. */
static void take_location(struct value *v, const Dwarf_Op *ops, size_t n)
{
	bool is = ops[n - 1].atom == DW_OP_stack_value;
	size_t left = n - is;

	if (left == 1 && ops->atom >= DW_OP_reg0 && ops->atom <= DW_OP_reg31) {
		Dwarf_Op op = { .atom = DW_OP_bregx, .number = ops->atom - DW_OP_reg0 };

		v->how = HOW_IS;
		v->e = keep(&op, 1);
	} else if (left == 1 && ops->atom == DW_OP_regx) {
		Dwarf_Op op = { .atom = DW_OP_bregx, .number = ops->number };

		v->how = HOW_IS;
		v->e = keep(&op, 1);
	} else if (left && left <= 2 && ops[0].atom == DW_OP_call_frame_cfa &&
		   (left == 1 || ops[1].atom == DW_OP_plus_uconst)) {
		v->how = is ? HOW_OFFSET : HOW_SAVED;
		v->offset = left == 2 ? (int64_t)ops[1].number : 0;
	} else {
		v->how = is ? HOW_IS : HOW_AT;
		v->e = keep(ops, n);
	}
}

static bool take_register(struct rule *r, Dwarf_Frame *frame, int reg)
{
	struct value *v = &r->v[r->n];
	Dwarf_Op mem[3];
	Dwarf_Op *ops;
	size_t n;

	if (dw->frame_register(frame, reg, mem, &ops, &n))
		return false;
	v->reg = (uint8_t)reg;
	if (n)
		take_location(v, ops, n);
	else if (!ops)
		v->how = HOW_SAME;
	else if (reg == r->ra)
		r->outermost = true;
	if (n || !ops)
		r->n++;
	return true;
}

static struct rule *make_rule(Dwarf_Frame *frame)
{
	struct rule *r = zalloc(sizeof(*r) + CFI_REGS * sizeof(r->v[0]));
	int ra = dw->frame_info(frame, NULL, NULL, &r->signal);
	bool ok = ra >= 0 && ra < CFI_REGS && take_cfa(r, frame);
	int reg;

	r->ra = (uint8_t)ra;
	for (reg = 0; ok && reg < CFI_REGS; reg++)
		ok = take_register(r, frame, reg);
	if (ok || r->outermost)
		return realloc(r, sizeof(*r) + r->n * sizeof(r->v[0]));
	free_rule(r);
	return &no_rule;
}

static struct rule *find_rule(struct cfi_file *f, uint64_t address)
{
	struct rule *r = map_get(&f->rules, address);
	Dwarf_Frame *frame = NULL;

	if (r)
		return r;
	if ((!f->eh || dw->cfi_addrframe(f->eh, address, &frame)) && !f->dwarf) {
		f->dwarf = dw->begin_elf(f->elf, DWARF_C_READ, NULL);
		f->debug = f->dwarf ? dw->getcfi(f->dwarf) : NULL;
	}
	if (!frame && f->debug && dw->cfi_addrframe(f->debug, address, &frame))
		frame = NULL;
	r = frame ? make_rule(frame) : &no_rule;
	free(frame);
	map_set(&f->rules, address, r);
	return r;
}

static bool get_value(const struct value *v, struct cfi_memory *m, const struct cfi_regs *regs,
		      uint64_t cfa, uint64_t *out)
{
	uint64_t at = cfa + (uint64_t)v->offset;

	switch (v->how) {
	case HOW_SAME:
		*out = regs->v[v->reg];
		return regs->known >> v->reg & 1;
	case HOW_OFFSET:
		*out = at;
		return true;
	case HOW_SAVED:
		return cfi_read(m, at, sizeof(*out), out);
	case HOW_AT:
		return cfi_evaluate(v->e, m, regs, cfa, &at) && cfi_read(m, at, sizeof(*out), out);
	case HOW_IS:
		return cfi_evaluate(v->e, m, regs, cfa, out);
	}
	return false;
}

/**
 * cfi_step() - Make the registers of a frame those of its caller.
 * @address: of the frame's code, as the file has it
 * @m: the stack
 * @signal: set to whether the frame is one that a signal's handler returns to: the caller was
 *	interrupted, and called nothing
 *
 * Return: what became of it; the registers are changed only by CFI_STEPPED.
 */
enum cfi_step cfi_step(struct cfi_file *f, uint64_t address, struct cfi_memory *m,
		       struct cfi_regs *regs, bool *signal)
{
	const struct rule *r = find_rule(f, address);
	struct cfi_regs caller = {};
	uint64_t cfa;
	size_t i;

	if (r == &no_rule)
		return CFI_NO_RULE;
	if (r->outermost)
		return CFI_OUTERMOST;
	m->beyond = false;
	if (r->cfa) {
		if (!cfi_evaluate(r->cfa, m, regs, 0, &cfa))
			return m->beyond ? CFI_NO_MEMORY : CFI_BROKEN;
	} else if (regs->known >> r->cfa_reg & 1) {
		cfa = regs->v[r->cfa_reg] + (uint64_t)r->cfa_offset;
	} else {
		return CFI_BROKEN;
	}
	for (i = 0; i < r->n; i++)
		if (get_value(&r->v[i], m, regs, cfa, &caller.v[r->v[i].reg]))
			caller.known |= 1ull << r->v[i].reg;
	if (!(caller.known >> r->ra & 1))
		return m->beyond ? CFI_NO_MEMORY : CFI_BROKEN;
	caller.v[CFI_REG_PC] = caller.v[r->ra];
	if (!(caller.known >> CFI_REG_SP & 1))
		caller.v[CFI_REG_SP] = cfa;
	caller.known |= 1ull << CFI_REG_PC | 1ull << CFI_REG_SP;
	*regs = caller;
	*signal = r->signal;
	return CFI_STEPPED;
}
