// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.http;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.examples.micro.service.Decimal;
import dev.weft.examples.micro.service.Idleness;
import dev.weft.examples.micro.service.Linger;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroThread;

/**
 * Answers the requests that a {@link RequestReader} hands it: GET with a greeting, others with the
 * body that came. What it writes goes out when both threads wait, all of it at once.
 */
final class Responder extends MicroThread {
  private static final String CRASH = "/crash";

  private static final int HEAD_AT = 0;
  private static final int LENGTH_AT = Head.BYTES;
  private static final int NUMBER_AT = LENGTH_AT + Integer.BYTES;
  private static final int TARGET_AT = NUMBER_AT + Decimal.BYTES_MAX;

  /** As much of the target as matters here. */
  private static final int TARGET_BYTES = 256;

  private static final int BLOCK_BYTES = TARGET_AT + TARGET_BYTES;

  private final RequestReader reader;
  private final boolean isSocket;
  private final Idleness idleness;
  private final ResponseDate date;

  /** Set by the reader as long as the body that it passes has not come to its end. */
  boolean bodyIsBroken;

  /** The end of the connection, which the reader waits for. */
  final Linger linger = new Linger();

  /** Whether the response to the present request has begun, so that it is too late for another. */
  private boolean begun;

  /** Whether the present request is a HEAD, whose response has no body whatever it says. */
  private boolean isHead;

  Responder(RequestReader reader, boolean isSocket, Idleness idleness, ResponseDate date) {
    this.reader = reader;
    this.isSocket = isSocket;
    this.idleness = idleness;
    this.date = date;
  }

  @Override
  protected void run() throws Exception {
    boolean goesOn = true;
    while (goesOn && pollread() > 0) {
      date.refresh();
      deadline(idleness.deadline()); // for the client to take the answers
      MicroBlock page = calloc(1, BLOCK_BYTES);
      Head head = new Head(page, HEAD_AT);
      do {
        goesOn = answer(page, head);
      } while (goesOn && buffered() > 0);
      free();
      deadline(Deadline.NEVER); // the reader has one for the next request
    }
    deadline(idleness.deadline());
    end();
  }

  /** Returns whether another request may follow. */
  private boolean answer(MicroBlock page, Head head) throws Exception {
    if (read(page, LENGTH_AT, Integer.BYTES) < Integer.BYTES) {
      return false;
    }
    begun = false;
    boolean crashes = readTarget(page);
    if (read(page, HEAD_AT, Head.BYTES) < Head.BYTES) {
      return false;
    }
    isHead = head.method() == Method.HEAD;
    if (crashes && head.status() == Status.OK) {
      divide(1, 0);
    }
    return respond(page, head);
  }

  /** Takes the target out of the pipe; returns whether it asks for a crash. */
  private boolean readTarget(MicroBlock page) throws Exception {
    int length = page.getInt(LENGTH_AT);
    int kept = Math.min(length, TARGET_BYTES);
    read(page, TARGET_AT, kept);
    boolean crashes = length == kept && Target.isPath(page, TARGET_AT, TARGET_AT + length, CRASH);
    int count = kept;
    for (int left = length - kept; left > 0 && count > 0; left -= count) {
      count = read(page, TARGET_AT, Math.min(left, TARGET_BYTES));
    }
    return crashes;
  }

  /** An application with an error in it. */
  private void divide(int dividend, int divisor) {
    log("quotient " + dividend / divisor);
  }

  /** Returns whether the connection goes on. */
  private boolean respond(MicroBlock page, Head head) throws Exception {
    if (head.status() != Status.OK) {
      writeError(head.status(), head.has(Head.CLOSE));
      return !head.has(Head.CLOSE);
    }
    if (!head.method().echoes) {
      greet(page, head);
      return !head.has(Head.CLOSE);
    }
    if (head.has(Head.CONTINUE)) {
      literal("HTTP/1.1 100 Continue\r\n\r\n");
    }
    boolean whole = head.has(Head.CHUNKED) ? echoChunks(page, head) : echo(page, head);
    return whole && !head.has(Head.CLOSE);
  }

