// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Call;
import org.jspecify.annotations.Nullable;

/** Performs calls, which never wait: on no descriptor, on any, or on those of one kind. */
final class Calls {
  private Calls() {}

  /** Returns at least 0, or -errno. */
  static int perform(SelectorBackend backend, Call call) {
    return switch (call.kind()) {
      case SOCKET -> SocketCalls.open(backend, call.family(), call.socketType());
      case PIPE -> PipeEntry.open(backend, call);
      case SOCKET_PAIR, PEER_CREDENTIALS, DUPLICATE, SIGNAL_CHILD, REAP_CHILD -> Entry.UNSUPPORTED;
      case ADOPT_CHANNEL -> SocketCalls.adopt(backend, call.channel());
      case ADOPT -> backend.descriptors.adopt(call.detail(), call.direction());
      default -> performOn(backend, call, backend.descriptors.find(call.handle()));
    };
  }

  private static int performOn(SelectorBackend backend, Call call, @Nullable Entry entry) {
    if (entry == null || call.kind() == Call.Kind.OPEN_FLAGS) {
      return entry == null ? Entry.EBADF : entry.openFlags();
    }
    if (call.kind() == Call.Kind.SEEK) {
      return switch (entry.type()) {
        case PIPE, SOCKET -> -Errno.ESPIPE.code();
        default -> 0; // otherwise the transfer says so
      };
    }
    if (call.kind() == Call.Kind.FILE_TYPE) {
      call.answer(entry.type());
      return 0;
    }
    return entry.perform(backend, call);
  }
}
