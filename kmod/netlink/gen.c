// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	uapi/kobs.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "gen.h"

#include <uapi/kobs.h>

/* Common nested types */
const struct nla_policy kobs_filter_nl_policy[KOBS_A_FILTER_CGROUP + 1] = {
	[KOBS_A_FILTER_PID] = { .type = NLA_U32, },
	[KOBS_A_FILTER_TID] = { .type = NLA_U32, },
	[KOBS_A_FILTER_CPU] = { .type = NLA_U32, },
	[KOBS_A_FILTER_COMM] = { .type = NLA_STRING, .len = 255, },
	[KOBS_A_FILTER_MIN] = { .type = NLA_U64, },
	[KOBS_A_FILTER_CGROUP] = { .type = NLA_U64, },
};

const struct nla_policy kobs_param_nl_policy[KOBS_A_PARAM_ADDRESSES + 1] = {
	[KOBS_A_PARAM_NAME] = { .type = NLA_NUL_STRING, .len = 255, },
	[KOBS_A_PARAM_DOC] = { .type = NLA_NUL_STRING, },
	[KOBS_A_PARAM_TYPE] = NLA_POLICY_RANGE(NLA_U32, 1, 8),
	[KOBS_A_PARAM_UNIT] = { .type = NLA_NUL_STRING, },
	[KOBS_A_PARAM_LOWEST] = { .type = NLA_U64, },
	[KOBS_A_PARAM_HIGHEST] = { .type = NLA_U64, },
	[KOBS_A_PARAM_DEFAULT] = { .type = NLA_U64, },
	[KOBS_A_PARAM_NUMBER] = { .type = NLA_U64, },
	[KOBS_A_PARAM_TEXT] = { .type = NLA_NUL_STRING, .len = 4095, },
	[KOBS_A_PARAM_ADDRESSES] = { .type = NLA_BINARY, },
};

/* KOBS_CMD_SOURCE_GET - do */
const struct nla_policy kobs_source_get_nl_policy[KOBS_A_SOURCE_NAME + 1] = {
	[KOBS_A_SOURCE_NAME] = { .type = NLA_NUL_STRING, .len = 255, },
};

/* KOBS_CMD_SESSION_NEW - do */
const struct nla_policy kobs_session_new_nl_policy[KOBS_A_SESSION_PARAM + 1] = {
	[KOBS_A_SESSION_SOURCE] = { .type = NLA_NUL_STRING, .len = 255, },
	[KOBS_A_SESSION_MODE] = { .type = NLA_NUL_STRING, .len = 255, },
	[KOBS_A_SESSION_BY] = { .type = NLA_STRING, .len = 255, },
	[KOBS_A_SESSION_FILTER] = NLA_POLICY_NESTED(kobs_filter_nl_policy),
	[KOBS_A_SESSION_PARAM] = NLA_POLICY_NESTED(kobs_param_nl_policy),
};

/* KOBS_CMD_SESSION_START - do */
const struct nla_policy kobs_session_start_nl_policy[KOBS_A_SESSION_NAME + 1] = {
	[KOBS_A_SESSION_ID] = { .type = NLA_U32, },
	[KOBS_A_SESSION_NAME] = { .type = NLA_NUL_STRING, .len = 255, },
};

/* KOBS_CMD_SESSION_STOP - do */
const struct nla_policy kobs_session_stop_nl_policy[KOBS_A_SESSION_NAME + 1] = {
	[KOBS_A_SESSION_ID] = { .type = NLA_U32, },
	[KOBS_A_SESSION_NAME] = { .type = NLA_NUL_STRING, .len = 255, },
};

/* KOBS_CMD_SESSION_GET - do */
const struct nla_policy kobs_session_get_nl_policy[KOBS_A_SESSION_NAME + 1] = {
	[KOBS_A_SESSION_ID] = { .type = NLA_U32, },
	[KOBS_A_SESSION_NAME] = { .type = NLA_NUL_STRING, .len = 255, },
};

