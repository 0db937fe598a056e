// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions inside functions: k:FUNCTION+OFFSET. Whether one begins there, and can
 * be probed, the kernel knows; names, the ends of functions, and what is kept out by its
 * list are known here.
 */

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/user.h>

#include "cmd/probe/probe.h"
#include "lib/diag.h"
#include "lib/lines.h"
#include "lib/macros.h"
#include "symbols/kallsyms.h"

#define KPROBES		"/sys/kernel/debug/kprobes/"

/* Registers, where the kernel's record has them. */
static const struct {
	const char	*name;
	unsigned int	offset;
} registers[] = {
#if defined(__x86_64__)
#define REGISTER(name, member) { name, offsetof(struct user_regs_struct, member) }
	REGISTER("ax", rax), REGISTER("bx", rbx), REGISTER("cx", rcx), REGISTER("dx", rdx),
	REGISTER("si", rsi), REGISTER("di", rdi), REGISTER("bp", rbp), REGISTER("sp", rsp),
	REGISTER("r8", r8), REGISTER("r9", r9), REGISTER("r10", r10), REGISTER("r11", r11),
	REGISTER("r12", r12), REGISTER("r13", r13), REGISTER("r14", r14), REGISTER("r15", r15),
	REGISTER("flags", eflags),
#elif defined(__aarch64__)
#define X(n) { "x" #n, 8 * (n) }
	X(0), X(1), X(2), X(3), X(4), X(5), X(6), X(7), X(8), X(9), X(10), X(11), X(12), X(13),
	X(14), X(15), X(16), X(17), X(18), X(19), X(20), X(21), X(22), X(23), X(24), X(25), X(26),
	X(27), X(28), X(29), X(30),
	{ "sp", offsetof(struct user_regs_struct, sp) },
#endif
};

/* The place of the point, which is known without a register. */
#if defined(__x86_64__)
#define WHERE	"ip"
#define EXAMPLE	"ax"
#else
#define WHERE	"pc"
#define EXAMPLE	"x0"
#endif

/** register_find() - A register at an instruction. Return: whether it is one. */
bool register_find(const struct point *point, const char *name, struct expr_symbol *out)
{
	struct expr_type code = { .kind = EXPR_FUNCTION, .bytes = 8 };
	size_t i;

	if (!strcmp(name, WHERE)) {
		*out = (struct expr_symbol){ EXPR_CONSTANT, point->word, code };
		return true;
	}
	for (i = 0; i < ARRAY_SIZE(registers); i++) {
		if (strcmp(registers[i].name, name))
			continue;
		*out = (struct expr_symbol){ EXPR_FIELD, registers[i].offset,
					     expr_number(8, false) };
		return true;
	}
	return false;
}

/** register_names() - Add the names of the registers, as proposals. */
void register_names(const struct point *point, struct strings *names)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(registers); i++)
		strings_add(names, registers[i].name);
	strings_add(names, WHERE);
}

/* A number as C writes it, from 0 on. */
static bool parse_offset(const char *text, uint64_t *offset)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*offset = strtoull(text, &end, 0);
	return !errno && !*end && *offset <= UINT32_MAX;
}

/** inside_take() - Take a word with an offset in it. Return: 0 or an exit status. */
int inside_take(struct points *p, const char *word, const char *name)
{
	const char *plus = strrchr(name, '+');
	struct inside *in;
	uint64_t offset;

	if (!parse_offset(plus + 1, &offset))
		return misuse("'%s': '%s' is no offset: it is a number of bytes, such as 31 or 0x1f",
			      word, plus + 1);
	if (p->timed)
		return misuse("'%s' is an instruction and has no duration: probe time measures functions, k:FUNCTION, and system calls, s:SYSCALL",
			      word);
	if (strncmp(word, "k:", 2))
		return misuse("'%s' is an instruction, which is passed once: it is written as k:FUNCTION+OFFSET",
			      word);
	if (strpbrk(name, "*?[!"))
		return misuse("'%s': an offset is of one function, not of a pattern", word);
	if (!offset)
		return points_take_entry(p, name, (size_t)(plus - name));
	p->inside = grow(p->inside, &p->cap_inside, p->nr_inside + 1, sizeof(*p->inside));
	in = &p->inside[p->nr_inside++];
	memset(in, 0, sizeof(*in));
	in->word = word;
	in->function = strndup(name, (size_t)(plus - name));
	in->offset = offset;
	return 0;
}

