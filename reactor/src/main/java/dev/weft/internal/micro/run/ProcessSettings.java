// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

/**
 * Options of a process, for its life.
 *
 * @param budget resumes per dispatch
 * @param stackful whether its threads run on stacks of their own
 * @param userTimeoutMillis TCP_USER_TIMEOUT of its outgoing connections; 0 for none
 */
public record ProcessSettings(int budget, boolean stackful, int userTimeoutMillis) {}
