// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.jvm;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.invoke.MethodHandles;

/**
 * Checks that enough stack is left for a critical section, before the section changes anything. A
 * section that begins with {@link #check} is not cut short by a {@link StackOverflowError}.
 *
 * <p>HotSpot checks the stack at the entry of each method: in the interpreter for its local
 * variables, in compiled code for the frames that it could get by deoptimisation. So the check
 * calls a method that does nothing and declares a frame of 16 KiB. In Java source that would take a
 * thousand names, so the class is made here. The call costs a few stores; a recursion over as much
 * stack would cost a microsecond.
 */
public abstract class StackReserve {
  /** The depth of calls for which the reserve suffices even if all of them are interpreted. */
  public static final int FRAMES = 64;

  /** The number of local variables, of 8 bytes each, that the probe declares. */
  private static final int LOCALS = 2048;

  /** The number of operands that the probe declares; the compilers add them to the locals. */
  private static final int OPERANDS = 512;

  private static final ClassDesc OURS = ClassDesc.of(StackReserve.class.getName());
  private static final ClassDesc PROBE_CLASS = ClassDesc.of(StackReserve.class.getName() + "Probe");
  private static final StackReserve PROBE = makeProbe();

  StackReserve() {}

  /** Does nothing in a large frame. */
  abstract void touch();

  /**
   * Returns if there are at least 16 KiB of stack for calls of the caller.
   *
   * @throws StackOverflowError if there are not
   */
  public static void check() {
    PROBE.touch();
  }

  /** Makes the probe: if that failed because the stack is short, it would fail permanently. */
  public static void prepare() {}

  private static StackReserve makeProbe() {
    byte[] classFile = ClassFile.of().build(PROBE_CLASS, StackReserve::describeProbe);
    try {
      return (StackReserve)
          MethodHandles.lookup()
              .defineHiddenClass(classFile, true)
              .lookupClass()
              .getDeclaredConstructor()
              .newInstance();
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private static void describeProbe(ClassBuilder probe) {
    probe
        .withFlags(ClassFile.ACC_FINAL)
        .withSuperclass(OURS)
        .withMethodBody(
            ConstantDescs.INIT_NAME,
            ConstantDescs.MTD_void,
            0,
            code ->
                code.aload(0)
                    .invokespecial(OURS, ConstantDescs.INIT_NAME, ConstantDescs.MTD_void)
                    .return_())
        .withMethodBody(
            "touch",
            ConstantDescs.MTD_void,
            0,
            code -> {
              code.iconst_0().istore(LOCALS - 1);
              declareOperands(code);
              // A compiled method is checked for its deoptimised frame only if it calls another.
              code.invokestatic(PROBE_CLASS, "leaf", ConstantDescs.MTD_void).return_();
            })
        .withMethodBody(
            "leaf",
            ConstantDescs.MTD_void,
            ClassFile.ACC_STATIC,
            code -> {
              declareOperands(code);
              code.return_();
            });
  }

  /**
   * Adds code that is never run. It declares the operands, and makes the method so long that no
   * compiler inlines it (FreqInlineSize).
   */
  private static void declareOperands(CodeBuilder code) {
    code.iconst_0()
        .ifThen(
            never -> {
              for (int i = 0; i < OPERANDS; i++) {
                never.iconst_0();
              }
              for (int i = 0; i < OPERANDS; i++) {
                never.pop();
              }
            });
  }
}
