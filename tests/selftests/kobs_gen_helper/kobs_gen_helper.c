// SPDX-License-Identifier: GPL-2.0
/*
 * Ground truth for tests of slab: objects that helpers of the kernel allocate for
 * a module. Parameters, in /sys/module/kobs_gen_helper/parameters:
 *
 *   make   writing "HOW N" has gen_make_HOW() call a helper N times. HOW is
 *          kasprintf, kstrdup, kmemdup, krealloc, kvmalloc, skb, workqueue,
 *          mempool (pools with one element each), mempool_alloc (elements of one
 *          pool), netdev, idr (nodes of an IDR), kfree_rcu (given back by it, and
 *          freed later); or vmalloc and pages, which take no slab objects
 *   drop   writing 1 gives all of it back
 *   leave  while it is 1, the module does not drop anything when it is unloaded
 *
 * Locking: numbers and texts are written by one writer at a time
 * (kernel_param_lock()).
 */
#include <linux/gfp.h>
#include <linux/idr.h>
#include <linux/mempool.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

/* What is to be a site has to be there, once, and as it is written here. */
#if __has_attribute(__noipa__)
#define SITE		__attribute__((__noipa__))
#else
#define SITE		noinline
#endif
/* Behind a call, so that it does not become a jump. */
#define NOT_LAST()	barrier()

#define MOST		1000

static bool leave;
module_param(leave, bool, 0644);
MODULE_PARM_DESC(leave, "do not give back what was made when the module is unloaded");

/* A helper and its argument, and what gives the object back. */
#define MAKE(how, call, undo)						\
static SITE void *gen_make_##how(unsigned int i)			\
{									\
	void *object = (call);						\
									\
	NOT_LAST();							\
	return object;							\
}									\
									\
static SITE void gen_drop_##how(void *object)				\
{									\
	undo;								\
	NOT_LAST();							\
}

static const char text[] = "a text that a helper copies";
static mempool_t *pool;
static DEFINE_IDR(idr);

struct later {
	struct rcu_head rcu;
};

static_assert(sizeof(struct later) <= sizeof(text));

static void later_free(struct later *object)
{
	kfree_rcu(object, rcu);
}

static void setup(struct net_device *dev)
{
}

static void *idr_entry(unsigned int i)
{
	return (void *)((unsigned long)i << 2 | 2);
}

MAKE(kasprintf, kasprintf(GFP_KERNEL, "%s, number %u", text, i), kfree(object))
MAKE(kstrdup, kstrdup(text, GFP_KERNEL), kfree(object))
MAKE(kmemdup, kmemdup(text, sizeof(text), GFP_KERNEL), kfree(object))
MAKE(kfree_rcu, kmemdup(text, sizeof(text), GFP_KERNEL), later_free(object))
MAKE(krealloc, krealloc(NULL, 100 + i % 2, GFP_KERNEL), kfree(object))
MAKE(kvmalloc, kvmalloc(1000 + i % 2, GFP_KERNEL), kvfree(object))
MAKE(vmalloc, kvmalloc(SZ_8M + i, GFP_KERNEL), kvfree(object))
MAKE(pages, (void *)__get_free_page(GFP_KERNEL), free_page((unsigned long)object))
MAKE(skb, alloc_skb(100 + i % 2, GFP_KERNEL), kfree_skb(object))
MAKE(workqueue, alloc_workqueue("gen_helper_%u", WQ_UNBOUND, 0, i), destroy_workqueue(object))
MAKE(mempool, mempool_create_kmalloc_pool(1, 100 + i % 2), mempool_destroy(object))
MAKE(mempool_alloc, mempool_alloc(pool, GFP_KERNEL), mempool_free(object, pool))
MAKE(netdev, alloc_netdev(0, "gen%d", NET_NAME_UNKNOWN, setup), free_netdev(object))

static SITE void *gen_make_idr(unsigned int i)
{
	/* Far from each other: a node for each. */
	int id = idr_alloc(&idr, idr_entry(i), i * 64 * 64 + 1, 0, GFP_KERNEL);

	NOT_LAST();
	return id < 0 ? NULL : (void *)(unsigned long)id;
}

static SITE void gen_drop_idr(void *object)
{
	idr_remove(&idr, (unsigned long)object);
	NOT_LAST();
}

static const struct way {
	const char *name;
	void *(*make)(unsigned int i);
	void (*drop)(void *object);
} ways[] = {
#define WAY(how)	{ #how, gen_make_##how, gen_drop_##how }
	WAY(kasprintf), WAY(kstrdup), WAY(kmemdup), WAY(krealloc), WAY(kvmalloc),
	WAY(vmalloc), WAY(pages), WAY(skb), WAY(workqueue), WAY(mempool),
	WAY(mempool_alloc), WAY(netdev), WAY(idr),
	WAY(kfree_rcu),
};

static struct made {
	const struct way *way;
	void *object;
} made[MOST];

static unsigned int n_made;

static int make_set(const char *value, const struct kernel_param *kp)
{
	char name[16];
	unsigned int i, n;

	if (sscanf(value, "%15s %u", name, &n) != 2 || n > MOST - n_made)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(ways) && strcmp(ways[i].name, name); i++)
		;
	if (i == ARRAY_SIZE(ways))
		return -EINVAL;
	while (n--) {
		struct made *m = &made[n_made];

		m->way = &ways[i];
		m->object = m->way->make(n);
		if (!m->object)
			return -ENOMEM;
		n_made++;
	}
	return 0;
}

static const struct kernel_param_ops make_ops = { .set = make_set };
module_param_cb(make, &make_ops, NULL, 0200);

static void drop_all(void)
{
	while (n_made) {
		n_made--;
		made[n_made].way->drop(made[n_made].object);
	}
}

static int drop_set(const char *value, const struct kernel_param *kp)
{
	drop_all();
	return 0;
}

static const struct kernel_param_ops drop_ops = { .set = drop_set };
module_param_cb(drop, &drop_ops, NULL, 0200);

static int __init kobs_gen_helper_init(void)
{
	pool = mempool_create_kmalloc_pool(2, 300);
	return pool ? 0 : -ENOMEM;
}

static void __exit kobs_gen_helper_exit(void)
{
	if (leave)
		return;
	drop_all();
	idr_destroy(&idr);
	mempool_destroy(pool);
}

module_init(kobs_gen_helper_init);
module_exit(kobs_gen_helper_exit);
MODULE_DESCRIPTION("kobs: ground truth for tests of slab, what helpers allocate");
MODULE_AUTHOR("The kobs authors");
MODULE_LICENSE("GPL");
