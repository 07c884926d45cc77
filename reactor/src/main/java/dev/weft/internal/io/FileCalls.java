// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.FileAttributes;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PathRequest;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Operations;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;

/** Operations on open files that transfer no bytes. Each suspends. */
public final class FileCalls {
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

  /** Flushes the file to disk. */
  public static void sync(Endpoint file, boolean dataOnly, long deadline) throws IOException {
    Strand strand = file.enter("sync");
    Op op = strand.waiting.op().sync(file.handle(), dataOnly);
    perform(file, strand, "sync", op, deadline);
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
