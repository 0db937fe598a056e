// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of flame graphs: places, widths, text, merging; prints TAP. With a directory
 * as its argument it writes the pictures there that tests/browser looks at.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export/flame.h"
#include "export/folded.h"
#include "lib/diag.h"
#include "lib/macros.h"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static void has(const char *text, const char *part, bool wanted, const char *name)
{
	bool good = !strstr(text, part) == !wanted;

	ok(good, name);
	if (!good)
		printf("# %s '%s' in '%.3000s'\n", wanted ? "no" : "there is", part, text);
}

/* What a frame of a line begins with tells its kind. */
static enum frame_kind kind_of(const char **name)
{
	static const struct {
		char		letter;
		enum frame_kind	kind;
	} kinds[] = {
		{ 'c', FRAME_COLUMN }, { 'u', FRAME_USER }, { 'i', FRAME_INLINED },
		{ 'k', FRAME_KERNEL }, { 'm', FRAME_MODULE },
	};
	size_t i;

	for (i = 0; (*name)[0] && (*name)[1] == ':' && i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].letter == **name) {
			*name += 2;
			return kinds[i].kind;
		}
	return FRAME_KERNEL;
}

/* "c:sh;u:main;k:read 5", or 5/3 where there were 3 before. */
static void add(struct stack_set *s, const char *text)
{
	char *copy = strdup(text);
	char *weight = strrchr(copy, ' ');
	char *save = NULL;
	char *frame;

	*weight++ = 0;
	stack_set_begin(s, strtoull(weight, &save, 10), 1);
	s->v[s->n - 1].before = *save ? strtoull(save + 1, NULL, 10) : 0;
	save = NULL;
	for (frame = strtok_r(copy, ";", &save); frame; frame = strtok_r(NULL, ";", &save)) {
		const char *name = frame;
		enum frame_kind kind = kind_of(&name);

		stack_set_add(s, stack_set_frame(s, name, kind));
	}
	free(copy);
}

static char *draw(struct flame *f)
{
	struct buf out = {};

	f->title = f->title ? f->title : "a title";
	f->unit = f->unit ? f->unit : "samples";
	flame_write(f, &out);
	return out.p;
}

static size_t count_of(const char *text, const char *part)
{
	size_t n = 0;

	for (text = strstr(text, part); text; text = strstr(text + 1, part))
		n++;
	return n;
}

static void test_layout(void)
{
	struct stack_set set = {};
	struct flame f = { .set = &set };
	char *svg;

	add(&set, "a;c 1");
	add(&set, "a;b 2");
	add(&set, "d 1");
	svg = draw(&f);
	has(svg, "data-f=\"0 0 4\"><title>all\n4 samples, 100.00 %</title><rect x=\"10\" y=\"32\" width=\"1180\" height=\"15\"/>",
	    true, "all is as wide as the picture, and below the others");
	has(svg, "data-f=\"1 0 3\"><title>a\nkernel, 3 samples, 75.00 %</title><rect x=\"10\" y=\"16\" width=\"885\" height=\"15\"/>",
	    true, "stacks of one frame are one frame");
	has(svg, "data-f=\"2 0 2\"><title>b\nkernel, 2 samples, 50.00 %</title><rect x=\"10\" y=\"0\" width=\"590\" height=\"15\"/>",
	    true, "siblings are in the order of their names");
	has(svg, "data-f=\"2 2 1\"><title>c\nkernel, 1 sample, 25.00 %</title><rect x=\"600\" y=\"0\" width=\"295\" height=\"15\"/>",
	    true, "the next one begins where that ends");
	has(svg, "data-f=\"1 3 1\"><title>d\nkernel, 1 sample, 25.00 %</title><rect x=\"895\" y=\"16\" width=\"295\" height=\"15\"/>",
	    true, "so does the last one");
	has(svg, ">merged", false, "nothing is merged");
	free(svg);
	f.icicle = true;
	svg = draw(&f);
	has(svg, "<title>all\n4 samples, 100.00 %</title><rect x=\"10\" y=\"0\" ", true,
	    "the root of an icicle is at the top");
	has(svg, "<rect x=\"600\" y=\"32\" width=\"295\"", true, "and its leaves at the bottom");
	free(svg);
	stack_set_free(&set);
}

