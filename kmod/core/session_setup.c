// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions: creation from a configuration (columns, checks), and freeing.
 *
 * Locking: none; the session is not in the list yet, or not any more.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "core/cgroup.h"
#include "core/names.h"
#include "core/refuse.h"
#include "core/session.h"
#include "core/stream.h"

/* Why a session stopped whose probes ftrace does not remove. */
#define PINNED \
	"ftrace has disabled itself, see the kernel log: hits may be missing, kobs stays loaded"

/* Append column @name to the key. */
static int session_add_column(struct kobs_session *s, const char *name,
			      struct netlink_ext_ack *extack)
{
	const struct kobs_column *c = kobs_source_column(s->source, name);
	unsigned int i;

	if (!c)
		return kobs_refuse(extack, -EINVAL,
				   "source %s has no column %s",
				   s->source->name, name);
	if (c->word == KOBS_W_CGROUP && kobs_cgroup_available(extack))
		return -EOPNOTSUPP;
	for (i = 0; i < s->n_columns; i++) {
		if (s->columns[i] == c)
			return kobs_refuse(extack, -EINVAL,
					   "column %s is named twice", c->name);
	}
	if (s->n_words + c->words > KOBS_KEY_WORDS)
		return kobs_refuse(extack, -EINVAL,
				   "too many columns: up to %s they take %u words, names several each, and the maximum is %d",
				   c->name, s->n_words + c->words,
				   KOBS_KEY_WORDS);
	s->columns[s->n_columns++] = c;
	for (i = 0; i < c->words; i++)
		s->gather[s->n_words++] = c->word + i;
	if (c->word < KOBS_W_SOURCE)
		s->need |= BIT(c->word);
	if (c->by_stack)
		s->need |= BIT(KOBS_W_KSTACK);
	if (c->by_stack || c->interned || c->type == KOBS_TYPE_KSTACK ||
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

/**
 * kobs_session_set_own() - follow a change of the processes that are excluded
 * @s: session; own_tgid, worker_tgid and job_tgid are set
 *
 * Context: task; while the session is made, or in one of its jobs.
 */
void kobs_session_set_own(struct kobs_session *s)
{
	const pid_t own[] = { s->own_tgid, s->worker_tgid, s->job_tgid };
	unsigned int i;
	u64 bits = 0;

	for (i = 0; i < ARRAY_SIZE(own); i++)
		bits |= own[i] < 0 ? 0 : BIT_ULL(own[i] % 64U);
	WRITE_ONCE(s->own_bits, bits);
}

static void session_configure(struct kobs_session *s, struct kobs_config *cfg)
{
	s->source = cfg->source;
	s->mode = cfg->mode;
	s->filter = cfg->filter;
	memcpy(s->params, cfg->params, sizeof(s->params));
	memcpy(s->source_params, cfg->source_params, sizeof(s->source_params));
	s->blob = cfg->blob;
	cfg->blob = NULL;
	s->owner = cfg->owner;
	s->owner_pid = current->tgid;
	s->memory.memcg = get_mem_cgroup_from_mm(current->mm);
	s->own_tgid = current->tgid;
	s->worker_tgid = kobs_stream_worker();
	kobs_session_set_own(s);
	s->created = ktime_get_mono_fast_ns();
	s->budget = cfg->params[KOBS_P_BUDGET].number;
	s->unwind.depth = cfg->params[KOBS_P_STACK_DEPTH].number;
	s->unwind.full_stack = cfg->params[KOBS_P_FULL_STACK].number;
	s->unwind.verify = cfg->params[KOBS_P_VERIFY_STACKS].number;
}

/**
 * kobs_session_create() - make a session and configure it
 * @cfg: configuration; its blob is taken over
 * @extack: takes the reason of a failure
 *
 * The session holds a reference to the module. It has no memory for hits yet: see
 * kobs_session_publish().
 *
 * Context: task, may sleep.
 * Return: the session with a reference for the caller, or ERR_PTR of -EINVAL
 * (configuration), -EOPNOTSUPP (mode), -ENOMEM, -ENOSPC (number of sessions), or
 * -EBUSY (kobs is being unloaded).
 */
struct kobs_session *kobs_session_create(struct kobs_config *cfg,
					 struct netlink_ext_ack *extack)
{
	struct kobs_session *s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	int err;

	if (!s)
		return ERR_PTR(-ENOMEM);
	/* An operation can still begin after rmmod has found no session. */
	if (!try_module_get(THIS_MODULE)) {
		kfree(s);
		return ERR_PTR(kobs_refuse(extack, -EBUSY,
					   "kobs is being unloaded"));
	}
	mutex_init(&s->change);
	mutex_init(&s->lock);
	mutex_init(&s->names.lock);
	kref_init(&s->ref);
	INIT_LIST_HEAD(&s->node);
	kobs_jobs_new(s);
	kobs_guard_init(s);
	session_configure(s, cfg);
	err = kobs_session_enter(s, extack);
	if (!err)
		err = session_set_columns(s, cfg, extack);
	kobs_names_new(s);
	if (!err)
		err = session_check(s, extack);
	if (!err)
		return s;
	kobs_session_put(s);
	return ERR_PTR(err);
}

/**
 * kobs_session_name_ok() - whether a detached session can have a name
 * @name: name
 *
 * Context: any.
 * Return: false when it is malformed.
 */
bool kobs_session_name_ok(const char *name)
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

/**
 * kobs_session_pin() - keep a session and the module until the next boot
 * @s: session with probes that the kernel does not remove
 *
 * Probes that may still be called need the session's memory and the module's
 * code. The session keeps a reference to itself, and with it to the module;
 * its source is not released.
 *
 * Context: task, may sleep; in the source's start or stop.
 */
void kobs_session_pin(struct kobs_session *s)
{
	if (s->pinned)
		return;
	s->pinned = true;
	kref_get(&s->ref);
	mutex_lock(&s->lock);
	strscpy(s->stop_reason, PINNED, sizeof(s->stop_reason));
	mutex_unlock(&s->lock);
	pr_warn("session %u: ftrace has disabled itself and does not remove the session's probes: its memory is kept, and the module cannot be unloaded before the next boot\n",
		s->id);
}

/**
 * kobs_session_free() - undo kobs_session_create(), for kobs_session_put()
 * @s: session; its handlers have ended, and its source was released
 *
 * Context: task, may sleep.
 */
void kobs_session_free(struct kobs_session *s)
{
	kobs_session_free_memory(s);
	kvfree(s->kept_out);
	kvfree(s->blob);
	mutex_destroy(&s->names.lock);
	mutex_destroy(&s->lock);
	mutex_destroy(&s->change);
	mem_cgroup_put(s->memory.memcg);
	kfree(s);
	module_put(THIS_MODULE);
}
