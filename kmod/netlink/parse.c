// SPDX-License-Identifier: GPL-2.0
/*
 * Requests: parse a session's configuration from attributes, and check it
 * against the tables of the source and the engine.
 *
 * Locking: none; the request and the configuration belong to the caller.
 */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "core/cgroup.h"
#include "core/refuse.h"
#include "netlink/family.h"
#include "netlink/gen.h"

static int parse_cpu(struct kobs_filter *f, u32 cpu,
		     struct netlink_ext_ack *extack)
{
	if (cpu >= nr_cpu_ids || !cpu_possible(cpu))
		return kobs_refuse(extack, -EINVAL,
				   "there is no cpu %u; the last is %u", cpu,
				   nr_cpu_ids - 1);
	return kobs_filter_add(f->cpu, &f->n_cpu, cpu);
}

static int parse_comm(struct kobs_filter *f, const struct nlattr *attr,
		      struct netlink_ext_ack *extack)
{
	char comm[TASK_COMM_LEN];
	int err = -EINVAL;

	if (nla_strscpy(comm, attr, sizeof(comm)) >= 0)
		err = kobs_filter_add_comm(f, comm);
	if (err == -EINVAL)
		return kobs_refuse(extack, err, "comm must have 1 to %d characters",
				   TASK_COMM_LEN - 1);
	return err;
}

static int parse_cgroup(struct kobs_filter *f, u64 id,
			struct netlink_ext_ack *extack)
{
	int err = kobs_cgroup_filter_add(f, id, extack);

	if (err == -ENOSPC)
		return kobs_refuse(extack, -EINVAL,
				   "a filter has at most %d control groups",
				   KOBS_FILTER_CGROUPS);
	return err;
}

static int parse_filter(struct kobs_filter *f, const struct nlattr *nest,
			struct netlink_ext_ack *extack)
{
	struct nlattr *tb[KOBS_A_FILTER_MAX + 1];
	struct nlattr *attr;
	int err;
	int rem;

	/* For validation only: attributes repeat. */
	err = nla_parse_nested(tb, KOBS_A_FILTER_MAX, nest,
			       kobs_filter_nl_policy, extack);
	if (err)
		return err;
	nla_for_each_nested(attr, nest, rem) {
		switch (nla_type(attr)) {
		case KOBS_A_FILTER_PID:
			err = kobs_filter_add(f->pid, &f->n_pid,
					      nla_get_u32(attr));
			break;
		case KOBS_A_FILTER_TID:
			err = kobs_filter_add(f->tid, &f->n_tid,
					      nla_get_u32(attr));
			break;
		case KOBS_A_FILTER_CPU:
			err = parse_cpu(f, nla_get_u32(attr), extack);
			break;
		case KOBS_A_FILTER_COMM:
			err = parse_comm(f, attr, extack);
			break;
		case KOBS_A_FILTER_CGROUP:
			err = parse_cgroup(f, nla_get_u64(attr), extack);
			break;
		case KOBS_A_FILTER_MIN:
			f->min = nla_get_u64(attr);
			break;
		}
		if (err == -ENOSPC)
			return kobs_refuse(extack, -EINVAL,
					   "a filter has at most %d of a kind",
					   KOBS_FILTER_MAX);
		if (err)
			return err;
	}
	f->task = f->n_pid || f->n_tid || f->n_cpu || f->n_comm || f->n_cgroup;
	return 0;
}

/* Number of bytes of the texts and addresses of all parameters. */
static size_t blob_size(struct genl_info *info)
{
	struct nlattr *attr;
	size_t size = 0;
	int rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) == KOBS_A_SESSION_PARAM)
			size += ALIGN(nla_len(attr), sizeof(u64));
	}
	return size;
}

static int value_number(struct kobs_value *v, const struct nlattr *attr)
{
	v->type = KOBS_TYPE_NUMBER;
	v->number = nla_get_u64(attr);
	return 0;
}

static int value_text(struct kobs_value *v, const struct nlattr *attr,
		      void **blob)
{
	v->type = KOBS_TYPE_TEXT;
	v->text = *blob;
	v->number = strlen(nla_data(attr));
	memcpy(*blob, nla_data(attr), v->number + 1);
	*blob += ALIGN(v->number + 1, sizeof(u64));
	return 0;
}

/* A long array is sent in several parts. */
static int value_addresses(struct kobs_value *v, const struct nlattr *attr,
			   void **blob)
{
	unsigned int n = nla_len(attr) / sizeof(u64);

	if (nla_len(attr) % sizeof(u64))
		return -EINVAL;
	if (!v->addresses)
		v->addresses = *blob;
	v->type = KOBS_TYPE_ADDRESSES;
	v->number += n;
	memcpy(*blob, nla_data(attr), n * sizeof(u64));
	*blob += n * sizeof(u64);
	return 0;
}

static int parse_value(struct kobs_value *v, struct nlattr **tb, void **blob,
		       struct netlink_ext_ack *extack)
{
	const char *name = nla_data(tb[KOBS_A_PARAM_NAME]);
	int err;

	if (!!tb[KOBS_A_PARAM_NUMBER] + !!tb[KOBS_A_PARAM_TEXT] +
	    !!tb[KOBS_A_PARAM_ADDRESSES] != 1)
		return kobs_refuse(extack, -EINVAL,
				   "parameter %s needs one of number, text and addresses",
				   name);
	if (v->given && !(v->addresses && tb[KOBS_A_PARAM_ADDRESSES]))
		return kobs_refuse(extack, -EINVAL,
				   "parameter %s is given twice", name);
	v->given = true;
	if (tb[KOBS_A_PARAM_NUMBER])
		err = value_number(v, tb[KOBS_A_PARAM_NUMBER]);
	else if (tb[KOBS_A_PARAM_TEXT])
		err = value_text(v, tb[KOBS_A_PARAM_TEXT], blob);
	else
		err = value_addresses(v, tb[KOBS_A_PARAM_ADDRESSES], blob);
	if (err)
		return kobs_refuse(extack, err,
				   "addresses of parameter %s are not of 8 bytes each",
				   name);
	return 0;
}

