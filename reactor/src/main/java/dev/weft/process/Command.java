// SPDX-License-Identifier: Apache-2.0
package dev.weft.process;

import dev.weft.Deadline;
import dev.weft.internal.backend.SpawnRequest;
import dev.weft.internal.io.PathCalls;
import dev.weft.internal.process.StreamTarget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Program for a child process, with its arguments, environment, working directory and standard
 * streams. Immutable; can be started any number of times, by any reactor.
 *
 * <p>By default a child has the environment, the working directory, the process group and the
 * standard streams of this process. It has no other descriptors of this process, no blocked and no
 * ignored signals. Texts are passed in UTF-8.
 */
public final class Command {
  /** The program, and its arguments. */
  private List<byte[]> arguments;

  private final String program;

  private boolean inheritsEnvironment = true;

  /** {@code NAME=value} by its name, or the name alone for a variable that is removed. */
  private Map<String, byte[]> variables = Map.of();

  private @Nullable Path directory;
  private int group = SpawnRequest.SAME_GROUP;

  /** Those of the three standard streams. */
  private List<Redirect> redirects = Collections.nCopies(3, Redirect.INHERIT);

  private Command(String program, List<byte[]> arguments) {
    this.program = program;
    this.arguments = arguments;
  }

  private Command copy() {
    Command copy = new Command(program, arguments);
    copy.inheritsEnvironment = inheritsEnvironment;
    copy.variables = variables;
    copy.directory = directory;
    copy.group = group;
    copy.redirects = redirects;
    return copy;
  }

  /**
   * Makes a command.
   *
   * @param program a path if there is a slash in it, relative to the working directory of the
   *     child; otherwise a name that is looked up in the directories of this process's PATH
   *     (posix_spawnp(3)). No shell reads it
   * @param arguments those after the name of the program
   * @return a command
   * @throws IllegalArgumentException if {@code program} is empty, or there is a NUL in a text
   */
  public static Command of(String program, String... arguments) {
    byte[] file = bytes("program", program);
    if (file.length == 0) {
      throw new IllegalArgumentException("program must not be empty");
    }
    return new Command(program, List.of(file)).withArguments(arguments);
  }

  /**
   * Makes a command of a program in a file.
   *
   * @param program a path of the default file system, relative to the working directory of the
   *     child; it is not looked up in PATH
   * @param arguments those after the name of the program
   * @return a command
   * @throws IllegalArgumentException if there is a NUL in a text
   */
  public static Command of(Path program, String... arguments) {
    boolean isName = !program.isAbsolute() && program.getNameCount() == 1;
    byte[] file = PathCalls.bytes(isName ? Path.of(".").resolve(program) : program);
    return new Command(program.toString(), List.of(file)).withArguments(arguments);
  }

