// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.io;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.jvm.StackReserve;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/** The rings of one process: their memory, pending transfers, and the closing of their ends. */
public final class RingSet {
  final RingOwner owner;
  private final IoDriver driver;
  final RingMemory memory;
  private final PageBudget budget;
  private @Nullable PairRings pairs;

  /** Every ring that is in use. */
  final ArrayList<ByteRing> rings = new ArrayList<>();

  // Rings to be written from, and read into, when all threads wait.
  private final ArrayList<ByteRing> outputs = new ArrayList<>();
  private final ArrayList<ByteRing> inputs = new ArrayList<>();

  private boolean killed;

  /**
   * Creates an empty set.
   *
   * @param owner the process of the rings
   * @param budget where the rings reserve their pages
   */
  public RingSet(RingOwner owner, IoDriver driver, RingMemory memory, PageBudget budget) {
    this.owner = owner;
    this.driver = driver;
    this.memory = memory;
    this.budget = budget;
  }

  /** The rings between its threads and those of other processes; few processes have any. */
  public PairRings pairs() {
    PairRings found = pairs;
    if (found == null) {
      found = new PairRings(this);
      pairs = found;
    }
    return found;
  }

  /** See {@link PairRings#awaitOthers}. */
  public boolean awaitOthers() {
    return pairs != null && pairs.awaitOthers();
  }

  /** From now on outputs are discarded instead of written. */
  public void kill() {
    killed = true;
  }

  boolean isKilled() {
    return killed;
  }

  // ---- memory

  long takeMemory() {
    StackReserve.check(); // what is taken must be counted
    long address = memory.take();
    budget.resident(ByteRing.PAGES);
    return address;
  }

  /** Counts memory that a ring has not taken from here. */
  void adoptedMemory() {
    budget.resident(ByteRing.PAGES);
  }

  /** Counts that a ring has taken its memory along. */
  void lostMemory() {
    budget.resident(-ByteRing.PAGES);
  }

  void giveMemory(long address) {
    budget.resident(-ByteRing.PAGES);
    memory.give(address);
  }

  boolean reservePages() {
    return budget.reservePages(ByteRing.PAGES);
  }

  // ---- all rings

  /** Whether a thread waits for a descriptor. */
  public boolean areAwaited() {
    for (ByteRing ring : rings) {
      if (ring.isAwaitedOutside()) {
        return true;
      }
    }
    return false;
  }

  /** Whether all ends of descriptors have been closed. */
  public boolean areClosed() {
    for (ByteRing ring : rings) {
      if (!ring.isPipe() && !ring.isClosed()) {
        return false;
      }
    }
    return true;
  }

  /** Starts the pending writes, then the reads that threads wait for. */
  public void pump() {
    for (int i = 0; i < outputs.size(); i++) {
      ByteRing ring = outputs.get(i);
      ring.pending = false;
      if (ring.isInFlight() || !ring.hasOutput()) {
        continue;
      }
      if (killed) {
        ring.drained(-Errno.ECANCELED.code());
      } else {
        driver.drain(ring);
        if (ring.isDropRequested() && ring.isInFlight()) {
          driver.cancel(ring); // queued behind the write, which first writes what it can
        }
      }
    }
    outputs.clear();
    for (int i = 0; i < inputs.size(); i++) {
      ByteRing ring = inputs.get(i);
      ring.pending = false;
      if (!ring.isInFlight() && !ring.isEnded() && ring.writable() > 0 && ring.isAwaitedOutside()) {
        ring.releaseIfIdle(); // or it would hold memory while it waits
        driver.fill(ring);
      }
    }
    inputs.clear();
    closeEnds();
    releaseIfIdle();
  }

  /** Releases memory that an idle process does not need. */
  private void releaseIfIdle() {
    for (int i = 0; i < rings.size(); i++) {
      rings.get(i).releaseIfIdle();
    }
  }

  /** Marks {@code ring} to be drained when all threads wait. */
  public void drainLater(ByteRing ring) {
    if (!ring.pending) {
      outputs.add(ring);
      ring.pending = true;
    }
  }

  /**
   * After a deadline: writes the bytes in {@code ring} once, without waiting for a peer that may
   * never read, and drops the rest.
   */
  public void drainOnceThenDrop(ByteRing ring) {
    ring.requestDrop();
    if (ring.isInFlight()) {
      driver.cancel(ring);
    } else {
      drainLater(ring);
    }
  }

