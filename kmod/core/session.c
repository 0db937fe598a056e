// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions: their life cycle; the list of them is in session_list.c.
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
 * Locking: see session.h. Each session holds a reference to the module, so that
 * rmmod is refused while there is one; the last steps of a session may run on
 * kobs_wq, which is flushed at unload.
 */
#include <linux/ktime.h>
#include <linux/timekeeping.h>

#include "core/names.h"
#include "core/notify.h"
#include "core/refuse.h"
#include "core/session.h"
#include "core/stream.h"
#include "unwind/unwind.h"

static void session_release(struct kref *ref)
{
	struct kobs_session *s = container_of(ref, struct kobs_session, ref);

	kobs_session_leave(s);
	kobs_session_free(s);
}

static void session_free_work(struct work_struct *work)
{
	struct kobs_session *s = container_of(work, struct kobs_session,
					      free_work);

	session_release(&s->ref);
}

/* To free a session can take long, as for CPU hotplug. */
static void session_release_later(struct kref *ref)
{
	struct kobs_session *s = container_of(ref, struct kobs_session, ref);

	kobs_session_leave(s);
	INIT_WORK(&s->free_work, session_free_work);
	queue_work(kobs_wq, &s->free_work);
}

/**
 * kobs_session_put() - drop a reference
 * @s: session; a worker frees it
 *
 * Context: task, may sleep.
 */
void kobs_session_put(struct kobs_session *s)
{
	kref_put(&s->ref, session_release_later);
}

/**
 * kobs_session_put_now() - drop a reference
 * @s: session; when it was the last one, it is freed on return
 *
 * Context: worker, may sleep, for seconds.
 */
void kobs_session_put_now(struct kobs_session *s)
{
	kref_put(&s->ref, session_release);
}

static void session_end(struct kobs_session *s);

static void session_del_work(struct work_struct *work)
{
	struct kobs_session *s = container_of(work, struct kobs_session,
					      del_work);

	session_end(s);
	kobs_session_put_now(s);
}

/**
 * kobs_session_publish() - allocate a session's memory, prepare it, and put it
 * into the list
 * @s: from kobs_session_create(); the list takes a reference of its own
 * @extack: takes the reason of a failure
 *
 * Context: task, may sleep, for seconds.
 * Return: 0, -ENOMEM, or what the source's prepare returns.
 */
int kobs_session_publish(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	int err;

	INIT_WORK(&s->del_work, session_del_work);
	mutex_lock(&s->change);
	err = kobs_session_alloc(s, extack);
	if (!err)
		err = s->source->prepare(s, extack);
	mutex_unlock(&s->change);
	if (err)
		return err;
	kref_get(&s->ref);
	kobs_session_list(s);
	return 0;
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

/* NEW to STARTED: turn the probes on. */
static int session_enter_started(struct kobs_session *s, const char *name,
				 struct netlink_ext_ack *extack)
{
	int err = name ? kobs_session_set_name(s, name, extack) : 0;

	if (err)
		return err;
	err = s->source->start(s, extack);
	if (name)
		kobs_session_settle_name(s, !err);
	if (err)
		return err;
	if (s->stream)
		kobs_stream_start(s);
	mutex_lock(&s->lock);
	s->started = ktime_get_mono_fast_ns();
	s->life = KOBS_LIFE_STARTED;
	/* Hits count from here on, with all probes on. */
	WRITE_ONCE(s->armed, true);
	mutex_unlock(&s->lock);
	return 0;
}

/* STARTED to STOPPED: turn the probes off. Cannot fail. */
static int session_enter_stopped(struct kobs_session *s, const char *name,
				 struct netlink_ext_ack *extack)
{
	WRITE_ONCE(s->armed, false);
	mutex_lock(&s->lock);
	s->stopped = ktime_get_mono_fast_ns();
	mutex_unlock(&s->lock);
	kobs_unwind_settle(&s->unwind);
	s->source->stop(s);
	mutex_lock(&s->lock);
	/* No handler runs: the guard's verdict does not change any more. */
	if (s->guard_cost) {
		s->stopped = s->disarmed;
		snprintf(s->stop_reason, sizeof(s->stop_reason),
			 "disarmed by the guard: it took %s%u %% of a CPU, above its budget of %u %%",
			 s->guard_cost == 1000 ? "over " : "", s->guard_cost,
			 s->budget);
	}
	s->life = KOBS_LIFE_STOPPED;
	mutex_unlock(&s->lock);
	if (s->stream)
		kobs_stream_finish(s);
	return 0;
}

/* NEW or STOPPED to DEAD: undo prepare. Cannot fail. */
static int session_enter_dead(struct kobs_session *s, const char *name,
			      struct netlink_ext_ack *extack)
{
	/* Readers that ask the source have ended, and none begins. */
	mutex_lock(&s->lock);
	s->life = KOBS_LIFE_DEAD;
	mutex_unlock(&s->lock);
	if (s->pinned)
		return 0;
	kobs_names_end(s);
	s->source->release(s);
	return 0;
}

/*
 * The transitions, by the state that they lead to.
 * @from: states that they may begin in, a bit for each
 * @enter: does what the transition needs, and sets the state, unless it fails
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

/* Returns -EBUSY when the transition is not allowed in the present state. */
static int session_move(struct kobs_session *s, enum kobs_life to,
			const char *name, struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&s->change);
	if (!(transitions[to].from & BIT(s->life)))
		return -EBUSY;
	return transitions[to].enter(s, name, extack);
}

