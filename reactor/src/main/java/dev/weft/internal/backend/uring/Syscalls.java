// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.weft.bindings.ucred;
import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.ConnectionInfo;
import dev.weft.internal.backend.Credentials;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.os.Libc;
import dev.weft.internal.os.LibcFunction;
import java.lang.foreign.MemorySegment;

/** Calls as plain system calls: the ring has no opcodes for them before Linux 6.7 to 6.11. */
final class Syscalls {
  private static final LibcFunction LSEEK = LibcFunction.find("lseek", 3);

  /** Of unistd.h. */
  private static final int SEEK_SET = 0;

  private Syscalls() {}

  /**
   * Returns at least 0, or -errno.
   *
   * @param scratch the address of memory for addresses and values
   */
  static int perform(Call call, long scratch) {
    int handle = call.handle();
    return switch (call.kind()) {
      case SOCKET ->
          Libc.socket(KernelCodes.family(call.family()), KernelCodes.type(call.socketType()));
      case BIND -> bind(call, scratch);
      case LISTEN -> Libc.listen(handle, call.detail());
      case LOCAL_ADDRESS ->
          named(call, Libc.localName(handle, scratch, SocketAddresses.BYTES_MAX), scratch);
      case REMOTE_ADDRESS ->
          named(call, Libc.peerName(handle, scratch, SocketAddresses.BYTES_MAX), scratch);
      case SET_OPTION -> OptionCalls.set(call, scratch);
      case GET_OPTION -> OptionCalls.get(call, scratch);
      case JOIN_GROUP -> MulticastCalls.join(call);
      case LEAVE_GROUP -> MulticastCalls.leave(call);
      case UNREAD_BYTES -> Libc.unread(handle);
      case UNSENT_BYTES -> Libc.unsent(handle);
      case CONNECTION_INFO -> connectionInfo(call, scratch);
      case ADOPT -> -Errno.EOPNOTSUPP.code(); // descriptors have their own numbers
      case ADOPT_CHANNEL -> ChannelDescriptors.adopt(call.channel(), scratch);
      case PIPE -> pair(call, Libc.pipe(scratch), scratch);
      case SOCKET_PAIR ->
          pair(call, Libc.socketPair(KernelCodes.type(call.socketType()), scratch), scratch);
      case PEER_CREDENTIALS -> credentials(call, scratch);
      case PIPE_CAPACITY -> Libc.fcntl(handle, weft_h.F_GETPIPE_SZ(), 0);
      case SET_PIPE_CAPACITY -> Libc.fcntl(handle, weft_h.F_SETPIPE_SZ(), call.detail());
      case OPEN_FLAGS -> openFlags(Libc.fcntl(handle, weft_h.F_GETFL(), 0));
      case FILE_TYPE -> fileType(call, Libc.fileType(handle));
      case SEEK -> seek(handle);
      case DUPLICATE -> Libc.duplicate(handle);
      case SIGNAL_CHILD -> ChildCalls.signal(call);
      case REAP_CHILD -> ChildCalls.reap(call, scratch);
      case SHUTDOWN -> Libc.shutdown(handle, KernelCodes.shutdown(call.direction()));
    };
  }

  private static int bind(Call call, long scratch) {
    int length = SocketAddresses.encode(call.wanted(), scratch);
    return Libc.bind(call.handle(), scratch, length);
  }

  private static int named(Call call, int result, long scratch) {
    if (result < 0) {
      return result;
    }
    call.answer(SocketAddresses.decode(scratch, result));
    return 0;
  }

  private static int pair(Call call, int result, long scratch) {
    if (result >= 0) {
      call.answer(
          Memory.ALL.get(JAVA_INT, scratch), Memory.ALL.get(JAVA_INT, scratch + Integer.BYTES));
    }
    return result;
  }

  private static int connectionInfo(Call call, long scratch) {
    int result = Libc.connectionInfo(call.handle(), scratch);
    if (result >= 0) {
      MemorySegment values =
          Memory.at(scratch, (long) weft_h.WEFT_TCP_INFO_VALUES() * Integer.BYTES);
      ConnectionInfo info = call.info();
      info.roundTripMicros = values.getAtIndex(JAVA_INT, 0);
      info.roundTripVariationMicros = values.getAtIndex(JAVA_INT, 1);
      info.retransmissions = values.getAtIndex(JAVA_INT, 2);
      info.unacknowledged = values.getAtIndex(JAVA_INT, 3);
      info.lost = values.getAtIndex(JAVA_INT, 4);
      info.retransmitted = values.getAtIndex(JAVA_INT, 5);
      info.congestionWindow = values.getAtIndex(JAVA_INT, 6);
      info.segmentBytes = values.getAtIndex(JAVA_INT, 7);
    }
    return result;
  }

  private static int credentials(Call call, long scratch) {
    int length = (int) ucred.sizeof();
    int result =
        Libc.getOption(call.handle(), weft_h.SOL_SOCKET(), weft_h.SO_PEERCRED(), scratch, length);
    if (result >= 0) {
      MemorySegment found = Memory.at(scratch, length);
      call.answer(new Credentials(ucred.pid(found), ucred.uid(found), ucred.gid(found)));
    }
    return result;
  }

  /** Seeks to a place that no file has, so that the position stays. */
  private static int seek(int handle) {
    int result = LSEEK.call(handle, -1, SEEK_SET);
    return result == -Errno.ESPIPE.code() || result == -Errno.EBADF.code() ? result : 0;
  }

  private static int openFlags(int result) {
    return result < 0 ? result : KernelCodes.openFlagsOf(result);
  }

  private static int fileType(Call call, int result) {
    if (result < 0) {
      return result;
    }
    call.answer(KernelCodes.fileType(result));
    return 0;
  }
}
