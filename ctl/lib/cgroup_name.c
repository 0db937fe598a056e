// SPDX-License-Identifier: GPL-2.0
/*
 * Names of control groups, by the conventions of those who make them: systemd's units,
 * the container engines (with systemd or with cgroupfs as their driver), and Kubernetes.
 * Pure: a path in, a name out.
 */

#include <ctype.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cgroup_name.h"
#include "lib/macros.h"

/* Digits of a container's number, and those that engines show of it. */
#define NUMBER		64
#define NUMBER_SHOWN	12
/* A pod's, as Kubernetes writes it. */
#define POD		36

/* A container is a directory of PREFIX, its number, and SUFFIX. */
static const struct {
	const char	*prefix;
	const char	*suffix;
	const char	*engine;
} engines[] = {
	{ "docker-", ".scope", "docker" },
	{ "libpod-", ".scope", "podman" },
	{ "libpod-", "", "podman" },
	{ "cri-containerd-", ".scope", "containerd" },
	{ "crio-", ".scope", "crio" },
	{ "crio-", "", "crio" },
	{ "nerdctl-", ".scope", "nerdctl" },
};

/* One whose name is the number alone has its engine in the directory above it. */
static const struct {
	const char	*parent;	/* what it begins with */
	const char	*engine;
} parents[] = {
	{ "docker", "docker" },
	{ "libpod_parent", "podman" },
	{ "containerd", "containerd" },
	{ "default", "containerd" },
	{ "moby", "docker" },
	{ "actions_job", "docker" },
	{ "pod", "container" },
	{ "kubepods", "container" },
};

/* Containers and machines that have a name. */
static const struct {
	const char	*prefix;
	const char	*suffix;
	const char	*engine;
} machines[] = {
	{ "lxc.payload.", "", "lxc" },
	{ "machine-", ".scope", "machine" },
};

/* Units of systemd that processes are in; slices only hold others. */
static const char *const units[] = { ".service", ".scope", ".socket", ".mount", ".swap" };

struct component {
	const char	*p;
	size_t		len;
};

/* What was found on the way along the path. */
struct found {
	struct component pod;
	struct component user;
	const char	*engine;
	struct component container;
	struct component unit;
	const char	*rest;		/* below the container or the unit; "" for nothing */
};

static bool ends(struct component c, const char *with)
{
	size_t len = strlen(with);

	return c.len > len && !memcmp(c.p + c.len - len, with, len);
}

static bool begins(struct component c, const char *with)
{
	size_t len = strlen(with);

	return c.len >= len && !memcmp(c.p, with, len);
}

/* What is between two parts; nothing unless both are there. */
static struct component between(struct component c, const char *prefix, const char *suffix)
{
	size_t around = strlen(prefix) + strlen(suffix);

	if (c.len <= around || !begins(c, prefix) || (*suffix && !ends(c, suffix)))
		return (struct component){};
	return (struct component){ c.p + strlen(prefix), c.len - around };
}

static bool is_number(struct component c)
{
	size_t i;

	if (c.len != NUMBER)
		return false;
	for (i = 0; i < c.len; i++)
		if (!isxdigit((unsigned char)c.p[i]))
			return false;
	return true;
}

/* "kubepods-burstable-pod0a1b..._....slice" and "pod0a1b...-...": the pod's number. */
static struct component pod_of(struct component c)
{
	struct component whole = ends(c, ".slice") ? between(c, "kubepods", ".slice") : c;
	struct component pod;
	size_t i;

	for (i = 0; i + 3 + POD <= whole.len; i++)
		if (!memcmp(whole.p + i, "pod", 3) && (!i || whole.p[i - 1] == '-'))
			break;
	if (!whole.len || i + 3 + POD != whole.len)
		return (struct component){};
	pod = (struct component){ whole.p + i + 3, POD };
	for (i = 0; i < POD; i++)
		if (!isxdigit((unsigned char)pod.p[i]) && pod.p[i] != '_' && pod.p[i] != '-')
			return (struct component){};
	return pod;
}

static void take_container(struct found *f, const char *engine, struct component c,
			   const char *rest)
{
	f->engine = engine;
	f->container = c;
	f->rest = rest;
}

static bool find_container(struct found *f, struct component above, struct component c,
			   const char *rest)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(engines); i++) {
		struct component id = between(c, engines[i].prefix, engines[i].suffix);

		if (is_number(id)) {
			take_container(f, engines[i].engine, id, rest);
			return true;
		}
	}
	for (i = 0; is_number(c) && i < ARRAY_SIZE(parents); i++)
		if (begins(above, parents[i].parent)) {
			take_container(f, parents[i].engine, c, rest);
			return true;
		}
	for (i = 0; i < ARRAY_SIZE(machines); i++) {
		struct component name = between(c, machines[i].prefix, machines[i].suffix);

		if (name.len) {
			take_container(f, machines[i].engine, name, rest);
			return true;
		}
	}
	return false;
}

static void look(struct found *f, struct component above, struct component c, const char *rest)
{
	struct component pod = pod_of(c);
	struct component user = between(c, "user@", ".service");
	size_t i;

	if (pod.len) {
		f->pod = pod;
		f->unit = (struct component){};
		f->rest = rest;
		return;
	}
	/* The manager of a user's units; they are what counts, if there are any. */
	if (user.len)
		f->user = user;
	if (find_container(f, above, c, rest))
		return;
	for (i = 0; i < ARRAY_SIZE(units); i++)
		if (ends(c, units[i]) && !f->container.len) {
			f->unit = c;
			f->rest = rest;
		}
}

static void put(struct buf *out, struct component c)
{
	buf_add(out, c.p, c.len);
}

/* Engines show the beginning of a number; the dashes of a pod's are '_' in units. */
static void put_number(struct buf *out, struct component c)
{
	size_t i;

	if (c.len == NUMBER)
		c.len = NUMBER_SHOWN;
	for (i = 0; i < c.len; i++)
		buf_putc(out, c.p[i] == '_' && c.len == POD ? '-' : c.p[i]);
}

/**
 * cgroup_name() - Add the short name of a control group.
 * @path: from the root of the hierarchy, which is "/"
 *
 * "docker:0123456789ab", "pod:UID/containerd:0123456789ab", "nginx.service",
 * "user@1000/app.scope"; with what is below as "nginx.service/worker". A path that tells
 * none of them is its own name.
 */
void cgroup_name(const char *path, struct buf *out)
{
	struct component above = {};
	struct found f = { .rest = "" };
	const char *at = path;

	while (*at) {
		struct component c;

		at += strspn(at, "/");
		c = (struct component){ at, strcspn(at, "/") };
		at += c.len;
		if (c.len)
			look(&f, above, c, at);
		above = c;
	}
	if (!f.pod.len && !f.container.len && !f.unit.len) {
		buf_puts(out, path);
		return;
	}
	if (f.pod.len) {
		buf_puts(out, "pod:");
		put_number(out, f.pod);
	}
	if (f.container.len) {
		buf_printf(out, "%s%s:", f.pod.len ? "/" : "", f.engine);
		put_number(out, f.container);
	} else if (f.unit.len) {
		/* The manager itself is the unit. */
		if (f.user.len && !begins(f.unit, "user@")) {
			buf_puts(out, "user@");
			put(out, f.user);
			buf_putc(out, '/');
		}
		buf_puts(out, f.pod.len ? "/" : "");
		put(out, f.unit);
	}
	buf_puts(out, f.rest);
}
