// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.weft.bindings.linger;
import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.SocketOption;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.os.Libc;
import java.lang.foreign.MemorySegment;

/** The calls that set and read options of sockets. Each returns 0, or -errno. */
final class OptionCalls {
  /** What a socket answers that has no such level of options. */
  private static final int NO_SUCH_OPTION = -Errno.ENOPROTOOPT.code();

  /** What IPv4 answers where IPv6 has ENODEV. */
  private static final int NO_SUCH_INTERFACE = -Errno.EADDRNOTAVAIL.code();

  private OptionCalls() {}

  static int set(Call call, long scratch) {
    SocketOption option = call.option();
    int handle = call.handle();
    int length = encode(option, call.detail(), scratch);
    int level = KernelCodes.level(option);
    int result = Libc.setOption(handle, level, KernelCodes.name(option), scratch, length);
    if (result == NO_SUCH_INTERFACE && option == SocketOption.MULTICAST_INTERFACE) {
      return -Errno.ENODEV.code(); // as for IPv6
    }
    int name = KernelCodes.nameOfIpv6(option);
    if (name >= 0 && result >= 0) {
      // An IPv6 socket has both: that of IPv4 is for IPv4 addresses.
      Memory.ALL.set(JAVA_INT, scratch, call.detail());
      int ipv6 = Libc.setOption(handle, weft_h.IPPROTO_IPV6(), name, scratch, Integer.BYTES);
      return ipv6 == NO_SUCH_OPTION ? result : ipv6;
    }
    return result;
  }

  /** Writes a value for the level of IPv4 or a higher one; returns its length. */
  private static int encode(SocketOption option, int value, long scratch) {
    switch (option) {
      case LINGER -> {
        MemorySegment written = Memory.at(scratch, linger.sizeof());
        linger.l_onoff(written, value < 0 ? 0 : 1);
        linger.l_linger(written, Math.max(value, 0));
        return (int) linger.sizeof();
      }
      case MULTICAST_INTERFACE -> {
        MulticastCalls.writeInterface(value, scratch);
        return MulticastCalls.INTERFACE_BYTES;
      }
      default -> {
        Memory.ALL.set(JAVA_INT, scratch, value);
        return Integer.BYTES;
      }
    }
  }

  static int get(Call call, long scratch) {
    SocketOption option = call.option();
    int handle = call.handle();
    int ipv6Name = KernelCodes.nameOfIpv6(option);
    if (ipv6Name >= 0) {
      int level = weft_h.IPPROTO_IPV6();
      int result = Libc.getOption(handle, level, ipv6Name, scratch, Integer.BYTES);
      if (result >= 0 && Memory.ALL.get(JAVA_INT, scratch) >= 0) {
        return call.answer(Memory.ALL.get(JAVA_INT, scratch));
      }
    }
    int length = option == SocketOption.LINGER ? (int) linger.sizeof() : Integer.BYTES;
    int level = KernelCodes.level(option);
    int result = Libc.getOption(handle, level, KernelCodes.name(option), scratch, length);
    return result < 0 ? result : call.answer(decode(option, scratch));
  }

  private static int decode(SocketOption option, long scratch) {
    int value = Memory.ALL.get(JAVA_INT, scratch);
    return switch (option) {
      case LINGER -> {
        MemorySegment read = Memory.at(scratch, linger.sizeof());
        yield linger.l_onoff(read) == 0 ? -1 : linger.l_linger(read);
      }
      case MULTICAST_INTERFACE -> MulticastCalls.readInterface(scratch);
      case TYPE -> KernelCodes.typeOf(value);
      default -> value;
    };
  }
}
