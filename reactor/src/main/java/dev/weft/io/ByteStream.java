// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

/** A stream of bytes in both directions. One fiber may read while another writes. */
public interface ByteStream extends ByteSource, ByteSink {}
