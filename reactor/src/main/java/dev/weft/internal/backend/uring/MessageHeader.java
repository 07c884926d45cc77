// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.weft.bindings.iovec;
import dev.weft.bindings.msghdr;
import dev.weft.bindings.weft_h;
import dev.weft.internal.backend.Message;
import dev.weft.internal.backend.Op;
import dev.weft.internal.mem.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The {@code msghdr} of a message and what it points to, in the scratch memory of an operation: one
 * {@code iovec}, an address, and control data (cmsg(3)). A {@link Message} keeps the last address
 * in both forms, and the control data with descriptors, for which the scratch memory has no room.
 */
final class MessageHeader {
  private static final MemorySegment ALL = Memory.ALL;
  private static final long VECTOR = msghdr.sizeof();
  private static final long ADDRESS = VECTOR + iovec.sizeof();
  private static final int ADDRESS_BYTES = SocketAddresses.BYTES_MAX;

  /** Where the control data begins: aligned, as its header has to be. */
  private static final long CONTROL = ADDRESS + (ADDRESS_BYTES + 7 & ~7);

  /** The size of all of it. */
  static final long BYTES = CONTROL + PacketInfo.BYTES;

  private MessageHeader() {}

  /** An address and its bytes as the kernel knows them, and memory for descriptors. */
  private static final class Encoded {
    @Nullable SocketAddress address;
    int length;
    final MemorySegment bytes = MemorySegment.ofArray(new byte[ADDRESS_BYTES]);
    final PacketInfo arrival = new PacketInfo();
    MemorySegment descriptors = MemorySegment.NULL;

    boolean is(long header, int size) {
      long at = header + ADDRESS;
      return length == size && MemorySegment.mismatch(bytes, 0, size, ALL, at, at + size) < 0;
    }

    void set(SocketAddress address, long header, int size) {
      this.address = address;
      length = size;
      MemorySegment.copy(ALL, header + ADDRESS, bytes, 0, size);
    }

    /** The address of memory for control data with that many descriptors. */
    long descriptors(int count) {
      long size = Control.space(count * Integer.BYTES);
      if (descriptors.byteSize() < size) {
        descriptors = Arena.ofAuto().allocate(size, Long.BYTES);
      }
      return descriptors.address();
    }
  }

  private static Encoded kept(Message message) {
    if (message.encodedAddress() instanceof Encoded encoded) {
      return encoded;
    }
    Encoded made = new Encoded();
    message.keep(made);
    return made;
  }

  /** Where the address begins. */
  static long address(long header) {
    return header + ADDRESS;
  }

  /** Lets a header describe the memory of {@code op}, and room for the sender's address. */
  static void prepareReceive(Op op, long header) {
    describe(op, header);
    ALL.set(JAVA_LONG, header + msghdr.msg_name$offset(), header + ADDRESS);
    ALL.set(JAVA_INT, header + msghdr.msg_namelen$offset(), ADDRESS_BYTES);
    Message message = op.message();
    int room = message.descriptorRoom();
    if (room > 0 && !op.peeks()) { // a peek would duplicate them
      int bytes = (int) Control.data(0) + room * Integer.BYTES; // with padding, there is one more
      setControl(header, kept(message).descriptors(room), bytes);
    } else if (message.takesLocal()) {
      setControl(header, header + CONTROL, PacketInfo.BYTES);
    }
  }

  private static void setControl(long header, long control, int bytes) {
    ALL.set(JAVA_LONG, header + msghdr.msg_control$offset(), control);
    ALL.set(JAVA_LONG, header + msghdr.msg_controllen$offset(), bytes);
  }

  /** Describes the memory of {@code op}, without an address and control data. */
  private static void describe(Op op, long header) {
    MemorySegment memory = op.memory();
    long base = memory == null ? 0 : memory.address() + op.from();
    ALL.set(JAVA_LONG, header + VECTOR + iovec.iov_base$offset(), base);
    ALL.set(JAVA_LONG, header + VECTOR + iovec.iov_len$offset(), op.length());
    ALL.set(JAVA_LONG, header + msghdr.msg_name$offset(), 0);
    ALL.set(JAVA_INT, header + msghdr.msg_namelen$offset(), 0);
    ALL.set(JAVA_LONG, header + msghdr.msg_iov$offset(), header + VECTOR);
    ALL.set(JAVA_LONG, header + msghdr.msg_iovlen$offset(), 1);
    ALL.set(JAVA_LONG, header + msghdr.msg_control$offset(), 0);
    ALL.set(JAVA_LONG, header + msghdr.msg_controllen$offset(), 0);
    ALL.set(JAVA_INT, header + msghdr.msg_flags$offset(), 0);
  }

