// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver;

import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;

/**
 * Names that the weaver shares with the runtime, package dev.weft.routine, and names of generated
 * members.
 */
final class Names {
  static final ClassDesc CONTEXT = ClassDesc.of("dev.weft.routine.codegen.Context");
  static final ClassDesc FRAME = ClassDesc.of("dev.weft.routine.codegen.Frame");
  static final ClassDesc SUSPENDS = ClassDesc.of("dev.weft.routine.Suspends");
  static final ClassDesc BLOCKS = ClassDesc.of("dev.weft.routine.Blocks");
  static final ClassDesc OVERRIDES = ClassDesc.of("dev.weft.routine.codegen.Overrides");
  static final String ROUTINE = "dev/weft/routine/Routine";

  static final ClassDesc OBJECT = ConstantDescs.CD_Object;
  static final ClassDesc PLACE = ClassDesc.of("java.lang.StackTraceElement");
  static final String CONSTRUCTOR = ConstantDescs.INIT_NAME;
  static final MethodTypeDesc NO_ARGUMENTS = MethodTypeDesc.of(ConstantDescs.CD_void);
  static final MethodTypeDesc RESUME = MethodTypeDesc.of(ConstantDescs.CD_void, CONTEXT);
  static final MethodTypeDesc WHERE = MethodTypeDesc.of(PLACE);

  /** Part of the name of each generated class; the runtime's Traces look for it. */
  static final String GENERATED = "$$weft$";

  private Names() {}

  /** Returns the type of a method's twin. */
  static MethodTypeDesc twin(MethodTypeDesc type) {
    return type.insertParameterTypes(type.parameterCount(), CONTEXT);
  }

  /** Converts java.lang.String to java/lang/String, and int[] to [I. */
  static String internal(ClassDesc type) {
    String descriptor = type.descriptorString();
    return descriptor.startsWith("L")
        ? descriptor.substring(1, descriptor.length() - 1)
        : descriptor;
  }

  /** Converts java/lang/String to java.lang.String. */
  static String external(String internal) {
    return internal.replace('/', '.');
  }
}
