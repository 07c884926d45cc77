// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.strand.Operations;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;

/** Gives handles a direct descriptor instead of one of the process, and back. */
public final class DirectMoves {
  private DirectMoves() {}

  /**
   * Gives an open handle a direct descriptor, unless it has one. Suspends.
   *
   * @throws ErrnoException ENFILE if the table is full
   */
  public static void register(Strand strand, Handle handle, Object name, long deadline)
      throws IOException {
    move(strand, "register", handle, name, true, deadline);
  }

  /** Gives an open handle a descriptor of the process, unless it has one. Suspends. */
  public static void install(Strand strand, Handle handle, Object name, long deadline)
      throws IOException {
    move(strand, "install", handle, name, false, deadline);
  }

  private static void move(
      Strand strand, String verb, Handle handle, Object name, boolean direct, long deadline)
      throws IOException {
    Backend backend = strand.loop.backend();
    backend.requireDirectTable(verb + " " + name);
    if (!handle.isOpen()) {
      throw new ClosedChannelException();
    }
    if (!handle.isOwned()) {
      throw new IllegalArgumentException(verb + " " + name + ": the descriptor belongs to others");
    }
    handle.requireOneDescriptor();
    strand.checkBeforeWait(verb, name, deadline, WaitMode.EXTERNAL);
    if (handle.isDirect() == direct) {
      return;
    }
    int result = another(strand, verb, handle, name, direct, deadline);
    if (!handle.isOpen() || handle.isDirect() == direct) { // another fiber closed or moved it
      backend.closeDescriptor(result);
      requireOpen(handle);
    } else {
      backend.replace(handle, result);
    }
  }

  /** Makes another descriptor of the same open file. */
  private static int another(
      Strand strand, String verb, Handle handle, Object name, boolean direct, long deadline)
      throws IOException {
    Op op = strand.waiting.op();
    Op request = direct ? op.register(handle) : op.install(handle);
    int result =
        Operations.performRepeatedly(strand, verb, name, request, deadline, WaitMode.EXTERNAL);
    if (result < 0) {
      requireOpen(handle);
      throw new ErrnoException(verb, name.toString(), -result);
    }
    return result;
  }

  private static void requireOpen(Handle handle) throws AsynchronousCloseException {
    if (!handle.isOpen()) {
      throw new AsynchronousCloseException();
    }
  }

  /**
   * The handle for an operation that direct descriptors can't be used for: {@code handle} itself,
   * or another one with a descriptor of the process. {@link #giveBack} must follow. Suspends.
   */
  public static Handle plain(Strand strand, String verb, Handle handle, Object name, long deadline)
      throws IOException {
    return handle.isDirect()
        ? Handle.borrowed(another(strand, verb, handle, name, false, deadline), name)
        : handle;
  }

  /** Closes the descriptor that {@link #plain} has made, if it has. */
  public static void giveBack(Strand strand, Handle handle, Handle plain) {
    if (plain != handle) {
      strand.loop.backend().closeDescriptor(plain.number());
    }
  }
}
