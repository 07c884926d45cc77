// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.codegen;

import static java.lang.classfile.ClassFile.ACC_ABSTRACT;
import static java.lang.classfile.ClassFile.ACC_BRIDGE;
import static java.lang.classfile.ClassFile.ACC_NATIVE;
import static java.lang.classfile.ClassFile.ACC_PRIVATE;
import static java.lang.classfile.ClassFile.ACC_PUBLIC;
import static java.lang.classfile.ClassFile.ACC_STATIC;
import static java.lang.classfile.ClassFile.ACC_STRICT;
import static java.lang.classfile.ClassFile.ACC_SYNTHETIC;
import static java.lang.classfile.ClassFile.ACC_TRANSIENT;
import static java.lang.classfile.ClassFile.ACC_VARARGS;

import dev.weft.weaver.Diagnostics;
import dev.weft.weaver.WeaveException;
import dev.weft.weaver.analysis.WeavabilityChecks;
import dev.weft.weaver.model.ClassInfo;
import dev.weft.weaver.model.Lambda;
import dev.weft.weaver.model.MethodInfo;
import dev.weft.weaver.model.Names;
import dev.weft.weaver.model.WovenAttribute;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassElement;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.attribute.NestMembersAttribute;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.ConstantPoolBuilder;
import java.lang.classfile.constantpool.InvokeDynamicEntry;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Weaves one class in two phases: it plans, so that the names of what will be made are known, then
 * writes.
 */
public final class ClassWeaver {
  /** HotSpot's HugeMethodLimit: longer methods are never compiled. */
  private static final int COMPILED_BYTES_MAX = 8000;

  private static final String TOO_LONG =
      "is %d bytes long once woven; HotSpot compiles none over "
          + COMPILED_BYTES_MAX
          + ": split it";

  /** The methods that one method becomes, in the order of the class file. */
  private record Work(MethodInfo method, SpillPlan plan, ClassDesc frame) {
    /** Whether the woven method of that name and type is one of these. */
    boolean makes(String name, MethodTypeDesc type) {
      if (plan.isFlat) {
        return name.equals("resume") && type.equals(Names.RESUME);
      }
      return name.equals(method.name)
          && (type.equals(Names.twin(method.type)) || type.equals(BodyWeaver.resumeType(frame)));
    }

    /** Whether {@code message}, of the class file library, is about one of these. */
    boolean isMeantBy(String message) {
      return plan.isFlat
          ? message.contains(" resume" + Names.RESUME.displayDescriptor())
          : message.contains(" " + method.name + BodyWeaver.resumeType(frame).displayDescriptor())
              || message.contains(" " + method.name + Names.twin(method.type).displayDescriptor());
    }
  }

  public final ClassInfo info;
  private final Diagnostics problems;
  private final Map<InvokeDynamicEntry, ClassDesc> lambdas = new HashMap<>();
  private final List<Work> works = new ArrayList<>();
  private final List<MethodInfo> delegates = new ArrayList<>();

  /** The classes that are made for this one. */
  private final List<ClassDesc> generated = new ArrayList<>();

  private int numbered;

  public ClassWeaver(ClassInfo info, Diagnostics problems) {
    this.info = info;
    this.problems = problems;
  }

  public List<ClassDesc> generated() {
    return generated;
  }

  /** Whether the class has anything to weave, apart from the members of its nest. */
  public boolean isNeeded() {
    return info.isGenerated || !lambdas.isEmpty() || !works.isEmpty() || !delegates.isEmpty();
  }

  private ClassDesc newName(String what) {
    String name = info.name + Names.GENERATED + what.replaceAll("[<>]", "") + "$" + numbered++;
    ClassDesc type = ClassDesc.ofInternalName(name);
    generated.add(type);
    return type;
  }

  /**
   * Makes the classes of the lambdas of this class that get a twin, in their form before weaving.
   */
  public List<byte[]> makeLambdas() {
    List<byte[]> made = new ArrayList<>();
    for (MethodInfo method : info.methods()) {
      for (int i = 0; i < method.code().size(); i++) {
        Lambda lambda = Lambda.madeBy(method.code().get(i));
        if (lambda == null || !isWovenLambda(lambda)) {
          continue;
        }
        InvokeDynamicEntry entry =
            ((InvokeDynamicInstruction) method.code().get(i)).invokedynamic();
        if (!lambdas.containsKey(entry)) {
          ClassDesc type = newName("lambda");
          lambdas.put(entry, type);
          made.add(LambdaWeaver.weave(info, lambda, type, method.line(i)));
        }
      }
    }
    return made;
  }

  private boolean isWovenLambda(Lambda lambda) {
    MethodInfo target = lambda.target(info.table);
    MethodInfo declared = lambda.declared(info.table);
    // A task that neither suspends nor blocks may run without a stack too.
    return target != null
        && (target.suspends || target.isLeaf())
        && declared != null
        && declared.suspends
        && !lambda.isSerializable();
  }

