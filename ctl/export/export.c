// SPDX-License-Identifier: GPL-2.0
/* What the formats of others share: titles, accounts, and frames as names and files. */

#include <string.h>

#include "export/export.h"
#include "lib/format.h"
#include "lib/parse.h"
#include "lib/utf8.h"

#define INLINED	" (inlined)"

/**
 * export_weigh() - Say what the numbers of stacks are.
 * @hit: what is counted; NULL for hits
 * @weighs: what the weight is called; NULL for its unit
 */
void export_weigh(struct export *e, const char *hit, const char *weighs, const char *unit)
{
	e->hit = hit ? hit : "hits";
	e->unit = unit;
	if (!strcmp(unit, e->hit) || !strcmp(unit, "samples"))
		e->weighs = NULL;
	else
		e->weighs = weighs ? weighs : strcmp(unit, "ns") ? unit : "time";
}

/** export_lost() - Add a reason of losses. */
void export_lost(struct export *e, const char *reason, uint64_t count)
{
	strings_add(&e->account.reasons, reason);
	numbers_add(&e->account.lost, count);
}

/** export_title() - Add what was observed, and for how long. */
void export_title(const struct export *e, struct buf *out)
{
	char took[32];

	buf_printf(out, "%s %s, %s", e->source, e->mode,
		   format_ns(took, sizeof(took), (double)e->duration));
}

static void add_part(struct buf *out, const char *name, uint64_t n)
{
	char number[32];

	buf_printf(out, "%s %s", name, format_count(number, sizeof(number), n));
}

/** export_balance() - Add what became of every hit. */
void export_balance(const struct export *e, struct buf *out)
{
	const struct export_account *a = &e->account;
	uint64_t lost = 0;
	size_t i;

	for (i = 0; i < a->lost.n; i++)
		lost += a->lost.v[i];
	add_part(out, "hits", a->hits);
	add_part(out, " = recorded", a->recorded);
	add_part(out, " + filtered", a->filtered);
	if (a->pending)
		add_part(out, " + pending", a->pending);
	if (a->unpaired)
		add_part(out, " + unpaired", a->unpaired);
	add_part(out, " + lost", lost);
}

/** export_account() - Add the same, with the reasons of losses, in one line. */
void export_account(const struct export *e, struct buf *out)
{
	const struct export_account *a = &e->account;
	size_t i;

	export_balance(e, out);
	for (i = 0; i < a->lost.n; i++)
		if (a->lost.v[i]) {
			buf_printf(out, "; lost by %s", a->reasons.v[i]);
			add_part(out, ":", a->lost.v[i]);
		}
}

/** export_free() - Free what belongs to it; the stacks and the report do not. */
void export_free(struct export *e)
{
	strings_free(&e->account.reasons);
	numbers_free(&e->account.lost);
}

/* Take " FILE:LINE" off the end. Return: where it began, or @end. */
static const char *take_line(const char *name, const char *end, struct frame_parts *p)
{
	const char *space = memrchr(name, ' ', (size_t)(end - name));
	const char *colon = space ? strchr(space, ':') : NULL;

	if (!colon || colon == space + 1 || parse_number(colon + 1, 1, UINT32_MAX, &p->line))
		return end;
	p->file = space + 1;
	p->file_len = (size_t)(colon - p->file);
	return space;
}

/* Code of a module of the kernel is in "[ext4]", that of a program in "cp". */
static void find_object(const struct frame *f, const char *end, struct frame_parts *p)
{
	bool user = f->kind == FRAME_USER;
	const char *at = end > f->name && end[-1] == ']' ?
			 memrchr(f->name, '[', (size_t)(end - f->name)) : NULL;
	bool whole = at == f->name;

	buf_puts(&p->object, user ? "[unknown]" : "[kernel.kallsyms]");
	/* Of what has no name, the file may be known. */
	if (!at || (whole && (!user || !strncmp(at, "[unknown]", 9))) ||
	    (!whole && at[-1] != ' '))
		return;
	p->symbol = whole ? 0 : (size_t)(at - f->name) - 1;
	p->object.len = 0;
	if (user)
		buf_add(&p->object, at + 1, (size_t)(end - at) - 2);
	else
		buf_add(&p->object, at, (size_t)(end - at));
}

/**
 * frame_parts() - Take a frame's name apart: the function, what its code belongs to (the
 * kernel is "[kernel.kallsyms]"), and its line.
 */
void frame_parts(const struct frame *f, struct frame_parts *p)
{
	const char *end = f->name + strlen(f->name);
	size_t mark = strlen(INLINED);

	p->file = NULL;
	p->object.len = 0;
	buf_puts(&p->object, "");
	p->shown = (size_t)(end - f->name);
	p->symbol = p->shown;
	if (f->kind == FRAME_COLUMN || f->kind == FRAME_MERGED)
		return;
	end = take_line(f->name, end, p);
	p->shown = (size_t)(end - f->name);
	p->symbol = p->shown;
	if (f->kind != FRAME_INLINED) {
		find_object(f, end, p);
		return;
	}
	/* It belongs to what the next frame does. */
	buf_puts(&p->object, "inlined");
	if (p->shown > mark && !strncmp(end - mark, INLINED, mark))
		p->symbol -= mark;
}

/** frame_text() - Add a name as valid UTF-8 without controls, on one line. */
void frame_text(struct buf *out, const char *name, size_t len)
{
	const char *end = name + len;

	bool harmless;
	size_t bytes;

	for (; name < end; name += bytes) {
		bytes = utf8_step(name, (size_t)(end - name), &harmless);
		if (harmless)
			buf_add(out, name, bytes);
		else if (bytes == 1 && (unsigned char)*name >= 0x80)
			buf_puts(out, "\xef\xbf\xbd");
		else
			buf_putc(out, '?');
	}
}
