// SPDX-License-Identifier: GPL-2.0
/*
 * Ground truth for tests of the lock source: locks of every kind, which the
 * threads that write commands take, hold and wait for.
 *
 * Files in /sys/kernel/debug/kobs_gen_lock:
 *
 *   run    takes one command, done in the thread that writes it:
 *            take STEP...      does the steps, each in a function called by the
 *                              one before, and undoes them on the way back.
 *                              STEP is one of
 *                                KIND:N     take lock N; KIND is mutex, rread
 *                                           or rwrite (rw_semaphore), rt,
 *                                           pread or pwrite (percpu), sem,
 *                                           spin, qread or qwrite (rwlock_t)
 *                                gate:N     wait until gate N is open
 *                                open:N     open gate N
 *                                busy:US    stay on the CPU for a while
 *                                met:N      stay on the CPU until another
 *                                           thread waits for the rwlock_t N,
 *                                           or MOST_BUSY_US have passed
 *                              A fatal signal ends waits for gates, and for
 *                              locks that can be waited for so: -EINTR
 *            orphan N          a kernel thread takes mutex N, and ends
 *            keep N            take mutex N, and return with it held
 *            mend N            initialise mutex N again after orphan or keep; it
 *                              must have no waiter
 *            pair N SPEC...    N simulated waits: the tracepoints are called,
 *                              begin and end, for a lock that does not exist.
 *                              SPEC is CTX:FLAGS, CTX is task or hardirq; a
 *                              second one is a wait within the first
 *            begin FLAGS       begin of such a wait only
 *            end RET           end of such a wait only, RET is -RET
 *            crowd N           begin N waits of semaphores, all in progress at
 *                              once, then end them
 *            phases N          as crowd, and a mutex wait of four phases, of
 *                              which two are amid the others, two after them
 *            bench N           time N such waits of a mutex
 *            reset             stats to 0, gates shut
 *   stats  "name count" per line: locks taken, waits failed, pairs made,
 *          threads that are asking for a lock now
 *   bench  thousandths of a ns per simulated wait, the best of 5
 *
 * The locks are static, so that they have names: arrays of LOCKS, named
 * kobs_gen_lock_mutex and so on; except those of kind heap, mutexes in the cache
 * kobs_gen_lock_cache. Deadlocks are made on purpose, and broken by a signal:
 * lockdep is off while a command runs.
 *
 * Locking: only the locks under test. Counters are atomic.
 */
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu-rwsem.h>
#include <linux/rtmutex.h>
#include <linux/rwsem.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/semaphore.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "../gen_run.h"
#include "gen_lock.h"

#define LOCKS		4
#define GATES		16
#define STEPS		10
#define MOST_BUSY_US	(5 * USEC_PER_SEC)

/* Behind a call, so that it does not become a jump. */
#define NOT_LAST()	barrier()

enum kind {
	MUTEX, HEAP, RREAD, RWRITE, RT, PREAD, PWRITE, SEM, SPIN, QREAD, QWRITE,
	LOCK_KINDS,
	GATE = LOCK_KINDS, OPEN, BUSY, MET, KINDS
};

static const char * const kind_names[KINDS] = {
	[MUTEX] = "mutex", [HEAP] = "heap", [RREAD] = "rread", [RWRITE] = "rwrite", [RT] = "rt",
	[PREAD] = "pread", [PWRITE] = "pwrite", [SEM] = "sem", [SPIN] = "spin",
	[QREAD] = "qread", [QWRITE] = "qwrite", [GATE] = "gate",
	[OPEN] = "open", [BUSY] = "busy", [MET] = "met",
};

static struct mutex kobs_gen_lock_mutex[LOCKS];
static struct rw_semaphore kobs_gen_lock_rwsem[LOCKS];
static struct rt_mutex kobs_gen_lock_rt[LOCKS];
static struct percpu_rw_semaphore kobs_gen_lock_percpu[LOCKS];
static struct semaphore kobs_gen_lock_sem[LOCKS];
static spinlock_t kobs_gen_lock_spin[LOCKS];
static rwlock_t kobs_gen_lock_rwlock[LOCKS];

/* A lock that has no name, and is not where its object begins. */
struct heap_lock {
	u64 before;
	struct mutex mutex;	/* what threads wait for */
};

static struct kmem_cache *heap_cache;
static struct heap_lock *heap[LOCKS];

static DECLARE_WAIT_QUEUE_HEAD(gate_wait);
static unsigned long gates_open;

/* Kept, so that no other task is at the address that their mutex names. */
static struct task_struct *orphans[LOCKS];

static atomic64_t taken, failed, asking;
static struct dentry *dir;

struct step {
	enum kind kind;
	unsigned int n;
};

/*
 * The place that waits are charged to: "caller". What is taken here is let go
 * elsewhere, which sparse is told not to mind.
 */
