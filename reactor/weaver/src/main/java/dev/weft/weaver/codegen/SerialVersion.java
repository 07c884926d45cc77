// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.codegen;

import static java.lang.classfile.ClassFile.ACC_ABSTRACT;
import static java.lang.classfile.ClassFile.ACC_FINAL;
import static java.lang.classfile.ClassFile.ACC_INTERFACE;
import static java.lang.classfile.ClassFile.ACC_NATIVE;
import static java.lang.classfile.ClassFile.ACC_PRIVATE;
import static java.lang.classfile.ClassFile.ACC_PROTECTED;
import static java.lang.classfile.ClassFile.ACC_PUBLIC;
import static java.lang.classfile.ClassFile.ACC_STATIC;
import static java.lang.classfile.ClassFile.ACC_STRICT;
import static java.lang.classfile.ClassFile.ACC_SYNCHRONIZED;
import static java.lang.classfile.ClassFile.ACC_SYNTHETIC;
import static java.lang.classfile.ClassFile.ACC_TRANSIENT;
import static java.lang.classfile.ClassFile.ACC_VOLATILE;

import dev.weft.weaver.Diagnostics;
import dev.weft.weaver.model.ClassInfo;
import dev.weft.weaver.model.ClassTable;
import dev.weft.weaver.model.Names;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassModel;
import java.lang.classfile.FieldModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.ConstantValueAttribute;
import java.lang.classfile.attribute.InnerClassInfo;
import java.lang.constant.ConstantDescs;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Keeps the default serialVersionUID of a class, which is a digest of its members and so changes
 * with each added method. The class gets its previous UID as a field.
 */
final class SerialVersion {
  private static final String FIELD = "serialVersionUID";
  private static final String SERIALIZABLE = "java/io/Serializable";
  private static final String ENUM = "java/lang/Enum";
  private static final String RECORD = "java/lang/Record";
  private static final String INITIALISER = ConstantDescs.CLASS_INIT_NAME;

  private static final int OF_CLASS = ACC_PUBLIC | ACC_FINAL | ACC_INTERFACE | ACC_ABSTRACT;
  private static final int OF_FIELD =
      ACC_PUBLIC
          | ACC_PRIVATE
          | ACC_PROTECTED
          | ACC_STATIC
          | ACC_FINAL
          | ACC_VOLATILE
          | ACC_TRANSIENT;
  private static final int OF_METHOD =
      ACC_PUBLIC
          | ACC_PRIVATE
          | ACC_PROTECTED
          | ACC_STATIC
          | ACC_FINAL
          | ACC_SYNCHRONIZED
          | ACC_NATIVE
          | ACC_ABSTRACT
          | ACC_STRICT;

  private static final Comparator<MethodModel> BY_TYPE =
      Comparator.comparing(method -> method.methodType().stringValue());
  private static final Comparator<MethodModel> BY_NAME =
      Comparator.comparing(method -> method.methodName().stringValue());

  private SerialVersion() {}

  /** Adds the field to {@code info}, which gets other members too, if it may be serialized. */
  static void keep(ClassBuilder builder, ClassInfo info, Diagnostics problems) {
    // The UID of an enum is 0 whatever it has, and that of a record is not compared.
    if (!maySerialize(info.table, info.name)
        || info.table.isA(info.name, ENUM)
        || info.table.isA(info.name, RECORD)) {
      return;
    }
    for (FieldModel field : info.model.fields()) {
      if (field.fieldName().equalsString(FIELD)) {
        checkDeclared(field, info, problems);
        return;
      }
    }
    int access = info.isInterface() ? ACC_PUBLIC : ACC_PRIVATE;
    builder.withField(
        FIELD,
        ConstantDescs.CD_long,
        field ->
            field
                .withFlags(access | ACC_STATIC | ACC_FINAL | ACC_SYNTHETIC)
                .with(ConstantValueAttribute.of(ofDefault(info.model))));
  }

  /** Serialization uses a static final field only; with another one, the class keeps a default. */
  private static void checkDeclared(FieldModel field, ClassInfo info, Diagnostics problems) {
    int needed = ACC_STATIC | ACC_FINAL;
    if ((field.flags().flagsMask() & needed) != needed) {
      problems.warn(
          Names.external(info.name),
          "has a serialVersionUID that is not static and final, so that serialization does not use"
              + " it; the default that it uses changes once the class is woven");
    }
  }

