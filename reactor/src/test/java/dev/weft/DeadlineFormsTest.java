// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Every call that suspends takes a deadline: calls that are documented to suspend, and calls whose
 * code suspends.
 */
@Tag("mode-independent")
class DeadlineFormsTest {
  private static final Path BASE = Path.of(System.getProperty("basedir", "."));
  private static final Path SOURCES = BASE.resolve("src/main/java");
  private static final Path CLASSES = BASE.resolve("target/classes");

  /** The compiler's output for the classes that have been woven. */
  private static final Path UNWOVEN = BASE.resolve("target/classes-unwoven");

  private static final String DEADLINE = "Ldev/weft/Deadline;";

  /** Calls that suspend and take no deadline, and why. */
  private static final Map<String, String> WITHOUT =
      Map.ofEntries(
          Map.entry(
              "Fiber#yield", "waits for nothing: it is resumed once the other fibers have run"),
          Map.entry(
              "Fiber#sleep", "its argument is a time already; Fiber.sleepUntil takes a deadline"),
          Map.entry(
              "Reactor#start", "waits until another thread has opened a reactor, for no fiber"),
          Map.entry(
              "TcpServer#start", "waits until other threads have opened listeners, for no client"),
          Map.entry(
              "TcpServer#duplicateListeners",
              "waits until other threads have made descriptors, for no client"),
          Map.entry(
              "TcpServer#close",
              "no handler may outlive its server, however long its cleanup takes"),
          Map.entry(
              "ReactorGroup#start", "waits until other threads have opened reactors, for no fiber"),
          Map.entry(
              "ReactorGroup#close",
              "no fiber may outlive its reactor, however long its cleanup takes"),
          Map.entry(
              "ReactorThread#close",
              "no fiber may outlive its reactor, however long its cleanup takes"),
          Map.entry(
              "Bundle#close", "no child may outlive the block, however long its cleanup takes"),
          Map.entry(
              "Task#close",
              "it returns only when the task has ended, however long its cleanup takes"),
          Map.entry(
              "Fiber#close",
              "it returns only when the fiber has ended, however long its cleanup takes"),
          Map.entry(
              "NetworkListener#close",
              "releases the kernel's resources, also in a cancelled fiber"),
          Map.entry(
              "StreamSocket#close", "releases the kernel's resources, also in a cancelled fiber"),
          Map.entry(
              "MessageSocket#close", "releases the kernel's resources, also in a cancelled fiber"),
          Map.entry(
              "UnixMessage#close", "releases the kernel's resources, also in a cancelled fiber"),
          Map.entry(
              "Descriptor#close", "releases the kernel's resources, also in a cancelled fiber"),
          Map.entry(
              "TlsSocket#close", "releases the kernel's resources, also in a cancelled fiber"),
          Map.entry(
              "Directory#close", "releases the kernel's resources, also in a cancelled fiber"),
          Map.entry(
              "DirectoryListing#close",
              "releases the kernel's resources, also in a cancelled fiber"),
          Map.entry("FileWalk#close", "releases the kernel's resources, also in a cancelled fiber"),
          Map.entry("TemporaryFile#close", "deletes what was made, also in a cancelled fiber"),
          Map.entry("TemporaryDirectory#close", "deletes what was made, also in a cancelled fiber"),
          Map.entry(
              "ChildProcess#close", "no process may be left behind, also by a cancelled fiber"),
          Map.entry("Children#close", "no process may be left behind, also by a cancelled fiber"),
          Map.entry("File#close", "releases the kernel's resources, also in a cancelled fiber"),
          Map.entry("Pipe#close", "releases the kernel's resources, also in a cancelled fiber"),
          Map.entry(
              "ByteSource#close", "releases the kernel's resources, also in a cancelled fiber"),
          Map.entry("ByteSink#close", "releases the kernel's resources, also in a cancelled fiber"),
          Map.entry(
              "MessageSource#close", "releases the kernel's resources, also in a cancelled fiber"),
          Map.entry(
              "MessageSink#close", "releases the kernel's resources, also in a cancelled fiber"),
          Map.entry(
              "ByteReader#close", "releases the kernel's resources, also in a cancelled fiber"),
          Map.entry(
              "PrefixStream#close", "releases the kernel's resources, also in a cancelled fiber"),
          Map.entry(
              "SuffixStream#close", "releases the kernel's resources, also in a cancelled fiber"),
          Map.entry(
              "TermStream#close", "releases the kernel's resources, also in a cancelled fiber"));

