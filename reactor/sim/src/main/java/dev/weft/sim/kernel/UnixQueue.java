// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.internal.backend.Message;
import dev.weft.internal.backend.UnixAddress;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What has been sent to a Unix socket, and waits to be received. */
final class UnixQueue {
  private static final class Packet {
    final @Nullable UnixAddress source;
    final byte[] bytes;
    int taken;

    /** The files that came with it; the packet has a reference to each. */
    List<OpenFileDescription> passed;

    Packet(@Nullable UnixAddress source, byte[] bytes, List<OpenFileDescription> passed) {
      this.source = source;
      this.bytes = bytes;
      this.passed = passed;
    }

    int left() {
      return bytes.length - taken;
    }
  }

  private final Deque<Packet> packets = new ArrayDeque<>();
  private int size;

  boolean isEmpty() {
    return packets.isEmpty();
  }

  /** The number of bytes. */
  int size() {
    return size;
  }

  /** The number of messages. */
  int count() {
    return packets.size();
  }

  void add(@Nullable UnixAddress source, byte[] bytes, List<OpenFileDescription> passed) {
    packets.add(new Packet(source, bytes, passed));
    size += bytes.length;
  }

  /** Takes the first message; what does not fit in the memory of the request is lost. */
  int takeMessage(Kernel kernel, Request request, @Nullable Message message) {
    Packet packet = request.peeks() ? packets.getFirst() : packets.remove();
    size -= request.peeks() ? 0 : packet.bytes.length;
    int count = Math.min(packet.bytes.length, request.length);
    if (count > 0) {
      request.store(Arrays.copyOf(packet.bytes, count));
    }
    if (message != null) {
      message.received(packet.source, count < packet.bytes.length);
    }
    if (!request.peeks()) {
      deliverPassed(kernel, packet, request, message);
    }
    return count;
  }

  /**
   * Takes bytes of a stream, no more than up to the end of those that the first file was sent with.
   */
  int takeBytes(Kernel kernel, Request request, @Nullable Message message) {
    if (request.length == 0) {
      return 0;
    }
    if (message != null) {
      message.received(packets.getFirst().source, false);
    }
    byte[] target = new byte[kernel.shortened(Math.min(request.length, upToFile()))];
    if (request.peeks()) {
      request.store(peekBytes(target));
      return target.length;
    }
    int count = 0;
    while (count < target.length) {
      Packet packet = packets.getFirst();
      deliverPassed(kernel, packet, request, message);
      int part = Math.min(packet.left(), target.length - count);
      System.arraycopy(packet.bytes, packet.taken, target, count, part);
      packet.taken += part;
      count += part;
      if (packet.left() == 0) {
        packets.remove();
      }
    }
    size -= count;
    request.store(target);
    return count;
  }

  /** Fills an array with the next bytes. */
  private byte[] peekBytes(byte[] target) {
    int count = 0;
    for (Packet packet : packets) {
      int part = Math.min(packet.left(), target.length - count);
      System.arraycopy(packet.bytes, packet.taken, target, count, part);
      count += part;
    }
    return target;
  }

  /** The bytes up to those that the first file was sent with, and these. */
  private int upToFile() {
    int count = 0;
    for (Packet packet : packets) {
      count += packet.left();
      if (!packet.passed.isEmpty()) {
        break;
      }
    }
    return count;
  }

  /** Makes descriptors as long as there is room for them; the rest is lost. */
  private static void deliverPassed(
      Kernel kernel, Packet packet, Request request, @Nullable Message message) {
    int room = message == null ? 0 : message.descriptorRoom();
    boolean isLost = false;
    for (OpenFileDescription passed : packet.passed) {
      isLost |= room-- <= 0 || kernel.refuseDescriptor() != 0;
      if (isLost) {
        passed.release();
      } else {
        Objects.requireNonNull(message).add(kernel.install(passed, new CallSite(request.op)));
      }
    }
    packet.passed = List.of();
    if (isLost && message != null) {
      message.loseDescriptors();
    }
  }

  void clear() {
    for (Packet packet : packets) {
      packet.passed.forEach(OpenFileDescription::release);
    }
    packets.clear();
    size = 0;
  }
}
