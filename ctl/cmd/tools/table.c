// SPDX-License-Identifier: GPL-2.0
/* The table of tools: nouns whose verbs are rows. */

#include <assert.h>

#include "cmd/func_run.h"
#include "cmd/nouns.h"
#include "cmd/tools/tool.h"

/* Of all calls, these fail; other values of this size are addresses. */
#define FAILED	"ret < 0 && ret > -4096"

static const struct verb syscall_verbs[] = {
	{
		TOOL_COUNT,
		.name = "count",
		.doc = "system calls, by call and thread",
		.args = "[NAME...]",
		.columns = COLUMNS("syscall", "comm", "probe", "cpu", "pid", "tid",
				   "cgroup", STACK_COLUMNS),
		.tool = &(const struct tool){ .word = "s:", .forms = {
			{ .probes = "s:*", .by = "syscall,comm" },
		} },
	},
	{
		TOOL_TIME,
		.name = "time",
		.doc = "how long system calls take, with percentiles",
		.args = "[NAME...]",
		.columns = COLUMNS("syscall", "comm", "error", "probe", "cpu", "pid", "tid",
				   "cgroup", STACK_COLUMNS),
		.tool = &(const struct tool){ .word = "s:", .percentiles = true, .forms = {
			{
				.probes = "s:*",
				.by = "syscall,comm",
				.also = "(errno)(ret * (" FAILED "))=error",
			},
		} },
	},
	{
		TOOL_COUNT,
		.name = "errors",
		.doc = "system calls that fail, by error",
		.args = "[NAME...]",
		.columns = COLUMNS("syscall", "error", "comm", "probe", "cpu", "pid", "tid",
				   "cgroup", STACK_COLUMNS),
		.tool = &(const struct tool){ .word = "s:", .forms = {
			{ .probes = "s:*", .by = "syscall,(errno)ret=error,comm", .where = FAILED },
		} },
	},
	{
		TOOL_TRACE,
		.name = "trace",
		.doc = "system calls one by one, as they return",
		.args = "[NAME...]",
		.columns = COLUMNS("comm", "pid", "syscall", "result", "probe", "cpu", "tid",
				   "cgroup", STACK_COLUMNS),
		.tool = &(const struct tool){ .word = "s:", .forms = {
			{ .probes = "s:*", .by = "comm,pid,syscall,(result)ret=result" },
		} },
	},
	{
		.name = "slow",
		.doc = "what slow system calls took their time for",
		.args = "[NAME...]",
		.command = true,
		.groups = GROUPS(&func_group_slow, &group_filter, &group_by, &group_top,
				 &group_json, &group_folded, &group_flame, &group_html,
				 &group_output, &group_verbose, &group_run, &group_interval,
				 &group_max_lost, &group_stacks, &group_ring),
		.columns = COLUMNS("syscall", CONTEXT_COLUMNS, "kstack"),
		.report = &func_slow_report,
		.fn = func_slow_syscalls,
	},
};

/* Options of its verbs: of probes, and of slow calls. */
static_assert(sizeof(struct func_opts) <= sizeof(struct probe_opts), "room for both");

const struct noun noun_syscall = {
	.name = "syscall",
	.doc = "system calls",
	.more = "A NAME is that of a system call, or a pattern such as 'open*'; without any, all are observed.",
	.guess = "count",
	NOUN_VERBS(syscall_verbs),
	.own_size = sizeof(struct probe_opts),
};

/* The kernel's names of states, operations and interrupts, which are constants of enums. */
#define STATE(of)	"(enum TCP_ESTABLISHED)" of
#define PEER		"peer(sk)=peer,peer_port(sk)=port"
#define LOCAL		"local(sk)=local,local_port(sk)=local_port"
#define DISK		"rq->q->disk->disk_name=disk"
/* Its bytes are in the order of the network. */
#define PROTOCOL	"((skb->protocol >> 8 | skb->protocol << 8) & 0xffff)=protocol"
#define OPERATION	"(enum req_op)(rq->cmd_flags & 0xff)=op"

