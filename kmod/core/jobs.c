// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions: jobs, which wait for grace periods or for locks of the kernel that
 * are held over them. A netlink operation must not: the kernel handles requests
 * with a lock held for reading (genetlink's cb_lock), on which all of the
 * machine's generic netlink waits as soon as a module registers a family.
 *
 * The jobs of a session run in their order, those of different sessions in
 * parallel. What they allocate is charged to the control group of the session's
 * client.
 *
 * Locking: kobs_session.jobs_lock. A work item that is queued or runs has a
 * reference to the session.
 */
#include <linux/sched/mm.h>

#include "core/session.h"

struct workqueue_struct *kobs_wq;

static struct kobs_job *jobs_next(struct kobs_session *s)
{
	struct kobs_job *job;

	spin_lock(&s->jobs_lock);
	job = list_first_entry_or_null(&s->jobs, struct kobs_job, node);
	if (job)
		list_del(&job->node);
	spin_unlock(&s->jobs_lock);
	return job;
}

/* Do all jobs, and the rest of the one before. Returns the last one. */
static struct kobs_job *jobs_do(struct kobs_session *s, struct kobs_job *last)
{
	struct mem_cgroup *old;
	struct kobs_job *job;

	while ((job = jobs_next(s))) {
		if (last)
			last->done(last);
		old = set_active_memcg(s->memory.memcg);
		job->run(s, job);
		set_active_memcg(old);
		last = job;
	}
	return last;
}

/* A work item that was queued while its jobs were done would be a reference. */
static bool jobs_requeued(struct kobs_session *s)
{
	if (!cancel_work(&s->jobs_work))
		return false;
	kobs_session_put_now(s);
	return true;
}

static void jobs_work(struct work_struct *work)
{
	struct kobs_session *s = container_of(work, struct kobs_session,
					      jobs_work);
	struct kobs_job *last = NULL;

	/* What the worker does, for the answer, too, is no work of the machine's. */
	WRITE_ONCE(s->job_tgid, current->tgid);
	kobs_session_set_own(s);
	do {
		last = jobs_do(s, last);
	} while (jobs_requeued(s));
	if (last && READ_ONCE(s->armed)) {
		last->done(last);
		last = NULL;
	}
	WRITE_ONCE(s->job_tgid, -1);
	kobs_session_set_own(s);
	/* Who is told that a session was deleted can unload the module. */
	kobs_session_put_now(s);
	if (last)
		last->done(last);
}

/**
 * kobs_session_queue() - have a job done by a worker
 * @s: session; takes the caller's reference: whoever is told that the job is done
 *     finds none left of who asked for it
 * @job: job
 *
 * Context: task.
 */
void kobs_session_queue(struct kobs_session *s, struct kobs_job *job)
{
	spin_lock(&s->jobs_lock);
	list_add_tail(&job->node, &s->jobs);
	/*
	 * A work item that is queued already does this job, too, and has a reference
	 * until it has taken the lock for it: the one dropped is not the last.
	 */
	if (!queue_work(kobs_wq, &s->jobs_work))
		kobs_session_put(s);
	spin_unlock(&s->jobs_lock);
}

/**
 * kobs_jobs_new() - initialise the jobs of a new session
 * @s: session
 *
 * Context: task.
 */
void kobs_jobs_new(struct kobs_session *s)
{
	s->job_tgid = -1;
	spin_lock_init(&s->jobs_lock);
	INIT_LIST_HEAD(&s->jobs);
	INIT_WORK(&s->jobs_work, jobs_work);
}

/**
 * kobs_jobs_init() - create the workqueue of sessions
 *
 * How many of its work items run at a time is no number to rely on: since 6.9
 * each memory node has its share of it. The others start later, and none waits for
 * one that is queued.
 *
 * Context: task, at load.
 * Return: 0, or -ENOMEM.
 */
int kobs_jobs_init(void)
{
	kobs_wq = alloc_workqueue("kobs", WQ_UNBOUND, WQ_MAX_ACTIVE);
	return kobs_wq ? 0 : -ENOMEM;
}

/**
 * kobs_jobs_exit() - undo kobs_jobs_init()
 *
 * Context: task, at unload; there is no session any more.
 */
void kobs_jobs_exit(void)
{
	destroy_workqueue(kobs_wq);
}