  /** Whether the class is Serializable, as far as its supertypes are found. */
  private static boolean maySerialize(ClassTable table, String name) {
    ClassInfo info = table.find(name);
    return info == null
        || name.equals(SERIALIZABLE)
        || info.supers.stream().anyMatch(type -> maySerialize(table, type));
  }

  /** Computes the default of section 4.6 of the Java Object Serialization Specification. */
  static long ofDefault(ClassModel model) {
    byte[] digest;
    try {
      digest = MessageDigest.getInstance("SHA-1").digest(description(model));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e); // exists in every JDK
    }
    long uid = 0;
    for (int i = Long.BYTES - 1; i >= 0; i--) {
      uid = uid << Byte.SIZE | Byte.toUnsignedLong(digest[i]);
    }
    return uid;
  }

  private static byte[] description(ClassModel model) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeUTF(Names.external(model.thisClass().asInternalName()));
      out.writeInt(flags(model));
      List<String> interfaces =
          model.interfaces().stream().map(type -> Names.external(type.asInternalName())).toList();
      for (String name : interfaces.stream().sorted().toList()) {
        out.writeUTF(name);
      }
      writeFields(model, out);
      writeMethods(model, out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /**
   * Returns the modifiers as Class.getModifiers does: those of a nested class are in its
   * InnerClasses.
   */
  private static int flags(ClassModel model) {
    int flags = model.flags().flagsMask();
    List<InnerClassInfo> nested =
        model.findAttribute(Attributes.innerClasses()).map(all -> all.classes()).orElse(List.of());
    for (InnerClassInfo each : nested) {
      if (each.innerClass().equals(model.thisClass())) {
        flags = each.flagsMask();
      }
    }
    if ((flags & ACC_INTERFACE) != 0) {
      boolean declares = model.methods().stream().anyMatch(method -> !isInitializer(method));
      flags = declares ? flags | ACC_ABSTRACT : flags & ~ACC_ABSTRACT;
    }
    return flags & OF_CLASS;
  }

  private static boolean isInitializer(MethodModel method) {
    return method.methodName().stringValue().startsWith("<");
  }

  private static void writeFields(ClassModel model, DataOutputStream out) throws IOException {
    FieldModel[] fields = model.fields().toArray(FieldModel[]::new);
    Arrays.sort(fields, Comparator.comparing(field -> field.fieldName().stringValue()));
    for (FieldModel field : fields) {
      int flags = field.flags().flagsMask() & OF_FIELD;
      if ((flags & ACC_PRIVATE) == 0 || (flags & (ACC_STATIC | ACC_TRANSIENT)) == 0) {
        out.writeUTF(field.fieldName().stringValue());
        out.writeInt(flags);
        out.writeUTF(field.fieldType().stringValue());
      }
    }
  }

  /** Writes the static initialiser, then the constructors, then the methods. */
  private static void writeMethods(ClassModel model, DataOutputStream out) throws IOException {
    List<MethodModel> methods = model.methods();
    if (methods.stream().anyMatch(method -> method.methodName().equalsString(INITIALISER))) {
      out.writeUTF(INITIALISER);
      out.writeInt(ACC_STATIC);
      out.writeUTF("()V");
    }
    List<MethodModel> constructors =
        methods.stream()
            .filter(method -> method.methodName().equalsString(Names.CONSTRUCTOR))
            .sorted(BY_TYPE)
            .toList();
    for (MethodModel constructor : constructors) {
      write(constructor, out);
    }
    List<MethodModel> others =
        methods.stream()
            .filter(method -> !isInitializer(method))
            .sorted(BY_NAME.thenComparing(BY_TYPE))
            .toList();
    for (MethodModel method : others) {
      write(method, out);
    }
  }

  private static void write(MethodModel method, DataOutputStream out) throws IOException {
    int flags = method.flags().flagsMask() & OF_METHOD;
    if ((flags & ACC_PRIVATE) == 0) {
      out.writeUTF(method.methodName().stringValue());
      out.writeInt(flags);
      out.writeUTF(method.methodType().stringValue().replace('/', '.'));
    }
  }
}
