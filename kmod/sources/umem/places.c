// SPDX-License-Identifier: GPL-2.0
/*
 * Source umem: from the parameters files and places to hooks. A file is opened once,
 * and kept until the session's end, so that its mount stays.
 *
 * Locking: the session is being prepared, or released.
 */
#include <linux/path.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "core/refuse.h"
#include "sources/umem/umem.h"

/* Open all files: the lines of a text, which is cut up. Returns how many, or an error. */
static int open_files(struct kobs_umem *u, char *text,
		      struct netlink_ext_ack *extack)
{
	const char *name, *why;
	int err, n = 0;

	while ((name = strsep(&text, "\n"))) {
		if (n == KOBS_UMEM_FILES)
			return kobs_refuse(extack, -EINVAL,
					   "parameter files: there are more than %d of them",
					   KOBS_UMEM_FILES);
		err = kobs_uprobe_open(u->s->owner_pid, name, &u->files[n], &why);
		if (err) {
			memset(&u->files[n], 0, sizeof(u->files[n]));
			return kobs_refuse(extack, err, "%.100s%s: %s", name,
					   strlen(name) > 100 ? "..." : "", why);
		}
		n++;
	}
	return n;
}

static int add_place(struct kobs_umem *u, const u64 *words, unsigned int n_files,
		     struct netlink_ext_ack *extack)
{
	struct kobs_umem_place *p = &u->places[u->n_places];
	u32 file = lower_32_bits(words[0]);
	const char *why;
	unsigned int i;
	int err;

	if (file >= n_files)
		return kobs_refuse(extack, -EINVAL,
				   "parameter places: place %u: there is no file %u",
				   u->n_places, file);
	if (upper_32_bits(words[0]) >= KOBS_UMEM_CALLS)
		return kobs_refuse(extack, -EINVAL,
				   "parameter places: place %u: there is no kind of function %u, only 0 to %u",
				   u->n_places, upper_32_bits(words[0]),
				   KOBS_UMEM_CALLS - 1);
	err = kobs_uprobe_check(&u->files[file], words[1], (const u8 *)&words[2],
				&why);
	if (err)
		return kobs_refuse(extack, err,
				   "parameter places: place %u, offset 0x%llx of file %u: %s",
				   u->n_places, words[1], file, why);
	for (i = 0; i < u->n_places; i++)
		if (u->places[i].place.inode == kobs_uprobe_inode(&u->files[file]) &&
		    u->places[i].place.offset == words[1])
			return kobs_refuse(extack, -EINVAL,
					   "parameter places: places %u and %u are the same",
					   i, u->n_places);
	p->u = u;
	p->call = upper_32_bits(words[0]);
	p->place.inode = kobs_uprobe_inode(&u->files[file]);
	p->place.offset = words[1];
	kobs_umem_hook(p);
	u->n_places++;
	return 0;
}

/**
 * kobs_umem_places_init() - open the files and check the places of a session
 * @u: session, zeroed but for its session
 * @extack: takes the reason of a failure
 *
 * Context: a worker, may sleep.
 * Return: 0, -EINVAL (parameters, or another file), -ENOENT (no such file),
 * -EOPNOTSUPP, or -ENOMEM; kobs_umem_places_free() is to be called in any case.
 */
int kobs_umem_places_init(struct kobs_umem *u, struct netlink_ext_ack *extack)
{
	const struct kobs_value *params = u->s->source_params;
	const struct kobs_value *places = &params[UMEM_P_PLACES];
	unsigned int n = places->number / KOBS_UMEM_WORDS;
	unsigned int i;
	int n_files;
	char *text;
	int err = 0;

	if (!params[UMEM_P_FILES].text || !n || places->number % KOBS_UMEM_WORDS)
		return kobs_refuse(extack, -EINVAL,
				   "the parameters files and places must be there, with %d words for each place",
				   KOBS_UMEM_WORDS);
	text = kstrdup(params[UMEM_P_FILES].text, GFP_KERNEL);
	u->files = kcalloc(KOBS_UMEM_FILES, sizeof(*u->files), GFP_KERNEL_ACCOUNT);
	u->places = kcalloc(n, sizeof(*u->places), GFP_KERNEL_ACCOUNT);
	n_files = text && u->files && u->places ? open_files(u, text, extack) :
						  -ENOMEM;
	kfree(text);
	if (n_files < 0)
		return n_files;
	for (i = 0; i < n && !err; i++)
		err = add_place(u, places->addresses + i * KOBS_UMEM_WORDS,
				n_files, extack);
	return err;
}

/**
 * kobs_umem_places_free() - undo kobs_umem_places_init()
 * @u: session none of whose hooks is on
 *
 * Context: task, may sleep.
 */
void kobs_umem_places_free(struct kobs_umem *u)
{
	unsigned int i;

	for (i = 0; u->files && i < KOBS_UMEM_FILES; i++)
		if (u->files[i].dentry)
			path_put(&u->files[i]);
	kfree(u->files);
	kfree(u->places);
}
