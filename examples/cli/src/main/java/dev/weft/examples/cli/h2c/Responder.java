// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

import dev.weft.Deadline;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.fs.File;
import dev.weft.fs.FileStat;
import dev.weft.sync.Mutex;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.message.BasicHeader;
import org.apache.hc.core5.http2.H2Error;
import org.jspecify.annotations.Nullable;

/** Answers requests, each in a fiber of its own. */
final class Responder {
  /** What is served without a folder, whatever is requested. */
  private static final Path WORDS = Path.of("/usr/share/dict/words");

  /** How long a client may leave no room for a response. */
  private static final Duration STALL_MAX = Duration.ofSeconds(60);

  /** Notices the ends of responses. */
  interface Listener {
    /** The client may see the end of the response from now on. Must not suspend. */
    void ending(H2Stream stream);
  }

  private final FrameWriter out;
  private final SendWindow window;
  private final @Nullable Folder folder;
  private final Listener listener;

  Responder(FrameWriter out, SendWindow window, @Nullable Folder folder, Listener listener) {
    this.out = out;
    this.window = window;
    this.folder = folder;
    this.listener = listener;
  }

  /** Answers the request of a stream. Suspends. */
  void respond(H2Stream stream) throws Exception {
    try {
      if (folder == null) {
        respondWithWords(stream);
      } else {
        respondFrom(folder, stream);
      }
    } catch (DeadlineExceededException e) {
      stream.reset();
      out.reset(stream.id, H2Error.CANCEL);
    } catch (ErrnoException e) {
      if (!e.operation().equals("read")) {
        throw e; // the connection is broken, not the file
      }
      stream.reset();
      out.reset(stream.id, H2Error.INTERNAL_ERROR);
    }
  }

  private void respondWithWords(H2Stream stream) throws IOException {
    boolean isHead = stream.head.method().equals("HEAD");
    try (File file = File.open(WORDS)) {
      long size = file.stat().sizeBytes();
      List<Header> headers = status(200);
      if (isHead || size == 0) {
        sendHeaders(stream, headers);
      } else {
        sendFile(stream, headers, file, new ByteRange(0, size));
      }
    } catch (ErrnoException e) {
      if (!e.operation().equals("open")) {
        throw e;
      }
      sendHeaders(stream, status(404));
    }
  }

  private void respondFrom(Folder root, H2Stream stream) throws Exception {
    String method = stream.head.method();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      List<Header> headers = status(405);
      headers.add(new BasicHeader("allow", "GET, HEAD"));
      sendText(stream, headers, 405);
      return;
    }
    Folder.Found found = root.find(stream.head.path());
    Path path = found.file();
    if (path == null) {
      sendText(stream, status(found.status()), found.status());
      return;
    }
    try (File file = File.open(path)) {
      respondWith(stream, path, file);
    } catch (ErrnoException e) {
      if (!e.operation().equals("open")) {
        throw e;
      }
      int status =
          switch (e.errno()) {
            case ENOENT -> 404;
            case EACCES, EPERM -> 403;
            default -> 500;
          };
      sendText(stream, status(status), status);
    }
  }

  private void respondWith(H2Stream stream, Path path, File file) throws IOException {
    FileStat stat = file.stat();
    long size = stat.sizeBytes();
    boolean isHead = stream.head.method().equals("HEAD");
    ByteRange range = isHead ? null : ByteRange.parse(stream.head.range(), size);
    int status = range == null ? 200 : range.equals(ByteRange.NONE) ? 416 : 206;
    ByteRange part = range == null ? new ByteRange(0, size) : range;
    List<Header> headers = status(status);
    if (range != null) {
      headers.add(new BasicHeader("content-range", range.contentRange(size)));
    }
    headers.add(new BasicHeader("content-length", Long.toString(part.bytes())));
    if (status != 416) {
      headers.add(new BasicHeader("content-type", Folder.typeOf(path)));
      headers.add(new BasicHeader("accept-ranges", "bytes"));
    }
    if (isHead || part.bytes() == 0) {
      sendHeaders(stream, headers);
    } else {
      sendFile(stream, headers, file, part);
    }
  }

  private static List<Header> status(int status) {
    List<Header> headers = new ArrayList<>();
    headers.add(new BasicHeader(":status", Integer.toString(status)));
    return headers;
  }

  /** An answer without a body: the status says all. */
  private void sendText(H2Stream stream, List<Header> headers, int status) throws IOException {
    assert status >= 400 : status;
    headers.add(new BasicHeader("content-length", "0"));
    sendHeaders(stream, headers);
  }

  private void sendHeaders(H2Stream stream, List<Header> headers) throws IOException {
    try (Mutex.Guard _ = out.lock()) {
      if (!stream.isReset()) {
        out.appendHeaders(stream.id, headers, true);
        listener.ending(stream);
        out.flush();
      }
    }
  }

  /**
   * Sends a part of a file: read into the buffer that is sent, behind the header of its frame. What
   * fits into the buffer leaves together.
   */
  private void sendFile(H2Stream stream, List<Header> headers, File file, ByteRange part)
      throws IOException {
    long position = part.from();
    long end = position + part.bytes();
    boolean isFirst = true;
    while (position < end) {
      if (!isFirst) {
        window.awaitRoom(stream, Deadline.after(STALL_MAX));
      }
      try (Mutex.Guard _ = out.lock()) {
        if (stream.isReset()) {
          return;
        }
        if (isFirst) {
          out.appendHeaders(stream.id, headers, false);
          isFirst = false;
        }
        position = appendFrames(stream, file, position, end);
        if (position == end) {
          listener.ending(stream);
        }
        out.flush();
      }
    }
  }

  /** Appends as many frames as the windows and the buffer have room for. */
  private long appendFrames(H2Stream stream, File file, long from, long end) throws IOException {
    long position = from;
    while (position < end) {
      long room = Math.min(out.dataRoom(), window.room(stream));
      int bytes = (int) Math.min(room, end - position);
      if (bytes <= 0) {
        return position;
      }
      // Reserved before the read suspends, in which SETTINGS may change the window.
      window.sent(stream, bytes);
      int count = out.appendData(stream.id, file, position, bytes, position + bytes == end);
      window.sent(stream, Math.max(count, 0) - bytes);
      if (count <= 0) {
        throw new ErrnoException("read", file + ", which has become shorter", Errno.EIO.code());
      }
      position += count;
    }
    return position;
  }
}
