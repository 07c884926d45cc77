// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns.internal.message;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;

/**
 * A message with a question, and the check of which message answers it.
 *
 * @param question what is asked
 * @param id by which the answer is recognised: unpredictable
 * @param edns whether the message says that long answers are accepted (RFC 6891)
 */
public record Query(Question question, int id, boolean edns) {
  /** Datagrams of this size are fragmented nowhere (DNS flag day 2020). */
  public static final int DATAGRAM_BYTES_MAX = 1232;

  private static final int ID_BYTES = 2;

  /** {@return the message as bytes} */
  public byte[] encoded() {
    Message message = new Message(id);
    message.getHeader().setOpcode(Opcode.QUERY);
    message.getHeader().setFlag(Flags.RD);
    Record asked = Record.newRecord(question.name(), question.type(), question.dclass());
    message.addRecord(asked, Section.QUESTION);
    if (edns) {
      message.addRecord(new OPTRecord(DATAGRAM_BYTES_MAX, 0, 0), Section.ADDITIONAL);
    }
    return message.toWire();
  }

  /**
   * The message that {@code bytes} are, if it answers this query; null if it does not, and the
   * answer may still come.
   *
   * @throws MalformedAnswerException if it seems to be the answer, and can't be read
   */
  public @Nullable Message answer(byte[] bytes) throws MalformedAnswerException {
    if (bytes.length < Header.LENGTH || idOf(bytes) != id) {
      return null;
    }
    Message message;
    try {
      message = new Message(bytes);
    } catch (IOException | RuntimeException e) { // dnsjava checks some values only by asserting
      throw new MalformedAnswerException(e);
    }
    Header header = message.getHeader();
    if (!header.getFlag(Flags.QR) || header.getOpcode() != Opcode.QUERY) {
      return null;
    }
    return isAbout(message) ? message : null;
  }

  private static int idOf(byte[] bytes) {
    return Byte.toUnsignedInt(bytes[0]) << Byte.SIZE | Byte.toUnsignedInt(bytes[ID_BYTES - 1]);
  }

  /** Whether the message repeats the question; a server that could not read it need not. */
  private boolean isAbout(Message message) {
    List<Record> questions = message.getSection(Section.QUESTION);
    return switch (questions.size()) {
      case 0 -> message.getHeader().getRcode() == Rcode.FORMERR;
      case 1 -> question.isRepeatedBy(questions.getFirst());
      default -> false;
    };
  }

  /** Whether the server refuses what only EDNS has, so that it is asked again without. */
  public boolean isRefusedForEdns(Message answer) {
    if (!edns) {
      return false;
    }
    int code = answer.getRcode();
    return code == Rcode.BADVERS
        || ((code == Rcode.FORMERR || code == Rcode.NOTIMP) && answer.getOPT() == null);
  }
}
