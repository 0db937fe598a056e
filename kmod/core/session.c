// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions: the list of them, their owners, and their life cycle:
 *
 *             start               stop, guard, delete
 *      NEW ----------> STARTED -----------------------> STOPPED
 *       |                                                  |
 *       |  delete                                  delete  |
 *       +--------------------> DEAD <----------------------+
 *
 * session_move() makes the transitions. A session starts once; a running one
 * that is deleted is stopped first. DEAD ends with the last reference.
 *
 * Locking: see session.h. A session is in the list from creation to deletion;
 * the caller that removes it from the list is the one that ends it. Each
 * session holds a reference to the module, so that rmmod is refused while there
 * is one; the last steps of a session may run on kobs_wq, which is flushed at
 * unload.
 */
#include <linux/ctype.h>
#include <linux/module.h>
#include <linux/timekeeping.h>

#include "core/names.h"
#include "core/notify.h"
#include "core/refuse.h"
#include "core/session.h"
#include "core/stream.h"
#include "unwind/unwind.h"

struct workqueue_struct *kobs_wq;
static DEFINE_MUTEX(kobs_sessions_lock);
static LIST_HEAD(kobs_sessions);
static atomic_t kobs_n_sessions;
static u32 kobs_last_id;

static void session_release(struct kref *ref)
{
	kobs_session_free(container_of(ref, struct kobs_session, ref));
	module_put(THIS_MODULE);
}

/**
 * kobs_session_put() - drop a reference
 * @s: session
 *
 * Context: task, may sleep.
 */
void kobs_session_put(struct kobs_session *s)
{
	kref_put(&s->ref, session_release);
}

static void session_end(struct kobs_session *s);

static void session_del_work(struct work_struct *work)
{
	struct kobs_session *s = container_of(work, struct kobs_session,
					      del_work);

	session_end(s);
	kobs_session_put(s);
}

static void session_publish(struct kobs_session *s)
{
	mutex_lock(&kobs_sessions_lock);
	s->id = ++kobs_last_id;
	list_add_tail(&s->node, &kobs_sessions);
	mutex_unlock(&kobs_sessions_lock);
}

/**
 * kobs_session_new() - create a session
 * @cfg: its configuration; its blob is taken over in any case
 * @extack: takes the reason of a failure
 *
 * Context: task, may sleep.
 * Return: the session with a reference for the caller, or ERR_PTR of -EINVAL
 * (configuration), -EOPNOTSUPP (mode), -ENOMEM, -ENOSPC (number of sessions),
 * or what the source's prepare returns.
 */
struct kobs_session *kobs_session_new(struct kobs_config *cfg,
				      struct netlink_ext_ack *extack)
{
	struct kobs_session *s;
	int err;

	/* Before any memory is allocated. */
	if (atomic_inc_return(&kobs_n_sessions) > KOBS_SESSIONS)
		s = ERR_PTR(kobs_refuse(extack, -ENOSPC,
					"there are %u sessions already, the maximum",
					KOBS_SESSIONS));
	else
		s = kobs_session_create(cfg, extack);
	if (IS_ERR(s))
		goto err_reserved;
	INIT_WORK(&s->del_work, session_del_work);
	mutex_lock(&s->lock);
	err = s->source->prepare(s, extack);
	mutex_unlock(&s->lock);
	if (err)
		goto err_free;
	/* For the list; the caller is inside the module already. */
	__module_get(THIS_MODULE);
	kref_get(&s->ref);
	session_publish(s);
	return s;

err_free:
	kobs_session_free(s);
	s = ERR_PTR(err);
err_reserved:
	atomic_dec(&kobs_n_sessions);
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
	struct kobs_session *found = NULL;
	struct kobs_session *s;

	mutex_lock(&kobs_sessions_lock);
	list_for_each_entry(s, &kobs_sessions, node) {
		if (id ? s->id == id : name && *name && !strcmp(s->name, name)) {
			found = s;
			kref_get(&s->ref);
			break;
		}
	}
	mutex_unlock(&kobs_sessions_lock);
	return found;
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
	struct kobs_session *found = NULL;
	struct kobs_session *s;

	mutex_lock(&kobs_sessions_lock);
	/* Numbers rise along the list. */
	list_for_each_entry(s, &kobs_sessions, node) {
		if (s->id > id) {
			found = s;
			kref_get(&s->ref);
			break;
		}
	}
	mutex_unlock(&kobs_sessions_lock);
	return found;
}

