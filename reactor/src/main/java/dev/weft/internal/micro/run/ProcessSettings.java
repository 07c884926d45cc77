// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import dev.weft.internal.io.SocketSetup;

/**
 * Options of a process, for its life.
 *
 * @param budget resumes per dispatch
 * @param stackful whether its threads run on stacks of their own
 * @param setup the options of its outgoing connections
 */
public record ProcessSettings(int budget, boolean stackful, SocketSetup setup) {}
