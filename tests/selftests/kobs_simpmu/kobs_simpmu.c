// SPDX-License-Identifier: GPL-2.0
/*
 * A simulated PMU: its samples, with their branch stacks, come from a file, so
 * that branch sampling can be tested without hardware support.
 *
 * The PMU is called kobs_simpmu and counts for CPUs, not for tasks. Files in
 * /sys/kernel/debug/kobs_simpmu:
 *
 *   replay   takes samples, one per line, and delivers each to all events of the
 *            CPU that the writer runs on; complete when write() returns:
 *              IP FROM/TO/M|P|-/X|-/A|-/CYCLES[/TYPE[/SPEC]] ...
 *            as perf script prints them, newest branch first. A word nr=N
 *            makes the stack claim N entries, however many it has; period=N is
 *            how much of the event the sample stands for (otherwise 1 or the
 *            event's period); chain=IP,IP,... is the call chain, kernel first, of
 *            the registers of the interrupt of a precise event; below=N puts the
 *            stack pointer N bytes below the task's user registers, otherwise it is
 *            on no stack; addr=ADDRESS, src=BITS and weight=N are the address of
 *            the data (or "stack": on the task's kernel stack), its data source and
 *            its weight, for events that ask for them.
 *   objects  data with known places, to be used as addresses: a line "KIND ADDRESS"
 *            each, of an object of a cache, a page, vmalloc, and a variable
 *   context  task, irq or nmi: context of delivery
 *   repeat   number of deliveries per sample
 *   refuse   bits of perf's branch filter that the PMU does not support
 *   stats    samples delivered to an event, and samples without one; overflows
 *            that no handler saw, because their records were collected
 *
 * A precise event (precise_ip) is what Intel's PEBS makes of it: its samples have
 * the registers of the interrupt, where only the IP is the record's, and the call
 * chain of these registers, if it was asked for; and records are collected, behind
 * the handler's back, where the event's attributes allow it.
 *
 * Locking: sim_lock serialises writers and protects the current sample. The
 * events of a CPU are changed and read on that CPU only, with interrupts off, or
 * from an NMI, which reads them only when the same CPU requested it.
 */
#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/perf_event.h>
#include <linux/percpu.h>
#include <linux/sched/task_stack.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#ifdef CONFIG_X86
#include <asm/nmi.h>
#endif

/* Bytes of one write, and of one line at most. */
#define SIM_CHUNK	(8 * 1024 * 1024)
/* Entries that a stack has room for, whatever it claims. */
#define SIM_ENTRIES	256
/* Events of one CPU. */
#define SIM_EVENTS	8
/* Frames of a call chain, with the marks of their kind. */
#define SIM_FRAMES	64
#define SIM_REPEAT	1000000

enum sim_context { SIM_TASK, SIM_IRQ, SIM_NMI, SIM_CONTEXTS };

static const char *const context_names[] = { "task", "irq", "nmi" };

static_assert(ARRAY_SIZE(context_names) == SIM_CONTEXTS);

/* Names of branch types, as perf script prints them; one not known has none. */
static const char *const type_names[] = {
	[PERF_BR_UNKNOWN] = "",
	[PERF_BR_COND] = "COND",
	[PERF_BR_UNCOND] = "UNCOND",
	[PERF_BR_IND] = "IND",
	[PERF_BR_CALL] = "CALL",
	[PERF_BR_IND_CALL] = "IND_CALL",
	[PERF_BR_RET] = "RET",
	[PERF_BR_SYSCALL] = "SYSCALL",
	[PERF_BR_SYSRET] = "SYSRET",
	[PERF_BR_COND_CALL] = "COND_CALL",
	[PERF_BR_COND_RET] = "COND_RET",
	[PERF_BR_ERET] = "ERET",
	[PERF_BR_IRQ] = "IRQ",
};

/**
 * struct sim_cpu - events of one CPU
 * @events: those that are added
 * @nmi: the next NMI of this CPU is ours
 */
struct sim_cpu {
	struct perf_event *events[SIM_EVENTS];
	bool nmi;
};

static DEFINE_PER_CPU(struct sim_cpu, sim_cpus);

