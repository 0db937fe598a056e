// SPDX-License-Identifier: GPL-2.0
/* Names of errors: those of the C library, and those that the kernel has for itself. */

#include <string.h>

#include "lib/macros.h"
#include "symbols/errors.h"

/* As include/linux/errno.h numbers them; tracepoints and functions of the kernel tell them. */
static const struct {
	int		number;
	const char	*name;
} internal[] = {
	{ 512, "ERESTARTSYS" }, { 513, "ERESTARTNOINTR" }, { 514, "ERESTARTNOHAND" },
	{ 515, "ENOIOCTLCMD" }, { 516, "ERESTART_RESTARTBLOCK" }, { 517, "EPROBE_DEFER" },
	{ 518, "EOPENSTALE" }, { 519, "ENOPARAM" }, { 521, "EBADHANDLE" }, { 522, "ENOTSYNC" },
	{ 523, "EBADCOOKIE" }, { 524, "ENOTSUPP" }, { 525, "ETOOSMALL" },
	{ 526, "ESERVERFAULT" }, { 527, "EBADTYPE" }, { 528, "EJUKEBOX" },
	{ 529, "EIOCBQUEUED" }, { 530, "ERECALLCONFLICT" }, { 531, "ENOGRACE" },
};

/**
 * error_name() - The name of an error.
 * @result: as the kernel returns it: below 0
 *
 * Return: "ENOENT" for -2; NULL for what is no error, or has no name.
 */
const char *error_name(long result)
{
	size_t i;

	if (result >= 0 || result < -4095)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(internal); i++)
		if (internal[i].number == -result)
			return internal[i].name;
	return strerrorname_np((int)-result);
}

/* As include/linux/blk_types.h numbers them; what is higher differs from kernel to kernel. */
static const char *const blk_statuses[] = {
	"BLK_STS_OK", "BLK_STS_NOTSUPP", "BLK_STS_TIMEOUT", "BLK_STS_NOSPC", "BLK_STS_TRANSPORT",
	"BLK_STS_TARGET", "BLK_STS_RESV_CONFLICT", "BLK_STS_MEDIUM", "BLK_STS_PROTECTION",
	"BLK_STS_RESOURCE", "BLK_STS_IOERR", "BLK_STS_DM_REQUEUE", "BLK_STS_AGAIN",
};

/** blk_status_name() - Return: the name of what becomes of a request to a disk, or NULL. */
const char *blk_status_name(long status)
{
	return status >= 0 && (size_t)status < ARRAY_SIZE(blk_statuses) ? blk_statuses[status] :
									  NULL;
}
