// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.service;

import dev.weft.examples.common.Program;
import dev.weft.examples.common.Programs;
import dev.weft.examples.micro.echo.MtEcho;
import dev.weft.examples.micro.http.MtHttp11;
import dev.weft.examples.micro.redis.MtRedis;
import dev.weft.examples.micro.redis.MtRedisCli;
import org.jspecify.annotations.Nullable;

/** The programs of weft-micro.jar. */
public final class Main extends Programs {
  private Main() {
    super("weft-micro.jar", "mt_echo", "mt_http11", "mt_redis", "mt_redis_cli");
  }

  /**
   * Runs a program and exits with its status.
   *
   * @param args its name and its arguments
   */
  public static void main(String[] args) {
    new Main().start(args);
  }

  @Override
  protected @Nullable Program program(String name) {
    return switch (name) {
      case "mt_echo" -> new MtEcho();
      case "mt_http11" -> new MtHttp11();
      case "mt_redis" -> new MtRedis();
      case "mt_redis_cli" -> new MtRedisCli();
      default -> null;
    };
  }
}
