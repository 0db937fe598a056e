// SPDX-License-Identifier: GPL-2.0
/*
 * Functions of programs and libraries: where a name is, in which file, and where
 * instructions begin. The program that is read is this one.
 */

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/macros.h"
#include "symbols/code_boundaries.h"
#include "symbols/elf_functions.h"
#include "symbols/ld_cache.h"
#include "symbols/program_path.h"

static int tests;
static int failures;

static void ok(bool good, const char *name)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++tests, name);
	failures += !good;
}

/* What follows in stderr, from here to the end of the call. */
static char said[4096];
static int old_stderr;
static FILE *caught;

static void listen_begin(void)
{
	fflush(stderr);
	caught = tmpfile();
	old_stderr = dup(STDERR_FILENO);
	dup2(fileno(caught), STDERR_FILENO);
}

static void listen_end(void)
{
	ssize_t n;

	fflush(stderr);
	dup2(old_stderr, STDERR_FILENO);
	close(old_stderr);
	n = pread(fileno(caught), said, sizeof(said) - 1, 0);
	said[n > 0 ? n : 0] = 0;
	fclose(caught);
}

#define NAMED __attribute__((noipa, used))

long go_name(long i) __asm__("\"net/http.(*ServeMux).ServeHTTP\"");
NAMED long go_name(long i)
{
	return i + 3;
}

static NAMED long only_here(long i)
{
	return i * 3;
}

NAMED long other_name(long i) __asm__("__only_here_too");
NAMED long other_name(long i)
{
	return i * 5;
}

extern long named_too(long i) __attribute__((alias("__only_here_too")));

static long (*choose(void))(long)
{
	return other_name;
}

long chosen(long i) __attribute__((ifunc("choose")));

static char self[4096];
static char top[32] = "/tmp/obsctl-user-XXXXXX";

/* The bytes that the file has for a function are those that run. */
static bool is_code(const struct elf_functions *f, const char *name, const void *code)
{
	const struct elf_function *fn;
	uint8_t bytes[8];
	size_t at = 0;

	fn = elf_functions_next(f, name, &at);
	return fn && elf_functions_read(f, fn->address, bytes, sizeof(bytes)) == sizeof(bytes) &&
	       !memcmp(bytes, code, sizeof(bytes));
}

static size_t count_of(const struct elf_functions *f, const char *name)
{
	size_t at = 0;
	size_t n = 0;

	while (elf_functions_next(f, name, &at))
		n++;
	return n;
}

static void test_names(void)
{
	const struct elf_function *fn;
	struct elf_functions f;
	uint64_t offset;
	size_t at = 0;

	ok(!elf_functions_open(&f, self), "this program is read");
	ok(is_code(&f, "net/http.(*ServeMux).ServeHTTP", (void *)go_name), "a name of Go");
	ok(is_code(&f, "only_here", (void *)only_here), "a static function");
	ok(is_code(&f, "__only_here_too", (void *)other_name), "a function with two names");
	ok(is_code(&f, "named_too", (void *)named_too), "its other name");
	ok(count_of(&f, "only_here") == 1, "each place once");
	ok(!count_of(&f, "printf") && !count_of(&f, "said"),
	   "nothing that is elsewhere, or no function");
	fn = elf_functions_next(&f, "chosen", &at);
	ok(fn && fn->indirect, "an indirect function is told");
	at = 0;
	fn = elf_functions_next(&f, "only_here", &at);
	ok(fn && !fn->indirect && elf_functions_end(&f, fn) > fn->address, "a function has an end");
	ok(!elf_functions_offset(&f, 1ull << 60, &offset), "no address of the file");
	for (at = 0; at + 1 < f.n; at++) {
		if (f.v[at].address == f.v[at + 1].address &&
		    !strcmp(f.v[at].name, "__only_here_too"))
			break;
	}
	ok(at + 1 == f.n, "of the names of a function, the plain one is first");
	ok(!f.is_go && !f.stripped, "no program of Go, with its symbols");
	elf_functions_close(&f);
}

static int tool(const char *fmt, ...)
{
	struct buf line = {};
	va_list ap;
	int status;

	va_start(ap, fmt);
	buf_vprintf(&line, fmt, ap);
	va_end(ap);
	status = system(line.p);
	buf_free(&line);
	return status;
}

/* A link to what is no file, which whoever made the program chose. */
static void test_no_file(const char *path)
{
	struct inotify_event event;
	struct elf_functions f;
	struct buf debug = {};
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	buf_printf(&debug, "%s/x.debug", top);
	unlink(debug.p);
	ok(!mkfifo(debug.p, 0600) && inotify_add_watch(fd, debug.p, IN_OPEN) >= 0,
	   "a FIFO that is linked");
	listen_begin();
	elf_functions_open(&f, path);
	listen_end();
	ok(read(fd, &event, sizeof(event)) < 0, "it is not opened");
	elf_functions_close(&f);
	close(fd);
	buf_free(&debug);
}