  private static final Pattern DOCUMENTED =
      Pattern.compile(
          "/\\*\\*((?:(?!\\*/).)*)\\*/\\s*(?:@[\\w.]+(?:\\([^)]*\\))?\\s+(?://[^\n]*\\s+)?)*"
              + "([^;{}=()]*?)\\b(\\w+)\\s*\\(([^)]*)\\)",
          Pattern.DOTALL);

  /**
   * Whether the rule does not hold: for internal code, for routines, which run without a scheduler
   * and so without a clock, and for calls of micro-threads, whose process may have no clock either.
   */
  private static boolean isApart(String path) {
    return path.contains("/internal/") || path.contains("/routine/") || path.contains("/micro/");
  }

  // ---- documentation

  /** The public methods whose documentation matches {@code words}, as Class#method. */
  private static Set<String> documented(Pattern words) throws IOException {
    Set<String> found = new TreeSet<>();
    try (Stream<Path> files = Files.walk(SOURCES)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
        String text = Files.readString(file);
        String type = file.getFileName().toString().replace(".java", "");
        boolean isInterface = text.contains("\npublic interface " + type);
        if (isApart(SOURCES.relativize(file).toString())) {
          continue;
        }
        for (MatchResult match : DOCUMENTED.matcher(text).results().toList()) {
          boolean isPublic = isInterface || match.group(2).contains("public");
          if (isPublic && words.matcher(match.group(1)).find()) {
            found.add(type + "#" + match.group(3));
          }
        }
      }
    }
    return found;
  }

  @Test
  void everyCallDocumentedToSuspendTakesADeadline() throws Exception {
    Set<String> saidToSuspend = documented(Pattern.compile("\\bSuspends\\b"));
    Set<String> withDeadline = withDeadline();

    Set<String> missing = new TreeSet<>(saidToSuspend);
    missing.removeAll(withDeadline);
    missing.removeAll(WITHOUT.keySet());

    assertEquals(Set.of(), missing);
    assertTrue(saidToSuspend.contains("Channel#receive"), saidToSuspend::toString);
    assertTrue(saidToSuspend.contains("ByteSource#read"), saidToSuspend::toString);
  }

  @Test
  void everyCallWhoseCodeSuspendsIsDocumentedToAndTakesADeadline() throws Exception {
    Set<String> suspending = suspending();

    Set<String> silent = new TreeSet<>(suspending);
    silent.removeAll(documented(Pattern.compile("[Ss]uspend|inheritDoc")));
    silent.removeAll(INHERITING);
    Set<String> endless = new TreeSet<>(suspending);
    endless.removeAll(withDeadline());
    endless.removeAll(WITHOUT.keySet());

    assertEquals(Set.of(), silent, "do not say that they suspend");
    assertEquals(Set.of(), endless, "take no deadline");
    assertTrue(suspending.contains("Channel#receive"), suspending::toString);
    assertTrue(suspending.contains("StreamSocket#read"), suspending::toString);
  }

  @Test
  void everyExceptionFromTheRuleSuspends() throws Exception {
    Set<String> idle = new TreeSet<>(WITHOUT.keySet());
    idle.removeAll(suspending());
    assertEquals(Set.of(), idle);
  }

  /** Documented where the interface declares them. */
  private static final Set<String> INHERITING =
      Set.of(
          "StreamSocket#read",
          "StreamSocket#write",
          "StreamSocket#writeSome",
          "TlsSocket#write",
          "Descriptor#read",
          "Descriptor#write",
          "Descriptor#writeSome",
          "File#read",
          "File#write",
          "File#writeSome",
          "PrefixStream#receive",
          "PrefixStream#send",
          "SuffixStream#receive",
          "SuffixStream#send",
          "TermStream#receive",
          "TermStream#send");

  // ---- code

  private record Method(String owner, String name, String type) {}

  private static List<ClassModel> classes() throws IOException {
    List<ClassModel> models = new ArrayList<>();
    try (Stream<Path> files = Files.walk(CLASSES)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".class")).toList()) {
        Path original = UNWOVEN.resolve(CLASSES.relativize(file));
        ClassModel model = ClassFile.of().parse(Files.exists(original) ? original : file);
        if (!model.isModuleInfo() && !nameOf(model).contains("$$weft$")) {
          models.add(model);
        }
      }
    }
    return models;
  }

  private static String nameOf(ClassModel model) {
    return model.thisClass().asInternalName();
  }

  private static Method key(ClassModel model, MethodModel method) {
    return new Method(
        nameOf(model), method.methodName().stringValue(), method.methodType().stringValue());
  }

  private static boolean isPublic(ClassModel model, MethodModel method) {
    return model.flags().has(AccessFlag.PUBLIC)
        && method.flags().has(AccessFlag.PUBLIC)
        && !isApart("/" + nameOf(model))
        && !nameOf(model).contains("$");
  }

  private static String shown(Method method) {
    return method.owner.substring(method.owner.lastIndexOf('/') + 1) + "#" + method.name;
  }

  private static Set<String> withDeadline() throws IOException {
    Set<String> found = new HashSet<>();
    for (ClassModel model : classes()) {
      for (MethodModel method : model.methods()) {
        if (isPublic(model, method) && method.methodType().stringValue().contains(DEADLINE)) {
          found.add(shown(key(model, method)));
        }
      }
    }
    return found;
  }

  /**
   * The public methods from which {@code Parking.suspend} can be reached: by direct calls, and from
   * an abstract method by its implementations. The calls in a lambda count for the method that runs
   * it.
   */
  private static Set<String> suspending() throws IOException {
    List<ClassModel> models = classes();
    Map<String, ClassModel> byName = new HashMap<>();
    models.forEach(model -> byName.put(nameOf(model), model));
    Map<Method, Set<Method>> callers = new HashMap<>();
    for (ClassModel model : models) {
      for (MethodModel method : model.methods()) {
        Method caller = key(model, method);
        method.code().ifPresent(code -> addCalls(caller, code, byName, callers));
        addOverridden(model, caller, byName, callers);
      }
    }
    Set<Method> reached = new HashSet<>();
    String strand = "Ldev/weft/internal/strand/Strand;";
    String state = "Ldev/weft/internal/strand/Strand$State;";
    reach(
        new Method("dev/weft/internal/strand/Parking", "suspend", "(" + strand + state + ")Z"),
        callers,
        reached);
    Set<String> found = new TreeSet<>();
    for (ClassModel model : models) {
      for (MethodModel method : model.methods()) {
        if (isPublic(model, method) && reached.contains(key(model, method))) {
          found.add(shown(key(model, method)));
        }
      }
    }
    return found;
  }

  private static void reach(Method method, Map<Method, Set<Method>> callers, Set<Method> reached) {
    if (reached.add(method)) {
      callers.getOrDefault(method, Set.of()).forEach(caller -> reach(caller, callers, reached));
    }
  }

  private static void addCalls(
      Method caller,
      CodeModel code,
      Map<String, ClassModel> byName,
      Map<Method, Set<Method>> callers) {
    code.forEach(
        element -> {
          if (element instanceof InvokeInstruction call) {
            Method named =
                new Method(
                    call.owner().asInternalName(),
                    call.name().stringValue(),
                    call.type().stringValue());
            callers.computeIfAbsent(resolve(named, byName), m -> new HashSet<>()).add(caller);
          }
        });
  }

  private static boolean declares(ClassModel model, Method method) {
    return model.methods().stream().anyMatch(candidate -> key(model, candidate).equals(method));
  }

  /** The class that declares the method, from the one named up, or an interface that does. */
  private static Method resolve(Method named, Map<String, ClassModel> byName) {
    String owner = named.owner;
    for (ClassModel model; (model = byName.get(owner)) != null; ) {
      Method candidate = new Method(owner, named.name, named.type);
      if (declares(model, candidate)) {
        return candidate;
      }
      owner = model.superclass().map(entry -> entry.asInternalName()).orElse("");
    }
    ClassModel model = byName.get(named.owner);
    for (String above : model == null ? Set.<String>of() : supertypes(model, byName)) {
      Method candidate = new Method(above, named.name, named.type);
      if (declares(byName.get(above), candidate)) {
        return candidate;
      }
    }
    return named;
  }

  /** Calls of a supertype's method may call this one. */
  private static void addOverridden(
      ClassModel model,
      Method method,
      Map<String, ClassModel> byName,
      Map<Method, Set<Method>> callers) {
    for (String above : supertypes(model, byName)) {
      Method overridden = new Method(above, method.name, method.type);
      if (!method.name.startsWith("<") && declares(byName.get(above), overridden)) {
        callers.computeIfAbsent(method, m -> new HashSet<>()).add(overridden);
      }
    }
  }

  private static Set<String> supertypes(ClassModel model, Map<String, ClassModel> byName) {
    Set<String> found = new HashSet<>();
    List<String> above = new ArrayList<>();
    model.superclass().ifPresent(entry -> above.add(entry.asInternalName()));
    model.interfaces().forEach(entry -> above.add(entry.asInternalName()));
    for (String name : above) {
      if (byName.containsKey(name) && found.add(name)) {
        found.addAll(supertypes(byName.get(name), byName));
      }
    }
    return found;
  }
}
