// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.service;

import dev.weft.ReactorOptions;
import dev.weft.examples.common.BackendOption;
import dev.weft.examples.common.ListenAddress;
import dev.weft.examples.common.Program;
import dev.weft.examples.common.Seconds;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroThread;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** A program of micro-threads that is a filter, or with {@code --listen} a server. */
public abstract class MicroProgram implements Program {
  private static final double GRACE_SECONDS_DEFAULT = 5;
  private static final double IDLE_SECONDS_MAX = 1e9;

  /** The same as in nginx. */
  private static final double SEND_TIMEOUT_SECONDS_DEFAULT = 60;

  private static final double SEND_TIMEOUT_SECONDS_MAX = 1e6;
  private static final int CONNECTIONS_DEFAULT = 10_000;
  private static final int CONNECTIONS_MAX = 1_000_000;

  private final String name;
  private final String address;

  /**
   * A program.
   *
   * @param name what it is called
   * @param address where it listens by default
   */
  protected MicroProgram(String name, String address) {
    this.name = name;
    this.address = address;
  }

  /**
   * The description for {@code --help}.
   *
   * @return sentences
   */
  protected abstract String description();

  /**
   * Adds options of its own.
   *
   * @param spec to add them to
   */
  protected void addOptions(CommandSpec spec) {}

  /**
   * Runs it as a filter between the standard streams.
   *
   * @param arguments the parsed command line
   * @return the exit status
   * @throws Exception an error in the program
   */
  protected abstract int filter(ParseResult arguments) throws Exception;

  /**
   * Opens what serves the connections.
   *
   * @param arguments the parsed command line
   * @return the resources of the service
   * @throws IllegalArgumentException if an argument is invalid
   * @throws Exception if it can't be opened
   */
  protected abstract Service open(ParseResult arguments) throws Exception;

  /** The resources of a server, open from its first connection to its last. */
  public interface Service extends AutoCloseable {
    /**
     * The options of each connection's process.
     *
     * @return options
     */
    MicroOptions options();

    /**
     * Makes the threads that serve connections.
     *
     * @param stop ends the server, from any of its threads
     * @param idleness how long a client may be idle
     * @return the first thread of each
     */
    Supplier<? extends MicroThread> handlers(Runnable stop, Idleness idleness);

    @Override
    default void close() {}
  }

  @Override
  public final CommandSpec spec() {
    CommandSpec spec = CommandSpec.create().name(name);
    spec.usageMessage().description(description());
    spec.addOption(
        OptionSpec.builder("--listen")
            .paramLabel("HOST:PORT")
            .arity("0..1")
            .type(String.class)
            .fallbackValue(address)
            .description("serve TCP there (" + address + " if only --listen is given)")
            .build());
    spec.addOption(
        Seconds.option("--grace")
            .description("how long open connections are served after a signal (default 5)")
            .build());
    spec.addOption(
        OptionSpec.builder("--connections")
            .paramLabel("N")
            .type(int.class)
            .description("how many there may be at a time (default " + CONNECTIONS_DEFAULT + ")")
            .build());
    spec.addOption(
        Seconds.option("--idle")
            .description(
                "how long a client may neither send nor read before it is disconnected (default:"
                    + " no limit)")
            .build());
    spec.addOption(
        Seconds.option("--send-timeout")
            .description(
                "how long a client may accept no output before it is disconnected"
                    + " (default 60; 0 for no limit). One that has taken all may be silent")
            .build());
    spec.addOption(BackendOption.spec());
    addOptions(spec);
    return spec;
  }

  @Override
  public final int run(ParseResult arguments) throws Exception {
    String listen = arguments.matchedOptionValue("--listen", null);
    double graceSeconds = arguments.matchedOptionValue("--grace", GRACE_SECONDS_DEFAULT);
    int connections = arguments.matchedOptionValue("--connections", CONNECTIONS_DEFAULT);
    if (!(graceSeconds >= 0 && graceSeconds <= Integer.MAX_VALUE)) {
      throw new IllegalArgumentException("--grace must be 0 or more seconds: " + graceSeconds);
    }
    if (connections < 1 || connections > CONNECTIONS_MAX) {
      throw new IllegalArgumentException(
          "--connections must be from 1 to " + CONNECTIONS_MAX + ": " + connections);
    }
    double idleSeconds = arguments.matchedOptionValue("--idle", 0.0);
    if (!(idleSeconds >= 0 && idleSeconds <= IDLE_SECONDS_MAX)) {
      throw new IllegalArgumentException(
          "--idle must be seconds, or 0 for no limit: " + idleSeconds);
    }
    double sendSeconds =
        arguments.matchedOptionValue("--send-timeout", SEND_TIMEOUT_SECONDS_DEFAULT);
    if (!(sendSeconds >= 0 && sendSeconds <= SEND_TIMEOUT_SECONDS_MAX)) {
      throw new IllegalArgumentException(
          "--send-timeout must be up to 1000000 seconds, or 0 for no limit: " + sendSeconds);
    }
    if (listen == null) {
      return filter(arguments);
    }
    InetSocketAddress where = ListenAddress.parse(listen);
    Duration grace = duration(graceSeconds);
    ReactorOptions reactor = BackendOption.reactorOptions(arguments);
    try (Service service = open(arguments)) {
      Idleness idleness = new Idleness(duration(idleSeconds));
      MicroOptions options = service.options().withUserTimeout(duration(sendSeconds));
      return new ServiceRun(name, reactor, where, options, connections, grace, idleness)
          .run(service);
    }
  }

  private static Duration duration(double seconds) {
    return Duration.ofNanos((long) (seconds * 1e9));
  }
}