/* Without its own symbols: those of a file beside it, or below the folder of them. */
static void test_debug(void)
{
	struct elf_functions f;
	struct buf path = {};

	buf_printf(&path, "%s/x", top);
	ok(!tool("cd %s && objcopy --only-keep-debug %s x.debug && strip -s -o x %s",
		 top, self, self),
	   "binutils make a file without symbols");
	listen_begin();
	elf_functions_open(&f, path.p);
	listen_end();
	ok(f.stripped && !count_of(&f, "only_here"), "it has no static functions");
	elf_functions_close(&f);
	ok(!tool("cd %s && objcopy --add-gnu-debuglink=x.debug x", top), "a link to its symbols");
	ok(!elf_functions_open(&f, path.p) && is_code(&f, "only_here", (void *)only_here),
	   "symbols by the link");
	elf_functions_close(&f);
	ok(!tool("cd %s && mkdir .debug && mv x.debug .debug", top), "a folder of debug files");
	ok(!elf_functions_open(&f, path.p) && count_of(&f, "only_here") == 1, "symbols in .debug");
	elf_functions_close(&f);
	ok(!tool("cd %s && id=$(readelf -n x | sed -n 's/.*Build ID: //p') && [ \"$id\" ] && mkdir -p .build-id/${id%%${id#??}} && mv .debug/x.debug .build-id/${id%%${id#??}}/${id#??}.debug",
		 top), "a file that is named by the build ID");
	setenv("OBSCTL_DEBUG_DIR", top, 1);
	ok(!elf_functions_open(&f, path.p) && count_of(&f, "only_here") == 1,
	   "symbols by the build ID");
	elf_functions_close(&f);
	/* Of another program. */
	ok(!tool("cd %s && cp /bin/true x.debug && for f in .build-id/*/*; do cp /bin/true $f; done",
		 top),
	   "other files of these names");
	listen_begin();
	elf_functions_open(&f, path.p);
	listen_end();
	ok(!count_of(&f, "only_here"), "they are not taken");
	elf_functions_close(&f);
	test_no_file(path.p);
	buf_free(&path);
}

static void refuses(const char *path, const char *want)
{
	struct elf_functions f;
	int err;

	listen_begin();
	err = elf_functions_open(&f, path);
	listen_end();
	ok(err == 1 && strstr(said, want), want);
	elf_functions_close(&f);
}

/* Change a byte of a copy of this program. */
static void with_byte(struct buf *path, size_t at, unsigned char byte)
{
	int fd;

	path->len = 0;
	buf_printf(path, "%s/byte", top);
	tool("cp %s %s", self, path->p);
	fd = open(path->p, O_WRONLY);
	if (fd < 0 || pwrite(fd, &byte, 1, (off_t)at) != 1)
		perror(path->p);
	close(fd);
}

static void test_files(void)
{
	struct buf path = {};

	refuses("/etc/passwd", "is no program or library (ELF)");
	refuses("/etc", "is no regular file");
	refuses("/nosuch", "cannot be read");
	with_byte(&path, EI_CLASS, ELFCLASS32);
	refuses(path.p, "is a 32-bit program or library");
	with_byte(&path, offsetof(Elf64_Ehdr, e_machine), EM_S390);
	refuses(path.p, "is for another architecture");
	with_byte(&path, offsetof(Elf64_Ehdr, e_type), ET_REL);
	refuses(path.p, "is an object file");
	if (tool("echo 'int main(void) { return 0; }' | cc -x c -s -o %s -", path.p))
		perror("cc");
	refuses(path.p, "has no symbols of functions: it was stripped");
	buf_free(&path);
}

static void test_boundaries(void)
{
	/* push %rbp; mov %rsp,%rbp; nopw; endbr64; ret; and no instruction */
	static const uint8_t code[] = {
		0x55, 0x48, 0x89, 0xe5, 0x66, 0x90, 0xf3, 0x0f, 0x1e, 0xfa, 0xc3, 0x06, 0x90,
	};
	static const bool begins[] = { 1, 1, 0, 0, 1, 0, 1, 0, 0, 0, 1, 1, 0 };
	struct buf why = {};
	bool good = true;
	size_t i;

	if (!code_boundary(code, sizeof(code), 1, false, &why)) {
		ok(strstr(why.p, "Capstone"), "boundaries # SKIP there is no Capstone");
		buf_free(&why);
		return;
	}
	for (i = 0; i < sizeof(code); i++)
		good &= code_boundary(code, sizeof(code), i, false, &why) == begins[i];
	ok(good, "where instructions of x86 begin");
	why.len = 0;
	code_boundary(code, sizeof(code), 2, false, &why);
	ok(!strcmp(why.p, "it is inside of an instruction: the next ones begin at +0x1 and +0x4"),
	   "the instructions before and after");
	why.len = 0;
	code_boundary(code, sizeof(code), 12, false, &why);
	ok(!strcmp(why.p, "the code at +0xb before it cannot be decoded"), "what is no instruction");
	why.len = 0;
	ok(code_boundary(code, sizeof(code), 8, true, &why) &&
	   !code_boundary(code, sizeof(code), 6, true, &why) && strstr(why.p, "+0x4 and +0x8"),
	   "instructions of arm64");
	buf_free(&why);
}