static const struct verb disk_verbs[] = {
	{
		TOOL_TIME,
		.name = "latency",
		.doc = "how long disks take for requests, from their issue to their end",
		.columns = COLUMNS("disk", "op", PAIR_COLUMNS),
		.tool = &(const struct tool){ .percentiles = true, .forms = {
			{
				.from = "t:block:block_rq_issue",
				.to = "t:block:block_rq_complete",
				.on = "rq",
				.by = DISK "," OPERATION ",comm",
			},
			/* Where the kernel tells no types. */
			{
				.from = "t:block:block_rq_issue",
				.to = "t:block:block_rq_complete",
				.on = "arg0",
				.by = "comm",
			},
		} },
	},
	{
		TOOL_TIME,
		.name = "queue",
		.doc = "how long requests to disks are queued before their issue",
		.columns = COLUMNS("disk", "op", PAIR_COLUMNS),
		.tool = &(const struct tool){ .percentiles = true, .forms = {
			{
				.from = "t:block:block_rq_insert",
				.to = "t:block:block_rq_issue",
				.on = "rq",
				.by = DISK "," OPERATION,
			},
		} },
	},
	{
		TOOL_TRACE,
		.name = "trace",
		.doc = "requests to disks one by one, as they end",
		.columns = COLUMNS("disk", "op", "bytes", PAIR_COLUMNS),
		.tool = &(const struct tool){ .forms = {
			{
				.from = "t:block:block_rq_issue",
				.to = "t:block:block_rq_complete",
				.on = "rq",
				.by = "comm,pid," DISK "," OPERATION ",from.rq->__data_len=bytes",
			},
		} },
	},
	{
		TOOL_VALUE,
		.name = "size",
		.doc = "how large requests to disks are, in bytes",
		.columns = COLUMNS("disk", "op", TOOL_COLUMNS),
		.tool = &(const struct tool){ .forms = {
			{
				.probes = "t:block:block_rq_issue",
				.value = "rq->__data_len",
				.by = DISK "," OPERATION,
			},
		} },
	},
	{
		TOOL_COUNT,
		.name = "errors",
		.doc = "requests to disks that fail, by what the driver says",
		.columns = COLUMNS("disk", "op", "status", TOOL_COLUMNS),
		/* block_rq_error would leave out those for which nothing is logged. */
		.tool = &(const struct tool){ .forms = {
			{
				.probes = "t:block:block_rq_complete",
				.by = DISK "," OPERATION ",(blk_status)error=status",
				.where = "error != 0",
			},
			{
				.probes = "t:block:block_rq_complete",
				.by = "(blk_status)arg1=status",
				.where = "(u8)arg1 != 0",
			},
		} },
	},
	{
		TOOL_COUNT,
		.name = "merges",
		.doc = "parts of files that join a request to a disk",
		.columns = COLUMNS("disk", "op", TOOL_COLUMNS),
		.tool = &(const struct tool){ .forms = {
			{
				.probes = "t:block:block_bio_backmerge t:block:block_bio_frontmerge",
				.by = "probe,bio->bi_bdev->bd_disk->disk_name=disk,(enum req_op)(bio->bi_opf & 0xff)=op",
			},
		} },
	},
	{
		TOOL_COUNT,
		.name = "requeues",
		.doc = "requests that a disk's driver could not take, and gets again",
		.columns = COLUMNS("disk", "op", TOOL_COLUMNS),
		.tool = &(const struct tool){ .forms = {
			{ .probes = "t:block:block_rq_requeue", .by = DISK "," OPERATION },
		} },
	},
};

const struct noun noun_disk = {
	.name = "disk",
	.doc = "requests to disks",
	NOUN_VERBS(disk_verbs),
	.own_size = sizeof(struct probe_opts),
};

