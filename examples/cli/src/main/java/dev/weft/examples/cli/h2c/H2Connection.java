// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Task;
import dev.weft.net.TcpSocket;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http2.H2Error;
import org.apache.hc.core5.http2.config.H2Param;
import org.apache.hc.core5.http2.hpack.HPackDecoder;
import org.apache.hc.core5.http2.hpack.HPackException;
import org.apache.hc.core5.http2.hpack.HeaderListConstraintException;
import org.jspecify.annotations.Nullable;

/** The server's side of a connection. One fiber reads; each request is answered by one more. */
final class H2Connection {
  private static final int STREAMS_MAX = 32;

  /** More than streams: the fibers of streams that were reset may take a while to end. */
  private static final int RESPONSES_MAX = 2 * STREAMS_MAX;

  private static final int HEADER_LIST_BYTES_MAX = 16_384;
  private static final int HEADER_BLOCK_BYTES_MAX = 32_768;
  private static final int HPACK_TABLE_BYTES = 4096;

  private static final Duration PREFACE_TIME_MAX = Duration.ofSeconds(10);

  private final TcpSocket socket;
  private final FrameReader in;
  private final FrameWriter out;
  private final SendWindow window = new SendWindow();
  private final Responder responder;
  private final HPackDecoder decoder = new HPackDecoder(HPACK_TABLE_BYTES, ISO_8859_1);
  private final FloodGuard controls = new FloodGuard(1000, "control frames");
  private final FloodGuard resets = new FloodGuard(200, "streams that are reset");

  /** The streams that have not ended in both directions. */
  private final Map<Integer, H2Stream> streams = new HashMap<>();

  private final Bundle responses;
  private int responding;
  private int lastStreamId;
  private long initialSendWindow = Frames.WINDOW_INITIAL;
  private int receiveWindow = Frames.WINDOW_INITIAL;
  private boolean isDraining;
  private @Nullable Task<@Nullable Void> lingering;

  /** The last stream that this server has reset: frames that were on their way are ignored. */
  private int lastResetId;

  private H2Connection(TcpSocket socket, @Nullable Folder folder, Arena arena, Bundle responses) {
    this.socket = socket;
    this.responses = responses;
    in = new FrameReader(socket, arena.allocate(FrameReader.BUFFER_BYTES));
    out = new FrameWriter(socket, arena.allocate(FrameWriter.BUFFER_BYTES));
    responder = new Responder(out, window, folder, this::ending);
    decoder.setMaxListSize(HEADER_LIST_BYTES_MAX);
  }

  /** What a service does with its open connections. */
  interface Registry {
    /** A connection is ready for requests. */
    void opened(H2Connection connection);
  }

  /** Serves a connection until it ends. Suspends. */
  static void serve(TcpSocket socket, @Nullable Folder folder, Registry registry)
      throws IOException {
    try (Arena arena = Arena.ofShared();
        socket;
        Bundle responses = Bundle.open()) {
      new H2Connection(socket, folder, arena, responses).run(registry);
      responses.await();
    }
  }

  private void run(Registry registry) throws IOException {
    try {
      Deadline deadline = Deadline.after(PREFACE_TIME_MAX);
      if (!in.readPreface(deadline)) {
        Refusal.send(socket, in.received());
        throw new IOException("not HTTP/2 with prior knowledge");
      }
      out.settings(
          H2Param.MAX_CONCURRENT_STREAMS.getCode(),
          STREAMS_MAX,
          H2Param.MAX_HEADER_LIST_SIZE.getCode(),
          HEADER_LIST_BYTES_MAX,
          H2Param.SETTINGS_NO_RFC7540_PRIORITIES.getCode(),
          1);
      registry.opened(this);
      if (!in.next(deadline) || in.type() != Frames.SETTINGS || in.has(Frames.ACK)) {
        throw new ConnectionFailure(H2Error.PROTOCOL_ERROR, "the first frame is not SETTINGS");
      }
      do {
        try {
          receive();
        } catch (StreamFailure e) {
          reset(e.streamId(), e.error());
        }
      } while (in.next());
    } catch (ConnectionFailure e) {
      out.goAway(lastStreamId, e.error(), String.valueOf(e.getMessage()));
      resetAll();
      Refusal.linger(socket);
      throw e;
    } finally {
      resetAll();
      if (lingering != null) {
        lingering.cancel();
      }
    }
  }

