// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.server;

import dev.weft.examples.common.NativeText;
import dev.weft.examples.common.Seconds;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** The options that the servers have in common, and their values. */
public final class ServerArguments {
  private static final double GRACE_SECONDS_DEFAULT = 5;
  private static final int REACTORS_MAX = 1024;

  private ServerArguments() {}

  /**
   * {@return the option that says where to listen}
   *
   * @param byDefault where it is otherwise
   */
  public static OptionSpec listen(String byDefault) {
    return OptionSpec.builder("--listen")
        .paramLabel("HOST:PORT|fd:N")
        .type(List.class)
        .auxiliaryTypes(String.class)
        .description(
            "where to listen, or a socket that the program is started with, as a descriptor's"
                + " number or by its name from systemd; may be given more than once (default "
                + byDefault
                + ")")
        .build();
  }

  /**
   * {@return where to listen}
   *
   * @param arguments the command line
   * @param byDefault as for {@link #listen}
   * @throws IllegalArgumentException if one of the values is wrong
   */
  static List<Place> places(ParseResult arguments, String byDefault) {
    List<Place> places = new ArrayList<>();
    for (String text : arguments.matchedOptionValue("--listen", List.of(byDefault))) {
      places.add(Place.parse(text));
    }
    return places;
  }

  /** {@return the option that lets a program take the place of another one} */
  public static OptionSpec takeover() {
    return OptionSpec.builder("--takeover")
        .paramLabel("PATH")
        .type(String.class)
        .description(
            "a Unix socket: take over the sockets of the program that runs with the same PATH, if"
                + " there is one, and hand them over to the next")
        .build();
  }

  static @Nullable Path takeoverPath(ParseResult arguments) {
    String path = arguments.matchedOptionValue("--takeover", (String) null);
    return path == null ? null : NativeText.path(path);
  }

  /**
   * {@return the option that says how long is served after a signal}
   *
   * @param what is served then
   */
  public static OptionSpec grace(String what) {
    return Seconds.option("--grace")
        .description("how long " + what + " are served after a signal (default 5)")
        .build();
  }

  /**
   * {@return how long is served after a signal}
   *
   * @param arguments the command line
   * @throws IllegalArgumentException if the time is negative
   */
  public static Duration grace(ParseResult arguments) {
    double seconds = arguments.matchedOptionValue("--grace", GRACE_SECONDS_DEFAULT);
    if (!(seconds >= 0 && seconds <= Integer.MAX_VALUE)) {
      throw new IllegalArgumentException("--grace must be 0 or more seconds: " + seconds);
    }
    return duration(seconds);
  }

  /** {@return the option that says how many reactors serve} */
  public static OptionSpec reactors() {
    return OptionSpec.builder("--reactors")
        .paramLabel("N")
        .type(int.class)
        .description("threads that serve, each with a reactor of its own (default 1)")
        .build();
  }

  /**
   * {@return how many reactors serve}
   *
   * @param arguments the command line
   * @throws IllegalArgumentException if there are too few or too many
   */
  public static int reactors(ParseResult arguments) {
    int reactors = arguments.matchedOptionValue("--reactors", 1);
    if (reactors < 1 || reactors > REACTORS_MAX) {
      throw new IllegalArgumentException(
          "--reactors must be from 1 to " + REACTORS_MAX + ": " + reactors);
    }
    return reactors;
  }

  /** {@return the option that limits the time in which a client sends nothing} */
  public static OptionSpec idle() {
    return Seconds.option("--idle")
        .description(
            "how long a client may send nothing before it is disconnected (default: no limit)")
        .build();
  }

  /** {@return the option that limits the time in which a client accepts nothing} */
  public static OptionSpec sendTimeout() {
    return Seconds.option("--send-timeout")
        .description(
            "how long a client may accept no output before it is disconnected"
                + " (default 60; 0 for no limit)")
        .build();
  }

  /**
   * {@return an option without a value}
   *
   * @param name of the option, with its dashes
   * @param description for {@code --help}
   */
  public static OptionSpec flag(String name, String description) {
    return OptionSpec.builder(name).type(boolean.class).description(description).build();
  }

  /**
   * {@return a time}
   *
   * @param seconds of it
   */
  public static Duration duration(double seconds) {
    return Duration.ofNanos((long) (seconds * 1e9));
  }
}
