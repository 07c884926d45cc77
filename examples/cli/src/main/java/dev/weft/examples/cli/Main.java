// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import dev.weft.examples.cli.h2c.IouH2c;
import dev.weft.examples.common.Program;
import dev.weft.examples.common.Programs;
import org.jspecify.annotations.Nullable;

/** The programs of weft-cli.jar. */
public final class Main extends Programs {
  private Main() {
    super(
        "weft-cli.jar",
        "iou_cat",
        "iou_dns",
        "iou_h2c",
        "iou_port7",
        "iou_timers",
        "iou_tls",
        "iou_tlsd");
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
      case "iou_cat" -> new IouCat();
      case "iou_dns" -> new IouDns();
      case "iou_h2c" -> new IouH2c();
      case "iou_port7" -> new IouPort7();
      case "iou_timers" -> new IouTimers();
      case "iou_tls" -> new IouTls();
      case "iou_tlsd" -> new IouTlsd();
      default -> null;
    };
  }
}
