// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.internal.backend.Credentials;

/**
 * Process at the other end of a Unix socket, as it was when it connected or listened (SO_PEERCRED,
 * unix(7)). Immutable.
 *
 * @param processId its process ID, 0 if it is in a namespace of its own
 * @param userId its effective user ID
 * @param groupId its effective group ID
 */
public record PeerCredentials(int processId, int userId, int groupId) {
  static PeerCredentials of(Credentials found) {
    return new PeerCredentials(found.processId(), found.userId(), found.groupId());
  }
}