/*
 * Parse all attributes of parameter p. One parameter at a time, so that the
 * parts of an array become contiguous.
 */
static int parse_param(struct genl_info *info, const struct kobs_param *p,
		       struct kobs_value *v, void **blob)
{
	struct nlattr *tb[KOBS_A_PARAM_MAX + 1];
	struct nlattr *attr;
	char why[160];
	int err;
	int rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != KOBS_A_SESSION_PARAM)
			continue;
		err = nla_parse_nested(tb, KOBS_A_PARAM_MAX, attr,
				       kobs_param_nl_policy, info->extack);
		if (err)
			return err;
		if (!tb[KOBS_A_PARAM_NAME] ||
		    strcmp(nla_data(tb[KOBS_A_PARAM_NAME]), p->name))
			continue;
		NL_SET_BAD_ATTR(info->extack, attr);
		err = parse_value(v, tb, blob, info->extack);
		if (err)
			return err;
	}
	if (v->given && !kobs_param_ok(p, v, why, sizeof(why)))
		return kobs_refuse(info->extack, -EINVAL, "%s", why);
	NL_SET_BAD_ATTR(info->extack, NULL);
	return 0;
}

/* Refuse parameters that neither the source nor the engine has. */
static int check_names(struct genl_info *info, const struct kobs_source *src)
{
	struct nlattr *attr;
	struct nlattr *name;
	int rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != KOBS_A_SESSION_PARAM)
			continue;
		name = nla_find_nested(attr, KOBS_A_PARAM_NAME);
		if (!name)
			return kobs_refuse(info->extack, -EINVAL,
					   "a parameter has no name");
		if (kobs_param_find(src->params, src->n_params,
				    nla_data(name)) < 0 &&
		    kobs_param_find(kobs_engine_params, KOBS_P_ENGINE,
				    nla_data(name)) < 0)
			return kobs_refuse(info->extack, -EINVAL,
					   "source %s has no parameter %s",
					   src->name, (char *)nla_data(name));
	}
	return 0;
}

static int parse_params(struct genl_info *info, struct kobs_config *cfg)
{
	const struct kobs_source *src = cfg->source;
	size_t size = blob_size(info);
	unsigned int i;
	void *blob;
	int err;

	err = check_names(info, src);
	if (err)
		return err;
	cfg->blob = kvmalloc(size ?: 1, GFP_KERNEL_ACCOUNT);
	if (!cfg->blob)
		return -ENOMEM;
	blob = cfg->blob;
	kobs_param_defaults(kobs_engine_params, KOBS_P_ENGINE, cfg->params);
	kobs_param_defaults(src->params, src->n_params, cfg->source_params);
	for (i = 0; i < KOBS_P_ENGINE; i++) {
		err = parse_param(info, &kobs_engine_params[i],
				  &cfg->params[i], &blob);
		if (err)
			return err;
	}
	for (i = 0; i < src->n_params; i++) {
		err = parse_param(info, &src->params[i],
				  &cfg->source_params[i], &blob);
		if (err)
			return err;
	}
	return 0;
}

static int parse_by(struct genl_info *info, struct kobs_config *cfg)
{
	struct nlattr *attr;
	int rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != KOBS_A_SESSION_BY)
			continue;
		if (cfg->n_by == ARRAY_SIZE(cfg->by))
			return kobs_refuse(info->extack, -EINVAL,
					   "too many columns");
		if (nla_strscpy(cfg->by[cfg->n_by++], attr, KOBS_NAME_LEN) < 0)
			return kobs_refuse(info->extack, -EINVAL,
					   "name of a column has more than %d characters",
					   KOBS_NAME_LEN - 1);
	}
	return 0;
}

/**
 * kobs_netlink_parse_config() - read the configuration of a new session
 * @info: request, validated by policy
 * @cfg: zeroed; its blob is the caller's to free, also on failure
 *
 * Context: task, may sleep.
 * Return: 0, -ENOENT (source or mode), -EINVAL, or -ENOMEM.
 */
int kobs_netlink_parse_config(struct genl_info *info, struct kobs_config *cfg)
{
	const char *source;
	const char *mode;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, KOBS_A_SESSION_SOURCE) ||
	    GENL_REQ_ATTR_CHECK(info, KOBS_A_SESSION_MODE))
		return kobs_refuse(info->extack, -EINVAL,
				   "a session needs a source and a mode");
	source = nla_data(info->attrs[KOBS_A_SESSION_SOURCE]);
	mode = nla_data(info->attrs[KOBS_A_SESSION_MODE]);
	cfg->source = kobs_source_find(source);
	if (!cfg->source || !cfg->source->n_modes)
		return kobs_refuse(info->extack, -ENOENT,
				   "there is no source %s", source);
	cfg->mode = kobs_source_mode(cfg->source, mode);
	if (!cfg->mode)
		return kobs_refuse(info->extack, -ENOENT,
				   "source %s has no mode %s", source, mode);
	err = parse_by(info, cfg);
	if (!err && info->attrs[KOBS_A_SESSION_FILTER])
		err = parse_filter(&cfg->filter,
				   info->attrs[KOBS_A_SESSION_FILTER],
				   info->extack);
	return err ?: parse_params(info, cfg);
}
