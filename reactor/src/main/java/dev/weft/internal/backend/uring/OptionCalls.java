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

  private OptionCalls() {}

  static int set(Call call, long scratch) {
    SocketOption option = call.option();
    int handle = call.handle();
    int length = Integer.BYTES;
    if (option == SocketOption.LINGER) {
      MemorySegment value = Memory.at(scratch, linger.sizeof());
      linger.l_onoff(value, call.detail() < 0 ? 0 : 1);
      linger.l_linger(value, Math.max(call.detail(), 0));
      length = (int) linger.sizeof();
    } else {
      Memory.ALL.set(JAVA_INT, scratch, call.detail());
    }
    int level = KernelCodes.level(option);
    int result = Libc.setOption(handle, level, KernelCodes.name(option), scratch, length);
    if (option == SocketOption.TRAFFIC_CLASS && result >= 0) {
      // An IPv6 socket has both: that of IPv4 is for connections with IPv4 addresses.
      int ipv6 = setTrafficClassOfIpv6(handle, scratch);
      return ipv6 == NO_SUCH_OPTION ? result : ipv6;
    }
    return result;
  }

  private static int setTrafficClassOfIpv6(int handle, long scratch) {
    return Libc.setOption(
        handle, weft_h.IPPROTO_IPV6(), weft_h.IPV6_TCLASS(), scratch, Integer.BYTES);
  }

  static int get(Call call, long scratch) {
    SocketOption option = call.option();
    int handle = call.handle();
    if (option == SocketOption.TRAFFIC_CLASS) {
      int level = weft_h.IPPROTO_IPV6();
      int name = weft_h.IPV6_TCLASS();
      int result = Libc.getOption(handle, level, name, scratch, Integer.BYTES);
      if (result >= 0 && Memory.ALL.get(JAVA_INT, scratch) >= 0) {
        return call.answer(Memory.ALL.get(JAVA_INT, scratch));
      }
    }
    boolean lingers = option == SocketOption.LINGER;
    int length = lingers ? (int) linger.sizeof() : Integer.BYTES;
    int level = KernelCodes.level(option);
    int result = Libc.getOption(handle, level, KernelCodes.name(option), scratch, length);
    if (result < 0) {
      return result;
    }
    if (lingers) {
      MemorySegment value = Memory.at(scratch, length);
      return call.answer(linger.l_onoff(value) == 0 ? -1 : linger.l_linger(value));
    }
    int value = Memory.ALL.get(JAVA_INT, scratch);
    return call.answer(option == SocketOption.TYPE ? KernelCodes.typeOf(value) : value);
  }
}