static void test_text(void)
{
	struct stack_set set = {};
	struct flame f = { .set = &set };
	char *svg;

	add(&set, "c:<script>alert(1)</script>;k:&\"'\n\x1b[31m\x7f 995");
	add(&set, "c:\xff\xc2\x9b\xef\xbf\xbe\xc3\xa9 4000");
	add(&set, "k:a_name_that_is_longer_than_its_frame_is_wide 5");
	f.title = "<b>&\x01";
	strings_add(&f.head, "head <i>");
	strings_add(&f.foot, "foot ]]> & more");
	svg = draw(&f);
	has(svg, "<script>alert", false, "a name is no element");
	has(svg, "<title>&lt;script&gt;alert(1)&lt;/script&gt;\ncolumn, 995 samples, 19.90 %</title>",
	    true, "it is text");
	has(svg, "<title>&amp;&quot;&#39;??[31m?\n", true, "so are quotes; controls are marks");
	has(svg, "<title>\xef\xbf\xbd?\xef\xbf\xbd\xc3\xa9\n", true,
	    "what is no UTF-8 or no character of XML is replaced");
	has(svg, "<title>&lt;b&gt;&amp;?</title>", true, "a title is text");
	has(svg, ">head &lt;i&gt;<", true, "the head is text");
	has(svg, ">foot ]]&gt; &amp; more<", true, "the foot is text");
	ok(count_of(svg, "]]>") == 1 && count_of(svg, "<![CDATA[") == 1,
	   "the script is one section of text");
	has(svg, "href", false, "nothing is referred to");
	ok(count_of(svg, "://") == 2 && strstr(svg, "http://www.w3.org/2000/svg") &&
	   strstr(svg, "http://www.w3.org/1999/xhtml"), "the only addresses are names of XML's");
	free(svg);
	strings_free(&f.head);
	strings_free(&f.foot);
	stack_set_free(&set);
}

static void test_fit(void)
{
	struct stack_set set = {};
	struct flame f = { .set = &set };
	char *svg;

	/* 1180 px / 20 = 59 px: 53 beside the margins, of 7.25 px each. */
	add(&set, "seven_7 1");
	add(&set, "eight_88 1");
	add(&set, "zz 18");
	svg = draw(&f);
	has(svg, ">seven_7</text>", true, "a name that fits");
	has(svg, ">eight..</text>", true, "one that does not is cut");
	free(svg);
	stack_set_free(&set);
	add(&set, "x 1");
	add(&set, "zz 99");
	svg = draw(&f);
	has(svg, ">x</text>", false, "a frame of 11 px has no text");
	free(svg);
	stack_set_free(&set);
}

static void test_kinds(void)
{
	struct stack_set set = {};
	struct flame f = { .set = &set, .palette = FLAME_WAITS, .unit = "ns" };
	char *blue, *green;

	add(&set, "c:sh;u:main;i:inline;k:read;m:ext4_read [ext4] 1500000");
	blue = draw(&f);
	has(blue, "<title>ext4_read [ext4]\nmodule, 1.50 ms, 100.00 %</title>", true, "a time");
	has(blue, "<title>inline\ninlined, ", true, "an inlined function");
	has(blue, "<title>main\nuser, ", true, "a function of the user's");
	has(blue, "<title>sh\ncolumn, ", true, "a column");
	has(blue, ">kernel</text>", true, "the legend has the kinds that are there");
	has(blue, ">merged</text>", false, "and no others");
	f.palette = FLAME_MEMORY;
	f.unit = "bytes";
	green = draw(&f);
	has(green, "1.4 MiB", true, "a size");
	ok(strstr(blue, ".k4{fill:#") && strstr(green, ".k4{fill:#") &&
	   strncmp(strstr(blue, ".k4{fill:#"), strstr(green, ".k4{fill:#"), 17),
	   "a source has its colours");
	free(blue);
	free(green);
	stack_set_free(&set);
}

