// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Compiles sources in this process, into memory. */
final class Compiler {
  private static final JavaCompiler JAVAC = ToolProvider.getSystemJavaCompiler();

  /** One for all, since it reads the class path only once. */
  private static final StandardJavaFileManager FILES =
      JAVAC.getStandardFileManager(null, null, StandardCharsets.UTF_8);

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
    StringWriter messages = new StringWriter();
    Memory memory = new Memory(FILES);
    List<Source> files = new ArrayList<>();
    sources.forEach((name, text) -> files.add(new Source(name, text)));
    List<String> options = new ArrayList<>(List.of(more));
    options.addAll(
        List.of("-g", "-nowarn", "-proc:none", "-cp", System.getProperty("java.class.path")));
    if (!JAVAC.getTask(messages, memory, null, options, null, files).call()) {
      throw new IllegalArgumentException(messages.toString());
    }
    SortedMap<String, byte[]> classes = new TreeMap<>();
    memory.outputs.forEach(
        (name, output) -> classes.put(name.replace('.', '/'), output.bytes.toByteArray()));
    return classes;
  }
}
