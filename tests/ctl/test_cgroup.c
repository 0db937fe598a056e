// SPDX-License-Identifier: GPL-2.0
/* Unit tests of the names and the tree of control groups: run by 'make check'; prints TAP. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/cgroup.h"
#include "lib/cgroup_name.h"
#include "lib/macros.h"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static void same(const char *got, const char *want, const char *name)
{
	bool good = got && want ? !strcmp(got, want) : got == want;

	ok(good, name);
	if (!good)
		printf("# got '%s', want '%s'\n", got ? got : "NULL", want ? want : "NULL");
}

#define ID	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define POD	"1f7e0d5c-8a4b-4d7e-9c1a-0123456789ab"
#define POD_	"1f7e0d5c_8a4b_4d7e_9c1a_0123456789ab"

static const struct {
	const char	*path;
	const char	*name;
} names[] = {
	{ "/", "/" },
	{ "/init.scope", "init.scope" },
	{ "/system.slice", "/system.slice" },
	{ "/system.slice/nginx.service", "nginx.service" },
	{ "/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service" },
	{ "/system.slice/nginx.service/worker/1", "nginx.service/worker/1" },
	{ "/user.slice/user-1000.slice/session-3.scope", "session-3.scope" },
	{ "/user.slice/user-1000.slice/user@1000.service", "user@1000.service" },
	{ "/user.slice/user-1000.slice/user@1000.service/init.scope", "user@1000/init.scope" },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/app-web-7.scope",
	  "user@1000/app-web-7.scope" },
	{ "/system.slice/docker-" ID ".scope", "docker:0123456789ab" },
	{ "/system.slice/docker-" ID ".scope/system.slice/cron.service",
	  "docker:0123456789ab/system.slice/cron.service" },
	{ "/docker/" ID, "docker:0123456789ab" },
	{ "/docker/" ID "/init", "docker:0123456789ab/init" },
	{ "/machine.slice/libpod-" ID ".scope", "podman:0123456789ab" },
	{ "/machine.slice/libpod-" ID ".scope/container", "podman:0123456789ab/container" },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope",
	  "podman:0123456789ab" },
	{ "/machine.slice/libpod-conmon-" ID ".scope", "libpod-conmon-" ID ".scope" },
	{ "/default/" ID, "containerd:0123456789ab" },
	{ "/kubepods.slice", "/kubepods.slice" },
	{ "/kubepods.slice/kubepods-burstable.slice", "/kubepods.slice/kubepods-burstable.slice" },
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD_ ".slice",
	  "pod:" POD },
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD_
	  ".slice/cri-containerd-" ID ".scope", "pod:" POD "/containerd:0123456789ab" },
	{ "/kubepods.slice/kubepods-pod" POD_ ".slice/crio-" ID ".scope",
	  "pod:" POD "/crio:0123456789ab" },
	{ "/kubepods.slice/kubepods-pod" POD_ ".slice/crio-conmon-" ID ".scope",
	  "pod:" POD "/crio-conmon-" ID ".scope" },
	{ "/kubepods/besteffort/pod" POD "/" ID, "pod:" POD "/container:0123456789ab" },
	{ "/kubepods/besteffort/pod" POD, "pod:" POD },
	{ "/kubelet.slice/kubelet.service/kubepods/pod" POD, "pod:" POD },
	{ "/lxc.payload.web", "lxc:web" },
	{ "/lxc.payload.web/init.scope", "lxc:web/init.scope" },
	{ "/machine.slice/machine-deb.scope", "machine:deb" },
	/* What only looks like one of them. */
	{ "/docker", "/docker" },
	{ "/docker/0123", "/docker/0123" },
	{ "/jobs/" ID, "/jobs/" ID },
	{ "/system.slice/docker-0123.scope", "docker-0123.scope" },
	{ "/pod-of-mine", "/pod-of-mine" },
	{ "/pod1f7e0d5c", "/pod1f7e0d5c" },
	{ "/podzf7e0d5c-8a4b-4d7e-9c1a-0123456789ab", "/podzf7e0d5c-8a4b-4d7e-9c1a-0123456789ab" },
	{ "/.service", "/.service" },
	{ "/a b/c", "/a b/c" },
};

