// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import dev.weft.examples.common.Program;
import dev.weft.examples.common.Programs;
import dev.weft.examples.micro.service.Failure;
import dev.weft.examples.micro.service.Idleness;
import dev.weft.examples.micro.service.MicroProgram;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroProcess;
import dev.weft.micro.MicroThread;
import java.sql.SQLException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** The Redis server, and the encoder and decoder of its client as filters. */
public final class MtRedis extends MicroProgram {
  private static final String NAME = "mt_redis";

  /** The program. */
  public MtRedis() {
    super(NAME, "127.0.0.1:6379");
  }

  @Override
  protected String description() {
    return "Answers commands of Redis from an SQLite store: from standard input to standard output, or"
        + " over TCP with --listen. A command may have "
        + CommandReader.ARGUMENTS_MAX
        + " arguments and "
        + CommandReader.COMMAND_BYTES_MAX
        + " bytes, on a line of its own "
        + CommandReader.LINE_BYTES_MAX
        + ". When all clients together hold a quarter of the JVM's heap in commands and answers, the"
        + " one that holds the most is disconnected. The client is mt_redis_cli; its encoder and"
        + " decoder are filters,"
        + " --encode and --decode.";
  }

  @Override
  protected void addOptions(CommandSpec spec) {
    spec.addOption(
        OptionSpec.builder("--store")
            .paramLabel("FILE")
            .type(String.class)
            .description(
                "the database, made if it is not there (default " + Store.MEMORY + ", in no file)")
            .build());
    spec.addOption(
        OptionSpec.builder("--encode")
            .type(boolean.class)
            .description(
                "make commands of lines of arguments, quoted as in redis-cli, and nothing else")
            .build());
    spec.addOption(
        OptionSpec.builder("--decode")
            .type(boolean.class)
            .description("make lines of answers, and nothing else")
            .build());
  }

  private static Store store(ParseResult arguments) {
    String file = arguments.matchedOptionValue("--store", Store.MEMORY);
    if (file.isEmpty()) {
      throw new IllegalArgumentException(
          "--store must name a file"); // or SQLite would use a temporary file
    }
    try {
      return Store.open(file);
    } catch (SQLException e) {
      throw new IllegalArgumentException("--store " + file + ": " + e.getMessage(), e);
    }
  }

  @Override
  protected int filter(ParseResult arguments) throws Exception {
    boolean encodes = arguments.hasMatchedOption("--encode");
    boolean decodes = arguments.hasMatchedOption("--decode");
    if (encodes && decodes) {
      throw new IllegalArgumentException("--encode and --decode are two halves: one at a time");
    }
    if ((encodes || decodes) && arguments.hasMatchedOption("--store")) {
      throw new IllegalArgumentException("--encode and --decode have no store");
    }
    if (encodes) {
      return encode();
    }
    if (decodes) {
      return decode();
    }
    try (Store store = store(arguments)) {
      RedisConnection connection = new RedisConnection(store, false, () -> {});
      MicroProcess.runLocal(connection, RedisConnection.PAGES);
      return connection.failure.status(NAME);
    }
  }

  private static int encode() {
    Encoder encoder = new Encoder();
    MicroProcess.runLocal(encoder, Encoder.PAGES);
    return status(encoder.complaint(), encoder.failure);
  }

  private static int decode() {
    Decoder decoder = new Decoder();
    MicroProcess.runLocal(decoder, Decoder.PAGES);
    return status(decoder.complaint(), decoder.failure);
  }

  private static int status(@Nullable String complaint, Failure failure) {
    if (complaint == null) {
      return failure.status(NAME);
    }
    Programs.report(NAME + ": " + complaint);
    return Program.FAILURE;
  }

  @Override
  protected Service open(ParseResult arguments) {
    if (arguments.hasMatchedOption("--encode") || arguments.hasMatchedOption("--decode")) {
      throw new IllegalArgumentException("--encode and --decode do not listen");
    }
    Store store = store(arguments);
    ClientMemory memory = ClientMemory.ofHeap();
    return new Service() {
      @Override
      public MicroOptions options() {
        return MicroOptions.ofPages(RedisConnection.PAGES);
      }

      @Override
      public Supplier<? extends MicroThread> handlers(Runnable stop, Idleness idleness) {
        return () -> new RedisConnection(store, memory, true, stop, idleness);
      }

      @Override
      public void close() {
        try {
          store.close();
        } catch (SQLException e) {
          Programs.report(NAME + ": the store does not close: " + e.getMessage());
        }
      }
    };
  }
}
