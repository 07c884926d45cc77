// SPDX-License-Identifier: Apache-2.0
package dev.weft.routine;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Allows a method (with its lambdas) or all methods of a class to block their thread, because they
 * never block for long, or not on a thread that others wait for. Suppresses the weaver's warning.
 */
@Documented
@Target({ElementType.METHOD, ElementType.CONSTRUCTOR, ElementType.TYPE})
@Retention(RetentionPolicy.CLASS)
public @interface Blocks {}
