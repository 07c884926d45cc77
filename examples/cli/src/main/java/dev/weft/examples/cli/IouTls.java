// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.examples.common.BackendOption;
import dev.weft.examples.common.NativeText;
import dev.weft.examples.common.Operands;
import dev.weft.examples.common.Program;
import dev.weft.examples.common.Programs;
import dev.weft.examples.common.Seconds;
import dev.weft.io.ByteSink;
import dev.weft.io.ByteSource;
import dev.weft.net.TcpSocket;
import dev.weft.os.Stdio;
import dev.weft.tls.TlsContext;
import dev.weft.tls.TlsOptions;
import dev.weft.tls.TlsSocket;
import dev.weft.tls.TrustStore;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** A TLS client: standard input to a server, and its answers to standard output. */
final class IouTls implements Program {
  private static final String NAME = "iou_tls";
  private static final String SERVICE_DEFAULT = "echo";
  private static final String CA_VARIABLE = "IOUCONTEXT_CA_BUNDLE";
  private static final double TIMEOUT_SECONDS_DEFAULT = 5;
  private static final double TIMEOUT_SECONDS_MAX = 1_000_000;
  private static final int BUFFER_BYTES = 32 << 10;

  /** A service of a host, as it was written. */
  private record Target(String text, String host, int port) {
    static Target parse(String text) throws IOException {
      int slash = text.lastIndexOf('/');
      String host = slash < 0 ? text : text.substring(0, slash);
      String service = slash < 0 ? SERVICE_DEFAULT : text.substring(slash + 1);
      if (host.isEmpty() || service.isEmpty()) {
        throw new IllegalArgumentException("not HOST or HOST/SERVICE: " + text);
      }
      try {
        return new Target(text, host, Services.port(service));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(text + ": " + e.getMessage(), e);
      }
    }
  }

  @Override
  public CommandSpec spec() {
    CommandSpec spec = CommandSpec.create().name(NAME);
    spec.usageMessage()
        .description(
            "Connects to the first HOST that speaks TLS. Sends standard input there, and",
            "writes what comes back to standard output. SERVICE is a port or a name, by",
            "default echo (7). The certificate must be for HOST, and of an authority in",
            "--ca FILE, in the file that $IOUCONTEXT_CA_BUNDLE names, or of those that the",
            "system trusts.");
    spec.addOption(
        OptionSpec.builder("--ca")
            .paramLabel("FILE")
            .type(String.class)
            .description("the certificates of the authorities to trust, in PEM")
            .build());
    spec.addOption(
        Seconds.option("--timeout")
            .description("how long a HOST may take to connect and to agree (default 5)")
            .build());
    spec.addOption(BackendOption.spec());
    return spec.addPositional(Operands.texts("HOST[/SERVICE]", "1..*"));
  }

  @Override
  public int run(ParseResult arguments) throws Exception {
    List<Target> targets = new ArrayList<>();
    for (String text : arguments.matchedPositionalValue(0, List.<String>of())) {
      targets.add(Target.parse(text));
    }
    double seconds = arguments.matchedOptionValue("--timeout", TIMEOUT_SECONDS_DEFAULT);
    if (!(seconds > 0 && seconds <= TIMEOUT_SECONDS_MAX)) {
      throw new IllegalArgumentException(
          "--timeout must be more than 0, and up to 1000000 seconds: " + seconds);
    }
    Duration timeout = Duration.ofNanos((long) (seconds * 1e9));
    TlsContext context;
    try {
      context = TlsContext.client(TlsOptions.defaults().withTrust(trust(arguments)));
    } catch (IOException e) {
      Programs.report(NAME + ": " + e.getMessage());
      return FAILURE;
    }
    ReactorOptions options =
        BackendOption.reactorOptions(arguments).withCpu(ReactorOptions.UNPINNED);
    try (Reactor reactor = Reactor.open(options)) {
      return reactor.call(() -> connectToFirst(targets, context, timeout));
    }
  }

  private static TrustStore trust(ParseResult arguments) throws IOException {
    String file = arguments.matchedOptionValue("--ca", System.getenv(CA_VARIABLE));
    if (file == null || file.isEmpty()) {
      return TrustStore.system();
    }
    Path path = NativeText.path(file);
    return TrustStore.read(path);
  }

  private static int connectToFirst(List<Target> targets, TlsContext context, Duration timeout) {
    for (Target target : targets) {
      try {
        return converse(connect(target, context, Deadline.after(timeout)));
      } catch (DeadlineExceededException e) {
        complain(target.text(), "no session within " + timeout.toMillis() + " ms");
      } catch (IOException e) {
        complain(target.text(), why(e));
      }
    }
    return FAILURE;
  }

  private static TlsSocket connect(Target target, TlsContext context, Deadline deadline)
      throws IOException {
    TcpSocket connection = TcpSocket.connect(target.host(), target.port(), deadline);
    Programs.report("connect to " + target.host() + " " + connection);
    return TlsSocket.connect(connection, context, target.host(), deadline);
  }

  private static String why(IOException e) {
    if (e instanceof ErrnoException known) {
      return Programs.text(known);
    }
    if (e instanceof UnknownHostException) {
      return "unknown host";
    }
    return String.valueOf(e.getMessage());
  }

  private static void complain(String what, String why) {
    Programs.report(NAME + ": " + what + ": " + why);
  }

  // ---- the conversation

  /** Copies both ways until the server has ended its direction. */
  private static int converse(TlsSocket socket) {
    int[] status = {SUCCESS};
    try (socket;
        Bundle bundle = Bundle.open()) {
      bundle.go("standard input", () -> status[0] = Math.max(status[0], send(socket)));
      status[0] = Math.max(status[0], receive(socket));
    } catch (IOException e) {
      complain("closing the session", why(e));
      return FAILURE;
    }
    return status[0];
  }

  private static int send(TlsSocket socket) {
    ByteSource in = Stdio.in();
    String doing = "standard input";
    try (Arena arena = Arena.ofShared()) {
      MemorySegment buffer = arena.allocate(BUFFER_BYTES);
      for (int count; (count = in.read(buffer)) >= 0; ) {
        doing = "sending";
        socket.write(buffer.asSlice(0, count));
        doing = "standard input";
      }
      doing = "sending";
      socket.shutdownOutput();
      return SUCCESS;
    } catch (IOException e) {
      complain(doing, why(e));
      return FAILURE;
    }
  }

  private static int receive(TlsSocket socket) {
    ByteSink out = Stdio.out();
    boolean writing = false;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment buffer = arena.allocate(BUFFER_BYTES);
      for (int count; (count = socket.read(buffer)) >= 0; ) {
        writing = true;
        out.write(buffer.asSlice(0, count));
        writing = false;
      }
      return SUCCESS;
    } catch (IOException e) {
      if (writing && e instanceof ErrnoException known && known.errno() == Errno.EPIPE) {
        return READER_GONE;
      }
      complain(writing ? "standard output" : "receiving", why(e));
      return FAILURE;
    }
  }
}