  // ---- responses

  private void greet(MicroBlock page, Head head) throws Exception {
    begun = true;
    boolean bodyOnly = head.version() == RequestLine.VERSION_0_9;
    if (bodyOnly) {
      literal(ResponseDate.GREETING);
    } else if (head.has(Head.CLOSE) || head.has(Head.KEEP_ALIVE)) {
      beginOk(head);
      writeLength(page, ResponseDate.GREETING_BYTES);
      if (head.method() != Method.HEAD) {
        literal(ResponseDate.GREETING);
      }
    } else {
      write(head.method() == Method.HEAD ? date.greetingHead() : date.greetingWhole());
    }
  }

  /** Everything of a good response that comes before the framing of its body. */
  private void beginOk(Head head) throws Exception {
    begun = true;
    literal("HTTP/1.1 200 OK\r\n");
    literal(date.field());
    literal("Content-Type: text/plain\r\n");
    if (head.has(Head.CHUNKED)) {
      literal("Transfer-Encoding: chunked\r\n");
    }
    if (head.has(Head.CLOSE)) {
      literal("Connection: close\r\n");
    } else if (head.has(Head.KEEP_ALIVE)) {
      literal("Connection: keep-alive\r\n");
    }
  }

  private void writeLength(MicroBlock page, long bytes) throws Exception {
    literal("Content-Length: ");
    write(page, NUMBER_AT, Decimal.put(page, NUMBER_AT, bytes));
    literal("\r\n\r\n");
  }

  private boolean echo(MicroBlock page, Head head) throws Exception {
    beginOk(head);
    writeLength(page, head.bodyBytes());
    return pass(head.bodyBytes()) == head.bodyBytes();
  }

  private long pass(long length) throws Exception {
    long done = 0;
    while (done < length) {
      long wanted = Math.min(length - done, RequestReader.PIECE_BYTES);
      long count = forward(wanted);
      done += count;
      if (count < wanted) {
        break;
      }
      deadline(idleness.deadline());
    }
    return done;
  }

  /** Makes a chunk of whatever has come, and has it go through without another copy. */
  private boolean echoChunks(MicroBlock page, Head head) throws Exception {
    int size = pollread();
    if (size == 0 && bodyIsBroken) {
      writeError(Status.BAD_REQUEST, true);
      return false;
    }
    beginOk(head);
    literal("\r\n");
    for (; size > 0; size = pollread()) {
      write(page, NUMBER_AT, Chunks.put(page, NUMBER_AT, size));
      forward(size);
      literal("\r\n");
      deadline(idleness.deadline());
    }
    if (bodyIsBroken) {
      return false; // the client misses the last chunk
    }
    readhup();
    literal("0\r\n\r\n");
    return true;
  }

  private void writeError(int status, boolean closes) throws Exception {
    begun = true;
    String text = Status.line(status);
    literal("HTTP/1.1 ");
    literal(text);
    literal("\r\n");
    literal(date.field());
    literal("Content-Type: text/plain\r\n");
    if (closes) {
      literal("Connection: close\r\n");
    }
    literal("Content-Length: " + (text.length() + 1) + "\r\n\r\n");
    if (!isHead) {
      literal(text);
      literal("\n");
    }
  }

  // ---- the end

  /** Ends what the client reads; it is the reader that waits for the client's end. */
  private void end() throws Exception {
    if (isSocket) {
      txShutdown();
      linger.begin(process());
    } else {
      flush();
    }
  }

  @Override
  protected void lastly() throws Exception {
    if (errno() == Errno.EFAULT) {
      if (!begun) {
        writeError(Status.INTERNAL_ERROR, true);
      }
      end();
      if (!isSocket && !reader.isEnded()) {
        raiseAt(reader, Errno.EPIPE); // it would wait for the end of its input
      }
    } else {
      reader.failure.note(errno());
    }
  }
}
