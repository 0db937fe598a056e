// SPDX-License-Identifier: GPL-2.0
/*
 * Clones of trace events: their life.
 *
 * Events are added and removed under a lock of the kernel's (event_mutex), which
 * modules cannot take; but the kernel holds it when it calls an event that it turns
 * on or off. So there is one event of kobs's own, kobs:clones, that records nothing:
 * it is turned on and off again, and what it is called for is done there.
 *
 * Locking: clones_lock protects the list of clones, and is held while the kernel's
 * lock is taken.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/trace_events.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>

#include "hooks/event_clone.h"

#if defined(CONFIG_EVENT_TRACING) && defined(CONFIG_PERF_EVENTS)

#define SYSTEM		"kobs"
#define DOOR		"clones"

/* How often it is tried to remove clones that somebody uses. */
#define AGAIN		(2 * HZ)

/**
 * struct kobs_event_clone - a clone
 * @call: the event
 * @class: its class
 * @file: the event that it is a clone of, which keeps its module loaded
 * @node: in the list of clones
 * @users: number of users
 * @there: the kernel has it
 */
struct kobs_event_clone {
	struct trace_event_call call;
	struct trace_event_class class;
	struct trace_event_file *file;
	struct list_head node;
	unsigned int users;
	bool there;
};

static DEFINE_MUTEX(clones_lock);
static LIST_HEAD(clones);

/* What the event of kobs's own is called for, and by whom. */
static struct task_struct *door_task;
static int (*door_run)(struct kobs_event_clone *c);
static struct kobs_event_clone *door_clone;
static int door_result;

static int door_reg(struct trace_event_call *call, enum trace_reg type,
		    void *data)
{
	int (*run)(struct kobs_event_clone *c) = READ_ONCE(door_run);

	if (type != TRACE_REG_REGISTER && type != TRACE_REG_UNREGISTER)
		return -EOPNOTSUPP;
	/*
	 * Others can turn it on and off, too, with other locks held: what is to be
	 * done is not theirs.
	 */
	if (run && READ_ONCE(door_task) == current) {
		WRITE_ONCE(door_run, NULL);
		door_result = run(door_clone);
	}
	return 0;
}

static struct trace_event_functions door_funcs;

static struct trace_event_fields door_fields[] = { {} };

static struct trace_event_class door_class = {
	.system = SYSTEM,
	.reg = door_reg,
	.fields_array = door_fields,
	.fields = LIST_HEAD_INIT(door_class.fields),
	.raw_init = trace_event_raw_init,
};

static struct trace_event_call door_call = {
	.class = &door_class,
	.name = DOOR,
	.event.funcs = &door_funcs,
	.print_fmt = "\"\"",
};

/* The kernel adds it when the module is loaded, and removes it when it goes. */
static struct trace_event_call *door_entry __used
	__section("_ftrace_events") = &door_call;

/* Run a function with the kernel's lock of events. */
static int with_events(int (*run)(struct kobs_event_clone *c),
		       struct kobs_event_clone *c)
{
	lockdep_assert_held(&clones_lock);
	door_clone = c;
	door_result = -EBUSY;
	WRITE_ONCE(door_task, current);
	WRITE_ONCE(door_run, run);
	/* Off first, as somebody may have turned it on. */
	trace_set_clr_event(SYSTEM, DOOR, 0);
	if (READ_ONCE(door_run))
		trace_set_clr_event(SYSTEM, DOOR, 1);
	WRITE_ONCE(door_run, NULL);
	WRITE_ONCE(door_task, NULL);
	trace_set_clr_event(SYSTEM, DOOR, 0);
	return door_result;
}

static int clone_add(struct kobs_event_clone *c)
{
	int err = trace_add_event_call(&c->call);

	/* Who opens it by perf keeps kobs loaded. */
	if (err >= 0)
		c->call.module = THIS_MODULE;
	return min(err, 0);
}

static int clone_remove(struct kobs_event_clone *c)
{
	return trace_remove_event_call(&c->call);
}

static void clone_free(struct kobs_event_clone *c)
{
	list_del(&c->node);
	trace_put_event_file(c->file);
	kfree(c);
}

/* Remove clones that nobody uses. Returns whether some are left. */
static bool sweep(void)
{
	struct kobs_event_clone *c, *next;
	bool left = false;
	bool gone = false;

	lockdep_assert_held(&clones_lock);
	list_for_each_entry(c, &clones, node) {
		if (c->users || !c->there)
			continue;
		c->there = with_events(clone_remove, c);
		left |= c->there;
		gone |= !c->there;
	}
	/* Readers of what it was. */
	if (gone)
		synchronize_rcu();
	list_for_each_entry_safe(c, next, &clones, node) {
		if (!c->there)
			clone_free(c);
	}
	return left;
}

static void sweep_again(struct work_struct *work);
static DECLARE_DELAYED_WORK(again, sweep_again);

static void sweep_again(struct work_struct *work)
{
	mutex_lock(&clones_lock);
	if (sweep())
		schedule_delayed_work(&again, AGAIN);
	mutex_unlock(&clones_lock);
}

static struct kobs_event_clone *find_clone(const struct trace_event_file *file)
{
	struct kobs_event_clone *c;

