// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import dev.weft.dns.DnsException;
import dev.weft.dns.HostAddresses;
import dev.weft.dns.Resolver;
import dev.weft.dns.ResolverOptions;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.examples.common.BackendOption;
import dev.weft.examples.common.ListenAddress;
import dev.weft.examples.common.NativeText;
import dev.weft.examples.common.Operands;
import dev.weft.examples.common.Program;
import dev.weft.examples.common.Programs;
import dev.weft.os.Stdio;
import dev.weft.sync.Mutex;
import dev.weft.sync.Semaphore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** Looks up names and addresses, all at the same time. */
final class IouDns implements Program {
  private static final String NAME = "iou_dns";

  /** More of them wait to be started, and standard input is not read further meanwhile. */
  private static final int LOOKUPS_MAX = 2000;

  private static final int INPUT_BYTES = 1 << 16;

  /** No name is longer. */
  private static final int WORD_BYTES_MAX = 1024;

  /** Groups of zeros in an IPv6 address. */
  private static final Pattern ZEROS = Pattern.compile("(?:^|:)0(?::0)+(?::|$|(?=%))");

  private int status = Program.SUCCESS;

  /** What writing the results has failed with. */
  private @Nullable IOException outputFailure;

  @Override
  public CommandSpec spec() {
    CommandSpec spec = CommandSpec.create().name(NAME);
    spec.usageMessage()
        .description(
            "Looks up the addresses of each NAME, and the names of each ADDRESS. Without",
            "any, reads them from standard input, separated by spaces or line ends.",
            "Results are written as they come. The exit status is 1 if a lookup fails.");
    spec.addOption(
        OptionSpec.builder("--server")
            .paramLabel("HOST:PORT")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .description(
                "the name server to ask; may be given more than once (default: as resolv.conf says)")
            .build());
    spec.addOption(file("--resolv-conf", "in place of /etc/resolv.conf"));
    spec.addOption(file("--hosts", "in place of /etc/hosts"));
    spec.addOption(BackendOption.spec());
    return spec.addPositional(Operands.texts("NAME|ADDRESS", "0..*"));
  }

  private static OptionSpec file(String name, String description) {
    return OptionSpec.builder(name)
        .paramLabel("FILE")
        .type(String.class)
        .description(description)
        .build();
  }

  @Override
  public int run(ParseResult arguments) throws Exception {
    List<InetSocketAddress> servers = new ArrayList<>();
    for (String text : arguments.matchedOptionValue("--server", List.<String>of())) {
      servers.add(ListenAddress.parse("--server", text));
    }
    ResolverOptions options = ResolverOptions.defaults().withServers(servers);
    String resolvConf = arguments.matchedOptionValue("--resolv-conf", "");
    if (!resolvConf.isEmpty()) {
      options = options.withResolvConf(NativeText.path(resolvConf));
    }
    String hosts = arguments.matchedOptionValue("--hosts", "");
    if (!hosts.isEmpty()) {
      options = options.withHosts(NativeText.path(hosts));
    }
    return run(
        arguments.matchedPositionalValue(0, List.<String>of()),
        options,
        BackendOption.reactorOptions(arguments));
  }

  private int run(List<String> words, ResolverOptions options, ReactorOptions reactorOptions)
      throws Exception {
    try (Reactor reactor = Reactor.open(reactorOptions.withoutStallHandler())) {
      reactor.run(() -> new Lookups(options).run(words));
    }
    return status;
  }

  /** The lookups, on one reactor. */
  private final class Lookups {
    private final Resolver resolver;
    private final Semaphore started = Semaphore.of(LOOKUPS_MAX);
    private final Mutex output = Mutex.create();

    Lookups(ResolverOptions options) {
      resolver = Resolver.open(options);
    }

    void run(List<String> words) throws IOException {
      try (resolver;
          Bundle lookups = Bundle.open()) {
        if (words.isEmpty()) {
          readWords(lookups);
        }
        for (String word : words) {
          start(lookups, word);
        }
        lookups.await();
      }
      if (outputFailure != null) {
        outputFailed(outputFailure);
      }
    }