  public void plan() {
    for (MethodInfo method : info.methods()) {
      if (!method.suspends || method.hasTwin || method.isTwin) {
        continue;
      }
      WeavabilityChecks.check(method, problems);
      try {
        plan(method);
      } catch (WeaveException e) {
        e.report(problems, info.name, method.at(0));
      }
    }
    if (isNeeded()) {
      WeavabilityChecks.check(info, problems);
    }
  }

  private void plan(MethodInfo method) {
    if (method.points.isEmpty()) {
      delegates.add(method);
      return;
    }
    if (method.isRoutineBody()) {
      works.add(new Work(method, new SpillPlan(method, true), info.desc()));
      if (!needsTwin(method)) {
        return;
      }
    }
    SpillPlan plan = new SpillPlan(method, false);
    ClassDesc frame = info.desc();
    if (plan.needsFrame()) {
      frame = newName(method.name);
      info.table.addFrame(frame);
    }
    works.add(new Work(method, plan, frame));
  }

  /**
   * Whether the method gets a twin. The body of a routine is entered by resume, and gets one only
   * if it may be called as a method.
   */
  private boolean needsTwin(MethodInfo method) {
    boolean extended =
        !info.model.flags().has(AccessFlag.FINAL) && info.model.flags().has(AccessFlag.PUBLIC);
    return !method.isRoutineBody() || method.called || extended;
  }

  /** Writes all classes that this one becomes, by internal name. */
  public Map<String, byte[]> write(List<ClassDesc> nestMembers) {
    Map<String, byte[]> written = new LinkedHashMap<>();
    for (Work work : works) {
      if (work.plan.needsFrame() && !work.plan.isFlat) {
        written.put(Names.internal(work.frame), FrameWeaver.weave(work.plan, work.frame));
      }
    }
    ConstantPoolBuilder pool = ConstantPoolBuilder.of(info.model);
    byte[] bytes;
    try {
      bytes =
          info.table
              .files()
              .build(info.model.thisClass(), pool, builder -> build(builder, nestMembers));
    } catch (IllegalArgumentException e) {
      throw refusal(String.valueOf(e.getMessage()));
    }
    checkSizes(bytes);
    written.put(info.name, bytes);
    return written;
  }

  /** Converts an error of the class file library, which names the method but not its place. */
  private WeaveException refusal(String reason) {
    String firstLine = reason.lines().findFirst().orElse("");
    String what = "can't be woven, being too large or missing a class: " + firstLine;
    for (Work work : works) {
      if (work.isMeantBy(firstLine)) {
        return work.method.error(0, what);
      }
    }
    return new WeaveException(Names.external(info.name), what);
  }

  private void build(ClassBuilder builder, List<ClassDesc> nestMembers) {
    List<MethodModel> originals = new ArrayList<>();
    for (ClassElement element : info.model) {
      switch (element) {
        case MethodModel method -> originals.add(method);
        case NestMembersAttribute _ when !nestMembers.isEmpty() -> {}
        default -> builder.with(element);
      }
    }
    if (!nestMembers.isEmpty()) {
      builder.with(NestMembersAttribute.of(allMembers(builder.constantPool(), nestMembers)));
    }
    if (changesMembers()) {
      SerialVersion.keep(builder, info, problems);
    }
    builder.with(
        info.isGenerated ? WovenAttribute.generated() : WovenAttribute.wovenFrom(info.bytes));
    // If a line is in several methods, some debuggers stop only in the first one of the class. That
    // should be the copy that runs most.
    works.stream().filter(work -> work.plan.isFlat).forEach(work -> routine(builder, work));
    works.stream().filter(work -> !work.plan.isFlat).forEach(work -> resume(builder, work));
    works.stream().filter(work -> !work.plan.isFlat).forEach(work -> twin(builder, work));
    delegates.forEach(method -> delegate(builder, method));
    originals.forEach(method -> original(builder, method));
  }

  /** Whether the class gets members that its default serialVersionUID would depend on. */
  private boolean changesMembers() {
    return !info.isGenerated
        && (!delegates.isEmpty()
            || works.stream()
                .anyMatch(work -> work.plan.isFlat || !work.method.is(AccessFlag.PRIVATE)));
  }

  private List<ClassEntry> allMembers(ConstantPoolBuilder pool, List<ClassDesc> nestMembers) {
    List<ClassEntry> members = new ArrayList<>();
    info.model
        .findAttribute(Attributes.nestMembers())
        .ifPresent(present -> members.addAll(present.nestMembers()));
    nestMembers.forEach(type -> members.add(pool.classEntry(type)));
    return members;
  }

