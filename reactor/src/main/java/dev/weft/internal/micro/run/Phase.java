// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

/**
 * Phase of a thread's life.
 *
 * {@snippet :
 *   BODY --returns------------> LASTLY ------------------> ENDED
 *    |  --raise: lastly() is called there; after lower() the body continues
 *    |  --raiseAt-------------> RAISED --lower()--> BODY   where it was
 *    |                             \--------------> UNWINDING -> ENDED
 *    |  --faults--------------> FAULTED --lower()--> BODY  from its last suspension
 *    |                             \--------------> ENDED
 *    \--its process ends------> REAPED -----------> UNWINDING -> ENDED
 * }
 *
 * <p>A thread that has left bundles open is RELEASING before it has ENDED.
 */
enum Phase {
  BODY,
  LASTLY,
  RAISED,
  FAULTED,
  REAPED,
  UNWINDING,
  RELEASING,
  ENDED
}