static void test_names(void)
{
	struct buf out = {};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		out.len = 0;
		cgroup_name(names[i].path, &out);
		same(out.p, names[i].name, names[i].path);
	}
	buf_free(&out);
}

static char root[32] = "/tmp/test_cgroup.XXXXXX";

static const char *const groups[] = {
	"a.service", "a.service/in", "a.service/in/deep", "b", "b/a.service", "b/c", "b/c1", "b/c2",
	"b/x\\x2dy.slice", "b/d[1]", "b/d1", "77777777",
};

static const char *at(const char *group)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, group);
	return path;
}

static uint64_t number_of(const char *group)
{
	struct stat st;

	return stat(at(group), &st) ? 0 : st.st_ino;
}

/* Whether a pattern finds these groups, separated by spaces, and no others. */
static void finds(const char *pattern, const char *want)
{
	struct numbers ids = {};
	char *copy = copy_string(want);
	char *save = NULL;
	bool good = true;
	size_t wanted = 0;
	char *word;
	size_t i;
	size_t n = cgroup_find(pattern, &ids);

	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		uint64_t id = number_of(strcmp(word, "/") ? word : "");

		for (i = 0; i < ids.n && ids.v[i] != id; i++)
			;
		good &= i < ids.n;
		wanted++;
	}
	ok(good && n == wanted && ids.n == wanted, pattern);
	if (!good || n != wanted)
		printf("# found %zu, want '%s'\n", n, want);
	free(copy);
	numbers_free(&ids);
}