  /** Writes the destination of a send; the header only if there is control data. */
  static void prepareSend(Op op, long header) {
    SocketAddress destination = op.message().address();
    if (destination != null) {
      writeDestination(op.message(), destination, header);
    }
    if (op.message().hasControl()) {
      describe(op, header);
      if (destination != null) {
        ALL.set(JAVA_LONG, header + msghdr.msg_name$offset(), header + ADDRESS);
        ALL.set(JAVA_INT, header + msghdr.msg_namelen$offset(), destinationBytes(op));
      }
      writeControl(op, header);
    }
  }

  /** Completes the header of a send that has been prepared, for sendmsg(2). */
  static void complete(Op op, long header) {
    if (!op.message().hasControl()) { // otherwise it is complete
      describe(op, header);
      int length = destinationBytes(op);
      if (length > 0) {
        ALL.set(JAVA_LONG, header + msghdr.msg_name$offset(), header + ADDRESS);
        ALL.set(JAVA_INT, header + msghdr.msg_namelen$offset(), length);
      }
    }
  }

  private static void writeControl(Op op, long header) {
    Message message = op.message();
    InetAddress local = message.local();
    int count = message.passedCount();
    if (count > 0) {
      long control = kept(message).descriptors(count);
      int bytes = count * Integer.BYTES;
      int length = Control.begin(control, weft_h.SOL_SOCKET(), weft_h.SCM_RIGHTS(), bytes);
      for (int i = 0; i < count; i++) {
        ALL.set(JAVA_INT, Control.data(control) + (long) i * Integer.BYTES, message.passed(i));
      }
      setControl(header, control, length);
    } else if (local != null) {
      setControl(header, header + CONTROL, PacketInfo.write(local, header + CONTROL));
    }
  }

  private static void writeDestination(Message message, SocketAddress destination, long header) {
    Encoded encoded = kept(message);
    if (destination == encoded.address) { // equal ones can differ in their scope
      MemorySegment.copy(encoded.bytes, 0, ALL, header + ADDRESS, encoded.length);
    } else {
      int length = SocketAddresses.encode(destination, header + ADDRESS);
      encoded.set(destination, header, length);
    }
  }

  /** The length of the destination of a send that has been prepared; 0 if it has none. */
  static int destinationBytes(Op op) {
    Message message = op.message();
    return message.address() == null ? 0 : kept(message).length;
  }

  /** Reads what the kernel has written besides the bytes. */
  static void decode(Op op, long header) {
    Message message = op.message();
    int length = ALL.get(JAVA_INT, header + msghdr.msg_namelen$offset());
    int flags = ALL.get(JAVA_INT, header + msghdr.msg_flags$offset());
    message.received(sender(header, length, message), (flags & weft_h.MSG_TRUNC()) != 0);
    if ((flags & weft_h.MSG_CTRUNC()) != 0 && !op.peeks()) { // a peek has closed none
      message.loseDescriptors();
    }
    long controlBytes = ALL.get(JAVA_LONG, header + msghdr.msg_controllen$offset());
    if (controlBytes > 0) {
      long control = ALL.get(JAVA_LONG, header + msghdr.msg_control$offset());
      readControl(control, control + controlBytes, message);
    }
  }

  /** Takes the control data: no other than those are asked for. */
  private static void readControl(long start, long end, Message message) {
    for (long at = start; Control.isAt(at, end); at = Control.next(at)) {
      if (Control.is(at, weft_h.SOL_SOCKET(), weft_h.SCM_RIGHTS())) {
        long last = Control.end(at);
        for (long each = Control.data(at); each < last; each += Integer.BYTES) {
          message.add(ALL.get(JAVA_INT, each));
        }
      } else {
        kept(message).arrival.read(at, message);
      }
    }
  }

  private static @Nullable SocketAddress sender(long header, int length, Message message) {
    if (length == 0) {
      return null;
    }
    Encoded encoded = kept(message);
    if (!encoded.is(header, length)) {
      encoded.set(SocketAddresses.decode(header + ADDRESS, length), header, length);
    }
    return encoded.address;
  }
}