/* Colours are part of what people remember: they do not depend on the other frames. */
static void test_colours(void)
{
	struct stack_set one = {}, two = {};
	struct flame f = { .set = &one };
	char *a, *b;

	add(&one, "vfs_read 3");
	add(&two, "aaa;vfs_read 3");
	add(&two, "zzz 9");
	a = draw(&f);
	f.set = &two;
	b = draw(&f);
	ok(!strncmp(strstr(a, "<title>vfs_read") - 17, strstr(b, "<title>vfs_read") - 17, 4) &&
	   strstr(a, "<g class=\"k") && strstr(b, "<g class=\"k"),
	   "a name has the same colour everywhere");
	free(a);
	free(b);
	stack_set_free(&one);
	stack_set_free(&two);
}

/* Every frame holds what stands on it, side by side; what ends in it is the rest. */
static bool adds_up(const struct flame_tree *t)
{
	bool good = true;
	size_t i, k;

	for (i = 0; i < t->n; i++) {
		uint64_t end = t->v[i].at;

		for (k = i + 1; k < t->n && t->v[k].depth > t->v[i].depth; k++) {
			if (t->v[k].depth != t->v[i].depth + 1)
				continue;
			good &= t->v[k].at == end;
			end += t->v[k].weight;
		}
		good &= end <= t->v[i].at + t->v[i].weight;
	}
	return good;
}

static void test_merging(void)
{
	struct stack_set set = {};
	struct flame_tree t = {};
	struct flame f = { .set = &set };
	char line[64];
	char *svg;
	size_t i;

	add(&set, "wide;leaf 1000000");
	for (i = 0; i < 500; i++) {
		snprintf(line, sizeof(line), "wide;small%zu;above 2", i);
		add(&set, line);
	}
	flame_tree_build(&t, &set, 100, FLAME_FRAMES);
	ok(t.n == 4 && t.v[3].merged == 500 && t.v[3].weight == 1000 && t.v[3].depth == 2 &&
	   t.v[3].at == 1000000, "narrow siblings are one frame, the last one");
	ok(t.merged == 500 && t.merged_weight == 1000 && t.merged_frames == 1, "that is told");
	ok(t.v[0].weight == 1001000 && adds_up(&t), "the weights add up");
	svg = draw(&f);
	has(svg, "<title>(others)\n500 too narrow to be drawn, 1,000 samples, 0.10 %</title>", true,
	    "its title tells how many");
	has(svg, ">merged: 500 branches narrower than 0.1 px, 0.10 % of all, are 1 frames &quot;(others)&quot;<",
	    true, "so does the foot");
	free(svg);
	flame_tree_free(&t);
	stack_set_free(&set);
}

/* Random stacks: whatever is merged, no weight is lost. */
static void test_bounds(void)
{
	struct stack_set set = {};
	struct flame_tree t = {};
	uint64_t seed = 1;
	uint64_t total;
	char name[16];
	size_t i, k;

	for (i = 0; i < 60000; i++) {
		stack_set_begin(&set, 1 + i % 7, 1);
		for (k = 0; k < 6; k++) {
			seed = hash_number(seed + i);
			snprintf(name, sizeof(name), "f%u", (unsigned int)(seed % 11));
			stack_set_add(&set, stack_set_frame(&set, name, FRAME_KERNEL));
		}
	}
	total = stack_set_total(&set);
	flame_tree_build(&t, &set, 0, SIZE_MAX);
	ok(t.n > FLAME_FRAMES && !t.merged && t.levels == 7 && adds_up(&t) &&
	   t.v[0].weight == total, "all frames, if there is no limit");
	flame_tree_free(&t);
	flame_tree_build(&t, &set, 0, FLAME_FRAMES);
	ok(t.n <= FLAME_FRAMES + FLAME_LEVELS && t.merged && t.least > 0 && adds_up(&t) &&
	   t.v[0].weight == total, "too many: narrower ones are merged until they fit");
	flame_tree_free(&t);
	stack_set_free(&set);
}

