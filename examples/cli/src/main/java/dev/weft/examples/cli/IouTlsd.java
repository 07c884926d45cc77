// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import dev.weft.ReactorOptions;
import dev.weft.examples.cli.server.ServerArguments;
import dev.weft.examples.cli.server.ServerRun;
import dev.weft.examples.common.BackendOption;
import dev.weft.examples.common.NativeText;
import dev.weft.examples.common.Operands;
import dev.weft.examples.common.Program;
import dev.weft.examples.common.Programs;
import dev.weft.examples.common.Seconds;
import dev.weft.net.SocketOption;
import dev.weft.net.SocketOptions;
import dev.weft.tls.CertifiedKey;
import dev.weft.tls.TlsContext;
import dev.weft.tls.TlsOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** An echo server over TLS. */
final class IouTlsd implements Program {
  static final String NAME = "iou_tlsd";
  private static final String LISTEN_DEFAULT = "[::]:12345";
  private static final double GRACE_SECONDS_DEFAULT = 5;
  private static final double HANDSHAKE_SECONDS_DEFAULT = 10;
  private static final double SEND_TIMEOUT_SECONDS_DEFAULT = 60;
  private static final double LIMIT_SECONDS_MAX = 1_000_000;

  @Override
  public CommandSpec spec() {
    CommandSpec spec = CommandSpec.create().name(NAME);
    spec.usageMessage()
        .description(
            "Sends back what it gets, over TLS. CERT is a file with a certificate and those",
            "of its issuers, KEY one with its private key, both in PEM. Of several pairs the",
            "one for the name that a client asks for is used, otherwise the first. SIGINT or",
            "SIGTERM: stops accepting, lets open connections finish for the grace time, ends.",
            "A second signal ends it immediately.");
    spec.addOption(ServerArguments.listen(LISTEN_DEFAULT));
    spec.addOption(ServerArguments.takeover());
    addLimits(spec);
    spec.addOption(ServerArguments.flag("--quiet", "do not report connections that break"));
    spec.addOption(BackendOption.spec());
    return spec.addPositional(Operands.texts("CERT,KEY", "1..*"));
  }

  private static void addLimits(CommandSpec spec) {
    spec.addOption(ServerArguments.grace("open connections"));
    spec.addOption(ServerArguments.reactors());
    spec.addOption(
        Seconds.option("--handshake")
            .description(
                "how long a client may take for the handshake (default 10; 0 for no limit)")
            .build());
    spec.addOption(ServerArguments.idle());
    spec.addOption(ServerArguments.sendTimeout());
  }

  @Override
  public int run(ParseResult arguments) throws Exception {
    TlsEchoService.Limits limits =
        new TlsEchoService.Limits(
            seconds(arguments, "--handshake", HANDSHAKE_SECONDS_DEFAULT),
            seconds(arguments, "--idle", 0));
    SocketOptions socketOptions =
        SocketOptions.defaults()
            .with(SocketOption.KEEP_ALIVE, true)
            .withUserTimeout(seconds(arguments, "--send-timeout", SEND_TIMEOUT_SECONDS_DEFAULT));
    Duration grace = seconds(arguments, "--grace", GRACE_SECONDS_DEFAULT);
    int reactors = ServerArguments.reactors(arguments);
    TlsContext context;
    try {
      context = context(arguments.matchedPositionalValue(0, List.<String>of()));
    } catch (IOException e) {
      Programs.report(NAME + ": " + e.getMessage());
      return FAILURE;
    }
    // Each reactor is pinned to a CPU: no other thread of the program needs much CPU time.
    ReactorOptions options =
        BackendOption.reactorOptions(arguments).withCpu(ReactorOptions.ANY_CPU);
    boolean quiet = arguments.matchedOptionValue("--quiet", false);
    return new ServerRun(
            NAME,
            options,
            reactors,
            socketOptions,
            grace,
            () -> new TlsEchoService(context, limits, quiet))
        .run(arguments, LISTEN_DEFAULT);
  }

  private static TlsContext context(List<String> pairs) throws IOException {
    TlsOptions options = TlsOptions.defaults();
    for (String pair : pairs) {
      int comma = pair.indexOf(',');
      if (comma <= 0 || comma == pair.length() - 1 || comma != pair.lastIndexOf(',')) {
        throw new IllegalArgumentException("not CERT,KEY: " + pair);
      }
      options =
          options.withKey(
              CertifiedKey.read(
                  NativeText.path(pair.substring(0, comma)),
                  NativeText.path(pair.substring(comma + 1))));
    }
    return TlsContext.server(options);
  }

  private static Duration seconds(ParseResult arguments, String option, double byDefault) {
    double seconds = arguments.matchedOptionValue(option, byDefault);
    if (!(seconds >= 0 && seconds <= LIMIT_SECONDS_MAX)) {
      throw new IllegalArgumentException(option + " must be from 0 to 1000000 seconds: " + seconds);
    }
    return ServerArguments.duration(seconds);
  }
}
