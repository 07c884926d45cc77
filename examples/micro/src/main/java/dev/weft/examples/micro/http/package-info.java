// SPDX-License-Identifier: Apache-2.0
/** An HTTP/1.1 server of two micro-threads per connection. */
@NullMarked
package dev.weft.examples.micro.http;

import org.jspecify.annotations.NullMarked;
