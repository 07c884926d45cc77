// SPDX-License-Identifier: Apache-2.0
package dev.weft.bindings;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The functions of weft.c return a result or the negated errno. */
class WrappersTest {
  private static final int NO_FD = -1;

  private final Arena arena = Arena.ofConfined();

  @BeforeAll
  static void load() {
    NativeLibrary.load();
  }

  @AfterEach
  void free() {
    arena.close();
  }

  @Test
  void aFailedCallReturnsTheNegatedErrno() {
    MemorySegment cell = arena.allocate(JAVA_LONG);
    int badFd = -weft_h.EBADF();

    assertEquals(badFd, weft_h.weft_bind(NO_FD, cell, 8));
    assertEquals(badFd, weft_h.weft_close(NO_FD));
    assertEquals(badFd, weft_h.weft_eventfd_write(NO_FD, 1));
    assertEquals(badFd, weft_h.weft_fcntl(NO_FD, weft_h.F_GETFL(), 0));
    assertEquals(badFd, weft_h.weft_file_type(NO_FD));
    assertEquals(badFd, weft_h.weft_getpeername(NO_FD, cell, cell));
    assertEquals(badFd, weft_h.weft_getsockname(NO_FD, cell, cell));
    assertEquals(badFd, weft_h.weft_getsockopt(NO_FD, 0, 0, cell, cell));
    assertEquals(badFd, weft_h.weft_listen(NO_FD, 1));
    assertEquals(badFd, weft_h.weft_read(NO_FD, cell, 8));
    assertEquals(badFd, weft_h.weft_shutdown(NO_FD, weft_h.SHUT_WR()));
    assertEquals(badFd, weft_h.weft_setsockopt(NO_FD, 0, 0, cell, 8));
    assertEquals(badFd, weft_h.weft_write(NO_FD, cell, 8));
    assertEquals(-weft_h.EINVAL(), weft_h.weft_eventfd(0, -1));
    assertEquals(-weft_h.EINVAL(), weft_h.weft_get_affinity(cell, 0));
    assertEquals(-weft_h.EINVAL(), weft_h.weft_map(0, 0));
    assertEquals(-weft_h.EINVAL(), weft_h.weft_unmap(1, 1));
    assertEquals(-weft_h.EINVAL(), weft_h.weft_discard(1, 1));
    assertEquals(-weft_h.EINVAL(), weft_h.weft_pin_thread(-1));
    assertEquals(-weft_h.EINVAL(), weft_h.weft_pin_thread(Integer.MAX_VALUE));
    assertEquals(-weft_h.EINVAL(), weft_h.weft_pipe2(cell, -1));
    assertEquals(-weft_h.EINVAL(), weft_h.weft_set_affinity(cell, 0));
    assertEquals(-weft_h.EAFNOSUPPORT(), weft_h.weft_socket(-1, weft_h.SOCK_STREAM(), 0));
  }

  @Test
  void aListeningSocketReportsItsPortAndItsOptions() {
    int fd =
        weft_h.weft_socket(
            weft_h.AF_INET(), weft_h.SOCK_STREAM() | weft_h.SOCK_CLOEXEC(), weft_h.IPPROTO_TCP());
    MemorySegment address = arena.allocate(sockaddr_in.layout());
    sockaddr_in.sin_family(address, (short) weft_h.AF_INET());
    MemorySegment length = arena.allocateFrom(JAVA_INT, (int) sockaddr_in.sizeof());
    MemorySegment option = arena.allocateFrom(JAVA_INT, 1);

    assertEquals(
        0, weft_h.weft_setsockopt(fd, weft_h.SOL_SOCKET(), weft_h.SO_REUSEADDR(), option, 4));
    assertEquals(0, weft_h.weft_bind(fd, address, (int) sockaddr_in.sizeof()));
    assertEquals(0, weft_h.weft_listen(fd, 1));
    assertEquals(0, weft_h.weft_getsockname(fd, address, length));
    assertNotEquals(0, sockaddr_in.sin_port(address));
    assertEquals(-weft_h.ENOTCONN(), weft_h.weft_getpeername(fd, address, length));
    MemorySegment four = arena.allocateFrom(JAVA_INT, 4);
    assertEquals(
        0, weft_h.weft_getsockopt(fd, weft_h.SOL_SOCKET(), weft_h.SO_TYPE(), option, four));
    assertEquals(weft_h.SOCK_STREAM(), option.get(JAVA_INT, 0));
    assertEquals(weft_h.S_IFSOCK(), weft_h.weft_file_type(fd));
    assertEquals(0, weft_h.weft_close(fd));
  }

