// SPDX-License-Identifier: Apache-2.0
package dev.weft.routine;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Says that a method, with the lambdas in it, or all methods of a class may well block their
 * thread: that they never do so for long, or not on a thread that others wait for. The weaver does
 * not warn of it then.
 */
@Documented
@Target({ElementType.METHOD, ElementType.CONSTRUCTOR, ElementType.TYPE})
@Retention(RetentionPolicy.CLASS)
public @interface Blocks {}