  /**
   * After the end of a thread that wrote to {@code output}: its deadline holds for the bytes left
   * there.
   *
   * @param isOverdue whether the deadline had passed when the thread ended
   * @param deadline the deadline that has not passed, or null
   */
  public void writerEnded(ByteRing output, boolean isOverdue, @Nullable DrainDeadline deadline) {
    if (!output.isOutput) {
      return;
    }
    boolean overdue = output.writerEnded(isOverdue);
    if (!output.isEnded() || !output.hasOutput()) {
      return; // another thread continues to write, or nothing is left
    }
    if (overdue) {
      drainOnceThenDrop(output);
    } else if (deadline != null && output.drainDeadline == null) {
      deadline.add(output);
    }
  }

  /** Marks {@code ring} to be filled when all threads wait. */
  public void fillLater(ByteRing ring) {
    if (!ring.pending) {
      inputs.add(ring);
      ring.pending = true;
    }
  }

  /** Makes room for so many more rings wherever each has a place: to wait allocates nothing. */
  void reserve(int more) {
    int count = rings.size() + more;
    rings.ensureCapacity(count);
    outputs.ensureCapacity(count);
    inputs.ensureCapacity(count);
  }

  /**
   * Creates the rings of a socket of two descriptors, which may be the same; null if the heap has
   * too few pages.
   *
   * @param isSocket whether they are one connection
   */
  public @Nullable RingPair open(Handle input, Handle output, boolean isSocket) {
    SharedDescriptor source = SharedDescriptor.stream(input, isSocket);
    SharedDescriptor sink = input == output ? source : SharedDescriptor.stream(output, isSocket);
    return open(source, sink);
  }

  /**
   * Creates the rings of a socket for messages, which is closed with them; null if the heap has too
   * few pages.
   *
   * @param user the object that the handle belongs to
   */
  public @Nullable RingPair openMessages(Handle handle, Object user) {
    SharedDescriptor both = SharedDescriptor.messages(handle, user);
    return open(both, both);
  }

  private @Nullable RingPair open(SharedDescriptor source, SharedDescriptor sink) {
    RingPair pair = new RingPair(ByteRing.input(this, source), ByteRing.output(this, sink));
    reserve(2);
    if (!reservePages()) {
      return null;
    }
    if (!reservePages()) {
      unreservePages();
      return null;
    }
    rings.add(pair.rx());
    rings.add(pair.tx());
    return pair;
  }

  /**
   * Creates the ring of a listening socket, which holds the descriptors of accepted connections;
   * null if the heap has too few pages.
   *
   * @param owned whether the socket is closed with the ring
   */
  public @Nullable ByteRing listening(Handle descriptor, boolean owned) {
    return add(ByteRing.input(this, SharedDescriptor.listening(descriptor, owned)));
  }

  /** Creates a ring between two threads; null if the heap has too few pages. */
  public @Nullable ByteRing pipe() {
    return add(ByteRing.pipe(this));
  }

  private @Nullable ByteRing add(ByteRing ring) {
    reserve(1);
    if (!reservePages()) {
      return null;
    }
    rings.add(ring);
    return ring;
  }

  void unreservePages() {
    budget.unreservePages(ByteRing.PAGES);
  }

  /** Counts a thread that reads from {@code rx} and writes to {@code tx}. */
  public void attach(ByteRing rx, ByteRing tx) {
    rx.readerEnds++;
    tx.writerEnds++;
  }

  /** Counts that such a thread has ended; closes the ends that no other thread uses. */
  public void detach(ByteRing rx, ByteRing tx) {
    if (--rx.readerEnds == 0) {
      closeInput(rx);
    }
    if (--tx.writerEnds == 0) {
      closeOutput(tx);
      if (tx.isShared()) {
        tx.writers.pairs().left(tx);
      }
    }
  }

  public void closeInput(ByteRing ring) {
    ring.abandon();
    ring.wakeWriters();
    ring.wakeReaders(); // other threads that read there must not wait any more
  }

  public void closeOutput(ByteRing ring) {
    ring.endWriting();
    ring.wakeReaders();
    ring.wakeWriters();
    if (ring.isShared()) {
      ring.rings.owner.ready(); // which removes it if no thread reads it either
    }
  }

