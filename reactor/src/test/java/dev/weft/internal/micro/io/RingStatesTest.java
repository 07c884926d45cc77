// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The transitions that the diagrams of {@link WritingEnd} and {@link TransferState} show. */
@Tag("mode-independent")
class RingStatesTest {
  @Test
  void aHangUpThatIsClosedIsStillToBeAcknowledged() {
    WritingEnd end = WritingEnd.HUNG_UP.ended();

    assertEquals(WritingEnd.HUNG_UP_LAST, end);
    assertTrue(end.isHungUp() && end.isEnded());
    assertEquals(WritingEnd.ENDED, end.resumed());
    assertEquals(WritingEnd.OPEN, WritingEnd.HUNG_UP.resumed());
  }

  @Test
  void aDropIsRememberedUntilTheNextTransferAndAfterIt() {
    TransferState due = TransferState.IDLE.dropRequested();

    assertEquals(TransferState.DROP_DUE, due);
    assertFalse(due.isInFlight());
    assertEquals(TransferState.DROPPING, due.started());
    assertEquals(TransferState.DROP_DUE, due.started().done());
    assertEquals(TransferState.DROPPING, TransferState.IDLE.started().dropRequested());
  }

  @Test
  void anAttemptToConnectStaysOneWhenItIsRepeatedOrDropped() {
    TransferState connecting = TransferState.IDLE.started().connecting();

    assertEquals(TransferState.CONNECTING, connecting.started());
    assertEquals(TransferState.CONNECT_DROPPED, connecting.dropRequested());
    assertEquals(TransferState.CONNECT_DROPPED, connecting.dropRequested().started());
    assertEquals(TransferState.IDLE, connecting.done());
    assertTrue(connecting.isInFlight() && connecting.dropRequested().isConnecting());
  }
}
