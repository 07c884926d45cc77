// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.model;

import java.lang.classfile.AttributeMapper;
import java.lang.classfile.AttributedElement;
import java.lang.classfile.BufWriter;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassReader;
import java.lang.classfile.CustomAttribute;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Optional;

/**
 * The class file attribute that marks woven classes: the JVM ignores it, and the weaver finds the
 * original by it.
 */
public final class WovenAttribute extends CustomAttribute<WovenAttribute> {
  private static final String NAME = "dev.weft.Woven";

  static final AttributeMapper<WovenAttribute> MAPPER =
      new AttributeMapper<>() {
        @Override
        public String name() {
          return NAME;
        }

        @Override
        public WovenAttribute readAttribute(
            AttributedElement enclosing, ClassReader reader, int position) {
          return new WovenAttribute(
              reader.readBytes(position, reader.readInt(position - Integer.BYTES)));
        }

        @Override
        public void writeAttribute(BufWriter buffer, WovenAttribute mark) {
          buffer.writeIndex(buffer.constantPool().utf8Entry(NAME));
          buffer.writeInt(mark.original.length);
          buffer.writeBytes(mark.original);
        }

        @Override
        public AttributeStability stability() {
          return AttributeStability.STATELESS;
        }
      };

  /** The digest of the class file that was woven; empty if the weaver made the whole class. */
  private final byte[] original;

  private WovenAttribute(byte[] original) {
    super(MAPPER);
    this.original = original;
  }

  public static WovenAttribute wovenFrom(byte[] original) {
    return new WovenAttribute(digest(original));
  }

  public static WovenAttribute generated() {
    return new WovenAttribute(new byte[0]);
  }

  /** The reader option that makes the attribute known. */
  static ClassFile.AttributeMapperOption option() {
    return ClassFile.AttributeMapperOption.of(name -> name.equalsString(NAME) ? MAPPER : null);
  }

  /** Reads a class file so that {@link #of} finds the attribute. */
  public static ClassModel parse(byte[] bytes) {
    return ClassFile.of(option()).parse(bytes);
  }

  public static Optional<WovenAttribute> of(ClassModel model) {
    return model.findAttribute(MAPPER);
  }

  public boolean isGenerated() {
    return original.length == 0;
  }

  public boolean isFrom(byte[] classFile) {
    return Arrays.equals(original, digest(classFile));
  }

  private static byte[] digest(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e); // exists in every JDK
    }
  }
}