/* Refuse a transition; a session may be deleted after a request has found it. */
static int refuse(const struct kobs_session *s, struct netlink_ext_ack *extack,
		  const char *why)
{
	if (s->life == KOBS_LIFE_DEAD)
		return kobs_refuse(extack, -ENOENT, "there is no session %u",
				   s->id);
	return kobs_refuse(extack, -EBUSY, "session %u %s", s->id, why);
}

/**
 * kobs_session_start() - turn a session's probes on, all or none
 * @s: session
 * @port: netlink port of the caller
 * @name: name of a detached session, or NULL
 * @extack: takes the reason of a failure
 *
 * Context: task, may sleep.
 * Return: 0, -EPERM (belongs to another socket), -ENOENT (was deleted
 * meanwhile), -EBUSY (was started before), -EINVAL or -EEXIST (name), or what
 * the source's start returns.
 */
int kobs_session_start(struct kobs_session *s, u32 port, const char *name,
		       struct netlink_ext_ack *extack)
{
	int err = session_allowed(s, port, extack);

	if (err)
		return err;
	mutex_lock(&s->change);
	if (s->life != KOBS_LIFE_NEW)
		err = refuse(s, extack, "was started before");
	else
		err = session_move(s, KOBS_LIFE_STARTED, name, extack);
	mutex_unlock(&s->change);
	return err;
}

/**
 * kobs_session_stop() - turn a session's probes off
 * @s: session; one that does not run stays as it is
 * @port: netlink port of the caller
 * @extack: takes the reason of a failure
 *
 * Context: task, may sleep, for seconds.
 * Return: 0, -EPERM (belongs to another socket), -ENOENT (was deleted
 * meanwhile), or -EBUSY (never started).
 */
int kobs_session_stop(struct kobs_session *s, u32 port,
		      struct netlink_ext_ack *extack)
{
	int err = session_allowed(s, port, extack);

	if (err)
		return err;
	mutex_lock(&s->change);
	if (!(BIT(s->life) & (BIT(KOBS_LIFE_STARTED) | BIT(KOBS_LIFE_STOPPED))))
		err = refuse(s, extack, "was not started");
	else
		session_move(s, KOBS_LIFE_STOPPED, NULL, NULL);
	mutex_unlock(&s->change);
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
	mutex_lock(&s->change);
	if (!session_move(s, KOBS_LIFE_STOPPED, NULL, NULL) && !s->stream) {
		mutex_lock(&s->lock);
		kobs_notify_state(s);
		mutex_unlock(&s->lock);
	}
	mutex_unlock(&s->change);
}

/* Stop and delete a session; the caller holds a reference. */
static void session_end(struct kobs_session *s)
{
	if (!kobs_session_unlist(s))
		return;

	mutex_lock(&s->change);
	session_move(s, KOBS_LIFE_STOPPED, NULL, NULL);
	session_move(s, KOBS_LIFE_DEAD, NULL, NULL);
	mutex_unlock(&s->change);
	kobs_guard_sync(s);
	/* While its probes are on, it counts: their memory is bounded so. */
	kobs_session_leave(s);
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
