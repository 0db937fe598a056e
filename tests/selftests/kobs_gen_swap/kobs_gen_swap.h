/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ground truth for tests of names: a module whose functions have the names that
 * SWAP() makes, with the same code in each file that includes this, and names its
 * init and exit. Loaded one after the other, they can be at the same addresses.
 *
 * Parameters, which are complete when write() returns:
 *
 *   leak   swap_X_leak() leaks that many objects of SWAP_SIZE bytes
 *   call   swap_X_leaf() is called that many times by swap_X_caller()
 *   spin   swap_X_spin() runs for that many ms
 *
 * With the parameter early at load, swap_X_init(), which is freed afterwards,
 * leaks that many.
 *
 * Locking: none; one writer at a time.
 */
#include <linux/init.h>
#include <linux/kmemleak.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#define SWAP_SIZE	200
#define SWAP_MOST	100000

#if __has_attribute(__noipa__)
#define SWAP_SITE	__attribute__((__noipa__))
#else
#define SWAP_SITE	noinline
#endif

void SWAP(leak)(unsigned int n);
void SWAP(leaf)(unsigned int n);
void SWAP(caller)(unsigned int n);
void SWAP(spin)(unsigned int ms);

static unsigned int early;
module_param(early, uint, 0444);

SWAP_SITE void SWAP(leak)(unsigned int n)
{
	/* Not a constant: it is a call of __kmalloc(). */
	size_t size = SWAP_SIZE;
	unsigned int i;

	OPTIMIZER_HIDE_VAR(size);
	for (i = 0; i < n; i++)
		kmemleak_not_leak(kmalloc(size, GFP_KERNEL));
}

SWAP_SITE void SWAP(leaf)(unsigned int n)
{
	barrier();
}

SWAP_SITE void SWAP(caller)(unsigned int n)
{
	while (n--)
		SWAP(leaf)(n);
	barrier();
}

SWAP_SITE void SWAP(spin)(unsigned int ms)
{
	u64 end = ktime_get_ns() + ms * NSEC_PER_MSEC;

	while (ktime_get_ns() < end)
		cpu_relax();
}

static int swap_set(const char *val, const struct kernel_param *kp)
{
	void (*fn)(unsigned int n) = kp->arg;
	unsigned int n;
	const struct kernel_param number = { .arg = &n };
	/* Not kstrtouint(): nothing in lib/ can be traced. */
	int err = param_set_uint(val, &number);

	if (err)
		return err;
	if (n > SWAP_MOST)
		return -EINVAL;
	fn(n);
	return 0;
}

static const struct kernel_param_ops swap_ops = { .set = swap_set };

module_param_cb(leak, &swap_ops, SWAP(leak), 0200);
module_param_cb(call, &swap_ops, SWAP(caller), 0200);
module_param_cb(spin, &swap_ops, SWAP(spin), 0200);

static int __init SWAP(init)(void)
{
	size_t size = SWAP_SIZE;
	unsigned int i;

	OPTIMIZER_HIDE_VAR(size);
	for (i = 0; i < early; i++)
		kmemleak_not_leak(kmalloc(size, GFP_KERNEL));
	return 0;
}

/* Leaks what it leaked. */
static void __exit SWAP(exit)(void)
{
}

MODULE_DESCRIPTION("Ground truth for tests of names");
MODULE_LICENSE("GPL");
