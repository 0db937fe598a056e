// SPDX-License-Identifier: GPL-2.0
/*
 * Fields of the records of tracepoints' events, as tracefs tells them. A tracepoint
 * whose fields are asked for is hooked with its record, which has no arguments; one
 * whose arguments do is hooked without, which costs a fifth.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/probe/probe.h"
#include "lib/diag.h"
#include "lib/lines.h"
#include "lib/macros.h"

#define FORMAT	"/sys/kernel/tracing/events/%s/format"
#define DYNAMIC	"__data_loc "
#define RECORD	"record_"

/* char, as what its bytes are: the type is what is written before the name. */
static bool is_char(const char *type, size_t len)
{
	static const char *const chars[] = { "char", "unsigned char", "const char" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(chars); i++)
		if (strlen(chars[i]) == len && !strncmp(type, chars[i], len))
			return true;
	return false;
}

static struct expr_type number_of(const char *type, unsigned int size, bool is_signed)
{
	struct expr_type t = expr_number(size, is_signed);

	if (!strcmp(type, "dev_t"))
		t.shown = EXPR_SHOWN_DEV_T;
	if (!strchr(type, '*'))
		return t;
	t.kind = EXPR_POINTER;
	t.is_signed = false;
	t.levels = 1;
	t.to_chars = strstr(type, "char *") && !strstr(type, "**");
	t.to_bytes = t.to_chars ? 1 : 0;
	t.to_signed = t.to_chars;
	return t;
}

/* What a field is, by what is written before its name, and behind it in brackets. */
static void set_type(struct field *f, const char *type, const char *brackets, unsigned int size,
		     bool is_signed)
{
	struct expr_type text = { .kind = EXPR_TEXT, .bytes = 8 };
	bool dynamic = !strncmp(type, DYNAMIC, strlen(DYNAMIC));
	const char *element = dynamic ? type + strlen(DYNAMIC) : type;
	size_t len = strcspn(element, "[");

	if (*brackets ? is_char(type, strlen(type)) : dynamic && is_char(element, len)) {
		f->symbol.source = EXPR_FIELD_TEXT;
		f->symbol.number |= dynamic ? 0 : (uint64_t)size << 32;
		f->symbol.type = text;
		f->usable = true;
	} else if (!*brackets && !dynamic && !strchr(type, '[') &&
		   (size == 1 || size == 2 || size == 4 || size == 8)) {
		f->symbol.source = EXPR_FIELD;
		f->symbol.type = number_of(type, size, is_signed);
		f->usable = true;
	}
}

/* "field:TYPE NAME[N];	offset:N;	size:N;	signed:N;" */
static bool parse_field(char *line, struct field *f)
{
	char *type = strstr(line, "field:");
	char *end = type ? strchr(type, ';') : NULL;
	const char *brackets = "";
	unsigned int is_signed;
	unsigned int offset;
	unsigned int size;
	char *name;
	char *open;

	if (!end || sscanf(end + 1, " offset:%u; size:%u; signed:%u;", &offset, &size,
			   &is_signed) != 3 || offset > KOBS_PROG_RECORD)
		return false;
	*end = 0;
	type += strlen("field:");
	name = strrchr(type, ' ');
	if (!name)
		return false;
	*name++ = 0;
	open = strchr(name, '[');
	if (open) {
		brackets = copy_string(open);
		*open = 0;
	}
	memset(f, 0, sizeof(*f));
	f->name = copy_string(name);
	f->symbol.number = offset;
	set_type(f, type, brackets, size, is_signed);
	f->type = zalloc(strlen(type) + strlen(brackets) + 1);
	sprintf(f->type, "%s%s", type, brackets);
	if (*brackets)
		free((char *)brackets);
	return true;
}

