// SPDX-License-Identifier: Apache-2.0
/** What the services of micro-threads share: their command line, and their life over TCP. */
@NullMarked
package dev.weft.examples.micro.service;

import org.jspecify.annotations.NullMarked;