  private void routine(ClassBuilder builder, Work work) {
    work.plan.fields.forEach(
        (name, type) ->
            builder.withField(name, ClassDesc.ofDescriptor(type), ACC_SYNTHETIC | ACC_TRANSIENT));
    body(
        builder, work, "resume", Names.RESUME, ACC_PUBLIC | ACC_SYNTHETIC, BodyWeaver.Kind.ROUTINE);
    builder.withMethodBody(
        "where",
        Names.WHERE,
        ACC_PUBLIC | ACC_SYNTHETIC,
        code -> FrameWeaver.where(code, work.plan));
    FrameWeaver.forget(builder, work.plan, work.frame);
  }

  private void resume(ClassBuilder builder, Work work) {
    if (work.plan.needsFrame()) {
      int flags = ACC_PRIVATE | ACC_SYNTHETIC | (work.method.isStatic() ? ACC_STATIC : 0);
      MethodTypeDesc type = BodyWeaver.resumeType(work.frame);
      body(builder, work, work.method.name, type, flags, BodyWeaver.Kind.RESUME);
    }
  }

  private void twin(ClassBuilder builder, Work work) {
    MethodTypeDesc type = Names.twin(work.method.type);
    int flags = twinFlags(work.method);
    body(builder, work, work.method.name, type, flags, BodyWeaver.Kind.TWIN);
    if (work.plan.needsFrame()) {
      builder.withMethodBody(
          FrameWeaver.maker(work.plan, work.frame),
          FrameWeaver.makerType(work.plan, work.frame),
          ACC_PRIVATE | ACC_STATIC | ACC_SYNTHETIC,
          code -> FrameWeaver.make(code, work.plan, work.frame));
    }
  }

  private static int twinFlags(MethodInfo method) {
    int dropped = ACC_ABSTRACT | ACC_BRIDGE | ACC_VARARGS | ACC_NATIVE | ACC_STRICT;
    return (method.model.flags().flagsMask() & ~dropped) | ACC_SYNTHETIC;
  }

  private void body(
      ClassBuilder builder,
      Work work,
      String name,
      MethodTypeDesc type,
      int flags,
      BodyWeaver.Kind kind) {
    builder.withMethodBody(
        name, type, flags, code -> BodyWeaver.weave(kind, work.plan, work.frame, lambdas, code));
  }

  /**
   * The twin of a method that does not suspend itself, but may be overridden by one that does. It
   * is a bridge, by which the library recognises that it never suspends.
   */
  private void delegate(ClassBuilder builder, MethodInfo method) {
    if (method.isRoutineBody() && !method.is(AccessFlag.ABSTRACT)) {
      // What it overrides is entered by way of resume, and this has to be instead.
      builder.withMethodBody(
          "resume",
          Names.RESUME,
          ACC_PUBLIC | ACC_SYNTHETIC,
          code -> OverrideGuard.callPlain(code, method));
    }
    if (needsTwin(method)) {
      builder.withMethodBody(
          method.name,
          Names.twin(method.type),
          twinFlags(method) | ACC_BRIDGE,
          code -> OverrideGuard.callPlain(code, method));
    }
  }

  /** Copies the method, except for the classes of its lambdas. */
  private void original(ClassBuilder builder, MethodModel method) {
    String key =
        MethodInfo.key(method.methodName().stringValue(), method.methodType().stringValue());
    MethodInfo known = info.method(key);
    boolean makesLambda = known != null && known.code().stream().anyMatch(this::isReplaced);
    if (!makesLambda) {
      builder.with(method);
      return;
    }
    CodeTransform replacing = CodeTransform.ofStateful(Replacing::new);
    builder.transformMethod(method, MethodTransform.transformingCode(replacing));
  }

  /** Replaces the instructions that make lambdas. */
  private final class Replacing implements CodeTransform {
    @Override
    public void atStart(CodeBuilder code) {
      SuspendCodegen.frameHere(code);
    }

    @Override
    public void accept(CodeBuilder code, CodeElement element) {
      if (element instanceof InvokeDynamicInstruction dynamic && isReplaced(element)) {
        ClassDesc type = lambdas.get(dynamic.invokedynamic());
        code.invokestatic(type, LambdaWeaver.MAKE, dynamic.typeSymbol());
      } else {
        code.with(element);
      }
    }
  }

  private boolean isReplaced(CodeElement element) {
    return element instanceof InvokeDynamicInstruction dynamic
        && lambdas.containsKey(dynamic.invokedynamic());
  }

  private void checkSizes(byte[] bytes) {
    for (MethodModel method : info.table.parse(bytes).methods()) {
      int size = method.findAttribute(Attributes.code()).map(code -> code.codeLength()).orElse(0);
      String name = method.methodName().stringValue();
      if (size > COMPILED_BYTES_MAX) {
        works.stream()
            .filter(work -> work.makes(name, method.methodTypeSymbol()))
            .forEach(work -> problems.warn(work.method.at(0), TOO_LONG.formatted(size)));
      }
    }
  }
}