/** fields_read() - The fields of a tracepoint's event, without those that all have. */
void fields_read(struct fields *fields, const struct point *point)
{
	const char *colon = strchr(point->name + 2, ':');
	struct field f;
	struct lines l;
	char path[256];
	char event[192];
	size_t len;
	char *line;

	memset(fields, 0, sizeof(*fields));
	if (!colon)
		return;
	snprintf(event, sizeof(event), "%s", point->name + 2);
	event[colon - point->name - 2] = '/';
	snprintf(path, sizeof(path), FORMAT, event);
	if (lines_open(&l, path))
		return;
	while ((line = lines_next(&l, &len))) {
		if (!strncmp(line, "print fmt", 9))
			break;
		if (!parse_field(line, &f))
			continue;
		if (!strncmp(f.name, "common_", 7)) {
			free(f.name);
			free(f.type);
			continue;
		}
		fields->v = grow(fields->v, &fields->cap, fields->n + 1, sizeof(f));
		fields->v[fields->n++] = f;
	}
	lines_close(&l);
}

void fields_free(struct fields *fields)
{
	size_t i;

	for (i = 0; i < fields->n; i++) {
		free(fields->v[i].name);
		free(fields->v[i].type);
	}
	free(fields->v);
	memset(fields, 0, sizeof(*fields));
}

/** fields_find() - Return: the field of a name that an expression has, or NULL. */
const struct field *fields_find(const struct fields *fields, const char *name)
{
	size_t i;

	/* What every hit has, such as pid, is not hidden by a field: that is record_pid. */
	if (!strncmp(name, RECORD, strlen(RECORD)))
		name += strlen(RECORD);
	else if (expr_is_context(name))
		return NULL;
	for (i = 0; i < fields->n; i++)
		if (!strcmp(fields->v[i].name, name))
			return &fields->v[i];
	return NULL;
}

/* Whether a name is an argument that says as much as a field. */
static bool is_argument(const struct scope *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (!strcmp(s->params[i].name, name))
			return s->types[i].kind != EXPR_STRUCT && s->types[i].kind != EXPR_ARRAY;
	return false;
}

/* By its name, if an argument does not have it, or as one of the record. */
static bool is_used(const struct probe_run *p, const struct scope *s, const struct field *f)
{
	struct buf name = {};
	bool used;

	buf_printf(&name, RECORD "%s", f->name);
	used = probe_uses(p, name.p) ||
	       (probe_uses(p, f->name) && !expr_is_context(f->name) && !is_argument(s, f->name));
	buf_free(&name);
	return used;
}

static int refuse_both(const struct probe_run *p, const struct scope *s, const char *field)
{
	char name[24];
	size_t i;

	for (i = 0; i < s->n + s->nr_args; i++) {
		const char *arg = name;

		snprintf(name, sizeof(name), "arg%zu", i - s->n);
		if (i < s->n)
			arg = s->params[i].name;
		if (!*arg || !probe_uses(p, arg) || fields_find(&s->fields, arg))
			continue;
		return misuse("%s: '%s' is an argument, and '%s' a field of the record: a probe has one or the other (see obsctl probe list %s)",
			      s->point->name, arg, field, s->point->name);
	}
	return 0;
}

/**
 * fields_choose() - Hook a tracepoint with its record if an expression asks for that.
 * @point: the tracepoint of the scope; becomes an event
 *
 * Return: 0 or an exit status.
 */
int fields_choose(const struct probe_run *p, struct scope *s, struct point *point)
{
	size_t i;
	int err;

	if (point->kind != KOBS_PROBE_TRACEPOINT)
		return 0;
	fields_read(&s->fields, point);
	for (i = 0; i < s->fields.n; i++)
		if (s->fields.v[i].usable)
			strings_add(&s->names, s->fields.v[i].name);
	scope_propose(s);
	for (i = 0; i < s->fields.n; i++) {
		const struct field *f = &s->fields.v[i];

		if (!is_used(p, s, f))
			continue;
		if (!f->usable)
			return misuse("%s: the field '%s' is '%s': fields that are numbers and texts can be used",
				      point->name, f->name, f->type);
		err = refuse_both(p, s, f->name);
		if (err)
			return err;
		point->kind = KOBS_PROBE_EVENT;
		s->n = 0;
		s->nr_args = 0;
		return 0;
	}
	return 0;
}
