// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import dev.weft.Reactor;
import dev.weft.examples.common.BackendOption;
import dev.weft.examples.common.ListenAddress;
import dev.weft.examples.common.Program;
import dev.weft.examples.common.Programs;
import dev.weft.micro.MicroProcess;
import java.net.InetSocketAddress;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** The Redis client. */
public final class MtRedisCli implements Program {
  private static final String NAME = "mt_redis_cli";
  private static final String SERVER = "127.0.0.1:6379";

  /** The program. */
  public MtRedisCli() {}

  @Override
  public CommandSpec spec() {
    CommandSpec spec = CommandSpec.create().name(NAME);
    spec.usageMessage()
        .description(
            "Sends the commands of standard input to a Redis server, one per line, and writes its"
                + " answers to standard output for people, one to a line, or a line for each element."
                + " Ends at the end of input or behind QUIT, when all has been answered. Arguments are"
                + " quoted as in redis-cli; a line may have "
                + CommandReader.LINE_BYTES_MAX
                + " bytes. Each command is taken to have one answer, unlike SUBSCRIBE. The status is 1"
                + " if there is no server, if it goes before it has answered, or if one of both sides"
                + " says what can't be read; errors that it answers are answers.");
    spec.addOption(BackendOption.spec());
    spec.addPositional(
        PositionalParamSpec.builder()
            .paramLabel("HOST:PORT")
            .arity("0..1")
            .type(String.class)
            .description("the server (default " + SERVER + ")")
            .build());
    return spec;
  }

  @Override
  public int run(ParseResult arguments) throws Exception {
    String place = arguments.matchedPositionalValue(0, SERVER);
    InetSocketAddress address = ListenAddress.parse("server", place);
    RedisClient client = new RedisClient(address, place);
    try (Reactor reactor = Reactor.open(BackendOption.reactorOptions(arguments))) {
      reactor.run(() -> MicroProcess.start(client, RedisClient.PAGES).join());
    }
    if (client.complaint() != null) {
      Programs.report(NAME + ": " + client.complaint());
      return Program.FAILURE;
    }
    return client.hasNoReader() ? Program.READER_GONE : Program.SUCCESS;
  }
}
