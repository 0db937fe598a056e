// SPDX-License-Identifier: GPL-2.0
/*
 * What the sources say about a session's columns and value. Everything that is
 * printed by type goes through here, so a new source needs no code.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "lib/buf.h"
#include "lib/cgroup.h"
#include "lib/diag.h"
#include "proto/nl.h"
#include "report/view.h"

/** view_init() - Read the sources. Return: 0 or an exit status. */
int view_init(struct view *v, struct nl *nl)
{
	const struct source *engine;
	struct utsname name;
	int err;

	memset(v, 0, sizeof(*v));
	ksyms_init(&v->ksyms);
	if (!uname(&name))
		snprintf(v->kernel, sizeof(v->kernel), "%s", name.release);
	err = model_get_sources(nl, &v->sources);
	if (err)
		return err;
	engine = model_find_source(&v->sources, "session");
	v->version = engine && engine->version ? engine->version : "unknown";
	return 0;
}

static const char *session_text(const struct session *s, const char *param)
{
	size_t i;

	for (i = 0; i < s->nr_params; i++)
		if (!strcmp(s->params[i].name, param))
			return s->params[i].text ? s->params[i].text : "";
	return "";
}

static void split_words(const char *text, struct strings *out)
{
	char *copy = copy_string(text);
	char *save = NULL;
	char *word;

	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		strings_add(out, word);
	free(copy);
}

/*
 * Columns of a general source have the names that its client gave them: words of the form
 * COLUMN=S:NAME, with the letter of enum shown, and what belongs to it.
 */
static void label_column(struct view *v, size_t c)
{
	const char *name = v->columns[c]->name;
	size_t len = strlen(name);
	unsigned int number;
	size_t i;

	/* The probes of a general source are told by their kind. */
	v->shown[c] = !strcmp(name, "probe") ? SHOWN_ENTRY :
		      !strcmp(name, "cgroup") ? SHOWN_CGROUP : SHOWN_COUNT;
	v->fault[c] = 0;
	v->enums[c] = (struct view_enum){};
	for (i = 0; i < v->labels.n; i++) {
		char *label = v->labels.v[i];
		char *colon = strchr(label, ':');

		if (strncmp(label, name, len) || label[len] != '=' || !colon ||
		    colon < label + len + 2)
			continue;
		v->own[c] = *v->columns[c];
		v->own[c].name = colon + 1;
		v->columns[c] = &v->own[c];
		v->shown[c] = (enum shown)label[len + 1];
		*colon = 0;
		v->of[c] = label + len + 2;
		if (v->shown[c] == SHOWN_FUNCTION)
			v->types[c] = KOBS_TYPE_ADDRESS;
		if (v->shown[c] == SHOWN_FAULTS)
			v->faults = c + 1;
		if (sscanf(name, "number%u", &number) == 1 && number < 64)
			v->fault[c] = 1ull << number;
		break;
	}
}

/* An address is in two columns, and a fault if one of them is; a half alone is a number. */
static void join_halves(struct view *v)
{
	bool second = false;
	size_t c;

	for (c = 0; c < v->nr_columns; c++) {
		bool first = v->shown[c] == SHOWN_IPV6 && c + 1 < v->nr_columns &&
			     v->shown[c + 1] == SHOWN_IPV6_END;

		if (first)
			v->fault[c] |= v->fault[c + 1];
		else if (v->shown[c] == SHOWN_IPV6 || (v->shown[c] == SHOWN_IPV6_END && !second))
			v->shown[c] = SHOWN_HEX;
		second = first;
	}
}

static void label_columns(struct view *v, const struct session *s)
{
	size_t c;

	strings_free(&v->labels);
	strings_free(&v->places);
	v->faults = 0;
	split_words(session_text(s, "labels"), &v->labels);
	split_words(session_text(s, "names"), &v->places);
	for (c = 0; c < v->nr_columns; c++)
		label_column(v, c);
	join_halves(v);
}

/** view_is_fault() - Whether a column's number could not be read, of a row with these keys. */
bool view_is_fault(const struct view *v, size_t column, const uint64_t *keys)
{
	return v->faults && (keys[v->faults - 1] & v->fault[column]);
}

/** view_is_hidden() - Whether a column tells of the others, and is not shown. */
bool view_is_hidden(const struct view *v, size_t column)
{
	return column + 1 == v->faults || v->shown[column] == SHOWN_IPV6_END;
}