  /** Lets the fibers that answer requests end. */
  private void resetAll() {
    streams.values().forEach(H2Stream::reset);
    window.changed();
  }

  // ---- the end

  /** Lets the streams that are open end, and accepts no more. Suspends. */
  void drain() throws IOException {
    if (isDraining) {
      return;
    }
    isDraining = true;
    out.goAway(lastStreamId, H2Error.NO_ERROR, "the server ends");
    closeIfDrained();
  }

  /**
   * Ends the output after the last response. The connection is closed only when the client has
   * ended too, or after a while: the kernel would reset it if something were unread, and the client
   * might lose the response.
   */
  private void closeIfDrained() throws IOException {
    if (isDraining && responding == 0 && lingering == null) {
      lingering =
          responses.go(
              () -> {
                Fiber.sleep(Refusal.LINGER);
                socket.close();
              });
      socket.shutdownOutput();
    }
  }

  private void reset(int streamId, H2Error error) throws IOException {
    resets.count();
    H2Stream stream = streams.remove(streamId);
    if (stream != null) {
      stream.reset();
      window.changed();
    }
    lastResetId = Math.max(lastResetId, streamId);
    out.reset(streamId, error);
  }

  // ---- frames

  private static ConnectionFailure violation(String detail) {
    return new ConnectionFailure(H2Error.PROTOCOL_ERROR, detail);
  }

  private void requireLength(int bytes) throws ConnectionFailure {
    if (in.length() != bytes) {
      throw new ConnectionFailure(
          H2Error.FRAME_SIZE_ERROR,
          "a frame of type " + in.type() + " of " + in.length() + " bytes");
    }
  }

  private void requireStream() throws ConnectionFailure {
    if (in.streamId() == 0) {
      throw violation("a frame of type " + in.type() + " without a stream");
    }
  }

  private void requireNoStream() throws ConnectionFailure {
    if (in.streamId() != 0) {
      throw violation("a frame of type " + in.type() + " in a stream");
    }
  }

  private boolean isIdle(int streamId) {
    return streamId > lastStreamId || streamId % 2 == 0;
  }

  private void receive() throws IOException, StreamFailure {
    switch (in.type()) {
      case Frames.DATA -> receiveData();
      case Frames.HEADERS -> receiveHeaders();
      case Frames.PRIORITY -> receivePriority();
      case Frames.RST_STREAM -> receiveReset();
      case Frames.SETTINGS -> receiveSettings();
      case Frames.PUSH_PROMISE -> throw violation("PUSH_PROMISE of a client");
      case Frames.PING -> receivePing();
      case Frames.GOAWAY -> requireNoStream(); // the client ends the connection when it likes
      case Frames.WINDOW_UPDATE -> receiveWindowUpdate();
      case Frames.CONTINUATION -> throw violation("CONTINUATION without HEADERS");
      default -> controls.count(); // unknown frames are ignored
    }
  }

  /** The payload without padding. */
  private MemorySegment unpadded() throws ConnectionFailure {
    MemorySegment payload = in.payload();
    if (!in.has(Frames.PADDED)) {
      return payload;
    }
    if (in.length() == 0) {
      throw new ConnectionFailure(H2Error.FRAME_SIZE_ERROR, "no length of the padding");
    }
    int padding = Frames.unsignedByte(payload, 0);
    if (padding >= in.length()) {
      throw violation("more padding than payload");
    }
    return payload.asSlice(1, in.length() - 1 - padding);
  }

  private void receiveData() throws IOException, StreamFailure {
    requireStream();
    int dataBytes = (int) unpadded().byteSize();
    if (isIdle(in.streamId())) {
      throw violation("DATA in a stream that is idle");
    }
    if (dataBytes == 0) {
      controls.count();
    }
    receiveWindow -= in.length();
    if (receiveWindow < 0) {
      throw new ConnectionFailure(
          H2Error.FLOW_CONTROL_ERROR, "more DATA than the connection's window allows");
    }
    if (receiveWindow < Frames.WINDOW_INITIAL / 2) {
      int credit = Frames.WINDOW_INITIAL - receiveWindow;
      receiveWindow += credit;
      out.windowUpdate(0, credit);
    }
    H2Stream stream = streams.get(in.streamId());
    if (stream == null) {
      requireRecentReset("DATA");
      return;
    }
    stream.receive(in.length(), dataBytes);
    if (in.has(Frames.END_STREAM)) {
      endInput(stream);
    }
    int credit = stream.credit();
    if (credit > 0) {
      out.windowUpdate(stream.id, credit);
    }
  }