  @Test
  void aPipeAcceptsWritesUntilItIsFull() {
    MemorySegment fds = arena.allocate(JAVA_INT, 2);
    assertEquals(0, weft_h.weft_pipe2(fds, weft_h.O_NONBLOCK() | weft_h.O_CLOEXEC()));
    int reader = fds.getAtIndex(JAVA_INT, 0);
    int writer = fds.getAtIndex(JAVA_INT, 1);
    int capacity = weft_h.weft_fcntl(writer, weft_h.F_GETPIPE_SZ(), 0);
    MemorySegment bytes = arena.allocate(JAVA_BYTE, capacity);

    assertEquals(weft_h.S_IFIFO(), weft_h.weft_file_type(writer));
    assertEquals(capacity, weft_h.weft_write(writer, bytes, capacity));
    assertEquals(-weft_h.EAGAIN(), weft_h.weft_write(writer, bytes, 1));

    assertEquals(0, weft_h.weft_close(reader));
    assertEquals(0, weft_h.weft_close(writer));
  }

  @Test
  void anEventCountsUpToItsLimit() {
    int fd = weft_h.weft_eventfd(7, weft_h.EFD_NONBLOCK() | weft_h.EFD_CLOEXEC());

    assertEquals(0, weft_h.weft_eventfd_write(fd, 0xffff_ffff_ffff_fffeL - 7));
    assertEquals(-weft_h.EAGAIN(), weft_h.weft_eventfd_write(fd, 1));

    assertEquals(0, weft_h.weft_close(fd));
  }

  @Test
  void aThreadIsPinnedAndReleased() throws InterruptedException {
    // On a thread of its own: the test's must not stay on one CPU if this fails.
    int[] failures = {-1};
    Thread thread = Thread.ofPlatform().start(() -> failures[0] = pinAndRelease());
    thread.join();

    assertEquals(0, failures[0]);
  }

  @Test
  void gettidReturnsTheKernelsThreadId() throws IOException {
    int id = weft_h.weft_gettid();

    assertTrue(Files.isDirectory(Path.of("/proc/self/task/" + id)), "task " + id);
  }

  @Test
  void theLimitOfLockedMemoryIsThatOfTheProcess() throws IOException {
    MemorySegment soft = arena.allocate(JAVA_LONG);

    assertEquals(0, weft_h.weft_memlock_limit(soft));

    String line =
        Files.readAllLines(Path.of("/proc/self/limits")).stream()
            .filter(limit -> limit.startsWith("Max locked memory"))
            .findFirst()
            .orElseThrow();
    String expected = line.substring("Max locked memory".length()).strip().split(" +", 2)[0];
    long bytes = soft.get(JAVA_LONG, 0);
    assertEquals(expected, bytes == -1 ? "unlimited" : Long.toUnsignedString(bytes));
  }

