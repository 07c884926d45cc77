// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.error.Errno;
import dev.weft.internal.backend.DirectDescriptor;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.sim.Faults;
import dev.weft.sim.env.SeededRandom;
import dev.weft.sim.env.VirtualClock;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** Carries out requests in virtual time as io_uring does, on simulated descriptors. */
public final class Kernel {
  /**
   * How an interrupted request can end: with EINTR, or with one of the kernel's own codes for it,
   * from ERESTARTSYS to ERESTART_RESTARTBLOCK, which come out of its worker threads as they are.
   */
  private static final int[] INTERRUPTIONS = {Errno.EINTR.code(), 512, 513, 514, 516};

  /** Receives the results of requests. */
  public interface Completions {
    /**
     * Called with each result.
     *
     * @param buffer the buffer of a group that has been filled; null for none
     */
    void arrive(Request request, int result, boolean more, OfferedBuffers.@Nullable Buffer buffer);
  }

  /** An open descriptor: its file description, and where it was made. */
  record Handle(OpenFileDescription description, Throwable origin) {}

  private static final int DESCRIPTORS_MAX = 1 << 16;
  private static final int STANDARD_STREAMS = 3;

  private final VirtualClock clock;
  private final SeededRandom chance;
  private final Faults faults;
  private final Completions completions;
  private final List<@Nullable Handle> handles = new ArrayList<>();

  /**
   * The slots of direct descriptors. There are as many as are needed: the backend counts those that
   * a program may use. A ring closes a slot before it takes later requests, which can overtake the
   * close here.
   */
  private final List<@Nullable Handle> direct = new ArrayList<>();

  private final Queue<OpenFileDescription> changes = new ArrayDeque<>();
  final Network network;
  private @Nullable Network datagrams;
  private final Map<Integer, OfferedBuffers> groups = new HashMap<>();
  final UnixNames unixNames = new UnixNames();
  final FileTree files;

  public Kernel(
      VirtualClock clock,
      SeededRandom chance,
      Faults faults,
      FileTree files,
      Completions completions) {
    this.clock = clock;
    this.chance = chance;
    this.faults = faults;
    this.files = files;
    this.completions = completions;
    network = new Network(chance.fork());
    Throwable origin = new CallSite("the standard streams");
    for (String name : List.of("/dev/stdin", "/dev/stdout", "/dev/stderr")) {
      @Nullable Node[] found = new @Nullable Node[1];
      int access = OpenFlags.READ | OpenFlags.WRITE;
      byte[] path = name.getBytes(StandardCharsets.US_ASCII);
      files.open(files.root, path, OpenFlags.CREATE | access, 0666, 0, found);
      Node node = found[0];
      assert node != null;
      install(referred(new OpenFile(this, node, name, access)), origin);
    }
  }

  private static OpenFileDescription referred(OpenFileDescription description) {
    description.refer();
    return description;
  }

  // ---- time and chance

  long now() {
    return clock.now();
  }

  /** Runs {@code action} at that time. */
  void later(long time, Runnable action) {
    clock.at(time, action);
  }

  private long delay() {
    return chance.delay(faults.delayMax().toNanos());
  }

  /** Draws how long data takes to the other end. */
  long latency() {
    return delay();
  }

  /** Draws how much of a transfer of {@code count} bytes takes place. */
  int shortened(int count) {
    return chance.happens(faults.shortTransfers()) ? chance.portion(count) : count;
  }

  /** Draws how many of {@code count} bytes travel together. */
  int segment(int count) {
    return shortened(count);
  }

  boolean breaksConnection() {
    return chance.happens(faults.resets());
  }

  boolean refusesConnection() {
    return chance.happens(faults.resets());
  }

  boolean losesDatagram() {
    return chance.happens(faults.losses());
  }

  boolean doublesDatagram() {
    return chance.happens(faults.duplicates());
  }

  boolean reordersDatagram() {
    return chance.happens(faults.reorderings());
  }

