// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns.internal.message;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** The classes of dnsjava that messages need. */
public final class MessageClasses {
  private MessageClasses() {}

  /**
   * Has the JVM load them. The first time this takes a tenth of a second, since there is a class
   * for each type of records.
   */
  public static void load() {
    Question question = new Question(Name.root, Type.SOA, DClass.IN);
    try {
      Message message = new Message(new Query(question, 0, true).encoded());
      for (String data : new String[] {"A 0.0.0.0", "AAAA ::", "CNAME .", "SOA . . 0 0 0 0 0"}) {
        String[] words = data.split(" ", 2);
        int type = Type.value(words[0]);
        message.addRecord(
            Record.fromString(Name.root, type, DClass.IN, 0, words[1], Name.root), Section.ANSWER);
      }
      new Message(message.toWire());
    } catch (IOException e) {
      throw new UncheckedIOException("a message that is well formed can't be read", e);
    }
  }
}
