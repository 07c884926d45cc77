// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

import dev.weft.ReactorOptions;
import dev.weft.examples.cli.server.ServerArguments;
import dev.weft.examples.cli.server.ServerRun;
import dev.weft.examples.common.BackendOption;
import dev.weft.examples.common.NativeText;
import dev.weft.examples.common.Program;
import dev.weft.net.SocketOptions;
import java.time.Duration;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** A server of files over HTTP/2 in the clear, with prior knowledge. */
public final class IouH2c implements Program {
  static final String NAME = "iou_h2c";
  private static final String LISTEN_DEFAULT = "[::1]:8000";
  private static final Duration SEND_TIMEOUT = Duration.ofSeconds(60);

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
    spec.addOption(ServerArguments.listen(LISTEN_DEFAULT));
    spec.addOption(ServerArguments.takeover());
    spec.addOption(
        OptionSpec.builder("--root")
            .paramLabel("DIR")
            .type(String.class)
            .description("the folder; nothing outside of it is served, not by links either")
            .build());
    spec.addOption(ServerArguments.grace("requests"));
    spec.addOption(ServerArguments.reactors());
    spec.addOption(ServerArguments.flag("--quiet", "do not report connections that break"));
    spec.addOption(BackendOption.spec());
    return spec;
  }

  @Override
  public int run(ParseResult arguments) throws Exception {
    String root = arguments.matchedOptionValue("--root", (String) null);
    Duration grace = ServerArguments.grace(arguments);
    int reactors = ServerArguments.reactors(arguments);
    boolean quiet = arguments.matchedOptionValue("--quiet", false);
    Folder folder = root == null ? null : Folder.of(NativeText.path(root));
    // Each reactor is pinned to a CPU: no other thread of the program needs much CPU time.
    ReactorOptions options =
        BackendOption.reactorOptions(arguments).withCpu(ReactorOptions.ANY_CPU);
    SocketOptions socketOptions = SocketOptions.defaults().withUserTimeout(SEND_TIMEOUT);
    return new ServerRun(
            NAME, options, reactors, socketOptions, grace, () -> new H2Service(folder, quiet))
        .run(arguments, LISTEN_DEFAULT);
  }
}