  /** Frames of a stream that this server has reset may have been on their way. */
  private void requireRecentReset(String what) throws ConnectionFailure {
    if (in.streamId() > lastResetId) {
      throw new ConnectionFailure(
          H2Error.STREAM_CLOSED, what + " in a stream that has ended: " + in.streamId());
    }
    controls.count();
  }

  private void receiveHeaders() throws IOException, StreamFailure {
    requireStream();
    int streamId = in.streamId();
    boolean ends = in.has(Frames.END_STREAM);
    MemorySegment block = unpadded();
    boolean dependsOnItself = false;
    if (in.has(Frames.WITH_PRIORITY)) {
      if (block.byteSize() < 5) {
        throw new ConnectionFailure(H2Error.FRAME_SIZE_ERROR, "no priority in HEADERS");
      }
      dependsOnItself = (block.get(Frames.INT, 0) & Integer.MAX_VALUE) == streamId;
      block = block.asSlice(5);
    }
    List<Header> headers = decode(whole(streamId, block));
    if (dependsOnItself) {
      lastStreamId = Math.max(lastStreamId, streamId);
      throw new StreamFailure(streamId, H2Error.PROTOCOL_ERROR, "it depends on itself");
    }
    H2Stream stream = streams.get(streamId);
    if (stream != null) {
      receiveTrailers(stream, headers, ends);
    } else if (isIdle(streamId)) {
      open(streamId, headers, ends);
    } else {
      requireRecentReset("HEADERS");
    }
  }

  /** The block of headers, with that of the CONTINUATION frames after it. */
  private byte[] whole(int streamId, MemorySegment first) throws IOException {
    if (in.has(Frames.END_HEADERS)) {
      return first.toArray(JAVA_BYTE);
    }
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    block.writeBytes(first.toArray(JAVA_BYTE));
    do {
      if (!in.next() || in.type() != Frames.CONTINUATION || in.streamId() != streamId) {
        throw violation("no CONTINUATION of HEADERS");
      }
      controls.count();
      block.writeBytes(in.payload().toArray(JAVA_BYTE));
      if (block.size() > HEADER_BLOCK_BYTES_MAX) {
        throw new ConnectionFailure(H2Error.ENHANCE_YOUR_CALM, "too many bytes of headers");
      }
    } while (!in.has(Frames.END_HEADERS));
    return block.toByteArray();
  }

  private List<Header> decode(byte[] block) throws ConnectionFailure {
    try {
      return decoder.decodeHeaders(ByteBuffer.wrap(block));
    } catch (HeaderListConstraintException e) {
      throw new ConnectionFailure(H2Error.ENHANCE_YOUR_CALM, "too many bytes of headers");
    } catch (HPackException | RuntimeException e) {
      throw new ConnectionFailure(H2Error.COMPRESSION_ERROR, "headers: " + e.getMessage());
    }
  }

  /** A request has ended; if it was answered before, so has its stream. */
  private void endInput(H2Stream stream) throws StreamFailure {
    stream.endInput();
    if (stream.isOutputEnded()) {
      streams.remove(stream.id);
    }
  }

  private void receiveTrailers(H2Stream stream, List<Header> headers, boolean ends)
      throws StreamFailure {
    if (stream.isInputEnded()) {
      throw new StreamFailure(stream.id, H2Error.STREAM_CLOSED, "HEADERS after the end");
    }
    if (!ends) {
      throw new StreamFailure(stream.id, H2Error.PROTOCOL_ERROR, "trailers that do not end");
    }
    RequestHead.checkTrailers(stream.id, headers);
    endInput(stream);
  }

  private void open(int streamId, List<Header> headers, boolean ends)
      throws IOException, StreamFailure {
    if (streamId % 2 == 0) {
      throw violation("a stream of a client with an even number: " + streamId);
    }
    lastStreamId = streamId;
    if (isDraining || streams.size() >= STREAMS_MAX || responding >= RESPONSES_MAX) {
      throw new StreamFailure(streamId, H2Error.REFUSED_STREAM, "too many streams");
    }
    H2Stream stream = new H2Stream(streamId, RequestHead.of(streamId, headers), initialSendWindow);
    if (ends) {
      stream.endInput();
    }
    streams.put(streamId, stream);
    responding++;
    responses.go(() -> respond(stream));
  }