/* KOBS_CMD_SESSION_DEL - do */
const struct nla_policy kobs_session_del_nl_policy[KOBS_A_SESSION_NAME + 1] = {
	[KOBS_A_SESSION_ID] = { .type = NLA_U32, },
	[KOBS_A_SESSION_NAME] = { .type = NLA_NUL_STRING, .len = 255, },
};

/* KOBS_CMD_TABLE_GET - do */
const struct nla_policy kobs_table_get_nl_policy[KOBS_A_ROW_SESSION + 1] = {
	[KOBS_A_ROW_SESSION] = { .type = NLA_U32, },
};

/* KOBS_CMD_STACK_GET - do */
const struct nla_policy kobs_stack_get_nl_policy[KOBS_A_STACK_ID + 1] = {
	[KOBS_A_STACK_SESSION] = { .type = NLA_U32, },
	[KOBS_A_STACK_ID] = { .type = NLA_U32, },
};

/* KOBS_CMD_OBJECT_GET - do */
const struct nla_policy kobs_object_get_nl_policy[KOBS_A_OBJECT_BYTES + 1] = {
	[KOBS_A_OBJECT_SESSION] = { .type = NLA_U32, },
	[KOBS_A_OBJECT_GROUP] = { .type = NLA_U32, },
	[KOBS_A_OBJECT_MOST] = { .type = NLA_U32, },
	[KOBS_A_OBJECT_BYTES] = { .type = NLA_U32, },
};

/* Ops table for kobs */
const struct genl_ops kobs_nl_ops[9] = {
	{
		.cmd		= KOBS_CMD_SOURCE_GET,
		.doit		= kobs_nl_source_get_doit,
		.dumpit		= kobs_nl_source_get_dumpit,
		.policy		= kobs_source_get_nl_policy,
		.maxattr	= KOBS_A_SOURCE_NAME,
	},
	{
		.cmd		= KOBS_CMD_SESSION_NEW,
		.doit		= kobs_nl_session_new_doit,
		.policy		= kobs_session_new_nl_policy,
		.maxattr	= KOBS_A_SESSION_PARAM,
	},
	{
		.cmd		= KOBS_CMD_SESSION_START,
		.doit		= kobs_nl_session_start_doit,
		.policy		= kobs_session_start_nl_policy,
		.maxattr	= KOBS_A_SESSION_NAME,
	},
	{
		.cmd		= KOBS_CMD_SESSION_STOP,
		.doit		= kobs_nl_session_stop_doit,
		.policy		= kobs_session_stop_nl_policy,
		.maxattr	= KOBS_A_SESSION_NAME,
	},
	{
		.cmd		= KOBS_CMD_SESSION_GET,
		.doit		= kobs_nl_session_get_doit,
		.dumpit		= kobs_nl_session_get_dumpit,
		.policy		= kobs_session_get_nl_policy,
		.maxattr	= KOBS_A_SESSION_NAME,
	},
	{
		.cmd		= KOBS_CMD_SESSION_DEL,
		.doit		= kobs_nl_session_del_doit,
		.policy		= kobs_session_del_nl_policy,
		.maxattr	= KOBS_A_SESSION_NAME,
	},
	{
		.cmd		= KOBS_CMD_TABLE_GET,
		.doit		= kobs_nl_table_get_doit,
		.dumpit		= kobs_nl_table_get_dumpit,
		.policy		= kobs_table_get_nl_policy,
		.maxattr	= KOBS_A_ROW_SESSION,
	},
	{
		.cmd		= KOBS_CMD_STACK_GET,
		.doit		= kobs_nl_stack_get_doit,
		.dumpit		= kobs_nl_stack_get_dumpit,
		.policy		= kobs_stack_get_nl_policy,
		.maxattr	= KOBS_A_STACK_ID,
	},
	{
		.cmd		= KOBS_CMD_OBJECT_GET,
		.doit		= kobs_nl_object_get_doit,
		.dumpit		= kobs_nl_object_get_dumpit,
		.policy		= kobs_object_get_nl_policy,
		.maxattr	= KOBS_A_OBJECT_BYTES,
	},
};
