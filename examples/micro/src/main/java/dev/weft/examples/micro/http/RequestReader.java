// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.http;

import dev.weft.error.Errno;
import dev.weft.examples.micro.service.Failure;
import dev.weft.examples.micro.service.Idleness;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroThread;
import org.jspecify.annotations.Nullable;

/**
 * Reads requests from a connection and passes each to a {@link Responder} through a pipe: the
 * target, the {@link Head}, the body without its framing. It can be ahead of the responder by as
 * much as the pipe holds, so that pipelined requests are answered together.
 */
public final class RequestReader extends MicroThread {
  /** Pages of a heap for one connection. */
  public static final int PAGES = 8 + 4 + 3 + 1;

  /** The longest line, its end included; RFC 9112 asks for 8000 bytes of request line. */
  static final int LINE_BYTES_MAX = 8 << 10;

  private static final int HEAD_AT = LINE_BYTES_MAX;
  private static final int LENGTH_AT = HEAD_AT + Head.BYTES;
  private static final int BLOCK_BYTES = LENGTH_AT + Integer.BYTES;

  private static final int EMPTY_LINES_MAX = 4;

  /** After so many bytes of a body the client's idle time starts again. */
  static final int PIECE_BYTES = 64 << 10;

  /** The failure of one of the two threads. */
  final Failure failure = new Failure();

  private final boolean lingers;
  private final Idleness idleness;
  private final RequestLine requestLine = new RequestLine();
  private final Fields fields = new Fields();
  private final Responder responder;
  private @Nullable MicroBlock block;
  private @Nullable Head head;

  /**
   * A server of one connection, whose client may be idle without limit.
   *
   * @param isSocket whether the connection is a socket; if not, the thread ends with the last
   *     response, without waiting for the client to read it, and responses have no date, so that
   *     they depend on the input alone
   */
  public RequestReader(boolean isSocket) {
    this(isSocket, Idleness.UNLIMITED, isSocket ? ResponseDate.now() : ResponseDate.NONE);
  }

  /**
   * A server of one connection.
   *
   * @param isSocket as above
   * @param idleness how long the client may be idle
   * @param date the date of responses
   */
  RequestReader(boolean isSocket, Idleness idleness, ResponseDate date) {
    lingers = isSocket;
    this.idleness = idleness;
    responder = new Responder(this, isSocket, idleness, date);
  }

  @Override
  protected void run() throws Exception {
    responder(responder);
    play(responder);
    boolean isOpen = true;
    deadline(idleness.deadline());
    while (isOpen && pollread() > 0) { // while idle, no memory is allocated
      MicroBlock line = calloc(1, BLOCK_BYTES);
      block = line;
      head = new Head(line, HEAD_AT);
      do {
        isOpen = readRequest(line);
      } while (isOpen && buffered() > 0);
      block = null;
      free();
      deadline(idleness.deadline());
    }
    linger();
  }

  /** Returns whether another request may follow. */
  private boolean readRequest(MicroBlock line) throws Exception {
    int length = readFirstLine(line);
    if (length == 0) {
      return false;
    }
    fields.clear();
    int status =
        isWhole(line, length)
            ? requestLine.parse(line, length)
            : requestLine.incomplete(length == LINE_BYTES_MAX);
    passTarget(line, status);
    if (status == 0 && requestLine.version != RequestLine.VERSION_0_9) {
      status = readFields(line);
    }
    if (status == 0) {
      status = fields.check(requestLine.version);
    }
    if (status != 0) {
      passHead(line, status, Head.CLOSE, 0);
      return false;
    }
    return passRequest(line);
  }

  /** Skips an empty line, which some clients send after a body (RFC 9112, 2.2). */
  private int readFirstLine(MicroBlock line) throws Exception {
    int length = 0;
    for (int i = 0; i <= EMPTY_LINES_MAX; i++) {
      length = readline(line, LINE_BYTES_MAX);
      if (length == 0 || !isWhole(line, length) || Ascii.lineEnd(line, length) > 0) {
        break;
      }
    }
    return length;
  }

  private static boolean isEmptyLine(MicroBlock line, int length) {
    return length == 2 && line.getByte(0) == '\r' && line.getByte(1) == '\n';
  }

  private static boolean isWhole(MicroBlock line, int length) {
    return line.getByte(length - 1) == '\n';
  }