  /** Marks all ends as closed, when no thread is left; returns whether any ring has changed. */
  public boolean closeAll() {
    boolean changed = false;
    for (int i = 0; i < rings.size(); i++) {
      ByteRing ring = rings.get(i);
      if (ring.isOutput && !ring.isEnded()) {
        ring.endWriting();
        changed = true;
      } else if (!ring.isOutput && !ring.isAbandoned()) {
        ring.abandon();
        changed = true;
      }
    }
    return changed;
  }

  /** Closes the descriptors of rings that no thread uses any more, and removes these rings. */
  private void closeEnds() {
    for (int i = rings.size() - 1; i >= 0; i--) {
      ByteRing ring = rings.get(i);
      if (ring.isPipe()) {
        if (ring.isDead()) {
          remove(i);
        }
      } else if (ring.isOutput
          ? ring.isEnded() && (!ring.hasOutput() || killed)
          : ring.isAbandoned()) {
        closeEnd(ring);
        i = Math.min(i, rings.size()); // two may have been removed
      }
    }
  }

  private void closeEnd(ByteRing ring) {
    if (ring.isInFlight()) {
      driver.cancel(ring);
      return;
    }
    if (!ring.isClosed()) {
      SharedDescriptor descriptor = ring.descriptor();
      boolean last = releaseEnd(ring);
      if (last && descriptor.isOwned()) {
        driver.close(descriptor.handle());
        removeEnds(descriptor);
      } else if (!last && descriptor.isOwned() && ring.isOutput) {
        driver.shutdown(descriptor.handle(), Direction.OUTPUT);
      }
    }
  }

  private void removeEnds(SharedDescriptor descriptor) {
    for (int i = rings.size() - 1; i >= 0; i--) {
      if (!rings.get(i).isPipe() && rings.get(i).descriptor() == descriptor) {
        remove(i);
      }
    }
  }

  private void remove(int index) {
    rings.remove(index).release();
    unreservePages();
  }

  /** Releases all rings; nothing is in flight. */
  public void release() {
    if (pairs != null) {
      pairs.leave();
    }
    rings.forEach(ByteRing::release);
    rings.clear();
  }

  /** Cancels all operations in flight. */
  public void cancel() {
    for (ByteRing ring : rings) {
      ring.abandon();
      if (ring.isInFlight()) {
        driver.cancel(ring);
      }
    }
  }

  public boolean areInFlight() {
    for (ByteRing ring : rings) {
      if (ring.isInFlight()) {
        return true;
      }
    }
    return false;
  }

  /** Shuts down a ring's side of its descriptor; returns 0 or -errno. */
  public int shutDown(ByteRing ring, Direction direction) {
    if (ring.isPipe()) {
      return -Errno.ENOTSOCK.code();
    }
    if (ring.isClosed()) {
      return -Errno.EBADF.code(); // checked here: the descriptor's number may have been reused
    }
    int result = driver.shutdown(ring.descriptor().handle(), direction);
    if (result == 0) {
      ring.isShut = true;
    }
    return result;
  }

  /** The address of the peer; throws what getpeername(2) says, ENOTSOCK for a pipe. */
  public InetSocketAddress remoteAddress(ByteRing ring) throws IOException {
    if (ring.isPipe() || ring.isClosed()) {
      Errno errno = ring.isPipe() ? Errno.ENOTSOCK : Errno.EBADF;
      throw new ErrnoException("getpeername", null, errno.code());
    }
    return driver.remoteAddress(ring.descriptor().handle());
  }

  /** Starts to connect the new socket of an output ring. */
  public void connect(ByteRing output, InetSocketAddress address) {
    driver.connect(output, address);
  }

  /** Closes the open descriptors and discards the rings' bytes; nothing is in flight. */
  public void discard() {
    for (ByteRing ring : rings) {
      if (!ring.isPipe() && !ring.isClosed()) {
        boolean last = releaseEnd(ring);
        if (last && ring.descriptor().isOwned()) {
          driver.close(ring.descriptor().handle());
        }
      }
    }
    release();
  }

  /** Closes a ring's end of its descriptor; returns whether it was the last one. */
  private boolean releaseEnd(ByteRing ring) {
    DrainDeadline deadline = ring.drainDeadline;
    if (deadline != null) {
      deadline.remove(ring);
    }
    closeAccepted(ring);
    driver.release(ring);
    ring.closed(); // last, so that it is retried after a failure
    return ring.descriptor().closedEnd();
  }

  private void closeAccepted(ByteRing ring) {
    while (ring.descriptor().listening && !ring.isEmpty()) {
      driver.close(ring.takeInt());
    }
  }
}
