// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.function.IntPredicate;
import java.util.function.Supplier;

/** Makes the allocation of frames fail, in classes with inserted calls of {@link #point}. */
public final class FramePoints {
  private static final String FRAME = "$$weft$";
  private static final String LAMBDA = "$$weft$lambda$";
  private static final ClassDesc SELF = ClassDesc.of(FramePoints.class.getName());
  private static final MethodTypeDesc POINT = MethodTypeDesc.of(ConstantDescs.CD_void);

  private static int count;
  private static IntPredicate failing = _ -> false;
  private static Supplier<? extends Throwable> failures = AssertionError::new;

  private FramePoints() {}

  /** Returns the class with a call of {@link #point} before each frame allocation. */
  static byte[] plant(byte[] bytes) {
    ClassFile files = ClassFile.of(ClassFile.StackMapsOption.STACK_MAPS_WHEN_REQUIRED);
    CodeTransform planting =
        (code, element) -> {
          if (element instanceof NewObjectInstruction made && isFrame(made)) {
            code.invokestatic(SELF, "point", POINT);
          }
          code.with(element);
        };
    return files.transformClass(
        files.parse(bytes),
        ClassTransform.transformingMethodBodies(
            method -> method.methodName().stringValue().contains(FRAME), planting));
  }

  private static boolean isFrame(NewObjectInstruction made) {
    String name = made.className().asInternalName();
    return name.contains(FRAME) && !name.contains(LAMBDA);
  }

  /** From now on, the points with these numbers, from 1, throw one of {@code thrown}. */
  static void arm(IntPredicate numbers, Supplier<? extends Throwable> thrown) {
    count = 0;
    failing = numbers;
    failures = thrown;
  }

  /** The number of points passed since then. */
  static int count() {
    return count;
  }

  /** Called before a frame is allocated. */
  public static void point() {
    count++;
    if (failing.test(count)) {
      throw FramePoints.<RuntimeException>unchecked(failures.get());
    }
  }

  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <T extends Throwable> T unchecked(Throwable thrown) throws T {
    throw (T) thrown;
  }
}
