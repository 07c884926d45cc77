// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

/**
 * Uncaught exception of a thread.
 *
 * @param thread the thread that threw it
 * @param cause the exception
 */
public record Fault(ThreadControl thread, Throwable cause) {}
