/* SPDX-License-Identifier: GPL-2.0 */
/* A file that says who made the CPU, in the place of the machine's own. */
#ifndef TESTS_CTL_CPUINFO_H
#define TESTS_CTL_CPUINFO_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/pmu/topdown.h"

static char cpuinfo_file[32];

static void cpuinfo_write(const char *text)
{
	FILE *f;

	if (topdown_cpuinfo != cpuinfo_file) {
		int fd;

		snprintf(cpuinfo_file, sizeof(cpuinfo_file), "/tmp/obsctl-cpuinfo-XXXXXX");
		fd = mkstemp(cpuinfo_file);
		if (fd >= 0)
			close(fd);
		topdown_cpuinfo = cpuinfo_file;
	}
	f = fopen(cpuinfo_file, "w");
	if (!f) {
		perror(cpuinfo_file);
		exit(1);
	}
	fputs(text, f);
	fclose(f);
}

static void cpuinfo_remove(void)
{
	unlink(cpuinfo_file);
}

#define CPUINFO_INTEL	"processor\t: 0\nvendor_id\t: GenuineIntel\n"
#define CPUINFO_AMD	"processor\t: 0\nvendor_id\t: AuthenticAMD\n"
#define CPUINFO_ARM64	"processor\t: 0\nBogoMIPS\t: 50.00\nCPU implementer\t: 0x41\n"
#define CPUINFO_OTHER	"processor\t: 0\nvendor_id\t: CentaurHauls\n"

#endif