static void test_libraries(void)
{
	static const struct {
		const char	*word;
		const char	*file;
		bool		is;
	} v[] = {
		{ "libc", "libc.so.6", true }, { "libc", "libc.so", true },
		{ "libc", "libcrypt.so.1", false }, { "libc.so", "libc.so.6", true },
		{ "libc.so.6", "libc.so.6", true }, { "libc.so.6", "libc.so.60", false },
		{ "libc", "libc-2.31.so", false }, { "libc", "libc", false },
		{ "libstdc++", "libstdc++.so.6", true }, { "libfoo.so.1", "libfoo.so.1.2", true },
	};
	char *found = library_find("libc");
	bool good = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(v); i++)
		good &= library_is(v[i].word, v[i].file) == v[i].is;
	ok(good, "names of libraries");
	ok(found && strstr(found, "libc.so") && !access(found, R_OK), "the loader's libc");
	free(found);
	ok(!library_find("libnosuch"), "no such library");
}

static bool found_at(const char *word, uint32_t pid, const char *path, const char *shown)
{
	struct program_path p;
	bool good;

	listen_begin();
	good = !program_find(word, pid, &p) && (!path || !strcmp(p.path, path)) &&
	       !strcmp(p.shown, shown);
	listen_end();
	if (!good && p.path)
		printf("# '%s' is '%s', '%s': %s\n", word, p.path, p.shown, said);
	program_free_path(&p);
	return good;
}

static void test_paths(void)
{
	const char *base = strrchr(self, '/') + 1;
	uint32_t pid = (uint32_t)getpid();
	struct buf text = {};

	ok(found_at(self, 0, self, base), "a path");
	buf_printf(&text, "%u", pid);
	ok(found_at(text.p, 0, self, base), "a process");
	ok(found_at("/proc/self/exe", 0, self, "exe"), "a link of this process");
	ok(found_at("sh", 0, NULL, "sh"), "a command");
	ok(found_at("libc", 0, NULL, "libc.so.6") && found_at("libc", pid, NULL, "libc.so.6"),
	   "a library, of the loader and of a process");
	text.len = 0;
	buf_printf(&text, "%s/link", top);
	ok(!symlink(self, text.p) && found_at(text.p, 0, self, "link"), "a link");
	ok(!found_at("nosuch", pid, NULL, "nosuch") &&
	   strstr(said, "there is no program or library 'nosuch'"), "nothing of that name");
	ok(!found_at("4294967295", 0, NULL, "") && strstr(said, "it is gone, or a kernel thread"),
	   "no such process");
	buf_free(&text);
}

/* A program that was deleted while it runs. */
static void test_deleted(void)
{
	struct buf path = {};
	struct buf word = {};
	int in[2];
	pid_t pid;

	buf_printf(&path, "%s/gone", top);
	if (tool("cp /bin/cat %s", path.p) || pipe(in))
		perror(path.p);
	pid = fork();
	if (!pid) {
		dup2(in[0], STDIN_FILENO);
		close(in[1]);
		execl(path.p, "gone", NULL);
		_Exit(1);
	}
	close(in[0]);
	/* It is the other program as soon as its memory has that mapped. */
	buf_printf(&word, "/proc/%d/exe", pid);
	for (int i = 0; i < 5000; i++) {
		char target[256] = "";

		if (readlink(word.p, target, sizeof(target) - 1) > 0 && strstr(target, "gone"))
			break;
		usleep(1000);
	}
	unlink(path.p);
	word.len = 0;
	buf_printf(&word, "%d", pid);
	path.len = 0;
	buf_printf(&path, "/proc/%d/exe", pid);
	ok(found_at(word.p, 0, path.p, "gone"), "a program that was deleted");
	close(in[1]);
	waitpid(pid, NULL, 0);
	buf_free(&path);
	buf_free(&word);
}

int main(void)
{
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0 || !mkdtemp(top))
		perror("test_user");
	test_names();
	test_files();
	test_boundaries();
	test_libraries();
	test_paths();
	test_deleted();
	test_debug();
	tool("rm -rf %s", top);
	printf("1..%d\n", tests);
	return failures ? 1 : 0;
}
