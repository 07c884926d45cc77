// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Allocation;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.FileAdvice;
import dev.weft.internal.backend.FileAttributes;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PathRequest;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Operations;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Operations on open files that transfer no bytes. Each suspends. */
public final class FileCalls {
  /** Ranges are cut at multiples of it, so that no page is cut. */
  private static final long PART_BYTES = 1 << 30;

  private FileCalls() {}

  /**
   * Checks that the file has positions.
   *
   * @throws ErrnoException ESPIPE if not
   */
  public static void requireSeekable(Endpoint file, String verb) throws IOException {
    EventLoop loop = file.enter(verb).loop;
    int result = loop.backend().perform(loop.call().seek(file.handle()));
    if (result == -Errno.ESPIPE.code()) { // others are the transfer's to report
      file.check(verb, result);
    }
  }

  /** The attributes of the file. */
  public static FileAttributes stat(Endpoint file, long deadline) throws IOException {
    Strand strand = file.enter("stat");
    Handle plain = DirectMoves.plain(strand, "stat", file.handle(), file.name(), deadline);
    try {
      FileAttributes attributes = new FileAttributes();
      perform(file, strand, "stat", strand.waiting.op().stat(plain, attributes), deadline);
      return attributes;
    } finally {
      DirectMoves.giveBack(strand, file.handle(), plain);
    }
  }

  /** Flushes a range to disk; {@code bytes} 0 means the whole file. */
  public static void sync(Endpoint file, boolean dataOnly, long position, long bytes, long deadline)
      throws IOException {
    Strand strand = file.enter("sync");
    boolean fits = bytes <= Integer.MAX_VALUE; // otherwise all of it
    long from = fits && bytes > 0 ? position : 0;
    Op op = strand.waiting.op().sync(file.handle(), dataOnly, from, fits ? (int) bytes : 0);
    perform(file, strand, "sync", op, deadline);
  }

  /** Writes changed pages back; {@code bytes} 0 means all to the end of the file. */
  public static void writeBack(
      Endpoint file, long position, long bytes, boolean waits, long deadline) throws IOException {
    inParts(file, "sync_file_range", position, bytes, null, waits, deadline);
  }

  /** Says how a range is used; {@code bytes} 0 means all to the end of the file. */
  public static void advise(
      Endpoint file, long position, long bytes, FileAdvice advice, long deadline)
      throws IOException {
    inParts(file, "fadvise", position, bytes, advice, false, deadline);
  }

  /** Cuts a range, since an operation has 32 bits for its length. */
  private static void inParts(
      Endpoint file,
      String verb,
      long position,
      long bytes,
      @Nullable FileAdvice advice,
      boolean waits,
      long deadline)
      throws IOException {
    long end = position + bytes;
    if (bytes > PART_BYTES) { // perhaps far more than the file has
      end = Math.clamp(stat(file, deadline).sizeBytes, position + 1, end);
    }
    long at = position;
    do {
      Strand strand = file.enter(verb);
      int length = (int) Math.min(end - at, PART_BYTES - at % PART_BYTES);
      Op op = strand.waiting.op();
      Op request =
          advice == null
              ? op.writeBack(file.handle(), at, length, waits)
              : op.advise(file.handle(), at, length, advice);
      perform(file, strand, verb, request, deadline);
      at += length;
    } while (at < end);
  }

  /** Changes the space of a range. */
  public static void allocate(
      Endpoint file, long position, long bytes, Allocation how, long deadline) throws IOException {
    Strand strand = file.enter("fallocate");
    strand.loop.backend().require(Capability.ALLOCATION, "fallocate " + file.name());
    Op op = strand.waiting.op().allocate(file.handle(), position, bytes, how);
    perform(file, strand, "fallocate", op, deadline);
  }

  /** Carries out a request on the file, which must have a descriptor of the process for it. */
  public static void perform(Endpoint file, String verb, PathRequest request, long deadline)
      throws IOException {
    Strand strand = file.enter(verb);
    file.check(verb, perform(strand, verb, file, file.name(), request, deadline));
  }

  /** As {@link #perform(Endpoint, String, PathRequest, long)}; returns at least 0, or -errno. */
  static int perform(
      Strand strand, String verb, Endpoint file, Object name, PathRequest request, long deadline)
      throws IOException {
    Handle plain = DirectMoves.plain(strand, verb, file.handle(), name, deadline);
    try {
      request.use(plain);
      return PathCalls.perform(strand, verb, name, request, deadline);
    } finally {
      DirectMoves.giveBack(strand, file.handle(), plain);
    }
  }

  private static void perform(Endpoint file, Strand strand, String verb, Op op, long deadline)
      throws IOException {
    file.check(
        verb,
        Operations.performRepeatedly(strand, verb, file.name(), op, deadline, WaitMode.EXTERNAL));
  }
}
