// SPDX-License-Identifier: Apache-2.0
/**
 * Bytes and text of streams, without memory segments: {@link dev.weft.text.ByteReader} and {@link
 * dev.weft.text.ByteWriter} hold them in buffers of the reactor's.
 */
@NullMarked
package dev.weft.text;

import org.jspecify.annotations.NullMarked;