  /** The network of UDP, made at its first use: others draw the same numbers without it. */
  Network datagrams() {
    Network found = datagrams;
    if (found == null) {
      found = network.ofOtherProtocol();
      datagrams = found;
    }
    return found;
  }

  // ---- descriptors

  /** Returns 0, or -errno if no descriptor can be made now. */
  int refuseDescriptor() {
    if (chance.happens(faults.exhaustions())) {
      Errno[] reasons = {Errno.EMFILE, Errno.ENFILE, Errno.ENOBUFS, Errno.ENOMEM};
      return -reasons[chance.below(reasons.length)].code();
    }
    return handles.size() >= DESCRIPTORS_MAX && !handles.contains(null) ? -Errno.EMFILE.code() : 0;
  }

  /**
   * Assigns the lowest free descriptor to {@code description}, and takes over the caller's
   * reference.
   */
  int install(OpenFileDescription description, Throwable origin) {
    return put(handles, new Handle(description, origin));
  }

  private static int put(List<@Nullable Handle> table, Handle handle) {
    int free = table.indexOf(null);
    if (free < 0) {
      table.add(handle);
      return table.size() - 1;
    }
    table.set(free, handle);
    return free;
  }

  int open(OpenFileDescription description, Object what) {
    return install(referred(description), new CallSite(what));
  }

  /** As {@link #install(OpenFileDescription, Throwable)}, of the kind that a request asks for. */
  int install(OpenFileDescription description, Request request) {
    Throwable origin = request.origin;
    assert origin != null : request.opcode;
    return request.makesDirect()
        ? DirectDescriptor.number(put(direct, new Handle(description, origin)))
        : install(description, origin);
  }

  public @Nullable OpenFileDescription description(int descriptor) {
    Handle handle = handle(descriptor);
    return handle == null ? null : handle.description;
  }

  private @Nullable Handle handle(int descriptor) {
    List<@Nullable Handle> table = table(descriptor);
    int index = index(descriptor);
    return index >= 0 && index < table.size() ? table.get(index) : null;
  }

  private static int index(int descriptor) {
    return DirectDescriptor.is(descriptor) ? DirectDescriptor.slot(descriptor) : descriptor;
  }

  private List<@Nullable Handle> table(int descriptor) {
    return DirectDescriptor.is(descriptor) ? direct : handles;
  }

  public int close(int descriptor) {
    OpenFileDescription description = description(descriptor);
    if (description == null) {
      return -Errno.EBADF.code();
    }
    table(descriptor).set(index(descriptor), null);
    description.release();
    return 0;
  }

  /**
   * Returns each descriptor that is still open at the end of the run, with the place where it was
   * made.
   */
  public List<String> leaks() {
    List<String> leaks = new ArrayList<>();
    for (int descriptor = STANDARD_STREAMS; descriptor < handles.size(); descriptor++) {
      addLeak(leaks, descriptor);
    }
    for (int slot = 0; slot < direct.size(); slot++) {
      addLeak(leaks, DirectDescriptor.number(slot));
    }
    return leaks;
  }

  private void addLeak(List<String> leaks, int descriptor) {
    Handle handle = handle(descriptor);
    if (handle != null) {
      leaks.add(
          DirectDescriptor.text(descriptor)
              + " ("
              + handle.description
              + ") was not closed; it was made"
              + CallSite.describe(handle.origin));
    }
  }

  InetSocketAddress anyAddress(boolean ipv6) {
    try {
      return new InetSocketAddress(InetAddress.getByAddress(new byte[ipv6 ? 16 : 4]), 0);
    } catch (UnknownHostException e) {
      throw new AssertionError("4 and 16 bytes are an address", e);
    }
  }

  // ---- buffer groups

  /** Opens a group of buffers of one size. */
  public OfferedBuffers openGroup(int bytes) {
    int number = 0;
    while (groups.containsKey(number)) {
      number++;
    }
    OfferedBuffers group = new OfferedBuffers(this, number, bytes, chance.fork());
    groups.put(number, group);
    return group;
  }