	list_for_each_entry(c, &clones, node) {
		if (c->call.tp == file->event_call->tp)
			return c;
	}
	return NULL;
}

static struct kobs_event_clone *new_clone(struct trace_event_file *file)
{
	struct kobs_event_clone *c = kzalloc(sizeof(*c), GFP_KERNEL);
	struct trace_event_call *from = file->event_call;
	int err;

	if (!c)
		return ERR_PTR(-ENOMEM);
	c->file = file;
	c->class = *from->class;
	c->class.system = SYSTEM;
	INIT_LIST_HEAD(&c->class.fields);
	c->call = (struct trace_event_call){
		.class = &c->class,
		.tp = from->tp,
		.event.funcs = from->event.funcs,
		.print_fmt = from->print_fmt,
		/* Not for tracefs, which keeps no reference to what it uses. */
		.flags = TRACE_EVENT_FL_TRACEPOINT |
			 TRACE_EVENT_FL_IGNORE_ENABLE,
	};
	err = with_events(clone_add, c);
	if (err) {
		kfree(c);
		return ERR_PTR(err);
	}
	c->there = true;
	list_add(&c->node, &clones);
	return c;
}

/* Why an event cannot have a clone, or NULL. */
static const char *refusal(const struct trace_event_file *file)
{
	const struct trace_event_call *call = file->event_call;

	if (!(call->flags & TRACE_EVENT_FL_TRACEPOINT) || !call->tp)
		return "it is of no tracepoint";
	if (call->class->reg != trace_event_reg || call->class->get_fields ||
	    !call->class->perf_probe)
		return "the kernel gives no record of its own kind of event to others";
	if (call->perf_perm)
		return "the kernel does not let everybody sample it";
	return NULL;
}

/**
 * kobs_event_clone_get() - a clone of an event
 * @name: the event, as SYSTEM:EVENT
 * @why: set to the reason of -EOPNOTSUPP
 *
 * Several users share one.
 *
 * Context: task, may sleep.
 * Return: the clone, or ERR_PTR of -ENOENT (no such event), -EOPNOTSUPP, -EBUSY
 * (the kernel cannot add events now), or -ENOMEM.
 */
struct kobs_event_clone *kobs_event_clone_get(const char *name,
					      const char **why)
{
	const char *event = strchr(name, ':');
	struct trace_event_file *file = ERR_PTR(-ENOENT);
	struct kobs_event_clone *c;
	char *system;

	if (!event)
		return ERR_PTR(-ENOENT);
	system = kstrndup(name, event - name, GFP_KERNEL);
	if (!system)
		return ERR_PTR(-ENOMEM);
	if (strcmp(system, SYSTEM))
		file = trace_get_event_file(NULL, system, event + 1);
	kfree(system);
	if (IS_ERR(file))
		return ERR_PTR(-ENOENT);
	*why = refusal(file);
	if (*why) {
		trace_put_event_file(file);
		return ERR_PTR(-EOPNOTSUPP);
	}
	mutex_lock(&clones_lock);
	c = find_clone(file);
	if (c)
		trace_put_event_file(file);
	else
		c = new_clone(file);
	if (IS_ERR(c))
		trace_put_event_file(file);
	else
		c->users++;
	mutex_unlock(&clones_lock);
	return c;
}

/**
 * kobs_event_clone_put() - undo kobs_event_clone_get()
 * @c: clone
 *
 * Without users it is removed, as soon as nobody else uses the event.
 *
 * Context: task, may sleep.
 */
void kobs_event_clone_put(struct kobs_event_clone *c)
{
	mutex_lock(&clones_lock);
	if (!--c->users && sweep())
		schedule_delayed_work(&again, AGAIN);
	mutex_unlock(&clones_lock);
}

/**
 * kobs_event_clone_tracepoint() - the tracepoint of a clone
 * @c: clone
 *
 * Context: any.
 * Return: the tracepoint.
 */
struct tracepoint *kobs_event_clone_tracepoint(const struct kobs_event_clone *c)
{
	return c->call.tp;
}

/**
 * kobs_event_clone_id() - the number of a clone's event, as perf has it
 * @c: clone
 *
 * Context: any.
 * Return: the number.
 */
u64 kobs_event_clone_id(const struct kobs_event_clone *c)
{
	return c->call.event.type;
}

/**
 * kobs_event_clones_exit() - remove what is left
 *
 * No clone has users, and as who has one open by perf keeps kobs loaded, nobody has.
 *
 * Context: task, may sleep; kobs is being unloaded.
 */
void kobs_event_clones_exit(void)
{
	cancel_delayed_work_sync(&again);
	mutex_lock(&clones_lock);
	sweep();
	mutex_unlock(&clones_lock);
}

#else

struct kobs_event_clone *kobs_event_clone_get(const char *name,
					      const char **why)
{
	*why = "this kernel has no events";
	return ERR_PTR(-EOPNOTSUPP);
}

void kobs_event_clone_put(struct kobs_event_clone *c)
{
}

struct tracepoint *kobs_event_clone_tracepoint(const struct kobs_event_clone *c)
{
	return NULL;
}

u64 kobs_event_clone_id(const struct kobs_event_clone *c)
{
	return 0;
}

void kobs_event_clones_exit(void)
{
}

#endif