static void test_depth(void)
{
	struct stack_set set = {};
	struct flame_tree t = {};
	struct flame f = { .set = &set };
	struct buf line = {};
	char *svg;
	size_t i;

	for (i = 0; i < 1000; i++)
		buf_puts(&line, i ? ";same" : "same");
	buf_puts(&line, " 3");
	add(&set, line.p);
	add(&set, "same 1");
	flame_tree_build(&t, &set, 0, FLAME_FRAMES);
	ok(t.levels == FLAME_LEVELS && t.n == FLAME_LEVELS && t.deeper == 3 && adds_up(&t) &&
	   t.v[t.n - 1].weight == 3, "a stack of a thousand frames ends at the last level");
	svg = draw(&f);
	has(svg, ">merged: what has more than 223 levels, 75.00 % of all, ends in frames &quot;(deeper)&quot;<",
	    true, "and the foot tells it");
	free(svg);
	buf_free(&line);
	flame_tree_free(&t);
	stack_set_free(&set);
}

static void test_nothing(void)
{
	struct stack_set set = {};
	struct flame f = { .set = &set };
	char *svg = draw(&f);

	has(svg, "<title>all\n0 samples, 0.00 %</title><rect x=\"10\" y=\"0\" width=\"0\"", true,
	    "a picture of nothing");
	free(svg);
	stack_set_free(&set);
}

static void test_folded(void)
{
	struct stack_set set = {};
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	add(&set, "c:sh;k:a 1");
	add(&set, "k:b\n 2");
	add(&set, "c:sh;k:a 4");
	folded_write(&set, file);
	fclose(file);
	ok(!strcmp(text, "sh;a 5\nb? 2\n"), "the same stacks folded");
	free(text);
	stack_set_free(&set);
}

/* What a frame is of, by its text; and where its code is from. */
static void test_frames(void)
{
	struct stack_set set = {};
	uint32_t a = stack_set_frame(&set, "a [prog]", FRAME_USER);

	ok(frame_kind_of("a [prog]", true) == FRAME_USER &&
	   frame_kind_of("a (inlined)", true) == FRAME_INLINED &&
	   frame_kind_of("a(int) (inlined) a.c:7", true) == FRAME_INLINED &&
	   frame_kind_of("a (inlined)x", true) == FRAME_USER, "kinds of user frames");
	ok(frame_kind_of("vfs_read", false) == FRAME_KERNEL &&
	   frame_kind_of("p9_read [9p]", false) == FRAME_MODULE &&
	   frame_kind_of("[unknown]", false) == FRAME_KERNEL &&
	   frame_kind_of("get (inlined) fs.h:1", false) == FRAME_INLINED,
	   "kinds of kernel frames");
	stack_set_place(&set, a, "/bin/prog", NULL, 0);
	stack_set_place(&set, a, "/bin/other", "a.c", 7);
	ok(!strcmp(set.frames[a].path, "/bin/prog") && !strcmp(set.frames[a].file, "a.c") &&
	   set.frames[a].line == 7, "the place of a frame, as it was told first");
	stack_set_free(&set);
}

/* Lines wrap at the picture's edge. */
static void test_lines(void)
{
	struct stack_set set = {};
	struct flame f = { .set = &set };
	struct buf line = {};
	char *svg;
	size_t i;

	for (i = 0; i < 50; i++)
		buf_puts(&line, i ? " word" : "word");
	strings_add(&f.foot, line.p);
	svg = draw(&f);
	ok(count_of(svg, "<tspan") == 2, "250 characters are two lines of 162");
	free(svg);
	buf_free(&line);
	strings_free(&f.foot);
	stack_set_free(&set);
}

