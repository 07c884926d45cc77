// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns.internal.client;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/**
 * How servers are asked.
 *
 * @param servers which
 * @param timeout how long to wait for an answer
 * @param attempts how often each server is asked
 * @param rotate whether questions start with one server after the other
 * @param useTcp whether all questions are asked over TCP
 * @param edns whether queries say that long datagrams are accepted
 */
public record Settings(
    List<InetSocketAddress> servers,
    Duration timeout,
    int attempts,
    boolean rotate,
    boolean useTcp,
    boolean edns) {}
