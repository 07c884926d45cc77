// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.socks;

import dev.weft.error.Errno;

/** Numbers of SOCKS5, by the sections of RFC 1928 and 1929. */
public final class Socks5 {
  public static final int VERSION = 5;

  // Methods, section 3.
  public static final int NO_AUTHENTICATION = 0;
  public static final int USER_AND_PASSWORD = 2;
  public static final int NO_ACCEPTABLE_METHOD = 0xff;

  /** The version of the exchange of user and password, RFC 1929. */
  public static final int PASSWORD_VERSION = 1;

  // Types of addresses, section 5.
  public static final int IPV4 = 1;
  public static final int NAME = 3;
  public static final int IPV6 = 4;

  // Replies, section 6.
  public static final int SUCCEEDED = 0;
  public static final int GENERAL_FAILURE = 1;
  public static final int COMMAND_NOT_SUPPORTED = 7;
  public static final int ADDRESS_TYPE_NOT_SUPPORTED = 8;

  private Socks5() {}

  /** The error that a reply other than {@link #SUCCEEDED} means. */
  public static Errno errnoOf(int reply) {
    return switch (reply) {
      case GENERAL_FAILURE -> Errno.EIO;
      case 2 -> Errno.EACCES;
      case 3 -> Errno.ENETUNREACH;
      case 4 -> Errno.EHOSTUNREACH;
      case 5 -> Errno.ECONNREFUSED;
      case 6 -> Errno.ETIMEDOUT;
      case COMMAND_NOT_SUPPORTED -> Errno.EOPNOTSUPP;
      case ADDRESS_TYPE_NOT_SUPPORTED -> Errno.EAFNOSUPPORT;
      default -> Errno.EPROTO;
    };
  }

  /** The reply that comes closest to an error. */
  public static int replyOf(Errno errno) {
    return switch (errno) {
      case EACCES, EPERM -> 2;
      case ENETUNREACH, ENETDOWN -> 3;
      case EHOSTUNREACH, EHOSTDOWN -> 4;
      case ECONNREFUSED -> 5;
      case ETIMEDOUT -> 6;
      case EOPNOTSUPP -> COMMAND_NOT_SUPPORTED;
      case EAFNOSUPPORT -> ADDRESS_TYPE_NOT_SUPPORTED;
      default -> GENERAL_FAILURE;
    };
  }
}
