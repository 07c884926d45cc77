// SPDX-License-Identifier: Apache-2.0
#include "weft.h"

#include <jni.h>
#include <limits.h>
#include <linux/sockios.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define API __attribute__((visibility("default")))

static int result_of(long returned)
{
	return returned < 0 ? -errno : (int)returned;
}

API int weft_gettid(void)
{
	return result_of(syscall(SYS_gettid));
}

API int weft_pin_thread(int cpu)
{
	cpu_set_t set;

	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return -EINVAL;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return result_of(sched_setaffinity(0, sizeof set, &set));
}

/* The plain system call: glibc's hides how many bytes the kernel's mask has. */
API int weft_get_affinity(void *mask, unsigned bytes)
{
	return result_of(syscall(SYS_sched_getaffinity, 0, bytes, mask));
}

API int weft_set_affinity(const void *mask, unsigned bytes)
{
	return result_of(syscall(SYS_sched_setaffinity, 0, bytes, mask));
}

API int weft_memlock_limit(unsigned long long *soft)
{
	struct rlimit limit;
	int result = result_of(getrlimit(RLIMIT_MEMLOCK, &limit));

	if (result == 0)
		*soft = limit.rlim_cur;
	return result;
}

API int weft_socket(int domain, int type, int protocol)
{
	return result_of(socket(domain, type, protocol));
}

API int weft_bind(int fd, const void *address, unsigned length)
{
	return result_of(bind(fd, address, length));
}

API int weft_listen(int fd, int backlog)
{
	return result_of(listen(fd, backlog));
}

API int weft_shutdown(int fd, int how)
{
	return result_of(shutdown(fd, how));
}

API int weft_getsockname(int fd, void *address, unsigned *length)
{
	return result_of(getsockname(fd, address, length));
}

API int weft_getpeername(int fd, void *address, unsigned *length)
{
	return result_of(getpeername(fd, address, length));
}

API int weft_getsockopt(int fd, int level, int name, void *value, unsigned *length)
{
	return result_of(getsockopt(fd, level, name, value, length));
}

API int weft_setsockopt(int fd, int level, int name, const void *value, unsigned length)
{
	return result_of(setsockopt(fd, level, name, value, length));
}

API int weft_unread(int fd)
{
	int bytes = 0;
	int result = result_of(ioctl(fd, SIOCINQ, &bytes));

	return result < 0 ? result : bytes;
}

API int weft_unsent(int fd)
{
	int bytes = 0;
	int result = result_of(ioctl(fd, SIOCOUTQ, &bytes));

	return result < 0 ? result : bytes;
}

API int weft_tcp_info(int fd, unsigned *values)
{
	struct tcp_info info = {0};
	socklen_t length = sizeof info;
	int result = result_of(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length));
	const unsigned found[WEFT_TCP_INFO_VALUES] = {
		info.tcpi_rtt, info.tcpi_rttvar, info.tcpi_total_retrans, info.tcpi_unacked,
		info.tcpi_lost, info.tcpi_retrans, info.tcpi_snd_cwnd, info.tcpi_snd_mss,
	};

	if (result == 0)
		memcpy(values, found, sizeof found);
	return result;
}

API int weft_close(int fd)
{
	return result_of(close(fd));
}

API int weft_write(int fd, const void *bytes, unsigned long count)
{
	return result_of(write(fd, bytes, count));
}

API int weft_read(int fd, void *bytes, unsigned long count)
{
	return result_of(read(fd, bytes, count));
}

API int weft_poll(int fd, int events, int milliseconds)
{
	struct pollfd polled = {.fd = fd, .events = (short)events};
	int result = result_of(poll(&polled, 1, milliseconds));

	return result <= 0 ? result : (int)polled.revents;
}

API int weft_recv(int fd, void *bytes, unsigned long count, int flags)
{
	return result_of(recv(fd, bytes, count, flags));
}

API int weft_send(int fd, const void *bytes, unsigned long count, int flags)
{
	return result_of(send(fd, bytes, count, flags));
}

API int weft_recvmsg(int fd, void *header, int flags)
{
	return result_of(recvmsg(fd, header, flags));
}

API int weft_sendmsg(int fd, const void *header, int flags)
{
	return result_of(sendmsg(fd, header, flags));
}

/* Whether fd is ready: 1, or -errno. */
static int ready(int fd, short events)
{
	int result = weft_poll(fd, events, 0);

	if (result <= 0)
		return result == 0 ? -EAGAIN : result;
	return result & POLLNVAL ? -EBADF : 1;
}