static const struct verb net_verbs[] = {
	{
		TOOL_TIME,
		.name = "connect",
		.doc = "how long TCP connections take to be established, by peer",
		.columns = COLUMNS("peer", "port", "local", "local_port", PAIR_COLUMNS),
		.tool = &(const struct tool){ .percentiles = true, .forms = {
			{
				.from = "t:sock:inet_sock_set_state",
				.to = "t:sock:inet_sock_set_state",
				.on = "sk",
				.where = "from.newstate == TCP_SYN_SENT;to.newstate == TCP_ESTABLISHED",
				.by = "comm," PEER,
				.also = LOCAL,
			},
			/* Here and below: where the kernel tells no types. */
			{
				.from = "t:sock:inet_sock_set_state",
				.to = "t:sock:inet_sock_set_state",
				.on = "arg0",
				.where = "(s32)from.arg2 == 2;(s32)to.arg2 == 1",
				.by = "comm",
			},
		} },
	},
	{
		TOOL_COUNT,
		.name = "accept",
		.doc = "connections that are refused, as too many wait to be accepted",
		.columns = COLUMNS("local", "port", "waiting", TOOL_COLUMNS),
		.tool = &(const struct tool){ .forms = {
			{
				.probes = "k:tcp_conn_request",
				.by = "local(sk)=local,local_port(sk)=port,sk->sk_ack_backlog=waiting",
				.where = "sk->sk_ack_backlog > sk->sk_max_ack_backlog",
			},
		} },
	},
	{
		TOOL_COUNT,
		.name = "states",
		.doc = "changes of the state of TCP connections",
		.columns = COLUMNS("old", "new", "peer", "port", "local", "local_port",
				   TOOL_COLUMNS),
		.tool = &(const struct tool){ .forms = {
			{
				.probes = "t:sock:inet_sock_set_state",
				.by = STATE("oldstate=old") "," STATE("newstate=new"),
				.also = PEER "," LOCAL,
			},
			{
				.probes = "t:sock:inet_sock_set_state",
				.by = "(s32)arg1=old,(s32)arg2=new",
			},
		} },
	},
	{
		TOOL_COUNT,
		.name = "drop",
		.doc = "packets that the kernel drops, by reason and place",
		.columns = COLUMNS("reason", "place", "dev", "protocol", TOOL_COLUMNS),
		.tool = &(const struct tool){ .forms = {
			{
				.probes = "t:skb:kfree_skb",
				.by = "reason,(symbol)location=place",
				.also = "skb->dev->name=dev," PROTOCOL "",
			},
			/* Linux 5.16 and older tell no reason. */
			{
				.probes = "t:skb:kfree_skb",
				.by = "(symbol)location=place",
				.also = "skb->dev->name=dev," PROTOCOL "",
			},
			{
				.probes = "t:skb:kfree_skb",
				.by = "(symbol)arg1=place",
			},
		} },
	},
	{
		TOOL_COUNT,
		.name = "retransmit",
		.doc = "TCP segments that are sent again, by peer",
		.columns = COLUMNS("peer", "port", "state", "local", "local_port", TOOL_COLUMNS),
		.tool = &(const struct tool){ .forms = {
			/* Since 6.13 what could not be sent is told, too. */
			{
				.probes = "t:tcp:tcp_retransmit_skb",
				.by = PEER "," STATE("sk->__sk_common.skc_state=state"),
				.also = LOCAL,
				.where = "err == 0",
			},
			{
				.probes = "t:tcp:tcp_retransmit_skb",
				.by = PEER "," STATE("sk->__sk_common.skc_state=state"),
				.also = LOCAL,
			},
		} },
	},
};

const struct noun noun_net = {
	.name = "net",
	.doc = "packets and connections",
	NOUN_VERBS(net_verbs),
	.own_size = sizeof(struct probe_opts),
};

static const struct verb irq_verbs[] = {
	{
		TOOL_TIME,
		.name = "hard",
		.doc = "how long the handlers of interrupts take",
		.columns = COLUMNS("handler", "irq", PAIR_COLUMNS),
		.tool = &(const struct tool){ .percentiles = true, .forms = {
			{
				.from = "t:irq:irq_handler_entry",
				.to = "t:irq:irq_handler_exit",
				.on = "cpu,action",
				.by = "action->name=handler,irq,cpu",
			},
			/* Here and below: where the kernel tells no types. */
			{
				.from = "t:irq:irq_handler_entry",
				.to = "t:irq:irq_handler_exit",
				.on = "cpu,arg1",
				.by = "(s32)arg0=irq,cpu",
			},
		} },
	},
	{
		TOOL_TIME,
		.name = "soft",
		.doc = "how long soft interrupts take, by kind",
		.columns = COLUMNS("vector", PAIR_COLUMNS),
		.tool = &(const struct tool){ .percentiles = true, .forms = {
			{
				.from = "t:irq:softirq_entry",
				.to = "t:irq:softirq_exit",
				.on = "cpu,vec_nr",
				.by = "(enum HI_SOFTIRQ)vec_nr=vector,cpu",
			},
			{
				.from = "t:irq:softirq_entry",
				.to = "t:irq:softirq_exit",
				.on = "cpu,(u32)arg0",
				.by = "(u32)arg0=vector,cpu",
			},
		} },
	},
	{
		TOOL_TIME,
		.name = "timer",
		.doc = "how long the functions of timers take (those of the timer wheel)",
		.columns = COLUMNS("function", PAIR_COLUMNS),
		.tool = &(const struct tool){ .percentiles = true, .forms = {
			{
				.from = "t:timer:timer_expire_entry",
				.to = "t:timer:timer_expire_exit",
				.on = "cpu,timer",
				.by = "from.timer->function=function",
			},
		} },
	},
	{
		TOOL_TIME,
		.name = "hrtimer",
		.doc = "how long the functions of high-resolution timers take",
		.columns = COLUMNS("function", PAIR_COLUMNS),
		.tool = &(const struct tool){ .percentiles = true, .forms = {
			{
				.from = "t:timer:hrtimer_expire_entry",
				.to = "t:timer:hrtimer_expire_exit",
				.on = "cpu,hrtimer",
				.by = "from.hrtimer->function=function",
			},
		} },
	},
	{
		TOOL_TIME,
		.name = "work",
		.doc = "how long workers are at a work item, by function",
		.columns = COLUMNS("function", PAIR_COLUMNS),
		.tool = &(const struct tool){ .percentiles = true, .forms = {
			{
				.from = "t:workqueue:workqueue_execute_start",
				.to = "t:workqueue:workqueue_execute_end",
				.on = "work",
				.by = "from.work->func=function",
			},
			{
				.from = "t:workqueue:workqueue_execute_start",
				.to = "t:workqueue:workqueue_execute_end",
				.on = "arg0",
				.by = "(symbol)to.arg1=function",
			},
		} },
	},
	{
		TOOL_TIME,
		.name = "delay",
		.doc = "how long work items wait for a worker, by function",
		.columns = COLUMNS("function", PAIR_COLUMNS),
		.tool = &(const struct tool){ .percentiles = true, .forms = {
			{
				.from = "t:workqueue:workqueue_queue_work",
				.to = "t:workqueue:workqueue_execute_start",
				.on = "work",
				.by = "work->func=function",
			},
		} },
	},
};