/* A session with an owner obeys its owner only. */
static int session_allowed(struct kobs_session *s, u32 port,
			   struct netlink_ext_ack *extack)
{
	u32 owner = kobs_session_owner(s);

	if (!owner || owner == port)
		return 0;
	return kobs_refuse(extack, -EPERM,
			   "session %u belongs to another socket, of process %d",
			   s->id, s->owner_pid);
}

static bool name_ok(const char *name)
{
	const char *c;

	if (!*name || strlen(name) >= KOBS_NAME_LEN || isdigit(*name))
		return false;
	for (c = name; *c; c++) {
		if (!isalnum(*c) && !strchr("_-.", *c))
			return false;
	}
	return true;
}

/* Reserve a name for the session. */
static int session_set_name(struct kobs_session *s, const char *name,
			    struct netlink_ext_ack *extack)
{
	struct kobs_session *other;
	int err = 0;

	if (s->mode->stream)
		return kobs_refuse(extack, -EINVAL,
				   "%s %s streams to its owner and cannot be detached",
				   s->source->name, s->mode->name);
	if (!name_ok(name))
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

/* A session started under a name has no owner any more. */
static void session_settle_name(struct kobs_session *s, bool detach)
{
	mutex_lock(&kobs_sessions_lock);
	if (detach) {
		s->owner = 0;
		s->own_tgid = -1;
	} else {
		s->name[0] = '\0';
	}
	mutex_unlock(&kobs_sessions_lock);
}

/* NEW to STARTED: turn the probes on. */
static int session_enter_started(struct kobs_session *s, const char *name,
				 struct netlink_ext_ack *extack)
{
	int err = name ? session_set_name(s, name, extack) : 0;

	if (err)
		return err;
	err = s->source->start(s, extack);
	if (name)
		session_settle_name(s, !err);
	if (err)
		return err;
	s->started = ktime_get_mono_fast_ns();
	if (s->stream)
		kobs_stream_start(s);
	/* Hits count from here on, with all probes on. */
	WRITE_ONCE(s->armed, true);
	return 0;
}

/* STARTED to STOPPED: turn the probes off. Cannot fail. */
static int session_enter_stopped(struct kobs_session *s, const char *name,
				 struct netlink_ext_ack *extack)
{
	WRITE_ONCE(s->armed, false);
	s->stopped = ktime_get_mono_fast_ns();
	kobs_unwind_settle(&s->unwind);
	s->source->stop(s);
	/* No handler runs: the guard's verdict does not change any more. */
	if (s->guard_cost) {
		s->stopped = s->disarmed;
		snprintf(s->stop_reason, sizeof(s->stop_reason),
			 "disarmed by the guard: it took %s%u %% of a CPU, above its budget of %u %%",
			 s->guard_cost == 1000 ? "over " : "", s->guard_cost,
			 s->budget);
	}
	if (s->stream)
		kobs_stream_finish(s);
	return 0;
}

/* NEW or STOPPED to DEAD: undo prepare. Cannot fail. */
static int session_enter_dead(struct kobs_session *s, const char *name,
			      struct netlink_ext_ack *extack)
{
	if (s->pinned)
		return 0;
	kobs_names_end(s);
	s->source->release(s);
	return 0;
}

/*
 * The transitions, by the state that they lead to.
 * @from: states that they may begin in, a bit for each
 * @enter: does what the transition needs; on failure the state stays
 */
static const struct {
	u8 from;
	int (*enter)(struct kobs_session *s, const char *name,
		     struct netlink_ext_ack *extack);
} transitions[] = {
	[KOBS_LIFE_STARTED] = { BIT(KOBS_LIFE_NEW), session_enter_started },
	[KOBS_LIFE_STOPPED] = { BIT(KOBS_LIFE_STARTED), session_enter_stopped },
	[KOBS_LIFE_DEAD] = { BIT(KOBS_LIFE_NEW) | BIT(KOBS_LIFE_STOPPED),
			     session_enter_dead },
};

/*
 * The only place that changes a session's state. Returns -EBUSY when the
 * transition is not allowed in the present state.
 */
static int session_move(struct kobs_session *s, enum kobs_life to,
			const char *name, struct netlink_ext_ack *extack)
{
	int err;

	lockdep_assert_held(&s->lock);
	if (!(transitions[to].from & BIT(s->life)))
		return -EBUSY;
	err = transitions[to].enter(s, name, extack);
	if (!err)
		s->life = to;
	return err;
}

/**
 * kobs_session_start() - turn a session's probes on, all or none
 * @s: session
 * @port: netlink port of the caller
 * @name: name of a detached session, or NULL
 * @extack: takes the reason of a failure
 *
 * Context: task, may sleep.
 * Return: 0, -EPERM (belongs to another socket), -EBUSY (was started before),
 * -EINVAL or -EEXIST (name), or what the source's start returns.
 */
int kobs_session_start(struct kobs_session *s, u32 port, const char *name,
		       struct netlink_ext_ack *extack)
{
	int err = session_allowed(s, port, extack);

