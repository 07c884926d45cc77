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
 * Answers the requests from a {@link RequestReader}: GET with a greeting, others by echoing the
 * body. Its output is sent when both threads wait, in one piece.
 */
final class Responder extends MicroThread {
  private static final String CRASH = "/crash";

  private static final int HEAD_AT = 0;
  private static final int LENGTH_AT = Head.BYTES;
  private static final int NUMBER_AT = LENGTH_AT + Integer.BYTES;
  private static final int TARGET_AT = NUMBER_AT + Decimal.BYTES_MAX;

  /** The part of the target that is kept. */
  private static final int TARGET_BYTES = 256;

  private static final int BLOCK_BYTES = TARGET_AT + TARGET_BYTES;

  private final RequestReader reader;
  private final boolean isSocket;
  private final Idleness idleness;
  private final ResponseDate date;

  /** Set by the reader until it has passed the whole body. */
  boolean bodyIsBroken;

  /** The end of the connection, for which the reader waits. */
  final Linger linger = new Linger();

  /** Whether the response to the current request has begun, so that it can't be replaced. */
  private boolean begun;

  /** Whether the current request is a HEAD, whose response has no body. */
  private boolean isHead;

  Responder(RequestReader reader, boolean isSocket, Idleness idleness, ResponseDate date) {
    this.reader = reader;
    this.isSocket = isSocket;
    this.idleness = idleness;
    this.date = date;
  }

  @Override
  protected void run() throws Exception {
    boolean isOpen = true;
    while (isOpen && pollread() > 0) {
      date.refresh();
      deadline(idleness.deadline()); // for the client to read the responses
      MicroBlock page = calloc(1, BLOCK_BYTES);
      Head head = new Head(page, HEAD_AT);
      do {
        isOpen = answer(page, head);
      } while (isOpen && buffered() > 0);
      free();
      deadline(Deadline.NEVER); // the reader has a deadline for the next request
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

  /** Reads the target from the pipe; returns whether it is the crash path. */
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

  /** Crashes, like an application with a bug. */
  private void divide(int dividend, int divisor) {
    log("quotient " + dividend / divisor);
  }

  /** Returns whether the connection stays open. */
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

  /** The start of a successful response, up to the framing of its body. */
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

  /** Forwards the available bytes as one chunk, without another copy. */
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
      return false; // without the last chunk the client sees that the body is incomplete
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

  /** Shuts down the output; the reader waits for the end of the client. */
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
        raiseAt(reader, Errno.EPIPE); // or it would wait for the end of its input
      }
    } else {
      reader.failure.note(errno());
    }
  }
}