const struct noun noun_irq = {
	.name = "irq",
	.doc = "interrupts, and work that they leave",
	NOUN_VERBS(irq_verbs),
	.own_size = sizeof(struct probe_opts),
};

static const struct verb page_verbs[] = {
	{
		TOOL_COUNT,
		.name = "faults",
		.doc = "page faults, of programs and of the kernel",
		.columns = COLUMNS("write", "address", TOOL_COLUMNS),
		.tool = &(const struct tool){ .forms = {
			{
				.probes = "t:exceptions:page_fault_user t:exceptions:page_fault_kernel",
				.by = "probe,comm",
				.also = "(error_code >> 1 & 1)=write,(void *)address=address",
			},
			/* Only x86 has these tracepoints. */
			{
				.probes = "k:handle_mm_fault",
				.by = "probe,comm",
				.also = "(flags & FAULT_FLAG_WRITE)=write,(void *)address=address",
			},
		} },
	},
	{
		TOOL_TIME,
		.name = "reclaim",
		.doc = "how long threads that need memory have to reclaim it first",
		.columns = COLUMNS(PAIR_COLUMNS),
		.tool = &(const struct tool){ .percentiles = true, .forms = {
			/* Of the machine's memory, or of a control group's. */
			{
				.from = "t:vmscan:mm_vmscan_direct_reclaim_begin t:vmscan:mm_vmscan_memcg_reclaim_begin",
				.to = "t:vmscan:mm_vmscan_direct_reclaim_end t:vmscan:mm_vmscan_memcg_reclaim_end",
				.by = "comm,pid,from",
			},
			/* Without control groups of memory. */
			{
				.from = "t:vmscan:mm_vmscan_direct_reclaim_begin",
				.to = "t:vmscan:mm_vmscan_direct_reclaim_end",
				.by = "comm,pid,from",
			},
		} },
	},
	{
		TOOL_COUNT,
		.name = "oom",
		.doc = "processes that are killed for want of memory, and who wanted it",
		.columns = COLUMNS("victim", "victim_pid", TOOL_COLUMNS),
		.tool = &(const struct tool){ .forms = {
			{
				.probes = "t:oom:mark_victim",
				.by = "task->comm=victim,task->pid=victim_pid,comm,pid,cgroup",
			},
			/* Without BTF. */
			{
				.probes = "t:oom:mark_victim",
				.by = "record_comm=victim,record_pid=victim_pid,comm,pid,cgroup",
			},
			/* Before 6.9 the tracepoint has the number only. */
			{
				.probes = "t:oom:mark_victim",
				.by = "record_pid=victim_pid,comm,pid,cgroup",
			},
		} },
	},
};

const struct noun noun_page = {
	.name = "page",
	.doc = "pages of memory",
	NOUN_VERBS(page_verbs),
	.own_size = sizeof(struct probe_opts),
};
