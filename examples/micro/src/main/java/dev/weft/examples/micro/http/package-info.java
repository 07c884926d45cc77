// SPDX-License-Identifier: Apache-2.0
/**
 * An HTTP/1.1 server with two micro-threads per connection.
 *
 * <p>One parses requests and the other writes responses, so that a client may pipeline.
 */
@NullMarked
package dev.weft.examples.micro.http;

import org.jspecify.annotations.NullMarked;
