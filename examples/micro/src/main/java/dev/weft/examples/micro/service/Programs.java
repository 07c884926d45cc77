// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.service;

import dev.weft.examples.cli.Main;
import dev.weft.examples.cli.NativeText;
import dev.weft.examples.micro.echo.MtEcho;
import dev.weft.examples.micro.http.MtHttp11;
import dev.weft.examples.micro.redis.MtRedis;
import dev.weft.examples.micro.redis.MtRedisCli;
import java.util.List;

/** Starts the program that the first argument names, with the rest: all of them share one jar. */
public final class Programs {
  private Programs() {}

  /**
   * Runs a program and exits with its status.
   *
   * @param args its name and its arguments
   */
  public static void main(String[] args) {
    List<String> words = NativeText.arguments(args);
    if (words.isEmpty()) {
      Main.report("usage: java -jar weft-micro.jar PROGRAM [ARGUMENT]...");
      System.exit(Main.USAGE);
    }
    Main.Program program =
        switch (words.getFirst()) {
          case "mt_echo" -> new MtEcho();
          case "mt_http11" -> new MtHttp11();
          case "mt_redis" -> new MtRedis();
          case "mt_redis_cli" -> new MtRedisCli();
          default -> {
            Main.report("weft: no such program: " + words.getFirst());
            System.exit(Main.USAGE);
            throw new AssertionError("unreachable");
          }
        };
    System.exit(Main.run(words.getFirst(), program, words.subList(1, words.size())));
  }
}
