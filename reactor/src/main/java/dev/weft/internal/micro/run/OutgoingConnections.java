// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.InetAddresses;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.micro.io.ByteRing;
import dev.weft.internal.micro.io.PairEnd;
import dev.weft.internal.micro.io.RingPair;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/** The connections that one thread has opened or taken over, which are closed when it has ended. */
public final class OutgoingConnections {
  private final ThreadControl thread;
  private final ArrayList<RingPair> open = new ArrayList<>(1);

  /** The first ends of the pairs that it has made, one of which no thread has yet. */
  private final ArrayList<PairEnd> pairs = new ArrayList<>(0);

  /** Why the last attempt could not begin, as a positive error number. */
  private int failure;

  OutgoingConnections(ThreadControl thread) {
    this.thread = thread;
  }

  /** Starts to connect; returns null if that fails, see {@link #failure}. */
  public @Nullable RingPair begin(InetSocketAddress address) throws UnknownHostException {
    ProcessControl process = thread.home();
    process.requireNotEnding(thread);
    InetAddresses.requireResolved(address);
    makeRoom();
    Handle handle = process.driver.newHandle("connection" + subject(address));
    try {
      process.driver.socket(handle, address, process.settings().setup());
    } catch (ErrnoException e) {
      failure = e.code();
      return null;
    }
    RingPair socket = open(process, handle);
    if (socket == null) {
      failure = Errno.ENOMEM.code();
      return null;
    }
    open.add(socket);
    process.rings.attach(socket.rx(), socket.tx());
    process.rings.connect(socket.tx(), address);
    return socket;
  }

  /** Takes over a socket for messages; returns null if that fails, see {@link #failure}. */
  public @Nullable RingPair adopt(Endpoint endpoint) {
    ProcessControl process = thread.home();
    process.requireNotEnding(thread);
    endpoint.loop.requireThread("adopt", endpoint.name());
    if (process.dispatcher() == null) {
      failure = Errno.EOPNOTSUPP.code();
      return null;
    }
    if (!endpoint.isOpen()) {
      failure = Errno.EBADF.code();
      return null;
    }
    makeRoom();
    RingPair socket = process.rings.openMessages(endpoint.handle(), endpoint);
    if (socket == null) {
      failure = Errno.ENOMEM.code();
      return null;
    }
    open.add(socket);
    process.rings.attach(socket.rx(), socket.tx());
    return socket;
  }

  /** Makes a pair of pipes, whose ends wait for a thread; null if the heap has too few pages. */
  public @Nullable PairEnd pair() {
    ProcessControl process = thread.home();
    process.requireNotEnding(thread);
    pairs.removeIf(pair -> !pair.isFree() && !pair.other().isFree());
    pairs.ensureCapacity(pairs.size() + 1);
    PairEnd made = process.rings.pairs().pair();
    if (made != null) {
      pairs.add(made);
    }
    return made;
  }

  /** Makes the thread the user of a socket that is open. */
  public void add(ByteRing rx, ByteRing tx) {
    ProcessControl process = thread.home();
    boolean added = false;
    process.rings.attach(rx, tx);
    try {
      makeRoom();
      open.add(new RingPair(rx, tx));
      added = true;
    } finally {
      if (!added) {
        process.rings.detach(rx, tx); // which closes it
      }
    }
  }

  /** Forgets closed connections, and allocates the place of another one. */
  private void makeRoom() {
    for (int i = open.size() - 1; i >= 0; i--) {
      ByteRing rx = open.get(i).rx();
      ByteRing tx = open.get(i).tx();
      boolean isPipe = rx.isPipe();
      if (isPipe ? rx.isAbandoned() && tx.isEnded() : rx.isClosed() && tx.isClosed()) {
        open.remove(i);
        if (isPipe) {
          thread.home().rings.detach(rx, tx);
        }
      }
    }
    open.ensureCapacity(open.size() + 1);
  }

  /**
   * Opens a socket on a new descriptor; closes the descriptor and returns null if memory is short.
   */
  private static @Nullable RingPair open(ProcessControl process, Handle handle) {
    RingPair socket = null;
    try {
      socket = process.rings.open(handle, handle, true);
      return socket;
    } finally {
      if (socket == null) {
        process.driver.close(handle);
      }
    }
  }

  /** Why the last {@link #begin} has failed, as a positive error number. */
  public int failure() {
    return failure;
  }

  /** The address, for the message when an unhandled connect error ends the thread. */
  public static String subject(InetSocketAddress address) {
    return ": connect " + InetAddresses.text(address);
  }

  /** Starts to wait until the attempt to connect has completed; the caller parks. */
  public void await(RingPair socket) {
    thread.home().waits.awaitOutput(socket.tx(), thread);
  }

  /** Closes a socket that could not be connected; if this fails, the end of the thread does. */
  @SuppressWarnings("ReferenceEquality") // equals() of a record is linked when it is first called
  public void close(RingPair socket) {
    StackReserve.check();
    for (int i = open.size() - 1; i >= 0; i--) {
      if (open.get(i) == socket) {
        open.remove(i);
        thread.home().rings.detach(socket.rx(), socket.tx());
      }
    }
  }

  /** Closes all connections, after the thread has ended. */
  void close() {
    for (RingPair socket : open) {
      thread.home().waits.detach(thread, socket.rx(), socket.tx());
    }
    open.clear();
    for (PairEnd pair : pairs) {
      pair.close();
      pair.other().close();
    }
    pairs.clear();
  }
}