/* Of namesakes, it is the one of the kernel itself. */
static int resolve(struct inside *in)
{
	int err = targets_parse(&in->found, &in->function, 1);
	size_t own = 0;
	size_t i;

	if (!err)
		err = targets_resolve(&in->found, kallsyms_path());
	if (err)
		return err;
	in->target = &in->found.v[0];
	for (i = 0; i < in->found.n; i++)
		if (!*in->found.v[i].module) {
			in->target = &in->found.v[i];
			own++;
		}
	if (in->found.n == 1 || own == 1)
		return 0;
	return refuse("'%s': there are %zu functions of this name%s", in->word, in->found.n,
		      !own && !in->found.patterns[0].module ?
		      ": k:MODULE:FUNCTION+OFFSET says which" :
		      ", and it cannot be said which one is meant");
}

/* The next symbol is where a function ends; that of a module's last one is not known. */
static int find_ends(struct points *p)
{
	struct ksym_line sym;
	struct kallsyms k;
	size_t i;
	int err = kallsyms_open(&k, kallsyms_path());

	if (err)
		return refuse("cannot read %s: %s", kallsyms_path(), strerror(-err));
	while (kallsyms_next(&k, &sym))
		for (i = 0; i < p->nr_inside; i++) {
			struct inside *in = &p->inside[i];
			const struct target *t = in->target;

			if (sym.address > t->address && (!in->end || sym.address < in->end) &&
			    !strcmp(sym.module, t->module))
				in->end = sym.address;
		}
	kallsyms_close(&k);
	return 0;
}

/* Whether the kernel's list of what has no kprobes has an address. */
static bool is_listed(uint64_t address)
{
	unsigned long long from;
	unsigned long long to;
	bool found = false;
	struct lines l;
	size_t len;
	char *line;

	if (lines_open(&l, KPROBES "blacklist"))
		return false;
	while (!found && (line = lines_next(&l, &len)))
		found = sscanf(line, "%llx-%llx", &from, &to) == 2 && address >= from &&
			address < to;
	lines_close(&l);
	return found;
}

static int check_place(const struct inside *in)
{
	const struct target *t = in->target;
	uint64_t size = in->end ? in->end - t->address : UINT64_MAX;
	long long on = 1;

	if (in->offset >= size)
		return refuse("'%s' is behind the end of %s, which has 0x%llx bytes", in->word,
			      t->name, (unsigned long long)size);
	if (is_listed(t->address + in->offset))
		return refuse("'%s' cannot be probed: the kernel allows no kprobes in %s (%sblacklist)",
			      in->word, t->name, KPROBES);
	if (!read_number(KPROBES "enabled", &on) && !on)
		return refuse("'%s' cannot be probed: kprobes are switched off; write 1 to %senabled",
			      in->word, KPROBES);
	return 0;
}

static void add(struct points *p, const struct inside *in)
{
	const struct target *t = in->target;
	const char *module = in->found.patterns[0].module;
	struct buf name = {};
	struct point *point;
	size_t i;

	/* One place can have been written in several ways. */
	for (i = 0; i < p->n; i++)
		if (p->v[i].offset && p->v[i].word == t->address + in->offset)
			return;
	buf_printf(&name, "k:%s%s%s+0x%llx", module ? module : "", module ? ":" : "", t->name,
		   (unsigned long long)in->offset);
	point = points_add_named(p, KOBS_PROBE_INSTRUCTION, name.p, t->name);
	if (point) {
		point->label = (uint32_t)point->word + 1;
		point->word = t->address + in->offset;
		point->module = pool_intern(&p->texts, t->module);
		point->offset = in->offset;
	}
	buf_free(&name);
}

/** inside_find() - Find the instructions that were named. Return: 0 or an exit status. */
int inside_find(struct points *p)
{
	int err = 0;
	size_t i;

	for (i = 0; !err && i < p->nr_inside; i++)
		err = resolve(&p->inside[i]);
	if (!err && p->nr_inside)
		err = find_ends(p);
	for (i = 0; !err && i < p->nr_inside; i++) {
		err = check_place(&p->inside[i]);
		if (!err)
			add(p, &p->inside[i]);
	}
	return err;
}

/** inside_check() - Refuse arguments where they are gone. Return: 0 or an exit status. */
int inside_check(const struct probe_run *p, const struct scope *s)
{
	struct expr_symbol any;
	char name[24];
	size_t i;

	for (i = 0; s->point->offset && i < s->nr_gone + KOBS_PROG_ARGS; i++) {
		const char *gone = name;

		snprintf(name, sizeof(name), "arg%zu", i - s->nr_gone);
		if (i < s->nr_gone)
			gone = s->params[i].name;
		if (!*gone || !probe_uses(p, gone) || register_find(s->point, gone, &any))
			continue;
		return misuse("'%s' is known at the entry, k:%s: at %s its register may have changed; use registers, such as %s",
			      gone, s->point->bare, s->point->name, EXAMPLE);
	}
	return 0;
}

void inside_free(struct points *p)
{
	size_t i;

	for (i = 0; i < p->nr_inside; i++) {
		targets_free(&p->inside[i].found);
		free(p->inside[i].function);
	}
	free(p->inside);
}
