// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions: from new over started to stopped, and who may do what to them.
 *
 * Locking: see session.h. A session is in the list from creation to deletion;
 * whoever takes it off the list is the one who ends it. Each session holds a
 * reference to the module, so that rmmod is refused while there is one; the
 * last steps of a session may run on kobs_wq, which is flushed at unload.
 */
#include <linux/cpumask.h>
#include <linux/ctype.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>

#include "core/refuse.h"
#include "core/session.h"
#include "core/stream.h"
#include "netlink/family.h"
#include "unwind/unwind.h"

struct workqueue_struct *kobs_wq;
static DEFINE_MUTEX(kobs_sessions_lock);
static LIST_HEAD(kobs_sessions);
static unsigned int kobs_n_sessions;
static u32 kobs_last_id;

/* Rows with a histogram are large: fewer by default. */
#define HIST_ROWS	512

static void session_free_memory(struct kobs_session *s)
{
	unsigned int cpu;

	if (s->cpu) {
		for_each_possible_cpu(cpu)
			kobs_table_free(&per_cpu_ptr(s->cpu, cpu)->table);
		kobs_unwind_free(&s->unwind);
		free_percpu(s->cpu);
	}
	kobs_stack_table_free(&s->stacks);
	kobs_stream_free(s);
	kvfree(s->kept_out);
	kvfree(s->blob);
	mutex_destroy(&s->lock);
	kfree(s);
}

static void session_release(struct kref *ref)
{
	session_free_memory(container_of(ref, struct kobs_session, ref));
	module_put(THIS_MODULE);
}

/**
 * kobs_session_put() - give up a reference
 * @s: session
 *
 * Context: task, may sleep.
 */
void kobs_session_put(struct kobs_session *s)
{
	kref_put(&s->ref, session_release);
}

/* Column @name of the session; a text takes more than one word. */
static int session_add_column(struct kobs_session *s, const char *name,
			      struct netlink_ext_ack *extack)
{
	const struct kobs_column *c = kobs_source_column(s->source, name);
	unsigned int i;

	if (!c)
		return kobs_refuse(extack, -EINVAL,
				   "source %s has no column %s",
				   s->source->name, name);
	for (i = 0; i < s->n_columns; i++) {
		if (s->columns[i] == c)
			return kobs_refuse(extack, -EINVAL,
					   "column %s is named twice", c->name);
	}
	if (s->n_words + c->words > KOBS_KEY_WORDS)
		return kobs_refuse(extack, -EINVAL, "too many columns");
	s->columns[s->n_columns++] = c;
	for (i = 0; i < c->words; i++)
		s->gather[s->n_words++] = c->word + i;
	if (c->word < KOBS_W_SOURCE)
		s->need |= BIT(c->word);
	if (c->by_stack)
		s->need |= BIT(KOBS_W_KSTACK);
	if (c->by_stack || c->type == KOBS_TYPE_KSTACK ||
	    c->type == KOBS_TYPE_USTACK)
		s->has_stacks = true;
	return 0;
}

static int session_set_columns(struct kobs_session *s,
			       const struct kobs_config *cfg,
			       struct netlink_ext_ack *extack)
{
	const char *by = s->mode->by;
	unsigned int i;
	int err;

	for (i = 0; i < cfg->n_by; i++) {
		err = session_add_column(s, cfg->by[i], extack);
		if (err)
			return err;
	}
	while (!cfg->n_by && by) {
		err = session_add_column(s, by, extack);
		if (err)
			return err;
		by = strchr(by, ',');
		if (by)
			by++;
	}
	return 0;
}

static int session_check(const struct kobs_session *s,
			 struct netlink_ext_ack *extack)
{
	const char *why;
	bool ok = true;

	if (s->mode->available) {
		why = s->mode->available(&ok);
		if (!ok)
			return kobs_refuse(extack, -EOPNOTSUPP, "%s", why);
	}
	if (s->filter.min && !s->mode->value)
		return kobs_refuse(extack, -EINVAL,
				   "min needs a value, and %s %s has none",
				   s->source->name, s->mode->name);
	if (s->params[KOBS_P_HIST].number &&
	    (!s->mode->value || s->mode->stream))
		return kobs_refuse(extack, -EINVAL,
				   "hist needs a table with a value, and %s %s has none",
				   s->source->name, s->mode->name);
	return 0;
}