  @Nullable OfferedBuffers group(int number) {
    return groups.get(number);
  }

  void closed(OfferedBuffers group) {
    groups.remove(group.number());
  }

  // ---- requests

  /** Takes a request and those linked behind it. */
  public void submit(Request head) {
    begin(head);
  }

  private void begin(Request request) {
    request.stage = Request.Stage.STARTING;
    if (request.refused) {
      finish(request, -Errno.EBADF.code());
      return;
    }
    if (request.fillsMemory()) {
      request.memory = BufferGuard.ofTarget(request.bytes(), chance);
    } else if (request.readsMemory()) {
      request.memory = BufferGuard.ofSource(request.bytes());
    }
    long time = now() + delay();
    if (needsDescription(request)) {
      OpenFileDescription file = description(request.handle);
      OpenFileDescription source = request.usesSource() ? description(request.spliceHandle) : file;
      boolean areKnown = file != null && source != null && request.knowsDescriptors();
      int refusal = areKnown ? request.referPassed(this) : -Errno.EBADF.code();
      if (refusal < 0) {
        finish(request, refusal);
        return;
      }
      request.file = referred(Objects.requireNonNull(file));
      request.source = referred(Objects.requireNonNull(source));
      time = startInOrder(file, request.outward, time);
    }
    if (time <= now()) {
      attempt(request);
    } else {
      clock.at(time, () -> attempt(request));
    }
  }

  /** Carries out a request that is not submitted: at least 0, -EAGAIN if it waits, or -errno. */
  public int attemptNow(Request request) {
    int refusal = request.named == null ? -Errno.EBADF.code() : request.referPassed(this);
    if (refusal < 0) {
      return refusal;
    }
    switch (request.opcode) {
      case READ, READ_SCATTERED, WRITE, WRITE_GATHERED, RECEIVE, PEEK, POLL -> {}
      case SEND, SEND_GATHERED, RECEIVE_MESSAGE, SEND_MESSAGE -> {}
      default -> {
        return -Errno.EOPNOTSUPP.code();
      }
    }
    request.file = request.named;
    int result = OpcodeHandlers.perform(this, request);
    request.takePassed().forEach(OpenFileDescription::release);
    if (result != Request.BLOCKED) {
      return result;
    }
    return request.movesAll() && request.moved > 0 ? request.moved : -Errno.EAGAIN.code();
  }

  private static boolean needsDescription(Request request) {
    return switch (request.opcode) {
      case NOP, OPEN, OPEN_DIRECT, CLOSE, STAT, SPAWN -> false;
      default -> !OpcodeHandlers.isOnPath(request);
    };
  }

  private static long startInOrder(OpenFileDescription file, boolean outward, long time) {
    if (outward) {
      file.lastOutwardStart = Math.max(file.lastOutwardStart, time);
      return file.lastOutwardStart;
    }
    file.lastInwardStart = Math.max(file.lastInwardStart, time);
    return file.lastInwardStart;
  }

  /** Tries a request: it either completes, or waits for a change of its descriptor. */
  private void attempt(Request request) {
    boolean first = request.stage == Request.Stage.STARTING;
    if (!first && request.stage != Request.Stage.WAITING) {
      return;
    }
    if (request.hasLostMemory()) {
      finish(request, -Errno.EFAULT.code());
      return;
    }
    if (first
        && OpcodeHandlers.isInterruptible(request)
        && chance.happens(faults.interruptions())) {
      finish(request, interruption());
      return;
    }
    if (first && OpcodeHandlers.isOnSocket(request) && chance.happens(faults.exhaustions())) {
      finish(request, -Errno.ENOBUFS.code());
      return;
    }
    int result = OpcodeHandlers.perform(this, request);
    while (request.continuesAfter(result) && !chance.happens(faults.endedMultishots())) {
      post(request, result, true);
      result = OpcodeHandlers.perform(this, request);
    }
    if (result != Request.BLOCKED) {
      finish(request, result);
    } else if (OpcodeHandlers.mayNotWait(request)) {
      finish(request, -Errno.EAGAIN.code());
    } else if (request.cancelled) {
      finish(request, cancelResult(request));
    } else if (first) {
      await(request);
    }
  }

