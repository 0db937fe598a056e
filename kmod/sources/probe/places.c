// SPDX-License-Identifier: GPL-2.0
/*
 * Source probe: from the parameters files and places to places of programs. A file
 * is opened once, and kept until the session's end, so that its mount stays.
 *
 * Locking: the session is being prepared, or released.
 */
#include <linux/err.h>
#include <linux/path.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "core/refuse.h"
#include "sources/probe/probe.h"

/* Words of a place: number of its file, offset, and the bytes there. */
enum { PLACE_FILE, PLACE_OFFSET, PLACE_BYTES, PLACE_WORDS };

/* Line number @i of a text, in memory of its own; -ENOENT if there is none. */
static char *line_of(const char *text, u64 i)
{
	char *line;

	for (; i && text; i--) {
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	if (!text || !*text || *text == '\n')
		return ERR_PTR(-ENOENT);
	line = kstrndup(text, strcspn(text, "\n"), GFP_KERNEL);
	return line ?: ERR_PTR(-ENOMEM);
}

/* What is wrong with a file, of whose path a sentence has room for the beginning. */
static int refuse_file(struct netlink_ext_ack *extack, int err,
		       const char *name, const char *why)
{
	return kobs_refuse(extack, err, "%.100s%s: %s", name,
			   strlen(name) > 100 ? "..." : "", why);
}

/* The file of a place, opened. */
static struct path *file_of(struct kobs_probes *p, u64 number, const char *name,
			    struct netlink_ext_ack *extack)
{
	struct path *path = &p->files[number];
	const char *why;
	int err;

	if (path->dentry)
		return path;
	err = kobs_uprobe_open(p->s->owner_pid, name, path, &why);
	if (!err)
		return path;
	memset(path, 0, sizeof(*path));
	return ERR_PTR(refuse_file(extack, err, name, why));
}

static int place_open(struct kobs_probe_point *point, const u64 *place,
		      const char *name, struct netlink_ext_ack *extack)
{
	struct path *path = file_of(point->probes, place[PLACE_FILE], name,
				    extack);
	const char *why;
	int err;

	if (IS_ERR(path))
		return PTR_ERR(path);
	err = kobs_uprobe_check(path, place[PLACE_OFFSET],
				(const u8 *)&place[PLACE_BYTES], &why);
	if (err)
		return refuse_file(extack, err, name, why);
	point->place.inode = kobs_uprobe_inode(path);
	point->place.offset = place[PLACE_OFFSET];
	return 0;
}

/**
 * kobs_probe_place() - open a point's place, and choose its handlers
 * @point: point with its program, and the number of its place
 * @kind: when it is hooked
 * @extack: takes the reason of a failure
 *
 * Context: a worker, may sleep.
 * Return: 0, -EINVAL (parameters, or another file), -ENOENT (no such file),
 * -EOPNOTSUPP, or -ENOMEM.
 */
int kobs_probe_place(struct kobs_probe_point *point, enum kobs_probe_kind kind,
		     struct netlink_ext_ack *extack)
{
	const struct kobs_value *params = point->s->source_params;
	const struct kobs_value *places = &params[PROBE_P_PLACES];
	struct kobs_probes *p = point->probes;
	const long number = point->nr;
	const u64 *place;
	char *name;
	int err;

	if (number < 0 || number >= places->number / PLACE_WORDS)
		return kobs_refuse(extack, -EINVAL,
				   "parameter places: there is no place %ld",
				   number);
	if (++p->n_places > PROBE_PLACES)
		return kobs_refuse(extack, -EINVAL,
				   "more than %d places of programs cannot be hooked at once",
				   PROBE_PLACES);
	if (!p->files)
		p->files = kcalloc(PROBE_FILES, sizeof(*p->files),
				   GFP_KERNEL_ACCOUNT);
	if (!p->files)
		return -ENOMEM;
	place = places->addresses + number * PLACE_WORDS;
	name = place[PLACE_FILE] < PROBE_FILES ?
	       line_of(params[PROBE_P_FILES].text, place[PLACE_FILE]) :
	       ERR_PTR(-ENOENT);
	if (name == ERR_PTR(-ENOMEM))
		return -ENOMEM;
	if (IS_ERR(name))
		return kobs_refuse(extack, -EINVAL,
				   "parameter places: place %ld: there is no file %llu",
				   number, place[PLACE_FILE]);
	err = place_open(point, place, name, extack);
	kfree(name);
	if (!err)
		kobs_probe_user(point, kind);
	return err;
}

/**
 * kobs_probe_places_free() - close the files of a session
 * @p: the session's hooks, none of which is on
 *
 * Context: task, may sleep.
 */
void kobs_probe_places_free(struct kobs_probes *p)
{
	unsigned int i;

	for (i = 0; p->files && i < PROBE_FILES; i++)
		if (p->files[i].dentry)
			path_put(&p->files[i]);
	kfree(p->files);
}
