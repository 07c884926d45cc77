// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.message.BasicHeader;
import org.apache.hc.core5.http2.H2Error;
import org.apache.hc.core5.http2.hpack.HPackDecoder;
import org.apache.hc.core5.http2.hpack.HPackEncoder;
import org.apache.hc.core5.util.ByteArrayBuffer;

/** A client that sends frames as a test wants them, and collects what comes back. */
final class H2Client implements AutoCloseable {
  static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

  /** A response, as far as it has arrived. */
  static final class Response {
    final Map<String, String> headers = new HashMap<>();
    final ByteArrayOutputStream body = new ByteArrayOutputStream();
    boolean isEnded;
    H2Error error = H2Error.NO_ERROR;

    int status() {
      return Integer.parseInt(headers.getOrDefault(":status", "0"));
    }
  }

  /** The server has sent GOAWAY. */
  static final class GoneAway extends IOException {
    private static final long serialVersionUID = 1L;
    final H2Error error;

    GoneAway(H2Error error, String reason) {
      super(error + ": " + reason);
      this.error = error;
    }
  }

  private final Socket socket;
  private final DataInputStream in;
  private final DataOutputStream out;
  private final HPackEncoder encoder = new HPackEncoder(4096, ISO_8859_1);
  private final HPackDecoder decoder = new HPackDecoder(4096, ISO_8859_1);
  private final Map<Integer, Response> responses = new HashMap<>();
  private int nextStreamId = 1;

  /** How many bytes of DATA the server lets this client send, the initial ones included. */
  long uploadWindow = 65_535;

  int pings;

  /** Whether the server's SETTINGS are acknowledged. */
  boolean acknowledges = true;

  /** Whether received DATA is given back to the server's windows. */
  boolean givesCredit = true;

  /** Connects without sending anything. */
  H2Client(String host, int port) throws IOException {
    socket = new Socket(InetAddress.getByName(host), port);
    socket.setTcpNoDelay(true);
    in = new DataInputStream(socket.getInputStream());
    out = new DataOutputStream(socket.getOutputStream());
  }

  /** Connects, and sends preface and SETTINGS: pairs of identifiers and values. */
  static H2Client open(int port, int... settings) throws IOException {
    H2Client client = new H2Client("127.0.0.1", port);
    client.out.write(PREFACE.getBytes(US_ASCII));
    client.settings(settings);
    return client;
  }

  Socket socket() {
    return socket;
  }

  // ---- sending

  void raw(String latin) throws IOException {
    out.write(latin.getBytes(ISO_8859_1));
  }

  void frame(int type, int flags, int streamId, byte... payload) throws IOException {
    ByteBuffer frame = ByteBuffer.allocate(9 + payload.length);
    frame.put((byte) (payload.length >>> 16)).putShort((short) payload.length);
    frame.put((byte) type).put((byte) flags).putInt(streamId).put(payload);
    out.write(frame.array());
  }

  void settings(int... pairs) throws IOException {
    ByteBuffer payload = ByteBuffer.allocate(pairs.length * 3);
    for (int i = 0; i < pairs.length; i += 2) {
      payload.putShort((short) pairs[i]).putInt(pairs[i + 1]);
    }
    frame(Frames.SETTINGS, 0, 0, payload.array());
  }

  void number(int type, int streamId, int value) throws IOException {
    frame(type, 0, streamId, ByteBuffer.allocate(4).putInt(value).array());
  }

  /** The headers of a request: pairs of name and value are appended to those that must be. */
  byte[] head(String method, String path, String... more) throws IOException {
    List<Header> headers = new ArrayList<>();
    headers.add(new BasicHeader(":method", method));
    headers.add(new BasicHeader(":scheme", "http"));
    headers.add(new BasicHeader(":path", path));
    headers.add(new BasicHeader(":authority", "localhost"));
    for (int i = 0; i < more.length; i += 2) {
      headers.add(new BasicHeader(more[i], more[i + 1]));
    }
    return encoded(headers);
  }

  byte[] encoded(List<Header> headers) throws IOException {
    ByteArrayBuffer block = new ByteArrayBuffer(256);
    for (Header header : headers) {
      encoder.encodeHeader(block, header);
    }
    return block.toByteArray();
  }

  int newStream() {
    int id = nextStreamId;
    nextStreamId += 2;
    return id;
  }

  /** Sends a request without a body; returns its stream. */
  int request(String method, String path, String... more) throws IOException {
    int id = newStream();
    frame(Frames.HEADERS, Frames.END_HEADERS | Frames.END_STREAM, id, head(method, path, more));
    return id;
  }

  /** Begins a request with a body; returns its stream. */
  int begin(String method, String path, String... more) throws IOException {
    int id = newStream();
    frame(Frames.HEADERS, Frames.END_HEADERS, id, head(method, path, more));
    return id;
  }

  // ---- receiving

  /** Sends a request and waits for the response. */
  Response get(String path, String... more) throws IOException {
    return await(request("GET", path, more));
  }

  /** Waits until a response has ended or was reset. */
  Response await(int streamId) throws IOException {
    while (!response(streamId).isEnded) {
      receive();
    }
    return response(streamId);
  }

  Response response(int streamId) {
    return responses.computeIfAbsent(streamId, id -> new Response());
  }

  /** Waits until the server ends the connection; returns why. */
  H2Error awaitGoAway() throws IOException {
    try {
      while (true) {
        receive();
      }
    } catch (GoneAway e) {
      return e.error;
    }
  }

  /** Receives a frame. */
  void receive() throws IOException {
    int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
    int type = in.readUnsignedByte();
    int flags = in.readUnsignedByte();
    int streamId = in.readInt();
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException();
    }
    ByteBuffer payload = ByteBuffer.wrap(bytes);
    boolean isAck = (flags & Frames.ACK) != 0;
    switch (type) {
      case Frames.SETTINGS -> {
        if (!isAck && acknowledges) {
          frame(Frames.SETTINGS, Frames.ACK, 0);
        }
      }
      case Frames.HEADERS -> receiveHeaders(response(streamId), payload);
      case Frames.DATA -> receiveData(streamId, bytes);
      case Frames.RST_STREAM -> {
        response(streamId).error = H2Error.getByCode(payload.getInt());
        response(streamId).isEnded = true;
      }
      case Frames.PING -> pings++;
      case Frames.WINDOW_UPDATE -> uploadWindow += streamId == 0 ? payload.getInt() : 0;
      case Frames.GOAWAY -> {
        H2Error error = H2Error.getByCode(payload.getInt(4));
        throw new GoneAway(error, new String(bytes, 8, length - 8, US_ASCII));
      }
      default -> throw new IOException("a frame of type " + type);
    }
    if ((type == Frames.HEADERS || type == Frames.DATA) && (flags & Frames.END_STREAM) != 0) {
      response(streamId).isEnded = true;
    }
  }

  private void receiveHeaders(Response response, ByteBuffer payload) throws IOException {
    try {
      for (Header header : decoder.decodeHeaders(payload)) {
        response.headers.put(header.getName(), header.getValue());
      }
    } catch (HttpException e) {
      throw new IOException(e);
    }
  }

  private void receiveData(int streamId, byte[] data) throws IOException {
    response(streamId).body.write(data);
    if (givesCredit && data.length > 0) {
      number(Frames.WINDOW_UPDATE, 0, data.length);
      number(Frames.WINDOW_UPDATE, streamId, data.length);
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
