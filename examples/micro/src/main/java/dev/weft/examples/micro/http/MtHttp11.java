// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.http;

import dev.weft.examples.micro.service.Idleness;
import dev.weft.examples.micro.service.MicroProgram;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroProcess;
import dev.weft.micro.MicroThread;
import java.util.function.Supplier;
import picocli.CommandLine.ParseResult;

/** The HTTP server. */
public final class MtHttp11 extends MicroProgram {
  private static final String NAME = "mt_http11";

  /** The program. */
  public MtHttp11() {
    super(NAME, "127.0.0.1:8081");
  }

  @Override
  protected String description() {
    return "Answers requests of HTTP/0.9, 1.0 and 1.1: GET with a greeting, POST and others with what"
        + " was sent, /crash with an error. Reads standard input and writes standard output, or"
        + " serves TCP with --listen; only there responses have a Date.";
  }

  @Override
  protected int filter(ParseResult arguments) {
    RequestReader reader = new RequestReader(false);
    MicroProcess.runLocal(reader, RequestReader.PAGES);
    return reader.failure.status(NAME);
  }

  @Override
  protected Service open(ParseResult arguments) {
    return new Service() {
      @Override
      public MicroOptions options() {
        return MicroOptions.ofPages(RequestReader.PAGES);
      }

      @Override
      public Supplier<? extends MicroThread> handlers(Runnable stop, Idleness idleness) {
        ResponseDate date = ResponseDate.now();
        return () -> new RequestReader(true, idleness, date);
      }
    };
  }
}
