// SPDX-License-Identifier: Apache-2.0
package dev.weft.bindings;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * Loads libweft.so, which the generated bindings look their functions up in: {@link #load} must
 * have been called before the first of them is.
 *
 * <p>The library comes from the class path, {@code /META-INF/native/linux-ARCH/libweft.so}. It is
 * written to a file that only this user can read and that is deleted as soon as it is loaded, or,
 * where files can't be executed, to memory (memfd_create(2)). Two system properties change that:
 * {@value #PATH_PROPERTY} names a library to be loaded in its place, {@value #WORKDIR_PROPERTY} the
 * folder for the temporary file.
 */
@NullMarked
public final class NativeLibrary {
  /** System property: the absolute path of the library to load instead of the bundled one. */
  public static final String PATH_PROPERTY = "dev.weft.native.path";

  /** System property: the folder for the temporary copy; java.io.tmpdir if it is not set. */
  public static final String WORKDIR_PROPERTY = "dev.weft.native.workdir";

  private static final String FILE_NAME = "libweft.so";
  private static final String FIBERS_PACKAGE = "java.lang";

  /** The packages of java.base that are opened, and the classes that need them. */
  private static final List<String> OPENED =
      List.of(
          FIBERS_PACKAGE, // fibers: a virtual thread with a scheduler of its own
          "jdk.internal.vm", // coroutines
          "jdk.internal.foreign"); // keeping an arena open while the kernel has its memory

  private static final int MFD_CLOEXEC = 1;

  private static boolean loaded;

  private NativeLibrary() {}

  /**
   * Loads the library unless it is loaded already. A failure is not remembered, since its cause may
   * go away (no free descriptor, a full disk): the next call tries again. Any thread.
   *
   * @throws UnsatisfiedLinkError if there is none for this system, or it can't be loaded; says why
   */
  public static synchronized void load() {
    if (!loaded) {
      loadFirst();
      loaded = true;
    }
  }

  /**
   * {@return whether there is a library for this system, or the configured one can be read, so that
   * {@link #load} can succeed} Any thread.
   */
  public static boolean exists() {
    String path = System.getProperty(PATH_PROPERTY);
    if (path == null) {
      return NativeLibrary.class.getClassLoader().getResource(resource()) != null;
    }
    try {
      return Files.isReadable(Path.of(path));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  /** {@return whether {@link #load} has succeeded} Any thread. */
  public static synchronized boolean isLoaded() {
    return loaded;
  }

  /**
   * {@return the address of a function of the library, which is loaded; empty if it has none of
   * that name} For functions without a binding. Any thread.
   *
   * @param name the name of the function
   */
  public static Optional<MemorySegment> find(String name) {
    return SymbolLookup.loaderLookup().find(name);
  }

  /**
   * {@return whether the library can be used without a warning of the JVM that the user has not
   * asked for: there is one, and native access has been enabled, or the library is loaded already}
   * Any thread.
   */
  public static boolean isWelcome() {
    return isLoaded() || (NativeLibrary.class.getModule().isNativeAccessEnabled() && exists());
  }

  /**
   * As {@link #openTo}, for a caller that can do without: the library is not loaded for it unless
   * it {@link #isWelcome}. Any thread.
   *
   * @param module the module that is to see the packages
   * @return whether java.lang is open to {@code module} now
   */
  public static boolean openIfWelcome(Module module) {
    return isWelcome() ? openTo(module) : isOpenTo(module);
  }

  /**
   * Opens java.lang, jdk.internal.vm and jdk.internal.foreign of java.base to {@code module}, and
   * loads the library for that, unless a flag or a manifest has opened them already. What can't be
   * opened stays closed; the next call tries again. Any thread.
   *
   * @param module the module that is to see the packages
   * @return whether java.lang is open to {@code module} now
   */
  public static boolean openTo(Module module) {
    Module base = Object.class.getModule();
    try {
      for (String name : OPENED) {
        if (!base.isOpen(name, module) && base.getPackages().contains(name)) {
          load();
          addOpens(base, name, module);
        }
      }
    } catch (UnsatisfiedLinkError | NoSuchMethodError e) {
      // No library for this system, a transient failure, or a JDK whose Module has changed. Users
      // of
      // a package that stays closed do without it, or throw an exception that names the flag.
    }
    return isOpenTo(module);
  }

  private static boolean isOpenTo(Module module) {
    return Object.class.getModule().isOpen(FIBERS_PACKAGE, module);
  }

  /** Opens {@code name} of {@code module} to {@code other}, without the JDK's access checks. */
  private static native void addOpens(Module module, String name, Module other);

  private static void loadFirst() {
    String path = System.getProperty(PATH_PROPERTY);
    try {
      if (path != null) {
        loadConfigured(path);
      } else {
        loadBundled();
      }
    } catch (IllegalCallerException e) {
      Module ours = NativeLibrary.class.getModule();
      String name = ours.isNamed() ? ours.getName() : "ALL-UNNAMED";
      throw failure(
          "native access is denied; start the JVM with --enable-native-access=" + name, e);
    } catch (InvalidPathException e) {
      throw failure(PATH_PROPERTY + " or " + WORKDIR_PROPERTY + " is not a path", e);
    }
  }

  @SuppressWarnings("restricted") // the path is given by the user on the JVM's command line
  private static void loadConfigured(String path) {
    Path file = Path.of(path);
    if (!file.isAbsolute()) {
      throw new UnsatisfiedLinkError(PATH_PROPERTY + " is not an absolute path: " + path);
    }
    if (!Files.isReadable(file)) {
      throw new UnsatisfiedLinkError(PATH_PROPERTY + " names no readable file: " + path);
    }
    System.load(path);
  }

  private static void loadBundled() {
    byte[] library = bundled();
    try {
      loadFromFile(library);
    } catch (IOException | UnsatisfiedLinkError fromFile) {
      // No such folder, no room, or a file system mounted noexec.
      try {
        loadFromMemory(library);
      } catch (IOException | UnsatisfiedLinkError fromMemory) {
        UnsatisfiedLinkError neither = failure(refusals(fromFile, fromMemory), fromFile);
        neither.addSuppressed(fromMemory);
        throw neither;
      }
    }
  }

  private static String refusals(Throwable fromFile, Throwable fromMemory) {
    String message =
        "%s can be loaded neither from a file in %s (%s) nor from memory (%s);"
            + " set %s to a folder whose files may be executed";
    return message.formatted(FILE_NAME, workdir(), fromFile, fromMemory, WORKDIR_PROPERTY);
  }

  private static byte[] bundled() {
    String resource = resource();
    // By the loader, not the class: a class in a named module would search only its own jar.
    ClassLoader loader = NativeLibrary.class.getClassLoader();
    try (InputStream in = loader.getResourceAsStream(resource)) {
      if (in == null) {
        throw new UnsatisfiedLinkError(
            resource + " is not on the class path: this build of Weft is not for " + platform());
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw failure(resource + " can't be read", e);
    }
  }

  private static String resource() {
    return "META-INF/native/" + platform() + "/" + FILE_NAME;
  }

  /** In the words of uname(1), as the Makefile names the folder. */
  private static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch");
    return os + "-" + (arch.equals("amd64") ? "x86_64" : arch);
  }

  private static Path workdir() {
    String folder = System.getProperty(WORKDIR_PROPERTY);
    return Path.of(folder != null ? folder : System.getProperty("java.io.tmpdir"));
  }

  @SuppressWarnings("restricted") // our own library, from our own jar
  private static void loadFromFile(byte[] library) throws IOException {
    Path file =
        Files.createTempFile(
            workdir(),
            "libweft-",
            ".so",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    try {
      Files.write(file, library);
      System.load(file.toAbsolutePath().toString());
    } finally {
      Files.deleteIfExists(file); // the mapping stays
    }
  }

  @SuppressWarnings("restricted") // our own library, from our own jar
  private static void loadFromMemory(byte[] library) throws IOException {
    int fd = createInMemory();
    try {
      Path file = Path.of("/proc/self/fd/" + fd);
      Files.write(file, library);
      System.load(file.toString());
    } finally {
      close(fd); // the mapping stays
    }
  }

  @SuppressWarnings("restricted") // as memfd_create(2) declares it; the name lives through the call
  private static int createInMemory() throws IOException {
    Linker linker = Linker.nativeLinker();
    StructLayout state = Linker.Option.captureStateLayout();
    VarHandle errno = state.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    MethodHandle create =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("memfd_create"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
            Linker.Option.captureCallState("errno"));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment captured = arena.allocate(state);
      MemorySegment name = arena.allocateFrom(FILE_NAME);
      int fd = (int) create.invokeExact(captured, name, MFD_CLOEXEC);
      if (fd < 0) {
        throw new IOException("memfd_create failed with errno " + (int) errno.get(captured, 0L));
      }
      return fd;
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall throws nothing checked", e);
    }
  }

  @SuppressWarnings("restricted") // as close(2) declares it
  private static void close(int fd) {
    Linker linker = Linker.nativeLinker();
    MethodHandle close =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("close"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    try {
      int unused = (int) close.invokeExact(fd);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall throws nothing checked", e);
    }
  }

  private static UnsatisfiedLinkError failure(@Nullable String message, Throwable cause) {
    UnsatisfiedLinkError error = new UnsatisfiedLinkError(message);
    error.initCause(cause);
    return error;
  }
}
