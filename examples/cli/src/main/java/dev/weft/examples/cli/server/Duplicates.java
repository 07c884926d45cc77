// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.server;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.net.Descriptor;
import dev.weft.net.SocketPair;
import dev.weft.net.UnixMessage;
import dev.weft.net.UnixMessageSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/** Makes further descriptors for open sockets, for other reactors: as for another process. */
final class Duplicates {
  private Duplicates() {}

  /**
   * Makes a descriptor for each socket. Suspends.
   *
   * @param open sockets of this reactor
   * @return the descriptors, which belong to the caller
   */
  static List<Integer> of(List<Object> open) throws IOException {
    if (open.isEmpty()) {
      return List.of(); // a selector, which can't pass any, has no pairs of such sockets either
    }
    SocketPair<UnixMessageSocket> pair = SocketPair.openMessages();
    List<Integer> made = new ArrayList<>();
    try (UnixMessageSocket sender = pair.first();
        UnixMessageSocket receiver = pair.second();
        Arena arena = Arena.ofConfined();
        UnixMessage message = UnixMessage.takingDescriptors(arena.allocate(1))) {
      for (Object each : open) {
        message.setLength(1);
        message.pass(each);
        sender.send(message);
        receiver.receive(message);
        Descriptor descriptor = message.takeDescriptor();
        if (descriptor == null) { // the process has no room for another one
          throw new ErrnoException("duplicate", each.toString(), Errno.EMFILE.code());
        }
        made.add(descriptor.release());
      }
    }
    return made;
  }
}