	if (err)
		return err;
	mutex_lock(&s->lock);
	if (s->life != KOBS_LIFE_NEW)
		err = kobs_refuse(extack, -EBUSY,
				  "session %u was started before", s->id);
	else
		err = session_move(s, KOBS_LIFE_STARTED, name, extack);
	mutex_unlock(&s->lock);
	return err;
}

/**
 * kobs_session_stop() - turn a session's probes off
 * @s: session; one that does not run stays as it is
 * @port: netlink port of the caller
 * @extack: takes the reason of a failure
 *
 * Context: task, may sleep.
 * Return: 0, -EPERM (belongs to another socket), or -EBUSY (never started).
 */
int kobs_session_stop(struct kobs_session *s, u32 port,
		      struct netlink_ext_ack *extack)
{
	int err = session_allowed(s, port, extack);

	if (err)
		return err;
	mutex_lock(&s->lock);
	if (kobs_session_state(s) == KOBS_STATE_NEW)
		err = kobs_refuse(extack, -EBUSY,
				  "session %u was not started", s->id);
	else
		session_move(s, KOBS_LIFE_STOPPED, NULL, NULL);
	mutex_unlock(&s->lock);
	return err;
}

/**
 * kobs_session_guarded() - stop a session after the guard disarmed it
 * @s: session
 *
 * Context: task, may sleep.
 */
void kobs_session_guarded(struct kobs_session *s)
{
	mutex_lock(&s->lock);
	if (!session_move(s, KOBS_LIFE_STOPPED, NULL, NULL) && !s->stream)
		kobs_notify_state(s);
	mutex_unlock(&s->lock);
}

/* Stop and delete a session; the caller holds a reference. */
static void session_end(struct kobs_session *s)
{
	bool mine;

	mutex_lock(&kobs_sessions_lock);
	mine = !list_empty(&s->node);
	list_del_init(&s->node);
	if (mine)
		atomic_dec(&kobs_n_sessions);
	s->owner = 0;
	mutex_unlock(&kobs_sessions_lock);
	if (!mine)
		return;

	mutex_lock(&s->lock);
	session_move(s, KOBS_LIFE_STOPPED, NULL, NULL);
	session_move(s, KOBS_LIFE_DEAD, NULL, NULL);
	mutex_unlock(&s->lock);
	kobs_guard_sync(s);
	kobs_session_put(s);
}

/**
 * kobs_session_del() - delete a session, and stop it first if it runs
 * @s: session
 * @port: netlink port of the caller
 * @extack: takes the reason of a failure
 *
 * Context: task, may sleep.
 * Return: 0, or -EPERM (belongs to another socket).
 */
int kobs_session_del(struct kobs_session *s, u32 port,
		     struct netlink_ext_ack *extack)
{
	int err = session_allowed(s, port, extack);

	if (!err)
		session_end(s);
	return err;
}

/**
 * kobs_session_owner_died() - delete the sessions of a closed socket
 * @port: netlink port of the socket
 *
 * The sessions end on kobs_wq: turning probes off takes too long for the task
 * that closes the socket.
 *
 * Context: task, may sleep.
 */
void kobs_session_owner_died(u32 port)
{
	struct kobs_session *s;

	mutex_lock(&kobs_sessions_lock);
	list_for_each_entry(s, &kobs_sessions, node) {
		if (s->owner != port)
			continue;
		s->owner = 0;
		kref_get(&s->ref);
		queue_work(kobs_wq, &s->del_work);
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
 * kobs_sessions_init() - create the workqueue of sessions
 *
 * Context: task, at load.
 * Return: 0, or -ENOMEM.
 */
int kobs_sessions_init(void)
{
	kobs_wq = alloc_workqueue("kobs", WQ_UNBOUND, 0);
	return kobs_wq ? 0 : -ENOMEM;
}

/**
 * kobs_sessions_exit() - undo kobs_sessions_init()
 *
 * Context: task, at unload; there is no session any more.
 */
void kobs_sessions_exit(void)
{
	destroy_workqueue(kobs_wq);
}
