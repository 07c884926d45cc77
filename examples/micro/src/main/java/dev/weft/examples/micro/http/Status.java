// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.http;

/** The status codes of responses, with their reasons. */
final class Status {
  static final int OK = 200;
  static final int BAD_REQUEST = 400;
  static final int TARGET_TOO_LONG = 414;
  static final int EXPECTATION_FAILED = 417;
  static final int FIELDS_TOO_LARGE = 431;
  static final int INTERNAL_ERROR = 500;
  static final int NOT_IMPLEMENTED = 501;
  static final int VERSION_NOT_SUPPORTED = 505;

  private Status() {}

  /** Code and reason, as in the first line of a response. */
  static String line(int code) {
    return switch (code) {
      case OK -> "200 OK";
      case BAD_REQUEST -> "400 Bad Request";
      case TARGET_TOO_LONG -> "414 URI Too Long";
      case EXPECTATION_FAILED -> "417 Expectation Failed";
      case FIELDS_TOO_LARGE -> "431 Request Header Fields Too Large";
      case NOT_IMPLEMENTED -> "501 Not Implemented";
      case VERSION_NOT_SUPPORTED -> "505 HTTP Version Not Supported";
      default -> "500 Internal Server Error";
    };
  }
}