/**
 * struct sim_sample - the sample that is delivered
 * @ip: where it was taken
 * @period: how much of the event it stands for; 0: the event's period
 * @below: how far the stack pointer is below the task's user registers, or 0
 * @data: address of the data, and more, of the types in has; on_stack: the address
 *        is on the task's kernel stack
 * @chain: call chain of a precise event, with marks, in the layout of struct
 *         perf_callchain_entry
 * @stack: its branches, in the layout of struct perf_branch_stack; entries
 *         beyond those that were given are zero
 */
struct sim_sample {
	u64 ip;
	u64 period;
	u64 below;
	struct {
		u64 has;
		u64 addr;
		u64 src;
		u64 weight;
		bool on_stack;
	} data;
	struct {
		u64 nr;
		u64 ip[SIM_FRAMES];
	} chain;
	struct {
		u64 nr;
		u64 hw_idx;
		struct perf_branch_entry entries[SIM_ENTRIES];
	} stack;
};

static DEFINE_MUTEX(sim_lock);
/* Under sim_lock: */
static struct sim_sample *sim_sample;
static enum sim_context sim_context;
static u32 sim_repeat = 1;
static u64 sim_refuse;

static atomic64_t sim_delivered = ATOMIC64_INIT(0);
static atomic64_t sim_unmet = ATOMIC64_INIT(0);
static atomic64_t sim_collected = ATOMIC64_INIT(0);
static struct dentry *sim_dir;

/* === Delivery === */

static void sim_regs(struct pt_regs *regs, u64 ip)
{
	memset(regs, 0, sizeof(*regs));
	instruction_pointer_set(regs, ip);
#ifdef CONFIG_X86
	regs->cs = (s64)ip < 0 ? __KERNEL_CS : __USER_CS;
	regs->ss = (s64)ip < 0 ? __KERNEL_DS : __USER_DS;
	regs->flags = X86_EFLAGS_FIXED | X86_EFLAGS_IF;
#elif defined(CONFIG_ARM64)
	regs->pstate = (s64)ip < 0 ? PSR_MODE_EL1h : PSR_MODE_EL0t;
#endif
}

/* What a sample has of the data that its instruction accessed. */
#define SIM_DATA	(PERF_SAMPLE_ADDR | PERF_SAMPLE_DATA_SRC | \
			 PERF_SAMPLE_WEIGHT)

/* In the configuration of an event: it is one of a group. */
#define SIM_NEEDS_GROUP	0x8000

/* Above these bits of it: what its counts are multiplied by, if not 0. */
#define SIM_TIMES_SHIFT	16

/* What a PEBS record can hold by itself, of what kobs could ask for. */
#define SIM_RECORD_HAS	(PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_PERIOD | \
			 PERF_SAMPLE_BRANCH_STACK | SIM_DATA)

/*
 * The condition of intel_pmu_hw_config() for PERF_X86_EVENT_LARGE_PEBS: then
 * __intel_pmu_pebs_event() hands records to perf_event_output(), which writes
 * them to a buffer that an event of the kernel's own does not have.
 */
static bool sim_collects(const struct perf_event_attr *attr)
{
	return attr->precise_ip && !attr->freq &&
	       !(attr->wakeup_events && !attr->watermark) &&
	       !(attr->sample_type & ~SIM_RECORD_HAS);
}

static void sim_save_data(const struct perf_event *event,
			  struct perf_sample_data *data)
{
	u64 types = event->attr.sample_type & sim_sample->data.has;

	if (types & PERF_SAMPLE_ADDR)
		data->addr = sim_sample->data.on_stack ?
			     (unsigned long)task_pt_regs(current) - 256 :
			     sim_sample->data.addr;
	if (types & PERF_SAMPLE_DATA_SRC)
		data->data_src.val = sim_sample->data.src;
	if (types & PERF_SAMPLE_WEIGHT)
		data->weight.full = sim_sample->data.weight;
	data->sample_flags |= types;
}

