// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns.internal.message;

import org.xbill.DNS.DClass;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Type;

/**
 * What is asked of a name server. Equal questions may differ in the case of the name.
 *
 * @param name absolute
 * @param type of the records: a value of {@link Type}
 * @param dclass their class: a value of {@link DClass}
 */
public record Question(Name name, int type, int dclass) {
  /** The question for the target of an alias. */
  public Question about(Name target) {
    return new Question(target, type, dclass);
  }

  /** Whether a record of an answer is what was asked for, if its owner is. */
  boolean asksFor(Record candidate) {
    return candidate.getDClass() == dclass && (candidate.getType() == type || type == Type.ANY);
  }

  /** Whether a message repeats the question. */
  boolean isRepeatedBy(Record other) {
    return other.getName().equals(name) && other.getType() == type && other.getDClass() == dclass;
  }

  @Override
  public String toString() {
    return name
        + " "
        + Type.string(type)
        + (dclass == DClass.IN ? "" : " " + DClass.string(dclass));
  }
}
