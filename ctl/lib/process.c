// SPDX-License-Identifier: GPL-2.0
/* Processes and threads as /proc shows them. */

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/lines.h"
#include "lib/process.h"

/* Of the initial PID namespace: part of the kernel's interface (PROC_PID_INIT_INO). */
#define INITIAL	"pid:[4026531836]"

const char *process_namespace = "/proc/self/ns/pid";

/**
 * process_numbers_are_own() - Whether obsctl sees the PIDs that the kernel's sources report.
 *
 * In a PID namespace of its own, numbers mean other processes, or none.
 */
bool process_numbers_are_own(void)
{
	char link[64];
	ssize_t len = readlink(process_namespace, link, sizeof(link) - 1);

	if (len < 0)
		return true;
	link[len] = 0;
	return !strcmp(link, INITIAL);
}

/** process_of() - Return: the process that a thread belongs to; 0 when there is no such thread. */
uint64_t process_of(uint64_t tid)
{
	char path[48];
	uint64_t tgid = 0;
	struct lines l;
	size_t len;
	char *line;

	snprintf(path, sizeof(path), "/proc/%llu/status", (unsigned long long)tid);
	if (lines_open(&l, path))
		return 0;
	while ((line = lines_next(&l, &len)))
		if (!strncmp(line, "Tgid:", 5))
			tgid = strtoull(line + 5, NULL, 10);
	lines_close(&l);
	return tgid;
}

static void add_threads(const char *pid, struct strings *names)
{
	struct dirent *d;
	char path[80];
	char comm[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.16s/task", pid);
	dir = opendir(path);
	while (dir && (d = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%.16s/task/%.16s/comm", pid, d->d_name);
		if (read_file(path, comm, sizeof(comm)) >= 0)
			strings_add(names, comm);
	}
	if (dir)
		closedir(dir);
}

/** process_names() - Add the names of all threads there are. */
void process_names(struct strings *names)
{
	struct dirent *d;
	DIR *dir = opendir("/proc");

	while (dir && (d = readdir(dir)))
		if (isdigit((unsigned char)d->d_name[0]))
			add_threads(d->d_name, names);
	if (dir)
		closedir(dir);
}