/* Whether a shell takes a quoted name as it is. */
static void test_quotes(void)
{
	static const char *const cases[][2] = {
		{ "/a", "'/a'" },
		{ "", "''" },
		{ "/a b\\x2d$c*", "'/a b\\x2d$c*'" },
		{ "/it's", "'/it'\\''s'" },
		{ "''", "''\\'''\\'''" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf line = {};
		char got[64] = "";
		FILE *shell;

		buf_quote(&line, cases[i][0]);
		same(line.p, cases[i][1], cases[i][1]);
		line.len = 0;
		buf_puts(&line, "printf %s ");
		buf_quote(&line, cases[i][0]);
		shell = popen(line.p, "r");
		if (shell && !fgets(got, sizeof(got), shell))
			*got = 0;
		if (shell)
			pclose(shell);
		same(got, cases[i][0], "as the shell takes it");
		buf_free(&line);
	}
}

static void make_tree(void)
{
	size_t i;

	ok(mkdtemp(root), "a tree is made");
	for (i = 0; i < ARRAY_SIZE(groups); i++)
		ok(!mkdir(at(groups[i]), 0700), groups[i]);
	cgroup_hierarchy = root;
	same(cgroup_root(), root, "the root");
}

static void test_find(void)
{
	finds("/", "/");
	finds("/b/c", "b/c");
	finds("b/c", "b/c");
	finds("/b/c/", "b/c");
	finds(at("b/c"), "b/c");
	finds(root, "/");
	finds("/b/c*", "b/c b/c1 b/c2");
	finds("/*", "a.service b 77777777");
	finds("/b/c[12]", "b/c1 b/c2");
	finds("/*/c?", "b/c1 b/c2");
	/* Names are found anywhere, and what is below one is with it. */
	finds("a.service", "a.service b/a.service");
	finds("a.service/in", "a.service/in");
	finds("*.service", "a.service b/a.service");
	finds("deep", "a.service/in/deep");
	finds("c1", "b/c1");
	/* A name is no glob, where there is such a group. */
	finds("/b/x\\x2dy.slice", "b/x\\x2dy.slice");
	finds("x\\x2dy.slice", "b/x\\x2dy.slice");
	finds("/b/x\\*", "b/x\\x2dy.slice");
	finds("/b/d[1]", "b/d[1]");
	finds("d[1]", "b/d[1]");
	finds("/b/d[12]", "b/d1");
	finds("d[12]", "b/d1");
	/* The root has no name. */
	finds("*", "a.service b 77777777");
	finds("?", "b");
	finds("none", "");
	finds("/c1", "");
	finds("", "");
}

static void test_numbers(void)
{
	char number[32];

	snprintf(number, sizeof(number), "%llu", (unsigned long long)number_of("b/c1"));
	finds(number, "b/c1");
	finds("0", "");
	finds("77777777", "77777777");
	snprintf(number, sizeof(number), "%llu", (unsigned long long)number_of(""));
	finds(number, "/");
	ok(!mkdir(at(number), 0700), "a group is called as the root's number");
	finds(number, number);
	ok(!rmdir(at(number)), "it goes");
	cgroups_forget();
}

static void test_nearest(void)
{
	struct buf out = {};

	cgroup_nearest("/b/d3", &out);
	ok(out.len && strstr(out.p, "/b/d1"), "the nearest path");
	out.len = 0;
	cgroup_nearest("dep", &out);
	same(out.p, " (near it: deep)", "the nearest name");
	buf_free(&out);
}

static void test_paths(void)
{
	uint64_t id = number_of("b/c1");
	uint64_t other;
	struct buf out = {};
	char number[32];

	same(cgroup_path(number_of("")), "/", "the path of the root");
	same(cgroup_path(id), "/b/c1", "a path by its number");
	/* In this order: only the kernel's numbers are never given again. */
	ok(!mkdir(at("b/late"), 0700), "a group comes");
	cgroups_stale();
	same(cgroup_path(number_of("b/late")), "/b/late", "one that came later is found");
	cgroups_forget();
	finds("/b/c1", "b/c1");
	ok(!rmdir(at("b/c1")), "a group goes");
	same(cgroup_path(id), "/b/c1", "one that was found keeps its path");
	other = number_of("b/late") + 1000000;
	cgroup_print(other, &out);
	snprintf(number, sizeof(number), "cgroup %llu (gone)", (unsigned long long)other);
	same(out.p, number, "one that nobody knows");
	out.len = 0;
	cgroup_print(number_of("a.service/in"), &out);
	same(out.p, "a.service/in", "a short name by its number");
	buf_free(&out);
	cgroups_forget();
	ok(!rmdir(at("b/late")), "the other goes");
}

/* Many that are gone need one look, until there are new numbers. */
static void test_looks(void)
{
	uint64_t gone = number_of("b/c2") + 1000000;
	bool none = true;
	size_t i;

	for (i = 0; i < 1000; i++)
		none &= !cgroup_path(gone + i);
	ok(none, "groups that are gone");
	ok(!mkdir(at("later"), 0700), "a group comes after the look");
	ok(!cgroup_path(number_of("later")), "nobody looks again: it is not known");
	ok(!mkdir(at("latest"), 0700), "another comes");
	cgroups_stale();
	same(cgroup_path(number_of("latest")), "/latest", "new numbers are looked for");
	ok(!rmdir(at("latest")) && !rmdir(at("later")), "they go");
	cgroups_forget();
}

static void remove_tree(void)
{
	size_t i;

	for (i = ARRAY_SIZE(groups); i; i--)
		rmdir(at(groups[i - 1]));
	ok(!rmdir(root), "the tree is gone");
}

int main(void)
{
	test_names();
	test_quotes();
	make_tree();
	test_find();
	test_numbers();
	test_nearest();
	test_looks();
	test_paths();
	remove_tree();
	printf("1..%u\n", test_nr);
	return failures != 0;
}