static const struct sample {
	const char	*file;
	enum flame_palette palette;
	bool		icicle;
	bool		compared;
	const char	*title;
	const char	*unit;
	const char	*const *stacks;
} samples[] = {
	{
		"cpu.svg", FLAME_CPU, false, false, "pmu record: cp -r /usr/share /tmp/copy", "samples",
		(const char *const []){
			"c:cp;u:main [cp];u:copy_dir [cp];i:copy_file [cp];u:read [libc.so.6];k:entry_SYSCALL_64_after_hwframe;k:do_syscall_64;k:ksys_read;k:vfs_read;m:ext4_file_read_iter [ext4];k:filemap_read;k:copy_page_to_iter 420",
			"c:cp;u:main [cp];u:copy_dir [cp];i:copy_file [cp];u:read [libc.so.6];k:entry_SYSCALL_64_after_hwframe;k:do_syscall_64;k:ksys_read;k:vfs_read;m:ext4_file_read_iter [ext4];k:filemap_read;k:filemap_get_pages 61",
			"c:cp;u:main [cp];u:copy_dir [cp];i:copy_file [cp];u:write [libc.so.6];k:entry_SYSCALL_64_after_hwframe;k:do_syscall_64;k:ksys_write;k:vfs_write;m:ext4_buffered_write_iter [ext4];k:generic_perform_write;k:copy_page_from_iter_atomic 307",
			"c:cp;u:main [cp];u:copy_dir [cp];i:copy_file [cp];u:write [libc.so.6];k:entry_SYSCALL_64_after_hwframe;k:do_syscall_64;k:ksys_write;k:vfs_write;m:ext4_buffered_write_iter [ext4];k:generic_perform_write;m:ext4_da_write_begin [ext4] 143",
			"c:cp;u:main [cp];u:copy_dir [cp];u:openat [libc.so.6];k:entry_SYSCALL_64_after_hwframe;k:do_syscall_64;k:do_sys_openat2;k:do_filp_open;k:path_openat;k:link_path_walk 96",
			"c:cp;u:main [cp];u:copy_dir [cp];u:openat [libc.so.6];k:entry_SYSCALL_64_after_hwframe;k:do_syscall_64;k:do_sys_openat2;k:do_filp_open;k:path_openat;m:ext4_create [ext4] 130",
			"c:cp;u:main [cp];u:copy_dir [cp];u:fts_read [libc.so.6] 55",
			"c:kworker/u4:2;k:ret_from_fork;k:kthread;k:worker_thread;k:process_one_work;k:wb_workfn;k:writeback_sb_inodes;m:ext4_writepages [ext4];m:ext4_bio_write_page [ext4] 88",
			"c:swapper/0;k:secondary_startup_64;k:cpu_startup_entry;k:do_idle;k:asm_sysvec_apic_timer_interrupt 12",
			NULL,
		},
	},
	{
		"offcpu.svg", FLAME_WAITS, true, false, "sched offcpu: ./server", "ns",
		(const char *const []){
			"c:server;u:main [server];u:accept4 [libc.so.6];k:do_syscall_64;k:__sys_accept4;k:inet_csk_accept;k:schedule 4200000000",
			"c:server;u:worker [server];u:pthread_cond_wait [libc.so.6];k:do_syscall_64;k:do_futex;k:futex_wait;k:schedule 2900000000",
			"c:server;u:worker [server];u:fsync [libc.so.6];k:do_syscall_64;k:__x64_sys_fsync;m:ext4_sync_file [ext4];m:jbd2_log_wait_commit [jbd2];k:schedule 811000000",
			NULL,
		},
	},
	{
		"memory.svg", FLAME_MEMORY, false, false, "slab leaks", "bytes",
		(const char *const []){
			"c:kmalloc-256;k:ret_from_fork;k:kthread;m:leak_thread [leaky];m:leak_one [leaky];k:kmalloc_trace 7340032",
			"c:dentry;k:do_syscall_64;k:do_sys_openat2;k:d_alloc_parallel;k:d_alloc 1048576",
			"c:kmalloc-64;k:do_syscall_64;k:__x64_sys_bind;k:security_socket_bind 524288",
			NULL,
		},
	},
	{
		"calls.svg", FLAME_CALLS, false, false, "func count vfs_*", "hits",
		(const char *const []){
			"k:do_syscall_64;k:ksys_read;k:vfs_read 700",
			"k:do_syscall_64;k:ksys_write;k:vfs_write 250",
			"k:do_syscall_64;k:__do_sys_newfstat;k:vfs_fstat 50",
			NULL,
		},
	},
	{
		"change.svg", FLAME_CPU, false, true, "after.json compared with before.json", "hits",
		(const char *const []){
			"c:cp;u:main [cp];k:do_syscall_64;k:ksys_read;k:vfs_read 700/300",
			"c:cp;u:main [cp];k:do_syscall_64;k:ksys_write;k:vfs_write 250/250",
			"c:cp;u:main [cp];k:do_syscall_64;k:ksys_fsync 40/160",
			"c:cp;u:main [cp];k:do_syscall_64;k:ksys_sync 120/130",
			"c:dd;k:do_syscall_64;k:vfs_fstat 150/0",
			"c:sh;k:do_exit 0/50",
			NULL,
		},
	},
	{
		/* 1000 samples: what the browser must find in them is known. */
		"hostile.svg", FLAME_CPU, false, false,
		"<script>alert('title')</script> & \"more\"", "samples",
		(const char *const []){
			"c:<script>alert(1)</script>;u:find_me;k:find_me;k:leaf 300",
			"c:<script>alert(1)</script>;u:other;k:find_me 150",
			"c:&\"';u:\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xb8\x96\xe7\x95\x8c_wide_characters_in_a_name 250",
			"c:&\"';u:\xff\xfe\x1b[31m_bytes;k:Capital 200",
			"c:]]></script>;u:</title></svg> 100",
			NULL,
		},
	},
};

