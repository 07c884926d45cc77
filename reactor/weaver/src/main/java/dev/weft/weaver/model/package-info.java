// SPDX-License-Identifier: Apache-2.0
/**
 * What the weaver knows of classes and methods: those that it weaves and those that they call. It
 * is internal to the weaver.
 */
@NullMarked
package dev.weft.weaver.model;

import org.jspecify.annotations.NullMarked;
