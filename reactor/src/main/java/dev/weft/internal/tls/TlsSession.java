// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.tls;

import dev.weft.Deadline;
import dev.weft.internal.strand.Strand;
import dev.weft.io.ByteStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;

/** An engine with the two directions of its transport. */
public final class TlsSession {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
  private static final String TLS_1_2 = "TLSv1.2";

  public final SSLEngine engine;
  public final TlsInput input;
  public final TlsOutput output;

  public TlsSession(SSLEngine engine, ByteStream transport) {
    RecordBuffers buffers = RecordBuffers.of(Strand.require("TLS").loop);
    this.engine = engine;
    input = new TlsInput(engine, transport, buffers);
    output = new TlsOutput(engine, transport, buffers);
  }

  /** Makes the handshake. Suspends. */
  public void handshake(TaskTimes times, Deadline deadline) throws IOException {
    boolean simulated = Strand.require("TLS handshake").loop.blocking() != null;
    int tasks = times.begin(engine, simulated, deadline);
    while (true) {
      switch (engine.getHandshakeStatus()) {
        case NEED_TASK -> tasks = times.runTasks(engine, tasks, simulated, deadline);
        case NEED_WRAP -> {
          output.encryptOwn(true);
          output.flush(deadline);
        }
        case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> receive(deadline);
        case NOT_HANDSHAKING, FINISHED -> {
          requireSession();
          return;
        }
      }
    }
  }

  private void receive(Deadline deadline) throws IOException {
    while (!input.hasRecord()) {
      if (!input.receive(deadline)) {
        throw new SSLHandshakeException("the peer has closed the connection in the handshake");
      }
    }
    input.decrypt(NOTHING);
  }

  /** Whether the peer's end of the session has ended this direction too, as TLS 1.2 prescribes. */
  public boolean isOutputClosed() {
    return input.isEnded() && isTls12();
  }

  private boolean isTls12() {
    return engine.getSession().getProtocol().equals(TLS_1_2);
  }

  private void requireSession() throws SSLException {
    if (input.isEnded() || engine.isOutboundDone()) {
      throw new SSLHandshakeException("the peer has ended the session in the handshake");
    }
    if (isTls12()) {
      input.refuseHandshakes();
    }
  }
}