  /** The number of steps that failed. */
  private static int pinAndRelease() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment all = arena.allocate(1024);
      int bytes = weft_h.weft_get_affinity(all, (int) all.byteSize());
      if (bytes <= 0) {
        return 1;
      }
      int cpu = lowest(all);
      int failures = weft_h.weft_pin_thread(cpu) == 0 ? 0 : 1;
      MemorySegment pinned = arena.allocate(1024);
      failures += weft_h.weft_get_affinity(pinned, (int) pinned.byteSize()) == bytes ? 0 : 1;
      failures += lowest(pinned) == cpu && cpus(pinned) == 1 ? 0 : 1;
      failures += weft_h.weft_set_affinity(all, bytes) == 0 ? 0 : 1;
      weft_h.weft_get_affinity(pinned, (int) pinned.byteSize());
      return failures + (pinned.mismatch(all) == -1 ? 0 : 1);
    }
  }

  private static int lowest(MemorySegment mask) {
    for (int word = 0; word < mask.byteSize() / Long.BYTES; word++) {
      long bits = mask.getAtIndex(JAVA_LONG, word);
      if (bits != 0) {
        return word * Long.SIZE + Long.numberOfTrailingZeros(bits);
      }
    }
    return -1;
  }

  private static int cpus(MemorySegment mask) {
    int cpus = 0;
    for (int word = 0; word < mask.byteSize() / Long.BYTES; word++) {
      cpus += Long.bitCount(mask.getAtIndex(JAVA_LONG, word));
    }
    return cpus;
  }

  @Test
  @SuppressWarnings("restricted") // as long as what was mapped
  void mappedMemoryIsZeroedAndItsOwn() {
    long address = weft_h.weft_map(8192, 0);
    assertTrue(address > 0);
    MemorySegment memory = MemorySegment.ofAddress(address).reinterpret(8192);

    assertEquals(-1, memory.mismatch(arena.allocate(8192)));
    memory.fill((byte) 1);

    assertEquals(0, weft_h.weft_unmap(address, 8192));
  }

  @Test
  @SuppressWarnings("restricted") // as long as what was mapped
  void discardedMemoryIsZeroedAgain() {
    long address = weft_h.weft_map(8192, 0);
    MemorySegment memory = MemorySegment.ofAddress(address).reinterpret(8192);
    memory.fill((byte) 1);

    assertEquals(0, weft_h.weft_discard(address, 4096));

    assertEquals(0, memory.get(JAVA_BYTE, 0));
    assertEquals(1, memory.get(JAVA_BYTE, 4096));
    assertEquals(0, weft_h.weft_unmap(address, 8192));
  }

  @Test
  void aSocketPairIsConnected() {
    MemorySegment ends = arena.allocate(JAVA_INT, 2);
    MemorySegment byteRead = arena.allocate(JAVA_BYTE);
    assertEquals(0, weft_h.weft_socketpair(weft_h.SOCK_STREAM() | weft_h.SOCK_CLOEXEC(), ends));
    int one = ends.getAtIndex(JAVA_INT, 0);
    int other = ends.getAtIndex(JAVA_INT, 1);

    assertEquals(1, weft_h.weft_write(one, arena.allocateFrom("x"), 1));
    assertEquals(1, weft_h.weft_read(other, byteRead, 1));
    assertEquals('x', byteRead.get(JAVA_BYTE, 0));
    weft_h.weft_close(one);
    assertEquals(0, weft_h.weft_read(other, byteRead, 1));
    weft_h.weft_close(other);
    assertEquals(-weft_h.EINVAL(), weft_h.weft_socketpair(weft_h.SOCK_STREAM() | -1 << 20, ends));
  }

  @Test
  void pollReportsReadyEvents() {
    MemorySegment ends = arena.allocate(JAVA_INT, 2);
    assertEquals(0, weft_h.weft_pipe2(ends, weft_h.O_CLOEXEC()));
    int reading = ends.getAtIndex(JAVA_INT, 0);
    int writing = ends.getAtIndex(JAVA_INT, 1);

    assertEquals(0, weft_h.weft_poll(reading, weft_h.POLLIN(), 0));
    assertEquals(weft_h.POLLOUT(), weft_h.weft_poll(writing, weft_h.POLLOUT(), -1));
    assertEquals(1, weft_h.weft_write(writing, arena.allocate(JAVA_LONG), 1));
    assertEquals(weft_h.POLLIN(), weft_h.weft_poll(reading, weft_h.POLLIN(), -1));
    weft_h.weft_close(writing);
    weft_h.weft_close(reading);
    assertEquals(weft_h.POLLNVAL(), weft_h.weft_poll(reading, weft_h.POLLIN(), -1));
  }

  @Test
  void mappingWithHugePagesSucceedsWithoutThem() {
    long bytes = 2L << 20;
    long address = weft_h.weft_map(bytes, 1);

    assertTrue(address > 0);
    assertEquals(0, weft_h.weft_unmap(address, bytes));
  }
}