static void sim_overflow(struct perf_event *event, struct pt_regs *regs)
{
	struct perf_branch_stack *stack = (void *)&sim_sample->stack;
	u64 period = sim_sample->period ?: event->hw.last_period;
	u64 times = event->attr.config >> SIM_TIMES_SHIFT;
	struct perf_sample_data data;

	local64_add(period * (times ?: 1), &event->count);
	if (!event->attr.sample_period)
		return;
	if (sim_collects(&event->attr)) {
		atomic64_inc(&sim_collected);
		return;
	}
	perf_sample_data_init(&data, 0, period);
	if (event->attr.precise_ip &&
	    event->attr.sample_type & PERF_SAMPLE_CALLCHAIN) {
		data.callchain = (void *)&sim_sample->chain;
		data.sample_flags |= PERF_SAMPLE_CALLCHAIN;
	}
	sim_save_data(event, &data);
	if (has_branch_stack(event)) {
		/* Has come with the function; older kernels have neither. */
#ifdef PERF_BRANCH_ENTRY_INFO_BITS_MAX
		u64 claim = stack->nr;

		perf_sample_save_brstack(&data, event, stack, NULL);
		/* Newer kernels limit it: but it is not to be trusted. */
		stack->nr = claim;
#else
		data.br_stack = stack;
		data.sample_flags |= PERF_SAMPLE_BRANCH_STACK;
#endif
	}
	event->overflow_handler(event, &data, regs);
}

/* The sample, once, to all events of this CPU. Preemption is off. */
static void sim_deliver(void)
{
	struct sim_cpu *c = this_cpu_ptr(&sim_cpus);
	struct pt_regs regs;
	bool met = false;
	unsigned int i;

	sim_regs(&regs, sim_sample->ip);
	if (sim_sample->below)
		regs.sp = (unsigned long)task_pt_regs(current) -
			  sim_sample->below;
	for (i = 0; i < SIM_EVENTS; i++) {
		struct perf_event *event = READ_ONCE(c->events[i]);

		if (!event || event->hw.state & PERF_HES_STOPPED)
			continue;
		met = true;
		sim_overflow(event, &regs);
	}
	atomic64_inc(met ? &sim_delivered : &sim_unmet);
}

static void sim_irq(struct irq_work *work)
{
	sim_deliver();
}

static struct irq_work sim_irq_work = IRQ_WORK_INIT_HARD(sim_irq);

#ifdef CONFIG_X86
static int sim_nmi(unsigned int type, struct pt_regs *regs)
{
	if (!this_cpu_read(sim_cpus.nmi))
		return NMI_DONE;
	this_cpu_write(sim_cpus.nmi, false);
	sim_deliver();
	return NMI_HANDLED;
}

static int sim_nmi_init(void)
{
	return register_nmi_handler(NMI_LOCAL, sim_nmi, 0, "kobs_simpmu");
}

static void sim_nmi_exit(void)
{
	unregister_nmi_handler(NMI_LOCAL, "kobs_simpmu");
}

/* The vector of NMIs, which an instruction can call, too. */
static void sim_deliver_nmi(void)
{
	this_cpu_write(sim_cpus.nmi, true);
	asm volatile("int $2" : : : "memory");
}
#else
static int sim_nmi_init(void)
{
	return 0;
}

static void sim_nmi_exit(void)
{
}

static void sim_deliver_nmi(void)
{
	WARN_ON_ONCE(1);	/* context_write() refuses it */
}
#endif

static void sim_replay(void)
{
	u32 n;

	lockdep_assert_held(&sim_lock);
	for (n = 0; n < sim_repeat; n++) {
		unsigned long flags;

		switch (sim_context) {
		case SIM_TASK:
			local_irq_save(flags);
			sim_deliver();
			local_irq_restore(flags);
			break;
		case SIM_IRQ:
			irq_work_queue(&sim_irq_work);
			irq_work_sync(&sim_irq_work);
			break;
		default:
			preempt_disable();
			sim_deliver_nmi();
			preempt_enable();
		}
		cond_resched();
	}
}

/* === Samples as text === */

static int parse_flag(const char *text, const char *yes, int *value)
{
	const char *at;

	if (strlen(text) != 1)
		return -EINVAL;
	if (*text == '-') {
		*value = -1;
		return 0;
	}
	at = strchr(yes, *text);
	*value = at ? at - yes : -1;
	return at ? 0 : -EINVAL;
}