static int session_alloc_tables(struct kobs_session *s)
{
	struct kobs_shape shape = kobs_session_shape(s);
	unsigned int cpu;
	int err;

	if (shape.hist && !s->params[KOBS_P_ROWS].given)
		s->params[KOBS_P_ROWS].number = HIST_ROWS;
	for_each_possible_cpu(cpu) {
		err = kobs_table_init(&per_cpu_ptr(s->cpu, cpu)->table,
				      cpu_to_node(cpu),
				      s->params[KOBS_P_ROWS].number, &shape);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

/* Stacks, where the key holds any. */
static int session_alloc_stacks(struct kobs_session *s)
{
	int err = 0;

	if (s->has_stacks)
		err = kobs_stack_table_init(&s->stacks,
					    s->params[KOBS_P_STACKS].number);
	return err ?: kobs_unwind_alloc(&s->unwind,
					s->need & BIT(KOBS_W_KSTACK));
}

static int session_alloc(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	int err = -ENOMEM;

	s->cpu = alloc_percpu(struct kobs_cpu);
	s->unwind.cpu = &s->cpu->unwind;
	s->unwind.stacks = &s->stacks;
	if (s->cpu)
		err = s->mode->stream ? kobs_stream_new(s) :
		      s->mode->own_rows ? 0 : session_alloc_tables(s);
	if (!err)
		err = session_alloc_stacks(s);
	if (err)
		kobs_refuse(extack, err,
			    "no memory for the session: lower rows, stacks or ring_kb");
	return err;
}

static void session_end(struct kobs_session *s);

static void session_del_work(struct work_struct *work)
{
	struct kobs_session *s = container_of(work, struct kobs_session,
					      del_work);

	session_end(s);
	kobs_session_put(s);
}

static struct kobs_session *session_create(struct kobs_config *cfg)
{
	struct kobs_session *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;
	mutex_init(&s->lock);
	kref_init(&s->ref);
	INIT_LIST_HEAD(&s->node);
	INIT_WORK(&s->del_work, session_del_work);
	kobs_guard_init(s);
	s->source = cfg->source;
	s->mode = cfg->mode;
	s->filter = cfg->filter;
	memcpy(s->params, cfg->params, sizeof(s->params));
	memcpy(s->source_params, cfg->source_params, sizeof(s->source_params));
	s->blob = cfg->blob;
	cfg->blob = NULL;
	s->state = KOBS_STATE_NEW;
	s->owner = cfg->owner;
	s->owner_pid = current->tgid;
	s->own_tgid = current->tgid;
	s->worker_tgid = kobs_stream_worker();
	s->created = ktime_get_mono_fast_ns();
	s->budget = cfg->params[KOBS_P_BUDGET].number;
	s->unwind.depth = cfg->params[KOBS_P_STACK_DEPTH].number;
	s->unwind.full_stack = cfg->params[KOBS_P_FULL_STACK].number;
	s->unwind.verify = cfg->params[KOBS_P_VERIFY_STACKS].number;
	return s;
}

static int session_publish(struct kobs_session *s,
			   struct netlink_ext_ack *extack)
{
	int err = 0;

	mutex_lock(&kobs_sessions_lock);
	if (kobs_n_sessions == KOBS_SESSIONS) {
		err = kobs_refuse(extack, -ENOSPC,
				  "there are %u sessions already, the most there can be",
				  KOBS_SESSIONS);
	} else {
		s->id = ++kobs_last_id;
		kobs_n_sessions++;
		list_add_tail(&s->node, &kobs_sessions);
	}
	mutex_unlock(&kobs_sessions_lock);
	return err;
}

/**
 * kobs_session_new() - make a session
 * @cfg: what it shall be; its blob is taken over in any case
 * @extack: says why not
 *
 * Context: task, may sleep.
 * Return: the session with a reference for the caller, or ERR_PTR of -EINVAL
 * (configuration), -EOPNOTSUPP (mode), -ENOMEM, -ENOSPC (number of sessions),
 * or what the source's prepare returns.
 */
struct kobs_session *kobs_session_new(struct kobs_config *cfg,
				      struct netlink_ext_ack *extack)
{
	struct kobs_session *s = session_create(cfg);
	int err;

	if (!s)
		return ERR_PTR(-ENOMEM);
	err = session_set_columns(s, cfg, extack);
	if (!err)
		err = session_check(s, extack);
	if (!err)
		err = session_alloc(s, extack);
	if (err)
		goto err_free;
	mutex_lock(&s->lock);
	err = s->source->prepare(s, extack);
	mutex_unlock(&s->lock);
	if (err)
		goto err_free;
	/* For the list; the caller is inside the module already. */
	__module_get(THIS_MODULE);
	kref_get(&s->ref);
	err = session_publish(s, extack);
	if (err)
		goto err_release;
	return s;

err_release:
	module_put(THIS_MODULE);
	mutex_lock(&s->lock);
	s->source->release(s);
	mutex_unlock(&s->lock);
err_free:
	session_free_memory(s);
	return ERR_PTR(err);
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
 * kobs_session_after() - walk the sessions
 * @id: number of the one before, or 0
 *
 * Context: task, may sleep.
 * Return: the session of the next higher number with a reference, or NULL.
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

/* A session that is still owned answers to its owner only. */
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

/* Give a session its name, and reserve it. */
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

/* Started under a name, a session has no owner any more. */
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

static int session_start_locked(struct kobs_session *s, const char *name,
				struct netlink_ext_ack *extack)
{
	int err;

	lockdep_assert_held(&s->lock);
	if (s->dead || s->state != KOBS_STATE_NEW)
		return kobs_refuse(extack, -EBUSY,
				   "session %u was started before", s->id);
	if (name) {
		err = session_set_name(s, name, extack);
		if (err)
			return err;
	}
	err = s->source->start(s, extack);
	if (name)
		session_settle_name(s, !err);
	if (err)
		return err;
	s->started = ktime_get_mono_fast_ns();
	s->state = KOBS_STATE_STARTED;
	if (s->stream)
		kobs_stream_start(s);
	/* Only now, when all probes are on, do hits count. */
	WRITE_ONCE(s->armed, true);
	return 0;
}

/**
 * kobs_session_start() - turn a session's probes on, all or none
 * @s: session
 * @port: netlink port of the caller
 * @name: name to detach it under, or NULL
 * @extack: says why not
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
	err = session_start_locked(s, name, extack);
	mutex_unlock(&s->lock);
	return err;
}

static void session_stop_locked(struct kobs_session *s)
{
	lockdep_assert_held(&s->lock);
	if (s->state != KOBS_STATE_STARTED)
		return;
	WRITE_ONCE(s->armed, false);
	s->stopped = ktime_get_mono_fast_ns();
	kobs_unwind_settle(&s->unwind);
	s->source->stop(s);
	/* No handler runs: whatever the guard had to say is said. */
	if (s->guard_cost) {
		s->stopped = s->disarmed;
		snprintf(s->stop_reason, sizeof(s->stop_reason),
			 "disarmed by the guard: it took %s%u %% of a CPU, above its budget of %u %%",
			 s->guard_cost == 1000 ? "over " : "", s->guard_cost,
			 s->budget);
	}
	s->state = KOBS_STATE_STOPPED;
	if (s->stream)
		kobs_stream_finish(s);
}

/**
 * kobs_session_stop() - turn a session's probes off
 * @s: session; nothing happens if it does not run
 * @port: netlink port of the caller
 * @extack: says why not
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
	if (s->state == KOBS_STATE_NEW)
		err = kobs_refuse(extack, -EBUSY,
				  "session %u was not started", s->id);
	else
		session_stop_locked(s);
	mutex_unlock(&s->lock);
	return err;
}

/**
 * kobs_session_guarded() - stop a session that the guard disarmed
 * @s: session
 *
 * Context: task, may sleep.
 */
void kobs_session_guarded(struct kobs_session *s)
{
	mutex_lock(&s->lock);
	if (s->state == KOBS_STATE_STARTED && !s->dead) {
		session_stop_locked(s);
		if (!s->stream)
			kobs_netlink_notify(s);
	}
	mutex_unlock(&s->lock);
}

/* Stop and take apart a session; the caller holds a reference. */
static void session_end(struct kobs_session *s)
{
	bool mine;

	mutex_lock(&kobs_sessions_lock);
	mine = !list_empty(&s->node);
	list_del_init(&s->node);
	if (mine)
		kobs_n_sessions--;
	s->owner = 0;
	mutex_unlock(&kobs_sessions_lock);
	if (!mine)
		return;

	mutex_lock(&s->lock);
	session_stop_locked(s);
	s->dead = true;
	s->source->release(s);
	mutex_unlock(&s->lock);
	kobs_guard_sync(s);
	kobs_session_put(s);
}

/**
 * kobs_session_del() - stop a session where it runs, and end it
 * @s: session
 * @port: netlink port of the caller
 * @extack: says why not
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
 * kobs_session_owner_died() - end what belongs to a socket that was closed
 * @port: netlink port of the socket
 *
 * The sessions end on kobs_wq: turning probes off takes too long for whoever
 * closes the socket.
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
 * Return: the port, or 0 when it is detached or its owner has died.
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
