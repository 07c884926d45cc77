// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

import org.apache.hc.core5.http2.H2Error;

/** A stream: one request and its response, from the request's headers to the end of both. */
final class H2Stream {
  final int id;
  final RequestHead head;

  /** How many bytes of DATA may be sent; negative if SETTINGS have made the window smaller. */
  private long sendWindow;

  /** How many bytes of DATA the client may send. */
  private int receiveWindow = Frames.WINDOW_INITIAL;

  private long received;
  private boolean isInputEnded;
  private boolean isOutputEnded;
  private boolean isReset;

  H2Stream(int id, RequestHead head, long sendWindow) {
    this.id = id;
    this.head = head;
    this.sendWindow = sendWindow;
  }

  // ---- the response

  long sendWindow() {
    return sendWindow;
  }

  void sent(int bytes) {
    sendWindow -= bytes;
  }

  /** Changes the window; returns false if it becomes too large. */
  boolean changeSendWindow(long change) {
    sendWindow += change;
    return sendWindow <= Integer.MAX_VALUE;
  }

  /** Whether nothing must be sent any more: one of the peers has reset the stream. */
  boolean isReset() {
    return isReset;
  }

  void reset() {
    isReset = true;
  }

  boolean isOutputEnded() {
    return isOutputEnded;
  }

  void endOutput() {
    isOutputEnded = true;
  }

  // ---- the request

  boolean isInputEnded() {
    return isInputEnded;
  }

  /** Counts a DATA frame. */
  void receive(int frameBytes, int dataBytes) throws StreamFailure {
    if (isInputEnded) {
      throw new StreamFailure(id, H2Error.STREAM_CLOSED, "DATA after the end of the request");
    }
    receiveWindow -= frameBytes;
    if (receiveWindow < 0) {
      throw new StreamFailure(id, H2Error.FLOW_CONTROL_ERROR, "more DATA than the window allows");
    }
    received += dataBytes;
    if (head.contentLength() >= 0 && received > head.contentLength()) {
      throw new StreamFailure(id, H2Error.PROTOCOL_ERROR, "more DATA than content-length says");
    }
  }

  /** Returns what to give back to the client's window; 0 if it is large enough. */
  int credit() {
    int credit = Frames.WINDOW_INITIAL - receiveWindow;
    if (isInputEnded || credit < Frames.WINDOW_INITIAL / 2) {
      return 0;
    }
    receiveWindow += credit;
    return credit;
  }

  void endInput() throws StreamFailure {
    if (head.contentLength() >= 0 && received != head.contentLength()) {
      throw new StreamFailure(id, H2Error.PROTOCOL_ERROR, "less DATA than content-length says");
    }
    isInputEnded = true;
  }
}