static int parse_type(struct perf_branch_entry *e, const char *text)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(type_names); i++) {
		if (type_names[i] && !strcmp(text, type_names[i])) {
			e->type = i;
			return 0;
		}
	}
	return -EINVAL;
}

/* FROM/TO/M|P|-/X|-/A|-/CYCLES[/TYPE[/SPEC]] */
static int parse_entry(struct perf_branch_entry *e, char *text)
{
	int predicted, in_tx, aborted;
	unsigned int n = 0;
	char *part[8];
	u64 from, to;
	u16 cycles;

	while (n < ARRAY_SIZE(part) && (part[n] = strsep(&text, "/")))
		n++;
	if (n < 6 || kstrtou64(part[0], 16, &from) ||
	    kstrtou64(part[1], 16, &to) || parse_flag(part[2], "MP", &predicted) ||
	    parse_flag(part[3], "X", &in_tx) ||
	    parse_flag(part[4], "A", &aborted) ||
	    kstrtou16(part[5], 10, &cycles) ||
	    (n > 6 && parse_type(e, part[6])))
		return -EINVAL;
	e->from = from;
	e->to = to;
	e->mispred = predicted == 0;
	e->predicted = predicted == 1;
	e->in_tx = in_tx == 0;
	e->abort = aborted == 0;
	e->cycles = cycles;
	return 0;
}

/* IP,IP,...: perf marks where frames of another kind begin. */
static int parse_chain(struct sim_sample *sample, char *text)
{
	u64 mark = 0, n = 0;
	char *word;

	while ((word = strsep(&text, ","))) {
		u64 ip, kind;

		if (kstrtou64(word, 16, &ip) || n + 2 > SIM_FRAMES)
			return -EINVAL;
		kind = (s64)ip < 0 ? PERF_CONTEXT_KERNEL : PERF_CONTEXT_USER;
		if (kind != mark)
			sample->chain.ip[n++] = kind;
		mark = kind;
		sample->chain.ip[n++] = ip;
	}
	sample->chain.nr = n;
	return 0;
}

static int parse_data(struct sim_sample *sample, const char *word, u64 type,
		      unsigned int base, u64 *to)
{
	sample->data.has |= type;
	if (type == PERF_SAMPLE_ADDR && !strcmp(word, "stack")) {
		sample->data.on_stack = true;
		return 0;
	}
	return kstrtou64(word, base, to);
}

/* NAME=VALUE. Returns 1 for something else. */
static int parse_setting(struct sim_sample *sample, char *word)
{
	if (!strncmp(word, "period=", 7))
		return kstrtou64(word + 7, 0, &sample->period);
	if (!strncmp(word, "below=", 6))
		return kstrtou64(word + 6, 0, &sample->below);
	if (!strncmp(word, "chain=", 6))
		return parse_chain(sample, word + 6);
	if (!strncmp(word, "addr=", 5))
		return parse_data(sample, word + 5, PERF_SAMPLE_ADDR, 16,
				  &sample->data.addr);
	if (!strncmp(word, "src=", 4))
		return parse_data(sample, word + 4, PERF_SAMPLE_DATA_SRC, 16,
				  &sample->data.src);
	if (!strncmp(word, "weight=", 7))
		return parse_data(sample, word + 7, PERF_SAMPLE_WEIGHT, 10,
				  &sample->data.weight);
	return 1;
}

static int parse_line(struct sim_sample *sample, char *line)
{
	unsigned int n = 0;
	bool lies = false;
	char *word;
	int err;

	memset(sample, 0, sizeof(*sample));
	line = strim(line);
	word = strsep(&line, " ");
	if (kstrtou64(word, 16, &sample->ip))
		return -EINVAL;
	while ((word = strsep(&line, " "))) {
		if (!*word)
			continue;
		if (!strncmp(word, "nr=", 3)) {
			if (kstrtou64(word + 3, 0, &sample->stack.nr))
				return -EINVAL;
			lies = true;
			continue;
		}
		err = parse_setting(sample, word);
		if (err < 0)
			return err;
		if (!err)
			continue;
		if (n == SIM_ENTRIES ||
		    parse_entry(&sample->stack.entries[n], word))
			return -EINVAL;
		n++;
	}
	if (!lies)
		sample->stack.nr = n;
	return 0;
}