  private void respond(H2Stream stream) throws Exception {
    try {
      responder.respond(stream);
    } catch (IOException e) {
      socket.close(); // it is broken: the fiber that reads ends with this, or an error of its own
    } finally {
      if (stream.isReset() || !stream.isOutputEnded()) {
        streams.remove(stream.id);
      }
      responding--;
      closeIfDrained();
    }
  }

  /**
   * A response ends. If the request has not, it is received and dropped: clients take a reset for a
   * failure of the response too.
   */
  private void ending(H2Stream stream) {
    stream.endOutput();
    if (stream.isInputEnded()) {
      streams.remove(stream.id);
    }
  }

  private void receivePriority() throws IOException, StreamFailure {
    requireStream();
    controls.count();
    if (in.length() != 5) {
      throw new StreamFailure(in.streamId(), H2Error.FRAME_SIZE_ERROR, "PRIORITY");
    }
    if ((in.payload().get(Frames.INT, 0) & Integer.MAX_VALUE) == in.streamId()) {
      throw new StreamFailure(in.streamId(), H2Error.PROTOCOL_ERROR, "it depends on itself");
    }
  }

  private void receiveReset() throws ConnectionFailure {
    requireStream();
    requireLength(4);
    if (isIdle(in.streamId())) {
      throw violation("RST_STREAM of a stream that is idle");
    }
    resets.count();
    H2Stream stream = streams.remove(in.streamId());
    if (stream != null) {
      stream.reset();
      window.changed();
    }
  }

  private void receivePing() throws IOException {
    requireNoStream();
    requireLength(8);
    controls.count();
    if (!in.has(Frames.ACK)) {
      out.acknowledgePing(in.payload().get(Frames.LONG, 0));
    }
  }

  private void receiveWindowUpdate() throws IOException, StreamFailure {
    requireLength(4);
    int increment = in.payload().get(Frames.INT, 0) & Integer.MAX_VALUE;
    int streamId = in.streamId();
    if (streamId == 0) {
      if (increment == 0) {
        throw violation("WINDOW_UPDATE by nothing");
      }
      window.grow(increment);
      return;
    }
    if (isIdle(streamId)) {
      throw violation("WINDOW_UPDATE of a stream that is idle");
    }
    H2Stream stream = streams.get(streamId);
    if (stream == null) {
      return; // it was on its way when the stream ended
    }
    if (increment == 0) {
      throw new StreamFailure(streamId, H2Error.PROTOCOL_ERROR, "WINDOW_UPDATE by nothing");
    }
    if (!stream.changeSendWindow(increment)) {
      throw new StreamFailure(streamId, H2Error.FLOW_CONTROL_ERROR, "too large a window");
    }
    window.changed();
  }

  private void receiveSettings() throws IOException {
    requireNoStream();
    if (in.has(Frames.ACK)) {
      requireLength(0);
      return;
    }
    controls.count();
    if (in.length() % 6 != 0) {
      throw new ConnectionFailure(
          H2Error.FRAME_SIZE_ERROR, "SETTINGS of " + in.length() + " bytes");
    }
    MemorySegment payload = in.payload();
    for (int at = 0; at < in.length(); at += 6) {
      apply(payload.get(Frames.SHORT, at) & 0xffff, payload.get(Frames.INT, at + 2) & 0xffff_ffffL);
    }
    out.acknowledgeSettings();
  }

  private void apply(int setting, long value) throws ConnectionFailure {
    if (setting == H2Param.ENABLE_PUSH.getCode() && value > 1) {
      throw violation("SETTINGS_ENABLE_PUSH is " + value);
    } else if (setting == H2Param.MAX_FRAME_SIZE.getCode()
        && (value < Frames.PAYLOAD_BYTES_MAX || value > 0xff_ffff)) {
      throw violation("SETTINGS_MAX_FRAME_SIZE is " + value);
    } else if (setting == H2Param.INITIAL_WINDOW_SIZE.getCode()) {
      if (value > Integer.MAX_VALUE) {
        throw new ConnectionFailure(
            H2Error.FLOW_CONTROL_ERROR, "SETTINGS_INITIAL_WINDOW_SIZE is " + value);
      }
      long change = value - initialSendWindow;
      initialSendWindow = value;
      for (H2Stream stream : streams.values()) {
        if (!stream.changeSendWindow(change)) {
          throw new ConnectionFailure(H2Error.FLOW_CONTROL_ERROR, "too large a window");
        }
      }
      window.changed();
    }
  }
}
