// SPDX-License-Identifier: GPL-2.0
/*
 * Functions of the kernel that allocate for their caller. A site in one of them
 * says nothing: the module looks through it to the first frame outside of all.
 *
 * What belongs here: what such a function allocates is its caller's, who has
 * another function to free it. Not what it takes for itself, or shares (pools of
 * workers, nodes of the page cache's own, the stock of packets of each CPU).
 */

#include "cmd/slab/helpers.h"
#include "lib/macros.h"
#include "symbols/code_ranges.h"

static const char *const helpers[] = {
	/* Strings, copies, bits. */
	"kasprintf", "kvasprintf", "kvasprintf_const", "kstrdup", "kstrdup_const", "kstrndup",
	"kmemdup", "kmemdup_nul", "kmemdup_array", "kvmemdup", "memdup_user", "memdup_user_nul",
	"strndup_user", "vmemdup_user", "kstrdup_quotable", "kstrdup_quotable_cmdline",
	"kstrdup_quotable_file", "kstrdup_and_replace", "argv_split", "kasprintf_strarray",
	"kobject_set_name", "kobject_set_name_vargs", "dev_set_name", "bitmap_alloc",
	"bitmap_zalloc", "bitmap_alloc_node", "bitmap_zalloc_node", "alloc_cpumask_var",
	"alloc_cpumask_var_node", "zalloc_cpumask_var", "zalloc_cpumask_var_node",
	"free_cpumask_var",
	/* Forms of kmalloc() and kfree(), some of them out of line only now and then. */
	"kmalloc", "kzalloc", "kcalloc", "kmalloc_node", "kzalloc_node", "kcalloc_node",
	"kmalloc_array", "kmalloc_array_node", "krealloc", "krealloc_array", "krealloc_node_align",
	"__krealloc", "__do_krealloc", "kvmalloc", "kvzalloc", "kvcalloc", "kvmalloc_array",
	"kvmalloc_node", "__kvmalloc_node", "kvrealloc", "kvrealloc_node_align", "kvfree",
	"kvfree_sensitive", "kfree_sensitive", "kfree_const", "kfree_strarray",
	/* Of a device. */
	"alloc_dr", "__devres_alloc_node", "devm_kmalloc", "devm_krealloc", "devm_kstrdup",
	"devm_kstrdup_const", "devm_kasprintf", "devm_kvasprintf", "devm_kmemdup",
	"devm_kmemdup_const", "devm_kasprintf_strarray", "devm_get_free_pages",
	"__devm_add_action", "devm_add_action", "devres_open_group", "devm_bitmap_alloc",
	"devm_bitmap_zalloc",
	/* Pools of objects. */
	"mempool_alloc", "mempool_alloc_slab", "mempool_alloc_bulk", "mempool_alloc_preallocated",
	"mempool_alloc_from_pool", "mempool_kmalloc", "mempool_create", "mempool_create_node",
	"mempool_init", "mempool_init_node", "mempool_resize", "mempool_free", "mempool_free_slab",
	"mempool_free_bulk", "mempool_kfree", "mempool_destroy", "mempool_exit", "remove_element",
	"sg_pool_alloc",
	/* Packets. */
	"__alloc_skb", "alloc_skb_with_frags", "__netdev_alloc_skb", "__napi_alloc_skb",
	"napi_alloc_skb", "__build_skb", "build_skb", "build_skb_around", "slab_build_skb",
	"__slab_build_skb", "__napi_build_skb", "napi_build_skb", "kmalloc_reserve",
	"kmalloc_pfmemalloc", "skb_clone", "skb_copy", "skb_copy_expand", "__pskb_copy_fclone",
	"pskb_expand_head", "skb_realloc_headroom", "skb_expand_head", "__skb_ext_alloc",
	"skb_ext_add", "skb_ext_maybe_cow", "sock_alloc_send_pskb", "sock_wmalloc", "sock_omalloc",
	"sock_kmalloc", "__sock_kmalloc", "sock_kmemdup", "kfree_skbmem", "__kfree_skb",
	"kfree_skb", "kfree_skb_reason", "kfree_skb_list_reason", "sk_skb_reason_drop",
	"__sk_skb_reason_drop", "consume_skb", "skb_free_head", "skb_release_data",
	/* Network devices. */
	"alloc_netdev_mqs", "alloc_netdev_dummy", "alloc_etherdev_mqs", "devm_alloc_etherdev_mqs",
	"dev_addr_init", "__hw_addr_create", "__hw_addr_add", "__hw_addr_add_ex",
	"netif_alloc_netdev_queues", "netif_alloc_rx_queues",
	/* Workqueues; a pool of workers is shared, and belongs to none of them. */
	"alloc_workqueue", "__alloc_workqueue", "alloc_workqueue_lockdep_map",
	"devm_alloc_workqueue", "alloc_workqueue_attrs", "alloc_and_link_pwqs",
	"apply_workqueue_attrs", "apply_workqueue_attrs_locked", "apply_wqattrs_prepare",
	"alloc_pwq", "alloc_unbound_pwq", "alloc_node_nr_active", "init_rescuer", "alloc_worker",
	/* Nodes of trees. */
	"radix_tree_node_alloc", "radix_tree_extend", "radix_tree_insert", "__radix_tree_create",
	"idr_get_free", "idr_alloc", "idr_alloc_u32", "idr_alloc_cyclic", "ida_alloc_range",
	"xas_alloc", "xas_create", "xas_create_range", "xas_expand", "xas_store", "xas_nomem",
	"__xas_nomem", "__xa_store", "xa_store", "__xa_alloc", "__xa_alloc_cyclic", "__xa_insert",
	"__xa_cmpxchg", "__xa_cmpxchg_raw", "xa_store_range",
	/* Blocks, scatter lists. */
	"bio_alloc_bioset", "bio_alloc_clone", "bio_kmalloc", "bio_split", "bvec_alloc",
	"bioset_init", "sg_kmalloc", "__sg_alloc_table", "sg_alloc_table",
	"sg_alloc_table_chained", "sg_alloc_append_table_from_pages",
	"sg_alloc_table_from_pages_segment", "sgl_alloc", "sgl_alloc_order",
	/* What drivers register. */
	"request_threaded_irq", "request_any_context_irq", "devm_request_threaded_irq",
	"devm_request_any_context_irq", "request_nmi", "__request_percpu_irq", "cdev_alloc",
	"alloc_chrdev_region", "register_chrdev_region", "__register_chrdev",
	"__register_chrdev_region", "kobject_create", "kobject_create_and_add", "kset_create",
	"kset_create_and_add", "input_allocate_device", "devm_input_allocate_device",
	"percpu_ref_init", "call_usermodehelper_setup",
	/* Files and algorithms. */
	"seq_open", "seq_open_private", "__seq_open_private", "single_open", "single_open_size",
	"crypto_create_tfm_node", "crypto_alloc_tfm_node", "crypto_alloc_base",
	"__crypto_alloc_tfm", "__crypto_alloc_tfmgfp", "crypto_alloc_shash", "crypto_alloc_ahash",
	"crypto_alloc_skcipher", "crypto_alloc_aead",
};

/** slab_is_helper() - Whether a function of the kernel allocates for its caller. */
bool slab_is_helper(const char *name)
{
	return code_is_named(name, helpers, ARRAY_SIZE(helpers));
}

/** slab_helpers() - Return: the names of these functions. */
const char *const *slab_helpers(size_t *n)
{
	*n = ARRAY_SIZE(helpers);
	return helpers;
}

/** slab_find_helpers() - Add starts and ends of their code by turns, ascending. */
void slab_find_helpers(struct numbers *out)
{
	code_find_named(out, helpers, ARRAY_SIZE(helpers), SLAB_HELPER_RANGES);
}
