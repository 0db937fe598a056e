// SPDX-License-Identifier: GPL-2.0
/*
 * The frames of stacks as reports have them: the function that an address is in, and
 * before it those that the compiler made a part of it.
 */

#include <string.h>

#include "export/stack_set.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "report/view.h"

/** view_choose_frames() - Make frames as the user wants them. Return: 0, or an exit status. */
int view_choose_frames(struct view *v, const struct opts *o)
{
	size_t c;

	/* Debug information is large: without stacks, nothing of it is shown. */
	v->usyms.no_debug = true;
	for (c = 0; c < v->nr_columns; c++)
		if (strstr(v->columns[c]->name, "stack"))
			v->usyms.no_debug = false;
	v->usyms.lines = o->lines;
	v->usyms.no_inlined = o->no_inline;
	v->usyms.raw_names = o->no_demangle;
	if (o->lines && !view_has_type(v, KOBS_TYPE_KSTACK) &&
	    !view_has_type(v, KOBS_TYPE_USTACK))
		return refuse("--lines shows lines behind the frames of stacks: the session has none (--by kstack, ustack or both)");
	return 0;
}

static void add_line(struct view_frame *f, const struct debug_place *p)
{
	const char *base = p->file ? strrchr(p->file, '/') : NULL;

	f->file = p->file;
	f->line = p->line;
	if (p->file)
		buf_printf(&f->text, " %s:%u", base ? base + 1 : p->file, p->line);
}

static struct view_frame *clear(struct view *v, size_t i)
{
	struct view_frame *f = &v->frame[i];

	f->text.len = 0;
	f->path = NULL;
	f->file = NULL;
	f->line = 0;
	return f;
}

/* Debug symbols of the kernel are large, and are read where lines are asked for. */
static size_t kernel_frames(struct view *v, uint64_t word, bool returned)
{
	const struct ksym *sym = v->usyms.lines ? ksyms_find(&v->ksyms, word) : NULL;
	uint64_t address = ksyms_address(&v->ksyms, word) - returned;
	const struct debug_code *c = NULL;
	struct view_frame *f;
	size_t n = 0;
	size_t i;

	if (sym && sym->name)
		c = kernel_lines_find(&v->klines, sym->module, address);
	for (i = 0; c && !v->usyms.no_inlined && i + 1 < c->n; i++) {
		f = clear(v, n++);
		buf_puts(&f->text, c->v[i].name ? c->v[i].name : "[unknown]");
		buf_puts(&f->text, FRAME_INLINED_MARK);
		add_line(f, &c->v[i]);
	}
	f = clear(v, n++);
	ksyms_print_address(&v->ksyms, word, &f->text);
	if (c && c->n)
		add_line(f, &c->v[n - 1]);
	return n;
}

static size_t user_frames(struct view *v, uint32_t pid, uint64_t address, bool returned)
{
	struct usym_frame found[USYM_FRAMES];
	size_t n = usyms_find(&v->usyms, pid, address, returned, found);
	size_t i;

	for (i = 0; i < n; i++) {
		struct view_frame *f = clear(v, i);

		usym_frame_print(&found[i], &f->text);
		f->path = found[i].path;
		f->file = found[i].file;
		f->line = found[i].line;
	}
	return n;
}

/* A report that was saved has each frame's text, in place of its address. */
static size_t saved_frame(struct view *v, const char *text)
{
	struct view_frame *f = clear(v, 0);

	buf_puts(&f->text, text);
	return 1;
}

/**
 * view_frames() - Name the functions that address @i of a stack is in, from the leaf.
 *
 * Return: how many of v->frame are set: the innermost first, all but the last one are
 * inlined.
 */
size_t view_frames(struct view *v, const struct stack *s, size_t i)
{
	if (v->saved)
		return saved_frame(v, (const char *)(uintptr_t)s->addr[i]);
	/* All but the first one are where a call returns to. */
	return s->pid ? user_frames(v, s->pid, s->addr[i], i && !v->user_calls) :
			kernel_frames(v, s->addr[i], i);
}

/** view_print_frame() - The last of these. */
void view_print_frame(struct view *v, const struct stack *s, size_t i, struct buf *out)
{
	const struct view_frame *f = &v->frame[view_frames(v, s, i) - 1];

	buf_add(out, f->text.p, f->text.len);
}

/* Functions of a hook at a return: above the code that the stack is about. */
static const char *const hook_frames[] = {
	"arch_rethook_trampoline", "arch_rethook_trampoline_callback", "kretprobe_rethook_handler",
	"rethook_trampoline_handler", "kretprobe_trampoline", "__kretprobe_trampoline",
	"__kretprobe_trampoline_handler", "trampoline_handler", "fprobe_exit_handler",
};

/** view_is_hook() - Whether a frame's text is of kobs's own hook at a return. */
bool view_is_hook(const char *frame)
{
	size_t len = strcspn(frame, "+ ");
	size_t i;

	if (strstr(frame, " [kobs]") || !strncmp(frame, "__traceiter_", 12))
		return true;
	for (i = 0; i < ARRAY_SIZE(hook_frames); i++)
		if (strlen(hook_frames[i]) == len && !strncmp(frame, hook_frames[i], len))
			return true;
	return false;
}

/** view_first_frame() - Return: the first frame of a stack that is no hook's. */
size_t view_first_frame(struct view *v, const struct stack *s)
{
	struct buf frame = {};
	size_t i;

	for (i = 0; !s->pid && i < s->nr; i++) {
		frame.len = 0;
		if (v->saved)
			buf_puts(&frame, (const char *)(uintptr_t)s->addr[i]);
		else
			ksyms_print_address(&v->ksyms, s->addr[i], &frame);
		if (!view_is_hook(frame.p))
			break;
	}
	buf_free(&frame);
	/* A stack of nothing else is shown as it is. */
	return i < s->nr ? i : 0;
}

/** view_strip() - Take the offset out of a symbol's name, and an address without one. */
void view_strip(char *name)
{
	char *at = strstr(name, "+0x");
	char *rest;

	if (!at)
		at = strstr(name, " 0x");
	if (!at)
		return;
	rest = strchr(at + 1, ' ');
	/* [file] +0x1f */
	if (at > name && at[-1] == ' ')
		at--;
	memmove(at, rest ? rest : "", strlen(rest ? rest : "") + 1);
}

void frames_free(struct view *v)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(v->frame); i++)
		buf_free(&v->frame[i].text);
}
