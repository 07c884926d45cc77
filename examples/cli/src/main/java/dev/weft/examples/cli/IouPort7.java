// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import dev.weft.ReactorOptions;
import dev.weft.examples.common.BackendOption;
import dev.weft.examples.common.ListenAddress;
import dev.weft.examples.common.Program;
import dev.weft.examples.common.Seconds;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** An echo server: the service of port 7 (RFC 862), over TCP. */
final class IouPort7 implements Program {
  static final String NAME = "iou_port7";
  private static final String LISTEN_DEFAULT = "[::]:12345";
  private static final double GRACE_SECONDS_DEFAULT = 5;
  private static final double SEND_TIMEOUT_SECONDS_DEFAULT = 60;
  private static final double LIMIT_SECONDS_MAX = 1_000_000;
  private static final int REACTORS_MAX = 1024;

  @Override
  public CommandSpec spec() {
    CommandSpec spec = CommandSpec.create().name(NAME);
    spec.usageMessage()
        .description(
            "Sends back what it gets. It has the same port of TCP and UDP. SIGINT or SIGTERM:",
            "stops accepting, lets open connections finish for the grace time, ends. A second",
            "signal ends it immediately.");
    spec.addOption(
        OptionSpec.builder("--listen")
            .paramLabel("HOST:PORT")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .description(
                "where to listen; may be given more than once (default " + LISTEN_DEFAULT + ")")
            .build());
    spec.addOption(flag("--tcp", "serve TCP, and UDP only if --udp is given as well"));
    spec.addOption(flag("--udp", "serve UDP, and TCP only if --tcp is given as well"));
    spec.addOption(
        Seconds.option("--grace")
            .description("how long open connections are served after a signal (default 5)")
            .build());
    spec.addOption(
        OptionSpec.builder("--reactors")
            .paramLabel("N")
            .type(int.class)
            .description("threads that serve, each with a reactor of its own (default 1)")
            .build());
    spec.addOption(
        Seconds.option("--idle")
            .description(
                "how long a client may send nothing before it is disconnected (default: no limit)")
            .build());
    spec.addOption(
        Seconds.option("--send-timeout")
            .description(
                "how long a client may accept no output before it is disconnected"
                    + " (default 60; 0 for no limit)")
            .build());
    spec.addOption(
        flag("--quiet", "do not report connections that break and datagrams that can't be echoed"));
    spec.addOption(BackendOption.spec());
    return spec;
  }

  private static OptionSpec flag(String name, String description) {
    return OptionSpec.builder(name).type(boolean.class).description(description).build();
  }

  @Override
  public int run(ParseResult arguments) throws Exception {
    List<InetSocketAddress> addresses = new ArrayList<>();
    for (String text : arguments.matchedOptionValue("--listen", List.of(LISTEN_DEFAULT))) {
      addresses.add(ListenAddress.parse(text));
    }
    double graceSeconds = arguments.matchedOptionValue("--grace", GRACE_SECONDS_DEFAULT);
    int reactors = arguments.matchedOptionValue("--reactors", 1);
    boolean quiet = arguments.matchedOptionValue("--quiet", false);
    if (!(graceSeconds >= 0 && graceSeconds <= Integer.MAX_VALUE)) {
      throw new IllegalArgumentException("--grace must be 0 or more seconds: " + graceSeconds);
    }
    if (reactors < 1 || reactors > REACTORS_MAX) {
      throw new IllegalArgumentException(
          "--reactors must be from 1 to " + REACTORS_MAX + ": " + reactors);
    }
    Duration idle = limit(arguments, "--idle", 0);
    Duration sendTimeout = limit(arguments, "--send-timeout", SEND_TIMEOUT_SECONDS_DEFAULT);
    Duration grace = duration(graceSeconds);
    ReactorOptions options = BackendOption.reactorOptions(arguments);
    boolean tcp = arguments.matchedOptionValue("--tcp", false);
    boolean udp = arguments.matchedOptionValue("--udp", false);
    EchoSockets.Protocols protocols = new EchoSockets.Protocols(tcp || !udp, udp || !tcp);
    return new EchoService(options, addresses, protocols, grace, reactors, quiet, idle, sendTimeout)
        .run();
  }

  private static Duration limit(ParseResult arguments, String option, double byDefault) {
    double seconds = arguments.matchedOptionValue(option, byDefault);
    if (!(seconds >= 0 && seconds <= LIMIT_SECONDS_MAX)) {
      throw new IllegalArgumentException(
          option + " must be up to 1000000 seconds, or 0 for no limit: " + seconds);
    }
    return duration(seconds);
  }

  private static Duration duration(double seconds) {
    return Duration.ofNanos((long) (seconds * 1e9));
  }
}
