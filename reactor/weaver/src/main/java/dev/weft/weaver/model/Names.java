// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.model;

import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;

/**
 * Names that the weaver shares with the runtime, package dev.weft.routine, and names of generated
 * members.
 */
public final class Names {
  public static final ClassDesc CONTEXT = ClassDesc.of("dev.weft.routine.codegen.Context");
  public static final ClassDesc FRAME = ClassDesc.of("dev.weft.routine.codegen.Frame");
  static final ClassDesc SUSPENDS = ClassDesc.of("dev.weft.routine.Suspends");
  public static final ClassDesc BLOCKS = ClassDesc.of("dev.weft.routine.Blocks");
  public static final ClassDesc OVERRIDES = ClassDesc.of("dev.weft.routine.codegen.Overrides");
  public static final String ROUTINE = "dev/weft/routine/Routine";

  public static final ClassDesc OBJECT = ConstantDescs.CD_Object;
  public static final ClassDesc PLACE = ClassDesc.of("java.lang.StackTraceElement");
  public static final String CONSTRUCTOR = ConstantDescs.INIT_NAME;
  public static final MethodTypeDesc NO_ARGUMENTS = MethodTypeDesc.of(ConstantDescs.CD_void);
  public static final MethodTypeDesc RESUME = MethodTypeDesc.of(ConstantDescs.CD_void, CONTEXT);
  public static final MethodTypeDesc WHERE = MethodTypeDesc.of(PLACE);

  /** Part of the name of each generated class; the runtime's WovenTraces look for it. */
  public static final String GENERATED = "$$weft$";

  private Names() {}

  /** Returns the type of a method's twin. */
  public static MethodTypeDesc twin(MethodTypeDesc type) {
    return type.insertParameterTypes(type.parameterCount(), CONTEXT);
  }

  /** Converts java.lang.String to java/lang/String, and int[] to [I. */
  public static String internal(ClassDesc type) {
    String descriptor = type.descriptorString();
    return descriptor.startsWith("L")
        ? descriptor.substring(1, descriptor.length() - 1)
        : descriptor;
  }

  /** Converts java/lang/String to java.lang.String. */
  public static String external(String internal) {
    return internal.replace('/', '.');
  }
}
