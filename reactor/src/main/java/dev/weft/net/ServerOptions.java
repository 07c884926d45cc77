// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import java.util.Objects;
import java.util.function.Consumer;

/** Settings of a server. Immutable; start from {@link #defaults}. */
public final class ServerOptions {
  private static final ServerOptions DEFAULTS =
      new ServerOptions(
          SocketOptions.defaults(), Integer.MAX_VALUE, Distribution.BY_KERNEL, ServerOptions::log);

  private final SocketOptions socketOptions;
  private final int connectionsMax;
  private final Distribution distribution;
  private final Consumer<? super ServerFailure> failureHandler;

  private ServerOptions(
      SocketOptions socketOptions,
      int connectionsMax,
      Distribution distribution,
      Consumer<? super ServerFailure> failureHandler) {
    if (connectionsMax < 1) {
      throw new IllegalArgumentException("connectionsMax must be at least 1: " + connectionsMax);
    }
    this.socketOptions = Objects.requireNonNull(socketOptions, "socketOptions");
    this.connectionsMax = connectionsMax;
    this.distribution = Objects.requireNonNull(distribution, "distribution");
    this.failureHandler = Objects.requireNonNull(failureHandler, "failureHandler");
  }

  /**
   * {@return the options that are used where none are given}: {@link SocketOptions#defaults}, no
   * limit of connections, {@link Distribution#BY_KERNEL}, and failures to the logger {@code
   * dev.weft} of {@link System#getLogger}.
   */
  public static ServerOptions defaults() {
    return DEFAULTS;
  }

  private static void log(ServerFailure failure) {
    System.getLogger("dev.weft")
        .log(System.Logger.Level.WARNING, failure.toString(), failure.cause());
  }

  /**
   * {@return these options with others for the listeners and their connections}
   *
   * @param options see {@link #socketOptions()}
   */
  public ServerOptions withSocketOptions(SocketOptions options) {
    return new ServerOptions(options, connectionsMax, distribution, failureHandler);
  }

  /**
   * {@return these options with another limit of connections}
   *
   * @param connections see {@link #connectionsMax()}
   */
  public ServerOptions withConnectionsMax(int connections) {
    return new ServerOptions(socketOptions, connections, distribution, failureHandler);
  }

  /**
   * {@return these options with another distribution}
   *
   * @param distribution see {@link #distribution()}
   */
  public ServerOptions withDistribution(Distribution distribution) {
    return new ServerOptions(socketOptions, connectionsMax, distribution, failureHandler);
  }

  /**
   * {@return these options with another handler of failures}
   *
   * @param handler see {@link #failureHandler()}
   */
  public ServerOptions withFailureHandler(Consumer<? super ServerFailure> handler) {
    return new ServerOptions(socketOptions, connectionsMax, distribution, handler);
  }

  /** {@return the options of the listeners, which their connections inherit} */
  public SocketOptions socketOptions() {
    return socketOptions;
  }

  /**
   * {@return the most connections that are open at a time, for each listener: with {@link
   * Distribution#BY_KERNEL} each reactor has one} At the limit the server stops accepting: further
   * clients wait in the kernel's backlog ({@link SocketOptions#backlog}), and are not reset. {@link
   * Integer#MAX_VALUE} is no limit.
   */
  public int connectionsMax() {
    return connectionsMax;
  }

  /** {@return how connections get to the reactors of a group} */
  public Distribution distribution() {
    return distribution;
  }

  /**
   * {@return gets each failure, on a reactor's thread; must not suspend or block} What it throws
   * goes to the thread's uncaught exception handler.
   */
  public Consumer<? super ServerFailure> failureHandler() {
    return failureHandler;
  }

  @Override
  public String toString() {
    return "ServerOptions[socketOptions="
        + socketOptions
        + ", connectionsMax="
        + connectionsMax
        + ", distribution="
        + distribution
        + ", failureHandler="
        + failureHandler
        + "]";
  }
}
