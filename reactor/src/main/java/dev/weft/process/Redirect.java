// SPDX-License-Identifier: Apache-2.0
package dev.weft.process;

import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.process.StreamTarget;
import dev.weft.internal.process.StreamTarget.Kind;
import java.nio.file.Path;
import java.util.Objects;

/** Where a standard stream of a child process comes from, or goes to. */
public final class Redirect {
  private static final Path NULL_DEVICE = Path.of("/dev/null");
  private static final int WRITE = OpenFlags.WRITE | OpenFlags.CREATE;

  /** The stream of this process. */
  public static final Redirect INHERIT = new Redirect(Kind.INHERIT, "inherited", 0);

  /**
   * A pipe, the other end of which is a stream of the {@link ChildProcess}. A child whose output is
   * not read waits as soon as the pipe is full, so output and errors are to be read by two fibers.
   */
  public static final Redirect PIPE = new Redirect(Kind.PIPE, "pipe", 0);

  /** Nothing: the input is empty, and output is dropped (null(4)). */
  public static final Redirect NULL =
      new Redirect(Kind.FILE, NULL_DEVICE, OpenFlags.READ | OpenFlags.WRITE);

  /** For standard error alone: where standard output goes. */
  public static final Redirect OUTPUT = new Redirect(Kind.OUTPUT, "standard output", 0);

  private final StreamTarget target;

  private Redirect(Kind kind, Object target, int detail) {
    this.target = new StreamTarget(kind, target, detail);
  }

  /**
   * Reads from a file.
   *
   * @param file a path of the default file system, which is opened at each start
   * @return a redirect
   */
  public static Redirect from(Path file) {
    return new Redirect(Kind.FILE, Objects.requireNonNull(file), OpenFlags.READ);
  }

  /**
   * Writes to a file, which is made if there is none, and is empty at first.
   *
   * @param file a path of the default file system, which is opened at each start
   * @return a redirect
   */
  public static Redirect to(Path file) {
    return new Redirect(Kind.FILE, Objects.requireNonNull(file), WRITE | OpenFlags.TRUNCATE);
  }

  /**
   * Writes to the end of a file, which is made if there is none.
   *
   * @param file a path of the default file system, which is opened at each start
   * @return a redirect
   */
  public static Redirect appendTo(Path file) {
    return new Redirect(Kind.FILE, Objects.requireNonNull(file), WRITE | OpenFlags.APPEND);
  }

  /**
   * Shares an open stream of this library: a file with its position, a socket, an end of a pipe, a
   * standard stream. It stays open here and belongs to the caller.
   *
   * @param stream the stream, of the reactor on which the child is started
   * @return a redirect
   * @throws IllegalArgumentException if it has no descriptor, as a stream with TLS
   */
  public static Redirect of(AutoCloseable stream) {
    if (Endpoint.IN.of(stream) == null) {
      throw new IllegalArgumentException("not a stream with a descriptor: " + stream);
    }
    return new Redirect(Kind.STREAM, stream, 0);
  }

  /**
   * Shares a descriptor of this process that is not one of this library.
   *
   * @param number its number, which must stay open until the child has been started
   * @return a redirect
   */
  public static Redirect descriptor(int number) {
    if (number < 0) {
      throw new IllegalArgumentException("number must not be negative: " + number);
    }
    return new Redirect(Kind.DESCRIPTOR, "descriptor " + number, number);
  }

  StreamTarget target() {
    return target;
  }

  @Override
  public String toString() {
    return target.target().toString();
  }
}