  private int readFields(MicroBlock line) throws Exception {
    while (true) {
      int length = readline(line, LINE_BYTES_MAX);
      if (length == 0 || !isWhole(line, length)) {
        return length == LINE_BYTES_MAX ? Status.FIELDS_TOO_LARGE : Status.BAD_REQUEST;
      }
      if (Ascii.lineEnd(line, length) == 0) {
        return 0;
      }
      int status = fields.add(line, length);
      if (status != 0) {
        return status;
      }
    }
  }

  // ---- to the responder

  private void passTarget(MicroBlock line, int status) throws Exception {
    int length = status == 0 ? requestLine.targetEnd - requestLine.targetStart : 0;
    line.setInt(LENGTH_AT, length);
    write(line, LENGTH_AT, Integer.BYTES);
    write(line, requestLine.targetStart, length);
  }

  private void passHead(MicroBlock line, int status, int flags, long bodyBytes) throws Exception {
    Head passed = head;
    assert passed != null;
    Method method = requestLine.method == null ? Method.GET : requestLine.method;
    passed.set(status, method, requestLine.version, flags, bodyBytes);
    write(line, HEAD_AT, Head.BYTES);
  }

  private boolean passRequest(MicroBlock line) throws Exception {
    Method method = requestLine.method;
    boolean passesBody = method != null && method.echoes;
    boolean closes = fields.closes(requestLine.version);
    int flags =
        fields.saysKeepAlive() && requestLine.version == RequestLine.VERSION_1_0
            ? Head.KEEP_ALIVE
            : 0;
    if (fields.hasBody() && fields.expectsContinue()) {
      // An unneeded body is not requested; whether the client sends it anyway is unknown.
      closes |= !passesBody;
      flags |= passesBody ? Head.CONTINUE : 0;
    }
    flags |= closes ? Head.CLOSE : 0;
    flags |= passesBody && fields.isChunked() ? Head.CHUNKED : 0;
    int status = method == null ? Status.NOT_IMPLEMENTED : Status.OK;
    passHead(line, status, flags, passesBody ? fields.bodyBytes() : 0);
    if (!fields.hasBody() || (closes && !passesBody)) {
      return !closes;
    }
    return passBody(line, passesBody) && !closes;
  }

  /** Returns whether the whole body was read. */
  private boolean passBody(MicroBlock line, boolean isWanted) throws Exception {
    responder.bodyIsBroken = true; // until the end of the body is read
    boolean whole =
        fields.isChunked()
            ? passChunks(line, isWanted)
            : pass(line, fields.bodyBytes(), isWanted) == fields.bodyBytes();
    responder.bodyIsBroken = !whole;
    if (whole && isWanted && fields.isChunked()) {
      hup();
    }
    return whole;
  }

  private long pass(MicroBlock line, long length, boolean isWanted) throws Exception {
    long done = 0;
    while (done < length) {
      int wanted = (int) Math.min(length - done, isWanted ? PIECE_BYTES : LINE_BYTES_MAX);
      long count = isWanted ? forward(wanted) : read(line, wanted);
      done += count;
      if (count < wanted) {
        break;
      }
      deadline(idleness.deadline());
    }
    return done;
  }

  private boolean passChunks(MicroBlock line, boolean isWanted) throws Exception {
    while (true) {
      int length = readline(line, Chunks.LINE_BYTES_MAX);
      long size = Chunks.size(line, length);
      if (size < 0) {
        return false;
      }
      if (size == 0) {
        return skipTrailers(line);
      }
      if (pass(line, size, isWanted) < size || read(line, 2) < 2 || !isEmptyLine(line, 2)) {
        return false;
      }
    }
  }

  private boolean skipTrailers(MicroBlock line) throws Exception {
    while (true) {
      int length = readline(line, LINE_BYTES_MAX);
      if (length == 0 || !isWhole(line, length)) {
        return false;
      }
      if (isEmptyLine(line, length)) {
        return true;
      }
      if (fields.addTrailer(line, length) != 0) {
        return false;
      }
    }
  }

  // ---- the end

  /** Ends the responder, and waits for the end of the client. */
  private void linger() throws Exception {
    txClose();
    if (lingers) {
      MicroBlock line = block;
      responder.linger.await(socket(), line == null ? calloc(1, LINE_BYTES_MAX) : line);
    }
  }

  /** EPIPE: the responder has failed, has sent an error to the client, and has ended. */
  @Override
  protected void lastly() throws Exception {
    if (errno() == Errno.EPIPE) {
      linger();
    } else if (errno() != null) {
      failure.note(errno());
      responder.linger.end();
    }
  }
}
