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

/* Bytes that the kernel keeps of a thread's name. */
#define COMM	15

/**
 * process_comm() - Cut a kernel thread's name as /proc and ps show it to what the kernel keeps.
 *
 * They show it in full, and what a worker works on behind its name: kworker/0:1-events. The dash
 * in the name of a rescuer, kworker/R-writeback, is its own.
 */
void process_comm(char *name)
{
	static const char worker[] = "kworker/";
	char *at = name + sizeof(worker) - 1;

	if (!strncmp(name, worker, sizeof(worker) - 1) && strncmp(at, "R-", 2))
		at[strcspn(at, "-+")] = 0;
	if (strlen(name) > COMM)
		name[COMM] = 0;
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
		if (read_file(path, comm, sizeof(comm)) < 0)
			continue;
		process_comm(comm);
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
