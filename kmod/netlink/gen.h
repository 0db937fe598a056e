/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	uapi/kobs.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_KOBS_GEN_H
#define _LINUX_KOBS_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/kobs.h>

/* Common nested types */
extern const struct nla_policy kobs_filter_nl_policy[KOBS_A_FILTER_CGROUP + 1];
extern const struct nla_policy kobs_param_nl_policy[KOBS_A_PARAM_ADDRESSES + 1];

extern const struct nla_policy kobs_source_get_nl_policy[KOBS_A_SOURCE_NAME + 1];

extern const struct nla_policy kobs_session_new_nl_policy[KOBS_A_SESSION_PARAM + 1];

extern const struct nla_policy kobs_session_start_nl_policy[KOBS_A_SESSION_NAME + 1];

extern const struct nla_policy kobs_session_stop_nl_policy[KOBS_A_SESSION_NAME + 1];

extern const struct nla_policy kobs_session_get_nl_policy[KOBS_A_SESSION_NAME + 1];

extern const struct nla_policy kobs_session_del_nl_policy[KOBS_A_SESSION_NAME + 1];

extern const struct nla_policy kobs_table_get_nl_policy[KOBS_A_ROW_SESSION + 1];

extern const struct nla_policy kobs_stack_get_nl_policy[KOBS_A_STACK_ID + 1];

extern const struct nla_policy kobs_object_get_nl_policy[KOBS_A_OBJECT_BYTES + 1];

/* Ops table for kobs */
extern const struct genl_ops kobs_nl_ops[9];

int kobs_nl_source_get_doit(struct sk_buff *skb, struct genl_info *info);
int kobs_nl_source_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int kobs_nl_session_new_doit(struct sk_buff *skb, struct genl_info *info);
int kobs_nl_session_start_doit(struct sk_buff *skb, struct genl_info *info);
int kobs_nl_session_stop_doit(struct sk_buff *skb, struct genl_info *info);
int kobs_nl_session_get_doit(struct sk_buff *skb, struct genl_info *info);
int kobs_nl_session_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int kobs_nl_session_del_doit(struct sk_buff *skb, struct genl_info *info);
int kobs_nl_table_get_doit(struct sk_buff *skb, struct genl_info *info);
int kobs_nl_table_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int kobs_nl_stack_get_doit(struct sk_buff *skb, struct genl_info *info);
int kobs_nl_stack_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int kobs_nl_object_get_doit(struct sk_buff *skb, struct genl_info *info);
int kobs_nl_object_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* _LINUX_KOBS_GEN_H */
