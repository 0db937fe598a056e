// SPDX-License-Identifier: GPL-2.0
/*
 * The list of sessions: their numbers, names and owners.
 *
 * Locking: kobs_sessions_lock, which nests inside all others of a session (see
 * session.h). A session is in the list from its preparation to its deletion; the
 * caller that removes it from the list is the one that ends it.
 */
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "core/refuse.h"
#include "core/session.h"

static DEFINE_MUTEX(kobs_sessions_lock); /* protects all of these */
static LIST_HEAD(kobs_sessions);
static unsigned int kobs_n_sessions;
static u32 kobs_last_id;

/**
 * kobs_session_enter() - count a new session, before it takes memory
 * @s: session
 * @extack: takes the reason of a failure
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOSPC (number of sessions).
 */
int kobs_session_enter(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	mutex_lock(&kobs_sessions_lock);
	s->counted = kobs_n_sessions < KOBS_SESSIONS;
	kobs_n_sessions += s->counted;
	mutex_unlock(&kobs_sessions_lock);
	if (s->counted)
		return 0;
	return kobs_refuse(extack, -ENOSPC,
			   "there are %u sessions already, the maximum",
			   KOBS_SESSIONS);
}

/**
 * kobs_session_leave() - undo kobs_session_enter()
 * @s: session, counted or not any more
 *
 * Context: task, may sleep.
 */
void kobs_session_leave(struct kobs_session *s)
{
	mutex_lock(&kobs_sessions_lock);
	kobs_n_sessions -= s->counted;
	s->counted = false;
	mutex_unlock(&kobs_sessions_lock);
}

/**
 * kobs_session_list() - put a session into the list, with a number
 * @s: session that is prepared; the list takes the caller's reference
 *
 * Context: task, may sleep.
 */
void kobs_session_list(struct kobs_session *s)
{
	mutex_lock(&kobs_sessions_lock);
	s->id = ++kobs_last_id;
	list_add_tail(&s->node, &kobs_sessions);
	mutex_unlock(&kobs_sessions_lock);
}

/**
 * kobs_session_unlist() - take a session from the list, and from its owner
 * @s: session
 *
 * Context: task, may sleep.
 * Return: false if it is not there any more; else the caller gets the list's
 * reference.
 */
bool kobs_session_unlist(struct kobs_session *s)
{
	bool mine;

	mutex_lock(&kobs_sessions_lock);
	mine = !list_empty(&s->node);
	list_del_init(&s->node);
	s->owner = 0;
	mutex_unlock(&kobs_sessions_lock);
	return mine;
}

/* The first session above a number; with @id or @name, only that one. */
static struct kobs_session *session_find(u32 above, u32 id, const char *name)
{
	struct kobs_session *s;

	mutex_lock(&kobs_sessions_lock);
	/* Numbers rise along the list. */
	list_for_each_entry(s, &kobs_sessions, node) {
		if (s->id > above && (!id || s->id == id) &&
		    (!name || !strcmp(s->name, name))) {
			kref_get(&s->ref);
			goto found;
		}
	}
	s = NULL;
found:
	mutex_unlock(&kobs_sessions_lock);
	return s;
}

/**
 * kobs_session_get() - find a session
 * @id: its number, or 0 to look for the name
 * @name: its name, or NULL
 *
 * Context: task, may sleep.
 * Return: the session with a reference, or NULL.
 */
struct kobs_session *kobs_session_get(u32 id, const char *name)
{
	if (id)
		return session_find(0, id, NULL);
	return name && *name ? session_find(0, 0, name) : NULL;
}

/**
 * kobs_session_after() - iterate over the sessions
 * @id: number of the previous session, or 0
 *
 * Context: task, may sleep.
 * Return: the session with the next higher number, with a reference, or NULL.
 */
struct kobs_session *kobs_session_after(u32 id)
{
	return session_find(id, 0, NULL);
}

/**
 * kobs_session_set_name() - reserve a name
 * @s: session
 * @name: name
 * @extack: takes the reason of a failure
 *
 * Context: task, may sleep.
 * Return: 0, -EINVAL, or -EEXIST.
 */
int kobs_session_set_name(struct kobs_session *s, const char *name,
			  struct netlink_ext_ack *extack)
{
	struct kobs_session *other;
	int err = 0;

	if (s->mode->stream)
		return kobs_refuse(extack, -EINVAL,
				   "%s %s streams to its owner and cannot be detached",
				   s->source->name, s->mode->name);
	if (!kobs_session_name_ok(name))
		return kobs_refuse(extack, -EINVAL,
				   "a session's name has 1 to %d letters, digits, '.', '-' or '_' and does not begin with a digit",
				   KOBS_NAME_LEN - 1);
	mutex_lock(&kobs_sessions_lock);
	list_for_each_entry(other, &kobs_sessions, node) {
		if (!strcmp(other->name, name))
			err = kobs_refuse(extack, -EEXIST,
					  "there is a session %s already",
					  name);
	}
	if (!err)
		strscpy(s->name, name, sizeof(s->name));
	mutex_unlock(&kobs_sessions_lock);
	return err;
}

/**
 * kobs_session_settle_name() - use a name that was reserved, or give it up
 * @s: session
 * @detach: it has started, and has no owner any more
 *
 * Context: task, may sleep.
 */
void kobs_session_settle_name(struct kobs_session *s, bool detach)
{
	mutex_lock(&kobs_sessions_lock);
	if (detach) {
		s->owner = 0;
		s->own_tgid = -1;
		kobs_session_set_own(s);
	} else {
		s->name[0] = '\0';
	}
	mutex_unlock(&kobs_sessions_lock);
}

/**
 * kobs_session_abandon() - delete sessions that nobody asks for any more
 * @port: netlink port of their owner
 * @id: number of the one whose creation could not be reported; 0 for all, of a
 *      socket that was closed
 *
 * They end on kobs_wq: turning probes off takes too long for the task that closes
 * the socket.
 *
 * Context: task, may sleep.
 */
void kobs_session_abandon(u32 port, u32 id)
{
	struct kobs_session *s;

	mutex_lock(&kobs_sessions_lock);
	list_for_each_entry(s, &kobs_sessions, node) {
		/* Not one that was detached meanwhile: it has no owner. */
		if (s->owner != port || (id && s->id != id))
			continue;
		s->owner = 0;
		/* The list has a reference: the last one is not dropped here. */
		kref_get(&s->ref);
		if (!queue_work(kobs_wq, &s->del_work))
			kobs_session_put(s);
	}
	mutex_unlock(&kobs_sessions_lock);
}

/**
 * kobs_session_owner() - netlink port of a session's owner
 * @s: session
 *
 * Context: task, may sleep.
 * Return: the port; 0 for a detached session or one whose owner has died.
 */
u32 kobs_session_owner(const struct kobs_session *s)
{
	u32 owner;

	mutex_lock(&kobs_sessions_lock);
	owner = s->owner;
	mutex_unlock(&kobs_sessions_lock);
	return owner;
}

/**
 * kobs_session_name() - name of a session
 * @s: session
 * @name: set to its name, or empty; room for KOBS_NAME_LEN
 *
 * Context: task, may sleep.
 */
void kobs_session_name(const struct kobs_session *s, char *name)
{
	mutex_lock(&kobs_sessions_lock);
	strscpy(name, s->name, KOBS_NAME_LEN);
	mutex_unlock(&kobs_sessions_lock);
}
