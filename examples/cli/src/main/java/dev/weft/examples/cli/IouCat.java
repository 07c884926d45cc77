// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.examples.common.BackendOption;
import dev.weft.examples.common.NativeText;
import dev.weft.examples.common.Operands;
import dev.weft.examples.common.Program;
import dev.weft.examples.common.Programs;
import dev.weft.fs.File;
import dev.weft.io.ByteSink;
import dev.weft.io.ByteSource;
import dev.weft.io.Splice;
import dev.weft.os.Stdio;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** Copies files to standard output, within the kernel where that is possible. */
final class IouCat implements Program {
  private static final String NAME = "iou_cat";
  private static final String STANDARD_INPUT = "standard input";

  private static final Path INPUT = Path.of("/proc/self/fd/0");
  private static final Path OUTPUT = Path.of("/proc/self/fd/1");

  /** proc_pid_fdinfo(5). */
  private static final Path INPUT_STATE = Path.of("/proc/self/fdinfo/0");

  private static final String POSITION = "pos:";

  /** One operation at a time needs no more; a small ring is quicker to set up. */
  private static final int QUEUE_ENTRIES = 8;

  private int status = Program.SUCCESS;

  @Override
  public CommandSpec spec() {
    CommandSpec spec = CommandSpec.create().name(NAME);
    spec.usageMessage()
        .description(
            "Copies each FILE to standard output, in order. With no FILE, or when FILE is -,",
            "copies standard input.");
    spec.addOption(BackendOption.spec());
    return spec.addPositional(Operands.texts("FILE", "0..*"));
  }

  @Override
  public int run(ParseResult arguments) throws Exception {
    return run(
        arguments.matchedPositionalValue(0, List.<String>of()),
        BackendOption.reactorOptions(arguments));
  }

  @Override
  public int run(List<String> files) throws Exception {
    return run(files, ReactorOptions.defaults());
  }

  private int run(List<String> files, ReactorOptions options) throws Exception {
    // Most of the work is done by the kernel's workers: the scheduler places this thread near them.
    ReactorOptions unpinned =
        options
            .withCpu(ReactorOptions.UNPINNED)
            .withQueueEntries(QUEUE_ENTRIES)
            .withoutStallHandler();
    try (Reactor reactor = Reactor.open(unpinned)) {
      reactor.run(() -> copyAll(files.isEmpty() ? List.of("-") : files));
    }
    return status;
  }

  private void copyAll(List<String> files) {
    ByteSink out = Stdio.out();
    for (String file : files) {
      try {
        copy(file, out);
      } catch (Splice.SinkException e) {
        outputFailed(e);
        return; // nothing more can be written
      } catch (IOException e) {
        complain(file.equals("-") ? STANDARD_INPUT : file, e);
      }
    }
  }

  private void copy(String file, ByteSink out) throws IOException {
    if (file.equals("-")) {
      copy(STANDARD_INPUT, Stdio.in(), INPUT, out);
      return;
    }
    Path path = NativeText.path(file);
    try (ByteSource in = File.open(path)) {
      copy(file, in, path, out);
    }
  }

  /**
   * Copies {@code in}, whose file is at {@code path}, unless it would read what it writes, which
   * could continue until the disk is full.
   */
  private void copy(String name, ByteSource in, Path path, ByteSink out) throws IOException {
    if (isOutput(path)) {
      complain(name, "input file is output file");
    } else {
      Splice.copy(in, out);
    }
  }

  /** As in GNU cat: whether both are the same regular file, and bytes are left to read. */
  private static boolean isOutput(Path input) throws IOException {
    return Files.isRegularFile(OUTPUT)
        && Files.isRegularFile(input)
        && Files.isSameFile(input, OUTPUT)
        && (input.equals(INPUT) ? inputPosition() : 0) < Files.size(OUTPUT);
  }

  /** The file position of standard input; 0 if it is unknown. */
  private static long inputPosition() throws IOException {
    if (!Files.isReadable(INPUT_STATE)) {
      return 0;
    }
    for (String line : Files.readAllLines(INPUT_STATE)) {
      if (line.startsWith(POSITION)) {
        return Long.parseLong(line.substring(POSITION.length()).strip());
      }
    }
    return 0;
  }

  private void outputFailed(Splice.SinkException e) {
    if (e.failure() instanceof ErrnoException cause && cause.errno() == Errno.EPIPE) {
      status = READER_GONE;
    } else {
      complain("standard output", e.failure());
    }
  }

  private void complain(String what, IOException e) {
    String why =
        e instanceof ErrnoException known ? known.errno().text() : String.valueOf(e.getMessage());
    complain(what, why);
  }

  private void complain(String what, String why) {
    Programs.report(NAME + ": " + what + ": " + why);
    status = Program.FAILURE;
  }
}
