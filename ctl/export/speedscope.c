// SPDX-License-Identifier: GPL-2.0
/*
 * speedscope's file format: a sampled profile for each event and each thread that the
 * columns tell apart, over one list of frames. There is no place for comments, so that
 * the account is part of the name.
 */

#include <stdlib.h>
#include <string.h>

#include "export/export.h"
#include "lib/json.h"
#include "lib/macros.h"
#include "lib/map.h"

#define SCHEMA	"https://www.speedscope.app/file-format-schema.json"

/* Columns that make profiles; they are no frames. */
static const char *const apart[] = { "event", "tid" };

struct profile {
	struct buf	name;
	uint64_t	total;
	size_t		first;		/* its stacks, each with the next one: numbers plus 1 */
	size_t		last;
};

struct speedscope {
	const struct export *e;
	struct pool	names;
	struct map	known;		/* a name to its profile's number plus 1 */
	struct profile	*v;
	size_t		n;
	size_t		cap;
	size_t		*next;		/* stack of the same profile */
	uint32_t	*number;	/* of frames in the file, plus 1, as they come */
	struct buf	out;
};

static const char *unit_of(const struct export *e)
{
	if (!e->weighs)
		return "none";
	return !strcmp(e->unit, "ns") ? "nanoseconds" : !strcmp(e->unit, "bytes") ? "bytes" :
	       "none";
}

static bool is_apart(const struct frame *f)
{
	size_t i;

	for (i = 0; f->column && i < ARRAY_SIZE(apart); i++)
		if (!strcmp(f->column, apart[i]))
			return true;
	return false;
}

/* "cycles, tid 812", or what the weight is. */
static void add_name(const struct export *e, const struct stack_line *line, struct buf *out)
{
	size_t i;
	size_t k;

	for (i = 0; i < ARRAY_SIZE(apart); i++)
		for (k = 0; k < line->n; k++) {
			const struct frame *f = &e->set->frames[e->set->ids[line->at + k]];

			if (f->column && !strcmp(f->column, apart[i]))
				buf_printf(out, "%s%s%s", out->len ? ", " : "", i ? "tid " : "",
					   f->name);
		}
	if (!out->len)
		buf_puts(out, e->weighs ? e->weighs : e->hit);
}

static void add_stack(struct speedscope *s, size_t i)
{
	const struct stack_line *line = &s->e->set->v[i];
	struct buf name = {};
	struct profile *p;
	const char *kept;
	size_t number;

	add_name(s->e, line, &name);
	kept = pool_intern(&s->names, name.p);
	number = (uintptr_t)map_get(&s->known, (uint64_t)(uintptr_t)kept);
	if (!number) {
		s->v = grow(s->v, &s->cap, s->n + 1, sizeof(*s->v));
		s->v[s->n++] = (struct profile){ .first = i + 1, .name = name };
		number = s->n;
		map_set(&s->known, (uint64_t)(uintptr_t)kept, (void *)(uintptr_t)number);
	} else {
		s->next[s->v[number - 1].last - 1] = i + 1;
		buf_free(&name);
	}
	p = &s->v[number - 1];
	p->last = i + 1;
	p->total += line->weight;
}

/* A frame with its source, where lines were asked for. */
static void put_frame(struct speedscope *s, const struct frame *f, bool first)
{
	struct frame_parts p = {};
	struct buf text = {};

	frame_parts(f, &p);
	buf_add(&text, f->name, p.shown);
	buf_puts(&s->out, first ? "\n{\"name\": " : ",\n{\"name\": ");
	json_escape(&s->out, text.p);
	if (p.file) {
		text.len = 0;
		buf_add(&text, p.file, p.file_len);
		buf_puts(&s->out, ", \"file\": ");
		json_escape(&s->out, text.p);
		buf_puts(&s->out, ", \"line\": ");
		buf_u64(&s->out, p.line);
	}
	buf_putc(&s->out, '}');
	buf_free(&p.object);
	buf_free(&text);
}