static TRACED int kobs_gen_lock_waiter(enum kind kind, unsigned int n)
{
	int err = 0;

	switch (kind) {
	case MUTEX:
		err = mutex_lock_killable(&kobs_gen_lock_mutex[n]);
		break;
	case HEAP:
		err = mutex_lock_killable(&heap[n]->mutex);
		break;
	case RREAD:
		err = down_read_killable(&kobs_gen_lock_rwsem[n]);
		break;
	case RWRITE:
		err = down_write_killable(&kobs_gen_lock_rwsem[n]);
		break;
	case RT:
		err = rt_mutex_lock_interruptible(&kobs_gen_lock_rt[n]);
		break;
	case PREAD:
		percpu_down_read(&kobs_gen_lock_percpu[n]);
		break;
	case PWRITE:
		percpu_down_write(&kobs_gen_lock_percpu[n]);
		break;
	case SEM:
		err = down_killable(&kobs_gen_lock_sem[n]);
		break;
	case SPIN:
		spin_lock(&kobs_gen_lock_spin[n]);
		__release(&kobs_gen_lock_spin[n]);
		break;
	case QREAD:
		read_lock(&kobs_gen_lock_rwlock[n]);
		__release(&kobs_gen_lock_rwlock[n]);
		break;
	case QWRITE:
		write_lock(&kobs_gen_lock_rwlock[n]);
		__release(&kobs_gen_lock_rwlock[n]);
		break;
	default:
		break;
	}
	NOT_LAST();
	return err;
}

static void let_go(enum kind kind, unsigned int n)
{
	switch (kind) {
	case MUTEX:
		mutex_unlock(&kobs_gen_lock_mutex[n]);
		break;
	case HEAP:
		mutex_unlock(&heap[n]->mutex);
		break;
	case RREAD:
		up_read(&kobs_gen_lock_rwsem[n]);
		break;
	case RWRITE:
		up_write(&kobs_gen_lock_rwsem[n]);
		break;
	case RT:
		rt_mutex_unlock(&kobs_gen_lock_rt[n]);
		break;
	case PREAD:
		percpu_up_read(&kobs_gen_lock_percpu[n]);
		break;
	case PWRITE:
		percpu_up_write(&kobs_gen_lock_percpu[n]);
		break;
	case SEM:
		up(&kobs_gen_lock_sem[n]);
		break;
	case SPIN:
		__acquire(&kobs_gen_lock_spin[n]);
		spin_unlock(&kobs_gen_lock_spin[n]);
		break;
	case QREAD:
		__acquire(&kobs_gen_lock_rwlock[n]);
		read_unlock(&kobs_gen_lock_rwlock[n]);
		break;
	case QWRITE:
		__acquire(&kobs_gen_lock_rwlock[n]);
		write_unlock(&kobs_gen_lock_rwlock[n]);
		break;
	default:
		break;
	}
}

static TRACED int kobs_gen_lock_gate(unsigned int n)
{
	int err = wait_event_killable(gate_wait, test_bit(n, &gates_open));

	NOT_LAST();
	return err;
}

static void stay_busy(unsigned int us)
{
	u64 end = ktime_get_ns() + (u64)us * NSEC_PER_USEC;

	while (ktime_get_ns() < end)
		cpu_relax();
}

/* A lock has a waiter once the tracepoint of the wait's begin was called. */
static void stay_until_met(unsigned int n)
{
	u64 end = ktime_get_ns() + (u64)MOST_BUSY_US * NSEC_PER_USEC;

	while (!rwlock_is_contended(&kobs_gen_lock_rwlock[n]) &&
	       ktime_get_ns() < end)
		cpu_relax();
}

/* What the stack of a thread that holds a lock shows. */
static TRACED int kobs_gen_lock_holder(const struct step *s, unsigned int n)
{
	int err = 0;

	if (!n)
		return 0;
	switch (s->kind) {
	case GATE:
		err = kobs_gen_lock_gate(s->n);
		break;
	case OPEN:
		set_bit(s->n, &gates_open);
		wake_up_all(&gate_wait);
		break;
	case BUSY:
		stay_busy(s->n);
		break;
	case MET:
		stay_until_met(s->n);
		break;
	default:
		atomic64_inc(&asking);
		err = kobs_gen_lock_waiter(s->kind, s->n);
		atomic64_dec(&asking);
		atomic64_inc(err ? &failed : &taken);
	}
	if (err)
		return err;
	err = kobs_gen_lock_holder(s + 1, n - 1);
	let_go(s->kind, s->n);
	return err;
}

static int parse_step(const char *word, struct step *s)
{
	unsigned int most;
	size_t len;
	unsigned int i;

	for (i = 0; i < KINDS; i++) {
		len = strlen(kind_names[i]);
		if (strncmp(word, kind_names[i], len) || word[len] != ':')
			continue;
		most = i < LOCK_KINDS || i == MET ? LOCKS - 1 :
		       i == BUSY ? MOST_BUSY_US : GATES - 1;
		s->kind = i;
		if (kstrtouint(word + len + 1, 0, &s->n) || s->n > most)
			return -EINVAL;
		return 0;
	}
	return -EINVAL;
}

static int run_take(char *words)
{
	struct step steps[STEPS];
	unsigned int n = 0;
	char *word;
	int err;

	while ((word = strsep(&words, " "))) {
		if (n == STEPS)
			return -EINVAL;
		err = parse_step(word, &steps[n++]);
		if (err)
			return err;
	}
	lockdep_off();
	err = kobs_gen_lock_holder(steps, n);
	lockdep_on();
	return err;
}

