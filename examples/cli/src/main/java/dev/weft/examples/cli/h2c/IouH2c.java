// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

import dev.weft.ReactorOptions;
import dev.weft.examples.common.BackendOption;
import dev.weft.examples.common.ListenAddress;
import dev.weft.examples.common.NativeText;
import dev.weft.examples.common.Program;
import dev.weft.examples.common.Seconds;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** A server of files over HTTP/2 in the clear, with prior knowledge. */
public final class IouH2c implements Program {
  static final String NAME = "iou_h2c";
  private static final String LISTEN_DEFAULT = "[::1]:8000";
  private static final double GRACE_SECONDS_DEFAULT = 5;
  private static final int REACTORS_MAX = 1024;

  /** Creates the program. */
  public IouH2c() {}

  @Override
  public CommandSpec spec() {
    CommandSpec spec = CommandSpec.create().name(NAME);
    spec.usageMessage()
        .description(
            "Serves the files of a folder over HTTP/2 in the clear, with prior knowledge. Without",
            "a folder it answers every request with /usr/share/dict/words. SIGINT or SIGTERM:",
            "accepts no more, lets requests finish for the grace time, ends. A second signal ends",
            "it immediately.");
    spec.addOption(
        OptionSpec.builder("--listen")
            .paramLabel("HOST:PORT")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .description(
                "where to listen; may be given more than once (default " + LISTEN_DEFAULT + ")")
            .build());
    spec.addOption(
        OptionSpec.builder("--root")
            .paramLabel("DIR")
            .type(String.class)
            .description("the folder; nothing outside of it is served, not by links either")
            .build());
    spec.addOption(
        Seconds.option("--grace")
            .description("how long requests are served after a signal (default 5)")
            .build());
    spec.addOption(
        OptionSpec.builder("--reactors")
            .paramLabel("N")
            .type(int.class)
            .description("threads that serve, each with a reactor of its own (default 1)")
            .build());
    spec.addOption(
        OptionSpec.builder("--quiet")
            .type(boolean.class)
            .description("do not report connections that break")
            .build());
    spec.addOption(BackendOption.spec());
    return spec;
  }

  @Override
  public int run(ParseResult arguments) throws Exception {
    List<InetSocketAddress> addresses = new ArrayList<>();
    for (String text : arguments.matchedOptionValue("--listen", List.of(LISTEN_DEFAULT))) {
      addresses.add(ListenAddress.parse(text));
    }
    String root = arguments.matchedOptionValue("--root", (String) null);
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
    Folder folder = root == null ? null : Folder.of(NativeText.path(root));
    Duration grace = Duration.ofNanos((long) (graceSeconds * 1e9));
    ReactorOptions options = BackendOption.reactorOptions(arguments);
    return new H2Service(options, addresses, folder, grace, reactors, quiet).run();
  }
}