static void write_sample(const struct sample *sample)
{
	struct stack_set set = {};
	struct flame f = {
		.set = &set, .palette = sample->palette, .icicle = sample->icicle,
		.title = sample->title, .unit = sample->unit, .compared = sample->compared,
	};
	FILE *file = fopen(sample->file, "w");
	char *svg;
	size_t i;

	for (i = 0; sample->stacks[i]; i++)
		add(&set, sample->stacks[i]);
	strings_add(&f.head, "what was observed, for 10.0 s, only what a filter lets through, with a line that is long enough to be wrapped in a narrow window");
	strings_add(&f.foot, "hits 1,312 = recorded 1,312 + filtered 0 + lost 0");
	strings_add(&f.foot, "Linux 6.12.0, kobs 1.0");
	svg = draw(&f);
	if (file) {
		fputs(svg, file);
		fclose(file);
	}
	ok(file, sample->file);
	free(svg);
	strings_free(&f.head);
	strings_free(&f.foot);
	stack_set_free(&set);
}

/* Rows as many as there can be: the file stays small. */
static void write_large(const char *path, size_t stacks, size_t depth)
{
	struct stack_set set = {};
	struct flame f = { .set = &set, .palette = FLAME_CPU };
	uint64_t seed = 7;
	char name[32];
	FILE *file;
	char *svg;
	size_t i, k;

	for (i = 0; i < stacks; i++) {
		stack_set_begin(&set, 1 + i % 3, 1);
		for (k = 0; k < depth; k++) {
			/* A few frames near the root, more and more above it. */
			uint64_t choices = k < 4 ? 2 : k < 10 ? 5 : 40;

			seed = hash_number(seed + 0x9e3779b97f4a7c15ull);
			snprintf(name, sizeof(name), "function_%zu_%u", k,
				 (unsigned int)(seed % choices));
			stack_set_add(&set, stack_set_frame(&set, name, k < 8 ? FRAME_USER :
							    FRAME_KERNEL));
		}
	}
	svg = draw(&f);
	file = fopen(path, "w");
	if (file) {
		fputs(svg, file);
		fclose(file);
	}
	ok(file && strlen(svg) < 8 << 20, path);
	free(svg);
	stack_set_free(&set);
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc > 1 && chdir(argv[1])) {
		perror(argv[1]);
		return 1;
	}
	if (argc > 1) {
		for (i = 0; i < ARRAY_SIZE(samples); i++)
			write_sample(&samples[i]);
		write_large("large.svg", 100000, 24);
		printf("1..%u\n", test_nr);
		return failures ? 1 : 0;
	}
	test_layout();
	test_text();
	test_fit();
	test_kinds();
	test_colours();
	test_merging();
	test_bounds();
	test_depth();
	test_nothing();
	test_folded();
	test_frames();
	test_lines();
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