static int orphan(void *data)
{
	lockdep_off();
	mutex_lock(data);
	return 0;
}

static int run_orphan(unsigned int n)
{
	struct task_struct *t;

	if (orphans[n])
		return -EBUSY;
	t = kthread_create(orphan, &kobs_gen_lock_mutex[n], "orphan");
	if (IS_ERR(t))
		return PTR_ERR(t);
	get_task_struct(t);
	wake_up_process(t);
	while (!mutex_is_locked(&kobs_gen_lock_mutex[n]))
		schedule_timeout_uninterruptible(1);
	/* Waits until it has ended. */
	kthread_stop(t);
	orphans[n] = t;
	return 0;
}

static int run_keep(unsigned int n)
{
	if (orphans[n])
		return -EBUSY;
	lockdep_off();
	mutex_lock(&kobs_gen_lock_mutex[n]);
	lockdep_on();
	orphans[n] = get_task_struct(current);
	return 0;
}

static void run_mend(unsigned int n)
{
	if (!orphans[n])
		return;
	put_task_struct(orphans[n]);
	orphans[n] = NULL;
	mutex_init(&kobs_gen_lock_mutex[n]);
}

static int run_numbered(const char *verb, unsigned long long n)
{
	if (!strcmp(verb, "orphan") && n < LOCKS)
		return run_orphan(n);
	if (!strcmp(verb, "keep") && n < LOCKS)
		return run_keep(n);
	if (!strcmp(verb, "mend") && n < LOCKS) {
		run_mend(n);
		return 0;
	}
	return gen_fire(verb, n);
}

static int gen_run(char *line)
{
	char *verb = strsep(&line, " ");
	unsigned long long n;

	if (!strcmp(verb, "reset")) {
		atomic64_set(&taken, 0);
		atomic64_set(&failed, 0);
		atomic64_set(&gen_pairs, 0);
		gates_open = 0;
		return 0;
	}
	if (!line)
		return -EINVAL;
	if (!strcmp(verb, "take"))
		return run_take(line);
	if (!strcmp(verb, "pair"))
		return gen_fire_pairs(line);
	return kstrtoull(line, 0, &n) ? -EINVAL : run_numbered(verb, n);
}

static int stats_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "taken %lld\nfailed %lld\npairs %lld\nasking %lld\n",
		   atomic64_read(&taken), atomic64_read(&failed),
		   atomic64_read(&gen_pairs), atomic64_read(&asking));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int bench_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "%llu\n", gen_bench_result);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(bench);

static void free_percpu_locks(unsigned int n)
{
	while (n--)
		percpu_free_rwsem(&kobs_gen_lock_percpu[n]);
}

static void free_heap(void)
{
	unsigned int i;

	for (i = 0; i < LOCKS && heap[i]; i++)
		kmem_cache_free(heap_cache, heap[i]);
	kmem_cache_destroy(heap_cache);
}

/* With it the cache is not merged with others, and keeps its name. */
static void heap_ctor(void *object)
{
	struct heap_lock *l = object;

	mutex_init(&l->mutex);
}

static int make_heap(void)
{
	unsigned int i;

	heap_cache = kmem_cache_create("kobs_gen_lock_cache",
				       sizeof(struct heap_lock), 0, 0,
				       heap_ctor);
	if (!heap_cache)
		return -ENOMEM;
	for (i = 0; i < LOCKS; i++) {
		heap[i] = kmem_cache_alloc(heap_cache, GFP_KERNEL);
		if (!heap[i]) {
			free_heap();
			return -ENOMEM;
		}
	}
	return 0;
}

static int __init kobs_gen_lock_init(void)
{
	unsigned int i;
	int err;

	err = gen_fire_init();
	if (err)
		return err;
	err = make_heap();
	if (err)
		return err;
	for (i = 0; i < LOCKS; i++) {
		err = percpu_init_rwsem(&kobs_gen_lock_percpu[i]);
		if (err) {
			free_percpu_locks(i);
			free_heap();
			return err;
		}
		mutex_init(&kobs_gen_lock_mutex[i]);
		init_rwsem(&kobs_gen_lock_rwsem[i]);
		rt_mutex_init(&kobs_gen_lock_rt[i]);
		sema_init(&kobs_gen_lock_sem[i], 1);
		spin_lock_init(&kobs_gen_lock_spin[i]);
		rwlock_init(&kobs_gen_lock_rwlock[i]);
	}
	dir = gen_files("kobs_gen_lock", &stats_fops, &bench_fops);
	return 0;
}

static void __exit kobs_gen_lock_exit(void)
{
	unsigned int n;

	debugfs_remove(dir);
	for (n = 0; n < LOCKS; n++)
		run_mend(n);
	free_percpu_locks(LOCKS);
	free_heap();
}

module_init(kobs_gen_lock_init);
module_exit(kobs_gen_lock_exit);

MODULE_DESCRIPTION("Ground truth for tests of kobs' lock source");
MODULE_LICENSE("GPL");