/** view_bind() - Look up the source, mode and columns of a session. */
int view_bind(struct view *v, const struct session *s)
{
	const struct source *engine = model_find_source(&v->sources, "session");
	size_t i;

	v->source = model_find_source(&v->sources, s->source);
	v->mode = model_find_mode(v->source, s->mode);
	if (!v->mode)
		return refuse("session %u is of the mode '%s %s', which no source describes", s->id,
			      s->source, s->mode);
	if (s->by.n > VIEW_COLUMNS)
		return refuse("session %u has %zu columns; obsctl can show %d", s->id, s->by.n,
			      VIEW_COLUMNS);
	v->nr_columns = s->by.n;
	for (i = 0; i < s->by.n; i++) {
		const struct column *c = model_find_column(v->source, s->by.v[i]);

		if (!c)
			c = model_find_column(engine, s->by.v[i]);
		if (!c)
			return refuse("session %u has a column '%s', which no source describes",
				      s->id, s->by.v[i]);
		v->columns[i] = c;
		v->types[i] = c->type;
	}
	label_columns(v, s);
	return 0;
}

void view_free(struct view *v)
{
	model_free_sources(&v->sources);
	ksyms_free(&v->ksyms);
	usyms_free(&v->usyms);
	kernel_lines_free(&v->klines);
	frames_free(v);
	kbtf_free(&v->btf);
	strings_free(&v->labels);
	strings_free(&v->places);
}

/*
 * A function's key is where it is entered, but any place in a function of a module
 * that came after the start of pmu: then it is the function's all the same.
 */
static uint64_t tell_function(struct view *v, uint64_t address, const char *text)
{
	const char *at = strstr(text, "+0x");
	struct buf name = {};
	uint64_t offset;
	uint64_t word;
	char *end;

	if (*text == '[' || !at)
		return ksyms_tell(&v->ksyms, address, text, false);
	offset = strtoull(at + 1, &end, 16);
	buf_add(&name, text, (size_t)(at - text));
	buf_puts(&name, end);
	word = ksyms_tell(&v->ksyms, address - offset, name.p, false);
	buf_free(&name);
	return word;
}

static uint64_t tell(void *arg, uint32_t type, uint64_t address, const char *text)
{
	struct view *v = arg;

	if (type == KOBS_TYPE_FUNCTION)
		return tell_function(v, address, text);
	return ksyms_tell(&v->ksyms, address, text, type == KOBS_TYPE_OBJECT);
}

/** view_tell() - Take the names of addresses in a table that is going to be read. */
void view_tell(struct view *v, struct table *t)
{
	t->tell = tell;
	t->tell_arg = v;
}

bool view_has_type(const struct view *v, uint32_t type)
{
	size_t i;

	for (i = 0; i < v->nr_columns; i++)
		if (v->types[i] == type)
			return true;
	return false;
}

/** view_has_stacks() - Return: whether rows have stacks, of the kernel or of processes. */
bool view_has_stacks(const struct view *v)
{
	return view_has_type(v, KOBS_TYPE_KSTACK) || view_has_type(v, KOBS_TYPE_USTACK);
}

/** view_names_user_code() - Whether a column is named by what processes have mapped. */
bool view_names_user_code(const struct view *v)
{
	size_t i;

	for (i = 0; i < v->nr_columns; i++)
		if (v->types[i] == KOBS_TYPE_USTACK || v->shown[i] == SHOWN_DATA)
			return true;
	return false;
}

/** view_column() - Return: the place of a column of this name, or SIZE_MAX. */
size_t view_column(const struct view *v, const char *name)
{
	size_t i;

	for (i = 0; i < v->nr_columns; i++)
		if (!strcmp(v->columns[i]->name, name))
			return i;
	return SIZE_MAX;
}

/* A function that the user asked for has its name, though its module may be gone. */
static const struct target *find_target(const struct view *v, uint64_t address)
{
	return v->targets ? targets_find_entry(v->targets, address) : NULL;
}

/** view_want_key() - Have ksyms_resolve() find the name of a column's value. */
void view_want_key(struct view *v, size_t column, uint64_t key)
{
	if (v->types[column] == KOBS_TYPE_ADDRESS ||
	    (v->types[column] == KOBS_TYPE_FUNCTION && !find_target(v, key)))
		ksyms_want(&v->ksyms, key);
	if (v->types[column] == KOBS_TYPE_OBJECT)
		ksyms_want_object(&v->ksyms, key);
}

/**
 * view_absent() - Does a column not apply?
 *
 * A lock that does not tell its owner has none: no name, and no numbers. A pair need
 * not meet a function.
 */
bool view_absent(const struct view *v, size_t column, uint64_t key)
{
	if (v->types[column] == KOBS_TYPE_FUNCTION && !key)
		return true;
	/* Data that has no name of its own, or is not known. */
	if (v->types[column] == KOBS_TYPE_OBJECT && !key)
		return true;
	/* Of what was not the work of a task that the module saw. */
	if (v->shown[column] == SHOWN_CGROUP && !key)
		return true;
	/* What a client computes can be empty. */
	if (v->columns[column] == &v->own[column])
		return false;
	if (v->types[column] == KOBS_TYPE_TEXT)
		return !*(const char *)(uintptr_t)key;
	return !key && !strncmp(v->columns[column]->name, "owner_", 6);
}

