// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

import java.util.List;
import java.util.Set;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http2.H2Error;
import org.jspecify.annotations.Nullable;

/**
 * The headers of a request, checked by the rules of RFC 9113, section 8.
 *
 * @param method the method
 * @param path the path and query; empty for CONNECT
 * @param range the value of the header range, or null
 * @param contentLength how many bytes of DATA there must be; -1 if it is not said
 */
record RequestHead(String method, String path, @Nullable String range, long contentLength) {
  /** Headers of a connection, which HTTP/2 does not have. */
  private static final Set<String> OF_CONNECTION =
      Set.of("connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade");

  /** Reads a list of headers in the order in which they were sent. */
  static RequestHead of(int streamId, List<Header> headers) throws StreamFailure {
    return new Reader(streamId).read(headers);
  }

  /** Checks the headers after a body. */
  static void checkTrailers(int streamId, List<Header> headers) throws StreamFailure {
    Reader reader = new Reader(streamId);
    for (Header header : headers) {
      reader.checkField(header.getName(), header.getValue());
    }
  }

  private static final class Reader {
    private final int streamId;
    private @Nullable String method;
    private @Nullable String scheme;
    private @Nullable String path;
    private @Nullable String authority;
    private @Nullable String range;
    private long contentLength = -1;
    private boolean hasFields;

    Reader(int streamId) {
      this.streamId = streamId;
    }

    private StreamFailure malformed(String detail) {
      return new StreamFailure(streamId, H2Error.PROTOCOL_ERROR, detail);
    }

    RequestHead read(List<Header> headers) throws StreamFailure {
      for (Header header : headers) {
        String name = header.getName();
        String value = header.getValue() == null ? "" : header.getValue();
        if (name.startsWith(":")) {
          readPseudo(name, value);
        } else {
          hasFields = true;
          checkField(name, value);
          readField(name, value);
        }
      }
      String verb = required(":method", method);
      if (verb.equals("CONNECT")) {
        if (scheme != null || path != null || authority == null) {
          throw malformed("CONNECT has an authority only");
        }
        return new RequestHead(verb, "", null, contentLength);
      }
      required(":scheme", scheme);
      String target = required(":path", path);
      if (target.isEmpty()) {
        throw malformed("the path is empty");
      }
      return new RequestHead(verb, target, range, contentLength);
    }

    private String required(String name, @Nullable String value) throws StreamFailure {
      if (value == null) {
        throw malformed("there is no " + name);
      }
      return value;
    }

    private void readPseudo(String name, String value) throws StreamFailure {
      if (hasFields) {
        throw malformed(name + " comes after other headers");
      }
      switch (name) {
        case ":method" -> method = once(name, method, value);
        case ":scheme" -> scheme = once(name, scheme, value);
        case ":path" -> path = once(name, path, value);
        case ":authority" -> authority = once(name, authority, value);
        default -> throw malformed("no header of requests: " + name);
      }
    }

    private String once(String name, @Nullable String old, String value) throws StreamFailure {
      if (old != null) {
        throw malformed("two of " + name);
      }
      return value;
    }

    void checkField(String name, @Nullable String value) throws StreamFailure {
      if (name.isEmpty() || name.startsWith(":")) {
        throw malformed("no name of a header: " + name);
      }
      for (int i = 0; i < name.length(); i++) {
        char c = name.charAt(i);
        if (c <= ' ' || c >= 0x7f || (c >= 'A' && c <= 'Z')) {
          throw malformed("no name of a header: " + name);
        }
      }
      if (OF_CONNECTION.contains(name) || (name.equals("te") && !"trailers".equals(value))) {
        throw malformed("a header of HTTP/1: " + name);
      }
    }

    private void readField(String name, String value) throws StreamFailure {
      if (name.equals("range")) {
        range = range == null ? value : ""; // several are ignored
      } else if (name.equals("content-length")) {
        if (contentLength >= 0 || !value.matches("[0-9]{1,18}")) {
          throw malformed("content-length: " + value);
        }
        contentLength = Long.parseLong(value);
      }
    }
  }
}
