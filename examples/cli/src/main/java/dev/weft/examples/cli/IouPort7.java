// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import dev.weft.ReactorOptions;
import dev.weft.examples.cli.server.ServerArguments;
import dev.weft.examples.cli.server.ServerRun;
import dev.weft.examples.common.BackendOption;
import dev.weft.examples.common.Program;
import dev.weft.net.SocketOption;
import dev.weft.net.SocketOptions;
import java.time.Duration;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** An echo server: the service of port 7 (RFC 862), over TCP. */
final class IouPort7 implements Program {
  static final String NAME = "iou_port7";
  private static final String LISTEN_DEFAULT = "[::]:12345";
  private static final double SEND_TIMEOUT_SECONDS_DEFAULT = 60;
  private static final double LIMIT_SECONDS_MAX = 1_000_000;

  @Override
  public CommandSpec spec() {
    CommandSpec spec = CommandSpec.create().name(NAME);
    spec.usageMessage()
        .description(
            "Sends back what it gets. It has the same port of TCP and UDP. SIGINT or SIGTERM:",
            "stops accepting, lets open connections finish for the grace time, ends. A second",
            "signal ends it immediately.");
    spec.addOption(ServerArguments.listen(LISTEN_DEFAULT));
    spec.addOption(ServerArguments.takeover());
    spec.addOption(
        ServerArguments.flag("--tcp", "serve TCP, and UDP only if --udp is given as well"));
    spec.addOption(
        ServerArguments.flag("--udp", "serve UDP, and TCP only if --tcp is given as well"));
    spec.addOption(ServerArguments.grace("open connections"));
    spec.addOption(ServerArguments.reactors());
    spec.addOption(ServerArguments.idle());
    spec.addOption(ServerArguments.sendTimeout());
    spec.addOption(
        ServerArguments.flag(
            "--quiet", "do not report connections that break and datagrams that can't be echoed"));
    spec.addOption(BackendOption.spec());
    return spec;
  }

  @Override
  public int run(ParseResult arguments) throws Exception {
    Duration grace = ServerArguments.grace(arguments);
    int reactors = ServerArguments.reactors(arguments);
    boolean quiet = arguments.matchedOptionValue("--quiet", false);
    Duration idle = limit(arguments, "--idle", 0);
    SocketOptions socketOptions =
        SocketOptions.defaults()
            .with(SocketOption.KEEP_ALIVE, true)
            .withUserTimeout(limit(arguments, "--send-timeout", SEND_TIMEOUT_SECONDS_DEFAULT));
    // Each reactor is pinned to a CPU: no other thread of the program needs much CPU time.
    ReactorOptions options =
        BackendOption.reactorOptions(arguments).withCpu(ReactorOptions.ANY_CPU);
    boolean tcp = arguments.matchedOptionValue("--tcp", false);
    boolean udp = arguments.matchedOptionValue("--udp", false);
    EchoSockets.Protocols protocols = new EchoSockets.Protocols(tcp || !udp, udp || !tcp);
    return new ServerRun(
            NAME,
            options,
            reactors,
            socketOptions,
            grace,
            () -> new EchoService(protocols, quiet, idle))
        .run(arguments, LISTEN_DEFAULT);
  }

  private static Duration limit(ParseResult arguments, String option, double byDefault) {
    double seconds = arguments.matchedOptionValue(option, byDefault);
    if (!(seconds >= 0 && seconds <= LIMIT_SECONDS_MAX)) {
      throw new IllegalArgumentException(
          option + " must be up to 1000000 seconds, or 0 for no limit: " + seconds);
    }
    return ServerArguments.duration(seconds);
  }
}