/** view_is_named() - Whether a column's numbers are texts in JSON, too. */
bool view_is_named(const struct view *v, size_t column)
{
	return v->shown[column] == SHOWN_HEX || v->shown[column] == SHOWN_DEVICE ||
	       v->shown[column] == SHOWN_DATA ||
	       v->shown[column] == SHOWN_IPV4 || v->shown[column] == SHOWN_IPV6 ||
	       view_has_number(v, column);
}

/** view_has_number() - Whether a column is shown by names, which stand for numbers. */
bool view_has_number(const struct view *v, size_t column)
{
	return v->shown[column] == SHOWN_SYSCALL || v->shown[column] == SHOWN_ERROR ||
	       v->shown[column] == SHOWN_ENUM || v->shown[column] == SHOWN_BLK_STATUS ||
	       v->shown[column] == SHOWN_FUTEX_OP || v->shown[column] == SHOWN_CGROUP ||
	       v->shown[column] == SHOWN_DEV_T;
}

/** view_is_pointer() - Whether a column's numbers are addresses of data, which have no names. */
bool view_is_pointer(const struct view *v, size_t column)
{
	return v->types[column] == KOBS_TYPE_NUMBER &&
	       (v->shown[column] == SHOWN_HEX || !strcmp(v->columns[column]->name, "ptr"));
}

/** view_is_number() - Whether a column's numbers, 0 or more, are such in JSON. */
bool view_is_number(const struct view *v, size_t column)
{
	return v->types[column] == KOBS_TYPE_NUMBER && !view_is_pointer(v, column) &&
	       !view_is_named(v, column);
}

/** view_is_plain() - Whether they are shown as such, too. */
bool view_is_plain(const struct view *v, size_t column)
{
	return view_is_number(v, column) && v->shown[column] != SHOWN_NS;
}

/* The value of a column of a row with these keys. */
static void print_key(struct view *v, size_t column, const uint64_t *keys, struct buf *out)
{
	uint64_t key = keys[column];
	const struct target *target;

	switch (v->saved && v->types[column] != KOBS_TYPE_NUMBER ? KOBS_TYPE_TEXT :
								   v->types[column]) {
	case KOBS_TYPE_TEXT:
		buf_puts(out, (const char *)(uintptr_t)key);
		break;
	case KOBS_TYPE_FUNCTION:
		target = find_target(v, key);
		if (!key) {
			buf_puts(out, "-");
			break;
		}
		if (key <= v->places.n) {
			buf_puts(out, v->places.v[key - 1]);
			break;
		}
		if (v->shown[column] == SHOWN_ENTRY || v->shown[column] == SHOWN_RETURN)
			buf_puts(out, v->shown[column] == SHOWN_RETURN ? "kr:" : "k:");
		if (target)
			target_print(target, out);
		else
			ksyms_print_function(&v->ksyms, key, out);
		break;
	case KOBS_TYPE_ADDRESS:
		ksyms_print_address(&v->ksyms, key, out);
		break;
	case KOBS_TYPE_OBJECT:
		ksyms_print_object(&v->ksyms, key, out);
		break;
	default:
		named_print(v, column, keys, out);
	}
}

/** view_print_key() - The value of a column that is not a stack, nor goes on in another one. */
void view_print_key(struct view *v, size_t column, uint64_t key, struct buf *out)
{
	uint64_t keys[VIEW_COLUMNS + 1] = {};

	keys[column] = key;
	print_key(v, column, keys, out);
}

/**
 * view_print_path() - Add the path that a column's name is short for.
 *
 * Return: whether there is one.
 */
bool view_print_path(const struct view *v, size_t column, uint64_t key, struct buf *out)
{
	const char *path = v->shown[column] == SHOWN_CGROUP ? cgroup_path(key) : NULL;

	if (path)
		buf_puts(out, path);
	return path;
}

/** view_print_cell() - The same of a row, of which it may be a fault. */
void view_print_cell(struct view *v, size_t column, const uint64_t *keys, struct buf *out)
{
	if (view_is_fault(v, column, keys))
		buf_puts(out, "(fault)");
	else
		print_key(v, column, keys, out);
}

/** view_unit() - Return: the unit of the mode's value, or "". */
const char *view_unit(const struct view *v)
{
	return model_unit(v->mode);
}

/** view_target() - Return: what the session's targets are called, one of them. */
const char *view_target(const struct view *v)
{
	size_t i;

	for (i = 0; i < v->source->nr_columns; i++) {
		if (!strcmp(v->source->columns[i].name, "event"))
			return "event";
		if (!strcmp(v->source->columns[i].name, "probe"))
			return "probe";
		if (v->source->columns[i].type == KOBS_TYPE_FUNCTION)
			return "function";
	}
	if (!strcmp(v->source->name, "lock") || !strcmp(v->source->name, "sched") ||
	    !strcmp(v->source->name, "wall"))
		return "tracepoint";
	return "target";
}