/* Takes whole lines that are right; the writer sends the rest again. */
static ssize_t replay_write(struct file *file, const char __user *from,
			    size_t size, loff_t *pos)
{
	size_t all = min_t(size_t, size, SIM_CHUNK);
	char *text = kvmalloc(all + 1, GFP_KERNEL);
	size_t done = 0;
	int err = 0;

	if (!text)
		return -ENOMEM;
	if (copy_from_user(text, from, all)) {
		kvfree(text);
		return -EFAULT;
	}
	text[all] = '\0';
	mutex_lock(&sim_lock);
	while (done < all) {
		char *line = text + done;
		char *end = memchr(line, '\n', all - done);

		if (!end) {
			/* No line is as long, and a last one must end. */
			err = -EINVAL;
			break;
		}
		*end = '\0';
		if (*strim(line)) {
			err = parse_line(sim_sample, line);
			if (err)
				break;
			sim_replay();
		}
		done = end + 1 - text;
		if (signal_pending(current))
			break;
	}
	mutex_unlock(&sim_lock);
	kvfree(text);
	/* The line that is wrong or unfinished comes again, as the first. */
	return done ? done : err;
}

static const struct file_operations replay_fops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.write = replay_write,
};

/* === The other files === */

static int context_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "%s\n", context_names[READ_ONCE(sim_context)]);
	return 0;
}

static int context_open(struct inode *inode, struct file *file)
{
	return single_open(file, context_show, NULL);
}

static ssize_t context_write(struct file *file, const char __user *from,
			     size_t size, loff_t *pos)
{
	char text[16];
	int n;

	if (size >= sizeof(text) || copy_from_user(text, from, size))
		return -EINVAL;
	text[size] = '\0';
	n = match_string(context_names, SIM_CONTEXTS, strim(text));
	if (n < 0)
		return n;
	if (n == SIM_NMI && !IS_ENABLED(CONFIG_X86))
		return -EOPNOTSUPP;
	mutex_lock(&sim_lock);
	WRITE_ONCE(sim_context, n);
	mutex_unlock(&sim_lock);
	return size;
}

static const struct file_operations context_fops = {
	.owner = THIS_MODULE,
	.open = context_open,
	.read = seq_read,
	.write = context_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int repeat_get(void *data, u64 *value)
{
	*value = sim_repeat;
	return 0;
}

static int repeat_set(void *data, u64 value)
{
	if (!value || value > SIM_REPEAT)
		return -EINVAL;
	mutex_lock(&sim_lock);
	sim_repeat = value;
	mutex_unlock(&sim_lock);
	return 0;
}

DEFINE_DEBUGFS_ATTRIBUTE(repeat_fops, repeat_get, repeat_set, "%llu\n");

static int stats_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "delivered %lld\nunmet %lld\ncollected %lld\n",
		   atomic64_read(&sim_delivered), atomic64_read(&sim_unmet),
		   atomic64_read(&sim_collected));
	return 0;
}

DEFINE_SHOW_ATTRIBUTE(stats);

/* Data with known places. A cache with a constructor is not merged with others. */
static struct kmem_cache *sim_cache;
static void *sim_object;
static unsigned long sim_page;
static void *sim_area;
static u64 kobs_simpmu_variable[16] __aligned(64) = { 1 };

static void sim_construct(void *object)
{
}

static int sim_objects_init(void)
{
	sim_cache = kmem_cache_create("kobs_simpmu_objects", 192, 0, 0,
				      sim_construct);
	if (!sim_cache)
		return -ENOMEM;
	sim_object = kmem_cache_alloc(sim_cache, GFP_KERNEL);
	sim_page = __get_free_page(GFP_KERNEL);
	sim_area = vmalloc(PAGE_SIZE);
	return sim_object && sim_page && sim_area ? 0 : -ENOMEM;
}

static void sim_objects_exit(void)
{
	vfree(sim_area);
	free_page(sim_page);
	if (sim_object)
		kmem_cache_free(sim_cache, sim_object);
	kmem_cache_destroy(sim_cache);
}

static int objects_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "slab %llx\npage %llx\nvmalloc %llx\nkernel %llx\n",
		   (u64)(unsigned long)sim_object, (u64)sim_page,
		   (u64)(unsigned long)sim_area,
		   (u64)(unsigned long)kobs_simpmu_variable);
	return 0;
}

