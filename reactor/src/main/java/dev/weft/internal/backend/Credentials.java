// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

/** The process at the other end of a Unix socket, when the connection was made (SO_PEERCRED). */
public record Credentials(int processId, int userId, int groupId) {}