    private void readWords(Bundle lookups) {
      ByteArrayOutputStream word = new ByteArrayOutputStream();
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment input = arena.allocate(INPUT_BYTES);
        for (int count; outputFailure == null && (count = Stdio.in().read(input)) >= 0; ) {
          for (int i = 0; i < count; i++) {
            byte next = input.get(JAVA_BYTE, i);
            if (next < 0 || next > ' ') {
              if (word.size() <= WORD_BYTES_MAX) {
                word.write(next);
              }
            } else {
              startRead(lookups, word);
            }
          }
        }
        startRead(lookups, word);
      } catch (IOException e) {
        complain("standard input", reason(e));
      }
    }

    private void startRead(Bundle lookups, ByteArrayOutputStream word) {
      if (word.size() > WORD_BYTES_MAX) {
        complain("standard input", "a word is longer than " + WORD_BYTES_MAX + " bytes");
      } else if (word.size() > 0) {
        start(lookups, NativeText.decode(word.toByteArray()));
      }
      word.reset();
    }

    private void start(Bundle lookups, String word) {
      started.acquire();
      lookups.go(word, () -> lookUp(word));
    }

    private void lookUp(String word) {
      try {
        InetAddress address = address(word);
        print(address != null ? names(word, address) : addresses(word));
      } catch (DnsException e) {
        complain(word, e.reason());
      } catch (IOException e) {
        complain(word, reason(e));
      } finally {
        started.release();
      }
    }

    private List<String> names(String word, InetAddress address) throws IOException {
      List<String> names = resolver.names(address);
      if (names.isEmpty()) {
        return List.of(word + " is " + word); // no name is no failure
      }
      return names.stream().map(name -> word + " is " + name).toList();
    }

    private List<String> addresses(String word) throws IOException {
      HostAddresses found = resolver.lookup(word);
      List<String> lines = new ArrayList<>();
      String name = found.name();
      for (String alias : found.aliases()) {
        lines.add(name + " is " + alias);
        name = alias;
      }
      for (InetAddress address : found.addresses()) {
        lines.add(name + " is " + text(address));
      }
      return lines;
    }

    /** Writes the lines of one lookup, and does not let others in between. */
    private void print(List<String> lines) {
      byte[] bytes = NativeText.encode(String.join("\n", lines) + "\n");
      try (Mutex.Guard guard = output.lock();
          Arena arena = Arena.ofConfined()) {
        if (outputFailure == null && guard != null) {
          Stdio.out().write(arena.allocateFrom(JAVA_BYTE, bytes), Deadline.NEVER);
        }
      } catch (IOException e) {
        outputFailure = e;
      }
    }
  }

  private static @Nullable InetAddress address(String word) {
    try {
      return InetAddress.ofLiteral(word);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /** The usual notation, in which "::" stands for the longest run of zeros (RFC 5952). */
  static String text(InetAddress address) {
    String full = address.getHostAddress();
    int start = 0;
    int end = 0;
    for (Matcher zeros = ZEROS.matcher(full); zeros.find(); ) {
      if (zeros.end() - zeros.start() > end - start) {
        start = zeros.start();
        end = zeros.end();
      }
    }
    return end == 0 ? full : full.substring(0, start) + "::" + full.substring(end);
  }

  private static String reason(IOException e) {
    return e instanceof ErrnoException known
        ? known.errno().text()
        : String.valueOf(e.getMessage());
  }

  private void complain(String what, String why) {
    Programs.report(what + ": " + why);
    status = Program.FAILURE;
  }

  private void outputFailed(IOException e) {
    if (e instanceof ErrnoException known && known.errno() == Errno.EPIPE) {
      status = READER_GONE;
    } else {
      Programs.report(NAME + ": standard output: " + reason(e));
      status = Program.FAILURE;
    }
  }
}