/* Those that are in a stack. */
static void put_frames(struct speedscope *s)
{
	const struct stack_set *set = s->e->set;
	uint32_t n = 0;
	size_t i;
	size_t k;

	buf_puts(&s->out, "\"shared\": {\"frames\": [");
	for (i = 0; i < set->n; i++)
		for (k = 0; k < set->v[i].n; k++) {
			uint32_t id = set->ids[set->v[i].at + k];

			if (s->number[id] || is_apart(&set->frames[id]))
				continue;
			put_frame(s, &set->frames[id], !n);
			s->number[id] = ++n;
		}
	buf_puts(&s->out, "]},\n");
}

static void put_sample(struct speedscope *s, const struct stack_line *line)
{
	const struct stack_set *set = s->e->set;
	bool first = true;
	size_t i;

	buf_putc(&s->out, '[');
	for (i = 0; i < line->n; i++) {
		if (is_apart(&set->frames[set->ids[line->at + i]]))
			continue;
		buf_puts(&s->out, first ? "" : ",");
		buf_u64(&s->out, s->number[set->ids[line->at + i]] - 1);
		first = false;
	}
	buf_putc(&s->out, ']');
}

static void put_profile(struct speedscope *s, const struct profile *p)
{
	const struct stack_line *v = s->e->set->v;
	size_t i;

	buf_puts(&s->out, "{\"type\": \"sampled\", \"name\": ");
	json_escape(&s->out, p->name.p);
	buf_printf(&s->out, ", \"unit\": \"%s\", \"startValue\": 0, \"endValue\": %llu, \"samples\": [",
		   unit_of(s->e), (unsigned long long)p->total);
	for (i = p->first; i; i = s->next[i - 1]) {
		buf_puts(&s->out, i == p->first ? "\n" : ",\n");
		put_sample(s, &v[i - 1]);
	}
	buf_puts(&s->out, "], \"weights\": [");
	for (i = p->first; i; i = s->next[i - 1]) {
		buf_puts(&s->out, i == p->first ? "\n" : ",\n");
		buf_u64(&s->out, v[i - 1].weight);
	}
	buf_puts(&s->out, "]}");
}

static void put_head(struct speedscope *s)
{
	struct buf text = {};

	buf_puts(&s->out, "{\"$schema\": \"" SCHEMA "\",\n\"exporter\": ");
	buf_printf(&text, "kobs@%s", s->e->version);
	json_escape(&s->out, text.p);
	text.len = 0;
	export_title(s->e, &text);
	buf_puts(&text, ": ");
	export_account(s->e, &text);
	buf_puts(&s->out, ",\n\"name\": ");
	json_escape(&s->out, text.p);
	buf_puts(&s->out, ",\n");
	buf_free(&text);
}

/** speedscope_write() - Write profiles for speedscope. */
void speedscope_write(const struct export *e, FILE *to)
{
	/* A report without rows is a profile without samples. */
	struct profile none = {};
	struct speedscope s = { .e = e };
	size_t i;

	s.next = zalloc((e->set->n + 1) * sizeof(*s.next));
	s.number = zalloc((e->set->nr_frames + 1) * sizeof(*s.number));
	for (i = 0; i < e->set->n; i++)
		add_stack(&s, i);
	put_head(&s);
	put_frames(&s);
	buf_puts(&s.out, "\"profiles\": [\n");
	for (i = 0; i < s.n; i++) {
		buf_puts(&s.out, i ? ",\n" : "");
		put_profile(&s, &s.v[i]);
	}
	if (!s.n) {
		buf_puts(&none.name, e->weighs ? e->weighs : e->hit);
		put_profile(&s, &none);
		buf_free(&none.name);
	}
	buf_puts(&s.out, "]}\n");
	fwrite(s.out.p, 1, s.out.len, to);
	for (i = 0; i < s.n; i++)
		buf_free(&s.v[i].name);
	free(s.v);
	free(s.next);
	free(s.number);
	map_free(&s.known, NULL);
	pool_free(&s.names);
	buf_free(&s.out);
}
