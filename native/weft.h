// SPDX-License-Identifier: Apache-2.0
/*
 * The one C surface that Weft binds: liburing, the system's headers, and our wrappers. Whatever Java needs of
 * C goes through here.
 */
#ifndef WEFT_H
#define WEFT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/*
 * What the kernel has and the oldest liburing that we build with, 2.3, does not name yet; the comment is the first
 * kernel with it. Own names, so that a newer liburing does not clash; constants.c compares the values where it can. An
 * opcode that the running kernel lacks is found by its probe, a feature by its bit, anything else by -EINVAL.
 */
enum weft_opcode {
	WEFT_OP_READ_MULTISHOT = 49,   /* 6.7 */
	WEFT_OP_WAITID = 50,           /* 6.7 */
	WEFT_OP_FUTEX_WAIT = 51,       /* 6.7 */
	WEFT_OP_FUTEX_WAKE = 52,       /* 6.7 */
	WEFT_OP_FUTEX_WAITV = 53,      /* 6.7 */
	WEFT_OP_FIXED_FD_INSTALL = 54, /* 6.8 */
	WEFT_OP_FTRUNCATE = 55,        /* 6.9 */
	WEFT_OP_BIND = 56,             /* 6.11 */
	WEFT_OP_LISTEN = 57,           /* 6.11 */
	WEFT_OP_RECV_ZC = 58,          /* 6.15 */
	WEFT_OP_EPOLL_WAIT = 59,       /* 6.15 */
	WEFT_OP_READV_FIXED = 60,      /* 6.15 */
	WEFT_OP_WRITEV_FIXED = 61,     /* 6.15 */
	WEFT_OP_PIPE = 62,             /* 6.16 */
};

#define WEFT_FEAT_REG_REG_RING        (1U << 13) /* 6.3 */
#define WEFT_FEAT_RECVSEND_BUNDLE     (1U << 14) /* 6.10 */
#define WEFT_FEAT_MIN_TIMEOUT         (1U << 15) /* 6.12 */
#define WEFT_FEAT_NO_IOWAIT           (1U << 17) /* 6.15 */

#define WEFT_SETUP_NO_MMAP            (1U << 14) /* 6.5 */
#define WEFT_SETUP_REGISTERED_FD_ONLY (1U << 15) /* 6.5 */
/* Never with liburing 2.3's set-up: it would write the index array over the ring's header. */
#define WEFT_SETUP_NO_SQARRAY         (1U << 16) /* 6.6 */

#define WEFT_ENTER_ABS_TIMER          (1U << 5) /* 6.12 */
#define WEFT_ENTER_NO_IOWAIT          (1U << 7) /* 6.15 */

#define WEFT_CQE_F_BUF_MORE           (1U << 4) /* 6.12 */

#define WEFT_TIMEOUT_MULTISHOT        (1U << 6) /* 6.4 */
#define WEFT_ASYNC_CANCEL_USERDATA    (1U << 4) /* 6.6 */
#define WEFT_ASYNC_CANCEL_OP          (1U << 5) /* 6.6 */
#define WEFT_RECVSEND_BUNDLE          (1U << 4) /* 6.10 */
#define WEFT_SEND_ZC_REPORT_USAGE     (1U << 3) /* 6.2 */
#define WEFT_NOTIF_USAGE_ZC_COPIED    (1U << 31) /* 6.2 */
#define WEFT_ACCEPT_DONTWAIT          (1U << 1) /* 6.10 */
#define WEFT_ACCEPT_POLL_FIRST        (1U << 2) /* 6.10 */
#define WEFT_MSG_RING_FLAGS_PASS      (1U << 1) /* 6.3 */

enum weft_buffer_ring_flag {
	WEFT_PBUF_RING_MMAP = 1, /* 6.4 */
	WEFT_PBUF_RING_INC = 2,  /* 6.12 */
};

/*
 * System calls that jextract can't bind (variadic ones, glibc's transparent unions) or that report through errno,
 * which Java can't read without cost. Each returns at least 0, or -errno.
 */
int weft_gettid(void);
/* Ties the calling thread to one CPU. */
int weft_pin_thread(int cpu);
/* The calling thread's cpu_set_t; get returns how many bytes the kernel filled. */
int weft_get_affinity(void *mask, unsigned bytes);
int weft_set_affinity(const void *mask, unsigned bytes);
/* How many bytes this process may lock in memory, all ones if any number. */
int weft_memlock_limit(unsigned long long *soft);

int weft_socket(int domain, int type, int protocol);
int weft_bind(int fd, const void *address, unsigned length);
int weft_listen(int fd, int backlog);
int weft_shutdown(int fd, int how);
int weft_getsockname(int fd, void *address, unsigned *length);
int weft_getpeername(int fd, void *address, unsigned *length);
int weft_getsockopt(int fd, int level, int name, void *value, unsigned *length);
int weft_setsockopt(int fd, int level, int name, const void *value, unsigned length);

/* Bytes that have come and not been read. */
int weft_unread(int fd);
/* Bytes that the other end has not acknowledged, or not taken. */
int weft_unsent(int fd);

#define WEFT_TCP_INFO_VALUES 8
/*
 * Of TCP_INFO: the smoothed round-trip time and its variation in microseconds, segments retransmitted so far, segments
 * unacknowledged, lost and retransmitted now, the congestion window in segments, and the bytes of a segment.
 */
int weft_tcp_info(int fd, unsigned *values);

int weft_close(int fd);
/* write(2); returns how many bytes it took. The kernel takes less than 2 GiB at once, so they fit. */
int weft_write(int fd, const void *bytes, unsigned long count);
/* read(2), the same way. */
int weft_read(int fd, void *bytes, unsigned long count);
/* recv(2) and send(2), the same way. */
int weft_recv(int fd, void *bytes, unsigned long count, int flags);
int weft_send(int fd, const void *bytes, unsigned long count, int flags);
/* recvmsg(2) and sendmsg(2); the header is a struct msghdr. */
int weft_recvmsg(int fd, void *header, int flags);
int weft_sendmsg(int fd, const void *header, int flags);
/*
 * read(2) and write(2), at the descriptor's position if the offset is -1, or -EAGAIN if that would wait. Where the
 * kernel can't say so itself, a write takes no more than PIPE_BUF bytes, for which poll(2) can.
 */
int weft_try_read(int fd, void *bytes, unsigned long count, long offset);
int weft_try_write(int fd, const void *bytes, unsigned long count, long offset);
/* poll(2) of one descriptor; returns the events that hold, 0 if none did in time. -1 ms waits indefinitely. */
int weft_poll(int fd, int events, int milliseconds);
int weft_eventfd(unsigned initial, int flags);
int weft_eventfd_write(int fd, unsigned long long value);
int weft_pipe2(int *fds, int flags);
/* Two connected sockets of the family AF_UNIX. */
int weft_socketpair(int type, int *fds);
int weft_fcntl(int fd, int command, long argument);
/* The S_IFMT bits of what fd is. */
int weft_file_type(int fd);

/* Private anonymous memory, on huge pages if asked for and possible: its address, or -errno. */
long weft_map(unsigned long bytes, int huge);
int weft_unmap(unsigned long address, unsigned long bytes);
/* Takes the memory behind pages of such a mapping away: they are zeroed when they are touched again. */
int weft_discard(unsigned long address, unsigned long bytes);

#endif
