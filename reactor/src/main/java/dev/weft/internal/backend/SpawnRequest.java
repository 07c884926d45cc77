// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A child process to be started, and what has become of it. Texts are bytes without a NUL. The
 * arrays are not to be changed until the operation has ended.
 */
public final class SpawnRequest {
  /** A stream that is the one of this process. */
  public static final int INHERITED = -1;

  /** Standard error that is what standard output is. */
  public static final int AS_OUTPUT = -2;

  /** The group of this process. */
  public static final int SAME_GROUP = -1;

  /** A new group, of which the child is the leader. */
  public static final int NEW_GROUP = 0;

  /** A new session, and a new group in it. */
  public static final int NEW_SESSION = -2;

  private final List<byte[]> arguments;
  private final boolean inheritsEnvironment;
  private final List<byte[]> variables;
  private final byte @Nullable [] directory;
  private final int group;
  private final int[] streams;

  private int pid;
  private boolean isDirectoryRefused;

  /**
   * Makes a request.
   *
   * @param arguments the program first: a path if there is a slash in it, and otherwise a name that
   *     is looked up in the directories of PATH
   * @param inheritsEnvironment whether the variables of this process are those of the child
   * @param variables {@code NAME=value}, or {@code NAME} for one that is not inherited
   * @param directory the working directory; that of this process if it is null
   * @param group NEW_GROUP, SAME_GROUP, NEW_SESSION, or the number of a group
   * @param streams the descriptors of the three standard streams, INHERITED or AS_OUTPUT. They must
   *     stay open until the operation has ended. The child has no others
   */
  public SpawnRequest(
      List<byte[]> arguments,
      boolean inheritsEnvironment,
      List<byte[]> variables,
      byte @Nullable [] directory,
      int group,
      int[] streams) {
    this.arguments = arguments;
    this.inheritsEnvironment = inheritsEnvironment;
    this.variables = variables;
    this.directory = directory;
    this.group = group;
    this.streams = streams;
  }

  public List<byte[]> arguments() {
    return arguments;
  }

  public boolean inheritsEnvironment() {
    return inheritsEnvironment;
  }

  public List<byte[]> variables() {
    return variables;
  }

  public byte @Nullable [] directory() {
    return directory;
  }

  public int group() {
    return group;
  }

  /** The descriptor of a standard stream (0, 1, 2), INHERITED or AS_OUTPUT. */
  public int stream(int number) {
    return streams[number];
  }

  /** Sets the number of the process that has been started. */
  public void started(int pid) {
    this.pid = pid;
  }

  /** The number of the process; 0 if none has been started. */
  public int pid() {
    return pid;
  }

  /** Says that the failure is one of the working directory, not of the program. */
  public int refuseDirectory(int result) {
    isDirectoryRefused = true;
    return result;
  }

  /** Whether the failure is one of the working directory. */
  public boolean isDirectoryRefused() {
    return isDirectoryRefused;
  }
}