API int weft_try_read(int fd, void *bytes, unsigned long count, long offset)
{
	struct iovec vector = {.iov_base = bytes, .iov_len = count};
	int result = result_of(preadv2(fd, &vector, 1, offset, RWF_NOWAIT));

	if (result != -EOPNOTSUPP)
		return result;
	result = ready(fd, POLLIN);
	if (result < 0)
		return result;
	return result_of(offset < 0 ? read(fd, bytes, count) : pread(fd, bytes, count, offset));
}

API int weft_try_write(int fd, const void *bytes, unsigned long count, long offset)
{
	struct iovec vector = {.iov_base = (void *)bytes, .iov_len = count};
	int result = result_of(pwritev2(fd, &vector, 1, offset, RWF_NOWAIT));

	if (result != -EOPNOTSUPP)
		return result;
	result = ready(fd, POLLOUT);
	if (result < 0)
		return result;
	if (count > PIPE_BUF)
		count = PIPE_BUF;
	return result_of(offset < 0 ? write(fd, bytes, count) : pwrite(fd, bytes, count, offset));
}

API int weft_eventfd(unsigned initial, int flags)
{
	return result_of(eventfd(initial, flags));
}

API int weft_eventfd_write(int fd, unsigned long long value)
{
	return result_of(eventfd_write(fd, value));
}

API int weft_pipe2(int *fds, int flags)
{
	return result_of(pipe2(fds, flags));
}

API int weft_socketpair(int type, int *fds)
{
	return result_of(socketpair(AF_UNIX, type, 0, fds));
}

API int weft_fcntl(int fd, int command, long argument)
{
	return result_of(fcntl(fd, command, argument));
}

API int weft_file_type(int fd)
{
	struct stat status;
	int result = result_of(fstat(fd, &status));

	return result < 0 ? result : (int)(status.st_mode & S_IFMT);
}

/*
 * Reserved huge pages first; where there are none, transparent ones, which are only advice. NORESERVE: a slab is sized
 * for the worst case, and what is never touched should cost nothing. Not with reserved pages: a mapping without them
 * would succeed, and its first use end in SIGBUS.
 */
API long weft_map(unsigned long bytes, int huge)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	void *memory = MAP_FAILED;

	if (huge)
		memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_HUGETLB, -1, 0);
	if (memory == MAP_FAILED) {
		memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE, -1, 0);
		if (memory == MAP_FAILED)
			return -errno;
		if (huge)
			madvise(memory, bytes, MADV_HUGEPAGE);
	}
	return (long)memory;
}

API int weft_unmap(unsigned long address, unsigned long bytes)
{
	return result_of(munmap((void *)address, bytes));
}

API int weft_discard(unsigned long address, unsigned long bytes)
{
	return result_of(madvise((void *)address, bytes, MADV_DONTNEED));
}

/* Where note_signal writes. */
static volatile sig_atomic_t signal_sink = -1;

/* Runs on a thread of the kernel's choice, in the middle of anything: it may do no more than that. */
static void note_signal(int number)
{
	const int before = errno;
	const unsigned char noted = (unsigned char)number;
	const ssize_t written = write(signal_sink, &noted, sizeof noted);

	(void)written; /* a full pipe merges signals */
	errno = before;
}

/*
 * Lets each signal of that number write its number, as a byte, to fd, which is the same for all and does not block.
 * old gets the struct sigaction of before. Looked up by its name: it has no binding.
 */
API int weft_catch_signal(int number, int fd, void *old)
{
	struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART | SA_ONSTACK};

	sigemptyset(&action.sa_mask);
	signal_sink = fd;
	return result_of(sigaction(number, &action, old));
}

/*
 * Module.implAddOpens, the method behind --add-opens. It is private to java.lang, but JNI does not check access. JVMTI's
 * AddModuleOpens would do the same in public, but a JVM that has ever had a JVMTI environment notifies it of every mount
 * of a virtual thread from then on, even after the environment has been disposed of.
 */
JNIEXPORT void JNICALL Java_dev_weft_bindings_NativeLibrary_addOpens(JNIEnv *env, jclass caller, jobject module,
		jstring package, jobject other)
{
	jclass type = (*env)->GetObjectClass(env, module);
	jmethodID method = (*env)->GetMethodID(env, type, "implAddOpens", "(Ljava/lang/String;Ljava/lang/Module;)V");

	(void)caller;
	if (method)
		(*env)->CallVoidMethod(env, module, method, package, other);
}
