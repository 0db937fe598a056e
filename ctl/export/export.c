// SPDX-License-Identifier: GPL-2.0
/* What the formats of others share: titles, accounts, and frames as names and files. */

#include <string.h>

#include "export/export.h"
#include "lib/format.h"
#include "lib/utf8.h"

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

/**
 * frame_object() - What a frame's code belongs to, as perf calls it: a module of the kernel
 * "[ext4]", the kernel "[kernel.kallsyms]", or a program "cp".
 * @len: set to the length of the name without it
 * @object: memory of the answer
 *
 * Return: @object's text, or NULL for what is no code.
 */
const char *frame_object(const struct frame *f, size_t *len, struct buf *object)
{
	bool user = f->kind == FRAME_USER || f->kind == FRAME_INLINED;
	size_t all = strlen(f->name);
	const char *end = f->name + all;
	const char *at;

	*len = all;
	object->len = 0;
	if (f->kind == FRAME_COLUMN || f->kind == FRAME_MERGED)
		return NULL;
	buf_puts(object, user ? "[unknown]" : "[kernel.kallsyms]");
	at = all && end[-1] == ']' ? memrchr(f->name, '[', all) : NULL;
	if (!at || at == f->name || at[-1] != ' ')
		return object->p;
	*len = (size_t)(at - f->name) - 1;
	object->len = 0;
	if (user)
		buf_add(object, at + 1, (size_t)(end - at) - 2);
	else
		buf_add(object, at, (size_t)(end - at));
	return object->p;
}

/** frame_text() - Add a name as valid UTF-8 without controls, on one line. */
void frame_text(struct buf *out, const char *name, size_t len)
{
	const char *end = name + len;

	while (name < end) {
		unsigned char c = (unsigned char)*name;
		size_t bytes = c < 0x80 ? 1 : utf8_length(name);

		if (bytes > (size_t)(end - name))
			bytes = 0;
		if (!bytes)
			buf_puts(out, "\xef\xbf\xbd");
		else if (c < 0x20 || c == 0x7f)
			buf_putc(out, '?');
		else
			buf_add(out, name, bytes);
		name += bytes ? bytes : 1;
	}
}
