// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.injection;

import dev.weft.internal.jvm.StackReserve;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.classfile.instruction.NewPrimitiveArrayInstruction;
import java.lang.classfile.instruction.NewReferenceArrayInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Loads the library once more, with a call of {@link Injection#point} before each allocation of a
 * {@link Target}, before each call of the JDK there that allocates, and before each allocation of a
 * frame by woven code of any class; and with one of {@link Injection#call} before each call of the
 * library in the target. It loads all classes of Weft except those with state for the whole
 * process, which are those of the native library.
 */
final class InjectingLoader extends ClassLoader {
  private static final ClassDesc INJECTION = ClassDesc.of(Injection.class.getName());
  private static final String RESERVE = StackReserve.class.getName().replace('.', '/');
  private static final MethodTypeDesc POINT = MethodTypeDesc.of(ConstantDescs.CD_void);

  /** The package of what woven code calls, and a part of the names that the weaver makes. */
  private static final String CODEGEN = "dev/weft/routine/codegen/";

  private static final String WOVEN = "$$weft$";

  /** Calls of the JDK that may fail because memory is short, or because they suspend. */
  private static final Set<String> ALLOCATING =
      Set.of(
          "java/lang/Thread.yield",
          "java/lang/Thread.start",
          "java/lang/Thread.interrupt",
          "java/lang/ThreadLocal.set",
          "java/util/Arrays.copyOf",
          "java/util/List.of",
          "java/util/List.add",
          "java/lang/Throwable.addSuppressed",
          "java/util/concurrent/Executor.execute",
          "java/lang/invoke/MethodHandle.invokeExact",
          "java/lang/foreign/Arena.allocate");

  /** Where a class has points. */
  private enum Places {
    /** Where woven code makes frames. */
    FRAMES,
    /** At each allocation and call. */
    ALL,
    /** Where woven code makes frames; its calls say that the program goes on. */
    PROGRAM
  }

  static {
    registerAsParallelCapable();
  }

  private final Target target;
  private final Set<String> defined = ConcurrentHashMap.newKeySet();

  InjectingLoader(Target target) {
    super(InjectingLoader.class.getClassLoader());
    this.target = target;
  }

  private static boolean isOwn(String name) {
    return name.startsWith("dev.weft.")
        && !name.startsWith("dev.weft.bindings.")
        && !isInjection(name);
  }

  /** What has the state of a run exists once. */
  private static boolean isInjection(String name) {
    return Stream.of(Injection.class, StackDepths.class, StackReserve.class)
        .anyMatch(type -> name.equals(type.getName()) || name.startsWith(type.getName() + "$"));
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!isOwn(name)) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      return loaded != null ? loaded : define(name);
    }
  }

  private Class<?> define(String name) throws ClassNotFoundException {
    byte[] bytes;
    try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
      if (in == null) {
        throw new ClassNotFoundException(name);
      }
      bytes = in.readAllBytes();
    } catch (IOException e) {
      throw new ClassNotFoundException(name, e);
    }
    byte[] pointed = withPoints(bytes, placesIn(name));
    defined.add(name);
    return defineClass(name, pointed, 0, pointed.length);
  }

  /** The names of the classes that this loader has defined. */
  Set<String> defined() {
    return defined;
  }

  private Places placesIn(String name) {
    if (name.startsWith(Program.class.getPackageName() + ".")) {
      return Places.PROGRAM;
    }
    return target.isPointed(name) ? Places.ALL : Places.FRAMES;
  }

  private byte[] withPoints(byte[] bytes, Places places) {
    ClassFile files =
        ClassFile.of(
            ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(getParent())));
    return files.transformClass(
        files.parse(bytes),
        ClassTransform.transformingMethodBodies(InjectingLoader::isPointed, withPoints(places)));
  }

  /** Leaves out class initialisers: the JVM makes a class unusable if its initialiser fails. */
  private static boolean isPointed(MethodModel method) {
    return !method.methodName().equalsString(ConstantDescs.CLASS_INIT_NAME);
  }

  private static CodeTransform withPoints(Places places) {
    return (CodeBuilder to, CodeElement element) -> {
      if (places == Places.ALL ? mayFail(element) : makesFrame(element)) {
        to.invokestatic(INJECTION, "point", POINT);
      }
      if (element instanceof InvokeInstruction call && isOwn(call)) {
        if (isCheck(call)) {
          to.invokestatic(INJECTION, "reserve", POINT);
        } else if (places != Places.FRAMES) {
          to.invokestatic(INJECTION, places == Places.PROGRAM ? "enter" : "call", POINT);
        }
      }
      to.with(element);
    };
  }

  private static boolean isCheck(InvokeInstruction call) {
    return call.owner().asInternalName().equals(RESERVE) && call.name().equalsString("check");
  }

  /** Of the weaver's classes, frames are made by woven code, and lambdas by their own class. */
  private static boolean makesFrame(CodeElement element) {
    return element instanceof NewObjectInstruction made
        && made.className().asInternalName().contains(WOVEN)
        && !made.className().asInternalName().contains("$$weft$lambda$");
  }

  /** Leaves out constructors: between new and the constructor no other call can be inserted. */
  private static boolean isOwn(InvokeInstruction call) {
    return call.owner().asInternalName().startsWith("dev/weft/")
        && !call.name().equalsString(ConstantDescs.INIT_NAME)
        && !isOfWeaver(call);
  }

  /**
   * Whether the weaver has inserted the call. Those that make and save a frame follow a call that
   * has suspended, which was deeper. Those that load one are the first of a frame that the loop has
   * resumed, below which there is no other.
   */
  private static boolean isOfWeaver(InvokeInstruction call) {
    return call.owner().asInternalName().startsWith(CODEGEN)
        || call.name().stringValue().startsWith(WOVEN);
  }

  private static boolean mayFail(CodeElement element) {
    return switch (element) {
      case NewObjectInstruction _,
          NewPrimitiveArrayInstruction _,
          NewReferenceArrayInstruction _,
          InvokeDynamicInstruction _ ->
          true;
      case InvokeInstruction call ->
          ALLOCATING.contains(call.owner().asInternalName() + "." + call.name().stringValue());
      default -> false;
    };
  }
}
