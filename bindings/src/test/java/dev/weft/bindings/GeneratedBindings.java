// SPDX-License-Identifier: Apache-2.0
package dev.weft.bindings;

import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The claims of the classes that jextract generated, read by reflection. */
final class GeneratedBindings {
  /** Reserved fields, whose names may change with the next header. */
  private static final Pattern RESERVED =
      Pattern.compile("_*(statx_)?(pad|resv|reserved|spare|unused)\\d*", Pattern.CASE_INSENSITIVE);

  private static final String DESCRIPTOR = "$descriptor";
  private static final String OFFSET = "$offset";

  private GeneratedBindings() {}

  static List<Claim> claims() {
    List<Claim> claims = new ArrayList<>();
    structs().forEach(struct -> addLayout(claims, struct, "struct " + struct.getSimpleName()));
    constants().forEach((name, value) -> claims.add(Claim.ofConstant(name, value)));
    functions().forEach((name, form) -> claims.add(Claim.ofSignature(name, signature(form))));
    return claims;
  }

  /** The classes of C structs that are not a member of another. */
  static List<Class<?>> structs() {
    try {
      Path home = Path.of(weft_h.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      if (Files.isDirectory(home)) {
        return structsBelow(home);
      }
      try (FileSystem jar = FileSystems.newFileSystem(home)) {
        return structsBelow(jar.getPath("/"));
      }
    } catch (IOException | URISyntaxException e) {
      throw new AssertionError("the generated classes can't be listed", e);
    }
  }

  static Map<String, Number> constants() {
    Map<String, Number> constants = new TreeMap<>();
    Map<String, Method> methods = headerMethods();
    methods.forEach(
        (name, method) -> {
          if (!name.contains("$") && !methods.containsKey(name + DESCRIPTOR)) {
            // A ClassCastException means a new kind of constant, such as a string.
            constants.put(name, (Number) invoke(method));
          }
        });
    return constants;
  }

  static Map<String, FunctionDescriptor> functions() {
    Map<String, FunctionDescriptor> functions = new TreeMap<>();
    headerMethods()
        .forEach(
            (name, method) -> {
              if (name.endsWith(DESCRIPTOR)) {
                functions.put(
                    name.substring(0, name.length() - DESCRIPTOR.length()),
                    (FunctionDescriptor) invoke(method));
              }
            });
    return functions;
  }

  /** The address of a function in the library; throws if there is none. */
  static MemorySegment address(String function) {
    return (MemorySegment) invoke(headerMethods().get(function + "$address"));
  }

  static String signature(FunctionDescriptor form) {
    String returned = form.returnLayout().map(GeneratedBindings::kind).orElse("void");
    return form.argumentLayouts().stream()
        .map(GeneratedBindings::kind)
        .collect(Collectors.joining(", ", returned + "(", ")"));
  }

  private static String kind(MemoryLayout layout) {
    String kind =
        switch (layout) {
          case AddressLayout _ -> "pointer";
          case ValueLayout.OfFloat _, ValueLayout.OfDouble _ -> "float";
          case ValueLayout _ -> "int";
          default -> "struct";
        };
    return kind + layout.byteSize();
  }

  private static List<Class<?>> structsBelow(Path home) throws IOException {
    String folder = weft_h.class.getPackageName().replace('.', '/');
    List<Class<?>> structs = new ArrayList<>();
    try (Stream<Path> files = Files.list(home.resolve(folder))) {
      for (Path file : files.sorted().toList()) {
        String name = file.getFileName().toString();
        if (name.endsWith(".class") && !name.contains("$") && !name.contains("-info")) {
          Class<?> type = load(name.substring(0, name.length() - ".class".length()));
          if (isLayout(type)) {
            structs.add(type);
          }
        }
      }
    }
    return structs;
  }

  private static Class<?> load(String simpleName) {
    try {
      return Class.forName(weft_h.class.getPackageName() + "." + simpleName);
    } catch (ClassNotFoundException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  private static boolean isLayout(Class<?> type) {
    return Arrays.stream(type.getDeclaredMethods()).anyMatch(m -> m.getName().equals("sizeof"));
  }

  private static void addLayout(List<Claim> claims, Class<?> type, String name) {
    claims.add(Claim.ofNumber("sizeof " + name, (long) call(type, "sizeof"), size(name)));
    for (Method method : type.getDeclaredMethods()) {
      if (method.getName().endsWith(OFFSET) && method.getParameterCount() == 0) {
        String field = method.getName().substring(0, method.getName().length() - OFFSET.length());
        if (!RESERVED.matcher(field).matches()) {
          addField(claims, type, name, field, (long) invoke(method));
        }
      }
    }
    for (Class<?> nested : type.getDeclaredClasses()) {
      // jextract names a nested type after the member of that type.
      if (isLayout(nested)) {
        addLayout(claims, nested, "__typeof__(" + member(name, nested.getSimpleName()) + ")");
      }
    }
  }

  private static void addField(
      List<Claim> claims, Class<?> type, String name, String field, long offset) {
    String offsetof = "offsetof(%s, %s)".formatted(name, field);
    claims.add(Claim.ofNumber(offsetof, offset, offsetof));
    long bytes = ((MemoryLayout) call(type, field + "$layout")).byteSize();
    if (bytes > 0) { // C has no size of a flexible array
      String member = member(name, field);
      claims.add(Claim.ofNumber("sizeof " + member, bytes, size(member)));
    }
  }

  private static String member(String type, String field) {
    return "((%s *)0)->%s".formatted(type, field);
  }

  private static String size(String what) {
    return "sizeof(" + what + ")";
  }

  /** Public methods without parameters, of the header class and the classes it is spread over. */
  private static Map<String, Method> headerMethods() {
    Map<String, Method> methods = new TreeMap<>();
    for (Class<?> type = weft_h.class; type != Object.class; type = type.getSuperclass()) {
      for (Method method : type.getDeclaredMethods()) {
        if (Modifier.isPublic(method.getModifiers()) && isConstantOrAboutFunction(method)) {
          methods.put(method.getName(), method);
        }
      }
    }
    // A function without parameters looks like a constant, but has a descriptor.
    return methods;
  }

  private static boolean isConstantOrAboutFunction(Method method) {
    return method.getParameterCount() == 0 && method.getReturnType() != void.class;
  }

  private static Object call(Class<?> type, String method) {
    try {
      return invoke(type.getDeclaredMethod(method));
    } catch (NoSuchMethodException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  private static Object invoke(Method method) {
    try {
      return method.invoke(null);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new LinkageError(method + " failed", e);
    }
  }
}
