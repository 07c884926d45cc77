// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import dev.weft.ReactorOptions;
import dev.weft.examples.common.BackendOption;
import dev.weft.examples.common.ListenAddress;
import dev.weft.examples.common.NativeText;
import dev.weft.examples.common.Program;
import dev.weft.examples.common.Programs;
import dev.weft.examples.common.Seconds;
import dev.weft.tls.CertifiedKey;
import dev.weft.tls.TlsContext;
import dev.weft.tls.TlsOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
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
    spec.addOption(
        OptionSpec.builder("--listen")
            .paramLabel("HOST:PORT")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .description(
                "where to listen; may be given more than once (default " + LISTEN_DEFAULT + ")")
            .build());
    addLimits(spec);
    spec.addOption(
        OptionSpec.builder("--quiet")
            .type(boolean.class)
            .description("do not report connections that break")
            .build());
    spec.addOption(BackendOption.spec());
    return spec.addPositional(
        PositionalParamSpec.builder()
            .paramLabel("CERT,KEY")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .arity("1..*")
            .build());
  }

  private static void addLimits(CommandSpec spec) {
    spec.addOption(
        Seconds.option("--grace")
            .description("how long open connections are served after a signal (default 5)")
            .build());
    spec.addOption(
        Seconds.option("--handshake")
            .description(
                "how long a client may take for the handshake (default 10; 0 for no limit)")
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
  }

  @Override
  public int run(ParseResult arguments) throws Exception {
    List<InetSocketAddress> addresses = new ArrayList<>();
    for (String text : arguments.matchedOptionValue("--listen", List.of(LISTEN_DEFAULT))) {
      addresses.add(ListenAddress.parse(text));
    }
    TlsEchoService.Limits limits =
        new TlsEchoService.Limits(
            seconds(arguments, "--grace", GRACE_SECONDS_DEFAULT),
            seconds(arguments, "--handshake", HANDSHAKE_SECONDS_DEFAULT),
            seconds(arguments, "--idle", 0),
            seconds(arguments, "--send-timeout", SEND_TIMEOUT_SECONDS_DEFAULT));
    TlsContext context;
    try {
      context = context(arguments.matchedPositionalValue(0, List.<String>of()));
    } catch (IOException e) {
      Programs.report(NAME + ": " + e.getMessage());
      return FAILURE;
    }
    ReactorOptions options = BackendOption.reactorOptions(arguments);
    boolean quiet = arguments.matchedOptionValue("--quiet", false);
    return new TlsEchoService(options, context, limits, quiet).run(addresses);
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
    return Duration.ofNanos((long) (seconds * 1e9));
  }
}