DEFINE_SHOW_ATTRIBUTE(objects);

/* === The PMU === */

static int sim_event_init(struct perf_event *event);

static void sim_start(struct perf_event *event, int flags)
{
	event->hw.state = 0;
}

static void sim_stop(struct perf_event *event, int flags)
{
	event->hw.state |= PERF_HES_STOPPED;
}

static int sim_add(struct perf_event *event, int flags)
{
	struct sim_cpu *c = this_cpu_ptr(&sim_cpus);
	unsigned int i;

	for (i = 0; i < SIM_EVENTS; i++) {
		if (c->events[i])
			continue;
		event->hw.state = flags & PERF_EF_START ? 0 : PERF_HES_STOPPED;
		event->hw.idx = i;
		WRITE_ONCE(c->events[i], event);
		return 0;
	}
	return -EAGAIN;
}

static void sim_del(struct perf_event *event, int flags)
{
	struct sim_cpu *c = this_cpu_ptr(&sim_cpus);

	event->hw.state |= PERF_HES_STOPPED;
	WRITE_ONCE(c->events[event->hw.idx], NULL);
}

/* The count is right at all times. */
static void sim_read(struct perf_event *event)
{
}

PMU_FORMAT_ATTR(event, "config:0-63");

static struct attribute *sim_format[] = {
	&format_attr_event.attr,
	NULL
};

static const struct attribute_group sim_format_group = {
	.name = "format",
	.attrs = sim_format,
};

static const struct attribute_group *sim_groups[] = {
	&sim_format_group,
	NULL
};

static struct pmu sim_pmu = {
	.module = THIS_MODULE,
	.task_ctx_nr = perf_invalid_context,
	.attr_groups = sim_groups,
	.event_init = sim_event_init,
	.add = sim_add,
	.del = sim_del,
	.start = sim_start,
	.stop = sim_stop,
	.read = sim_read,
};

static int sim_event_init(struct perf_event *event)
{
	if (event->attr.type != sim_pmu.type)
		return -ENOENT;
	if (event->cpu < 0)
		return -EINVAL;
	if (event->attr.branch_sample_type & READ_ONCE(sim_refuse))
		return -EOPNOTSUPP;
	/* As Intel's loads that need a group do. */
	if (event->attr.config & SIM_NEEDS_GROUP &&
	    event->attr.sample_type & PERF_SAMPLE_DATA_SRC)
		return -ENODATA;
	event->hw.last_period = event->hw.sample_period ?: 1;
	return 0;
}

static int __init sim_init(void)
{
	int err;

	sim_sample = kzalloc(sizeof(*sim_sample), GFP_KERNEL);
	if (!sim_sample)
		return -ENOMEM;
	err = sim_objects_init();
	if (err)
		goto err_free;
	err = sim_nmi_init();
	if (err)
		goto err_free;
	err = perf_pmu_register(&sim_pmu, "kobs_simpmu", -1);
	if (err)
		goto err_nmi;
	sim_dir = debugfs_create_dir("kobs_simpmu", NULL);
	debugfs_create_file("replay", 0200, sim_dir, NULL, &replay_fops);
	debugfs_create_file("context", 0600, sim_dir, NULL, &context_fops);
	debugfs_create_file_unsafe("repeat", 0600, sim_dir, NULL, &repeat_fops);
	debugfs_create_x64("refuse", 0600, sim_dir, &sim_refuse);
	debugfs_create_file("objects", 0400, sim_dir, NULL, &objects_fops);
	debugfs_create_file("stats", 0400, sim_dir, NULL, &stats_fops);
	return 0;

err_nmi:
	sim_nmi_exit();
err_free:
	sim_objects_exit();
	kfree(sim_sample);
	return err;
}

static void __exit sim_exit(void)
{
	debugfs_remove(sim_dir);
	perf_pmu_unregister(&sim_pmu);
	sim_nmi_exit();
	irq_work_sync(&sim_irq_work);
	sim_objects_exit();
	kfree(sim_sample);
}

module_init(sim_init);
module_exit(sim_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Simulated PMU for the tests of kobs");
