// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import dev.weft.bindings.NativeLibrary;
import dev.weft.routine.Routine;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.eclipse.jdt.internal.compiler.tool.EclipseCompiler;
import org.jctools.queues.MessagePassingQueue;

/** Compiles sources in this process, into memory. */
final class Compiler {
  private static final JavaCompiler JAVAC = ToolProvider.getSystemJavaCompiler();

  /** One file manager for all compilations, since it reads the class path only once. */
  private static final StandardJavaFileManager FILES =
      JAVAC.getStandardFileManager(null, null, StandardCharsets.UTF_8);

  /** What a program needs in its class path to use the library, and no more: all of it is read. */
  static final String LIBRARY =
      Stream.of(Routine.class, NativeLibrary.class, MessagePassingQueue.class)
          .map(type -> type.getProtectionDomain().getCodeSource().getLocation())
          .map(place -> Path.of(URI.create(place.toString())).toString())
          .collect(Collectors.joining(File.pathSeparator));

  private Compiler() {}

  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String className, String text) {
      super(URI.create("string:///" + className.replace('.', '/') + ".java"), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }

  private static final class Output extends SimpleJavaFileObject {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Output(String className) {
      super(URI.create("memory:///" + className.replace('.', '/') + ".class"), Kind.CLASS);
    }

    @Override
    public OutputStream openOutputStream() {
      return bytes;
    }
  }

  private static final class Memory extends ForwardingJavaFileManager<JavaFileManager> {
    private final Map<String, Output> outputs = new TreeMap<>();

    Memory(JavaFileManager manager) {
      super(manager);
    }

    @Override
    public JavaFileObject getJavaFileForOutput(
        Location location, String className, JavaFileObject.Kind kind, FileObject sibling) {
      return outputs.computeIfAbsent(className, Output::new);
    }
  }

  /**
   * Compiles.
   *
   * @param sources by the name of the class that each is named for
   * @param more options of javac
   * @return class files by internal name
   */
  static SortedMap<String, byte[]> compile(Map<String, String> sources, String... more) {
    List<Source> files = new ArrayList<>();
    sources.forEach((name, text) -> files.add(new Source(name, text)));
    return compile(JAVAC, FILES, files, more);
  }

  /**
   * Like {@link #compile(Map, String...)}, with the compiler of Eclipse, which reads only files.
   *
   * @param folder where they are written
   */
  static SortedMap<String, byte[]> compileByEclipse(
      Path folder, Map<String, String> sources, String... more) throws IOException {
    JavaCompiler eclipse = new EclipseCompiler();
    List<Path> paths = new ArrayList<>();
    for (Map.Entry<String, String> source : sources.entrySet()) {
      Path path = folder.resolve(source.getKey().replace('.', '/') + ".java");
      Files.createDirectories(path.getParent());
      paths.add(Files.writeString(path, source.getValue()));
    }
    try (StandardJavaFileManager files =
        eclipse.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
      return compile(eclipse, files, files.getJavaFileObjectsFromPaths(paths), more);
    }
  }

  private static SortedMap<String, byte[]> compile(
      JavaCompiler compiler,
      StandardJavaFileManager manager,
      Iterable<? extends JavaFileObject> files,
      String... more) {
    StringWriter messages = new StringWriter();
    Memory memory = new Memory(manager);
    List<String> options = new ArrayList<>(List.of(more));
    options.addAll(
        List.of("-g", "-nowarn", "-proc:none", "-cp", System.getProperty("java.class.path")));
    if (!compiler.getTask(messages, memory, null, options, null, files).call()) {
      throw new IllegalArgumentException(messages.toString());
    }
    SortedMap<String, byte[]> classes = new TreeMap<>();
    memory.outputs.forEach(
        (name, output) -> classes.put(name.replace('.', '/'), output.bytes.toByteArray()));
    return classes;
  }
}