  private void await(Request request) {
    request.stage = Request.Stage.WAITING;
    if (request.memory != null) {
      request.memory.fillWithGarbage(chance);
    }
    OpenFileDescription file = request.file;
    assert file != null;
    file.waiting.add(request);
    if (request.source != null && request.source != file) {
      request.source.waiting.add(request);
    }
  }

  private void finish(Request request, int result) {
    request.stage = Request.Stage.DONE;
    if (request.memory != null && !request.hasLostMemory()) {
      request.memory.complete(Math.max(result, 0));
    }
    post(request, result, false);
    letGo(request);
    Request next = request.next;
    if (next == null) {
      return;
    }
    next.notBefore = request.notBefore;
    if (request.breaksChain(result)) {
      finish(next, -Errno.ECANCELED.code());
    } else {
      begin(next);
    }
  }

  private static void letGo(Request request) {
    OpenFileDescription file = request.file;
    if (file != null) {
      file.waiting.remove(request);
      file.release();
    }
    OpenFileDescription source = request.source;
    if (source != null) {
      source.waiting.remove(request);
      source.release();
    }
    request.takePassed().forEach(OpenFileDescription::release);
  }

  private void post(Request request, int result, boolean more) {
    long time = Math.max(now() + delay(), request.notBefore);
    OpenFileDescription file = request.file;
    if (file != null && request.outward) {
      time = Math.max(time, file.lastOutwardEnd);
      file.lastOutwardEnd = time;
    } else if (file != null) {
      time = Math.max(time, file.lastInwardEnd);
      file.lastInwardEnd = time;
    }
    request.notBefore = time;
    OfferedBuffers.Buffer buffer = request.takeBuffer();
    clock.at(time, () -> completions.arrive(request, result, more, buffer));
  }

  /** Schedules the cancellation of a request. */
  public void cancel(Request request) {
    long delay = delay();
    if (delay == 0) {
      cancelNow(request);
    } else {
      clock.at(now() + delay, () -> cancelNow(request));
    }
  }

  private void cancelNow(Request request) {
    switch (request.stage) {
      case STARTING -> {
        request.cancelled = true;
        if (!chance.happens(faults.lateCancels())) {
          finish(request, cancelResult(request));
        }
      }
      case WAITING -> finish(request, cancelResult(request));
      case LINKED, DONE -> {} // the kernel does not find it
    }
  }

  private int cancelResult(Request request) {
    if (request.file instanceof Socket socket && socket.isResetBy(request)) {
      return -Errno.ECANCELED.code();
    }
    if (request.movesAll() && request.moved > 0) {
      return request.moved;
    }
    boolean interrupted = request.isOnWorker() && chance.happens(faults.lateCancels());
    return interrupted ? interruption() : -Errno.ECANCELED.code();
  }

  private int interruption() {
    return -INTERRUPTIONS[chance.below(INTERRUPTIONS.length)];
  }

  /** Schedules another attempt of the requests that wait for {@code description}. */
  void changed(OpenFileDescription description) {
    if (!description.waiting.isEmpty()) {
      if (changes.isEmpty()) {
        clock.at(now(), this::retry);
      }
      changes.add(description);
    }
  }

  private void retry() {
    while (!changes.isEmpty()) {
      OpenFileDescription description = changes.remove();
      for (Request request : List.copyOf(description.waiting)) {
        attempt(request);
      }
    }
  }

  /** Returns {@code address}, or null if its family is not the one that {@code ipv6} says. */
  static @Nullable InetSocketAddress ofFamily(java.net.SocketAddress address, boolean ipv6) {
    return address instanceof InetSocketAddress internet && SocketAddress.isIpv6(internet) == ipv6
        ? internet
        : null;
  }
}
