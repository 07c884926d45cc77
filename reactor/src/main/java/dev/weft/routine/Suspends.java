// SPDX-License-Identifier: Apache-2.0
package dev.weft.routine;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Declares to the weaver that a method may suspend where it can't infer this: an interface method
 * that a library calls, and that only code woven later implements. All other methods are inferred.
 */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.CLASS)
public @interface Suspends {}
