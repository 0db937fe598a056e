// SPDX-License-Identifier: GPL-2.0
/*
 * How numbers are shown: by the names of system calls, of errors, of constants, of
 * devices; as addresses; or as such.
 */

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/cgroup.h"
#include "lib/format.h"
#include "report/view.h"
#include "symbols/errors.h"
#include "symbols/futexes.h"
#include "symbols/syscalls.h"

/* The kernel's numbers of devices. */
#define MINOR_BITS	20

/* An enum as labels have it: [MODULE/]NAME; one without a name has that of a constant of it. */
static void find_enum(struct kbtf *btf, struct view_enum *e, const char *of)
{
	const char *slash = strchr(of, '/');
	struct buf module = {};
	struct buf why = {};

	e->known = true;
	if (slash)
		buf_add(&module, of, (size_t)(slash - of));
	e->btf = kbtf_get(btf, module.p, &why);
	if (e->btf)
		e->id = kbtf_enum(e->btf, slash ? slash + 1 : of);
	buf_free(&module);
	buf_free(&why);
}

static bool print_name(const char *name, struct buf *out)
{
	if (name)
		buf_puts(out, name);
	return name;
}

static bool print_constant(struct view *v, size_t column, uint64_t key, struct buf *out)
{
	struct view_enum *e = &v->enums[column];
	const char *name;

	if (!e->known)
		find_enum(&v->btf, e, v->of[column]);
	name = e->id ? kbtf_enumerator_name(e->btf, e->id, (int64_t)key) : NULL;
	return print_name(name, out);
}

static unsigned int major_of(uint64_t key)
{
	return (unsigned int)(key >> MINOR_BITS);
}

static unsigned int minor_of(uint64_t key)
{
	return (unsigned int)(key & ((1u << MINOR_BITS) - 1));
}

/* What the system calls a block device; NULL if it knows none of these numbers. */
static const char *device_name(uint64_t key, char *place, size_t size)
{
	char path[64];
	char *name;
	ssize_t len;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major_of(key), minor_of(key));
	len = readlink(path, place, size - 1);
	if (len <= 0)
		return NULL;
	place[len] = 0;
	name = strrchr(place, '/');
	return name ? name + 1 : place;
}

/* A block device by its name, or else by its two numbers. */
static void print_device(uint64_t key, struct buf *out)
{
	char place[256];

	if (!print_name(device_name(key, place, sizeof(place)), out))
		buf_printf(out, "%u:%u", major_of(key), minor_of(key));
}

/* A device of any kind: a block device with these numbers may be meant, or a file system. */
static void print_dev_t(uint64_t key, struct buf *out)
{
	char place[256];
	const char *name = device_name(key, place, sizeof(place));

	buf_printf(out, "%u:%u", major_of(key), minor_of(key));
	if (name)
		buf_printf(out, " (%s)", name);
}

static void print_time(uint64_t ns, struct buf *out)
{
	char text[40];

	format_value(text, sizeof(text), (double)ns, "ns");
	buf_puts(out, text);
}

/* An address of 16 bytes; those of IPv4 in it are shown as such. */
static void print_ipv6(const uint64_t *halves, struct buf *out)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN];
	uint8_t bytes[16];
	bool old;

	memcpy(bytes, halves, sizeof(bytes));
	old = !memcmp(bytes, mapped, sizeof(mapped));
	if (inet_ntop(old ? AF_INET : AF_INET6, old ? bytes + 12 : bytes, text, sizeof(text)))
		buf_puts(out, text);
}

static void print_ipv4(uint64_t key, struct buf *out)
{
	struct in_addr address = { .s_addr = (in_addr_t)key };
	char text[INET_ADDRSTRLEN];

	if (inet_ntop(AF_INET, &address, text, sizeof(text)))
		buf_puts(out, text);
}

/* An address of a process' data; which process is in another column. */
static void print_data(struct view *v, const uint64_t *keys, uint64_t address, struct buf *out)
{
	size_t pid = view_column(v, "pid");

	if (pid == SIZE_MAX || v->columns[pid] == &v->own[pid])
		buf_printf(out, "0x%llx", (unsigned long long)address);
	else
		usyms_print_data(&v->usyms, (uint32_t)keys[pid], address, out);
}

/** named_print() - The number of a column, of a row with these keys. */
void named_print(struct view *v, size_t column, const uint64_t *keys, struct buf *out)
{
	uint64_t key = keys[column];

	switch (v->shown[column]) {
	case SHOWN_SYSCALL:
		syscall_print((long)key, out);
		return;
	case SHOWN_ERROR:
		if (print_name(error_name((long)key), out))
			return;
		break;
	case SHOWN_BLK_STATUS:
		if (print_name(blk_status_name((long)key), out))
			return;
		break;
	case SHOWN_ENUM:
		if (print_constant(v, column, key, out))
			return;
		break;
	case SHOWN_FUTEX_OP:
		if (print_name(futex_op_name((long)key), out))
			return;
		break;
	case SHOWN_CGROUP:
		cgroup_print(key, out);
		return;
	case SHOWN_DATA:
		print_data(v, keys, key, out);
		return;
	case SHOWN_DEVICE:
		print_device(key, out);
		return;
	case SHOWN_DEV_T:
		print_dev_t(key, out);
		return;
	case SHOWN_NS:
		print_time(key, out);
		return;
	case SHOWN_IPV4:
		print_ipv4(key, out);
		return;
	case SHOWN_IPV6:
		print_ipv6(keys + column, out);
		return;
	default:
		break;
	}
	if (view_is_pointer(v, column))
		buf_printf(out, "0x%llx", (unsigned long long)key);
	else if (v->shown[column] == SHOWN_SIGNED || view_has_number(v, column))
		buf_printf(out, "%lld", (long long)key);
	else
		buf_u64(out, key);
}
