// SPDX-License-Identifier: Apache-2.0
#include "weft.h"

#include <jni.h>
#include <jvmti.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
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

/*
 * Fibers need two packages of java.base, which a command-line flag or a manifest may have opened already. If not,
 * JVMTI can, so that plain `java -cp` works. Without JVMTI fibers still run, in their slower way: never a reason to
 * refuse the library. Each step below gives NULL or false, or leaves an exception pending, and JNI_OnLoad ends it
 * there.
 */
#define CONTINUATIONS "jdk.internal.vm"
static const char *const OPENED[] = {"java.lang", CONTINUATIONS};

static bool failed(JNIEnv *env)
{
	return (*env)->ExceptionCheck(env);
}

/* Found through the class loader of whoever called System.load. */
static jobject module_of(JNIEnv *env, const char *class_name)
{
	jclass type = (*env)->FindClass(env, class_name);
	jclass class_class = type ? (*env)->FindClass(env, "java/lang/Class") : NULL;
	jmethodID method = class_class
			? (*env)->GetMethodID(env, class_class, "getModule", "()Ljava/lang/Module;")
			: NULL;
	jobject module = method ? (*env)->CallObjectMethod(env, type, method) : NULL;

	return failed(env) ? NULL : module;
}

static bool is_open(JNIEnv *env, jobject base, const char *package, jobject module)
{
	jclass type = (*env)->GetObjectClass(env, base);
	jmethodID method = (*env)->GetMethodID(env, type, "isOpen",
			"(Ljava/lang/String;Ljava/lang/Module;)Z");
	jstring name = method ? (*env)->NewStringUTF(env, package) : NULL;

	return name && (*env)->CallBooleanMethod(env, base, method, name, module);
}

static void open_to(JavaVM *vm, JNIEnv *env, jobject base, jobject ours)
{
	jvmtiEnv *tools = NULL;

	for (size_t i = 0; i < sizeof OPENED / sizeof *OPENED; i++) {
		bool open = is_open(env, base, OPENED[i], ours);

		if (failed(env))
			break;
		if (open)
			continue;
		if (!tools && (*vm)->GetEnv(vm, (void **)&tools, JVMTI_VERSION_9) != JNI_OK)
			return;
		(*tools)->AddModuleOpens(tools, base, OPENED[i], ours);
		/* A class that extends Continuation is checked when it is defined, not by reflection. */
		if (strcmp(OPENED[i], CONTINUATIONS) == 0)
			(*tools)->AddModuleExports(tools, base, OPENED[i], ours);
	}
	/* Disposed at once: nothing of it is left to slow the JVM down. */
	if (tools)
		(*tools)->DisposeEnvironment(tools);
}

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *vm, void *reserved)
{
	JNIEnv *env;
	jobject base;
	jobject ours;

	(void)reserved;
	if ((*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_10) != JNI_OK)
		return JNI_ERR;
	base = module_of(env, "java/lang/Object");
	ours = base ? module_of(env, "dev/weft/bindings/NativeLibrary") : NULL;
	if (ours)
		open_to(vm, env, base, ours);
	if (failed(env))
		(*env)->ExceptionClear(env);
	return JNI_VERSION_10;
}
