// SPDX-License-Identifier: GPL-2.0
/*
 * uframes FILE TEXT N: writes TEXT to FILE N times, by a system call in in_leaf(), which
 * is inlined into in_middle(), and that into outer(). Built with -O2, debug information
 * and frame pointers. The test finds the lines by the comments at their ends.
 *
 * uframes made FILE TEXT N: the same from code in memory, which it makes itself and names
 * in /tmp/perf-PID.map, unless there is a fifth word; then it waits for its input to end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FRAME __attribute__((noipa))

static inline __attribute__((always_inline)) long
in_leaf(int fd, const char *text, size_t len)
{
	long ret;

#ifdef __x86_64__
	asm volatile("syscall" /* leaf */
		     : "=a" (ret)
		     : "a" (SYS_write), "D" (fd), "S" (text), "d" (len)
		     : "rcx", "r11", "memory");
#elif defined(__aarch64__)
	register long x0 asm("x0") = fd;
	register const char *x1 asm("x1") = text;
	register long x2 asm("x2") = len;
	register long x8 asm("x8") = SYS_write;

	asm volatile("svc #0" /* leaf */
		     : "+r" (x0) : "r" (x1), "r" (x2), "r" (x8) : "memory");
	ret = x0;
#else
#error "port me"
#endif
	/* Something after the call, in the same function. */
	asm volatile("nop" : "+r" (ret));
	return ret;
}

static inline __attribute__((always_inline)) long
in_middle(int fd, const char *text, size_t len)
{
	return in_leaf(fd, text, len) + 1; /* middle */
}

static FRAME size_t length(const char *text)
{
	return strlen(text);
}

/* A function that calls none would have no frame pointer. */
static FRAME long outer(int fd, const char *text)
{
	size_t len = length(text);

	return in_middle(fd, text, len) + 1; /* outer */
}

#ifdef __x86_64__
/* push %rbp; mov %rsp,%rbp; mov $1,%eax; syscall; pop %rbp; ret */
static const unsigned char code[] = {
	0x55, 0x48, 0x89, 0xe5, 0xb8, 0x01, 0x00, 0x00, 0x00, 0x0f, 0x05, 0x5d, 0xc3,
};

static int made(int fd, const char *text, int n, int named)
{
	void *place = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long (*function)(long fd, const void *text, size_t len);
	char path[64];
	FILE *map;

	if (place == MAP_FAILED)
		return 1;
	memcpy(place, code, sizeof(code));
	memcpy(&function, &place, sizeof(function));
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	map = named ? fopen(path, "w") : NULL;
	if (map) {
		fprintf(map, "%lx %zx Lmade;::write(I)V\n", (unsigned long)place, sizeof(code));
		fclose(map);
	}
	while (n--)
		if (function(fd, text, strlen(text)) < 0)
			return 1;
	puts("done");
	fflush(stdout);
	while (getchar() != EOF)
		;
	unlink(path);
	return 0;
}
#else
static int made(int fd, const char *text, int n, int named)
{
	return 2;
}
#endif

int main(int argc, char **argv)
{
	int by_made = argc > 4;
	char **word = argv + by_made;
	int fd;
	int i;

	if (argc < 4)
		return 2;
	fd = open(word[1], O_WRONLY);
	if (fd < 0)
		return 1;
	if (by_made)
		return made(fd, word[2], atoi(word[3]), argc < 6);
	for (i = atoi(word[3]); i > 0; i--)
		if (outer(fd, word[2]) < 2) /* main */
			return 1;
	return 0;
}