  /** The bytes of a text, without a final NUL. */
  private static byte[] bytes(String what, String text) {
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("there is a NUL in the " + what + ": " + text);
    }
    try {
      ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] bytes = new byte[encoded.remaining()];
      encoded.get(bytes);
      return bytes;
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("the " + what + " can't be encoded: " + text, e);
    }
  }

  /**
   * Adds arguments.
   *
   * @param more the arguments, after those that are there
   * @return a changed copy
   * @throws IllegalArgumentException if there is a NUL in one
   */
  public Command withArguments(String... more) {
    List<byte[]> all = new ArrayList<>(arguments);
    for (String argument : more) {
      all.add(bytes("argument", argument));
    }
    return with(all);
  }

  /**
   * Adds the name of a file as an argument, by its original bytes, even if they are not valid text.
   *
   * @param file a path of the default file system
   * @return a changed copy
   */
  public Command withArgument(Path file) {
    List<byte[]> all = new ArrayList<>(arguments);
    all.add(PathCalls.bytes(file));
    return with(all);
  }

  private Command with(List<byte[]> all) {
    Command changed = copy();
    changed.arguments = List.copyOf(all);
    return changed;
  }

  /**
   * Sets a variable of the child's environment.
   *
   * @param name the name, without {@code =}
   * @param value the value
   * @return a changed copy
   * @throws IllegalArgumentException if the name is empty, or there is a NUL or {@code =} in it
   */
  public Command withVariable(String name, String value) {
    checkName(name);
    return with(name, bytes("variable " + name, name + "=" + value));
  }

  /**
   * Removes a variable from the child's environment.
   *
   * @param name the name, without {@code =}
   * @return a changed copy
   * @throws IllegalArgumentException if the name is empty, or there is a NUL or {@code =} in it
   */
  public Command withoutVariable(String name) {
    checkName(name);
    return with(name, bytes("variable", name));
  }

  private static void checkName(String name) {
    if (name.isEmpty() || name.indexOf('=') >= 0) {
      throw new IllegalArgumentException("not the name of a variable: " + name);
    }
  }

  private Command with(String name, byte[] variable) {
    Command changed = copy();
    changed.variables = new LinkedHashMap<>(variables);
    changed.variables.put(name, variable);
    return changed;
  }

  /**
   * Sets the whole environment of the child: nothing is inherited.
   *
   * @param all the values by the names
   * @return a changed copy
   * @throws IllegalArgumentException as by {@link #withVariable}
   */
  public Command withEnvironment(Map<String, String> all) {
    Command changed = copy();
    changed.inheritsEnvironment = false;
    changed.variables = Map.of();
    for (Map.Entry<String, String> variable : all.entrySet()) {
      changed = changed.withVariable(variable.getKey(), variable.getValue());
    }
    return changed;
  }

  /**
   * Sets the working directory of the child.
   *
   * @param directory a path of the default file system
   * @return a changed copy
   */
  public Command withDirectory(Path directory) {
    Command changed = copy();
    changed.directory = directory;
    return changed;
  }

  /**
   * Makes the child the leader of a new process group (setpgid(2)), which {@link
   * ChildProcess#signalGroup} reaches, and a signal from the keyboard does not.
   *
   * @return a changed copy
   */
  public Command withNewGroup() {
    return with(SpawnRequest.NEW_GROUP);
  }

  /**
   * Makes the child the leader of a new session, and of a new process group in it, without a
   * controlling terminal (setsid(2)).
   *
   * @return a changed copy
   */
  public Command withNewSession() {
    return with(SpawnRequest.NEW_SESSION);
  }

  /**
   * Puts the child into the process group of another one. {@link #start()} fails with EPERM if that
   * group is empty by then.
   *
   * @param leader a child with a group of its own
   * @return a changed copy
   */
  public Command withGroupOf(ChildProcess leader) {
    leader.requireLeader("withGroupOf");
    return with(leader.pid());
  }

  private Command with(int group) {
    Command changed = copy();
    changed.group = group;
    return changed;
  }

  /**
   * Sets where standard input comes from.
   *
   * @param redirect anything but {@link Redirect#OUTPUT}
   * @return a changed copy
   */
  public Command withInput(Redirect redirect) {
    return with(0, redirect);
  }

  /**
   * Sets where standard output goes.
   *
   * @param redirect anything but {@link Redirect#OUTPUT}
   * @return a changed copy
   */
  public Command withOutput(Redirect redirect) {
    return with(1, redirect);
  }

  /**
   * Sets where standard error goes.
   *
   * @param redirect the redirect
   * @return a changed copy
   */
  public Command withError(Redirect redirect) {
    return with(2, redirect);
  }

  private Command with(int number, Redirect redirect) {
    if (redirect == Redirect.OUTPUT && number < 2) {
      throw new IllegalArgumentException("only standard error can be where standard output is");
    }
    Command changed = copy();
    changed.redirects = new ArrayList<>(redirects);
    changed.redirects.set(number, redirect);
    return changed;
  }

  /**
   * Starts the program. Suspends until it has been loaded.
   *
   * @return the running process, to be closed by the caller
   * @throws dev.weft.error.ErrnoException of the program: ENOENT if there is none, EACCES if it may
   *     not be executed, ENOEXEC if the system does not know its format, E2BIG if arguments and
   *     environment are too long (execve(2)); of the directory or a file, with its name; EAGAIN
   *     without room for processes; EMFILE without descriptors, for that of the process too: then
   *     it may have run and was killed
   * @throws UnsupportedOperationException on a reactor without io_uring
   */
  public ChildProcess start() throws IOException {
    return start(Deadline.NEVER);
  }

  /**
   * Starts the program, as {@link #start()} does; waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting
   * @return the running process, to be closed by the caller
   * @throws dev.weft.error.ErrnoException as {@link #start()}
   * @throws dev.weft.error.DeadlineExceededException if it has not been started
   * @throws UnsupportedOperationException on a reactor without io_uring
   */
  public ChildProcess start(Deadline deadline) throws IOException {
    return ChildProcess.start(this, deadline);
  }

  SpawnRequest request(int[] streams) {
    Path path = directory;
    return new SpawnRequest(
        arguments,
        inheritsEnvironment,
        List.copyOf(variables.values()),
        path == null ? null : PathCalls.bytes(path),
        group,
        streams);
  }

  List<StreamTarget> streams() {
    return redirects.stream().map(Redirect::target).toList();
  }

  String program() {
    return program;
  }

  @Nullable Path directory() {
    return directory;
  }

  /** Whether the child has a process group of its own. */
  boolean leadsGroup() {
    return group == SpawnRequest.NEW_GROUP || group == SpawnRequest.NEW_SESSION;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(program);
    for (byte[] argument : arguments.subList(1, arguments.size())) {
      text.append(' ').append(new String(argument, StandardCharsets.UTF_8));
    }
    return text.toString();
  }
}
