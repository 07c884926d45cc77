// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

/** Bidirectional byte stream. One fiber may read while another writes. */
public interface ByteStream extends ByteSource, ByteSink {}
