// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

/** Bidirectional stream of messages. One fiber may receive while another sends. */
public interface MessageStream extends MessageSource, MessageSink {}
