// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.echo;

import dev.weft.examples.common.Program;
import dev.weft.examples.common.Programs;
import dev.weft.examples.micro.service.Idleness;
import dev.weft.examples.micro.service.MicroProgram;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroProcess;
import dev.weft.micro.MicroThread;
import java.util.function.Supplier;
import picocli.CommandLine.ParseResult;

/** The echo program. */
public final class MtEcho extends MicroProgram {
  private static final String NAME = "mt_echo";

  /** The program. */
  public MtEcho() {
    super(NAME, "127.0.0.1:8080");
  }

  @Override
  protected String description() {
    return "Says each line again, with its number in front: from standard input to standard output,"
        + " or to each client of its own with --listen. A line may have "
        + NumberedEcho.LINE_BYTES_MAX
        + " bytes.";
  }

  @Override
  protected int filter(ParseResult arguments) {
    NumberedEcho echo = new NumberedEcho();
    MicroProcess.runLocal(echo, NumberedEcho.PAGES);
    if (echo.endsBadly()) {
      Programs.report(NAME + ": a line is longer than " + NumberedEcho.LINE_BYTES_MAX + " bytes");
      return Program.FAILURE;
    }
    return echo.failure().status(NAME);
  }

  @Override
  protected Service open(ParseResult arguments) {
    return new Service() {
      @Override
      public MicroOptions options() {
        return MicroOptions.ofPages(NumberedEcho.PAGES);
      }

      @Override
      public Supplier<? extends MicroThread> handlers(Runnable stop, Idleness idleness) {
        return () -> new NumberedEcho(idleness);
      }
    };
  }
}
