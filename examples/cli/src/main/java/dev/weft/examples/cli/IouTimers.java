// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import dev.weft.Ticker;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.examples.common.BackendOption;
import dev.weft.examples.common.Operands;
import dev.weft.examples.common.Program;
import dev.weft.examples.common.Programs;
import dev.weft.examples.common.Seconds;
import dev.weft.os.Signal;
import dev.weft.os.Signals;
import dev.weft.os.Stdio;
import dev.weft.sync.Mutex;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** Prints the time whenever one of several periods has passed. */
final class IouTimers implements Program {
  private static final String NAME = "iou_timers";

  private static final int COLUMN_WIDTH = 16;
  private static final double NANOS_PER_SECOND = 1e9;

  /** A time has at most 20 characters, if the machine has run for 292 years. */
  private static final int TIME_MAX = 32;

  /** What writing has failed with. */
  private @Nullable IOException outputFailure;

  @Override
  public CommandSpec spec() {
    CommandSpec spec = CommandSpec.create().name(NAME);
    spec.usageMessage()
        .description(
            "Prints the time since the machine was started, in seconds, whenever SECONDS have",
            "passed, each timer in a column of its own. Ticks that come while its output is not",
            "read are one line. INT and TERM end it.");
    spec.addOption(BackendOption.spec());
    return spec.addPositional(Operands.texts("SECONDS", "0..*"));
  }

  @Override
  public int run(ParseResult arguments) throws Exception {
    List<Duration> periods = new ArrayList<>();
    for (String seconds : arguments.matchedPositionalValue(0, List.<String>of())) {
      long nanos = Math.round(Seconds.of(seconds) * NANOS_PER_SECOND);
      if (nanos < 1) {
        throw new IllegalArgumentException("SECONDS must be at least a nanosecond: " + seconds);
      }
      periods.add(Duration.ofNanos(nanos));
    }
    if (periods.isEmpty()) {
      return Program.SUCCESS;
    }
    ReactorOptions options = BackendOption.reactorOptions(arguments);
    try (Reactor reactor = Reactor.open(options.withoutStallHandler());
        Arena arena = Arena.ofShared()) {
      reactor.run(() -> new Timers(arena, periods.size()).run(periods));
    }
    return outputFailure == null ? Program.SUCCESS : outputFailed(outputFailure);
  }

  /** The timers, on one reactor. */
  private final class Timers {
    private final BootClock clock;
    private final MemorySegment line;
    private final Mutex output = Mutex.create();

    Timers(Arena arena, int columns) {
      clock = new BootClock(arena);
      line = arena.allocate((long) columns * COLUMN_WIDTH + TIME_MAX);
    }

    void run(List<Duration> periods) {
      try (Signals signals = Signals.open(Signal.INT, Signal.TERM);
          Bundle timers = Bundle.open()) {
        timers.go(
            () -> {
              signals.await();
              timers.cancel();
            });
        for (int i = 0; i < periods.size(); i++) {
          int column = i;
          timers.go(() -> tick(timers, column, periods.get(column)));
        }
        timers.await();
      }
    }

    private void tick(Bundle timers, int column, Duration period) {
      Ticker ticker = Ticker.every(period);
      try {
        while (true) {
          ticker.await();
          print(column);
        }
      } catch (IOException e) {
        outputFailure = e;
        timers.cancel();
      }
    }

    private void print(int column) throws IOException {
      try (Mutex.Guard guard = output.lock()) {
        assert guard != null;
        String time = String.format(Locale.ROOT, "%16f%n", clock.nanoTime() / NANOS_PER_SECOND);
        byte[] text = (" ".repeat(column * COLUMN_WIDTH) + time).getBytes(US_ASCII);
        MemorySegment.copy(text, 0, line, JAVA_BYTE, 0, text.length);
        Stdio.out().write(line.asSlice(0, text.length), Deadline.NEVER);
      }
    }
  }

  private static int outputFailed(IOException e) {
    if (e instanceof ErrnoException known && known.errno() == Errno.EPIPE) {
      return READER_GONE;
    }
    String reason =
        e instanceof ErrnoException known ? known.errno().text() : String.valueOf(e.getMessage());
    Programs.report(NAME + ": standard output: " + reason);
    return Program.FAILURE;
  }
}
